/* /servers */
#include "admin/httpdate.h"
#include "admin/res.h"
#include "core/main_call.h"
#include "core/monitor.h"
#include "core/params_json.h"
#include "core/pool.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* "0ns", "812us", "1.2ms": the unit that leaves a number above 1. */
static json_t *
short_time(int64_t us)
{
    char text[48];

    if (us <= 0) {
        (void)snprintf(text, sizeof(text), "0ns");
    } else if (us < 1000) {
        (void)snprintf(text, sizeof(text), "%lldus", (long long)us);
    } else if (us < 1000000) {
        (void)snprintf(text, sizeof(text), "%.6gms", (double)us / 1000.0);
    } else {
        (void)snprintf(text, sizeof(text), "%.6gs", (double)us / 1000000.0);
    }
    return json_string(text);
}

static json_t *
statistics(const struct mx_server *server, const struct core_target_totals *totals)
{
    struct core_pool_totals pool = core_pool_totals(server->rt);
    json_t *out =
        json_pack("{s:I, s:I, s:I, s:I, s:o}", "persistent_connections", (json_int_t)pool.count,
                  "max_pool_size", (json_int_t)pool.most, "reused_connections",
                  (json_int_t)pool.reused, "connection_pool_empty", (json_int_t)pool.missed,
                  "adaptive_avg_select_time", short_time(mx_server_response_us(server)));

    admin_statistics_add(out, totals);
    return out;
}

/* What monitors found out about it; texts are behind the lock. */
static void
add_facts(json_t *attributes, const struct mx_server *server)
{
    struct core_server_runtime *rt = server->rt;

    (void)json_object_set_new(attributes, "replication_lag", json_integer(mx_server_lag_s(server)));
    (void)json_object_set_new(attributes, "uptime", json_integer(mx_atomic_get(&rt->uptime_s)));
    (void)json_object_set_new(attributes, "node_id", json_integer(mx_atomic_get(&rt->node_id)));
    (void)json_object_set_new(attributes, "master_id", json_integer(mx_atomic_get(&rt->master_id)));
    (void)pthread_mutex_lock(&rt->lock);
    (void)json_object_set_new(attributes, "version_string", admin_text(rt->info.version_string));
    if (rt->info.last_event != NULL) {
        (void)json_object_set_new(attributes, "last_event", admin_text(rt->info.last_event));
        (void)json_object_set_new(attributes, "triggered_at",
                                  admin_date_json(rt->info.triggered_at));
    }
    (void)pthread_mutex_unlock(&rt->lock);
}

static void
add_monitor_fields(json_t *attributes, const struct mx_monitor *monitor,
                   const struct mx_server *server)
{
    json_t *fields = core_monitor_server_diagnostics(monitor, server);

    (void)json_object_update_missing(attributes, fields);
    json_decref(fields);
}

static void
relate(const struct admin_request *request, json_t *resource, const struct mx_server *server,
       const struct mx_monitor *monitor)
{
    const struct core_registry *registry = request->registry;

    for (size_t i = 0; i < registry->service_count; i++) {
        const struct mx_service *service = registry->services[i];
        if (admin_list_has(service->config.servers, server->name) ||
            admin_list_has(service->config.targets, server->name)) {
            admin_resource_relate(request, resource, "services", service->name);
        }
    }
    if (monitor != NULL) {
        admin_resource_relate(request, resource, "monitors", monitor->name);
    }
}

json_t *
admin_server_resource(const struct admin_request *request, const struct mx_server *server)
{
    struct core_target_totals totals = admin_totals(server->rt->stats, server->rt->worker_count);
    const struct mx_monitor *monitor = core_registry_monitor_of(request->registry, server);
    json_t *attributes = json_object();
    json_t *resource;
    char state[160];

    core_status_text(mx_server_status(server), totals.connections, state, sizeof(state));
    (void)json_object_set_new(attributes, "state", json_string(state));
    (void)json_object_set_new(attributes, "parameters", core_server_params_json(server));
    (void)json_object_set_new(attributes, "source", core_source_json(&server->source));
    (void)json_object_set_new(attributes, "statistics", statistics(server, &totals));
    add_facts(attributes, server);
    if (monitor != NULL) {
        add_monitor_fields(attributes, monitor, server);
    }
    resource = admin_resource("servers", server->name, attributes);
    admin_resource_link(request, resource, "/servers/%s/", server->name);
    relate(request, resource, server, monitor);
    return resource;
}

/* --------------------------------------------------------------- set, clear */

struct status_change {
    struct mx_server *server;
    uint32_t bits;
    bool is_set;
    bool is_forced;
};

/* Main thread: a server that nobody monitors has the state that it is given. */
static int
change_status(void *arg)
{
    const struct status_change *change = arg;
    struct core_server_runtime *rt = change->server->rt;
    uint32_t old_status = mx_server_status(change->server);
    uint32_t new_status = change->is_set ? old_status | change->bits : old_status & ~change->bits;
    bool is_hangup = change->is_forced && change->is_set && (change->bits & MX_STATUS_MAINT) != 0;

    if (change->is_set && (change->bits & MX_STATUS_MASTER) != 0) {
        new_status &= ~(uint32_t)MX_STATUS_SLAVE;
    } else if (change->is_set && (change->bits & MX_STATUS_SLAVE) != 0) {
        new_status &= ~(uint32_t)MX_STATUS_MASTER;
    }
    mx_atomic_set(&rt->status, (int64_t)new_status);
    core_server_status_changed(change->server, old_status, new_status, is_hangup);
    return 0;
}

static void
ask_monitor(struct mx_monitor *monitor, const struct status_change *change,
            struct admin_response *response)
{
    struct mx_err err = {0};

    if ((change->bits & (uint32_t) ~(MX_STATUS_MAINT | MX_STATUS_DRAINING)) != 0) {
        admin_response_error(
            response, 400,
            "Server '%s' is monitored by '%s', which alone settles its other states: "
            "only maintenance and drain can be set or cleared by hand. Nothing was "
            "changed.",
            change->server->name, monitor->name);
    } else if (core_monitor_request_status(monitor, change->server, change->bits, change->is_set,
                                           change->is_forced, &err) != 0) {
        admin_response_error(response, 400, "%s", err.text);
    } else {
        admin_response_done(response);
    }
}

static void
put_status(struct admin_request *request, struct admin_response *response, bool is_set)
{
    const char *word = admin_uri_param(&request->uri, "state");
    struct status_change change = {
        .server = core_registry_server(request->registry, request->uri.parts[1]),
        .bits = word != NULL ? core_status_bit(word) : 0,
        .is_set = is_set,
        .is_forced = admin_uri_bool(&request->uri, "force", false),
    };
    struct mx_monitor *monitor = core_registry_monitor_of(request->registry, change.server);

    if (change.bits == 0) {
        admin_response_error(response, 400,
                             "Invalid or missing value for the `state` parameter: it is one of "
                             "running, master, slave, synced, maintenance, drain, binlogrouter.");
    } else if (monitor != NULL && core_monitor_running(monitor)) {
        ask_monitor(monitor, &change, response);
    } else if (core_main_call(change_status, &change) == CORE_MAIN_CLOSED) {
        admin_response_error(response, 503, "MaxScale is shutting down");
    } else {
        admin_response_done(response);
    }
}

void
admin_put_server_set(struct admin_request *request, struct admin_response *response)
{
    put_status(request, response, true);
}

void
admin_put_server_clear(struct admin_request *request, struct admin_response *response)
{
    put_status(request, response, false);
}
