/* The first byte of every input of the SQL targets: sql_mode (3 bits) and client charset (2). */
#ifndef TESTS_FUZZ_SQL_H
#define TESTS_FUZZ_SQL_H

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "mx/sql.h"

static inline struct mx_sql_options
fuzz_sql_options(uint8_t first)
{
    return (struct mx_sql_options){.mode = first & 7u, .charset = (uint32_t)(first >> 3) & 3u};
}

/* The text behind the first byte; false: there is no input at all. */
static inline bool
fuzz_sql_input(const uint8_t *data, size_t *size, const char **sql, struct mx_sql_options *options)
{
    if (*size == 0) {
        return false;
    }
    *options = fuzz_sql_options(data[0]);
    *sql = (const char *)data + 1;
    (*size)--;
    return true;
}

/*
 * The first of several statements, cut out: nothing behind it may have changed what it is. But for
 * comments: two dashes are one at the end of a text, not before a semicolon, and a statement of
 * nothing else is fine only at the end.
 */
static inline void
fuzz_check_alone(const char *sql, const struct mx_sql *found, const struct mx_sql_options *options)
{
    struct mx_sql alone;
    if (found->end >= 2 && memcmp(sql + found->end - 2, "--", 2) == 0) {
        return;
    }
    char *copy = malloc(found->end > 0 ? found->end : 1);
    FUZZ_REQUIRE(copy != NULL);
    memcpy(copy, sql, found->end);
    mx_sql_classify(copy, found->end, options, &alone);
    free(copy);
    if ((alone.facts & MX_SQL_FACT_COMMENT_ONLY) != 0) {
        return;
    }
    FUZZ_REQUIRE(alone.type == found->type && alone.op == found->op);
    FUZZ_REQUIRE((alone.facts | MX_SQL_FACT_MULTI) == (found->facts | MX_SQL_FACT_MULTI));
}

static inline void
fuzz_check_span(struct mx_sql_span span, size_t size)
{
    FUZZ_REQUIRE(span.len <= size && span.start <= size - span.len);
}

#endif
