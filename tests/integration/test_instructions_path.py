"""Instructions of the proxy per statement, counted by callgrind over the whole data path: a load client
on one side, two load servers on the other, one worker. "connect" is a login, one statement and the end;
"pooled" the same with server connections that outlive their sessions. The counts repeat to a few in a
thousand; one that has grown by more than 3 % fails. When more work is meant to be done, or less:

    MX_RECORD=1 make it K=instructions_path      writes tests/data/instructions_path.json anew

Two more tests hold the cost flat: however many statements a session has prepared, however many clients there are.
"""
import json
import os
import resource

import pytest

from lab import counting, lab, loadbed

RELEASE = os.environ.get("MX_RELEASE_ROOT", os.path.join(lab.REPO, "build-release", "root"))
RECORDED = os.path.join(lab.REPO, "tests", "data", "instructions_path.json")
RECORD = os.environ.get("MX_RECORD") == "1"
GROWTH = 1.03
POINT_SELECT = "SELECT c FROM sbtest1 WHERE id=504985"


class Counted:
    """A proxy under callgrind."""

    def __init__(self, folder, pool):
        self.callgrind = counting.Callgrind(folder)
        self.servers = [loadbed.Server(), loadbed.Server()]
        self.proxy = loadbed.Proxy(self.servers, pool=pool, root=RELEASE,
                                   prefix=self.callgrind.prefix)
        self.proxy.start()
        self.callgrind.attach(self.proxy.process.pid)

    def stop(self):
        self.proxy.stop()
        for server in self.servers:
            server.stop()

    def run(self, port, mode, sql, statements, prepared=1):
        """Instructions of the process while so many statements go through."""
        return self.callgrind.count(lambda: loadbed.load(
            port, "--clients", "1", "--statements", statements, "--mode", mode, "--prepared", prepared,
            "--sql", sql))

    def per_statement(self, port, mode, sql, few, many, prepared=1):
        """Without the start and the end of the session; the smallest of three has the least of what the
        program does by the clock."""
        def smallest(statements):
            return min(self.run(port, mode, sql, statements, prepared) for _ in range(3))
        return (smallest(many) - smallest(few)) / (many - few)

    def per_statement_of_many(self, port, mode, sql, clients, statements):
        """With so many clients that take turns; their logins and ends are not counted. Here, too, the smallest
        of three."""
        with loadbed.Staged(port, clients, "--mode", mode, "--sql", sql, "--statements", statements) as staged:
            reports = []
            return min(self.callgrind.count(lambda: reports.append(staged.run())) / reports[-1]["statements"]
                       for _ in range(3))


@pytest.fixture(scope="module", autouse=True)
def one_processor():
    """Two of them would make how many events a turn finds a matter of chance."""
    with counting.on_one_processor():
        yield


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    made = Counted(str(tmp_path_factory.mktemp("callgrind")), 0)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def pooled(tmp_path_factory):
    made = Counted(str(tmp_path_factory.mktemp("callgrind")), 10)
    yield made
    made.stop()


def compare(name, now):
    """With what was recorded under that name, or records it."""
    with open(RECORDED, encoding="utf-8") as file:
        recorded = json.load(file)
    if RECORD:
        recorded[name] = round(now)
        with open(RECORDED, "w", encoding="utf-8") as file:
            json.dump(recorded, file, indent=2, sort_keys=True)
            file.write("\n")
    assert now <= recorded[name] * GROWTH, f"{name}: {now:.0f} instructions, were {recorded[name]}"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("service, mode", [
    ("rcr", "text"), ("rcr", "prepared"), ("rcr", "connect"),
    ("rws", "text"), ("rws", "prepared"), ("rws", "connect"),
])
def test_no_statement_costs_more_than_it_did(counted, service, mode):
    port = getattr(counted.proxy, service)
    few, many = (100, 300) if mode == "connect" else (200, 1700)
    counted.run(port, mode, POINT_SELECT, 50)  # pools are filled, functions bound
    compare(f"{service} {mode}", counted.per_statement(port, mode, POINT_SELECT, few, many))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("service", ["rcr", "rws"])
def test_a_thousand_prepared_statements_cost_what_one_costs(counted, service):
    port = getattr(counted.proxy, service)
    counted.run(port, "prepared", POINT_SELECT, 50)
    one = counted.per_statement(port, "prepared", POINT_SELECT, 200, 2200)
    many = counted.per_statement(port, "prepared", POINT_SELECT, 200, 2200, prepared=1000)
    assert many <= one * 1.01, f"{many:.0f} instructions, with one statement {one:.0f}"


def ten_thousand(descriptors):
    """Or as many clients as the limit of descriptors allows, with so many of them for each in the proxy."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(10_000, (limit - 500) // descriptors)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("service, mode, descriptors", [("rcr", "text", 2), ("rws", "text", 3), ("rws", "prepared", 3)])
def test_ten_thousand_clients_cost_what_sixteen_cost(counted, service, mode, descriptors):
    port = getattr(counted.proxy, service)
    few = counted.per_statement_of_many(port, mode, POINT_SELECT, 16, 4000)
    clients = ten_thousand(descriptors)
    assert clients >= 100, "too few descriptors to count anything: raise ulimit -n"
    many = counted.per_statement_of_many(port, mode, POINT_SELECT, clients, 4 * clients)
    assert many <= few * 1.02, f"{many:.0f} instructions with {clients} clients, {few:.0f} with 16"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("service", ["rcr", "rws"])
def test_no_connection_from_the_pool_costs_more_than_it_did(pooled, service):
    port = getattr(pooled.proxy, service)
    pooled.run(port, "connect", POINT_SELECT, 50)
    compare(f"{service} connect pooled", pooled.per_statement(port, "connect", POINT_SELECT, 100, 300))
