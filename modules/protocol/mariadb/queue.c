#include "queue.h"

#include <string.h>

void
queue_append(struct mx_buf *queue, const struct queue_record *record, const uint8_t *data)
{
    if (mx_buf_append(queue, record, sizeof(*record)) != 0 ||
        mx_buf_append(queue, data, record->len) != 0) {
        MX_BUG("a queue without a limit is full");
    }
}

static struct queue_record
record_at(const struct mx_buf *queue, size_t at)
{
    struct queue_record record;
    memcpy(&record, queue->bytes + at, sizeof(record));
    return record;
}

static size_t
behind(size_t at, const struct queue_record *record)
{
    return at + sizeof(*record) + record->len;
}

bool
queue_has(const struct mx_buf *queue, uint64_t history_id)
{
    for (size_t at = 0; at < queue->len;) {
        struct queue_record record = record_at(queue, at);
        if (record.history_id == history_id) {
            return true;
        }
        at = behind(at, &record);
    }
    return false;
}

/* ------------------------------------------------------------ a command in it */

/* All pieces of one command. */
struct span {
    struct queue_record head; /* of the first piece */
    size_t start;
    size_t end;
    uint32_t len; /* bytes of the command */
    bool whole;
};

static struct span
span_at(const struct mx_buf *queue, size_t at)
{
    struct span span = {.head = record_at(queue, at), .start = at, .end = at};
    struct queue_record record = span.head;
    do {
        span.end = behind(span.end, &record);
        span.len += record.len;
        span.whole = record.last;
        if (span.end < queue->len) {
            record = record_at(queue, span.end);
        }
    } while (span.end < queue->len && !record.first);
    return span;
}

static void
take(struct mx_buf *queue, const struct span *span)
{
    size_t size = span->end - span->start;
    memmove(queue->bytes + size, queue->bytes, span->start);
    mx_buf_consume(queue, size);
}

/* The values of parameters that were sent ahead go with the execution they are for. */
static void
take_long_data(struct mx_buf *queue, uint32_t stmt_id, size_t end)
{
    for (size_t at = 0; at < end;) {
        struct span span = span_at(queue, at);
        if (span.head.command == WIRE_COM_STMT_SEND_LONG_DATA && span.head.stmt_id == stmt_id) {
            take(queue, &span);
            end -= span.end - span.start;
        } else {
            at = span.end;
        }
    }
}

/* ------------------------------------------------------------ KILL QUERY */

/* The others change the session as a whole or take no time: a server that is told to stop one of
 * them runs it to its end and answers OK. */
static bool
is_statement(uint8_t command)
{
    switch (command) {
    case WIRE_COM_QUERY:
    case WIRE_COM_INIT_DB:
    case WIRE_COM_FIELD_LIST:
    case WIRE_COM_STMT_PREPARE:
    case WIRE_COM_STMT_EXECUTE:
    case WIRE_COM_STMT_BULK_EXECUTE:
        return true;
    default:
        return false;
    }
}

/* A reply to the client is due there: the server has been sent what he waits for. */
static bool
has_sent(const struct mariadb_backend *backend)
{
    for (uint32_t i = 0; i < backend->due_count; i++) {
        uint32_t at = (backend->due_head + i) & (backend->due_capacity - 1);
        if (backend->dues[at].kind == DUE_CLIENT) {
            return true;
        }
    }
    return false;
}

/* The oldest that the client waits for. One that has not arrived as a whole has not begun. */
static bool
find_awaited(const struct mx_buf *queue, struct span *out)
{
    for (size_t at = 0; at < queue->len; at = out->end) {
        *out = span_at(queue, at);
        if (out->head.expects_reply && !out->head.discard) {
            return out->whole && is_statement(out->head.command);
        }
    }
    return false;
}

static bool
find_history(const struct mx_buf *queue, uint64_t history_id, struct span *out)
{
    for (size_t at = 0; at < queue->len; at = out->end) {
        *out = span_at(queue, at);
        if (out->head.history_id == history_id) {
            return true;
        }
    }
    return false;
}

/* No sibling has it anywhere but in its queue; one that is parked was never given it. */
static bool
is_unsent(const struct mx_session *session, const struct mx_endpoint *answering,
          const struct queue_record *record)
{
    if (!record->spread) {
        return true;
    }
    for (struct mx_endpoint *e = mx_endpoint_next(session, NULL); e != NULL;
         e = mx_endpoint_next(session, e)) {
        const struct mariadb_backend *backend = backend_of(e);
        bool has = record->history_id != 0 && queue_has(&backend->queue, record->history_id);
        if (e != answering && !has && backend->state != BACKEND_PARKED) {
            return false;
        }
    }
    return true;
}

/* Takes it out of the queue and answers as the server would have. */
static void
answer_interrupted(struct mx_endpoint *endpoint, const struct span *span)
{
    static const char text[] = "Query execution was interrupted";
    struct mariadb_backend *backend = backend_of(endpoint);
    struct mx_session *session = mx_endpoint_session(endpoint);
    const struct queue_record head = span->head;
    uint8_t sequence = (uint8_t)(span->len / (WIRE_HEADER_SIZE + WIRE_PAYLOAD_MAX) + 1);
    uint8_t bytes[WIRE_ERR_PACKET_MAX];
    struct wire_writer w;
    wire_writer_init(&w, bytes, sizeof(bytes));
    int rc = wire_err_encode(&w, sequence, WIRE_ER_QUERY_INTERRUPTED, "70100", wire_slice_of(text));
    MX_ASSERT(rc == 0);
    take(&backend->queue, span);
    if (head.command == WIRE_COM_STMT_EXECUTE || head.command == WIRE_COM_STMT_BULK_EXECUTE) {
        take_long_data(&backend->queue, head.stmt_id, span->start);
    } else if (head.command == WIRE_COM_STMT_PREPARE && !head.discard &&
               (mx_session_needs(session) & MX_NEED_STMT_IDS) != 0) {
        stmt_remove(client_of(session), head.stmt_id);
    }
    struct mx_reply reply = {.data = head.discard ? NULL : bytes,
                             .len = head.discard ? 0 : w.len,
                             .first = true,
                             .complete = true,
                             .kind = MX_REPLY_ERR,
                             .error_code = WIRE_ER_QUERY_INTERRUPTED,
                             .error_sqlstate = "70100",
                             .error_text = text,
                             .command = head.command,
                             .sequence = sequence,
                             .aligned = true,
                             .stmt_id = head.stmt_id,
                             .history_id = head.history_id};
    mx_flow_reply(endpoint, &reply, head.discard);
    backend_check_room(endpoint);
}

/* The siblings' copies of a session command. */
static void
interrupt_siblings(struct mx_session *session, const struct mx_endpoint *answering, uint64_t id)
{
    struct mx_endpoint *next = NULL;
    for (struct mx_endpoint *e = mx_endpoint_next(session, NULL); e != NULL; e = next) {
        struct span span;
        next = mx_endpoint_next(session, e); /* whose reply is discarded closes nothing */
        if (e != answering && find_history(&backend_of(e)->queue, id, &span)) {
            answer_interrupted(e, &span);
        }
    }
}

bool
client_interrupt(struct mx_session *session)
{
    struct mx_endpoint *answering = NULL;
    struct span span = {0};
    for (struct mx_endpoint *e = mx_endpoint_next(session, NULL); e != NULL;
         e = mx_endpoint_next(session, e)) {
        if (has_sent(backend_of(e))) {
            return false;
        }
        if (answering == NULL && find_awaited(&backend_of(e)->queue, &span)) {
            answering = e;
        }
    }
    if (answering == NULL || !is_unsent(session, answering, &span.head)) {
        return false;
    }
    if (span.head.history_id != 0) {
        mx_session_history_withdraw(session, span.head.history_id);
        interrupt_siblings(session, answering, span.head.history_id);
    }
    answer_interrupted(answering, &span);
    return true;
}
