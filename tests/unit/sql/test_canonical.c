/* Canonical forms and their digest. */
#include "sql_test.h"

typedef size_t canonical_fn(const char *, size_t, const struct mx_sql_options *, char *, size_t);

static const char *
run(canonical_fn *canonical, const char *sql)
{
    static char out[4096];
    size_t len = strlen(sql);
    assert_true(MX_SQL_CANONICAL_SIZE(len) <= sizeof(out));
    size_t used = canonical(sql, len, NULL, out, MX_SQL_CANONICAL_SIZE(len));
    assert_int_equal(used, strlen(out));
    return out;
}

struct row {
    const char *sql;
    const char *want;
};

static void
test_folded(void **state)
{
    static const struct row rows[] = {
        {"SELECT  a,b\nFROM t -- x\nWHERE c='x' AND d = 1.5e3",
         "SELECT a, b FROM t WHERE c = ? AND d = ?"},
        {"select -1, a-1, a - -1, (-5)", "select ?, a - ?, a - ?, (?)"},
        {"select * from t where a in (1, 2,3)", "select * from t where a in (?)"},
        {"select * from t where a in(1) and b IN ((1,2),(3,4))",
         "select * from t where a in (?) and b IN ((?, ?))"},
        {"insert into t (a,b) values (1,'a'),(2,'b'), (3,'c') on duplicate key update a=1",
         "insert into t (a, b) values (?, ?) on duplicate key update a = ?"},
        {"select count(*) from `a b`.t;", "select count(*) from `a b`.t"},
        {"select /*!50101 1 */ + /* x */ 2", "select ? + ?"},
        {"select @a, @@global.b, x'41', 0x41", "select @a, @@global.b, ?, ?"},
        {"select 1; select 2", "select ?; select ?"},
        {"select 'unterminated", "select 'unterminated"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < MX_COUNT(rows); i++) {
        assert_string_equal(run(mx_sql_canonical, rows[i].sql), rows[i].want);
        assert_string_equal(run(mx_sql_canonical, rows[i].want), rows[i].want);
    }
}

static void
test_endpoint(void **state)
{
    static const struct row rows[] = {
        {"SELECT  a,b\nFROM t WHERE c='x' AND d = 1.5e3",
         "SELECT  a,b\nFROM t WHERE c=? AND d = ?"},
        {"select a in (1,2,3), t1.a, b=-5, c - 5", "select a in (?,?,?), t1.a, b=?, c - ?"},
        {"select/**/1/* x */", "select ?"},
        {"select 1 # x\n, 2", "select ? \n, ?"},
        {"select /*!50101 'x' */ 1", "select /*!? ? */ ?"},
        {"select 'a''b', \"c\\\"d\", `1`", "select ?, ?, `1`"},
        {"select 'open", "select 'open"},
    };
    (void)state;
    for (size_t i = 0; i < MX_COUNT(rows); i++) {
        assert_string_equal(run(mx_sql_canonical_endpoint, rows[i].sql), rows[i].want);
    }
}

static uint64_t
digest(const char *sql)
{
    const char *text = run(mx_sql_canonical, sql);
    return mx_sql_digest(text, strlen(text));
}

static void
test_digest_is_of_the_shape(void **state)
{
    (void)state;
    assert_true(digest("SELECT a FROM t WHERE b IN (1,2)") ==
                digest("SELECT a FROM t  WHERE b IN ( 7 ) /* x */;"));
    assert_true(digest("SELECT a FROM t WHERE b=1") != digest("SELECT a FROM t WHERE c=1"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folded),
        cmocka_unit_test(test_endpoint),
        cmocka_unit_test(test_digest_is_of_the_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
