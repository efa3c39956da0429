/*
 * Quick searches over raw bytes, sixteen at a time where the processor can. All take [pos, end)
 * and never read outside it.
 */
#ifndef SQL_SCAN_H
#define SQL_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>

/* First byte that is `a` or `b`, or end. */
static inline const char *
scan_two(const char *pos, const char *end, char a, char b)
{
    const __m128i va = _mm_set1_epi8(a);
    const __m128i vb = _mm_set1_epi8(b);
    while (end - pos >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)pos);
        __m128i hits = _mm_or_si128(_mm_cmpeq_epi8(bytes, va), _mm_cmpeq_epi8(bytes, vb));
        unsigned mask = (unsigned)_mm_movemask_epi8(hits);
        if (mask != 0) {
            return pos + __builtin_ctz(mask);
        }
        pos += 16;
    }
    while (pos < end && *pos != a && *pos != b) {
        pos++;
    }
    return pos;
}

/* First byte that is not a digit, white space, or one of ( ) * + , . -- see scan_plain_tail. */
static inline const char *
scan_plain_blocks(const char *pos, const char *end)
{
    while (end - pos >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)pos);
        /* '*' .. '9' without '-' and '/': one unsigned range test and two exceptions */
        __m128i low = _mm_sub_epi8(bytes, _mm_set1_epi8('*'));
        __m128i in_range = _mm_cmpeq_epi8(_mm_min_epu8(low, _mm_set1_epi8('9' - '*')), low);
        __m128i odd = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')),
                                   _mm_cmpeq_epi8(bytes, _mm_set1_epi8('/')));
        __m128i space = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(' ')),
                                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')));
        __m128i plain = _mm_or_si128(_mm_andnot_si128(odd, in_range), space);
        unsigned mask = (unsigned)_mm_movemask_epi8(plain) ^ 0xffffu;
        if (mask != 0) {
            return pos + __builtin_ctz(mask);
        }
        pos += 16;
    }
    return pos;
}
#else
static inline const char *
scan_two(const char *pos, const char *end, char a, char b)
{
    while (pos < end && *pos != a && *pos != b) {
        pos++;
    }
    return pos;
}

static inline const char *
scan_plain_blocks(const char *pos, const char *end)
{
    (void)end;
    return pos;
}
#endif

static inline bool
scan_is_plain(char c)
{
    return (c >= '0' && c <= '9') || c == ',' || c == ' ' || c == '.' || c == '\n' || c == '+' ||
           c == '*';
}

/* First byte that is no digit, blank, new line, comma, dot, plus or star. */
static inline const char *
scan_plain(const char *pos, const char *end)
{
    pos = scan_plain_blocks(pos, end);
    while (pos < end && scan_is_plain(*pos)) {
        pos++;
    }
    return pos;
}

static inline bool
scan_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool
scan_is_name_byte(char c)
{
    unsigned char u = (unsigned char)c;
    return (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') || (u >= '0' && u <= '9') || u == '_' ||
           u == '$' || u >= 0x80;
}

/* Length of the character at pos in a client charset whose second bytes may look like ASCII. */
static inline int
scan_mb_len(const char *pos, const char *end, uint32_t charset)
{
    unsigned char lead = (unsigned char)pos[0];
    if (lead < 0x81 || end - pos < 2) {
        return 1;
    }
    unsigned char trail = (unsigned char)pos[1];
    bool is_lead = false;
    bool is_trail = false;
    switch (charset) {
    case 1: /* gbk */
        is_lead = lead <= 0xfe;
        is_trail = (trail >= 0x40 && trail <= 0x7e) || (trail >= 0x80 && trail <= 0xfe);
        break;
    case 2: /* sjis, cp932 */
        is_lead = lead <= 0x9f || (lead >= 0xe0 && lead <= 0xfc);
        is_trail = (trail >= 0x40 && trail <= 0x7e) || (trail >= 0x80 && trail <= 0xfc);
        break;
    case 3: /* big5 */
        is_lead = lead >= 0xa1 && lead <= 0xf9;
        is_trail = (trail >= 0x40 && trail <= 0x7e) || (trail >= 0xa1 && trail <= 0xfe);
        break;
    default:
        break;
    }
    return is_lead && is_trail ? 2 : 1;
}

/*
 * pos is behind the opening quote: returns the closing quote, or end when there is none. A doubled
 * quote is one character of the text; so is backslash and the next character when `escapes`.
 */
const char *scan_quoted(const char *pos, const char *end, char quote, bool escapes,
                        uint32_t charset);

/* Behind the closing star and slash of a comment that began before pos; end when unterminated. */
const char *scan_comment_end(const char *pos, const char *end, bool *out_closed);

#endif
