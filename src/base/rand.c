/* getrandom(2); without it there are no safe salts, so its failure ends the process. */
#include "base/rand.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define STOCK ((size_t)640) /* 16 salts */

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

/* Bytes that no one has been given yet; each is wiped when it goes. */
static _Thread_local struct {
    size_t left;
    uint8_t bytes[STOCK];
} stock;

void
mx_random(void *out, size_t len)
{
    if (len > STOCK) {
        base_rand_bytes(out, len);
        return;
    }
    if (stock.left < len) {
        base_rand_bytes(stock.bytes, STOCK);
        stock.left = STOCK;
    }
    stock.left -= len;
    memcpy(out, stock.bytes + stock.left, len);
    explicit_bzero(stock.bytes + stock.left, len);
}

uint64_t
base_rand_u64(void)
{
    uint64_t value = 0;
    base_rand_bytes(&value, sizeof(value));
    return value;
}
