/* The executor: order of steps, retries, waiting steps, what a failure leads to. */
#include "act.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define RETRY_PAUSE_MS     1000
#define STABLE_PAUSE_MS    500
#define STABLE_READS       3
#define KICK_PAUSE_MS      500
#define KICK_ROUNDS        5
#define CONFIRM_PAUSE_MS   500
#define CATCH_UP_FIRST_MS  200
#define CATCH_UP_GROWTH_MS 100
/* Least time a statement gets, also when the plan's time is nearly used up. */
#define STATEMENT_LIMIT_MIN_MS 1000

void
mon_act_init(struct mon_act *act, const struct mon_plan *plan, const struct mon_settings *settings,
             struct mon_messages *messages, int64_t now_ms)
{
    memset(act, 0, sizeof(*act));
    act->plan = plan;
    act->settings = settings;
    act->messages = messages;
    act->deadline_ms = now_ms + plan->timeout_ms;
}

static const struct mon_steps *
current_steps(const struct mon_act *act)
{
    return act->undoing ? &act->plan->undo[act->undo_stage] : &act->plan->steps;
}

const struct mon_step *
mon_act_step(const struct mon_act *act)
{
    const struct mon_steps *steps = current_steps(act);
    return act->next < steps->count ? &steps->items[act->next] : NULL;
}

static const char *
name_of(const struct mon_act *act, size_t server)
{
    return act->settings->servers[server].name;
}

/* The three helpers of waiting steps: not yet, done, failed. */
enum wait_result {
    WAIT_MORE,
    WAIT_DONE,
    WAIT_FAILED,
    WAIT_RETRY,
};

static enum wait_result
from_result(enum mon_result result)
{
    switch (result) {
    case MON_RESULT_OK:
        break;
    case MON_RESULT_RETRY:
        return WAIT_RETRY;
    case MON_RESULT_FAILED:
        return WAIT_FAILED;
    }
    return WAIT_DONE;
}

static enum wait_result
step_stable(struct mon_act *act, const struct mon_world *world, const struct mon_step *step,
            char *error, size_t size)
{
    struct mon_gtid_list binlog;
    struct mon_gtid_list current;
    enum wait_result got =
        from_result(world->positions(world->context, step->server, &binlog, &current, error, size));
    if (got != WAIT_DONE) {
        return got;
    }
    if (act->tries > 0 && !mon_gtid_equal(&binlog, &act->stable)) {
        (void)snprintf(error, size, "gtid_binlog_pos still moves: something writes there");
        return WAIT_FAILED;
    }
    act->stable = binlog;
    act->tries++;
    if (act->tries < STABLE_READS) {
        act->wait_ms = STABLE_PAUSE_MS;
        return WAIT_MORE;
    }
    act->demoted = binlog;
    act->demoted_known = true;
    return WAIT_DONE;
}

static enum wait_result
step_catch_up(struct mon_act *act, const struct mon_world *world, const struct mon_step *step,
              char *error, size_t size)
{
    struct mon_gtid_list binlog;
    struct mon_gtid_list current;
    if (!act->demoted_known) {
        return WAIT_DONE; /* force: nothing to compare with */
    }
    enum wait_result got =
        from_result(world->positions(world->context, step->server, &binlog, &current, error, size));
    if (got != WAIT_DONE) {
        return got;
    }
    if (mon_gtid_reached(step->demote_supported ? &binlog : &current, &act->demoted)) {
        return WAIT_DONE;
    }
    act->wait_ms = CATCH_UP_FIRST_MS + CATCH_UP_GROWTH_MS * (int64_t)act->tries;
    act->tries++;
    (void)snprintf(error, size, "it did not apply everything of the old primary in time");
    return WAIT_MORE;
}

static enum wait_result
step_kick(struct mon_act *act, const struct mon_world *world, const struct mon_step *step,
          char *error, size_t size)
{
    size_t count = 0;
    enum wait_result got =
        from_result(world->kick(world->context, step->server, &count, error, size));
    if (got != WAIT_DONE || count == 0) {
        return got;
    }
    mon_say(act->messages, MX_LOG_NOTICE,
            "Ended %zu connection(s) on '%s' whose users may write in spite of read_only.", count,
            name_of(act, step->server));
    act->tries++;
    if (act->tries >= KICK_ROUNDS) {
        (void)snprintf(error, size,
                       "users with the right to write in spite of read_only come "
                       "back as fast as they are ended");
        return WAIT_FAILED;
    }
    act->wait_ms = KICK_PAUSE_MS;
    return WAIT_MORE;
}

static enum wait_result
step_confirm(struct mon_act *act, const struct mon_world *world, const struct mon_step *step,
             char *error, size_t size)
{
    struct mon_slave slave;
    bool found = false;
    memset(&slave, 0, sizeof(slave));
    enum wait_result got = from_result(world->connection(
        world->context, step->server, step->connection, &found, &slave, error, size));
    if (got != WAIT_DONE) {
        return got;
    }
    if (!found) {
        (void)snprintf(error, size, "the replication connection is gone");
        return WAIT_FAILED;
    }
    if (slave.io == MON_IO_YES && slave.sql) {
        return WAIT_DONE;
    }
    const char *text = slave.io_error[0] != '\0' ? slave.io_error : slave.sql_error;
    if (text[0] != '\0') {
        (void)snprintf(error, size, "%s", text);
        return WAIT_FAILED;
    }
    act->tries++;
    /* the first look comes soon: a healthy connection is up in milliseconds */
    act->wait_ms = act->tries == 1 ? 50 : CONFIRM_PAUSE_MS;
    (void)snprintf(error, size, "its threads did not start in time");
    return WAIT_MORE;
}

/* RESET SLAVE ALL, then the connection must really be gone. */
static enum wait_result
step_reset(const struct mon_world *world, const struct mon_step *step, int64_t limit_ms,
           char *error, size_t size)
{
    struct mon_slave slave;
    bool found = false;
    enum wait_result got = from_result(world->run(world->context, step, limit_ms, error, size));
    if (got != WAIT_DONE) {
        return got;
    }
    got = from_result(world->connection(world->context, step->server, step->connection, &found,
                                        &slave, error, size));
    if (got == WAIT_DONE && found) {
        (void)snprintf(error, size, "the replication connection is still there");
        return WAIT_FAILED;
    }
    return got;
}

static enum wait_result
run_step(struct mon_act *act, const struct mon_world *world, const struct mon_step *step,
         int64_t now_ms, char *error, size_t size)
{
    int64_t limit_ms = act->deadline_ms - now_ms;
    if (limit_ms < STATEMENT_LIMIT_MIN_MS) {
        limit_ms = STATEMENT_LIMIT_MIN_MS;
    }
    switch (step->op) {
    case MON_OP_STABLE_GTID:
        return step_stable(act, world, step, error, size);
    case MON_OP_CATCH_UP:
        return step_catch_up(act, world, step, error, size);
    case MON_OP_KICK_WRITERS:
        return step_kick(act, world, step, error, size);
    case MON_OP_CONFIRM:
        return step_confirm(act, world, step, error, size);
    case MON_OP_RESET_SLAVE:
        return step_reset(world, step, limit_ms, error, size);
    case MON_OP_SUCCESS:
        act->succeeded = true;
        break;
    case MON_OP_STOP_SLAVE:
    case MON_OP_CHANGE_MASTER:
    case MON_OP_START_SLAVE:
    case MON_OP_READ_ONLY_ON:
    case MON_OP_READ_ONLY_OFF:
    case MON_OP_LOCK_TABLES:
    case MON_OP_UNLOCK_TABLES:
    case MON_OP_EVENT_ENABLE:
    case MON_OP_EVENT_DISABLE:
    case MON_OP_STATEMENT:
    case MON_OP_FLUSH_LOGS:
    case MON_OP_FLUSH_TABLES:
    case MON_OP_RESET_MASTER:
    case MON_OP_SET_SLAVE_POS:
    case MON_OP_ROLE_OUT:
    case MON_OP_ROLE_BACK:
    case MON_OP_MAINTENANCE:
        break;
    }
    return from_result(world->run(world->context, step, limit_ms, error, size));
}

static bool
group_failed(const struct mon_act *act, const struct mon_step *step)
{
    return !act->undoing && step->stage == MON_STAGE_FOLLOW && step->group >= 0 &&
           step->group < MON_ACT_GROUPS && act->failed[step->group];
}

static void
skip_failed_groups(struct mon_act *act)
{
    const struct mon_step *step = mon_act_step(act);
    while (step != NULL && group_failed(act, step)) {
        act->next++;
        step = mon_act_step(act);
    }
}

static void
go_on(struct mon_act *act)
{
    act->next++;
    act->tries = 0;
    act->retries = 0;
    act->wait_ms = 0;
    skip_failed_groups(act);
}

static enum mon_act_status
step_failed(struct mon_act *act, const struct mon_step *step, int64_t now_ms, bool may_ignore,
            const char *error)
{
    const char *server = name_of(act, step->server);
    if ((step->ignore_error && may_ignore) || act->undoing) {
        mon_say(act->messages, act->undoing ? MX_LOG_ERROR : MX_LOG_WARNING,
                "Could not %s on '%s': %s%s", mon_op_name(step->op), server, error,
                act->undoing ? "" : ". Going on because the operation was forced.");
        if (act->undoing && !step->ignore_error) {
            act->failed_groups++;
        }
        go_on(act);
        return MON_ACT_RUNNING;
    }
    if (step->stage == MON_STAGE_FOLLOW) {
        mon_say(act->messages, MX_LOG_WARNING, "Could not %s on '%s': %s", mon_op_name(step->op),
                server, error);
        if (act->error[0] == '\0') {
            (void)snprintf(act->error, sizeof(act->error), "could not %s on '%s': %s",
                           mon_op_name(step->op), server, error);
        }
        act->failed_groups++;
        if (step->group >= 0 && step->group < MON_ACT_GROUPS) {
            act->failed[step->group] = true;
        }
        go_on(act);
        return MON_ACT_RUNNING;
    }
    (void)snprintf(act->error, sizeof(act->error), "could not %s on '%s': %s",
                   mon_op_name(step->op), server, error);
    if (act->plan->undo[step->stage].count == 0) {
        return MON_ACT_FAILED;
    }
    act->undo_stage = step->stage;
    act->undoing = true;
    act->next = 0;
    act->tries = 0;
    act->retries = 0;
    act->failed_groups = 0;
    act->deadline_ms = now_ms + act->plan->timeout_ms;
    return MON_ACT_RUNNING;
}

static enum mon_act_status
at_the_end(const struct mon_act *act)
{
    if (act->undoing) {
        return act->failed_groups > 0 ? MON_ACT_INVALID : MON_ACT_FAILED;
    }
    if (act->plan->stops_at_success) {
        return act->succeeded ? MON_ACT_DONE : MON_ACT_FAILED;
    }
    return act->failed_groups > 0 ? MON_ACT_FAILED : MON_ACT_DONE;
}

enum mon_act_status
mon_act_next(struct mon_act *act, const struct mon_world *world)
{
    char error[MON_ERROR_MAX] = "";
    const struct mon_step *step = mon_act_step(act);
    if (step == NULL) {
        return at_the_end(act);
    }
    int64_t now_ms = world->now_ms(world->context);
    act->wait_ms = 0;
    if (world->cancelled(world->context) && !act->undoing && !act->succeeded) {
        return step_failed(act, step, now_ms, false, "the operation was cancelled");
    }
    switch (run_step(act, world, step, now_ms, error, sizeof(error))) {
    case WAIT_DONE:
        if (step->op == MON_OP_START_SLAVE && step->stage == MON_STAGE_FOLLOW) {
            act->changed_groups++;
        }
        go_on(act);
        return mon_act_step(act) == NULL ? at_the_end(act) : MON_ACT_RUNNING;
    case WAIT_MORE:
        if (world->now_ms(world->context) + act->wait_ms < act->deadline_ms) {
            return MON_ACT_RUNNING;
        }
        break;
    case WAIT_RETRY:
        if (world->now_ms(world->context) + RETRY_PAUSE_MS < act->deadline_ms) {
            act->wait_ms = RETRY_PAUSE_MS;
            if (act->retries++ == 0) {
                mon_say(act->messages, MX_LOG_WARNING, "Could not %s on '%s' yet, trying again: %s",
                        mon_op_name(step->op), name_of(act, step->server), error);
            }
            return MON_ACT_RUNNING;
        }
        break;
    case WAIT_FAILED:
        break;
    }
    enum mon_act_status status = step_failed(act, step, now_ms, true, error);
    return status == MON_ACT_RUNNING && mon_act_step(act) == NULL ? at_the_end(act) : status;
}
