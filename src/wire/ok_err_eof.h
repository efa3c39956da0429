/*
 * OK, ERR and EOF packets. Decoders take a payload without the packet header; encoders append one
 * whole packet to a writer and return 0, or -1 and an unchanged writer when it does not fit.
 * Source: mariadb.com/kb, "OK_Packet", "ERR_Packet", "EOF_Packet".
 */
#ifndef WIRE_OK_ERR_EOF_H
#define WIRE_OK_ERR_EOF_H

#include "wire/caps.h"
#include "wire/errcode.h"
#include "wire/packet.h"
#include "wire/status.h"

#define WIRE_MARK_OK           0x00u
#define WIRE_MARK_MORE_DATA    0x01u
#define WIRE_MARK_LOCAL_INFILE 0xfbu
#define WIRE_MARK_EOF          0xfeu /* also: authentication switch, and OK at the end of rows */
#define WIRE_MARK_ERR          0xffu
#define WIRE_EOF_PAYLOAD_MAX   9u /* an EOF packet is shorter */

/*
 * OK:   1 mark (0x00, or 0xfe at the end of rows with DEPRECATE_EOF)
 *       n affected rows, n last insert id, 2 status, 2 warnings
 *       info: length-encoded, may be missing when nothing follows
 *       session state: length-encoded, with SESSION_TRACK and status STATE_CHANGED
 */
struct wire_ok {
    uint64_t affected;
    uint64_t insert_id;
    uint16_t status;
    uint16_t warnings;
    struct wire_slice info;
    struct wire_slice state; /* items for wire_track_next; empty: none */
};

/* -1 when malformed: the packet ends before the warnings, or a length leads out of it. */
MX_MUST_USE int wire_ok_decode(const uint8_t *payload, size_t len, uint32_t caps,
                               struct wire_ok *out);

/*
 * Session state, one fact at a time. Several variables may be in one item: each comes on its own.
 * false at the end, or when malformed (then `failed` of the reader inside).
 */
struct wire_track {
    struct wire_reader items;
    struct wire_reader inner; /* rest of an item with several variables */
};
struct wire_track_item {
    uint8_t kind; /* enum wire_track_kind; others are given as they are, value = the raw data */
    struct wire_slice name; /* only SYSTEM_VARIABLE */
    struct wire_slice value;
};
void wire_track_init(struct wire_track *track, struct wire_slice state);
bool wire_track_next(struct wire_track *track, struct wire_track_item *item);
static inline bool
wire_track_failed(const struct wire_track *track)
{
    return track->items.failed || track->inner.failed;
}

/* Adds to session state made in a writer of its own; the result is wire_ok.state. */
void wire_track_add_variable(struct wire_writer *state, struct wire_slice name,
                             struct wire_slice value);
void wire_track_add_schema(struct wire_writer *state, struct wire_slice schema);

/*
 * With SESSION_TRACK in caps and a non-empty state, STATE_CHANGED is added to the status; without
 * the capability the state is left out.
 */
int wire_ok_encode(struct wire_writer *w, uint8_t sequence, uint32_t caps,
                   const struct wire_ok *ok);
/* The same as the end of rows with DEPRECATE_EOF (mark 0xfe), else an EOF packet. */
int wire_end_encode(struct wire_writer *w, uint8_t sequence, uint32_t caps,
                    const struct wire_ok *ok);
int wire_eof_encode(struct wire_writer *w, uint8_t sequence, uint16_t status, uint16_t warnings);

/* ERR: 1 mark, 2 code, '#' and 5 SQLSTATE (not before the login has told PROTOCOL_41), n text. */
struct wire_err {
    uint16_t code;
    char sqlstate[6]; /* "HY000" when the packet has none */
    struct wire_slice text;
};
MX_MUST_USE int wire_err_decode(const uint8_t *payload, size_t len, struct wire_err *out);

/* sqlstate NULL: the one of the code (wire/errcode.h). Text over 512 bytes is cut at a character.
 */
int wire_err_encode(struct wire_writer *w, uint8_t sequence, uint16_t code, const char *sqlstate,
                    struct wire_slice text);
/* No SQLSTATE: to a client that has not said PROTOCOL_41. */
int wire_err_encode_early(struct wire_writer *w, uint8_t sequence, uint16_t code,
                          struct wire_slice text);

/* EOF: 1 mark, 2 warnings, 2 status; less than 9 bytes. */
struct wire_eof {
    uint16_t warnings;
    uint16_t status;
};
MX_MUST_USE int wire_eof_decode(const uint8_t *payload, size_t len, struct wire_eof *out);

/* Enough for any packet of wire_err_encode. */
#define WIRE_ERR_PACKET_MAX (WIRE_HEADER_SIZE + 9u + 512u)
/* Enough for an OK packet without info and session state. */
#define WIRE_OK_PACKET_MAX (WIRE_HEADER_SIZE + 1u + 9u + 9u + 4u + 1u)

#endif
