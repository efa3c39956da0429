/* Buffers, strings and the pool they live in. */
#include "base/pool.h"
#include "mx/buf.h"
#include "mx/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct base_pool pool;

static int
setup(void **state)
{
    (void)state;
    base_pool_init(&pool);
    (void)base_pool_use(&pool);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    (void)base_pool_use(NULL);
    base_pool_fini(&pool);
    return 0;
}

static void
test_appended_bytes_are_there_in_order(void **state)
{
    struct mx_buf buf = {.len = 0};
    (void)state;
    for (int i = 0; i < 100000; i++) {
        uint8_t byte = (uint8_t)(i % 251);
        assert_int_equal(mx_buf_append(&buf, &byte, 1), 0);
    }
    assert_int_equal(buf.len, 100000);
    for (int i = 0; i < 100000; i++) {
        assert_int_equal(buf.bytes[i], i % 251);
    }
    mx_buf_consume(&buf, 99999);
    assert_int_equal(buf.len, 1);
    assert_int_equal(buf.bytes[0], 99999 % 251);
    mx_buf_consume(&buf, 1);
    assert_null(buf.bytes);
    assert_int_equal(pool.bytes_out, 0);
}

static void
test_maximum_is_never_passed(void **state)
{
    struct mx_buf buf = {.max = 10};
    (void)state;
    assert_int_equal(mx_buf_append(&buf, "12345678", 8), 0);
    assert_int_equal(mx_buf_append(&buf, "abc", 3), -1);
    assert_null(mx_buf_room(&buf, 3));
    assert_null(mx_buf_room(&buf, SIZE_MAX));
    assert_int_equal(buf.len, 8);
    assert_int_equal(mx_buf_append(&buf, "ab", 2), 0);
    assert_memory_equal(buf.bytes, "12345678ab", 10);
    mx_buf_free(&buf);
    assert_int_equal(buf.max, 10);
}

static void
test_taken_content_changes_its_owner(void **state)
{
    struct mx_buf from = {.len = 0};
    struct mx_buf to = {.len = 0};
    (void)state;
    assert_int_equal(mx_buf_append(&from, "abc", 3), 0);
    assert_int_equal(mx_buf_append(&to, "old", 3), 0);
    mx_buf_take(&to, &from);
    assert_memory_equal(to.bytes, "abc", 3);
    assert_null(from.bytes);
    assert_int_equal(from.len, 0);
    mx_buf_free(&to);
    mx_buf_free(&from);
    assert_int_equal(pool.bytes_out, 0);
}

static void
test_pool_needs_no_malloc_in_the_steady_state(void **state)
{
    (void)state;
    for (int round = 0; round < 1000; round++) {
        struct mx_buf a = {.len = 0};
        struct mx_buf b = {.len = 0};
        assert_non_null(mx_buf_room(&a, 3000));
        assert_non_null(mx_buf_room(&b, 60000));
        assert_int_equal(mx_buf_append(&b, "x", 1), 0);
        mx_buf_free(&a);
        mx_buf_free(&b);
        if (round == 0) {
            assert_true(pool.misses <= 2);
            pool.misses = 0;
        }
    }
    assert_int_equal(pool.misses, 0);
}

static void
test_free_lists_are_bounded(void **state)
{
    enum {
        MANY = 200
    };
    void *chunks[MANY];
    size_t capacity = 0;
    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        chunks[i] = base_pool_get(BASE_POOL_LARGEST, &capacity);
    }
    for (size_t i = 0; i < MANY; i++) {
        base_pool_put(chunks[i], capacity);
    }
    assert_true(pool.count[BASE_POOL_CLASSES - 1] < MANY / 2);
    assert_int_equal(pool.bytes_out, 0);
}

static void
test_text_grows_and_is_cut_at_its_maximum(void **state)
{
    struct mx_str str = {.len = 0};
    struct mx_str small = {.max = 5};
    (void)state;
    assert_string_equal(mx_str_text(&str), "");
    for (int i = 0; i < 1000; i++) {
        mx_str_printf(&str, "%d,", i % 10);
    }
    assert_int_equal(str.len, 2000);
    assert_false(str.is_cut);
    mx_str_truncate(&str, 4);
    assert_string_equal(mx_str_text(&str), "0,1,");
    mx_str_add(&small, "ab");
    mx_str_printf(&small, "%s", "cdefgh");
    assert_string_equal(mx_str_text(&small), "abcde");
    assert_true(small.is_cut);
    mx_str_add_char(&small, 'x');
    assert_string_equal(mx_str_text(&small), "abcde");
    char *given = mx_str_give(&str);
    assert_string_equal(given, "0,1,");
    assert_string_equal(mx_str_text(&str), "");
    free(given);
    given = mx_str_give(&str);
    assert_string_equal(given, "");
    free(given);
    mx_str_free(&small);
}

#define pool_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        pool_test(test_appended_bytes_are_there_in_order),
        pool_test(test_maximum_is_never_passed),
        pool_test(test_taken_content_changes_its_owner),
        pool_test(test_pool_needs_no_malloc_in_the_steady_state),
        pool_test(test_free_lists_are_bounded),
        pool_test(test_text_grows_and_is_cut_at_its_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
