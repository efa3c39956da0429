/* Global options become settings. */
#include "settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define DEFAULT_PORT "8989"

const struct cli_option cli_globals[CLI_GLOBAL_COUNT] = {
    [CLI_GLOBAL_CONFIG] = {.name = "config",
                           .letter = 'c',
                           .type = CLI_STRING,
                           .value_default = "~/.maxctrl.cnf",
                           .help = "File with a [maxctrl] section of options"},
    [CLI_GLOBAL_USER] = {.name = "user",
                         .letter = 'u',
                         .type = CLI_STRING,
                         .value_default = "admin",
                         .help = "Name of the administrative user"},
    [CLI_GLOBAL_PASSWORD] = {.name = "password",
                             .letter = 'p',
                             .type = CLI_STRING,
                             .value_default = "mariadb",
                             .help = "Password; an empty one ('') is asked for"},
    [CLI_GLOBAL_HOSTS] = {.name = "hosts",
                          .letter = 'h',
                          .type = CLI_STRING,
                          .value_default = "127.0.0.1:8989",
                          .help = "HOST:PORT of the REST API; several are separated by commas"},
    [CLI_GLOBAL_TIMEOUT] = {.name = "timeout",
                            .letter = 't',
                            .type = CLI_STRING,
                            .value_default = "10000",
                            .help = "How long a request may take: milliseconds, or a number with "
                                    "h, m, s or ms behind it"},
    [CLI_GLOBAL_QUIET] = {.name = "quiet",
                          .letter = 'q',
                          .type = CLI_FLAG,
                          .help = "Print nothing when all went well; not in interactive mode"},
    [CLI_GLOBAL_TSV] = {.name = "tsv",
                        .type = CLI_FLAG,
                        .help = "Print tables as tab separated lines without a header"},
    [CLI_GLOBAL_SKIP_SYNC] = {.name = "skip-sync",
                              .type = CLI_FLAG,
                              .help = "Make changes without configuration synchronization"},
    [CLI_GLOBAL_SECURE] = {.name = "secure", .letter = 's', .type = CLI_FLAG, .help = "Use HTTPS"},
    [CLI_GLOBAL_TLS_KEY] = {.name = "tls-key",
                            .type = CLI_STRING,
                            .help = "Private key of the client; needs --tls-cert"},
    [CLI_GLOBAL_TLS_PASSPHRASE] = {.name = "tls-passphrase",
                                   .type = CLI_STRING,
                                   .help = "Passphrase of the private key"},
    [CLI_GLOBAL_TLS_CERT] = {.name = "tls-cert",
                             .type = CLI_STRING,
                             .help = "Certificate of the client; needs --tls-key"},
    [CLI_GLOBAL_TLS_CA_CERT] = {.name = "tls-ca-cert",
                                .type = CLI_STRING,
                                .help = "Certificate authority that signed the server's "
                                        "certificate"},
    [CLI_GLOBAL_TLS_VERIFY] = {.name = "tls-verify-server-cert",
                               .letter = 'n',
                               .type = CLI_FLAG,
                               .value_default = "true",
                               .help = "Verify the server's certificate"},
    [CLI_GLOBAL_VERSION] = {.name = "version", .type = CLI_FLAG, .help = "Print the version"},
    [CLI_GLOBAL_HELP] = {.name = "help",
                         .type = CLI_FLAG,
                         .help = "Print help; of a command when one is named"},
    [CLI_GLOBAL_HELP_MARKDOWN] = {.name = "help-markdown", .type = CLI_FLAG},
};

bool
cli_duration_parse(const char *text, long *out_ms)
{
    static const struct {
        const char *suffix;
        long factor;
    } units[] = {{"", 1}, {"ms", 1}, {"s", 1000}, {"m", 60L * 1000}, {"h", 60L * 60 * 1000}};
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 9) {
        return false;
    }
    long number = strtol(text, NULL, 10);
    for (size_t i = 0; i < MX_COUNT(units); i++) {
        if (strcmp(text + digits, units[i].suffix) == 0) {
            *out_ms = number <= INT32_MAX / units[i].factor ? number * units[i].factor : INT32_MAX;
            return true;
        }
    }
    return false;
}

static bool
is_host(const char *host, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)host[i]) && strchr(".-_:[]%", host[i]) == NULL) {
            return false;
        }
    }
    return len > 0;
}

/* The port is what stands behind the last colon that is not inside [address]. */
static bool
has_port(const char *host, size_t len)
{
    for (size_t i = len; i > 0 && host[i - 1] != ']'; i--) {
        if (host[i - 1] == ':') {
            return true;
        }
    }
    return false;
}

static int
split_hosts(struct cli_settings *settings, const char *text, char **out_error)
{
    const char *p = text;
    while (true) {
        size_t part = strcspn(p, ",");
        const char *host = p;
        size_t len = part;
        while (len > 0 && isspace((unsigned char)*host)) {
            host++;
            len--;
        }
        while (len > 0 && isspace((unsigned char)host[len - 1])) {
            len--;
        }
        if (!is_host(host, len)) {
            *out_error = mx_asprintf("Error: '%.*s' is not a valid HOST:PORT in --hosts",
                                     (int)mx_min_size(len, 200), host);
            return -1;
        }
        settings->hosts =
            mx_realloc(settings->hosts, (settings->host_count + 1) * sizeof(*settings->hosts));
        char *copy = mx_strndup(host, len);
        settings->hosts[settings->host_count++] =
            has_port(host, len) ? copy : mx_asprintf("%s:" DEFAULT_PORT, copy);
        if (!has_port(host, len)) {
            free(copy);
        }
        if (p[part] == '\0') {
            return 0;
        }
        p += part + 1;
    }
}

static char *
default_config_path(void)
{
    const char *home = getenv("HOME");
    return home != NULL ? mx_asprintf("%s/.maxctrl.cnf", home) : NULL;
}

static const char *
text_of(const struct cli_value *values, enum cli_global which)
{
    return values[which].given ? values[which].text : cli_globals[which].value_default;
}

static char *
copy_of(const struct cli_value *values, enum cli_global which)
{
    const char *text = text_of(values, which);
    return text != NULL ? mx_strdup(text) : NULL;
}

/* Values of the command line, completed by those of the file. */
static int
merge_file(struct cli_value *values, const struct cli_args *args, char **out_error)
{
    for (size_t i = 0; i < CLI_GLOBAL_COUNT; i++) {
        values[i] = args->globals[i];
        values[i].text = args->globals[i].text != NULL ? mx_strdup(args->globals[i].text) : NULL;
    }
    bool is_explicit = values[CLI_GLOBAL_CONFIG].given;
    char *path = is_explicit ? mx_strdup(values[CLI_GLOBAL_CONFIG].text) : default_config_path();
    int rc = path != NULL ? cli_config_read(path, is_explicit, values, out_error) : 0;
    free(path);
    return rc;
}

static int
fill(struct cli_settings *settings, const struct cli_value *values, char **out_error)
{
    const char *timeout = text_of(values, CLI_GLOBAL_TIMEOUT);
    settings->user = copy_of(values, CLI_GLOBAL_USER);
    settings->password = copy_of(values, CLI_GLOBAL_PASSWORD);
    settings->quiet = values[CLI_GLOBAL_QUIET].flag;
    settings->tsv = values[CLI_GLOBAL_TSV].flag;
    settings->skip_sync = values[CLI_GLOBAL_SKIP_SYNC].flag;
    settings->secure = values[CLI_GLOBAL_SECURE].flag;
    settings->tls_key = copy_of(values, CLI_GLOBAL_TLS_KEY);
    settings->tls_passphrase = copy_of(values, CLI_GLOBAL_TLS_PASSPHRASE);
    settings->tls_cert = copy_of(values, CLI_GLOBAL_TLS_CERT);
    settings->tls_ca_cert = copy_of(values, CLI_GLOBAL_TLS_CA_CERT);
    settings->tls_verify =
        values[CLI_GLOBAL_TLS_VERIFY].given ? values[CLI_GLOBAL_TLS_VERIFY].flag : true;
    if (!cli_duration_parse(timeout, &settings->timeout_ms)) {
        *out_error = mx_asprintf("'%s' is not a valid duration.", timeout);
        return -1;
    }
    if ((settings->tls_key == NULL) != (settings->tls_cert == NULL)) {
        *out_error = mx_strdup("Error: --tls-key and --tls-cert must be given together");
        return -1;
    }
    return split_hosts(settings, text_of(values, CLI_GLOBAL_HOSTS), out_error);
}

int
cli_settings_init(struct cli_settings *settings, const struct cli_args *args, char **out_error)
{
    struct cli_value values[CLI_GLOBAL_COUNT];
    *settings = (struct cli_settings){0};
    int rc = merge_file(values, args, out_error);
    if (rc == 0) {
        rc = fill(settings, values, out_error);
    }
    for (size_t i = 0; i < CLI_GLOBAL_COUNT; i++) {
        free(values[i].text);
    }
    return rc;
}

static void
free_secret(char *text)
{
    if (text != NULL) {
        explicit_bzero(text, strlen(text));
        free(text);
    }
}

void
cli_settings_fini(struct cli_settings *settings)
{
    for (size_t i = 0; i < settings->host_count; i++) {
        free(settings->hosts[i]);
    }
    free(settings->hosts);
    free(settings->user);
    free_secret(settings->password);
    free(settings->tls_key);
    free(settings->tls_cert);
    free_secret(settings->tls_passphrase);
    free(settings->tls_ca_cert);
    *settings = (struct cli_settings){0};
}

/* One byte at a time: what follows the line stays for the commands. */
static void
read_line(struct cli_text *out, bool first_line_only)
{
    char c;
    while (true) {
        ssize_t got = read(STDIN_FILENO, &c, 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0 || (first_line_only && c == '\n') || out->len > 65536) {
            break;
        }
        cli_text_char(out, c);
    }
    while (out->len > 0 && (out->data[out->len - 1] == '\n' || out->data[out->len - 1] == '\r')) {
        out->data[--out->len] = '\0';
    }
}

int
cli_settings_ask_password(struct cli_settings *settings, bool first_line_only, char **out_error)
{
    struct cli_text line = {0};
    if (settings->password[0] != '\0') {
        return 0;
    }
    if (isatty(STDIN_FILENO)) {
        struct termios before;
        if (tcgetattr(STDIN_FILENO, &before) != 0) {
            *out_error = mx_asprintf("Error: cannot ask for the password: %s", strerror(errno));
            return -1;
        }
        struct termios silent = before;
        silent.c_lflag &= ~(tcflag_t)ECHO;
        /* First: what is typed as soon as the question is there must be neither shown nor lost. */
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
        (void)fputs("Enter password: ", stderr);
        (void)fflush(stderr);
        read_line(&line, true);
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        (void)fputc('\n', stderr);
    } else {
        read_line(&line, first_line_only);
    }
    free(settings->password);
    settings->password = cli_text_take(&line);
    return 0;
}
