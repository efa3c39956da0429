"""What a program does, in numbers: heap allocations and copies, system calls, memory."""
import mmap
import os
import re
import struct
import subprocess
import time

from lab import lab


class Counters:
    """The numbers that tests/support/count.c keeps."""

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
