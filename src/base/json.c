/* JSON in: jansson with its looser corners closed. */
#include "base/json.h"

/* jansson recurses 2048 deep by default and copies every text; bodies are limited by the server, this is the backstop.
 */
#define JSON_MAX_BYTES ((size_t)64 << 20)
#define JSON_MAX_DEPTH 64

/* Depth is counted before parsing: brackets outside of strings. */
static bool too_deep(struct str text)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (quoted) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '[' || c == '{') {
            if (++depth > JSON_MAX_DEPTH)
                return true;
        } else if (c == ']' || c == '}') {
            depth--;
        }
    }
    return false;
}

/* jansson quotes the text near the fault and may cut it inside of a letter. */
static void only_ascii_when_broken(char *text)
{
    if (str_utf8_valid(str_c(text)))
        return;
    for (; *text; text++)
        if ((unsigned char)*text >= 0x80)
            *text = '?';
}

enum rc json_read(struct str text, json_t **out, struct err *e)
{
    *out = NULL;
    if (text.len > JSON_MAX_BYTES)
        return err_set(e, RC_TOO_LARGE, "too_large", "", NULL);
    if (!str_utf8_valid(text)) /* also refuses NUL; jansson alone would let neither through, but says it less well */
        return err_set(e, RC_INVALID, "bad_json", "", "invalid UTF-8");
    if (too_deep(text))
        return err_set(e, RC_INVALID, "bad_json", "", "nested deeper than %d", JSON_MAX_DEPTH);
    json_error_t why;
    /* JSON_ALLOW_NUL stays off: "\u0000" could not be stored as text by either database. */
    *out = json_loadb(text.len ? text.ptr : "", text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (*out)
        return RC_OK;
    only_ascii_when_broken(why.text);
    return err_set(e, RC_INVALID, "bad_json", "", "line %d, column %d: %s", why.line, why.column, why.text);
}
