/* Framing and basic types: round trips, every prefix, every limit. */
#include "unit.h"

static void
test_next_needs_what_is_missing(void **state)
{
    (void)state;
    static const uint8_t data[] = {3, 0, 0, 7, 'a', 'b', 'c', 99};
    struct wire_packet packet;
    for (size_t len = 0; len < 7; len++) {
        size_t missing = wire_packet_next(data, len, &packet);
        assert_int_equal(missing, len < 4 ? 4 - len : 7 - len);
    }
    assert_int_equal(wire_packet_next(data, sizeof(data), &packet), 0);
    assert_int_equal(packet.size, 7);
    assert_int_equal(packet.sequence, 7);
    assert_false(packet.continues);
    assert_slice(packet.payload, "abc");
}

static void
test_whole_and_join_of_large_payload(void **state)
{
    (void)state;
    /* 2^24-1 bytes, then an empty packet that closes the payload, then another packet */
    size_t first = WIRE_HEADER_SIZE + (size_t)WIRE_PAYLOAD_MAX;
    size_t total = first + WIRE_HEADER_SIZE;
    uint8_t *data = calloc(1, total + 5);
    assert_non_null(data);
    wire_header_store(data, WIRE_PAYLOAD_MAX, 0);
    data[WIRE_HEADER_SIZE] = 0x03;
    data[first - 1] = 0x42;
    wire_header_store(data + first, 0, 1);
    wire_header_store(data + total, 1, 0);
    struct wire_packet packet;
    size_t found = 0;
    assert_int_equal(wire_packet_whole(data, first, &packet, &found), WIRE_HEADER_SIZE);
    assert_int_equal(wire_packet_whole(data, total + 5, &packet, &found), 0);
    assert_int_equal(found, total);
    assert_true(packet.continues);
    assert_int_equal(wire_packet_size(WIRE_PAYLOAD_MAX), total);
    assert_int_equal(wire_packet_size(WIRE_PAYLOAD_MAX - 1), total - 5);
    uint8_t *joined = calloc(1, WIRE_PAYLOAD_MAX);
    assert_non_null(joined);
    assert_int_equal(wire_packet_join(data, total, joined, WIRE_PAYLOAD_MAX), WIRE_PAYLOAD_MAX);
    assert_int_equal(joined[0], 0x03);
    assert_int_equal(joined[WIRE_PAYLOAD_MAX - 1], 0x42);
    assert_int_equal(wire_packet_join(data, total, joined, 1), WIRE_PAYLOAD_MAX);
    free(joined);
    free(data);
}

static void
test_numbers_round_trip(void **state)
{
    (void)state;
    static const uint64_t values[] = {0,       1,        250,        251,        252,
                                      0xffff,  0x10000,  0xffffff,   0x1000000,  0xffffffff,
                                      0xfffff, 0x123456, UINT64_MAX, 0x80000000, 255};
    for (size_t i = 0; i < MX_COUNT(values); i++) {
        uint64_t v = values[i];
        uint8_t out[32];
        struct wire_writer w;
        wire_writer_init(&w, out, sizeof(out));
        wire_write_lenenc(&w, v);
        assert_int_equal(w.len, wire_lenenc_size(v));
        wire_write_u16(&w, (uint16_t)v);
        wire_write_u24(&w, (uint32_t)(v & 0xffffff));
        wire_write_u32(&w, (uint32_t)v);
        wire_write_u64(&w, v);
        assert_false(w.failed);
        struct wire_reader r;
        wire_reader_init(&r, out, w.len);
        assert_true(wire_read_lenenc(&r) == v);
        assert_int_equal(wire_read_u16(&r), (uint16_t)v);
        assert_int_equal(wire_read_u24(&r), v & 0xffffff);
        assert_int_equal(wire_read_u32(&r), (uint32_t)v);
        assert_true(wire_read_u64(&r) == v);
        assert_false(r.failed);
        assert_int_equal(wire_reader_left(&r), 0);
    }
}

static void
test_reader_fails_at_every_cut(void **state)
{
    (void)state;
    static const uint8_t data[] = {0xfc, 1, 0, 0xfd, 1, 0, 0,   0xfe, 1,   0, 0,
                                   0,    0, 0, 0,    0, 2, 'h', 'i',  'x', 0};
    for (size_t len = 0; len <= sizeof(data); len++) {
        uint8_t *copy = exact_copy(data, len);
        struct wire_reader r;
        wire_reader_init(&r, copy, len);
        (void)wire_read_lenenc(&r);
        (void)wire_read_lenenc(&r);
        (void)wire_read_lenenc(&r);
        (void)wire_read_lenenc_bytes(&r);
        struct wire_slice last = wire_read_nul(&r);
        assert_int_equal(r.failed, len < sizeof(data));
        assert_int_equal(last.len, len < sizeof(data) ? 0 : 1);
        assert_int_equal(wire_read_u8(&r), 0);
        free(copy);
    }
}

static void
test_reader_refuses_marks_and_giant_lengths(void **state)
{
    (void)state;
    static const char *const bad[] = {"\xfb", "\xff", "\xfe\xff\xff\xff\xff\xff\xff\xff\xff",
                                      "\x05hi"};
    for (size_t i = 0; i < MX_COUNT(bad); i++) {
        struct wire_reader r;
        wire_reader_init(&r, (const uint8_t *)bad[i], strlen(bad[i]));
        assert_int_equal(wire_read_lenenc_bytes(&r).len, 0);
        assert_true(r.failed);
        assert_int_equal(wire_reader_left(&r), 0);
    }
}

static void
test_reader_of_nothing(void **state)
{
    (void)state;
    struct wire_reader r;
    wire_reader_init(&r, NULL, 0);
    assert_int_equal(wire_read_rest(&r).len, 0);
    assert_false(r.failed);
    assert_int_equal(wire_read_nul_or_rest(&r).len, 0);
    assert_false(r.failed);
    assert_int_equal(wire_read_nul(&r).len, 0);
    assert_true(r.failed);
}

static void
write_sample(struct wire_writer *w, size_t *mark)
{
    *mark = wire_packet_begin(w);
    wire_write_u8(w, 3);
    wire_write_nul(w, BYTES("abc"));
    wire_write_lenenc_bytes(w, BYTES("de"));
    wire_write_zeros(w, 2);
}

static void
test_writer_takes_back_what_does_not_fit(void **state)
{
    (void)state;
    for (size_t cap = 0; cap < 16; cap++) {
        uint8_t *out = malloc(cap + 1);
        struct wire_writer w;
        size_t mark = 0;
        wire_writer_init(&w, out, cap);
        if (cap > 0) {
            wire_write_u8(&w, 0x55);
        }
        size_t before = w.len;
        write_sample(&w, &mark);
        int rc = wire_packet_end(&w, mark, 5);
        bool fits = cap >= before + 4 + 1 + 4 + 3 + 2;
        assert_int_equal(rc, fits ? 0 : -1);
        assert_int_equal(w.len, fits ? before + 14 : before);
        assert_false(w.failed);
        if (fits) {
            assert_memory_equal(out + before,
                                "\x0a\0\0\x05\x03"
                                "abc\0\x02"
                                "de\0\0",
                                14);
        }
        free(out);
    }
}

static void
test_writer_refuses_nul_in_string(void **state)
{
    (void)state;
    uint8_t out[32];
    struct wire_writer w;
    wire_writer_init(&w, out, sizeof(out));
    size_t mark = wire_packet_begin(&w);
    wire_write_nul(&w, BYTES("a\0b"));
    assert_int_equal(wire_packet_end(&w, mark, 0), -1);
    assert_int_equal(w.len, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next_needs_what_is_missing),
        cmocka_unit_test(test_whole_and_join_of_large_payload),
        cmocka_unit_test(test_numbers_round_trip),
        cmocka_unit_test(test_reader_fails_at_every_cut),
        cmocka_unit_test(test_reader_refuses_marks_and_giant_lengths),
        cmocka_unit_test(test_reader_of_nothing),
        cmocka_unit_test(test_writer_takes_back_what_does_not_fit),
        cmocka_unit_test(test_writer_refuses_nul_in_string),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
