/*
 * The lexer and the verdict: every span lies in the text, the first statement of several has the
 * verdict it has alone, facts name only what is there.
 */
#include "sql.h"

static bool
check_table(void *data, struct mx_sql_span db, struct mx_sql_span table)
{
    const size_t *size = data;
    fuzz_check_span(db, *size);
    fuzz_check_span(table, *size);
    return true;
}

static void
check_facts(const char *sql, size_t size, const struct mx_sql_options *options)
{
    struct mx_sql_facts *facts = mx_sql_facts_new(sql, size, options);
    for (uint32_t i = 0; i < facts->field_count; i++) {
        fuzz_check_span(facts->fields[i].db, size);
        fuzz_check_span(facts->fields[i].table, size);
        fuzz_check_span(facts->fields[i].column, size);
    }
    for (uint32_t i = 0; i < facts->call_count; i++) {
        fuzz_check_span(facts->calls[i].name, size);
        for (uint32_t f = 0; f < facts->calls[i].field_count; f++) {
            FUZZ_REQUIRE(facts->calls[i].fields[f] < facts->field_count);
        }
    }
    mx_sql_facts_free(facts);
}

static void
check_spans(const char *sql, const struct mx_sql *verdict, size_t size)
{
    char name[16];
    fuzz_check_span(verdict->table, size);
    fuzz_check_span(verdict->table_db, size);
    fuzz_check_span(verdict->stmt_name, size);
    fuzz_check_span(verdict->stmt_text, size);
    fuzz_check_span(verdict->use_db, size);
    fuzz_check_span(verdict->kill, size);
    FUZZ_REQUIRE(verdict->op < MX_SQL_OP_COUNT && verdict->end <= size && verdict->next <= size);
    FUZZ_REQUIRE(mx_sql_span_name(sql, verdict->table, name, sizeof(name)) < sizeof(name));
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
    struct mx_sql again;
    mx_sql_classify(sql, size, &options, &verdict);
    mx_sql_classify(sql, size, &options, &again);
    FUZZ_REQUIRE(memcmp(&verdict, &again, sizeof(verdict)) == 0);
    check_spans(sql, &verdict, size);
    if (verdict.next > 0) {
        FUZZ_REQUIRE((verdict.facts & MX_SQL_FACT_MULTI) != 0);
        fuzz_check_alone(sql, &verdict, &options);
    }
    mx_sql_each_table(sql, size, &options, check_table, &size);
    check_facts(sql, size, &options);
    return 0;
}
