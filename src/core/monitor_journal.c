/*
 * The journal: what a monitor knew when it ended, so that a restart does not begin from nothing.
 * <datadir>/<monitor>_journal.json, replaced in one step.
 */
#include "core/monitor_run.h"

#include "base/file.h"
#include "mx/log.h"
#include "mx/timer.h"
#include "mx_build.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define JOURNAL_LIMIT_BYTES ((size_t)1024 * 1024)
#define SAVE_EVERY_MS       ((int64_t)5 * 60 * 1000)
#define FORGOTTEN_BITS      ((uint32_t)(MX_STATUS_AUTH_ERROR | MX_STATUS_NEED_DNS))

/* The path in the data folder, to be freed; NULL when there is none. */
static char *
data_path(const struct mx_monitor *monitor, const char *suffix)
{
    char *path = NULL;
    const struct core_registry *registry = core_registry_ref();
    if (registry != NULL && registry->globals != NULL && registry->globals->datadir != NULL) {
        path = mx_asprintf("%s/%s%s", registry->globals->datadir, monitor->name, suffix);
    }
    if (registry != NULL) {
        core_registry_unref(registry);
    }
    return path;
}

/* 1.2.3 -> 10203 */
static int64_t
version_number(void)
{
    int64_t number = 0;
    const char *at = MX_VERSION;
    for (int part = 0; part < 3; part++) {
        char *end = NULL;
        number = number * 100 + strtol(at, &end, 10);
        at = *end == '.' ? end + 1 : end;
    }
    return number;
}

/* NULL: the journal may be used. */
static const char *
why_invalid(const struct mx_monitor *monitor, const json_t *journal, int64_t now_s)
{
    const char *module = json_string_value(json_object_get(journal, "module"));
    const json_t *servers = json_object_get(journal, "servers");
    int64_t age_s = now_s - json_integer_value(json_object_get(journal, "timestamp"));
    if (module == NULL || strcmp(module, monitor->module->name) != 0) {
        return "it was written by another module";
    }
    if (json_integer_value(json_object_get(journal, "maxscale_version")) != version_number()) {
        return "it was written by another version of the program";
    }
    if (age_s < 0 || age_s > monitor->config.journal_max_age_ms / 1000) {
        return "it is older than journal_max_age";
    }
    if (json_array_size(servers) != monitor->server_count) {
        return "it describes other servers";
    }
    for (size_t i = 0; i < monitor->server_count; i++) {
        const char *name = json_string_value(json_object_get(json_array_get(servers, i), "name"));
        if (name == NULL || strcmp(name, monitor->servers[i]->name) != 0) {
            return "it describes other servers";
        }
    }
    return NULL;
}

static void
take_over(struct mx_monitor *monitor, const json_t *journal)
{
    const json_t *servers = json_object_get(journal, "servers");
    for (size_t i = 0; i < monitor->server_count; i++) {
        int64_t status = json_integer_value(json_object_get(json_array_get(servers, i), "status"));
        mx_atomic_set(&monitor->servers[i]->rt->status, (uint32_t)status & ~FORGOTTEN_BITS);
    }
    if (monitor->module->monitor->journal_load != NULL) {
        monitor->module->monitor->journal_load(monitor->rt->instance, journal);
    }
}

void
core_monitor_journal_load(struct mx_monitor *monitor)
{
    char *old_path = data_path(monitor, "/monitor.dat");
    char *path = data_path(monitor, "_journal.json");
    struct mx_log_ctx ctx = {.object = monitor->name};
    char *bytes = NULL;
    size_t len = 0;
    struct mx_err err = {0};
    json_t *journal = NULL;
    const char *reason = NULL;
    if (old_path != NULL) {
        (void)unlink(old_path);
    }
    if (path == NULL || access(path, F_OK) != 0) {
        goto out;
    }
    if (base_file_read(path, JOURNAL_LIMIT_BYTES, &bytes, &len, &err) != 0) {
        mx_log_warning(&ctx, "Journal '%s' cannot be read and is ignored: %s", path, err.text);
        goto out;
    }
    journal = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);
    reason = journal == NULL ? "it is not valid JSON"
                             : why_invalid(monitor, journal, mx_wall_now() / 1000);
    if (reason == NULL) {
        take_over(monitor, journal);
    } else {
        mx_log_warning(&ctx, "Journal '%s' is ignored: %s.", path, reason);
    }
    json_decref(journal);
out:
    free(bytes);
    free(path);
    free(old_path);
}

void
core_monitor_journal_save(struct mx_monitor *monitor)
{
    char *path = data_path(monitor, "_journal.json");
    struct mx_err err = {0};
    if (path == NULL) {
        return;
    }
    json_t *servers = json_array();
    for (size_t i = 0; i < monitor->server_count; i++) {
        uint32_t status = (uint32_t)mx_atomic_get(&monitor->servers[i]->rt->status);
        (void)json_array_append_new(servers,
                                    json_pack("{s:s, s:I}", "name", monitor->servers[i]->name,
                                              "status", (json_int_t)status));
    }
    json_t *journal = json_pack("{s:s, s:I, s:I, s:o}", "module", monitor->module->name,
                                "maxscale_version", (json_int_t)version_number(), "timestamp",
                                (json_int_t)(mx_wall_now() / 1000), "servers", servers);
    if (monitor->module->monitor->journal_save != NULL) {
        monitor->module->monitor->journal_save(monitor->rt->instance, journal);
    }
    char *text = json_dumps(journal, JSON_INDENT(2));
    if (text != NULL && base_file_replace(path, text, strlen(text), 0644, &err) != 0) {
        mx_log_error(&(struct mx_log_ctx){.object = monitor->name},
                     "Journal '%s' cannot be written, a restart will not know the present states: "
                     "%s",
                     path, err.text);
    }
    free(text);
    json_decref(journal);
    free(path);
}

void
core_monitor_journal_tick(struct mx_monitor *monitor)
{
    struct core_monitor_runtime *rt = monitor->rt;
    int64_t now_ms = mx_now_ms();
    int64_t every_ms = monitor->config.journal_max_age_ms / 2;
    if (every_ms > SAVE_EVERY_MS) {
        every_ms = SAVE_EVERY_MS;
    }
    if (rt->is_journal_due || now_ms - rt->journal_saved_ms >= every_ms) {
        rt->is_journal_due = false;
        rt->journal_saved_ms = now_ms;
        core_monitor_journal_save(monitor);
    }
}
