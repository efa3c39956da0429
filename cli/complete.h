/* What could stand where the cursor is. */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include "cli.h"

struct cli_candidates {
    char **all; /* each begins with what was typed of the word */
    size_t count;
    size_t typed;  /* bytes of the word before the cursor */
    size_t common; /* bytes all candidates begin with */
};

/* `line` is the text before the cursor. Names of objects are asked from the server. */
void cli_complete(struct cli *cli, const char *line, struct cli_candidates *out);
void cli_candidates_fini(struct cli_candidates *candidates);

#endif
