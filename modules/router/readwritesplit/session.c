/* Start and end of a session. */
#include "rwsplit.h"

#include <stdlib.h>

static struct rws_session *
allocate(struct mx_session *session)
{
    const struct mx_service *service = mx_session_service(session);
    size_t count = mx_service_server_count(service);
    struct rws_session *rs = mx_calloc(1, sizeof(*rs) + count * sizeof(rs->backends[0]));
    rs->session = session;
    rs->instance = mx_service_router_instance(service);
    rs->config = mx_service_router_config(service);
    rs->backend_count = (uint32_t)count;
    for (uint32_t i = 0; i < count; i++) {
        rs->backends[i].server = mx_service_server(service, i);
        rs->backends[i].index = i;
    }
    return rs;
}

static int
open_primary(struct rws_session *rs, struct mx_err *err)
{
    struct rws_backend *best = NULL;
    for (uint32_t i = 0; i < rs->backend_count; i++) {
        struct rws_backend *b = &rs->backends[i];
        if (!mx_server_is_master(b->server) || !mx_server_connectable(b->server)) {
            continue;
        }
        if (best == NULL || mx_server_rank(b->server) < mx_server_rank(best->server) ||
            (mx_server_rank(b->server) == mx_server_rank(best->server) &&
             mx_server_connections(b->server) < mx_server_connections(best->server))) {
            best = b;
        }
    }
    if (best == NULL) {
        return mx_err_set(
            err, 1815, "HY000",
            "Service '%s' has no primary server now; `maxctrl list servers` shows the "
            "states of its servers",
            mx_service_name(mx_session_service(rs->session)));
    }
    if (rws_backend_open(rs, best, err) != 0) {
        return -1;
    }
    rs->primary = best;
    return 0;
}

/* The unconnected replica with the fewest connections of this proxy. */
static struct rws_backend *
next_replica(struct rws_session *rs)
{
    struct rws_backend *best = NULL;
    for (uint32_t i = 0; i < rs->backend_count; i++) {
        struct rws_backend *b = &rs->backends[i];
        bool role = mx_server_is_slave(b->server) || mx_server_is_relay(b->server);
        bool rank =
            rs->primary == NULL || mx_server_rank(b->server) == mx_server_rank(rs->primary->server);
        if (role && rank && b->endpoint == NULL && !b->skipped && b != rs->primary &&
            mx_server_connectable(b->server) &&
            (best == NULL ||
             mx_server_connections(b->server) < mx_server_connections(best->server))) {
            best = b;
        }
    }
    return best;
}

static void
open_replicas(struct rws_session *rs, struct mx_err *err)
{
    int64_t wanted = rs->config->slave_connections < rs->config->max_slave_connections
                         ? rs->config->slave_connections
                         : rs->config->max_slave_connections;
    struct rws_backend *b = NULL;
    while ((int64_t)rws_open_replicas(rs) < wanted && (b = next_replica(rs)) != NULL) {
        if (rws_backend_open(rs, b, err) != 0) {
            b->skipped = true;
        }
    }
    for (uint32_t i = 0; i < rs->backend_count; i++) {
        rs->backends[i].skipped = false;
    }
}

static int
open_all(struct rws_session *rs, struct mx_err *err)
{
    int rc = open_primary(rs, err);
    if (rc != 0 && rs->config->master_failure_mode == RWS_FAIL_INSTANTLY) {
        return -1;
    }
    struct mx_err replica_err = {0};
    open_replicas(rs, &replica_err);
    if (rws_backends_open_count(rs) > 0) {
        return 0;
    }
    return mx_err_set(err, 1815, "HY000",
                      "No server of service '%s' is available; `maxctrl list servers` shows their "
                      "states",
                      mx_service_name(mx_session_service(rs->session)));
}

int
rws_session_new(struct mx_session *session, void **out_rs, struct mx_err *err)
{
    struct rws_session *rs = allocate(session);
    if (rs->backend_count == 0) {
        free(rs);
        return mx_err_set(err, 1815, "HY000", "Service '%s' has no servers",
                          mx_service_name(mx_session_service(session)));
    }
    if (!rs->config->lazy_connect && open_all(rs, err) != 0) {
        rws_session_free(rs);
        return -1;
    }
    *out_rs = rs;
    return 0;
}

void
rws_session_free(void *ptr)
{
    struct rws_session *rs = ptr;
    for (uint32_t i = 0; i < rs->backend_count; i++) {
        rws_backend_close(rs, &rs->backends[i]);
    }
    rws_tmp_tables_clear(rs);
    mx_buf_free(&rs->copy);
    free(rs->homes);
    free(rs);
}

void
rws_session_reset(void *ptr)
{
    struct rws_session *rs = ptr;
    rws_tmp_tables_clear(rs);
    free(rs->homes);
    rs->homes = NULL;
    rs->home_count = 0;
    rs->locked = false;
    rs->tables_locked = false;
    rs->next_trx = false;
    rs->vars_on_primary = false;
    rs->trx_backend = NULL;
    rs->was_in_trx = false;
    rs->trx_had_write = false;
}
