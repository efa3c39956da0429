/* Failover: is it allowed, who is promoted, which steps. */
#include "decide.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum mon_answer
mon_failover_verify(const struct mon_view *view)
{
    size_t master = (size_t)view->history->master;
    int64_t limit_ms = view->settings->config->master_failure_timeout_ms;
    for (size_t i = 0; i < view->obs->count; i++) {
        const struct mon_server_obs *s = &view->obs->servers[i];
        int index = mon_topology_connection(view->settings, view->obs, i, master);
        /* what a replica said before it stopped answering proves nothing about now */
        if (index == MON_NONE || !mon_obs_running(s) || !s->is_fresh ||
            s->slaves[index].io != MON_IO_YES) {
            continue;
        }
        int64_t age_ms = view->now_ms - s->slaves[index].last_data_ms;
        if (age_ms < limit_ms) {
            mon_say_sticky(view->errors, MX_LOG_NOTICE,
                           "Replica '%s' is still connected to '%s' and received data less than "
                           "%" PRId64 " s ago: the failover waits until it hears nothing for that "
                           "long.",
                           mon_view_name(view, i), mon_view_name(view, master), limit_ms / 1000);
            return MON_ANSWER_WAIT;
        }
    }
    return MON_ANSWER_YES;
}

/* A replica of the failed primary, seen as its successor. */
struct candidate {
    size_t server;
    const struct mon_server_obs *obs;
    const struct mon_slave *slave;
};

/* NULL: can be promoted; otherwise why not. */
static const char *
unfit(const struct mon_view *view, const struct candidate *c, size_t master, bool safe)
{
    if (mon_view_has(view, c->server, MX_STATUS_MASTER)) {
        return "it is the primary already";
    }
    if ((c->obs->held_status & MX_STATUS_MAINT) != 0) {
        return "it is in Maintenance";
    }
    if (!mon_obs_running(c->obs)) {
        return "it is down";
    }
    if (!c->obs->is_fresh) {
        return "it does not answer at the moment";
    }
    if (c->obs->permission_error || c->obs->query_error[0] != '\0') {
        return "the monitor's statements fail there";
    }
    if (c->obs->type != MON_TYPE_MARIADB || c->obs->version < MON_VERSION_OPERATIONS) {
        return "it is not a MariaDB server of version 10.4 or later";
    }
    if (c->slave->gtid_mode == MON_GTID_NO) {
        return "it does not replicate by GTID";
    }
    if (c->slave->gtid_io_pos.count == 0) {
        return "it never received a GTID (Gtid_IO_Pos is empty)";
    }
    if (!c->obs->has_settings) {
        return "its settings could not be read";
    }
    if (safe &&
        !mon_gtid_reached(&c->slave->gtid_io_pos, &view->obs->servers[master].gtid_binlog)) {
        return "it misses transactions the primary is known to have written";
    }
    return NULL;
}

/* Strictly better than the best so far. */
static bool
is_better(const struct mon_view *view, const struct candidate *a, const struct candidate *best,
          uint32_t domain)
{
    uint64_t io_a = mon_gtid_sequence(&a->slave->gtid_io_pos, domain);
    uint64_t io_b = mon_gtid_sequence(&best->slave->gtid_io_pos, domain);
    if (io_a != io_b) {
        return io_a > io_b;
    }
    uint64_t at_a = mon_gtid_sequence(&a->obs->gtid_current, domain);
    uint64_t at_b = mon_gtid_sequence(&best->obs->gtid_current, domain);
    if (at_a != at_b) {
        return at_a > at_b;
    }
    if (a->obs->log_slave_updates != best->obs->log_slave_updates) {
        return a->obs->log_slave_updates;
    }
    bool low_a = mon_view_has(view, a->server, MX_STATUS_DISK_SPACE_EXHAUSTED);
    bool low_b = mon_view_has(view, best->server, MX_STATUS_DISK_SPACE_EXHAUSTED);
    return !low_a && low_b;
}

/*
 * The best among the fit ones; those without a binary log only when want_binlog is off. A better
 * one that servers_no_promotion excludes is pointed out.
 */
static bool
select_candidate(const struct mon_view *view, size_t master, bool safe, uint32_t domain,
                 bool want_binlog, struct candidate *out)
{
    struct candidate best = {0};
    struct candidate excluded = {0};
    for (size_t i = 0; i < view->obs->count; i++) {
        const struct mon_server_obs *s = &view->obs->servers[i];
        int index = mon_topology_connection(view->settings, view->obs, i, master);
        if (index == MON_NONE || i == master) {
            continue;
        }
        struct candidate c = {i, s, &s->slaves[index]};
        if (unfit(view, &c, master, safe) != NULL || (want_binlog && !s->log_bin)) {
            continue;
        }
        struct candidate *place = view->settings->servers[i].no_promotion ? &excluded : &best;
        if (place->obs == NULL || is_better(view, &c, place, domain)) {
            *place = c;
        }
    }
    if (best.obs == NULL) {
        return false;
    }
    if (excluded.obs != NULL && is_better(view, &excluded, &best, domain)) {
        mon_say(view->messages, MX_LOG_WARNING,
                "'%s' would be a better choice than '%s' but is listed in servers_no_promotion.",
                mon_view_name(view, excluded.server), mon_view_name(view, best.server));
    }
    *out = best;
    return true;
}

static void
list_unfit(const struct mon_view *view, size_t master, bool safe, struct mx_str *out)
{
    for (size_t i = 0; i < view->obs->count; i++) {
        const struct mon_server_obs *s = &view->obs->servers[i];
        int index = mon_topology_connection(view->settings, view->obs, i, master);
        if (index == MON_NONE || i == master) {
            continue;
        }
        struct candidate c = {i, s, &s->slaves[index]};
        const char *reason = unfit(view, &c, master, safe);
        if (reason == NULL && view->settings->servers[i].no_promotion) {
            reason = "it is listed in servers_no_promotion";
        }
        mx_str_printf(out, "%s'%s': %s", out->len > 0 ? "; " : "", mon_view_name(view, i),
                      reason != NULL ? reason : "it is fit");
    }
}

/* The domain all candidates received most, for a cluster whose primary was never seen up. */
static bool
guess_domain(const struct mon_view *view, size_t master, uint32_t *out)
{
    size_t best_votes = 0;
    for (size_t i = 0; i < view->obs->count; i++) {
        int index = mon_topology_connection(view->settings, view->obs, i, master);
        const struct mon_gtid_list *list =
            index == MON_NONE ? NULL : &view->obs->servers[i].slaves[index].gtid_io_pos;
        for (size_t g = 0; list != NULL && g < list->count; g++) {
            uint32_t domain = list->items[g].domain;
            size_t votes = 0;
            for (size_t k = 0; k < view->obs->count; k++) {
                int other = mon_topology_connection(view->settings, view->obs, k, master);
                votes += other != MON_NONE &&
                                 mon_gtid_has_domain(
                                     &view->obs->servers[k].slaves[other].gtid_io_pos, domain)
                             ? 1
                             : 0;
            }
            if (votes > best_votes || (votes == best_votes && domain < *out)) {
                best_votes = votes;
                *out = domain;
            }
        }
    }
    return best_votes > 0;
}

/* Checks 1 to 4 and 7 of the contract, about the old primary and the cluster. */
static bool
cluster_allows(const struct mon_view *view, enum mon_mode mode, uint32_t *out_domain)
{
    const struct mon_config *config = view->settings->config;
    int master = view->history->master;
    if (master == MON_NONE) {
        mon_say_sticky(view->errors, MX_LOG_ERROR,
                       "Failover is not possible: the cluster has no primary.");
        return false;
    }
    const char *name = mon_view_name(view, (size_t)master);
    const struct mon_server_obs *old = &view->obs->servers[master];
    if (mon_obs_running(old)) {
        mon_say_sticky(view->errors, MX_LOG_ERROR,
                       "Failover is not possible: '%s' is running. Use switchover to replace a "
                       "running primary.",
                       name);
        return false;
    }
    if (old->link == MON_LINK_DENIED) {
        mon_say_sticky(view->errors, MX_LOG_ERROR,
                       "No failover: '%s' is alive, it only refuses the monitor's login: %s", name,
                       old->error);
        return false;
    }
    if (old->gtid_binlog.count == 0 && mode == MON_MODE_AUTO && !config->enforce_simple_topology) {
        mon_say_sticky(view->errors, MX_LOG_ERROR,
                       "No automatic failover: no gtid_binlog_pos of '%s' is known, it was never "
                       "seen running or has no binary log. If it is really lost, run 'maxctrl call "
                       "command mariadbmon failover'.",
                       name);
        return false;
    }
    size_t replicas = 0;
    for (size_t i = 0; i < view->obs->count; i++) {
        int index = mon_topology_connection(view->settings, view->obs, i, (size_t)master);
        if (index == MON_NONE || i == (size_t)master) {
            continue;
        }
        replicas++;
        if (view->obs->servers[i].slaves[index].gtid_mode == MON_GTID_NO &&
            mon_obs_usable(&view->obs->servers[i])) {
            mon_say_sticky(view->errors, MX_LOG_ERROR,
                           "Failover is not possible: '%s' does not replicate by GTID. Run there: "
                           "STOP SLAVE; CHANGE MASTER TO MASTER_USE_GTID = slave_pos; START SLAVE;",
                           mon_view_name(view, i));
            return false;
        }
    }
    if (replicas == 0) {
        mon_say_sticky(view->errors, MX_LOG_ERROR,
                       "Failover is not possible: no server replicates from '%s'.", name);
        return false;
    }
    *out_domain = view->history->domain;
    if (!view->history->domain_known &&
        !(config->enforce_simple_topology && guess_domain(view, (size_t)master, out_domain))) {
        mon_say_sticky(view->errors, MX_LOG_ERROR,
                       "Failover is not possible: the GTID domain of the cluster is not known, "
                       "there was no running primary since the monitor started.");
        return false;
    }
    return true;
}

static void
warn_about_settings(const struct mon_view *view, const struct candidate *c)
{
    const char *name = mon_view_name(view, c->server);
    if (!c->obs->gtid_strict_mode) {
        mon_say(view->messages, MX_LOG_WARNING,
                "'%s' has gtid_strict_mode off: replication may go wrong silently after the "
                "promotion. Run there: SET GLOBAL gtid_strict_mode = ON; and add it to its "
                "configuration file.",
                name);
    }
    if (!c->obs->log_bin) {
        mon_say(view->messages, MX_LOG_WARNING,
                "'%s' has no binary log and is promoted because there is no other candidate. "
                "NOBODY CAN REPLICATE FROM IT: the other servers, '%s' included, stay out of the "
                "cluster, and what is written now exists only there. Add log_bin and "
                "log_slave_updates=ON to the configuration file of '%s' and restart it.",
                name, mon_view_name(view, (size_t)view->history->master), name);
    } else if (!c->obs->log_slave_updates) {
        mon_say(view->messages, MX_LOG_WARNING,
                "'%s' has log_slave_updates off: its replicas cannot get the transactions it "
                "received as a replica. Add log_slave_updates=ON to its configuration file and "
                "restart it.",
                name);
    }
}

static void
make_steps(const struct mon_view *view, const struct candidate *c, size_t master,
           struct mon_plan *plan)
{
    struct mon_steps *steps = &plan->steps;
    mon_steps_remove_connection(steps, MON_STAGE_PROMOTE, c->server, c->slave->name);
    if (c->obs->read_only) {
        (void)mon_steps_add(steps, MON_OP_READ_ONLY_OFF, MON_STAGE_PROMOTE, c->server);
    }
    mon_steps_enable_events(steps, view, MON_STAGE_PROMOTE, c->server, master);
    mon_steps_statements(steps, MON_STAGE_PROMOTE, c->server, view->settings->promotion_sql);
    mon_steps_copy_externals(steps, view, master, c->server);
    (void)mon_steps_add(steps, MON_OP_SUCCESS, MON_STAGE_PROMOTE, c->server);
    mon_steps_redirect_replicas(steps, view, master, c->server, MON_NONE);
}

enum mon_answer
mon_failover_plan(const struct mon_view *view, enum mon_mode mode, bool safe, struct mon_plan *plan)
{
    uint32_t domain = 0;
    struct candidate c = {0};
    if (!cluster_allows(view, mode, &domain)) {
        return MON_ANSWER_NO;
    }
    size_t master = (size_t)view->history->master;
    if (!select_candidate(view, master, safe, domain, true, &c) &&
        !select_candidate(view, master, safe, domain, false, &c)) {
        struct mx_str reasons = {0};
        list_unfit(view, master, safe, &reasons);
        mon_say_sticky(view->errors, MX_LOG_ERROR,
                       "Failover is not possible: no replica of '%s' can be promoted. %s.",
                       mon_view_name(view, master), mx_str_text(&reasons));
        mx_str_free(&reasons);
        return MON_ANSWER_NO;
    }
    uint64_t behind = mon_gtid_unapplied(&c.slave->gtid_io_pos, &c.obs->gtid_current);
    if (behind > 0) {
        mon_say_sticky(view->errors, MX_LOG_WARNING,
                       "'%s' has received transactions it did not apply yet: the failover waits "
                       "for it. %s%s",
                       mon_view_name(view, c.server),
                       c.slave->sql ? "" : "ITS SQL THREAD IS STOPPED, run START SLAVE there. ",
                       c.slave->sql_error);
        return MON_ANSWER_WAIT;
    }
    plan->kind = MON_PLAN_FAILOVER;
    plan->automatic = mode == MON_MODE_AUTO;
    plan->old_master = (int)master;
    plan->new_master = (int)c.server;
    plan->timeout_ms = view->settings->config->failover_timeout_ms;
    plan->stops_at_success = true;
    mon_say(view->messages, MX_LOG_NOTICE,
            "Selected '%s' to replace '%s': it has received the most transactions.",
            mon_view_name(view, c.server), mon_view_name(view, master));
    warn_about_settings(view, &c);
    make_steps(view, &c, master, plan);
    return MON_ANSWER_YES;
}
