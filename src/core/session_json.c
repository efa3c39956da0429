/* Sessions for the REST API: each worker describes its own. The shape is docs/user/rest.md's. */
#include "core/endpoint.h"
#include "core/history.h"
#include "core/session_move.h"
#include "core/session_trace.h"
#include "core/statements.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How often all sessions are looked at again because some were on their way between workers. */
#define LIST_TRIES 5

struct json_order {
    uint64_t id;
    json_t *rows;
};

json_t *
core_text_json(const char *text, size_t len)
{
    json_t *out = json_stringn(text, len);
    if (out != NULL) {
        return out;
    }
    char *copy = mx_strndup(text, len);
    for (size_t i = 0; i < len; i++) {
        copy[i] = (char)((unsigned char)copy[i] < 0x80 ? copy[i] : '?');
    }
    out = json_stringn(copy, len);
    free(copy);
    return out;
}

static json_t *
date_json(int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm when;
    char text[64];
    (void)gmtime_r(&seconds, &when);
    (void)strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &when);
    return json_string(text);
}

static const char *
state_text(const struct mx_session *session)
{
    switch ((enum core_session_state)session->state) {
    case CORE_SESSION_CREATED:
        return "Session created";
    case CORE_SESSION_STARTED:
        return "Session started";
    case CORE_SESSION_STOPPING:
        return "Stopping session";
    }
    return "Session created";
}

/* The cipher of an encrypted connection; conn may be NULL. */
static const char *
cipher_of(const struct mx_conn *conn)
{
    return conn == NULL ? "" : mx_conn_tls_cipher(conn);
}

static json_t *
connections_json(struct mx_session *session)
{
    json_t *rows = json_array();
    mx_list_each (node, &session->endpoints) {
        struct mx_endpoint *endpoint = mx_container_of(node, struct mx_endpoint, node);
        if (!endpoint->has_slot) {
            continue;
        }
        json_array_append_new(
            rows, json_pack("{s:s, s:I, s:s}", "server", endpoint->server->name, "connection_id",
                            (json_int_t)session->protocol->backend_id(endpoint), "cipher",
                            cipher_of(session->protocol->backend_conn(endpoint))));
    }
    return rows;
}

static json_t *
queues_json(struct mx_conn *conn, size_t own_bytes)
{
    json_int_t readq = conn == NULL ? 0 : (json_int_t)mx_conn_kept(conn);
    json_int_t writeq = conn == NULL ? 0 : (json_int_t)mx_conn_queued(conn);
    json_int_t misc = (json_int_t)own_bytes;
    return json_pack("{s:I, s:I, s:I, s:I}", "misc", misc, "readq", readq, "total",
                     readq + writeq + misc, "writeq", writeq);
}

static json_t *
memory_json(struct mx_session *session)
{
    json_t *client = queues_json(session->conn, CORE_SESSION_SIZE + session->protocol->client_size);
    json_int_t buffers = json_integer_value(json_object_get(client, "total"));
    json_t *backends = json_object();
    mx_list_each (node, &session->endpoints) {
        struct mx_endpoint *endpoint = mx_container_of(node, struct mx_endpoint, node);
        json_t *row = queues_json(session->protocol->backend_conn(endpoint),
                                  CORE_ENDPOINT_SIZE + session->protocol->backend_size);
        buffers += json_integer_value(json_object_get(row, "total"));
        json_object_set_new(backends, endpoint->server->name, row);
    }
    json_int_t history = session->history == NULL ? 0 : (json_int_t)session->history->bytes;
    return json_pack("{s:{s:o, s:o, s:I}, s:I, s:I, s:I, s:I, s:I}", "connection_buffers",
                     "backends", backends, "client", client, "total", buffers, "exec_metadata",
                     (json_int_t)0, "last_queries", (json_int_t)0, "sescmd_history", history,
                     "total", buffers + history, "variables", (json_int_t)0);
}

static json_t *
client_json(struct mx_session *session)
{
    json_t *attributes = session->protocol->client_attributes(session);
    json_t *client =
        json_pack("{s:s, s:o}", "cipher", cipher_of(session->conn), "connection_attributes",
                  attributes == NULL ? json_object() : attributes);
    if ((session->needs & MX_NEED_HISTORY) != 0) {
        const struct core_history *history = session->history;
        json_int_t entries = history == NULL ? 0 : (json_int_t)history->count;
        json_int_t answers = 0;
        for (size_t i = 0; history != NULL && i < history->count; i++) {
            answers += history->entries[i]->view.result >= 0 ? 1 : 0;
        }
        json_object_set_new(client, "sescmd_history_len", json_integer(entries));
        json_object_set_new(client, "sescmd_history_stored_metadata", json_integer(0));
        json_object_set_new(client, "sescmd_history_stored_responses", json_integer(answers));
    }
    return client;
}

static json_t *
relations_json(const struct mx_session *session)
{
    json_t *out = json_pack("{s:{s:[{s:s, s:s}]}}", "services", "data", "id",
                            session->service->name, "type", "services");
    if (session->stage_count > 0) {
        json_t *filters = json_array();
        for (size_t i = 0; i < session->stage_count; i++) {
            json_array_append_new(
                filters,
                json_pack("{s:s, s:s}", "id", session->stages[i].filter->name, "type", "filters"));
        }
        json_object_set_new(out, "filters", json_pack("{s:o}", "data", filters));
    }
    return out;
}

static json_t *
attributes_json(struct mx_session *session)
{
    int64_t alive_ms = mx_now_ms() - session->connected_ms;
    json_t *out = json_object();
    json_object_set_new(out, "client", client_json(session));
    json_object_set_new(out, "connected", date_json(mx_wall_now() - alive_ms));
    json_object_set_new(out, "connections", connections_json(session));
    if (session->conn != NULL) {
        int64_t idle_tenths = (mx_now_ms() - mx_conn_last_active_ms(session->conn)) / 100;
        json_object_set_new(out, "idle", json_real((double)idle_tenths / 10.0));
        json_object_set_new(out, "port", json_integer(mx_conn_peer_port(session->conn)));
    }
    json_object_set_new(out, "io_activity", json_integer((json_int_t)session->io_activity));
    json_object_set_new(out, "log", core_trace_json(session));
    json_object_set_new(out, "memory", memory_json(session));
    const struct core_service_config *config = &session->service->config;
    json_object_set_new(out, "parameters",
                        json_pack("{s:b, s:b, s:b, s:b}", "log_error", 0, "log_info",
                                  (int)config->log_info, "log_notice", (int)config->log_notice,
                                  "log_warning", (int)config->log_warning));
    json_object_set_new(out, "queries", core_statements_json(session->statements));
    json_object_set_new(out, "remote", json_string(session->remote));
    json_object_set_new(out, "seconds_alive", json_real((double)alive_ms / 1000.0));
    json_object_set_new(out, "state", json_string(state_text(session)));
    json_object_set_new(out, "thread", json_integer(mx_worker_index(mx_worker_self())));
    if (session->user != NULL) {
        json_object_set_new(out, "user", json_string(session->user));
    }
    return out;
}

static void
describe_mine(void *arg)
{
    struct json_order *order = arg;
    for (struct mx_session *session = core_session_next(NULL); session != NULL;
         session = core_session_next(session)) {
        if (order->id != 0 && session->id != order->id) {
            continue;
        }
        char id[24];
        (void)snprintf(id, sizeof(id), "%" PRIu64, session->id);
        json_array_append_new(order->rows,
                              json_pack("{s:o, s:s, s:o, s:s}", "attributes",
                                        attributes_json(session), "id", id, "relationships",
                                        relations_json(session), "type", "sessions"));
    }
}

json_t *
core_sessions_json(uint64_t id)
{
    struct json_order order = {.id = id, .rows = json_array()};
    int64_t stamp = 0;
    int tries = 0;
    do { /* one that changed its worker meanwhile would be missing, or there twice */
        stamp = core_moves_stamp();
        json_array_clear(order.rows);
        for (int i = 0; i < mx_worker_count(); i++) {
            mx_worker_call(mx_worker_get(i), describe_mine, &order);
        }
        tries++;
    } while (!core_moves_settled(stamp) && tries < LIST_TRIES);
    return order.rows;
}
