/* Session commands: limits, doubles, what is replayed. */
#include "core/history.h"
#include "core/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct mx_session session;
    struct mx_service service;
};

static int
setup(void **state)
{
    struct fixture *f = mx_calloc(1, sizeof(*f));
    f->session.service = &f->service;
    f->service.config.max_sescmd_history = 3;
    f->service.config.prune_sescmd_history = true;
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    core_history_free(f->session.history);
    free(f);
    return 0;
}

static uint64_t
add(struct fixture *f, uint8_t command, const char *text, uint32_t stmt_id)
{
    struct mx_query query = {.data = (const uint8_t *)text,
                             .len = strlen(text),
                             .command = command,
                             .first = true,
                             .last = true,
                             .stmt_id = stmt_id};
    uint64_t id = mx_session_history_add(&f->session, &query);
    assert_int_equal(query.history_id, id);
    return id;
}

/* "a b c": what a new connection would be sent. */
static void
assert_replay(struct fixture *f, const char *expected)
{
    char text[200] = "";
    struct mx_history_entry entry = {0};
    while (mx_session_history_next(&f->session, entry.id, &entry)) {
        strncat(text, text[0] == '\0' ? "" : " ", sizeof(text) - strlen(text) - 1);
        strncat(text, (const char *)entry.data, entry.len);
    }
    assert_string_equal(text, expected);
}

static void
test_commands_are_replayed_in_their_order(void **state)
{
    struct fixture *f = *state;
    assert_true(mx_session_can_recover(&f->session));
    assert_replay(f, "");
    assert_true(add(f, 3, "a", 0) < add(f, 3, "b", 0));
    assert_replay(f, "a b");
    mx_session_history_clear(&f->session);
    assert_replay(f, "");
    (void)add(f, 3, "c", 0);
    assert_replay(f, "c");
}

static void
test_the_same_command_moves_to_the_end_except_prepare(void **state)
{
    struct fixture *f = *state;
    (void)add(f, 3, "a", 0);
    (void)add(f, 3, "b", 0);
    (void)add(f, 3, "a", 0);
    assert_replay(f, "b a");
    mx_session_history_clear(&f->session);
    (void)add(f, 0x16, "p", 1);
    (void)add(f, 0x16, "p", 2);
    assert_replay(f, "p p");
    mx_session_history_forget(&f->session, 1);
    assert_replay(f, "p");
}

static void
test_the_oldest_goes_when_pruning_is_allowed(void **state)
{
    struct fixture *f = *state;
    (void)add(f, 3, "a", 0);
    (void)add(f, 3, "b", 0);
    (void)add(f, 3, "c", 0);
    (void)add(f, 3, "d", 0);
    assert_replay(f, "b c d");
    assert_true(mx_session_can_recover(&f->session));
}

static void
test_without_pruning_the_limit_ends_recovery(void **state)
{
    struct fixture *f = *state;
    f->service.config.prune_sescmd_history = false;
    (void)add(f, 3, "a", 0);
    (void)add(f, 3, "a", 0);
    (void)add(f, 3, "b", 0);
    assert_true(mx_session_can_recover(&f->session));
    (void)add(f, 3, "c", 0);
    assert_false(mx_session_can_recover(&f->session));
    assert_replay(f, "");
    mx_session_history_clear(&f->session);
    assert_true(mx_session_can_recover(&f->session));
}

static void
test_disabled_history_recovers_only_until_the_first_command(void **state)
{
    struct fixture *f = *state;
    f->service.config.disable_sescmd_history = true;
    assert_true(mx_session_can_recover(&f->session));
    assert_int_not_equal(add(f, 3, "a", 0), 0);
    assert_false(mx_session_can_recover(&f->session));
}

static void
test_a_place_in_the_masks_is_free_again_with_its_endpoint(void **state)
{
    struct fixture *f = *state;
    uint64_t id = add(f, 3, "a", 0);
    struct core_history_entry *entry = core_history_find(f->session.history, id);
    assert_int_equal(entry->view.result, -1);
    entry->said_ok = 3;
    core_history_drop_slot(f->session.history, 1);
    assert_int_equal(entry->said_ok, 1);
    core_history_drop_slot(NULL, 1);
    assert_null(core_history_find(f->session.history, id + 1));
    assert_null(core_history_find(NULL, id));
}

/* As they come from clients: a header and the command byte in front. */
static void
test_a_command_that_others_depend_on_stays_where_it_was(void **state)
{
    struct fixture *f = *state;
    f->service.config.max_sescmd_history = 10;
    (void)add(f, 3, "hhhh\3SET @a=1", 0);
    (void)add(f, 3, "hhhh\3SET @b=2", 0);
    (void)add(f, 3, "hhhh\3SET @a=1", 0);
    assert_replay(f, "hhhh\3SET @b=2 hhhh\3SET @a=1");
    (void)add(f, 3, "hhhh\3SET @c= @a", 0);
    (void)add(f, 3, "hhhh\3SET @a=1", 0);
    assert_replay(f, "hhhh\3SET @b=2 hhhh\3SET @a=1 hhhh\3SET @c= @a hhhh\3SET @a=1");
    (void)add(f, 3, "hhhh\3SET @a=1", 0);
    assert_replay(f, "hhhh\3SET @b=2 hhhh\3SET @a=1 hhhh\3SET @c= @a hhhh\3SET @a=1");
    (void)add(f, 22, "hhhh\26SELECT 1", 1);
    (void)add(f, 3, "hhhh\3SET @a=1", 0);
    assert_replay(f, "hhhh\3SET @b=2 hhhh\3SET @a=1 hhhh\3SET @c= @a hhhh\3SET @a=1 "
                     "hhhh\26SELECT 1 hhhh\3SET @a=1");
}

static void
test_what_is_withdrawn_was_never_there(void **state)
{
    struct fixture *f = *state;
    f->service.config.max_sescmd_history = 10;
    uint64_t a = add(f, 3, "a", 0);
    mx_session_history_withdraw(&f->session, a);
    assert_replay(f, "");
    a = add(f, 3, "a", 0);
    core_history_answered(f->session.history, core_history_find(f->session.history, a), true);
    (void)add(f, 3, "b", 0);
    size_t bytes = f->session.history->bytes;
    uint64_t again = add(f, 3, "a", 0);
    assert_replay(f, "b a");
    mx_session_history_withdraw(&f->session, again);
    assert_replay(f, "a b"); /* the first one counts again, in its place */
    assert_int_equal(f->session.history->bytes, bytes);
    again = add(f, 3, "a", 0);
    uint64_t last = add(f, 3, "a", 0); /* the one in between has no answer yet */
    mx_session_history_withdraw(&f->session, again);
    assert_replay(f, "b a");
    mx_session_history_withdraw(&f->session, last);
    assert_replay(f, "a b");
    last = add(f, 3, "a", 0);
    core_history_answered(f->session.history, core_history_find(f->session.history, last), true);
    assert_int_equal(f->session.history->bytes, bytes);
    assert_replay(f, "b a");
    mx_session_history_withdraw(&f->session, 4711);
    assert_replay(f, "b a");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_commands_are_replayed_in_their_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_same_command_moves_to_the_end_except_prepare,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_oldest_goes_when_pruning_is_allowed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_without_pruning_the_limit_ends_recovery, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_disabled_history_recovers_only_until_the_first_command,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_command_that_others_depend_on_stays_where_it_was,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_withdrawn_was_never_there, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_place_in_the_masks_is_free_again_with_its_endpoint,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
