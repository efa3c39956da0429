"""Servers that have reached their max_connections, and servers and clients that stand still."""
import os
import signal
import time

import pymysql
import pytest

from conversations import raw
from lab import lab

MOST = 10  # the least that a server takes; who may do all has one more
SMALL = f"--max-connections={MOST}"


def fill(server, others=0):
    """Connections until the server has no more; `others` are the proxy's that stay. What ended just
    now may still have its place there, and would give it to somebody else."""
    held = []

    def full():
        try:
            held.append(pymysql.connect(host="127.0.0.1", port=server.port, user="app", password="app"))
        except pymysql.MySQLError as error:
            assert error.args[0] == 1040
        return len(held) == MOST + 1 - others

    lab.wait_for("a full server", full, interval=0.01)
    return held


def close(held):
    for connection in held:
        connection.close()


def plain_service(port):
    return {
        "Plain": {"type": "service", "router": "readconnroute", "servers": "server1",
                  "user": "maxscale", "password": "maxscale", "router_options": "master"},
        "Plain-Listener": {"type": "listener", "service": "Plain", "port": port},
    }


def ask(connection, statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


# ------------------------------------------------------------ extra_port

@pytest.fixture
def small(make_cluster):
    """A server with an extra port that takes few clients."""
    extra = lab.free_port()
    cluster = make_cluster(0, options={0: [SMALL, f"--extra-port={extra}", "--extra-max-connections=10"]})
    cluster.extra = extra
    return cluster


def test_monitor_and_accounts_take_the_extra_port(make_proxy, small):
    held = fill(small.primary)
    proxy = make_proxy(small.servers, {"server1": {"extra_port": str(small.extra)}})
    proxy.wait_state("server1", "Master", "Running")

    def refused_by_the_server():
        try:
            with proxy.connect() as connection:
                ask(connection, "SELECT 1")
        except pymysql.MySQLError as error:
            return "Too many connections" in error.args[1]  # and not 1045: the account is known
        return False
    lab.wait_for("the server's word", refused_by_the_server)
    close(held)
    proxy.wait_ready()
    assert "extra_port" not in proxy.log()


def test_without_the_extra_port_the_server_is_down(make_proxy, small):
    held = fill(small.primary)
    proxy = make_proxy(small.servers)
    lab.wait_for("the reason", lambda: "Too many connections" in proxy.log())
    assert "Master" not in proxy.states()["server1"]
    close(held)
    proxy.wait_ready()


def test_a_dead_extra_port_is_said_and_the_other_one_taken(make_proxy, small):
    dead = lab.free_port()
    proxy = make_proxy(small.servers, {"server1": {"extra_port": str(dead)}})
    proxy.wait_ready()
    lab.wait_for("the warning", lambda: f"extra_port {dead}" in proxy.log())


# ------------------------------------------------------------ 1040 of a server

def test_a_full_replica_is_left_out(make_proxy, make_cluster):
    cluster = make_cluster(1, options={1: [SMALL]})
    proxy = make_proxy(cluster.servers)
    proxy.wait_ready()
    proxy.wait_state("server2", "Slave", "Running")
    held = fill(cluster.servers[1], 1)
    try:
        with proxy.connect() as connection:
            for _ in range(3):
                assert ask(connection, "SELECT @@server_id") == ((1,),)
            assert ask(connection, "SELECT @@server_id, @@last_insert_id") == ((1, 0),)
    finally:
        close(held)

    def takes_part_again():
        with proxy.connect() as connection:
            return ask(connection, "SELECT @@server_id") == ((2,),)
    lab.wait_for("the replica", takes_part_again)


@pytest.mark.parametrize("service", ["rws", "rcr"])
def test_a_full_primary_is_said_in_its_words(make_proxy, make_cluster, service):
    cluster = make_cluster(0, options={0: [SMALL]})
    port = lab.free_port()
    proxy = make_proxy(cluster.servers, plain_service(port))
    proxy.wait_ready()
    proxy.wait_state("server1", "Master", "Running")
    held = fill(cluster.primary, 1)
    with pytest.raises(pymysql.MySQLError) as error:
        with proxy.connect(port=port if service == "rcr" else None) as connection:
            ask(connection, "INSERT INTO test.nothing VALUES (1)")
    assert "Too many connections" in error.value.args[1]
    close(held)
    proxy.wait_ready()


def refusals(connection):
    return int(ask(connection, "SHOW GLOBAL STATUS LIKE 'Connection_errors_max_connections'")[0][1])


def test_a_write_waits_for_room(make_proxy, make_cluster):
    cluster = make_cluster(0, options={0: [SMALL]})
    cluster.primary.run("CREATE TABLE test.room (id INT)")
    proxy = make_proxy(cluster.servers, {"Read-Write-Service": {
        "delayed_retry": "true", "delayed_retry_timeout": "60s", "master_reconnection": "true",
        "master_failure_mode": "fail_on_write", "lazy_connect": "true"}})
    proxy.wait_ready()
    proxy.wait_state("server1", "Master", "Running")
    held = fill(cluster.primary, 1)
    before = refusals(held[0])
    with raw.Client(proxy.port) as client:
        client.command(raw.QUERY, "INSERT INTO test.room VALUES (1)")
        lab.wait_for("the server to refuse it", lambda: refusals(held[0]) > before)
        close(held)
        assert client.result()[-1][4] == 0
    assert cluster.primary.query("SELECT COUNT(*) FROM test.room") in (((1,),), [(1,)])


# ------------------------------------------------------------ those that stand still

def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def test_a_client_that_does_not_read_is_closed(make_proxy, cluster):
    port = lab.free_port()
    changes = plain_service(port)
    changes["Plain"]["net_write_timeout"] = "1s"
    proxy = make_proxy(cluster.servers, changes)
    proxy.wait_ready()
    with raw.Client(port) as client:
        client.query("SELECT REPEAT('x', 100000)")
        before = resident_kib(proxy.process.pid)
        client.command(raw.QUERY, "SELECT seq, REPEAT('x', 1000) FROM test.seq_1_to_200000")
        lab.wait_for("the reason in the log", lambda: "because of net_write_timeout" in proxy.log())
        assert resident_kib(proxy.process.pid) - before < 8192
        with pytest.raises((raw.Gone, ConnectionError)):
            client.result()
    lab.wait_for("the session's end", lambda: not proxy.api("sessions").json()["data"])

    def server_is_free():
        return not cluster.primary.query("SELECT 1 FROM information_schema.processlist "
                                         "WHERE info LIKE 'SELECT seq, REPEAT%'")
    lab.wait_for("the server's end of it", server_is_free)


def test_a_client_that_reads_slowly_is_not(make_proxy, cluster):
    port = lab.free_port()
    changes = plain_service(port)
    changes["Plain"]["net_write_timeout"] = "2s"
    proxy = make_proxy(cluster.servers, changes)
    proxy.wait_ready()
    with raw.Client(port) as client:
        client.command(raw.QUERY, "SELECT seq, REPEAT('x', 1000) FROM test.seq_1_to_50000")
        end = time.monotonic() + 4
        while time.monotonic() < end:
            client.input += client.socket.recv(300000)
            time.sleep(0.05)
        assert len(client.result()) == 1 + 2 + 1 + 50000 + 1
    assert "net_write_timeout" not in proxy.log()


@pytest.mark.parametrize("pool", ["0", "5"])
def test_a_server_that_takes_connections_and_says_nothing(make_proxy, make_cluster, pool):
    """No monitor tells that it stands still."""
    cluster = make_cluster(0)
    proxy = make_proxy(cluster.servers, {
        "maxscale": {"auth_connect_timeout": "2s"},
        "MariaDB-Monitor": {"monitor_interval": "1h", "backend_read_timeout": "1h"},
        "server1": {"persistpoolmax": pool, "persistmaxtime": "1h"}})
    proxy.wait_ready()
    os.kill(cluster.primary.process.pid, signal.SIGSTOP)
    try:
        with pytest.raises(pymysql.MySQLError) as error:
            with proxy.connect() as connection:
                ask(connection, "SELECT 1")
        assert error.value.args[0] in (1927, 2013)
        lab.wait_for("the reason in the log", lambda: "has not gone on with the login for 2000 ms" in proxy.log())
    finally:
        os.kill(cluster.primary.process.pid, signal.SIGCONT)
    proxy.wait_ready()


def test_a_server_that_does_not_read(make_proxy, make_cluster):
    """What it does not take stays with the client; the monitor finds it out, and the session ends."""
    cluster = make_cluster(0)
    port = lab.free_port()
    changes = plain_service(port)
    changes["MariaDB-Monitor"] = {"monitor_interval": "500ms", "backend_connect_timeout": "1s",
                                  "backend_read_timeout": "1s", "backend_write_timeout": "1s"}
    proxy = make_proxy(cluster.servers, changes)
    proxy.wait_ready()
    with raw.Client(port) as client:
        client.query("SELECT 1")
        before = resident_kib(proxy.process.pid)
        os.kill(cluster.primary.process.pid, signal.SIGSTOP)
        try:
            client.socket.settimeout(60)
            with pytest.raises((raw.Gone, ConnectionError)):
                client.send(raw.frame(b"\x03SELECT LENGTH('" + b"y" * 15000000 + b"')"))
                client.packet()  # what is there first is the reason
                client.packet()
            assert resident_kib(proxy.process.pid) - before < 8192
        finally:
            os.kill(cluster.primary.process.pid, signal.SIGCONT)
    lab.wait_for("the reason in the log",
                 lambda: "is closed" in proxy.log() and "out of use" in proxy.log())
    proxy.wait_ready()
