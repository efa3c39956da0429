/* Folders: built-in ones, moved by --basedir and --runtimedir, replaced one by one. */
#include "app/app.h"
#include "mx_build.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Built-in places for an installed program, and below a base folder. */
struct place {
    const char *name;
    const char *installed; /* NULL: below the prefix, as with a base folder */
    const char *below;     /* NULL: of the modules, see module_dir() */
    bool is_program;       /* not moved by --runtimedir */
    bool is_written;
};

static const struct place places[APP_DIR_COUNT] = {
    [APP_DIR_CONFIG] = {"configdir", "/etc", "etc", false, false},
    [APP_DIR_LOG] = {"logdir", "/var/log/maxscale", "var/log/maxscale", false, true},
    [APP_DIR_DATA] = {"datadir", "/var/lib/maxscale", "var/lib/maxscale", false, true},
    [APP_DIR_CACHE] = {"cachedir", "/var/cache/maxscale", "var/cache/maxscale", false, true},
    [APP_DIR_PID] = {"piddir", "/var/run/maxscale", "var/run/maxscale", false, true},
    [APP_DIR_PERSIST] = {"persistdir", "/var/lib/maxscale/maxscale.cnf.d",
                         "var/lib/maxscale/maxscale.cnf.d", false, true},
    [APP_DIR_MODULE_CONFIG] = {"module_configdir", "/etc/maxscale.modules.d",
                               "etc/maxscale.modules.d", false, false},
    [APP_DIR_LANGUAGE] = {"language", "/var/lib/maxscale", "var/lib/maxscale", false, false},
    [APP_DIR_SHARE] = {"sharedir", NULL, "share/maxscale", false, false},
    [APP_DIR_LIB] = {"libdir", NULL, NULL, true, false},
    [APP_DIR_CONNECTOR_PLUGIN] = {"connector_plugindir", NULL, NULL, true, false},
    [APP_DIR_EXEC] = {"execdir", NULL, "bin", true, false},
};

const char *
app_dir_name(enum app_dir dir)
{
    return places[dir].name;
}

static bool
is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Against the working folder, without a trailing slash or a leading "./". */
static char *
make_absolute(const char *path)
{
    char here[PATH_MAX];
    while (strncmp(path, "./", 2) == 0) {
        path += 2;
    }
    if (strcmp(path, ".") == 0) {
        path = "";
    }
    char *out = NULL;
    if (path[0] == '/' || getcwd(here, sizeof(here)) == NULL) {
        out = mx_strdup(path);
    } else {
        out = path[0] != '\0' ? mx_asprintf("%s/%s", here, path) : mx_strdup(here);
    }
    for (size_t len = strlen(out); len > 1 && out[len - 1] == '/'; len--) {
        out[len - 1] = '\0';
    }
    return out;
}

/* The folder above the one the program lies in: <base>/bin/maxscale; NULL when not known. */
static char *
program_base(void)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (len <= 0) {
        return NULL;
    }
    path[len] = '\0';
    for (int step = 0; step < 2; step++) {
        char *slash = strrchr(path, '/');
        if (slash == NULL || slash == path) {
            return NULL;
        }
        *slash = '\0';
    }
    return mx_strdup(path);
}

/*
 * Modules below a base: where this build installs them, or where another layout has them. An
 * archive may have been made with another name for the library folder.
 */
static char *
module_dir(const char *base)
{
    static const char *const known[] = {MX_LIBSUBDIR, "lib64/maxscale", "lib/maxscale",
                                        "lib/x86_64-linux-gnu/maxscale",
                                        "lib/aarch64-linux-gnu/maxscale"};
    for (size_t i = 0; i < MX_COUNT(known); i++) {
        char *path = mx_asprintf("%s/%s", base, known[i]);
        if (is_folder(path)) {
            return path;
        }
        free(path);
    }
    return NULL;
}

static char *
default_module_dir(const char *base)
{
    char *path = module_dir(base);
    if (path == NULL) {
        char *own = program_base();
        path = own != NULL ? module_dir(own) : NULL;
        free(own);
    }
    return path != NULL ? path : mx_asprintf("%s/%s", base, MX_LIBSUBDIR);
}

static char *
default_dir(const struct app_args *args, enum app_dir dir)
{
    const struct place *place = &places[dir];
    const char *moved = args->basedir;
    if (moved == NULL && !place->is_program) {
        moved = args->runtimedir;
    }
    char *base = make_absolute(moved != NULL ? moved : MX_PREFIX);
    const char *joint = strcmp(base, "/") == 0 ? "" : base;
    char *path = NULL;
    if (place->below == NULL) {
        path = default_module_dir(joint);
    } else if (moved == NULL && place->installed != NULL) {
        path = mx_strdup(place->installed);
    } else {
        path = mx_asprintf("%s/%s", joint, place->below);
    }
    free(base);
    return path;
}

static void
set_plugin_dir(struct app *app)
{
    free(app->dirs[APP_DIR_CONNECTOR_PLUGIN]);
    app->dirs[APP_DIR_CONNECTOR_PLUGIN] = mx_asprintf("%s/plugin", app->dirs[APP_DIR_LIB]);
}

void
app_dirs_init(struct app *app)
{
    const struct app_args *args = &app->args;
    for (int i = 0; i < APP_DIR_COUNT; i++) {
        app->dirs[i] = args->dirs[i] != NULL ? make_absolute(args->dirs[i])
                                             : default_dir(args, (enum app_dir)i);
    }
    if (args->dirs[APP_DIR_CONNECTOR_PLUGIN] == NULL) {
        set_plugin_dir(app);
    }
    app->config_file = args->config_file != NULL
                           ? make_absolute(args->config_file)
                           : mx_asprintf("%s/maxscale.cnf", app->dirs[APP_DIR_CONFIG]);
}

/* Value of a folder in the main file, without quotes; NULL when it says nothing. */
static char *
value_of(const struct conf_section *section, const char *name)
{
    const char *value = conf_section_value(section, name);
    size_t len = value != NULL ? strlen(value) : 0;
    if (len == 0) {
        return NULL;
    }
    if (len >= 2 && (value[0] == '"' || value[0] == '\'') && value[len - 1] == value[0]) {
        return mx_strndup(value + 1, len - 2);
    }
    return mx_strdup(value);
}

void
app_dirs_from_config(struct app *app)
{
    const struct conf_section *section = NULL;
    for (size_t i = 0; i < app->model.section_count && section == NULL; i++) {
        const struct conf_section *one = app->model.sections[i];
        section = conf_is_global_name(one->name) ? one : NULL;
    }
    for (int i = 0; section != NULL && i < APP_DIR_COUNT; i++) {
        char *value = app->args.dirs[i] == NULL ? value_of(section, places[i].name) : NULL;
        if (value != NULL && i != APP_DIR_CONFIG) {
            free(app->dirs[i]);
            app->dirs[i] = make_absolute(value);
            if (i == APP_DIR_LIB && app->args.dirs[APP_DIR_CONNECTOR_PLUGIN] == NULL) {
                set_plugin_dir(app);
            }
        }
        free(value);
    }
    char *secrets = section != NULL ? value_of(section, "secretsdir") : NULL;
    free(app->secretsdir);
    app->secretsdir = secrets != NULL ? make_absolute(secrets) : NULL;
    free(secrets);
}

/* The folder and those above it. */
static int
make_folder(const char *path)
{
    char *copy = mx_strdup(path);
    int rc = 0;
    for (char *at = strchr(copy + 1, '/'); rc == 0 && at != NULL; at = strchr(at + 1, '/')) {
        *at = '\0';
        rc =
            mkdir(copy, 0755) != 0 && errno != EEXIST && errno != EACCES && errno != EROFS ? -1 : 0;
        *at = '/';
    }
    if (rc == 0) {
        rc = mkdir(copy, 0755) != 0 && errno != EEXIST ? -1 : 0;
    }
    free(copy);
    return rc;
}

int
app_dirs_make(const struct app *app, struct mx_err *err)
{
    for (int i = 0; i < APP_DIR_COUNT; i++) {
        const char *path = app->dirs[i];
        if (!places[i].is_written || is_folder(path)) {
            if (places[i].is_written && access(path, W_OK | X_OK) != 0) {
                return mx_err_text(err,
                                   "The folder '%s' (%s) cannot be written to: %s. Give it to the "
                                   "user that runs the program, or choose another with --%s.",
                                   path, places[i].name, strerror(errno), places[i].name);
            }
            continue;
        }
        if (make_folder(path) != 0) {
            return mx_err_text(err,
                               "The folder '%s' (%s) cannot be made: %s. Make it and give it to "
                               "the user that runs the program, or choose another with --%s.",
                               path, places[i].name, strerror(errno), places[i].name);
        }
    }
    return 0;
}

static void
put(char **member, const char *text)
{
    free(*member);
    *member = text != NULL ? mx_strdup(text) : NULL;
}

void
app_dirs_to_globals(const struct app *app)
{
    struct core_global_config *g = app->globals;
    put(&g->logdir, app->dirs[APP_DIR_LOG]);
    put(&g->datadir, app->dirs[APP_DIR_DATA]);
    put(&g->secretsdir, app->secretsdir);
    put(&g->libdir, app->dirs[APP_DIR_LIB]);
    put(&g->sharedir, app->dirs[APP_DIR_SHARE]);
    put(&g->cachedir, app->dirs[APP_DIR_CACHE]);
    put(&g->piddir, app->dirs[APP_DIR_PID]);
    put(&g->execdir, app->dirs[APP_DIR_EXEC]);
    put(&g->connector_plugindir, app->dirs[APP_DIR_CONNECTOR_PLUGIN]);
    put(&g->persistdir, app->dirs[APP_DIR_PERSIST]);
    put(&g->module_configdir, app->dirs[APP_DIR_MODULE_CONFIG]);
    put(&g->language, app->dirs[APP_DIR_LANGUAGE]);
}

void
app_dirs_fini(struct app *app)
{
    for (int i = 0; i < APP_DIR_COUNT; i++) {
        free(app->dirs[i]);
        app->dirs[i] = NULL;
    }
    free(app->config_file);
    free(app->secretsdir);
    app->config_file = NULL;
    app->secretsdir = NULL;
}
