/* Role bits and lags of all servers, given the graph and the selected primary. Pure. */
#ifndef MARIADBMON_ROLES_H
#define MARIADBMON_ROLES_H

#include "mariadbmon.h"
#include "topology.h"

struct mon_server_state {
    uint32_t status;   /* all mx_status bits */
    int64_t lag_s;     /* MX_LAG_UNKNOWN */
    int64_t master_id; /* server id of the source, -1 none */
};

/* out: one state per server; held bits (Maintenance, Draining) are taken from the observation. */
void mon_roles_assign(const struct mon_settings *settings, const struct mon_observation *obs,
                      const struct mon_topology *topology, int master,
                      struct mon_server_state *out);

/* A server of the kind that can be a primary: not a binlog router. */
bool mon_roles_is_database(const struct mon_server_obs *obs);

#endif
