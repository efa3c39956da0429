/* OK, ERR and EOF packets, and the session state that OK packets carry. Pure. */
#include "wire/ok_err_eof.h"

#define ERR_TEXT_MAX 512u

/* Documented as the rest of the packet; servers put a length before it all the same. */
static struct wire_slice
info_untracked(struct wire_reader *r)
{
    struct wire_reader measured = *r;
    struct wire_slice info = wire_read_lenenc_bytes(&measured);
    return measured.failed || wire_reader_left(&measured) > 0 ? wire_read_rest(r) : info;
}

int
wire_ok_decode(const uint8_t *payload, size_t len, uint32_t caps, struct wire_ok *out)
{
    *out = (struct wire_ok){0};
    struct wire_reader r;
    wire_reader_init(&r, payload, len);
    uint8_t mark = wire_read_u8(&r);
    out->affected = wire_read_lenenc(&r);
    out->insert_id = wire_read_lenenc(&r);
    out->status = wire_read_u16(&r);
    out->warnings = wire_read_u16(&r);
    if (r.failed || (mark != WIRE_MARK_OK && mark != WIRE_MARK_EOF)) {
        return -1;
    }
    if ((caps & WIRE_CAP_SESSION_TRACK) == 0) {
        out->info = info_untracked(&r);
        return 0;
    }
    /* Servers leave out an empty info that nothing follows. */
    if (wire_reader_left(&r) > 0) {
        out->info = wire_read_lenenc_bytes(&r);
        if ((out->status & WIRE_STATUS_STATE_CHANGED) != 0 && wire_reader_left(&r) > 0) {
            out->state = wire_read_lenenc_bytes(&r);
        }
    }
    return r.failed ? -1 : 0;
}

/* ---- session state ---- */

void
wire_track_init(struct wire_track *track, struct wire_slice state)
{
    wire_reader_init(&track->items, state.data, state.len);
    wire_reader_init(&track->inner, NULL, 0);
}

static bool
variable_next(struct wire_track *track, struct wire_track_item *item)
{
    item->kind = WIRE_TRACK_SYSTEM_VARIABLE;
    item->name = wire_read_lenenc_bytes(&track->inner);
    item->value = wire_read_lenenc_bytes(&track->inner);
    return !track->inner.failed;
}

bool
wire_track_next(struct wire_track *track, struct wire_track_item *item)
{
    *item = (struct wire_track_item){0};
    if (wire_track_failed(track)) {
        return false;
    }
    while (wire_reader_left(&track->inner) == 0) {
        if (wire_reader_left(&track->items) == 0) {
            return false;
        }
        item->kind = wire_read_u8(&track->items);
        struct wire_slice data = wire_read_lenenc_bytes(&track->items);
        if (track->items.failed) {
            return false;
        }
        item->value = data;
        if (item->kind == WIRE_TRACK_STATE_CHANGE || item->kind > WIRE_TRACK_TRX_STATE) {
            return true;
        }
        struct wire_reader r;
        wire_reader_init(&r, data.data, data.len);
        if (item->kind == WIRE_TRACK_SYSTEM_VARIABLE) {
            track->inner = r;
            continue;
        }
        if (item->kind == WIRE_TRACK_GTIDS) {
            wire_read_skip(&r, 1); /* how they are written; there is one way only */
        }
        item->value = wire_read_lenenc_bytes(&r);
        track->items.failed = r.failed;
        return !r.failed;
    }
    return variable_next(track, item);
}

void
wire_track_add_variable(struct wire_writer *state, struct wire_slice name, struct wire_slice value)
{
    wire_write_u8(state, WIRE_TRACK_SYSTEM_VARIABLE);
    wire_write_lenenc(state, wire_lenenc_size(name.len) + name.len + wire_lenenc_size(value.len) +
                                 value.len);
    wire_write_lenenc_bytes(state, name);
    wire_write_lenenc_bytes(state, value);
}

void
wire_track_add_schema(struct wire_writer *state, struct wire_slice schema)
{
    wire_write_u8(state, WIRE_TRACK_SCHEMA);
    wire_write_lenenc(state, wire_lenenc_size(schema.len) + schema.len);
    wire_write_lenenc_bytes(state, schema);
}

/* ---- encoding ---- */

static int
ok_encode(struct wire_writer *w, uint8_t sequence, uint32_t caps, uint8_t mark,
          const struct wire_ok *ok)
{
    bool tracking = (caps & WIRE_CAP_SESSION_TRACK) != 0;
    bool with_state = tracking && ok->state.len > 0;
    unsigned status = ok->status & ~(unsigned)WIRE_STATUS_STATE_CHANGED;
    status |= with_state ? (unsigned)WIRE_STATUS_STATE_CHANGED : 0;
    size_t begin = wire_packet_begin(w);
    wire_write_u8(w, mark);
    wire_write_lenenc(w, ok->affected);
    wire_write_lenenc(w, ok->insert_id);
    wire_write_u16(w, (uint16_t)status);
    wire_write_u16(w, ok->warnings);
    if (with_state || ok->info.len > 0) {
        wire_write_lenenc_bytes(w, ok->info);
    }
    if (with_state) {
        wire_write_lenenc_bytes(w, ok->state);
    }
    return wire_packet_end(w, begin, sequence);
}

int
wire_ok_encode(struct wire_writer *w, uint8_t sequence, uint32_t caps, const struct wire_ok *ok)
{
    return ok_encode(w, sequence, caps, WIRE_MARK_OK, ok);
}

int
wire_end_encode(struct wire_writer *w, uint8_t sequence, uint32_t caps, const struct wire_ok *ok)
{
    if ((caps & WIRE_CAP_DEPRECATE_EOF) == 0) {
        return wire_eof_encode(w, sequence, ok->status, ok->warnings);
    }
    return ok_encode(w, sequence, caps, WIRE_MARK_EOF, ok);
}

int
wire_eof_encode(struct wire_writer *w, uint8_t sequence, uint16_t status, uint16_t warnings)
{
    size_t mark = wire_packet_begin(w);
    wire_write_u8(w, WIRE_MARK_EOF);
    wire_write_u16(w, warnings);
    wire_write_u16(w, status);
    return wire_packet_end(w, mark, sequence);
}

/* At most ERR_TEXT_MAX bytes, not ending inside a UTF-8 character. */
static struct wire_slice
text_cut(struct wire_slice text)
{
    if (text.len > ERR_TEXT_MAX) {
        text.len = ERR_TEXT_MAX;
        while (text.len > 0 && (text.data[text.len] & 0xc0) == 0x80) {
            text.len--;
        }
    }
    return text;
}

int
wire_err_encode(struct wire_writer *w, uint8_t sequence, uint16_t code, const char *sqlstate,
                struct wire_slice text)
{
    const char *state = sqlstate == NULL ? wire_error_sqlstate(code) : sqlstate;
    MX_ASSERT(strlen(state) == 5);
    size_t mark = wire_packet_begin(w);
    wire_write_u8(w, WIRE_MARK_ERR);
    wire_write_u16(w, code);
    wire_write_u8(w, '#');
    wire_write_bytes(w, wire_slice_of(state));
    wire_write_bytes(w, text_cut(text));
    return wire_packet_end(w, mark, sequence);
}

int
wire_err_encode_early(struct wire_writer *w, uint8_t sequence, uint16_t code,
                      struct wire_slice text)
{
    size_t mark = wire_packet_begin(w);
    wire_write_u8(w, WIRE_MARK_ERR);
    wire_write_u16(w, code);
    wire_write_bytes(w, text_cut(text));
    return wire_packet_end(w, mark, sequence);
}

int
wire_err_decode(const uint8_t *payload, size_t len, struct wire_err *out)
{
    *out = (struct wire_err){.sqlstate = "HY000"};
    struct wire_reader r;
    wire_reader_init(&r, payload, len);
    uint8_t mark = wire_read_u8(&r);
    out->code = wire_read_u16(&r);
    if (r.failed || mark != WIRE_MARK_ERR) {
        return -1;
    }
    if (wire_reader_left(&r) >= 6 && *r.at == '#') {
        memcpy(out->sqlstate, r.at + 1, 5);
        wire_read_skip(&r, 6);
    }
    out->text = wire_read_rest(&r);
    return 0;
}

int
wire_eof_decode(const uint8_t *payload, size_t len, struct wire_eof *out)
{
    *out = (struct wire_eof){0};
    struct wire_reader r;
    wire_reader_init(&r, payload, len);
    uint8_t mark = wire_read_u8(&r);
    out->warnings = wire_read_u16(&r);
    out->status = wire_read_u16(&r);
    bool bad = r.failed || mark != WIRE_MARK_EOF || len >= WIRE_EOF_PAYLOAD_MAX;
    return bad ? -1 : 0;
}
