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

static struct sql_token
token(struct sql_lexer *lexer, const char *start, const char *stop, uint32_t kind)
{
    lexer->pos = stop;
    lexer->after_name = false;
    lexer->after_dot = false;
    return (struct sql_token){
        .kind = kind,
        .start = (uint32_t)(start - lexer->base),
        .len = (uint32_t)(stop - start),
    };
}

static struct sql_token
word(struct sql_lexer *lexer, const char *start, const char *stop, uint32_t kind)
{
    lexer->pos = stop;
    lexer->after_name = true;
    lexer->after_dot = false;
    return (struct sql_token){
        .kind = kind,
        .start = (uint32_t)(start - lexer->base),
        .len = (uint32_t)(stop - start),
    };
}

static struct sql_token
plain_word(struct sql_lexer *lexer, const char *start, const char *stop)
{
    if (stop - start == 1) { /* no keyword is so short */
        return word(lexer, start, stop, T_IDENT);
    }
    const struct sql_word *found = sql_word_find(sql_words, start, (size_t)(stop - start));
    return word(lexer, start, stop, found == NULL ? T_IDENT : T_WORD + found->value);
}

/* A word of any bytes a name may have; only for text the automaton cannot judge. */
static struct sql_token
wide_word(struct sql_lexer *lexer, const char *start, const char *pos, bool with_dots)
{
    while (pos < lexer->end) {
        int len = lexer->charset == 0 ? 1 : scan_mb_len(pos, lexer->end, lexer->charset);
        if (len == 1 && !scan_is_name_byte(*pos) && !(with_dots && *pos == '.')) {
            break;
        }
        pos += len;
    }
    return word(lexer, start, pos, T_IDENT);
}

static struct sql_token
quoted(struct sql_lexer *lexer, const char *start, const char *open, uint32_t kind)
{
    bool escapes = kind == T_STRING && lexer->escapes;
    const char *close = scan_quoted(open + 1, lexer->end, *open, escapes, lexer->charset);
    if (close == lexer->end) {
        return token(lexer, start, lexer->end, T_BAD);
    }
    struct sql_token found = token(lexer, start, close + 1, kind);
    lexer->after_name = kind == T_QUOTED;
    return found;
}

static struct sql_token
double_quoted(struct sql_lexer *lexer, const char *start)
{
    bool ansi = (lexer->mode & MX_SQL_MODE_ANSI_QUOTES) != 0;
    return quoted(lexer, start, start, ansi ? T_QUOTED : T_STRING);
}

/* pos is behind the at sign. */
static struct sql_token
user_variable(struct sql_lexer *lexer, const char *start, const char *pos)
{
    struct sql_token found;
    if (pos < lexer->end && (*pos == '\'' || *pos == '"' || *pos == '`')) {
        bool escapes = *pos != '`' && lexer->escapes;
        const char *close = scan_quoted(pos + 1, lexer->end, *pos, escapes, lexer->charset);
        if (close == lexer->end) {
            return token(lexer, start, lexer->end, T_BAD);
        }
        return token(lexer, start, close + 1, T_USERVAR);
    }
    found = wide_word(lexer, start, pos, true);
    return token(lexer, start, lexer->base + found.start + found.len, T_USERVAR);
}

/* pos is behind the two at signs. */
static struct sql_token
system_variable(struct sql_lexer *lexer, const char *start, const char *pos)
{
    const char *stop = pos;
    if (pos < lexer->end && *pos == '`') {
        stop = scan_quoted(pos + 1, lexer->end, '`', false, lexer->charset);
        if (stop == lexer->end) {
            return token(lexer, start, lexer->end, T_BAD);
        }
        stop++;
    } else {
        struct sql_token found = wide_word(lexer, start, pos, false);
        stop = lexer->base + found.start + found.len;
    }
    struct sql_token variable = token(lexer, start, stop, T_SYSVAR);
    lexer->after_name = true;
    return variable;
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

/* What follows is a name, whatever it looks like. */
static struct sql_token
dot(struct sql_lexer *lexer, const char *start)
{
    struct sql_token found = token(lexer, start, start + 1, '.');
    lexer->after_dot = true;
    return found;
}

static bool
is_oracle(const struct sql_lexer *lexer)
{
    return (lexer->mode & MX_SQL_MODE_ORACLE) != 0;
}

static struct sql_token
any_token(struct sql_lexer *lexer, const char *cursor)
{
    const char *const end = lexer->end;
    const char *marker = cursor;
    const char *start;
again:
    while (cursor < end && scan_is_space(*cursor)) {
        cursor++;
    }
    start = cursor;
    if (lexer->after_dot && cursor < end && scan_is_name_byte(*cursor)) {
        return wide_word(lexer, start, cursor, false);
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
    "\x00" {
        return start >= end ? token(lexer, end, end, T_EOF) : token(lexer, start, start + 1, T_BAD);
    }
    "#" {
        cursor = skip_line(lexer, cursor);
        goto again;
    }
    "--" {
        if (!is_dash_comment(lexer, cursor)) {
            return token(lexer, start, start + 1, '-');
        }
        cursor = skip_line(lexer, cursor);
        goto again;
    }
    "/*" {
        cursor = skip_block_comment(lexer, start);
        if (cursor == NULL) {
            return token(lexer, start, end, T_BAD);
        }
        goto again;
    }
    "*/" {
        if (!lexer->in_exec) {
            return token(lexer, start, start + 1, '*');
        }
        lexer->in_exec = false;
        goto again;
    }
    "'" { return quoted(lexer, start, start, T_STRING); }
    [xXbBnN] "'" { return quoted(lexer, start, start + 1, T_STRING); }
    "\"" { return double_quoted(lexer, start); }
    "`" { return quoted(lexer, start, start, T_QUOTED); }
    "@" { return user_variable(lexer, start, cursor); }
    "@@" { return system_variable(lexer, start, cursor); }
    digits exponent? | digits "." digits? exponent? | "0x" [0-9a-fA-F]+ | "0b" [01]+ {
        return token(lexer, start, cursor, T_NUMBER);
    }
    "." digits exponent? {
        return lexer->after_name ? dot(lexer, start) : token(lexer, start, cursor, T_NUMBER);
    }
    "." { return dot(lexer, start); }
    ":=" { return token(lexer, start, cursor, T_ASSIGN); }
    "=" | "<" | ">" | "<=" | ">=" | "<>" | "!=" | "<=>" {
        return token(lexer, start, cursor, T_COMPARE);
    }
    "<<" | ">>" { return token(lexer, start, cursor, is_oracle(lexer) ? T_LABEL : T_OPERATOR); }
    "||" | "&&" | "->" | "->>" | ".." { return token(lexer, start, cursor, T_OPERATOR); }
    "\\N" { return token(lexer, start, cursor, T_NULL_ESCAPE); }
    ":" [a-zA-Z_] ascii* {
        return is_oracle(lexer) ? token(lexer, start, cursor, T_HOSTVAR)
                                : token(lexer, start, start + 1, ':');
    }
    ascii+ { return plain_word(lexer, start, cursor); }
    wide+ { return wide_word(lexer, start, start, false); }
    [\x01-\x08\x0e-\x1f\x7f] { return token(lexer, start, cursor, T_BAD); }
    * { return token(lexer, start, cursor, (unsigned char)*start); }
    */
}

static inline unsigned
byte_class(char c)
{
    return sql_bytes[(unsigned char)c];
}

static inline const char *
skip_class(const char *pos, const char *end, unsigned class)
{
    while (pos < end && (byte_class(*pos) & class) != 0) {
        pos++;
    }
    return pos;
}

/*
 * Words of ASCII, integers and lone punctuation are most of all tokens and need no automaton; what
 * begins like one of them but goes on otherwise does.
 */
struct sql_token
sql_lexer_next(struct sql_lexer *lexer)
{
    const char *const end = lexer->end;
    const char *start = skip_class(lexer->pos, end, SQL_BYTE_SPACE);
    if (start == end || lexer->after_dot) {
        return any_token(lexer, start);
    }
    unsigned class = byte_class(*start);
    if ((class & SQL_BYTE_START) != 0) {
        const char *stop = skip_class(start + 1, end, SQL_BYTE_NAME);
        bool plain = stop == end || ((byte_class(*stop) & SQL_BYTE_WIDE) == 0 &&
                                     (*stop != '\'' || stop - start > 1));
        return plain ? plain_word(lexer, start, stop) : any_token(lexer, start);
    }
    if ((class & SQL_BYTE_SOLO) != 0) {
        return token(lexer, start, start + 1,
                     *start == '=' ? T_COMPARE : (uint32_t)(unsigned char)*start);
    }
    if ((class & SQL_BYTE_DIGIT) != 0) {
        const char *stop = skip_class(start, end, SQL_BYTE_DIGIT);
        if (stop == end || ((byte_class(*stop) & (SQL_BYTE_NAME | SQL_BYTE_WIDE)) == 0 && *stop != '.')) {
            return token(lexer, start, stop, T_NUMBER);
        }
    }
    return any_token(lexer, start);
}
