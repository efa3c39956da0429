/* authenticator and authenticator_options of a listener: modules, their blocks and instances. */
#include "conf/value.h"
#include "core/authenticators.h"
#include "core/build.h"
#include "core/modload.h"
#include "core/runtime.h"
#include "core/user_mapping.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAMES_MAX 256
#define OPTIONS   "authenticator_options"

static bool
is_there(const struct mx_authenticators *set, const struct mx_module *module)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->items[i].module == module) {
            return true;
        }
    }
    return false;
}

static void
load_one(struct core_build *build, const struct conf_section *section,
         struct mx_authenticators *set, const char *name)
{
    struct mx_err err = {0};
    const struct mx_module *module = core_modload_load(MX_MODULE_AUTHENTICATOR, name, &err);
    if (module == NULL) {
        char **names = core_modload_names(MX_MODULE_AUTHENTICATOR);
        const char *near = conf_suggest(name, (const char *const *)names);
        char *there = conf_list_join(names, ", ");
        char *hint = near != NULL ? mx_asprintf("Did you mean '%s'?", near)
                                  : mx_asprintf("There are: %s.", there);
        core_build_report(build, true, section, "authenticator", hint, "%s", err.text);
        free(hint);
        free(there);
        conf_list_free(names);
    } else if (is_there(set, module)) {
        core_build_report(build, true, section, "authenticator", "Name each of them once.",
                          "'%s' is there twice.", module->name);
    } else if (set->count == CORE_AUTHENTICATORS_MAX) {
        core_build_report(build, true, section, "authenticator", "Remove some.",
                          "At most %d authenticators are possible.", CORE_AUTHENTICATORS_MAX);
    } else {
        (void)core_authenticators_add(set, module);
    }
}

/* The protocol's own one answers servers for everybody whose password is known. */
static void
load_all(struct core_build *build, const struct conf_section *section,
         const struct core_listener *listener, struct mx_authenticators *set)
{
    const char *standard = listener->protocol->protocol->default_authenticator;
    const char *value =
        listener->config.authenticator != NULL ? listener->config.authenticator : standard;
    char **names = value != NULL ? conf_list_split(value, ',') : NULL;
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        load_one(build, section, set, names[i]);
    }
    conf_list_free(names);
    struct mx_err err = {0};
    const struct mx_module *spare =
        standard == NULL ? NULL : core_modload_load(MX_MODULE_AUTHENTICATOR, standard, &err);
    if (spare != NULL && !is_there(set, spare)) {
        (void)core_authenticators_add(set, spare);
        set->count--;
        set->has_spare = true;
    }
}

/* ------------------------------------------------------------ options */

/* "a=1, b = 2" as the keys of a section, so that they are read like any other parameter. */
static struct conf_section *
options_section(struct core_build *build, const struct conf_section *section, const char *text,
                struct conf_model *model)
{
    const struct conf_key *key = conf_section_key(section, OPTIONS);
    const char *file = key != NULL ? key->file : section->file;
    int line = key != NULL ? key->line : section->line;
    struct conf_section *out = conf_model_add(model, section->name, file, line, section->origin);
    char **options = text != NULL ? conf_list_split(text, ',') : NULL;
    for (size_t i = 0; options != NULL && options[i] != NULL; i++) {
        size_t len = strcspn(options[i], "= \t");
        const char *value = options[i] + len + strspn(options[i] + len, " \t");
        char *name = mx_strndup(options[i], len);
        if (*value != '=') {
            core_build_report(build, true, section, OPTIONS, "Write options as name=value.",
                              "The option '%s' has no value.", name);
        } else if (conf_section_key(out, name) != NULL) {
            core_build_report(build, true, section, OPTIONS, "Keep one of them.",
                              "The option '%s' is given twice.", name);
        } else {
            value += 1 + strspn(value + 1, " \t");
            conf_section_add(out, name, value, file, line);
        }
        free(name);
    }
    conf_list_free(options);
    return out;
}

static size_t
names_add(const struct conf_rows *rows, const char **names, size_t count)
{
    for (size_t i = 0; i < rows->count && count < NAMES_MAX; i++) {
        names[count++] = rows->rows[i].name;
    }
    return count;
}

static void
report_unknown(struct core_build *build, const struct conf_section *section,
               const struct conf_section *options, const struct mx_authenticators *set,
               const bool *used)
{
    const char *names[NAMES_MAX + 1] = {NULL};
    size_t count = names_add(&core_auth_option_rows, names, 0);
    for (size_t i = 0; i < set->count; i++) {
        struct conf_rows rows = core_module_rows(set->items[i].module);
        count = names_add(&rows, names, count);
    }
    for (size_t i = 0; i < options->key_count; i++) {
        if (used[i]) {
            continue;
        }
        const char *near = conf_suggest(options->keys[i].name, names);
        char *hint =
            near != NULL
                ? mx_asprintf("Did you mean '%s'?", near)
                : mx_strdup("It may belong to an authenticator that the listener does not name.");
        core_build_report(build, true, section, OPTIONS, hint,
                          "There is no authenticator option '%s' here.", options->keys[i].name);
        free(hint);
    }
}

struct check {
    struct core_build *build;
    const struct conf_section *section;
};

static void
take_report(void *context, bool error, const char *param, const char *text, const char *hint)
{
    const struct check *check = context;
    core_build_report(check->build, error, check->section, OPTIONS, hint, "%s%s%s",
                      param != NULL ? param : "", param != NULL ? ": " : "", text);
}

/* What depends on all of an authenticator's values; they are good one by one. */
static void
finish_one(struct core_build *build, const struct conf_section *section,
           struct core_authenticator *item)
{
    struct check check = {build, section};
    struct mx_err err = {0};
    size_t errors = build->diag->error_count;
    if (item->module->config_check != NULL) {
        item->module->config_check(item->config, take_report, &check);
    }
    if (build->diag->error_count > errors || item->shown.ops->instance_new == NULL) {
        return;
    }
    item->shown.instance = item->shown.ops->instance_new(item->config, &err);
    if (item->shown.instance == NULL) {
        core_build_report(build, true, section, OPTIONS, NULL, "%s: %s", item->module->name,
                          err.text);
    }
}

static void
read_options(struct core_build *build, const struct conf_section *section,
             const struct core_listener *listener, struct mx_authenticators *set)
{
    size_t errors = build->diag->error_count;
    struct conf_model model = {0};
    const struct conf_section *options =
        options_section(build, section, listener->config.authenticator_options, &model);
    bool *used = mx_calloc(options->key_count + 1, sizeof(*used));
    conf_block_apply(&core_auth_option_rows, &set->options, options, NULL, &build->context, used,
                     build->diag);
    for (size_t i = 0; i < set->count; i++) {
        struct conf_rows rows = core_module_rows(set->items[i].module);
        conf_block_apply(&rows, set->items[i].config, options, NULL, &build->context, used,
                         build->diag);
        conf_block_check_inert(&rows, set->items[i].config, options, build->diag);
    }
    report_unknown(build, section, options, set, used);
    for (size_t i = 0; i < set->count + (set->has_spare ? 1 : 0); i++) {
        if (build->diag->error_count == errors) {
            finish_one(build, section, &set->items[i]);
        }
    }
    free(used);
    conf_model_free(&model);
}

/* ------------------------------------------------------------ passthrough, mapping */

static bool
is_lazy(const struct core_build *build, const struct core_listener *listener)
{
    const struct conf_section *service =
        listener->config.service == NULL ? NULL
                                         : conf_model_find(build->model, listener->config.service);
    const char *lazy = service == NULL ? NULL : conf_section_value(service, "lazy_connect");
    return lazy != NULL && (strcasecmp(lazy, "true") == 0 || strcasecmp(lazy, "yes") == 0 ||
                            strcasecmp(lazy, "on") == 0 || strcmp(lazy, "1") == 0);
}

/* Who is let in by the servers only must be let in by the servers. */
static void
check_trust(struct core_build *build, const struct conf_section *section,
            const struct core_listener *listener, const struct mx_authenticators *set)
{
    bool trusts = false;
    for (size_t i = 0; i < set->count; i++) {
        const struct mx_authenticator *a = &set->items[i].shown;
        trusts = trusts || (a->ops->trusts_servers != NULL && a->ops->trusts_servers(a->config));
    }
    if (!trusts) {
        return;
    }
    if (set->count > 1) {
        core_build_report(build, true, section, OPTIONS, "Name MariaDBAuth alone.",
                          "clear_pw_passthrough needs exactly one authenticator.");
    }
    if (is_lazy(build, listener)) {
        core_build_report(build, true, section, OPTIONS,
                          "Set lazy_connect=false in the service, or leave the option out.",
                          "clear_pw_passthrough needs a server at login, and the service '%s' has "
                          "lazy_connect.",
                          listener->config.service);
    }
    if (listener->config.user_mapping_file != NULL) {
        core_build_report(build, true, section, OPTIONS, "Keep one of them.",
                          "clear_pw_passthrough lets the servers check who the client is; with "
                          "user_mapping_file they would not.");
    }
}

void
core_build_user_mapping(struct core_build *build, const struct conf_section *section,
                        struct core_listener *listener)
{
    const char *path = listener->config.user_mapping_file;
    struct mx_err err = {0};
    if (path == NULL) {
        return;
    }
    listener->mapping = core_user_mapping_read(path, build->context.secrets, &err);
    if (listener->mapping == NULL) {
        core_build_report(build, true, section, "user_mapping_file", NULL, "%s", err.text);
        return;
    }
    for (size_t i = 0; i < core_user_mapping_count(listener->mapping); i++) {
        const struct core_mapped_user *mapped = core_user_mapping_at(listener->mapping, i);
        if (core_authenticators_for_plugin(listener->authenticators, mapped->plugin) == NULL) {
            core_build_report(build, false, section, "user_mapping_file",
                              "Name an authenticator that serves it in the listener.",
                              "'%s' of '%s' is served by no authenticator of the listener; "
                              "mysql_native_password is used.",
                              mapped->plugin, mapped->user);
        }
    }
}

struct mx_authenticators *
core_build_authenticators(struct core_build *build, const struct conf_section *section,
                          const struct core_listener *listener)
{
    struct mx_authenticators *set = core_authenticators_new();
    size_t errors = build->diag->error_count;
    load_all(build, section, listener, set);
    if (build->diag->error_count == errors) {
        read_options(build, section, listener, set);
    }
    if (build->diag->error_count == errors) {
        check_trust(build, section, listener, set);
    }
    return set;
}
