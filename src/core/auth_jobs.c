/*
 * What logins do that blocks (authenticators, groups of the operating system): a few threads, made
 * when the first job comes, and a queue. A job that has ended goes back to the worker of its
 * session as a message; it stays in the list of all jobs until that has been received, so that none
 * is lost at the end of the program.
 *
 * A job may hang (a module of PAM, a directory that does not answer). After the limit of logins its
 * client is told so, and its thread counts as stuck: another one is made in its place, up to a
 * bound. A stuck thread that comes back drops its job, and ends if there are enough.
 */
#include "core/authenticators.h"
#include "core/session.h"
#include "mx/list.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define THREADS_MAX   16 /* that are not stuck */
#define STUCK_MAX     64 /* so many are replaced */
#define STOP_LIMIT_S  5
#define LATE_TEXT_MAX 300

struct job {
    struct mx_list node; /* of `all.jobs` */
    uint64_t session;
    struct mx_worker *worker;
    struct core_job_ops ops;
    void *arg;
    struct mx_timer limit; /* of the worker */
    bool is_taken;         /* by a thread */
    bool has_ended;        /* it is on its way back */
    bool is_late;          /* nobody waits for it any more */
};

/* The jobs' part of the process object. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;  /* there is a job, or the end */
    pthread_cond_t ended; /* a thread has */
    struct mx_list jobs;  /* waiting, running and on the way back; oldest first */
    size_t waiting;
    size_t threads; /* all of them */
    size_t stuck;
    size_t idle;
    bool is_set;
    bool stop;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER,
         .wake = PTHREAD_COND_INITIALIZER,
         .ended = PTHREAD_COND_INITIALIZER};

/* Under the lock. */
static struct job *
next_waiting(void)
{
    mx_list_each_safe (node, &all.jobs) {
        struct job *job = mx_container_of(node, struct job, node);
        if (!job->is_taken) {
            return job;
        }
    }
    return NULL;
}

/* On the session's worker. */
static void
job_back(void *arg)
{
    struct job *job = arg;
    mx_timer_stop(&job->limit);
    (void)pthread_mutex_lock(&all.lock);
    mx_list_remove(&job->node);
    (void)pthread_mutex_unlock(&all.lock);
    struct mx_session *session = core_session_find(job->session);
    if (session == NULL || !mx_session_is_open(session) || !job->ops.done(session, job->arg)) {
        job->ops.drop(job->arg);
    }
    free(job);
}

static size_t
room_for_threads(void)
{
    return THREADS_MAX + mx_min_size(all.stuck, STUCK_MAX);
}

/* A stuck thread has come back; under the lock, which is let go of meanwhile. */
static void
came_late(struct job *job)
{
    mx_list_remove(&job->node);
    all.stuck--;
    (void)pthread_mutex_unlock(&all.lock);
    job->ops.drop(job->arg);
    free(job);
    (void)pthread_mutex_lock(&all.lock);
}

static void *
run(void *arg MX_UNUSED)
{
    (void)pthread_mutex_lock(&all.lock);
    while (!all.stop && all.threads <= room_for_threads()) {
        struct job *job = all.waiting > 0 ? next_waiting() : NULL;
        if (job == NULL) {
            all.idle++;
            (void)pthread_cond_wait(&all.wake, &all.lock);
            all.idle--;
            continue;
        }
        job->is_taken = true;
        all.waiting--;
        (void)pthread_mutex_unlock(&all.lock);
        job->ops.work(job->arg);
        (void)pthread_mutex_lock(&all.lock);
        if (job->is_late) {
            came_late(job);
        } else if (!all.stop) {
            job->has_ended = true;
            mx_worker_post(job->worker, job_back, job);
        }
    }
    all.threads--;
    (void)pthread_cond_broadcast(&all.ended);
    (void)pthread_mutex_unlock(&all.lock);
    return NULL;
}

/*
 * Under the lock. Without any thread the job waits for the session's end. A worker that has the
 * batch policy hands it on, which suits what waits or computes a hash: it interrupts no worker.
 */
static void
add_thread(void)
{
    pthread_t thread;
    pthread_attr_t attr;
    (void)pthread_attr_init(&attr);
    (void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &attr, run, NULL) == 0) {
        all.threads++;
    } else if (all.threads == 0) {
        mx_log_error(NULL, "No thread can be made for logins that need one; raise the limit of "
                           "processes");
    }
    (void)pthread_attr_destroy(&attr);
}

/* Under the lock. */
static void
add_thread_if_needed(void)
{
    if (all.idle < all.waiting && all.threads < room_for_threads()) {
        add_thread();
    }
}

/* ------------------------------------------------------------ jobs that hang */

/* Why, for the log. False: the job has just ended, or is late already. */
static bool
job_abandon(struct job *job, char reason[LATE_TEXT_MAX])
{
    (void)pthread_mutex_lock(&all.lock);
    bool was_taken = job->is_taken;
    bool abandons = !job->has_ended && !job->is_late;
    if (abandons && was_taken) {
        job->is_late = true;
        all.stuck++;
        add_thread_if_needed();
    } else if (abandons) {
        mx_list_remove(&job->node);
        all.waiting--;
    }
    size_t stuck = all.stuck;
    (void)pthread_mutex_unlock(&all.lock);
    if (!abandons) {
        return false;
    }
    if (was_taken) {
        (void)snprintf(reason, LATE_TEXT_MAX,
                       "what was asked on the machine (PAM, a directory of users) has not answered "
                       "in time; %zu threads wait so, %d of them at most are replaced; "
                       "auth_connect_timeout is the limit",
                       stuck, STUCK_MAX);
        return true;
    }
    (void)snprintf(reason, LATE_TEXT_MAX,
                   "no thread was free in time to ask the machine (PAM, a directory of users); %zu "
                   "of them hang",
                   stuck);
    job->ops.drop(job->arg);
    free(job);
    return true;
}

/* On the job's worker, for a session that may have gone. */
static bool
job_late(struct job *job, uint64_t id)
{
    char reason[LATE_TEXT_MAX];
    struct mx_err err;
    mx_timer_stop(&job->limit);
    if (!job_abandon(job, reason)) {
        return false;
    }
    struct mx_session *session = core_session_find(id);
    if (session == NULL || !mx_session_is_open(session)) {
        mx_log_warning(NULL, "A login whose client has gone: %s", reason);
        return true;
    }
    (void)mx_err_set(&err, 1105, "HY000",
                     "The authentication was given up: no answer within %" PRId64 " seconds",
                     mx_session_login_limit_ms() / 1000);
    session->protocol->client_job_late(session, &err, reason);
    return true;
}

static void
limit_reached(struct mx_timer *timer)
{
    struct job *job = mx_container_of(timer, struct job, limit);
    (void)job_late(job, job->session);
}

bool
core_job_give_up(struct mx_session *session)
{
    struct job *found = NULL;
    (void)pthread_mutex_lock(&all.lock);
    if (all.is_set) {
        mx_list_each_safe (node, &all.jobs) {
            struct job *job = mx_container_of(node, struct job, node);
            if (job->session == session->id && !job->is_late && !job->has_ended) {
                found = job;
            }
        }
    }
    (void)pthread_mutex_unlock(&all.lock);
    return found != NULL && job_late(found, session->id);
}

/* ------------------------------------------------------------ a job */

void
core_job_run(const struct mx_session *session, const struct core_job_ops *ops, void *arg)
{
    struct job *job = mx_calloc(1, sizeof(*job));
    *job =
        (struct job){.session = session->id, .worker = mx_worker_self(), .ops = *ops, .arg = arg};
    mx_timer_start(&job->limit, limit_reached, mx_session_login_limit_ms());
    (void)pthread_mutex_lock(&all.lock);
    if (!all.is_set) {
        all.is_set = true;
        mx_list_init(&all.jobs);
    }
    mx_list_append(&all.jobs, &job->node);
    all.waiting++;
    add_thread_if_needed();
    (void)pthread_cond_signal(&all.wake);
    (void)pthread_mutex_unlock(&all.lock);
}

static bool
authenticator_done(struct mx_session *session, void *arg)
{
    return session->protocol->client_job(session, arg);
}

void
mx_auth_run(struct mx_auth_wait *wait, void (*work)(void *job), void (*drop)(void *job), void *arg)
{
    const struct core_job_ops ops = {.work = work, .done = authenticator_done, .drop = drop};
    core_job_run(wait->session, &ops, arg);
}

/*
 * A thread may be in a call that takes its time (PAM). It is waited for a little; then the process
 * ends under it, and its job is left alone.
 */
bool
core_auth_jobs_stop(void)
{
    struct timespec until;
    int rc = 0;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += STOP_LIMIT_S;
    (void)pthread_mutex_lock(&all.lock);
    all.stop = true;
    (void)pthread_cond_broadcast(&all.wake);
    while (all.threads > all.stuck && rc == 0) {
        rc = pthread_cond_timedwait(&all.ended, &all.lock, &until);
    }
    if (all.is_set && all.threads == 0) {
        mx_list_each_safe (node, &all.jobs) {
            struct job *job = mx_container_of(node, struct job, node);
            mx_list_remove(&job->node);
            job->ops.drop(job->arg);
            free(job);
        }
    }
    bool ended = all.threads == 0;
    (void)pthread_mutex_unlock(&all.lock);
    return ended;
}
