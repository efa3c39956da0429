/* create report: everything the REST API tells, in one JSON file to hand to someone who helps. */
#include "commands.h"

#include "../json_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct part {
    const char *key;
    const char *resource;
} parts[] = {
    {"maxscale", "maxscale"},
    {"servers", "servers"},
    {"services", "services"},
    {"monitors", "monitors"},
    {"listeners", "listeners"},
    {"filters", "filters"},
    {"sessions", "sessions"},
    {"users", "users"},
    {"modules", "maxscale/modules"},
    {"query_classifier", "maxscale/query_classifier"},
    {"threads", "maxscale/threads"},
    {"logs", "maxscale/logs/data?page[size]="},
    {"server_diagnostics", "maxscale/debug/server_diagnostics"},
};

/* A part that cannot be had must not cost the others: its place tells why. */
static void
add_part(struct cli *cli, const struct part *part, long lines, json_t *report)
{
    json_t *answer = NULL;
    struct cli_text url = {0};
    cli_text_add(&url, part->resource);
    if (url.len > 0 && url.data[url.len - 1] == '=') {
        cli_text_format(&url, "%ld", lines);
    }
    if (cli_get(cli, cli_text_string(&url), &answer) != 0) {
        answer = json_pack("{s:s}", "error", cli->error);
        free(cli->error);
        cli->error = NULL;
    }
    (void)json_object_set_new(report, part->key, answer != NULL ? answer : json_null());
    cli_text_fini(&url);
}

/* The report tells much about the site: readable by the owner only. */
static int
save(struct cli *cli, const char *path, const struct cli_text *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return cli_fail(cli, "Error: cannot write %s: %s", path, strerror(errno));
    }
    size_t done = 0;
    int failure = 0;
    while (done < text->len && failure == 0) {
        ssize_t n = write(fd, text->data + done, text->len - done);
        if (n > 0) {
            done += (size_t)n;
        } else if (errno != EINTR) {
            failure = errno;
        }
    }
    if (close(fd) != 0 && failure == 0) {
        failure = errno;
    }
    return failure == 0 ? 0 : cli_fail(cli, "Error: cannot write %s: %s", path, strerror(failure));
}

int
cli_create_report_run(struct cli *cli, const struct cli_args *args)
{
    struct cli_text text = {0};
    json_t *report = json_object();
    json_t *answer = NULL;
    int rc = cli_get(cli, "maxscale", &answer); /* nothing at all: say so */
    json_decref(answer);
    for (size_t i = 0; rc == 0 && i < MX_COUNT(parts); i++) {
        add_part(cli, &parts[i], cli_args_number(args, "lines"), report);
    }
    if (rc == 0) {
        cli_json_text(&text, report, 2);
        cli_text_char(&text, '\n');
        if (args->word_count == 0) {
            cli_text_append(&cli->out, text.data, text.len);
        } else {
            rc = save(cli, args->words[0], &text);
        }
    }
    if (rc == 0 && args->word_count > 0) {
        cli_print_ok(cli);
    }
    cli_text_fini(&text);
    json_decref(report);
    return rc;
}
