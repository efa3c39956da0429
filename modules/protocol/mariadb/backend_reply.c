/*
 * Replies of a server, one after the other: where each begins and ends, to whom it belongs, and the
 * few bytes that the proxy puts its own values into. Rows are never looked at.
 */
#include "mariadb.h"

#include <stdlib.h>
#include <string.h>

static struct backend_due *
front(const struct mariadb_backend *backend)
{
    return &backend->dues[backend->due_head];
}

static void
pop(struct mariadb_backend *backend)
{
    backend->due_head = (backend->due_head + 1) & (backend->due_capacity - 1);
    backend->due_count--;
}

/* ------------------------------------------------------------ session tracking */

static void
note_ok(void *ctx, const struct wire_ok *ok)
{
    struct mariadb_backend *backend = ctx;
    if (ok->state.len == 0) {
        return;
    }
    struct wire_track track;
    struct wire_track_item item;
    wire_track_init(&track, ok->state);
    while (wire_track_next(&track, &item)) {
        if (item.kind == WIRE_TRACK_SYSTEM_VARIABLE && wire_slice_equals(item.name, "last_gtid") &&
            item.value.len > 0) {
            free(backend->gtid);
            backend->gtid = mx_strndup((const char *)item.value.data, item.value.len);
        }
    }
}

/* ------------------------------------------------------------ pieces */

static enum mx_reply_kind
kind_of(uint8_t kind)
{
    switch ((enum wire_reply_kind)kind) {
    case WIRE_REPLY_NONE:
        return MX_REPLY_UNKNOWN;
    case WIRE_REPLY_OK:
        return MX_REPLY_OK;
    case WIRE_REPLY_ERR:
        return MX_REPLY_ERR;
    case WIRE_REPLY_ROWS:
        return MX_REPLY_ROWS;
    case WIRE_REPLY_LOCAL_INFILE:
        return MX_REPLY_LOCAL_INFILE;
    case WIRE_REPLY_PREPARED:
        return MX_REPLY_PREPARED;
    case WIRE_REPLY_OTHER:
        return MX_REPLY_OTHER;
    }
    return MX_REPLY_OTHER;
}

static void
describe(const struct mariadb_backend *backend, const struct backend_due *due, struct mx_reply *out)
{
    const struct wire_reply *reply = &backend->reply;
    out->complete = reply->complete;
    out->kind = kind_of(reply->kind);
    out->has_status = reply->has_status;
    out->status = reply->status;
    out->warnings = reply->warnings;
    out->error_code = reply->error_code;
    memcpy(out->error_sqlstate, reply->sqlstate, sizeof(out->error_sqlstate));
    out->command = due->command;
    out->sequence = reply->sequence;
    out->aligned = wire_reply_at_boundary(reply);
    out->awaits_client = reply->awaits_client;
    out->stmt_id = due->stmt_id;
    out->history_id = due->history_id;
    out->last_gtid = backend->gtid;
}

/* The proxy's id in place of the server's, over any cut. new_id NULL: the server's one stays. */
static void
put_id(const struct wire_reply *reply, uint8_t *data, const uint32_t *new_id)
{
    for (uint8_t i = 0; new_id != NULL && i < reply->id_count; i++) {
        data[reply->id_at + i] = (uint8_t)(*new_id >> (8 * (reply->id_first + i)));
    }
}

/* ------------------------------------------------------------ state the client did not ask for */

#define STRIP_PACKET_MAX 65536u /* longer packets are no OK packets */

/*
 * The servers were asked for session state that this client cannot read: it is taken out of an OK
 * packet, which becomes what the server would have sent without being asked. Returns the new size.
 */
static size_t
strip_state(uint8_t *packet, size_t size, uint32_t caps)
{
    uint8_t *payload = packet + WIRE_HEADER_SIZE;
    struct wire_ok ok;
    if (wire_ok_decode(payload, size - WIRE_HEADER_SIZE, caps, &ok) != 0 ||
        (ok.status & WIRE_STATUS_STATE_CHANGED) == 0) {
        return size;
    }
    struct wire_reader r;
    wire_reader_init(&r, payload + 1, size - WIRE_HEADER_SIZE - 1);
    (void)wire_read_lenenc(&r);
    (void)wire_read_lenenc(&r);
    size_t status_at = size - wire_reader_left(&r);
    size_t end = status_at + 4; /* status, warnings */
    if (ok.info.len > 0) {
        end += wire_lenenc_size(ok.info.len) + ok.info.len;
    }
    wire_store_u16(packet + status_at, (uint16_t)(ok.status & ~WIRE_STATUS_STATE_CHANGED));
    wire_store_u24(packet, (uint32_t)(end - WIRE_HEADER_SIZE));
    return end;
}

/*
 * As wire_reply_feed, packet by packet. Stops behind a packet that became shorter: *out_len is then
 * less than what was consumed.
 */
static size_t
feed_stripping(struct mariadb_backend *backend, uint8_t *data, size_t len, const uint32_t *new_id,
               size_t *out_len)
{
    struct wire_reply *reply = &backend->reply;
    size_t at = 0;
    *out_len = 0;
    while (at < len && !reply->complete && !reply->broken) {
        at += wire_reply_skip(reply, data + at, len - at);
        *out_len = at;
        if (at == len || reply->complete) {
            break;
        }
        size_t size = 0;
        if (wire_reply_at_boundary(reply)) {
            size = len - at < WIRE_HEADER_SIZE ? SIZE_MAX
                                               : WIRE_HEADER_SIZE + wire_load_u24(data + at);
            if (size > len - at && (size <= STRIP_PACKET_MAX || size == SIZE_MAX)) {
                break; /* it could be one: wait for all of it */
            }
        }
        size_t part = wire_reply_step(reply, data + at, len - at);
        put_id(reply, data + at, new_id);
        bool is_ok = part == size && reply->part == WIRE_PART_OK;
        size_t kept = is_ok ? strip_state(data + at, size, backend->login.caps) : part;
        at += part;
        *out_len = at - part + kept;
        if (kept != part || part == 0) {
            break;
        }
    }
    return at;
}

/* ------------------------------------------------------------ the end of a reply */

static void
note_prepared(struct mx_endpoint *endpoint, const struct backend_due *due)
{
    struct mx_session *session = mx_endpoint_session(endpoint);
    struct mariadb_backend *backend = backend_of(endpoint);
    const struct wire_reply *reply = &backend->reply;
    if (reply->kind != WIRE_REPLY_PREPARED || (mx_session_needs(session) & MX_NEED_STMT_IDS) == 0) {
        return;
    }
    struct mariadb_stmt *stmt = stmt_find(client_of(session), due->stmt_id);
    if (stmt != NULL) {
        stmt->parameters = reply->parameters;
    }
    (void)backend_stmt_add(backend, due->stmt_id, reply->statement_id);
}

/* The client has been told that there is no such statement. */
static void
forget_prepared(struct mx_endpoint *endpoint, const struct backend_due *due)
{
    struct mx_session *session = mx_endpoint_session(endpoint);
    if ((mx_session_needs(session) & MX_NEED_STMT_IDS) != 0) {
        stmt_remove(client_of(session), due->stmt_id);
    }
}

/* By the session; what a connection of the pool begins with is not meant. */
static void
note_reset(struct mariadb_backend *backend, const struct backend_due *due)
{
    bool is_own = due->kind == DUE_CLIENT || due->kind == DUE_DISCARD;
    if (is_own &&
        (due->command == WIRE_COM_RESET_CONNECTION || due->command == WIRE_COM_CHANGE_USER)) {
        backend_stmts_forget(backend);
        backend->pins = 0;
        backend->asks_id = false;
        backend->insert_id = 0;
    }
}

/* An endpoint that stays the old user while the session becomes another one is of no use. */
static void
reset_refused(struct mx_endpoint *endpoint, const struct backend_due *due)
{
    if (due->kind != DUE_DISCARD ||
        (due->command != WIRE_COM_CHANGE_USER && due->command != WIRE_COM_RESET_CONNECTION)) {
        return;
    }
    struct mx_err err;
    (void)mx_err_set(&err, WIRE_ER_ACCESS_DENIED, "28000", "server '%s' refused %s",
                     mx_server_name(mx_endpoint_server(endpoint)), wire_command_name(due->command));
    mx_log_warning(mx_session_log(mx_endpoint_session(endpoint)),
                   "%s of '%s', unlike other servers; the connection is closed", err.text,
                   mx_session_user(mx_endpoint_session(endpoint)));
    backend_fail(endpoint, &err, true);
}

/* Not a word of this session's may be answered by a connection that is not clean. */
static void
was_reset(struct mx_endpoint *endpoint, bool ok)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    if (!ok) {
        struct mx_err err;
        (void)mx_err_set(&err, WIRE_ER_SERVER_LOST, "08S01",
                         "the server refused to reset a connection of the pool");
        backend_fail(endpoint, &err, false);
        return;
    }
    backend->proven = true;
    if (backend->state == BACKEND_RESETTING) {
        backend_begin(endpoint);
    }
}

/* `due` is a copy: the entry has been taken off. */
static void
reply_ended(struct mx_endpoint *endpoint, const struct backend_due *due, bool ok)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    if (due->command == WIRE_COM_STMT_PREPARE && ok) {
        note_prepared(endpoint, due);
    } else if (due->command == WIRE_COM_STMT_PREPARE && due->kind == DUE_CLIENT) {
        forget_prepared(endpoint, due);
    }
    if (ok) {
        note_reset(backend, due);
    } else {
        reset_refused(endpoint, due);
    }
    if (due->kind == DUE_RESET) {
        was_reset(endpoint, ok);
        return;
    }
    backend->recycled = false;
    if (backend->reply.has_status) {
        backend->status = backend->reply.status;
    }
    if (backend->shares) {
        lend_note_reply(backend, due, ok);
    }
    if (due->history_id != 0) {
        mx_endpoint_history_answer(endpoint, due->history_id, ok);
    }
    if ((due->kind == DUE_REPLAY || due->kind == DUE_INIT) && backend->state == BACKEND_REPLAY) {
        backend->replays_left--;
        if (backend->replays_left == 0) {
            backend_replayed(endpoint);
        }
    }
}

/* After the router has seen it: what waited for this reply. */
static void
go_on(struct mx_endpoint *endpoint)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    if (backend->state != BACKEND_READY) {
        return;
    }
    if (backend->queue.len > 0) {
        backend_flush(endpoint);
    }
    backend_reply_ended(endpoint);
}

static void
hand_up(struct mx_endpoint *endpoint, const struct backend_due *due, struct mx_reply *out)
{
    if (due->kind == DUE_CLIENT) {
        mx_flow_reply(endpoint, out, false);
    } else if (due->kind == DUE_DISCARD && out->complete) {
        out->data = NULL;
        out->len = 0;
        mx_flow_reply(endpoint, out, true);
    }
}

/* ------------------------------------------------------------ COM_CHANGE_USER */

/* The exchange is the proxy's own: only its last packet goes up. */
static size_t
change_user_data(struct mx_endpoint *endpoint, uint8_t *data, size_t len)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    const struct mx_session *session = mx_endpoint_session(endpoint);
    const struct mariadb_client *client = client_of(session);
    struct wire_packet packet;
    if (wire_packet_next(data, len, &packet) != 0) {
        return 0;
    }
    struct login_facts facts = {
        .identity = client->next_identity != NULL ? client->next_identity : client->identity,
        .database = "",
        .server_name = mx_server_name(mx_endpoint_server(endpoint)),
        .conn = backend->conn,
    };
    bool is_error = packet.payload.len > 0 && packet.payload.data[0] == WIRE_MARK_ERR;
    bool permanent = false;
    struct mx_err err;
    enum login_result result =
        is_error ? LOGIN_OK : login_packet(&backend->login, &facts, &packet, &permanent, &err);
    if (result == LOGIN_FAILED) {
        backend_fail(endpoint, &err, true);
        return len;
    }
    if (result == LOGIN_MORE) {
        return packet.size;
    }
    login_fini(&backend->login);
    struct backend_due due = *front(backend);
    struct mx_reply out = {.data = data,
                           .len = packet.size,
                           .first = true,
                           .complete = true,
                           .kind = is_error ? MX_REPLY_ERR : MX_REPLY_OK,
                           .command = due.command,
                           .sequence = packet.sequence,
                           .aligned = true};
    struct wire_err from;
    char text[201];
    if (is_error && wire_err_decode(packet.payload.data, packet.payload.len, &from) == 0) {
        out.error_code = from.code;
        memcpy(out.error_sqlstate, from.sqlstate, sizeof(out.error_sqlstate));
        size_t n = mx_min_size(from.text.len, sizeof(text) - 1);
        memcpy(text, from.text.data, n);
        text[n] = '\0';
        out.error_text = text;
    } else if (is_error) {
        out.error_code = WIRE_ER_UNKNOWN;
    }
    if (backend->strips && !is_error) {
        out.len = strip_state(data, packet.size, backend->login.caps);
    }
    pop(backend);
    reply_ended(endpoint, &due, !is_error);
    hand_up(endpoint, &due, &out);
    go_on(endpoint);
    return packet.size;
}

/* ------------------------------------------------------------ bytes */

/* Nobody has asked for anything: the server says goodbye, or speaks another language. */
static size_t
unasked(struct mx_endpoint *endpoint, const uint8_t *data, size_t len)
{
    struct wire_packet packet;
    struct wire_err from;
    struct mx_err err;
    if (wire_packet_next(data, len, &packet) != 0) {
        return 0;
    }
    if (packet.payload.len > 0 && packet.payload.data[0] == WIRE_MARK_ERR &&
        wire_err_decode(packet.payload.data, packet.payload.len, &from) == 0) {
        (void)mx_err_set(&err, from.code, from.sqlstate, "the server said: %.*s",
                         (int)mx_min_size(from.text.len, 300), (const char *)from.text.data);
    } else {
        (void)mx_err_set(&err, WIRE_ER_SERVER_LOST, "08S01",
                         "the server sent a packet that nobody had asked for");
    }
    backend_fail(endpoint, &err, false);
    return len;
}

static size_t
broken(struct mx_endpoint *endpoint, size_t len)
{
    struct mx_err err;
    (void)mx_err_set(&err, WIRE_ER_SERVER_LOST, "08S01", "the server's reply to %s makes no sense",
                     wire_command_name(backend_of(endpoint)->reply.command));
    backend_fail(endpoint, &err, false);
    return len;
}

/* It must be OK: a result would be nobody's. */
static size_t
init_failed(struct mx_endpoint *endpoint, size_t len)
{
    const struct wire_reply *reply = &backend_of(endpoint)->reply;
    struct mx_err err;
    if (reply->kind == WIRE_REPLY_ERR) {
        (void)mx_err_set(&err, reply->error_code, reply->sqlstate,
                         "a statement of connection_init_sql_file failed there: %.*s",
                         (int)mx_min_size(reply->message_len, 200), wire_reply_message(reply));
    } else {
        (void)mx_err_set(&err, WIRE_ER_UNKNOWN, "HY000",
                         "a statement of connection_init_sql_file returned more than OK; leave out "
                         "those with a result");
    }
    const struct mx_session *session = mx_endpoint_session(endpoint);
    mx_log_error(mx_session_log(session), "'%s' cannot use server '%s': %s",
                 mx_session_user(session), mx_server_name(mx_endpoint_server(endpoint)), err.text);
    backend_fail(endpoint, &err, true);
    return len;
}

size_t
backend_reply_data(struct mx_endpoint *endpoint, uint8_t *data, size_t len)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    struct wire_reply *reply = &backend->reply;
    if (backend->due_count == 0) {
        return unasked(endpoint, data, len);
    }
    struct backend_due due = *front(backend);
    if (due.command == WIRE_COM_CHANGE_USER) {
        return change_user_data(endpoint, data, len);
    }
    if (!reply->started || reply->complete) {
        backend->sink = (struct wire_reply_sink){.ok_fn = note_ok, .ctx = backend};
        wire_reply_start(reply, due.command, backend->login.caps, backend->login.ext_caps,
                         backend->tracks ? &backend->sink : NULL);
        /* Behind the last packet of the command, which is never of the largest size. */
        backend->count = (struct packet_count){
            .next = (uint8_t)(due.sent / (WIRE_HEADER_SIZE + WIRE_PAYLOAD_MAX) + 1)};
    }
    bool first = reply->packets == 0 && reply->header_have == 0;
    if (backend->login.compress != NULL && reply->awaits_client) {
        backend->count.next =
            (uint8_t)(client_of(mx_endpoint_session(endpoint))->walk.sequence + 1);
    }
    size_t out_len = 0;
    size_t used = 0;
    bool own_ids = (mx_session_needs(mx_endpoint_session(endpoint)) & MX_NEED_STMT_IDS) != 0;
    const uint32_t *new_id = own_ids && due.command == WIRE_COM_STMT_PREPARE ? &due.stmt_id : NULL;
    if (due.kind == DUE_ASK) {
        used = lend_answer_feed(backend, data, len);
    } else if (backend->strips) {
        used = feed_stripping(backend, data, len, new_id, &out_len);
    } else {
        used = wire_reply_feed(reply, data, len);
        out_len = used;
        put_id(reply, data, new_id);
    }
    if (reply->broken) {
        return broken(endpoint, len);
    }
    if (due.kind == DUE_INIT && reply->kind != WIRE_REPLY_OK &&
        (reply->kind != WIRE_REPLY_NONE && (reply->kind != WIRE_REPLY_ERR || reply->complete))) {
        return init_failed(endpoint, len);
    }
    if (used == 0) {
        return 0;
    }
    struct mx_reply out = {.data = data, .len = out_len, .first = first};
    char text[WIRE_REPLY_MESSAGE_MAX + 1] MX_UNINITIALIZED;
    describe(backend, &due, &out);
    if (backend->login.compress != NULL) {
        packet_renumber(&backend->count, data, out_len);
        out.sequence = (uint8_t)(backend->count.next - 1);
    }
    if (reply->error_code != 0) {
        memcpy(text, wire_reply_message(reply), reply->message_len);
        text[reply->message_len] = '\0';
        out.error_text = text;
    }
    if (reply->complete) {
        pop(backend);
        reply_ended(endpoint, &due, reply->error_code == 0);
    }
    hand_up(endpoint, &due, &out);
    if (out.complete) {
        free(backend->gtid);
        backend->gtid = NULL;
        go_on(endpoint);
        if (due.kind == DUE_ASK) {
            lend_answered(endpoint);
        }
    }
    return used;
}
