/* Servers and monitors from their sections, and lists of servers for others. */
#include "conf/value.h"
#include "core/build.h"
#include "core/monitor.h"
#include "core/params_json.h"
#include "core/runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 1024

static bool
is_same_place(const struct core_server_config *a, const struct core_server_config *b)
{
    if (a->socket != NULL || b->socket != NULL) {
        return a->socket != NULL && b->socket != NULL && strcmp(a->socket, b->socket) == 0;
    }
    return a->address != NULL && b->address != NULL && a->port == b->port &&
           strcmp(a->address, b->address) == 0;
}

static void
check_duplicate(struct core_build *build, const struct conf_section *section,
                const struct core_server_config *config)
{
    for (size_t i = 0; i < build->registry->server_count && !build->allow_duplicate_servers; i++) {
        const struct mx_server *other = build->registry->servers[i];
        if (!is_same_place(&other->config, config)) {
            continue;
        }
        core_build_report(build, true, section, config->socket != NULL ? "socket" : "port",
                          "Use the one server object in both places, or correct the address.",
                          "The server '%s' (line %d) has the same address and port.", other->name,
                          other->source.line);
    }
}

static void
check_server(struct core_build *build, const struct conf_section *section,
             const struct core_server_config *config)
{
    if ((config->address == NULL) == (config->socket == NULL)) {
        core_build_report(build, true, section, config->socket != NULL ? "socket" : NULL,
                          "Add address= with a host name or address, or socket= with a path.",
                          config->address == NULL
                              ? "Neither 'address' nor 'socket' is given."
                              : "Only one of 'address' and 'socket' is possible.");
    }
    if (config->address != NULL && config->address[0] == '/') {
        core_build_report(build, true, section, "address", "Write it as socket= instead.",
                          "An address cannot be a path.");
    }
    if (config->socket != NULL && config->socket[0] != '/') {
        core_build_report(build, true, section, "socket", "Begin it with '/'.",
                          "The path of a socket has to be absolute.");
    }
    if ((config->monitoruser == NULL) != (config->monitorpw == NULL)) {
        core_build_report(build, true, section,
                          config->monitoruser != NULL ? "monitoruser" : "monitorpw",
                          "Give both monitoruser and monitorpw, or neither.",
                          "Only one half of user and password is given.");
    }
    const char *options = config->replication_custom_options;
    size_t len = options != NULL ? strlen(options) : 0;
    if (len > 0 && strchr(";,", options[len - 1]) != NULL) {
        core_build_report(build, true, section, "replication_custom_options",
                          "Remove the last character.", "The text must not end with '%c'.",
                          options[len - 1]);
    }
}

static void
append_server(struct core_registry *registry, struct mx_server *server)
{
    registry->servers =
        mx_realloc(registry->servers, (registry->server_count + 1) * sizeof(struct mx_server *));
    registry->servers[registry->server_count++] = server;
}

void
core_build_server(struct core_build *build, const struct conf_section *section)
{
    struct core_registry *registry = build->registry;
    struct mx_server *old =
        build->previous == NULL ? NULL : core_registry_server(build->previous, section->name);
    if (old != NULL && core_build_is_unchanged(build, section)) {
        check_duplicate(build, section, &old->config);
        core_server_ref(old);
        append_server(registry, old);
        return;
    }
    struct mx_server *server = core_server_new(section->name);
    struct core_reading reading = {
        .section = section,
        .rows = core_server_rows,
        .block = &server->config,
    };
    server->source = core_build_source(section);
    core_build_read(build, &reading);
    check_server(build, section, &server->config);
    check_duplicate(build, section, &server->config);
    server->tls = core_build_tls(build, section, &server->config.tls, false);
    if (old != NULL) {
        mx_ref_get(&old->rt->ref);
        server->rt = old->rt;
    } else {
        server->rt = core_server_runtime_new(section->name, build->worker_count);
    }
    append_server(registry, server);
}

static const char *
suggest_server(const struct core_registry *registry, const char *name)
{
    const char *names[NAMES_MAX + 1] = {NULL};
    for (size_t i = 0; i < registry->server_count && i < NAMES_MAX; i++) {
        names[i] = registry->servers[i]->name;
    }
    return conf_suggest(name, names);
}

void
core_build_servers(struct core_build *build, const struct conf_section *section, const char *param,
                   char *const *names, struct mx_server ***out, size_t *out_count)
{
    size_t count = conf_list_count(names);
    struct mx_server **servers = mx_calloc(count, sizeof(struct mx_server *));
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        struct mx_server *server = core_registry_server(build->registry, names[i]);
        bool repeated = false;
        for (size_t k = 0; k < used; k++) {
            repeated = repeated || servers[k] == server;
        }
        if (server == NULL) {
            const struct conf_section *other = conf_model_find(build->model, names[i]);
            const char *near = suggest_server(build->registry, names[i]);
            char *hint = near != NULL ? mx_asprintf("Did you mean '%s'?", near)
                                      : mx_strdup("Add a section with type=server for it.");
            core_build_report(build, true, section, param, hint,
                              other != NULL ? "'%s' is not a server." : "There is no server '%s'.",
                              names[i]);
            free(hint);
        } else if (repeated) {
            core_build_report(build, false, section, param, "Name it once.",
                              "The server '%s' is named more than once.", names[i]);
        } else {
            core_server_ref(server);
            servers[used++] = server;
        }
    }
    *out = servers;
    *out_count = used;
}

static void
check_unwatched(struct core_build *build, const struct conf_section *section,
                const struct mx_monitor *monitor)
{
    for (size_t i = 0; i < monitor->server_count; i++) {
        const struct mx_monitor *other =
            core_registry_monitor_of(build->registry, monitor->servers[i]);
        if (other != NULL) {
            core_build_report(build, true, section, "servers",
                              "Remove it from one of the two monitors.",
                              "The server '%s' is watched by the monitor '%s' already.",
                              monitor->servers[i]->name, other->name);
        }
    }
    if (monitor->server_count == 0 && monitor->config.servers == NULL) {
        core_build_report(build, false, section, NULL, "Add a line servers=.",
                          "The monitor has no servers to watch.");
    }
}

static void
append_monitor(struct core_registry *registry, struct mx_monitor *monitor)
{
    registry->monitors =
        mx_realloc(registry->monitors, (registry->monitor_count + 1) * sizeof(struct mx_monitor *));
    registry->monitors[registry->monitor_count++] = monitor;
}

void
core_build_monitor(struct core_build *build, const struct conf_section *section)
{
    struct core_registry *registry = build->registry;
    struct mx_monitor *old =
        build->previous == NULL ? NULL : core_registry_monitor(build->previous, section->name);
    if (old != NULL && core_build_is_unchanged(build, section) &&
        core_build_has_servers(build, old->servers, old->server_count)) {
        check_unwatched(build, section, old);
        core_monitor_ref(old);
        append_monitor(registry, old);
        return;
    }
    const struct mx_module *module =
        core_build_module(build, section, "module", MX_MODULE_MONITOR, NULL);
    if (module == NULL) {
        core_build_read_partly(build, section, &core_monitor_rows,
                               sizeof(struct core_monitor_config));
        return;
    }
    struct mx_monitor *monitor = core_monitor_new(section->name, module);
    struct core_reading reading = {
        .section = section,
        .rows = core_monitor_rows,
        .block = &monitor->config,
        .module = module,
        .module_block = monitor->module_config,
    };
    monitor->source = core_build_source(section);
    core_build_read(build, &reading);
    core_build_servers(build, section, "servers", monitor->config.servers, &monitor->servers,
                       &monitor->server_count);
    check_unwatched(build, section, monitor);
    if (old != NULL) {
        core_monitor_runtime_ref(old->rt);
        monitor->rt = old->rt;
    } else {
        monitor->rt = core_monitor_runtime_new(section->name);
    }
    append_monitor(registry, monitor);
}
