/* The cached clock of a thread with an event loop; the public part is in mx/timer.h. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "mx/timer.h"

/* From now on this is the time of the calling thread's turn; 0: read the system again. */
void base_clock_cache_us(int64_t now_us);

static inline void
base_clock_cache(int64_t now_ms)
{
    base_clock_cache_us(now_ms * 1000);
}

#endif
