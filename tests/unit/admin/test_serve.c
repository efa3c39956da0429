/* Whole requests against a fixed registry: status, headers, shapes. */
#include "admin/jsonpath.h"
#include "fixture.h"
#include "mx/log.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct fixture fixture;

static int
set_up(void **state)
{
    (void)state;
    fixture_init(&fixture);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    fixture_fini(&fixture);
    return 0;
}

static const char *
header_of(const struct exchange *exchange, const char *name)
{
    for (size_t i = 0; i < exchange->response.header_count; i++) {
        if (strcmp(exchange->response.headers[i].name, name) == 0) {
            return exchange->response.headers[i].value;
        }
    }
    return NULL;
}

static const char *
text_at(const struct exchange *exchange, const char *pointer)
{
    return json_string_value(admin_json_pointer(exchange->response.body, pointer));
}

/* The status, and that an error has an explanation. */
static void
expect(const char *method, const char *uri, const char *body, int status)
{
    struct exchange exchange;

    fixture_serve(&fixture, &exchange, method, uri, body, NULL);
    if (exchange.response.status != status) {
        print_error("%s %s: %d, expected %d\n", method, uri, exchange.response.status, status);
    }
    assert_int_equal(exchange.response.status, status);
    if (status >= 400) {
        assert_non_null(text_at(&exchange, "/errors/0/detail"));
        assert_true(strlen(text_at(&exchange, "/errors/0/detail")) > 0);
    }
    fixture_end(&exchange);
}

static void
test_every_object_can_be_read(void **state)
{
    static const char *const paths[] = {"/",
                                        "/v1",
                                        "/servers",
                                        "/servers/s1",
                                        "/servers/s1/relationships/services",
                                        "/servers/s1/relationships/monitors",
                                        "/services",
                                        "/services/RW",
                                        "/services/RW/listeners",
                                        "/services/RW/listeners/L",
                                        "/services/RW/relationships/servers",
                                        "/services/RW/relationships/filters",
                                        "/services/RW/relationships/listeners",
                                        "/listeners",
                                        "/listeners/L",
                                        "/listeners/L/relationships/services",
                                        "/monitors",
                                        "/monitors/M",
                                        "/monitors/M/relationships/servers",
                                        "/filters",
                                        "/filters/F",
                                        "/filters/F/relationships/services",
                                        "/sessions",
                                        "/maxscale",
                                        "/maxscale/logs",
                                        "/maxscale/threads",
                                        "/maxscale/memory",
                                        "/maxscale/modules",
                                        "/maxscale/modules/maxscale",
                                        "/maxscale/modules/servers",
                                        "/maxscale/query_classifier",
                                        "/maxscale/query_classifier/classify?sql=select%201",
                                        "/users",
                                        "/users/inet",
                                        "/users/inet/admin",
                                        "/users/unix",
                                        "/maxscale/debug/monitor_wait",
                                        "/maxscale/debug/termination_in_process"};

    (void)state;
    for (size_t i = 0; i < MX_COUNT(paths); i++) {
        expect("GET", paths[i], NULL, 200);
        expect("HEAD", paths[i], NULL, 200);
        expect("OPTIONS", paths[i], NULL, 200);
    }
}

static void
test_what_is_not_there_is_404(void **state)
{
    static const char *const paths[] = {"/nosuch",
                                        "/v2/servers",
                                        "/servers/nosuch",
                                        "/servers/s1/x",
                                        "/services/nosuch",
                                        "/services/RW/listeners/nosuch",
                                        "/services/Other/listeners/L",
                                        "/services/RW/relationships/monitors",
                                        "/services/RW/relationships/x",
                                        "/monitors/nosuch",
                                        "/filters/nosuch",
                                        "/listeners/nosuch",
                                        "/sessions/999",
                                        "/sessions/x",
                                        "/sessions/0",
                                        "/maxscale/threads/99",
                                        "/maxscale/threads/x",
                                        "/maxscale/modules/nosuch",
                                        "/users/inet/nosuch",
                                        "/servers/s2/relationships/monitors",
                                        "/1/2/3/4/5/6/7/8/9/10"};

    (void)state;
    for (size_t i = 0; i < MX_COUNT(paths); i++) {
        expect("GET", paths[i], NULL, 404);
    }
    expect("PATCH", "/servers/nosuch", "{}", 404);
    expect("PUT", "/servers/nosuch/set?state=drain", NULL, 404);
    expect("DELETE", "/sessions/12", NULL, 404);
}

static void
test_wrong_methods_are_405_with_allow(void **state)
{
    struct exchange exchange;

    (void)state;
    fixture_serve(&fixture, &exchange, "POST", "/servers/s1", "{}", NULL);
    assert_int_equal(exchange.response.status, 405);
    assert_string_equal(header_of(&exchange, "Allow"), "GET, HEAD, OPTIONS, PATCH");
    fixture_end(&exchange);
    expect("PUT", "/servers", NULL, 405);
    expect("TRACE", "/servers", NULL, 405);
    expect("DELETE", "/maxscale", NULL, 405);
    expect("GET", "/servers/s1/set", NULL, 405);
}

static void
test_options_name_all_methods(void **state)
{
    struct exchange exchange;

    (void)state;
    fixture_serve(&fixture, &exchange, "OPTIONS", "/users/inet/admin", NULL, NULL);
    assert_int_equal(exchange.response.status, 200);
    assert_string_equal(header_of(&exchange, "Allow"), "GET, HEAD, OPTIONS, PATCH, DELETE");
    assert_string_equal(header_of(&exchange, "Accept"), "GET, PATCH, DELETE");
    fixture_end(&exchange);
}

static void
test_what_comes_later_says_so(void **state)
{
    struct exchange exchange;

    (void)state;
    /* The request that ended the reference. */
    fixture_serve(&fixture, &exchange, "POST", "/v1/servers",
                  "{\"data\":{\"type\":\"servers\",\"attributes\":{\"parameters\":{\"address\":"
                  "\"127.0.0.1\"}}}}",
                  NULL);
    assert_int_equal(exchange.response.status, 501);
    assert_non_null(strstr(text_at(&exchange, "/errors/0/detail"), "restart"));
    fixture_end(&exchange);
    expect("DELETE", "/servers/s1", NULL, 501);
    expect("PATCH", "/servers/s1", "{\"data\":{\"relationships\":{\"services\":{\"data\":[]}}}}",
           501);
    expect("PATCH", "/servers/s1", "{}", 400);
    expect("PATCH", "/servers/s1", "{\"data\":{\"attributes\":{\"parameters\":7}}}", 400);
    expect("POST", "/listeners", "{\"data\":{\"id\":\"new\"}}", 400);
    expect("DELETE", "/services/RW", NULL, 501);
    expect("PATCH", "/services/RW/relationships/servers", "{}", 501);
}

static void
test_resource_has_the_shape(void **state)
{
    struct exchange exchange;

    (void)state;
    fixture_serve(&fixture, &exchange, "GET", "/servers/s1", NULL, NULL);
    assert_string_equal(text_at(&exchange, "/data/id"), "s1");
    assert_string_equal(text_at(&exchange, "/data/type"), "servers");
    assert_string_equal(text_at(&exchange, "/data/attributes/state"), "Master, Running");
    assert_string_equal(text_at(&exchange, "/data/links/self"), "http://h:1/v1/servers/s1/");
    assert_string_equal(text_at(&exchange, "/links/self"), "http://h:1/v1/servers/s1/");
    assert_string_equal(text_at(&exchange, "/data/relationships/services/data/0/id"), "RW");
    assert_string_equal(text_at(&exchange, "/data/relationships/services/links/self"),
                        "http://h:1/v1/servers/s1/relationships/services/");
    assert_string_equal(text_at(&exchange, "/data/relationships/monitors/data/0/type"), "monitors");
    assert_string_equal(text_at(&exchange, "/data/attributes/source/type"), "static");
    assert_int_equal(json_integer_value(admin_json_pointer(exchange.response.body,
                                                           "/data/attributes/parameters/port")),
                     3001);
    assert_non_null(header_of(&exchange, "ETag"));
    assert_non_null(header_of(&exchange, "Last-Modified"));
    fixture_end(&exchange);
    fixture_serve(&fixture, &exchange, "GET", "/listeners/L", NULL, NULL);
    assert_null(admin_json_pointer(exchange.response.body, "/data/links"));
    assert_string_equal(text_at(&exchange, "/data/attributes/state"), "Created");
    fixture_end(&exchange);
    fixture_serve(&fixture, &exchange, "GET", "/monitors/M", NULL, NULL);
    assert_string_equal(text_at(&exchange, "/data/attributes/state"), "Stopped");
    fixture_end(&exchange);
}

static void
test_who_may(void **state)
{
    struct exchange exchange;
    const struct admin_headers none = {.host = "h"};
    const struct admin_headers wrong = {.host = "h", .authorization = "Basic YWRtaW46eA=="};
    const struct admin_headers basic = {.host = "h", .authorization = RO_BASIC};
    const struct admin_headers ajax = {.host = "h", .requested_with = "XMLHttpRequest"};
    const struct admin_headers bearer = {.host = "h", .authorization = "Bearer a.b.c"};

    (void)state;
    fixture_serve(&fixture, &exchange, "GET", "/servers", NULL, &none);
    assert_int_equal(exchange.response.status, 401);
    assert_string_equal(text_at(&exchange, "/errors/0/detail"), "Access denied");
    assert_non_null(header_of(&exchange, "WWW-Authenticate"));
    fixture_end(&exchange);
    fixture_serve(&fixture, &exchange, "GET", "/nosuch", NULL, &wrong);
    assert_int_equal(exchange.response.status, 401);
    fixture_end(&exchange);
    fixture_serve(&fixture, &exchange, "GET", "/servers", NULL, &ajax);
    assert_int_equal(exchange.response.status, 401);
    assert_null(header_of(&exchange, "WWW-Authenticate"));
    fixture_end(&exchange);
    fixture_serve(&fixture, &exchange, "GET", "/servers", NULL, &bearer);
    assert_int_equal(exchange.response.status, 401);
    assert_null(header_of(&exchange, "WWW-Authenticate"));
    fixture_end(&exchange);
    fixture_serve(&fixture, &exchange, "GET", "/servers", NULL, &basic);
    assert_int_equal(exchange.response.status, 200);
    fixture_end(&exchange);
    fixture_serve(&fixture, &exchange, "PUT", "/servers/s1/set?state=maintenance", NULL, &basic);
    assert_int_equal(exchange.response.status, 403);
    assert_non_null(strstr(text_at(&exchange, "/errors/0/detail"), "'ro'"));
    fixture_end(&exchange);
}

static void
test_tokens_are_given_and_taken(void **state)
{
    struct exchange exchange;
    struct admin_headers bearer = {.host = "h"};
    struct admin_headers cookie = {.host = "h"};
    const struct admin_headers none = {.host = "h"};
    char *header;
    char *token;

    (void)state;
    fixture_serve(&fixture, &exchange, "GET", "/auth?max-age=60", NULL, NULL);
    assert_int_equal(exchange.response.status, 200);
    token = mx_strdup(text_at(&exchange, "/meta/token"));
    fixture_end(&exchange);
    header = mx_asprintf("Bearer %s", token);
    bearer.authorization = header;
    cookie.cookie_token = token;
    fixture_serve(&fixture, &exchange, "GET", "/servers", NULL, &bearer);
    assert_int_equal(exchange.response.status, 200);
    fixture_end(&exchange);
    fixture_serve(&fixture, &exchange, "GET", "/servers", NULL, &cookie);
    assert_int_equal(exchange.response.status, 200);
    fixture_end(&exchange);
    /* A token does not buy another one. */
    fixture_serve(&fixture, &exchange, "GET", "/auth", NULL, &bearer);
    assert_int_equal(exchange.response.status, 401);
    assert_null(header_of(&exchange, "WWW-Authenticate"));
    fixture_end(&exchange);
    fixture_serve(&fixture, &exchange, "GET", "/auth?persist=yes&max-age=60", NULL, NULL);
    assert_int_equal(exchange.response.status, 204);
    assert_memory_equal(header_of(&exchange, "Set-Cookie"), "token_sig=ey", 12);
    assert_non_null(strstr(header_of(&exchange, "Set-Cookie"),
                           "; Path=/; Max-Age=60; SameSite=Strict; HttpOnly"));
    fixture_end(&exchange);
    fixture_serve(&fixture, &exchange, "GET", "/auth?logout=yes", NULL, &none);
    assert_int_equal(exchange.response.status, 200);
    assert_non_null(strstr(header_of(&exchange, "Set-Cookie"), "Max-Age=0;"));
    fixture_end(&exchange);
    free(header);
    free(token);
}

static void
test_conditions(void **state)
{
    struct exchange exchange;
    struct admin_headers headers = {.authorization = ADMIN_BASIC, .host = "h"};
    char *etag;
    char *date;

    (void)state;
    fixture_serve(&fixture, &exchange, "GET", "/filters/F", NULL, &headers);
    etag = mx_strdup(header_of(&exchange, "ETag"));
    date = mx_strdup(header_of(&exchange, "Last-Modified"));
    fixture_end(&exchange);

    headers.if_none_match = etag;
    fixture_serve(&fixture, &exchange, "GET", "/filters/F", NULL, &headers);
    assert_int_equal(exchange.response.status, 304);
    assert_null(exchange.response.body);
    fixture_end(&exchange);
    headers.if_modified_since = "Fri, 01 Jan 2010 00:00:00 GMT";
    fixture_serve(&fixture, &exchange, "GET", "/filters/F", NULL, &headers);
    assert_int_equal(exchange.response.status, 200);
    assert_non_null(header_of(&exchange, "ETag"));
    fixture_end(&exchange);
    headers.if_modified_since = date;
    fixture_serve(&fixture, &exchange, "GET", "/filters/F", NULL, &headers);
    assert_int_equal(exchange.response.status, 304);
    fixture_end(&exchange);
    headers.if_none_match = NULL;
    headers.if_modified_since = NULL;
    headers.if_match = "\"12345\"";
    fixture_serve(&fixture, &exchange, "GET", "/filters/F", NULL, &headers);
    assert_int_equal(exchange.response.status, 412);
    fixture_end(&exchange);
    free(etag);
    free(date);
}

/* The reference looked at these headers after the change. */
static void
test_conditions_come_before_the_change(void **state)
{
    struct exchange exchange;
    enum admin_account account;
    struct admin_headers headers = {.authorization = ADMIN_BASIC, .host = "h", .if_match = "\"0\""};

    (void)state;
    fixture_serve(&fixture, &exchange, "DELETE", "/users/inet/ro", NULL, &headers);
    assert_int_equal(exchange.response.status, 412);
    assert_true(admin_users_find(fixture.admin.users, "ro", &account));
    fixture_end(&exchange);
    headers.if_match = NULL;
    headers.if_unmodified_since = "Fri, 01 Jan 2010 00:00:00 GMT";
    fixture_serve(&fixture, &exchange, "DELETE", "/users/inet/ro", NULL, &headers);
    assert_int_equal(exchange.response.status, 412);
    assert_true(admin_users_find(fixture.admin.users, "ro", &account));
    fixture_end(&exchange);
    headers.if_unmodified_since = NULL;
    headers.if_match = "*";
    fixture_serve(&fixture, &exchange, "PATCH", "/users/inet/ro",
                  "{\"data\":{\"attributes\":{\"password\":\"ropass\"}}}", &headers);
    assert_int_equal(exchange.response.status, 204);
    fixture_end(&exchange);
}

static void
test_users_through_rest(void **state)
{
    static const char *const bad[] = {
        "{}",
        "[]",
        "5",
        "{\"data\":{}}",
        "{\"data\":{\"id\":\"u\",\"type\":\"inet\",\"attributes\":{\"account\":\"basic\"}}}",
        "{\"data\":{\"id\":\"u\",\"type\":\"inet\",\"attributes\":{\"password\":\"x\"}}}",
        "{\"data\":{\"id\":5,\"type\":\"inet\",\"attributes\":{\"password\":\"x\",\"account\":"
        "\"basic\"}}}",
        "{\"data\":{\"id\":\"u\",\"type\":\"unix\",\"attributes\":{\"password\":\"x\",\"account\":"
        "\"basic\"}}}",
        "{\"data\":{\"id\":\"u\",\"type\":\"inet\",\"attributes\":{\"password\":\"x\",\"account\":"
        "\"king\"}}}",
        "{\"data\":{\"id\":\"ro\",\"type\":\"inet\",\"attributes\":{\"password\":\"x\",\"account\":"
        "\"basic\"}}}",
        "{bad json",
        "{\"data\":",
        "\xff\xfe"};

    (void)state;
    for (size_t i = 0; i < MX_COUNT(bad); i++) {
        expect("POST", "/users/inet", bad[i], 400);
    }
    expect("POST", "/users/inet", NULL, 400);
    expect("POST", "/users/unix", "{}", 400);
    expect("POST", "/users/inet",
           "{\"data\":{\"id\":\"bob\",\"type\":\"inet\",\"attributes\":{\"password\":\"x\","
           "\"account\":"
           "\"admin\"}}}",
           204);
    expect("GET", "/users/inet/bob", NULL, 200);
    expect("PATCH", "/users/inet/bob", "{\"data\":{\"attributes\":{}}}", 400);
    expect("DELETE", "/users/inet/bob", NULL, 204);
    expect("DELETE", "/users/inet/bob", NULL, 404);
    expect("DELETE", "/users/inet/admin", NULL, 400);
}

static void
test_bad_requests_are_explained(void **state)
{
    (void)state;
    expect("GET", "/servers?page[size]=x", NULL, 400);
    expect("GET", "/servers?filter=x", NULL, 400);
    expect("GET", "/servers/%zz", NULL, 400);
    expect("GET", "/servers/%ff", NULL, 400);
    expect("PUT", "/servers/s1/set", NULL, 400);
    expect("PUT", "/servers/s1/set?state=bogus", NULL, 400);
    expect("POST", "/maxscale/modules/maxscale/nosuch", NULL, 404);
    /* The main thread does not run here. */
    expect("PUT", "/servers/s2/set?state=maintenance", NULL, 503);
}

static void
test_method_override(void **state)
{
    struct exchange exchange;
    const struct admin_headers headers = {
        .authorization = ADMIN_BASIC, .host = "h", .method_override = "DELETE"};

    (void)state;
    fixture_serve(&fixture, &exchange, "POST", "/maxscale", NULL, &headers);
    assert_int_equal(exchange.response.status, 405);
    assert_non_null(strstr(text_at(&exchange, "/errors/0/detail"), "DELETE"));
    fixture_end(&exchange);
}

static void
test_route_table_is_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < admin_route_count; i++) {
        const struct admin_route *route = &admin_routes[i];
        size_t len = strlen(route->doc);
        assert_true(route->path[0] == '/');
        assert_true((route->handler == NULL) == ((route->flags & ADMIN_ROUTE_LATER) != 0));
        assert_true(len > 1 && route->doc[len - 1] == '.');
        for (size_t k = 0; k < i; k++) {
            assert_false(admin_routes[k].method == route->method &&
                         strcmp(admin_routes[k].path, route->path) == 0);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_route_table_is_sound),
        cmocka_unit_test(test_every_object_can_be_read),
        cmocka_unit_test(test_what_is_not_there_is_404),
        cmocka_unit_test(test_wrong_methods_are_405_with_allow),
        cmocka_unit_test(test_options_name_all_methods),
        cmocka_unit_test(test_what_comes_later_says_so),
        cmocka_unit_test(test_resource_has_the_shape),
        cmocka_unit_test(test_who_may),
        cmocka_unit_test(test_tokens_are_given_and_taken),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_conditions_come_before_the_change),
        cmocka_unit_test(test_users_through_rest),
        cmocka_unit_test(test_bad_requests_are_explained),
        cmocka_unit_test(test_method_override),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
