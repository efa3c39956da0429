/*
 * A plan: the steps of one cluster operation, made by decide and executed by act. A step says what
 * to do on which server; what it must lead to is part of the operation (a removed connection is
 * gone, a caught-up server has reached the position). Pure data.
 */
#ifndef MARIADBMON_PLAN_H
#define MARIADBMON_PLAN_H

#include "mariadbmon.h"

enum mon_op {
    MON_OP_STOP_SLAVE = 1,
    MON_OP_RESET_SLAVE, /* RESET SLAVE ALL; the connection must be gone afterwards */
    MON_OP_CHANGE_MASTER,
    MON_OP_START_SLAVE,
    MON_OP_READ_ONLY_ON,
    MON_OP_READ_ONLY_OFF,
    MON_OP_LOCK_TABLES,
    MON_OP_KICK_WRITERS, /* connections that read_only does not stop */
    MON_OP_UNLOCK_TABLES,
    MON_OP_EVENT_ENABLE,
    MON_OP_EVENT_DISABLE, /* DISABLE ON SLAVE */
    MON_OP_STATEMENT,     /* a line of promotion_sql_file or demotion_sql_file */
    MON_OP_FLUSH_LOGS,
    MON_OP_FLUSH_TABLES,
    MON_OP_STABLE_GTID, /* position read three times, 0.5 s apart, and unchanged */
    MON_OP_CATCH_UP,    /* until the stable position of the old primary is reached */
    MON_OP_RESET_MASTER,
    MON_OP_SET_SLAVE_POS,
    MON_OP_ROLE_OUT,    /* clients stop using it as primary: no Master bit, Draining */
    MON_OP_ROLE_BACK,   /* Draining ends */
    MON_OP_MAINTENANCE, /* put into Maintenance */
    MON_OP_SUCCESS,     /* the new primary is in place; later failures only warn */
    MON_OP_CONFIRM,     /* until the replica's threads run or an error shows */
};

/* GTID clause of CHANGE MASTER. */
enum mon_clause {
    MON_CLAUSE_KEEP = 0,
    MON_CLAUSE_SLAVE_POS,
    MON_CLAUSE_CURRENT_POS,
    MON_CLAUSE_DEMOTE, /* MASTER_DEMOTE_TO_SLAVE, current_pos where that does not exist */
};

enum mon_plan_kind {
    MON_PLAN_NONE = 0,
    MON_PLAN_FAILOVER,
    MON_PLAN_SWITCHOVER,
    MON_PLAN_REJOIN,
    MON_PLAN_RESET,
    MON_PLAN_ENFORCE, /* read_only on or off, nothing else */
};

/* What a failing step leads to. */
enum mon_stage {
    MON_STAGE_DEMOTE = 0, /* plan fails; undo of this stage */
    MON_STAGE_CATCH_UP,   /* plan fails; the target's replication was not touched yet */
    MON_STAGE_PROMOTE,    /* plan fails; undo of this stage */
    MON_STAGE_FOLLOW,     /* warning; the rest of the step's group is left out */
    MON_STAGE_COUNT,
};

struct mon_step {
    enum mon_op op;
    enum mon_stage stage;
    size_t server;
    int group;         /* FOLLOW: steps that belong together, one server's redirection */
    bool ignore_error; /* switchover-force: a failure is a warning */
    char connection[MON_NAME_MAX];
    char host[MON_HOST_MAX]; /* source of CHANGE MASTER */
    int port;
    int source; /* the same as server, MON_NONE: external */
    enum mon_clause clause;
    bool demote_supported;
    struct mon_gtid_list gtid; /* SET_SLAVE_POS */
    char *text;                /* event name, statement */
    char *definer;
};

struct mon_steps {
    struct mon_step *items;
    size_t count;
    size_t capacity;
};

struct mon_plan {
    enum mon_plan_kind kind;
    bool automatic;
    bool force;
    int old_master;
    int new_master;
    int64_t timeout_ms;
    bool stops_at_success; /* the promotion target becomes primary at MON_OP_SUCCESS */
    struct mon_steps steps;
    struct mon_steps undo[MON_STAGE_FOLLOW]; /* by the stage that failed */
};

void mon_plan_fini(struct mon_plan *plan);
/* Name of the operation for messages. */
const char *mon_plan_name(const struct mon_plan *plan);
const char *mon_op_name(enum mon_op op);
/* Text of the monitor's `state` while the step runs. */
const char *mon_plan_state_text(const struct mon_plan *plan, const struct mon_step *step);

/* A zeroed step at the end of the list, to be filled in; valid until the next call. */
struct mon_step *mon_steps_add(struct mon_steps *steps, enum mon_op op, enum mon_stage stage,
                               size_t server);

/* Groups of steps that several plans share. */
void mon_steps_remove_connection(struct mon_steps *steps, enum mon_stage stage, size_t server,
                                 const char *connection);
void mon_steps_statements(struct mon_steps *steps, enum mon_stage stage, size_t server,
                          char *const *statements);
/* STOP, CHANGE, START of an existing connection. */
void mon_steps_redirect(struct mon_steps *steps, const struct mon_settings *settings, size_t server,
                        const struct mon_slave *slave, size_t target, enum mon_clause clause);
/* CHANGE, START of a new one to a monitored server. */
void mon_steps_follow(struct mon_steps *steps, const struct mon_settings *settings, size_t server,
                      const char *connection, size_t target, enum mon_clause clause,
                      bool demote_supported);
/* CHANGE, START to any host. */
void mon_steps_follow_host(struct mon_steps *steps, enum mon_stage stage, size_t server,
                           const char *connection, const char *host, int port,
                           enum mon_clause clause);

#endif
