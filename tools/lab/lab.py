"""Real MariaDB servers and a real maxscale under a scratch folder.

Used by the demo, the integration tests and the benchmarks: one place that knows how to start a
server, build a replicating cluster, and run the proxy in front of it.
"""
import fcntl
import os
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pymysql

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# A folder with bin/, lib64/maxscale/ and share/, as `meson install` or the tarball lays it out.
ROOT = os.environ.get("MX_ROOT", os.path.join(REPO, "build", "root", "usr"))

WALKTHROUGH_GRANTS = (
    "CREATE USER IF NOT EXISTS 'monitor_user'@'%' IDENTIFIED BY 'monitor_user'",
    "GRANT REPLICATION CLIENT, FILE, SUPER, RELOAD, PROCESS, SHOW DATABASES, EVENT ON *.* "
    "TO 'monitor_user'@'%'",
    "CREATE USER IF NOT EXISTS 'maxscale'@'%' IDENTIFIED BY 'maxscale'",
    "GRANT ALL PRIVILEGES ON *.* TO 'maxscale'@'%'",
    "FLUSH PRIVILEGES",
)
# What moved out of SUPER since MariaDB 10.5; the program asks for these by name when they miss.
EXTRA_GRANTS = (
    "GRANT REPLICATION SLAVE, REPLICATION SLAVE ADMIN, REPLICA MONITOR, READ_ONLY ADMIN, "
    "BINLOG ADMIN, CONNECTION ADMIN, SET USER ON *.* TO 'monitor_user'@'%'",
    "GRANT SELECT ON mysql.user TO 'monitor_user'@'%'",
    "GRANT SELECT ON mysql.global_priv TO 'monitor_user'@'%'",
)


def free_port():
    """A TCP port nobody listens on right now, outside the ephemeral range.

    Ports are dealt in turn, by a counter that all processes of this user share: drawn at random, two
    of the hundreds of a test run were sometimes the same one before either was in use.
    """
    first, count = 10000, 20000
    with open(os.path.join(tempfile.gettempdir(), f"mx-ports-{os.getuid()}"), "a+b") as ledger:
        fcntl.flock(ledger, fcntl.LOCK_EX)
        ledger.seek(0)
        last = int(ledger.read() or int.from_bytes(os.urandom(2), "big"))
        for step in range(1, 200):
            port = first + (last + step) % count
            with socket.socket() as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
            ledger.truncate(0)
            ledger.write(b"%d" % (port - first))
            return port
    raise RuntimeError(f"no free TCP port between {first} and {first + count}")


def wait_for(what, check, seconds=30.0, interval=0.05):
    """Polls check() until it returns something true; raises with `what` when time is up."""
    end = time.monotonic() + seconds
    last = None
    while time.monotonic() < end:
        try:
            value = check()
            if value:
                return value
        except Exception as error:  # the thing is not there yet
            last = error
        time.sleep(interval)
    raise TimeoutError(f"waited {seconds} s for {what}" + (f": {last!r}" if last else ""))


class Server:
    """One mariadbd in a folder of its own."""

    def __init__(self, folder, server_id, port=None, options=(), binlog=True):
        self.folder = folder
        self.server_id = server_id
        self.name = f"server{server_id}"
        self.port = port or free_port()
        self.options = list(options)
        self.binlog = binlog
        self.environment = {}
        self.process = None
        self.socket = os.path.join(folder, "s.sock")

    def create(self, template=None):
        os.makedirs(self.folder, exist_ok=True)
        data = os.path.join(self.folder, "data")
        if template:
            shutil.copytree(template, data)
        else:
            install_database(data)

    def start(self, wait=True):
        temporary = own_temporary(self.folder)
        command = [
            "mariadbd", "--no-defaults", f"--datadir={self.folder}/data", f"--port={self.port}",
            f"--tmpdir={temporary}", "--long-query-time=3600",  # a busy machine is no news
            f"--socket={self.socket}", "--bind-address=127.0.0.1", f"--server-id={self.server_id}",
            f"--log-error={self.folder}/error.log", f"--pid-file={self.folder}/pid",
            "--gtid-strict-mode=ON", "--innodb-buffer-pool-size=32M", "--innodb-log-file-size=16M",
            "--innodb-flush-log-at-trx-commit=2", "--performance-schema=OFF", "--skip-name-resolve",
            "--rpl-semi-sync-master-enabled=ON", "--rpl-semi-sync-slave-enabled=ON",
            "--rpl-semi-sync-master-timeout=2000", "--max-connections=500", "--slave-net-timeout=10",
            f"--report-host={self.name}", "--event-scheduler=ON",
        ]
        if self.binlog:
            command += ["--log-bin=bin", "--log-slave-updates=ON", "--binlog-format=ROW"]
        if os.geteuid() == 0:
            command.append("--user=root")
        command += self.options
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True,
                                        env=dict(os.environ, **self.environment))
        if wait:
            self.wait()

    def wait(self):
        def up():
            if self.process.poll() is not None:
                raise RuntimeError(f"mariadbd ended, see {self.folder}/error.log")
            return self.query("SELECT 1")
        wait_for(f"{self.name} to start (log {self.folder}/error.log)", up, 60)

    def connect(self, **more):
        args = {"user": "root", "password": "", "unix_socket": self.socket, "autocommit": True,
                "connect_timeout": 5, "charset": "utf8mb4"}
        args.update(more)
        return pymysql.connect(**args)

    def query(self, sql, **more):
        """Rows of one statement, as root over the socket."""
        connection = self.connect(**more)
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall()
        finally:
            connection.close()

    def run(self, *statements):
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connection.close()

    def slave_status(self):
        connection = self.connect(cursorclass=pymysql.cursors.DictCursor)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SHOW ALL SLAVES STATUS")
                return cursor.fetchall()
        finally:
            connection.close()

    def kill(self):
        """As if the power failed."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


def own_temporary(folder):
    """A starting server removes all temporary tables it finds in its tmpdir, those of the others too."""
    path = os.path.join(folder, "tmp")
    os.makedirs(path, exist_ok=True)
    return path


def install_database(data):
    temporary = own_temporary(data + ".install")
    command = ["mariadb-install-db", "--no-defaults", f"--datadir={data}",
               "--auth-root-authentication-method=normal", "--skip-test-db",
               "--innodb-log-file-size=16M"]
    if os.geteuid() == 0:
        command.append("--user=root")
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          env=dict(os.environ, TMPDIR=temporary))
    shutil.rmtree(data + ".install", ignore_errors=True)
    if done.returncode != 0:
        raise RuntimeError("mariadb-install-db failed:\n" + done.stdout + done.stderr)


class Cluster:
    """A primary (servers[0]) and replicas with GTID replication and semi-sync."""

    def __init__(self, folder, replicas=1, options=None, binlog=None, ports=None, environment=None):
        self.folder = folder
        count = replicas + 1
        options = options or {}
        binlog = binlog or {}
        ports = ports or {}
        self.servers = [
            Server(os.path.join(folder, f"server{i + 1}"), i + 1, ports.get(i), options.get(i, ()),
                   binlog.get(i, True)) for i in range(count)]
        for server in self.servers:
            server.environment = dict(environment or {})

    @property
    def primary(self):
        return self.servers[0]

    def start(self, grants=WALKTHROUGH_GRANTS + EXTRA_GRANTS):
        template = os.path.join(self.folder, "template")
        if not os.path.isdir(template):
            install_database(template)
        for server in self.servers:
            server.create(template)
            server.start(wait=False)
        for server in self.servers:
            server.wait()
        self.primary.run(
            "CREATE USER 'repl'@'%' IDENTIFIED BY 'repl'",
            "GRANT REPLICATION SLAVE ON *.* TO 'repl'@'%'",
            "CREATE USER 'app'@'%' IDENTIFIED BY 'app'",
            "GRANT ALL PRIVILEGES ON *.* TO 'app'@'%' WITH GRANT OPTION",
            "CREATE DATABASE test", *grants)
        for server in self.servers[1:]:
            self.replicate(server, self.primary)
        self.sync()

    def replicate(self, server, source, user="monitor_user", password="monitor_user"):
        server.run(
            f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={source.port}, "
            f"MASTER_USER='{user}', MASTER_PASSWORD='{password}', MASTER_USE_GTID=slave_pos, "
            "MASTER_HEARTBEAT_PERIOD=2, MASTER_CONNECT_RETRY=1",
            "START SLAVE", "SET GLOBAL read_only=1")

    def sync(self, source=None):
        """Waits until every replica has applied what the source has."""
        source = source or self.primary
        position = source.query("SELECT @@gtid_binlog_pos")[0][0]
        for server in self.servers:
            if server is not source and server.process.poll() is None:
                done = server.query(f"SELECT MASTER_GTID_WAIT('{position}', 30)")[0][0]
                if done != 0:
                    raise TimeoutError(f"{server.name} does not reach {position}")

    def stop(self):
        for server in self.servers:
            server.stop()


def walkthrough_config(servers, changes=None, listener_port=4006, admin_port=None):
    """The walkthrough's maxscale.cnf with addresses filled in; `changes` adds or replaces
    {section: {key: value}} (value None removes)."""
    sections = {"maxscale": {"threads": "auto"}}
    if admin_port:
        sections["maxscale"]["admin_port"] = admin_port
    names = []
    for server in servers:
        names.append(server.name)
        sections[server.name] = {"type": "server", "address": "127.0.0.1", "port": server.port,
                                 "protocol": "MariaDBBackend"}
    joined = ",".join(names)
    sections["MariaDB-Monitor"] = {
        "type": "monitor", "module": "mariadbmon", "servers": joined, "user": "monitor_user",
        "password": "monitor_user", "monitor_interval": "2s", "auto_failover": "true",
        "auto_rejoin": "true", "enforce_read_only_slaves": "1", "handle_events": "true"}
    sections["Read-Write-Service"] = {
        "type": "service", "router": "readwritesplit", "servers": joined, "user": "maxscale",
        "password": "maxscale", "use_sql_variables_in": "master", "enable_root_user": "1"}
    sections["Read-Write-Listener"] = {
        "type": "listener", "service": "Read-Write-Service", "protocol": "MariaDBClient",
        "port": listener_port}
    for section, values in (changes or {}).items():
        into = sections.setdefault(section, {})
        for key, value in values.items():
            if value is None:
                into.pop(key, None)
            else:
                into[key] = value
    return "\n".join(
        f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in values.items())
        for name, values in sections.items() if values)


class MaxScale:
    """The proxy in the foreground under a basedir of its own."""

    def __init__(self, folder, config, admin_port, root=None, arguments=(), environment=None):
        self.folder = folder
        self.admin_port = admin_port
        self.root = root or ROOT
        self.arguments = list(arguments)
        self.environment = environment or {}
        self.process = None
        for part in ("etc", "var/log/maxscale", "var/lib/maxscale", "var/cache/maxscale",
                     "var/run/maxscale"):
            os.makedirs(os.path.join(folder, part), exist_ok=True)
        for part in ("bin", "lib64", "share"):
            link = os.path.join(folder, part)
            if not os.path.lexists(link) and os.path.isdir(os.path.join(self.root, part)):
                os.symlink(os.path.join(self.root, part), link)
        self.config_file = os.path.join(folder, "etc", "maxscale.cnf")
        self.log_file = os.path.join(folder, "var", "log", "maxscale", "maxscale.log")
        self.write_config(config)

    def write_config(self, config):
        with open(self.config_file, "w", encoding="utf-8") as file:
            file.write(config)

    def command(self):
        command = [os.path.join(self.root, "bin", "maxscale"), "-d", f"--basedir={self.folder}"]
        if os.geteuid() == 0:
            command.append("--user=root")
        return command + self.arguments

    def start(self, wait=True):
        environment = dict(os.environ, **self.environment)
        environment.setdefault("ASAN_OPTIONS", "detect_leaks=1:abort_on_error=0:exitcode=99")
        environment.setdefault("TSAN_OPTIONS", "suppressions=" + os.path.join(REPO, "tests", "support", "tsan.supp"))
        environment.setdefault("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1")
        self.output = open(os.path.join(self.folder, "output.txt"), "ab")
        self.process = subprocess.Popen(self.command(), cwd=self.folder, stdin=subprocess.DEVNULL,
                                        stdout=self.output, stderr=self.output, env=environment)
        if wait:
            def up():
                if self.process.poll() is not None:
                    raise RuntimeError("maxscale ended with code "
                                       f"{self.process.returncode}:\n{self.text_output()[-3000:]}")
                with socket.create_connection(("127.0.0.1", self.admin_port), 1):
                    return True
            wait_for("maxscale's REST port", up, 30)

    def text_output(self):
        try:
            with open(os.path.join(self.folder, "output.txt"), encoding="utf-8",
                      errors="replace") as file:
                return file.read()
        except FileNotFoundError:  # it was never started
            return ""

    def log(self):
        try:
            with open(self.log_file, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def maxctrl(self, *arguments, check=True):
        done = subprocess.run(
            [os.path.join(self.root, "bin", "maxctrl"), "-h", f"127.0.0.1:{self.admin_port}",
             *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        if check and done.returncode != 0:
            raise RuntimeError(f"maxctrl {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def states(self):
        """{server: set of state words} as maxctrl list servers tells."""
        rows = [line.split("\t") for line in self.maxctrl("--tsv", "list", "servers").splitlines()]
        return {row[0]: set(row[4].split(", ")) for row in rows if len(row) > 4}

    def wait_state(self, server, *words, seconds=30):
        wait_for(f"{server} to be {', '.join(words)}; log {self.log_file}",
                 lambda: set(words) <= self.states().get(server, set()), seconds, 0.1)

    def stop(self):
        """Graceful end; returns the exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGABRT)
                self.process.wait(20)
                raise RuntimeError("maxscale did not end within 20 s of SIGTERM")
        self.output.close()
        return self.process.returncode


def start_haproxy(folder, server_port, threads=None, pem=None, prefix=(), environment=None):
    """HAProxy in TCP mode in front of one server: what others are measured by. (process, port)
    pem: certificate and key with which it ends TLS, from the first byte of a connection on."""
    port = free_port()
    config = os.path.join(folder, f"haproxy-{port}.cfg")
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    crypt = f" ssl crt {pem}" if pem else ""
    with open(config, "w", encoding="utf-8") as file:
        file.write(f"global\n  maxconn {max((limit - 200) // 2, 100)}\n"
                   f"  nbthread {threads or os.cpu_count() or 2}\n"
                   "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 10m\n"
                   f"  timeout server 10m\nlisten l\n  bind 127.0.0.1:{port}{crypt}\n"
                   f"  server s 127.0.0.1:{server_port}\n")
    process = subprocess.Popen([*prefix, "haproxy", "-db", "-f", config], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env=dict(os.environ, **(environment or {})))
    wait_for("HAProxy (is the limit of open files high enough?)",
             lambda: socket.create_connection(("127.0.0.1", port), 1).close() or True,
             60 if prefix else 10)  # valgrind takes its time
    return process, port


def scratch(prefix="maxscale-"):
    return tempfile.mkdtemp(prefix=prefix)
