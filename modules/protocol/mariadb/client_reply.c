/*
 * What goes out to the client: replies of servers as they are, answers made here when their place
 * in the stream has come, last words. Also what a reply changes: default database, user, options.
 */
#include "mariadb.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ answers made here */

/* Answers are numbered from the command on; the end of a reply that has begun goes on with it. */
static void
mark_begin(struct mx_session *session, bool begins)
{
    struct mariadb_client *client = client_of(session);
    if (client->compress != NULL && (begins || client->infile_ended)) {
        compress_mark_answer(client->compress, mx_session_conn(session));
    }
    client->infile_ended = false;
}

/* No server's connection can be paused to stop these, so the client is read no further. */
static void
write_answer(struct mx_session *session, const uint8_t *bytes, size_t len)
{
    struct mx_conn *conn = mx_session_conn(session);
    mx_conn_write(conn, bytes, len);
    if (mx_conn_is_full(conn)) {
        client_pause(session, PAUSE_UNREAD);
    }
}

/* err->code 0: OK with that many affected rows. */
static void
write_at(struct mx_session *session, const struct mx_err *err, uint64_t affected, uint8_t sequence)
{
    struct mariadb_client *client = client_of(session);
    struct mx_conn *conn = mx_session_conn(session);
    uint8_t bytes[WIRE_ERR_PACKET_MAX];
    struct wire_writer w;
    wire_writer_init(&w, bytes, sizeof(bytes));
    int rc = 0;
    if (err->code == 0) {
        struct wire_ok ok = {.affected = affected, .status = client->status};
        rc = wire_ok_encode(&w, sequence, client->caps, &ok);
    } else {
        rc = wire_err_encode(&w, sequence, err->code, err->sqlstate, wire_slice_of(err->text));
    }
    MX_ASSERT(rc == 0);
    client->out_aligned = true;
    if (conn != NULL) {
        mark_begin(session, client->out_sequence == 0);
        write_answer(session, bytes, w.len);
    }
}

void
client_write_packets(struct mx_session *session, const uint8_t *bytes, size_t len)
{
    mark_begin(session, true);
    write_answer(session, bytes, len);
}

void
client_write_answer(struct mx_session *session, const struct mx_err *err)
{
    write_at(session, err, 0, (uint8_t)(client_of(session)->walk.sequence + 1));
}

void
client_write_ok(struct mx_session *session, uint64_t affected)
{
    struct mx_err none;
    mx_err_clear(&none);
    write_at(session, &none, affected, (uint8_t)(client_of(session)->walk.sequence + 1));
}

bool
client_flush_answer(struct mx_session *session)
{
    struct mariadb_client *client = client_of(session);
    if (client->answer == NULL || client->answer_is_for_next || client->streaming ||
        client->state == CLIENT_INFILE || mx_session_due(session) > 0) {
        return false;
    }
    struct mx_err *err = client->answer;
    client->answer = NULL;
    client_write_answer(session, err);
    free(err);
    client_unpause(session, PAUSE_ORDER);
    return true;
}

/* The client sends a file that nobody wants any more: the answer comes after its last packet. */
static void
drop_infile(struct mariadb_client *client)
{
    if (client->state == CLIENT_INFILE) {
        client->infile = NULL;
    }
}

/* A reply of which a part is with the client ends with an error, where one may begin. */
static void
end_open_reply(struct mx_session *session, const struct mx_err *err)
{
    struct mariadb_client *client = client_of(session);
    if (!client->out_aligned) {
        (void)mx_session_kill(session, "half a packet was sent: %s", err->text);
        return;
    }
    write_at(session, err, 0, (uint8_t)(client->out_sequence + 1));
    client->out_sequence = 0;
    if (client->exclusive) {
        client_exclusive_done(session, false);
    }
    client_unpause(session, PAUSE_ORDER);
}

void
client_answer(struct mx_session *session, const struct mx_err *err, enum mx_answer_time when)
{
    struct mariadb_client *client = client_of(session);
    bool is_open = mx_session_due(session) == 0;
    drop_infile(client);
    if (client->out_sequence != 0 && client->state == CLIENT_COMMAND && err->code != 0) {
        end_open_reply(session, err);
        return;
    }
    if (when == MX_ANSWER_NOW && is_open && client->state == CLIENT_COMMAND &&
        (!client->streaming || client->swallow)) {
        client_write_answer(session, err);
        if (client->exclusive) {
            client_exclusive_done(session, false);
        }
        client_unpause(session, PAUSE_ORDER);
        return;
    }
    if (client->answer == NULL) {
        client->answer = mx_alloc(sizeof(*client->answer));
    }
    *client->answer = *err;
    client->answer_is_for_next = when == MX_ANSWER_NEXT;
    (void)client_flush_answer(session);
}

/*
 * Between two packets of a result an ERR packet is a proper end of it; in the middle of a packet
 * nothing can be said any more.
 */
void
client_killed(struct mx_session *session, const struct mx_err *err)
{
    struct mariadb_client *client = client_of(session);
    if (!client->out_aligned || client->state == CLIENT_DEAD) {
        return;
    }
    bool in_result = client->out_sequence != 0;
    /* Killed because no server lets him in: in the servers' own words. */
    if (client->refusal != NULL && err->code == WIRE_ER_CONNECTION_KILLED) {
        err = client->refusal;
    }
    write_at(session, err, 0,
             (uint8_t)((in_result ? client->out_sequence : client->walk.sequence) + 1));
}

/* ------------------------------------------------------------ what replies change */

static void
commit_change(struct mx_session *session, bool ok)
{
    struct mariadb_client *client = client_of(session);
    switch ((enum client_change)client->change) {
    case CHANGE_NONE:
        break;
    case CHANGE_DATABASE:
        if (ok && client->next_database != NULL) {
            mx_session_set_database(session, client->next_database, strlen(client->next_database));
        }
        break;
    case CHANGE_USER:
        if (ok && client->next_identity != NULL) {
            client_become(session, client->next_identity);
            mx_session_login_done(session, client->next_identity->is_super);
            client->next_identity = NULL;
            stmt_clear(client);
            lend_forget(session);
            mx_session_was_reset(session);
        }
        break;
    case CHANGE_RESET:
        if (ok) {
            stmt_clear(client);
            lend_forget(session);
            mx_session_was_reset(session);
        }
        break;
    case CHANGE_OPTION:
        if (ok && client->option <= 1) {
            client->caps &= ~WIRE_CAP_MULTI_STATEMENTS;
            client->caps |= client->option == 0 ? WIRE_CAP_MULTI_STATEMENTS : 0;
        }
        break;
    }
}

void
client_exclusive_done(struct mx_session *session, bool ok)
{
    struct mariadb_client *client = client_of(session);
    commit_change(session, ok);
    mariadb_identity_free(client->next_identity);
    client->next_identity = NULL;
    free(client->next_database);
    client->next_database = NULL;
    client->change = CHANGE_NONE;
    client->exclusive = false;
}

static void
note_status(struct mx_session *session, uint16_t status)
{
    struct mariadb_client *client = client_of(session);
    struct mx_sql_options *options = mx_session_sql_options_edit(session);
    client->status =
        status &
        (uint16_t)(WIRE_STATUS_AUTOCOMMIT | WIRE_STATUS_IN_TRANS | WIRE_STATUS_IN_TRANS_READONLY |
                   WIRE_STATUS_NO_BACKSLASH_ESCAPES | WIRE_STATUS_ANSI_QUOTES);
    options->mode &= ~(uint32_t)(MX_SQL_MODE_ANSI_QUOTES | MX_SQL_MODE_NO_BACKSLASH_ESCAPES);
    options->mode |= (status & WIRE_STATUS_ANSI_QUOTES) != 0 ? MX_SQL_MODE_ANSI_QUOTES : 0;
    options->mode |=
        (status & WIRE_STATUS_NO_BACKSLASH_ESCAPES) != 0 ? MX_SQL_MODE_NO_BACKSLASH_ESCAPES : 0;
}

static void
reply_complete(struct mx_session *session, const struct mx_reply *reply)
{
    struct mariadb_client *client = client_of(session);
    client->out_sequence = 0;
    if (client->state == CLIENT_DUMP) {
        client->state = CLIENT_COMMAND;
        client->infile = NULL;
    }
    if (reply->has_status) {
        note_status(session, reply->status);
    }
    if (client->exclusive) {
        client_exclusive_done(session, reply->error_code == 0);
    }
    if (mx_session_due(session) == 0 && !client_flush_answer(session)) {
        client_unpause(session, PAUSE_ORDER);
    }
}

/* ------------------------------------------------------------ replies */

static bool
is_dump(uint8_t command)
{
    return command == WIRE_COM_BINLOG_DUMP || command == WIRE_COM_BINLOG_DUMP_GTID;
}

/* Servers close the connection behind it; only what they would not begin with leaves it open. */
static bool
is_last_dump(const struct mx_reply *reply)
{
    return is_dump(reply->command) &&
           (reply->kind != MX_REPLY_ERR || reply->error_code == WIRE_ER_MASTER_FATAL_READING);
}

void
client_reply(struct mx_session *session, struct mx_endpoint *endpoint, const struct mx_reply *reply)
{
    struct mariadb_client *client = client_of(session);
    struct mx_conn *conn = mx_session_conn(session);
    if (reply->command == WIRE_COM_CHANGE_USER && reply->len >= WIRE_HEADER_SIZE) {
        /* The client counts the packets of its own exchange with the proxy. */
        reply->data[3] = (uint8_t)(client->walk.sequence + 1);
    }
    mark_begin(session, reply->first);
    mx_conn_write(conn, reply->data, reply->len);
    client->out_sequence = reply->sequence;
    client->out_aligned = reply->aligned;
    if (reply->complete) {
        reply_complete(session, reply);
        if (is_last_dump(reply)) {
            mx_session_end(session);
            return;
        }
    } else if (is_dump(reply->command) && client->state == CLIENT_COMMAND) {
        client->state = CLIENT_DUMP;
        client->infile = endpoint;
        client->infile_left = 0;
    } else if (reply->awaits_client && client->state == CLIENT_COMMAND) {
        client->state = CLIENT_INFILE;
        client->walk.sequence = reply->sequence;
        client->infile = endpoint;
        client->infile_left = 0;
        client->infile_goes_on = false;
        client_unpause(session, PAUSE_ORDER);
    }
    if (mx_conn_is_full(conn)) {
        backend_pause(endpoint);
    }
}
