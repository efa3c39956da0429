/* mysql_native_password: the arithmetic and both exchanges. */
#include "mx/module.h"
#include "native.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

extern const struct mx_module mx_module;

/* SELECT PASSWORD('secret') of a server. */
#define SECRET_STORED "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7"
/* SHA1('secret') */
static const uint8_t secret_proof[NATIVE_SIZE] = {0xe5, 0xe9, 0xfa, 0x1b, 0xa3, 0x1e, 0xcd,
                                                  0x1a, 0xe8, 0x4f, 0x75, 0xca, 0xaa, 0x47,
                                                  0x4f, 0x3a, 0x66, 0x3f, 0x05, 0xf4};
static const uint8_t scramble[MX_AUTH_SCRAMBLE_SIZE] = "ABCDEFGHIJKLMNOPQRS";

static const struct mx_authenticator_ops *
ops(void)
{
    return mx_module.authenticator;
}

static void
test_stored_hash_is_read_with_and_without_star(void **state MX_UNUSED)
{
    uint8_t a[NATIVE_SIZE];
    uint8_t b[NATIVE_SIZE];
    assert_int_equal(native_parse(SECRET_STORED, a), 0);
    assert_int_equal(native_parse(SECRET_STORED + 1, b), 0);
    assert_memory_equal(a, b, NATIVE_SIZE);
    assert_int_equal(a[0], 0x14);
    assert_int_equal(native_parse("", a), -1);
    assert_int_equal(native_parse("*14E6", a), -1);
    assert_int_equal(native_parse("*14E65567ABDB5135D0CFD9A70B3032C179A49EEX", a), -1);
    assert_int_equal(native_parse("**14E65567ABDB5135D0CFD9A70B3032C179A49EE", a), -1);
    assert_int_equal(native_parse("*14E65567ABDB5135D0CFD9A70B3032C179A49EE70", a), -1);
    char text[NATIVE_TEXT_SIZE];
    assert_int_equal(native_parse("14e65567abdb5135d0cfd9a70b3032c179a49ee7", a), 0);
    native_format(a, text);
    assert_string_equal(text, SECRET_STORED);
    native_sum((const uint8_t *)"secret", strlen("secret"), b);
    assert_memory_equal(b, secret_proof, NATIVE_SIZE);
    native_sum(b, NATIVE_SIZE, b);
    assert_memory_equal(a, b, NATIVE_SIZE);
}

static void
test_right_answer_gives_the_proof_and_each_wrong_byte_is_noticed(void **state MX_UNUSED)
{
    uint8_t stored[NATIVE_SIZE];
    uint8_t answer[NATIVE_SIZE];
    uint8_t proof[NATIVE_SIZE];
    assert_int_equal(native_parse(SECRET_STORED, stored), 0);
    native_answer(secret_proof, scramble, answer);
    assert_true(native_check(answer, scramble, stored, proof));
    assert_memory_equal(proof, secret_proof, NATIVE_SIZE);
    for (size_t i = 0; i < NATIVE_SIZE; i++) {
        answer[i] ^= 1;
        assert_false(native_check(answer, scramble, stored, proof));
        answer[i] ^= 1;
    }
}

/* As in module.c. */
struct config {
    bool clear_pw_passthrough;
    bool log_password_mismatch;
};
static struct config config;

struct talk {
    struct mx_buf out;
    struct mx_buf token;
    struct mx_err err;
    struct mx_auth_client x;
};

static void
talk_init(struct talk *t, const char *plugin, const char *secret, const void *in, size_t len)
{
    *t = (struct talk){0};
    t->x = (struct mx_auth_client){.config = &config,
                                   .scramble = scramble,
                                   .account_plugin = "mysql_native_password",
                                   .account_secret = secret,
                                   .client_plugin = plugin,
                                   .in = in,
                                   .in_len = len,
                                   .out = &t->out,
                                   .token = &t->token,
                                   .err = &t->err};
}

static void
test_client_with_the_right_password_is_done_at_once(void **state MX_UNUSED)
{
    uint8_t answer[NATIVE_SIZE];
    struct talk t;
    native_answer(secret_proof, scramble, answer);
    talk_init(&t, "mysql_native_password", SECRET_STORED, answer, sizeof(answer));
    assert_int_equal(ops()->client_step(&t.x), MX_AUTH_DONE);
    assert_int_equal(t.token.len, NATIVE_SIZE);
    assert_memory_equal(t.token.bytes, secret_proof, NATIVE_SIZE);
    mx_buf_wipe(&t.token);
}

static void
test_client_of_another_plugin_is_asked_to_switch(void **state MX_UNUSED)
{
    uint8_t answer[NATIVE_SIZE];
    struct talk t;
    talk_init(&t, "caching_sha2_password", SECRET_STORED, "x", 1);
    assert_int_equal(ops()->client_step(&t.x), MX_AUTH_SWITCH);
    assert_string_equal(t.x.plugin, "mysql_native_password");
    assert_int_equal(t.out.len, MX_AUTH_SCRAMBLE_SIZE + 1);
    assert_memory_equal(t.out.bytes, scramble, MX_AUTH_SCRAMBLE_SIZE);
    native_answer(secret_proof, scramble, answer);
    t.x.in = answer;
    t.x.in_len = sizeof(answer);
    t.x.round = 1;
    assert_int_equal(ops()->client_step(&t.x), MX_AUTH_DONE);
    mx_buf_wipe(&t.token);
    mx_buf_free(&t.out);
}

static void
test_empty_password_is_right_only_for_an_account_without_one(void **state MX_UNUSED)
{
    struct talk t;
    talk_init(&t, "mysql_native_password", "", NULL, 0);
    assert_int_equal(ops()->client_step(&t.x), MX_AUTH_DONE);
    assert_int_equal(t.token.len, 0);
    talk_init(&t, "mysql_native_password", SECRET_STORED, NULL, 0);
    assert_int_equal(ops()->client_step(&t.x), MX_AUTH_DENIED);
    talk_init(&t, "mysql_native_password", "", "12345678901234567890", 20);
    assert_int_equal(ops()->client_step(&t.x), MX_AUTH_DENIED);
}

static void
test_answers_of_any_other_length_are_denied(void **state MX_UNUSED)
{
    uint8_t bytes[64] = {0};
    for (size_t len = 0; len < sizeof(bytes); len++) {
        struct talk t;
        talk_init(&t, "mysql_native_password", SECRET_STORED, bytes, len);
        assert_int_equal(ops()->client_step(&t.x), MX_AUTH_DENIED);
    }
}

static void
test_hashes_are_told_only_when_both_options_say_so(void **state MX_UNUSED)
{
    uint8_t answer[NATIVE_SIZE] = {0};
    for (int i = 0; i < 4; i++) {
        struct talk t;
        config.log_password_mismatch = (i & 1) != 0;
        talk_init(&t, "mysql_native_password", SECRET_STORED, answer, sizeof(answer));
        t.x.log_details = (i & 2) != 0;
        assert_int_equal(ops()->client_step(&t.x), MX_AUTH_DENIED);
        assert_int_equal(t.err.code != 0 && strstr(t.err.text, SECRET_STORED) != NULL, i == 3);
    }
    config.log_password_mismatch = false;
}

static void
test_a_hash_of_another_plugin_is_named_as_the_reason(void **state MX_UNUSED)
{
    uint8_t answer[NATIVE_SIZE] = {0};
    struct talk t;
    talk_init(&t, "mysql_native_password", "xyz", answer, sizeof(answer));
    t.x.account_plugin = "mysql_clear_password";
    assert_int_equal(ops()->client_step(&t.x), MX_AUTH_DENIED);
    assert_non_null(strstr(t.err.text, "mysql_clear_password"));
}

static void
test_skipped_check_takes_any_answer_and_keeps_a_right_one(void **state MX_UNUSED)
{
    uint8_t answer[NATIVE_SIZE];
    struct talk t;
    native_answer(secret_proof, scramble, answer);
    talk_init(&t, "mysql_native_password", SECRET_STORED, answer, sizeof(answer));
    t.x.skip_check = true;
    assert_int_equal(ops()->client_step(&t.x), MX_AUTH_DONE);
    assert_int_equal(t.token.len, NATIVE_SIZE);
    mx_buf_wipe(&t.token);
    answer[0] ^= 1;
    assert_int_equal(ops()->client_step(&t.x), MX_AUTH_DONE);
    assert_int_equal(t.token.len, 0);
    mx_buf_wipe(&t.token);
}

static void
test_passthrough_asks_for_the_password_itself(void **state MX_UNUSED)
{
    struct talk t;
    assert_false(ops()->trusts_servers(&config));
    config.clear_pw_passthrough = true;
    assert_true(ops()->trusts_servers(&config));
    talk_init(&t, "mysql_native_password", "", "x", 1);
    assert_int_equal(ops()->client_step(&t.x), MX_AUTH_SWITCH);
    assert_string_equal(t.x.plugin, "mysql_clear_password");
    t.x.round = 1;
    t.x.in = (const uint8_t *)"secret";
    t.x.in_len = 7;
    assert_int_equal(ops()->client_step(&t.x), MX_AUTH_DONE);
    assert_true(t.x.token_is_password);
    assert_int_equal(t.token.len, 6);
    assert_memory_equal(t.token.bytes, "secret", 6);
    mx_buf_wipe(&t.token);
    config.clear_pw_passthrough = false;
}

static void
test_server_gets_the_answer_to_its_own_scramble(void **state MX_UNUSED)
{
    uint8_t expected[NATIVE_SIZE];
    struct mx_buf out = {0};
    struct mx_err err;
    struct mx_auth_server x = {.plugin = "mysql_native_password",
                               .in = scramble,
                               .in_len = sizeof(scramble),
                               .token = secret_proof,
                               .token_len = NATIVE_SIZE,
                               .out = &out,
                               .err = &err};
    native_answer(secret_proof, scramble, expected);
    assert_int_equal(ops()->server_step(&x), MX_AUTH_SEND);
    assert_int_equal(out.len, NATIVE_SIZE);
    assert_memory_equal(out.bytes, expected, NATIVE_SIZE);
    mx_buf_free(&out);
    x.in_len = 5;
    assert_int_equal(ops()->server_step(&x), MX_AUTH_ERROR);
    x.token_len = 0;
    assert_int_equal(ops()->server_step(&x), MX_AUTH_SEND);
    assert_int_equal(out.len, 0);
    x.round = 1;
    assert_int_equal(ops()->server_step(&x), MX_AUTH_ERROR);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stored_hash_is_read_with_and_without_star),
        cmocka_unit_test(test_right_answer_gives_the_proof_and_each_wrong_byte_is_noticed),
        cmocka_unit_test(test_client_with_the_right_password_is_done_at_once),
        cmocka_unit_test(test_client_of_another_plugin_is_asked_to_switch),
        cmocka_unit_test(test_empty_password_is_right_only_for_an_account_without_one),
        cmocka_unit_test(test_answers_of_any_other_length_are_denied),
        cmocka_unit_test(test_hashes_are_told_only_when_both_options_say_so),
        cmocka_unit_test(test_a_hash_of_another_plugin_is_named_as_the_reason),
        cmocka_unit_test(test_skipped_check_takes_any_answer_and_keeps_a_right_one),
        cmocka_unit_test(test_passthrough_asks_for_the_password_itself),
        cmocka_unit_test(test_server_gets_the_answer_to_its_own_scramble),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
