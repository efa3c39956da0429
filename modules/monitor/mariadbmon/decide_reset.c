/* Reset-replication: all history is thrown away and the cluster is built anew around one server. */
#include "decide.h"

#include <string.h>

/* Nobody replicates, nobody writes, no events run. */
static void
close_server(const struct mon_view *view, size_t server, struct mon_steps *steps)
{
    const struct mon_server_obs *s = &view->obs->servers[server];
    for (size_t i = 0; i < s->slave_count; i++) {
        mon_steps_remove_connection(steps, MON_STAGE_DEMOTE, server, s->slaves[i].name);
    }
    (void)mon_steps_add(steps, MON_OP_READ_ONLY_ON, MON_STAGE_DEMOTE, server);
    mon_steps_disable_events(steps, view, MON_STAGE_DEMOTE, server);
}

static void
set_position(const struct mon_view *view, size_t server, size_t new_master, struct mon_steps *steps)
{
    const struct mon_server_obs *m = &view->obs->servers[new_master];
    if (view->obs->servers[server].log_bin) {
        (void)mon_steps_add(steps, MON_OP_RESET_MASTER, MON_STAGE_DEMOTE, server);
    }
    struct mon_step *step = mon_steps_add(steps, MON_OP_SET_SLAVE_POS, MON_STAGE_DEMOTE, server);
    step->gtid.count = 1;
    step->gtid.items[0] =
        (struct mon_gtid){view->history->domain_known ? view->history->domain : m->gtid_domain,
                          (uint32_t)m->server_id, 0};
}

enum mon_answer
mon_reset_plan(const struct mon_view *view, int new_master, struct mon_plan *plan)
{
    int target = new_master != MON_NONE ? new_master : view->history->master;
    struct mon_steps *steps = &plan->steps;
    if (target == MON_NONE) {
        mon_say(view->errors, MX_LOG_ERROR,
                "There is no primary: name the server that is to become it.");
        return MON_ANSWER_NO;
    }
    size_t t = (size_t)target;
    if (!mon_obs_usable(&view->obs->servers[t]) || view->obs->servers[t].server_id < 0) {
        mon_say(view->errors, MX_LOG_ERROR,
                "'%s' cannot become the primary: it is not running or in Maintenance.",
                mon_view_name(view, t));
        return MON_ANSWER_NO;
    }
    for (size_t i = 0; i < view->obs->count; i++) {
        if (mon_obs_usable(&view->obs->servers[i])) {
            close_server(view, i, steps);
        }
    }
    for (size_t i = 0; i < view->obs->count; i++) {
        if (mon_obs_usable(&view->obs->servers[i])) {
            set_position(view, i, t, steps);
        }
    }
    (void)mon_steps_add(steps, MON_OP_READ_ONLY_OFF, MON_STAGE_DEMOTE, t);
    if (view->history->master != MON_NONE) {
        struct mon_steps *events = steps;
        size_t old = (size_t)view->history->master;
        const struct mon_server_obs *s = &view->obs->servers[old];
        for (size_t i = 0; view->settings->config->handle_events && i < s->event_count; i++) {
            if (s->events[i].status == MON_EVENT_ENABLED) {
                struct mon_step *step =
                    mon_steps_add(events, MON_OP_EVENT_ENABLE, MON_STAGE_DEMOTE, t);
                step->ignore_error = true;
                step->text = mx_strdup(s->events[i].name);
                step->definer = mx_strdup(s->events[i].definer);
            }
        }
    } else {
        mon_say(view->messages, MX_LOG_WARNING,
                "There was no primary before: scheduled events are not enabled on '%s'.",
                mon_view_name(view, t));
    }
    (void)mon_steps_add(steps, MON_OP_SUCCESS, MON_STAGE_DEMOTE, t);
    (void)mon_steps_add(steps, MON_OP_FLUSH_TABLES, MON_STAGE_FOLLOW, t);
    for (size_t i = 0; i < view->obs->count; i++) {
        if (i != t && mon_obs_usable(&view->obs->servers[i])) {
            mon_steps_follow(steps, view->settings, i, "", t, MON_CLAUSE_SLAVE_POS, false);
        }
    }
    for (size_t i = 0; i < view->obs->count; i++) {
        if (i != t && mon_obs_usable(&view->obs->servers[i])) {
            mon_steps_confirm(steps, i, "");
        }
    }
    plan->kind = MON_PLAN_RESET;
    plan->old_master = view->history->master;
    plan->new_master = target;
    plan->timeout_ms = view->settings->config->switchover_timeout_ms;
    plan->stops_at_success = true;
    return MON_ANSWER_YES;
}
