/* Endpoints from the inside; see mx/endpoint.h. */
#ifndef CORE_ENDPOINT_H
#define CORE_ENDPOINT_H

#include "core/session.h"

#define CORE_ENDPOINT_MAGIC 0x454e4450u
struct mx_endpoint {
    uint32_t magic;
    uint8_t state;   /* mx_endpoint_state; READY and BUSY are told apart by `pending` */
    int8_t slot;     /* bit in the history's masks; -1: none */
    bool reply_open; /* a part of a reply was passed on to the client */
    bool lost;       /* the router is being told */
    bool mismatch;   /* to be closed: answered a session command unlike the others */
    bool opening;    /* mx_endpoint_open has not returned */
    bool has_slot;   /* of max_routing_connections */
    uint32_t pending;
    struct mx_list node;
    struct mx_session *session;
    struct mx_server *server; /* reference held */
    void *owner;
    uint64_t last_write_ms;
    uint64_t last_use_ms;
};

#define CORE_ENDPOINT_SIZE \
    ((sizeof(struct mx_endpoint) + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1))

/* Statistics of the server on this worker. */
struct core_target_stats *core_endpoint_stats(const struct mx_endpoint *endpoint);
/* Without a word to the router. */
void core_endpoint_free(struct mx_endpoint *endpoint);
/* Sends a ping on those that were idle for longer. */
void core_endpoints_keepalive(struct mx_session *session, int64_t idle_ms);

#endif
