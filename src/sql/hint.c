/*
 * Routing hints in comments: finding them, their grammar, and the stack of hints of a session.
 * Comments are looked for in the raw text, since the lexer throws them away.
 */
#include <stdlib.h>
#include <string.h>

#include "mx/sql.h"

#include "sql/scan.h"

enum {
    WORDS_MAX = 10,
    STACK_MAX = 256,
    NAMES_MAX = 256
};

struct words {
    const char *sql;
    struct mx_sql_span word[WORDS_MAX];
    uint32_t count; /* one more than fit when there are too many */
};

static bool
is_word(const struct words *words, uint32_t at, const char *text)
{
    if (at >= words->count) {
        return false;
    }
    struct mx_sql_span span = words->word[at];
    return span.len == strlen(text) && memcmp(words->sql + span.start, text, span.len) == 0;
}

/* Anything but a keyword or the equals sign. */
static bool
is_name(const struct words *words, uint32_t at)
{
    static const char *const keywords[] = {"maxscale", "route",   "to",    "master", "slave",
                                           "server",   "last",    "begin", "end",    "start",
                                           "stop",     "prepare", "="};
    if (at >= words->count) {
        return false;
    }
    for (size_t i = 0; i < MX_COUNT(keywords); i++) {
        if (is_word(words, at, keywords[i])) {
            return false;
        }
    }
    return true;
}

static bool
is_begin(const struct words *words, uint32_t at)
{
    return is_word(words, at, "begin") || is_word(words, at, "start");
}

/* definition := route to ... | NAME = VALUE, from word `at` to the last one. */
static bool
definition(const struct words *words, uint32_t at, struct mx_sql_hint *hint)
{
    uint32_t left = words->count - at;
    if (is_word(words, at, "route") && is_word(words, at + 1, "to")) {
        if (is_word(words, at + 2, "master") && left == 3) {
            hint->kind = MX_SQL_HINT_MASTER;
        } else if (is_word(words, at + 2, "slave") && left == 3) {
            hint->kind = MX_SQL_HINT_SLAVE;
        } else if (is_word(words, at + 2, "last") && left == 3) {
            hint->kind = MX_SQL_HINT_LAST;
        } else if (is_word(words, at + 2, "server") && is_name(words, at + 3) && left == 4) {
            hint->kind = MX_SQL_HINT_SERVER;
            hint->name = words->word[at + 3];
        } else {
            return false;
        }
        return true;
    }
    if (is_name(words, at) && is_word(words, at + 1, "=") && is_name(words, at + 2) && left == 3) {
        hint->kind = MX_SQL_HINT_PARAMETER;
        hint->name = words->word[at];
        hint->value = words->word[at + 2];
        return true;
    }
    return false;
}

/* NAME prepare|begin ..., NAME = VALUE */
static bool
named(const struct words *words, struct mx_sql_hint *hint)
{
    if (!is_name(words, 1)) {
        return false;
    }
    if (is_word(words, 2, "=")) {
        hint->action = MX_SQL_HINT_ONCE;
        hint->kind = MX_SQL_HINT_PARAMETER;
        hint->name = words->word[1];
        hint->value = is_name(words, 3) ? words->word[3] : (struct mx_sql_span){0};
        return is_name(words, 3);
    }
    hint->label = words->word[1];
    if (is_word(words, 2, "prepare")) {
        hint->action = MX_SQL_HINT_STORE;
        return definition(words, 3, hint);
    }
    if (!is_begin(words, 2)) {
        return false;
    }
    if (words->count == 3) {
        hint->action = MX_SQL_HINT_PUSH_STORED;
        return true;
    }
    hint->action = MX_SQL_HINT_STORE_PUSH;
    return definition(words, 3, hint);
}

static bool
read_hint(const struct words *words, struct mx_sql_hint *hint)
{
    *hint = (struct mx_sql_hint){0};
    if (!is_word(words, 0, "maxscale")) {
        return false;
    }
    if (is_word(words, 1, "end") || is_word(words, 1, "stop")) {
        hint->action = MX_SQL_HINT_POP;
        return true;
    }
    if (is_begin(words, 1)) {
        hint->action = MX_SQL_HINT_PUSH;
        return definition(words, 2, hint);
    }
    if (is_word(words, 1, "route")) {
        hint->action = MX_SQL_HINT_ONCE;
        return definition(words, 1, hint);
    }
    return named(words, hint);
}

/* Words of a comment's text: white space parts them, an equals sign is one of its own. */
static void
split(struct words *words, const char *pos, const char *end)
{
    words->count = 0;
    while (pos < end && words->count <= WORDS_MAX) {
        const char *start = pos;
        if (scan_is_space(*pos)) {
            pos++;
            continue;
        }
        if (*pos == '=') {
            pos++;
        } else {
            while (pos < end && !scan_is_space(*pos) && *pos != '=') {
                pos++;
            }
        }
        if (words->count < WORDS_MAX) {
            words->word[words->count] =
                (struct mx_sql_span){(uint32_t)(start - words->sql), (uint32_t)(pos - start)};
        }
        words->count++;
    }
    if (words->count > WORDS_MAX) {
        words->count = 0; /* no hint has so many */
    }
}

/* Behind the end of the line; a backslash protects what follows. *out_end: of the text. */
static const char *
line_comment(const char *pos, const char *end, const char **out_end)
{
    while (pos < end && *pos != '\n') {
        pos += *pos == '\\' && end - pos > 1 ? 2 : 1;
    }
    *out_end = pos;
    return pos < end ? pos + 1 : end;
}

static const char *
block_comment(const char *pos, const char *end, const char **out_end)
{
    while (pos < end) {
        if (*pos == '*' && end - pos > 1 && pos[1] == '/') {
            *out_end = pos;
            return pos + 2;
        }
        pos += *pos == '\\' && end - pos > 1 ? 2 : 1;
    }
    *out_end = end;
    return end;
}

/* At a comment's first byte: its text, and where the statement goes on; NULL: no comment. */
static const char *
comment_at(const char *pos, const char *end, const char **out_start, const char **out_end)
{
    if (*pos == '#') {
        *out_start = pos + 1;
        return line_comment(pos + 1, end, out_end);
    }
    if (*pos == '-' && end - pos > 2 && pos[1] == '-' && pos[2] == ' ') {
        *out_start = pos + 3;
        return line_comment(pos + 3, end, out_end);
    }
    if (*pos == '/' && end - pos > 1 && pos[1] == '*') {
        *out_start = pos + 2;
        return block_comment(pos + 2, end, out_end);
    }
    return NULL;
}

void
mx_sql_each_hint(const char *sql, size_t len, const struct mx_sql_options *options,
                 mx_sql_hint_fn each, void *data)
{
    const char *pos = sql;
    const char *end = sql + len;
    uint32_t charset = options == NULL ? 0 : options->charset;
    struct words words = {.sql = sql};
    while (pos < end) {
        const char *start;
        const char *stop;
        const char *behind = comment_at(pos, end, &start, &stop);
        if (behind != NULL) {
            struct mx_sql_hint hint;
            split(&words, start, stop);
            if (read_hint(&words, &hint) && !each(data, &hint)) {
                return;
            }
            pos = behind;
        } else if (*pos == '\'' || *pos == '"' || *pos == '`') {
            pos = scan_quoted(pos + 1, end, *pos, true, charset);
            pos += pos < end ? 1 : 0;
        } else if (*pos == '\\') {
            pos += end - pos > 1 ? 2 : 1;
        } else {
            pos += charset == 0 ? 1 : scan_mb_len(pos, end, charset);
        }
    }
}

/* A hint with its own copy of name and value. */
struct kept_hint {
    char *label;
    char *text; /* name, zero byte, value, zero byte */
    enum mx_sql_hint_kind kind;
    uint32_t name_len;
    uint32_t value_len;
};

struct mx_sql_hints {
    struct kept_hint *stack; /* grows by doubling, to STACK_MAX */
    struct kept_hint *stored;
    uint32_t depth;
    uint32_t stored_count;
};

struct mx_sql_hints *
mx_sql_hints_new(void)
{
    return mx_calloc(1, sizeof(struct mx_sql_hints));
}

/* One more, empty place at the end. */
static struct kept_hint *
add_place(struct kept_hint **array, uint32_t *count)
{
    if ((*count & (*count - 1)) == 0) { /* full at every power of two */
        size_t places = *count == 0 ? 1 : (size_t)*count * 2;
        *array = mx_realloc(*array, places * sizeof(**array));
    }
    struct kept_hint *place = &(*array)[(*count)++];
    *place = (struct kept_hint){0};
    return place;
}

static void
kept_fini(struct kept_hint *kept)
{
    free(kept->label);
    free(kept->text);
    *kept = (struct kept_hint){0};
}

void
mx_sql_hints_free(struct mx_sql_hints *hints)
{
    if (hints == NULL) {
        return;
    }
    while (hints->depth > 0) {
        kept_fini(&hints->stack[--hints->depth]);
    }
    while (hints->stored_count > 0) {
        kept_fini(&hints->stored[--hints->stored_count]);
    }
    free(hints->stack);
    free(hints->stored);
    free(hints);
}

/* Fills an empty place; the name may be copied from another kept hint. */
static void
kept_init(struct kept_hint *kept, enum mx_sql_hint_kind kind, const char *name, uint32_t name_len,
          const char *value, uint32_t value_len)
{
    kept->kind = kind;
    kept->name_len = name_len;
    kept->value_len = value_len;
    kept->text = mx_calloc(1, (size_t)name_len + value_len + 2);
    if (name_len > 0) {
        memcpy(kept->text, name, name_len);
    }
    if (value_len > 0) {
        memcpy(kept->text + name_len + 1, value, value_len);
    }
}

static void
kept_from_text(struct kept_hint *kept, const char *sql, const struct mx_sql_hint *hint)
{
    kept_init(kept, hint->kind, sql + hint->name.start, hint->name.len, sql + hint->value.start,
              hint->value.len);
}

struct applied {
    struct mx_sql_hints *hints;
    const char *sql;
    mx_sql_route_fn each;
    void *data;
    bool any;
};

static void
emit(struct applied *a, const struct kept_hint *kept)
{
    a->any = true;
    struct mx_sql_route route = {
        .kind = kept->kind, .name = kept->text, .value = kept->text + kept->name_len + 1};
    a->each(a->data, &route);
}

static void
push(struct applied *a, const struct kept_hint *from)
{
    struct mx_sql_hints *hints = a->hints;
    if (hints->depth < STACK_MAX) {
        kept_init(add_place(&hints->stack, &hints->depth), from->kind, from->text, from->name_len,
                  from->text + from->name_len + 1, from->value_len);
    }
}

static struct kept_hint *
find_stored(struct applied *a, struct mx_sql_span label)
{
    for (uint32_t i = 0; i < a->hints->stored_count; i++) {
        struct kept_hint *kept = &a->hints->stored[i];
        if (strlen(kept->label) == label.len &&
            memcmp(kept->label, a->sql + label.start, label.len) == 0) {
            return kept;
        }
    }
    return NULL;
}

static void
store(struct applied *a, const struct mx_sql_hint *hint)
{
    struct kept_hint *place = find_stored(a, hint->label);
    if (place == NULL) {
        if (a->hints->stored_count >= NAMES_MAX) {
            return;
        }
        place = add_place(&a->hints->stored, &a->hints->stored_count);
        place->label = mx_strndup(a->sql + hint->label.start, hint->label.len);
    } else {
        free(place->text);
    }
    kept_from_text(place, a->sql, hint);
}

static bool
apply(void *data, const struct mx_sql_hint *hint)
{
    struct applied *a = data;
    struct kept_hint now = {0};
    const struct kept_hint *stored;
    switch (hint->action) {
    case MX_SQL_HINT_ONCE:
    case MX_SQL_HINT_PUSH:
        kept_from_text(&now, a->sql, hint);
        emit(a, &now);
        if (hint->action == MX_SQL_HINT_PUSH) {
            push(a, &now);
        }
        break;
    case MX_SQL_HINT_POP:
        if (a->hints->depth > 0) {
            kept_fini(&a->hints->stack[--a->hints->depth]);
        }
        break;
    case MX_SQL_HINT_STORE:
        store(a, hint);
        break;
    case MX_SQL_HINT_PUSH_STORED:
        stored = find_stored(a, hint->label);
        if (stored != NULL) {
            emit(a, stored);
            push(a, stored);
        }
        break;
    case MX_SQL_HINT_STORE_PUSH:
        kept_from_text(&now, a->sql, hint);
        if (find_stored(a, hint->label) == NULL) {
            store(a, hint);
            push(a, &now);
        }
        emit(a, &now);
        break;
    }
    kept_fini(&now);
    return true;
}

void
mx_sql_hints_apply(struct mx_sql_hints *hints, const char *sql, size_t len,
                   const struct mx_sql_options *options, mx_sql_route_fn each, void *data)
{
    struct applied a = {.hints = hints, .sql = sql, .each = each, .data = data};
    mx_sql_each_hint(sql, len, options, apply, &a);
    if (!a.any && hints->depth > 0) {
        emit(&a, &hints->stack[hints->depth - 1]);
    }
}
