/*
 * Model servers for the simulator: logs of transactions, replication, semi-sync, read_only, crashes
 * and lost networks. Time is a number. Everything random comes from the seed.
 */
#ifndef TEST_MARIADBMON_MODEL_H
#define TEST_MARIADBMON_MODEL_H

#include "act.h"
#include "fake.h"

#define MODEL_NODES 4
#define MODEL_LOG   8192

struct model_entry {
    uint32_t server_id;
    uint64_t sequence;
    uint32_t transaction;
};

struct model_node {
    bool is_up;
    bool is_reachable; /* from the proxy; replication has its own network, which never fails */
    bool is_read_only;
    int source; /* MON_NONE: no replication connection */
    bool io;
    bool sql;
    uint32_t io_errno;
    size_t applied;  /* of log */
    size_t received; /* of log; more than applied while it is a replica */
    size_t acked;    /* as primary: entries a replica has confirmed */
    int64_t down_at_ms;
    int64_t last_data_ms;
    struct model_entry log[MODEL_LOG];
};

struct model {
    uint64_t random;
    int64_t now_ms;
    size_t count;
    struct model_node nodes[MODEL_NODES];
    uint32_t transactions;
    bool acknowledged[MODEL_LOG]; /* semi-sync promised that it survives */
    uint64_t trace;               /* hash of everything that happened */
    bool is_frozen;               /* no faults: the end of a run */
    bool single_fault;
};

void model_init(struct model *model, uint64_t seed, size_t count, bool single_fault);
uint32_t model_random(struct model *model, uint32_t below);
void model_note(struct model *model, uint64_t what);
/* Time passes: data flows, clients write to `master` (MON_NONE: to nobody). */
void model_pass(struct model *model, int64_t ms, int master);
void model_crash(struct model *model, size_t node);
void model_restart(struct model *model, size_t node);
/* All servers run and follow `master`. */
bool model_is_healthy(const struct model *model, int master);
/* And every replica has everything. */
bool model_is_settled(const struct model *model, int master);
/* What the observer would see. */
void model_observe(const struct model *model, struct fake *fake);
void model_world(struct model *model, struct mon_world *out);

#endif
