/* Headers of the compressed protocol. Pure. */
#include "wire/compressed.h"

int
wire_compressed_load(const uint8_t header[WIRE_COMPRESSED_HEADER_SIZE], struct wire_compressed *out)
{
    uint32_t plain_len = wire_load_u24(header + 4);
    out->len = wire_load_u24(header);
    out->sequence = header[3];
    out->is_plain = plain_len == 0;
    out->plain_len = out->is_plain ? out->len : plain_len;
    return out->len == 0 ? -1 : 0;
}

void
wire_compressed_store(uint8_t header[WIRE_COMPRESSED_HEADER_SIZE],
                      const struct wire_compressed *packet)
{
    wire_header_store(header, packet->len, packet->sequence);
    wire_store_u24(header + 4, packet->is_plain ? 0 : packet->plain_len);
}
