/*
 * A session's connection given to others while the session is idle: whether it may be, what must be
 * asked before, and what another connection is told besides the history.
 */
#include "pins.h"

#include "mariadb.h"
#include "wire/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ what it holds */

void
lend_note_query(struct mx_endpoint *endpoint, const struct mx_query *query)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    struct mx_session *session = mx_endpoint_session(endpoint);
    struct pin_effect effect = pin_effect_of(query, mx_session_sql_options(session));
    backend->pins = (uint8_t)((backend->pins & ~effect.clear) | effect.set);
    backend->later = effect.later || (backend->pins & PIN_ASKS) != 0;
    backend->asks_id |= effect.makes_id || (backend->pins & PIN_MAKES_ID) != 0;
    client_of(session)->unlendable |= effect.session;
}

/* Long data and cursors live as long as their statement is not told otherwise. */
void
lend_note_statement(struct backend_stmt *stmt, uint8_t command, const uint8_t *data, size_t len)
{
    const size_t flags_at = WIRE_HEADER_SIZE + 5;
    if (command == WIRE_COM_STMT_SEND_LONG_DATA) {
        stmt->has_data = true;
    } else if (command == WIRE_COM_STMT_EXECUTE || command == WIRE_COM_STMT_BULK_EXECUTE ||
               command == WIRE_COM_STMT_RESET) {
        stmt->has_data = false;
        stmt->has_cursor =
            command == WIRE_COM_STMT_EXECUTE && len > flags_at && data[flags_at] != 0;
    }
}

static void
note_cursor(const struct mariadb_backend *backend, const struct backend_due *due, bool ok)
{
    struct backend_stmt *stmt = backend_stmt_find(backend, due->stmt_id);
    if (stmt == NULL) {
        return;
    }
    uint16_t status = backend->reply.status;
    if (due->command == WIRE_COM_STMT_EXECUTE) {
        stmt->has_cursor = stmt->has_cursor && ok && (status & WIRE_STATUS_CURSOR_EXISTS) != 0;
    } else if (due->command == WIRE_COM_STMT_FETCH && ok) {
        stmt->has_cursor = (status & WIRE_STATUS_LAST_ROW_SENT) == 0;
    }
}

void
lend_note_reply(struct mariadb_backend *backend, const struct backend_due *due, bool ok)
{
    const struct wire_reply *reply = &backend->reply;
    if (due->command == WIRE_COM_CHANGE_USER ||
        (due->kind != DUE_CLIENT && due->kind != DUE_DISCARD)) {
        return;
    }
    backend->later |= !ok || (reply->has_status && reply->warnings > 0);
    backend->asks_id |= reply->kind == WIRE_REPLY_OK && reply->insert_id != 0;
    if ((backend->status & WIRE_STATUS_IN_TRANS) != 0) {
        backend->pins &= (uint8_t)~PIN_NEXT_TRX;
    }
    note_cursor(backend, due, ok);
}

/* After COM_CHANGE_USER and COM_RESET_CONNECTION, also where there is no connection to reset. */
void
lend_forget(struct mx_session *session)
{
    client_of(session)->unlendable = false;
    for (struct mx_endpoint *e = mx_endpoint_next(session, NULL); e != NULL;
         e = mx_endpoint_next(session, e)) {
        struct mariadb_backend *backend = backend_of(e);
        backend->pins = 0;
        backend->asks_id = false;
        backend->insert_id = 0;
    }
}

static bool
holds_statement_state(const struct mariadb_backend *backend)
{
    const struct backend_stmt *stmt = NULL;
    while ((stmt = id_rows_next(&backend->stmts, sizeof(*stmt), stmt)) != NULL) {
        if (stmt->has_cursor || stmt->has_data) {
            return true;
        }
    }
    return false;
}

uint32_t
backend_may_lend(const struct mx_endpoint *endpoint)
{
    const struct mariadb_backend *backend = backend_of(endpoint);
    const struct mariadb_client *client = client_of(mx_endpoint_session(endpoint));
    const uint8_t holds = PIN_STATE | PIN_TABLES | PIN_NEXT_TRX | PIN_XA;
    if (client->state != CLIENT_COMMAND || client->unlendable || (backend->pins & holds) != 0 ||
        !backend_may_release(endpoint) || backend->state != BACKEND_READY ||
        holds_statement_state(backend)) {
        return MX_LEND_NOT;
    }
    return (backend->later ? MX_LEND_LATER : 0u) | (backend->asks_id ? MX_LEND_ASK : 0u);
}

/* ------------------------------------------------------------ giving away */

void
backend_park(struct mx_endpoint *endpoint)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    free(backend->gtid);
    backend->gtid = NULL;
    backend->state = BACKEND_PARKED;
    backend->conn = NULL;
    backend->login = (struct backend_login){0};
    backend->status = WIRE_STATUS_AUTOCOMMIT;
    backend->due_head = 0;
    backend->due_count = 0;
    backend->replays_left = 0;
    backend_stmts_forget(backend);
    backend->reply = (struct wire_reply){0};
    backend->may_pool = true;
    backend->shares = true;
    backend->later = false;
    backend_begin_anew(backend);
}

struct mx_pooled *
backend_lend(struct mx_endpoint *endpoint)
{
    struct mx_pooled *pooled = backend_release(endpoint);
    if (pooled != NULL) {
        backend_park(endpoint);
    }
    return pooled;
}

/* ------------------------------------------------------------ LAST_INSERT_ID() */

static void
write_query(struct mariadb_backend *backend, const char *sql, uint8_t kind)
{
    uint8_t bytes[96];
    struct wire_writer w;
    wire_writer_init(&w, bytes, sizeof(bytes));
    int rc = wire_request_encode(&w, WIRE_COM_QUERY, wire_slice_of(sql));
    MX_ASSERT(rc == 0);
    backend_pay_reset(backend);
    (void)backend_push_due(backend, WIRE_COM_QUERY, kind);
    compress_mark(backend->login.compress, backend->conn, 0);
    mx_conn_write(backend->conn, bytes, w.len);
}

void
backend_ask(struct mx_endpoint *endpoint)
{
    write_query(backend_of(endpoint), "SELECT LAST_INSERT_ID()", DUE_ASK);
}

/* Behind the history; only the server knows what became of the ids that it gave. */
bool
lend_restore(struct mariadb_backend *backend)
{
    char sql[64];
    if (backend->insert_id == 0) {
        return false;
    }
    (void)snprintf(sql, sizeof(sql), "SET last_insert_id=%llu",
                   (unsigned long long)backend->insert_id);
    write_query(backend, sql, DUE_INIT);
    return true;
}

/* A row of one column with a number. */
static bool
number_of(struct wire_slice row, uint64_t *out)
{
    struct wire_reader r;
    wire_reader_init(&r, row.data, row.len);
    struct wire_slice text = wire_read_lenenc_bytes(&r);
    *out = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        *out = *out * 10 + (uint64_t)(text.data[i] - '0');
    }
    return !r.failed && wire_reader_left(&r) == 0 && text.len > 0;
}

/* As wire_reply_feed, packet by packet; the row is looked at when all of it is there. */
size_t
lend_answer_feed(struct mariadb_backend *backend, const uint8_t *data, size_t len)
{
    struct wire_reply *reply = &backend->reply;
    size_t at = 0;
    while (at < len && !reply->complete && !reply->broken) {
        size_t size =
            len - at < WIRE_HEADER_SIZE ? SIZE_MAX : WIRE_HEADER_SIZE + wire_load_u24(data + at);
        if (size > len - at) {
            break;
        }
        size_t part = wire_reply_step(reply, data + at, len - at);
        at += part;
        if (part != size) {
            break;
        }
        struct wire_slice row = {data + at - part + WIRE_HEADER_SIZE, part - WIRE_HEADER_SIZE};
        if (reply->part == WIRE_PART_ROW && number_of(row, &backend->insert_id)) {
            backend->asks_id = backend->due_count > 1; /* something was sent after the question */
        }
    }
    return at;
}

void
lend_answered(struct mx_endpoint *endpoint)
{
    if (backend_of(endpoint)->reply.rows == 1) {
        mx_endpoint_asked(endpoint);
        return;
    }
    struct mx_err err;
    (void)mx_err_set(&err, WIRE_ER_SERVER_LOST, "08S01",
                     "the server did not tell LAST_INSERT_ID() when it was asked");
    backend_fail(endpoint, &err, false);
}
