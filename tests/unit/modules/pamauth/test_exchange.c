/* PAMAuth: both exchanges with a libpam that does what it is told. */
#include "fake_pam.h"
#include "mx/module.h"
#include "pamauth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

extern const struct mx_module mx_module;

#define HIDDEN PAM_PROMPT_ECHO_OFF
#define SHOWN  PAM_PROMPT_ECHO_ON

static const struct fake_line asks_password[] = {{HIDDEN, "Password: ", "pw"}, {0}};
static const struct fake_line asks_both[] = {
    {HIDDEN, "password for anna: ", "pw"}, {SHOWN, "Token? ", "42"}, {0}};

/* One client; the steps share the buffers as the protocol does. */
struct talk {
    struct pamauth_config config;
    struct mx_buf out;
    struct mx_buf token;
    struct mx_buf server_user;
    struct mx_err err;
    void *state;
    struct mx_auth_client x;
};

static int
setup(void **state)
{
    struct talk *t = calloc(1, sizeof(*t));
    struct mx_err err;
    fake_pam = (struct fake_pam){.lines = asks_password};
    t->x = (struct mx_auth_client){.config = &t->config,
                                   .instance = pwfile_load(NULL, &err),
                                   .user = "anna",
                                   .remote = "10.0.0.1",
                                   .account_user = "anna",
                                   .account_plugin = "pam",
                                   .account_secret = "",
                                   .client_plugin = "mysql_native_password",
                                   .state = &t->state,
                                   .out = &t->out,
                                   .token = &t->token,
                                   .server_user = &t->server_user,
                                   .err = &t->err};
    *state = t;
    return 0;
}

static int
teardown(void **state)
{
    struct talk *t = *state;
    if (t->state != NULL) {
        mx_module.authenticator->client_free(t->state);
    }
    pwfile_free(t->x.instance);
    mx_buf_free(&t->out);
    mx_buf_free(&t->token);
    mx_buf_free(&t->server_user);
    free(t);
    assert_int_equal(fake_pam.handles, 0);
    return 0;
}

static enum mx_auth_verdict
step(struct talk *t, const void *in, size_t len)
{
    mx_buf_clear(&t->out);
    mx_buf_clear(&t->token);
    mx_buf_clear(&t->server_user);
    mx_err_clear(&t->err);
    t->x.in = in;
    t->x.in_len = len;
    enum mx_auth_verdict verdict = mx_module.authenticator->client_step(&t->x);
    t->x.round++;
    if (verdict == MX_AUTH_SWITCH) {
        t->x.client_plugin = t->x.plugin;
    }
    return verdict;
}

/* The step after the job that the last one has begun. */
static enum mx_auth_verdict
step_after_job(struct talk *t)
{
    assert_null(t->state);
    fake_run_job();
    t->x.job = fake_job;
    enum mx_auth_verdict verdict = step(t, NULL, 0);
    t->x.job = NULL;
    return verdict;
}

static void
assert_buf(const struct mx_buf *buf, const void *bytes, size_t len)
{
    assert_int_equal(buf->len, len);
    assert_memory_equal(buf->bytes, bytes, len);
}
#define assert_out(t, text) assert_buf(&(t)->out, text, sizeof(text) - 1)

static void
test_password_is_asked_for_and_becomes_the_token(void **state)
{
    struct talk *t = *state;
    assert_int_equal(step(t, "12345678901234567890", 20), MX_AUTH_SWITCH);
    assert_string_equal(t->x.plugin, "dialog");
    assert_out(t, "\4Password: ");
    assert_int_equal(step(t, "pw", 3), MX_AUTH_WAIT);
    assert_int_equal(step_after_job(t), MX_AUTH_DONE);
    assert_true(t->x.token_is_password);
    assert_buf(&t->token, "pw", 2);
    assert_int_equal(t->server_user.len, 0);
    assert_string_equal(fake_pam.service, "mysql");
    assert_string_equal(fake_pam.user, "anna");
    assert_string_equal(fake_pam.remote, "10.0.0.1");
}

static void
test_service_is_the_accounts(void **state)
{
    struct talk *t = *state;
    t->x.account_secret = "ldap";
    assert_int_equal(step(t, NULL, 0), MX_AUTH_SWITCH);
    assert_int_equal(step(t, "pw", 2), MX_AUTH_WAIT);
    assert_int_equal(step_after_job(t), MX_AUTH_DONE);
    assert_string_equal(fake_pam.service, "ldap");
}

static void
test_failures_of_the_client_and_of_the_machine(void **state)
{
    static const struct {
        int start;
        int auth;
        int account;
        enum mx_auth_verdict verdict;
        const char *text;
    } cases[] = {
        {0, PAM_AUTH_ERR, 0, MX_AUTH_DENIED, "authentication by PAM service 'mysql' failed: wrong"},
        {0, PAM_USER_UNKNOWN, 0, MX_AUTH_DENIED, "authentication"},
        {0, PAM_MAXTRIES, 0, MX_AUTH_DENIED, "authentication"},
        {0, 0, PAM_ACCT_EXPIRED, MX_AUTH_DENIED, "the account's check"},
        {0, 0, PAM_NEW_AUTHTOK_REQD, MX_AUTH_DENIED, "must be changed"},
        {0, PAM_AUTHINFO_UNAVAIL, 0, MX_AUTH_ERROR, "the proxy's log"},
        {0, PAM_SYSTEM_ERR, 0, MX_AUTH_ERROR, "the proxy's log"},
        {0, 0, PAM_SYSTEM_ERR, MX_AUTH_ERROR, "the proxy's log"},
        {PAM_ABORT, 0, 0, MX_AUTH_ERROR, "the proxy's log"},
    };
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        struct talk *t = NULL;
        (void)teardown(state);
        (void)setup(state);
        t = *state;
        fake_pam.start_code = cases[i].start;
        fake_pam.auth_code = cases[i].auth;
        fake_pam.account_code = cases[i].account;
        assert_int_equal(step(t, NULL, 0), MX_AUTH_SWITCH);
        assert_int_equal(step(t, "pw", 3), MX_AUTH_WAIT);
        assert_int_equal(step_after_job(t), cases[i].verdict);
        assert_non_null(strstr(t->err.text, cases[i].text));
        assert_int_equal(t->token.len, 0);
    }
}

static void
test_wrong_password(void **state)
{
    struct talk *t = *state;
    assert_int_equal(step(t, NULL, 0), MX_AUTH_SWITCH);
    assert_int_equal(step(t, "px", 3), MX_AUTH_WAIT);
    assert_int_equal(step_after_job(t), MX_AUTH_DENIED);
}

static void
test_two_factors(void **state)
{
    struct talk *t = *state;
    t->config.mode = PAMAUTH_MODE_2FA;
    fake_pam.lines = asks_both;
    assert_int_equal(step(t, NULL, 0), MX_AUTH_SWITCH);
    assert_int_equal(step(t, "pw", 3), MX_AUTH_SEND);
    assert_out(t, "\4Verification code: ");
    assert_int_equal(step(t, "42", 3), MX_AUTH_WAIT);
    assert_int_equal(step_after_job(t), MX_AUTH_DONE);
    assert_false(t->x.token_is_password);
    assert_buf(&t->token,
               "pw\0"
               "42",
               5);
}

static void
test_question_without_answer(void **state)
{
    struct talk *t = *state;
    fake_pam.lines = asks_both;
    assert_int_equal(step(t, NULL, 0), MX_AUTH_SWITCH);
    assert_int_equal(step(t, "pw", 3), MX_AUTH_WAIT);
    assert_int_equal(step_after_job(t), MX_AUTH_ERROR);
}

static void
test_messages_are_told_when_it_fails(void **state)
{
    static const struct fake_line lines[] = {{PAM_TEXT_INFO, "hello", NULL},
                                             {HIDDEN, "Password: ", "pw"},
                                             {PAM_ERROR_MSG, "locked", NULL},
                                             {0}};
    struct talk *t = *state;
    fake_pam.lines = lines;
    fake_pam.auth_code = PAM_AUTH_ERR;
    fake_pam.tells_without_place = true;
    assert_int_equal(step(t, NULL, 0), MX_AUTH_SWITCH);
    assert_int_equal(step(t, "pw", 3), MX_AUTH_WAIT);
    assert_int_equal(step_after_job(t), MX_AUTH_DENIED);
    assert_non_null(strstr(t->err.text, "PAM says: hello locked"));
}

static void
test_clear_text_plugin(void **state)
{
    struct talk *t = *state;
    t->config.use_cleartext = true;
    assert_int_equal(step(t, "12345678901234567890", 20), MX_AUTH_SWITCH);
    assert_string_equal(t->x.plugin, "mysql_clear_password");
    assert_int_equal(t->out.len, 0);
    assert_int_equal(step(t, "pw", 3), MX_AUTH_WAIT);
    assert_int_equal(step_after_job(t), MX_AUTH_DONE);
}

static void
test_clear_text_in_the_login_packet(void **state)
{
    struct talk *t = *state;
    t->config.use_cleartext = true;
    t->x.client_plugin = "mysql_clear_password";
    assert_int_equal(step(t, "pw", 3), MX_AUTH_WAIT);
    assert_int_equal(step_after_job(t), MX_AUTH_DONE);
}

static void
test_answers_that_are_no_passwords(void **state)
{
    char longer[600];
    memset(longer, 'x', sizeof(longer));
    struct talk *t = *state;
    assert_int_equal(step(t, NULL, 0), MX_AUTH_SWITCH);
    assert_int_equal(step(t, longer, sizeof(longer)), MX_AUTH_DENIED);
    assert_int_equal(step(t, "p\0w", 4), MX_AUTH_DENIED);
    assert_int_equal(step(t, longer, 511), MX_AUTH_WAIT);
    assert_int_equal(step_after_job(t), MX_AUTH_DENIED);
}

static void
test_mapped_user_and_his_password(void **state)
{
    static const char file[] =
        "{\"users_and_passwords\":[{\"user\":\"boss\",\"password\":\"bp\"}]}";
    struct talk *t = *state;
    struct mx_err err;
    t->config.mapping = PAMAUTH_MAPPING_MARIADB;
    pwfile_free(t->x.instance);
    t->x.instance = pwfile_parse("file", file, sizeof(file) - 1, &err);
    assert_non_null(t->x.instance);
    fake_pam.renamed = "boss";
    assert_int_equal(step(t, NULL, 0), MX_AUTH_SWITCH);
    assert_int_equal(step(t, "pw", 3), MX_AUTH_WAIT);
    assert_int_equal(step_after_job(t), MX_AUTH_DONE);
    assert_true(t->x.token_is_password);
    assert_buf(&t->token, "bp", 2);
    assert_buf(&t->server_user, "boss", 4);
    assert_string_equal(pwfile_password(t->x.instance, "anna"), "");
}

static void
test_skip_check_takes_any_password_without_pam(void **state)
{
    struct talk *t = *state;
    t->x.skip_check = true;
    assert_int_equal(step(t, NULL, 0), MX_AUTH_SWITCH);
    assert_int_equal(step(t, "any", 4), MX_AUTH_DONE);
    assert_buf(&t->token, "any", 3);
    assert_string_equal(fake_pam.service, "");
}

static void
test_helper_program_that_is_missing(void **state)
{
    struct talk *t = *state;
    t->config.mode = PAMAUTH_MODE_SUID;
    assert_int_equal(step(t, NULL, 0), MX_AUTH_WAIT);
    assert_int_equal(step_after_job(t), MX_AUTH_ERROR);
}

/* ------------------------------------------------------------ servers */

struct server_talk {
    struct mx_buf out;
    struct mx_err err;
    void *state;
    struct mx_auth_server x;
};

static void
server_init(struct server_talk *t, const char *plugin, const char *token, size_t len)
{
    *t = (struct server_talk){0};
    t->x = (struct mx_auth_server){.plugin = plugin,
                                   .token = (const uint8_t *)token,
                                   .token_len = len,
                                   .token_is_password = memchr(token, '\0', len) == NULL,
                                   .state = &t->state,
                                   .out = &t->out,
                                   .err = &t->err};
}

/* Expects `answer` to the question, NULL: an error. */
static void
server_ask(struct server_talk *t, const char *question, const char *answer)
{
    mx_buf_clear(&t->out);
    t->x.in = (const uint8_t *)question;
    t->x.in_len = strlen(question);
    enum mx_auth_verdict verdict = mx_module.authenticator->server_step(&t->x);
    t->x.round++;
    assert_int_equal(verdict, answer != NULL ? MX_AUTH_SEND : MX_AUTH_ERROR);
    if (answer != NULL) {
        assert_buf(&t->out, answer, strlen(answer) + 1);
    }
}

static void
server_fini(struct server_talk *t)
{
    if (t->state != NULL) {
        mx_module.authenticator->server_free(t->state);
    }
    mx_buf_free(&t->out);
}

static void
test_server_that_takes_the_password_first(void **state MX_UNUSED)
{
    struct server_talk t;
    server_init(&t, "dialog", "pw\00042", 5);
    server_ask(&t, "", "pw");
    server_ask(&t, "\4Password or code: ", "42");
    server_ask(&t, "\4Password: ", "pw");
    server_ask(&t, "\2Colour: ", NULL);
    server_fini(&t);
}

static void
test_server_that_asks(void **state MX_UNUSED)
{
    struct server_talk t;
    server_init(&t, "dialog", "pw\00042", 5);
    server_ask(&t, "\2Hello\nCode: ", "42");
    server_ask(&t, "\5 password: ", "pw");
    server_fini(&t);
    server_init(&t, "dialog", "pw", 2);
    server_ask(&t, "\4Password: ", "pw");
    server_ask(&t, "\4PASSWORD again: ", "pw");
    server_ask(&t, "\4Code: ", NULL);
    server_fini(&t);
    server_init(&t, "dialog", "", 0);
    server_ask(&t, "\4Password: ", "");
    server_ask(&t, "\1what", NULL);
    server_ask(&t, "", NULL);
    server_fini(&t);
}

static void
test_server_with_clear_text(void **state MX_UNUSED)
{
    struct server_talk t;
    server_init(&t, "mysql_clear_password", "pw\00042", 5);
    server_ask(&t, "", "pw");
    server_ask(&t, "", NULL);
    server_fini(&t);
}

static void
test_password_that_pam_cannot_take(void **state MX_UNUSED)
{
    char longer[600];
    memset(longer, 'x', sizeof(longer));
    struct server_talk t;
    server_init(&t, "dialog", longer, sizeof(longer));
    server_ask(&t, "", NULL);
    server_fini(&t);
}

int
main(void)
{
#define EXCHANGE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        EXCHANGE(test_password_is_asked_for_and_becomes_the_token),
        EXCHANGE(test_service_is_the_accounts),
        EXCHANGE(test_failures_of_the_client_and_of_the_machine),
        EXCHANGE(test_wrong_password),
        EXCHANGE(test_two_factors),
        EXCHANGE(test_question_without_answer),
        EXCHANGE(test_messages_are_told_when_it_fails),
        EXCHANGE(test_clear_text_plugin),
        EXCHANGE(test_clear_text_in_the_login_packet),
        EXCHANGE(test_answers_that_are_no_passwords),
        EXCHANGE(test_mapped_user_and_his_password),
        EXCHANGE(test_skip_check_takes_any_password_without_pam),
        EXCHANGE(test_helper_program_that_is_missing),
        cmocka_unit_test(test_server_that_takes_the_password_first),
        cmocka_unit_test(test_server_that_asks),
        cmocka_unit_test(test_server_with_clear_text),
        cmocka_unit_test(test_password_that_pam_cannot_take),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
