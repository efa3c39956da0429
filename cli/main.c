/* maxctrl: chooses between one command, the prompt, and commands from standard input. */
#include "cli.h"
#include "help.h"
#include "line.h"
#include "settings.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "mx_build.h"

static void
look_at_terminal(struct cli *cli)
{
    struct winsize size;
    cli->is_terminal = isatty(STDOUT_FILENO) != 0;
    if (cli->is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
        cli->columns = size.ws_col;
    }
}

static int
run(struct cli *cli, const struct cli_args *args, char **out_error)
{
    bool is_mode = args->command == NULL;
    if (cli_settings_init(&cli->settings, args, out_error) != 0 ||
        cli_settings_ask_password(&cli->settings, is_mode, out_error) != 0) {
        return 1;
    }
    look_at_terminal(cli);
    if (!is_mode) {
        return cli_run_command(cli, args);
    }
    return isatty(STDIN_FILENO) ? cli_prompt_run(cli) : cli_script_run(cli);
}

static int
print(struct cli_text *text)
{
    (void)fputs(cli_text_string(text), stdout);
    cli_text_fini(text);
    return fflush(stdout) == 0 ? 0 : 1;
}

static int
decide(struct cli *cli, const struct cli_args *args, char **out_error)
{
    struct cli_text text = {0};
    if (args->globals[CLI_GLOBAL_HELP_MARKDOWN].flag) {
        cli_help_markdown(&text);
        return print(&text);
    }
    if (args->globals[CLI_GLOBAL_HELP].flag) {
        cli_help_print(args, &text);
        return print(&text);
    }
    if (args->globals[CLI_GLOBAL_VERSION].flag) {
        cli_text_add(&text, MX_VERSION "\n");
        return print(&text);
    }
    if (cli_args_check(args, out_error) != 0) {
        return 1;
    }
    return run(cli, args, out_error);
}

int
main(int argc, char **argv)
{
    struct cli cli = {0};
    struct cli_args args;
    char *error = NULL;
    (void)setlocale(LC_CTYPE, "");
    (void)signal(SIGPIPE, SIG_IGN);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        (void)fputs("Error: the HTTP client could not be started\n", stderr);
        return 1;
    }
    int status = 1;
    if (cli_args_parse(&args, argc > 0 ? argc - 1 : 0, argv + 1, &error) == 0) {
        status = decide(&cli, &args, &error);
    }
    if (error != NULL) {
        (void)fprintf(stderr, "%s\n", error);
        free(error);
    }
    cli_args_fini(&args);
    cli_fini(&cli);
    curl_global_cleanup();
    return status;
}
