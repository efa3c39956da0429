/* Running one command: on every host, with its output, warnings and error. */
#include "cli.h"

#include "request.h"
#include "settings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define YELLOW "\x1b[33m"
#define NORMAL "\x1b[39m"

int
cli_fail(struct cli *cli, const char *format, ...)
{
    va_list ap;
    char *text = NULL;
    va_start(ap, format);
    int len = vasprintf(&text, format, ap);
    va_end(ap);
    if (len < 0) {
        MX_BUG("out of memory while formatting");
    }
    free(cli->error);
    cli->error = text;
    return -1;
}

void
cli_fini(struct cli *cli)
{
    if (cli->curl != NULL) {
        curl_easy_cleanup(cli->curl);
    }
    cli_settings_fini(&cli->settings);
    cli_text_fini(&cli->out);
    cli_text_fini(&cli->warnings);
    free(cli->error);
    *cli = (struct cli){0};
}

/* None may be changed when one is missing: the same state is wanted on all. */
static int
reach_all_hosts(struct cli *cli)
{
    for (size_t i = 0; i < cli->settings.host_count; i++) {
        cli->host = cli->settings.hosts[i];
        if (cli_send(cli, "GET", "", NULL) != 0) {
            return -1;
        }
    }
    return 0;
}

static int
run_on_hosts(struct cli *cli, const struct cli_args *args)
{
    size_t count = cli->settings.host_count;
    if (count > 1 && reach_all_hosts(cli) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        cli->host = cli->settings.hosts[i];
        if (count > 1) {
            cli_text_format(&cli->out, "%s%s%s\n", cli->is_terminal ? YELLOW : "", cli->host,
                            cli->is_terminal ? NORMAL : "");
        }
        if (args->command->run(cli, args) != 0) {
            return -1;
        }
    }
    return 0;
}

static void
add_warnings(struct cli *cli)
{
    const char *wanted = getenv("MAXCTRL_WARNINGS");
    bool is_hidden = wanted != NULL && strcmp(wanted, "0") == 0;
    if (!cli->is_terminal || is_hidden || cli->warnings.len == 0) {
        return;
    }
    const char *p = cli->warnings.data;
    while (*p != '\0') {
        size_t len = strcspn(p, "\n");
        cli_text_format(&cli->out, "Warning: %.*s\n", (int)mx_min_size(len, 4096), p);
        p += len + 1;
    }
    cli_text_add(&cli->out, "To hide warnings, set the environment variable MAXCTRL_WARNINGS=0.\n");
}

static int
run(struct cli *cli, const struct cli_args *args)
{
    cli_text_clear(&cli->out);
    cli_text_clear(&cli->warnings);
    free(cli->error);
    cli->error = NULL;
    cli->is_alarmed = false;
    int rc = run_on_hosts(cli, args);
    if (rc == 0) {
        add_warnings(cli);
    }
    return rc;
}

int
cli_run_command(struct cli *cli, const struct cli_args *args)
{
    int rc = run(cli, args);
    size_t len = !cli->settings.quiet || cli->is_alarmed ? cli->out.len : 0;
    bool is_written = fwrite(cli_text_string(&cli->out), 1, len, stdout) == len;
    if ((!is_written || fflush(stdout) != 0) && rc == 0) {
        if (errno == EPIPE) {
            return 1; /* the reader, such as head, has seen enough */
        }
        rc = cli_fail(cli, "Error: the output could not be written: %s", strerror(errno));
    }
    if (rc != 0) {
        (void)fprintf(stderr, "%s\n", cli->error);
    }
    return rc != 0 || cli->is_alarmed ? 1 : 0;
}

char *
cli_run_captured(struct cli *cli, const struct cli_args *args, bool *out_ok)
{
    *out_ok = run(cli, args) == 0;
    if (!*out_ok) {
        cli_text_format(&cli->out, "%s\n", cli->error);
    }
    return cli_text_take(&cli->out);
}
