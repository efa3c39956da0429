/*
 * KILL. Ids are the proxy's: the statement never reaches a server as it is. The session it means is
 * looked for on all workers; there, each server that works for it is told to kill its own
 * connection, in the name of that session's user, over a connection made for this alone.
 */
#include "mariadb.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ER_NOT_SUPPORTED_YET 1235
#define ER_KILL_DENIED       1095

/* ------------------------------------------------------------ asked by a client */

static void
kill_done(struct mx_session *session, uint64_t id, enum mx_kill_result result)
{
    struct mx_err err;
    switch (result) {
    case MX_KILL_DONE:
        mx_err_clear(&err);
        break;
    case MX_KILL_UNKNOWN:
        (void)mx_err_set(&err, WIRE_ER_NO_SUCH_THREAD, "HY000", "Unknown thread id: %" PRIu64, id);
        break;
    case MX_KILL_NOT_OWNER:
        (void)mx_err_set(&err, ER_KILL_DENIED, "HY000", "You are not owner of thread %" PRIu64, id);
        break;
    }
    client_write_answer(session, &err);
    client_unpause(session, PAUSE_KILL);
}

void
kill_by_id(struct mx_session *session, uint64_t id, bool query_only, bool hard)
{
    client_pause(session, PAUSE_KILL);
    mx_session_kill_other(session, id, query_only, hard, kill_done);
}

/* ------------------------------------------------------------ the words */

struct words {
    const char *at;
    const char *end;
};

static void
skip_space(struct words *w)
{
    while (w->at < w->end && isspace((unsigned char)*w->at)) {
        w->at++;
    }
}

static bool
take_word(struct words *w, const char *word)
{
    skip_space(w);
    size_t len = strlen(word);
    size_t left = (size_t)(w->end - w->at);
    if (left < len || strncasecmp(w->at, word, len) != 0 ||
        (left > len && (isalnum((unsigned char)w->at[len]) || w->at[len] == '_'))) {
        return false;
    }
    w->at += len;
    return true;
}

static bool
take_number(struct words *w, uint64_t *out)
{
    skip_space(w);
    uint64_t value = 0;
    const char *start = w->at;
    while (w->at < w->end && isdigit((unsigned char)*w->at) && value < UINT64_MAX / 10 - 1) {
        value = value * 10 + (uint64_t)(*w->at - '0');
        w->at++;
    }
    bool some = w->at > start;
    skip_space(w);
    while (w->at < w->end && *w->at == ';') {
        w->at++;
        skip_space(w);
    }
    *out = value;
    return some && w->at == w->end;
}

static void
refuse(struct mx_session *session, uint16_t code, const char *sqlstate, const char *text)
{
    struct mx_err err;
    (void)mx_err_set(&err, code, sqlstate, "%s", text);
    client_write_answer(session, &err);
}

bool
kill_statement(struct mx_session *session, const char *text, size_t len MX_UNUSED,
               const struct mx_sql *sql)
{
    struct words w = {.at = text + sql->kill.start, .end = text + sql->kill.start + sql->kill.len};
    bool soft = take_word(&w, "SOFT");
    bool hard = !soft;
    if (hard) {
        (void)take_word(&w, "HARD");
    }
    bool query_only = take_word(&w, "QUERY");
    if (!query_only) {
        (void)take_word(&w, "CONNECTION");
    }
    if (take_word(&w, "USER")) {
        refuse(session, ER_NOT_SUPPORTED_YET, "42000",
               "KILL USER is not part of this version of the proxy; kill sessions one by one");
        return true;
    }
    if (query_only && take_word(&w, "ID")) {
        refuse(session, ER_NOT_SUPPORTED_YET, "42000",
               "KILL QUERY ID means a number that only one server knows; use KILL QUERY with the "
               "session's id");
        return true;
    }
    uint64_t id = 0;
    if (!take_number(&w, &id)) {
        refuse(session, WIRE_ER_PARSE, "42000", "KILL wants the number of a session of the proxy");
        return true;
    }
    kill_by_id(session, id, query_only, hard);
    return true;
}

/* ------------------------------------------------------------ told to a server */

struct killer {
    struct mx_conn *conn;
    struct backend_login login;
    struct mariadb_identity *identity;
    char *server_name;
    bool sent;
    char sql[64];
};

static void
killer_free(struct killer *killer)
{
    login_fini(&killer->login);
    mariadb_identity_free(killer->identity);
    free(killer->server_name);
    free(killer);
}

static void
killer_say(struct killer *killer)
{
    uint8_t bytes[96];
    size_t len = strlen(killer->sql);
    wire_header_store(bytes, (uint32_t)(len + 1), 0);
    bytes[WIRE_HEADER_SIZE] = WIRE_COM_QUERY;
    memcpy(bytes + WIRE_HEADER_SIZE + 1, killer->sql, len);
    mx_conn_write(killer->conn, bytes, WIRE_HEADER_SIZE + 1 + len);
    killer->sent = true;
}

static size_t
killer_data(struct mx_conn *conn, void *owner, uint8_t *data, size_t len)
{
    struct killer *killer = owner;
    struct wire_packet packet;
    if (wire_packet_next(data, len, &packet) != 0) {
        return 0;
    }
    if (killer->sent) {
        /* OK, or the statement had ended by itself: either way it does not run any more. */
        mx_conn_close(conn);
        killer_free(killer);
        return len;
    }
    struct login_facts facts = {.identity = killer->identity,
                                .database = "",
                                .server_name = killer->server_name,
                                .conn = conn,
                                .caps = WIRE_CAP_LONG_FLAG | WIRE_CAP_TRANSACTIONS};
    struct mx_err err;
    bool permanent = false;
    switch (login_packet(&killer->login, &facts, &packet, &permanent, &err)) {
    case LOGIN_MORE:
        break;
    case LOGIN_OK:
        killer_say(killer);
        break;
    case LOGIN_FAILED:
        mx_log_warning(NULL, "%s for '%s' on server '%s' failed: %s", killer->sql,
                       killer->identity->user, killer->server_name, err.text);
        mx_conn_close(conn);
        killer_free(killer);
        return len;
    }
    return packet.size;
}

static void
killer_closed(struct mx_conn *conn MX_UNUSED, void *owner, const struct mx_err *why)
{
    struct killer *killer = owner;
    if (!killer->sent) {
        mx_log_warning(NULL, "%s on server '%s' failed: %s", killer->sql, killer->server_name,
                       why->text);
    }
    killer_free(killer);
}

static const struct mx_conn_ops killer_ops = {.data = killer_data, .closed = killer_closed};

void
backend_kill(struct mx_endpoint *endpoint, bool query_only, bool hard)
{
    const struct mariadb_backend *backend = backend_of(endpoint);
    const struct mariadb_client *client = client_of(mx_endpoint_session(endpoint));
    if (backend->state == BACKEND_LOGIN || backend->state == BACKEND_BROKEN ||
        client->identity == NULL) {
        return; /* it is closed, and nothing runs there yet */
    }
    struct killer *killer = mx_calloc(1, sizeof(*killer));
    killer->identity = mariadb_identity_copy(client->identity);
    killer->server_name = mx_strdup(mx_server_name(mx_endpoint_server(endpoint)));
    (void)snprintf(killer->sql, sizeof(killer->sql), "KILL %s %s %u", hard ? "HARD" : "SOFT",
                   query_only ? "QUERY" : "CONNECTION", (unsigned)backend->login.thread_id);
    killer->conn = mx_endpoint_connect(endpoint, &killer_ops, killer);
}
