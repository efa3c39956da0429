"""Accounts of plugins that the servers of the tests do not have: caching_sha2_password, PARSEC.

The primary has the accounts in mysql.global_priv, where the proxy reads them; the replica, which the
clients end up on, knows the same users with native passwords.
"""
import subprocess

import pymysql
import pytest

from accounts import Exchange, make_account, parsec_stored, sha2_stored
from certs import Authority
from conftest import Proxy, finish
from lab import lab
from test_auth import check, client, denied, gets_in, keys, lines_with, logged, mapping_proxy, over
from relay import cut_everywhere
from test_drivers import NPM, NPM_LAST, made
import gate as gates

SHA2 = "caching_sha2_password"
DENIED = b"\xff" + (1045).to_bytes(2, "little")


def make_user(servers, user, password, plugin=SHA2, stored=None):
    make_account(servers[0], user, plugin, stored or sha2_stored(password))
    servers[1].run(f"CREATE OR REPLACE USER {user}@'%' IDENTIFIED BY '{password}'")


@pytest.fixture(scope="module")
def accounts(cluster):
    for user, password in (("sha", "s3cret"), ("cut", "x"), ("node", "n"), ("cached", "c"),
                           ("lengthy", "long" * 50)):
        make_user(cluster.servers, user, password)
    make_account(cluster.servers[0], "empty", SHA2, "")
    cluster.servers[1].run("CREATE USER empty@'%'")
    make_user(cluster.servers, "par", "p", "parsec", parsec_stored("p"))
    make_user(cluster.servers, "par8", "p", "parsec", parsec_stored("p", 3))
    make_user(cluster.servers, "spoilt", "p", SHA2, "$A$005$tooshort")
    return cluster


@pytest.fixture(scope="module")
def proxy(accounts, tmp_path_factory):
    """A service to the replica; listeners in clear, with keys of files, with TLS, at a socket."""
    folder = tmp_path_factory.mktemp("stored")
    private, public = keys(folder)
    authority = Authority(str(folder))
    cert, key = authority.make("server")
    ports = {name: lab.free_port() for name in ("clear", "files", "tls")}
    socket = str(folder / "s.sock")
    options = {
        "clear": {},
        "files": {"authenticator_options": f"{SHA2}_private_key_path={private},"
                                           f"{SHA2}_public_key_path={public}"},
        "tls": {"ssl": "true", "ssl_cert": cert, "ssl_key": key},
    }
    listeners = {name: {"type": "listener", "service": "Replica", "port": port, **options[name]}
                 for name, port in ports.items()}
    shared = Proxy(accounts.servers, {
        "maxscale": {"users_refresh_time": "0s", "max_auth_errors_until_block": "0", "threads": "1",
                     "auth_connect_timeout": "60s",  # the first key and programs under load take their time
                     "log_throttling": "0,0s,0s"},
        "Replica": {"type": "service", "router": "readconnroute", "router_options": "slave",
                    "servers": "server1,server2", "user": "maxscale", "password": "maxscale"},
        "Socket": {"type": "listener", "service": "Replica", "socket": socket}, **listeners})
    shared.ports = ports
    shared.socket = socket
    shared.public = public
    shared.ca = authority.ca
    try:
        shared.start()
        shared.wait_ready("maxscale", "maxscale")
        lab.wait_for("a login", lambda: client("app", "app", *over(ports["clear"])).returncode == 0)
        yield shared
    finally:
        finish(shared)


def whoami(port, user, password, **more):
    with pymysql.connect(host="127.0.0.1", port=port, user=user, password=password, **more) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT CURRENT_USER(), @@server_id")
            return cursor.fetchone()


# ------------------------------------------------------------ caching_sha2_password

@pytest.mark.parametrize("listener", ["clear", "files", "tls"])
def test_pymysql(proxy, listener):
    port = proxy.ports[listener]
    more = {"ssl": {"ca": proxy.ca}} if listener == "tls" else {}
    for _ in range(2):
        assert whoami(port, "sha", "s3cret", **more) == ("sha@%", 2)
        assert whoami(port, "lengthy", "long" * 50, **more) == ("lengthy@%", 2)
        assert whoami(port, "empty", "", **more) == ("empty@%", 2)
    for user, password in (("sha", "S3cret"), ("sha", ""), ("empty", "x")):
        with pytest.raises(pymysql.err.MySQLError) as caught:
            whoami(port, user, password, **more)
        assert caught.value.args[0] == 1045


def test_the_client_program(accounts, proxy):
    """Debian's client library does not know RSA, so it needs privacy or to be in the cache."""
    tls = [*over(proxy.ports["tls"]), "--ssl", f"--ssl-ca={proxy.ca}"]
    make_user(accounts.servers, "program", "p")
    denied("program", "p", *over(proxy.ports["clear"]))
    assert logged(proxy, "'program'", "in clear over a connection without TLS")
    for way in (["-S", proxy.socket], tls):
        denied("program", "wrong", *way)
        gets_in("program", "p", *way)
        gets_in("program", "p", *way)
    gets_in("program", "p", *over(proxy.ports["clear"]))


@pytest.mark.parametrize("driver", ["mysql2", "mariadb"])
def test_node(proxy, tmp_path_factory, driver):
    folder = tmp_path_factory.getbasetemp() / "node"
    folder.mkdir(exist_ok=True)
    command = made(NPM_LAST, NPM, f"node {{built}}/login.js {driver} {proxy.ports['clear']} node")(folder)
    done = subprocess.run([*command, "n"], cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["node@%", "node@%"], done.stdout + done.stderr
    done = subprocess.run([*command, "wrong"], cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["error", "1045"], done.stdout + done.stderr


def test_second_login_is_from_the_cache(accounts, proxy):
    port = proxy.ports["clear"]
    with Exchange(port, "cached") as first:
        assert first.plugin == SHA2.encode() and first.data == first.scramble + b"\0"
        assert first.sha2_answer("c") == b"\1\4"
        assert first.sha2_encrypted(first.sha2_key(), "c")[:1] == b"\0"
        assert first.query("SELECT 1")[-2][4:] == b"\x011"
    with Exchange(port, "cached") as second:
        assert second.sha2_answer("c") == b"\1\3"
        number = second.sequence
        assert second.packet()[:1] == b"\0" and second.sequence == number + 1
        assert second.query("SELECT 1")[-2][4:] == b"\x011"
    with Exchange(port, "cached", db="nowhere") as third:
        assert third.sha2_answer("c") == b"\1\3"
        assert third.packet()[:3] == b"\xff" + (1049).to_bytes(2, "little")
    # Another password is another entry: the old one is worth nothing.
    make_user(accounts.servers, "cached", "changed")
    proxy.maxctrl("reload", "service", "Replica")
    lab.wait_for("the new password", lambda: client("cached", "changed", "-S", proxy.socket).returncode == 0)
    with Exchange(port, "cached") as fourth:
        assert fourth.sha2_answer("c") == b"\1\4"
        assert fourth.sha2_encrypted(fourth.sha2_key(), "c")[:3] == DENIED


def test_key_is_that_of_the_file(proxy):
    shown = []
    for name in ("clear", "files"):
        with Exchange(proxy.ports[name], "cut") as client_:
            assert client_.sha2_answer("y") == b"\1\4"
            shown.append(client_.say(b"\2")[1:].decode())
    with open(proxy.public, encoding="ascii") as file:
        assert file.read() == shown[1] != shown[0]


def cut_answer(exchange):
    return exchange.say(b"a" * 31)


def cut_encrypted(exchange):
    exchange.sha2_answer("y")
    exchange.sha2_key()
    return exchange.say(b"a" * 255)


def other_key(exchange):
    exchange.sha2_answer("y")
    exchange.sha2_key()
    return exchange.say(b"a" * 256)


def nothing(exchange):
    exchange.sha2_answer("y")
    return exchange.say(b"")


@pytest.mark.parametrize("conversation,reason", [
    (cut_answer, "not one of caching_sha2_password"),
    (cut_encrypted, "not encrypted with the RSA key"),
    (other_key, "not encrypted with the RSA key"),
    (nothing, "not encrypted with the RSA key"),
])
def test_answers_that_are_none(proxy, conversation, reason):
    before = len(lines_with(proxy, "'cut'", reason))
    with Exchange(proxy.ports["clear"], "cut") as exchange:
        assert conversation(exchange)[:3] == DENIED
    lab.wait_for("the reason", lambda: len(lines_with(proxy, "'cut'", reason)) == before + 1)


def test_exchange_cut_at_every_byte(proxy):
    """With a wrong password: a right one would be in the cache from then on."""
    def refused(port):
        with Exchange(port, "cut") as exchange:
            more = exchange.sha2_answer("wrong")
            return more, exchange.sha2_encrypted(exchange.sha2_key(), "wrong")[:3]

    cut_everywhere(proxy.ports["clear"], refused)
    cut_everywhere(proxy.ports["clear"], lambda port: whoami(port, "sha", "s3cret"))


def test_spoilt_account_is_named_in_the_log(proxy):
    denied("spoilt", "p", *over(proxy.ports["clear"]))
    assert logged(proxy, "'spoilt'", "authentication string is none of caching_sha2_password")


def test_change_of_user(proxy):
    with Exchange(proxy.ports["clear"], "sha") as session:
        if session.sha2_answer("s3cret") == b"\1\3":
            session.packet()
        else:
            session.sha2_encrypted(session.sha2_key(), "s3cret")
        assert session.answer[:1] != b"\xff"
        for user, password, good in (("lengthy", "long" * 50, True), ("cut", "wrong", False),
                                     ("cut", "x", True), ("cut", "x", True)):
            session.change_user(user)
            assert session.plugin == SHA2.encode()
            if session.sha2_answer(password) == b"\1\3":
                session.answer = session.packet()
            else:
                session.sha2_encrypted(session.sha2_key(), password)
            assert session.answer[:1] == (b"\0" if good else b"\xff")
            who = session.query("SELECT CURRENT_USER()")[-2][5:]
            assert who == (f"{user}@%".encode() if good else b"lengthy@%")


def test_server_that_wants_the_same_plugin(accounts, make_proxy):
    """The password that the client has shown answers the server, also when it came from the cache."""
    make_account(accounts.primary, "both", SHA2, sha2_stored("b"))
    gate = gates.Gate("server1", accounts.primary.port, lab.free_port())
    try:
        gate.users = {"both": gates.Sha2("b")}
        proxy = make_proxy([gate], {"maxscale": {"threads": "1"}})
        proxy.wait_ready("maxscale", "maxscale")
        for _ in range(2):
            with pymysql.connect(host="127.0.0.1", port=proxy.port, user="both", password="b") as connection:
                connection.ping()
        assert gate.logins == [("both", True)] * 2
    finally:
        gate.close()


@pytest.mark.parametrize("options,words", [
    (f"{SHA2}_private_key_path=/etc/passwd", [f"{SHA2}_public_key_path", "one half"]),
    (f"{SHA2}_private_key_path=/etc/passwd,{SHA2}_public_key_path=/etc/passwd", ["not an RSA private key"]),
])
def test_mistakes_in_the_keys(accounts, make_proxy, options, words):
    proxy = make_proxy(accounts.servers, {"Read-Write-Listener": {"authenticator_options": options}},
                       start=False)
    output = check(proxy)
    assert all(word in output for word in words), output


# ------------------------------------------------------------ PARSEC

def test_parsec(accounts, make_proxy, tmp_path):
    proxy = mapping_proxy(make_proxy, accounts.servers, tmp_path, {
        "user_map": [{"original_user": user, "mapped_user": "app"} for user in ("par", "par8")],
        "server_credentials": [{"mapped_user": "app", "password": "app"}]})
    proxy.wait_ready("maxscale", "maxscale")
    for user in ("par", "par8"):
        with Exchange(proxy.port, user) as session:
            assert session.plugin == b"parsec"
            assert session.parsec("p")[:1] == b"\0"
            assert session.query("SELECT CURRENT_USER()")[-2][5:] == b"app@%"
            assert session.change_user("par") and session.parsec("p")[:1] == b"\0"
        with Exchange(proxy.port, user) as session:
            assert session.parsec("wrong")[:3] == DENIED
    assert logged(proxy, "'par8'", "the password is wrong")
    with Exchange(proxy.port, "par") as session:
        session.parsec_salt()
        assert session.say(b"x" * 95)[:3] == DENIED
    assert logged(proxy, "'par'", "a scramble and a signature")

    def signed(port):
        with Exchange(port, "par") as session:
            return session.parsec("p")[:1]

    cut_everywhere(proxy.port, signed)


def test_parsec_without_a_mapping_says_what_is_missing(accounts, make_proxy):
    make_account(accounts.primary, "alone", "parsec", parsec_stored("p"))
    gate = gates.Gate("server1", accounts.primary.port, lab.free_port())
    try:
        gate.users = {"alone": gates.Parsec("p")}
        proxy = make_proxy([gate])
        proxy.wait_ready("maxscale", "maxscale")
        with Exchange(proxy.port, "alone") as session:
            session.parsec("p")
            assert logged(proxy, "'parsec'", "user_mapping_file")
    finally:
        gate.close()
