/* Which server a session gets, and whether it may keep it. */
#include "readconnroute.h"

static bool
in_role(const struct mx_server *server, uint32_t bits)
{
    return (mx_server_status(server) & bits) != 0;
}

size_t
rcr_root_master(const struct mx_service *service)
{
    size_t best = RCR_NO_SERVER;
    for (size_t i = 0; i < mx_service_server_count(service); i++) {
        const struct mx_server *server = mx_service_server(service, i);
        if (mx_server_is_master(server) &&
            (best == RCR_NO_SERVER ||
             mx_server_rank(server) < mx_server_rank(mx_service_server(service, best)))) {
            best = i;
        }
    }
    return best;
}

static bool
qualifies(const struct mx_service *service, const struct rcr_config *config, size_t index,
          size_t master)
{
    const struct mx_server *server = mx_service_server(service, index);
    uint32_t bits = (uint32_t)config->router_options;
    if (!mx_server_connectable(server) || !in_role(server, bits)) {
        return false;
    }
    if (index == master && (bits & MX_STATUS_MASTER) == 0 &&
        (!config->master_accept_reads || (bits & MX_STATUS_SLAVE) != 0)) {
        return false;
    }
    int64_t limit_s = config->max_replication_lag_ms / 1000;
    return limit_s == 0 || mx_server_lag_s(server) < limit_s;
}

static bool
is_better(const struct mx_server *a, const struct mx_server *b)
{
    if (mx_server_rank(a) != mx_server_rank(b)) {
        return mx_server_rank(a) < mx_server_rank(b);
    }
    return mx_server_connections(a) < mx_server_connections(b);
}

size_t
rcr_choose(const struct mx_service *service, const struct rcr_config *config, uint32_t *out_bits)
{
    size_t master = rcr_root_master(service);
    bool master_ok =
        master != RCR_NO_SERVER && mx_server_connectable(mx_service_server(service, master));
    *out_bits = (uint32_t)config->router_options;
    if (*out_bits == MX_STATUS_MASTER) {
        return master_ok ? master : RCR_NO_SERVER;
    }
    size_t best = RCR_NO_SERVER;
    for (size_t i = 0; i < mx_service_server_count(service); i++) {
        if (qualifies(service, config, i, master) &&
            (best == RCR_NO_SERVER ||
             is_better(mx_service_server(service, i), mx_service_server(service, best)))) {
            best = i;
        }
    }
    if (best == RCR_NO_SERVER && master_ok) {
        *out_bits |= MX_STATUS_MASTER; /* so that the session stays valid there */
        best = master;
    }
    return best;
}

const char *
rcr_why_invalid(const struct mx_service *service, const struct mx_server *server, uint32_t bits)
{
    uint32_t status = mx_server_status(server);
    if ((status & MX_STATUS_RUNNING) == 0) {
        return "it is down";
    }
    if ((status & MX_STATUS_MAINT) != 0) {
        return "it is in maintenance";
    }
    if (bits == MX_STATUS_MASTER) {
        size_t master = rcr_root_master(service);
        bool still =
            master != RCR_NO_SERVER && mx_server_same(mx_service_server(service, master), server);
        return still ? NULL : "it is no longer the primary";
    }
    return in_role(server, bits) ? NULL : "it no longer has a role of router_options";
}
