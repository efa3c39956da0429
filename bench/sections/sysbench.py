"""sysbench against real servers: direct, HAProxy and both routers, text and prepared, and with TLS."""
import os
import re
import subprocess

import beds
import settings
from report import Table

COLUMNS = ["rate", "p50", "p95", "p99", "p999", "added", "user", "system", "total", "wakeups", "forced"]
IGNORED = "1213,1020"  # deadlocks of oltp_read_write


def command(what, test, port, clients, prepared, extra=(), folder=None):
    line = ["sysbench", test, "--db-driver=mysql", "--mysql-host=127.0.0.1", f"--mysql-port={port}",
            "--mysql-user=app", "--mysql-password=app", "--mysql-db=sbtest", "--tables=4",
            "--table-size=10000", f"--threads={clients}",
            "--db-ps-mode=" + ("auto" if prepared else "disable"), *extra, what]
    done = subprocess.run(line, capture_output=True, text=True, cwd=folder)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(line)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def percentiles(output):
    """p50, p95, p99, p99.9 in us from sysbench's histogram, which counts in ms."""
    rows = [(float(value), int(count)) for value, count in
            re.findall(r"^\s*(\d+\.\d+) \|\**\s+(\d+)$", output, re.M)]
    total = sum(count for _, count in rows)
    wanted, seen = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "p999": 0.999}, 0
    found = {}
    for value, count in rows:
        seen += count
        for name, share in wanted.items():
            if name not in found and seen >= share * total:
                found[name] = value * 1000
    return found


def measure(target, test, clients, prepared, extra, folder):
    def run():
        output = command("run", test, target.port, clients, prepared,
                         [f"--time={settings.SECONDS}", "--histogram=on",
                          f"--mysql-ignore-errors={IGNORED}", *extra], folder)
        return {"statements": int(re.search(r"total:\s+(\d+)", output).group(1)),
                "rate": float(re.search(r"queries:\s+\d+\s+\(([\d.]+) per sec", output).group(1)),
                **percentiles(output)}
    return beds.cost(target, run, lambda got: got["statements"])


def matrix(report, targets, title, tests, clients_list, extra=(), folder=None):
    for test in tests:
        for prepared in (False, True):
            form = "prepared" if prepared else "text"
            table = Table(report, "sysbench", f"{title}: {test}, {form}", "statement", COLUMNS)
            for clients in clients_list:
                table.measure(f"{title} {test} {form} {clients}", targets,
                              lambda target: measure(target, test, clients, prepared, extra, folder),
                              settings.ROUNDS)


def with_tls(report, servers, certificates, peer, direct):
    """HAProxy cannot end this TLS, which begins within the protocol, so it passes it on to the server:
    the row says what TLS costs the proxy that ends it, not who does it better (see section tls)."""
    listener = {"ssl": "true", "ssl_cert": certificates.cert, "ssl_key": certificates.key}
    with beds.real_proxy(servers, listener=listener) as ours:
        peer.name = "HAProxy TCP, TLS passed on"
        matrix(report, [direct, peer, *ours], "TLS", settings.TESTS[:1], settings.CLIENTS[:2],
               ["--mysql-ssl=on"], certificates.folder)


def run(report):
    beds.needs("sysbench")
    with beds.scratch() as folder:
        certificates = beds.Certificates(folder)
        os.chmod(folder, 0o755)
        with beds.cluster(certificates) as cluster:
            port = cluster.primary.port
            command("prepare", "oltp_read_write", port, 1, False)
            cluster.sync()
            direct = beds.Target("direct", port)
            with beds.haproxy(folder, port) as peer:
                with beds.real_proxy(cluster.servers) as ours:
                    matrix(report, [direct, peer, *ours], "plain", settings.TESTS, settings.CLIENTS)
                with_tls(report, cluster.servers, certificates, peer, direct)
