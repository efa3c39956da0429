/* From files to objects, in the order that the start needs. */
#include "app/app.h"
#include "conf/files.h"
#include "core/build.h"
#include "core/change.h"
#include "core/modload.h"
#include "mx/worker.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *
global_value(const struct app *app, const char *name)
{
    const struct conf_section *section = conf_model_global(&app->model);
    return section != NULL ? conf_section_value(section, name) : NULL;
}

static void
copy_model(struct conf_model *to, const struct conf_model *from)
{
    for (size_t i = 0; i < from->section_count; i++) {
        (void)conf_model_copy_section(to, from->sections[i]);
    }
}

void
app_config_read(struct app *app)
{
    conf_files_read_static(&app->model, app->config_file, &app->diag);
    app_dirs_from_config(app);
    copy_model(&app->static_model, &app->model);
    const char *persisted = global_value(app, "load_persisted_configs");
    if ((persisted == NULL || conf_bool_word(persisted) != 0) &&
        access(app->dirs[APP_DIR_PERSIST], F_OK) == 0) {
        conf_files_read_persisted(&app->model, app->dirs[APP_DIR_PERSIST], &app->diag);
    }
    conf_include_resolve(&app->model, &app->diag);
    struct conf_diag told = {0}; /* the same findings once more */
    conf_include_resolve(&app->static_model, &told);
    conf_diag_free(&told);
}

static struct conf_context
context_of(const struct app *app)
{
    return (struct conf_context){
        .module_configdir = app->dirs[APP_DIR_MODULE_CONFIG],
        .secrets = &app->secrets,
    };
}

/* What the command line says about parameters of [maxscale]. */
static void
apply_arguments(struct app *app)
{
    const struct app_args *args = &app->args;
    struct core_global_config *globals = app->globals;
    globals->syslog = args->syslog >= 0 ? args->syslog == 1 : globals->syslog;
    globals->maxlog = args->maxlog >= 0 ? args->maxlog == 1 : globals->maxlog;
    globals->log_augmentation =
        args->augmentation >= 0 ? args->augmentation : globals->log_augmentation;
    globals->passive = globals->passive || args->passive;
}

void
app_config_globals(struct app *app)
{
    struct mx_err err = {0};
    const struct conf_context context = context_of(app);
    if (conf_secrets_load(app->secretsdir != NULL ? app->secretsdir : app->dirs[APP_DIR_DATA],
                          &app->secrets, &err) != 0) {
        conf_diag_add(&app->diag, true, NULL, NULL, "%s", err.text);
    }
    app->globals = core_globals_build(&app->model, &context, &app->diag);
    apply_arguments(app);
    app_dirs_to_globals(app);
    if (app_debug_parse(&app->debug, app->globals->debug, &app->diag, &err) != 0) {
        const struct conf_section *section = conf_model_global(&app->model);
        const struct conf_key *key = section != NULL ? conf_section_key(section, "debug") : NULL;
        struct conf_about about = {
            .place = {.file = key != NULL ? key->file : NULL, .line = key != NULL ? key->line : 0},
            .object = "maxscale",
            .param = "debug",
        };
        conf_diag_add(&app->diag, true, &about, NULL, "%s", err.text);
    }
}

void
app_config_allow_changes(struct app *app)
{
    const struct core_change_base base = {
        .model = &app->model,
        .static_model = &app->static_model,
        .context = context_of(app),
        .worker_count = (size_t)mx_worker_count(),
        .allow_duplicate_servers = app->debug.allow_duplicate_servers,
    };
    core_change_init(&base);
}

struct core_registry *
app_config_build(struct app *app)
{
    int workers = mx_worker_count();
    struct core_build build = {
        .model = &app->model,
        .context = context_of(app),
        .diag = &app->diag,
        .worker_count = workers > 0 ? (size_t)workers : (size_t)app->globals->threads,
        .allow_duplicate_servers = app->debug.allow_duplicate_servers,
    };
    core_modload_init(app->dirs[APP_DIR_LIB]);
    core_program_init(app->dirs[APP_DIR_EXEC], &app->secrets);
    return core_registry_build(&build, app->globals);
}
