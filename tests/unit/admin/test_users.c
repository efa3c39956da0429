/* The user file, tokens, host patterns, Basic credentials. */
#include "admin/auth.h"
#include "admin/hosts.h"
#include "admin/token.h"
#include "admin/users.h"
#include "base/file.h"
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/admin-users-XXXXXX";
static char path[64];

static int
make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void)snprintf(path, sizeof(path), "%s/passwd", folder);
    return 0;
}

static int
remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static void
write_file(const char *text)
{
    assert_int_equal(base_file_replace(path, text, strlen(text), 0600, NULL), 0);
}

static void
test_missing_file_gets_the_default_account(void **state)
{
    struct mx_err err = {0};
    enum admin_account account = ADMIN_ACCOUNT_BASIC;
    struct admin_users *users;
    struct stat st;

    (void)state;
    (void)unlink(path);
    users = admin_users_open(path, &err);
    assert_non_null(users);
    assert_true(admin_users_verify(users, "admin", "mariadb", &account));
    assert_int_equal(account, ADMIN_ACCOUNT_ADMIN);
    assert_false(admin_users_verify(users, "admin", "wrong", &account));
    assert_false(admin_users_verify(users, "nobody", "mariadb", &account));
    assert_false(admin_users_verify(users, "", "", &account));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777u, 0600);
    admin_users_close(users);
}

static void
test_file_has_the_documented_form(void **state)
{
    char *text = NULL;
    json_t *array;
    const json_t *user;

    (void)state;
    assert_int_equal(base_file_read(path, 100000, &text, NULL, NULL), 0);
    array = json_loads(text, 0, NULL);
    user = json_array_get(array, 0);
    assert_string_equal(json_string_value(json_object_get(user, "name")), "admin");
    assert_string_equal(json_string_value(json_object_get(user, "account")), "admin");
    assert_memory_equal(json_string_value(json_object_get(user, "password")), "$6$MXS$", 7);
    json_decref(array);
    free(text);
}

static void
test_changes_are_kept(void **state)
{
    struct mx_err err = {0};
    enum admin_account account = ADMIN_ACCOUNT_ADMIN;
    struct admin_users *users = admin_users_open(path, &err);

    (void)state;
    assert_int_equal(admin_users_add(users, "bob", "one", ADMIN_ACCOUNT_BASIC, &err), 0);
    assert_int_equal(admin_users_add(users, "bob", "two", ADMIN_ACCOUNT_BASIC, &err), -1);
    assert_int_equal(admin_users_set_password(users, "bob", "three", &err), 0);
    assert_int_equal(admin_users_set_password(users, "eve", "x", &err), -1);
    admin_users_close(users);

    users = admin_users_open(path, &err);
    assert_true(admin_users_verify(users, "bob", "three", &account));
    assert_int_equal(account, ADMIN_ACCOUNT_BASIC);
    assert_false(admin_users_verify(users, "bob", "one", &account));
    assert_true(admin_users_find(users, "bob", &account));
    json_t *bob = admin_users_json(users, "bob");
    assert_true(json_is_string(json_object_get(bob, "last_update")));
    assert_true(json_is_string(json_object_get(bob, "last_login")));
    json_decref(bob);
    assert_null(admin_users_json(users, "eve"));
    json_t *all = admin_users_json(users, NULL);
    assert_int_equal(json_array_size(all), 2);
    json_decref(all);
    admin_users_close(users);
}

static void
test_last_administrator_stays(void **state)
{
    struct mx_err err = {0};
    struct admin_users *users = admin_users_open(path, &err);

    (void)state;
    assert_int_equal(admin_users_remove(users, "admin", &err), -1);
    assert_int_equal(admin_users_remove(users, "nobody", &err), -1);
    assert_int_equal(admin_users_add(users, "root", "x", ADMIN_ACCOUNT_ADMIN, &err), 0);
    assert_int_equal(admin_users_remove(users, "admin", &err), 0);
    assert_int_equal(admin_users_remove(users, "bob", &err), 0);
    assert_int_equal(admin_users_remove(users, "root", &err), -1);
    admin_users_close(users);
}

static void
test_names_that_cannot_be_sent_are_refused(void **state)
{
    static const char *const bad[] = {"", "a:b", "a/b", "a b", "a\tb"};
    struct mx_err err = {0};
    struct admin_users *users = admin_users_open(path, &err);
    char longest[ADMIN_USER_NAME_MAX + 2];

    (void)state;
    for (size_t i = 0; i < MX_COUNT(bad); i++) {
        assert_int_equal(admin_users_add(users, bad[i], "x", ADMIN_ACCOUNT_BASIC, &err), -1);
    }
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(admin_users_add(users, longest, "x", ADMIN_ACCOUNT_BASIC, &err), -1);
    admin_users_close(users);
}

static void
test_foreign_files_are_refused_with_a_reason(void **state)
{
    static const char *const bad[] = {
        "not json",
        "{}",
        "[1]",
        "[{\"name\":\"a\"}]",
        "[{\"name\":\"a\",\"account\":\"king\",\"password\":\"x\"}]",
        "[{\"name\":\"a\",\"account\":\"admin\",\"password\":\"x\"},"
        "{\"name\":\"a\",\"account\":\"admin\",\"password\":\"x\"}]",
    };

    (void)state;
    for (size_t i = 0; i < MX_COUNT(bad); i++) {
        struct mx_err err = {0};
        write_file(bad[i]);
        assert_null(admin_users_open(path, &err));
        assert_non_null(strstr(err.text, path));
    }
}

static void
test_hashes_of_the_reference_are_understood(void **state)
{
    struct mx_err err = {0};
    enum admin_account account = ADMIN_ACCOUNT_BASIC;
    struct admin_users *users;

    (void)state;
    /* crypt("mariadb", "$6$MXS") */
    write_file("[{\"name\":\"a\",\"account\":\"admin\",\"password\":\"$6$MXS$RjtL0yWoXRIz"
               "kDGR6iwIAUHrQTWvqMizWYaGZKetqP2VDmWLgpgaT5YueeBoMKkoTMisvIy3sGEUMFa16UYDc.\"}]");
    users = admin_users_open(path, &err);
    assert_non_null(users);
    assert_true(admin_users_verify(users, "a", "mariadb", &account));
    admin_users_close(users);
    write_file("  \n");
    users = admin_users_open(path, &err);
    assert_true(admin_users_verify(users, "admin", "mariadb", &account));
    admin_users_close(users);
}

static void
test_tokens_hold_and_end(void **state)
{
    struct admin_tokens *tokens = admin_tokens_new("HS256", "maxscale");
    struct admin_tokens *others = admin_tokens_new("HS256", "maxscale");
    char *token = admin_token_issue(tokens, "bob", ADMIN_ACCOUNT_BASIC, 1000, 60);
    char *user = NULL;

    (void)state;
    assert_non_null(token);
    assert_true(admin_token_check(tokens, token, 1059, &user));
    assert_string_equal(user, "bob");
    free(user);
    assert_false(admin_token_check(tokens, token, 1060, &user));
    assert_false(admin_token_check(others, token, 1000, &user));
    assert_false(admin_token_check(tokens, "abc.def.ghi", 1000, &user));
    assert_false(admin_token_check(tokens, "", 1000, &user));
    /* {"alg":"none"} with good claims */
    assert_false(
        admin_token_check(tokens,
                          "eyJhbGciOiJub25lIn0.eyJpc3MiOiJtYXhzY2FsZSIsInN1YiI6ImJvYiIsImF1ZCI6"
                          "ImJvYiIsImV4cCI6OTk5OTk5OTk5OX0.",
                          1000, &user));
    for (size_t i = 0; token[i] != '\0'; i++) {
        char saved = token[i];
        token[i] = saved == 'A' ? 'B' : 'A';
        char *found = NULL;
        bool is_good = admin_token_check(tokens, token, 1000, &found);
        free(found);
        /* The last character carries unused bits. */
        assert_true(!is_good || token[i + 1] == '\0');
        token[i] = saved;
    }
    free(token);
    assert_null(admin_tokens_new("RS256", "maxscale"));
    admin_tokens_free(tokens);
    admin_tokens_free(others);
}

static enum admin_host_verdict
check(const char *patterns, const char *address)
{
    char *copy = mx_strdup(patterns);
    char *list[8] = {0};
    char *rest = copy;
    struct sockaddr_storage peer = {0};
    struct sockaddr_in *in4 = (struct sockaddr_in *)(void *)&peer;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)&peer;
    enum admin_host_verdict verdict;

    for (size_t i = 0; i < 7 && rest != NULL; i++) {
        list[i] = strsep(&rest, ",");
    }
    if (inet_pton(AF_INET, address, &in4->sin_addr) == 1) {
        peer.ss_family = AF_INET;
    } else {
        peer.ss_family = AF_INET6;
        assert_int_equal(inet_pton(AF_INET6, address, &in6->sin6_addr), 1);
    }
    verdict = admin_host_check(list, (const struct sockaddr *)(const void *)&peer);
    free(copy);
    return verdict;
}

static void
test_host_patterns(void **state)
{
    (void)state;
    assert_int_equal(check("%", "10.1.2.3"), ADMIN_HOST_ALLOWED);
    assert_int_equal(check("10.1.2.3", "10.1.2.3"), ADMIN_HOST_ALLOWED);
    assert_int_equal(check("10.1.2.3", "::ffff:10.1.2.3"), ADMIN_HOST_ALLOWED);
    assert_int_equal(check("10.1.2.4", "10.1.2.3"), ADMIN_HOST_REFUSED);
    assert_int_equal(check("192.168.0.0/16,10.0.0.0/8", "10.1.2.3"), ADMIN_HOST_ALLOWED);
    assert_int_equal(check("10.1.2.0/25", "10.1.2.127"), ADMIN_HOST_ALLOWED);
    assert_int_equal(check("10.1.2.0/25", "10.1.2.128"), ADMIN_HOST_REFUSED);
    assert_int_equal(check("0.0.0.0/0", "10.1.2.3"), ADMIN_HOST_ALLOWED);
    assert_int_equal(check("0.0.0.0/0", "fe80::1"), ADMIN_HOST_REFUSED);
    assert_int_equal(check("fe80::/10", "fe80::1"), ADMIN_HOST_ALLOWED);
    assert_int_equal(check("fe80::/10", "::1"), ADMIN_HOST_REFUSED);
    assert_int_equal(check("db%.example.com", "10.1.2.3"), ADMIN_HOST_ASK_NAME);
    assert_int_equal(check("db%.example.com,10.1.2.3", "10.1.2.3"), ADMIN_HOST_ALLOWED);
    assert_int_equal(admin_host_check(NULL, (const struct sockaddr *)&(
                                                struct sockaddr_in){.sin_family = AF_INET}),
                     ADMIN_HOST_REFUSED);
    assert_true(admin_host_name_matches("db%.example.com", "DB12.example.com"));
    assert_true(admin_host_name_matches("db_.example.com", "db1.example.com"));
    assert_false(admin_host_name_matches("db_.example.com", "db12.example.com"));
    assert_true(admin_host_name_matches("%a%b%", "xxaybz"));
    assert_false(admin_host_name_matches("%a%b", "xxaybz"));
    assert_false(admin_host_name_matches("abc", "ab"));
}

static void
test_basic_credentials(void **state)
{
    static const char *const bad[] = {"Basic",       "Basic ",      "Basic ####",    "Basic YWI=",
                                      "Bearer YTpi", "Basic YTpi=", "Basic YQA6Yg=="};
    char *user = NULL;
    char *password = NULL;

    (void)state;
    assert_true(admin_auth_parse_basic("Basic YTpi", &user, &password));
    assert_string_equal(user, "a");
    assert_string_equal(password, "b");
    free(user);
    free(password);
    assert_true(admin_auth_parse_basic("basic  YTpiOmM=", &user, &password));
    assert_string_equal(password, "b:c");
    free(user);
    free(password);
    for (size_t i = 0; i < MX_COUNT(bad); i++) {
        assert_false(admin_auth_parse_basic(bad[i], &user, &password));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_missing_file_gets_the_default_account),
        cmocka_unit_test(test_file_has_the_documented_form),
        cmocka_unit_test(test_changes_are_kept),
        cmocka_unit_test(test_last_administrator_stays),
        cmocka_unit_test(test_names_that_cannot_be_sent_are_refused),
        cmocka_unit_test(test_foreign_files_are_refused_with_a_reason),
        cmocka_unit_test(test_hashes_of_the_reference_are_understood),
        cmocka_unit_test(test_tokens_hold_and_end),
        cmocka_unit_test(test_host_patterns),
        cmocka_unit_test(test_basic_credentials),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
