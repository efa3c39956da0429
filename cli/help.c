/* Help texts. */
#include "help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WRAP_COLUMNS 96

static void
add_usage(const struct cli_command *command, struct cli_text *out)
{
    cli_text_format(out, "%s%s%s", command->group, command->name != NULL ? " " : "",
                    command->name != NULL ? command->name : "");
    for (size_t i = 0; i < CLI_ARGUMENTS_MAX && command->arguments[i].name != NULL; i++) {
        const struct cli_argument *a = &command->arguments[i];
        cli_text_format(out, " %s%s%s%s", a->optional ? "[" : "", a->name, a->many ? "..." : "",
                        a->optional ? "]" : "");
    }
    if (command->options[0].name != NULL) {
        cli_text_add(out, " [options]");
    }
}

/* Breaks at blanks. */
static void
add_wrapped(const char *text, struct cli_text *out)
{
    size_t column = 0;
    const char *p = text;
    while (*p != '\0') {
        size_t len = strcspn(p, " ");
        if (column > 0 && column + 1 + len > WRAP_COLUMNS) {
            cli_text_char(out, '\n');
            column = 0;
        } else if (column > 0) {
            cli_text_char(out, ' ');
            column++;
        }
        cli_text_append(out, p, len);
        column += len;
        p += len + strspn(p + len, " ");
    }
    cli_text_char(out, '\n');
}

static const char *
type_name(const struct cli_option *option)
{
    switch (option->type) {
    case CLI_FLAG:
        return "boolean";
    case CLI_STRING:
        return "string";
    case CLI_NUMBER:
        return "number";
    case CLI_LIST:
        return "list";
    }
    return "";
}

static void
add_option(const struct cli_option *option, struct cli_text *out)
{
    if (option->help == NULL) {
        return;
    }
    if (option->letter != 0) {
        cli_text_format(out, "  -%c, ", option->letter);
    } else {
        cli_text_add(out, "      ");
    }
    cli_text_format(out, "--%-22s %s  [%s]", option->name, option->help, type_name(option));
    if (option->choices != NULL) {
        cli_text_format(out, " [choices: %s]", option->choices);
    }
    if (option->value_default != NULL) {
        cli_text_format(out, " [default: %s]", option->value_default);
    }
    cli_text_char(out, '\n');
}

static void
add_globals(struct cli_text *out)
{
    cli_text_add(out, "\nGlobal options:\n");
    for (size_t i = 0; i < CLI_GLOBAL_COUNT; i++) {
        add_option(&cli_globals[i], out);
    }
}

static void
add_first_sentence(const char *text, struct cli_text *out)
{
    const char *end = strstr(text, ". ");
    size_t len = end != NULL ? (size_t)(end - text) : strlen(text);
    while (len > 0 && text[len - 1] == '.') {
        len--;
    }
    cli_text_append(out, text, len);
    cli_text_char(out, '\n');
}

static void
add_command(const struct cli_command *command, struct cli_text *out)
{
    cli_text_add(out, "Usage: maxctrl ");
    add_usage(command, out);
    cli_text_add(out, "\n\n");
    add_wrapped(command->help, out);
    if (command->options[0].name != NULL) {
        cli_text_add(out, "\nOptions:\n");
        for (size_t i = 0; i < CLI_OPTIONS_MAX && command->options[i].name != NULL; i++) {
            add_option(&command->options[i], out);
        }
    }
}

static void
add_group(const char *group, struct cli_text *out)
{
    cli_text_format(out, "Usage: maxctrl %s COMMAND\n\nCommands:\n", group);
    for (size_t i = 0; i < cli_command_count; i++) {
        struct cli_text usage = {0};
        if (strcmp(cli_commands[i].group, group) != 0) {
            continue;
        }
        add_usage(&cli_commands[i], &usage);
        cli_text_format(out, "  %-50s ", cli_text_string(&usage));
        add_first_sentence(cli_commands[i].help, out);
        cli_text_fini(&usage);
    }
}

void
cli_help_print(const struct cli_args *args, struct cli_text *out)
{
    if (args->command != NULL) {
        add_command(args->command, out);
    } else if (args->group != NULL) {
        add_group(args->group, out);
    } else {
        cli_text_add(out, "Usage: maxctrl [options] COMMAND\n\nCommands:\n");
        for (size_t i = 0; i < cli_group_count; i++) {
            cli_text_format(out, "  %-10s %s\n", cli_groups[i].name, cli_groups[i].help);
        }
    }
    add_globals(out);
    cli_text_add(out,
                 args->command != NULL
                     ? ""
                     : "\n`maxctrl GROUP --help` and `maxctrl GROUP COMMAND --help` tell more. "
                       "Without a command\nmaxctrl reads commands: from a prompt on a "
                       "terminal, else line by line from standard input.\n");
}

static void
add_markdown_options(const struct cli_option *options, size_t max, struct cli_text *out)
{
    cli_text_add(out, "\n| option | type | default | meaning |\n|---|---|---|---|\n");
    for (size_t i = 0; i < max && options[i].name != NULL; i++) {
        const struct cli_option *o = &options[i];
        if (o->help == NULL) {
            continue;
        }
        cli_text_add(out, "| ");
        if (o->letter != 0) {
            cli_text_format(out, "`-%c`, ", o->letter);
        }
        cli_text_format(out, "`--%s` | %s | %s | %s", o->name, type_name(o),
                        o->value_default != NULL ? o->value_default : "", o->help);
        for (const char *p = o->choices; p != NULL && *p != '\0';) {
            size_t len = strcspn(p, "|");
            cli_text_format(out, "%s`%.*s`", p == o->choices ? ": " : " or ", (int)len, p);
            p += len + (p[len] != '\0' ? 1 : 0);
        }
        cli_text_add(out, " |\n");
    }
}

static void
add_markdown_command(const struct cli_command *command, struct cli_text *out)
{
    cli_text_add(out, "\n### `");
    add_usage(command, out);
    cli_text_add(out, "`\n\n");
    add_wrapped(command->help, out);
    if (command->options[0].name != NULL) {
        add_markdown_options(command->options, CLI_OPTIONS_MAX, out);
    }
}

static const char introduction[] =
    "# maxctrl\n\n"
    "The command line client of the REST API. This page is made from the program's own table of\n"
    "commands (`maxctrl --help-markdown`); a test keeps it current.\n\n"
    "    maxctrl [options] GROUP COMMAND [arguments]\n\n"
    "| how it is started | what it does |\n|---|---|\n"
    "| with a command | runs it; the exit status is 0, or 1 after an error, whose text is on "
    "standard error |\n"
    "| without one, on a terminal | shows a prompt with history and completion of commands and "
    "names; `exit` or `quit` leaves |\n"
    "| without one, input from elsewhere | runs every line as a command and prints all results at "
    "the end |\n"
    "| with several `--hosts` | runs the command on each in turn, once all of them have answered "
    "|\n\n"
    "## Configuration file\n\n"
    "`~/.maxctrl.cnf`, or what `--config` names, may hold the global options without their\n"
    "hyphens. The command line wins over the file. Its name ends in `.cnf`; nobody but the owner\n"
    "may change it, and nobody but the owner and the group may read it.\n\n"
    "    [maxctrl]\n    user = admin\n    password = secret\n    hosts = 192.0.2.1:8989\n\n"
    "## Environment\n\n"
    "| variable | effect |\n|---|---|\n"
    "| `MAXCTRL_WARNINGS=0` | warnings that came with an answer are not shown |\n"
    "| `http_proxy`, `https_proxy`, `no_proxy` | used as by other programs; never for hosts that "
    "start with 127.0.0.1 or localhost |\n"
    "| `LC_ALL`, `LC_TIME`, `LANG`, `TZ` | how dates of sessions, services and logins are written "
    "|\n";

void
cli_help_markdown(struct cli_text *out)
{
    cli_text_add(out, introduction);
    cli_text_add(out, "\n## Global options\n");
    add_markdown_options(cli_globals, CLI_GLOBAL_COUNT, out);
    for (size_t g = 0; g < cli_group_count; g++) {
        cli_text_format(out, "\n## %s\n\n%s.\n", cli_groups[g].name, cli_groups[g].help);
        for (size_t i = 0; i < cli_command_count; i++) {
            if (strcmp(cli_commands[i].group, cli_groups[g].name) == 0) {
                add_markdown_command(&cli_commands[i], out);
            }
        }
    }
}
