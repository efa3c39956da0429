"""Logging in: plugins of accounts and servers mixed, user mapping, and what those hear who fail."""
import json
import os
import subprocess

import pymysql
import pytest

from conftest import Proxy, finish
from conversations import raw
import gate as gates
from lab import lab

ACCOUNTS = (
    "CREATE USER native@'%' IDENTIFIED BY 'n'",
    "CREATE USER ed@'%' IDENTIFIED VIA ed25519 USING PASSWORD('e')",
    "CREATE USER edempty@'%' IDENTIFIED VIA ed25519 USING PASSWORD('')",
    "CREATE USER target@'%' IDENTIFIED BY 't'",
    "CREATE USER edtarget@'%' IDENTIFIED VIA ed25519 USING PASSWORD('et')",
    "CREATE USER local@'%' IDENTIFIED VIA unix_socket",
    "CREATE USER locked@'%' IDENTIFIED BY 'l' ACCOUNT LOCK",
    "CREATE USER expired@'%' IDENTIFIED BY 'x' PASSWORD EXPIRE",
    "CREATE USER two@'127.0.0.1' IDENTIFIED BY 'here'",
    "CREATE USER two@'%' IDENTIFIED BY 'there'",
    "CREATE USER tenant@'%' IDENTIFIED BY 't'",
    "CREATE USER faraway@'10.99.%' IDENTIFIED BY 'f'",
    "CREATE DATABASE IF NOT EXISTS closed",
    "CREATE DATABASE IF NOT EXISTS own_db",
    "GRANT SELECT ON `own\\_db`.* TO tenant@'%'",
)


@pytest.fixture(scope="module")
def accounts(cluster):
    for server in cluster.servers:
        server.run("INSTALL SONAME 'auth_ed25519'")
    cluster.primary.run(*ACCOUNTS)
    cluster.sync()
    return cluster


def keys(folder):
    """A pair of RSA keys; the paths."""
    private, public = str(folder / "private.pem"), str(folder / "public.pem")
    subprocess.run(["openssl", "genrsa", "-out", private, "2048"], check=True, capture_output=True)
    subprocess.run(["openssl", "rsa", "-in", private, "-pubout", "-out", public], check=True,
                   capture_output=True)
    return private, public


LISTENERS = {
    "native": {},
    "signature": {"authenticator": "ed25519auth,mariadbauth"},
    "password": {"authenticator": "mariadbauth,ed25519auth",
                 "authenticator_options": "ed_mode=sha256"},
    "rsa": {"authenticator": "ed25519auth", "authenticator_options": "ed_mode=sha256"},
    "any_host": {"authenticator_options": "match_host=false"},
}


@pytest.fixture(scope="module")
def proxy(accounts, tmp_path_factory):
    """One service; a listener for each way, on a port and one on a unix socket."""
    folder = tmp_path_factory.mktemp("auth")
    private, public = keys(folder)
    changes = {"maxscale": {"users_refresh_time": "0s", "max_auth_errors_until_block": "0",
                            "log_throttling": "0,0s,0s"}}
    ports = {}
    for name, more in LISTENERS.items():
        ports[name] = lab.free_port()
        changes[name] = {"type": "listener", "service": "Read-Write-Service", "port": ports[name],
                         **more}
    changes["rsa"]["authenticator_options"] += (f",ed_rsa_privkey_path={private},"
                                                f"ed_rsa_pubkey_path={public}")
    socket = str(folder / "s.sock")
    changes["socket"] = {"type": "listener", "service": "Read-Write-Service", "socket": socket,
                         **LISTENERS["password"]}
    shared = Proxy(accounts.servers, changes)
    shared.ports = ports
    shared.socket = socket
    try:
        shared.start()
        shared.wait_ready("maxscale", "maxscale")
        yield shared
    finally:
        finish(shared)


def client(user, password, *arguments, sql="SELECT USER(), CURRENT_USER()"):
    return subprocess.run(["mariadb", "--no-defaults", f"-u{user}", f"--password={password}", "-N",
                           *arguments, "-e", sql], capture_output=True, text=True, timeout=60)


def over(port):
    return ["-h127.0.0.1", f"-P{port}"]


def gets_in(user, password, *arguments, as_user=None):
    done = client(user, password, *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[1] == f"{as_user or user}@%", done.stdout


def denied(user, password, *arguments, code=1045, **more):
    done = client(user, password, *arguments, **more)
    assert done.returncode != 0 and f"ERROR {code}" in done.stderr, (done.stdout, done.stderr)
    return done.stderr


def lines_with(proxy, *words):
    return [line for line in proxy.log().splitlines() if all(word in line for word in words)]


def logged(proxy, *words):
    """The log is written by a thread of its own."""
    return lab.wait_for(f"{words} in {proxy.log_file}", lambda: lines_with(proxy, *words), 10)


# ------------------------------------------------------------ ed25519

def test_signature_is_checked_and_the_server_cannot_be_answered(proxy):
    denied("ed", "wrong", *over(proxy.ports["signature"]))
    done = client("ed", "e", *over(proxy.ports["signature"]))
    assert done.returncode != 0
    assert logged(proxy, "client_ed25519", "user_mapping_file")
    gets_in("native", "n", *over(proxy.ports["signature"]))


def test_password_over_a_unix_socket(proxy):
    gets_in("ed", "e", "-S", proxy.socket)
    denied("ed", "wrong", "-S", proxy.socket)
    gets_in("native", "n", "-S", proxy.socket)


def test_password_encrypted_with_rsa(proxy):
    port = proxy.ports["rsa"]
    with proxy.connect("ed", "e", port=port) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_USER()")
        assert cursor.fetchone() == ("ed@%",)
    for password in ("wrong", ""):
        with pytest.raises(pymysql.err.MySQLError) as caught:
            proxy.connect("ed", password, port=port)
        assert caught.value.args[0] == 1045
    # Debian's client library does not know RSA and sends the password as it is.
    denied("ed", "e", *over(port))
    assert logged(proxy, "'ed'", "in clear over a connection without TLS")


def test_no_tls_and_no_key_is_refused_with_the_reason(proxy):
    denied("ed", "e", *over(proxy.ports["password"]))
    assert logged(proxy, "'ed'", "RSA keys")


# ------------------------------------------------------------ who cannot be served

def test_account_of_an_authenticator_that_is_not_named(proxy):
    assert "ed25519" in denied("ed", "e", *over(proxy.ports["native"]), code=1524)
    assert logged(proxy, "'ed'", "authenticator parameter")


def test_unix_socket_accounts_are_refused_with_the_reason(proxy):
    denied("local", "x", *over(proxy.ports["native"]), code=1698)
    assert logged(proxy, "'local'", "unix_socket", "operating system")


# ------------------------------------------------------------ what is said, and what is logged

def first_error(port, user, password, database=None, socket=None):
    """The packet that ends a login, from the sequence number on."""
    with raw.Client(port, user, password, database or "", path=socket) as connection:
        return connection.answer


@pytest.mark.parametrize("user,password,database,code", [
    ("native", "wrong", None, 1045),
    ("native", "", None, 1045),
    ("tenant", "t", "closed", 1044),
    ("maxscale", "maxscale", "nowhere", 1049),
    ("local", "", None, 1698),
])
def test_error_is_the_one_of_the_server_byte_for_byte(proxy, accounts, user, password, database,
                                                      code):
    direct = first_error(accounts.primary.port, user, password, database)
    proxied = first_error(proxy.ports["native"], user, password, database)
    assert direct[0] == 0xff and int.from_bytes(direct[1:3], "little") == code
    assert proxied == direct


@pytest.mark.parametrize("user,password,database,reason", [
    ("nobody", "x", None, "no account of this name"),
    ("faraway", "f", None, "for other addresses than the client's"),
    ("ed", "e", None, "no authenticator of the listener serves the account's plugin"),
    ("native", "wrong", None, "the password is wrong"),
    ("native", "", None, "no password was given"),
    ("tenant", "t", "closed", "the database is not open"),
    ("tenant", "t", "nowhere", "the database does not exist"),
])
def test_log_says_what_was_wrong(proxy, user, password, database, reason):
    before = len(lines_with(proxy, f"for user '{user}'"))
    first_error(proxy.ports["native"], user, password, database)
    lab.wait_for("the line", lambda: len(lines_with(proxy, f"for user '{user}'")) == before + 1)
    assert reason in lines_with(proxy, f"for user '{user}'")[-1]


def test_expired_password_opens_a_sandbox_only(proxy, accounts):
    sql = "SELECT 1"
    direct = client("expired", "x", *over(accounts.primary.port), "--connect-expired-password",
                    sql=sql)
    proxied = client("expired", "x", *over(proxy.ports["native"]), "--connect-expired-password",
                     sql=sql)
    assert "1820" in direct.stderr
    assert proxied.stderr == direct.stderr
    direct = client("expired", "x", *over(accounts.primary.port), sql=sql)
    proxied = client("expired", "x", *over(proxy.ports["native"]), sql=sql)
    assert proxied.stderr == direct.stderr


def test_expired_password_is_changed_through_the_proxy(proxy, accounts):
    accounts.primary.run("CREATE OR REPLACE USER renewed@'%' IDENTIFIED BY 'old' PASSWORD EXPIRE")
    accounts.sync()
    port = over(proxy.ports["native"])
    done = client("renewed", "old", *port, "--connect-expired-password",
                  sql="SET PASSWORD = PASSWORD('new')")
    assert done.returncode == 0, done.stderr
    accounts.sync()
    # A wrong password has the accounts read again, for the next login.
    lab.wait_for("the new password", lambda: client("renewed", "new", *port).returncode == 0)
    denied("renewed", "old", *port)


# ------------------------------------------------------------ hosts

def test_password_of_the_host_it_comes_from(proxy):
    assert client("two", "here", *over(proxy.ports["native"])).stdout.split()[1] == "two@127.0.0.1"
    denied("two", "there", *over(proxy.ports["native"]))


def test_match_host_false_takes_the_first_account_of_the_name(accounts, proxy):
    accounts.primary.run("CREATE USER far@'10.99.%' IDENTIFIED BY 'f'",
                         "CREATE USER far2@'10.99.%' IDENTIFIED BY 'f'")
    accounts.sync()
    denied("far", "f", *over(proxy.ports["native"]))
    # The proxy lets him in; the servers do not know him from this address.
    done = client("far", "f", *over(proxy.ports["any_host"]))
    assert done.returncode != 0 and "1045" not in done.stderr.split("(")[0]
    denied("far", "wrong", *over(proxy.ports["any_host"]))


# ------------------------------------------------------------ user mapping

def mapping_proxy(make_proxy, servers, folder, mapping, more=None, **arguments):
    path = folder / "mapping.json"
    path.write_text(mapping if isinstance(mapping, str) else json.dumps(mapping))
    changes = {"maxscale": {"users_refresh_time": "0s"},
               "Read-Write-Listener": {"user_mapping_file": str(path), **(more or {})}}
    return make_proxy(servers, changes, **arguments)


def test_mapped_users_log_in_with_their_own_password(accounts, make_proxy, tmp_path):
    accounts.primary.run("CREATE OR REPLACE USER daemon@'%' IDENTIFIED BY 'd'",
                         "CREATE OR REPLACE USER bare@'%' IDENTIFIED BY ''")
    accounts.sync()
    proxy = mapping_proxy(make_proxy, accounts.servers, tmp_path, {
        "user_map": [{"original_user": "ed", "mapped_user": "target"},
                     {"original_user": "native", "mapped_user": "edtarget"},
                     {"original_user": "two", "mapped_user": "bare"}],
        "group_map": [{"original_group": "nosuchgroup", "mapped_user": "nobody"},
                      {"original_group": "daemon", "mapped_user": "target"}],
        "server_credentials": [
            {"mapped_user": "target", "password": "t", "plugin": "mysql_native_password"},
            {"mapped_user": "edtarget", "password": "et", "plugin": "ed25519"}],
    }, {"authenticator": "ed25519auth,mariadbauth"})
    proxy.wait_ready("maxscale", "maxscale")
    gets_in("ed", "e", *over(proxy.port), as_user="target")
    gets_in("native", "n", *over(proxy.port), as_user="edtarget")
    gets_in("two", "here", *over(proxy.port), as_user="bare")
    gets_in("tenant", "t", *over(proxy.port))
    gets_in("daemon", "d", *over(proxy.port), as_user="target")
    denied("native", "et", *over(proxy.port))
    sessions = client("native", "n", *over(proxy.port), sql="SELECT SLEEP(0)")
    assert sessions.returncode == 0


def test_encrypted_passwords_in_a_mapping(accounts, make_proxy, tmp_path):
    proxy = mapping_proxy(make_proxy, accounts.servers, tmp_path, {}, start=False)
    data = os.path.join(proxy.folder, "var", "lib", "maxscale")
    tool = os.path.join(lab.ROOT, "bin")
    subprocess.run([os.path.join(tool, "maxkeys"), data], check=True, capture_output=True)
    cipher = subprocess.run([os.path.join(tool, "maxpasswd"), data, "t"], check=True,
                            capture_output=True, text=True).stdout.strip()
    (tmp_path / "mapping.json").write_text(json.dumps({
        "user_map": [{"original_user": "native", "mapped_user": "target"}],
        "server_credentials": [{"mapped_user": "target", "password": cipher}]}))
    proxy.start()
    proxy.wait_ready("maxscale", "maxscale")
    gets_in("native", "n", *over(proxy.port), as_user="target")


@pytest.mark.parametrize("mapping,words", [
    ("{", ["mapping.json", "line 1"]),
    ("[]", ["mapping.json", "JSON object"]),
    ({"user_map": {}}, ["'user_map' must be an array"]),
    ({"user_map": [{"original_user": "a"}]}, ["'mapped_user' of element 1", "is missing"]),
    ({"user_map": [{"original_user": "a", "mapped_user": 1}]}, ["must be a string"]),
    ({"user_map": [{"original_user": "a", "mapped_user": "b"},
                   {"original_user": "a", "mapped_user": "c"}]}, ["element 2", "was in the array"]),
    ({"group_map": [{"mapped_user": "b"}]}, ["'original_group'", "is missing"]),
    ({"server_credentials": ["x"]}, ["must be an object"]),
], ids=range(8))
def test_mistakes_in_a_mapping_are_errors_at_start(accounts, make_proxy, tmp_path, mapping, words):
    proxy = mapping_proxy(make_proxy, accounts.servers, tmp_path, mapping, start=False)
    output = check(proxy)
    assert "user_mapping_file" in output and all(word in output for word in words), output


# ------------------------------------------------------------ options

def check(proxy, good=False):
    done = subprocess.run([*proxy.command(), "--config-check"], capture_output=True, text=True,
                          timeout=60)
    assert (done.returncode == 0) == good, done.stdout + done.stderr
    return done.stdout + done.stderr + proxy.log()


@pytest.mark.parametrize("authenticator,options,words", [
    (None, "skip_authentification=true", ["maxscale.cnf:", "Did you mean 'skip_authentication'"]),
    (None, "match_host", ["has no value", "name=value"]),
    (None, "match_host=maybe", ["match_host"]),
    (None, "match_host=true,match_host=false", ["given twice"]),
    (None, "lower_case_table_names=3", ["lower_case_table_names"]),
    (None, "ed_mode=sha256", ["no authenticator option 'ed_mode'"]),
    ("ed25519auth", "ed_mode=md5", ["ed_mode", "sha256"]),
    ("ed25519auth", "ed_mode=sha256,ed_rsa_privkey_path=/etc/passwd", ["ed_rsa_pubkey_path"]),
    ("ed25519auth", "ed_mode=sha256,ed_rsa_privkey_path=/etc/passwd,ed_rsa_pubkey_path=/etc/passwd",
     ["not an RSA private key"]),
    ("ed25519aut", None, ["Did you mean"]),
    ("mariadbauth,mariadbauth", None, ["there twice"]),
    ("mariadbauth,ed25519auth", "clear_pw_passthrough=true", ["exactly one authenticator"]),
], ids=range(12))
def test_mistakes_in_options_are_errors_with_a_hint(accounts, make_proxy, authenticator, options,
                                                    words):
    listener = {"authenticator": authenticator, "authenticator_options": options}
    proxy = make_proxy(accounts.servers, {"Read-Write-Listener": listener}, start=False)
    output = check(proxy)
    assert all(word in output for word in words), output


def test_options_of_old_versions_are_ignored_with_a_warning(accounts, make_proxy):
    options = "cache_dir=/tmp/x, inject_service_user = false"
    proxy = make_proxy(accounts.servers, {"Read-Write-Listener": {"authenticator_options": options}},
                       start=False)
    output = check(proxy, good=True)
    assert "cache_dir" in output and "inject_service_user" in output, output


def test_skipped_authentication_still_needs_an_account(accounts, make_proxy, tmp_path):
    proxy = mapping_proxy(make_proxy, accounts.servers, tmp_path, {
        "user_map": [{"original_user": "native", "mapped_user": "target"}],
        "server_credentials": [{"mapped_user": "target", "password": "t"}]},
        {"authenticator_options": "skip_authentication=true"})
    proxy.wait_ready("maxscale", "maxscale")
    gets_in("native", "whatever", *over(proxy.port), as_user="target")
    denied("nobody", "x", *over(proxy.port))


@pytest.mark.parametrize("value,good,bad", [("0", ["MixDb"], ["mixdb"]), ("1", ["mixdb"], []),
                                            ("2", ["mixdb", "MIXDB"], [])])
def test_lower_case_table_names(accounts, make_proxy, value, good, bad):
    accounts.primary.run("CREATE DATABASE IF NOT EXISTS MixDb",
                         "CREATE USER IF NOT EXISTS mix@'%' IDENTIFIED BY 'm'",
                         "GRANT SELECT ON MixDb.* TO mix@'%'")
    accounts.sync()
    options = {"authenticator_options": f"lower_case_table_names={value}"}
    proxy = make_proxy(accounts.servers, {"Read-Write-Listener": options})
    proxy.wait_ready("maxscale", "maxscale")
    for name in good:
        # The proxy lets it pass; the servers of this test are case-sensitive and decide themselves.
        first = first_error(proxy.port, "mix", "m", name)
        assert first[0] == 0, first
    for name in bad:
        assert first_error(proxy.port, "mix", "m", name)[1:3] == (1049).to_bytes(2, "little")


# ------------------------------------------------------------ what servers decide

def test_locked_account_hears_the_server(proxy, accounts):
    direct = client("locked", "l", *over(accounts.primary.port))
    proxied = client("locked", "l", *over(proxy.ports["native"]))
    assert "ERROR 4151" in direct.stderr
    text = direct.stderr.split(":", 1)[1].strip()
    assert "4151" in proxied.stderr and text in proxied.stderr, proxied.stderr


def test_passthrough_gives_the_answer_of_the_server(accounts, make_proxy):
    proxy = make_proxy(accounts.servers, {
        "Read-Write-Listener": {"authenticator_options": "clear_pw_passthrough=true"},
        "maxscale": {"users_refresh_time": "-1s", "max_auth_errors_until_block": "3"}})
    lab.wait_for("a login", lambda: client("native", "n", *over(proxy.port)).returncode == 0)
    gets_in("native", "n", *over(proxy.port))
    gets_in("ed", "e", *over(proxy.port))
    # Made behind the proxy's back: it looks no account up.
    accounts.primary.run("CREATE OR REPLACE USER unseen@'%' IDENTIFIED BY 'u'")
    accounts.sync()
    gets_in("unseen", "u", *over(proxy.port))
    for user, password, database in (("native", "wrong", None), ("locked", "l", None),
                                     ("tenant", "t", "closed")):
        more = [database] if database else []
        direct = client(user, password, *over(accounts.primary.port), *more)
        proxied = client(user, password, *over(proxy.port), *more)
        assert direct.returncode != 0 and proxied.stderr == direct.stderr
        gets_in("native", "n", *over(proxy.port))
    assert logged(proxy, "Authentication failed for user 'native'", "has decided so")
    # Failures count against the address.
    for _ in range(3):
        client("native", "wrong", *over(proxy.port))
    assert "1129" in client("native", "n", *over(proxy.port)).stderr


def test_passthrough_needs_a_server_at_login(accounts, make_proxy):
    proxy = make_proxy(accounts.servers, {
        "Read-Write-Service": {"lazy_connect": "true"},
        "Read-Write-Listener": {"authenticator_options": "clear_pw_passthrough=true"}}, start=False)
    assert "lazy_connect" in check(proxy)


# ------------------------------------------------------------ servers that the tests do not have

@pytest.fixture
def gate(accounts):
    made = gates.Gate("server1", accounts.primary.port, lab.free_port())
    yield made
    made.close()


PEERS = {
    "full": lambda: gates.Sha2("p"),
    "fast": lambda: gates.Sha2("p", fast=True),
    "parsec": lambda: gates.Parsec("p"),
    "parsec2": lambda: gates.Parsec("p", 2),
}


def test_servers_with_other_plugins_are_answered(gate, make_proxy, tmp_path):
    gate.users = {name: make() for name, make in PEERS.items()}
    proxy = mapping_proxy(make_proxy, [gate], tmp_path, {
        "user_map": [{"original_user": "native", "mapped_user": "full"},
                     {"original_user": "tenant", "mapped_user": "fast"},
                     {"original_user": "target", "mapped_user": "parsec"},
                     {"original_user": "edtarget", "mapped_user": "parsec2"}],
        "server_credentials": [{"mapped_user": name, "password": "p"} for name in PEERS]},
        {"authenticator": "mariadbauth,ed25519auth"})
    proxy.wait_ready("maxscale", "maxscale")
    for user, password in (("native", "n"), ("tenant", "t"), ("target", "t"), ("edtarget", "et")):
        done = client(user, password, *over(proxy.port), sql="DO 1")
        assert done.returncode == 0, (done.stderr, gate.logins)
    assert sorted(gate.logins) == [(name, True) for name in sorted(PEERS)]


def test_server_that_blocks_this_host_goes_into_maintenance(gate, make_proxy):
    proxy = make_proxy([gate], {"maxscale": {"users_refresh_time": "-1s"}})
    proxy.wait_ready("maxscale", "maxscale")
    gate.blocked = b"\xff" + (1129).to_bytes(2, "little") + b"Host 'x' is blocked"
    assert client("native", "n", *over(proxy.port), sql="DO 1").returncode != 0
    proxy.wait_state("server1", "Maintenance")
    assert len(logged(proxy, "'server1' blocks this host", "flush-hosts", "max_connect_errors")) == 1
    gate.blocked = None
    proxy.maxctrl("clear", "server", "server1", "maintenance")
    proxy.wait_ready("maxscale", "maxscale")


# ------------------------------------------------------------ accounts of the manager

def test_wrong_password_is_read_again_at_once_within_the_limit(accounts, make_proxy):
    proxy = make_proxy(accounts.servers, {"maxscale": {"users_refresh_time": "-1s"}})
    proxy.wait_ready("maxscale", "maxscale")
    accounts.primary.run("CREATE OR REPLACE USER late@'%' IDENTIFIED BY 'l'")
    accounts.sync()
    denied("late", "l", *over(proxy.port))
    denied("late", "l", *over(proxy.port))
    proxy.maxctrl("reload", "service", "Read-Write-Service")
    lab.wait_for("the account", lambda: client("late", "l", *over(proxy.port)).returncode == 0)


def test_wildcard_grants_and_roles_open_databases(accounts, proxy):
    accounts.primary.run(
        "CREATE DATABASE IF NOT EXISTS shop_1", "CREATE DATABASE IF NOT EXISTS shopx1",
        "CREATE OR REPLACE USER wild@'%' IDENTIFIED BY 'w'",
        "GRANT SELECT ON `shop\\_%`.* TO wild@'%'",
        "CREATE OR REPLACE ROLE outer_role", "CREATE OR REPLACE ROLE inner_role",
        "GRANT SELECT ON shopx1.* TO inner_role", "GRANT inner_role TO outer_role",
        "CREATE OR REPLACE USER nested@'%' IDENTIFIED BY 'n'", "GRANT outer_role TO nested@'%'",
        "SET DEFAULT ROLE outer_role FOR nested@'%'")
    accounts.sync()
    port = proxy.ports["native"]
    for user, password, database, code in (
            ("wild", "w", "shop_1", 0), ("wild", "w", "shopx1", 1044), ("nested", "n", "shopx1", 0),
            ("nested", "n", "shop_1", 1044)):
        direct = first_error(accounts.primary.port, user, password, database)
        proxied = first_error(port, user, password, database)
        assert direct[0] == proxied[0] == (0xff if code else 0), (user, database, direct, proxied)
        if code:
            assert proxied == direct and int.from_bytes(direct[1:3], "little") == code


def test_anonymous_accounts_let_nobody_in_by_themselves(accounts, proxy):
    accounts.primary.run("CREATE OR REPLACE USER ''@'%' IDENTIFIED BY 'anyone'")
    accounts.sync()
    try:
        denied("whoever", "anyone", *over(proxy.ports["native"]))
        # The empty name itself is a name like any other.
        assert first_error(proxy.ports["native"], "", "anyone")[0] == 0
    finally:
        accounts.primary.run("DROP USER ''@'%'")
        accounts.sync()


def test_accounts_of_a_file(accounts, make_proxy, tmp_path):
    path = tmp_path / "accounts.json"
    path.write_text(json.dumps({"user": [
        {"user": "filed", "host": "%", "plugin": "mysql_native_password",
         "password": "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7"}]}))
    accounts.primary.run("CREATE OR REPLACE USER filed@'%' IDENTIFIED BY 'secret'")
    accounts.sync()
    proxy = make_proxy(accounts.servers, {"Read-Write-Service": {
        "user_accounts_file": str(path), "user_accounts_file_usage": "file_only_always"}})
    lab.wait_for("a login", lambda: client("filed", "secret", *over(proxy.port)).returncode == 0)
    denied("native", "n", *over(proxy.port))


def test_file_adds_to_the_accounts_of_the_servers(accounts, make_proxy, tmp_path):
    """Rows of a user that the servers know are theirs; databases and roles of the file are added."""
    native = {"host": "%", "plugin": "mysql_native_password"}
    path = tmp_path / "accounts.json"
    path.write_text(json.dumps({
        "user": [{"user": "added", "password": "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7", **native},
                 {"user": "native", "password": "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7", **native},
                 {"user": "member", "default_role": "opener",
                  "password": "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7", **native},
                 {"user": "opener", "host": "", "is_role": True}],
        "db": [{"user": "added", "host": "%", "db": "clo%"}, {"user": "opener", "host": "", "db": "own_db"}],
        "roles_mapping": [{"user": "member", "host": "%", "role": "opener"}]}))
    accounts.primary.run("CREATE OR REPLACE USER secretive@'%' IDENTIFIED BY 'secret'",
                         "GRANT SELECT ON *.* TO secretive@'%'")
    accounts.sync()
    mapping = tmp_path / "mapping.json"
    mapping.write_text(json.dumps({
        "user_map": [{"original_user": name, "mapped_user": "secretive"} for name in ("added", "member")],
        "server_credentials": [{"mapped_user": "secretive", "password": "secret"}]}))
    proxy = make_proxy(accounts.servers, {
        "maxscale": {"users_refresh_time": "0s"},
        "Read-Write-Service": {"user_accounts_file": str(path),
                               "user_accounts_file_usage": "add_when_load_ok"},
        "Read-Write-Listener": {"user_mapping_file": str(mapping)}})
    proxy.wait_ready("maxscale", "maxscale")
    gets_in("native", "n", *over(proxy.port))
    denied("native", "secret", *over(proxy.port))
    for user, good, bad in (("added", "closed", "own_db"), ("member", "own_db", "closed")):
        gets_in(user, "secret", *over(proxy.port), good, as_user="secretive")
        denied(user, "secret", *over(proxy.port), bad, code=1044)


def test_failed_logins_cause_one_load_at_most_in_a_time(accounts, make_proxy):
    """The first loads are free; then a failed login changes nothing until users_refresh_time is over."""
    proxy = make_proxy(accounts.servers, {"maxscale": {"users_refresh_time": "3600s",
                                                       "max_auth_errors_until_block": "0"}})
    proxy.wait_ready("maxscale", "maxscale")
    for number in range(12):
        denied(f"unknown{number}", "x", *over(proxy.port))
    accounts.primary.run("CREATE OR REPLACE USER tardy@'%' IDENTIFIED BY 't'")
    accounts.sync()
    denied("tardy", "t", *over(proxy.port))
    proxy.maxctrl("reload", "service", "Read-Write-Service")
    lab.wait_for("the account", lambda: client("tardy", "t", *over(proxy.port)).returncode == 0)


def test_mapping_is_read_again_when_the_listener_is_changed(accounts, make_proxy, tmp_path):
    proxy = make_proxy(accounts.servers, {"maxscale": {"users_refresh_time": "0s"}})
    proxy.wait_ready("maxscale", "maxscale")
    gets_in("native", "n", *over(proxy.port))
    path = tmp_path / "mapping.json"
    path.write_text('{"user_map": [{"original_user": "native"}]}')
    refused = proxy.api("listeners/Read-Write-Listener", "PATCH", json={"data": {
        "attributes": {"parameters": {"user_mapping_file": str(path)}}}})
    assert refused.status_code >= 400 and "'mapped_user' of element 1" in refused.text
    gets_in("native", "n", *over(proxy.port))
    path.write_text(json.dumps({
        "user_map": [{"original_user": "native", "mapped_user": "target"}],
        "server_credentials": [{"mapped_user": "target", "password": "t"}]}))
    proxy.maxctrl("alter", "listener", "Read-Write-Listener", f"user_mapping_file={path}")
    lab.wait_for("the mapping", lambda: "target@%" in client("native", "n",
                                                             *over(proxy.port)).stdout)
