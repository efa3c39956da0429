/*
 * Would a failover, a switchover, a rejoin work right now; if not, why not, and which statement or
 * setting mends it. Computed anew every tick from the same values decide uses. Pure.
 */
#ifndef MARIADBMON_READINESS_H
#define MARIADBMON_READINESS_H

#include "decide.h"

enum mon_operation {
    MON_OPERATION_FAILOVER = 0,
    MON_OPERATION_SWITCHOVER,
    MON_OPERATION_REJOIN,
    MON_OPERATION_COUNT,
};

#define MON_FAILOVER_BIT   (1u << MON_OPERATION_FAILOVER)
#define MON_SWITCHOVER_BIT (1u << MON_OPERATION_SWITCHOVER)
#define MON_REJOIN_BIT     (1u << MON_OPERATION_REJOIN)
#define MON_ALL_BITS       (MON_FAILOVER_BIT | MON_SWITCHOVER_BIT | MON_REJOIN_BIT)

struct mon_finding {
    int server; /* MON_NONE: the cluster */
    uint32_t operations;
    bool is_blocker;
    const char *id; /* constant, for programs */
    char *reason;
    char *fix; /* a line to type or a setting to change; never empty */
};

struct mon_verdict {
    bool is_ready;
    char *summary;
};

struct mon_readiness {
    struct mon_finding *findings;
    size_t count;
    size_t capacity;
    struct mon_verdict verdicts[MON_OPERATION_COUNT];
    bool is_known; /* computed at least once */
};

const char *mon_operation_name(enum mon_operation operation);

/*
 * Computes it anew; messages get a line for every finding and verdict that appeared or went away
 * since the last time.
 */
void mon_readiness_update(struct mon_readiness *readiness, const struct mon_settings *settings,
                          const struct mon_history *history, const struct mon_observation *obs,
                          const struct mon_decision *decision, int64_t now_ms,
                          struct mon_messages *messages);
void mon_readiness_fini(struct mon_readiness *readiness);

/* For the files of readiness: adds a finding; reason is a format; fix is taken over. */
void mon_find(struct mon_readiness *to, int server, uint32_t operations, bool is_blocker,
              const char *id, char *fix, const char *reason, ...) MX_PRINTF(7, 8);

/* readiness_grants.c: rights of the monitor user and of the replication user on one server. */
void mon_readiness_grants(const struct mon_view *view, size_t server, struct mon_readiness *out);
/* readiness_servers.c: settings and replication of one server. */
void mon_readiness_server(const struct mon_view *view, size_t server, struct mon_readiness *out);

#endif
