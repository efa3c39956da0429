/*
 * What the first bytes of a command tell. Pure lookups in the table of wire/cmd.h (names.c).
 */
#ifndef WIRE_REQUEST_H
#define WIRE_REQUEST_H

#include "wire/cmd.h"
#include "wire/packet.h"
#include "wire/prepared.h"

struct wire_request {
    uint8_t command;
    bool known;            /* a command of wire/cmd.h that a server would take */
    bool has_reply;        /* false: the server says nothing; send and forget */
    bool has_statement_id; /* the command has one; statement_id is it */
    uint32_t statement_id; /* at payload offset WIRE_STMT_ID_AT */
};

/*
 * `payload` may be cut off: 5 bytes are enough. -1 when it is empty, or too short for the statement
 * id its command must have (then everything but statement_id is filled; has_statement_id is true).
 */
MX_MUST_USE int wire_request_look(const uint8_t *payload, size_t len, struct wire_request *out);

/* A command packet, header included: the command byte and `rest`. Sequence 0. */
int wire_request_encode(struct wire_writer *w, uint8_t command, struct wire_slice rest);

#endif
