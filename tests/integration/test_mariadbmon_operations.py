"""mariadbmon on real servers: commands, maintenance, refusals."""
import subprocess

from lab import lab
from test_mariadbmon_failover import started, state, wait_state


def call(proxy, command, *arguments, method="POST"):
    query = "&".join(("MariaDB-Monitor",) + arguments)
    return proxy.api(f"maxscale/modules/mariadbmon/{command}?{query}", method)


def errors(answer):
    return " ".join(error["detail"] for error in answer.json()["errors"])


def test_switchover_there_and_back(make_cluster, make_proxy):
    cluster = make_cluster(replicas=2)
    proxy = started(cluster, make_proxy)
    first, second, third = cluster.servers
    assert call(proxy, "switchover", "server2").status_code == 204
    wait_state(proxy, "server2", "Master", "Running")
    assert first.query("SELECT @@read_only") == ((1,),)
    assert second.query("SELECT @@read_only") == ((0,),)
    for replica in (first, third):
        wait_state(proxy, replica.name, "Slave", "Running")
        assert replica.slave_status()[0]["Master_Port"] == second.port
    second.run("CREATE TABLE test.s (id INT PRIMARY KEY)", "INSERT INTO test.s VALUES (1)")
    cluster.sync(second)
    assert first.query("SELECT * FROM test.s") == ((1,),)

    named = proxy.api("maxscale/modules/mariadbmon/switchover?monitor=MariaDB-Monitor&"
                      "new_primary=server1&old_primary_maint=true", "POST")
    assert named.status_code == 204, named.text
    wait_state(proxy, "server1", "Master", "Running")
    wait_state(proxy, "server2", "Maintenance")
    proxy.maxctrl("clear", "server", "server2", "maintenance")
    wait_state(proxy, "server2", "Slave", "Running")


def test_commands_that_make_no_sense_are_refused_with_the_reason(make_cluster, make_proxy):
    proxy = started(make_cluster(replicas=1), make_proxy)
    answer = call(proxy, "failover")
    assert answer.status_code == 400 and "is running" in errors(answer)
    answer = call(proxy, "switchover", "server1")
    assert answer.status_code == 400 and "already" in errors(answer)
    answer = call(proxy, "rejoin", "server2")
    assert answer.status_code == 400 and "replicates from the primary already" in errors(answer)
    answer = call(proxy, "fetch-cmd-result", method="GET")
    assert answer.status_code == 400
    answer = call(proxy, "cancel-cmd")
    assert answer.status_code == 400


def test_command_that_nobody_waits_for_leaves_its_result(make_cluster, make_proxy):
    proxy = started(make_cluster(replicas=1), make_proxy)
    assert call(proxy, "async-switchover").status_code == 204
    wait_state(proxy, "server2", "Master", "Running")
    lab.wait_for("the result", lambda: "successfully" in str(
        call(proxy, "fetch-cmd-result", method="GET").json()), 20)


def test_maintenance_is_immediate_and_refused_for_the_primary(make_cluster, make_proxy):
    proxy = started(make_cluster(replicas=1), make_proxy,
                    {"MariaDB-Monitor": {"monitor_interval": "20s"}})
    proxy.maxctrl("set", "server", "server2", "maintenance")
    assert "Maintenance" in state(proxy, "server2")
    proxy.maxctrl("clear", "server", "server2", "maintenance")
    assert {"Slave", "Running"} <= state(proxy, "server2")
    proxy.maxctrl("set", "server", "server2", "drain")
    assert state(proxy, "server2") & {"Drained", "Draining"}
    proxy.maxctrl("clear", "server", "server2", "drain")
    answer = proxy.api("servers/server1/set?state=maintenance", "PUT")
    assert answer.status_code in (400, 403) and "switchover" in errors(answer)
    assert "Maintenance" not in state(proxy, "server1")


def test_writable_replica_is_closed(make_cluster, make_proxy):
    cluster = make_cluster(replicas=1)
    started(cluster, make_proxy, {"MariaDB-Monitor": {"monitor_interval": "500ms"}})
    cluster.servers[1].run("SET GLOBAL read_only = 0")
    lab.wait_for("read_only", lambda: cluster.servers[1].query("SELECT @@read_only") == ((1,),), 20)


def test_reset_replication_begins_anew(make_cluster, make_proxy):
    cluster = make_cluster(replicas=1)
    proxy = started(cluster, make_proxy)
    assert call(proxy, "reset-replication", "server2").status_code == 204
    wait_state(proxy, "server2", "Master", "Running")
    wait_state(proxy, "server1", "Slave", "Running")
    assert cluster.servers[1].query("SELECT @@gtid_binlog_pos")[0][0].startswith("0-2-")


def test_script_runs_on_events(make_cluster, make_proxy, tmp_path):
    script = tmp_path / "event.sh"
    script.write_text("#!/bin/sh\necho \"$@\" >> " + str(tmp_path / "seen") + "\necho warning: hi\n")
    script.chmod(0o755)
    assert subprocess.run([str(script)], check=True, stdout=subprocess.DEVNULL)
    cluster = make_cluster(replicas=1)
    proxy = started(cluster, make_proxy, {"MariaDB-Monitor": {
        "script": f"{script} $EVENT $INITIATOR '$MASTERLIST'", "events": "slave_down,new_master"}})
    replica = cluster.servers[1]
    replica.kill()
    wait_state(proxy, "server2", "Down")
    expected = (f"slave_down [127.0.0.1]:{replica.port} "
                f"[127.0.0.1]:{cluster.primary.port}")
    lab.wait_for("the script", lambda: expected in (tmp_path / "seen").read_text(), 20)
    assert "slave_up" not in (tmp_path / "seen").read_text()
    assert any("warning:" in line and line.rstrip().endswith("hi")
               for line in proxy.log().splitlines())
