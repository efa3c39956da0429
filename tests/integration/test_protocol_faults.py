"""Odd clients, odd servers: a clear error or a clean end, and the proxy goes on."""
import contextlib
import random
import socket
import struct
import time

import pytest

from conversations import raw
from lab import lab


def error_code(payload):
    assert payload[0] == 0xff, payload
    return struct.unpack_from("<H", payload, 1)[0]


def assert_closed(client):
    with pytest.raises((raw.Gone, ConnectionError)):
        while True:
            client.packet()


def assert_alive(proxy):
    with raw.Client(proxy.port) as client:
        assert client.query("SELECT 1")[-1][4] != 0xff


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("VmRSS"):
                return int(line.split()[1])
    raise AssertionError("no VmRSS")


# ------------------------------------------------------------ login

def test_wrong_password_is_1045_and_logged_once(proxy):
    client = raw.Client(proxy.port, password="wrong")
    assert error_code(client.answer) == 1045
    assert_closed(client)
    lab.wait_for("the line in the log", lambda: "Authentication failed" in proxy.log())
    lines = [x for x in proxy.log().splitlines()
             if "Authentication failed for user 'app'@[127.0.0.1]" in x]
    assert len(lines) == 1
    assert "to service 'Read-Write-Service'. Originating listener: 'Read-Write-Listener'" in lines[0]
    assert "Access denied for user 'app'@'127.0.0.1' (using password: YES)" in lines[0]


@pytest.mark.parametrize("data,code", [
    (raw.frame(b"x" * 60, 5), 1156),
    (raw.frame(b"x" * 10, 1), 1043),
    (raw.frame(b"", 1), 1043),
    (b"\xff\xff\xff\x01", 1043),
], ids=["sequence", "short", "empty", "endless"])
def test_login_that_makes_no_sense_is_refused(proxy, data, code):
    client = raw.Client(proxy.port, login=False)
    client.send(data)
    assert error_code(client.packet()) == code
    assert_closed(client)
    assert_alive(proxy)


def test_client_that_says_nothing_is_closed_in_time(cluster, make_proxy):
    quick = make_proxy(cluster.servers, {"maxscale": {"auth_connect_timeout": "1s"}})
    quick.wait_ready()
    client = raw.Client(quick.port, login=False)
    client.socket.settimeout(10)
    assert_closed(client)


def test_too_many_failures_block_the_address(cluster, make_proxy):
    strict = make_proxy(cluster.servers, {"maxscale": {"max_auth_errors_until_block": "3",
                                                       "threads": "2"}})
    strict.wait_ready()
    for _ in range(3):
        assert error_code(raw.Client(strict.port, password="no").answer) == 1045
    with socket.create_connection(("127.0.0.1", strict.port), timeout=10) as refused:
        answer = refused.recv(1000)
    assert error_code(answer[4:]) == 1129


def test_max_connections_is_1040(cluster, make_proxy):
    small = make_proxy(cluster.servers, {"Read-Write-Service": {"max_connections": "2"}})
    small.wait_ready()
    with raw.Client(small.port), raw.Client(small.port):
        with socket.create_connection(("127.0.0.1", small.port), timeout=10) as refused:
            assert error_code(refused.recv(1000)[4:]) == 1040
    small.wait_ready()


def test_wait_timeout_closes_the_idle_only(cluster, make_proxy):
    impatient = make_proxy(cluster.servers, {"Read-Write-Service": {"wait_timeout": "1s"}})
    impatient.wait_ready()
    with raw.Client(impatient.port) as busy, raw.Client(impatient.port) as idle:
        busy.command(raw.QUERY, "SELECT SLEEP(2.5)")
        assert_closed(idle)
        assert busy.result()[-1][4] != 0xff


# ------------------------------------------------------------ commands

def test_wrong_sequence_number_is_1156(proxy):
    client = raw.Client(proxy.port)
    client.send(raw.frame(b"\x03SELECT 1", 3))
    assert error_code(client.packet()) == 1156
    assert_closed(client)


def test_wrong_sequence_number_inside_a_long_command_is_noticed(proxy):
    client = raw.Client(proxy.port)
    data = bytearray(raw.frame(b"\x03SELECT '" + b"x" * 17000000 + b"'"))
    data[4 + raw.MAX + 3] = 9
    with pytest.raises((raw.Gone, ConnectionError)):
        client.send(bytes(data))
        while True:
            client.packet()
    assert_alive(proxy)


def test_unknown_command_is_1047_and_the_session_goes_on(proxy):
    with raw.Client(proxy.port) as client:
        client.command(0x77)
        assert error_code(client.packet()) == 1047
        assert client.query("SELECT 1")[-1][4] != 0xff


def test_half_commands_leave_nothing_behind(proxy):
    command = raw.frame(b"\x03SELECT 12345678901234567890")
    for size in (1, 3, 4, 5, 20):
        client = raw.Client(proxy.port)
        client.send(command[:size])
        client.close()
    client = raw.Client(proxy.port)
    with contextlib.suppress(ConnectionError):  # it is more than the server takes, and that it may say at once
        client.send(raw.frame(b"\x03SELECT '" + b"x" * 20000000)[:18000000])
    client.close()
    assert_alive(proxy)


@pytest.mark.parametrize("seed", range(3))
def test_garbage_never_hurts(proxy, seed):
    dice = random.Random(seed)
    for _ in range(150):
        client = raw.Client(proxy.port, login=dice.random() < 0.6)
        try:
            for _ in range(dice.randrange(1, 4)):
                data = bytes(dice.randrange(256) for _ in range(dice.randrange(1, 80)))
                if dice.random() < 0.7:
                    data = raw.frame(data, 0 if dice.random() < 0.8 else 1)
                client.send(data)
        except ConnectionError:
            pass
        client.close()
    assert_alive(proxy)


# ------------------------------------------------------------ KILL

def test_kill_of_an_unknown_id_is_1094(proxy):
    with raw.Client(proxy.port) as client:
        client.command(raw.QUERY, "KILL 99999999")
        assert error_code(client.packet()) == 1094


def test_kill_by_a_stranger_is_1095(proxy, cluster):
    cluster.primary.run("CREATE OR REPLACE USER stranger@'%' IDENTIFIED BY 'x'")
    cluster.sync()
    with raw.Client(proxy.port) as victim, raw.Client(proxy.port, "stranger", "x") as stranger:
        assert stranger.answer[0] == 0, stranger.answer
        stranger.command(raw.QUERY, f"KILL {victim.thread_id}")
        assert error_code(stranger.packet()) == 1095
        assert victim.query("SELECT 1")[-1][4] != 0xff


def wait_until_running(cluster, text):
    end = time.monotonic() + 10
    while time.monotonic() < end:
        for server in cluster.servers:
            rows = server.query("SELECT info FROM information_schema.processlist "
                                f"WHERE info LIKE '{text}%'")
            if rows:
                return
        time.sleep(0.02)
    raise AssertionError(f"{text} does not run")


@pytest.mark.parametrize("form", ["KILL QUERY {}", "KILL SOFT QUERY {}"])
def test_kill_query_stops_the_statement_only(proxy, cluster, form):
    with raw.Client(proxy.port) as victim, raw.Client(proxy.port) as other:
        victim.command(raw.QUERY, "SELECT SLEEP(30)")
        wait_until_running(cluster, "SELECT SLEEP(30)")
        assert other.query(form.format(victim.thread_id))[-1][4] == 0
        began = time.monotonic()
        victim.result()
        assert time.monotonic() - began < 10
        assert victim.query("SELECT 1")[-1][4] != 0xff


def test_kill_ends_session_and_statement(proxy, cluster):
    with raw.Client(proxy.port) as victim, raw.Client(proxy.port) as other:
        victim.command(raw.QUERY, "SELECT SLEEP(31)")
        wait_until_running(cluster, "SELECT SLEEP(31)")
        assert other.query(f"KILL {victim.thread_id}")[-1][4] == 0
        assert error_code(victim.packet()) == 1927
        assert_closed(victim)
        end = time.monotonic() + 10
        while any(server.query("SELECT 1 FROM information_schema.processlist "
                               "WHERE info LIKE 'SELECT SLEEP(31)%'") for server in cluster.servers):
            assert time.monotonic() < end
            time.sleep(0.02)


# ------------------------------------------------------------ flow

def test_slow_client_does_not_make_memory_grow(proxy):
    with raw.Client(proxy.port) as client:
        client.query("SELECT REPEAT('x', 100000)")
        before = resident_kib(proxy.process.pid)
        client.command(raw.QUERY, "SELECT seq, REPEAT('x', 1000) FROM test.seq_1_to_200000")
        most = 0
        for _ in range(20):
            client.socket.recv(1000)
            time.sleep(0.02)
            most = max(most, resident_kib(proxy.process.pid) - before)
    assert most < 8192, f"{most} KiB for a result of 200 MB"


def test_server_that_closes_in_the_middle_of_a_result(proxy, cluster):
    with raw.Client(proxy.port) as client:
        client.command(raw.QUERY, "SELECT /* cut */ seq, REPEAT('x', 1000) FROM test.seq_1_to_500000")
        for _ in range(1000):
            client.raw_packet()
        for server in cluster.servers:
            for (number,) in server.query("SELECT id FROM information_schema.processlist "
                                          "WHERE info LIKE 'SELECT /* cut */%'"):
                server.run(f"KILL {number}")
        rows = 1000
        with pytest.raises((raw.Gone, ConnectionError)):
            while True:
                packet = client.raw_packet()
                rows += 1
                assert packet[4:5] != b"\xfe", "a short result that looks complete"
        assert rows < 500000
    assert_alive(proxy)


# ------------------------------------------------------------ the end

def test_sessions_return_to_none(proxy):
    clients = [raw.Client(proxy.port) for _ in range(20)]
    for client in clients[:10]:
        client.command(raw.QUIT)
    for client in clients:
        client.close()
    end = time.monotonic() + 10
    while proxy.api("sessions").json()["data"]:
        assert time.monotonic() < end, proxy.api("sessions").json()
        time.sleep(0.05)
