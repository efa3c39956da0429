/* Measures workers for scheduling.c on the main thread, and gives their threads its policy. */
#include "core/scheduling.h"
#include "mx/log.h"
#include "net/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct meter {
    struct core_scheduling scheduling;
    struct net_sched_times times; /* at the last look */
    int64_t reads;
    bool is_left_alone; /* somebody else chose its policy, or the kernel refuses */
};

/* The scheduling's part of the process object; the main thread's. */
static struct {
    struct meter *meters;
    int count;
    int64_t looked_us;
} all;

static void
leave_alone(struct meter *meter, const struct mx_worker *worker, int error)
{
    meter->is_left_alone = true;
    if (error != EBUSY) {
        mx_log_warning(NULL,
                       "cannot change the scheduling policy of thread worker-%d: %s; statements "
                       "cost more while all processors are busy: allow sched_setscheduler in the "
                       "filter of system calls (seccomp) of this process",
                       mx_worker_index(worker), strerrordesc_np(error));
    }
}

static void
set_policy(struct meter *meter, const struct mx_worker *worker, bool is_batch)
{
    int rc = net_worker_set_batch(worker, is_batch);
    if (rc != 0) {
        leave_alone(meter, worker, -rc);
    }
}

static void
look_at(struct meter *meter, const struct mx_worker *worker, int64_t passed_us)
{
    struct core_scheduling_look look = {.passed_us = passed_us,
                                        .reads = mx_atomic_get(&mx_worker_stats(worker)->reads) -
                                                 meter->reads};
    bool was_batch = meter->scheduling.is_batch;
    if (look.reads == 0 && !was_batch) {
        return; /* idle */
    }
    struct net_sched_times times;
    bool is_batch = false;
    if (net_worker_sched_times(worker, &times)) { /* else nobody knows what it does to clients */
        look.ran_us = times.ran_us - meter->times.ran_us;
        look.waited_us = times.waited_us - meter->times.waited_us;
        meter->times = times;
        is_batch = core_scheduling_decide(&meter->scheduling, &look);
    }
    meter->reads += look.reads;
    meter->scheduling.is_batch = is_batch;
    if (is_batch != was_batch) {
        set_policy(meter, worker, is_batch);
    }
}

void
core_scheduling_look(void)
{
    int64_t now_us = mx_clock_us();
    for (int i = 0; i < all.count; i++) {
        if (!all.meters[i].is_left_alone) {
            look_at(&all.meters[i], mx_worker_get(i), now_us - all.looked_us);
        }
    }
    all.looked_us = now_us;
}

void
core_scheduling_start(void)
{
    all.count = mx_worker_count();
    all.meters = mx_calloc((size_t)all.count, sizeof(*all.meters));
    all.looked_us = mx_clock_us();
}

void
core_scheduling_stop(void)
{
    free(all.meters);
    all.meters = NULL;
    all.count = 0;
}
