#include "fake_core.h"
#include "mx/worker.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct fake_core fake;

void
fake_reset(void)
{
    memset(&fake, 0, sizeof(fake));
    fake.server_count = FAKE_SERVERS;
    for (size_t i = 0; i < FAKE_SERVERS; i++) {
        (void)snprintf(fake.servers[i].name, sizeof(fake.servers[i].name), "server%zu", i + 1);
        fake.servers[i].status = MX_STATUS_RUNNING | (i == 0 ? MX_STATUS_MASTER : MX_STATUS_SLAVE);
    }
    fake.config = (struct rws_config){.max_slave_connections = 255,
                                      .slave_connections = 255,
                                      .master_failure_mode = RWS_FAIL_ON_WRITE,
                                      .delayed_retry_timeout_ms = 10000,
                                      .master_reconnection = true,
                                      .strict_tmp_tables = true,
                                      .retry_failed_reads = true};
    fake.instance = (struct rws_instance){.worker_count = 1, .counters = &fake.counters};
    fake.can_recover = true;
    mx_trx_init(&fake.trx);
}

struct rws_session *
fake_session(void)
{
    void *rs = NULL;
    struct mx_err err = {0};
    return rws_session_new(NULL, &rs, &err) == 0 ? rs : NULL;
}

struct mx_endpoint *
fake_endpoint(size_t server)
{
    for (size_t i = 0; i < fake.endpoint_count; i++) {
        if (fake.endpoints[i].open && fake.endpoints[i].server == &fake.servers[server]) {
            return &fake.endpoints[i];
        }
    }
    return NULL;
}

int
fake_last_server(void)
{
    for (size_t i = fake.sent_count; i > 0; i--) {
        if ((fake.sent[i - 1].flags & MX_SEND_DISCARD) == 0) {
            return (int)(fake.sent[i - 1].server - fake.servers);
        }
    }
    return -1;
}

enum mx_verdict
fake_command(struct rws_session *rs, uint8_t command, uint32_t stmt_id, const char *bytes,
             size_t len, const struct mx_sql *sql)
{
    uint8_t data[256] = {0};
    struct mx_query query = {.data = data,
                             .len = len + 5,
                             .command = command,
                             .first = true,
                             .last = true,
                             .stmt_id = stmt_id,
                             .sql = sql};
    data[4] = command;
    memcpy(data + 5, bytes, len);
    query.expects_reply = command != MX_COM_STMT_CLOSE && command != MX_COM_STMT_SEND_LONG_DATA;
    if (command == MX_COM_QUERY || command == MX_COM_STMT_PREPARE) {
        query.text = (const char *)data + 5;
        query.text_len = len;
    }
    return rws_route(rs, &query);
}

enum mx_verdict
fake_query(struct rws_session *rs, const char *text, uint32_t type, uint32_t facts,
           enum mx_sql_op op)
{
    struct mx_sql sql = {.type = type, .facts = facts, .op = (uint16_t)op, .result = MX_SQL_PARSED};
    return fake_command(rs, MX_COM_QUERY, 0, text, strlen(text), &sql);
}

void
fake_reply(struct rws_session *rs, size_t server, bool ok, uint16_t status)
{
    struct mx_endpoint *endpoint = fake_endpoint(server);
    uint8_t bytes[16] = {0};
    struct mx_reply reply = {.data = bytes,
                             .len = sizeof(bytes),
                             .first = true,
                             .complete = true,
                             .kind = ok ? MX_REPLY_OK : MX_REPLY_ERR,
                             .status = status,
                             .error_code = ok ? 0 : 1146};
    endpoint->pending--;
    if (ok) {
        mx_trx_note_status(&fake.trx, status);
    }
    if (endpoint->discards > 0) {
        endpoint->discards--;
        reply.data = NULL;
        reply.len = 0;
    }
    (void)rws_reply(rs, endpoint, &reply);
}

void
fake_interrupt(struct rws_session *rs, size_t server)
{
    struct mx_endpoint *endpoint = fake_endpoint(server);
    uint32_t discards = endpoint->discards;
    endpoint->discards = 0;
    fake_reply(rs, server, false, 0);
    endpoint->discards = discards;
}

void
fake_reply_all(struct rws_session *rs)
{
    for (size_t i = 0; i < fake.server_count; i++) {
        while (fake_endpoint(i) != NULL && fake_endpoint(i)->pending > 0) {
            fake_reply(rs, i, true, fake.trx.status);
        }
    }
}

enum mx_verdict
fake_lose(struct rws_session *rs, size_t server, bool permanent)
{
    struct mx_endpoint *endpoint = fake_endpoint(server);
    struct mx_err why = {.code = 2013, .sqlstate = "HY000", .text = "it broke"};
    endpoint->open = false;
    return rws_lost(rs, endpoint, &why, false, permanent);
}

enum mx_verdict
fake_refuse(struct rws_session *rs, size_t server)
{
    fake_endpoint(server)->connecting = true;
    return fake_lose(rs, server, false);
}

/* ---- what the router calls ---- */

int
mx_endpoint_open(struct mx_session *session MX_UNUSED, struct mx_server *server, void *owner,
                 struct mx_endpoint **out, struct mx_err *err)
{
    if (server->refuses) {
        return mx_err_set(err, 1040, "08004", "limit");
    }
    struct mx_endpoint *endpoint = &fake.endpoints[fake.endpoint_count++];
    *endpoint = (struct mx_endpoint){.server = server, .owner = owner, .open = true};
    server->connections++;
    *out = endpoint;
    return 0;
}

void
mx_endpoint_send(struct mx_endpoint *endpoint, const struct mx_query *query, uint32_t flags)
{
    struct fake_sent *sent = &fake.sent[fake.sent_count++];
    MX_ASSERT(fake.sent_count < FAKE_SENT_MAX && endpoint->open);
    *sent = (struct fake_sent){endpoint->server, query->command, flags, ""};
    size_t len = query->len > 5 ? query->len - 5 : 0;
    (void)snprintf(sent->text, sizeof(sent->text), "%.*s", (int)len,
                   (const char *)query->data + (len > 0 ? 5 : 0));
    endpoint->pending += query->expects_reply ? 1u : 0u;
    endpoint->discards += query->expects_reply && (flags & MX_SEND_DISCARD) != 0 ? 1u : 0u;
}

void
mx_endpoint_close(struct mx_endpoint *endpoint)
{
    endpoint->open = false;
    endpoint->server->connections--;
}

enum mx_endpoint_state
mx_endpoint_state(const struct mx_endpoint *endpoint)
{
    if (endpoint->connecting) {
        return MX_ENDPOINT_CONNECTING;
    }
    return endpoint->pending > 0 ? MX_ENDPOINT_BUSY : MX_ENDPOINT_READY;
}

bool
mx_endpoint_is_parked(const struct mx_endpoint *endpoint MX_UNUSED)
{
    return false;
}

struct mx_server *
mx_endpoint_server(const struct mx_endpoint *endpoint)
{
    return endpoint->server;
}

void *
mx_endpoint_owner(const struct mx_endpoint *endpoint)
{
    return endpoint->owner;
}

uint64_t
mx_endpoint_last_write_ms(const struct mx_endpoint *endpoint MX_UNUSED)
{
    return 0;
}

enum mx_verdict
mx_session_kill(struct mx_session *session MX_UNUSED, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(fake.killed, sizeof(fake.killed), format, args);
    va_end(args);
    return MX_FAIL;
}

void
mx_session_reply_error(struct mx_session *session MX_UNUSED, uint16_t code,
                       const char *sqlstate MX_UNUSED, const char *format MX_UNUSED, ...)
{
    fake.error_code = code;
}

void
mx_session_resume(struct mx_session *session MX_UNUSED)
{
    fake.resumed = true;
}

void
mx_session_timer(struct mx_session *session MX_UNUSED, uint32_t ms)
{
    fake.timer_ms = ms;
}

struct mx_trx *
mx_session_trx(struct mx_session *session MX_UNUSED)
{
    return &fake.trx;
}

const struct mx_service *
mx_session_service(const struct mx_session *session MX_UNUSED)
{
    return NULL;
}

const char *
mx_session_database(const struct mx_session *session MX_UNUSED)
{
    return "test";
}

const struct mx_sql_options *
mx_session_sql_options(const struct mx_session *session MX_UNUSED)
{
    return NULL;
}

uint64_t
mx_session_history_add(struct mx_session *session MX_UNUSED, struct mx_query *query)
{
    query->history_id = ++fake.history;
    return fake.history;
}

void
mx_session_history_result(struct mx_session *session MX_UNUSED, uint64_t id MX_UNUSED,
                          bool ok MX_UNUSED)
{
}

bool
mx_session_can_recover(const struct mx_session *session MX_UNUSED)
{
    return fake.can_recover;
}

size_t
mx_service_server_count(const struct mx_service *service MX_UNUSED)
{
    return fake.server_count;
}

struct mx_server *
mx_service_server(const struct mx_service *service MX_UNUSED, size_t index)
{
    return &fake.servers[index];
}

const char *
mx_service_name(const struct mx_service *service MX_UNUSED)
{
    return "RW";
}

const void *
mx_service_router_config(const struct mx_service *service MX_UNUSED)
{
    return &fake.config;
}

void *
mx_service_router_instance(const struct mx_service *service MX_UNUSED)
{
    return &fake.instance;
}

const char *
mx_server_name(const struct mx_server *server)
{
    return server->name;
}

uint32_t
mx_server_status(const struct mx_server *server)
{
    return server->status;
}

int64_t
mx_server_lag_s(const struct mx_server *server)
{
    return server->lag_s;
}

int
mx_server_rank(const struct mx_server *server)
{
    return server->rank;
}

int64_t
mx_server_connections(const struct mx_server *server)
{
    return server->connections;
}

int64_t
mx_server_operations(const struct mx_server *server)
{
    return server->operations;
}

int64_t
mx_server_response_us(const struct mx_server *server)
{
    return server->response_us;
}

void
mx_server_note_response_us(const struct mx_server *server MX_UNUSED, int64_t us MX_UNUSED)
{
}

bool
mx_server_same(const struct mx_server *a, const struct mx_server *b)
{
    return a == b;
}

static bool
has(const struct mx_server *server, uint32_t bits)
{
    return (server->status & (bits | MX_STATUS_RUNNING)) == (bits | MX_STATUS_RUNNING) &&
           (server->status & MX_STATUS_MAINT) == 0;
}

bool
mx_server_connectable(const struct mx_server *server)
{
    return has(server, 0) && (server->status & MX_STATUS_DRAINING) == 0;
}

bool
mx_server_usable(const struct mx_server *server)
{
    return has(server, 0);
}

bool
mx_server_is_master(const struct mx_server *server)
{
    return has(server, MX_STATUS_MASTER);
}

bool
mx_server_is_slave(const struct mx_server *server)
{
    return has(server, MX_STATUS_SLAVE);
}

bool
mx_server_is_relay(const struct mx_server *server)
{
    return has(server, MX_STATUS_RELAY);
}

struct mx_worker *
mx_worker_self(void)
{
    return NULL;
}

int
mx_worker_index(const struct mx_worker *worker MX_UNUSED)
{
    return 0;
}

void
mx_router_stats_count(struct mx_router_stats *stats MX_UNUSED, size_t index MX_UNUSED,
                      bool write MX_UNUSED)
{
}

void
mx_router_stats_end(struct mx_router_stats *stats MX_UNUSED, size_t index MX_UNUSED,
                    const struct mx_router_use *use MX_UNUSED)
{
}

void
mx_router_use_start(struct mx_router_use *use MX_UNUSED)
{
}

void
mx_router_use_stop(struct mx_router_use *use MX_UNUSED)
{
}
