"""The classifier's word against a real server's deed.

What it calls a read is run on a replica with read_only by a user without special rights: it must
not be refused there and must change neither data nor the binary log nor the session. What it does
not understand at all must be a syntax error to the server as well.
"""
import glob
import os
import subprocess

import pymysql
import pytest

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
DATA = os.path.join(ROOT, "tests", "data", "classify")

READ, WRITE, MASTER_READ, SESSION_WRITE, USERVAR_WRITE, USERVAR_READ, SYSVAR_READ, GSYSVAR_READ, \
    GSYSVAR_WRITE = (1 << bit for bit in range(1, 10))
READ_TYPES = READ | USERVAR_READ | SYSVAR_READ | GSYSVAR_READ
INVALID = 0
FACT_LAST_SERVER = 1 << 1

REFUSED = {1290: "read_only", 1792: "read only transaction", 1836: "read only mode"}
SYNTAX_ERROR = 1064
BATCH = 20  # statements between two looks at the session's state

OWN = [
    "SELECT COUNT(*), MAX(a), GROUP_CONCAT(b ORDER BY b) FROM t1 GROUP BY c",
    "WITH RECURSIVE x (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x WHERE n < 5) SELECT * FROM x",
    "(SELECT a FROM t1) UNION (SELECT a FROM t2) ORDER BY 1 LIMIT 2",
    "VALUES (1, 2), (3, 4)",
    "SELECT t1.a, SUM(t1.b) OVER (PARTITION BY t1.c ORDER BY t1.a) FROM t1",
    "SELECT * FROM JSON_TABLE('[{\"a\":1}]', '$[*]' COLUMNS (a INT PATH '$.a')) j",
    "SELECT JSON_ARRAY(1), JSON_ARRAYAGG(a), JSON_REMOVE('{\"a\":1}', '$.a') FROM t1",
    "SELECT SFORMAT('{}', 1), TO_CHAR(NOW()), NATURAL_SORT_KEY('a1'), SHA('x')",
    "SELECT UUID(), RAND(), NOW(), CONNECTION_ID(), USER(), DATABASE(), VERSION()",
    "SELECT a FROM t1 WHERE a = ANY (SELECT a FROM t2) AND EXISTS (SELECT 1 FROM t2)",
    "SELECT /*!50101 a + */ 1 FROM t1 -- comment",
    "SELECT a FROM t1 USE INDEX FOR ORDER BY (PRIMARY) ORDER BY a",
    "SELECT SQL_CALC_FOUND_ROWS a FROM t1 LIMIT 1",
    "EXPLAIN SELECT * FROM t1 JOIN t2 USING (a)",
    "EXPLAIN FORMAT=JSON SELECT * FROM t1",
    "ANALYZE SELECT * FROM t1",
    "DESCRIBE t1", "SHOW CREATE TABLE t1", "SHOW FULL COLUMNS FROM t1", "SHOW TABLES",
    "SHOW TABLE STATUS", "SHOW DATABASES", "SHOW STATUS LIKE 'a%'", "SHOW VARIABLES LIKE 'a%'",
    "SHOW GLOBAL VARIABLES LIKE 'a%'", "SHOW PROCESSLIST", "SHOW GRANTS", "SHOW ENGINES",
    "SHOW PLUGINS", "SHOW COLLATION", "SHOW CHARACTER SET", "SHOW TRIGGERS", "SHOW EVENTS",
    "SHOW PROCEDURE STATUS", "SHOW OPEN TABLES", "SHOW PRIVILEGES", "SHOW ERRORS",
    "CHECKSUM TABLE t1", "HELP 'select'",
    "SET STATEMENT max_statement_time=5 FOR SELECT a FROM t1",
    "SELECT @never_set, @@session.sql_mode, @@global.server_id",
]

STATE = """SELECT @@gtid_binlog_pos, @@in_transaction,
 (SELECT MD5(GROUP_CONCAT(VARIABLE_NAME, '=', VARIABLE_VALUE ORDER BY 1))
  FROM information_schema.SESSION_VARIABLES WHERE VARIABLE_NAME NOT IN
  ('TIMESTAMP', 'RAND_SEED1', 'RAND_SEED2', 'LAST_INSERT_ID', 'IDENTITY', 'INSERT_ID',
   'GTID_CURRENT_POS', 'GTID_SLAVE_POS', 'GTID_BINLOG_STATE', 'ERROR_COUNT', 'WARNING_COUNT')
  AND VARIABLE_NAME NOT LIKE '%\\\\_USED')"""


def unescape(text):
    names = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\\": "\\"}
    out, parts = [], iter(text)
    for char in parts:
        out.append(names[next(parts)] if char == "\\" else char)
    return "".join(out)


def load(name):
    with open(os.path.join(DATA, name), encoding="utf-8") as lines:
        return [unescape(line.rstrip("\n").split("\t", 2)[2]) for line in lines]


def verdicts(statements):
    programs = sorted(glob.glob(os.environ.get("MX_SQL_VERDICTS", "") or os.path.join(
        ROOT, "build*", "tests", "unit", "sql", "sql_verdicts")), key=os.path.getmtime)
    assert programs, "build tests/unit/sql/sql_verdicts first, or name it in MX_SQL_VERDICTS"
    joined = "\0".join(statements).encode("utf-8")
    output = subprocess.run([programs[-1]], input=joined, stdout=subprocess.PIPE, check=True).stdout
    rows = [tuple(map(int, line.split())) for line in output.decode().splitlines()]
    assert len(rows) == len(statements)
    return rows


def is_read(kind, facts):
    return kind & READ_TYPES and not kind & ~READ_TYPES and not facts & FACT_LAST_SERVER


@pytest.fixture(scope="module")
def servers(cluster):
    primary, replica = cluster.servers[0], cluster.servers[1]
    primary.run(
        "CREATE DATABASE classified",
        "CREATE USER classified@'%' IDENTIFIED BY 'classified'",
        "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, EXECUTE, SHOW VIEW, "
        "CREATE TEMPORARY TABLES, CREATE ROUTINE, PROCESS ON *.* TO classified@'%'",
        *[f"CREATE TABLE classified.t{n} (a INT PRIMARY KEY, b INT, c VARCHAR(20), d DATE, "
          "e DOUBLE, i INT, j INT, s VARCHAR(20), id INT, pk INT, f1 INT, f2 INT, c1 INT, c2 INT, "
          "x INT, y INT, v1 INT)" for n in ("", 0, 1, 2, 3, 4, 5)],
        *[f"INSERT INTO classified.t{n} (a, b, c) VALUES (1, 2, 'x'), (2, 3, 'y'), (3, 4, 'z')"
          for n in ("", 0, 1, 2, 3, 4, 5)],
        "CREATE VIEW classified.v1 AS SELECT * FROM classified.t1")
    cluster.sync()
    replica.run("SET GLOBAL read_only=1")
    yield primary, replica
    replica.run("SET GLOBAL read_only=0")
    primary.run("DROP DATABASE classified", "DROP USER classified@'%'")


def session(server):
    connection = server.connect(user="classified", password="classified", database="classified")
    with connection.cursor() as cursor:
        cursor.execute("SET max_statement_time=2, group_concat_max_len=1000000")
    return connection


def run(cursor, statement):
    """The error number, 0 for success."""
    try:
        cursor.execute(statement)
        cursor.fetchall()
        return 0
    except pymysql.Error as error:
        return error.args[0] if error.args and isinstance(error.args[0], int) else -1


def checksums(server):
    tables = ", ".join(f"classified.t{n}" for n in ("", 0, 1, 2, 3, 4, 5))
    return server.query(f"CHECKSUM TABLE {tables}")


def state(cursor):
    cursor.execute(STATE)
    return cursor.fetchone()


def test_reads_are_reads_on_a_read_only_replica(servers):
    _, replica = servers
    statements = OWN + load("parsed.tsv") + load("rest.tsv")
    reads = [statement for statement, (_, kind, _, facts) in zip(statements, verdicts(statements))
             if is_read(kind, facts)]
    assert len(reads) > 4000
    assert set(OWN) - set(reads) == {"SHOW ERRORS"}  # it asks the server that ran the last one
    before_data = checksums(replica)
    connection = session(replica)
    wrong, carried_out, batch = [], 0, []
    with connection.cursor() as cursor:
        before = state(cursor)
        for statement in reads:
            batch.append(statement)
            number = run(cursor, statement)
            carried_out += number == 0
            if number in REFUSED:
                wrong.append((REFUSED[number], statement))
            if not connection.open:
                connection = session(replica)
                cursor = connection.cursor()
                before = state(cursor)
            if len(batch) < BATCH and statement is not reads[-1]:
                continue
            after = state(cursor)
            if after != before:
                wrong.append(("one of these changed the session or the binary log", batch))
                before = after
            batch = []
    connection.close()
    assert not wrong, f"{len(wrong)}: {wrong[:10]}"
    assert carried_out > 700
    assert checksums(replica) == before_data


def test_session_commands_are_not_refused_by_a_replica(servers):
    _, replica = servers
    statements = load("parsed.tsv")
    commands = [statement for statement, (_, kind, _, _) in zip(statements, verdicts(statements))
                if kind & SESSION_WRITE and not kind & (WRITE | GSYSVAR_WRITE)]
    assert len(commands) > 900
    connection = session(replica)
    refused, carried_out = [], 0
    with connection.cursor() as cursor:
        for statement in commands:
            number = run(cursor, statement)
            carried_out += number == 0
            if number in REFUSED:
                refused.append(statement)
    connection.close()
    assert not refused
    assert carried_out > 300


def test_writes_that_look_like_reads_are_refused(servers):
    _, replica = servers
    statements = ["EXPLAIN UPDATE t1 SET b=1", "EXPLAIN DELETE FROM t1",
                  "EXPLAIN INSERT INTO t1 (a) VALUES (9)", "ANALYZE UPDATE t1 SET b=1"]
    assert all(kind & WRITE for _, kind, _, _ in verdicts(statements))
    connection = session(replica)
    with connection.cursor() as cursor:
        assert [run(cursor, statement) for statement in statements] == [1290] * 4
    connection.close()


def test_what_is_not_understood_is_no_sql(servers):
    primary, _ = servers
    statements = load("parsed.tsv") + load("rest.tsv")
    unknown = [statement for statement, (result, _, _, _) in zip(statements, verdicts(statements))
               if result == INVALID]
    connection = session(primary)
    accepted = []
    with connection.cursor() as cursor:
        for statement in unknown:
            number = run(cursor, statement)
            if number not in (SYNTAX_ERROR, 1065):
                accepted.append((number, statement))
    connection.close()
    assert not accepted


def test_xa_is_a_transaction_until_it_is_settled(servers):
    primary, _ = servers
    connection = session(primary)
    with connection.cursor() as cursor:
        for statement, open_after in [
                ("XA START 'a'", True), ("INSERT INTO t1 (a) VALUES (100)", True),
                ("XA END 'a'", True), ("XA PREPARE 'a'", True), ("XA ROLLBACK 'a'", False)]:
            cursor.execute(statement)
            assert bool(connection.server_status & 1) == open_after, statement
    connection.close()
