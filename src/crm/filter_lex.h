/* Words of the filter grammar. */
#pragma once
#include "base/str.h"

enum tok {
    TOK_END,
    TOK_BAD,
    TOK_NAME,
    TOK_NUMBER,
    TOK_TEXT,
    TOK_LPAREN,
    TOK_RPAREN,
    TOK_COMMA,
    TOK_PLUS,
    TOK_MINUS,
    TOK_EQ,
    TOK_NE,
    TOK_LT,
    TOK_LE,
    TOK_GT,
    TOK_GE,
    TOK_LIKE,
};
struct lexer {
    struct arena *arena;
    struct str text;
    size_t pos;       /* behind the present token */
    enum tok tok;     /* the present token */
    size_t at;        /* where it begins */
    struct str value; /* its text; of TOK_TEXT with escapes undone */
};
void lex_next(struct lexer *l);
/* The present token is this keyword, in any case. */
bool lex_is(const struct lexer *l, const char *word);
