/* Objects made, changed and removed at run time: from the JSON:API body to core/change.h and back.
 */
#include "admin/jsonpath.h"
#include "admin/res.h"
#include "core/change.h"
#include "core/main_call.h"

#include <stdlib.h>
#include <string.h>

/* One detail for each thing that is wrong. */
static void
add_errors(struct admin_response *response, const struct conf_diag *diag)
{
    for (size_t i = 0; i < diag->count; i++) {
        const struct conf_finding *finding = &diag->items[i];
        if (finding->error) {
            admin_response_error(
                response, 400, "%s%s%s%s%s", finding->param != NULL ? finding->param : "",
                finding->param != NULL ? ": " : "", finding->text, finding->hint != NULL ? " " : "",
                finding->hint != NULL ? finding->hint : "");
        }
    }
}

static void
apply(struct core_change *change, struct admin_response *response)
{
    int rc = core_change_apply(change);
    if (rc == 0) {
        admin_response_done(response);
        if (change->warning != NULL) {
            admin_response_header(response, "Mxs-Warning", mx_strdup(change->warning));
        }
    } else if (rc == CORE_MAIN_CLOSED) {
        admin_response_error(response, 503, "MaxScale is shutting down");
    } else {
        add_errors(response, &change->diag);
    }
    core_change_fini(change);
}

/* The object of parameters; an empty one when there is none. NULL: 400. A new reference. */
static json_t *
parameters_of(const struct admin_request *request, struct admin_response *response)
{
    json_t *value = admin_json_pointer(request->body, "/data/attributes/parameters");
    if (!json_is_object(json_object_get(request->body, "data"))) {
        admin_response_error(response, 400, "The '/data' field is not an object");
        return NULL;
    }
    if (value == NULL || json_is_null(value)) {
        return json_object();
    }
    if (!json_is_object(value)) {
        admin_response_error(response, 400,
                             "The '/data/attributes/parameters' field is not an object");
        return NULL;
    }
    return json_copy(value);
}

/* ------------------------------------------------------------ POST */

static void
make_listener(struct admin_request *request, struct admin_response *response, const char *service)
{
    const char *type = json_string_value(admin_json_pointer(request->body, "/data/type"));
    const char *name = admin_body_text(request, "/data/id", response);
    json_t *parameters = name == NULL ? NULL : parameters_of(request, response);
    if (parameters == NULL) {
        return;
    }
    if (type != NULL && strcmp(type, "listeners") != 0) {
        admin_response_error(response, 400, "The '/data/type' field is not 'listeners'.");
        json_decref(parameters);
        return;
    }
    (void)json_object_set_new(parameters, "service", json_string(service));
    struct core_change change = {
        .what = CORE_CHANGE_CREATE, .type = "listener", .name = name, .parameters = parameters};
    apply(&change, response);
    json_decref(parameters);
}

void
admin_post_listener(struct admin_request *request, struct admin_response *response)
{
    const json_t *services = admin_json_pointer(request->body, "/data/relationships/services/data");
    const char *service = json_string_value(json_object_get(json_array_get(services, 0), "id"));
    if (json_array_size(services) != 1 || service == NULL) {
        admin_response_error(response, 400,
                             "A listener belongs to exactly one service: name it in "
                             "'/data/relationships/services/data'.");
        return;
    }
    if (core_registry_service(request->registry, service) == NULL) {
        admin_response_error(response, 400, "'%s' is not a valid object of type 'services'",
                             service);
        return;
    }
    make_listener(request, response, service);
}

void
admin_post_service_listener(struct admin_request *request, struct admin_response *response)
{
    make_listener(request, response, request->uri.parts[1]);
}

/* ------------------------------------------------------------ PATCH, DELETE */

/* "servers" to "server". */
static char *
type_of(const struct admin_request *request)
{
    const char *word = request->uri.parts[0];
    return mx_strndup(word, strlen(word) - 1);
}

/* A listener keeps its service; links of other objects cannot be changed yet. */
static bool
keeps_links(const struct admin_request *request, struct admin_response *response)
{
    const json_t *links = admin_json_pointer(request->body, "/data/relationships");
    if (json_object_size(links) == 0) {
        return true;
    }
    const struct core_listener *listener =
        strcmp(request->uri.parts[0], "listeners") == 0
            ? core_registry_listener(request->registry, request->uri.parts[1])
            : NULL;
    const json_t *services = json_object_get(json_object_get(links, "services"), "data");
    const char *service = json_string_value(json_object_get(json_array_get(services, 0), "id"));
    if (listener != NULL && json_object_size(links) == 1 && json_array_size(services) == 1 &&
        service != NULL && strcmp(service, listener->config.service) == 0) {
        return true;
    }
    if (listener != NULL) {
        admin_response_error(response, 400,
                             "A listener keeps its service: make another listener instead.");
    } else {
        admin_response_error(response, 501,
                             "This version cannot change relationships while it runs. Change the "
                             "configuration file and restart.");
    }
    return false;
}

void
admin_patch_object(struct admin_request *request, struct admin_response *response)
{
    json_t *parameters = parameters_of(request, response);
    if (parameters != NULL && keeps_links(request, response)) {
        char *type = type_of(request);
        struct core_change change = {.what = CORE_CHANGE_ALTER,
                                     .type = type,
                                     .name = request->uri.parts[1],
                                     .parameters = parameters};
        apply(&change, response);
        free(type);
    }
    json_decref(parameters);
}

static void
destroy_listener(const char *name, struct admin_response *response)
{
    struct core_change change = {.what = CORE_CHANGE_DESTROY, .type = "listener", .name = name};
    apply(&change, response);
}

void
admin_delete_listener(struct admin_request *request, struct admin_response *response)
{
    destroy_listener(request->uri.parts[1], response);
}

void
admin_delete_service_listener(struct admin_request *request, struct admin_response *response)
{
    const struct core_listener *listener =
        core_registry_listener(request->registry, request->uri.parts[3]);
    if (strcmp(listener->config.service, request->uri.parts[1]) != 0) {
        admin_response_error(response, 404, "Service '%s' does not have a listener '%s'",
                             request->uri.parts[1], listener->name);
        return;
    }
    destroy_listener(listener->name, response);
}
