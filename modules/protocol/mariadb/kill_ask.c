/*
 * Statements to servers on connections of their own: a KILL must reach a server while the session's
 * connection there is busy, and questions about ids must not disturb it.
 */
#include "kill.h"
#include "mx/timer.h"
#include "mx/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASK_LIMIT_MS 10000

struct asking {
    struct mx_conn *conn;
    struct backend_login login;
    struct mariadb_identity *identity;
    struct mx_timer limit;
    kill_replied_fn replied; /* NULL: nobody waits */
    void *arg;
    char *server_name;
    bool sent;
    char sql[160];
};

static void
asking_end(struct asking *asking, const struct kill_reply *reply)
{
    mx_timer_stop(&asking->limit);
    if (asking->conn != NULL) {
        mx_conn_close(asking->conn);
    }
    if (reply->said == KILL_SAID_NOTHING) {
        mx_log_warning(NULL, "'%s' for '%s' on server '%s' was not carried out: %s", asking->sql,
                       asking->identity->user, asking->server_name, reply->err.text);
    }
    if (asking->replied != NULL) {
        asking->replied(asking->arg, reply);
    }
    login_fini(&asking->login);
    mariadb_identity_free(asking->identity);
    free(asking->server_name);
    free(asking);
    mx_errand_end();
}

static void
asking_failed(struct asking *asking, const struct mx_err *err)
{
    struct kill_reply reply = {.said = KILL_SAID_NOTHING, .err = *err};
    asking_end(asking, &reply);
}

static void
say(struct asking *asking)
{
    uint8_t bytes[sizeof(asking->sql) + 8];
    size_t len = strlen(asking->sql);
    wire_header_store(bytes, (uint32_t)(len + 1), 0);
    bytes[WIRE_HEADER_SIZE] = WIRE_COM_QUERY;
    memcpy(bytes + WIRE_HEADER_SIZE + 1, asking->sql, len);
    mx_conn_write(asking->conn, bytes, WIRE_HEADER_SIZE + 1 + len);
    asking->sent = true;
}

static void
take_reply(struct asking *asking, const struct wire_packet *packet)
{
    struct kill_reply reply = {.said = KILL_SAID_NOTHING};
    const struct wire_slice payload = packet->payload;
    struct wire_ok ok;
    struct wire_err err;
    if (payload.len > 0 && payload.data[0] == WIRE_MARK_OK &&
        wire_ok_decode(payload.data, payload.len, asking->login.caps, &ok) == 0) {
        reply.said = KILL_SAID_OK;
        reply.affected = ok.affected;
    } else if (payload.len > 0 && payload.data[0] == WIRE_MARK_ERR &&
               wire_err_decode(payload.data, payload.len, &err) == 0) {
        reply.said = KILL_SAID_ERROR;
        (void)mx_err_set(&reply.err, err.code, err.sqlstate, "%.*s", (int)err.text.len,
                         err.text.len == 0 ? "" : (const char *)err.text.data);
    } else {
        (void)mx_err_text(&reply.err, "the answer is neither OK nor an error");
    }
    asking_end(asking, &reply);
}

static size_t
on_data(struct mx_conn *conn, void *owner, uint8_t *data, size_t len)
{
    struct asking *asking = owner;
    struct wire_packet packet;
    if (wire_packet_next(data, len, &packet) != 0) {
        return 0;
    }
    if (asking->sent) {
        take_reply(asking, &packet);
        return len;
    }
    struct login_facts facts = {.identity = asking->identity,
                                .database = "",
                                .server_name = asking->server_name,
                                .conn = conn,
                                .caps = WIRE_CAP_LONG_FLAG | WIRE_CAP_TRANSACTIONS};
    struct mx_err err;
    bool permanent = false;
    switch (login_packet(&asking->login, &facts, &packet, &permanent, &err)) {
    case LOGIN_MORE:
        break;
    case LOGIN_OK:
        say(asking);
        break;
    case LOGIN_FAILED:
        asking_failed(asking, &err);
        return len;
    }
    return packet.size;
}

static void
on_closed(struct mx_conn *conn MX_UNUSED, void *owner, const struct mx_err *why)
{
    struct asking *asking = owner;
    asking->conn = NULL;
    asking_failed(asking, why);
}

static const struct mx_conn_ops conn_ops = {.data = on_data, .closed = on_closed};

static void
is_late(struct mx_timer *timer)
{
    struct mx_err err;
    (void)mx_err_text(&err, "no answer in %d ms", ASK_LIMIT_MS);
    asking_failed(mx_container_of(timer, struct asking, limit), &err);
}

static struct asking *
asking_new(struct mariadb_identity *identity, const struct mx_server *server, const char *sql)
{
    struct asking *asking = mx_calloc(1, sizeof(*asking));
    asking->identity = mariadb_identity_ref(identity);
    asking->server_name = mx_strdup(mx_server_name(server));
    (void)snprintf(asking->sql, sizeof(asking->sql), "%s", sql);
    mx_timer_start(&asking->limit, is_late, ASK_LIMIT_MS);
    mx_errand_begin();
    return asking;
}

/* At the end of the turn: it could not be asked at all. */
static void
refused(void *arg)
{
    struct asking *asking = arg;
    struct mx_err err;
    (void)mx_err_text(&err, "the server takes no connections");
    asking_failed(asking, &err);
}

void
kill_ask(struct mx_session *session, struct mx_server *server, const char *sql,
         kill_replied_fn replied, void *arg)
{
    struct asking *asking = asking_new(client_of(session)->identity, server, sql);
    struct mx_err err;
    asking->replied = replied;
    asking->arg = arg;
    asking->conn = mx_session_connect(session, server, &conn_ops, asking, &err);
    if (asking->conn == NULL) {
        mx_worker_defer(refused, asking);
    }
}

const char *
kill_sql(char *out, size_t size, const struct kill_words *words, uint64_t thread_id)
{
    (void)snprintf(out, size, "KILL %s %s %llu", words->hard ? "HARD" : "SOFT",
                   words->query_only ? "QUERY" : "CONNECTION", (unsigned long long)thread_id);
    return out;
}

void
backend_kill(struct mx_endpoint *endpoint, bool query_only, bool hard)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    const struct mariadb_client *client = client_of(mx_endpoint_session(endpoint));
    if (backend->state == BACKEND_BROKEN || client->identity == NULL) {
        return;
    }
    if (backend->state == BACKEND_LOGIN || backend->state == BACKEND_PARKED ||
        (backend->state != BACKEND_READY && query_only)) {
        return; /* nothing of the client's runs there yet */
    }
    backend->unfit = true; /* the KILL could come late and hit whoever has the connection then */
    char sql[64];
    struct kill_words words = {.query_only = query_only, .hard = hard};
    struct asking *asking =
        asking_new(client->identity, mx_endpoint_server(endpoint),
                   kill_sql(sql, sizeof(sql), &words, backend->login.thread_id));
    asking->conn = mx_endpoint_connect(endpoint, &conn_ops, asking);
}
