/* Tables, columns, functions and their arguments, worked out on demand. */
#include "sql_test.h"

static char text[1024];
static size_t used;

static void
add(const char *sql, struct mx_sql_span span, const char *behind)
{
    if (span.len > 0) {
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%.*s%s", (int)span.len,
                                 sql + span.start, behind);
    }
}

static void
add_field(const char *sql, const struct mx_sql_field *field, const char *behind)
{
    add(sql, field->db, ".");
    add(sql, field->table, ".");
    add(sql, field->column, behind);
}

/* "tables | fields | call(fields) ..." */
static const char *
facts_text(const char *sql)
{
    used = 0;
    text[0] = '\0';
    struct mx_sql_facts *facts = mx_sql_facts_new(sql, strlen(sql), NULL);
    for (uint32_t i = 0; i < facts->table_count; i++) {
        add(sql, facts->tables[i].db, ".");
        add(sql, facts->tables[i].table, " ");
    }
    used += (size_t)snprintf(text + used, sizeof(text) - used, "| ");
    for (uint32_t i = 0; i < facts->field_count; i++) {
        add_field(sql, &facts->fields[i], " ");
    }
    used += (size_t)snprintf(text + used, sizeof(text) - used, "|");
    for (uint32_t i = 0; i < facts->call_count; i++) {
        const struct mx_sql_call *call = &facts->calls[i];
        used +=
            (size_t)snprintf(text + used, sizeof(text) - used, " %.*s(",
                             call->normal != NULL ? (int)strlen(call->normal) : (int)call->name.len,
                             call->normal != NULL ? call->normal : sql + call->name.start);
        for (uint32_t f = 0; f < call->field_count; f++) {
            add_field(sql, &facts->fields[call->fields[f]], f + 1 < call->field_count ? "," : "");
        }
        used += (size_t)snprintf(text + used, sizeof(text) - used, ")");
    }
    mx_sql_facts_free(facts);
    return text;
}

static void
test_facts(void **state)
{
    static const char *const rows[][2] = {
        {"SELECT a, t1.b FROM d.t1", "d.t1 | a t1.b |"},
        {"SELECT * FROM t WHERE a = 1 AND b <> c", "t | * a b c | =(a) <>(b,c)"},
        {"SELECT x.a FROM d.t x", "d.t | d.t.a |"},
        {"SELECT max(a + b * c) m FROM t ORDER BY m", "t | a b c | max() +(a) *(b,c)"},
        {"SELECT sum(a), concat(b, 'x', c) FROM t", "t | a b c | sum(a) concat(b,c)"},
        {"SELECT 1 FROM t WHERE a IS NULL AND b IS NOT NULL", "t | a b | isnull(a) isnotnull(b)"},
        {"SELECT 1 FROM t WHERE a BETWEEN b AND c", "t | a b c | BETWEEN(a,b,c)"},
        {"SELECT 1 FROM t WHERE a IN (SELECT b FROM u WHERE c > 1)", "t u | a b c | IN(a,b) >(c)"},
        {"SELECT now()", "| | current_timestamp()"},
        {"UPDATE t SET a = b + 1 WHERE c != 2", "t | a b c | =(a) +(b) <>(c)"},
        {"INSERT INTO t (a, b) VALUES (1, 2)", "t | a b |"},
        {"DELETE FROM t WHERE a LIKE 'x'", "t | a | LIKE(a)"},
        {"SELECT CASE a WHEN 1 THEN b END FROM t", "t | a b | CASE()"},
        {"SELECT -a, 'x' AS b, c d FROM t", "t | a c |"},
        {"DROP TABLE a, d.b", "a d.b | |"},
        {"ALTER TABLE d.t ADD x INT", "d.t | |"},
    };
    (void)state;
    for (size_t i = 0; i < MX_COUNT(rows); i++) {
        const char *got = facts_text(rows[i][0]);
        if (strcmp(got, rows[i][1]) != 0) {
            fail_msg("%s: %s, want %s", rows[i][0], got, rows[i][1]);
        }
    }
}

static void
test_too_many_columns_are_cut(void **state)
{
    (void)state;
    enum {
        COLUMNS = MX_SQL_FACTS_MAX + 10
    };
    char *sql = malloc(COLUMNS * 8 + 32);
    assert_non_null(sql);
    size_t len = (size_t)snprintf(sql, 16, "SELECT c0");
    for (int i = 1; i < COLUMNS; i++) {
        len += (size_t)snprintf(sql + len, 8, ",c%d", i);
    }
    struct mx_sql_facts *facts = mx_sql_facts_new(sql, len, NULL);
    assert_true(facts->truncated);
    assert_int_equal(facts->field_count, MX_SQL_FACTS_MAX);
    mx_sql_facts_free(facts);
    mx_sql_facts_free(NULL);
    free(sql);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_too_many_columns_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
