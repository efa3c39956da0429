/* Rejoin: servers that do not follow the primary are made to. */
#include "decide.h"

#include <stdlib.h>
#include <string.h>

enum mon_suspect
mon_rejoin_suspect(const struct mon_view *view, size_t server)
{
    const struct mon_server_obs *s = &view->obs->servers[server];
    size_t master = (size_t)view->history->master;
    if (server == master || !mon_obs_usable(s) || s->query_error[0] != '\0' ||
        s->permission_error || mon_view_has(view, server, MX_STATUS_MASTER) ||
        !mon_roles_is_database(s)) {
        return MON_SUSPECT_NO;
    }
    if (s->slave_count == 0) {
        return MON_SUSPECT_STANDALONE;
    }
    if (s->slave_count > 1) {
        return view->settings->config->enforce_simple_topology &&
                       mon_topology_connection(view->settings, view->obs, server, master) ==
                           MON_NONE
                   ? MON_SUSPECT_REDIRECT
                   : MON_SUSPECT_MANY;
    }
    const struct mon_slave *slave = &s->slaves[0];
    if (slave->io == MON_IO_YES && slave->source_id > 0 &&
        slave->source_id != view->obs->servers[master].server_id) {
        return MON_SUSPECT_REDIRECT;
    }
    if (slave->io == MON_IO_CONNECTING && slave->sql &&
        mon_topology_source(view->settings, view->obs, slave) != (int)master) {
        return MON_SUSPECT_REDIRECT;
    }
    return MON_SUSPECT_NO;
}

static char *
extra_transactions(const struct mon_view *view, size_t server, const struct mon_gtid_list *extra)
{
    char text[512];
    size_t master = (size_t)view->history->master;
    mon_gtid_print(extra, text, sizeof(text));
    return mx_asprintf("'%s' has transactions that '%s' does not have (up to %s)",
                       mon_view_name(view, server), mon_view_name(view, master), text);
}

char *
mon_rejoin_obstacle(const struct mon_view *view, size_t server)
{
    size_t m = (size_t)view->history->master;
    const struct mon_server_obs *joiner = &view->obs->servers[server];
    const struct mon_server_obs *master = &view->obs->servers[m];
    const struct mon_gtid_list *source =
        master->gtid_binlog.count > 0 ? &master->gtid_binlog : &master->gtid_current;
    struct mon_gtid_list extra;
    if (!master->log_bin) {
        return mx_asprintf("the primary '%s' has no binary log, nobody can replicate from it",
                           mon_view_name(view, m));
    }
    if (joiner->version < MON_VERSION_OPERATIONS || joiner->type != MON_TYPE_MARIADB) {
        return mx_asprintf("'%s' is not a MariaDB server of version 10.4 or later",
                           mon_view_name(view, server));
    }
    if (joiner->server_id == master->server_id) {
        return mx_asprintf("'%s' and '%s' have the same server_id", mon_view_name(view, server),
                           mon_view_name(view, m));
    }
    if (source->count == 0) {
        return mx_asprintf("the primary '%s' has no GTID position yet", mon_view_name(view, m));
    }
    if (mon_gtid_extra(&joiner->gtid_current, source, &master->gtid_state, &extra) > 0) {
        return extra_transactions(view, server, &extra);
    }
    return NULL;
}

/* Empty position: allowed only when the operator asks for it. */
static bool
may_join(const struct mon_view *view, enum mon_mode mode, size_t server)
{
    char *reason = mon_rejoin_obstacle(view, server);
    if (reason == NULL && view->obs->servers[server].gtid_current.count == 0) {
        if (mode == MON_MODE_AUTO) {
            reason = mx_asprintf("its gtid_current_pos is empty, it may hold none of the data; if "
                                 "it really is to start from the beginning of the binary log, run "
                                 "'maxctrl call command mariadbmon rejoin'");
        } else {
            mon_say(view->messages, MX_LOG_WARNING,
                    "'%s' has an empty gtid_current_pos and starts from the oldest binary log of "
                    "the primary.",
                    mon_view_name(view, server));
        }
    }
    if (reason == NULL) {
        return true;
    }
    mon_say_sticky(view->errors, mode == MON_MODE_AUTO ? MX_LOG_WARNING : MX_LOG_ERROR,
                   "'%s' cannot rejoin the cluster: %s.", mon_view_name(view, server), reason);
    free(reason);
    return false;
}

static void
join_standalone(const struct mon_view *view, size_t server, struct mon_steps *steps)
{
    const struct mon_server_obs *s = &view->obs->servers[server];
    if (!s->read_only) {
        (void)mon_steps_add(steps, MON_OP_READ_ONLY_ON, MON_STAGE_FOLLOW, server);
    }
    mon_steps_disable_events(steps, view, MON_STAGE_FOLLOW, server);
    mon_steps_statements(steps, MON_STAGE_FOLLOW, server, view->settings->demotion_sql);
    (void)mon_steps_add(steps, MON_OP_FLUSH_LOGS, MON_STAGE_FOLLOW, server);
    mon_steps_follow(steps, view->settings, server, "", (size_t)view->history->master,
                     MON_CLAUSE_DEMOTE, s->version >= MON_VERSION_DEMOTE);
    mon_say(view->messages, MX_LOG_NOTICE,
            "Standalone server '%s' is made a replica of the primary '%s'.",
            mon_view_name(view, server), mon_view_name(view, (size_t)view->history->master));
}

static void
join_redirect(const struct mon_view *view, size_t server, struct mon_steps *steps)
{
    const struct mon_server_obs *s = &view->obs->servers[server];
    for (size_t i = 1; i < s->slave_count; i++) {
        mon_steps_remove_connection(steps, MON_STAGE_FOLLOW, server, s->slaves[i].name);
    }
    mon_steps_redirect(steps, view->settings, server, &s->slaves[0], (size_t)view->history->master,
                       MON_CLAUSE_KEEP);
    mon_say(view->messages, MX_LOG_NOTICE,
            "Replica '%s' is redirected from [%s]:%d to the primary '%s'.",
            mon_view_name(view, server), s->slaves[0].host, s->slaves[0].port,
            mon_view_name(view, (size_t)view->history->master));
}

/* Whether the cluster can be joined at all. */
static bool
cluster_joinable(const struct mon_view *view, enum mon_mode mode)
{
    int master = view->history->master;
    if (master != MON_NONE && mon_view_has(view, (size_t)master, MX_STATUS_MASTER) &&
        view->history->domain_known) {
        return true;
    }
    if (mode != MON_MODE_AUTO) {
        mon_say(view->errors, MX_LOG_ERROR,
                "Rejoin is not possible: the cluster has no running primary.");
    }
    return false;
}

/* Why the operator's wish for this server is refused; false: it may be tried. */
static bool
refuse_manual(const struct mon_view *view, size_t server, enum mon_suspect suspect)
{
    const struct mon_server_obs *s = &view->obs->servers[server];
    const char *name = mon_view_name(view, server);
    if (suspect == MON_SUSPECT_MANY) {
        mon_say(view->errors, MX_LOG_ERROR,
                "'%s' has %zu replication connections; remove all but one with STOP SLAVE 'name'; "
                "RESET SLAVE 'name' ALL; or set enforce_simple_topology.",
                name, s->slave_count);
    } else if (suspect == MON_SUSPECT_NO) {
        bool usable = mon_obs_usable(s) && (int)server != view->history->master;
        mon_say(view->errors, MX_LOG_ERROR,
                usable ? "'%s' cannot rejoin: it replicates from the primary already, or its "
                         "replication is stopped (run START SLAVE there)."
                       : "'%s' cannot rejoin: it is the primary, not running, or in Maintenance.",
                name);
    }
    return suspect == MON_SUSPECT_MANY || suspect == MON_SUSPECT_NO;
}

static void
add_confirmations(const struct mon_view *view, const bool *joined, struct mon_steps *steps)
{
    for (size_t i = 0; i < view->obs->count; i++) {
        const struct mon_server_obs *s = &view->obs->servers[i];
        if (joined[i]) {
            mon_steps_confirm(steps, i, s->slave_count > 0 ? s->slaves[0].name : "");
        }
    }
}

enum mon_answer
mon_rejoin_plan(const struct mon_view *view, enum mon_mode mode, int server, struct mon_plan *plan)
{
    if (!cluster_joinable(view, mode)) {
        return MON_ANSWER_NO;
    }
    size_t found = 0;
    bool *joined = mx_calloc(view->obs->count + 1, sizeof(*joined));
    for (size_t i = 0; i < view->obs->count; i++) {
        if (server != MON_NONE && (int)i != server) {
            continue;
        }
        enum mon_suspect suspect = mon_rejoin_suspect(view, i);
        if (mode != MON_MODE_AUTO && refuse_manual(view, i, suspect)) {
            continue;
        }
        if ((suspect != MON_SUSPECT_STANDALONE && suspect != MON_SUSPECT_REDIRECT) ||
            !may_join(view, mode, i)) {
            continue;
        }
        if (suspect == MON_SUSPECT_STANDALONE) {
            join_standalone(view, i, &plan->steps);
        } else {
            join_redirect(view, i, &plan->steps);
        }
        joined[i] = true;
        found++;
    }
    add_confirmations(view, joined, &plan->steps);
    free(joined);
    if (found == 0) {
        return MON_ANSWER_NO;
    }
    plan->kind = MON_PLAN_REJOIN;
    plan->automatic = mode == MON_MODE_AUTO;
    plan->old_master = MON_NONE;
    plan->new_master = view->history->master;
    plan->timeout_ms = view->settings->config->switchover_timeout_ms;
    return MON_ANSWER_YES;
}
