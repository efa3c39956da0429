/*
 * Several statements in one text: `next` leads through all of them, forward, and each has the
 * verdict it has alone; jumping over the rows of an INSERT finds what reading them finds.
 */
#include "sql.h"

#include "sql/parse.h"

static bool
is_comment_end(const char *sql, uint32_t end)
{
    /* two dashes are a comment at the end of a text, but not before a semicolon */
    return end >= 2 && memcmp(sql + end - 2, "--", 2) == 0;
}

static void
check_alone(const char *sql, const struct mx_sql *found, const struct mx_sql_options *options)
{
    struct mx_sql alone;
    char *copy = malloc(found->end > 0 ? found->end : 1);
    FUZZ_REQUIRE(copy != NULL);
    memcpy(copy, sql, found->end);
    mx_sql_classify(copy, found->end, options, &alone);
    free(copy);
    if ((alone.facts & MX_SQL_FACT_COMMENT_ONLY) != 0) {
        return; /* nothing but a comment is fine at the end of a text, not before a semicolon */
    }
    FUZZ_REQUIRE(alone.type == found->type && alone.op == found->op);
    FUZZ_REQUIRE((alone.facts | MX_SQL_FACT_MULTI) == (found->facts | MX_SQL_FACT_MULTI));
}

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
    if (size == 0) {
        return 0;
    }
    struct mx_sql_options options = fuzz_sql_options(data[0]);
    const char *sql = (const char *)data + 1;
    struct mx_sql verdict;
    size--;
    for (;;) {
        mx_sql_classify(sql, size, &options, &verdict);
        check_token_by_token(sql, size, &options, &verdict);
        FUZZ_REQUIRE(verdict.end <= size && verdict.next <= size);
        if (verdict.next == 0) {
            return 0;
        }
        FUZZ_REQUIRE((verdict.facts & MX_SQL_FACT_MULTI) != 0 && verdict.next > 0);
        if (!is_comment_end(sql, verdict.end)) {
            check_alone(sql, &verdict, &options);
        }
        sql += verdict.next;
        size -= verdict.next;
    }
}
