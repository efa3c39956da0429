"""PAMAuth: real libpam on both sides, real servers with their plugin pam, real clients."""
import json
import os
import shutil
import socket
import subprocess

import pymysql
import pytest

from accounts import Exchange
from conftest import Proxy, finish, running_cluster, starter
from conversations import raw
from lab import lab
from pam import Pam
from relay import cut_everywhere

PASSWORD = "ask=Password: =open sesame"
CODE = "ask=Your code: =123456"
ACCOUNTS = (("plain", ""), ("two", "two"), ("asks_more", "asks_more"), ("expired", "expired"),
            ("talks", "talks"), ("code_first", "code_first"), ("remote", "remote"),
            ("broken", "nothere"), ("slow", "slow"), ("hangs", "hangs"), ("path", "../mysql"))


@pytest.fixture(scope="module")
def server_pam(tmp_path_factory):
    """Services of the servers' machine."""
    made = Pam(str(tmp_path_factory.mktemp("server_pam")))
    for name in ("mysql", "expired", "talks", "remote", "slow", "hangs", "guests", "renames"):
        made.service(name, PASSWORD)
    made.service("two", PASSWORD, CODE)
    made.service("code_first", "info=Look at your phone", "show=Code: =123456", PASSWORD)
    return made


@pytest.fixture(scope="module")
def pam(tmp_path_factory):
    """Services of the proxy's machine."""
    folder = tmp_path_factory.mktemp("pam")
    made = Pam(str(folder))
    made.service("mysql", PASSWORD)
    made.service("two", PASSWORD, CODE)
    made.service("asks_more", PASSWORD, CODE, "show=Colour: =blue")
    made.service("expired", PASSWORD, account=["result=13"])
    made.service("talks", "info=Welcome to the machine", PASSWORD, "error=Not today", "result=7")
    made.service("code_first", "info=Look at your phone", "show=Code: =123456", PASSWORD)
    made.service("remote", PASSWORD, "remote=127.0.0.1")
    made.service("slow", PASSWORD, f"wait={folder}/go")
    made.service("hangs", PASSWORD, f"wait={folder}/never")
    made.service("guests", PASSWORD)
    made.service("renames", PASSWORD, "rename=mapped")
    made.never = str(folder / "never")
    made.go = str(folder / "go")
    return made


@pytest.fixture(scope="module")
def cluster(template, server_pam):
    with running_cluster(template, environment=server_pam.environment,
                         options={i: ["--plugin-load-add=auth_pam_v1"] for i in range(2)}) as made:
        for user, service in ACCOUNTS:
            made.primary.run(f"CREATE USER {user}@'%' IDENTIFIED VIA pam USING '{service}'",
                             f"GRANT SELECT ON *.* TO {user}@'%'")
        made.sync()
        yield made


@pytest.fixture
def start(cluster, pam):
    """start(options) -> a proxy whose listener has PAMAuth with these options."""
    def make(options="", authenticator="PAMAuth,MariaDBAuth", changes=None):
        listener = {"authenticator": authenticator, "authenticator_options": options or None}
        return Proxy(cluster.servers, {"Read-Write-Listener": listener, **(changes or {})},
                     environment=pam.environment)

    yield from starter(make)


class Dialog:
    """A client of the plugin dialog: the password for "Password: ", other questions are answered in
    turn and remembered."""

    def __init__(self, password, *answers):
        self.password = password
        self.answers = list(answers)
        self.questions = []

    def login(self, proxy, user, **more):
        outer = self

        class Handler:
            def __init__(self, connection):
                pass

            def prompt(self, echo, prompt):
                outer.questions.append((echo, prompt.decode()))
                return outer.answers.pop(0).encode()

        return proxy.connect(user, self.password, auth_plugin_map={"dialog": Handler}, **more)


def whoami(connection):
    """The account, on both servers: a read goes to the replica, a locking read to the primary."""
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_USER(), @@server_id")
        account, first = cursor.fetchone()
        cursor.execute("SELECT CURRENT_USER(), @@server_id FOR UPDATE")
        again, second = cursor.fetchone()
        assert (first, second) == (2, 1) and account == again
        return account


def logged(proxy, text):
    lab.wait_for(f"'{text}' in {proxy.log_file}", lambda: text in proxy.log())


def denied(login, *arguments, **more):
    with pytest.raises(pymysql.err.MySQLError) as caught:
        login(*arguments, **more)
    return caught.value.args


def test_password(start):
    proxy = start()
    assert whoami(Dialog("open sesame").login(proxy, "plain")) == "plain@%"
    code, text = denied(Dialog("close sesame").login, proxy, "plain")
    assert code == 1045 and "plain" in text
    logged(proxy, "authentication by PAM service 'mysql' failed")
    assert "sesame" not in proxy.log()


def test_the_client_program(start):
    proxy = start()
    done = subprocess.run(
        ["mariadb", "--no-defaults", "-h127.0.0.1", f"-P{proxy.port}", "-uplain", "-popen sesame",
         "-NBe", "SELECT CURRENT_USER()"], capture_output=True, text=True, timeout=60)
    assert done.stdout == "plain@%\n", done.stderr


def test_the_account_is_checked_after_the_password(start):
    proxy = start()
    assert denied(Dialog("open sesame").login, proxy, "expired")[0] == 1045
    logged(proxy, "the account's check by PAM service 'expired' failed: User account has expired")


def test_what_pam_says_is_in_the_log(start):
    proxy = start()
    assert denied(Dialog("open sesame").login, proxy, "talks")[0] == 1045
    logged(proxy, "PAM says: Welcome to the machine Not today")


def test_address_of_the_client_is_told(start):
    assert whoami(Dialog("open sesame").login(start(), "remote")) == "remote@%"


def test_more_questions_need_another_mode(start):
    proxy = start()
    assert denied(Dialog("open sesame", "123456").login, proxy, "two")[0] == 1105
    logged(proxy, 'no answer to "Your code: "')
    logged(proxy, "password_2FA")


def test_a_broken_service_is_not_the_clients_fault(start):
    proxy = start(changes={"maxscale": {"max_auth_errors_until_block": "2"}})
    for _ in range(4):
        code, text = denied(Dialog("open sesame").login, proxy, "broken")
        assert code == 1105 and "log" in text
    logged(proxy, "PAM service 'nothere' failed")
    assert denied(Dialog("open sesame").login, proxy, "path")[0] == 1105
    logged(proxy, "names PAM service '../mysql'")
    assert whoami(Dialog("open sesame").login(proxy, "plain")) == "plain@%"


def test_two_factors(start):
    proxy = start("pam_mode=password_2FA")
    dialog = Dialog("open sesame", "123456")
    assert whoami(dialog.login(proxy, "two")) == "two@%"
    assert dialog.questions == [(False, "Verification code: ")]
    assert whoami(Dialog("open sesame", "123456").login(proxy, "code_first")) == "code_first@%"
    assert denied(Dialog("open sesame", "654321").login, proxy, "two")[0] == 1045
    assert denied(Dialog("wrong", "123456").login, proxy, "two")[0] == 1045
    assert denied(Dialog("open sesame", "123456").login, proxy, "asks_more")[0] == 1105


def test_dialog_cut_at_every_byte(start):
    proxy = start("pam_mode=password_2FA")

    def login(port):
        with Dialog("open sesame", "123456").login(proxy, "two", port=port) as connection:
            return connection.get_server_info()

    cut_everywhere(proxy.port, login)


def test_clear_text_plugin(start):
    proxy = start("pam_use_cleartext_plugin=true")
    assert whoami(proxy.connect("plain", "open sesame")) == "plain@%"
    assert denied(proxy.connect, "plain", "wrong")[0] == 1045
    assert denied(proxy.connect, "plain", "")[0] == 1045
    assert denied(proxy.connect, "plain", "s" * 600)[0] == 1045


def test_clear_text_on_the_servers(template, pam, server_pam, make_proxy):
    """Servers that ask for the password with mysql_clear_password."""
    options = ["--plugin-load-add=auth_pam_v1", "--pam-use-cleartext-plugin=ON"]
    with running_cluster(template, environment=server_pam.environment, options={0: options, 1: options}) as made:
        made.primary.run("CREATE USER plain@'%' IDENTIFIED VIA pam")
        made.sync()
        proxy = make_proxy(made.servers, {"Read-Write-Listener": {"authenticator": "PAMAuth,mariadbauth"}},
                           environment=pam.environment)
        proxy.wait_ready()
        assert whoami(Dialog("open sesame").login(proxy, "plain")) == "plain@%"


def test_suid_passes_questions_on(start):
    proxy = start("pam_mode=suid")
    assert whoami(Dialog("open sesame").login(proxy, "plain")) == "plain@%"
    dialog = Dialog("open sesame", "123456")
    assert whoami(dialog.login(proxy, "two")) == "two@%"
    assert dialog.questions == [(False, "Your code: ")]
    dialog = Dialog("open sesame", "123456", "open sesame")
    assert whoami(dialog.login(proxy, "code_first")) == "code_first@%"
    assert dialog.questions == [(True, "Look at your phone\nCode: ")]
    dialog = Dialog("open sesame", "123456")
    assert denied(dialog.login, proxy, "asks_more")[0] == 1045
    logged(proxy, "PAM asks for more than two things")
    assert denied(Dialog("wrong").login, proxy, "plain")[0] == 1045
    assert denied(Dialog("open sesame").login, proxy, "expired")[0] == 1045
    assert denied(Dialog("open sesame").login, proxy, "broken")[0] == 1105


def test_suid_with_the_clear_text_plugin(start):
    proxy = start("pam_mode=suid,pam_use_cleartext_plugin=1")
    assert whoami(proxy.connect("plain", "open sesame")) == "plain@%"
    assert denied(proxy.connect, "plain", "wrong")[0] == 1045
    assert denied(proxy.connect, "two", "open sesame")[0] == 1045
    logged(proxy, "pam_use_cleartext_plugin cannot")


def test_suid_helper_ends_when_the_client_leaves(start):
    proxy = start("pam_mode=suid")

    def helpers():
        done = subprocess.run(["ps", "--ppid", str(proxy.process.pid), "-o", "stat=,comm="],
                              capture_output=True, text=True)
        return [line for line in done.stdout.splitlines() if "maxscale_pam_au" in line]

    class Leave(Exception):
        pass

    class Left(Dialog):
        def login(self, proxy, user, **more):
            class Handler:
                def __init__(self, connection):
                    self.connection = connection

                def prompt(self, echo, prompt):
                    assert helpers()
                    raise Leave

            return proxy.connect(user, self.password, auth_plugin_map={"dialog": Handler}, **more)

    for _ in range(3):
        with pytest.raises(Leave):
            Left("open sesame").login(proxy, "two")
    # Those that have ended are collected with the next login; this one's ends with it.
    lab.wait_for("the helpers to end", lambda: all(h.startswith("Z") for h in helpers()))
    assert whoami(Dialog("open sesame").login(proxy, "plain")) == "plain@%"
    assert not helpers()


def test_a_slow_service_blocks_nobody(start, pam):
    """As many logins as there are workers hang in PAM; others go on."""
    proxy = start(changes={"maxscale": {"threads": "2"}})
    hanging = []
    for _ in range(4):
        hanging.append(subprocess.Popen(
            ["mariadb", "--no-defaults", "-h127.0.0.1", f"-P{proxy.port}", "-uslow",
             "-popen sesame", "-NBe", "SELECT CURRENT_USER()"], stdout=subprocess.PIPE, text=True))
    gone = subprocess.Popen(["mariadb", "--no-defaults", "-h127.0.0.1", f"-P{proxy.port}", "-uslow",
                             "-popen sesame", "-NBe", "SELECT 1"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(6):
            assert whoami(Dialog("open sesame").login(proxy, "plain")) == "plain@%"
        assert all(client.poll() is None for client in hanging)
        gone.kill()
    finally:
        with open(pam.go, "w", encoding="utf-8"):
            pass
    for client in hanging:
        assert client.communicate(timeout=60)[0] == "slow@%\n"
    gone.wait()
    os.unlink(pam.go)


def hang(proxy):
    """A client that PAM does not answer; what it hears can be read later."""
    client = Exchange(proxy.port, "hangs")
    assert client.plugin == b"dialog"
    client.send(raw.frame(b"open sesame\0", client.sequence + 1))
    return client


GIVEN_UP = b"\xff" + (1105).to_bytes(2, "little") + b"#HY000The authentication was given up"


def test_hanging_module_is_given_up(start, pam):
    """More logins than there are threads; their threads are replaced and come back in the end."""
    proxy = start(changes={"maxscale": {"threads": "2", "auth_connect_timeout": "5s",
                                        "log_throttling": "0,0s,0s"}})
    try:
        hang(proxy).close()
        clients = [hang(proxy) for _ in range(20)]
        for client in clients:
            with client:
                assert client.packet().startswith(GIVEN_UP)
        logged(proxy, "16 threads wait so")
        logged(proxy, "A login whose client has gone")
        # The machine's fault does not count against the client's address.
        assert whoami(Dialog("open sesame").login(proxy, "plain")) == "plain@%"
        with raw.Client(proxy.port) as session:
            session.command(raw.CHANGE_USER, b"hangs\0\0\0\x2d\0mysql_native_password\0")
            assert session.packet().startswith(b"\xfedialog")
            session.send(raw.frame(b"open sesame\0", session.sequence + 1))
            assert session.packet().startswith(GIVEN_UP)
            assert session.query("SELECT CURRENT_USER()")[-2][5:] == b"app@%"
    finally:
        with open(pam.never, "w", encoding="utf-8"):
            pass
    try:
        assert whoami(Dialog("open sesame").login(proxy, "hangs")) == "hangs@%"
        proxy.stop()
    finally:
        os.unlink(pam.never)


def test_end_of_the_program_does_not_wait_for_a_module_that_hangs(start):
    proxy = start(changes={"maxscale": {"auth_connect_timeout": "5s"}})
    with hang(proxy) as client:
        assert client.packet().startswith(GIVEN_UP)
    proxy.stop()


def test_anonymous_mapping(cluster, start):
    cluster.primary.run("CREATE USER ''@'%' IDENTIFIED VIA pam USING 'guests'",
                        "CREATE USER boss@'%' IDENTIFIED BY 'boss'",
                        "GRANT SELECT ON *.* TO boss@'%'", "GRANT SELECT ON *.* TO ''@'%'")
    cluster.sync()
    try:
        proxy = start()
        code = denied(Dialog("open sesame").login, proxy, "stranger")[0]
        assert code == 1045, "without a PROXY grant"
        cluster.primary.run("GRANT PROXY ON boss@'%' TO ''@'%'")
        cluster.sync()
        proxy.maxctrl("reload", "service", "Read-Write-Service")
        assert whoami(Dialog("open sesame").login(proxy, "stranger")) in ("@%", "boss@%")
        assert denied(Dialog("wrong").login, proxy, "stranger")[0] == 1045
        # Who has an account uses that one.
        assert whoami(proxy.connect("boss", "boss")) == "boss@%"
        assert denied(Dialog("open sesame").login, proxy, "boss")[0] == 1045
    finally:
        cluster.primary.run("DROP USER ''@'%'", "DROP USER boss@'%'")
        cluster.sync()


@pytest.mark.parametrize("encrypted", (False, True))
def test_backend_mapping(cluster, pam, tmp_path, encrypted):
    cluster.primary.run("CREATE OR REPLACE USER mapped@'%' IDENTIFIED BY 'of the mapped'",
                        "GRANT SELECT ON *.* TO mapped@'%'",
                        "CREATE OR REPLACE USER shown@'%' IDENTIFIED VIA pam USING 'renames'")
    cluster.sync()
    path = tmp_path / "passwords.json"
    options = f"pam_backend_mapping=mariadb,pam_mapped_pw_file={path}"
    proxy = Proxy(cluster.servers, {"Read-Write-Listener": {
        "authenticator": "PAMAuth,MariaDBAuth", "authenticator_options": options}},
        environment=pam.environment)
    password = "of the mapped"
    if encrypted:
        bins, data = os.path.join(lab.ROOT, "bin"), os.path.join(proxy.folder, "var/lib/maxscale")
        subprocess.run([os.path.join(bins, "maxkeys"), data], check=True, capture_output=True)
        password = subprocess.run([os.path.join(bins, "maxpasswd"), data, password], check=True,
                                  capture_output=True, text=True).stdout.strip()
    entries = [{"user": "other", "password": "x"}, {"user": "mapped", "password": password}]
    path.write_text(json.dumps({"users_and_passwords": entries}))
    try:
        proxy.start()
        proxy.wait_ready()
        assert whoami(Dialog("open sesame").login(proxy, "shown")) == "mapped@%"
        assert denied(Dialog("wrong").login, proxy, "shown")[0] == 1045
        assert "of the mapped" not in proxy.log()
    finally:
        finish(proxy)


@pytest.mark.parametrize("options, file, said", (
    ("pam_mode=password_2FA,pam_use_cleartext_plugin=1", None, "one password only"),
    ("pam_mode=both", None, "pam_mode"),
    ("pam_backend_mapping=mariadb", "{", "not valid JSON: line 1"),
    ("pam_backend_mapping=mariadb", "[]", 'no array "users_and_passwords"'),
    ("pam_backend_mapping=mariadb", '{"users_and_passwords": [{"user": "a"}]}',
     'element 1 of "users_and_passwords"'),
    ("pam_backend_mapping=mariadb", '{"users_and_passwords": [{"user": "a", "password": "1"},'
     '{"user": "a", "password": "2"}]}', "two passwords for 'a'"),
))
def test_mistakes_in_the_options(tmp_path, options, file, said):
    if file is not None:
        (tmp_path / "file").write_text(file)
        options += f",pam_mapped_pw_file={tmp_path}/file"
    server = type("Server", (), {"name": "server1", "port": 1})
    proxy = Proxy([server], {"Read-Write-Listener": {
        "authenticator": "PAMAuth", "authenticator_options": options}})
    done = subprocess.run([*proxy.command(), "--config-check"], capture_output=True, text=True)
    assert done.returncode == 1 and said in done.stdout + done.stderr
    shutil.rmtree(proxy.folder)


def test_an_answer_that_is_not_a_password(start):
    """Bytes that no PAM can take, by hand: a NUL inside."""
    proxy = start("pam_use_cleartext_plugin=true")
    assert denied(proxy.connect, "plain", "open\0sesame")[0] == 1045
    logged(proxy, "is not a password")


def test_skip_authentication_takes_any_password(start):
    """The password is still asked for: servers need it."""
    proxy = start("skip_authentication=true")
    assert whoami(Dialog("open sesame").login(proxy, "remote")) == "remote@%"
    with Dialog("wrong").login(proxy, "plain") as connection, connection.cursor() as cursor:
        with pytest.raises(pymysql.err.MySQLError):
            cursor.execute("SELECT 1")


class TestProgram:
    """test_pam_login, which also stands for the helper program."""

    def run(self, pam, *arguments, given):
        tool = os.path.join(lab.ROOT, "bin", "test_pam_login")
        done = subprocess.run([tool, *arguments], input=given, capture_output=True, text=True,
                              timeout=60, env=dict(os.environ, **pam.environment))
        return done.returncode, done.stdout

    def test_here(self, pam):
        code, text = self.run(pam, given="anna\nrenames\nopen sesame\n")
        assert code == 0 and "is good; PAM calls the user 'mapped'" in text
        code, text = self.run(pam, "-u", "anna", "-s", "two", "-2", given="open sesame\n123456\n")
        assert code == 0
        code, text = self.run(pam, "-u", "anna", "-s", "two", given="open sesame\n")
        assert code == 1 and "PAM asks: Your code: " in text
        code, text = self.run(pam, "-u", "anna", "-s", "mysql", given="wrong\n")
        assert code == 1 and "refused" in text
        assert self.run(pam, "-u", "anna", "-s", "mysql", given="")[0] == 1

    def test_by_the_helper(self, pam):
        arguments = ("-u", "anna", "-s", "two", "--suid")
        code, text = self.run(pam, *arguments, given="open sesame\n123456\n")
        assert code == 0 and "Your code: " in text
        assert self.run(pam, *arguments, given="open sesame\n1\n")[0] == 1
        assert self.run(pam, "-u", "anna", "-s", "remote", "-r", "127.0.0.1", "--suid",
                        given="open sesame\n")[0] == 0
        assert self.run(pam, "-u", "anna", "-s", "../mysql", "--suid", given="")[0] == 1

    def test_the_helper_wants_to_be_called_by_the_proxy(self):
        tool = os.path.join(lab.ROOT, "bin", "maxscale_pam_auth_tool")
        done = subprocess.run([tool], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert done.returncode == 2 and "test_pam_login" in done.stderr
        ours, its = socket.socketpair()
        with ours, its:
            process = subprocess.Popen([tool], stdin=its, stderr=subprocess.DEVNULL)
            its.close()
            ours.sendall(b"U\xff\xffabc")
            assert process.wait(30) == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can set the suid bit and mount")
class TestSuidBit:
    """The helper program with its suid bit, started by somebody without rights, and the machine's own
    libpam: in a mount namespace of its own, where /etc/pam.d, /etc/passwd and /etc/shadow are files of
    the test."""

    @pytest.fixture(scope="class")
    def machine(self, pam):
        folder = lab.scratch("mx-suid-")
        os.chmod(folder, 0o755)
        if os.statvfs(folder).f_flag & os.ST_NOSUID:
            pytest.skip(f"{folder} is mounted with nosuid")
        for name in ("maxscale_pam_auth_tool", "test_pam_login"):
            shutil.copy(os.path.join(lab.ROOT, "bin", name), folder)
        shutil.copy(pam.module, folder)
        module = os.path.join(folder, os.path.basename(pam.module))
        hashed = subprocess.run(["openssl", "passwd", "-6", "-stdin"], input="of anna", text=True,
                                capture_output=True, check=True).stdout.strip()
        files = {
            "pam.d/root": f"auth required {module} root [ask=Password: =open sesame]\n"
                          f"account required {module} root\n",
            "pam.d/unix": "auth required pam_unix.so\naccount required pam_unix.so\n",
            "passwd": "root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"
                      "anna:x:5000:5000::/:/bin/sh\nlate:x:5001:5001::/:/bin/sh\n",
            "shadow": f"anna:{hashed}:19000:0:99999:7:::\nlate:{hashed}:19000:0:99999:7::19001:\n",
        }
        os.mkdir(os.path.join(folder, "pam.d"))
        for name, text in files.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        os.chmod(os.path.join(folder, "shadow"), 0o600)
        yield folder
        shutil.rmtree(folder)

    def login(self, machine, user, service, password, mode="4755", **environment):
        tool = os.path.join(machine, "maxscale_pam_auth_tool")
        os.chmod(tool, int(mode, 8))
        script = (f"mount --bind {machine}/pam.d /etc/pam.d && "
                  f"mount --bind {machine}/passwd /etc/passwd && "
                  f"mount --bind {machine}/shadow /etc/shadow && "
                  "exec setpriv --reuid=65534 --regid=65534 --clear-groups "
                  f"{machine}/test_pam_login -u {user} -s {service} --suid={tool}")
        done = subprocess.run(["unshare", "--mount", "sh", "-c", script], input=password + "\n",
                              capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, **environment))
        assert "mount:" not in done.stderr, done.stderr
        return done.returncode, done.stdout

    def test_runs_as_root(self, machine):
        assert self.login(machine, "anna", "root", "open sesame")[0] == 0
        code, text = self.login(machine, "anna", "root", "open sesame", mode="0755")
        assert code == 1 and "Permission denied" in text

    def test_passwords_of_the_machine(self, machine):
        assert self.login(machine, "anna", "unix", "of anna")[0] == 0
        assert self.login(machine, "anna", "unix", "of berta")[0] == 1
        assert self.login(machine, "anna", "unix", "of anna", mode="0755")[0] == 1
        code, text = self.login(machine, "late", "unix", "of anna")
        assert code == 1 and "the account's check" in text


def test_change_user(start):
    """Both ways between an account of PAM and one with a native password."""
    proxy = start()
    with proxy.connect("app", "app") as connection:
        change_user(connection, "plain", b"open sesame")
        with connection.cursor() as cursor:
            cursor.execute("SELECT CURRENT_USER()")
            assert cursor.fetchone() == ("plain@%",)
        with pytest.raises(pymysql.err.MySQLError) as caught:
            change_user(connection, "plain", b"wrong")
        assert caught.value.args[0] == 1045
        with connection.cursor() as cursor:
            cursor.execute("SELECT CURRENT_USER()")
            assert cursor.fetchone() == ("plain@%",)


def change_user(connection, user, password):
    """COM_CHANGE_USER, which PyMySQL has no function for; the client says native and is switched."""
    connection._execute_command(0x11, user.encode() + b"\0\0\0" + b"\x2d\0"
                                + b"mysql_native_password\0")
    packet = connection._read_packet()
    assert packet.get_all_data() == b"\xfedialog\0\4Password: "
    connection.write_packet(password + b"\0")
    connection._read_packet()


def test_user_mapping_to_an_account_of_pam(cluster, pam, tmp_path):
    """A native login that is mapped to a user whom the servers ask by PAM."""
    path = tmp_path / "mapping.json"
    path.write_text(json.dumps({
        "user_map": [{"original_user": "app", "mapped_user": "plain"}],
        "server_credentials": [{"mapped_user": "plain", "password": "open sesame",
                                "plugin": "pam"}]}))
    proxy = Proxy(cluster.servers, {"Read-Write-Listener": {
        "authenticator": "PAMAuth,MariaDBAuth", "user_mapping_file": str(path)}},
        environment=pam.environment)
    try:
        proxy.start()
        lab.wait_for("a login", lambda: whoami(proxy.connect("app", "app")) == "plain@%")
    finally:
        finish(proxy)
