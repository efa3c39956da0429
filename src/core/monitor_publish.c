/*
 * What monitors tell the rest of the program: server states and facts, diagnostics; and the
 * operator's requests on their way to the servers' states.
 */
#include "core/monitor_run.h"

#include "mx/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROLE_BITS \
    (MX_STATUS_MASTER | MX_STATUS_SLAVE | MX_STATUS_RELAY | MX_STATUS_BLR | MX_STATUS_JOINED)

/* Who is told when a server changes; set once before any thread runs. */
static struct {
    core_server_changed_fn notify;
    void *context;
} listener;

void
core_monitor_on_server_changed(core_server_changed_fn notify, void *context)
{
    listener.notify = notify;
    listener.context = context;
}

void
core_monitor_notify(struct mx_server *server, uint32_t old_status, uint32_t new_status, bool hangup)
{
    if (listener.notify != NULL) {
        listener.notify(server, old_status, new_status, hangup, listener.context);
    }
}

void
core_server_status_changed(struct mx_server *server, uint32_t old_status, uint32_t new_status,
                           bool hangup)
{
    core_monitor_notify(server, old_status, new_status, hangup);
}

static uint32_t
status_of(const struct mx_server *server)
{
    return (uint32_t)mx_atomic_get(&server->rt->status);
}

/* ------------------------------------------------------------------- requests */

static void
log_request(const struct mx_server *server, uint32_t bits, bool clear)
{
    const char *what = NULL;
    if ((bits & MX_STATUS_MAINT) != 0) {
        what = clear ? "comes out of maintenance" : "goes into maintenance";
    } else {
        what = clear ? "is no longer being drained" : "is being drained";
    }
    struct mx_log_ctx ctx = {.object = server->name};
    mx_log_notice(&ctx, "Server '%s' %s.", server->name, what);
}

void
core_monitor_apply_requests(struct mx_monitor *monitor)
{
    for (size_t i = 0; i < monitor->server_count; i++) {
        struct mx_server *server = monitor->servers[i];
        int64_t request = mx_atomic_get(&server->rt->status_request);
        if (request == 0) {
            continue;
        }
        mx_atomic_set(&server->rt->status_request, 0);
        uint32_t bits = (uint32_t)request;
        bool clear = (request & CORE_REQUEST_CLEAR) != 0;
        uint32_t old_status = status_of(server);
        /* it may have become the primary since the request was accepted */
        if (!clear && (request & CORE_REQUEST_MUST) == 0 && (old_status & MX_STATUS_MASTER) != 0 &&
            (bits & monitor->module->monitor->master_refuses) != 0) {
            mx_log_warning(&(struct mx_log_ctx){.object = server->name},
                           "Server '%s' has become the primary meanwhile, its state is not "
                           "changed. Perform a switchover first.",
                           server->name);
            continue;
        }
        uint32_t new_status = clear ? old_status & ~bits : old_status | bits;
        if (new_status == old_status) {
            continue;
        }
        log_request(server, bits, clear);
        mx_atomic_set(&server->rt->status, new_status);
        monitor->rt->is_journal_due = true;
        bool hangup =
            !clear && (bits & MX_STATUS_MAINT) != 0 && (request & CORE_REQUEST_FORCE) != 0;
        core_monitor_notify(server, old_status, new_status, hangup);
    }
}

int
core_monitor_request_status(struct mx_monitor *monitor, struct mx_server *server, uint32_t bits,
                            bool set, bool force, struct mx_err *err)
{
    uint32_t allowed = MX_STATUS_MAINT | MX_STATUS_DRAINING;
    if (bits == 0 || (bits & ~allowed) != 0) {
        return mx_err_text(err,
                           "Server  %s is monitored so only maintenance and drain status can be "
                           "altered manually. Status was not modified.",
                           server->name);
    }
    if (set && (status_of(server) & MX_STATUS_MASTER) != 0 &&
        (bits & monitor->module->monitor->master_refuses) != 0) {
        return mx_err_text(err, "The server is primary, so it cannot be set in maintenance or "
                                "draining mode. First perform a switchover and then retry the "
                                "operation.");
    }
    int64_t request =
        (int64_t)bits | (set ? 0 : CORE_REQUEST_CLEAR) | (force ? CORE_REQUEST_FORCE : 0);
    if (mx_atomic_get(&server->rt->status_request) != 0) {
        mx_log_warning(&(struct mx_log_ctx){.object = server->name},
                       "A request to change the state of '%s' came before the previous one was "
                       "carried out; the newer one counts.",
                       server->name);
    }
    mx_atomic_set(&server->rt->status_request, request);
    int64_t patience_ms =
        2 * (monitor->config.backend_connect_timeout_ms + monitor->config.backend_read_timeout_ms) +
        10000;
    if (core_monitor_wait_tick(monitor, patience_ms) != 0 && !core_monitor_running(monitor)) {
        return mx_err_text(err, "Monitor '%s' stopped before the state was changed.",
                           monitor->name);
    }
    return 0;
}

/* ---------------------------------------------------------------- publication */

static void
replace_text(char **place, const char *text)
{
    if (*place == NULL || text == NULL || strcmp(*place, text) != 0) {
        free(*place);
        *place = text != NULL ? mx_strdup(text) : NULL;
    }
}

static void
store_facts(struct mx_server *server, const struct mx_monitor_report *report)
{
    struct core_server_runtime *rt = server->rt;
    mx_atomic_set(&rt->lag_s, report->lag_s);
    mx_atomic_set(&rt->node_id, report->node_id);
    mx_atomic_set(&rt->master_id, report->master_id);
    if (report->version != 0) {
        mx_atomic_set(&rt->version, report->version);
        mx_atomic_set(&rt->is_mariadb, report->is_mariadb ? 1 : 0);
        mx_atomic_set(&rt->capabilities, (int64_t)report->capabilities);
        mx_atomic_set(&rt->charset, report->charset);
        mx_atomic_set(&rt->ping_us, report->ping_us);
    }
    if (report->uptime_s >= 0) {
        mx_atomic_set(&rt->uptime_s, report->uptime_s);
    }
    (void)pthread_mutex_lock(&rt->lock);
    if (report->variables != NULL) {
        rt->info.variables = *report->variables;
    }
    if (report->version_string != NULL) {
        replace_text(&rt->info.version_string, report->version_string);
    }
    replace_text(&rt->info.gtid_current_pos, report->gtid_current_pos);
    replace_text(&rt->info.gtid_binlog_pos, report->gtid_binlog_pos);
    replace_text(&rt->info.state_details, report->state_details);
    (void)pthread_mutex_unlock(&rt->lock);
}

static void
store_event(struct mx_server *server, const char *event)
{
    (void)pthread_mutex_lock(&server->rt->lock);
    replace_text(&server->rt->info.last_event, event);
    server->rt->info.triggered_at = time(NULL);
    (void)pthread_mutex_unlock(&server->rt->lock);
}

static void
log_change(const struct mx_server *server, uint32_t old_status, uint32_t new_status,
           const char *event, const char *annotation)
{
    char before[128];
    char after[128];
    int64_t connections = mx_server_connections(server);
    struct mx_log_ctx ctx = {.object = server->name};
    core_status_text(old_status, connections, before, sizeof(before));
    core_status_text(new_status, connections, after, sizeof(after));
    const char *address =
        server->config.address != NULL ? server->config.address : server->config.socket;
    mx_log_notice(&ctx, "Server changed state: %s[%s:%" PRId64 "]: %s. [%s] -> [%s]%s%s",
                  server->name, address != NULL ? address : "", server->config.port,
                  event != NULL ? event : "status_changed", before, after,
                  annotation != NULL ? " " : "", annotation != NULL ? annotation : "");
}

/* Usable servers keep their connections; so does one that has a role. */
static bool
must_hang_up(uint32_t new_status)
{
    return (new_status & MX_STATUS_RUNNING) == 0 ||
           ((new_status & ROLE_BITS) == 0 && (new_status & MX_STATUS_MAINT) == 0);
}

/* Not part of what is worth a line in the log. */
#define QUIET_BITS ((uint32_t)MX_STATUS_DISK_SPACE_EXHAUSTED)

void
mx_monitor_publish(struct mx_monitor *monitor, const struct mx_monitor_report *reports)
{
    const char **events = mx_calloc(monitor->server_count + 1, sizeof(*events));
    for (size_t i = 0; i < monitor->server_count; i++) {
        struct mx_server *server = monitor->servers[i];
        const struct mx_monitor_report *report = &reports[i];
        uint32_t old_status = status_of(server);
        int64_t bit = 0;
        store_facts(server, report);
        if (old_status == report->status) {
            continue;
        }
        mx_atomic_set(&server->rt->status, report->status);
        monitor->rt->is_journal_due = true;
        const char *event = core_monitor_event_name(old_status, report->status, &bit);
        if (event != NULL) {
            store_event(server, event);
        }
        if ((old_status & ~QUIET_BITS) != (report->status & ~QUIET_BITS)) {
            log_change(server, old_status, report->status, event, report->annotation);
        }
        core_monitor_notify(server, old_status, report->status, must_hang_up(report->status));
        bool wanted =
            monitor->config.events == CORE_EVENT_ALL || (monitor->config.events & bit) != 0;
        events[i] = wanted ? event : NULL;
    }
    for (size_t i = 0; i < monitor->server_count; i++) {
        if (events[i] != NULL) {
            core_monitor_script_run(monitor, i, events[i]);
        }
    }
    free(events);
}

void
mx_monitor_event(struct mx_monitor *monitor, size_t index, const char *event)
{
    store_event(monitor->servers[index], event);
    core_monitor_script_run(monitor, index, event);
}

/* ---------------------------------------------------------------- diagnostics */

void
mx_monitor_set_diagnostics(struct mx_monitor *monitor, json_t *whole, json_t *servers)
{
    struct core_monitor_runtime *rt = monitor->rt;
    (void)pthread_mutex_lock(&rt->lock);
    json_t *old_whole = rt->diagnostics;
    json_t *old_servers = rt->server_diagnostics;
    rt->diagnostics = whole;
    rt->server_diagnostics = servers;
    (void)pthread_mutex_unlock(&rt->lock);
    json_decref(old_whole);
    json_decref(old_servers);
}

void
mx_monitor_set_state(struct mx_monitor *monitor, const char *state)
{
    (void)pthread_mutex_lock(&monitor->rt->lock);
    monitor->rt->state = state;
    (void)pthread_mutex_unlock(&monitor->rt->lock);
}

json_t *
core_monitor_diagnostics(const struct mx_monitor *monitor)
{
    struct core_monitor_runtime *rt = monitor->rt;
    (void)pthread_mutex_lock(&rt->lock);
    json_t *copy = rt->diagnostics != NULL ? json_deep_copy(rt->diagnostics) : NULL;
    const char *state = rt->state;
    (void)pthread_mutex_unlock(&rt->lock);
    if (copy != NULL) {
        (void)json_object_set_new(copy, "state", json_string(state));
    }
    return copy;
}

static void
add_event(const struct mx_server *server, json_t *to)
{
    char text[64];
    struct tm when;
    (void)pthread_mutex_lock(&server->rt->lock);
    if (server->rt->info.last_event != NULL &&
        gmtime_r(&server->rt->info.triggered_at, &when) != NULL &&
        strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &when) > 0) {
        (void)json_object_set_new(to, "last_event", json_string(server->rt->info.last_event));
        (void)json_object_set_new(to, "triggered_at", json_string(text));
    }
    (void)pthread_mutex_unlock(&server->rt->lock);
}

json_t *
core_monitor_server_diagnostics(const struct mx_monitor *monitor, const struct mx_server *server)
{
    struct core_monitor_runtime *rt = monitor->rt;
    json_t *copy = NULL;
    (void)pthread_mutex_lock(&rt->lock);
    for (size_t i = 0; i < monitor->server_count && rt->server_diagnostics != NULL; i++) {
        if (mx_server_same(monitor->servers[i], server)) {
            copy = json_deep_copy(json_array_get(rt->server_diagnostics, i));
        }
    }
    (void)pthread_mutex_unlock(&rt->lock);
    if (copy != NULL) {
        (void)json_object_set_new(copy, "node_id",
                                  json_integer(mx_atomic_get(&server->rt->node_id)));
        (void)json_object_set_new(copy, "master_id",
                                  json_integer(mx_atomic_get(&server->rt->master_id)));
        add_event(server, copy);
    }
    return copy;
}
