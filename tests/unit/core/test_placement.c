/* Where sessions live: the decisions as functions of the load. */
#include "core/placement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define WORKERS 4

static struct core_placement_load loads[WORKERS];
static struct core_move_order orders[CORE_PLACEMENT_ORDERS];

static void
load(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    const uint32_t percents[WORKERS] = {a, b, c, d};
    for (int i = 0; i < WORKERS; i++) {
        loads[i] = (struct core_placement_load){.percent = percents[i], .sessions = 10};
    }
}

static size_t
look(struct core_placement *placement)
{
    memset(orders, 0, sizeof(orders));
    return core_placement_gather(placement, loads, WORKERS, orders);
}

static void
test_one_worker_carries_a_light_load(void **state)
{
    struct core_placement placement = {.active = 1};
    (void)state;
    load(60, 0, 0, 0);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(look(&placement), 0);
    }
    assert_int_equal(placement.active, 1);
}

static void
test_a_short_peak_moves_nobody(void **state)
{
    struct core_placement placement = {.active = 1};
    (void)state;
    for (int i = 0; i < 100; i++) {
        load(i % 2 == 0 ? 100 : 50, 0, 0, 0);
        assert_int_equal(look(&placement), 0);
    }
    assert_int_equal(placement.active, 1);
}

static void
test_a_busy_worker_gives_half_to_the_next(void **state)
{
    struct core_placement placement = {.active = 1};
    (void)state;
    load(95, 0, 0, 0);
    assert_int_equal(look(&placement), 0);
    assert_int_equal(look(&placement), 1);
    assert_int_equal(placement.active, 2);
    assert_int_equal(orders[0].from, 0);
    assert_int_equal(orders[0].to, 1);
    assert_int_equal(orders[0].share, 128);
}

static void
test_each_of_three_gives_a_quarter_to_the_fourth(void **state)
{
    struct core_placement placement = {.active = 3};
    (void)state;
    load(80, 90, 85, 0);
    assert_int_equal(look(&placement), 0);
    assert_int_equal(look(&placement), 3);
    assert_int_equal(placement.active, 4);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(orders[i].from, i);
        assert_int_equal(orders[i].to, 3);
        assert_int_equal(orders[i].share, 64);
    }
    for (int i = 0; i < 10; i++) {
        load(100, 100, 100, 100);
        assert_int_equal(look(&placement), 0);
    }
    assert_int_equal(placement.active, WORKERS);
}

static void
test_workers_are_given_up_when_the_load_has_gone_for_a_while(void **state)
{
    struct core_placement placement = {.active = 3};
    (void)state;
    load(20, 20, 20, 0);
    int looks = 0;
    while (placement.active == 3) {
        size_t count = look(&placement);
        looks++;
        assert_true(looks < 20);
        if (placement.active == 3) {
            assert_int_equal(count, 0);
        } else { /* what is active on the one given up goes to the idlest of the others */
            assert_int_equal(count, 1);
            assert_int_equal(orders[0].from, 2);
            assert_true(orders[0].to < 2);
            assert_int_equal(orders[0].share, 256);
        }
    }
    assert_true(looks > 4);
}

static void
test_a_session_that_wakes_up_on_an_unused_worker_is_fetched(void **state)
{
    struct core_placement placement = {.active = 1};
    (void)state;
    load(10, 0, 3, 0);
    assert_int_equal(look(&placement), 1);
    assert_int_equal(orders[0].from, 2);
    assert_int_equal(orders[0].to, 0);
    loads[2].sessions = 0;
    assert_int_equal(look(&placement), 0);
}

static void
test_unequal_workers_are_levelled(void **state)
{
    struct core_placement placement = {.active = 2};
    (void)state;
    load(66, 22, 0, 0);
    assert_int_equal(look(&placement), 0);
    assert_int_equal(look(&placement), 1);
    assert_int_equal(orders[0].from, 0);
    assert_int_equal(orders[0].to, 1);
    assert_int_equal(orders[0].share, 44 * 128 / 66);
}

/* The load follows the sessions; from whatever start it ends where nothing moves any more. */
static void
test_it_comes_to_rest(void **state)
{
    (void)state;
    for (uint32_t total = 5; total <= 390; total += 5) {
        for (int start = 1; start <= WORKERS; start++) {
            struct core_placement placement = {.active = start};
            uint32_t percent[WORKERS] = {0};
            percent[start - 1] = total;
            size_t moved_late = 0;
            for (int i = 0; i < 400; i++) {
                for (int w = 0; w < WORKERS; w++) {
                    loads[w].percent = percent[w] > 100 ? 100 : percent[w];
                    loads[w].sessions = 10;
                }
                size_t count = look(&placement);
                for (size_t k = 0; k < count; k++) {
                    uint32_t part = percent[orders[k].from] * orders[k].share / 256;
                    percent[orders[k].from] -= part;
                    percent[orders[k].to] += part;
                }
                moved_late += i >= 200 ? count : 0;
            }
            assert_int_equal(moved_late, 0);
            for (int w = placement.active; w < WORKERS; w++) {
                assert_int_equal(percent[w], 0);
            }
        }
    }
}

static void
test_levelling_by_threshold(void **state)
{
    struct core_move_order order = {0};
    (void)state;
    load(50, 40, 35, 31);
    assert_false(core_placement_level(loads, WORKERS, 19, &order));
    assert_true(core_placement_level(loads, WORKERS, 18, &order));
    assert_int_equal(order.from, 0);
    assert_int_equal(order.to, 3);
    assert_int_equal(order.share, 19 * 128 / 50);
    load(0, 0, 0, 0);
    assert_false(core_placement_level(loads, WORKERS, 5, &order));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_worker_carries_a_light_load),
        cmocka_unit_test(test_a_short_peak_moves_nobody),
        cmocka_unit_test(test_a_busy_worker_gives_half_to_the_next),
        cmocka_unit_test(test_each_of_three_gives_a_quarter_to_the_fourth),
        cmocka_unit_test(test_workers_are_given_up_when_the_load_has_gone_for_a_while),
        cmocka_unit_test(test_a_session_that_wakes_up_on_an_unused_worker_is_fetched),
        cmocka_unit_test(test_unequal_workers_are_levelled),
        cmocka_unit_test(test_it_comes_to_rest),
        cmocka_unit_test(test_levelling_by_threshold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
