/* Monotonic and wall clock; owns the calling thread's cached time. */
#include "base/clock.h"

#include <time.h>

static _Thread_local int64_t cached_us;
static _Thread_local int64_t cached_ms; /* the same, divided once a turn */

/* So that the clock never starts at 0: a timer's due time 0 means "not running". */
#define ORIGIN_MS 1000

int64_t
mx_clock_us(void)
{
    struct timespec ts = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000 + (int64_t)ORIGIN_MS * 1000;
}

int64_t
mx_now_ms(void)
{
    return cached_ms != 0 ? cached_ms : mx_clock_us() / 1000;
}

int64_t
mx_now_us(void)
{
    return cached_us != 0 ? cached_us : mx_clock_us();
}

int64_t
mx_wall_now(void)
{
    struct timespec ts = {0};
    (void)clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void
base_clock_cache_us(int64_t now_us)
{
    cached_us = now_us;
    cached_ms = now_us / 1000;
}
