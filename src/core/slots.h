/*
 * The places of max_routing_connections of one server, and the queue of those who wait for one. All
 * workers share them: the one thing here that is behind a lock, taken when a connection is opened
 * or closed, never for a statement. A place that is given back while somebody waits goes to the one
 * who waits longest, whichever worker it is on.
 */
#ifndef CORE_SLOTS_H
#define CORE_SLOTS_H

#include "mx/atomic.h"
#include "mx/list.h"

#include <pthread.h>

struct core_slots {
    pthread_mutex_t lock;
    int64_t taken;
    struct mx_list queue;
    struct mx_atomic waiting; /* length of the queue, to be read without the lock */
};

/* One who waits. Zeroed: it does not. */
struct core_slot_wait {
    struct mx_list node; /* private */
    int64_t limit;       /* as it was when the waiting began */
    int worker;          /* to be told */
};

void core_slots_init(struct core_slots *slots);
void core_slots_fini(struct core_slots *slots);

/* A place; limit 0: there is always one. False: none is free, or others wait. */
bool core_slots_take(struct core_slots *slots, int64_t limit);
/* The same; when there is none `wait` joins the queue. */
bool core_slots_take_or_wait(struct core_slots *slots, int64_t limit, struct core_slot_wait *wait);
/* A place is given back. Not NULL: it is this one's now, who is in the queue no more. */
MX_MUST_USE struct core_slot_wait *core_slots_give(struct core_slots *slots);
/* The limit may have been raised. Not NULL: this one has got a place; ask again. */
MX_MUST_USE struct core_slot_wait *core_slots_raised(struct core_slots *slots, int64_t limit);
/* Out of the queue, if it is the first one there: the caller has a connection for it. */
bool core_slots_call(struct core_slots *slots, struct core_slot_wait *wait);
/* It waits no more. False: it was given a place a moment ago. */
bool core_slots_leave(struct core_slots *slots, struct core_slot_wait *wait);

#endif
