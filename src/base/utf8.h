/* UTF-8 checks: shortest forms only, no surrogates, nothing above U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "mx/base.h"

/* Length of the valid sequence at the start of the bytes; 0: there is none (or len is 0). */
size_t base_utf8_char_len(const uint8_t *bytes, size_t len);
/* Length of the longest valid beginning. */
size_t base_utf8_valid_len(const void *bytes, size_t len);
bool base_utf8_is_valid(const void *bytes, size_t len);
/* Characters in text that is valid; other bytes count as one each. */
size_t base_utf8_count(const void *bytes, size_t len);

#endif
