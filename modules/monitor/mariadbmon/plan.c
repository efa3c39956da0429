/* Lists of steps, the small groups they consist of, and their names. */
#include "plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
steps_fini(struct mon_steps *steps)
{
    for (size_t i = 0; i < steps->count; i++) {
        free(steps->items[i].text);
        free(steps->items[i].definer);
    }
    free(steps->items);
    memset(steps, 0, sizeof(*steps));
}

void
mon_plan_fini(struct mon_plan *plan)
{
    steps_fini(&plan->steps);
    for (size_t i = 0; i < MX_COUNT(plan->undo); i++) {
        steps_fini(&plan->undo[i]);
    }
    memset(plan, 0, sizeof(*plan));
}

const char *
mon_plan_name(const struct mon_plan *plan)
{
    switch (plan->kind) {
    case MON_PLAN_NONE:
        return "nothing";
    case MON_PLAN_FAILOVER:
        return "failover";
    case MON_PLAN_SWITCHOVER:
        return "switchover";
    case MON_PLAN_REJOIN:
        return "rejoin";
    case MON_PLAN_RESET:
        return "reset-replication";
    case MON_PLAN_ENFORCE:
        return "setting of read_only";
    }
    return "?";
}

const char *
mon_op_name(enum mon_op op)
{
    static const char *const names[] = {
        [MON_OP_STOP_SLAVE] = "stop the replication connection",
        [MON_OP_RESET_SLAVE] = "remove the replication connection",
        [MON_OP_CHANGE_MASTER] = "set the replication source",
        [MON_OP_START_SLAVE] = "start replication",
        [MON_OP_READ_ONLY_ON] = "set read_only to ON",
        [MON_OP_READ_ONLY_OFF] = "set read_only to OFF",
        [MON_OP_LOCK_TABLES] = "lock all tables",
        [MON_OP_KICK_WRITERS] = "end connections which read_only does not stop",
        [MON_OP_UNLOCK_TABLES] = "unlock the tables",
        [MON_OP_EVENT_ENABLE] = "enable a scheduled event",
        [MON_OP_EVENT_DISABLE] = "disable a scheduled event",
        [MON_OP_STATEMENT] = "run a statement of the SQL file",
        [MON_OP_FLUSH_LOGS] = "flush the logs",
        [MON_OP_FLUSH_TABLES] = "flush the tables",
        [MON_OP_STABLE_GTID] = "wait until gtid_binlog_pos stands still",
        [MON_OP_CATCH_UP] = "wait until everything is applied",
        [MON_OP_RESET_MASTER] = "delete the binary logs",
        [MON_OP_SET_SLAVE_POS] = "set gtid_slave_pos",
        [MON_OP_ROLE_OUT] = "take the primary role away",
        [MON_OP_ROLE_BACK] = "end draining",
        [MON_OP_MAINTENANCE] = "set Maintenance",
        [MON_OP_SUCCESS] = "make it the primary",
        [MON_OP_CONFIRM] = "confirm that replication works",
    };
    return (size_t)op < MX_COUNT(names) && names[op] != NULL ? names[op] : "?";
}

const char *
mon_plan_state_text(const struct mon_plan *plan, const struct mon_step *step)
{
    if (step->op == MON_OP_CATCH_UP) {
        return "Waiting for candidate primary to catch up";
    }
    if (step->op == MON_OP_CONFIRM) {
        return "Confirming that replication works";
    }
    if (plan->kind == MON_PLAN_RESET) {
        return "Resetting replication on all servers";
    }
    if (plan->kind == MON_PLAN_ENFORCE) {
        return "Monitoring servers";
    }
    switch (step->stage) {
    case MON_STAGE_DEMOTE:
        return "Demoting old primary";
    case MON_STAGE_CATCH_UP:
    case MON_STAGE_PROMOTE:
        return "Promoting candidate primary";
    case MON_STAGE_FOLLOW:
    case MON_STAGE_COUNT:
        break;
    }
    return "Rejoining slave servers";
}

struct mon_step *
mon_steps_add(struct mon_steps *steps, enum mon_op op, enum mon_stage stage, size_t server)
{
    if (steps->count == steps->capacity) {
        steps->capacity = steps->capacity == 0 ? 16 : steps->capacity * 2;
        steps->items = mx_realloc(steps->items, steps->capacity * sizeof(*steps->items));
    }
    struct mon_step *step = &steps->items[steps->count++];
    memset(step, 0, sizeof(*step));
    step->op = op;
    step->stage = stage;
    step->server = server;
    step->group = (int)server;
    step->source = MON_NONE;
    return step;
}

static void
set_text(char *out, size_t size, const char *text)
{
    (void)snprintf(out, size, "%s", text);
}

static struct mon_step *
add_named(struct mon_steps *steps, enum mon_op op, enum mon_stage stage, size_t server,
          const char *connection)
{
    struct mon_step *step = mon_steps_add(steps, op, stage, server);
    set_text(step->connection, sizeof(step->connection), connection);
    return step;
}

void
mon_steps_remove_connection(struct mon_steps *steps, enum mon_stage stage, size_t server,
                            const char *connection)
{
    (void)add_named(steps, MON_OP_STOP_SLAVE, stage, server, connection);
    (void)add_named(steps, MON_OP_RESET_SLAVE, stage, server, connection);
}

void
mon_steps_statements(struct mon_steps *steps, enum mon_stage stage, size_t server,
                     char *const *statements)
{
    for (size_t i = 0; statements != NULL && statements[i] != NULL; i++) {
        mon_steps_add(steps, MON_OP_STATEMENT, stage, server)->text = mx_strdup(statements[i]);
    }
}

static const char *
replication_host(const struct mon_server_settings *server)
{
    return server->private_address[0] != '\0' ? server->private_address : server->address;
}

void
mon_steps_redirect(struct mon_steps *steps, const struct mon_settings *settings, size_t server,
                   const struct mon_slave *slave, size_t target, enum mon_clause clause)
{
    (void)add_named(steps, MON_OP_STOP_SLAVE, MON_STAGE_FOLLOW, server, slave->name);
    struct mon_step *step =
        add_named(steps, MON_OP_CHANGE_MASTER, MON_STAGE_FOLLOW, server, slave->name);
    step->clause = clause == MON_CLAUSE_KEEP && slave->gtid_mode == MON_GTID_NO
                       ? MON_CLAUSE_SLAVE_POS
                       : clause;
    step->source = (int)target;
    step->port = settings->servers[target].port;
    set_text(step->host, sizeof(step->host), replication_host(&settings->servers[target]));
    (void)add_named(steps, MON_OP_START_SLAVE, MON_STAGE_FOLLOW, server, slave->name);
}

void
mon_steps_follow(struct mon_steps *steps, const struct mon_settings *settings, size_t server,
                 const char *connection, size_t target, enum mon_clause clause,
                 bool demote_supported)
{
    struct mon_step *step =
        add_named(steps, MON_OP_CHANGE_MASTER, MON_STAGE_FOLLOW, server, connection);
    step->clause = clause;
    step->demote_supported = demote_supported;
    step->source = (int)target;
    step->port = settings->servers[target].port;
    set_text(step->host, sizeof(step->host), replication_host(&settings->servers[target]));
    (void)add_named(steps, MON_OP_START_SLAVE, MON_STAGE_FOLLOW, server, connection);
}

void
mon_steps_follow_host(struct mon_steps *steps, enum mon_stage stage, size_t server,
                      const char *connection, const char *host, int port, enum mon_clause clause)
{
    struct mon_step *step = add_named(steps, MON_OP_CHANGE_MASTER, stage, server, connection);
    step->clause = clause;
    step->port = port;
    set_text(step->host, sizeof(step->host), host);
    (void)add_named(steps, MON_OP_START_SLAVE, stage, server, connection);
}
