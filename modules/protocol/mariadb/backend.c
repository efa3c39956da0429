/*
 * A server's connection: opening, sending, the queue of what cannot be sent yet, the end. Replies
 * are in backend_reply.c, the login in backend_login.c.
 */
#include "charset.h"
#include "queue.h"

#include <stdlib.h>
#include <string.h>

#define PACKET_LOGIN_MAX 65536u
#define QUEUE_FULL       65536u /* bytes that wait for a login: the client is read no further */
#define DUES_FULL        256u   /* replies that are due: the same */
#define ID_END           (WIRE_HEADER_SIZE + WIRE_STMT_ID_AT + 4u)

/* ------------------------------------------------------------ the connection */

/*
 * Servers read a login in the character set that the client began with. A database that was chosen
 * later may be called in another one, after SET NAMES: then both are repeated with the history.
 */
static const char *
login_database(const struct mx_session *session, const struct mariadb_identity *identity)
{
    const char *now = mx_session_database(session);
    bool any_charset = charset_is_ascii(now, strlen(now));
    return any_charset || !mx_session_history_is_whole(session) ? now : identity->database;
}

uint32_t
backend_caps(const struct mx_session *session)
{
    bool tracks = (mx_session_needs(session) & MX_NEED_TRACKING) != 0;
    return client_of(session)->caps | (tracks ? WIRE_CAP_SESSION_TRACK : 0);
}

struct login_facts
backend_facts(const struct mx_endpoint *endpoint)
{
    const struct mx_session *session = mx_endpoint_session(endpoint);
    const struct mariadb_client *client = client_of(session);
    const struct mariadb_backend *backend = backend_of(endpoint);
    return (struct login_facts){.identity = client->identity,
                                .database = login_database(session, client->identity),
                                .server_name = mx_server_name(mx_endpoint_server(endpoint)),
                                .conn = backend->conn,
                                .caps = backend_caps(session),
                                .needed = client->caps,
                                .compress = mx_server_compression(mx_endpoint_server(endpoint)),
                                .ext_caps = client->ext_caps};
}

static void
tell_problem(struct mx_endpoint *endpoint, const struct mx_err *err)
{
    const struct mx_session *session = mx_endpoint_session(endpoint);
    mx_log_error(mx_session_log(session), "'%s' cannot use server '%s': %s",
                 mx_session_user(session), mx_server_name(mx_endpoint_server(endpoint)), err->text);
}

void
backend_login_failed(struct mx_endpoint *endpoint, const struct mx_err *err, bool permanent)
{
    struct mx_session *session = mx_endpoint_session(endpoint);
    if (err->code == WIRE_ER_ACCESS_DENIED || err->code == WIRE_ER_DBACCESS_DENIED ||
        err->code == WIRE_ER_BAD_DB) {
        mx_endpoint_count_failed_auth(endpoint);
        mx_session_refresh_accounts(session);
    }
    struct mx_server *server = mx_endpoint_server(endpoint);
    const struct mx_err *said = backend_of(endpoint)->login.refusal;
    if (err->code == WIRE_ER_HOST_BLOCKED) {
        mx_server_host_blocked(server, err->text);
    } else if (!client_waits_for_verdict(session)) {
        tell_problem(endpoint, err);
    }
    client_refused(session, mx_server_name(server), said != NULL ? said : err, said != NULL);
    backend_fail(endpoint, err, permanent);
}

static size_t
login_data(struct mx_endpoint *endpoint, const uint8_t *data, size_t len)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    struct mx_err err;
    if (len < WIRE_HEADER_SIZE) {
        return 0;
    }
    if (wire_load_u24(data) > PACKET_LOGIN_MAX) {
        (void)mx_err_set(&err, WIRE_ER_HANDSHAKE, "08S01", "its login packets make no sense");
        backend_login_failed(endpoint, &err, false);
        return len;
    }
    struct wire_packet packet;
    if (wire_packet_next(data, len, &packet) != 0) {
        return 0;
    }
    struct login_facts facts = backend_facts(endpoint);
    bool permanent = false;
    switch (login_packet(&backend->login, &facts, &packet, &permanent, &err)) {
    case LOGIN_MORE:
        break;
    case LOGIN_OK:
        if ((backend->login.caps & WIRE_CAP_COMPRESS) != 0 && backend->login.compress == NULL) {
            backend->login.compress = compress_begin(backend->conn, COMPRESS_ASKS);
        }
        backend->recycled = false;
        client_let_in(mx_endpoint_session(endpoint));
        backend_begin(endpoint);
        break;
    case LOGIN_FAILED:
        if (backend->recycled) {
            backend_reconnect(
                endpoint); /* the change of user was refused: perhaps not to a login */
            return len;
        }
        backend_login_failed(endpoint, &err, permanent);
        return len;
    }
    return packet.size;
}

static size_t
on_data(struct mx_conn *conn, void *owner, uint8_t *data, size_t len)
{
    struct mx_endpoint *endpoint = owner;
    struct mariadb_backend *backend = backend_of(endpoint);
    size_t used = 0;
    while (used < len && !backend->paused && !mx_conn_is_switching(conn)) {
        size_t part = 0;
        switch ((enum backend_state)backend->state) {
        case BACKEND_LOGIN:
            part = login_data(endpoint, data + used, len - used);
            break;
        case BACKEND_RESETTING:
        case BACKEND_REPLAY:
        case BACKEND_READY:
            part = backend_reply_data(endpoint, data + used, len - used);
            break;
        case BACKEND_PARKED:
        case BACKEND_BROKEN:
            return len;
        }
        if (part == 0) {
            break;
        }
        used += part;
    }
    return backend->state == BACKEND_BROKEN ? len : used;
}

static void
on_drained(struct mx_conn *conn MX_UNUSED, void *owner)
{
    backend_check_room(owner);
}

/* Something of the session went out on it: it must not go out twice. */
static bool
backend_has_sent(const struct mariadb_backend *backend)
{
    return backend->state == BACKEND_REPLAY ||
           (backend->state == BACKEND_READY && !backend->owes_reset);
}

static void
on_closed(struct mx_conn *conn MX_UNUSED, void *owner, const struct mx_err *why)
{
    struct mx_endpoint *endpoint = owner;
    struct mariadb_backend *backend = backend_of(endpoint);
    backend->conn = NULL;
    if (backend->recycled && backend->state != BACKEND_BROKEN && !backend_has_sent(backend)) {
        backend_reconnect(endpoint);
        return;
    }
    backend->state = BACKEND_BROKEN;
    backend_watch_end(backend);
    struct mx_err err = *why;
    if (err.code == 0) {
        (void)mx_err_set(&err, WIRE_ER_SERVER_LOST, "08S01", "%s", why->text);
    } else if (err.code == MX_CONN_TLS_FAILED) {
        (void)mx_err_set(&err, err.code, "HY000", "TLS with server '%s' failed: %s",
                         mx_server_name(mx_endpoint_server(endpoint)), why->text);
        tell_problem(endpoint, &err);
    }
    mx_endpoint_lost(endpoint, &err, backend->permanent);
}

static const struct mx_conn_ops conn_ops = {
    .data = on_data,
    .drained = on_drained,
    .closed = on_closed,
};

int
backend_open(struct mx_endpoint *endpoint, struct mx_err *err MX_UNUSED)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    backend->state = BACKEND_LOGIN;
    backend->may_pool = mx_endpoint_may_pool(endpoint);
    backend->shares = mx_endpoint_shares(endpoint);
    backend->plain = true;
    backend->conn = mx_endpoint_connect(endpoint, &conn_ops, endpoint);
    backend_watch_begin(endpoint);
    return 0;
}

void
backend_begin_anew(struct mariadb_backend *backend)
{
    backend->recycled = false;
    backend->owes_reset = false;
    backend->proven = false;
    backend->clean = false;
    backend->plain = true;
    backend->unfit = false;
}

void
backend_reconnect(struct mx_endpoint *endpoint)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    mx_conn_abort(backend->conn);
    login_fini(&backend->login);
    backend->login = (struct backend_login){0};
    backend->state = BACKEND_LOGIN;
    backend->due_count = 0;
    backend_begin_anew(backend);
    backend->conn = mx_endpoint_connect(endpoint, &conn_ops, endpoint);
    backend_watch_begin(endpoint);
}

/* The connection of a pool becomes the session's: from now on its events come here. */
void
backend_take_over(struct mx_endpoint *endpoint, struct mx_conn *conn)
{
    backend_of(endpoint)->conn = conn;
    mx_conn_set_ops(conn, &conn_ops, endpoint);
}

void
backend_fail(struct mx_endpoint *endpoint, const struct mx_err *err, bool permanent)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    if (backend->conn == NULL || backend->state == BACKEND_BROKEN) {
        return;
    }
    backend->state = BACKEND_BROKEN;
    backend->permanent = permanent;
    backend_watch_end(backend);
    mx_conn_fail(backend->conn, err);
}

void
backend_close(struct mx_endpoint *endpoint)
{
    static const uint8_t quit[] = {1, 0, 0, 0, WIRE_COM_QUIT};
    struct mariadb_backend *backend = backend_of(endpoint);
    struct mx_session *session = mx_endpoint_session(endpoint);
    struct mariadb_client *client = client_of(session);
    if (backend->conn != NULL) {
        if (backend->state == BACKEND_READY && backend->due_count == 0) {
            compress_mark(backend->login.compress, backend->conn, 0);
            mx_conn_write(backend->conn, quit, sizeof(quit));
        }
        mx_conn_close(backend->conn);
        backend->conn = NULL;
    }
    backend->state = BACKEND_BROKEN;
    backend_watch_end(backend);
    if (client->infile == endpoint) {
        client->infile = NULL;
    }
    login_fini(&backend->login);
    mx_buf_free(&backend->queue);
    free(backend->dues);
    id_rows_free(&backend->stmts);
    free(backend->gtid);
    backend->dues = NULL;
    backend->gtid = NULL;
    backend->due_count = 0;
    backend_check_room(endpoint);
}

struct mx_conn *
backend_conn(struct mx_endpoint *endpoint)
{
    return backend_of(endpoint)->conn;
}

bool
backend_is_quiet(const struct mx_endpoint *endpoint)
{
    const struct mariadb_backend *backend = backend_of(endpoint);
    return backend->state == BACKEND_READY && backend->due_count == 0 && backend->queue.len == 0 &&
           !backend->paused && !backend->full;
}

uint64_t
backend_id(const struct mx_endpoint *endpoint)
{
    return backend_of(endpoint)->login.thread_id;
}

/* ------------------------------------------------------------ flow control */

void
backend_pause(struct mx_endpoint *endpoint)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    if (!backend->paused && backend->conn != NULL) {
        backend->paused = true;
        mx_conn_pause_reading(backend->conn);
    }
}

void
backend_unpause(struct mx_endpoint *endpoint)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    if (backend->paused && backend->conn != NULL) {
        backend->paused = false;
        mx_conn_resume_reading(backend->conn);
    }
}

static bool
has_room(const struct mariadb_backend *backend)
{
    if (backend->conn != NULL && mx_conn_is_full(backend->conn)) {
        return false;
    }
    return backend->state == BACKEND_BROKEN ||
           (backend->queue.len < QUEUE_FULL && backend->due_count < DUES_FULL);
}

/* The client is read only while every server of the session has room. */
void
backend_check_room(struct mx_endpoint *endpoint)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    struct mx_session *session = mx_endpoint_session(endpoint);
    bool full = !has_room(backend);
    if (full == backend->full) {
        return;
    }
    backend->full = full;
    if (full) {
        client_pause(session, PAUSE_FULL);
        return;
    }
    for (struct mx_endpoint *e = mx_endpoint_next(session, NULL); e != NULL;
         e = mx_endpoint_next(session, e)) {
        if (backend_of(e)->full) {
            return;
        }
    }
    client_unpause(session, PAUSE_FULL);
}

void
backend_reply_ended(struct mx_endpoint *endpoint)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    if (backend->full && backend->due_count < DUES_FULL / 2) {
        backend_check_room(endpoint);
    }
}

/* ------------------------------------------------------------ what is due */

struct backend_due *
backend_push_due(struct mariadb_backend *backend, uint8_t command, uint8_t kind)
{
    if (backend->due_count == backend->due_capacity) {
        uint32_t capacity = backend->due_capacity == 0 ? 2 : backend->due_capacity * 2;
        struct backend_due *dues = mx_calloc(capacity, sizeof(*dues));
        for (uint32_t i = 0; i < backend->due_count; i++) {
            dues[i] = backend->dues[(backend->due_head + i) & (backend->due_capacity - 1)];
        }
        free(backend->dues);
        backend->dues = dues;
        backend->due_head = 0;
        backend->due_capacity = capacity;
    }
    uint32_t at = (backend->due_head + backend->due_count) & (backend->due_capacity - 1);
    backend->due_count++;
    backend->dues[at] = (struct backend_due){.command = command, .kind = kind};
    return &backend->dues[at];
}

static bool
is_being_prepared(const struct mariadb_backend *backend, uint32_t stmt_id)
{
    for (uint32_t i = 0; i < backend->due_count; i++) {
        const struct backend_due *due =
            &backend->dues[(backend->due_head + i) & (backend->due_capacity - 1)];
        if (due->command == WIRE_COM_STMT_PREPARE && due->stmt_id == stmt_id) {
            return true;
        }
    }
    return false;
}

/* ------------------------------------------------------------ writing */

static bool
has_id(uint8_t command)
{
    return command == WIRE_COM_STMT_EXECUTE || command == WIRE_COM_STMT_SEND_LONG_DATA ||
           command == WIRE_COM_STMT_CLOSE || command == WIRE_COM_STMT_RESET ||
           command == WIRE_COM_STMT_FETCH || command == WIRE_COM_STMT_BULK_EXECUTE;
}

static void
write_with_id(struct mariadb_backend *backend, const uint8_t *data, size_t len, uint32_t server_id)
{
    uint8_t head[ID_END];
    memcpy(head, data, ID_END);
    wire_store_u32(head + WIRE_HEADER_SIZE + WIRE_STMT_ID_AT, server_id);
    const struct iovec iov[] = {
        {.iov_base = head, .iov_len = ID_END},
        {.iov_base = (void *)((uintptr_t)data + ID_END), .iov_len = len - ID_END},
    };
    mx_conn_writev(backend->conn, iov, len > ID_END ? 2 : 1);
}

/*
 * An execution without types on a connection that has not seen them (or has seen others) gets the
 * remembered ones put in. False: nothing to put in.
 */
static bool
write_with_types(struct mariadb_backend *backend, struct backend_stmt *mine,
                 const struct mariadb_stmt *stmt, const uint8_t *data, size_t len)
{
    const uint8_t *payload = data + WIRE_HEADER_SIZE;
    size_t payload_len = wire_load_u24(data);
    struct wire_execute ex;
    if (stmt == NULL || stmt->types_version == 0 ||
        wire_execute_decode(payload, mx_min_size(payload_len, len - WIRE_HEADER_SIZE),
                            stmt->parameters, &ex) != 0) {
        return false;
    }
    if (ex.has_types || mine->types_version == stmt->types_version) {
        mine->types_version = stmt->types_version;
        return false;
    }
    struct wire_slice types = {stmt->types, (size_t)2 * stmt->parameters};
    if (payload_len + types.len >= WIRE_PAYLOAD_MAX) {
        return false; /* would become two packets; the server will say what it misses */
    }
    size_t cap = WIRE_HEADER_SIZE + ex.values_at + types.len;
    uint8_t *head = mx_alloc(cap);
    size_t head_len = wire_execute_add_types(payload, &ex, types, head + WIRE_HEADER_SIZE,
                                             cap - WIRE_HEADER_SIZE);
    if (head_len > 0) {
        wire_header_store(head, (uint32_t)(payload_len + types.len), data[3]);
        wire_store_u32(head + WIRE_HEADER_SIZE + WIRE_STMT_ID_AT, mine->server_id);
        size_t rest_at = WIRE_HEADER_SIZE + ex.values_at;
        const struct iovec iov[] = {
            {.iov_base = head, .iov_len = WIRE_HEADER_SIZE + head_len},
            {.iov_base = (void *)((uintptr_t)data + rest_at), .iov_len = len - rest_at},
        };
        mx_conn_writev(backend->conn, iov, len > rest_at ? 2 : 1);
        mine->types_version = stmt->types_version;
    }
    free(head);
    return head_len > 0;
}

static void
write_statement(struct mx_endpoint *endpoint, const struct queue_record *record,
                const uint8_t *data)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    const struct mariadb_client *client = client_of(mx_endpoint_session(endpoint));
    struct backend_stmt *mine = backend_stmt_find(backend, record->stmt_id);
    if (backend->shares && mine != NULL) {
        lend_note_statement(mine, record->command, data, record->len);
    }
    bool executes =
        record->command == WIRE_COM_STMT_EXECUTE || record->command == WIRE_COM_STMT_BULK_EXECUTE;
    if (executes && mine != NULL &&
        write_with_types(backend, mine, stmt_find(client, record->stmt_id), data, record->len)) {
        return;
    }
    /* 0 is no statement of the server's: it says so itself. */
    write_with_id(backend, data, record->len, mine == NULL ? 0 : mine->server_id);
    if (record->command == WIRE_COM_STMT_CLOSE) {
        backend_stmt_remove(backend, record->stmt_id);
    }
}

static void
write_change_user(struct mx_endpoint *endpoint)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    const struct mariadb_client *client = client_of(mx_endpoint_session(endpoint));
    struct login_facts facts = backend_facts(endpoint);
    struct mx_err err;
    if (client->next_identity != NULL) {
        facts.identity = client->next_identity;
    }
    facts.database = facts.identity->database;
    if (login_change_user(&backend->login, &facts, &err) != 0) {
        backend_fail(endpoint, &err, true);
    }
}

static void
note_leftovers(struct mariadb_backend *backend, uint8_t command, const char *text, size_t len)
{
    enum leftover left = leftover_of(command, text, len);
    backend->clean = false;
    backend->plain = backend->plain && left == LEFTOVER_NONE;
    backend->unfit = backend->unfit || left == LEFTOVER_FOREVER;
}

/* When it is written: what is queued may still go out on another connection. */
static void
note_record(struct mariadb_backend *backend, const struct queue_record *record, const uint8_t *data)
{
    bool has_text = record->command == WIRE_COM_QUERY || record->command == WIRE_COM_STMT_PREPARE;
    bool is_whole =
        record->len > WIRE_HEADER_SIZE && record->len == WIRE_HEADER_SIZE + wire_load_u24(data);
    if (has_text && is_whole) {
        note_leftovers(backend, record->command, (const char *)data + WIRE_HEADER_SIZE + 1,
                       record->len - WIRE_HEADER_SIZE - 1);
    } else {
        note_leftovers(backend, record->command, NULL, 0);
    }
}

/* False: it must wait for the id of its statement. */
static bool
write_record(struct mx_endpoint *endpoint, const struct queue_record *record, const uint8_t *data)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    bool own_ids = (mx_session_needs(mx_endpoint_session(endpoint)) & MX_NEED_STMT_IDS) != 0;
    bool by_id = own_ids && record->first && has_id(record->command);
    if (by_id && is_being_prepared(backend, record->stmt_id)) {
        return false;
    }
    backend_pay_reset(backend);
    if (backend->may_pool && record->first) {
        note_record(backend, record, data);
    }
    if (record->first) {
        compress_mark(backend->login.compress, backend->conn, 0);
    }
    if (record->first && record->expects_reply) {
        struct backend_due *due =
            backend_push_due(backend, record->command, record->discard ? DUE_DISCARD : DUE_CLIENT);
        due->stmt_id = record->stmt_id;
        due->history_id = record->history_id;
        due->sent = record->len;
    } else if (!record->first && record->expects_reply && backend->due_count > 0) {
        uint32_t last = backend->due_head + backend->due_count - 1;
        backend->dues[last & (backend->due_capacity - 1)].sent += record->len;
    }
    if (record->command == WIRE_COM_CHANGE_USER) {
        write_change_user(endpoint);
    } else if (by_id && record->len >= ID_END) {
        write_statement(endpoint, record, data);
    } else {
        mx_conn_write(backend->conn, data, record->len);
    }
    return true;
}

/* ------------------------------------------------------------ the queue */

void
backend_flush(struct mx_endpoint *endpoint)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    while (backend->queue.len > 0 && backend->state == BACKEND_READY) {
        struct queue_record record;
        memcpy(&record, backend->queue.bytes, sizeof(record));
        if (!write_record(endpoint, &record, backend->queue.bytes + sizeof(record))) {
            break;
        }
        mx_buf_consume(&backend->queue, sizeof(record) + record.len);
    }
    backend_check_room(endpoint);
}

void
backend_pay_reset(struct mariadb_backend *backend)
{
    static const uint8_t reset[] = {1, 0, 0, 0, WIRE_COM_RESET_CONNECTION};
    if (backend->owes_reset) {
        backend->owes_reset = false;
        (void)backend_push_due(backend, WIRE_COM_RESET_CONNECTION, DUE_RESET);
        compress_mark(backend->login.compress, backend->conn, 0);
        mx_conn_write(backend->conn, reset, sizeof(reset));
    }
}

void
backend_send(struct mx_endpoint *endpoint, const struct mx_query *query, uint32_t flags)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    if (backend->state == BACKEND_BROKEN ||
        (backend->conn == NULL && backend->state != BACKEND_PARKED)) {
        return;
    }
    if (backend->shares && query->first) {
        lend_note_query(endpoint, query);
    }
    struct queue_record record = {.history_id = query->history_id,
                                  .len = (uint32_t)query->len,
                                  .stmt_id = query->stmt_id,
                                  .command = query->command,
                                  .first = query->first,
                                  .last = query->last,
                                  .expects_reply = query->expects_reply,
                                  .spread = (flags & MX_SEND_SPREAD) != 0,
                                  .discard = (flags & MX_SEND_DISCARD) != 0};
    if (backend->state != BACKEND_READY || backend->queue.len > 0 ||
        !write_record(endpoint, &record, query->data)) {
        queue_append(&backend->queue, &record, query->data);
    }
    backend_check_room(endpoint);
}

void
backend_send_raw(struct mx_endpoint *endpoint, const uint8_t *data, size_t len, bool anew)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    if (backend->conn != NULL && backend->state == BACKEND_READY) {
        if (anew) {
            compress_mark(backend->login.compress, backend->conn, 0);
        } else {
            compress_mark_turn(backend->login.compress, backend->conn);
        }
        mx_conn_write(backend->conn, data, len);
        backend_check_room(endpoint);
    }
}

void
backend_ping(struct mx_endpoint *endpoint)
{
    static const uint8_t ping[] = {1, 0, 0, 0, WIRE_COM_PING};
    struct mariadb_backend *backend = backend_of(endpoint);
    if (backend->state == BACKEND_READY && backend->queue.len == 0) {
        backend_pay_reset(backend);
        (void)backend_push_due(backend, WIRE_COM_PING, DUE_PING);
        compress_mark(backend->login.compress, backend->conn, 0);
        mx_conn_write(backend->conn, ping, sizeof(ping));
    }
}

/* ------------------------------------------------------------ replay */

static void
replay_entry(struct mariadb_backend *backend, const struct mx_history_entry *entry)
{
    backend_pay_reset(backend);
    if (backend->may_pool) {
        struct queue_record record = {.command = entry->command, .len = (uint32_t)entry->len};
        note_record(backend, &record, entry->data);
    }
    struct backend_due *due = backend_push_due(backend, entry->command, DUE_REPLAY);
    due->history_id = entry->id;
    due->stmt_id = entry->stmt_id;
    backend->replays_left++;
    compress_mark(backend->login.compress, backend->conn, 0);
    mx_conn_write(backend->conn, entry->data, entry->len);
}

static void
begin_init_sql(struct mx_endpoint *endpoint)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    char *const *statements = mx_session_init_sql(mx_endpoint_session(endpoint));
    for (; statements != NULL && *statements != NULL; statements++) {
        uint8_t head[WIRE_HEADER_SIZE + 1];
        size_t len = strlen(*statements);
        wire_header_store(head, (uint32_t)(len + 1), 0);
        head[WIRE_HEADER_SIZE] = WIRE_COM_QUERY;
        backend_pay_reset(backend);
        note_leftovers(backend, WIRE_COM_QUERY, *statements, len);
        (void)backend_push_due(backend, WIRE_COM_QUERY, DUE_INIT);
        backend->replays_left++;
        compress_mark(backend->login.compress, backend->conn, 0);
        mx_conn_write(backend->conn, head, sizeof(head));
        mx_conn_write(backend->conn, *statements, len);
    }
}

void
backend_begin(struct mx_endpoint *endpoint)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    const struct mx_session *session = mx_endpoint_session(endpoint);
    backend_watch_end(backend);
    begin_init_sql(endpoint);
    struct mx_history_entry entry = {0};
    while (mx_session_history_next(session, entry.id, &entry)) {
        if (!queue_has(&backend->queue, entry.id)) {
            replay_entry(backend, &entry);
        }
    }
    backend->replays_left += lend_restore(backend) ? 1u : 0u;
    backend->state = BACKEND_REPLAY;
    backend->tracks = (mx_session_needs(session) & MX_NEED_TRACKING) != 0;
    backend->strips =
        (backend->login.caps & ~client_of(session)->caps & WIRE_CAP_SESSION_TRACK) != 0;
    if (backend->replays_left == 0) {
        backend_replayed(endpoint);
    }
}

void
backend_replayed(struct mx_endpoint *endpoint)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    backend->state = BACKEND_READY;
    backend_flush(endpoint);
    mx_endpoint_ready(endpoint);
}
