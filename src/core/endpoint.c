/*
 * A session's connections to servers: opened for the router, counted, told about, closed. What goes
 * over them is the protocol's business.
 */
#include "core/endpoint.h"

#include "core/history.h"
#include "core/pool.h"
#include "core/session_move.h"
#include "core/session_trace.h"
#include "core/share.h"
#include "core/tls.h"
#include "mx/timer.h"

#include <stdlib.h>
#include <string.h>

static const struct mx_protocol_ops *
protocol_of(const struct mx_endpoint *endpoint)
{
    return endpoint->session->protocol;
}

static const struct mx_router_ops *
router_of(const struct mx_endpoint *endpoint)
{
    return endpoint->session->service->router->router;
}

struct core_target_stats *
core_endpoint_stats(const struct mx_endpoint *endpoint)
{
    return &endpoint->server->rt->stats[mx_worker_index(mx_worker_self())];
}

/* ------------------------------------------------------------ open */

static int
may_open(const struct mx_session *session, const struct mx_server *server, struct mx_err *err)
{
    if (server->config.proxy_protocol && !core_session_has_address(session)) {
        return mx_err_set(err, 1105, "HY000",
                          "Server '%s' wants a PROXY header, which cannot tell of a client on a "
                          "unix socket; connect with TCP, or set proxy_protocol=false there",
                          server->name);
    }
    return mx_server_connectable(server) ? 0 : core_endpoint_refuse(server, err);
}

int
core_endpoint_refuse(const struct mx_server *server, struct mx_err *err)
{
    char state[160];
    core_status_text(mx_server_status(server), mx_server_connections(server), state, sizeof(state));
    return mx_err_set(err, 2003, "HY000", "Server '%s' takes no connections: it is [%s]",
                      server->name, state);
}

enum core_connect
core_endpoint_connect(struct mx_endpoint *endpoint, struct mx_err *err)
{
    struct mx_server *server = endpoint->server;
    const struct mx_log_ctx *log = &endpoint->session->log;
    if (core_pool_take(endpoint)) {
        mx_log_info(log, "A connection to server '%s' comes from the pool", server->name);
        return CORE_CONNECT_DONE;
    }
    if (!core_pool_slot_get(server)) {
        (void)mx_err_set(err, 1040, "08004",
                         "Server '%s' has reached its max_routing_connections of %lld",
                         server->name, (long long)server->config.max_routing_connections);
        return CORE_CONNECT_FULL;
    }
    if (protocol_of(endpoint)->backend_open(endpoint, err) != 0) {
        core_pool_slot_put(server->rt);
        return CORE_CONNECT_REFUSED;
    }
    mx_log_info(log, "Connects to server '%s'", server->name);
    return CORE_CONNECT_DONE;
}

static int8_t
take_slot(struct mx_session *session)
{
    for (int8_t slot = 0; slot < 64; slot++) {
        if ((session->slots & UINT64_C(1) << slot) == 0) {
            session->slots |= UINT64_C(1) << slot;
            return slot;
        }
    }
    return -1;
}

void
core_endpoint_joined(struct mx_endpoint *endpoint)
{
    struct core_target_stats *stats = core_endpoint_stats(endpoint);
    endpoint->has_slot = true;
    core_share_joined(endpoint);
    mx_atomic_bump(&stats->connections, 1);
    mx_atomic_bump(&stats->total_connections, 1);
    if (mx_atomic_get(&stats->connections) > mx_atomic_get(&stats->max_connections)) {
        mx_atomic_set(&stats->max_connections, mx_atomic_get(&stats->connections));
    }
}

void
core_endpoint_left(struct mx_endpoint *endpoint)
{
    endpoint->has_slot = false;
    core_share_left(endpoint);
    mx_atomic_bump(&core_endpoint_stats(endpoint)->connections, -1);
}

static int
connect_new(struct mx_endpoint *endpoint, struct mx_err *err)
{
    if (endpoint->shares) {
        return core_share_open(endpoint, err);
    }
    if (core_endpoint_connect(endpoint, err) != CORE_CONNECT_DONE) {
        return -1;
    }
    core_endpoint_joined(endpoint);
    return 0;
}

int
mx_endpoint_open(struct mx_session *session, struct mx_server *server, void *owner,
                 struct mx_endpoint **out, struct mx_err *err)
{
    MX_CHECK_MAGIC(session, CORE_SESSION_MAGIC);
    if (may_open(session, server, err) != 0) {
        return -1;
    }
    struct mx_endpoint *endpoint =
        mx_calloc(1, CORE_ENDPOINT_SIZE + session->protocol->backend_size);
    endpoint->magic = CORE_ENDPOINT_MAGIC;
    endpoint->state = MX_ENDPOINT_CONNECTING;
    endpoint->session = session;
    endpoint->server = server;
    endpoint->owner = owner;
    endpoint->last_use_ms = (uint64_t)mx_now_ms();
    endpoint->opening = true;
    endpoint->shares = core_session_shares(session);
    if (connect_new(endpoint, err) != 0) {
        free(endpoint);
        return -1;
    }
    endpoint->opening = false;
    core_server_ref(server);
    endpoint->slot = take_slot(session);
    mx_list_append(&session->endpoints, &endpoint->node);
    *out = endpoint;
    return 0;
}

static struct mx_conn *
connect_to(const struct mx_session *session, const struct mx_server *server,
           const struct mx_conn_ops *ops, void *owner)
{
    const struct core_global_config *globals = core_registry_mine()->globals;
    const struct core_server_config *config = &server->config;
    struct mx_conn_target target = {
        .address = config->socket != NULL ? config->socket : config->address,
        .port = (uint16_t)config->port,
        .local_address = globals->local_address,
        .timeout_ms = globals->auth_connect_timeout_ms,
    };
    if (config->proxy_protocol) {
        target.on_behalf_of = session->conn;
    }
    struct mx_conn *conn = mx_conn_open(&target, ops, owner);
    mx_conn_set_water(conn, (size_t)globals->writeq_high_water, (size_t)globals->writeq_low_water);
    if (server->tls != NULL) {
        mx_conn_set_tls(conn, core_tls_mine(server->tls), config->address);
    }
    return conn;
}

struct mx_conn *
mx_endpoint_connect(const struct mx_endpoint *endpoint, const struct mx_conn_ops *ops, void *owner)
{
    return connect_to(endpoint->session, endpoint->server, ops, owner);
}

struct mx_conn *
mx_session_connect(struct mx_session *session, struct mx_server *server,
                   const struct mx_conn_ops *ops, void *owner, struct mx_err *err)
{
    return may_open(session, server, err) != 0 ? NULL : connect_to(session, server, ops, owner);
}

/* ------------------------------------------------------------ use */

void
mx_endpoint_send(struct mx_endpoint *endpoint, const struct mx_query *query, uint32_t flags)
{
    MX_CHECK_MAGIC(endpoint, CORE_ENDPOINT_MAGIC);
    if (endpoint->state == MX_ENDPOINT_CLOSED || endpoint->state == CORE_ENDPOINT_PARKED) {
        if (endpoint->state == MX_ENDPOINT_CLOSED) {
            return;
        }
        core_share_attach(endpoint);
    }
    struct core_target_stats *stats = core_endpoint_stats(endpoint);
    endpoint->last_use_ms = (uint64_t)mx_now_ms();
    if (query->first && mx_log_enabled(MX_LOG_INFO, &endpoint->session->log)) {
        core_trace_query(endpoint, query, flags);
    }
    if (query->first) {
        mx_atomic_bump(&stats->packets, 1);
        mx_atomic_bump((flags & MX_SEND_WRITE) != 0 ? &stats->writes : &stats->reads, 1);
        if ((flags & MX_SEND_WRITE) != 0) {
            endpoint->last_write_ms = endpoint->last_use_ms;
        }
        if (query->expects_reply) {
            endpoint->pending++;
            mx_atomic_bump(&stats->operations, 1);
        }
    }
    protocol_of(endpoint)->backend_send(endpoint, query, flags);
}

void
core_endpoints_keepalive(struct mx_session *session, int64_t idle_ms)
{
    uint64_t now_ms = (uint64_t)mx_now_ms();
    mx_list_each_safe (node, &session->endpoints) {
        struct mx_endpoint *endpoint = mx_container_of(node, struct mx_endpoint, node);
        if (endpoint->state == MX_ENDPOINT_READY && endpoint->pending == 0 &&
            now_ms - endpoint->last_use_ms >= (uint64_t)idle_ms) {
            endpoint->last_use_ms = now_ms;
            session->protocol->backend_ping(endpoint);
        }
    }
}

void
mx_endpoint_ready(struct mx_endpoint *endpoint)
{
    if (endpoint->state != MX_ENDPOINT_CONNECTING) {
        return;
    }
    endpoint->state = MX_ENDPOINT_READY;
    if (endpoint->session->move_to > 0) {
        core_session_move_soon(endpoint->session); /* it may have been what the move waited for */
    }
    if (endpoint->opening) {
        return; /* the router sees it when it gets the endpoint */
    }
    if (router_of(endpoint)->ready != NULL && mx_session_is_started(endpoint->session)) {
        router_of(endpoint)->ready(endpoint->session->rs, endpoint);
    }
}

/* ------------------------------------------------------------ end */

/* Out of all counts and lists; the memory stays until the end of the loop turn. */
static void
detach(struct mx_endpoint *endpoint)
{
    mx_list_remove(&endpoint->node);
    core_share_cancel(endpoint);
    endpoint->state = MX_ENDPOINT_CLOSED;
    if (endpoint->slot >= 0) {
        core_history_drop_slot(endpoint->session->history, endpoint->slot);
        endpoint->session->slots &= ~(UINT64_C(1) << endpoint->slot);
    }
    mx_atomic_bump(&core_endpoint_stats(endpoint)->operations, -(int64_t)endpoint->pending);
    endpoint->pending = 0;
    if (endpoint->has_slot) {
        core_endpoint_left(endpoint);
        core_pool_slot_put(endpoint->server->rt);
    }
}

static void
memory_free(void *arg)
{
    struct mx_endpoint *endpoint = arg;
    endpoint->magic = 0;
    core_server_unref(endpoint->server);
    free(endpoint);
}

void
core_endpoint_free(struct mx_endpoint *endpoint)
{
    MX_CHECK_MAGIC(endpoint, CORE_ENDPOINT_MAGIC);
    if (endpoint->state == MX_ENDPOINT_CLOSED) {
        return;
    }
    if (core_pool_keep(endpoint)) {
        core_endpoint_left(endpoint); /* the place went with the connection */
    }
    detach(endpoint);
    protocol_of(endpoint)->backend_close(endpoint);
    mx_worker_defer(memory_free, endpoint);
}

void
mx_endpoint_close(struct mx_endpoint *endpoint)
{
    if (!endpoint->lost) {
        core_endpoint_free(endpoint);
    }
}

/* Half a reply is with the client and nobody will send the rest. */
static void
end_open_reply(struct mx_session *session, const struct mx_endpoint *endpoint,
               const struct mx_err *why)
{
    if (mx_session_is_open(session) && session->reply_open) {
        (void)mx_session_kill(session, "server '%s' was lost in the middle of a result: %s",
                              endpoint->server->name, why->text);
    }
}

void
mx_endpoint_lost(struct mx_endpoint *endpoint, const struct mx_err *why, bool permanent)
{
    MX_CHECK_MAGIC(endpoint, CORE_ENDPOINT_MAGIC);
    struct mx_session *session = endpoint->session;
    if (endpoint->state == MX_ENDPOINT_CLOSED) {
        return;
    }
    bool sent = endpoint->reply_open;
    mx_log_info(&session->log, "The connection to server '%s' is lost: %s", endpoint->server->name,
                why->text);
    if (session->state == CORE_SESSION_STARTED) {
        core_trace_dump(session, "a server connection was lost");
        enum mx_verdict verdict = MX_FAIL;
        endpoint->lost = true;
        verdict = router_of(endpoint)->lost(session->rs, endpoint, why, sent, permanent);
        endpoint->lost = false;
        if (verdict == MX_FAIL && mx_session_is_open(session)) {
            (void)mx_session_kill(session, "server '%s' was lost: %s", endpoint->server->name,
                                  why->text);
        }
        if (sent) {
            end_open_reply(session, endpoint, why);
        }
    }
    detach(endpoint);
    protocol_of(endpoint)->backend_close(endpoint);
    mx_worker_defer(memory_free, endpoint);
}

/* ------------------------------------------------------------ history */

/* Answered unlike the others: no longer the same session there. */
static void
close_mismatch(struct mx_endpoint *endpoint, const struct core_history_entry *entry, bool ok)
{
    if (endpoint->mismatch) {
        return;
    }
    endpoint->mismatch = true;
    struct mx_err err;
    (void)mx_err_set(&err, 1815, "HY000",
                     "Server '%s' answered session command %llu with %s where the answer was %s: "
                     "the connection is no longer like the others",
                     endpoint->server->name, (unsigned long long)entry->view.id,
                     ok ? "OK" : "an error", ok ? "an error" : "OK");
    mx_log_warning(&endpoint->session->log, "%s. Compare the data and the rights of '%s' there",
                   err.text, mx_session_user(endpoint->session));
    protocol_of(endpoint)->backend_fail(endpoint, &err, true);
}

void
mx_endpoint_history_answer(struct mx_endpoint *endpoint, uint64_t history_id, bool ok)
{
    struct core_history_entry *entry = core_history_find(endpoint->session->history, history_id);
    if (entry == NULL || endpoint->state == MX_ENDPOINT_CLOSED) {
        return;
    }
    if (entry->view.result >= 0) {
        if ((entry->view.result == 1) != ok) {
            close_mismatch(endpoint, entry, ok);
        }
    } else if (endpoint->slot >= 0) {
        *(ok ? &entry->said_ok : &entry->said_err) |= UINT64_C(1) << endpoint->slot;
    }
}

void
mx_session_history_result(struct mx_session *session, uint64_t id, bool ok)
{
    struct core_history_entry *entry = core_history_find(session->history, id);
    if (entry == NULL) {
        return;
    }
    core_history_answered(session->history, entry, ok);
    uint64_t wrong = ok ? entry->said_err : entry->said_ok;
    mx_list_each_safe (node, &session->endpoints) {
        struct mx_endpoint *endpoint = mx_container_of(node, struct mx_endpoint, node);
        if (endpoint->slot >= 0 && (wrong & UINT64_C(1) << endpoint->slot) != 0) {
            close_mismatch(endpoint, entry, !ok);
        }
    }
}

/* ------------------------------------------------------------ views */

enum mx_endpoint_state
mx_endpoint_state(const struct mx_endpoint *endpoint)
{
    if (endpoint->state == MX_ENDPOINT_READY && endpoint->pending > 0) {
        return MX_ENDPOINT_BUSY;
    }
    if (endpoint->state == CORE_ENDPOINT_PARKED) {
        return MX_ENDPOINT_READY;
    }
    return (enum mx_endpoint_state)endpoint->state;
}

bool
mx_endpoint_is_parked(const struct mx_endpoint *endpoint)
{
    return endpoint->state == CORE_ENDPOINT_PARKED;
}

struct mx_server *
mx_endpoint_server(const struct mx_endpoint *endpoint)
{
    return endpoint->server;
}

void *
mx_endpoint_owner(const struct mx_endpoint *endpoint)
{
    return endpoint->owner;
}

uint32_t
mx_endpoint_pending(const struct mx_endpoint *endpoint)
{
    return endpoint->pending;
}

uint64_t
mx_endpoint_last_write_ms(const struct mx_endpoint *endpoint)
{
    return endpoint->last_write_ms;
}

void *
mx_endpoint_backend(const struct mx_endpoint *endpoint)
{
    uintptr_t at = (uintptr_t)endpoint + CORE_ENDPOINT_SIZE;
    return (void *)at;
}

struct mx_session *
mx_endpoint_session(const struct mx_endpoint *endpoint)
{
    return endpoint->session;
}

struct mx_endpoint *
mx_endpoint_next(const struct mx_session *session, const struct mx_endpoint *endpoint)
{
    struct mx_list *node = endpoint == NULL ? session->endpoints.next : endpoint->node.next;
    return node == &session->endpoints ? NULL : mx_container_of(node, struct mx_endpoint, node);
}

void
mx_endpoint_count_failed_auth(struct mx_endpoint *endpoint)
{
    mx_atomic_bump(&core_endpoint_stats(endpoint)->failed_auths, 1);
}
