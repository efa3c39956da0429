/* The words of KILL statements. */
#include "kill_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* From memory of that very size, so that a read behind it is caught. */
static int
parse(const char *text, struct kill_words *out)
{
    size_t len = strlen(text);
    char *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    int rc = kill_words_parse(copy, len, out);
    free(copy);
    return rc;
}

static void
test_ids(void **state)
{
    static const struct {
        const char *text;
        uint64_t id;
        bool query_only;
        bool hard;
        enum kill_what what;
    } rows[] = {
        {" 5", 5, false, true, KILL_SESSION},
        {"5;", 5, false, true, KILL_SESSION},
        {"CONNECTION 1073741825 ; ", 1073741825, false, true, KILL_SESSION},
        {"hard connection 7", 7, false, true, KILL_SESSION},
        {"SOFT 7", 7, false, false, KILL_SESSION},
        {"soft query\n7", 7, true, false, KILL_SESSION},
        {"QUERY '7'", 7, true, true, KILL_SESSION},
        {"/* why */ QUERY /**/ 7 /* so */", 7, true, true, KILL_SESSION},
        {"QUERY ID 12345678901", 12345678901, true, true, KILL_QUERY_ID},
        {"SOFT QUERY ID 3", 3, true, false, KILL_QUERY_ID},
        {"99999999999999999999999", INT64_MAX, false, true, KILL_SESSION},
        {"9223372036854775807", INT64_MAX, false, true, KILL_SESSION},
    };
    struct kill_words words;
    (void)state;
    for (size_t i = 0; i < MX_COUNT(rows); i++) {
        assert_int_equal(parse(rows[i].text, &words), 0);
        assert_int_equal(words.what, rows[i].what);
        assert_int_equal(words.number, KILL_NUMBER_GIVEN);
        assert_int_equal(words.id, rows[i].id);
        assert_int_equal(words.query_only, rows[i].query_only);
        assert_int_equal(words.hard, rows[i].hard);
    }
    assert_int_equal(parse("connection_id()", &words), 0);
    assert_int_equal(words.number, KILL_NUMBER_OWN);
    assert_int_equal(parse("QUERY CONNECTION_ID ( )", &words), 0);
    assert_int_equal(words.number, KILL_NUMBER_OWN);
    assert_int_equal(parse("QUERY ID ?", &words), 0);
    assert_int_equal(words.number, KILL_NUMBER_PLACEHOLDER);
    assert_int_equal(words.what, KILL_QUERY_ID);
}

static void
test_users(void **state)
{
    static const struct {
        const char *text;
        const char *user;
        const char *host; /* NULL: none */
    } rows[] = {
        {"USER bob", "bob", NULL},
        {"SOFT QUERY USER 'Bob B'", "Bob B", NULL},
        {"USER bob@localhost", "bob", "localhost"},
        {"USER bob@192.168.1.1", "bob", "192.168.1.1"},
        {"HARD USER `a``b`@\"my-host.example\"", "a`b", "my-host.example"},
        {"USER 'it''s'@'10.%'", "it's", "10.%"},
        {"USER ''", "", NULL},
    };
    struct kill_words words;
    (void)state;
    for (size_t i = 0; i < MX_COUNT(rows); i++) {
        assert_int_equal(parse(rows[i].text, &words), 0);
        assert_int_equal(words.what, KILL_USER);
        assert_string_equal(words.user, rows[i].user);
        assert_int_equal(words.has_host, rows[i].host != NULL);
        assert_string_equal(words.host, rows[i].host == NULL ? "" : rows[i].host);
    }
    assert_int_equal(parse("USER CURRENT_USER()", &words), 0);
    assert_true(words.own_user);
}

static void
test_not_understood(void **state)
{
    static const char *const texts[] = {
        "",     ";",     "1, 2",   "-1",        "1+1",           "0x41",      "12.5",
        "@id",  "(5)",   "QUERY",  "QUERY ID",  "foo",           "'12",       "'x'",
        "5 6",  "USER",  "USER ?", "USER 'bob", "USER bob@",     "USER a b",  "SOFT HARD 5",
        "ID 5", "12abc", "5 /* ",  "/*! 5 */",  "CONNECTION_ID", "USER a@'b", "QUERY QUERY 5",
    };
    struct kill_words words;
    (void)state;
    for (size_t i = 0; i < MX_COUNT(texts); i++) {
        assert_int_equal(parse(texts[i], &words), -1);
    }
    char longer[2 * KILL_NAME_MAX];
    memset(longer, 'x', sizeof(longer));
    memcpy(longer, "USER '", 6);
    longer[sizeof(longer) - 2] = '\'';
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(parse(longer, &words), -1);
    longer[5] = 'x';
    assert_int_equal(parse(longer, &words), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_users),
        cmocka_unit_test(test_not_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
