/*
 * The command line: which words there are (rows of const tables) and what was typed (struct
 * cli_args). The same rows give parsing, help, completion and the manual.
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include "text.h"

struct cli;
struct cli_args;

#define CLI_ARGUMENTS_MAX 4
#define CLI_OPTIONS_MAX   5

enum cli_option_type {
    CLI_FLAG, /* --name, --name=false, --no-name */
    CLI_STRING,
    CLI_NUMBER, /* whole, not negative */
    CLI_LIST,   /* all words up to the next option */
};

struct cli_option {
    const char *name; /* without dashes; NULL ends the list */
    const char *help; /* one line, no full stop */
    const char *value_default;
    const char *choices; /* "a|b"; NULL: anything */
    enum cli_option_type type;
    char letter; /* short form; 0: none */
};

/* What a word names: completion asks the server for the names. */
enum cli_kind {
    CLI_KIND_TEXT = 0,
    CLI_KIND_SERVER,
    CLI_KIND_SERVICE,
    CLI_KIND_MONITOR,
    CLI_KIND_FILTER,
    CLI_KIND_LISTENER,
    CLI_KIND_SESSION,
    CLI_KIND_USER,
    CLI_KIND_MODULE,
    CLI_KIND_THREAD,
    CLI_KIND_COMMAND,   /* of the module before it */
    CLI_KIND_PARAMETER, /* KEY=, of the object or module before it */
    CLI_KIND_TARGET,    /* server, service, monitor or filter */
    CLI_KIND_COUNT,
};

struct cli_argument {
    const char *name; /* NULL ends the list */
    enum cli_kind kind;
    bool optional;
    bool many;           /* takes all that follow; last only */
    const char *choices; /* "a|b", for completion; the command checks */
};

/* 0, or -1 with the reason in cli->error. */
typedef int (*cli_command_fn)(struct cli *cli, const struct cli_args *args);

struct cli_command {
    const char *group;
    const char *name; /* NULL: the group is the command */
    const char *help; /* sentences, first one is the short form */
    cli_command_fn run;
    const void *detail; /* what `run` works on: a listing, a resource */
    struct cli_argument arguments[CLI_ARGUMENTS_MAX];
    struct cli_option options[CLI_OPTIONS_MAX];
};

struct cli_group {
    const char *name;
    const char *help;
};

extern const struct cli_command cli_commands[];
extern const size_t cli_command_count;
extern const struct cli_group cli_groups[];
extern const size_t cli_group_count;

/* Options that every command has. */
enum cli_global {
    CLI_GLOBAL_CONFIG,
    CLI_GLOBAL_USER,
    CLI_GLOBAL_PASSWORD,
    CLI_GLOBAL_HOSTS,
    CLI_GLOBAL_TIMEOUT,
    CLI_GLOBAL_QUIET,
    CLI_GLOBAL_TSV,
    CLI_GLOBAL_SKIP_SYNC,
    CLI_GLOBAL_SECURE,
    CLI_GLOBAL_TLS_KEY,
    CLI_GLOBAL_TLS_PASSPHRASE,
    CLI_GLOBAL_TLS_CERT,
    CLI_GLOBAL_TLS_CA_CERT,
    CLI_GLOBAL_TLS_VERIFY,
    CLI_GLOBAL_VERSION,
    CLI_GLOBAL_HELP,
    CLI_GLOBAL_HELP_MARKDOWN, /* hidden: prints the manual */
    CLI_GLOBAL_COUNT,
};

extern const struct cli_option cli_globals[CLI_GLOBAL_COUNT];

struct cli_value {
    bool given;
    bool flag;
    char *text; /* as typed; NULL when not given */
    char **list;
    size_t list_count;
};

struct cli_args {
    const struct cli_command *command; /* NULL: none was named */
    const char *group;                 /* set when the first word is a group */
    struct cli_value globals[CLI_GLOBAL_COUNT];
    struct cli_value options[CLI_OPTIONS_MAX];
    char **words; /* arguments of the command */
    size_t word_count;
    char *unknown; /* what nobody knows, joined by ", "; NULL: all is known */
    size_t unknown_count;
};

/* Reads the words behind the program's name. 0, or -1 with *out_error set (free() it); what was
 * understood so far stays readable and cli_args_fini is due in both cases. */
int cli_args_parse(struct cli_args *args, int argc, char *const *argv, char **out_error);
void cli_args_fini(struct cli_args *args);

/* Whether as many words as needed are there and nothing is left over. */
int cli_args_check(const struct cli_args *args, char **out_error);

/* Sets an option from text, as a configuration file does. */
int cli_value_set(struct cli_value *value, const struct cli_option *option, const char *text,
                  char **out_error);

/* Options of the command, by name. A number that was not given is the default. */
bool cli_args_flag(const struct cli_args *args, const char *name);
const char *cli_args_text(const struct cli_args *args, const char *name);
long cli_args_number(const struct cli_args *args, const char *name);
const struct cli_value *cli_args_list(const struct cli_args *args, const char *name);

const struct cli_command *cli_command_find(const char *group, const char *name);
const struct cli_group *cli_group_find(const char *name);

#endif
