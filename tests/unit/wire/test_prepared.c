/* Prepared statements and the first bytes of commands. */
#include "recorded.inc"
#include "unit.h"
#include "wire/prepared.h"
#include "wire/request.h"

static void
test_prepare_ok(void **state)
{
    (void)state;
    struct wire_prepare_ok in = {.id = 0x01020304, .columns = 5, .parameters = 600, .warnings = 7};
    struct wire_prepare_ok got;
    uint8_t out[32];
    struct wire_writer w;
    wire_writer_init(&w, out, sizeof(out));
    assert_int_equal(wire_prepare_ok_encode(&w, 1, &in), 0);
    assert_int_equal(w.len, 16);
    for (size_t len = 0; len < 12; len++) {
        uint8_t *copy = exact_copy(out + 4, len);
        assert_int_equal(wire_prepare_ok_decode(copy, len, &got), -1);
        free(copy);
    }
    assert_int_equal(wire_prepare_ok_decode(out + 4, 12, &got), 0);
    assert_int_equal(got.id, in.id);
    assert_int_equal(got.columns, in.columns);
    assert_int_equal(got.parameters, in.parameters);
    assert_int_equal(got.warnings, in.warnings);
    assert_int_equal(wire_load_u32(out + 4 + WIRE_STMT_ID_AT), in.id);
    assert_int_equal(got.definitions, WIRE_DEFINITIONS_UNSAID);
    for (in.definitions = WIRE_DEFINITIONS_NONE; in.definitions <= WIRE_DEFINITIONS_FOLLOW;
         in.definitions++) {
        wire_writer_init(&w, out, sizeof(out));
        assert_int_equal(wire_prepare_ok_encode(&w, 1, &in), 0);
        assert_int_equal(w.len, 17);
        assert_int_equal(wire_prepare_ok_decode(out + 4, 13, &got), 0);
        assert_int_equal(got.definitions, in.definitions);
    }
}

/* Types taken from one execution make the next, which has none, the same as the first. */
static void
test_types_are_remembered(void **state)
{
    (void)state;
    struct wire_execute with;
    struct wire_execute without;
    assert_int_equal(wire_execute_decode(execute_types_eof, sizeof(execute_types_eof), 1, &with),
                     0);
    assert_true(with.has_types);
    assert_int_equal(with.types_len, 2);
    assert_int_equal(with.iterations, 1);
    assert_int_equal(
        wire_execute_decode(execute_no_types_eof, sizeof(execute_no_types_eof), 1, &without), 0);
    assert_false(without.has_types);
    assert_int_equal(without.values_at, 12);
    assert_int_equal(with.id, without.id);
    uint8_t out[64];
    struct wire_slice types = {execute_types_eof + with.types_at, with.types_len};
    for (size_t cap = 0; cap < with.values_at; cap++) {
        assert_int_equal(wire_execute_add_types(execute_no_types_eof, &without, types, out, cap),
                         0);
    }
    size_t len = wire_execute_add_types(execute_no_types_eof, &without, types, out, sizeof(out));
    assert_int_equal(len, with.values_at);
    assert_memory_equal(out, execute_types_eof, len);
    assert_int_equal(wire_execute_head_size(1), with.values_at);
}

static void
test_execute_at_every_cut(void **state)
{
    (void)state;
    struct wire_execute ex;
    for (uint16_t parameters = 0; parameters < 20; parameters++) {
        size_t size = wire_execute_head_size(parameters);
        uint8_t *head = calloc(1, size);
        assert_non_null(head);
        head[0] = WIRE_COM_STMT_EXECUTE;
        size_t flag_at = 10 + (parameters + 7u) / 8;
        head[flag_at] = 1;
        size_t needed = parameters == 0 ? 10 : size;
        for (size_t len = 0; len <= size; len++) {
            uint8_t *copy = exact_copy(head, len);
            assert_int_equal(wire_execute_decode(copy, len, parameters, &ex),
                             len < needed ? -1 : 0);
            free(copy);
        }
        assert_int_equal(ex.values_at, needed);
        free(head);
    }
    assert_int_equal(wire_execute_decode((const uint8_t *)"\x03 select 1234", 13, 0, &ex), -1);
}

static void
test_bulk(void **state)
{
    (void)state;
    struct wire_execute ex;
    assert_int_equal(wire_execute_decode(bulk_plain_request, sizeof(bulk_plain_request), 1, &ex),
                     0);
    assert_true(ex.bulk);
    assert_true(ex.has_types);
    assert_int_equal(ex.types_at, 7);
    assert_int_equal(ex.values_at, 9);
    for (size_t len = 0; len < 9; len++) {
        assert_int_equal(wire_execute_decode(bulk_plain_request, len, 1, &ex), -1);
    }
    /* without its types, and with them again */
    uint8_t stripped[sizeof(bulk_plain_request)];
    uint8_t out[64];
    memcpy(stripped, bulk_plain_request, 7);
    stripped[5] = 0;
    assert_int_equal(wire_execute_decode(stripped, 7, 1, &ex), 0);
    assert_int_equal(ex.values_at, 7);
    assert_int_equal(wire_execute_add_types(stripped, &ex, BYTES("\xfe\0"), out, sizeof(out)), 9);
    assert_memory_equal(out, bulk_plain_request, 9);
}

static void
test_requests(void **state)
{
    (void)state;
    struct wire_request r;
    assert_int_equal(wire_request_look((const uint8_t *)"", 0, &r), -1);
    assert_int_equal(wire_request_look((const uint8_t *)"\x03select", 7, &r), 0);
    assert_true(r.known && r.has_reply && !r.has_statement_id);
    assert_int_equal(wire_request_look((const uint8_t *)"\x01", 1, &r), 0);
    assert_false(r.has_reply);
    assert_int_equal(wire_request_look((const uint8_t *)"\x60", 1, &r), 0);
    assert_false(r.known);
    assert_true(r.has_reply);
    static const uint8_t with_id[] = {WIRE_COM_STMT_EXECUTE, WIRE_COM_STMT_SEND_LONG_DATA,
                                      WIRE_COM_STMT_CLOSE,   WIRE_COM_STMT_RESET,
                                      WIRE_COM_STMT_FETCH,   WIRE_COM_STMT_BULK_EXECUTE};
    for (size_t i = 0; i < MX_COUNT(with_id); i++) {
        uint8_t payload[5] = {with_id[i], 4, 3, 2, 1};
        for (size_t len = 1; len <= 5; len++) {
            assert_int_equal(wire_request_look(payload, len, &r), len < 5 ? -1 : 0);
            assert_true(r.has_statement_id);
            assert_int_equal(r.statement_id, len < 5 ? 0 : 0x01020304);
        }
    }
    assert_string_equal(wire_command_name(WIRE_COM_QUERY), "COM_QUERY");
    assert_null(wire_command_name(0x60));
}

static void
test_encoded_requests(void **state)
{
    (void)state;
    uint8_t out[32];
    struct wire_writer w;
    wire_writer_init(&w, out, sizeof(out));
    assert_int_equal(wire_request_encode(&w, WIRE_COM_INIT_DB, BYTES("db")), 0);
    assert_int_equal(wire_stmt_command_encode(&w, WIRE_COM_STMT_CLOSE, 258), 0);
    assert_int_equal(w.len, 7 + 9);
    assert_memory_equal(out,
                        "\x03\0\0\0\x02"
                        "db\x05\0\0\0\x19\x02\x01\0\0",
                        w.len);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prepare_ok),
        cmocka_unit_test(test_types_are_remembered),
        cmocka_unit_test(test_execute_at_every_cut),
        cmocka_unit_test(test_bulk),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_encoded_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
