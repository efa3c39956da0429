/*
 * JSON as text, in the form scripts around the command line know: numbers in the shortest form
 * that reads back the same, text escaped only where it must be, members in the order received.
 */
#ifndef CLI_JSON_TEXT_H
#define CLI_JSON_TEXT_H

#include "text.h"

#include <jansson.h>

/* indent 0 gives the compact form on one line. NULL is printed as null. */
void cli_json_text(struct cli_text *out, json_t *value, size_t indent);

/* The shortest digits that read back as `number`; whole numbers have no fraction. */
void cli_json_number(struct cli_text *out, double number);

/* The value as a user would read it: a string without quotes, everything else as JSON. */
void cli_json_plain(struct cli_text *out, json_t *value);

#endif
