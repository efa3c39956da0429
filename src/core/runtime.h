/*
 * The parts of configured objects that all versions share: made with the first version, given back
 * with the last. `worker_count` is the number of slots for per-worker counters.
 */
#ifndef CORE_RUNTIME_H
#define CORE_RUNTIME_H

#include "core/objects.h"

struct core_server_runtime *core_server_runtime_new(const char *name, size_t worker_count);
void core_server_runtime_unref(struct core_server_runtime *rt);

struct core_service_runtime *core_service_runtime_new(const char *name, size_t worker_count);
void core_service_runtime_unref(struct core_service_runtime *rt);

struct core_listener_runtime *core_listener_runtime_new(void);
void core_listener_runtime_unref(struct core_listener_runtime *rt);

/* NULL and err when the module could not make its instance. */
struct core_filter_runtime *core_filter_runtime_new(const struct core_filter *filter,
                                                    struct mx_err *err);
void core_filter_runtime_unref(struct core_filter_runtime *rt, const struct mx_module *module);

/* Aligned to cache lines, zeroed; free() it. */
struct core_target_stats *core_target_stats_new(size_t worker_count);

/* Empty versions with one reference and the module's defaults; the builder fills them. */
struct mx_server *core_server_new(const char *name);
struct mx_service *core_service_new(const char *name, const struct mx_module *router);
struct core_listener *core_listener_new(const char *name, const struct mx_module *protocol);
struct mx_monitor *core_monitor_new(const char *name, const struct mx_module *module);
struct core_filter *core_filter_new(const char *name, const struct mx_module *module);

/* One with no objects and no globals. */
struct core_registry *core_registry_new(void);
/* After the workers have ended: lets go of every registry there is. */
void core_registry_fini(void);

/* Rows and block of a module. */
struct conf_rows core_module_rows(const struct mx_module *module);
void *core_module_block_new(const struct mx_module *module);
void core_module_block_free(const struct mx_module *module, void *block);

/* [maxscale]: a zeroed block with the defaults and one reference. */
struct core_global_config *core_globals_new(void);
void core_globals_unref(struct core_global_config *globals);

#endif
