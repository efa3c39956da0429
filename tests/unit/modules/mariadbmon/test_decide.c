/* Observation in, states and at most one plan out: failover, switchover, rejoin, enforcement. */
#include "fake.h"

static enum mon_plan_kind
plan_kind(const struct fake *f)
{
    return f->decision.plan.kind;
}

static void
test_refused_primary_is_replaced_after_three_quick_probes(void **state)
{
    struct fake f;
    (void)state;
    fake_healthy(&f, 2);
    fake_down(&f, 0, MON_LINK_REFUSED);
    fake_tick(&f, 10);
    assert_int_equal(plan_kind(&f), MON_PLAN_NONE);
    assert_int_equal(f.decision.next_tick_ms, MON_REFUSED_PAUSE_MS);
    fake_tick(&f, 100);
    assert_int_equal(plan_kind(&f), MON_PLAN_NONE);
    fake_tick(&f, 100);
    assert_int_equal(plan_kind(&f), MON_PLAN_FAILOVER);
    assert_int_equal(f.decision.plan.new_master, 1);
    fake_fini(&f);
}

static void
test_silent_primary_is_replaced_after_failcount_intervals(void **state)
{
    struct fake f;
    (void)state;
    fake_healthy(&f, 2);
    fake_down(&f, 0, MON_LINK_FAILED);
    f.observed[1].slaves[0].last_data_ms = 0;
    for (int i = 0; i < 4; i++) {
        fake_tick(&f, 2000);
        assert_int_equal(plan_kind(&f), MON_PLAN_NONE);
        /* extra looks in between do not count */
        fake_tick(&f, 50);
        assert_int_equal(plan_kind(&f), MON_PLAN_NONE);
    }
    fake_tick(&f, 2000);
    assert_int_equal(plan_kind(&f), MON_PLAN_FAILOVER);
    fake_fini(&f);
}

static void
test_connected_replica_postpones_the_failover(void **state)
{
    struct fake f;
    (void)state;
    fake_healthy(&f, 2);
    f.config.failcount = 1;
    fake_down(&f, 0, MON_LINK_FAILED);
    fake_tick(&f, 2000);
    assert_int_equal(plan_kind(&f), MON_PLAN_NONE);
    assert_true(fake_said(&f, "still connected"));
    f.now_ms += 10000;
    fake_tick(&f, 2000);
    assert_int_equal(plan_kind(&f), MON_PLAN_FAILOVER);
    fake_fini(&f);
}

static void
test_silent_replica_proves_nothing(void **state)
{
    struct fake f;
    (void)state;
    fake_healthy(&f, 3);
    f.config.failcount = 1;
    fake_down(&f, 0, MON_LINK_REFUSED);
    f.observed[1].slaves[0].io = MON_IO_YES;
    f.observed[1].is_fresh = false;
    fake_tick(&f, 2000);
    assert_int_equal(plan_kind(&f), MON_PLAN_FAILOVER);
    assert_int_equal(f.decision.plan.new_master, 2);
    fake_fini(&f);
}

static void
test_primary_in_maintenance_is_not_replaced(void **state)
{
    struct fake f;
    (void)state;
    fake_healthy(&f, 2);
    f.config.failcount = 1;
    fake_down(&f, 0, MON_LINK_REFUSED);
    f.observed[0].held_status |= MX_STATUS_MAINT;
    for (int i = 0; i < 10; i++) {
        fake_tick(&f, 2000);
        assert_int_equal(plan_kind(&f), MON_PLAN_NONE);
    }
    fake_fini(&f);
}

static void
test_refused_login_is_no_dead_primary(void **state)
{
    struct fake f;
    (void)state;
    fake_healthy(&f, 2);
    f.config.failcount = 1;
    f.config.verify_master_failure = false;
    fake_down(&f, 0, MON_LINK_DENIED);
    fake_tick(&f, 2000);
    assert_int_equal(plan_kind(&f), MON_PLAN_NONE);
    assert_int_equal(fake_status(&f, 0), MX_STATUS_AUTH_ERROR);
    assert_true(fake_said(&f, "refuses the monitor's login"));
    fake_fini(&f);
}

/* Who is promoted: one row per rule. */
static void
test_selection_follows_the_rules(void **state)
{
    struct fake f;
    (void)state;
    for (int row = 0; row < 6; row++) {
        fake_healthy(&f, 3);
        f.config.failcount = 1;
        f.config.verify_master_failure = false;
        int expected = 1;
        if (row == 1) { /* more received */
            fake_position(&f, 2, "0-1-12");
            expected = 2;
        } else if (row == 2) { /* log_slave_updates decides a tie */
            f.observed[1].log_slave_updates = false;
            expected = 2;
        } else if (row == 3) { /* no binary log: last, even with more data */
            f.observed[1].log_bin = false;
            fake_position(&f, 1, "0-1-99");
            expected = 2;
        } else if (row == 4) {
            f.servers[1].no_promotion = true;
            expected = 2;
        } else if (row == 5) {
            f.observed[1].held_status |= MX_STATUS_MAINT;
            expected = 2;
        }
        fake_down(&f, 0, MON_LINK_REFUSED);
        fake_tick(&f, 2000);
        assert_int_equal(plan_kind(&f), MON_PLAN_FAILOVER);
        assert_int_equal(f.decision.plan.new_master, expected);
        fake_fini(&f);
    }
}

static void
test_replica_without_binlog_is_promoted_when_alone(void **state)
{
    struct fake f;
    (void)state;
    fake_healthy(&f, 2);
    f.config.failcount = 1;
    f.observed[1].log_bin = false;
    fake_down(&f, 0, MON_LINK_REFUSED);
    fake_tick(&f, 2000);
    assert_int_equal(plan_kind(&f), MON_PLAN_FAILOVER);
    assert_true(fake_said(&f, "NOBODY CAN REPLICATE FROM IT"));
    fake_fini(&f);
}

static void
test_unapplied_relay_log_is_waited_for(void **state)
{
    struct fake f;
    (void)state;
    fake_healthy(&f, 2);
    f.config.failcount = 1;
    fake_gtid(&f.observed[1].slaves[0].gtid_io_pos, "0-1-15");
    fake_down(&f, 0, MON_LINK_REFUSED);
    fake_tick(&f, 2000);
    assert_int_equal(plan_kind(&f), MON_PLAN_NONE);
    assert_int_equal(f.decision.next_tick_ms, MON_REFUSED_PAUSE_MS);
    fake_position(&f, 1, "0-1-15");
    fake_tick(&f, 100);
    assert_int_equal(plan_kind(&f), MON_PLAN_FAILOVER);
    fake_fini(&f);
}

static void
test_safe_mode_refuses_to_lose_transactions(void **state)
{
    struct fake f;
    (void)state;
    fake_healthy(&f, 2);
    f.config.failcount = 1;
    f.config.auto_failover = MON_FAILOVER_SAFE;
    fake_gtid(&f.observed[0].gtid_binlog, "0-1-11");
    fake_down(&f, 0, MON_LINK_REFUSED);
    fake_tick(&f, 2000);
    assert_int_equal(plan_kind(&f), MON_PLAN_NONE);
    assert_true(fake_said(&f, "misses transactions"));
    fake_fini(&f);
}

static void
test_failover_steps_come_in_order(void **state)
{
    struct fake f;
    (void)state;
    fake_healthy(&f, 3);
    f.config.failcount = 1;
    fake_down(&f, 0, MON_LINK_REFUSED);
    fake_tick(&f, 2000);
    const struct mon_plan *plan = &f.decision.plan;
    int stop = fake_step(plan, MON_OP_STOP_SLAVE, 1);
    int reset = fake_step(plan, MON_OP_RESET_SLAVE, 1);
    int open = fake_step(plan, MON_OP_READ_ONLY_OFF, 1);
    int success = fake_step(plan, MON_OP_SUCCESS, 1);
    int redirect = fake_step(plan, MON_OP_CHANGE_MASTER, 2);
    int confirm = fake_step(plan, MON_OP_CONFIRM, 2);
    assert_true(stop >= 0 && stop < reset && reset < open && open < success);
    assert_true(success < redirect && redirect < confirm);
    assert_int_equal(plan->steps.items[redirect].source, 1);
    assert_int_equal(fake_step(plan, MON_OP_STOP_SLAVE, 0), -1);
    fake_fini(&f);
}

static void
test_passive_and_off_do_nothing(void **state)
{
    struct fake f;
    (void)state;
    for (int row = 0; row < 2; row++) {
        fake_healthy(&f, 2);
        f.config.failcount = 1;
        f.settings.passive = row == 0;
        f.config.auto_failover = row == 1 ? MON_FAILOVER_OFF : MON_FAILOVER_ON;
        fake_down(&f, 0, MON_LINK_REFUSED);
        fake_tick(&f, 2000);
        fake_tick(&f, 2000);
        assert_int_equal(plan_kind(&f), MON_PLAN_NONE);
        fake_fini(&f);
    }
}

/* --------------------------------------------------------------------- rejoin */

static void
test_standalone_server_is_made_a_replica(void **state)
{
    struct fake f;
    (void)state;
    fake_healthy(&f, 3);
    fake_unfollow(&f, 1);
    f.observed[1].read_only = false;
    fake_gtid(&f.observed[1].gtid_current, "0-1-9");
    fake_tick(&f, 2000);
    assert_int_equal(plan_kind(&f), MON_PLAN_REJOIN);
    const struct mon_plan *plan = &f.decision.plan;
    int closed = fake_step(plan, MON_OP_READ_ONLY_ON, 1);
    int change = fake_step(plan, MON_OP_CHANGE_MASTER, 1);
    assert_true(closed >= 0 && closed < change);
    assert_int_equal(plan->steps.items[change].clause, MON_CLAUSE_DEMOTE);
    assert_int_equal(plan->steps.items[change].source, 0);
    fake_fini(&f);
}

static void
test_diverged_server_is_not_made_a_replica(void **state)
{
    struct fake f;
    (void)state;
    for (int row = 0; row < 2; row++) {
        fake_healthy(&f, 3);
        fake_unfollow(&f, 1);
        if (row == 0) {
            fake_gtid(&f.observed[1].gtid_current, "0-2-11");
        } else {
            fake_gtid(&f.observed[1].gtid_current, "0-2-10");
            fake_gtid(&f.observed[0].gtid_binlog, "0-1-20");
            fake_gtid(&f.observed[0].gtid_state, "0-1-20,0-2-8");
        }
        fake_tick(&f, 2000);
        assert_int_equal(plan_kind(&f), MON_PLAN_NONE);
        assert_true(fake_said(&f, "has transactions that 'server1' does not have"));
        fake_fini(&f);
    }
}

static void
test_nobody_rejoins_a_primary_without_binlog(void **state)
{
    struct fake f;
    (void)state;
    fake_healthy(&f, 2);
    fake_unfollow(&f, 1);
    f.observed[1].read_only = false;
    f.observed[0].log_bin = false;
    f.observed[0].gtid_binlog.count = 0;
    fake_tick(&f, 2000);
    assert_int_equal(plan_kind(&f), MON_PLAN_NONE);
    assert_true(fake_said(&f, "has no binary log"));
    /* the cause is mended: position still empty, it follows all the same */
    f.observed[0].log_bin = true;
    fake_tick(&f, 2000);
    assert_int_equal(plan_kind(&f), MON_PLAN_REJOIN);
    fake_fini(&f);
}

static void
test_replica_of_the_wrong_server_is_redirected(void **state)
{
    struct fake f;
    (void)state;
    fake_healthy(&f, 3);
    f.observed[2].slaves[0].port = 3002;
    f.observed[2].slaves[0].source_id = 2;
    fake_tick(&f, 2000);
    assert_int_equal(plan_kind(&f), MON_PLAN_REJOIN);
    assert_int_equal(fake_step(&f.decision.plan, MON_OP_STOP_SLAVE, 2), 0);
    fake_fini(&f);
}

static void
test_stopped_replica_is_left_alone(void **state)
{
    struct fake f;
    (void)state;
    fake_healthy(&f, 2);
    f.observed[1].slaves[0].io = MON_IO_NO;
    f.observed[1].slaves[0].sql = false;
    fake_tick(&f, 2000);
    assert_int_equal(plan_kind(&f), MON_PLAN_NONE);
    fake_fini(&f);
}

/* ---------------------------------------------------------------- enforcement */

static void
test_writable_replica_is_closed_when_asked(void **state)
{
    struct fake f;
    (void)state;
    fake_healthy(&f, 2);
    f.observed[1].read_only = false;
    fake_tick(&f, 2000);
    assert_int_equal(plan_kind(&f), MON_PLAN_NONE);
    f.config.enforce_read_only_slaves = true;
    fake_tick(&f, 2000);
    assert_int_equal(plan_kind(&f), MON_PLAN_ENFORCE);
    assert_int_equal(fake_step(&f.decision.plan, MON_OP_READ_ONLY_ON, 1), 0);
    assert_int_equal(fake_step(&f.decision.plan, MON_OP_READ_ONLY_ON, 0), -1);
    fake_fini(&f);
}

static void
test_failed_operation_pauses_the_others_but_not_failover(void **state)
{
    struct fake f;
    (void)state;
    fake_healthy(&f, 3);
    fake_unfollow(&f, 2);
    fake_tick(&f, 2000);
    assert_int_equal(plan_kind(&f), MON_PLAN_REJOIN);
    mon_decide_plan_ended(&f.settings, &f.history, &f.decision.plan, false, true, f.now_ms);
    fake_tick(&f, 2000);
    assert_int_equal(plan_kind(&f), MON_PLAN_NONE);
    f.config.failcount = 1;
    fake_down(&f, 0, MON_LINK_REFUSED);
    fake_tick(&f, 100);
    assert_int_equal(plan_kind(&f), MON_PLAN_FAILOVER);
    fake_fini(&f);
}

/* ----------------------------------------------------------------- switchover */

static enum mon_answer
switchover(struct fake *f, int new_master, enum mon_mode mode, struct mon_plan *plan,
           struct mon_messages *errors)
{
    struct mon_messages notes = {0};
    struct mon_view view = {&f->settings,        &f->history, &f->obs, &f->decision.topology,
                            f->decision.servers, f->now_ms,   &notes,  errors};
    struct mon_switchover what = {new_master, MON_NONE, mode, false};
    enum mon_answer answer = mon_switchover_plan(&view, &what, plan);
    mon_messages_fini(&notes);
    return answer;
}

static void
test_switchover_closes_the_old_before_it_opens_the_new(void **state)
{
    struct fake f;
    struct mon_plan plan = {0};
    struct mon_messages errors = {0};
    (void)state;
    fake_healthy(&f, 3);
    assert_int_equal(switchover(&f, MON_NONE, MON_MODE_MANUAL, &plan, &errors), MON_ANSWER_YES);
    assert_int_equal(plan.new_master, 1);
    int out = fake_step(&plan, MON_OP_ROLE_OUT, 0);
    int closed = fake_step(&plan, MON_OP_READ_ONLY_ON, 0);
    int stable = fake_step(&plan, MON_OP_STABLE_GTID, 0);
    int caught_up = fake_step(&plan, MON_OP_CATCH_UP, 1);
    int open = fake_step(&plan, MON_OP_READ_ONLY_OFF, 1);
    assert_true(out >= 0 && out < closed && closed < stable && stable < caught_up &&
                caught_up < open);
    assert_true(plan.undo[MON_STAGE_DEMOTE].count > 0 && plan.undo[MON_STAGE_PROMOTE].count > 0);
    mon_plan_fini(&plan);
    fake_fini(&f);
}

static void
test_switchover_names_what_is_wrong(void **state)
{
    struct fake f;
    struct mon_plan plan = {0};
    (void)state;
    for (int row = 0; row < 5; row++) {
        static const char *const expected[] = {"already", "no binary log", "by GTID", "lag",
                                               "Maintenance"};
        struct mon_messages errors = {0};
        fake_healthy(&f, 2);
        f.observed[1].log_bin = row != 1;
        f.observed[1].slaves[0].gtid_mode = row == 2 ? MON_GTID_NO : MON_GTID_SLAVE_POS;
        f.observed[1].slaves[0].lag_s = row == 3 ? 91 : 0;
        f.observed[1].held_status |= row == 4 ? MX_STATUS_MAINT : 0;
        assert_int_equal(switchover(&f, row == 0 ? 0 : 1, MON_MODE_MANUAL, &plan, &errors),
                         MON_ANSWER_NO);
        assert_int_equal(errors.count, 1);
        assert_non_null(strstr(errors.items[0].text, expected[row]));
        mon_messages_fini(&errors);
        fake_fini(&f);
    }
}

static void
test_same_input_gives_the_same_plan(void **state)
{
    struct fake a;
    struct fake b;
    (void)state;
    fake_healthy(&a, 4);
    fake_healthy(&b, 4);
    a.config.failcount = b.config.failcount = 1;
    fake_down(&a, 0, MON_LINK_REFUSED);
    fake_down(&b, 0, MON_LINK_REFUSED);
    fake_tick(&a, 500);
    fake_tick(&b, 500);
    assert_int_equal(a.decision.plan.steps.count, b.decision.plan.steps.count);
    for (size_t i = 0; i < a.decision.plan.steps.count; i++) {
        assert_int_equal(a.decision.plan.steps.items[i].op, b.decision.plan.steps.items[i].op);
        assert_int_equal(a.decision.plan.steps.items[i].server,
                         b.decision.plan.steps.items[i].server);
    }
    fake_fini(&a);
    fake_fini(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_primary_is_replaced_after_three_quick_probes),
        cmocka_unit_test(test_silent_primary_is_replaced_after_failcount_intervals),
        cmocka_unit_test(test_connected_replica_postpones_the_failover),
        cmocka_unit_test(test_silent_replica_proves_nothing),
        cmocka_unit_test(test_primary_in_maintenance_is_not_replaced),
        cmocka_unit_test(test_refused_login_is_no_dead_primary),
        cmocka_unit_test(test_selection_follows_the_rules),
        cmocka_unit_test(test_replica_without_binlog_is_promoted_when_alone),
        cmocka_unit_test(test_unapplied_relay_log_is_waited_for),
        cmocka_unit_test(test_safe_mode_refuses_to_lose_transactions),
        cmocka_unit_test(test_failover_steps_come_in_order),
        cmocka_unit_test(test_passive_and_off_do_nothing),
        cmocka_unit_test(test_standalone_server_is_made_a_replica),
        cmocka_unit_test(test_diverged_server_is_not_made_a_replica),
        cmocka_unit_test(test_nobody_rejoins_a_primary_without_binlog),
        cmocka_unit_test(test_replica_of_the_wrong_server_is_redirected),
        cmocka_unit_test(test_stopped_replica_is_left_alone),
        cmocka_unit_test(test_writable_replica_is_closed_when_asked),
        cmocka_unit_test(test_failed_operation_pauses_the_others_but_not_failover),
        cmocka_unit_test(test_switchover_closes_the_old_before_it_opens_the_new),
        cmocka_unit_test(test_switchover_names_what_is_wrong),
        cmocka_unit_test(test_same_input_gives_the_same_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
