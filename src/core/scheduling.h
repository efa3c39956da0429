/*
 * Whether a worker's thread interrupts others when it wakes up. Under the kernel's batch policy
 * (SCHED_BATCH) it does not: on a machine whose processors are all taken it then finds the events
 * of many sessions when its turn comes, instead of waking up for each. Whether that pays depends on
 * who else wants the processors, so it is tried out: both policies in turn for a few looks, then
 * the better one for a while (docs/decisions/0022).
 *
 * The decision is a pure function of what was counted; scheduling_run.c measures and carries out.
 */
#ifndef CORE_SCHEDULING_H
#define CORE_SCHEDULING_H

#include "mx/base.h"

/* What a worker did between two looks, under the policy that the first of them chose. */
struct core_scheduling_look {
    int64_t passed_us;
    int64_t ran_us;
    int64_t waited_us; /* ready to run, and another thread had the processor */
    int64_t reads;     /* events served */
};

struct core_scheduling_sum {
    double ran_us;
    double reads;
};

struct core_scheduling {
    bool is_batch;   /* now */
    bool has_won;    /* the batch policy did, the last time both were tried */
    uint32_t trial;  /* looks of the trial that is under way, the running one counted; 0: none */
    uint32_t hold;   /* looks between trials; 0: there was none yet */
    uint32_t left;   /* of these */
    uint32_t quiet;  /* looks in a row that saw hardly any work */
    uint32_t stalls; /* looks at the batch policy in a row that saw nearly nothing but waiting */
    struct core_scheduling_sum sums[2]; /* of the trial: usual, batch */
};

/* Returns is_batch: the policy until the next look. */
bool core_scheduling_decide(struct core_scheduling *scheduling,
                            const struct core_scheduling_look *look);

/* ------------------------------------------------------------ in the running program */

/* From the main thread, when the workers run. */
void core_scheduling_start(void);
void core_scheduling_stop(void);
/* One look at all workers; those that are idle cost nothing. */
void core_scheduling_look(void);

#endif
