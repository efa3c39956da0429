/* A client's connection: open, pauses, end. */
#include "mariadb.h"

#include <stdlib.h>

/* Commands in one go; those behind them when the other clients have had their turn. */
#define COMMANDS_AT_ONCE 512

/* Whole runs of what was read; the parts of it are in client_auth.c and client_cmd.c. */
static size_t
on_data(struct mx_conn *conn, void *owner, uint8_t *data, size_t len)
{
    struct mx_session *session = owner;
    struct mariadb_client *client = client_of(session);
    size_t used = 0;
    uint32_t parts = 0;
    while (used < len && client->pauses == 0 && mx_session_is_open(session) &&
           !mx_conn_is_switching(conn)) {
        size_t part = 0;
        switch ((enum client_state)client->state) {
        case CLIENT_LOGIN:
        case CLIENT_TLS_LOGIN:
        case CLIENT_EXCHANGE:
            part = client_login_data(session, data + used, len - used);
            break;
        case CLIENT_COMMAND:
            part = client_command_data(session, data + used, len - used);
            break;
        case CLIENT_INFILE:
            part = client_infile_data(session, data + used, len - used);
            break;
        case CLIENT_DUMP:
            part = client_dump_data(session, data + used, len - used);
            break;
        case CLIENT_ACCOUNTS:
        case CLIENT_JOB:
        case CLIENT_MAPPING:
        case CLIENT_TRUSTING:
            break;
        case CLIENT_DEAD:
            part = len - used;
            break;
        }
        if (part == 0) {
            break;
        }
        used += part;
        if (++parts == COMMANDS_AT_ONCE && client->pauses == 0 && mx_session_is_open(session)) {
            mx_conn_pause_reading(conn);
            mx_conn_resume_reading(conn); /* what is left is offered again in the next turn */
            break;
        }
    }
    return mx_session_is_open(session) ? used : len;
}

static void
on_drained(struct mx_conn *conn MX_UNUSED, void *owner)
{
    struct mx_session *session = owner;
    for (struct mx_endpoint *e = mx_endpoint_next(session, NULL); e != NULL;
         e = mx_endpoint_next(session, e)) {
        backend_unpause(e);
    }
    client_unpause(session, PAUSE_UNREAD);
}

/* Whoever waits for a job of his login may wait long; nobody goes on without him. */
static void
on_hangup(struct mx_conn *conn MX_UNUSED, void *owner)
{
    struct mx_session *session = owner;
    uint8_t state = client_of(session)->state;
    if (state == CLIENT_JOB || state == CLIENT_MAPPING || state == CLIENT_TRUSTING) {
        mx_session_end(session);
    }
}

static void
on_closed(struct mx_conn *conn MX_UNUSED, void *owner, const struct mx_err *why)
{
    struct mx_session *session = owner;
    if (compress_is_fault(why)) {
        mx_log_warning(mx_session_log(session), "The client '%s'@'%s' is closed: %s",
                       mx_session_user(session), mx_session_remote(session), why->text);
    } else if (why->code == MX_CONN_TLS_FAILED) {
        mx_log_warning(mx_session_log(session),
                       "TLS with the client at '%s' failed at listener '%s': %s",
                       mx_session_remote(session), mx_session_listener_name(session), why->text);
    }
    mx_session_gone(session);
}

static const struct mx_conn_ops conn_ops = {
    .data = on_data,
    .drained = on_drained,
    .hangup = on_hangup,
    .closed = on_closed,
};

void
client_open(struct mx_session *session)
{
    struct mariadb_client *client = client_of(session);
    client->status = WIRE_STATUS_AUTOCOMMIT;
    client->out_aligned = true;
    mx_conn_set_ops(mx_session_conn(session), &conn_ops, session);
    mx_conn_set_secret_input(mx_session_conn(session), true);
    mx_session_expect_login(session);
    client_greet(session);
}

void
client_free(struct mx_session *session)
{
    struct mariadb_client *client = client_of(session);
    client_attempt_free(client);
    stmt_clear(client);
    free(client->stmts);
    mariadb_identity_free(client->identity);
    mariadb_identity_free(client->next_identity);
    free(client->next_database);
    free(client->answer);
    free(client->refusal);
}

void
client_pause(struct mx_session *session, enum client_pause why)
{
    struct mariadb_client *client = client_of(session);
    struct mx_conn *conn = mx_session_conn(session);
    if (client->pauses == 0 && conn != NULL) {
        mx_conn_pause_reading(conn);
    }
    client->pauses |= (uint8_t)why;
}

void
client_unpause(struct mx_session *session, enum client_pause why)
{
    struct mariadb_client *client = client_of(session);
    struct mx_conn *conn = mx_session_conn(session);
    if ((client->pauses & why) == 0) {
        return;
    }
    client->pauses &= (uint8_t)~why;
    if (client->pauses == 0 && conn != NULL) {
        mx_conn_resume_reading(conn);
    }
}

void
client_resume(struct mx_session *session)
{
    struct mariadb_client *client = client_of(session);
    if (client->change == CHANGE_USER && client->attempt != NULL) {
        client_route_change_user(session);
    } else {
        client_unpause(session, PAUSE_HELD);
    }
}

bool
client_is_quiet(const struct mx_session *session)
{
    const struct mariadb_client *client = client_of(session);
    return client->state == CLIENT_COMMAND && client->pauses == 0 && !client->exclusive &&
           !client->streaming && !client->swallow && client->attempt == NULL &&
           client->answer == NULL && client->infile == NULL;
}
