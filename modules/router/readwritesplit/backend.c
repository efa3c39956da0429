/* The session's endpoints: opening, closing, letting go of what must not be used any more. */
#include "mx/timer.h"
#include "rwsplit.h"

int
rws_backend_open(struct rws_session *rs, struct rws_backend *backend, struct mx_err *err)
{
    if (backend->endpoint != NULL) {
        return 0;
    }
    if (mx_endpoint_open(rs->session, backend->server, backend, &backend->endpoint, err) != 0) {
        backend->endpoint = NULL;
        return -1;
    }
    backend->use = (struct mx_router_use){.opened_us = mx_now_us()};
    backend->unread = 0;
    return 0;
}

static void
forget(struct rws_session *rs, struct rws_backend *backend)
{
    if (rs->primary == backend) {
        rs->primary = NULL;
    }
    if (rs->last == backend) {
        rs->last = NULL;
    }
    if (rs->trx_backend == backend) {
        rs->trx_backend = NULL;
    }
    rws_home_drop_backend(rs, backend);
}

void
rws_backend_close(struct rws_session *rs, struct rws_backend *backend)
{
    if (backend->use.opened_us != 0) {
        mx_router_use_stop(&backend->use);
        mx_router_stats_end(rs->instance->stats, backend->index, &backend->use);
        backend->use = (struct mx_router_use){0};
    }
    if (backend->endpoint != NULL) {
        mx_endpoint_close(backend->endpoint);
        backend->endpoint = NULL;
    }
    backend->unread = 0;
    forget(rs, backend);
}

struct rws_backend *
rws_backend_for_server(struct rws_session *rs, const struct mx_server *server)
{
    for (uint32_t i = 0; i < rs->backend_count; i++) {
        if (mx_server_same(rs->backends[i].server, server)) {
            return &rs->backends[i];
        }
    }
    return NULL;
}

uint32_t
rws_backends_open_count(const struct rws_session *rs)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < rs->backend_count; i++) {
        count += rs->backends[i].endpoint != NULL ? 1u : 0u;
    }
    return count;
}

/* Connections to servers in maintenance, or of a rank the session has left, end when idle. */
void
rws_backends_tidy(struct rws_session *rs)
{
    for (uint32_t i = 0; i < rs->backend_count; i++) {
        struct rws_backend *b = &rs->backends[i];
        if (b->endpoint == NULL || mx_endpoint_state(b->endpoint) != MX_ENDPOINT_READY ||
            b == rs->trx_backend) {
            continue;
        }
        bool other_rank = rs->primary != NULL && b != rs->primary &&
                          mx_server_rank(b->server) != mx_server_rank(rs->primary->server);
        if ((mx_server_status(b->server) & MX_STATUS_MAINT) != 0 || other_rank) {
            rws_backend_close(rs, b);
        }
    }
}
