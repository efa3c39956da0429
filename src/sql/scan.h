/*
 * Quick searches over raw bytes, sixteen at a time where the processor can. All take [pos, end)
 * and never read outside it.
 */
#ifndef SQL_SCAN_H
#define SQL_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline bool
scan_is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* First byte that is no ASCII letter, digit or underscore, or end. */
static inline const char *
scan_word(const char *pos, const char *end)
{
    while (pos < end && scan_is_word_byte(*pos)) {
        pos++;
    }
    return pos;
}

struct scan_head {
    uint64_t bytes;
    uint32_t len;
};

/* SCAN_PORTABLE: without, for tests. */
#if defined(__SSE2__) && !defined(SCAN_PORTABLE)
#define SCAN_SIMD 1
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

/*
 * Bit by bit which of sixteen bytes are no ASCII letter, digit or underscore, and bit 16 behind
 * them; *out_low is the bytes with bit 0x20 set.
 */
static inline unsigned
scan_word_ends(__m128i bytes, __m128i *out_low)
{
    /* moved so that the last of the range is 127: one signed comparison tests both ends */
    *out_low = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    __m128i letters =
        _mm_cmpgt_epi8(_mm_add_epi8(*out_low, _mm_set1_epi8(127 - 'z')), _mm_set1_epi8(127 - 26));
    __m128i digits =
        _mm_cmpgt_epi8(_mm_add_epi8(bytes, _mm_set1_epi8(127 - '9')), _mm_set1_epi8(127 - 10));
    __m128i word =
        _mm_or_si128(_mm_or_si128(letters, digits), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('_')));
    return (unsigned)_mm_movemask_epi8(word) ^ 0x1ffffu;
}

/* As scan_word(), for words that may be very long. */
static inline const char *
scan_long_word(const char *pos, const char *end)
{
    while (end - pos >= 16) {
        __m128i low;
        unsigned ends = scan_word_ends(_mm_loadu_si128((const __m128i *)(const void *)pos), &low);
        unsigned len = (unsigned)__builtin_ctz(ends);
        pos += len;
        if (len < 16) {
            return pos;
        }
    }
    return scan_word(pos, end);
}

/*
 * A word's first eight bytes, little-endian, with bit 0x20 set (what is behind the word is not
 * zero), and its length, or one above eight when it is longer; false when the text is too short.
 */
static inline bool
scan_head(const char *base, const char *pos, const char *end, struct scan_head *out)
{
    __m128i low;
    if (end - pos >= 16) {
        unsigned ends = scan_word_ends(_mm_loadu_si128((const __m128i *)(const void *)pos), &low);
        out->bytes = (uint64_t)_mm_cvtsi128_si64(low);
        out->len = (uint32_t)__builtin_ctz(ends);
        return true;
    }
    if (end - base < 16) {
        return false;
    }
    /* The last bytes of the text together with those before them. */
    const char *from = end - 16;
    unsigned ends = scan_word_ends(_mm_loadu_si128((const __m128i *)(const void *)from), &low);
    unsigned skip = (unsigned)(pos - from);
    uint64_t first = (uint64_t)_mm_cvtsi128_si64(low);
    uint64_t last = (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(low, low));
    if (skip < 8) { /* the text is at least one byte behind `from` */
        out->bytes = first >> (8 * skip) | last << (8 * (8 - skip));
    } else {
        out->bytes = last >> (8 * (skip - 8));
    }
    out->len = (uint32_t)__builtin_ctz(ends >> skip);
    return true;
}

#else
static inline const char *
scan_long_word(const char *pos, const char *end)
{
    return scan_word(pos, end);
}

static inline bool
scan_head(const char *base, const char *pos, const char *end, struct scan_head *out)
{
    (void)base;
    const char *stop = scan_word(pos, end);
    size_t len = (size_t)(stop - pos);
    if (len > 8) {
        return false;
    }
    out->len = (uint32_t)len;
    out->bytes = 0;
    for (size_t i = 0; i < len; i++) {
        out->bytes |= (uint64_t)((unsigned char)pos[i] | 0x20u) << (8 * i);
    }
    return true;
}

static inline const char *
scan_two(const char *pos, const char *end, char a, char b)
{
    while (pos < end && *pos != a && *pos != b) {
        pos++;
    }
    return pos;
}

#endif

static inline bool
scan_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool
scan_is_name_byte(char c)
{
    return scan_is_word_byte(c) || c == '$' || (unsigned char)c >= 0x80;
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
