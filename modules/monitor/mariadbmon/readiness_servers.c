/* Settings and replication of one server, with the consequences they would have. */
#include "readiness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAG_WORTH_SAYING_S 60
/* After a change of primary semi-sync needs a moment to come up. */
#define SEMI_SYNC_PATIENCE_MS 5000
#define BINLOG_KEPT_MIN_S     86400
#define BINLOG_FIX                                                                                 \
    "Add 'log_bin' and 'log_slave_updates=ON' to the [mariadb] section of the configuration file " \
    "of '%s' and restart it"

/* One server and what is asked again and again about it. */
struct subject {
    const struct mon_view *view;
    size_t index;
    const char *name;
    const struct mon_server_obs *s;
    const struct mon_server_obs *primary; /* NULL: there is none */
    bool is_primary;
    const struct mon_slave *slave; /* its connection to the primary, NULL: none */
    bool is_only_replica;
    struct mon_readiness *out;
};

static void
check_binlog(const struct subject *x)
{
    int server = (int)x->index;
    if (!x->s->has_settings) {
        return;
    }
    if (!x->s->log_bin) {
        mon_find(x->out, server, MON_ALL_BITS, x->is_only_replica || x->is_primary, "no_binlog",
                 mx_asprintf(BINLOG_FIX ".", x->name),
                 x->is_primary
                     ? "The primary '%s' runs without a binary log: nobody can replicate from it."
                     : "'%s' runs without a binary log: it would be promoted only as the last "
                       "resort, and then no server could replicate from it.",
                 x->name);
        return;
    }
    if (!x->s->log_slave_updates) {
        mon_find(x->out, server, MON_FAILOVER_BIT | MON_SWITCHOVER_BIT, false,
                 "no_log_slave_updates",
                 mx_asprintf("Add 'log_slave_updates=ON' to the [mariadb] section of the "
                             "configuration file of '%s' and restart it.",
                             x->name),
                 "'%s' does not log what it receives as a replica: after its promotion other "
                 "servers could miss transactions.",
                 x->name);
    }
    if (x->s->binlog_expire_s > 0 && x->s->binlog_expire_s < BINLOG_KEPT_MIN_S) {
        mon_find(x->out, server, MON_REJOIN_BIT, false, "binlog_expires_soon",
                 mx_strdup("SET GLOBAL binlog_expire_logs_seconds = 604800;"),
                 "'%s' deletes binary logs after %" PRId64
                 " s: a server that was away longer could "
                 "not rejoin.",
                 x->name, x->s->binlog_expire_s);
    }
}

static void
check_gtid(const struct subject *x)
{
    uint32_t both = MON_FAILOVER_BIT | MON_SWITCHOVER_BIT;
    if (!x->s->has_settings) {
        return;
    }
    if (!x->s->gtid_strict_mode) {
        mon_find(x->out, (int)x->index, both, false, "gtid_strict_mode_off",
                 mx_strdup("SET GLOBAL gtid_strict_mode = ON; and 'gtid_strict_mode=ON' in its "
                           "configuration file."),
                 "'%s' has gtid_strict_mode off: servers may diverge without an error.", x->name);
    }
    if (!x->is_primary && x->primary != NULL && x->primary->has_settings &&
        x->s->gtid_domain != x->primary->gtid_domain) {
        mon_find(x->out, (int)x->index, both, false, "gtid_domain_differs",
                 mx_asprintf("SET GLOBAL gtid_domain_id = %" PRIu32
                             "; and the same in its configuration file.",
                             x->primary->gtid_domain),
                 "'%s' has gtid_domain_id %" PRIu32 ", the primary has %" PRIu32 ".", x->name,
                 x->s->gtid_domain, x->primary->gtid_domain);
    }
    for (size_t i = 0; i < x->index; i++) {
        const struct mon_server_obs *other = &x->view->obs->servers[i];
        if (other->server_id > 0 && other->server_id == x->s->server_id) {
            mon_find(
                x->out, (int)x->index, MON_ALL_BITS, true, "duplicate_server_id",
                mx_asprintf("Give '%s' another server_id in its configuration file and restart "
                            "it.",
                            x->name),
                "'%s' and '%s' have the same server_id %" PRId64 ".", x->name,
                mon_view_name(x->view, i), x->s->server_id);
        }
    }
}

static void
check_errors(const struct subject *x)
{
    const struct mon_slave *slave = x->slave;
    uint32_t both = MON_FAILOVER_BIT | MON_SWITCHOVER_BIT;
    bool stopped = slave->io == MON_IO_NO && !slave->sql;
    bool primary_up = x->primary != NULL && mon_obs_running(x->primary);
    if (slave->sql_errno != 0 || (!slave->sql && slave->sql_error[0] != '\0')) {
        mon_find(
            x->out, (int)x->index, both, x->is_only_replica, "replication_broken",
            mx_asprintf("Mend the cause of the error on '%s', then run there: START SLAVE '%s';",
                        x->name, slave->name),
            "'%s' cannot apply what it receives: %s.", x->name, slave->sql_error);
    } else if (slave->io != MON_IO_YES && slave->io_errno != 0 && primary_up) {
        mon_find(
            x->out, (int)x->index, both, x->is_only_replica, "replication_broken",
            mx_asprintf("Mend the cause of the error, then run on '%s': STOP SLAVE '%s'; START "
                        "SLAVE '%s';",
                        x->name, slave->name, slave->name),
            "'%s' cannot read from the primary: %s.", x->name, slave->io_error);
    } else if (stopped || !slave->sql || (slave->io == MON_IO_NO && primary_up)) {
        mon_find(x->out, (int)x->index, both, x->is_only_replica, "replication_stopped",
                 mx_asprintf("Run on '%s': START SLAVE '%s';", x->name, slave->name),
                 "Replication is stopped on '%s'.", x->name);
    }
}

static void
check_replica(const struct subject *x)
{
    const struct mon_config *config = x->view->settings->config;
    int server = (int)x->index;
    int64_t limit_s = config->switchover_timeout_ms / 1000;
    check_errors(x);
    if (x->slave->gtid_mode == MON_GTID_NO) {
        mon_find(
            x->out, server, MON_FAILOVER_BIT | MON_SWITCHOVER_BIT, true, "replication_not_gtid",
            mx_asprintf("Run on '%s': STOP SLAVE '%s'; CHANGE MASTER '%s' TO MASTER_USE_GTID = "
                        "slave_pos; START SLAVE '%s';",
                        x->name, x->slave->name, x->slave->name, x->slave->name),
            "'%s' replicates by file and position, not by GTID.", x->name);
    }
    if (x->slave->lag_s > LAG_WORTH_SAYING_S || x->slave->lag_s > limit_s) {
        mon_find(
            x->out, server, MON_FAILOVER_BIT | MON_SWITCHOVER_BIT, x->slave->lag_s > limit_s,
            "replica_lags",
            mx_asprintf("Wait until '%s' has caught up, or find out what it applies so slowly: "
                        "SHOW PROCESSLIST; there.",
                        x->name),
            "'%s' is far behind the primary: a failover would have to wait for it.", x->name);
    }
    if (x->s->has_settings && !x->s->read_only && !config->enforce_read_only_slaves &&
        !config->enforce_read_only_servers) {
        mon_find(x->out, server, MON_ALL_BITS, false, "read_only_off",
                 mx_strdup("SET GLOBAL read_only = 1; or enforce_read_only_slaves=true in the "
                           "monitor's section."),
                 "Replica '%s' is writable: a transaction written there by mistake makes it "
                 "diverge.",
                 x->name);
    }
    if (x->s->has_settings && config->handle_events && !x->s->event_scheduler &&
        x->primary != NULL && x->primary->event_count > 0) {
        mon_find(x->out, server, MON_FAILOVER_BIT | MON_SWITCHOVER_BIT, false, "events_disabled",
                 mx_strdup("SET GLOBAL event_scheduler = ON; and the same in its configuration "
                           "file."),
                 "The event scheduler of '%s' is off: scheduled events would not run after its "
                 "promotion.",
                 x->name);
    }
}

static void
check_semi_sync(const struct subject *x)
{
    uint32_t failover = MON_FAILOVER_BIT;
    if (!x->s->has_settings) {
        return;
    }
    if (!x->is_primary) {
        if (x->slave != NULL && !x->s->semi_sync_slave && x->primary != NULL &&
            x->primary->semi_sync_master) {
            mon_find(x->out, (int)x->index, failover, false, "semi_sync_off",
                     mx_strdup("SET GLOBAL rpl_semi_sync_slave_enabled = ON; STOP SLAVE; START "
                               "SLAVE; and the same variable in its configuration file."),
                     "Replica '%s' does not acknowledge transactions (semi-sync is off there).",
                     x->name);
        }
        return;
    }
    if (!x->s->semi_sync_master) {
        mon_find(x->out, (int)x->index, failover, false, "semi_sync_off",
                 mx_strdup("SET GLOBAL rpl_semi_sync_master_enabled = ON; on every server, SET "
                           "GLOBAL rpl_semi_sync_slave_enabled = ON; on the replicas, and both in "
                           "the configuration files."),
                 "Semi-synchronous replication is off on the primary '%s': the transactions of the "
                 "last moment are lost when it dies.",
                 x->name);
        return;
    }
    int64_t since_ms = x->view->history->semi_sync_bad_ms;
    if (since_ms != 0 && x->view->now_ms - since_ms >= SEMI_SYNC_PATIENCE_MS) {
        mon_find(x->out, (int)x->index, failover, false, "semi_sync_degraded",
                 mx_strdup("On a replica: SET GLOBAL rpl_semi_sync_slave_enabled = ON; STOP SLAVE; "
                           "START SLAVE;"),
                 "Semi-synchronous replication is on at the primary '%s' but no replica "
                 "acknowledges: a failover now may lose transactions.",
                 x->name);
    }
    if (!x->s->semi_sync_slave) {
        mon_find(x->out, (int)x->index, MON_REJOIN_BIT, false, "semi_sync_recovery_off",
                 mx_strdup("SET GLOBAL rpl_semi_sync_slave_enabled = ON; and the same in its "
                           "configuration file."),
                 "'%s' has rpl_semi_sync_slave_enabled off: after a crash it would keep "
                 "transactions nobody received, and could not rejoin.",
                 x->name);
    }
}

/* A running server outside of the primary's tree. */
static void
check_outsider(const struct subject *x)
{
    enum mon_suspect suspect = mon_rejoin_suspect(x->view, x->index);
    if (suspect == MON_SUSPECT_NO) {
        return;
    }
    if (suspect == MON_SUSPECT_MANY) {
        if (x->slave == NULL) {
            mon_find(x->out, (int)x->index, MON_REJOIN_BIT, true, "many_connections",
                     mx_strdup("Remove all connections but one: STOP SLAVE 'name'; RESET SLAVE "
                               "'name' ALL; or set enforce_simple_topology=true."),
                     "'%s' has several replication connections, none of them to the primary.",
                     x->name);
        }
        return;
    }
    struct mon_gtid_list extra;
    char *reason = mon_rejoin_obstacle(x->view, x->index);
    const char *primary = mon_view_name(x->view, (size_t)x->view->history->master);
    if (reason == NULL) {
        if (!x->view->settings->config->auto_rejoin) {
            mon_find(x->out, (int)x->index, MON_FAILOVER_BIT | MON_SWITCHOVER_BIT, false,
                     "not_joined",
                     mx_asprintf("maxctrl call command mariadbmon rejoin <monitor> %s; or set "
                                 "auto_rejoin=true.",
                                 x->name),
                     "'%s' runs but is not a replica, and auto_rejoin is off.", x->name);
        }
        return;
    }
    if (!x->primary->log_bin) {
        mon_find(x->out, (int)x->index, MON_REJOIN_BIT, true, "not_rejoined",
                 mx_asprintf(BINLOG_FIX "; '%s' then rejoins by itself.", primary, x->name),
                 "'%s' is not a replica: %s.", x->name, reason);
    } else if (mon_gtid_extra(&x->s->gtid_current,
                              x->primary->gtid_binlog.count > 0 ? &x->primary->gtid_binlog
                                                                : &x->primary->gtid_current,
                              &x->primary->gtid_state, &extra) > 0) {
        mon_find(x->out, (int)x->index, MON_REJOIN_BIT, true, "diverged",
                 mx_asprintf("Save what is needed of them, then rebuild '%s' from a backup of '%s' "
                             "(mariabackup); it then rejoins by itself.",
                             x->name, primary),
                 "'%s' is not a replica: %s.", x->name, reason);
    } else {
        mon_find(x->out, (int)x->index, MON_REJOIN_BIT, true, "not_rejoined",
                 mx_strdup("Remove the cause; the server then rejoins by itself."),
                 "'%s' is not a replica: %s.", x->name, reason);
    }
    free(reason);
}

static void
check_primary(const struct subject *x)
{
    const struct mon_server_history *h = &x->view->history->servers[x->index];
    if (x->s->nontransactional_tables > 0) {
        mon_find(x->out, (int)x->index, MON_FAILOVER_BIT | MON_REJOIN_BIT, false,
                 "nontransactional_tables",
                 mx_asprintf("ALTER TABLE %s ENGINE = InnoDB; and so on for each of them.",
                             x->s->nontransactional_example),
                 "'%s' has %" PRId64 " table(s) that a crash may leave half-written (such as %s).",
                 x->name, x->s->nontransactional_tables, x->s->nontransactional_example);
    }
    if (h->wrote_without_binlog && x->s->log_bin) {
        mon_find(x->out, (int)x->index, MON_FAILOVER_BIT, false, "missed_writes",
                 mx_asprintf("Rebuild the replicas from a backup of '%s' (mariabackup), or compare "
                             "the tables, then restart the monitor with its journal removed.",
                             x->name),
                 "'%s' was the primary while it had no binary log: what was written then is not on "
                 "its replicas.",
                 x->name);
    }
}

static void
check_unreachable(const struct subject *x)
{
    if (x->s->link == MON_LINK_DENIED) {
        mon_find(
            x->out, (int)x->index, MON_ALL_BITS, true, "login_denied",
            mx_asprintf("CREATE USER IF NOT EXISTS '%s'@'%%'; ALTER USER '%s'@'%%' IDENTIFIED BY "
                        "'<the monitor's password>';",
                        x->view->settings->servers[x->index].user,
                        x->view->settings->servers[x->index].user),
            "'%s' does not let the monitor in: %s.", x->name, x->s->error);
        return;
    }
    mon_find(x->out, (int)x->index,
             x->is_primary ? MON_SWITCHOVER_BIT | MON_REJOIN_BIT
                           : MON_FAILOVER_BIT | MON_SWITCHOVER_BIT,
             x->is_only_replica || x->is_primary, "server_down",
             mx_asprintf("Start '%s' or restore the network to it.", x->name),
             "'%s' cannot be reached.", x->name);
}

static bool
is_supported(const struct mon_server_obs *s)
{
    return s->type == MON_TYPE_BLR ||
           (s->type == MON_TYPE_MARIADB && s->version >= MON_VERSION_OPERATIONS);
}

/* Nobody but this one (and the primary) is there to be promoted. */
static bool
only_replica(const struct mon_view *view, size_t server)
{
    for (size_t i = 0; i < view->obs->count; i++) {
        const struct mon_server_obs *other = &view->obs->servers[i];
        if (i != server && (int)i != view->history->master && mon_obs_usable(other) &&
            !view->settings->servers[i].no_promotion && other->log_bin &&
            mon_topology_connection(view->settings, view->obs, i, (size_t)view->history->master) !=
                MON_NONE) {
            return false;
        }
    }
    return true;
}

void
mon_readiness_server(const struct mon_view *view, size_t server, struct mon_readiness *out)
{
    int master = view->history->master;
    struct subject x = {
        .view = view,
        .index = server,
        .name = mon_view_name(view, server),
        .s = &view->obs->servers[server],
        .primary = master != MON_NONE ? &view->obs->servers[master] : NULL,
        .is_primary = (int)server == master,
        .out = out,
    };
    if (master != MON_NONE && !x.is_primary) {
        int index = mon_topology_connection(view->settings, view->obs, server, (size_t)master);
        x.slave = index != MON_NONE ? &x.s->slaves[index] : NULL;
        x.is_only_replica = only_replica(view, server);
    }
    if (!mon_obs_running(x.s)) {
        check_unreachable(&x);
        return;
    }
    if (!is_supported(x.s)) {
        mon_find(out, (int)server, MON_ALL_BITS, true, "unsupported_version",
                 mx_asprintf("Upgrade '%s' to MariaDB 10.4 or later.", x.name),
                 "'%s' (%s) is too old or no MariaDB server: it takes no part in operations.",
                 x.name, x.s->version_string);
        return;
    }
    if ((x.s->held_status & MX_STATUS_MAINT) != 0) {
        mon_find(out, (int)server, MON_ALL_BITS, x.is_only_replica || x.is_primary,
                 "in_maintenance", mx_asprintf("maxctrl clear server %s maintenance", x.name),
                 "'%s' is in Maintenance and takes no part in operations.", x.name);
    }
    check_binlog(&x);
    check_gtid(&x);
    check_semi_sync(&x);
    if (x.is_primary) {
        check_primary(&x);
    } else if (x.slave != NULL) {
        check_replica(&x);
    } else if (master != MON_NONE) {
        check_outsider(&x);
    }
}
