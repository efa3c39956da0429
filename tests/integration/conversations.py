"""Conversations of raw packets; each gives a list of what came back, to be compared byte by byte."""
import hashlib
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import rawclient as raw  # noqa: E402

SETUP = ("CREATE DATABASE IF NOT EXISTS test; CREATE OR REPLACE TABLE test.conv "
         "(id INT PRIMARY KEY, t LONGTEXT, d DATETIME) ENGINE=InnoDB")


def digest(packets):
    return hashlib.sha1(b"".join(packets)).hexdigest()


def queries(c):
    out = []
    for sql in ("SELECT 1", "SELECT NULL, '', 'x', 1.5, NOW() IS NULL", "SELECT * FROM nosuch.table_",
                "SELEKT 1", "DO 0", "SELECT id FROM test.conv WHERE id < 0", "",
                "SELECT seq FROM test.seq_1_to_2000", "SELECT REPEAT('abc', 30000)", "SELECT 2",
                "INSERT INTO test.conv VALUES (1, 'a', '2024-01-02 03:04:05')",
                "INSERT INTO test.conv VALUES (1, 'a', NULL)", "SELECT * FROM test.conv",
                "UPDATE test.conv SET t = 'b'", "DELETE FROM test.conv", "SHOW WARNINGS",
                "SET NAMES latin1", "SELECT 'ä'", "BEGIN", "INSERT INTO test.conv VALUES (7, NULL, NULL)",
                "ROLLBACK"):
        out += c.query(sql.encode())
    return out


def multi(c):
    out = []
    out += c.query("SELECT 1; SELECT 2")
    out += c.query("SELECT 1; DO 0; SELECT 'x', 'y'; SELECT 3")
    out += c.query("SELECT 1; SELECT * FROM nosuch.t; SELECT 2")
    out += c.query("SELECT 'still here'")
    return out


def procedures(c):
    out = c.query("CREATE OR REPLACE PROCEDURE test.p() BEGIN SELECT 1; SELECT 2, 3; END")
    out += c.query("CALL test.p()")
    out += c.query("SELECT 4")
    return out


def simple_commands(c):
    out = []
    c.command(raw.PING)
    out.append(c.raw_packet())
    c.command(raw.INIT_DB, "test")
    out.append(c.raw_packet())
    out += c.query("SELECT DATABASE()")
    c.command(raw.INIT_DB, "nosuch")
    out.append(c.raw_packet())
    out += c.query("USE mysql")
    out += c.query("SELECT DATABASE()")
    c.command(raw.FIELD_LIST, b"db\0%")
    out += c.rows_end()
    c.command(raw.STATISTICS)
    assert c.packet().startswith(b"Uptime")
    for option in (0, 1):
        c.command(raw.SET_OPTION, struct.pack("<H", option))
        out.append(c.raw_packet())
        out += c.query("SELECT 1; SELECT 2") if option == 0 else c.query("SELECT 1; SELECT 2")[:1]
    return out


def reset(c):
    out = c.query("SET @a = 5")
    number, _, _ = c.prepare("SELECT @a")
    out += c.execute(number)
    c.command(raw.RESET_CONNECTION)
    out.append(c.raw_packet())
    out += c.query("SELECT @a")
    c.command(raw.EXECUTE, struct.pack("<IBI", number, 0, 1))
    assert c.packet()[:3] == b"\xff\xdb\x04"
    return out


def prepared(c):
    ids = []
    out = []

    def prepare(sql):
        number, _, packets = c.prepare(sql)
        ids.append(number)
        # the id itself may differ, everything else may not
        return number, [packets[0][:5] + packets[0][9:]] + packets[1:]

    one, packets = prepare("SELECT ?, ?")
    out += packets
    types = b"\x08\x00\xfd\x00"
    out += c.execute(one, struct.pack("<q", 5) + raw.text("five"), count=2, types=types)
    out += c.execute(one, struct.pack("<q", 6) + raw.text("six"), count=2)
    two, packets = prepare("SELECT seq FROM test.seq_1_to_100")
    out += packets
    out += c.execute(two)
    out += c.execute(two, flags=1)
    for _ in range(3):
        c.command(raw.FETCH, struct.pack("<II", two, 40))
        out += c.rows_end()
    c.command(raw.RESET, struct.pack("<I", two))
    out.append(c.raw_packet())
    bad, packets = prepare("SELECT FROM")
    out += packets
    three, packets = prepare("SELECT LENGTH(?), ?")
    out += packets
    for piece in (b"a" * 1000, b"b" * 200000):
        c.command(raw.LONG_DATA, struct.pack("<IH", three, 0) + piece)
    out += c.execute(three, raw.text("z"), count=2, types=b"\xfc\x00\xfd\x00")
    c.command(raw.CLOSE, struct.pack("<I", one))
    out += c.query("SELECT 'closed'")
    insert, packets = prepare("INSERT INTO test.conv VALUES (?, ?, NULL)")
    out += packets
    out += c.execute(insert, struct.pack("<i", 50) + raw.text("p"), count=2, types=b"\x03\x00\xfd\x00")
    out += c.execute(insert, struct.pack("<i", 50) + raw.text("p"), count=2)
    out += c.query("DELETE FROM test.conv")
    return out


def infile(c):
    def good(sequence):
        data = b"".join(b"%d\ttext %d\t2020-01-01 00:00:00\n" % (i, i) for i in range(1000))
        out = b""
        for i in range(0, len(data), 3000):
            out += raw.frame(data[i:i + 3000], sequence)
            sequence += 1
        return out + raw.frame(b"", sequence)

    def empty(sequence):
        return raw.frame(b"", sequence)

    load = "LOAD DATA LOCAL INFILE 'x' INTO TABLE test.conv"
    out = c.query(load, good)
    out += c.query("SELECT COUNT(*), MAX(id) FROM test.conv")
    out += c.query(load, empty)
    out += c.query(load.replace("conv", "nosuch"), empty)
    out += c.query(load + " (id, nosuch)", empty)
    out += c.query("DELETE FROM test.conv")
    return out


def infile_multi(c):
    def row(number):
        def send(sequence):
            return raw.frame(b"%d\tx\t\\N\n" % number, sequence) + raw.frame(b"", sequence + 1)
        return send

    rows = iter((row(1), row(2)))
    load = "LOAD DATA LOCAL INFILE 'x' INTO TABLE test.conv"
    out = c.query(f"{load}; SELECT COUNT(*) FROM test.conv; {load}", lambda s: next(rows)(s))
    out += c.query("DELETE FROM test.conv")
    return out


def change_user(c, user="app", password="app", db=""):
    body = user.encode() + b"\0"
    token = raw.native(password, c.scramble)
    body += bytes([len(token)]) + token + db.encode() + b"\0" + struct.pack("<H", 45)
    body += b"mysql_native_password\0"
    c.command(raw.CHANGE_USER, body)
    return c.finish_auth(password)


def change_of_user(c):
    out = c.query("SET @a = 1")
    assert change_user(c, "app", "app", "test")[0] == 0
    out += c.query("SELECT DATABASE(), @a, USER() LIKE 'app@%'")
    assert change_user(c, "maxscale", "maxscale")[0] == 0
    out += c.query("SELECT DATABASE(), USER() LIKE 'maxscale@%'")
    return out


def pipelined(c):
    commands = [b"\x03SELECT %d" % i for i in range(50)]
    c.send(b"".join(raw.frame(x) for x in commands))
    out = []
    for _ in commands:
        out += c.result()
    c.send(raw.frame(b"\x03USE test") + raw.frame(b"\x03SELECT DATABASE()") +
           raw.frame(b"\x0e") + raw.frame(b"\x02mysql") + raw.frame(b"\x03SELECT DATABASE()"))
    out += c.result() + c.result() + [c.raw_packet()] + [c.raw_packet()] + c.result()
    return out


def large_statements(c):
    out = []
    for size in (raw.MAX - 1, raw.MAX, raw.MAX + 1, raw.MAX * 2, raw.MAX * 2 + 5):
        head, tail = b"\x03SELECT LENGTH('", b"')"
        c.send(raw.frame(head + b"x" * (size - len(head) - len(tail)) + tail))
        out += c.result()
    out += c.query("SELECT 'after'")
    return out


def large_rows(c):
    out = []
    for size in (raw.MAX - 9, raw.MAX - 8, raw.MAX - 5, raw.MAX - 4, raw.MAX - 3, raw.MAX, raw.MAX * 2):
        out.append(digest(c.query(f"SELECT REPEAT('y', {size}), 'z'")).encode())
    out += c.query("SELECT 'after'")
    return out


ALL = [queries, procedures, simple_commands, reset, prepared, infile, change_of_user, pipelined,
       large_statements, large_rows]
WITH_MULTI = [multi, infile_multi]
