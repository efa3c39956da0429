/* Switchover: the old primary steps down, a chosen replica takes over, everybody follows. */
#include "decide.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NO(view, ...) mon_say((view)->errors, MX_LOG_ERROR, __VA_ARGS__)

/* NULL: fit to step down. */
static const char *
unfit_old(const struct mon_view *view, size_t old, enum mon_mode mode)
{
    const struct mon_server_obs *s = &view->obs->servers[old];
    bool normal = mode == MON_MODE_MANUAL;
    if (!mon_obs_running(s)) {
        return "it is not running; use failover";
    }
    if ((s->held_status & MX_STATUS_MAINT) != 0) {
        return "it is in Maintenance";
    }
    if (!mon_roles_is_database(s)) {
        return "it is not a database server";
    }
    if (mode == MON_MODE_FORCE) {
        return NULL;
    }
    if (!s->log_bin) {
        return "it has no binary log, so nobody can replicate from it. Add log_bin and "
               "log_slave_updates=ON to its configuration file and restart it";
    }
    bool relay = mon_view_has(view, old, MX_STATUS_RELAY) && s->log_slave_updates;
    if (normal && !mon_view_has(view, old, MX_STATUS_MASTER) && !relay) {
        return "it is neither the primary nor a relay with log_slave_updates";
    }
    if (s->gtid_binlog.count == 0) {
        return "its gtid_binlog_pos is empty";
    }
    return NULL;
}

/* NULL: fit to take over; automatic: it was not named by the operator. */
static const char *
unfit_new(const struct mon_view *view, size_t server, size_t old, enum mon_mode mode, bool chosen)
{
    const struct mon_server_obs *s = &view->obs->servers[server];
    int index = mon_topology_connection(view->settings, view->obs, server, old);
    if (mon_view_has(view, server, MX_STATUS_MASTER)) {
        return "it is the primary already";
    }
    if (!mon_obs_usable(s)) {
        return mon_obs_running(s) ? "it is in Maintenance" : "it is down";
    }
    if (!mon_roles_is_database(s)) {
        return "it is not a database server";
    }
    if (index == MON_NONE) {
        return "it does not replicate from the old primary";
    }
    const struct mon_slave *slave = &s->slaves[index];
    if (slave->gtid_mode == MON_GTID_NO) {
        return "it does not replicate by GTID. Run there: STOP SLAVE; CHANGE MASTER TO "
               "MASTER_USE_GTID = slave_pos; START SLAVE;";
    }
    if (!chosen && view->settings->servers[server].no_promotion) {
        return "it is listed in servers_no_promotion";
    }
    if (mode == MON_MODE_FORCE) {
        return NULL;
    }
    if (mon_view_has(view, server, MX_STATUS_DISK_SPACE_EXHAUSTED)) {
        return "it is low on disk space";
    }
    if (slave->io != MON_IO_YES) {
        return "its replication is not connected to the old primary";
    }
    if (!s->has_settings) {
        return "its settings could not be read";
    }
    if (!s->log_bin) {
        return "it has no binary log, so nobody could replicate from it. Add log_bin and "
               "log_slave_updates=ON to its configuration file and restart it";
    }
    if (slave->lag_s > view->settings->config->switchover_timeout_ms / 1000) {
        return "its replication lag is longer than switchover_timeout";
    }
    return NULL;
}

static bool
is_better_target(const struct mon_view *view, size_t a, size_t b, size_t old)
{
    uint32_t domain = view->history->domain;
    const struct mon_server_obs *sa = &view->obs->servers[a];
    const struct mon_server_obs *sb = &view->obs->servers[b];
    int ia = mon_topology_connection(view->settings, view->obs, a, old);
    int ib = mon_topology_connection(view->settings, view->obs, b, old);
    uint64_t io_a = mon_gtid_sequence(&sa->slaves[ia].gtid_io_pos, domain);
    uint64_t io_b = mon_gtid_sequence(&sb->slaves[ib].gtid_io_pos, domain);
    if (io_a != io_b) {
        return io_a > io_b;
    }
    uint64_t at_a = mon_gtid_sequence(&sa->gtid_current, domain);
    uint64_t at_b = mon_gtid_sequence(&sb->gtid_current, domain);
    if (at_a != at_b) {
        return at_a > at_b;
    }
    return sa->log_slave_updates && !sb->log_slave_updates;
}

static int
select_target(const struct mon_view *view, size_t old, enum mon_mode mode)
{
    int best = MON_NONE;
    struct mx_str reasons = {0};
    for (size_t i = 0; i < view->obs->count; i++) {
        const char *reason = i == old ? NULL : unfit_new(view, i, old, mode, false);
        if (i == old || reason != NULL) {
            if (i != old) {
                mx_str_printf(&reasons, " '%s': %s.", mon_view_name(view, i), reason);
            }
            continue;
        }
        if (best == MON_NONE || is_better_target(view, i, (size_t)best, old)) {
            best = (int)i;
        }
    }
    if (best == MON_NONE) {
        NO(view, "Switchover is not possible: no server can take over from '%s'.%s",
           mon_view_name(view, old), mx_str_text(&reasons));
    }
    mx_str_free(&reasons);
    return best;
}

static struct mon_step *
add(struct mon_steps *steps, enum mon_op op, enum mon_stage stage, size_t server, bool ignore)
{
    struct mon_step *step = mon_steps_add(steps, op, stage, server);
    step->ignore_error = ignore;
    return step;
}

static void
demote(const struct mon_view *view, size_t old, bool relay, bool force, struct mon_steps *steps)
{
    const struct mon_server_obs *s = &view->obs->servers[old];
    size_t first = steps->count;
    if (relay) {
        (void)add(steps, MON_OP_STABLE_GTID, MON_STAGE_DEMOTE, old, force);
        return;
    }
    for (size_t i = 0; i < s->slave_count; i++) {
        mon_steps_remove_connection(steps, MON_STAGE_DEMOTE, old, s->slaves[i].name);
    }
    (void)add(steps, MON_OP_ROLE_OUT, MON_STAGE_DEMOTE, old, false);
    (void)add(steps, MON_OP_READ_ONLY_ON, MON_STAGE_DEMOTE, old, false);
    (void)add(steps, MON_OP_LOCK_TABLES, MON_STAGE_DEMOTE, old, false);
    (void)add(steps, MON_OP_KICK_WRITERS, MON_STAGE_DEMOTE, old, false);
    (void)add(steps, MON_OP_UNLOCK_TABLES, MON_STAGE_DEMOTE, old, false);
    mon_steps_disable_events(steps, view, MON_STAGE_DEMOTE, old);
    mon_steps_statements(steps, MON_STAGE_DEMOTE, old, view->settings->demotion_sql);
    (void)add(steps, MON_OP_FLUSH_LOGS, MON_STAGE_DEMOTE, old, false);
    (void)add(steps, MON_OP_STABLE_GTID, MON_STAGE_DEMOTE, old, false);
    for (size_t i = first; i < steps->count; i++) {
        steps->items[i].ignore_error = force;
    }
    (void)add(steps, MON_OP_ROLE_BACK, MON_STAGE_DEMOTE, old, true);
}

/* The old primary becomes writable again; used by the undo of both stages. */
static void
restore_old(const struct mon_view *view, size_t old, bool run_file, struct mon_steps *undo)
{
    const struct mon_server_obs *s = &view->obs->servers[old];
    (void)add(undo, MON_OP_UNLOCK_TABLES, MON_STAGE_DEMOTE, old, true);
    (void)add(undo, MON_OP_READ_ONLY_OFF, MON_STAGE_DEMOTE, old, false);
    for (size_t i = 0; view->settings->config->handle_events && i < s->event_count; i++) {
        if (s->events[i].status == MON_EVENT_ENABLED) {
            struct mon_step *step = add(undo, MON_OP_EVENT_ENABLE, MON_STAGE_DEMOTE, old, true);
            step->text = mx_strdup(s->events[i].name);
            step->definer = mx_strdup(s->events[i].definer);
        }
    }
    if (run_file) {
        mon_steps_statements(undo, MON_STAGE_DEMOTE, old, view->settings->promotion_sql);
    }
    for (size_t i = 0; i < s->slave_count; i++) {
        const struct mon_slave *slave = &s->slaves[i];
        mon_steps_follow_host(undo, MON_STAGE_DEMOTE, old, slave->name, slave->host, slave->port,
                              slave->gtid_mode == MON_GTID_CURRENT_POS ? MON_CLAUSE_CURRENT_POS
                                                                       : MON_CLAUSE_SLAVE_POS);
    }
    (void)add(undo, MON_OP_ROLE_BACK, MON_STAGE_DEMOTE, old, true);
}

static void
make_undo(const struct mon_view *view, size_t old, size_t target, struct mon_plan *plan)
{
    const struct mon_server_obs *new = &view->obs->servers[target];
    restore_old(view, old, false, &plan->undo[MON_STAGE_DEMOTE]);
    /* the target still replicates: a new start would throw away what it received */
    restore_old(view, old, true, &plan->undo[MON_STAGE_CATCH_UP]);
    /* never two writable servers: the target is closed before the old primary is opened */
    struct mon_steps *undo = &plan->undo[MON_STAGE_PROMOTE];
    (void)add(undo, MON_OP_READ_ONLY_ON, MON_STAGE_DEMOTE, target, true);
    restore_old(view, old, true, undo);
    for (size_t i = 0; i < new->slave_count; i++) {
        const struct mon_slave *slave = &new->slaves[i];
        size_t first = undo->count;
        struct mon_step *stop = mon_steps_add(undo, MON_OP_STOP_SLAVE, MON_STAGE_DEMOTE, target);
        memcpy(stop->connection, slave->name, sizeof(stop->connection));
        mon_steps_follow_host(undo, MON_STAGE_DEMOTE, target, slave->name, slave->host, slave->port,
                              MON_CLAUSE_SLAVE_POS);
        for (size_t k = first; k < undo->count; k++) {
            undo->items[k].ignore_error = true;
        }
    }
}

static void
promote(const struct mon_view *view, size_t old, size_t target, bool relay, bool force,
        struct mon_steps *steps)
{
    const struct mon_server_obs *new = &view->obs->servers[target];
    struct mon_step *wait = add(steps, MON_OP_CATCH_UP, MON_STAGE_CATCH_UP, target, force);
    wait->demote_supported = new->log_bin &&new->log_slave_updates;
    wait->source = (int)old;
    for (size_t i = 0; i < new->slave_count; i++) {
        mon_steps_remove_connection(steps, MON_STAGE_PROMOTE, target, new->slaves[i].name);
    }
    if (!relay) {
        (void)add(steps, MON_OP_READ_ONLY_OFF, MON_STAGE_PROMOTE, target, false);
        mon_steps_enable_events(steps, view, MON_STAGE_PROMOTE, target, old);
        mon_steps_statements(steps, MON_STAGE_PROMOTE, target, view->settings->promotion_sql);
    }
    mon_steps_copy_externals(steps, view, old, target);
}

/* The old primary takes over the replication connections the new one had. */
static void
follow(const struct mon_view *view, size_t old, size_t target, struct mon_steps *steps)
{
    const struct mon_server_obs *new = &view->obs->servers[target];
    bool demote_supported = view->obs->servers[old].version >= MON_VERSION_DEMOTE;
    for (size_t i = 0; i < new->slave_count; i++) {
        const struct mon_slave *slave = &new->slaves[i];
        int source = mon_topology_source(view->settings, view->obs, slave);
        if (source == (int)old) {
            mon_steps_follow(steps, view->settings, old, slave->name, target, MON_CLAUSE_DEMOTE,
                             demote_supported);
        } else {
            mon_steps_follow_host(steps, MON_STAGE_FOLLOW, old, slave->name, slave->host,
                                  slave->port, MON_CLAUSE_SLAVE_POS);
        }
    }
}

static void
make_steps(const struct mon_view *view, const struct mon_switchover *what, size_t old,
           size_t target, struct mon_plan *plan)
{
    bool relay = (int)old != view->history->master;
    struct mon_steps *steps = &plan->steps;
    const struct mon_server_obs *new = &view->obs->servers[target];
    int index = mon_topology_connection(view->settings, view->obs, target, old);
    demote(view, old, relay, plan->force, steps);
    promote(view, old, target, relay, plan->force, steps);
    make_undo(view, old, target, plan);
    (void)add(steps, MON_OP_SUCCESS, MON_STAGE_PROMOTE, target, false);
    if (what->old_to_maintenance) {
        (void)add(steps, MON_OP_MAINTENANCE, MON_STAGE_FOLLOW, old, false);
    } else {
        follow(view, old, target, steps);
    }
    mon_steps_redirect_replicas(steps, view, old, target, MON_NONE);
    if (relay) {
        mon_steps_redirect_replicas(steps, view, target, old, MON_NONE);
    }
    if (!what->old_to_maintenance && index != MON_NONE) {
        mon_steps_confirm(steps, old, new->slaves[index].name);
    }
}

static bool
not_by_gtid(const struct mon_view *view, size_t old)
{
    for (size_t i = 0; i < view->obs->count; i++) {
        int index = mon_topology_connection(view->settings, view->obs, i, old);
        if (index != MON_NONE && mon_obs_usable(&view->obs->servers[i]) &&
            view->obs->servers[i].slaves[index].gtid_mode == MON_GTID_NO) {
            NO(view,
               "Switchover is not possible: '%s' does not replicate by GTID. Run there: STOP "
               "SLAVE; "
               "CHANGE MASTER TO MASTER_USE_GTID = slave_pos; START SLAVE;",
               mon_view_name(view, i));
            return true;
        }
    }
    return false;
}

enum mon_answer
mon_switchover_plan(const struct mon_view *view, const struct mon_switchover *what,
                    struct mon_plan *plan)
{
    int old = what->old_master != MON_NONE ? what->old_master : view->history->master;
    if (old == MON_NONE) {
        NO(view, "Switchover is not possible: the cluster has no primary. Name the old primary.");
        return MON_ANSWER_NO;
    }
    const char *reason = unfit_old(view, (size_t)old, what->mode);
    if (reason != NULL) {
        NO(view, "Switchover is not possible: '%s' cannot step down: %s.",
           mon_view_name(view, (size_t)old), reason);
        return MON_ANSWER_NO;
    }
    int target = what->new_master;
    if (target == MON_NONE) {
        target = select_target(view, (size_t)old, what->mode);
        if (target == MON_NONE) {
            return MON_ANSWER_NO;
        }
    } else {
        reason = unfit_new(view, (size_t)target, (size_t)old, what->mode, true);
        if (reason != NULL) {
            NO(view, "'%s' is not a valid promotion target for switchover: %s.",
               mon_view_name(view, (size_t)target), reason);
            return MON_ANSWER_NO;
        }
    }
    if (not_by_gtid(view, (size_t)old)) {
        return MON_ANSWER_NO;
    }
    plan->kind = MON_PLAN_SWITCHOVER;
    plan->automatic = what->mode == MON_MODE_AUTO;
    plan->force = what->mode == MON_MODE_FORCE;
    plan->old_master = old;
    plan->new_master = target;
    plan->timeout_ms = view->settings->config->switchover_timeout_ms;
    plan->stops_at_success = true;
    make_steps(view, what, (size_t)old, (size_t)target, plan);
    return MON_ANSWER_YES;
}
