"""The conversations in the combinations of TLS, compression, PROXY headers and the pool that no other
test has: whatever lies around it, a client gets the bytes that it would get without."""
import collections
import os
import shutil
import socket
import struct
import threading

import pytest

import conversations as talk
from certs import Authority
from conftest import KEEP, Proxy, finish
from conversations import raw
from lab import lab
from test_protocol_conversations import EXT, MODERN, PLAIN, compare

TLS, PACKED, TOLD, KEPT = "tls", "packed", "told", "kept"  # TOLD: by a PROXY header; KEPT: in the pool
CLIENT, CLIENT_PORT = "192.0.2.7", 4711
V1 = f"PROXY TCP4 {CLIENT} 198.51.100.1 {CLIENT_PORT} 3306\r\n".encode()
V2 = (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + socket.inet_aton(CLIENT) + socket.inet_aton("198.51.100.1") +
      struct.pack(">HH", CLIENT_PORT, 3306))

Variant = collections.namedtuple("Variant", "client server header", defaults=(b"",))
VARIANTS = {
    "TLS client": Variant({TLS}, set()),
    "TLS server": Variant(set(), {TLS}),
    "TLS client, compression server": Variant({TLS}, {PACKED}),
    "compression client, TLS server": Variant({PACKED}, {TLS}),
    "compression over TLS client": Variant({TLS, PACKED}, set()),
    "compression over TLS server": Variant(set(), {TLS, PACKED}),
    "compression over TLS both": Variant({TLS, PACKED}, {TLS, PACKED}),
    "header v1 over TLS in": Variant({TLS}, set(), V1),
    "header v2 over TLS in": Variant({TLS}, set(), V2),
    "header out": Variant(set(), {TOLD}),
    "header over TLS out": Variant(set(), {TOLD, TLS}),
    "header v1 in and out, compression over TLS": Variant({TLS, PACKED}, {TOLD, TLS, PACKED}, V1),
    "header v2 in and out, compression over TLS": Variant({TLS, PACKED}, {TOLD, TLS, PACKED}, V2),
    "compression and pool": Variant({PACKED}, {KEPT, PACKED}),
    "TLS and pool": Variant({TLS}, {KEPT, TLS}),
    "compression over TLS and pool": Variant({TLS, PACKED}, {KEPT, TLS, PACKED}),
    "header, compression over TLS and pool": Variant({TLS, PACKED}, {KEPT, TOLD, TLS, PACKED}, V2),
}
# readconnroute gets the plainest client, whose bytes come in pieces; readwritesplit the most modern one.
WAYS = {"readconnroute": (PLAIN, 0, 5), "readwritesplit": (MODERN, EXT, 0)}


def word(features):
    return "-".join(sorted(features)) or "clear"


# The same server cannot be configured twice, so it has an address for each way to reach it.
ADDRESSES = {way: f"127.0.0.{number}" for number, way in
             enumerate(sorted({word(variant.server) for variant in VARIANTS.values()}), 2)}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made = Authority(str(tmp_path_factory.mktemp("certs")))
    made.make("proxy")
    made.make("database", hosts=",".join(f"IP:{address}" for address in ADDRESSES.values()))
    return made


@pytest.fixture(scope="module")
def database(template, authority):
    """One server that has TLS and takes PROXY headers."""
    folder = lab.scratch("mx-cluster-")
    os.symlink(template, os.path.join(folder, "template"))
    made = lab.Cluster(folder, 0, options={0: [
        "--bind-address=" + ",".join(["127.0.0.1", *ADDRESSES.values()]),
        "--proxy-protocol-networks=127.0.0.1", f"--ssl-ca={authority.ca}", "--max-allowed-packet=64M",
        f"--ssl-cert={authority.path('database.crt')}", f"--ssl-key={authority.path('database.key')}"]})
    try:
        made.start()
        with raw.Client(made.primary.port, caps=raw.BASE | raw.MULTI) as setup:
            setup.query(talk.SETUP)
        yield made.primary
    finally:
        made.stop()
        if not KEEP:
            shutil.rmtree(folder, ignore_errors=True)


class Matrix:
    """One proxy that knows the same server in every way; a service for each way and router."""

    def __init__(self, authority, database):
        self.authority = authority
        self.ports = {}
        changes = {"maxscale": {"threads": "2", "users_refresh_time": "0s"}}
        for variant in VARIANTS.values():
            for router in WAYS:
                self.add(changes, variant, router, database)
        self.proxy = Proxy([database], changes)

    def add(self, changes, variant, router, database):
        server, service = f"db-{word(variant.server)}", f"{router}-to-{word(variant.server)}"
        listener = self.listener(variant, router)
        changes[server] = {"type": "server", "address": ADDRESSES[word(variant.server)],
                           "port": database.port}
        for feature in variant.server:
            changes[server].update(self.of_server(feature))
        changes[f"monitor-{server}"] = {"type": "monitor", "module": "mariadbmon", "servers": server,
                                        "user": "monitor_user", "password": "monitor_user"}
        changes[service] = {"type": "service", "router": router, "servers": server, "user": "maxscale",
                            "password": "maxscale"}
        self.ports.setdefault(listener, lab.free_port())
        changes[listener] = {"type": "listener", "service": service, "port": self.ports[listener],
                             "proxy_protocol_networks": "*"}
        for feature in variant.client:
            changes[listener].update(self.of_listener(feature))

    @staticmethod
    def listener(variant, router):
        return f"{router}-from-{word(variant.client)}-to-{word(variant.server)}"

    def of_server(self, feature):
        return {
            TLS: {"ssl": "true", "ssl_ca": self.authority.ca, "ssl_verify_peer_certificate": "true",
                  "ssl_verify_peer_host": "true"},
            PACKED: {"compression": "true"},
            TOLD: {"proxy_protocol": "true"},
            KEPT: {"persistpoolmax": "10", "persistmaxtime": "3600s"},
        }[feature]

    def of_listener(self, feature):
        return {
            TLS: {"ssl": "true", "ssl_cert": self.authority.path("proxy.crt"),
                  "ssl_key": self.authority.path("proxy.key")},
            PACKED: {"compression": "true"},
        }[feature]

    def client(self, variant, router, caps=raw.BASE, **more):
        if PACKED in variant.client:
            caps |= raw.COMPRESS
        context = self.authority.context() if TLS in variant.client else None
        return raw.Client(self.ports[self.listener(variant, router)], caps=caps, tls=context,
                          header=variant.header, **more)

    def statistics(self, variant):
        data = self.proxy.api(f"servers/db-{word(variant.server)}").json()["data"]
        return data["attributes"]["statistics"]


@pytest.fixture(scope="module")
def matrix(authority, database):
    made = Matrix(authority, database)
    try:
        made.proxy.start()
        for name in VARIANTS:
            for router in WAYS:
                def ready(variant=VARIANTS[name], router=router):
                    with made.client(variant, router) as client:
                        return client.query("SELECT 1")[-2][4:] == b"\x011"
                lab.wait_for(f"{router}, {name}", ready)
        yield made
    finally:
        finish(made.proxy)


def value(client, sql):
    """The last column of the only row."""
    row = client.query(sql)[-2][4:]
    at = 0
    while at < len(row):
        length, at = raw.lenenc(row, at)
        found, at = row[at:at + length].decode(), at + length
    return found


@pytest.mark.parametrize("router", WAYS)
@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_it_is_the_combination_that_it_is_called(matrix, variant, router):
    with matrix.client(variant, router) as client:
        assert client.compressed == (PACKED in variant.client)
        assert hasattr(client.socket, "version") == (TLS in variant.client)
        assert bool(value(client, "SHOW SESSION STATUS LIKE 'Ssl_cipher'")) == (TLS in variant.server)
        assert (value(client, "SHOW SESSION STATUS LIKE 'Compression'") == "ON") == (PACKED in variant.server)
        seen = value(client, "SELECT HOST FROM information_schema.PROCESSLIST WHERE ID = @@pseudo_thread_id")
        if TOLD not in variant.server:
            assert seen.startswith("127.0.0.1:")
        elif variant.header:
            assert seen == f"{CLIENT}:{CLIENT_PORT}"
        else:
            assert seen == "127.0.0.1:%d" % client.socket.getsockname()[1]
    if KEPT in variant.server:
        lab.wait_for("the connection to be kept",
                     lambda: matrix.statistics(variant)["persistent_connections"] > 0)
        before = matrix.statistics(variant)["reused_connections"]
        with matrix.client(variant, router) as client:
            client.query("SELECT 1")
            assert matrix.statistics(variant)["reused_connections"] > before


def same_bytes(matrix, database, variant, router, conversation):
    caps, ext, cut = WAYS[router]
    if conversation in talk.WITH_MULTI:
        caps |= raw.MULTI
    with raw.Client(database.port, caps=caps, ext=ext) as direct:
        expected = conversation(direct)
    with matrix.client(variant, router, caps, ext=ext, cut=cut) as through:
        compare(expected, conversation(through))


@pytest.mark.parametrize("router", WAYS)
@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
@pytest.mark.parametrize("conversation",
                         [c for c in talk.ALL if not c.__name__.startswith("large")] + talk.WITH_MULTI + [talk.bulk],
                         ids=lambda c: c.__name__)
def test_bytes_are_the_servers(matrix, database, conversation, variant, router):
    same_bytes(matrix, database, variant, router, conversation)


EVERYTHING = VARIANTS["header, compression over TLS and pool"]


@pytest.mark.parametrize("conversation", [talk.large_statements, talk.large_rows, talk.infile_edges],
                         ids=lambda c: c.__name__)
def test_packets_around_16_mib(matrix, database, conversation):
    with raw.Client(database.port, caps=MODERN) as direct:
        expected = conversation(direct)
    with matrix.client(EVERYTHING, "readwritesplit", MODERN) as through:
        compare(expected, conversation(through))


class Mover(threading.Thread):
    """Sends sessions from one worker to the other and back as long as it runs."""

    def __init__(self, proxy):
        super().__init__()
        self.proxy, self.is_done, self.seen = proxy, False, set()

    def run(self):
        source = 0
        while not self.is_done:
            self.proxy.api(f"maxscale/threads/{source}/rebalance?recipient={1 - source}", "POST")
            source = 1 - source
            self.seen.update(row["attributes"]["thread"] for row in self.proxy.api("sessions").json()["data"])


@pytest.mark.parametrize("router", WAYS)
def test_bytes_are_the_servers_while_sessions_change_their_worker(matrix, database, router):
    """What TLS and compression keep of a connection goes with it."""
    mover = Mover(matrix.proxy)
    mover.start()
    try:
        turns = 0
        while turns == 0 or (mover.seen != {0, 1} and turns < 20):
            for conversation in talk.WITH_EXT + [talk.pipelined_kinds, talk.change_of_user, talk.infile]:
                same_bytes(matrix, database, EVERYTHING, router, conversation)
            turns += 1
    finally:
        mover.is_done = True
        mover.join()
    assert mover.seen == {0, 1}
