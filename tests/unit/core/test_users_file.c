/* user_accounts_file: what it adds, and what it says about mistakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/users.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/test-users-file-XXXXXX";

static void
put(const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void
test_adds_after_what_servers_said(void **state)
{
    (void)state;
    put("{\"user\": [{\"user\": \"a\", \"host\": \"%\", \"password\": \"*AA\", \"proxy_priv\": "
        "true},"
        " {\"user\": \"b\", \"host\": \"10.%\", \"plugin\": \"ed25519\", \"global_db_priv\": true,"
        "  \"authentication_string\": \"key\", \"password\": \"*no\", \"super_priv\": true},"
        " {\"user\": \"r\", \"host\": \"\", \"is_role\": true}],"
        " \"db\": [{\"user\": \"r\", \"host\": \"\", \"db\": \"shop%\"}],"
        " \"roles_mapping\": [{\"user\": \"a\", \"host\": \"%\", \"role\": \"r\"}]}");
    struct core_users *users = core_users_new();
    struct mx_err err = {0};
    core_users_add(users, &(struct core_users_account){
                              .user = "a", .host = "%", .secret = "*S", .default_role = "r"});
    assert_int_equal(core_users_add_file(users, path, &err), 0);
    core_users_finish(users);
    assert_int_equal(core_users_count(users), 3);
    /* the server's row wins, but the role and the database of the file are there */
    assert_string_equal(core_users_at(users, 0)->secret, "*S");
    assert_false(core_users_at(users, 0)->proxy_priv);
    assert_string_equal(core_users_at(users, 1)->secret, "key");
    assert_true(core_users_at(users, 1)->global_priv && core_users_at(users, 1)->super_priv);
    assert_true(core_users_at(users, 2)->is_role);
    struct core_users_query q = {.user = "a", .address = "10.0.0.1", .database = "shop7"};
    struct core_users_match match;
    core_users_find(users, &q, &match);
    assert_int_equal(match.verdict, CORE_USERS_OK);
    assert_int_equal(match.database, CORE_USERS_DB_OK);
    core_users_unref(users);
}

static void
test_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *said;
    } cases[] = {
        {"{\"user\": [", "line 1"},
        {"[]", "must be a JSON object"},
        {"{\"user\": {}}", "'user' must be an array"},
        {"{\"user\": [1]}", "must be an object"},
        {"{\"user\": [{\"user\": \"a\", \"host\": \"%\"}, {\"user\": \"b\"}]}",
         "field 'host' of element 2 in array 'user' is missing"},
        {"{\"user\": [{\"user\": 1, \"host\": \"%\"}]}",
         "'user' of element 1 in array 'user' must"},
        {"{\"user\": [{\"user\": \"a\", \"host\": \"%\", \"is_role\": \"yes\"}]}",
         "must be true or false"},
        {"{\"db\": [{\"user\": \"a\", \"host\": \"%\"}]}", "field 'db'"},
        {"{\"roles_mapping\": [{\"user\": \"a\", \"host\": \"%\"}]}", "field 'role'"},
    };
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        struct core_users *users = core_users_new();
        struct mx_err err = {0};
        put(cases[i].text);
        assert_int_equal(core_users_add_file(users, path, &err), -1);
        if (strstr(err.text, cases[i].said) == NULL || strstr(err.text, path) == NULL) {
            fail_msg("%s", err.text);
        }
        core_users_finish(users);
        assert_int_equal(core_users_count(users), 0);
        core_users_unref(users);
    }
    struct core_users *users = core_users_new();
    struct mx_err err = {0};
    assert_int_equal(core_users_add_file(users, "/nowhere/accounts.json", &err), -1);
    assert_non_null(strstr(err.text, "cannot be read"));
    core_users_unref(users);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adds_after_what_servers_said),
        cmocka_unit_test(test_mistakes),
    };
    int fd = mkstemp(path);
    if (fd < 0) {
        return EXIT_FAILURE;
    }
    (void)close(fd);
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(path);
    return rc;
}
