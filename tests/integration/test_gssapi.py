"""GSSAPIAuth: a real KDC, real servers with their plugin gssapi, the real client."""
import os
import socket
import struct
import subprocess

import pytest

from conftest import Proxy, running_cluster, starter
from kerberos import REALM, SERVICE, Realm
from lab import lab
from relay import cut_everywhere


@pytest.fixture(scope="module")
def realm(tmp_path_factory):
    made = Realm(str(tmp_path_factory.mktemp("realm")))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def anna(realm):
    return realm.user("anna")


@pytest.fixture(scope="module")
def cluster(template, realm):
    options = ["--plugin-load-add=auth_gssapi", f"--gssapi-keytab-path={realm.path('keytab')}",
               f"--gssapi-principal-name={SERVICE}@{REALM}"]
    with running_cluster(template, options={0: options, 1: options}, environment=realm.environment) as made:
        made.primary.run("CREATE USER anna@'%' IDENTIFIED VIA gssapi",
                         f"CREATE USER full@'%' IDENTIFIED VIA gssapi USING 'anna@{REALM}'",
                         "CREATE USER other@'%' IDENTIFIED VIA gssapi USING 'anna@OTHER.REALM'",
                         "CREATE USER berta@'%' IDENTIFIED VIA gssapi",
                         "GRANT SELECT ON *.* TO anna@'%'", "GRANT SELECT ON *.* TO full@'%'")
        made.sync()
        yield made


@pytest.fixture
def start(cluster, realm):
    def make(principal=SERVICE, keytab="keytab", more="", changes=None, **environment):
        options = f"principal_name={principal}" + more
        if keytab:
            options += f",gssapi_keytab_path={realm.path(keytab)}"
        listener = {"authenticator": "GSSAPIAuth,MariaDBAuth", "authenticator_options": options}
        return Proxy(cluster.servers, {"Read-Write-Listener": listener, **(changes or {})},
                     environment=dict(realm.environment, **environment))

    yield from starter(make)


# Both servers: the plain read goes to the replica, the locking one to the primary.
BOTH = "SELECT CURRENT_USER(), @@server_id; SELECT CURRENT_USER(), @@server_id FOR UPDATE"


def client(proxy, user, environment, port=None):
    done = subprocess.run(
        ["mariadb", "--no-defaults", "-h127.0.0.1", f"-P{port or proxy.port}", f"-u{user}", "-NBe",
         BOTH], capture_output=True, text=True, timeout=60, env=dict(os.environ, **environment))
    return done.stdout, done.stderr


def logged(proxy, text):
    lab.wait_for(f"'{text}' in {proxy.log_file}", lambda: text in proxy.log())


def test_a_ticket_is_enough(start, anna):
    proxy = start()
    assert client(proxy, "anna", anna)[0] == "anna@%\t2\nanna@%\t1\n"
    assert client(proxy, "full", anna)[0] == "full@%\t2\nfull@%\t1\n"


def test_exchange_cut_in_two(start, anna):
    proxy = start()
    cut_everywhere(proxy.port, lambda port: client(proxy, "anna", anna, port)[0], step=17)


def test_realm_in_the_principal(start, anna):
    proxy = start(principal=f"{SERVICE}@{REALM}")
    assert client(proxy, "anna", anna)[0] == "anna@%\t2\nanna@%\t1\n"


def test_tickets_of_others(start, anna):
    proxy = start()
    assert "ERROR 1045" in client(proxy, "berta", anna)[1]
    logged(proxy, f"the ticket is of 'anna@{REALM}', not of the user")
    assert "ERROR 1045" in client(proxy, "other", anna)[1]
    logged(proxy, f"the ticket is of 'anna@{REALM}', the account is for 'anna@OTHER.REALM'")


def test_a_client_without_ticket(start, realm):
    proxy = start()
    nothing = dict(realm.environment, KRB5CCNAME="FILE:" + realm.path("nothing"))
    assert "ERROR" in client(proxy, "anna", nothing)[1]


def test_passwords_beside_tickets(start, anna):
    proxy = start()
    with proxy.connect("app", "app") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_USER()")
        assert cursor.fetchone() == ("app@%",)
    assert client(proxy, "anna", anna)[0]


def test_a_keytab_without_the_key(start, realm, anna):
    """Told at start and at each login; not the client's fault."""
    realm.keytab("mariadb/elsewhere", "elsewhere.keytab")
    proxy = start(keytab="elsewhere.keytab",
                  changes={"maxscale": {"max_auth_errors_until_block": "2"}})
    logged(proxy, f"put a key for '{SERVICE}' into")
    for _ in range(3):
        assert "ERROR 1105" in client(proxy, "anna", anna)[1]
    logged(proxy, "GSSAPI login of 'anna'@'127.0.0.1': ")


def test_servers_with_another_principal(start, realm, anna):
    realm.keytab("mariadb/proxy", "proxy.keytab")
    proxy = start(principal="mariadb/proxy", keytab="proxy.keytab")
    assert "ERROR" in client(proxy, "anna", anna)[1]
    logged(proxy, f"the server's principal is '{SERVICE}@{REALM}', the listener's principal_name "
                  "is 'mariadb/proxy'; they must be the same")


def test_each_listener_has_its_own_keytab(start, realm, anna):
    """The second one's does not take the first one's place."""
    realm.keytab("mariadb/second", "second.keytab")
    port = lab.free_port()
    proxy = start(changes={"Second": {
        "type": "listener", "service": "Read-Write-Service", "port": port,
        "authenticator": "gssapiauth",
        "authenticator_options": "principal_name=mariadb/second,"
                                 f"gssapi_keytab_path={realm.path('second.keytab')}"}})
    assert client(proxy, "anna", anna)[0] == "anna@%\t2\nanna@%\t1\n"
    client(proxy, "anna", anna, port)  # the proxy takes this ticket, the servers do not
    logged(proxy, "the listener's principal_name is 'mariadb/second'")
    assert client(proxy, "anna", anna)[0] == "anna@%\t2\nanna@%\t1\n"


class Raw:
    """A client by hand: the login packet, then whatever is sent as token."""

    def __init__(self, port, user):
        self.socket = socket.create_connection(("127.0.0.1", port), 30)
        self.receive()
        caps = 0x00000200 | 0x00008000 | 0x00080000 | 0x00002000
        self.send(1, struct.pack("<IIB23x", caps, 1 << 24, 45) + user.encode() + b"\0\0"
                  + b"mysql_native_password\0")

    def receive(self):
        head = self.exactly(4)
        return head[3], self.exactly(int.from_bytes(head[:3], "little"))

    def exactly(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            assert part, "the proxy has closed the connection"
            data += part
        return data

    def send(self, sequence, payload):
        self.socket.sendall(struct.pack("<I", len(payload))[:3] + bytes([sequence]) + payload)


def test_request_and_tokens_that_are_none(start):
    proxy = start()
    for token in (b"", b"\x60", b"x" * 5000, b"\x60\x82\x02\x6c" + b"\0" * 624):
        raw = Raw(proxy.port, "anna")
        sequence, payload = raw.receive()
        assert payload == b"\xfeauth_gssapi_client\0" + SERVICE.encode() + b"\0\0"
        raw.send(sequence + 1, token)
        assert raw.receive()[1][:3] == b"\xff\x15\x04", token[:10]
    logged(proxy, "the client has sent no token")
    logged(proxy, "that is not a Kerberos ticket")


def test_a_token_works_once(start, realm, anna, cluster):
    """What somebody has overheard does not let him in (servers here do not remember tokens)."""
    proxy = start(KRB5RCACHENAME="file2:" + realm.path("proxy.rcache"))
    tokens = []
    with socket.create_server(("127.0.0.1", 0)) as middle:
        process = subprocess.Popen(
            ["mariadb", "--no-defaults", "-h127.0.0.1", f"-P{middle.getsockname()[1]}", "-uanna",
             "-e", "SELECT 1"], env=dict(os.environ, **anna), stderr=subprocess.DEVNULL)
        victim, _ = middle.accept()
        with victim, socket.create_connection(("127.0.0.1", proxy.port)) as upstream:
            for source, to in ((upstream, victim), (victim, upstream), (upstream, victim)):
                to.sendall(source.recv(65536))
            tokens.append(victim.recv(65536)[4:])
        process.wait(30)
    for expected in (b"\0", b"\xff"):
        raw = Raw(proxy.port, "anna")
        raw.send(raw.receive()[0] + 1, tokens[0])
        assert raw.receive()[1][:1] == expected
    logged(proxy, "the token was used before")


def test_mistakes_in_the_options(realm):
    server = type("Server", (), {"name": "server1", "port": 1})
    for options, said in (("principal_name=", "The name is empty"),
                          ("gssapi_keytab_path=/nowhere/at/all", "/nowhere/at/all"),
                          ("keytab=/x", "There is no authenticator option 'keytab'")):
        proxy = Proxy([server], {"Read-Write-Listener": {
            "authenticator": "gssapiauth", "authenticator_options": options}})
        done = subprocess.run([*proxy.command(), "--config-check"], capture_output=True, text=True,
                              env=dict(os.environ, **realm.environment))
        assert done.returncode == 1 and said in done.stdout + done.stderr
