/* Filters, services and listeners from their sections. */
#include "conf/value.h"
#include "core/build.h"
#include "core/init_sql.h"
#include "core/modload.h"
#include "core/params_json.h"
#include "core/runtime.h"
#include "mx/protocol.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAMES_MAX 1024

/* ------------------------------------------------------------------ filter */

static void
append_filter(struct core_registry *registry, struct core_filter *filter)
{
    registry->filters =
        mx_realloc(registry->filters, (registry->filter_count + 1) * sizeof(struct core_filter *));
    registry->filters[registry->filter_count++] = filter;
}

void
core_build_filter(struct core_build *build, const struct conf_section *section)
{
    struct core_filter *old =
        build->previous == NULL ? NULL : core_registry_filter(build->previous, section->name);
    if (old != NULL && core_build_is_unchanged(build, section)) {
        core_filter_ref(old);
        append_filter(build->registry, old);
        return;
    }
    struct core_filter_config own = {0};
    struct mx_err err = {0};
    size_t errors = build->diag->error_count;
    const struct mx_module *module =
        core_build_module(build, section, "module", MX_MODULE_FILTER, NULL);
    if (module == NULL) {
        core_build_read_partly(build, section, &core_filter_rows,
                               sizeof(struct core_filter_config));
        return;
    }
    struct core_filter *filter = core_filter_new(section->name, module);
    struct core_reading reading = {
        .section = section,
        .rows = core_filter_rows,
        .block = &own,
        .module = module,
        .module_block = filter->module_config,
    };
    filter->source = core_build_source(section);
    core_build_read(build, &reading);
    conf_block_free(&core_filter_rows, &own);
    if (build->diag->error_count == errors) {
        filter->rt = core_filter_runtime_new(filter, &err);
        if (filter->rt == NULL) {
            core_build_report(build, true, section, NULL, NULL, "The filter cannot be made: %s",
                              err.text);
        }
    }
    append_filter(build->registry, filter);
}

/* ------------------------------------------------------------------ service */

static void
link_filters(struct core_build *build, const struct conf_section *section,
             struct mx_service *service)
{
    size_t count = conf_list_count(service->config.filters);
    service->filters = mx_calloc(count, sizeof(struct core_filter *));
    for (size_t i = 0; i < count; i++) {
        const char *name = service->config.filters[i];
        struct core_filter *filter = core_registry_filter(build->registry, name);
        const struct conf_section *other = conf_model_find(build->model, name);
        const char *type = other != NULL ? conf_section_value(other, "type") : NULL;
        if (filter != NULL) {
            core_filter_ref(filter);
            service->filters[service->filter_count++] = filter;
        } else if (type == NULL || strcmp(type, "filter") != 0) {
            core_build_report(build, true, section, "filters",
                              "Filters are separated by |, and each has a section of its own.",
                              other != NULL ? "'%s' is not a filter." : "There is no filter '%s'.",
                              name);
        }
    }
}

/* Services as targets come with a later version; a service that misses targets is not made. */
static void
refuse_service_targets(struct core_build *build, const struct conf_section *section,
                       const struct core_service_config *config)
{
    for (size_t i = 0; i < conf_list_count(config->targets); i++) {
        const struct conf_section *other = conf_model_find(build->model, config->targets[i]);
        const char *type = other != NULL ? conf_section_value(other, "type") : NULL;
        if (type != NULL && strcmp(type, "service") == 0) {
            core_build_report(build, true, section, "targets", "Name the servers instead.",
                              "'%s' is a service; this version takes only servers as targets.",
                              config->targets[i]);
        }
    }
}

static void
link_cluster(struct core_build *build, const struct conf_section *section,
             struct mx_service *service)
{
    const char *name = service->config.cluster;
    const struct mx_monitor *monitor = core_registry_monitor(build->registry, name);
    if (monitor == NULL) {
        const struct conf_section *other = conf_model_find(build->model, name);
        const char *type = other != NULL ? conf_section_value(other, "type") : NULL;
        if (type == NULL || strcmp(type, "monitor") != 0) {
            core_build_report(
                build, true, section, "cluster", "Name a section of type monitor.",
                other != NULL ? "'%s' is not a monitor." : "There is no monitor '%s'.", name);
        }
        return;
    }
    service->servers = mx_calloc(monitor->server_count, sizeof(struct mx_server *));
    for (size_t i = 0; i < monitor->server_count; i++) {
        core_server_ref(monitor->servers[i]);
        service->servers[service->server_count++] = monitor->servers[i];
    }
}

static void
link_servers(struct core_build *build, const struct conf_section *section,
             struct mx_service *service)
{
    const struct core_service_config *config = &service->config;
    int ways = (config->servers != NULL ? 1 : 0) + (config->targets != NULL ? 1 : 0) +
               (config->cluster != NULL ? 1 : 0);
    if (ways > 1) {
        core_build_report(build, true, section, config->targets != NULL ? "targets" : "cluster",
                          "Keep one of them.",
                          "Only one of 'servers', 'targets' and 'cluster' is possible.");
    } else if (config->cluster != NULL) {
        link_cluster(build, section, service);
    } else if (config->targets != NULL) {
        size_t errors = build->diag->error_count;
        refuse_service_targets(build, section, config);
        if (build->diag->error_count == errors) {
            core_build_servers(build, section, "targets", config->targets, &service->servers,
                               &service->server_count);
        }
    } else {
        core_build_servers(build, section, "servers", config->servers, &service->servers,
                           &service->server_count);
    }
    if (ways == 0) {
        core_build_report(build, false, section, NULL,
                          "Add a line servers= with names of servers, or cluster= with a monitor.",
                          "The service has no servers; clients will get errors.");
    }
}

static void
append_service(struct core_registry *registry, struct mx_service *service)
{
    registry->services =
        mx_realloc(registry->services, (registry->service_count + 1) * sizeof(struct mx_service *));
    registry->services[registry->service_count++] = service;
}

/* Its text is as before, and so is everything it stands on. */
static bool
is_same_service(const struct core_build *build, const struct conf_section *section,
                const struct mx_service *old)
{
    if (!core_build_is_unchanged(build, section) ||
        !core_build_has_servers(build, old->servers, old->server_count)) {
        return false;
    }
    for (size_t i = 0; i < old->filter_count; i++) {
        if (core_registry_filter(build->registry, old->filters[i]->name) != old->filters[i]) {
            return false;
        }
    }
    const char *cluster = old->config.cluster;
    return cluster == NULL || core_registry_monitor(build->registry, cluster) ==
                                  core_registry_monitor(build->previous, cluster);
}

void
core_build_service(struct core_build *build, const struct conf_section *section)
{
    struct mx_service *old =
        build->previous == NULL ? NULL : core_registry_service(build->previous, section->name);
    if (old != NULL && is_same_service(build, section, old)) {
        core_service_ref(old);
        append_service(build->registry, old);
        return;
    }
    const struct mx_module *router =
        core_build_module(build, section, "router", MX_MODULE_ROUTER, NULL);
    if (router == NULL) {
        core_build_read_partly(build, section, &core_service_rows,
                               sizeof(struct core_service_config));
        return;
    }
    struct mx_service *service = core_service_new(section->name, router);
    struct core_reading reading = {
        .section = section,
        .rows = core_service_rows,
        .block = &service->config,
        .module = router,
        .module_block = service->router_config,
    };
    service->source = core_build_source(section);
    core_build_read(build, &reading);
    link_servers(build, section, service);
    link_filters(build, section, service);
    if (old != NULL) {
        mx_ref_get(&old->rt->ref);
        service->rt = old->rt;
    } else {
        service->rt = core_service_runtime_new(section->name, build->worker_count);
    }
    append_service(build->registry, service);
}

/* ------------------------------------------------------------------ listener */

static bool
is_any_address(const char *address)
{
    return strcmp(address, "::") == 0 || strcmp(address, "0.0.0.0") == 0;
}

static bool
is_same_socket(const struct core_listener_config *a, const struct core_listener_config *b)
{
    if (a->socket != NULL || b->socket != NULL) {
        return a->socket != NULL && b->socket != NULL && strcmp(a->socket, b->socket) == 0;
    }
    if (a->port != b->port || a->address == NULL || b->address == NULL) {
        return false;
    }
    return strcmp(a->address, b->address) == 0 ||
           (is_any_address(a->address) && is_any_address(b->address));
}

static void
check_address(struct core_build *build, const struct conf_section *section,
              const struct core_listener_config *config)
{
    if ((config->port == 0) == (config->socket == NULL)) {
        core_build_report(build, true, section, config->port != 0 ? "port" : NULL,
                          "Add port= with a number, or socket= with a path.",
                          config->port == 0 ? "Neither 'port' nor 'socket' is given."
                                            : "Only one of 'port' and 'socket' is possible.");
    }
    if (config->socket != NULL && config->socket[0] != '/') {
        core_build_report(build, true, section, "socket", "Begin it with '/'.",
                          "The path of a socket has to be absolute.");
    }
    for (size_t i = 0; i < build->registry->listener_count; i++) {
        const struct core_listener *other = build->registry->listeners[i];
        if (is_same_socket(&other->config, config)) {
            core_build_report(build, true, section, config->socket != NULL ? "socket" : "port",
                              "Give each listener a port of its own.",
                              "The listener '%s' (line %d) is at the same address already.",
                              other->name, other->source.line);
            return;
        }
    }
}

static void
check_listener_service(struct core_build *build, const struct conf_section *section,
                       const char *name)
{
    const char *names[NAMES_MAX + 1] = {NULL};
    size_t count = 0;
    if (name == NULL) {
        return; /* reported as missing */
    }
    for (size_t i = 0; i < build->model->section_count && count < NAMES_MAX; i++) {
        const struct conf_section *other = build->model->sections[i];
        const char *type = conf_section_value(other, "type");
        if (type != NULL && strcmp(type, "service") == 0) {
            if (strcmp(other->name, name) == 0) {
                return;
            }
            names[count++] = other->name;
        }
    }
    const char *near = conf_suggest(name, names);
    char *hint = near != NULL ? mx_asprintf("Did you mean '%s'?", near)
                              : mx_strdup("Name a section with type=service.");
    core_build_report(build, true, section, "service", hint,
                      conf_model_find(build->model, name) != NULL ? "'%s' is not a service."
                                                                  : "There is no service '%s'.",
                      name);
    free(hint);
}

static void
read_init_sql(struct core_build *build, const struct conf_section *section,
              struct core_listener *listener)
{
    const char *path = listener->config.connection_init_sql_file;
    struct mx_err err;
    if (path == NULL || *path == '\0') {
        return;
    }
    listener->init_sql = core_init_sql_read(path, &err);
    if (listener->init_sql == NULL) {
        core_build_report(build, true, section, "connection_init_sql_file",
                          "Name a text file with one statement per line that this program may "
                          "read, of at most 1 MiB.",
                          "The statements for new connections cannot be read: %s.", err.text);
    }
}

static void
read_proxy_networks(struct core_build *build, const struct conf_section *section,
                    struct core_listener *listener)
{
    struct mx_err err;
    if (net_network_list_parse(listener->config.proxy_protocol_networks, &listener->proxy_networks,
                               &err) != 0) {
        core_build_report(
            build, true, section, "proxy_protocol_networks",
            "Give addresses and networks such as 10.0.0.0/8, separated by commas; the "
            "word localhost for unix sockets; or * alone for every host.",
            "%s.", err.text);
    }
}

static void
check_metadata(struct core_build *build, const struct conf_section *section,
               const struct core_listener *listener)
{
    char *const *entries = listener->config.connection_metadata;
    for (size_t i = 0; entries != NULL && entries[i] != NULL; i++) {
        const char *equals = strchr(entries[i], '=');
        if (equals == NULL || equals == entries[i]) {
            core_build_report(build, true, section, "connection_metadata",
                              "Write the name of a variable, '=' and its value, or 'auto' for the "
                              "value of a server: time_zone=auto.",
                              "'%s' is no variable with a value.", entries[i]);
        }
    }
}

static void
append_listener(struct core_registry *registry, struct core_listener *listener)
{
    registry->listeners = mx_realloc(registry->listeners, (registry->listener_count + 1) *
                                                              sizeof(struct core_listener *));
    registry->listeners[registry->listener_count++] = listener;
}

void
core_build_listener(struct core_build *build, const struct conf_section *section)
{
    struct core_registry *registry = build->registry;
    struct core_listener *old =
        build->previous == NULL ? NULL : core_registry_listener(build->previous, section->name);
    if (old != NULL && core_build_is_unchanged(build, section)) {
        check_listener_service(build, section, old->config.service);
        check_address(build, section, &old->config);
        core_listener_ref(old);
        append_listener(registry, old);
        return;
    }
    const struct mx_module *protocol =
        core_build_module(build, section, "protocol", MX_MODULE_PROTOCOL, "MariaDBProtocol");
    if (protocol == NULL) {
        core_build_read_partly(build, section, &core_listener_rows,
                               sizeof(struct core_listener_config));
        check_listener_service(build, section, conf_section_value(section, "service"));
        return;
    }
    struct core_listener *listener = core_listener_new(section->name, protocol);
    struct core_reading reading = {
        .section = section,
        .rows = core_listener_rows,
        .block = &listener->config,
        .module = protocol,
        .module_block = listener->protocol_config,
        .prefix = protocol->name,
    };
    listener->source = core_build_source(section);
    core_build_read(build, &reading);
    if (conf_section_key(section, "sql_mode") == NULL) {
        listener->config.sql_mode = registry->globals->sql_mode;
    }
    check_listener_service(build, section, listener->config.service);
    check_address(build, section, &listener->config);
    listener->tls = core_build_tls(build, section, &listener->config.tls, true);
    listener->authenticators = core_build_authenticators(build, section, listener);
    core_build_user_mapping(build, section, listener);
    read_proxy_networks(build, section, listener);
    check_metadata(build, section, listener);
    read_init_sql(build, section, listener);
    if (old != NULL) {
        mx_ref_get(&old->rt->ref);
        listener->rt = old->rt;
    } else {
        listener->rt = core_listener_runtime_new();
    }
    append_listener(registry, listener);
}
