/*
 * Lookup of words without regard to case: keywords, and the functions a server has built in.
 * The tables are made by gen_words.py from words.txt and functions.txt.
 */
#ifndef SQL_WORD_H
#define SQL_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "sql/sql_keyword.h"

enum {
    SQL_WORD_BITS = 11,
    SQL_WORD_SLOTS = 1 << SQL_WORD_BITS
};

/* What calling a function means for routing. FN_NONE: not built in, so it may write. */
enum sql_function_class {
    FN_NONE = 0,
    FN_READ,        /* reads only, from any server */
    FN_MASTER_READ, /* LAST_INSERT_ID and its like */
    FN_LAST_SERVER, /* asks about the statement before */
    FN_LOCK,        /* takes a lock that belongs to one server's session */
    FN_UNLOCK,
    FN_SEQUENCE, /* advances or sets a sequence; the argument is its name */
    FN_KEPT,     /* reads only, but goes to the primary all the same */
    FN_WRITE,    /* built in, with an effect or an answer only the primary has */
};

enum {
    SQL_WORD_TEXT = 36
};

struct sql_word {
    unsigned char text[SQL_WORD_TEXT]; /* every byte with bit 0x20 set */
    uint16_t len;                      /* 0: free slot */
    uint16_t value;
};

/* Classes of bytes, by which the lexer's quick path goes. */
enum {
    SQL_BYTE_NAME = 1, /* ASCII that may be inside a name */
    SQL_BYTE_DIGIT = 2,
    SQL_BYTE_START = 4, /* begins a word of ASCII letters */
    SQL_BYTE_SOLO = 8,  /* a token by itself, whatever follows */
    SQL_BYTE_SPACE = 16,
    SQL_BYTE_WIDE = 32, /* part of a character of more than one byte */
};
extern const unsigned char sql_bytes[256];

extern const struct sql_word sql_words[SQL_WORD_SLOTS];
extern const struct sql_word sql_functions[SQL_WORD_SLOTS];

/* The same computation as slot() in gen_words.py. */
static inline uint32_t
sql_word_slot(const unsigned char *text, size_t len)
{
    uint32_t h = (uint32_t)len | (uint32_t)(text[0] | 0x20) << 8 |
                 (uint32_t)(text[len / 2] | 0x20) << 16 | (uint32_t)(text[len - 1] | 0x20) << 24;
    h ^= (text[len / 4] | 0x20u) * 0x10101u;
    return (h * 0x9E3779B1u) >> (32 - SQL_WORD_BITS);
}

static inline uint64_t
sql_word_load(const unsigned char *bytes, size_t len)
{
    uint64_t value = 0;
    memcpy(&value, bytes, len);
    return value;
}

/* Equal but for case; eight bytes at a time, the last ones overlapping. */
static inline bool
sql_word_equal(const unsigned char *bytes, const unsigned char *word, size_t len)
{
    const uint64_t fold = 0x2020202020202020u;
    if (len >= 8) {
        size_t at = 0;
        while (len - at >= 8) {
            if ((sql_word_load(bytes + at, 8) | fold) != sql_word_load(word + at, 8)) {
                return false;
            }
            at += 8;
        }
        return (sql_word_load(bytes + len - 8, 8) | fold) == sql_word_load(word + len - 8, 8);
    }
    if (len >= 4) {
        const uint64_t half = fold >> 32;
        return (sql_word_load(bytes, 4) | half) == sql_word_load(word, 4) &&
               (sql_word_load(bytes + len - 4, 4) | half) == sql_word_load(word + len - 4, 4);
    }
    for (size_t i = 0; i < len; i++) {
        if ((bytes[i] | 0x20) != word[i]) {
            return false;
        }
    }
    return true;
}

/* The entry for text[0..len), len > 0, or NULL. */
static inline const struct sql_word *
sql_word_find(const struct sql_word *table, const char *text, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)text;
    uint32_t at = sql_word_slot(bytes, len);
    while (table[at].len != 0) {
        if (table[at].len == len && sql_word_equal(bytes, table[at].text, len)) {
            return &table[at];
        }
        at = (at + 1) & (SQL_WORD_SLOTS - 1);
    }
    return NULL;
}

#endif
