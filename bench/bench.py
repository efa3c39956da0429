#!/usr/bin/python3
"""sysbench through a direct connection, HAProxy in TCP mode and this proxy, interleaved in one run.

For every test, statement form and number of clients: throughput, p50/p95/p99, the proxy's own CPU
microseconds per statement (user and system, from /proc), wake-ups and forced context switches; then RSS
and RSS per idle connection. Writes a table to bench/results/; asserts nothing.

Environment: MX_BENCH_SECONDS (per measurement, 5), MX_BENCH_CLIENTS (1,16,64), MX_BENCH_TESTS,
MX_BENCH_IDLE (1000,10000), MX_BENCH_ROUNDS (1), MX_ROOT.
"""
import datetime
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from lab import lab  # noqa: E402

lab.ROOT = os.environ.get("MX_ROOT", os.path.join(lab.REPO, "build-release", "root"))
SECONDS = int(os.environ.get("MX_BENCH_SECONDS", "5"))
ROUNDS = int(os.environ.get("MX_BENCH_ROUNDS", "1"))
CLIENTS = [int(n) for n in os.environ.get("MX_BENCH_CLIENTS", "1,16,64").split(",")]
TESTS = os.environ.get("MX_BENCH_TESTS", "oltp_point_select,oltp_read_only,oltp_read_write").split(",")
IDLE = [int(n) for n in os.environ.get("MX_BENCH_IDLE", "1000,10000").split(",") if n]
TICK_US = 1_000_000 // os.sysconf("SC_CLK_TCK")
THREADS = max(1, (os.cpu_count() or 2))


class Usage:
    """CPU time of a process and all its threads, how often they went to sleep and were woken up, and how
    often the kernel took the processor from them."""

    def __init__(self, pid):
        self.user = self.system = self.wakeups = self.forced = 0
        if pid is None:
            return
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        self.user = int(fields[11]) * TICK_US
        self.system = int(fields[12]) * TICK_US
        for task in os.listdir(f"/proc/{pid}/task"):
            try:
                with open(f"/proc/{pid}/task/{task}/status", encoding="utf-8") as file:
                    lines = file.readlines()
                self.wakeups += sum(int(line.split()[1]) for line in lines if line.startswith("voluntary"))
                self.forced += sum(int(line.split()[1]) for line in lines if line.startswith("nonvoluntary"))
            except FileNotFoundError:
                continue


def rss_kib(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


class Target:
    def __init__(self, name, port, pid=None, descriptors=1):
        self.name, self.port, self.pid = name, port, pid
        self.descriptors = descriptors  # of one session in the proxy


def sysbench(command, test, port, clients, prepared, extra=()):
    line = ["sysbench", test, "--db-driver=mysql", "--mysql-host=127.0.0.1", f"--mysql-port={port}",
            "--mysql-user=app", "--mysql-password=app", "--mysql-db=sbtest", "--tables=4",
            "--table-size=10000", f"--threads={clients}",
            "--db-ps-mode=" + ("auto" if prepared else "disable"), *extra, command]
    done = subprocess.run(line, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(line)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def percentiles(output):
    """p50, p95, p99 in ms from sysbench's histogram."""
    rows = [(float(value), int(count)) for value, count in
            re.findall(r"^\s*(\d+\.\d+) \|\**\s+(\d+)$", output, re.M)]
    total = sum(count for _, count in rows)
    wanted, found, seen = [0.50, 0.95, 0.99], [], 0
    for value, count in rows:
        seen += count
        while wanted and seen >= wanted[0] * total:
            found.append(value)
            wanted.pop(0)
    return (found + [0.0] * 3)[:3]


def measure(target, test, clients, prepared):
    before = Usage(target.pid)
    output = sysbench("run", test, target.port, clients, prepared,
                      [f"--time={SECONDS}", "--histogram=on", "--mysql-ignore-errors=1213,1020"])
    after = Usage(target.pid)
    queries = int(re.search(r"total:\s+(\d+)", output).group(1))
    qps = float(re.search(r"queries:\s+\d+\s+\(([\d.]+) per sec", output).group(1))
    per = max(queries, 1)
    return {"qps": qps, "latency": percentiles(output), "user": (after.user - before.user) / per,
            "system": (after.system - before.system) / per,
            "wakeups": (after.wakeups - before.wakeups) / per,
            "forced": (after.forced - before.forced) / per}


def median_of(samples, key):
    return statistics.median(sample[key] for sample in samples)


def throughput_table(targets, write):
    for test in TESTS:
        for prepared in (False, True):
            write(f"\n### {test}, {'prepared' if prepared else 'text'}\n")
            write("| clients | through | queries/s | p50 ms | p95 ms | p99 ms | user us | system us "
                  "| total us | wake-ups | forced |")
            write("|---|---|---|---|---|---|---|---|---|---|---|")
            for clients in CLIENTS:
                samples = {target.name: [] for target in targets}
                for _ in range(ROUNDS):
                    for target in targets:
                        samples[target.name].append(measure(target, test, clients, prepared))
                for target in targets:
                    got = samples[target.name]
                    p50, p95, p99 = (statistics.median(s["latency"][i] for s in got) for i in range(3))
                    user, system = median_of(got, "user"), median_of(got, "system")
                    cpu = (f"{user:.2f} | {system:.2f} | {user + system:.2f} | "
                           f"{median_of(got, 'wakeups'):.2f} | {median_of(got, 'forced'):.2f}") if target.pid \
                        else "- | - | - | - | -"
                    write(f"| {clients} | {target.name} | {median_of(got, 'qps'):.0f} | {p50:.2f} | "
                          f"{p95:.2f} | {p99:.2f} | {cpu} |")


def idle_table(targets, write):
    import pymysql
    write("\n### Memory\n\n| through | base RSS KiB | idle connections | RSS KiB | KiB per connection |")
    write("|---|---|---|---|---|")
    for target in targets:
        if target.pid is None:
            continue
        base = rss_kib(target.pid)
        for wanted in IDLE:
            # Where the limit of open files is too low for what was asked, as many as there may be.
            count = min(wanted, (descriptor_limit() - 500) // target.descriptors)
            connections = []
            try:
                for _ in range(count):
                    connections.append(pymysql.connect(host="127.0.0.1", port=target.port, user="app",
                                                       password="app", connect_timeout=30))
                time.sleep(1)
                now = rss_kib(target.pid)
                write(f"| {target.name} | {base} | {count} | {now} | {(now - base) / count:.2f} |")
            except pymysql.MySQLError as error:
                write(f"| {target.name} | {base} | {count} | - | failed after {len(connections)}: {error} |")
            finally:
                for connection in connections:
                    connection.close()
                time.sleep(1)


def start_haproxy(folder, server_port):
    process, port = lab.start_haproxy(folder, server_port)
    return process, Target("HAProxy TCP", port, process.pid, 2)


def rcr_sections(port):
    return {"Plain": {"type": "service", "router": "readconnroute", "servers": "server1,server2",
                      "user": "maxscale", "password": "maxscale", "router_options": "master"},
            "Plain-Listener": {"type": "listener", "service": "Plain", "port": port}}


def descriptor_limit():
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def raise_descriptor_limit():
    """10,000 sessions on two servers are 30,000 descriptors; root may go beyond the hard limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 200_000
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main():
    raise_descriptor_limit()
    folder = lab.scratch("maxscale-bench-")
    many = ["--max-connections=30000", "--thread-handling=pool-of-threads", "--back-log=4096",
            "--innodb-buffer-pool-size=256M", "--table-open-cache=4000", "--open-files-limit=100000"]
    cluster = lab.Cluster(os.path.join(folder, "servers"), 1, options={0: many, 1: many})
    haproxy = proxy = None
    stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    results = os.path.join(lab.REPO, "bench", "results")
    os.makedirs(results, exist_ok=True)
    path = os.path.join(results, f"{stamp}.md")

    def write(line):
        print(line, flush=True)
        with open(path, "a", encoding="utf-8") as file:
            file.write(line + "\n")

    try:
        os.makedirs(cluster.folder)
        cluster.start()
        cluster.primary.run("CREATE DATABASE sbtest")
        sysbench("prepare", "oltp_read_write", cluster.primary.port, 1, False)
        cluster.sync()
        haproxy, haproxy_target = start_haproxy(folder, cluster.primary.port)
        rws, rcr, admin = lab.free_port(), lab.free_port(), lab.free_port()
        config = lab.walkthrough_config(cluster.servers, rcr_sections(rcr), rws, admin)
        proxy = lab.MaxScale(os.path.join(folder, "maxscale"), config, admin, lab.ROOT)
        proxy.start()
        proxy.wait_state("server1", "Master", "Running")
        time.sleep(2)
        pid = proxy.process.pid
        targets = [Target("direct", cluster.primary.port), haproxy_target,
                   Target("readconnroute", rcr, pid, 2), Target("readwritesplit", rws, pid, 3)]
        write(f"# {stamp}: {THREADS} cores, {SECONDS} s each, medians of {ROUNDS}, interleaved")
        write("\nsysbench, 4 tables of 10,000 rows; servers, clients and proxies on one machine. CPU and "
              "context switches are those of the proxy per statement.")
        throughput_table(targets, write)
        if IDLE:
            idle_table(targets, write)
        print(f"\nwritten to {path}")
    finally:
        if haproxy:
            haproxy.kill()
        if proxy:
            proxy.stop()
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
