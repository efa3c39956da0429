/*
 * Connections to servers that outlive their sessions. Each worker has a pool per server; nothing
 * here crosses workers but the count of connections that max_routing_connections limits (rt->
 * routing_connections: those of sessions and those in pools).
 *
 *   session lets go -- core_pool_keep --> idle -- core_pool_take --> another session
 *                                         idle -- too old, too many, server changed --> closed
 */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include "core/endpoint.h"
#include "mx/timer.h"

struct core_pool {
    struct mx_list idle; /* newest first */
    struct mx_timer sweep;
    struct core_server_runtime *rt; /* whose part it is */
    /* Written by the worker, read by REST. */
    struct mx_atomic count;
    struct mx_atomic most;   /* most that were idle at a time */
    struct mx_atomic reused; /* handed to another session */
    struct mx_atomic missed; /* asked for one and there was none */
} __attribute__((aligned(64)));

/* Zeroed heads for all workers; free() it. */
struct core_pool *core_pools_new(struct core_server_runtime *rt, size_t worker_count);

/* Gives the endpoint an idle connection, its slot of max_routing_connections included. */
bool core_pool_take(struct mx_endpoint *endpoint);
/* The session lets go of the endpoint's connection. True: kept, with its slot. */
bool core_pool_keep(struct mx_endpoint *endpoint);

/* A slot for one more connection; an idle one of this worker gives way. False: at the limit. */
bool core_pool_slot_get(struct mx_server *server);
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

/* How many of `max` a worker may keep. */
int64_t core_pool_share(int64_t max, int workers);
/* In whole seconds, as the parameter counts: with 0 a connection lives for up to a second. */
bool core_pool_is_old(int64_t age_ms, int64_t max_ms);

#endif
