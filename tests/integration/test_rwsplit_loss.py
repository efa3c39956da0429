"""readwritesplit when servers go away: what the client sees, and that nothing is done twice."""
import pymysql
import pytest

from lab import lab


def value(connection, sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


NO_FAILOVER = {"MariaDB-Monitor": {"auto_failover": "false", "auto_rejoin": "false",
                                   "monitor_interval": "200ms"}}


def test_read_survives_the_loss_of_the_replica(make_cluster, make_proxy):
    cluster = make_cluster()
    proxy = make_proxy(cluster.servers, NO_FAILOVER)
    proxy.wait_ready()
    with proxy.connect() as connection:
        assert value(connection, "SELECT @@server_id") == 2
        cluster.servers[1].kill()
        assert value(connection, "SELECT @@server_id") == 1
        cluster.servers[1].start()
        proxy.wait_state("server2", "Slave", "Running")
        lab.wait_for("reads on the replica again",
                     lambda: value(connection, "SELECT @@server_id") == 2)


def test_session_state_is_replayed_on_a_new_connection(make_cluster, make_proxy):
    cluster = make_cluster()
    proxy = make_proxy(cluster.servers, NO_FAILOVER)
    proxy.wait_ready()
    with proxy.connect() as connection:
        value(connection, "SELECT 1")
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION max_join_size=1234567")
            cursor.execute("USE test")
        cluster.servers[1].kill()
        assert value(connection, "SELECT @@server_id") == 1
        cluster.servers[1].start()
        proxy.wait_state("server2", "Slave", "Running")
        lab.wait_for("reads on the replica again",
                     lambda: value(connection, "SELECT @@server_id") == 2)
        assert value(connection, "SELECT @@max_join_size") == 1234567
        assert value(connection, "SELECT DATABASE()") == "test"


def test_without_a_primary_reads_go_on_and_a_write_ends_the_session(make_cluster, make_proxy):
    cluster = make_cluster()
    proxy = make_proxy(cluster.servers, NO_FAILOVER)
    proxy.wait_ready()
    connection = proxy.connect()
    assert value(connection, "SELECT @@server_id") == 2
    cluster.primary.kill()
    assert value(connection, "SELECT @@server_id") == 2
    with pytest.raises(pymysql.MySQLError) as error:
        value(connection, "SELECT 1 FOR UPDATE")
    assert error.value.args[0] in (1927, 2013, 2006)


def test_error_on_write_keeps_the_session(make_cluster, make_proxy):
    cluster = make_cluster()
    changes = dict(NO_FAILOVER)
    changes["Read-Write-Service"] = {"master_failure_mode": "error_on_write"}
    proxy = make_proxy(cluster.servers, changes)
    proxy.wait_ready()
    with proxy.connect() as connection:
        cluster.primary.kill()
        proxy.wait_state("server1", "Down")
        with pytest.raises(pymysql.MySQLError) as error:
            value(connection, "SELECT 1 FOR UPDATE")
        assert error.value.args[0] == 1290
        assert value(connection, "SELECT @@server_id") == 2


def test_new_primary_is_taken_over_by_the_session(make_cluster, make_proxy):
    cluster = make_cluster()
    proxy = make_proxy(cluster.servers, {"MariaDB-Monitor": {"monitor_interval": "200ms"}})
    proxy.wait_ready()
    with proxy.connect(database="test") as connection:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE t (id INT PRIMARY KEY)")
            cursor.execute("INSERT INTO t VALUES (1)")
        cluster.sync()
        cluster.primary.kill()
        proxy.wait_state("server2", "Master", "Running")
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO t VALUES (2)")
        assert value(connection, "SELECT COUNT(*) FROM t") == 2
