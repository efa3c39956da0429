"""What clients are offered and told: progress reports, capabilities, connection metadata."""
import struct
import subprocess

import pytest

from conversations import raw
from lab import lab
from scripted import Scripted

EXT = raw.PROGRESS | raw.BULK | raw.TYPES | raw.CACHE


def state_of(answer):
    """{name: value} of the session state in an OK packet."""
    out = {}
    _, at = raw.lenenc(answer, 1)
    _, at = raw.lenenc(answer, at)
    size, at = raw.lenenc(answer, at + 4)
    at += size
    size, at = raw.lenenc(answer, at)
    end = at + size
    while at < end:
        assert answer[at] == 0  # a system variable
        _, at = raw.lenenc(answer, at + 1)
        size, at = raw.lenenc(answer, at)
        name, at = answer[at:at + size].decode(), at + size
        size, at = raw.lenenc(answer, at)
        out[name], at = answer[at:at + size].decode(), at + size
    return out


def test_capabilities_are_those_of_the_servers(proxy, cluster):
    with raw.Client(cluster.primary.port) as direct, raw.Client(proxy.port) as through:
        assert through.server_ext == direct.server_ext == EXT
        assert not through.server_caps & ~direct.server_caps


def test_connection_metadata_of_the_primary(proxy, cluster):
    cluster.primary.run("SET GLOBAL max_allowed_packet = 33554432", "SET GLOBAL time_zone = '+03:00'",
                        "SET GLOBAL tx_isolation = 'READ-COMMITTED'")

    def told():
        with raw.Client(proxy.port, caps=raw.BASE | raw.TRACK) as client:
            state = state_of(client.answer)
        return state if state.get("max_allowed_packet") == "33554432" else None
    try:
        state = lab.wait_for("what the monitor has read", told)
        zone = cluster.primary.query("SELECT @@system_time_zone")[0][0]
        assert state["time_zone"] == "+03:00" and state["system_time_zone"] == zone
        assert state["tx_isolation"] == "READ-COMMITTED"
        assert state["character_set_client"] == state["character_set_results"] == "utf8mb4"
        assert state["maxscale"] and int(state["threads_connected"]) >= 1 and int(state["connection_id"]) > 0
    finally:
        cluster.primary.run("SET GLOBAL max_allowed_packet = 16777216", "SET GLOBAL time_zone = 'SYSTEM'",
                            "SET GLOBAL tx_isolation = 'REPEATABLE-READ'")


def test_progress_reports_pass(proxy, cluster):
    """A client that asked for them gets them, and the answer behind them ends where it should."""
    cluster.primary.run("CREATE OR REPLACE TABLE test.progress (id INT PRIMARY KEY, t TEXT) ENGINE=Aria",
                        "INSERT INTO test.progress SELECT seq, REPEAT('x', 200) FROM test.seq_1_to_30000")
    alter = "ALTER TABLE test.progress MODIFY t TEXT CHARACTER SET {}, FORCE, ALGORITHM=COPY"
    for port in (cluster.primary.port, proxy.port):
        with raw.Client(port, ext=EXT) as client:
            client.query("SET progress_report_time = 1")
            out = client.query(alter.format("utf8mb4" if port == proxy.port else "latin1"))
            assert out[-1][4] == 0
            assert client.query("SELECT 'next'")[-2][4:] == b"\x04next"
        with raw.Client(port) as client:  # not asked for
            out = client.query(alter.format("utf8mb4"))
            assert len(out) == 1 and out[0][4] == 0


@pytest.mark.parametrize("compressed", [False, True])
def test_program_that_shows_progress(proxy, cluster, compressed):
    cluster.primary.run("CREATE OR REPLACE TABLE test.progress2 (id INT PRIMARY KEY, t TEXT) ENGINE=Aria",
                        "INSERT INTO test.progress2 SELECT seq, REPEAT('x', 200) FROM test.seq_1_to_30000")
    done = subprocess.run(["mariadb", "--no-defaults", "-h127.0.0.1", f"-P{proxy.port}", "-uapp", "-papp",
                           "--progress-reports", *(["--compress"] if compressed else []), "-e",
                           "SET progress_report_time=1; ALTER TABLE test.progress2 ADD COLUMN x INT, ALGORITHM=COPY;"
                           "SELECT COUNT(*) FROM test.progress2"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "30000" in done.stdout, done.stderr


# ------------------------------------------------------------ what not every server has

OPTIONAL = 1 << 25
BARE = raw.frame(b"\x01\x00", 1) + raw.frame(b"\x01x", 2) + raw.frame(b"\xfe\0\0\x02\0\0\0", 3)
EXECUTE = struct.pack("<BIBI", raw.EXECUTE, 1, 0, 1)
SCRIPT = {b"\x03SELECT 'bare'": BARE,
          b"\x16SELECT 'bare'": raw.frame(b"\0\x01\0\0\0\x01\0\0\0\0\0\0\0", 1),
          EXECUTE: BARE}


@pytest.fixture
def scripted(cluster, make_proxy):
    """scripted({}, {}) -> a proxy whose servers are other than they are."""
    made = []

    def make(*servers):
        changes = {}
        for server, arguments in zip(cluster.servers, servers):
            made.append(Scripted(server.name, server.port, lab.free_port(), **arguments))
            changes[server.name] = {"port": made[-1].port}
        proxy = make_proxy(cluster.servers[:len(servers)], changes)
        proxy.wait_ready()
        return proxy

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("first,second,more,more_ext", [
    ({"add": OPTIONAL, "add_ext": raw.UNITS}, {"add": OPTIONAL, "add_ext": raw.UNITS}, OPTIONAL, raw.UNITS),
    ({"add": OPTIONAL}, {"add_ext": raw.UNITS}, 0, 0),
    ({"drop": raw.MULTI}, {"drop": raw.TRACK}, 0, 0),
], ids=["both", "one", "none"])
def test_only_what_every_server_has_is_offered(scripted, proxy, first, second, more, more_ext):
    with raw.Client(proxy.port) as usual:
        expected = (usual.server_caps | more, usual.server_ext | more_ext)
    expected = (expected[0] & ~(first.get("drop", 0) | second.get("drop", 0)), expected[1])
    other = scripted(first, second)

    def greeted():
        with raw.Client(other.port) as client:
            return (client.server_caps, client.server_ext) == expected
    lab.wait_for("both servers to be known", greeted)


def answered_as_written(client, script):
    """Twice, and the next command gets its own answer."""
    for command in (*script, list(script)[-1]):
        client.send(raw.frame(command))
        got = b""
        while len(got) < len(script[command]):
            got += client.raw_packet()
        assert got == script[command]
        assert client.query("DO 1")[0][4] == 0


def test_results_without_definitions(scripted):
    """MySQL's optional metadata: the answers end where they should, and come as they are."""
    through = scripted({"add": OPTIONAL, "answers": SCRIPT})
    with raw.Client(through.port, caps=raw.BASE | raw.NO_EOF | OPTIONAL) as client:
        assert client.caps & OPTIONAL
        answered_as_written(client, SCRIPT)


def column(name, sequence):
    return raw.frame(b"\x03def\0\0\0" + raw.text(name) + b"\0\x0c\x3f\0\x14\0\0\0\x08\x80\0\0\0\0", sequence)


@pytest.mark.parametrize("caps", [raw.BASE, raw.BASE | raw.NO_EOF], ids=["eof", "noeof"])
def test_results_of_single_rows(scripted, caps):
    """What servers of 11.5 answer to bulk execution: an id and a count for each row."""
    end = b"\xfe\0\0\x02\0\0\0" if caps & raw.NO_EOF else b"\xfe\0\0\x02\0"
    packets = [b"\x02", None, None] + ([] if caps & raw.NO_EOF else [end])
    packets += [b"\0\0" + struct.pack("<qq", i, 1) for i in (7, 8, 9)] + [end]
    answer = b"".join(column(("Id", "Affected_rows")[i - 1], i + 1) if packet is None else raw.frame(packet, i + 1)
                      for i, packet in enumerate(packets))
    prepared = raw.frame(b"\0\x01\0\0\0\0\0\x01\0\0\0\0", 1) + column("?", 2)
    prepared += b"" if caps & raw.NO_EOF else raw.frame(end, 3)
    rows = b"".join(b"\0" + raw.text(word) for word in ("one", "two", "three"))
    script = {b"\x16INSERT INTO t VALUES (?)": prepared,
              struct.pack("<BIH", raw.BULK_EXECUTE, 1, 128 | 64) + b"\xfd\0" + rows: answer}
    through = scripted({"add_ext": raw.UNITS, "answers": script})
    with raw.Client(through.port, caps=caps, ext=raw.BULK | raw.UNITS) as client:
        assert client.ext & raw.UNITS
        answered_as_written(client, script)
