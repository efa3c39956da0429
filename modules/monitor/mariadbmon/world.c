/* Steps as statements on real servers. */
#include "world.h"

#include "act_sql.h"
#include "mx/str.h"
#include "mx/timer.h"

#include <errmsg.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Time a statement may take before its connection is given up. */
#define READ_TIMEOUT_MIN_MS     6000
#define READ_TIMEOUT_MAX_MS     41000
#define ERROR_STATEMENT_TIMEOUT 1969u
#define ERROR_NO_SUCH_THREAD    1094u
/* Bit of READ_ONLY ADMIN in mysql.global_priv. */
#define READ_ONLY_ADMIN_BIT     "17179869184"
#define VERSION_READ_ONLY_ADMIN 101100u

struct mon_real_world {
    struct mx_monitor *monitor;
    const struct mon_settings *settings;
    struct mon_observer *observer;
    struct mx_monitor_settings common;
    mon_role_fn role;
    void *context;
    MYSQL **conns;
    bool told_about_kick;
};

struct mon_real_world *
mon_world_new(struct mx_monitor *monitor, const struct mon_settings *settings,
              struct mon_observer *observer, int64_t timeout_ms, mon_role_fn role, void *context)
{
    struct mon_real_world *w = mx_calloc(1, sizeof(*w));
    int64_t read_ms = timeout_ms - 5000;
    w->monitor = monitor;
    w->settings = settings;
    w->observer = observer;
    w->role = role;
    w->context = context;
    w->conns = mx_calloc(settings->count + 1, sizeof(MYSQL *));
    mx_monitor_settings(monitor, &w->common);
    read_ms = read_ms < READ_TIMEOUT_MIN_MS ? READ_TIMEOUT_MIN_MS : read_ms;
    read_ms = read_ms > READ_TIMEOUT_MAX_MS ? READ_TIMEOUT_MAX_MS : read_ms;
    w->common.read_timeout_ms = read_ms;
    w->common.write_timeout_ms = read_ms;
    return w;
}

static void
disconnect(struct mon_real_world *w, size_t server)
{
    if (w->conns[server] != NULL) {
        mysql_close(w->conns[server]);
    }
    w->conns[server] = NULL;
}

void
mon_world_free(struct mon_real_world *w)
{
    for (size_t i = 0; i < w->settings->count; i++) {
        disconnect(w, i);
    }
    free(w->conns);
    free(w);
}

static bool
is_network_error(unsigned error)
{
    return error >= CR_MIN_ERROR && error <= CR_MAX_ERROR;
}

static bool
is_permission_error(unsigned error)
{
    return error == 1227 || error == 1142 || error == 1044 || error == 1143 || error == 1045;
}

/* The connection of this operation, opened when needed; NULL and the error. */
static MYSQL *
connection_to(struct mon_real_world *w, size_t server, char *error, size_t size)
{
    struct mx_monitor_target target;
    if (w->conns[server] != NULL) {
        return w->conns[server];
    }
    mx_monitor_target(w->monitor, server, &target);
    MYSQL *conn = mon_connection_new(&target, &w->common, false);
    if (mysql_real_connect(conn, mon_observer_host(w->observer, server), target.user,
                           target.password != NULL ? target.password : "", NULL,
                           (unsigned)target.port, target.socket, 0) == NULL) {
        (void)snprintf(error, size, "%s", mysql_error(conn));
        mysql_close(conn);
        return NULL;
    }
    const char *flaw = mon_connection_flaw(conn, &target);
    if (flaw != NULL) {
        (void)snprintf(error, size, "%s", flaw);
        mysql_close(conn);
        return NULL;
    }
    w->conns[server] = conn;
    return conn;
}

static enum mon_result
failure(struct mon_real_world *w, size_t server, MYSQL *conn, char *error, size_t size)
{
    unsigned number = mysql_errno(conn);
    (void)snprintf(error, size, "%s", mysql_error(conn));
    if (is_network_error(number)) {
        disconnect(w, server);
        return MON_RESULT_RETRY;
    }
    if (is_permission_error(number)) {
        mon_observer_refresh(w->observer, server);
    }
    return number == ERROR_STATEMENT_TIMEOUT ? MON_RESULT_RETRY : MON_RESULT_FAILED;
}

/* One statement; out_result (may be NULL) is to be freed with mysql_free_result(). */
static enum mon_result
execute(struct mon_real_world *w, size_t server, const char *sql, MYSQL_RES **out_result,
        char *error, size_t size)
{
    MYSQL *conn = connection_to(w, server, error, size);
    if (conn == NULL) {
        return MON_RESULT_RETRY;
    }
    if (mysql_real_query(conn, sql, (unsigned long)strlen(sql)) != 0) {
        return failure(w, server, conn, error, size);
    }
    MYSQL_RES *result = mysql_store_result(conn);
    if (result == NULL && mysql_errno(conn) != 0) {
        return failure(w, server, conn, error, size);
    }
    if (out_result != NULL) {
        *out_result = result;
    } else if (result != NULL) {
        mysql_free_result(result);
    }
    return MON_RESULT_OK;
}

static enum mon_result
run_statements(struct mon_real_world *w, const struct mon_step *step, int64_t limit_ms, char *error,
               size_t size)
{
    struct mon_statements statements;
    enum mon_result rc = MON_RESULT_OK;
    mon_step_sql(w->settings, step, false, &statements);
    for (size_t i = 0; i < statements.count && rc == MON_RESULT_OK; i++) {
        char *sql =
            statements.is_limited
                ? mx_asprintf("SET STATEMENT max_statement_time = %" PRId64 " FOR %s",
                              limit_ms < 1000 ? INT64_C(1) : limit_ms / 1000, statements.items[i])
                : mx_strdup(statements.items[i]);
        rc = execute(w, step->server, sql, NULL, error, size);
        free(sql);
    }
    /* the session goes on with its binary log switched on */
    if (rc == MON_RESULT_FAILED && statements.count == MON_STATEMENTS_MAX) {
        (void)execute(w, step->server, statements.items[2], NULL, (char[8]){0}, 8);
    }
    mon_statements_fini(&statements);
    return rc;
}

static enum mon_result
run(void *context, const struct mon_step *step, int64_t limit_ms, char *error, size_t size)
{
    struct mon_real_world *w = context;
    switch (step->op) {
    case MON_OP_ROLE_OUT:
    case MON_OP_ROLE_BACK:
    case MON_OP_MAINTENANCE:
    case MON_OP_SUCCESS:
        w->role(w->context, step);
        return MON_RESULT_OK;
    case MON_OP_STOP_SLAVE:
    case MON_OP_RESET_SLAVE:
    case MON_OP_CHANGE_MASTER:
    case MON_OP_START_SLAVE:
    case MON_OP_READ_ONLY_ON:
    case MON_OP_READ_ONLY_OFF:
    case MON_OP_LOCK_TABLES:
    case MON_OP_KICK_WRITERS:
    case MON_OP_UNLOCK_TABLES:
    case MON_OP_EVENT_ENABLE:
    case MON_OP_EVENT_DISABLE:
    case MON_OP_STATEMENT:
    case MON_OP_FLUSH_LOGS:
    case MON_OP_FLUSH_TABLES:
    case MON_OP_STABLE_GTID:
    case MON_OP_CATCH_UP:
    case MON_OP_RESET_MASTER:
    case MON_OP_SET_SLAVE_POS:
    case MON_OP_CONFIRM:
        break;
    }
    return run_statements(w, step, limit_ms, error, size);
}

static enum mon_result
positions(void *context, size_t server, struct mon_gtid_list *out_binlog,
          struct mon_gtid_list *out_current, char *error, size_t size)
{
    MYSQL_RES *result = NULL;
    enum mon_result rc =
        execute(context, server, "SELECT @@global.gtid_binlog_pos, @@global.gtid_current_pos",
                &result, error, size);
    MYSQL_ROW row = rc == MON_RESULT_OK && result != NULL ? mysql_fetch_row(result) : NULL;
    if (row == NULL || row[0] == NULL || row[1] == NULL) {
        rc = rc == MON_RESULT_OK ? MON_RESULT_FAILED : rc;
    } else {
        (void)mon_gtid_parse(row[0], out_binlog);
        (void)mon_gtid_parse(row[1], out_current);
    }
    if (result != NULL) {
        mysql_free_result(result);
    }
    return rc;
}

static enum mon_result
connection(void *context, size_t server, const char *name, bool *out_found, struct mon_slave *out,
           char *error, size_t size)
{
    MYSQL_RES *result = NULL;
    MYSQL_ROW row;
    enum mon_result rc = execute(context, server, "SHOW ALL SLAVES STATUS", &result, error, size);
    *out_found = false;
    while (rc == MON_RESULT_OK && result != NULL && !*out_found &&
           (row = mysql_fetch_row(result)) != NULL) {
        mon_slave_parse(result, row, out);
        *out_found = strcmp(out->name, name) == 0;
    }
    if (result != NULL) {
        mysql_free_result(result);
    }
    return rc;
}

/* ----------------------------------------------------------------------- kick */

static char *
writers_query(const struct mon_server_obs *obs)
{
    const char *who = obs->version >= VERSION_READ_ONLY_ADMIN
                          ? "(JSON_VALUE(G.Priv, '$.access') & " READ_ONLY_ADMIN_BIT ") != 0"
                          : "(JSON_VALUE(G.Priv, '$.access') & 32768) != 0";
    return mx_asprintf("SELECT DISTINCT P.ID FROM information_schema.PROCESSLIST AS P JOIN "
                       "mysql.global_priv AS G ON G.User = P.USER WHERE %s AND P.COMMAND <> "
                       "'Binlog Dump' AND P.USER <> 'system user' AND P.USER <> "
                       "SUBSTRING_INDEX(CURRENT_USER(), '@', 1)",
                       who);
}

static enum mon_result
kick(void *context, size_t server, size_t *out_count, char *error, size_t size)
{
    struct mon_real_world *w = context;
    MYSQL_RES *result = NULL;
    MYSQL_ROW row;
    char *query = writers_query(&mon_observer_observation(w->observer)->servers[server]);
    enum mon_result rc = execute(w, server, query, &result, error, size);
    free(query);
    *out_count = 0;
    if (rc == MON_RESULT_FAILED && is_permission_error(mysql_errno(w->conns[server]))) {
        struct mx_log_ctx ctx = {.module = "mariadbmon", .object = mx_monitor_name(w->monitor)};
        if (!w->told_about_kick) {
            mx_log_warning(&ctx,
                           "Connections on '%s' that may write in spite of read_only cannot be "
                           "listed: %s",
                           w->settings->servers[server].name, error);
        }
        w->told_about_kick = true;
        return MON_RESULT_OK;
    }
    while (rc == MON_RESULT_OK && result != NULL && (row = mysql_fetch_row(result)) != NULL) {
        char *sql = mx_asprintf("KILL SOFT CONNECTION %s", row[0]);
        if (execute(w, server, sql, NULL, error, size) == MON_RESULT_OK) {
            (*out_count)++;
        }
        free(sql);
    }
    if (result != NULL) {
        mysql_free_result(result);
    }
    return rc;
}

static int64_t
now_ms(void *context)
{
    (void)context;
    return mx_now_ms();
}

static bool
cancelled(void *context)
{
    return mx_monitor_cancelled(((struct mon_real_world *)context)->monitor);
}

void
mon_world_bind(struct mon_real_world *w, struct mon_world *out)
{
    *out = (struct mon_world){w, run, positions, connection, kick, now_ms, cancelled};
}
