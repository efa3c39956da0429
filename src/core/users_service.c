/* Where a service's accounts come from: its servers and credentials as they are configured now. */
#include "core/objects.h"
#include "core/users_manager.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static char *
copy(const char *text)
{
    return text == NULL || *text == '\0' ? NULL : mx_strdup(text);
}

static void
server_describe(const struct mx_server *server, struct core_users_server *out)
{
    const struct core_server_config *config = &server->config;
    *out = (struct core_users_server){
        .name = mx_strdup(server->name),
        .address = copy(config->address),
        .socket = copy(config->socket),
        .port = (int)config->port,
        .extra_port = (int)config->extra_port,
        .proxy_protocol = config->proxy_protocol,
        .ssl = config->tls.ssl,
        .ssl_cert = copy(config->tls.ssl_cert),
        .ssl_key = copy(config->tls.ssl_key),
        .ssl_ca = copy(config->tls.ssl_ca),
        .ssl_cipher = copy(config->tls.ssl_cipher),
        .tls_version = copy(core_tls_versions_text(config->tls.ssl_version)),
        .ssl_verify_peer = config->tls.ssl_verify_peer_certificate,
        .ssl_verify_host = config->tls.ssl_verify_peer_host,
    };
}

/* Primary, replica, any other that runs; 0: not now. */
static int
preference(const struct mx_server *server)
{
    if (!mx_server_usable(server)) {
        return 0;
    }
    if (mx_server_is_master(server)) {
        return 3;
    }
    return mx_server_is_slave(server) ? 2 : 1;
}

static void
servers_describe(const struct mx_service *service, struct core_users_source *out)
{
    out->servers = mx_calloc(service->server_count, sizeof(*out->servers));
    for (int wanted = 3; wanted > 0; wanted--) {
        for (size_t i = 0; i < service->server_count; i++) {
            if (preference(service->servers[i]) == wanted &&
                out->server_count < service->server_count) {
                server_describe(service->servers[i], &out->servers[out->server_count++]);
            }
        }
    }
}

static void
service_describe(const struct mx_service *service, const struct core_global_config *globals,
                 struct core_users_source *out)
{
    const struct core_service_config *config = &service->config;
    out->service = mx_strdup(service->name);
    out->user = copy(config->user);
    out->password = copy(config->password);
    out->local_address = copy(globals->local_address);
    out->timeout_ms = (int)globals->auth_connect_timeout_ms;
    /* A router that looks into the schemas of all its servers needs the accounts of all. */
    out->all_servers =
        config->auth_all_servers || strcasecmp(service->router->name, "schemarouter") == 0;
    out->strip_db_esc = config->strip_db_esc;
    out->file = copy(config->user_accounts_file);
    out->file_only = config->user_accounts_file_usage == CORE_ACCOUNTS_FILE_ONLY_ALWAYS;
    out->refresh_ms = globals->users_refresh_time_ms;
    out->interval_ms = globals->users_refresh_interval_ms;
    servers_describe(service, out);
}

/* On the manager's thread. The runtime part outlives the manager. */
static int
describe(void *arg, struct core_users_source *out)
{
    const struct core_service_runtime *rt = arg;
    const struct core_registry *registry = core_registry_ref();
    const struct mx_service *service =
        registry == NULL ? NULL : core_registry_service(registry, rt->name);
    if (service != NULL) {
        service_describe(service, registry->globals, out);
    }
    core_registry_unref(registry);
    return service != NULL && (out->file_only || out->server_count > 0) ? 0 : -1;
}

int
core_users_start(struct mx_service *service, struct mx_err *err)
{
    MX_CHECK_MAGIC(service, CORE_SERVICE_MAGIC);
    struct core_service_runtime *rt = service->rt;
    MX_ASSERT(rt->users == NULL);
    rt->users = core_users_manager_new(service->name, describe, rt, err);
    return rt->users == NULL ? -1 : 0;
}

void
core_users_stop(struct mx_service *service)
{
    MX_CHECK_MAGIC(service, CORE_SERVICE_MAGIC);
    core_users_manager_free(service->rt->users);
    service->rt->users = NULL;
}
