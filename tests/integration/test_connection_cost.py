"""What connecting, one statement and the end cost the release build, between a load client and two load
servers: system calls and heap allocations; and the memory of the program before anybody connects. No times."""
import os

import pytest

from lab import counting, lab, loadbed

RELEASE = os.environ.get("MX_RELEASE_ROOT", os.path.join(lab.REPO, "build-release", "root"))
CONNECTIONS = 400
# Without and with server connections that outlive their sessions. Accept, login, statement, answer and
# end, and of each new server connection the same from the other side.
CALLS = {("new", "rcr"): 24, ("new", "rws"): 36, ("pooled", "rcr"): 12.2, ("pooled", "rws"): 12.5}
WAITS = {("new", "rcr"): 9, ("new", "rws"): 12, ("pooled", "rcr"): 6.5, ("pooled", "rws"): 6.5}
ALLOCATIONS = {("new", "rcr"): 10, ("new", "rws"): 13, ("pooled", "rcr"): 9, ("pooled", "rws"): 11}
# Three quarters of it are pages of shared libraries, and it is more when what only the start needed is
# not given back (src/app/trim.c); what is the program's own is bounded apart.
BASE_KIB = 8.5 * 1024
OWN_KIB = 2 * 1024


def start(tmp_path_factory, pool):
    counters = counting.Counters(str(tmp_path_factory.mktemp("count")))
    servers = [loadbed.Server(), loadbed.Server()]
    proxy = loadbed.Proxy(servers, pool=pool, root=RELEASE, environment=counters.environment)
    proxy.start()
    yield proxy, counters
    proxy.stop()
    for server in servers:
        server.stop()


@pytest.fixture(scope="module")
def new(tmp_path_factory):
    yield from start(tmp_path_factory, 0)


@pytest.fixture(scope="module")
def pooled(tmp_path_factory):
    yield from start(tmp_path_factory, 10)


def connect(proxy, service, connections=CONNECTIONS):
    loadbed.load(getattr(proxy, service), "--clients", "1", "--statements", str(connections),
                 "--mode", "connect")


@pytest.mark.parametrize("service", ["rcr", "rws"])
@pytest.mark.parametrize("kind", ["new", "pooled"])
def test_system_calls_of_a_connection(kind, service, request):
    proxy, _ = request.getfixturevalue(kind)
    connect(proxy, service, 50)
    calls = counting.system_calls(proxy.process.pid, lambda: connect(proxy, service))
    del calls["total"]
    waits = (calls.pop("epoll_wait", 0) + calls.pop("epoll_pwait", 0)) / CONNECTIONS
    assert waits < WAITS[kind, service]
    assert sum(calls.values()) / CONNECTIONS < CALLS[kind, service] + 0.5, calls
    assert calls["accept4"] < CONNECTIONS * 1.2  # none that only learns that nobody is there
    assert calls["getrandom"] < CONNECTIONS / 10


@pytest.mark.parametrize("service", ["rcr", "rws"])
@pytest.mark.parametrize("kind", ["new", "pooled"])
def test_allocations_of_a_connection(kind, service, request):
    proxy, counters = request.getfixturevalue(kind)
    connect(proxy, service, 50)
    before = counters.read()
    connect(proxy, service)
    after = counters.read()
    assert (after[0] - before[0]) / CONNECTIONS < ALLOCATIONS[kind, service] + 0.5
    assert after[1] - before[1] > (after[0] - before[0]) * 0.9  # all of it has been given back


def test_memory_before_anybody_connects():
    server = loadbed.Server()
    proxy = loadbed.Proxy([server], root=RELEASE)
    try:
        proxy.start()
        with open(f"/proc/{proxy.process.pid}/status", encoding="utf-8") as file:
            kib = {line.split(":")[0]: int(line.split()[1]) for line in file if line.startswith(("VmRSS", "RssAnon"))}
        with open(f"/proc/{proxy.process.pid}/maps", encoding="utf-8") as file:
            maps = file.read()
    finally:
        proxy.stop()
        server.stop()
    assert kib["VmRSS"] < BASE_KIB
    assert kib["RssAnon"] < OWN_KIB
    assert "libsystemd" not in maps  # it brings seven more libraries
