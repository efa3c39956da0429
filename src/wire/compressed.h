/*
 * Framing of the compressed protocol (COMPRESS): packets of their own around the byte stream of
 * ordinary ones, without regard to where those begin. They are counted like ordinary packets, by a
 * number of their own. Source: mariadb.com/kb, "Protocol: Compression Protocol".
 *
 *   3      length of what follows the header
 *   1      sequence number
 *   3      length before compression, or 0: not compressed
 */
#ifndef WIRE_COMPRESSED_H
#define WIRE_COMPRESSED_H

#include "wire/packet.h"

#define WIRE_COMPRESSED_HEADER_SIZE 7u
#define WIRE_COMPRESSED_MIN         50u /* less is not worth it, and is sent as it is */

struct wire_compressed {
    uint32_t len;
    uint32_t plain_len; /* what it becomes; len when it is not compressed */
    uint8_t sequence;
    bool is_plain;
};

/* -1: an empty packet, which nobody sends. */
MX_MUST_USE int wire_compressed_load(const uint8_t header[WIRE_COMPRESSED_HEADER_SIZE],
                                     struct wire_compressed *out);
void wire_compressed_store(uint8_t header[WIRE_COMPRESSED_HEADER_SIZE],
                           const struct wire_compressed *packet);

#endif
