"""PROXY headers: from whatever stands in front of the proxy, and on to the servers."""
import os
import socket
import struct

import pytest

import conversations as talk
from conversations import raw
from lab import lab

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
CLIENT = "192.0.2.7"
V1 = b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 3306\r\n"


def v2(family, body, command=0x21):
    return SIGNATURE + bytes([command, family]) + struct.pack(">H", len(body)) + body


V2 = v2(0x11, socket.inet_aton(CLIENT) + socket.inet_aton("10.0.0.1") + struct.pack(">HH", 4711, 3306))
V2_TLV = v2(0x11, V2[16:] + b"\x04\0\x05abcde")
V6 = b"PROXY TCP6 2001:db8::7 2001:db8::1 4711 3306\r\n"
V2_V6 = v2(0x21, socket.inet_pton(socket.AF_INET6, "2001:db8::7") + bytes(16) + struct.pack(">HH", 4711, 1))


class Places:
    """Ports and the socket of the listeners."""

    def __init__(self, folder):
        self.socket = os.path.join(folder, "mx.sock")
        self.ports = {name: lab.free_port() for name in ("Allowed", "Any", "Nobody", "Told")}


@pytest.fixture(scope="module")
def places(template):
    from conftest import Proxy, finish
    folder = lab.scratch("mx-proxy-header-")
    os.symlink(template, os.path.join(folder, "template"))
    made = lab.Cluster(folder, 0, options={0: ["--proxy-protocol-networks=127.0.0.1"]})
    places = Places(folder)
    changes = {"maxscale": {"users_refresh_time": "0s"}}
    networks = {"Allowed": "127.0.0.1, 10.0.0.0/8", "Any": "*", "Nobody": "10.0.0.0/8", "Told": "*"}
    for name, port in places.ports.items():
        changes[name] = {"type": "listener", "service": "With-Header",
                         "port": port, "proxy_protocol_networks": networks[name]}
    changes["Socket"] = {"type": "listener", "service": "With-Header", "socket": places.socket,
                         "proxy_protocol_networks": "localhost"}
    proxy = None
    try:
        made.start()
        changes["told"] = {"type": "server", "address": "localhost", "port": made.primary.port,
                           "proxy_protocol": "true"}
        changes["With-Header"] = {"type": "service", "router": "readconnroute", "servers": "told",
                                  "user": "maxscale", "password": "maxscale",
                                  "router_options": "running"}
        changes["Told-Monitor"] = {"type": "monitor", "module": "mariadbmon", "servers": "told",
                                   "user": "monitor_user", "password": "monitor_user",
                                   "monitor_interval": "500ms"}
        with raw.Client(made.primary.port, caps=raw.BASE | raw.MULTI) as setup:
            setup.query(talk.SETUP)
        made.primary.run("CREATE USER seven@'192.0.2.7' IDENTIFIED BY 'seven'",
                         "CREATE USER eight@'2001:db8::7' IDENTIFIED BY 'eight'",
                         "CREATE USER sock@localhost IDENTIFIED BY 'sock'")
        proxy = Proxy(made.servers, changes)
        proxy.start()
        proxy.wait_ready()
        places.proxy, places.cluster = proxy, made
        yield places
    finally:
        if proxy:
            finish(proxy)
        made.stop()


def session_of(places, client):
    sessions = places.proxy.api("sessions").json()["data"]
    ids = {int(s["id"]) & 0xffffffff: s["attributes"] for s in sessions}
    assert client.thread_id in ids
    return ids[client.thread_id]


@pytest.mark.parametrize("header", [V1, V2, V2_TLV], ids=["v1", "v2", "v2 with TLV"])
def test_the_header_names_the_client(places, header):
    with raw.Client(places.ports["Allowed"], "seven", "seven", header=header) as client:
        assert client.answer[0] == 0, client.answer
        assert session_of(places, client)["remote"] == CLIENT
        assert session_of(places, client)["port"] == 4711
        assert client.query("SELECT 1")[-2][4:] == b"\x011"


def test_ipv6_in_the_header(places):
    for header in (V6, V2_V6):
        with raw.Client(places.ports["Allowed"], "eight", "eight", header=header) as client:
            assert client.answer[0] == 0, client.answer
            assert session_of(places, client)["remote"] == "2001:db8::7"


def test_accounts_match_the_address_of_the_header(places):
    with raw.Client(places.ports["Allowed"], "seven", "seven") as client:
        assert client.answer[1:3] == struct.pack("<H", 1045)
        assert b"'seven'@'127.0.0.1'" in client.answer
    with raw.Client(places.ports["Any"], "app", "wrong", header=V1) as client:
        assert b"'app'@'192.0.2.7'" in client.answer
    lab.wait_for("the log", lambda: f"Authentication failed for user 'app'@[{CLIENT}]" in places.proxy.log())


@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", v2(0, b"", 0x20), b""],
                         ids=["v1 unknown", "v2 local", "none"])
def test_headers_without_a_client_change_nothing(places, header):
    with raw.Client(places.ports["Allowed"], header=header) as client:
        assert client.answer[0] == 0, client.answer
        assert session_of(places, client)["remote"] == "127.0.0.1"


def refusal(port, header, **more):
    """Code and text of the packet behind the greeting."""
    with raw.Client(port, login=False, header=header, **more) as client:
        answer = client.packet()
        assert client.sequence == 2
        assert answer[:1] == b"\xff"
        with pytest.raises(raw.Gone):
            client.packet()
        return struct.unpack_from("<H", answer, 1)[0], answer[3:]


@pytest.mark.parametrize("header", [V1, V2, b"PROXY nonsense\r\n"], ids=["v1", "v2", "nonsense"])
def test_not_from_this_address(places, header):
    code, text = refusal(places.ports["Nobody"], header)
    assert (code, text) == (1130, b"#HY000A PROXY header is not accepted from '127.0.0.1'")
    with raw.Client(places.ports["Nobody"]) as client:
        assert client.answer[0] == 0


def test_listener_without_the_parameter_refuses_headers(places):
    assert refusal(places.proxy.port, V1)[0] == 1130


@pytest.mark.parametrize("header", [b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 99999\r\n",
                                    b"PROXY TCP4 192.0.2.7" + b" " * 100,
                                    v2(0x12, bytes(12)), SIGNATURE + b"\x21\x11\xff\xff",
                                    b"\r\n\r\nnot quite"])
def test_bad_headers(places, header):
    code, text = refusal(places.ports["Allowed"], header)
    assert code == 1105
    assert text.startswith(b"#HY000The PROXY header is not valid: ")


def test_only_one_header(places):
    with raw.Client(places.ports["Any"], login=False, header=V1 + V1) as client:
        assert client.packet()[1:3] == struct.pack("<H", 1156)


def test_header_in_pieces_and_with_the_login(places):
    for header in (V1, V2):
        client = raw.Client(places.ports["Allowed"], "seven", "seven", login=False, header=header[:1])
        with client:
            for i in range(1, len(header)):
                client.socket.sendall(header[i:i + 1])
            client.login("seven", "seven", "", 45)
            assert client.answer[0] == 0, client.answer


def test_blocked_is_the_client_not_the_one_in_front(places):
    bad = b"PROXY TCP4 192.0.2.99 198.51.100.1 1 2\r\n"
    for _ in range(11):
        try:
            with raw.Client(places.ports["Any"], "app", "wrong", header=bad):
                pass
        except raw.Gone:
            pass
    code, text = refusal(places.ports["Any"], bad)
    assert code == 1129 and b"192.0.2.99" in text
    with raw.Client(places.ports["Any"], header=V1) as client:
        assert client.answer[0] == 0
    with raw.Client(places.ports["Any"]) as client:
        assert client.answer[0] == 0


# -- towards servers

def host_seen(client):
    return client.query("SELECT SUBSTRING_INDEX(USER(), '@', -1)")[-2][5:].decode()


def test_the_server_is_told(places):
    with raw.Client(places.ports["Told"]) as client:
        assert host_seen(client) == "127.0.0.1"
    with raw.Client(places.ports["Told"], "seven", "seven", header=V1) as client:
        assert host_seen(client) == CLIENT
        port = client.query("SELECT HOST FROM information_schema.PROCESSLIST WHERE ID = CONNECTION_ID()")
        assert port[-2][5:] == b"192.0.2.7:4711"
    with raw.Client(places.ports["Told"], "eight", "eight", header=V6) as client:
        assert host_seen(client) == "2001:db8::7"


def test_monitor_and_accounts_speak_for_themselves(places):
    def seen():
        rows = places.cluster.primary.query("SELECT USER, HOST FROM information_schema.PROCESSLIST")
        return any(user == "monitor_user" and host.startswith("127.0.0.1") for user, host in rows)
    lab.wait_for("the monitor's connection", seen)
    assert "Running" in places.proxy.states()["told"]


def test_client_on_a_unix_socket_cannot_be_told_of(places):
    with raw.Client(0, "app", "app", path=places.socket) as client:
        assert client.answer[:1] == b"\xff"
        assert b"unix socket" in client.answer
    lab.wait_for("the log", lambda: "cannot tell of a client on a unix socket" in places.proxy.log())
    # ... unless somebody names him
    with raw.Client(0, "seven", "seven", path=places.socket, header=V1) as client:
        assert host_seen(client) == CLIENT
    with raw.Client(0, "sock", "sock", path=places.socket, header=v2(0x31, bytes(216))) as client:
        assert b"unix socket" in client.answer


@pytest.mark.parametrize("conversation",
                         [c for c in talk.ALL if not c.__name__.startswith("large")] + talk.WITH_MULTI,
                         ids=lambda c: c.__name__)
def test_conversations_behind_headers(places, conversation):
    caps = raw.BASE | raw.TRACK | raw.NO_EOF
    caps |= raw.MULTI if conversation in talk.WITH_MULTI else 0
    with raw.Client(places.cluster.primary.port, caps=caps, header=V1) as direct:
        expected = conversation(direct)
    for header in (V1, V2):
        with raw.Client(places.ports["Told"], caps=caps, header=header) as through:
            got = conversation(through)
            assert [p[:300] for p in got] == [p[:300] for p in expected]
            assert got == expected
