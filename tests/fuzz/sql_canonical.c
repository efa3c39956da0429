/* Canonical forms: the folded one is its own canonical form; neither overflows what is promised. */
#include "sql.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mx_sql_options options;
    const char *sql = NULL;
    if (!fuzz_sql_input(data, &size, &sql, &options)) {
        return 0;
    }
    size_t room = MX_SQL_CANONICAL_SIZE(size);
    char *once = malloc(room);
    char *twice = malloc(MX_SQL_CANONICAL_SIZE(room));
    FUZZ_REQUIRE(once != NULL && twice != NULL);
    size_t len = mx_sql_canonical(sql, size, &options, once, room);
    FUZZ_REQUIRE(len < room && once[len] == '\0');
    size_t len2 = mx_sql_canonical(once, len, &options, twice, MX_SQL_CANONICAL_SIZE(len));
    FUZZ_REQUIRE(len2 == len && memcmp(once, twice, len) == 0);
    FUZZ_REQUIRE(mx_sql_digest(once, len) == mx_sql_digest(twice, len2));
    len = mx_sql_canonical_endpoint(sql, size, &options, once, room);
    FUZZ_REQUIRE(len < room && once[len] == '\0');
    free(once);
    free(twice);
    return 0;
}
