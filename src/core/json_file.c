/* See json_file.h. */
#include "core/json_file.h"

int
core_json_complain(const struct core_json_place *place, const char *field, const char *need)
{
    return mx_err_text(place->err, "%s '%s': field '%s' of element %zu in array '%s' %s.",
                       place->what, place->path, field, place->index + 1, place->array, need);
}

int
core_json_text(const struct core_json_place *place, const json_t *item, const char *field,
               bool must, const char **out)
{
    const json_t *value = json_object_get(item, field);
    *out = "";
    if (value == NULL) {
        return must ? core_json_complain(place, field, "is missing; add it as a string") : 0;
    }
    if (!json_is_string(value)) {
        return core_json_complain(place, field, "must be a string");
    }
    *out = json_string_value(value);
    return 0;
}

int
core_json_flag(const struct core_json_place *place, const json_t *item, const char *field,
               bool *out)
{
    const json_t *value = json_object_get(item, field);
    *out = json_is_true(value);
    if (value != NULL && !json_is_boolean(value)) {
        return core_json_complain(place, field, "must be true or false");
    }
    return 0;
}

json_t *
core_json_load(const char *what, const char *path, const char *arrays, struct mx_err *err)
{
    json_error_t where;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
    if (root == NULL && where.line <= 0) {
        (void)mx_err_text(err,
                          "%s '%s' cannot be read: %s. Check the path and that the user running "
                          "the proxy may read it.",
                          what, path, where.text);
    } else if (root == NULL) {
        (void)mx_err_text(err, "%s '%s', line %d, column %d: %s.", what, path, where.line,
                          where.column, where.text);
    } else if (!json_is_object(root)) {
        (void)mx_err_text(
            err, "%s '%s' must be a JSON object with the arrays %s, each of them optional.", what,
            path, arrays);
        json_decref(root);
        root = NULL;
    }
    return root;
}

int
core_json_each(const json_t *root, const struct core_json_place *place, core_json_fn fn, void *ctx)
{
    const json_t *array = json_object_get(root, place->array);
    struct core_json_place at = *place;
    if (array != NULL && !json_is_array(array)) {
        return mx_err_text(place->err, "%s '%s': '%s' must be an array.", place->what, place->path,
                           place->array);
    }
    for (at.index = 0; at.index < json_array_size(array); at.index++) {
        const json_t *item = json_array_get(array, at.index);
        if (!json_is_object(item)) {
            return core_json_complain(&at, "(all)", "is missing: the element must be an object");
        }
        if (fn(ctx, &at, item) != 0) {
            return -1;
        }
    }
    return 0;
}
