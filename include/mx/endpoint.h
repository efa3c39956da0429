/*
 * One session's connection to one server. Opening never blocks: statements may be sent at once and
 * leave when the login (and the replay of the history) is done. All on the session's worker.
 */
#ifndef MX_ENDPOINT_H
#define MX_ENDPOINT_H

#include "mx/err.h"
#include "mx/query.h"
#include "mx/server.h"
#include "mx/session.h"

struct mx_endpoint;

enum mx_endpoint_state {
    MX_ENDPOINT_CLOSED = 0,
    MX_ENDPOINT_CONNECTING, /* TCP, login, init SQL, history */
    MX_ENDPOINT_READY,      /* nothing outstanding */
    MX_ENDPOINT_BUSY,       /* at least one reply outstanding */
};

enum mx_send_flag {
    MX_SEND_DISCARD = 1u << 0, /* the reply does not go up the chain; router->reply sees it with len
                                  0 when it is complete */
    MX_SEND_WRITE = 1u << 1,   /* counts as a write in the statistics; else as a read */
    MX_SEND_SPREAD = 1u << 2,  /* others are sent it too, with DISCARD */
};

/* -1: refused at once (server not connectable, limit of connections); err says why. */
MX_API int mx_endpoint_open(struct mx_session *session, struct mx_server *server, void *owner,
                            struct mx_endpoint **out, struct mx_err *err) MX_MUST_USE;
/*
 * Hands a query (or the next piece of a streamed one) to the server. Nothing can fail here: faults
 * come as router->lost at the end of the loop turn. query->data is copied only when the connection
 * cannot take it at once.
 */
MX_API void mx_endpoint_send(struct mx_endpoint *endpoint, const struct mx_query *query,
                             uint32_t flags);
/* The router lets go: into the pool when it is clean and a pool is configured, else closed. No
 * further callback. */
MX_API void mx_endpoint_close(struct mx_endpoint *endpoint);
MX_API enum mx_endpoint_state mx_endpoint_state(const struct mx_endpoint *endpoint);
/* Its connection may be given to other sessions while this one is idle. */
MX_API bool mx_endpoint_shares(const struct mx_endpoint *endpoint);
/*
 * Its connection was given to another session (idle_session_pool_time). It gets one again, with
 * what the history tells, when something is sent; session commands that others answer need not be.
 */
MX_API bool mx_endpoint_is_parked(const struct mx_endpoint *endpoint);
MX_API struct mx_server *mx_endpoint_server(const struct mx_endpoint *endpoint);
MX_API void *mx_endpoint_owner(const struct mx_endpoint *endpoint);
/* Replies outstanding. */
MX_API uint32_t mx_endpoint_pending(const struct mx_endpoint *endpoint);
/* Monotonic ms of the last write sent there, for ties in the choice. */
MX_API uint64_t mx_endpoint_last_write_ms(const struct mx_endpoint *endpoint);

#endif
