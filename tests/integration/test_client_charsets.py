"""Names in the client's character set, and names and packets that no client should send: what a server answers."""
import hashlib
import struct

import pytest

from conftest import Proxy, running
from conversations import raw
from lab import lab

LATIN1, UTF8MB4, UCS2 = 8, 45, 35
USER, PASSWORD, DATABASE, CLOSED = "üser", "pässwörd", "dätabase", "ünsere"
LONG = "u" * 128
ASK = "SELECT CURRENT_USER(), DATABASE(), @@collation_connection"


@pytest.fixture(scope="module")
def named(cluster):
    """The proxy has the primary only, so that answers can be compared."""
    cluster.primary.run(
        f"CREATE DATABASE `{DATABASE}`", f"CREATE DATABASE `{CLOSED}`",
        f"CREATE USER '{USER}'@'%' IDENTIFIED BY '{PASSWORD}'",
        f"GRANT SELECT ON `{DATABASE}`.* TO '{USER}'@'%'", f"CREATE USER '{LONG}'@'%' IDENTIFIED BY 'long'")
    changes = {"maxscale": {"users_refresh_time": "0s", "max_auth_errors_until_block": "0"}}
    yield from running(Proxy(cluster.servers[:1], changes))


def token(client, password):
    """As a client whose terminal speaks UTF-8: passwords are bytes, and no server converts them."""
    one = hashlib.sha1(password.encode()).digest()
    mask = hashlib.sha1(client.scramble + hashlib.sha1(one).digest()).digest()
    return bytes(a ^ b for a, b in zip(one, mask))


def login(port, user, password, database=b"", collation=UTF8MB4, attributes=b""):
    client = raw.Client(port, login=False)
    caps = client.caps | raw.CLIENT["CONNECT_WITH_DB"]
    if attributes:
        caps |= raw.CLIENT["CONNECT_ATTRS"]
    proof = token(client, password)
    client.send(raw.frame(struct.pack("<IIB", caps, 1 << 24, collation) + bytes(23) + user + b"\0" +
                          bytes([len(proof)]) + proof + database + b"\0mysql_native_password\0" + attributes, 1))
    return client


def answers(port, *arguments, **more):
    """What the login is answered, and who one is then."""
    with login(port, *arguments, **more) as client:
        out = [client.raw_packet()]
        return out + client.query(ASK) if out[0][4] == 0 else out


def code(packet):
    return struct.unpack_from("<H", packet, 5)[0] if packet[4] == 0xff else 0


@pytest.mark.parametrize("user, password, database, collation, expected", [
    (USER.encode(), PASSWORD, DATABASE.encode(), UTF8MB4, 0),
    (USER.encode("latin1"), PASSWORD, DATABASE.encode("latin1"), LATIN1, 0),
    (USER.encode("latin1"), "wrong", b"", LATIN1, 1045),
    (USER.encode("latin1"), PASSWORD, CLOSED.encode("latin1"), LATIN1, 1044),
    (USER.encode(), PASSWORD, b"", LATIN1, 1045),
    (USER.encode("latin1"), PASSWORD, b"", UTF8MB4, 1045),
    (b"app", "app", "ö".encode("latin1"), LATIN1, 1049),
    (b"\xff\xfe", "x", b"", UTF8MB4, 1045),
    (b"\x83\x5c", "x", b"", 13, 1045),
    (LONG.encode(), "long", b"", UTF8MB4, 0),
    (LONG.encode() + b"u", "long", b"", UTF8MB4, 0),
    (LONG.encode() * 800, "wrong", b"", UTF8MB4, 1045),
    (b"app", "app", b"d" * 65, UTF8MB4, 1102),
    (b"app", "app", b"d" * 1000, UTF8MB4, 1102),
    (b"app", "app", b" ", UTF8MB4, 1102),
    (b"app", "app", b"", UCS2, 1231),
    (b"app", "wrong", b"", 183, 1231),
])
def test_login(cluster, named, user, password, database, collation, expected):
    direct = answers(cluster.primary.port, user, password, database, collation)
    assert code(direct[0]) == expected
    assert answers(named.port, user, password, database, collation) == direct


def test_the_log_and_rest_have_utf8(named):
    with login(named.port, USER.encode("latin1"), PASSWORD, b"", LATIN1) as client:
        client.ok()
        assert USER in [s["attributes"]["user"] for s in named.api("sessions").json()["data"]]
    with login(named.port, USER.encode("latin1"), "wrong", b"", LATIN1) as client:
        assert client.packet()[:1] == b"\xff"
    lab.wait_for("the log", lambda: f"Authentication failed for user '{USER}'@" in named.log())


@pytest.mark.parametrize("size, expected", [(65535, 0), (65536, 1043)])
def test_longest_attributes(cluster, named, size, expected):
    value = size - 4 - 3  # the name and its length, the length of the value
    attributes = b"\xfd" + struct.pack("<I", size)[:3] + b"\3key" + b"\xfc" + struct.pack("<H", value) + b"v" * value
    for port in (cluster.primary.port, named.port):
        assert code(answers(port, b"app", "app", attributes=attributes)[0]) == expected


def change_user(port, user, password, collation):
    with raw.Client(port) as client:
        proof = token(client, password)
        client.command(raw.CHANGE_USER, user + b"\0" + bytes([len(proof)]) + proof + b"\0" +
                       struct.pack("<H", collation) + b"mysql_native_password\0")
        answer = client.raw_packet()
        if answer[4] == 0xfe:
            client.scramble = answer[4:].split(b"\0", 1)[1][:20]
            client.send(raw.frame(token(client, password), client.sequence + 1))
            answer = client.raw_packet()
        return [answer] + client.query(ASK) if answer[4] == 0 else [answer]


@pytest.mark.parametrize("user, password, collation", [
    (USER.encode("latin1"), PASSWORD, LATIN1), (USER.encode(), PASSWORD, UTF8MB4), (b"app", "app", 1069)])
def test_change_of_user(cluster, named, user, password, collation):
    direct = change_user(cluster.primary.port, user, password, collation)
    assert code(direct[0]) == 0
    assert [p[4:] for p in change_user(named.port, user, password, collation)] == [p[4:] for p in direct]


@pytest.fixture(scope="module")
def replicated(cluster, named):
    """A primary and a replica; `named` has made the accounts."""
    cluster.sync()
    yield from running(Proxy(cluster.servers, {"maxscale": {"users_refresh_time": "0s"}}))


@pytest.mark.parametrize("collation, names, more", [
    (LATIN1, None, 0), (LATIN1, None, raw.TRACK), (LATIN1, "utf8mb4", 0), (LATIN1, "utf8mb4", raw.TRACK),
    (UTF8MB4, None, raw.TRACK), (UTF8MB4, "latin1", 0), (UTF8MB4, "latin1", raw.TRACK)])
@pytest.mark.parametrize("by_command", [True, False], ids=["COM_INIT_DB", "USE"])
def test_database_of_connections_that_come_later(cluster, replicated, collation, names, more, by_command):
    replica = cluster.servers[1]
    of_database = f"SELECT id FROM information_schema.processlist WHERE user = 'maxscale' AND db = '{DATABASE}'"
    spoken = names or ("latin1" if collation == LATIN1 else "utf8mb4")
    name = DATABASE.encode("latin1" if spoken == "latin1" else "utf-8")
    with raw.Client(replicated.port, "maxscale", "maxscale", collation=collation, caps=raw.BASE | more) as client:
        if names:
            client.query(f"SET NAMES {names}")
        if by_command:
            client.command(raw.INIT_DB, name)
            client.ok()
        else:
            assert client.query(b"USE `" + name + b"`")[0][4] == 0
        assert client.query("SELECT DATABASE()")[-2][5:] == name
        before = replica.query(of_database)
        for number, in before:
            replica.run(f"KILL {number}")
        assert client.query("SELECT DATABASE()")[-2][5:] == name
        # It is a new one, and not that to the primary.
        assert set(replica.query(of_database)) - set(before)


@pytest.mark.parametrize("collation", [3, 17, LATIN1, UTF8MB4])
def test_names_that_are_long_in_bytes_and_short_in_characters(named, collation):
    """Continuation bytes of UTF-8 count as no character, so there is nothing to cut them by."""
    name = b"a" + b"\x80" * 50000 + b"b" * 200
    with login(named.port, name, "x", name, collation) as client:
        assert code(client.raw_packet()) in (1045, 1102)
