/* Native authentication: known values, and the way from a client's token to a backend's. */
#include "unit.h"
#include "wire/auth_native.h"

static const uint8_t scramble_a[WIRE_SCRAMBLE_SIZE] = "abcdefghijklmnopqrst";
static const uint8_t scramble_b[WIRE_SCRAMBLE_SIZE] = "ABCDEFGHIJKLMNOPQRST";

static void
test_known_hash(void **state)
{
    (void)state;
    uint8_t once[WIRE_SHA1_SIZE];
    uint8_t stored[WIRE_SHA1_SIZE];
    char text[42];
    wire_native_hash(BYTES("secret"), once);
    wire_native_double(once, stored);
    wire_native_format(stored, text);
    /* SELECT PASSWORD('secret') of a server */
    assert_string_equal(text, "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7");
    uint8_t parsed[WIRE_SHA1_SIZE];
    assert_int_equal(wire_native_parse(wire_slice_of(text), parsed), 0);
    assert_memory_equal(parsed, stored, WIRE_SHA1_SIZE);
    assert_int_equal(wire_native_parse(BYTES("14e65567abdb5135d0cfd9a70b3032c179a49ee7"), parsed),
                     0);
    assert_memory_equal(parsed, stored, WIRE_SHA1_SIZE);
}

static void
test_bad_hashes(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "*",
                                      "*14E6",
                                      "invalid",
                                      "*14E65567ABDB5135D0CFD9A70B3032C179A49EEg",
                                      "**14E65567ABDB5135D0CFD9A70B3032C179A49EE",
                                      "*14E65567ABDB5135D0CFD9A70B3032C179A49EE70"};
    for (size_t i = 0; i < MX_COUNT(bad); i++) {
        uint8_t parsed[WIRE_SHA1_SIZE];
        assert_int_equal(wire_native_parse(wire_slice_of(bad[i]), parsed), -1);
    }
}

static void
test_token_passes_on(void **state)
{
    (void)state;
    uint8_t once[WIRE_SHA1_SIZE];
    uint8_t stored[WIRE_SHA1_SIZE];
    uint8_t token[WIRE_SHA1_SIZE];
    uint8_t got[WIRE_SHA1_SIZE];
    wire_native_hash(BYTES("pass word"), once);
    wire_native_double(once, stored);
    wire_native_token(once, scramble_a, token);
    struct wire_slice t = {token, sizeof(token)};
    assert_true(wire_native_check(t, scramble_a, stored, got));
    assert_memory_equal(got, once, WIRE_SHA1_SIZE);
    /* What was recovered convinces another server. */
    wire_native_token(got, scramble_b, token);
    assert_true(wire_native_check(t, scramble_b, stored, got));
    assert_false(wire_native_check(t, scramble_a, stored, got));
    static const uint8_t zeros[WIRE_SHA1_SIZE] = {0};
    assert_memory_equal(got, zeros, WIRE_SHA1_SIZE);
    for (size_t i = 0; i < WIRE_SHA1_SIZE; i++) {
        token[i] ^= 0x80;
        assert_false(wire_native_check(t, scramble_b, stored, got));
        token[i] ^= 0x80;
    }
    assert_false(wire_native_check((struct wire_slice){token, 19}, scramble_b, stored, got));
}

static void
test_empty_passwords(void **state)
{
    (void)state;
    uint8_t once[WIRE_SHA1_SIZE];
    uint8_t stored[WIRE_SHA1_SIZE] = {0};
    struct wire_slice none = {NULL, 0};
    assert_true(wire_native_check(none, scramble_a, NULL, once));
    assert_false(wire_native_check(BYTES("12345678901234567890"), scramble_a, NULL, once));
    assert_false(wire_native_check(none, scramble_a, stored, once));
}

static void
test_scramble_is_printable(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 65536; v += 7) {
        uint8_t random[2 * WIRE_SCRAMBLE_SIZE];
        uint8_t out[WIRE_SCRAMBLE_SIZE];
        for (size_t i = 0; i < WIRE_SCRAMBLE_SIZE; i++) {
            wire_store_u16(random + 2 * i, (uint16_t)(v + i));
        }
        wire_scramble_make(out, random);
        for (size_t i = 0; i < WIRE_SCRAMBLE_SIZE; i++) {
            assert_in_range(out[i], '!', '~');
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_hash),
        cmocka_unit_test(test_bad_hashes),
        cmocka_unit_test(test_token_passes_on),
        cmocka_unit_test(test_empty_passwords),
        cmocka_unit_test(test_scramble_is_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
