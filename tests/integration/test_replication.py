"""Replication through the proxy: a real replica, mariadb-binlog, and who may not."""
import os
import re
import signal
import struct
import subprocess
import time

import pytest

from conversations import raw
from lab import lab
from test_protocol_conversations import compare, resident_kib


@pytest.fixture(scope="module")
def ports():
    return {name: lab.free_port() for name in ("plain", "packed", "refused")}


@pytest.fixture(scope="module")
def through(cluster, ports):
    """readconnroute to the primary; listeners: plain, compressed on both sides, without replication."""
    from conftest import Proxy, running
    made = Proxy(cluster.servers[:1], {
        "maxscale": {"users_refresh_time": "0s"},
        "server1": {"compression": "true"},
        "Primary": {"type": "service", "router": "readconnroute", "servers": "server1", "user": "maxscale",
                    "password": "maxscale", "router_options": "master"},
        "Plain": {"type": "listener", "service": "Primary", "port": ports["plain"]},
        "Packed": {"type": "listener", "service": "Primary", "port": ports["packed"], "compression": "true"},
        "Refused": {"type": "listener", "service": "Primary", "port": ports["refused"],
                    "MariaDBProtocol.allow_replication": "false"},
    })
    yield from running(made)


def binlog_of(server):
    return server.query("SHOW MASTER STATUS")[0]


def binlog(port, *more, user="app"):
    return ["mariadb-binlog", "--no-defaults", "--read-from-remote-server", "--host=127.0.0.1",
            f"--port={port}", f"--user={user}", f"--password={user}", *more]


def repoint(replica, port, compressed=False):
    replica.run("STOP SLAVE", f"SET GLOBAL slave_compressed_protocol = {int(compressed)}",
                f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={port}, MASTER_USER='repl', "
                "MASTER_PASSWORD='repl', MASTER_USE_GTID=slave_pos", "START SLAVE")


def runs(replica):
    def check():
        status = replica.slave_status()[0]
        assert not status["Last_IO_Error"] and not status["Last_SQL_Error"], status
        return status["Slave_IO_Running"] == "Yes" and status["Slave_SQL_Running"] == "Yes"
    return check


def semi_sync_clients(primary):
    return int(primary.query("SHOW STATUS LIKE 'Rpl_semi_sync_master_clients'")[0][1])


def acknowledged(primary):
    return int(primary.query("SHOW STATUS LIKE 'Rpl_semi_sync_master_yes_tx'")[0][1])


@pytest.mark.parametrize("way", ["plain", "packed"])
def test_a_replica_replicates(cluster, through, ports, way):
    primary, replica = cluster.servers
    repoint(replica, ports[way], compressed=way == "packed")
    lab.wait_for("the replica to run", runs(replica))
    assert primary.query("SHOW SLAVE HOSTS")[0][0] == 2
    lab.wait_for("semi-synchronous replication", lambda: semi_sync_clients(primary) == 1)
    before = acknowledged(primary)
    primary.run("SET SESSION binlog_row_image = FULL", "CREATE OR REPLACE TABLE test.r (id INT PRIMARY KEY, "
                "t LONGTEXT)", "INSERT INTO test.r SELECT seq, REPEAT(MD5(seq), 50) FROM test.seq_1_to_5000",
                "SET GLOBAL max_allowed_packet = 64 << 20")
    for i in range(20):
        primary.run(f"INSERT INTO test.r VALUES ({10000 + i}, 'one by one')")
    with primary.connect(max_allowed_packet=64 << 20) as connection, connection.cursor() as cursor:
        for i, size in enumerate((raw.MAX - 100, raw.MAX + 5, 2 * raw.MAX)):  # events above 16 MiB
            cursor.execute(f"INSERT INTO test.r VALUES ({20000 + i}, REPEAT('x', {size}))")
    replica.run("SET GLOBAL max_allowed_packet = 64 << 20", "SET GLOBAL slave_max_allowed_packet = 256 << 20")
    cluster.sync()
    runs(replica)()
    assert (replica.query("CHECKSUM TABLE test.r") == primary.query("CHECKSUM TABLE test.r"))
    assert acknowledged(primary) >= before + 20, "no transaction was acknowledged"
    # an idle stream lives on heartbeats
    status = replica.query("SHOW STATUS LIKE 'Slave_received_heartbeats'")
    lab.wait_for("a heartbeat",
                 lambda: replica.query("SHOW STATUS LIKE 'Slave_received_heartbeats'") != status)
    primary.run("INSERT INTO test.r VALUES (30000, 'after')")
    cluster.sync()
    # going away and coming back
    replica.run("STOP SLAVE")
    primary.run("INSERT INTO test.r VALUES (30001, 'meanwhile')")
    replica.run("START SLAVE")
    cluster.sync()
    replica.run("STOP SLAVE", "SET GLOBAL slave_compressed_protocol = 0")
    cluster.replicate(replica, primary)
    cluster.sync()


def text_of(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return re.sub(r"(thread_id|exec_time|error_code)=\d+", "", done.stdout)


@pytest.mark.parametrize("way", ["plain", "packed"])
def test_binlog_program_reads_what_the_server_has(cluster, through, ports, way):
    file = binlog_of(cluster.primary)[0]
    direct = text_of(binlog(cluster.primary.port, file))
    assert text_of(binlog(ports[way], file)) == direct
    assert "COMMIT" in direct


def test_binlog_program_that_never_stops(cluster, through, ports, tmp_path):
    file, position = binlog_of(cluster.primary)[:2]
    out = tmp_path / "never.sql"
    with open(out, "wb") as target:
        reader = subprocess.Popen(binlog(ports["plain"], "--stop-never", f"--start-position={position}", file),
                                  stdout=target, stderr=subprocess.PIPE)
    try:
        for i in range(3):
            cluster.primary.run(f"CREATE OR REPLACE TABLE test.never_{i} (id INT)")
            lab.wait_for("the event", lambda: f"never_{i}" in out.read_text(errors="replace"))
            assert reader.poll() is None
    finally:
        reader.terminate()
        reader.wait(20)


def test_streams_do_not_pile_up_and_end_with_their_reader(cluster, through, ports, tmp_path):
    """A reader that stands still while the primary writes 30 MiB: the proxy keeps next to nothing."""
    primary = cluster.primary
    primary.run("CREATE OR REPLACE TABLE test.big (id INT AUTO_INCREMENT PRIMARY KEY, t LONGTEXT)")
    file, position = binlog_of(primary)[:2]
    sessions = lambda: through.maxctrl("--tsv", "list", "sessions").count("repl")  # noqa: E731
    with open(tmp_path / "out", "wb") as target:
        reader = subprocess.Popen(binlog(ports["plain"], "--stop-never", "--raw",
                                         f"--result-file={tmp_path}/raw-", file, user="repl"), stdout=target)
    lab.wait_for("the reader", lambda: sessions() == 1)
    before = resident_kib(through.process.pid)
    reader.send_signal(signal.SIGSTOP)
    try:
        for _ in range(30):
            primary.run("INSERT INTO test.big (t) VALUES (REPEAT('y', 1 << 20))")
        time.sleep(0.2)
        assert resident_kib(through.process.pid) - before < 4096
    finally:
        reader.send_signal(signal.SIGCONT)
    size = binlog_of(primary)[1]
    lab.wait_for("all of it", lambda: os.path.getsize(f"{tmp_path}/raw-{file}") >= size)
    reader.kill()
    reader.wait()
    lab.wait_for("the session to end", lambda: sessions() == 0)


def test_kill_ends_a_stream(cluster, through, ports):
    file, position = binlog_of(cluster.primary)[:2]
    with raw.Client(ports["plain"]) as client, raw.Client(ports["plain"]) as other:
        client.query("SET @mariadb_slave_capability = 4")
        client.query("SET @master_binlog_checksum = 'NONE'")
        client.command(raw.BINLOG_DUMP, struct.pack("<IHI", 4, 0, 77) + file.encode())
        assert client.packet()[:1] == b"\0"
        assert other.query(f"KILL {client.thread_id}")[0][4:5] == b"\0"
        with pytest.raises((raw.Gone, ConnectionError)):
            for _ in range(100000):
                client.packet()


def dump(c, file="nosuch.000001", flags=1):
    out = c.query("SET @mariadb_slave_capability = 4")
    c.command(raw.REGISTER_SLAVE, struct.pack("<I", 99) + b"\x04host\x04user\x02pw" + struct.pack("<HII", 3306, 0, 0))
    out.append(c.raw_packet())
    c.command(raw.BINLOG_DUMP, struct.pack("<IHI", 4, flags, 99) + file.encode())
    while True:
        out.append(c.raw_packet())
        if c.is_end(out[-1][4:]):
            return out


def test_bytes_are_the_servers(cluster, through, ports):
    cluster.primary.run("FLUSH BINARY LOGS")
    file = cluster.primary.query("SHOW BINARY LOGS")[-2][0]
    for name in (file, "nosuch.000001"):
        with raw.Client(cluster.primary.port) as direct:
            expected = dump(direct, name)
        with raw.Client(ports["plain"]) as client:
            compare(expected, dump(client, name))
        with raw.Client(ports["packed"], caps=raw.BASE | raw.COMPRESS) as client:
            compare(expected, dump(client, name))


def test_not_where_it_is_forbidden(cluster, through, ports):
    with raw.Client(ports["refused"]) as client:
        for code in (raw.REGISTER_SLAVE, raw.BINLOG_DUMP, 0x1e):
            client.command(code, bytes(20))
            assert client.raw_packet()[4:13] == b"\xff\x09\x05#HY000"
        assert client.query("SELECT 1")[-2][4:] == b"\x011"
    done = subprocess.run(binlog(ports["refused"], binlog_of(cluster.primary)[0]), capture_output=True,
                          text=True, timeout=30)
    assert done.returncode != 0 and "allow_replication" in done.stderr, done.stderr


def register(client):
    """The first byte of the answer to COM_REGISTER_SLAVE, and the number of an error."""
    client.command(raw.REGISTER_SLAVE, struct.pack("<I", 77) + bytes(3) + struct.pack("<HII", 0, 0, 0))
    answer = client.raw_packet()[4:]
    return answer[0], int.from_bytes(answer[1:3], "little") if answer[0] == 0xff else 0


def test_replication_is_allowed_and_forbidden_at_run_time(through, ports):
    allow = "MariaDBProtocol.allow_replication"
    with raw.Client(ports["refused"], "repl", "repl") as before:
        try:
            through.maxctrl("alter", "listener", "Refused", f"{allow}=true")
            with raw.Client(ports["refused"], "repl", "repl") as client:
                assert register(client) == (0, 0)
            # A session keeps what it began with.
            assert register(before) == (0xff, 1289)
        finally:
            through.maxctrl("alter", "listener", "Refused", f"{allow}=false")
        with raw.Client(ports["refused"], "repl", "repl") as client:
            assert register(client) == (0xff, 1289)
