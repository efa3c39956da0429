/* Passwords of mapped users; see pamauth.h. */
#include "mx/program.h"
#include "pamauth.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY "users_and_passwords"

struct entry {
    char *user;
    char *password;
};

struct pwfile {
    struct entry *entries; /* by name */
    size_t count;
};

static int
by_user(const void *a, const void *b)
{
    const struct entry *first = a;
    const struct entry *second = b;
    return strcmp(first->user, second->user);
}

void
pwfile_free(struct pwfile *file)
{
    if (file == NULL) {
        return;
    }
    for (size_t i = 0; i < file->count; i++) {
        explicit_bzero(file->entries[i].password, strlen(file->entries[i].password));
        free(file->entries[i].password);
        free(file->entries[i].user);
    }
    free(file->entries);
    free(file);
}

/* The field as text, "" and err when it is not there. */
static int
field(const char *name, const json_t *item, size_t index, const char *key, const char **out,
      struct mx_err *err)
{
    const json_t *value = json_object_get(item, key);
    if (!json_is_string(value)) {
        return mx_err_text(err,
                           "element %zu of \"" ARRAY "\" in '%s' has no text \"%s\"; write "
                           "{\"user\": \"...\", \"password\": \"...\"}",
                           index + 1, name, key);
    }
    *out = json_string_value(value);
    return 0;
}

static int
entry_add(struct pwfile *file, const char *name, const json_t *item, struct mx_err *err)
{
    const char *user = NULL;
    const char *password = NULL;
    struct mx_err why;
    if (field(name, item, file->count, "user", &user, err) != 0 ||
        field(name, item, file->count, "password", &password, err) != 0) {
        return -1;
    }
    char *plain = mx_program_password(password, &why);
    if (plain == NULL) {
        return mx_err_text(err, "the password of '%s' in '%s' cannot be decrypted: %s", user, name,
                           why.text);
    }
    file->entries[file->count++] = (struct entry){.user = mx_strdup(user), .password = plain};
    return 0;
}

static int
entries_add(struct pwfile *file, const char *name, const json_t *root, struct mx_err *err)
{
    const json_t *array = json_object_get(root, ARRAY);
    if (!json_is_array(array)) {
        return mx_err_text(err, "'%s' has no array \"" ARRAY "\"", name);
    }
    size_t count = json_array_size(array);
    file->entries = mx_calloc(count + 1, sizeof(*file->entries));
    for (size_t i = 0; i < count; i++) {
        if (entry_add(file, name, json_array_get(array, i), err) != 0) {
            return -1;
        }
    }
    qsort(file->entries, count, sizeof(*file->entries), by_user);
    for (size_t i = 1; i < count; i++) {
        if (by_user(&file->entries[i - 1], &file->entries[i]) == 0) {
            return mx_err_text(err, "'%s' has two passwords for '%s'; remove one", name,
                               file->entries[i].user);
        }
    }
    return 0;
}

static struct pwfile *
pwfile_of(const char *name, json_t *root, const json_error_t *why, struct mx_err *err)
{
    if (root == NULL) {
        (void)mx_err_text(err, "'%s' is not valid JSON: line %d: %s", name, why->line, why->text);
        return NULL;
    }
    struct pwfile *file = mx_calloc(1, sizeof(*file));
    if (entries_add(file, name, root, err) != 0) {
        pwfile_free(file);
        file = NULL;
    }
    json_decref(root);
    return file;
}

struct pwfile *
pwfile_parse(const char *name, const char *text, size_t len, struct mx_err *err)
{
    json_error_t why = {0};
    return pwfile_of(name, json_loadb(text, len, JSON_REJECT_DUPLICATES, &why), &why, err);
}

struct pwfile *
pwfile_load(const char *path, struct mx_err *err)
{
    json_error_t why = {0};
    if (path == NULL) {
        return mx_calloc(1, sizeof(struct pwfile));
    }
    return pwfile_of(path, json_load_file(path, JSON_REJECT_DUPLICATES, &why), &why, err);
}

const char *
pwfile_password(const struct pwfile *file, const char *user)
{
    union {
        const char *in;
        char *out;
    } name = {.in = user};
    const struct entry key = {.user = name.out};
    if (file->count == 0) {
        return "";
    }
    const struct entry *found =
        bsearch(&key, file->entries, file->count, sizeof(*file->entries), by_user);
    return found != NULL ? found->password : "";
}
