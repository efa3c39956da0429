/* readwritesplit against a fake core: where statements go, and what losses do to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "fake_core.h"
#include "mx/trx.h"

#include <string.h>

#define AUTOCOMMIT MX_TRX_STATUS_AUTOCOMMIT
#define IN_TRX     (MX_TRX_STATUS_AUTOCOMMIT | MX_TRX_STATUS_IN_TRANS)

static struct rws_session *rs;

static int
setup(void **state)
{
    (void)state;
    fake_reset();
    rs = fake_session();
    return rs == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    (void)state;
    rws_session_free(rs);
    return 0;
}

static enum mx_verdict
read_something(void)
{
    return fake_query(rs, "SELECT 1", MX_SQL_READ, 0, MX_SQL_OP_SELECT);
}

static enum mx_verdict
write_something(void)
{
    return fake_query(rs, "INSERT", MX_SQL_WRITE, 0, MX_SQL_OP_INSERT);
}

static void
test_session_connects_primary_and_replicas(void **state)
{
    (void)state;
    assert_non_null(fake_endpoint(0));
    assert_non_null(fake_endpoint(1));
    assert_non_null(fake_endpoint(2));
}

static void
test_read_goes_to_least_busy_replica(void **state)
{
    (void)state;
    fake.servers[1].operations = 3;
    assert_int_equal(read_something(), MX_PASS);
    assert_int_equal(fake_last_server(), 2);
}

static void
test_write_goes_to_primary(void **state)
{
    (void)state;
    assert_int_equal(write_something(), MX_PASS);
    assert_int_equal(fake_last_server(), 0);
    assert_true((fake.sent[0].flags & MX_SEND_WRITE) != 0);
}

static void
test_next_statement_is_held_until_the_reply(void **state)
{
    (void)state;
    assert_int_equal(write_something(), MX_PASS);
    assert_int_equal(read_something(), MX_HELD);
    assert_false(fake.resumed);
    fake_reply(rs, 0, true, AUTOCOMMIT);
    assert_true(fake.resumed);
    assert_int_equal(read_something(), MX_PASS);
}

static void
test_session_command_goes_to_all_and_one_answers(void **state)
{
    (void)state;
    assert_int_equal(fake_query(rs, "SET x=1", MX_SQL_SESSION_WRITE, 0, MX_SQL_OP_SET), MX_PASS);
    assert_int_equal(fake.sent_count, 3);
    assert_int_equal(fake_last_server(), 0);
    assert_int_equal(fake.history, 1);
    fake_reply(rs, 0, true, AUTOCOMMIT);
    assert_int_equal(read_something(), MX_PASS);
    /* The discarded answers come late; the read's one is the next. */
    int server = fake_last_server();
    fake_reply(rs, (size_t)server, true, AUTOCOMMIT);
    assert_int_equal(read_something(), MX_HELD);
    fake_reply(rs, (size_t)server, true, AUTOCOMMIT);
    assert_int_equal(read_something(), MX_PASS);
}

static void
test_interrupted_read_is_answered_before_what_is_discarded(void **state)
{
    (void)state;
    assert_int_equal(fake_query(rs, "SET x=1", MX_SQL_SESSION_WRITE, 0, MX_SQL_OP_SET), MX_PASS);
    fake_reply(rs, 0, true, AUTOCOMMIT);
    assert_int_equal(read_something(), MX_PASS);
    int server = fake_last_server();
    assert_int_not_equal(server, 0);
    fake_interrupt(rs, (size_t)server);
    assert_int_equal(read_something(), MX_PASS);
    server = fake_last_server();
    fake_reply(rs, (size_t)server, true, AUTOCOMMIT);
    assert_int_equal(read_something(), MX_HELD);
    fake_reply(rs, (size_t)server, true, AUTOCOMMIT);
    assert_int_equal(read_something(), MX_PASS);
}

static void
test_interrupt_ends_the_wait_for_a_server_only(void **state)
{
    (void)state;
    assert_false(rws_interrupt(rs));
    assert_int_equal(read_something(), MX_PASS);
    assert_false(rws_interrupt(rs));
}

static void
test_global_only_set_is_not_recorded(void **state)
{
    (void)state;
    (void)fake_query(rs, "SET GLOBAL x=1", MX_SQL_GSYSVAR_WRITE, MX_SQL_FACT_GLOBAL_ONLY,
                     MX_SQL_OP_SET);
    assert_int_equal(fake.sent_count, 3);
    assert_int_equal(fake.history, 0);
}

static void
test_transaction_stays_on_primary(void **state)
{
    (void)state;
    (void)fake_query(rs, "BEGIN", MX_SQL_BEGIN_TRX, 0, MX_SQL_OP_UNDEFINED);
    assert_int_equal(fake_last_server(), 0);
    fake_reply(rs, 0, true, IN_TRX);
    (void)read_something();
    assert_int_equal(fake_last_server(), 0);
    fake_reply(rs, 0, true, IN_TRX);
    (void)fake_query(rs, "COMMIT", MX_SQL_COMMIT, 0, MX_SQL_OP_UNDEFINED);
    fake_reply(rs, 0, true, AUTOCOMMIT);
    (void)read_something();
    assert_int_not_equal(fake_last_server(), 0);
    assert_int_equal(mx_atomic_get(&fake.counters.ro_transactions), 1);
}

static void
test_read_only_transaction_stays_on_its_replica(void **state)
{
    (void)state;
    struct mx_sql begin = {.type = MX_SQL_BEGIN_TRX | MX_SQL_READ, .trx_access = 1};
    (void)fake_command(rs, MX_COM_QUERY, 0, "START", 5, &begin);
    int server = fake_last_server();
    assert_int_not_equal(server, 0);
    fake_reply(rs, (size_t)server, true, IN_TRX | MX_TRX_STATUS_IN_TRANS_READONLY);
    fake.servers[server].operations = 100;
    (void)read_something();
    assert_int_equal(fake_last_server(), server);
}

static void
test_read_is_sent_again_when_its_replica_breaks(void **state)
{
    (void)state;
    (void)read_something();
    int first = fake_last_server();
    fake.servers[first].status = 0;
    assert_int_equal(fake_lose(rs, (size_t)first, false), MX_PASS);
    assert_string_equal(fake.killed, "");
    assert_int_not_equal(fake_last_server(), first);
    assert_string_equal(fake.sent[fake.sent_count - 1].text, "SELECT 1");
}

static void
test_write_is_never_sent_twice(void **state)
{
    (void)state;
    (void)write_something();
    size_t sent = fake.sent_count;
    assert_int_equal(fake_lose(rs, 0, false), MX_FAIL);
    assert_int_equal(fake.sent_count, sent);
    assert_non_null(strstr(fake.killed, "server1"));
}

static void
test_read_that_was_partly_delivered_is_not_repeated(void **state)
{
    (void)state;
    (void)read_something();
    size_t server = (size_t)fake_last_server();
    struct mx_endpoint *endpoint = fake_endpoint(server);
    uint8_t bytes[8] = {0};
    struct mx_reply part = {.data = bytes, .len = 8, .first = true, .kind = MX_REPLY_ROWS};
    assert_int_equal(rws_reply(rs, endpoint, &part), MX_PASS);
    assert_int_equal(fake_lose(rs, server, false), MX_FAIL);
}

/* Or it would be tried over and over until somebody leaves it. */
static void
test_a_server_that_refuses_is_left_alone_for_a_while(void **state)
{
    (void)state;
    base_clock_cache(1000);
    fake.servers[2].status = 0;
    (void)fake_lose(rs, 1, false);
    assert_int_equal(read_something(), MX_PASS);
    assert_int_equal(fake_last_server(), 1); /* a lost one is opened again at once */
    assert_int_equal(fake_refuse(rs, 1), MX_PASS);
    assert_int_equal(fake_last_server(), 0);
    fake_reply_all(rs);
    assert_int_equal(read_something(), MX_PASS);
    assert_int_equal(fake_last_server(), 0);
    fake_reply_all(rs);
    base_clock_cache(1500);
    assert_int_equal(read_something(), MX_PASS);
    assert_int_equal(fake_last_server(), 1);
    assert_int_equal(fake_refuse(rs, 1), MX_PASS);
    fake_reply_all(rs);
    rws_server_changed(rs, &fake.servers[1]); /* the monitor has seen it: worth a try */
    assert_int_equal(read_something(), MX_PASS);
    assert_int_equal(fake_last_server(), 1);
    fake_reply_all(rs);
    (void)fake_refuse(rs, 1);
    fake.servers[0].status = 0;
    (void)fake_lose(rs, 0, false);
    assert_int_equal(read_something(), MX_PASS); /* there is no other one */
    assert_int_equal(fake_last_server(), 1);
    assert_int_equal(fake_refuse(rs, 1), MX_FAIL);
    base_clock_cache(0);
}

static void
test_idle_primary_lost_then_write_uses_the_new_one(void **state)
{
    (void)state;
    fake.servers[0].status = 0;
    assert_int_equal(fake_lose(rs, 0, false), MX_PASS);
    fake.servers[1].status = MX_STATUS_RUNNING | MX_STATUS_MASTER;
    assert_int_equal(write_something(), MX_PASS);
    assert_int_equal(fake_last_server(), 1);
}

static void
test_write_without_primary_ends_the_session(void **state)
{
    (void)state;
    fake.servers[0].status = 0;
    (void)fake_lose(rs, 0, false);
    assert_int_equal(write_something(), MX_FAIL);
    assert_non_null(strstr(fake.killed, "primary"));
}

static void
test_error_on_write_answers_1290(void **state)
{
    (void)state;
    fake.config.master_failure_mode = RWS_ERROR_ON_WRITE;
    fake.servers[0].status = 0;
    (void)fake_lose(rs, 0, false);
    assert_int_equal(write_something(), MX_DONE);
    assert_int_equal(fake.error_code, 1290);
    assert_int_equal(read_something(), MX_PASS);
}

static void
test_fail_instantly_ends_with_the_primary(void **state)
{
    (void)state;
    fake.config.master_failure_mode = RWS_FAIL_INSTANTLY;
    assert_int_equal(fake_lose(rs, 0, false), MX_FAIL);
}

static void
test_delayed_retry_waits_and_sends_when_a_primary_appears(void **state)
{
    (void)state;
    fake.config.delayed_retry = true;
    fake.servers[0].status = 0;
    (void)fake_lose(rs, 0, false);
    size_t sent = fake.sent_count;
    assert_int_equal(write_something(), MX_PASS);
    assert_int_equal(fake.sent_count, sent);
    assert_int_not_equal(fake.timer_ms, 0);
    fake.servers[2].status = MX_STATUS_RUNNING | MX_STATUS_MASTER;
    assert_int_equal(rws_timeout(rs), MX_PASS);
    assert_int_equal(fake_last_server(), 2);
}

static void
test_delayed_retry_gives_up(void **state)
{
    (void)state;
    fake.config.delayed_retry = true;
    fake.servers[0].status = 0;
    (void)fake_lose(rs, 0, false);
    assert_int_equal(write_something(), MX_PASS);
    enum mx_verdict verdict = MX_PASS;
    for (int i = 0; i < 20 && verdict == MX_PASS; i++) {
        verdict = rws_timeout(rs);
    }
    assert_int_equal(verdict, MX_FAIL);
}

static void
test_refusing_server_is_passed_over(void **state)
{
    (void)state;
    fake.config.lazy_connect = true;
    rws_session_free(rs);
    fake.endpoint_count = 0;
    rs = fake_session();
    fake.servers[1].refuses = true;
    assert_int_equal(read_something(), MX_PASS);
    assert_int_equal(fake_last_server(), 2);
}

static void
test_lag_limit_excludes_replicas(void **state)
{
    (void)state;
    fake.config.max_replication_lag_ms = 5000;
    fake.servers[1].lag_s = 5;
    fake.servers[2].lag_s = MX_LAG_UNKNOWN;
    (void)read_something();
    assert_int_equal(fake_last_server(), 0);
}

static void
test_open_transaction_is_lost_with_its_server(void **state)
{
    (void)state;
    (void)fake_query(rs, "BEGIN", MX_SQL_BEGIN_TRX, 0, MX_SQL_OP_UNDEFINED);
    fake_reply(rs, 0, true, IN_TRX);
    assert_int_equal(fake_lose(rs, 0, false), MX_FAIL);
}

static void
test_statement_that_tells_session_state_in_a_multi_locks(void **state)
{
    (void)state;
    (void)fake_query(rs, "SET NAMES x; SELECT 1", MX_SQL_SESSION_WRITE, MX_SQL_FACT_MULTI,
                     MX_SQL_OP_SET);
    assert_int_equal(fake.sent_count, 1);
    fake_reply(rs, 0, true, AUTOCOMMIT);
    (void)read_something();
    assert_int_equal(fake_last_server(), 0);
}

static void
test_cursor_rows_are_fetched_where_the_cursor_is(void **state)
{
    (void)state;
    struct mx_sql sql = {.type = MX_SQL_READ, .op = MX_SQL_OP_SELECT};
    (void)fake_command(rs, MX_COM_STMT_EXECUTE, 7, "\x07\0\0\0\x01\x01\0\0\0", 9, &sql);
    int server = fake_last_server();
    fake_reply(rs, (size_t)server, true, AUTOCOMMIT);
    fake.servers[server].operations = 50;
    (void)fake_command(rs, MX_COM_STMT_FETCH, 7, "\x07\0\0\0\x0a\0\0\0", 8, &sql);
    assert_int_equal(fake_last_server(), server);
}

static void
test_execute_after_a_cursor_is_decided_anew(void **state)
{
    (void)state;
    struct mx_sql sql = {.type = MX_SQL_READ, .op = MX_SQL_OP_SELECT};
    (void)fake_command(rs, MX_COM_STMT_EXECUTE, 7, "\x07\0\0\0\x01\x01\0\0\0", 9, &sql);
    fake_reply(rs, (size_t)fake_last_server(), true, AUTOCOMMIT);
    assert_int_not_equal(fake_last_server(), 0);
    (void)fake_query(rs, "BEGIN", MX_SQL_BEGIN_TRX, 0, MX_SQL_OP_UNDEFINED);
    fake_reply(rs, 0, true, IN_TRX);
    (void)fake_command(rs, MX_COM_STMT_EXECUTE, 7, "\x07\0\0\0\0\x01\0\0\0", 9, &sql);
    assert_int_equal(fake_last_server(), 0);
}

static void
test_execute_follows_its_long_data_once(void **state)
{
    (void)state;
    struct mx_sql sql = {.type = MX_SQL_READ, .op = MX_SQL_OP_SELECT};
    (void)fake_command(rs, MX_COM_STMT_SEND_LONG_DATA, 7, "\x07\0\0\0\0\0x", 7, &sql);
    int server = fake_last_server();
    fake.servers[server].operations = 50;
    (void)fake_command(rs, MX_COM_STMT_EXECUTE, 7, "\x07\0\0\0\0\x01\0\0\0", 9, &sql);
    assert_int_equal(fake_last_server(), server);
    fake_reply(rs, (size_t)server, true, AUTOCOMMIT);
    (void)fake_command(rs, MX_COM_STMT_EXECUTE, 7, "\x07\0\0\0\0\x01\0\0\0", 9, &sql);
    assert_int_not_equal(fake_last_server(), server);
}

static void
test_locked_session_does_not_change_its_primary(void **state)
{
    (void)state;
    (void)fake_query(rs, "SET x; SELECT 1", MX_SQL_SESSION_WRITE, MX_SQL_FACT_MULTI, MX_SQL_OP_SET);
    fake_reply(rs, 0, true, AUTOCOMMIT);
    fake.servers[0].status = MX_STATUS_RUNNING | MX_STATUS_SLAVE;
    fake.servers[1].status = MX_STATUS_RUNNING | MX_STATUS_MASTER;
    assert_int_equal(write_something(), MX_FAIL);
}

static void
test_fetch_without_its_server_goes_to_no_other(void **state)
{
    (void)state;
    assert_int_equal(fake_command(rs, MX_COM_STMT_FETCH, 7, "\x07\0\0\0\x0a\0\0\0", 8, NULL),
                     MX_DONE);
    assert_int_equal(fake.error_code, 1421);
    assert_int_equal(write_something(), MX_PASS);
}

static void
test_locked_tables_pin_reads_until_unlocked(void **state)
{
    (void)state;
    (void)fake_query(rs, "LOCK TABLES", MX_SQL_WRITE, MX_SQL_FACT_LOCKS_SESSION,
                     MX_SQL_OP_UNDEFINED);
    fake_reply(rs, 0, true, AUTOCOMMIT);
    (void)read_something();
    assert_int_equal(fake_last_server(), 0);
    fake_reply(rs, 0, true, AUTOCOMMIT);
    (void)fake_query(rs, "UNLOCK TABLES", MX_SQL_WRITE, MX_SQL_FACT_UNLOCKS_SESSION,
                     MX_SQL_OP_UNDEFINED);
    fake_reply(rs, 0, true, AUTOCOMMIT);
    (void)read_something();
    assert_int_not_equal(fake_last_server(), 0);
}

static void
test_barred_server_is_not_opened_again(void **state)
{
    (void)state;
    assert_int_equal(fake_lose(rs, 1, true), MX_PASS);
    for (int i = 0; i < 4; i++) {
        (void)read_something();
        assert_int_equal(fake_last_server(), 2);
        fake_reply(rs, 2, true, AUTOCOMMIT);
        fake.servers[2].operations++;
    }
    assert_null(fake_endpoint(1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_session_connects_primary_and_replicas),
        TEST(test_read_goes_to_least_busy_replica),
        TEST(test_write_goes_to_primary),
        TEST(test_next_statement_is_held_until_the_reply),
        TEST(test_session_command_goes_to_all_and_one_answers),
        TEST(test_interrupted_read_is_answered_before_what_is_discarded),
        TEST(test_interrupt_ends_the_wait_for_a_server_only),
        TEST(test_global_only_set_is_not_recorded),
        TEST(test_transaction_stays_on_primary),
        TEST(test_read_only_transaction_stays_on_its_replica),
        TEST(test_read_is_sent_again_when_its_replica_breaks),
        TEST(test_write_is_never_sent_twice),
        TEST(test_read_that_was_partly_delivered_is_not_repeated),
        TEST(test_a_server_that_refuses_is_left_alone_for_a_while),
        TEST(test_idle_primary_lost_then_write_uses_the_new_one),
        TEST(test_write_without_primary_ends_the_session),
        TEST(test_error_on_write_answers_1290),
        TEST(test_fail_instantly_ends_with_the_primary),
        TEST(test_delayed_retry_waits_and_sends_when_a_primary_appears),
        TEST(test_delayed_retry_gives_up),
        TEST(test_refusing_server_is_passed_over),
        TEST(test_lag_limit_excludes_replicas),
        TEST(test_open_transaction_is_lost_with_its_server),
        TEST(test_statement_that_tells_session_state_in_a_multi_locks),
        TEST(test_cursor_rows_are_fetched_where_the_cursor_is),
        TEST(test_execute_after_a_cursor_is_decided_anew),
        TEST(test_execute_follows_its_long_data_once),
        TEST(test_locked_session_does_not_change_its_primary),
        TEST(test_fetch_without_its_server_goes_to_no_other),
        TEST(test_locked_tables_pin_reads_until_unlocked),
        TEST(test_barred_server_is_not_opened_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
