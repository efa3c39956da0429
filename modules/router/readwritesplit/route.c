/* A query on its way down: which class of servers, which server, and off it goes. */
#include "mx/timer.h"
#include "mx/trx.h"
#include "mx/worker.h"
#include "rwsplit.h"

#define ER_NO_OPEN_CURSOR 1421

#define CURSOR_FLAGS_AT 9 /* header 4, command 1, statement id 4 */

struct rws_counters *
rws_my_counters(const struct rws_session *rs)
{
    int index = mx_worker_index(mx_worker_self());
    size_t worker = index >= 0 && (size_t)index < rs->instance->worker_count ? (size_t)index : 0;
    return &rs->instance->counters[worker];
}

/* -------------------------------------------------------------- the decision */

static enum rws_target
decide(const struct rws_session *rs, const struct mx_query *query)
{
    const struct mx_trx *trx = mx_session_trx(rs->session);
    struct rws_target_context ctx = {
        .trx_open = mx_trx_is_open(trx),
        .trx_read_only = mx_trx_is_read_only(trx),
        .locked = rs->locked,
        .pinned = rs->tables_locked || rs->next_trx || mx_trx_is_serializable(trx),
        .vars_all = rs->config->use_sql_variables_in == RWS_USERVARS_ALL,
        .vars_on_primary = rs->vars_on_primary,
    };
    enum rws_target target = rws_target_of(query, &ctx);
    if (target == RWS_REPLICA && !ctx.trx_open && rws_tmp_tables_touched(rs, query)) {
        target = RWS_PRIMARY;
    }
    return target;
}

/* Session state that a statement leaves on the server that runs it, noted before it is sent. */
static void
note_effects(struct rws_session *rs, const struct mx_query *query)
{
    const struct mx_sql *sql = query->sql;
    if (sql == NULL) {
        if (query->large && query->command == MX_COM_STMT_PREPARE) {
            rs->locked = true; /* too long to be prepared anywhere else later */
        }
        return;
    }
    bool multi = (sql->facts & MX_SQL_FACT_MULTI) != 0;
    if ((multi && rs->config->strict_multi_stmt) ||
        (sql->op == MX_SQL_OP_CALL && rs->config->strict_sp_calls)) {
        rs->locked = true;
    }
    if (multi && mx_sql_is_session_write(sql, true)) {
        rs->locked = true; /* a part of it changed session state on the primary only */
    }
    if (multi || (sql->facts & MX_SQL_FACT_OUT_VARIABLES) != 0 || sql->op == MX_SQL_OP_CALL ||
        ((sql->type & MX_SQL_USERVAR_WRITE) != 0 && (sql->type & MX_SQL_WRITE) != 0)) {
        rs->vars_on_primary = true;
    }
    if ((sql->facts & MX_SQL_FACT_LOCKS_SESSION) != 0 && sql->op != MX_SQL_OP_SELECT) {
        rs->tables_locked = true;
    } else if ((sql->facts & MX_SQL_FACT_UNLOCKS_SESSION) != 0 && sql->op != MX_SQL_OP_SELECT) {
        rs->tables_locked = false;
    }
    if ((sql->type & MX_SQL_NEXT_TRX) != 0) {
        rs->next_trx = true;
    } else if ((sql->type & MX_SQL_BEGIN_TRX) != 0) {
        rs->next_trx = false;
    }
    rws_tmp_tables_note(rs, query);
}

/* ------------------------------------------------------------ keeping a copy */

static void
keep_copy(struct rws_session *rs, const struct mx_query *query)
{
    const struct rws_config *config = rs->config;
    bool wanted = rs->stmt.is_read ? config->retry_failed_reads || config->delayed_retry
                                   : config->delayed_retry;
    if (wanted && mx_query_is_whole(query) && !rs->stmt.kept) {
        mx_buf_clear(&rs->copy);
        rs->stmt.kept = mx_buf_append(&rs->copy, query->data, query->len) == 0;
    }
}

/* ---------------------------------------------------------------- one server */

static void
send_to(struct rws_session *rs, struct rws_backend *backend, const struct mx_query *query)
{
    uint32_t flags = rs->stmt.is_write ? MX_SEND_WRITE : 0;
    mx_router_use_start(&backend->use);
    if (!rs->stmt.is_write) {
        backend->use.selects++;
    }
    mx_router_stats_count(rs->instance->stats, backend->index, rs->stmt.is_write);
    rs->stmt.backend = backend;
    mx_endpoint_send(backend->endpoint, query, flags);
    rs->stream = query->last ? NULL : backend;
}

static bool
trx_backend_valid(const struct rws_session *rs)
{
    const struct rws_backend *b = rs->trx_backend;
    bool read_only = mx_trx_is_read_only(mx_session_trx(rs->session));
    uint32_t status = mx_server_status(b->server);
    if (b->endpoint == NULL || (status & MX_STATUS_RUNNING) == 0) {
        return false;
    }
    if ((status & MX_STATUS_MAINT) != 0) {
        return true; /* the transaction may end there */
    }
    return (status & MX_STATUS_MASTER) != 0 || (read_only && (status & MX_STATUS_SLAVE) != 0);
}

static struct rws_backend *
choose_rested(struct rws_session *rs, enum rws_target target)
{
    if (target == RWS_LAST && rs->last != NULL && rs->last->endpoint != NULL) {
        return rs->last;
    }
    return target == RWS_REPLICA ? rws_choose_replica(rs) : rws_choose_primary(rs);
}

/* One that took no connection a moment ago is better than none, once for each statement. */
static struct rws_backend *
choose(struct rws_session *rs, enum rws_target target)
{
    struct rws_backend *backend = choose_rested(rs, target);
    if (backend != NULL || rs->stmt.again) {
        return backend;
    }
    for (uint32_t i = 0; i < rs->backend_count; i++) {
        rs->backends[i].rest_until_ms = 0;
    }
    return choose_rested(rs, target);
}

/* Chooses and opens; a server that refuses at once is passed over for this statement. */
static struct rws_backend *
acquire(struct rws_session *rs, enum rws_target target, struct mx_err *err)
{
    struct rws_backend *backend = NULL;
    do {
        backend = choose(rs, target);
        if (backend == NULL || rws_backend_open(rs, backend, err) == 0) {
            break;
        }
        backend->skipped = true;
    } while (true);
    for (uint32_t i = 0; i < rs->backend_count; i++) {
        rs->backends[i].skipped = false;
    }
    if (backend != NULL && backend != rs->primary && mx_server_is_master(backend->server) &&
        backend == rws_choose_primary(rs)) {
        rs->primary = backend;
        rws_tmp_tables_clear(rs); /* they stayed behind on the one before */
    }
    return backend;
}

/* Long data waits for one execute; a cursor stays until the next one. */
static void
note_home(struct rws_session *rs, const struct mx_query *query, const struct rws_backend *backend)
{
    if (query->command == MX_COM_STMT_SEND_LONG_DATA) {
        rws_home_set(rs, query->stmt_id, backend, true);
    } else if (query->command == MX_COM_STMT_EXECUTE ||
               query->command == MX_COM_STMT_BULK_EXECUTE) {
        bool cursor = query->command == MX_COM_STMT_EXECUTE && query->len > CURSOR_FLAGS_AT &&
                      query->data[CURSOR_FLAGS_AT] != 0;
        if (cursor) {
            rws_home_set(rs, query->stmt_id, backend, false);
        } else if (rs->home_count > 0) {
            rws_home_drop(rs, query->stmt_id);
        }
    }
}

static enum mx_verdict
route_to_one(struct rws_session *rs, struct mx_query *query, enum rws_target target)
{
    struct rws_backend *backend = NULL;
    struct mx_err err MX_UNINITIALIZED;
    err.code = 0; /* its long text is not cleared for every statement */
    if (rs->trx_backend != NULL) {
        if (!trx_backend_valid(rs)) {
            return mx_session_kill(rs->session,
                                   "server '%s' lost the role that the open transaction needs",
                                   mx_server_name(rs->trx_backend->server));
        }
        backend = rs->trx_backend;
    } else {
        backend = acquire(rs, target, &err);
    }
    keep_copy(rs, query);
    if (backend == NULL) {
        return rws_no_server(rs, query, target, err.code != 0 ? &err : NULL);
    }
    rs->waiting = false;
    note_home(rs, query, backend);
    send_to(rs, backend, query);
    return MX_PASS;
}

/* ---------------------------------------------------------------- everywhere */

static struct rws_backend *
answering_backend(struct rws_session *rs)
{
    if (rs->trx_backend != NULL && rs->trx_backend->endpoint != NULL) {
        return rs->trx_backend;
    }
    if (rs->primary != NULL && rs->primary->endpoint != NULL) {
        return rs->primary;
    }
    for (uint32_t i = 0; i < rs->backend_count; i++) {
        if (rs->backends[i].endpoint != NULL) {
            return &rs->backends[i];
        }
    }
    return NULL;
}

static void
send_everywhere(struct rws_session *rs, struct rws_backend *answering, const struct mx_query *query,
                bool only_answering)
{
    for (uint32_t i = 0; i < rs->backend_count; i++) {
        struct rws_backend *b = &rs->backends[i];
        if (b->endpoint == NULL || (only_answering && b != answering)) {
            continue;
        }
        if (b != answering && mx_endpoint_is_parked(b->endpoint)) {
            continue; /* the history will tell its next connection */
        }
        uint32_t flags = b == answering ? MX_SEND_SPREAD : MX_SEND_DISCARD;
        if (query->first) {
            mx_router_stats_count(rs->instance->stats, b->index, false);
            b->unread += b != answering && query->expects_reply ? 1u : 0u;
        }
        mx_endpoint_send(b->endpoint, query, flags);
    }
}

static enum mx_verdict
route_to_all(struct rws_session *rs, struct mx_query *query)
{
    struct mx_err err = {0};
    if (rws_backends_open_count(rs) == 0) {
        bool primary = rs->config->master_reconnection && rs->config->master_accept_reads;
        if (acquire(rs, primary ? RWS_PRIMARY : RWS_REPLICA, &err) == NULL) {
            keep_copy(rs, query);
            return rws_no_server(rs, query, RWS_ALL, err.code != 0 ? &err : NULL);
        }
    }
    rs->waiting = false;
    struct rws_backend *answering = answering_backend(rs);
    if (query->command == MX_COM_STMT_CLOSE || query->command == MX_COM_STMT_RESET) {
        rws_home_drop(rs, query->stmt_id);
    }
    if (mx_query_is_whole(query) && mx_query_is_recorded(query)) {
        rs->stmt.history_id = mx_session_history_add(rs->session, query);
    }
    rs->stmt.backend = answering;
    rs->stmt.is_session_command = true;
    rs->stream = query->last ? NULL : answering;
    rs->stream_all = !query->last && !rs->locked;
    send_everywhere(rs, answering, query, rs->locked);
    return MX_PASS;
}

/* ------------------------------------------------------------------ the door */

/*
 * FETCH goes to the cursor, EXECUTE and more of long data to the long data there is.
 */
static struct rws_backend *
home_of(struct rws_session *rs, const struct mx_query *query)
{
    switch (query->command) {
    case MX_COM_STMT_FETCH:
        return rws_home_find(rs, query->stmt_id, false);
    case MX_COM_STMT_EXECUTE:
    case MX_COM_STMT_SEND_LONG_DATA:
    case MX_COM_STMT_BULK_EXECUTE:
        return rws_home_find(rs, query->stmt_id, true);
    default:
        return NULL;
    }
}

static enum mx_verdict
route_first(struct rws_session *rs, struct mx_query *query, enum rws_target target)
{
    struct rws_backend *home = rs->home_count > 0 ? home_of(rs, query) : NULL;
    if (home != NULL && query->command != MX_COM_STMT_FETCH && rs->trx_backend != NULL &&
        rs->trx_backend != home) {
        return mx_session_kill(rs->session,
                               "long data of statement %u was sent to server '%s' before the "
                               "transaction began on server '%s'",
                               query->stmt_id, mx_server_name(home->server),
                               mx_server_name(rs->trx_backend->server));
    }
    if (home != NULL) {
        note_home(rs, query, home);
        send_to(rs, home, query);
        return MX_PASS;
    }
    if (query->command == MX_COM_STMT_FETCH) {
        /* None, or its server has gone. Another one might still have rows of an execution before.
         */
        mx_session_reply_error(rs->session, ER_NO_OPEN_CURSOR, "HY000",
                               "The statement (%u) has no open cursor", query->stmt_id);
        rws_stmt_finish(rs);
        return MX_DONE;
    }
    return target == RWS_ALL ? route_to_all(rs, query) : route_to_one(rs, query, target);
}

static void
count(const struct rws_session *rs, enum rws_target target)
{
    struct rws_counters *counters = rws_my_counters(rs);
    mx_atomic_bump(&counters->queries, 1);
    mx_atomic_bump(target == RWS_ALL       ? &counters->route_all
                   : target == RWS_PRIMARY ? &counters->route_master
                                           : &counters->route_slave,
                   1);
}

enum mx_verdict
rws_route(void *ptr, struct mx_query *query)
{
    struct rws_session *rs = ptr;
    if (!query->first) {
        if (rs->stream == NULL) {
            return MX_DONE; /* the command was refused when it began */
        }
        if (rs->stream_all) {
            send_everywhere(rs, rs->stream, query, false);
        } else {
            mx_endpoint_send(rs->stream->endpoint, query, 0);
        }
        rs->stream = query->last ? NULL : rs->stream;
        return MX_PASS;
    }
    if (rs->stmt.active) {
        return MX_HELD;
    }
    enum rws_target target = decide(rs, query);
    note_effects(rs, query);
    bool in_trx = mx_trx_is_open(mx_session_trx(rs->session));
    bool read_only = query->sql != NULL && rws_is_read_only_type(query->sql);
    rs->stmt = (struct rws_stmt){
        .active = query->expects_reply,
        .is_read = target == RWS_REPLICA && !in_trx,
        .is_write = target == RWS_PRIMARY && !read_only,
        .read_only_type = read_only,
        .command = query->command,
        .stmt_id = query->stmt_id,
    };
    if (query->sql != NULL) {
        rs->stmt.sql_op = query->sql->op;
        rs->stmt.sql_type = query->sql->type;
        rs->stmt.sql_facts = query->sql->facts;
    }
    count(rs, target);
    return route_first(rs, query, target);
}

enum mx_verdict
rws_resend(struct rws_session *rs)
{
    struct mx_query query = {
        .data = rs->copy.bytes,
        .len = rs->copy.len,
        .command = rs->stmt.command,
        .first = true,
        .last = true,
        .expects_reply = true,
        .stmt_id = rs->stmt.stmt_id,
    };
    rs->stmt.backend = NULL;
    rs->stmt.again = true;
    enum rws_target target = rs->stmt.is_session_command ? RWS_ALL
                             : rs->stmt.is_read          ? RWS_REPLICA
                                                         : RWS_PRIMARY;
    return route_first(rs, &query, target);
}
