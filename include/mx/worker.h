/*
 * Workers: threads with one event loop each. A worker owns everything that it touches; whatever
 * must reach another worker is posted to it as a message. The main thread is a worker too (index
 * MX_WORKER_MAIN): it changes the configuration and carries no sessions.
 */
#ifndef MX_WORKER_H
#define MX_WORKER_H

#include "mx/atomic.h"
#include "mx/base.h"

#define MX_WORKER_MAIN (-1)

struct mx_worker;

/* Runs on the worker that the message was posted to. */
typedef void (*mx_worker_fn)(void *arg);

/* The worker whose loop runs on this thread; NULL on threads that are none. */
MX_API struct mx_worker *mx_worker_self(void);
/* 0 .. count-1, or MX_WORKER_MAIN. */
MX_API int mx_worker_index(const struct mx_worker *worker);
/* Workers that carry sessions; the main one is not counted. */
MX_API int mx_worker_count(void);
/* index 0 .. count-1, or MX_WORKER_MAIN; NULL when there is none with this index. */
MX_API struct mx_worker *mx_worker_get(int index);

/*
 * Runs fn(arg) on `worker` in one of its next loop turns; callable from any thread, never blocks
 * and never runs fn directly. Messages of one sender arrive in order. Messages posted before the
 * worker starts run when it does; those that nobody ran when the workers are gone are dropped.
 */
MX_API void mx_worker_post(struct mx_worker *worker, mx_worker_fn fn, void *arg);

/*
 * The same, and waits until fn has returned. On that worker itself fn runs directly. May be called
 * from the main worker and from threads that are no worker, never from one worker to another (two
 * of them could wait for each other: that ends the process). The worker must be running until then.
 */
MX_API void mx_worker_call(struct mx_worker *worker, mx_worker_fn fn, void *arg);

/* Runs fn(arg) on this worker at the end of this loop turn (the one that the caller is in). */
MX_API void mx_worker_defer(mx_worker_fn fn, void *arg);

/* What a worker counts. One writer, any reader; see GET /maxscale/threads. */
struct mx_worker_stats {
    struct mx_atomic reads;   /* events "there is something to read" that were served */
    struct mx_atomic writes;  /* events "there is room again" that were served */
    struct mx_atomic errors;  /* connections that ended with an error */
    struct mx_atomic hangups; /* connections that the other side closed */
    struct mx_atomic accepts; /* connections accepted */
    struct mx_atomic turns;   /* loop turns */
    struct mx_atomic events;  /* events served in all turns; events / turns is the average queue */
    struct mx_atomic queue_max;    /* most events in one turn */
    struct mx_atomic exec_max_ms;  /* longest loop turn */
    struct mx_atomic queue_max_ms; /* longest wait of a posted message */
    struct mx_atomic descriptors;  /* open now */
    struct mx_atomic descriptors_total;
    struct mx_atomic load_second; /* percent of the time that the worker was busy */
    struct mx_atomic load_minute;
    struct mx_atomic load_hour;
    struct mx_atomic last_turn_ms; /* mx_now_ms() when the last turn began: for the watchdog */
    struct mx_atomic sessions;     /* kept by the core; placement of new sessions looks at it */
};

MX_API const struct mx_worker_stats *mx_worker_stats(const struct mx_worker *worker);

/* Adds to the worker's number of sessions; callable from any thread. */
MX_API void mx_worker_sessions_add(struct mx_worker *worker, int64_t delta);

#endif
