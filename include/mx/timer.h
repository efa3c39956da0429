/*
 * Timers and the clock of a worker. A timer is embedded in the struct that it belongs to, belongs
 * to the worker that starts it, and is used on that worker only. Starting, restarting and stopping
 * are O(1) and allocate nothing; a restart to a later time is a store. All-zero is "not running".
 */
#ifndef MX_TIMER_H
#define MX_TIMER_H

#include "mx/base.h"
#include "mx/list.h"

struct mx_timer;

/* Runs once on the worker; the timer is stopped and may be restarted or freed here. */
typedef void (*mx_timer_fn)(struct mx_timer *timer);

struct mx_timer {
    struct mx_list node; /* private */
    int64_t due_ms;      /* mx_now_ms() at which it fires; 0: not running */
    int64_t placed_ms;   /* private: where in the wheel it lies, never later than due_ms */
    mx_timer_fn fn;
};

/* Starts it, or moves it when it runs. Never fires before delay_ms have passed; < 1 means 1. */
MX_API void mx_timer_start(struct mx_timer *timer, mx_timer_fn fn, int64_t delay_ms);

/* The same with the function it has. */
MX_API void mx_timer_restart(struct mx_timer *timer, int64_t delay_ms);

/* Fine on one that does not run. */
MX_API void mx_timer_stop(struct mx_timer *timer);

static inline bool
mx_timer_is_running(const struct mx_timer *timer)
{
    return timer->due_ms != 0;
}

/*
 * Milliseconds that only grow. On a worker: the value taken when this loop turn began; on other
 * threads: read from the system now. The same origin everywhere, so values may be compared.
 */
MX_API int64_t mx_now_ms(void);

/*
 * The same in microseconds: good for durations from one turn to another, such as that of a
 * statement, and costs no look at the clock.
 */
MX_API int64_t mx_now_us(void);

/* Read from the system now, microseconds, same origin: to measure durations. */
MX_API int64_t mx_clock_us(void);

/* Wall clock, milliseconds since 1970 UTC, read from the system now. */
MX_API int64_t mx_wall_now(void);

#endif
