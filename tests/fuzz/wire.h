/* What the wire_* targets share. */
#ifndef TESTS_FUZZ_WIRE_H
#define TESTS_FUZZ_WIRE_H

#include "fuzz.h"
#include "wire/packet.h"

#include <stdlib.h>
#include <string.h>

/* A decoder must leave slices inside its input. */
static inline void
fuzz_check_slice(struct wire_slice s, const uint8_t *data, size_t size)
{
    if (s.len > 0 && (s.data < data || s.len > size || s.data > data + (size - s.len))) {
        abort();
    }
}

#endif
