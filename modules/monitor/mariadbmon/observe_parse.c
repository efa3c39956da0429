/* Statements of a round, and their results as values. */
#include "grants.h"
#include "observe.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COPY(to, from) (void)snprintf((to), sizeof(to), "%s", (from))

static int64_t
to_int(const char *text, int64_t otherwise)
{
    char *end = NULL;
    if (text == NULL || text[0] == '\0') {
        return otherwise;
    }
    long long value = strtoll(text, &end, 10);
    return end == text ? otherwise : (int64_t)value;
}

static bool
is_on(const char *text)
{
    return strcasecmp(text, "OFF") != 0 && strcmp(text, "0") != 0 && text[0] != '\0';
}

/* ------------------------------------------------------------------ variables */

static void
parse_variable(const char *name, const char *value, struct mon_server_obs *obs)
{
    const struct {
        const char *name;
        bool *place;
    } flags[] = {
        {"read_only", &obs->read_only},
        {"log_bin", &obs->log_bin},
        {"log_slave_updates", &obs->log_slave_updates},
        {"gtid_strict_mode", &obs->gtid_strict_mode},
        {"event_scheduler", &obs->event_scheduler},
        {"rpl_semi_sync_master_enabled", &obs->semi_sync_master},
        {"rpl_semi_sync_slave_enabled", &obs->semi_sync_slave},
    };
    const struct {
        const char *name;
        struct mon_gtid_list *place;
    } lists[] = {
        {"gtid_binlog_pos", &obs->gtid_binlog},
        {"gtid_current_pos", &obs->gtid_current},
        {"gtid_binlog_state", &obs->gtid_state},
    };
    for (size_t i = 0; i < MX_COUNT(flags); i++) {
        if (strcasecmp(name, flags[i].name) == 0) {
            *flags[i].place = is_on(value);
        }
    }
    for (size_t i = 0; i < MX_COUNT(lists); i++) {
        if (strcasecmp(name, lists[i].name) == 0) {
            (void)mon_gtid_parse(value, lists[i].place);
        }
    }
    if (strcasecmp(name, "server_id") == 0) {
        obs->server_id = to_int(value, -1);
    } else if (strcasecmp(name, "gtid_domain_id") == 0) {
        obs->gtid_domain = (uint32_t)to_int(value, 0);
    } else if (strcasecmp(name, "collation_server") == 0) {
        COPY(obs->collation, value);
    } else if (strcasecmp(name, "max_allowed_packet") == 0) {
        COPY(obs->variables.max_allowed_packet, value);
    } else if (strcasecmp(name, "system_time_zone") == 0) {
        COPY(obs->variables.system_time_zone, value);
    } else if (strcasecmp(name, "time_zone") == 0) {
        COPY(obs->variables.time_zone, value);
    } else if (strcasecmp(name, "tx_isolation") == 0 ||
               strcasecmp(name, "transaction_isolation") == 0) {
        COPY(obs->variables.tx_isolation, value);
    } else if (strcasecmp(name, "expire_logs_days") == 0) {
        int64_t days = (int64_t)strtod(value, NULL);
        obs->binlog_expire_s = days > 0 ? days * 86400 : obs->binlog_expire_s;
    } else if (strcasecmp(name, "binlog_expire_logs_seconds") == 0) {
        int64_t seconds = to_int(value, 0);
        obs->binlog_expire_s = seconds > 0 ? seconds : obs->binlog_expire_s;
    }
}

static void
parse_status(const char *name, const char *value, struct mon_server_obs *obs)
{
    if (strcasecmp(name, "Uptime") == 0) {
        obs->uptime_s = to_int(value, -1);
    } else if (strcasecmp(name, "Rpl_semi_sync_master_status") == 0) {
        obs->semi_sync_active = is_on(value);
    } else if (strcasecmp(name, "Rpl_semi_sync_slave_status") == 0) {
        obs->semi_sync_slave_active = is_on(value);
    } else if (strcasecmp(name, "Rpl_semi_sync_master_clients") == 0) {
        obs->semi_sync_clients = to_int(value, 0);
    }
}

/* ---------------------------------------------------------------- replication */

static const char *
column(MYSQL_RES *result, MYSQL_ROW row, const char *name)
{
    unsigned count = mysql_num_fields(result);
    const MYSQL_FIELD *fields = mysql_fetch_fields(result);
    for (unsigned i = 0; i < count; i++) {
        if (strcasecmp(fields[i].name, name) == 0) {
            return row[i];
        }
    }
    return NULL;
}

static const char *
text_column(MYSQL_RES *result, MYSQL_ROW row, const char *name)
{
    const char *text = column(result, row, name);
    return text != NULL ? text : "";
}

void
mon_slave_parse(MYSQL_RES *result, MYSQL_ROW row, struct mon_slave *out)
{
    memset(out, 0, sizeof(*out));
    const char *io = text_column(result, row, "Slave_IO_Running");
    const char *gtid = text_column(result, row, "Using_Gtid");
    COPY(out->name, text_column(result, row, "Connection_name"));
    COPY(out->host, text_column(result, row, "Master_Host"));
    COPY(out->io_error, text_column(result, row, "Last_IO_Error"));
    COPY(out->sql_error, text_column(result, row, "Last_SQL_Error"));
    out->port = (int)to_int(column(result, row, "Master_Port"), 0);
    out->source_id = to_int(column(result, row, "Master_Server_Id"), 0);
    out->io = MON_IO_NO;
    if (strcasecmp(io, "Yes") == 0) {
        out->io = MON_IO_YES;
    } else if (strcasecmp(io, "Connecting") == 0 || strcasecmp(io, "Preparing") == 0) {
        out->io = MON_IO_CONNECTING;
    }
    out->sql = strcasecmp(text_column(result, row, "Slave_SQL_Running"), "Yes") == 0;
    out->gtid_mode = MON_GTID_NO;
    if (strcasecmp(gtid, "Slave_Pos") == 0) {
        out->gtid_mode = MON_GTID_SLAVE_POS;
    } else if (strcasecmp(gtid, "Current_Pos") == 0) {
        out->gtid_mode = MON_GTID_CURRENT_POS;
    }
    if (out->gtid_mode != MON_GTID_NO) {
        (void)mon_gtid_parse(text_column(result, row, "Gtid_IO_Pos"), &out->gtid_io_pos);
    }
    out->lag_s = to_int(column(result, row, "Seconds_Behind_Master"), MX_LAG_UNKNOWN);
    out->io_errno = (uint32_t)to_int(column(result, row, "Last_IO_Errno"), 0);
    out->sql_errno = (uint32_t)to_int(column(result, row, "Last_SQL_Errno"), 0);
    out->heartbeats = to_int(column(result, row, "Slave_received_heartbeats"), 0);
    out->resolved_source = MON_NONE;
}

/* Takes over what ticks remember about a connection that is still the same. */
static void
remember(const struct mon_server_obs *obs, struct mon_slave *slave, int64_t now_ms)
{
    const struct mon_slave *before = NULL;
    for (size_t i = 0; i < obs->slave_count && before == NULL; i++) {
        const struct mon_slave *old = &obs->slaves[i];
        if (strcmp(old->name, slave->name) == 0 && old->port == slave->port &&
            strcasecmp(old->host, slave->host) == 0) {
            before = old;
        }
    }
    slave->seen_connected = slave->io == MON_IO_YES;
    slave->last_data_ms = now_ms;
    if (before != NULL) {
        slave->seen_connected |= before->seen_connected;
        slave->resolved_source = before->resolved_source;
        if (before->heartbeats == slave->heartbeats &&
            mon_gtid_equal(&before->gtid_io_pos, &slave->gtid_io_pos)) {
            slave->last_data_ms = before->last_data_ms;
        }
    }
}

static void
parse_slaves(MYSQL_RES *result, struct mon_server_obs *obs, int64_t now_ms)
{
    size_t count = (size_t)mysql_num_rows(result);
    struct mon_slave *slaves = mx_calloc(count + 1, sizeof(*slaves));
    MYSQL_ROW row;
    size_t n = 0;
    while (n < count && (row = mysql_fetch_row(result)) != NULL) {
        mon_slave_parse(result, row, &slaves[n]);
        remember(obs, &slaves[n], now_ms);
        n++;
    }
    free(obs->slaves);
    obs->slaves = slaves;
    obs->slave_count = n;
}

/* --------------------------------------------------------------------- events */

static char *
quoted_pair(const char *first, const char *second, char separator)
{
    return mx_asprintf("`%s`%c`%s`", first, separator, second);
}

static void
parse_events(MYSQL_RES *result, struct mon_server_obs *obs)
{
    size_t count = (size_t)mysql_num_rows(result);
    struct mon_event *events = mx_calloc(count + 1, sizeof(*events));
    MYSQL_ROW row;
    size_t n = 0;
    while (n < count && (row = mysql_fetch_row(result)) != NULL) {
        if (row[0] == NULL || row[1] == NULL || row[2] == NULL || row[3] == NULL) {
            continue;
        }
        const char *at = strrchr(row[2], '@');
        char *user = at != NULL ? mx_strndup(row[2], (size_t)(at - row[2])) : mx_strdup(row[2]);
        events[n].name = quoted_pair(row[0], row[1], '.');
        events[n].definer = quoted_pair(user, at != NULL ? at + 1 : "%", '@');
        events[n].status = strcasecmp(row[3], "ENABLED") == 0    ? MON_EVENT_ENABLED
                           : strcasecmp(row[3], "DISABLED") == 0 ? MON_EVENT_DISABLED
                                                                 : MON_EVENT_SLAVESIDE_DISABLED;
        free(user);
        n++;
    }
    for (size_t i = 0; i < obs->event_count; i++) {
        free(obs->events[i].name);
        free(obs->events[i].definer);
    }
    free(obs->events);
    obs->events = events;
    obs->event_count = n;
}

/* ---------------------------------------------------------------------- disks */

/* The limit for a path: its own entry, else that of "*"; -1 none. */
static int
disk_limit(char *const *limits, const char *path)
{
    int any = -1;
    for (size_t i = 0; limits[i] != NULL; i++) {
        const char *colon = strrchr(limits[i], ':');
        if (colon == NULL) {
            continue;
        }
        size_t len = (size_t)(colon - limits[i]);
        int percent = (int)to_int(colon + 1, 100);
        if (len == strlen(path) && strncmp(limits[i], path, len) == 0) {
            return percent;
        }
        if (len == 1 && limits[i][0] == '*') {
            any = percent;
        }
    }
    return any;
}

static void
parse_disks(MYSQL_RES *result, struct mon_server_obs *obs, char *const *limits)
{
    MYSQL_ROW row;
    obs->disk_low = false;
    obs->disk_checked = true;
    while (limits != NULL && (row = mysql_fetch_row(result)) != NULL) {
        int64_t total = to_int(row[1], 0);
        int64_t available = to_int(row[2], 0);
        int limit = row[0] != NULL ? disk_limit(limits, row[0]) : -1;
        if (limit < 0 || total <= 0) {
            continue;
        }
        int used = (int)(100 * (total - available) / total);
        if (used >= limit && (!obs->disk_low || used > obs->disk.used_percent)) {
            obs->disk_low = true;
            COPY(obs->disk.path, row[0]);
            obs->disk.used_percent = used;
            obs->disk.limit_percent = limit;
        }
    }
}

/* ------------------------------------------------------------------ all of it */

static void
parse_repl_user(MYSQL_RES *result, struct mon_server_obs *obs)
{
    MYSQL_ROW row;
    obs->repl_user = MON_REPL_MISSING;
    while ((row = mysql_fetch_row(result)) != NULL) {
        bool granted = row[1] != NULL && row[1][0] == 'Y';
        if (obs->repl_user != MON_REPL_OK) {
            COPY(obs->repl_user_host, row[0] != NULL ? row[0] : "%");
            obs->repl_user = granted ? MON_REPL_OK : MON_REPL_NO_GRANT;
        }
    }
}

static void
parse_grants(MYSQL_RES *result, struct mon_server_obs *obs)
{
    MYSQL_ROW row;
    obs->grants = 0;
    obs->grants_known = true;
    while ((row = mysql_fetch_row(result)) != NULL) {
        if (row[0] != NULL) {
            mon_grants_parse_line(row[0], &obs->grants, obs->account, sizeof(obs->account));
        }
    }
}

static void
parse_tables(MYSQL_RES *result, struct mon_server_obs *obs)
{
    MYSQL_ROW row = mysql_fetch_row(result);
    if (row != NULL) {
        obs->nontransactional_tables = to_int(row[0], 0);
        COPY(obs->nontransactional_example, row[1] != NULL ? row[1] : "");
    }
}

void
mon_query_parse(enum mon_query query, MYSQL_RES *result, struct mon_server_obs *obs, int64_t now_ms,
                char *const *limits)
{
    MYSQL_ROW row;
    switch (query) {
    case MON_QUERY_VARIABLES:
        obs->binlog_expire_s = 0;
        while ((row = mysql_fetch_row(result)) != NULL) {
            parse_variable(row[0], row[1] != NULL ? row[1] : "", obs);
        }
        obs->has_settings = true;
        return;
    case MON_QUERY_STATUS:
        while ((row = mysql_fetch_row(result)) != NULL) {
            parse_status(row[0], row[1] != NULL ? row[1] : "", obs);
        }
        return;
    case MON_QUERY_SLAVES:
        parse_slaves(result, obs, now_ms);
        return;
    case MON_QUERY_GRANTS:
        parse_grants(result, obs);
        return;
    case MON_QUERY_EVENTS:
        parse_events(result, obs);
        return;
    case MON_QUERY_REPL_USER:
        parse_repl_user(result, obs);
        return;
    case MON_QUERY_TABLES:
        parse_tables(result, obs);
        return;
    case MON_QUERY_DISKS:
        parse_disks(result, obs, limits);
        return;
    case MON_QUERY_COUNT:
        break;
    }
}

/* The name as an SQL string, whatever is in it. */
static char *
sql_string(const char *text)
{
    size_t len = strlen(text);
    char *out = mx_alloc(len * 2 + 3);
    size_t used = 0;
    out[used++] = '\'';
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\'' || text[i] == '\\') {
            out[used++] = '\\';
        }
        out[used++] = text[i];
    }
    out[used++] = '\'';
    out[used] = '\0';
    return out;
}

static char *
repl_user_query(const struct mon_server_obs *obs, const struct mon_settings *settings)
{
    if (settings->replication_user == NULL || !mon_grant_has(obs, MON_GRANT_SELECT_MYSQL_USER)) {
        return NULL;
    }
    char *user = sql_string(settings->replication_user);
    char *text = mx_asprintf("SELECT Host, Repl_slave_priv FROM mysql.user WHERE User = %s", user);
    free(user);
    return text;
}

char *
mon_query_text(enum mon_query query, const struct mon_server_obs *obs,
               const struct mon_settings *settings)
{
    bool modern = obs->type == MON_TYPE_MARIADB && obs->version >= MON_VERSION_MODERN;
    switch (query) {
    case MON_QUERY_VARIABLES:
        return mx_strdup(
            "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_id','read_only','log_bin',"
            "'log_slave_updates','gtid_strict_mode','gtid_domain_id','gtid_binlog_pos',"
            "'gtid_current_pos','gtid_binlog_state','event_scheduler','collation_server',"
            "'rpl_semi_sync_master_enabled','rpl_semi_sync_slave_enabled','expire_logs_days',"
            "'binlog_expire_logs_seconds','max_allowed_packet','system_time_zone','time_zone',"
            "'tx_isolation','transaction_isolation')");
    case MON_QUERY_SLAVES:
        return mx_strdup(modern ? "SHOW ALL SLAVES STATUS" : "SHOW SLAVE STATUS");
    case MON_QUERY_STATUS:
        return mx_strdup("SHOW GLOBAL STATUS WHERE Variable_name IN ('Uptime',"
                         "'Rpl_semi_sync_master_status','Rpl_semi_sync_master_clients',"
                         "'Rpl_semi_sync_slave_status')");
    case MON_QUERY_GRANTS:
        return mx_strdup("SHOW GRANTS");
    case MON_QUERY_EVENTS:
        return modern && settings->config->handle_events
                   ? mx_strdup("SELECT EVENT_SCHEMA, EVENT_NAME, DEFINER, STATUS FROM "
                               "information_schema.EVENTS")
                   : NULL;
    case MON_QUERY_REPL_USER:
        return repl_user_query(obs, settings);
    case MON_QUERY_TABLES:
        return mon_grant_has(obs, MON_GRANT_SELECT)
                   ? mx_strdup("SELECT COUNT(*), MIN(CONCAT(TABLE_SCHEMA, '.', TABLE_NAME)) FROM "
                               "information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND "
                               "ENGINE IN ('MyISAM','Aria','MRG_MyISAM','MEMORY','CSV','ARCHIVE') "
                               "AND TABLE_SCHEMA NOT IN ('mysql','information_schema',"
                               "'performance_schema','sys')")
                   : NULL;
    case MON_QUERY_DISKS:
        return mx_strdup("SELECT Path, Total, Available FROM information_schema.DISKS");
    case MON_QUERY_COUNT:
        break;
    }
    return NULL;
}
