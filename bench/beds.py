"""What is measured: a server, and HAProxy and the proxy in front of it, side by side."""
import contextlib
import os
import shutil
import subprocess

from certs import Authority
from lab import lab, loadbed
from lab.counting import Usage

from report import BASE


class Target:
    """A port to send statements to and the process behind it, None for the server itself. descriptors: how
    many of them one session takes in that process; tls: how load_client asks for TLS there."""

    def __init__(self, name, port, pid=None, descriptors=2, tls="off"):
        self.name, self.port, self.pid = name, port, pid
        self.descriptors, self.tls = descriptors, tls


def cost(target, run, divisor):
    """What run() reports, and what it cost the target's process per unit; divisor(report) units."""
    before = Usage(target.pid)
    report = run()
    after = Usage(target.pid)
    units = max(divisor(report), 1e-9)
    if target.pid is None:
        return report
    for key in ("user", "system", "wakeups", "forced"):
        report[key] = (getattr(after, key) - getattr(before, key)) / units
    report["total"] = report["user"] + report["system"]
    return report


def figures_of(got):
    """What is kept of a report of load_client."""
    return {**{key[:-3]: got[key] for key in ("p50_us", "p95_us", "p99_us", "p999_us")},
            **{key: got[key] for key in ("rate", "statements", "handshakes", "resumed")},
            "spread": got["p99_us"] / max(got["p50_us"], 1)}


def statements_of(report):
    return report["statements"]


def load(target, clients, *arguments):
    """Figures of statements, their logins not counted."""
    with loadbed.Staged(target.port, clients, "--tls", target.tls, *arguments) as staged:
        return cost(target, lambda: figures_of(staged.run()), statements_of)


def connections(target, clients, *arguments):
    """Figures of connections, each with a login and a statement."""
    return cost(target, lambda: figures_of(loadbed.load(
        target.port, "--clients", clients, "--mode", "connect", "--tls", target.tls, *arguments)),
        statements_of)


def needs(name):
    """A program that a section cannot do without."""
    if shutil.which(name) is None:
        raise RuntimeError(f"{name} is not installed (make packages-dev)")


@contextlib.contextmanager
def haproxy(folder, port, **more):
    needs("haproxy")
    process, own = lab.start_haproxy(folder, port, **more)
    try:
        yield Target(BASE, own, process.pid, 2, "raw" if more.get("pem") else "off")
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def scratch():
    folder = lab.scratch("maxscale-bench-")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Certificates:
    """One certificate for everybody, as the proxy, HAProxy, the server and sysbench want it."""

    def __init__(self, folder):
        self.folder = os.path.join(folder, "certs")
        authority = Authority(self.folder)
        self.cert, self.key = authority.make("proxy")
        self.ca = authority.ca
        self.pem = authority.path("proxy.pem")
        with open(self.pem, "w", encoding="utf-8") as file:
            for part in (self.cert, self.key):
                with open(part, encoding="utf-8") as source:
                    file.write(source.read())
        for name, source in (("cacert.pem", self.ca), ("client-cert.pem", self.cert),
                             ("client-key.pem", self.key)):  # what sysbench looks for where it runs
            shutil.copy(source, authority.path(name))
        self.listener = f"ssl=true\nssl_cert={self.cert}\nssl_key={self.key}\n"


@contextlib.contextmanager
def load_bed(threads=1, server=(), tls=False, replica=False, **more):
    """load_server with HAProxy, readconnroute and readwritesplit in front of it: targets, direct first."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(scratch())
        certificates = Certificates(folder) if tls else None
        one = loadbed.Server(*server)
        stack.callback(one.stop)
        servers = [one, loadbed.Server(*server)] if replica else [one]
        for own in servers[1:]:
            stack.callback(own.stop)
        peer = stack.enter_context(haproxy(folder, one.port, threads=threads,
                                           pem=certificates and certificates.pem))
        proxy = loadbed.Proxy(servers, threads=threads, root=lab.ROOT,
                              listener=certificates.listener if tls else "", **more)
        stack.callback(shutil.rmtree, proxy.folder, True)
        proxy.start()
        stack.callback(proxy.stop)
        pid, way = proxy.process.pid, "protocol" if tls else "off"
        yield [Target("direct", one.port), peer, Target("readconnroute", proxy.rcr, pid, 2, way),
               Target("readwritesplit", proxy.rws, pid, 3 if replica else 2, way)]


MANY = ["--max-connections=30000", "--thread-handling=pool-of-threads", "--back-log=4096",
        "--innodb-buffer-pool-size=256M", "--table-open-cache=4000", "--open-files-limit=100000"]


@contextlib.contextmanager
def cluster(tls=None):
    """A primary and a replica with sysbench's tables."""
    with scratch() as folder:
        options = list(MANY)
        if tls:
            options += [f"--ssl-ca={tls.ca}", f"--ssl-cert={tls.cert}", f"--ssl-key={tls.key}"]
        made = lab.Cluster(os.path.join(folder, "servers"), 1, options={0: options, 1: options})
        os.makedirs(made.folder)
        try:
            made.start()
            made.primary.run("CREATE DATABASE sbtest")
            yield made
        finally:
            made.stop()


@contextlib.contextmanager
def real_proxy(servers, suffix="", listener=None, server=None):
    """The proxy in front of real servers, with a monitor: its two targets."""
    plain, split, admin = lab.free_port(), lab.free_port(), lab.free_port()
    sections = {
        "Plain": {"type": "service", "router": "readconnroute", "user": "maxscale", "password": "maxscale",
                  "servers": ",".join(one.name for one in servers), "router_options": "master"},
        "Plain-Listener": {"type": "listener", "service": "Plain", "port": plain, **(listener or {})},
        "Read-Write-Listener": listener or {},
        **{one.name: server or {} for one in servers}}
    config = lab.walkthrough_config(servers, sections, split, admin)
    with scratch() as folder:
        proxy = lab.MaxScale(folder, config, admin, lab.ROOT)
        try:
            proxy.start()
            proxy.wait_state("server1", "Master", "Running")
            proxy.wait_state("server2", "Slave", "Running")
            for port in (plain, split):
                lab.wait_for("a login", lambda p=port: subprocess.run(
                    ["mariadb", "--no-defaults", "-h127.0.0.1", f"-P{p}", "-uapp", "-papp", "-e", "DO 1"],
                    capture_output=True).returncode == 0)
            yield [Target("readconnroute" + suffix, plain, proxy.process.pid, 2),
                   Target("readwritesplit" + suffix, split, proxy.process.pid, 3)]
        finally:
            proxy.stop()
