/* Quoted text and comments: the searches that are too long to inline. */
#include "sql/scan.h"

static const char *
quoted_mb(const char *pos, const char *end, char quote, bool escapes, uint32_t charset)
{
    while (pos < end) {
        int len = scan_mb_len(pos, end, charset);
        if (len > 1) {
            pos += len;
        } else if (*pos == '\\' && escapes) {
            pos += end - pos > 1 ? 2 : 1;
        } else if (*pos == quote) {
            if (end - pos < 2 || pos[1] != quote) {
                return pos;
            }
            pos += 2;
        } else {
            pos++;
        }
    }
    return end;
}

const char *
scan_quoted(const char *pos, const char *end, char quote, bool escapes, uint32_t charset)
{
    if (charset != 0) {
        return quoted_mb(pos, end, quote, escapes, charset);
    }
    char other = quote;
    if (escapes) {
        other = '\\';
    }
    for (;;) {
        pos = scan_two(pos, end, quote, other);
        if (pos == end) {
            return end;
        }
        if (*pos == quote) {
            if (end - pos < 2 || pos[1] != quote) {
                return pos;
            }
        } else if (end - pos < 2) {
            return end;
        }
        pos += 2;
    }
}

const char *
scan_comment_end(const char *pos, const char *end, bool *out_closed)
{
    while (pos < end) {
        const char *star = memchr(pos, '*', (size_t)(end - pos));
        if (star == NULL || end - star < 2) {
            break;
        }
        if (star[1] == '/') {
            *out_closed = true;
            return star + 2;
        }
        pos = star + 1;
    }
    *out_closed = false;
    return end;
}
