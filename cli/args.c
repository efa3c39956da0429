/* Reading the command line against the tables of commands and options. */
#include "args.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const struct cli_command *
cli_command_find(const char *group, const char *name)
{
    for (size_t i = 0; i < cli_command_count; i++) {
        const struct cli_command *command = &cli_commands[i];
        if (strcmp(command->group, group) == 0 &&
            (command->name == NULL || (name != NULL && strcmp(command->name, name) == 0))) {
            return command;
        }
    }
    return NULL;
}

const struct cli_group *
cli_group_find(const char *name)
{
    for (size_t i = 0; i < cli_group_count; i++) {
        if (strcmp(cli_groups[i].name, name) == 0) {
            return &cli_groups[i];
        }
    }
    return NULL;
}

static bool
is_named(const struct cli_option *option, const char *name, size_t len)
{
    return strlen(option->name) == len && memcmp(option->name, name, len) == 0;
}

/* The option `name` or, when letter is set, the short form; among the globals, then the
 * command's. Without a command the options of all commands count, for their types. */
struct found {
    const struct cli_option *option;
    struct cli_value *value; /* NULL: of another command */
};

static struct found
find_option(struct cli_args *args, const char *name, size_t len, char letter)
{
    struct found found = {0};
    for (size_t i = 0; i < CLI_GLOBAL_COUNT; i++) {
        const struct cli_option *o = &cli_globals[i];
        if (letter != 0 ? o->letter == letter : is_named(o, name, len)) {
            return (struct found){o, &args->globals[i]};
        }
    }
    for (size_t i = 0; i < cli_command_count; i++) {
        const struct cli_command *command = &cli_commands[i];
        bool is_mine = args->command == command;
        if (args->command != NULL && !is_mine) {
            continue;
        }
        for (size_t k = 0; k < CLI_OPTIONS_MAX && command->options[k].name != NULL; k++) {
            const struct cli_option *o = &command->options[k];
            if (letter != 0 ? o->letter == letter : is_named(o, name, len)) {
                found = (struct found){o, is_mine ? &args->options[k] : NULL};
            }
        }
    }
    return found;
}

static bool
is_choice(const char *choices, const char *text)
{
    size_t len = strlen(text);
    const char *p = choices;
    while (true) {
        size_t part = strcspn(p, "|");
        if (part == len && memcmp(p, text, len) == 0) {
            return true;
        }
        if (p[part] == '\0') {
            return false;
        }
        p += part + 1;
    }
}

static char *
describe_bad_choice(const struct cli_option *option, const char *text)
{
    struct cli_text out = {0};
    cli_text_format(&out, "Invalid values:\n  Argument: %s, Given: \"%s\", Choices: \"",
                    option->name, text);
    for (const char *p = option->choices; *p != '\0'; p++) {
        if (*p == '|') {
            cli_text_add(&out, "\", \"");
        } else {
            cli_text_char(&out, *p);
        }
    }
    cli_text_char(&out, '"');
    return cli_text_take(&out);
}

int
cli_value_set(struct cli_value *value, const struct cli_option *option, const char *text,
              char **out_error)
{
    if (option->type == CLI_FLAG) {
        bool is_true = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
        if (!is_true && strcmp(text, "false") != 0 && strcmp(text, "0") != 0) {
            *out_error =
                mx_asprintf("Option '%s' is 'true' or 'false', not '%s'.", option->name, text);
            return -1;
        }
        value->flag = is_true;
    }
    size_t digits = strspn(text, "0123456789");
    if (option->type == CLI_NUMBER && (digits == 0 || digits > 9 || text[digits] != '\0')) {
        *out_error = mx_asprintf("Option '%s' needs a whole number up to 999999999, not '%s'.",
                                 option->name, text);
        return -1;
    }
    if (option->choices != NULL && !is_choice(option->choices, text)) {
        *out_error = describe_bad_choice(option, text);
        return -1;
    }
    value->given = true;
    if (option->type == CLI_LIST) {
        value->list = mx_realloc(value->list, (value->list_count + 1) * sizeof(*value->list));
        value->list[value->list_count++] = mx_strdup(text);
    } else {
        free(value->text);
        value->text = mx_strdup(text);
    }
    return 0;
}

static void
note_unknown(struct cli_args *args, const char *word, size_t len)
{
    char *joined = args->unknown == NULL
                       ? mx_strndup(word, len)
                       : mx_asprintf("%s, %.*s", args->unknown, (int)mx_min_size(len, 4096), word);
    free(args->unknown);
    args->unknown = joined;
    args->unknown_count++;
}

/* A word that starts with '-' but is not an option: "-" itself and negative numbers. */
static bool
is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0' && !isdigit((unsigned char)word[1]);
}

struct reader {
    struct cli_args *args;
    char *const *argv;
    int argc;
    int at;
    bool dry; /* only looking for the command: values are skipped, not kept */
    char **out_error;
};

/* Gives the option its value: `attached` when there is one, else words that follow. */
static int
read_value(struct reader *r, struct found found, const char *attached)
{
    const struct cli_option *option = found.option;
    struct cli_value ignored = {0};
    struct cli_value *value = r->dry || found.value == NULL ? &ignored : found.value;
    char *error = NULL;
    int rc = 0;
    const char *next = r->at + 1 < r->argc ? r->argv[r->at + 1] : NULL;
    if (attached != NULL) {
        rc = cli_value_set(value, option, attached, &error);
    } else if (option->type == CLI_FLAG) {
        bool has_word = next != NULL && (strcmp(next, "true") == 0 || strcmp(next, "false") == 0);
        r->at += has_word ? 1 : 0;
        rc = cli_value_set(value, option, has_word ? next : "true", &error);
    } else if (option->type == CLI_LIST) {
        value->given = true;
        while (rc == 0 && r->at + 1 < r->argc && !is_option(r->argv[r->at + 1])) {
            rc = cli_value_set(value, option, r->argv[++r->at], &error);
        }
    } else if (next == NULL || is_option(next)) {
        error = mx_asprintf("Not enough arguments following: %s", option->name);
        rc = -1;
    } else {
        r->at++;
        rc = cli_value_set(value, option, next, &error);
    }
    for (size_t i = 0; i < ignored.list_count; i++) {
        free(ignored.list[i]);
    }
    free(ignored.list);
    free(ignored.text);
    if (r->dry || error == NULL) {
        free(error);
        return 0;
    }
    *r->out_error = error;
    return rc;
}

static int
read_long(struct reader *r, const char *name)
{
    size_t len = strcspn(name, "=");
    const char *attached = name[len] == '=' ? name + len + 1 : NULL;
    struct found found = find_option(r->args, name, len, 0);
    if (found.option == NULL && strncmp(name, "no-", 3) == 0 && attached == NULL) {
        found = find_option(r->args, name + 3, len - 3, 0);
        if (found.option != NULL && found.option->type == CLI_FLAG) {
            return read_value(r, found, "false");
        }
        found.option = NULL;
    }
    if (found.option == NULL) {
        if (!r->dry) {
            note_unknown(r->args, name, len);
        }
        return 0;
    }
    return read_value(r, found, attached);
}

/* -u admin, -uadmin, -u=admin; flags may be gathered: -sq. */
static int
read_short(struct reader *r, const char *letters)
{
    for (const char *p = letters; *p != '\0'; p++) {
        struct found found = find_option(r->args, NULL, 0, *p);
        if (found.option == NULL) {
            if (!r->dry) {
                note_unknown(r->args, p, 1);
            }
            if (p[1] == '=') {
                return 0;
            }
            continue;
        }
        if (p[1] == '=') {
            return read_value(r, found, p + 2);
        }
        if (found.option->type != CLI_FLAG && p[1] != '\0') {
            return read_value(r, found, p + 1);
        }
        if (read_value(r, found, p[1] != '\0' ? "true" : NULL) != 0) {
            return -1;
        }
    }
    return 0;
}

static void
keep_word(struct cli_args *args, const char *word)
{
    args->words = mx_realloc(args->words, (args->word_count + 1) * sizeof(*args->words));
    args->words[args->word_count++] = mx_strdup(word);
}

static int
read_words(struct reader *r)
{
    bool only_words = false;
    for (r->at = 0; r->at < r->argc; r->at++) {
        const char *word = r->argv[r->at];
        int rc = 0;
        if (only_words || !is_option(word)) {
            keep_word(r->args, word);
        } else if (strcmp(word, "--") == 0) {
            only_words = true;
        } else if (word[1] == '-') {
            rc = read_long(r, word + 2);
        } else {
            rc = read_short(r, word + 1);
        }
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static void
drop_words(struct cli_args *args, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(args->words[i]);
    }
    args->word_count -= count;
    for (size_t i = 0; i < args->word_count; i++) {
        args->words[i] = args->words[i + count];
    }
}

int
cli_args_parse(struct cli_args *args, int argc, char *const *argv, char **out_error)
{
    *args = (struct cli_args){0};
    *out_error = NULL;
    struct reader r = {
        .args = args, .argv = argv, .argc = argc, .dry = true, .out_error = out_error};
    (void)read_words(&r);
    if (args->word_count > 0) {
        const struct cli_group *group = cli_group_find(args->words[0]);
        args->group = group != NULL ? group->name : NULL;
        args->command =
            cli_command_find(args->words[0], args->word_count > 1 ? args->words[1] : NULL);
    }
    drop_words(args, args->word_count);
    r.dry = false;
    if (read_words(&r) != 0) {
        return -1;
    }
    if (args->command != NULL) {
        drop_words(args, args->command->name != NULL ? 2 : 1);
    } else if (args->group != NULL) {
        drop_words(args, 1);
    }
    return 0;
}

static void
value_fini(struct cli_value *value)
{
    for (size_t i = 0; i < value->list_count; i++) {
        free(value->list[i]);
    }
    free(value->list);
    free(value->text);
}

void
cli_args_fini(struct cli_args *args)
{
    for (size_t i = 0; i < CLI_GLOBAL_COUNT; i++) {
        value_fini(&args->globals[i]);
    }
    for (size_t i = 0; i < CLI_OPTIONS_MAX; i++) {
        value_fini(&args->options[i]);
    }
    drop_words(args, args->word_count);
    free(args->words);
    free(args->unknown);
    *args = (struct cli_args){0};
}

static void
count_arguments(const struct cli_command *command, size_t *out_min, size_t *out_max)
{
    *out_min = 0;
    *out_max = 0;
    for (size_t i = 0; i < CLI_ARGUMENTS_MAX && command->arguments[i].name != NULL; i++) {
        *out_min += command->arguments[i].optional ? 0 : 1;
        *out_max = command->arguments[i].many ? SIZE_MAX : *out_max + 1;
    }
}

int
cli_args_check(const struct cli_args *args, char **out_error)
{
    struct cli_text extra = {0};
    size_t count = args->unknown_count;
    size_t min = 0;
    size_t max = 0;
    if (args->command != NULL) {
        count_arguments(args->command, &min, &max);
    } else if (args->group != NULL) {
        min = 1;
        max = SIZE_MAX;
    }
    if (args->word_count < min) {
        *out_error = mx_asprintf("Not enough non-option arguments: got %zu, need at least %zu",
                                 args->word_count, min);
        return -1;
    }
    cli_text_add(&extra, args->unknown != NULL ? args->unknown : "");
    for (size_t i = max; i < args->word_count; i++) {
        cli_text_format(&extra, "%s%s", extra.len > 0 ? ", " : "", args->words[i]);
        count++;
    }
    if (count > 0) {
        *out_error =
            mx_asprintf("Unknown argument%s: %s", count > 1 ? "s" : "", cli_text_string(&extra));
        cli_text_fini(&extra);
        return -1;
    }
    cli_text_fini(&extra);
    if (args->command == NULL && args->group != NULL) {
        *out_error = mx_strdup("At least one command is required, see output of `--help` for more "
                               "information.");
        return -1;
    }
    return 0;
}

static size_t
option_index(const struct cli_args *args, const char *name)
{
    for (size_t i = 0; i < CLI_OPTIONS_MAX && args->command->options[i].name != NULL; i++) {
        if (strcmp(args->command->options[i].name, name) == 0) {
            return i;
        }
    }
    return CLI_OPTIONS_MAX;
}

bool
cli_args_flag(const struct cli_args *args, const char *name)
{
    size_t i = option_index(args, name);
    return i < CLI_OPTIONS_MAX && args->options[i].flag;
}

const char *
cli_args_text(const struct cli_args *args, const char *name)
{
    size_t i = option_index(args, name);
    if (i == CLI_OPTIONS_MAX) {
        return NULL;
    }
    return args->options[i].given ? args->options[i].text : args->command->options[i].value_default;
}

long
cli_args_number(const struct cli_args *args, const char *name)
{
    const char *text = cli_args_text(args, name);
    return text != NULL ? strtol(text, NULL, 10) : 0;
}

const struct cli_value *
cli_args_list(const struct cli_args *args, const char *name)
{
    size_t i = option_index(args, name);
    return i < CLI_OPTIONS_MAX ? &args->options[i] : NULL;
}
