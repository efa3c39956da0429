/*
 * Files that users write in JSON: an object of arrays of objects. Every complaint names the file,
 * the array, the element and the field.
 */
#ifndef CORE_JSON_FILE_H
#define CORE_JSON_FILE_H

#include "mx/base.h"
#include "mx/err.h"

#include <jansson.h>

/* Where in the file we are. */
struct core_json_place {
    const char *what; /* parameter that names the file */
    const char *path;
    const char *array;
    size_t index;
    struct mx_err *err;
};

/* -1 always. need: "is missing; ..." */
int core_json_complain(const struct core_json_place *place, const char *field, const char *need);
/* A text; missing is fine unless it must be there ("" then). It belongs to the item. */
MX_MUST_USE int core_json_text(const struct core_json_place *place, const json_t *item,
                               const char *field, bool must, const char **out);
MX_MUST_USE int core_json_flag(const struct core_json_place *place, const json_t *item,
                               const char *field, bool *out);

/* arrays: what the object may hold, for the message. NULL: err says why. */
json_t *core_json_load(const char *what, const char *path, const char *arrays, struct mx_err *err);

/* Calls fn for each element of the array of the object, if there is one. */
typedef int (*core_json_fn)(void *ctx, const struct core_json_place *place, const json_t *item);
MX_MUST_USE int core_json_each(const json_t *root, const struct core_json_place *place,
                               core_json_fn fn, void *ctx);

#endif
