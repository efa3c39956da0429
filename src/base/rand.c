/* getrandom(2); without it there are no safe salts, so its failure ends the process. */
#include "base/rand.h"

#include <errno.h>
#include <sys/random.h>

void
base_rand_bytes(void *out, size_t len)
{
    uint8_t *at = out;
    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        MX_ASSERT(got > 0);
        at += got;
        len -= (size_t)got;
    }
}

uint64_t
base_rand_u64(void)
{
    uint64_t value = 0;
    base_rand_bytes(&value, sizeof(value));
    return value;
}
