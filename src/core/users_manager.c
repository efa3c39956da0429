/*
 * The thread that keeps the accounts of a service fresh. `lock` guards everything but what only the
 * thread itself uses; it is never held over a load.
 */
#include "core/users_manager.h"

#include "mx/log.h"
#include "mx/timer.h"

#include <mysql.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RETRY_MS        1000
#define RETRY_EMPTY_MS  100 /* at start the monitors have not looked at the servers yet */
#define EMPTY_MAX       50  /* so often in a row it is not worth a line in the log */
#define FREE_SUCCESSES  5   /* so many loads are not throttled */
#define FREE_FAILURES   10  /* in a row */
#define REFRESH_INITIAL 30000

struct waiter {
    struct mx_worker *worker;
    mx_worker_fn fn;
    void *arg;
    struct waiter *next;
};

struct core_users_manager {
    char *service;
    core_users_source_fn source_fn;
    void *ctx;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct mx_atomic cancelled; /* a load under way asks no further server */

    /* under `lock` */
    struct core_users *current;
    int64_t loaded_at;   /* wall clock, seconds */
    int64_t started_ms;  /* of the last load */
    int64_t refresh_ms;  /* from the last source */
    int64_t interval_ms; /* from the last source */
    uint64_t successes;
    uint64_t failures;      /* in a row */
    struct waiter *waiters; /* for the next load */
    struct waiter *serving; /* for the one under way */
    uint64_t empty;         /* loads in a row without anything to load from */
    bool loading;
    bool wanted; /* by waiters or by a failed login */
    bool forced;
    bool stop;

    /* the thread's own */
    char *last_error; /* what was logged last; NULL after a success */
    char *last_warnings;
    char *good_password; /* of the last success */
};

/* ---- waiters ---- */

static void
waiter_push(struct waiter **list, struct mx_worker *worker, mx_worker_fn fn, void *arg)
{
    if (fn != NULL) {
        struct waiter *waiter = mx_alloc(sizeof(*waiter));
        *waiter = (struct waiter){.worker = worker, .fn = fn, .arg = arg, .next = *list};
        *list = waiter;
    }
}

static void
waiters_answer(struct waiter **list)
{
    struct waiter *waiter = *list;
    *list = NULL;
    while (waiter != NULL) {
        struct waiter *next = waiter->next;
        mx_worker_post(waiter->worker, waiter->fn, waiter->arg);
        free(waiter);
        waiter = next;
    }
}

/* ---- log ---- */

static struct mx_log_ctx
log_ctx(const struct core_users_manager *m)
{
    return (struct mx_log_ctx){.object = m->service};
}

/* True when it is not what was said the last time; remembers it. */
static bool
is_news(char **last, const char *text)
{
    if (*last != NULL && text != NULL && strcmp(*last, text) == 0) {
        return false;
    }
    free(*last);
    *last = text == NULL ? NULL : mx_strdup(text);
    return text != NULL;
}

static void
log_warnings(struct core_users_manager *m, const char *warnings)
{
    struct mx_log_ctx ctx = log_ctx(m);
    if (!is_news(&m->last_warnings, warnings)) {
        return;
    }
    const char *line = warnings;
    while (*line != '\0') {
        size_t len = strcspn(line, "\n");
        mx_log_warning(&ctx, "Service '%s', user accounts: %.*s", m->service, (int)len, line);
        line += len + (line[len] == '\n' ? 1 : 0);
    }
}

/* ---- one load ---- */

/* With the password that worked before, in case the new one is not known to the servers yet. */
static int
load_again(struct core_users_manager *m, struct core_users_source *source,
           struct core_users_loaded *loaded)
{
    struct mx_err ignored; /* the first error is the one to tell */
    if (m->good_password == NULL || source->password == NULL ||
        strcmp(m->good_password, source->password) == 0) {
        return -1;
    }
    free(source->password);
    source->password = mx_strdup(m->good_password);
    return core_users_load(source, loaded, &ignored);
}

static void
password_remember(struct core_users_manager *m, const struct core_users_source *source)
{
    if (source->password != NULL &&
        (m->good_password == NULL || strcmp(m->good_password, source->password) != 0)) {
        free(m->good_password);
        m->good_password = mx_strdup(source->password);
    }
}

/* Numbers are not given twice, whatever the service. */
static void
number(const struct core_users *old, bool same, struct core_users *users)
{
    static struct mx_atomic last;
    core_users_set_version(users,
                           same ? core_users_version(old) : (uint64_t)mx_atomic_add(&last, 1));
}

static void
publish(struct core_users_manager *m, struct core_users_loaded *loaded)
{
    struct mx_log_ctx ctx = log_ctx(m);
    struct core_users *old = m->current; /* written by this thread only */
    bool same = core_users_equal(old, loaded->users);
    number(old, same, loaded->users);
    (void)pthread_mutex_lock(&m->lock);
    m->current = loaded->users;
    m->loaded_at = (int64_t)time(NULL);
    m->successes++;
    m->failures = 0;
    (void)pthread_mutex_unlock(&m->lock);
    if (!same || m->last_error != NULL) {
        mx_log_notice(&ctx, "Read %zu user@host entries from '%s' for service '%s'.",
                      core_users_count(loaded->users), loaded->servers, m->service);
    }
    loaded->users = NULL; /* handed over */
    core_users_unref(old);
    (void)is_news(&m->last_error, NULL);
    log_warnings(m, loaded->warnings);
}

static void
complain(struct core_users_manager *m, const char *text)
{
    struct mx_log_ctx ctx = log_ctx(m);
    (void)pthread_mutex_lock(&m->lock);
    bool has_old = m->current != NULL;
    m->failures++;
    (void)pthread_mutex_unlock(&m->lock);
    if (is_news(&m->last_error, text)) {
        mx_log_error(&ctx, "Service '%s' could not read user accounts; %s. Reason: %s", m->service,
                     has_old ? "those read before stay in use"
                             : "no client can log in until it can, it is tried again every second",
                     text);
    }
}

/* No server that could be asked. */
static void
nothing_there(struct core_users_manager *m)
{
    (void)pthread_mutex_lock(&m->lock);
    m->empty++;
    bool tell = m->empty > EMPTY_MAX;
    (void)pthread_mutex_unlock(&m->lock);
    if (tell) {
        complain(m, "none of its servers is running, as far as the monitor knows; see 'maxctrl "
                    "list servers'.");
    }
}

/* Without the lock. */
static void
load(struct core_users_manager *m)
{
    struct core_users_source source = {0};
    struct core_users_loaded loaded = {0};
    struct mx_err err = {0};
    if (m->source_fn(m->ctx, &source) != 0) {
        core_users_source_fini(&source);
        nothing_there(m);
        return;
    }
    (void)pthread_mutex_lock(&m->lock);
    m->empty = 0;
    m->refresh_ms = source.refresh_ms;
    m->interval_ms = source.interval_ms;
    (void)pthread_mutex_unlock(&m->lock);
    source.cancelled = &m->cancelled;
    int rc = core_users_load(&source, &loaded, &err);
    if (rc != 0 && mx_atomic_get(&m->cancelled) == 0) {
        rc = load_again(m, &source, &loaded);
    }
    if (rc == 0) {
        password_remember(m, &source);
        publish(m, &loaded);
    } else if (mx_atomic_get(&m->cancelled) == 0) {
        complain(m, err.text);
    }
    core_users_loaded_fini(&loaded);
    core_users_source_fini(&source);
}

/* ---- the thread ---- */

/* Under the lock: may a failed login cause a load now? */
static bool
throttle_allows(const struct core_users_manager *m, int64_t now_ms)
{
    if (m->refresh_ms < 0) {
        return false;
    }
    if (m->refresh_ms == 0 || (m->successes <= FREE_SUCCESSES && m->failures <= FREE_FAILURES)) {
        return true;
    }
    return now_ms - m->started_ms >= m->refresh_ms;
}

/* Under the lock: milliseconds until a load is due by itself; -1: never. */
static int64_t
due_in_ms(const struct core_users_manager *m, int64_t now_ms)
{
    if (m->forced || m->wanted) {
        return 0;
    }
    int64_t retry_ms = m->empty > 0 && m->empty <= EMPTY_MAX ? RETRY_EMPTY_MS : RETRY_MS;
    int64_t pause_ms = m->current == NULL ? retry_ms : m->interval_ms;
    if (pause_ms <= 0) {
        return -1;
    }
    int64_t left = m->started_ms + pause_ms - now_ms;
    return left > 0 ? left : 0;
}

static void
sleep_ms(struct core_users_manager *m, int64_t ms)
{
    if (ms < 0) {
        (void)pthread_cond_wait(&m->wake, &m->lock);
        return;
    }
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    (void)pthread_cond_timedwait(&m->wake, &m->lock, &until);
}

static void
load_once(struct core_users_manager *m)
{
    m->forced = false;
    m->wanted = false;
    m->loading = true;
    m->serving = m->waiters;
    m->waiters = NULL;
    m->started_ms = mx_now_ms();
    (void)pthread_mutex_unlock(&m->lock);
    load(m);
    (void)pthread_mutex_lock(&m->lock);
    m->loading = false;
    waiters_answer(&m->serving);
}

static void *
run(void *arg)
{
    struct core_users_manager *m = arg;
    (void)pthread_mutex_lock(&m->lock);
    while (!m->stop) {
        int64_t wait_ms = due_in_ms(m, mx_now_ms());
        if (wait_ms == 0) {
            load_once(m);
        } else {
            sleep_ms(m, wait_ms);
        }
    }
    waiters_answer(&m->waiters);
    (void)pthread_mutex_unlock(&m->lock);
    mysql_thread_end();
    return NULL;
}

/* ---- for others ---- */

static void
manager_free(struct core_users_manager *m)
{
    core_users_unref(m->current);
    (void)pthread_cond_destroy(&m->wake);
    (void)pthread_mutex_destroy(&m->lock);
    free(m->last_error);
    free(m->last_warnings);
    free(m->good_password);
    free(m->service);
    free(m);
}

struct core_users_manager *
core_users_manager_new(const char *service, core_users_source_fn source_fn, void *ctx,
                       struct mx_err *err)
{
    struct core_users_manager *m = mx_calloc(1, sizeof(*m));
    pthread_condattr_t attr;
    m->service = mx_strdup(service);
    m->source_fn = source_fn;
    m->ctx = ctx;
    m->refresh_ms = REFRESH_INITIAL;
    m->forced = true;
    (void)pthread_mutex_init(&m->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&m->wake, &attr);
    (void)pthread_condattr_destroy(&attr);
    /* The library's first call is not safe in several threads at once. */
    (void)mysql_library_init(0, NULL, NULL);
    int rc = pthread_create(&m->thread, NULL, run, m);
    if (rc != 0) {
        (void)mx_err_text(err, "no thread for the user accounts of service '%s': error %d", service,
                          rc);
        manager_free(m);
        return NULL;
    }
    return m;
}

void
core_users_manager_free(struct core_users_manager *m)
{
    if (m == NULL) {
        return;
    }
    mx_atomic_set(&m->cancelled, 1);
    (void)pthread_mutex_lock(&m->lock);
    m->stop = true;
    (void)pthread_cond_signal(&m->wake);
    (void)pthread_mutex_unlock(&m->lock);
    (void)pthread_join(m->thread, NULL);
    manager_free(m);
}

struct core_users *
core_users_manager_get(struct core_users_manager *m)
{
    (void)pthread_mutex_lock(&m->lock);
    struct core_users *users = m->current == NULL ? NULL : core_users_ref(m->current);
    (void)pthread_mutex_unlock(&m->lock);
    return users;
}

int64_t
core_users_manager_loaded_at(struct core_users_manager *m)
{
    (void)pthread_mutex_lock(&m->lock);
    int64_t at = m->loaded_at;
    (void)pthread_mutex_unlock(&m->lock);
    return at;
}

bool
core_users_manager_refresh(struct core_users_manager *m, struct mx_worker *worker, mx_worker_fn fn,
                           void *arg)
{
    bool coming = false;
    (void)pthread_mutex_lock(&m->lock);
    if (!m->stop && throttle_allows(m, mx_now_ms())) {
        /* A load under way may have read before the change that this client needs. */
        waiter_push(&m->waiters, worker, fn, arg);
        m->wanted = true;
        (void)pthread_cond_signal(&m->wake);
        coming = true;
    } else if (!m->stop && m->loading) {
        waiter_push(&m->serving, worker, fn, arg);
        coming = true;
    }
    (void)pthread_mutex_unlock(&m->lock);
    return coming;
}

void
core_users_manager_reload(struct core_users_manager *m)
{
    (void)pthread_mutex_lock(&m->lock);
    m->forced = true;
    (void)pthread_cond_signal(&m->wake);
    (void)pthread_mutex_unlock(&m->lock);
}
