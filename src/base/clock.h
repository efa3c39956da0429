/* The cached clock of a thread with an event loop; the public part is in mx/timer.h. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "mx/timer.h"

/* From now on mx_now_ms() returns this value on the calling thread; 0: read the system again. */
void base_clock_cache(int64_t now_ms);

#endif
