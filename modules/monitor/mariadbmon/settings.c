/* The configuration as decide wants it: names, addresses, logins, statements of the SQL files. */
#include "instance.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES   65536
#define STATEMENTS_LIMIT 10000

static const char *
or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static void
free_list(char **list)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        free(list[i]);
    }
    free(list);
}

/* One statement per line; empty lines and those that begin with # are left out. */
static int
read_statements(const char *path, char ***out, struct mx_err *err)
{
    FILE *file = NULL;
    char *line = NULL;
    size_t capacity = 0;
    size_t count = 0;
    ssize_t len;
    if (path == NULL) {
        return 0;
    }
    file = fopen(path, "re");
    if (file == NULL) {
        return mx_err_text(err, "SQL file '%s' cannot be read: %s", path, strerrordesc_np(errno));
    }
    char **list = mx_calloc(1, sizeof(*list));
    while ((len = getline(&line, &capacity, file)) > 0 && count < STATEMENTS_LIMIT) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] == '\0' || line[0] == '#' || len > LINE_MAX_BYTES) {
            continue;
        }
        list = mx_realloc(list, (count + 2) * sizeof(*list));
        list[count++] = mx_strdup(line);
        list[count] = NULL;
    }
    free(line);
    (void)fclose(file);
    *out = list;
    return 0;
}

static bool
is_listed(char *const *names, const char *name)
{
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

void
mon_settings_refresh(struct mon_instance *instance)
{
    struct mx_monitor_settings common;
    mx_monitor_settings(instance->monitor, &common);
    instance->settings.passive = common.passive;
}

int
mon_settings_init(struct mon_instance *instance, struct mx_err *err)
{
    struct mon_settings *settings = &instance->settings;
    const struct mon_config *config = instance->config;
    struct mx_monitor_settings common;
    mx_monitor_settings(instance->monitor, &common);
    settings->config = config;
    settings->interval_ms = common.interval_ms;
    settings->passive = common.passive;
    settings->count = mx_monitor_server_count(instance->monitor);
    settings->servers = mx_calloc(settings->count + 1, sizeof(*settings->servers));
    for (size_t i = 0; i < settings->count; i++) {
        struct mx_monitor_target target;
        mx_monitor_target(instance->monitor, i, &target);
        settings->servers[i] = (struct mon_server_settings){
            .name = target.name,
            .address = or_empty(target.address),
            .private_address = or_empty(target.private_address),
            .port = target.port,
            .custom_options = target.replication_custom_options != NULL
                                  ? target.replication_custom_options
                                  : or_empty(config->replication_custom_options),
            .user = or_empty(target.user),
            .no_promotion = is_listed(config->servers_no_promotion, target.name),
        };
        if (settings->replication_user == NULL) {
            settings->replication_user = or_empty(target.user);
            settings->replication_password = or_empty(target.password);
        }
    }
    if (config->replication_user != NULL) {
        settings->replication_user = config->replication_user;
        settings->replication_password = or_empty(config->replication_password);
    }
    if (settings->replication_user == NULL) {
        settings->replication_user = "";
        settings->replication_password = "";
    }
    if (read_statements(config->promotion_sql_file, &settings->promotion_sql, err) != 0 ||
        read_statements(config->demotion_sql_file, &settings->demotion_sql, err) != 0) {
        return -1;
    }
    return 0;
}

void
mon_settings_fini(struct mon_settings *settings)
{
    free(settings->servers);
    free_list(settings->promotion_sql);
    free_list(settings->demotion_sql);
    memset(settings, 0, sizeof(*settings));
}
