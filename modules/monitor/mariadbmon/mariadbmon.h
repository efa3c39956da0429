/*
 * The values that flow through the monitor: settings and what was observed go into decide, states,
 * messages and at most one plan come out. Plain data: no sockets, no clock, no logging.
 *
 * Servers are numbered by their place in `servers=`; MON_NONE stands for no server.
 */
#ifndef MARIADBMON_H
#define MARIADBMON_H

#include "gtid.h"
#include "mx/base.h"
#include "mx/log.h"
#include "mx/monitor.h"
#include "mx/server.h"

#define MON_NONE      (-1)
#define MON_ERROR_MAX 320
/* From here on: GTID, SHOW ALL SLAVES STATUS, events, limits on statements. */
#define MON_VERSION_MODERN 100400u
/* Older ones are ignored. */
#define MON_VERSION_BASIC 50500u
#define MON_NAME_MAX      65 /* replication connection names, bytes with NUL */
#define MON_HOST_MAX      256

/* ------------------------------------------------------------------- settings */

enum mon_auto_failover {
    MON_FAILOVER_OFF = 0,
    MON_FAILOVER_ON,
    MON_FAILOVER_SAFE,
};

enum mon_master_condition {
    MON_MASTER_CONNECTING_SLAVE = 1 << 0,
    MON_MASTER_CONNECTED_SLAVE = 1 << 1,
    MON_MASTER_RUNNING_SLAVE = 1 << 2,
    MON_MASTER_PRIMARY_MONITOR = 1 << 3,
    MON_MASTER_DISK_OK = 1 << 4,
};

enum mon_slave_condition {
    MON_SLAVE_LINKED_MASTER = 1 << 0,
    MON_SLAVE_RUNNING_MASTER = 1 << 1,
    MON_SLAVE_WRITABLE_MASTER = 1 << 2,
    MON_SLAVE_PRIMARY_MONITOR = 1 << 3,
    MON_SLAVE_DISK_OK = 1 << 4,
};

/* The block the parameter rows fill. */
struct mon_config {
    bool assume_unique_hostnames;
    int64_t failcount;
    int64_t master_conditions;
    int64_t slave_conditions;
    bool enforce_simple_topology;
    bool enforce_writable_master;
    bool enforce_read_only_slaves;
    bool enforce_read_only_servers;
    bool maintenance_on_low_disk_space;
    int64_t script_max_replication_lag;
    int64_t cooperative_monitoring_locks;
    int64_t auto_failover;
    bool auto_rejoin;
    bool switchover_on_low_disk_space;
    int64_t failover_timeout_ms;
    int64_t switchover_timeout_ms;
    bool verify_master_failure;
    int64_t master_failure_timeout_ms;
    char *replication_user;
    char *replication_password;
    bool replication_master_ssl;
    char *replication_custom_options;
    char **servers_no_promotion;
    char *promotion_sql_file;
    char *demotion_sql_file;
    bool handle_events;
    int64_t write_test_interval_ms;
    char *write_test_table;
    int64_t write_test_fail_action;
    char *ssh_user;
    char *ssh_keyfile;
    bool ssh_check_host_key;
    int64_t ssh_timeout_ms;
    int64_t ssh_port;
    int64_t rebuild_port;
    char *mariabackup_use_memory;
    int64_t mariabackup_parallel;
    char *backup_storage_address;
    char *backup_storage_path;
    int64_t cs_admin_port;
    char *cs_admin_base_path;
    char *cs_admin_api_key;
};

struct mon_server_settings {
    const char *name;
    const char *address;         /* empty when reached by socket */
    const char *private_address; /* empty: none */
    int port;
    const char *custom_options; /* of CHANGE MASTER, the server's or the monitor's; empty: none */
    const char *user;           /* the monitor's login there */
    bool no_promotion;
};

struct mon_settings {
    const struct mon_config *config;
    size_t count;
    struct mon_server_settings *servers;
    int64_t interval_ms;
    bool passive;
    const char *replication_user; /* what CHANGE MASTER gets: configured, or the monitor's own */
    const char *replication_password;
    char **promotion_sql; /* statements of the files, end with NULL; NULL: none */
    char **demotion_sql;
};

/* ---------------------------------------------------------------- observation */

enum mon_link {
    MON_LINK_UP = 0,
    MON_LINK_REFUSED, /* nothing listens there: connection refused or reset, no doubt possible */
    MON_LINK_DENIED,  /* it answers, and does not let the monitor in */
    MON_LINK_FAILED,  /* timeout, no route, anything that may be a slow network */
};

enum mon_server_type {
    MON_TYPE_UNKNOWN = 0,
    MON_TYPE_MARIADB,
    MON_TYPE_MYSQL,
    MON_TYPE_BLR,
};

enum mon_io {
    MON_IO_NO = 0,
    MON_IO_CONNECTING,
    MON_IO_YES,
};

enum mon_gtid_mode {
    MON_GTID_NO = 0,
    MON_GTID_SLAVE_POS,
    MON_GTID_CURRENT_POS,
};

/* One replication connection as the replica tells it. */
struct mon_slave {
    char name[MON_NAME_MAX];
    char host[MON_HOST_MAX];
    int port;
    int64_t source_id; /* Master_Server_Id, 0 unknown */
    enum mon_io io;
    bool sql;
    enum mon_gtid_mode gtid_mode;
    struct mon_gtid_list gtid_io_pos;
    int64_t lag_s; /* MX_LAG_UNKNOWN */
    uint32_t io_errno;
    uint32_t sql_errno;
    char io_error[MON_ERROR_MAX];
    char sql_error[MON_ERROR_MAX];
    int64_t heartbeats;
    /* remembered by the observer over ticks, while host and port stay the same */
    bool seen_connected;
    int64_t last_data_ms;
    int resolved_source; /* server whose address resolves to the same as host; MON_NONE */
};

enum mon_event_status {
    MON_EVENT_ENABLED = 0,
    MON_EVENT_DISABLED,
    MON_EVENT_SLAVESIDE_DISABLED,
};

struct mon_event {
    char *name;    /* `db`.`event`, quoted */
    char *definer; /* `user`@`host`, quoted */
    enum mon_event_status status;
};

/* Privileges the monitor needs somewhere; bits of mon_server_obs.grants. */
enum mon_grant {
    MON_GRANT_SUPER = 0,
    MON_GRANT_REPLICATION_CLIENT, /* BINLOG MONITOR since 10.5 */
    MON_GRANT_REPLICA_MONITOR,    /* SLAVE MONITOR in SHOW GRANTS */
    MON_GRANT_REPLICATION_SLAVE,
    MON_GRANT_REPLICATION_SLAVE_ADMIN,
    MON_GRANT_READ_ONLY_ADMIN,
    MON_GRANT_BINLOG_ADMIN,
    MON_GRANT_CONNECTION_ADMIN,
    MON_GRANT_SET_USER,
    MON_GRANT_RELOAD,
    MON_GRANT_PROCESS,
    MON_GRANT_SHOW_DATABASES,
    MON_GRANT_EVENT,
    MON_GRANT_FILE,
    MON_GRANT_SELECT, /* on *.* */
    MON_GRANT_SELECT_MYSQL_USER,
    MON_GRANT_SELECT_GLOBAL_PRIV,
    MON_GRANT_COUNT,
};

/* Answer about the replication user as found in mysql.user of a server. */
enum mon_repl_user {
    MON_REPL_UNKNOWN = 0, /* not asked or not allowed to look */
    MON_REPL_OK,
    MON_REPL_MISSING,
    MON_REPL_NO_GRANT,
};

struct mon_disk {
    char path[128];
    int used_percent;
    int limit_percent;
};

/*
 * What is known of a server. A part that could not be asked in this tick keeps its last value; a
 * server that is down keeps everything but `link` and `error`.
 */
struct mon_server_obs {
    enum mon_link link;
    char error[MON_ERROR_MAX];       /* why there is no connection */
    char query_error[MON_ERROR_MAX]; /* a probe statement failed; empty: none */
    bool permission_error;           /* the basic permission query was refused */
    bool known;                      /* contacted at least once since start */
    bool is_fresh;                   /* told about its replication in this very round */
    uint32_t held_status;            /* mx_status bits in force before this tick */

    enum mon_server_type type;
    uint32_t version; /* 101119 */
    char version_string[128];
    char collation[64];
    struct mx_server_variables variables;
    uint64_t capabilities;
    int charset;
    int64_t uptime_s;
    int64_t ping_us;

    int64_t server_id; /* -1 */
    bool read_only;
    uint32_t gtid_domain;
    bool log_bin;
    bool log_slave_updates;
    bool gtid_strict_mode;
    bool event_scheduler;
    bool semi_sync_master;       /* rpl_semi_sync_master_enabled */
    bool semi_sync_slave;        /* rpl_semi_sync_slave_enabled */
    bool semi_sync_active;       /* master side works now */
    bool semi_sync_slave_active; /* this replica acknowledges */
    int64_t semi_sync_clients;
    int64_t binlog_expire_s; /* 0: never */
    bool has_settings;       /* the variables above were read at least once */

    struct mon_gtid_list gtid_current;
    struct mon_gtid_list gtid_binlog;
    struct mon_gtid_list gtid_state;

    struct mon_slave *slaves;
    size_t slave_count;
    struct mon_event *events;
    size_t event_count;

    uint64_t grants; /* 1 << mon_grant */
    bool grants_known;
    char account[200]; /* 'user'@'host' the monitor is logged in as */
    enum mon_repl_user repl_user;
    char repl_user_host[128];        /* host part of an account found for the replication user */
    int64_t nontransactional_tables; /* -1 not known */
    char nontransactional_example[200];

    bool disk_checked;
    bool disk_low;
    struct mon_disk disk; /* the fullest path over its limit */
};

struct mon_observation {
    size_t count;
    struct mon_server_obs *servers;
};

/* -------------------------------------------------------------------- history */

/* What decide remembers from tick to tick; all-zero plus mon_history_init() is the start. */
struct mon_server_history {
    int64_t error_count;   /* consecutive ticks down, outside Maintenance */
    int64_t refused_count; /* consecutive definite refusals */
    int64_t first_refused_ms;
    int64_t counted_ms; /* when error_count was raised last */
    bool lag_above;
    bool low_disk_told;
    /* it was the primary without a binary log: other servers miss what was written then */
    bool wrote_without_binlog;
};

struct mon_history {
    size_t count;
    struct mon_server_history *servers;
    uint64_t ticks;
    int master;           /* the selected primary, MON_NONE */
    int next_master;      /* forced by an operation for the next tick, MON_NONE */
    bool master_in_cycle; /* it was in a cycle when selected */
    bool domain_known;
    uint32_t domain;
    int64_t disabled_until_ms;          /* automatic operations but failover wait until then */
    int64_t failover_disabled_until_ms; /* one failed; the next is not tried before then */
    bool semi_sync_seen;                /* it worked on the present primary */
    bool semi_sync_lost;
    int64_t semi_sync_bad_ms; /* since when it is on and does not work; 0: it works */
    bool failover_announced;
    bool master_was_up; /* the selected primary has been seen running */
};

void mon_history_init(struct mon_history *history, size_t count);
void mon_history_fini(struct mon_history *history);

/* ------------------------------------------------------------------- messages */

/*
 * Sticky: a statement about how things are; the caller logs it when it was not there in the tick
 * before. Others are events and always logged.
 */
struct mon_message {
    enum mx_log_level level;
    bool sticky;
    char *text;
};

struct mon_messages {
    struct mon_message *items;
    size_t count;
    size_t capacity;
};

void mon_say(struct mon_messages *messages, enum mx_log_level level, const char *format, ...)
    MX_PRINTF(3, 4);
void mon_say_sticky(struct mon_messages *messages, enum mx_log_level level, const char *format, ...)
    MX_PRINTF(3, 4);
void mon_messages_fini(struct mon_messages *messages);

/* -------------------------------------------------------------------- helpers */

static inline bool
mon_grant_has(const struct mon_server_obs *obs, enum mon_grant grant)
{
    return (obs->grants >> (unsigned)grant & 1u) != 0;
}

/* The connection answers and the login worked: Running. */
static inline bool
mon_obs_running(const struct mon_server_obs *obs)
{
    return obs->link == MON_LINK_UP;
}

/* Running, and the operator did not take it away. */
static inline bool
mon_obs_usable(const struct mon_server_obs *obs)
{
    return mon_obs_running(obs) && (obs->held_status & MX_STATUS_MAINT) == 0;
}

/* Frees what a server's observation owns. */
void mon_obs_fini(struct mon_server_obs *obs);

#endif
