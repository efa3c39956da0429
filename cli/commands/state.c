/* set, clear, enable, disable, start, stop, rotate, reload: one request each. */
#include "commands.h"

#include "../json_path.h"

#include <stdlib.h>
#include <string.h>

/* A change whose answer is not looked at. */
static int
send_and_confirm(struct cli *cli, const char *method, const char *url, json_t *body)
{
    int rc = cli_send(cli, method, url, body);
    if (rc == 0) {
        cli_print_ok(cli);
    }
    return rc;
}

int
cli_state_server_run(struct cli *cli, const struct cli_args *args)
{
    struct cli_text url = {0};
    cli_text_add(&url, "servers/");
    cli_url_add(&url, args->words[0]);
    cli_text_format(&url, "/%s?state=", args->command->group);
    cli_url_add(&url, args->words[1]);
    if (cli_args_flag(args, "force")) {
        cli_text_add(&url, "&force=yes");
    }
    int rc = send_and_confirm(cli, "PUT", cli_text_string(&url), NULL);
    cli_text_fini(&url);
    return rc;
}

int
cli_state_log_priority_run(struct cli *cli, const struct cli_args *args)
{
    static const char *const levels[] = {"warning", "notice", "info", "debug"};
    bool on = strcmp(args->command->group, "enable") == 0;
    const char *level = args->words[0];
    size_t i = 0;
    while (i < MX_COUNT(levels) && strcmp(levels[i], level) != 0) {
        i++;
    }
    if (i == MX_COUNT(levels)) {
        return cli_fail(cli, "Error: Invalid log priority: %s", level);
    }
    char *name = mx_asprintf("log_%s", level);
    json_t *body = json_pack("{s:{s:{s:{s:b}}}}", "data", "attributes", "parameters", name, on);
    int rc = send_and_confirm(cli, "PATCH", "maxscale/logs", body);
    json_decref(body);
    free(name);
    return rc;
}

int
cli_switch_run(struct cli *cli, const struct cli_args *args)
{
    const struct cli_target *target = args->command->detail;
    struct cli_text url = {0};
    cli_text_format(&url, "%s/", target->collection);
    cli_url_add(&url, args->words[0]);
    cli_text_format(&url, "/%s", args->command->group);
    if (cli_args_flag(args, "force")) {
        cli_text_add(&url, "?force=yes");
    }
    int rc = send_and_confirm(cli, "PUT", cli_text_string(&url), NULL);
    cli_text_fini(&url);
    return rc;
}

int
cli_switch_services_run(struct cli *cli, const struct cli_args *args)
{
    json_t *answer = NULL;
    int rc = cli_get(cli, "services/", &answer);
    size_t i;
    json_t *service;
    json_array_foreach(json_object_get(answer, "data"), i, service)
    {
        const char *name = json_string_value(json_object_get(service, "id"));
        struct cli_text url = {0};
        if (name == NULL || rc != 0) {
            continue;
        }
        cli_text_add(&url, "services/");
        cli_url_add(&url, name);
        cli_text_format(&url, "/%s%s", args->command->group,
                        cli_args_flag(args, "force") ? "?force=yes" : "");
        rc = cli_send(cli, "PUT", cli_text_string(&url), NULL);
        cli_text_fini(&url);
    }
    if (rc == 0) {
        cli_print_ok(cli);
    }
    json_decref(answer);
    return rc;
}

/* POST to a fixed place. */
int
cli_post_run(struct cli *cli, const struct cli_args *args)
{
    const struct cli_target *target = args->command->detail;
    return send_and_confirm(cli, "POST", target->collection, NULL);
}

static int
post_to_object(struct cli *cli, const char *collection, const char *name, const char *action)
{
    char *object = cli_url_object(collection, name);
    char *url = mx_asprintf("%s/%s", object, action);
    int rc = send_and_confirm(cli, "POST", url, NULL);
    free(url);
    free(object);
    return rc;
}

int
cli_reload_service_run(struct cli *cli, const struct cli_args *args)
{
    return post_to_object(cli, "services", args->words[0], "reload");
}

int
cli_reload_session_run(struct cli *cli, const struct cli_args *args)
{
    return post_to_object(cli, "sessions", args->words[0], "restart");
}
