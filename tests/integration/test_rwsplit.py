"""readwritesplit on a real primary and replica: where statements go, and what stays together."""
import pymysql
import pytest


@pytest.fixture
def cursor(cluster, proxy):
    with proxy.connect(database="test") as connection, connection.cursor() as made:
        made.execute("CREATE TABLE IF NOT EXISTS test.t (id INT PRIMARY KEY, v INT)")
        made.execute("REPLACE INTO test.t VALUES (1, 10)")
        cluster.sync()
        yield made


def value(cursor, sql):
    cursor.execute(sql)
    return cursor.fetchone()[0]


PRIMARY, REPLICA = 1, 2


@pytest.mark.parametrize("sql, server", [
    ("SELECT @@server_id", REPLICA),
    ("select /* a comment */ @@server_id from test.t", REPLICA),
    ("SELECT @@server_id FROM test.t FOR UPDATE", PRIMARY),
    ("SELECT @@server_id FROM test.t LOCK IN SHARE MODE", PRIMARY),
    ("SELECT @@server_id, LAST_INSERT_ID()", PRIMARY),
    ("SELECT @@server_id, GET_LOCK('a', 0)", PRIMARY),
    ("SELECT @@server_id, @a", PRIMARY),  # use_sql_variables_in=master
    ("WITH c AS (SELECT 1) SELECT @@server_id FROM c", REPLICA),
    ("(SELECT @@server_id)", REPLICA),
])
def test_statement_goes_to(cursor, sql, server):
    assert value(cursor, sql) == server


def test_transaction_stays_on_the_primary(cursor):
    cursor.execute("START TRANSACTION")
    assert value(cursor, "SELECT @@server_id") == PRIMARY
    cursor.execute("UPDATE test.t SET v = v + 1")
    assert value(cursor, "SELECT @@server_id") == PRIMARY
    cursor.execute("COMMIT")
    assert value(cursor, "SELECT @@server_id") == REPLICA


def test_read_only_transaction_stays_on_a_replica(cursor):
    cursor.execute("START TRANSACTION READ ONLY")
    assert value(cursor, "SELECT @@server_id") == REPLICA
    assert value(cursor, "SELECT @@server_id FROM test.t LOCK IN SHARE MODE") == REPLICA
    cursor.execute("COMMIT")


def test_without_autocommit_everything_is_a_transaction(cursor):
    cursor.execute("SET autocommit=0")
    assert value(cursor, "SELECT @@server_id") == PRIMARY
    cursor.execute("COMMIT")
    assert value(cursor, "SELECT @@server_id") == PRIMARY
    cursor.execute("SET autocommit=1")
    assert value(cursor, "SELECT @@server_id") == REPLICA


def test_session_commands_reach_every_server(cursor):
    cursor.execute("SET SESSION max_join_size=4711, sql_mode='ANSI_QUOTES'")
    cursor.execute("USE mysql")
    for clause in ("", " FOR UPDATE"):
        assert value(cursor, f"SELECT @@max_join_size FROM test.t{clause}") == 4711
        assert value(cursor, f"SELECT DATABASE() FROM test.t{clause}") == "mysql"


def test_user_variables_stay_on_the_primary(cursor):
    cursor.execute("SET @a = 5")
    assert value(cursor, "SELECT @a") == 5
    cursor.execute("SELECT @a := @a + 1")
    assert value(cursor, "SELECT @a") == 6


def test_temporary_table_is_read_where_it_is(cursor):
    cursor.execute("CREATE TEMPORARY TABLE tmp1 (id INT)")
    cursor.execute("INSERT INTO tmp1 VALUES (1), (2)")
    assert value(cursor, "SELECT COUNT(*) FROM tmp1") == 2
    assert value(cursor, "SELECT COUNT(*) FROM `test`.`tmp1`") == 2
    cursor.execute("SHOW CREATE TABLE tmp1")
    assert "TEMPORARY" in cursor.fetchone()[1]
    cursor.execute("DROP TABLE tmp1")
    with pytest.raises(pymysql.err.ProgrammingError):
        cursor.execute("SELECT COUNT(*) FROM tmp1")


def test_warnings_come_from_the_server_that_ran_the_statement(cursor):
    cursor.execute("SELECT CAST('12x' AS INT)")
    cursor.execute("SHOW WARNINGS")
    assert len(cursor.fetchall()) == 1


def test_found_rows_follow_the_select(cursor):
    cursor.execute("SELECT SQL_CALC_FOUND_ROWS seq FROM test.seq_1_to_5 LIMIT 2")
    assert value(cursor, "SELECT FOUND_ROWS()") == 5


def test_reads_under_lock_tables_go_to_the_primary(cursor):
    cursor.execute("LOCK TABLES test.t READ")
    assert value(cursor, "SELECT @@server_id FROM test.t") == PRIMARY
    cursor.execute("UNLOCK TABLES")
    assert value(cursor, "SELECT @@server_id FROM test.t") == REPLICA


def test_variables_set_by_call_are_seen(cursor):
    cursor.execute("CREATE OR REPLACE PROCEDURE test.p1() SET @out = 42")
    cursor.execute("CALL test.p1()")
    assert value(cursor, "SELECT @out") == 42


def test_text_prepared_statement_runs_where_its_text_belongs(cursor):
    cursor.execute("PREPARE s1 FROM 'SELECT @@server_id'")
    assert value(cursor, "EXECUTE s1") in (PRIMARY, REPLICA)
    cursor.execute("PREPARE s2 FROM 'UPDATE test.t SET v = 77 WHERE id = 1'")
    cursor.execute("EXECUTE s2")
    assert value(cursor, "SELECT v FROM test.t WHERE id = 1 FOR UPDATE") == 77
    cursor.execute("DEALLOCATE PREPARE s1")


def test_set_transaction_applies_to_the_next_transaction(cursor):
    cursor.execute("SET TRANSACTION READ ONLY")
    cursor.execute("BEGIN")
    with pytest.raises(pymysql.MySQLError) as error:
        cursor.execute("UPDATE test.t SET v = 1")
    assert error.value.args[0] == 1792
    cursor.execute("ROLLBACK")


def test_error_reaches_the_client_and_the_session_goes_on(cursor):
    with pytest.raises(pymysql.MySQLError) as error:
        cursor.execute("SELECT * FROM test.there_is_no_such_table")
    assert error.value.args[0] == 1146
    assert value(cursor, "SELECT 1") == 1


def test_statement_counts_show_in_the_service(proxy, cursor):
    before = proxy.api("services/Read-Write-Service").json()["data"]["attributes"]["router_diagnostics"]
    cursor.execute("SELECT 1")
    cursor.execute("UPDATE test.t SET v = v + 1 WHERE id = 1")
    after = proxy.api("services/Read-Write-Service").json()["data"]["attributes"]["router_diagnostics"]
    assert after["route_slave"] == before["route_slave"] + 1
    assert after["route_master"] == before["route_master"] + 1
    assert after["queries"] == before["queries"] + 2


def test_root_may_log_in_when_the_service_says_so(cluster, proxy):
    cluster.primary.run("CREATE OR REPLACE USER 'root'@'127.0.0.1' IDENTIFIED BY 'rootpw'")
    cluster.sync()
    proxy.maxctrl("reload", "service", "Read-Write-Service")
    proxy.wait_ready("root", "rootpw")  # the accounts are read in the background
    with proxy.connect("root", "rootpw") as connection, connection.cursor() as cursor:
        assert value(cursor, "SELECT 1") == 1


@pytest.mark.parametrize("user, password", [("app", "wrong"), ("app", ""), ("nobody", "x")])
def test_wrong_login_is_refused_like_a_server_does(proxy, user, password):
    with pytest.raises(pymysql.err.OperationalError) as error:
        proxy.connect(user, password)
    assert error.value.args[0] == 1045
    assert f"Access denied for user '{user}'@" in error.value.args[1]
    assert "using password: " + ("YES" if password else "NO") in error.value.args[1]
