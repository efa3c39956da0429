/*
 * Loads accounts as the proxy does and prints them; for tests/integration/test_users_load.py.
 *
 *   users_probe load  USER PASSWORD FILE ALL  [ADDRESS PORT EXTRA_PORT]...
 *   users_probe ask   USER PASSWORD NAME CLIENT DATABASE  ADDRESS PORT EXTRA_PORT
 *   users_probe rotate USER PASSWORD NEXT -  ADDRESS PORT EXTRA_PORT
 *
 * load: JSON {users, servers, warnings} or {error}. ask: "VERDICT DATABASE HOST" as numbers and
 * text.
 */
#include "core/users_manager.h"

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The probe is the worker: messages run at once, on the sender's thread. */
void
mx_worker_post(struct mx_worker *worker, mx_worker_fn fn, void *arg)
{
    (void)worker;
    fn(arg);
}

static int
number(const char *text)
{
    return (int)strtol(text, NULL, 10);
}

static void
servers_from(char **args, int count, struct core_users_source *source)
{
    source->servers = mx_calloc((size_t)count / 3, sizeof(*source->servers));
    for (int i = 0; i + 2 < count; i += 3) {
        struct core_users_server *server = &source->servers[source->server_count++];
        server->name = mx_asprintf("server%zu", source->server_count);
        server->address = mx_strdup(args[i]);
        server->port = number(args[i + 1]);
        server->extra_port = number(args[i + 2]);
    }
}

static void
print_json(json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    (void)puts(text);
    free(text);
    json_decref(json);
}

static int
print_load(struct core_users_source *source)
{
    struct core_users_loaded loaded;
    struct mx_err err = {0};
    if (core_users_load(source, &loaded, &err) != 0) {
        print_json(json_pack("{s:s}", "error", err.text));
        return EXIT_SUCCESS;
    }
    print_json(json_pack("{s:o, s:s, s:s?}", "users", core_users_json(loaded.users), "servers",
                         loaded.servers, "warnings", loaded.warnings));
    core_users_loaded_fini(&loaded);
    return EXIT_SUCCESS;
}

static int
print_answer(struct core_users_source *source, const struct core_users_query *query)
{
    struct core_users_loaded loaded;
    struct core_users_match match;
    struct mx_err err = {0};
    if (core_users_load(source, &loaded, &err) != 0) {
        (void)fprintf(stderr, "%s\n", err.text);
        return EXIT_FAILURE;
    }
    core_users_find(loaded.users, query, &match);
    (void)printf("%d %d %s\n", (int)match.verdict, (int)match.database,
                 match.account == NULL ? "-" : match.account->host);
    core_users_loaded_fini(&loaded);
    return EXIT_SUCCESS;
}

struct rotation {
    char **args;
    sem_t told;
    int loads; /* before the first one, the first password holds */
};

static int
rotation_source(void *ctx, struct core_users_source *out)
{
    struct rotation *rotation = ctx;
    out->service = mx_strdup("probe");
    out->user = mx_strdup(rotation->args[2]);
    out->password = mx_strdup(rotation->args[rotation->loads++ == 0 ? 3 : 4]);
    out->timeout_ms = 5000;
    servers_from(rotation->args + 6, 3, out);
    return 0;
}

static void
rotation_told(void *arg)
{
    struct rotation *rotation = arg;
    (void)sem_post(&rotation->told);
}

static void
print_count(struct core_users_manager *manager)
{
    struct core_users *users = core_users_manager_get(manager);
    (void)printf("%zu\n", core_users_count(users));
    (void)fflush(stdout);
    core_users_unref(users);
}

static int
rotate(char **args)
{
    struct rotation rotation = {.args = args};
    struct mx_err err;
    (void)sem_init(&rotation.told, 0, 0);
    struct core_users_manager *manager =
        core_users_manager_new("probe", rotation_source, &rotation, &err);
    if (manager == NULL) {
        return EXIT_FAILURE;
    }
    while (core_users_manager_loaded_at(manager) == 0) {
        (void)usleep(1000);
    }
    print_count(manager);
    (void)getchar();
    if (core_users_manager_refresh(manager, NULL, rotation_told, &rotation)) {
        while (sem_wait(&rotation.told) != 0) {
        }
    }
    print_count(manager);
    core_users_manager_free(manager);
    return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
    struct core_users_source source = {.timeout_ms = 5000, .strip_db_esc = true};
    int rc = EXIT_FAILURE;
    if (argc < 6) {
        return rc;
    }
    if (strcmp(argv[1], "rotate") == 0 && argc == 9) {
        return rotate(argv);
    }
    source.service = mx_strdup("probe");
    source.user = mx_strdup(argv[2]);
    source.password = mx_strdup(argv[3]);
    if (strcmp(argv[1], "load") == 0) {
        source.file = mx_strdup(argv[4]);
        source.all_servers = strcmp(argv[5], "all") == 0;
        source.file_only = strcmp(argv[5], "file_only") == 0;
        servers_from(argv + 6, argc - 6, &source);
        rc = print_load(&source);
    } else if (argc == 10) {
        struct core_users_query query = {
            .user = argv[4], .address = argv[5], .database = argv[6], .name_known = true};
        servers_from(argv + 7, 3, &source);
        rc = print_answer(&source, &query);
    }
    core_users_source_fini(&source);
    return rc;
}
