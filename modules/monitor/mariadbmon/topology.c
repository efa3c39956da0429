/* Graph of replication connections: edges, cycles, reach, choice of the primary. */
#include "topology.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool
mon_topology_is_address_of(const struct mon_server_settings *server, const char *host, int port)
{
    if (port != server->port || host[0] == '\0') {
        return false;
    }
    return strcasecmp(host, server->address) == 0 ||
           (server->private_address[0] != '\0' && strcasecmp(host, server->private_address) == 0);
}

int
mon_topology_source(const struct mon_settings *settings, const struct mon_observation *obs,
                    const struct mon_slave *slave)
{
    if (!settings->config->assume_unique_hostnames) {
        for (size_t i = 0; i < obs->count && slave->seen_connected && slave->source_id > 0; i++) {
            if (obs->servers[i].server_id == slave->source_id) {
                return (int)i;
            }
        }
        return MON_NONE;
    }
    for (size_t i = 0; i < settings->count; i++) {
        if (mon_topology_is_address_of(&settings->servers[i], slave->host, slave->port)) {
            return (int)i;
        }
    }
    return slave->resolved_source < (int)settings->count ? slave->resolved_source : MON_NONE;
}

int
mon_topology_connection(const struct mon_settings *settings, const struct mon_observation *obs,
                        size_t child, size_t parent)
{
    const struct mon_server_obs *server = &obs->servers[child];
    for (size_t i = 0; i < server->slave_count; i++) {
        if (mon_topology_source(settings, obs, &server->slaves[i]) == (int)parent) {
            return (int)i;
        }
    }
    return MON_NONE;
}

static enum mon_edge_kind
edge_kind(const struct mon_slave *slave)
{
    if (slave->sql && slave->io != MON_IO_NO) {
        return MON_EDGE_LIVE;
    }
    return slave->sql || slave->io != MON_IO_NO ? MON_EDGE_FAILED : MON_EDGE_NONE;
}

static void
add_edges(struct mon_topology *topology, const struct mon_settings *settings,
          const struct mon_observation *obs, size_t child)
{
    const struct mon_server_obs *server = &obs->servers[child];
    for (size_t i = 0; i < server->slave_count; i++) {
        const struct mon_slave *slave = &server->slaves[i];
        enum mon_edge_kind kind = edge_kind(slave);
        int parent = mon_topology_source(settings, obs, slave);
        if (kind == MON_EDGE_NONE || parent == (int)child) {
            continue;
        }
        if (parent == MON_NONE) {
            topology->external[child] |= kind == MON_EDGE_LIVE;
            continue;
        }
        struct mon_edge *edge = &topology->edges[child * topology->count + (size_t)parent];
        if (edge->kind != MON_EDGE_LIVE) {
            *edge = (struct mon_edge){kind, (int)i};
        }
    }
}

/* Groups of servers that can reach each other: closure of the live edges, then mutual pairs. */
static void
find_cycles(struct mon_topology *topology)
{
    size_t n = topology->count;
    bool *reach = mx_calloc(n * n + 1, sizeof(*reach));
    for (size_t i = 0; i < n * n; i++) {
        reach[i] = topology->edges[i].kind == MON_EDGE_LIVE;
    }
    for (size_t k = 0; k < n; k++) {
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < n && reach[i * n + k]; j++) {
                reach[i * n + j] |= reach[k * n + j];
            }
        }
    }
    int next = 1;
    for (size_t i = 0; i < n; i++) {
        bool first = topology->group[i] == 0;
        for (size_t j = 0; j < n && first; j++) {
            if (j != i && reach[i * n + j] && reach[j * n + i]) {
                topology->group[i] = next;
                topology->group[j] = next;
            }
        }
        next += first && topology->group[i] == next ? 1 : 0;
    }
    free(reach);
}

void
mon_topology_init(struct mon_topology *topology, const struct mon_settings *settings,
                  const struct mon_observation *obs)
{
    size_t n = obs->count;
    topology->count = n;
    topology->edges = mx_calloc(n * n + 1, sizeof(*topology->edges));
    topology->group = mx_calloc(n + 1, sizeof(*topology->group));
    topology->external = mx_calloc(n + 1, sizeof(*topology->external));
    for (size_t i = 0; i < n * n; i++) {
        topology->edges[i].slave = MON_NONE;
    }
    for (size_t i = 0; i < n; i++) {
        add_edges(topology, settings, obs, i);
    }
    find_cycles(topology);
}

void
mon_topology_fini(struct mon_topology *topology)
{
    free(topology->edges);
    free(topology->group);
    free(topology->external);
    memset(topology, 0, sizeof(*topology));
}

/*
 * Marks every server below `from`. through_down: also those below servers that are down; failed:
 * half-broken connections count. Breadth first with an explicit queue.
 */
static void
mark_below(const struct mon_topology *topology, const struct mon_observation *obs, size_t from,
           bool through_down, bool failed, bool *seen)
{
    size_t n = topology->count;
    size_t *queue = mx_calloc(n + 1, sizeof(*queue));
    size_t head = 0;
    size_t tail = 0;
    queue[tail++] = from;
    seen[from] = true;
    while (head < tail) {
        size_t parent = queue[head++];
        for (size_t child = 0; child < n; child++) {
            enum mon_edge_kind kind = mon_topology_edge(topology, child, parent)->kind;
            bool counts = kind == MON_EDGE_LIVE || (failed && kind == MON_EDGE_FAILED);
            if (seen[child] || !counts ||
                (!through_down && !mon_obs_running(&obs->servers[child]))) {
                continue;
            }
            seen[child] = true;
            queue[tail++] = child;
        }
    }
    free(queue);
}

size_t
mon_topology_reach(const struct mon_topology *topology, const struct mon_observation *obs,
                   size_t server)
{
    size_t found = 0;
    bool *seen = mx_calloc(topology->count + 1, sizeof(*seen));
    mark_below(topology, obs, server, false, false, seen);
    for (size_t i = 0; i < topology->count; i++) {
        found += seen[i] && i != server ? 1 : 0;
    }
    free(seen);
    return found;
}

bool
mon_topology_has_live_replicas(const struct mon_topology *topology,
                               const struct mon_observation *obs, const struct mon_history *history,
                               int64_t failcount, size_t server)
{
    bool found = false;
    bool *seen = mx_calloc(topology->count + 1, sizeof(*seen));
    mark_below(topology, obs, server, true, true, seen);
    for (size_t i = 0; i < topology->count && !found; i++) {
        found = i != server && seen[i] &&
                (mon_obs_running(&obs->servers[i]) || history->servers[i].error_count < failcount);
    }
    free(seen);
    return found;
}

/* Follows someone inside its own cycle only (or nobody): nobody outside is its source. */
static bool
has_outside_source(const struct mon_topology *topology, size_t server)
{
    for (size_t parent = 0; parent < topology->count; parent++) {
        bool inside =
            topology->group[server] != 0 && topology->group[parent] == topology->group[server];
        if (!inside && mon_topology_edge(topology, server, parent)->kind != MON_EDGE_NONE) {
            return true;
        }
    }
    return false;
}

static bool
cycle_has_outside_source(const struct mon_topology *topology, int group)
{
    for (size_t i = 0; i < topology->count; i++) {
        if (topology->group[i] == group &&
            (has_outside_source(topology, i) || topology->external[i])) {
            return true;
        }
    }
    return false;
}

/* NULL: may become primary; otherwise why not. */
static const char *
disqualified(const struct mon_topology *topology, const struct mon_observation *obs, size_t server,
             bool allow_down)
{
    const struct mon_server_obs *s = &obs->servers[server];
    if (topology->group[server] == 0 && has_outside_source(topology, server)) {
        return "it replicates from another server of the cluster";
    }
    if (topology->group[server] != 0 &&
        cycle_has_outside_source(topology, topology->group[server])) {
        return "its replication cycle has a source outside";
    }
    if ((s->held_status & MX_STATUS_MAINT) != 0) {
        return "it is in Maintenance";
    }
    if (!mon_obs_running(s) && !allow_down) {
        return "it is down";
    }
    if (s->permission_error) {
        return "the monitor may not look at its replication";
    }
    if (s->read_only && s->has_settings) {
        return "it is read-only";
    }
    return NULL;
}

int
mon_topology_best(const struct mon_topology *topology, const struct mon_observation *obs,
                  const struct mon_settings *settings, bool allow_down, struct mx_str *why_not)
{
    int best = MON_NONE;
    size_t best_reach = 0;
    /* servers outside cycles come first, then the first valid member of each cycle */
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < topology->count; i++) {
            if ((topology->group[i] != 0) != (pass == 1)) {
                continue;
            }
            const char *reason = disqualified(topology, obs, i, false);
            if (reason != NULL) {
                if (why_not != NULL) {
                    mx_str_printf(why_not, "%s'%s': %s", why_not->len > 0 ? "; " : "",
                                  settings->servers[i].name, reason);
                }
                continue;
            }
            size_t reach = mon_topology_reach(topology, obs, i);
            if (best == MON_NONE || reach > best_reach) {
                best = (int)i;
                best_reach = reach;
            }
        }
    }
    for (size_t i = 0; i < topology->count && best == MON_NONE && allow_down; i++) {
        if (disqualified(topology, obs, i, true) == NULL && obs->servers[i].known) {
            best = (int)i;
        }
    }
    return best;
}
