/* The log as configured, and its first lines: what runs, where, and with which folders. */
#include "app/app.h"
#include "base/log_sink.h"
#include "core/build.h"
#include "mx/log.h"
#include "mx_build.h"

#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

static uint32_t
levels_of(const struct core_global_config *globals)
{
    uint32_t levels = 1u << MX_LOG_ALERT | 1u << MX_LOG_ERROR;
    levels |= globals->log_warning ? 1u << MX_LOG_WARNING : 0;
    levels |= globals->log_notice ? 1u << MX_LOG_NOTICE : 0;
    levels |= globals->log_info ? 1u << MX_LOG_INFO : 0;
    levels |= globals->log_debug ? 1u << MX_LOG_DEBUG : 0;
    return levels;
}

/* In the foreground the terminal gets the same lines as the file. */
int
app_log_open(const struct app *app, struct mx_err *err)
{
    const struct core_global_config *globals = app->globals;
    char *path = mx_asprintf("%s/maxscale.log", app->dirs[APP_DIR_LOG]);
    struct base_log_config config = {
        .path = globals->maxlog && !app->args.log_to_stdout ? path : NULL,
        .to_stdout = app->args.log_to_stdout || app->args.nodaemon,
        .to_syslog = globals->syslog,
        .ms_timestamp = globals->ms_timestamp,
        .augmentation = globals->log_augmentation != 0,
        .levels = levels_of(globals),
        .throttling = globals->log_throttling,
    };
    int rc = base_log_init(&config, err);
    free(path);
    return rc;
}

static const char *
on_off(bool on)
{
    return on ? "enabled" : "disabled";
}

static void
greet_machine(void)
{
    struct utsname os = {0};
    double gib = 1024.0 * 1024.0 * 1024.0;
    double page = (double)sysconf(_SC_PAGESIZE);
    double total = (double)sysconf(_SC_PHYS_PAGES) * page / gib;
    double available = (double)sysconf(_SC_AVPHYS_PAGES) * page / gib;
    (void)uname(&os);
    mx_log_notice(NULL, "Process: %ld, Memory: %.2fGiB (%.2fGiB free), CPUs: %lld (%d online)",
                  (long)getpid(), total, available, (long long)core_cpu_count(), get_nprocs());
    mx_log_notice(NULL, "Host: '%s', OS: %s@%s, %s, %s", os.nodename, os.sysname, os.release,
                  os.version, os.machine);
}

static void
greet_secrets(const struct app *app)
{
    const char *folder = app->secretsdir != NULL ? app->secretsdir : app->dirs[APP_DIR_DATA];
    if (app->secrets.loaded) {
        mx_log_notice(NULL,
                      "Password encryption key file '%s/%s' found; encrypted passwords are "
                      "decrypted.",
                      folder, CONF_SECRETS_FILE_NAME);
    } else {
        mx_log_notice(NULL,
                      "Password encryption key file '%s/%s' not found; passwords are taken "
                      "as plain text.",
                      folder, CONF_SECRETS_FILE_NAME);
    }
}

void
app_greet_log(const struct app *app)
{
    const struct core_global_config *globals = app->globals;
    mx_log_notice(NULL, "MariaDB MaxScale %s started (Commit: %s)", MX_VERSION,
                  MX_COMMIT[0] != '\0' ? MX_COMMIT : "not known");
    greet_machine();
    mx_log_notice(NULL, "syslog logging is %s.", on_off(globals->syslog));
    mx_log_notice(NULL, "maxlog logging is %s.", on_off(globals->maxlog));
    mx_log_notice(NULL, "Configuration file: %s", app->config_file);
    mx_log_notice(NULL, "Log directory: %s", app->dirs[APP_DIR_LOG]);
    mx_log_notice(NULL, "Data directory: %s", app->dirs[APP_DIR_DATA]);
    mx_log_notice(NULL, "Module directory: %s", app->dirs[APP_DIR_LIB]);
    mx_log_notice(NULL, "Service cache: %s", app->dirs[APP_DIR_CACHE]);
    greet_secrets(app);
}
