/* Path and query string. */
#include "admin/request.h"
#include "mx/str.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static void
parse(struct admin_uri *uri, const char *raw)
{
    const char *why = NULL;

    assert_int_equal(admin_uri_parse(uri, raw, &why), 0);
}

static void
test_version_and_slashes_are_left_out(void **state)
{
    static const char *const same[] = {"/v1/servers/a", "/servers/a", "//v1//servers///a//",
                                       "/v1/servers/a/", "/servers/%61"};

    (void)state;
    for (size_t i = 0; i < MX_COUNT(same); i++) {
        struct admin_uri uri;
        parse(&uri, same[i]);
        assert_string_equal(uri.path, "/servers/a");
        assert_int_equal(uri.part_count, 2);
        assert_string_equal(uri.parts[1], "a");
        admin_uri_fini(&uri);
    }
}

static void
test_version_is_special_only_in_front(void **state)
{
    struct admin_uri uri;

    (void)state;
    parse(&uri, "/servers/v1");
    assert_string_equal(uri.path, "/servers/v1");
    admin_uri_fini(&uri);
    parse(&uri, "/v2/servers");
    assert_string_equal(uri.path, "/v2/servers");
    admin_uri_fini(&uri);
    parse(&uri, "/v1/");
    assert_string_equal(uri.path, "");
    assert_int_equal(uri.part_count, 0);
    admin_uri_fini(&uri);
}

static void
test_escaped_slash_stays_in_its_part(void **state)
{
    struct admin_uri uri;

    (void)state;
    parse(&uri, "/servers/a%2Fset");
    assert_int_equal(uri.part_count, 2);
    assert_string_equal(uri.parts[1], "a/set");
    admin_uri_fini(&uri);
}

static void
test_query_string_is_taken_apart(void **state)
{
    struct admin_uri uri;

    (void)state;
    parse(&uri, "/servers?page%5Bsize%5D=2&&state=a+b%2B&bare&empty=&twice=1&twice=2&eq=a=b");
    assert_int_equal(uri.param_count, 7);
    assert_string_equal(admin_uri_param(&uri, "page[size]"), "2");
    assert_string_equal(admin_uri_param(&uri, "state"), "a b+");
    assert_string_equal(admin_uri_param(&uri, "bare"), "");
    assert_null(uri.params[2].value);
    assert_string_equal(admin_uri_param(&uri, "empty"), "");
    assert_string_equal(admin_uri_param(&uri, "twice"), "1");
    assert_string_equal(admin_uri_param(&uri, "eq"), "a=b");
    assert_null(admin_uri_param(&uri, "missing"));
    admin_uri_fini(&uri);
}

static void
test_positional_arguments_keep_their_order(void **state)
{
    struct admin_uri uri;

    (void)state;
    parse(&uri, "/maxscale/modules/mariadbmon/switchover?Monitor&new&old");
    assert_int_equal(uri.param_count, 3);
    assert_string_equal(uri.params[0].key, "Monitor");
    assert_string_equal(uri.params[2].key, "old");
    admin_uri_fini(&uri);
}

static void
test_broken_escapes_are_refused(void **state)
{
    static const char *const bad[] = {"/a%",    "/a%4",    "/a%zz",   "/a%00b",
                                      "/a?b=%", "/a?%0=1", "/a?x=%00"};

    (void)state;
    for (size_t i = 0; i < MX_COUNT(bad); i++) {
        struct admin_uri uri;
        const char *why = NULL;
        assert_int_equal(admin_uri_parse(&uri, bad[i], &why), -1);
        assert_non_null(why);
        admin_uri_fini(&uri);
    }
}

static void
test_too_much_is_refused_or_marked(void **state)
{
    struct admin_uri uri;
    const char *why = NULL;
    struct mx_str raw = {0};

    (void)state;
    mx_str_add(&raw, "/a?");
    for (size_t i = 0; i <= ADMIN_PARAMS_MAX; i++) {
        mx_str_add(&raw, "a&");
    }
    assert_int_equal(admin_uri_parse(&uri, mx_str_text(&raw), &why), -1);
    mx_str_free(&raw);
    admin_uri_fini(&uri);
    parse(&uri, "/1/2/3/4/5/6/7/8/9/10");
    assert_true(uri.is_deep);
    admin_uri_fini(&uri);
}

static void
test_booleans(void **state)
{
    struct admin_uri uri;

    (void)state;
    parse(&uri, "/a?a=true&b=YES&c=on&d=1&e=false&f=no&g=OFF&h=0&i=maybe&j");
    static const char yes[] = "abcdj";
    static const char no[] = "efgh";
    for (size_t i = 0; i < sizeof(yes) - 1; i++) {
        assert_true(admin_uri_bool(&uri, (char[]){yes[i], '\0'}, false));
    }
    for (size_t i = 0; i < sizeof(no) - 1; i++) {
        assert_false(admin_uri_bool(&uri, (char[]){no[i], '\0'}, true));
    }
    assert_true(admin_uri_bool(&uri, "i", true));
    assert_false(admin_uri_bool(&uri, "i", false));
    assert_true(admin_uri_bool(&uri, "z", true));
    admin_uri_fini(&uri);
}

static void
test_encode_then_parse_gives_the_text_back(void **state)
{
    struct admin_uri uri;
    char every[256];
    char *encoded;
    char *raw;

    (void)state;
    for (size_t i = 0; i < sizeof(every) - 1; i++) {
        every[i] = (char)(unsigned char)(i + 1);
    }
    every[255] = '\0';
    encoded = admin_uri_encode(every);
    raw = mx_asprintf("/x?a=%s", encoded);
    parse(&uri, raw);
    assert_string_equal(admin_uri_param(&uri, "a"), every);
    admin_uri_fini(&uri);
    free(raw);
    free(encoded);
}

static void
test_methods(void **state)
{
    (void)state;
    assert_int_equal(admin_method_parse("PATCH"), ADMIN_PATCH);
    assert_int_equal(admin_method_parse("patch"), ADMIN_METHOD_NONE);
    assert_int_equal(admin_method_parse("TRACE"), ADMIN_METHOD_NONE);
    assert_string_equal(admin_method_name(ADMIN_DELETE), "DELETE");
}

static void
test_same_error_is_told_once(void **state)
{
    struct admin_response response = {0};

    (void)state;
    admin_response_error(&response, 400, "a %d", 1);
    admin_response_error(&response, 400, "a %d", 1);
    admin_response_error(&response, 400, "a %d", 2);
    admin_response_error(&response, 400, "bad \xff byte");
    assert_int_equal(json_array_size(response.errors), 3);
    admin_response_fini(&response);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version_and_slashes_are_left_out),
        cmocka_unit_test(test_version_is_special_only_in_front),
        cmocka_unit_test(test_escaped_slash_stays_in_its_part),
        cmocka_unit_test(test_query_string_is_taken_apart),
        cmocka_unit_test(test_positional_arguments_keep_their_order),
        cmocka_unit_test(test_broken_escapes_are_refused),
        cmocka_unit_test(test_too_much_is_refused_or_marked),
        cmocka_unit_test(test_booleans),
        cmocka_unit_test(test_encode_then_parse_gives_the_text_back),
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_same_error_is_told_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
