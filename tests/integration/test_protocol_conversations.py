"""The same raw conversation directly and through the proxy gives the same bytes."""
import os
import signal
import threading
import time

import pytest

import conversations as talk
from conversations import raw
from lab import lab

PLAIN = raw.BASE
MODERN = raw.BASE | raw.MULTI | raw.TRACK | raw.NO_EOF
EXT = raw.BULK | raw.TYPES | raw.CACHE


def plain_service(port):
    return {
        "Plain-Service": {"type": "service", "router": "readconnroute", "servers": "server1",
                          "user": "maxscale", "password": "maxscale", "router_options": "master"},
        "Plain-Listener": {"type": "listener", "service": "Plain-Service", "port": port},
    }


@pytest.fixture(scope="module")
def plain_port():
    return lab.free_port()


@pytest.fixture(scope="module")
def both(cluster, plain_port):
    """A proxy whose two services have the primary only, so that answers can be compared."""
    from conftest import Proxy, running
    primary = cluster.servers[:1]
    primary[0].run("SET GLOBAL max_allowed_packet = 64 * 1024 * 1024")
    with raw.Client(primary[0].port, caps=raw.BASE | raw.MULTI) as setup:
        setup.query(talk.SETUP)
    changes = plain_service(plain_port)
    changes["maxscale"] = {"users_refresh_time": "0s"}
    made = Proxy(primary, changes)
    yield from running(made)


def port_of(both, plain_port, router):
    return plain_port if router == "readconnroute" else both.port


def compare(direct, through):
    assert len(direct) == len(through)
    for index, (a, b) in enumerate(zip(direct, through)):
        assert a[:300] == b[:300], f"packet {index}"
        assert a == b, f"packet {index}"


@pytest.mark.parametrize("router", ["readconnroute", "readwritesplit"])
@pytest.mark.parametrize("cut", [0, 1, 7])
@pytest.mark.parametrize("caps", [PLAIN, MODERN], ids=["plain", "modern"])
@pytest.mark.parametrize("conversation",
                         [c for c in talk.ALL if not c.__name__.startswith("large")] + talk.WITH_MULTI,
                         ids=lambda c: c.__name__)
def test_bytes_are_the_servers(both, cluster, plain_port, conversation, caps, cut, router):
    if conversation in talk.WITH_MULTI:
        caps |= raw.MULTI
    with raw.Client(cluster.primary.port, caps=caps) as direct:
        expected = conversation(direct)
    with raw.Client(port_of(both, plain_port, router), caps=caps, cut=cut) as through:
        compare(expected, conversation(through))


@pytest.mark.parametrize("router", ["readconnroute", "readwritesplit"])
@pytest.mark.parametrize("caps", [PLAIN, MODERN], ids=["plain", "modern"])
@pytest.mark.parametrize("conversation", talk.WITH_EXT, ids=lambda c: c.__name__)
def test_bytes_with_capabilities_of_mariadb(both, cluster, plain_port, conversation, caps, router):
    with raw.Client(cluster.primary.port, caps=caps, ext=EXT) as direct:
        assert direct.ext == EXT
        expected = conversation(direct)
    with raw.Client(port_of(both, plain_port, router), caps=caps, ext=EXT) as through:
        assert through.ext == EXT
        compare(expected, conversation(through))


@pytest.mark.parametrize("router", ["readconnroute", "readwritesplit"])
@pytest.mark.parametrize("conversation", [talk.large_statements, talk.large_rows] + talk.SLOW,
                         ids=lambda c: c.__name__)
def test_packets_around_16_mib(both, cluster, plain_port, conversation, router):
    with raw.Client(cluster.primary.port, caps=MODERN) as direct:
        expected = conversation(direct)
    with raw.Client(port_of(both, plain_port, router), caps=MODERN) as through:
        compare(expected, conversation(through))


def test_multi_statements_only_for_clients_that_enabled_them(both):
    with raw.Client(both.port, caps=PLAIN) as client:
        answer = client.query("SELECT 1; SELECT 2")
        assert answer[0][4:7] == b"\xff\x28\x04"  # 1064: the server's own refusal


def test_plugin_of_the_client_is_switched(both):
    with raw.Client(both.port, plugin=b"caching_sha2_password") as client:
        assert client.answer[0] == 0
        assert client.query("SELECT 1")[-2][4:] == b"\x011"


def test_failed_change_of_user_keeps_the_old_one(both):
    with raw.Client(both.port) as client:
        answer = talk.change_user(client, "maxscale", "wrong")
        assert answer[:3] == b"\xff\x15\x04"
        assert b"app@" in client.query("SELECT USER()")[-2]


def test_database_of_login_and_unknown_database(both):
    with raw.Client(both.port, db="test") as client:
        assert client.query("SELECT DATABASE()")[-2][4:] == b"\x04test"
    with raw.Client(both.port, db="nosuch") as client:
        assert client.answer[:3] == b"\xff\x19\x04"  # 1049


def test_database_made_a_moment_ago_is_known_at_login(both, cluster, plain_port):
    cluster.primary.run("CREATE OR REPLACE DATABASE brandnew")
    with raw.Client(plain_port, db="brandnew") as client:
        assert client.answer[0] == 0, client.answer


def test_account_made_a_moment_ago_can_log_in(both, cluster):
    cluster.primary.run("CREATE OR REPLACE USER fresh@'%' IDENTIFIED BY 'fresh'")
    with raw.Client(both.port, user="fresh", password="fresh") as client:
        assert client.answer[0] == 0, client.answer


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def test_fast_client_waits_for_a_slow_server(both, cluster, plain_port):
    """A server that stands still: neither a long statement nor many short ones pile up."""
    statement = raw.frame(b"\x03SELECT LENGTH('" + b"y" * 15000000 + b"')")
    commands = raw.frame(b"\x0e") * 200000
    data = statement + commands
    with raw.Client(plain_port) as client:
        client.query("SELECT 1")
        before = resident_kib(both.process.pid)
        os.kill(cluster.primary.process.pid, signal.SIGSTOP)
        client.socket.setblocking(False)
        sent = 0
        try:
            for _ in range(100):
                try:
                    sent += client.socket.send(data[sent:sent + 1000000])
                except BlockingIOError:
                    time.sleep(0.01)
            growth = resident_kib(both.process.pid) - before
        finally:
            os.kill(cluster.primary.process.pid, signal.SIGCONT)
        assert growth < 4096, f"{growth} KiB"
        client.socket.setblocking(True)
        rest = threading.Thread(target=client.send, args=(data[sent:],))
        rest.start()
        assert client.result()[-2][4:] == b"\x0815000000"
        for _ in range(200000):
            assert client.packet()[0] == 0
        rest.join()
