"""Conversations of raw packets; each gives a list of what came back, to be compared byte by byte."""
import hashlib
import os
import re
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
    c.strict = False
    commands = [b"\x03SELECT %d" % i for i in range(50)]
    c.send(b"".join(raw.frame(x) for x in commands))
    out = []
    for _ in commands:
        out += c.result()
    c.send(raw.frame(b"\x03USE test") + raw.frame(b"\x03SELECT DATABASE()") +
           raw.frame(b"\x0e") + raw.frame(b"\x02mysql") + raw.frame(b"\x03SELECT DATABASE()"))
    out += c.result() + c.result() + [c.raw_packet()] + [c.raw_packet()] + c.result()
    return out


# Payloads around the places where another packet begins.
EDGES = [raw.MAX * count + more for count in (1, 2) for more in (-1, 0, 1)]


def large_statements(c):
    out = []
    for size in EDGES:
        head, tail = b"\x03SELECT LENGTH('", b"')"
        c.number = 0
        c.send(raw.frame(head + b"x" * (size - len(head) - len(tail)) + tail))
        out += c.result()
    out += c.query("SELECT 'after'")
    return out


def large_rows(c):
    out = []
    for size in EDGES:
        # the length of the first value takes 4 bytes, or 9; the second value takes 2
        for value in (size - 6, size - 11):
            if (value > raw.MAX) == (value == size - 11):
                out.append(digest(c.query(f"SELECT REPEAT('y', {value}), 'z'")).encode())
    assert len(out) == len(EDGES)
    out += c.query("SELECT 'after'")
    return out


def large_parameters(c):
    """In pieces of their own, and in the execution: with types, and with the types of the one before."""
    out = []
    number, _, _ = c.prepare("SELECT MD5(?)")
    for size in EDGES:
        c.command(raw.LONG_DATA, struct.pack("<IH", number, 0) + b"l" * (size - 7))
        out += c.execute(number, count=1, types=b"\xfc\x00")
        for types, fixed in ((b"\xfc\x00", 14), (None, 12)):
            value = size - fixed - (4 if size - fixed - 4 <= raw.MAX else 9)
            length = b"\xfd" + struct.pack("<I", value)[:3] if value <= raw.MAX else b"\xfe" + struct.pack("<Q", value)
            out += c.execute(number, length + b"v" * value, count=1, types=types)
    c.command(raw.RESET, struct.pack("<I", number))
    out.append(c.raw_packet())
    return out + c.query("SELECT 'after'")


def unknown_commands(c):
    out = []
    known = {raw.QUIT, raw.INIT_DB, raw.QUERY, raw.FIELD_LIST, raw.STATISTICS, raw.PING, raw.REFRESH,
             raw.SHUTDOWN, raw.PROCESS_INFO, raw.PROCESS_KILL, raw.DEBUG, raw.BINLOG_DUMP,
             raw.REGISTER_SLAVE, raw.CHANGE_USER, raw.PREPARE, raw.EXECUTE, raw.LONG_DATA, raw.CLOSE,
             raw.RESET, raw.SET_OPTION, raw.FETCH, raw.RESET_CONNECTION, raw.BULK_EXECUTE}
    for code in set(range(256)) - known:
        c.command(code, b"something")
        out.append(c.raw_packet())
    # so is an empty packet, alone and between others
    c.command(raw.PING)
    out.append(c.raw_packet())
    c.number = 0
    c.send(raw.frame(b""))
    out.append(c.raw_packet())
    c.strict = False
    c.number = 0
    c.send(raw.frame(b"") + raw.frame(b"\x03SELECT 1") + raw.frame(b"") + raw.frame(b"\x0e"))
    out += [c.raw_packet()] + c.result() + [c.raw_packet(), c.raw_packet()]
    c.strict = True
    out += c.query("SELECT 'still here'")
    return out


def process_list(c):
    c.command(raw.PROCESS_INFO)
    rows = c.result()
    # which connections there are is the server's affair, how they are told is not
    out = rows[:10]
    assert len(rows) > 11
    for code, body in ((raw.DEBUG, b""), (raw.REFRESH, b"\x01"), (raw.REFRESH, b"\x04")):
        c.command(code, body)
        out.append(c.raw_packet())
    c.command(raw.PROCESS_KILL, struct.pack("<I", 0x7ffffff0))
    out.append(c.raw_packet())
    c.command(raw.PING)
    out.append(c.raw_packet())
    return out


def options(c):
    out = []
    for option in (0, 1, 0, 7, 1):
        c.command(raw.SET_OPTION, struct.pack("<H", option))
        out.append(c.raw_packet())
        out += c.query("SELECT 1; SELECT 2")
    for body in (b"", b"\x01"):
        c.command(raw.SET_OPTION, body)
        out.append(c.raw_packet())
        out += c.query("SELECT 1; SELECT 2")
    return out


def unknown_statements(c):
    out = []
    for number in (7777777, raw.LAST_ID):
        for code, body in ((raw.EXECUTE, struct.pack("<BI", 0, 1)), (raw.RESET, b""),
                           (raw.FETCH, struct.pack("<I", 5)), (raw.BULK_EXECUTE, b"\x80\0")):
            c.command(code, struct.pack("<I", number) + body)
            out.append(c.raw_packet())
        c.command(raw.CLOSE, struct.pack("<I", number))
        c.command(raw.LONG_DATA, struct.pack("<IH", number, 0) + b"x")
        out += c.query("SELECT 'nothing was said'")
    number, _, packets = c.prepare("SELECT 1")
    c.command(raw.FETCH, struct.pack("<II", number, 5))  # there is no cursor
    out.append(c.raw_packet()[4:13])
    c.command(raw.EXECUTE, b"\x01")
    out.append(c.raw_packet())
    # an answer made by the proxy waits for its turn
    c.strict = False
    c.send(raw.frame(b"\x03SELECT SLEEP(0.1)") +
           raw.frame(struct.pack("<BIBI", raw.EXECUTE, 7777778, 0, 1)) + raw.frame(b"\x0e"))
    out += c.result() + [c.raw_packet(), c.raw_packet()]
    return out


def about(c, number):
    """Every command with a statement's number; the last ones say nothing."""
    out = []
    for code, body in ((raw.EXECUTE, struct.pack("<BI", 0, 1)), (raw.EXECUTE, struct.pack("<BI", 1, 1)),
                       (raw.RESET, b""), (raw.FETCH, struct.pack("<I", 5)), (raw.FETCH, struct.pack("<I", 0)),
                       (raw.BULK_EXECUTE, b"\x80\0"), (raw.BULK_EXECUTE, b"\0\0")):
        c.command(code, struct.pack("<I", number) + body)
        out.append(c.raw_packet())
    for code, body in ((raw.LONG_DATA, b"\0\0x"), (raw.LONG_DATA, b"\xff\xff"), (raw.CLOSE, b""), (raw.CLOSE, b"more")):
        c.command(code, struct.pack("<I", number) + body)
    return without_numbers(out) + c.query("SELECT 'nothing was said'")


def without_numbers(packets):
    """Errors may name the number of a statement, which servers count for all sessions together."""
    return [re.sub(rb"\([0-9]+\)", b"", packet[3:]) if packet[4] == 0xff else packet for packet in packets]


def gone_statements(c):
    """Numbers of statements that there are no more, or were never."""
    out = about(c, 0) + about(c, 1) + about(c, raw.LAST_ID - 1)
    failed, _, _ = c.prepare("SELEKT")
    closed, _, _ = c.prepare("SELECT 1")
    c.command(raw.CLOSE, struct.pack("<I", closed))
    out += about(c, failed) + about(c, closed) + about(c, raw.LAST_ID)
    kept, _, _ = c.prepare("SELECT 2")
    c.command(raw.RESET_CONNECTION)
    out.append(c.raw_packet())
    out += about(c, kept) + about(c, raw.LAST_ID)
    kept, _, _ = c.prepare("SELECT 3")
    assert change_user(c, "app", "app", "test")[0] == 0
    out += about(c, kept) + about(c, raw.LAST_ID)
    # too short for a number (where servers look), or for what belongs to it
    for code in (raw.EXECUTE, raw.BULK_EXECUTE):
        for body in (b"", b"\1", b"\1\0\0"):
            c.command(code, body)
            out.append(c.raw_packet())
    for body in (b"", b"\1", b"\1\0\0", b"\1\0\0\0", b"\1\0\0\0\0"):
        c.command(raw.LONG_DATA, body)
    for body in (b"", b"\1", b"\1\0\0"):
        c.command(raw.CLOSE, body)
    return out + c.query("SELECT 'still here'")


def kinds_of_results(c):
    """Each statement in the text protocol, executed, and executed with a cursor that is then read."""
    out = c.query("CREATE OR REPLACE TABLE test.kinds (id INT AUTO_INCREMENT PRIMARY KEY, t TEXT)")
    out += c.query("CREATE OR REPLACE PROCEDURE test.two() BEGIN SELECT seq FROM test.seq_1_to_3; SELECT 'b', 'c'; END")
    out += c.query("CREATE OR REPLACE PROCEDURE test.none() BEGIN SET @none = 1; END")
    out += c.query("CREATE OR REPLACE PROCEDURE test.fails() BEGIN SELECT 1; SIGNAL SQLSTATE '45000'; SELECT 2; END")
    wide = ", ".join(f"{i} AS c{i}" for i in range(300))
    for sql in ("SELECT IF(seq < 3, seq, (SELECT 1 UNION SELECT seq)) FROM test.seq_1_to_5",
                "SELECT seq FROM test.seq_1_to_5 WHERE seq < 0", f"SELECT {wide}", "SELECT NULL, NULL",
                "SELECT 1 INTO @x",
                "INSERT INTO test.kinds (t) VALUES ('a'), ('b') RETURNING id, t", "UPDATE test.kinds SET t = 'c'",
                "INSERT INTO test.kinds (t) VALUES ('x')", "DELETE FROM test.kinds WHERE id = 1 RETURNING t",
                "CALL test.two()", "CALL test.none()", "CALL test.fails()", "CALL test.nosuch()", "DO 1/0",
                "SHOW WARNINGS",
                "EXPLAIN SELECT 1", "CHECK TABLE test.kinds", "SHOW COLUMNS FROM test.kinds", "SET @a = 'x'",
                "EXECUTE IMMEDIATE 'SELECT 5 UNION SELECT 6'", "EXECUTE IMMEDIATE 'CALL test.two()'",
                "SELECT seq, REPEAT('r', 300) FROM test.seq_1_to_40", "SHOW CREATE PROCEDURE test.none",
                "TRUNCATE test.kinds", "SELECT 'a' AS x, 'b' AS x UNION ALL SELECT 'c', 'd' LIMIT 0",
                "HANDLER test.kinds OPEN", "HANDLER test.kinds CLOSE", "SELECT ROW(1, 2)"):
        out += c.query(sql)
        number, _, packets = c.prepare(sql)
        out += [packets[0][:5] + packets[0][9:]] + packets[1:]
        if not number:
            continue
        for flags in (0, 1) if not sql.startswith("DELETE") else (0,):  # a cursor crashes servers of 10.11
            answer = c.execute(number, flags=flags)
            out += answer
            if flags and answer[-1][4] == 0xfe and c.status(answer[-1][4:]) & 0x40:
                for rows in (0, 2, 0, 100, 1):
                    c.command(raw.FETCH, struct.pack("<II", number, rows))
                    out += without_numbers(c.rows_end())
        c.command(raw.CLOSE, struct.pack("<I", number))
    return out + c.query("SELECT 'after'")


def direct(c):
    """Preparing and executing in one go: the statement prepared last has the number -1."""
    c.strict = False

    def both(sql, body=struct.pack("<BI", 0, 1), more=b""):
        c.number = 0
        c.send(raw.frame(bytes([raw.PREPARE]) + sql.encode()) +
               raw.frame(struct.pack("<BI", raw.EXECUTE, raw.LAST_ID) + body) + more)
        number, parameters, packets = c.prepare_answer()
        return number, [packets[0][:5] + packets[0][9:]] + packets[1:] + c.result()

    _, out = both("SELECT seq FROM test.seq_1_to_5")
    _, packets = both("INSERT INTO test.conv VALUES (60, 'direct', NULL)")
    out += packets
    number, packets = both("SELECT ?", struct.pack("<BI", 0, 1) + b"\0\x01\x08\0" + struct.pack("<q", 9))
    out += packets + c.execute(number, struct.pack("<q", 10), count=1)
    out += c.execute(raw.LAST_ID, struct.pack("<q", 11), count=1, types=b"\x08\x00")
    c.command(raw.CLOSE, struct.pack("<I", number))
    c.command(raw.EXECUTE, struct.pack("<IBI", raw.LAST_ID, 0, 1))
    out.append(c.raw_packet())
    # one that cannot be prepared: both are refused, and nothing is out of step behind them
    _, packets = both("SELECT nosuch FROM test.conv", more=raw.frame(b"\x0e"))
    out += packets + [c.raw_packet()]
    c.send(raw.frame(b"\x16SELECT 'three'") + raw.frame(struct.pack("<BIBI", raw.EXECUTE, raw.LAST_ID, 0, 1)) +
           raw.frame(struct.pack("<BI", raw.CLOSE, raw.LAST_ID)) + raw.frame(b"\x03SELECT 'text'"))
    _, _, packets = c.prepare_answer()
    out += packets[1:] + c.result() + c.result()
    out += c.query("DELETE FROM test.conv")
    return out


def many_statements(c):
    """Failed ones in between, closed ones, and what the server says about those."""
    out = []
    ids = []
    for i in range(40):
        number, _, packets = c.prepare("SELEKT" if i % 3 == 0 else f"SELECT {i}, ?")
        if number:
            ids.append(number)
        out += packets[1:]
    for number in ids[::2]:
        c.command(raw.CLOSE, struct.pack("<I", number))
    for number in ids[1::2]:
        out += c.execute(number, raw.text("v"), count=1, types=b"\xfd\x00")
        c.command(raw.RESET, struct.pack("<I", number))
        out.append(c.raw_packet())
    return out


def bulk(c):
    """Rows in one go; a byte before each value says whether it is there."""
    insert, _, packets = c.prepare("INSERT INTO test.conv VALUES (?, ?, NULL)")
    out = packets[1:]
    types = b"\x03\x00\xfd\x00"
    rows = b"".join(b"\0" + struct.pack("<i", i) + (b"\x01" if i % 3 == 0 else b"\0" + raw.text(f"row {i}"))
                    for i in range(100, 200))
    c.command(raw.BULK_EXECUTE, struct.pack("<IH", insert, 128) + types + rows)
    out += c.result()
    c.command(raw.BULK_EXECUTE, struct.pack("<IH", insert, 128) + types + rows[:40])  # the keys are there
    out += c.result()
    out += c.query("SELECT COUNT(*), MAX(id), COUNT(t) FROM test.conv")
    c.strict, c.number = False, 0
    c.send(raw.frame(b"\x16DELETE FROM test.conv WHERE id = ?") +
           raw.frame(struct.pack("<BIH", raw.BULK_EXECUTE, raw.LAST_ID, 128) + b"\x03\x00" +
                     b"".join(b"\0" + struct.pack("<i", i) for i in range(100, 150))))
    out += c.prepare_answer()[2][1:] + c.result()
    # rows come back from bulk only with RETURNING
    again, _, packets = c.prepare("INSERT INTO test.conv VALUES (?, ?, NULL) RETURNING id, t")
    out += packets[1:]
    c.command(raw.BULK_EXECUTE, struct.pack("<IH", again, 128) + types + rows[:200])
    out += c.result()
    out += c.query("DELETE FROM test.conv")
    return out


def metadata(c):
    """Definitions of extended types; cached ones are not sent a second time."""
    out = c.query("SELECT CAST('{}' AS JSON) IS NULL, POINT(1, 2), CAST('::1' AS INET6)") \
        if c.ext & raw.TYPES else []
    number, _, packets = c.prepare("SELECT id, t FROM test.conv WHERE id >= ?")
    out += packets[1:]
    for _ in range(3):
        out += c.execute(number, struct.pack("<i", 0), count=1, types=b"\x03\x00")
    out += c.query("ALTER TABLE test.conv ADD COLUMN extra INT")
    out += c.execute(number, struct.pack("<i", 0), count=1, types=b"\x03\x00")
    out += c.query("ALTER TABLE test.conv DROP COLUMN extra")
    cursor, _, packets = c.prepare("SELECT seq, 'text' FROM test.seq_1_to_50")
    out += packets[1:]
    for _ in range(2):
        out += c.execute(cursor, flags=1)
        for _ in range(2):
            c.command(raw.FETCH, struct.pack("<II", cursor, 30))
            out += c.rows_end()
    return out


def out_parameters(c):
    out = c.query("CREATE OR REPLACE PROCEDURE test.q(INOUT a INT, OUT b TEXT) "
                  "BEGIN SELECT a; SELECT 'second'; SET a = a + 1, b = 'out'; END")
    number, _, packets = c.prepare("CALL test.q(?, ?)")
    out += packets[1:]
    for _ in range(2):
        out += c.execute(number, struct.pack("<i", 5) + raw.text("x"), count=2, types=b"\x03\x00\xfd\x00")
    out += c.query("SELECT 'after'")
    return out


def infile_edges(c):
    load = "LOAD DATA LOCAL INFILE 'x' INTO TABLE test.conv (id, t)"

    def rows(size):
        return b"1\t" + b"x" * (size - 3) + b"\n"

    out = []
    for size in (raw.MAX - 1, raw.MAX, raw.MAX + 1, 2 * raw.MAX):
        def send(sequence, size=size):
            packets = raw.frame(rows(size), sequence)
            return packets + raw.frame(b"", packets_of(size) + sequence)
        out += c.query(load, send)
        out += c.query("SELECT id, LENGTH(t) FROM test.conv")
        out += c.query("DELETE FROM test.conv")
    # the client has nothing more to say in the middle of a row
    out += c.query(load, lambda s: raw.frame(b"5\thalf a r", s) + raw.frame(b"", s + 1))
    out += c.query("SELECT * FROM test.conv")
    out += c.query("DELETE FROM test.conv")
    return out


def packets_of(size):
    return size // raw.MAX + 1


def infile_prepared(c):
    """From a prepared statement (servers of 10.2 and later)."""
    number, _, packets = c.prepare("LOAD DATA LOCAL INFILE 'x' INTO TABLE test.conv (id, t)")
    out = [packets[0][:5] + packets[0][9:]] + packets[1:]
    if not number:
        return out
    for start in (1, 100):
        c.command(raw.EXECUTE, struct.pack("<IBI", number, 0, 1))
        out += c.result(lambda s, start=start: raw.frame(b"%d\trow\n" % start, s) + raw.frame(b"", s + 1))
    out += c.query("SELECT * FROM test.conv")
    out += c.query("DELETE FROM test.conv")
    return out


def pipelined_kinds(c):
    """Commands of every kind of answer in one go."""
    c.strict = False
    number, _, _ = c.prepare("SELECT ?, seq FROM test.seq_1_to_3")
    execute = struct.pack("<BIBI", raw.EXECUTE, number, 0, 1) + b"\0\x01\x08\0" + struct.pack("<q", 4)
    c.send(b"".join(raw.frame(x) for x in (
        b"\x03SELECT 1", execute, b"\x0e", struct.pack("<BI", raw.RESET, number), execute,
        struct.pack("<BIH", raw.LONG_DATA, number, 0) + b"long", b"\x03SELEKT", b"\x02test", b"\x04conv\0",
        b"\x1b\x01\0", b"\x03DO 1", struct.pack("<BI", raw.CLOSE, number), b"\x03SELECT DATABASE()",
        b"\xee", b"\x1f", b"\x03SELECT 'end'")))
    out = c.result() + c.result() + [c.raw_packet(), c.raw_packet()] + c.result() + c.result()
    out += [c.raw_packet()] + c.rows_end() + [c.raw_packet()] + c.result() + c.result()
    return out + [c.raw_packet(), c.raw_packet()] + c.result()


ALL = [queries, procedures, simple_commands, reset, prepared, infile, change_of_user, pipelined,
       large_statements, large_rows, unknown_commands, process_list, unknown_statements, gone_statements,
       kinds_of_results,
       direct, many_statements, metadata, out_parameters, infile_prepared, pipelined_kinds]
WITH_MULTI = [multi, infile_multi, options]
WITH_EXT = [bulk, metadata, direct, prepared, queries, unknown_statements, gone_statements, kinds_of_results,
            out_parameters, procedures]
SLOW = [infile_edges, large_parameters]
