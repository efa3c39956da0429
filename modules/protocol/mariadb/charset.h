/* Character sets of clients: which one a collation number means, and names in it as UTF-8. */
#ifndef MARIADB_CHARSET_H
#define MARIADB_CHARSET_H

#include "mx/base.h"

/* Bytes of UTF-8 that one byte of another character set may become. */
#define CHARSET_GROWTH_MAX 4

/* NULL: a collation that is not known here. */
const char *charset_of(uint16_t collation);
/* In this one an ASCII character takes several bytes: servers refuse clients that speak it. */
bool charset_is_wide(const char *charset);

/*
 * A name from the client's character set to UTF-8, in which accounts and databases have theirs, and
 * back. To be freed; NULL: it is the same bytes. What is no character becomes '?'. The text of a
 * character set that is not known, here or on this machine, stays as it is.
 */
char *charset_to_utf8(const char *charset, const void *text, size_t len);
char *charset_from_utf8(const char *charset, const char *text);

/* The same bytes in every character set that clients may speak. */
bool charset_is_ascii(const char *text, size_t len);

/* Puts a text and a NUL, and moves *at behind it. */
const char *charset_put_text(uint8_t **at, const void *text, size_t len);
/* Room for a name in both ways that charset_put_name() puts. */
size_t charset_name_room(size_t len);
/* Puts a name as it was sent, and in UTF-8 with no more than so many characters, where that is not
 * the same; both end with NUL. Moves *at behind them. Returns that in UTF-8. */
const char *charset_put_name(uint8_t **at, const char *charset, const void *name, size_t len,
                             size_t chars_max, const char **out_as_sent);

/* Bytes that the first `count` characters of an UTF-8 text take. */
size_t charset_utf8_cut(const char *text, size_t count);

#endif
