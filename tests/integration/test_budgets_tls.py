"""The budgets with TLS, counted on the release build: memory of idle sessions, system calls, allocations."""
import os

import pytest

import conversations  # noqa: F401 (which shows the way to the next)
from certs import Authority
from lab import counting, lab
from test_budgets import MANY, RELEASE, STATEMENTS, assert_four_data_calls, statements

SIDES = {"client": "clear", "server": "tls", "both": "tls"}  # the service behind each listener


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made = Authority(str(tmp_path_factory.mktemp("certs")))
    made.make("proxy")
    made.make("database")
    return made


@pytest.fixture(scope="module")
def server(template, authority):
    folder = lab.scratch("mx-cluster-")
    os.symlink(template, os.path.join(folder, "template"))
    cert, key = authority.path("database.crt"), authority.path("database.key")
    made = lab.Cluster(folder, 0, options={0: [*MANY, f"--ssl-cert={cert}", f"--ssl-key={key}",
                                               "--bind-address=127.0.0.1,127.0.0.2"]})
    made.start()
    yield made.primary
    made.stop()


class Proxy:
    """One server under two addresses, with TLS and without; a listener for every combination."""

    def __init__(self, authority, server, **more):
        from conftest import Proxy as Real
        self.context = authority.context()
        self.ports = {side: lab.free_port() for side in SIDES}
        changes = {"maxscale": {"threads": "1"}, "MariaDB-Monitor": {"monitor_interval": "60s"},
                   "server2": {"type": "server", "address": "127.0.0.2", "port": server.port, "ssl": "true"},
                   "Second-Monitor": {"type": "monitor", "module": "mariadbmon", "servers": "server2",
                                      "user": "monitor_user", "password": "monitor_user",
                                      "monitor_interval": "60s"}}
        for name, target in (("clear", "server1"), ("tls", "server2")):
            changes[name] = {"type": "service", "router": "readconnroute", "servers": target,
                             "user": "maxscale", "password": "maxscale", "router_options": "master"}
        for side, port in self.ports.items():
            changes[side] = {"type": "listener", "service": SIDES[side], "port": port}
            if side != "server":
                changes[side].update(ssl="true", ssl_cert=authority.path("proxy.crt"),
                                     ssl_key=authority.path("proxy.key"))
        self.real = Real([server], changes, root=RELEASE, **more)
        self.real.start()
        for side in SIDES:
            lab.wait_for(f"a login with TLS at {side}", lambda side=side: self.connect(side).close() or True)

    @property
    def pid(self):
        return self.real.process.pid

    def connect(self, side):
        more = {} if side == "server" else {"ssl": self.context}
        return self.real.connect(port=self.ports[side], **more)

    def stop(self):
        self.real.stop()


@pytest.fixture(scope="module")
def plain(authority, server):
    proxy = Proxy(authority, server)
    yield proxy
    proxy.stop()


@pytest.fixture(scope="module")
def counted(authority, server, tmp_path_factory):
    counters = counting.Counters(str(tmp_path_factory.mktemp("count")))
    proxy = Proxy(authority, server, environment=counters.environment)
    yield proxy, counters
    proxy.stop()


def cipher_of_server(cursor):
    cursor.execute("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
    return cursor.fetchone()[1]


@pytest.mark.parametrize("side, limit_kib", [("client", 20), ("server", 36), ("both", 48)])
def test_memory_of_an_idle_session(authority, server, side, limit_kib):
    """Nearly all of it is OpenSSL's; about 16, 30 and 41 KiB. In a proxy of its own, where no memory of
    sessions before is free."""
    proxy = Proxy(authority, server)
    count = 600
    try:
        connections = [proxy.connect(side) for _ in range(50)]
        before = counting.rss_kib(proxy.pid)
        connections += [proxy.connect(side) for _ in range(count)]
        grown = (counting.rss_kib(proxy.pid) - before) / count
        for connection in connections:
            connection.close()
    finally:
        proxy.stop()
    assert grown <= limit_kib


def test_small_statement_costs_four_data_system_calls(plain):
    with plain.connect("both") as connection, connection.cursor() as cursor:
        assert cipher_of_server(cursor)
        assert_four_data_calls(plain.pid, cursor)


def test_allocations_of_a_statement_are_those_of_openssl(counted):
    """It gives its buffers back after every record, which is why idle sessions are small."""
    proxy, counters = counted
    with proxy.connect("both") as connection, connection.cursor() as cursor:
        assert cipher_of_server(cursor)
        statements(cursor, 50)
        before = counters.read()
        statements(cursor, STATEMENTS)
        after = counters.read()
    assert (after[0] - before[0]) / STATEMENTS < 12.5
