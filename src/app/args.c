/* The command line. */
#include "app/app.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum long_only {
    OPTION_PRINT_DOCS = 256,
};

static const char short_options[] = "ce:dnf:l:L:A:B:C:D:E:F:M:H:J:N:P:R:r:U:s:S:G:pg:vV?";

static const struct option long_options[] = {
    {"config-check", no_argument, NULL, 'c'},
    {"export-config", required_argument, NULL, 'e'},
    {"nodaemon", no_argument, NULL, 'd'},
    {"daemon", no_argument, NULL, 'n'},
    {"config", required_argument, NULL, 'f'},
    {"log", required_argument, NULL, 'l'},
    {"logdir", required_argument, NULL, 'L'},
    {"cachedir", required_argument, NULL, 'A'},
    {"libdir", required_argument, NULL, 'B'},
    {"configdir", required_argument, NULL, 'C'},
    {"datadir", required_argument, NULL, 'D'},
    {"execdir", required_argument, NULL, 'E'},
    {"persistdir", required_argument, NULL, 'F'},
    {"module_configdir", required_argument, NULL, 'M'},
    {"connector_plugindir", required_argument, NULL, 'H'},
    {"sharedir", required_argument, NULL, 'J'},
    {"language", required_argument, NULL, 'N'},
    {"piddir", required_argument, NULL, 'P'},
    {"basedir", required_argument, NULL, 'R'},
    {"runtimedir", required_argument, NULL, 'r'},
    {"user", required_argument, NULL, 'U'},
    {"syslog", required_argument, NULL, 's'},
    {"maxlog", required_argument, NULL, 'S'},
    {"log_augmentation", required_argument, NULL, 'G'},
    {"passive", no_argument, NULL, 'p'},
    {"debug", required_argument, NULL, 'g'},
    {"version", no_argument, NULL, 'v'},
    {"version-full", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, '?'},
    {"print-docs", no_argument, NULL, OPTION_PRINT_DOCS},
    {NULL, 0, NULL, 0},
};

/* The folder that a short option sets; APP_DIR_COUNT: none. */
static enum app_dir
dir_of(int option)
{
    static const struct {
        int option;
        enum app_dir dir;
    } dirs[] = {
        {'L', APP_DIR_LOG},     {'A', APP_DIR_CACHE},         {'B', APP_DIR_LIB},
        {'C', APP_DIR_CONFIG},  {'D', APP_DIR_DATA},          {'E', APP_DIR_EXEC},
        {'F', APP_DIR_PERSIST}, {'M', APP_DIR_MODULE_CONFIG}, {'H', APP_DIR_CONNECTOR_PLUGIN},
        {'J', APP_DIR_SHARE},   {'N', APP_DIR_LANGUAGE},      {'P', APP_DIR_PID},
    };
    for (size_t i = 0; i < MX_COUNT(dirs); i++) {
        if (dirs[i].option == option) {
            return dirs[i].dir;
        }
    }
    return APP_DIR_COUNT;
}

/* One of two words; -1 and a line on standard error when it is neither. */
static int
read_choice(const char *option, const char *value, const char *no, const char *yes)
{
    if (strcasecmp(value, yes) == 0) {
        return 1;
    }
    if (strcasecmp(value, no) == 0) {
        return 0;
    }
    (void)fprintf(stderr, "maxscale: %s takes '%s' or '%s', not '%s'.\n", option, no, yes, value);
    return -1;
}

static int
take_choice(struct app_args *args, int option, const char *value)
{
    int choice = -1;
    switch (option) {
    case 'l':
        choice = read_choice("--log", value, "file", "stdout");
        args->log_to_stdout = choice == 1;
        break;
    case 's':
        choice = args->syslog = read_choice("--syslog", value, "no", "yes");
        break;
    case 'S':
        choice = args->maxlog = read_choice("--maxlog", value, "no", "yes");
        break;
    default:
        choice = args->augmentation = read_choice("--log_augmentation", value, "0", "1");
        break;
    }
    return choice < 0 ? -1 : 0;
}

static void
take_text(struct app_args *args, int option, const char *value)
{
    enum app_dir dir = dir_of(option);
    if (dir != APP_DIR_COUNT) {
        args->dirs[dir] = value;
    } else if (option == 'e') {
        args->export_file = value;
    } else if (option == 'f') {
        args->config_file = value;
    } else if (option == 'R') {
        args->basedir = value;
    } else if (option == 'r') {
        args->runtimedir = value;
    } else if (option == 'U') {
        args->user = value;
    } else {
        args->debug = value;
    }
}

static void
take_flag(struct app_args *args, int option)
{
    switch (option) {
    case 'c':
        args->config_check = true;
        break;
    case 'd':
        args->nodaemon = true;
        break;
    case 'n':
        args->nodaemon = false;
        break;
    case 'p':
        args->passive = true;
        break;
    case 'v':
        args->version = true;
        break;
    case 'V':
        args->version_full = true;
        break;
    case OPTION_PRINT_DOCS:
        args->print_docs = true;
        break;
    default:
        args->help = true;
        break;
    }
}

/* "-?" and "--help" are asked for; an unknown option comes as '?' too, with optopt set. */
static bool
is_unknown(int option, const char *word)
{
    return option == '?' && strcmp(word, "-?") != 0 && strcmp(word, "--help") != 0;
}

int
app_args_parse(struct app_args *args, int argc, char **argv)
{
    memset(args, 0, sizeof(*args));
    args->syslog = -1;
    args->maxlog = -1;
    args->augmentation = -1;
    opterr = 0;
    for (;;) {
        const char *word = optind < argc ? argv[optind] : "";
        int option = getopt_long(argc, argv, short_options, long_options, NULL);
        if (option < 0) {
            break;
        }
        if (is_unknown(option, word) && optopt != 0 && strchr(short_options, optopt) != NULL &&
            optopt != '?') {
            (void)fprintf(stderr, "maxscale: The option '%s' needs a value. Try --help.\n", word);
            return -1;
        }
        if (is_unknown(option, word)) {
            (void)fprintf(stderr, "maxscale: There is no option '%s'. Try --help.\n", word);
            return -1;
        }
        if (optarg != NULL && option < OPTION_PRINT_DOCS && strchr("lsSG", option) != NULL) {
            if (take_choice(args, option, optarg) != 0) {
                return -1;
            }
        } else if (optarg != NULL) {
            take_text(args, option, optarg);
        } else {
            take_flag(args, option);
        }
    }
    if (optind < argc) {
        (void)fprintf(stderr, "maxscale: The argument '%s' belongs to no option. Try --help.\n",
                      argv[optind]);
        return -1;
    }
    if (args->config_check || args->export_file != NULL) {
        args->nodaemon = true;
        args->log_to_stdout = true;
    }
    return 0;
}

/* Known to the original and without effect here. */
static bool
is_debug_word_without_effect(const char *word, size_t len)
{
    static const char *const words[] = {"enable-statement-logging",
                                        "disable-statement-logging",
                                        "enable-cors",
                                        "cors-allow-origin",
                                        "gdb-stacktrace",
                                        "sql-batch-size"};
    for (size_t i = 0; i < MX_COUNT(words); i++) {
        if (strlen(words[i]) == len && strncmp(words[i], word, len) == 0) {
            return true;
        }
    }
    return false;
}

static bool
is_word(const char *piece, size_t len, const char *word)
{
    return strlen(word) == len && strncmp(piece, word, len) == 0;
}

int
app_debug_parse(struct app_debug *debug, const char *text, struct conf_diag *diag,
                struct mx_err *err)
{
    while (text != NULL && *text != '\0') {
        size_t len = strcspn(text, ",");
        size_t name = strcspn(text, ",=");
        if (is_word(text, name, "disable-module-unloading")) {
            debug->keep_modules = true;
        } else if (is_word(text, name, "enable-module-unloading")) {
            debug->keep_modules = false;
        } else if (is_word(text, name, "allow-duplicate-servers")) {
            debug->allow_duplicate_servers = true;
        } else if (is_word(text, name, "redirect-output-to-file") && len > name + 1) {
            free(debug->output_file);
            debug->output_file = mx_strndup(text + name + 1, len - name - 1);
        } else if (is_debug_word_without_effect(text, name)) {
            conf_diag_add(diag, false, NULL, NULL,
                          "The debug option '%.*s' has no effect in this version.", (int)name,
                          text);
        } else if (len > 0) {
            return mx_err_text(err,
                               "There is no debug option '%.*s'. Possible are: "
                               "disable-module-unloading, enable-module-unloading, "
                               "redirect-output-to-file=FILE, allow-duplicate-servers.",
                               (int)len, text);
        }
        text += len + (text[len] == ',' ? 1 : 0);
    }
    return 0;
}
