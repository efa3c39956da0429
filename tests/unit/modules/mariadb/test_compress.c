/* The compressed protocol: cuts, numbers, lengths that lie, and what stays in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "bare_codec.h"
#include "mx/buf.h"
#include "wire/compressed.h"

static struct mx_buf
encode_all(struct compress *c, const void *bytes, size_t len)
{
    struct mx_buf out = {0};
    for (size_t at = 0; at < len;) {
        struct iovec iov = {.iov_base = (uint8_t *)(uintptr_t)bytes + at, .iov_len = len - at};
        at += compress_codec.encode(c, &iov, 1, &out);
    }
    return out;
}

/* Everything through pieces of `in_max` and room for `out_max`; -1: an error. */
static int
decode_all(struct compress *c, const uint8_t *in, size_t len, size_t in_max, size_t out_max,
           struct mx_buf *out, struct mx_err *err)
{
    size_t at = 0;
    for (;;) {
        size_t used = 0;
        size_t made = 0;
        size_t part = mx_min_size(in_max, len - at);
        if (bare_decode(c, in + at, part, &used, out_max, out, &made, err) != 0) {
            return -1;
        }
        at += used;
        if (used == 0 && made == 0 && at == len) {
            return 0;
        }
        assert_true(used > 0 || made > 0);
    }
}

static void
fill(uint8_t *bytes, size_t len, bool random)
{
    uint32_t x = 1;
    for (size_t i = 0; i < len; i++) {
        x = x * 1664525u + 1013904223u;
        bytes[i] = random ? (uint8_t)(x >> 24) : (uint8_t)("abcabcabd"[i % 9]);
    }
}

static void
test_any_cut_gives_the_same(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 49, 50, 51, 1000, 5000, 65528, 65529, 65530, 200000};
    static const size_t cuts[] = {1, 7, 4096, 1000000};
    static uint8_t bytes[200000];
    for (size_t i = 0; i < 2 * MX_COUNT(sizes); i++) {
        size_t len = sizes[i / 2];
        fill(bytes, len, i % 2 == 1);
        for (size_t cut = len > 5000 ? 2 : 0; cut < MX_COUNT(cuts); cut++) {
            struct compress *writer = compress_new(COMPRESS_ASKS);
            struct compress *reader = compress_new(COMPRESS_ANSWERS);
            struct mx_buf packed = encode_all(writer, bytes, len);
            struct mx_buf out = {0};
            struct mx_err err;
            if (len >= 1000 && i % 2 == 0) {
                assert_true(packed.len < len / 10);
            }
            assert_true(packed.len <= len + 7 * (len / 65529 + 1));
            assert_int_equal(decode_all(reader, packed.bytes, packed.len, cuts[cut],
                                        cut == 1 ? 13 : 70000, &out, &err),
                             0);
            assert_int_equal(out.len, len);
            assert_memory_equal(out.bytes, bytes, len);
            mx_buf_free(&packed);
            mx_buf_free(&out);
            compress_codec.free(writer);
            compress_codec.free(reader);
        }
    }
}

static void
test_short_pieces_are_not_compressed(void **state)
{
    (void)state;
    uint8_t bytes[50];
    fill(bytes, sizeof(bytes), false);
    struct compress *c = compress_new(COMPRESS_ASKS);
    struct mx_buf packed = encode_all(c, bytes, 49);
    const uint8_t head[] = {49, 0, 0, 0, 0, 0, 0};
    assert_int_equal(packed.len, 56);
    assert_memory_equal(packed.bytes, head, sizeof(head));
    mx_buf_free(&packed);
    packed = encode_all(c, bytes, 50);
    assert_true(packed.len < 57);
    assert_int_equal(packed.bytes[3], 1);
    assert_int_equal(packed.bytes[4], 50);
    mx_buf_free(&packed);
    compress_codec.free(c);
}

/* The numbers of the packets in `packed`. */
static size_t
numbers(const struct mx_buf *packed, uint8_t *out, size_t cap)
{
    size_t count = 0;
    for (size_t at = 0; at < packed->len && count < cap; count++) {
        out[count] = packed->bytes[at + 3];
        at += WIRE_COMPRESSED_HEADER_SIZE + wire_load_u24(packed->bytes + at);
    }
    return count;
}

static void
test_marks_cut_and_number(void **state)
{
    (void)state;
    uint8_t bytes[400] = {0};
    uint8_t got[16];
    struct compress *c = compress_new(COMPRESS_ASKS);
    compress_mark_at(c, 0, 7);
    compress_mark_at(c, 0, 3); /* the later one counts */
    compress_mark_at(c, 100, 0);
    compress_mark_at(c, 300, 9);
    struct mx_buf packed = encode_all(c, bytes, 400);
    assert_int_equal(numbers(&packed, got, 16), 3);
    assert_memory_equal(got, "\x03\x00\x09", 3);
    mx_buf_free(&packed);
    packed = encode_all(c, bytes, 10); /* goes on */
    assert_int_equal(packed.bytes[3], 10);
    mx_buf_free(&packed);
    for (uint64_t i = 0; i < 1000; i++) { /* many, while others are taken off */
        compress_mark_at(c, 410 + i * 3, (uint8_t)i);
    }
    for (size_t i = 0; i < 1000; i++) {
        packed = encode_all(c, bytes, 3);
        assert_int_equal(packed.len, 10);
        assert_int_equal(packed.bytes[3], (uint8_t)i);
        mx_buf_free(&packed);
    }
    compress_codec.free(c);
}

static void
packet(struct mx_buf *out, const void *body, size_t len, uint8_t number, size_t plain_len)
{
    uint8_t head[WIRE_COMPRESSED_HEADER_SIZE];
    struct wire_compressed p = {.len = (uint32_t)len,
                                .plain_len = (uint32_t)plain_len,
                                .sequence = number,
                                .is_plain = plain_len == 0};
    wire_compressed_store(head, &p);
    assert_int_equal(mx_buf_append(out, head, sizeof(head)), 0);
    assert_int_equal(mx_buf_append(out, body, len), 0);
}

static const char *
fault_of(enum compress_role role, const struct mx_buf *in)
{
    static struct mx_err err;
    mx_err_clear(&err);
    for (size_t cut = 1; cut <= in->len; cut += mx_max_size(1, in->len - 1)) {
        struct compress *c = compress_new(role);
        struct mx_buf out = {0};
        (void)decode_all(c, in->bytes, in->len, cut, 100, &out, &err);
        mx_buf_free(&out);
        compress_codec.free(c);
    }
    return err.code == 0 ? "" : err.text;
}

static void
expect_fault(const void *body, size_t len, uint8_t number, size_t plain_len, const char *fault)
{
    struct mx_buf in = {0};
    packet(&in, body, len, number, plain_len);
    const char *text = fault_of(COMPRESS_ANSWERS, &in);
    if (strstr(text, fault) == NULL || (fault[0] == '\0' && text[0] != '\0')) {
        fail_msg("'%s' is not '%s'", text, fault);
    }
    mx_buf_free(&in);
}

static void
test_malformed_packets(void **state)
{
    (void)state;
    uint8_t plain[300];
    uint8_t body[400];
    uLongf len = sizeof(body);
    fill(plain, sizeof(plain), false);
    assert_int_equal(compress(body, &len, plain, sizeof(plain)), Z_OK);
    expect_fault(body, len, 0, 300, "");
    expect_fault(body, len, 0, 299, "longer than its header says");
    expect_fault(body, len, 0, 301, "another length");
    expect_fault(body, len - 1, 0, 300, "ends too early");
    expect_fault(body, 3, 0, 300, "ends too early");
    expect_fault(body, len, 1, 300, "packet 1 of the compressed protocol came where 0 was due");
    expect_fault(plain, 100, 0, 300, "cannot be decompressed");
    expect_fault(plain, 0, 0, 0, "empty packet");
    body[len] = 0;
    expect_fault(body, len + 1, 0, 300, "another length");
    body[len - 1] ^= 1; /* the checksum */
    expect_fault(body, len, 0, 300, "cannot be decompressed");
}

static void
test_servers_number_as_they_please(void **state)
{
    (void)state;
    struct mx_buf in = {0};
    packet(&in, "a", 1, 5, 0);
    packet(&in, "b", 1, 200, 0);
    assert_string_equal(fault_of(COMPRESS_ASKS, &in), "");
    mx_buf_free(&in);
    packet(&in, "a", 1, 0, 0);
    packet(&in, "b", 1, 1, 0);
    packet(&in, "c", 1, 0, 0);
    assert_string_equal(fault_of(COMPRESS_ANSWERS, &in), "");
    packet(&in, "d", 1, 2, 0);
    assert_string_not_equal(fault_of(COMPRESS_ANSWERS, &in), "");
    mx_buf_free(&in);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_cut_gives_the_same),
        cmocka_unit_test(test_short_pieces_are_not_compressed),
        cmocka_unit_test(test_marks_cut_and_number),
        cmocka_unit_test(test_malformed_packets),
        cmocka_unit_test(test_servers_number_as_they_please),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
