/*
 * Configuration of the core objects: one member per parameter, named as the parameter with dots as
 * underscores; durations are milliseconds and end in _ms. The row tables say the rest (type,
 * default, bounds, one line of documentation); src/conf fills and frees the structs from them.
 *
 * Strings are owned by the struct and NULL when empty. Lists end with a NULL; an empty one is NULL.
 */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include "mx/atomic.h"
#include "mx/param.h"

enum core_rank {
    CORE_RANK_PRIMARY = 0,
    CORE_RANK_SECONDARY,
};

enum core_sql_mode {
    CORE_SQL_MODE_DEFAULT = 0,
    CORE_SQL_MODE_ORACLE,
};

enum core_dump_statements {
    CORE_DUMP_NEVER = 0,
    CORE_DUMP_ON_ERROR,
    CORE_DUMP_ON_CLOSE,
};

enum core_key_manager {
    CORE_KEY_MANAGER_NONE = 0,
    CORE_KEY_MANAGER_FILE,
    CORE_KEY_MANAGER_KMIP,
    CORE_KEY_MANAGER_VAULT,
};

enum core_accounts_file_usage {
    CORE_ACCOUNTS_ADD_WHEN_LOAD_OK = 0,
    CORE_ACCOUNTS_FILE_ONLY_ALWAYS,
};

/* Bits of ssl_version and admin_ssl_version; MAX stands for "whatever the library can". */
enum core_tls_version {
    CORE_TLS_V10 = 1 << 0,
    CORE_TLS_V11 = 1 << 1,
    CORE_TLS_V12 = 1 << 2,
    CORE_TLS_V13 = 1 << 3,
    CORE_TLS_MAX = 1 << 4,
};

/* Bits of a monitor's `events`. */
enum core_monitor_event {
    CORE_EVENT_MASTER_DOWN = 1 << 0,
    CORE_EVENT_MASTER_UP = 1 << 1,
    CORE_EVENT_SLAVE_DOWN = 1 << 2,
    CORE_EVENT_SLAVE_UP = 1 << 3,
    CORE_EVENT_SERVER_DOWN = 1 << 4,
    CORE_EVENT_SERVER_UP = 1 << 5,
    CORE_EVENT_SYNCED_DOWN = 1 << 6,
    CORE_EVENT_SYNCED_UP = 1 << 7,
    CORE_EVENT_DONOR_DOWN = 1 << 8,
    CORE_EVENT_DONOR_UP = 1 << 9,
    CORE_EVENT_LOST_MASTER = 1 << 10,
    CORE_EVENT_LOST_SLAVE = 1 << 11,
    CORE_EVENT_LOST_SYNCED = 1 << 12,
    CORE_EVENT_LOST_DONOR = 1 << 13,
    CORE_EVENT_NEW_MASTER = 1 << 14,
    CORE_EVENT_NEW_SLAVE = 1 << 15,
    CORE_EVENT_NEW_SYNCED = 1 << 16,
    CORE_EVENT_NEW_DONOR = 1 << 17,
    CORE_EVENT_ALL = (1 << 18) - 1,
};

/* Section [maxscale]. */
struct core_global_config {
    struct mx_ref globals_ref; /* registries that share this version */

    /* threads */
    char **auto_tune;
    int64_t threads; /* `auto` has become a number */
    int64_t threads_max;
    int64_t rebalance_period_ms;
    int64_t rebalance_threshold;
    int64_t rebalance_window;
    bool skip_name_resolve;
    int64_t host_cache_size;

    /* own queries */
    int64_t auth_connect_timeout_ms;
    int64_t auth_read_timeout_ms;
    int64_t auth_write_timeout_ms;
    int64_t query_retries;
    int64_t query_retry_timeout_ms;
    bool passive;

    /* logging */
    bool ms_timestamp;
    bool syslog;
    bool maxlog;
    bool log_warning;
    bool log_notice;
    bool log_info;
    bool log_debug;
    struct mx_throttling log_throttling;
    bool log_warn_super_user;
    int64_t log_augmentation;
    char *trace_file_dir;
    int64_t trace_file_size;
    int64_t event_authentication_failure_facility; /* LOG_... of syslog.h */
    int64_t event_authentication_failure_level;    /* LOG_... of syslog.h */

    /* folders: what is in force, never NULL once the program runs; secretsdir may be NULL */
    char *logdir;
    char *datadir;
    char *secretsdir;
    char *libdir;
    char *sharedir;
    char *cachedir;
    char *piddir;
    char *execdir;
    char *connector_plugindir;
    char *persistdir;
    char *module_configdir;
    char *language;

    /* statements */
    char *query_classifier;
    char *query_classifier_args;
    int64_t query_classifier_cache_size;
    int64_t sql_mode; /* core_sql_mode */
    bool substitute_variables;

    /* connections and accounts */
    char *local_address;
    int64_t users_refresh_time_ms;
    int64_t users_refresh_interval_ms;
    int64_t retain_last_statements;
    int64_t dump_last_statements; /* core_dump_statements */
    int64_t session_trace;
    char *session_trace_match;
    int64_t writeq_high_water;
    int64_t writeq_low_water;
    bool persist_runtime_changes;
    bool load_persisted_configs;
    int64_t max_auth_errors_until_block;
    char *debug;
    int64_t max_read_amount;
    bool skip_permission_checks;

    /* REST API */
    char *admin_host;
    int64_t admin_port;
    bool admin_auth;
    bool admin_enabled;
    bool admin_gui;
    bool admin_secure_gui;
    bool admin_log_auth_failures;
    char *admin_ssl_key;
    char *admin_ssl_cert;
    char *admin_ssl_ca;
    int64_t admin_ssl_version; /* core_tls_version bits */
    char *admin_ssl_cipher;
    char *admin_pam_readwrite_service;
    char *admin_pam_readonly_service;
    char **admin_readwrite_hosts;
    char **admin_readonly_hosts;
    int64_t admin_jwt_algorithm;
    char *admin_jwt_key;
    int64_t admin_jwt_max_age_ms;
    char *admin_jwt_issuer;
    char *admin_oidc_url;
    char *admin_verify_url;
    bool admin_audit;
    char *admin_audit_file;
    char **admin_audit_exclude_methods;

    /* configuration synchronization, key managers */
    char *config_sync_cluster;
    char *config_sync_user;
    char *config_sync_password;
    char *config_sync_db;
    int64_t config_sync_interval_ms;
    int64_t config_sync_timeout_ms;
    int64_t key_manager; /* core_key_manager */
    char *file_keyfile;
    char *kmip_host;
    int64_t kmip_port;
    char *kmip_cert;
    char *kmip_key;
    char *kmip_ca;
    char *vault_token;
    char *vault_host;
    int64_t vault_port;
    char *vault_ca;
    bool vault_tls;
    char *vault_mount;
    int64_t vault_timeout_ms;
};

/* The ssl parameters of a listener or server. */
struct core_tls_config {
    bool ssl;
    char *ssl_cert;
    char *ssl_key;
    char *ssl_ca;
    char *ssl_crl; /* listeners only */
    char *ssl_cipher;
    int64_t ssl_version; /* core_tls_version bits */
    int64_t ssl_cert_verify_depth;
    bool ssl_verify_peer_certificate;
    bool ssl_verify_peer_host;
};

/* type=server */
struct core_server_config {
    char *type;
    char *address; /* exactly one of address and socket is set */
    int64_t port;
    char *socket;
    char *private_address;
    int64_t extra_port;
    char *monitoruser;
    char *monitorpw;
    int64_t persistpoolmax;
    int64_t persistmaxtime_ms;
    int64_t max_routing_connections;
    bool proxy_protocol;
    bool compression;
    char **disk_space_threshold; /* each "path:percent" */
    int64_t rank;                /* core_rank */
    int64_t priority;
    char *replication_custom_options;
    struct core_tls_config tls;
    char *protocol;
    char *authenticator;
};

/* type=service; the router's own parameters are in the block of the router module */
struct core_service_config {
    char *type;
    char *router;
    char **servers; /* at most one of servers, targets and cluster is set */
    char **targets;
    char *cluster;
    char **filters;
    char *user;
    char *password;
    bool enable_root_user;
    int64_t max_connections;
    int64_t max_connections_wait_ms;
    int64_t wait_timeout_ms;
    int64_t net_write_timeout_ms;
    bool auth_all_servers;
    bool strip_db_esc;
    bool localhost_match_wildcard_host;
    char *version_string;
    bool log_auth_warnings;
    bool log_debug;
    bool log_info;
    bool log_notice;
    bool log_warning;
    bool session_track_trx_state;
    int64_t retain_last_statements; /* -1: the global value */
    bool session_trace;
    int64_t rank; /* core_rank */
    int64_t connection_keepalive_ms;
    bool force_connection_keepalive;
    int64_t max_sescmd_history;
    bool prune_sescmd_history;
    bool disable_sescmd_history;
    int64_t idle_session_pool_time_ms; /* -1: never */
    int64_t multiplex_timeout_ms;
    char *user_accounts_file;
    int64_t user_accounts_file_usage; /* core_accounts_file_usage */
};

/* type=listener; the protocol's own parameters are in the block of the protocol module */
struct core_listener_config {
    char *type;
    char *service;
    char *protocol;
    char *address;
    int64_t port; /* exactly one of port > 0 and socket is set */
    char *socket;
    char *authenticator;
    char *authenticator_options;
    int64_t sql_mode; /* core_sql_mode */
    bool compression;
    char *connection_init_sql_file;
    char *user_mapping_file;
    char *proxy_protocol_networks;
    char **connection_metadata;
    struct core_tls_config tls;
};

/* type=monitor, common part; the rest is in the block of the monitor module */
struct core_monitor_config {
    char *type;
    char *module;
    char **servers;
    char *user;
    char *password;
    int64_t monitor_interval_ms;
    int64_t backend_connect_timeout_ms;
    int64_t backend_read_timeout_ms;
    int64_t backend_write_timeout_ms;
    int64_t backend_connect_attempts;
    int64_t journal_max_age_ms;
    char **disk_space_threshold; /* each "path:percent" */
    int64_t disk_space_check_interval_ms;
    char *script;
    int64_t script_timeout_ms;
    int64_t events; /* core_monitor_event bits */
};

/* type=filter; the rest is in the block of the filter module */
struct core_filter_config {
    char *type;
    char *module;
};

extern const struct mx_param core_global_params[];
extern const size_t core_global_param_count;
extern const struct mx_param core_server_params[];
extern const size_t core_server_param_count;
extern const struct mx_param core_service_params[];
extern const size_t core_service_param_count;
extern const struct mx_param core_listener_params[];
extern const size_t core_listener_param_count;
extern const struct mx_param core_monitor_params[];
extern const size_t core_monitor_param_count;
extern const struct mx_param core_filter_params[];
extern const size_t core_filter_param_count;

/* Words shared by several tables. */
extern const struct mx_enum_value core_rank_values[];
extern const struct mx_enum_value core_sql_mode_values[];
extern const struct mx_enum_value core_tls_version_values[];
/* "TLSv1.2,TLSv1.3" for the bits of an ssl_version; NULL when the library is to choose. */
const char *core_tls_versions_text(int64_t bits);
extern const struct mx_enum_value core_event_values[];

#endif
