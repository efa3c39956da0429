/* What a statement leaves behind that a reset of the connection does not clear. */
#include "mariadb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static enum leftover
of(const char *text)
{
    return leftover_of(WIRE_COM_QUERY, text, strlen(text));
}

static void
test_plain_statements_leave_nothing(void **state MX_UNUSED)
{
    static const char *const texts[] = {
        "SELECT 1",
        "  \n\tselect 1 ; ",
        "INSERT INTO t VALUES (1)",
        "SET NAMES utf8mb4",
        "set autocommit=0",
        "START TRANSACTION",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "SHOW TABLES",
        "SELECT GET_LOCK('a', 1)",
    };
    for (size_t i = 0; i < MX_COUNT(texts); i++) {
        assert_int_equal(of(texts[i]), LEFTOVER_NONE);
    }
}

static void
test_what_may_change_database_role_or_user_is_not_plain(void **state MX_UNUSED)
{
    static const char *const texts[] = {
        "",
        "USE other",
        "/* a */ SELECT 1",
        "/*!50000 USE other */",
        "SELECT 1; USE other",
        "SELECT ';'", /* not looked into: no harm in being careful */
        "SET ROLE r1",
        "set\trole r1",
        "SET DEFAULT ROLE r1",
        "SET STATEMENT max_statement_time=1 FOR SET ROLE r1",
        "SET SESSION AUTHORIZATION root",
        "SET profiling=1",
        "CALL p()",
        "EXECUTE IMMEDIATE 'USE other'",
        "PREPARE p FROM 'USE other'",
        "BEGIN NOT ATOMIC SET ROLE r1; END",
        "DROP DATABASE test",
        "SELECTX",
        "(SELECT 1)",
    };
    for (size_t i = 0; i < MX_COUNT(texts); i++) {
        assert_int_equal(of(texts[i]), LEFTOVER_USER);
    }
}

static void
test_text_that_is_not_there_is_not_plain(void **state MX_UNUSED)
{
    assert_int_equal(leftover_of(WIRE_COM_QUERY, NULL, 0), LEFTOVER_USER);
    assert_int_equal(leftover_of(WIRE_COM_STMT_PREPARE, NULL, 0), LEFTOVER_USER);
}

static void
test_any_cut_of_a_text_is_looked_at_within_its_bounds(void **state MX_UNUSED)
{
    static const char text[] = "SET ROLE NONE; SELECT 1";
    for (size_t len = 0; len < sizeof(text); len++) {
        char copy[sizeof(text)];
        memcpy(copy, text, len);
        (void)leftover_of(WIRE_COM_QUERY, copy, len);
    }
    assert_int_equal(leftover_of(WIRE_COM_QUERY, "SE", 2), LEFTOVER_USER);
}

static void
test_commands(void **state MX_UNUSED)
{
    assert_int_equal(leftover_of(WIRE_COM_PING, NULL, 0), LEFTOVER_NONE);
    assert_int_equal(leftover_of(WIRE_COM_STMT_EXECUTE, NULL, 0), LEFTOVER_NONE);
    assert_int_equal(leftover_of(WIRE_COM_INIT_DB, NULL, 0), LEFTOVER_USER);
    assert_int_equal(leftover_of(WIRE_COM_CHANGE_USER, NULL, 0), LEFTOVER_USER);
    assert_int_equal(leftover_of(WIRE_COM_SET_OPTION, NULL, 0), LEFTOVER_FOREVER);
    assert_int_equal(leftover_of(WIRE_COM_REGISTER_SLAVE, NULL, 0), LEFTOVER_FOREVER);
    assert_int_equal(leftover_of(WIRE_COM_BINLOG_DUMP, NULL, 0), LEFTOVER_FOREVER);
    assert_int_equal(leftover_of(200, NULL, 0), LEFTOVER_FOREVER);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_statements_leave_nothing),
        cmocka_unit_test(test_what_may_change_database_role_or_user_is_not_plain),
        cmocka_unit_test(test_text_that_is_not_there_is_not_plain),
        cmocka_unit_test(test_any_cut_of_a_text_is_looked_at_within_its_bounds),
        cmocka_unit_test(test_commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
