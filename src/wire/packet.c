/* Framing, bounds-checked reading and bounded writing. Owns no memory. */
#include "wire/packet.h"

/* ---- framing ---- */

size_t
wire_packet_next(const uint8_t *data, size_t len, struct wire_packet *out)
{
    if (len < WIRE_HEADER_SIZE) {
        return WIRE_HEADER_SIZE - len;
    }
    uint32_t payload_len = wire_load_u24(data);
    size_t size = WIRE_HEADER_SIZE + payload_len;
    if (len < size) {
        return size - len;
    }
    out->payload = (struct wire_slice){data + WIRE_HEADER_SIZE, payload_len};
    out->size = size;
    out->sequence = data[3];
    out->continues = payload_len == WIRE_PAYLOAD_MAX;
    return 0;
}

size_t
wire_packet_whole(const uint8_t *data, size_t len, struct wire_packet *out, size_t *total)
{
    size_t at = 0;
    struct wire_packet packet = {.continues = true};
    while (packet.continues) {
        size_t missing = wire_packet_next(data + at, len - at, &packet);
        if (missing > 0) {
            return missing;
        }
        if (at == 0) {
            *out = packet;
        }
        at += packet.size;
    }
    *total = at;
    return 0;
}

size_t
wire_packet_size(size_t payload_len)
{
    return payload_len + (payload_len / WIRE_PAYLOAD_MAX + 1) * WIRE_HEADER_SIZE;
}

size_t
wire_packet_join(const uint8_t *data, size_t total, uint8_t *out, size_t cap)
{
    size_t joined = 0;
    size_t at = 0;
    struct wire_packet packet = {0};
    while (at < total && wire_packet_next(data + at, total - at, &packet) == 0) {
        if (joined < cap && packet.payload.len > 0) {
            memcpy(out + joined, packet.payload.data,
                   mx_min_size(packet.payload.len, cap - joined));
        }
        joined += packet.payload.len;
        at += packet.size;
    }
    return joined;
}

/* ---- reading ---- */

void
wire_reader_init(struct wire_reader *r, const uint8_t *data, size_t len)
{
    /* NULL with length 0 is an empty slice; arithmetic on NULL is not defined. */
    static const uint8_t nothing[1] = {0};
    r->at = data == NULL ? nothing : data;
    r->end = data == NULL ? nothing : data + len;
    r->failed = false;
}

/* The next `len` bytes, or NULL and `failed`. */
static const uint8_t *
take(struct wire_reader *r, size_t len)
{
    if (r->failed || len > wire_reader_left(r)) {
        r->failed = true;
        r->at = r->end;
        return NULL;
    }
    const uint8_t *p = r->at;
    r->at += len;
    return p;
}

uint8_t
wire_read_u8(struct wire_reader *r)
{
    const uint8_t *p = take(r, 1);
    return p == NULL ? 0 : *p;
}

uint16_t
wire_read_u16(struct wire_reader *r)
{
    const uint8_t *p = take(r, 2);
    return p == NULL ? 0 : wire_load_u16(p);
}

uint32_t
wire_read_u24(struct wire_reader *r)
{
    const uint8_t *p = take(r, 3);
    return p == NULL ? 0 : wire_load_u24(p);
}

uint32_t
wire_read_u32(struct wire_reader *r)
{
    const uint8_t *p = take(r, 4);
    return p == NULL ? 0 : wire_load_u32(p);
}

uint64_t
wire_read_u64(struct wire_reader *r)
{
    const uint8_t *p = take(r, 8);
    return p == NULL ? 0 : wire_load_u64(p);
}

uint64_t
wire_read_lenenc(struct wire_reader *r)
{
    uint8_t first = wire_read_u8(r);
    switch (first) {
    case 0xfc:
        return wire_read_u16(r);
    case 0xfd:
        return wire_read_u24(r);
    case 0xfe:
        return wire_read_u64(r);
    case 0xfb:
    case 0xff:
        r->failed = true;
        r->at = r->end;
        return 0;
    default:
        return first;
    }
}

struct wire_slice
wire_read_bytes(struct wire_reader *r, size_t len)
{
    const uint8_t *p = take(r, len);
    return p == NULL ? (struct wire_slice){NULL, 0} : (struct wire_slice){p, len};
}

struct wire_slice
wire_read_lenenc_bytes(struct wire_reader *r)
{
    uint64_t len = wire_read_lenenc(r);
    return wire_read_bytes(r, len > SIZE_MAX ? SIZE_MAX : (size_t)len);
}

struct wire_slice
wire_read_nul(struct wire_reader *r)
{
    const uint8_t *nul =
        r->at == r->end ? NULL : memchr(r->at, 0, wire_reader_left(r)); /* NULL: no NUL */
    if (nul == NULL) {
        r->failed = true;
        r->at = r->end;
        return (struct wire_slice){NULL, 0};
    }
    struct wire_slice s = {r->at, (size_t)(nul - r->at)};
    r->at = nul + 1;
    return s;
}

struct wire_slice
wire_read_nul_or_rest(struct wire_reader *r)
{
    const uint8_t *nul = r->at == r->end ? NULL : memchr(r->at, 0, wire_reader_left(r));
    return nul == NULL ? wire_read_rest(r) : wire_read_nul(r);
}

struct wire_slice
wire_read_rest(struct wire_reader *r)
{
    return wire_read_bytes(r, wire_reader_left(r));
}

void
wire_read_skip(struct wire_reader *r, size_t len)
{
    (void)take(r, len);
}

/* ---- writing ---- */

void
wire_writer_init(struct wire_writer *w, uint8_t *out, size_t cap)
{
    *w = (struct wire_writer){.cap = cap};
    w->out = out;
}

/* Room for `len` bytes, or NULL and `failed`. */
static uint8_t *
room(struct wire_writer *w, size_t len)
{
    if (w->failed || len > w->cap - w->len) {
        w->failed = true;
        return NULL;
    }
    uint8_t *p = w->out + w->len;
    w->len += len;
    return p;
}

void
wire_write_u8(struct wire_writer *w, uint8_t v)
{
    uint8_t *p = room(w, 1);
    if (p != NULL) {
        *p = v;
    }
}

void
wire_write_u16(struct wire_writer *w, uint16_t v)
{
    uint8_t *p = room(w, 2);
    if (p != NULL) {
        wire_store_u16(p, v);
    }
}

void
wire_write_u24(struct wire_writer *w, uint32_t v)
{
    uint8_t *p = room(w, 3);
    if (p != NULL) {
        wire_store_u24(p, v);
    }
}

void
wire_write_u32(struct wire_writer *w, uint32_t v)
{
    uint8_t *p = room(w, 4);
    if (p != NULL) {
        wire_store_u32(p, v);
    }
}

void
wire_write_u64(struct wire_writer *w, uint64_t v)
{
    uint8_t *p = room(w, 8);
    if (p != NULL) {
        wire_store_u64(p, v);
    }
}

size_t
wire_lenenc_size(uint64_t v)
{
    if (v < 0xfb) {
        return 1;
    }
    if (v <= 0xffff) {
        return 3;
    }
    return v <= 0xffffff ? 4 : 9;
}

void
wire_write_lenenc(struct wire_writer *w, uint64_t v)
{
    switch (wire_lenenc_size(v)) {
    case 1:
        wire_write_u8(w, (uint8_t)v);
        break;
    case 3:
        wire_write_u8(w, 0xfc);
        wire_write_u16(w, (uint16_t)v);
        break;
    case 4:
        wire_write_u8(w, 0xfd);
        wire_write_u24(w, (uint32_t)v);
        break;
    default:
        wire_write_u8(w, 0xfe);
        wire_write_u64(w, v);
        break;
    }
}

void
wire_write_bytes(struct wire_writer *w, struct wire_slice bytes)
{
    uint8_t *p = room(w, bytes.len);
    if (p != NULL && bytes.len > 0) {
        memcpy(p, bytes.data, bytes.len);
    }
}

void
wire_write_lenenc_bytes(struct wire_writer *w, struct wire_slice bytes)
{
    wire_write_lenenc(w, bytes.len);
    wire_write_bytes(w, bytes);
}

void
wire_write_nul(struct wire_writer *w, struct wire_slice bytes)
{
    if (bytes.len > 0 && memchr(bytes.data, 0, bytes.len) != NULL) {
        w->failed = true;
        return;
    }
    wire_write_bytes(w, bytes);
    wire_write_u8(w, 0);
}

void
wire_write_zeros(struct wire_writer *w, size_t count)
{
    uint8_t *p = room(w, count);
    if (p != NULL && count > 0) {
        memset(p, 0, count);
    }
}

size_t
wire_packet_begin(struct wire_writer *w)
{
    size_t mark = w->len;
    wire_write_zeros(w, WIRE_HEADER_SIZE);
    return mark;
}

int
wire_packet_end(struct wire_writer *w, size_t mark, uint8_t sequence)
{
    MX_ASSERT(mark <= w->len);
    size_t payload_len = w->len - mark - (w->failed ? 0 : WIRE_HEADER_SIZE);
    if (w->failed || payload_len >= WIRE_PAYLOAD_MAX) {
        w->failed = false;
        w->len = mark;
        return -1;
    }
    wire_header_store(w->out + mark, (uint32_t)payload_len, sequence);
    return 0;
}
