/*
 * What a monitor module implements and what the core does for it. The core owns the thread, the
 * timing of ticks, status requests of the operator, events and scripts, the journal and the
 * command slot; the module looks at its servers and says what state each is in.
 *
 * Threads: every callback runs on the monitor's own thread. mx_monitor_command...() are for module
 * commands and may be called on any thread; everything else only inside a callback.
 */
#ifndef MX_MONITOR_H
#define MX_MONITOR_H

#include "mx/err.h"
#include "mx/module.h"
#include "mx/server.h"

struct mx_monitor;

struct mx_monitor_ops {
    /* Status bits that may not be set by hand on a server with Master (mx_status). */
    uint32_t master_refuses;

    /* The module's private part; config: the block filled by the rows. NULL and err: not started.
     */
    void *(*instance_new)(struct mx_monitor *monitor, const void *config, struct mx_err *err);
    void (*instance_free)(void *instance);

    /* Look at all servers and end with mx_monitor_publish(). */
    void (*tick)(void *instance);
    /*
     * Optional: descriptors that wake the monitor for a tick at once when they become readable or
     * break. Fills at most `max`, returns how many.
     */
    size_t (*watch)(void *instance, int *out_fds, size_t max);
    /*
     * Optional: a command given to mx_monitor_command(), run right after a tick. 0 or -1;
     * out_errors gets texts. A result may be left in *out_json.
     */
    int (*command)(void *instance, const char *name, const json_t *arguments, json_t **out_json,
                   json_t *out_errors);
    /* Optional: what the module wants to find again after a restart, beside the status bits. */
    void (*journal_save)(void *instance, json_t *journal);
    void (*journal_load)(void *instance, const json_t *journal);
};

/* ---------------------------------------------------------------- configuration */

/* Common part of the monitor's configuration; strings are borrowed, NULL when empty. */
struct mx_monitor_settings {
    int64_t interval_ms;
    int64_t connect_timeout_ms;
    int64_t read_timeout_ms;
    int64_t write_timeout_ms;
    int64_t connect_attempts;
    int64_t disk_check_interval_ms; /* 0: never */
    const char *local_address;
    bool passive; /* global: change nothing in the cluster */
};

/* How to reach one server; strings are borrowed, NULL when empty. */
struct mx_monitor_target {
    const char *name;
    const char *address; /* NULL: socket */
    int port;
    int extra_port; /* 0: none */
    const char *socket;
    const char *private_address;
    const char *user;
    const char *password;
    const char *replication_custom_options;
    char *const *disk_limits; /* "path:percent", ends with NULL; NULL: none */
    bool proxy_protocol;
    bool ssl;
    const char *ssl_cert;
    const char *ssl_key;
    const char *ssl_ca;
    const char *ssl_cipher;
    const char *ssl_versions; /* "TLSv1.2,TLSv1.3"; NULL: the library's choice */
    bool ssl_verify_peer_certificate;
    bool ssl_verify_peer_host;
};

MX_API const char *mx_monitor_name(const struct mx_monitor *monitor);
MX_API size_t mx_monitor_server_count(const struct mx_monitor *monitor);
MX_API struct mx_server *mx_monitor_server(const struct mx_monitor *monitor, size_t index);
MX_API void mx_monitor_settings(const struct mx_monitor *monitor, struct mx_monitor_settings *out);
MX_API void mx_monitor_target(const struct mx_monitor *monitor, size_t index,
                              struct mx_monitor_target *out);

/* ----------------------------------------------------------------- publication */

/* What the module knows about one server after a tick; texts are copied. */
/* Global variables of a server that clients are told at login (connection_metadata). */
struct mx_server_variables {
    char max_allowed_packet[24];
    char system_time_zone[64];
    char time_zone[64];
    char tx_isolation[24];
};

struct mx_monitor_report {
    uint32_t status; /* mx_status bits */
    int64_t lag_s;   /* MX_LAG_UNKNOWN */
    int64_t node_id; /* -1 */
    int64_t master_id;
    uint32_t version; /* 0 and the facts below: not contacted in this tick, the old ones stay */
    bool is_mariadb;
    uint64_t capabilities; /* lower half: of the greeting; upper: MariaDB extended ones */
    int charset;           /* default collation number of the greeting */
    int64_t uptime_s;      /* -1 unknown */
    int64_t ping_us;
    const char *version_string;                  /* NULL: unchanged */
    const struct mx_server_variables *variables; /* NULL: unchanged */
    const char *gtid_current_pos;
    const char *gtid_binlog_pos;
    const char *state_details; /* NULL: none */
    const char *annotation;    /* added to the log line of a change of state; NULL: none */
};

/* One report per server, in order: publishes, logs changes, tells sessions, runs scripts. */
MX_API void mx_monitor_publish(struct mx_monitor *monitor, const struct mx_monitor_report *reports);
/* An event of the module's own (rlag_above): runs the script regardless of `events`. */
MX_API void mx_monitor_event(struct mx_monitor *monitor, size_t index, const char *event);
/*
 * Diagnostics as shown by REST: the whole and an array with one object per server. References are
 * taken over. "state" is added by the core.
 */
MX_API void mx_monitor_set_diagnostics(struct mx_monitor *monitor, json_t *whole, json_t *servers);
/* What the monitor is doing, a constant text such as "Idle". */
MX_API void mx_monitor_set_state(struct mx_monitor *monitor, const char *state);
/* The next tick starts within this time even if the interval is longer. */
MX_API void mx_monitor_tick_within(struct mx_monitor *monitor, int64_t delay_ms);
/* The operator asked to stop the monitor or cancelled the command: long work should end. */
MX_API bool mx_monitor_cancelled(const struct mx_monitor *monitor);
/* A command waits for the end of this tick. */
MX_API bool mx_monitor_command_pending(const struct mx_monitor *monitor);
/* The journal is written again at the end of this tick although no status changed. */
MX_API void mx_monitor_journal_changed(struct mx_monitor *monitor);

/* -------------------------------------------------------------------- commands */

/*
 * Gives a command to the monitor named `monitor`, which must be of module `module` and running, and
 * wakes it. wait: returns what the command returned. Otherwise returns 0 as soon as it is accepted.
 * One command at a time: -1 with a text while another one is pending or running.
 */
MX_API int mx_monitor_command(const char *module, const char *monitor, const char *name,
                              const json_t *arguments, bool wait, json_t **out_json,
                              json_t *out_errors);
/* Result of the last command: *out_json is the answer to show; -1: its errors are in out_errors. */
MX_API int mx_monitor_command_result(const char *module, const char *monitor, json_t **out_json,
                                     json_t *out_errors);
MX_API int mx_monitor_command_cancel(const char *module, const char *monitor, json_t *out_errors);

#endif
