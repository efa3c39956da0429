/*
 * One client. A session and all its connections live on one worker; every function here is called
 * on that worker. Stages (filters, router) see the session through this view.
 */
#ifndef MX_SESSION_H
#define MX_SESSION_H

#include "mx/base.h"
#include "mx/err.h"
#include "mx/log.h"
#include "mx/query.h"
#include "mx/reply.h"
#include "mx/server.h"
#include "mx/trx.h"

struct mx_session;
struct mx_service;
struct mx_endpoint;

/* Verdict of a stage about a query or a reply. */
enum mx_verdict {
    MX_PASS = 0, /* hand on to the next stage; a router: it has been sent on its way */
    MX_HELD,     /* not now: the same query is offered again after mx_session_resume() */
    MX_DONE,     /* answered here, or swallowed: goes no further */
    MX_FAIL,     /* close the session; the stage has called mx_session_kill() with the reason */
};

/* What a stage needs; what nobody asked for is not done. */
enum mx_need {
    MX_NEED_STATEMENT = 1u << 0, /* queries whole (a command longer than a packet still streams) */
    MX_NEED_CLASSIFY = 1u << 1,  /* query->sql; implies STATEMENT */
    MX_NEED_TRX = 1u << 2,       /* mx_session_trx() is kept */
    MX_NEED_STMT_IDS = 1u << 3,  /* the proxy gives out statement ids; each endpoint maps its own */
    MX_NEED_HISTORY = 1u << 4,   /* session commands are remembered and replayed on new endpoints */
    MX_NEED_RESULT = 1u << 5,    /* replies whole (collected up to the session's limit) */
    MX_NEED_TRACKING = 1u << 6,  /* servers are asked for session tracking (last_gtid ...) */
    MX_NEED_MULTI_STATEMENTS = 1u << 7,
};

MX_API uint64_t mx_session_id(const struct mx_session *session);
MX_API const struct mx_log_ctx *mx_session_log(const struct mx_session *session);
MX_API const struct mx_service *mx_session_service(const struct mx_session *session);
MX_API const char *mx_session_user(const struct mx_session *session);
MX_API const char *mx_session_remote(const struct mx_session *session);   /* address as text */
MX_API const char *mx_session_database(const struct mx_session *session); /* "" when none */
/* Transaction state as the servers reported it, corrected by the text of what is under way. */
MX_API struct mx_trx *mx_session_trx(struct mx_session *session);
MX_API const struct mx_sql_options *mx_session_sql_options(const struct mx_session *session);

/*
 * An ERR packet as the complete answer to the command under way (or, with nothing under way, to
 * the next one). The session goes on.
 */
MX_API void mx_session_reply_error(struct mx_session *session, uint16_t code, const char *sqlstate,
                                   const char *format, ...) MX_PRINTF(4, 5);
/* An OK packet as the complete answer to the command under way. */
MX_API void mx_session_reply_ok(struct mx_session *session);
/*
 * End of the session because of a fault: the client gets ERR 1927 (08S01) "Connection killed by
 * MaxScale: <reason>" when no part of a reply is half sent, then the connection closes; one line is
 * logged with user, host, reason. Always returns MX_FAIL.
 */
MX_API enum mx_verdict mx_session_kill(struct mx_session *session, const char *format, ...)
    MX_PRINTF(2, 3);
/* Offer the held query again, at the end of this loop turn. Harmless when nothing is held. */
MX_API void mx_session_resume(struct mx_session *session);
/* A timer of the session's router, one at a time; `route` is offered the held query, or
 * `timeout` of the router ops is called. ms 0 stops it. */
MX_API void mx_session_timer(struct mx_session *session, uint32_t ms);

/*
 * Session command history (MX_NEED_HISTORY). add copies the query and returns the entry's id (also
 * put into query->history_id); with the limit reached the oldest is dropped, or the history is
 * switched off, as the service's parameters say. result notes how the answering server took it; an
 * endpoint whose answer differs is closed by the core with `lost`. can_recover: new endpoints may
 * be opened in mid-session.
 */
MX_API uint64_t mx_session_history_add(struct mx_session *session, struct mx_query *query);
MX_API void mx_session_history_result(struct mx_session *session, uint64_t id, bool ok);
MX_API void mx_session_history_clear(struct mx_session *session);
MX_API bool mx_session_can_recover(const struct mx_session *session);

#endif
