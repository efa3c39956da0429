/* /monitors */
#include "admin/res.h"
#include "admin/res_change.h"
#include "core/monitor.h"
#include "core/params_json.h"

#include <string.h>

json_t *
admin_monitor_resource(const struct admin_request *request, const struct mx_monitor *monitor)
{
    const struct core_registry *registry = request->registry;
    bool is_running = core_monitor_running(monitor);
    json_t *attributes = json_object();
    json_t *diagnostics = is_running ? core_monitor_diagnostics(monitor) : NULL;
    json_t *resource;

    (void)json_object_set_new(attributes, "module", json_string(monitor->module->name));
    (void)json_object_set_new(attributes, "state", json_string(is_running ? "Running" : "Stopped"));
    (void)json_object_set_new(attributes, "ticks", json_integer(core_monitor_ticks(monitor)));
    (void)json_object_set_new(attributes, "source", core_source_json(&monitor->source));
    (void)json_object_set_new(attributes, "parameters", core_monitor_params_json(monitor));
    if (diagnostics != NULL) {
        (void)json_object_set_new(attributes, "monitor_diagnostics", diagnostics);
    }
    resource = admin_resource("monitors", monitor->name, attributes);
    admin_resource_link(request, resource, "/monitors/%s/", monitor->name);
    for (size_t i = 0; i < monitor->server_count; i++) {
        admin_resource_relate(request, resource, "servers", monitor->servers[i]->name);
    }
    for (size_t i = 0; i < registry->service_count; i++) {
        const char *cluster = registry->services[i]->config.cluster;
        if (cluster != NULL && strcmp(cluster, monitor->name) == 0) {
            admin_resource_relate(request, resource, "services", registry->services[i]->name);
        }
    }
    return resource;
}

static int
start_monitor(struct admin_change *change)
{
    return core_monitor_running(change->monitor)
               ? 0
               : core_monitor_start(change->monitor, &change->err);
}

static int
stop_monitor(struct admin_change *change)
{
    core_monitor_stop(change->monitor);
    return 0;
}

static void
change_monitor(struct admin_request *request, struct admin_response *response,
               int (*fn)(struct admin_change *change), const char *verb)
{
    const char *name = request->uri.parts[1];
    struct admin_change change = {
        .fn = fn,
        .registry = request->registry,
        .monitor = core_registry_monitor(request->registry, name),
    };

    admin_change_run(&change, verb, "monitor", name, response);
}

void
admin_put_monitor_start(struct admin_request *request, struct admin_response *response)
{
    change_monitor(request, response, start_monitor, "start");
}

void
admin_put_monitor_stop(struct admin_request *request, struct admin_response *response)
{
    change_monitor(request, response, stop_monitor, "stop");
}
