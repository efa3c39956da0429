/* The replication graph of one observation, and which server deserves to be the primary. Pure. */
#ifndef MARIADBMON_TOPOLOGY_H
#define MARIADBMON_TOPOLOGY_H

#include "mariadbmon.h"
#include "mx/str.h"

enum mon_edge_kind {
    MON_EDGE_NONE = 0,
    MON_EDGE_LIVE,   /* SQL thread runs, IO thread runs or tries to connect */
    MON_EDGE_FAILED, /* just one of the two threads runs */
};

struct mon_edge {
    enum mon_edge_kind kind;
    int slave; /* index into the child's connections; MON_NONE when kind is NONE */
};

struct mon_topology {
    size_t count;
    struct mon_edge *edges; /* [child * count + parent] */
    int *group;             /* number of the cycle, from 1; 0: in none */
    bool *external;         /* replicates from a server that is not monitored here */
};

void mon_topology_init(struct mon_topology *topology, const struct mon_settings *settings,
                       const struct mon_observation *obs);
void mon_topology_fini(struct mon_topology *topology);

static inline const struct mon_edge *
mon_topology_edge(const struct mon_topology *topology, size_t child, size_t parent)
{
    return &topology->edges[child * topology->count + parent];
}

/* The monitored server a connection replicates from, whatever its threads do; MON_NONE: external.
 */
int mon_topology_source(const struct mon_settings *settings, const struct mon_observation *obs,
                        const struct mon_slave *slave);
/* The server's connection to `parent` (any state), MON_NONE when there is none. */
int mon_topology_connection(const struct mon_settings *settings, const struct mon_observation *obs,
                            size_t child, size_t parent);
/* Host and port name this server (its address or its private address). */
bool mon_topology_is_address_of(const struct mon_server_settings *server, const char *host,
                                int port);

/* Running servers below `server`, through running servers. */
size_t mon_topology_reach(const struct mon_topology *topology, const struct mon_observation *obs,
                          size_t server);
/*
 * Replicas below that run, or went down less than failcount ticks ago; half-broken connections
 * count.
 */
bool mon_topology_has_live_replicas(const struct mon_topology *topology,
                                    const struct mon_observation *obs,
                                    const struct mon_history *history, int64_t failcount,
                                    size_t server);

/*
 * The server that should be primary, MON_NONE when none qualifies. allow_down: take one that does
 * not run when nothing better is there. why_not (may be NULL) gets a reason for each server.
 */
int mon_topology_best(const struct mon_topology *topology, const struct mon_observation *obs,
                      const struct mon_settings *settings, bool allow_down, struct mx_str *why_not);

#endif
