"""connection_keepalive: servers do not end connections that a session needs but does not use just now."""
import time

import pymysql
import pytest

from lab import lab

SERVER_S = 5  # wait_timeout of the servers


@pytest.fixture(scope="module")
def impatient(cluster):
    """Servers that end connections which are idle for some seconds."""
    for server in cluster.servers:
        server.run(f"SET GLOBAL wait_timeout = {SERVER_S}")
    return cluster


def start(make_proxy, cluster, **service):
    port = lab.free_port()
    proxy = make_proxy(cluster.servers, {
        "Read-Write-Service": service,
        "Plain": {"type": "service", "router": "readconnroute", "servers": "server1", "user": "maxscale",
                  "password": "maxscale", "router_options": "master", **service},
        "Plain-Listener": {"type": "listener", "service": "Plain", "port": port}})
    proxy.wait_ready()
    proxy.wait_state("server2", "Slave", "Running")
    proxy.plain = port
    return proxy


def ask(connection, *statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            rows = cursor.fetchall()
    return rows


def primary_id(connection):
    rows = ask(connection, "BEGIN", "SELECT @@pseudo_thread_id")
    ask(connection, "COMMIT")
    return rows


def is_there(server, number):
    return bool(server.query(f"SELECT 1 FROM information_schema.processlist WHERE id = {number}"))


def idle_directly(server):
    """Number of a connection that is idle from now on: when it has gone, so would others."""
    connection = pymysql.connect(host="127.0.0.1", port=server.port, user="app", password="app")
    return connection, connection.thread_id()


@pytest.mark.parametrize("keepalive", ["1s", "0s"])
def test_the_primary_of_a_session_that_only_reads(make_proxy, impatient, keepalive):
    proxy = start(make_proxy, impatient, connection_keepalive=keepalive)
    with proxy.connect() as connection:
        ((number,),) = primary_id(connection)
        _direct, measure = idle_directly(impatient.primary)
        while is_there(impatient.primary, measure):
            assert ask(connection, "SELECT @@server_id") == ((2,),)
            time.sleep(0.1)
        assert is_there(impatient.primary, number) == (keepalive == "1s")
        if keepalive == "1s":
            assert primary_id(connection) == ((number,),)


def test_an_idle_client_does_not_keep_its_connection(make_proxy, impatient):
    proxy = start(make_proxy, impatient, connection_keepalive="1s")
    connection = proxy.connect(port=proxy.plain)
    ask(connection, "SELECT 1")
    lab.wait_for("the server to end it", lambda: "is closed" in proxy.log())
    with pytest.raises(pymysql.MySQLError):
        ask(connection, "SELECT 1")


def test_an_idle_client_keeps_it_when_that_is_forced(make_proxy, impatient):
    proxy = start(make_proxy, impatient, connection_keepalive="1s", force_connection_keepalive="true")
    with proxy.connect(port=proxy.plain) as plain, proxy.connect() as split:
        before = ask(plain, "SELECT @@pseudo_thread_id"), primary_id(split)
        _direct, measure = idle_directly(impatient.primary)
        lab.wait_for("the server's patience to end", lambda: not is_there(impatient.primary, measure))
        assert (ask(plain, "SELECT @@pseudo_thread_id"), primary_id(split)) == before
