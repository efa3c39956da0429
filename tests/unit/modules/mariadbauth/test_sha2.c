/* Clients of accounts of caching_sha2_password: the stored digest, the cache, the exchange. */
#include "auth_rsa.h"
#include "client.h"
#include "sha2_cache.h"
#include "sha2_hash.h"

#include <openssl/sha.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define SALT   "abcdefghijklmnopqrst"
#define STORED "$A$001$" SALT "kBctVzhzuA1ysSvIzeMrpA/ebx.7yMhXojZUkBOVPD." /* "secret" */
#define PLUGIN "caching_sha2_password"
/* The same password with other salts: tests must not find the cache entries of others. */
#define STORED_PRIVATE            \
    "$A$001$uuuuuuuuuuuuuuuuuuuu" \
    "HgmutQaXTtNVhZ5EJtf5G/N5ESQzMuvEno85hylYJb1"
#define STORED_RSA                \
    "$A$001$vvvvvvvvvvvvvvvvvvvv" \
    "Bnca3AUdNfZkSESFBx0rKad/npPEGjPtFy/Rh3xkim2"
#define STORED_WRONG              \
    "$A$001$wwwwwwwwwwwwwwwwwwww" \
    "hmf6/HQNaej9.0ZPw/UNj1R4DprOTGCfw5rSfuAkz.B"
#define STORED_OTHERS             \
    "$A$001$xxxxxxxxxxxxxxxxxxxx" \
    "b1ERNl0zRHBJyysjB2SYQwBrY2h4BE80z/s7Cx/cAz3"
#define STORED_SKIPPED            \
    "$A$001$yyyyyyyyyyyyyyyyyyyy" \
    "xmYmtG4cWB6CO61P./HRCqLNbVTDZjNb8HWici504L4"
#define STORED_GONE               \
    "$A$001$zzzzzzzzzzzzzzzzzzzz" \
    "YtKbAxuYWIvUvvxse0V833XTK6FN/RQG5Kv.GSmDV83"

/* ------------------------------------------------------------ the stored digest */

static void
test_known_digests(void **state MX_UNUSED)
{
    static const struct {
        const char *stored;
        const char *password;
    } cases[] = {
        /* From the manual of a well-known program that looks for passwords. */
        {"$A$005$\xf9\xcc\x98\xce\x08\x89\x29\x24\xf5\x0a\x21\x3b\x6b\xc5\x71\xa2\xc1\x17\x78\xc5"
         "bTy95Y99eAME1dwEkHOA1ndHGBWz.1bxSSRkuTXFGV/",
         "hashcat"},
        {STORED, "secret"},
        {"$A$005$" SALT "Yy1cVJ5jT.fk4HyAGlowRhOkI55As4SAesbspXHQvFD", "secret"},
    };
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        struct sha2_stored stored;
        const uint8_t *password = (const uint8_t *)cases[i].password;
        size_t len = strlen(cases[i].password);
        assert_int_equal(sha2_parse(cases[i].stored, &stored), 0);
        assert_true(sha2_check(&stored, password, len));
        assert_false(sha2_check(&stored, password, len - 1));
        assert_false(sha2_check(&stored, (const uint8_t *)"", 0));
    }
}

/* At both sides of the sizes of a block. */
static void
test_passwords_of_all_lengths(void **state MX_UNUSED)
{
    static const struct {
        size_t len;
        const char *digest;
    } cases[] = {{1, "wyP3cGhn7f197W89/9PVLEjAEuX3OnnDGSmBxyMaHpD"},
                 {31, "ErfoouEviNn3KW44fTSL3r1PGyG7XkyvEyFwwnwSQ7A"},
                 {32, "Pux.Qpov8TCB7jnw2l7ij7lRXXGnfxhvWzTCcdgUwt."},
                 {33, "F9I7grCP48rcpamN80omZQFNZGsUOL./GCM04wON49A"},
                 {64, "meS94ubvvcdjmomXUHrgQ/mw8Mw.lKqpAl/mqd5jM2B"},
                 {256, "FOcjx3I4JTxFiMnitEC6M7mgatcJaZDtLDovXf./XD9"}};
    uint8_t password[SHA2_PASSWORD_MAX];
    for (size_t i = 0; i < sizeof(password); i++) {
        password[i] = (uint8_t) "0123456789abcdef"[i % 16];
    }
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        struct sha2_stored stored;
        char text[128];
        (void)snprintf(text, sizeof(text), "$A$001$" SALT "%s", cases[i].digest);
        assert_int_equal(sha2_parse(text, &stored), 0);
        assert_true(sha2_check(&stored, password, cases[i].len));
        assert_false(sha2_check(&stored, password, cases[i].len - 1));
    }
}

static void
test_malformed_accounts(void **state MX_UNUSED)
{
    static const char *const bad[] = {"$A$0x1$", "$A$000$", "$A$00a0", "$B$001$", "$A$00 $"};
    struct sha2_stored stored;
    char text[sizeof(STORED) + 1];
    for (size_t len = 0; len < strlen(STORED); len++) {
        (void)snprintf(text, sizeof(text), "%.*s", (int)len, STORED);
        assert_int_equal(sha2_parse(text, &stored), -1);
    }
    assert_int_equal(sha2_parse(STORED "x", &stored), -1);
    for (size_t i = 0; i < MX_COUNT(bad); i++) {
        (void)snprintf(text, sizeof(text), "%s%s", bad[i], STORED + strlen(bad[i]));
        assert_int_equal(sha2_parse(text, &stored), -1);
    }
    assert_int_equal(
        sha2_parse("$A$aF0$" SALT "kBctVzhzuA1ysSvIzeMrpA/ebx.7yMhXojZUkBOVPD.", &stored), 0);
    assert_int_equal(stored.rounds, 0xaf0 * 1000);
    struct client c;
    client_init(&c, PLUGIN, "$A$001$");
    assert_int_equal(client_say(&c, "", 0), MX_AUTH_DENIED);
    assert_non_null(strstr(c.err.text, "authentication string"));
    client_end(&c);
}

/* ------------------------------------------------------------ the exchange */

static void
make_answer(const char *password, uint8_t out[SHA2_ANSWER_SIZE])
{
    uint8_t both[SHA256_DIGEST_LENGTH + MX_AUTH_SCRAMBLE_SIZE];
    uint8_t mask[SHA256_DIGEST_LENGTH];
    (void)SHA256((const uint8_t *)password, strlen(password), out);
    (void)SHA256(out, SHA256_DIGEST_LENGTH, both);
    memcpy(both + SHA256_DIGEST_LENGTH, client_scramble, MX_AUTH_SCRAMBLE_SIZE);
    (void)SHA256(both, sizeof(both), mask);
    for (size_t i = 0; i < sizeof(mask); i++) {
        out[i] ^= mask[i];
    }
}

static void
assert_said(const struct client *c, const void *bytes, size_t len)
{
    assert_int_equal(c->out.len, len);
    assert_memory_equal(c->out.bytes, bytes, len);
}

static void
assert_token(const struct client *c, const char *password)
{
    assert_true(c->x.token_is_password);
    assert_int_equal(c->token.len, strlen(password));
    assert_memory_equal(c->token.bytes, password, strlen(password));
}

/* Up to the verdict about the first answer. */
static enum mx_auth_verdict
say_answer(struct client *c, const char *stored, bool is_private, const char *password)
{
    uint8_t answer[SHA2_ANSWER_SIZE];
    client_init(c, PLUGIN, stored);
    c->x.is_private = is_private;
    make_answer(password, answer);
    assert_int_equal(client_say(c, "a native answer", 15), MX_AUTH_SWITCH);
    assert_string_equal(c->x.plugin, PLUGIN);
    assert_said(c, "ABCDEFGHIJKLMNOPQRS\0", MX_AUTH_SCRAMBLE_SIZE + 1);
    return client_say(c, answer, sizeof(answer));
}

static void
test_password_is_shown_once_and_known_afterwards(void **state MX_UNUSED)
{
    struct client c;
    assert_int_equal(say_answer(&c, STORED_PRIVATE, true, "secret"), MX_AUTH_SEND);
    assert_said(&c, "\1\4", 2);
    assert_int_equal(client_say(&c, "secret", 7), MX_AUTH_DONE);
    assert_int_equal(c.out.len, 0);
    assert_token(&c, "secret");
    client_end(&c);
    for (int i = 0; i < 2; i++) {
        /* Also where others may listen. */
        assert_int_equal(say_answer(&c, STORED_PRIVATE, i == 0, "secret"), MX_AUTH_DONE);
        assert_said(&c, "\1\3", 2);
        assert_token(&c, "secret");
        client_end(&c);
    }
    /* Another answer than that of the cache is no failure yet. */
    assert_int_equal(say_answer(&c, STORED_PRIVATE, true, "Secret"), MX_AUTH_SEND);
    assert_said(&c, "\1\4", 2);
    assert_int_equal(client_say(&c, "Secret", 7), MX_AUTH_DENIED);
    assert_string_equal(c.err.text, "the password is wrong");
    client_end(&c);
    /* The same password in another account. */
    assert_int_equal(say_answer(&c, STORED_OTHERS, true, "secret"), MX_AUTH_SEND);
    client_end(&c);
}

static void
cover(uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bytes[i] ^= client_scramble[i % MX_AUTH_SCRAMBLE_SIZE];
    }
}

/* Encrypted with the key that the exchange has shown. */
static enum mx_auth_verdict
say_encrypted(struct client *c, const char *password)
{
    struct mx_buf out = {0};
    uint8_t said[300];
    size_t len = strlen(password) + 1;
    memcpy(said, password, len);
    cover(said, len);
    assert_int_equal(c->out.bytes[0], 1);
    assert_int_equal(rsa_encrypt(c->out.bytes + 1, c->out.len - 1, said, len, &out, &c->err), 0);
    enum mx_auth_verdict verdict = client_say(c, out.bytes, out.len);
    mx_buf_wipe(&out);
    return verdict;
}

static void
test_key_is_made_and_used(void **state MX_UNUSED)
{
    struct client c;
    assert_int_equal(say_answer(&c, STORED_RSA, false, "secret"), MX_AUTH_SEND);
    assert_int_equal(client_say(&c, "\2", 1), MX_AUTH_SEND);
    assert_int_equal(say_encrypted(&c, "secret"), MX_AUTH_DONE);
    assert_token(&c, "secret");
    client_end(&c);
    assert_int_equal(say_answer(&c, STORED_WRONG, false, "wrong"), MX_AUTH_SEND);
    assert_int_equal(client_say(&c, "\2", 1), MX_AUTH_SEND);
    assert_int_equal(say_encrypted(&c, "wrong"), MX_AUTH_DENIED);
    assert_string_equal(c.err.text, "the password is wrong");
    client_end(&c);
}

static void
test_words_that_are_none(void **state MX_UNUSED)
{
    static const uint8_t zeros[2000] = {0};
    static const struct {
        const char *said;
        size_t len;
        bool is_private;
        const char *why;
    } cases[] = {
        {"secret", 7, false, "in clear over a connection without TLS"},
        {"secret", 6, false, "not encrypted with the RSA key"},
        {"secret", 6, true, "with no password"},
        {"se\0et", 6, true, "with no password"},
        {"", 0, true, "with no password"},
        {"", 0, false, "not encrypted with the RSA key"},
        {"\2", 2, true, "with no password"},
        {(const char *)zeros, sizeof(zeros), true, "too long"},
    };
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        struct client c;
        assert_int_equal(say_answer(&c, STORED_WRONG, cases[i].is_private, "x"), MX_AUTH_SEND);
        if (i == 6) {
            /* The key is shown once. */
            assert_int_equal(client_say(&c, "\2", 1), MX_AUTH_SEND);
            assert_int_equal(client_say(&c, "\2", 1), MX_AUTH_DENIED);
        } else {
            assert_int_equal(client_say(&c, cases[i].said, cases[i].len), MX_AUTH_DENIED);
        }
        assert_non_null(strstr(c.err.text, cases[i].why));
        client_end(&c);
    }
    char longest[SHA2_PASSWORD_MAX + 2];
    memset(longest, 'x', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    struct client c;
    assert_int_equal(say_answer(&c, STORED_WRONG, true, "x"), MX_AUTH_SEND);
    assert_int_equal(client_say(&c, longest, sizeof(longest)), MX_AUTH_DENIED);
    assert_non_null(strstr(c.err.text, "too long"));
    client_end(&c);
}

static void
test_first_answers_of_other_lengths(void **state MX_UNUSED)
{
    static const uint8_t zeros[100] = {0};
    for (size_t len = 0; len < sizeof(zeros); len++) {
        struct client c;
        client_init(&c, PLUGIN, STORED_WRONG);
        assert_int_equal(client_say(&c, "", 0), MX_AUTH_SWITCH);
        assert_int_equal(client_say(&c, zeros, len),
                         len == SHA2_ANSWER_SIZE ? MX_AUTH_SEND : MX_AUTH_DENIED);
        assert_true(len == SHA2_ANSWER_SIZE ||
                    strstr(c.err.text, len < 2 ? "no password was given" : "not one of") != NULL);
        client_end(&c);
    }
}

static void
test_account_without_a_password(void **state MX_UNUSED)
{
    struct client c;
    client_init(&c, PLUGIN, "");
    assert_int_equal(client_say(&c, "", 0), MX_AUTH_DONE); /* by a native answer */
    client_end(&c);
    for (size_t len = 0; len < 2; len++) {
        client_init(&c, PLUGIN, "");
        c.x.client_plugin = PLUGIN;
        assert_int_equal(client_say(&c, "", len), MX_AUTH_SWITCH);
        assert_int_equal(client_say(&c, "", len), MX_AUTH_DONE);
        assert_token(&c, "");
        client_end(&c);
    }
    client_init(&c, PLUGIN, "");
    c.x.client_plugin = PLUGIN;
    assert_int_equal(client_say(&c, "", 0), MX_AUTH_SWITCH);
    assert_int_equal(client_say(&c, client_scramble, sizeof(client_scramble)), MX_AUTH_DENIED);
    client_end(&c);
}

/* As the original knows these accounts: with the hash of a native password. */
static void
test_account_with_a_native_hash(void **state MX_UNUSED)
{
    struct client c;
    client_init(&c, PLUGIN, "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7");
    c.x.client_plugin = PLUGIN;
    assert_int_equal(client_say(&c, "", 0), MX_AUTH_SWITCH);
    assert_string_equal(c.x.plugin, "mysql_native_password");
    client_end(&c);
}

static void
test_skipped_check_takes_any_password_and_keeps_none(void **state MX_UNUSED)
{
    for (int i = 0; i < 2; i++) {
        struct client c;
        uint8_t answer[SHA2_ANSWER_SIZE] = {0};
        client_init(&c, PLUGIN, STORED_SKIPPED);
        c.x.skip_check = true;
        c.x.is_private = true;
        assert_int_equal(client_say(&c, "", 0), MX_AUTH_SWITCH);
        assert_int_equal(client_say(&c, answer, sizeof(answer)), MX_AUTH_SEND);
        assert_int_equal(client_say(&c, "whatever", 9), MX_AUTH_DONE);
        assert_token(&c, "whatever");
        client_end(&c);
    }
}

static void
test_client_that_goes_while_its_job_waits(void **state MX_UNUSED)
{
    struct client c;
    assert_int_equal(say_answer(&c, STORED_GONE, true, "secret"), MX_AUTH_SEND);
    assert_int_equal(client_step(&c, NULL, "secret", 7), MX_AUTH_WAIT);
    assert_null(c.state);
    client_end(&c); /* a sanitizer sees what is left */
}

/* ------------------------------------------------------------ the cache */

static void
name_of(char text[32], int number)
{
    (void)snprintf(text, 32, "account %d", number);
}

static void
test_cache_forgets_who_was_not_seen_for_longest(void **state MX_UNUSED)
{
    uint8_t answer[SHA2_ANSWER_SIZE];
    struct mx_buf out = {0};
    char name[32];
    make_answer("secret", answer);
    for (int i = 0; i < 1000; i++) {
        name_of(name, i);
        sha2_cache_put(name, (const uint8_t *)"secret", 6);
        name_of(name, 0); /* is seen all the time */
        assert_true(sha2_cache_get(name, answer, client_scramble, &out));
        mx_buf_clear(&out);
    }
    name_of(name, 1);
    assert_false(sha2_cache_get(name, answer, client_scramble, &out));
    name_of(name, 999);
    assert_true(sha2_cache_get(name, answer, client_scramble, &out));
    assert_int_equal(out.len, 6);
    answer[7] ^= 1;
    assert_false(sha2_cache_get(name, answer, client_scramble, &out));
    answer[7] ^= 1;
    /* The password has changed without the account: the last one counts. */
    sha2_cache_put(name, (const uint8_t *)"", 0);
    assert_false(sha2_cache_get(name, answer, client_scramble, &out));
    mx_buf_wipe(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_digests),
        cmocka_unit_test(test_passwords_of_all_lengths),
        cmocka_unit_test(test_malformed_accounts),
        cmocka_unit_test(test_password_is_shown_once_and_known_afterwards),
        cmocka_unit_test(test_key_is_made_and_used),
        cmocka_unit_test(test_words_that_are_none),
        cmocka_unit_test(test_first_answers_of_other_lengths),
        cmocka_unit_test(test_account_without_a_password),
        cmocka_unit_test(test_account_with_a_native_hash),
        cmocka_unit_test(test_skipped_check_takes_any_password_and_keeps_none),
        cmocka_unit_test(test_client_that_goes_while_its_job_waits),
        cmocka_unit_test(test_cache_forgets_who_was_not_seen_for_longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
