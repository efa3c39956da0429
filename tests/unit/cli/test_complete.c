/* cli/complete.c: completion of words that need no server; names come from one in tests/compat. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "../../../cli/complete.h"

static struct cli_candidates candidates;

static void
complete(const char *line)
{
    char host[] = "127.0.0.1:1";
    char *hosts[] = {host};
    struct cli cli = {.settings = {.hosts = hosts, .host_count = 1}};
    cli_complete(&cli, line, &candidates);
    cli.settings = (struct cli_settings){0};
    cli_fini(&cli);
}

static bool
has(const char *text)
{
    for (size_t i = 0; i < candidates.count; i++) {
        if (strcmp(candidates.all[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static void
expect_one(const char *line, const char *text)
{
    complete(line);
    assert_int_equal(candidates.count, 1);
    assert_string_equal(candidates.all[0], text);
    assert_int_equal(candidates.common, strlen(text));
    cli_candidates_fini(&candidates);
}

static void
test_groups_and_commands(void **state)
{
    (void)state;
    complete("");
    assert_true(has("list") && has("check") && has("quit"));
    cli_candidates_fini(&candidates);
    expect_one("unl", "unlink");
    expect_one("list que", "queries");
    expect_one("  show   qc", "qc_cache");
    complete("list ");
    assert_int_equal(candidates.count, 11);
    assert_int_equal(candidates.typed, 0);
    cli_candidates_fini(&candidates);
}

static void
test_common_beginning(void **state)
{
    (void)state;
    complete("show s");
    assert_int_equal(candidates.count, 6);
    assert_int_equal(candidates.common, 2); /* server, service, session */
    cli_candidates_fini(&candidates);
}

static void
test_options_and_choices(void **state)
{
    (void)state;
    expect_one("set server s1 --f", "--force");
    expect_one("list queries --m", "--max-length=");
    expect_one("set server s1 mai", "maintenance");
    expect_one("enable log-priority deb", "debug");
    expect_one("list servers --h", "--help");
}

static void
test_nothing_fits(void **state)
{
    static const char *const lines[] = {
        "nosuch ",     "list nosuch ", "list servers x", "list 'open", "set server s1 drain more ",
        "show server "};
    (void)state;
    for (size_t i = 0; i < MX_COUNT(lines); i++) {
        complete(lines[i]);
        assert_int_equal(candidates.count, 0);
        cli_candidates_fini(&candidates);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups_and_commands),
        cmocka_unit_test(test_common_beginning),
        cmocka_unit_test(test_options_and_choices),
        cmocka_unit_test(test_nothing_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
