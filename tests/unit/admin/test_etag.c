/* Entity tags, times of change, HTTP dates, pages of the log. */
#include "admin/etag.h"
#include "admin/httpdate.h"
#include "admin/logfile.h"
#include "base/file.h"
#include "mx/log.h"
#include "mx/str.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
test_tag_is_the_hash_of_the_compact_sorted_json(void **state)
{
    char one[ADMIN_ETAG_LEN + 1];
    char two[ADMIN_ETAG_LEN + 1];
    json_t *a = json_loads("{\"b\": 1, \"a\": [1, 2]}", 0, NULL);
    json_t *b = json_loads("{\"a\":[1,2],\"b\":1}", 0, NULL);

    (void)state;
    admin_etag_of(a, one);
    admin_etag_of(b, two);
    assert_string_equal(one, two);
    assert_string_equal(one, "\"edab56f36d0109b511ead78582ba8db8209aa93f\"");
    admin_etag_of(NULL, one);
    assert_string_equal(one, "\"da39a3ee5e6b4b0d3255bfef95601890afd80709\"");
    json_decref(a);
    json_decref(b);
}

static void
test_lists_of_tags(void **state)
{
    (void)state;
    assert_true(admin_etag_in("\"a\"", "\"a\""));
    assert_true(admin_etag_in("\"x\", W/\"a\" ,\"y\"", "\"a\""));
    assert_true(admin_etag_in("*", "\"a\""));
    assert_true(admin_etag_in(" * ", "\"a\""));
    assert_false(admin_etag_in("\"ab\"", "\"a\""));
    assert_false(admin_etag_in("a", "\"a\""));
    assert_false(admin_etag_in("", "\"a\""));
    assert_false(admin_etag_in(",, ,", "\"a\""));
}

static void
test_a_change_counts_for_all_above(void **state)
{
    struct admin_changes *changes = admin_changes_new(100);

    (void)state;
    admin_changes_note(changes, "/servers/a/set", 200);
    assert_int_equal(admin_changes_time(changes, "/servers/a/set"), 200);
    assert_int_equal(admin_changes_time(changes, "/servers/a"), 200);
    assert_int_equal(admin_changes_time(changes, "/servers"), 200);
    assert_int_equal(admin_changes_time(changes, "/servers/b"), 100);
    assert_int_equal(admin_changes_time(changes, "/services"), 100);
    admin_changes_free(changes);
}

static void
test_forgotten_changes_never_look_older(void **state)
{
    struct admin_changes *changes = admin_changes_new(100);
    char path[32];

    (void)state;
    for (int i = 0; i < 3000; i++) {
        (void)snprintf(path, sizeof(path), "/sessions/%d", i);
        admin_changes_note(changes, path, 200 + i);
    }
    assert_int_equal(admin_changes_time(changes, "/sessions"), 3199);
    assert_int_equal(admin_changes_time(changes, "/sessions/2999"), 3199);
    assert_true(admin_changes_time(changes, "/sessions/0") >= 200);
    admin_changes_free(changes);
}

static void
test_dates(void **state)
{
    static const char *const bad[] = {"",
                                      "Sun, 22 Nov 26 06:25:49 GMT",
                                      "now",
                                      "Sun, 22 Nov 2026 06:25:49 CET",
                                      "Sun, 22 Nox 2026 06:25:49 GMT",
                                      "Sun, 22 Nov 2026 25:25:49 GMT",
                                      "Sun, xx Nov 2026 06:25:49 GMT"};
    char text[ADMIN_DATE_LEN + 1];
    time_t when = 0;

    (void)state;
    admin_date_print(1795328749, text);
    assert_string_equal(text, "Sun, 22 Nov 2026 06:25:49 GMT");
    assert_true(admin_date_parse(text, &when));
    assert_int_equal(when, 1795328749);
    for (size_t i = 0; i < MX_COUNT(bad); i++) {
        assert_false(admin_date_parse(bad[i], &when));
    }
    for (time_t t = 0; t < 4102444800; t += 86399 * 37) {
        admin_date_print(t, text);
        assert_true(admin_date_parse(text, &when));
        assert_int_equal(when, t);
    }
}

static void
expect_line(const char *line, const char *json)
{
    uint32_t level = 0;
    json_t *entry = admin_log_parse_line(line, &level);
    json_t *expected = json_loads(json, 0, NULL);

    assert_non_null(entry);
    assert_non_null(expected);
    (void)json_object_del(entry, "unix_timestamp");
    assert_true(json_equal(entry, expected));
    json_decref(entry);
    json_decref(expected);
}

static void
test_log_lines(void **state)
{
    static const char *const no[] = {"",
                                     "-----",
                                     "MariaDB MaxScale  /x  Sun Nov 22 06:22:54 2026",
                                     "2026-11-22 06:22:54",
                                     "2026-11-22 06:22:54   MariaDB is shut down.",
                                     "2026-11-22 06:22:54   oops   : x",
                                     "2026-11-22 06:22:54   error  :"};
    uint32_t level = 0;

    (void)state;
    expect_line(
        "2026-11-22 06:22:54   notice : hello (world)",
        "{\"timestamp\":\"2026-11-22 06:22:54\",\"priority\":\"notice\",\"message\":\"hello "
        "(world)\"}");
    expect_line(
        "2026-11-22 06:22:54.123   warning: (12) [readwritesplit] (RW); gone",
        "{\"timestamp\":\"2026-11-22 06:22:54.123\",\"priority\":\"warning\",\"message\":\"gone\","
        "\"session\":\"12\",\"module\":\"readwritesplit\",\"object\":\"RW\"}");
    expect_line(
        "2026-11-22 06:22:54   error  : [mariadbmon] down",
        "{\"timestamp\":\"2026-11-22 06:22:54\",\"priority\":\"error\",\"message\":\"down\","
        "\"module\":\"mariadbmon\"}");
    for (size_t i = 0; i < MX_COUNT(no); i++) {
        assert_null(admin_log_parse_line(no[i], &level));
    }
    json_t *entry = admin_log_parse_line("2026-11-22 06:22:54   info   : \xff", &level);
    assert_non_null(entry);
    assert_int_equal(level, 1u << MX_LOG_INFO);
    json_decref(entry);
}

static void
test_priorities(void **state)
{
    (void)state;
    assert_int_equal(admin_log_levels("error"), 1u << MX_LOG_ERROR);
    assert_int_equal(admin_log_levels("notice,warning"),
                     1u << MX_LOG_NOTICE | 1u << MX_LOG_WARNING);
    assert_int_equal(admin_log_levels(""), 0);
    assert_int_equal(admin_log_levels("error,"), 0);
    assert_int_equal(admin_log_levels("all"), 0);
}

static void
expect_page(const char *path, uint64_t cursor, uint32_t levels, const char *ids, uint64_t previous)
{
    struct admin_log_page page;
    struct mx_str found = {0};
    json_t *entry;
    size_t i;

    assert_int_equal(admin_log_read(path, cursor, 3, levels, &page, NULL), 0);
    json_array_foreach(page.entries, i, entry)
    {
        mx_str_printf(&found, "%s ", json_string_value(json_object_get(entry, "id")));
    }
    assert_string_equal(mx_str_text(&found), ids);
    assert_int_equal(page.previous, previous);
    json_decref(page.entries);
    mx_str_free(&found);
}

static void
test_pages_of_the_log(void **state)
{
    char path[] = "/tmp/admin-log-XXXXXX";
    struct mx_str text = {0};
    int fd = mkstemp(path);
    uint32_t notice = 1u << MX_LOG_NOTICE;
    uint32_t error = 1u << MX_LOG_ERROR;

    (void)state;
    assert_true(fd >= 0);
    (void)close(fd);
    mx_str_add(&text, "\n\nMariaDB MaxScale  x\n----\n");
    for (int i = 5; i <= 14; i++) {
        mx_str_printf(&text, "2026-11-22 06:22:%02d   %s : line %d\n", i,
                      i % 5 == 0 ? "error " : "notice", i);
    }
    assert_int_equal(base_file_replace(path, text.text, text.len, 0600, NULL), 0);
    mx_str_free(&text);
    expect_page(path, 0, notice | error, "12 13 14 ", 9);
    expect_page(path, 9, notice | error, "9 10 11 ", 6);
    expect_page(path, 6, notice | error, "6 7 8 ", 5);
    expect_page(path, 5, notice | error, "5 6 7 ", 0);
    expect_page(path, 1, notice | error, "5 6 7 ", 0);
    expect_page(path, 15, notice | error, "", 12);
    expect_page(path, 0, error, "5 10 ", 0);
    expect_page(path, 10, error, "10 ", 5);
    (void)unlink(path);

    struct admin_log_page page;
    struct mx_err err = {0};
    assert_int_equal(admin_log_read(path, 0, 3, notice, &page, &err), -1);
    assert_non_null(strstr(err.text, path));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tag_is_the_hash_of_the_compact_sorted_json),
        cmocka_unit_test(test_lists_of_tags),
        cmocka_unit_test(test_a_change_counts_for_all_above),
        cmocka_unit_test(test_forgotten_changes_never_look_older),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_log_lines),
        cmocka_unit_test(test_priorities),
        cmocka_unit_test(test_pages_of_the_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
