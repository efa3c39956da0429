/* See user_mapping.h. */
#include "core/user_mapping.h"

#include "core/json_file.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WHAT           "user_mapping_file"
#define ARRAYS         "'user_map', 'group_map' and 'server_credentials'"
#define GROUPS_MAX     100
#define LINE_MAX_BYTES 65536u /* an entry of the user database */

struct row {
    char *from; /* user or group */
    char *to;
};

struct rows {
    struct row *items;
    size_t count;
};

struct core_user_mapping {
    struct rows users;
    struct rows groups;
    struct core_mapped_user *mapped; /* one for each name that is mapped to */
    size_t mapped_count;
};

/* ------------------------------------------------------------ reading */

struct reading {
    struct core_user_mapping *mapping;
    const struct conf_secrets *secrets;
};

static struct core_mapped_user *
find_mapped(const struct core_user_mapping *mapping, const char *user)
{
    for (size_t i = 0; i < mapping->mapped_count; i++) {
        if (strcmp(mapping->mapped[i].user, user) == 0) {
            return &mapping->mapped[i];
        }
    }
    return NULL;
}

static struct core_mapped_user *
add_mapped(struct core_user_mapping *mapping, const char *user, const char *password,
           const char *plugin)
{
    mapping->mapped =
        mx_realloc(mapping->mapped, (mapping->mapped_count + 1) * sizeof(*mapping->mapped));
    struct core_mapped_user *out = &mapping->mapped[mapping->mapped_count++];
    *out = (struct core_mapped_user){mx_strdup(user), mx_strdup(password), mx_strdup(plugin)};
    return out;
}

static int
add_row(struct reading *reading, const struct core_json_place *place, const json_t *item,
        const char *field, struct rows *rows)
{
    const char *from = "";
    const char *to = "";
    if (core_json_text(place, item, field, true, &from) != 0 ||
        core_json_text(place, item, "mapped_user", true, &to) != 0) {
        return -1;
    }
    for (size_t i = 0; i < rows->count; i++) {
        if (strcmp(rows->items[i].from, from) == 0) {
            return core_json_complain(place, field, "was in the array before; keep one of them");
        }
    }
    rows->items = mx_realloc(rows->items, (rows->count + 1) * sizeof(*rows->items));
    rows->items[rows->count++] = (struct row){mx_strdup(from), mx_strdup(to)};
    if (find_mapped(reading->mapping, to) == NULL) {
        (void)add_mapped(reading->mapping, to, "", "");
    }
    return 0;
}

static int
take_user(void *ctx, const struct core_json_place *place, const json_t *item)
{
    struct reading *reading = ctx;
    return add_row(reading, place, item, "original_user", &reading->mapping->users);
}

static int
take_group(void *ctx, const struct core_json_place *place, const json_t *item)
{
    struct reading *reading = ctx;
    return add_row(reading, place, item, "original_group", &reading->mapping->groups);
}

static int
take_credentials(void *ctx, const struct core_json_place *place, const json_t *item)
{
    struct reading *reading = ctx;
    const char *user = "";
    const char *password = "";
    const char *plugin = "";
    if (core_json_text(place, item, "mapped_user", true, &user) != 0 ||
        core_json_text(place, item, "password", false, &password) != 0 ||
        core_json_text(place, item, "plugin", false, &plugin) != 0) {
        return -1;
    }
    if (find_mapped(reading->mapping, user) != NULL) {
        return core_json_complain(place, "mapped_user",
                                  "was in the array before; keep one of them");
    }
    bool encrypted =
        reading->secrets != NULL && conf_secrets_is_encrypted(reading->secrets, password);
    char *plain = encrypted ? conf_secrets_decrypt(reading->secrets, password, place->err)
                            : mx_strdup(password);
    if (plain == NULL) {
        return core_json_complain(place, "password",
                                  "cannot be decrypted; encrypt it with the key of this "
                                  "installation (maxpasswd), or write it in clear");
    }
    (void)add_mapped(reading->mapping, user, plain, plugin);
    explicit_bzero(plain, strlen(plain));
    free(plain);
    return 0;
}

struct core_user_mapping *
core_user_mapping_read(const char *path, const struct conf_secrets *secrets, struct mx_err *err)
{
    json_t *root = core_json_load(WHAT, path, ARRAYS, err);
    if (root == NULL) {
        return NULL;
    }
    struct core_user_mapping *mapping = mx_calloc(1, sizeof(*mapping));
    struct reading reading = {mapping, secrets};
    struct core_json_place place = {.what = WHAT, .path = path, .err = err};
    static const struct {
        const char *array;
        core_json_fn take;
    } parts[] = {{"server_credentials", take_credentials}, /* first: the maps add those without */
                 {"user_map", take_user},
                 {"group_map", take_group}};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < MX_COUNT(parts); i++) {
        place.array = parts[i].array;
        rc = core_json_each(root, &place, parts[i].take, &reading);
    }
    json_decref(root);
    if (rc != 0) {
        core_user_mapping_free(mapping);
        mapping = NULL;
    }
    return mapping;
}

static void
rows_free(struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        free(rows->items[i].from);
        free(rows->items[i].to);
    }
    free(rows->items);
}

void
core_user_mapping_free(struct core_user_mapping *mapping)
{
    if (mapping == NULL) {
        return;
    }
    rows_free(&mapping->users);
    rows_free(&mapping->groups);
    for (size_t i = 0; i < mapping->mapped_count; i++) {
        struct core_mapped_user *mapped = &mapping->mapped[i];
        explicit_bzero(mapped->password, strlen(mapped->password));
        free(mapped->user);
        free(mapped->password);
        free(mapped->plugin);
    }
    free(mapping->mapped);
    free(mapping);
}

/* ------------------------------------------------------------ looking */

size_t
core_user_mapping_count(const struct core_user_mapping *mapping)
{
    return mapping->mapped_count;
}

const struct core_mapped_user *
core_user_mapping_at(const struct core_user_mapping *mapping, size_t index)
{
    MX_ASSERT(index < mapping->mapped_count);
    return &mapping->mapped[index];
}

const struct core_mapped_user *
core_user_mapping_user(const struct core_user_mapping *mapping, const char *user)
{
    for (size_t i = 0; i < mapping->users.count; i++) {
        if (strcmp(mapping->users.items[i].from, user) == 0) {
            return find_mapped(mapping, mapping->users.items[i].to);
        }
    }
    return NULL;
}

bool
core_user_mapping_has_groups(const struct core_user_mapping *mapping)
{
    return mapping->groups.count > 0;
}

/* Groups of a user of the operating system; 0: there is no such user. */
static int
groups_of(const char *user, gid_t groups[GROUPS_MAX])
{
    struct passwd entry;
    struct passwd *found = NULL;
    int count = GROUPS_MAX;
    char *line = mx_alloc(LINE_MAX_BYTES);
    if (getpwnam_r(user, &entry, line, LINE_MAX_BYTES, &found) != 0 || found == NULL) {
        count = 0;
    } else if (getgrouplist(user, entry.pw_gid, groups, &count) < 0) {
        count = GROUPS_MAX; /* there are more; these were written */
    }
    free(line);
    return count;
}

static bool
is_member(const char *group, const gid_t *groups, int count)
{
    struct group entry;
    struct group *found = NULL;
    bool member = false;
    char *line = mx_alloc(LINE_MAX_BYTES);
    if (getgrnam_r(group, &entry, line, LINE_MAX_BYTES, &found) == 0 && found != NULL) {
        for (int i = 0; i < count; i++) {
            member = member || groups[i] == entry.gr_gid;
        }
    }
    free(line);
    return member;
}

const struct core_mapped_user *
core_user_mapping_group(const struct core_user_mapping *mapping, const char *user)
{
    gid_t groups[GROUPS_MAX];
    int count = groups_of(user, groups);
    for (size_t i = 0; count > 0 && i < mapping->groups.count; i++) {
        if (is_member(mapping->groups.items[i].from, groups, count)) {
            return find_mapped(mapping, mapping->groups.items[i].to);
        }
    }
    return NULL;
}
