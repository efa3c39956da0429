"""COM_SHUTDOWN goes to the server like any other command: the account's rights decide there, and its answer
is the client's."""
import pytest

from conversations import raw
from lab import lab

NOBODY = ("CREATE USER nobody@'%' IDENTIFIED BY 'nobody'",)


def start(make_proxy, cluster, **service):
    port = lab.free_port()
    proxy = make_proxy(cluster.servers[:1], {
        "Read-Write-Service": service,
        "Plain": {"type": "service", "router": "readconnroute", "servers": "server1",
                  "user": "maxscale", "password": "maxscale", "router_options": "master"},
        "Plain-Listener": {"type": "listener", "service": "Plain", "port": port}})
    proxy.wait_ready()
    return {"rws": proxy.port, "rcr": port}, proxy


def talk(port, user, body):
    """Everything that comes back, and whether the connection is open then."""
    out = []
    with raw.Client(port, user=user, password=user) as client:
        client.command(raw.SHUTDOWN, body)
        try:
            out.append(client.raw_packet())
            client.command(raw.PING)
            out.append(client.raw_packet())
        except (raw.Gone, ConnectionError):
            out.append("gone")
    return out


@pytest.mark.parametrize("body", [b"", b"\0", b"\x10", b"\xff"])
def test_without_the_right_it_is_refused(make_proxy, cluster, body):
    cluster.primary.run("CREATE OR REPLACE USER nobody@'%' IDENTIFIED BY 'nobody'")
    ports, _ = start(make_proxy, cluster)
    direct = talk(cluster.primary.port, "nobody", body)
    for port in ports.values():
        assert talk(port, "nobody", body) == direct
    assert cluster.primary.process.poll() is None


@pytest.mark.parametrize("router", ["rws", "rcr"])
def test_with_the_right_the_server_ends(make_proxy, make_cluster, router):
    beside, behind = make_cluster(0), make_cluster(0)
    ports, proxy = start(make_proxy, behind)

    def end(port):
        with raw.Client(port) as client:
            client.query("SELECT 1")
            client.command(raw.SHUTDOWN, b"\0")
            return client.raw_packet()
    direct = end(beside.primary.port)
    # It would hang up when it finds the server gone, which may be before the answer is on its way.
    assert proxy.api("monitors/MariaDB-Monitor/stop", "PUT").ok
    assert end(ports[router]) == direct
    assert proxy.api("monitors/MariaDB-Monitor/start", "PUT").ok
    assert beside.primary.process.wait(60) == behind.primary.process.wait(60) == 0
    proxy.wait_state("server1", "Down")
    behind.primary.start()
    proxy.wait_ready()
