/*
 * The canonical form of a statement, twice: folded, in which statements that differ in literals,
 * white space, comments and lengths of lists are one text, and the endpoint's, which keeps the
 * writer's white space and lists.
 */
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "sql/parse.h"
#include "sql/scan.h"

enum {
    LISTS_MAX = 32
};

/* The endpoint shows the content of every executable comment. */
static const uint32_t any_version = UINT32_MAX;

/* One open parenthesis of the output, or the base. */
struct list {
    size_t element;  /* where the current element begins */
    size_t previous; /* where the one before began; both 0: this is no list that folds */
    size_t previous_len;
    bool folds;
};

struct canon {
    char *out;
    size_t used;
    struct list lists[LISTS_MAX];
    uint32_t depth;
    uint32_t before; /* kind of the last token */
    bool attached;   /* the last token was the dot of a qualified name */
};

static void
put(struct canon *canon, const char *text, size_t len)
{
    memcpy(canon->out + canon->used, text, len);
    canon->used += len;
}

static bool
is_literal(uint32_t kind)
{
    return kind == T_STRING || kind == T_NUMBER;
}

/* A value, so that a minus behind it subtracts. */
static bool
is_operand(uint32_t kind)
{
    return is_literal(kind) || kind == ')' || kind == '?' || kind == T_USERVAR ||
           kind == T_SYSVAR || kind == T_HOSTVAR || kind == T_NULL_ESCAPE || kind == T_QUOTED ||
           kind == '*' || sql_token_is_name(kind) || kind == KW(NULL) || kind == KW(DEFAULT);
}

static struct list *
list_at(struct canon *canon)
{
    return canon->depth < LISTS_MAX ? &canon->lists[canon->depth] : NULL;
}

/* The element ends at the output's end: gone when it repeats the one before. */
static void
element_end(struct canon *canon)
{
    struct list *list = list_at(canon);
    if (list == NULL || !list->folds) {
        return;
    }
    if (list->element > canon->used) { /* nothing between two commas */
        list->previous_len = 0;
        return;
    }
    size_t len = canon->used - list->element;
    if (list->previous_len == len && len > 0 &&
        memcmp(canon->out + list->previous, canon->out + list->element, len) == 0) {
        canon->used = list->previous + len;
        list->element = list->previous;
    } else {
        list->previous = list->element;
        list->previous_len = len;
    }
}

static void
list_open(struct canon *canon, bool folds)
{
    canon->depth++;
    struct list *list = list_at(canon);
    if (list != NULL) {
        *list = (struct list){.element = canon->used, .folds = folds};
    }
}

/* White space between two tokens of the folded form: one blank, or none where none is usual. */
static bool
needs_blank(const struct canon *canon, const struct sql_token *token, bool gap)
{
    uint32_t before = canon->before;
    uint32_t kind = token->kind;
    if (before == T_EOF || before == '(' || kind == ')' || kind == ',' || kind == ';') {
        return false;
    }
    if (canon->attached && (sql_token_is_word(kind) || kind == T_QUOTED || kind == '*')) {
        return false;
    }
    if (kind == '(' && sql_token_is_name(before)) {
        return gap;
    }
    return true;
}

static void
after_punctuation(struct canon *canon, uint32_t kind, bool list_word)
{
    struct list *list;
    switch (kind) {
    case '(':
        list_open(canon, list_word);
        break;
    case ';':
        canon->depth = 0;
        canon->lists[0].folds = false;
        break;
    case ',':
        list = list_at(canon);
        if (list != NULL) {
            list->element = canon->used + 1; /* behind the blank that follows */
        }
        break;
    default:
        break;
    }
}

static void
fold_token(struct canon *canon, const char *sql, struct sql_token token, bool gap, bool dotted)
{
    bool list_word = canon->before == KW(IN);
    if (token.kind == ')' || token.kind == ',') {
        element_end(canon);
    } else if (canon->depth == 0 && (token.kind >= T_WORD || token.kind == ';')) {
        element_end(canon); /* ON DUPLICATE KEY UPDATE: the rows are over */
        canon->lists[0].folds = false;
    }
    if (token.kind == ')' && canon->depth > 0) {
        canon->depth--;
    }
    bool attach = token.kind == '.' && dotted;
    if (!attach && needs_blank(canon, &token, gap)) {
        put(canon, " ", 1);
    }
    if (is_literal(token.kind)) {
        put(canon, "?", 1);
    } else {
        put(canon, sql + token.start, token.len);
    }
    if (token.kind == KW(VALUES) && canon->depth == 0) {
        canon->lists[0] = (struct list){.element = canon->used + 1, .folds = true};
    }
    after_punctuation(canon, token.kind, list_word);
    canon->before = token.kind;
    canon->attached = attach;
}

/* A sign that belongs to the number behind it. */
static bool
is_sign(const struct sql_lexer *lexer, struct sql_token token, uint32_t before)
{
    if ((token.kind != '-' && token.kind != '+') || is_operand(before)) {
        return false;
    }
    return sql_lexer_peek(lexer) == T_NUMBER;
}

size_t
mx_sql_canonical(const char *sql, size_t len, const struct mx_sql_options *options, char *out,
                 size_t size)
{
    struct sql_lexer lexer;
    struct canon canon = {.out = out};
    size_t end = 0;
    bool dotted = false;
    MX_ASSERT(size >= MX_SQL_CANONICAL_SIZE(len));
    sql_lexer_init(&lexer, sql, len, options);
    for (;;) {
        bool after_name = lexer.after == AFTER_NAME;
        struct sql_token token;
        sql_lexer_next(&lexer, &token);
        if (token.kind == T_EOF) {
            break;
        }
        if (token.kind == T_BAD) { /* nobody knows what it means: as it is */
            if (canon.used > 0) {
                put(&canon, " ", 1);
            }
            put(&canon, sql + token.start, len - token.start);
            break;
        }
        if (is_sign(&lexer, token, canon.before)) {
            continue;
        }
        dotted = after_name;
        fold_token(&canon, sql, token, token.start > end, dotted);
        end = token.start + token.len;
    }
    if (canon.before != T_EOF && canon.depth == 0) {
        element_end(&canon);
    }
    while (canon.used > 0 && canon.before == ';' && canon.out[canon.used - 1] == ';') {
        canon.used--;
    }
    out[canon.used] = '\0';
    return canon.used;
}

uint64_t
mx_sql_digest(const char *canonical, size_t len)
{
    return XXH3_64bits(canonical, len);
}

/* What is between two tokens: white space stays, comments go, executable ones stay as they are. */
static size_t
put_gap(char *out, const char *pos, const char *end)
{
    size_t used = 0;
    while (pos < end) {
        const char *stop = pos;
        if (*pos == '#' || (*pos == '-' && end - pos > 1 && pos[1] == '-')) {
            stop = memchr(pos, '\n', (size_t)(end - pos));
            pos = stop == NULL ? end : stop; /* the end of the line is no part of the comment */
            continue;
        }
        if (*pos == '/' && end - pos > 2 && pos[1] == '*' && pos[2] != '!' &&
            !(end - pos > 3 && pos[2] == 'M' && pos[3] == '!')) {
            bool closed;
            stop = scan_comment_end(pos + 2, end, &closed);
            if (stop - pos == 4) {
                out[used++] = ' ';
            }
            pos = stop;
            continue;
        }
        if (*pos >= '0' && *pos <= '9') { /* the version of an executable comment */
            out[used++] = '?';
            while (pos < end && *pos >= '0' && *pos <= '9') {
                pos++;
            }
            continue;
        }
        out[used++] = *pos++;
    }
    return used;
}

/* A token as the endpoint shows it: what stands before a quote or digits stays. */
static size_t
put_token(char *out, const char *text, struct sql_token token)
{
    const char first = text[0];
    uint32_t quote = token.len > 1 && (text[1] == '\'' || text[1] == '"') ? 1 : 0;
    if (token.kind == T_STRING || token.kind == T_NUMBER || (token.kind == T_USERVAR && quote)) {
        if ((quote && first != '\'' && first != '"') || (first == '.' && token.kind == T_NUMBER)) {
            out[0] = first;
            out[1] = '?';
            return 2;
        }
        out[0] = '?';
        return 1;
    }
    memcpy(out, text, token.len);
    return token.len;
}

/* The signs the endpoint swallows follow an operator, a comparison, a parenthesis or a comma. */
static bool
is_endpoint_sign(const struct sql_lexer *lexer, struct sql_token token, uint32_t before)
{
    return before != T_EOF && before < T_WORD && before != ';' && before != '.' &&
           is_sign(lexer, token, before) &&
           token.start + token.len < (size_t)(lexer->end - lexer->base) &&
           !scan_is_space(lexer->base[token.start + token.len]);
}

size_t
mx_sql_canonical_endpoint(const char *sql, size_t len, const struct mx_sql_options *options,
                          char *out, size_t size)
{
    struct sql_lexer lexer;
    size_t used = 0;
    size_t end = 0;
    uint32_t before = T_EOF;
    MX_ASSERT(size >= MX_SQL_CANONICAL_SIZE(len));
    sql_lexer_init(&lexer, sql, len, options);
    lexer.version = any_version;
    for (;;) {
        struct sql_token token;
        sql_lexer_next(&lexer, &token);
        used += put_gap(out + used, sql + end, sql + token.start);
        if (token.kind == T_EOF) {
            break;
        }
        end = token.start + token.len;
        if (token.kind == T_BAD) {
            memcpy(out + used, sql + token.start, len - token.start);
            used += len - token.start;
            break;
        }
        if (is_endpoint_sign(&lexer, token, before)) {
            continue;
        }
        used += put_token(out + used, sql + token.start, token);
        before = token.kind;
    }
    out[used] = '\0';
    return used;
}
