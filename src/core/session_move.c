/* See session_move.h. */
#include "core/session_move.h"

#include "core/endpoint.h"
#include "core/share.h"
#include "net/move.h"

#include <stdlib.h>

/* An active session has asked for something within this time. */
#define ACTIVE_MS 1000
/* Sessions moved by one message; the others go when their next reply has ended. */
#define MOVES_AT_ONCE 128

/* The moves' part of the process object. */
static struct {
    struct mx_atomic begun;
    struct mx_atomic ended;
    struct mx_atomic forbidden;
} moves;

int64_t
core_moves_stamp(void)
{
    return mx_atomic_get(&moves.ended);
}

bool
core_moves_settled(int64_t stamp)
{
    return mx_atomic_get(&moves.begun) == stamp;
}

void
core_moves_forbid(void)
{
    mx_atomic_set(&moves.forbidden, 1);
}

/* ------------------------------------------------------------ counts */

static void
count(struct core_target_stats *stats, int64_t delta)
{
    mx_atomic_bump(&stats->connections, delta);
    if (mx_atomic_get(&stats->connections) > mx_atomic_get(&stats->max_connections)) {
        mx_atomic_set(&stats->max_connections, mx_atomic_get(&stats->connections));
    }
}

/* The session and its endpoints, on the calling worker. */
static void
count_all(struct mx_session *session, int64_t delta)
{
    count(&session->service->rt->stats[mx_worker_index(mx_worker_self())], delta);
    mx_list_each (node, &session->endpoints) {
        struct mx_endpoint *endpoint = mx_container_of(node, struct mx_endpoint, node);
        if (endpoint->has_slot) {
            count(core_endpoint_stats(endpoint), delta);
            if (delta > 0) {
                core_share_joined(endpoint);
            } else {
                core_share_left(endpoint);
            }
        }
    }
}

/* ------------------------------------------------------------ the way */

/* What was told to all workers while the session was on none. */
static void
catch_up(struct mx_session *session)
{
    const struct mx_router_ops *router = session->service->router->router;
    struct mx_endpoint *next = NULL;
    for (struct mx_endpoint *endpoint = mx_endpoint_next(session, NULL); endpoint != NULL;
         endpoint = next) {
        next = mx_endpoint_next(session, endpoint);
        if ((mx_server_status(endpoint->server) & MX_STATUS_RUNNING) == 0) {
            struct mx_err err;
            (void)mx_err_set(&err, 2013, "HY000", "the monitor found the server to be out of use");
            session->protocol->backend_fail(endpoint, &err, false);
        }
    }
    for (size_t i = 0; router->server_changed != NULL && i < session->service->server_count &&
                       session->state == CORE_SESSION_STARTED;
         i++) {
        router->server_changed(session->rs, session->service->servers[i]);
    }
}

static void
arrive(void *arg)
{
    struct mx_session *session = arg;
    MX_CHECK_MAGIC(session, CORE_SESSION_MAGIC);
    core_session_list_join(session);
    count_all(session, 1);
    net_conn_join(session->conn);
    mx_list_each (node, &session->endpoints) {
        struct mx_endpoint *endpoint = mx_container_of(node, struct mx_endpoint, node);
        if (endpoint->has_slot) {
            net_conn_join(session->protocol->backend_conn(endpoint));
        }
    }
    core_session_plan_idle(session);
    (void)mx_atomic_add(&moves.ended, 1);
    catch_up(session);
}

static void
leave(struct mx_session *session, struct mx_worker *to)
{
    session->move_to = 0;
    (void)mx_atomic_add(&moves.begun, 1);
    mx_timer_stop(&session->idle_timer);
    net_conn_leave(session->conn);
    mx_list_each (node, &session->endpoints) {
        struct mx_endpoint *endpoint = mx_container_of(node, struct mx_endpoint, node);
        if (endpoint->has_slot) {
            net_conn_leave(session->protocol->backend_conn(endpoint));
        }
    }
    count_all(session, -1);
    core_session_list_leave(session);
    mx_worker_sessions_add(mx_worker_self(), -1);
    mx_worker_sessions_add(to, 1);
    mx_worker_post(to, arrive, session);
}

static bool
endpoint_may_move(struct mx_endpoint *endpoint)
{
    const struct mx_protocol_ops *protocol = endpoint->session->protocol;
    if (endpoint->state == CORE_ENDPOINT_PARKED) {
        return true;
    }
    struct mx_conn *conn = protocol->backend_conn(endpoint);
    return endpoint->state == MX_ENDPOINT_READY && endpoint->pending == 0 && !endpoint->lost &&
           !endpoint->mismatch && conn != NULL && net_conn_may_move(conn) &&
           protocol->backend_is_quiet(endpoint);
}

static bool
may_move(struct mx_session *session)
{
    if (mx_atomic_get(&moves.forbidden) != 0 || session->move_deferred ||
        !core_session_is_quiet(session) || !net_conn_may_move(session->conn) ||
        !session->protocol->client_is_quiet(session)) {
        return false;
    }
    mx_list_each (node, &session->endpoints) {
        if (!endpoint_may_move(mx_container_of(node, struct mx_endpoint, node))) {
            return false;
        }
    }
    return true;
}

static bool
try_move(struct mx_session *session)
{
    struct mx_worker *to = session->move_to > 0 ? mx_worker_get(session->move_to - 1) : NULL;
    if (to == NULL || to == mx_worker_self()) {
        session->move_to = 0;
        return false;
    }
    if (!may_move(session)) {
        return false;
    }
    leave(session, to);
    return true;
}

static void
move_now(void *arg)
{
    struct mx_session *session = arg;
    session->move_deferred = false;
    (void)try_move(session);
}

void
core_session_move_soon(struct mx_session *session)
{
    /* Of one that ends the memory goes first; after the first move it is another worker's. */
    if (session->state == CORE_SESSION_STARTED && !session->move_deferred) {
        session->move_deferred = true;
        mx_worker_defer(move_now, session);
    }
}

/* ------------------------------------------------------------ orders */

static bool
is_active(const struct mx_session *session)
{
    return session->due > 0 || mx_now_ms() - session->last_query_ms < ACTIVE_MS;
}

/* Marks those that are to go; returns how many. */
static int64_t
mark_share(const struct core_move_order *order)
{
    int64_t marked = 0;
    uint32_t sum = 0;
    for (struct mx_session *s = core_session_next(NULL); s != NULL; s = core_session_next(s)) {
        if (s->state == CORE_SESSION_STARTED && is_active(s)) {
            sum += order->share;
            if (sum >= 256) {
                sum -= 256;
                s->move_to = (uint16_t)(order->to + 1);
                marked++;
            }
        }
    }
    return marked;
}

static int64_t
mark_count(const struct core_move_order *order, bool active)
{
    int64_t marked = 0;
    for (struct mx_session *s = core_session_next(NULL); s != NULL && marked < order->count;
         s = core_session_next(s)) {
        if (s->state == CORE_SESSION_STARTED && is_active(s) == active) {
            s->move_to = (uint16_t)(order->to + 1);
            marked++;
        }
    }
    return marked;
}

static void
carry_out(void *arg)
{
    struct core_move_order *order = arg;
    if (order->count > 0) {
        order->count -= mark_count(order, true);
        (void)mark_count(order, false);
    } else {
        (void)mark_share(order);
    }
    int moved = 0;
    struct mx_session *next = NULL;
    for (struct mx_session *s = core_session_next(NULL); s != NULL && moved < MOVES_AT_ONCE;
         s = next) {
        next = core_session_next(s);
        if (s->move_to > 0 && try_move(s)) {
            moved++;
        }
    }
    if (moved < MOVES_AT_ONCE) {
        free(order);
        return;
    }
    /* All are marked; the rest of them in the next turn, so that the others are served too. */
    *order = (struct core_move_order){.from = order->from, .to = order->to, .count = 0, .share = 0};
    mx_worker_post(mx_worker_self(), carry_out, order);
}

void
core_sessions_move(const struct core_move_order *order)
{
    struct core_move_order *copy = mx_alloc(sizeof(*copy));
    *copy = *order;
    mx_worker_post(mx_worker_get(order->from), carry_out, copy);
}
