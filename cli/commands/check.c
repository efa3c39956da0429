/*
 * check monitors: which automatic operations would work right now, and if not, why and what to do.
 * The monitor works that out; it stands in attributes.monitor_diagnostics.readiness.
 */
#include "commands.h"

#include "../json_path.h"
#include "../width.h"

#include <stdlib.h>
#include <string.h>

#define REASON_COLUMNS 60

static const char *
text_of(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

/* Broken at blanks, so that the table fits most terminals. A fix stays whole: it is to be typed. */
static char *
wrapped(const char *text)
{
    struct cli_text out = {0};
    size_t column = 0;
    const char *p = text;
    while (*p != '\0') {
        size_t len = strcspn(p, " \n");
        size_t width = cli_width(p, len);
        if (column > 0 && column + 1 + width > REASON_COLUMNS) {
            cli_text_char(&out, '\n');
            column = 0;
        } else if (column > 0) {
            cli_text_char(&out, ' ');
            column++;
        }
        cli_text_append(&out, p, len);
        column += width;
        p += len;
        if (*p == '\n') {
            cli_text_char(&out, '\n');
            column = 0;
        }
        p += *p != '\0' ? 1 : 0;
    }
    return cli_text_take(&out);
}

static bool
is_blocker(json_t *finding)
{
    return strcmp(text_of(finding, "severity"), "blocker") == 0;
}

static void
print_findings(struct cli *cli, json_t *findings)
{
    static const char *const titles[] = {"Server", "Operation", "Ready", "Reason", "Fix"};
    struct cli_table table;
    size_t i;
    json_t *finding;
    if (json_array_size(findings) == 0) {
        return;
    }
    cli_table_init(&table, MX_COUNT(titles));
    for (i = 0; i < MX_COUNT(titles); i++) {
        cli_table_add(&table, titles[i]);
    }
    json_array_foreach(findings, i, finding)
    {
        cli_table_add(&table, text_of(finding, "server"));
        cli_table_give(&table, cli_list_cell(json_object_get(finding, "operation")));
        cli_table_add(&table, is_blocker(finding) ? "No" : "Warning");
        cli_table_give(&table, wrapped(text_of(finding, "reason")));
        cli_table_add(&table, text_of(finding, "fix"));
    }
    cli_print_table(cli, &table, CLI_HEAD_ROW);
    cli_table_fini(&table);
}

static void
print_line(struct cli *cli, const char *monitor, const char *what, const char *text)
{
    const char *separator = cli->settings.tsv ? "\t" : ": ";
    char *parts[] = {cli_printable(monitor), cli_printable(what), cli_printable(text)};
    for (size_t i = 0; i < MX_COUNT(parts); i++) {
        cli_text_add(&cli->out, i > 0 ? separator : "");
        cli_text_add(&cli->out, parts[i]);
        free(parts[i]);
    }
    cli_text_char(&cli->out, '\n');
}

/* Returns how many operations would not work now. */
static int
print_monitor(struct cli *cli, json_t *monitor)
{
    const char *name = text_of(monitor, "id");
    json_t *readiness = cli_json_path(monitor, "attributes.monitor_diagnostics.readiness");
    int broken = 0;
    size_t i;
    json_t *operation;
    if (!json_is_object(readiness)) {
        json_t *state = cli_json_path(monitor, "attributes.state");
        bool runs = json_is_string(state) && strcmp(json_string_value(state), "Running") == 0;
        print_line(cli, name, "unknown",
                   runs ? "nothing is reported about automatic operations; mariadbmon does so from "
                          "its first round on"
                        : "the monitor is stopped, so no automatic operation takes place");
        json_decref(state);
        json_decref(readiness);
        return runs ? 0 : 1;
    }
    print_findings(cli, json_object_get(readiness, "findings"));
    json_array_foreach(json_object_get(readiness, "operations"), i, operation)
    {
        bool ready = json_is_true(json_object_get(operation, "ready"));
        char *line = mx_asprintf("%s%s%s", ready ? "ready" : "NOT READY",
                                 text_of(operation, "summary")[0] != '\0' ? ", " : "",
                                 text_of(operation, "summary"));
        print_line(cli, name, text_of(operation, "operation"), line);
        free(line);
        broken += ready ? 0 : 1;
    }
    json_decref(readiness);
    return broken;
}

static int
print_monitors(struct cli *cli, json_t *monitors)
{
    int broken = 0;
    size_t i;
    json_t *monitor;
    json_array_foreach(monitors, i, monitor)
    {
        broken += print_monitor(cli, monitor);
    }
    if (json_array_size(monitors) == 0) {
        cli_print_line(cli, "There is no monitor, so no automatic operation takes place.");
    }
    return broken;
}

int
cli_check_monitors_run(struct cli *cli, const struct cli_args *args)
{
    json_t *answer = NULL;
    char *url =
        args->word_count > 0 ? cli_url_object("monitors", args->words[0]) : mx_strdup("monitors");
    int rc = cli_get(cli, url, &answer);
    if (rc == 0) {
        json_t *data = json_object_get(answer, "data");
        json_t *monitors = json_is_array(data) ? json_incref(data) : json_array();
        if (json_is_object(data)) {
            (void)json_array_append(monitors, data);
        }
        cli->is_alarmed = print_monitors(cli, monitors) > 0 || cli->is_alarmed;
        json_decref(monitors);
    }
    json_decref(answer);
    free(url);
    return rc;
}
