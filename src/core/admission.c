/* See admission.h. */
#include "core/admission.h"

#include <pthread.h>
#include <stdlib.h>

/* A waiting client looks whether the limit has been changed. */
#define LOOK_MS 1000

struct core_queue {
    pthread_mutex_t lock;
    struct mx_list waiting; /* clients, the first one waits for longest */
    struct mx_atomic count;
};

/* A client that waits; lives on its worker. */
struct client {
    struct mx_list node; /* of the queue, behind its lock; not linked: it has been called */
    struct mx_list mine; /* of the worker's list */
    struct mx_worker *worker;
    struct mx_conn *conn; /* NULL: it has gone, and the call is still on its way */
    int64_t until_ms;
    struct mx_timer timer;
    struct core_accepted accepted;
};

/* Clients that wait on this worker; nothing is read from them meanwhile. */
static _Thread_local struct mx_list mine;

struct core_queue *
core_queue_new(void)
{
    struct core_queue *queue = mx_calloc(1, sizeof(*queue));
    (void)pthread_mutex_init(&queue->lock, NULL);
    mx_list_init(&queue->waiting);
    return queue;
}

void
core_queue_free(struct core_queue *queue)
{
    MX_ASSERT(mx_list_is_empty(&queue->waiting));
    (void)pthread_mutex_destroy(&queue->lock);
    free(queue);
}

/* ------------------------------------------------------------ refusal */

static size_t
leave_it(struct mx_conn *conn MX_UNUSED, void *owner MX_UNUSED, uint8_t *data MX_UNUSED,
         size_t len MX_UNUSED)
{
    return 0; /* a PROXY header, which the protocol will want */
}

static void
forget(struct mx_conn *conn MX_UNUSED, void *owner MX_UNUSED, const struct mx_err *why MX_UNUSED)
{
}

/* Until the protocol has taken the connection, and for those that are refused. */
static const struct mx_conn_ops nobody_ops = {.data = leave_it, .closed = forget};

static void
let_go(const struct core_accepted *accepted)
{
    mx_worker_sessions_add(mx_worker_self(), -1);
    core_listener_unref(accepted->listener);
    core_service_unref(accepted->service);
}

static void
refuse(const struct core_accepted *accepted, struct mx_conn *conn, const struct mx_err *err)
{
    uint8_t packet[MX_ERR_TEXT_MAX + 64];
    size_t len = accepted->listener->protocol->protocol->refuse(packet, sizeof(packet), err);
    mx_conn_write(conn, packet, len);
    mx_conn_close(conn);
    let_go(accepted);
}

static void
refuse_full(const struct core_accepted *accepted, struct mx_conn *conn, int64_t limit,
            const char *how)
{
    char address[MX_CONN_ADDRESS_MAX];
    struct mx_log_ctx log = {.object = accepted->service->name};
    struct mx_err err;
    (void)mx_err_set(&err, 1040, "08004",
                     "Too many connections: the service takes %lld (max_connections)",
                     (long long)limit);
    mx_log_warning(&log,
                   "The client at '%s' is refused%s: the service has its max_connections of %lld "
                   "clients. Raise it, or let clients wait with max_connections_wait",
                   mx_conn_peer_address(conn, address, sizeof(address)), how, (long long)limit);
    refuse(accepted, conn, &err);
}

/* ------------------------------------------------------------ places */

/* The limit in force now, not the one of the version that the client came to. */
static int64_t
limit_of(const struct core_service_runtime *rt)
{
    const struct mx_service *service = core_registry_service(core_registry_mine(), rt->name);
    return service == NULL ? 0 : service->config.max_connections;
}

/* Under the lock. */
static bool
take_place(struct core_service_runtime *rt, int64_t limit)
{
    if (limit > 0 && mx_atomic_get(&rt->clients) >= limit) {
        return false;
    }
    (void)mx_atomic_add(&rt->clients, 1);
    return true;
}

static void come_in(void *arg);

/* Calls the clients that there is room for, in their order. */
static void
call_next(struct core_service_runtime *rt)
{
    struct core_queue *queue = rt->queue;
    int64_t limit = limit_of(rt);
    (void)pthread_mutex_lock(&queue->lock);
    while (!mx_list_is_empty(&queue->waiting) && take_place(rt, limit)) {
        struct client *client = mx_container_of(queue->waiting.next, struct client, node);
        mx_list_remove(&client->node);
        (void)mx_atomic_add(&queue->count, -1);
        mx_worker_post(client->worker, come_in, client);
    }
    (void)pthread_mutex_unlock(&queue->lock);
}

void
core_place_free(struct core_service_runtime *rt)
{
    (void)mx_atomic_add(&rt->clients, -1);
    if (mx_atomic_get(&rt->queue->count) > 0) {
        call_next(rt);
    }
}

/* ------------------------------------------------------------ waiting */

static void
client_free(struct client *client)
{
    mx_timer_stop(&client->timer);
    mx_list_remove(&client->mine);
    free(client);
}

/* False: it was called before, and the message that says so is on its way. */
static bool
leave_queue(struct client *client)
{
    struct core_queue *queue = client->accepted.service->rt->queue;
    (void)pthread_mutex_lock(&queue->lock);
    bool waits = mx_list_is_linked(&client->node);
    if (waits) {
        mx_list_remove(&client->node);
        (void)mx_atomic_add(&queue->count, -1);
    }
    (void)pthread_mutex_unlock(&queue->lock);
    return waits;
}

/* Its place is free, or taken and given back when the call arrives. */
static void
go_away(struct client *client)
{
    mx_timer_stop(&client->timer);
    client->conn = NULL;
    if (leave_queue(client)) {
        let_go(&client->accepted);
        client_free(client);
    }
}

static void
on_closed(struct mx_conn *conn MX_UNUSED, void *owner, const struct mx_err *why MX_UNUSED)
{
    go_away(owner);
}

static void
on_hangup(struct mx_conn *conn, void *owner)
{
    mx_conn_abort(conn);
    go_away(owner);
}

static const struct mx_conn_ops waiting_ops = {
    .data = leave_it,
    .hangup = on_hangup,
    .closed = on_closed,
};

static void
come_in(void *arg)
{
    struct client *client = arg;
    struct core_accepted accepted = client->accepted;
    struct mx_conn *conn = client->conn;
    client_free(client);
    if (conn == NULL) {
        core_place_free(accepted.service->rt);
        let_go(&accepted);
        return;
    }
    mx_conn_resume_reading(conn);
    core_session_begin(&accepted, conn);
}

static void
look_again(struct mx_timer *timer)
{
    struct client *client = mx_container_of(timer, struct client, timer);
    struct core_service_runtime *rt = client->accepted.service->rt;
    int64_t left_ms = client->until_ms - mx_now_ms();
    if (left_ms > 0) {
        mx_timer_start(&client->timer, look_again, left_ms < LOOK_MS ? left_ms : LOOK_MS);
        call_next(rt);
    } else if (leave_queue(client)) {
        struct core_accepted accepted = client->accepted;
        struct mx_conn *conn = client->conn;
        client_free(client);
        refuse_full(&accepted, conn, limit_of(rt), " after waiting for its turn");
    }
}

static void
wait_for_place(const struct core_accepted *accepted, struct mx_conn *conn)
{
    struct client *client = mx_calloc(1, sizeof(*client));
    struct core_queue *queue = accepted->service->rt->queue;
    int64_t wait_ms = accepted->service->config.max_connections_wait_ms;
    client->worker = mx_worker_self();
    client->accepted = *accepted;
    client->conn = conn;
    client->until_ms = mx_now_ms() + wait_ms;
    mx_conn_set_ops(conn, &waiting_ops, client);
    mx_conn_pause_reading(conn);
    mx_timer_start(&client->timer, look_again, wait_ms < LOOK_MS ? wait_ms : LOOK_MS);
    if (mine.next == NULL) {
        mx_list_init(&mine);
    }
    mx_list_append(&mine, &client->mine);
    mx_list_append(&queue->waiting, &client->node);
    (void)mx_atomic_add(&queue->count, 1);
}

void
core_waiting_end(void)
{
    if (mine.next == NULL) {
        return;
    }
    mx_list_each_safe (node, &mine) {
        struct client *client = mx_container_of(node, struct client, mine);
        if (client->conn != NULL) {
            mx_conn_abort(client->conn);
            go_away(client);
        }
    }
}

/* ------------------------------------------------------------ the door */

enum admission {
    ADMITTED = 0,
    WAITS,
    FULL,
};

static enum admission
admit(const struct core_accepted *accepted, struct mx_conn *conn)
{
    const struct core_service_config *config = &accepted->service->config;
    struct core_service_runtime *rt = accepted->service->rt;
    enum admission verdict = FULL;
    if (config->max_connections <= 0 && mx_atomic_get(&rt->queue->count) == 0) {
        (void)mx_atomic_add(&rt->clients, 1);
        return ADMITTED;
    }
    (void)pthread_mutex_lock(&rt->queue->lock);
    if (mx_list_is_empty(&rt->queue->waiting) && take_place(rt, config->max_connections)) {
        verdict = ADMITTED;
    } else if (config->max_connections_wait_ms > 0) {
        wait_for_place(accepted, conn); /* behind those that wait already */
        verdict = WAITS;
    }
    (void)pthread_mutex_unlock(&rt->queue->lock);
    return verdict;
}

void
core_session_new(struct core_accepted *accepted)
{
    struct mx_conn *conn = mx_conn_adopt(
        accepted->fd, accepted->has_peer ? (const struct sockaddr *)&accepted->peer : NULL,
        &nobody_ops, NULL);
    char address[MX_CONN_ADDRESS_MAX];
    struct mx_err err;
    if (core_block_check(mx_conn_peer_address(conn, address, sizeof(address)), &err) != 0) {
        refuse(accepted, conn, &err);
        return;
    }
    switch (admit(accepted, conn)) {
    case ADMITTED:
        core_session_begin(accepted, conn);
        return;
    case FULL:
        refuse_full(accepted, conn, accepted->service->config.max_connections, "");
        return;
    case WAITS:
        return;
    }
}
