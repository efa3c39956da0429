"""Listeners: every kind of socket; made, changed, stopped and removed with clients connected; kept over restarts."""
import os
import socket

import pytest

from conversations import raw
from lab import lab

HOSTS = {"v4": "127.0.0.1", "v6": "::1"}


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")


@pytest.fixture
def proxy(make_proxy, cluster):
    made = make_proxy(cluster.servers, {"maxscale": {"users_refresh_time": "0s"}})
    made.wait_ready()
    return made


def connect(port=0, **more):
    return raw.Client(port, **more)


def works(client):
    return client.query("SELECT 1")[-2][4:] == b"\x011"


def can_connect(port, **more):
    try:
        with connect(port, timeout=5, **more) as client:
            return client.answer[0] == 0 and works(client)
    except OSError:
        return False


def body(name, service="Read-Write-Service", **parameters):
    return {"data": {"id": name, "type": "listeners", "attributes": {"parameters": parameters},
                     "relationships": {"services": {"data": [{"id": service, "type": "services"}]}}}}


def make(proxy, name, status=204, **parameters):
    answer = proxy.api("listeners", "POST", body(name, **parameters))
    assert answer.status_code == status, answer.text
    return [e["detail"] for e in answer.json()["errors"]] if status != 204 else None


def patch(proxy, path, status=204, **parameters):
    answer = proxy.api(path, "PATCH", {"data": {"attributes": {"parameters": parameters}}})
    assert answer.status_code == status, answer.text
    return answer


def parameters(proxy, name):
    return proxy.api(f"listeners/{name}").json()["data"]["attributes"]["parameters"]


def persisted(proxy, name):
    path = os.path.join(persist_folder(proxy), name + ".cnf")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return [line.strip() for line in file if not line.startswith("#")]


def persist_folder(proxy):
    return proxy.api("maxscale").json()["data"]["attributes"]["parameters"]["persistdir"]


# -- kinds of sockets

def test_sockets_of_the_file(make_proxy, cluster):
    ports = {name: lab.free_port() for name in ("any", "any4", "v4", "v6")}
    path = os.path.join(lab.scratch("mx-sock-"), "mx.sock")
    listeners = {
        "any": {"port": ports["any"]}, "any4": {"port": ports["any4"], "address": "0.0.0.0"},
        "v4": {"port": ports["v4"], "address": "127.0.0.1"}, "unix": {"socket": path},
    }
    if has_ipv6():
        listeners["v6"] = {"port": ports["v6"], "address": "::1"}
    changes = {name: {"type": "listener", "service": "Read-Write-Service", **more}
               for name, more in listeners.items()}
    proxy = make_proxy(cluster.servers, changes)
    proxy.wait_ready()
    for name, hosts in {"any": "v4 v6", "any4": "v4", "v4": "v4", "v6": "v6"}.items():
        for family, host in HOSTS.items():
            if family == "v6" and not has_ipv6():
                continue
            assert can_connect(ports[name], address=host) == (family in hosts.split()), (name, host)
    assert os.stat(path).st_mode & 0o777 == 0o777
    with connect(path=path) as client:
        assert works(client)
        remotes = [s["attributes"]["remote"] for s in proxy.api("sessions").json()["data"]]
        assert "localhost" in remotes
    proxy.stop()
    assert not os.path.exists(path)


def test_several_listeners_have_parameters_of_their_own(proxy, cluster):
    oracle, plain = lab.free_port(), lab.free_port()
    make(proxy, "oracle", port=oracle, sql_mode="oracle")
    make(proxy, "plain", port=plain, proxy_protocol_networks="127.0.0.1")
    assert parameters(proxy, "oracle")["sql_mode"] == "oracle"
    assert parameters(proxy, "plain")["sql_mode"] == "default"
    for port in (oracle, plain):
        assert can_connect(port)
    with connect(plain, header=b"PROXY TCP4 192.0.2.7 1.1.1.1 1 2\r\n") as client:
        assert works(client)
    with connect(oracle, login=False, header=b"PROXY TCP4 192.0.2.7 1.1.1.1 1 2\r\n") as client:
        assert client.packet()[1:3] == b"\x6a\x04"
    relations = proxy.api("services/Read-Write-Service/listeners").json()["data"]
    assert {x["id"] for x in relations} == {"Read-Write-Listener", "oracle", "plain"}


# -- create

@pytest.mark.parametrize("by", ["maxctrl", "listeners", "services"])
def test_create(proxy, by):
    port = lab.free_port()
    with connect(proxy.port) as client:
        if by == "maxctrl":
            assert proxy.maxctrl("create", "listener", "Read-Write-Service", "made", str(port),
                                 "address=127.0.0.1").strip() == "OK"
        elif by == "listeners":
            make(proxy, "made", port=port, address="127.0.0.1")
        else:
            answer = proxy.api("services/Read-Write-Service/listeners", "POST", {
                "data": {"id": "made", "attributes": {"parameters": {"port": port,
                                                                     "address": "127.0.0.1"}}}})
            assert answer.status_code == 204, answer.text
        assert can_connect(port)
        assert works(client)
    resource = proxy.api("listeners/made").json()["data"]
    assert resource["attributes"]["state"] == "Running"
    assert resource["attributes"]["source"]["type"] == "runtime"
    assert resource["relationships"]["services"]["data"][0]["id"] == "Read-Write-Service"
    assert persisted(proxy, "made") == ["[made]", "address=127.0.0.1", f"port={port}",
                                        "service=Read-Write-Service", "type=listener"]
    rows = proxy.maxctrl("--tsv", "list", "listeners").splitlines()
    assert any(row.split("\t")[:2] == ["made", str(port)] for row in rows)


def test_create_at_a_unix_socket(proxy):
    path = os.path.join(proxy.folder, "made.sock")
    make(proxy, "made", socket=path)
    with connect(path=path) as client:
        assert works(client)
    assert proxy.api("listeners/made", "DELETE").status_code == 204
    assert not os.path.exists(path)


def test_create_is_refused(proxy):
    port = lab.free_port()
    path = os.path.join(proxy.folder, "x.sock")
    before = proxy.api("listeners").json()["data"]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        for wanted, name, more in (
                ("already exists", "Read-Write-Listener", {"port": port}),
                ("a server with that name already exists", "server1", {"port": port}),
                ("'port' nor 'socket'", "made", {}),
                ("Only one of 'port' and 'socket'", "made", {"port": port, "socket": path}),
                ("is at the same address already", "made", {"port": proxy.port}),
                ("the port is in use", "made", {"port": number, "address": "127.0.0.1"}),
                ("no network interface", "made", {"port": port, "address": "192.0.2.1"}),
                ("no such parameter", "made", {"port": port, "nosuch": 1}),
                ("port", "made", {"port": "many"}),
                ("sql_mode", "made", {"port": port, "sql_mode": "other"}),
                ("has to stand alone", "made", {"port": port, "proxy_protocol_networks": "*,::1"}),
                ("more than one line", "made", {"port": port, "authenticator_options": "a=b\n[x]"}),
                ("cannot be a name", "../made", {"port": port}),
                ("cannot be a name", "made now", {"port": port}),
                ("cannot be a name", "@@made", {"port": port}),
                ("absolute", "made", {"socket": "made.sock"})):
            errors = make(proxy, name, 400, **more)
            assert any(wanted in error for error in errors), (wanted, errors)
    for broken in ({}, {"data": {}}, {"data": {"id": "made"}}, {"data": []},
                   body("made", service="nosuch", port=port)):
        assert proxy.api("listeners", "POST", broken).status_code == 400
    assert proxy.api("services/nosuch/listeners", "POST", body("made", port=port)).status_code == 404
    assert [x["id"] for x in proxy.api("listeners").json()["data"]] == [x["id"] for x in before]
    assert os.listdir(persist_folder(proxy)) == [] and not os.path.exists(path)
    assert can_connect(proxy.port) and not can_connect(port)


# -- destroy

@pytest.mark.parametrize("by", ["maxctrl", "maxctrl service", "listeners", "services"])
def test_destroy_keeps_the_clients(proxy, by):
    port = lab.free_port()
    make(proxy, "made", port=port)
    with connect(port) as client:
        if by == "maxctrl":
            proxy.maxctrl("destroy", "listener", "made")
        elif by == "maxctrl service":
            proxy.maxctrl("destroy", "listener", "Read-Write-Service", "made")
        else:
            path = {"listeners": "listeners/made",
                    "services": "services/Read-Write-Service/listeners/made"}[by]
            answer = proxy.api(path, "DELETE")
            assert answer.status_code == 204 and "Mxs-Warning" not in answer.headers
        assert not can_connect(port)
        assert works(client)
        assert proxy.api("listeners/made").status_code == 404
        assert persisted(proxy, "made") is None
        make(proxy, "made", port=port)
        assert can_connect(port) and works(client)


def test_destroy_one_of_the_file_warns(proxy):
    with connect(proxy.port) as client:
        answer = proxy.api("listeners/Read-Write-Listener", "DELETE")
        assert answer.status_code == 204
        assert "again after a restart" in answer.headers["Mxs-Warning"]
        assert works(client)
    proxy.stop()
    proxy.start()
    proxy.wait_ready()
    assert can_connect(proxy.port)


# -- alter

def test_alter_concerns_new_clients(proxy):
    header = b"PROXY TCP4 192.0.2.7 1.1.1.1 1 2\r\n"
    with connect(proxy.port) as client:
        answer = patch(proxy, "listeners/Read-Write-Listener", proxy_protocol_networks="127.0.0.1")
        assert "saved in" in answer.headers["Mxs-Warning"]
        assert works(client)
        with connect(proxy.port, header=header) as other:
            assert works(other)
        resource = proxy.api("listeners/Read-Write-Listener").json()["data"]
        assert resource["attributes"]["parameters"]["proxy_protocol_networks"] == "127.0.0.1"
        assert resource["attributes"]["source"]["type"] == "runtime"
        assert "proxy_protocol_networks=127.0.0.1" in persisted(proxy, "Read-Write-Listener")
        # back to what the file says: nothing is left to keep
        proxy.maxctrl("alter", "listener", "Read-Write-Listener", "proxy_protocol_networks=")
        assert persisted(proxy, "Read-Write-Listener") is None
        with connect(proxy.port, header=header, login=False) as other:
            assert other.packet()[1:3] == b"\x6a\x04"
        assert works(client)


def test_nested_parameters(proxy):
    port = lab.free_port()
    proxy.maxctrl("create", "listener", "Read-Write-Service", "made", str(port),
                  "MariaDBProtocol.allow_replication=false")
    assert parameters(proxy, "made")["MariaDBProtocol"]["allow_replication"] is False
    assert "MariaDBProtocol.allow_replication=false" in persisted(proxy, "made")
    patch(proxy, "listeners/made", MariaDBProtocol={"allow_replication": True})
    assert parameters(proxy, "made")["MariaDBProtocol"]["allow_replication"] is True
    proxy.maxctrl("alter", "listener", "made", "MariaDBProtocol.allow_replication=false")
    assert parameters(proxy, "made")["MariaDBProtocol"]["allow_replication"] is False
    patch(proxy, "listeners/made", 400, MariaDBProtocol={"nosuch": True})


def test_alter_is_refused(proxy):
    before = proxy.api("listeners").json()["data"]
    for wanted, more in (("cannot be modified at runtime", {"port": lab.free_port()}),
                         ("cannot be modified at runtime", {"address": "127.0.0.1"}),
                         ("cannot be modified at runtime", {"service": "other"}),
                         ("no such parameter", {"nosuch": 1}),
                         ("sql_mode", {"sql_mode": "other"}),
                         ("no variable with a value", {"connection_metadata": "a=b,c"}),
                         ("no variable with a value", {"connection_metadata": "=b"}),
                         ("no address", {"proxy_protocol_networks": "host"})):
        answer = patch(proxy, "listeners/Read-Write-Listener", 400, **more)
        assert any(wanted in e["detail"] for e in answer.json()["errors"]), answer.text
    patch(proxy, "listeners/nosuch", 404, sql_mode="oracle")
    patch(proxy, "listeners/Read-Write-Listener", port=proxy.port)  # the same value is none
    after = proxy.api("listeners").json()["data"]
    assert [x["attributes"]["parameters"] for x in before] == [x["attributes"]["parameters"] for x in after]


def test_all_or_nothing(proxy):
    patch(proxy, "listeners/Read-Write-Listener", 400, sql_mode="oracle", proxy_protocol_networks="x")
    assert parameters(proxy, "Read-Write-Listener")["sql_mode"] == "default"


# -- restarts

def test_changes_are_there_after_a_restart(proxy):
    port = lab.free_port()
    make(proxy, "made", port=port, proxy_protocol_networks="127.0.0.1,::1", connection_metadata="a=b,c=d")
    patch(proxy, "listeners/Read-Write-Listener", sql_mode="oracle")
    before = [parameters(proxy, name) for name in ("made", "Read-Write-Listener")]
    proxy.stop()
    proxy.start()
    proxy.wait_ready()
    assert [parameters(proxy, name) for name in ("made", "Read-Write-Listener")] == before
    assert can_connect(port)
    assert proxy.api("listeners/made").json()["data"]["attributes"]["source"]["type"] == "runtime"
    assert "The whole section is replaced by the runtime change" in proxy.log()
    assert proxy.api("listeners/made", "DELETE").status_code == 204
    patch(proxy, "listeners/Read-Write-Listener", sql_mode="default")
    assert os.listdir(persist_folder(proxy)) == []


def test_nothing_is_saved_when_that_is_not_wanted(make_proxy, cluster):
    proxy = make_proxy(cluster.servers, {"maxscale": {"persist_runtime_changes": "false"}})
    proxy.wait_ready()
    make(proxy, "made", port=lab.free_port())
    assert not os.path.exists(persist_folder(proxy)) or os.listdir(persist_folder(proxy)) == []


def test_a_change_that_cannot_be_saved_is_not_made(proxy):
    folder = persist_folder(proxy)
    os.makedirs(folder, exist_ok=True)
    os.mkdir(os.path.join(folder, "made.cnf"))  # in the way
    port = lab.free_port()
    errors = make(proxy, "made", 400, port=port)
    assert any("cannot be saved" in error for error in errors)
    assert proxy.api("listeners/made").status_code == 404 and not can_connect(port)
    os.rmdir(os.path.join(folder, "made.cnf"))
    make(proxy, "made", port=port)
    assert can_connect(port)


# -- start, stop

@pytest.mark.parametrize("by", ["maxctrl", "rest"])
def test_stop_and_start(proxy, by):
    def do(verb):
        if by == "maxctrl":
            proxy.maxctrl(verb, "listener", "Read-Write-Listener")
        else:
            assert proxy.api(f"listeners/Read-Write-Listener/{verb}", "PUT").status_code == 204

    with connect(proxy.port) as client:
        do("stop")
        assert proxy.api("listeners/Read-Write-Listener").json()["data"]["attributes"]["state"] == "Stopped"
        with pytest.raises((TimeoutError, OSError)):
            connect(proxy.port, timeout=1)
        assert works(client)
        patch(proxy, "listeners/Read-Write-Listener", sql_mode="oracle")
        do("start")
        assert can_connect(proxy.port) and works(client)


def test_many_changes_with_clients(proxy):
    """Listeners come and go while clients work: nobody is lost."""
    with connect(proxy.port) as client:
        for i in range(15):
            port = lab.free_port()
            make(proxy, f"made{i}", port=port)
            with connect(port) as other:
                patch(proxy, f"listeners/made{i}", sql_mode="oracle")
                assert proxy.api(f"listeners/made{i}", "DELETE").status_code == 204
                assert works(other) and works(client)
    assert [x["id"] for x in proxy.api("listeners").json()["data"]] == ["Read-Write-Listener"]


# -- other objects, by the same way

def test_alter_server(proxy, cluster):
    with connect(proxy.port) as client:
        assert patch(proxy, "servers/server1", max_routing_connections=1).headers["Mxs-Warning"]
        assert works(client)
        attributes = proxy.api("servers/server1").json()["data"]["attributes"]
        assert attributes["parameters"]["max_routing_connections"] == 1
        proxy.wait_state("server1", "Master", "Running")
        patch(proxy, "servers/server1", max_routing_connections=0)
        assert works(client) and can_connect(proxy.port)
    assert persisted(proxy, "server1") is None
    answer = patch(proxy, "servers/server1", 400, port=cluster.servers[1].port)
    assert "same address" in answer.text


def test_alter_service_and_monitor(proxy):
    with connect(proxy.port) as client:
        proxy.maxctrl("alter", "service", "Read-Write-Service", "max_connections=1")
        try:
            with connect(proxy.port) as other:
                refused = other.greeting[1:3] == b"\x10\x04"
        except Exception:  # what is no greeting cannot be taken apart
            refused = True
        assert refused
        proxy.maxctrl("alter", "service", "Read-Write-Service", "max_connections=0")
        proxy.maxctrl("alter", "monitor", "MariaDB-Monitor", "monitor_interval=500ms")
        proxy.wait_state("server1", "Master", "Running")
        attributes = proxy.api("monitors/MariaDB-Monitor").json()["data"]["attributes"]
        assert attributes["parameters"]["monitor_interval"] == "500ms"
        assert attributes["state"] == "Running"
        assert works(client) and can_connect(proxy.port)
    text = persisted(proxy, "MariaDB-Monitor")
    assert any(line.replace(" ", "") == "servers=server1,server2" for line in text), text
    assert "module=mariadbmon" in text
    proxy.stop()
    proxy.start()
    proxy.wait_ready()
    assert proxy.api("monitors/MariaDB-Monitor").json()["data"]["attributes"]["parameters"][
        "monitor_interval"] == "500ms"


def test_passwords_are_not_lost(proxy, cluster):
    cluster.primary.run("CREATE OR REPLACE USER second@'%' IDENTIFIED BY 'secret'",
                        "GRANT ALL ON *.* TO second@'%'")
    patch(proxy, "services/Read-Write-Service", user="second", password="secret")
    assert "password=secret" in persisted(proxy, "Read-Write-Service")
    assert os.stat(os.path.join(persist_folder(proxy), "Read-Write-Service.cnf")).st_mode & 0o777 == 0o640
    proxy.stop()
    proxy.start()
    proxy.wait_ready()
    assert proxy.api("services/Read-Write-Service").json()["data"]["attributes"]["parameters"][
        "user"] == "second"


def test_links_are_not_changed(proxy):
    answer = proxy.api("servers/server1", "PATCH", {"data": {"relationships": {"services": {"data": []}}}})
    assert answer.status_code == 501
    answer = patch(proxy, "services/Read-Write-Service", 400, servers="server1")
    assert "cannot be modified" in answer.text
