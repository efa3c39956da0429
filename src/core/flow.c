/*
 * The chain of a session: filters in the order of the configuration, then the router, and the same
 * way back. Knows verdicts and the count of replies that the client waits for, nothing else.
 */
#include "core/endpoint.h"
#include "core/session_move.h"
#include "core/session_trace.h"
#include "core/share.h"
#include "core/statements.h"

#include <stdlib.h>

static const struct mx_router_ops *
router_of(const struct mx_session *session)
{
    return session->service->router->router;
}

static const struct mx_filter_ops *
filter_of(const struct core_stage *stage)
{
    return stage->filter->module->filter;
}

int
core_flow_build(struct mx_session *session, struct mx_err *err)
{
    const struct mx_service *service = session->service;
    session->needs = router_of(session)->needs;
    if (service->filter_count > 0) {
        session->stages = mx_calloc(service->filter_count, sizeof(*session->stages));
    }
    for (size_t i = 0; i < service->filter_count; i++) {
        struct core_stage *stage = &session->stages[i];
        stage->filter = service->filters[i];
        session->needs |= filter_of(stage)->needs;
        if (filter_of(stage)->session_new != NULL &&
            filter_of(stage)->session_new(stage->filter->rt->instance, session, &stage->state,
                                          err) != 0) {
            return -1;
        }
        core_filter_ref(stage->filter);
        session->stage_count = i + 1;
    }
    if (core_session_shares(session)) {
        /* To know what binds a connection to the session, and to bring the rest to another one. */
        session->needs |= MX_NEED_CLASSIFY | MX_NEED_STMT_IDS | MX_NEED_HISTORY;
    }
    if ((session->needs & MX_NEED_CLASSIFY) != 0) {
        session->needs |= MX_NEED_STATEMENT;
    }
    return router_of(session)->session_new(session, &session->rs, err);
}

void
core_flow_free(struct mx_session *session)
{
    if (session->rs != NULL) {
        router_of(session)->session_free(session->rs);
        session->rs = NULL;
    }
    for (size_t i = session->stage_count; i > 0; i--) {
        struct core_stage *stage = &session->stages[i - 1];
        if (filter_of(stage)->session_free != NULL) {
            filter_of(stage)->session_free(stage->state);
        }
        core_filter_unref(stage->filter);
    }
    free(session->stages);
    session->stages = NULL;
    session->stage_count = 0;
}

/* FAIL without mx_session_kill is a slip of the stage; the session ends in any case. */
static enum mx_verdict
failed(struct mx_session *session)
{
    if (mx_session_is_open(session)) {
        return mx_session_kill(session, "the statement could not be handled");
    }
    return MX_FAIL;
}

static enum mx_verdict
run_down(struct mx_session *session, struct mx_query *query)
{
    size_t at = session->held_stage;
    session->held_stage = 0;
    for (; at < session->stage_count; at++) {
        struct core_stage *stage = &session->stages[at];
        if (filter_of(stage)->query == NULL) {
            continue;
        }
        enum mx_verdict verdict = filter_of(stage)->query(stage->state, query);
        if (verdict != MX_PASS) {
            session->held_stage = verdict == MX_HELD ? (uint8_t)at : 0;
            return verdict;
        }
    }
    enum mx_verdict verdict = router_of(session)->route(session->rs, query);
    session->held_stage = verdict == MX_HELD ? (uint8_t)at : 0;
    return verdict;
}

/* What the service's clients asked: once a statement, however many servers it went to. */
static void
count_query(const struct mx_session *session, const struct mx_query *query)
{
    struct core_target_stats *stats =
        &session->service->rt->stats[mx_worker_index(mx_worker_self())];
    bool is_read = query->sql != NULL && (query->sql->type & MX_SQL_READ) != 0 &&
                   (query->sql->type & MX_SQL_WRITE) == 0;
    mx_atomic_bump(&stats->packets, 1);
    mx_atomic_bump(is_read ? &stats->reads : &stats->writes, 1);
}

enum mx_verdict
mx_flow_query(struct mx_session *session, struct mx_query *query)
{
    if (session->state != CORE_SESSION_STARTED) {
        return MX_FAIL;
    }
    session->in_route = true;
    session->route_last = query->last;
    session->held = false;
    session->io_activity++;
    session->last_query_ms = mx_now_ms();
    enum mx_verdict verdict = run_down(session, query);
    session->in_route = false;
    if (session->state != CORE_SESSION_STARTED) {
        return MX_FAIL;
    }
    if (verdict == MX_PASS && query->first) {
        count_query(session, query);
        session->due += query->expects_reply ? 1u : 0u;
    }
    if (session->statements != NULL && query->first && (verdict == MX_PASS || verdict == MX_DONE)) {
        core_statements_begin(session->statements, query, verdict == MX_DONE);
    }
    session->held = verdict == MX_HELD;
    return verdict == MX_FAIL ? failed(session) : verdict;
}

/* In the order opposite to the queries' one. */
static enum mx_verdict
run_up(struct mx_session *session, struct mx_reply *reply)
{
    for (size_t i = session->stage_count; i > 0; i--) {
        struct core_stage *stage = &session->stages[i - 1];
        if (filter_of(stage)->reply == NULL) {
            continue;
        }
        enum mx_verdict verdict = filter_of(stage)->reply(stage->state, reply);
        if (verdict != MX_PASS) {
            return verdict;
        }
    }
    return MX_PASS;
}

static void
count_reply(struct mx_endpoint *endpoint)
{
    if (endpoint->pending > 0) {
        endpoint->pending--;
        mx_atomic_bump(&core_endpoint_stats(endpoint)->operations, -1);
    }
    endpoint->last_use_ms = (uint64_t)mx_now_ms();
    if (endpoint->shares) {
        core_share_note(endpoint);
    }
}

void
mx_flow_reply(struct mx_endpoint *endpoint, struct mx_reply *reply, bool discard)
{
    struct mx_session *session = endpoint->session;
    if (session->state != CORE_SESSION_STARTED) {
        return;
    }
    if (reply->complete) {
        if (mx_log_enabled(MX_LOG_INFO, &session->log)) {
            core_trace_reply(endpoint, reply, discard);
        }
        count_reply(endpoint);
        session->io_activity++;
        if (!discard && (session->needs & MX_NEED_TRX) != 0) {
            core_session_note_reply(session, reply);
        }
    }
    if (reply->complete && session->statements != NULL) {
        core_statements_end(session->statements, endpoint->server, !discard);
    }
    enum mx_verdict verdict = router_of(session)->reply(session->rs, endpoint, reply);
    if (verdict == MX_FAIL || session->state != CORE_SESSION_STARTED) {
        (void)failed(session);
        return;
    }
    if (discard || verdict == MX_DONE) {
        return;
    }
    endpoint->reply_open = !reply->complete;
    session->reply_open = !reply->complete;
    if (reply->complete && session->due > 0) {
        session->due--;
    }
    verdict = run_up(session, reply);
    if (verdict == MX_FAIL) {
        (void)failed(session);
    } else if (verdict == MX_PASS && session->conn != NULL) {
        session->protocol->client_reply(session, endpoint, reply);
    }
    if (session->move_to > 0 && session->due == 0) {
        core_session_move_soon(session);
    }
}

/* The answer to what is under way, made here: leaves now, or when the place in the stream has come.
 */
static void
answer(struct mx_session *session, const struct mx_err *err)
{
    if (session->conn == NULL) {
        return;
    }
    enum mx_answer_time when = MX_ANSWER_NOW;
    if (session->in_route) {
        when = session->route_last ? MX_ANSWER_NOW : MX_ANSWER_AFTER_COMMAND;
    } else if (session->due > 0) {
        session->due--;
    } else {
        when = MX_ANSWER_NEXT;
    }
    session->protocol->client_answer(session, err, when);
    session->reply_open = false;
}

void
mx_session_reply_error(struct mx_session *session, uint16_t code, const char *sqlstate,
                       const char *format, ...)
{
    struct mx_err err;
    char text[MX_ERR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (void)mx_err_set(&err, code, sqlstate, "%s", text);
    answer(session, &err);
}

void
mx_session_reply_ok(struct mx_session *session)
{
    struct mx_err none;
    mx_err_clear(&none);
    answer(session, &none);
}

void
mx_session_resume(struct mx_session *session)
{
    if (session->held && mx_session_is_open(session)) {
        session->held = false;
        session->protocol->client_resume(session);
    }
}
