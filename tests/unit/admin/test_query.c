/* filter, page and fields over a document, and the expressions and paths they are made of. */
#include "admin/filter.h"
#include "admin/jsonpath.h"
#include "admin/query.h"
#include "mx/str.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static bool
matches(const char *expression, const char *json)
{
    char why[256] = "";
    struct admin_filter *filter = admin_filter_parse(expression, why);
    json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
    bool result;

    assert_non_null(filter);
    assert_non_null(value);
    result = admin_filter_matches(filter, value);
    admin_filter_free(filter);
    json_decref(value);
    return result;
}

static void
test_comparisons(void **state)
{
    (void)state;
    assert_true(matches("eq(5)", "5"));
    assert_true(matches("eq(5)", "5.0"));
    assert_false(matches("eq(5)", "\"5\""));
    assert_true(matches("ne(5)", "\"5\""));
    assert_true(matches("lt(5)", "4.5"));
    assert_false(matches("lt(5)", "\"4\""));
    assert_true(matches("ge(\"b\")", "\"b\""));
    assert_true(matches("gt( 5 )", "6"));
    assert_true(matches("le(5)", "5"));
    assert_true(matches("eq({\"a\":[1,2]})", "{\"a\":[1,2]}"));
    assert_true(matches("eq(null)", "null"));
    assert_false(matches("gt(null)", "5"));
    assert_true(matches("\"text\"", "\"text\""));
    assert_true(matches("true", "true"));
}

static void
test_combinations(void **state)
{
    (void)state;
    assert_true(matches("and(gt(1),lt(5))", "3"));
    assert_false(matches("and(gt(1),lt(5))", "5"));
    assert_true(matches("or(eq(1), eq(2), eq(3))", "3"));
    assert_false(matches("or(eq(1),eq(2))", "3"));
    assert_true(matches("not(eq(1),eq(2))", "3"));
    assert_false(matches("not(eq(1),eq(3))", "3"));
    assert_true(matches("and(or(eq(1),eq(3)),not(or(eq(2),and(gt(5),lt(9)))))", "3"));
    assert_false(matches("and(or(eq(1),eq(7)),not(or(eq(2),and(gt(5),lt(9)))))", "7"));
    assert_true(matches("eq(\"a),(\")", "\"a),(\""));
}

static void
test_bad_expressions_are_explained(void **state)
{
    static const char *const bad[] = {
        "",      "eq",        "eq(",         "eq(5",           "eq(5))", "eq()",
        "and()", "and(eq(1)", "and(eq(1),)", "x(5)",           "eq(5)x", "eq(5) eq(6)",
        "and",   "(eq(5))",   "eq 5",        "not(eq(1)eq(2))"};

    (void)state;
    for (size_t i = 0; i < MX_COUNT(bad); i++) {
        char why[256] = "";
        assert_null(admin_filter_parse(bad[i], why));
        assert_true(strlen(why) > 0);
    }
}

static void
test_deep_expressions_end(void **state)
{
    struct mx_str deep = {0};
    char why[256];

    (void)state;
    for (int i = 0; i < 100; i++) {
        mx_str_add(&deep, "not(");
    }
    mx_str_add(&deep, "eq(1)");
    assert_null(admin_filter_parse(mx_str_text(&deep), why));
    mx_str_free(&deep);
}

static void
test_every_prefix_of_an_expression_is_an_error_or_fine(void **state)
{
    static const char whole[] = "and(or(eq(\"a\"),ne([1,{\"b\":2}])),not(lt(5.5)))";
    char why[256];

    (void)state;
    for (size_t len = 0; len < sizeof(whole) - 1; len++) {
        char *part = mx_strndup(whole, len);
        assert_null(admin_filter_parse(part, why));
        free(part);
    }
    assert_true(matches(whole, "\"a\""));
}

static const char document[] =
    "{\"data\": ["
    "{\"id\":\"a\",\"type\":\"servers\",\"attributes\":{\"state\":\"Running\",\"n\":1,"
    "\"st\":{\"x\":1,\"y\":2},\"list\":[{\"k\":1},{\"k\":5}]},"
    "\"relationships\":{\"services\":{\"data\":[]}}},"
    "{\"id\":\"b\",\"type\":\"servers\",\"attributes\":{\"state\":\"Down\",\"n\":2,\"list\":[]}},"
    "{\"id\":\"c\",\"type\":\"servers\",\"attributes\":{\"state\":\"Running\",\"n\":3,"
    "\"list\":[{\"k\":7}]}}],"
    "\"links\":{\"self\":\"http://h/v1/servers/\"}}";

/* Runs a query string over the document; NULL: refused. */
static json_t *
run(const char *query)
{
    json_t *body = json_loads(document, 0, NULL);
    struct admin_uri uri;
    struct admin_response response = {0};
    const char *why = NULL;
    char *raw = mx_asprintf("/servers?%s", query);

    assert_int_equal(admin_uri_parse(&uri, raw, &why), 0);
    if (admin_query_apply(&uri, "http://h/v1/servers/", body, &response) != 0) {
        assert_int_equal(response.status, 400);
        assert_int_equal(json_array_size(response.errors), 1);
        json_decref(body);
        body = NULL;
    }
    admin_response_fini(&response);
    admin_uri_fini(&uri);
    free(raw);
    return body;
}

/* The ids that are left, one letter each. */
static void
expect_ids(const char *query, const char *ids)
{
    json_t *body = run(query);
    struct mx_str found = {0};
    json_t *item;
    size_t i;

    assert_non_null(body);
    json_array_foreach(json_object_get(body, "data"), i, item)
    {
        mx_str_add(&found, json_string_value(json_object_get(item, "id")));
    }
    assert_string_equal(mx_str_text(&found), ids);
    mx_str_free(&found);
    json_decref(body);
}

static void
expect_text(const json_t *body, const char *pointer, const char *text)
{
    json_t *copy = json_deep_copy(body);
    const json_t *value = admin_json_pointer(copy, pointer);

    if (text == NULL) {
        assert_null(value);
    } else {
        assert_non_null(value);
        assert_string_equal(json_string_value(value), text);
    }
    json_decref(copy);
}

static void
test_filter_by_pointer(void **state)
{
    (void)state;
    expect_ids("filter=/attributes/state=\"Running\"", "ac");
    expect_ids("filter=attributes/state=\"Running\"", "ac");
    expect_ids("filter=/attributes/n=gt(1)", "bc");
    expect_ids("filter=/attributes/missing=1", "");
    expect_ids("filter=/attributes/list/1/k=5", "a");
    expect_ids("filter=/attributes/state=\"Running\"&filter=/attributes/n=3", "c");
    assert_null(run("filter=/attributes/state"));
    assert_null(run("filter=/attributes/state=Running"));
}

static void
test_filter_by_path(void **state)
{
    (void)state;
    expect_ids("filter[attributes.state]=\"Running\"", "ac");
    expect_ids("filter[$.attributes.n]=ge(2)", "bc");
    expect_ids("filter[attributes.list[*].k]=eq(5)", "a");
    expect_ids("filter[attributes.list[0,1].k]=gt(4)", "ac");
    expect_ids("filter[attributes['state']]=eq(\"Down\")", "b");
    expect_ids("filter[attributes.st.*]=2", "a");
    expect_ids("filter[attributes.n]=gt(1)&filter[attributes.state]=\"Running\"", "c");
    assert_null(run("filter[attributes..n]=1"));
    assert_null(run("filter[attributes[x]]=1"));
    assert_null(run("filter[attributes[1]=1"));
    assert_null(run("filter[attributes.n]=xx"));
}

static void
test_pages(void **state)
{
    json_t *body;

    (void)state;
    expect_ids("page[size]=2", "ab");
    expect_ids("page[size]=2&page[number]=1", "c");
    expect_ids("page[size]=2&page[number]=9", "");
    expect_ids("page[size]=3&page[number]=4", "abc");
    expect_ids("page[size]=1&page[number]=9223372036854775807", "");
    expect_ids("page[number]=1", "abc");
    assert_null(run("page[size]=0"));
    assert_null(run("page[size]=-1"));
    assert_null(run("page[size]=two"));
    assert_null(run("page[size]=1&page[number]=x"));
    assert_null(run("page[size]=99999999999999999999"));

    body = run("page[size]=1&page[number]=1&filter=/attributes/n=ge(1)");
    assert_int_equal(json_integer_value(admin_json_pointer(body, "/meta/total")), 3);
    expect_text(body, "/links/first",
                "http://h/v1/servers/?filter=%2Fattributes%2Fn%3Dge%281%29&page%5Bsize%5D=1&page%5B"
                "number%5D=0");
    json_decref(body);
    body = run("page[size]=1&page[number]=1");
    expect_text(body, "/links/self", "http://h/v1/servers/?page%5Bsize%5D=1&page%5Bnumber%5D=1");
    expect_text(body, "/links/last", "http://h/v1/servers/?page%5Bsize%5D=1&page%5Bnumber%5D=2");
    expect_text(body, "/links/next", "http://h/v1/servers/?page%5Bsize%5D=1&page%5Bnumber%5D=2");
    expect_text(body, "/links/prev", "http://h/v1/servers/?page%5Bsize%5D=1&page%5Bnumber%5D=0");
    json_decref(body);
    body = run("page[size]=1&page[number]=2");
    expect_text(body, "/links/next", NULL);
    json_decref(body);
    body = run("page[size]=1");
    expect_text(body, "/links/prev", NULL);
    json_decref(body);
}

static void
test_fields(void **state)
{
    json_t *body = run("fields[servers]=state,st/x");

    (void)state;
    expect_text(body, "/data/0/attributes/state", "Running");
    expect_text(body, "/data/0/id", "a");
    assert_int_equal(json_integer_value(admin_json_pointer(body, "/data/0/attributes/st/x")), 1);
    assert_null(admin_json_pointer(body, "/data/0/attributes/st/y"));
    assert_null(admin_json_pointer(body, "/data/0/attributes/n"));
    assert_null(admin_json_pointer(body, "/data/0/relationships"));
    assert_null(admin_json_pointer(body, "/data/1/attributes/st"));
    json_decref(body);
    body = run("fields[servers]=services");
    assert_non_null(admin_json_pointer(body, "/data/0/relationships/services"));
    assert_null(admin_json_pointer(body, "/data/0/attributes"));
    json_decref(body);
    body = run("fields[services]=state");
    assert_non_null(admin_json_pointer(body, "/data/0/attributes/n"));
    json_decref(body);
    body = run("fields[servers]=list/0/k,st,st/x,,/n");
    assert_null(admin_json_pointer(body, "/data/0/attributes/list"));
    assert_int_equal(json_integer_value(admin_json_pointer(body, "/data/0/attributes/n")), 1);
    assert_int_equal(json_integer_value(admin_json_pointer(body, "/data/0/attributes/st/y")), 2);
    json_decref(body);
}

static void
test_paths_do_not_explode(void **state)
{
    json_t *root = json_loads("[[[[[[1]]]]]]", 0, NULL);
    const char *why = NULL;
    json_t *found = admin_json_path(
        root,
        "[0,0,0,0,0,0,0,0,0,0][0,0,0,0,0,0,0,0,0,0][0,0,0,0,0,0,0,0,0,0][0,0,0,0,0,0,0,0,0,0]"
        "[0,0,0,0,0,0,0,0,0,0][0,0,0,0,0,0,0,0,0,0]",
        &why);

    (void)state;
    assert_non_null(found);
    assert_true(json_array_size(found) < 200000);
    json_decref(found);
    json_decref(root);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comparisons),
        cmocka_unit_test(test_combinations),
        cmocka_unit_test(test_bad_expressions_are_explained),
        cmocka_unit_test(test_deep_expressions_end),
        cmocka_unit_test(test_every_prefix_of_an_expression_is_an_error_or_fine),
        cmocka_unit_test(test_filter_by_pointer),
        cmocka_unit_test(test_filter_by_path),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_paths_do_not_explode),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
