/*
 * readconnroute: one server for the whole session, chosen when it starts. Every byte is passed on
 * without a look at the SQL.
 */
#ifndef READCONNROUTE_H
#define READCONNROUTE_H

#include "mx/atomic.h"
#include "mx/router.h"
#include "mx/router_stats.h"

struct rcr_config {
    int64_t router_options; /* mx_status bits: a server qualifies with at least one */
    bool master_accept_reads;
    int64_t max_replication_lag_ms; /* 0: any */
};

struct rcr_instance {
    struct mx_router_stats *stats;
};

struct rcr_session {
    struct mx_session *session;
    struct rcr_instance *instance;
    const struct rcr_config *config;
    struct mx_endpoint *endpoint; /* NULL once lost */
    uint32_t bits;                /* roles that keep the session valid */
    uint32_t index;               /* of the server in the service */
    struct mx_router_use use;
};

#define RCR_NO_SERVER SIZE_MAX

/* The master that counts: running, not in maintenance, lowest rank, first in the list. */
size_t rcr_root_master(const struct mx_service *service);
/* Index of the server for a new session, RCR_NO_SERVER when none qualifies; *out_bits as in
 * rcr_session. */
size_t rcr_choose(const struct mx_service *service, const struct rcr_config *config,
                  uint32_t *out_bits);
/* NULL while the session may go on with the server, else why not. */
const char *rcr_why_invalid(const struct mx_service *service, const struct mx_server *server,
                            uint32_t bits);

extern const struct mx_router_ops rcr_ops;

#endif
