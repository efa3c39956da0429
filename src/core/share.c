/* Shared server connections; see share.h. */
#include "core/share.h"

#include "core/history.h"
#include "core/runtime.h"
#include "mx/timer.h"

#include <stdlib.h>

/* How often those who wait look for what nobody has told them: limits that were raised, connections
 * of other workers that have been idle for long enough. */
#define LOOK_MS 100
/* For how long a session may ask about the statement before, at least. */
#define LATER_MS 1000

struct core_wait {
    struct core_slot_wait slot;     /* first */
    struct mx_list node;            /* of the worker's pool, in order */
    struct mx_endpoint *endpoint;   /* NULL: it has gone */
    struct core_server_runtime *rt; /* reference held */
    int64_t until_ms;
    struct mx_err *fault; /* to be told at the end of this turn; then it is in no queue */
};

static void plan(struct core_pool *pool, int64_t soonest_ms);

static const struct mx_protocol_ops *
protocol_of(const struct mx_endpoint *endpoint)
{
    return endpoint->session->protocol;
}

static struct core_pool *
pool_of(const struct mx_endpoint *endpoint)
{
    return core_pool_mine(endpoint->server->rt);
}

static bool
somebody_waits(const struct core_server_runtime *rt)
{
    return mx_atomic_get(&rt->slots.waiting) > 0;
}

bool
core_session_shares(const struct mx_session *session)
{
    return session->service->config.idle_session_pool_time_ms >= 0 &&
           session->protocol->backend_lend != NULL;
}

/* ------------------------------------------------------------ lists */

void
core_share_joined(struct mx_endpoint *endpoint)
{
    if (endpoint->shares) {
        struct core_pool *pool = pool_of(endpoint);
        mx_list_append(&pool->lenders, &endpoint->lender);
        mx_atomic_bump(&pool->lender_count, 1);
    }
}

void
core_share_left(struct mx_endpoint *endpoint)
{
    if (endpoint->shares) {
        struct core_pool *pool = pool_of(endpoint);
        mx_list_remove(&endpoint->lender);
        mx_atomic_bump(&pool->lender_count, -1);
        if (mx_list_is_empty(&pool->lenders) && mx_list_is_empty(&pool->waits)) {
            mx_timer_stop(&pool->look); /* what held the pool's server may be gone as well */
        }
    }
}

/* ------------------------------------------------------------ waiting */

static void
wait_free(struct core_wait *wait)
{
    core_server_runtime_unref(wait->rt);
    free(wait->fault);
    free(wait);
}

static struct core_wait *
wait_new(struct mx_endpoint *endpoint)
{
    struct core_wait *wait = mx_calloc(1, sizeof(*wait));
    wait->endpoint = endpoint;
    wait->rt = endpoint->server->rt;
    wait->slot.worker = mx_worker_index(mx_worker_self());
    mx_ref_get(&wait->rt->ref);
    endpoint->wait = wait;
    endpoint->state = MX_ENDPOINT_CONNECTING;
    return wait;
}

/* It waits no more, and is in no queue. */
static struct mx_endpoint *
wait_end(struct core_wait *wait)
{
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not see that the list gives up a node */
    struct mx_endpoint *endpoint = wait->endpoint;
    mx_list_remove(&wait->node);
    endpoint->wait = NULL;
    wait_free(wait);
    return endpoint;
}

void
core_share_cancel(struct mx_endpoint *endpoint)
{
    struct core_wait *wait = endpoint->wait;
    if (wait == NULL) {
        return;
    }
    mx_list_remove(&wait->node);
    endpoint->wait = NULL;
    wait->endpoint = NULL;
    if (wait->fault == NULL && core_slots_leave(&wait->rt->slots, &wait->slot)) {
        wait_free(wait);
    } /* else somebody is on the way to it */
}

void
core_share_withdraw(struct mx_endpoint *endpoint)
{
    if (endpoint->wait != NULL && endpoint->wait->fault == NULL && endpoint->pending == 0) {
        core_share_cancel(endpoint);
        endpoint->state = CORE_ENDPOINT_PARKED;
    }
}

static void
fail_now(void *arg)
{
    struct core_wait *wait = arg;
    struct mx_endpoint *endpoint = wait->endpoint;
    if (endpoint != NULL) {
        endpoint->wait = NULL;
        mx_endpoint_lost(endpoint, wait->fault, false);
    }
    wait_free(wait);
}

/* Not at once: routers are told of losses when nothing of theirs is on the stack. */
static void
fail_soon(struct mx_endpoint *endpoint, const struct mx_err *why)
{
    struct core_wait *wait = wait_new(endpoint);
    wait->fault = mx_alloc(sizeof(*wait->fault));
    *wait->fault = *why;
    mx_worker_defer(fail_now, wait);
}

void
core_share_fail(struct mx_endpoint *endpoint, const struct mx_err *why)
{
    if (endpoint->wait != NULL && endpoint->wait->fault == NULL) {
        core_share_cancel(endpoint);
        fail_soon(endpoint, why);
    }
}

/* ------------------------------------------------------------ a place for one who waits */

static void
open_in_slot(struct mx_endpoint *endpoint)
{
    struct mx_err err;
    if (protocol_of(endpoint)->backend_open(endpoint, &err) != 0) {
        core_pool_slot_put(endpoint->server->rt);
        fail_soon(endpoint, &err);
        return;
    }
    core_endpoint_joined(endpoint);
}

static void
granted(void *arg)
{
    struct core_wait *wait = arg;
    if (wait->endpoint == NULL) {
        core_pool_slot_put(wait->rt);
        wait_free(wait);
    } else {
        open_in_slot(wait_end(wait));
    }
    mx_errand_end();
}

void
core_share_grant(struct core_slot_wait *slot)
{
    struct core_wait *wait = mx_container_of(slot, struct core_wait, slot);
    mx_errand_begin();
    mx_worker_post(mx_worker_get(slot->worker), granted, wait);
}

/* The pool has an idle connection, and this one is the next to get something. */
static void
hand_over(struct core_pool *pool, struct core_wait *wait)
{
    struct mx_endpoint *endpoint = wait_end(wait);
    if (core_pool_take(endpoint)) {
        core_endpoint_joined(endpoint);
        return;
    }
    core_pool_drop_idle(pool); /* of no use to him, but its place is */
    open_in_slot(endpoint);
}

/* ------------------------------------------------------------ giving away */

static bool
is_waiting(const struct mx_session *session)
{
    mx_list_each (node, &session->endpoints) {
        if (mx_container_of(node, struct mx_endpoint, node)->wait != NULL) {
            return true;
        }
    }
    return false;
}

/* What a session holds while it waits for another server is given away too: two such sessions would
 * wait for each other. */
static bool
is_idle(const struct mx_endpoint *endpoint)
{
    const struct mx_session *session = endpoint->session;
    return endpoint->state == MX_ENDPOINT_READY && endpoint->pending == 0 &&
           !endpoint->reply_open && !endpoint->lost && !endpoint->mismatch &&
           session->state == CORE_SESSION_STARTED && !session->in_route && !session->killed &&
           ((session->due == 0 && !session->held) || is_waiting(session));
}

/* Milliseconds until it may be given away; INT64_MAX: not in sight. */
static int64_t
left_ms(const struct mx_endpoint *endpoint, uint32_t *out_lend)
{
    const struct mx_session *session = endpoint->session;
    if (!is_idle(endpoint) || !core_history_is_whole(session->history)) {
        return INT64_MAX;
    }
    *out_lend = protocol_of(endpoint)->backend_may_lend(endpoint);
    if ((*out_lend & MX_LEND_NOT) != 0) {
        return INT64_MAX;
    }
    int64_t idle_ms = session->service->config.idle_session_pool_time_ms;
    if ((*out_lend & MX_LEND_LATER) != 0 && idle_ms < LATER_MS) {
        idle_ms = LATER_MS;
    }
    return (int64_t)endpoint->last_use_ms + idle_ms - mx_now_ms();
}

static bool
lend(struct mx_endpoint *endpoint)
{
    struct mx_pooled *pooled = protocol_of(endpoint)->backend_lend(endpoint);
    if (pooled == NULL) {
        return false;
    }
    mx_log_info(&endpoint->session->log, "Its connection to server '%s' is given to others",
                endpoint->server->name);
    core_endpoint_left(endpoint);
    core_pool_put(endpoint, pooled);
    endpoint->state = CORE_ENDPOINT_PARKED;
    return true;
}

/* One connection of this worker goes to its pool. False: none can now. */
static bool
lend_one(struct core_pool *pool, int64_t *soonest_ms)
{
    mx_list_each_safe (node, &pool->lenders) {
        struct mx_endpoint *endpoint = mx_container_of(node, struct mx_endpoint, lender);
        uint32_t how = 0;
        int64_t ms = left_ms(endpoint, &how);
        if (ms > 0) {
            *soonest_ms = ms < *soonest_ms ? ms : *soonest_ms;
        } else if ((how & MX_LEND_ASK) != 0) {
            protocol_of(endpoint)->backend_ask(endpoint);
        } else if (lend(endpoint)) {
            return true;
        }
    }
    return false;
}

/* Those who wait get what this worker has, in the order of the queue, wherever they are. */
static void
serve(struct core_pool *pool)
{
    int64_t soonest_ms = INT64_MAX;
    while (somebody_waits(pool->rt) &&
           (!mx_list_is_empty(&pool->idle) || lend_one(pool, &soonest_ms))) {
        struct core_wait *wait = mx_list_is_empty(&pool->waits)
                                     ? NULL
                                     : mx_container_of(pool->waits.next, struct core_wait, node);
        if (wait != NULL && core_slots_call(&pool->rt->slots, &wait->slot)) {
            hand_over(pool, wait);
        } else {
            core_pool_close_idle(pool); /* its place goes to the first in the queue */
        }
    }
    plan(pool, soonest_ms);
}

static void
serve_now(void *arg)
{
    struct core_pool *pool = arg;
    pool->serving = false;
    serve(pool);
    core_server_runtime_unref(pool->rt);
}

void
core_share_serve_soon(struct core_pool *pool)
{
    if (!pool->serving) {
        pool->serving = true;
        mx_ref_get(&pool->rt->ref);
        mx_worker_defer(serve_now, pool);
    }
}

void
core_share_note(struct mx_endpoint *endpoint)
{
    if (endpoint->shares && endpoint->has_slot && somebody_waits(endpoint->server->rt)) {
        struct core_pool *pool = pool_of(endpoint);
        mx_list_remove(&endpoint->lender); /* those that are idle longest come first */
        mx_list_append(&pool->lenders, &endpoint->lender);
        core_share_serve_soon(pool);
    }
}

void
mx_endpoint_asked(struct mx_endpoint *endpoint)
{
    core_share_note(endpoint);
}

bool
mx_endpoint_shares(const struct mx_endpoint *endpoint)
{
    return endpoint->shares;
}

/* ------------------------------------------------------------ looking again */

static void
look_here(void *arg)
{
    struct core_server_runtime *rt = arg;
    serve(core_pool_mine(rt));
    core_server_runtime_unref(rt);
    mx_errand_end();
}

static void
ask_others(const struct core_pool *mine)
{
    struct core_server_runtime *rt = mine->rt;
    for (size_t i = 0; i < rt->worker_count; i++) {
        const struct core_pool *pool = &rt->pools[i];
        if (pool != mine && mx_atomic_get(&pool->lender_count) + mx_atomic_get(&pool->count) > 0) {
            mx_ref_get(&rt->ref);
            mx_errand_begin();
            mx_worker_post(mx_worker_get((int)i), look_here, rt);
        }
    }
}

static void
time_out(const struct core_wait *wait)
{
    struct mx_session *session = wait->endpoint->session;
    if (session->state == CORE_SESSION_STARTED) {
        (void)mx_session_kill(
            session,
            "no connection to server '%s' has become free within multiplex_timeout (%lld s): all "
            "%lld of max_routing_connections are in use; one of the two can be raised",
            wait->endpoint->server->name,
            (long long)session->service->config.multiplex_timeout_ms / 1000,
            (long long)wait->slot.limit);
    }
}

static void
look(struct mx_timer *timer)
{
    struct core_pool *pool = mx_container_of(timer, struct core_pool, look);
    struct core_server_runtime *rt = pool->rt;
    mx_ref_get(&rt->ref);
    mx_list_each_safe (node, &pool->waits) {
        const struct core_wait *wait = mx_container_of(node, struct core_wait, node);
        if (wait->until_ms <= mx_now_ms()) {
            time_out(wait);
        }
    }
    const struct mx_server *server = core_registry_server(core_registry_mine(), rt->name);
    struct core_slot_wait *next = NULL;
    while (server != NULL &&
           (next = core_slots_raised(&rt->slots, server->config.max_routing_connections)) != NULL) {
        core_share_grant(next);
    }
    serve(pool);
    if (!mx_list_is_empty(&pool->waits)) {
        ask_others(pool);
    }
    core_server_runtime_unref(rt);
}

static void
plan(struct core_pool *pool, int64_t soonest_ms)
{
    if (!mx_list_is_empty(&pool->waits) && soonest_ms > LOOK_MS) {
        soonest_ms = LOOK_MS;
    }
    if (!somebody_waits(pool->rt) || soonest_ms == INT64_MAX) {
        mx_timer_stop(&pool->look);
    } else if (!mx_timer_is_running(&pool->look) || pool->look.due_ms > mx_now_ms() + soonest_ms) {
        mx_timer_start(&pool->look, look, soonest_ms);
    }
}

/* ------------------------------------------------------------ asking for a connection */

static void
begin_to_wait(struct mx_endpoint *endpoint)
{
    struct core_pool *pool = pool_of(endpoint);
    struct core_wait *wait = wait_new(endpoint);
    mx_log_info(&endpoint->session->log, "Waits for a connection to server '%s'",
                endpoint->server->name);
    wait->until_ms = mx_now_ms() + endpoint->session->service->config.multiplex_timeout_ms;
    mx_list_append(&pool->waits, &wait->node);
    if (core_slots_take_or_wait(&wait->rt->slots, endpoint->server->config.max_routing_connections,
                                &wait->slot)) {
        core_share_grant(&wait->slot); /* one was given back a moment ago */
        return;
    }
    core_share_serve_soon(pool);
    ask_others(pool);
}

/* Nobody overtakes those who wait already. */
static enum core_connect
connect_in_turn(struct mx_endpoint *endpoint, struct mx_err *err)
{
    return somebody_waits(endpoint->server->rt) ? CORE_CONNECT_FULL
                                                : core_endpoint_connect(endpoint, err);
}

void
core_share_attach(struct mx_endpoint *endpoint)
{
    struct mx_err err;
    endpoint->state = MX_ENDPOINT_CONNECTING;
    if (!mx_server_usable(endpoint->server)) {
        core_endpoint_refuse(endpoint->server, &err);
        fail_soon(endpoint, &err);
        return;
    }
    endpoint->opening = true;
    enum core_connect got = connect_in_turn(endpoint, &err);
    endpoint->opening = false;
    if (got == CORE_CONNECT_DONE) {
        core_endpoint_joined(endpoint);
    } else if (got == CORE_CONNECT_FULL) {
        begin_to_wait(endpoint);
    } else {
        fail_soon(endpoint, &err);
    }
}

/* With clear_pw_passthrough the client waits for what the server says to his login. */
int
core_share_open(struct mx_endpoint *endpoint, struct mx_err *err)
{
    enum core_connect got = connect_in_turn(endpoint, err);
    if (got == CORE_CONNECT_DONE) {
        core_endpoint_joined(endpoint);
    } else if (got == CORE_CONNECT_FULL) {
        protocol_of(endpoint)->backend_park(endpoint);
        endpoint->state = CORE_ENDPOINT_PARKED;
        if (mx_session_passthrough(endpoint->session) != NULL) {
            begin_to_wait(endpoint);
        }
    }
    return got == CORE_CONNECT_REFUSED ? -1 : 0;
}
