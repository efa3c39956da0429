/* Routing hints: statements separated by zero bytes go through one session's stack. */
#include "sql.h"

static bool
check_hint(void *data, const struct mx_sql_hint *hint)
{
    const size_t *size = data;
    fuzz_check_span(hint->label, *size);
    fuzz_check_span(hint->name, *size);
    fuzz_check_span(hint->value, *size);
    FUZZ_REQUIRE((hint->kind == MX_SQL_HINT_NONE) ==
                 (hint->action == MX_SQL_HINT_POP || hint->action == MX_SQL_HINT_PUSH_STORED));
    return true;
}

static void
check_route(void *data, const struct mx_sql_route *route)
{
    (void)data;
    FUZZ_REQUIRE(route->kind != MX_SQL_HINT_NONE);
    FUZZ_REQUIRE((route->kind == MX_SQL_HINT_PARAMETER) == (*route->value != '\0'));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mx_sql_options options;
    const char *sql = NULL;
    if (!fuzz_sql_input(data, &size, &sql, &options)) {
        return 0;
    }
    struct mx_sql_hints *hints = mx_sql_hints_new();
    while (size > 0) {
        const char *zero = memchr(sql, '\0', size);
        size_t len = zero == NULL ? size : (size_t)(zero - sql);
        mx_sql_each_hint(sql, len, &options, check_hint, &len);
        mx_sql_hints_apply(hints, sql, len, &options, check_route, NULL);
        size -= zero == NULL ? len : len + 1;
        sql += zero == NULL ? len : len + 1;
    }
    mx_sql_hints_free(hints);
    return 0;
}
