/*
 * Several statements in one text: `next` leads through all of them, forward, and each has the
 * verdict it has alone; jumping over the rows of an INSERT finds what reading them finds.
 */
#include "sql.h"

#include "sql/parse.h"

/* With a collector every token is read. */
static void
check_token_by_token(const char *sql, size_t size, const struct mx_sql_options *options,
                     const struct mx_sql *want)
{
    struct mx_sql verdict;
    const struct sql_collector nobody = {0};
    sql_classify(sql, size, options, &nobody, &verdict);
    FUZZ_REQUIRE(memcmp(&verdict, want, sizeof(verdict)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mx_sql_options options;
    const char *sql = NULL;
    if (!fuzz_sql_input(data, &size, &sql, &options)) {
        return 0;
    }
    struct mx_sql verdict;
    for (;;) {
        mx_sql_classify(sql, size, &options, &verdict);
        check_token_by_token(sql, size, &options, &verdict);
        FUZZ_REQUIRE(verdict.end <= size && verdict.next <= size);
        if (verdict.next == 0) {
            return 0;
        }
        FUZZ_REQUIRE((verdict.facts & MX_SQL_FACT_MULTI) != 0 && verdict.next > 0);
        fuzz_check_alone(sql, &verdict, &options);
        sql += verdict.next;
        size -= verdict.next;
    }
}
