/* Salts: never the same twice, whatever is asked for. */
#include "mx/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SALT  20u
#define SALTS 5000u

static int
compare(const void *a, const void *b)
{
    return memcmp(a, b, SALT);
}

static void
test_no_salt_comes_twice(void **state)
{
    uint8_t *salts = mx_calloc(SALTS, SALT);
    (void)state;
    for (size_t i = 0; i < SALTS; i++) {
        mx_random(salts + i * SALT, SALT);
    }
    qsort(salts, SALTS, SALT, compare);
    for (size_t i = 1; i < SALTS; i++) {
        assert_int_not_equal(compare(salts + (i - 1) * SALT, salts + i * SALT), 0);
    }
    free(salts);
}

/* Each place of what is asked for is filled: with all bits being seen set and not set in turn. */
static void
test_every_byte_of_any_length_is_random(void **state)
{
    static const size_t lengths[] = {1, 7, 40, 639, 640, 641, 5000};
    (void)state;
    for (size_t i = 0; i < MX_COUNT(lengths); i++) {
        uint8_t *bytes = mx_calloc(1, lengths[i] + 1);
        uint8_t *seen = mx_calloc(1, lengths[i]);
        for (int round = 0; round < 100; round++) {
            mx_random(bytes, lengths[i]);
            for (size_t k = 0; k < lengths[i]; k++) {
                seen[k] |= bytes[k];
            }
        }
        for (size_t k = 0; k < lengths[i]; k++) {
            assert_int_equal(seen[k], 0xff);
        }
        assert_int_equal(bytes[lengths[i]], 0);
        free(seen);
        free(bytes);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_salt_comes_twice),
        cmocka_unit_test(test_every_byte_of_any_length_is_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
