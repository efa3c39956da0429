/* Whether a worker's thread asks for batch scheduling: the decisions as functions of the counts. */
#include "core/scheduling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define LOOK_US    250000
#define TRIAL      8
#define HOLD_FIRST 40
#define HOLD_MOST  240
#define QUIET      20

/* What the machine gives under either policy: percent of a look, and events. */
struct machine {
    int64_t ran[2];
    int64_t waited[2];
    int64_t reads[2];
};

/* Sixteen clients, servers and proxy on two processors, as measured. */
static const struct machine crowded = {
    .ran = {51, 37}, .waited = {18, 57}, .reads = {14000, 15000}};
/* One client, and two programs of somebody else that want all they can get. */
static const struct machine stalled = {.ran = {25, 5}, .waited = {29, 78}, .reads = {6000, 1200}};
static const struct machine slower = {.ran = {54, 26}, .waited = {50, 73}, .reads = {6000, 3000}};
static const struct machine dearer = {.ran = {54, 46}, .waited = {50, 63}, .reads = {6000, 5000}};
static const struct machine level = {.ran = {50, 47}, .waited = {20, 40}, .reads = {9000, 9000}};
static const struct machine given_rate = {.ran = {50, 35}, .waited = {20, 40}, .reads = {900, 900}};
static const struct machine alone = {.ran = {60, 60}, .waited = {1, 1}, .reads = {9000, 9000}};
static const struct machine light = {.ran = {10, 6}, .waited = {5, 10}, .reads = {900, 900}};

static bool
look(struct core_scheduling *scheduling, const struct machine *machine)
{
    int policy = scheduling->is_batch ? 1 : 0;
    const struct core_scheduling_look seen = {.passed_us = LOOK_US,
                                              .ran_us = machine->ran[policy] * LOOK_US / 100,
                                              .waited_us = machine->waited[policy] * LOOK_US / 100,
                                              .reads = machine->reads[policy]};
    return core_scheduling_decide(scheduling, &seen);
}

/* How many of so many looks ended with the batch policy. */
static int
looks(struct core_scheduling *scheduling, const struct machine *machine, int count)
{
    int batch = 0;
    for (int i = 0; i < count; i++) {
        batch += look(scheduling, machine) ? 1 : 0;
    }
    return batch;
}

static void
test_a_trial_is_usual_batch_batch_usual(void **state)
{
    struct core_scheduling scheduling = {0};
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_false(look(&scheduling, &crowded)); /* it begins with the next */
        assert_true(look(&scheduling, &crowded));
        assert_true(look(&scheduling, &crowded));
        assert_false(look(&scheduling, &crowded));
    }
    assert_true(look(&scheduling, &crowded)); /* won */
}

static void
test_the_better_one_is_held_longer_each_time(void **state)
{
    struct core_scheduling scheduling = {0};
    (void)state;
    (void)looks(&scheduling, &crowded, 1 + TRIAL);
    for (int hold = HOLD_FIRST; hold < HOLD_MOST; hold *= 2) {
        assert_int_equal(looks(&scheduling, &crowded, hold), hold);
        assert_int_equal(looks(&scheduling, &crowded, 1 + TRIAL), TRIAL / 2 + 1);
    }
    assert_int_equal(looks(&scheduling, &crowded, HOLD_MOST), HOLD_MOST);
}

static void
test_what_saves_nothing_is_not_kept(void **state)
{
    const struct machine *const machines[] = {&level, &slower, &dearer};
    (void)state;
    for (size_t i = 0; i < MX_COUNT(machines); i++) {
        struct core_scheduling scheduling = {0};
        assert_int_equal(looks(&scheduling, machines[i], 1 + TRIAL), TRIAL / 2);
        assert_int_equal(looks(&scheduling, machines[i], HOLD_FIRST), 0);
    }
}

static void
test_with_a_given_rate_processor_time_decides(void **state)
{
    struct core_scheduling scheduling = {0};
    (void)state;
    (void)looks(&scheduling, &given_rate, 1 + TRIAL);
    assert_int_equal(looks(&scheduling, &given_rate, HOLD_FIRST), HOLD_FIRST);
}

static void
test_a_winner_stays_while_it_is_level(void **state)
{
    struct core_scheduling scheduling = {0};
    (void)state;
    (void)looks(&scheduling, &crowded, 1 + TRIAL + HOLD_FIRST);
    (void)looks(&scheduling, &level, 1 + TRIAL);
    assert_true(scheduling.is_batch);
    (void)looks(&scheduling, &slower, 2 * HOLD_FIRST + 1 + TRIAL);
    assert_false(scheduling.is_batch);
}

static void
test_stalls_end_it_for_a_while(void **state)
{
    struct core_scheduling scheduling = {0};
    (void)state;
    /* usual, batch: stalled; the same again, and it has lost */
    assert_int_equal(looks(&scheduling, &stalled, 2), 1);
    assert_int_equal(looks(&scheduling, &stalled, 3), 1);
    assert_int_equal(looks(&scheduling, &stalled, 1 + HOLD_FIRST), 0);

    scheduling = (struct core_scheduling){0};
    (void)looks(&scheduling, &crowded, 1 + TRIAL);
    assert_int_equal(looks(&scheduling, &stalled, 2), 1);
    assert_int_equal(looks(&scheduling, &crowded, HOLD_FIRST), 0);
}

static void
test_the_end_of_a_load_is_no_stall(void **state)
{
    struct core_scheduling scheduling = {0};
    (void)state;
    (void)looks(&scheduling, &crowded, 1 + TRIAL);
    for (int i = 0; i < 3; i++) {
        assert_true(look(&scheduling, &stalled));
        assert_true(look(&scheduling, &light));
        assert_int_equal(looks(&scheduling, &crowded, 10), 10);
    }
}

static void
test_without_a_crowd_nothing_is_tried(void **state)
{
    const struct machine *const machines[] = {&alone, &light};
    (void)state;
    for (size_t i = 0; i < MX_COUNT(machines); i++) {
        struct core_scheduling scheduling = {0};
        assert_int_equal(looks(&scheduling, machines[i], 1000), 0);
    }
}

static void
test_a_quiet_time_ends_it_and_forgets_nothing(void **state)
{
    struct core_scheduling scheduling = {0};
    (void)state;
    (void)looks(&scheduling, &crowded, 1 + TRIAL);
    assert_int_equal(looks(&scheduling, &light, QUIET), QUIET - 1);
    assert_int_equal(looks(&scheduling, &light, QUIET), 0);
    assert_int_equal(looks(&scheduling, &crowded, HOLD_FIRST), HOLD_FIRST);
}

static void
test_a_trial_that_is_cut_short_begins_anew(void **state)
{
    struct core_scheduling scheduling = {0};
    (void)state;
    assert_int_equal(looks(&scheduling, &crowded, 2), 1);
    assert_false(look(&scheduling, &light));
    assert_int_equal(looks(&scheduling, &crowded, 1 + TRIAL), TRIAL / 2 + 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_trial_is_usual_batch_batch_usual),
        cmocka_unit_test(test_the_better_one_is_held_longer_each_time),
        cmocka_unit_test(test_what_saves_nothing_is_not_kept),
        cmocka_unit_test(test_with_a_given_rate_processor_time_decides),
        cmocka_unit_test(test_a_winner_stays_while_it_is_level),
        cmocka_unit_test(test_stalls_end_it_for_a_while),
        cmocka_unit_test(test_the_end_of_a_load_is_no_stall),
        cmocka_unit_test(test_without_a_crowd_nothing_is_tried),
        cmocka_unit_test(test_a_quiet_time_ends_it_and_forgets_nothing),
        cmocka_unit_test(test_a_trial_that_is_cut_short_begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
