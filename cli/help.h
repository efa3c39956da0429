/* Help and the manual, made from the tables of commands and options. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "args.h"

/* Of the command, the group, or everything: as far as the words named something. */
void cli_help_print(const struct cli_args *args, struct cli_text *out);

/* docs/user/maxctrl.md */
void cli_help_markdown(struct cli_text *out);

#endif
