/* Commands as lines of text: from the prompt or from standard input. */
#ifndef CLI_LINE_H
#define CLI_LINE_H

#include "cli.h"

struct cli_words {
    char **all;
    size_t count;
};

/*
 * Splits as a shell would: blanks separate, '...' and "..." hold together, a backslash takes the
 * next character as it is (not inside '...'). False when a quote is not closed.
 */
bool cli_words_split(struct cli_words *words, const char *line);
void cli_words_fini(struct cli_words *words);

/* Runs the line; what is to be printed is given back (never NULL, free it). */
char *cli_line_run(struct cli *cli, const char *line);

/* "exit" or "quit". */
bool cli_line_is_exit(const char *line);
bool cli_line_is_blank(const char *line);

/* All lines of standard input; prints the results at the end. Returns the exit status. */
int cli_script_run(struct cli *cli);

/* The prompt, until end of input or exit. Returns the exit status. */
int cli_prompt_run(struct cli *cli);

#endif
