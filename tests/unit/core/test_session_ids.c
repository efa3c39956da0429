/* The sessions of a worker are found by their ids, however many there are and wherever they move.
 */
#include "core/session_ids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define MANY 10000

static struct mx_session *
sessions_make(uint64_t stride)
{
    struct mx_session *sessions = mx_calloc(MANY, sizeof(struct mx_session));
    for (size_t i = 0; i < MANY; i++) {
        sessions[i].id = CORE_SESSION_ID_FIRST + i * stride;
    }
    return sessions;
}

static size_t
longest_chain(const struct core_session_ids *ids)
{
    size_t longest = 0;
    for (size_t i = 0; i < ids->capacity; i++) {
        size_t length = 0;
        for (const struct mx_session *s = ids->heads[i]; s != NULL; s = s->same_bucket) {
            length++;
        }
        longest = length > longest ? length : longest;
    }
    return longest;
}

static void
test_an_empty_table_knows_nobody(void **state MX_UNUSED)
{
    struct core_session_ids ids = {0};
    assert_null(core_session_ids_find(&ids, 0));
    assert_null(core_session_ids_find(&ids, CORE_SESSION_ID_FIRST));
}

/* All of them on one worker, or each second, fourth and so on when workers take turns. */
static void
test_each_of_many_is_found_in_a_few_steps(void **state MX_UNUSED)
{
    for (uint64_t stride = 1; stride <= 1024; stride *= 2) {
        struct core_session_ids ids = {0};
        struct mx_session *sessions = sessions_make(stride);
        for (size_t i = 0; i < MANY; i++) {
            core_session_ids_add(&ids, &sessions[i]);
        }
        for (size_t i = 0; i < MANY; i++) {
            assert_ptr_equal(core_session_ids_find(&ids, sessions[i].id), &sessions[i]);
        }
        assert_null(core_session_ids_find(&ids, CORE_SESSION_ID_FIRST + MANY * stride));
        assert_null(core_session_ids_find(&ids, CORE_SESSION_ID_FIRST - 1));
        assert_true(longest_chain(&ids) <= (stride == 1 ? 1 : 8));
        assert_true(ids.capacity < (size_t)2 * MANY);
        free(ids.heads);
        free(sessions);
    }
}

/* The same low 32 bits come again after the first round of ids. */
static void
test_ids_with_equal_last_bits_are_told_apart(void **state MX_UNUSED)
{
    struct core_session_ids ids = {0};
    struct mx_session a = {.id = 5};
    struct mx_session b = {.id = (UINT64_C(1) << 32) + 5};
    struct mx_session c = {.id = (UINT64_C(2) << 32) + 5};
    core_session_ids_add(&ids, &a);
    core_session_ids_add(&ids, &b);
    core_session_ids_add(&ids, &c);
    core_session_ids_remove(&ids, &b);
    assert_ptr_equal(core_session_ids_find(&ids, a.id), &a);
    assert_null(core_session_ids_find(&ids, b.id));
    assert_ptr_equal(core_session_ids_find(&ids, c.id), &c);
    core_session_ids_remove(&ids, &c);
    core_session_ids_remove(&ids, &a);
    assert_null(core_session_ids_find(&ids, a.id));
    assert_int_equal(ids.count, 0);
    free(ids.heads);
}

/* Two workers: sessions move both ways, end and come, and each is where it was put last. */
static void
test_sessions_move_and_end(void **state MX_UNUSED)
{
    struct core_session_ids workers[2] = {{0}};
    struct mx_session *sessions = sessions_make(1);
    int *at = mx_calloc(MANY, sizeof(int)); /* worker + 1; 0: none */
    uint64_t dice = 1;
    for (size_t turn = 0; turn < (size_t)20 * MANY; turn++) {
        dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        size_t i = (size_t)(dice >> 33) % MANY;
        int to = (int)((dice >> 20) % 3);
        if (at[i] > 0) {
            core_session_ids_remove(&workers[at[i] - 1], &sessions[i]);
        }
        if (to > 0) {
            core_session_ids_add(&workers[to - 1], &sessions[i]);
        }
        at[i] = to;
    }
    size_t alive = 0;
    for (size_t i = 0; i < MANY; i++) {
        for (int w = 0; w < 2; w++) {
            const struct mx_session *wanted = at[i] == w + 1 ? &sessions[i] : NULL;
            assert_ptr_equal(core_session_ids_find(&workers[w], sessions[i].id), wanted);
        }
        alive += at[i] > 0 ? 1 : 0;
    }
    assert_int_equal(workers[0].count + workers[1].count, alive);
    free(workers[0].heads);
    free(workers[1].heads);
    free(at);
    free(sessions);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_table_knows_nobody),
        cmocka_unit_test(test_each_of_many_is_found_in_a_few_steps),
        cmocka_unit_test(test_ids_with_equal_last_bits_are_told_apart),
        cmocka_unit_test(test_sessions_move_and_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
