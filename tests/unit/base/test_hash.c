/* The map against a plain array. */
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEYS 500

static void
test_map_holds_what_an_array_holds(void **state)
{
    struct base_hash map = {.count = 0};
    void *plain[KEYS] = {NULL};
    int values[KEYS];
    unsigned random = 7;
    (void)state;
    for (int step = 0; step < 20000; step++) {
        random = random * 1103515245u + 12345u;
        size_t i = (random >> 8) % KEYS;
        char key[16];
        size_t len = (size_t)snprintf(key, sizeof(key), "key-%zu", i);
        if ((random >> 20) % 3 == 0) {
            assert_ptr_equal(base_hash_remove(&map, key, len), plain[i]);
            plain[i] = NULL;
        } else {
            assert_ptr_equal(base_hash_set(&map, key, len, &values[i]), plain[i]);
            plain[i] = &values[i];
        }
    }
    size_t count = 0;
    for (size_t i = 0; i < KEYS; i++) {
        char key[16];
        size_t len = (size_t)snprintf(key, sizeof(key), "key-%zu", i);
        assert_ptr_equal(base_hash_get(&map, key, len), plain[i]);
        assert_int_equal(base_hash_has(&map, key, len), plain[i] != NULL);
        count += plain[i] != NULL;
    }
    assert_int_equal(map.count, count);
    size_t seen = 0;
    size_t position = 0;
    while (base_hash_next(&map, &position) != NULL) {
        seen++;
    }
    assert_int_equal(seen, count);
    base_hash_fini(&map, NULL);
}

static void
test_empty_map_answers_nothing(void **state)
{
    struct base_hash map = {.count = 0};
    size_t position = 0;
    (void)state;
    assert_null(base_hash_get(&map, "x", 1));
    assert_null(base_hash_remove(&map, "x", 1));
    assert_null(base_hash_next(&map, &position));
    base_hash_fini(&map, free);
}

static void
test_keys_are_bytes_and_copied(void **state)
{
    struct base_hash map = {.count = 0};
    char key[] = {'a', '\0', 'b'};
    size_t position = 0;
    (void)state;
    assert_null(base_hash_set(&map, key, 3, mx_strdup("one")));
    assert_null(base_hash_set(&map, "a", 1, mx_strdup("two")));
    assert_null(base_hash_set(&map, "", 0, mx_strdup("three")));
    key[2] = 'c';
    assert_string_equal(base_hash_get(&map, "a\0b", 3), "one");
    assert_string_equal(base_hash_get(&map, "a", 1), "two");
    assert_string_equal(base_hash_get(&map, "", 0), "three");
    assert_null(base_hash_get(&map, key, 3));
    assert_non_null(base_hash_next(&map, &position)->key);
    base_hash_fini(&map, free);
    assert_int_equal(map.count, 0);
}

static void
test_hash_depends_on_every_byte_the_length_and_the_seed(void **state)
{
    const uint64_t seed[2] = {1, 2};
    const uint64_t other[2] = {1, 3};
    uint8_t bytes[32] = {0};
    (void)state;
    for (size_t len = 0; len < sizeof(bytes); len++) {
        uint64_t plain = base_hash_bytes(seed, bytes, len);
        assert_int_not_equal(plain, base_hash_bytes(other, bytes, len));
        assert_int_not_equal(plain, base_hash_bytes(seed, bytes, len + 1));
        for (size_t i = 0; i < len; i++) {
            bytes[i] = 1;
            assert_int_not_equal(plain, base_hash_bytes(seed, bytes, len));
            bytes[i] = 0;
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map_holds_what_an_array_holds),
        cmocka_unit_test(test_empty_map_answers_nothing),
        cmocka_unit_test(test_keys_are_bytes_and_copied),
        cmocka_unit_test(test_hash_depends_on_every_byte_the_length_and_the_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
