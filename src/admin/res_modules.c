/* /maxscale/modules and the commands of modules */
#include "admin/res.h"
#include "core/main_call.h"
#include "core/modload.h"
#include "core/params_json.h"

#include <string.h>
#include <strings.h>

#define ARGS_MAX 16u

static const char *const pseudo_modules[] = {"maxscale", "servers"};

static int
load_all(void *unused)
{
    (void)unused;
    core_modload_load_all();
    return 0;
}

void
admin_get_modules(struct admin_request *request, struct admin_response *response)
{
    const char *load = admin_uri_param(&request->uri, "load");
    json_t *data = json_array();

    if (load != NULL && strcmp(load, "all") == 0) {
        (void)core_main_call(load_all, NULL);
    }
    for (size_t i = 0; i < MX_COUNT(pseudo_modules); i++) {
        (void)json_array_append_new(data,
                                    core_pseudo_module_json(pseudo_modules[i], request->base));
    }
    for (size_t i = 0; i < core_modload_count(); i++) {
        (void)json_array_append_new(data, core_module_json(core_modload_get(i), request->base));
    }
    admin_response_body(response, admin_document(request, data, "/maxscale/modules/"));
}

void
admin_get_module(struct admin_request *request, struct admin_response *response)
{
    const char *name = request->uri.parts[2];
    json_t *resource = core_pseudo_module_json(name, request->base);

    if (resource == NULL) {
        resource = core_module_json(core_modload_find(name), request->base);
    }
    admin_response_body(response, admin_document(request, resource, "/maxscale/modules/%s/", name));
}

/* ---------------------------------------------------------------- commands */

static bool
has_values(const struct admin_uri *uri)
{
    for (size_t i = 0; i < uri->param_count; i++) {
        if (uri->params[i].value != NULL) {
            return true;
        }
    }
    return false;
}

/* The row of the command; the key=value form when arguments have values and there is one. */
static const struct mx_module_command *
find_command(const struct mx_module *module, const char *name, bool modifies, bool by_name,
             bool *is_other_method)
{
    const struct mx_module_command *found = NULL;

    for (size_t i = 0; i < module->command_count; i++) {
        const struct mx_module_command *command = &module->commands[i];
        if (strcasecmp(command->name, name) != 0) {
            continue;
        }
        if (command->modifies != modifies) {
            *is_other_method = true;
        } else if (found == NULL || command->key_value == by_name) {
            found = command;
        }
    }
    return found;
}

static size_t
required_count(const struct mx_module_command *command)
{
    size_t count = 0;

    for (size_t i = 0; i < command->arg_count; i++) {
        count += command->args[i].optional ? 0 : 1;
    }
    return count;
}

static int
take_positional(const struct admin_uri *uri, const struct mx_module_command *command,
                const char **values, struct admin_response *response)
{
    size_t least = required_count(command);

    if (uri->param_count < least || uri->param_count > command->arg_count) {
        if (least == command->arg_count) {
            admin_response_error(response, 400, "Expected %zu arguments, got %zu.", least,
                                 uri->param_count);
        } else {
            admin_response_error(response, 400, "Expected between %zu and %zu arguments, got %zu.",
                                 least, command->arg_count, uri->param_count);
        }
        return -1;
    }
    for (size_t i = 0; i < uri->param_count; i++) {
        values[i] = uri->params[i].key;
    }
    return 0;
}

static int
take_named(const struct admin_uri *uri, const struct mx_module_command *command,
           const char **values, struct admin_response *response)
{
    for (size_t p = 0; p < uri->param_count; p++) {
        size_t i = 0;
        while (i < command->arg_count && strcmp(command->args[i].name, uri->params[p].key) != 0) {
            i++;
        }
        if (i == command->arg_count) {
            admin_response_error(response, 400, "The command '%s' has no argument named '%s'.",
                                 command->name, uri->params[p].key);
        } else {
            values[i] = uri->params[p].value != NULL ? uri->params[p].value : "";
        }
    }
    for (size_t i = 0; i < command->arg_count; i++) {
        if (values[i] == NULL && !command->args[i].optional) {
            admin_response_error(response, 400, "The argument '%s' of the command '%s' is missing.",
                                 command->args[i].name, command->name);
        }
    }
    return response->status == 0 ? 0 : -1;
}

static bool
object_exists(const struct core_registry *registry, enum mx_arg_type type, const char *name,
              const char **kind)
{
    switch (type) {
    case MX_ARG_SERVICE:
        *kind = "service";
        return core_registry_service(registry, name) != NULL;
    case MX_ARG_SERVER:
        *kind = "server";
        return core_registry_server(registry, name) != NULL;
    case MX_ARG_MONITOR:
        *kind = "monitor";
        return core_registry_monitor(registry, name) != NULL;
    case MX_ARG_FILTER:
        *kind = "filter";
        return core_registry_filter(registry, name) != NULL;
    case MX_ARG_STRING:
    case MX_ARG_BOOL:
        break;
    }
    return true;
}

static bool
is_bool_word(const char *text)
{
    static const char *const words[] = {"true", "yes", "on", "1", "false", "no", "off", "0"};

    for (size_t i = 0; i < MX_COUNT(words); i++) {
        if (strcasecmp(text, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int
check_values(const struct core_registry *registry, const struct mx_module_command *command,
             const char *const *values, struct admin_response *response)
{
    for (size_t i = 0; i < command->arg_count; i++) {
        const struct mx_arg *arg = &command->args[i];
        const char *kind = NULL;
        if (values[i] == NULL) {
            continue;
        }
        if (!object_exists(registry, arg->type, values[i], &kind)) {
            admin_response_error(response, 400, "Argument %zu, %s not found: %s", i + 1, kind,
                                 values[i]);
        } else if (arg->type == MX_ARG_BOOL && !is_bool_word(values[i])) {
            admin_response_error(response, 400, "Argument %zu is true or false, not '%s'.", i + 1,
                                 values[i]);
        }
    }
    return response->status == 0 ? 0 : -1;
}

static void
run_command(const struct admin_request *request, const struct mx_module_command *command,
            const struct mx_command_call *call, struct admin_response *response)
{
    json_t *meta = NULL;
    json_t *errors = json_array();
    json_t *text;
    size_t i;
    int rc = command->run(call, &meta, errors);

    if (rc == 0 && meta == NULL) {
        admin_response_done(response);
    } else if (rc == 0) {
        admin_response_body(response,
                            json_pack("{s:{s:o}, s:O}", "links", "self",
                                      admin_url(request, "%s/", request->uri.path), "meta", meta));
    } else {
        json_array_foreach(errors, i, text)
        {
            admin_response_error(response, 400, "%s", json_string_value(text));
        }
        if (json_array_size(errors) == 0) {
            admin_response_error(response, 400, "The command '%s' failed.", command->name);
        }
        if (meta != NULL) {
            response->body = json_pack("{s:O}", "meta", meta);
        }
    }
    json_decref(meta);
    json_decref(errors);
}

void
admin_call_command(struct admin_request *request, struct admin_response *response)
{
    const char *module_name = request->uri.parts[2];
    const char *name = request->uri.parts[3];
    const struct mx_module *module = core_modload_find(module_name);
    const char *values[ARGS_MAX] = {0};
    bool by_name = has_values(&request->uri);
    bool is_other_method = false;
    const struct mx_module_command *command =
        module != NULL
            ? find_command(module, name, request->method == ADMIN_POST, by_name, &is_other_method)
            : NULL;

    response->is_plain = true;
    if (command == NULL && is_other_method) {
        admin_response_error(response, 404,
                             "Module '%s' has a command named '%s', but it cannot be used with %s.",
                             module_name, name, admin_method_name(request->method));
        return;
    }
    if (command == NULL) {
        admin_response_error(response, 404, "Module '%s' has no command named '%s'.", module_name,
                             name);
        return;
    }
    MX_ASSERT(command->arg_count <= ARGS_MAX);
    if ((by_name ? take_named(&request->uri, command, values, response)
                 : take_positional(&request->uri, command, values, response)) != 0 ||
        check_values(request->registry, command, values, response) != 0) {
        return;
    }
    run_command(request, command,
                &(struct mx_command_call){.values = values, .count = command->arg_count}, response);
}
