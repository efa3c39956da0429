/*
 * Prepared statements that are a KILL. A server would take the number for one of its own
 * connections, so they are prepared and executed here. Where the proxy gives out the ids of
 * statements they are among them; elsewhere theirs come from a range that no server reaches.
 */
#include "kill.h"

#include <stdlib.h>
#include <string.h>

#define STMT_ID_FIRST              0xc0000000u
#define ER_WRONG_ARGUMENTS         1210
#define ER_STMT_HAS_NO_OPEN_CURSOR 1421
#define ER_UNSUPPORTED_PS          1295

/* ------------------------------------------------------------ PREPARE */

/* The definition of the parameter, as servers describe one whose type is not known. */
static void
write_parameter(struct wire_writer *w, const struct mariadb_client *client, uint8_t *sequence)
{
    static const struct wire_slice empty = {NULL, 0};
    size_t mark = wire_packet_begin(w);
    wire_write_lenenc_bytes(w, wire_slice_of("def"));
    for (int i = 0; i < 3; i++) {
        wire_write_lenenc_bytes(w, empty);
    }
    wire_write_lenenc_bytes(w, wire_slice_of("?"));
    wire_write_lenenc_bytes(w, empty);
    if ((client->ext_caps & WIRE_EXT_CAP_EXTENDED_TYPES) != 0) {
        wire_write_lenenc_bytes(w, empty);
    }
    wire_write_u8(w, 0x0c);
    wire_write_u16(w, 63); /* binary */
    wire_write_u32(w, 0);
    wire_write_u8(w, 6); /* NULL */
    wire_write_u16(w, 0x80);
    wire_write_zeros(w, 3);
    (void)wire_packet_end(w, mark, ++*sequence);
    if ((client->caps & WIRE_CAP_DEPRECATE_EOF) == 0) {
        (void)wire_eof_encode(w, ++*sequence, client->status, 0);
    }
}

static void
answer_prepare(struct mx_session *session, const struct mariadb_stmt *stmt)
{
    struct mariadb_client *client = client_of(session);
    uint8_t bytes[128];
    struct wire_writer w;
    uint8_t sequence = (uint8_t)(client->walk.sequence + 1);
    struct wire_prepare_ok ok = {.id = stmt->id, .parameters = stmt->parameters};
    if ((client->caps & WIRE_CAP_OPTIONAL_METADATA) != 0) {
        ok.definitions = WIRE_DEFINITIONS_FOLLOW;
    }
    wire_writer_init(&w, bytes, sizeof(bytes));
    (void)wire_prepare_ok_encode(&w, sequence, &ok);
    if (stmt->parameters > 0) {
        write_parameter(&w, client, &sequence);
    }
    MX_ASSERT(!w.failed);
    client_write_packets(session, bytes, w.len);
}

bool
kill_prepare(struct mx_session *session, const char *text, const struct mx_sql *sql)
{
    struct mariadb_client *client = client_of(session);
    struct kill_words words;
    if ((sql->facts & MX_SQL_FACT_MULTI) != 0 ||
        kill_words_parse(text + sql->kill.start, sql->kill.len, &words) != 0) {
        return false;
    }
    bool own_ids = (mx_session_needs(session) & MX_NEED_STMT_IDS) != 0;
    struct mariadb_stmt *stmt = stmt_add_from(client, own_ids ? 0 : STMT_ID_FIRST);
    stmt->kill = mx_alloc(sizeof(*stmt->kill));
    *stmt->kill = words;
    stmt->parameters = words.number == KILL_NUMBER_PLACEHOLDER ? 1 : 0;
    client->stmts->kills++;
    client->stmts->last_is_kill = true;
    answer_prepare(session, stmt);
    return true;
}

struct mariadb_stmt *
kill_stmt_of(const struct mx_session *session, const uint8_t *payload, size_t len)
{
    const struct mariadb_client *client = client_of(session);
    if (client->stmts == NULL || client->stmts->kills == 0 || len < WIRE_STMT_ID_AT + 4) {
        return NULL;
    }
    uint32_t id = wire_load_u32(payload + WIRE_STMT_ID_AT);
    if (id == WIRE_STMT_ID_LAST) {
        id = client->stmts->last_is_kill ? client->stmts->last_id : 0;
    }
    struct mariadb_stmt *stmt = stmt_find(client, id);
    return stmt != NULL && stmt->kill != NULL ? stmt : NULL;
}

/* ------------------------------------------------------------ EXECUTE */

static bool
read_text_number(struct wire_reader *r, uint64_t *out)
{
    struct wire_slice text = wire_read_lenenc_bytes(r);
    struct kill_words words;
    if (text.len == 0 || kill_words_parse((const char *)text.data, text.len, &words) != 0 ||
        words.what != KILL_SESSION || words.number != KILL_NUMBER_GIVEN) {
        return false;
    }
    *out = words.id;
    return true;
}

/* Protocol types: 1 tiny, 2 short, 3 long, 8 long long, 9 int24; text types have a length. */
static bool
read_number(struct wire_reader *r, uint8_t type, uint64_t *out)
{
    switch (type) {
    case 1:
        *out = wire_read_u8(r);
        break;
    case 2:
        *out = wire_read_u16(r);
        break;
    case 3:
    case 9:
        *out = wire_read_u32(r);
        break;
    case 8:
        *out = wire_read_u64(r);
        break;
    case 15:
    case 246: /* decimal */
    case 252:
    case 253:
    case 254:
        return read_text_number(r, out) && !r->failed;
    default:
        return false;
    }
    return !r->failed;
}

static bool
read_argument(const struct mariadb_stmt *stmt, const uint8_t *payload, size_t len, uint64_t *out)
{
    struct wire_execute ex;
    struct wire_reader r;
    const size_t bitmap_at = 10;
    if (wire_execute_decode(payload, len, 1, &ex) != 0 || stmt->types == NULL ||
        (payload[bitmap_at] & 1) != 0 || ex.values_at > len) {
        return false;
    }
    wire_reader_init(&r, payload + ex.values_at, len - ex.values_at);
    return read_number(&r, stmt->types[0], out);
}

static void
refuse(struct mx_session *session, uint16_t code, const char *text)
{
    struct mx_err err;
    (void)mx_err_set(&err, code, "HY000", "%s", text);
    client_write_answer(session, &err);
}

static void
execute(struct mx_session *session, struct mariadb_stmt *stmt, const uint8_t *payload, size_t len)
{
    struct kill_words words = *stmt->kill;
    stmt_note_types(stmt, payload, len);
    if (words.number == KILL_NUMBER_PLACEHOLDER) {
        if (!read_argument(stmt, payload, len, &words.id)) {
            refuse(session, ER_WRONG_ARGUMENTS, "Incorrect arguments to mysqld_stmt_execute");
            return;
        }
        words.number = KILL_NUMBER_GIVEN;
    }
    kill_start(session, &words);
}

void
kill_stmt_command(struct mx_session *session, struct mariadb_stmt *stmt, const uint8_t *payload,
                  size_t len)
{
    switch (payload[0]) {
    case WIRE_COM_STMT_EXECUTE:
        execute(session, stmt, payload, len);
        break;
    case WIRE_COM_STMT_CLOSE:
        client_of(session)->stmts->kills--;
        stmt_remove(client_of(session), stmt->id);
        break;
    case WIRE_COM_STMT_RESET:
        client_write_ok(session, 0);
        break;
    case WIRE_COM_STMT_FETCH:
        refuse(session, ER_STMT_HAS_NO_OPEN_CURSOR, "The statement has no open cursor");
        break;
    case WIRE_COM_STMT_BULK_EXECUTE:
        refuse(session, ER_UNSUPPORTED_PS, "KILL cannot be executed in bulk");
        break;
    default: /* COM_STMT_SEND_LONG_DATA has no answer */
        break;
    }
}
