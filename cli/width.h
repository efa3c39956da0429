/*
 * How many terminal columns a UTF-8 text takes, independent of the locale. Bytes that are not
 * UTF-8 count as one column each (a terminal shows one replacement character for each).
 */
#ifndef CLI_WIDTH_H
#define CLI_WIDTH_H

#include "mx/base.h"

/* Reads one code point of at most `len` bytes; returns the bytes used (at least 1 when len > 0).
 * *out_ok is false for a byte that is not UTF-8; *out_code is then U+FFFD. */
size_t cli_utf8_next(const char *bytes, size_t len, uint32_t *out_code, bool *out_ok);

size_t cli_width(const char *bytes, size_t len);

/* Longest prefix that fits into `columns`, never cutting inside a code point. */
size_t cli_width_prefix(const char *bytes, size_t len, size_t columns);

#endif
