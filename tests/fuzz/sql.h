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

static inline void
fuzz_check_span(struct mx_sql_span span, size_t size)
{
    FUZZ_REQUIRE(span.len <= size && span.start <= size - span.len);
}

#endif
