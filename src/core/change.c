/* Changes of the configured objects while the program runs; see change.h. */
#include "core/change.h"

#include "base/file.h"
#include "core/build.h"
#include "core/listener.h"
#include "core/main_call.h"
#include "core/monitor.h"
#include "core/runtime.h"
#include "core/section.h"
#include "core/users_manager.h"
#include "mx/log.h"
#include "mx/str.h"
#include "mx_build.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MODE 0640

/* Part of the process object; the main thread's. */
static struct core_change_base base;

/* One change while it is being made. */
struct work {
    struct core_change *change;
    struct conf_model next;
    const struct core_registry *old;
    struct core_registry *new;
    bool was_static;
};

void
core_change_init(const struct core_change_base *with)
{
    base = *with;
}

void
core_change_fini(struct core_change *change)
{
    conf_diag_free(&change->diag);
    free(change->warning);
    change->warning = NULL;
}

static int fail(struct core_change *change, const char *hint, const char *format, ...)
    MX_PRINTF(3, 4);

static int
fail(struct core_change *change, const char *hint, const char *format, ...)
{
    struct conf_about about = {.object = change->name};
    struct mx_str text = {0};
    va_list args;
    va_start(args, format);
    mx_str_vprintf(&text, format, args);
    va_end(args);
    conf_diag_add(&change->diag, true, &about, hint, "%s", mx_str_text(&text));
    mx_str_free(&text);
    return -1;
}

/* ------------------------------------------------------------ the text */

/* A name becomes part of a path and of URLs. */
static bool
is_name(const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)name[i]) && strchr("_.~-", name[i]) == NULL) {
            return false;
        }
    }
    return len > 0 && len < 200 && name[0] != '.';
}

/* Names of a file that were made before this rule may hold anything but an end of line. */
static char *
persisted_path(const struct work *work)
{
    const char *folder = work->old->globals->persistdir;
    struct mx_str path = {0};
    mx_str_printf(&path, "%s/", folder);
    for (const char *at = work->change->name; *at != '\0'; at++) {
        if (*at == '/' || *at == '%' || (*at == '.' && at == work->change->name)) {
            mx_str_printf(&path, "%%%02X", (unsigned)(unsigned char)*at);
        } else {
            mx_str_add_char(&path, *at);
        }
    }
    mx_str_add(&path, ".cnf");
    return mx_str_give(&path);
}

static int
create_section(struct work *work, const char *file)
{
    struct core_change *change = work->change;
    const struct conf_section *same = conf_model_find(&work->next, change->name);
    if (!is_name(change->name)) {
        return fail(
            change, NULL,
            "'%s' cannot be a name: use letters, digits and _ . ~ - only, and no dot at the "
            "beginning.",
            change->name);
    }
    if (same != NULL || conf_is_global_name(change->name)) {
        return fail(change, NULL, "Can't create %s '%s', a %s with that name already exists",
                    change->type, change->name,
                    same == NULL ? "section" : conf_section_value(same, "type"));
    }
    struct conf_section *section =
        conf_model_add(&work->next, change->name, file, 1, CONF_ORIGIN_PERSISTED);
    conf_section_add(section, "type", change->type, file, 0);
    /* What says which rows there are comes first. */
    static const char *const modules[] = {"router", "module", "protocol"};
    for (size_t i = 0; i < MX_COUNT(modules); i++) {
        const char *value = json_string_value(json_object_get(change->parameters, modules[i]));
        if (value != NULL) {
            conf_section_add(section, modules[i], value, file, 0);
        }
    }
    core_section_set(section, change->parameters, false, &base.context, &change->diag);
    return change->diag.error_count > 0 ? -1 : 0;
}

static int
edit(struct work *work)
{
    struct core_change *change = work->change;
    for (size_t i = 0; i < base.model->section_count; i++) {
        (void)conf_model_copy_section(&work->next, base.model->sections[i]);
    }
    char *path = persisted_path(work);
    const char *file = conf_model_file(&work->next, path);
    free(path);
    if (change->what == CORE_CHANGE_CREATE) {
        return create_section(work, file);
    }
    struct conf_section *section = conf_model_find(&work->next, change->name);
    const char *type = section == NULL ? NULL : conf_section_value(section, "type");
    if (type == NULL || strcmp(type, change->type) != 0) {
        return fail(change, NULL, "%s is not a %s", change->name, change->type);
    }
    work->was_static = section->origin != CONF_ORIGIN_PERSISTED;
    if (change->what == CORE_CHANGE_DESTROY) {
        conf_model_remove(&work->next, section);
        return 0;
    }
    section->origin = CONF_ORIGIN_PERSISTED;
    section->file = file;
    section->line = 1;
    core_section_set(section, change->parameters, true, &base.context, &change->diag);
    return change->diag.error_count > 0 ? -1 : 0;
}

/* ------------------------------------------------------------ the registry */

static int
build(struct work *work)
{
    struct core_build build = {.model = &work->next,
                               .context = base.context,
                               .diag = &work->change->diag,
                               .worker_count = base.worker_count,
                               .allow_duplicate_servers = base.allow_duplicate_servers,
                               .previous = work->old,
                               .previous_model = base.model};
    work->new = core_registry_build(&build, work->old->globals);
    return work->new == NULL ? -1 : 0;
}

/* ------------------------------------------------------------ the file */

/* The object reads as the static files have it: there is nothing to keep. */
static bool
is_as_static(const struct work *work, const char *text)
{
    const struct conf_section *section = conf_model_find(base.static_model, work->change->name);
    struct mx_err err;
    char *was = section == NULL ? NULL : core_section_text(section, &base.context, NULL, &err);
    bool same = was != NULL && strcmp(was, text) == 0;
    free(was);
    return same;
}

static int
write_file(const struct work *work, const struct conf_section *section, const char *path,
           struct mx_err *err)
{
    char *text = core_section_text(section, &base.context, &base.context, err);
    if (text == NULL) {
        return -1;
    }
    char *whole =
        mx_asprintf("# Generated by MaxScale %s: changed at run time\n%s", MX_VERSION, text);
    (void)mkdir(work->old->globals->persistdir, 0755);
    int rc = base_file_replace(path, whole, strlen(whole), FILE_MODE, err);
    explicit_bzero(whole, strlen(whole));
    explicit_bzero(text, strlen(text));
    free(whole);
    free(text);
    return rc;
}

static int
persist(const struct work *work)
{
    struct core_change *change = work->change;
    const struct conf_section *section = conf_model_find(&work->next, change->name);
    const struct core_global_config *globals = work->old->globals;
    struct mx_err err;
    if (!globals->persist_runtime_changes || globals->config_sync_cluster != NULL) {
        return 0;
    }
    char *path = persisted_path(work);
    char *plain = section == NULL ? NULL : core_section_text(section, &base.context, NULL, &err);
    int rc = 0;
    if (section != NULL && plain == NULL) {
        rc = -1;
    } else if (section == NULL || is_as_static(work, plain)) {
        rc = unlink(path) == 0 || errno == ENOENT
                 ? 0
                 : mx_err_text(&err, "cannot remove '%s': %s", path, strerrordesc_np(errno));
    } else {
        rc = write_file(work, section, path, &err);
    }
    if (plain != NULL) {
        explicit_bzero(plain, strlen(plain));
    }
    free(plain);
    free(path);
    return rc == 0
               ? 0
               : fail(change,
                      "Mend this, or set persist_runtime_changes=false to change things for this "
                      "run only.",
                      "The change cannot be saved: %s.", err.text);
}

static void
note_static(struct work *work)
{
    struct core_change *change = work->change;
    if (!work->was_static) {
        return;
    }
    if (change->what == CORE_CHANGE_DESTROY) {
        change->warning = mx_asprintf("The %s '%s' is defined in a configuration file and will be "
                                      "there again after a restart",
                                      change->type, change->name);
    } else if (work->old->globals->persist_runtime_changes) {
        change->warning = mx_asprintf("The %s '%s' is defined in a configuration file; the changed "
                                      "one is saved in '%s' and is "
                                      "used instead of it from now on",
                                      change->type, change->name, work->old->globals->persistdir);
    }
    if (change->warning != NULL) {
        mx_log_warning(NULL, "%s.", change->warning);
    }
}

/* ------------------------------------------------------------ what runs */

/* Before anything is changed: what can fail. */
static int
prepare(struct work *work)
{
    struct mx_err err;
    struct core_listener *listener = core_registry_listener(work->new, work->change->name);
    if (work->change->what == CORE_CHANGE_CREATE && listener != NULL &&
        core_listener_open(listener, &err) != 0) {
        return fail(work->change, NULL, "The listener %s.", err.text);
    }
    return 0;
}

static void
give_up(struct work *work)
{
    struct core_listener *listener =
        work->new == NULL ? NULL : core_registry_listener(work->new, work->change->name);
    if (listener != NULL && core_registry_listener(work->old, work->change->name) == NULL) {
        core_listener_close(listener);
    }
    core_registry_unref(work->new);
}

/* Monitors of another version stop before the new registry is seen and start with it. */
static void
swap_monitors(const struct work *work, bool *runs)
{
    for (size_t i = 0; i < work->new->monitor_count; i++) {
        const struct mx_monitor *monitor = work->new->monitors[i];
        struct mx_monitor *before = core_registry_monitor(work->old, monitor->name);
        runs[i] = before != NULL && before != monitor && core_monitor_running(before);
        if (runs[i]) {
            core_monitor_stop(before);
        }
    }
}

static void
start_monitors(const struct core_registry *registry, const bool *runs)
{
    for (size_t i = 0; i < registry->monitor_count; i++) {
        struct mx_err err;
        if (runs[i] && core_monitor_start(registry->monitors[i], &err) != 0) {
            mx_log_error(NULL, "Monitor '%s' could not be started again after the change: %s",
                         registry->monitors[i]->name, err.text);
        }
    }
}

/* Servers or credentials may be others. */
static void
reload_accounts(const struct work *work)
{
    for (size_t i = 0; i < work->new->service_count; i++) {
        const struct mx_service *service = work->new->services[i];
        if (core_registry_service(work->old, service->name) != service &&
            service->rt->users != NULL) {
            core_users_manager_reload(service->rt->users);
        }
    }
}

static void
settle_listener(struct work *work)
{
    const char *name = work->change->name;
    struct core_listener *before = core_registry_listener(work->old, name);
    struct core_listener *after = core_registry_listener(work->new, name);
    struct mx_err err;
    if (before != NULL && after == NULL) {
        core_listener_close(before);
    } else if (before == NULL && after != NULL && core_listener_start(after, &err) != 0) {
        mx_log_error(NULL, "Listener '%s' cannot take clients: %s", name, err.text);
    }
}

static void
publish(struct work *work)
{
    bool *runs = mx_calloc(work->new->monitor_count + 1, sizeof(*runs));
    swap_monitors(work, runs);
    mx_ref_get(&work->new->ref);
    core_registry_publish(work->new);
    start_monitors(work->new, runs);
    free(runs);
    reload_accounts(work);
    settle_listener(work);
    conf_model_free(base.model);
    *base.model = work->next;
    work->next = (struct conf_model){0};
    core_registry_unref(work->new);
}

static int
apply(void *arg)
{
    struct work work = {.change = arg, .old = core_registry_ref()};
    int rc = -1;
    if (edit(&work) == 0 && build(&work) == 0 && prepare(&work) == 0 && persist(&work) == 0) {
        publish(&work);
        note_static(&work);
        rc = 0;
    } else {
        give_up(&work);
    }
    conf_model_free(&work.next);
    core_registry_unref(work.old);
    return rc;
}

int
core_change_apply(struct core_change *change)
{
    return core_main_call(apply, change);
}
