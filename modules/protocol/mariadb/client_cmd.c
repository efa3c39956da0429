/*
 * Commands of a client: where they begin and end, what is answered here, and what goes down the
 * chain. Short commands are gathered whole in the connection's buffer; long ones stream in pieces
 * unless a stage wants statements.
 */
#include "kill.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GATHER_MAX 65536u /* commands up to this come whole even if no stage asks for it */
#define HEAD_SIZE  32u    /* of a streamed command: its fixed part and a statement id */

/* One command as far as it has arrived. */
struct command {
    uint8_t *data;
    size_t len; /* bytes of this command in `data` */
    const uint8_t *payload;
    size_t payload_len; /* of the first packet, as far as it is there */
    uint8_t code;
    bool whole;
    bool large;
    struct client_walk walk; /* after these bytes */
    struct mariadb_stmt *stmt;
    struct mariadb_stmt *kill; /* the prepared KILL that it is about */
    struct mx_query query;
    struct mx_sql sql;
};

static void
protocol_error(struct mx_session *session, uint16_t code, const char *text)
{
    struct mx_err err;
    (void)mx_err_set(&err, code, "08S01", "%s", text);
    mx_log_warning(mx_session_log(session), "The client '%s'@'%s' is closed: %s",
                   mx_session_user(session), mx_session_remote(session), text);
    client_write_answer(session, &err);
    client_of(session)->state = CLIENT_DEAD;
    mx_session_end(session);
}

/* ------------------------------------------------------------ framing */

enum walk_result {
    WALK_MORE = 0,
    WALK_END, /* the command ends here */
    WALK_BAD, /* wrong sequence number */
};

/*
 * Bytes at the front of `data` that belong to the command; a header that is cut is left. The walk
 * is moved behind them. Numbers inside the compressed protocol mean nothing: they are put right.
 */
static enum walk_result
walk_on(const struct mariadb_client *client, struct client_walk *walk, uint8_t *data, size_t len,
        size_t *out_len)
{
    size_t at = 0;
    for (;;) {
        size_t part = mx_min_size(walk->left, len - at);
        at += part;
        walk->left -= (uint32_t)part;
        *out_len = at;
        if (walk->left > 0) {
            return WALK_MORE;
        }
        if (!walk->goes_on) {
            return WALK_END;
        }
        if (len - at < WIRE_HEADER_SIZE) {
            return WALK_MORE;
        }
        if (client->compress != NULL) {
            data[at + 3] = (uint8_t)(walk->sequence + 1);
        }
        if (data[at + 3] != (uint8_t)(walk->sequence + 1)) {
            return WALK_BAD;
        }
        walk->left = wire_load_u24(data + at);
        walk->goes_on = walk->left == WIRE_PAYLOAD_MAX;
        walk->sequence = data[at + 3];
        at += WIRE_HEADER_SIZE;
    }
}

/* ------------------------------------------------------------ answered here */

/* Replies that are due go first: the command is looked at again when they are through. */
static bool
must_wait(struct mx_session *session)
{
    if (mx_session_due(session) == 0) {
        return false;
    }
    client_pause(session, PAUSE_ORDER);
    return true;
}

static void answer_error(struct mx_session *session, uint16_t code, const char *sqlstate,
                         const char *format, ...) MX_PRINTF(4, 5);

static void
answer_error(struct mx_session *session, uint16_t code, const char *sqlstate, const char *format,
             ...)
{
    char text[MX_ERR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    struct mx_err err;
    (void)mx_err_set(&err, code, sqlstate, "%s", text);
    client_write_answer(session, &err);
}

static bool
is_refused_replication(struct mx_session *session, uint8_t code)
{
    if (code != WIRE_COM_BINLOG_DUMP && code != WIRE_COM_BINLOG_DUMP_GTID &&
        code != WIRE_COM_REGISTER_SLAVE) {
        return false;
    }
    const struct mariadb_config *config = mx_session_protocol_config(session);
    return !config->allow_replication;
}

/* As servers name their own commands in the text of error 1243. */
static const char *
server_word(uint8_t code)
{
    switch (code) {
    case WIRE_COM_STMT_FETCH:
        return "mysqld_stmt_fetch";
    case WIRE_COM_STMT_RESET:
        return "mysqld_stmt_reset";
    default:
        return "mysqld_stmt_execute"; /* bulk execution too */
    }
}

static struct mariadb_stmt *
find_stmt(const struct mariadb_client *client, uint32_t id)
{
    if (id == WIRE_STMT_ID_LAST && client->stmts != NULL) {
        id = client->stmts->last_usable;
    }
    return stmt_find(client, id);
}

/* What servers say about an id that they do not know. */
static void
answer_unknown_stmt(struct mx_session *session, uint8_t code, uint32_t id)
{
    if (code == WIRE_COM_STMT_BULK_EXECUTE &&
        (client_of(session)->ext_caps & WIRE_EXT_CAP_STMT_BULK) == 0) {
        answer_error(session, WIRE_ER_UNSUPPORTED_PS, "HY000",
                     "This command is not supported in the prepared statement protocol yet");
        return;
    }
    answer_error(session, WIRE_ER_UNKNOWN_STMT_HANDLER, "HY000",
                 "Unknown prepared statement handler (%u) given to %s", (unsigned)id,
                 server_word(code));
}

/* ------------------------------------------------------------ what a command means */

static bool
has_id(uint8_t code)
{
    return code == WIRE_COM_STMT_EXECUTE || code == WIRE_COM_STMT_SEND_LONG_DATA ||
           code == WIRE_COM_STMT_CLOSE || code == WIRE_COM_STMT_RESET ||
           code == WIRE_COM_STMT_FETCH || code == WIRE_COM_STMT_BULK_EXECUTE;
}

static bool
has_text(uint8_t code)
{
    return code == WIRE_COM_QUERY || code == WIRE_COM_STMT_PREPARE;
}

/* KILL and USE concern the protocol itself, whoever classifies or not. */
static bool
may_be_ours(const struct mx_query *query)
{
    size_t at = 0;
    while (at < query->text_len && (query->text[at] == ' ' || query->text[at] == '\t' ||
                                    query->text[at] == '\n' || query->text[at] == '\r')) {
        at++;
    }
    if (at == query->text_len) {
        return false;
    }
    char c = query->text[at];
    return c == 'k' || c == 'K' || c == 'u' || c == 'U' || c == '/' || c == '-' || c == '#' ||
           c == '(';
}

static void
classify(struct mx_session *session, struct command *cmd)
{
    struct mx_query *query = &cmd->query;
    bool wanted = (mx_session_needs(session) & MX_NEED_CLASSIFY) != 0;
    if (query->text == NULL || (!wanted && !may_be_ours(query))) {
        return;
    }
    mx_sql_classify(query->text, query->text_len, mx_session_sql_options(session), &cmd->sql);
    if (wanted) {
        query->sql = &cmd->sql;
    }
    if (!wanted || cmd->code != WIRE_COM_QUERY) {
        return;
    }
    if (cmd->sql.op == MX_SQL_OP_EXECUTE) {
        const struct mx_sql *named = stmt_sql_of_name(client_of(session), query->text, &cmd->sql);
        query->sql = named != NULL ? named : &cmd->sql;
    }
}

enum note_result {
    NOTE_GO_ON,
    NOTE_WAIT,     /* its answer has to wait for others */
    NOTE_ANSWERED, /* or swallowed, when the command has no answer */
};

/* The command cannot be meant for any statement. */
static enum note_result
no_statement(struct mx_session *session, const struct command *cmd, bool is_short)
{
    if (wire_command_answer(cmd->code) == WIRE_ANSWER_NONE) {
        return NOTE_ANSWERED;
    }
    if (must_wait(session)) {
        return NOTE_WAIT;
    }
    client_of(session)->walk = cmd->walk;
    if (is_short) {
        answer_error(session, WIRE_ER_MALFORMED_PACKET, "HY000", "Malformed communication packet");
    } else {
        answer_unknown_stmt(session, cmd->code, wire_load_u32(cmd->payload + WIRE_STMT_ID_AT));
    }
    return NOTE_ANSWERED;
}

/* With MX_NEED_STMT_IDS the statement ids of the session are the proxy's own. */
static enum note_result
note_statement(struct mx_session *session, struct command *cmd)
{
    struct mx_query *query = &cmd->query;
    if (!has_id(cmd->code)) {
        return NOTE_GO_ON;
    }
    if (cmd->payload_len < WIRE_STMT_ID_AT + 4) {
        return no_statement(session, cmd, true);
    }
    uint32_t id = wire_load_u32(cmd->payload + WIRE_STMT_ID_AT);
    if ((mx_session_needs(session) & MX_NEED_STMT_IDS) == 0) {
        query->stmt_id = id;
        return NOTE_GO_ON;
    }
    cmd->stmt = find_stmt(client_of(session), id);
    if (cmd->stmt == NULL) {
        return no_statement(session, cmd, false);
    }
    query->stmt_id = cmd->stmt->id;
    query->sql = cmd->stmt->sql;
    if (cmd->code == WIRE_COM_STMT_EXECUTE || cmd->code == WIRE_COM_STMT_BULK_EXECUTE) {
        stmt_note_types(cmd->stmt, cmd->payload, cmd->payload_len);
    }
    return NOTE_GO_ON;
}

static void
note_change(struct mx_session *session, const struct command *cmd, enum client_change change)
{
    struct mariadb_client *client = client_of(session);
    client->change = (uint8_t)change;
    client->exclusive = true;
    if (change == CHANGE_DATABASE) {
        free(client->next_database);
        client->next_database = NULL;
        if (cmd->code == WIRE_COM_INIT_DB) {
            client->next_database =
                mx_strndup((const char *)cmd->payload + 1, cmd->payload_len - 1);
        } else {
            char name[1024];
            (void)mx_sql_span_name(cmd->query.text, cmd->sql.use_db, name, sizeof(name));
            client->next_database = mx_strdup(name);
        }
    } else if (change == CHANGE_OPTION) {
        /* What is missing counts as 0, as in servers. */
        uint8_t low = cmd->payload_len >= 2 ? cmd->payload[1] : 0;
        uint8_t high = cmd->payload_len >= 3 ? cmd->payload[2] : 0;
        client->option = high == 0 ? low : UINT8_MAX;
    }
}

static enum client_change
change_of(const struct command *cmd)
{
    if (cmd->code == WIRE_COM_INIT_DB) {
        return CHANGE_DATABASE;
    }
    if (cmd->code == WIRE_COM_RESET_CONNECTION) {
        return CHANGE_RESET;
    }
    if (cmd->code == WIRE_COM_SET_OPTION) {
        return CHANGE_OPTION;
    }
    if (cmd->code == WIRE_COM_QUERY && cmd->sql.use_db.len > 0 &&
        cmd->sql.op == MX_SQL_OP_CHANGE_DB) {
        return CHANGE_DATABASE;
    }
    return CHANGE_NONE;
}

/* ------------------------------------------------------------ down the chain */

static void
after_pass(struct mx_session *session, struct command *cmd)
{
    struct mariadb_client *client = client_of(session);
    if (cmd->code == WIRE_COM_QUERY && cmd->query.sql != NULL &&
        (cmd->query.sql->type & (MX_SQL_PREPARE_NAMED_STMT | MX_SQL_DEALLOC_PREPARE)) != 0) {
        stmt_note_name(session, cmd->query.text, cmd->query.text_len, cmd->query.sql);
    }
    if (cmd->code == WIRE_COM_STMT_CLOSE && cmd->stmt != NULL) {
        mx_session_history_forget(session, cmd->stmt->id);
        stmt_remove(client, cmd->query.stmt_id);
    }
}

/* Consumed bytes. A new statement gets its id only when the chain has taken it. */
static size_t
offer(struct mx_session *session, struct command *cmd)
{
    struct mariadb_client *client = client_of(session);
    struct mariadb_stmt *added = NULL;
    if (cmd->code == WIRE_COM_STMT_PREPARE && cmd->query.first &&
        (mx_session_needs(session) & MX_NEED_STMT_IDS) != 0) {
        added = stmt_add(client);
        cmd->query.stmt_id = added->id;
        stmt_set_sql(added, cmd->query.sql);
    }
    if (cmd->code == WIRE_COM_STMT_PREPARE && client->stmts != NULL) {
        client->stmts->last_is_kill = false;
    }
    uint32_t added_id = cmd->query.stmt_id;
    enum mx_verdict verdict = mx_flow_query(session, &cmd->query);
    if (verdict == MX_FAIL) {
        return cmd->len;
    }
    if (verdict != MX_PASS && added != NULL) {
        stmt_remove(client, added_id);
        client->stmts->last_id--; /* offered again it gets the same */
    }
    if (verdict == MX_HELD) {
        client_pause(session, PAUSE_HELD);
        return 0;
    }
    if (verdict == MX_PASS) {
        after_pass(session, cmd);
    } else if (client->exclusive && cmd->query.first) {
        client_exclusive_done(session, false);
    }
    client->walk = cmd->walk;
    client->streaming = !cmd->whole;
    client->swallow = client->streaming && (client->swallow || verdict == MX_DONE);
    client->stream_command = cmd->code;
    client->stream_stmt = cmd->query.stmt_id;
    if (!client->streaming) {
        (void)client_flush_answer(session);
    }
    return cmd->len;
}

void
client_route_change_user(struct mx_session *session)
{
    static const uint8_t packet[] = {1, 0, 0, 0, WIRE_COM_CHANGE_USER};
    struct mariadb_client *client = client_of(session);
    struct mx_query query = {.data = packet,
                             .len = sizeof(packet),
                             .command = WIRE_COM_CHANGE_USER,
                             .first = true,
                             .last = true,
                             .expects_reply = true};
    switch (mx_flow_query(session, &query)) {
    case MX_PASS:
        client_attempt_free(client);
        client_unpause(session, PAUSE_HELD);
        break;
    case MX_HELD:
        client_pause(session, PAUSE_HELD);
        break;
    case MX_DONE:
        client_attempt_free(client);
        client_unpause(session, PAUSE_HELD);
        client_exclusive_done(session, false);
        break;
    case MX_FAIL:
        break;
    }
}

/* ------------------------------------------------------------ one command */

/* KILL in any form. False: it is none. */
static bool
kill_command(struct mx_session *session, struct command *cmd)
{
    if (cmd->code == WIRE_COM_PROCESS_KILL && cmd->payload_len >= 5) {
        struct kill_words words = {.hard = true, .id = wire_load_u32(cmd->payload + 1)};
        kill_start(session, &words);
        return true;
    }
    if (cmd->kill != NULL) {
        kill_stmt_command(session, cmd->kill, cmd->payload, cmd->payload_len);
        client_of(session)->streaming = !cmd->whole;
        client_of(session)->swallow = !cmd->whole;
        return true;
    }
    if (cmd->query.text == NULL || cmd->sql.kill.len == 0) {
        return false;
    }
    if (cmd->code == WIRE_COM_STMT_PREPARE) {
        return kill_prepare(session, cmd->query.text, &cmd->sql);
    }
    return kill_query(session, cmd->query.text, &cmd->sql);
}

/* True: it was answered or has ended the session; nothing goes down the chain. */
static bool
handled_here(struct mx_session *session, struct command *cmd)
{
    if (cmd->code == WIRE_COM_QUIT) {
        client_of(session)->state = CLIENT_DEAD;
        mx_session_quit(session);
        return true;
    }
    if (wire_command_answer(cmd->code) == WIRE_ANSWER_UNKNOWN) {
        answer_error(session, WIRE_ER_UNKNOWN_COM, "08S01", "Unknown command");
        return true;
    }
    if (is_refused_replication(session, cmd->code)) {
        answer_error(session, WIRE_ER_FEATURE_DISABLED, "HY000",
                     "Replication is disabled on this listener (allow_replication=false)");
        return true;
    }
    if (cmd->code == WIRE_COM_CHANGE_USER) {
        client_change_user(session, cmd->payload, cmd->payload_len);
        return true;
    }
    return kill_command(session, cmd);
}

static bool
is_ours(struct mx_session *session, const struct command *cmd)
{
    return cmd->code == WIRE_COM_QUIT || cmd->code == WIRE_COM_CHANGE_USER ||
           cmd->code == WIRE_COM_PROCESS_KILL || is_refused_replication(session, cmd->code) ||
           wire_command_answer(cmd->code) == WIRE_ANSWER_UNKNOWN || cmd->kill != NULL ||
           (has_text(cmd->code) && cmd->sql.kill.len > 0);
}

static size_t
run_command(struct mx_session *session, struct command *cmd)
{
    struct mariadb_client *client = client_of(session);
    struct mx_query *query = &cmd->query;
    *query = (struct mx_query){.data = cmd->data,
                               .len = cmd->len,
                               .command = cmd->code,
                               .first = true,
                               .last = cmd->whole,
                               .large = cmd->large,
                               .expects_reply = wire_command_answer(cmd->code) != WIRE_ANSWER_NONE};
    if (cmd->whole && !cmd->large && has_text(cmd->code)) {
        query->text = (const char *)cmd->payload + 1;
        query->text_len = cmd->payload_len - 1;
    }
    classify(session, cmd);
    cmd->kill = has_id(cmd->code) ? kill_stmt_of(session, cmd->payload, cmd->payload_len) : NULL;
    enum client_change change = change_of(cmd);
    bool ours = is_ours(session, cmd);
    bool answer_waits = client->answer != NULL && !client->answer_is_for_next;
    if ((ours || change != CHANGE_NONE || client->exclusive || answer_waits) &&
        must_wait(session)) {
        return 0;
    }
    client->walk = cmd->walk;
    if (client->answer != NULL && client->answer_is_for_next && query->expects_reply &&
        cmd->whole) {
        client->answer_is_for_next = false;
        return client_flush_answer(session) ? cmd->len : 0;
    }
    if (ours && handled_here(session, cmd)) {
        return cmd->len;
    }
    switch (note_statement(session, cmd)) {
    case NOTE_GO_ON:
        break;
    case NOTE_WAIT:
        return 0;
    case NOTE_ANSWERED:
        client->walk = cmd->walk;
        client->streaming = !cmd->whole;
        client->swallow = client->streaming;
        return cmd->len;
    }
    if (change != CHANGE_NONE) {
        note_change(session, cmd, change);
        if (change == CHANGE_RESET) {
            mx_session_history_clear(session);
        }
    }
    return offer(session, cmd);
}

/* How much of the command must be there before it is looked at. */
static size_t
wanted_size(struct mx_session *session, const uint8_t *data, size_t len, size_t payload_len)
{
    size_t total = WIRE_HEADER_SIZE + payload_len;
    bool statements = (mx_session_needs(session) & MX_NEED_STATEMENT) != 0;
    if (payload_len < GATHER_MAX || (statements && payload_len < WIRE_PAYLOAD_MAX)) {
        return total;
    }
    if (len < WIRE_HEADER_SIZE + HEAD_SIZE) {
        return WIRE_HEADER_SIZE + HEAD_SIZE;
    }
    if (data[4] != WIRE_COM_STMT_EXECUTE) {
        return has_text(data[4]) || has_id(data[4]) ? WIRE_HEADER_SIZE + HEAD_SIZE : total;
    }
    const struct mariadb_stmt *stmt = stmt_find(client_of(session), wire_load_u32(data + 5));
    size_t head = stmt == NULL ? HEAD_SIZE : wire_execute_head_size(stmt->parameters);
    return mx_min_size(total, WIRE_HEADER_SIZE + mx_max_size(head, HEAD_SIZE));
}

static size_t
begin_command(struct mx_session *session, uint8_t *data, size_t len)
{
    if (len < WIRE_HEADER_SIZE) {
        return 0;
    }
    struct mariadb_client *client = client_of(session);
    size_t payload_len = wire_load_u24(data);
    data[3] = client->compress != NULL ? 0 : data[3];
    if (data[3] != 0) {
        client->walk.sequence = UINT8_MAX; /* servers answer with number 0 */
        protocol_error(session, WIRE_ER_PACKETS_OUT_OF_ORDER, "Got packets out of order");
        return len;
    }
    size_t wanted = wanted_size(session, data, len, payload_len);
    if (len < wanted) {
        mx_conn_want(mx_session_conn(session), wanted);
        return 0;
    }
    struct command cmd = {
        .data = data,
        .code = payload_len > 0 ? data[4] : WIRE_COM_SLEEP, /* unknown, as servers have it */
        .payload = data + WIRE_HEADER_SIZE,
        .large = payload_len == WIRE_PAYLOAD_MAX,
        .walk = {.left = (uint32_t)payload_len, .goes_on = payload_len == WIRE_PAYLOAD_MAX}};
    size_t body = 0;
    enum walk_result result =
        walk_on(client, &cmd.walk, data + WIRE_HEADER_SIZE, len - WIRE_HEADER_SIZE, &body);
    if (result == WALK_BAD) {
        protocol_error(session, WIRE_ER_PACKETS_OUT_OF_ORDER, "Got packets out of order");
        return len;
    }
    cmd.whole = result == WALK_END;
    cmd.len = WIRE_HEADER_SIZE + body;
    cmd.payload_len = mx_min_size(payload_len, body);
    return run_command(session, &cmd);
}

static size_t
go_on_with_command(struct mx_session *session, uint8_t *data, size_t len)
{
    struct mariadb_client *client = client_of(session);
    struct command cmd = {.data = data, .code = client->stream_command, .walk = client->walk};
    enum walk_result result = walk_on(client, &cmd.walk, data, len, &cmd.len);
    if (result == WALK_BAD) {
        client->walk = cmd.walk;
        protocol_error(session, WIRE_ER_PACKETS_OUT_OF_ORDER, "Got packets out of order");
        return len;
    }
    cmd.whole = result == WALK_END;
    if (cmd.len == 0 && !cmd.whole) {
        return 0;
    }
    if (client->swallow) {
        client->walk = cmd.walk;
        client->streaming = !cmd.whole;
        client->swallow = client->streaming;
        if (cmd.whole) {
            (void)client_flush_answer(session);
        }
        return cmd.len;
    }
    cmd.query =
        (struct mx_query){.data = data,
                          .len = cmd.len,
                          .command = cmd.code,
                          .last = cmd.whole,
                          .large = true,
                          .stmt_id = client->stream_stmt,
                          .expects_reply = wire_command_answer(cmd.code) != WIRE_ANSWER_NONE};
    return offer(session, &cmd);
}

size_t
client_command_data(struct mx_session *session, uint8_t *data, size_t len)
{
    struct mariadb_client *client = client_of(session);
    if (client->streaming) {
        return go_on_with_command(session, data, len);
    }
    return begin_command(session, data, len);
}
