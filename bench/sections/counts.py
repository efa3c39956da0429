"""What one statement takes, counted: system calls, context switches, heap calls, instructions. One
worker, load_client and load_server; counts hardly depend on how busy the machine is."""
import contextlib
import shutil
import subprocess

import beds
import settings
from lab import counting, lab, loadbed
from report import BASE, Table

SQL = "SELECT c FROM sbtest1 WHERE id=504985"
CALLS = ["system calls", "data calls", "waits", "epoll_ctl", "wakeups", "forced"]
MODES = ("text", "prepared")
WAITS = ("epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "io_uring_enter")


def send(target, mode, clients, statements):
    return beds.load(target, clients, "--mode", mode, "--sql", SQL, "--statements", statements)


def staged(target, mode, clients=1):
    """Clients that have logged in; what they do next is counted."""
    return loadbed.Staged(target.port, clients, "--mode", mode, "--sql", SQL, "--statements",
                          settings.STATEMENTS)


def system_calls(target, mode, clients):
    with staged(target, mode, clients) as ready:
        reports = []
        made = counting.system_calls(target.pid, lambda: reports.append(ready.run()))
    made.pop("total", None)
    each = reports[0]["statements"]
    untraced = send(target, mode, clients, settings.STATEMENTS)  # strace itself makes threads sleep
    return {"system calls": sum(made.values()) / each, "data calls": counting.data_calls(made) / each,
            "waits": sum(made.get(name, 0) for name in WAITS) / each,
            "epoll_ctl": made.get("epoll_ctl", 0) / each,
            "wakeups": untraced["wakeups"], "forced": untraced["forced"]}


def calls(report):
    beds.needs("strace")
    with beds.load_bed(1) as targets:
        table = Table(report, "counts", "system calls and context switches",
                      "statement", CALLS)
        for mode in MODES:
            for clients in (1, 16, 64):
                table.measure(f"{mode} {clients} clients", targets[1:],
                              lambda target: system_calls(target, mode, clients), 1)


class Bare:
    """HAProxy and the proxy, each started the same way (a prefix or an environment of its own)."""

    def __init__(self, stack, folder, prefixes=((), ()), environments=(None, None)):
        server = loadbed.Server()
        stack.callback(server.stop)
        process, port = lab.start_haproxy(folder, server.port, threads=1, prefix=prefixes[0],
                                          environment=environments[0])
        stack.callback(process.wait)
        stack.callback(process.kill)
        proxy = loadbed.Proxy([server], root=lab.ROOT, prefix=prefixes[1], environment=environments[1])
        stack.callback(shutil.rmtree, proxy.folder, True)
        proxy.start()
        stack.callback(proxy.stop)
        self.pids = (process.pid, proxy.process.pid)
        self.targets = [beds.Target(BASE, port, process.pid),
                        beds.Target("readconnroute", proxy.rcr, proxy.process.pid),
                        beds.Target("readwritesplit", proxy.rws, proxy.process.pid)]

    def ours(self, target):
        """0: HAProxy, 1: the proxy."""
        return self.pids.index(target.pid)


def heap(report):
    with contextlib.ExitStack() as stack:
        folders = [stack.enter_context(beds.scratch()) for _ in range(2)]
        counters = [counting.Counters(folder) for folder in folders]
        bed = Bare(stack, folders[0], environments=[one.environment for one in counters])

        def measure(target, mode):
            counter = counters[bed.ours(target)]
            send(target, mode, 1, 100)  # pools are filled
            with staged(target, mode) as ready:
                before = counter.read()
                each = ready.run()["statements"]
                after = counter.read()
            return {"allocations": (after[0] - before[0]) / each,
                    "copied bytes": (after[2] - before[2]) / each}
        table = Table(report, "counts", "heap allocations, and bytes copied in pieces of 256 and more",
                      "statement", ["allocations", "copied bytes"], counted=True)
        for mode in MODES:
            table.measure(f"{mode}", bed.targets, lambda target: measure(target, mode), 1)


def instructions(report):
    beds.needs("valgrind")
    with contextlib.ExitStack() as stack:
        folders = [stack.enter_context(beds.scratch()) for _ in range(2)]
        grinds = [counting.Callgrind(folder) for folder in folders]
        bed = Bare(stack, folders[0], prefixes=[one.prefix for one in grinds])
        for grind, pid in zip(grinds, bed.pids):
            grind.attach(pid)

        def measure(target, mode):
            grind = grinds[bed.ours(target)]

            def count(statements):
                return grind.count(lambda: loadbed.load(
                    target.port, "--mode", mode, "--clients", 1, "--sql", SQL, "--statements", statements))
            count(50)  # pools are filled, functions bound
            few, many = (100, 300) if mode == "connect" else (200, 1700)
            # Without what a session takes to begin and to end.
            return {"instructions": min((count(many) - count(few)) / (many - few) for _ in range(2))}
        table = Table(report, "counts", "instructions outside the kernel (callgrind); connect: of a connection",
                      "statement", ["instructions"], counted=True)
        for mode in (*MODES, "connect"):
            table.measure(f"{mode}", bed.targets, lambda target: measure(target, mode), 1)


def run(report):
    for part in (calls, heap, instructions):
        try:
            part(report)
        except (RuntimeError, OSError, TimeoutError, subprocess.SubprocessError) as error:
            report.write(f"\n{part.__name__}: could not be counted: {error}\n")
