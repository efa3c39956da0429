"""Packets up to the limit of 1 GiB in both directions; the proxy keeps next to nothing of them."""
import contextlib
import hashlib
import struct

import pytest

from conftest import Proxy, running, running_cluster
from conversations import raw
from lab import lab
from test_protocol_conversations import plain_service, port_of

LONG = (1 << 30) - 1024
BLOCK = b"x" * (1 << 20)

pytestmark = [pytest.mark.alone, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def primary(template):
    with running_cluster(template, 0, options={0: ["--max-allowed-packet=1G"]}) as alone:
        yield alone.primary


@pytest.fixture(scope="module")
def plain_port():
    return lab.free_port()


@pytest.fixture(scope="module")
def both(primary, plain_port):
    made = Proxy([primary], plain_service(plain_port))
    yield from running(made)


def pieces(head, filling, tail):
    """A payload of head, so many x and tail."""
    yield head
    for _ in range(filling // len(BLOCK)):
        yield BLOCK
    yield BLOCK[:filling % len(BLOCK)]
    yield tail


def send(client, head, filling, tail=b""):
    """Never more than a MiB of it is in memory here."""
    left = len(head) + filling + len(tail)
    sequence = 0
    room = 0
    for piece in pieces(head, filling, tail):
        while piece:
            if room == 0:
                room = min(left, raw.MAX)
                client.socket.sendall(struct.pack("<I", room)[:3] + bytes([sequence & 0xff]))
                sequence += 1
            part = piece[:room]
            client.socket.sendall(part)
            piece = piece[len(part):]
            room -= len(part)
            left -= len(part)
    assert left == 0 and (sequence - 1) * raw.MAX < len(head) + filling + len(tail) < sequence * raw.MAX


class Sum:
    """What a payload of several packets is: length, digest, number of the last packet."""

    def __init__(self, client):
        self.len = 0
        self.md5 = hashlib.md5()
        self.client = client
        while True:
            client.fill(4)
            size, number = int.from_bytes(client.input[:3], "little"), client.input[3]
            assert number == client.sequence + 1 & 0xff
            client.sequence = number
            del client.input[:4]
            self.take(size)
            if size < raw.MAX:
                return

    def take(self, size):
        self.len += size
        while size:
            part = self.client.input[:size] or self.client.socket.recv(min(size, len(BLOCK)))
            assert part
            del self.client.input[:len(part)]
            self.md5.update(part)
            size -= len(part)


@contextlib.contextmanager
def little_memory(proxy):
    """What passes does not stay; KiB that are in use at most."""
    def most():
        with open(f"/proc/{proxy.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))

    with open(f"/proc/{proxy.process.pid}/clear_refs", "w", encoding="ascii") as file:
        file.write("5")
    before = most()
    yield
    assert most() - before < 16384, f"{before} KiB before, {most()} KiB at most"


@pytest.fixture(params=["readconnroute", "readwritesplit"])
def client(request, both, plain_port):
    with raw.Client(port_of(both, plain_port, request.param), collation=63, timeout=300) as made:
        made.query("SELECT 1")
        with little_memory(both):
            yield made
            assert made.query("SELECT 'after'")[-2][4:] == b"\x05after"


@pytest.fixture(scope="module")
def long_digest():
    out = hashlib.md5()
    for piece in pieces(b"", LONG, b""):
        out.update(piece)
    return out.hexdigest()


@pytest.mark.parametrize("client", ["readwritesplit"], indirect=True)
def test_statement(client):
    send(client, b"\x03SELECT LENGTH('", LONG, b"')")
    assert client.result()[-2][4:] == raw.text(str(LONG))


def test_bytes_of_a_parameter(client, long_digest):
    number, _, _ = client.prepare("SELECT MD5(?)")
    send(client, struct.pack("<BIH", raw.LONG_DATA, number, 0), LONG)
    rows = client.execute(number, count=1, types=b"\xfc\x00")
    assert rows[-2][4:] == b"\0\0" + raw.text(long_digest)


def test_row(client, long_digest):
    client.command(raw.QUERY, f"SELECT REPEAT('x', {LONG}), 'end'")
    for _ in range(4):  # number of columns, definitions, EOF
        client.packet()
    row = Sum(client)
    assert row.len == 9 + LONG + 4
    expected = hashlib.md5(b"\xfe" + struct.pack("<Q", LONG))
    for piece in pieces(b"", LONG, b"\x03end"):
        expected.update(piece)
    assert row.md5.digest() == expected.digest()
    assert client.is_end(client.packet())


def test_more_than_the_server_takes(both, primary, plain_port):
    """It says so and closes."""
    def told(port):
        with raw.Client(port, timeout=300) as client:
            send(client, b"\x03SELECT '", 1 << 30, b"'")
            return client.raw_packet()

    expected = told(primary.port)
    assert expected[4:7] == b"\xff\x81\x04"  # 1153
    for router in ("readconnroute", "readwritesplit"):
        with little_memory(both):
            assert told(port_of(both, plain_port, router)) == expected
