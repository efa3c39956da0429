/* The registry: all objects of one moment, and how each thread gets to see the newest one. */
#include "core/objects.h"
#include "core/params_json.h"
#include "core/runtime.h"
#include "mx/atomic.h"
#include "mx/worker.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SLOT_COUNT (CORE_WORKERS_MAX + 1) /* the last one is the main thread's */

/*
 * Part of the process object. `current` is behind the lock; a slot belongs to its worker alone,
 * which holds a reference to what is in it.
 */
static struct {
    pthread_mutex_t lock;
    struct core_registry *current;
    struct mx_atomic newest; /* version of `current` */
    struct core_registry *mine[SLOT_COUNT];
} place = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct core_global_config *
core_globals_new(void)
{
    struct core_global_config *globals = mx_calloc(1, sizeof(*globals));
    mx_ref_init(&globals->globals_ref);
    conf_block_init(&core_global_rows, globals);
    return globals;
}

void
core_globals_unref(struct core_global_config *globals)
{
    if (globals != NULL && mx_ref_put(&globals->globals_ref)) {
        conf_block_free(&core_global_rows, globals);
        free(globals);
    }
}

struct core_registry *
core_registry_new(void)
{
    struct core_registry *registry = mx_calloc(1, sizeof(*registry));
    mx_ref_init(&registry->ref);
    registry->self = registry;
    return registry;
}

static void
registry_free(struct core_registry *registry)
{
    for (size_t i = 0; i < registry->listener_count; i++) {
        core_listener_unref(registry->listeners[i]);
    }
    for (size_t i = 0; i < registry->service_count; i++) {
        core_service_unref(registry->services[i]);
    }
    for (size_t i = 0; i < registry->filter_count; i++) {
        core_filter_unref(registry->filters[i]);
    }
    for (size_t i = 0; i < registry->monitor_count; i++) {
        core_monitor_unref(registry->monitors[i]);
    }
    for (size_t i = 0; i < registry->server_count; i++) {
        core_server_unref(registry->servers[i]);
    }
    free(registry->listeners);
    free(registry->services);
    free(registry->filters);
    free(registry->monitors);
    free(registry->servers);
    core_globals_unref(registry->globals);
    free(registry);
}

static size_t
slot_of(const struct mx_worker *worker)
{
    int index = mx_worker_index(worker);
    return index == MX_WORKER_MAIN ? SLOT_COUNT - 1 : (size_t)index;
}

const struct core_registry *
core_registry_mine(void)
{
    const struct mx_worker *self = mx_worker_self();
    MX_ASSERT(self != NULL);
    return place.mine[slot_of(self)];
}

const struct core_registry *
core_registry_ref(void)
{
    (void)pthread_mutex_lock(&place.lock);
    struct core_registry *registry = place.current;
    if (registry != NULL) {
        mx_ref_get(&registry->ref);
    }
    (void)pthread_mutex_unlock(&place.lock);
    return registry;
}

void
core_registry_unref(const struct core_registry *registry)
{
    if (registry == NULL) {
        return;
    }
    if (mx_ref_put(&registry->self->ref)) {
        registry_free(registry->self);
    }
}

/* At the end of the loop turn: nobody on this worker holds a borrowed pointer any more. */
static void
swap_mine(void *arg)
{
    struct core_registry *registry = arg;
    size_t slot = slot_of(mx_worker_self());
    struct core_registry *old = place.mine[slot];
    if (old != NULL && old->version > registry->version) {
        core_registry_unref(registry);
        return;
    }
    place.mine[slot] = registry;
    core_registry_unref(old);
}

static void
receive(void *arg)
{
    struct core_registry *registry = arg;
    if (place.mine[slot_of(mx_worker_self())] == NULL) {
        swap_mine(registry); /* the first one: there is nothing to protect */
    } else {
        mx_worker_defer(swap_mine, registry);
    }
}

static void
unref_later(void *arg)
{
    core_registry_unref(arg);
}

void
core_registry_catch_up(void)
{
    size_t slot = slot_of(mx_worker_self());
    struct core_registry *old = place.mine[slot];
    if (old == NULL || mx_atomic_get(&place.newest) == (int64_t)old->version) {
        return;
    }
    place.mine[slot] = core_registry_ref()->self;
    mx_worker_defer(unref_later, old); /* somebody may have borrowed from it in this turn */
}

void
core_registry_publish(struct core_registry *registry)
{
    (void)pthread_mutex_lock(&place.lock);
    struct core_registry *old = place.current;
    registry->version = old != NULL ? old->version + 1 : 1;
    place.current = registry;
    mx_atomic_set(&place.newest, (int64_t)registry->version);
    (void)pthread_mutex_unlock(&place.lock);
    for (int i = 0; i < mx_worker_count(); i++) {
        mx_ref_get(&registry->ref);
        mx_worker_post(mx_worker_get(i), receive, registry);
    }
    if (mx_worker_self() != NULL) {
        mx_ref_get(&registry->ref);
        receive(registry);
    }
    core_registry_unref(old);
}

void
core_registry_fini(void)
{
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        core_registry_unref(place.mine[i]);
        place.mine[i] = NULL;
    }
    (void)pthread_mutex_lock(&place.lock);
    struct core_registry *old = place.current;
    place.current = NULL;
    (void)pthread_mutex_unlock(&place.lock);
    core_registry_unref(old);
}

/* ------------------------------------------------------------------ look-ups */

struct mx_server *
core_registry_server(const struct core_registry *registry, const char *name)
{
    for (size_t i = 0; i < registry->server_count; i++) {
        if (strcmp(registry->servers[i]->name, name) == 0) {
            return registry->servers[i];
        }
    }
    return NULL;
}

struct mx_service *
core_registry_service(const struct core_registry *registry, const char *name)
{
    for (size_t i = 0; i < registry->service_count; i++) {
        if (strcmp(registry->services[i]->name, name) == 0) {
            return registry->services[i];
        }
    }
    return NULL;
}

struct core_listener *
core_registry_listener(const struct core_registry *registry, const char *name)
{
    for (size_t i = 0; i < registry->listener_count; i++) {
        if (strcmp(registry->listeners[i]->name, name) == 0) {
            return registry->listeners[i];
        }
    }
    return NULL;
}

struct mx_monitor *
core_registry_monitor(const struct core_registry *registry, const char *name)
{
    for (size_t i = 0; i < registry->monitor_count; i++) {
        if (strcmp(registry->monitors[i]->name, name) == 0) {
            return registry->monitors[i];
        }
    }
    return NULL;
}

struct core_filter *
core_registry_filter(const struct core_registry *registry, const char *name)
{
    for (size_t i = 0; i < registry->filter_count; i++) {
        if (strcmp(registry->filters[i]->name, name) == 0) {
            return registry->filters[i];
        }
    }
    return NULL;
}

struct mx_monitor *
core_registry_monitor_of(const struct core_registry *registry, const struct mx_server *server)
{
    for (size_t i = 0; i < registry->monitor_count; i++) {
        struct mx_monitor *monitor = registry->monitors[i];
        for (size_t k = 0; k < monitor->server_count; k++) {
            if (mx_server_same(monitor->servers[k], server)) {
                return monitor;
            }
        }
    }
    return NULL;
}
