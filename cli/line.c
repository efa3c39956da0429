/* Lines of text become commands. */
#include "line.h"

#include "help.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
keep(struct cli_words *words, struct cli_text *word)
{
    words->all = mx_realloc(words->all, (words->count + 1) * sizeof(*words->all));
    words->all[words->count++] = cli_text_take(word);
}

bool
cli_words_split(struct cli_words *words, const char *line)
{
    struct cli_text word = {0};
    bool in_word = false;
    char quote = '\0';
    *words = (struct cli_words){0};
    for (const char *p = line; *p != '\0'; p++) {
        if (quote == '\0' && isspace((unsigned char)*p)) {
            if (in_word) {
                keep(words, &word);
            }
            in_word = false;
            continue;
        }
        in_word = true;
        if (*p == '\\' && quote != '\'' && p[1] != '\0') {
            cli_text_char(&word, *++p);
        } else if (quote == '\0' && (*p == '\'' || *p == '"')) {
            quote = *p;
        } else if (quote != '\0' && *p == quote) {
            quote = '\0';
        } else {
            cli_text_char(&word, *p);
        }
    }
    if (in_word) {
        keep(words, &word);
    }
    cli_text_fini(&word);
    return quote == '\0';
}

void
cli_words_fini(struct cli_words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        free(words->all[i]);
    }
    free(words->all);
    *words = (struct cli_words){0};
}

static char *
check_globals(const struct cli_args *args)
{
    struct cli_text given = {0};
    for (size_t i = 0; i < CLI_GLOBAL_VERSION; i++) {
        if (args->globals[i].given) {
            cli_text_format(&given, "%s%s", given.len > 0 ? ", " : "", cli_globals[i].name);
        }
    }
    if (given.len == 0) {
        return NULL;
    }
    char *error = mx_asprintf("Global options cannot be redefined in interactive mode: %s\n",
                              cli_text_string(&given));
    cli_text_fini(&given);
    return error;
}

static char *
run_args(struct cli *cli, const struct cli_args *args)
{
    char *error = check_globals(args);
    bool ok;
    if (error != NULL) {
        return error;
    }
    if (args->globals[CLI_GLOBAL_HELP].flag) {
        struct cli_text text = {0};
        cli_help_print(args, &text);
        return cli_text_take(&text);
    }
    if (cli_args_check(args, &error) != 0) {
        char *line = mx_asprintf("%s\n", error);
        free(error);
        return line;
    }
    if (args->command == NULL) {
        return mx_strdup("At least one command is required, see output of `--help` for more "
                         "information.\n");
    }
    return cli_run_captured(cli, args, &ok);
}

char *
cli_line_run(struct cli *cli, const char *line)
{
    struct cli_words words;
    struct cli_args args;
    char *error = NULL;
    char *result;
    if (!cli_words_split(&words, line)) {
        cli_words_fini(&words);
        return mx_strdup("A quotation mark is not closed.\n");
    }
    if (cli_args_parse(&args, (int)mx_min_size(words.count, INT32_MAX), words.all, &error) != 0) {
        result = mx_asprintf("%s\n", error);
        free(error);
    } else {
        result = run_args(cli, &args);
    }
    cli_args_fini(&args);
    cli_words_fini(&words);
    return result;
}

bool
cli_line_is_blank(const char *line)
{
    return line[strspn(line, " \t\r\n")] == '\0';
}

bool
cli_line_is_exit(const char *line)
{
    const char *p = line + strspn(line, " \t");
    bool is_word = strncmp(p, "exit", 4) == 0 || strncmp(p, "quit", 4) == 0;
    return is_word && cli_line_is_blank(p + 4);
}

int
cli_script_run(struct cli *cli)
{
    char *line = NULL;
    size_t size = 0;
    struct cli_text all = {0};
    while (getline(&line, &size, stdin) >= 0 && !cli_line_is_exit(line)) {
        if (cli_line_is_blank(line)) {
            continue;
        }
        char *result = cli_line_run(cli, line);
        cli_text_add(&all, result);
        free(result);
    }
    (void)fwrite(cli_text_string(&all), 1, all.len, stdout);
    (void)fflush(stdout);
    cli_text_fini(&all);
    free(line);
    return 0;
}
