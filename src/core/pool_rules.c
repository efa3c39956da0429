/* Decisions of the pool that need nothing but numbers. */
#include "core/pool.h"

int64_t
core_pool_share(int64_t max, int workers)
{
    return workers < 1 ? max : (max + workers - 1) / workers;
}

bool
core_pool_is_full(struct core_pool_use use)
{
    int64_t share = core_pool_share(use.max, use.workers);
    return use.mine >= share && use.all >= share * (use.workers < 1 ? 1 : use.workers);
}

bool
core_pool_is_old(int64_t age_ms, int64_t max_ms)
{
    return age_ms / 1000 > max_ms / 1000;
}
