/* Routing hints: where comments are, the grammar, the session's stack. */
#include "sql_test.h"

static char seen[512];

static void
note_route(void *data, const struct mx_sql_route *route)
{
    static const char *const names[] = {"none", "master", "slave", "last", "server", "param"};
    (void)data;
    size_t len = strlen(seen);
    snprintf(seen + len, sizeof(seen) - len, "%s%s%s%s%s%s", len > 0 ? " " : "", names[route->kind],
             *route->name != '\0' ? ":" : "", route->name, *route->value != '\0' ? "=" : "",
             route->value);
}

static const char *
routes(struct mx_sql_hints *hints, const char *sql)
{
    size_t len = strlen(sql);
    char *exact = malloc(len + 1);
    assert_non_null(exact);
    memcpy(exact, sql, len);
    char *cut = realloc(exact, len == 0 ? 1 : len);
    assert_non_null(cut);
    seen[0] = '\0';
    mx_sql_hints_apply(hints, cut, len, NULL, note_route, NULL);
    free(cut);
    return seen;
}

static void
test_places_and_grammar(void **state)
{
    static const char *const rows[][2] = {
        {"SELECT 1 -- maxscale route to master", "master"},
        {"SELECT 1 --maxscale route to master", ""},
        {"SELECT 1 --\tmaxscale route to master", ""},
        {"SELECT 1 # maxscale route to slave\n+ 1", "slave"},
        {"/*maxscale route to last*/ SELECT 1", "last"},
        {"SELECT /* maxscale route to server s1 */ 1", "server:s1"},
        {"SELECT 1 /* maxscale max_slave_replication_lag=5 */",
         "param:max_slave_replication_lag=5"},
        {"SELECT 1 /* maxscale a = b c */", "param:a=b"},
        {"/* maxscale route to slave */ SELECT 1 -- maxscale x=y", "slave param:x=y"},
        {"SELECT '-- maxscale route to master'", ""},
        {"SELECT \"# maxscale route to master\" -- maxscale route to slave", "slave"},
        {"SELECT 'a\\'' /* maxscale route to slave */", "slave"},
        {"SELECT \\' /* maxscale route to slave */", "slave"},
        {"SELECT 1 -- maxscale route to master now", ""},
        {"SELECT 1 -- maxscale route to server master", ""},
        {"SELECT 1 -- maxscale route to server", ""},
        {"SELECT 1 -- MaxScale route to master", ""},
        {"SELECT 1 -- maxscale Route to master", ""},
        {"SELECT 1 /*! maxscale route to master */", ""},
        {"SELECT 1 -- maxscale", ""},
        {"SELECT 1 /* maxscale route to master", "master"},
    };
    (void)state;
    for (size_t i = 0; i < MX_COUNT(rows); i++) {
        struct mx_sql_hints *hints = mx_sql_hints_new();
        const char *got = routes(hints, rows[i][0]);
        if (strcmp(got, rows[i][1]) != 0) {
            fail_msg("%s: '%s', want '%s'", rows[i][0], got, rows[i][1]);
        }
        mx_sql_hints_free(hints);
    }
}

static void
test_stack(void **state)
{
    static const char *const rows[][2] = {
        {"SELECT 1", ""},
        {"-- maxscale begin route to master", "master"},
        {"SELECT 1", "master"},
        {"-- maxscale start route to server s1", "server:s1"},
        {"SELECT 1", "server:s1"},
        {"SELECT 1 -- maxscale route to slave", "slave"},
        {"-- maxscale end", "master"},
        {"SELECT 1 -- maxscale stop", ""},
        {"-- maxscale end", ""},
        {"SELECT 1", ""},
    };
    (void)state;
    struct mx_sql_hints *hints = mx_sql_hints_new();
    for (size_t i = 0; i < MX_COUNT(rows); i++) {
        assert_string_equal(routes(hints, rows[i][0]), rows[i][1]);
    }
    mx_sql_hints_free(hints);
}

static void
test_stored_names(void **state)
{
    static const char *const rows[][2] = {
        {"-- maxscale h prepare route to slave", ""},
        {"SELECT 1", ""},
        {"-- maxscale h begin", "slave"},
        {"SELECT 1", "slave"},
        {"-- maxscale end", ""},
        {"-- maxscale h begin route to master", "master"}, /* known: this statement only */
        {"SELECT 1", ""},
        {"-- maxscale g begin route to master", "master"}, /* new: stored and pushed */
        {"SELECT 1", "master"},
        {"-- maxscale end", ""},
        {"-- maxscale g start", "master"},
        {"-- maxscale end", ""},
        {"-- maxscale unknown begin", ""},
        {"-- maxscale h prepare x=y", ""},
        {"-- maxscale h begin", "param:x=y"},
    };
    (void)state;
    struct mx_sql_hints *hints = mx_sql_hints_new();
    for (size_t i = 0; i < MX_COUNT(rows); i++) {
        assert_string_equal(routes(hints, rows[i][0]), rows[i][1]);
    }
    mx_sql_hints_free(hints);
    mx_sql_hints_free(NULL);
}

static void
test_stack_is_bounded(void **state)
{
    (void)state;
    struct mx_sql_hints *hints = mx_sql_hints_new();
    for (int i = 0; i < 1000; i++) {
        char sql[64];
        assert_string_equal(routes(hints, "-- maxscale begin route to master"), "master");
        snprintf(sql, sizeof(sql), "-- maxscale n%d prepare route to slave", i);
        assert_string_equal(routes(hints, sql), "master");
    }
    mx_sql_hints_free(hints);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places_and_grammar),
        cmocka_unit_test(test_stack),
        cmocka_unit_test(test_stored_names),
        cmocka_unit_test(test_stack_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
