/* UTF-8 checks after the table of well-formed byte sequences in the Unicode standard (3-7). */
#include "base/utf8.h"

static bool
is_between(uint8_t byte, uint8_t low, uint8_t high)
{
    return byte >= low && byte <= high;
}

static size_t
char_len_2(const uint8_t *b, size_t len)
{
    return len >= 2 && is_between(b[1], 0x80, 0xbf) ? 2 : 0;
}

static size_t
char_len_3(const uint8_t *b, size_t len)
{
    uint8_t low = b[0] == 0xe0 ? 0xa0 : 0x80;
    uint8_t high = b[0] == 0xed ? 0x9f : 0xbf;
    return len >= 3 && is_between(b[1], low, high) && is_between(b[2], 0x80, 0xbf) ? 3 : 0;
}

static size_t
char_len_4(const uint8_t *b, size_t len)
{
    uint8_t low = b[0] == 0xf0 ? 0x90 : 0x80;
    uint8_t high = b[0] == 0xf4 ? 0x8f : 0xbf;
    return len >= 4 && is_between(b[1], low, high) && is_between(b[2], 0x80, 0xbf) &&
                   is_between(b[3], 0x80, 0xbf)
               ? 4
               : 0;
}

size_t
base_utf8_char_len(const uint8_t *bytes, size_t len)
{
    if (len == 0) {
        return 0;
    }
    uint8_t first = bytes[0];
    if (first < 0x80) {
        return 1;
    }
    if (is_between(first, 0xc2, 0xdf)) {
        return char_len_2(bytes, len);
    }
    if (is_between(first, 0xe0, 0xef)) {
        return char_len_3(bytes, len);
    }
    if (is_between(first, 0xf0, 0xf4)) {
        return char_len_4(bytes, len);
    }
    return 0;
}

size_t
base_utf8_valid_len(const void *bytes, size_t len)
{
    const uint8_t *b = bytes;
    size_t at = 0;
    while (at < len) {
        size_t step = base_utf8_char_len(b + at, len - at);
        if (step == 0) {
            break;
        }
        at += step;
    }
    return at;
}

bool
base_utf8_is_valid(const void *bytes, size_t len)
{
    return base_utf8_valid_len(bytes, len) == len;
}

size_t
base_utf8_count(const void *bytes, size_t len)
{
    const uint8_t *b = bytes;
    size_t count = 0;
    for (size_t at = 0; at < len; count++) {
        size_t step = base_utf8_char_len(b + at, len - at);
        at += step > 0 ? step : 1;
    }
    return count;
}
