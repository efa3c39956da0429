/*
 * Inside of a running monitor, shared by the monitor_*.c files. Members under `lock` are read and
 * written with it; the others belong to the monitor's thread while it runs.
 */
#ifndef CORE_MONITOR_RUN_H
#define CORE_MONITOR_RUN_H

#include "core/monitor.h"

enum core_command_state {
    CORE_COMMAND_NONE = 0,
    CORE_COMMAND_PENDING,
    CORE_COMMAND_RUNNING,
    CORE_COMMAND_DONE,
};

/* The one command there may be at a time. */
struct core_command {
    enum core_command_state state;
    uint64_t sequence;
    bool is_waited; /* somebody takes the result; otherwise it stays to be fetched */
    char *name;
    json_t *arguments;
    int rc;
    json_t *result;
    json_t *errors;
};

struct core_monitor_runtime {
    struct mx_ref ref;
    char *name;
    int wake_fd;
    struct mx_atomic is_running;
    struct mx_atomic is_cancelled; /* stop, or cancel-cmd */
    struct mx_atomic is_stopping;
    struct mx_atomic ticks; /* completed since the program started */

    pthread_mutex_t lock;
    pthread_cond_t changed; /* a tick or a command ended, the thread ended */
    uint64_t ticks_begun;   /* under lock, as everything down to `command` */
    uint64_t ticks_done;
    const char *state;
    json_t *diagnostics;
    json_t *server_diagnostics;
    struct core_command command;

    /* the thread's own */
    pthread_t thread;
    struct mx_monitor *version; /* referenced while the thread runs */
    void *instance;
    int64_t within_ms;
    bool is_journal_due;
    int64_t journal_saved_ms;
};

/* monitor_publish.c */
void core_monitor_apply_requests(struct mx_monitor *monitor);
void core_monitor_notify(struct mx_server *server, uint32_t old_status, uint32_t new_status,
                         bool hangup);

/* monitor_event.c: name of the event that a change of status is, NULL for none. */
const char *core_monitor_event_name(uint32_t old_status, uint32_t new_status, int64_t *out_bit);

/* monitor_script.c: runs the script for an event and logs what it says. */
void core_monitor_script_run(struct mx_monitor *monitor, size_t index, const char *event);
/* The words of a command line, ends with NULL; free each and the array. */
char **core_monitor_script_split(const char *command);

/* monitor_journal.c */
void core_monitor_journal_load(struct mx_monitor *monitor);
void core_monitor_journal_save(struct mx_monitor *monitor);
/* Saves when something changed or the last save is long ago. */
void core_monitor_journal_tick(struct mx_monitor *monitor);

/* monitor_command.c: runs a pending command; true when there was one. */
bool core_monitor_command_run(struct mx_monitor *monitor);
/* The monitor ends: whoever waits is told. */
void core_monitor_command_abort(struct core_monitor_runtime *rt);
void core_monitor_command_clear(struct core_command *command);

#endif
