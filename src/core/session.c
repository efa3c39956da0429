/*
 * The life of a session: begun, started, ended; its timers and its end. Who may have one:
 * admission.c. The chain is in flow.c, connections to servers in endpoint.c, the list for REST in
 * session_list.c.
 */
#include "core/session.h"

#include "base/log_trace.h"
#include "core/admission.h"
#include "core/endpoint.h"
#include "core/history.h"
#include "core/session_move.h"
#include "core/session_trace.h"
#include "core/statements.h"
#include "core/tls.h"
#include "mx/timer.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ------------------------------------------------------------ begin */

static uint32_t
levels_of(const struct core_service_config *config)
{
    return (config->log_debug ? 1u << MX_LOG_DEBUG : 0) |
           (config->log_info ? 1u << MX_LOG_INFO : 0) |
           (config->log_notice ? 1u << MX_LOG_NOTICE : 0) |
           (config->log_warning ? 1u << MX_LOG_WARNING : 0);
}

static struct mx_session *
session_make(const struct core_accepted *accepted, struct mx_conn *conn)
{
    const struct mx_protocol_ops *protocol = accepted->listener->protocol->protocol;
    struct mx_session *session = mx_calloc(1, CORE_SESSION_SIZE + protocol->client_size);
    session->magic = CORE_SESSION_MAGIC;
    session->service = accepted->service;
    session->listener = accepted->listener;
    session->conn = conn;
    session->protocol = protocol;
    session->connected_ms = mx_now_ms();
    mx_list_init(&session->endpoints);
    char address[MX_CONN_ADDRESS_MAX];
    session->remote = mx_strdup(mx_conn_peer_address(conn, address, sizeof(address)));
    core_session_list_add(session);
    session->log = (struct mx_log_ctx){.session = session->id,
                                       .module = accepted->listener->protocol->name,
                                       .object = session->service->name,
                                       .levels = levels_of(&session->service->config),
                                       .trace = core_trace_new(session->service)};
    if (accepted->listener->config.sql_mode == CORE_SQL_MODE_ORACLE) {
        session->sql_options.mode = MX_SQL_MODE_ORACLE;
    }
    mx_trx_init(&session->trx);
    return session;
}

void
core_session_begin(const struct core_accepted *accepted, struct mx_conn *conn)
{
    const struct core_global_config *globals = core_registry_mine()->globals;
    mx_conn_set_water(conn, (size_t)globals->writeq_high_water, (size_t)globals->writeq_low_water);
    if (accepted->listener->tls != NULL) {
        mx_conn_set_tls(conn, core_tls_mine(accepted->listener->tls), NULL);
    }
    struct mx_session *session = session_make(accepted, conn);
    struct core_target_stats *stats =
        &session->service->rt->stats[mx_worker_index(mx_worker_self())];
    mx_atomic_bump(&stats->connections, 1);
    mx_atomic_bump(&stats->total_connections, 1);
    if (mx_atomic_get(&stats->connections) > mx_atomic_get(&stats->max_connections)) {
        mx_atomic_set(&stats->max_connections, mx_atomic_get(&stats->connections));
    }
    session->protocol->client_open(session);
}

int
mx_session_start(struct mx_session *session, struct mx_err *err)
{
    MX_CHECK_MAGIC(session, CORE_SESSION_MAGIC);
    session->statements = core_statements_new(session);
    if (core_flow_build(session, err) != 0) {
        return -1;
    }
    if (session->state != CORE_SESSION_CREATED) {
        return mx_err_set(err, 1815, "HY000", "The session could not be made");
    }
    session->state = CORE_SESSION_STARTED;
    session->last_query_ms = mx_now_ms();
    mx_log_info(&session->log, "'%s'@'%s' has logged in at service '%s', database '%s'",
                mx_session_user(session), session->remote, session->service->name,
                mx_session_database(session));
    core_session_plan_idle(session);
    return 0;
}

/* ------------------------------------------------------------ end */

/* A maximum that two workers raise at once may miss the smaller of the two. */
static void
raise_to(struct mx_atomic *max, int64_t value)
{
    if (value > mx_atomic_get(max)) {
        mx_atomic_set(max, value);
    }
}

static void
count_end(const struct mx_session *session)
{
    struct core_service_runtime *rt = session->service->rt;
    int64_t life_ms = mx_now_ms() - session->connected_ms;
    int64_t history = session->history == NULL ? 0 : (int64_t)session->history->count;
    (void)mx_atomic_add(&rt->ended.count, 1);
    (void)mx_atomic_add(&rt->ended.life_ms, life_ms);
    (void)mx_atomic_add(&rt->ended.history, history);
    raise_to(&rt->ended.life_max_ms, life_ms);
    raise_to(&rt->ended.history_max, history);
}

static void
dump_statements(const struct mx_session *session)
{
    int64_t when = core_registry_mine()->globals->dump_last_statements;
    if (when == CORE_DUMP_ON_CLOSE || (when == CORE_DUMP_ON_ERROR && session->killed)) {
        core_statements_log(session->statements, session);
    }
}

static void
session_free(void *arg)
{
    struct mx_session *session = arg;
    MX_CHECK_MAGIC(session, CORE_SESSION_MAGIC);
    count_end(session);
    dump_statements(session);
    core_trace_end(session);
    core_flow_free(session);
    mx_list_each_safe (node, &session->endpoints) {
        core_endpoint_free(mx_container_of(node, struct mx_endpoint, node));
    }
    session->protocol->client_free(session);
    core_history_free(session->history);
    core_statements_free(session->statements);
    core_session_list_remove(session);
    core_place_free(session->service->rt);
    mx_atomic_bump(&session->service->rt->stats[mx_worker_index(mx_worker_self())].connections, -1);
    mx_worker_sessions_add(mx_worker_self(), -1);
    core_listener_unref(session->listener);
    core_service_unref(session->service);
    free(session->user);
    free(session->database);
    free(session->remote);
    free(session->host_name);
    base_log_trace_free(session->log.trace);
    session->magic = 0;
    free(session);
}

/* Stages may be on the stack: everything is taken down at the end of the loop turn. */
static void
session_stop(struct mx_session *session)
{
    if (session->state == CORE_SESSION_STOPPING) {
        return;
    }
    session->state = CORE_SESSION_STOPPING;
    mx_timer_stop(&session->router_timer);
    mx_timer_stop(&session->idle_timer);
    mx_conn_close(session->conn);
    session->conn = NULL;
    mx_worker_defer(session_free, session);
}

void
mx_session_end(struct mx_session *session)
{
    MX_CHECK_MAGIC(session, CORE_SESSION_MAGIC);
    session_stop(session);
}

void
mx_session_quit(struct mx_session *session)
{
    MX_CHECK_MAGIC(session, CORE_SESSION_MAGIC);
    mx_log_info(&session->log, "The client has ended the session");
    session->ends_well = true;
    session_stop(session);
}

void
mx_session_gone(struct mx_session *session)
{
    MX_CHECK_MAGIC(session, CORE_SESSION_MAGIC);
    if (session->state != CORE_SESSION_STOPPING) {
        mx_log_info(&session->log, "The client's connection has closed");
    }
    session->conn = NULL;
    session_stop(session);
}

void
core_session_kill(struct mx_session *session, const struct mx_err *err)
{
    if (session->state == CORE_SESSION_STOPPING) {
        return;
    }
    session->killed = true;
    if (session->conn != NULL) {
        session->protocol->client_killed(session, err);
    }
    session_stop(session);
}

enum mx_verdict
mx_session_kill(struct mx_session *session, const char *format, ...)
{
    if (session->state == CORE_SESSION_STOPPING) {
        return MX_FAIL;
    }
    char reason[MX_ERR_TEXT_MAX - 64];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    mx_log_error(&session->log, "Session of '%s'@'%s' to service '%s' is closed: %s",
                 mx_session_user(session), session->remote, session->service->name, reason);
    struct mx_err err;
    (void)mx_err_set(&err, 1927, "08S01", "Connection killed by MaxScale: %s", reason);
    core_session_kill(session, &err);
    return MX_FAIL;
}

/* ------------------------------------------------------------ timers */

static void
login_is_late(struct mx_timer *timer)
{
    struct mx_session *session = mx_container_of(timer, struct mx_session, idle_timer);
    if (core_job_give_up(session)) {
        return;
    }
    mx_log_warning(&session->log,
                   "The client at '%s' has not finished its login in time and is closed; a slow "
                   "network can be allowed for with auth_connect_timeout",
                   session->remote);
    session_stop(session);
}

int64_t
mx_session_login_limit_ms(void)
{
    int64_t limit_ms = core_registry_mine()->globals->auth_connect_timeout_ms;
    return limit_ms > 0 ? limit_ms : 10000;
}

void
mx_session_expect_login(struct mx_session *session)
{
    mx_timer_start(&session->idle_timer, login_is_late, mx_session_login_limit_ms());
}

static int64_t
earliest(int64_t a, int64_t b)
{
    return a < 0 || b < a ? b : a;
}

/* Milliseconds until the session would break a limit; negative: it has. INT64_MAX: no such limit.
 */
static int64_t
left_of(const struct mx_session *session, int64_t limit_ms)
{
    if (limit_ms <= 0) {
        return INT64_MAX;
    }
    return mx_conn_last_active_ms(session->conn) + limit_ms - mx_now_ms();
}

static bool
is_idle(const struct mx_session *session)
{
    return session->due == 0 && !session->held && mx_conn_queued(session->conn) == 0;
}

/* True when the session was closed. */
static bool
enforce_limits(struct mx_session *session)
{
    const struct core_service_config *config = &session->service->config;
    bool queued = mx_conn_queued(session->conn) > 0;
    const char *what = NULL;
    if (queued && left_of(session, config->net_write_timeout_ms) <= 0) {
        what = "net_write_timeout: it has not taken what was sent to it";
    } else if (is_idle(session) && left_of(session, config->wait_timeout_ms) <= 0) {
        what = "wait_timeout: nothing was asked for that long";
    }
    if (what == NULL) {
        return false;
    }
    mx_log_warning(&session->log, "Session of '%s'@'%s' is closed because of %s",
                   mx_session_user(session), session->remote, what);
    session_stop(session);
    return true;
}

static void
idle_timer(struct mx_timer *timer)
{
    struct mx_session *session = mx_container_of(timer, struct mx_session, idle_timer);
    if (enforce_limits(session)) {
        return;
    }
    const struct core_service_config *config = &session->service->config;
    bool active = mx_now_ms() - session->last_query_ms < config->connection_keepalive_ms;
    if (config->connection_keepalive_ms > 0 && is_idle(session) &&
        (active || config->force_connection_keepalive)) {
        core_endpoints_keepalive(session, config->connection_keepalive_ms);
    }
    core_session_plan_idle(session);
}

void
core_session_plan_idle(struct mx_session *session)
{
    const struct core_service_config *config = &session->service->config;
    int64_t next_ms = -1;
    if (config->wait_timeout_ms > 0) {
        next_ms = earliest(next_ms, left_of(session, config->wait_timeout_ms));
    }
    if (config->net_write_timeout_ms > 0) {
        next_ms = earliest(next_ms, left_of(session, config->net_write_timeout_ms));
    }
    if (config->connection_keepalive_ms > 0) {
        next_ms = earliest(next_ms, config->connection_keepalive_ms / 2);
    }
    if (next_ms < 0) {
        mx_timer_stop(&session->idle_timer);
        return;
    }
    mx_timer_start(&session->idle_timer, idle_timer, next_ms < 500 ? 500 : next_ms);
}

bool
core_session_is_quiet(const struct mx_session *session)
{
    return session->state == CORE_SESSION_STARTED && session->due == 0 && !session->held &&
           !session->in_route && !session->reply_open && !session->waits_accounts &&
           session->conn != NULL && !mx_timer_is_running(&session->router_timer);
}

static void
router_timer(struct mx_timer *timer)
{
    struct mx_session *session = mx_container_of(timer, struct mx_session, router_timer);
    if (session->held) {
        mx_session_resume(session);
        return;
    }
    const struct mx_router_ops *router = session->service->router->router;
    if (router->timeout != NULL && router->timeout(session->rs) == MX_FAIL) {
        session_stop(session);
    }
}

void
mx_session_timer(struct mx_session *session, uint32_t ms)
{
    if (ms == 0 || session->state == CORE_SESSION_STOPPING) {
        mx_timer_stop(&session->router_timer);
    } else {
        mx_timer_start(&session->router_timer, router_timer, ms);
    }
}
