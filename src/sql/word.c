/* Lookup of the words that are not on the lexer's quick path. */
#include "sql/word.h"

uint32_t
sql_word_long(const struct sql_long_words *table, const char *text, size_t len, uint32_t otherwise)
{
    uint64_t head = sql_word_load(text) | SQL_WORD_FOLD;
    uint64_t tail = sql_word_load(text + len - 8) | SQL_WORD_FOLD;
    size_t slot = sql_word_slot(table->shifts, head + 5 * (tail + len));
    const struct sql_long_word *word = &table->words[slot];
    if (word->len != len) {
        return otherwise;
    }
    for (size_t i = 0; i < len; i++) {
        if (((unsigned char)text[i] | 0x20u) != word->text[i]) {
            return otherwise;
        }
    }
    return word->value;
}

enum sql_function_class
sql_word_function(const char *text, size_t len)
{
    if (len > 8) {
        return (enum sql_function_class)sql_word_long(&sql_long_functions, text, len, FN_NONE);
    }
    char bytes[8] = {0};
    memcpy(bytes, text, len);
    uint64_t key = sql_word_key(sql_word_load(bytes) | SQL_WORD_FOLD, (uint32_t)len);
    return (enum sql_function_class)sql_word_short(&sql_short_functions, key, FN_NONE);
}
