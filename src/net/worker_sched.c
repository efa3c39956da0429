/* A worker's thread as the kernel's scheduler sees it: how long it ran and waited, and its policy.
 */
#include "net/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Two numbers of nanoseconds and one of slices, each with at most 20 digits (proc(5)). */
#define SCHEDSTAT_LEN 80

bool
net_worker_sched_times(const struct mx_worker *worker, struct net_sched_times *times)
{
    char path[64];
    char text[SCHEDSTAT_LEN];
    int64_t tid = mx_atomic_get(&worker->tid);
    *times = (struct net_sched_times){0};
    if (tid == 0) {
        return true;
    }
    (void)snprintf(path, sizeof(path), "/proc/self/task/%" PRId64 "/schedstat", tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t len = read(fd, text, sizeof(text) - 1);
    (void)close(fd);
    if (len <= 0) {
        return false;
    }
    text[len] = '\0';
    char *end = text;
    times->ran_us = strtoll(text, &end, 10) / 1000;
    char *waited = end;
    times->waited_us = strtoll(waited, &end, 10) / 1000;
    return end != waited;
}

int
net_worker_set_batch(const struct mx_worker *worker, bool is_batch)
{
    pid_t tid = (pid_t)mx_atomic_get(&worker->tid);
    int from = is_batch ? SCHED_OTHER : SCHED_BATCH;
    int now = tid > 0 ? sched_getscheduler(tid) : -1;
    if (now < 0) {
        return tid > 0 ? -errno : -ESRCH;
    }
    if (now != from) {
        return -EBUSY;
    }
    struct sched_param param = {.sched_priority = 0};
    return sched_setscheduler(tid, is_batch ? SCHED_BATCH : SCHED_OTHER, &param) == 0 ? 0 : -errno;
}
