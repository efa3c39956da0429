/* The module's commands: rows, and their way to the monitor's thread. */
#include "instance.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MODULE "mariadbmon"

static const struct mx_arg monitor_only[] = {
    {"monitor", MX_ARG_MONITOR, false, "Monitor name"},
};
static const struct mx_arg monitor_and_server[] = {
    {"monitor", MX_ARG_MONITOR, false, "Monitor name"},
    {"server", MX_ARG_SERVER, false, "Joining server"},
};
static const struct mx_arg monitor_and_primary[] = {
    {"monitor", MX_ARG_MONITOR, false, "Monitor name"},
    {"server", MX_ARG_SERVER, true, "New primary (optional)"},
};
static const struct mx_arg switchover_args[] = {
    {"monitor", MX_ARG_MONITOR, false, "Monitor name"},
    {"new_primary", MX_ARG_SERVER, true, "New primary (optional)"},
    {"old_primary", MX_ARG_SERVER, true, "Current primary (optional)"},
};
static const struct mx_arg switchover_named_args[] = {
    {"monitor", MX_ARG_MONITOR, false, "Monitor name"},
    {"new_primary", MX_ARG_SERVER, true, "New primary"},
    {"old_primary", MX_ARG_SERVER, true, "Current primary"},
    {"async", MX_ARG_BOOL, true, "Do not wait for the end"},
    {"force", MX_ARG_BOOL, true, "Go on in spite of most errors"},
    {"old_primary_maint", MX_ARG_BOOL, true,
     "Put the old primary into maintenance instead of making it a replica"},
};

static const char *
value_of(const struct mx_command_call *call, size_t index)
{
    return index < call->count ? call->values[index] : NULL;
}

static bool
truth_of(const struct mx_command_call *call, size_t index)
{
    static const char *const yes[] = {"true", "yes", "on", "1"};
    const char *value = value_of(call, index);
    for (size_t i = 0; value != NULL && i < MX_COUNT(yes); i++) {
        if (strcasecmp(value, yes[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Second and third value as server names. */
static int
send(const struct mx_command_call *call, const char *name, bool wait, bool to_maintenance,
     json_t **out_json, json_t *out_errors)
{
    json_t *arguments = json_object();
    if (value_of(call, 1) != NULL) {
        (void)json_object_set_new(arguments, "server", json_string(value_of(call, 1)));
    }
    if (value_of(call, 2) != NULL) {
        (void)json_object_set_new(arguments, "old_primary", json_string(value_of(call, 2)));
    }
    (void)json_object_set_new(arguments, "old_primary_maint", json_boolean(to_maintenance));
    int rc =
        mx_monitor_command(MODULE, value_of(call, 0), name, arguments, wait, out_json, out_errors);
    json_decref(arguments);
    return rc;
}

/* The function of a row: same command, waiting or not. */
#define COMMAND(function, command, wait)                                                           \
    static int function(const struct mx_command_call *call, json_t **out_json, json_t *out_errors) \
    {                                                                                              \
        return send(call, command, wait, false, out_json, out_errors);                             \
    }
COMMAND(switchover, "switchover", true)
COMMAND(switchover_force, "switchover-force", true)
COMMAND(async_switchover, "switchover", false)
COMMAND(failover, "failover", true)
COMMAND(async_failover, "failover", false)
COMMAND(failover_safe, "failover-safe", true)
COMMAND(async_failover_safe, "failover-safe", false)
COMMAND(rejoin, "rejoin", true)
COMMAND(async_rejoin, "rejoin", false)
COMMAND(reset_replication, "reset-replication", true)
COMMAND(async_reset_replication, "reset-replication", false)

static int
switchover_named(const struct mx_command_call *call, json_t **out_json, json_t *out_errors)
{
    return send(call, truth_of(call, 4) ? "switchover-force" : "switchover", !truth_of(call, 3),
                truth_of(call, 5), out_json, out_errors);
}

static int
fetch_result(const struct mx_command_call *call, json_t **out_json, json_t *out_errors)
{
    return mx_monitor_command_result(MODULE, value_of(call, 0), out_json, out_errors);
}

static int
cancel(const struct mx_command_call *call, json_t **out_json, json_t *out_errors)
{
    (void)out_json;
    return mx_monitor_command_cancel(MODULE, value_of(call, 0), out_errors);
}

#define ROW(name_, function, args_, doc_)                                  \
    {                                                                      \
        .name = (name_), .modifies = true, .doc = (doc_), .args = (args_), \
        .arg_count = MX_COUNT(args_), .run = (function)                    \
    }

const struct mx_module_command mon_commands[MON_COMMAND_COUNT] = {
    ROW("async-failover", async_failover, monitor_only,
        "Replace a failed primary. Does not wait for the end."),
    ROW("async-failover-safe", async_failover_safe, monitor_only,
        "Replace a failed primary if no transaction is known to be lost. Does not wait for the "
        "end."),
    ROW("async-rejoin", async_rejoin, monitor_and_server,
        "Make a server a replica of the primary. Does not wait for the end."),
    ROW("async-reset-replication", async_reset_replication, monitor_and_primary,
        "Remove all replication and all binary logs and build replication anew (dangerous). Does "
        "not wait for the end."),
    ROW("async-switchover", async_switchover, switchover_args,
        "Exchange the primary with a replica. Does not wait for the end."),
    ROW("cancel-cmd", cancel, monitor_only, "Cancel the command that is pending or running."),
    ROW("failover", failover, monitor_only, "Replace a failed primary."),
    ROW("failover-safe", failover_safe, monitor_only,
        "Replace a failed primary if no transaction is known to be lost."),
    {.name = "fetch-cmd-result",
     .modifies = false,
     .doc = "Result of the last command that nobody waited for.",
     .args = monitor_only,
     .arg_count = MX_COUNT(monitor_only),
     .run = fetch_result},
    ROW("rejoin", rejoin, monitor_and_server, "Make a server a replica of the primary."),
    ROW("reset-replication", reset_replication, monitor_and_primary,
        "Remove all replication and all binary logs and build replication anew (dangerous)."),
    ROW("switchover", switchover, switchover_args, "Exchange the primary with a replica."),
    ROW("switchover-force", switchover_force, switchover_args,
        "Exchange the primary with a replica in spite of most errors."),
    {.name = "switchover",
     .modifies = true,
     .key_value = true,
     .doc = "Exchange the primary with a replica.",
     .args = switchover_named_args,
     .arg_count = MX_COUNT(switchover_named_args),
     .run = switchover_named},
};
