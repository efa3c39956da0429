/* Verdicts per operation, by making the plan without executing it; and what changed since. */
#include "readiness.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *
mon_operation_name(enum mon_operation operation)
{
    static const char *const names[] = {"failover", "switchover", "rejoin"};
    return operation < MON_OPERATION_COUNT ? names[operation] : "?";
}

void
mon_find(struct mon_readiness *to, int server, uint32_t operations, bool is_blocker, const char *id,
         char *fix, const char *reason, ...)
{
    va_list args;
    char *text = NULL;
    va_start(args, reason);
    if (vasprintf(&text, reason, args) < 0) {
        MX_BUG("no memory for a finding");
    }
    va_end(args);
    if (to->count == to->capacity) {
        to->capacity = to->capacity == 0 ? 8 : to->capacity * 2;
        to->findings = mx_realloc(to->findings, to->capacity * sizeof(*to->findings));
    }
    to->findings[to->count] = (struct mon_finding){.server = server,
                                                   .operations = operations,
                                                   .is_blocker = is_blocker,
                                                   .id = id,
                                                   .reason = text};
    to->findings[to->count++].fix = fix;
}

void
mon_readiness_fini(struct mon_readiness *readiness)
{
    for (size_t i = 0; i < readiness->count; i++) {
        free(readiness->findings[i].reason);
        free(readiness->findings[i].fix);
    }
    free(readiness->findings);
    for (size_t i = 0; i < MON_OPERATION_COUNT; i++) {
        free(readiness->verdicts[i].summary);
    }
    memset(readiness, 0, sizeof(*readiness));
}

/* ------------------------------------------------------------------- dry runs */

/* The texts of what refused a plan, joined. */
static char *
join(const struct mon_messages *messages)
{
    struct mx_str out = {0};
    for (size_t i = 0; i < messages->count; i++) {
        mx_str_printf(&out, "%s%s", out.len > 0 ? " " : "", messages->items[i].text);
    }
    return mx_str_give(&out);
}

static const struct mon_finding *
first_blocker(const struct mon_readiness *readiness, enum mon_operation operation)
{
    for (size_t i = 0; i < readiness->count; i++) {
        const struct mon_finding *f = &readiness->findings[i];
        if (f->is_blocker && (f->operations >> operation & 1u) != 0) {
            return f;
        }
    }
    return NULL;
}

/* What the dry run said becomes a finding when no more precise one explains it. */
static void
conclude(struct mon_readiness *out, enum mon_operation operation, bool possible, char *reason,
         char *when_ready)
{
    struct mon_verdict *verdict = &out->verdicts[operation];
    if (!possible && first_blocker(out, operation) == NULL) {
        mon_find(out, MON_NONE, 1u << operation, true, "not_possible",
                 mx_strdup("See the reason; the operation becomes possible as soon as it is gone."),
                 "%s", reason);
    }
    const struct mon_finding *blocker = first_blocker(out, operation);
    verdict->is_ready = blocker == NULL;
    if (blocker == NULL) {
        verdict->summary = when_ready;
        when_ready = NULL;
    } else {
        verdict->summary = mx_asprintf("%s Fix: %s", blocker->reason, blocker->fix);
    }
    free(reason);
    free(when_ready);
}

static const char *
name_or_none(const struct mon_view *view, int server)
{
    return server == MON_NONE ? "none" : mon_view_name(view, (size_t)server);
}

/* As if the primary had died just now; or for real when it is down. */
static void
judge_failover(const struct mon_view *view, struct mon_readiness *out)
{
    const struct mon_config *config = view->settings->config;
    int master = view->history->master;
    struct mon_messages notes = {0};
    struct mon_messages errors = {0};
    struct mon_plan plan = {0};
    size_t n = view->obs->count;
    struct mon_server_obs *servers = mx_calloc(n + 1, sizeof(*servers));
    struct mon_server_state *states = mx_calloc(n + 1, sizeof(*states));
    memcpy(servers, view->obs->servers, n * sizeof(*servers));
    memcpy(states, view->states, n * sizeof(*states));
    if (master != MON_NONE) {
        servers[master].link = MON_LINK_REFUSED;
        states[master].status &= ~(uint32_t)(MX_STATUS_RUNNING | MX_STATUS_MASTER);
    }
    struct mon_observation obs = {n, servers};
    struct mon_view dead = *view;
    dead.obs = &obs;
    dead.states = states;
    dead.messages = &notes;
    dead.errors = &errors;
    bool safe = config->auto_failover == MON_FAILOVER_SAFE;
    enum mon_answer answer = mon_failover_plan(&dead, MON_MODE_AUTO, safe, &plan);
    char *ready = NULL;
    if (answer == MON_ANSWER_YES) {
        ready = mx_asprintf("'%s' would take over from '%s'%s.",
                            name_or_none(view, plan.new_master), name_or_none(view, master),
                            config->auto_failover == MON_FAILOVER_OFF
                                ? ", by command only because auto_failover is off"
                                : "");
    } else {
        ready = mx_strdup("A replica would take over as soon as it has applied what it received.");
    }
    conclude(out, MON_OPERATION_FAILOVER, answer != MON_ANSWER_NO, join(&errors), ready);
    mon_plan_fini(&plan);
    mon_messages_fini(&notes);
    mon_messages_fini(&errors);
    free(servers);
    free(states);
}

static void
judge_switchover(const struct mon_view *view, struct mon_readiness *out)
{
    struct mon_messages notes = {0};
    struct mon_messages errors = {0};
    struct mon_plan plan = {0};
    struct mon_switchover what = {MON_NONE, MON_NONE, MON_MODE_MANUAL, false};
    struct mon_view dry = *view;
    dry.messages = &notes;
    dry.errors = &errors;
    enum mon_answer answer = mon_switchover_plan(&dry, &what, &plan);
    char *ready = mx_asprintf("'%s' could take over from '%s'.",
                              name_or_none(view, plan.kind != 0 ? plan.new_master : MON_NONE),
                              name_or_none(view, plan.kind != 0 ? plan.old_master : MON_NONE));
    conclude(out, MON_OPERATION_SWITCHOVER, answer == MON_ANSWER_YES, join(&errors), ready);
    mon_plan_fini(&plan);
    mon_messages_fini(&notes);
    mon_messages_fini(&errors);
}

static void
judge_rejoin(const struct mon_view *view, struct mon_readiness *out)
{
    const char *how = view->settings->config->auto_rejoin
                          ? "A server that comes back would rejoin by itself."
                          : "A server that comes back could rejoin, by command only because "
                            "auto_rejoin is off.";
    bool possible = view->history->master != MON_NONE;
    conclude(out, MON_OPERATION_REJOIN, possible, mx_strdup("The cluster has no primary."),
             mx_strdup(how));
}

/* -------------------------------------------------------------------- changes */

static bool
same_finding(const struct mon_finding *a, const struct mon_finding *b)
{
    return a->server == b->server && a->operations == b->operations &&
           a->is_blocker == b->is_blocker && strcmp(a->id, b->id) == 0 &&
           strcmp(a->fix, b->fix) == 0;
}

static bool
contains(const struct mon_readiness *in, const struct mon_finding *wanted)
{
    for (size_t i = 0; i < in->count; i++) {
        if (same_finding(&in->findings[i], wanted)) {
            return true;
        }
    }
    return false;
}

static void
operation_words(uint32_t operations, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < MON_OPERATION_COUNT && used < size; i++) {
        if ((operations >> i & 1u) != 0) {
            int n = snprintf(out + used, size - used, "%s%s", used > 0 ? ", " : "",
                             mon_operation_name((enum mon_operation)i));
            used += n > 0 ? (size_t)n : 0;
        }
    }
}

static void
tell_changes(const struct mon_settings *settings, const struct mon_readiness *old,
             const struct mon_readiness *new, struct mon_messages *messages)
{
    char words[64];
    for (size_t i = 0; i < new->count; i++) {
        const struct mon_finding *f = &new->findings[i];
        if (contains(old, f)) {
            continue;
        }
        operation_words(f->operations, words, sizeof(words));
        mon_say(messages, MX_LOG_WARNING, "%s %s: %s Fix: %s",
                f->is_blocker ? "Blocks" : "Risk for", words, f->reason, f->fix);
    }
    for (size_t i = 0; i < old->count; i++) {
        const struct mon_finding *f = &old->findings[i];
        if (!contains(new, f)) {
            mon_say(messages, MX_LOG_NOTICE, "Resolved (%s%s%s): %s", f->id,
                    f->server == MON_NONE ? "" : ", ",
                    f->server == MON_NONE ? "" : settings->servers[f->server].name, f->reason);
        }
    }
    for (int i = 0; i < MON_OPERATION_COUNT; i++) {
        bool changed = !old->is_known || old->verdicts[i].is_ready != new->verdicts[i].is_ready;
        if (changed && new->verdicts[i].is_ready) {
            mon_say(messages, MX_LOG_NOTICE, "Ready for %s: %s",
                    mon_operation_name((enum mon_operation)i), new->verdicts[i].summary);
        } else if (changed) {
            mon_say(messages, MX_LOG_WARNING, "NOT READY for %s: %s",
                    mon_operation_name((enum mon_operation)i), new->verdicts[i].summary);
        }
    }
}

void
mon_readiness_update(struct mon_readiness *readiness, const struct mon_settings *settings,
                     const struct mon_history *history, const struct mon_observation *obs,
                     const struct mon_decision *decision, int64_t now_ms,
                     struct mon_messages *messages)
{
    struct mon_readiness now = {.is_known = true};
    struct mon_messages unused = {0};
    struct mon_view view = {settings,          history, obs,     &decision->topology,
                            decision->servers, now_ms,  &unused, &unused};
    for (size_t i = 0; i < obs->count; i++) {
        mon_readiness_server(&view, i, &now);
        mon_readiness_grants(&view, i, &now);
    }
    judge_failover(&view, &now);
    judge_switchover(&view, &now);
    judge_rejoin(&view, &now);
    tell_changes(settings, readiness, &now, messages);
    mon_messages_fini(&unused);
    mon_readiness_fini(readiness);
    *readiness = now;
}
