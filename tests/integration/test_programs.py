"""MariaDB's own programs, sysbench and an ORM doing real work through the proxy."""
import os
import subprocess

import pytest

from test_drivers import HERE, cluster, make_schema, proxy, run_program, workplace  # noqa: F401 (fixtures)


def run(program, port, *arguments, text=None, check=True, user="app", **more):
    command = [program, "--no-defaults", "-h127.0.0.1", f"-P{port}", f"-u{user}", f"-p{user}", *arguments]
    done = subprocess.run(command, input=text, capture_output=True, encoding="utf-8",
                          errors="backslashreplace", timeout=100, **more)
    assert not check or done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(scope="module", params=["readconnroute", "readwritesplit"])
def port(request, proxy):  # noqa: F811
    return proxy.primary_port if request.param == "readconnroute" else proxy.port


@pytest.fixture(scope="module")
def whole(cluster):  # noqa: F811
    """The schema of real.sql, made on the primary."""
    cluster.primary.run("DROP DATABASE IF EXISTS whole")
    with open(os.path.join(HERE, "real.sql"), encoding="utf-8") as file:
        run("mariadb", cluster.primary.port, "--default-character-set=utf8mb4", text=file.read())
    cluster.sync()
    return "whole"


DUMP = ("--single-transaction", "--routines", "--events", "--triggers", "--hex-blob", "--skip-dump-date")


def checksums(server, database):
    names = [row[0] for row in server.query(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE != 'VIEW' AND "
        f"TABLE_SCHEMA = '{database}' ORDER BY 1")]
    # A server's sum over a virtual column is another one every time; these rows are compared themselves.
    names = [name for name in names if name != "child"]
    return {name: server.query(f"CHECKSUM TABLE {database}.{name} EXTENDED")[0][1] for name in names}


def test_dump_and_restore(whole, port, cluster):  # noqa: F811
    expected = run("mariadb-dump", cluster.primary.port, *DUMP, whole)
    dump = run("mariadb-dump", port, *DUMP, whole)
    assert dump == expected
    for word in ("CREATE SEQUENCE", "PROCEDURE", "FUNCTION", "EVENT", "TRIGGER", "PARTITION BY", "SPATIAL KEY",
                 "SYSTEM VERSIONING", "GENERATED ALWAYS", "VIEW"):
        assert word in dump, word
    run("mariadb", port, "-e", "CREATE OR REPLACE DATABASE restored")
    cluster.sync()  # a login that names a database needs it everywhere
    run("mariadb", port, "restored", text=dump)
    cluster.sync()
    sums = checksums(cluster.primary, whole)
    assert len(sums) == 9 and all(sums[name] for name in ("parent", "parts", "texts", "places"))
    for server in cluster.servers:
        restored = checksums(server, "restored")
        # A row's period of validity begins at the restore.
        assert restored.pop("versioned") and restored == {k: v for k, v in sums.items() if k != "versioned"}
    rows = "SELECT * FROM {}.child ORDER BY id"
    assert cluster.primary.query(rows.format("restored")) == cluster.primary.query(rows.format(whole))
    second = run("mariadb-dump", port, *DUMP, "restored")
    assert second.replace("restored", whole) == dump
    run("mariadb-admin", port, "-f", "drop", "restored")




def test_import(whole, port, cluster, workplace):  # noqa: F811
    make_schema(cluster)
    file = workplace / "loaded.tsv"
    file.write_bytes((workplace / "rows.tsv").read_bytes())
    out = run("mariadb-import", port, "--local", "--verbose", "drv", str(file))
    assert "Records: 20000  Deleted: 0  Skipped: 0  Warnings: 0" in out
    cluster.sync()
    assert run("mariadb", port, "-BNe", "SELECT COUNT(*), SUM(id) FROM drv.loaded") == "20000\t199990000\n"


PROGRAMS = [
    ("mariadb-check", "--check", "whole"), ("mariadb-check", "--analyze", "whole"),
    ("mariadb-check", "--extended", "whole", "old"), ("mariadb-show",), ("mariadb-show", "whole"),
    ("mariadb-show", "whole", "child"), ("mariadb-show", "--keys", "whole", "child"), ("mariadb-admin", "ping"),
    ("mariadb", "-t", "-e", "SELECT * FROM whole.sums; SHOW CREATE VIEW whole.cheap"),
    ("mariadb", "-X", "-e", "SELECT * FROM whole.texts"), ("mariadb", "-vvv", "-e", "CALL whole.fill(0); SELECT 1"),
    ("mariadb", "--column-type-info", "-e", "SELECT * FROM whole.child LIMIT 1"),
    ("mariadb", "-f", "-e", "SELECT 2; SELECT * FROM nosuch.t"), ("mariadb", "-q", "-e", "SELECT * FROM whole.parts"),
    ("mariadb", "--binary-as-hex", "-E", "-e", "SELECT * FROM whole.places; SHOW WARNINGS"),
    ("mariadb", "whole", "-e", "USE whole; SELECT DATABASE(), hello('x'); USE mysql; SELECT DATABASE()"),
]


@pytest.mark.parametrize("words", PROGRAMS, ids=" ".join)
def test_program(words, whole, port, cluster):  # noqa: F811
    expected = run(words[0], cluster.primary.port, *words[1:], check=False)
    assert expected.strip() or "CALL" in words[-1]
    clean = [line for line in expected.splitlines() if " sec" not in line]
    got = run(words[0], port, *words[1:], check=False)
    assert [line for line in got.splitlines() if " sec" not in line] == clean


def test_admin(port, cluster):  # noqa: F811
    assert "Uptime" in run("mariadb-admin", port, "status")
    assert "Threads_connected" in run("mariadb-admin", port, "extended-status")
    assert "max_connections" in run("mariadb-admin", port, "variables")
    assert "Server version" in run("mariadb-admin", port, "version")
    assert "127.0.0.1" in run("mariadb-admin", port, "processlist")
    run("mariadb-admin", port, "flush-tables")


def test_slap(port):
    out = run("mariadb-slap", port, "--auto-generate-sql", "--auto-generate-sql-load-type=key", "--concurrency=5",
              "--auto-generate-sql-guid-primary", "--number-of-queries=200", "--create-schema=slap")
    assert "Number of clients running queries: 5" in out


def test_sysbench(port, cluster):  # noqa: F811
    def bench(*words):
        command = ["sysbench", "oltp_read_write", "--db-driver=mysql", "--mysql-host=127.0.0.1", "--tables=2",
                   f"--mysql-port={port}", "--mysql-user=app", "--mysql-password=app", "--mysql-db=bench",
                   "--table-size=500", "--threads=4", "--events=200", "--time=0", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    run("mariadb", port, "-e", "CREATE OR REPLACE DATABASE bench")
    bench("prepare")
    cluster.sync()
    for mode in ("auto", "disable"):
        assert "transactions:                        200" in bench(f"--db-ps-mode={mode}", "run")
    cluster.sync()
    first, second = (checksums(server, "bench") for server in cluster.servers)
    assert first == second and len(first) == 2
    bench("cleanup")
    assert cluster.primary.query("SHOW TABLES FROM bench") == ()


def test_orm(port, cluster, workplace):  # noqa: F811
    """SQLAlchemy: a schema made and read back, a session with a unit of work, a pool that pings."""
    command = ["/usr/bin/python3", os.path.join(HERE, "python_orm.py")]
    make_schema(cluster)
    expected = run_program(command, cluster, cluster.primary.port, workplace)
    assert expected[-1] == "== end"
    assert run_program(command, cluster, port, workplace) == expected
