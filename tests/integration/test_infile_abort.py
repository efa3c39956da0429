"""A client that goes away in the middle of LOAD DATA LOCAL INFILE: what is in the table is what would be
there without the proxy, and nothing is left behind."""
import socket
import struct

import pytest

from conversations import raw
from lab import lab

LOAD = "LOAD DATA LOCAL INFILE 'x' INTO TABLE test.{} (id, t)"


@pytest.fixture(scope="module")
def place(cluster):
    from conftest import Proxy, running
    primary = cluster.servers[:1]
    cluster.primary.run("CREATE TABLE test.inno (id INT PRIMARY KEY, t TEXT) ENGINE=InnoDB",
                        "CREATE TABLE test.isam (id INT PRIMARY KEY, t TEXT) ENGINE=MyISAM")
    port = lab.free_port()
    made = Proxy(primary, {
        "server1": {"persistpoolmax": "10", "persistmaxtime": "1h"},
        "Plain": {"type": "service", "router": "readconnroute", "servers": "server1",
                  "user": "maxscale", "password": "maxscale", "router_options": "master"},
        "Plain-Listener": {"type": "listener", "service": "Plain", "port": port}})
    made.plain = port
    yield from running(made)


def begin(client, table, prepared):
    """Up to the server's wish for the file."""
    if prepared:
        number, _, _ = client.prepare(LOAD.format(table))
        client.command(raw.EXECUTE, struct.pack("<IBI", number, 0, 1))
    else:
        client.command(raw.QUERY, LOAD.format(table))
    assert client.packet()[0] == 0xfb


def rows(first, count):
    return b"".join(b"%d\trow number %d\n" % (i, i) for i in range(first, first + count))


def go_away(client, how):
    if how == "reset":
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def abort(port, server, table, prepared, cut, how):
    """Number of rows that are there when the server has done with it."""
    server.run(f"TRUNCATE TABLE test.{table}")
    client = raw.Client(port)
    begin(client, table, prepared)
    sequence = client.sequence + 1
    for i in range(20):
        client.send(raw.frame(rows(i * 100, 100), sequence + i))
    if cut:
        client.send(raw.frame(rows(2000, 100), sequence + 20)[:700])  # in the middle of a packet
    if how == "close":
        wait_until_read(server, client)
    go_away(client, how)
    lab.wait_for("the statement's end", lambda: not server.query(
        "SELECT 1 FROM information_schema.processlist WHERE info LIKE 'LOAD DATA LOCAL%'"))
    return server.query(f"SELECT COUNT(*) FROM test.{table}")[0][0]


def wait_until_read(server, client):
    """The server has taken what there is: it waits for more."""
    lab.wait_for("the server to wait for more", lambda: server.query(
        "SELECT 1 FROM information_schema.processlist WHERE info LIKE 'LOAD DATA LOCAL%' "
        "AND state LIKE 'Reading%'"))
    assert client.socket


def leftovers(place, server):
    """Sessions of the proxy, and connections to the server that are not in the pool."""
    sessions = place.api("sessions").json()["data"]
    busy = server.query("SELECT id FROM information_schema.processlist WHERE user = 'app' "
                        "AND command <> 'Sleep'")
    return len(sessions) + len(busy)


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("cut", [False, True], ids=["between", "inside"])
@pytest.mark.parametrize("prepared", [False, True], ids=["text", "prepared"])
@pytest.mark.parametrize("router", ["rcr", "rws"])
def test_nothing_is_committed(place, cluster, router, prepared, cut, how):
    port = place.plain if router == "rcr" else place.port
    server = cluster.primary
    assert abort(server.port, server, "inno", prepared, cut, how) == 0
    assert abort(port, server, "inno", prepared, cut, how) == 0
    lab.wait_for("nothing to be left", lambda: not leftovers(place, server))
    with raw.Client(port) as client:  # a connection of the pool has nothing of it
        assert client.query("SELECT COUNT(*) FROM test.inno")[-2][4:] == b"\x010"


@pytest.mark.parametrize("router", ["rcr", "rws"])
@pytest.mark.parametrize("prepared", [False, True], ids=["text", "prepared"])
def test_without_transactions_it_is_what_the_server_had_read(place, cluster, router, prepared):
    port = place.plain if router == "rcr" else place.port
    server = cluster.primary
    direct = abort(server.port, server, "isam", prepared, False, "close")
    assert abort(port, server, "isam", prepared, False, "close") == direct
    lab.wait_for("nothing to be left", lambda: not leftovers(place, server))


@pytest.mark.parametrize("router", ["rcr", "rws"])
def test_an_open_transaction_goes_with_it(place, cluster, router):
    port = place.plain if router == "rcr" else place.port
    server = cluster.primary
    server.run("TRUNCATE TABLE test.inno")
    client = raw.Client(port)
    client.query("BEGIN")
    client.query("INSERT INTO test.inno VALUES (-1, 'before')")
    begin(client, "inno", False)
    client.send(raw.frame(rows(0, 100), client.sequence + 1))
    go_away(client, "close")
    lab.wait_for("nothing to be left", lambda: not leftovers(place, server))
    # the table is free again, and empty
    server.run("INSERT INTO test.inno VALUES (-1, 'after')")
    assert server.query("SELECT COUNT(*) FROM test.inno")[0][0] == 1
