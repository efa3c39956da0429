/* Findings and verdicts: what is said about which defect, and that it is gone when mended. */
#include "fake.h"

#include "grants.h"

static struct mon_readiness readiness;
static struct mon_messages said;

static void
judge(struct fake *f)
{
    fake_tick(f, 2000);
    mon_messages_fini(&said);
    mon_readiness_update(&readiness, &f->settings, &f->history, &f->obs, &f->decision, f->now_ms,
                         &said);
}

static const struct mon_finding *
finding(const char *id, int server)
{
    for (size_t i = 0; i < readiness.count; i++) {
        if (strcmp(readiness.findings[i].id, id) == 0 && readiness.findings[i].server == server) {
            return &readiness.findings[i];
        }
    }
    return NULL;
}

static void
done(struct fake *f)
{
    mon_readiness_fini(&readiness);
    mon_messages_fini(&said);
    fake_fini(f);
}

static void
test_healthy_cluster_is_ready_for_everything(void **state)
{
    struct fake f;
    (void)state;
    fake_healthy(&f, 2);
    judge(&f);
    assert_int_equal(readiness.count, 0);
    for (int i = 0; i < MON_OPERATION_COUNT; i++) {
        assert_true(readiness.verdicts[i].is_ready);
        assert_true(strlen(readiness.verdicts[i].summary) > 0);
    }
    done(&f);
}

/* The defect of a row of the table below. */
static void
damage(struct fake *f, size_t row, struct mon_server_obs *s, struct mon_slave *slave)
{
    switch (row) {
    case 0:
        s->log_bin = false;
        break;
    case 1:
        s->log_slave_updates = false;
        break;
    case 2:
        s->gtid_strict_mode = false;
        break;
    case 3:
        slave->gtid_mode = MON_GTID_NO;
        break;
    case 4:
        s->gtid_domain = 7;
        break;
    case 5:
        s->semi_sync_master = false;
        break;
    case 6:
        s->semi_sync_slave = false;
        break;
    case 7:
        s->read_only = false;
        break;
    case 8:
        slave->sql = false;
        slave->sql_errno = 1062;
        (void)snprintf(slave->sql_error, sizeof(slave->sql_error), "Duplicate entry");
        break;
    case 9:
        slave->sql = false;
        slave->io = MON_IO_NO;
        break;
    case 10:
        slave->lag_s = 500;
        break;
    case 11:
        s->server_id = 1;
        break;
    case 12:
        s->version = 100300;
        break;
    case 13:
        s->link = MON_LINK_FAILED;
        break;
    case 14:
        s->link = MON_LINK_DENIED;
        break;
    case 15:
        s->nontransactional_tables = 3;
        (void)snprintf(s->nontransactional_example, 32, "test.t");
        break;
    case 16:
        s->binlog_expire_s = 60;
        break;
    case 17:
        s->held_status |= MX_STATUS_MAINT;
        break;
    case 18:
        s->semi_sync_slave = false;
        break;
    case 19:
        f->settings.replication_user = "repl";
        s->repl_user = MON_REPL_MISSING;
        break;
    default:
        f->settings.replication_user = "repl";
        s->repl_user = MON_REPL_NO_GRANT;
        (void)snprintf(s->repl_user_host, 16, "10.%%");
        break;
    }
}

static const struct {
    const char *id;
    int server;
    const char *fix;
} defects[] = {
    {"no_binlog", 1, "log_bin"},
    {"no_log_slave_updates", 1, "log_slave_updates=ON"},
    {"gtid_strict_mode_off", 1, "SET GLOBAL gtid_strict_mode = ON;"},
    {"replication_not_gtid", 1, "MASTER_USE_GTID = slave_pos"},
    {"gtid_domain_differs", 1, "SET GLOBAL gtid_domain_id = 0;"},
    {"semi_sync_off", 0, "rpl_semi_sync_master_enabled = ON"},
    {"semi_sync_off", 1, "rpl_semi_sync_slave_enabled = ON"},
    {"read_only_off", 1, "SET GLOBAL read_only = 1;"},
    {"replication_broken", 1, "START SLAVE"},
    {"replication_stopped", 1, "START SLAVE"},
    {"replica_lags", 1, "Wait"},
    {"duplicate_server_id", 1, "server_id"},
    {"unsupported_version", 1, "Upgrade"},
    {"server_down", 1, "Start 'server2'"},
    {"login_denied", 1, "ALTER USER 'mon'"},
    {"nontransactional_tables", 0, "ALTER TABLE test.t ENGINE = InnoDB;"},
    {"binlog_expires_soon", 1, "binlog_expire_logs_seconds"},
    {"in_maintenance", 1, "maxctrl clear server server2 maintenance"},
    {"semi_sync_recovery_off", 0, "rpl_semi_sync_slave_enabled = ON"},
    {"replication_user_missing", 1, "CREATE USER 'repl'"},
    {"missing_replication_grant", 1, "GRANT REPLICATION SLAVE ON *.* TO 'repl'@'10.%';"},
};

/* Each defect alone: the finding, its fix, and silence once it is mended. */
static void
test_every_defect_has_its_finding(void **state)
{
    (void)state;
    for (size_t row = 0; row < MX_COUNT(defects); row++) {
        struct fake f;
        fake_healthy(&f, 2);
        f.config.auto_failover = MON_FAILOVER_OFF;
        judge(&f);
        assert_int_equal(readiness.count, 0);
        struct mon_server_obs before = f.observed[defects[row].server];
        struct mon_server_obs *s = &f.observed[defects[row].server];
        struct mon_slave good = {0};
        struct mon_slave *slave = s->slave_count > 0 ? &s->slaves[0] : &good;
        good = *slave;
        damage(&f, row, s, slave);
        f.config.auto_rejoin = true;
        judge(&f);
        const struct mon_finding *found = finding(defects[row].id, defects[row].server);
        if (found == NULL) {
            fail_msg("no finding %s on server%d", defects[row].id, defects[row].server + 1);
        }
        assert_non_null(strstr(found->fix, defects[row].fix));
        assert_true(said.count > 0);
        /* nothing changes: nothing is said again */
        judge(&f);
        assert_int_equal(said.count, 0);
        struct mon_slave *slaves = s->slaves;
        *s = before;
        s->slaves = slaves;
        s->held_status = 0;
        *slave = good;
        s->slaves = before.slave_count > 0 ? slaves : NULL;
        judge(&f);
        assert_null(finding(defects[row].id, defects[row].server));
        done(&f);
    }
}

static void
test_missing_grants_are_named_by_version(void **state)
{
    static const struct {
        uint32_t version;
        enum mon_grant missing;
        bool with_super;
        const char *fix; /* NULL: nothing is missing */
    } rows[] = {
        {101106, MON_GRANT_READ_ONLY_ADMIN, true, "GRANT READ_ONLY ADMIN ON *.* TO 'mon'@'%';"},
        {100600, MON_GRANT_READ_ONLY_ADMIN, true, NULL},
        {101106, MON_GRANT_REPLICATION_SLAVE_ADMIN, true, NULL},
        {110100, MON_GRANT_REPLICATION_SLAVE_ADMIN, true,
         "GRANT REPLICATION SLAVE ADMIN ON *.* TO 'mon'@'%';"},
        {110100, MON_GRANT_REPLICA_MONITOR, true, "GRANT REPLICA MONITOR ON *.* TO 'mon'@'%';"},
        {101106, MON_GRANT_REPLICA_MONITOR, false, "GRANT REPLICA MONITOR ON *.* TO 'mon'@'%';"},
        {110100, MON_GRANT_CONNECTION_ADMIN, true, "GRANT CONNECTION ADMIN ON *.* TO 'mon'@'%';"},
        {110100, MON_GRANT_SET_USER, true, "GRANT SET USER ON *.* TO 'mon'@'%';"},
        {110100, MON_GRANT_BINLOG_ADMIN, true, "GRANT BINLOG ADMIN ON *.* TO 'mon'@'%';"},
        {101106, MON_GRANT_RELOAD, true, "GRANT RELOAD ON *.* TO 'mon'@'%';"},
        {101106, MON_GRANT_REPLICATION_SLAVE, true, "GRANT REPLICATION SLAVE ON *.* TO 'mon'@'%';"},
        {101106, MON_GRANT_SELECT_MYSQL_USER, true, "GRANT SELECT ON mysql.user TO 'mon'@'%';"},
    };
    (void)state;
    for (size_t row = 0; row < MX_COUNT(rows); row++) {
        struct fake f;
        fake_healthy(&f, 2);
        f.observed[1].version = rows[row].version;
        f.observed[1].grants &= ~(UINT64_C(1) << rows[row].missing);
        if (!rows[row].with_super) {
            f.observed[1].grants &= ~(UINT64_C(1) << MON_GRANT_SUPER);
        }
        judge(&f);
        bool found = rows[row].fix == NULL;
        for (size_t i = 0; i < readiness.count; i++) {
            found |= rows[row].fix != NULL && strcmp(readiness.findings[i].fix, rows[row].fix) == 0;
        }
        assert_true(found);
        assert_true(rows[row].fix != NULL || readiness.count == 0);
        done(&f);
    }
}

static void
test_old_primary_says_why_it_does_not_rejoin(void **state)
{
    struct fake f;
    (void)state;
    fake_healthy(&f, 2);
    fake_unfollow(&f, 1);
    f.observed[1].read_only = false;
    f.observed[0].log_bin = false;
    judge(&f);
    const struct mon_finding *found = finding("not_rejoined", 1);
    assert_non_null(found);
    assert_non_null(strstr(found->fix, "of 'server1' and restart it"));
    assert_false(readiness.verdicts[MON_OPERATION_REJOIN].is_ready);
    done(&f);
}

static void
test_diverged_server_is_told_which_transactions_are_extra(void **state)
{
    struct fake f;
    (void)state;
    fake_healthy(&f, 2);
    fake_unfollow(&f, 1);
    fake_gtid(&f.observed[1].gtid_current, "0-2-99");
    judge(&f);
    const struct mon_finding *found = finding("diverged", 1);
    assert_non_null(found);
    assert_non_null(strstr(found->reason, "0-2-99"));
    done(&f);
}

static void
test_show_grants_lines_become_bits(void **state)
{
    uint64_t grants = 0;
    char account[64] = "";
    (void)state;
    mon_grants_parse_line("GRANT RELOAD, SUPER, BINLOG MONITOR, REPLICATION SLAVE ADMIN ON *.* TO "
                          "`mon`@`10.%` IDENTIFIED BY PASSWORD '*X'",
                          &grants, account, sizeof(account));
    assert_int_equal(grants, UINT64_C(1) << MON_GRANT_RELOAD | UINT64_C(1) << MON_GRANT_SUPER |
                                 UINT64_C(1) << MON_GRANT_REPLICATION_CLIENT |
                                 UINT64_C(1) << MON_GRANT_REPLICATION_SLAVE_ADMIN);
    assert_string_equal(account, "'mon'@'10.%'");
    mon_grants_parse_line("GRANT SELECT ON `mysql`.`user` TO `mon`@`10.%`", &grants, account,
                          sizeof(account));
    assert_true(grants >> MON_GRANT_SELECT_MYSQL_USER & 1u);
    assert_false(grants >> MON_GRANT_SELECT_GLOBAL_PRIV & 1u);
    assert_false(grants >> MON_GRANT_SELECT & 1u);
    mon_grants_parse_line("GRANT ALL PRIVILEGES ON *.* TO `root`@`%`", &grants, account,
                          sizeof(account));
    assert_int_equal(grants, (UINT64_C(1) << MON_GRANT_COUNT) - 1);
    grants = 0;
    mon_grants_parse_line("GRANT `role` TO `mon`@`%`", &grants, account, sizeof(account));
    mon_grants_parse_line("GRANT SELECT ON `db`.* TO `mon`@`%`", &grants, account, sizeof(account));
    assert_int_equal(grants, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_healthy_cluster_is_ready_for_everything),
        cmocka_unit_test(test_every_defect_has_its_finding),
        cmocka_unit_test(test_missing_grants_are_named_by_version),
        cmocka_unit_test(test_old_primary_says_why_it_does_not_rejoin),
        cmocka_unit_test(test_diverged_server_is_told_which_transactions_are_extra),
        cmocka_unit_test(test_show_grants_lines_become_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
