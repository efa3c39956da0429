/* KEY=VALUE words of create and alter become JSON. */
#ifndef CLI_CONVERT_H
#define CLI_CONVERT_H

#include "cli.h"

#include <jansson.h>

/* true, false, numbers, JSON objects and arrays become what they say; the rest is text. */
json_t *cli_convert_value(const char *text);

/* All words must be KEY=VALUE. A new object, or NULL with the text in cli->error. */
json_t *cli_convert_pairs(struct cli *cli, char *const *words, size_t count);

/* As alter has it: KEY=VALUE words, or when not every word has a '=', KEY VALUE KEY VALUE. Dots in
 * keys make nested objects. */
json_t *cli_convert_changes(struct cli *cli, char *const *words, size_t count);

#endif
