/*
 * Lookup of words without regard to case: keywords, and the functions a server has built in.
 * The tables are made by gen_words.py from words.txt and functions.txt: perfect hashes, so one
 * comparison says whether a word is there. Words of up to eight bytes are compared as one number.
 */
#ifndef SQL_WORD_H
#define SQL_WORD_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "sql/sql_keyword.h"

enum {
    SQL_WORD_SLOTS = 512,
    SQL_WORD_BUCKETS = 256,
    SQL_WORD_TEXT = 40
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

/*
 * Words of up to eight bytes: little-endian, every byte with bit 0x20 set, filled up with zero. The
 * shift of a bucket moves its words to slots that no other word has.
 */
struct sql_short_words {
    uint64_t keys[SQL_WORD_SLOTS];
    uint16_t values[SQL_WORD_SLOTS]; /* */
    uint16_t shifts[SQL_WORD_BUCKETS];
};

struct sql_long_word {
    unsigned char text[SQL_WORD_TEXT]; /* every byte with bit 0x20 set */
    uint16_t len;
    uint16_t value;
};

struct sql_long_words {
    struct sql_long_word words[SQL_WORD_SLOTS];
    uint16_t shifts[SQL_WORD_BUCKETS];
};

/* The value of a keyword is its T_WORD + enum sql_keyword, of a function its enum
 * sql_function_class. */
extern const struct sql_short_words sql_short_keywords;
extern const struct sql_short_words sql_short_functions;
extern const struct sql_long_words sql_long_keywords;
extern const struct sql_long_words sql_long_functions;

/* Classes of bytes, by which the lexer's quick path goes. */
enum {
    SQL_BYTE_NAME = 1, /* ASCII that may be inside a name, without the dollar sign */
    SQL_BYTE_DIGIT = 2,
    SQL_BYTE_START = 4, /* begins a word of ASCII letters */
    SQL_BYTE_SOLO = 8,  /* a token by itself, whatever follows */
    SQL_BYTE_SPACE = 16,
    SQL_BYTE_MORE = 32,  /* behind a word: it is longer, or it belongs to a string */
    SQL_BYTE_POINT = 64, /* with NAME and MORE, behind an integer: it is none */
    SQL_BYTE_QUOTE = 128,
};
extern const unsigned char sql_bytes[256];

#define SQL_WORD_FOLD 0x2020202020202020u

static inline uint64_t
sql_word_load(const char *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof(value));
    return le64toh(value);
}

/* The same computation as bucket_and_slot() in gen_words.py. */
static inline size_t
sql_word_slot(const uint16_t *shifts, uint64_t key)
{
    uint64_t hash = key * SQL_WORD_MULTIPLIER;
    return ((hash >> 40) ^ shifts[hash >> 56]) & (SQL_WORD_SLOTS - 1);
}

/* The value of the word with this key, or what is to be when there is none. */
static inline uint32_t
sql_word_short(const struct sql_short_words *table, uint64_t key, uint32_t otherwise)
{
    size_t slot = sql_word_slot(table->shifts, key);
    return table->keys[slot] == key ? table->values[slot] : otherwise;
}

/* The key of the word of `len` bytes, 1 to 8, with which these eight folded bytes begin. */
static inline uint64_t
sql_word_key(uint64_t folded, uint32_t len)
{
    return folded & (~(uint64_t)0 >> ((0u - 8u * len) & 63u));
}

/* The same for a word of more than eight bytes. */
uint32_t sql_word_long(const struct sql_long_words *table, const char *text, size_t len,
                       uint32_t otherwise);

/* The class of the function of this name; reads nothing else. */
enum sql_function_class sql_word_function(const char *text, size_t len);

#endif
