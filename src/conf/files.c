/* Which files make the configuration, and in which order. */
#include "conf/files.h"

#include "base/file.h"
#include "mx/str.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define FILE_SIZE_MAX ((size_t)256 * 1024 * 1024)

static const char *const reserved_prefix = "@@";

/* File names, growing. */
struct names {
    char **items;
    size_t count;
};

static void
names_add(struct names *names, char *name)
{
    names->items = mx_realloc(names->items, (names->count + 1) * sizeof(*names->items));
    names->items[names->count++] = name;
}

static void
names_free(struct names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->items[i]);
    }
    free(names->items);
}

static int
compare_names(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;
    return strcmp(*left, *right);
}

static void
report_file(struct conf_diag *diag, bool error, const char *file, const char *hint,
            const char *text)
{
    struct conf_about about = {.place = {.file = file}};
    conf_diag_add(diag, error, &about, hint, "%s", text);
}

static bool
ends_with(const char *text, const char *end)
{
    size_t text_len = strlen(text);
    size_t end_len = strlen(end);
    return text_len >= end_len && strcmp(text + text_len - end_len, end) == 0;
}

/* Sorts one entry of a folder: a file to read, a folder still to walk, or neither. */
static void
sort_entry(const char *folder, const char *name, struct names *files, struct names *folders,
           struct conf_diag *diag)
{
    struct stat own;
    struct stat target;
    if (name[0] == '.') {
        return;
    }
    char *path = mx_asprintf("%s/%s", folder, name);
    if (lstat(path, &own) != 0 || stat(path, &target) != 0) {
        if (ends_with(name, ".cnf")) {
            report_file(diag, true, path, "Remove the name or the link, or make it readable.",
                        strerror(errno));
        }
        free(path);
    } else if (S_ISDIR(target.st_mode) && S_ISLNK(own.st_mode)) {
        report_file(diag, false, path, "Use a real folder, or link the files one by one.",
                    "A link to a folder is not followed.");
        free(path);
    } else if (S_ISDIR(target.st_mode)) {
        names_add(folders, path);
    } else if (ends_with(name, ".cnf")) {
        names_add(files, path);
    } else {
        free(path);
    }
}

/* All *.cnf at or below the folder (below only when deep), in the order of their names. */
static void
list_files(const char *folder, bool deep, struct names *files, struct conf_diag *diag)
{
    struct names folders = {0};
    names_add(&folders, mx_strdup(folder));
    for (size_t next = 0; next < folders.count && (deep || next == 0); next++) {
        DIR *dir = opendir(folders.items[next]);
        if (dir == NULL) {
            if (errno != ENOENT) {
                report_file(diag, true, folders.items[next],
                            "Let the user that runs the program read the folder.", strerror(errno));
            }
            continue;
        }
        for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
            sort_entry(folders.items[next], entry->d_name, files, &folders, diag);
        }
        (void)closedir(dir);
    }
    names_free(&folders);
    if (files->count > 0) {
        qsort(files->items, files->count, sizeof(*files->items), compare_names);
    }
}

static void
read_file(struct conf_model *model, const char *file, enum conf_origin origin,
          struct conf_diag *diag)
{
    struct mx_err err = {0};
    char *text = NULL;
    size_t len = 0;
    if (base_file_read(file, FILE_SIZE_MAX, &text, &len, &err) != 0) {
        report_file(diag, true, file,
                    origin == CONF_ORIGIN_MAIN ? "Name the file with --config=FILE." : NULL,
                    err.text);
        return;
    }
    conf_ini_read(model, text, len, file, origin, diag);
    free(text);
}

struct conf_section *
conf_model_global(const struct conf_model *model)
{
    for (size_t i = 0; i < model->section_count; i++) {
        if (conf_is_global_name(model->sections[i]->name)) {
            return model->sections[i];
        }
    }
    return NULL;
}

/* [maxscale] once, in the main file, preferably in lower case. */
static void
check_global(struct conf_model *model, struct conf_diag *diag)
{
    const struct conf_section *first = NULL;
    for (size_t i = 0; i < model->section_count; i++) {
        const struct conf_section *section = model->sections[i];
        struct conf_about about = {.place = {.file = section->file, .line = section->line},
                                   .object = section->name};
        if (!conf_is_global_name(section->name)) {
            continue;
        }
        if (section->origin == CONF_ORIGIN_ADDITIONAL) {
            conf_diag_add(diag, true, &about, "Move these parameters to the main file.",
                          "The global section is allowed in the main file only.");
        } else if (first != NULL) {
            conf_diag_add(diag, true, &about, "Merge the two sections.",
                          "The global section is defined a second time; the first one is [%s] at "
                          "%s:%d.",
                          first->name, first->file, first->line);
        } else if (strcmp(section->name, "maxscale") != 0) {
            conf_diag_add(diag, false, &about, "Write [maxscale].",
                          "Taken as the global section [maxscale].");
        }
        first = first == NULL ? section : first;
    }
}

void
conf_files_read_static(struct conf_model *model, const char *main_file, struct conf_diag *diag)
{
    struct names files = {0};
    char *folder = mx_asprintf("%s.d", main_file);
    read_file(model, main_file, CONF_ORIGIN_MAIN, diag);
    list_files(folder, true, &files, diag);
    for (size_t i = 0; i < files.count; i++) {
        read_file(model, files.items[i], CONF_ORIGIN_ADDITIONAL, diag);
    }
    check_global(model, diag);
    conf_env_substitute(model, diag);
    names_free(&files);
    free(folder);
}

/* Puts a persisted section in the place of the one of the same name. */
static void
replace_section(struct conf_model *model, const struct conf_section *section,
                struct conf_diag *diag)
{
    bool global = conf_is_global_name(section->name);
    struct conf_section *old =
        global ? conf_model_global(model) : conf_model_find(model, section->name);
    if (old != NULL && old->origin != CONF_ORIGIN_PERSISTED) {
        struct conf_about about = {.place = {.file = old->file, .line = old->line},
                                   .object = old->name};
        char *hint = mx_asprintf("Changes to this section have no effect until %s is removed.",
                                 section->file);
        conf_diag_add(diag, false, &about, hint,
                      "The whole section is replaced by the runtime change saved in %s.",
                      section->file);
        free(hint);
    }
    if (old != NULL) {
        conf_model_remove(model, old);
    }
    (void)conf_model_copy_section(model, section);
}

void
conf_files_read_persisted(struct conf_model *model, const char *folder, struct conf_diag *diag)
{
    struct names files = {0};
    struct conf_model persisted = {0};
    list_files(folder, false, &files, diag);
    for (size_t i = 0; i < files.count; i++) {
        read_file(&persisted, files.items[i], CONF_ORIGIN_PERSISTED, diag);
    }
    for (size_t i = 0; i < persisted.section_count; i++) {
        replace_section(model, persisted.sections[i], diag);
    }
    conf_model_free(&persisted);
    names_free(&files);
}

int
conf_bool_word(const char *text)
{
    static const char *const yes[] = {"true", "on", "yes", "1"};
    static const char *const no[] = {"false", "off", "no", "0"};
    for (size_t i = 0; i < MX_COUNT(yes); i++) {
        if (strcasecmp(text, yes[i]) == 0) {
            return 1;
        }
        if (strcasecmp(text, no[i]) == 0) {
            return 0;
        }
    }
    return -1;
}

void
conf_env_substitute(struct conf_model *model, struct conf_diag *diag)
{
    struct conf_section *global = conf_model_global(model);
    const char *enabled =
        global != NULL ? conf_section_value(global, "substitute_variables") : NULL;
    if (enabled == NULL || conf_bool_word(enabled) != 1) {
        return;
    }
    for (size_t i = 0; i < model->section_count; i++) {
        struct conf_section *section = model->sections[i];
        for (size_t k = 0; k < section->key_count; k++) {
            struct conf_key *key = &section->keys[k];
            if (key->value[0] != '$' || key->value[1] == '\0') {
                continue;
            }
            const char *value = getenv(key->value + 1);
            if (value == NULL) {
                struct conf_about about = {.place = {.file = key->file, .line = key->line},
                                           .object = section->name,
                                           .param = key->name};
                conf_diag_add(diag, true, &about,
                              "Set the variable in the environment of the program.",
                              "The environment variable '%s' is not set.", key->value + 1);
                continue;
            }
            free(key->value);
            key->value = mx_strdup(value);
        }
    }
}

static bool
has_blank(const char *name)
{
    while (*name != '\0' && isspace((unsigned char)*name) == 0) {
        name++;
    }
    return *name != '\0';
}

static bool
has_unusual(const char *name)
{
    while (*name != '\0' && (isalnum((unsigned char)*name) != 0 || strchr("_.~-", *name) != NULL)) {
        name++;
    }
    return *name != '\0';
}

void
conf_names_check(const struct conf_model *model, struct conf_diag *diag)
{
    for (size_t i = 0; i < model->section_count; i++) {
        const struct conf_section *section = model->sections[i];
        struct conf_about about = {.place = {.file = section->file, .line = section->line},
                                   .object = section->name};
        if (has_blank(section->name)) {
            conf_diag_add(diag, true, &about, "Use '-' or '_' instead.",
                          "The name of an object cannot contain blanks.");
        } else if (strncmp(section->name, reserved_prefix, strlen(reserved_prefix)) == 0) {
            conf_diag_add(diag, true, &about, "Use another name.",
                          "Names that begin with '@@' are reserved for the program itself.");
        } else if (has_unusual(section->name)) {
            conf_diag_add(diag, false, &about, "Use letters, digits and _ . ~ - only.",
                          "The name holds characters that have to be escaped in URLs.");
        }
    }
}
