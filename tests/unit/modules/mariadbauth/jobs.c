#include "jobs.h"

static struct {
    void (*work)(void *job);
    void (*drop)(void *job);
    void *job;
} waiting;

void
mx_auth_run(struct mx_auth_wait *wait MX_UNUSED, void (*work)(void *job), void (*drop)(void *job),
            void *job)
{
    MX_ASSERT(waiting.job == NULL);
    waiting.work = work;
    waiting.drop = drop;
    waiting.job = job;
}

void *
jobs_run(void)
{
    void *job = waiting.job;
    waiting.job = NULL;
    if (job != NULL) {
        waiting.work(job);
    }
    return job;
}

void
jobs_drop(void)
{
    if (waiting.job != NULL) {
        waiting.drop(waiting.job);
        waiting.job = NULL;
    }
}
