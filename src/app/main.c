/* The program: from the command line to the exit code. */
#include "app/app.h"
#include "base/log_sink.h"
#include "core/authenticators.h"
#include "core/modload.h"
#include "core/runtime.h"
#include "mx/log.h"
#include "mx_build.h"
#include "net/worker.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
print_version(const struct app_args *args)
{
    if (args->version_full) {
        (void)printf("MaxScale %s - %s\n", MX_VERSION, MX_COMMIT);
    } else {
        (void)printf("MaxScale %s\n", MX_VERSION);
    }
}

/* Everything that can be answered at once. True: done, with *out_rc. */
static bool
answer_at_once(struct app *app, const char *program, int *out_rc)
{
    *out_rc = APP_EXIT_OK;
    if (app->args.help) {
        app_help_print(app, program);
        return true;
    }
    if (app->args.version || app->args.version_full) {
        print_version(&app->args);
        return true;
    }
    if (app->args.print_docs) {
        *out_rc = app_docs_print(app);
        return true;
    }
    return false;
}

static int
redirect_output(const struct app_debug *debug)
{
    if (debug->output_file == NULL) {
        return 0;
    }
    int fd = open(debug->output_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0664);
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0) {
        (void)fprintf(stderr, "maxscale: Cannot write to '%s'.\n", debug->output_file);
        return -1;
    }
    (void)close(fd);
    return 0;
}

/* Findings to the log, and to the terminal of one who started a daemon. */
static void
tell_findings(struct app *app)
{
    conf_diag_sort(&app->diag);
    conf_diag_log(&app->diag);
    for (size_t i = 0; app->parent_fd >= 0 && i < app->diag.count; i++) {
        char *text = conf_finding_text(&app->diag.items[i]);
        (void)fprintf(stderr, "%s: %s\n", app->diag.items[i].error ? "error" : "warning", text);
        free(text);
    }
}

static void
tell_failure(const struct app *app, const char *text)
{
    mx_log_alert(NULL, "%s", text);
    if (app->parent_fd >= 0) {
        (void)fprintf(stderr, "maxscale: %s\n", text);
    }
}

static int
check_done(struct app *app)
{
    struct mx_err err = {0};
    if (app->args.export_file != NULL &&
        app_config_export(&app->model, app->args.export_file, &err) != 0) {
        tell_failure(app, err.text);
        return APP_EXIT_BAD_CONFIG;
    }
    if (app->args.export_file != NULL) {
        mx_log_notice(NULL, "The configuration was written to '%s'.", app->args.export_file);
    } else {
        mx_log_notice(NULL, "Configuration was successfully verified.");
    }
    return APP_EXIT_OK;
}

/* With the log open and the workers made. */
static int
build_and_run(struct app *app)
{
    app->registry = app_config_build(app);
    tell_findings(app);
    if (app->registry == NULL) {
        char *text = mx_asprintf(
            "The configuration in '%s' has %zu mistake%s; nothing was started.", app->config_file,
            app->diag.error_count, app->diag.error_count == 1 ? "" : "s");
        tell_failure(app, text);
        free(text);
        return APP_EXIT_BAD_CONFIG;
    }
    if (app->args.config_check || app->args.export_file != NULL) {
        int rc = check_done(app);
        core_registry_unref(app->registry);
        app->registry = NULL;
        return rc;
    }
    return app_run(app);
}

static bool
is_check(const struct app *app)
{
    return app->args.config_check || app->args.export_file != NULL;
}

/* Folders, log, locks, workers; then the rest; and the same back. */
static int
work(struct app *app)
{
    struct mx_err err = {0};
    bool locked = false;
    int rc = APP_EXIT_OK;
    if (!is_check(app) && app_dirs_make(app, &err) != 0) {
        (void)fprintf(stderr, "maxscale: %s\n", err.text);
        return APP_EXIT_BAD_CONFIG;
    }
    if (app_log_open(app, &err) != 0) {
        (void)fprintf(stderr, "maxscale: The log cannot be opened: %s\n", err.text);
        return APP_EXIT_BAD_CONFIG;
    }
    app_greet_log(app);
    if (!is_check(app)) {
        rc = app_lock_take(app, &err);
        locked = rc == APP_EXIT_OK;
        if (!locked) {
            tell_failure(app, err.text);
        }
    }
    if (rc == APP_EXIT_OK && net_workers_init((int)app->globals->threads, &err) != 0) {
        tell_failure(app, err.text);
        rc = APP_EXIT_INTERNAL;
    } else if (rc == APP_EXIT_OK) {
        rc = build_and_run(app);
        core_registry_fini();
        net_workers_fini();
        app->left_behind = !core_auth_jobs_stop();
        core_modload_fini(!app->left_behind && !app->debug.keep_modules);
    }
    if (locked) {
        app_lock_release(app);
    }
    mx_log_notice(NULL, "MaxScale shutdown completed.");
    base_log_fini();
    return rc;
}

static void
app_fini(struct app *app)
{
    core_globals_unref(app->globals);
    conf_model_free(&app->model);
    conf_model_free(&app->static_model);
    conf_diag_free(&app->diag);
    app_dirs_fini(app);
    free(app->debug.output_file);
}

int
main(int argc, char **argv)
{
    struct app app = {.parent_fd = -1};
    struct mx_err err = {0};
    int rc = APP_EXIT_OK;
    if (app_args_parse(&app.args, argc, argv) != 0) {
        return APP_EXIT_BAD_ARGUMENT;
    }
    if (app_debug_parse(&app.debug, app.args.debug, &app.diag, &err) != 0) {
        (void)fprintf(stderr, "maxscale: --debug: %s\n", err.text);
        return APP_EXIT_BAD_ARGUMENT;
    }
    app_dirs_init(&app);
    if (answer_at_once(&app, argv[0], &rc)) {
        app_fini(&app);
        return rc;
    }
    rc = app_user_switch(&app.args, argc, argv);
    if (rc != APP_EXIT_OK) {
        app_fini(&app);
        return rc;
    }
    app_signals_block();
    app_config_read(&app);
    app_config_globals(&app);
    if (!app.args.nodaemon) {
        app_daemon_fork(&app);
    }
    rc = redirect_output(&app.debug) != 0 ? APP_EXIT_BAD_ARGUMENT : APP_EXIT_OK;
    if (rc == APP_EXIT_OK) {
        app_signals_fatal();
        rc = work(&app);
    }
    app_daemon_tell(&app, rc);
    app_fini(&app);
    if (app.left_behind) {
        _exit(rc); /* what libraries do at the end would pull the ground from under that thread */
    }
    return rc;
}
