/*
 * The judgement: (settings, history, observation, now) -> states of all servers, messages, and at
 * most one plan. Pure: the same input gives the same output.
 */
#ifndef MARIADBMON_DECIDE_H
#define MARIADBMON_DECIDE_H

#include "plan.h"
#include "roles.h"
#include "topology.h"

/* Definite refusals in a row, over at least MON_REFUSED_SPAN_MS, that stand for failcount ticks. */
#define MON_REFUSED_PROBES   3
#define MON_REFUSED_SPAN_MS  200
#define MON_REFUSED_PAUSE_MS 100

/* MariaDB versions where the statements of operations differ. */
#define MON_VERSION_OPERATIONS MON_VERSION_MODERN
#define MON_VERSION_DEMOTE     101000u

struct mon_decision {
    size_t count;
    struct mon_server_state *servers;
    int8_t *lag_events; /* 1: rlag_above, -1: rlag_below */
    struct mon_messages messages;
    struct mon_topology topology;
    struct mon_plan plan;
    int64_t next_tick_ms; /* 0: the interval */
    bool journal_changed;
};

/* The cluster as the makers of plans see it. */
struct mon_view {
    const struct mon_settings *settings;
    const struct mon_history *history;
    const struct mon_observation *obs;
    const struct mon_topology *topology;
    const struct mon_server_state *states;
    int64_t now_ms;
    struct mon_messages *messages; /* notices and warnings of a plan that is made */
    struct mon_messages *errors;   /* why no plan is made */
};

/*
 * One tick. operations: automatic operations may be started (no command is waiting). history is
 * read and brought up to date.
 */
void mon_decide(const struct mon_settings *settings, struct mon_history *history,
                const struct mon_observation *obs, int64_t now_ms, bool operations,
                struct mon_decision *out);
void mon_decision_fini(struct mon_decision *decision);

/*
 * What decide must know about a plan that ended. promoted: MON_OP_SUCCESS was passed; failed: an
 * error ended it or some server could not be brought along.
 */
void mon_decide_plan_ended(const struct mon_settings *settings, struct mon_history *history,
                           const struct mon_plan *plan, bool promoted, bool failed, int64_t now_ms);

enum mon_answer {
    MON_ANSWER_NO = 0, /* errors say why */
    MON_ANSWER_YES,    /* the plan is filled in */
    MON_ANSWER_WAIT,   /* not yet; errors say for what */
};

enum mon_mode {
    MON_MODE_AUTO = 0,
    MON_MODE_MANUAL,
    MON_MODE_FORCE,
};

/* decide_failover.c */
enum mon_answer mon_failover_plan(const struct mon_view *view, enum mon_mode mode, bool safe,
                                  struct mon_plan *plan);
/* MON_ANSWER_WAIT when replicas still receive from the primary. */
enum mon_answer mon_failover_verify(const struct mon_view *view);

/* decide_switchover.c; new_master and old_master may be MON_NONE */
struct mon_switchover {
    int new_master;
    int old_master;
    enum mon_mode mode;
    bool old_to_maintenance;
};
enum mon_answer mon_switchover_plan(const struct mon_view *view, const struct mon_switchover *what,
                                    struct mon_plan *plan);

/* decide_rejoin.c */
enum mon_suspect {
    MON_SUSPECT_NO = 0, /* nothing to do: where it belongs, or not usable */
    MON_SUSPECT_STANDALONE,
    MON_SUSPECT_REDIRECT,
    MON_SUSPECT_MANY, /* several connections: not for the automatic rejoin */
};
enum mon_suspect mon_rejoin_suspect(const struct mon_view *view, size_t server);
/* NULL: the server can follow the primary. Otherwise the reason, to be freed. */
char *mon_rejoin_obstacle(const struct mon_view *view, size_t server);
/* server MON_NONE: all that want it (automatic). */
enum mon_answer mon_rejoin_plan(const struct mon_view *view, enum mon_mode mode, int server,
                                struct mon_plan *plan);

/* decide_reset.c */
enum mon_answer mon_reset_plan(const struct mon_view *view, int new_master, struct mon_plan *plan);

/* decide_steps.c: parts of promotions and demotions */
void mon_steps_enable_events(struct mon_steps *steps, const struct mon_view *view,
                             enum mon_stage stage, size_t target, size_t old_master);
void mon_steps_disable_events(struct mon_steps *steps, const struct mon_view *view,
                              enum mon_stage stage, size_t server);
/* Copies the external connections of `from` to `to`. */
void mon_steps_copy_externals(struct mon_steps *steps, const struct mon_view *view, size_t from,
                              size_t to);
/* Redirects all usable GTID replicas of `from` but `to` and `not`; adds CONFIRM steps. */
void mon_steps_redirect_replicas(struct mon_steps *steps, const struct mon_view *view, size_t from,
                                 size_t to, int leave_out);
void mon_steps_confirm(struct mon_steps *steps, size_t server, const char *connection);

/* Short cuts. */
static inline const char *
mon_view_name(const struct mon_view *view, size_t server)
{
    return view->settings->servers[server].name;
}

static inline bool
mon_view_has(const struct mon_view *view, size_t server, uint32_t bit)
{
    return (view->states[server].status & bit) != 0;
}

#endif
