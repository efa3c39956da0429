"""TLS between clients, proxy and servers: real OpenSSL on all sides, certificates made here."""
import os
import ssl
import subprocess

import pymysql
import pytest

import conversations as talk
from certs import Authority, openssl
from conftest import Proxy, finish, running
from conversations import raw
from lab import lab
from relay import TO_CLIENT, Kept, Relay
from test_protocol_conversations import compare

MODERN = raw.BASE | raw.MULTI | raw.TRACK | raw.NO_EOF
SERVER_TLS = {"ssl": "true"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made = Authority(str(tmp_path_factory.mktemp("certs")))
    made.make("proxy")
    made.make("client", hosts=None)
    made.make("database")
    os.chmod(made.folder, 0o755)
    for parent in (os.path.dirname(made.folder), os.path.dirname(os.path.dirname(made.folder))):
        os.chmod(parent, 0o755)
    return made


@pytest.fixture(scope="module")
def servers(template, authority):
    """server1 has TLS, server2 has none."""
    folder = lab.scratch("mx-cluster-")
    os.symlink(template, os.path.join(folder, "template"))
    cert, key = authority.path("database.crt"), authority.path("database.key")
    made = lab.Cluster(folder, 1, options={
        0: ["--bind-address=127.0.0.1,127.0.0.2", f"--ssl-ca={authority.ca}", f"--ssl-cert={cert}", f"--ssl-key={key}"]})
    made.start()
    with raw.Client(made.primary.port, caps=raw.BASE | raw.MULTI) as setup:
        setup.query(talk.SETUP)
    made.primary.run("SET GLOBAL max_allowed_packet = 64 * 1024 * 1024")
    yield made
    made.stop()


def changes(authority, port, listener=None, server=None):
    """A service on server1 alone with TLS on both sides; more parameters for either."""
    return {
        "maxscale": {"users_refresh_time": "0s", "threads": "2"},
        "server1": {**SERVER_TLS, "ssl_ca": authority.ca, "ssl_verify_peer_certificate": "true",
                    "ssl_verify_peer_host": "true", **(server or {})},
        "Plain": {"type": "service", "router": "readconnroute", "servers": "server1",
                  "user": "maxscale", "password": "maxscale", "router_options": "master"},
        "Plain-Listener": {"type": "listener", "service": "Plain", "port": port, "ssl": "true",
                           "ssl_cert": authority.path("proxy.crt"),
                           "ssl_key": authority.path("proxy.key"), "ssl_ca": authority.ca,
                           **(listener or {})},
        "Read-Write-Listener": {"ssl": "true", "ssl_cert": authority.path("proxy.crt"),
                                "ssl_key": authority.path("proxy.key"), **(listener or {})},
    }


class TlsProxy(Proxy):
    """With a second listener, and clients that speak TLS."""

    def __init__(self, authority, servers, listener=None, server=None, more=None):
        self.authority = authority
        self.plain_port = lab.free_port()
        wanted = changes(authority, self.plain_port, listener, server)
        for section, values in (more or {}).items():
            wanted.setdefault(section, {}).update(values)
        super().__init__(servers, wanted)

    def client(self, port=None, context=None, **more):
        return raw.Client(port or self.plain_port, tls=context or self.authority.context(), **more)

    def connect(self, user="app", password="app", port=None, **more):
        more.setdefault("ssl", self.authority.context())
        return super().connect(user, password, port or self.plain_port, host="localhost", **more)


@pytest.fixture(scope="module")
def both(authority, servers):
    made = TlsProxy(authority, servers.servers[:1])
    yield from running(made)


@pytest.fixture
def start(authority, servers):
    """start(listener={}, server={}) -> a running proxy of its own."""
    made = []

    def go(wait=True, ready=True, **more):
        proxy = TlsProxy(authority, servers.servers[:1], **more)
        made.append(proxy)
        proxy.start(wait)
        if ready:
            proxy.wait_ready()
        return proxy

    yield go
    for proxy in made:
        finish(proxy)


# ---- the same bytes, with TLS on both sides

@pytest.mark.parametrize("router", ["readconnroute", "readwritesplit"])
@pytest.mark.parametrize("cut", [0, 7])
@pytest.mark.parametrize("caps", [raw.BASE, MODERN], ids=["plain", "modern"])
@pytest.mark.parametrize("conversation", talk.ALL + talk.WITH_MULTI, ids=lambda c: c.__name__)
def test_conversations_are_the_same_as_without_proxy_and_tls(both, servers, conversation, caps, cut,
                                                             router):
    if conversation.__name__.startswith("large") and (cut or caps == raw.BASE):
        pytest.skip("large packets once")
    if conversation in talk.WITH_MULTI:
        caps |= raw.MULTI
    port = both.plain_port if router == "readconnroute" else both.port
    with raw.Client(servers.primary.port, caps=caps) as direct:
        expected = conversation(direct)
    with both.client(port, caps=caps, cut=cut) as through:
        compare(expected, conversation(through))


def logged(proxy, text):
    lab.wait_for(f"'{text}' in {proxy.log_file}", lambda: text in proxy.log())


def server_tls(connection, name):
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW SESSION STATUS LIKE '{name}'")
        return cursor.fetchone()[1]


def test_both_sides_are_encrypted_and_rest_says_so(both):
    with both.connect() as connection:
        assert connection._sock.version() == "TLSv1.3"
        backend = server_tls(connection, "Ssl_cipher")
        assert backend.startswith("TLS_")
        sessions = both.api("sessions").json()["data"]
        mine = [s["attributes"] for s in sessions if s["id"] == str(connection.thread_id())]
        assert mine[0]["client"]["cipher"] == connection._sock.cipher()[0]
        assert mine[0]["connections"][0]["cipher"] == backend


def test_change_of_user_and_kill_work_inside_of_tls(both):
    with both.client() as client, both.client() as other:
        assert talk.change_user(client, "maxscale", "maxscale")[0] == 0
        assert b"maxscale@" in client.query("SELECT USER()")[-2]
        other.command(raw.QUERY, "SELECT SLEEP(60)")
        lab.wait_for("the sleep to begin", lambda: client.query(
            "SELECT 1 FROM information_schema.processlist WHERE info = 'SELECT SLEEP(60)'")[-2][4:] == b"\x011")
        client.query(f"KILL {other.thread_id}")
        with pytest.raises((raw.Gone, OSError)):
            while True:
                other.packet()
        gone = "SELECT COUNT(*) FROM information_schema.processlist WHERE info = 'SELECT SLEEP(60)'"
        lab.wait_for("the server's side to end", lambda: client.query(gone)[-2][4:] == b"\x010")


# ---- who may not

def test_client_without_tls_is_denied(both):
    with raw.Client(both.plain_port, login=False) as client:
        client.login("app", "app", "", 45)
        assert client.answer[:3] == b"\xff\x15\x04" and b"28000" in client.answer
        assert b"SSL" in client.answer
    logged(both, "Access without SSL denied")
    with pytest.raises(pymysql.OperationalError) as caught:
        Proxy.connect(both, port=both.plain_port)
    assert caught.value.args[0] == 1045


def test_clear_packets_behind_the_request_are_never_run(both, servers):
    login = raw.frame(b"\x85\xa6\xff\x01" + bytes(28) + b"app\0\0", 2)
    evil = raw.frame(b"\x03CREATE DATABASE injected", 0)
    for behind in (login, login + evil, evil):
        with pytest.raises((raw.Gone, OSError, ssl.SSLError)):
            raw.Client(both.plain_port, tls=both.authority.context(), behind_request=behind)
    assert not servers.primary.query("SHOW DATABASES LIKE 'injected'")
    logged(both, "TLS with the client at")


def test_request_for_tls_inside_of_tls_is_refused(both):
    with both.client(login=False) as client:
        client.send(raw.frame(b"\x00\x0a\x00\x00" + bytes(28), 2))
        assert client.packet()[:3] == b"\xff\x13\x04"


@pytest.mark.parametrize("wanted, good, bad", [
    ("TLSv12", ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3),
    ("TLSv1.3", ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2)])
def test_versions_are_exactly_those_of_the_set(start, authority, wanted, good, bad):
    proxy = start(listener={"ssl_version": wanted}, server={"ssl_version": wanted})
    with proxy.connect(ssl=authority.context(version=good)) as connection:
        version = "TLSv1.2" if wanted == "TLSv12" else "TLSv1.3"
        assert connection._sock.version() == version
        assert server_tls(connection, "Ssl_version") == version
    with pytest.raises(pymysql.OperationalError):
        proxy.connect(ssl=authority.context(version=bad))
    logged(proxy, "no TLS version in common")
    logged(proxy, "ssl_version")


def test_cipher_lists_of_both_sides(start, authority):
    one, two = "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"
    proxy = start(listener={"ssl_cipher": one, "ssl_version": "TLSv12"},
                  server={"ssl_cipher": two, "ssl_version": "TLSv12"})
    with proxy.connect() as connection:
        assert connection._sock.cipher()[0] == one
        assert server_tls(connection, "Ssl_cipher") == two
    with pytest.raises(pymysql.OperationalError):
        proxy.connect(ssl=authority.context(version=ssl.TLSVersion.TLSv1_2, ciphers=two))
    logged(proxy, "no cipher in common")


def test_certificates_of_clients_are_demanded_and_revoked_ones_refused(start, authority):
    authority.make("thief", hosts=None)
    crl = authority.revoke("thief")
    proxy = start(listener={"ssl_verify_peer_certificate": "true", "ssl_crl": crl}, ready=False)
    lab.wait_for("a login", lambda: proxy.connect(ssl=authority.context("client")).close() or True)
    for cert in (None, "thief"):
        with pytest.raises((pymysql.OperationalError, OSError)):
            proxy.connect(ssl=authority.context(cert))
    logged(proxy, "shows no certificate")
    logged(proxy, "certificate revoked")


def test_host_of_the_clients_certificate(start, authority):
    authority.make("elsewhere", hosts="IP:10.1.1.1")
    authority.make("here", hosts="IP:127.0.0.1")
    proxy = start(listener={"ssl_verify_peer_host": "true", "address": "127.0.0.1"})
    proxy.connect(ssl=authority.context("here")).close()
    with pytest.raises((pymysql.OperationalError, OSError)):
        proxy.connect(ssl=authority.context("elsewhere"))
    logged(proxy, "not made out to '127.0.0.1'")


# ---- servers

def accounts_from_file(folder):
    """Clients can log in although the server cannot be reached."""
    path = os.path.join(folder, "accounts.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write('{"user": [{"user": "app", "host": "%", "plugin": "mysql_native_password", '
                   '"password": "*5BCB3E6AC345B435C7C2E6B7949A04CE6F6563D3", "global_db_priv": true}]}')
    return {"user_accounts_file": path, "user_accounts_file_usage": "file_only_always"}


def test_server_without_tls_is_a_clear_error(authority, servers, make_proxy, tmp_path):
    proxy = make_proxy(servers.servers[1:], {
        "server2": {"ssl": "true"},
        "Read-Write-Service": {"master_failure_mode": "fail_on_write",
                               **accounts_from_file(str(tmp_path))}})
    logged(proxy, "the server has no TLS")
    state_by_hand(proxy, "server2")
    refused(proxy, lambda: Proxy.connect(proxy), "the server has no TLS")


def state_by_hand(proxy, server):
    proxy.maxctrl("stop", "monitor", "MariaDB-Monitor")
    proxy.maxctrl("set", "server", server, "master")
    proxy.maxctrl("set", "server", server, "running")


def refused(proxy, connect, says):
    """A client hears of no secrets, the log gets the reason."""
    before = proxy.log().count(says)
    with pytest.raises(pymysql.Error):
        with connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    lab.wait_for(f"'{says}' in {proxy.log_file}", lambda: proxy.log().count(says) > before)


@pytest.mark.parametrize("server, says", [
    ({"ssl_verify_peer_host": "true", "address": "127.0.0.2"}, "not made out to '127.0.0.2'"),
    ({"ssl_ca": "other"}, "is not accepted"),
    ({"ssl_version": "TLSv1.0", "ssl_cipher": "DEFAULT@SECLEVEL=0"}, "no TLS version in common"),
    ({"ssl_version": "TLSv1.2", "ssl_cipher": "ECDHE-RSA-AES128-GCM-SHA256"}, "accepts none of what was offered")],
    ids=["host", "authority", "version", "cipher"])
def test_server_that_is_not_the_one_it_should_be(start, authority, servers, tmp_path, server, says):
    if server.get("ssl_ca") == "other":
        server = {"ssl_ca": Authority(str(tmp_path), "other").ca}
    file = accounts_from_file(str(tmp_path))
    proxy = start(server=server, ready=False, more={"Plain": file, "Read-Write-Service": file})
    state_by_hand(proxy, "server1")
    refused(proxy, proxy.connect, says)
    assert "TLS with server 'server1' failed" in proxy.log()


def test_host_is_verified_only_when_asked_for(start):
    proxy = start(server={"address": "127.0.0.2", "ssl_verify_peer_host": "false"})
    with proxy.connect() as connection:
        assert server_tls(connection, "Ssl_cipher")


# ---- accounts

@pytest.mark.parametrize("require, certs, alone", [
    ("SSL", [None, "client"], []),
    ("X509", ["client"], [None]),
    ("SUBJECT '/C=FI/O=Tests/CN=client'", ["client"], [None]),
    ("SUBJECT '/C=FI/O=Tests/CN=other'", [], [None, "client"]),
    ("ISSUER '/C=FI/O=Tests/CN=ca'", ["client"], [None]),
    ("ISSUER '/C=FI/O=Tests/CN=other'", [], ["client"]),
    ("CIPHER 'TLS_AES_256_GCM_SHA384'", [None, "client"], []),
    ("CIPHER 'TLS_AES_128_GCM_SHA256'", [], [None])])
def test_require_of_accounts(start_clear, servers, authority, require, certs, alone):
    proxy = start_clear
    servers.primary.run("CREATE OR REPLACE USER picky@'%' IDENTIFIED BY 'p' REQUIRE " + require,
                        "GRANT SELECT ON *.* TO picky@'%'")
    proxy.maxctrl("reload", "service", "Plain")
    proxy.maxctrl("reload", "service", "Clear")

    def logs_in(port, context):
        try:
            # The account's demands are the server's too; only what the proxy says counts here.
            with raw.Client(port, "picky", "p", tls=context, login=True) as client:
                return client.answer[0] == 0
        except raw.Gone:
            return False

    for cert in certs:
        assert logs_in(proxy.plain_port, authority.context(cert)), cert
    for cert in alone:
        assert not logs_in(proxy.plain_port, authority.context(cert)), cert
    assert not logs_in(proxy.clear_port, None)
    logged(proxy, "the account has REQUIRE")


@pytest.fixture(scope="module")
def start_clear(authority, servers):
    """A proxy with a listener in clear beside those with TLS."""
    port = lab.free_port()
    made = TlsProxy(authority, servers.servers[:1], more={
        "Clear": {"type": "service", "router": "readconnroute", "servers": "server1",
                  "user": "maxscale", "password": "maxscale", "router_options": "master"},
        "Clear-Listener": {"type": "listener", "service": "Clear", "port": port}})
    made.clear_port = port
    yield from running(made)


# ---- sessions and reload

def test_sessions_of_clients_are_resumed_on_any_worker(both):
    context = both.authority.context()
    with both.client(context=context, login=False) as first:
        first.login("app", "app", "", 45)
        session = first.socket.session
        assert not first.socket.session_reused
    for _ in range(6):
        client = raw.Client(both.plain_port, login=False)
        body = raw.struct.pack("<IIB", client.caps | raw.CLIENT["SSL"], 1 << 24, 45) + bytes(23)
        client.socket.sendall(raw.frame(body, 1))
        client.socket = context.wrap_socket(client.socket, session=session, server_hostname="localhost")
        client.caps |= raw.CLIENT["SSL"]
        client.sequence = 1
        client.login("app", "app", "", 45)
        assert client.answer[0] == 0
        assert client.socket.session_reused
        client.close()


def test_openssl_resumes(both, tmp_path):
    kept = str(tmp_path / "session")
    common = ["s_client", "-starttls", "mysql", "-connect", f"127.0.0.1:{both.plain_port}",
              "-CAfile", both.authority.ca, "-tls1_2"]
    assert "New, TLSv1.2" in openssl(*common, "-sess_out", kept, input="")
    assert "Reused, TLSv1.2" in openssl(*common, "-sess_in", kept, input="")


def test_sessions_with_servers_are_resumed(start, servers):
    connections = []

    def keep():
        connections.append(Kept())
        return connections[-1]

    shown = b"\x0c\x08database"  # the name in the server's certificate, in clear with TLS 1.2
    with Relay(servers.primary.port, keep) as relay:
        proxy = start(server={"port": str(relay.port), "ssl_version": "TLSv12"})
        proxy.maxctrl("stop", "monitor", "MariaDB-Monitor")
        del connections[:]
        for _ in range(8):
            with proxy.connect() as connection, connection.cursor() as cursor:
                cursor.execute("SELECT 1")
    # Each of the two workers begins with a full handshake.
    resumed = [one for one in connections if shown not in one.began[TO_CLIENT]]
    assert len(connections) >= 8 and len(resumed) >= 5


def served(proxy):
    """Serial number of the certificate that new clients see."""
    text = openssl("s_client", "-starttls", "mysql", "-connect", f"127.0.0.1:{proxy.plain_port}",
                   input="")
    return openssl("x509", "-noout", "-serial", input=text)


def test_reload_under_a_running_client(start, authority):
    authority.make("reloaded")
    files = {"ssl_cert": authority.path("reloaded.crt"), "ssl_key": authority.path("reloaded.key")}
    proxy = start(listener=files)
    first = served(proxy)
    with proxy.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        authority.make("reloaded")
        assert served(proxy) == first
        proxy.maxctrl("reload", "tls")
        second = served(proxy)
        assert second != first
        cursor.execute("SELECT 2")
        assert cursor.fetchone() == (2,)
        # A key that does not belong to the certificate changes nothing, and says so.
        os.replace(authority.path("reloaded.key"), authority.path("away.key"))
        authority.make("stranger")
        os.link(authority.path("stranger.key"), authority.path("reloaded.key"))
        answer = proxy.api("maxscale/tls/reload", "POST")
        assert answer.status_code == 400
        assert "does not hold the key of the certificate" in answer.text
        assert "Plain-Listener" in answer.text
        assert served(proxy) == second
        cursor.execute("SELECT 3")
        proxy.connect().close()
    os.replace(authority.path("away.key"), authority.path("reloaded.key"))
    assert proxy.api("maxscale/tls/reload", "POST").status_code == 204


def test_revoked_after_reload(start, authority):
    authority.make("leaver", hosts=None)
    crl = authority.revoke()
    proxy = start(listener={"ssl_verify_peer_certificate": "true", "ssl_crl": crl}, ready=False)
    lab.wait_for("a login", lambda: proxy.connect(ssl=authority.context("leaver")).close() or True)
    authority.revoke("leaver")
    proxy.maxctrl("reload", "tls")
    with pytest.raises((pymysql.OperationalError, OSError)):
        proxy.connect(ssl=authority.context("leaver"))


# ---- programs of MariaDB

def test_mariadb_program_verifies_the_proxy(both):
    command = ["mariadb", "-h", "127.0.0.1", "-P", str(both.plain_port), "-uapp", "-papp",
               f"--ssl-ca={both.authority.ca}", "--ssl-verify-server-cert", "-N", "-e"]
    done = subprocess.run(command + ["SHOW STATUS LIKE 'Ssl_version'; SELECT REPEAT('x', 1000000)"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "TLSv1.3" in done.stdout and len(done.stdout) > 1000000


# ---- mistakes in the configuration

def check(tmp_path, authority, section, values):
    lines = {"listener": {"type": "listener", "service": "S", "port": "4006"},
             "server": {"type": "server", "address": "127.0.0.1"}}
    lines[section].update(values)
    text = "[maxscale]\nthreads=1\n"
    text += "[S]\ntype=service\nrouter=readconnroute\nservers=db\nuser=u\npassword=p\n"
    text += "[L]\n" + "".join(f"{k}={v}\n" for k, v in lines["listener"].items())
    text += "[db]\n" + "".join(f"{k}={v}\n" for k, v in lines["server"].items())
    path = str(tmp_path / "maxscale.cnf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    root = os.environ.get("MX_ROOT", os.path.join(lab.REPO, "build", "root", "usr"))
    done = subprocess.run([os.path.join(root, "bin", "maxscale"), "--config-check", "-f", path,
                           f"--basedir={tmp_path}", f"--libdir={root}/lib64/maxscale", "--user=root"],
                          capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr, path


@pytest.mark.parametrize("section, values, says", [
    ("listener", {"ssl": "true"}, "ssl_cert"),
    ("listener", {"ssl": "true", "ssl_cert": "proxy.crt", "ssl_key": "client.key"}, "key of the certificate"),
    ("listener", {"ssl": "true", "ssl_cert": "proxy.crt", "ssl_key": "proxy.key", "ssl_cipher": "NOPE"},
     "no cipher match"),
    ("listener", {"ssl": "true", "ssl_cert": "usage.crt", "ssl_key": "usage.key"}, "serverAuth"),
    ("listener", {"ssl": "true", "ssl_cert": "/", "ssl_key": "proxy.key"}, "Is a directory. Hint: Check"),
    ("server", {"ssl": "true", "ssl_cert": "proxy.crt"}, "one half"),
    ("server", {"ssl": "true", "ssl_ca": "proxy.key"}, "no certificate in PEM form")])
def test_config_check_names_file_line_and_remedy(tmp_path, authority, section, values, says):
    authority.make("usage", usage="clientAuth")
    values = {k: authority.path(v) if v.endswith((".crt", ".key")) else v for k, v in values.items()}
    code, text, path = check(tmp_path, authority, section, values)
    assert code != 0
    assert says in text and path + ":" in text, text
