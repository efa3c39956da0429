/* link, unlink: changing the relationships of a service or monitor. */
#include "body.h"
#include "commands.h"

#include "../json_path.h"

#include <stdlib.h>
#include <string.h>

static const char *const types[] = {"servers", "services", "monitors", "filters"};

struct linking {
    const char *collection; /* of the object that is changed */
    char *url;
    json_t *known[MX_COUNT(types)];   /* names of existing objects */
    json_t *related[MX_COUNT(types)]; /* {id, type} of the object, in order; NULL: untouched */
};

static bool
has_name(json_t *names, const char *name)
{
    size_t i;
    json_t *element;
    json_array_foreach(names, i, element)
    {
        const char *text = json_string_value(element);
        if (text != NULL && strcmp(text, name) == 0) {
            return true;
        }
    }
    return false;
}

/* A monitor watches servers only. */
static bool
can_relate(const struct linking *l, size_t type)
{
    return strcmp(l->collection, "services") == 0 || strcmp(types[type], "servers") == 0;
}

static int
load_known(struct cli *cli, struct linking *l)
{
    for (size_t i = 0; i < MX_COUNT(types); i++) {
        json_t *answer = NULL;
        if (cli_get(cli, types[i], &answer) != 0) {
            return -1;
        }
        l->known[i] = cli_json_path(answer, "data[].id");
        json_decref(answer);
    }
    return 0;
}

/* Which kind of object a name is; a server before a service before a monitor before a filter. */
static size_t
find_type(const struct linking *l, const char *name)
{
    for (size_t i = 0; i < MX_COUNT(types); i++) {
        if (can_relate(l, i) && has_name(l->known[i], name)) {
            return i;
        }
    }
    return MX_COUNT(types);
}

static json_t *
current_relation(json_t *object, const char *type)
{
    json_t *relation =
        json_object_get(json_object_get(json_object_get(object, "data"), "relationships"), type);
    json_t *copy = json_deep_copy(json_object_get(relation, "data"));
    return copy != NULL ? copy : json_array();
}

static bool
has_target(json_t *array, const char *name)
{
    size_t i;
    json_t *element;
    json_array_foreach(array, i, element)
    {
        const char *id = json_string_value(json_object_get(element, "id"));
        if (id != NULL && strcmp(id, name) == 0) {
            return true;
        }
    }
    return false;
}

static void
link_target(struct linking *l, json_t *object, const char *name)
{
    size_t type = find_type(l, name);
    MX_ASSERT(type < MX_COUNT(types));
    if (l->related[type] == NULL) {
        /* A service follows one monitor: the new one takes the place of the old one. */
        bool is_monitor = strcmp(types[type], "monitors") == 0;
        l->related[type] = is_monitor ? json_array() : current_relation(object, types[type]);
    }
    if (!has_target(l->related[type], name)) {
        cli_relation_add(l->related[type], types[type], name, strlen(name));
    }
}

static void
unlink_target(struct linking *l, json_t *object, const char *name)
{
    for (size_t type = 0; type < MX_COUNT(types); type++) {
        json_t *array = l->related[type] != NULL ? json_incref(l->related[type])
                                                 : current_relation(object, types[type]);
        if (can_relate(l, type) && has_target(array, name)) {
            for (size_t i = json_array_size(array); i > 0; i--) {
                json_t *id = json_object_get(json_array_get(array, i - 1), "id");
                if (json_is_string(id) && strcmp(json_string_value(id), name) == 0) {
                    (void)json_array_remove(array, i - 1);
                }
            }
            json_decref(l->related[type]);
            l->related[type] = json_incref(array);
        }
        json_decref(array);
    }
}

static int
send_changes(struct cli *cli, struct linking *l)
{
    json_t *body = cli_body_change();
    for (size_t i = 0; i < MX_COUNT(types); i++) {
        if (l->related[i] != NULL) {
            cli_body_relate_give(body, types[i], json_incref(l->related[i]));
        }
    }
    /* Nothing to change is no request: the server wants at least one relationship. */
    bool is_empty = json_object_size(cli_body_data(body)) == 0;
    int rc = is_empty ? 0 : cli_send(cli, "PATCH", l->url, body);
    if (rc == 0) {
        cli_print_ok(cli);
    }
    json_decref(body);
    return rc;
}

static void
linking_fini(struct linking *l)
{
    for (size_t i = 0; i < MX_COUNT(types); i++) {
        json_decref(l->known[i]);
        json_decref(l->related[i]);
    }
    free(l->url);
}

static int
check_targets(struct cli *cli, const struct linking *l, const struct cli_args *args)
{
    for (size_t i = 1; i < args->word_count; i++) {
        if (find_type(l, args->words[i]) == MX_COUNT(types)) {
            return cli_fail(cli, "Error: Object '%s' is not a valid server, service or monitor",
                            args->words[i]);
        }
    }
    return 0;
}

int
cli_link_run(struct cli *cli, const struct cli_args *args)
{
    const struct cli_target *target = args->command->detail;
    struct linking l = {.collection = target->collection};
    json_t *object = NULL;
    l.url = cli_url_object(target->collection, args->words[0]);
    int rc = load_known(cli, &l);
    if (rc == 0) {
        rc = check_targets(cli, &l, args);
    }
    if (rc == 0) {
        rc = cli_get(cli, l.url, &object);
    }
    if (rc == 0) {
        for (size_t i = 1; i < args->word_count; i++) {
            link_target(&l, object, args->words[i]);
        }
        rc = send_changes(cli, &l);
    }
    json_decref(object);
    linking_fini(&l);
    return rc;
}

int
cli_unlink_run(struct cli *cli, const struct cli_args *args)
{
    const struct cli_target *target = args->command->detail;
    struct linking l = {.collection = target->collection};
    json_t *object = NULL;
    l.url = cli_url_object(target->collection, args->words[0]);
    int rc = cli_get(cli, l.url, &object);
    if (rc == 0) {
        for (size_t i = 1; i < args->word_count; i++) {
            unlink_target(&l, object, args->words[i]);
        }
        rc = send_changes(cli, &l);
    }
    json_decref(object);
    linking_fini(&l);
    return rc;
}
