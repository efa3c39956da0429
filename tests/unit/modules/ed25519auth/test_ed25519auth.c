/* Ed25519 with passwords as keys, both ways of asking a client, and the answer to a server. */
#include "auth_ed25519.h"
#include "auth_sha2.h"
#include "mx/module.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

extern const struct mx_module mx_module;

/* ed25519_password('secret') of the manual of the plugin. */
#define SECRET_KEY "ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY"

struct config {
    int64_t ed_mode; /* as in module.c */
    char *ed_rsa_privkey_path;
    char *ed_rsa_pubkey_path;
};

static const uint8_t scramble[MX_AUTH_SCRAMBLE_SIZE] = "ABCDEFGHIJKLMNOPQRS";

static const struct mx_authenticator_ops *
ops(void)
{
    return mx_module.authenticator;
}

static void
from_hex(const char *text, uint8_t *out)
{
    for (size_t i = 0; text[2 * i] != '\0'; i++) {
        unsigned byte = 0;
        assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
        out[i] = (uint8_t)byte;
    }
}

/* ------------------------------------------------------------ arithmetic */

static void
test_a_password_of_32_bytes_is_a_key_of_the_standard(void **state MX_UNUSED)
{
    /* RFC 8032, 7.1, tests 1 and 3: private key, public key, message, signature. */
    static const struct {
        const char *secret, *key, *message, *signature;
    } cases[] = {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701"
         "cf9b46bd25bf5f0595bbe24655141438e7a100b"},
        {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
         "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7609"
         "84dc6594a7c15e9716ed28dc027beceea1ec40a"},
    };
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        uint8_t secret[32];
        uint8_t key[32];
        uint8_t own[32];
        uint8_t message[8] = {0};
        uint8_t signature[64];
        uint8_t made[64];
        size_t len = strlen(cases[i].message) / 2;
        from_hex(cases[i].secret, secret);
        from_hex(cases[i].key, key);
        from_hex(cases[i].message, message);
        from_hex(cases[i].signature, signature);
        ed25519_public(secret, sizeof(secret), own);
        assert_memory_equal(own, key, sizeof(key));
        ed25519_sign(secret, sizeof(secret), message, len, made);
        assert_memory_equal(made, signature, sizeof(signature));
        assert_true(ed25519_check(key, message, len, signature));
        made[i] ^= 1;
        assert_false(ed25519_check(key, message, len, made));
    }
}

static void
test_key_of_a_password_is_the_one_of_the_server(void **state MX_UNUSED)
{
    uint8_t key[ED25519_KEY_SIZE];
    uint8_t own[ED25519_KEY_SIZE];
    assert_int_equal(ed25519_parse(SECRET_KEY, key), 0);
    ed25519_public((const uint8_t *)"secret", 6, own);
    assert_memory_equal(own, key, sizeof(key));
    assert_int_equal(ed25519_parse("", key), -1);
    assert_int_equal(ed25519_parse(SECRET_KEY "=", key), -1);
    assert_int_equal(ed25519_parse("*" SECRET_KEY, key), -1);
    assert_int_equal(ed25519_parse("ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4Y_Y", key), -1);
}

/* ------------------------------------------------------------ clients */

struct talk {
    struct mx_buf out;
    struct mx_buf token;
    struct mx_err err;
    void *state;
    struct mx_auth_client x;
};

static void
talk_init(struct talk *t, void *instance, bool is_private)
{
    *t = (struct talk){0};
    t->x = (struct mx_auth_client){.instance = instance,
                                   .scramble = scramble,
                                   .account_plugin = "ed25519",
                                   .account_secret = SECRET_KEY,
                                   .client_plugin = "mysql_native_password",
                                   .in = (const uint8_t *)"",
                                   .is_private = is_private,
                                   .state = &t->state,
                                   .out = &t->out,
                                   .token = &t->token,
                                   .err = &t->err};
}

static enum mx_auth_verdict
say(struct talk *t, const void *in, size_t len)
{
    mx_buf_clear(&t->out);
    mx_buf_clear(&t->token);
    mx_err_clear(&t->err);
    t->x.in = in;
    t->x.in_len = len;
    enum mx_auth_verdict verdict = ops()->client_step(&t->x);
    t->x.round++;
    return verdict;
}

static void
talk_end(struct talk *t)
{
    ops()->client_free(t->state);
    mx_buf_wipe(&t->out);
    mx_buf_wipe(&t->token);
}

static void *
instance_of(const char *mode, const char *private_path, const char *public_path)
{
    union {
        const char *shown;
        char *owned;
    } first = {.shown = private_path}, second = {.shown = public_path};
    struct config config = {.ed_mode = strcmp(mode, "sha256") == 0 ? 1 : 0,
                            .ed_rsa_privkey_path = first.owned,
                            .ed_rsa_pubkey_path = second.owned};
    struct mx_err err;
    return ops()->instance_new(&config, &err);
}

static void
test_signature_of_a_client_is_checked(void **state MX_UNUSED)
{
    void *instance = instance_of("ed25519", NULL, NULL);
    struct talk t;
    uint8_t signature[ED25519_SIGNATURE_SIZE];
    talk_init(&t, instance, false);
    assert_int_equal(say(&t, "", 0), MX_AUTH_SWITCH);
    assert_string_equal(t.x.plugin, "client_ed25519");
    assert_int_equal(t.out.len, 32);
    ed25519_sign((const uint8_t *)"secret", 6, t.out.bytes, t.out.len, signature);
    assert_int_equal(say(&t, signature, sizeof(signature)), MX_AUTH_DONE);
    /* Nothing that could be used for servers. */
    assert_int_equal(t.token.len, 0);
    assert_false(t.x.token_is_password);
    for (size_t len = 0; len <= sizeof(signature); len++) {
        t.x.round = 1;
        signature[3] ^= 4;
        assert_int_equal(say(&t, signature, len), MX_AUTH_DENIED);
        signature[3] ^= 4;
    }
    t.x.round = 1;
    t.x.account_secret = "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7";
    assert_int_equal(say(&t, signature, sizeof(signature)), MX_AUTH_DENIED);
    assert_non_null(strstr(t.err.text, "authentication string"));
    talk_end(&t);
    ops()->instance_free(instance);
}

static void
test_password_within_tls_is_taken_and_compared(void **state MX_UNUSED)
{
    void *instance = instance_of("sha256", NULL, NULL);
    static const uint8_t hash[32] = {1};
    struct talk t;
    talk_init(&t, instance, true);
    assert_int_equal(say(&t, "", 0), MX_AUTH_SWITCH);
    assert_string_equal(t.x.plugin, "caching_sha2_password");
    assert_int_equal(t.out.len, MX_AUTH_SCRAMBLE_SIZE + 1);
    assert_memory_equal(t.out.bytes, scramble, MX_AUTH_SCRAMBLE_SIZE);
    assert_int_equal(say(&t, hash, sizeof(hash)), MX_AUTH_SEND);
    assert_int_equal(t.out.len, 2);
    assert_memory_equal(t.out.bytes, "\1\4", 2);
    assert_int_equal(say(&t, "secret", 7), MX_AUTH_DONE);
    assert_true(t.x.token_is_password);
    assert_int_equal(t.token.len, 6);
    assert_memory_equal(t.token.bytes, "secret", 6);
    static const struct {
        const char *said;
        size_t len;
    } wrong[] = {{"secreT", 7}, {"secret", 6}, {"sec\0et", 7}, {"", 0}, {"", 1}, {"\2", 1}};
    for (size_t i = 0; i < MX_COUNT(wrong); i++) {
        t.x.round = 2;
        assert_int_equal(say(&t, wrong[i].said, wrong[i].len), MX_AUTH_DENIED);
    }
    /* Nobody skips the exchange, but its outcome does not count. */
    t.x.round = 2;
    t.x.skip_check = true;
    assert_int_equal(say(&t, "other", 6), MX_AUTH_DONE);
    assert_memory_equal(t.token.bytes, "other", 5);
    t.x.skip_check = false;
    /* No password: a NUL in place of the hash. */
    t.x.round = 1;
    assert_int_equal(say(&t, "", 1), MX_AUTH_DENIED);
    talk_end(&t);
    ops()->instance_free(instance);
}

static void
test_password_in_clear_needs_a_private_connection_or_keys(void **state MX_UNUSED)
{
    void *instance = instance_of("sha256", NULL, NULL);
    static const uint8_t hash[32] = {1};
    struct talk t;
    talk_init(&t, instance, false);
    assert_int_equal(say(&t, "", 0), MX_AUTH_SWITCH);
    assert_int_equal(say(&t, hash, sizeof(hash)), MX_AUTH_DENIED);
    assert_non_null(strstr(t.err.text, "RSA"));
    talk_end(&t);
    ops()->instance_free(instance);
}

/* ------------------------------------------------------------ with RSA */

struct files {
    char private_path[64];
    char public_path[64];
};

static void
make_keys(struct files *files)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    assert_non_null(key);
    (void)snprintf(files->private_path, sizeof(files->private_path), "/tmp/mx-ed-%d-private.pem",
                   (int)getpid());
    (void)snprintf(files->public_path, sizeof(files->public_path), "/tmp/mx-ed-%d-public.pem",
                   (int)getpid());
    FILE *file = fopen(files->private_path, "we");
    assert_non_null(file);
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    (void)fclose(file);
    file = fopen(files->public_path, "we");
    assert_non_null(file);
    assert_int_equal(PEM_write_PUBKEY(file, key), 1);
    (void)fclose(file);
    EVP_PKEY_free(key);
}

/* A server's side of the exchange answers ours: one authenticator talks to the other. */
static enum mx_auth_verdict
answer(void **server_state, const char *password, const struct mx_buf *from, uint32_t round,
       struct mx_buf *out)
{
    static struct mx_err err;
    struct mx_auth_server x = {.plugin = "caching_sha2_password",
                               .in = from->bytes + (round > 0 ? 1 : 0),
                               .in_len = from->len - (round > 0 ? 1 : 0),
                               .round = round,
                               .token = (const uint8_t *)password,
                               .token_len = strlen(password),
                               .token_is_password = true,
                               .state = server_state,
                               .out = out,
                               .err = &err};
    mx_buf_clear(out);
    return sha2_answer(&x);
}

static enum mx_auth_verdict
both_sides(void *instance, const char *password)
{
    struct talk t;
    struct mx_buf said = {0};
    void *server_state = NULL;
    enum mx_auth_verdict verdict = MX_AUTH_SEND;
    talk_init(&t, instance, false);
    assert_int_equal(say(&t, "", 0), MX_AUTH_SWITCH);
    for (uint32_t round = 0; verdict == MX_AUTH_SEND; round++) {
        assert_int_equal(answer(&server_state, password, &t.out, round, &said), MX_AUTH_SEND);
        verdict = say(&t, said.bytes, said.len);
    }
    if (verdict == MX_AUTH_DONE) {
        assert_int_equal(t.token.len, strlen(password));
    }
    free(server_state);
    mx_buf_wipe(&said);
    talk_end(&t);
    return verdict;
}

static void
test_password_comes_encrypted_over_a_connection_in_clear(void **state MX_UNUSED)
{
    struct files files;
    make_keys(&files);
    void *instance = instance_of("sha256", files.private_path, files.public_path);
    assert_non_null(instance);
    assert_int_equal(both_sides(instance, "secret"), MX_AUTH_DONE);
    assert_int_equal(both_sides(instance, "wrong"), MX_AUTH_DENIED);
    assert_int_equal(both_sides(instance, "a password longer than the scramble of twenty bytes"),
                     MX_AUTH_DENIED);
    ops()->instance_free(instance);
    /* The wrong file in either place. */
    assert_null(instance_of("sha256", files.public_path, files.public_path));
    assert_null(instance_of("sha256", files.private_path, files.private_path));
    assert_null(instance_of("sha256", files.private_path, "/nonexistent"));
    (void)unlink(files.private_path);
    (void)unlink(files.public_path);
}

static int reports;

static void
count_report(void *context MX_UNUSED, bool error, const char *param MX_UNUSED,
             const char *text MX_UNUSED, const char *hint MX_UNUSED)
{
    reports += error ? 1 : 100;
}

static void
test_half_a_pair_of_keys_is_an_error(void **state MX_UNUSED)
{
    static char path[] = "/x";
    struct config config = {.ed_mode = 1, .ed_rsa_privkey_path = path};
    mx_module.config_check(&config, count_report, NULL);
    assert_int_equal(reports, 1);
    config.ed_rsa_pubkey_path = path;
    mx_module.config_check(&config, count_report, NULL);
    assert_int_equal(reports, 1);
    config.ed_mode = 0;
    mx_module.config_check(&config, count_report, NULL);
    assert_int_equal(reports, 101);
}

/* ------------------------------------------------------------ servers */

static void
test_server_gets_a_signature_when_the_password_is_known(void **state MX_UNUSED)
{
    uint8_t key[ED25519_KEY_SIZE];
    struct mx_buf out = {0};
    struct mx_err err;
    struct mx_auth_server x = {.plugin = "client_ed25519",
                               .in = (const uint8_t *)"0123456789abcdef0123456789abcdef",
                               .in_len = 32,
                               .token = (const uint8_t *)"secret",
                               .token_len = 6,
                               .token_is_password = true,
                               .out = &out,
                               .err = &err};
    assert_int_equal(ed25519_parse(SECRET_KEY, key), 0);
    assert_int_equal(ops()->server_step(&x), MX_AUTH_SEND);
    assert_int_equal(out.len, ED25519_SIGNATURE_SIZE);
    assert_true(ed25519_check(key, x.in, x.in_len, out.bytes));
    mx_buf_clear(&out);
    x.round = 1;
    assert_int_equal(ops()->server_step(&x), MX_AUTH_ERROR);
    x.round = 0;
    x.token_is_password = false;
    assert_int_equal(ops()->server_step(&x), MX_AUTH_DENIED);
    mx_buf_free(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_password_of_32_bytes_is_a_key_of_the_standard),
        cmocka_unit_test(test_key_of_a_password_is_the_one_of_the_server),
        cmocka_unit_test(test_signature_of_a_client_is_checked),
        cmocka_unit_test(test_password_within_tls_is_taken_and_compared),
        cmocka_unit_test(test_password_in_clear_needs_a_private_connection_or_keys),
        cmocka_unit_test(test_password_comes_encrypted_over_a_connection_in_clear),
        cmocka_unit_test(test_half_a_pair_of_keys_is_an_error),
        cmocka_unit_test(test_server_gets_a_signature_when_the_password_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
