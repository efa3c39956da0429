/* Lines of connection_init_sql_file. */
#include "core/init_sql.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
test_each_line_with_something_is_a_statement(void **state MX_UNUSED)
{
    static const char text[] = "\n  SET a=1  \r\n\n\t\nSET b=2;";
    char **lines = core_init_sql_parse(text, strlen(text));
    assert_string_equal(lines[0], "SET a=1");
    assert_string_equal(lines[1], "SET b=2;");
    assert_null(lines[2]);
    core_init_sql_free(lines);
}

static void
test_an_empty_file_has_no_statements(void **state MX_UNUSED)
{
    char **lines = core_init_sql_parse("", 0);
    assert_null(lines[0]);
    core_init_sql_free(lines);
    core_init_sql_free(NULL);
}

static void
test_a_missing_file_is_an_error(void **state MX_UNUSED)
{
    struct mx_err err;
    assert_null(core_init_sql_read("/nonexistent/init.sql", &err));
    assert_true(err.text[0] != '\0');
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_line_with_something_is_a_statement),
        cmocka_unit_test(test_an_empty_file_has_no_statements),
        cmocka_unit_test(test_a_missing_file_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
