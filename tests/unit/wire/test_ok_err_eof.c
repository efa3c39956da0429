/* OK, ERR and EOF packets: round trips, every prefix, session state. */
#include "recorded.inc"
#include "unit.h"
#include "wire/ok_err_eof.h"

#define TRACK (WIRE_CAP_PROTOCOL_41 | WIRE_CAP_SESSION_TRACK)

static void
test_ok_round_trip_and_prefixes(void **state)
{
    (void)state;
    uint8_t track[128];
    struct wire_writer t;
    wire_writer_init(&t, track, sizeof(track));
    wire_track_add_schema(&t, BYTES("shop"));
    wire_track_add_variable(&t, BYTES("last_gtid"), BYTES("0-1-12"));
    struct wire_ok ok = {.affected = 300,
                         .insert_id = UINT64_MAX,
                         .status = WIRE_STATUS_AUTOCOMMIT,
                         .warnings = 3,
                         .info = BYTES("Rows"),
                         .state = {track, t.len}};
    uint8_t out[256];
    struct wire_writer w;
    wire_writer_init(&w, out, sizeof(out));
    assert_int_equal(wire_ok_encode(&w, 9, TRACK, &ok), 0);
    assert_int_equal(out[3], 9);
    struct wire_ok got;
    size_t fixed = 1 + 3 + 9 + 4;
    for (size_t len = 0; len < w.len - 4; len++) {
        uint8_t *copy = exact_copy(out + 4, len);
        int rc = wire_ok_decode(copy, len, TRACK, &got);
        /* Whole only before the info and before the state; both may be missing. */
        assert_int_equal(rc, len == fixed || len == fixed + 5 ? 0 : -1);
        free(copy);
    }
    assert_int_equal(wire_ok_decode(out + 4, w.len - 4, TRACK, &got), 0);
    assert_true(got.affected == 300 && got.insert_id == UINT64_MAX && got.warnings == 3);
    assert_int_equal(got.status, WIRE_STATUS_AUTOCOMMIT | WIRE_STATUS_STATE_CHANGED);
    assert_slice(got.info, "Rows");
    struct wire_track items;
    struct wire_track_item item;
    wire_track_init(&items, got.state);
    assert_true(wire_track_next(&items, &item));
    assert_int_equal(item.kind, WIRE_TRACK_SCHEMA);
    assert_slice(item.value, "shop");
    assert_true(wire_track_next(&items, &item));
    assert_int_equal(item.kind, WIRE_TRACK_SYSTEM_VARIABLE);
    assert_slice(item.name, "last_gtid");
    assert_slice(item.value, "0-1-12");
    assert_false(wire_track_next(&items, &item));
    assert_false(wire_track_failed(&items));
}

static void
test_ok_without_tracking(void **state)
{
    (void)state;
    struct wire_ok ok = {.status = 2,
                         .info = BYTES("hello"),
                         .state = BYTES("\x02\x01"
                                        "1")};
    uint8_t out[64];
    struct wire_writer w;
    struct wire_ok got;
    wire_writer_init(&w, out, sizeof(out));
    assert_int_equal(wire_ok_encode(&w, 1, WIRE_CAP_PROTOCOL_41, &ok), 0);
    assert_int_equal(wire_ok_decode(out + 4, w.len - 4, WIRE_CAP_PROTOCOL_41, &got), 0);
    assert_slice(got.info, "hello");
    assert_int_equal(got.state.len, 0);
    assert_int_equal(got.status, 2);
    /* the documented form, without a length */
    assert_int_equal(
        wire_ok_decode((const uint8_t *)"\0\0\0\x02\0\0\0text", 11, WIRE_CAP_PROTOCOL_41, &got), 0);
    assert_slice(got.info, "text");
    /* as a server sends it */
    assert_int_equal(wire_ok_decode(reply_update_info_eof + 4, sizeof(reply_update_info_eof) - 4,
                                    WIRE_CAP_PROTOCOL_41, &got),
                     0);
    assert_slice(got.info, "Rows matched: 0  Changed: 0  Warnings: 0");
}

static void
test_track_items_of_all_kinds(void **state)
{
    (void)state;
    struct wire_track items;
    struct wire_track_item item;
    /* two variables in one item, an unknown kind, MySQL's GTIDs, an empty item of variables */
    wire_track_init(&items, BYTES("\0\x08\x01"
                                  "a\x01"
                                  "1\x01"
                                  "b\x01"
                                  "2"
                                  "\x09\x02xy"
                                  "\x03\x04\0\x02"
                                  "id"
                                  "\0\0"));
    assert_true(wire_track_next(&items, &item));
    assert_slice(item.name, "a");
    assert_true(wire_track_next(&items, &item));
    assert_slice(item.name, "b");
    assert_slice(item.value, "2");
    assert_true(wire_track_next(&items, &item));
    assert_int_equal(item.kind, 9);
    assert_slice(item.value, "xy");
    assert_true(wire_track_next(&items, &item));
    assert_int_equal(item.kind, WIRE_TRACK_GTIDS);
    assert_slice(item.value, "id");
    assert_false(wire_track_next(&items, &item));
    assert_false(wire_track_failed(&items));
}

static void
test_track_malformed(void **state)
{
    (void)state;
    static const struct wire_slice bad[] = {
        {(const uint8_t *)"\x01", 1},
        {(const uint8_t *)"\x01\x05\x01x", 4},
        {(const uint8_t *)"\x01\x02\x05x", 4},
        {(const uint8_t *)"\0\x02\x01x", 4},
        {(const uint8_t *)"\0\x03\x01x\x05", 5},
    };
    for (size_t i = 0; i < MX_COUNT(bad); i++) {
        struct wire_track items;
        struct wire_track_item item;
        uint8_t *copy = exact_copy(bad[i].data, bad[i].len);
        wire_track_init(&items, (struct wire_slice){copy, bad[i].len});
        assert_false(wire_track_next(&items, &item));
        assert_true(wire_track_failed(&items));
        assert_false(wire_track_next(&items, &item));
        free(copy);
    }
}

static void
test_err(void **state)
{
    (void)state;
    uint8_t out[WIRE_ERR_PACKET_MAX];
    struct wire_writer w;
    struct wire_err err;
    wire_writer_init(&w, out, sizeof(out));
    assert_int_equal(wire_err_encode(&w, 2, WIRE_ER_ACCESS_DENIED, NULL, BYTES("no")), 0);
    assert_memory_equal(out, "\x0b\0\0\x02\xff\x15\x04#28000no", w.len);
    assert_int_equal(wire_err_decode(out + 4, w.len - 4, &err), 0);
    assert_int_equal(err.code, 1045);
    assert_string_equal(err.sqlstate, "28000");
    assert_slice(err.text, "no");
    for (size_t len = 0; len < 3; len++) {
        assert_int_equal(wire_err_decode(out + 4, len, &err), -1);
    }
    wire_writer_init(&w, out, sizeof(out));
    assert_int_equal(wire_err_encode_early(&w, 0, WIRE_ER_HOST_BLOCKED, BYTES("text")), 0);
    assert_int_equal(wire_err_decode(out + 4, w.len - 4, &err), 0);
    assert_string_equal(err.sqlstate, "HY000");
    assert_slice(err.text, "text");
    assert_string_equal(wire_error_sqlstate(1044), "42000");
    assert_string_equal(wire_error_sqlstate(9999), "HY000");
}

static void
test_err_is_cut_at_a_character(void **state)
{
    (void)state;
    uint8_t text[600];
    uint8_t out[WIRE_ERR_PACKET_MAX];
    struct wire_writer w;
    struct wire_err err;
    memset(text, 'a', 511);
    for (size_t i = 511; i + 1 < sizeof(text); i += 2) {
        memcpy(text + i, "\xc3\xa4", 2);
    }
    wire_writer_init(&w, out, sizeof(out));
    assert_int_equal(wire_err_encode(&w, 1, 1105, NULL, (struct wire_slice){text, 599}), 0);
    assert_int_equal(wire_err_decode(out + 4, w.len - 4, &err), 0);
    assert_int_equal(err.text.len, 511);
}

static void
test_eof_and_end(void **state)
{
    (void)state;
    uint8_t out[32];
    struct wire_writer w;
    struct wire_eof eof;
    struct wire_ok ok = {.status = 0x22, .warnings = 4};
    wire_writer_init(&w, out, sizeof(out));
    assert_int_equal(wire_end_encode(&w, 5, WIRE_CAP_PROTOCOL_41, &ok), 0);
    assert_memory_equal(out, "\x05\0\0\x05\xfe\x04\0\x22\0", w.len);
    assert_int_equal(wire_eof_decode(out + 4, 5, &eof), 0);
    assert_int_equal(eof.warnings, 4);
    assert_int_equal(eof.status, 0x22);
    for (size_t len = 0; len < 5; len++) {
        assert_int_equal(wire_eof_decode(out + 4, len, &eof), -1);
    }
    assert_int_equal(wire_eof_decode((const uint8_t *)"\xfe\0\0\0\0\0\0\0\0", 9, &eof), -1);
    wire_writer_init(&w, out, sizeof(out));
    assert_int_equal(wire_end_encode(&w, 5, WIRE_CAP_DEPRECATE_EOF, &ok), 0);
    assert_memory_equal(out, "\x07\0\0\x05\xfe\0\0\x22\0\x04\0", w.len);
    struct wire_ok got;
    assert_int_equal(wire_ok_decode(out + 4, w.len - 4, WIRE_CAP_DEPRECATE_EOF, &got), 0);
    assert_int_equal(got.warnings, 4);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ok_round_trip_and_prefixes),
        cmocka_unit_test(test_ok_without_tracking),
        cmocka_unit_test(test_track_items_of_all_kinds),
        cmocka_unit_test(test_track_malformed),
        cmocka_unit_test(test_err),
        cmocka_unit_test(test_err_is_cut_at_a_character),
        cmocka_unit_test(test_eof_and_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
