/* Answers to servers for those whose password is known; known vectors and every kind of nonsense.
 */
#include "answer.h"
#include "native.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t scramble[] = "ABCDEFGHIJKLMNOPQRST"; /* with the NUL that servers send */

struct talk {
    struct mx_buf out;
    struct mx_err err;
    void *state;
    struct mx_auth_server x;
};

static void
talk_init(struct talk *t, const char *plugin, const char *password, bool is_private)
{
    *t = (struct talk){0};
    t->x = (struct mx_auth_server){.plugin = plugin,
                                   .is_private = is_private,
                                   .token = (const uint8_t *)password,
                                   .token_len = strlen(password),
                                   .token_is_password = true,
                                   .state = &t->state,
                                   .out = &t->out,
                                   .err = &t->err};
}

static enum mx_auth_verdict
ask(struct talk *t, const void *in, size_t len)
{
    mx_buf_clear(&t->out);
    mx_err_clear(&t->err);
    uint8_t *exact = malloc(len == 0 ? 1 : len); /* so that a sanitizer sees each step over */
    if (len > 0) {
        memcpy(exact, in, len);
    }
    t->x.in = exact;
    t->x.in_len = len;
    enum mx_auth_verdict verdict = answer_step(&t->x);
    t->x.round++;
    free(exact);
    return verdict;
}

static void
talk_end(struct talk *t)
{
    free(t->state);
    mx_buf_wipe(&t->out);
}

static void
assert_said(const struct talk *t, const char *hex)
{
    char text[2 * 512 + 1] = "";
    assert_true(t->out.len <= 512);
    for (size_t i = 0; i < t->out.len; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", t->out.bytes[i]);
    }
    assert_string_equal(text, hex);
}

static void
test_native_from_the_password_is_native_from_its_hash(void **state MX_UNUSED)
{
    /* SHA1('secret') */
    static const uint8_t proof[] = {0xe5, 0xe9, 0xfa, 0x1b, 0xa3, 0x1e, 0xcd, 0x1a, 0xe8, 0x4f,
                                    0x75, 0xca, 0xaa, 0x47, 0x4f, 0x3a, 0x66, 0x3f, 0x05, 0xf4};
    uint8_t expected[NATIVE_SIZE];
    struct talk t;
    native_answer(proof, scramble, expected);
    talk_init(&t, "mysql_native_password", "secret", false);
    assert_int_equal(ask(&t, scramble, sizeof(scramble)), MX_AUTH_SEND);
    assert_int_equal(t.out.len, sizeof(expected));
    assert_memory_equal(t.out.bytes, expected, sizeof(expected));
    assert_int_equal(ask(&t, scramble, sizeof(scramble)), MX_AUTH_ERROR);
    t.x.round = 0;
    assert_int_equal(ask(&t, scramble, 19), MX_AUTH_ERROR);
    talk_end(&t);
}

static void
test_clear_password_has_a_nul(void **state MX_UNUSED)
{
    struct talk t;
    talk_init(&t, "mysql_clear_password", "secret", false);
    assert_int_equal(ask(&t, "", 0), MX_AUTH_SEND);
    assert_said(&t, "73656372657400");
    talk_end(&t);
    talk_init(&t, "mysql_clear_password", "", false);
    assert_int_equal(ask(&t, "", 0), MX_AUTH_SEND);
    assert_said(&t, "00");
    talk_end(&t);
}

static void
test_sha2_fast_and_full_on_a_private_connection(void **state MX_UNUSED)
{
    struct talk t;
    talk_init(&t, "caching_sha2_password", "secret", true);
    assert_int_equal(ask(&t, scramble, sizeof(scramble)), MX_AUTH_SEND);
    assert_said(&t, "d721e183c1f036a196c1389201b8d53f38064a16f1d0923683ab886763152d75");
    assert_int_equal(ask(&t, "\3", 1), MX_AUTH_DONE);
    assert_int_equal(t.out.len, 0);
    t.x.round = 1;
    assert_int_equal(ask(&t, "\4", 1), MX_AUTH_SEND);
    assert_said(&t, "73656372657400");
    t.x.round = 1;
    assert_int_equal(ask(&t, "\5", 1), MX_AUTH_ERROR);
    assert_int_equal(ask(&t, "", 0), MX_AUTH_ERROR);
    talk_end(&t);
    talk_init(&t, "caching_sha2_password", "", true);
    assert_int_equal(ask(&t, scramble, sizeof(scramble)), MX_AUTH_SEND);
    assert_said(&t, "00");
    talk_end(&t);
    talk_init(&t, "caching_sha2_password", "secret", true);
    assert_int_equal(ask(&t, scramble, 19), MX_AUTH_ERROR);
    talk_end(&t);
}

static void
test_sha2_asks_for_a_key_where_others_may_listen(void **state MX_UNUSED)
{
    static const char no_key[] = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
    struct talk t;
    talk_init(&t, "caching_sha2_password", "secret", false);
    assert_int_equal(ask(&t, scramble, sizeof(scramble)), MX_AUTH_SEND);
    assert_int_equal(ask(&t, "\4", 1), MX_AUTH_SEND);
    assert_said(&t, "02");
    assert_int_equal(ask(&t, no_key, strlen(no_key)), MX_AUTH_ERROR);
    assert_int_equal(t.out.len, 0);
    assert_int_equal(ask(&t, "", 0), MX_AUTH_ERROR);
    talk_end(&t);
}

/* The public keys of PBKDF2(SHA512, 'secret', '0123456789abcdefgh', 1024 and 8192 iterations). */
static void
test_parsec_signs_both_scrambles_with_the_derived_key(void **state MX_UNUSED)
{
    static const struct {
        uint8_t factor;
        uint8_t key[32];
    } cases[] = {
        {0, {0xc3, 0x02, 0xe3, 0xab, 0x89, 0x07, 0xa8, 0x5a, 0xa9, 0x6c, 0xd4,
             0xfb, 0xb4, 0x6f, 0x9c, 0xb8, 0x8e, 0xd0, 0x13, 0xa8, 0x0c, 0x90,
             0x33, 0x80, 0x3d, 0xb5, 0x65, 0x9b, 0x78, 0x7b, 0x28, 0x9c}},
        {3, {0x8e, 0xe8, 0x3e, 0x33, 0x78, 0x59, 0x0a, 0x47, 0x1e, 0x45, 0x10,
             0x63, 0x51, 0x30, 0x2b, 0x09, 0xaa, 0x23, 0xe3, 0x5a, 0x3c, 0x93,
             0x2e, 0x52, 0x33, 0x03, 0x33, 0x36, 0xa0, 0x54, 0x31, 0xc2}},
    };
    static const uint8_t server_scramble[32] = "server scramble of 32 bytes.....";
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        struct talk t;
        uint8_t salt[20] = "P.0123456789abcdefgh";
        uint8_t both[64];
        salt[1] = cases[i].factor;
        talk_init(&t, "parsec", "secret", false);
        assert_int_equal(ask(&t, server_scramble, sizeof(server_scramble)), MX_AUTH_SEND);
        assert_int_equal(t.out.len, 0);
        assert_int_equal(ask(&t, salt, sizeof(salt)), MX_AUTH_SEND);
        assert_int_equal(t.out.len, 32 + 64);
        memcpy(both, server_scramble, 32);
        memcpy(both + 32, t.out.bytes, 32);
        EVP_PKEY *key =
            EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, cases[i].key, sizeof(cases[i].key));
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key), 1);
        assert_int_equal(EVP_DigestVerify(ctx, t.out.bytes + 32, 64, both, sizeof(both)), 1);
        EVP_MD_CTX_free(ctx);
        EVP_PKEY_free(key);
        assert_int_equal(ask(&t, salt, sizeof(salt)), MX_AUTH_ERROR);
        talk_end(&t);
    }
}

static void
test_parsec_of_another_kind_is_refused(void **state MX_UNUSED)
{
    static const uint8_t server_scramble[32] = {0};
    static const struct {
        const char *salt;
        size_t len;
    } cases[] = {{"", 0},
                 {"P", 1},
                 {"P\0", 2},
                 {"Q\0abc", 5},
                 {"P\4abc", 5},
                 {"P\xff"
                  "abc",
                  5}};
    struct talk t;
    talk_init(&t, "parsec", "secret", false);
    for (size_t len = 0; len < sizeof(server_scramble); len++) {
        assert_int_equal(ask(&t, server_scramble, len), MX_AUTH_ERROR);
        t.x.round = 0;
    }
    assert_int_equal(ask(&t, server_scramble, sizeof(server_scramble)), MX_AUTH_SEND);
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        t.x.round = 1;
        assert_int_equal(ask(&t, cases[i].salt, cases[i].len), MX_AUTH_ERROR);
    }
    talk_end(&t);
}

/* Only native passwords go without the password itself. */
static void
test_who_has_only_shown_a_hash_cannot_be_helped(void **state MX_UNUSED)
{
    for (size_t i = 0; answer_plugins[i] != NULL; i++) {
        struct talk t;
        talk_init(&t, answer_plugins[i], "01234567890123456789", true);
        t.x.token_is_password = false;
        enum mx_auth_verdict verdict = ask(&t, scramble, sizeof(scramble));
        assert_int_equal(verdict, i == 0 ? MX_AUTH_SEND : MX_AUTH_DENIED);
        talk_end(&t);
    }
    struct talk t;
    talk_init(&t, "mysql_native_password", "x", true);
    t.x.token_is_password = false;
    assert_int_equal(ask(&t, scramble, sizeof(scramble)), MX_AUTH_DENIED);
    t.x.plugin = "dialog";
    assert_int_equal(ask(&t, scramble, sizeof(scramble)), MX_AUTH_ERROR);
    talk_end(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_native_from_the_password_is_native_from_its_hash),
        cmocka_unit_test(test_clear_password_has_a_nul),
        cmocka_unit_test(test_sha2_fast_and_full_on_a_private_connection),
        cmocka_unit_test(test_sha2_asks_for_a_key_where_others_may_listen),
        cmocka_unit_test(test_parsec_signs_both_scrambles_with_the_derived_key),
        cmocka_unit_test(test_parsec_of_another_kind_is_refused),
        cmocka_unit_test(test_who_has_only_shown_a_hash_cannot_be_helped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
