/*
 * What a session does, line by line: the info level of the log, and the last of these lines kept in
 * memory per session (session_trace). Costs one look at the level where neither is wanted.
 */
#ifndef CORE_SESSION_TRACE_H
#define CORE_SESSION_TRACE_H

#include "core/session.h"

/* What the configuration wants for sessions of the service: NULL for nothing. */
struct mx_log_trace *core_trace_new(const struct mx_service *service);

/* A command goes to a server. */
void core_trace_query(const struct mx_endpoint *endpoint, const struct mx_query *query,
                      uint32_t flags);
/* A server's reply has ended; `discard`: it was not meant for the client. */
void core_trace_reply(const struct mx_endpoint *endpoint, const struct mx_reply *reply,
                      bool discard);

/* Writes the lines that have not been written yet to the log. */
void core_trace_dump(struct mx_session *session, const char *why);
/* The session ends: its lines are written when it ends badly or session_trace_match says so. */
void core_trace_end(struct mx_session *session);

/* Oldest first, as in `log` of a session. */
json_t *core_trace_json(const struct mx_session *session);
size_t core_trace_bytes(const struct mx_session *session);

/* In a handler of a fatal signal: the lines of all sessions of this thread's worker. */
void core_traces_crash(void);

#endif
