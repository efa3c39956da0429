/*
 * Broken endpoints, statements without a server, servers that changed their role. A statement is
 * sent again only when that cannot do it twice: a read of which the client has seen nothing, or,
 * with delayed_retry, what the administrator said may be repeated.
 */
#include "mx/timer.h"
#include "mx/trx.h"
#include "rwsplit.h"

#define RETRY_INTERVAL_MS 1000
#define RETRY_SOON_MS     50
/* A server that took no connection is left alone for so long: below the interval of retries. */
#define REST_MS 500

static bool
in_transaction(const struct rws_session *rs)
{
    return mx_trx_is_open(mx_session_trx(rs->session));
}

static bool
may_wait(const struct rws_session *rs)
{
    int64_t waited_ms = (int64_t)rs->stmt.retries * RETRY_INTERVAL_MS;
    return rs->config->delayed_retry && rs->stmt.kept && !in_transaction(rs) &&
           waited_ms < rs->config->delayed_retry_timeout_ms;
}

static enum mx_verdict
wait_for_server(struct rws_session *rs)
{
    rs->stmt.retries++;
    rs->stmt.backend = NULL;
    rs->waiting = true;
    mx_session_timer(rs->session, RETRY_INTERVAL_MS);
    return MX_PASS;
}

static enum mx_verdict
answer_read_only(struct rws_session *rs)
{
    mx_session_reply_error(rs->session, 1290, "HY000",
                           "The MariaDB server is running with the --read-only option so it cannot "
                           "execute this statement: the service has no primary now");
    rws_stmt_finish(rs);
    return MX_DONE;
}

static const char *
target_text(enum rws_target target)
{
    switch (target) {
    case RWS_PRIMARY:
        return "a primary";
    case RWS_REPLICA:
        return "a server for reads";
    case RWS_LAST:
        return "the server of the statement before";
    case RWS_ALL:
        break;
    }
    return "any server";
}

enum mx_verdict
rws_no_server(struct rws_session *rs, struct mx_query *query, enum rws_target target,
              const struct mx_err *err)
{
    if (may_wait(rs)) {
        return wait_for_server(rs);
    }
    if (rs->config->master_failure_mode == RWS_ERROR_ON_WRITE && query->expects_reply) {
        return answer_read_only(rs);
    }
    return mx_session_kill(rs->session,
                           "the statement needs %s and none is available%s%s; `maxctrl list "
                           "servers` shows their states",
                           target_text(target), err != NULL ? ": " : "",
                           err != NULL ? err->text : "");
}

/* The endpoint that the client waits for broke. */
static enum mx_verdict
lost_under_way(struct rws_session *rs, struct rws_backend *backend, const struct mx_err *why,
               bool was_primary)
{
    const char *name = mx_server_name(backend->server);
    if (!rs->stmt.delivered && !in_transaction(rs)) {
        bool again = rs->stmt.is_read && rs->config->retry_failed_reads && rs->stmt.kept;
        if (again && (rws_backends_open_count(rs) > 0 || rs->config->delayed_retry)) {
            return rws_resend(rs);
        }
        if (may_wait(rs)) {
            return wait_for_server(rs);
        }
        if (was_primary && rs->config->master_failure_mode == RWS_ERROR_ON_WRITE) {
            return answer_read_only(rs);
        }
    }
    return mx_session_kill(rs->session, "lost the connection to %s '%s' during a statement: %s",
                           was_primary ? "primary server" : "server", name, why->text);
}

static enum mx_verdict
lost_idle(struct rws_session *rs, const struct rws_backend *backend, const struct mx_err *why,
          bool was_primary, bool had_trx)
{
    const char *name = mx_server_name(backend->server);
    if (had_trx) {
        return mx_session_kill(rs->session,
                               "lost the connection to server '%s' with an open "
                               "transaction: %s",
                               name, why->text);
    }
    if (!was_primary) {
        return MX_PASS;
    }
    if (rs->config->master_failure_mode == RWS_FAIL_INSTANTLY) {
        return mx_session_kill(rs->session, "lost the connection to primary server '%s': %s", name,
                               why->text);
    }
    if (rs->config->strict_tmp_tables && rs->tmp_count > 0) {
        return mx_session_kill(rs->session,
                               "lost the connection to primary server '%s' and with it "
                               "the session's temporary tables: %s",
                               name, why->text);
    }
    if (rs->locked || rs->tables_locked || rs->next_trx) {
        return mx_session_kill(rs->session,
                               "lost the connection to primary server '%s', which "
                               "held state of this session: %s",
                               name, why->text);
    }
    return MX_PASS;
}

enum mx_verdict
rws_lost(void *ptr, struct mx_endpoint *endpoint, const struct mx_err *why,
         bool sent_to_client MX_UNUSED, bool permanent)
{
    struct rws_session *rs = ptr;
    struct rws_backend *backend = mx_endpoint_owner(endpoint);
    bool was_primary = rs->primary == backend || mx_server_is_master(backend->server);
    bool had_trx = rs->trx_backend == backend && in_transaction(rs);
    bool under_way = rs->stmt.active && rs->stmt.backend == backend;
    bool streaming = rs->stream == backend;
    backend->endpoint = NULL;
    backend->barred |= permanent;
    if (mx_endpoint_state(endpoint) == MX_ENDPOINT_CONNECTING) {
        backend->rest_until_ms = mx_now_ms() + REST_MS;
    }
    rws_backend_close(rs, backend);
    if (streaming) {
        rs->stream = NULL;
        return mx_session_kill(rs->session,
                               "lost the connection to server '%s' while it was "
                               "receiving a command: %s",
                               mx_server_name(backend->server), why->text);
    }
    return under_way ? lost_under_way(rs, backend, why, was_primary)
                     : lost_idle(rs, backend, why, was_primary, had_trx);
}

enum mx_verdict
rws_timeout(void *ptr)
{
    struct rws_session *rs = ptr;
    return rs->waiting ? rws_resend(rs) : MX_PASS;
}

bool
rws_interrupt(void *ptr)
{
    struct rws_session *rs = ptr;
    if (!rs->waiting) {
        return false;
    }
    mx_session_reply_error(rs->session, 1317, "70100", "Query execution was interrupted");
    rws_stmt_finish(rs);
    return true;
}

void
rws_server_changed(void *ptr, struct mx_server *server)
{
    struct rws_session *rs = ptr;
    struct rws_backend *backend = rws_backend_for_server(rs, server);
    if (backend != NULL) {
        backend->rest_until_ms = 0;
    }
    if (rs->waiting && mx_server_usable(server)) {
        mx_session_timer(rs->session, RETRY_SOON_MS); /* do not sit out the second */
    }
    if (!rs->stmt.active) {
        rws_backends_tidy(rs);
    }
}
