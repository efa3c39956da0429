/* Which account a client gets and which databases it may ask for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/users.h"

#include <string.h>

static void
add(struct core_users *users, const char *user, const char *host)
{
    core_users_add(users, &(struct core_users_account){.user = user, .host = host, .secret = host});
}

static struct core_users_match
ask(const struct core_users *users, struct core_users_query query)
{
    struct core_users_match match;
    core_users_find(users, &query, &match);
    return match;
}

static void
test_like(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *text;
        bool matches;
    } cases[] = {
        {"%", "", true},
        {"", "", true},
        {"", "a", false},
        {"_", "", false},
        {"_", "a", true},
        {"a%", "abc", true},
        {"%c", "abc", true},
        {"%b%", "abc", true},
        {"a%c%e", "abcde", true},
        {"a%c%f", "abcde", false},
        {"a_c", "abc", true},
        {"a\\_c", "abc", false},
        {"a\\_c", "a_c", true},
        {"a\\%", "a%", true},
        {"a\\%", "ab", false},
        {"%\\%", "100%", true},
        {"%%", "x", true},
        {"%a%b", "aab", true},
        {"%ab", "aaab", true},
        {"abc", "ABC", false},
        {"_b",
         "\xc3\xa4"
         "b",
         true},
        {"__b",
         "\xc3\xa4"
         "b",
         false},
        {"a\\", "a\\", true},
    };
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        if (core_users_like(cases[i].pattern, cases[i].text, false) != cases[i].matches) {
            fail_msg("'%s' LIKE '%s'", cases[i].text, cases[i].pattern);
        }
    }
    assert_true(core_users_like("AbC", "aBc", true));
}

static void
test_host_patterns(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *address;
        const char *name;
        bool matches;
    } cases[] = {
        {"%", "10.0.0.1", NULL, true},
        {"", "10.0.0.1", NULL, true},
        {"10.0.0.1", "10.0.0.1", NULL, true},
        {"10.0.0.1", "10.0.0.10", NULL, false},
        {"10.0.%", "10.0.9.1", NULL, true},
        {"10.0.0._", "10.0.0.7", NULL, true},
        {"10.0.0._", "10.0.0.77", NULL, false},
        {"10.0.0.1", "::ffff:10.0.0.1", NULL, true},
        {"::ffff:10.0.0.1", "10.0.0.1", NULL, true},
        {"::ffff:10.0.%", "10.0.0.1", NULL, true},
        {"fe80::%", "fe80::1", NULL, true},
        {"2001:db8:0:0::1", "2001:db8::1", NULL, true},
        {"2001:db8::2", "2001:db8::1", NULL, false},
        {"192.168.0.0/255.255.0.0", "192.168.7.9", NULL, true},
        {"192.168.0.0/255.255.0.0", "::ffff:192.168.7.9", NULL, true},
        {"192.168.0.0/255.255.0.0", "192.169.7.9", NULL, false},
        {"192.168.1.0/255.255.0.0", "192.168.1.9", NULL, false},
        {"192.168.0.0/nonsense", "192.168.0.0", NULL, false},
        {"192.168.0.0/255.255.0.0", "fe80::1", NULL, false},
        {"localhost", "localhost", NULL, true},
        {"localhost", "127.0.0.1", NULL, false},
        {"app.example.com", "10.0.0.1", "App.Example.com", true},
        {"%.example.com", "10.0.0.1", "app.example.com", true},
        {"%.example.com", "10.0.0.1", NULL, false},
        /* a pattern for addresses never looks at the name */
        {"192.168.1.%", "10.0.0.1", "192.168.1.evil.com", false},
        {"192.168.1.evil.com", "10.0.0.1", "192.168.1.evil.com", false},
    };
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        if (core_users_host_matches(cases[i].pattern, cases[i].address, cases[i].name) !=
            cases[i].matches) {
            fail_msg("%s against %s (%s)", cases[i].pattern, cases[i].address,
                     cases[i].name == NULL ? "-" : cases[i].name);
        }
    }
    assert_true(core_users_name_is_address("192.168.1.evil.com"));
    assert_false(core_users_name_is_address("3com.example.com"));
    assert_false(core_users_name_is_address("a.192.168"));
}

static void
test_most_specific_host_wins(void **state)
{
    (void)state;
    /* added in the wrong order on purpose */
    static const char *const hosts[] = {"%",        "10.%",     "10.0.0.0/255.255.255.0",
                                        "10.0.0.%", "10.0.0.5", "%.example.com"};
    struct core_users *users = core_users_new();
    for (size_t i = 0; i < MX_COUNT(hosts); i++) {
        add(users, "u", hosts[i]);
    }
    add(users, "u", "10.%"); /* a double: ignored */
    add(users, "U", "10.0.0.5");
    core_users_finish(users);
    assert_int_equal(core_users_count(users), 7);
    static const struct {
        const char *address;
        const char *host;
    } cases[] = {
        {"10.0.0.5", "10.0.0.5"},
        {"10.0.0.6", "10.0.0.0/255.255.255.0"},
        {"10.9.0.6", "10.%"},
        {"fe80::1", "%"},
    };
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        struct core_users_match m = ask(users, (struct core_users_query){
                                                   .user = "u",
                                                   .address = cases[i].address,
                                                   .name_known = true,
                                               });
        assert_int_equal(m.verdict, CORE_USERS_OK);
        assert_string_equal(m.account->host, cases[i].host);
        assert_int_equal(m.database, CORE_USERS_DB_OK);
    }
    core_users_unref(users);
}

static void
test_verdicts(void **state)
{
    (void)state;
    struct core_users *users = core_users_new();
    add(users, "u", "10.0.0.1");
    add(users, "root", "%");
    add(users, "", "localhost");
    core_users_add(users, &(struct core_users_account){.user = "r", .host = "", .is_role = true});
    core_users_finish(users);
    struct core_users_query q = {.user = "nobody", .address = "10.0.0.2", .name_known = true};
    assert_int_equal(ask(users, q).verdict, CORE_USERS_UNKNOWN);
    q.user = "u";
    assert_int_equal(ask(users, q).verdict, CORE_USERS_WRONG_HOST);
    q.any_host = true;
    assert_int_equal(ask(users, q).verdict, CORE_USERS_OK);
    q.any_host = false;
    q.user = "r";
    assert_int_equal(ask(users, q).verdict, CORE_USERS_UNKNOWN);
    q.user = "root";
    assert_int_equal(ask(users, q).verdict, CORE_USERS_ROOT);
    q.enable_root = true;
    assert_int_equal(ask(users, q).verdict, CORE_USERS_OK);
    /* an empty name is a name */
    q.user = "";
    q.address = "localhost";
    assert_int_equal(ask(users, q).verdict, CORE_USERS_OK);
    assert_int_equal(ask(NULL, q).verdict, CORE_USERS_UNKNOWN);
    core_users_unref(users);
}

/* The address is looked up only when a pattern that comes before a match may be a name. */
static void
test_names_are_asked_for_only_when_needed(void **state)
{
    (void)state;
    struct core_users *users = core_users_new();
    add(users, "u", "app.example.com");
    add(users, "u", "10.0.0.1");
    add(users, "v", "10.%");
    add(users, "v", "%");
    add(users, "w", "%.example.com");
    add(users, "w", "10.0.0.%");
    core_users_finish(users);
    struct core_users_query q = {.user = "v", .address = "192.168.0.1"};
    assert_int_equal(ask(users, q).verdict, CORE_USERS_OK);
    q.user = "u";
    assert_int_equal(ask(users, q).verdict, CORE_USERS_NEEDS_NAME);
    q.address = "10.0.0.1"; /* "10..." sorts before "app..." */
    assert_int_equal(ask(users, q).verdict, CORE_USERS_OK);
    q.address = "localhost";
    assert_int_equal(ask(users, q).verdict, CORE_USERS_WRONG_HOST);
    q.address = "192.168.0.1";
    q.name_known = true;
    assert_int_equal(ask(users, q).verdict, CORE_USERS_WRONG_HOST);
    q.host_name = "app.example.com";
    assert_int_equal(ask(users, q).verdict, CORE_USERS_OK);
    q.host_name = "10.0.0.1.example.com"; /* could pass for an address */
    q.user = "w";
    assert_int_equal(ask(users, q).verdict, CORE_USERS_WRONG_HOST);
    core_users_unref(users);
}

static void
test_anonymous_needs_proxy_grant(void **state)
{
    (void)state;
    struct core_users *users = core_users_new();
    add(users, "", "10.%");
    add(users, "", "192.%");
    add(users, "named", "10.0.0.1");
    core_users_add_proxy(users, "", "10.%");
    core_users_add_database(users, "shop");
    core_users_finish(users);
    struct core_users_query q = {.user = "x", .address = "10.0.0.9"};
    assert_int_equal(ask(users, q).verdict, CORE_USERS_UNKNOWN);
    q.anonymous = true;
    assert_int_equal(ask(users, q).verdict, CORE_USERS_OK);
    assert_true(ask(users, q).account->proxy_priv);
    q.database = "shop";
    assert_int_equal(ask(users, q).database, CORE_USERS_DB_OK);
    q.database = "nix";
    assert_int_equal(ask(users, q).database, CORE_USERS_DB_UNKNOWN);
    q.user = "named"; /* has accounts, but not from there */
    assert_int_equal(ask(users, q).verdict, CORE_USERS_OK);
    q.address = "192.168.0.1";
    assert_int_equal(ask(users, q).verdict, CORE_USERS_NO_PROXY);
    q.address = "172.16.0.1";
    assert_int_equal(ask(users, q).verdict, CORE_USERS_WRONG_HOST);
    core_users_unref(users);
}

static struct core_users *
with_databases(void)
{
    struct core_users *users = core_users_new();
    add(users, "u", "%");
    add(users, "u", "10.0.0.1");
    core_users_add(users,
                   &(struct core_users_account){.user = "boss", .host = "%", .global_priv = true});
    core_users_add_db(users, "u", "%", "shop\\_%", true);
    core_users_add_db(users, "u", "10.0.0.1", "private", true);
    core_users_add_db(users, "u", "%", "ta_ble", false);
    core_users_add_database(users, "shop_1");
    core_users_add_database(users, "shopx1");
    core_users_add_database(users, "private");
    core_users_add_database(users, "ta_ble");
    core_users_add_database(users, "taxble");
    core_users_finish(users);
    return users;
}

static void
test_databases(void **state)
{
    (void)state;
    static const struct {
        const char *user;
        const char *address;
        const char *database;
        enum core_users_database verdict;
    } cases[] = {
        {"u", "10.0.0.2", NULL, CORE_USERS_DB_OK},
        {"u", "10.0.0.2", "", CORE_USERS_DB_OK},
        {"u", "10.0.0.2", "information_schema", CORE_USERS_DB_OK},
        {"u", "10.0.0.2", "INFORMATION_SCHEMA", CORE_USERS_DB_OK},
        {"u", "10.0.0.2", "nix", CORE_USERS_DB_UNKNOWN},
        {"u", "10.0.0.2", "shop_1", CORE_USERS_DB_OK},
        {"u", "10.0.0.2", "SHOP_1", CORE_USERS_DB_UNKNOWN},
        {"u", "10.0.0.2", "shopx1", CORE_USERS_DB_DENIED},
        {"u", "10.0.0.2", "ta_ble", CORE_USERS_DB_OK},
        {"u", "10.0.0.2", "taxble", CORE_USERS_DB_DENIED},
        {"u", "10.0.0.2", "private", CORE_USERS_DB_DENIED},
        {"u", "10.0.0.1", "private", CORE_USERS_DB_OK},
        {"u", "10.0.0.1", "shop_1", CORE_USERS_DB_OK}, /* the row for % fits as well */
        {"boss", "10.0.0.2", "private", CORE_USERS_DB_OK},
        {"boss", "10.0.0.2", "nix", CORE_USERS_DB_UNKNOWN},
    };
    struct core_users *users = with_databases();
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        struct core_users_match m = ask(users, (struct core_users_query){
                                                   .user = cases[i].user,
                                                   .address = cases[i].address,
                                                   .database = cases[i].database,
                                               });
        assert_int_equal(m.verdict, CORE_USERS_OK);
        if (m.database != cases[i].verdict) {
            fail_msg("%s from %s: %s", cases[i].user, cases[i].address, cases[i].database);
        }
    }
    struct core_users_query q = {.user = "u", .address = "10.0.0.2", .database = "SHOP_1"};
    q.table_case = CORE_USERS_CASE_LOWER;
    assert_int_equal(ask(users, q).database, CORE_USERS_DB_OK);
    q.table_case = CORE_USERS_CASE_IGNORE;
    assert_int_equal(ask(users, q).database, CORE_USERS_DB_OK);
    core_users_unref(users);
}

static void
test_databases_through_roles(void **state)
{
    (void)state;
    struct core_users *users = core_users_new();
    core_users_add(users,
                   &(struct core_users_account){.user = "u", .host = "%", .default_role = "outer"});
    core_users_add(users, &(struct core_users_account){
                              .user = "stranger", .host = "%", .default_role = "outer"});
    core_users_add(users, &(struct core_users_account){.user = "outer", .is_role = true});
    core_users_add(
        users, &(struct core_users_account){.user = "all", .is_role = true, .global_priv = true});
    core_users_add(
        users, &(struct core_users_account){.user = "chief", .host = "%", .default_role = "all"});
    core_users_add_role(users, "u", "%", "outer");
    core_users_add_role(users, "chief", "%", "all");
    core_users_add_role(users, "outer", "", "inner");
    core_users_add_role(users, "inner", "", "outer"); /* a ring must not be followed for ever */
    core_users_add_db(users, "inner", "", "shop", true);
    core_users_add_db(users, "PUBLIC", "", "open", true);
    core_users_add_database(users, "shop");
    core_users_add_database(users, "open");
    core_users_add_database(users, "closed");
    core_users_finish(users);
    static const struct {
        const char *user;
        const char *database;
        enum core_users_database verdict;
    } cases[] = {
        {"u", "shop", CORE_USERS_DB_OK},       {"u", "closed", CORE_USERS_DB_DENIED},
        {"u", "open", CORE_USERS_DB_OK},       {"stranger", "open", CORE_USERS_DB_OK},
        {"chief", "closed", CORE_USERS_DB_OK}, {"stranger", "shop", CORE_USERS_DB_DENIED},
    };
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        struct core_users_query q = {
            .user = cases[i].user, .address = "10.0.0.1", .database = cases[i].database};
        assert_int_equal(ask(users, q).database, cases[i].verdict);
    }
    core_users_unref(users);
}

static void
test_without_list_of_databases_all_exist(void **state)
{
    (void)state;
    struct core_users *users = core_users_new();
    add(users, "u", "%");
    core_users_add_db(users, "u", "%", "%", true);
    core_users_finish(users);
    struct core_users_query q = {.user = "u", .address = "10.0.0.1", .database = "any"};
    assert_int_equal(ask(users, q).database, CORE_USERS_DB_OK);
    core_users_unref(users);
    users = core_users_new();
    add(users, "u", "%");
    core_users_add_database(users, NULL);
    core_users_finish(users);
    assert_int_equal(ask(users, q).database, CORE_USERS_DB_UNKNOWN);
    core_users_unref(users);
}

static void
test_equality_and_json(void **state)
{
    (void)state;
    struct core_users *a = with_databases();
    struct core_users *b = with_databases();
    assert_true(core_users_equal(a, b));
    assert_true(core_users_equal(NULL, NULL));
    assert_false(core_users_equal(a, NULL));
    core_users_unref(b);
    b = core_users_new();
    add(b, "u", "%");
    core_users_finish(b);
    assert_false(core_users_equal(a, b));
    json_t *json = core_users_json(b);
    char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(text, "[{\"default_role\":\"\",\"global_priv\":false,\"host\":\"%\","
                              "\"plugin\":\"\",\"proxy_priv\":false,\"ssl\":false,"
                              "\"super_priv\":false,\"user\":\"u\"}]");
    free(text);
    json_decref(json);
    core_users_unref(a);
    core_users_unref(core_users_ref(b));
    core_users_unref(b);
}

static void
test_demands_of_accounts_on_tls(void **state)
{
    static const struct core_users_tls in_clear = {.cipher = "", .issuer = "", .subject = ""};
    static const struct core_users_tls without = {.cipher = "C1", .issuer = "", .subject = ""};
    static const struct core_users_tls with = {
        .cipher = "C1", .has_cert = true, .issuer = "/CN=ca", .subject = "/CN=me"};
    static const struct {
        const char *type, *cipher, *issuer, *subject;
        bool in_clear, without, with;
    } cases[] = {
        {"", "", "", "", true, true, true},
        {"ANY", "", "", "", false, true, true},
        {"X509", "", "", "", false, false, true},
        {"SPECIFIED", "C1", "", "", false, true, true},
        {"SPECIFIED", "C2", "", "", false, false, false},
        {"SPECIFIED", "", "/CN=ca", "", false, false, true},
        {"SPECIFIED", "", "/CN=CA", "", false, false, false},
        {"SPECIFIED", "", "", "/CN=me", false, false, true},
        {"SPECIFIED", "C1", "/CN=ca", "/CN=you", false, false, false},
        {"SPECIFIED", "C1", "/CN=ca", "/CN=me", false, false, true},
    };
    (void)state;
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        struct core_users_account account = {.ssl_type = cases[i].type,
                                             .ssl_cipher = cases[i].cipher,
                                             .x509_issuer = cases[i].issuer,
                                             .x509_subject = cases[i].subject};
        assert_int_equal(core_users_check_tls(&account, &in_clear) == NULL, cases[i].in_clear);
        assert_int_equal(core_users_check_tls(&account, &without) == NULL, cases[i].without);
        assert_int_equal(core_users_check_tls(&account, &with) == NULL, cases[i].with);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_like),
        cmocka_unit_test(test_host_patterns),
        cmocka_unit_test(test_most_specific_host_wins),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_names_are_asked_for_only_when_needed),
        cmocka_unit_test(test_anonymous_needs_proxy_grant),
        cmocka_unit_test(test_databases),
        cmocka_unit_test(test_databases_through_roles),
        cmocka_unit_test(test_without_list_of_databases_all_exist),
        cmocka_unit_test(test_equality_and_json),
        cmocka_unit_test(test_demands_of_accounts_on_tls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
