/* What the tests of this folder share: a text's verdict in one call. */
#ifndef SQL_TEST_H
#define SQL_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mx/sql.h"

/* Classifies a copy that ends where the text ends, so that a read past it is seen by ASan. */
static inline struct mx_sql
classify_exact(const char *sql, size_t len, const struct mx_sql_options *options)
{
    struct mx_sql verdict;
    char *copy = malloc(len == 0 ? 1 : len);
    assert_non_null(copy);
    memcpy(copy, sql, len);
    mx_sql_classify(copy, len, options, &verdict);
    free(copy);
    return verdict;
}

static inline struct mx_sql
classify(const char *sql)
{
    return classify_exact(sql, strlen(sql), NULL);
}

static inline struct mx_sql
classify_mode(const char *sql, uint32_t mode)
{
    struct mx_sql_options options = {.mode = mode};
    return classify_exact(sql, strlen(sql), &options);
}

/* The name a span means, in a buffer that lives until the next call. */
static inline const char *
span_name(const char *sql, struct mx_sql_span span)
{
    static char name[256];
    mx_sql_span_name(sql, span, name, sizeof(name));
    return name;
}

/* A span as written. */
static inline const char *
span_text(const char *sql, struct mx_sql_span span)
{
    static char text[256];
    snprintf(text, sizeof(text), "%.*s", (int)span.len, sql + span.start);
    return text;
}

#endif
