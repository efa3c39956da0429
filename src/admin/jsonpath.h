/*
 * Finding values in a JSON document: pointers (RFC 6901, the first slash may be left out) and a
 * small JSONPath: $ .name ['name'] [1] [1,2] [*] .* . Pure.
 */
#ifndef ADMIN_JSONPATH_H
#define ADMIN_JSONPATH_H

#include "mx/base.h"

#include <jansson.h>

#define ADMIN_PATH_STEPS_MAX 16u

/* Borrowed reference, or NULL. */
json_t *admin_json_pointer(json_t *root, const char *pointer);

/* Copies what `pointer` names from `from` to the same place in `to`; arrays are not entered. */
void admin_json_copy_at(const json_t *from, json_t *to, const char *pointer);

/*
 * New array of all values that the path names; empty when there are none. NULL: the path is no
 * path, *why says what is wrong.
 */
json_t *admin_json_path(json_t *root, const char *path, const char **why);

#endif
