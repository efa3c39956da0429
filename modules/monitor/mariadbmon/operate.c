/* Operations: the automatic ones that decide asked for, and the operator's commands. */
#include "instance.h"

#include "mx/timer.h"
#include "world.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* Sleeps in small pieces so that a cancelled operation ends soon. */
static void
pause_ms(const struct mon_instance *instance, int64_t ms)
{
    int64_t end_ms = mx_now_ms() + ms;
    while (mx_now_ms() < end_ms && !mx_monitor_cancelled(instance->monitor)) {
        int64_t left = end_ms - mx_now_ms();
        (void)poll(NULL, 0, left > 50 ? 50 : (int)left);
    }
}

static const char *
server_name(const struct mon_instance *instance, int server)
{
    return server == MON_NONE ? "-" : instance->settings.servers[server].name;
}

static void
say_success(const struct mon_instance *instance, const struct mon_act *act,
            struct mon_messages *messages)
{
    const struct mon_plan *plan = act->plan;
    switch (plan->kind) {
    case MON_PLAN_NONE:
        return;
    case MON_PLAN_FAILOVER:
    case MON_PLAN_SWITCHOVER:
        mon_say(messages, MX_LOG_NOTICE, "%s '%s' -> '%s' performed.",
                plan->kind == MON_PLAN_FAILOVER ? "Failover" : "Switchover",
                server_name(instance, plan->old_master), server_name(instance, plan->new_master));
        return;
    case MON_PLAN_RESET:
        mon_say(messages, MX_LOG_NOTICE, "Replication was reset, '%s' is the primary.",
                server_name(instance, plan->new_master));
        return;
    case MON_PLAN_REJOIN:
        mon_say(messages, MX_LOG_NOTICE, "%zu server(s) redirected or rejoined the cluster.",
                act->changed_groups);
        return;
    case MON_PLAN_ENFORCE:
        for (size_t i = 0; i < plan->steps.count; i++) {
            const struct mon_step *step = &plan->steps.items[i];
            mon_say(messages, MX_LOG_NOTICE, "read_only of '%s' was set to %s.",
                    server_name(instance, (int)step->server),
                    step->op == MON_OP_READ_ONLY_ON ? "ON" : "OFF");
        }
        return;
    }
}

static void
say_failure(const struct mon_act *act, enum mon_act_status status, bool delayed,
            struct mon_messages *messages)
{
    const struct mon_plan *plan = act->plan;
    mon_say(messages, MX_LOG_ERROR, "The %s failed: %s.%s%s", mon_plan_name(plan), act->error,
            status == MON_ACT_INVALID
                ? " It could not be undone either: the cluster may be in an invalid state, see the "
                  "errors above."
                : "",
            delayed ? " Automatic operations pause for failcount ticks." : "");
    if (plan->kind == MON_PLAN_RESET) {
        mon_say(messages, MX_LOG_ERROR,
                "Replication may have been reset on some servers and not on others.");
    }
}

/* The same failure again and again is in the log once. */
static void
log_outcome(struct mon_instance *instance, const struct mon_plan *plan, bool failed,
            const struct mon_messages *messages)
{
    struct mx_str all = {0};
    for (size_t i = 0; i < messages->count; i++) {
        mx_str_printf(&all, "%s\n", messages->items[i].text);
    }
    bool repeated = failed && plan->automatic && instance->last_failure != NULL &&
                    strcmp(instance->last_failure, mx_str_text(&all)) == 0;
    if (!repeated) {
        mon_instance_log(instance, messages);
    }
    if (failed && plan->automatic) {
        free(instance->last_failure);
        instance->last_failure = mx_strdup(mx_str_text(&all));
    } else if (plan->kind != MON_PLAN_ENFORCE) {
        free(instance->last_failure);
        instance->last_failure = NULL;
    }
    mx_str_free(&all);
}

static void
add_texts(const struct mon_messages *messages, enum mx_log_level worst, json_t *out)
{
    for (size_t i = 0; out != NULL && i < messages->count; i++) {
        if (messages->items[i].level <= worst) {
            (void)json_array_append_new(out, json_string(messages->items[i].text));
        }
    }
}

bool
mon_instance_execute(struct mon_instance *instance, const struct mon_plan *plan,
                     const struct mon_messages *preface, json_t *out_errors)
{
    struct mon_messages messages = {0};
    struct mon_world bound;
    struct mon_act act;
    enum mon_act_status status = MON_ACT_RUNNING;
    struct mon_real_world *world =
        mon_world_new(instance->monitor, &instance->settings, instance->observer, plan->timeout_ms,
                      mon_instance_role, instance);
    if (preface != NULL) {
        mon_instance_log(instance, preface);
    }
    mon_world_bind(world, &bound);
    mon_act_init(&act, plan, &instance->settings, &messages, mx_now_ms());
    while (status == MON_ACT_RUNNING) {
        const struct mon_step *step = mon_act_step(&act);
        if (step != NULL) {
            mx_monitor_set_state(instance->monitor, mon_plan_state_text(plan, step));
        }
        status = mon_act_next(&act, &bound);
        if (status == MON_ACT_RUNNING && act.wait_ms > 0) {
            pause_ms(instance, act.wait_ms);
        }
    }
    mon_world_free(world);
    bool failed = status != MON_ACT_DONE;
    if (failed) {
        say_failure(&act, status, plan->automatic || plan->kind == MON_PLAN_SWITCHOVER, &messages);
    } else {
        say_success(instance, &act, &messages);
    }
    mon_decide_plan_ended(&instance->settings, &instance->history, plan, act.succeeded,
                          failed || (plan->automatic && act.failed_groups > 0), mx_now_ms());
    log_outcome(instance, plan, failed, &messages);
    if (failed) {
        add_texts(&messages, MX_LOG_WARNING, out_errors);
    }
    mon_messages_fini(&messages);
    return !failed;
}

/* -------------------------------------------------------------------- commands */

/* The server an argument names; MON_NONE when it was left out; false: unknown. */
static bool
server_argument(const struct mon_instance *instance, const json_t *arguments, const char *key,
                int *out, json_t *errors)
{
    const char *name = json_string_value(json_object_get(arguments, key));
    *out = MON_NONE;
    if (name == NULL) {
        return true;
    }
    for (size_t i = 0; i < instance->settings.count; i++) {
        if (strcmp(instance->settings.servers[i].name, name) == 0) {
            *out = (int)i;
            return true;
        }
    }
    char *text = mx_asprintf("Server '%s' is not monitored by '%s'.", name,
                             mx_monitor_name(instance->monitor));
    (void)json_array_append_new(errors, json_string(text));
    free(text);
    return false;
}

static enum mon_answer
make_plan(const struct mon_instance *instance, const char *name, const json_t *arguments,
          const struct mon_view *view, struct mon_plan *plan, json_t *errors)
{
    int first = MON_NONE;
    int second = MON_NONE;
    if (!server_argument(instance, arguments, "server", &first, errors) ||
        !server_argument(instance, arguments, "old_primary", &second, errors)) {
        return MON_ANSWER_NO;
    }
    if (strcmp(name, "failover") == 0 || strcmp(name, "failover-safe") == 0) {
        return mon_failover_plan(view, MON_MODE_MANUAL, strcmp(name, "failover-safe") == 0, plan);
    }
    if (strcmp(name, "rejoin") == 0) {
        return mon_rejoin_plan(view, MON_MODE_MANUAL, first, plan);
    }
    if (strcmp(name, "reset-replication") == 0) {
        return mon_reset_plan(view, first, plan);
    }
    struct mon_switchover what = {
        .new_master = first,
        .old_master = second,
        .mode = strcmp(name, "switchover-force") == 0 ? MON_MODE_FORCE : MON_MODE_MANUAL,
        .old_to_maintenance = json_is_true(json_object_get(arguments, "old_primary_maint")),
    };
    return mon_switchover_plan(view, &what, plan);
}

int
mon_instance_command(void *context, const char *name, const json_t *arguments, json_t **out_json,
                     json_t *out_errors)
{
    struct mon_instance *instance = context;
    struct mon_messages notes = {0};
    struct mon_messages errors = {0};
    struct mon_plan plan = {0};
    int rc = -1;
    (void)out_json;
    if (instance->settings.passive) {
        (void)json_array_append_new(
            out_errors, json_string("This MaxScale is passive and changes nothing in the cluster. "
                                    "First run: maxctrl alter maxscale passive false"));
        return -1;
    }
    struct mon_view view = {&instance->settings,
                            &instance->history,
                            mon_observer_observation(instance->observer),
                            &instance->decision.topology,
                            instance->decision.servers,
                            mx_now_ms(),
                            &notes,
                            &errors};
    switch (make_plan(instance, name, arguments, &view, &plan, out_errors)) {
    case MON_ANSWER_YES:
        rc = mon_instance_execute(instance, &plan, &notes, out_errors) ? 0 : -1;
        break;
    case MON_ANSWER_WAIT:
        mon_say(&errors, MX_LOG_ERROR, "The %s was not performed, try again later.", name);
        break;
    case MON_ANSWER_NO:
        break;
    }
    add_texts(&errors, MX_LOG_NOTICE, out_errors);
    mon_instance_log(instance, &errors);
    mx_monitor_tick_within(instance->monitor, 0);
    mon_messages_fini(&notes);
    mon_messages_fini(&errors);
    mon_plan_fini(&plan);
    return rc;
}
