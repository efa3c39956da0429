/* What every test of this folder needs: cmocka, and bytes written as text. */
#ifndef TESTS_WIRE_UNIT_H
#define TESTS_WIRE_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/packet.h"

/* A string literal with NULs inside, as a slice. */
#define BYTES(literal) ((struct wire_slice){(const uint8_t *)(literal), sizeof(literal) - 1})

#define assert_slice(slice, literal)                           \
    do {                                                       \
        struct wire_slice got_ = (slice);                      \
        assert_int_equal(got_.len, sizeof(literal) - 1);       \
        if (got_.len > 0) {                                    \
            assert_memory_equal(got_.data, literal, got_.len); \
        }                                                      \
    } while (0)

/* A copy of exactly this size on the heap, so that a read behind it is caught by the sanitizer. */
static inline uint8_t *
exact_copy(const uint8_t *data, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    if (len > 0) {
        memcpy(copy, data, len);
    }
    return copy;
}

#endif
