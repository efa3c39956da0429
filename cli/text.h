/* A growing piece of text. All zero is a valid empty one; an allocation never fails (mx_alloc). */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include "mx/base.h"

struct cli_text {
    char *data; /* ends with NUL once something was appended; NULL when empty */
    size_t len;
    size_t size;
};

void cli_text_append(struct cli_text *text, const char *bytes, size_t len);
void cli_text_add(struct cli_text *text, const char *string);
void cli_text_char(struct cli_text *text, char c);
void cli_text_repeat(struct cli_text *text, const char *string, size_t times);
void cli_text_format(struct cli_text *text, const char *format, ...) MX_PRINTF(2, 3);

/* Drops blanks and line ends at the end. */
void cli_text_trim(struct cli_text *text);
void cli_text_clear(struct cli_text *text);
void cli_text_fini(struct cli_text *text);

/* Never NULL; valid until the next change. */
const char *cli_text_string(const struct cli_text *text);

/* Hands the string over (never NULL, free() it) and leaves an empty text. */
char *cli_text_take(struct cli_text *text);

#endif
