/* Versions of the configured objects and the runtime parts they share. */
#include "core/admission.h"
#include "core/authenticators.h"
#include "core/init_sql.h"
#include "core/monitor.h"
#include "core/objects.h"
#include "core/params_json.h"
#include "core/runtime.h"
#include "core/tls.h"
#include "core/user_mapping.h"
#include "mx/filter.h"
#include "mx/router.h"

#include <stdlib.h>
#include <string.h>

struct conf_rows
core_module_rows(const struct mx_module *module)
{
    return (struct conf_rows){.rows = module->params, .count = module->param_count};
}

void *
core_module_block_new(const struct mx_module *module)
{
    struct conf_rows rows = core_module_rows(module);
    void *block = mx_calloc(1, module->config_size);
    conf_block_init(&rows, block);
    return block;
}

void
core_module_block_free(const struct mx_module *module, void *block)
{
    struct conf_rows rows = core_module_rows(module);
    if (block != NULL) {
        conf_block_free(&rows, block);
        free(block);
    }
}

static void
servers_unref(struct mx_server **servers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        core_server_unref(servers[i]);
    }
    free(servers);
}

struct core_target_stats *
core_target_stats_new(size_t worker_count)
{
    return mx_calloc_lines(worker_count > 0 ? worker_count : 1, sizeof(struct core_target_stats));
}

void
core_target_totals_add(const struct core_target_stats *stats, size_t worker_count,
                       struct core_target_totals *out)
{
    for (size_t i = 0; i < worker_count; i++) {
        out->connections += mx_atomic_get(&stats[i].connections);
        out->total_connections += mx_atomic_get(&stats[i].total_connections);
        out->max_connections += mx_atomic_get(&stats[i].max_connections);
        out->operations += mx_atomic_get(&stats[i].operations);
        out->packets += mx_atomic_get(&stats[i].packets);
        out->reads += mx_atomic_get(&stats[i].reads);
        out->writes += mx_atomic_get(&stats[i].writes);
        out->failed_auths += mx_atomic_get(&stats[i].failed_auths);
    }
}

/* ------------------------------------------------------------------ server */

struct mx_server *
core_server_new(const char *name)
{
    struct mx_server *server = mx_calloc(1, sizeof(*server));
    server->magic = CORE_SERVER_MAGIC;
    mx_ref_init(&server->ref);
    server->name = mx_strdup(name);
    conf_block_init(&core_server_rows, &server->config);
    return server;
}

/* ------------------------------------------------------------------ service */

struct core_service_runtime *
core_service_runtime_new(const char *name, size_t worker_count)
{
    struct core_service_runtime *rt = mx_calloc(1, sizeof(*rt));
    mx_ref_init(&rt->ref);
    rt->name = mx_strdup(name);
    rt->worker_count = worker_count;
    rt->stats = core_target_stats_new(worker_count);
    rt->queue = core_queue_new();
    return rt;
}

/* The router's instance and the accounts have been ended before: core_service_end. */
void
core_service_runtime_unref(struct core_service_runtime *rt)
{
    if (rt != NULL && mx_ref_put(&rt->ref)) {
        MX_ASSERT(rt->router_instance == NULL && rt->users == NULL);
        core_queue_free(rt->queue);
        free(rt->stats);
        free(rt->name);
        free(rt);
    }
}

struct mx_service *
core_service_new(const char *name, const struct mx_module *router)
{
    struct mx_service *service = mx_calloc(1, sizeof(*service));
    service->magic = CORE_SERVICE_MAGIC;
    mx_ref_init(&service->ref);
    service->name = mx_strdup(name);
    service->router = router;
    service->router_config = core_module_block_new(router);
    conf_block_init(&core_service_rows, &service->config);
    return service;
}

void
core_service_ref(struct mx_service *service)
{
    MX_CHECK_MAGIC(service, CORE_SERVICE_MAGIC);
    mx_ref_get(&service->ref);
}

void
core_service_unref(struct mx_service *service)
{
    if (service == NULL) {
        return;
    }
    MX_CHECK_MAGIC(service, CORE_SERVICE_MAGIC);
    if (!mx_ref_put(&service->ref)) {
        return;
    }
    for (size_t i = 0; i < service->filter_count; i++) {
        core_filter_unref(service->filters[i]);
    }
    free(service->filters);
    servers_unref(service->servers, service->server_count);
    conf_block_free(&core_service_rows, &service->config);
    core_module_block_free(service->router, service->router_config);
    core_service_runtime_unref(service->rt);
    free(service->source.file);
    free(service->name);
    service->magic = 0;
    free(service);
}

size_t
mx_service_server_count(const struct mx_service *service)
{
    return service->server_count;
}

struct mx_server *
mx_service_server(const struct mx_service *service, size_t index)
{
    MX_ASSERT(index < service->server_count);
    return service->servers[index];
}

const char *
mx_service_name(const struct mx_service *service)
{
    return service->name;
}

const void *
mx_service_router_config(const struct mx_service *service)
{
    return service->router_config;
}

void *
mx_service_router_instance(const struct mx_service *service)
{
    return service->rt->router_instance;
}

/* ------------------------------------------------------------------ listener */

struct core_listener_runtime *
core_listener_runtime_new(void)
{
    struct core_listener_runtime *rt = mx_calloc(1, sizeof(*rt));
    mx_ref_init(&rt->ref);
    return rt;
}

void
core_listener_runtime_unref(struct core_listener_runtime *rt)
{
    if (rt != NULL && mx_ref_put(&rt->ref)) {
        free(rt);
    }
}

struct core_listener *
core_listener_new(const char *name, const struct mx_module *protocol)
{
    struct core_listener *listener = mx_calloc(1, sizeof(*listener));
    listener->magic = CORE_LISTENER_MAGIC;
    mx_ref_init(&listener->ref);
    listener->name = mx_strdup(name);
    listener->protocol = protocol;
    listener->protocol_config = core_module_block_new(protocol);
    conf_block_init(&core_listener_rows, &listener->config);
    return listener;
}

void
core_listener_ref(struct core_listener *listener)
{
    MX_CHECK_MAGIC(listener, CORE_LISTENER_MAGIC);
    mx_ref_get(&listener->ref);
}

void
core_listener_unref(struct core_listener *listener)
{
    if (listener == NULL) {
        return;
    }
    MX_CHECK_MAGIC(listener, CORE_LISTENER_MAGIC);
    if (mx_ref_put(&listener->ref)) {
        conf_block_free(&core_listener_rows, &listener->config);
        core_tls_free(listener->tls);
        core_module_block_free(listener->protocol, listener->protocol_config);
        mx_authenticators_unref(listener->authenticators);
        core_user_mapping_free(listener->mapping);
        core_init_sql_free(listener->init_sql);
        core_listener_runtime_unref(listener->rt);
        net_network_list_free(&listener->proxy_networks);
        free(listener->source.file);
        free(listener->name);
        listener->magic = 0;
        free(listener);
    }
}

/* ------------------------------------------------------------------ monitor */

struct mx_monitor *
core_monitor_new(const char *name, const struct mx_module *module)
{
    struct mx_monitor *monitor = mx_calloc(1, sizeof(*monitor));
    monitor->magic = CORE_MONITOR_MAGIC;
    mx_ref_init(&monitor->ref);
    monitor->name = mx_strdup(name);
    monitor->module = module;
    monitor->module_config = core_module_block_new(module);
    conf_block_init(&core_monitor_rows, &monitor->config);
    return monitor;
}

void
core_monitor_ref(struct mx_monitor *monitor)
{
    MX_CHECK_MAGIC(monitor, CORE_MONITOR_MAGIC);
    mx_ref_get(&monitor->ref);
}

void
core_monitor_unref(struct mx_monitor *monitor)
{
    if (monitor == NULL) {
        return;
    }
    MX_CHECK_MAGIC(monitor, CORE_MONITOR_MAGIC);
    if (mx_ref_put(&monitor->ref)) {
        servers_unref(monitor->servers, monitor->server_count);
        conf_block_free(&core_monitor_rows, &monitor->config);
        core_module_block_free(monitor->module, monitor->module_config);
        if (monitor->rt != NULL) {
            core_monitor_runtime_unref(monitor->rt);
        }
        free(monitor->source.file);
        free(monitor->name);
        monitor->magic = 0;
        free(monitor);
    }
}

/* ------------------------------------------------------------------ filter */

struct core_filter_runtime *
core_filter_runtime_new(const struct core_filter *filter, struct mx_err *err)
{
    const struct mx_filter_ops *ops = filter->module->filter;
    struct core_filter_runtime *rt = mx_calloc(1, sizeof(*rt));
    mx_ref_init(&rt->ref);
    mx_err_clear(err);
    if (ops->instance_new != NULL) {
        rt->instance = ops->instance_new(filter->name, filter->module_config, err);
        if (rt->instance == NULL) {
            free(rt);
            return NULL;
        }
    }
    return rt;
}

void
core_filter_runtime_unref(struct core_filter_runtime *rt, const struct mx_module *module)
{
    if (rt != NULL && mx_ref_put(&rt->ref)) {
        if (rt->instance != NULL && module->filter->instance_free != NULL) {
            module->filter->instance_free(rt->instance);
        }
        free(rt);
    }
}

struct core_filter *
core_filter_new(const char *name, const struct mx_module *module)
{
    struct core_filter *filter = mx_calloc(1, sizeof(*filter));
    filter->magic = CORE_FILTER_MAGIC;
    mx_ref_init(&filter->ref);
    filter->name = mx_strdup(name);
    filter->module = module;
    filter->module_config = core_module_block_new(module);
    return filter;
}

void
core_filter_ref(struct core_filter *filter)
{
    MX_CHECK_MAGIC(filter, CORE_FILTER_MAGIC);
    mx_ref_get(&filter->ref);
}

void
core_filter_unref(struct core_filter *filter)
{
    if (filter == NULL) {
        return;
    }
    MX_CHECK_MAGIC(filter, CORE_FILTER_MAGIC);
    if (mx_ref_put(&filter->ref)) {
        core_filter_runtime_unref(filter->rt, filter->module);
        core_module_block_free(filter->module, filter->module_config);
        free(filter->source.file);
        free(filter->name);
        filter->magic = 0;
        free(filter);
    }
}
