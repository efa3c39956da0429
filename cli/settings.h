/* Global options: their table, the configuration file, and the settings that come of them. */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include "cli.h"

/* Command line over configuration file over default. 0, or -1 with the text in *out_error. */
int cli_settings_init(struct cli_settings *settings, const struct cli_args *args, char **out_error);
void cli_settings_fini(struct cli_settings *settings);

/* Asks for the password when it was given as an empty one: on a terminal without echo, else from
 * standard input, all of it or only its first line. */
int cli_settings_ask_password(struct cli_settings *settings, bool first_line_only,
                              char **out_error);

/* "10s", "1500": milliseconds. False when it is not a duration. */
bool cli_duration_parse(const char *text, long *out_ms);

/*
 * Reads [maxctrl] of `path` into values (CLI_GLOBAL_COUNT of them); what is given there already
 * stays. A missing file is an error only when must_exist.
 */
int cli_config_read(const char *path, bool must_exist, struct cli_value *values, char **out_error);

#endif
