"""mariadbmon on real servers: a killed, a hanging and a returning primary."""
import signal
import time

from lab import lab


def attributes(proxy, server):
    return proxy.api(f"servers/{server}").json()["data"]["attributes"]


def state(proxy, server):
    return set(attributes(proxy, server)["state"].split(", "))


def wait_state(proxy, server, *words, seconds=40):
    lab.wait_for(f"{server} to be {words}; log {proxy.log_file}",
                 lambda: set(words) <= state(proxy, server), seconds, 0.02)


def primary_of(cluster, proxy, besides=()):
    for server in cluster.servers:
        if server not in besides and "Master" in state(proxy, server.name):
            return server
    return None


def started(cluster, make_proxy, changes=None):
    proxy = make_proxy(cluster.servers, changes)
    wait_state(proxy, "server1", "Master", "Running")
    for server in cluster.servers[1:]:
        wait_state(proxy, server.name, "Slave", "Running")
    return proxy


def test_killed_primary_is_replaced_at_once_and_rejoins(make_cluster, make_proxy):
    cluster = make_cluster(replicas=2)
    proxy = started(cluster, make_proxy)
    old = cluster.primary
    old.run("CREATE TABLE test.t (id INT PRIMARY KEY)", "INSERT INTO test.t VALUES (1)")
    began = time.monotonic()
    old.kill()
    new = lab.wait_for("a promotion", lambda: primary_of(cluster, proxy, (old,)), 30, 0.02)
    # far less than failcount x monitor_interval (10 s): refused connections leave no doubt
    assert time.monotonic() - began < 8
    other = next(s for s in cluster.servers if s not in (old, new))
    assert new.query("SELECT @@read_only") == ((0,),)
    assert new.slave_status() == ()
    # Its state says that of the former one, too, until the monitor has seen that it is down.
    lab.wait_for("the other replica to follow", lambda: other.slave_status()[0]["Master_Port"] == new.port)
    wait_state(proxy, other.name, "Slave", "Running")
    new.run("INSERT INTO test.t VALUES (2)")

    old.start()
    wait_state(proxy, old.name, "Slave", "Running")
    assert old.query("SELECT @@read_only") == ((1,),)
    lab.wait_for("the row on the old primary",
                 lambda: len(old.query("SELECT * FROM test.t")) == 2, 20)
    events = attributes(proxy, new.name)
    assert events["last_event"] == "new_master"
    assert events["triggered_at"].endswith("GMT")


def test_hanging_replica_does_not_delay_the_failover(make_cluster, make_proxy):
    cluster = make_cluster(replicas=2)
    proxy = started(cluster, make_proxy)
    hanging, healthy = cluster.servers[1:]
    hanging.process.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        cluster.primary.kill()
        wait_state(proxy, healthy.name, "Master", "Running")
        # its timeouts alone would take 6 s
        assert time.monotonic() - began < 5
    finally:
        hanging.process.send_signal(signal.SIGCONT)
    # Its state alone says nothing: until the monitor has given up waiting for it, it is the former one.
    lab.wait_for("the other replica to follow",
                 lambda: hanging.slave_status()[0]["Master_Port"] == healthy.port)
    wait_state(proxy, hanging.name, "Slave", "Running")


def test_silent_primary_is_given_failcount_ticks(make_cluster, make_proxy):
    cluster = make_cluster(replicas=1)
    proxy = started(cluster, make_proxy, {"MariaDB-Monitor": {
        "monitor_interval": "500ms", "failcount": "4", "backend_read_timeout": "1s",
        "backend_connect_timeout": "1s", "master_failure_timeout": "3s"}})
    primary = cluster.primary
    primary.process.send_signal(signal.SIGSTOP)
    try:
        wait_state(proxy, "server1", "Down")
        assert "Master" not in state(proxy, "server2")
        wait_state(proxy, "server2", "Master", "Running")
    finally:
        primary.process.send_signal(signal.SIGCONT)
    wait_state(proxy, "server1", "Slave", "Running")
    assert primary.query("SELECT @@read_only") == ((1,),)


def test_scheduled_events_move_with_the_primary(make_cluster, make_proxy):
    cluster = make_cluster(replicas=1)
    cluster.primary.run("CREATE EVENT test.e ON SCHEDULE EVERY 1 HOUR DO SELECT 1")
    cluster.sync()
    proxy = started(cluster, make_proxy)
    query = "SELECT STATUS, DEFINER FROM information_schema.EVENTS WHERE EVENT_NAME = 'e'"
    definer = cluster.primary.query(query)[0][1]
    proxy.maxctrl("call", "command", "mariadbmon", "switchover", "MariaDB-Monitor")
    assert cluster.servers[1].query(query) == (("ENABLED", definer),)
    assert cluster.servers[0].query(query) == (("SLAVESIDE_DISABLED", definer),)


def test_restart_of_the_proxy_keeps_the_primary(make_cluster, make_proxy):
    """Two standalone servers: the journal knows which one was the primary."""
    cluster = make_cluster(replicas=1)
    proxy = started(cluster, make_proxy, {"MariaDB-Monitor": {"auto_rejoin": "false"}})
    cluster.primary.kill()
    wait_state(proxy, "server2", "Master", "Running")
    proxy.stop()
    cluster.primary.start()
    proxy.start()
    wait_state(proxy, "server2", "Master", "Running")
    wait_state(proxy, "server1", "Running")
    assert "Master" not in state(proxy, "server1")
