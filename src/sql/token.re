/*
 * The lexer: one direct-coded automaton for words, numbers and operators; quotes and comments are
 * found by the byte searches of scan.h. Rules follow what a MariaDB server does with the same
 * bytes, not what the manual would like.
 */
#include "sql/token.h"

#include "sql/scan.h"
#include "sql/word.h"

/* How the automaton reads: behind the end it sees a zero byte and never touches memory. */
#define YYPEEK() ((unsigned char)(cursor < end ? *cursor : 0))
#define YYSKIP() ++cursor
#define YYBACKUP() marker = cursor
#define YYRESTORE() cursor = marker

enum {
    NEWEST_VERSION = 129999,   /* when the server's version is not known */
    MYSQL_ONLY_FIRST = 50700,  /* executable comments a MariaDB server leaves to MySQL */
    MYSQL_ONLY_LAST = 99999,
};

void
sql_lexer_init(struct sql_lexer *lexer, const char *sql, size_t len,
               const struct mx_sql_options *options)
{
    *lexer = (struct sql_lexer){.base = sql, .pos = sql, .end = sql + len};
    if (options != NULL) {
        lexer->mode = options->mode;
        lexer->charset = options->charset;
        lexer->version = options->version;
    }
    if (lexer->version == 0) {
        lexer->version = NEWEST_VERSION;
    }
    lexer->escapes = (lexer->mode & MX_SQL_MODE_NO_BACKSLASH_ESCAPES) == 0;
}

static inline void
put(struct sql_lexer *lexer, struct sql_token *out, const char *start, const char *stop,
    uint32_t kind, enum sql_lexer_after after)
{
    lexer->pos = stop;
    lexer->after = (uint8_t)after;
    out->kind = kind;
    out->start = (uint32_t)(start - lexer->base);
    out->len = (uint32_t)(stop - start);
}

static inline void
token(struct sql_lexer *lexer, struct sql_token *out, const char *start, const char *stop,
      uint32_t kind)
{
    put(lexer, out, start, stop, kind, AFTER_OTHER);
}

/* A word of ASCII anywhere: a keyword or a name. */
static void
plain_word(struct sql_lexer *lexer, struct sql_token *out, const char *start, const char *stop)
{
    size_t len = (size_t)(stop - start);
    uint32_t kind;
    if (len > 8) {
        kind = sql_word_long(&sql_long_keywords, start, len, T_IDENT);
    } else {
        char bytes[8] = {0};
        memcpy(bytes, start, len);
        uint64_t key = sql_word_key(sql_word_load(bytes) | SQL_WORD_FOLD, (uint32_t)len);
        kind = sql_word_short(&sql_short_keywords, key, T_IDENT);
    }
    put(lexer, out, start, stop, kind, AFTER_NAME);
}

/* The end of a word of any bytes a name may have; only for text the automaton cannot judge. */
static const char *
wide_end(const struct sql_lexer *lexer, const char *pos, bool with_dots)
{
    while (pos < lexer->end) {
        int len = lexer->charset == 0 ? 1 : scan_mb_len(pos, lexer->end, lexer->charset);
        if (len == 1 && !scan_is_name_byte(*pos) && !(with_dots && *pos == '.')) {
            break;
        }
        pos += len;
    }
    return pos;
}

static void
wide_word(struct sql_lexer *lexer, struct sql_token *out, const char *start)
{
    put(lexer, out, start, wide_end(lexer, start, false), T_IDENT, AFTER_NAME);
}

SQL_RARE static void
quoted(struct sql_lexer *lexer, struct sql_token *out, const char *start, const char *open,
       uint32_t kind)
{
    bool escapes = kind == T_STRING && lexer->escapes;
    const char *close = scan_quoted(open + 1, lexer->end, *open, escapes, lexer->charset);
    if (close == lexer->end) {
        token(lexer, out, start, lexer->end, T_BAD);
        return;
    }
    put(lexer, out, start, close + 1, kind, kind == T_QUOTED ? AFTER_NAME : AFTER_OTHER);
}

static void
double_quoted(struct sql_lexer *lexer, struct sql_token *out, const char *start)
{
    bool ansi = (lexer->mode & MX_SQL_MODE_ANSI_QUOTES) != 0;
    quoted(lexer, out, start, start, ansi ? T_QUOTED : T_STRING);
}

/* pos is behind the at sign. */
static void
user_variable(struct sql_lexer *lexer, struct sql_token *out, const char *start, const char *pos)
{
    if (pos < lexer->end && (*pos == '\'' || *pos == '"' || *pos == '`')) {
        bool escapes = *pos != '`' && lexer->escapes;
        const char *close = scan_quoted(pos + 1, lexer->end, *pos, escapes, lexer->charset);
        if (close == lexer->end) {
            token(lexer, out, start, lexer->end, T_BAD);
            return;
        }
        token(lexer, out, start, close + 1, T_USERVAR);
        return;
    }
    token(lexer, out, start, wide_end(lexer, pos, true), T_USERVAR);
}

/* pos is behind the two at signs. */
static void
system_variable(struct sql_lexer *lexer, struct sql_token *out, const char *start, const char *pos)
{
    const char *stop;
    if (pos < lexer->end && *pos == '`') {
        stop = scan_quoted(pos + 1, lexer->end, '`', false, lexer->charset);
        if (stop == lexer->end) {
            token(lexer, out, start, lexer->end, T_BAD);
            return;
        }
        stop++;
    } else {
        stop = wide_end(lexer, pos, false);
    }
    put(lexer, out, start, stop, T_SYSVAR, AFTER_NAME);
}

static const char *
skip_line(struct sql_lexer *lexer, const char *pos)
{
    const char *line;
    lexer->commented = true;
    line = memchr(pos, '\n', (size_t)(lexer->end - pos));
    return line == NULL ? lexer->end : line + 1;
}

/* Skips a version comment that this server does not run; comments inside nest once. */
static const char *
skip_foreign_comment(const struct sql_lexer *lexer, const char *pos, bool *out_closed)
{
    *out_closed = false;
    while (lexer->end - pos >= 2) {
        if (pos[0] == '*' && pos[1] == '/') {
            *out_closed = true;
            return pos + 2;
        }
        if (pos[0] == '/' && pos[1] == '*') {
            pos = scan_comment_end(pos + 2, lexer->end, out_closed);
            if (!*out_closed) {
                return lexer->end;
            }
            *out_closed = false;
        } else {
            pos++;
        }
    }
    return lexer->end;
}

/* pos is behind the exclamation mark: true when the content is to be run, from *out_pos on. */
static bool
enter_version_comment(const struct sql_lexer *lexer, const char *pos, bool maria,
                      const char **out_pos)
{
    uint32_t version = 0;
    int digits = 0;
    const char *at = pos;
    while (at < lexer->end && digits < 6 && *at >= '0' && *at <= '9') {
        version = version * 10 + (uint32_t)(*at - '0');
        digits++;
        at++;
    }
    if (digits < 5) {
        *out_pos = pos;
        return true;
    }
    *out_pos = at;
    bool mysql_only = !maria && version >= MYSQL_ONLY_FIRST && version <= MYSQL_ONLY_LAST;
    return version <= lexer->version && !mysql_only;
}

/*
 * start is at the slash of a comment's opening: returns where lexing goes on, NULL when the
 * comment never ends.
 */
static const char *
skip_block_comment(struct sql_lexer *lexer, const char *start)
{
    const char *pos = start + 2;
    bool maria = lexer->end - pos >= 2 && pos[0] == 'M' && pos[1] == '!';
    bool closed = false;
    if (maria || (pos < lexer->end && *pos == '!')) {
        const char *content;
        if (enter_version_comment(lexer, pos + (maria ? 2 : 1), maria, &content)) {
            lexer->in_exec = true;
            return content;
        }
        pos = skip_foreign_comment(lexer, content, &closed);
    } else {
        pos = scan_comment_end(pos, lexer->end, &closed);
    }
    lexer->commented = true;
    return closed ? pos : NULL;
}

/* A dash-dash is a comment only before white space, a control byte or the end. */
static bool
is_dash_comment(const struct sql_lexer *lexer, const char *pos)
{
    return pos >= lexer->end || (unsigned char)*pos <= ' ' || *pos == 0x7f;
}

static void
dot(struct sql_lexer *lexer, struct sql_token *out, const char *start)
{
    put(lexer, out, start, start + 1, '.', AFTER_DOT);
}

/* A byte of the text, or what the automaton sees behind its end. */
static void
zero_byte(struct sql_lexer *lexer, struct sql_token *out, const char *start)
{
    if (start >= lexer->end) {
        token(lexer, out, lexer->end, lexer->end, T_EOF);
    } else {
        token(lexer, out, start, start + 1, T_BAD);
    }
}

static void
dot_number(struct sql_lexer *lexer, struct sql_token *out, const char *start, const char *stop)
{
    if (lexer->after == AFTER_NAME) {
        dot(lexer, out, start);
    } else {
        token(lexer, out, start, stop, T_NUMBER);
    }
}

static bool
is_oracle(const struct sql_lexer *lexer)
{
    return (lexer->mode & MX_SQL_MODE_ORACLE) != 0;
}

static void
colon_name(struct sql_lexer *lexer, struct sql_token *out, const char *start, const char *stop)
{
    if (is_oracle(lexer)) {
        token(lexer, out, start, stop, T_HOSTVAR);
    } else {
        token(lexer, out, start, start + 1, ':');
    }
}

SQL_RARE static void
any_token(struct sql_lexer *lexer, struct sql_token *out, const char *cursor)
{
    const char *const end = lexer->end;
    const char *marker = cursor;
    const char *start;
again:
    while (cursor < end && scan_is_space(*cursor)) {
        cursor++;
    }
    start = cursor;
    if (lexer->after == AFTER_DOT && cursor < end && scan_is_name_byte(*cursor)) {
        wide_word(lexer, out, start);
        return;
    }
    /*!re2c
    re2c:api = custom;
    re2c:yyfill:enable = 0;
    re2c:define:YYCTYPE = "unsigned char";
    re2c:indent:string = "    ";
    digits = [0-9]+;
    exponent = [eE] [+-]? digits;
    ascii = [0-9a-zA-Z_$];
    wide = [0-9a-zA-Z_$\x80-\xff];
    "\x00" { zero_byte(lexer, out, start); return; }
    "#" {
        cursor = skip_line(lexer, cursor);
        goto again;
    }
    "--" {
        if (!is_dash_comment(lexer, cursor)) {
            token(lexer, out, start, start + 1, '-');
            return;
        }
        cursor = skip_line(lexer, cursor);
        goto again;
    }
    "/*" {
        cursor = skip_block_comment(lexer, start);
        if (cursor == NULL) {
            token(lexer, out, start, end, T_BAD);
            return;
        }
        goto again;
    }
    "*/" {
        if (!lexer->in_exec) {
            token(lexer, out, start, start + 1, '*');
            return;
        }
        lexer->in_exec = false;
        goto again;
    }
    "'" { quoted(lexer, out, start, start, T_STRING); return; }
    [xXbBnN] "'" { quoted(lexer, out, start, start + 1, T_STRING); return; }
    "\"" { double_quoted(lexer, out, start); return; }
    "`" { quoted(lexer, out, start, start, T_QUOTED); return; }
    "@" { user_variable(lexer, out, start, cursor); return; }
    "@@" { system_variable(lexer, out, start, cursor); return; }
    digits exponent? | digits "." digits? exponent? | "0x" [0-9a-fA-F]+ | "0b" [01]+ {
        token(lexer, out, start, cursor, T_NUMBER);
        return;
    }
    "." digits exponent? { dot_number(lexer, out, start, cursor); return; }
    "." { dot(lexer, out, start); return; }
    ":=" { token(lexer, out, start, cursor, T_ASSIGN); return; }
    "=" | "<" | ">" { token(lexer, out, start, cursor, T_COMPARE); return; }
    "<=" | ">=" | "<>" | "!=" | "<=>" { token(lexer, out, start, cursor, T_COMPARE); return; }
    "<<" | ">>" {
        token(lexer, out, start, cursor, is_oracle(lexer) ? T_LABEL : T_OPERATOR);
        return;
    }
    "||" | "&&" | "->" | "->>" | ".." { token(lexer, out, start, cursor, T_OPERATOR); return; }
    "\\N" { token(lexer, out, start, cursor, T_NULL_ESCAPE); return; }
    ":" [a-zA-Z_] ascii* { colon_name(lexer, out, start, cursor); return; }
    ascii+ { plain_word(lexer, out, start, cursor); return; }
    wide+ { wide_word(lexer, out, start); return; }
    [\x01-\x08\x0e-\x1f\x7f] { token(lexer, out, start, cursor, T_BAD); return; }
    * { token(lexer, out, start, cursor, (unsigned char)*start); return; }
    */
}

void
sql_lexer_next_slow(struct sql_lexer *lexer, struct sql_token *out)
{
    any_token(lexer, out, lexer->pos);
}

uint32_t
sql_lexer_peek(const struct sql_lexer *lexer)
{
    struct sql_lexer ahead = *lexer;
    struct sql_token token;
    sql_lexer_next(&ahead, &token);
    return token.kind;
}

static inline unsigned
byte_class(const char *pos, const char *end)
{
    return pos < end ? sql_bytes[(unsigned char)*pos] : 0;
}

/* The token goes on behind what is plain, or it is too long or too near to the end. */
SQL_RARE static void
odd_word(struct sql_lexer *lexer, struct sql_token *out, const char *start)
{
    const char *stop = scan_word(start, lexer->end);
    if ((byte_class(stop, lexer->end) & SQL_BYTE_MORE) != 0) {
        any_token(lexer, out, start);
    } else if (lexer->after == AFTER_DOT) {
        put(lexer, out, start, stop, T_IDENT, AFTER_NAME);
    } else {
        plain_word(lexer, out, start, stop);
    }
}

/* What begins as a word of ASCII: one of up to eight bytes is found with its value in one go. */
static inline void
quick_word(struct sql_lexer *lexer, struct sql_token *out, const char *start)
{
    struct scan_head head;
    if (!scan_head(lexer->base, start, lexer->end, &head)) {
        odd_word(lexer, out, start);
        return;
    }
    const char *stop = start + head.len;
    unsigned behind = byte_class(stop, lexer->end);
    if (head.len > 8 || (behind & SQL_BYTE_MORE) != 0) {
        odd_word(lexer, out, start);
        return;
    }
    uint32_t kind = T_IDENT;
    if (lexer->after != AFTER_DOT) {
        uint64_t key = sql_word_key(head.bytes, head.len);
        kind = sql_word_short(&sql_short_keywords, key, T_IDENT);
    }
    put(lexer, out, start, stop, kind, AFTER_NAME);
    lexer->pos += (behind & SQL_BYTE_SPACE) != 0; /* one blank is the rule */
}

static inline void
quick_number(struct sql_lexer *lexer, struct sql_token *out, const char *start)
{
    const char *stop = start + 1;
    unsigned behind = byte_class(stop, lexer->end);
    while ((behind & SQL_BYTE_DIGIT) != 0) {
        behind = byte_class(++stop, lexer->end);
    }
    if (lexer->after == AFTER_DOT ||
        (behind & (SQL_BYTE_NAME | SQL_BYTE_MORE | SQL_BYTE_POINT)) != 0) {
        any_token(lexer, out, start);
    } else {
        token(lexer, out, start, stop, T_NUMBER);
    }
}

/*
 * Words of ASCII, integers, quotes and lone punctuation are most of all tokens and need no
 * automaton; what begins like one of them but goes on otherwise does.
 */
void
sql_lexer_next(struct sql_lexer *lexer, struct sql_token *out)
{
    const char *const end = lexer->end;
    const char *start = lexer->pos;
    unsigned class = byte_class(start, end);
    while ((class & SQL_BYTE_SPACE) != 0) {
        class = byte_class(++start, end);
    }
    if ((class & SQL_BYTE_START) != 0) {
        quick_word(lexer, out, start);
    } else if ((class & SQL_BYTE_SOLO) != 0) {
        uint32_t kind = (unsigned char)*start;
        token(lexer, out, start, start + 1, kind == '=' ? (uint32_t)T_COMPARE : kind);
    } else if ((class & SQL_BYTE_DIGIT) != 0) {
        quick_number(lexer, out, start);
    } else if ((class & SQL_BYTE_QUOTE) != 0) {
        quoted(lexer, out, start, start, *start == '`' ? T_QUOTED : T_STRING);
    } else if (start == end) {
        token(lexer, out, end, end, T_EOF);
    } else if ((class & SQL_BYTE_POINT) != 0 && lexer->after == AFTER_NAME &&
               (byte_class(start + 1, end) & (SQL_BYTE_START | SQL_BYTE_QUOTE)) != 0) {
        dot(lexer, out, start);
    } else {
        any_token(lexer, out, start);
    }
}
