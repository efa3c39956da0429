/* The functions behind the rows of the command table. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "../cli.h"
#include "../output.h"
#include "../request.h"

/* What a list or show command asks for and prints. */
struct cli_view {
    const char *resource; /* of all objects, or the collection of the one that is named */
    struct cli_fields fields;
};

/* What alter, destroy, start, stop work on. */
struct cli_target {
    const char *collection; /* "servers" */
};

#define CLI_FIELDS(array)                           \
    {                                               \
        .fields = (array), .count = MX_COUNT(array) \
    }

extern const struct cli_view cli_list_servers;
extern const struct cli_view cli_list_services;
extern const struct cli_view cli_list_listeners;
extern const struct cli_view cli_list_monitors;
extern const struct cli_view cli_list_sessions;
extern const struct cli_view cli_list_filters;
extern const struct cli_view cli_list_modules;
extern const struct cli_view cli_list_threads;
extern const struct cli_view cli_list_users;
extern const struct cli_view cli_list_commands;
int cli_list_run(struct cli *cli, const struct cli_args *args);
int cli_list_listeners_run(struct cli *cli, const struct cli_args *args);
int cli_list_queries_run(struct cli *cli, const struct cli_args *args);

extern const struct cli_view cli_show_server;
extern const struct cli_view cli_show_servers;
extern const struct cli_view cli_show_service;
extern const struct cli_view cli_show_services;
extern const struct cli_view cli_show_monitor;
extern const struct cli_view cli_show_monitors;
extern const struct cli_view cli_show_session;
extern const struct cli_view cli_show_sessions;
extern const struct cli_view cli_show_filter;
extern const struct cli_view cli_show_filters;
extern const struct cli_view cli_show_listener;
extern const struct cli_view cli_show_listeners;
extern const struct cli_view cli_show_module;
extern const struct cli_view cli_show_modules;
extern const struct cli_view cli_show_maxscale;
extern const struct cli_view cli_show_logging;
int cli_show_one_run(struct cli *cli, const struct cli_args *args);
int cli_show_all_run(struct cli *cli, const struct cli_args *args);
int cli_show_commands_run(struct cli *cli, const struct cli_args *args);
int cli_show_qc_cache_run(struct cli *cli, const struct cli_args *args);
int cli_show_dbusers_run(struct cli *cli, const struct cli_args *args);
int cli_show_thread_run(struct cli *cli, const struct cli_args *args);
int cli_show_threads_run(struct cli *cli, const struct cli_args *args);

int cli_check_monitors_run(struct cli *cli, const struct cli_args *args);

int cli_state_server_run(struct cli *cli, const struct cli_args *args);
int cli_state_log_priority_run(struct cli *cli, const struct cli_args *args);

int cli_create_server_run(struct cli *cli, const struct cli_args *args);
int cli_create_monitor_run(struct cli *cli, const struct cli_args *args);
int cli_create_service_run(struct cli *cli, const struct cli_args *args);
int cli_create_filter_run(struct cli *cli, const struct cli_args *args);
int cli_create_listener_run(struct cli *cli, const struct cli_args *args);
int cli_create_user_run(struct cli *cli, const struct cli_args *args);
int cli_create_report_run(struct cli *cli, const struct cli_args *args);

int cli_destroy_run(struct cli *cli, const struct cli_args *args);
int cli_destroy_listener_run(struct cli *cli, const struct cli_args *args);
int cli_destroy_session_run(struct cli *cli, const struct cli_args *args);

int cli_link_run(struct cli *cli, const struct cli_args *args);
int cli_unlink_run(struct cli *cli, const struct cli_args *args);

int cli_switch_run(struct cli *cli, const struct cli_args *args);
int cli_switch_services_run(struct cli *cli, const struct cli_args *args);

int cli_alter_run(struct cli *cli, const struct cli_args *args);
int cli_alter_monitor_run(struct cli *cli, const struct cli_args *args);
int cli_alter_service_run(struct cli *cli, const struct cli_args *args);
int cli_alter_filters_run(struct cli *cli, const struct cli_args *args);
int cli_alter_global_run(struct cli *cli, const struct cli_args *args);
int cli_alter_user_run(struct cli *cli, const struct cli_args *args);

int cli_post_run(struct cli *cli, const struct cli_args *args);
int cli_reload_service_run(struct cli *cli, const struct cli_args *args);
int cli_reload_session_run(struct cli *cli, const struct cli_args *args);

int cli_call_command_run(struct cli *cli, const struct cli_args *args);
int cli_api_get_run(struct cli *cli, const struct cli_args *args);
int cli_api_send_run(struct cli *cli, const struct cli_args *args);
int cli_classify_run(struct cli *cli, const struct cli_args *args);
int cli_debug_stacktrace_run(struct cli *cli, const struct cli_args *args);

#endif
