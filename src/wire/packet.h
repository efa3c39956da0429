/*
 * Framing and the basic types of the wire format. A packet is a 3-byte payload length, a sequence
 * number and the payload; a payload of 2^24-1 bytes is continued by the next packet, and one that
 * ends exactly there is closed by an empty packet. All numbers are little endian.
 *
 *   offset 0  3 bytes  payload length
 *   offset 3  1 byte   sequence number, starts at 0 with each command
 *   offset 4           payload
 *
 * Nothing here keeps memory: readers and slices point into the caller's bytes, writers into the
 * caller's array. Source: mariadb.com/kb, "0-packet", "Protocol data types".
 */
#ifndef WIRE_PACKET_H
#define WIRE_PACKET_H

#include "mx/base.h"

#include <string.h>

#define WIRE_HEADER_SIZE 4u
#define WIRE_PAYLOAD_MAX 0xffffffu

/* Not owned. data may be NULL only when len is 0. Not NUL terminated. */
struct wire_slice {
    const uint8_t *data;
    size_t len;
};

static inline struct wire_slice
wire_slice_of(const char *text)
{
    return (struct wire_slice){(const uint8_t *)text, text == NULL ? 0 : strlen(text)};
}

static inline bool
wire_slice_equals(struct wire_slice s, const char *text)
{
    size_t len = strlen(text);
    return s.len == len && (len == 0 || memcmp(s.data, text, len) == 0);
}

/* ---- numbers ---- */

static inline uint16_t
wire_load_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] | (uint32_t)p[1] << 8);
}

static inline uint32_t
wire_load_u24(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
}

static inline uint32_t
wire_load_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t
wire_load_u64(const uint8_t *p)
{
    return (uint64_t)wire_load_u32(p) | (uint64_t)wire_load_u32(p + 4) << 32;
}

static inline void
wire_store_u16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static inline void
wire_store_u24(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)(v >> 16);
}

static inline void
wire_store_u32(uint8_t *p, uint32_t v)
{
    wire_store_u24(p, v);
    p[3] = (uint8_t)(v >> 24);
}

static inline void
wire_store_u64(uint8_t *p, uint64_t v)
{
    wire_store_u32(p, (uint32_t)v);
    wire_store_u32(p + 4, (uint32_t)(v >> 32));
}

/* ---- framing ---- */

/* The four bytes at `out`. */
static inline void
wire_header_store(uint8_t *out, uint32_t payload_len, uint8_t sequence)
{
    wire_store_u24(out, payload_len);
    out[3] = sequence;
}

/* One packet found in a run of bytes. */
struct wire_packet {
    struct wire_slice payload;
    size_t size; /* header and payload */
    uint8_t sequence;
    bool continues; /* payload of the largest length: the next packet belongs to it */
};

/*
 * The packet at the start of `data`. Returns 0 when it is complete and *out is filled; otherwise
 * how many more bytes are needed at least (never an error: any four bytes are a header).
 */
size_t wire_packet_next(const uint8_t *data, size_t len, struct wire_packet *out);

/*
 * Like wire_packet_next, over a payload of any number of packets. On success (0) *out tells the
 * first packet, *total the bytes of all of them, headers included.
 */
size_t wire_packet_whole(const uint8_t *data, size_t len, struct wire_packet *out, size_t *total);

/* Bytes on the wire of a payload: headers, and the closing empty packet where one is needed. */
size_t wire_packet_size(size_t payload_len);

/*
 * Payload of a complete multi-packet message without the headers between. `data` and `total` are as
 * wire_packet_whole found them. Returns the payload length; copies as much as fits in `cap`.
 */
size_t wire_packet_join(const uint8_t *data, size_t total, uint8_t *out, size_t cap);

/* ---- reading ---- */

/*
 * Reads from the front; the first step over the end sets `failed`, and every later read gives zeros
 * and empty slices. So a decoder reads all its fields and asks once at the end.
 */
struct wire_reader {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

void wire_reader_init(struct wire_reader *r, const uint8_t *data, size_t len);
static inline size_t
wire_reader_left(const struct wire_reader *r)
{
    return (size_t)(r->end - r->at);
}
uint8_t wire_read_u8(struct wire_reader *r);
uint16_t wire_read_u16(struct wire_reader *r);
uint32_t wire_read_u24(struct wire_reader *r);
uint32_t wire_read_u32(struct wire_reader *r);
uint64_t wire_read_u64(struct wire_reader *r);
/* 1, 3, 4 or 9 bytes. The marks 0xfb (NULL) and 0xff (error) fail: who awaits them looks first. */
uint64_t wire_read_lenenc(struct wire_reader *r);
struct wire_slice wire_read_bytes(struct wire_reader *r, size_t len);
struct wire_slice wire_read_lenenc_bytes(struct wire_reader *r);
/* Up to a NUL, which is taken but is not part of the slice. No NUL: fails. */
struct wire_slice wire_read_nul(struct wire_reader *r);
/* The same, but the end of the bytes will do for a NUL. */
struct wire_slice wire_read_nul_or_rest(struct wire_reader *r);
struct wire_slice wire_read_rest(struct wire_reader *r);
void wire_read_skip(struct wire_reader *r, size_t len);

/* ---- writing ---- */

/* Writes into `out` up to `cap`; what does not fit sets `failed` and writes nothing. */
struct wire_writer {
    uint8_t *out;
    size_t cap;
    size_t len;
    bool failed;
};

void wire_writer_init(struct wire_writer *w, uint8_t *out, size_t cap);
void wire_write_u8(struct wire_writer *w, uint8_t v);
void wire_write_u16(struct wire_writer *w, uint16_t v);
void wire_write_u24(struct wire_writer *w, uint32_t v);
void wire_write_u32(struct wire_writer *w, uint32_t v);
void wire_write_u64(struct wire_writer *w, uint64_t v);
void wire_write_lenenc(struct wire_writer *w, uint64_t v);
void wire_write_bytes(struct wire_writer *w, struct wire_slice bytes);
void wire_write_lenenc_bytes(struct wire_writer *w, struct wire_slice bytes);
/* The bytes and a NUL. A NUL inside would change the meaning: sets `failed`. */
void wire_write_nul(struct wire_writer *w, struct wire_slice bytes);
void wire_write_zeros(struct wire_writer *w, size_t count);
/* Bytes a length takes before what it measures: 1, 3, 4 or 9. */
size_t wire_lenenc_size(uint64_t v);

/*
 * A packet around what is written between the two calls. begin returns the mark for end. end
 * returns 0, or -1 when something did not fit or the payload is 2^24-1 bytes or more: the writer is
 * then as it was before begin and usable.
 */
size_t wire_packet_begin(struct wire_writer *w);
int wire_packet_end(struct wire_writer *w, size_t mark, uint8_t sequence);

#endif
