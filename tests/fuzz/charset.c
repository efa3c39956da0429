/* Input: two bytes of a collation's number, one of characters wanted, then a name. Whatever it is,
 * names in UTF-8 have an end, are no longer than promised, and are cut between characters. */
#include "charset.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

static void
check_cut(const char *text, size_t count)
{
    size_t len = strlen(text);
    size_t cut = charset_utf8_cut(text, count);
    FUZZ_REQUIRE(cut <= len);
    FUZZ_REQUIRE(((uint8_t)text[cut] & 0xc0) != 0x80);
    FUZZ_REQUIRE(charset_utf8_cut(text, len + 1) == len);
}

/* As a login is kept: no more room than was asked for. */
static void
check_put(const char *charset, const uint8_t *name, size_t len, size_t chars_max)
{
    size_t room = charset_name_room(len);
    uint8_t *bytes = malloc(room);
    uint8_t *at = bytes;
    const char *as_sent = NULL;
    const char *utf8 = charset_put_name(&at, charset, name, len, chars_max, &as_sent);
    FUZZ_REQUIRE(at <= bytes + room);
    FUZZ_REQUIRE(memcmp(as_sent, name, len) == 0 && as_sent[len] == '\0');
    FUZZ_REQUIRE(charset_utf8_cut(utf8, chars_max) == strlen(utf8));
    free(bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3) {
        return 0;
    }
    const char *charset = charset_of((uint16_t)(data[0] | data[1] << 8));
    size_t len = size - 3;
    char *there = charset_to_utf8(charset, data + 3, len);
    (void)charset_is_wide(charset);
    check_put(charset, data + 3, len, data[2]);
    if (there == NULL) {
        return 0;
    }
    FUZZ_REQUIRE(strlen(there) <= len * CHARSET_GROWTH_MAX);
    check_cut(there, data[2]);
    char *back = charset_from_utf8(charset, there);
    if (back != NULL) {
        FUZZ_REQUIRE(strlen(back) <= strlen(there) * CHARSET_GROWTH_MAX);
    }
    free(back);
    free(there);
    return 0;
}
