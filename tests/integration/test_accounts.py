"""User accounts: who gets in, from which database, and what is said to those who do not."""

import json
import re

import pymysql
import pytest

from conftest import Proxy, finish
from lab import lab


@pytest.fixture(scope="module")
def proxy(cluster):
    """Every failed login may cause a reload: the tests make accounts as they go."""
    shared = Proxy(cluster.servers, {"maxscale": {"users_refresh_time": "0s"}})
    try:
        shared.start()
        shared.wait_ready("maxscale", "maxscale")
        yield shared
    finally:
        finish(shared)


def denied(proxy, code, user, password, **more):
    """The number and text of the refusal; the client must not get in."""
    with pytest.raises(pymysql.err.MySQLError) as caught:
        proxy.connect(user, password, **more)
    assert caught.value.args[0] == code, caught.value
    return caught.value.args[1]


def identity(proxy, user, password, **more):
    with proxy.connect(user, password, **more) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_USER(), DATABASE()")
        return cursor.fetchone()


def on_primary(cluster, *statements):
    cluster.servers[0].run(*statements)
    cluster.sync()


def test_the_load_is_in_the_log(proxy):
    found = re.search(r"Read (\d+) user@host entries from 'server\d' for service "
                      r"'Read-Write-Service'\.", proxy.log())
    assert found and int(found[1]) > 0


def test_a_new_account_gets_in_at_its_first_login(cluster, proxy):
    on_primary(cluster, "CREATE USER fresh@'%' IDENTIFIED BY 'one'")
    assert identity(proxy, "fresh", "one") == ("fresh@%", None)


def test_unknown_and_wrong_password(cluster, proxy):
    on_primary(cluster, "CREATE USER known@'%' IDENTIFIED BY 'right'")
    assert identity(proxy, "known", "right")[0] == "known@%"
    assert "known" in denied(proxy, 1045, "known", "wrong")
    denied(proxy, 1045, "known", "")
    assert "nobody" in denied(proxy, 1045, "nobody", "x")


def test_accounts_for_other_addresses(cluster, proxy):
    on_primary(cluster, "CREATE USER far@'10.99.%' IDENTIFIED BY 'far'",
               "CREATE USER near@'127.0.0.0/255.0.0.0' IDENTIFIED BY 'near'")
    denied(proxy, 1045, "far", "far")
    assert identity(proxy, "near", "near")[0] == "near@127.0.0.0/255.0.0.0"


def test_databases(cluster, proxy):
    on_primary(cluster, "CREATE DATABASE IF NOT EXISTS mine", "CREATE DATABASE IF NOT EXISTS yours",
               "CREATE USER tenant@'%' IDENTIFIED BY 'tenant'",
               "GRANT SELECT ON mine.* TO tenant@'%'")
    assert identity(proxy, "tenant", "tenant", database="mine")[1] == "mine"
    assert identity(proxy, "tenant", "tenant",
                    database="information_schema")[1] == "information_schema"
    denied(proxy, 1044, "tenant", "tenant", database="yours")
    denied(proxy, 1049, "tenant", "tenant", database="nowhere")
    # Nobody learns about databases without the password.
    denied(proxy, 1045, "tenant", "wrong", database="nowhere")


def test_default_role_opens_a_database(cluster, proxy):
    on_primary(cluster, "CREATE DATABASE IF NOT EXISTS shared", "CREATE ROLE IF NOT EXISTS reader",
               "GRANT SELECT ON shared.* TO reader", "CREATE USER member@'%' IDENTIFIED BY 'm'",
               "GRANT reader TO member@'%'", "SET DEFAULT ROLE reader FOR member@'%'")
    assert identity(proxy, "member", "m", database="shared")[1] == "shared"
    denied(proxy, 1045, "reader", "")


def test_rest_shows_the_accounts_without_hashes(proxy):
    answer = proxy.api("services/Read-Write-Service").json()
    users = answer["data"]["attributes"]["users"]
    mine = [u for u in users if u["user"] == "maxscale" and u["host"] == "%"]
    assert len(mine) == 1 and mine[0]["super_priv"] is True and mine[0]["global_priv"] is True
    assert set(mine[0]) == {"user", "host", "plugin", "ssl", "super_priv", "global_priv",
                            "proxy_priv", "default_role"}
    assert not re.search(r"\*[0-9A-F]{40}", json.dumps(users))


def test_root_and_a_service_user_without_rights(cluster, make_proxy):
    on_primary(cluster, "CREATE USER weak@'%' IDENTIFIED BY 'weak'",
               "CREATE USER root@'127.0.0.%' IDENTIFIED BY 'r'")
    changes = {"Read-Write-Service": {"enable_root_user": "false"}}
    strict = make_proxy(cluster.servers, changes)
    strict.wait_ready("maxscale", "maxscale")
    denied(strict, 1045, "root", "r")
    weak = make_proxy(cluster.servers,
                      {"Read-Write-Service": {"user": "weak", "password": "weak"}})
    lab.wait_for("the missing rights in the log",
                 lambda: "GRANT SELECT ON mysql.user TO 'weak'@'%'" in weak.log())
    denied(weak, 1045, "maxscale", "maxscale")


@pytest.fixture
def named(make_cluster):
    """A server for which 127.0.0.1 is localhost by name, as it is for the proxy."""
    cluster = make_cluster(replicas=0, options={0: ["--skip-name-resolve=OFF"]})
    cluster.servers[0].run("CREATE USER byname@'localhost' IDENTIFIED BY 'n'",
                           "CREATE USER bypattern@'local_os%' IDENTIFIED BY 'p'",
                           "CREATE USER elsewhere@'%.example.com' IDENTIFIED BY 'e'",
                           "CREATE USER either@'web1' IDENTIFIED BY 'w'",
                           "CREATE USER either@'%' IDENTIFIED BY 'any'")
    return cluster


@pytest.mark.parametrize("cache_size", ["128", "0"])
def test_accounts_for_host_names(named, make_proxy, cache_size):
    server = named.servers[0]
    proxy = make_proxy(named.servers, {"maxscale": {"users_refresh_time": "0s",
                                                    "host_cache_size": cache_size}})
    proxy.wait_ready("maxscale", "maxscale")
    for _ in range(3):
        assert identity(proxy, "byname", "n")[0] == "byname@localhost"
    assert identity(proxy, "bypattern", "p")[0] == "bypattern@local_os%"
    denied(proxy, 1045, "byname", "wrong")
    denied(proxy, 1045, "elsewhere", "e")
    # A name that does not fit is passed over, the next host of the account counts.
    assert identity(proxy, "either", "any")[0] == "either@%"
    # Both the accounts read again and the name are needed, in either order.
    server.run("CREATE USER fresh@'localhost' IDENTIFIED BY 'f'",
               "CREATE USER elsewhere@'%' IDENTIFIED BY 'now'")
    assert identity(proxy, "fresh", "f")[0] == "fresh@localhost"
    assert identity(proxy, "elsewhere", "now")[0] == "elsewhere@%"
    assert "host name of the client" not in proxy.log()


def test_change_of_user_to_an_account_for_a_host_name(named, make_proxy):
    named.servers[0].run("CREATE USER changed@'localhost' IDENTIFIED BY ''")
    proxy = make_proxy(named.servers)
    proxy.wait_ready("maxscale", "maxscale")
    with proxy.connect("either", "any") as connection, connection.cursor() as cursor:
        # PyMySQL has no call for COM_CHANGE_USER: user, no token, no database.
        connection._execute_command(0x11, b"changed\0\0\0")
        connection._read_ok_packet()
        cursor.execute("SELECT CURRENT_USER()")
        assert cursor.fetchone() == ("changed@localhost",)


def test_host_names_can_be_switched_off(named, make_proxy):
    proxy = make_proxy(named.servers, {"maxscale": {"skip_name_resolve": "true"}})
    proxy.wait_ready("maxscale", "maxscale")
    denied(proxy, 1045, "byname", "n")
    assert identity(proxy, "either", "any")[0] == "either@%"
