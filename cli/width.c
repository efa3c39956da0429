/* Display width of UTF-8 text. */
#include "width.h"

#include "width_ranges.h"

static bool
is_in(const struct range *ranges, size_t count, uint32_t code)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (code > ranges[mid].last) {
            low = mid + 1;
        } else if (code < ranges[mid].first) {
            high = mid;
        } else {
            return true;
        }
    }
    return false;
}

static size_t
code_width(uint32_t code)
{
    if (code < 0x300) {
        return 1;
    }
    if (is_in(zero_width, MX_COUNT(zero_width), code)) {
        return 0;
    }
    return is_in(double_width, MX_COUNT(double_width), code) ? 2 : 1;
}

size_t
cli_utf8_next(const char *bytes, size_t len, uint32_t *out_code, bool *out_ok)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)bytes[0];
    *out_ok = true;
    if (first < 0x80) {
        *out_code = first;
        return 1;
    }
    size_t need = first >= 0xf0 && first < 0xf8 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
    if (need != 0 && first < 0xf8 && need <= len) {
        uint32_t code = first & (0xffu >> (need + 1));
        size_t i = 1;
        while (i < need && ((unsigned char)bytes[i] & 0xc0) == 0x80) {
            code = code << 6 | ((unsigned char)bytes[i] & 0x3fu);
            i++;
        }
        bool surrogate = code >= 0xd800 && code <= 0xdfff;
        if (i == need && code >= smallest[need] && code <= 0x10ffff && !surrogate) {
            *out_code = code;
            return need;
        }
    }
    *out_ok = false;
    *out_code = 0xfffd;
    return 1;
}

size_t
cli_width(const char *bytes, size_t len)
{
    size_t width = 0;
    size_t pos = 0;
    while (pos < len) {
        uint32_t code;
        bool ok;
        pos += cli_utf8_next(bytes + pos, len - pos, &code, &ok);
        width += code_width(code);
    }
    return width;
}

size_t
cli_width_prefix(const char *bytes, size_t len, size_t columns)
{
    size_t width = 0;
    size_t pos = 0;
    while (pos < len) {
        uint32_t code;
        bool ok;
        size_t used = cli_utf8_next(bytes + pos, len - pos, &code, &ok);
        width += code_width(code);
        if (width > columns) {
            break;
        }
        pos += used;
    }
    return pos;
}
