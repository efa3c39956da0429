"""Which loop the workers have: what the environment asks for, what the kernel refuses, and what is left then."""
import os
import re
import sys

import pytest

from conftest import Proxy, ask, finish
from lab import lab

REFUSED = os.path.join(lab.REPO, "tests", "support", "refused.py")
REFUSALS = ["io_uring_setup=EPERM", "io_uring_setup=ENOSYS", "io_uring_register=EPERM", "io_uring_enter=EPERM",
            "memlock"]


def rings(proxy):
    folder = f"/proc/{proxy.process.pid}/fd"
    return sum("io_uring" in os.readlink(f"{folder}/{name}") for name in os.listdir(folder))


def prepared(cluster, loop, refusal=None):
    """A proxy with two workers and that loop, which the kernel may refuse."""
    made = Proxy(cluster.servers, {"maxscale": {"threads": "2"}}, environment={"MAXSCALE_LOOP": loop})
    if refusal:
        command = [sys.executable, REFUSED, refusal, *made.command()]
        made.command = lambda: command
    return made


@pytest.fixture
def start(cluster):
    made = []

    def make(*arguments):
        made.append(prepared(cluster, *arguments))
        made[-1].start()
        return made[-1]
    yield make
    for one in made:
        finish(one)


def output_of_failed_start(proxy):
    proxy.start(wait=False)
    code = proxy.process.wait(30)
    proxy.process = None
    assert code != 0
    return proxy.text_output()


@pytest.fixture(scope="module")
def kernel_has_rings(cluster):
    """None, or so many the workers made: whether there is something to refuse."""
    proxy = prepared(cluster, "uring")
    try:
        proxy.start()
        made = rings(proxy)
    except RuntimeError:
        if "cannot make an io_uring" not in proxy.text_output():
            raise
        pytest.skip("this kernel has no io_uring for us")
    finally:
        proxy.stop()
    assert made == 2  # the main worker needs none


def serves(proxy):
    proxy.wait_ready()
    with proxy.connect() as connection:
        for i in range(20):  # the ring takes over after eight
            assert ask(connection, f"SELECT {i}") == ((i,),)


def test_it_is_what_the_environment_says(kernel_has_rings, start):
    proxy = start("epoll")
    assert rings(proxy) == 0
    serves(proxy)
    proxy = start("uring")
    assert rings(proxy) == 2
    serves(proxy)


def test_an_unknown_loop_is_refused(cluster):
    proxy = prepared(cluster, "poll")
    assert "MAXSCALE_LOOP is 'poll'; it may be epoll, uring or auto" in output_of_failed_start(proxy)


def kernel():
    return tuple(int(part) for part in re.match(r"(\d+)\.(\d+)", os.uname().release).groups())


def test_by_itself_it_is_io_uring_where_waiting_counts_as_idle(kernel_has_rings, start):
    assert rings(start("auto")) == (2 if kernel() >= (6, 15) else 0)


@pytest.mark.parametrize("refusal", REFUSALS)
def test_what_the_kernel_refuses_is_said_when_it_was_asked_for(kernel_has_rings, cluster, refusal):
    if refusal == "memlock" and kernel() < (6, 14):
        pytest.skip("the memory of a ring does not count as locked here")
    output = output_of_failed_start(prepared(cluster, "uring", refusal))
    lines = [line for line in output.splitlines() if "io_uring" in line]
    assert len(lines) == 1, output
    assert re.search(r"cannot make an io_uring for a worker: .*6\.1 or later.*io_uring_disabled.*ulimit -l"
                     r".*set MAXSCALE_LOOP to epoll or auto", lines[0])


@pytest.mark.parametrize("refusal", REFUSALS)
def test_by_itself_it_goes_without_and_says_nothing(start, refusal):
    proxy = start("auto", refusal)
    if refusal != "memlock" or kernel() >= (6, 14):
        assert rings(proxy) == 0
    serves(proxy)
    assert "io_uring" not in proxy.log() + proxy.text_output()
