/* Transaction state: the text foresees it, the servers' flags correct it. */
#include "mx/trx.h"

#include "sql_test.h"

static struct mx_trx trx;

static void
say(const char *sql)
{
    struct mx_sql verdict = classify(sql);
    mx_trx_note_statement(&trx, &verdict);
    mx_trx_note_done(&trx, &verdict);
}

static void
expect(bool open, bool read_only)
{
    assert_int_equal(mx_trx_is_open(&trx), open);
    assert_int_equal(mx_trx_is_read_only(&trx), read_only);
}

static void
test_explicit_transactions(void **state)
{
    (void)state;
    mx_trx_init(&trx);
    expect(false, false);
    say("BEGIN");
    expect(true, false);
    say("SELECT 1");
    expect(true, false);
    say("COMMIT");
    expect(false, false);
    say("START TRANSACTION READ ONLY");
    expect(true, true);
    say("COMMIT AND CHAIN");
    expect(true, true);
    say("ROLLBACK");
    expect(false, false);
    say("START TRANSACTION");
    say("CREATE TABLE t (a INT)");
    expect(false, false);
    say("BEGIN");
    say("CREATE TEMPORARY TABLE t (a INT)");
    expect(true, false);
    say("SAVEPOINT s");
    say("ROLLBACK TO s");
    expect(true, false);
}

static void
test_autocommit(void **state)
{
    (void)state;
    mx_trx_init(&trx);
    say("SET autocommit=0");
    expect(true, false);
    say("SELECT * FROM t");
    assert_true((trx.status & MX_TRX_STATUS_IN_TRANS) != 0);
    say("COMMIT");
    expect(true, false);
    say("SET @a=1");
    assert_int_equal(trx.status & MX_TRX_STATUS_IN_TRANS, 0);
    say("SET autocommit=1");
    expect(false, false);
    say("SET GLOBAL autocommit=0");
    expect(false, false);
}

static void
test_access_modes(void **state)
{
    (void)state;
    mx_trx_init(&trx);
    say("SET SESSION TRANSACTION READ ONLY");
    say("BEGIN");
    expect(true, true);
    say("COMMIT");
    say("START TRANSACTION READ WRITE");
    expect(true, false);
    say("COMMIT");
    say("SET SESSION tx_read_only=0");
    say("BEGIN");
    expect(true, false);
    say("COMMIT");
    say("SET TRANSACTION READ ONLY");
    say("BEGIN");
    expect(true, true);
    say("COMMIT");
    say("BEGIN");
    expect(true, false);
}

static void
test_isolation(void **state)
{
    (void)state;
    mx_trx_init(&trx);
    say("SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE");
    assert_true(mx_trx_is_serializable(&trx));
    say("SET SESSION tx_isolation='READ-COMMITTED'");
    assert_false(mx_trx_is_serializable(&trx));
    say("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE");
    assert_true(mx_trx_is_serializable(&trx));
    say("BEGIN");
    assert_true(mx_trx_is_serializable(&trx));
    say("COMMIT");
    assert_false(mx_trx_is_serializable(&trx));
}

static void
test_xa_is_open_until_settled(void **state)
{
    (void)state;
    mx_trx_init(&trx);
    say("XA START 'a'");
    expect(true, false);
    say("XA END 'a'");
    expect(true, false);
    say("XA PREPARE 'a'");
    expect(true, false);
    say("XA COMMIT 'a'");
    expect(false, false);
}

static void
test_server_flags_win(void **state)
{
    (void)state;
    mx_trx_init(&trx);
    say("CALL p()");
    expect(false, false);
    mx_trx_note_status(&trx, MX_TRX_STATUS_AUTOCOMMIT | MX_TRX_STATUS_IN_TRANS);
    expect(true, false);
    mx_trx_note_status(&trx, MX_TRX_STATUS_AUTOCOMMIT | MX_TRX_STATUS_IN_TRANS |
                                 MX_TRX_STATUS_IN_TRANS_READONLY);
    expect(true, true);
    mx_trx_note_status(&trx, MX_TRX_STATUS_AUTOCOMMIT);
    expect(false, false);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_explicit_transactions),
        cmocka_unit_test(test_autocommit),
        cmocka_unit_test(test_access_modes),
        cmocka_unit_test(test_isolation),
        cmocka_unit_test(test_xa_is_open_until_settled),
        cmocka_unit_test(test_server_flags_win),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
