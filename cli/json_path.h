/*
 * Paths into JSON as people write them in JavaScript: names joined by dots, [N] for an element,
 * ["name"] for a name with dots in it, [] for "of every element".
 */
#ifndef CLI_JSON_PATH_H
#define CLI_JSON_PATH_H

#include "mx/base.h"

#include <jansson.h>

#define CLI_PATH_STEPS_MAX 32

/* The value at `path` as a new reference; NULL when there is none or the path is malformed. With
 * [] in it the result is an array of what the rest gives for each element, null where nothing. */
json_t *cli_json_path(json_t *value, const char *path);

/* Whether the path can be read at all; *out_at gets the offset of what is wrong. */
bool cli_json_path_is_valid(const char *path, size_t *out_at);

#endif
