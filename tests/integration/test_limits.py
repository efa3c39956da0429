"""Limits of clients and server connections, what is remembered of sessions, storms of clients."""
import os
import resource
import select
import socket
import subprocess

import pymysql
import pytest

from lab import lab


def configuration(port, **more):
    changes = {
        "maxscale": {"threads": "2"},
        "Plain": {"type": "service", "router": "readconnroute", "servers": "server1",
                  "user": "maxscale", "password": "maxscale", "router_options": "master"},
        "Plain-Listener": {"type": "listener", "service": "Plain", "port": port},
    }
    for section, values in more.items():
        changes.setdefault(section.replace("_", "-"), {}).update(values)
    return changes


def ask(connection, *statements):
    rows = ()
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            rows = cursor.fetchall()
    return rows


def start(make_proxy, cluster, **more):
    port = lab.free_port()
    proxy = make_proxy(cluster.servers[:1], configuration(port, **more))
    proxy.plain = port
    lab.wait_for("a login", lambda: proxy.connect(port=port).close() or True)
    return proxy


# ------------------------------------------------------------ connection_init_sql_file

def write(tmp_path, text):
    path = tmp_path / "init.sql"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("pool", ["0", "5"])
def test_init_sql_runs_on_every_new_connection(make_proxy, cluster, tmp_path, pool):
    path = write(tmp_path, "SET @a = 5\n\n  SET max_statement_time = 7;  \n")
    proxy = start(make_proxy, cluster, server1={"persistpoolmax": pool, "persistmaxtime": "1h"},
                  Plain_Listener={"connection_init_sql_file": path})
    for _ in range(4):
        with proxy.connect(port=proxy.plain) as connection:
            assert ask(connection, "SELECT @a, @@max_statement_time") == ((5, 7.0),)
            ask(connection, "SET @a = 6, max_statement_time = 0")
    with proxy.connect() as connection:  # the other listener has none
        assert ask(connection, "SELECT @a, @@max_statement_time") == ((None, 0.0),)


@pytest.mark.parametrize("statement, said", [
    ("SELECT 1", "more than OK"),
    ("SET nonsense = 1", "nonsense"),
    ("LOAD DATA LOCAL INFILE 'x' INTO TABLE test.t", "connection_init_sql_file"),
])
def test_init_sql_must_be_answered_with_ok(make_proxy, cluster, tmp_path, statement, said):
    port = lab.free_port()
    path = write(tmp_path, f"SET @a = 1\n{statement}\n")
    proxy = make_proxy(cluster.servers[:1], configuration(
        port, **{"Plain_Listener": {"connection_init_sql_file": path}}))
    proxy.wait_ready()

    def fails():
        with pytest.raises(pymysql.MySQLError) as error:
            with proxy.connect(port=port, local_infile=True) as connection:
                ask(connection, "SELECT 1")
        return "connection_init_sql_file" in str(error.value)
    lab.wait_for("the session to end with the reason", fails)
    lab.wait_for("the reason in the log", lambda: said in proxy.log())


def test_a_missing_init_sql_file_is_said_at_start(make_proxy, cluster):
    proxy = make_proxy(cluster.servers[:1], configuration(
        lab.free_port(), **{"Plain_Listener": {"connection_init_sql_file": "/nonexistent/init.sql"}}),
        start=False)
    done = subprocess.run(proxy.command() + ["--config-check"], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode != 0
    assert "connection_init_sql_file" in done.stdout + done.stderr


# ------------------------------------------------------------ last statements

def test_last_statements_are_shown_and_logged(make_proxy, cluster):
    proxy = start(make_proxy, cluster, Plain={"retain_last_statements": "3"},
                  maxscale={"dump_last_statements": "on_close"})
    with proxy.connect(port=proxy.plain) as connection:
        ask(connection, "SELECT 1", "SELECT 2", "SELECT 3", "SELECT 'four'")
        session = next(row for row in proxy.api("sessions").json()["data"]
                       if row["attributes"]["queries"])
        queries = session["attributes"]["queries"]
        assert [q["statement"] for q in queries] == ["SELECT 'four'", "SELECT 3", "SELECT 2"]
        assert {q["command"] for q in queries} == {"COM_QUERY"}
        assert all(q["completed"] >= q["received"] for q in queries)
        assert queries[0]["responses"][0]["server"] == "server1"
        assert queries[0]["responses"][0]["duration"] >= 0
    lab.wait_for("the lines in the log", lambda: "SELECT 'four'" in proxy.log())
    lab.wait_for("all lines", lambda: "SELECT 2" in proxy.log())
    assert "SELECT 1 " not in proxy.log()


def test_nothing_is_retained_unless_asked_for(make_proxy, cluster):
    proxy = start(make_proxy, cluster)
    with proxy.connect(port=proxy.plain) as connection:
        ask(connection, "SELECT 1")
        assert all(row["attributes"]["queries"] == []
                   for row in proxy.api("sessions").json()["data"])


def test_statements_are_dumped_on_error_only(make_proxy, cluster):
    proxy = start(make_proxy, cluster, maxscale={"dump_last_statements": "on_error",
                                                 "retain_last_statements": "5"})
    with proxy.connect(port=proxy.plain) as connection:
        ask(connection, "SELECT 'in peace'")
    with proxy.connect(port=proxy.plain) as connection:
        number = ask(connection, "SELECT 'in trouble', @@pseudo_thread_id")[0][1]
        cluster.primary.run(f"KILL {number}")
        lab.wait_for("the lines in the log", lambda: "in trouble" in proxy.log())
    assert "in peace" not in proxy.log()


# ------------------------------------------------------------ limits

def test_too_many_clients(make_proxy, cluster):
    proxy = start(make_proxy, cluster, Plain={"max_connections": "2"})
    lab.wait_for("no client", lambda: proxy.api("services/Plain").json()["data"]["attributes"][
        "statistics"]["connections"] == 0)
    connections = [proxy.connect(port=proxy.plain) for _ in range(2)]
    with pytest.raises(pymysql.MySQLError) as error:
        proxy.connect(port=proxy.plain)
    assert error.value.args[0] == 1040
    assert "takes 2 (max_connections)" in error.value.args[1]
    lab.wait_for("the reason in the log",
                 lambda: "has its max_connections of 2 clients" in proxy.log())
    connections.pop().close()
    lab.wait_for("room again", lambda: proxy.connect(port=proxy.plain).close() or True)


class Waiting:
    """A connection of which only the first packet is of interest."""

    def __init__(self, port, header=b""):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.sendall(header)

    def heard(self, seconds=0.0):
        """The first byte behind the header; b"" when nothing has come."""
        readable, _, _ = select.select([self.socket], [], [], seconds)
        return self.socket.recv(500)[4:5] if readable else b""

    def close(self):
        self.socket.close()


GREETING, ERROR = b"\x0a", b"\xff"


def start_full(make_proxy, cluster, wait, clients=1, listener=None):
    """A proxy with as many clients as its service takes."""
    proxy = start(make_proxy, cluster, Plain={"max_connections": str(clients), "max_connections_wait": wait},
                  Plain_Listener=listener or {}, maxscale={"threads": "1"})
    lab.wait_for("no client", lambda: proxy.api("services/Plain").json()["data"]["attributes"][
        "statistics"]["connections"] == 0)
    return proxy, [proxy.connect(port=proxy.plain) for _ in range(clients)]


def test_clients_wait_for_their_turn(make_proxy, cluster):
    proxy, connections = start_full(make_proxy, cluster, "60s")
    waiting = [Waiting(proxy.plain) for _ in range(4)]
    assert not any(client.heard(0.1) for client in waiting)
    connections[0].close()
    for i, client in enumerate(waiting):
        assert client.heard(30) == GREETING, i
        assert not any(other.heard() for other in waiting[i + 1:])
        client.close()
    lab.wait_for("room again", lambda: proxy.connect(port=proxy.plain).close() or True)


def test_who_waits_too_long_is_refused(make_proxy, cluster):
    proxy, _connections = start_full(make_proxy, cluster, "1s")
    assert Waiting(proxy.plain).heard(30) == ERROR
    lab.wait_for("the reason in the log", lambda: "after waiting for its turn" in proxy.log())


def test_who_goes_away_loses_its_turn(make_proxy, cluster):
    proxy, connections = start_full(make_proxy, cluster, "60s")
    first, second, third = (Waiting(proxy.plain) for _ in range(3))
    second.close()
    first.close()
    connections[0].close()
    assert third.heard(30) == GREETING


def test_a_higher_limit_lets_them_in(make_proxy, cluster):
    proxy, _connections = start_full(make_proxy, cluster, "60s")
    waiting = [Waiting(proxy.plain) for _ in range(3)]
    proxy.maxctrl("alter", "service", "Plain", "max_connections=3")
    assert [client.heard(30) for client in waiting[:2]] == [GREETING] * 2
    assert not waiting[2].heard(1.5)
    proxy.maxctrl("alter", "service", "Plain", "max_connections=0")
    assert waiting[2].heard(30) == GREETING


def test_what_a_waiting_client_has_sent_is_not_lost(make_proxy, cluster):
    proxy, connections = start_full(make_proxy, cluster, "60s",
                                    listener={"proxy_protocol_networks": "127.0.0.1"})
    client = Waiting(proxy.plain, b"PROXY TCP4 10.20.30.40 127.0.0.1 4711 3306\r\n")
    assert not client.heard(0.2)
    connections[0].close()
    assert client.heard(30) == GREETING
    lab.wait_for("the client's address", lambda: "10.20.30.40" in [
        row["attributes"]["remote"] for row in proxy.api("sessions").json()["data"]])


def test_the_program_ends_while_clients_wait(make_proxy, cluster):
    proxy, _connections = start_full(make_proxy, cluster, "60s")
    waiting = [Waiting(proxy.plain) for _ in range(5)]
    assert not any(client.heard(0.1) for client in waiting)
    assert proxy.stop() == 0


def test_an_address_with_failures_is_blocked(make_proxy, cluster):
    proxy = start(make_proxy, cluster, maxscale={"max_auth_errors_until_block": "3"})
    seen = []
    for _ in range(5):
        try:
            proxy.connect(password="wrong", port=proxy.plain)
        except pymysql.MySQLError as error:
            seen.append(error.args[0])
    assert seen == [1045, 1045, 1045, 1129, 1129]


def test_wait_timeout_ends_idle_sessions(make_proxy, cluster):
    proxy = start(make_proxy, cluster, Plain={"wait_timeout": "1s"})
    connection = proxy.connect(port=proxy.plain)
    lab.wait_for("the session to be closed", lambda: connection._sock.recv(100) == b"")
    lab.wait_for("the reason in the log", lambda: "because of wait_timeout" in proxy.log())


# ------------------------------------------------------------ storms

STORM = 10000


@pytest.fixture(scope="module")
def storm(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("storm"))
    source = os.path.join(lab.REPO, "tests", "support", "storm.c")
    subprocess.run(["cc", "-O1", "-Wall", source, "-o", folder + "/storm"], check=True)
    return folder + "/storm"


def run_storm(program, port, clients, *more):
    done = subprocess.run([program, str(port), str(clients), *more], capture_output=True,
                          text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return {key: int(value) for key, value in (w.split("=") for w in done.stdout.split())}


def test_clients_over_the_limit_are_all_told_so(make_proxy, cluster, storm):
    proxy = start(make_proxy, cluster, Plain={"max_connections": "100"})
    seen = run_storm(storm, proxy.plain, STORM)
    assert seen["greeted"] + seen["refused"] == STORM and seen["silent"] == 0
    assert seen["greeted"] >= 100 and seen["refused"] > 0
    lab.wait_for("a login after the storm", lambda: proxy.connect(port=proxy.plain).close() or True)


def test_clients_over_the_limit_all_have_their_turn(make_proxy, cluster, storm):
    proxy = start(make_proxy, cluster, Plain={"max_connections": "100", "max_connections_wait": "200s"})
    seen = run_storm(storm, proxy.plain, STORM)
    assert seen == {"greeted": STORM, "refused": 0, "silent": 0}
    lab.wait_for("a login after the storm", lambda: proxy.connect(port=proxy.plain).close() or True)


@pytest.mark.parametrize("wait", ["0s", "170s"])
def test_logins_and_statements_of_a_storm_all_end(make_proxy, cluster, storm, wait):
    """With 200 server connections at a time."""
    cluster.primary.run("CREATE OR REPLACE USER anybody@'%'")
    proxy = start(make_proxy, cluster, Plain={"max_connections": "200", "max_connections_wait": wait},
                  server1={"persistpoolmax": "200", "persistmaxtime": "1h"})
    lab.wait_for("the account", lambda: proxy.connect("anybody", "", port=proxy.plain).close() or True)
    seen = run_storm(storm, proxy.plain, STORM, "anybody")
    assert seen["answered"] + seen["refused"] == STORM and seen["silent"] == 0
    assert seen["answered"] >= 200
    if wait != "0s":
        assert seen["refused"] == 0


def test_a_storm_is_served_in_order(make_proxy, cluster, storm):
    proxy = start(make_proxy, cluster)
    seen = run_storm(storm, proxy.plain, STORM)
    assert seen == {"greeted": STORM, "refused": 0, "silent": 0}
    lab.wait_for("a login after the storm", lambda: proxy.connect(port=proxy.plain).close() or True)


def test_a_process_without_descriptors_goes_on(make_proxy, cluster, storm):
    """Clients wait in the backlog while there are none, and are served when there are again."""
    proxy = start(make_proxy, cluster)
    resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE, (200, 4096))
    held = [socket.create_connection(("127.0.0.1", proxy.plain)) for _ in range(250)]
    lab.wait_for("the reason in the log", lambda: "open files" in proxy.log())
    for one in held:
        one.close()
    seen = run_storm(storm, proxy.plain, 600)
    assert seen["greeted"] + seen["refused"] == 600 and seen["silent"] == 0
    lab.wait_for("a login after the storm", lambda: proxy.connect(port=proxy.plain).close() or True)
