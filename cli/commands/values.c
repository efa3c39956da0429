/* Put-together field values. */
#include "values.h"

#include "../json_path.h"

#include <string.h>

static json_t *
not_null(json_t *value)
{
    if (json_is_null(value)) {
        json_decref(value);
        return NULL;
    }
    return value;
}

json_t *
cli_value_address(json_t *object)
{
    json_t *address = not_null(cli_json_path(object, "attributes.parameters.address"));
    return address != NULL ? address
                           : not_null(cli_json_path(object, "attributes.parameters.socket"));
}

json_t *
cli_value_port(json_t *object)
{
    return not_null(cli_json_path(object, "attributes.parameters.port"));
}

json_t *
cli_value_state(json_t *object)
{
    json_t *state = cli_json_path(object, "attributes.state");
    json_t *details = cli_json_path(object, "attributes.state_details");
    if (json_is_string(state) && json_is_string(details) && json_string_length(details) > 0) {
        json_t *both = json_sprintf("%s, %s", json_string_value(state), json_string_value(details));
        json_decref(state);
        state = both;
    }
    json_decref(details);
    return state;
}

json_t *
cli_value_targets(json_t *object)
{
    json_t *targets = json_array();
    json_t *servers = cli_json_path(object, "relationships.servers.data[].id");
    json_t *services = cli_json_path(object, "relationships.services.data[].id");
    if (servers != NULL) {
        (void)json_array_extend(targets, servers);
    }
    if (services != NULL) {
        (void)json_array_extend(targets, services);
    }
    json_decref(servers);
    json_decref(services);
    return targets;
}

json_t *
cli_value_functions(json_t *object)
{
    json_t *all = json_object_get(json_object_get(object, "attributes"), "functions");
    json_t *lines = json_array();
    size_t i;
    json_t *function;
    json_array_foreach(all, i, function)
    {
        const char *name = json_string_value(json_object_get(function, "name"));
        char *arguments = cli_list_cell(json_object_get(function, "arguments"));
        (void)json_array_append_new(lines,
                                    json_sprintf("%s: (%s)", name != NULL ? name : "", arguments));
        free(arguments);
    }
    return lines;
}
