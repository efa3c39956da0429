/* Completion of commands, options and names of objects. */
#include "complete.h"

#include "json_path.h"
#include "line.h"
#include "request.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ASK_MS_MAX 1000

struct completion {
    struct cli *cli;
    struct cli_words words; /* complete ones */
    const char *typed;      /* start of the word at the cursor */
    const struct cli_command *command;
    struct cli_candidates *out;
};

static void
offer(struct completion *c, const char *text, const char *suffix)
{
    struct cli_candidates *out = c->out;
    char *candidate = mx_asprintf("%s%s", text, suffix);
    if (strncmp(candidate, c->typed, out->typed) != 0) {
        free(candidate);
        return;
    }
    size_t common = 0;
    while (out->count > 0 && common < out->common && candidate[common] == out->all[0][common]) {
        common++;
    }
    out->common = out->count == 0 ? strlen(candidate) : common;
    out->all = mx_realloc(out->all, (out->count + 1) * sizeof(*out->all));
    out->all[out->count++] = candidate;
}

static void
offer_choices(struct completion *c, const char *choices)
{
    const char *p = choices;
    while (*p != '\0') {
        size_t len = strcspn(p, "|");
        char *choice = mx_strndup(p, len);
        offer(c, choice, "");
        free(choice);
        p += len + (p[len] != '\0' ? 1 : 0);
    }
}

/* An answer within a second or none: a prompt must not hang. */
static json_t *
ask(struct completion *c, const char *url, const char *path)
{
    struct cli_settings *settings = &c->cli->settings;
    long timeout_ms = settings->timeout_ms;
    json_t *answer = NULL;
    json_t *value = NULL;
    if (timeout_ms == 0 || timeout_ms > ASK_MS_MAX) {
        settings->timeout_ms = ASK_MS_MAX;
    }
    c->cli->host = settings->hosts[0];
    if (cli_get(c->cli, url, &answer) == 0) {
        value = cli_json_path(answer, path);
    }
    settings->timeout_ms = timeout_ms;
    json_decref(answer);
    return value;
}

static void
offer_from(struct completion *c, const char *url, const char *path, const char *suffix)
{
    json_t *names = ask(c, url, path);
    size_t i;
    json_t *name;
    json_array_foreach(names, i, name)
    {
        if (json_is_string(name)) {
            offer(c, json_string_value(name), suffix);
        }
    }
    json_decref(names);
}

static const char *const collections[CLI_KIND_COUNT] = {
    [CLI_KIND_SERVER] = "servers",
    [CLI_KIND_SERVICE] = "services",
    [CLI_KIND_MONITOR] = "monitors",
    [CLI_KIND_FILTER] = "filters",
    [CLI_KIND_LISTENER] = "listeners",
    [CLI_KIND_SESSION] = "sessions",
    [CLI_KIND_USER] = "users",
    [CLI_KIND_MODULE] = "maxscale/modules",
    [CLI_KIND_THREAD] = "maxscale/threads",
};

/* Parameters of the object that is altered, or of the module the new object is of. */
static void
offer_parameters(struct completion *c)
{
    const char *group = c->command->group;
    size_t first = 2;
    const struct cli_argument *arguments = c->command->arguments;
    if (strcmp(group, "alter") == 0) {
        const char *collection = collections[arguments[0].kind];
        bool is_global = collection == NULL;
        char *url = is_global                ? mx_strdup("maxscale")
                    : c->words.count > first ? cli_url_object(collection, c->words.all[first])
                                             : NULL;
        json_t *parameters = url != NULL ? ask(c, url, "data.attributes.parameters") : NULL;
        const char *key;
        json_t *value;
        json_object_foreach(parameters, key, value)
        {
            offer(c, key, "=");
        }
        json_decref(parameters);
        free(url);
    } else if (arguments[1].kind == CLI_KIND_MODULE && c->words.count > first + 1) {
        char *url = cli_url_object("maxscale/modules", c->words.all[first + 1]);
        offer_from(c, url, "data.attributes.parameters[].name", "=");
        free(url);
    } else if (c->command->name != NULL && strcmp(c->command->name, "server") == 0) {
        offer_from(c, "maxscale/modules/servers", "data.attributes.parameters[].name", "=");
    } else {
        offer_from(c, "maxscale/modules/MariaDBProtocol", "data.attributes.parameters[].name", "=");
    }
}

static void
offer_kind(struct completion *c, enum cli_kind kind)
{
    static const enum cli_kind targets[] = {CLI_KIND_SERVER, CLI_KIND_SERVICE, CLI_KIND_MONITOR,
                                            CLI_KIND_FILTER};
    if (kind == CLI_KIND_TARGET) {
        for (size_t i = 0; i < MX_COUNT(targets); i++) {
            offer_from(c, collections[targets[i]], "data[].id", "");
        }
    } else if (kind == CLI_KIND_PARAMETER) {
        offer_parameters(c);
    } else if (kind == CLI_KIND_COMMAND && c->words.count > 2) {
        char *url = cli_url_object("maxscale/modules", c->words.all[2]);
        offer_from(c, url, "data.attributes.commands[].id", "");
        free(url);
    } else if (collections[kind] != NULL) {
        offer_from(c, collections[kind], "data[].id", "");
    }
}

static void
offer_commands(struct completion *c)
{
    for (size_t i = 0; i < cli_command_count; i++) {
        const struct cli_command *command = &cli_commands[i];
        if (command->name != NULL && strcmp(command->group, c->words.all[0]) == 0) {
            offer(c, command->name, "");
        }
    }
}

static void
offer_groups(struct completion *c)
{
    for (size_t i = 0; i < cli_group_count; i++) {
        offer(c, cli_groups[i].name, "");
    }
    offer(c, "exit", "");
    offer(c, "quit", "");
}

static void
offer_options(struct completion *c)
{
    for (size_t i = 0; i < CLI_OPTIONS_MAX && c->command->options[i].name != NULL; i++) {
        char *option = mx_asprintf("--%s", c->command->options[i].name);
        offer(c, option, c->command->options[i].type == CLI_NUMBER ? "=" : "");
        free(option);
    }
    offer(c, "--help", "");
}

/* Values of an option that names objects; true when the cursor is behind such an option. */
static bool
offer_option_values(struct completion *c)
{
    static const struct {
        const char *option;
        enum cli_kind kind;
        bool one;
    } kinds[] = {{"--servers", CLI_KIND_SERVER, false},
                 {"--services", CLI_KIND_SERVICE, false},
                 {"--monitors", CLI_KIND_MONITOR, false},
                 {"--filters", CLI_KIND_FILTER, false},
                 {"--cluster", CLI_KIND_MONITOR, true}};
    for (size_t i = c->words.count; i > 0; i--) {
        const char *word = c->words.all[i - 1];
        if (word[0] != '-') {
            continue;
        }
        for (size_t k = 0; k < MX_COUNT(kinds); k++) {
            bool is_near = !kinds[k].one || i == c->words.count;
            if (strcmp(word, kinds[k].option) == 0 && is_near) {
                offer_kind(c, kinds[k].kind);
                return true;
            }
        }
        return false;
    }
    return false;
}

static void
offer_arguments(struct completion *c)
{
    size_t at = 0;
    size_t last = 0;
    for (size_t i = c->command->name != NULL ? 2 : 1; i < c->words.count; i++) {
        at += c->words.all[i][0] != '-' ? 1 : 0;
    }
    while (last + 1 < CLI_ARGUMENTS_MAX && c->command->arguments[last + 1].name != NULL) {
        last++;
    }
    const struct cli_argument *argument = &c->command->arguments[last];
    if (at <= last) {
        argument = &c->command->arguments[at];
    } else if (!argument->many) {
        return;
    }
    if (argument->name != NULL && argument->choices != NULL) {
        offer_choices(c, argument->choices);
    } else if (argument->name != NULL) {
        offer_kind(c, argument->kind);
    }
}

void
cli_complete(struct cli *cli, const char *line, struct cli_candidates *out)
{
    size_t start = strlen(line);
    *out = (struct cli_candidates){0};
    while (start > 0 && !isspace((unsigned char)line[start - 1])) {
        start--;
    }
    struct completion c = {.cli = cli, .typed = line + start, .out = out};
    out->typed = strlen(c.typed);
    char *before = mx_strndup(line, start);
    bool is_whole = cli_words_split(&c.words, before);
    free(before);
    if (is_whole && c.words.count == 0) {
        offer_groups(&c);
    } else if (is_whole) {
        c.command = cli_command_find(c.words.all[0], c.words.count > 1 ? c.words.all[1] : NULL);
        if (c.command == NULL && c.words.count == 1) {
            offer_commands(&c);
        } else if (c.command != NULL && c.typed[0] == '-') {
            offer_options(&c);
        } else if (c.command != NULL && !offer_option_values(&c)) {
            offer_arguments(&c);
        }
    }
    cli_words_fini(&c.words);
}

void
cli_candidates_fini(struct cli_candidates *candidates)
{
    for (size_t i = 0; i < candidates->count; i++) {
        free(candidates->all[i]);
    }
    free(candidates->all);
    *candidates = (struct cli_candidates){0};
}
