/* PREPARE_OK and the execution packets of prepared statements. Pure. */
#include "wire/prepared.h"

#include "wire/cmd.h"

#define EXECUTE_FIXED 10u /* command, id, flags, iterations */
#define BULK_FIXED    7u  /* command, id, flags */

int
wire_prepare_ok_decode(const uint8_t *payload, size_t len, struct wire_prepare_ok *out)
{
    *out = (struct wire_prepare_ok){0};
    struct wire_reader r;
    wire_reader_init(&r, payload, len);
    uint8_t mark = wire_read_u8(&r);
    out->id = wire_read_u32(&r);
    out->columns = wire_read_u16(&r);
    out->parameters = wire_read_u16(&r);
    wire_read_skip(&r, 1);
    out->warnings = wire_read_u16(&r);
    if (wire_reader_left(&r) > 0) {
        bool follow = wire_read_u8(&r) != 0;
        out->definitions = follow ? WIRE_DEFINITIONS_FOLLOW : WIRE_DEFINITIONS_NONE;
    }
    return r.failed || mark != 0 ? -1 : 0;
}

int
wire_prepare_ok_encode(struct wire_writer *w, uint8_t sequence, const struct wire_prepare_ok *ok)
{
    size_t mark = wire_packet_begin(w);
    wire_write_u8(w, 0);
    wire_write_u32(w, ok->id);
    wire_write_u16(w, ok->columns);
    wire_write_u16(w, ok->parameters);
    wire_write_u8(w, 0);
    wire_write_u16(w, ok->warnings);
    if (ok->definitions != WIRE_DEFINITIONS_UNSAID) {
        wire_write_u8(w, ok->definitions == WIRE_DEFINITIONS_FOLLOW ? 1 : 0);
    }
    return wire_packet_end(w, mark, sequence);
}

size_t
wire_execute_head_size(uint16_t parameters)
{
    return EXECUTE_FIXED + ((size_t)parameters + 7) / 8 + 1 + (size_t)2 * parameters;
}

/* Behind the id of COM_STMT_EXECUTE. */
static void
execute_read(struct wire_reader *r, const uint8_t *head, uint16_t parameters,
             struct wire_execute *out)
{
    out->flags = wire_read_u8(r);
    out->iterations = wire_read_u32(r);
    if (parameters > 0) {
        wire_read_skip(r, ((size_t)parameters + 7) / 8);
        out->types_flag_at = (size_t)(r->at - head);
        out->has_types = wire_read_u8(r) != 0;
    }
}

int
wire_execute_decode(const uint8_t *head, size_t len, uint16_t parameters, struct wire_execute *out)
{
    *out = (struct wire_execute){0};
    struct wire_reader r;
    wire_reader_init(&r, head, len);
    uint8_t command = wire_read_u8(&r);
    out->id = wire_read_u32(&r);
    if (command == WIRE_COM_STMT_BULK_EXECUTE) {
        out->bulk = true;
        out->flags = wire_read_u16(&r);
        out->has_types = (out->flags & WIRE_BULK_SEND_TYPES) != 0;
    } else if (command == WIRE_COM_STMT_EXECUTE) {
        execute_read(&r, head, parameters, out);
    } else {
        return -1;
    }
    if (r.failed) {
        return -1;
    }
    out->types_at = (size_t)(r.at - head);
    out->types_len = out->has_types ? (size_t)2 * parameters : 0;
    wire_read_skip(&r, out->types_len);
    out->values_at = out->types_at + out->types_len;
    return r.failed ? -1 : 0;
}

size_t
wire_execute_add_types(const uint8_t *head, const struct wire_execute *ex, struct wire_slice types,
                       uint8_t *out, size_t cap)
{
    MX_ASSERT(!ex->has_types && ex->types_at >= BULK_FIXED);
    struct wire_writer w;
    wire_writer_init(&w, out, cap);
    wire_write_bytes(&w, (struct wire_slice){head, ex->types_at});
    wire_write_bytes(&w, types);
    if (w.failed || (!ex->bulk && ex->types_flag_at == 0)) {
        return 0;
    }
    if (ex->bulk) {
        wire_store_u16(out + 5, (uint16_t)(ex->flags | WIRE_BULK_SEND_TYPES));
    } else {
        out[ex->types_flag_at] = 1;
    }
    return w.len;
}

int
wire_stmt_command_encode(struct wire_writer *w, uint8_t command, uint32_t id)
{
    size_t mark = wire_packet_begin(w);
    wire_write_u8(w, command);
    wire_write_u32(w, id);
    return wire_packet_end(w, mark, 0);
}
