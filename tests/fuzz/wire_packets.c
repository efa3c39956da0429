/*
 * Input: 1 which, 4 capabilities, then a payload: framing, OK, ERR, EOF, PREPARE_OK, execution,
 * first bytes of a command. Slices stay inside; what was decoded encodes to the same meaning.
 */
#include "wire.h"
#include "wire/ok_err_eof.h"
#include "wire/request.h"

static void
ok(const uint8_t *data, size_t size, uint32_t caps)
{
    struct wire_ok in;
    struct wire_ok again;
    if (wire_ok_decode(data, size, caps, &in) != 0) {
        return;
    }
    fuzz_check_slice(in.info, data, size);
    fuzz_check_slice(in.state, data, size);
    uint8_t *out = malloc(size + 64);
    struct wire_writer w;
    FUZZ_REQUIRE(out != NULL);
    wire_writer_init(&w, out, size + 64);
    FUZZ_REQUIRE(wire_ok_encode(&w, 1, caps, &in) == 0);
    FUZZ_REQUIRE(wire_ok_decode(out + 4, w.len - 4, caps, &again) == 0);
    FUZZ_REQUIRE(again.affected == in.affected && again.insert_id == in.insert_id);
    FUZZ_REQUIRE(again.warnings == in.warnings && again.info.len == in.info.len);
    FUZZ_REQUIRE(again.state.len == in.state.len);
    free(out);
}

static void
execute(const uint8_t *data, size_t size, uint32_t caps)
{
    struct wire_execute ex;
    uint16_t parameters = (uint16_t)(caps & 0xff);
    if (wire_execute_decode(data, size, parameters, &ex) != 0) {
        return;
    }
    FUZZ_REQUIRE(ex.values_at <= size && ex.values_at <= wire_execute_head_size(parameters));
    FUZZ_REQUIRE(ex.types_at + ex.types_len == ex.values_at);
    if (!ex.has_types) {
        uint8_t out[1024];
        static const uint8_t types[512] = {3};
        struct wire_execute again;
        struct wire_slice slice = {types, (size_t)2 * parameters};
        size_t len = wire_execute_add_types(data, &ex, slice, out, sizeof(out));
        if (len > 0) {
            FUZZ_REQUIRE(wire_execute_decode(out, len, parameters, &again) == 0);
            FUZZ_REQUIRE(again.has_types && again.values_at == len && again.id == ex.id);
        }
    }
}

static void
frames(const uint8_t *data, size_t size)
{
    size_t at = 0;
    struct wire_packet packet;
    size_t total = 0;
    while (at < size && wire_packet_whole(data + at, size - at, &packet, &total) == 0) {
        fuzz_check_slice(packet.payload, data + at, size - at);
        FUZZ_REQUIRE(total <= size - at && total >= WIRE_HEADER_SIZE);
        uint8_t joined[64];
        FUZZ_REQUIRE(wire_packet_join(data + at, total, joined, sizeof(joined)) ==
                     total - WIRE_HEADER_SIZE);
        at += total;
    }
}

static void
small(const uint8_t *data, size_t size)
{
    struct wire_err err;
    struct wire_eof eof;
    struct wire_request request;
    struct wire_prepare_ok prepared;
    if (wire_err_decode(data, size, &err) == 0) {
        fuzz_check_slice(err.text, data, size);
    }
    FUZZ_REQUIRE(wire_eof_decode(data, size, &eof) != 0 || size >= 5);
    FUZZ_REQUIRE(wire_request_look(data, size, &request) != 0 || size > 0);
    FUZZ_REQUIRE(wire_prepare_ok_decode(data, size, &prepared) != 0 || size >= 12);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 5) {
        return 0;
    }
    uint32_t caps = wire_load_u32(data + 1);
    switch (data[0] % 4) {
    case 0:
        frames(data + 5, size - 5);
        break;
    case 1:
        ok(data + 5, size - 5, caps);
        break;
    case 2:
        execute(data + 5, size - 5, caps);
        break;
    default:
        small(data + 5, size - 5);
        break;
    }
    return 0;
}
