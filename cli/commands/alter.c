/* alter: changing parameters and relationships of existing objects. */
#include "body.h"
#include "commands.h"

#include "../convert.h"
#include "../json_path.h"
#include "../json_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* {"data": {"attributes": {"parameters": ...}}}, NULL with the text in cli->error. */
static json_t *
read_changes(struct cli *cli, const struct cli_args *args, size_t skip)
{
    json_t *parameters = cli_convert_changes(cli, args->words + skip, args->word_count - skip);
    if (parameters == NULL) {
        return NULL;
    }
    json_t *body = cli_body_change();
    (void)json_object_set_new(cli_body_data(body), "attributes",
                              json_pack("{s:o}", "parameters", parameters));
    return body;
}

static json_t *
parameters_of(json_t *body)
{
    return json_object_get(json_object_get(cli_body_data(body), "attributes"), "parameters");
}

/* Sends and confirms; takes the body over. */
static int
patch(struct cli *cli, const char *url, json_t *body)
{
    if (json_object_size(parameters_of(body)) == 0 &&
        json_object_get(cli_body_data(body), "relationships") != NULL) {
        (void)json_object_del(cli_body_data(body), "attributes");
    }
    int rc = cli_send(cli, "PATCH", url, body);
    if (rc == 0) {
        cli_print_ok(cli);
    }
    json_decref(body);
    return rc;
}

int
cli_alter_run(struct cli *cli, const struct cli_args *args)
{
    const struct cli_target *target = args->command->detail;
    json_t *body = read_changes(cli, args, 1);
    if (body == NULL) {
        return -1;
    }
    char *url = cli_url_object(target->collection, args->words[0]);
    int rc = patch(cli, url, body);
    free(url);
    return rc;
}

/* Takes the parameter out of the body; NULL when it is not there. Free it. */
static char *
take_parameter(json_t *body, const char *key)
{
    struct cli_text text = {0};
    json_t *value = json_object_get(parameters_of(body), key);
    if (value == NULL) {
        return NULL;
    }
    cli_json_plain(&text, value);
    (void)json_object_del(parameters_of(body), key);
    return cli_text_take(&text);
}

/* Each name of the list, without blanks around it, as {id, type}. */
static json_t *
split_names(const char *list, char separator, const char *type)
{
    const char stop[] = {separator, '\0'};
    json_t *array = json_array();
    const char *p = list;
    while (*p != '\0') {
        size_t part = strcspn(p, stop);
        const char *name = p;
        size_t len = part;
        while (len > 0 && isspace((unsigned char)*name)) {
            name++;
            len--;
        }
        while (len > 0 && isspace((unsigned char)name[len - 1])) {
            len--;
        }
        if (len > 0) {
            cli_relation_add(array, type, name, len);
        }
        p += part + (p[part] != '\0' ? 1 : 0);
    }
    return array;
}

static void
relate_parameter(json_t *body, const char *key, char separator, const char *type)
{
    char *list = take_parameter(body, key);
    if (list != NULL) {
        cli_body_relate_give(body, type, split_names(list, separator, type));
        free(list);
    }
}

int
cli_alter_monitor_run(struct cli *cli, const struct cli_args *args)
{
    json_t *body = read_changes(cli, args, 1);
    if (body == NULL) {
        return -1;
    }
    char *url = cli_url_object("monitors", args->words[0]);
    relate_parameter(body, "servers", ',', "servers");
    int rc = patch(cli, url, body);
    free(url);
    return rc;
}

static bool
is_among(json_t *names, const char *name)
{
    size_t i;
    json_t *element;
    json_array_foreach(names, i, element)
    {
        if (json_is_string(element) && strcmp(json_string_value(element), name) == 0) {
            return true;
        }
    }
    return false;
}

/* targets=a,b: names of servers are servers, the rest are services. */
static int
relate_targets(struct cli *cli, json_t *body)
{
    json_t *answer = NULL;
    char *list = take_parameter(body, "targets");
    if (list == NULL) {
        return 0;
    }
    int rc = cli_get(cli, "servers", &answer);
    if (rc == 0) {
        json_t *known = cli_json_path(answer, "data[].id");
        json_t *all = split_names(list, ',', "servers");
        json_t *servers = json_array();
        json_t *services = json_array();
        size_t i;
        json_t *target;
        json_array_foreach(all, i, target)
        {
            const char *name = json_string_value(json_object_get(target, "id"));
            bool is_server = is_among(known, name);
            cli_relation_add(is_server ? servers : services, is_server ? "servers" : "services",
                             name, strlen(name));
        }
        cli_body_relate_give(body, "servers", servers);
        cli_body_relate_give(body, "services", services);
        json_decref(all);
        json_decref(known);
    }
    json_decref(answer);
    free(list);
    return rc;
}

int
cli_alter_service_run(struct cli *cli, const struct cli_args *args)
{
    json_t *body = read_changes(cli, args, 1);
    if (body == NULL) {
        return -1;
    }
    if (relate_targets(cli, body) != 0) {
        json_decref(body);
        return -1;
    }
    relate_parameter(body, "servers", ',', "servers");
    relate_parameter(body, "filters", '|', "filters");
    relate_parameter(body, "cluster", ',', "monitors");
    char *url = cli_url_object("services", args->words[0]);
    int rc = patch(cli, url, body);
    free(url);
    return rc;
}

/* alter service-filters, alter session-filters: the whole list anew. */
int
cli_alter_filters_run(struct cli *cli, const struct cli_args *args)
{
    const struct cli_target *target = args->command->detail;
    json_t *body = cli_body_change();
    char *url = cli_url_object(target->collection, args->words[0]);
    cli_body_relate(body, "filters", args->words + 1, args->word_count - 1);
    int rc = patch(cli, url, body);
    free(url);
    return rc;
}

/* alter maxscale, alter logging: the resource has no name. */
int
cli_alter_global_run(struct cli *cli, const struct cli_args *args)
{
    const struct cli_target *target = args->command->detail;
    json_t *body = read_changes(cli, args, 0);
    return body != NULL ? patch(cli, target->collection, body) : -1;
}

int
cli_alter_user_run(struct cli *cli, const struct cli_args *args)
{
    json_t *body = json_pack("{s:{s:{s:s}}}", "data", "attributes", "password", args->words[1]);
    if (body == NULL) {
        return cli_fail(cli, "Error: The password is not UTF-8 text");
    }
    char *url = cli_url_object("users/inet", args->words[0]);
    int rc = cli_send(cli, "PATCH", url, body);
    if (rc == 0) {
        cli_print_ok(cli);
    }
    json_decref(body);
    free(url);
    return rc;
}
