/* See charset.h. */
#include "charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#define NAME_CONVERT_MAX 1024u /* bytes; no name is longer, and nobody has said yet who he is */

/* The same collations without padding have numbers of their own. */
#define NO_PAD 1024

/* information_schema.collations, in their order; the last ones are those of MariaDB 10.10 and
 * later. */
static const struct {
    uint16_t from;
    uint16_t to;
    const char *charset;
} collations[] = {
    {1, 1, "big5"},        {2, 2, "latin2"},        {3, 3, "dec8"},          {4, 4, "cp850"},
    {5, 5, "latin1"},      {6, 6, "hp8"},           {7, 7, "koi8r"},         {8, 8, "latin1"},
    {9, 9, "latin2"},      {10, 10, "swe7"},        {11, 11, "ascii"},       {12, 12, "ujis"},
    {13, 13, "sjis"},      {14, 14, "cp1251"},      {15, 15, "latin1"},      {16, 16, "hebrew"},
    {18, 18, "tis620"},    {19, 19, "euckr"},       {20, 20, "latin7"},      {21, 21, "latin2"},
    {22, 22, "koi8u"},     {23, 23, "cp1251"},      {24, 24, "gb2312"},      {25, 25, "greek"},
    {26, 26, "cp1250"},    {27, 27, "latin2"},      {28, 28, "gbk"},         {29, 29, "cp1257"},
    {30, 30, "latin5"},    {31, 31, "latin1"},      {32, 32, "armscii8"},    {33, 33, "utf8mb3"},
    {34, 34, "cp1250"},    {35, 35, "ucs2"},        {36, 36, "cp866"},       {37, 37, "keybcs2"},
    {38, 38, "macce"},     {39, 39, "macroman"},    {40, 40, "cp852"},       {41, 42, "latin7"},
    {43, 43, "macce"},     {44, 44, "cp1250"},      {45, 46, "utf8mb4"},     {47, 49, "latin1"},
    {50, 52, "cp1251"},    {53, 53, "macroman"},    {54, 55, "utf16"},       {56, 56, "utf16le"},
    {57, 57, "cp1256"},    {58, 59, "cp1257"},      {60, 61, "utf32"},       {62, 62, "utf16le"},
    {63, 63, "binary"},    {64, 64, "armscii8"},    {65, 65, "ascii"},       {66, 66, "cp1250"},
    {67, 67, "cp1256"},    {68, 68, "cp866"},       {69, 69, "dec8"},        {70, 70, "greek"},
    {71, 71, "hebrew"},    {72, 72, "hp8"},         {73, 73, "keybcs2"},     {74, 74, "koi8r"},
    {75, 75, "koi8u"},     {76, 76, "utf8mb3"},     {77, 77, "latin2"},      {78, 78, "latin5"},
    {79, 79, "latin7"},    {80, 80, "cp850"},       {81, 81, "cp852"},       {82, 82, "swe7"},
    {83, 83, "utf8mb3"},   {84, 84, "big5"},        {85, 85, "euckr"},       {86, 86, "gb2312"},
    {87, 87, "gbk"},       {88, 88, "sjis"},        {89, 89, "tis620"},      {90, 90, "ucs2"},
    {91, 91, "ujis"},      {92, 93, "geostd8"},     {94, 94, "latin1"},      {95, 96, "cp932"},
    {97, 98, "eucjpms"},   {99, 99, "cp1250"},      {101, 124, "utf16"},     {128, 151, "ucs2"},
    {159, 159, "ucs2"},    {160, 183, "utf32"},     {192, 223, "utf8mb3"},   {224, 247, "utf8mb4"},
    {576, 578, "utf8mb3"}, {608, 610, "utf8mb4"},   {640, 642, "ucs2"},      {672, 674, "utf16"},
    {736, 738, "utf32"},   {2048, 2303, "utf8mb3"}, {2304, 2559, "utf8mb4"}, {2560, 2815, "ucs2"},
    {2816, 3071, "utf16"}, {3072, 3327, "utf32"},
};

/* What the C library calls them; those that are missing it does not have. */
static const struct {
    const char *charset;
    const char *name;
} names[] = {
    {"armscii8", "ARMSCII-8"},
    {"ascii", "ASCII"},
    {"big5", "BIG5"},
    {"cp1250", "CP1250"},
    {"cp1251", "CP1251"},
    {"cp1256", "CP1256"},
    {"cp1257", "CP1257"},
    {"cp850", "CP850"},
    {"cp852", "CP852"},
    {"cp866", "CP866"},
    {"cp932", "CP932"},
    {"eucjpms", "EUC-JP-MS"},
    {"euckr", "EUC-KR"},
    {"gb2312", "GB2312"},
    {"gbk", "GBK"},
    {"greek", "ISO-8859-7"},
    {"hebrew", "ISO-8859-8"},
    {"hp8", "HP-ROMAN8"},
    {"koi8r", "KOI8-R"},
    {"koi8u", "KOI8-U"},
    {"latin1", "CP1252"},
    {"latin2", "ISO-8859-2"},
    {"latin5", "ISO-8859-9"},
    {"latin7", "ISO-8859-13"},
    {"macce", "MAC-CENTRALEUROPE"},
    {"macroman", "MACINTOSH"},
    {"sjis", "SJIS"},
    {"tis620", "TIS-620"},
    {"ujis", "EUC-JP"},
    {"utf8mb3", "UTF-8"},
    {"utf8mb4", "UTF-8"},
};

const char *
charset_of(uint16_t collation)
{
    uint16_t id =
        collation >= NO_PAD && collation < 2 * NO_PAD ? (uint16_t)(collation - NO_PAD) : collation;
    size_t first = 0;
    size_t end = MX_COUNT(collations);
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (id > collations[middle].to) {
            first = middle + 1;
        } else if (id < collations[middle].from) {
            end = middle;
        } else {
            return collations[middle].charset;
        }
    }
    return NULL;
}

bool
charset_is_wide(const char *charset)
{
    return charset != NULL && (strcmp(charset, "ucs2") == 0 || strncmp(charset, "utf16", 5) == 0 ||
                               strcmp(charset, "utf32") == 0);
}

static const char *
library_name(const char *charset)
{
    for (size_t i = 0; charset != NULL && i < MX_COUNT(names); i++) {
        if (strcmp(names[i].charset, charset) == 0) {
            return names[i].name;
        }
    }
    return NULL;
}

bool
charset_is_ascii(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((uint8_t)text[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

/* Bytes up to the next character, which could not be converted. */
static size_t
skip_size(const char *from, const char *text, size_t left)
{
    size_t size = 1;
    if (strcmp(from, "UTF-8") == 0 && errno == EILSEQ) {
        /* Whole characters that the other side lacks; bytes that are no character are one each. */
        uint8_t first = (uint8_t)text[0];
        size_t want = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1;
        while (size < want && size < left && ((uint8_t)text[size] & 0xc0) == 0x80) {
            size++;
        }
        size = size == want ? want : 1;
    }
    return size;
}

static char *
convert(const char *to, const char *from, const char *text, size_t len)
{
    if (to == NULL || from == NULL) {
        return NULL;
    }
    iconv_t way = iconv_open(to, from);
    if (way == (iconv_t)-1) {
        return NULL;
    }
    char *in = mx_alloc(len); /* iconv() wants what it may change, and changes nothing */
    memcpy(in, text, len);
    char *out = mx_alloc(len * CHARSET_GROWTH_MAX + 1);
    char *at = in;
    char *end = out;
    size_t left = len;
    size_t room = len * CHARSET_GROWTH_MAX;
    while (left > 0 && iconv(way, &at, &left, &end, &room) == (size_t)-1) {
        size_t skip = skip_size(from, at, left);
        at += skip;
        left -= skip;
        *end++ = '?';
        room--;
    }
    *end = '\0';
    (void)iconv_close(way);
    free(in);
    return out;
}

char *
charset_to_utf8(const char *charset, const void *text, size_t len)
{
    return charset_is_ascii(text, len) ? NULL : convert("UTF-8", library_name(charset), text, len);
}

char *
charset_from_utf8(const char *charset, const char *text)
{
    size_t len = strlen(text);
    return charset_is_ascii(text, len) ? NULL : convert(library_name(charset), "UTF-8", text, len);
}

size_t
charset_utf8_cut(const char *text, size_t count)
{
    size_t len = 0;
    for (size_t seen = 0; text[len] != '\0'; len++) {
        if (((uint8_t)text[len] & 0xc0) != 0x80 && seen++ == count) {
            break;
        }
    }
    return len;
}

const char *
charset_put_text(uint8_t **at, const void *text, size_t len)
{
    char *out = (char *)*at;
    if (len > 0) {
        memcpy(out, text, len);
    }
    out[len] = '\0';
    *at += len + 1;
    return out;
}

/* What cannot be converted may be as long as it was sent, even cut. */
size_t
charset_name_room(size_t len)
{
    size_t converted = mx_min_size(len, NAME_CONVERT_MAX) * CHARSET_GROWTH_MAX;
    return len + 1 + mx_max_size(len, converted) + 1;
}

const char *
charset_put_name(uint8_t **at, const char *charset, const void *name, size_t len, size_t chars_max,
                 const char **out_as_sent)
{
    *out_as_sent = charset_put_text(at, name, len);
    char *utf8 = charset_to_utf8(charset, name, mx_min_size(len, NAME_CONVERT_MAX));
    const char *whole = utf8 != NULL ? utf8 : *out_as_sent;
    size_t cut = charset_utf8_cut(whole, chars_max);
    bool is_same = utf8 == NULL && whole[cut] == '\0';
    const char *out = is_same ? whole : charset_put_text(at, whole, cut);
    free(utf8);
    return out;
}
