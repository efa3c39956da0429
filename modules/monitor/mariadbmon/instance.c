/* Life of a mariadbmon: tick, journal, watched connections. */
#include "instance.h"

#include "mx/timer.h"

#include <stdlib.h>
#include <string.h>

/* How long a round waits for a server that does not answer, while the others are done. */
#define GRACE_MS       500
#define GRACE_QUICK_MS 150

void *
mon_instance_new(struct mx_monitor *monitor, const void *config, struct mx_err *err)
{
    struct mon_instance *instance = mx_calloc(1, sizeof(*instance));
    instance->monitor = monitor;
    instance->config = config;
    instance->is_first_tick = true;
    if (mon_settings_init(instance, err) != 0) {
        mon_settings_fini(&instance->settings);
        free(instance);
        return NULL;
    }
    size_t count = instance->settings.count;
    mon_history_init(&instance->history, count);
    instance->observer = mon_observer_new(monitor, &instance->settings);
    instance->reports = mx_calloc(count + 1, sizeof(*instance->reports));
    instance->gtid_current = mx_calloc(count + 1, sizeof(*instance->gtid_current));
    instance->gtid_binlog = mx_calloc(count + 1, sizeof(*instance->gtid_binlog));
    instance->details = mx_calloc(count + 1, sizeof(*instance->details));
    /* a restart of the monitor keeps the primary there is */
    for (size_t i = 0; i < count; i++) {
        if (mx_server_is_master(mx_monitor_server(monitor, i)) &&
            instance->history.master == MON_NONE) {
            instance->history.master = (int)i;
        }
    }
    return instance;
}

void
mon_instance_free(void *context)
{
    struct mon_instance *instance = context;
    mon_observer_free(instance->observer);
    mon_decision_fini(&instance->decision);
    mon_readiness_fini(&instance->readiness);
    mon_history_fini(&instance->history);
    for (size_t i = 0; i < instance->settings.count; i++) {
        free(instance->details[i]);
    }
    for (size_t i = 0; i < instance->sticky_count; i++) {
        free(instance->sticky[i]);
    }
    mon_settings_fini(&instance->settings);
    free(instance->sticky);
    free(instance->details);
    free(instance->reports);
    free(instance->gtid_current);
    free(instance->gtid_binlog);
    free(instance->last_failure);
    free(instance);
}

static void
run_operation(struct mon_instance *instance)
{
    const struct mon_plan *plan = &instance->decision.plan;
    if (plan->kind == MON_PLAN_NONE) {
        return;
    }
    (void)mon_instance_execute(instance, plan, NULL, NULL);
    mx_monitor_tick_within(instance->monitor, 0);
}

static int64_t
round_budget(const struct mon_instance *instance)
{
    struct mx_monitor_settings common;
    mx_monitor_settings(instance->monitor, &common);
    if (instance->is_first_tick) {
        return common.connect_timeout_ms + common.read_timeout_ms;
    }
    return instance->is_quick ? GRACE_QUICK_MS : GRACE_MS;
}

static void
send_lag_events(struct mon_instance *instance)
{
    for (size_t i = 0; i < instance->decision.count; i++) {
        if (instance->decision.lag_events[i] != 0) {
            mx_monitor_event(instance->monitor, i,
                             instance->decision.lag_events[i] > 0 ? "rlag_above" : "rlag_below");
        }
    }
}

void
mon_instance_tick(void *context)
{
    struct mon_instance *instance = context;
    mon_settings_refresh(instance);
    bool quick = instance->is_quick && !instance->is_first_tick;
    bool again = mon_observer_look(instance->observer, quick, round_budget(instance));
    const struct mon_observation *obs = mon_observer_observation(instance->observer);
    int64_t now_ms = mx_now_ms();

    mon_decision_fini(&instance->decision);
    mon_decide(&instance->settings, &instance->history, obs, now_ms,
               !mx_monitor_command_pending(instance->monitor), &instance->decision);
    instance->is_first_tick = false;
    instance->is_quick = instance->decision.next_tick_ms > 0;
    if (instance->decision.journal_changed) {
        mx_monitor_journal_changed(instance->monitor);
    }
    /* in the middle of an operation nothing stays as it is: judged again when it is over */
    bool busy = instance->decision.plan.kind != MON_PLAN_NONE || instance->is_quick;
    if (!busy || !instance->readiness.is_known) {
        mon_readiness_update(&instance->readiness, &instance->settings, &instance->history, obs,
                             &instance->decision, now_ms, &instance->decision.messages);
    }
    mon_instance_publish(instance);
    mon_instance_log(instance, &instance->decision.messages);
    mon_instance_diagnostics(instance);
    send_lag_events(instance);
    if (instance->decision.next_tick_ms > 0) {
        mx_monitor_tick_within(instance->monitor, instance->decision.next_tick_ms);
    }
    int64_t deadline_ms = mon_observer_deadline_ms(instance->observer);
    if (deadline_ms > 0) {
        mx_monitor_tick_within(instance->monitor, deadline_ms > now_ms ? deadline_ms - now_ms : 0);
    }
    if (again) {
        mx_monitor_tick_within(instance->monitor, 0);
    }
    run_operation(instance);
}

size_t
mon_instance_watch(void *context, int *out_fds, size_t max)
{
    return mon_observer_watch(((struct mon_instance *)context)->observer, out_fds, max);
}

void
mon_instance_journal_save(void *context, json_t *journal)
{
    struct mon_instance *instance = context;
    const struct mon_history *history = &instance->history;
    json_t *unlogged = json_array();
    /* an operation may have promoted a server that the next tick only would take over */
    int master = history->next_master != MON_NONE ? history->next_master : history->master;
    (void)json_object_set_new(
        journal, "master_server",
        master != MON_NONE ? json_string(instance->settings.servers[master].name) : json_null());
    (void)json_object_set_new(journal, "master_gtid_domain",
                              history->domain_known ? json_integer(history->domain) : json_null());
    for (size_t i = 0; i < history->count; i++) {
        if (history->servers[i].wrote_without_binlog) {
            (void)json_array_append_new(unlogged, json_string(instance->settings.servers[i].name));
        }
    }
    (void)json_object_set_new(journal, "wrote_without_binlog", unlogged);
}

void
mon_instance_journal_load(void *context, const json_t *journal)
{
    struct mon_instance *instance = context;
    struct mon_history *history = &instance->history;
    const char *master = json_string_value(json_object_get(journal, "master_server"));
    const json_t *domain = json_object_get(journal, "master_gtid_domain");
    const json_t *unlogged = json_object_get(journal, "wrote_without_binlog");
    for (size_t i = 0; i < instance->settings.count; i++) {
        const char *name = instance->settings.servers[i].name;
        if (master != NULL && strcmp(master, name) == 0) {
            history->master = (int)i;
        }
        for (size_t k = 0; k < json_array_size(unlogged); k++) {
            const char *listed = json_string_value(json_array_get(unlogged, k));
            history->servers[i].wrote_without_binlog |= listed != NULL && strcmp(listed, name) == 0;
        }
    }
    if (json_is_integer(domain)) {
        history->domain_known = true;
        history->domain = (uint32_t)json_integer_value(domain);
    }
}
