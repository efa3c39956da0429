/* Which server of a class gets the statement. Looks only at the session's backends. */
#include "mx/timer.h"
#include "rwsplit.h"

uint32_t
rws_open_replicas(const struct rws_session *rs)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < rs->backend_count; i++) {
        const struct rws_backend *b = &rs->backends[i];
        count += b->endpoint != NULL && b != rs->primary ? 1u : 0u;
    }
    return count;
}

bool
rws_backend_available(const struct rws_session *rs, const struct rws_backend *backend)
{
    if (backend->endpoint != NULL) {
        return mx_server_usable(backend->server);
    }
    return !backend->barred && !backend->skipped && mx_server_connectable(backend->server) &&
           backend->rest_until_ms <= mx_now_ms() && mx_session_can_recover(rs->session);
}

static bool
primary_is_better(const struct rws_session *rs, const struct rws_backend *a,
                  const struct rws_backend *b)
{
    if (mx_server_rank(a->server) != mx_server_rank(b->server)) {
        return mx_server_rank(a->server) < mx_server_rank(b->server);
    }
    if ((a == rs->primary) != (b == rs->primary)) {
        return a == rs->primary;
    }
    return mx_server_connections(a->server) < mx_server_connections(b->server);
}

struct rws_backend *
rws_choose_primary(struct rws_session *rs)
{
    struct rws_backend *best = NULL;
    for (uint32_t i = 0; i < rs->backend_count; i++) {
        struct rws_backend *b = &rs->backends[i];
        if (mx_server_is_master(b->server) && rws_backend_available(rs, b) &&
            (best == NULL || primary_is_better(rs, b, best))) {
            best = b;
        }
    }
    /* Without reconnection a session keeps the primary it started with, or none; and so does one
     * whose state is on that primary only. */
    bool tied = rs->primary != NULL && (rs->locked || rs->tables_locked);
    if (best != NULL && best != rs->primary && (!rs->config->master_reconnection || tied)) {
        return NULL;
    }
    return best;
}

/* Rank of the primary in use, else the best rank that is available. */
static int
current_rank(const struct rws_session *rs)
{
    if (rs->primary != NULL && rs->primary->endpoint != NULL) {
        return mx_server_rank(rs->primary->server);
    }
    int best = INT32_MAX;
    for (uint32_t i = 0; i < rs->backend_count; i++) {
        const struct rws_backend *b = &rs->backends[i];
        if (rws_backend_available(rs, b) && mx_server_rank(b->server) < best) {
            best = mx_server_rank(b->server);
        }
    }
    return best;
}

static bool
within_lag(const struct rws_session *rs, const struct mx_server *server)
{
    int64_t limit_ms = rs->config->max_replication_lag_ms;
    int64_t lag_s = mx_server_lag_s(server);
    return limit_ms == 0 || (lag_s != MX_LAG_UNKNOWN && lag_s * 1000 < limit_ms);
}

static bool
is_candidate(const struct rws_session *rs, const struct rws_backend *b, uint32_t open, int rank)
{
    bool master = mx_server_is_master(b->server);
    if ((!master && !mx_server_is_slave(b->server) && !mx_server_is_relay(b->server)) ||
        !rws_backend_available(rs, b) || mx_server_rank(b->server) != rank ||
        !within_lag(rs, b->server)) {
        return false;
    }
    if (b->endpoint != NULL) {
        return true;
    }
    return master || (int64_t)open < rs->config->max_slave_connections;
}

/* 0: acts as a replica and is idle, 1: acts as one but is busy, 2: the primary as a last resort. */
static int
priority_class(const struct rws_session *rs, const struct rws_backend *b)
{
    bool replica = !mx_server_is_master(b->server) || rs->config->master_accept_reads;
    if (!replica) {
        return 2;
    }
    return b->unread > 0 ? 1 : 0;
}

static int64_t
score(const struct rws_session *rs, const struct rws_backend *b)
{
    switch ((enum rws_criteria)rs->config->slave_selection_criteria) {
    case RWS_LEAST_LAG:
        return mx_server_lag_s(b->server);
    case RWS_LEAST_ROUTER_CONNECTIONS:
    case RWS_LEAST_GLOBAL_CONNECTIONS:
        return mx_server_connections(b->server);
    case RWS_ADAPTIVE:
        return mx_server_response_us(b->server) * (1 + mx_server_operations(b->server));
    case RWS_LEAST_OPERATIONS:
        break;
    }
    return mx_server_operations(b->server);
}

static uint64_t
last_write(const struct rws_backend *b)
{
    return b->endpoint != NULL ? mx_endpoint_last_write_ms(b->endpoint) : 0;
}

struct rws_backend *
rws_choose_replica(struct rws_session *rs)
{
    if (rs->config->max_slave_connections == 0) {
        return rws_choose_primary(rs);
    }
    struct rws_backend *best = NULL;
    int best_class = 0;
    int64_t best_score = 0;
    uint32_t open = rws_open_replicas(rs);
    int rank = current_rank(rs);
    for (uint32_t i = 0; i < rs->backend_count; i++) {
        struct rws_backend *b = &rs->backends[i];
        if (!is_candidate(rs, b, open, rank)) {
            continue;
        }
        int class = priority_class(rs, b);
        int64_t points = score(rs, b);
        if (best == NULL || class < best_class ||
            (class == best_class &&
             (points < best_score || (points == best_score && last_write(b) < last_write(best))))) {
            best = b;
            best_class = class;
            best_score = points;
        }
    }
    return best;
}
