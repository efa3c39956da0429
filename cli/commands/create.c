/* create: new objects from KEY=VALUE words. */
#include "body.h"
#include "commands.h"

#include "../convert.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Names with such characters work, but have to be escaped in every URL. */
static void
warn_of_name(struct cli *cli, const char *name)
{
    for (const char *p = name; *p != '\0'; p++) {
        if (!isalnum((unsigned char)*p) && strchr("-._~", *p) == NULL) {
            cli_text_format(&cli->warnings, "The name '%s' contains URL-unsafe characters.\n",
                            name);
            return;
        }
    }
}

static void
relate_option(json_t *body, const struct cli_args *args, const char *option, const char *type)
{
    const struct cli_value *list = cli_args_list(args, option);
    if (list != NULL && list->list_count > 0) {
        cli_body_relate(body, type, list->list, list->list_count);
    }
}

/* Adds the relationships of the options, sends, confirms; body may be NULL (failed before). */
static int
create(struct cli *cli, const struct cli_args *args, const char *resource, json_t *body)
{
    if (body == NULL) {
        return -1;
    }
    relate_option(body, args, "servers", "servers");
    relate_option(body, args, "services", "services");
    relate_option(body, args, "monitors", "monitors");
    relate_option(body, args, "filters", "filters");
    const char *cluster = cli_args_text(args, "cluster");
    if (cluster != NULL) {
        json_t *monitors = json_array();
        cli_relation_add(monitors, "monitors", cluster, strlen(cluster));
        cli_body_relate_give(body, "monitors", monitors);
    }
    int rc = cli_send(cli, "POST", resource, body);
    if (rc == 0) {
        warn_of_name(cli, json_string_value(json_object_get(cli_body_data(body), "id")));
        cli_print_ok(cli);
    }
    json_decref(body);
    return rc;
}

/* Parameters from the words behind the first `skip`; what: "module" or "router", NULL for none. */
static json_t *
make_body(struct cli *cli, const struct cli_args *args, const char *type, const char *what,
          size_t skip)
{
    json_t *parameters = cli_convert_pairs(cli, args->words + skip, args->word_count - skip);
    if (parameters == NULL) {
        return NULL;
    }
    json_t *attributes = json_pack("{s:o}", "parameters", parameters);
    if (what != NULL) {
        (void)json_object_set_new(attributes, what, json_string(args->words[1]));
    }
    return cli_body_new(cli, args->words[0], type, attributes);
}

/* NAME HOST|SOCKET [PORT] [KEY=VALUE...], the older form. */
static json_t *
make_legacy_server(struct cli *cli, const struct cli_args *args)
{
    const char *host = args->words[1];
    bool has_port = args->word_count > 2 && strchr(args->words[2], '=') == NULL;
    json_t *body = make_body(cli, args, "servers", NULL, has_port ? 3 : 2);
    json_t *parameters =
        json_object_get(json_object_get(cli_body_data(body), "attributes"), "parameters");
    if (body == NULL) {
        return NULL;
    }
    bool is_socket = host[0] == '/';
    (void)json_object_set_new(parameters, is_socket ? "socket" : "address", json_string(host));
    if (has_port && !is_socket) {
        (void)json_object_set_new(parameters, "port", cli_convert_value(args->words[2]));
    }
    return body;
}

int
cli_create_server_run(struct cli *cli, const struct cli_args *args)
{
    bool is_legacy = strchr(args->words[1], '=') == NULL;
    return create(cli, args, "servers",
                  is_legacy ? make_legacy_server(cli, args)
                            : make_body(cli, args, "servers", NULL, 1));
}

int
cli_create_monitor_run(struct cli *cli, const struct cli_args *args)
{
    return create(cli, args, "monitors", make_body(cli, args, "monitors", "module", 2));
}

int
cli_create_service_run(struct cli *cli, const struct cli_args *args)
{
    return create(cli, args, "services", make_body(cli, args, "services", "router", 2));
}

int
cli_create_filter_run(struct cli *cli, const struct cli_args *args)
{
    return create(cli, args, "filters", make_body(cli, args, "filters", "module", 2));
}

/* create listener SERVICE NAME PORT */
int
cli_create_listener_run(struct cli *cli, const struct cli_args *args)
{
    const char *port = args->words[2];
    size_t digits = strspn(port, "0123456789");
    if (digits == 0 || digits > 9 || port[digits] != '\0' || strtol(port, NULL, 10) <= 0) {
        return cli_fail(cli, "'%s' is not a valid value for port", port);
    }
    json_t *parameters = cli_convert_pairs(cli, args->words + 3, args->word_count - 3);
    if (parameters == NULL) {
        return -1;
    }
    (void)json_object_set_new(parameters, "port", json_integer(strtol(port, NULL, 10)));
    json_t *body = cli_body_new(cli, args->words[1], "listeners",
                                json_pack("{s:o}", "parameters", parameters));
    if (body != NULL) {
        cli_body_relate(body, "services", args->words, 1);
    }
    return create(cli, args, "listeners", body);
}

int
cli_create_user_run(struct cli *cli, const struct cli_args *args)
{
    json_t *attributes =
        json_pack("{s:s, s:s}", "password", args->words[1], "account", cli_args_text(args, "type"));
    if (attributes == NULL) {
        return cli_fail(cli, "Error: The password is not UTF-8 text");
    }
    return create(cli, args, "users/inet", cli_body_new(cli, args->words[0], "inet", attributes));
}
