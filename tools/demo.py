#!/usr/bin/python3
"""The demo: real MariaDB servers with the proxy in front.

    up        a primary and a replica behind the walkthrough's configuration, left running
    stop      ends what `up` left running
    failover  kills the primary under a running write loop; ends with what clients saw
    nobinlog  the same with a replica that has no binary log, and the program's words about it
"""
import json
import os
import shutil
import signal
import socket
import sys
import threading
import time

import pymysql

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lab import lab  # noqa: E402

lab.ROOT = os.environ.get("MX_ROOT", os.path.join(lab.REPO, "build-release", "root"))
FOLDER = os.path.join(lab.REPO, ".demo")
STATE = os.path.join(FOLDER, "state.json")


def say(text=""):
    print(text, flush=True)


def step(text):
    say(f"\n== {text}")


def port_or_free(port):
    """The port of the walkthrough when nobody has it, else a free one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return port
        except OSError:
            other = lab.free_port()
            say(f"port {port} is in use here, the demo takes {other}")
            return other


class Stage:
    """Cluster and proxy of one demo."""

    def __init__(self, folder, binlog=None):
        self.folder = folder
        self.port = port_or_free(4006)
        self.admin_port = port_or_free(8989)
        self.cluster = lab.Cluster(os.path.join(folder, "servers"), 1, binlog=binlog)
        self.proxy = None

    def start(self):
        step("starting a primary (server1) and a replica (server2), GTID and semi-sync")
        os.makedirs(self.cluster.folder, exist_ok=True)
        self.cluster.start()
        for server in self.cluster.servers:
            say(f"   {server.name}: 127.0.0.1:{server.port}, {server.query('SELECT @@version')[0][0]}")
        step("starting maxscale with the walkthrough's file, addresses filled in")
        admin = self.admin_port if self.admin_port != 8989 else None
        config = lab.walkthrough_config(self.cluster.servers, None, self.port, admin)
        self.proxy = lab.MaxScale(os.path.join(self.folder, "maxscale"), config, self.admin_port,
                                  lab.ROOT)
        say("   " + " ".join(self.proxy.command()))
        self.proxy.start()
        self.proxy.wait_state("server1", "Master", "Running")
        self.proxy.wait_state("server2", "Slave", "Running")
        lab.wait_for("a login", lambda: self.connect().close() or True)

    def connect(self):
        return pymysql.connect(host="127.0.0.1", port=self.port, user="app", password="app",
                               autocommit=True, connect_timeout=2, read_timeout=10)

    def list_servers(self):
        say(self.proxy.maxctrl("list", "servers"))

    def stop(self):
        if self.proxy:
            self.proxy.stop()
        self.cluster.stop()


def who(cursor, sql):
    cursor.execute(sql)
    return cursor.fetchone()[0]


def up():
    if os.path.exists(STATE):
        stop()
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(FOLDER)
    stage = Stage(FOLDER)
    try:
        stage.start()
        pids = [server.process.pid for server in stage.cluster.servers] + [stage.proxy.process.pid]
        with open(STATE, "w", encoding="utf-8") as file:
            json.dump({"pids": pids}, file)
        step(f"writing and reading through port {stage.port}")
        with stage.connect() as connection, connection.cursor() as cursor:
            cursor.execute("CREATE OR REPLACE TABLE test.demo (id INT PRIMARY KEY, who INT)")
            for i in range(3):
                cursor.execute(f"INSERT INTO test.demo VALUES ({i}, @@server_id)")
            cursor.execute("SELECT who FROM test.demo LIMIT 1")
            stage.cluster.sync()
            say(f"   INSERT was answered by server{who(cursor, 'SELECT MAX(who) FROM test.demo')}")
            say(f"   SELECT was answered by server{who(cursor, 'SELECT @@server_id')}")
            say(f"   rows read: {who(cursor, 'SELECT COUNT(*) FROM test.demo')}")
        step("maxctrl list servers")
        stage.list_servers()
        step("maxctrl check monitors")
        say(stage.proxy.maxctrl("check", "monitors", check=False))
        say(f"connect: mariadb -h 127.0.0.1 -P {stage.port} -u app -papp test")
        say("stop:    make demo-stop")
    except BaseException:
        stage.stop()
        raise


def stop():
    if not os.path.exists(STATE):
        say("nothing of the demo is running")
        return
    with open(STATE, encoding="utf-8") as file:
        pids = json.load(file)["pids"]
    for pid in reversed(pids):
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            continue
    lab.wait_for("the demo's processes to end", lambda: not any(alive(pid) for pid in pids), 30)
    shutil.rmtree(FOLDER, ignore_errors=True)
    say("stopped")


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Writer(threading.Thread):
    """Writes rows as fast as the service takes them, reconnects when it must, and keeps book."""

    def __init__(self, stage):
        super().__init__(daemon=True)
        self.stage = stage
        self.acknowledged = []  # (row id, time)
        self.failed = []  # (time, text)
        self.ended = threading.Event()

    def run(self):
        row = 0
        connection = None
        while not self.ended.is_set():
            try:
                if connection is None:
                    connection = self.stage.connect()
                row += 1
                with connection.cursor() as cursor:
                    cursor.execute("INSERT INTO test.demo VALUES (%s, @@server_id)", (row,))
                self.acknowledged.append((row, time.monotonic()))
            except pymysql.MySQLError as error:
                self.failed.append((time.monotonic(), str(error)))
                if connection is not None:
                    connection.close()
                connection = None
            time.sleep(0.005)
        if connection is not None:
            connection.close()

    def finish(self):
        self.ended.set()
        self.join()

    def longest_gap(self):
        times = [when for _, when in self.acknowledged]
        return max((b - a for a, b in zip(times, times[1:])), default=0.0)

    def lost(self, server):
        there = {row[0] for row in server.query("SELECT id FROM test.demo")}
        return [row for row, _ in self.acknowledged if row not in there]


def table(rows):
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        say(f"   {name.ljust(width)}  {value}")


def prepare(stage):
    with stage.connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE OR REPLACE TABLE test.demo (id INT PRIMARY KEY, who INT) ENGINE=InnoDB")
    stage.cluster.sync()


def show_log(stage, since):
    for line in stage.proxy.log().splitlines()[since:]:
        if line[:2] == "20":
            say("   " + line)


def kill_primary(stage, writer):
    primary = stage.cluster.servers[0]
    lab.wait_for("some rows to be written", lambda: len(writer.acknowledged) > 200)
    since = len(stage.proxy.log().splitlines())
    step("kill -9 of server1, the primary, under the running write loop")
    killed = time.monotonic()
    primary.kill()
    stage.proxy.wait_state("server2", "Master", "Running", seconds=60)
    lab.wait_for("writes on the new primary",
                 lambda: any(when > killed + 0.2 for _, when in writer.acknowledged[-1:]), 60)
    stage.list_servers()
    show_log(stage, since)
    return killed


def failover():
    folder = lab.scratch("maxscale-demo-")
    stage = Stage(folder)
    try:
        stage.start()
        prepare(stage)
        stage.list_servers()
        writer = Writer(stage)
        writer.start()
        killed = kill_primary(stage, writer)
        resumed = min(when for _, when in writer.acknowledged if when > killed + 0.005)
        step("starting server1 again: it has to come back as a replica")
        since = len(stage.proxy.log().splitlines())
        stage.cluster.servers[0].start()
        stage.proxy.wait_state("server1", "Slave", "Running", seconds=60)
        time.sleep(0.5)
        writer.finish()
        stage.list_servers()
        show_log(stage, since)
        new_primary = stage.cluster.servers[1]
        stage.cluster.sync(new_primary)
        lost = writer.lost(new_primary)
        step("what the client saw")
        table([("rows acknowledged", len(writer.acknowledged)),
               ("seconds without writes", f"{writer.longest_gap():.2f}"),
               ("seconds from kill to next write", f"{resumed - killed:.2f}"),
               ("failed statements and connects", len(writer.failed)),
               ("acknowledged rows lost", len(lost)),
               ("rows on both servers equal",
                "yes" if equal_rows(stage.cluster.servers) else "NO")])
        return 1 if lost else 0
    finally:
        stage.stop()
        shutil.rmtree(folder, ignore_errors=True)


def equal_rows(servers):
    sums = {server.query("SELECT COUNT(*), SUM(CRC32(CONCAT(id, ':', who))) FROM test.demo")
            for server in servers}
    return len(sums) == 1


def nobinlog():
    folder = lab.scratch("maxscale-demo-")
    stage = Stage(folder, binlog={1: False})
    try:
        stage.start()
        prepare(stage)
        step("before: what the program says from the first second (server2 has no binary log)")
        stage.list_servers()
        say(stage.proxy.maxctrl("check", "monitors", check=False))
        show_log(stage, 0)
        writer = Writer(stage)
        writer.start()
        kill_primary(stage, writer)
        step("during: server1 starts again and cannot follow server2")
        since = len(stage.proxy.log().splitlines())
        stage.cluster.servers[0].start()
        stage.proxy.wait_state("server1", "Running", seconds=60)
        time.sleep(5)
        stage.list_servers()
        say(stage.proxy.maxctrl("check", "monitors", check=False))
        show_log(stage, since)
        writer.finish()
        step("after: the cause is mended (log_bin on, server2 restarted), the rejoin happens by itself")
        since = len(stage.proxy.log().splitlines())
        replica = stage.cluster.servers[1]
        replica.stop()
        replica.binlog = True
        replica.start()
        stage.proxy.wait_state("server1", "Slave", "Running", seconds=90)
        stage.list_servers()
        say(stage.proxy.maxctrl("check", "monitors", check=False))
        show_log(stage, since)
        return 0
    finally:
        stage.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    commands = {"up": up, "stop": stop, "failover": failover, "nobinlog": nobinlog}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        say(__doc__)
        return 2
    return commands[sys.argv[1]]() or 0


if __name__ == "__main__":
    sys.exit(main())
