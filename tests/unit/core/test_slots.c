/* Who gets a place of max_routing_connections, and in which order. */
#include "core/slots.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
test_without_a_limit_there_is_always_a_place(void **state MX_UNUSED)
{
    struct core_slots slots = {0};
    core_slots_init(&slots);
    for (int i = 0; i < 100; i++) {
        assert_true(core_slots_take(&slots, 0));
    }
    assert_null(core_slots_give(&slots));
    assert_int_equal(slots.taken, 99);
    core_slots_fini(&slots);
}

static void
test_places_go_to_those_who_wait_in_their_order(void **state MX_UNUSED)
{
    struct core_slots slots = {0};
    struct core_slot_wait a = {0};
    struct core_slot_wait b = {0};
    core_slots_init(&slots);
    assert_true(core_slots_take(&slots, 2));
    assert_true(core_slots_take_or_wait(&slots, 2, &a));
    assert_false(core_slots_take(&slots, 2));
    assert_false(core_slots_take_or_wait(&slots, 2, &a));
    assert_false(core_slots_take_or_wait(&slots, 2, &b));
    assert_int_equal(mx_atomic_get(&slots.waiting), 2);
    assert_ptr_equal(core_slots_give(&slots), &a);
    assert_false(core_slots_leave(&slots, &a));
    assert_ptr_equal(core_slots_give(&slots), &b);
    assert_int_equal(slots.taken, 2);
    assert_null(core_slots_give(&slots));
    assert_null(core_slots_give(&slots));
    assert_int_equal(slots.taken, 0);
    core_slots_fini(&slots);
}

static void
test_nobody_overtakes_those_who_wait(void **state MX_UNUSED)
{
    struct core_slots slots = {0};
    struct core_slot_wait a = {0};
    struct core_slot_wait b = {0};
    core_slots_init(&slots);
    assert_true(core_slots_take(&slots, 1));
    assert_false(core_slots_take_or_wait(&slots, 1, &a));
    assert_false(core_slots_take_or_wait(&slots, 1, &b));
    assert_false(core_slots_take(&slots, 5)); /* raised, but a is first */
    assert_false(core_slots_call(&slots, &b));
    assert_true(core_slots_call(&slots, &a));
    assert_true(core_slots_leave(&slots, &b));
    assert_int_equal(mx_atomic_get(&slots.waiting), 0);
    assert_true(core_slots_take(&slots, 5));
    core_slots_fini(&slots);
}

static void
test_changes_of_the_limit_count(void **state MX_UNUSED)
{
    struct core_slots slots = {0};
    struct core_slot_wait a = {0};
    struct core_slot_wait b = {0};
    core_slots_init(&slots);
    assert_true(core_slots_take(&slots, 3));
    assert_true(core_slots_take(&slots, 3));
    assert_true(core_slots_take(&slots, 3));
    assert_false(core_slots_take_or_wait(&slots, 1, &a));
    assert_null(core_slots_give(&slots)); /* two are still one too many */
    assert_null(core_slots_give(&slots));
    assert_ptr_equal(core_slots_give(&slots), &a);
    assert_int_equal(slots.taken, 1);
    assert_false(core_slots_take_or_wait(&slots, 1, &b));
    assert_null(core_slots_raised(&slots, 1));
    assert_ptr_equal(core_slots_raised(&slots, 2), &b);
    assert_null(core_slots_raised(&slots, 0));
    assert_int_equal(slots.taken, 2);
    core_slots_fini(&slots);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_limit_there_is_always_a_place),
        cmocka_unit_test(test_places_go_to_those_who_wait_in_their_order),
        cmocka_unit_test(test_nobody_overtakes_those_who_wait),
        cmocka_unit_test(test_changes_of_the_limit_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
