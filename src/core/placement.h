/*
 * On which worker sessions live. Waking up is most of what a statement costs, and a worker that
 * carries many sessions wakes up less often for each: so sessions are gathered on as few workers as
 * can carry the load, and spread when those get busy (docs/decisions/0006). With rebalance_period
 * set they are spread evenly, and levelled as rebalance_threshold and rebalance_window say.
 *
 * The decisions are pure functions of the load; placement_run.c measures and carries out.
 */
#ifndef CORE_PLACEMENT_H
#define CORE_PLACEMENT_H

#include "core/session_move.h"

struct core_placement_load {
    uint32_t percent; /* of one processor, used by the worker's thread */
    int64_t sessions;
};

struct core_placement {
    int active;     /* workers 0 .. active-1 take sessions */
    uint32_t hot;   /* looks in a row that asked for one more */
    uint32_t calm;  /* ... for one less */
    uint32_t askew; /* ... for levelling */
};

/* At most this many orders come of one look. */
#define CORE_PLACEMENT_ORDERS CORE_WORKERS_MAX

/* One look at the load; returns how many orders were put into `out`. */
size_t core_placement_gather(struct core_placement *placement,
                             const struct core_placement_load *loads, int count,
                             struct core_move_order *out);

/*
 * rebalance_period: the difference between the busiest and the idlest worker is to be at most
 * `threshold` percent points. True: out is filled.
 */
bool core_placement_level(const struct core_placement_load *loads, int count, uint32_t threshold,
                          struct core_move_order *out);

/* ------------------------------------------------------------ in the running program */

/* From the main thread, when the workers run. */
void core_placement_start(void);
void core_placement_stop(void);
/* For a new session, on the worker that accepts: the caller counts it there at once. */
struct mx_worker *core_placement_choose(void);
/* That serves the next listening socket. */
struct mx_worker *core_placement_listening(void);
/* REST: levels now, whatever rebalance_period says; as core_main_call. */
int core_placement_level_now(uint32_t threshold);

#endif
