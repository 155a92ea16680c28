#include "channels/delivery.h"
#include "channels/address.h"
#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void delivery_sign(char out[72], struct str secret, int64_t timestamp, struct str body)
{
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;
    char head[24], hex[2 * sizeof mac + 1];
    int n = snprintf(head, sizeof head, "%lld.", (long long)timestamp);
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret.ptr, secret.len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)head, (unsigned long long)n);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)body.ptr, body.len);
    crypto_auth_hmacsha256_final(&state, mac);
    snprintf(out, 72, "sha256=%s", sodium_bin2hex(hex, sizeof hex, mac, sizeof mac));
}

/* ---- what libcurl calls ---- */

/* The address here is the one that is really connected to, so a name that changes its address gains nothing. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct delivery *d = arg;
    (void)purpose;
    if (!d->allow_private && !address_public(&to->addr)) {
        address_text(&to->addr, d->refused, sizeof d->refused);
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* Nobody needs the answer's text. */
static size_t take_answer(char *bytes, size_t size, size_t n, void *arg)
{
    struct delivery *d = arg;
    (void)bytes;
    d->got += size * n;
    return d->got > DELIVERY_ANSWER_MOST ? 0 : size * n;
}

/* ---- the request ---- */

static bool add_header(struct delivery *d, const char *format, ...) PRINTF_LIKE(2, 3);
static bool add_header(struct delivery *d, const char *format, ...)
{
    char line[256];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    struct curl_slist *more = curl_slist_append(d->headers, line);
    if (more)
        d->headers = more;
    return more;
}

static bool set_headers(struct delivery *d, const struct outbox_row *row, const struct webhook_target *to)
{
    int64_t now = time_now();
    char signature[72];
    bool ok = add_header(d, "Content-Type: application/json; charset=utf-8") &&
              add_header(d, "User-Agent: Voronka-Webhook/1") && add_header(d, "Expect:") &&
              add_header(d, "Idempotency-Key: %.*s", STR_ARG(row->idempotency_key)) &&
              add_header(d, "Voronka-Delivery: %lld", (long long)row->id) &&
              add_header(d, "Voronka-Attempt: %lld", (long long)row->attempts + 1) &&
              add_header(d, "Voronka-Timestamp: %lld", (long long)now);
    if (ok && to->secret.len) {
        delivery_sign(signature, to->secret, now, row->payload);
        ok = add_header(d, "Voronka-Signature: %s", signature);
    }
    return ok && curl_easy_setopt(d->easy, CURLOPT_HTTPHEADER, d->headers) == CURLE_OK;
}

#define SET(option, value) (curl_easy_setopt(d->easy, (option), (value)) == CURLE_OK)

static bool set_limits(struct delivery *d)
{
    return SET(CURLOPT_NOSIGNAL, 1L) && SET(CURLOPT_PROTOCOLS_STR, "http,https") && SET(CURLOPT_FOLLOWLOCATION, 0L) &&
           SET(CURLOPT_PROXY, "") /* a proxy would connect where the guard cannot look */
           && SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) && SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
           SET(CURLOPT_CONNECTTIMEOUT_MS, (long)DELIVERY_CONNECT_MS) &&
           SET(CURLOPT_TIMEOUT_MS, (long)DELIVERY_TOTAL_MS) &&
           SET(CURLOPT_QUICK_EXIT, 1L) /* a name server that does not answer must not hold up the others */
           && SET(CURLOPT_OPENSOCKETFUNCTION, open_socket) && SET(CURLOPT_OPENSOCKETDATA, d) &&
           SET(CURLOPT_WRITEFUNCTION, take_answer) && SET(CURLOPT_WRITEDATA, d) &&
           SET(CURLOPT_HEADERFUNCTION, take_answer) && SET(CURLOPT_HEADERDATA, d) &&
           SET(CURLOPT_ERRORBUFFER, d->error) && SET(CURLOPT_PRIVATE, d);
}

static bool set_request(struct delivery *d, const struct outbox_row *row, const struct webhook_target *to)
{
    char *url = strndup(to->url.ptr, to->url.len);
    bool ok = url && SET(CURLOPT_URL, url) && SET(CURLOPT_POST, 1L) &&
              SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)row->payload.len) && SET(CURLOPT_POSTFIELDS, d->body);
    free(url);
    return ok;
}

static void outcome(struct delivery *d, const char *code, const char *format, ...) PRINTF_LIKE(3, 4);
static void outcome(struct delivery *d, const char *code, const char *format, ...)
{
    va_list args;
    snprintf(d->result.code, sizeof d->result.code, "%s", code);
    va_start(args, format);
    vsnprintf(d->result.error, sizeof d->result.error, format, args);
    va_end(args);
    for (char *c = d->result.error; *c; c++) /* may quote what came from outside, cut anywhere */
        if (*c < ' ' || *c > '~')
            *c = '?';
}

static void free_transfer(struct delivery *d)
{
    curl_easy_cleanup(d->easy);
    curl_slist_free_all(d->headers);
    free(d->body);
    d->easy = NULL;
    d->headers = NULL;
    d->body = NULL;
}

static void *copy(const void *bytes, size_t n)
{
    void *to = malloc(n + 1);
    if (!to)
        abort();
    memcpy(to, bytes, n);
    return to;
}

struct delivery *delivery_new(const struct outbox_row *row, const struct webhook_target *to, bool allow_private)
{
    struct delivery *d = calloc(1, sizeof *d);
    if (!d)
        abort();
    d->result.id = row->id;
    d->target = (struct str){copy(row->target.ptr, row->target.len), row->target.len};
    d->body = copy(row->payload.ptr, row->payload.len);
    d->allow_private = allow_private;
    outbox_result_init(&d->result);
    d->easy = curl_easy_init();
    if (!d->easy || !set_limits(d) || !set_request(d, row, to) || !set_headers(d, row, to)) {
        outcome(d, "failed", "%s", d->error[0] ? d->error : "the request could not be made");
        free_transfer(d);
    }
    return d;
}

void delivery_free(struct delivery *d)
{
    free_transfer(d);
    free((char *)d->target.ptr);
    free(d);
}

/* ---- the answer ---- */

static void answered(struct delivery *d, long status)
{
    d->result.sent = status >= 200 && status < 300;
    d->result.give_up = status == 410;
    if (!d->result.sent)
        outcome(d,
                status == 410                   ? "gone"
                : status >= 300 && status < 400 ? "redirect"
                                                : "http_status",
                "HTTP %ld", status);
}

static const char *code_of(CURLcode code)
{
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return "timeout";
    case CURLE_COULDNT_RESOLVE_HOST:
        return "unknown_host";
    case CURLE_COULDNT_CONNECT:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
        return "connection_failed";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
        return "tls_failed";
    case CURLE_URL_MALFORMAT:
        return "bad_url";
    case CURLE_UNSUPPORTED_PROTOCOL: /* no status line; the scheme was checked when the address was entered */
    case CURLE_WEIRD_SERVER_REPLY:
        return "bad_answer";
    default:
        return "failed";
    }
}

void delivery_ended(struct delivery *d, CURLcode code)
{
    long status = 0;
    curl_easy_getinfo(d->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200)
        answered(d, status); /* also when the rest of the answer is too long, too slow or broken off */
    else if (d->refused[0])
        outcome(d, "private_address", "%s is not a public address", d->refused);
    else
        outcome(d, code_of(code), "%s", d->error[0] ? d->error : curl_easy_strerror(code));
    free_transfer(d);
}
