/* user_accounts_file: accounts in a JSON file instead of, or beside, those of the servers. */
#include "core/users.h"

#include <string.h>

/* Where in the file we are, for messages. */
struct place {
    const char *path;
    const char *array;
    size_t index;
    struct mx_err *err;
};

static int
complain(const struct place *place, const char *field, const char *need)
{
    return mx_err_text(place->err,
                       "user_accounts_file '%s': field '%s' of element %zu in array '%s' %s.",
                       place->path, field, place->index + 1, place->array, need);
}

/* A text; missing is fine unless it must be there ("" then). */
static int
text_get(const struct place *place, const json_t *item, const char *field, bool must,
         const char **out)
{
    const json_t *value = json_object_get(item, field);
    *out = "";
    if (value == NULL) {
        return must ? complain(place, field, "is missing; add it as a string") : 0;
    }
    if (!json_is_string(value)) {
        return complain(place, field, "must be a string");
    }
    *out = json_string_value(value);
    return 0;
}

static int
flag_get(const struct place *place, const json_t *item, const char *field, bool *out)
{
    const json_t *value = json_object_get(item, field);
    *out = json_is_true(value);
    if (value != NULL && !json_is_boolean(value)) {
        return complain(place, field, "must be true or false");
    }
    return 0;
}

/* Hashes may be in either field, as they are in servers. */
static int
user_read(const struct place *place, const json_t *item, struct core_users_account *out)
{
    const char *password = "";
    if (text_get(place, item, "user", true, &out->user) != 0 ||
        text_get(place, item, "host", true, &out->host) != 0 ||
        text_get(place, item, "plugin", false, &out->plugin) != 0 ||
        text_get(place, item, "password", false, &password) != 0 ||
        text_get(place, item, "authentication_string", false, &out->secret) != 0 ||
        text_get(place, item, "default_role", false, &out->default_role) != 0 ||
        flag_get(place, item, "super_priv", &out->super_priv) != 0 ||
        flag_get(place, item, "global_db_priv", &out->global_priv) != 0 ||
        flag_get(place, item, "proxy_priv", &out->proxy_priv) != 0 ||
        flag_get(place, item, "is_role", &out->is_role) != 0) {
        return -1;
    }
    if (*out->secret == '\0') {
        out->secret = password;
    }
    return 0;
}

/* One element; users NULL: only look whether it is right. */
static int
element_add(const struct place *place, const json_t *item, struct core_users *users)
{
    const char *user = "";
    const char *host = "";
    const char *name = "";
    if (!json_is_object(item)) {
        return complain(place, "(all)", "is missing: the element must be an object");
    }
    if (strcmp(place->array, "user") == 0) {
        struct core_users_account account = {0};
        if (user_read(place, item, &account) != 0) {
            return -1;
        }
        if (users != NULL) {
            core_users_add(users, &account);
        }
        return 0;
    }
    bool db = strcmp(place->array, "db") == 0;
    if (text_get(place, item, "user", true, &user) != 0 ||
        text_get(place, item, "host", true, &host) != 0 ||
        text_get(place, item, db ? "db" : "role", true, &name) != 0) {
        return -1;
    }
    if (users != NULL && db) {
        core_users_add_db(users, user, host, name, true);
    } else if (users != NULL) {
        core_users_add_role(users, user, host, name);
    }
    return 0;
}

static int
arrays_walk(const json_t *root, const char *path, struct core_users *users, struct mx_err *err)
{
    static const char *const arrays[] = {"user", "db", "roles_mapping"};
    for (size_t i = 0; i < MX_COUNT(arrays); i++) {
        const json_t *array = json_object_get(root, arrays[i]);
        if (array != NULL && !json_is_array(array)) {
            return mx_err_text(err, "user_accounts_file '%s': '%s' must be an array.", path,
                               arrays[i]);
        }
        for (size_t n = 0; n < json_array_size(array); n++) {
            struct place place = {path, arrays[i], n, err};
            if (element_add(&place, json_array_get(array, n), users) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

int
core_users_add_file(struct core_users *users, const char *path, struct mx_err *err)
{
    json_error_t where;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
    int rc = -1;
    if (root == NULL && where.line <= 0) {
        rc = mx_err_text(err,
                         "user_accounts_file '%s' cannot be read: %s. Check the path and that the "
                         "user running the proxy may read it.",
                         path, where.text);
    } else if (root == NULL) {
        rc = mx_err_text(err, "user_accounts_file '%s', line %d, column %d: %s.", path, where.line,
                         where.column, where.text);
    } else if (!json_is_object(root)) {
        rc = mx_err_text(err,
                         "user_accounts_file '%s' must be a JSON object with the arrays 'user', "
                         "'db' and 'roles_mapping', each of them optional.",
                         path);
    } else if (arrays_walk(root, path, NULL, err) == 0) {
        /* Everything is right: now for good. */
        rc = arrays_walk(root, path, users, err);
    }
    json_decref(root);
    return rc;
}
