"""Drivers and MariaDB's programs with TLS and with compression doing their usual work: what they print is what they
print without either and without a proxy."""
import collections
import difflib
import re
import struct

import pytest

from conftest import Proxy, finish
from conversations import raw  # which shows the way to the next
from certs import Authority
from lab import lab
from relay import TO_SERVER, Kept, Relay
from test_drivers import (DRIVERS, builds, cluster, direct, make_schema, run_program,  # noqa: F401 (fixtures)
                          workplace)
from test_programs import DUMP, PROGRAMS, checksums, run, whole  # noqa: F401 (fixture)

TLS, PACKED = "tls", "packed"
WAYS = {"TLS": {TLS}, "compression": {PACKED}, "compression over TLS": {TLS, PACKED}}
ROUTERS = {"TLS": "readwritesplit", "compression": "readconnroute", "compression over TLS": "readwritesplit"}
# These know nothing of compression (ODBC: the driver has a flag for it that does nothing).
CANNOT = {"go", "odbc", "pymysql"}
# Both together are the proxy's affair more than the driver's.
BOTH = {"c", "node-mariadb", "php-mysqli"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made = Authority(str(tmp_path_factory.mktemp("certs")))
    made.make("proxy")
    return made


class Doors:
    """A proxy with a listener for each way, and in front of each one who looks at what clients ask for."""

    def __init__(self, authority, servers):
        changes = {"maxscale": {"users_refresh_time": "0s"},
                   "Primary": {"type": "service", "router": "readconnroute", "router_options": "master",
                               "servers": "server1,server2", "user": "maxscale", "password": "maxscale"}}
        services = {"readconnroute": "Primary", "readwritesplit": "Read-Write-Service"}
        ports = {}
        for router, service in services.items():
            for way, features in WAYS.items():
                port = ports[router, way] = lab.free_port()
                listener = changes[f"{router} {way}".replace(" ", "-")] = {
                    "type": "listener", "service": service, "port": port}
                if TLS in features:
                    listener.update(ssl="true", ssl_cert=authority.path("proxy.crt"),
                                    ssl_key=authority.path("proxy.key"))
                if PACKED in features:
                    listener["compression"] = "true"
        self.ca = authority.ca
        self.proxy = Proxy(servers, changes)
        self.proxy.start()
        self.proxy.wait_ready()
        self.connections = collections.defaultdict(list)
        self.relays = {way: Relay(port, lambda way=way: self.keep(way)) for way, port in ports.items()}

    def keep(self, way):
        kept = Kept()
        self.connections[way].append(kept)
        return kept

    def close(self):
        for relay in self.relays.values():
            relay.listener.close()
        finish(self.proxy)


class Way:
    """One door; when done, every connection must have been what it is called."""

    def __init__(self, doors, router, name):
        self.port = doors.relays[router, name].port
        self.connections = doors.connections[router, name]
        del self.connections[:]
        self.features = WAYS[name]
        self.environment, self.options = {}, []
        if TLS in self.features:
            self.environment["DRV_TLS"] = doors.ca
            self.options += ["--ssl", f"--ssl-ca={doors.ca}", "--ssl-verify-server-cert"]
        if PACKED in self.features:
            self.environment["DRV_COMPRESS"] = "1"
            self.options.append("--compress")

    def check(self):
        answers = [one.began[TO_SERVER] for one in self.connections]
        asked = [struct.unpack_from("<I", answer, 4)[0] for answer in answers if len(answer) >= 8]
        assert asked
        for caps in asked:
            assert bool(caps & raw.CLIENT["SSL"]) == (TLS in self.features)
            assert bool(caps & raw.COMPRESS) == (PACKED in self.features)


@pytest.fixture(scope="module")
def doors(authority, cluster):  # noqa: F811
    made = Doors(authority, cluster.servers)
    try:
        yield made
    finally:
        made.close()


# ODBC cancels by a connection of its own, which has no TLS: no part of the comparison.
WITHOUT = {("odbc", "TLS"): "kill"}


def without(lines, section):
    out, skips = [], False
    for line in lines:
        skips = line == f"== {section}" if line.startswith("== ") else skips
        if not skips:
            out.append(line)
    return out


def driver_ways():
    for name in DRIVERS:
        for way, features in WAYS.items():
            if (PACKED in features and name in CANNOT) or (len(features) == 2 and name not in BOTH):
                continue
            yield pytest.param(name, way, id=f"{name}-{way}")


@pytest.mark.parametrize("name, way_name", driver_ways())
def test_driver(name, way_name, direct, cluster, doors, workplace):  # noqa: F811
    command, expected = direct(name)
    way = Way(doors, ROUTERS[way_name], way_name)
    got = run_program(command, cluster, way.port, workplace, **way.environment)
    expected = without(expected, WITHOUT.get((name, way_name)))
    assert got == expected, "\n".join(difflib.unified_diff(expected, got, "direct", way_name, lineterm="", n=2))
    way.check()


# ---- programs

@pytest.fixture(params=WAYS)
def way(request, doors):
    made = Way(doors, ROUTERS[request.param], request.param)
    yield made
    made.check()


def test_dump_and_restore(whole, way, cluster):  # noqa: F811
    expected = run("mariadb-dump", cluster.primary.port, *DUMP, whole)
    dump = run("mariadb-dump", way.port, *way.options, *DUMP, whole)
    assert dump == expected and len(dump) > 10000
    run("mariadb", way.port, *way.options, "-e", "CREATE OR REPLACE DATABASE restored")
    cluster.sync()  # a login that names a database needs it everywhere
    run("mariadb", way.port, *way.options, "restored", text=dump)
    cluster.sync()
    sums = checksums(cluster.primary, whole)
    restored = checksums(cluster.servers[1], "restored")
    assert restored.pop("versioned") and sums.pop("versioned") and restored == sums
    run("mariadb-admin", way.port, *way.options, "-f", "drop", "restored")


def test_import(way, cluster, workplace):  # noqa: F811
    make_schema(cluster)
    file = workplace / "loaded.tsv"
    file.write_bytes((workplace / "rows.tsv").read_bytes())
    out = run("mariadb-import", way.port, *way.options, "--local", "--verbose", "drv", str(file))
    assert "Records: 20000  Deleted: 0  Skipped: 0  Warnings: 0" in out
    cluster.sync()
    assert run("mariadb", way.port, *way.options, "-BNe", "SELECT COUNT(*), SUM(id) FROM drv.loaded") == \
        "20000\t199990000\n"


@pytest.mark.parametrize("words", PROGRAMS, ids=" ".join)
def test_program(words, whole, way, cluster):  # noqa: F811
    expected = run(words[0], cluster.primary.port, *words[1:], check=False)
    clean = [line for line in expected.splitlines() if " sec" not in line]
    got = run(words[0], way.port, *way.options, *words[1:], check=False)
    assert [line for line in got.splitlines() if " sec" not in line] == clean


def binlog(port, *more):
    out = run("mariadb-binlog", port, "--read-from-remote-server", *more)
    return re.sub(r"(thread_id|exec_time|error_code)=\d+", "", out)


def test_binlog(doors, cluster):  # noqa: F811
    """Through the primary's service: a binary log is one server's own. The program has no --compress."""
    way = Way(doors, "readconnroute", "TLS")
    cluster.primary.run("FLUSH BINARY LOGS", "CREATE OR REPLACE TABLE test.logged AS SELECT seq, "
                        "REPEAT(MD5(seq), 30) AS t FROM test.seq_1_to_3000", "FLUSH BINARY LOGS")
    # Closed ones: in the last one the server still notes, when it has time, that the others are done with.
    files = [row[0] for row in cluster.primary.query("SHOW BINARY LOGS")][-3:-1]
    expected = binlog(cluster.primary.port, *files)
    assert "COMMIT" in expected
    assert binlog(way.port, *way.options, *files) == expected
    way.check()


def test_a_replica_replicates_over_tls(doors, cluster):  # noqa: F811
    primary, replica = cluster.servers
    way = Way(doors, "readconnroute", "TLS")
    try:
        replica.run("STOP SLAVE", f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={way.port}, "
                    "MASTER_USER='repl', MASTER_PASSWORD='repl', MASTER_USE_GTID=slave_pos, MASTER_SSL=1, "
                    f"MASTER_SSL_CA='{doors.ca}', MASTER_SSL_VERIFY_SERVER_CERT=1", "START SLAVE")
        primary.run("CREATE OR REPLACE TABLE test.over_tls AS SELECT seq, REPEAT(MD5(seq), 30) AS t "
                    "FROM test.seq_1_to_3000")
        cluster.sync()
        assert replica.query("CHECKSUM TABLE test.over_tls") == primary.query("CHECKSUM TABLE test.over_tls")
        way.check()
    finally:
        replica.run("STOP SLAVE", "CHANGE MASTER TO MASTER_SSL=0")
        cluster.replicate(replica, primary)
        cluster.sync()
