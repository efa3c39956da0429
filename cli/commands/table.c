/*
 * Every command: its words, options, help and function. Parsing, help, completion and the manual
 * (docs/user/maxctrl.md) come from here.
 */
#include "commands.h"

#define SERVER                                    \
    {                                             \
        .name = "SERVER", .kind = CLI_KIND_SERVER \
    }
#define SERVICE                                     \
    {                                               \
        .name = "SERVICE", .kind = CLI_KIND_SERVICE \
    }
#define MONITOR                                     \
    {                                               \
        .name = "MONITOR", .kind = CLI_KIND_MONITOR \
    }
#define FILTER                                    \
    {                                             \
        .name = "FILTER", .kind = CLI_KIND_FILTER \
    }
#define LISTENER                                      \
    {                                                 \
        .name = "LISTENER", .kind = CLI_KIND_LISTENER \
    }
#define SESSION                                     \
    {                                               \
        .name = "SESSION", .kind = CLI_KIND_SESSION \
    }
#define MODULE                                    \
    {                                             \
        .name = "MODULE", .kind = CLI_KIND_MODULE \
    }
#define USER                                  \
    {                                         \
        .name = "USER", .kind = CLI_KIND_USER \
    }
#define NAME           \
    {                  \
        .name = "NAME" \
    }
#define PARAMETERS                                                    \
    {                                                                 \
        .name = "KEY=VALUE", .kind = CLI_KIND_PARAMETER, .many = true \
    }
#define SOME_PARAMETERS                                                                 \
    {                                                                                   \
        .name = "KEY=VALUE", .kind = CLI_KIND_PARAMETER, .many = true, .optional = true \
    }
#define STATE                                                                           \
    {                                                                                   \
        .name = "STATE", .choices = "maintenance|drain|master|slave|synced|running|blr" \
    }
#define LEVEL                                                   \
    {                                                           \
        .name = "LEVEL", .choices = "warning|notice|info|debug" \
    }

#define RDNS                                                                 \
    {                                                                        \
        .name = "rdns", .type = CLI_FLAG,                                    \
        .help = "Show host names instead of addresses, found by reverse DNS" \
    }
#define FORCE(text)                                       \
    {                                                     \
        .name = "force", .type = CLI_FLAG, .help = (text) \
    }
#define LIST(option, text)                                 \
    {                                                      \
        .name = (option), .type = CLI_LIST, .help = (text) \
    }
#define DESTROY_FORCE FORCE("Also remove it from everything that uses it")
#define STOP_FORCE    FORCE("Also close the existing sessions")

#define PARAMETER_HELP                                                                         \
    " Parameters are KEY=VALUE words: true and false, numbers and JSON objects or arrays are " \
    "sent "                                                                                    \
    "as such, the rest as text."
#define ALTER_HELP                                                                              \
    PARAMETER_HELP " A key with dots reaches into nested parameters. The older form KEY VALUE " \
                   "KEY VALUE is understood as well."

static const struct cli_target servers = {"servers"};
static const struct cli_target services = {"services"};
static const struct cli_target monitors = {"monitors"};
static const struct cli_target filters = {"filters"};
static const struct cli_target listeners = {"listeners"};
static const struct cli_target sessions = {"sessions"};
static const struct cli_target users = {"users/inet"};
static const struct cli_target maxscale = {"maxscale"};
static const struct cli_target logging = {"maxscale/logs"};
static const struct cli_target log_flush = {"maxscale/logs/flush/"};
static const struct cli_target tls_reload = {"maxscale/tls/reload"};
static const struct cli_target session_restart = {"sessions/restart"};

const struct cli_group cli_groups[] = {
    {"list", "List objects, one row each"},
    {"show", "Show all about one object, or about all of a kind"},
    {"set", "Set the state of a server"},
    {"clear", "Clear the state of a server"},
    {"enable", "Switch a log level on"},
    {"disable", "Switch a log level off"},
    {"create", "Create objects"},
    {"destroy", "Remove objects"},
    {"link", "Give targets to services and servers to monitors"},
    {"unlink", "Take targets from services and servers from monitors"},
    {"start", "Start services, listeners and monitors"},
    {"stop", "Stop services, listeners and monitors"},
    {"alter", "Change parameters"},
    {"rotate", "Rotate log files"},
    {"reload", "Load things again that were read before"},
    {"call", "Run a command of a module"},
    {"api", "Use the REST API directly"},
    {"classify", "Show how a statement is understood"},
    {"debug", "Look into the running program"},
    {"check", "Find out what would not work, before it matters"},
};
const size_t cli_group_count = MX_COUNT(cli_groups);

/* clang-format off */
const struct cli_command cli_commands[] = {
    /* list */
    {"list", "servers", "List all servers with address, state and replication position.",
     cli_list_run, &cli_list_servers, {{0}}, {{0}}},
    {"list", "services", "List all services with their router and targets.",
     cli_list_run, &cli_list_services, {{0}}, {{0}}},
    {"list", "listeners", "List all listeners, or those of one service.",
     cli_list_listeners_run, &cli_list_listeners,
     {{.name = "SERVICE", .kind = CLI_KIND_SERVICE, .optional = true}}, {{0}}},
    {"list", "monitors", "List all monitors with their servers.",
     cli_list_run, &cli_list_monitors, {{0}}, {{0}}},
    {"list", "sessions", "List all client sessions.",
     cli_list_run, &cli_list_sessions, {{0}}, {RDNS}},
    {"list", "filters", "List all filters and the services that use them.",
     cli_list_run, &cli_list_filters, {{0}}, {{0}}},
    {"list", "modules", "List all modules that are loaded.",
     cli_list_run, &cli_list_modules, {{0}}, {{0}}},
    {"list", "threads", "List all worker threads with descriptors and load.",
     cli_list_run, &cli_list_threads, {{0}}, {{0}}},
    {"list", "users", "List all users of the REST API.",
     cli_list_run, &cli_list_users, {{0}}, {{0}}},
    {"list", "commands", "List the commands of all modules, for `call command`.",
     cli_list_run, &cli_list_commands, {{0}}, {{0}}},
    {"list", "queries", "List the statements that are running now. The parameter "
     "retain_last_statements must be larger than zero.",
     cli_list_queries_run, NULL, {{0}},
     {{.name = "max-length", .letter = 'l', .type = CLI_NUMBER, .value_default = "120",
       .help = "Columns after which a statement is cut; 0 never cuts"}}},

    /* show */
    {"show", "server", "Show all about a server.",
     cli_show_one_run, &cli_show_server, {SERVER}, {{0}}},
    {"show", "servers", "Show all about every server.",
     cli_show_all_run, &cli_show_servers, {{0}}, {{0}}},
    {"show", "service", "Show all about a service.",
     cli_show_one_run, &cli_show_service, {SERVICE}, {{0}}},
    {"show", "services", "Show all about every service.",
     cli_show_all_run, &cli_show_services, {{0}}, {{0}}},
    {"show", "monitor", "Show all about a monitor. Its diagnostics say under 'readiness' which "
     "automatic operations would work now.",
     cli_show_one_run, &cli_show_monitor, {MONITOR}, {{0}}},
    {"show", "monitors", "Show all about every monitor.",
     cli_show_all_run, &cli_show_monitors, {{0}}, {{0}}},
    {"show", "session", "Show all about a session. The id is the connection id the client sees.",
     cli_show_one_run, &cli_show_session, {SESSION}, {RDNS}},
    {"show", "sessions", "Show all about every session.",
     cli_show_all_run, &cli_show_sessions, {{0}}, {RDNS}},
    {"show", "filter", "Show all about a filter.",
     cli_show_one_run, &cli_show_filter, {FILTER}, {{0}}},
    {"show", "filters", "Show all about every filter.",
     cli_show_all_run, &cli_show_filters, {{0}}, {{0}}},
    {"show", "listener", "Show all about a listener.",
     cli_show_one_run, &cli_show_listener, {LISTENER}, {{0}}},
    {"show", "listeners", "Show all about every listener.",
     cli_show_all_run, &cli_show_listeners, {{0}}, {{0}}},
    {"show", "module", "Show what a module is, with its parameters and commands.",
     cli_show_one_run, &cli_show_module, {MODULE}, {{0}}},
    {"show", "modules", "Show all loaded modules with their parameters and commands.",
     cli_show_all_run, &cli_show_modules, {{0}},
     {{.name = "load-all", .type = CLI_FLAG, .help = "Load every module that is installed first"}}},
    {"show", "maxscale", "Show version, parameters and system of the program itself.",
     cli_show_one_run, &cli_show_maxscale, {{0}}, {{0}}},
    {"show", "thread", "Show statistics of one worker thread.",
     cli_show_thread_run, NULL, {{.name = "NUMBER", .kind = CLI_KIND_THREAD}}, {{0}}},
    {"show", "threads", "Show statistics of every worker thread and of all together.",
     cli_show_threads_run, NULL, {{0}}, {{0}}},
    {"show", "logging", "Show where the log is and which levels are on.",
     cli_show_one_run, &cli_show_logging, {{0}}, {{0}}},
    {"show", "commands", "Show the commands of a module with their arguments.",
     cli_show_commands_run, NULL, {MODULE}, {{0}}},
    {"show", "qc_cache", "Show the statements used most often in the classifier's cache.",
     cli_show_qc_cache_run, NULL, {{0}},
     {{.name = "top", .type = CLI_NUMBER, .value_default = "20", .help = "How many statements"}}},
    {"show", "dbusers", "Show the database accounts that may log in through a service.",
     cli_show_dbusers_run, NULL, {SERVICE}, {{0}}},

    /* set, clear */
    {"set", "server", "Set a state of a server. While a monitor runs, only maintenance and drain "
     "can be set by hand.",
     cli_state_server_run, NULL, {SERVER, STATE},
     {FORCE("With maintenance: also close the connections to the server at once")}},
    {"clear", "server", "Clear a state of a server.",
     cli_state_server_run, NULL, {SERVER, STATE}, {{0}}},

    /* enable, disable */
    {"enable", "log-priority", "Switch a log level on.",
     cli_state_log_priority_run, NULL, {LEVEL}, {{0}}},
    {"disable", "log-priority", "Switch a log level off.",
     cli_state_log_priority_run, NULL, {LEVEL}, {{0}}},

    /* create */
    {"create", "server", "Create a server from address=HOST and port=PORT, or socket=PATH, and "
     "other parameters. It takes part once it is in a service and a monitor." PARAMETER_HELP
     " The older form NAME HOST|SOCKET [PORT] [KEY=VALUE...] is understood as well.",
     cli_create_server_run, NULL, {NAME, PARAMETERS},
     {LIST("services", "Services to add the server to"),
      LIST("monitors", "Monitors to add the server to")}},
    {"create", "monitor", "Create a monitor; user=NAME and password=TEXT are needed." PARAMETER_HELP,
     cli_create_monitor_run, NULL, {NAME, MODULE, SOME_PARAMETERS},
     {LIST("servers", "Servers to monitor")}},
    {"create", "service", "Create a service; user=NAME and password=TEXT are needed. Options with "
     "lists must stand behind the parameters." PARAMETER_HELP,
     cli_create_service_run, NULL,
     {NAME, {.name = "ROUTER", .kind = CLI_KIND_MODULE}, PARAMETERS},
     {LIST("servers", "Servers to route to"), LIST("services", "Services to route to"),
      {.name = "cluster", .type = CLI_STRING, .help = "Monitor whose servers are routed to"},
      LIST("filters", "Filters, in the order they work in")}},
    {"create", "filter", "Create a filter." PARAMETER_HELP,
     cli_create_filter_run, NULL, {NAME, MODULE, SOME_PARAMETERS}, {{0}}},
    {"create", "listener", "Create a listener of a service on a port." PARAMETER_HELP,
     cli_create_listener_run, NULL,
     {SERVICE, NAME, {.name = "PORT"}, SOME_PARAMETERS}, {{0}}},
    {"create", "user", "Create a user of the REST API. Users of type basic may only look.",
     cli_create_user_run, NULL, {NAME, {.name = "PASSWORD"}},
     {{.name = "type", .type = CLI_STRING, .value_default = "basic", .choices = "admin|basic",
       .help = "What the user may do"}}},
    {"create", "report", "Collect everything the REST API tells in one JSON file, or print it. "
     "The file can be read by its owner only.",
     cli_create_report_run, NULL, {{.name = "FILE", .optional = true}},
     {{.name = "lines", .type = CLI_NUMBER, .value_default = "1000",
       .help = "How many lines of the log to add"}}},

    /* destroy */
    {"destroy", "server", "Remove a server. It must not be in use.",
     cli_destroy_run, &servers, {SERVER}, {DESTROY_FORCE}},
    {"destroy", "monitor", "Remove a monitor. It must have no servers.",
     cli_destroy_run, &monitors, {MONITOR}, {DESTROY_FORCE}},
    {"destroy", "listener", "Remove a listener. With two names the first one is its service.",
     cli_destroy_listener_run, NULL,
     {{.name = "SERVICE|LISTENER", .kind = CLI_KIND_LISTENER},
      {.name = "LISTENER", .kind = CLI_KIND_LISTENER, .optional = true}}, {{0}}},
    {"destroy", "service", "Remove a service. It must have no listeners, filters or targets.",
     cli_destroy_run, &services, {SERVICE}, {DESTROY_FORCE}},
    {"destroy", "filter", "Remove a filter. No service may use it.",
     cli_destroy_run, &filters, {FILTER}, {DESTROY_FORCE}},
    {"destroy", "user", "Remove a user of the REST API.",
     cli_destroy_run, &users, {USER}, {{0}}},
    {"destroy", "session", "Close a client session.",
     cli_destroy_session_run, NULL, {SESSION},
     {{.name = "ttl", .type = CLI_NUMBER, .value_default = "0",
       .help = "Seconds the session is given to end by itself"}}},

    /* link, unlink */
    {"link", "service", "Add servers, services, filters, or a monitor to a service. Filters are "
     "added at the end; a monitor takes the place of the one before.",
     cli_link_run, &services,
     {SERVICE, {.name = "TARGET", .kind = CLI_KIND_TARGET, .many = true}}, {{0}}},
    {"link", "monitor", "Add servers to a monitor.",
     cli_link_run, &monitors,
     {MONITOR, {.name = "SERVER", .kind = CLI_KIND_SERVER, .many = true}}, {{0}}},
    {"unlink", "service", "Remove servers, services, filters or the monitor from a service. Names "
     "it does not use are ignored.",
     cli_unlink_run, &services,
     {SERVICE, {.name = "TARGET", .kind = CLI_KIND_TARGET, .many = true}}, {{0}}},
    {"unlink", "monitor", "Remove servers from a monitor. Names it does not use are ignored.",
     cli_unlink_run, &monitors,
     {MONITOR, {.name = "SERVER", .kind = CLI_KIND_SERVER, .many = true}}, {{0}}},

    /* start, stop */
    {"start", "service", "Start a service that was stopped.",
     cli_switch_run, &services, {SERVICE}, {{0}}},
    {"start", "listener", "Start a listener that was stopped.",
     cli_switch_run, &listeners, {LISTENER}, {{0}}},
    {"start", "monitor", "Start a monitor that was stopped.",
     cli_switch_run, &monitors, {MONITOR}, {{0}}},
    {"start", "services", "Start all services.", cli_switch_services_run, NULL, {{0}}, {{0}}},
    {"start", "maxscale", "Start all services.", cli_switch_services_run, NULL, {{0}}, {{0}}},
    {"stop", "service", "Stop a service: its listeners accept no new connections.",
     cli_switch_run, &services, {SERVICE}, {STOP_FORCE}},
    {"stop", "listener", "Stop a listener: it accepts no new connections.",
     cli_switch_run, &listeners, {LISTENER}, {STOP_FORCE}},
    {"stop", "monitor", "Stop a monitor: states of its servers stay as they are, and no automatic "
     "operation takes place.",
     cli_switch_run, &monitors, {MONITOR}, {{0}}},
    {"stop", "services", "Stop all services.",
     cli_switch_services_run, NULL, {{0}}, {STOP_FORCE}},
    {"stop", "maxscale", "Stop all services.",
     cli_switch_services_run, NULL, {{0}}, {STOP_FORCE}},

    /* alter */
    {"alter", "server", "Change parameters of a server." ALTER_HELP,
     cli_alter_run, &servers, {SERVER, PARAMETERS}, {{0}}},
    {"alter", "monitor", "Change parameters of a monitor; servers=A,B replaces its servers."
     ALTER_HELP,
     cli_alter_monitor_run, NULL, {MONITOR, PARAMETERS}, {{0}}},
    {"alter", "service", "Change parameters of a service; servers=A,B, targets=A,B, filters=F|G "
     "and cluster=MONITOR replace what it uses." ALTER_HELP,
     cli_alter_service_run, NULL, {SERVICE, PARAMETERS}, {{0}}},
    {"alter", "service-filters", "Replace the filters of a service, in the order they work in; "
     "without names it has none then.",
     cli_alter_filters_run, &services,
     {SERVICE, {.name = "FILTER", .kind = CLI_KIND_FILTER, .many = true, .optional = true}}, {{0}}},
    {"alter", "filter", "Change parameters of a filter." ALTER_HELP,
     cli_alter_run, &filters, {FILTER, PARAMETERS}, {{0}}},
    {"alter", "listener", "Change parameters of a listener." ALTER_HELP,
     cli_alter_run, &listeners, {LISTENER, PARAMETERS}, {{0}}},
    {"alter", "logging", "Change parameters of the log." ALTER_HELP,
     cli_alter_global_run, &logging, {PARAMETERS}, {{0}}},
    {"alter", "maxscale", "Change global parameters." ALTER_HELP,
     cli_alter_global_run, &maxscale, {PARAMETERS}, {{0}}},
    {"alter", "user", "Change the password of a user of the REST API.",
     cli_alter_user_run, NULL, {USER, {.name = "PASSWORD"}}, {{0}}},
    {"alter", "session", "Change log levels of one session, as in log_info=true." ALTER_HELP,
     cli_alter_run, &sessions, {SESSION, PARAMETERS}, {{0}}},
    {"alter", "session-filters", "Replace the filters of one session; without names it has none "
     "then.",
     cli_alter_filters_run, &sessions,
     {SESSION, {.name = "FILTER", .kind = CLI_KIND_FILTER, .many = true, .optional = true}}, {{0}}},

    /* rotate, reload */
    {"rotate", "logs", "Open the log files anew, after they were moved away.",
     cli_post_run, &log_flush, {{0}}, {{0}}},
    {"reload", "service", "Read the database accounts of a service again.",
     cli_reload_service_run, NULL, {SERVICE}, {{0}}},
    {"reload", "tls", "Read the TLS certificates of servers, listeners and the REST API again.",
     cli_post_run, &tls_reload, {{0}}, {{0}}},
    {"reload", "session", "Let a session use the present configuration of its service.",
     cli_reload_session_run, NULL, {SESSION}, {{0}}},
    {"reload", "sessions", "Let all sessions use the present configuration of their services.",
     cli_post_run, &session_restart, {{0}}, {{0}}},

    /* call, api, classify, debug */
    {"call", "command", "Run a command of a module. `show commands MODULE` tells which there are.",
     cli_call_command_run, NULL,
     {MODULE, {.name = "COMMAND", .kind = CLI_KIND_COMMAND}, {.name = "ARGUMENT", .many = true, .optional = true}}, {{0}}},
    {"api", "get", "Print what the REST API answers. A path such as data[].attributes.state "
     "prints only a part; [] stands for every element of an array.",
     cli_api_get_run, NULL,
     {{.name = "RESOURCE"}, {.name = "PATH", .optional = true}},
     {{.name = "sum", .type = CLI_FLAG, .help = "Add up the numbers of an array"},
      {.name = "pretty", .type = CLI_FLAG, .help = "Print indented"}}},
    {"api", "post", "Send a JSON body with POST.",
     cli_api_send_run, NULL, {{.name = "RESOURCE"}, {.name = "JSON"}},
     {{.name = "pretty", .type = CLI_FLAG, .help = "Print indented"}}},
    {"api", "patch", "Send a JSON body with PATCH.",
     cli_api_send_run, NULL, {{.name = "RESOURCE"}, {.name = "JSON"}},
     {{.name = "pretty", .type = CLI_FLAG, .help = "Print indented"}}},
    {"classify", NULL, "Show how a statement is classified: what it does and which fields and "
     "functions it uses. Put the statement between quotes.",
     cli_classify_run, NULL, {{.name = "SQL"}}, {{0}}},
    {"debug", "stacktrace", "Show what every thread is doing; with a duration, how often it was "
     "seen doing so.",
     cli_debug_stacktrace_run, NULL, {{0}},
     {{.name = "raw", .type = CLI_FLAG, .help = "Print frames as they are"},
      {.name = "fold", .type = CLI_FLAG, .help = "One line for each stack, for flame graphs"},
      {.name = "interval", .type = CLI_NUMBER, .value_default = "50",
       .help = "Milliseconds between samples"},
      {.name = "duration", .type = CLI_NUMBER, .value_default = "0",
       .help = "Seconds to sample; 0 takes one sample"}}},

    /* check */
    {"check", "monitors", "Show for every monitor, or one, which automatic operations would work "
     "now, and for those that would not: on which server, why, and what to type to mend it. The "
     "exit status is 1 when something would not work.",
     cli_check_monitors_run, NULL,
     {{.name = "MONITOR", .kind = CLI_KIND_MONITOR, .optional = true}}, {{0}}},
};
/* clang-format on */
const size_t cli_command_count = MX_COUNT(cli_commands);
