"""Server connections that running sessions share (idle_session_pool_time). With one connection for all of
them every statement of another session takes it away, unless something binds it to its session: for each
kind of state either it is there again on the next connection, or the connection stayed."""
import struct
import threading

import pymysql
import pytest

from conftest import ask, running_cluster, thread_id
from lab import lab

GRANTS = (
    "CREATE DATABASE IF NOT EXISTS test", "CREATE DATABASE IF NOT EXISTS other",
    "GRANT ALL ON *.* TO app@'%'",
    "CREATE USER second@'%' IDENTIFIED BY 'second'", "GRANT ALL ON *.* TO second@'%'",
    "CREATE USER roles@'%' IDENTIFIED BY 'roles'", "GRANT ALL ON *.* TO roles@'%'",
    "CREATE ROLE r1", "GRANT r1 TO roles@'%'",
    "CREATE TABLE test.t (id INT AUTO_INCREMENT PRIMARY KEY, v INT)",
    "INSERT INTO test.t (v) VALUES (1), (2), (3)",
    "CREATE TABLE test.u (id INT AUTO_INCREMENT PRIMARY KEY, v INT)",
    "CREATE TABLE other.t (id INT AUTO_INCREMENT PRIMARY KEY, w INT)",
    "CREATE PROCEDURE test.sets() SET @p = 5",
)
SERVICES = {"plain": "Plain", "split": "Read-Write-Service"}


@pytest.fixture(scope="module")
def server(template):
    with running_cluster(template, 0) as made:
        made.primary.run(*GRANTS)
        yield made.primary


def configuration(server, port, connections, threads=1, idle="0s", **more):
    sharing = {"idle_session_pool_time": idle, "multiplex_timeout": "30s"}
    changes = {
        "maxscale": {"threads": str(threads)},
        server.name: {"max_routing_connections": str(connections)},
        "Read-Write-Service": {"use_sql_variables_in": "all", **sharing},
        "Plain": {"type": "service", "router": "readconnroute", "servers": server.name,
                  "user": "maxscale", "password": "maxscale", "router_options": "master", **sharing},
        "Plain-Listener": {"type": "listener", "service": "Plain", "port": port},
    }
    for section, values in more.items():
        changes.setdefault(section, {}).update(values)
    return changes


def start(server, *args, **more):
    from conftest import Proxy
    port = lab.free_port()
    made = Proxy([server], configuration(server, port, *args, **more))
    made.ports = {"plain": port, "split": made.port}
    made.server = server
    try:
        made.start()
        made.wait_ready()
    except BaseException:
        made.stop()
        raise
    return made


@pytest.fixture(scope="module")
def single(server):
    """One connection for all."""
    from conftest import finish
    made = start(server, 1)
    yield made
    finish(made)


@pytest.fixture
def started(server):
    from conftest import finish
    made = []

    def begin(*args, **more):
        made.append(start(server, *args, **more))
        return made[-1]
    yield begin
    for proxy in made:
        finish(proxy)


def statistics(proxy):
    return proxy.api("servers/server1").json()["data"]["attributes"]["statistics"]


def held(proxy, connection):
    """Connections to servers that the session has now."""
    return len(proxy.api(f"sessions/{connection.thread_id()}").json()["data"]["attributes"]["connections"])


def wait_empty(proxy):
    """Until the sessions before are gone."""
    lab.wait_for("no sessions", lambda: statistics(proxy)["connections"] == 0)


class Asking(threading.Thread):
    """A statement whose answer is a while away."""

    def __init__(self, connection, *statements):
        super().__init__(daemon=True)
        self.connection, self.statements, self.rows = connection, statements, None
        self.start()

    def run(self):
        try:
            self.rows = ask(self.connection, *self.statements)
        except Exception as error:
            self.rows = error

    def answer(self):
        self.join(60)
        assert not self.is_alive()
        return self.rows


RESTORED = {
    "user variable": (["SET @a = 1, @b = 'x'"], ["SELECT @a, @b"]),
    "user variable of others": (["SET @a = 5", "SET @b = @a", "SET @a = 6", "SET @a = 5"],
                                ["SELECT @a, @b"]),
    "session variables": (
        ["SET sql_mode = 'ANSI', max_statement_time = 5, tx_isolation = 'SERIALIZABLE'",
         "SET timestamp = 5, sql_select_limit = 1, foreign_key_checks = 0",
         "SET sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')"],
        ["SELECT @@sql_mode, @@max_statement_time, @@tx_isolation, @@timestamp, @@sql_select_limit, "
         "@@foreign_key_checks"]),
    "database": (["USE other"], ["SELECT DATABASE()"]),
    "table of the database": (["USE test", "USE other", "INSERT INTO t (w) VALUES (1)"],
                              ["SELECT w FROM t LIMIT 1"]),
    "character set": (["SET NAMES latin1 COLLATE latin1_bin"],
                      ["SELECT @@character_set_client, @@character_set_results, "
                       "@@collation_connection"]),
    "text prepared statement": (["PREPARE p FROM 'SELECT ? + 1'", "SET @one = 1"],
                                ["EXECUTE p USING @one"]),
    "dropped prepared statement": (["PREPARE p FROM 'SELECT 1'", "DEALLOCATE PREPARE p"],
                                   ["EXECUTE p"]),
    "prepared in another mode": (["SET sql_mode = 'ANSI'", "PREPARE p FROM 'SELECT \"v\" FROM test.t'",
                                  "SET sql_mode = ''"], ["EXECUTE p"]),
    "autocommit": (["SET autocommit = 0"], ["SELECT @@autocommit, @@in_transaction"]),
    "next transaction, done": (["SET TRANSACTION READ ONLY", "BEGIN", "SELECT * FROM test.t", "COMMIT"],
                               ["INSERT INTO test.u (v) VALUES (9)"]),
    "tables that were locked": (["LOCK TABLES test.t READ", "UNLOCK TABLES"],
                                ["UPDATE test.u SET v = v WHERE id = 1"]),
}


@pytest.mark.parametrize("kind", RESTORED)
@pytest.mark.parametrize("service", SERVICES)
def test_it_is_there_again(single, kind, service):
    leave, look = RESTORED[kind]
    wait_empty(single)
    port = single.ports[service]
    with single.connect(port=port) as first, single.connect(port=port) as second, \
            single.server.connect(user="app", password="app") as alone:
        expected = ask(alone, *leave, *look)
        ask(first, *leave)
        assert ask(second, "SELECT 1") == ((1,),)
        assert (held(single, first), held(single, second)) == (0, 1)
        assert ask(first, *look) == expected
        ask(second, "SET @a = 77, @b = 78", "SET sql_mode = ''", "USE test")
        assert ask(first, *look) == expected


PINNED = {
    "transaction": (["BEGIN", "INSERT INTO test.u (v) VALUES (6)"], ["SELECT @@in_transaction"]),
    "transaction without autocommit": (["SET autocommit = 0", "INSERT INTO test.u (v) VALUES (6)"],
                                       ["SELECT @@in_transaction"]),
    "next transaction": (["SET TRANSACTION READ ONLY"], ["SELECT 1"]),
    "temporary table": (["CREATE TEMPORARY TABLE test.tmp AS SELECT 5 AS x"], ["SELECT x FROM test.tmp"]),
    "shadowing temporary table": (["CREATE TEMPORARY TABLE test.t AS SELECT 5 AS x"],
                                  ["SELECT x FROM test.t"]),
    "user lock": (["SELECT GET_LOCK('mine', 0)"], ["SELECT IS_USED_LOCK('mine') = CONNECTION_ID()"]),
    "table lock": (["LOCK TABLES test.t READ"], ["UPDATE test.u SET v = v"]),
    "global lock": (["FLUSH TABLES test.t WITH READ LOCK"], ["UPDATE test.t SET v = v"]),
    "handler": (["HANDLER test.t OPEN AS h"], ["HANDLER h READ FIRST"]),
    "variable of a query": (["SELECT @q := 7"], ["SELECT @q"]),
    "variable of SELECT INTO": (["SELECT 8 INTO @q"], ["SELECT @q"]),
    "variable of a procedure": (["CALL test.sets()"], ["SELECT @p"]),
    "variable of a function": (["SET @u = UUID()", "SET @v = @u"], ["SELECT @u = @v"]),
    "variable of a clock": (["SET @u = CURRENT_TIMESTAMP(6)"], ["SELECT @u IS NULL"]),
    "variable of a query inside": (["SET @u = (SELECT MAX(v) FROM test.t)"], ["SELECT @u IS NULL"]),
    "immediately executed": (["EXECUTE IMMEDIATE 'SET @i = 5'"], ["SELECT @i"]),
    "insert id to come": (["SET insert_id = 7777"], ["SELECT @@insert_id"]),
    "compound statement": (["BEGIN NOT ATOMIC SET @c = 6; END"], ["SELECT @c"]),
    "XA": (["XA START 'x1'", "INSERT INTO test.u (v) VALUES (3)", "XA END 'x1'"], ["XA ROLLBACK 'x1'"]),
}


@pytest.mark.parametrize("kind", PINNED)
@pytest.mark.parametrize("service", SERVICES)
def test_its_connection_stays(single, kind, service):
    leave, look = PINNED[kind]
    wait_empty(single)
    port = single.ports[service]
    with single.server.connect(user="app", password="app") as alone:
        expected = ask(alone, *leave, *look)
    with single.connect(port=port) as second:
        with single.connect(port=port) as first:
            ask(first, *leave)
            other = Asking(second, "SELECT 1")
            lab.wait_for("the other to wait", lambda: waiting(single, second), 15)
            assert (held(single, first), held(single, second)) == (1, 0)
            assert ask(first, *look) == expected
        assert other.answer() == ((1,),)


def waiting(proxy, connection):
    """It has asked for something and there is no answer yet."""
    attributes = proxy.api(f"sessions/{connection.thread_id()}").json()["data"]["attributes"]
    return attributes["seconds_alive"] >= 0 and attributes["connections"] == [] and \
        statistics(proxy)["active_operations"] > 0


@pytest.mark.parametrize("service", SERVICES)
def test_the_last_insert_id_comes_along(single, service):
    wait_empty(single)
    port = single.ports[service]
    with single.connect(port=port) as first, single.connect(port=port) as second:
        for statement in ("INSERT INTO test.u (v) VALUES (1), (2)", "INSERT INTO test.u (id) VALUES (0)",
                          "DO LAST_INSERT_ID(55)", "INSERT INTO test.u (v) VALUES (4)"):
            ask(first, statement)
            ask(second, "SELECT LAST_INSERT_ID(5)")
            assert held(single, first) == 0
            mine = ask(first, "SELECT LAST_INSERT_ID(), @@identity")
            newest = ask(single.server.connect(), "SELECT MAX(id) FROM test.u")[0][0]
            expected = {"INSERT INTO test.u (v) VALUES (1), (2)": newest - 1,
                        "DO LAST_INSERT_ID(55)": 55}.get(statement, newest)
            assert mine == ((expected, expected),)
            assert ask(second, "SELECT LAST_INSERT_ID()") == ((5,),)


@pytest.mark.parametrize("leave, look", [
    ("SELECT 1/0, CAST('x' AS INT)", "SHOW WARNINGS"),
    ("SELECT * FROM test.missing", "SHOW ERRORS"),
    ("SELECT SQL_CALC_FOUND_ROWS v FROM test.t LIMIT 1", "SELECT FOUND_ROWS()")])
def test_questions_about_the_statement_before_are_answered(single, leave, look):
    """A connection is kept a moment longer for them."""
    wait_empty(single)
    port = single.ports["plain"]
    with single.connect(port=port) as first, single.connect(port=port) as second, \
            single.server.connect(user="app", password="app") as alone:
        expected = ask(alone, leave, look)
        ask(first, leave)
        other = Asking(second, "SELECT 1")
        assert ask(first, look) == expected
        assert other.answer() == ((1,),)


def test_a_role_comes_along(single):
    wait_empty(single)
    port = single.ports["plain"]
    with single.connect("roles", "roles", port=port) as first, single.connect(port=port) as second:
        ask(first, "SET ROLE r1")
        assert ask(second, "SELECT CURRENT_ROLE()") == ((None,),)
        assert ask(first, "SELECT CURRENT_ROLE()") == (("r1",),)


def test_another_user_stays_himself(single):
    wait_empty(single)
    port = single.ports["plain"]
    with single.connect(port=port, database="test") as first, \
            single.connect("second", "second", port=port) as second:
        for _ in range(3):
            assert ask(first, "SELECT CURRENT_USER(), DATABASE()") == (("app@%", "test"),)
            assert ask(second, "SELECT CURRENT_USER(), DATABASE()") == (("second@%", None),)


# ---------------------------------------------------------------- the binary protocol


def prepare(connection, sql):
    connection._execute_command(0x16, sql)
    data = connection._read_packet()._data
    statement, columns, parameters = struct.unpack("<IHH", data[1:9])
    for _ in range((columns + 1 if columns else 0) + (parameters + 1 if parameters else 0)):
        connection._read_packet()
    return statement


def rows_of(connection, flags=0):
    packets = []
    ends = 0
    while ends < (1 if flags else 2):
        packet = connection._read_packet()
        if packet._data[:1] == b"\xfe" and len(packet._data) < 9:
            ends += 1
        elif ends == 1:
            packets.append(packet._data)
    return packets


def execute(connection, statement, *numbers, types=True, flags=0):
    """Rows of one BIGINT."""
    body = struct.pack("<IBI", statement, flags, 1)
    if numbers:
        body += b"\0" + (b"\1" + b"\x08\x00" * len(numbers) if types else b"\0")
        body += b"".join(struct.pack("<q", number) for number in numbers)
    connection._execute_command(0x17, body)
    return [struct.unpack("<q", row[2:10])[0] for row in rows_of(connection, flags)]


def fetch(connection, statement, count):
    connection._execute_command(0x1c, struct.pack("<II", statement, count))
    rows = []
    while True:
        packet = connection._read_packet()
        if packet._data[:1] == b"\xfe" and len(packet._data) < 9:
            return rows
        rows.append(struct.unpack("<i", packet._data[2:6])[0])


@pytest.mark.parametrize("service", SERVICES)
def test_prepared_statements_come_along(single, service):
    wait_empty(single)
    port = single.ports[service]
    with single.connect(port=port) as first, single.connect(port=port) as second:
        ask(first, "SET @x = 100")
        plus = prepare(first, "SELECT CAST(? + ? + @x AS SIGNED)")
        gone = prepare(first, "SELECT CAST(1 AS SIGNED)")
        assert execute(first, plus, 1, 2) == [103]
        other = prepare(second, "SELECT CAST(? AS SIGNED)")
        assert execute(second, other, 7) == [7]
        assert held(single, first) == 0
        assert execute(first, plus, 3, 4, types=False) == [107]  # the types are remembered
        first._execute_command(0x19, struct.pack("<I", gone))
        first._next_seq_id = 0
        assert execute(second, other, 8, types=False) == [8]
        assert execute(first, plus, 5, 6, types=False) == [111]
        with pytest.raises(pymysql.MySQLError) as error:
            execute(first, gone)
        assert error.value.args[0] == 1243


@pytest.mark.parametrize("service", SERVICES)
def test_a_cursor_keeps_its_connection(single, service):
    wait_empty(single)
    port = single.ports[service]
    with single.connect(port=port) as first, single.connect(port=port) as second:
        statement = prepare(first, "SELECT v FROM test.t WHERE v < 4 ORDER BY v")
        execute(first, statement, flags=1)
        other = Asking(second, "SELECT 1")
        lab.wait_for("the other to wait", lambda: waiting(single, second), 15)
        assert fetch(first, statement, 2) == [1, 2]
        assert held(single, first) == 1
        assert fetch(first, statement, 2) == [3]
        assert other.answer() == ((1,),)


@pytest.mark.parametrize("service", SERVICES)
def test_long_data_keeps_its_connection(single, service):
    wait_empty(single)
    port = single.ports[service]
    with single.connect(port=port) as first, single.connect(port=port) as second:
        statement = prepare(first, "SELECT CAST(LENGTH(?) AS SIGNED)")
        first._execute_command(0x18, struct.pack("<IH", statement, 0) + b"x" * 1000)
        first._next_seq_id = 0
        ask_first = lambda: execute_long(first, statement)
        other = Asking(second, "SELECT 1")
        lab.wait_for("the other to wait", lambda: waiting(single, second), 15)
        assert ask_first() == [1000]
        assert other.answer() == ((1,),)


def execute_long(connection, statement):
    body = struct.pack("<IBI", statement, 0, 1) + b"\0\1" + b"\xfc\x00"
    connection._execute_command(0x17, body)
    return [struct.unpack("<q", row[2:10])[0] for row in rows_of(connection)]


@pytest.mark.parametrize("service", SERVICES)
def test_after_a_reset_nothing_comes_along(single, service):
    wait_empty(single)
    port = single.ports[service]
    with single.connect(port=port) as first, single.connect(port=port) as second:
        ask(first, "CREATE TEMPORARY TABLE test.tmp (a INT)", "SET @a = 1", "SELECT GET_LOCK('l', 0)",
            "DO LAST_INSERT_ID(9)")
        first._execute_command(0x1f, b"")
        first._read_ok_packet()
        assert ask(second, "SELECT IS_FREE_LOCK('l')") == ((1,),)
        assert held(single, first) == 0
        assert ask(first, "SELECT @a, LAST_INSERT_ID()") == ((None, 0),)
        ask(first, "SET @a = 2")
        ask(second, "SELECT 1")
        first._execute_command(0x1f, b"")
        first._read_ok_packet()
        ask(second, "SELECT 1")
        assert ask(first, "SELECT @a") == ((None,),)


# ---------------------------------------------------------------- the queue


def test_the_time_limit_of_waiting(started):
    proxy = started(1, **{"Plain": {"multiplex_timeout": "1s"}})
    port = proxy.ports["plain"]
    wait_empty(proxy)
    with proxy.connect(port=port) as first:
        with proxy.connect(port=port) as second:
            ask(first, "BEGIN", "SELECT * FROM test.t")
            with pytest.raises(pymysql.MySQLError) as error, second.cursor() as cursor:
                cursor.execute("SELECT 1")
            assert error.value.args[0] == 1927
            assert "multiplex_timeout" in str(error.value) and "max_routing_connections" in str(error.value)
            second._force_close()
        ask(first, "COMMIT")
        with proxy.connect(port=port) as third:
            assert ask(third, "SELECT 1") == ((1,),)


def send(connection, sql):
    connection._sock.sendall(struct.pack("<I", len(sql) + 1)[:3] + b"\0\3" + sql.encode())
    connection._next_seq_id = 1


@pytest.mark.parametrize("threads", [1, 2])
def test_who_waits_longest_is_first(started, threads):
    more = {"maxscale": {"rebalance_period": "1s"}} if threads > 1 else {}
    proxy = started(1, threads, **more)
    port = proxy.ports["plain"]
    wait_empty(proxy)
    proxy.server.run("DELETE FROM test.u")
    first = proxy.connect(port=port)
    waits = [proxy.connect(port=port) for _ in range(8)]
    ask(first, "BEGIN", "SELECT * FROM test.t")
    for number, connection in enumerate(waits):
        send(connection, f"INSERT INTO test.u (v) VALUES ({number})")
        lab.wait_for("it to be in the queue",
                     lambda: statistics(proxy)["active_operations"] == number + 1)
    ask(first, "COMMIT")
    for connection in waits:
        connection._read_ok_packet()
    assert [v for v, in proxy.server.query("SELECT v FROM test.u ORDER BY id")] == list(range(8))
    for connection in waits:
        connection.close()
    first.close()


def test_one_who_goes_while_he_waits_leaves_the_queue(started):
    proxy = started(1)
    port = proxy.ports["plain"]
    wait_empty(proxy)
    first = proxy.connect(port=port)
    ask(first, "BEGIN", "SELECT * FROM test.t")
    second, third = proxy.connect(port=port), proxy.connect(port=port)
    send(second, "SELECT 2")
    lab.wait_for("it to be in the queue", lambda: statistics(proxy)["active_operations"] == 1)
    send(third, "DO 3")
    lab.wait_for("both to be in the queue", lambda: statistics(proxy)["active_operations"] == 2)
    second._sock.close()
    second._rfile.close()
    lab.wait_for("the second to go", lambda: statistics(proxy)["active_operations"] == 1)
    ask(first, "COMMIT")
    third._read_ok_packet()
    first.close()
    third.close()


def test_one_who_is_killed_while_he_waits_leaves_the_queue(started):
    proxy = started(1)
    port = proxy.ports["plain"]
    wait_empty(proxy)
    first, second, third = [proxy.connect(port=port) for _ in range(3)]
    ask(first, "BEGIN", "SELECT * FROM test.t")
    other = Asking(second, "SELECT 1")
    lab.wait_for("the other to wait", lambda: waiting(proxy, second))
    ask(third, f"KILL {second.thread_id()}")
    assert other.answer() in (1927, 1317, 2013)
    lab.wait_for("it to go", lambda: statistics(proxy)["active_operations"] == 0)
    assert ask(first, "SELECT @@in_transaction") == ((1,),)
    ask(first, "COMMIT")
    assert ask(third, "SELECT 3") == ((3,),)
    second._force_close()
    first.close()
    third.close()


WAITING = {  # what is killed while it waits, and what the session must be like then
    "statement": ([], "INSERT INTO test.u (v) VALUES (4711)",
                  "SELECT COUNT(*) FROM test.u WHERE v = 4711", ((0,),)),
    "session command": (["SET @a = 1"], "SET @a = 2", "SELECT @a", ((1,),)),
    "session command once more": (["SET @a = 1", "SET @b = 2"], "SET @a = 1", "SELECT @a, @b", ((1, 2),)),
    "database": (["USE other"], "USE test", "SELECT DATABASE()", (("other",),)),
    "prepare": ([], "PREPARE p FROM 'SELECT 1'", "EXECUTE p", 1243),
}


@pytest.mark.parametrize("kind", WAITING)
@pytest.mark.parametrize("service", SERVICES)
def test_a_query_that_is_killed_while_it_waits(single, kind, service):
    """No server is sent it, or hears of it later; the session goes on."""
    before, killed, look, expected = WAITING[kind]
    wait_empty(single)
    port = single.ports[service]
    first, second, third = [single.connect(port=port) for _ in range(3)]
    if before:
        ask(second, *before)
    ask(first, "BEGIN", "SELECT * FROM test.t")
    other = Asking(second, killed)
    lab.wait_for("the other to wait", lambda: waiting(single, second))
    ask(third, f"KILL QUERY {second.thread_id()}")
    assert other.answer() == 1317
    assert not waiting(single, second)
    assert ask(first, "SELECT @@in_transaction") == ((1,),)
    ask(first, "COMMIT")
    assert ask(second, look) == expected
    for connection in (first, second, third):
        connection.close()


def test_a_limit_that_is_raised_ends_the_waiting(started):
    proxy = started(1)
    port = proxy.ports["plain"]
    wait_empty(proxy)
    first, second = proxy.connect(port=port), proxy.connect(port=port)
    ask(first, "BEGIN", "SELECT * FROM test.t")
    other = Asking(second, "SELECT 1")
    lab.wait_for("the other to wait", lambda: waiting(proxy, second))
    proxy.maxctrl("alter", "server", "server1", "max_routing_connections", "2")
    assert other.answer() == ((1,),)
    first.close()
    second.close()


def test_a_server_that_is_lost_is_not_waited_for(make_cluster):
    from conftest import finish
    server = make_cluster(replicas=0).primary
    server.run("CREATE DATABASE IF NOT EXISTS test", "CREATE TABLE test.t (v INT)",
               "INSERT INTO test.t VALUES (1)")
    proxy = start(server, 1, **{"MariaDB-Monitor": {"monitor_interval": "200ms"}})
    try:
        for port in proxy.ports.values():
            wait_empty(proxy)
            first, second = proxy.connect(port=port), proxy.connect(port=port)
            ask(first, "BEGIN", "SELECT * FROM test.t")
            other = Asking(second, "SELECT 1")
            lab.wait_for("the other to wait", lambda: waiting(proxy, second))
            server.stop()
            with pytest.raises(pymysql.MySQLError):
                raise other.answer() if isinstance(other.answer(), Exception) else \
                    pymysql.MySQLError(other.answer())
            server.start()
            proxy.wait_ready()
    finally:
        finish(proxy)


def test_an_idle_time_is_waited_for(started):
    proxy = started(1, idle="300ms")
    port = proxy.ports["plain"]
    wait_empty(proxy)
    with proxy.connect(port=port) as first, proxy.connect(port=port) as second:
        ask(first, "SELECT 1")
        other = Asking(second, "SELECT 1")
        assert other.answer() == ((1,),)
        assert held(proxy, first) == 0


def test_without_need_nothing_is_taken_away(started):
    proxy = started(10)
    for port in proxy.ports.values():
        connections = [proxy.connect(port=port) for _ in range(5)]
        ids = [thread_id(connection) for connection in connections]
        assert len(set(ids)) == 5
        assert [thread_id(connection) for connection in connections] == ids
        for connection in connections:
            connection.close()
        wait_empty(proxy)


def test_a_service_that_does_not_share_fails_at_once(started):
    proxy = started(1, **{"Plain": {"idle_session_pool_time": "-1ms"}})
    wait_empty(proxy)
    with proxy.connect(port=proxy.ports["plain"]) as first:
        ask(first, "SELECT 1")
        with pytest.raises(pymysql.MySQLError) as error:
            proxy.connect(port=proxy.ports["plain"])
        assert "max_routing_connections" in str(error.value)


# ---------------------------------------------------------------- many


def work(connection, me, rounds, errors):
    """State that is this session's alone, looked at again and again."""
    try:
        database = ("test", "other")[me % 2]
        ask(connection, f"SET @me = {me}", f"USE {database}", f"SET sql_select_limit = {me + 1}")
        statement = prepare(connection, "SELECT CAST(? + @me AS SIGNED)")
        if me % 3 == 0:
            ask(connection, "SET NAMES latin1")
        for number in range(rounds):
            charset = "latin1" if me % 3 == 0 else "utf8mb4"
            assert ask(connection, "SELECT @me, DATABASE(), @@sql_select_limit, @@character_set_client") \
                == ((me, database, me + 1, charset),)
            assert execute(connection, statement, number) == [me + number]
            if me % 5 == 0:
                assert ask(connection, "BEGIN", f"INSERT INTO test.u (v) VALUES ({me})",
                           f"SELECT {me} + @me", "COMMIT") == ()
            if me % 7 == number == 0:
                assert ask(connection, f"CREATE TEMPORARY TABLE test.mine AS SELECT {me} AS x",
                           "SELECT x FROM test.mine") == ((me,),)
    except BaseException as error:
        errors.append((me, error))


@pytest.mark.parametrize("threads, service", [(1, "plain"), (2, "plain"), (2, "split")])
def test_many_sessions_on_few_connections(started, threads, service):
    more = {"maxscale": {"rebalance_period": "1s", "rebalance_threshold": "5"}} if threads > 1 else {}
    if threads == 1:
        more["server1"] = {"persistpoolmax": "10", "persistmaxtime": "1h"}
    proxy = started(10, threads, **more)
    proxy.server.run("DELETE FROM test.u")
    port = proxy.ports[service]
    wait_empty(proxy)
    most = statistics(proxy)["max_connections"]
    connections = [proxy.connect(port=port) for _ in range(200)]
    errors = []
    queue = list(enumerate(connections))
    # Temporary tables bind connections: not more of them than may be bound.
    queue = [(me if me % 7 or me < 50 else me + 1000, connection) for me, connection in queue]

    def run():
        while queue:
            me, connection = queue.pop()
            work(connection, me, 3, errors)
            if me % 7 == 0:
                connection.close()
    workers = [threading.Thread(target=run) for _ in range(40)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(300)
    assert errors == []
    now = statistics(proxy)
    assert now["connections"] <= 10 and now["max_connections"] <= max(most, 10) * threads
    assert now["reused_connections"] > 0
    for connection in connections:
        if connection.open:
            connection.close()
    wait_empty(proxy)


def test_sessions_that_use_two_servers_do_not_wait_for_each_other(make_cluster):
    """Each needs connections of both, one after the other; what a waiting session holds goes to others."""
    from conftest import finish
    cluster = make_cluster(replicas=1)
    cluster.primary.run("CREATE DATABASE IF NOT EXISTS test", "CREATE DATABASE IF NOT EXISTS other",
                        "CREATE TABLE test.u (id INT AUTO_INCREMENT PRIMARY KEY, v INT)")
    limits = {server.name: {"max_routing_connections": "2"} for server in cluster.servers}
    from conftest import Proxy
    sharing = {"idle_session_pool_time": "0s", "multiplex_timeout": "60s", "use_sql_variables_in": "all",
               "slave_selection_criteria": "LEAST_GLOBAL_CONNECTIONS"}
    proxy = Proxy(cluster.servers, {"maxscale": {"threads": "2"}, "Read-Write-Service": sharing, **limits})
    try:
        proxy.start()
        proxy.wait_ready()
        connections = [proxy.connect() for _ in range(12)]
        errors = []

        def run(me, connection):
            try:
                for number in range(5):
                    assert ask(connection, f"SET @me = {me}", f"USE {('test', 'other')[number % 2]}",
                               "SELECT @me, DATABASE()") == ((me, ("test", "other")[number % 2]),)
                    assert ask(connection, "BEGIN", f"INSERT INTO test.u (v) VALUES ({me})",
                               "SELECT @me") == ((me,),)
                    assert ask(connection, "COMMIT", "SELECT @me") == ((me,),)
            except BaseException as error:
                errors.append((me, error))
        workers = [threading.Thread(target=run, args=each) for each in enumerate(connections)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(120)
        assert errors == []
        assert cluster.primary.query("SELECT COUNT(*) FROM test.u") == ((60,),)
        for connection in connections:
            connection.close()
    finally:
        finish(proxy)
