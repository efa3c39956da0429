"""The compressed protocol on the client's side, the server's side and both: the same bytes inside."""
import struct
import subprocess
import zlib

import pytest

import conversations as talk
from conversations import raw
from lab import lab
from test_protocol_conversations import EXT, MODERN, PLAIN, compare, resident_kib

SIDES = {"client": (True, False), "server": (False, True), "both": (True, True)}


class Packed:
    """One proxy for each way to speak to the server; each has listeners of both kinds."""

    def __init__(self, primary, compressed):
        from conftest import Proxy
        self.ports = {(router, packed): lab.free_port() for router in ("readconnroute", "readwritesplit")
                      for packed in (False, True)}
        changes = {
            "maxscale": {"users_refresh_time": "0s"},
            "server1": {"compression": str(compressed).lower()},
            "Plain-Service": {"type": "service", "router": "readconnroute", "servers": "server1",
                              "user": "maxscale", "password": "maxscale", "router_options": "master"},
        }
        services = {"readconnroute": "Plain-Service", "readwritesplit": "Read-Write-Service"}
        for (router, packed), port in self.ports.items():
            changes[f"L-{router}-{packed}"] = {"type": "listener", "service": services[router],
                                               "port": port, "compression": str(packed).lower()}
        self.proxy = Proxy([primary], changes)
        self.proxy.start()
        self.proxy.wait_ready()


@pytest.fixture(scope="module")
def packed(cluster):
    from conftest import finish
    cluster.primary.run("SET GLOBAL max_allowed_packet = 64 * 1024 * 1024")
    with raw.Client(cluster.primary.port, caps=raw.BASE | raw.MULTI) as setup:
        setup.query(talk.SETUP)
    made = {}
    try:
        for compressed in (False, True):
            made[compressed] = Packed(cluster.primary, compressed)
        yield made
    finally:
        for one in made.values():
            finish(one.proxy)


def port_of(packed, router, sides):
    client, server = SIDES[sides]
    return packed[server].ports[router, client]


@pytest.mark.parametrize("sides", SIDES)
@pytest.mark.parametrize("router", ["readconnroute", "readwritesplit"])
@pytest.mark.parametrize("caps,ext,cut", [(PLAIN, 0, 0), (MODERN, 0, 3), (MODERN, EXT, 0)],
                         ids=["plain", "modern-cut", "mariadb"])
@pytest.mark.parametrize("conversation",
                         [c for c in talk.ALL if not c.__name__.startswith("large")] + talk.WITH_MULTI,
                         ids=lambda c: c.__name__)
def test_bytes_are_the_servers(packed, cluster, conversation, caps, ext, cut, router, sides):
    if conversation in talk.WITH_MULTI:
        caps |= raw.MULTI
    with raw.Client(cluster.primary.port, caps=caps, ext=ext) as direct:
        expected = conversation(direct)
    with raw.Client(port_of(packed, router, sides), caps=caps | raw.COMPRESS, ext=ext, cut=cut) as through:
        assert through.compressed == SIDES[sides][0]
        compare(expected, conversation(through))


@pytest.mark.parametrize("sides", SIDES)
@pytest.mark.parametrize("router", ["readconnroute", "readwritesplit"])
@pytest.mark.parametrize("conversation", [talk.large_statements, talk.large_rows, talk.infile_edges],
                         ids=lambda c: c.__name__)
def test_packets_around_16_mib(packed, cluster, conversation, router, sides):
    with raw.Client(cluster.primary.port, caps=MODERN) as direct:
        expected = conversation(direct)
    with raw.Client(port_of(packed, router, sides), caps=MODERN | raw.COMPRESS) as through:
        compare(expected, conversation(through))


@pytest.mark.parametrize("conversation", [talk.queries, talk.prepared, talk.infile, talk.infile_multi,
                                          talk.change_of_user, talk.large_rows],
                         ids=lambda c: c.__name__)
def test_the_client_of_these_tests_numbers_as_servers_do(cluster, packed, conversation):
    with raw.Client(cluster.primary.port, caps=MODERN | raw.COMPRESS) as direct:
        assert direct.compressed
        conversation(direct)


def test_only_where_it_is_configured(packed):
    with raw.Client(packed[True].ports["readconnroute", False], caps=raw.BASE | raw.COMPRESS) as client:
        assert not client.server_caps & raw.COMPRESS
        status = client.query("SHOW STATUS LIKE 'Compression'")
        assert status[-2][4:] == b"\x0bCompression\x02ON"  # of the connection to the server
    with raw.Client(packed[False].ports["readconnroute", True], caps=raw.BASE) as client:
        assert client.server_caps & raw.COMPRESS and not client.compressed
        assert client.query("SHOW STATUS LIKE 'Compression'")[-2][4:] == b"\x0bCompression\x03OFF"


@pytest.mark.parametrize("sides", SIDES)
def test_program_with_compress(packed, cluster, sides):
    port = port_of(packed, "readwritesplit", sides)
    command = ["mariadb", "--no-defaults", "-h127.0.0.1", f"-P{port}", "-uapp", "-papp", "--compress",
               "--batch", "--skip-column-names"]
    sql = ("CREATE OR REPLACE TABLE test.zip (id INT PRIMARY KEY, t LONGTEXT);"
           "INSERT INTO test.zip SELECT seq, REPEAT(MD5(seq), 100) FROM test.seq_1_to_3000;"
           "SELECT MD5(GROUP_CONCAT(t ORDER BY id)) FROM test.zip WHERE id < 100;"
           "SELECT * FROM test.zip; DROP TABLE test.zip;")
    done = subprocess.run(command, input=sql, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout) > 3000 * 3200
    expected = cluster.primary.query("SELECT REPEAT(MD5(3000), 100)")[0][0]
    assert done.stdout.splitlines()[-1] == f"3000\t{expected}"


def test_fewer_bytes_on_the_wire(packed):
    port = packed[False].ports["readconnroute", True]
    with raw.Client(port, caps=raw.BASE | raw.COMPRESS) as client:
        client.command(raw.QUERY, "SELECT REPEAT('a', 1000000)")
        seen = 0
        while len(client.input) < 1000000:
            data = client.socket.recv(1 << 18)
            seen += len(data)
            client.packed += data
            client.unpack()
        assert seen < 20000


def broken(port, data):
    """What the proxy says before it closes."""
    with raw.Client(port, caps=raw.BASE | raw.COMPRESS) as client:
        client.query("SELECT 1")
        client.strict = False
        client.socket.sendall(data)
        with pytest.raises((raw.Gone, ConnectionError)):
            while True:
                client.packet()


def test_malformed_packets_end_the_session(packed):
    port = packed[False].ports["readconnroute", True]
    statement = raw.frame(b"\x03SELECT 1 /*" + b"x" * 100 + b"*/")
    good, plain = zlib.compress(statement), len(statement)

    def head(size, number, length):
        return struct.pack("<I", size)[:3] + bytes([number]) + struct.pack("<I", length)[:3]

    broken(port, head(len(good), 5, plain) + good)  # number
    broken(port, head(0, 0, 0))  # nothing
    broken(port, head(len(good), 0, plain - 1) + good)  # too long
    broken(port, head(len(good), 0, plain + 1) + good)  # too short
    broken(port, head(len(good) - 3, 0, plain) + good[:-3] + b"more")  # cut
    broken(port, head(100, 0, 100) + b"\xff" * 100)  # no stream of zlib's
    for reason in ("came where 1 was due", "an empty packet", "longer than its header says",
                   "another length", "ends too early", "cannot be decompressed"):
        lab.wait_for(reason, lambda reason=reason: reason in packed[False].proxy.log())


def test_claimed_and_real_expansion_cost_no_memory(packed):
    """A statement of 15 MiB of one letter is 15 KiB: it is passed on in small pieces."""
    port = packed[False].ports["readconnroute", True]
    proxy = packed[False].proxy
    with raw.Client(port, caps=raw.BASE | raw.COMPRESS) as client:
        client.query("SELECT 1")
        before = resident_kib(proxy.process.pid)
        for _ in range(3):
            body = raw.frame(b"\x03SELECT LENGTH('" + b"y" * (15 << 20) + b"')")
            client.number = 0
            client.socket.sendall(client.pack(body, 16 << 20))
            assert client.result()[-2][4:] == b"\x0815728640"
        assert resident_kib(proxy.process.pid) - before < 4096


def test_idle_connections_hold_nothing(packed):
    port = packed[True].ports["readconnroute", True]
    proxy = packed[True].proxy
    clients = []

    def more(count):
        for _ in range(count):
            client = raw.Client(port, caps=raw.BASE | raw.COMPRESS)
            client.query("SELECT REPEAT('x', 100000)")
            clients.append(client)
        return resident_kib(proxy.process.pid)

    try:
        before = more(20)
        # one stream of zlib's alone would be 40 KiB to read and 260 KiB to write
        assert (more(100) - before) / 100 < 40
    finally:
        for client in clients:
            client.close()
