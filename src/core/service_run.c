/* Start and end of services; see service_run.h. */
#include "core/service_run.h"

#include "core/listener.h"
#include "core/users_manager.h"
#include "mx/log.h"
#include "mx/router.h"

#include <string.h>
#include <time.h>

int
core_service_start(struct mx_service *service, struct mx_err *err)
{
    struct core_service_runtime *rt = service->rt;
    if (mx_atomic_get(&rt->state) == CORE_STATE_STARTED) {
        return 0;
    }
    const struct mx_router_ops *router = service->router->router;
    if (rt->router_instance == NULL && router->instance_new != NULL) {
        rt->router_instance = router->instance_new(service->name);
        if (rt->router_instance == NULL) {
            return mx_err_text(err, "router '%s' could not be started", service->router->name);
        }
    }
    if (rt->users == NULL && core_users_start(service, err) != 0) {
        return -1;
    }
    rt->started = time(NULL);
    mx_atomic_set(&rt->state, CORE_STATE_STARTED);
    return 0;
}

void
core_service_stop(struct mx_service *service, const struct core_registry *registry)
{
    for (size_t i = 0; i < registry->listener_count; i++) {
        if (strcmp(registry->listeners[i]->config.service, service->name) == 0) {
            core_listener_stop(registry->listeners[i]);
        }
    }
    mx_atomic_set(&service->rt->state, CORE_STATE_STOPPED);
}

void
core_service_end(struct mx_service *service)
{
    struct core_service_runtime *rt = service->rt;
    if (rt->users != NULL) {
        core_users_stop(service);
    }
    const struct mx_router_ops *router = service->router->router;
    if (rt->router_instance != NULL && router->instance_free != NULL) {
        router->instance_free(rt->router_instance);
        rt->router_instance = NULL;
    }
}

size_t
core_service_start_all(const struct core_registry *registry)
{
    size_t failed = 0;
    for (size_t i = 0; i < registry->service_count; i++) {
        struct mx_err err;
        if (core_service_start(registry->services[i], &err) != 0) {
            failed++;
            mx_log_error(NULL, "Service '%s' could not be started: %s", registry->services[i]->name,
                         err.text);
        }
    }
    return failed;
}

void
core_service_end_all(const struct core_registry *registry)
{
    for (size_t i = 0; i < registry->service_count; i++) {
        core_service_end(registry->services[i]);
    }
}
