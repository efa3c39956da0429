/* One tick: counts failures, keeps or changes the primary, assigns roles, starts operations. */
#include "decide.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A failure is counted once per interval, however often extra ticks look. */
#define COUNT_AFTER_TENTHS 8

static void
count_failures(const struct mon_settings *settings, struct mon_history *history,
               const struct mon_observation *obs, int64_t now_ms)
{
    for (size_t i = 0; i < obs->count; i++) {
        const struct mon_server_obs *s = &obs->servers[i];
        struct mon_server_history *h = &history->servers[i];
        if (mon_obs_running(s) || (s->held_status & MX_STATUS_MAINT) != 0) {
            h->error_count = 0;
            h->refused_count = 0;
            continue;
        }
        if (h->error_count == 0 ||
            now_ms - h->counted_ms >= settings->interval_ms * COUNT_AFTER_TENTHS / 10) {
            h->error_count++;
            h->counted_ms = now_ms;
        }
        if (s->link != MON_LINK_REFUSED) {
            h->refused_count = 0;
        } else if (h->refused_count++ == 0) {
            h->first_refused_ms = now_ms;
        }
    }
}

/* Down without any doubt, or for so long that it counts as such. */
static bool
is_lost(const struct mon_settings *settings, const struct mon_history *history, size_t server,
        int64_t now_ms)
{
    const struct mon_server_history *h = &history->servers[server];
    bool definite = h->refused_count >= MON_REFUSED_PROBES &&
                    now_ms - h->first_refused_ms >= MON_REFUSED_SPAN_MS;
    return definite || h->error_count >= settings->config->failcount;
}

/* NULL: the present primary stays; otherwise why it cannot. */
static const char *
master_invalid(const struct mon_settings *settings, const struct mon_history *history,
               const struct mon_observation *obs, const struct mon_topology *topology)
{
    size_t m = (size_t)history->master;
    const struct mon_server_obs *s = &obs->servers[m];
    bool follows = false;
    for (size_t i = 0; i < obs->count; i++) {
        follows |= mon_topology_edge(topology, m, i)->kind == MON_EDGE_LIVE;
    }
    if (mon_obs_running(s) && s->read_only && !settings->config->enforce_writable_master) {
        return "it is read-only";
    }
    if (!mon_obs_running(s) && history->servers[m].error_count > settings->config->failcount &&
        !mon_topology_has_live_replicas(topology, obs, history, settings->config->failcount, m)) {
        return "it is down and no running server replicates from it";
    }
    if (!history->master_in_cycle && topology->group[m] == 0 && follows) {
        return "it replicates from another server of the cluster";
    }
    if (history->master_in_cycle && topology->group[m] == 0) {
        return "it left its replication cycle";
    }
    if (history->master_in_cycle && topology->external[m]) {
        return "its replication cycle has a source outside";
    }
    return NULL;
}

static void
set_master(struct mon_history *history, const struct mon_topology *topology, int master)
{
    history->master = master;
    history->master_in_cycle = topology->group[master] != 0;
    history->master_was_up = false;
    history->semi_sync_seen = false;
    history->semi_sync_lost = false;
    history->failover_announced = false;
}

static void
first_master(const struct mon_settings *settings, struct mon_history *history,
             const struct mon_observation *obs, struct mon_decision *out)
{
    struct mx_str why = {0};
    int best = mon_topology_best(&out->topology, obs, settings, true, &why);
    if (best != MON_NONE) {
        set_master(history, &out->topology, best);
        mon_say(&out->messages, MX_LOG_NOTICE, "Selected '%s' as the primary.",
                settings->servers[best].name);
        out->journal_changed = true;
    } else {
        mon_say_sticky(&out->messages, MX_LOG_WARNING, "No server can be the primary. %s.",
                       mx_str_text(&why));
    }
    mx_str_free(&why);
}

static void
keep_or_change_master(const struct mon_settings *settings, struct mon_history *history,
                      const struct mon_observation *obs, struct mon_decision *out)
{
    size_t m = (size_t)history->master;
    const char *name = settings->servers[m].name;
    const char *reason = master_invalid(settings, history, obs, &out->topology);
    int best = mon_topology_best(&out->topology, obs, settings, false, NULL);
    if (reason == NULL) {
        if (best != MON_NONE && best != history->master &&
            mon_topology_reach(&out->topology, obs, (size_t)best) >
                mon_topology_reach(&out->topology, obs, m)) {
            mon_say_sticky(&out->messages, MX_LOG_WARNING,
                           "'%s' has more replicas than the primary '%s' and would be the better "
                           "primary; the primary is not changed while it is valid.",
                           settings->servers[best].name, name);
        }
        return;
    }
    if (best != MON_NONE && best != history->master) {
        mon_say(&out->messages, MX_LOG_WARNING, "The primary '%s' is no longer valid: %s.", name,
                reason);
        mon_say(&out->messages, MX_LOG_NOTICE, "'%s' is the new primary.",
                settings->servers[best].name);
        set_master(history, &out->topology, best);
        out->journal_changed = true;
    } else {
        mon_say_sticky(&out->messages, MX_LOG_WARNING,
                       "The primary '%s' is no longer valid: %s. There is no other server that "
                       "could take its place.",
                       name, reason);
    }
}

static void
choose_master(const struct mon_settings *settings, struct mon_history *history,
              const struct mon_observation *obs, struct mon_decision *out)
{
    if (history->next_master != MON_NONE && history->next_master < (int)obs->count) {
        set_master(history, &out->topology, history->next_master);
        history->next_master = MON_NONE;
        out->journal_changed = true;
    } else if (history->master == MON_NONE) {
        first_master(settings, history, obs, out);
    } else {
        keep_or_change_master(settings, history, obs, out);
    }
}

static void
update_domain(const struct mon_settings *settings, struct mon_history *history,
              const struct mon_observation *obs, struct mon_decision *out)
{
    if (history->master == MON_NONE) {
        return;
    }
    size_t m = (size_t)history->master;
    const struct mon_server_obs *s = &obs->servers[m];
    if ((out->servers[m].status & MX_STATUS_MASTER) == 0 || !s->has_settings) {
        return;
    }
    history->master_was_up = true;
    if (history->domain_known && history->domain != s->gtid_domain) {
        mon_say(&out->messages, MX_LOG_NOTICE,
                "The GTID domain of '%s' changed from %" PRIu32 " to %" PRIu32 ".",
                settings->servers[m].name, history->domain, s->gtid_domain);
        out->journal_changed = true;
    }
    history->domain_known = true;
    history->domain = s->gtid_domain;
}

static void
watch_semi_sync(const struct mon_settings *settings, struct mon_history *history,
                const struct mon_observation *obs, int64_t now_ms, struct mon_decision *out)
{
    if (history->master == MON_NONE) {
        return;
    }
    const char *name = settings->servers[history->master].name;
    const struct mon_server_obs *s = &obs->servers[history->master];
    bool works = s->semi_sync_active && s->semi_sync_clients > 0;
    if (!mon_obs_running(s) || !s->semi_sync_master || works) {
        history->semi_sync_bad_ms = 0;
    } else if (history->semi_sync_bad_ms == 0) {
        /* at start there is no reason to believe that it only just stopped */
        history->semi_sync_bad_ms = history->ticks <= 1 ? 1 : now_ms;
    }
    if (!mon_obs_running(s) || !s->semi_sync_master ||
        settings->config->auto_failover == MON_FAILOVER_OFF) {
        return;
    }
    if (works && history->semi_sync_lost) {
        mon_say(&out->messages, MX_LOG_NOTICE, "Semi-synchronous replication works again on '%s'.",
                name);
    }
    if (!works && history->semi_sync_seen && !history->semi_sync_lost) {
        mon_say(&out->messages, MX_LOG_WARNING,
                "Semi-synchronous replication stopped working on '%s': a failover now may lose "
                "transactions.",
                name);
    }
    history->semi_sync_lost = !works && history->semi_sync_seen;
    history->semi_sync_seen |= works;
}

/* A primary without a binary log that could be written to: its replicas will miss that. */
static void
watch_unlogged_writes(struct mon_history *history, const struct mon_observation *obs,
                      struct mon_decision *out)
{
    if (history->master == MON_NONE) {
        return;
    }
    const struct mon_server_obs *s = &obs->servers[history->master];
    struct mon_server_history *h = &history->servers[history->master];
    bool writable = (out->servers[history->master].status & MX_STATUS_MASTER) != 0;
    if (writable && s->has_settings && !s->log_bin && !h->wrote_without_binlog) {
        h->wrote_without_binlog = true;
        out->journal_changed = true;
    }
}

static void
watch_lags(const struct mon_settings *settings, struct mon_history *history,
           const struct mon_observation *obs, struct mon_decision *out)
{
    int64_t limit = settings->config->script_max_replication_lag;
    for (size_t i = 0; limit >= 0 && i < obs->count; i++) {
        int64_t lag = out->servers[i].lag_s;
        bool above = lag == MX_LAG_UNKNOWN ? history->servers[i].lag_above : lag > limit;
        if (above != history->servers[i].lag_above) {
            out->lag_events[i] = above ? 1 : -1;
            history->servers[i].lag_above = above;
        }
    }
}

static void
watch_disks(const struct mon_settings *settings, struct mon_history *history,
            const struct mon_observation *obs, struct mon_decision *out)
{
    for (size_t i = 0; i < obs->count; i++) {
        const struct mon_server_obs *s = &obs->servers[i];
        bool low = (out->servers[i].status & MX_STATUS_DISK_SPACE_EXHAUSTED) != 0;
        bool told = history->servers[i].low_disk_told;
        history->servers[i].low_disk_told = low;
        if (low && !told) {
            mon_say(&out->messages, MX_LOG_WARNING,
                    "'%s' is low on disk space: '%s' is %d %% full, the limit is %d %%.",
                    settings->servers[i].name, s->disk.path, s->disk.used_percent,
                    s->disk.limit_percent);
        }
        if (low && settings->config->maintenance_on_low_disk_space && (int)i != history->master &&
            mon_obs_running(s) &&
            (out->servers[i].status & (MX_STATUS_MAINT | MX_STATUS_RELAY)) == 0) {
            out->servers[i].status |= MX_STATUS_MAINT;
            mon_say(&out->messages, MX_LOG_WARNING,
                    "'%s' is put into Maintenance because its disk is full. When there is room "
                    "again: maxctrl clear server %s maintenance",
                    settings->servers[i].name, settings->servers[i].name);
        }
    }
}

/* Every usable server understands the statements operations consist of. */
static bool
versions_allow(const struct mon_settings *settings, const struct mon_observation *obs,
               struct mon_messages *messages)
{
    bool all = true;
    for (size_t i = 0; i < obs->count; i++) {
        const struct mon_server_obs *s = &obs->servers[i];
        if (mon_obs_usable(s) && s->known && s->type != MON_TYPE_BLR &&
            (s->type != MON_TYPE_MARIADB || s->version < MON_VERSION_OPERATIONS)) {
            mon_say_sticky(messages, MX_LOG_WARNING,
                           "No automatic operations: '%s' (%s) is not a MariaDB server of version "
                           "10.4 or later.",
                           settings->servers[i].name, s->version_string);
            all = false;
        }
    }
    return all;
}

static void
announce_failover(const struct mon_view *view, struct mon_history *history, size_t master,
                  struct mon_decision *out)
{
    int64_t left = view->settings->config->failcount - history->servers[master].error_count;
    if (history->failover_announced) {
        return;
    }
    history->failover_announced = true;
    if (left > 0) {
        mon_say(&out->messages, MX_LOG_WARNING,
                "The primary '%s' does not answer. If it stays away, failover begins in %" PRId64
                " tick(s), or at once if nothing listens there any more.",
                mon_view_name(view, master), left);
    }
}

/* Failover is due or on its way: true when nothing else is to be started. */
static bool
try_failover(const struct mon_view *view, struct mon_history *history, struct mon_decision *out)
{
    const struct mon_config *config = view->settings->config;
    if (history->master == MON_NONE || config->auto_failover == MON_FAILOVER_OFF) {
        return false;
    }
    size_t m = (size_t)history->master;
    const struct mon_server_obs *s = &view->obs->servers[m];
    if (mon_obs_running(s) || (s->held_status & MX_STATUS_MAINT) != 0) {
        history->failover_announced = false;
        return false;
    }
    announce_failover(view, history, m, out);
    if (!is_lost(view->settings, history, m, view->now_ms)) {
        out->next_tick_ms = s->link == MON_LINK_REFUSED ? MON_REFUSED_PAUSE_MS : 0;
        return true;
    }
    if (view->now_ms < history->failover_disabled_until_ms) {
        return true;
    }
    enum mon_answer answer = MON_ANSWER_YES;
    if (config->verify_master_failure) {
        answer = mon_failover_verify(view);
    }
    if (answer == MON_ANSWER_YES) {
        answer = mon_failover_plan(view, MON_MODE_AUTO, config->auto_failover == MON_FAILOVER_SAFE,
                                   &out->plan);
    }
    if (answer == MON_ANSWER_WAIT) {
        out->next_tick_ms = MON_REFUSED_PAUSE_MS;
    }
    return true;
}

static void
enforce_read_only(const struct mon_view *view, struct mon_plan *plan)
{
    const struct mon_config *config = view->settings->config;
    int master = view->history->master;
    for (size_t i = 0; i < view->obs->count; i++) {
        const struct mon_server_obs *s = &view->obs->servers[i];
        bool wanted =
            (config->enforce_read_only_slaves && mon_view_has(view, i, MX_STATUS_SLAVE)) ||
            (config->enforce_read_only_servers && master != MON_NONE);
        if (wanted && (int)i != master && mon_obs_usable(s) && s->has_settings && !s->read_only &&
            mon_roles_is_database(s)) {
            (void)mon_steps_add(&plan->steps, MON_OP_READ_ONLY_ON, MON_STAGE_FOLLOW, i);
        }
    }
    if (config->enforce_writable_master && master != MON_NONE &&
        mon_obs_usable(&view->obs->servers[master]) && view->obs->servers[master].read_only) {
        (void)mon_steps_add(&plan->steps, MON_OP_READ_ONLY_OFF, MON_STAGE_FOLLOW, (size_t)master);
    }
    if (plan->steps.count > 0) {
        plan->kind = MON_PLAN_ENFORCE;
        plan->automatic = true;
        plan->old_master = MON_NONE;
        plan->new_master = MON_NONE;
        plan->timeout_ms = config->switchover_timeout_ms;
    }
}

static void
try_disk_switchover(const struct mon_view *view, struct mon_plan *plan)
{
    int master = view->history->master;
    if (!view->settings->config->switchover_on_low_disk_space || master == MON_NONE ||
        !mon_view_has(view, (size_t)master, MX_STATUS_DISK_SPACE_EXHAUSTED)) {
        return;
    }
    struct mon_switchover what = {MON_NONE, MON_NONE, MON_MODE_AUTO, false};
    if (mon_switchover_plan(view, &what, plan) != MON_ANSWER_YES) {
        mon_plan_fini(plan);
    }
}

static void
automatic_operations(const struct mon_view *view, struct mon_history *history,
                     struct mon_decision *out)
{
    const struct mon_config *config = view->settings->config;
    if (view->settings->passive || !versions_allow(view->settings, view->obs, &out->messages) ||
        try_failover(view, history, out) || view->now_ms < history->disabled_until_ms) {
        return;
    }
    if (config->auto_rejoin) {
        (void)mon_rejoin_plan(view, MON_MODE_AUTO, MON_NONE, &out->plan);
    }
    if (out->plan.kind == MON_PLAN_NONE) {
        try_disk_switchover(view, &out->plan);
    }
    if (out->plan.kind == MON_PLAN_NONE) {
        enforce_read_only(view, &out->plan);
    }
}

void
mon_decide(const struct mon_settings *settings, struct mon_history *history,
           const struct mon_observation *obs, int64_t now_ms, bool operations,
           struct mon_decision *out)
{
    memset(out, 0, sizeof(*out));
    out->count = obs->count;
    out->servers = mx_calloc(obs->count + 1, sizeof(*out->servers));
    out->lag_events = mx_calloc(obs->count + 1, sizeof(*out->lag_events));
    history->ticks++;
    count_failures(settings, history, obs, now_ms);
    mon_topology_init(&out->topology, settings, obs);
    choose_master(settings, history, obs, out);
    mon_roles_assign(settings, obs, &out->topology, history->master, out->servers);
    update_domain(settings, history, obs, out);
    watch_semi_sync(settings, history, obs, now_ms, out);
    watch_unlogged_writes(history, obs, out);
    watch_lags(settings, history, obs, out);
    watch_disks(settings, history, obs, out);
    if (operations) {
        struct mon_view view = {settings,       history,       obs,
                                &out->topology, out->servers,  now_ms,
                                &out->messages, &out->messages};
        automatic_operations(&view, history, out);
    }
}

void
mon_decision_fini(struct mon_decision *decision)
{
    free(decision->servers);
    free(decision->lag_events);
    mon_messages_fini(&decision->messages);
    mon_topology_fini(&decision->topology);
    mon_plan_fini(&decision->plan);
    memset(decision, 0, sizeof(*decision));
}

void
mon_decide_plan_ended(const struct mon_settings *settings, struct mon_history *history,
                      const struct mon_plan *plan, bool promoted, bool failed, int64_t now_ms)
{
    if (promoted && plan->new_master != MON_NONE &&
        (plan->kind != MON_PLAN_SWITCHOVER || plan->old_master == history->master)) {
        history->next_master = plan->new_master;
    }
    int64_t until_ms = now_ms + settings->config->failcount * settings->interval_ms;
    if (failed && (plan->automatic || plan->kind == MON_PLAN_SWITCHOVER)) {
        history->disabled_until_ms = until_ms;
    }
    if (failed && !promoted && plan->automatic && plan->kind == MON_PLAN_FAILOVER) {
        history->failover_disabled_until_ms = until_ms;
    }
}
