/*
 * Monitor threads: start, stop, the timing of ticks, and waiting for them.
 */
#include "core/monitor_run.h"

#include "mx/log.h"
#include "mx/timer.h"

#include <errno.h>
#include <fcntl.h>
#include <mysql.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Least pause between two ticks, also when something asks for one at once. */
#define PAUSE_MIN_MS 10
/* The interval is at least this long, whatever is configured. */
#define INTERVAL_MIN_MS 100
#define WATCH_MAX       256

struct core_monitor_runtime *
core_monitor_runtime_new(const char *name)
{
    struct core_monitor_runtime *rt = mx_calloc(1, sizeof(*rt));
    pthread_condattr_t attributes;
    mx_ref_init(&rt->ref);
    rt->name = mx_strdup(name);
    rt->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (rt->wake_fd < 0) {
        MX_BUG("no descriptor for a monitor");
    }
    rt->state = "Stopped";
    MX_ASSERT(pthread_mutex_init(&rt->lock, NULL) == 0);
    MX_ASSERT(pthread_condattr_init(&attributes) == 0);
    MX_ASSERT(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    MX_ASSERT(pthread_cond_init(&rt->changed, &attributes) == 0);
    (void)pthread_condattr_destroy(&attributes);
    return rt;
}

void
core_monitor_runtime_ref(struct core_monitor_runtime *rt)
{
    mx_ref_get(&rt->ref);
}

void
core_monitor_runtime_unref(struct core_monitor_runtime *rt)
{
    if (rt == NULL || !mx_ref_put(&rt->ref)) {
        return;
    }
    MX_ASSERT(mx_atomic_get(&rt->is_running) == 0);
    core_monitor_command_clear(&rt->command);
    json_decref(rt->diagnostics);
    json_decref(rt->server_diagnostics);
    (void)close(rt->wake_fd);
    (void)pthread_cond_destroy(&rt->changed);
    (void)pthread_mutex_destroy(&rt->lock);
    free(rt->name);
    free(rt);
}

static void
wake(struct core_monitor_runtime *rt)
{
    uint64_t one = 1;
    /* a full counter wakes as well */
    ssize_t n = write(rt->wake_fd, &one, sizeof(one));
    (void)n;
}

static void
tick(struct mx_monitor *monitor)
{
    struct core_monitor_runtime *rt = monitor->rt;
    (void)pthread_mutex_lock(&rt->lock);
    rt->ticks_begun++;
    (void)pthread_mutex_unlock(&rt->lock);
    core_monitor_apply_requests(monitor);
    mx_monitor_set_state(monitor, "Monitoring servers");
    monitor->module->monitor->tick(rt->instance);
    mx_monitor_set_state(monitor, "Idle");
    core_monitor_journal_tick(monitor);
    (void)mx_atomic_add(&rt->ticks, 1);
    (void)pthread_mutex_lock(&rt->lock);
    rt->ticks_done = rt->ticks_begun;
    (void)pthread_cond_broadcast(&rt->changed);
    (void)pthread_mutex_unlock(&rt->lock);
}

/* Until the next tick is due, somebody wakes the monitor, or a watched descriptor moves. */
static void
pause_until(struct mx_monitor *monitor, int64_t due_ms)
{
    struct core_monitor_runtime *rt = monitor->rt;
    struct pollfd polls[WATCH_MAX + 1];
    int fds[WATCH_MAX];
    size_t count = 0;
    int64_t left_ms = due_ms - mx_now_ms();
    if (left_ms < PAUSE_MIN_MS) {
        left_ms = PAUSE_MIN_MS;
    }
    if (monitor->module->monitor->watch != NULL) {
        count = monitor->module->monitor->watch(rt->instance, fds, WATCH_MAX);
    }
    polls[0] = (struct pollfd){.fd = rt->wake_fd, .events = POLLIN};
    for (size_t i = 0; i < count; i++) {
        polls[i + 1] = (struct pollfd){.fd = fds[i], .events = POLLIN | POLLRDHUP};
    }
    int timeout = left_ms > INT32_MAX ? INT32_MAX : (int)left_ms;
    if (poll(polls, count + 1, timeout) > 0 && polls[0].revents != 0) {
        uint64_t value;
        ssize_t n = read(rt->wake_fd, &value, sizeof(value));
        (void)n;
    }
}

static void *
run(void *argument)
{
    struct mx_monitor *monitor = argument;
    struct core_monitor_runtime *rt = monitor->rt;
    int64_t interval_ms = monitor->config.monitor_interval_ms;
    if (interval_ms < INTERVAL_MIN_MS) {
        interval_ms = INTERVAL_MIN_MS;
    }
    while (mx_atomic_get(&rt->is_stopping) == 0) {
        int64_t began_ms = mx_now_ms();
        rt->within_ms = interval_ms;
        tick(monitor);
        if (mx_atomic_get(&rt->is_stopping) != 0 || core_monitor_command_run(monitor)) {
            continue;
        }
        int64_t due_ms = began_ms + interval_ms;
        int64_t earliest_ms = mx_now_ms() + rt->within_ms;
        /* a long tick does not make the next one follow without a pause */
        if (due_ms < mx_now_ms() + INTERVAL_MIN_MS) {
            due_ms = mx_now_ms() + INTERVAL_MIN_MS;
        }
        pause_until(monitor, earliest_ms < due_ms ? earliest_ms : due_ms);
    }
    return NULL;
}

int
core_monitor_start(struct mx_monitor *monitor, struct mx_err *err)
{
    struct core_monitor_runtime *rt = monitor->rt;
    char name[16];
    if (mx_atomic_get(&rt->is_running) != 0) {
        return mx_err_text(err, "Monitor '%s' is running already.", monitor->name);
    }
    mx_atomic_set(&rt->is_stopping, 0);
    mx_atomic_set(&rt->is_cancelled, 0);
    rt->version = monitor;
    rt->is_journal_due = true;
    rt->journal_saved_ms = 0;
    rt->instance = monitor->module->monitor->instance_new(monitor, monitor->module_config, err);
    if (rt->instance == NULL) {
        rt->version = NULL;
        return -1;
    }
    core_monitor_ref(monitor);
    core_monitor_journal_load(monitor);
    int rc = pthread_create(&rt->thread, NULL, run, monitor);
    if (rc != 0) {
        monitor->module->monitor->instance_free(rt->instance);
        rt->instance = NULL;
        rt->version = NULL;
        core_monitor_unref(monitor);
        return mx_err_text(err, "Monitor '%s' got no thread: %s", monitor->name,
                           strerrordesc_np(rc));
    }
    (void)strncpy(name, monitor->name, sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    (void)pthread_setname_np(rt->thread, name);
    mx_atomic_set(&rt->is_running, 1);
    return 0;
}

void
core_monitor_stop(struct mx_monitor *monitor)
{
    struct core_monitor_runtime *rt = monitor->rt;
    if (mx_atomic_get(&rt->is_running) == 0) {
        return;
    }
    struct mx_monitor *version = rt->version;
    mx_atomic_set(&rt->is_stopping, 1);
    mx_atomic_set(&rt->is_cancelled, 1);
    wake(rt);
    (void)pthread_join(rt->thread, NULL);
    core_monitor_journal_save(version);
    version->module->monitor->instance_free(rt->instance);
    rt->instance = NULL;
    rt->version = NULL;
    mx_monitor_set_state(version, "Stopped");
    mx_atomic_set(&rt->is_running, 0);
    core_monitor_command_abort(rt);
    core_monitor_unref(version);
}

size_t
core_monitor_start_all(const struct core_registry *registry)
{
    size_t failed = 0;
    /* Here there is one thread yet; the client library's own start is not for several. */
    (void)mysql_library_init(0, NULL, NULL);
    for (size_t i = 0; i < registry->monitor_count; i++) {
        struct mx_err err = {0};
        if (core_monitor_start(registry->monitors[i], &err) != 0) {
            struct mx_log_ctx ctx = {.object = registry->monitors[i]->name};
            mx_log_error(&ctx, "Monitor '%s' could not be started: %s", registry->monitors[i]->name,
                         err.text);
            failed++;
        }
    }
    return failed;
}

void
core_monitor_stop_all(const struct core_registry *registry)
{
    for (size_t i = 0; i < registry->monitor_count; i++) {
        struct core_monitor_runtime *rt = registry->monitors[i]->rt;
        mx_atomic_set(&rt->is_stopping, 1);
        mx_atomic_set(&rt->is_cancelled, 1);
        wake(rt);
    }
    for (size_t i = 0; i < registry->monitor_count; i++) {
        core_monitor_stop(registry->monitors[i]);
    }
}

bool
core_monitor_running(const struct mx_monitor *monitor)
{
    return mx_atomic_get(&monitor->rt->is_running) != 0;
}

int64_t
core_monitor_ticks(const struct mx_monitor *monitor)
{
    return mx_atomic_get(&monitor->rt->ticks);
}

void
core_monitor_wake(struct mx_monitor *monitor)
{
    wake(monitor->rt);
}

static void
deadline_after(int64_t timeout_ms, struct timespec *out)
{
    (void)clock_gettime(CLOCK_MONOTONIC, out);
    out->tv_sec += (time_t)(timeout_ms / 1000);
    out->tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (out->tv_nsec >= 1000000000) {
        out->tv_sec++;
        out->tv_nsec -= 1000000000;
    }
}

int
core_monitor_wait_tick(struct mx_monitor *monitor, int64_t timeout_ms)
{
    struct core_monitor_runtime *rt = monitor->rt;
    struct timespec deadline;
    int rc = 0;
    deadline_after(timeout_ms, &deadline);
    (void)pthread_mutex_lock(&rt->lock);
    uint64_t wanted = rt->ticks_begun + 1;
    wake(rt);
    while (rt->ticks_done < wanted && rc == 0) {
        if (mx_atomic_get(&rt->is_running) == 0 || mx_atomic_get(&rt->is_stopping) != 0) {
            rc = -1;
        } else if (pthread_cond_timedwait(&rt->changed, &rt->lock, &deadline) == ETIMEDOUT) {
            rc = rt->ticks_done < wanted ? -1 : 0;
        }
    }
    (void)pthread_mutex_unlock(&rt->lock);
    return rc;
}

void
core_monitor_wait_first_ticks(const struct core_registry *registry, int64_t timeout_ms)
{
    struct timespec deadline;
    deadline_after(timeout_ms, &deadline);
    for (size_t i = 0; i < registry->monitor_count; i++) {
        struct core_monitor_runtime *rt = registry->monitors[i]->rt;
        (void)pthread_mutex_lock(&rt->lock);
        while (rt->ticks_done == 0 && mx_atomic_get(&rt->is_running) != 0) {
            if (pthread_cond_timedwait(&rt->changed, &rt->lock, &deadline) != 0) {
                break;
            }
        }
        (void)pthread_mutex_unlock(&rt->lock);
    }
}
