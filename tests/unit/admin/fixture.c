#include "fixture.h"

#include "core/monitor.h"
#include "core/runtime.h"
#include "mx/filter.h"
#include "mx/monitor.h"
#include "mx/protocol.h"
#include "mx/router.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static json_t *
router_diagnostics(void *instance, const struct mx_service *service)
{
    (void)instance;
    (void)service;
    return json_pack("{s:i}", "queries", 7);
}

static const struct mx_router_ops router_ops = {.diagnostics = router_diagnostics};
static const struct mx_filter_ops filter_ops = {0};
static const struct mx_monitor_ops monitor_ops = {0};
static const struct mx_protocol_ops protocol_ops = {0};

static const struct mx_module modules[] = {
    {.kind = MX_MODULE_ROUTER, .name = "router", .config_size = 8, .router = &router_ops},
    {.kind = MX_MODULE_FILTER, .name = "filter", .config_size = 8, .filter = &filter_ops},
    {.kind = MX_MODULE_MONITOR, .name = "monitor", .config_size = 8, .monitor = &monitor_ops},
    {.kind = MX_MODULE_PROTOCOL, .name = "protocol", .config_size = 8, .protocol = &protocol_ops},
};

static char **
names(const char *first, const char *second)
{
    char **list = mx_calloc(3, sizeof(*list));

    list[0] = mx_strdup(first);
    list[1] = second != NULL ? mx_strdup(second) : NULL;
    return list;
}

static void *
append(void *list, size_t *count, void *item)
{
    void **array = mx_realloc(list, (*count + 1) * sizeof(void *));

    array[(*count)++] = item;
    return array;
}

static struct mx_server *
add_server(struct core_registry *registry, const char *name, int64_t port, uint32_t status)
{
    struct mx_server *server = core_server_new(name);

    free(server->config.address);
    server->config.address = mx_strdup("127.0.0.1");
    server->config.port = port;
    server->source.file = mx_strdup("/etc/maxscale.cnf");
    server->rt = core_server_runtime_new(name, 1);
    mx_atomic_set(&server->rt->status, (int64_t)status);
    registry->servers = append(registry->servers, &registry->server_count, server);
    return server;
}

static struct mx_service *
add_service(struct core_registry *registry, const char *name, char **servers)
{
    struct mx_service *service = core_service_new(name, &modules[0]);

    service->config.servers = servers;
    service->source.file = mx_strdup("/etc/maxscale.cnf");
    service->rt = core_service_runtime_new(name, 1);
    registry->services = append(registry->services, &registry->service_count, service);
    return service;
}

static void
add_rest(struct core_registry *registry, struct mx_service *service, struct mx_server *server)
{
    struct core_filter *filter = core_filter_new("F", &modules[1]);
    struct core_listener *listener = core_listener_new("L", &modules[3]);
    struct mx_monitor *monitor = core_monitor_new("M", &modules[2]);
    struct mx_err err;

    filter->source.file = mx_strdup("/etc/maxscale.cnf");
    filter->rt = core_filter_runtime_new(filter, &err);
    registry->filters = append(registry->filters, &registry->filter_count, filter);
    core_filter_ref(filter);
    service->filters = append(NULL, &service->filter_count, filter);
    service->config.filters = names("F", NULL);

    free(listener->config.service);
    listener->config.service = mx_strdup("RW");
    listener->config.port = 4006;
    listener->source.file = mx_strdup("/etc/maxscale.cnf");
    listener->rt = core_listener_runtime_new();
    registry->listeners = append(registry->listeners, &registry->listener_count, listener);

    monitor->source.file = mx_strdup("/etc/maxscale.cnf");
    monitor->rt = core_monitor_runtime_new("M");
    core_server_ref(server);
    monitor->servers = append(NULL, &monitor->server_count, server);
    registry->monitors = append(registry->monitors, &registry->monitor_count, monitor);
}

static void
publish_registry(const char *folder)
{
    struct core_registry *registry = core_registry_new();
    struct mx_server *first;
    struct mx_service *service;

    registry->globals = core_globals_new();
    free(registry->globals->datadir);
    registry->globals->datadir = mx_strdup(folder);
    registry->globals->admin_secure_gui = false;
    first = add_server(registry, "s1", 3001, MX_STATUS_RUNNING | MX_STATUS_MASTER);
    (void)add_server(registry, "s2", 3002, 0);
    service = add_service(registry, "RW", names("s1", "s2"));
    (void)add_service(registry, "Other", names("s2", NULL));
    add_rest(registry, service, first);
    core_registry_publish(registry);
}

void
fixture_init(struct fixture *fixture)
{
    struct mx_err err = {0};
    char *path;

    *fixture = (struct fixture){.folder = "/tmp/admin-fixture-XXXXXX"};
    MX_ASSERT(mkdtemp(fixture->folder) != NULL);
    publish_registry(fixture->folder);
    path = mx_asprintf("%s/passwd", fixture->folder);
    fixture->admin.users = admin_users_open(path, &err);
    free(path);
    MX_ASSERT(fixture->admin.users != NULL);
    MX_ASSERT(admin_users_add(fixture->admin.users, "ro", "ropass", ADMIN_ACCOUNT_BASIC, &err) ==
              0);
    fixture->admin.tokens = admin_tokens_new("HS256", "maxscale");
    fixture->admin.started = 1795328749;
    fixture->admin.changes = admin_changes_new(fixture->admin.started);
}

void
fixture_fini(struct fixture *fixture)
{
    char *path = mx_asprintf("%s/passwd", fixture->folder);

    (void)unlink(path);
    (void)rmdir(fixture->folder);
    free(path);
    admin_changes_free(fixture->admin.changes);
    admin_tokens_free(fixture->admin.tokens);
    admin_users_close(fixture->admin.users);
    core_registry_fini();
}

void
fixture_serve(struct fixture *fixture, struct exchange *exchange, const char *method,
              const char *uri, const char *body, const struct admin_headers *headers)
{
    struct admin_request *request = &exchange->request;

    *exchange = (struct exchange){0};
    request->admin = &fixture->admin;
    request->registry = core_registry_ref();
    request->headers = headers != NULL
                           ? *headers
                           : (struct admin_headers){.authorization = ADMIN_BASIC, .host = "h:1"};
    request->body_text = body;
    request->body_len = body != NULL ? strlen(body) : 0;
    (void)admin_serve_begin(request, method, uri, &exchange->response);
    admin_serve(request, &exchange->response);
}

void
fixture_end(struct exchange *exchange)
{
    const struct core_registry *registry = exchange->request.registry;

    admin_response_fini(&exchange->response);
    admin_request_fini(&exchange->request);
    core_registry_unref(registry);
}
