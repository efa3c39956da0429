/* The timer wheel against a plain list, over a virtual clock. */
#include "base/clock.h"
#include "base/timer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define TIMERS 200

struct one {
    struct mx_timer timer;
    int64_t due_ms; /* what the plain list says; 0: not running */
    int fired;
};

static struct base_wheel wheel;
static struct one timers[TIMERS];
static uint64_t seed;

static uint64_t
next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static void
fired(struct mx_timer *timer)
{
    struct one *one = mx_container_of(timer, struct one, timer);
    assert_true(one->due_ms != 0);
    assert_true(one->due_ms <= mx_now_ms());
    assert_false(mx_timer_is_running(timer));
    one->due_ms = 0;
    one->fired++;
}

static int
setup(void **state)
{
    (void)state;
    base_clock_cache(5000);
    base_wheel_init(&wheel, 5000);
    base_wheel_use(&wheel);
    for (size_t i = 0; i < TIMERS; i++) {
        timers[i] = (struct one){.due_ms = 0};
    }
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    base_wheel_use(NULL);
    base_clock_cache(0);
    return 0;
}

static void
start(struct one *one, int64_t delay_ms)
{
    mx_timer_start(&one->timer, fired, delay_ms);
    one->due_ms = mx_now_ms() + (delay_ms < 1 ? 1 : delay_ms);
}

static int64_t
earliest(void)
{
    int64_t best = -1;
    for (size_t i = 0; i < TIMERS; i++) {
        if (timers[i].due_ms != 0 && (best < 0 || timers[i].due_ms < best)) {
            best = timers[i].due_ms;
        }
    }
    return best;
}

static int64_t
random_delay(void)
{
    static const int64_t scales[] = {1, 10, 64, 100, 5000, 70000, 3000000, 40000000000};
    int64_t scale = scales[next_random() % MX_COUNT(scales)];
    return (int64_t)(next_random() % (uint64_t)scale);
}

static void
test_every_timer_fires_in_the_turn_that_reaches_it(void **state)
{
    (void)state;
    for (uint64_t round = 1; round <= 20; round++) {
        seed = round * 977;
        for (int step = 0; step < 3000; step++) {
            struct one *one = &timers[next_random() % TIMERS];
            uint64_t what = next_random() % 8;
            if (what < 4) {
                start(one, random_delay());
            } else if (what == 4) {
                mx_timer_stop(&one->timer);
                one->due_ms = 0;
            } else {
                int64_t now = mx_now_ms() + random_delay() / 3;
                base_clock_cache(now);
                (void)base_wheel_advance(&wheel, now, NULL, NULL);
                int64_t first = earliest();
                assert_true(first < 0 || first > now);
            }
        }
        for (size_t i = 0; i < TIMERS; i++) {
            assert_int_equal(mx_timer_is_running(&timers[i].timer), timers[i].due_ms != 0);
        }
    }
}

static void
test_wait_never_oversleeps_and_ends_at_the_timer(void **state)
{
    (void)state;
    for (uint64_t round = 1; round <= 200; round++) {
        seed = round * 31337;
        start(&timers[0], random_delay());
        int64_t due = timers[0].due_ms;
        int steps = 0;
        while (timers[0].due_ms != 0) {
            int64_t now = mx_now_ms();
            int64_t wait = base_wheel_wait_ms(&wheel, now);
            assert_true(wait >= 0);
            assert_true(now + wait <= due);
            base_clock_cache(now + wait);
            (void)base_wheel_advance(&wheel, now + wait, NULL, NULL);
            assert_true(++steps <= 64);
        }
        assert_int_equal(mx_now_ms(), due);
    }
    assert_int_equal(base_wheel_wait_ms(&wheel, mx_now_ms()), -1);
}

static void
test_restart_to_a_later_time_counts_from_the_restart(void **state)
{
    (void)state;
    start(&timers[0], 10);
    for (int i = 0; i < 100; i++) {
        int64_t now = mx_now_ms() + 9;
        base_clock_cache(now);
        (void)base_wheel_advance(&wheel, now, NULL, NULL);
        start(&timers[0], 10);
    }
    assert_int_equal(timers[0].fired, 0);
    base_clock_cache(mx_now_ms() + 10);
    assert_int_equal(base_wheel_advance(&wheel, mx_now_ms(), NULL, NULL), 1);
}

static void
test_stopped_timer_does_not_wake(void **state)
{
    (void)state;
    start(&timers[0], 100);
    start(&timers[1], 100);
    mx_timer_stop(&timers[0].timer);
    assert_true(base_wheel_wait_ms(&wheel, mx_now_ms()) > 0);
    mx_timer_stop(&timers[1].timer);
    assert_int_equal(base_wheel_wait_ms(&wheel, mx_now_ms()), -1);
}

static void
stops_the_other(struct mx_timer *timer)
{
    (void)timer;
    timers[2].due_ms = 0;
    mx_timer_stop(&timers[2].timer);
    start(&timers[1], 1);
}

static void
test_timer_may_stop_and_start_others_that_are_due_with_it(void **state)
{
    (void)state;
    mx_timer_start(&timers[0].timer, stops_the_other, 5);
    start(&timers[1], 5);
    start(&timers[2], 5);
    base_clock_cache(mx_now_ms() + 5);
    (void)base_wheel_advance(&wheel, mx_now_ms(), NULL, NULL);
    assert_int_equal(timers[1].fired, 0); /* moved on while it was due */
    assert_int_equal(timers[2].fired, 0);
    base_clock_cache(mx_now_ms() + 1);
    (void)base_wheel_advance(&wheel, mx_now_ms(), NULL, NULL);
    assert_int_equal(timers[1].fired, 1);
}

#define timer_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        timer_test(test_every_timer_fires_in_the_turn_that_reaches_it),
        timer_test(test_wait_never_oversleeps_and_ends_at_the_timer),
        timer_test(test_restart_to_a_later_time_counts_from_the_restart),
        timer_test(test_stopped_timer_does_not_wake),
        timer_test(test_timer_may_stop_and_start_others_that_are_due_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
