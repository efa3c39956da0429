/*
 * The last statements of a session (retain_last_statements), for REST and for the log. Behind a
 * pointer that is NULL where nothing is retained.
 */
#ifndef CORE_STATEMENTS_H
#define CORE_STATEMENTS_H

#include "core/session.h"

struct core_statements;

/* What the configuration wants for the session: NULL for nothing. */
struct core_statements *core_statements_new(const struct mx_session *session);
void core_statements_free(struct core_statements *statements); /* NULL is fine */

/* The chain has taken a command; `answered`: by a stage, no server is asked. */
void core_statements_begin(struct core_statements *statements, const struct mx_query *query,
                           bool answered);
/* A server's reply has ended; `is_answer`: it went to the client. */
void core_statements_end(struct core_statements *statements, const struct mx_server *server,
                         bool is_answer);

/* Newest first, as in `queries` of a session. */
json_t *core_statements_json(const struct core_statements *statements);
/* One line each, oldest first. */
void core_statements_log(const struct core_statements *statements,
                         const struct mx_session *session);
size_t core_statements_bytes(const struct core_statements *statements);

#endif
