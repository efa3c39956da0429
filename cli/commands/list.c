/* list: one row per object. */
#include "commands.h"
#include "values.h"

#include "../dates.h"
#include "../json_path.h"
#include "../width.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct cli_field server_fields[] = {
    {.title = "Server", .path = "id"},
    {.title = "Address", .value = cli_value_address},
    {.title = "Port", .value = cli_value_port},
    {.title = "Connections", .path = "attributes.statistics.connections"},
    {.title = "State", .value = cli_value_state},
    {.title = "GTID", .path = "attributes.gtid_current_pos"},
    {.title = "Monitor", .path = "relationships.monitors.data[0].id"},
};
const struct cli_view cli_list_servers = {"servers", CLI_FIELDS(server_fields)};

static const struct cli_field service_fields[] = {
    {.title = "Service", .path = "id"},
    {.title = "Router", .path = "attributes.router"},
    {.title = "Connections", .path = "attributes.statistics.connections"},
    {.title = "Total Connections", .path = "attributes.statistics.total_connections"},
    {.title = "Targets", .value = cli_value_targets},
};
const struct cli_view cli_list_services = {"services", CLI_FIELDS(service_fields)};

static const struct cli_field listener_fields[] = {
    {.title = "Name", .path = "id"},
    {.title = "Port", .path = "attributes.parameters.port"},
    {.title = "Host", .path = "attributes.parameters.address"},
    {.title = "State", .path = "attributes.state"},
    {.title = "Service", .path = "relationships.services.data[].id"},
};
const struct cli_view cli_list_listeners = {"listeners", CLI_FIELDS(listener_fields)};

static const struct cli_field monitor_fields[] = {
    {.title = "Monitor", .path = "id"},
    {.title = "State", .path = "attributes.state"},
    {.title = "Servers", .path = "relationships.servers.data[].id"},
};
const struct cli_view cli_list_monitors = {"monitors", CLI_FIELDS(monitor_fields)};

static const struct cli_field session_fields[] = {
    {.title = "Id", .path = "id"},
    {.title = "User", .path = "attributes.user"},
    {.title = "Host", .path = "attributes.remote"},
    {.title = "Connected", .path = "attributes.connected", .is_date = true},
    {.title = "Idle", .path = "attributes.idle"},
    {.title = "Service", .path = "relationships.services.data[].id"},
    {.title = "Memory", .path = "attributes.memory.total"},
    {.title = "I/O-Activity", .path = "attributes.io_activity"},
};
const struct cli_view cli_list_sessions = {"sessions", CLI_FIELDS(session_fields)};

static const struct cli_field filter_fields[] = {
    {.title = "Filter", .path = "id"},
    {.title = "Service", .path = "relationships.services.data[].id"},
    {.title = "Module", .path = "attributes.module"},
};
const struct cli_view cli_list_filters = {"filters", CLI_FIELDS(filter_fields)};

static const struct cli_field module_fields[] = {
    {.title = "Module", .path = "id"},
    {.title = "Type", .path = "attributes.module_type"},
    {.title = "Version", .path = "attributes.version"},
};
const struct cli_view cli_list_modules = {"maxscale/modules", CLI_FIELDS(module_fields)};

static const struct cli_field thread_fields[] = {
    {.title = "Id", .path = "id"},
    {.title = "Current FDs", .path = "attributes.stats.current_descriptors"},
    {.title = "Total FDs", .path = "attributes.stats.total_descriptors"},
    {.title = "Load (1s)", .path = "attributes.stats.load.last_second"},
    {.title = "Load (1m)", .path = "attributes.stats.load.last_minute"},
    {.title = "Load (1h)", .path = "attributes.stats.load.last_hour"},
};
const struct cli_view cli_list_threads = {"maxscale/threads", CLI_FIELDS(thread_fields)};

static const struct cli_field user_fields[] = {
    {.title = "Name", .path = "id"},
    {.title = "Type", .path = "type"},
    {.title = "Privileges", .path = "attributes.account"},
    {.title = "Created", .path = "attributes.created"},
    {.title = "Last Updated", .path = "attributes.last_update"},
    {.title = "Last Login", .path = "attributes.last_login", .is_date = true},
};
const struct cli_view cli_list_users = {"users", CLI_FIELDS(user_fields)};

static const struct cli_field command_fields[] = {
    {.title = "Module", .path = "id"},
    {.title = "Commands", .path = "attributes.commands[].id"},
};
const struct cli_view cli_list_commands = {"maxscale/modules", CLI_FIELDS(command_fields)};

int
cli_list_run(struct cli *cli, const struct cli_args *args)
{
    const struct cli_view *view = args->command->detail;
    struct cli_text url = {0};
    json_t *answer = NULL;
    cli_text_add(&url, view->resource);
    if (cli_args_flag(args, "rdns")) {
        cli_text_add(&url, "?rdns=true");
    }
    int rc = cli_get(cli, cli_text_string(&url), &answer);
    if (rc == 0) {
        cli_print_list(cli, json_object_get(answer, "data"), &view->fields);
    }
    json_decref(answer);
    cli_text_fini(&url);
    return rc;
}

int
cli_list_listeners_run(struct cli *cli, const struct cli_args *args)
{
    const struct cli_view *view = args->command->detail;
    json_t *answer = NULL;
    if (args->word_count == 0) {
        return cli_list_run(cli, args);
    }
    char *url = cli_url_object("services", args->words[0]);
    int rc = cli_get(cli, url, &answer);
    if (rc == 0) {
        json_t *listeners = cli_json_path(answer, "data.attributes.listeners");
        cli_print_list(cli, listeners, &view->fields);
        json_decref(listeners);
    }
    json_decref(answer);
    free(url);
    return rc;
}

/* The newest query that has not been answered yet; borrowed, NULL when there is none. */
static json_t *
running_query(json_t *session)
{
    json_t *queries = json_object_get(json_object_get(session, "attributes"), "queries");
    size_t i;
    json_t *query;
    json_array_foreach(queries, i, query)
    {
        json_t *completed = json_object_get(query, "completed");
        if (completed == NULL || json_is_null(completed)) {
            return query;
        }
    }
    return NULL;
}

static void
add_cut(struct cli_table *table, const char *sql, size_t max_columns)
{
    size_t len = strlen(sql);
    if (max_columns == 0 || cli_width(sql, len) <= max_columns) {
        cli_table_add(table, sql);
        return;
    }
    size_t keep = cli_width_prefix(sql, len, max_columns > 3 ? max_columns - 3 : 0);
    cli_table_give(table, mx_asprintf("%.*s...", (int)mx_min_size(keep, INT32_MAX), sql));
}

static void
add_query(struct cli_table *table, json_t *session, json_t *query, size_t max_columns)
{
    static const char *const paths[] = {"id", "attributes.user", "attributes.remote"};
    for (size_t i = 0; i < MX_COUNT(paths); i++) {
        json_t *value = cli_json_path(session, paths[i]);
        cli_table_give(table, cli_list_cell(value));
        json_decref(value);
    }
    const char *received = json_string_value(json_object_get(query, "received"));
    const char *sql = json_string_value(json_object_get(query, "statement"));
    time_t when;
    if (received != NULL && cli_date_parse(received, &when)) {
        double seconds = difftime(time(NULL), when);
        cli_table_give(table, mx_asprintf("%.0fs", seconds > 0 ? seconds : 0));
    } else {
        cli_table_add(table, "");
    }
    add_cut(table, sql != NULL ? sql : "", max_columns);
}

static int
check_retaining(struct cli *cli)
{
    json_t *answer = NULL;
    if (cli_get(cli, "maxscale", &answer) != 0) {
        return -1;
    }
    json_t *kept = cli_json_path(answer, "data.attributes.parameters.retain_last_statements");
    bool is_on = json_integer_value(kept) > 0;
    json_decref(kept);
    json_decref(answer);
    if (!is_on) {
        return cli_fail(cli, "Error: The 'retain_last_statements' parameter must be enabled for "
                             "this command to work:\n\n"
                             "  maxctrl alter maxscale retain_last_statements 1\n");
    }
    return 0;
}

int
cli_list_queries_run(struct cli *cli, const struct cli_args *args)
{
    static const char *const titles[] = {"Id", "User", "Host", "Duration", "Query"};
    size_t max_columns = (size_t)cli_args_number(args, "max-length");
    struct cli_table table;
    json_t *answer = NULL;
    if (check_retaining(cli) != 0 || cli_get(cli, "sessions", &answer) != 0) {
        return -1;
    }
    cli_table_init(&table, MX_COUNT(titles));
    for (size_t i = 0; i < MX_COUNT(titles); i++) {
        cli_table_add(&table, titles[i]);
    }
    size_t i;
    json_t *session;
    json_array_foreach(json_object_get(answer, "data"), i, session)
    {
        json_t *query = running_query(session);
        if (query != NULL) {
            add_query(&table, session, query, max_columns);
        }
    }
    cli_print_table(cli, &table, CLI_HEAD_ROW);
    cli_table_fini(&table);
    json_decref(answer);
    return 0;
}
