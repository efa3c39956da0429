/*
 * Addresses from which too many logins failed. Shared by all workers (a limit that holds per thread
 * would be a multiple of what was configured), touched at logins only; a small table behind a lock.
 */
#include "base/hash.h"
#include "core/session.h"
#include "mx/timer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_MS 60000
#define ADDRESSES_MAX \
    10000 /* an attacker with more addresses than this is not stopped by counting */

struct address {
    int64_t failures;
    int64_t blocked_until_ms;
    int64_t last_ms;
};

static struct {
    pthread_mutex_t lock;
    struct base_hash addresses;
    struct mx_atomic
        count; /* of them: as a rule there are none, and no lock is needed to know it */
} block = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool
is_blocked(const char *address)
{
    if (mx_atomic_get(&block.count) == 0) {
        return false;
    }
    pthread_mutex_lock(&block.lock);
    struct address *entry = base_hash_get(&block.addresses, address, strlen(address));
    bool blocked = entry != NULL && entry->blocked_until_ms > mx_now_ms();
    pthread_mutex_unlock(&block.lock);
    return blocked;
}

int
core_block_check(const char *address, struct mx_err *err)
{
    return !is_blocked(address) ? 0
                                : mx_err_set(err, 1129, "HY000",
                                             "Host '%s' is temporarily blocked due to too many "
                                             "authentication failures",
                                             address);
}

/* Old counts say nothing any more. */
static void
make_room(void)
{
    if (block.addresses.count >= ADDRESSES_MAX) {
        base_hash_fini(&block.addresses, free);
    }
}

bool
core_block_failed(const char *address, int64_t limit)
{
    if (limit <= 0) {
        return false;
    }
    int64_t now_ms = mx_now_ms();
    pthread_mutex_lock(&block.lock);
    struct address *entry = base_hash_get(&block.addresses, address, strlen(address));
    if (entry == NULL) {
        make_room();
        entry = mx_calloc(1, sizeof(*entry));
        (void)base_hash_set(&block.addresses, address, strlen(address), entry);
        mx_atomic_set(&block.count, (int64_t)block.addresses.count);
    }
    if (now_ms - entry->last_ms > BLOCK_MS) {
        entry->failures = 0;
    }
    entry->last_ms = now_ms;
    entry->failures++;
    bool now_blocked = entry->failures >= limit;
    if (now_blocked) {
        entry->failures = 0;
        entry->blocked_until_ms = now_ms + BLOCK_MS;
    }
    pthread_mutex_unlock(&block.lock);
    return now_blocked;
}

void
core_block_passed(const char *address)
{
    if (mx_atomic_get(&block.count) == 0) {
        return;
    }
    pthread_mutex_lock(&block.lock);
    free(base_hash_remove(&block.addresses, address, strlen(address)));
    mx_atomic_set(&block.count, (int64_t)block.addresses.count);
    pthread_mutex_unlock(&block.lock);
}
