/* Servers: versions, the part that outlives them, and the view that modules have. */
#include "core/objects.h"
#include "core/params_json.h"
#include "core/pool.h"
#include "core/runtime.h"
#include "core/tls.h"
#include "mx/log.h"
#include "mx/worker.h"

#include <stdlib.h>
#include <string.h>

struct core_pool *
core_pools_new(struct core_server_runtime *rt, size_t worker_count)
{
    size_t count = worker_count > 0 ? worker_count : 1;
    struct core_pool *pools = mx_calloc_lines(count, sizeof(*pools));
    for (size_t i = 0; i < count; i++) {
        mx_list_init(&pools[i].idle);
        mx_list_init(&pools[i].lenders);
        mx_list_init(&pools[i].waits);
        pools[i].rt = rt;
    }
    return pools;
}

void
core_pools_free(struct core_server_runtime *rt)
{
    for (size_t i = 0; i < (rt->worker_count > 0 ? rt->worker_count : 1); i++) {
        free(rt->pools[i].kinds);
    }
    free(rt->pools);
}

struct core_server_runtime *
core_server_runtime_new(const char *name, size_t worker_count)
{
    struct core_server_runtime *rt = mx_calloc(1, sizeof(*rt));
    mx_ref_init(&rt->ref);
    rt->name = mx_strdup(name);
    mx_atomic_set(&rt->lag_s, MX_LAG_UNKNOWN);
    mx_atomic_set(&rt->node_id, -1);
    mx_atomic_set(&rt->master_id, -1);
    mx_atomic_set(&rt->uptime_s, -1);
    (void)pthread_mutex_init(&rt->lock, NULL);
    rt->worker_count = worker_count;
    rt->stats = core_target_stats_new(worker_count);
    rt->pools = core_pools_new(rt, worker_count);
    core_slots_init(&rt->slots);
    return rt;
}

void
core_server_runtime_unref(struct core_server_runtime *rt)
{
    if (rt == NULL || !mx_ref_put(&rt->ref)) {
        return;
    }
    (void)pthread_mutex_destroy(&rt->lock);
    core_slots_fini(&rt->slots);
    free(rt->info.version_string);
    free(rt->info.gtid_current_pos);
    free(rt->info.gtid_binlog_pos);
    free(rt->info.last_event);
    free(rt->info.state_details);
    free(rt->stats);
    core_pools_free(rt);
    free(rt->name);
    free(rt);
}

void
core_server_ref(struct mx_server *server)
{
    MX_CHECK_MAGIC(server, CORE_SERVER_MAGIC);
    mx_ref_get(&server->ref);
}

void
core_server_unref(struct mx_server *server)
{
    if (server == NULL) {
        return;
    }
    MX_CHECK_MAGIC(server, CORE_SERVER_MAGIC);
    if (mx_ref_put(&server->ref)) {
        conf_block_free(&core_server_rows, &server->config);
        core_tls_free(server->tls);
        core_server_runtime_unref(server->rt);
        free(server->source.file);
        free(server->name);
        server->magic = 0;
        free(server);
    }
}

const char *
mx_server_name(const struct mx_server *server)
{
    return server->name;
}

const char *
mx_server_address(const struct mx_server *server)
{
    return server->config.address;
}

int
mx_server_port(const struct mx_server *server)
{
    return (int)server->config.port;
}

const char *
mx_server_socket(const struct mx_server *server)
{
    return server->config.socket;
}

uint32_t
mx_server_status(const struct mx_server *server)
{
    return (uint32_t)mx_atomic_get(&server->rt->status);
}

int64_t
mx_server_lag_s(const struct mx_server *server)
{
    return mx_atomic_get(&server->rt->lag_s);
}

int
mx_server_rank(const struct mx_server *server)
{
    return server->config.rank == CORE_RANK_PRIMARY ? 0 : 1;
}

uint32_t
mx_server_version(const struct mx_server *server)
{
    return (uint32_t)mx_atomic_get(&server->rt->version);
}

int64_t
mx_server_connections(const struct mx_server *server)
{
    int64_t sum = 0;
    for (size_t i = 0; i < server->rt->worker_count; i++) {
        sum += mx_atomic_get(&server->rt->stats[i].connections);
    }
    return sum;
}

int64_t
mx_server_operations(const struct mx_server *server)
{
    const struct mx_worker *self = mx_worker_self();
    int index = self != NULL ? mx_worker_index(self) : MX_WORKER_MAIN;
    if (index < 0 || (size_t)index >= server->rt->worker_count) {
        return 0;
    }
    return mx_atomic_get(&server->rt->stats[index].operations);
}

bool
mx_server_compression(const struct mx_server *server)
{
    return server->config.compression;
}

bool
mx_server_same(const struct mx_server *a, const struct mx_server *b)
{
    return a->rt == b->rt;
}

bool
mx_server_connectable(const struct mx_server *server)
{
    const uint32_t bad = MX_STATUS_MAINT | MX_STATUS_DRAINING | MX_STATUS_NEED_DNS;
    uint32_t status = mx_server_status(server);
    return (status & MX_STATUS_RUNNING) != 0 && (status & bad) == 0;
}

bool
mx_server_usable(const struct mx_server *server)
{
    uint32_t status = mx_server_status(server);
    return (status & MX_STATUS_RUNNING) != 0 && (status & MX_STATUS_MAINT) == 0;
}

bool
mx_server_is_master(const struct mx_server *server)
{
    return mx_server_usable(server) && (mx_server_status(server) & MX_STATUS_MASTER) != 0;
}

bool
mx_server_is_slave(const struct mx_server *server)
{
    return mx_server_usable(server) && (mx_server_status(server) & MX_STATUS_SLAVE) != 0;
}

bool
mx_server_is_relay(const struct mx_server *server)
{
    return mx_server_usable(server) && (mx_server_status(server) & MX_STATUS_RELAY) != 0;
}

/* The monitor makes it so in its next round; without one it is so at once. */
void
mx_server_host_blocked(struct mx_server *server, const char *why)
{
    struct core_server_runtime *rt = server->rt;
    const struct mx_log_ctx ctx = {.object = server->name};
    const struct core_registry *registry = core_registry_mine();
    int64_t request = MX_STATUS_MAINT | CORE_REQUEST_MUST;
    if ((mx_atomic_get(&rt->status) & MX_STATUS_MAINT) != 0 ||
        mx_atomic_get(&rt->status_request) == request) {
        return;
    }
    if (core_registry_monitor_of(registry, server) != NULL) {
        mx_atomic_set(&rt->status_request, request);
    } else {
        mx_atomic_set(&rt->status, mx_atomic_get(&rt->status) | MX_STATUS_MAINT);
    }
    mx_log_error(&ctx,
                 "Server '%s' blocks this host and is put into maintenance: %s. Afterwards end the "
                 "maintenance with `maxctrl clear server %s maintenance`.",
                 server->name, why, server->name);
}
