/* Matching paths against the table of routes (routes.c). */
#include "admin/route.h"

#include "admin/state.h"
#include "core/modload.h"
#include "core/objects.h"
#include "mx/worker.h"

#include <stdlib.h>
#include <string.h>

static bool
has_server(const struct admin_request *request, const char *name)
{
    return core_registry_server(request->registry, name) != NULL;
}

static bool
has_service(const struct admin_request *request, const char *name)
{
    return core_registry_service(request->registry, name) != NULL;
}

static bool
has_monitor(const struct admin_request *request, const char *name)
{
    return core_registry_monitor(request->registry, name) != NULL;
}

static bool
has_filter(const struct admin_request *request, const char *name)
{
    return core_registry_filter(request->registry, name) != NULL;
}

static bool
has_listener(const struct admin_request *request, const char *name)
{
    return core_registry_listener(request->registry, name) != NULL;
}

static bool
has_thread(const struct admin_request *request, const char *name)
{
    char *end = NULL;
    unsigned long index = strtoul(name, &end, 10);

    (void)request;
    return *name >= '0' && *name <= '9' && *end == '\0' && strlen(name) < 6 &&
           index < (unsigned long)mx_worker_count();
}

static bool
has_module(const struct admin_request *request, const char *name)
{
    (void)request;
    return strcmp(name, "maxscale") == 0 || strcmp(name, "servers") == 0 ||
           core_modload_find(name) != NULL;
}

static bool
has_inetuser(const struct admin_request *request, const char *name)
{
    enum admin_account account;

    return admin_users_find(request->admin->users, name, &account);
}

static const struct {
    const char *word;
    const char *type;
    bool (*exists)(const struct admin_request *request, const char *name);
} kinds[] = {
    {":server", "server", has_server},       {":service", "service", has_service},
    {":monitor", "monitor", has_monitor},    {":filter", "filter", has_filter},
    {":listener", "listener", has_listener}, {":thread", "thread", has_thread},
    {":module", "module", has_module},       {":inetuser", "inetuser", has_inetuser},
};

/* The shape: as many parts, literal words equal. */
static bool
shape_matches(const char *path, const struct admin_uri *uri)
{
    size_t i = 0;

    path++; /* the first slash */
    while (*path != '\0') {
        size_t len = strcspn(path, "/");
        if (i == uri->part_count || (*path != ':' && (strlen(uri->parts[i]) != len ||
                                                      memcmp(path, uri->parts[i], len) != 0))) {
            return false;
        }
        i++;
        path += len;
        path += *path == '/' ? 1 : 0;
    }
    return i == uri->part_count;
}

/* Every name in the path is one of an object. */
static bool
objects_exist(const char *path, const struct admin_request *request,
              struct admin_response *response)
{
    const char *word = path + 1;

    for (size_t i = 0; i < request->uri.part_count; i++) {
        size_t len = strcspn(word, "/");
        const char *name = request->uri.parts[i];
        for (size_t k = 0; k < MX_COUNT(kinds); k++) {
            if (strlen(kinds[k].word) == len && memcmp(kinds[k].word, word, len) == 0 &&
                !kinds[k].exists(request, name)) {
                admin_response_error(response, 404, "%s is not a %s", name, kinds[k].type);
                return false;
            }
        }
        word += len;
        word += *word == '/' ? 1 : 0;
    }
    return true;
}

enum admin_match
admin_route_find(const struct admin_request *request, enum admin_method method,
                 struct admin_found *out, struct admin_response *response)
{
    const char *path = NULL;

    *out = (struct admin_found){0};
    if (method == ADMIN_HEAD) {
        method = ADMIN_GET;
    }
    /* The first row whose shape fits settles the path: words stand before names in the table. */
    for (size_t i = 0; i < admin_route_count; i++) {
        const struct admin_route *route = &admin_routes[i];
        if (path == NULL && !request->uri.is_deep && shape_matches(route->path, &request->uri)) {
            path = route->path;
        }
        if (path != NULL && strcmp(path, route->path) == 0) {
            out->route = route->method == method ? route : out->route;
            if ((route->flags & ADMIN_ROUTE_LATER) == 0) {
                out->methods |= route->method | ADMIN_OPTIONS;
                out->methods |= route->method == ADMIN_GET ? (uint32_t)ADMIN_HEAD : 0u;
            }
        }
    }
    if (path == NULL) {
        return ADMIN_MATCH_NO_PATH;
    }
    if (!objects_exist(path, request, response)) {
        return ADMIN_MATCH_NO_OBJECT;
    }
    if (out->route == NULL && method != ADMIN_OPTIONS) {
        return ADMIN_MATCH_NO_METHOD;
    }
    return ADMIN_MATCH_FOUND;
}
