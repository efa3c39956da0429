/*
 * What logins do that blocks (authenticators, groups of the operating system): a few threads, made
 * when the first job comes, and a queue. A job that has ended goes back to the worker of its
 * session as a message; it stays in the list of all jobs until that has been received, so that none
 * is lost at the end of the program.
 */
#include "core/authenticators.h"
#include "core/session.h"
#include "mx/list.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define THREADS_MAX  16
#define STOP_LIMIT_S 5

struct job {
    struct mx_list node; /* of `all.jobs` */
    uint64_t session;
    struct mx_worker *worker;
    struct core_job_ops ops;
    void *arg;
    bool is_taken; /* by a thread */
};

/* The jobs' part of the process object. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;  /* there is a job, or the end */
    pthread_cond_t ended; /* a thread has */
    struct mx_list jobs;  /* waiting, running and on the way back; oldest first */
    size_t waiting;
    size_t threads;
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
    (void)pthread_mutex_lock(&all.lock);
    mx_list_remove(&job->node);
    (void)pthread_mutex_unlock(&all.lock);
    struct mx_session *session = core_session_find(job->session);
    if (session == NULL || !mx_session_is_open(session) || !job->ops.done(session, job->arg)) {
        job->ops.drop(job->arg);
    }
    free(job);
}

static void *
run(void *arg MX_UNUSED)
{
    (void)pthread_mutex_lock(&all.lock);
    while (!all.stop) {
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
        if (!all.stop) {
            mx_worker_post(job->worker, job_back, job);
        }
    }
    all.threads--;
    (void)pthread_cond_broadcast(&all.ended);
    (void)pthread_mutex_unlock(&all.lock);
    return NULL;
}

/* Under the lock. Without any thread the job waits for the session's end. */
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

void
core_job_run(const struct mx_session *session, const struct core_job_ops *ops, void *arg)
{
    struct job *job = mx_calloc(1, sizeof(*job));
    *job =
        (struct job){.session = session->id, .worker = mx_worker_self(), .ops = *ops, .arg = arg};
    (void)pthread_mutex_lock(&all.lock);
    if (!all.is_set) {
        all.is_set = true;
        mx_list_init(&all.jobs);
    }
    mx_list_append(&all.jobs, &job->node);
    all.waiting++;
    if (all.idle < all.waiting && all.threads < THREADS_MAX) {
        add_thread();
    }
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
    while (all.threads > 0 && rc == 0) {
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
