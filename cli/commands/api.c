/* api, call, classify: the REST API more or less directly. */
#include "commands.h"
#include "values.h"

#include "../json_path.h"
#include "../json_text.h"

#include <stdlib.h>
#include <string.h>

static const struct cli_field classify_fields[] = {
    {.title = "Parse result", .path = "attributes.parse_result"},
    {.title = "Type mask", .path = "attributes.type_mask"},
    {.title = "Operation", .path = "attributes.operation"},
    {.title = "Has where clause", .path = "attributes.has_where_clause"},
    {.title = "Fields", .path = "attributes.fields"},
    {.title = "Functions", .value = cli_value_functions},
    {.title = "Canonical", .path = "attributes.canonical"},
};
static const struct cli_fields classify = CLI_FIELDS(classify_fields);

int
cli_classify_run(struct cli *cli, const struct cli_args *args)
{
    struct cli_text url = {0};
    json_t *answer = NULL;
    cli_text_add(&url, "maxscale/query_classifier/classify?sql=");
    cli_url_add(&url, args->words[0]);
    int rc = cli_get(cli, cli_text_string(&url), &answer);
    if (rc == 0) {
        cli_print_object(cli, json_object_get(answer, "data"), &classify);
    }
    json_decref(answer);
    cli_text_fini(&url);
    return rc;
}

/* The method a module's command wants; GET for one that is unknown: the server then says so. */
static char *
command_method(json_t *module, const char *name)
{
    json_t *commands = cli_json_path(module, "data.attributes.commands");
    char *method = NULL;
    size_t i;
    json_t *command;
    json_array_foreach(commands, i, command)
    {
        const char *id = json_string_value(json_object_get(command, "id"));
        json_t *attributes = json_object_get(command, "attributes");
        const char *text = json_string_value(json_object_get(attributes, "method"));
        if (method == NULL && id != NULL && text != NULL && strcmp(id, name) == 0) {
            method = mx_strdup(text);
        }
    }
    json_decref(commands);
    return method != NULL ? method : mx_strdup("GET");
}

int
cli_call_command_run(struct cli *cli, const struct cli_args *args)
{
    struct cli_text url = {0};
    json_t *answer = NULL;
    cli_text_add(&url, "maxscale/modules/");
    cli_url_add(&url, args->words[0]);
    cli_text_char(&url, '/');
    if (cli_get(cli, cli_text_string(&url), &answer) != 0) {
        cli_text_fini(&url);
        return -1;
    }
    char *method = command_method(answer, args->words[1]);
    json_decref(answer);
    answer = NULL;
    cli_url_add(&url, args->words[1]);
    cli_text_char(&url, '?');
    for (size_t i = 2; i < args->word_count; i++) {
        cli_text_format(&url, "%s%s", i > 2 ? "&" : "", args->words[i]);
    }
    int rc = cli_request(cli, method, cli_text_string(&url), NULL, &answer);
    if (rc == 0) {
        json_t *meta = json_object_get(answer, "meta");
        if (meta != NULL) {
            cli_print_json(cli, meta, 4);
        } else {
            cli_print_ok(cli);
        }
    }
    json_decref(answer);
    free(method);
    cli_text_fini(&url);
    return rc;
}

/* "/v1/servers" means the same as "servers". */
static const char *
resource_of(const char *word)
{
    const char *p = word + strspn(word, "/");
    return strncmp(p, "v1/", 3) == 0 ? p + 3 : p;
}

/* Numbers of an array, also of arrays in it, added up. */
static double
add_up(json_t *value)
{
    double sum = 0;
    size_t i;
    json_t *element;
    json_array_foreach(value, i, element)
    {
        size_t k;
        json_t *inner;
        sum += json_number_value(element);
        json_array_foreach(element, k, inner)
        {
            sum += json_number_value(inner);
        }
    }
    return sum;
}

int
cli_api_get_run(struct cli *cli, const struct cli_args *args)
{
    const char *path = args->word_count > 1 ? args->words[1] : NULL;
    json_t *answer = NULL;
    size_t at = 0;
    if (path != NULL && !cli_json_path_is_valid(path, &at)) {
        return cli_fail(cli,
                        "Error: The path '%s' cannot be read at character %zu; it looks like "
                        "data[].attributes.state or data.attributes.parameters.port",
                        path, at + 1);
    }
    if (cli_request(cli, "GET", resource_of(args->words[0]), NULL, &answer) != 0) {
        return -1;
    }
    json_t *value = path != NULL ? cli_json_path(answer, path) : json_incref(answer);
    if (cli_args_flag(args, "sum") && json_is_array(value)) {
        struct cli_text sum = {0};
        cli_json_number(&sum, add_up(value));
        cli_print_line(cli, cli_text_string(&sum));
        cli_text_fini(&sum);
    } else if (value != NULL) {
        cli_print_json(cli, value, cli_args_flag(args, "pretty") ? 2 : 0);
    }
    json_decref(value);
    json_decref(answer);
    return 0;
}

/* api post, api patch */
int
cli_api_send_run(struct cli *cli, const struct cli_args *args)
{
    const char *method = strcmp(args->command->name, "post") == 0 ? "POST" : "PATCH";
    json_error_t error;
    json_t *answer = NULL;
    json_t *body = json_loads(args->words[1], 0, &error);
    if (body == NULL) {
        return cli_fail(cli,
                        "Error: The body is not JSON: %s (line %d, column %d). Put it between "
                        "single quotes so that the shell leaves it as it is.",
                        error.text, error.line, error.column);
    }
    int rc = cli_request(cli, method, resource_of(args->words[0]), body, &answer);
    if (rc == 0 && answer != NULL) {
        cli_print_json(cli, answer, cli_args_flag(args, "pretty") ? 4 : 0);
    } else if (rc == 0) {
        cli_print_ok(cli);
    }
    json_decref(answer);
    json_decref(body);
    return rc;
}
