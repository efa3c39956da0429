"""The pool of server connections: what is reused, what never is, and that nothing of a session is seen
by the next one. Every answer is compared with that of a connection made for it alone."""
import socket
import struct

import pymysql
import pytest

from conftest import ask, thread_id
from lab import lab

GRANTS = (
    "CREATE DATABASE IF NOT EXISTS test", "CREATE DATABASE IF NOT EXISTS other",
    "GRANT ALL ON *.* TO app@'%'",
    "CREATE USER roles@'%' IDENTIFIED BY 'roles'", "GRANT ALL ON *.* TO roles@'%'",
    "CREATE ROLE r1", "GRANT r1 TO roles@'%'",
    "CREATE USER roled@'%' IDENTIFIED BY 'roled'", "GRANT r1 TO roled@'%'",
    "SET DEFAULT ROLE r1 FOR roled@'%'", "GRANT EXECUTE ON *.* TO r1",
    "CREATE USER second@'%' IDENTIFIED BY 'second'", "GRANT SELECT ON *.* TO second@'%'",
    "CREATE TABLE test.t (id INT AUTO_INCREMENT PRIMARY KEY, v INT)",
    "INSERT INTO test.t (v) VALUES (1), (2), (3)",
    "CREATE PROCEDURE test.role() SQL SECURITY INVOKER SET ROLE r1",
    "CREATE PROCEDURE test.other() EXECUTE IMMEDIATE 'USE other'",
    "SET GLOBAL log_bin_trust_function_creators=1",
    "CREATE FUNCTION test.role_f() RETURNS INT SQL SECURITY INVOKER "
    "BEGIN SET ROLE r1; RETURN 1; END",
    "CREATE FUNCTION test.profile_f() RETURNS INT BEGIN SET profiling=1; RETURN 1; END",
)


@pytest.fixture(scope="module")
def server(template):
    from conftest import running_cluster
    with running_cluster(template, 0) as made:
        made.primary.run(*GRANTS)
        yield made.primary


def configuration(server, port, **more):
    changes = {
        "maxscale": {"threads": "1"},
        server.name: {"persistpoolmax": "10", "persistmaxtime": "3600s"},
        "Plain": {"type": "service", "router": "readconnroute", "servers": server.name,
                  "user": "maxscale", "password": "maxscale", "router_options": "master"},
        "Plain-Listener": {"type": "listener", "service": "Plain", "port": port},
    }
    for section, values in more.items():
        changes.setdefault(section, {}).update(values)
    return changes


@pytest.fixture(scope="module")
def pool(server):
    from conftest import Proxy, running
    port = lab.free_port()
    made = Proxy([server], configuration(server, port))
    made.rcr = port
    made.server = server
    yield from running(made)


def statistics(proxy):
    return proxy.api("servers/server1").json()["data"]["attributes"]["statistics"]


def wait_idle(proxy, count=None):
    """Until the connections of the sessions before are in the pool (or gone)."""
    def idle():
        now = statistics(proxy)
        return now["connections"] == 0 and (count is None or now["persistent_connections"] == count)
    lab.wait_for(f"{count} idle connections", idle)


def drain(proxy):
    """An empty pool: the server closes what is idle."""
    wait_idle(proxy)
    for number, in proxy.server.query("SELECT id FROM information_schema.processlist WHERE user IN "
                                      "('app', 'roles', 'roled', 'second', 'fleeting')"):
        try:
            proxy.server.run(f"KILL {number}")
        except pymysql.MySQLError:
            pass  # it has ended by itself
    lab.wait_for("an empty pool", lambda: statistics(proxy)["persistent_connections"] == 0)


def again(proxy, number, *look, user="app", **more):
    """What a later session sees on the server's connection `number`; others are refused it while it is
    being cleaned, so perhaps not at once."""
    def attempt():
        with proxy.connect(user, user, **more) as connection:
            seen = ask(connection, *look)
            mine = thread_id(connection)
            if mine == number:
                return [seen]
            try:
                proxy.server.run(f"KILL {mine}")
            except pymysql.MySQLError:
                pass
        wait_idle(proxy)
        return None
    return lab.wait_for(f"a session on connection {number}", attempt, 10, 0.2)[0]


KINDS = {
    "user variable": (["SET @a = 1", "SELECT @b := 2"], ["SELECT @a, @b"]),
    "session variables": (
        ["SET sql_mode = 'ANSI', max_statement_time = 5, tx_isolation = 'SERIALIZABLE'",
         "SET timestamp = 5, insert_id = 77, sql_select_limit = 1, foreign_key_checks = 0"],
        ["SELECT @@sql_mode, @@max_statement_time, @@tx_isolation, @@timestamp > 1000, @@insert_id, "
         "@@sql_select_limit, @@foreign_key_checks"]),
    "next transaction": (["SET TRANSACTION READ ONLY"], ["INSERT INTO test.t (v) VALUES (9)"]),
    "temporary table": (["CREATE TEMPORARY TABLE test.tmp (a INT)"], ["SELECT * FROM test.tmp"]),
    "shadowing temporary table": (["CREATE TEMPORARY TABLE test.t AS SELECT 5 AS x"],
                                  ["SELECT COUNT(*) > 0, MIN(v) FROM test.t WHERE v < 4"]),
    "user lock": (["SELECT GET_LOCK('mine', 0)"], ["SELECT IS_USED_LOCK('mine')"]),
    "table lock": (["LOCK TABLES test.t READ"], ["UPDATE test.t SET v = v WHERE id = 1"]),
    "text prepared statement": (["PREPARE p FROM 'SELECT 1'"], ["EXECUTE p"]),
    "handler": (["HANDLER test.t OPEN AS h"], ["HANDLER h READ FIRST"]),
    "database by USE": (["USE other"], ["SELECT DATABASE()"]),
    "database behind the text": (["EXECUTE IMMEDIATE 'USE other'"], ["SELECT DATABASE()"]),
    "database by a procedure": (["CALL test.other()"], ["SELECT DATABASE()"]),
    "character set": (["SET NAMES latin1 COLLATE latin1_bin"],
                      ["SELECT @@character_set_client, @@character_set_results, "
                       "@@collation_connection"]),
    "insert id": (["INSERT INTO test.t (v) VALUES (5)"], ["SELECT LAST_INSERT_ID(), @@identity"]),
    "last insert id by hand": (["SELECT LAST_INSERT_ID(55)"], ["SELECT LAST_INSERT_ID()"]),
    "row counts": (["SELECT SQL_CALC_FOUND_ROWS v FROM test.t LIMIT 1"],
                   ["SELECT FOUND_ROWS(), ROW_COUNT()"]),
    "warnings": (["SELECT 1/0, CAST('x' AS INT)"], ["SHOW WARNINGS"]),
    "errors": (["SELECT * FROM test.missing"], ["SHOW ERRORS"]),
    "profiling": (["SET profiling = 1", "SELECT 1"], ["SHOW PROFILES"]),
    "autocommit": (["SET autocommit = 0"], ["SELECT @@autocommit, @@in_transaction"]),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("service", ["plain", "split"])
def test_nothing_of_this_kind_is_left(pool, kind, service):
    port = pool.rcr if service == "plain" else pool.port
    leave, look = KINDS[kind]
    if kind == "next transaction" and service == "split":
        pytest.skip("the service asks the primary about it anyway")
    drain(pool)
    with pool.connect(port=port) as first:
        ask(first, *leave)
        before = thread_id(first)
    seen = again(pool, before, *look, port=port)
    with pool.server.connect(user="app", password="app") as alone:
        expected = ask(alone, *look)
    assert seen == expected


@pytest.mark.parametrize("leave", ["SET ROLE r1", "CALL test.role()", "SELECT test.role_f()",
                                   "PREPARE p FROM 'SET ROLE r1'; EXECUTE p"])
def test_roles_are_not_left(pool, leave):
    drain(pool)
    with pool.connect("roles", "roles", port=pool.rcr) as first:
        ask(first, *leave.split("; "))
        assert ask(first, "SELECT CURRENT_ROLE()") == (("r1",),)
        before = thread_id(first)
    for user in ("second", "roles"):
        assert again(pool, before, "SELECT CURRENT_ROLE()", user=user, port=pool.rcr) == ((None,),)


def test_a_default_role_is_there_again(pool):
    drain(pool)
    with pool.connect("roled", "roled", port=pool.rcr) as first:
        ask(first, "SET ROLE NONE")
        before = thread_id(first)
    assert again(pool, before, "SELECT CURRENT_ROLE()", user="roled", port=pool.rcr) == (("r1",),)
    assert again(pool, before, "SELECT CURRENT_ROLE()", user="second", port=pool.rcr) == ((None,),)


def test_profiles_are_not_shown_to_another_user(pool):
    drain(pool)
    with pool.connect(port=pool.rcr) as first:
        ask(first, "SELECT test.profile_f()", "SELECT 'secret'")
        before = thread_id(first)
    assert again(pool, before, "SHOW PROFILES", user="second", port=pool.rcr) == ()


def test_another_user_gets_the_connection_as_himself(pool):
    drain(pool)
    with pool.connect(port=pool.rcr, database="test") as first:
        before = thread_id(first)
    assert again(pool, before, "SELECT CURRENT_USER(), DATABASE()", user="second",
                 port=pool.rcr) == (("second@%", None),)
    assert again(pool, before, "INSERT INTO test.t (v) VALUES (1)", user="second",
                 port=pool.rcr) == 1142


def test_the_default_database_of_the_login_is_set(pool):
    drain(pool)
    with pool.connect(port=pool.rcr, database="test") as first:
        before = thread_id(first)
    for name in ("other", "test", None, "test", "test"):
        assert again(pool, before, "SELECT DATABASE()", port=pool.rcr, database=name) == ((name,),)


def test_rights_taken_away_are_gone_for_the_next_session(pool):
    pool.server.run("CREATE USER fleeting@'%' IDENTIFIED BY 'f'", "GRANT SELECT ON *.* TO fleeting@'%'")
    pool.api("services/Plain/reload", "POST")
    lab.wait_for("the account", lambda: pool.connect("fleeting", "f", port=pool.rcr).close() or True)
    wait_idle(pool)
    pool.server.run("REVOKE SELECT ON *.* FROM fleeting@'%'")
    pool.api("services/Plain/reload", "POST")

    def refused():
        with pool.connect("fleeting", "f", port=pool.rcr) as connection:
            return ask(connection, "SELECT * FROM test.t") == 1142
    lab.wait_for("the right to be gone", refused)
    pool.server.run("DROP USER fleeting@'%'")


def test_binary_prepared_statements_are_not_left(pool):
    drain(pool)
    with pool.connect(port=pool.rcr) as first:
        before = thread_id(first)
        first._execute_command(0x16, "SELECT 1")
        statement = struct.unpack("<I", first._read_packet()._data[1:5])[0]
        first._read_packet()
    wait_idle(pool)
    with pool.connect(port=pool.rcr) as second:
        assert thread_id(second) == before
        second._execute_command(0x17, struct.pack("<IBI", statement, 0, 1))
        with pytest.raises(pymysql.MySQLError) as error:
            second._read_packet()
        assert error.value.args[0] == 1243


def test_an_open_transaction_is_not_pooled(pool):
    drain(pool)
    count = pool.server.query("SELECT COUNT(*) FROM test.t")
    with pool.connect(port=pool.rcr) as first:
        ask(first, "BEGIN", "INSERT INTO test.t (v) VALUES (6)")
        before = thread_id(first)
    wait_idle(pool, 0)
    with pool.connect(port=pool.rcr) as second:
        assert thread_id(second) != before
        assert ask(second, "SELECT COUNT(*) FROM test.t") == count


@pytest.mark.parametrize("leave", ["SELECT GET_LOCK('held', 0)", "LOCK TABLES test.t WRITE"])
def test_locks_are_given_back_while_the_connection_is_idle(pool, leave):
    """Nobody comes for the connection; others must not wait for somebody who has gone."""
    drain(pool)
    with pool.connect(port=pool.rcr) as first:
        ask(first, leave)
    with pool.server.connect() as other:
        assert ask(other, "SET lock_wait_timeout = 20", "INSERT INTO test.t (v) VALUES (7)",
                   "SELECT GET_LOCK('held', 20)") == ((1,),)
    wait_idle(pool, 1)


def vanish(connection):
    """Without a COM_QUIT."""
    connection._rfile.close()
    connection._sock.close()
    connection._sock = None


def raw_statement(connection, sql):
    connection._sock.sendall(struct.pack("<I", len(sql) + 1)[:3] + b"\0\3" + sql)


def test_an_unfinished_reply_is_not_pooled(pool):
    drain(pool)
    connection = pool.connect(port=pool.rcr)
    raw_statement(connection, b"SELECT REPEAT('x', 1000) FROM mysql.help_topic a, mysql.help_topic b")
    assert connection._sock.recv(100)
    connection._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    vanish(connection)
    wait_idle(pool, 0)


def test_load_data_cut_off_is_not_pooled(pool):
    drain(pool)
    connection = pool.connect(port=pool.rcr, local_infile=True)
    raw_statement(connection, b"LOAD DATA LOCAL INFILE 'x' INTO TABLE test.t (v)")
    assert connection._sock.recv(100)
    connection._sock.sendall(b"\5\0\0\2" + b"1\n2")
    vanish(connection)
    wait_idle(pool, 0)


def test_half_a_command_is_not_pooled(pool):
    drain(pool)
    connection = pool.connect(port=pool.rcr)
    connection._sock.sendall(b"\xff\xff\x0f\0\3" + b"SELECT '" + b"x" * 200000)
    lab.wait_for("the part to arrive", lambda: statistics(pool)["routed_packets"] > 0)
    vanish(connection)
    wait_idle(pool, 0)


def test_options_of_the_connection_are_not_left(pool):
    """COM_SET_OPTION survives both kinds of reset: such a connection is closed."""
    drain(pool)
    with pool.connect(port=pool.rcr) as first:
        first._execute_command(0x1b, struct.pack("<H", 0))
        first._read_packet()
    wait_idle(pool, 0)


def test_a_killed_session_leaves_no_connection(pool):
    drain(pool)
    victim = pool.connect(port=pool.rcr)
    ask(victim, "SELECT 1")
    with pool.connect(port=pool.port) as killer:
        ask(killer, f"KILL {victim.thread_id()}")
    lab.wait_for("the session to end",
                 lambda: ask(victim, "SELECT 1") in (1927, 2013, 2006, 0, 1317))
    lab.wait_for("only the killer's connection in the pool",
                 lambda: statistics(pool)["connections"] == 0)
    assert statistics(pool)["persistent_connections"] <= 1


def test_a_connection_that_the_server_closed_is_not_handed_out(pool):
    drain(pool)
    with pool.connect(port=pool.rcr) as first:
        before = thread_id(first)
    wait_idle(pool, 1)
    pool.server.run(f"KILL {before}")
    for _ in range(5):
        with pool.connect(port=pool.rcr) as second:
            assert thread_id(second) != before


def test_many_sessions_use_one_connection(pool):
    drain(pool)
    ask(pool.connect(port=pool.rcr), "SELECT 1")
    wait_idle(pool, 1)
    reused = statistics(pool)["reused_connections"]
    opened = int(pool.server.query("SHOW GLOBAL STATUS LIKE 'Connections'")[0][1])
    for number in range(50):
        with pool.connect(port=pool.rcr) as connection:
            assert ask(connection, f"SELECT {number}") == ((number,),)
        wait_idle(pool)
    after = statistics(pool)
    # One that the server is just cleaning, a tenth of a second after its session, is not waited for.
    made = after["persistent_connections"] - 1
    assert 0 <= made <= 5
    assert after["reused_connections"] - reused == 50 - made
    assert after["max_pool_size"] >= 1 + made
    monitors = int(pool.server.query("SHOW GLOBAL STATUS LIKE 'Connections'")[0][1]) - opened
    assert monitors < 10  # the query itself, and whoever watches


def test_a_session_that_asks_nothing_costs_nothing(pool):
    drain(pool)
    ask(pool.connect(port=pool.rcr), "SELECT 1")
    wait_idle(pool, 1)
    for _ in range(5):
        pool.connect(port=pool.rcr, autocommit=None, init_command=None).close()
        wait_idle(pool, 1)


def test_the_pool_has_room_for_as_many_as_configured(pool):
    drain(pool)
    connections = [pool.connect(port=pool.rcr) for _ in range(15)]
    assert len({thread_id(connection) for connection in connections}) == 15
    for connection in connections:
        connection.close()
    wait_idle(pool, 10)


def test_connections_that_fit_nobody_keep_nobody_out(pool):
    """A pool full of connections of another dialect: those give way, the oldest first."""
    drain(pool)
    others = [pool.connect(port=pool.rcr, client_flag=pymysql.constants.CLIENT.FOUND_ROWS) for _ in range(10)]
    for connection in others:
        ask(connection, "SELECT 1")
        connection.close()
    wait_idle(pool, 10)
    with pool.connect(port=pool.rcr) as first:
        before = thread_id(first)
    wait_idle(pool, 10)
    reused = statistics(pool)["reused_connections"]
    for _ in range(10):
        with pool.connect(port=pool.rcr) as connection:
            assert thread_id(connection) == before
        wait_idle(pool, 10)
    assert statistics(pool)["reused_connections"] - reused == 10


def test_the_right_one_is_found_behind_many_others(make_proxy, server):
    port = lab.free_port()
    proxy = make_proxy([server], configuration(server, port, **{
        server.name: {"persistpoolmax": "100", "persistmaxtime": "3600s"}}))
    proxy.server = server
    proxy.wait_ready()
    drain(proxy)
    with proxy.connect(port=port) as first:
        before = thread_id(first)
    wait_idle(proxy, 1)
    others = [proxy.connect(port=port, client_flag=pymysql.constants.CLIENT.FOUND_ROWS) for _ in range(80)]
    for connection in others:
        ask(connection, "SELECT 1")
        connection.close()
    wait_idle(proxy, 81)
    with proxy.connect(port=port) as second:
        assert thread_id(second) == before


def test_one_thread_may_have_the_shares_of_all(make_proxy, server):
    """Sessions are gathered on one thread of four, whose own share is three connections."""
    port = lab.free_port()
    proxy = make_proxy([server], configuration(server, port, maxscale={"threads": "4"}))
    proxy.server = server
    proxy.wait_ready()
    drain(proxy)
    connections = [proxy.connect(port=port) for _ in range(15)]
    assert len({thread_id(connection) for connection in connections}) == 15
    for connection in connections:
        connection.close()
    wait_idle(proxy, 12)


def test_a_change_of_the_server_empties_the_pool(pool):
    """It may mean another address, other TLS, a PROXY header."""
    drain(pool)
    with pool.connect(port=pool.rcr) as first:
        before = thread_id(first)
    wait_idle(pool, 1)
    pool.maxctrl("alter", "server", "server1", "persistmaxtime", "3601s")
    with pool.connect(port=pool.rcr) as second:
        assert thread_id(second) != before
    lab.wait_for("the old one to be closed", lambda: (before,) not in pool.server.query(
        "SELECT id FROM information_schema.processlist"))


def test_maintenance_empties_the_pool(make_proxy, server):
    port = lab.free_port()
    nobody = dict.fromkeys(("type", "module", "servers", "user", "password", "monitor_interval",
                            "auto_failover", "auto_rejoin", "enforce_read_only_slaves",
                            "handle_events"))
    proxy = make_proxy([server], configuration(server, port, **{"MariaDB-Monitor": nobody}))
    for state in ("running", "master"):
        proxy.maxctrl("set", "server", "server1", state)
    with proxy.connect(port=port) as connection:
        ask(connection, "SELECT 1")
    wait_idle(proxy, 1)
    proxy.maxctrl("set", "server", "server1", "maintenance")
    wait_idle(proxy, 0)


def test_age_ends_a_pooled_connection(make_proxy, server):
    port = lab.free_port()
    proxy = make_proxy([server], configuration(server, port, **{
        server.name: {"persistpoolmax": "10", "persistmaxtime": "1s"}}))
    proxy.wait_ready()
    with proxy.connect(port=port) as connection:
        ask(connection, "SELECT 1")
    wait_idle(proxy)
    lab.wait_for("the pool to be empty", lambda: statistics(proxy)["persistent_connections"] == 0)


def test_routing_connections_are_limited(make_proxy, server):
    port = lab.free_port()
    proxy = make_proxy([server], configuration(server, port, **{
        server.name: {"persistpoolmax": "2", "persistmaxtime": "3600s",
                      "max_routing_connections": "2"}}))
    proxy.server = server
    proxy.wait_ready()
    drain(proxy)
    connections = [proxy.connect(port=port) for _ in range(2)]
    assert [ask(connection, "SELECT 1") for connection in connections] == [((1,),)] * 2
    with pytest.raises(pymysql.MySQLError) as error:
        proxy.connect(port=port)
    assert "max_routing_connections" in str(error.value)
    connections.pop().close()
    wait_for_one = lambda: statistics(proxy)["persistent_connections"] == 1
    lab.wait_for("the connection in the pool", wait_for_one)
    # The idle one counts; it is taken, or gives way when it does not fit.
    with proxy.connect(port=port, client_flag=pymysql.constants.CLIENT.FOUND_ROWS) as other:
        assert ask(other, "SELECT 1") == ((1,),)
    connections.pop().close()
