/* What leaves the monitor: states and facts, log lines, diagnostics. */
#include "instance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ------------------------------------------------------------------------ log */

static bool
was_said(const struct mon_instance *instance, const char *text)
{
    for (size_t i = 0; i < instance->sticky_count; i++) {
        if (strcmp(instance->sticky[i], text) == 0) {
            return true;
        }
    }
    return false;
}

/* Sticky texts of this list replace those of the tick before. */
static void
keep_sticky(struct mon_instance *instance, const struct mon_messages *messages)
{
    char **kept = mx_calloc(messages->count + 1, sizeof(*kept));
    size_t n = 0;
    for (size_t i = 0; i < messages->count; i++) {
        if (messages->items[i].sticky) {
            kept[n++] = mx_strdup(messages->items[i].text);
        }
    }
    for (size_t i = 0; i < instance->sticky_count; i++) {
        free(instance->sticky[i]);
    }
    free(instance->sticky);
    instance->sticky = kept;
    instance->sticky_count = n;
}

/* Repeated messages are throttled by place in the source; here the text is the place. */
static int
place_of(const char *text)
{
    uint32_t hash = 2166136261u;
    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    }
    return (int)(hash >> 1);
}

void
mon_instance_log(struct mon_instance *instance, const struct mon_messages *messages)
{
    struct mx_log_ctx ctx = {.module = "mariadbmon", .object = mx_monitor_name(instance->monitor)};
    for (size_t i = 0; i < messages->count; i++) {
        const struct mon_message *message = &messages->items[i];
        if ((!message->sticky || !was_said(instance, message->text)) &&
            mx_log_enabled(message->level, &ctx)) {
            mx_log_write(message->level, &ctx, __FILE__, place_of(message->text), __func__, "%s",
                         message->text);
        }
    }
    if (messages == &instance->decision.messages) {
        keep_sticky(instance, messages);
    }
}

/* -------------------------------------------------------------------- publish */

static void
add_detail(struct mx_str *out, const char *text)
{
    mx_str_printf(out, "%s%s", out->len > 0 ? ", " : "", text);
}

/* Why the server is not what it should be; NULL when there is nothing to say. */
static char *
details_of(const struct mon_instance *instance, size_t server)
{
    struct mx_str out = {0};
    const struct mon_server_obs *s = &mon_observer_observation(instance->observer)->servers[server];
    uint32_t status = instance->decision.servers[server].status;
    if (mon_obs_running(s) && instance->decision.topology.external[server]) {
        add_detail(&out, "Slave of External Server");
    }
    if ((status & MX_STATUS_DISK_SPACE_EXHAUSTED) != 0) {
        add_detail(&out, "Low disk space");
    }
    for (size_t i = 0; i < instance->readiness.count; i++) {
        const struct mon_finding *f = &instance->readiness.findings[i];
        bool tells = strcmp(f->id, "not_rejoined") == 0 || strcmp(f->id, "diverged") == 0 ||
                     strcmp(f->id, "many_connections") == 0;
        if (f->server == (int)server && tells) {
            mx_str_printf(&out, "%s%s %s", out.len > 0 ? ", " : "", f->reason, f->fix);
        }
    }
    return out.len > 0 ? mx_str_give(&out) : NULL;
}

static void
fill_report(struct mon_instance *instance, size_t i)
{
    const struct mon_server_obs *s = &mon_observer_observation(instance->observer)->servers[i];
    const struct mon_server_state *state = &instance->decision.servers[i];
    struct mx_monitor_report *report = &instance->reports[i];
    mon_gtid_print(&s->gtid_current, instance->gtid_current[i], MON_GTID_TEXT_MAX);
    mon_gtid_print(&s->gtid_binlog, instance->gtid_binlog[i], MON_GTID_TEXT_MAX);
    free(instance->details[i]);
    instance->details[i] = details_of(instance, i);
    bool running = mon_obs_running(s) && s->known;
    *report = (struct mx_monitor_report){
        .status = state->status,
        .lag_s = state->lag_s,
        .node_id = s->server_id,
        .master_id = state->master_id,
        .version = running ? s->version : 0,
        .is_mariadb = s->type == MON_TYPE_MARIADB,
        .capabilities = s->capabilities,
        .charset = s->charset,
        .uptime_s = running ? s->uptime_s : -1,
        .ping_us = s->ping_us,
        .variables = s->has_settings ? &s->variables : NULL,
        .version_string = running ? s->version_string : NULL,
        .gtid_current_pos = s->gtid_current.count > 0 ? instance->gtid_current[i] : NULL,
        .gtid_binlog_pos = s->gtid_binlog.count > 0 ? instance->gtid_binlog[i] : NULL,
        .state_details = instance->details[i],
    };
}

void
mon_instance_publish(struct mon_instance *instance)
{
    for (size_t i = 0; i < instance->settings.count; i++) {
        fill_report(instance, i);
    }
    mx_monitor_publish(instance->monitor, instance->reports);
}

void
mon_instance_role(void *context, const struct mon_step *step)
{
    struct mon_instance *instance = context;
    struct mx_monitor_report *report = &instance->reports[step->server];
    const uint32_t roles = MX_STATUS_MASTER | MX_STATUS_SLAVE | MX_STATUS_RELAY;
    bool was_draining = (instance->decision.servers[step->server].status & MX_STATUS_DRAINING) != 0;
    if (step->op == MON_OP_ROLE_OUT) {
        report->status = (report->status & ~roles) | MX_STATUS_DRAINING;
    } else if (step->op == MON_OP_ROLE_BACK) {
        report->status &= was_draining ? UINT32_MAX : ~(uint32_t)MX_STATUS_DRAINING;
    } else if (step->op == MON_OP_MAINTENANCE) {
        report->status |= MX_STATUS_MAINT;
    } else if (step->op == MON_OP_SUCCESS && instance->history.master != MON_NONE) {
        /* clients find the new primary before its replicas have been redirected */
        instance->reports[instance->history.master].status &= ~(uint32_t)MX_STATUS_MASTER;
        report->status = (report->status & ~roles) | MX_STATUS_MASTER;
        report->lag_s = 0;
    }
    mx_monitor_publish(instance->monitor, instance->reports);
}

/* ---------------------------------------------------------------- diagnostics */

static const char *
io_text(enum mon_io io)
{
    switch (io) {
    case MON_IO_NO:
        break;
    case MON_IO_CONNECTING:
        return "Connecting";
    case MON_IO_YES:
        return "Yes";
    }
    return "No";
}

static const char *
gtid_mode_text(enum mon_gtid_mode mode)
{
    switch (mode) {
    case MON_GTID_NO:
        break;
    case MON_GTID_SLAVE_POS:
        return "Slave_Pos";
    case MON_GTID_CURRENT_POS:
        return "Current_Pos";
    }
    return "No";
}

static void
set(json_t *to, const char *key, json_t *value)
{
    (void)json_object_set_new(to, key, value);
}

static json_t *
slave_json(const struct mon_instance *instance, const struct mon_slave *slave)
{
    char gtid[MON_GTID_TEXT_MAX];
    json_t *out = json_object();
    int source = mon_topology_source(&instance->settings,
                                     mon_observer_observation(instance->observer), slave);
    mon_gtid_print(&slave->gtid_io_pos, gtid, sizeof(gtid));
    set(out, "connection_name", json_string(slave->name));
    set(out, "gtid_io_pos", json_string(gtid));
    set(out, "last_io_error", json_string(slave->io_error));
    set(out, "last_sql_error", json_string(slave->sql_error));
    set(out, "master_host", json_string(slave->host));
    set(out, "master_port", json_integer(slave->port));
    set(out, "master_server_id", json_integer(slave->source_id));
    if (source != MON_NONE) {
        set(out, "master_server_name", json_string(instance->settings.servers[source].name));
    }
    set(out, "seconds_behind_master", slave->lag_s < 0 ? json_null() : json_integer(slave->lag_s));
    set(out, "slave_io_running", json_string(io_text(slave->io)));
    set(out, "slave_sql_running", json_string(slave->sql ? "Yes" : "No"));
    set(out, "using_gtid", json_string(gtid_mode_text(slave->gtid_mode)));
    return out;
}

static json_t *
text_or_null(const char *text)
{
    return text != NULL ? json_string(text) : json_null();
}

static json_t *
server_json(const struct mon_instance *instance, size_t i)
{
    const struct mon_server_obs *s = &mon_observer_observation(instance->observer)->servers[i];
    int group = instance->decision.topology.group[i];
    json_t *out = json_object();
    json_t *slaves = json_array();
    set(out, "name", json_string(instance->settings.servers[i].name));
    set(out, "server_id", json_integer(s->server_id));
    set(out, "read_only", json_boolean(s->read_only));
    set(out, "gtid_current_pos", text_or_null(instance->reports[i].gtid_current_pos));
    set(out, "gtid_binlog_pos", text_or_null(instance->reports[i].gtid_binlog_pos));
    set(out, "master_group", group > 0 ? json_integer(group) : json_null());
    set(out, "lock_held", json_null());
    if (instance->details[i] != NULL) {
        set(out, "state_details", json_string(instance->details[i]));
    }
    for (size_t k = 0; k < s->slave_count; k++) {
        (void)json_array_append_new(slaves, slave_json(instance, &s->slaves[k]));
    }
    set(out, "slave_connections", slaves);
    return out;
}

static json_t *
finding_json(const struct mon_instance *instance, const struct mon_finding *finding)
{
    json_t *out = json_object();
    json_t *operations = json_array();
    for (int i = 0; i < MON_OPERATION_COUNT; i++) {
        if ((finding->operations >> i & 1u) != 0) {
            (void)json_array_append_new(operations,
                                        json_string(mon_operation_name((enum mon_operation)i)));
        }
    }
    set(out, "server",
        finding->server == MON_NONE
            ? json_null()
            : json_string(instance->settings.servers[finding->server].name));
    set(out, "operation", operations);
    set(out, "severity", json_string(finding->is_blocker ? "blocker" : "warning"));
    set(out, "id", json_string(finding->id));
    set(out, "reason", json_string(finding->reason));
    set(out, "fix", json_string(finding->fix));
    return out;
}

static json_t *
readiness_json(const struct mon_instance *instance)
{
    const struct mon_readiness *readiness = &instance->readiness;
    json_t *out = json_object();
    json_t *operations = json_array();
    json_t *findings = json_array();
    char when[64] = "";
    time_t now = time(NULL);
    struct tm parts;
    if (gmtime_r(&now, &parts) == NULL ||
        strftime(when, sizeof(when), "%a, %d %b %Y %H:%M:%S GMT", &parts) == 0) {
        when[0] = '\0';
    }
    for (int i = 0; i < MON_OPERATION_COUNT; i++) {
        json_t *one = json_object();
        const char *summary = readiness->verdicts[i].summary;
        set(one, "operation", json_string(mon_operation_name((enum mon_operation)i)));
        set(one, "ready", json_boolean(readiness->verdicts[i].is_ready));
        set(one, "summary", json_string(summary != NULL ? summary : ""));
        (void)json_array_append_new(operations, one);
    }
    for (size_t i = 0; i < readiness->count; i++) {
        (void)json_array_append_new(findings, finding_json(instance, &readiness->findings[i]));
    }
    set(out, "checked_at", json_string(when));
    set(out, "operations", operations);
    set(out, "findings", findings);
    return out;
}

void
mon_instance_diagnostics(struct mon_instance *instance)
{
    const struct mon_history *history = &instance->history;
    json_t *whole = json_object();
    json_t *info = json_array();
    json_t *servers = json_array();
    for (size_t i = 0; i < instance->settings.count; i++) {
        (void)json_array_append_new(info, server_json(instance, i));
        (void)json_array_append_new(servers, server_json(instance, i));
    }
    set(whole, "master",
        history->master == MON_NONE
            ? json_null()
            : json_string(instance->settings.servers[history->master].name));
    set(whole, "master_gtid_domain_id",
        history->domain_known ? json_integer(history->domain) : json_null());
    set(whole, "primary", json_null());
    set(whole, "server_info", info);
    set(whole, "readiness", readiness_json(instance));
    mx_monitor_set_diagnostics(instance->monitor, whole, servers);
}
