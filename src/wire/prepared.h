/*
 * Prepared statements: taking PREPARE_OK and COM_STMT_EXECUTE apart, so that a proxy can put other
 * statement ids in place and remember or add parameter types. Payloads are without the packet
 * header. Source: mariadb.com/kb, "COM_STMT_PREPARE", "COM_STMT_EXECUTE", "COM_STMT_BULK_EXECUTE".
 */
#ifndef WIRE_PREPARED_H
#define WIRE_PREPARED_H

#include "wire/packet.h"

#define WIRE_STMT_ID_AT   1u /* in the payload of PREPARE_OK and of every COM_STMT_* that has one */
#define WIRE_STMT_ID_LAST UINT32_MAX /* "the one prepared last", MariaDB only */

/* With OPTIONAL_METADATA servers say whether definitions follow. */
enum wire_definitions {
    WIRE_DEFINITIONS_UNSAID = 0, /* they do */
    WIRE_DEFINITIONS_NONE,
    WIRE_DEFINITIONS_FOLLOW,
};

/*
 * PREPARE_OK: 1 mark 0, 4 statement id, 2 columns, 2 parameters, 1 zero, 2 warnings; and with
 * OPTIONAL_METADATA 1 for the definitions: 0 none, 1 they follow.
 */
struct wire_prepare_ok {
    uint32_t id;
    uint16_t columns;
    uint16_t parameters;
    uint16_t warnings;
    uint8_t definitions; /* enum wire_definitions */
};
MX_MUST_USE int wire_prepare_ok_decode(const uint8_t *payload, size_t len,
                                       struct wire_prepare_ok *out);
int wire_prepare_ok_encode(struct wire_writer *w, uint8_t sequence,
                           const struct wire_prepare_ok *ok);

#define WIRE_CURSOR_NONE      0u
#define WIRE_CURSOR_READ_ONLY 1u
#define WIRE_BULK_SEND_TYPES  128u

/*
 * COM_STMT_EXECUTE: 1 command, 4 id, 1 flags (cursor), 4 iterations; with parameters: (n + 7) / 8
 * null bitmap, 1 types follow, 2 n types, values.
 * COM_STMT_BULK_EXECUTE: 1 command, 4 id, 2 flags; 2 n types (with BULK_SEND_TYPES), values.
 */
struct wire_execute {
    uint32_t id;
    uint32_t iterations; /* 1; 0 for bulk */
    uint16_t flags;
    bool bulk;
    bool has_types;
    /* Offsets in the payload. types_at is where types are or, without them, would go in. */
    size_t types_flag_at; /* the byte that says types follow; 0 for bulk or without parameters */
    size_t types_at;
    size_t types_len; /* 0 without types */
    size_t values_at;
};

/* How much of the payload wire_execute_decode needs at most. */
size_t wire_execute_head_size(uint16_t parameters);

/*
 * `head` is the payload or its first wire_execute_head_size() bytes. parameters: as PREPARE_OK
 * told. -1: malformed or too short.
 */
MX_MUST_USE int wire_execute_decode(const uint8_t *head, size_t len, uint16_t parameters,
                                    struct wire_execute *out);

/*
 * The payload with the remembered types (2 bytes for each parameter) put in: into `out` goes the
 * head (all up to the values), with the flag set. The values follow in the caller's bytes from
 * ex->values_at. Returns the length of the new head, or 0 when it does not fit.
 */
size_t wire_execute_add_types(const uint8_t *head, const struct wire_execute *ex,
                              struct wire_slice types, uint8_t *out, size_t cap);

/* COM_STMT_CLOSE, COM_STMT_RESET: a whole packet with sequence 0. */
int wire_stmt_command_encode(struct wire_writer *w, uint8_t command, uint32_t id);

#endif
