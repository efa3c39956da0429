"""Real drivers doing the same work directly and through the proxy: what they print may not differ.

Each program in drivers/ does the whole script of work with its driver and prints what it got. A line
`#sync` asks that the replica has everything, and is answered on the program's standard input; so a
read that goes to the replica gives what the primary would have given.
"""
import collections
import difflib
import fcntl
import os
import subprocess
import threading

import pytest

from conftest import Proxy, running, running_cluster
from lab import lab

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "drivers")
OPTIONS = ["--max-allowed-packet=64M", "--performance-schema=ON", "--local-infile=ON"]
# What every program has to show; a driver that cannot do a thing names it below.
SECTIONS = {"connect", "text", "types", "multi", "call", "transaction", "infile", "bulk", "stream",
            "ping", "errors", "kill", "reconnect", "big", "pool", "end"}

Driver = collections.namedtuple("Driver", "build more less", defaults=((), ()))


def script(command):
    """A program that needs no building."""
    return lambda folder: command.format(here=HERE).split()


def made(product, command, result):
    """Builds a program where it is not there yet; `command` and `result` are shell words."""
    def build(folder):
        with open(os.path.join(folder, "lock"), "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not os.path.exists(os.path.join(folder, product)):
                done = subprocess.run(command.format(here=HERE), shell=True, cwd=folder, capture_output=True,
                                      text=True)
                assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return result.format(here=HERE, built=folder).split()
    return build


C = "cc -Wall -O1 -o client_c {here}/client_c.c $(pkg-config --cflags --libs libmariadb) -lpthread"

JAVA = "javac -cp /usr/share/java/mariadb-java-client.jar -d . {here}/Program.java"
JAVA_RUN = "java -Xmx700m -XX:TieredStopAtLevel=1 -cp /usr/share/java/mariadb-java-client.jar:{built} Program "
GO = ("GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$PWD/go-cache GOFLAGS=-p=2 "
      "go build -o client_go {here}/program.go")
# What is in the lock file, from npm's cache when it is there.
NPM = "cp {here}/node/* . && npm ci --prefer-offline --no-audit --no-fund --ignore-scripts"
NPM_LAST = "node_modules/.package-lock.json"

PYTHON = "/usr/bin/python3 {here}/python_dbapi.py "
PERL = "perl {here}/program.pl "
PHP = "php -d memory_limit=-1 -d mysqli.allow_local_infile=1 {here}/program.php "

DRIVERS = {
    "c": Driver(made("client_c", C, "{built}/client_c"), more=("direct", "reset")),
    "go": Driver(made("client_go", GO, "{built}/client_go")),
    "java-server-prepare": Driver(made("Program.class", JAVA, JAVA_RUN + "server")),
    "java-text": Driver(made("Program.class", JAVA, JAVA_RUN + "text")),
    "node-mariadb": Driver(made(NPM_LAST, NPM, "node {built}/driver.js mariadb"), more=("reset",)),
    "node-mysql2": Driver(made(NPM_LAST, NPM, "node {built}/driver.js mysql2"), more=("reset",)),
    "odbc": Driver(script("/usr/bin/python3 {here}/python_odbc.py"), less=("infile", "ping", "pool")),
    "perl-mariadb": Driver(script(PERL + "MariaDB"), less=("pool",)),
    "perl-mysql": Driver(script(PERL + "mysql"), less=("pool",)),
    "php-mysqli": Driver(script(PHP + "mysqli"), more=("reset", "cursor", "long data"), less=("pool",)),
    "php-pdo-emulated": Driver(script(PHP + "pdo-emulated"), more=("persistent",), less=("pool", "kill")),
    "php-pdo-native": Driver(script(PHP + "pdo-native"), more=("persistent",), less=("pool", "kill")),
    "pymysql": Driver(script(PYTHON + "pymysql")),
    "mysqlclient": Driver(script(PYTHON + "MySQLdb")),
}


@pytest.fixture(scope="module")
def cluster(template):
    with running_cluster(template, options={0: OPTIONS, 1: OPTIONS}) as shared:
        yield shared


@pytest.fixture(scope="module")
def proxy(cluster):
    """readwritesplit on `port`, readconnroute to the primary on `primary_port`."""
    primary_port = lab.free_port()
    service = {"type": "service", "router": "readconnroute", "router_options": "master",
               "servers": "server1,server2", "user": "maxscale", "password": "maxscale"}
    listener = {"type": "listener", "service": "Primary", "port": primary_port}
    shared = Proxy(cluster.servers, {"Primary": service, "Primary-Listener": listener})
    shared.primary_port = primary_port
    yield from running(shared)


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """A scratch folder with the file that is loaded."""
    folder = tmp_path_factory.mktemp("drivers")
    with open(folder / "rows.tsv", "w", encoding="utf-8") as file:
        for i in range(20000):
            file.write(f"{i}\tname {i}\t{i * 7 % 1000}\n")
    return folder


def make_schema(cluster):
    with open(os.path.join(HERE, "schema.sql"), encoding="utf-8") as file:
        text = "".join(line for line in file if not line.startswith("--"))
    cluster.primary.run(*(part for part in text.split(";\n") if part.strip()))
    cluster.sync()


def run_program(command, cluster, port, workplace, **more):
    """What the program prints, with its requests for synchronization answered."""
    make_schema(cluster)
    environment = dict(os.environ, DRV_HOST="127.0.0.1", DRV_PORT=str(port), DRV_USER="app",
                       DRV_PASSWORD="app", DRV_FILE=str(workplace / "rows.tsv"), **more)
    errors = workplace / "errors.txt"
    lines = []
    with open(errors, "wb") as stderr:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, encoding="utf-8",
                                   errors="backslashreplace", stdout=subprocess.PIPE, stderr=stderr,
                                   cwd=workplace)
        watch = threading.Timer(60, process.kill)
        watch.start()
        try:
            for line in process.stdout:
                if line == "#sync\n":
                    cluster.sync()
                    process.stdin.write("\n")
                    process.stdin.flush()
                else:
                    lines.append(line.rstrip("\n"))
            code = process.wait()
        finally:
            watch.cancel()
            process.stdin.close()
            process.stdout.close()
    (workplace / f"transcript-{port}.txt").write_text("\n".join(lines), errors="backslashreplace")
    tail = "\n".join(lines[-5:]) + "\n" + errors.read_text(errors="replace")[-4000:]
    assert code == 0, f"{command} on port {port} ended with {code}:\n{tail}"
    return lines


def sections(lines):
    return {line[3:] for line in lines if line.startswith("== ")}


@pytest.fixture(scope="session")
def builds(tmp_path_factory):
    """Where programs are built, shared by all test processes."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "drivers-built"
    folder.mkdir(exist_ok=True)
    return str(folder)


@pytest.fixture(scope="module")
def direct(cluster, workplace, builds):
    """direct(name) -> (command, transcript without a proxy), made once for each driver."""
    made = {}

    def get(name):
        if name not in made:
            command = DRIVERS[name].build(builds)
            made[name] = command, run_program(command, cluster, cluster.primary.port, workplace)
        return made[name]

    return get


@pytest.mark.parametrize("router", ["readconnroute", "readwritesplit"])
@pytest.mark.parametrize("name", DRIVERS)
def test_driver(name, router, direct, cluster, proxy, workplace):
    command, expected = direct(name)
    driver = DRIVERS[name]
    assert sections(expected) == (SECTIONS | set(driver.more)) - set(driver.less)
    port = proxy.primary_port if router == "readconnroute" else proxy.port
    got = run_program(command, cluster, port, workplace)
    assert got == expected, "\n".join(difflib.unified_diff(expected, got, "direct", router, lineterm="", n=2))
