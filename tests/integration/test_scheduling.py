"""Threads ask the kernel for batch scheduling while that saves processor time, and leave alone what is not theirs.
Server, proxy and clients share one processor here, so that it is taken. No times are compared."""
import contextlib
import os
import sys
import threading
import time

import pytest

from lab import counting, lab, loadbed

RELEASE = os.environ.get("MX_RELEASE_ROOT", os.path.join(lab.REPO, "build-release", "root"))
REFUSED = os.path.join(lab.REPO, "tests", "support", "refused.py")
LOOKS_S = 4  # where the processors are the machine's own, a trial begins and tries the batch policy within this


@pytest.fixture
def start():
    made = []

    def make(*prefix):
        with counting.on_one_processor():
            server = loadbed.Server()
            made.append(server)
            proxy = loadbed.Proxy([server], root=RELEASE, prefix=prefix)
            made.append(proxy)
            proxy.start()
        return proxy
    yield make
    for one in reversed(made):
        one.stop()


def worker_of(proxy):
    folder = f"/proc/{proxy.process.pid}/task"
    for task in os.listdir(folder):
        with open(f"{folder}/{task}/comm", encoding="ascii") as file:
            if file.read() == "worker-0\n":
                return int(task)
    raise RuntimeError("no worker")


@contextlib.contextmanager
def load(proxy):
    """For as long as the block runs, which ends it."""
    ended = threading.Event()

    def run():
        with counting.on_one_processor():  # affinity is a thread's own
            while not ended.is_set():
                loadbed.load(proxy.rcr, "--clients", 16, "--seconds", 1)
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def policies_seen(worker, seconds):
    seen = set()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        seen.add(os.sched_getscheduler(worker))
        time.sleep(0.02)
    return seen


def test_a_thread_on_a_full_machine_tries_batch_scheduling_and_ends_it(start):
    proxy = start()
    worker = worker_of(proxy)
    assert os.sched_getscheduler(worker) == os.SCHED_OTHER
    with load(proxy):
        lab.wait_for("the batch policy", lambda: os.sched_getscheduler(worker) == os.SCHED_BATCH, 60, 0.02)
    lab.wait_for("the usual policy", lambda: os.sched_getscheduler(worker) == os.SCHED_OTHER, 60)
    assert "scheduling" not in proxy.log()


@pytest.mark.parametrize("word, policy", [("-i", os.SCHED_IDLE), ("-b", os.SCHED_BATCH)])
def test_a_policy_from_outside_stays(start, word, policy):
    proxy = start("chrt", word, "0")
    with load(proxy):
        assert policies_seen(worker_of(proxy), LOOKS_S) == {policy}
    assert "scheduling" not in proxy.log()


def complaints(proxy):
    return [line for line in proxy.log().splitlines() if "scheduling policy" in line]


def test_a_kernel_that_refuses_is_told_of_once(start):
    proxy = start(sys.executable, REFUSED, "sched_setscheduler=EPERM")
    with load(proxy):
        lab.wait_for("the complaint", lambda: complaints(proxy), 60)
        assert policies_seen(worker_of(proxy), LOOKS_S) == {os.SCHED_OTHER}
    said = complaints(proxy)
    assert len(said) == 1 and "worker-0" in said[0] and "Operation not permitted" in said[0], said
