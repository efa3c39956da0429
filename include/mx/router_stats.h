/*
 * Counters that every router keeps per server and shows as `server_query_statistics`. One slot per
 * worker, written by that worker only, so that counting costs no locked instruction.
 */
#ifndef MX_ROUTER_STATS_H
#define MX_ROUTER_STATS_H

#include "mx/router.h"

struct mx_router_stats;

/* Counters of one session on one server, kept by the router's session; all-zero at its start. */
struct mx_router_use {
    int64_t opened_us;  /* 0: never connected */
    int64_t active_us;  /* time with a statement under way */
    int64_t started_us; /* of the statement under way; 0: none */
    uint32_t selects;   /* reads of this session */
};

MX_API struct mx_router_stats *mx_router_stats_new(void);
MX_API void mx_router_stats_free(struct mx_router_stats *stats);
/* A statement was sent to the service's server with this index. */
MX_API void mx_router_stats_count(struct mx_router_stats *stats, size_t server_index, bool write);
/* The session's connection there ended. */
MX_API void mx_router_stats_end(struct mx_router_stats *stats, size_t server_index,
                                const struct mx_router_use *use);
MX_API void mx_router_use_start(struct mx_router_use *use);
MX_API void mx_router_use_stop(struct mx_router_use *use);
/* Array of one object per server of the service; `per_session` names the average's field. */
MX_API json_t *mx_router_stats_json(const struct mx_router_stats *stats,
                                    const struct mx_service *service, const char *per_session);

#endif
