"""Fixtures: real MariaDB servers and the real program, on free ports under scratch folders.

MX_ROOT   folder with bin/, lib64/maxscale/ (default build/root/usr)
MX_KEEP=1 keeps the scratch folders for a look
"""
import contextlib
import fcntl
import os
import shutil
import sys

import pymysql
import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "tools"))
from lab import lab  # noqa: E402

KEEP = os.environ.get("MX_KEEP") == "1"


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """An empty data directory, made once for all test processes and copied for every server."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = str(shared / "template")
    with open(folder + ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(folder + ".done"):
            lab.install_database(folder)
            with open(folder + ".done", "w", encoding="utf-8"):
                pass
    return folder


@contextlib.contextmanager
def running_cluster(template, replicas=1, grants=lab.WALKTHROUGH_GRANTS + lab.EXTRA_GRANTS, **arguments):
    """A started Cluster that is gone at the end."""
    folder = lab.scratch("mx-cluster-")
    os.symlink(template, os.path.join(folder, "template"))
    made = lab.Cluster(folder, replicas, **arguments)
    try:
        made.start(grants)
        yield made
    finally:
        made.stop()
        if not KEEP:
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def make_cluster(template):
    """make_cluster(replicas=1, options={index: [...]}, binlog={index: False}) -> started Cluster."""
    with contextlib.ExitStack() as made:
        yield lambda *args, **more: made.enter_context(running_cluster(template, *args, **more))


@pytest.fixture(scope="module")
def cluster(template):
    """A primary and one replica shared by the tests of a module that do not break them."""
    with running_cluster(template) as shared:
        yield shared


class Proxy(lab.MaxScale):
    """maxscale with the walkthrough's configuration (or another) on free ports."""

    def __init__(self, servers=(), changes=None, config=None, **more):
        self.admin_port = lab.free_port()
        self.port = lab.free_port()
        text = config or lab.walkthrough_config(servers, changes, self.port, self.admin_port)
        super().__init__(lab.scratch("mx-proxy-"), text, self.admin_port, **more)

    def connect(self, user="app", password="app", port=None, **more):
        args = {"host": "127.0.0.1", "port": port or self.port, "user": user, "password": password,
                "autocommit": True, "connect_timeout": 10, "read_timeout": 60, "charset": "utf8mb4"}
        args.update(more)
        return pymysql.connect(**args)

    def wait_ready(self, user="app", password="app"):
        """Until a client can log in and the monitor knows the primary."""
        def ready():
            with self.connect(user, password) as connection, connection.cursor() as cursor:
                cursor.execute("SELECT 1")
                return cursor.fetchone() == (1,)
        lab.wait_for(f"a login through {self.port}; log {self.log_file}", ready, 30)

    def api(self, path, method="GET", json=None, auth=("admin", "mariadb"), **more):
        import requests
        return requests.request(method, f"http://127.0.0.1:{self.admin_port}/v1/{path}", auth=auth,
                                json=json, timeout=30, **more)


def sanitizer_reports(text):
    return [line for line in text.splitlines()
            if "ERROR: AddressSanitizer" in line or "runtime error:" in line
            or "ERROR: LeakSanitizer" in line or "WARNING: ThreadSanitizer" in line
            or line.startswith("BUG at ")]


def finish(proxy):
    """Stops a proxy and asserts that it ended cleanly: exit code 0, no sanitizer report."""
    code = proxy.stop()
    output = proxy.text_output()
    reports = sanitizer_reports(output)
    assert not reports, f"{reports}\n{output[-6000:]}"
    assert code in (0, None), f"exit code {code}\n{output[-4000:]}"
    if not KEEP:
        shutil.rmtree(proxy.folder, ignore_errors=True)


def running(proxy):
    """For fixtures: the proxy, ready; at the end it must end cleanly."""
    try:
        proxy.start()
        proxy.wait_ready()
        yield proxy
    finally:
        finish(proxy)


def starter(make):
    """For fixtures: a function that makes proxies as `make` does, which are then ready and end with the test."""
    with contextlib.ExitStack() as made:
        one = contextlib.contextmanager(running)
        yield lambda *args, **more: made.enter_context(one(make(*args, **more)))


@pytest.fixture
def make_proxy():
    """make_proxy(servers, changes={section: {key: value}}) -> started Proxy."""
    made = []

    def make(servers=(), changes=None, start=True, wait=True, **more):
        proxy = Proxy(servers, changes, **more)
        made.append(proxy)
        if start:
            proxy.start(wait)
        return proxy

    yield make
    for proxy in made:
        finish(proxy)


@pytest.fixture(scope="module")
def proxy(cluster):
    """The walkthrough's proxy in front of the module's shared cluster."""
    shared = Proxy(cluster.servers)
    yield from running(shared)


def ask(connection, *statements):
    """The rows of the last one, or its error number."""
    rows = ()
    with connection.cursor() as cursor:
        for statement in statements:
            try:
                cursor.execute(statement)
                rows = cursor.fetchall()
            except pymysql.MySQLError as error:
                rows = error.args[0]
    return rows


def thread_id(connection):
    return ask(connection, "SELECT @@pseudo_thread_id")[0][0]
