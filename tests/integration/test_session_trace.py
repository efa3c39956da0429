"""session_trace: the last log lines of sessions, in REST and in the log."""
import ctypes
import os
import platform
import signal
import subprocess

import pymysql
import pytest

from lab import lab

SYS_TGKILL = 234  # x86-64


def start(make_proxy, cluster, service=None, **maxscale):
    changes = {
        "maxscale": {"threads": "2", **maxscale},
        "Plain": {"type": "service", "router": "readconnroute", "servers": "server1",
                  "user": "maxscale", "password": "maxscale", "router_options": "master",
                  **(service or {})},
        "Plain-Listener": {"type": "listener", "service": "Plain", "port": lab.free_port()},
    }
    proxy = make_proxy(cluster.servers, changes)
    proxy.plain = changes["Plain-Listener"]["port"]
    proxy.wait_ready()
    lab.wait_for("a login", lambda: proxy.connect(port=proxy.plain).close() or True)
    return proxy


def ask(connection, *statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            cursor.fetchall()


def trace_of(proxy, connection):
    number = connection.thread_id()
    return proxy.api(f"sessions/{number}").json()["data"]["attributes"]["log"]


def dumped(proxy, text):
    return [line for line in proxy.log().splitlines() if "Trace: " in line and text in line]


def break_off(connection):
    """The client goes without COM_QUIT."""
    connection._force_close()


def test_rest_shows_the_lines_of_a_session(make_proxy, cluster):
    proxy = start(make_proxy, cluster, session_trace="5")
    with proxy.connect() as connection:
        ask(connection, "SELECT 'first'", "SELECT 'last'")
        with pytest.raises(pymysql.MySQLError):
            ask(connection, "SELECT nonsense")
        lines = trace_of(proxy, connection)
        number = connection.thread_id()
        shown = proxy.maxctrl("show", "session", str(number))
    assert len(lines) == 5
    assert all(f"info   : ({number}) " in line for line in lines), lines
    assert "'last'" in lines[1] and "To server" in lines[1]
    assert "From server" in lines[2] and "a result" in lines[2]
    assert "SELECT nonsense" in lines[3]
    assert "error 1054 (42S22)" in lines[4]
    assert "SELECT nonsense" in shown
    assert not dumped(proxy, "")  # all went well


def test_nothing_is_kept_unless_asked_for(make_proxy, cluster):
    proxy = start(make_proxy, cluster)
    with proxy.connect(port=proxy.plain) as connection:
        ask(connection, "SELECT 1")
        assert trace_of(proxy, connection) == []


def test_a_service_can_have_it_alone(make_proxy, cluster):
    proxy = start(make_proxy, cluster, service={"session_trace": "true"})
    with proxy.connect(port=proxy.plain) as traced, proxy.connect() as other:
        ask(traced, *["SELECT 1"] * 60)
        ask(other, "SELECT 1")
        assert len(trace_of(proxy, traced)) == 100
        assert trace_of(proxy, other) == []


def test_a_client_that_goes_without_a_word(make_proxy, cluster):
    proxy = start(make_proxy, cluster, session_trace="50")
    with proxy.connect(port=proxy.plain) as connection:
        ask(connection, "SELECT 'goes with a word'")
    connection = proxy.connect(port=proxy.plain)
    ask(connection, "SELECT 'goes without a word'")
    number = connection.thread_id()
    break_off(connection)
    lab.wait_for("the lines", lambda: dumped(proxy, "connection has closed"))
    assert len(dumped(proxy, "without a word")) == 1
    assert all(f" ({number}) " in line for line in dumped(proxy, ""))
    order = [what for line in dumped(proxy, "") for what in ("logged in", "without a word", "has closed")
             if what in line]
    assert order == ["logged in", "without a word", "has closed"]
    assert "because the client did not say good-bye" in proxy.log()


def test_a_lost_server_connection(make_proxy, cluster):
    proxy = start(make_proxy, cluster, session_trace="50")
    connection = proxy.connect(port=proxy.plain)
    ask(connection, "SELECT 'on a connection that is lost'")
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@pseudo_thread_id")
        cluster.primary.run(f"KILL {cursor.fetchone()[0]}")
    lab.wait_for("the lines", lambda: dumped(proxy, "that is lost"))
    assert len(dumped(proxy, "that is lost")) == 1  # once, though the session ends too


def test_lines_that_match(make_proxy, cluster):
    proxy = start(make_proxy, cluster, session_trace="50", session_trace_match="/error 1[0-9]54/")
    with proxy.connect() as connection:
        ask(connection, "SELECT 'uneventful'")
    with proxy.connect() as connection:
        with pytest.raises(pymysql.MySQLError):
            ask(connection, "SELECT eventful")
    lab.wait_for("the lines", lambda: dumped(proxy, "SELECT eventful"))
    assert not dumped(proxy, "uneventful")
    assert "because a line matches session_trace_match" in proxy.log()


def test_it_can_be_switched_while_the_program_runs(make_proxy, cluster):
    proxy = start(make_proxy, cluster)
    for value in ("true", "false"):
        proxy.maxctrl("alter", "service", "Plain", f"session_trace={value}")
        with proxy.connect(port=proxy.plain) as connection:
            ask(connection, "SELECT 1")
            assert bool(trace_of(proxy, connection)) == (value == "true")


def test_the_end_of_the_program_is_no_fault(make_proxy, cluster):
    proxy = start(make_proxy, cluster, session_trace="50")
    connection = proxy.connect(port=proxy.plain)
    ask(connection, "SELECT 1")
    proxy.stop()
    assert not dumped(proxy, "")


def is_sanitized():
    done = subprocess.run(["nm", "-D", os.path.join(lab.ROOT, "bin", "maxscale")], capture_output=True,
                          text=True)
    return "__asan_init" in done.stdout or "__tsan_init" in done.stdout


def threads_of(pid, name):
    out = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/comm", encoding="utf-8") as file:
            if name in file.read():
                out.append(int(thread))
    return out


@pytest.mark.skipif(is_sanitized(), reason="a sanitizer takes fatal signals itself")
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the number of a system call")
def test_a_crash(make_proxy, cluster):
    proxy = start(make_proxy, cluster, session_trace="50", threads="1")
    connection = proxy.connect(port=proxy.plain)
    ask(connection, "SELECT 'before the crash'")
    for worker in threads_of(proxy.process.pid, "worker"):
        ctypes.CDLL(None).syscall(SYS_TGKILL, proxy.process.pid, worker, signal.SIGSEGV)
    proxy.process.wait(timeout=60)
    proxy.process = None  # its end is no clean one
    assert dumped(proxy, "before the crash")
