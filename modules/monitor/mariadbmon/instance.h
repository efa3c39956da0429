/* A running mariadbmon: what its files share. Everything belongs to the monitor's thread. */
#ifndef MARIADBMON_INSTANCE_H
#define MARIADBMON_INSTANCE_H

#include "act.h"
#include "decide.h"
#include "observe.h"
#include "readiness.h"

struct mon_instance {
    struct mx_monitor *monitor;
    const struct mon_config *config;
    struct mon_settings settings;
    struct mon_history history;
    struct mon_observer *observer;
    struct mon_decision decision; /* of the last tick */
    struct mx_monitor_report *reports;
    char (*gtid_current)[MON_GTID_TEXT_MAX];
    char (*gtid_binlog)[MON_GTID_TEXT_MAX];
    char **details; /* state_details per server */
    struct mon_readiness readiness;
    bool is_first_tick;
    bool is_quick; /* the next round only asks what a failover needs */
    char **sticky; /* texts in the log that still hold */
    size_t sticky_count;
    char *last_failure; /* what the last failed automatic operation said */
};

/* settings.c */
int mon_settings_init(struct mon_instance *instance, struct mx_err *err);
void mon_settings_fini(struct mon_settings *settings);
void mon_settings_refresh(struct mon_instance *instance);

/* instance.c */
void *mon_instance_new(struct mx_monitor *monitor, const void *config, struct mx_err *err);
void mon_instance_free(void *context);
void mon_instance_tick(void *context);
size_t mon_instance_watch(void *context, int *out_fds, size_t max);
void mon_instance_journal_save(void *context, json_t *journal);
void mon_instance_journal_load(void *context, const json_t *journal);

/* report.c */
void mon_instance_publish(struct mon_instance *instance);
void mon_instance_role(void *context, const struct mon_step *step);
void mon_instance_diagnostics(struct mon_instance *instance);
void mon_instance_log(struct mon_instance *instance, const struct mon_messages *messages);

/* operate.c: executes a plan to its end; the errors go to out_errors when it is not NULL. */
bool mon_instance_execute(struct mon_instance *instance, const struct mon_plan *plan,
                          const struct mon_messages *preface, json_t *out_errors);
int mon_instance_command(void *context, const char *name, const json_t *arguments,
                         json_t **out_json, json_t *out_errors);

/* commands.c */
#define MON_COMMAND_COUNT 14
extern const struct mx_module_command mon_commands[MON_COMMAND_COUNT];

#endif
