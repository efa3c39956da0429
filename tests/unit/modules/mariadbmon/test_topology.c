/* Graph, choice of the primary, role bits. */
#include "fake.h"

static void
test_primary_is_the_one_with_most_replicas(void **state)
{
    struct fake f;
    (void)state;
    fake_init(&f, 4);
    fake_follow(&f, 0, 2);
    fake_follow(&f, 3, 2);
    fake_tick(&f, 0);
    assert_int_equal(f.history.master, 2);
    assert_int_equal(fake_status(&f, 2), MX_STATUS_MASTER | MX_STATUS_RUNNING);
    assert_int_equal(fake_status(&f, 0), MX_STATUS_SLAVE | MX_STATUS_RUNNING);
    assert_int_equal(fake_status(&f, 1), MX_STATUS_RUNNING);
    fake_fini(&f);
}

static void
test_read_only_and_maintenance_disqualify(void **state)
{
    struct fake f;
    (void)state;
    fake_init(&f, 3);
    f.observed[0].read_only = true;
    f.observed[1].held_status = MX_STATUS_MAINT;
    fake_tick(&f, 0);
    assert_int_equal(f.history.master, 2);
    fake_fini(&f);
}

static void
test_half_broken_replica_is_no_primary(void **state)
{
    struct fake f;
    (void)state;
    fake_init(&f, 2);
    fake_follow(&f, 0, 1);
    f.observed[0].read_only = false;
    f.observed[0].slaves[0].io = MON_IO_NO;
    f.observed[1].link = MON_LINK_FAILED;
    fake_tick(&f, 0);
    assert_int_not_equal(f.history.master, 0);
    fake_fini(&f);
}

static void
test_better_server_does_not_replace_a_valid_primary(void **state)
{
    struct fake f;
    (void)state;
    fake_healthy(&f, 4);
    fake_unfollow(&f, 2);
    fake_unfollow(&f, 3);
    f.config.auto_rejoin = false;
    f.observed[2].read_only = false;
    fake_follow(&f, 3, 2);
    fake_follow(&f, 1, 2);
    f.observed[1].slaves[0] = f.observed[1].slaves[1];
    f.observed[1].slave_count = 1;
    fake_tick(&f, 2000);
    assert_int_equal(f.history.master, 0);
    assert_true(fake_said(&f, "would be the better primary"));
    fake_fini(&f);
}

static void
test_relay_is_slave_and_relay_master(void **state)
{
    struct fake f;
    (void)state;
    fake_init(&f, 3);
    fake_follow(&f, 1, 0);
    fake_follow(&f, 2, 1);
    fake_tick(&f, 0);
    assert_int_equal(fake_status(&f, 1), MX_STATUS_SLAVE | MX_STATUS_RELAY | MX_STATUS_RUNNING);
    assert_int_equal(fake_status(&f, 2), MX_STATUS_SLAVE | MX_STATUS_RUNNING);
    fake_fini(&f);
}

static void
test_replicas_keep_slave_while_the_primary_is_down(void **state)
{
    struct fake f;
    (void)state;
    fake_healthy(&f, 2);
    f.config.auto_failover = MON_FAILOVER_OFF;
    fake_down(&f, 0, MON_LINK_REFUSED);
    fake_tick(&f, 2000);
    assert_int_equal(fake_status(&f, 0), 0);
    assert_int_equal(fake_status(&f, 1), MX_STATUS_SLAVE | MX_STATUS_RUNNING);
    f.config.slave_conditions = MON_SLAVE_RUNNING_MASTER;
    fake_tick(&f, 2000);
    assert_int_equal(fake_status(&f, 1), MX_STATUS_RUNNING);
    fake_fini(&f);
}

static void
test_replica_without_access_is_no_slave(void **state)
{
    struct fake f;
    (void)state;
    fake_healthy(&f, 2);
    f.observed[1].slaves[0].io = MON_IO_CONNECTING;
    f.observed[1].slaves[0].io_errno = 1045;
    fake_tick(&f, 2000);
    assert_int_equal(fake_status(&f, 1), MX_STATUS_RUNNING);
    f.observed[1].slaves[0].io_errno = 2003;
    fake_tick(&f, 2000);
    assert_int_equal(fake_status(&f, 1), MX_STATUS_SLAVE | MX_STATUS_RUNNING);
    fake_fini(&f);
}

static void
test_cycle_has_one_primary_and_a_number(void **state)
{
    struct fake f;
    (void)state;
    fake_init(&f, 3);
    fake_follow(&f, 0, 1);
    fake_follow(&f, 1, 0);
    fake_follow(&f, 2, 1);
    f.observed[0].read_only = false;
    f.observed[1].read_only = false;
    f.config.auto_rejoin = false;
    fake_tick(&f, 0);
    assert_int_equal(f.decision.topology.group[0], 1);
    assert_int_equal(f.decision.topology.group[1], 1);
    assert_int_equal(f.decision.topology.group[2], 0);
    assert_int_equal(f.history.master, 0);
    assert_true(fake_status(&f, 0) & MX_STATUS_MASTER);
    assert_false(fake_status(&f, 1) & MX_STATUS_MASTER);
    fake_fini(&f);
}

static void
test_master_condition_needs_one_replica_that_meets_all(void **state)
{
    struct fake f;
    (void)state;
    fake_healthy(&f, 2);
    f.config.master_conditions = MON_MASTER_CONNECTED_SLAVE | MON_MASTER_RUNNING_SLAVE;
    fake_tick(&f, 2000);
    assert_true(fake_status(&f, 0) & MX_STATUS_MASTER);
    f.observed[1].slaves[0].io = MON_IO_CONNECTING;
    fake_tick(&f, 2000);
    assert_false(fake_status(&f, 0) & MX_STATUS_MASTER);
    assert_true(fake_status(&f, 0) & MX_STATUS_SLAVE);
    fake_fini(&f);
}

static void
test_lag_is_the_smallest_of_working_connections(void **state)
{
    struct fake f;
    (void)state;
    fake_healthy(&f, 2);
    f.observed[1].slaves[0].lag_s = 7;
    fake_tick(&f, 2000);
    assert_int_equal(f.decision.servers[1].lag_s, 7);
    assert_int_equal(f.decision.servers[0].lag_s, 0);
    f.observed[1].slaves[0].sql = false;
    fake_tick(&f, 2000);
    assert_int_equal(f.decision.servers[1].lag_s, MX_LAG_UNKNOWN);
    fake_fini(&f);
}

static void
test_source_is_found_by_private_address_and_by_id(void **state)
{
    struct fake f;
    (void)state;
    fake_healthy(&f, 2);
    f.servers[0].private_address = "10.0.0.1";
    (void)snprintf(f.observed[1].slaves[0].host, 32, "10.0.0.1");
    assert_int_equal(mon_topology_source(&f.settings, &f.obs, &f.observed[1].slaves[0]), 0);
    (void)snprintf(f.observed[1].slaves[0].host, 32, "10.0.0.9");
    assert_int_equal(mon_topology_source(&f.settings, &f.obs, &f.observed[1].slaves[0]), MON_NONE);
    f.config.assume_unique_hostnames = false;
    assert_int_equal(mon_topology_source(&f.settings, &f.obs, &f.observed[1].slaves[0]), 0);
    f.observed[1].slaves[0].seen_connected = false;
    assert_int_equal(mon_topology_source(&f.settings, &f.obs, &f.observed[1].slaves[0]), MON_NONE);
    fake_fini(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_primary_is_the_one_with_most_replicas),
        cmocka_unit_test(test_read_only_and_maintenance_disqualify),
        cmocka_unit_test(test_half_broken_replica_is_no_primary),
        cmocka_unit_test(test_better_server_does_not_replace_a_valid_primary),
        cmocka_unit_test(test_relay_is_slave_and_relay_master),
        cmocka_unit_test(test_replicas_keep_slave_while_the_primary_is_down),
        cmocka_unit_test(test_replica_without_access_is_no_slave),
        cmocka_unit_test(test_cycle_has_one_primary_and_a_number),
        cmocka_unit_test(test_master_condition_needs_one_replica_that_meets_all),
        cmocka_unit_test(test_lag_is_the_smallest_of_working_connections),
        cmocka_unit_test(test_source_is_found_by_private_address_and_by_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
