/*
 * One run of the command line client: settings, the host in use, what is to be printed and what
 * went wrong. Owned by main(); commands get a pointer to it.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "args.h"
#include "text.h"

#include <curl/curl.h>

struct cli_settings {
    char *user;
    char *password;
    char **hosts; /* HOST:PORT */
    size_t host_count;
    long timeout_ms;
    bool quiet;
    bool tsv;
    bool skip_sync;
    bool secure;
    bool tls_verify;
    char *tls_key; /* NULL: none */
    char *tls_cert;
    char *tls_passphrase;
    char *tls_ca_cert;
};

struct cli {
    struct cli_settings settings;
    const char *host; /* of settings.hosts */
    bool is_terminal; /* standard output is one: colours, warnings */
    bool is_interactive;
    size_t columns;           /* of the terminal; 0: not limited */
    CURL *curl;               /* kept between requests; NULL before the first */
    struct cli_text out;      /* printed when the command has succeeded */
    struct cli_text warnings; /* of the servers' answers, one per line */
    bool is_alarmed;          /* a check found something: exit status 1 without an error text */
    char *error;              /* why the last command failed; NULL: it did not */
};

/* Keeps the text as the reason of failure. Returns -1. */
int cli_fail(struct cli *cli, const char *format, ...) MX_PRINTF(2, 3);

/* Runs one command on every host; prints to standard output and error. Returns the exit status. */
int cli_run_command(struct cli *cli, const struct cli_args *args);

/* The same, but the text is given back instead of printed; *out_ok tells how it went. */
char *cli_run_captured(struct cli *cli, const struct cli_args *args, bool *out_ok);

void cli_fini(struct cli *cli);

#endif
