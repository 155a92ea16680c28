#include "crm/filter_lex.h"
#include <strings.h>

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char at(const struct lexer *l, size_t i)
{
    return (char)(i < l->text.len ? l->text.ptr[i] : '\0');
}

static enum tok token(struct lexer *l, enum tok tok, size_t len)
{
    l->value = (struct str){l->text.ptr + l->at, len};
    l->pos = l->at + len;
    return tok;
}

static enum tok lex_text(struct lexer *l)
{
    char *out = arena_alloc(l->arena, l->text.len - l->at);
    size_t n = 0, i = l->at + 1;
    for (; i < l->text.len && l->text.ptr[i] != '"'; i++) {
        if (l->text.ptr[i] == '\\') {
            i++;
            if (at(l, i) != '"' && at(l, i) != '\\')
                return token(l, TOK_BAD, 1);
        }
        out[n++] = l->text.ptr[i];
    }
    if (i >= l->text.len)
        return token(l, TOK_BAD, 1);
    l->value = (struct str){out, n};
    l->pos = i + 1;
    return TOK_TEXT;
}

static enum tok lex_word(struct lexer *l)
{
    size_t i = l->at;
    if (is_name(at(l, i))) {
        while (is_name(at(l, i)) || is_digit(at(l, i)) || (at(l, i) == '.' && is_name(at(l, i + 1))))
            i++;
        return token(l, TOK_NAME, i - l->at);
    }
    while (is_digit(at(l, i)))
        i++;
    if (at(l, i) == '.' && is_digit(at(l, i + 1)))
        for (i++; is_digit(at(l, i));)
            i++;
    return token(l, TOK_NUMBER, i - l->at);
}

static enum tok lex_sign(struct lexer *l)
{
    static const struct {
        const char text[3];
        enum tok tok;
    } signs[] = {{"!=", TOK_NE},    {"<=", TOK_LE},   {">=", TOK_GE},  {"=", TOK_EQ},
                 {"<", TOK_LT},     {">", TOK_GT},    {"~", TOK_LIKE}, {"(", TOK_LPAREN},
                 {")", TOK_RPAREN}, {",", TOK_COMMA}, {"+", TOK_PLUS}, {"-", TOK_MINUS}};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t len = strlen(signs[i].text);
        if (l->text.len - l->at >= len && memcmp(l->text.ptr + l->at, signs[i].text, len) == 0)
            return token(l, signs[i].tok, len);
    }
    return token(l, TOK_BAD, 1);
}

void lex_next(struct lexer *l)
{
    while (at(l, l->pos) == ' ' || at(l, l->pos) == '\t' || at(l, l->pos) == '\n' || at(l, l->pos) == '\r')
        l->pos++;
    l->at = l->pos;
    char c = at(l, l->at);
    if (l->at >= l->text.len)
        l->tok = token(l, TOK_END, 0);
    else if (c == '"')
        l->tok = lex_text(l);
    else if (is_name(c) || is_digit(c))
        l->tok = lex_word(l);
    else
        l->tok = lex_sign(l);
}

bool lex_is(const struct lexer *l, const char *word)
{
    size_t len = strlen(word);
    return l->tok == TOK_NAME && l->value.len == len && strncasecmp(l->value.ptr, word, len) == 0;
}
