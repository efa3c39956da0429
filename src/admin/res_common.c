/* What the resources share: the generic GETs, statistics, fields of a body. */
#include "admin/jsonpath.h"
#include "admin/res.h"

#include <string.h>

/* ------------------------------------------------------------ generic GETs */

static size_t
server_count(const struct core_registry *registry)
{
    return registry->server_count;
}

static json_t *
server_at(const struct admin_request *request, size_t index)
{
    return admin_server_resource(request, request->registry->servers[index]);
}

static json_t *
server_named(const struct admin_request *request, const char *name)
{
    return admin_server_resource(request, core_registry_server(request->registry, name));
}

static size_t
service_count(const struct core_registry *registry)
{
    return registry->service_count;
}

static json_t *
service_at(const struct admin_request *request, size_t index)
{
    return admin_service_resource(request, request->registry->services[index]);
}

static json_t *
service_named(const struct admin_request *request, const char *name)
{
    return admin_service_resource(request, core_registry_service(request->registry, name));
}

static size_t
listener_count(const struct core_registry *registry)
{
    return registry->listener_count;
}

static json_t *
listener_at(const struct admin_request *request, size_t index)
{
    return admin_listener_resource(request, request->registry->listeners[index]);
}

static json_t *
listener_named(const struct admin_request *request, const char *name)
{
    return admin_listener_resource(request, core_registry_listener(request->registry, name));
}

static size_t
monitor_count(const struct core_registry *registry)
{
    return registry->monitor_count;
}

static json_t *
monitor_at(const struct admin_request *request, size_t index)
{
    return admin_monitor_resource(request, request->registry->monitors[index]);
}

static json_t *
monitor_named(const struct admin_request *request, const char *name)
{
    return admin_monitor_resource(request, core_registry_monitor(request->registry, name));
}

static size_t
filter_count(const struct core_registry *registry)
{
    return registry->filter_count;
}

static json_t *
filter_at(const struct admin_request *request, size_t index)
{
    return admin_filter_resource(request, request->registry->filters[index]);
}

static json_t *
filter_named(const struct admin_request *request, const char *name)
{
    return admin_filter_resource(request, core_registry_filter(request->registry, name));
}

struct kind {
    const char *word;
    size_t (*count)(const struct core_registry *registry);
    json_t *(*at)(const struct admin_request *request, size_t index);
    json_t *(*named)(const struct admin_request *request, const char *name);
};

static const struct kind kinds[] = {
    {"servers", server_count, server_at, server_named},
    {"services", service_count, service_at, service_named},
    {"listeners", listener_count, listener_at, listener_named},
    {"monitors", monitor_count, monitor_at, monitor_named},
    {"filters", filter_count, filter_at, filter_named},
};

static const struct kind *
kind_of(const struct admin_request *request)
{
    for (size_t i = 0; i < MX_COUNT(kinds); i++) {
        if (strcmp(kinds[i].word, request->uri.parts[0]) == 0) {
            return &kinds[i];
        }
    }
    MX_BUG("a route of no kind of object");
}

void
admin_get_all(struct admin_request *request, struct admin_response *response)
{
    const struct kind *kind = kind_of(request);
    json_t *data = json_array();

    for (size_t i = 0; i < kind->count(request->registry); i++) {
        (void)json_array_append_new(data, kind->at(request, i));
    }
    admin_response_body(response, admin_document(request, data, "/%s/", kind->word));
}

void
admin_get_one(struct admin_request *request, struct admin_response *response)
{
    const struct kind *kind = kind_of(request);
    const char *name = request->uri.parts[1];
    json_t *resource = kind->named(request, name);
    const char *id = json_string_value(json_object_get(resource, "id"));

    admin_response_body(response, admin_document(request, resource, "/%s/%s/", kind->word, id));
}

void
admin_get_relation(struct admin_request *request, struct admin_response *response)
{
    const char *name = request->uri.parts[1];
    const char *word = request->uri.parts[3];
    json_t *resource = kind_of(request)->named(request, name);
    json_t *relation = json_object_get(json_object_get(resource, "relationships"), word);

    if (relation != NULL) {
        admin_response_body(response, json_incref(relation));
    } else {
        admin_response_error(response, 404, "%s has no %s", name, word);
    }
    json_decref(resource);
}

/* -------------------------------------------------------------- statistics */

struct core_target_totals
admin_totals(const struct core_target_stats *stats, size_t worker_count)
{
    struct core_target_totals totals = {0};

    if (stats != NULL) {
        core_target_totals_add(stats, worker_count, &totals);
    }
    return totals;
}

void
admin_statistics_add(json_t *statistics, const struct core_target_totals *totals)
{
    json_t *numbers = json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "connections", (json_int_t)totals->connections,
        "total_connections", (json_int_t)totals->total_connections, "max_connections",
        (json_int_t)totals->max_connections, "active_operations", (json_int_t)totals->operations,
        "routed_packets", (json_int_t)totals->packets, "routed_reads", (json_int_t)totals->reads,
        "routed_writes", (json_int_t)totals->writes, "failed_auths",
        (json_int_t)totals->failed_auths);

    (void)json_object_update(statistics, numbers);
    json_decref(numbers);
}

bool
admin_list_has(char *const *list, const char *name)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        if (strcmp(list[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* -------------------------------------------------------------------- body */

const char *
admin_body_text(const struct admin_request *request, const char *pointer,
                struct admin_response *response)
{
    const json_t *value = admin_json_pointer(request->body, pointer);

    if (!json_is_object(json_object_get(request->body, "data"))) {
        admin_response_error(response, 400, "The '/data' field is not an object");
    } else if (value == NULL) {
        admin_response_error(response, 400, "Request body does not define the '%s' field.",
                             pointer);
    } else if (!json_is_string(value)) {
        admin_response_error(response, 400, "The '%s' field is not a string.", pointer);
    } else if (json_string_length(value) == 0) {
        admin_response_error(response, 400, "Value '%s' is empty.", pointer);
    } else {
        return json_string_value(value);
    }
    return NULL;
}

void
admin_get_root(struct admin_request *request, struct admin_response *response)
{
    (void)request;
    response->status = 200;
}
