/* SQL of plan steps. */
#include "act_sql.h"

#include "mx/str.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void
add_string(struct mx_str *out, const char *text)
{
    mx_str_add_char(out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\') {
            mx_str_add_char(out, '\\');
        }
        mx_str_add_char(out, *text);
    }
    mx_str_add_char(out, '\'');
}

static const char *
clause_text(const struct mon_step *step)
{
    switch (step->clause) {
    case MON_CLAUSE_KEEP:
        break;
    case MON_CLAUSE_SLAVE_POS:
        return ", MASTER_USE_GTID = slave_pos";
    case MON_CLAUSE_CURRENT_POS:
        return ", MASTER_USE_GTID = current_pos";
    case MON_CLAUSE_DEMOTE:
        return step->demote_supported ? ", MASTER_DEMOTE_TO_SLAVE = 1"
                                      : ", MASTER_USE_GTID = current_pos";
    }
    return "";
}

static char *
change_master(const struct mon_settings *settings, const struct mon_step *step, bool mask)
{
    struct mx_str out = {0};
    const char *options = settings->servers[step->server].custom_options;
    mx_str_add(&out, "CHANGE MASTER ");
    add_string(&out, step->connection);
    mx_str_add(&out, " TO MASTER_HOST = ");
    add_string(&out, step->host);
    mx_str_printf(&out, ", MASTER_PORT = %d%s%s", step->port, clause_text(step),
                  settings->config->replication_master_ssl ? ", MASTER_SSL = 1" : "");
    if (options[0] != '\0') {
        mx_str_printf(&out, ", %s", options);
    }
    mx_str_add(&out, ", MASTER_USER = ");
    add_string(&out, settings->replication_user);
    mx_str_add(&out, ", MASTER_PASSWORD = ");
    add_string(&out, mask ? "*****" : settings->replication_password);
    return mx_str_give(&out);
}

static char *
with_connection(const char *before, const char *connection, const char *after)
{
    struct mx_str out = {0};
    mx_str_add(&out, before);
    add_string(&out, connection);
    mx_str_add(&out, after);
    return mx_str_give(&out);
}

/* Replicas must not get this through the binary log; the definer stays who it was. */
static void
alter_event(const struct mon_step *step, const char *what, struct mon_statements *out)
{
    out->items[0] = mx_strdup("SET SESSION sql_log_bin = 0");
    out->items[1] = mx_asprintf("ALTER DEFINER = %s EVENT %s %s", step->definer, step->text, what);
    out->items[2] = mx_strdup("SET SESSION sql_log_bin = 1");
    out->count = 3;
}

static char *
slave_pos(const struct mon_step *step)
{
    char text[MON_GTID_TEXT_MAX];
    mon_gtid_print(&step->gtid, text, sizeof(text));
    return mx_asprintf("SET GLOBAL gtid_slave_pos = '%s'", text);
}

static char *
single(const struct mon_settings *settings, const struct mon_step *step, bool mask)
{
    switch (step->op) {
    case MON_OP_STOP_SLAVE:
        return with_connection("STOP SLAVE ", step->connection, "");
    case MON_OP_RESET_SLAVE:
        return with_connection("RESET SLAVE ", step->connection, " ALL");
    case MON_OP_CHANGE_MASTER:
        return change_master(settings, step, mask);
    case MON_OP_START_SLAVE:
        return with_connection("START SLAVE ", step->connection, "");
    case MON_OP_READ_ONLY_ON:
        return mx_strdup("SET GLOBAL read_only = 1");
    case MON_OP_READ_ONLY_OFF:
        return mx_strdup("SET GLOBAL read_only = 0");
    case MON_OP_LOCK_TABLES:
        return mx_strdup("FLUSH TABLES WITH READ LOCK");
    case MON_OP_UNLOCK_TABLES:
        return mx_strdup("UNLOCK TABLES");
    case MON_OP_STATEMENT:
        return mx_strdup(step->text);
    case MON_OP_FLUSH_LOGS:
        return mx_strdup("FLUSH LOGS");
    case MON_OP_FLUSH_TABLES:
        return mx_strdup("FLUSH TABLES");
    case MON_OP_RESET_MASTER:
        return mx_strdup("RESET MASTER");
    case MON_OP_SET_SLAVE_POS:
        return slave_pos(step);
    case MON_OP_EVENT_ENABLE:
    case MON_OP_EVENT_DISABLE:
    case MON_OP_KICK_WRITERS:
    case MON_OP_STABLE_GTID:
    case MON_OP_CATCH_UP:
    case MON_OP_ROLE_OUT:
    case MON_OP_ROLE_BACK:
    case MON_OP_MAINTENANCE:
    case MON_OP_SUCCESS:
    case MON_OP_CONFIRM:
        break;
    }
    return NULL;
}

void
mon_step_sql(const struct mon_settings *settings, const struct mon_step *step, bool mask,
             struct mon_statements *out)
{
    memset(out, 0, sizeof(*out));
    if (step->op == MON_OP_EVENT_ENABLE) {
        alter_event(step, "ENABLE", out);
        return;
    }
    if (step->op == MON_OP_EVENT_DISABLE) {
        alter_event(step, "DISABLE ON SLAVE", out);
        return;
    }
    out->items[0] = single(settings, step, mask);
    out->count = out->items[0] != NULL ? 1 : 0;
    out->is_limited = step->op != MON_OP_UNLOCK_TABLES && step->op != MON_OP_STATEMENT;
}

void
mon_statements_fini(struct mon_statements *statements)
{
    for (size_t i = 0; i < statements->count; i++) {
        free(statements->items[i]);
    }
    memset(statements, 0, sizeof(*statements));
}
