/* Rights that operations need, one by one, by the version of the server. */
#include "readiness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum need_when {
    NEED_ALWAYS = 0,
    NEED_OPERATIONS, /* some operation or enforcement is wanted */
    NEED_EVENTS,     /* and handle_events is on and there are events */
};

/*
 * One right. Versions are 101106 for 10.11.6. super_until: SUPER stands for it on older servers
 * than this; 0: never.
 */
struct need {
    enum mon_grant grant;
    uint32_t from_version;
    uint32_t to_version; /* exclusive; 0: no end */
    uint32_t super_until;
    enum need_when when;
    uint32_t operations;
    bool is_blocker;
    const char *grant_text; /* as in GRANT <text> TO ... */
    const char *what_for;
};

static const struct need needs[] = {
    {MON_GRANT_REPLICATION_CLIENT, 0, 100500, UINT32_MAX, NEED_ALWAYS, MON_ALL_BITS, true,
     "REPLICATION CLIENT ON *.*", "to see the state of replication"},
    {MON_GRANT_REPLICATION_SLAVE_ADMIN, 100500, 100509, UINT32_MAX, NEED_ALWAYS, MON_ALL_BITS, true,
     "REPLICATION SLAVE ADMIN ON *.*", "to see the state of replication"},
    {MON_GRANT_REPLICA_MONITOR, 100509, 0, 110001, NEED_ALWAYS, MON_ALL_BITS, true,
     "REPLICA MONITOR ON *.*", "to see the state of replication"},
    {MON_GRANT_SUPER, 0, 100502, 0, NEED_OPERATIONS, MON_ALL_BITS, true, "SUPER ON *.*",
     "to change replication and read_only"},
    {MON_GRANT_REPLICATION_SLAVE_ADMIN, 100509, 0, 110001, NEED_OPERATIONS, MON_ALL_BITS, true,
     "REPLICATION SLAVE ADMIN ON *.*", "to change replication"},
    {MON_GRANT_READ_ONLY_ADMIN, 100502, 0, 101100, NEED_OPERATIONS, MON_ALL_BITS, true,
     "READ_ONLY ADMIN ON *.*", "to set read_only"},
    {MON_GRANT_BINLOG_ADMIN, 100502, 0, 110001, NEED_EVENTS, MON_ALL_BITS, false,
     "BINLOG ADMIN ON *.*", "to switch scheduled events without writing to the binary log"},
    {MON_GRANT_SET_USER, 100502, 0, 110001, NEED_EVENTS, MON_ALL_BITS, false, "SET USER ON *.*",
     "to switch scheduled events and keep their definers"},
    {MON_GRANT_CONNECTION_ADMIN, 100502, 0, 110001, NEED_OPERATIONS, MON_SWITCHOVER_BIT, false,
     "CONNECTION ADMIN ON *.*", "to end connections that may write in spite of read_only"},
    {MON_GRANT_RELOAD, 0, 0, 0, NEED_OPERATIONS, MON_SWITCHOVER_BIT | MON_REJOIN_BIT, true,
     "RELOAD ON *.*", "to lock tables and flush logs"},
    {MON_GRANT_PROCESS, 0, 0, 0, NEED_OPERATIONS, MON_SWITCHOVER_BIT, false, "PROCESS ON *.*",
     "to find connections that may write in spite of read_only"},
    {MON_GRANT_SHOW_DATABASES, 0, 0, 0, NEED_EVENTS, MON_ALL_BITS, false, "SHOW DATABASES ON *.*",
     "to find scheduled events"},
    {MON_GRANT_EVENT, 0, 0, 0, NEED_EVENTS, MON_ALL_BITS, false, "EVENT ON *.*",
     "to switch scheduled events"},
    {MON_GRANT_SELECT_MYSQL_USER, 0, 0, 0, NEED_OPERATIONS, MON_SWITCHOVER_BIT, false,
     "SELECT ON mysql.user", "to find accounts that may write in spite of read_only"},
    {MON_GRANT_SELECT_GLOBAL_PRIV, 100502, 0, 0, NEED_OPERATIONS, MON_SWITCHOVER_BIT, false,
     "SELECT ON mysql.global_priv", "to find accounts that may write in spite of read_only"},
};

static bool
wants_operations(const struct mon_config *config)
{
    return config->auto_failover != MON_FAILOVER_OFF || config->auto_rejoin ||
           config->switchover_on_low_disk_space || config->enforce_read_only_slaves ||
           config->enforce_read_only_servers || config->enforce_writable_master;
}

static bool
is_needed(const struct mon_view *view, const struct need *need, const struct mon_server_obs *s)
{
    if (s->version < need->from_version ||
        (need->to_version != 0 && s->version >= need->to_version)) {
        return false;
    }
    switch (need->when) {
    case NEED_ALWAYS:
        return true;
    case NEED_OPERATIONS:
        return wants_operations(view->settings->config);
    case NEED_EVENTS:
        return wants_operations(view->settings->config) && view->settings->config->handle_events;
    }
    return false;
}

static bool
is_held(const struct need *need, const struct mon_server_obs *s)
{
    if (mon_grant_has(s, need->grant)) {
        return true;
    }
    return need->super_until != 0 && s->version < need->super_until &&
           mon_grant_has(s, MON_GRANT_SUPER);
}

static void
check_replication_user(const struct mon_view *view, size_t server, const char *account,
                       struct mon_readiness *out)
{
    const struct mon_server_obs *s = &view->obs->servers[server];
    const char *user = view->settings->replication_user;
    const char *name = mon_view_name(view, server);
    if (strcmp(user, view->settings->servers[server].user) == 0) {
        if (!mon_grant_has(s, MON_GRANT_REPLICATION_SLAVE)) {
            mon_find(out, (int)server, MON_ALL_BITS, true, "missing_replication_grant",
                     mx_asprintf("GRANT REPLICATION SLAVE ON *.* TO %s;", account),
                     "Replicas could not read from '%s': the replication user (replication_user is "
                     "not set, so it is the monitor's %s) lacks REPLICATION SLAVE there.",
                     name, account);
        }
        return;
    }
    if (s->repl_user == MON_REPL_MISSING) {
        mon_find(out, (int)server, MON_ALL_BITS, true, "replication_user_missing",
                 mx_asprintf("CREATE USER '%s'@'%%' IDENTIFIED BY '<replication_password>'; GRANT "
                             "REPLICATION SLAVE ON *.* TO '%s'@'%%';",
                             user, user),
                 "Replicas could not read from '%s': it has no account for replication_user '%s'.",
                 name, user);
    } else if (s->repl_user == MON_REPL_NO_GRANT) {
        mon_find(
            out, (int)server, MON_ALL_BITS, true, "missing_replication_grant",
            mx_asprintf("GRANT REPLICATION SLAVE ON *.* TO '%s'@'%s';", user, s->repl_user_host),
            "Replicas could not read from '%s': replication_user '%s' lacks REPLICATION SLAVE "
            "there.",
            name, user);
    }
}

void
mon_readiness_grants(const struct mon_view *view, size_t server, struct mon_readiness *out)
{
    const struct mon_server_obs *s = &view->obs->servers[server];
    char fallback[160];
    if (!mon_obs_running(s) || !s->grants_known || s->type == MON_TYPE_BLR) {
        return;
    }
    const char *account = s->account;
    if (account[0] == '\0') {
        (void)snprintf(fallback, sizeof(fallback), "'%.120s'@'%%'",
                       view->settings->servers[server].user);
        account = fallback;
    }
    for (size_t i = 0; i < MX_COUNT(needs); i++) {
        if (is_needed(view, &needs[i], s) && !is_held(&needs[i], s)) {
            mon_find(out, (int)server, needs[i].operations, needs[i].is_blocker, "missing_grant",
                     mx_asprintf("GRANT %s TO %s;", needs[i].grant_text, account),
                     "The monitor user lacks %s on '%s', needed %s.", needs[i].grant_text,
                     mon_view_name(view, server), needs[i].what_for);
        }
    }
    if (wants_operations(view->settings->config)) {
        check_replication_user(view, server, account, out);
    }
}
