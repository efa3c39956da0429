/* Idle server connections of a worker; see pool.h. */
#include "core/pool.h"

#include "core/share.h"

#include <stdlib.h>
#include <string.h>

/* What the last user left on a connection (locks, temporary tables) is gone after this time at the
 * latest, whether somebody takes the connection or not. */
#define SETTLE_MS 100
#define SWEEP_MS  1000
/* Looked at for one that fits; beyond that a new connection is the better deal. */
#define LOOK_MAX 64

struct core_pool *
core_pool_mine(const struct core_server_runtime *rt)
{
    return &rt->pools[mx_worker_index(mx_worker_self())];
}

static struct mx_pooled *
pooled_of(struct mx_list *node)
{
    return mx_container_of(node, struct mx_pooled, node);
}

/* An older version of the server may have meant another address, other TLS, no PROXY header. */
static bool
is_good(const struct mx_pooled *pooled)
{
    const struct mx_server *server = pooled->server;
    return mx_server_usable(server) &&
           core_registry_server(core_registry_mine(), server->name) == server &&
           !core_pool_is_old(mx_now_ms() - pooled->since_ms, server->config.persistmaxtime_ms);
}

/* ------------------------------------------------------------ in and out */

static struct mx_list *
kind_of(struct core_pool *pool, uint64_t kind)
{
    if (pool->kinds == NULL) {
        pool->kinds = mx_calloc(CORE_POOL_KINDS, sizeof(*pool->kinds));
        for (size_t i = 0; i < CORE_POOL_KINDS; i++) {
            mx_list_init(&pool->kinds[i]);
        }
    }
    return &pool->kinds[kind & (CORE_POOL_KINDS - 1)];
}

static void
unlink_one(struct core_pool *pool, struct mx_pooled *pooled)
{
    mx_list_remove(&pooled->node);
    mx_list_remove(&pooled->same);
    mx_atomic_bump(&pool->count, -1);
}

/* The slot stays. */
static struct mx_server *
end_one(struct core_pool *pool, struct mx_pooled *pooled)
{
    struct mx_server *server = pooled->server;
    unlink_one(pool, pooled);
    pooled->protocol->pooled_close(pooled);
    return server;
}

static void
close_one(struct core_pool *pool, struct mx_pooled *pooled)
{
    struct mx_server *server = end_one(pool, pooled);
    core_pool_slot_put(server->rt);
    core_server_unref(server);
}

void
core_pool_close_idle(struct core_pool *pool)
{
    close_one(pool, pooled_of(pool->idle.prev));
}

void
core_pool_drop_idle(struct core_pool *pool)
{
    core_server_unref(end_one(pool, pooled_of(pool->idle.prev)));
}

void
mx_pooled_broken(struct mx_pooled *pooled)
{
    struct mx_server *server = pooled->server;
    unlink_one(core_pool_mine(server->rt), pooled);
    core_pool_slot_put(server->rt);
    core_server_unref(server);
}

/* Would there be no room for one more if there were `gone` fewer? */
static bool
is_full(const struct core_pool *pool, const struct mx_server *server, int64_t gone)
{
    struct core_pool_use use = {.max = server->config.persistpoolmax,
                                .workers = mx_worker_count(),
                                .mine = mx_atomic_get(&pool->count) - gone};
    use.all = use.mine;
    if (use.mine >= core_pool_share(use.max, use.workers)) {
        use.all = core_pool_totals(server->rt).count - gone;
    }
    return core_pool_is_full(use);
}

static void
sweep(struct mx_timer *timer)
{
    struct core_pool *pool = mx_container_of(timer, struct core_pool, sweep);
    int64_t now_ms = mx_now_ms();
    while (!mx_list_is_empty(&pool->idle) && is_full(pool, pooled_of(pool->idle.prev)->server, 1)) {
        core_pool_close_idle(pool); /* others want their share of what was theirs */
    }
    mx_list_each_safe (node, &pool->idle) {
        struct mx_pooled *pooled = pooled_of(node);
        if (!is_good(pooled)) {
            close_one(pool, pooled);
        } else if (now_ms - pooled->since_ms >= SETTLE_MS) {
            pooled->protocol->pooled_settle(pooled);
        }
    }
    if (mx_list_is_empty(&pool->idle)) {
        return; /* what held the pool's server may be gone as well */
    }
    bool is_fresh = now_ms - pooled_of(pool->idle.next)->since_ms < SETTLE_MS;
    mx_timer_start(&pool->sweep, sweep, is_fresh ? SETTLE_MS : SWEEP_MS);
}

bool
mx_endpoint_may_pool(const struct mx_endpoint *endpoint)
{
    return endpoint->server->config.persistpoolmax > 0 || endpoint->shares;
}

bool
mx_endpoint_tells_address(const struct mx_endpoint *endpoint)
{
    return endpoint->server->config.proxy_protocol;
}

bool
core_pool_keep(struct mx_endpoint *endpoint)
{
    const struct mx_session *session = endpoint->session;
    const struct mx_protocol_ops *protocol = session->protocol;
    struct mx_server *server = endpoint->server;
    if (!endpoint->has_slot || protocol->backend_release == NULL || session->killed ||
        endpoint->pending > 0 || endpoint->reply_open || endpoint->mismatch) {
        return false;
    }
    struct core_pool *pool = core_pool_mine(server->rt);
    bool is_wanted = endpoint->shares && mx_atomic_get(&server->rt->slots.waiting) > 0;
    bool has_room = is_wanted || !is_full(pool, server, 0);
    if ((!has_room && mx_list_is_empty(&pool->idle)) || !mx_server_connectable(server) ||
        core_registry_server(core_registry_mine(), server->name) != server) {
        return false;
    }
    struct mx_pooled *pooled = protocol->backend_release(endpoint);
    if (pooled == NULL) {
        return false;
    }
    if (!has_room) {
        core_pool_close_idle(pool);
    }
    core_pool_put(endpoint, pooled);
    return true;
}

void
core_pool_put(struct mx_endpoint *endpoint, struct mx_pooled *pooled)
{
    struct mx_server *server = endpoint->server;
    struct core_pool *pool = core_pool_mine(server->rt);
    pooled->protocol = endpoint->session->protocol;
    pooled->server = server;
    pooled->since_ms = mx_now_ms();
    core_server_ref(server);
    pooled->kind = pooled->protocol->pool_kind(endpoint);
    mx_list_append(pool->idle.next, &pooled->node); /* in front */
    mx_list_append(kind_of(pool, pooled->kind)->next, &pooled->same);
    mx_atomic_bump(&pool->count, 1);
    if (mx_atomic_get(&pool->count) > mx_atomic_get(&pool->most)) {
        mx_atomic_set(&pool->most, mx_atomic_get(&pool->count));
    }
    if (!mx_timer_is_running(&pool->sweep) || pool->sweep.due_ms - mx_now_ms() > SETTLE_MS) {
        mx_timer_start(&pool->sweep, sweep, SETTLE_MS);
    }
    if (mx_atomic_get(&server->rt->slots.waiting) > 0) {
        core_share_serve_soon(pool);
    }
}

static enum mx_pool_fit
fit_of(const struct mx_pooled *pooled, const struct mx_endpoint *endpoint)
{
    return pooled->protocol == endpoint->session->protocol
               ? pooled->protocol->pooled_fit(pooled, endpoint)
               : MX_POOL_UNFIT;
}

/* The newest that needs no more than a reset. */
static struct mx_pooled *
choose_same(struct core_pool *pool, const struct mx_endpoint *endpoint)
{
    uint64_t kind = endpoint->session->protocol->pool_kind(endpoint);
    mx_list_each_safe (node, kind_of(pool, kind)) {
        struct mx_pooled *pooled = mx_container_of(node, struct mx_pooled, same);
        if (pooled->kind != kind) {
            continue;
        }
        if (!is_good(pooled)) {
            close_one(pool, pooled);
        } else if (fit_of(pooled, endpoint) == MX_POOL_RESET) {
            return pooled;
        }
    }
    return NULL;
}

/* The oldest that can become this user's: nobody has come for it for longest, and it has been
 * cleaned. */
static struct mx_pooled *
choose_other(struct core_pool *pool, const struct mx_endpoint *endpoint, enum mx_pool_fit *out_fit)
{
    int looked = 0;
    for (struct mx_list *node = pool->idle.prev; node != &pool->idle && looked < LOOK_MAX;
         looked++) {
        struct mx_pooled *pooled = pooled_of(node);
        node = node->prev;
        if (!is_good(pooled)) {
            close_one(pool, pooled);
        } else if ((*out_fit = fit_of(pooled, endpoint)) != MX_POOL_UNFIT) {
            return pooled;
        }
    }
    return NULL;
}

bool
core_pool_take(struct mx_endpoint *endpoint)
{
    struct core_pool *pool = core_pool_mine(endpoint->server->rt);
    if (endpoint->session->protocol->pool_kind == NULL ||
        (endpoint->server->config.persistpoolmax <= 0 && mx_list_is_empty(&pool->idle))) {
        return false;
    }
    enum mx_pool_fit fit = MX_POOL_RESET;
    struct mx_pooled *pooled = choose_same(pool, endpoint);
    if (pooled == NULL) {
        pooled = choose_other(pool, endpoint, &fit);
    }
    if (pooled == NULL) {
        mx_atomic_bump(&pool->missed, 1);
        return false;
    }
    struct mx_server *server = pooled->server;
    unlink_one(pool, pooled);
    mx_atomic_bump(&pool->reused, 1);
    pooled->protocol->backend_adopt(endpoint, pooled, fit);
    core_server_unref(server);
    return true;
}

/* ------------------------------------------------------------ max_routing_connections */

bool
core_pool_slot_get(struct mx_server *server)
{
    struct core_slots *slots = &server->rt->slots;
    int64_t limit = server->config.max_routing_connections;
    struct core_pool *pool = core_pool_mine(server->rt);
    if (core_slots_take(slots, limit)) {
        return true;
    }
    if (mx_list_is_empty(&pool->idle) || mx_atomic_get(&slots->waiting) > 0) {
        return false;
    }
    core_pool_close_idle(pool);
    return core_slots_take(slots, limit);
}

void
core_pool_slot_put(struct core_server_runtime *rt)
{
    struct core_slot_wait *next = core_slots_give(&rt->slots);
    if (next != NULL) {
        core_share_grant(next);
    }
}

/* ------------------------------------------------------------ closing */

void
core_pool_close(const char *server_name)
{
    const struct core_registry *registry = core_registry_mine();
    for (size_t i = 0; i < registry->server_count; i++) {
        if (server_name != NULL && strcmp(registry->servers[i]->name, server_name) != 0) {
            continue;
        }
        struct core_pool *pool = core_pool_mine(registry->servers[i]->rt);
        mx_list_each_safe (node, &pool->idle) {
            close_one(pool, pooled_of(node));
        }
        mx_timer_stop(&pool->sweep);
    }
}

static void
close_here(void *arg MX_UNUSED)
{
    core_pool_close(NULL);
}

void
core_pool_close_all(void)
{
    for (int i = 0; i < mx_worker_count(); i++) {
        mx_worker_call(mx_worker_get(i), close_here, NULL);
    }
}

struct core_pool_totals
core_pool_totals(const struct core_server_runtime *rt)
{
    struct core_pool_totals out = {0};
    for (size_t i = 0; i < rt->worker_count; i++) {
        out.count += mx_atomic_get(&rt->pools[i].count);
        out.most += mx_atomic_get(&rt->pools[i].most);
        out.reused += mx_atomic_get(&rt->pools[i].reused);
        out.missed += mx_atomic_get(&rt->pools[i].missed);
    }
    return out;
}
