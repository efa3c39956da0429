/*
 * Lookup of words without regard to case: keywords, and the functions a server has built in.
 * The tables are made by gen_words.py from words.txt and functions.txt.
 */
#ifndef SQL_WORD_H
#define SQL_WORD_H

#include <stddef.h>
#include <stdint.h>

#include "sql_keyword.h"

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

struct sql_word {
    const char *text; /* every byte with bit 0x20 set; NULL: free slot */
    uint16_t len;
    uint16_t value;
};

extern const struct sql_word sql_words[SQL_WORD_SLOTS];
extern const struct sql_word sql_functions[SQL_WORD_SLOTS];

static inline uint32_t
sql_word_slot(const unsigned char *text, size_t len)
{
    uint32_t h = (uint32_t)len;
    h = h * 31 + (text[0] | 0x20u);
    h = h * 31 + (text[len / 2] | 0x20u);
    h = h * 31 + (text[len - 1] | 0x20u);
    h = h * 31 + (text[len / 4] | 0x20u);
    h = h * 31 + (text[len * 3 / 4] | 0x20u);
    return (h * 0x9E3779B1u) >> (32 - SQL_WORD_BITS);
}

/* The entry for text[0..len), len > 0, or NULL. */
static inline const struct sql_word *
sql_word_find(const struct sql_word *table, const char *text, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)text;
    uint32_t at = sql_word_slot(bytes, len);
    while (table[at].text != NULL) {
        if (table[at].len == len) {
            const unsigned char *word = (const unsigned char *)table[at].text;
            size_t i = 0;
            while (i < len && (bytes[i] | 0x20u) == word[i]) {
                i++;
            }
            if (i == len) {
                return &table[at];
            }
        }
        at = (at + 1) & (SQL_WORD_SLOTS - 1);
    }
    return NULL;
}

#endif
