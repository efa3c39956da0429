/* How many idle connections a worker keeps, and for how long. */
#include "core/pool.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
test_the_limit_is_shared_by_the_workers_and_rounded_up(void **state MX_UNUSED)
{
    assert_int_equal(core_pool_share(0, 4), 0);
    assert_int_equal(core_pool_share(1, 4), 1);
    assert_int_equal(core_pool_share(4, 4), 1);
    assert_int_equal(core_pool_share(5, 4), 2);
    assert_int_equal(core_pool_share(10, 1), 10);
    assert_int_equal(core_pool_share(10, 0), 10);
    assert_int_equal(core_pool_share(INT32_MAX, 2), 1073741824);
}

static void
test_what_others_leave_of_their_share_may_be_used(void **state MX_UNUSED)
{
    const struct {
        struct core_pool_use use;
        bool is_full;
    } cases[] = {
        {{.max = 0, .workers = 4, .mine = 0, .all = 0}, true},
        {{.max = 8, .workers = 4, .mine = 2, .all = 2}, false},
        {{.max = 8, .workers = 4, .mine = 7, .all = 7}, false},
        {{.max = 8, .workers = 4, .mine = 8, .all = 8}, true},
        {{.max = 8, .workers = 4, .mine = 1, .all = 9}, false}, /* its own share is its own */
        {{.max = 8, .workers = 4, .mine = 2, .all = 8}, true},
        {{.max = 9, .workers = 4, .mine = 5, .all = 11}, false}, /* rounded up */
        {{.max = 9, .workers = 4, .mine = 5, .all = 12}, true},
        {{.max = 2, .workers = 0, .mine = 1, .all = 1}, false},
        {{.max = 2, .workers = 0, .mine = 2, .all = 2}, true},
    };
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        assert_int_equal(core_pool_is_full(cases[i].use), cases[i].is_full);
    }
}

static void
test_age_counts_in_whole_seconds(void **state MX_UNUSED)
{
    assert_false(core_pool_is_old(0, 0));
    assert_false(core_pool_is_old(999, 0));
    assert_true(core_pool_is_old(1000, 0));
    assert_false(core_pool_is_old(10999, 10000));
    assert_true(core_pool_is_old(11000, 10000));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_limit_is_shared_by_the_workers_and_rounded_up),
        cmocka_unit_test(test_what_others_leave_of_their_share_may_be_used),
        cmocka_unit_test(test_age_counts_in_whole_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
