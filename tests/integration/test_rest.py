"""The REST API of the running program: changes, refusals, HTTPS, hosts, odd clients."""
import concurrent.futures
import json
import os
import socket
import ssl
import subprocess

import pymysql
import pytest
import requests
from conftest import finish
from lab import lab

AUTH = ("admin", "mariadb")


# HTTP alone needs no server; the tests of sessions and operations at the end have real ones.


class Rest:
    def __init__(self, port, scheme="http", auth=AUTH, verify=True):
        self.base = f"{scheme}://127.0.0.1:{port}/v1/"
        self.auth = auth
        self.verify = verify

    def __call__(self, method, path, status=None, body=None, **more):
        data = body if isinstance(body, (bytes, str, type(None))) else json.dumps(body)
        more.setdefault("auth", self.auth)
        answer = requests.request(method, self.base + path, data=data, timeout=30,
                                  verify=self.verify, **more)
        if status is not None:
            assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        if answer.status_code >= 400 and method != "HEAD":
            details = [error["detail"] for error in answer.json()["errors"]]
            assert details and all(details)
        return answer

    def state(self, server):
        return self("GET", f"servers/{server}", 200).json()["data"]["attributes"]["state"]


# Nothing is at this address: the servers stay Down, which is enough here.
CONFIG = """[maxscale]
threads=2
admin_host=127.0.0.1
admin_port={admin}
{extra}
[server1]
type=server
address=127.0.0.1
port=1
[server2]
type=server
address=127.0.0.1
port=2
[Monitor]
type=monitor
module=mariadbmon
servers=server1
user=u
password=p
monitor_interval=200ms
[Service]
type=service
router=readconnroute
servers=server1,server2
user=u
password=p
[Listener]
type=listener
service=Service
port={port}
address=127.0.0.1
"""


@pytest.fixture
def make_local():
    made = []

    def make(extra="admin_secure_gui=false"):
        admin = lab.free_port()
        text = CONFIG.format(admin=admin, port=lab.free_port(), extra=extra)
        proxy = lab.MaxScale(lab.scratch("mx-rest-"), text, admin)
        made.append(proxy)
        proxy.start()
        return proxy

    yield make
    for proxy in made:
        finish(proxy)


@pytest.fixture
def rest(make_local):
    return Rest(make_local().admin_port)


def test_states_of_a_monitored_server(rest):
    rest("PUT", "servers/server1/set?state=maintenance", 204)
    assert "Maintenance" in rest.state("server1")
    rest("PUT", "servers/server1/clear?state=MAINT", 204)
    assert "Maintenance" not in rest.state("server1")
    answer = rest("PUT", "servers/server1/set?state=master", 400)
    assert "monitored" in answer.text
    rest("PUT", "servers/server1/set?state=bogus", 400)
    rest("PUT", "servers/server1/set", 400)
    rest("PUT", "servers/nosuch/set?state=drain", 404)


def test_states_of_a_server_that_nobody_monitors(rest):
    rest("PUT", "servers/server2/set?state=running", 204)
    rest("PUT", "servers/server2/set?state=master", 204)
    assert rest.state("server2") == "Master, Running"
    rest("PUT", "servers/server2/set?state=slave", 204)
    assert rest.state("server2") == "Slave, Running"
    rest("PUT", "servers/server2/clear?state=slave", 204)
    assert rest.state("server2") == "Running"


def test_stop_and_start(rest):
    for kind, name, word in (("monitors", "Monitor", "Running"), ("services", "Service", "Started"),
                             ("listeners", "Listener", "Running")):
        path = f"{kind}/{name}"

        def state():
            return rest("GET", path, 200).json()["data"]["attributes"]["state"]
        assert state() == word
        rest("PUT", f"{path}/stop", 204)
        assert state() == "Stopped"
        rest("PUT", f"{path}/stop", 204)
        rest("PUT", f"{path}/start", 204)
        assert state() == word
    rest("POST", "services/Service/reload", 204)
    rest("GET", "maxscale/debug/monitor_wait", 200)


def test_log_pages_and_rotation(rest):
    page = rest("GET", "maxscale/logs/entries?page[size]=3", 200).json()
    assert len(page["data"]) == 3 == page["meta"]["total"]
    before = requests.get(page["links"]["prev"], auth=AUTH, timeout=10).json()
    assert int(before["data"][-1]["id"]) < int(page["data"][0]["id"])
    rest("POST", "maxscale/logs/flush", 204)
    newest = rest("GET", "maxscale/logs/data?page[size]=1&priority=notice", 200).json()
    assert "rotation" in newest["data"]["attributes"]["log"][0]["message"]
    rest("GET", "maxscale/logs/data?page[size]=0", 400)
    rest("GET", "maxscale/logs/data?priority=loud", 400)


def test_commands_of_modules(rest):
    module = "maxscale/modules/mariadbmon"
    assert "GET" in rest("GET", f"{module}/switchover", 404).text
    assert "Expected between" in rest("POST", f"{module}/switchover", 400).text
    assert "nosuch" in rest("POST", f"{module}/switchover?nosuch", 400).text
    rest("POST", f"{module}/switchover?monitor=nosuch", 400)
    rest("POST", f"{module}/switchover?bogus=1", 400)
    rest("POST", f"{module}/nosuch", 404)
    rest("POST", "maxscale/modules/nosuch/x", 404)
    rest("POST", f"{module}/failover?Monitor", 400)  # no server is there to take over


def test_accounts(make_local):
    proxy = make_local()
    rest = Rest(proxy.admin_port)
    user = {"data": {"id": "bob", "type": "inet",
                     "attributes": {"password": "secret", "account": "basic"}}}
    rest("POST", "users/inet", 204, user)
    rest("POST", "users/inet", 400, user)
    bob = Rest(proxy.admin_port, auth=("bob", "secret"))
    bob("GET", "servers", 200)
    bob("PUT", "servers/server1/set?state=maintenance", 403)
    bob("POST", "users/inet", 403, user)
    token = bob("GET", "auth", 200).json()["meta"]["token"]
    bearer = {"auth": None, "headers": {"Authorization": f"Bearer {token}"}}
    rest("GET", "servers", 200, **bearer)
    rest("DELETE", "sessions/1", 403, **bearer)
    rest("PATCH", "users/inet/bob", 204, {"data": {"attributes": {"password": "other"}}})
    bob("GET", "servers", 401)
    rest("DELETE", "users/inet/bob", 204)
    rest("GET", "servers", 401, **bearer)  # the token ends with its user
    rest("DELETE", "users/inet/admin", 400)
    passwd = os.path.join(proxy.folder, "var", "lib", "maxscale", "passwd")
    assert os.stat(passwd).st_mode & 0o777 == 0o600
    with open(passwd, encoding="utf-8") as file:
        assert [row["name"] for row in json.load(file)] == ["admin"]


def test_what_a_later_version_will_do(rest):
    """The first of these ended the reference."""
    body = {"data": {"type": "servers", "attributes": {"parameters": {"address": "127.0.0.1"}}}}
    assert "restart" in rest("POST", "servers", 501, body).text
    rest("PATCH", "servers/server1", 400, {})
    rest("DELETE", "services/Service", 501)
    rest("PATCH", "maxscale", 501, {})
    rest("GET", "servers", 200)


def test_bad_requests_are_told_why(rest):
    rest("POST", "users/inet", 400)
    assert "line" in rest("POST", "users/inet", 400, "{bad json").text
    rest("POST", "users/inet", 400, "[]")
    rest("POST", "users/inet", 400, b"\xff\xfe\x00")
    rest("POST", "users/inet", 413, b"x" * (5 * 1024 * 1024))
    rest("GET", "nosuch", 404)
    answer = rest("DELETE", "servers", 405)
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
    rest("GET", "servers", 401, auth=None)
    rest("GET", "servers", 401, auth=("admin", "wrong"))
    rest("GET", "servers?filter=x", 400)
    rest("GET", "servers?fields[servers]=%ff", 400)


def test_headers(rest):
    answer = rest("GET", "servers", 200)
    assert answer.headers["X-Frame-Options"] == "Deny"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert len(answer.headers["Date"].split()[3]) == 4
    head = rest("HEAD", "servers", 200)
    assert head.content == b"" and head.headers["Content-Type"] == "application/json"
    etag = rest("GET", "filters", 200).headers["ETag"]
    rest("GET", "filters", 304, headers={"If-None-Match": etag})
    rest("PUT", "servers/server2/set?state=drain", 412, headers={"If-Match": '"0"'})
    assert "Drain" not in rest.state("server2")


def raw(port, data):
    with socket.create_connection(("127.0.0.1", port), 10) as conn:
        conn.settimeout(10)
        conn.sendall(data)
        conn.shutdown(socket.SHUT_WR)
        got = b""
        while True:
            part = conn.recv(65536)
            if not part:
                return got
            got += part


def test_odd_clients_do_no_harm(make_local):
    proxy = make_local()
    for data in (b"\x00" * 100, b"GET", b"GET / HTTP/1.1\r\n\r\n", b"GET  HTTP/1.1\r\nHost: x\r\n\r\n",
                 b"BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n",
                 b"POST /v1/users/inet HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{",
                 b"POST /v1/users/inet HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                 b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                 b"GET /v1/servers HTTP/1.1\r\nHost: \xff\r\nAuthorization: Basic YWRtaW46bWFyaWFkYg==\r\n\r\n"):
        try:
            raw(proxy.admin_port, data)
        except OSError:
            pass  # closed in our face, which is fine
    Rest(proxy.admin_port)("GET", "servers", 200)


def test_many_at_once(rest):
    def one(number):
        word = ("set", "clear")[number % 2]
        rest("PUT", f"servers/server2/{word}?state=drain", 204)
        return len(rest("GET", "servers", 200).json()["data"])
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert set(pool.map(one, range(64))) == {2}


def certificate(folder):
    """A self-signed certificate of 127.0.0.1; (key, certificate)."""
    key, cert = (os.path.join(folder, name) for name in ("key.pem", "cert.pem"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out",
                    cert], check=True, capture_output=True)
    return key, cert


def test_https(make_local, tmp_path):
    key, cert = certificate(str(tmp_path))
    proxy = make_local(f"admin_ssl_key={key}\nadmin_ssl_cert={cert}\nadmin_ssl_ca={cert}\n"
                       "admin_ssl_version=TLSv13")
    rest = Rest(proxy.admin_port, "https", verify=cert)
    answer = rest("GET", "servers", 200).json()
    assert answer["links"]["self"].startswith("https://")
    cookie = rest("GET", "auth?persist=yes", 204).headers["Set-Cookie"]
    assert " Secure;" in cookie
    # A certificate that is shown must be good; ours is its own authority, another one is not.
    rest("GET", "servers", 200, cert=(cert, key))
    other = tmp_path / "other"
    other.mkdir()
    other_key, other_cert = certificate(str(other))
    rest("GET", "servers", 401, cert=(other_cert, other_key))
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(f"http://127.0.0.1:{proxy.admin_port}/v1/servers", auth=AUTH, timeout=10)
    context = ssl.create_default_context(cafile=cert)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        with socket.create_connection(("127.0.0.1", proxy.admin_port), 10) as conn:
            context.wrap_socket(conn, server_hostname="127.0.0.1").close()


def test_tokens_need_encryption_by_default(make_local):
    rest = Rest(make_local("").admin_port)
    assert "not encrypted" in rest("GET", "auth", 401).text
    rest("GET", "servers", 200)


def test_only_listed_addresses_come_in(make_local):
    closed = Rest(make_local("admin_readwrite_hosts=10.0.0.0/8\nadmin_readonly_hosts=192.168.0.1")
                  .admin_port)
    closed("GET", "servers", 401)
    reading = Rest(make_local("admin_readwrite_hosts=10.0.0.0/8\nadmin_readonly_hosts=127.0.0.0/8")
                   .admin_port)
    reading("GET", "servers", 200)
    reading("PUT", "servers/server2/set?state=drain", 401)


def test_no_authentication_when_it_is_off(make_local):
    rest = Rest(make_local("admin_auth=false").admin_port, auth=None)
    rest("GET", "servers", 200)
    rest("PUT", "servers/server2/set?state=drain", 204)


def test_a_port_in_use_is_told():
    admin = lab.free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", admin))
        taken.listen()
        text = CONFIG.format(admin=admin, port=lab.free_port(), extra="")
        proxy = lab.MaxScale(lab.scratch("mx-rest-"), text, admin)
        proxy.start(wait=False)
        proxy.process.wait(30)
        assert proxy.process.returncode != 0
        assert str(admin) in proxy.log() and "admin_port" in proxy.log()
        proxy.stop()


def test_a_waiting_request_does_not_hold_the_end_up(make_local):
    proxy = make_local()
    with socket.create_connection(("127.0.0.1", proxy.admin_port), 10) as idle:
        idle.sendall(b"GET /v1/servers HTTP/1.1\r\nHost: x\r\n")
        assert proxy.stop() == 0


def sessions(rest):
    return rest("GET", "sessions", 200).json()["data"]


def test_sessions_are_shown_and_closed(proxy):
    rest = Rest(proxy.admin_port)
    with proxy.connect() as client, client.cursor() as cursor:
        cursor.execute("SELECT CONNECTION_ID()")
        number = cursor.connection.thread_id()
        found = rest("GET", f"sessions/{number}", 200).json()["data"]
        assert found["id"] == str(number)
        assert found["attributes"]["user"] == "app"
        assert found["attributes"]["remote"] == "127.0.0.1"
        assert found["relationships"]["services"]["data"][0]["id"] == "Read-Write-Service"
        related = rest("GET", f"sessions/{number}/relationships/services", 200).json()
        assert related["data"] == found["relationships"]["services"]["data"]
        assert rest("GET", "maxscale/memory", 200).json()["data"]["attributes"]["process"]["total"] > 0
        rest("DELETE", f"sessions/{number}", 200)
        with pytest.raises(pymysql.err.OperationalError):
            cursor.execute("SELECT 1")
    lab.wait_for("the session to end", lambda: not sessions(rest))
    rest("GET", f"sessions/{number}", 404)
    rest("DELETE", f"sessions/{number}", 404)


def test_statements_of_a_service_are_counted(proxy):
    rest = Rest(proxy.admin_port)

    def numbers():
        path = "services/Read-Write-Service?fields[services]=statistics"
        return rest("GET", path, 200).json()["data"]["attributes"]["statistics"]
    before = numbers()
    with proxy.connect() as client, client.cursor() as cursor:
        for _ in range(5):
            cursor.execute("SELECT 1")
        cursor.execute("DO 1")
    lab.wait_for("the session to end", lambda: not sessions(rest))
    after = numbers()
    assert after["total_connections"] == before["total_connections"] + 1
    assert after["routed_reads"] >= before["routed_reads"] + 5
    assert after["routed_packets"] == after["routed_reads"] + after["routed_writes"]
    assert after["connections"] == 0


def test_stop_with_force_closes_sessions(proxy):
    rest = Rest(proxy.admin_port)
    with proxy.connect() as client, client.cursor() as cursor:
        cursor.execute("SELECT 1")
        rest("PUT", "services/Read-Write-Service/stop?force=yes", 204)
        with pytest.raises(pymysql.err.OperationalError):
            cursor.execute("SELECT 1")
    rest("PUT", "services/Read-Write-Service/start", 204)
    proxy.wait_ready()


def test_switchover_to_a_named_and_to_any_server(proxy):
    rest = Rest(proxy.admin_port)
    command = "maxscale/modules/mariadbmon/switchover"
    primary = [row["id"] for row in rest("GET", "servers", 200).json()["data"]
               if row["attributes"]["state"].startswith("Master")]
    other = {"server1": "server2", "server2": "server1"}[primary[0]]
    rest("POST", f"{command}?MariaDB-Monitor&{other}&{primary[0]}", 204)
    assert rest.state(other) == "Master, Running"
    rest("GET", "maxscale/debug/monitor_wait", 200)
    lab.wait_for("the old primary to follow", lambda: rest.state(primary[0]) == "Slave, Running")
    rest("POST", f"{command}?MariaDB-Monitor", 204)
    assert rest.state(primary[0]) == "Master, Running"
