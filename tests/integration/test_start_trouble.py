"""Trouble at start: the program starts where it can, says what is wrong and keeps trying."""
import re
import socket

import pymysql
import pytest

from lab import lab


def wait_log(proxy, pattern, seconds=20):
    lab.wait_for(f"a line like {pattern} in {proxy.log_file}",
                 lambda: re.search(pattern, proxy.log()), seconds)


def test_unreachable_servers_are_said_and_tried_again(make_cluster, make_proxy):
    cluster = make_cluster()
    for server in cluster.servers:
        server.stop()
    proxy = make_proxy(cluster.servers, {"MariaDB-Monitor": {"monitor_interval": "500ms"}})
    wait_log(proxy, r"server1.*(refused|connect)")
    assert proxy.states()["server1"] == {"Down"}
    with pytest.raises(pymysql.MySQLError):
        proxy.connect()
    for server in cluster.servers:
        server.start()
    proxy.wait_ready()
    proxy.wait_state("server1", "Master", "Running")
    proxy.wait_state("server2", "Slave", "Running")


def test_wrong_service_password_is_named(cluster, make_proxy):
    proxy = make_proxy(cluster.servers, {"Read-Write-Service": {"password": "wrong"}})
    wait_log(proxy, r"(error|warning).*Read-Write-Service.*Access denied for user 'maxscale'"
                    r"|(error|warning).*Access denied for user 'maxscale'.*Read-Write-Service")
    with pytest.raises(pymysql.MySQLError) as error:
        proxy.connect()
    assert error.value.args[0] in (1045, 1815)


def test_wrong_monitor_password_shows_as_auth_error(cluster, make_proxy):
    proxy = make_proxy(cluster.servers, {"MariaDB-Monitor": {"password": "wrong"}})
    wait_log(proxy, r"(error|warning).*(server1|server2).*Access denied for user 'monitor_user'"
                    r"|(error|warning).*Access denied for user 'monitor_user'")
    lab.wait_for("Auth Error", lambda: "Auth Error" in proxy.states()["server1"])


def test_port_in_use_is_an_error_that_names_the_port(cluster, make_proxy):
    with socket.socket() as holder:
        holder.bind(("0.0.0.0", 0))
        holder.listen()
        port = holder.getsockname()[1]
        proxy = make_proxy(cluster.servers, {"Read-Write-Listener": {"port": port}}, start=False)
        proxy.start(wait=False)
        code = proxy.process.wait(30)
        proxy.process = None
        assert code == 3, proxy.text_output()
        assert re.search(rf"error.*{port}", proxy.text_output())


def test_rest_port_in_use_is_an_error(cluster, make_proxy):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        proxy = make_proxy(cluster.servers, {"maxscale": {"admin_port": holder.getsockname()[1]}},
                           start=False)
        proxy.start(wait=False)
        code = proxy.process.wait(30)
        proxy.process = None
        assert code != 0
        assert re.search(rf"(error|alert).*{holder.getsockname()[1]}", proxy.text_output())
