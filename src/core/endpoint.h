/* Endpoints from the inside; see mx/endpoint.h. */
#ifndef CORE_ENDPOINT_H
#define CORE_ENDPOINT_H

#include "core/session.h"

#define CORE_ENDPOINT_MAGIC 0x454e4450u
/* One more state: it has no connection now, the next query asks for one (core/share.h). */
#define CORE_ENDPOINT_PARKED 4

struct core_wait;
struct mx_endpoint {
    uint32_t magic;
    uint8_t state;   /* mx_endpoint_state or PARKED; READY and BUSY are told apart by `pending` */
    int8_t slot;     /* bit in the history's masks; -1: none */
    bool reply_open; /* a part of a reply was passed on to the client */
    bool lost;       /* the router is being told */
    bool mismatch;   /* to be closed: answered a session command unlike the others */
    bool opening;    /* mx_endpoint_open has not returned */
    bool has_slot;   /* of max_routing_connections: it has a connection */
    bool shares;     /* its connection may be given to others while it is idle */
    uint32_t pending;
    struct mx_list node;
    struct mx_session *session;
    struct mx_server *server; /* reference held */
    void *owner;
    uint64_t last_write_ms;
    uint64_t last_use_ms;
    struct mx_list lender;  /* of the worker's pool, when it shares and has a connection */
    struct core_wait *wait; /* for a connection; NULL: not now */
};

#define CORE_ENDPOINT_SIZE \
    ((sizeof(struct mx_endpoint) + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1))

enum core_connect {
    CORE_CONNECT_DONE = 0,
    CORE_CONNECT_FULL, /* max_routing_connections */
    CORE_CONNECT_REFUSED,
};
/* A connection of the pool, or a new one. err is set for both refusals. */
enum core_connect core_endpoint_connect(struct mx_endpoint *endpoint, struct mx_err *err);
/* It has got a connection with its place; it has it no more. */
void core_endpoint_joined(struct mx_endpoint *endpoint);
void core_endpoint_left(struct mx_endpoint *endpoint);
/* The error for a server in a state that takes no connections. */
int core_endpoint_refuse(const struct mx_server *server, struct mx_err *err);

/* Statistics of the server on this worker. */
struct core_target_stats *core_endpoint_stats(const struct mx_endpoint *endpoint);
/* Without a word to the router. */
void core_endpoint_free(struct mx_endpoint *endpoint);
/* Sends a ping on those that were idle for longer. */
void core_endpoints_keepalive(struct mx_session *session, int64_t idle_ms);

#endif
