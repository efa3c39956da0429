/*
 * Executes a plan one step at a time against a "world": real servers (world.c) or the simulator's
 * model. Between two calls of mon_act_next() anything may happen to the servers; the plan can be
 * cancelled at any step. No clock and no sockets of its own.
 */
#ifndef MARIADBMON_ACT_H
#define MARIADBMON_ACT_H

#include "plan.h"

enum mon_result {
    MON_RESULT_OK = 0,
    MON_RESULT_RETRY, /* network fault or statement timeout: again within the plan's time */
    MON_RESULT_FAILED,
};

struct mon_world {
    void *context;
    /* Does one step; waiting steps are broken up by act and never come here. */
    enum mon_result (*run)(void *context, const struct mon_step *step, int64_t limit_ms,
                           char *out_error, size_t size);
    /* Positions now: gtid_binlog_pos, and what counts as applied. */
    enum mon_result (*positions)(void *context, size_t server, struct mon_gtid_list *out_binlog,
                                 struct mon_gtid_list *out_current, char *out_error, size_t size);
    /* The named connection now; *out_found false when it does not exist. */
    enum mon_result (*connection)(void *context, size_t server, const char *name, bool *out_found,
                                  struct mon_slave *out, char *out_error, size_t size);
    /* Ends connections that can write in spite of read_only; how many there were. */
    enum mon_result (*kick)(void *context, size_t server, size_t *out_count, char *out_error,
                            size_t size);
    int64_t (*now_ms)(void *context);
    bool (*cancelled)(void *context);
};

/* Groups beyond this are not skipped after a failure, their steps are tried all the same. */
#define MON_ACT_GROUPS 256

enum mon_act_status {
    MON_ACT_RUNNING = 0,
    MON_ACT_DONE,
    MON_ACT_FAILED,  /* undone as far as the plan says */
    MON_ACT_INVALID, /* the undo failed as well */
};

struct mon_act {
    const struct mon_plan *plan;
    const struct mon_settings *settings;
    struct mon_messages *messages;
    size_t next;
    bool undoing;
    enum mon_stage undo_stage;
    bool succeeded;              /* MON_OP_SUCCESS was passed */
    bool failed[MON_ACT_GROUPS]; /* FOLLOW groups that failed: their other steps are left out */
    size_t failed_groups;
    size_t changed_groups; /* servers redirected or rejoined */
    int64_t deadline_ms;
    int64_t wait_ms; /* pause wished before the next call */
    int tries;       /* of the present step, while it waits for something */
    int retries;     /* of the present step, after network faults */
    struct mon_gtid_list stable;
    struct mon_gtid_list demoted; /* final position of the old primary */
    bool demoted_known;
    char error[MON_ERROR_MAX * 2]; /* what made it fail */
};

void mon_act_init(struct mon_act *act, const struct mon_plan *plan,
                  const struct mon_settings *settings, struct mon_messages *messages,
                  int64_t now_ms);
/* One step, or one try of it. act->wait_ms says how long to wait before the next call. */
enum mon_act_status mon_act_next(struct mon_act *act, const struct mon_world *world);
/* The step that comes next; NULL at the end. */
const struct mon_step *mon_act_step(const struct mon_act *act);

#endif
