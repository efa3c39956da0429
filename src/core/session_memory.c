/* What sessions take, summed by each worker over its own; for the REST API. */
#include "core/endpoint.h"
#include "core/history.h"
#include "core/session.h"
#include "core/session_trace.h"
#include "core/statements.h"

static int64_t
conn_bytes(struct mx_conn *conn)
{
    return conn == NULL ? 0 : (int64_t)(mx_conn_kept(conn) + mx_conn_queued(conn));
}

static int64_t
session_bytes(const struct mx_session *session)
{
    int64_t bytes = (int64_t)(CORE_SESSION_SIZE + session->protocol->client_size);
    bytes += conn_bytes(session->conn);
    bytes += session->history == NULL ? 0 : (int64_t)session->history->bytes;
    bytes += (int64_t)core_statements_bytes(session->statements);
    bytes += (int64_t)core_trace_bytes(session);
    mx_list_each (node, &session->endpoints) {
        struct mx_endpoint *endpoint = mx_container_of(node, struct mx_endpoint, node);
        bytes += (int64_t)(CORE_ENDPOINT_SIZE + session->protocol->backend_size);
        bytes += conn_bytes(session->protocol->backend_conn(endpoint));
    }
    return bytes;
}

static void
sum_mine(void *arg)
{
    int64_t *bytes = arg;
    for (struct mx_session *session = core_session_next(NULL); session != NULL;
         session = core_session_next(session)) {
        *bytes += session_bytes(session);
    }
}

int64_t
core_sessions_memory(int worker)
{
    int64_t bytes = 0;
    mx_worker_call(mx_worker_get(worker), sum_mine, &bytes);
    return bytes;
}
