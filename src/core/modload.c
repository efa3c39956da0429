/* Opening modules and refusing those that do not fit. */
#include "core/modload.h"

#include "mx/log.h"

#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define MODULES_MAX 256

struct loaded {
    const struct mx_module *module;
    void *handle;
    char *path;
    bool is_named; /* the log has told of it */
};

/* Part of the process object: what is loaded. Entries are only ever added. */
static struct {
    pthread_mutex_t lock;
    char *libdir;
    size_t count;
    struct loaded items[MODULES_MAX];
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

static const char *const kind_words[MX_MODULE_KIND_COUNT] = {
    [MX_MODULE_PROTOCOL] = "protocol", [MX_MODULE_AUTHENTICATOR] = "authenticator",
    [MX_MODULE_ROUTER] = "router",     [MX_MODULE_FILTER] = "filter",
    [MX_MODULE_MONITOR] = "monitor",
};

const char *
core_modload_kind_word(enum mx_module_kind kind)
{
    const char *word = kind < MX_MODULE_KIND_COUNT ? kind_words[kind] : NULL;
    return word != NULL ? word : "module";
}

void
core_modload_init(const char *libdir)
{
    free(table.libdir);
    table.libdir = mx_strdup(libdir);
}

const char *
core_modload_libdir(void)
{
    return table.libdir;
}

size_t
core_modload_count(void)
{
    (void)pthread_mutex_lock(&table.lock);
    size_t count = table.count;
    (void)pthread_mutex_unlock(&table.lock);
    return count;
}

const struct mx_module *
core_modload_get(size_t index)
{
    return index < core_modload_count() ? table.items[index].module : NULL;
}

static bool
has_name(const struct mx_module *module, const char *name)
{
    if (strcasecmp(module->name, name) == 0) {
        return true;
    }
    for (const char *const *alias = module->aliases; alias != NULL && *alias != NULL; alias++) {
        if (strcasecmp(*alias, name) == 0) {
            return true;
        }
    }
    return false;
}

static struct loaded *
find_loaded(const char *name)
{
    size_t count = core_modload_count();
    for (size_t i = 0; i < count; i++) {
        if (has_name(table.items[i].module, name)) {
            return &table.items[i];
        }
    }
    return NULL;
}

const struct mx_module *
core_modload_find(const char *name)
{
    const struct loaded *item = find_loaded(name);
    return item != NULL ? item->module : NULL;
}

static bool
has_callbacks(const struct mx_module *module)
{
    switch (module->kind) {
    case MX_MODULE_PROTOCOL:
        return module->protocol != NULL;
    case MX_MODULE_AUTHENTICATOR:
        return module->authenticator != NULL;
    case MX_MODULE_ROUTER:
        return module->router != NULL;
    case MX_MODULE_FILTER:
        return module->filter != NULL;
    case MX_MODULE_MONITOR:
        return module->monitor != NULL;
    case MX_MODULE_KIND_COUNT:
        break;
    }
    return false;
}

/* Every row lies inside the block, every alias names a row. */
static const char *
bad_row(const struct mx_module *module)
{
    for (size_t i = 0; i < module->param_count; i++) {
        const struct mx_param *row = &module->params[i];
        bool is_alias = (row->flags & MX_PARAM_ALIAS) != 0;
        if (row->name == NULL || row->doc == NULL) {
            return "(row without name or documentation)";
        }
        if (!is_alias && row->offset + sizeof(bool) > module->config_size) {
            return row->name;
        }
    }
    return NULL;
}

static int
check_descriptor(const struct mx_module *module, const char *path, struct mx_err *err)
{
    if (module->abi != MX_MODULE_ABI) {
        return mx_err_text(err,
                           "The module '%s' was built for module interface %u, this program has "
                           "%u. Build the module again with the headers of this version.",
                           path, module->abi, MX_MODULE_ABI);
    }
    if (module->size != sizeof(struct mx_module)) {
        return mx_err_text(err,
                           "The module '%s' has a descriptor of %u bytes instead of %zu. Build the "
                           "module again with the headers of this version.",
                           path, module->size, sizeof(struct mx_module));
    }
    if (module->name == NULL || module->version == NULL || module->doc == NULL ||
        !has_callbacks(module)) {
        return mx_err_text(err,
                           "The descriptor of the module '%s' is not complete: name, version, doc "
                           "and the callbacks of its kind are needed.",
                           path);
    }
    const char *row = bad_row(module);
    if (row != NULL) {
        return mx_err_text(err, "The module '%s' has a bad parameter row: %s.", path, row);
    }
    return 0;
}

/* Opens the file and adds it to the table. NULL and err when that cannot be. */
static struct loaded *
open_file(const char *path, struct mx_err *err)
{
    for (size_t i = 0; i < table.count; i++) {
        if (strcmp(table.items[i].path, path) == 0) {
            return &table.items[i];
        }
    }
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        const char *why = dlerror();
        mx_err_text(err, "Cannot open the module '%s': %s.", path, why != NULL ? why : "no reason");
        return NULL;
    }
    const struct mx_module *module = dlsym(handle, MX_MODULE_SYMBOL);
    if (module == NULL) {
        mx_err_text(err, "The library '%s' is not a module: it has no symbol '%s'.", path,
                    MX_MODULE_SYMBOL);
    } else if (table.count == MODULES_MAX) {
        mx_err_text(err, "The module '%s' is one more than the %d that can be loaded.", path,
                    MODULES_MAX);
    } else if (check_descriptor(module, path, err) == 0) {
        (void)pthread_mutex_lock(&table.lock);
        struct loaded *item = &table.items[table.count++];
        *item = (struct loaded){.module = module, .handle = handle, .path = mx_strdup(path)};
        (void)pthread_mutex_unlock(&table.lock);
        return item;
    }
    (void)dlclose(handle);
    return NULL;
}

static bool
is_module_file(const char *name)
{
    size_t len = strlen(name);
    return len > 6 && strncmp(name, "lib", 3) == 0 && strcmp(name + len - 3, ".so") == 0;
}

static int
is_module_entry(const struct dirent *entry)
{
    return is_module_file(entry->d_name) ? 1 : 0;
}

/* Opens all modules of the folder; what cannot be opened is logged when `loud`. */
static void
open_all(bool loud)
{
    struct dirent **entries = NULL;
    int count =
        table.libdir != NULL ? scandir(table.libdir, &entries, is_module_entry, alphasort) : 0;
    for (int i = 0; i < count; i++) {
        struct mx_err err = {0};
        char *path = mx_asprintf("%s/%s", table.libdir, entries[i]->d_name);
        if (open_file(path, &err) == NULL && loud) {
            mx_log_error(NULL, "%s", err.text);
        }
        free(path);
        free(entries[i]);
    }
    free(entries);
}

static void
tell_once(struct loaded *item)
{
    if (!item->is_named) {
        item->is_named = true;
        mx_log_notice(NULL, "Module '%s' loaded from '%s'.", item->module->name, item->path);
    }
}

void
core_modload_load_all(void)
{
    open_all(true);
    for (size_t i = 0; i < table.count; i++) {
        tell_once(&table.items[i]);
    }
}

/* lib<name>.so with the name in lower case. */
static char *
file_for_name(const char *name)
{
    char *path = mx_asprintf("%s/lib%s.so", table.libdir, name);
    size_t start = strlen(table.libdir) + 1;
    for (char *c = path + start; *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    return path;
}

static struct loaded *
open_by_name(const char *name, struct mx_err *err)
{
    struct loaded *item = find_loaded(name);
    if (item != NULL || strchr(name, '/') != NULL || table.libdir == NULL) {
        return item;
    }
    char *path = file_for_name(name);
    if (access(path, F_OK) == 0) {
        item = open_file(path, err);
    } else {
        open_all(false); /* the name may be an alias that no file has */
        item = find_loaded(name);
    }
    free(path);
    return item;
}

const struct mx_module *
core_modload_load(enum mx_module_kind kind, const char *name, struct mx_err *err)
{
    mx_err_clear(err);
    struct loaded *item = open_by_name(name, err);
    if (item != NULL && item->module->kind != kind) {
        mx_err_text(err, "'%s' is a module of type %s, not %s.", name,
                    core_modload_kind_word(item->module->kind), core_modload_kind_word(kind));
        return NULL;
    }
    if (item == NULL) {
        if (err != NULL && err->code == 0) {
            mx_err_text(err, "There is no %s module '%s' in '%s'.", core_modload_kind_word(kind),
                        name, table.libdir != NULL ? table.libdir : "");
        }
        return NULL;
    }
    tell_once(item);
    return item->module;
}

char **
core_modload_names(enum mx_module_kind kind)
{
    open_all(false);
    char **names = mx_calloc(table.count + 1, sizeof(*names));
    size_t used = 0;
    for (size_t i = 0; i < table.count; i++) {
        if (table.items[i].module->kind == kind) {
            names[used++] = mx_strdup(table.items[i].module->name);
        }
    }
    return names;
}

void
core_modload_fini(bool close_libraries)
{
    for (size_t i = 0; i < table.count; i++) {
        if (close_libraries) {
            (void)dlclose(table.items[i].handle);
        }
        free(table.items[i].path);
    }
    table.count = 0;
    free(table.libdir);
    table.libdir = NULL;
}
