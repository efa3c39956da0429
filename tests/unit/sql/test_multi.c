/* Several statements in one text: where each ends, and that a whole equals its parts. */
#include "sql_test.h"

static unsigned
count_statements(const char *sql, uint32_t mode)
{
    struct mx_sql_options options = {.mode = mode};
    size_t len = strlen(sql);
    size_t at = 0;
    unsigned count = 0;
    for (;;) {
        struct mx_sql verdict;
        mx_sql_classify(sql + at, len - at, &options, &verdict);
        count++;
        if (verdict.next == 0) {
            assert_int_equal(verdict.facts & MX_SQL_FACT_MULTI, 0);
            return count;
        }
        assert_int_equal(verdict.facts & MX_SQL_FACT_MULTI, MX_SQL_FACT_MULTI);
        assert_true(verdict.end < verdict.next);
        /* the statement alone has the same verdict */
        struct mx_sql alone = classify_exact(sql + at, verdict.end, &options);
        assert_int_equal(alone.type, verdict.type);
        assert_int_equal(alone.op, verdict.op);
        assert_int_equal(alone.facts, verdict.facts & ~(uint32_t)MX_SQL_FACT_MULTI);
        at += verdict.next;
    }
}

struct row {
    const char *sql;
    unsigned count;
};

static void
check(const struct row *rows, size_t count, uint32_t mode)
{
    for (size_t i = 0; i < count; i++) {
        unsigned got = count_statements(rows[i].sql, mode);
        if (got != rows[i].count) {
            fail_msg("%s: %u statements, want %u", rows[i].sql, got, rows[i].count);
        }
    }
}

static void
test_statements_are_counted(void **state)
{
    static const struct row rows[] = {
        {"SELECT 1", 1},
        {"SELECT 1;", 1},
        {"SELECT 1; ", 1},
        {"SELECT 1; -- nothing", 1},
        {"SELECT 1; SELECT 2", 2},
        {"SELECT ';'; SELECT `;`; /* ; */ SELECT 3", 3},
        {"SET @m=1; SELECT @m", 2},
        {"INSERT INTO t VALUES (1,';'),(2,3); COMMIT", 2},
        {"BEGIN; INSERT INTO t VALUES (1); COMMIT", 3},
        {"SELECT 1 /*!50101 ; SELECT 2 */", 2},
    };
    (void)state;
    check(rows, MX_COUNT(rows), 0);
}

static void
test_compound_statements_are_one(void **state)
{
    static const struct row rows[] = {
        {"CREATE PROCEDURE p() SELECT 1; SELECT 2", 2},
        {"CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END; SELECT 3", 2},
        {"CREATE PROCEDURE p(a INT) l: BEGIN IF a THEN SELECT 1; ELSE SELECT 2; END IF; END l", 1},
        {"CREATE PROCEDURE p() BEGIN DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN SELECT 1; "
         "END; "
         "SELECT 2; END; SELECT 3",
         2},
        {"CREATE PROCEDURE p() BEGIN WHILE a DO SET a=0; END WHILE; l: LOOP LEAVE l; END LOOP; "
         "REPEAT SET a=1; UNTIL a END REPEAT; END; SELECT 1",
         2},
        {"CREATE PROCEDURE p() BEGIN CASE a WHEN 1 THEN SELECT CASE b WHEN 1 THEN 2 END; END CASE; "
         "END; SELECT 1",
         2},
        {"CREATE FUNCTION f() RETURNS INT RETURN IF(1,2,3); SELECT 1", 2},
        {"CREATE TRIGGER t BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.a=1; SET NEW.b=2; END", 1},
        {"CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM t; SELECT 1; END; SELECT 2",
         2},
        {"CREATE PROCEDURE IF NOT EXISTS p() BEGIN SELECT REPEAT('a', 2), IF(1,2,3); END; SELECT 2",
         2},
        {"BEGIN NOT ATOMIC SELECT 1; BEGIN SELECT 2; END; END; SELECT 3", 2},
        {"IF 1 THEN SELECT 1; END IF; SELECT 2", 2},
        {"FOR i IN 1..3 DO SELECT i; END FOR; SELECT 2", 2},
    };
    static const struct row oracle[] = {
        {"BEGIN SELECT 1; END; SELECT 2", 2},
        {"DECLARE a INT; BEGIN SELECT a; END; SELECT 2", 2},
        {"CREATE PROCEDURE p AS a INT; b INT; BEGIN SELECT 1; END; SELECT 2", 2},
        {"CREATE PACKAGE BODY k AS PROCEDURE p AS a INT; BEGIN SELECT 1; END; END; SELECT 2", 2},
    };
    (void)state;
    check(rows, MX_COUNT(rows), 0);
    check(oracle, MX_COUNT(oracle), MX_SQL_MODE_ORACLE);
}

static void
test_oracle_mode(void **state)
{
    (void)state;
    struct mx_sql verdict = classify_mode("BEGIN SELECT 1; END", MX_SQL_MODE_ORACLE);
    assert_int_equal(verdict.type, MX_SQL_WRITE);
    assert_int_equal(verdict.result, MX_SQL_TOKENIZED);
    verdict = classify_mode("START TRANSACTION", MX_SQL_MODE_ORACLE);
    assert_int_equal(verdict.type, MX_SQL_BEGIN_TRX);
    verdict = classify_mode("sort_buffer_size := 100000", MX_SQL_MODE_ORACLE);
    assert_int_equal(verdict.type, MX_SQL_SESSION_WRITE);
    assert_int_equal(verdict.op, MX_SQL_OP_SET);
    verdict = classify_mode("EXECUTE IMMEDIATE 'x'", MX_SQL_MODE_ORACLE);
    assert_int_equal(verdict.type, MX_SQL_WRITE);
}

static void
test_deep_nesting_is_linear(void **state)
{
    (void)state;
    enum {
        DEPTH = 200000
    };
    char *sql = malloc(2 * DEPTH + 64);
    assert_non_null(sql);
    memcpy(sql, "SELECT ", 7);
    memset(sql + 7, '(', DEPTH);
    memcpy(sql + 7 + DEPTH, "f(1)", 4);
    memset(sql + 11 + DEPTH, ')', DEPTH);
    struct mx_sql verdict = classify_exact(sql, 11 + 2 * DEPTH, NULL);
    assert_int_equal(verdict.type, MX_SQL_READ | MX_SQL_WRITE);
    memcpy(sql, "EXPLAIN", 7);
    size_t len = 0;
    while (len < DEPTH) {
        memcpy(sql + len, "SET STATEMENT a=1 FOR ", 22);
        len += 22;
    }
    verdict = classify_exact(sql, len, NULL);
    assert_true((verdict.type & MX_SQL_WRITE) != 0);
    free(sql);
}

static bool
count_table(void *data, struct mx_sql_span db, struct mx_sql_span table)
{
    unsigned *count = data;
    assert_int_equal(db.len, 0);
    *count += table.len;
    return true;
}

static void
test_tables_of_all_statements(void **state)
{
    (void)state;
    static const char sql[] = "SELECT 1; CREATE TEMPORARY TABLE aa (b INT); SELECT * FROM ccc";
    unsigned count = 0;
    mx_sql_each_table(sql, sizeof(sql) - 1, NULL, count_table, &count);
    assert_int_equal(count, 5);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statements_are_counted),
        cmocka_unit_test(test_compound_statements_are_one),
        cmocka_unit_test(test_oracle_mode),
        cmocka_unit_test(test_tables_of_all_statements),
        cmocka_unit_test(test_deep_nesting_is_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
