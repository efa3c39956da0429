/* One session on one server: open, pass on, end. */
#include "mx/command.h"
#include "mx/timer.h"
#include "readconnroute.h"

#include <stdlib.h>

static void *
instance_new(const char *service_name MX_UNUSED)
{
    struct rcr_instance *instance = mx_calloc(1, sizeof(*instance));
    instance->stats = mx_router_stats_new();
    return instance;
}

static void
instance_free(void *ptr)
{
    struct rcr_instance *instance = ptr;
    if (instance != NULL) {
        mx_router_stats_free(instance->stats);
        free(instance);
    }
}

static json_t *
diagnostics(void *ptr, const struct mx_service *service)
{
    const struct rcr_instance *instance = ptr;
    json_t *rows = mx_router_stats_json(instance->stats, service, "avg_queries_per_session");
    json_int_t queries = 0;
    size_t i = 0;
    json_t *row = NULL;
    json_array_foreach(rows, i, row)
    {
        queries += json_integer_value(json_object_get(row, "total"));
    }
    json_t *out = json_object();
    json_object_set_new(out, "queries", json_integer(queries));
    json_object_set_new(out, "server_query_statistics", rows);
    return out;
}

static int
session_new(struct mx_session *session, void **out_rs, struct mx_err *err)
{
    const struct mx_service *service = mx_session_service(session);
    const struct rcr_config *config = mx_service_router_config(service);
    uint32_t bits = 0;
    size_t index = rcr_choose(service, config, &bits);
    if (index == RCR_NO_SERVER) {
        return mx_err_set(err, 1815, "HY000",
                          "No server of service '%s' is available in a role of router_options; "
                          "`maxctrl list servers` shows their states",
                          mx_service_name(service));
    }
    struct rcr_session *rs = mx_calloc(1, sizeof(*rs));
    rs->session = session;
    rs->instance = mx_service_router_instance(service);
    rs->config = config;
    rs->bits = bits;
    rs->index = (uint32_t)index;
    if (mx_endpoint_open(session, mx_service_server(service, index), rs, &rs->endpoint, err) != 0) {
        free(rs);
        return -1;
    }
    rs->use.opened_us = mx_now_us();
    *out_rs = rs;
    return 0;
}

static void
session_free(void *ptr)
{
    struct rcr_session *rs = ptr;
    mx_router_use_stop(&rs->use);
    mx_router_stats_end(rs->instance->stats, rs->index, &rs->use);
    if (rs->endpoint != NULL) {
        mx_endpoint_close(rs->endpoint);
    }
    free(rs);
}

/* What the session's next connection has to hear when this one is given to another session. */
static bool
is_session_command(const struct mx_query *query)
{
    bool is_text = query->command == MX_COM_QUERY;
    return mx_query_is_recorded(query) &&
           (!is_text || (query->sql != NULL && mx_sql_is_session_command(query->sql, true)));
}

static enum mx_verdict
route(void *ptr, struct mx_query *query)
{
    struct rcr_session *rs = ptr;
    if (query->first) {
        struct mx_server *server = mx_endpoint_server(rs->endpoint);
        const char *why = rcr_why_invalid(mx_session_service(rs->session), server, rs->bits);
        if (why != NULL) {
            return mx_session_kill(rs->session, "server '%s' cannot be used any more: %s",
                                   mx_server_name(server), why);
        }
        bool write = rs->bits == MX_STATUS_MASTER;
        mx_router_stats_count(rs->instance->stats, rs->index, write);
        rs->use.selects++;
        mx_router_use_start(&rs->use);
    }
    if (mx_endpoint_shares(rs->endpoint) && mx_query_is_whole(query) && is_session_command(query)) {
        (void)mx_session_history_add(rs->session, query);
    }
    mx_endpoint_send(rs->endpoint, query, rs->bits == MX_STATUS_MASTER ? MX_SEND_WRITE : 0);
    return MX_PASS;
}

static enum mx_verdict
reply(void *ptr, struct mx_endpoint *endpoint, struct mx_reply *reply)
{
    struct rcr_session *rs = ptr;
    if (reply->complete && reply->history_id != 0) {
        mx_session_history_result(rs->session, reply->history_id, reply->kind != MX_REPLY_ERR);
    }
    if (reply->complete && mx_endpoint_pending(endpoint) <= 1) {
        mx_router_use_stop(&rs->use);
    }
    return MX_PASS;
}

static enum mx_verdict
lost(void *ptr, struct mx_endpoint *endpoint, const struct mx_err *why,
     bool sent_to_client MX_UNUSED, bool permanent MX_UNUSED)
{
    struct rcr_session *rs = ptr;
    const char *name = mx_server_name(mx_endpoint_server(endpoint));
    rs->endpoint = NULL;
    return mx_session_kill(rs->session, "lost the connection to server '%s': %s", name, why->text);
}

const struct mx_router_ops rcr_ops = {
    .needs = 0,
    .instance_new = instance_new,
    .instance_free = instance_free,
    .diagnostics = diagnostics,
    .session_new = session_new,
    .session_free = session_free,
    .route = route,
    .reply = reply,
    .lost = lost,
};
