/* Descriptor and parameter rows of readwritesplit, what they imply, and its diagnostics. */
#include "mx/worker.h"
#include "rwsplit.h"

#include <stdlib.h>

static const struct mx_enum_value uservars[] = {
    {"all", RWS_USERVARS_ALL}, {"master", RWS_USERVARS_MASTER}, {NULL, 0}};

static const struct mx_enum_value criteria[] = {
    {"least_global_connections", RWS_LEAST_GLOBAL_CONNECTIONS},
    {"LEAST_GLOBAL_CONNECTIONS", RWS_LEAST_GLOBAL_CONNECTIONS},
    {"least_router_connections", RWS_LEAST_ROUTER_CONNECTIONS},
    {"LEAST_ROUTER_CONNECTIONS", RWS_LEAST_ROUTER_CONNECTIONS},
    {"least_behind_master", RWS_LEAST_LAG},
    {"LEAST_BEHIND_MASTER", RWS_LEAST_LAG},
    {"least_current_operations", RWS_LEAST_OPERATIONS},
    {"LEAST_CURRENT_OPERATIONS", RWS_LEAST_OPERATIONS},
    {"adaptive_routing", RWS_ADAPTIVE},
    {"ADAPTIVE_ROUTING", RWS_ADAPTIVE},
    {NULL, 0},
};

static const struct mx_enum_value failure_modes[] = {{"fail_instantly", RWS_FAIL_INSTANTLY},
                                                     {"fail_on_write", RWS_FAIL_ON_WRITE},
                                                     {"error_on_write", RWS_ERROR_ON_WRITE},
                                                     {NULL, 0}};

static const struct mx_enum_value checksums[] = {
    {"full", 0}, {"result_only", 1}, {"no_insert_id", 2}, {NULL, 0}};

static const struct mx_enum_value causal_modes[] = {
    {"none", 0}, {"local", 1},     {"global", 2},         {"fast_global", 3},
    {"fast", 4}, {"universal", 5}, {"fast_universal", 6}, {"false", 0},
    {"off", 0},  {"0", 0},         {"true", 1},           {"on", 1},
    {"1", 1},    {NULL, 0},
};

#define ROW(field, kind, standard, text)                       \
    .name = #field, .type = (kind), .flags = MX_PARAM_RUNTIME, \
    .offset = offsetof(struct rws_config, field), .value_default = (standard), .doc = (text)
#define ROW_MS(field, kind, standard, text)                    \
    .name = #field, .type = (kind), .flags = MX_PARAM_RUNTIME, \
    .offset = offsetof(struct rws_config, field##_ms), .value_default = (standard), .doc = (text)
/* Of a later version: shown, and a warning says so when set (README.md). */
#define LATER(field, kind, standard, text)                                      \
    .name = #field, .type = (kind), .flags = MX_PARAM_RUNTIME | MX_PARAM_INERT, \
    .offset = offsetof(struct rws_config, field), .value_default = (standard), .doc = (text)
#define LATER_MS(field, kind, standard, text)                                   \
    .name = #field, .type = (kind), .flags = MX_PARAM_RUNTIME | MX_PARAM_INERT, \
    .offset = offsetof(struct rws_config, field##_ms), .value_default = (standard), .doc = (text)

static const struct mx_param params[] = {
    {LATER(causal_reads, MX_PARAM_ENUM, "none", "Wait on replicas for what was written before."),
     .values = causal_modes},
    {LATER_MS(causal_reads_timeout, MX_PARAM_SECONDS, "10s", "Limit of a causal read's wait.")},
    {ROW(delayed_retry, MX_PARAM_BOOL, "false",
         "Keep trying a statement that found no server or lost it.")},
    {ROW_MS(delayed_retry_timeout, MX_PARAM_SECONDS, "10s", "How long delayed_retry tries.")},
    {ROW(lazy_connect, MX_PARAM_BOOL, "false", "Connect to a server when a statement needs it.")},
    {ROW(master_accept_reads, MX_PARAM_BOOL, "false", "Reads may also go to the primary.")},
    {ROW(master_failure_mode, MX_PARAM_ENUM, "fail_on_write",
         "What happens to sessions without a primary."),
     .values = failure_modes},
    {ROW(master_reconnection, MX_PARAM_BOOL, "true", "Sessions may change to a new primary.")},
    {ROW_MS(max_replication_lag, MX_PARAM_SECONDS, "0s",
            "Replicas must be less than this behind; 0s is no limit.")},
    {.name = "max_slave_replication_lag",
     .type = MX_PARAM_SECONDS,
     .flags = MX_PARAM_RUNTIME | MX_PARAM_ALIAS | MX_PARAM_DEPRECATED,
     .value_default = "max_replication_lag",
     .doc = "Old name of max_replication_lag."},
    {ROW(max_slave_connections, MX_PARAM_COUNT, "255", "Most replica connections of a session."),
     .min = 0, .max = INT32_MAX},
    {ROW(retry_failed_reads, MX_PARAM_BOOL, "true",
         "Send a read whose server was lost to another one.")},
    {ROW(slave_connections, MX_PARAM_COUNT, "255", "Replica connections opened at the start."),
     .min = 0, .max = INT32_MAX},
    {ROW(slave_selection_criteria, MX_PARAM_ENUM, "least_current_operations",
         "How the server for a read is chosen."),
     .values = criteria},
    {ROW(strict_multi_stmt, MX_PARAM_BOOL, "false",
         "After a multi-statement the session stays on the primary.")},
    {ROW(strict_sp_calls, MX_PARAM_BOOL, "false",
         "After a CALL the session stays on the primary.")},
    {ROW(strict_tmp_tables, MX_PARAM_BOOL, "true",
         "Close sessions whose temporary tables are lost with the primary.")},
    {LATER(transaction_replay, MX_PARAM_BOOL, "false", "Repeat interrupted transactions.")},
    {LATER(transaction_replay_attempts, MX_PARAM_COUNT, "5", "Most attempts of a replay.")},
    {LATER(transaction_replay_checksum, MX_PARAM_ENUM, "full", "What a replay compares."),
     .values = checksums},
    {LATER(transaction_replay_max_size, MX_PARAM_SIZE, "1048576", "Largest transaction kept.")},
    {LATER(transaction_replay_retry_on_deadlock, MX_PARAM_BOOL, "false", "Replay deadlocks.")},
    {LATER(transaction_replay_retry_on_mismatch, MX_PARAM_BOOL, "false",
           "Replay again when results differ.")},
    {LATER(transaction_replay_safe_commit, MX_PARAM_BOOL, "true",
           "Never replay once COMMIT was sent.")},
    {LATER_MS(transaction_replay_timeout, MX_PARAM_SECONDS, "30s", "Time budget of a replay.")},
    {ROW(use_sql_variables_in, MX_PARAM_ENUM, "all",
         "Where statements that read user variables go."),
     .values = uservars},
};

static void
config_check(void *ptr, mx_report_fn report MX_UNUSED, void *context MX_UNUSED)
{
    struct rws_config *config = ptr;
    if (config->lazy_connect) {
        config->master_reconnection = true;
        config->master_failure_mode = RWS_FAIL_ON_WRITE;
    }
}

static void *
instance_new(const char *service_name MX_UNUSED)
{
    struct rws_instance *instance = mx_calloc(1, sizeof(*instance));
    int count = mx_worker_count();
    instance->stats = mx_router_stats_new();
    instance->worker_count = count > 0 ? (size_t)count : 1;
    instance->counters = mx_calloc_lines(instance->worker_count, sizeof(*instance->counters));
    return instance;
}

static void
instance_free(void *ptr)
{
    struct rws_instance *instance = ptr;
    if (instance != NULL) {
        mx_router_stats_free(instance->stats);
        free(instance->counters);
        free(instance);
    }
}

static void
put_sum(json_t *out, const struct rws_instance *instance, const char *name, size_t offset)
{
    int64_t sum = 0;
    for (size_t i = 0; i < instance->worker_count; i++) {
        const char *slot = (const char *)&instance->counters[i] + offset;
        sum += mx_atomic_get((const struct mx_atomic *)(const void *)slot);
    }
    json_object_set_new(out, name, json_integer(sum));
}

static json_t *
diagnostics(void *ptr, const struct mx_service *service)
{
    const struct rws_instance *instance = ptr;
    json_t *out = json_object();
    put_sum(out, instance, "queries", offsetof(struct rws_counters, queries));
    put_sum(out, instance, "route_master", offsetof(struct rws_counters, route_master));
    put_sum(out, instance, "route_slave", offsetof(struct rws_counters, route_slave));
    put_sum(out, instance, "route_all", offsetof(struct rws_counters, route_all));
    put_sum(out, instance, "rw_transactions", offsetof(struct rws_counters, rw_transactions));
    put_sum(out, instance, "ro_transactions", offsetof(struct rws_counters, ro_transactions));
    json_object_set_new(out, "replayed_transactions", json_integer(0));
    json_object_set_new(out, "trx_max_size_exceeded", json_integer(0));
    json_object_set_new(out, "server_query_statistics",
                        mx_router_stats_json(instance->stats, service, "avg_selects_per_session"));
    return out;
}

static const struct mx_router_ops ops = {
    .needs = MX_NEED_STATEMENT | MX_NEED_CLASSIFY | MX_NEED_TRX | MX_NEED_STMT_IDS |
             MX_NEED_HISTORY | MX_NEED_TRACKING,
    .instance_new = instance_new,
    .instance_free = instance_free,
    .diagnostics = diagnostics,
    .session_new = rws_session_new,
    .session_free = rws_session_free,
    .route = rws_route,
    .reply = rws_reply,
    .lost = rws_lost,
    .server_changed = rws_server_changed,
    .timeout = rws_timeout,
    .interrupt = rws_interrupt,
    .session_reset = rws_session_reset,
};

MX_MODULE(.kind = MX_MODULE_ROUTER, .maturity = MX_MATURITY_GA, .name = "readwritesplit",
          .version = "1.1.0",
          .doc = "Sends writes to the primary and balances reads over the replicas.",
          .config_size = sizeof(struct rws_config), .params = params,
          .param_count = MX_COUNT(params), .config_check = config_check, .router = &ops);
