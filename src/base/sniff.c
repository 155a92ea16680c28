/* A table of beginnings; then kinds that begin alike are told apart by what is in them or by their names. */
#include "base/sniff.h"
#include <strings.h>

#define NAME_MOST 200 /* characters */
#define N(bytes) bytes, sizeof(bytes) - 1

static const struct sniffed unknown = {"application/octet-stream", NULL, false, false, false, false};
static const struct sniffed plain = {"text/plain", "txt", false, false, false, true};
static const struct sniffed html = {"text/html", "html", false, true, false, false};
static const struct sniffed svg = {"image/svg+xml", "svg", false, true, false, false};
static const struct sniffed xml = {"application/xml", "xml", false, true, false, false};
static const struct sniffed program = {"application/x-executable", NULL, true, false, false, false};

#define PICTURE(type, ending)                                                                                          \
    {                                                                                                                  \
        type, ending, false, false, true, true                                                                         \
    }
#define SHOWN(type, ending)                                                                                            \
    {                                                                                                                  \
        type, ending, false, false, false, true                                                                        \
    }
#define SAVED(type, ending)                                                                                            \
    {                                                                                                                  \
        type, ending, false, false, false, false                                                                       \
    }
#define PROGRAM                                                                                                        \
    {                                                                                                                  \
        "application/x-executable", NULL, true, false, false, false                                                    \
    }

static const struct {
    size_t at;
    const char *bytes;
    size_t n;
    struct sniffed what;
} beginnings[] = {
    {0, N("\x89PNG\r\n\x1a\n"), PICTURE("image/png", "png")},
    {0, N("\xff\xd8\xff"), PICTURE("image/jpeg", "jpg")},
    {0, N("GIF87a"), PICTURE("image/gif", "gif")},
    {0, N("GIF89a"), PICTURE("image/gif", "gif")},
    {8, N("WEBP"), PICTURE("image/webp", "webp")},
    {8, N("WAVE"), SHOWN("audio/wav", "wav")},
    {8, N("AVI "), SAVED("video/x-msvideo", "avi")},
    {4, N("ftypheic"), SAVED("image/heic", "heic")},
    {4, N("ftypmif1"), SAVED("image/heif", "heif")},
    {4, N("ftypavif"), SHOWN("image/avif", "avif")},
    {4, N("ftypM4A"), SHOWN("audio/mp4", "m4a")},
    {4, N("ftypqt"), SAVED("video/quicktime", "mov")},
    {4, N("ftyp"), SHOWN("video/mp4", "mp4")},
    {0, N("II*\0"), SAVED("image/tiff", "tif")},
    {0, N("MM\0*"), SAVED("image/tiff", "tif")},
    {0, N("\0\0\1\0"), SAVED("image/x-icon", "ico")},
    {0, N("{\\rtf"), SAVED("application/rtf", "rtf")},
    {0, N("ID3"), SHOWN("audio/mpeg", "mp3")},
    {0, N("OggS"), SHOWN("audio/ogg", "ogg")},
    {0, N("fLaC"), SHOWN("audio/flac", "flac")},
    {0, N("#!AMR"), SAVED("audio/amr", "amr")},
    {0, N("\x1a\x45\xdf\xa3"), SHOWN("video/webm", "webm")},
    {0, N("7z\xbc\xaf\x27\x1c"), SAVED("application/x-7z-compressed", "7z")},
    {0, N("Rar!\x1a\x07"), SAVED("application/vnd.rar", "rar")},
    {0, N("\x1f\x8b"), SAVED("application/gzip", "gz")},
    {0, N("BZh"), SAVED("application/x-bzip2", "bz2")},
    {0,
     N("\xfd"
       "7zXZ"),
     SAVED("application/x-xz", "xz")},
    {257, N("ustar"), SAVED("application/x-tar", "tar")},
    {0, N("MZ"), PROGRAM},
    {0,
     N("\x7f"
       "ELF"),
     PROGRAM},
    {0, N("\xfe\xed\xfa\xce"), PROGRAM},
    {0, N("\xfe\xed\xfa\xcf"), PROGRAM},
    {0, N("\xce\xfa\xed\xfe"), PROGRAM},
    {0, N("\xcf\xfa\xed\xfe"), PROGRAM},
    {0, N("\xca\xfe\xba\xbe"), PROGRAM},
    {0, N("dex\n"), PROGRAM},
    {0, N("L\0\0\0\1\x14\2\0"), PROGRAM},
};

static const struct {
    const char *inside, *type, *ending;
} zipped[] = {
    {"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"},
    {"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"},
    {"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"},
};

/* Kinds that only a name tells apart; the bytes are of `family`. */
static const struct {
    const char *ending, *family, *type;
    bool shown;
} named[] = {
    {"doc", "ole", "application/msword", false},
    {"xls", "ole", "application/vnd.ms-excel", false},
    {"ppt", "ole", "application/vnd.ms-powerpoint", false},
    {"msg", "ole", "application/vnd.ms-outlook", false},
    {"csv", "text", "text/csv", false},
    {"json", "text", "application/json", false},
    {"eml", "text", "message/rfc822", false},
    {"ics", "text", "text/calendar", false},
    {"vcf", "text", "text/vcard", false},
    {"md", "text", "text/plain", true},
    {"log", "text", "text/plain", true},
    {"ini", "text", "text/plain", true},
    {"yml", "text", "text/plain", true},
    {"yaml", "text", "text/plain", true},
    {"tsv", "text", "text/plain", true},
    {"sql", "text", "text/plain", true},
    {"txt", "text", "text/plain", true},
};

static struct str ending_of(struct str name)
{
    for (size_t i = name.len; i > 0; i--)
        if (name.ptr[i - 1] == '.')
            return i > 1 ? (struct str){name.ptr + i, name.len - i} : STR_NULL;
    return STR_NULL;
}

static bool is_ending(struct str ending, const char *want)
{
    return ending.len == strlen(want) && (!ending.len || strncasecmp(ending.ptr, want, ending.len) == 0);
}

static bool holds(struct str head, const char *what, size_t n)
{
    return memmem(head.ptr, head.len, what, n) != NULL;
}

static struct sniffed by_name(struct str name, const char *family, struct sniffed otherwise)
{
    struct str ending = ending_of(name);
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (strcmp(named[i].family, family) == 0 && is_ending(ending, named[i].ending))
            return (struct sniffed){named[i].type, named[i].ending, false, false, false, named[i].shown};
    return otherwise;
}

static struct sniffed zip(struct str head)
{
    static const char odf[] = "mimetypeapplication/vnd.oasis.opendocument.";
    static const struct {
        const char *tail, *type, *ending;
    } documents[] = {{"text", "application/vnd.oasis.opendocument.text", "odt"},
                     {"spreadsheet", "application/vnd.oasis.opendocument.spreadsheet", "ods"},
                     {"presentation", "application/vnd.oasis.opendocument.presentation", "odp"}};
    const char *at = memmem(head.ptr, head.len, odf, sizeof odf - 1);
    for (size_t i = 0; at && i < sizeof documents / sizeof *documents; i++) {
        struct str rest = {at + sizeof odf - 1, head.len - (size_t)(at + sizeof odf - 1 - head.ptr)};
        if (str_starts(rest, str_c(documents[i].tail)))
            return (struct sniffed)SAVED(documents[i].type, documents[i].ending);
    }
    if (holds(head, "META-INF/MANIFEST.MF", 20) || holds(head, "AndroidManifest.xml", 19))
        return program;
    for (size_t i = 0; holds(head, "[Content_Types].xml", 19) && i < sizeof zipped / sizeof *zipped; i++)
        if (holds(head, zipped[i].inside, strlen(zipped[i].inside)))
            return (struct sniffed)SAVED(zipped[i].type, zipped[i].ending);
    return (struct sniffed)SAVED("application/zip", "zip");
}

/* ---- texts ---- */

static struct str skip_blank(struct str s)
{
    if (str_starts(s, STR("\xef\xbb\xbf")))
        s = (struct str){s.ptr + 3, s.len - 3};
    while (s.len && strchr(" \t\r\n\f", s.ptr[0]) && s.ptr[0])
        s = (struct str){s.ptr + 1, s.len - 1};
    return s;
}

static bool holds_word(struct str s, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= s.len; i++)
        if (s.ptr[i] == '<' && strncasecmp(s.ptr + i, word, n) == 0)
            return true;
    return false;
}

static bool is_text(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b) || c == 0x7f)
            return false;
    }
    return s.len > 0;
}

/* Browsers look for markup at the beginning of what claims to be nothing else; so it is looked for anywhere in it. */
static struct sniffed text(struct str head, struct str name)
{
    static const char *const marks[] = {"<!doctype html", "<html", "<head",  "<body", "<script", "<iframe", "<object",
                                        "<embed",         "<link", "<style", "<meta", "<img",    "<base",   "<form"};
    struct str s = skip_blank(head), ending = ending_of(name);
    bool markup = s.len && s.ptr[0] == '<';
    if (holds_word(head, "<svg") && (markup || is_ending(ending, "svg")))
        return svg;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (holds_word(head, marks[i]) &&
            (markup || is_ending(ending, "html") || is_ending(ending, "htm") || is_ending(ending, "xhtml")))
            return html;
    if (is_ending(ending, "html") || is_ending(ending, "htm") || is_ending(ending, "xhtml") || is_ending(ending, "mht"))
        return html;
    if (is_ending(ending, "svg"))
        return svg;
    if (markup && (str_starts(s, STR("<?xml")) || is_ending(ending, "xml")))
        return xml;
    return by_name(name, "text", plain);
}

struct sniffed sniff(struct str head, struct str name)
{
    if (head.len > SNIFF_BYTES)
        head.len = SNIFF_BYTES;
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        bool riff = beginnings[i].at != 8 || str_starts(head, STR("RIFF"));
        if (riff && head.len >= beginnings[i].at + beginnings[i].n &&
            memcmp(head.ptr + beginnings[i].at, beginnings[i].bytes, beginnings[i].n) == 0 &&
            !(beginnings[i].what.program && is_text((struct str){head.ptr, head.len < 256 ? head.len : 256})))
            return beginnings[i].what;
    }
    if (str_starts(head, STR("PK\3\4")) || str_starts(head, STR("PK\5\6")))
        return zip(head);
    if (str_starts(head, STR("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")))
        return by_name(name, "ole", (struct sniffed)SAVED("application/x-ole-storage", NULL));
    if (holds((struct str){head.ptr, head.len < 1024 ? head.len : 1024}, "%PDF-", 5))
        return (struct sniffed)SHOWN("application/pdf", "pdf");
    if (head.len >= 2 && (unsigned char)head.ptr[0] == 0xff && ((unsigned char)head.ptr[1] & 0xe6) == 0xe2)
        return (struct sniffed)SHOWN("audio/mpeg", "mp3");
    if (str_starts(head, STR("BM")) && head.len > 26 && !is_text((struct str){head.ptr, 26}))
        return (struct sniffed)SAVED("image/bmp", "bmp");
    return is_text(head) ? text(head, name) : unknown;
}

struct sniffed sniff_type(struct str type)
{
    const struct sniffed markup[] = {html, svg, xml, (struct sniffed)SHOWN("application/pdf", "pdf")};
    for (size_t i = 0; i < sizeof markup / sizeof *markup; i++)
        if (str_eqc(type, markup[i].type))
            return markup[i];
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        if (str_eqc(type, beginnings[i].what.type))
            return beginnings[i].what;
    for (size_t i = 0; i < sizeof zipped / sizeof *zipped; i++)
        if (str_eqc(type, zipped[i].type))
            return (struct sniffed)SAVED(zipped[i].type, zipped[i].ending);
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (str_eqc(type, named[i].type) && !str_eqc(type, "text/plain"))
            return (struct sniffed){named[i].type, named[i].ending, false, false, false, named[i].shown};
    return str_eqc(type, "text/plain") ? (struct sniffed){"text/plain", NULL, false, false, false, true} : unknown;
}

/* ---- names ---- */

bool file_name_runs(struct str name)
{
    static const char *const endings[] = {
        "exe", "com",    "bat", "cmd", "msi", "msp", "scr", "pif", "cpl",  "hta",  "js",  "jse", "vbs",    "vbe",
        "wsf", "wsh",    "ps1", "lnk", "reg", "inf", "dll", "sys", "jar",  "apk",  "app", "deb", "rpm",    "dmg",
        "pkg", "gadget", "msc", "url", "scf", "iso", "img", "vhd", "appx", "msix", "xll", "chm", "desktop"};
    while (name.len && strchr(" .", name.ptr[name.len - 1])) /* Windows does not see these */
        name.len--;
    struct str ending = ending_of(name);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (is_ending(ending, endings[i]))
            return true;
    return false;
}

/* A code point of valid UTF-8; *n its bytes. */
static unsigned point(const char *p, size_t *n)
{
    const unsigned char *c = (const unsigned char *)p;
    *n = c[0] < 0x80 ? 1 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
    unsigned v = *n == 1 ? c[0] : c[0] & (0xffu >> (*n + 1));
    for (size_t i = 1; i < *n; i++)
        v = v << 6 | (c[i] & 0x3f);
    return v;
}

/* Marks that one does not see: they turn or hide a part of the name ("gpj.exe" shown as "exe.jpg"). */
static bool unseen(unsigned c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x115f || c == 0x1160 ||
           (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
           c == 0xfeff || (c >= 0xfff0 && c <= 0xfffd) || (c >= 0xe0000 && c <= 0xe0fff) ||
           (c >= 0xfe00 && c <= 0xfe0f);
}

static bool reserved(struct str name)
{
    static const char *const names[] = {"con", "prn", "aux", "nul", "com", "lpt"};
    size_t n = 0;
    while (n < name.len && name.ptr[n] != '.' && name.ptr[n] != ' ')
        n++;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (n >= 3 && strncasecmp(name.ptr, names[i], 3) == 0 &&
            (i < 4 ? n == 3 : n == 4 && name.ptr[3] >= '0' && name.ptr[3] <= '9'))
            return true;
    return false;
}

static struct str trim_name(struct str s)
{
    while (s.len && strchr(" .", s.ptr[s.len - 1]))
        s.len--;
    while (s.len && s.ptr[0] == ' ')
        s = (struct str){s.ptr + 1, s.len - 1};
    return s;
}

/* Keeps the ending, when it is one. */
static struct str shorten(struct arena *a, struct str name, size_t most)
{
    struct str ending = ending_of(name);
    if (str_utf8_len(name) <= most)
        return name;
    size_t tail = ending.len && ending.len < 20 ? ending.len + 1 : 0, i = 0, n;
    size_t keep = most - (tail ? str_utf8_len(ending) + 1 : 0);
    for (size_t points = 0; points < keep && i < name.len - tail; points++) {
        (void)point(name.ptr + i, &n);
        i += n;
    }
    return trim_name(str_fmt(a, "%.*s%.*s", (int)i, name.ptr, (int)tail, name.ptr + name.len - tail));
}

/* May a file of this kind have a name with this ending? Of what the bytes do not tell, any. */
static bool fits(struct str ending, struct sniffed what)
{
    static const char *const same[][2] = {{"jpg", "jpeg"},  {"jpg", "jpe"},    {"jpg", "jfif"},  {"tif", "tiff"},
                                          {"html", "htm"},  {"html", "xhtml"}, {"mp4", "m4v"},   {"webm", "mkv"},
                                          {"gz", "tgz"},    {"mp3", "mpga"},   {"xlsx", "xlsm"}, {"docx", "docm"},
                                          {"pptx", "pptm"}, {"ogg", "oga"},    {"ogg", "opus"},  {"html", "mht"}};
    if (!what.ending || is_ending(ending, what.ending))
        return true;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (strcmp(what.ending, same[i][0]) == 0 && is_ending(ending, same[i][1]))
            return true;
    return false;
}

/* Does the ending promise some kind that we know? "Contract 2.1 final" promises nothing. */
static bool promises(struct str ending)
{
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        if (beginnings[i].what.ending && is_ending(ending, beginnings[i].what.ending))
            return true;
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (is_ending(ending, named[i].ending))
            return true;
    for (size_t i = 0; i < sizeof zipped / sizeof *zipped; i++)
        if (is_ending(ending, zipped[i].ending))
            return true;
    return is_ending(ending, "pdf") || is_ending(ending, "jpeg") || is_ending(ending, "zip") ||
           is_ending(ending, "html") || is_ending(ending, "htm") || is_ending(ending, "svg") ||
           is_ending(ending, "xml");
}

struct str file_name_clean(struct arena *a, struct str name, struct sniffed what)
{
    for (size_t i = name.len; i > 0; i--)
        if (name.ptr[i - 1] == '/' || name.ptr[i - 1] == '\\') {
            name = (struct str){name.ptr + i, name.len - i};
            break;
        }
    char *out = arena_alloc(a, name.len + 2);
    size_t len = 0, n;
    for (size_t i = 0; i < name.len; i += n) {
        unsigned c = point(name.ptr + i, &n);
        if (unseen(c))
            continue;
        if (c < 0x80 && strchr("<>:\"|?*", (int)c)) {
            out[len++] = '_';
            continue;
        }
        memcpy(out + len, name.ptr + i, n);
        len += n;
    }
    struct str clean = trim_name((struct str){out, len});
    if (!clean.len)
        clean = STR("file");
    if (reserved(clean))
        clean = str_fmt(a, "_%.*s", STR_ARG(clean));
    clean = shorten(a, clean, NAME_MOST);
    struct str ending = ending_of(clean);
    if (what.ending && !fits(ending, what) && (what.active || !ending.len || promises(ending)))
        clean = shorten(a, str_fmt(a, "%.*s.%s", STR_ARG(clean), what.ending), NAME_MOST);
    return str_dup(a, clean);
}

/* ---- pictures ---- */

static int64_t big(const char *p, size_t n)
{
    int64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | (unsigned char)p[i];
    return v;
}

static int64_t little(const char *p, size_t n)
{
    int64_t v = 0;
    for (size_t i = n; i-- > 0;)
        v = v << 8 | (unsigned char)p[i];
    return v;
}

static bool jpeg_size(struct str s, int64_t *width, int64_t *height)
{
    for (size_t i = 2; i + 9 < s.len;) {
        unsigned char mark = (unsigned char)s.ptr[i + 1];
        if ((unsigned char)s.ptr[i] != 0xff)
            return false;
        if (mark == 0xff) {
            i++;
            continue;
        }
        bool frame = mark >= 0xc0 && mark <= 0xcf && mark != 0xc4 && mark != 0xc8 && mark != 0xcc;
        if (frame) {
            *height = big(s.ptr + i + 5, 2);
            *width = big(s.ptr + i + 7, 2);
            return true;
        }
        i += 2 + (size_t)big(s.ptr + i + 2, 2);
    }
    return false;
}

static bool webp_size(struct str s, int64_t *width, int64_t *height)
{
    if (s.len < 30)
        return false;
    if (memcmp(s.ptr + 12, "VP8X", 4) == 0) {
        *width = little(s.ptr + 24, 3) + 1;
        *height = little(s.ptr + 27, 3) + 1;
    } else if (memcmp(s.ptr + 12, "VP8L", 4) == 0) {
        int64_t bits = little(s.ptr + 21, 4);
        *width = (bits & 0x3fff) + 1;
        *height = (bits >> 14 & 0x3fff) + 1;
    } else {
        *width = little(s.ptr + 26, 2) & 0x3fff;
        *height = little(s.ptr + 28, 2) & 0x3fff;
    }
    return true;
}

bool sniff_picture_size(struct str head, int64_t *width, int64_t *height)
{
    if (str_starts(head, STR("\x89PNG\r\n\x1a\n")) && head.len >= 24) {
        *width = big(head.ptr + 16, 4);
        *height = big(head.ptr + 20, 4);
        return true;
    }
    if (str_starts(head, STR("GIF8")) && head.len >= 10) {
        *width = little(head.ptr + 6, 2);
        *height = little(head.ptr + 8, 2);
        return true;
    }
    if (str_starts(head, STR("\xff\xd8\xff")))
        return jpeg_size(head, width, height);
    return str_starts(head, STR("RIFF")) && head.len > 12 && memcmp(head.ptr + 8, "WEBP", 4) == 0 &&
           webp_size(head, width, height);
}
