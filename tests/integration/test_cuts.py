"""Bytes in whatever pieces: single ones on both sides, and one cut at every place of a conversation."""
import contextlib
import struct
import subprocess

import pytest

import conversations as talk
from conftest import Proxy, finish
from conversations import raw
from relay import TO_CLIENT, TO_SERVER, Counter, CutAt, Relay, single_bytes, whole
from test_protocol_conversations import EXT, MODERN, PLAIN, compare, plain_service, port_of
from lab import lab

SHORT = [talk.multi, talk.procedures, talk.simple_commands, talk.reset, talk.infile_multi, talk.change_of_user,
         talk.direct, talk.out_parameters, talk.infile_prepared, talk.metadata, talk.options,
         talk.pipelined_kinds, talk.unknown_statements]
PROXY1 = b"PROXY TCP4 127.0.0.1 127.0.0.1 4711 3306\r\n"
PROXY2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes((127, 0, 0, 1, 127, 0, 0, 1)) + b"\x12\x67\x0c\xea"


class Sliced:
    """A proxy between two relays. What they do can be changed for the connections to come."""

    def __init__(self, primary, folder, **server):
        self.folder = folder
        self.to_server = self.from_client = lambda: whole
        self.behind = Relay(primary.port, lambda: self.to_server())
        self.plain_port = lab.free_port()
        changes = plain_service(self.plain_port)
        packed = {"compression": "true", "proxy_protocol_networks": "127.0.0.1",
                  "authenticator": "mariadbauth,ed25519auth",
                  "authenticator_options": f"ed_mode=sha256,{self.keys()}"} if server else {}
        changes["Plain-Listener"].update(packed)
        changes.update({"maxscale": {"users_refresh_time": "0s"}, "Read-Write-Listener": packed,
                        "server1": {"port": self.behind.port, **server}})
        self.proxy = Proxy([primary], changes)
        self.front = {}

    def keys(self):
        private, public = f"{self.folder}/private.pem", f"{self.folder}/public.pem"
        subprocess.run(["openssl", "genrsa", "-out", private, "2048"], check=True, capture_output=True)
        subprocess.run(["openssl", "rsa", "-in", private, "-pubout", "-out", public], check=True,
                       capture_output=True)
        return f"ed_rsa_privkey_path={private},ed_rsa_pubkey_path={public}"

    def start(self):
        self.proxy.start()
        self.proxy.wait_ready()
        for router in ("readconnroute", "readwritesplit"):
            self.front[router] = Relay(port_of(self.proxy, self.plain_port, router),
                                       lambda: self.from_client())

    def stop(self):
        for relay in (self.behind, *self.front.values()):
            relay.listener.close()
        finish(self.proxy)


def running(made):
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def primary(cluster):
    with raw.Client(cluster.primary.port, caps=raw.BASE | raw.MULTI) as setup:
        setup.query(talk.SETUP)
    cluster.primary.run("INSTALL SONAME 'auth_ed25519'",
                        "CREATE OR REPLACE USER ed@'%' IDENTIFIED VIA ed25519 USING PASSWORD('ed')")
    return cluster.primary


@pytest.fixture(scope="module")
def sliced(primary, tmp_path_factory):
    yield from running(Sliced(primary, tmp_path_factory.mktemp("keys")))


@pytest.fixture(scope="module")
def packed(primary, tmp_path_factory):
    yield from running(Sliced(primary, tmp_path_factory.mktemp("keys"), compression="true"))


@contextlib.contextmanager
def slices(made):
    made.to_server = made.from_client = lambda: single_bytes
    try:
        yield
    finally:
        made.to_server = made.from_client = lambda: whole


def through_slices(made, conversation, router, **arguments):
    with slices(made), raw.Client(made.front[router].port, **arguments) as client:
        return conversation(client)


@pytest.mark.parametrize("router,caps,ext", [
    ("readconnroute", MODERN, 0), ("readwritesplit", PLAIN | raw.MULTI, 0), ("readwritesplit", MODERN, EXT),
], ids=["readconnroute", "readwritesplit", "mariadb"])
@pytest.mark.parametrize("conversation", SHORT, ids=lambda c: c.__name__)
def test_single_bytes(sliced, primary, conversation, router, caps, ext):
    with raw.Client(primary.port, caps=caps, ext=ext) as direct:
        expected = conversation(direct)
    compare(expected, through_slices(sliced, conversation, router, caps=caps, ext=ext))


@pytest.mark.parametrize("header", [PROXY1, PROXY2], ids=["proxy1", "proxy2"])
@pytest.mark.parametrize("router", ["readconnroute", "readwritesplit"])
@pytest.mark.parametrize("conversation", [talk.multi, talk.infile_multi, talk.change_of_user, talk.metadata],
                         ids=lambda c: c.__name__)
def test_single_bytes_compressed_behind_a_proxy_header(packed, primary, conversation, router, header):
    with raw.Client(primary.port, caps=MODERN) as direct:
        expected = conversation(direct)
    got = through_slices(packed, conversation, router, caps=MODERN | raw.COMPRESS, header=header)
    compare(expected, got)


@pytest.mark.parametrize("router", ["readconnroute", "readwritesplit"])
def test_login_of_several_rounds_in_single_bytes(packed, router):
    """The password encrypted with RSA from the client, a signature to the server."""
    port = packed.front[router].port
    with slices(packed), packed.proxy.connect("ed", "ed", port=port) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_USER()")
        assert cursor.fetchone() == ("ed@%",)


def every_kind(c):
    """Few bytes, but all that is followed: definitions, rows, ids, a file, session state, another user."""
    out = c.query("SELECT 1; DO 2")
    number, _, packets = c.prepare("SELECT ?")
    out += [packets[0][:5] + packets[0][9:]] + packets[1:]
    out += c.execute(number, struct.pack("<q", 5), count=1, types=b"\x08\x00")
    out += c.query("LOAD DATA LOCAL INFILE 'x' INTO TABLE test.conv", lambda s: raw.frame(b"", s))
    assert talk.change_user(c, "app", "app", "test")[0] == 0
    return out + c.query("BEGIN")


@pytest.mark.parametrize("direction", [TO_SERVER, TO_CLIENT], ids=["client", "server"])
def test_cut_at_every_byte(sliced, primary, direction):
    """What was read up to the cut is no error and no other answer, wherever the cut is."""
    caps = raw.BASE | raw.MULTI
    with raw.Client(primary.port, caps=caps) as direct:
        expected = every_kind(direct)
    port = sliced.front["readwritesplit"].port

    def through():
        with raw.Client(port, caps=caps) as client:
            return every_kind(client)

    counter = Counter()
    place = "from_client" if direction == TO_SERVER else "to_server"
    try:
        setattr(sliced, place, lambda: counter)
        compare(expected, through())
        total = counter.bytes[direction]
        assert total > 200
        for at in range(1, total):
            setattr(sliced, place, lambda at=at: CutAt(direction, at))
            compare(expected, through())
    finally:
        setattr(sliced, place, lambda: whole)
