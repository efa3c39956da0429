/* Sections for runtime changes; see section.h. */
#include "core/section.h"

#include "core/modload.h"
#include "core/params_json.h"
#include "core/runtime.h"
#include "mx/str.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ rows */

static const struct {
    const char *type;
    const struct conf_rows *rows;
    size_t size;
    enum mx_module_kind kind; /* MX_MODULE_KIND_COUNT: none */
    const char *key;
    const char *standard;
    bool is_prefixed;
} types[] = {
    {"server", &core_server_rows, sizeof(struct core_server_config), MX_MODULE_KIND_COUNT, NULL,
     NULL, false},
    {"service", &core_service_rows, sizeof(struct core_service_config), MX_MODULE_ROUTER, "router",
     NULL, false},
    {"listener", &core_listener_rows, sizeof(struct core_listener_config), MX_MODULE_PROTOCOL,
     "protocol", "MariaDBProtocol", true},
    {"monitor", &core_monitor_rows, sizeof(struct core_monitor_config), MX_MODULE_MONITOR, "module",
     NULL, false},
    {"filter", &core_filter_rows, sizeof(struct core_filter_config), MX_MODULE_FILTER, "module",
     NULL, false},
};

int
core_section_parts(const struct conf_section *section, struct core_section_parts *out,
                   struct mx_err *err)
{
    const char *type = conf_section_value(section, "type");
    size_t i = 0;
    *out = (struct core_section_parts){0};
    while (i < MX_COUNT(types) && (type == NULL || strcmp(types[i].type, type) != 0)) {
        i++;
    }
    if (i == MX_COUNT(types)) {
        return mx_err_text(err, "'%s' is not a kind of object", type == NULL ? "" : type);
    }
    out->part[out->count++] =
        (struct core_section_part){.rows = *types[i].rows, .size = types[i].size};
    if (types[i].kind == MX_MODULE_KIND_COUNT) {
        return 0;
    }
    const char *name = conf_section_value(section, types[i].key);
    name = name == NULL || name[0] == '\0' ? types[i].standard : name;
    if (name == NULL) {
        return mx_err_text(err, "the parameter '%s' is missing", types[i].key);
    }
    const struct mx_module *module = core_modload_load(types[i].kind, name, err);
    if (module == NULL) {
        return -1;
    }
    out->part[out->count++] =
        (struct core_section_part){.rows = core_module_rows(module),
                                   .size = module->config_size,
                                   .prefix = types[i].is_prefixed ? module->name : NULL};
    return 0;
}

/* What the section says, read into a new block; what is wrong with it is not of interest here. */
static void *
block_of(const struct core_section_part *part, const struct conf_section *section,
         const struct conf_context *context)
{
    struct conf_diag unused = {0};
    void *block = mx_calloc(1, part->size > 0 ? part->size : 1);
    conf_block_init(&part->rows, block);
    if (section != NULL) {
        conf_block_apply(&part->rows, block, section, part->prefix, context, NULL, &unused);
    }
    conf_diag_free(&unused);
    return block;
}

static void
block_drop(const struct core_section_part *part, void *block)
{
    conf_block_free(&part->rows, block);
    free(block);
}

/* ------------------------------------------------------------ values from REST */

struct setting {
    struct conf_section *section;
    const struct core_section_parts *parts;
    bool is_change;
    const struct conf_context *context;
    struct conf_diag *diag;
};

static void wrong(const struct setting *setting, const char *param, const char *hint,
                  const char *format, ...) MX_PRINTF(4, 5);

static void
wrong(const struct setting *setting, const char *param, const char *hint, const char *format, ...)
{
    struct conf_about about = {.object = setting->section->name, .param = param};
    struct mx_str text = {0};
    va_list args;
    va_start(args, format);
    mx_str_vprintf(&text, format, args);
    va_end(args);
    conf_diag_add(setting->diag, true, &about, hint, "%s", mx_str_text(&text));
    mx_str_free(&text);
}

static void
put_key(struct conf_section *section, const char *name, const char *value)
{
    conf_section_remove_key(section, name);
    conf_section_add(section, name, value, section->file, 0);
}

/* Names that mean the row in the section: its own and its former ones. */
static void
remove_names(const struct setting *setting, const struct core_section_part *part,
             const struct mx_param *row)
{
    for (size_t i = 0; i < part->rows.count; i++) {
        const struct mx_param *other = &part->rows.rows[i];
        if (conf_rows_target(&part->rows, other) == row) {
            char *name = part->prefix == NULL ? mx_strdup(other->name)
                                              : mx_asprintf("%s.%s", part->prefix, other->name);
            conf_section_remove_key(setting->section, name);
            free(name);
        }
    }
}

static void
set_value(const struct setting *setting, const struct core_section_part *part,
          const struct mx_param *named, const json_t *value)
{
    const struct mx_param *row = conf_rows_target(&part->rows, named);
    char *name =
        part->prefix == NULL ? mx_strdup(row->name) : mx_asprintf("%s.%s", part->prefix, row->name);
    void *now = block_of(part, setting->section, setting->context);
    void *next = block_of(part, setting->section, setting->context);
    struct conf_why why;
    if (conf_param_set_json(row, next, value, setting->context, &why) != 0) {
        wrong(setting, name, why.hint[0] != '\0' ? why.hint : NULL, "%s", why.text);
    } else if (setting->is_change && (row->flags & MX_PARAM_RUNTIME) == 0 &&
               !conf_param_equal(row, now, next)) {
        wrong(setting, name, "Change the configuration file and restart.",
              "The parameter cannot be modified at runtime.");
    } else {
        char *text = conf_param_text(row, next, setting->context);
        if (strpbrk(text, "\r\n") != NULL) {
            wrong(setting, name, "Remove the line ends.", "The value has more than one line.");
        } else {
            remove_names(setting, part, row);
            put_key(setting->section, name, text);
        }
        free(text);
    }
    block_drop(part, now);
    block_drop(part, next);
    free(name);
}

static void set_named(const struct setting *setting, const char *name, const json_t *value);

/* {"MariaDBProtocol": {"allow_replication": false}} */
static bool
set_nested(const struct setting *setting, const char *name, const json_t *value)
{
    const char *inner;
    json_t *one;
    bool is_prefix = false;
    for (size_t i = 0; i < setting->parts->count; i++) {
        const char *prefix = setting->parts->part[i].prefix;
        is_prefix = is_prefix || (prefix != NULL && strcmp(prefix, name) == 0);
    }
    if (!is_prefix || !json_is_object(value)) {
        return false;
    }
    json_object_foreach((json_t *)(uintptr_t)value, inner, one)
    {
        char *full = mx_asprintf("%s.%s", name, inner);
        set_named(setting, full, one);
        free(full);
    }
    return true;
}

static void
set_named(const struct setting *setting, const char *name, const json_t *value)
{
    if (name == NULL || json_is_null(value) || set_nested(setting, name, value)) {
        return;
    }
    for (size_t i = 0; i < setting->parts->count; i++) {
        const struct core_section_part *part = &setting->parts->part[i];
        const char *word = name;
        if (part->prefix != NULL) {
            size_t len = strlen(part->prefix);
            word =
                strncmp(name, part->prefix, len) == 0 && name[len] == '.' ? name + len + 1 : NULL;
        }
        const struct mx_param *row = word == NULL ? NULL : conf_rows_find(&part->rows, word);
        if (row != NULL) {
            set_value(setting, part, row, value);
            return;
        }
    }
    wrong(setting, name, "docs/user/configuration.md lists the names.",
          "There is no such parameter.");
}

void
core_section_set(struct conf_section *section, const json_t *values, bool is_change,
                 const struct conf_context *context, struct conf_diag *diag)
{
    struct core_section_parts parts;
    struct setting setting = {.section = section,
                              .parts = &parts,
                              .is_change = is_change,
                              .context = context,
                              .diag = diag};
    struct mx_err err;
    const char *name;
    json_t *value;
    if (core_section_parts(section, &parts, &err) != 0) {
        wrong(&setting, NULL, NULL, "%s.", err.text);
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)values, name, value)
    {
        set_named(&setting, name, value);
    }
}

/* ------------------------------------------------------------ text */

/* REST shows them as relationships, not among the parameters. */
static bool
is_link(const struct mx_param *row)
{
    return row->type == MX_PARAM_SERVERLIST || row->type == MX_PARAM_TARGETLIST ||
           row->type == MX_PARAM_MONITOR || row->type == MX_PARAM_FILTERLIST;
}

static bool
is_written(const struct mx_param *row, const void *block)
{
    if ((row->flags & MX_PARAM_ALIAS) != 0) {
        return false;
    }
    return strcmp(row->name, "type") == 0 || (row->flags & MX_PARAM_MANDATORY) != 0 ||
           (((row->flags & MX_PARAM_NO_VALUE) == 0 || is_link(row)) &&
            !conf_param_is_default(row, block));
}

static void
add_part(struct mx_str *out, const struct core_section_part *part,
         const struct conf_section *section, const struct conf_context *context,
         const struct conf_context *out_context)
{
    void *block = block_of(part, section, context);
    for (size_t i = 0; i < part->rows.count; i++) {
        const struct mx_param *row = &part->rows.rows[i];
        if (!is_written(row, block)) {
            continue;
        }
        char *text = conf_param_text(row, block, out_context);
        if (text[0] != '\0') {
            mx_str_printf(out, "%s%s%s=%s\n", part->prefix != NULL ? part->prefix : "",
                          part->prefix != NULL ? "." : "", row->name, text);
        }
        explicit_bzero(text, strlen(text));
        free(text);
    }
    block_drop(part, block);
}

char *
core_section_text(const struct conf_section *section, const struct conf_context *context,
                  const struct conf_context *out, struct mx_err *err)
{
    struct core_section_parts parts;
    struct mx_str text = {0};
    if (core_section_parts(section, &parts, err) != 0) {
        return NULL;
    }
    mx_str_printf(&text, "[%s]\n", section->name);
    for (size_t i = 0; i < parts.count; i++) {
        add_part(&text, &parts.part[i], section, context, out);
    }
    return mx_str_give(&text);
}

bool
core_section_equal(const struct conf_section *a, const struct conf_section *b)
{
    if (a->key_count != b->key_count) {
        return false;
    }
    for (size_t i = 0; i < a->key_count; i++) {
        const char *other = conf_section_value(b, a->keys[i].name);
        if (other == NULL || strcmp(other, a->keys[i].value) != 0) {
            return false;
        }
    }
    return true;
}
