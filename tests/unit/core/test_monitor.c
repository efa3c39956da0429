/* Monitors: names of events, command lines of scripts. */
#include "core/monitor_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define R ((uint32_t)MX_STATUS_RUNNING)
#define M ((uint32_t)MX_STATUS_MASTER)
#define S ((uint32_t)MX_STATUS_SLAVE)
#define L ((uint32_t)MX_STATUS_RELAY)
#define J ((uint32_t)MX_STATUS_JOINED)
#define T ((uint32_t)MX_STATUS_MAINT)

/* What the files under test ask of the rest; nothing here runs a script. */
void
mx_monitor_settings(const struct mx_monitor *monitor, struct mx_monitor_settings *out)
{
    (void)monitor;
    memset(out, 0, sizeof(*out));
}

void
mx_monitor_target(const struct mx_monitor *monitor, size_t index, struct mx_monitor_target *out)
{
    (void)monitor;
    (void)index;
    memset(out, 0, sizeof(*out));
}

void
mx_monitor_set_state(struct mx_monitor *monitor, const char *state)
{
    (void)monitor;
    (void)state;
}

static void
test_changes_have_the_documented_names(void **state)
{
    static const struct {
        uint32_t before;
        uint32_t after;
        const char *event; /* NULL: none */
    } rows[] = {
        {0, R, "server_up"},
        {0, R | M, "master_up"},
        {0, R | S, "slave_up"},
        {R, 0, "server_down"},
        {R | M, 0, "master_down"},
        {R | S, 0, "slave_down"},
        {R | S, R | M, "new_master"},
        {R | M, R | S, "new_slave"},
        {R | M, R, "lost_master"},
        {R | S, R, "lost_slave"},
        {R, R | M, "new_master"},
        {R, R | S, "new_slave"},
        {R | S | L, R | S, "lost_slave"},
        {R | J, R | J | S, "lost_synced"},
        {0, R | L, "relay_up"},
        {R, R, NULL},
        {0, 0, NULL},
        {R | S, R | S | T, NULL},
        {R | S | T, R | S, NULL},
        {R | S, R | S | MX_STATUS_DRAINING, NULL},
        {0, MX_STATUS_AUTH_ERROR, NULL},
    };
    (void)state;
    for (size_t i = 0; i < MX_COUNT(rows); i++) {
        int64_t bit = 0;
        const char *event = core_monitor_event_name(rows[i].before, rows[i].after, &bit);
        if (rows[i].event == NULL) {
            assert_null(event);
        } else {
            assert_non_null(event);
            assert_string_equal(event, rows[i].event);
        }
    }
}

static void
test_events_can_be_selected_by_their_bit(void **state)
{
    int64_t bit = 0;
    (void)state;
    (void)core_monitor_event_name(R | S, R | M, &bit);
    assert_int_equal(bit, CORE_EVENT_NEW_MASTER);
    (void)core_monitor_event_name(0, R | L, &bit);
    assert_int_equal(bit, 0);
}

static void
check_split(const char *command, const char *const *expected)
{
    char **words = core_monitor_script_split(command);
    size_t i = 0;
    for (; expected[i] != NULL; i++) {
        assert_non_null(words[i]);
        assert_string_equal(words[i], expected[i]);
        free(words[i]);
    }
    assert_null(words[i]);
    free(words);
}

static void
test_command_lines_are_split_like_documented(void **state)
{
    (void)state;
    check_split("", (const char *const[]){NULL});
    check_split("  /a  b\tc ", (const char *const[]){"/a", "b", "c", NULL});
    check_split("/a 'b c' \"d 'e\"", (const char *const[]){"/a", "b c", "d 'e", NULL});
    check_split("/a --x='1 2'y", (const char *const[]){"/a", "--x=1 2y", NULL});
    check_split("/a \\' b", (const char *const[]){"/a", "\\'", "b", NULL});
    check_split("/a ''", (const char *const[]){"/a", "", NULL});
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes_have_the_documented_names),
        cmocka_unit_test(test_events_can_be_selected_by_their_bit),
        cmocka_unit_test(test_command_lines_are_split_like_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
