/*
 * Follows replies packet by packet. Two halves: the walk over bytes at the end of the file knows
 * headers and cuts; what a packet means for the reply is above it. Owns nothing but the struct.
 */
#include "wire/reply.h"

#include "wire/prepared.h"

enum phase {
    PHASE_HEADER, /* gathering the four bytes; all-zero is here */
    PHASE_FIRST,  /* the first byte of the payload decides what the packet is */
    PHASE_INSIDE,
};

/* What the next packet can be. */
enum state {
    STATE_RESULT,      /* OK, LOCAL INFILE or number of columns */
    STATE_COLUMNS,     /* definitions of a result set */
    STATE_COLUMNS_END, /* their EOF */
    STATE_ROWS,
    STATE_SIMPLE,
    STATE_TEXT,
    STATE_FIELDS,
    STATE_PREPARE,
    STATE_PARAMETERS, /* definitions of a prepared statement */
    STATE_PARAMETERS_END,
    STATE_PREPARED_COLUMNS,
    STATE_PREPARED_COLUMNS_END,
    STATE_AUTH,
    STATE_STREAM,
};

static enum state
first_state(uint8_t command)
{
    switch (wire_command_answer(command)) {
    case WIRE_ANSWER_SIMPLE:
        return STATE_SIMPLE;
    case WIRE_ANSWER_TEXT:
        return STATE_TEXT;
    case WIRE_ANSWER_FETCH:
        return STATE_ROWS;
    case WIRE_ANSWER_FIELDS:
        return STATE_FIELDS;
    case WIRE_ANSWER_PREPARE:
        return STATE_PREPARE;
    case WIRE_ANSWER_AUTH:
        return STATE_AUTH;
    case WIRE_ANSWER_STREAM:
        return STATE_STREAM;
    case WIRE_ANSWER_UNKNOWN: /* an error, most likely; RESULT takes anything */
    case WIRE_ANSWER_NONE:
    case WIRE_ANSWER_RESULT:
    case WIRE_ANSWER_EXECUTE:
        return STATE_RESULT;
    }
    return STATE_RESULT;
}

void
wire_reply_start(struct wire_reply *reply, uint8_t command, uint32_t caps, uint32_t ext_caps,
                 const struct wire_reply_sink *sink)
{
    /* The side buffer needs no clearing and is most of the struct. */
    memset(reply, 0, offsetof(struct wire_reply, side));
    reply->command = command;
    reply->caps = caps;
    reply->ext_caps = (caps & WIRE_CAP_CLIENT_MYSQL) == 0 ? ext_caps : 0;
    reply->sink = sink;
    reply->state = (uint8_t)first_state(command);
    reply->complete = wire_command_answer(command) == WIRE_ANSWER_NONE;
}

const char *
wire_reply_message(const struct wire_reply *reply)
{
    return (const char *)reply->side;
}

/* ---- what a packet is ---- */

static bool
has_eof_packets(const struct wire_reply *reply)
{
    return (reply->caps & WIRE_CAP_DEPRECATE_EOF) == 0;
}

static bool
has_optional_metadata(const struct wire_reply *reply)
{
    return (reply->caps & WIRE_CAP_OPTIONAL_METADATA) != 0;
}

/*
 * A packet with the mark 0xfe where rows or definitions may also come: those begin with 0xfe only
 * if a string of 2^24 bytes or more follows, so the packet then is longer. WIRE_PART_NONE: not an
 * end. An OK has at least 7 bytes of payload; a shorter one is an EOF even with DEPRECATE_EOF.
 */
static enum wire_reply_part
end_part(const struct wire_reply *reply)
{
    if (has_eof_packets(reply)) {
        return reply->payload_len < WIRE_EOF_PAYLOAD_MAX ? WIRE_PART_EOF : WIRE_PART_NONE;
    }
    if (reply->payload_len == WIRE_PAYLOAD_MAX) {
        return WIRE_PART_NONE;
    }
    return reply->payload_len < 7 ? WIRE_PART_EOF : WIRE_PART_OK;
}

/* The part of a packet by its first byte, errors excluded. NONE: it cannot be. */
static enum wire_reply_part
part_of(const struct wire_reply *reply, uint8_t first)
{
    enum wire_reply_part end = first == WIRE_MARK_EOF ? end_part(reply) : WIRE_PART_NONE;
    switch ((enum state)reply->state) {
    case STATE_RESULT:
        if (first == WIRE_MARK_LOCAL_INFILE) {
            return WIRE_PART_LOCAL_INFILE;
        }
        if (first == WIRE_MARK_EOF) {
            return end;
        }
        return first == WIRE_MARK_OK ? WIRE_PART_OK : WIRE_PART_HEADER;
    case STATE_SIMPLE:
        return first == WIRE_MARK_OK ? WIRE_PART_OK : end;
    case STATE_COLUMNS:
    case STATE_PARAMETERS:
    case STATE_PREPARED_COLUMNS:
        return WIRE_PART_COLUMN;
    case STATE_COLUMNS_END:
    case STATE_PARAMETERS_END:
    case STATE_PREPARED_COLUMNS_END:
        return end;
    case STATE_ROWS:
        return end != WIRE_PART_NONE ? end : WIRE_PART_ROW;
    case STATE_FIELDS:
        return end != WIRE_PART_NONE ? end : WIRE_PART_COLUMN;
    case STATE_PREPARE:
        return first == WIRE_MARK_OK ? WIRE_PART_HEADER : WIRE_PART_NONE;
    case STATE_AUTH:
        return first == WIRE_MARK_OK ? WIRE_PART_OK : WIRE_PART_AUTH;
    case STATE_STREAM:
        return end == WIRE_PART_EOF ? end : WIRE_PART_OTHER;
    case STATE_TEXT:
        return WIRE_PART_OTHER;
    }
    return WIRE_PART_NONE;
}

static bool
is_telling(enum wire_reply_part part)
{
    return part != WIRE_PART_COLUMN && part != WIRE_PART_ROW && part != WIRE_PART_OTHER &&
           part != WIRE_PART_CONTINUATION;
}

/* At the first byte of a packet's payload; `first` is of no meaning in an empty one. */
static void
packet_classify(struct wire_reply *reply, uint8_t first)
{
    enum wire_reply_part part;
    bool largest = reply->payload_len == WIRE_PAYLOAD_MAX;
    if (reply->continuing) {
        part = WIRE_PART_CONTINUATION;
    } else if (reply->payload_len == 0) {
        /* Nothing but a plugin says nothing. */
        part = reply->state == STATE_AUTH ? WIRE_PART_AUTH : WIRE_PART_NONE;
    } else if (first == WIRE_MARK_ERR && !largest) {
        part = WIRE_PART_ERR;
    } else {
        part = part_of(reply, first);
    }
    reply->telling = is_telling(part);
    reply->part = (uint8_t)part;
    reply->side_have = 0;
    if (part == WIRE_PART_NONE || (reply->telling && largest)) {
        reply->broken = true;
    }
    if (part == WIRE_PART_ROW) {
        reply->rows++;
    }
}

/* ---- what a packet does ---- */

static void
kind_set(struct wire_reply *reply, enum wire_reply_kind kind)
{
    if (reply->kind == WIRE_REPLY_NONE) {
        reply->kind = (uint8_t)kind;
    }
}

/* A result, an OK or the like is over: the next one, or the end. */
static void
result_end(struct wire_reply *reply)
{
    enum wire_answer answer = wire_command_answer(reply->command);
    bool many = answer == WIRE_ANSWER_RESULT || answer == WIRE_ANSWER_EXECUTE;
    reply->results++;
    if (many && (reply->status & WIRE_STATUS_MORE_RESULTS) != 0) {
        reply->state = STATE_RESULT;
    } else {
        reply->complete = true;
    }
}

static void
status_set(struct wire_reply *reply, uint16_t status, uint16_t warnings)
{
    reply->status = status;
    reply->warnings = warnings;
    reply->has_status = true;
}

static enum wire_reply_kind
kind_at_end(const struct wire_reply *reply)
{
    if (reply->state == STATE_ROWS || reply->state == STATE_FIELDS) {
        return WIRE_REPLY_ROWS;
    }
    return reply->state == STATE_STREAM ? WIRE_REPLY_OTHER : WIRE_REPLY_OK;
}

static void
on_ok(struct wire_reply *reply, const uint8_t *payload, size_t have)
{
    struct wire_ok ok;
    uint32_t caps = reply->caps;
    if (have < reply->payload_len) {
        /* Cut: the counters and flags are at the front; the info takes what there is. */
        caps &= ~WIRE_CAP_SESSION_TRACK;
    }
    if (wire_ok_decode(payload, have, caps, &ok) != 0) {
        reply->broken = true;
        return;
    }
    if (have < reply->payload_len) {
        ok.info = (struct wire_slice){NULL, 0};
        if ((ok.status & WIRE_STATUS_STATE_CHANGED) != 0) {
            reply->track_lost = true;
        }
    }
    kind_set(reply, kind_at_end(reply));
    reply->affected = ok.affected;
    reply->insert_id = ok.insert_id;
    status_set(reply, ok.status, ok.warnings);
    if (reply->sink != NULL && reply->sink->ok_fn != NULL) {
        reply->sink->ok_fn(reply->sink->ctx, &ok);
    }
    result_end(reply);
}

static void
on_err(struct wire_reply *reply, const uint8_t *payload, size_t have)
{
    struct wire_err err;
    if (wire_err_decode(payload, have, &err) != 0) {
        reply->broken = true;
        return;
    }
    bool progress = (reply->ext_caps & WIRE_EXT_CAP_PROGRESS) != 0 ||
                    (reply->caps & WIRE_CAP_PROGRESS_OLD) != 0;
    if (err.code == UINT16_MAX && progress) {
        reply->part = WIRE_PART_PROGRESS;
        return;
    }
    kind_set(reply, WIRE_REPLY_ERR);
    reply->error_code = err.code;
    memcpy(reply->sqlstate, err.sqlstate, sizeof(reply->sqlstate));
    reply->message_len = (uint8_t)mx_min_size(err.text.len, WIRE_REPLY_MESSAGE_MAX);
    /* The text may already be in the same array. */
    memmove(reply->side, err.text.data, reply->message_len);
    reply->complete = true;
}

/* Definitions of a result set are over, with their EOF where there is one. */
static void
rows_begin(struct wire_reply *reply)
{
    reply->state = STATE_ROWS;
}

static void definitions_end(struct wire_reply *reply);

/* Where none come, their EOF comes all the same. */
static void
definitions_begin(struct wire_reply *reply, uint8_t state, uint32_t count)
{
    reply->state = state;
    reply->definitions = count;
    if (count == 0) {
        definitions_end(reply);
    }
}

/* Parameters of a prepared statement are over, with their EOF where there is one. */
static void
prepared_columns_begin(struct wire_reply *reply)
{
    if (reply->columns > 0) {
        definitions_begin(reply, STATE_PREPARED_COLUMNS, reply->undefined ? 0 : reply->columns);
    } else {
        result_end(reply);
    }
}

static void
on_eof(struct wire_reply *reply, const uint8_t *payload, size_t have)
{
    struct wire_eof eof;
    if (wire_eof_decode(payload, have, &eof) != 0) {
        reply->broken = true;
        return;
    }
    status_set(reply, eof.status, eof.warnings);
    bool cursor = (eof.status & WIRE_STATUS_CURSOR_EXISTS) != 0 &&
                  wire_command_answer(reply->command) == WIRE_ANSWER_EXECUTE;
    if (reply->state == STATE_COLUMNS_END && !cursor) {
        rows_begin(reply);
    } else if (reply->state == STATE_PARAMETERS_END) {
        prepared_columns_begin(reply);
    } else {
        kind_set(reply, kind_at_end(reply));
        result_end(reply);
    }
}

/* The definitions of the current state have all come. */
static void
definitions_end(struct wire_reply *reply)
{
    bool eof = has_eof_packets(reply);
    if (reply->state == STATE_COLUMNS) {
        reply->state = STATE_COLUMNS_END;
        if (!eof) {
            rows_begin(reply);
        }
    } else if (reply->state == STATE_PARAMETERS) {
        reply->state = STATE_PARAMETERS_END;
        if (!eof) {
            prepared_columns_begin(reply);
        }
    } else {
        reply->state = STATE_PREPARED_COLUMNS_END;
        if (!eof) {
            result_end(reply);
        }
    }
}

/*
 * Number of columns; with CACHE_METADATA, or MySQL's OPTIONAL_METADATA, one byte more that says
 * whether definitions follow.
 */
static void
on_header(struct wire_reply *reply, const uint8_t *payload, size_t have)
{
    struct wire_reader r;
    wire_reader_init(&r, payload, have);
    uint64_t columns = wire_read_lenenc(&r);
    bool definitions = true;
    if ((reply->ext_caps & WIRE_EXT_CAP_CACHE_METADATA) != 0 || has_optional_metadata(reply)) {
        definitions = wire_read_u8(&r) != 0;
    }
    if (r.failed || columns == 0 || columns > UINT16_MAX) {
        reply->broken = true;
        return;
    }
    if (reply->results == 0) {
        reply->first_columns = (uint32_t)columns;
    }
    kind_set(reply, WIRE_REPLY_ROWS);
    reply->columns = (uint32_t)columns;
    definitions_begin(reply, STATE_COLUMNS, definitions ? (uint32_t)columns : 0);
}

static void
on_prepare_ok(struct wire_reply *reply, const uint8_t *payload, size_t have)
{
    struct wire_prepare_ok ok;
    if (wire_prepare_ok_decode(payload, have, &ok) != 0) {
        reply->broken = true;
        return;
    }
    kind_set(reply, WIRE_REPLY_PREPARED);
    reply->statement_id = ok.id;
    reply->parameters = ok.parameters;
    reply->columns = ok.columns;
    reply->first_columns = ok.columns;
    reply->warnings = ok.warnings;
    reply->undefined = has_optional_metadata(reply) && ok.definitions == WIRE_DEFINITIONS_NONE;
    if (ok.parameters > 0) {
        definitions_begin(reply, STATE_PARAMETERS, reply->undefined ? 0 : ok.parameters);
    } else {
        prepared_columns_begin(reply);
    }
}

/* At the end of a packet that is looked into; `have` of its bytes are there. */
static void
on_telling(struct wire_reply *reply, const uint8_t *payload, size_t have)
{
    switch ((enum wire_reply_part)reply->part) {
    case WIRE_PART_OK:
        on_ok(reply, payload, have);
        break;
    case WIRE_PART_ERR:
        on_err(reply, payload, have);
        break;
    case WIRE_PART_EOF:
        on_eof(reply, payload, have);
        break;
    case WIRE_PART_HEADER:
        if (reply->state == STATE_PREPARE) {
            on_prepare_ok(reply, payload, have);
        } else {
            on_header(reply, payload, have);
        }
        break;
    case WIRE_PART_LOCAL_INFILE:
        kind_set(reply, WIRE_REPLY_LOCAL_INFILE);
        reply->awaits_client = true;
        break;
    case WIRE_PART_AUTH:
        kind_set(reply, WIRE_REPLY_OTHER);
        reply->awaits_client = true;
        break;
    case WIRE_PART_NONE:
    case WIRE_PART_COLUMN:
    case WIRE_PART_ROW:
    case WIRE_PART_PROGRESS:
    case WIRE_PART_OTHER:
    case WIRE_PART_CONTINUATION:
        break;
    }
}

/* At the end of a payload (of however many packets) that only has to be counted. */
static void
on_counted(struct wire_reply *reply)
{
    switch ((enum state)reply->state) {
    case STATE_COLUMNS:
    case STATE_PARAMETERS:
    case STATE_PREPARED_COLUMNS:
        reply->definitions--;
        if (reply->definitions == 0) {
            definitions_end(reply);
        }
        break;
    case STATE_FIELDS:
        kind_set(reply, WIRE_REPLY_ROWS);
        reply->columns++;
        reply->first_columns = reply->columns;
        break;
    case STATE_ROWS:
        kind_set(reply, WIRE_REPLY_ROWS);
        break;
    case STATE_TEXT:
        kind_set(reply, WIRE_REPLY_OTHER);
        result_end(reply);
        break;
    case STATE_STREAM:
        kind_set(reply, WIRE_REPLY_OTHER);
        break;
    case STATE_RESULT:
    case STATE_COLUMNS_END:
    case STATE_SIMPLE:
    case STATE_PREPARE:
    case STATE_PARAMETERS_END:
    case STATE_PREPARED_COLUMNS_END:
    case STATE_AUTH:
        break;
    }
}

/* ---- the walk ---- */

/* The packet at p, of which more than the header is there, is there to its end and ends its
 * payload. */
static bool
is_plain(uint32_t len, const uint8_t *p, const uint8_t *end)
{
    /* len - 1 puts the empty payload beyond the largest, which is also not for here. */
    return len - 1 < WIRE_PAYLOAD_MAX - 1 && len <= (size_t)(end - p) - WIRE_HEADER_SIZE;
}

/* Whole rows in the middle of a result: the loop that most bytes of a proxy go through. */
static const uint8_t *
rows_walk(struct wire_reply *reply, const uint8_t *p, const uint8_t *end)
{
    const uint8_t *last = NULL;
    uint32_t walked = 0;
    while ((size_t)(end - p) > WIRE_HEADER_SIZE) {
        uint32_t len = wire_load_u24(p);
        if (!is_plain(len, p, end) || p[WIRE_HEADER_SIZE] >= WIRE_MARK_EOF) {
            break;
        }
        last = p;
        walked++;
        p += WIRE_HEADER_SIZE + len;
    }
    if (last != NULL) {
        reply->rows += walked;
        reply->packets += walked;
        reply->sequence = last[3];
        reply->part = WIRE_PART_ROW;
        kind_set(reply, WIRE_REPLY_ROWS);
    }
    return p;
}

/* Whole definitions: they only have to be counted. */
static const uint8_t *
definitions_walk(struct wire_reply *reply, const uint8_t *p, const uint8_t *end)
{
    const uint8_t *last = NULL;
    uint32_t left = reply->definitions;
    while (left > 0 && (size_t)(end - p) > WIRE_HEADER_SIZE) {
        uint32_t len = wire_load_u24(p);
        if (!is_plain(len, p, end) || p[WIRE_HEADER_SIZE] == WIRE_MARK_ERR) {
            break;
        }
        last = p;
        left--;
        p += WIRE_HEADER_SIZE + len;
    }
    if (last != NULL) {
        reply->packets += reply->definitions - left;
        reply->definitions = left;
        reply->sequence = last[3];
        reply->part = WIRE_PART_COLUMN;
        reply->awaits_client = false;
        if (left == 0) {
            definitions_end(reply);
        }
    }
    return p;
}

static const uint8_t *
header_take(struct wire_reply *reply, const uint8_t *p, const uint8_t *end)
{
    size_t n = mx_min_size(WIRE_HEADER_SIZE - reply->header_have, (size_t)(end - p));
    memcpy(reply->header + reply->header_have, p, n);
    reply->awaits_client = reply->awaits_client && n == 0;
    reply->header_have = (uint8_t)(reply->header_have + n);
    if (reply->header_have == WIRE_HEADER_SIZE) {
        reply->header_have = 0;
        reply->payload_len = wire_load_u24(reply->header);
        reply->payload_left = reply->payload_len;
        reply->sequence = reply->header[3];
        reply->packets++;
        reply->phase = PHASE_FIRST;
    }
    return p + n;
}

/* Which bytes of PREPARE_OK's id are among the n bytes from payload offset `at`. */
static void
id_note(struct wire_reply *reply, size_t at, size_t n, size_t data_at)
{
    size_t first = mx_max_size(at, WIRE_STMT_ID_AT);
    size_t stop = mx_min_size(at + n, WIRE_STMT_ID_AT + 4);
    if (first < stop) {
        reply->id_at = data_at + (first - at);
        reply->id_first = (uint8_t)(first - WIRE_STMT_ID_AT);
        reply->id_count = (uint8_t)(stop - first);
    }
}

/* The current packet has been seen to its end; `payload` is the whole of it, or NULL: in side. */
static void
packet_end(struct wire_reply *reply, const uint8_t *payload)
{
    bool telling = reply->telling;
    reply->phase = PHASE_HEADER;
    reply->telling = false;
    reply->continuing = reply->payload_len == WIRE_PAYLOAD_MAX;
    if (telling && payload != NULL) {
        on_telling(reply, payload, reply->payload_len);
    } else if (telling) {
        on_telling(reply, reply->side, reply->side_have);
    } else if (!reply->continuing) {
        on_counted(reply);
    }
}

/* Payload bytes of the current packet. */
static const uint8_t *
payload_take(struct wire_reply *reply, const uint8_t *p, const uint8_t *end, size_t data_at)
{
    size_t n = mx_min_size(reply->payload_left, (size_t)(end - p));
    const uint8_t *whole = NULL;
    if (reply->telling) {
        if (reply->state == STATE_PREPARE && reply->part == WIRE_PART_HEADER) {
            id_note(reply, reply->payload_len - reply->payload_left, n, data_at);
        }
        if (n == reply->payload_len) {
            whole = p;
        } else {
            size_t room = mx_min_size(n, WIRE_REPLY_SIDE_MAX - reply->side_have);
            memcpy(reply->side + reply->side_have, p, room);
            reply->side_have = (uint16_t)(reply->side_have + room);
        }
    }
    reply->payload_left -= (uint32_t)n;
    if (reply->payload_left == 0) {
        packet_end(reply, whole);
    }
    return p + n;
}

/* What need not be looked into, as far as it is there in whole packets. */
static const uint8_t *
counted_walk(struct wire_reply *reply, const uint8_t *p, const uint8_t *end)
{
    switch ((enum state)reply->state) {
    case STATE_ROWS:
        return rows_walk(reply, p, end);
    case STATE_COLUMNS:
    case STATE_PARAMETERS:
    case STATE_PREPARED_COLUMNS:
        return definitions_walk(reply, p, end);
    default:
        return p;
    }
}

/* A plain packet: nothing of it has to be kept for later. */
static const uint8_t *
plain_take(struct wire_reply *reply, const uint8_t *p, uint32_t len, size_t data_at)
{
    const uint8_t *payload = p + WIRE_HEADER_SIZE;
    reply->payload_len = len;
    reply->sequence = p[3];
    reply->packets++;
    reply->awaits_client = false;
    packet_classify(reply, *payload);
    if (reply->broken) {
        reply->phase = PHASE_INSIDE;
        return payload;
    }
    if (reply->state == STATE_PREPARE && reply->part == WIRE_PART_HEADER) {
        id_note(reply, 0, len, data_at + WIRE_HEADER_SIZE);
    }
    packet_end(reply, payload);
    return payload + len;
}

/* Up to a packet that is cut or has no end here, or past one packet only. */
static const uint8_t *
plain_walk(struct wire_reply *reply, const uint8_t *data, const uint8_t *p, const uint8_t *end,
           bool one)
{
    do {
        p = one ? p : counted_walk(reply, p, end);
        if (reply->complete || (size_t)(end - p) <= WIRE_HEADER_SIZE) {
            break;
        }
        uint32_t len = wire_load_u24(p);
        if (!is_plain(len, p, end)) {
            break;
        }
        p = plain_take(reply, p, len, (size_t)(p - data));
    } while (!one && !reply->complete && !reply->broken);
    return p;
}

/* What there is of a packet that is cut, empty, or of the largest size. */
static const uint8_t *
cut_take(struct wire_reply *reply, const uint8_t *data, const uint8_t *p, const uint8_t *end)
{
    if (reply->phase == PHASE_HEADER) {
        p = header_take(reply, p, end);
    }
    if (reply->phase == PHASE_FIRST && (p < end || reply->payload_len == 0)) {
        packet_classify(reply, reply->payload_len == 0 ? 0 : *p);
        reply->phase = PHASE_INSIDE;
    }
    if (reply->phase == PHASE_INSIDE && !reply->broken) {
        p = payload_take(reply, p, end, (size_t)(p - data));
    }
    return p;
}

static bool
is_between_packets(const struct wire_reply *reply)
{
    return reply->phase == PHASE_HEADER && reply->header_have == 0;
}

static size_t
follow(struct wire_reply *reply, const uint8_t *data, size_t len, bool one)
{
    const uint8_t *p = data;
    reply->id_count = 0;
    if (len == 0 || reply->complete || reply->broken) {
        return 0;
    }
    const uint8_t *end = data + len;
    reply->started = true;
    while (p < end && !reply->complete && !reply->broken) {
        const uint8_t *before = p;
        if (is_between_packets(reply) && !reply->continuing) {
            p = plain_walk(reply, data, p, end, one);
        }
        if (p == before) {
            p = cut_take(reply, data, p, end);
        }
        if (one && is_between_packets(reply)) {
            break;
        }
    }
    return (size_t)(p - data);
}

size_t
wire_reply_feed(struct wire_reply *reply, const uint8_t *data, size_t len)
{
    return follow(reply, data, len, false);
}

size_t
wire_reply_step(struct wire_reply *reply, const uint8_t *data, size_t len)
{
    return follow(reply, data, len, true);
}

size_t
wire_reply_skip(struct wire_reply *reply, const uint8_t *data, size_t len)
{
    if (reply->complete || reply->broken || !is_between_packets(reply) || reply->continuing) {
        return 0;
    }
    return (size_t)(counted_walk(reply, data, data + len) - data);
}
