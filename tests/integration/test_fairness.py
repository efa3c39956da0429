"""Nobody is held up by a client that says much at once, and nobody's answers fill the memory: counted in turns
of the only worker and in bytes, on the release build. No times."""
import os
import threading

import pytest

from conversations import raw as rawclient
from lab import counting, lab, loadbed


RELEASE = os.environ.get("MX_RELEASE_ROOT", os.path.join(lab.REPO, "build-release", "root"))
COMMANDS = 20_000
AT_ONCE = 512  # commands that one client has handled in a turn, as the protocol module says
UNKNOWN = 0x77


@pytest.fixture(scope="module")
def bed():
    server = loadbed.Server()
    proxy = loadbed.Proxy([server], root=RELEASE)
    proxy.start()
    yield proxy
    proxy.stop()
    server.stop()


def waits(calls):
    """How often threads waited for events: once per turn of the worker, and seldom elsewhere."""
    return sum(calls.get(name, 0) for name in ("epoll_wait", "epoll_pwait", "epoll_pwait2", "io_uring_enter"))


def say(client, count, payload):
    """Many commands at once, from a thread: they may have to wait for room."""
    thread = threading.Thread(target=client.socket.sendall, args=(rawclient.frame(payload) * count,))
    thread.start()
    return thread


@pytest.mark.parametrize("service", ["rcr", "rws"])
@pytest.mark.parametrize("payload, answered", [(bytes([rawclient.CLOSE, 9, 0, 0, 0]), False),
                                               (bytes([rawclient.QUERY]) + b"SELECT 1", True)])
def test_a_turn_handles_a_bounded_number_of_commands(bed, service, payload, answered):
    def work():
        thread = say(client, COMMANDS, payload)
        for _ in range(COMMANDS if answered else 0):
            client.result()
        thread.join()
        client.command(rawclient.PING)
        client.ok()
    with rawclient.Client(getattr(bed, service)) as client:
        calls = counting.system_calls(bed.process.pid, work)
    assert waits(calls) >= COMMANDS // AT_ONCE, calls


@pytest.mark.parametrize("service", ["rcr", "rws"])
def test_answers_that_are_not_read_do_not_fill_the_memory(bed, service):
    """Each error is several times as long as the command that asked for it."""
    count = 1_000_000
    pid = bed.process.pid
    with rawclient.Client(getattr(bed, service)) as client:
        counting.forget_peak_rss(pid)
        before = counting.peak_rss_kib(pid)
        thread = say(client, count, bytes([UNKNOWN]))
        seen = [-2, -1, 0]

        def rests():
            usage = counting.Usage(pid)
            seen.append(usage.user + usage.system)
            return seen[-1] == seen[-2] == seen[-3]
        lab.wait_for("the proxy to have nothing to do", rests)
        assert counting.peak_rss_kib(pid) - before < 4096
        one = len(client.packet()) + 4
        left = (count - 1) * one - len(client.input)
        client.input.clear()
        while left > 0:
            left -= len(client.socket.recv(min(left, 1 << 20)))
        thread.join()
        client.command(rawclient.PING)
        client.ok()
