/* Who is Master, Slave, Relay Master; how far behind. */
#include "roles.h"

#include <stdlib.h>

#define ER_ACCESS_DENIED             1045u
#define ER_ACCESS_DENIED_NO_PASSWORD 1698u

bool
mon_roles_is_database(const struct mon_server_obs *obs)
{
    return obs->type == MON_TYPE_MARIADB || obs->type == MON_TYPE_MYSQL;
}

/* Bits that do not depend on the graph. */
static uint32_t
own_bits(const struct mon_server_obs *s)
{
    uint32_t keep = MX_STATUS_MAINT | MX_STATUS_DRAINING | MX_STATUS_DISK_SPACE_EXHAUSTED;
    uint32_t status = s->held_status & keep;
    if (s->disk_checked) {
        status &= ~(uint32_t)MX_STATUS_DISK_SPACE_EXHAUSTED;
        status |= s->disk_low ? (uint32_t)MX_STATUS_DISK_SPACE_EXHAUSTED : 0;
    }
    if (s->link == MON_LINK_UP) {
        status |= MX_STATUS_RUNNING;
    }
    if (s->link == MON_LINK_DENIED || s->permission_error) {
        status |= MX_STATUS_AUTH_ERROR;
    }
    return status;
}

/* A connection that supplies data, or a stale one whose login is not the problem. */
static bool
is_following(const struct mon_slave *slave, bool linked)
{
    if (!slave->sql) {
        return false;
    }
    if (slave->io == MON_IO_YES) {
        return true;
    }
    return slave->io == MON_IO_CONNECTING && !linked && slave->io_errno != ER_ACCESS_DENIED &&
           slave->io_errno != ER_ACCESS_DENIED_NO_PASSWORD;
}

/* One direct replica has to satisfy all the replica-related conditions that are set. */
static bool
replica_conditions_hold(const struct mon_observation *obs, const struct mon_topology *topology,
                        int64_t conditions, size_t master)
{
    for (size_t i = 0; i < obs->count; i++) {
        const struct mon_edge *edge = mon_topology_edge(topology, i, master);
        if (edge->kind != MON_EDGE_LIVE) {
            continue;
        }
        const struct mon_slave *slave = &obs->servers[i].slaves[edge->slave];
        bool connecting = is_following(slave, false);
        bool connected = slave->sql && slave->io == MON_IO_YES;
        bool running = mon_obs_running(&obs->servers[i]) && connecting;
        if (((conditions & MON_MASTER_CONNECTING_SLAVE) == 0 || connecting) &&
            ((conditions & MON_MASTER_CONNECTED_SLAVE) == 0 || connected) &&
            ((conditions & MON_MASTER_RUNNING_SLAVE) == 0 || running)) {
            return true;
        }
    }
    return false;
}

static bool
earns_master(const struct mon_settings *settings, const struct mon_observation *obs,
             const struct mon_topology *topology, size_t master, uint32_t own)
{
    const int64_t about_replicas =
        MON_MASTER_CONNECTING_SLAVE | MON_MASTER_CONNECTED_SLAVE | MON_MASTER_RUNNING_SLAVE;
    int64_t conditions = settings->config->master_conditions;
    const struct mon_server_obs *s = &obs->servers[master];
    if (!mon_obs_running(s) || s->read_only || s->type == MON_TYPE_BLR) {
        return false;
    }
    if ((conditions & MON_MASTER_DISK_OK) != 0 && (own & MX_STATUS_DISK_SPACE_EXHAUSTED) != 0) {
        return false;
    }
    return (conditions & about_replicas) == 0 ||
           replica_conditions_hold(obs, topology, conditions & about_replicas, master);
}

static bool
earns_slave(const struct mon_settings *settings, uint32_t own)
{
    return (own & MX_STATUS_RUNNING) != 0 &&
           ((settings->config->slave_conditions & MON_SLAVE_DISK_OK) == 0 ||
            (own & MX_STATUS_DISK_SPACE_EXHAUSTED) == 0);
}

/* Walks the tree of the primary and gives Slave to what follows. */
static void
assign_slaves(const struct mon_settings *settings, const struct mon_observation *obs,
              const struct mon_topology *topology, size_t master, struct mon_server_state *out)
{
    size_t n = obs->count;
    bool linked = (settings->config->slave_conditions & MON_SLAVE_LINKED_MASTER) != 0;
    bool *seen = mx_calloc(n + 1, sizeof(*seen));
    size_t *queue = mx_calloc(n + 1, sizeof(*queue));
    size_t head = 0;
    size_t tail = 0;
    queue[tail++] = master;
    seen[master] = true;
    while (head < tail) {
        size_t parent = queue[head++];
        if (linked && !mon_obs_running(&obs->servers[parent])) {
            continue;
        }
        for (size_t child = 0; child < n; child++) {
            const struct mon_edge *edge = mon_topology_edge(topology, child, parent);
            if (seen[child] || edge->kind != MON_EDGE_LIVE ||
                !is_following(&obs->servers[child].slaves[edge->slave], linked)) {
                continue;
            }
            seen[child] = true;
            queue[tail++] = child;
            if (obs->servers[child].type == MON_TYPE_BLR) {
                out[child].status |= mon_obs_running(&obs->servers[child]) ? MX_STATUS_BLR : 0;
            } else if (earns_slave(settings, out[child].status)) {
                out[child].status |= MX_STATUS_SLAVE;
            }
        }
    }
    free(seen);
    free(queue);
}

static void
assign_relays(const struct mon_observation *obs, const struct mon_topology *topology, int master,
              struct mon_server_state *out)
{
    for (size_t i = 0; i < obs->count; i++) {
        bool follows = false;
        bool followed = false;
        for (size_t other = 0; other < obs->count; other++) {
            follows |= mon_topology_edge(topology, i, other)->kind == MON_EDGE_LIVE;
            followed |= mon_topology_edge(topology, other, i)->kind == MON_EDGE_LIVE &&
                        mon_obs_running(&obs->servers[other]);
        }
        if ((int)i != master && follows && followed && mon_obs_running(&obs->servers[i]) &&
            mon_roles_is_database(&obs->servers[i])) {
            out[i].status |= MX_STATUS_RELAY;
        }
    }
}

static void
assign_lag(const struct mon_server_obs *s, struct mon_server_state *out)
{
    for (size_t i = 0; i < s->slave_count; i++) {
        const struct mon_slave *slave = &s->slaves[i];
        if (out->master_id < 0 && slave->source_id > 0 && (slave->sql || slave->io != MON_IO_NO)) {
            out->master_id = slave->source_id;
        }
        if (slave->sql && slave->io == MON_IO_YES && slave->lag_s >= 0 &&
            (out->lag_s < 0 || slave->lag_s < out->lag_s)) {
            out->lag_s = slave->lag_s;
        }
    }
}

void
mon_roles_assign(const struct mon_settings *settings, const struct mon_observation *obs,
                 const struct mon_topology *topology, int master, struct mon_server_state *out)
{
    int64_t conditions = settings->config->slave_conditions;
    for (size_t i = 0; i < obs->count; i++) {
        out[i] = (struct mon_server_state){own_bits(&obs->servers[i]), MX_LAG_UNKNOWN, -1};
        if (mon_obs_running(&obs->servers[i])) {
            assign_lag(&obs->servers[i], &out[i]);
        }
    }
    assign_relays(obs, topology, master, out);
    if (master == MON_NONE) {
        return;
    }
    size_t m = (size_t)master;
    bool running = mon_obs_running(&obs->servers[m]);
    bool is_master = earns_master(settings, obs, topology, m, out[m].status);
    if (is_master) {
        out[m].status |= MX_STATUS_MASTER;
        out[m].lag_s = 0;
    }
    if (((conditions & MON_SLAVE_RUNNING_MASTER) == 0 || running) &&
        ((conditions & MON_SLAVE_WRITABLE_MASTER) == 0 || is_master)) {
        assign_slaves(settings, obs, topology, m, out);
        /* reads go on there although it may not be written to */
        if (!is_master && running && !obs->servers[m].read_only &&
            obs->servers[m].type != MON_TYPE_BLR && earns_slave(settings, out[m].status) &&
            settings->config->master_conditions != 0) {
            out[m].status |= MX_STATUS_SLAVE;
        }
    }
}
