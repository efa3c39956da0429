/*
 * The inside of a worker, and the life of all workers. Only src/net looks into the struct; the core
 * uses the functions below and mx/worker.h.
 */
#ifndef NET_WORKER_H
#define NET_WORKER_H

#include "base/pool.h"
#include "base/timer.h"
#include "mx/err.h"
#include "mx/worker.h"
#include "net/io.h"
#include "net/ops.h"

#include <pthread.h>

#define NET_SCRATCH_LEN   ((size_t)256 * 1024)
#define NET_GATHER_SLOTS  64
#define NET_GATHER_IOVS   32
#define NET_GATHER_COPIED 2048

struct mx_conn;
struct net_resolver;

/* Writes to one connection made in the running callback; they leave when it returns. */
struct net_gather {
    struct mx_conn *conn; /* NULL: free */
    int count;
    size_t len;    /* of all parts */
    size_t copied; /* bytes used in `copy` */
    bool is_secret;
    bool is_late;   /* leaves with the next wait of the io_uring loop */
    ssize_t result; /* of that */
    struct msghdr message;
    struct iovec iov[NET_GATHER_IOVS];
    uint8_t copy[NET_GATHER_COPIED]; /* of bytes that do not lie in the presented input */
};

struct net_message {
    struct net_message *next;
    mx_worker_fn fn;
    void *arg;
    int64_t posted_ms;
};

struct net_defer {
    mx_worker_fn fn;
    void *arg;
};

/* How busy the worker was, sampled once a second. */
struct net_load {
    struct mx_timer timer;
    int64_t since_us;
    int64_t busy_us;
    uint8_t seconds[60];
    uint8_t minutes[60];
    uint32_t samples;
};

struct mx_worker {
    int index;
    bool is_stopping;
    bool is_running; /* its thread was started */
    pthread_t thread;
    struct mx_atomic tid; /* of its thread, as the kernel counts them; 0: does not run yet */
    const struct net_engine *engine;
    const struct net_ops *ops;
    int epoll_fd;
    int wake_fd;
    int64_t awake_us; /* when the running turn began to work */
    struct base_pool pool;
    struct base_wheel wheel;
    struct net_op_counts counts;
    struct mx_worker_stats stats;
    struct net_load load;

    struct mx_list conns;   /* all of them */
    struct mx_list again;   /* net_io that come back without waiting */
    struct mx_list closing; /* connections whose `closed` is to be called */
    struct mx_list dead;    /* connections to be freed at the end of the turn */
    struct net_defer *defers;
    size_t defer_count;
    size_t defer_capacity;

    uint8_t *scratch;
    uint8_t *arrival;       /* where bytes have arrived instead of in scratch (io_uring loop) */
    struct net_uring *ring; /* NULL: the epoll loop */
    uint8_t *tls_buffer;    /* of net/tls.c; made by the first use */
    const uint8_t *input;   /* what is being presented; writes from it are not copied */
    size_t input_len;
    uint32_t gather_count;
    uint32_t gather_now; /* of these, those that do not wait for the next wait */
    struct net_gather gather[NET_GATHER_SLOTS];
    struct net_resolver *resolver; /* made by the first name */

    /* What other threads write; nothing else lies in its cache lines. */
    pthread_mutex_t lock __attribute__((aligned(64))); /* of the message list */
    struct net_message *first;
    struct net_message *last;
    struct mx_wake wake;
};

/*
 * Makes the main worker, for the calling thread, and `count` others that do not run yet. Also
 * ignores SIGPIPE.
 */
MX_MUST_USE int net_workers_init(int count, struct mx_err *err);
MX_MUST_USE int net_workers_start(struct mx_err *err);
/* From the main thread: each worker ends its turn and its thread; connections are still there. */
void net_workers_stop(void);
/* Drops what is left: connections (without a callback), messages, memory. */
void net_workers_fini(void);

/* One turn of the calling worker's loop; waits for at most max_wait_ms (-1: no limit). */
void net_worker_turn(int max_wait_ms);
/* Turns until net_worker_stop is called for this worker. */
void net_worker_run(void);
/* From any thread. */
void net_worker_stop(struct mx_worker *worker);

/* Which loop the workers made from now on have, the main one as well (tests); NULL: as
 * MAXSCALE_LOOP says. */
void net_workers_use(const struct net_engine *engine);

/* Another door to the kernel for the calling worker (tests); NULL: the real one. */
void net_worker_set_ops(const struct net_ops *ops);
const struct net_op_counts *net_worker_counts(const struct mx_worker *worker);
/* Processor time that the worker's thread has used so far; 0 before it runs. Any thread. */
int64_t net_worker_cpu_us(const struct mx_worker *worker);

/* What the kernel's scheduler counted for a worker's thread so far. */
struct net_sched_times {
    int64_t ran_us;
    int64_t waited_us; /* ready to run, and another thread had the processor */
};

/* worker_sched.c; any thread. Zeros before it runs; false: the kernel does not tell (schedstat). */
MX_MUST_USE bool net_worker_sched_times(const struct mx_worker *worker,
                                        struct net_sched_times *times);
/*
 * Between SCHED_OTHER and SCHED_BATCH, whose threads do not interrupt others when they wake up.
 * 0, or -errno: -EBUSY when somebody gave the thread a third policy, which then stays.
 */
MX_MUST_USE int net_worker_set_batch(const struct mx_worker *worker, bool is_batch);

/* For engines: the wait is over and `events` are to be served; a callback has returned. */
void net_worker_awake(struct mx_worker *worker, int events);
void net_worker_flush(struct mx_worker *worker);
/* Also what would wait for the next wait. */
void net_worker_flush_all(struct mx_worker *worker);

/* It gets its turn (events->again) in this loop turn or the next, without waiting. */
void net_io_again(struct net_io *io);

#endif
