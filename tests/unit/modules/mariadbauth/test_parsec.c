/* Clients of accounts of PARSEC; the other end is what servers are answered with. */
#include "answer.h"
#include "client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* 1024 and 8192 rounds; "secret". */
#define SALT    "MDEyMzQ1Njc4OWFiY2RlZmdo"
#define STORED  "P0:" SALT ":wwLjq4kHqFqpbNT7tG+cuI7QE6gMkDOAPbVlm3h7KJw"
#define STORED8 "P3:" SALT ":jug+M3hZCkceRRBjUTArCaoj41o8ky5SMwMzNqBUMcI="

struct server {
    struct mx_buf out;
    struct mx_err err;
    void *state;
    struct mx_auth_server x;
};

/* What one with this password says to the client exchange; its verdict. */
static enum mx_auth_verdict
converse(struct client *c, const char *password)
{
    struct server s = {0};
    s.x = (struct mx_auth_server){.plugin = "parsec",
                                  .token = (const uint8_t *)password,
                                  .token_len = strlen(password),
                                  .token_is_password = true,
                                  .state = &s.state,
                                  .out = &s.out,
                                  .err = &s.err};
    enum mx_auth_verdict verdict = client_say(c, "x", 1);
    assert_int_equal(verdict, MX_AUTH_SWITCH);
    assert_string_equal(c->x.plugin, "parsec");
    assert_int_equal(c->out.len, 32);
    assert_null(memchr(c->out.bytes, 0, c->out.len));
    do {
        mx_buf_clear(&s.out);
        s.x.in = c->out.bytes;
        s.x.in_len = c->out.len;
        assert_int_equal(answer_step(&s.x), MX_AUTH_SEND);
        s.x.round++;
        verdict = client_say(c, s.out.bytes, s.out.len);
    } while (verdict == MX_AUTH_SEND);
    free(s.state);
    mx_buf_wipe(&s.out);
    return verdict;
}

static void
test_signature_of_the_right_password_is_taken(void **state MX_UNUSED)
{
    static const char *const stored[] = {STORED, STORED "=", STORED8};
    for (size_t i = 0; i < MX_COUNT(stored); i++) {
        struct client c;
        client_init(&c, "parsec", stored[i]);
        assert_int_equal(converse(&c, "secret"), MX_AUTH_DONE);
        client_end(&c);
        client_init(&c, "parsec", stored[i]);
        assert_int_equal(converse(&c, "Secret"), MX_AUTH_DENIED);
        client_end(&c);
    }
}

static void
test_token_answers_no_server(void **state MX_UNUSED)
{
    static const char *const plugins[] = {"mysql_native_password", "mysql_clear_password",
                                          "caching_sha2_password", "client_ed25519", "parsec"};
    struct client c;
    client_init(&c, "parsec", STORED);
    assert_int_equal(converse(&c, "secret"), MX_AUTH_DONE);
    assert_false(c.x.token_is_password);
    for (size_t i = 0; i < MX_COUNT(plugins); i++) {
        struct server s = {0};
        s.x = (struct mx_auth_server){.plugin = plugins[i],
                                      .in = (const uint8_t *)"ABCDEFGHIJKLMNOPQRST",
                                      .in_len = 21,
                                      .token = c.token.bytes,
                                      .token_len = c.token.len,
                                      .state = &s.state,
                                      .out = &s.out,
                                      .err = &s.err};
        assert_int_equal(answer_step(&s.x), MX_AUTH_DENIED);
        mx_buf_wipe(&s.out);
    }
    client_end(&c);
}

static void
test_answers_of_other_lengths_are_refused(void **state MX_UNUSED)
{
    static const uint8_t zeros[200] = {0};
    for (size_t len = 0; len < sizeof(zeros); len++) {
        struct client c;
        client_init(&c, "parsec", STORED);
        assert_int_equal(client_say(&c, "", 0), MX_AUTH_SWITCH);
        assert_int_equal(client_say(&c, zeros, len), len == 0 ? MX_AUTH_SEND : MX_AUTH_DENIED);
        if (len == 0) {
            assert_int_equal(c.out.len, 2 + 18);
            assert_int_equal(client_say(&c, zeros, 0), MX_AUTH_DENIED);
        }
        client_end(&c);
    }
}

static void
test_malformed_accounts(void **state MX_UNUSED)
{
    static const char *const bad[] = {
        "P0:" SALT,
        "P0:" SALT ":",
        "P0::wwLjq4kHqFqpbNT7tG+cuI7QE6gMkDOAPbVlm3h7KJw",
        "P0:" SALT ":wwLjq4kHqFqpbNT7tG+cuI7QE6gMkDOAPbVlm3h7KJ",
        "P0:" SALT ":wwLjq4kHqFqpbNT7tG+cuI7QE6gMkDOAPbVlm3h7KJwx",
        "P0:" SALT ":wwLjq4kHqFqpbNT7tG+cuI7QE6gMkDOAPbVlm3h7KJw:",
        "P0:" SALT ":wwLjq4kHqFqpbNT7tG+cuI7QE6gMkDOAPbVlm3h7K!w",
        "Q0:" SALT ":wwLjq4kHqFqpbNT7tG+cuI7QE6gMkDOAPbVlm3h7KJw",
        "Px:" SALT ":wwLjq4kHqFqpbNT7tG+cuI7QE6gMkDOAPbVlm3h7KJw",
        "P0" SALT ":wwLjq4kHqFqpbNT7tG+cuI7QE6gMkDOAPbVlm3h7KJw",
        "P",
        "P0",
        "P0:",
        "*94BDCEBE19083CE2A1F959FD02F964C7AF4CFC29",
    };
    for (size_t i = 0; i < MX_COUNT(bad); i++) {
        struct client c;
        client_init(&c, "parsec", bad[i]);
        assert_int_equal(client_say(&c, "", 0), MX_AUTH_DENIED);
        assert_non_null(strstr(c.err.text, "authentication string"));
        client_end(&c);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signature_of_the_right_password_is_taken),
        cmocka_unit_test(test_token_answers_no_server),
        cmocka_unit_test(test_answers_of_other_lengths_are_refused),
        cmocka_unit_test(test_malformed_accounts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
