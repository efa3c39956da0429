/* Replies on their way up, and what the end of a statement changes. */
#include "mx/timer.h"
#include "mx/trx.h"
#include "rwsplit.h"

#define AVERAGE_WEIGHT 8 /* a sample moves the average by an eighth */

static void
note_response_time(const struct rws_session *rs, const struct rws_backend *backend)
{
    if (rs->config->slave_selection_criteria != RWS_ADAPTIVE || !rs->stmt.is_read ||
        backend->use.started_us == 0) {
        return;
    }
    int64_t sample = mx_now_us() - backend->use.started_us;
    int64_t average = mx_server_response_us(backend->server);
    mx_server_note_response_us(backend->server, average + (sample - average) / AVERAGE_WEIGHT);
}

static void
track_transaction(struct rws_session *rs)
{
    bool open = mx_trx_is_open(mx_session_trx(rs->session));
    if (open) {
        rs->next_trx = false;
        rs->trx_had_write |=
            rs->was_in_trx && !rs->stmt.read_only_type && !rs->stmt.is_session_command;
        if (rs->trx_backend == NULL && rs->stmt.backend != NULL && !rs->stmt.is_session_command) {
            rs->trx_backend = rs->stmt.backend;
        }
    } else if (rs->was_in_trx) {
        struct rws_counters *counters = rws_my_counters(rs);
        mx_atomic_bump(rs->trx_had_write ? &counters->rw_transactions : &counters->ro_transactions,
                       1);
        rs->trx_had_write = false;
        rs->trx_backend = NULL;
    } else {
        rs->trx_backend = NULL;
    }
    rs->was_in_trx = open;
}

void
rws_stmt_finish(struct rws_session *rs)
{
    track_transaction(rs);
    if (rs->stmt.backend != NULL && !rs->stmt.is_session_command) {
        rs->last = rs->stmt.backend;
    }
    rs->stmt = (struct rws_stmt){0};
    rs->waiting = false;
    mx_buf_free(&rs->copy);
    rws_backends_tidy(rs);
    mx_session_resume(rs->session);
}

static void
note_done(struct rws_session *rs, const struct mx_reply *reply)
{
    if (reply->error_code == 0 && rs->stmt.sql_type != 0) {
        struct mx_sql done = {
            .op = rs->stmt.sql_op, .type = rs->stmt.sql_type, .facts = rs->stmt.sql_facts};
        mx_trx_note_done(mx_session_trx(rs->session), &done);
    }
}

enum mx_verdict
rws_reply(void *ptr, struct mx_endpoint *endpoint, struct mx_reply *reply)
{
    struct rws_session *rs = ptr;
    struct rws_backend *backend = mx_endpoint_owner(endpoint);
    if (backend->unread > 0 && reply->data == NULL) {
        backend->unread--; /* of a session command that another server answered */
        return MX_DONE;
    }
    if (!rs->stmt.active || rs->stmt.backend != backend) {
        return MX_DONE; /* nobody asked: a server says good-bye before it closes */
    }
    rs->stmt.delivered |= reply->len > 0;
    if (reply->complete) {
        note_done(rs, reply);
        if (rs->stmt.history_id != 0) {
            mx_session_history_result(rs->session, rs->stmt.history_id,
                                      reply->kind != MX_REPLY_ERR);
        }
        note_response_time(rs, backend);
        mx_router_use_stop(&backend->use);
        rws_stmt_finish(rs);
    }
    return MX_PASS;
}
