/* /services */
#include "admin/httpdate.h"
#include "admin/res.h"
#include "admin/res_change.h"
#include "core/listener.h"
#include "core/params_json.h"
#include "core/service_run.h"
#include "core/users.h"
#include "core/users_manager.h"
#include "mx/router.h"

#include <string.h>

static const char *
state_word(const struct mx_service *service)
{
    switch ((enum core_state)mx_atomic_get(&service->rt->state)) {
    case CORE_STATE_ALLOCATED:
        return "Allocated";
    case CORE_STATE_STARTED:
        return "Started";
    case CORE_STATE_STOPPED:
        return "Stopped";
    case CORE_STATE_FAILED:
        return "Failed";
    }
    return "Allocated";
}

static bool
listens_for(const struct core_listener *listener, const struct mx_service *service)
{
    return listener->config.service != NULL && strcmp(listener->config.service, service->name) == 0;
}

/* All listeners of the service as resources. */
static json_t *
listeners_json(const struct admin_request *request, const struct mx_service *service)
{
    const struct core_registry *registry = request->registry;
    json_t *list = json_array();

    for (size_t i = 0; i < registry->listener_count; i++) {
        if (listens_for(registry->listeners[i], service)) {
            (void)json_array_append_new(list,
                                        admin_listener_resource(request, registry->listeners[i]));
        }
    }
    return list;
}

static void
relate(const struct admin_request *request, json_t *resource, const struct mx_service *service)
{
    const struct core_registry *registry = request->registry;
    const struct core_service_config *config = &service->config;

    for (size_t i = 0; i < service->filter_count; i++) {
        admin_resource_relate(request, resource, "filters", service->filters[i]->name);
    }
    if (config->cluster != NULL) {
        admin_resource_relate(request, resource, "monitors", config->cluster);
    }
    for (size_t i = 0; config->servers != NULL && config->servers[i] != NULL; i++) {
        admin_resource_relate(request, resource, "servers", config->servers[i]);
    }
    for (size_t i = 0; config->targets != NULL && config->targets[i] != NULL; i++) {
        bool is_server = core_registry_server(registry, config->targets[i]) != NULL;
        admin_resource_relate(request, resource, is_server ? "servers" : "services",
                              config->targets[i]);
    }
    for (size_t i = 0; i < registry->listener_count; i++) {
        if (listens_for(registry->listeners[i], service)) {
            admin_resource_relate(request, resource, "listeners", registry->listeners[i]->name);
        }
    }
}

static void
add_router_facts(json_t *attributes, const struct mx_service *service)
{
    const struct mx_router_ops *ops = service->router->router;
    json_t *diagnostics = NULL;

    if (ops->diagnostics != NULL && service->rt->router_instance != NULL) {
        diagnostics = ops->diagnostics(service->rt->router_instance, service);
    }
    (void)json_object_set_new(attributes, "router_diagnostics",
                              diagnostics != NULL ? diagnostics : json_object());
}

/* Of sessions that have ended: how long they were, how many session commands they kept. */
static void
add_ended(json_t *statistics, const struct core_service_runtime *rt)
{
    int64_t count = mx_atomic_get(&rt->ended.count);
    double sessions = count > 0 ? (double)count : 1.0;

    (void)json_object_set_new(statistics, "max_session_lifetime",
                              json_integer(mx_atomic_get(&rt->ended.life_max_ms) / 1000));
    (void)json_object_set_new(
        statistics, "avg_session_lifetime",
        json_real((double)mx_atomic_get(&rt->ended.life_ms) / 1000.0 / sessions));
    (void)json_object_set_new(statistics, "max_sescmd_history_length",
                              json_integer(mx_atomic_get(&rt->ended.history_max)));
    (void)json_object_set_new(statistics, "avg_sescmd_history_length",
                              json_real((double)mx_atomic_get(&rt->ended.history) / sessions));
}

static void
add_statistics(json_t *attributes, const struct mx_service *service)
{
    struct core_target_totals totals = admin_totals(service->rt->stats, service->rt->worker_count);
    json_t *statistics = json_object();

    admin_statistics_add(statistics, &totals);
    add_ended(statistics, service->rt);
    (void)json_object_set_new(attributes, "statistics", statistics);
    (void)json_object_set_new(attributes, "connections", json_integer(totals.connections));
    (void)json_object_set_new(attributes, "total_connections",
                              json_integer(totals.total_connections));
}

static void
add_users(json_t *attributes, const struct mx_service *service)
{
    struct core_users_manager *manager = service->rt->users;
    struct core_users *users = manager != NULL ? core_users_manager_get(manager) : NULL;
    int64_t updated = manager != NULL ? core_users_manager_loaded_at(manager) : 0;

    (void)json_object_set_new(attributes, "users", core_users_json(users));
    (void)json_object_set_new(attributes, "users_last_update", admin_date_json((time_t)updated));
    core_users_unref(users);
}

json_t *
admin_service_resource(const struct admin_request *request, const struct mx_service *service)
{
    json_t *attributes = json_object();
    json_t *resource;

    (void)json_object_set_new(attributes, "router", json_string(service->router->name));
    (void)json_object_set_new(attributes, "state", json_string(state_word(service)));
    (void)json_object_set_new(attributes, "started", admin_date_json(service->rt->started));
    (void)json_object_set_new(attributes, "parameters", core_service_params_json(service));
    (void)json_object_set_new(attributes, "source", core_source_json(&service->source));
    (void)json_object_set_new(attributes, "listeners", listeners_json(request, service));
    add_router_facts(attributes, service);
    add_statistics(attributes, service);
    add_users(attributes, service);
    resource = admin_resource("services", service->name, attributes);
    admin_resource_link(request, resource, "/services/%s/", service->name);
    relate(request, resource, service);
    return resource;
}

void
admin_get_service_listeners(struct admin_request *request, struct admin_response *response)
{
    const struct mx_service *service =
        core_registry_service(request->registry, request->uri.parts[1]);

    admin_response_body(response, admin_document(request, listeners_json(request, service),
                                                 "/services/%s/listeners/", service->name));
}

void
admin_get_service_listener(struct admin_request *request, struct admin_response *response)
{
    const struct mx_service *service =
        core_registry_service(request->registry, request->uri.parts[1]);
    const struct core_listener *listener =
        core_registry_listener(request->registry, request->uri.parts[3]);

    if (!listens_for(listener, service)) {
        admin_response_error(response, 404, "%s is not a listener of service %s", listener->name,
                             service->name);
        return;
    }
    admin_response_body(
        response, admin_document(request, admin_listener_resource(request, listener),
                                 "/services/%s/listeners/%s/", service->name, listener->name));
}

/* ------------------------------------------------------------- start, stop */

static int
start_service(struct admin_change *change)
{
    const struct core_registry *registry = change->registry;

    if (core_service_start(change->service, &change->err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < registry->listener_count; i++) {
        if (listens_for(registry->listeners[i], change->service) &&
            core_listener_start(registry->listeners[i], &change->err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int
stop_service(struct admin_change *change)
{
    core_service_stop(change->service, change->registry);
    return 0;
}

static int
reload_users(struct admin_change *change)
{
    if (change->service->rt->users == NULL) {
        return mx_err_text(&change->err, "It is not started.");
    }
    core_users_manager_reload(change->service->rt->users);
    return 0;
}

static void
change_service(struct admin_request *request, struct admin_response *response,
               int (*fn)(struct admin_change *change), const char *verb)
{
    const char *name = request->uri.parts[1];
    struct admin_change change = {
        .fn = fn,
        .registry = request->registry,
        .service = core_registry_service(request->registry, name),
    };

    admin_change_run(&change, verb, "service", name, response);
}

void
admin_put_service_start(struct admin_request *request, struct admin_response *response)
{
    change_service(request, response, start_service, "start");
}

void
admin_put_service_stop(struct admin_request *request, struct admin_response *response)
{
    change_service(request, response, stop_service, "stop");
    if (response->status == 204 && admin_uri_bool(&request->uri, "force", false)) {
        admin_sessions_close(request->uri.parts[1]);
    }
}

void
admin_post_service_reload(struct admin_request *request, struct admin_response *response)
{
    change_service(request, response, reload_users, "reload the user accounts of");
}
