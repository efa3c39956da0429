/* Parts that promotions and demotions share: events, external sources, redirection of replicas. */
#include "decide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct mon_event *
find_event(const struct mon_server_obs *obs, const char *name)
{
    for (size_t i = 0; i < obs->event_count; i++) {
        if (strcmp(obs->events[i].name, name) == 0) {
            return &obs->events[i];
        }
    }
    return NULL;
}

static void
add_event_step(struct mon_steps *steps, enum mon_op op, enum mon_stage stage, size_t server,
               const struct mon_event *event)
{
    struct mon_step *step = mon_steps_add(steps, op, stage, server);
    step->text = mx_strdup(event->name);
    step->definer = mx_strdup(event->definer);
}

void
mon_steps_enable_events(struct mon_steps *steps, const struct mon_view *view, enum mon_stage stage,
                        size_t target, size_t old_master)
{
    const struct mon_server_obs *old = &view->obs->servers[old_master];
    const struct mon_server_obs *new = &view->obs->servers[target];
    for (size_t i = 0; view->settings->config->handle_events && i < old->event_count; i++) {
        const struct mon_event *here = find_event(new, old->events[i].name);
        if (old->events[i].status == MON_EVENT_ENABLED && here != NULL &&
            here->status != MON_EVENT_ENABLED) {
            add_event_step(steps, MON_OP_EVENT_ENABLE, stage, target, here);
        }
    }
}

void
mon_steps_disable_events(struct mon_steps *steps, const struct mon_view *view, enum mon_stage stage,
                         size_t server)
{
    const struct mon_server_obs *obs = &view->obs->servers[server];
    for (size_t i = 0; view->settings->config->handle_events && i < obs->event_count; i++) {
        if (obs->events[i].status == MON_EVENT_ENABLED) {
            add_event_step(steps, MON_OP_EVENT_DISABLE, stage, server, &obs->events[i]);
        }
    }
}

static bool
name_taken(const struct mon_server_obs *obs, const char *name)
{
    for (size_t i = 0; i < obs->slave_count; i++) {
        if (strcmp(obs->slaves[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* NULL: is to be copied. */
static const char *
skip_reason(const struct mon_view *view, const struct mon_slave *slave, size_t to)
{
    const struct mon_server_obs *target = &view->obs->servers[to];
    if (!slave->sql) {
        return "its SQL thread is stopped";
    }
    if (!slave->seen_connected || slave->source_id <= 0) {
        return "it was never seen connected";
    }
    if (slave->source_id == target->server_id ||
        mon_topology_is_address_of(&view->settings->servers[to], slave->host, slave->port)) {
        return "it points to the new primary itself";
    }
    for (size_t i = 0; i < target->slave_count; i++) {
        const struct mon_slave *have = &target->slaves[i];
        if (have->source_id == slave->source_id ||
            (have->port == slave->port && strcmp(have->host, slave->host) == 0)) {
            return "the new primary has a connection to that server already";
        }
    }
    return NULL;
}

void
mon_steps_copy_externals(struct mon_steps *steps, const struct mon_view *view, size_t from,
                         size_t to)
{
    const struct mon_server_obs *old = &view->obs->servers[from];
    for (size_t i = 0; i < old->slave_count; i++) {
        const struct mon_slave *slave = &old->slaves[i];
        char name[MON_NAME_MAX];
        if (mon_topology_source(view->settings, view->obs, slave) != MON_NONE) {
            continue;
        }
        const char *reason = skip_reason(view, slave, to);
        if (reason != NULL) {
            mon_say(view->messages, MX_LOG_WARNING,
                    "Replication connection '%s' of '%s' to [%s]:%d is not copied to '%s': %s.",
                    slave->name, mon_view_name(view, from), slave->host, slave->port,
                    mon_view_name(view, to), reason);
            continue;
        }
        (void)snprintf(name, sizeof(name), "%s", slave->name);
        if (name_taken(&view->obs->servers[to], name)) {
            (void)snprintf(name, sizeof(name), "To [%.48s]:%d", slave->host, slave->port);
        }
        mon_steps_follow_host(steps, MON_STAGE_PROMOTE, to, name, slave->host, slave->port,
                              MON_CLAUSE_SLAVE_POS);
    }
}

void
mon_steps_confirm(struct mon_steps *steps, size_t server, const char *connection)
{
    struct mon_step *step = mon_steps_add(steps, MON_OP_CONFIRM, MON_STAGE_FOLLOW, server);
    (void)snprintf(step->connection, sizeof(step->connection), "%s", connection);
}

/* The replica's connection to `from` if it is to be redirected, MON_NONE otherwise. */
static int
connection_to_redirect(const struct mon_view *view, size_t replica, size_t from, size_t to)
{
    const struct mon_server_obs *obs = &view->obs->servers[replica];
    int index = mon_topology_connection(view->settings, view->obs, replica, from);
    if (index == MON_NONE || !mon_obs_usable(obs) || obs->slaves[index].gtid_mode == MON_GTID_NO) {
        return MON_NONE;
    }
    if (mon_topology_connection(view->settings, view->obs, replica, to) != MON_NONE) {
        mon_say(view->messages, MX_LOG_WARNING,
                "'%s' already has a replication connection to '%s', its connection to '%s' is not "
                "redirected.",
                mon_view_name(view, replica), mon_view_name(view, to), mon_view_name(view, from));
        return MON_NONE;
    }
    return index;
}

void
mon_steps_redirect_replicas(struct mon_steps *steps, const struct mon_view *view, size_t from,
                            size_t to, int leave_out)
{
    bool *redirected = mx_calloc(view->obs->count + 1, sizeof(*redirected));
    for (size_t i = 0; i < view->obs->count; i++) {
        if (i == to || i == from || (int)i == leave_out) {
            continue;
        }
        int index = connection_to_redirect(view, i, from, to);
        if (index != MON_NONE) {
            mon_steps_redirect(steps, view->settings, i, &view->obs->servers[i].slaves[index], to,
                               MON_CLAUSE_KEEP);
            redirected[i] = true;
        }
    }
    for (size_t i = 0; i < view->obs->count; i++) {
        if (redirected[i]) {
            int index = mon_topology_connection(view->settings, view->obs, i, from);
            mon_steps_confirm(steps, i, view->obs->servers[i].slaves[index].name);
        }
    }
    free(redirected);
}
