/* Input: a server's request for a ticket; the name in it is also taken as a client's. */
#include "fuzz.h"
#include "names.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char principal[NAMES_PRINCIPAL_MAX + 1];
    char again[NAMES_PRINCIPAL_MAX + 1];
    struct mx_buf out = {0};
    if (names_take_request(data, size, principal) != 0) {
        return 0;
    }
    FUZZ_REQUIRE(strlen(principal) > 0 && memcmp(principal, data, strlen(principal)) == 0);
    FUZZ_REQUIRE(names_put_request(&out, principal) == 0);
    FUZZ_REQUIRE(names_take_request(out.bytes, out.len, again) == 0);
    FUZZ_REQUIRE(strcmp(principal, again) == 0);
    FUZZ_REQUIRE(names_same_principal(principal, again));
    FUZZ_REQUIRE(names_match(principal, again, ""));
    (void)names_match(principal, "", "anna");
    (void)names_same_principal(principal, "mariadb/db@REALM");
    mx_buf_free(&out);
    return 0;
}
