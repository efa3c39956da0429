/*
 * Tokens of MariaDB's lexical grammar. The lexer borrows the text, never reads past its end and
 * allocates nothing. Comments and white space are not tokens; the content of an executable
 * comment that the server would run is.
 */
#ifndef SQL_TOKEN_H
#define SQL_TOKEN_H

#include "mx/sql.h"

#include "sql/sql_keyword.h"

/* A function apart from the usual way, which is then free of its registers and its stack. */
#define SQL_RARE __attribute__((noinline))

/* Kinds below 256 that are not listed here are the character itself: ( ) , . ; + - * ... */
enum sql_token_kind {
    T_EOF = 0,
    T_BAD = 1,     /* unterminated quote or comment, or a byte no statement may contain */
    T_IDENT = 128, /* unquoted name that is no keyword of ours */
    T_QUOTED,      /* `name`, or "name" with ANSI_QUOTES */
    T_STRING,      /* '..', "..", x'..', b'..', n'..' */
    T_NUMBER,
    T_USERVAR,     /* @name, @'name', @`name`; also a lone @ and the @host of an account */
    T_SYSVAR,      /* @@name; a scope or component is the token itself, then . and a name follow */
    T_HOSTVAR,     /* :name in Oracle mode */
    T_ASSIGN,      /* := */
    T_COMPARE,     /* = < > <= >= <> != <=> */
    T_OPERATOR,    /* other operators of more than one character */
    T_NULL_ESCAPE, /* \N */
    T_LABEL,       /* << or >> in Oracle mode */
    T_WORD = 256,  /* keywords follow: T_WORD + enum sql_keyword */
};

#define KW(name) (T_WORD + K_##name)

struct sql_token {
    uint32_t kind; /* sql_token_kind, a character, or KW(..) */
    uint32_t start;
    uint32_t len;
};

/* What the last token means for the next one. */
enum sql_lexer_after {
    AFTER_OTHER = 0,
    AFTER_NAME, /* a dot is a separator, not a decimal point */
    AFTER_DOT,  /* a word is a name, whatever it looks like */
};

struct sql_lexer {
    const char *base;
    const char *pos;
    const char *end;
    uint32_t mode;    /* mx_sql_mode_bit */
    uint32_t charset; /* mx_sql_charset */
    uint32_t version; /* never 0 */
    uint8_t after;    /* sql_lexer_after */
    bool in_exec;     /* inside an executable comment */
    bool commented;   /* a comment was skipped */
    bool escapes;     /* the backslash escapes in strings */
};

void sql_lexer_init(struct sql_lexer *lexer, const char *sql, size_t len,
                    const struct mx_sql_options *options);

/* The next token; T_EOF at the end, again and again. */
void sql_lexer_next(struct sql_lexer *lexer, struct sql_token *out);

/* The same by the automaton alone, for tests: the quick path must not make a difference. */
void sql_lexer_next_slow(struct sql_lexer *lexer, struct sql_token *out);

/* The kind of the next token, without taking it. */
uint32_t sql_lexer_peek(const struct sql_lexer *lexer);

/* Non-reserved keywords can be names anywhere. */
static inline bool
sql_token_is_reserved(uint32_t kind)
{
    return kind >= T_WORD + K_RESERVED_FIRST;
}

static inline bool
sql_token_is_word(uint32_t kind)
{
    return kind == T_IDENT || kind >= T_WORD;
}

/* A name: identifier, quoted identifier or a keyword that is not reserved. */
static inline bool
sql_token_is_name(uint32_t kind)
{
    return kind == T_IDENT || kind == T_QUOTED || (kind >= T_WORD && !sql_token_is_reserved(kind));
}

#endif
