/*
 * systemd: ready, stopping, and the watchdog. The watchdog is fed only when every worker has run a
 * message since the last round, so that a worker that hangs ends in a restart.
 *
 * What is said is a datagram to the socket that NOTIFY_SOCKET names. libsystemd, which would do the
 * same, brings seven more libraries and a megabyte along.
 */
#include "app/app.h"
#include "mx/atomic.h"
#include "mx/log.h"
#include "mx/timer.h"
#include "mx/worker.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Part of the process object: the rounds of the watchdog. */
static struct {
    struct mx_timer timer;
    int64_t interval_ms; /* 0: off */
    int64_t silent_ms[CORE_WORKERS_MAX];
    struct mx_atomic answered[CORE_WORKERS_MAX];
} watchdog;

/* To a path, or with @ in front to a name of the kernel's. Who does not listen is not told. */
static void
tell(const char *what)
{
    const char *name = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t len = name == NULL ? 0 : strlen(name);
    if (len < 2 || len >= sizeof(to.sun_path) || (name[0] != '/' && name[0] != '@')) {
        return;
    }
    memcpy(to.sun_path, name, len);
    if (name[0] == '@') {
        to.sun_path[0] = '\0';
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        (void)sendto(fd, what, strlen(what), MSG_NOSIGNAL, (const struct sockaddr *)&to,
                     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
        (void)close(fd);
    }
}

void
app_notify_ready(void)
{
    tell("READY=1");
}

void
app_notify_stopping(void)
{
    tell("STOPPING=1");
}

static void
answer(void *arg)
{
    mx_atomic_set(arg, 1);
}

static void
look_round(struct mx_timer *timer)
{
    bool all = true;
    for (int i = 0; i < mx_worker_count(); i++) {
        if (mx_atomic_get(&watchdog.answered[i]) != 0) {
            watchdog.silent_ms[i] = 0;
            mx_atomic_set(&watchdog.answered[i], 0);
            mx_worker_post(mx_worker_get(i), answer, &watchdog.answered[i]);
            continue;
        }
        all = false;
        watchdog.silent_ms[i] += watchdog.interval_ms;
        mx_log_warning(NULL,
                       "Thread 'worker-%d' has not reported back in %lld seconds; systemd will "
                       "restart the program when that goes on.",
                       i, (long long)(watchdog.silent_ms[i] / 1000));
    }
    if (all) {
        tell("WATCHDOG=1");
    }
    mx_timer_restart(timer, watchdog.interval_ms);
}

void
app_watchdog_start(void)
{
    const char *text = getenv("WATCHDOG_USEC");
    long long limit_us = text != NULL ? strtoll(text, NULL, 10) : 0;
    if (limit_us <= 0) {
        return;
    }
    watchdog.interval_ms = limit_us / 2000;
    for (int i = 0; i < mx_worker_count(); i++) {
        mx_worker_post(mx_worker_get(i), answer, &watchdog.answered[i]);
    }
    mx_timer_start(&watchdog.timer, look_round, watchdog.interval_ms);
    mx_log_notice(NULL, "The systemd watchdog is served every %lld seconds.",
                  (long long)(watchdog.interval_ms / 1000));
}

void
app_watchdog_stop(void)
{
    if (watchdog.interval_ms > 0) {
        mx_timer_stop(&watchdog.timer);
        watchdog.interval_ms = 0;
    }
}
