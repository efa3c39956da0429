/* cli/json_text.c, cli/json_path.c, cli/convert.c, cli/dates.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../../cli/convert.h"
#include "../../../cli/dates.h"
#include "../../../cli/json_path.h"
#include "../../../cli/json_text.h"
#include "../../../cli/settings.h"

static json_t *
load(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    return value;
}

static void
expect_text(const char *json, size_t indent, const char *expected)
{
    struct cli_text out = {0};
    json_t *value = load(json);
    cli_json_text(&out, value, indent);
    assert_string_equal(cli_text_string(&out), expected);
    json_decref(value);
    cli_text_fini(&out);
}

static void
test_json_forms(void **state)
{
    (void)state;
    expect_text("{\"b\": [1, {\"a\": null}], \"c\": {}, \"d\": [], \"e\": true}", 0,
                "{\"b\":[1,{\"a\":null}],\"c\":{},\"d\":[],\"e\":true}");
    expect_text("{\"b\": [1, {}], \"c\": \"x\"}", 4,
                "{\n    \"b\": [\n        1,\n        {}\n    ],\n    \"c\": \"x\"\n}");
    expect_text("\"\\u0001\\n\\\"\\\\/ä\\u007f\"", 0, "\"\\u0001\\n\\\"\\\\/ä\\u007f\"");
    expect_text("5", 2, "5");
}

static void
test_nesting_costs_no_stack(void **state)
{
    (void)state;
    struct cli_text text = {0};
    struct cli_text out = {0};
    cli_text_repeat(&text, "[", 2000);
    cli_text_repeat(&text, "]", 2000);
    json_t *value = load(cli_text_string(&text));
    cli_json_text(&out, value, 0);
    assert_string_equal(cli_text_string(&out), cli_text_string(&text));
    json_decref(value);
    cli_text_fini(&text);
    cli_text_fini(&out);
}

static void
test_numbers_are_the_shortest_that_read_back(void **state)
{
    static const struct {
        double number;
        const char *text;
    } cases[] = {{0, "0"},
                 {-0.0, "0"},
                 {50, "50"},
                 {24.8, "24.8"},
                 {0.000251395, "0.000251395"},
                 {10.360488166872384, "10.360488166872384"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {1e-6, "0.000001"},
                 {1e-7, "1e-7"},
                 {1.5e-7, "1.5e-7"},
                 {123456789012345680000.0, "123456789012345680000"},
                 {1e21, "1e+21"},
                 {-1.25e300, "-1.25e+300"},
                 {5e-324, "5e-324"}};
    (void)state;
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        struct cli_text out = {0};
        cli_json_number(&out, cases[i].number);
        assert_string_equal(cli_text_string(&out), cases[i].text);
        cli_text_fini(&out);
    }
}

static void
test_paths(void **state)
{
    static const char json[] =
        "{\"a\": [{\"b\": 1, \"c.d\": [5]}, {\"b\": 2}, 7], \"e\": {\"f\": 3}}";
    static const struct {
        const char *path;
        const char *text; /* NULL: nothing there */
    } cases[] = {{"e.f", "3"},
                 {"a[0].b", "1"},
                 {"a[].b", "[1,2,null]"},
                 {"a[3]", NULL},
                 {"a[0][\"c.d\"]", "[5]"},
                 {"a[]['c.d'][]", "[[5],null,null]"},
                 {"e[]", NULL},
                 {"e.f.g", NULL},
                 {"e[0]", NULL},
                 {"", json},
                 {"x", NULL},
                 {"a.b", NULL}};
    (void)state;
    json_t *value = load(json);
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        json_t *found = cli_json_path(value, cases[i].path);
        json_t *expected = cases[i].text != NULL ? load(cases[i].text) : NULL;
        assert_true(expected == NULL ? found == NULL : json_equal(found, expected));
        json_decref(expected);
        json_decref(found);
    }
    json_decref(value);
}

static void
test_malformed_paths_are_found(void **state)
{
    static const struct {
        const char *path;
        size_t at;
    } cases[] = {{".a", 0},  {"a.", 2},   {"a..b", 2},  {"a[", 1},           {"a[x]", 1},
                 {"a[1", 1}, {"a[]b", 3}, {"a['b]", 1}, {"a[1234567890]", 1}};
    (void)state;
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        size_t at = 999;
        assert_false(cli_json_path_is_valid(cases[i].path, &at));
        assert_int_equal(at, cases[i].at);
        assert_null(cli_json_path(json_null(), cases[i].path));
    }
    struct cli_text deep = {0};
    size_t at;
    cli_text_add(&deep, "a");
    cli_text_repeat(&deep, "[]", CLI_PATH_STEPS_MAX);
    assert_false(cli_json_path_is_valid(cli_text_string(&deep), &at));
    cli_text_fini(&deep);
}

static void
test_nested_keys_of_changes(void **state)
{
    char *words[] = {(char[]){"a.b=1"}, (char[]){"a.c.d=x=y"}, (char[]){".e=2"}, (char[]){"f.=3"}};
    struct cli cli = {0};
    (void)state;
    json_t *found = cli_convert_changes(&cli, words, MX_COUNT(words));
    json_t *expected = load("{\"a\": {\"b\": 1, \"c\": {\"d\": \"x=y\"}}, \".e\": 2, \"f.\": 3}");
    assert_true(json_equal(found, expected));
    json_decref(found);
    json_decref(expected);
}

static void
test_text_that_is_not_utf8_is_refused(void **state)
{
    char *words[] = {(char[]){"a=\xff"}};
    struct cli cli = {0};
    (void)state;
    assert_null(cli_convert_pairs(&cli, words, 1));
    assert_string_equal(cli.error, "Error: The parameter 'a' is not UTF-8 text");
    free(cli.error);
}

static void
test_durations(void **state)
{
    static const struct {
        const char *text;
        long ms; /* -1: none */
    } cases[] = {{"5", 5},        {"5ms", 5},   {"2s", 2000},       {"3m", 180000},
                 {"1h", 3600000}, {"", -1},     {"s", -1},          {"-1", -1},
                 {"1d", -1},      {"1.5s", -1}, {"9999999999", -1}, {"999999999h", INT32_MAX}};
    (void)state;
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        long ms = -1;
        assert_int_equal(cli_duration_parse(cases[i].text, &ms), cases[i].ms >= 0);
        assert_int_equal(ms, cases[i].ms);
    }
}

static void
test_dates(void **state)
{
    static const struct {
        const char *text;
        long seconds; /* -1: none */
    } cases[] = {{"Sun, 22 Nov 2026 06:23:41 GMT", 1795328621},
                 {"2026-11-22T06:23:41Z", 1795328621},
                 {"2026-11-22T08:23:41.123+02:00", 1795328621},
                 {"2026-11-22 06:23:41.5", 1795328621},
                 {"Sun, 22 Nix 2026 06:23:41 GMT", -1},
                 {"Sun, 22 anF 2026 06:23:41 GMT", -1},
                 {"Sun, 22 Nov 2026 06:23:41 GMT+1", -1},
                 {"2026-11-22", -1},
                 {"", -1}};
    (void)state;
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        time_t when = -1;
        assert_int_equal(cli_date_parse(cases[i].text, &when), cases[i].seconds >= 0);
        assert_int_equal(when, cases[i].seconds);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_forms),
        cmocka_unit_test(test_nesting_costs_no_stack),
        cmocka_unit_test(test_numbers_are_the_shortest_that_read_back),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_malformed_paths_are_found),
        cmocka_unit_test(test_nested_keys_of_changes),
        cmocka_unit_test(test_text_that_is_not_utf8_is_refused),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_dates),
    };
    (void)setenv("TZ", "UTC", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
