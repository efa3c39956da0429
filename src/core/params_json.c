/* Parameters and module descriptors as REST shows them; all lists are in the order of names. */
#include "core/params_json.h"

#include "core/modload.h"
#include "core/runtime.h"
#include "mx_build.h"

#include <stdlib.h>
#include <string.h>

/* Rows of one block together with the block. */
struct part {
    struct conf_rows rows;
    const void *block;
};

static bool
is_shown(const struct mx_param *row)
{
    return (row->flags & (MX_PARAM_HIDDEN | MX_PARAM_NO_VALUE | MX_PARAM_ALIAS)) == 0;
}

static void
add_values(json_t *out, const struct part *part)
{
    for (size_t i = 0; i < part->rows.count; i++) {
        const struct mx_param *row = &part->rows.rows[i];
        if (is_shown(row)) {
            (void)json_object_set_new(out, row->name, conf_param_json(row, part->block));
        }
    }
}

/* The same object with its members by name. */
static json_t *
sorted(json_t *object)
{
    size_t count = json_object_size(object);
    const char **names = mx_calloc(count, sizeof(*names));
    json_t *out = json_object();
    size_t used = 0;
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        const char *name = json_object_iter_key(at);
        size_t place = used++;
        while (place > 0 && strcmp(names[place - 1], name) > 0) {
            names[place] = names[place - 1];
            place--;
        }
        names[place] = name;
    }
    for (size_t i = 0; i < count; i++) {
        (void)json_object_set(out, names[i], json_object_get(object, names[i]));
    }
    free(names);
    json_decref(object);
    return out;
}

static json_t *
parts_json(const struct part *parts, size_t count)
{
    json_t *out = json_object();
    for (size_t i = 0; i < count; i++) {
        add_values(out, &parts[i]);
    }
    return sorted(out);
}

json_t *
core_global_params_json(const struct core_global_config *globals)
{
    const struct part part = {core_global_rows, globals};
    return parts_json(&part, 1);
}

json_t *
core_server_params_json(const struct mx_server *server)
{
    const struct part part = {core_server_rows, &server->config};
    return parts_json(&part, 1);
}

json_t *
core_service_params_json(const struct mx_service *service)
{
    const struct part parts[] = {
        {core_service_rows, &service->config},
        {core_module_rows(service->router), service->router_config},
    };
    return parts_json(parts, MX_COUNT(parts));
}

json_t *
core_monitor_params_json(const struct mx_monitor *monitor)
{
    const struct part parts[] = {
        {core_monitor_rows, &monitor->config},
        {core_module_rows(monitor->module), monitor->module_config},
    };
    return parts_json(parts, MX_COUNT(parts));
}

json_t *
core_filter_params_json(const struct core_filter *filter)
{
    const struct part part = {core_module_rows(filter->module), filter->module_config};
    json_t *out = json_object();
    (void)json_object_set_new(out, "module", json_string(filter->module->name));
    add_values(out, &part);
    return sorted(out);
}

json_t *
core_listener_params_json(const struct core_listener *listener)
{
    const struct part own = {core_listener_rows, &listener->config};
    const struct part nested = {core_module_rows(listener->protocol), listener->protocol_config};
    json_t *out = json_object();
    add_values(out, &own);
    /* Shown by the module's name, whatever alias the file has. */
    (void)json_object_set_new(out, "protocol", json_string(listener->protocol->name));
    (void)json_object_set_new(out, listener->protocol->name, parts_json(&nested, 1));
    return sorted(out);
}

json_t *
core_source_json(const struct core_source *source)
{
    static const char *const words[] = {
        [CORE_SOURCE_STATIC] = "static",
        [CORE_SOURCE_RUNTIME] = "runtime",
        [CORE_SOURCE_CLUSTER] = "cluster",
        [CORE_SOURCE_VOLATILE] = "volatile",
    };
    return json_pack("{s:s?,s:s}", "file", source->file, "type", words[source->type]);
}

/* ------------------------------------------------------------------ modules */

static int
compare_rows(const void *a, const void *b)
{
    const struct mx_param *const *left = a;
    const struct mx_param *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

static void
add_schema(json_t *out, const struct conf_rows *rows)
{
    const struct mx_param **order = mx_calloc(rows->count, sizeof(*order));
    size_t used = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if ((rows->rows[i].flags & (MX_PARAM_HIDDEN | MX_PARAM_NO_SCHEMA)) == 0) {
            order[used++] = &rows->rows[i];
        }
    }
    if (used > 0) {
        qsort(order, used, sizeof(*order), compare_rows);
    }
    for (size_t i = 0; i < used; i++) {
        (void)json_array_append_new(out, conf_param_schema(rows, order[i]));
    }
    free(order);
}

/* Core parameters of the objects that use modules of this kind. */
static const struct conf_rows *
core_rows_of(enum mx_module_kind kind)
{
    switch (kind) {
    case MX_MODULE_PROTOCOL:
        return &core_listener_rows;
    case MX_MODULE_ROUTER:
        return &core_service_rows;
    case MX_MODULE_MONITOR:
        return &core_monitor_rows;
    case MX_MODULE_AUTHENTICATOR:
    case MX_MODULE_FILTER:
    case MX_MODULE_KIND_COUNT:
        break;
    }
    return NULL;
}

static json_t *
module_parameters(const struct mx_module *module)
{
    const struct conf_rows own = core_module_rows(module);
    const struct conf_rows *common = core_rows_of(module->kind);
    /* Options of authenticators are no parameters of any object. */
    if ((own.count == 0 && common == NULL) || module->kind == MX_MODULE_AUTHENTICATOR) {
        return json_null();
    }
    json_t *out = json_array();
    add_schema(out, &own);
    if (common != NULL) {
        add_schema(out, common);
    }
    return out;
}

static json_t *
arg_json(const struct mx_arg *arg, bool with_name)
{
    static const char *const words[] = {
        [MX_ARG_STRING] = "STRING", [MX_ARG_BOOL] = "BOOLEAN",    [MX_ARG_SERVICE] = "SERVICE",
        [MX_ARG_SERVER] = "SERVER", [MX_ARG_MONITOR] = "MONITOR", [MX_ARG_FILTER] = "FILTER",
    };
    char *type =
        arg->optional ? mx_asprintf("[%s]", words[arg->type]) : mx_strdup(words[arg->type]);
    json_t *json = json_object();
    (void)json_object_set_new(json, "description", json_string(arg->doc));
    if (with_name) {
        (void)json_object_set_new(json, "name", json_string(arg->name));
    }
    (void)json_object_set_new(json, "required", json_boolean(!arg->optional));
    (void)json_object_set_new(json, "type", json_string(type));
    free(type);
    return json;
}

static json_t *
command_json(const struct mx_module *module, const struct mx_module_command *command,
             const char *api_base)
{
    json_t *attributes = json_object();
    json_t *args = json_array();
    size_t required = 0;
    for (size_t i = 0; i < command->arg_count; i++) {
        required += command->args[i].optional ? 0 : 1;
        (void)json_array_append_new(args, arg_json(&command->args[i], command->key_value));
    }
    if (!command->key_value) {
        (void)json_object_set_new(attributes, "arg_max",
                                  json_integer((json_int_t)command->arg_count));
        (void)json_object_set_new(attributes, "arg_min", json_integer((json_int_t)required));
    }
    (void)json_object_set_new(attributes, "description", json_string(command->doc));
    (void)json_object_set_new(attributes, "method",
                              json_string(command->modifies ? "POST" : "GET"));
    (void)json_object_set_new(attributes, "parameters", args);
    char *self = mx_asprintf("%s/modules/%s/%s/", api_base, module->name, command->name);
    json_t *json = json_pack("{s:o,s:s,s:{s:s},s:s}", "attributes", attributes, "id", command->name,
                             "links", "self", self, "type", "module_command");
    free(self);
    return json;
}

static json_t *
resource_json(const char *id, json_t *attributes, const char *api_base)
{
    char *self = mx_asprintf("%s/modules/%s/", api_base, id);
    json_t *json = json_pack("{s:o,s:s,s:{s:s},s:s}", "attributes", attributes, "id", id, "links",
                             "self", self, "type", "modules");
    free(self);
    return json;
}

json_t *
core_module_json(const struct mx_module *module, const char *api_base)
{
    static const char *const types[MX_MODULE_KIND_COUNT] = {
        [MX_MODULE_PROTOCOL] = "Protocol", [MX_MODULE_AUTHENTICATOR] = "Authenticator",
        [MX_MODULE_ROUTER] = "Router",     [MX_MODULE_FILTER] = "Filter",
        [MX_MODULE_MONITOR] = "Monitor",
    };
    static const char *const maturities[] = {
        [MX_MATURITY_IN_DEVELOPMENT] = "In development",
        [MX_MATURITY_ALPHA] = "Alpha",
        [MX_MATURITY_BETA] = "Beta",
        [MX_MATURITY_GA] = "GA",
    };
    json_t *commands = json_array();
    for (size_t i = 0; i < module->command_count; i++) {
        (void)json_array_append_new(commands, command_json(module, &module->commands[i], api_base));
    }
    json_t *attributes =
        json_pack("{s:s,s:o,s:s,s:s,s:s,s:o,s:s}", "api", core_modload_kind_word(module->kind),
                  "commands", commands, "description", module->doc, "maturity",
                  maturities[module->maturity], "module_type", types[module->kind], "parameters",
                  module_parameters(module), "version", module->version);
    return resource_json(module->name, attributes, api_base);
}

json_t *
core_pseudo_module_json(const char *name, const char *api_base)
{
    bool is_global = strcmp(name, "maxscale") == 0;
    if (!is_global && strcmp(name, "servers") != 0) {
        return NULL;
    }
    json_t *parameters = json_array();
    add_schema(parameters, is_global ? &core_global_rows : &core_server_rows);
    json_t *attributes =
        json_pack("{s:[],s:s,s:s,s:s,s:o,s:s}", "commands", "description", name, "maturity", "GA",
                  "module_type", name, "parameters", parameters, "version", MX_VERSION);
    return resource_json(name, attributes, api_base);
}
