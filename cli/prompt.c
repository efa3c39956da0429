/*
 * The prompt: libedit with history and completion. The history is not kept on disk: commands may
 * hold passwords.
 */
#include "line.h"

#include "complete.h"

#include <histedit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#define HISTORY_LINES 1000

static char *
prompt(EditLine *el MX_UNUSED)
{
    static char text[] = "maxctrl> ";
    return text;
}

static void
print_candidates(const struct cli_candidates *candidates)
{
    (void)fputc('\n', stdout);
    for (size_t i = 0; i < candidates->count; i++) {
        (void)printf("%s%s", candidates->all[i], i + 1 < candidates->count ? "  " : "\n");
    }
    (void)fflush(stdout);
}

static unsigned char
on_tab(EditLine *el, wint_t key MX_UNUSED)
{
    struct cli *cli = NULL;
    struct cli_candidates candidates;
    unsigned char verdict = CC_REFRESH;
    const LineInfo *info = el_line(el);
    if (el_get(el, EL_CLIENTDATA, &cli) != 0 || cli == NULL) {
        return CC_ERROR;
    }
    char *line = mx_strndup(info->buffer, (size_t)(info->cursor - info->buffer));
    cli_complete(cli, line, &candidates);
    if (candidates.count == 0) {
        verdict = CC_ERROR;
    } else if (candidates.common > candidates.typed || candidates.count == 1) {
        char *rest =
            mx_strndup(candidates.all[0] + candidates.typed, candidates.common - candidates.typed);
        bool is_open = candidates.common > 0 && candidates.all[0][candidates.common - 1] == '=';
        (void)el_insertstr(el, rest);
        if (candidates.count == 1 && !is_open) {
            (void)el_insertstr(el, " ");
        }
        free(rest);
    } else {
        print_candidates(&candidates);
        verdict = CC_REDISPLAY;
    }
    cli_candidates_fini(&candidates);
    free(line);
    return verdict;
}

static void
update_columns(struct cli *cli)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
        cli->columns = size.ws_col;
    }
}

static void
read_commands(struct cli *cli, EditLine *el, History *past)
{
    HistEvent event;
    int len = 0;
    const char *line;
    while ((line = el_gets(el, &len)) != NULL && len > 0 && !cli_line_is_exit(line)) {
        if (cli_line_is_blank(line)) {
            continue;
        }
        (void)history(past, &event, H_ENTER, line);
        update_columns(cli);
        char *result = cli_line_run(cli, line);
        (void)fputs(result, stdout);
        (void)fflush(stdout);
        free(result);
    }
}

int
cli_prompt_run(struct cli *cli)
{
    HistEvent event;
    EditLine *el = el_init("maxctrl", stdin, stdout, stderr);
    History *past = history_init();
    if (el == NULL || past == NULL) {
        (void)fputs("Error: the prompt could not be set up\n", stderr);
        return 1;
    }
    cli->is_interactive = true;
    (void)history(past, &event, H_SETSIZE, HISTORY_LINES);
    (void)el_set(el, EL_PROMPT, prompt);
    (void)el_set(el, EL_EDITOR, "emacs");
    (void)el_set(el, EL_SIGNAL, 1);
    (void)el_set(el, EL_HIST, history, past);
    (void)el_set(el, EL_CLIENTDATA, cli);
    /* The wide form keeps the strings; the other one copies and never frees them. */
    (void)el_wset(el, EL_ADDFN, L"mx-complete", L"Complete commands and names", on_tab);
    (void)el_wset(el, EL_BIND, L"^I", L"mx-complete", NULL);
    (void)el_source(el, NULL);
    read_commands(cli, el, past);
    history_end(past);
    el_end(el);
    return 0;
}
