#include "channels/letter.h"
#include "base/time.h"
#include <curl/curl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LINE_MOST = 900, WORD_BYTES = 39 /* of an encoded word: 52 letters, its frame and "Subject: " are under 76 */ };

/* How far the talk with the server has come: what a refusal is about. */
enum step { AT_GREETING, AT_HELLO, AT_TLS, AT_SIGN_IN, AT_SENDER, AT_ADDRESS, AT_LETTER };

struct letter {
    CURL *easy;
    curl_mime *mime;
    struct curl_slist *headers, *to;
    char error[CURL_ERROR_SIZE];
    enum step step;
    char said[200]; /* the server's last word against it */
    bool (*broken_off)(void *arg);
    void *arg;
};

/* ---- headers ---- */

/* RFC 2047: text that is not plain ASCII in words of base64, each whole letters of UTF-8. */
static void put_words(struct buf *b, struct str s)
{
    bool plain = true;
    for (size_t i = 0; i < s.len; i++)
        plain = plain && s.ptr[i] >= ' ' && s.ptr[i] < 127;
    if (plain && !memmem(s.ptr, s.len, "=?", 2) && s.len < 60) {
        buf_str(b, s);
        return;
    }
    for (size_t i = 0; i < s.len;) {
        char word[WORD_BYTES * 2];
        size_t n = s.len - i < WORD_BYTES ? s.len - i : WORD_BYTES;
        while (i + n < s.len && n > 1 && ((unsigned char)s.ptr[i + n] & 0xC0) == 0x80)
            n--;
        sodium_bin2base64(word, sizeof word, (const unsigned char *)s.ptr + i, n, sodium_base64_VARIANT_ORIGINAL);
        buf_fmt(b, "%s=?UTF-8?B?%s?=", i ? "\r\n " : "", word);
        i += n;
    }
}

/* A name before an address: quoted, or encoded. */
static void put_mailbox(struct buf *b, struct str name, struct str address)
{
    bool plain = true;
    for (size_t i = 0; i < name.len; i++)
        plain = plain && name.ptr[i] >= ' ' && name.ptr[i] < 127 && name.ptr[i] != '"' && name.ptr[i] != '\\';
    if (name.len > 0) {
        if (plain && name.len < 60) {
            buf_fmt(b, "\"%.*s\" ", STR_ARG(name));
        } else {
            put_words(b, name);
            buf_c(b, " ");
        }
    }
    buf_fmt(b, "<%.*s>", STR_ARG(address));
}

static bool add(struct curl_slist **list, struct buf *line)
{
    buf_char(line, 0);
    struct curl_slist *more = curl_slist_append(*list, line->ptr);
    if (more != NULL)
        *list = more;
    buf_free(line);
    return more != NULL;
}

/* Letters without line ends: nobody adds a header of their own. */
static struct str one_line(struct arena *a, struct str s)
{
    if (s.ptr == NULL)
        return STR("");
    struct str out = str_dup(a, (struct str){s.ptr, s.len < LINE_MOST ? s.len : LINE_MOST});
    while (out.len > 0 && out.len < s.len && ((unsigned char)s.ptr[out.len] & 0xC0) == 0x80)
        out.len--;
    for (size_t i = 0; i < out.len; i++)
        if ((unsigned char)out.ptr[i] < ' ' || out.ptr[i] == 127)
            ((char *)(uintptr_t)out.ptr)[i] = ' ';
    return out;
}

static bool date_header(struct letter *l, int64_t at)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct buf b = {0};
    struct tm t;
    time_t seconds = (time_t)(at / 1000);
    gmtime_r(&seconds, &t); /* names are English whatever the locale */
    buf_fmt(&b, "Date: %s, %d %s %d %02d:%02d:%02d +0000", days[t.tm_wday], t.tm_mday, months[t.tm_mon],
            t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
    return add(&l->headers, &b);
}

static bool id_header(struct letter *l, const struct mail_settings *server, const struct outbox_row *row)
{
    struct buf b = {0};
    const char *at = memchr(server->from.ptr, '@', server->from.len);
    struct str domain = {at + 1, server->from.len - (size_t)(at + 1 - server->from.ptr)};
    buf_fmt(&b, "Message-ID: <voronka-%lld-%lld@%.*s>", (long long)row->id, (long long)row->created_at,
            STR_ARG(domain));
    return add(&l->headers, &b);
}

static bool headers(struct letter *l, struct arena *a, const struct mail_settings *server, const struct mail *m,
                    const struct outbox_row *row)
{
    struct buf from = {0}, to = {0}, subject = {0}, automatic = {0};
    buf_c(&from, "From: ");
    put_mailbox(&from, one_line(a, server->name), server->from);
    buf_c(&to, "To: ");
    put_mailbox(&to, one_line(a, m->to_name), m->to);
    buf_c(&subject, "Subject: ");
    put_words(&subject, one_line(a, m->subject));
    buf_c(&automatic, "Auto-Submitted: auto-generated"); /* so that an absent person's answer does not come back */
    bool ok = add(&l->headers, &from);
    ok = add(&l->headers, &to) && ok;
    ok = add(&l->headers, &subject) && ok;
    ok = add(&l->headers, &automatic) && ok;
    return ok && date_header(l, row->created_at) && id_header(l, server, row);
}

/* ---- the body ---- */

static bool part(curl_mime *to, struct str text, const char *type)
{
    curl_mimepart *p = curl_mime_addpart(to);
    return p && curl_mime_data(p, text.ptr ? text.ptr : "", text.len) == CURLE_OK &&
           curl_mime_type(p, type) == CURLE_OK && curl_mime_encoder(p, "base64") == CURLE_OK;
}

static bool body(struct letter *l, struct arena *a, const struct mail *m)
{
    l->mime = curl_mime_init(l->easy);
    curl_mime *words = curl_mime_init(l->easy);
    if (l->mime == NULL || words == NULL) {
        curl_mime_free(words);
        return false;
    }
    bool ok = part(words, m->text, "text/plain; charset=utf-8");
    if (m->html.ptr != NULL)
        ok = part(words, m->html, "text/html; charset=utf-8") && ok;
    curl_mimepart *first = curl_mime_addpart(l->mime);
    if (first == NULL || curl_mime_subparts(first, words) != CURLE_OK) {
        curl_mime_free(words);
        return false;
    }
    ok = curl_mime_type(first, "multipart/alternative") == CURLE_OK && ok;
    if (m->file.ptr == NULL)
        return ok;
    curl_mimepart *file = curl_mime_addpart(l->mime);
    return ok && file && curl_mime_data(file, m->file.ptr, m->file.len) == CURLE_OK &&
           curl_mime_filename(file, str_cdup(a, m->file_name)) == CURLE_OK &&
           curl_mime_type(file, str_cdup(a, m->file_type)) == CURLE_OK && curl_mime_encoder(file, "base64") == CURLE_OK;
}

/* ---- sending ---- */

#define SET(option, value) (curl_easy_setopt(l->easy, (option), (value)) == CURLE_OK)

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct letter *l = arg;
    (void)a, (void)b, (void)c, (void)d;
    return l->broken_off(l->arg);
}

/* Follows the talk. What is sent may be a password: only its command is looked at, nothing is kept. */
static int on_talk(CURL *easy, curl_infotype type, char *text, size_t n, void *arg)
{
    static const struct {
        const char *command;
        enum step step;
    } commands[] = {{"EHLO ", AT_HELLO},       {"HELO ", AT_HELLO},      {"STARTTLS", AT_TLS}, {"AUTH ", AT_SIGN_IN},
                    {"MAIL FROM:", AT_SENDER}, {"RCPT TO:", AT_ADDRESS}, {"DATA", AT_LETTER}};
    struct letter *l = arg;
    struct str line = {text, n};
    (void)easy;
    if (type == CURLINFO_HEADER_OUT)
        for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
            if (str_starts(line, str_c(commands[i].command)))
                l->step = commands[i].step;
    if (type == CURLINFO_HEADER_IN && n > 3 && (*text == '4' || *text == '5'))
        snprintf(l->said, sizeof l->said, "%.*s", STR_ARG(str_trim(line)));
    return 0;
}

static bool options(struct letter *l, struct arena *a, const struct mail_settings *server, const char *ca,
                    const struct mail *m)
{
    bool tls = server->security == MAIL_TLS;
    struct buf to = {0};
    char *url = str_cdup(
        a, str_fmt(a, "%s://%.*s:%lld", tls ? "smtps" : "smtp", STR_ARG(server->host), (long long)server->port));
    buf_fmt(&to, "<%.*s>", STR_ARG(m->to));
    bool ok = add(&l->to, &to) && SET(CURLOPT_URL, url) && SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps") &&
              SET(CURLOPT_NOSIGNAL, 1L) && SET(CURLOPT_PROXY, "") && SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) &&
              SET(CURLOPT_CONNECTTIMEOUT_MS, (long)LETTER_CONNECT_MS) &&
              SET(CURLOPT_TIMEOUT_MS, (long)LETTER_TOTAL_MS) && SET(CURLOPT_ERRORBUFFER, l->error) &&
              SET(CURLOPT_NOPROGRESS, 0L) && SET(CURLOPT_XFERINFOFUNCTION, on_progress) &&
              SET(CURLOPT_XFERINFODATA, l) && SET(CURLOPT_VERBOSE, 1L) && SET(CURLOPT_DEBUGFUNCTION, on_talk) &&
              SET(CURLOPT_DEBUGDATA, l) &&
              SET(CURLOPT_USE_SSL, (long)(server->security == MAIL_PLAIN ? CURLUSESSL_NONE : CURLUSESSL_ALL)) &&
              SET(CURLOPT_MAIL_FROM, str_cdup(a, str_fmt(a, "<%.*s>", STR_ARG(server->from)))) &&
              SET(CURLOPT_MAIL_RCPT, l->to);
    if (ok && ca != NULL)
        ok = SET(CURLOPT_CAINFO, ca) && SET(CURLOPT_CAPATH, NULL);
    if (ok && server->user.len > 0 && server->password.len > 0)
        ok = SET(CURLOPT_USERNAME, str_cdup(a, server->user)) && SET(CURLOPT_PASSWORD, str_cdup(a, server->password));
    return ok;
}

static void outcome(struct outbox_result *r, const char *code, const char *why)
{
    snprintf(r->code, sizeof r->code, "%s", code);
    snprintf(r->error, sizeof r->error, "%s", why);
    for (char *c = r->error; *c; c++) /* may quote what came from outside, cut anywhere */
        if (*c < ' ' || *c > '~')
            *c = '?';
}

static const char *code_of(CURLcode code)
{
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return "timeout";
    case CURLE_COULDNT_RESOLVE_HOST:
        return "unknown_host";
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_COULDNT_CONNECT:
    case CURLE_GOT_NOTHING:
        return "connection_failed";
    default:
        return "failed";
    }
}

/* Connections that could not be made safe, and sign-ins. NULL: it is something else. */
static const char *not_let_in(CURLcode code, long status)
{
    switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
        return "certificate_untrusted";
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
        return "tls_failed";
    case CURLE_LOGIN_DENIED:
        return "sign_in_refused";
    default: /* 530: it wants a sign-in first; 534, 535, 538: of another kind */
        return status == 530 || status == 534 || status == 535 || status == 538 ? "sign_in_refused" : NULL;
    }
}

/* A refusal for good by what it came to. *set_up: it is of how the server is set up, or we with it, so that other
 * settings may send the very letter; else it is of this letter or its address. */
static const char *refused(const struct letter *l, long status, bool *set_up)
{
    enum { TOO_LARGE = 552 };
    *set_up = true;
    if (l->step < AT_SENDER)
        return "server_refused";
    if (l->step == AT_SENDER && status != TOO_LARGE)
        return "sender_refused";
    *set_up = false; /* of what it does not relay, too: a server that takes letters to its own domain may stay so */
    if (l->step == AT_ADDRESS)
        return strcasestr(l->said, "relay") ? "relay_denied" : "address_refused";
    return "letter_refused";
}

static bool perform(struct letter *l, struct outbox_result *result)
{
    CURLcode code = curl_easy_perform(l->easy);
    long status = 0;
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return false;
    curl_easy_getinfo(l->easy, CURLINFO_RESPONSE_CODE, &status);
    result->sent = code == CURLE_OK;
    if (result->sent)
        return true;
    const char *why = not_let_in(code, status);
    bool for_good = status >= 500 && status < 600;
    result->hold = why != NULL;
    if (why == NULL && for_good) {
        why = refused(l, status, &result->hold);
        result->give_up = !result->hold;
    }
    if (why == NULL)
        why = status >= 400 && status < 500 ? "put_off" : code_of(code);
    outcome(result, why, status >= 400 && l->said[0] ? l->said : l->error[0] ? l->error : curl_easy_strerror(code));
    return true;
}

bool letter_send(const struct mail_settings *server, const char *ca, const struct mail *m, const struct outbox_row *row,
                 bool (*broken_off)(void *arg), void *arg, struct outbox_result *result)
{
    struct arena arena = ARENA_EMPTY;
    struct letter l = {.easy = curl_easy_init(), .broken_off = broken_off, .arg = arg};
    bool known = true;
    if (l.easy && mail_address(server->from) && options(&l, &arena, server, ca, m) &&
        headers(&l, &arena, server, m, row) && body(&l, &arena, m) &&
        curl_easy_setopt(l.easy, CURLOPT_HTTPHEADER, l.headers) == CURLE_OK &&
        curl_easy_setopt(l.easy, CURLOPT_MIMEPOST, l.mime) == CURLE_OK)
        known = perform(&l, result);
    else
        outcome(result, "failed", l.error[0] ? l.error : "the letter could not be made");
    curl_easy_cleanup(l.easy);
    curl_mime_free(l.mime);
    curl_slist_free_all(l.headers);
    curl_slist_free_all(l.to);
    arena_free(&arena);
    return known;
}
