/*
 * Connections to servers that outlive their sessions. Each worker has a pool per server; nothing
 * here crosses workers but the places of max_routing_connections (core/slots.h), which connections
 * of sessions and those in pools take.
 *
 *   session lets go -- core_pool_keep --> idle -- core_pool_take --> another session
 *                                         idle -- too old, too many, server changed --> closed
 *
 * Each worker has its share of persistpoolmax, and may use what the others leave of theirs:
 * sessions are gathered on few workers. When there is no room the oldest one goes, not the one that
 * comes: those that fit nobody any more must not keep out those that would.
 */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include "core/endpoint.h"
#include "mx/timer.h"

#define CORE_POOL_KINDS 64u /* a power of two */

struct core_pool {
    struct mx_list idle;   /* newest first */
    struct mx_list *kinds; /* [CORE_POOL_KINDS], the same by their kind; NULL: never had one */
    struct mx_timer sweep;
    struct mx_list lenders;         /* endpoints that share and have a connection; see share.h */
    struct mx_list waits;           /* endpoints that wait for one, in order */
    struct mx_timer look;           /* for what those who wait may get */
    bool serving;                   /* it will be looked at at the end of this loop turn */
    struct core_server_runtime *rt; /* whose part it is */
    /* Written by the worker, read by REST. */
    struct mx_atomic count;
    struct mx_atomic lender_count;
    struct mx_atomic most;   /* most that were idle at a time */
    struct mx_atomic reused; /* handed to another session */
    struct mx_atomic missed; /* asked for one and there was none */
} __attribute__((aligned(64)));

/* Empty ones for all workers. */
struct core_pool *core_pools_new(struct core_server_runtime *rt, size_t worker_count);
void core_pools_free(struct core_server_runtime *rt);

struct core_pool *core_pool_mine(const struct core_server_runtime *rt);

/* Gives the endpoint an idle connection, its slot of max_routing_connections included. */
bool core_pool_take(struct mx_endpoint *endpoint);
/* The session lets go of the endpoint's connection. True: kept, with its slot. */
bool core_pool_keep(struct mx_endpoint *endpoint);
/* The connection has been taken out of the endpoint, and goes in with its slot. */
void core_pool_put(struct mx_endpoint *endpoint, struct mx_pooled *pooled);
/* The oldest idle one is closed; its slot is given back, or stays the caller's. */
void core_pool_close_idle(struct core_pool *pool);
void core_pool_drop_idle(struct core_pool *pool);

/* A slot for one more connection; an idle one of this worker gives way. False: at the limit. */
bool core_pool_slot_get(struct mx_server *server);
/* Whoever waits for one gets it. */
void core_pool_slot_put(struct core_server_runtime *rt);

/* Closes what is idle to the server on this worker; NULL: to all servers. */
void core_pool_close(const char *server_name);
/* The same on every worker, and waits; at shutdown. From the main thread. */
void core_pool_close_all(void);

struct core_pool_totals {
    int64_t count, most, reused, missed;
};
/* Sums over workers. */
struct core_pool_totals core_pool_totals(const struct core_server_runtime *rt);

/* ---- decisions, without side effects ---- */

/* How many of `max` a worker may always keep. */
int64_t core_pool_share(int64_t max, int workers);
struct core_pool_use {
    int64_t max; /* persistpoolmax */
    int workers;
    int64_t mine; /* idle connections of this worker, and of all */
    int64_t all;
};
/* No more may be kept here: neither of this worker's share nor of what the others do not use. */
bool core_pool_is_full(struct core_pool_use use);
/* In whole seconds, as the parameter counts: with 0 a connection lives for up to a second. */
bool core_pool_is_old(int64_t age_ms, int64_t max_ms);

#endif
