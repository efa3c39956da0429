/* --help: usage on standard error. */
#include "app/app.h"

#include <stdio.h>

static const char *const lines[] = {
    "  -c, --config-check            check the configuration, say what is wrong, and exit",
    "  -e, --export-config=FILE      write the whole configuration to one new file, and exit",
    "  -d, --nodaemon                stay in the foreground; log lines go to the terminal as well",
    "  -n, --daemon                  go to the background (default)",
    "  -f, --config=FILE             configuration file",
    "  -l, --log=file|stdout         where log lines go (default: file)",
    "  -L, --logdir=PATH             folder of the log file",
    "  -A, --cachedir=PATH           folder for caches",
    "  -B, --libdir=PATH             folder of the modules",
    "  -C, --configdir=PATH          folder of maxscale.cnf",
    "  -D, --datadir=PATH            folder for data",
    "  -E, --execdir=PATH            folder of the programs",
    "  -F, --persistdir=PATH         folder of saved runtime changes",
    "  -M, --module_configdir=PATH   base of relative paths in the configuration",
    "  -H, --connector_plugindir=PATH",
    "                                folder of plugins of the MariaDB client library",
    "  -J, --sharedir=PATH           folder of the web interface",
    "  -N, --language=PATH           folder of errmsg.sys",
    "  -P, --piddir=PATH             folder of the PID file",
    "  -R, --basedir=PATH            all folders lie below PATH",
    "  -r, --runtimedir=PATH         the same, but for modules and programs",
    "  -U, --user=USER               run as USER; root is accepted only when named here",
    "  -s, --syslog=yes|no           log to the system journal",
    "  -S, --maxlog=yes|no           log to the log file",
    "  -G, --log_augmentation=0|1    1 adds the name of the function to log lines",
    "  -p, --passive                 start passive: watch, but start no failover",
    "  -g, --debug=A,B,...           disable-module-unloading, enable-module-unloading,",
    "                                redirect-output-to-file=FILE, allow-duplicate-servers",
    "  -v, --version                 print the version",
    "  -V, --version-full            print version and commit",
    "  -?, --help                    print this",
};

void
app_help_print(const struct app *app, const char *program)
{
    (void)fprintf(stderr, "\nUsage: %s [OPTION]...\n\n", program);
    for (size_t i = 0; i < MX_COUNT(lines); i++) {
        (void)fprintf(stderr, "%s\n", lines[i]);
    }
    (void)fprintf(stderr, "\nFolders as they are now:\n");
    (void)fprintf(stderr, "  %-20s %s\n", "config file", app->config_file);
    for (int i = 0; i < APP_DIR_COUNT; i++) {
        (void)fprintf(stderr, "  %-20s %s\n", app_dir_name((enum app_dir)i), app->dirs[i]);
    }
    (void)fprintf(stderr, "\nExit codes: 0 fine, 1 bad configuration, 3 a "
                          "service could not be started,\n4 running already, 5 bad argument, 6 "
                          "internal error. Manual: docs/user/command-line.md\n");
}
