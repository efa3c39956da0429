/* What pins a server's connection to its session. */
#include "pins.h"
#include "wire/cmd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct mx_sql_options options;

/* What a text does: in the history, as routers do it with session commands. */
static struct pin_effect
effect_of(uint8_t command, const char *text)
{
    struct mx_sql sql;
    mx_sql_classify(text, strlen(text), &options, &sql);
    struct mx_query query = {.command = command,
                             .first = true,
                             .last = true,
                             .text = text,
                             .text_len = strlen(text),
                             .sql = &sql};
    query.history_id =
        command == WIRE_COM_STMT_PREPARE || mx_sql_is_session_command(&sql, true) ? 1 : 0;
    return pin_effect_of(&query, &options);
}

static void
assert_free(const char *text)
{
    struct pin_effect effect = effect_of(WIRE_COM_QUERY, text);
    if ((effect.set & 0x0f) != 0 || effect.session) {
        fail_msg("%s: pins (%u, %d)", text, effect.set, effect.session);
    }
}

static void
assert_set(const char *text, uint8_t pin)
{
    struct pin_effect effect = effect_of(WIRE_COM_QUERY, text);
    if ((effect.set & 0x0f) != pin) {
        fail_msg("%s: %u", text, effect.set);
    }
}

/* For good: the connection to the session, or all of them because the history does not help. */
static void
assert_bound(const char *text)
{
    struct pin_effect effect = effect_of(WIRE_COM_QUERY, text);
    if ((effect.set & PIN_STATE) == 0 && !effect.session) {
        fail_msg("%s binds nothing", text);
    }
}

static void
test_statements_that_leave_nothing(void **state MX_UNUSED)
{
    static const char *const texts[] = {
        "SELECT 1",
        "SELECT * FROM t WHERE a = 'CALL x'",
        "SELECT @a, @@version",
        "INSERT INTO t VALUES (1)",
        "INSERT INTO t VALUES (1) RETURNING id",
        "UPDATE t SET a = 1",
        "DELETE FROM t",
        "REPLACE INTO t VALUES (1)",
        "BEGIN",
        "START TRANSACTION READ ONLY",
        "COMMIT",
        "ROLLBACK",
        "SHOW TABLES",
        "EXPLAIN SELECT 1",
        "CREATE TABLE t (a INT)",
        "DROP TABLE t",
        "ALTER TABLE t ADD b INT",
        "TRUNCATE t",
        "SET GLOBAL max_connections = 5",
        "SELECT 1; SELECT 2",
        "WITH c AS (SELECT 1) SELECT * FROM c",
    };
    for (size_t i = 0; i < MX_COUNT(texts); i++) {
        assert_free(texts[i]);
    }
}

static void
test_what_the_history_brings_back(void **state MX_UNUSED)
{
    static const char *const texts[] = {
        "SET @a = 1",
        "SET @a = 'NOW()', @b = -1.5, @c = NULL",
        "SET @a = 'it''s', @b = \"x\"\"SELECT\"",
        "SET @old = @@sql_mode, sql_mode = ''",
        "SET sql_mode = CONCAT(@@sql_mode, ',ANSI')",
        "SET sql_mode = @old",
        "SET NAMES utf8mb4 COLLATE utf8mb4_bin",
        "SET CHARACTER SET latin1",
        "SET autocommit = 0",
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        "SET time_zone = SYSTEM, session wait_timeout = 5, @@local.sql_select_limit = DEFAULT",
        "SET timestamp = 5",
        "SET ROLE r1",
        "USE test",
        "PREPARE p FROM 'SELECT 1'",
        "DEALLOCATE PREPARE p",
    };
    for (size_t i = 0; i < MX_COUNT(texts); i++) {
        assert_free(texts[i]);
    }
}

static void
test_what_would_not_be_the_same_again(void **state MX_UNUSED)
{
    static const char *const texts[] = {
        "SET @a = NOW()",
        "SET @a = CURRENT_TIMESTAMP",
        "SET @a = CONCAT('\\', NOW(), '')",
        "SET @a = 1 /* ' */ + RAND() /* ' */",
        "SET @a = 1 # '\n + RAND() # '",
        "SET @a = 1 -- '\n + RAND() -- '",
        "SET @a = (SELECT 1)",
        "SET @a = uuid ()",
        "SET @a = f(1)",
        "SET @a = CONCAT('a', RAND())",
        "SET insert_id = 5",
        "SET SESSION rand_seed1 = 5",
        "SET @a = @@timestamp",
        "SET @a = @@last_insert_id",
        "SET @a = 1, @b = UTC_DATE",
        "SET @@insert_id = 5",
    };
    for (size_t i = 0; i < MX_COUNT(texts); i++) {
        assert_bound(texts[i]);
    }
}

static void
test_state_that_stays_on_its_connection(void **state MX_UNUSED)
{
    static const char *const texts[] = {
        "CREATE TEMPORARY TABLE t (a INT)",
        "CREATE OR REPLACE TEMPORARY TABLE t (a INT)",
        "CALL p()",
        "SELECT @a := 1",
        "SELECT 1 INTO @a",
        "SELECT GET_LOCK('a', 1)",
        "HANDLER t OPEN",
        "EXECUTE p",
        "EXECUTE IMMEDIATE 'SET @a = 1'",
        "BEGIN NOT ATOMIC SET @a = 1; END",
        "SELECT 1; SET @a = 1",
        "SET @a = 1; SELECT 1",
        "SELECT 1; CALL p()",
        "no statement at all",
    };
    for (size_t i = 0; i < MX_COUNT(texts); i++) {
        assert_bound(texts[i]);
    }
}

static void
test_state_that_ends(void **state MX_UNUSED)
{
    assert_set("LOCK TABLES t READ", PIN_TABLES);
    assert_set("FLUSH TABLES WITH READ LOCK", PIN_TABLES);
    assert_int_equal(effect_of(WIRE_COM_QUERY, "UNLOCK TABLES").clear, PIN_TABLES);
    assert_set("SET TRANSACTION READ ONLY", PIN_NEXT_TRX);
    assert_set("XA START 'x'", PIN_XA);
    assert_set("XA PREPARE 'x'", PIN_XA);
    assert_int_equal(effect_of(WIRE_COM_QUERY, "XA COMMIT 'x'").clear, PIN_XA);
}

static void
test_questions(void **state MX_UNUSED)
{
    assert_true(effect_of(WIRE_COM_QUERY, "SELECT SQL_CALC_FOUND_ROWS 1").later);
    assert_true(effect_of(WIRE_COM_QUERY, "UPDATE t SET a = LAST_INSERT_ID(5)").makes_id);
    assert_true(effect_of(WIRE_COM_QUERY, "SELECT LAST_INSERT_ID(5)").makes_id);
    assert_false(effect_of(WIRE_COM_QUERY, "UPDATE t SET a = 'LAST_INSERT_ID'").makes_id);
    assert_int_equal(effect_of(WIRE_COM_QUERY, "SELECT ROW_COUNT()").set, PIN_ASKS);
    assert_int_equal(effect_of(WIRE_COM_QUERY, "SHOW WARNINGS").set, 0);
    assert_true(effect_of(WIRE_COM_QUERY, "SELECT last_insert_id(5)").makes_id);
    assert_true(effect_of(WIRE_COM_QUERY, "INSERT INTO t VALUES (1)").makes_id);
    assert_false(effect_of(WIRE_COM_QUERY, "UPDATE t SET a = 1").makes_id);
    assert_int_equal(effect_of(WIRE_COM_STMT_PREPARE, "DO LAST_INSERT_ID(?)").set, PIN_MAKES_ID);
    assert_int_equal(effect_of(WIRE_COM_STMT_PREPARE, "SELECT SQL_CALC_FOUND_ROWS 1").set,
                     PIN_ASKS);
    assert_int_equal(effect_of(WIRE_COM_STMT_PREPARE, "SET @a = NOW()").set, 0);
}

static void
test_commands_without_text(void **state MX_UNUSED)
{
    struct mx_query query = {.command = WIRE_COM_QUERY, .first = true};
    assert_int_equal(pin_effect_of(&query, &options).set, PIN_STATE); /* too long to be read */
    query.command = WIRE_COM_STMT_PREPARE;
    assert_int_equal(pin_effect_of(&query, &options).set, PIN_STATE);
    query.command = WIRE_COM_PING;
    assert_int_equal(pin_effect_of(&query, &options).set, 0);
    query.command = WIRE_COM_INIT_DB;
    assert_int_equal(pin_effect_of(&query, &options).set, PIN_STATE);
    query.history_id = 5;
    assert_int_equal(pin_effect_of(&query, &options).set, 0);
    query.command = WIRE_COM_BINLOG_DUMP;
    assert_int_equal(pin_effect_of(&query, &options).set, PIN_STATE);
    /* An execution: of a SET, which is in no history, and of an INSERT. */
    struct mx_sql sql = {.type = MX_SQL_SESSION_WRITE | MX_SQL_EXEC_STMT,
                         .op = MX_SQL_OP_SET,
                         .result = MX_SQL_PARSED};
    query = (struct mx_query){.command = WIRE_COM_STMT_EXECUTE, .sql = &sql};
    assert_int_equal(pin_effect_of(&query, &options).set, PIN_STATE);
    sql = (struct mx_sql){
        .type = MX_SQL_WRITE | MX_SQL_EXEC_STMT, .op = MX_SQL_OP_INSERT, .result = MX_SQL_PARSED};
    assert_int_equal(pin_effect_of(&query, &options).set, 0);
    assert_true(pin_effect_of(&query, &options).makes_id);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statements_that_leave_nothing),
        cmocka_unit_test(test_what_the_history_brings_back),
        cmocka_unit_test(test_what_would_not_be_the_same_again),
        cmocka_unit_test(test_state_that_stays_on_its_connection),
        cmocka_unit_test(test_state_that_ends),
        cmocka_unit_test(test_questions),
        cmocka_unit_test(test_commands_without_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
