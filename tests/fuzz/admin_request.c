/*
 * Input: method, blank, address with its query string, line feed, body. Runs the request through
 * the whole REST service over the registry of tests/unit/admin/fixture.c, as an administrator.
 * Whatever comes, the answer has a status, an error has a text, and what is printed is JSON.
 */
#include "admin/envelope.h"
#include "fixture.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct fixture fixture;
static char *bearer; /* a token is cheaper to check than a password */

static void
end_fixture(void)
{
    free(bearer);
    fixture_fini(&fixture);
}

static void
begin_fixture(void)
{
    char *token;

    fixture_init(&fixture);
    token =
        admin_token_issue(fixture.admin.tokens, "admin", ADMIN_ACCOUNT_ADMIN, time(NULL), 86400);
    bearer = mx_asprintf("Bearer %s", token);
    free(token);
    (void)atexit(end_fixture);
}

static void
check_answer(const struct admin_response *response)
{
    char *text = admin_body_print(response->body, true);

    FUZZ_REQUIRE(response->status >= 200 && response->status < 600);
    if (response->status >= 400) {
        FUZZ_REQUIRE(json_array_size(json_object_get(response->body, "errors")) > 0);
    }
    if (response->body != NULL) {
        FUZZ_REQUIRE(text != NULL);
        json_t *again = json_loads(text, JSON_DECODE_ANY, NULL);
        FUZZ_REQUIRE(again != NULL);
        json_decref(again);
    }
    free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct exchange exchange;
    struct admin_headers headers = {.host = "h"};
    char *input = mx_strndup((const char *)data, size);
    char *rest = input;
    const char *method = strsep(&rest, " ");
    const char *uri = strsep(&rest, "\n");

    if (bearer == NULL) {
        begin_fixture();
    }
    headers.authorization = bearer;
    fixture_serve(&fixture, &exchange, method, uri != NULL ? uri : "", rest, &headers);
    check_answer(&exchange.response);
    fixture_end(&exchange);
    free(input);
    return 0;
}
