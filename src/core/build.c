/* Building a registry: order of creation, reading of sections, what all kinds of objects share. */
#include "core/build.h"

#include "conf/files.h"
#include "conf/value.h"
#include "core/modload.h"
#include "core/params_json.h"
#include "core/runtime.h"
#include "core/section.h"
#include "mx/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 512

typedef void (*build_fn)(struct core_build *build, const struct conf_section *section);

static const struct {
    const char *type;
    build_fn build;
} kinds[] = {
    {"server", core_build_server},     {"monitor", core_build_monitor},
    {"filter", core_build_filter},     {"service", core_build_service},
    {"listener", core_build_listener}, {"include", NULL},
};

void
core_build_report(struct core_build *build, bool error, const struct conf_section *section,
                  const char *param, const char *hint, const char *format, ...)
{
    const struct conf_key *key = param != NULL ? conf_section_key(section, param) : NULL;
    struct conf_about about = {
        .place = {.file = key != NULL ? key->file : section->file,
                  .line = key != NULL ? key->line : section->line},
        .object = section->name,
        .param = param,
    };
    struct mx_str text = {0};
    va_list args;
    va_start(args, format);
    mx_str_vprintf(&text, format, args);
    va_end(args);
    conf_diag_add(build->diag, error, &about, hint, "%s", mx_str_text(&text));
    mx_str_free(&text);
}

bool
core_build_is_unchanged(const struct core_build *build, const struct conf_section *section)
{
    const struct conf_section *old = build->previous_model == NULL
                                         ? NULL
                                         : conf_model_find(build->previous_model, section->name);
    return old != NULL && core_section_equal(old, section);
}

bool
core_build_has_servers(const struct core_build *build, struct mx_server *const *servers,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (core_registry_server(build->registry, servers[i]->name) != servers[i]) {
            return false;
        }
    }
    return true;
}

struct core_source
core_build_source(const struct conf_section *section)
{
    return (struct core_source){
        .type = section->origin == CONF_ORIGIN_PERSISTED ? CORE_SOURCE_RUNTIME : CORE_SOURCE_STATIC,
        .file = mx_strdup(section->file),
        .line = section->line,
    };
}

/* ------------------------------------------------------------------ order of creation */

static bool
check_type(struct core_build *build, const struct conf_section *section)
{
    const char *names[MX_COUNT(kinds) + 1] = {NULL};
    const char *type = conf_section_value(section, "type");
    for (size_t i = 0; i < MX_COUNT(kinds); i++) {
        if (type != NULL && strcmp(type, kinds[i].type) == 0) {
            return true;
        }
        names[i] = kinds[i].type;
    }
    if (type == NULL || type[0] == '\0') {
        core_build_report(build, true, section, type != NULL ? "type" : NULL,
                          "Add a line type= with one of: server, service, listener, monitor, "
                          "filter, include.",
                          "The section does not say what kind of object it is.");
        return false;
    }
    const char *near = conf_suggest(type, names);
    char hint[128];
    (void)snprintf(hint, sizeof(hint), "Did you mean '%s'?", near != NULL ? near : "");
    core_build_report(
        build, true, section, "type",
        near != NULL ? hint : "Use one of: server, service, listener, monitor, filter, include.",
        "'%s' is not a kind of object.", type);
    return false;
}

static bool
is_server(const struct conf_section *section)
{
    return strcmp(conf_section_value(section, "type"), "server") == 0;
}

/* Is `name` one of the words of the value? */
static bool
names_word(const char *value, const char *name)
{
    static const char separators[] = ",| \t\"'";
    size_t len = strlen(name);
    while (*value != '\0') {
        value += strspn(value, separators);
        size_t word = strcspn(value, separators);
        if (word == len && word > 0 && strncmp(value, name, len) == 0) {
            return true;
        }
        value += word;
    }
    return false;
}

/* The section has a parameter by which it needs the other one. */
static bool
depends_on(const struct conf_section *section, const struct conf_section *other)
{
    static const char *const links[] = {"servers", "targets", "cluster", "filters",
                                        "service", "target",  "server"};
    for (size_t i = 0; i < MX_COUNT(links); i++) {
        const char *value = conf_section_value(section, links[i]);
        if (value != NULL && names_word(value, other->name)) {
            return true;
        }
    }
    return false;
}

static bool
is_free(const struct conf_section *section, struct conf_section *const *left, size_t left_count)
{
    for (size_t i = 0; i < left_count; i++) {
        if (depends_on(section, left[i])) {
            return false;
        }
    }
    return true;
}

/* Everything left depends on something left: follow the links until one comes up again. */
static void
report_circle(struct core_build *build, struct conf_section *const *left, size_t left_count)
{
    struct mx_str path = {.max = 400};
    bool *seen = mx_calloc(left_count, sizeof(*seen));
    size_t at = 0;
    while (!seen[at]) {
        size_t next = 0;
        seen[at] = true;
        mx_str_printf(&path, "%s -> ", left[at]->name);
        while (!depends_on(left[at], left[next])) {
            next++;
        }
        at = next;
    }
    core_build_report(build, true, left[at], NULL, "Remove one of these references.",
                      "Objects depend on each other in a circle: %s%s.", mx_str_text(&path),
                      left[at]->name);
    mx_str_free(&path);
    free(seen);
}

void
core_build_sort(struct core_build *build)
{
    const struct conf_model *model = build->model;
    struct conf_section **left = mx_calloc(model->section_count, sizeof(struct conf_section *));
    size_t left_count = 0;
    build->order = mx_calloc(model->section_count, sizeof(struct conf_section *));
    for (size_t i = 0; i < model->section_count; i++) {
        struct conf_section *section = model->sections[i];
        if (conf_is_global_name(section->name) || !check_type(build, section)) {
            continue;
        }
        if (is_server(section)) {
            build->order[build->order_count++] = section;
        } else {
            left[left_count++] = section;
        }
    }
    size_t at = 0;
    while (at < left_count) {
        if (!is_free(left[at], left, left_count)) {
            at++;
            continue;
        }
        build->order[build->order_count++] = left[at];
        memmove(&left[at], &left[at + 1], (left_count - at - 1) * sizeof(struct conf_section *));
        left_count--;
        at = 0;
    }
    if (left_count > 0) {
        report_circle(build, left, left_count);
    }
    free(left);
}

/* ------------------------------------------------------------------ reading sections */

struct module_report {
    struct core_build *build;
    const struct core_reading *reading;
};

static void
take_module_report(void *context, bool error, const char *param, const char *text, const char *hint)
{
    const struct module_report *r = context;
    char *full = param != NULL && r->reading->prefix != NULL
                     ? mx_asprintf("%s.%s", r->reading->prefix, param)
                     : NULL;
    core_build_report(r->build, error, r->reading->section, full != NULL ? full : param, hint, "%s",
                      text);
    free(full);
}

static size_t
add_row_names(const struct conf_rows *rows, char **names, size_t count, const char *prefix)
{
    for (size_t i = 0; i < rows->count && count < NAMES_MAX; i++) {
        names[count++] = prefix != NULL ? mx_asprintf("%s.%s", prefix, rows->rows[i].name)
                                        : mx_strdup(rows->rows[i].name);
    }
    return count;
}

static void
report_unknown(struct core_build *build, const struct core_reading *reading, const bool *used)
{
    char **names = mx_calloc(NAMES_MAX + 1, sizeof(*names));
    size_t count = add_row_names(&reading->rows, names, 0, NULL);
    if (reading->module != NULL) {
        struct conf_rows rows = core_module_rows(reading->module);
        count = add_row_names(&rows, names, count, reading->prefix);
    }
    for (size_t i = 0; i < reading->section->key_count; i++) {
        const struct conf_key *key = &reading->section->keys[i];
        if (used[i]) {
            continue;
        }
        const char *near = conf_suggest(key->name, (const char *const *)names);
        char *hint = near != NULL ? mx_asprintf("Did you mean '%s'?", near)
                                  : mx_strdup("docs/user/configuration.md lists the names.");
        core_build_report(build, true, reading->section, key->name, hint,
                          "There is no such parameter%s%s.",
                          reading->module != NULL ? " here or in the module " : "",
                          reading->module != NULL ? reading->module->name : "");
        free(hint);
    }
    for (size_t i = 0; i < count; i++) {
        free(names[i]);
    }
    free(names);
}

void
core_build_read(struct core_build *build, const struct core_reading *reading)
{
    const struct conf_section *section = reading->section;
    size_t errors = build->diag->error_count;
    bool *used = mx_calloc(section->key_count, sizeof(*used));
    conf_block_apply(&reading->rows, reading->block, section, NULL, &build->context, used,
                     build->diag);
    conf_block_check_mandatory(&reading->rows, section, build->diag);
    conf_block_check_inert(&reading->rows, reading->block, section, build->diag);
    if (reading->module != NULL) {
        struct conf_rows rows = core_module_rows(reading->module);
        conf_block_apply(&rows, reading->module_block, section, reading->prefix, &build->context,
                         used, build->diag);
        conf_block_check_mandatory(&rows, section, build->diag);
        conf_block_check_inert(&rows, reading->module_block, section, build->diag);
    }
    if (!reading->is_partial) {
        report_unknown(build, reading, used);
    }
    /* A module's check may count on values that are good one by one. */
    if (reading->module != NULL && reading->module->config_check != NULL &&
        errors == build->diag->error_count) {
        struct module_report context = {.build = build, .reading = reading};
        reading->module->config_check(reading->module_block, take_module_report, &context);
    }
    free(used);
}

void
core_build_read_partly(struct core_build *build, const struct conf_section *section,
                       const struct conf_rows *rows, size_t size)
{
    void *block = mx_calloc(1, size);
    struct core_reading reading = {
        .section = section,
        .rows = *rows,
        .block = block,
        .is_partial = true,
    };
    const char *names = conf_section_value(section, "servers");
    char **list = names != NULL ? conf_list_split(names, ',') : NULL;
    struct mx_server **servers = NULL;
    size_t count = 0;
    conf_block_init(rows, block);
    core_build_read(build, &reading);
    core_build_servers(build, section, "servers", list, &servers, &count);
    for (size_t i = 0; i < count; i++) {
        core_server_unref(servers[i]);
    }
    free(servers);
    conf_list_free(list);
    conf_block_free(rows, block);
    free(block);
}

const struct mx_module *
core_build_module(struct core_build *build, const struct conf_section *section, const char *key,
                  enum mx_module_kind kind, const char *standard)
{
    struct mx_err err = {0};
    const char *name = conf_section_value(section, key);
    name = name != NULL && name[0] != '\0' ? name : standard;
    if (name == NULL) {
        return NULL; /* reported as missing with the other mandatory ones */
    }
    const struct mx_module *module = core_modload_load(kind, name, &err);
    if (module == NULL) {
        char **names = core_modload_names(kind);
        const char *near = conf_suggest(name, (const char *const *)names);
        struct mx_str hint = {0};
        if (near != NULL) {
            mx_str_printf(&hint, "Did you mean '%s'?", near);
        } else {
            mx_str_add(&hint, names[0] != NULL ? "There are:" : "Check libdir.");
        }
        for (size_t i = 0; names[i] != NULL; i++) {
            if (near == NULL) {
                mx_str_printf(&hint, " %s", names[i]);
            }
        }
        core_build_report(build, true, section, key, mx_str_text(&hint), "%s", err.text);
        mx_str_free(&hint);
        for (size_t i = 0; names[i] != NULL; i++) {
            free(names[i]);
        }
        free(names);
    }
    return module;
}

/* ------------------------------------------------------------------ all of it */

static build_fn
builder_of(const struct conf_section *section)
{
    const char *type = conf_section_value(section, "type");
    for (size_t i = 0; i < MX_COUNT(kinds); i++) {
        if (strcmp(kinds[i].type, type) == 0) {
            return kinds[i].build;
        }
    }
    return NULL;
}

struct core_registry *
core_registry_build(struct core_build *build, struct core_global_config *globals)
{
    build->registry = core_registry_new();
    mx_ref_get(&globals->globals_ref);
    build->registry->globals = globals;
    conf_names_check(build->model, build->diag);
    core_build_sort(build);
    for (size_t i = 0; i < build->order_count; i++) {
        build_fn fn = builder_of(build->order[i]);
        if (fn != NULL) {
            fn(build, build->order[i]);
        }
    }
    free(build->order);
    build->order = NULL;
    build->order_count = 0;
    struct core_registry *registry = build->registry;
    build->registry = NULL;
    if (build->diag->error_count > 0) {
        core_registry_unref(registry);
        registry = NULL;
    }
    return registry;
}
