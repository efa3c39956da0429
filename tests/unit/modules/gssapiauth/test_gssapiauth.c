/* GSSAPIAuth: names, and both exchanges with a library that says what the test wants. */
#include "accept.h"
#include "mx/authenticator.h"
#include "mx/module.h"
#include "names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

extern const struct mx_module mx_module;

/* As the module's own block. */
struct config {
    char *principal;
    char *keytab;
};

static struct {
    enum accept_end end;
    const char *name;
    char seen[64];
} library;

static void *job;
static void (*job_work)(void *job);

enum accept_end
accept_token(const char *principal MX_UNUSED, const char *keytab MX_UNUSED, const uint8_t *token,
             size_t len, struct accept_result *out)
{
    *out = (struct accept_result){0};
    (void)snprintf(library.seen, sizeof(library.seen), "%.*s", (int)len, (const char *)token);
    (void)snprintf(out->name, sizeof(out->name), "%s", library.name);
    (void)snprintf(out->text, sizeof(out->text), "said by the library");
    return library.end;
}

bool
accept_has_key(const char *principal MX_UNUSED, const char *keytab MX_UNUSED,
               char text[ACCEPT_TEXT_MAX])
{
    (void)snprintf(text, ACCEPT_TEXT_MAX, "no key");
    return false;
}

void
mx_auth_run(struct mx_auth_wait *wait MX_UNUSED, void (*work)(void *job),
            void (*drop)(void *job) MX_UNUSED, void *arg)
{
    job_work = work;
    job = arg;
}

/* ------------------------------------------------------------ names */

static void
test_request_there_and_back(void **state MX_UNUSED)
{
    static const char expected[] = "mariadb/db@REALM\0";
    char principal[NAMES_PRINCIPAL_MAX + 1];
    struct mx_buf out = {0};
    assert_int_equal(names_put_request(&out, "mariadb/db@REALM"), 0);
    assert_int_equal(out.len, sizeof(expected));
    assert_memory_equal(out.bytes, expected, sizeof(expected));
    for (size_t len = 1; len <= out.len; len++) {
        assert_int_equal(names_take_request(out.bytes, len, principal), 0);
        assert_int_equal(strncmp(principal, expected, strlen(principal)), 0);
    }
    assert_string_equal(principal, "mariadb/db@REALM");
    mx_buf_free(&out);
    static const uint8_t zeros[NAMES_PRINCIPAL_MAX + 1];
    assert_int_equal(names_take_request(zeros, 0, principal), -1);
    assert_int_equal(names_take_request(zeros, 2, principal), -1);
    char longer[NAMES_PRINCIPAL_MAX + 1];
    memset(longer, 'x', sizeof(longer));
    assert_int_equal(names_take_request((uint8_t *)longer, sizeof(longer), principal), -1);
    assert_int_equal(names_take_request((uint8_t *)longer, sizeof(longer) - 1, principal), 0);
}

static void
test_same_principals(void **state MX_UNUSED)
{
    assert_true(names_same_principal("a/b", "a/b"));
    assert_true(names_same_principal("a/b@R", "a/b"));
    assert_true(names_same_principal("a/b", "a/b@R"));
    assert_true(names_same_principal("a/b@R", "a/b@R"));
    assert_false(names_same_principal("a/b@R", "a/b@S"));
    assert_false(names_same_principal("a/b", "a/c"));
    assert_false(names_same_principal("a/b", "a/bc"));
}

static void
test_whose_ticket(void **state MX_UNUSED)
{
    assert_true(names_match("anna@R", "", "anna"));
    assert_false(names_match("anna@R", "", "ann"));
    assert_false(names_match("ann@R", "", "anna"));
    assert_false(names_match("Anna@R", "", "anna"));
    assert_true(names_match("a\\@b@R", "", "a\\@b"));
    assert_false(names_match("a\\@b@R", "", "a\\"));
    assert_true(names_match("anna@R", "anna@R", "somebody"));
    assert_false(names_match("anna@R", "anna@S", "anna"));
    assert_false(names_match("anna@R", "anna", "anna"));
    assert_false(names_match("", "", "anna"));
}

/* ------------------------------------------------------------ the client's side */

static char principal_text[] = "mariadb/db";
static const struct config config = {.principal = principal_text};

struct talk {
    struct mx_buf out;
    struct mx_buf token;
    struct mx_err err;
    void *state;
    struct mx_auth_client x;
};

/* Runs until the verdict on the token. */
static enum mx_auth_verdict
login(struct talk *t, const char *secret, bool skip_check, const char *token)
{
    *t = (struct talk){0};
    t->x = (struct mx_auth_client){.config = &config,
                                   .user = "anna",
                                   .remote = "",
                                   .account_secret = secret,
                                   .skip_check = skip_check,
                                   .client_plugin = "mysql_native_password",
                                   .state = &t->state,
                                   .out = &t->out,
                                   .token = &t->token,
                                   .err = &t->err};
    assert_int_equal(mx_module.authenticator->client_step(&t->x), MX_AUTH_SWITCH);
    assert_string_equal(t->x.plugin, "auth_gssapi_client");
    assert_int_equal(t->out.len, sizeof("mariadb/db") + 1);
    t->x.round = 1;
    t->x.in = (const uint8_t *)token;
    t->x.in_len = strlen(token);
    enum mx_auth_verdict verdict = mx_module.authenticator->client_step(&t->x);
    if (verdict == MX_AUTH_WAIT) {
        job_work(job);
        t->x.job = job;
        verdict = mx_module.authenticator->client_step(&t->x);
        assert_ptr_equal(t->state, job);
    }
    return verdict;
}

static void
logout(struct talk *t)
{
    if (t->state != NULL) {
        mx_module.authenticator->client_free(t->state);
    }
    mx_buf_free(&t->out);
    mx_buf_free(&t->token);
}

static void
test_verdicts_on_a_token(void **state MX_UNUSED)
{
    static const struct {
        enum accept_end end;
        const char *name;
        const char *secret;
        enum mx_auth_verdict verdict;
        const char *text;
    } cases[] = {
        {ACCEPT_GOOD, "anna@R", "", MX_AUTH_DONE, ""},
        {ACCEPT_GOOD, "anna@R", "anna@R", MX_AUTH_DONE, ""},
        {ACCEPT_GOOD, "berta@R", "", MX_AUTH_DENIED, "of 'berta@R', not of the user"},
        {ACCEPT_GOOD, "anna@R", "anna@S", MX_AUTH_DENIED, "the account is for 'anna@S'"},
        {ACCEPT_DENIED, "", "", MX_AUTH_DENIED, "said by the library"},
        {ACCEPT_BROKEN, "", "", MX_AUTH_ERROR, "the proxy's log"},
    };
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        struct talk t;
        library.end = cases[i].end;
        library.name = cases[i].name;
        assert_int_equal(login(&t, cases[i].secret, false, "the token"), cases[i].verdict);
        assert_non_null(strstr(t.err.text, cases[i].text));
        assert_string_equal(library.seen, "the token");
        assert_int_equal(t.token.len, cases[i].verdict == MX_AUTH_DONE ? 9 : 0);
        assert_false(t.x.token_is_password);
        logout(&t);
    }
}

static void
test_no_token(void **state MX_UNUSED)
{
    struct talk t;
    assert_int_equal(login(&t, "", false, ""), MX_AUTH_DENIED);
    logout(&t);
}

static void
test_skip_check_takes_any_token(void **state MX_UNUSED)
{
    struct talk t;
    library.seen[0] = '\0';
    assert_int_equal(login(&t, "", true, "any"), MX_AUTH_DONE);
    assert_string_equal(library.seen, "");
    assert_int_equal(t.token.len, 3);
    logout(&t);
}

/* ------------------------------------------------------------ the servers' side */

static void
server_is(const char *request, size_t len, uint32_t round, bool is_password,
          enum mx_auth_verdict verdict, const char *text)
{
    struct mx_buf out = {0};
    struct mx_err err = {0};
    void *state = NULL;
    struct mx_auth_server x = {.config = &config,
                               .plugin = "auth_gssapi_client",
                               .in = (const uint8_t *)request,
                               .in_len = len,
                               .round = round,
                               .token = (const uint8_t *)"token",
                               .token_len = 5,
                               .token_is_password = is_password,
                               .state = &state,
                               .out = &out,
                               .err = &err};
    assert_int_equal(mx_module.authenticator->server_step(&x), verdict);
    assert_non_null(strstr(err.text, text));
    assert_int_equal(out.len, verdict == MX_AUTH_SEND ? 5 : 0);
    mx_buf_free(&out);
}

static void
test_servers(void **state MX_UNUSED)
{
    server_is("mariadb/db@R\0", 14, 0, false, MX_AUTH_SEND, "");
    server_is("mariadb/db\0", 12, 0, false, MX_AUTH_SEND, "");
    server_is("mariadb/xx\0", 12, 0, false, MX_AUTH_ERROR, "they must be the same");
    server_is("", 0, 0, false, MX_AUTH_ERROR, "malformed");
    server_is("mariadb/db\0", 12, 0, true, MX_AUTH_ERROR, "ticket");
    server_is("more", 4, 1, false, MX_AUTH_ERROR, "more than the one token");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_there_and_back),
        cmocka_unit_test(test_same_principals),
        cmocka_unit_test(test_whose_ticket),
        cmocka_unit_test(test_verdicts_on_a_token),
        cmocka_unit_test(test_no_token),
        cmocka_unit_test(test_skip_check_takes_any_token),
        cmocka_unit_test(test_servers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
