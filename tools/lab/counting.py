"""What a process costs, counted from outside: processor time, wake-ups, memory, system calls, heap
calls and instructions. For the tests of the budgets and for the benchmarks."""
import contextlib
import glob
import mmap
import os
import re
import struct
import subprocess
import time

from . import lab

TICK_US = 1_000_000 // os.sysconf("SC_CLK_TCK")
DATA_CALLS = ("read", "write", "readv", "writev", "recvfrom", "sendto", "recvmsg", "sendmsg", "splice")


class Usage:
    """CPU microseconds of a process and all its threads, how often they went to sleep and were woken up,
    and how often the kernel took the processor from them, which says more about the others."""

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
            except FileNotFoundError:
                continue
            self.wakeups += sum(int(line.split()[1]) for line in lines if line.startswith("voluntary"))
            self.forced += sum(int(line.split()[1]) for line in lines if line.startswith("nonvoluntary"))


@contextlib.contextmanager
def on_one_processor():
    """This thread and what it starts meanwhile: who runs when depends on nobody else then."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Machine:
    """The processors' time since the start, and how much of it the host of a virtual machine gave to others."""

    def __init__(self):
        with open("/proc/stat", encoding="utf-8") as file:
            ticks = [int(word) for word in file.readline().split()[1:9]]
        self.stolen, self.total = ticks[7], sum(ticks)

    def stolen_percent(self):
        """From then until now."""
        now = Machine()
        return 100 * (now.stolen - self.stolen) / max(now.total - self.total, 1)


def status_kib(pid, name):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name))


def rss_kib(pid):
    return status_kib(pid, "VmRSS")


def peak_rss_kib(pid):
    """Since the process began or forget_peak_rss() was called."""
    return status_kib(pid, "VmHWM")


def forget_peak_rss(pid):
    with open(f"/proc/{pid}/clear_refs", "w", encoding="utf-8") as file:
        file.write("5")


def system_calls(pid, work):
    """How often each system call is made by the process while work() runs."""
    trace = subprocess.Popen(["strace", "-f", "-c", "-p", str(pid)], stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, text=True)
    try:
        lab.wait_for("strace to attach", lambda: "TracerPid:\t0" not in open(
            f"/proc/{pid}/status", encoding="utf-8").read())
        time.sleep(0.5)
        work()
    finally:
        trace.send_signal(2)
    table = trace.communicate(timeout=30)[1]
    return {name: int(count) for count, name in
            re.findall(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)(?:\s+\d+)?\s+(\w+)$", table, re.M)}


def data_calls(calls):
    """Those of system_calls() that read or write."""
    return sum(calls.get(name, 0) for name in DATA_CALLS)


class Counters:
    """The numbers that tests/support/count.c keeps: allocations, frees, copied bytes."""

    def __init__(self, folder):
        library = os.path.join(folder, "count.so")
        source = os.path.join(lab.REPO, "tests", "support", "count.c")
        subprocess.run(["cc", "-O1", "-fno-builtin", "-shared", "-fPIC", source, "-o", library],
                       check=True)
        self.path = os.path.join(folder, "counters")
        with open(self.path, "wb") as file:
            file.write(b"\0" * 4096)
        self.file = open(self.path, "r+b")
        self.map = mmap.mmap(self.file.fileno(), 4096)
        self.environment = {"LD_PRELOAD": library, "MX_COUNT_FILE": self.path}

    def read(self):
        return struct.unpack("<3Q", self.map[:24])


class Callgrind:
    """Instructions of a program started with `prefix`, while a function of ours runs."""

    def __init__(self, folder, name="callgrind"):
        self.out = os.path.join(folder, name + ".out")
        self.prefix = ["valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no",
                       f"--callgrind-out-file={self.out}"]
        self.pid = None

    def attach(self, pid):
        self.pid = pid
        self.control("-i", "on")

    def control(self, *arguments):
        subprocess.run(["callgrind_control", *arguments, str(self.pid)], check=True, capture_output=True)

    def count(self, run):
        self.control("-z")
        run()
        self.control("-d")
        total = 0
        for path in glob.glob(self.out + ".*"):
            with open(path, encoding="utf-8") as file:
                total += int(re.search(r"^totals: (\d+)", file.read(), re.M).group(1))
            os.remove(path)
        return total
