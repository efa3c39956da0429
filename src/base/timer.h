/*
 * The wheel behind mx/timer.h: six levels of 64 slots, level k in steps of 64^k milliseconds, with
 * one bit per used slot. A timer lies in the lowest level whose slots reach its due time and moves
 * down as time passes. One that is restarted to a later time stays where it is until its old slot
 * comes up; that makes a restart per statement free.
 */
#ifndef BASE_TIMER_H
#define BASE_TIMER_H

#include "mx/timer.h"

#define BASE_TIMER_LEVELS 6
#define BASE_TIMER_SLOTS  64

struct base_wheel {
    int64_t now_ms;
    int64_t next_ms; /* when the first used slot comes up; -1: none is used, 0: to be found out */
    uint64_t used[BASE_TIMER_LEVELS];
    struct mx_list slots[BASE_TIMER_LEVELS][BASE_TIMER_SLOTS];
    struct mx_list due; /* taken from their slots, about to fire or to be placed again */
};

void base_wheel_init(struct base_wheel *wheel, int64_t now_ms);
/* Makes it the calling thread's wheel: the one mx_timer_start uses. */
void base_wheel_use(struct base_wheel *wheel);

/*
 * Milliseconds from now_ms until something is to be done at the latest; -1: nothing is running. May
 * be shorter than the time to the next timer, never longer.
 */
int64_t base_wheel_wait_ms(struct base_wheel *wheel, int64_t now_ms);

/* Fires every timer that is due; calls `after` (may be NULL) after each. Returns how many fired. */
int base_wheel_advance(struct base_wheel *wheel, int64_t now_ms, void (*after)(void *arg),
                       void *arg);

#endif
