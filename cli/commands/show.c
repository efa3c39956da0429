/* show: two columns per object, or tables of their own. */
#include "commands.h"
#include "values.h"

#include "../json_path.h"

#include <stdlib.h>
#include <string.h>

static const struct cli_field server_fields[] = {
    {.title = "Server", .path = "id"},
    {.title = "Source", .path = "attributes.source.file"},
    {.title = "Address", .value = cli_value_address},
    {.title = "Port", .value = cli_value_port},
    {.title = "State", .value = cli_value_state},
    {.title = "Version", .path = "attributes.version_string"},
    {.title = "Uptime", .path = "attributes.uptime"},
    {.title = "Last Event", .path = "attributes.last_event"},
    {.title = "Triggered At", .path = "attributes.triggered_at"},
    {.title = "Services", .path = "relationships.services.data[].id"},
    {.title = "Monitors", .path = "relationships.monitors.data[].id"},
    {.title = "Master ID", .path = "attributes.master_id"},
    {.title = "Node ID", .path = "attributes.node_id"},
    {.title = "Slave Server IDs", .path = "attributes.slaves"},
    {.title = "Current Connections", .path = "attributes.statistics.connections"},
    {.title = "Total Connections", .path = "attributes.statistics.total_connections"},
    {.title = "Max Connections", .path = "attributes.statistics.max_connections"},
    {.title = "Statistics", .path = "attributes.statistics"},
    {.title = "Parameters", .path = "attributes.parameters"},
};
const struct cli_view cli_show_server = {"servers", CLI_FIELDS(server_fields)};
const struct cli_view cli_show_servers = {"servers", CLI_FIELDS(server_fields)};

static const struct cli_field service_fields[] = {
    {.title = "Service", .path = "id"},
    {.title = "Source", .path = "attributes.source.file"},
    {.title = "Router", .path = "attributes.router"},
    {.title = "State", .path = "attributes.state"},
    {.title = "Started At", .path = "attributes.started", .is_date = true},
    {.title = "Users Loaded At", .path = "attributes.users_last_update", .is_date = true},
    {.title = "Current Connections", .path = "attributes.statistics.connections"},
    {.title = "Total Connections", .path = "attributes.statistics.total_connections"},
    {.title = "Max Connections", .path = "attributes.statistics.max_connections"},
    {.title = "Cluster", .path = "relationships.monitors.data[].id"},
    {.title = "Servers", .path = "relationships.servers.data[].id"},
    {.title = "Services", .path = "relationships.services.data[].id"},
    {.title = "Filters", .path = "relationships.filters.data[].id"},
    {.title = "Parameters", .path = "attributes.parameters"},
    {.title = "Statistics", .path = "attributes.statistics"},
    {.title = "Router Diagnostics", .path = "attributes.router_diagnostics"},
};
const struct cli_view cli_show_service = {"services", CLI_FIELDS(service_fields)};
const struct cli_view cli_show_services = {"services/", CLI_FIELDS(service_fields)};

static const struct cli_field monitor_fields[] = {
    {.title = "Monitor", .path = "id"},
    {.title = "Source", .path = "attributes.source.file"},
    {.title = "Module", .path = "attributes.module"},
    {.title = "State", .path = "attributes.state"},
    {.title = "Servers", .path = "relationships.servers.data[].id"},
    {.title = "Parameters", .path = "attributes.parameters"},
    {.title = "Monitor Diagnostics", .path = "attributes.monitor_diagnostics"},
};
const struct cli_view cli_show_monitor = {"monitors", CLI_FIELDS(monitor_fields)};
const struct cli_view cli_show_monitors = {"monitors/", CLI_FIELDS(monitor_fields)};

static const struct cli_field session_fields[] = {
    {.title = "Id", .path = "id"},
    {.title = "Service", .path = "relationships.services.data[].id"},
    {.title = "State", .path = "attributes.state"},
    {.title = "User", .path = "attributes.user"},
    {.title = "Host", .path = "attributes.remote"},
    {.title = "Port", .path = "attributes.port"},
    {.title = "Database", .path = "attributes.database"},
    {.title = "Connected", .path = "attributes.connected", .is_date = true},
    {.title = "Idle", .path = "attributes.idle"},
    {.title = "Parameters", .path = "attributes.parameters"},
    {.title = "Client TLS Cipher", .path = "attributes.client.cipher"},
    {.title = "Connection attributes", .path = "attributes.client.connection_attributes"},
    {.title = "Connections", .path = "attributes.connections[].server"},
    {.title = "Connection IDs", .path = "attributes.connections[].connection_id"},
    {.title = "Queries", .path = "attributes.queries[].statement"},
    {.title = "Log", .path = "attributes.log"},
    {.title = "Memory", .path = "attributes.memory"},
    {.title = "I/O Activity", .path = "attributes.io_activity"},
};
const struct cli_view cli_show_session = {"sessions", CLI_FIELDS(session_fields)};
const struct cli_view cli_show_sessions = {"sessions/", CLI_FIELDS(session_fields)};

static const struct cli_field filter_fields[] = {
    {.title = "Filter", .path = "id"},
    {.title = "Source", .path = "attributes.source.file"},
    {.title = "Module", .path = "attributes.module"},
    {.title = "Services", .path = "relationships.services.data[].id"},
    {.title = "Parameters", .path = "attributes.parameters"},
    {.title = "Diagnostics", .path = "attributes.filter_diagnostics"},
};
const struct cli_view cli_show_filter = {"filters", CLI_FIELDS(filter_fields)};
const struct cli_view cli_show_filters = {"filters/", CLI_FIELDS(filter_fields)};

static const struct cli_field listener_fields[] = {
    {.title = "Name", .path = "id"},
    {.title = "Source", .path = "attributes.source.file"},
    {.title = "Service", .path = "relationships.services.data[].id"},
    {.title = "Parameters", .path = "attributes.parameters"},
};
const struct cli_view cli_show_listener = {"listeners", CLI_FIELDS(listener_fields)};
const struct cli_view cli_show_listeners = {"listeners/", CLI_FIELDS(listener_fields)};

static const struct cli_field module_fields[] = {
    {.title = "Module", .path = "id"},
    {.title = "Type", .path = "attributes.module_type"},
    {.title = "Version", .path = "attributes.version"},
    {.title = "Maturity", .path = "attributes.maturity"},
    {.title = "Description", .path = "attributes.description"},
    {.title = "Parameters", .path = "attributes.parameters"},
    {.title = "Commands", .path = "attributes.commands"},
};
const struct cli_view cli_show_module = {"maxscale/modules", CLI_FIELDS(module_fields)};
const struct cli_view cli_show_modules = {"maxscale/modules/", CLI_FIELDS(module_fields)};

static const struct cli_field maxscale_fields[] = {
    {.title = "Version", .path = "attributes.version"},
    {.title = "Commit", .path = "attributes.commit"},
    {.title = "Started At", .path = "attributes.started_at"},
    {.title = "Activated At", .path = "attributes.activated_at"},
    {.title = "Uptime", .path = "attributes.uptime"},
    {.title = "Config Sync", .path = "attributes.config_sync"},
    {.title = "Parameters", .path = "attributes.parameters"},
    {.title = "System", .path = "attributes.system"},
};
const struct cli_view cli_show_maxscale = {"maxscale", CLI_FIELDS(maxscale_fields)};

static const struct cli_field logging_fields[] = {
    {.title = "Current Log File", .path = "attributes.log_file"},
    {.title = "Enabled Log Levels", .path = "attributes.log_priorities"},
    {.title = "Parameters", .path = "attributes.parameters"},
};
const struct cli_view cli_show_logging = {"maxscale/logs", CLI_FIELDS(logging_fields)};

static const struct cli_field module_command_fields[] = {
    {.title = "Command", .path = "id"},
    {.title = "Parameters", .path = "attributes.parameters[].type"},
    {.title = "Descriptions", .path = "attributes.parameters[].description"},
};
static const struct cli_fields module_commands = CLI_FIELDS(module_command_fields);

static const struct cli_field qc_cache_fields[] = {
    {.title = "Statement", .path = "id"},
    {.title = "Hits", .path = "attributes.hits"},
    {.title = "Type", .path = "attributes.classification.type_mask"},
    {.title = "Size", .path = "attributes.classification.size"},
};
static const struct cli_fields qc_cache = CLI_FIELDS(qc_cache_fields);

static const struct cli_field dbuser_fields[] = {
    {.title = "User", .path = "user"},        {.title = "Host", .path = "host"},
    {.title = "Plugin", .path = "plugin"},    {.title = "TLS", .path = "ssl"},
    {.title = "Super", .path = "super_priv"}, {.title = "Global", .path = "global_priv"},
    {.title = "Proxy", .path = "proxy_priv"}, {.title = "Role", .path = "default_role"},
};
static const struct cli_fields dbusers = CLI_FIELDS(dbuser_fields);

/* The object named by the first argument, or the one the resource is. */
int
cli_show_one_run(struct cli *cli, const struct cli_args *args)
{
    const struct cli_view *view = args->command->detail;
    json_t *answer = NULL;
    char *url = args->word_count > 0 ? cli_url_object(view->resource, args->words[0])
                                     : mx_strdup(view->resource);
    if (cli_args_flag(args, "rdns")) {
        char *with_names = mx_asprintf("%s?rdns=true", url);
        free(url);
        url = with_names;
    }
    int rc = cli_get(cli, url, &answer);
    if (rc == 0) {
        cli_print_object(cli, json_object_get(answer, "data"), &view->fields);
    }
    json_decref(answer);
    free(url);
    return rc;
}

int
cli_show_all_run(struct cli *cli, const struct cli_args *args)
{
    const struct cli_view *view = args->command->detail;
    const char *query = cli_args_flag(args, "rdns")       ? "?rdns=true"
                        : cli_args_flag(args, "load-all") ? "?load=all"
                                                          : "";
    json_t *answer = NULL;
    char *url = mx_asprintf("%s%s", view->resource, query);
    int rc = cli_get(cli, url, &answer);
    if (rc == 0) {
        cli_print_objects(cli, json_object_get(answer, "data"), &view->fields);
    }
    json_decref(answer);
    free(url);
    return rc;
}

/* A list whose rows are at `path` of what GET url answers. */
static int
print_rows(struct cli *cli, const char *url, const char *path, const struct cli_fields *fields)
{
    json_t *answer = NULL;
    if (cli_get(cli, url, &answer) != 0) {
        return -1;
    }
    json_t *rows = cli_json_path(answer, path);
    cli_print_list(cli, rows, fields);
    json_decref(rows);
    json_decref(answer);
    return 0;
}

int
cli_show_commands_run(struct cli *cli, const struct cli_args *args)
{
    char *url = cli_url_object("maxscale/modules", args->words[0]);
    int rc = print_rows(cli, url, "data.attributes.commands", &module_commands);
    free(url);
    return rc;
}

int
cli_show_qc_cache_run(struct cli *cli, const struct cli_args *args)
{
    char *url =
        mx_asprintf("maxscale/query_classifier/cache?top=%ld", cli_args_number(args, "top"));
    int rc = print_rows(cli, url, "data", &qc_cache);
    free(url);
    return rc;
}

int
cli_show_dbusers_run(struct cli *cli, const struct cli_args *args)
{
    char *url = cli_url_object("services", args->words[0]);
    int rc = print_rows(cli, url, "data.attributes.users", &dbusers);
    free(url);
    return rc;
}
