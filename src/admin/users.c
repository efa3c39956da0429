/* Accounts of the REST API: a sorted array in memory, replaced whole in the file. */
#include "admin/users.h"

#include "admin/httpdate.h"
#include "base/file.h"

#include <crypt.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define FILE_LIMIT       ((size_t)16 * 1024 * 1024)
#define FILE_MODE        0600u
#define PASSWORD_SETTING "$6$MXS"
#define DEFAULT_NAME     "admin"
#define DEFAULT_PASSWORD "mariadb"

struct user {
    char *name;
    char *hash;
    enum admin_account account;
    time_t created;
    time_t last_update; /* 0: never */
    time_t last_login;  /* 0: not since the start */
};

struct admin_users {
    pthread_mutex_t lock;
    char *path;
    struct user *list; /* in order of name */
    size_t count;
};

const char *
admin_account_name(enum admin_account account)
{
    return account == ADMIN_ACCOUNT_ADMIN ? "admin" : "basic";
}

bool
admin_account_parse(const char *name, enum admin_account *out)
{
    if (strcmp(name, "admin") == 0) {
        *out = ADMIN_ACCOUNT_ADMIN;
        return true;
    }
    if (strcmp(name, "basic") == 0) {
        *out = ADMIN_ACCOUNT_BASIC;
        return true;
    }
    return false;
}

/* The crypt string, or NULL when the setting is not one that crypt(3) knows. */
static char *
hash_password(const char *password, const char *setting)
{
    struct crypt_data *data = mx_calloc(1, sizeof(*data));
    const char *hash = crypt_rn(password, setting, data, (int)sizeof(*data));
    char *out = hash != NULL ? mx_strdup(hash) : NULL;

    explicit_bzero(data, sizeof(*data));
    free(data);
    return out;
}

static void
user_fini(struct user *user)
{
    free(user->name);
    free(user->hash);
}

static void
list_free(struct user *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        user_fini(&list[i]);
    }
    free(list);
}

static struct user *
find(const struct admin_users *users, const char *name)
{
    for (size_t i = 0; i < users->count; i++) {
        if (strcmp(users->list[i].name, name) == 0) {
            return &users->list[i];
        }
    }
    return NULL;
}

/* Takes the strings of `user`. */
static void
insert_sorted(struct admin_users *users, const struct user *user)
{
    size_t pos = 0;

    MX_ASSERT(user->name != NULL);
    while (pos < users->count && strcmp(users->list[pos].name, user->name) < 0) {
        pos++;
    }
    users->list = mx_realloc(users->list, (users->count + 1) * sizeof(*users->list));
    memmove(&users->list[pos + 1], &users->list[pos], (users->count - pos) * sizeof(*users->list));
    users->list[pos] = *user;
    users->count++;
}

static int
read_user(const json_t *item, struct user *out, const char *path, struct mx_err *err)
{
    const char *name = json_string_value(json_object_get(item, "name"));
    const char *account = json_string_value(json_object_get(item, "account"));
    const char *hash = json_string_value(json_object_get(item, "password"));

    if (name == NULL || *name == '\0' || account == NULL || hash == NULL ||
        !admin_account_parse(account, &out->account)) {
        return mx_err_text(
            err,
            "%s: every entry needs a name, a password and an account that is admin or "
            "basic. Mend the entry or remove the file to start with the default account.",
            path);
    }
    out->name = mx_strdup(name);
    out->hash = mx_strdup(hash);
    out->created = (time_t)json_integer_value(json_object_get(item, "created"));
    out->last_update = (time_t)json_integer_value(json_object_get(item, "last_update"));
    return 0;
}

static int
read_array(struct admin_users *users, const json_t *array, struct mx_err *err)
{
    size_t i;
    json_t *item;
    time_t now = time(NULL);

    if (!json_is_array(array)) {
        return mx_err_text(err, "%s is not a JSON array of accounts.", users->path);
    }
    json_array_foreach(array, i, item)
    {
        struct user user = {0};
        if (read_user(item, &user, users->path, err) != 0) {
            return -1;
        }
        if (find(users, user.name) != NULL) {
            mx_err_text(err, "%s names the account '%s' twice.", users->path, user.name);
            user_fini(&user);
            return -1;
        }
        user.created = user.created != 0 ? user.created : now;
        insert_sorted(users, &user);
    }
    return 0;
}

static int
read_file(struct admin_users *users, struct mx_err *err)
{
    struct stat st;
    char *text = NULL;
    size_t len = 0;
    json_error_t error;
    json_t *array;
    int rc;

    if (stat(users->path, &st) != 0 && errno == ENOENT) {
        return 0;
    }
    if (base_file_read(users->path, FILE_LIMIT, &text, &len, err) != 0) {
        return -1;
    }
    if (strspn(text, " \t\r\n") == len) {
        free(text);
        return 0;
    }
    array = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
    free(text);
    if (array == NULL) {
        return mx_err_text(err, "%s is not valid JSON: %s (line %d).", users->path, error.text,
                           error.line);
    }
    rc = read_array(users, array, err);
    json_decref(array);
    return rc;
}

static int
write_file(const struct admin_users *users, struct mx_err *err)
{
    json_t *array = json_array();
    char *text;
    int rc;

    for (size_t i = 0; i < users->count; i++) {
        const struct user *user = &users->list[i];
        json_t *item = json_pack("{s:s, s:s, s:s, s:I}", "name", user->name, "account",
                                 admin_account_name(user->account), "password", user->hash,
                                 "created", (json_int_t)user->created);
        if (user->last_update != 0) {
            (void)json_object_set_new(item, "last_update",
                                      json_integer((json_int_t)user->last_update));
        }
        (void)json_array_append_new(array, item);
    }
    text = json_dumps(array, JSON_INDENT(4));
    json_decref(array);
    if (text == NULL) {
        return mx_err_text(err, "%s: the accounts cannot be written as JSON.", users->path);
    }
    rc = base_file_replace(users->path, text, strlen(text), FILE_MODE, err);
    free(text);
    return rc;
}

struct admin_users *
admin_users_open(const char *path, struct mx_err *err)
{
    struct admin_users *users = mx_calloc(1, sizeof(*users));

    (void)pthread_mutex_init(&users->lock, NULL);
    users->path = mx_strdup(path);
    if (read_file(users, err) != 0 ||
        (users->count == 0 &&
         admin_users_add(users, DEFAULT_NAME, DEFAULT_PASSWORD, ADMIN_ACCOUNT_ADMIN, err) != 0)) {
        admin_users_close(users);
        return NULL;
    }
    return users;
}

void
admin_users_close(struct admin_users *users)
{
    if (users == NULL) {
        return;
    }
    list_free(users->list, users->count);
    (void)pthread_mutex_destroy(&users->lock);
    free(users->path);
    free(users);
}

bool
admin_users_verify(struct admin_users *users, const char *name, const char *password,
                   enum admin_account *out)
{
    char *expected;
    char *actual;
    struct user *user;
    bool is_match;

    (void)pthread_mutex_lock(&users->lock);
    user = find(users, name);
    expected = mx_strdup(user != NULL ? user->hash : PASSWORD_SETTING);
    (void)pthread_mutex_unlock(&users->lock);

    /* Milliseconds of work: not under the lock. */
    actual = hash_password(password, expected);
    is_match = actual != NULL && strcmp(actual, expected) == 0;
    free(actual);

    (void)pthread_mutex_lock(&users->lock);
    user = find(users, name);
    is_match = is_match && user != NULL && strcmp(user->hash, expected) == 0;
    if (is_match) {
        user->last_login = time(NULL);
        *out = user->account;
    }
    (void)pthread_mutex_unlock(&users->lock);
    free(expected);
    return is_match;
}

bool
admin_users_find(struct admin_users *users, const char *name, enum admin_account *out)
{
    const struct user *user;
    bool is_found;

    (void)pthread_mutex_lock(&users->lock);
    user = find(users, name);
    is_found = user != NULL;
    if (is_found) {
        *out = user->account;
    }
    (void)pthread_mutex_unlock(&users->lock);
    return is_found;
}

static int
check_name(const char *name, struct mx_err *err)
{
    size_t len = strlen(name);

    if (len == 0 || len > ADMIN_USER_NAME_MAX) {
        return mx_err_text(err, "A user name has 1 to %u bytes.", ADMIN_USER_NAME_MAX);
    }
    if (strcspn(name, ":/ \t\r\n") != len) {
        return mx_err_text(err, "A user name has no blank, colon or slash.");
    }
    return 0;
}

/* Called with the lock. Writes `next` and makes it the list; frees it on failure. */
static int
commit(struct admin_users *users, struct admin_users *next, struct mx_err *err)
{
    next->path = users->path;
    if (write_file(next, err) != 0) {
        list_free(next->list, next->count);
        return -1;
    }
    list_free(users->list, users->count);
    users->list = next->list;
    users->count = next->count;
    return 0;
}

/* A copy of the list without the account `skip` (NULL: the whole list). */
static void
copy_list(const struct admin_users *users, const char *skip, struct admin_users *out)
{
    for (size_t i = 0; i < users->count; i++) {
        struct user user = users->list[i];
        if (skip == NULL || strcmp(user.name, skip) != 0) {
            user.name = mx_strdup(user.name);
            user.hash = mx_strdup(user.hash);
            insert_sorted(out, &user);
        }
    }
}

int
admin_users_add(struct admin_users *users, const char *name, const char *password,
                enum admin_account account, struct mx_err *err)
{
    struct admin_users next = {0};
    struct user user = {.account = account, .created = time(NULL)};
    int rc;

    if (check_name(name, err) != 0) {
        return -1;
    }
    user.hash = hash_password(password, PASSWORD_SETTING);
    if (user.hash == NULL) {
        return mx_err_text(err, "The password cannot be hashed (it may be too long).");
    }
    (void)pthread_mutex_lock(&users->lock);
    if (find(users, name) != NULL) {
        free(user.hash);
        rc = mx_err_text(err, "a user of that name exists already");
    } else {
        user.name = mx_strdup(name);
        copy_list(users, NULL, &next);
        insert_sorted(&next, &user);
        rc = commit(users, &next, err);
    }
    (void)pthread_mutex_unlock(&users->lock);
    return rc;
}

int
admin_users_set_password(struct admin_users *users, const char *name, const char *password,
                         struct mx_err *err)
{
    struct admin_users next = {0};
    char *hash = hash_password(password, PASSWORD_SETTING);
    struct user *user;
    int rc;

    if (hash == NULL) {
        return mx_err_text(err, "The password cannot be hashed (it may be too long).");
    }
    (void)pthread_mutex_lock(&users->lock);
    copy_list(users, NULL, &next);
    user = find(&next, name);
    if (user == NULL) {
        list_free(next.list, next.count);
        free(hash);
        rc = mx_err_text(err, "there is no such user");
    } else {
        free(user->hash);
        user->hash = hash;
        user->last_update = time(NULL);
        rc = commit(users, &next, err);
    }
    (void)pthread_mutex_unlock(&users->lock);
    return rc;
}

static bool
is_last_admin(const struct admin_users *users, const char *name)
{
    for (size_t i = 0; i < users->count; i++) {
        if (users->list[i].account == ADMIN_ACCOUNT_ADMIN &&
            strcmp(users->list[i].name, name) != 0) {
            return false;
        }
    }
    return true;
}

int
admin_users_remove(struct admin_users *users, const char *name, struct mx_err *err)
{
    struct admin_users next = {0};
    int rc;

    (void)pthread_mutex_lock(&users->lock);
    if (find(users, name) == NULL) {
        rc = mx_err_text(err, "there is no such user");
    } else if (is_last_admin(users, name)) {
        rc =
            mx_err_text(err, "it is the last user with an admin account; create another one first");
    } else {
        copy_list(users, name, &next);
        rc = commit(users, &next, err);
    }
    (void)pthread_mutex_unlock(&users->lock);
    return rc;
}

static json_t *
user_json(const struct user *user)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:o}", "name", user->name, "account",
                     admin_account_name(user->account), "created", admin_date_json(user->created),
                     "last_update", admin_date_json(user->last_update), "last_login",
                     admin_date_json(user->last_login));
}

json_t *
admin_users_json(struct admin_users *users, const char *name)
{
    json_t *out = NULL;
    const struct user *user;

    (void)pthread_mutex_lock(&users->lock);
    if (name == NULL) {
        out = json_array();
        for (size_t i = 0; i < users->count; i++) {
            (void)json_array_append_new(out, user_json(&users->list[i]));
        }
    } else {
        user = find(users, name);
        out = user != NULL ? user_json(user) : NULL;
    }
    (void)pthread_mutex_unlock(&users->lock);
    return out;
}
