/*
 * Growable text, always ended by a NUL that len does not count. All-zero is a valid empty string.
 * With a maximum, text that does not fit is cut and `is_cut` says so: for messages and output, not
 * for anything whose meaning changes when its end is missing.
 */
#ifndef MX_STR_H
#define MX_STR_H

#include "mx/base.h"

#include <stdarg.h>

struct mx_str {
    char *text; /* NULL while empty and never written; see mx_str_text */
    size_t len;
    size_t capacity;
    size_t max; /* len never passes it; 0: no maximum */
    bool is_cut;
};

MX_API void mx_str_add(struct mx_str *str, const char *text);
MX_API void mx_str_add_len(struct mx_str *str, const char *text, size_t len);
MX_API void mx_str_add_char(struct mx_str *str, char c);
MX_API void mx_str_printf(struct mx_str *str, const char *format, ...) MX_PRINTF(2, 3);
MX_API void mx_str_vprintf(struct mx_str *str, const char *format, va_list args) MX_PRINTF(2, 0);

/* Cuts the text to its first `len` characters (nothing happens when it is shorter). */
MX_API void mx_str_truncate(struct mx_str *str, size_t len);

/* The text, never NULL; valid until the string changes. */
MX_API const char *mx_str_text(const struct mx_str *str);

/* Hands the text over, never NULL, to be freed with free(); the string is empty afterwards. */
MX_API MX_MUST_USE char *mx_str_give(struct mx_str *str);

/* Frees the text; max stays. */
MX_API void mx_str_free(struct mx_str *str);

#endif
