/* destroy: removing objects. */
#include "commands.h"

#include <stdlib.h>

static int
send_delete(struct cli *cli, const char *url)
{
    int rc = cli_send(cli, "DELETE", url, NULL);
    if (rc == 0) {
        cli_print_ok(cli);
    }
    return rc;
}

int
cli_destroy_run(struct cli *cli, const struct cli_args *args)
{
    const struct cli_target *target = args->command->detail;
    char *object = cli_url_object(target->collection, args->words[0]);
    char *url = mx_asprintf("%s%s", object, cli_args_flag(args, "force") ? "?force=yes" : "");
    int rc = send_delete(cli, url);
    free(url);
    free(object);
    return rc;
}

/* LISTENER, or SERVICE LISTENER: then the listener must be one of that service. */
int
cli_destroy_listener_run(struct cli *cli, const struct cli_args *args)
{
    const char *name = args->words[args->word_count - 1];
    int rc = 0;
    if (args->word_count > 1) {
        struct cli_text url = {0};
        json_t *answer = NULL;
        cli_text_add(&url, "services/");
        cli_url_add(&url, args->words[0]);
        cli_text_add(&url, "/listeners/");
        cli_url_add(&url, name);
        rc = cli_get(cli, cli_text_string(&url), &answer);
        json_decref(answer);
        cli_text_fini(&url);
    }
    if (rc == 0) {
        char *url = cli_url_object("listeners", name);
        rc = send_delete(cli, url);
        free(url);
    }
    return rc;
}

int
cli_destroy_session_run(struct cli *cli, const struct cli_args *args)
{
    char *object = cli_url_object("sessions", args->words[0]);
    char *url = mx_asprintf("%s?ttl=%ld", object, cli_args_number(args, "ttl"));
    int rc = send_delete(cli, url);
    free(url);
    free(object);
    return rc;
}
