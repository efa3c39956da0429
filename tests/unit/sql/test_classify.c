/* Verdicts: what the contract's table names, and what a real server does with the rest. */
#include "sql_test.h"

#define R          MX_SQL_READ
#define W          MX_SQL_WRITE
#define SW         MX_SQL_SESSION_WRITE
#define UR         MX_SQL_USERVAR_READ
#define UW         MX_SQL_USERVAR_WRITE
#define OP(name)   MX_SQL_OP_##name
#define FACT(name) MX_SQL_FACT_##name

struct row {
    const char *sql;
    uint32_t type;
    uint32_t op;
    uint32_t facts; /* those of `mask` that must be set; the others must not */
    uint32_t mask;
};

static void
check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct mx_sql verdict = classify(rows[i].sql);
        if (verdict.type != rows[i].type || verdict.op != rows[i].op ||
            (verdict.facts & rows[i].mask) != rows[i].facts) {
            fail_msg("%s: type %#x op %u facts %#x, want %#x %u %#x of %#x", rows[i].sql,
                     verdict.type, verdict.op, verdict.facts, rows[i].type, rows[i].op,
                     rows[i].facts, rows[i].mask);
        }
    }
}

static void
test_select_and_its_effects(void **state)
{
    static const struct row rows[] = {
        {"SELECT 1", R, OP(SELECT), 0, FACT(USES_TABLES)},
        {"select a from t1 where b=1", R, OP(SELECT), FACT(USES_TABLES), FACT(USES_TABLES)},
        {"WITH x AS (SELECT 1) SELECT * FROM x", R, OP(SELECT), 0, 0},
        {"WITH RECURSIVE x (a, b) AS (SELECT 1, 2), y (c) AS (SELECT 3) SELECT * FROM x", R,
         OP(SELECT), 0, 0},
        {"(SELECT 1) UNION (SELECT 2)", R, OP(SELECT), 0, 0},
        {"VALUES (1),(2)", R, OP(SELECT), 0, 0},
        {"SELECT @a", R | UR, OP(SELECT), 0, 0},
        {"SELECT @a:=1", R | UW, OP(SELECT), 0, FACT(OUT_VARIABLES)},
        {"SELECT @@sql_mode", R | MX_SQL_SYSVAR_READ, OP(SELECT), 0, 0},
        {"SELECT @@identity", R | MX_SQL_MASTER_READ, OP(SELECT), 0, 0},
        {"SELECT @@last_gtid", R | MX_SQL_MASTER_READ, OP(SELECT), 0, 0},
        {"SELECT LAST_INSERT_ID()", R | MX_SQL_MASTER_READ, OP(SELECT), 0, 0},
        {"SELECT found_rows()", R, OP(SELECT), FACT(LAST_SERVER), FACT(LAST_SERVER)},
        {"SELECT ROW_COUNT()", R, OP(SELECT), FACT(LAST_SERVER), FACT(LAST_SERVER)},
        {"SELECT @@warning_count", R | MX_SQL_SYSVAR_READ, OP(SELECT), FACT(LAST_SERVER),
         FACT(LAST_SERVER)},
        {"SELECT my_function(1)", R | W, OP(SELECT), 0, 0},
        {"SELECT my_function (1)", R | W, OP(SELECT), 0, 0},
        {"SELECT db.f(a) FROM t", R | W, OP(SELECT), 0, 0},
        {"SELECT `concat`(a) FROM t", R | W, OP(SELECT), 0, 0},
        {"SELECT GET_LOCK('a', 1)", R | W, OP(SELECT), FACT(LOCKS_SESSION), FACT(LOCKS_SESSION)},
        {"SELECT RELEASE_LOCK('a')", R | W, OP(SELECT), FACT(UNLOCKS_SESSION),
         FACT(UNLOCKS_SESSION)},
        {"SELECT NEXTVAL(s)", R | W, OP(SELECT), 0, 0},
        {"SELECT NEXT VALUE FOR s", R | W, OP(SELECT), 0, 0},
        {"SELECT PREVIOUS VALUE FOR s", R | W, OP(SELECT), 0, 0},
        {"SELECT s.nextval FROM dual", R | W, OP(SELECT), 0, 0},
        {"SELECT next FROM t", R, OP(SELECT), 0, 0},
        {"SELECT a FROM t FOR UPDATE", R | W, OP(SELECT), 0, 0},
        {"SELECT a FROM t FOR UPDATE SKIP LOCKED", R | W, OP(SELECT), 0, 0},
        {"SELECT a FROM t LOCK IN SHARE MODE", R | W, OP(SELECT), 0, 0},
        {"SELECT a FROM t USE INDEX FOR ORDER BY (i)", R, OP(SELECT), 0, 0},
        {"SELECT a INTO @v FROM t", UW, OP(SELECT), 0, 0},
        {"SELECT a, b FROM t INTO @v, @w", UW, OP(SELECT), 0, 0},
        {"(SELECT a INTO @v FROM t)", UW, OP(SELECT), 0, 0},
        {"SELECT a INTO OUTFILE '/tmp/x' FROM t", W, OP(SELECT), 0, 0},
        {"SELECT a FROM t INTO DUMPFILE '/tmp/x'", W, OP(SELECT), 0, 0},
        {"SELECT f() INTO @v", W | UW, OP(SELECT), FACT(OUT_VARIABLES), FACT(OUT_VARIABLES)},
        {"SELECT COUNT(*), CONCAT(a, LEFT(b, 2)), IF(a IN (1,2), 1, 2) FROM t", R, OP(SELECT), 0,
         0},
        {"SELECT CAST(a AS DECIMAL(10,2)), CONVERT(b USING utf8mb4) FROM t", R, OP(SELECT), 0, 0},
        {"SELECT SUM(a) OVER (PARTITION BY b ORDER BY c) FROM t", R, OP(SELECT), 0, 0},
        {"SELECT a FROM t WHERE b = ANY (SELECT c FROM u)", R, OP(SELECT), 0, 0},
        {"SELECT * FROM JSON_TABLE('[]', '$[*]' COLUMNS (a INT PATH '$.a')) j", R, OP(SELECT), 0,
         0},
        {"SELECT * FROM t PARTITION (p0) WHERE a BETWEEN 1 AND 2", R, OP(SELECT), 0, 0},
        {"SELECT * FROM t FOR SYSTEM_TIME FROM '2001-01-01' TO NOW()", R, OP(SELECT), 0, 0},
        {"SELECT * FROM t FOR SYSTEM_TIME AS OF TIMESTAMP f()", R | W, OP(SELECT), 0, 0},
        {"SELECT EXTRACT(YEAR FROM d), TRIM(BOTH 'x' FROM s) FROM t", R, OP(SELECT), 0, 0},
        {"SELECT MATCH (a) AGAINST ('x' IN BOOLEAN MODE) FROM t", R, OP(SELECT), 0, 0},
        {"SELECT * FROM t PROCEDURE ANALYSE(1, 2)", R, OP(SELECT), 0, 0},
        {"SELECT {fn NOW()}, {d '2001-01-01'}", R, OP(SELECT), 0, 0},
    };
    (void)state;
    check_rows(rows, MX_COUNT(rows));
}

static void
test_changes(void **state)
{
    static const struct row rows[] = {
        {"INSERT INTO t (a,b) VALUES (1,2),(3,4)", W, OP(INSERT), 0, FACT(MULTI)},
        {"INSERT INTO t VALUES (@a, 1)", W | UR, OP(INSERT), 0, 0},
        {"INSERT INTO t VALUES (1,'x',NULL,@a),(-1,'y;',2,(SELECT 1))", W | UR, OP(INSERT), 0,
         FACT(MULTI)},
        {"INSERT INTO t VALUES (1,'x'),(2,@a:=3)", W | UW, OP(INSERT), FACT(OUT_VARIABLES),
         FACT(OUT_VARIABLES)},
        {"REPLACE INTO t SELECT * FROM u", W, OP(INSERT), 0, 0},
        {"UPDATE t SET a=1", W, OP(UPDATE), 0, 0},
        {"UPDATE t, (SELECT 1 a) x SET t.a=x.a", R | W, OP(UPDATE), 0, 0},
        {"DELETE FROM t WHERE a=1", W, OP(DELETE), 0, 0},
        {"DELETE FROM t RETURNING a", W, OP(DELETE), 0, 0},
        {"TRUNCATE TABLE t", W, OP(TRUNCATE), FACT(IMPLICIT_COMMIT), FACT(IMPLICIT_COMMIT)},
        {"CALL p(1)", W, OP(CALL), 0, FACT(OUT_VARIABLES)},
        {"CALL p(1, @out)", W | UR, OP(CALL), FACT(OUT_VARIABLES), FACT(OUT_VARIABLES)},
        {"LOAD DATA INFILE 'x' INTO TABLE t", W, OP(LOAD), 0, 0},
        {"LOAD DATA LOCAL INFILE 'x' INTO TABLE t (a, @b) SET c=@b", W | UR | UW, OP(LOAD_LOCAL), 0,
         0},
        {"DO SLEEP(1)", R | W, OP(UNDEFINED), 0, 0},
        {"HANDLER t OPEN", W, OP(UNDEFINED), FACT(LOCKS_SESSION), FACT(LOCKS_SESSION)},
        {"GRANT SELECT ON *.* TO 'u'@'%'", W, OP(GRANT), FACT(IMPLICIT_COMMIT),
         FACT(IMPLICIT_COMMIT)},
        {"KILL QUERY 12", W, OP(KILL), 0, 0},
        {"FROBNICATE t", W, OP(UNDEFINED), 0, 0},
        {"", W, OP(UNDEFINED), 0, 0},
    };
    (void)state;
    check_rows(rows, MX_COUNT(rows));
}

static void
test_definitions(void **state)
{
    static const struct row rows[] = {
        {"CREATE TABLE t (a INT)", W, OP(CREATE_TABLE), FACT(IMPLICIT_COMMIT),
         FACT(IMPLICIT_COMMIT)},
        {"CREATE TEMPORARY TABLE t (a INT)", W | MX_SQL_CREATE_TMP_TABLE, OP(CREATE_TABLE), 0,
         FACT(IMPLICIT_COMMIT)},
        {"CREATE OR REPLACE TEMPORARY TABLE t SELECT 1", W | MX_SQL_CREATE_TMP_TABLE,
         OP(CREATE_TABLE), 0, FACT(IMPLICIT_COMMIT)},
        {"CREATE DEFINER=`a`@`b` SQL SECURITY INVOKER VIEW v AS SELECT f(1)", W, OP(CREATE), 0, 0},
        {"CREATE DATABASE d", W, OP(CREATE), 0, 0},
        {"CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END", W, OP(CREATE), 0, FACT(MULTI)},
        {"ALTER TABLE t ADD b INT", W, OP(ALTER_TABLE), 0, 0},
        {"ALTER DATABASE d CHARACTER SET utf8", W, OP(ALTER), 0, 0},
        {"DROP TABLE IF EXISTS t, u", W, OP(DROP_TABLE), FACT(DROPS_TABLE), FACT(DROPS_TABLE)},
        {"DROP VIEW v", W, OP(DROP), 0, FACT(DROPS_TABLE)},
        {"RENAME TABLE a TO b", W, OP(UNDEFINED), 0, 0},
        {"ANALYZE TABLE t", W, OP(EXPLAIN), 0, 0},
        {"CHECKSUM TABLE t", R, OP(UNDEFINED), 0, FACT(IMPLICIT_COMMIT)},
        {"FLUSH TABLES WITH READ LOCK", W, OP(UNDEFINED), FACT(LOCKS_SESSION), FACT(LOCKS_SESSION)},
        {"RESET QUERY CACHE", SW, OP(UNDEFINED), 0, FACT(IMPLICIT_COMMIT)},
        {"LOCK TABLES a READ, b WRITE", W, OP(UNDEFINED), FACT(LOCKS_SESSION), FACT(LOCKS_SESSION)},
        {"UNLOCK TABLES", W, OP(UNDEFINED), FACT(UNLOCKS_SESSION), FACT(UNLOCKS_SESSION)},
    };
    (void)state;
    check_rows(rows, MX_COUNT(rows));
}

static void
test_session_and_transactions(void **state)
{
    static const struct row rows[] = {
        {"BEGIN", MX_SQL_BEGIN_TRX, OP(UNDEFINED), FACT(IMPLICIT_COMMIT), FACT(IMPLICIT_COMMIT)},
        {"BEGIN WORK", MX_SQL_BEGIN_TRX, OP(UNDEFINED), 0, FACT(BLOCK)},
        {"START TRANSACTION", MX_SQL_BEGIN_TRX, OP(UNDEFINED), 0, 0},
        {"START TRANSACTION READ ONLY", R | MX_SQL_BEGIN_TRX, OP(UNDEFINED), 0, 0},
        {"START TRANSACTION WITH CONSISTENT SNAPSHOT, READ WRITE", W | MX_SQL_BEGIN_TRX,
         OP(UNDEFINED), 0, 0},
        {"BEGIN NOT ATOMIC SELECT 1; SELECT 2; END", W, OP(UNDEFINED), FACT(BLOCK),
         FACT(BLOCK) | FACT(MULTI)},
        {"COMMIT", MX_SQL_COMMIT, OP(UNDEFINED), 0, FACT(CHAIN)},
        {"COMMIT AND CHAIN", MX_SQL_COMMIT, OP(UNDEFINED), FACT(CHAIN), FACT(CHAIN)},
        {"COMMIT AND NO CHAIN", MX_SQL_COMMIT, OP(UNDEFINED), 0, FACT(CHAIN)},
        {"ROLLBACK", MX_SQL_ROLLBACK, OP(UNDEFINED), 0, 0},
        {"ROLLBACK TO SAVEPOINT s", W, OP(UNDEFINED), 0, 0},
        {"SAVEPOINT s", W, OP(UNDEFINED), 0, 0},
        {"XA START 'a'", MX_SQL_BEGIN_TRX, OP(UNDEFINED), FACT(XA), FACT(XA) | FACT(XA_DONE)},
        {"XA END 'a'", W, OP(UNDEFINED), FACT(XA), FACT(XA) | FACT(XA_DONE)},
        {"XA PREPARE 'a'", W, OP(UNDEFINED), FACT(XA), FACT(XA) | FACT(XA_DONE)},
        {"XA COMMIT 'a'", W, OP(UNDEFINED), FACT(XA) | FACT(XA_DONE), FACT(XA) | FACT(XA_DONE)},
        {"USE db", SW, OP(CHANGE_DB), 0, 0},
        {"PREPARE s FROM 'SELECT 1'", MX_SQL_PREPARE_NAMED_STMT, OP(UNDEFINED), 0, 0},
        {"EXECUTE s USING @a", W | UR, OP(EXECUTE), 0, 0},
        {"EXECUTE IMMEDIATE 'SELECT 1'", W, OP(EXECUTE), 0, 0},
        {"DEALLOCATE PREPARE s", MX_SQL_DEALLOC_PREPARE, OP(UNDEFINED), 0, 0},
        {"DROP PREPARE s", MX_SQL_DEALLOC_PREPARE, OP(DROP), 0, 0},
        {"/* nothing */ -- at all", R, OP(UNDEFINED), FACT(COMMENT_ONLY), FACT(COMMENT_ONLY)},
    };
    (void)state;
    check_rows(rows, MX_COUNT(rows));
}

static void
test_show_and_explain(void **state)
{
    static const struct row rows[] = {
        {"SHOW TABLES", R, OP(SHOW), 0, 0},
        {"SHOW DATABASES", R, OP(SHOW_DATABASES), 0, 0},
        {"SHOW FULL COLUMNS FROM t FROM d", R, OP(SHOW), FACT(USES_TABLES), FACT(USES_TABLES)},
        {"SHOW CREATE TABLE t", R, OP(SHOW), FACT(USES_TABLES), FACT(USES_TABLES)},
        {"SHOW VARIABLES LIKE 'a%'", MX_SQL_SYSVAR_READ, OP(SHOW), 0, 0},
        {"SHOW GLOBAL VARIABLES", MX_SQL_GSYSVAR_READ, OP(SHOW), 0, 0},
        {"SHOW SLAVE STATUS", R, OP(SHOW), 0, 0},
        {"SHOW MASTER STATUS", W, OP(SHOW), 0, 0},
        {"SHOW INDEX FROM t", W, OP(SHOW), 0, 0},
        {"SHOW WARNINGS", W, OP(SHOW), FACT(LAST_SERVER), FACT(LAST_SERVER)},
        {"SHOW ERRORS", R, OP(SHOW), FACT(LAST_SERVER), FACT(LAST_SERVER)},
        {"SHOW COUNT(*) WARNINGS", W, OP(SHOW), FACT(LAST_SERVER), FACT(LAST_SERVER)},
        {"SHOW TABLES WHERE f(1)", R | W, OP(SHOW), 0, 0},
        {"EXPLAIN SELECT 1", R, OP(EXPLAIN), 0, 0},
        {"EXPLAIN EXTENDED SELECT f(1)", R | W, OP(EXPLAIN), 0, 0},
        {"EXPLAIN UPDATE t SET a=1", R | W, OP(EXPLAIN), 0, 0},
        {"ANALYZE FORMAT=JSON DELETE FROM t", R | W, OP(EXPLAIN), 0, 0},
        {"DESC t", R, OP(SHOW), FACT(USES_TABLES), FACT(USES_TABLES)},
        {"EXPLAIN EXTENDED", R, OP(SHOW), 0, 0},
    };
    (void)state;
    check_rows(rows, MX_COUNT(rows));
}

static void
test_set(void **state)
{
    static const struct row rows[] = {
        {"SET autocommit=0", SW | MX_SQL_BEGIN_TRX | MX_SQL_DISABLE_AUTOCOMMIT, OP(SET), 0, 0},
        {"SET @@session.autocommit = ON", SW | MX_SQL_ENABLE_AUTOCOMMIT | MX_SQL_COMMIT, OP(SET), 0,
         0},
        {"SET GLOBAL autocommit=0", MX_SQL_GSYSVAR_WRITE, OP(SET), FACT(GLOBAL_ONLY),
         FACT(GLOBAL_ONLY)},
        {"SET GLOBAL a=1, SESSION b=2", SW | MX_SQL_GSYSVAR_WRITE, OP(SET), 0, FACT(GLOBAL_ONLY)},
        {"SET sql_mode='ANSI', @a=(SELECT 1), autocommit=1",
         SW | UW | MX_SQL_ENABLE_AUTOCOMMIT | MX_SQL_COMMIT, OP(SET), 0, 0},
        {"SET NAMES utf8mb4 COLLATE utf8mb4_bin", SW, OP(SET), 0, 0},
        {"SET @a=f(1)", W | SW | UW, OP(SET), FACT(OUT_VARIABLES), FACT(OUT_VARIABLES)},
        {"SET PASSWORD = PASSWORD('x')", W, OP(SET), 0, 0},
        {"SET ROLE r", SW, OP(SET), 0, 0},
        {"SET DEFAULT ROLE r", W, OP(SET), 0, 0},
        {"SET TRANSACTION READ ONLY", MX_SQL_NEXT_TRX | MX_SQL_READONLY, OP(SET_TRANSACTION), 0, 0},
        {"SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE", SW, OP(SET_TRANSACTION),
         FACT(SERIALIZABLE), FACT(SERIALIZABLE)},
        {"SET GLOBAL TRANSACTION READ WRITE", MX_SQL_GSYSVAR_WRITE, OP(SET_TRANSACTION), 0, 0},
        {"SET STATEMENT max_statement_time=1, sort_buffer_size=(1+1) FOR SELECT 1", R, OP(SELECT),
         0, 0},
        {"SET STATEMENT a=1 FOR UPDATE t SET a=1", W, OP(UPDATE), 0, 0},
    };
    (void)state;
    check_rows(rows, MX_COUNT(rows));
}

static void
test_spans(void **state)
{
    (void)state;
    const char *sql = "CREATE TEMPORARY TABLE `my db`.`a``b` (a INT)";
    struct mx_sql verdict = classify(sql);
    assert_string_equal(span_name(sql, verdict.table), "a`b");
    assert_string_equal(span_name(sql, verdict.table_db), "my db");
    sql = "PREPARE stmt FROM 'SELECT ''x'''";
    verdict = classify(sql);
    assert_string_equal(span_name(sql, verdict.stmt_name), "stmt");
    assert_string_equal(span_name(sql, verdict.stmt_text), "SELECT 'x'");
    sql = "USE `d b`";
    verdict = classify(sql);
    assert_string_equal(span_name(sql, verdict.use_db), "d b");
    sql = "KILL HARD QUERY ID 17 ; ";
    verdict = classify(sql);
    assert_string_equal(span_text(sql, verdict.kill), "HARD QUERY ID 17");
    char small[3];
    assert_int_equal(mx_sql_span_name("abcdef", (struct mx_sql_span){0, 6}, small, 3), 2);
    assert_string_equal(small, "ab");
}

static bool
append_table(void *data, struct mx_sql_span db, struct mx_sql_span table)
{
    struct mx_sql_span *spans = data;
    spans[0] = db;
    spans[1] = table;
    spans[2].len++;
    return spans[2].len < 2;
}

static void
test_each_table_until_told_to_stop(void **state)
{
    (void)state;
    struct mx_sql_span spans[3] = {{0}};
    const char *sql = "SELECT * FROM a x JOIN d.b ON (x.i=b.i), c WHERE z IN (SELECT i FROM e)";
    mx_sql_each_table(sql, strlen(sql), NULL, append_table, spans);
    assert_int_equal(spans[2].len, 2);
    assert_string_equal(span_text(sql, spans[0]), "d");
    assert_string_equal(span_text(sql, spans[1]), "b");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_select_and_its_effects),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_definitions),
        cmocka_unit_test(test_session_and_transactions),
        cmocka_unit_test(test_show_and_explain),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_each_table_until_told_to_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
