/*
 * The configured objects. Each struct here is ONE IMMUTABLE VERSION of an object, reference
 * counted, member of one or more registries; a runtime change makes a new version and a new
 * registry. What outlives versions (status, counters, accounts, threads) sits in the `..._runtime`
 * part that all versions of an object share.
 *
 * Threads: versions are read by anyone who holds a registry reference. Registries are made by the
 * main thread and published to every worker as a message; a worker swaps its pointer at the end of
 * a loop turn. Runtime parts: single values are atomics (mx/atomic.h); texts are behind `lock`,
 * which no worker takes on the data path.
 *
 * The configuration structs (core/config.h) have one member per parameter with the parameter's
 * name (dots become underscores; durations get the suffix _ms).
 */
#ifndef CORE_OBJECTS_H
#define CORE_OBJECTS_H

#include "core/config.h"
#include "core/slots.h"
#include "mx/atomic.h"
#include "mx/module.h"
#include "mx/monitor.h"
#include "mx/server.h"
#include "mx/session.h"
#include "net/network.h"

#include <pthread.h>
#include <time.h>

#define CORE_WORKERS_MAX 256

enum core_source_type {
    CORE_SOURCE_STATIC = 0,
    CORE_SOURCE_RUNTIME,
    CORE_SOURCE_CLUSTER,
    CORE_SOURCE_VOLATILE,
};

/* Where an object was defined. */
struct core_source {
    enum core_source_type type;
    char *file; /* NULL for volatile */
    int line;
};

/* Counters of one target on one worker; only that worker writes. One cache line each. */
struct core_target_stats {
    struct mx_atomic connections; /* now */
    struct mx_atomic total_connections;
    struct mx_atomic max_connections; /* peak of this worker */
    struct mx_atomic operations;      /* statements under way */
    struct mx_atomic packets;
    struct mx_atomic reads;
    struct mx_atomic writes;
    struct mx_atomic failed_auths;
} __attribute__((aligned(64)));

/* ------------------------------------------------------------------ server */

struct core_pool;

/* Texts and facts a monitor found out; replaced whole, read under `lock`. */
struct core_server_info {
    char *version_string;
    struct mx_server_variables variables; /* "" what is not known */
    char *gtid_current_pos;
    char *gtid_binlog_pos;
    char *last_event;    /* e.g. master_up */
    time_t triggered_at; /* 0: never */
    char *state_details; /* "Slave of External Server" or NULL */
};

struct core_server_runtime {
    struct mx_ref ref;
    char *name;
    struct mx_atomic status;         /* mx_status bits */
    struct mx_atomic status_request; /* set by the admin side, taken by the monitor: wanted
                                        (bits | CORE_REQUEST_CLEAR), 0: none */
    struct mx_atomic lag_s;          /* MX_LAG_UNKNOWN */
    struct mx_atomic version;        /* 101106; 0 never contacted */
    struct mx_atomic is_mariadb;
    struct mx_atomic capabilities; /* 64 bits: lower = capability flags of its greeting, upper =
                                      MariaDB extended ones; 0 never contacted */
    struct mx_atomic charset;      /* default collation number of its greeting */
    struct mx_atomic uptime_s;
    struct mx_atomic node_id;   /* -1 */
    struct mx_atomic master_id; /* -1 */
    struct mx_atomic ping_us;
    struct mx_atomic response_us; /* average of reads, 0: none measured */
    pthread_mutex_t lock;
    struct core_server_info info;
    size_t worker_count;
    struct core_target_stats *stats; /* [worker_count] */
    struct core_pool *pools;         /* [worker_count]; core/pool.h */
    struct core_slots slots;         /* max_routing_connections */
};

#define CORE_REQUEST_CLEAR (INT64_C(1) << 40) /* clear the bits instead of setting them */
#define CORE_REQUEST_FORCE (INT64_C(1) << 41) /* maintenance: close connections as well */
#define CORE_REQUEST_MUST  (INT64_C(1) << 42) /* also of a primary */

struct core_tls; /* core/tls.h */

#define CORE_SERVER_MAGIC 0x53525652u
struct mx_server {
    uint32_t magic;
    struct mx_ref ref;
    char *name;
    struct core_source source;
    struct core_server_config config;
    struct core_tls *tls; /* NULL: in clear */
    struct core_server_runtime *rt;
};

/* ----------------------------------------------------------------- service */

struct core_users_manager;
struct core_queue;

enum core_state {
    CORE_STATE_ALLOCATED = 0, /* listener: Created */
    CORE_STATE_STARTED,       /* listener, monitor: Running */
    CORE_STATE_STOPPED,
    CORE_STATE_FAILED,
};

struct core_service_runtime {
    struct mx_ref ref;
    char *name;
    struct mx_atomic state; /* core_state */
    time_t started;
    void *router_instance;
    struct core_users_manager *users;
    struct mx_atomic clients; /* now, all workers, for max_connections */
    struct core_queue *queue; /* clients that wait for a place */
    struct {                  /* of sessions that have ended */
        struct mx_atomic count;
        struct mx_atomic life_ms;
        struct mx_atomic life_max_ms;
        struct mx_atomic history; /* session commands kept at the end */
        struct mx_atomic history_max;
    } ended;
    size_t worker_count;
    struct core_target_stats *stats; /* [worker_count] */
};

#define CORE_SERVICE_MAGIC 0x53455256u
struct mx_service {
    uint32_t magic;
    struct mx_ref ref;
    char *name;
    struct core_source source;
    const struct mx_module *router;
    void *router_config; /* block of router->config_size */
    struct core_service_config config;
    struct mx_server **servers; /* resolved from servers=, targets= or cluster=; references held */
    size_t server_count;
    struct core_filter **filters; /* in chain order */
    size_t filter_count;
    struct core_service_runtime *rt;
};

/* ---------------------------------------------------------------- listener */

struct core_listener_runtime {
    struct mx_ref ref;
    struct mx_atomic state;
    struct net_listener *socket; /* src/net/listen.h; owned by the main thread */
};

#define CORE_LISTENER_MAGIC 0x4c53544eu
struct core_listener {
    uint32_t magic;
    struct mx_ref ref;
    char *name;
    struct core_source source;
    const struct mx_module *protocol;
    void *protocol_config;                    /* MariaDBProtocol.* rows */
    struct mx_authenticators *authenticators; /* core/authenticators.h */
    struct core_user_mapping *mapping;        /* core/user_mapping.h; NULL: none */
    char **init_sql;                          /* core/init_sql.h; NULL: none */
    struct net_network_list proxy_networks;   /* of proxy_protocol_networks */
    struct core_listener_config config;
    struct core_tls *tls; /* NULL: in clear */
    struct core_listener_runtime *rt;
};

/* ----------------------------------------------------------------- monitor */

struct core_monitor_runtime; /* core/monitor.c: thread, instance, ticks */

#define CORE_MONITOR_MAGIC 0x4d4f4e49u
struct mx_monitor {
    uint32_t magic;
    struct mx_ref ref;
    char *name;
    struct core_source source;
    const struct mx_module *module;
    void *module_config;
    struct core_monitor_config config;
    struct mx_server **servers;
    size_t server_count;
    struct core_monitor_runtime *rt;
};

/* ------------------------------------------------------------------ filter */

struct core_filter_runtime {
    struct mx_ref ref;
    void *instance;
};

#define CORE_FILTER_MAGIC 0x46494c54u
struct core_filter {
    uint32_t magic;
    struct mx_ref ref;
    char *name;
    struct core_source source;
    const struct mx_module *module;
    void *module_config;
    struct core_filter_runtime *rt;
};

/* ---------------------------------------------------------------- registry */

struct core_registry {
    struct mx_ref ref;
    struct core_registry *self; /* itself, for those who hold it const and let go of it */
    uint64_t version;
    struct core_global_config *globals; /* shared by registries through `globals_ref` */
    struct mx_server **servers;
    size_t server_count;
    struct mx_service **services;
    size_t service_count;
    struct core_listener **listeners;
    size_t listener_count;
    struct mx_monitor **monitors;
    size_t monitor_count;
    struct core_filter **filters;
    size_t filter_count;
};

/*
 * The registry of the calling thread. Workers: borrowed, valid for this loop turn, no lock. Other
 * threads take a reference with core_registry_ref() and give it back with core_registry_unref().
 */
const struct core_registry *core_registry_mine(void);

/*
 * On a worker, at the beginning of an event: takes the newest registry although its message waits
 * still. Who was told that a change is made may come back before the message is read.
 */
void core_registry_catch_up(void);
const struct core_registry *core_registry_ref(void);
void core_registry_unref(const struct core_registry *registry);
/* Main thread only: takes over `registry`, hands it to every worker and waits for none of them. */
void core_registry_publish(struct core_registry *registry);

struct mx_server *core_registry_server(const struct core_registry *registry, const char *name);
struct mx_service *core_registry_service(const struct core_registry *registry, const char *name);
struct core_listener *core_registry_listener(const struct core_registry *registry,
                                             const char *name);
struct mx_monitor *core_registry_monitor(const struct core_registry *registry, const char *name);
struct core_filter *core_registry_filter(const struct core_registry *registry, const char *name);
/* The monitor that watches the server, or NULL. */
struct mx_monitor *core_registry_monitor_of(const struct core_registry *registry,
                                            const struct mx_server *server);

/* Versions: unref of the last reference frees the version and gives back its runtime part. */
void core_server_ref(struct mx_server *server);
void core_server_unref(struct mx_server *server);
void core_service_ref(struct mx_service *service);
void core_service_unref(struct mx_service *service);
void core_listener_ref(struct core_listener *listener);
void core_listener_unref(struct core_listener *listener);
void core_monitor_ref(struct mx_monitor *monitor);
void core_monitor_unref(struct mx_monitor *monitor);
void core_filter_ref(struct core_filter *filter);
void core_filter_unref(struct core_filter *filter);

/* Sums over workers. */
struct core_target_totals {
    int64_t connections, total_connections, max_connections, operations;
    int64_t packets, reads, writes, failed_auths;
};
void core_target_totals_add(const struct core_target_stats *stats, size_t worker_count,
                            struct core_target_totals *out);

/*
 * "Master, Running" and so on: the contract's words and order. `connections` decides between
 * Draining and Drained.
 */
void core_status_text(uint32_t status, int64_t connections, char *out, size_t size);
/* One word of set/clear server to its bit, any case; 0: not a state. */
uint32_t core_status_bit(const char *word);

#endif
