"""What mariadbmon says before, during and after something that cannot work."""
import pymysql

from lab import lab
from test_mariadbmon_failover import attributes, started, state, wait_state


def readiness(proxy):
    monitor = proxy.api("monitors/MariaDB-Monitor").json()["data"]["attributes"]
    return monitor["monitor_diagnostics"]["readiness"]


def is_ready(proxy):
    return {o["operation"]: o["ready"] for o in readiness(proxy)["operations"]}


def findings(proxy, finding):
    return [f for f in readiness(proxy)["findings"] if f["id"] == finding]


def test_replica_without_binlog_from_start_to_repair(make_cluster, make_proxy):
    cluster = make_cluster(replicas=1, binlog={1: False})
    proxy = started(cluster, make_proxy)
    old, new = cluster.servers
    # before it matters
    found = findings(proxy, "no_binlog")
    assert found and found[0]["server"] == "server2" and "log_bin" in found[0]["fix"]
    assert is_ready(proxy) == {"failover": False, "switchover": False, "rejoin": False}
    assert "server2" in proxy.log() and "log_bin" in proxy.log()
    # it happens: promoted because nobody else is there
    old.kill()
    wait_state(proxy, "server2", "Master", "Running")
    old.start()
    wait_state(proxy, "server1", "Running")
    # it keeps saying what to do
    lab.wait_for("the reason", lambda: "log_bin" in attributes(proxy, "server1").get(
        "state_details", ""), 20)
    assert "Slave" not in state(proxy, "server1")
    assert findings(proxy, "not_rejoined")[0]["server"] == "server1"
    # the cause is mended: the rest happens by itself
    new.stop()
    new.binlog = True
    new.start()
    wait_state(proxy, "server2", "Master", "Running")
    wait_state(proxy, "server1", "Slave", "Running")
    assert "state_details" not in attributes(proxy, "server1")
    new.run("CREATE TABLE test.n (id INT)")
    lab.wait_for("replication", lambda: old.query("SHOW TABLES IN test LIKE 'n'"), 20)


def test_missing_grants_are_named_and_noticed_when_given(make_cluster, make_proxy):
    cluster = make_cluster(replicas=1)
    cluster.primary.run("REVOKE READ_ONLY ADMIN, REPLICATION SLAVE ON *.* FROM 'monitor_user'@'%'",
                        "REVOKE SELECT ON mysql.global_priv FROM 'monitor_user'@'%'")
    for server in cluster.servers[1:]:
        server.run("STOP SLAVE", "CHANGE MASTER TO MASTER_USER='repl', MASTER_PASSWORD='repl'",
                   "START SLAVE")
    cluster.sync()
    proxy = started(cluster, make_proxy)
    fixes = {f["fix"] for f in readiness(proxy)["findings"]}
    assert "GRANT READ_ONLY ADMIN ON *.* TO 'monitor_user'@'%';" in fixes
    assert "GRANT SELECT ON mysql.global_priv TO 'monitor_user'@'%';" in fixes
    assert "GRANT REPLICATION SLAVE ON *.* TO 'monitor_user'@'%';" in fixes
    for fix in fixes:
        assert fix in proxy.log()
        cluster.primary.run(fix)
    lab.wait_for("the findings to go away", lambda: not readiness(proxy)["findings"], 20)
    assert all(is_ready(proxy).values())
    # the rights count at once, also for connections that were open before
    cluster.servers[1].run("SET GLOBAL read_only = 0")
    lab.wait_for("read_only", lambda: cluster.servers[1].query("SELECT @@read_only") == ((1,),), 20)


def test_diverged_server_is_left_out_and_its_transactions_named(make_cluster, make_proxy):
    cluster = make_cluster(replicas=1)
    proxy = started(cluster, make_proxy)
    old = cluster.primary
    old.kill()
    wait_state(proxy, "server2", "Master", "Running")
    cluster.servers[1].run("CREATE TABLE test.a (id INT)")
    old.options.append("--skip-networking")
    old.start()
    old.run("CREATE TABLE test.b (id INT)", "CREATE TABLE test.c (id INT)")
    position = old.query("SELECT @@gtid_binlog_pos")[0][0]
    old.stop()
    old.options.remove("--skip-networking")
    old.start()
    lab.wait_for("the finding", lambda: findings(proxy, "diverged"), 20)
    assert position in findings(proxy, "diverged")[0]["reason"]
    assert position in attributes(proxy, "server1")["state_details"]
    assert "Slave" not in state(proxy, "server1")


def test_wrong_monitor_password_is_said_once_with_the_remedy(make_cluster, make_proxy):
    cluster = make_cluster(replicas=1)
    proxy = make_proxy(cluster.servers, {"MariaDB-Monitor": {"password": "wrong"}})
    lab.wait_for("the state", lambda: "Auth Error" in state(proxy, "server1"), 20)
    assert {f["server"] for f in findings(proxy, "login_denied")} == {"server1", "server2"}
    lines = [line for line in proxy.log().splitlines() if "does not let the monitor user" in line]
    assert len(lines) == 2
    try:
        pymysql.connect(host="127.0.0.1", port=proxy.port, user="app", password="app").close()
    except pymysql.err.MySQLError:
        pass


def test_diagnostics_have_the_documented_fields(make_cluster, make_proxy):
    proxy = started(make_cluster(replicas=1), make_proxy)
    shown = proxy.api("monitors/MariaDB-Monitor").json()["data"]["attributes"]
    diagnostics = shown["monitor_diagnostics"]
    assert shown["state"] == "Running" and shown["ticks"] >= 1
    assert diagnostics["master"] == "server1" and diagnostics["master_gtid_domain_id"] == 0
    assert diagnostics["primary"] is None and isinstance(diagnostics["state"], str)
    primary, replica = diagnostics["server_info"]
    assert set(primary) == {"gtid_binlog_pos", "gtid_current_pos", "lock_held", "master_group",
                            "name", "read_only", "server_id", "slave_connections"}
    assert set(replica["slave_connections"][0]) == {
        "connection_name", "gtid_io_pos", "last_io_error", "last_sql_error", "master_host",
        "master_port", "master_server_id", "master_server_name", "seconds_behind_master",
        "slave_io_running", "slave_sql_running", "using_gtid"}
    server = attributes(proxy, "server2")
    assert server["node_id"] == 2 and server["master_id"] == 1
    assert server["last_event"] == "slave_up" and server["replication_lag"] == 0
