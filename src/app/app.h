/*
 * The program maxscale: command line, folders, locks, signals, start and end. The one process
 * object is struct app.
 */
#ifndef APP_APP_H
#define APP_APP_H

#include "conf/param.h"
#include "core/objects.h"
#include "mx/err.h"

/* What the process ends with; part of the contract. */
enum app_exit {
    APP_EXIT_OK = 0,
    APP_EXIT_BAD_CONFIG = 1,
    APP_EXIT_NO_MODULE = 2,
    APP_EXIT_NO_SERVICE = 3,
    APP_EXIT_ALREADY_RUNNING = 4,
    APP_EXIT_BAD_ARGUMENT = 5,
    APP_EXIT_INTERNAL = 6,
};

/* The folders and the main file. Order: as in dirs.c. */
enum app_dir {
    APP_DIR_CONFIG = 0, /* of maxscale.cnf */
    APP_DIR_LOG,
    APP_DIR_DATA,
    APP_DIR_CACHE,
    APP_DIR_PID,
    APP_DIR_PERSIST,
    APP_DIR_MODULE_CONFIG,
    APP_DIR_LANGUAGE,
    APP_DIR_SHARE,
    APP_DIR_LIB,
    APP_DIR_CONNECTOR_PLUGIN,
    APP_DIR_EXEC,
    APP_DIR_COUNT,
};

/* The command line. Texts belong to the process's argument vector or are NULL. */
struct app_args {
    bool help;
    bool version;
    bool version_full;
    bool print_docs;
    bool config_check;
    const char *export_file;
    bool nodaemon;
    const char *config_file;
    bool log_to_stdout;
    const char *dirs[APP_DIR_COUNT];
    const char *basedir;
    const char *runtimedir;
    const char *user;
    int syslog; /* -1: not given */
    int maxlog;
    int augmentation;
    bool passive;
    const char *debug;
};

/* Values of --debug and of the parameter `debug`. */
struct app_debug {
    bool keep_modules; /* disable-module-unloading */
    bool allow_duplicate_servers;
    char *output_file; /* redirect-output-to-file */
};

/* The process object. */
struct app {
    struct app_args args;
    struct app_debug debug;
    char *dirs[APP_DIR_COUNT];
    char *config_file;
    char *secretsdir; /* NULL: datadir */
    struct conf_model model;
    struct conf_model static_model; /* without the persisted files */
    struct conf_diag diag;
    struct conf_secrets secrets;
    struct core_global_config *globals;
    struct core_registry *registry; /* a reference, while it runs */
    int parent_fd;                  /* the waiting parent's pipe; -1: none */
    bool left_behind;               /* a thread hangs in a call of an authenticator */
};

/* args.c: -1: wrong, told on standard error. */
int app_args_parse(struct app_args *args, int argc, char **argv);
/* help.c */
void app_help_print(const struct app *app, const char *program);
/* "a,b=c" of --debug; -1 with err for an unknown one. warn: named but without effect here. */
int app_debug_parse(struct app_debug *debug, const char *text, struct conf_diag *diag,
                    struct mx_err *err);

/* dirs.c: the defaults with --basedir and the like, made absolute. */
void app_dirs_init(struct app *app);
/* What the main file says about folders; the command line wins. */
void app_dirs_from_config(struct app *app);
/* Makes those that are written to; -1 and err when one cannot be used. */
int app_dirs_make(const struct app *app, struct mx_err *err);
/* Puts the folders in force into the globals. */
void app_dirs_to_globals(const struct app *app);
void app_dirs_fini(struct app *app);
/* Name of the parameter, and of the option in the help. */
const char *app_dir_name(enum app_dir dir);

/* user.c: root needs --user; changes to that user. Exit code, 0 to go on. */
int app_user_switch(const struct app_args *args, int argc, char **argv);

/* load.c: reads all files; then builds the objects. Findings go to app->diag. */
void app_config_read(struct app *app);
/* The globals; after app_config_read, and before the log is opened. */
void app_config_globals(struct app *app);
/* The registry, or NULL when there was an error; after the workers were made. */
struct core_registry *app_config_build(struct app *app);
/* From now on objects may be changed while the program runs. */
void app_config_allow_changes(struct app *app);
/* export.c */
int app_config_export(const struct conf_model *model, const char *file, struct mx_err *err);

/* daemon.c: forks; the parent stays in here and exits with what the child tells it. */
void app_daemon_fork(struct app *app);
/* The child: tells the parent how starting went and lets go of the terminal. */
void app_daemon_tell(struct app *app, int status);

/* lock.c: PID file, locks of the folders, per-process folder. Exit code, 0 to go on. */
int app_lock_take(const struct app *app, struct mx_err *err);
void app_lock_release(const struct app *app);

/* signals.c: signals are taken by a thread and handled on the main thread. */
void app_signals_block(void);
void app_signals_fatal(void);
int app_signals_start(struct mx_err *err);
void app_signals_stop(void);

/* notify.c: systemd. Does nothing outside of it. */
void app_notify_ready(void);
void app_notify_stopping(void);
void app_watchdog_start(void);
void app_watchdog_stop(void);

/* greet.c: the lines about program, machine and folders. */
void app_greet_log(const struct app *app);
/* Opens the log with what globals and command line say. */
int app_log_open(const struct app *app, struct mx_err *err);

/* trim.c: gives back what only the start needed. */
void app_trim(void);

/* run.c: starts everything, runs until asked to stop, ends everything. */
int app_run(struct app *app);

/* docs.c: the tables of every parameter as Markdown, on standard output. */
int app_docs_print(const struct app *app);

#endif
