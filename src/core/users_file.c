/* user_accounts_file: accounts in a JSON file instead of, or beside, those of the servers. */
#include "core/json_file.h"
#include "core/users.h"

#include <string.h>

#define WHAT   "user_accounts_file"
#define ARRAYS "'user', 'db' and 'roles_mapping'"

/* Hashes may be in either field, as they are in servers. */
static int
user_read(const struct core_json_place *place, const json_t *item, struct core_users_account *out)
{
    const char *password = "";
    if (core_json_text(place, item, "user", true, &out->user) != 0 ||
        core_json_text(place, item, "host", true, &out->host) != 0 ||
        core_json_text(place, item, "plugin", false, &out->plugin) != 0 ||
        core_json_text(place, item, "password", false, &password) != 0 ||
        core_json_text(place, item, "authentication_string", false, &out->secret) != 0 ||
        core_json_text(place, item, "default_role", false, &out->default_role) != 0 ||
        core_json_flag(place, item, "super_priv", &out->super_priv) != 0 ||
        core_json_flag(place, item, "global_db_priv", &out->global_priv) != 0 ||
        core_json_flag(place, item, "proxy_priv", &out->proxy_priv) != 0 ||
        core_json_flag(place, item, "is_role", &out->is_role) != 0) {
        return -1;
    }
    if (*out->secret == '\0') {
        out->secret = password;
    }
    return 0;
}

/* ctx: the snapshot; NULL: only look whether the element is right. */
static int
user_add(void *ctx, const struct core_json_place *place, const json_t *item)
{
    struct core_users *users = ctx;
    struct core_users_account account = {0};
    if (user_read(place, item, &account) != 0) {
        return -1;
    }
    if (users != NULL) {
        core_users_add(users, &account);
    }
    return 0;
}

/* A row of 'db' or 'roles_mapping'. */
static int
grant_add(void *ctx, const struct core_json_place *place, const json_t *item)
{
    struct core_users *users = ctx;
    const char *user = "";
    const char *host = "";
    const char *name = "";
    bool db = strcmp(place->array, "db") == 0;
    if (core_json_text(place, item, "user", true, &user) != 0 ||
        core_json_text(place, item, "host", true, &host) != 0 ||
        core_json_text(place, item, db ? "db" : "role", true, &name) != 0) {
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
    struct core_json_place place = {.what = WHAT, .path = path, .array = "user", .err = err};
    if (core_json_each(root, &place, user_add, users) != 0) {
        return -1;
    }
    place.array = "db";
    if (core_json_each(root, &place, grant_add, users) != 0) {
        return -1;
    }
    place.array = "roles_mapping";
    return core_json_each(root, &place, grant_add, users);
}

int
core_users_add_file(struct core_users *users, const char *path, struct mx_err *err)
{
    json_t *root = core_json_load(WHAT, path, ARRAYS, err);
    int rc = -1;
    if (root != NULL && arrays_walk(root, path, NULL, err) == 0) {
        /* Everything is right: now for good. */
        rc = arrays_walk(root, path, users, err);
    }
    json_decref(root);
    return rc;
}
