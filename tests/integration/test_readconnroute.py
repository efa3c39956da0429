"""readconnroute: one server for a session, by role."""
import pymysql
import pytest

from lab import lab


def service(role, port):
    return {
        f"{role}-service": {"type": "service", "router": "readconnroute",
                            "servers": "server1,server2", "user": "maxscale",
                            "password": "maxscale", "router_options": role},
        f"{role}-listener": {"type": "listener", "service": f"{role}-service", "port": port},
    }


@pytest.fixture(scope="module")
def ports():
    return {role: lab.free_port() for role in ("master", "slave", "running")}


@pytest.fixture(scope="module")
def role_proxy(cluster, ports):
    from conftest import Proxy, finish
    changes = {}
    for role, port in ports.items():
        changes.update(service(role, port))
    made = Proxy(cluster.servers, changes)
    try:
        made.start()
        made.wait_ready()
        made.wait_state("server2", "Slave")
        yield made
    finally:
        finish(made)


def server_id(proxy, port):
    with proxy.connect(port=port) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT @@server_id")
        first = cursor.fetchone()[0]
        cursor.execute("SELECT @@server_id FROM DUAL FOR UPDATE")
        assert cursor.fetchone()[0] == first
        return first


def test_master_port_gives_the_primary(role_proxy, ports):
    assert server_id(role_proxy, ports["master"]) == 1


def test_slave_port_gives_the_replica(role_proxy, ports):
    assert server_id(role_proxy, ports["slave"]) == 2


def test_running_port_balances_by_connections(role_proxy, ports):
    connections = [role_proxy.connect(port=ports["running"]) for _ in range(6)]
    seen = []
    for connection in connections:
        with connection.cursor() as cursor:
            cursor.execute("SELECT @@server_id")
            seen.append(cursor.fetchone()[0])
    for connection in connections:
        connection.close()
    assert sorted(set(seen)) == [1, 2]


def test_prepared_statements_pass_through(role_proxy, ports):
    with role_proxy.connect(port=ports["master"]) as connection, connection.cursor() as cursor:
        cursor.execute("PREPARE s FROM 'SELECT ? + 1'")
        cursor.execute("SET @x = 41")
        cursor.execute("EXECUTE s USING @x")
        assert int(cursor.fetchone()[0]) == 42


def test_session_ends_with_its_server(make_cluster, make_proxy):
    cluster = make_cluster()
    port = lab.free_port()
    changes = service("slave", port)
    changes["MariaDB-Monitor"] = {"auto_failover": "false"}
    proxy = make_proxy(cluster.servers, changes)
    proxy.wait_ready()
    proxy.wait_state("server2", "Slave")
    connection = proxy.connect(port=port)
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@server_id")
        assert cursor.fetchone()[0] == 2
        cluster.servers[1].kill()
        with pytest.raises(pymysql.MySQLError):
            cursor.execute("SELECT 1")
