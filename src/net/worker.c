/*
 * Owns the workers of the process: their life, their turns, messages and deferred calls. What a
 * turn serves lies behind net/io.h.
 */
#include "net/worker.h"

#include "base/clock.h"
#include "net/conn.h"
#include "net/loop.h"
#include "net/resolve.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Rounds at the end of a turn; what is still to do then is done by the next turn, without wait. */
#define END_ROUNDS 4

#define DEFAULT_LOOP LOOP_EPOLL

static struct {
    struct mx_worker *main;
    struct mx_worker **workers;
    int count;
    const struct net_engine *engine; /* of all of them; NULL: as the environment says */
} process;

static _Thread_local struct mx_worker *self;

struct mx_worker *
mx_worker_self(void)
{
    return self;
}

int
mx_worker_index(const struct mx_worker *worker)
{
    return worker->index;
}

int
mx_worker_count(void)
{
    return process.count;
}

struct mx_worker *
mx_worker_get(int index)
{
    if (index == MX_WORKER_MAIN) {
        return process.main;
    }
    return index >= 0 && index < process.count ? process.workers[index] : NULL;
}

const struct mx_worker_stats *
mx_worker_stats(const struct mx_worker *worker)
{
    return &worker->stats;
}

void
mx_worker_sessions_add(struct mx_worker *worker, int64_t delta)
{
    (void)mx_atomic_add(&worker->stats.sessions, delta);
}

const struct net_op_counts *
net_worker_counts(const struct mx_worker *worker)
{
    return &worker->counts;
}

int64_t
net_worker_cpu_us(const struct mx_worker *worker)
{
    clockid_t clock;
    struct timespec used;
    if (!worker->is_running || pthread_getcpuclockid(worker->thread, &clock) != 0 ||
        clock_gettime(clock, &used) != 0) {
        return 0;
    }
    return (int64_t)used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

void
net_worker_set_ops(const struct net_ops *ops)
{
    self->ops = ops != NULL ? ops : &net_ops_real;
}

/* Messages. */

void
mx_worker_post(struct mx_worker *worker, mx_worker_fn fn, void *arg)
{
    struct net_message *message = mx_alloc(sizeof(*message));
    *message = (struct net_message){.fn = fn, .arg = arg, .posted_ms = mx_now_ms()};
    (void)pthread_mutex_lock(&worker->lock);
    if (worker->last != NULL) {
        worker->last->next = message;
    } else {
        worker->first = message;
    }
    worker->last = message;
    bool is_asleep = mx_wake_add(&worker->wake);
    (void)pthread_mutex_unlock(&worker->lock);
    if (is_asleep) {
        worker->engine->wake(worker);
    }
}

static struct net_message *
take_messages(struct mx_worker *worker)
{
    (void)pthread_mutex_lock(&worker->lock);
    struct net_message *first = worker->first;
    worker->first = NULL;
    worker->last = NULL;
    mx_wake_clear(&worker->wake);
    (void)pthread_mutex_unlock(&worker->lock);
    return first;
}

static void
run_messages(struct mx_worker *worker)
{
    if (!mx_wake_has_work(&worker->wake)) {
        return;
    }
    struct net_message *message = take_messages(worker);
    while (message != NULL) {
        struct net_message *next = message->next;
        int64_t waited = mx_now_ms() - message->posted_ms;
        if (waited > mx_atomic_get(&worker->stats.queue_max_ms)) {
            mx_atomic_set(&worker->stats.queue_max_ms, waited);
        }
        message->fn(message->arg);
        free(message);
        net_worker_flush(worker);
        message = next;
    }
}

struct call {
    mx_worker_fn fn;
    void *arg;
    pthread_mutex_t lock;
    pthread_cond_t done_cond;
    bool is_done;
};

static void
run_call(void *arg)
{
    struct call *call = arg;
    call->fn(call->arg);
    (void)pthread_mutex_lock(&call->lock);
    call->is_done = true;
    (void)pthread_cond_signal(&call->done_cond);
    (void)pthread_mutex_unlock(&call->lock);
}

void
mx_worker_call(struct mx_worker *worker, mx_worker_fn fn, void *arg)
{
    if (worker == self) {
        fn(arg);
        return;
    }
    MX_ASSERT(self == NULL || self->index == MX_WORKER_MAIN);
    struct call call = {.fn = fn,
                        .arg = arg,
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .done_cond = PTHREAD_COND_INITIALIZER};
    mx_worker_post(worker, run_call, &call);
    (void)pthread_mutex_lock(&call.lock);
    while (!call.is_done) {
        (void)pthread_cond_wait(&call.done_cond, &call.lock);
    }
    (void)pthread_mutex_unlock(&call.lock);
    (void)pthread_cond_destroy(&call.done_cond);
    (void)pthread_mutex_destroy(&call.lock);
}

void
mx_worker_defer(mx_worker_fn fn, void *arg)
{
    MX_ASSERT(self != NULL);
    if (self->defer_count == self->defer_capacity) {
        self->defer_capacity = self->defer_capacity > 0 ? self->defer_capacity * 2 : 64;
        self->defers = mx_realloc(self->defers, self->defer_capacity * sizeof(*self->defers));
    }
    self->defers[self->defer_count++] = (struct net_defer){.fn = fn, .arg = arg};
}

static void
run_defers(struct mx_worker *worker)
{
    /* Those that they add themselves come in the next round. */
    size_t count = worker->defer_count;
    for (size_t i = 0; i < count; i++) {
        struct net_defer defer = worker->defers[i];
        defer.fn(defer.arg);
        net_worker_flush(worker);
    }
    size_t left = worker->defer_count - count;
    if (left > 0) {
        memmove(worker->defers, worker->defers + count, left * sizeof(*worker->defers));
    }
    worker->defer_count = left;
}

/* Turns. */

void
net_io_again(struct net_io *io)
{
    if (!mx_list_is_linked(&io->again)) {
        mx_list_append(&io->worker->again, &io->again);
    }
}

static void
run_again(struct mx_worker *worker)
{
    struct mx_list now;
    mx_list_init(&now);
    while (!mx_list_is_empty(&worker->again)) {
        struct mx_list *node = worker->again.next;
        mx_list_remove(node);
        mx_list_append(&now, node);
    }
    while (!mx_list_is_empty(&now)) {
        struct net_io *io = mx_container_of(now.next, struct net_io, again);
        mx_list_remove(&io->again);
        io->events->again(io);
        net_worker_flush(worker);
    }
}

static void
flush_after_timer(void *arg)
{
    net_worker_flush(arg);
}

static bool
has_end_work(const struct mx_worker *worker)
{
    return worker->defer_count > 0 || !mx_list_is_empty(&worker->closing);
}

static uint32_t
average(const uint8_t *values, uint32_t count)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += values[i];
    }
    return count > 0 ? sum / count : 0;
}

/* How many of the 60 places are filled after so many samples. */
static uint32_t
filled(uint32_t samples)
{
    return samples < 60 ? samples : 60;
}

static void
sample_load(struct mx_timer *timer)
{
    struct mx_worker *worker = mx_container_of(timer, struct mx_worker, load.timer);
    struct net_load *load = &worker->load;
    int64_t now_us = mx_clock_us();
    int64_t busy_us = load->busy_us + (now_us - worker->awake_us);
    int64_t percent = busy_us * 100 / (now_us - load->since_us + 1);
    percent = percent > 100 ? 100 : percent;
    load->since_us = now_us;
    load->busy_us = worker->awake_us - now_us; /* the rest of this turn is added at its end */
    load->seconds[load->samples % 60] = (uint8_t)percent;
    uint32_t minute = average(load->seconds, filled(load->samples + 1));
    load->minutes[load->samples / 60 % 60] = (uint8_t)minute;
    uint32_t hour = average(load->minutes, filled(load->samples / 60 + 1));
    load->samples++;
    mx_atomic_set(&worker->stats.load_second, percent);
    mx_atomic_set(&worker->stats.load_minute, (int64_t)minute);
    mx_atomic_set(&worker->stats.load_hour, (int64_t)hour);
    mx_timer_restart(timer, 1000);
}

void
net_worker_awake(struct mx_worker *worker, int events)
{
    mx_wake_awake(&worker->wake);
    worker->awake_us = mx_clock_us();
    int64_t now_ms = worker->awake_us / 1000;
    base_clock_cache_us(worker->awake_us);
    mx_atomic_bump(&worker->stats.turns, 1);
    mx_atomic_set(&worker->stats.last_turn_ms, now_ms);
    if (events > 0) {
        mx_atomic_bump(&worker->stats.events, events);
        if (events > mx_atomic_get(&worker->stats.queue_max)) {
            mx_atomic_set(&worker->stats.queue_max, events);
        }
    }
}

static int
turn_timeout(struct mx_worker *worker, int max_wait_ms, int64_t now_ms)
{
    if (has_end_work(worker) || !mx_list_is_empty(&worker->again) ||
        !mx_list_is_empty(&worker->dead) || worker->is_stopping) {
        return 0;
    }
    int64_t wait_ms = base_wheel_wait_ms(&worker->wheel, now_ms);
    if (wait_ms < 0 || (max_wait_ms >= 0 && wait_ms > max_wait_ms)) {
        wait_ms = max_wait_ms;
    }
    if (wait_ms != 0 && !mx_wake_may_sleep(&worker->wake)) {
        wait_ms = 0;
    }
    return wait_ms > INT32_MAX ? INT32_MAX : (int)wait_ms;
}

/* Returns the time: the next turn may begin with it. */
static int64_t
end_turn(struct mx_worker *worker)
{
    for (int round = 0; round < END_ROUNDS && has_end_work(worker); round++) {
        run_defers(worker);
        net_conns_end(worker);
    }
    if (!mx_list_is_empty(&worker->dead)) {
        net_conns_free_dead(worker);
    }
    int64_t now_us = mx_clock_us();
    int64_t busy_us = now_us - worker->awake_us;
    worker->load.busy_us += busy_us;
    if (busy_us / 1000 > mx_atomic_get(&worker->stats.exec_max_ms)) {
        mx_atomic_set(&worker->stats.exec_max_ms, busy_us / 1000);
    }
    return now_us;
}

static int64_t
turn(struct mx_worker *worker, int max_wait_ms, int64_t now_us)
{
    worker->engine->turn(worker, turn_timeout(worker, max_wait_ms, now_us / 1000));
    (void)base_wheel_advance(&worker->wheel, mx_now_ms(), flush_after_timer, worker);
    run_messages(worker);
    run_again(worker);
    return end_turn(worker);
}

void
net_worker_turn(int max_wait_ms)
{
    struct mx_worker *worker = self;
    net_worker_flush(worker); /* what was written outside a turn */
    (void)turn(worker, max_wait_ms, mx_clock_us());
    if (max_wait_ms >= 0) {
        net_worker_flush_all(worker); /* the caller has other things to do before the next turn */
    }
}

void
net_worker_run(void)
{
    struct mx_worker *worker = self;
    net_worker_flush(worker);
    int64_t now_us = mx_clock_us();
    while (!worker->is_stopping) {
        now_us = turn(worker, -1, now_us);
    }
    net_worker_flush_all(worker);
    worker->is_stopping = false;
}

static void
stop_here(void *arg)
{
    struct mx_worker *worker = arg;
    worker->is_stopping = true;
}

void
net_worker_stop(struct mx_worker *worker)
{
    mx_worker_post(worker, stop_here, worker);
}

/* Life. */

static void
become(struct mx_worker *worker)
{
    self = worker;
    (void)base_pool_use(worker != NULL ? &worker->pool : NULL);
    base_wheel_use(worker != NULL ? &worker->wheel : NULL);
    base_clock_cache_us(worker != NULL ? mx_clock_us() : 0);
}

static void
worker_free(struct mx_worker *worker)
{
    struct mx_worker *before = self;
    become(worker);
    net_conns_drop(worker);
    net_resolver_free(worker);
    become(before == worker ? NULL : before);
    struct net_message *message = worker->first;
    while (message != NULL) {
        struct net_message *next = message->next;
        free(message);
        message = next;
    }
    worker->engine->close(worker);
    base_pool_fini(&worker->pool);
    (void)pthread_mutex_destroy(&worker->lock);
    free(worker->defers);
    free(worker->scratch);
    free(worker->tls_buffer);
    free(worker);
}

void
net_workers_use(const struct net_engine *engine)
{
    process.engine = engine;
}

/* What MAXSCALE_LOOP says. */
enum loop {
    LOOP_EPOLL,
    LOOP_URING,
    LOOP_AUTO /* io_uring where the kernel has and allows it */
};

static int
read_loop(enum loop *loop, struct mx_err *err)
{
    const char *name = getenv("MAXSCALE_LOOP");
    *loop = DEFAULT_LOOP;
    if (name == NULL) {
        return 0;
    }
    static const char *const names[] = {"epoll", "uring", "auto"};
    for (size_t i = 0; i < MX_COUNT(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            *loop = (enum loop)i;
            return 0;
        }
    }
    return mx_err_text(err,
                       "the environment variable MAXSCALE_LOOP is '%s'; it may be epoll, uring or "
                       "auto",
                       name);
}

/* The ring where the kernel lets us, and its waiting is not told as waiting for a disk. */
static int
open_automatic(struct mx_worker *worker)
{
    worker->engine = &net_engine_uring;
    int rc = worker->engine->open(worker);
    if (rc == 0 && net_uring_waits_as_idle(worker)) {
        return 0;
    }
    if (rc == 0) {
        worker->engine->close(worker);
    }
    worker->engine = &net_engine_epoll;
    return worker->engine->open(worker);
}

static int
open_engine(struct mx_worker *worker, struct mx_err *err)
{
    enum loop loop;
    if (read_loop(&loop, err) != 0) {
        return -1;
    }
    if (worker->index == MX_WORKER_MAIN) {
        loop = LOOP_EPOLL; /* it has little to do */
    }
    int rc = 0;
    if (process.engine == NULL && loop == LOOP_AUTO) {
        rc = open_automatic(worker);
    } else {
        worker->engine = loop == LOOP_URING ? &net_engine_uring : &net_engine_epoll;
        worker->engine = process.engine != NULL ? process.engine : worker->engine;
        rc = worker->engine->open(worker);
    }
    if (rc != 0 && worker->engine == &net_engine_uring) {
        return mx_err_text(
            err,
            "cannot make an io_uring for a worker: %s; it takes a kernel of 6.1 or "
            "later that allows it (sysctl kernel.io_uring_disabled, the profile of a "
            "container, the limit on locked memory: ulimit -l): set MAXSCALE_LOOP to epoll or auto",
            strerrordesc_np(-rc));
    }
    return rc == 0 ? 0
                   : mx_err_text(err,
                                 "cannot make the event loop of a worker: %s; check the limit on "
                                 "open files (ulimit -n)",
                                 strerrordesc_np(-rc));
}

static int
worker_new(int index, struct mx_worker **out, struct mx_err *err)
{
    struct mx_worker *worker = mx_calloc_lines(1, sizeof(*worker));
    worker->index = index;
    worker->engine = &net_engine_epoll;
    worker->ops = &net_ops_real;
    worker->epoll_fd = -1;
    worker->wake_fd = -1;
    worker->awake_us = mx_clock_us();
    worker->load.since_us = worker->awake_us;
    worker->load.timer.fn = sample_load;
    mx_atomic_set(&worker->stats.last_turn_ms, worker->awake_us / 1000);
    base_pool_init(&worker->pool);
    base_wheel_init(&worker->wheel, worker->awake_us / 1000);
    mx_list_init(&worker->conns);
    mx_list_init(&worker->again);
    mx_list_init(&worker->closing);
    mx_list_init(&worker->dead);
    (void)pthread_mutex_init(&worker->lock, NULL);
    worker->scratch = mx_alloc(NET_SCRATCH_LEN);
    if (open_engine(worker, err) != 0) {
        worker_free(worker);
        return -1;
    }
    *out = worker;
    return 0;
}

int
net_workers_init(int count, struct mx_err *err)
{
    (void)signal(SIGPIPE, SIG_IGN);
    if (worker_new(MX_WORKER_MAIN, &process.main, err) != 0) {
        return -1;
    }
    process.workers = mx_calloc((size_t)count, sizeof(struct mx_worker *));
    for (int i = 0; i < count; i++) {
        if (worker_new(i, &process.workers[i], err) != 0) {
            net_workers_fini();
            return -1;
        }
        process.count = i + 1;
    }
    become(process.main);
    mx_timer_restart(&process.main->load.timer, 1000);
    return 0;
}

static void *
worker_thread(void *arg)
{
    struct mx_worker *worker = arg;
    char name[16];
    (void)snprintf(name, sizeof(name), "worker-%d", worker->index);
    (void)pthread_setname_np(pthread_self(), name);
    become(worker);
    mx_atomic_set(&worker->tid, gettid());
    mx_timer_restart(&worker->load.timer, 1000);
    net_worker_run();
    mx_timer_stop(&worker->load.timer);
    become(NULL);
    return NULL;
}

int
net_workers_start(struct mx_err *err)
{
    sigset_t all;
    sigset_t before;
    int rc = 0;
    (void)sigfillset(&all);
    /* Signals are the main thread's; the ones of our own faults stay with whoever made them. */
    (void)sigdelset(&all, SIGSEGV);
    (void)sigdelset(&all, SIGBUS);
    (void)sigdelset(&all, SIGFPE);
    (void)sigdelset(&all, SIGILL);
    (void)sigdelset(&all, SIGABRT);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    for (int i = 0; i < process.count && rc == 0; i++) {
        struct mx_worker *worker = process.workers[i];
        rc = pthread_create(&worker->thread, NULL, worker_thread, worker);
        worker->is_running = rc == 0;
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0) {
        net_workers_stop();
        return mx_err_text(err,
                           "cannot start a worker thread: %s; lower 'threads' or raise the "
                           "limit on processes (ulimit -u)",
                           strerrordesc_np(rc));
    }
    return 0;
}

void
net_workers_stop(void)
{
    for (int i = 0; i < process.count; i++) {
        if (process.workers[i]->is_running) {
            net_worker_stop(process.workers[i]);
        }
    }
    for (int i = 0; i < process.count; i++) {
        if (process.workers[i]->is_running) {
            (void)pthread_join(process.workers[i]->thread, NULL);
            process.workers[i]->is_running = false;
        }
    }
}

void
net_workers_fini(void)
{
    for (int i = 0; i < process.count; i++) {
        worker_free(process.workers[i]);
    }
    free(process.workers);
    if (process.main != NULL) {
        mx_timer_stop(&process.main->load.timer);
        worker_free(process.main);
    }
    process.workers = NULL;
    process.count = 0;
    process.main = NULL;
}
