#!/usr/bin/python3
"""Records whole conversations of real clients with a real server into tests/data/talks.

Each file has a line of what it is, and the bytes in the order in which they passed, in hexadecimal: `>` from the
client, `<` from the server. Lines of the same direction follow each other only because they would be too long.

    tests/support/record_talks.py
"""
import os
import shutil
import struct
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tools"))
sys.path.insert(0, HERE)
import rawclient as raw  # noqa: E402
from lab import lab  # noqa: E402
from relay import TO_SERVER, Relay  # noqa: E402

FOLDER = os.path.join(HERE, "..", "data", "talks")
MODERN = raw.BASE | raw.MULTI | raw.TRACK | raw.NO_EOF
EXT = raw.BULK | raw.TYPES | raw.CACHE
SETUP = ("CREATE DATABASE test", "CREATE TABLE test.a (id INT AUTO_INCREMENT PRIMARY KEY, t TEXT)",
         "CREATE TABLE test.big (id INT PRIMARY KEY, t TEXT) ENGINE=Aria",
         "SET sql_log_bin=0", "INSERT INTO test.big SELECT seq, REPEAT('x', 200) FROM test.seq_1_to_50000", "SET sql_log_bin=1",
         "CREATE PROCEDURE test.p(INOUT a INT, OUT b TEXT) BEGIN SELECT a; SET a = a + 1, b = 'out'; END",
         "CREATE USER app@'%' IDENTIFIED BY 'app'", "CREATE USER other@'%' IDENTIFIED BY 'other'",
         "CREATE USER ed@'%' IDENTIFIED VIA ed25519 USING PASSWORD('ed')",
         "GRANT ALL ON *.* TO app@'%', ed@'%', other@'%'")


class Tape:
    def __init__(self):
        self.lock = threading.Lock()
        self.turns = []

    def pieces(self, direction, data, _target):
        with self.lock:
            if self.turns and self.turns[-1][0] == direction:
                self.turns[-1][1] += data
            else:
                self.turns.append([direction, data])
        yield data

    def write(self, name, about):
        with open(os.path.join(FOLDER, f"{name}.talk"), "w", encoding="ascii") as file:
            file.write(f"# {about}\n")
            for direction, data in self.turns:
                for i in range(0, len(data), 48):
                    file.write(f"{direction} {data[i:i + 48].hex()}\n")


def texts(c):
    c.query("SELECT 1 AS one, 'two' AS two, NULL AS three UNION SELECT 2, '', 'x'")
    c.query("INSERT INTO test.a (t) VALUES ('x'), ('y')")
    c.query("SELECT * FROM test.nosuch")
    c.query("SELECT id FROM test.a WHERE id < 0")
    for code, body in ((raw.PING, b""), (raw.INIT_DB, b"test"), (raw.STATISTICS, b""), (raw.DEBUG, b""),
                       (raw.SET_OPTION, b"\0\0"), (raw.RESET_CONNECTION, b""), (0x60, b"?")):
        c.command(code, body)
        c.packet()
    c.command(raw.INIT_DB, b"test")
    c.packet()
    c.command(raw.FIELD_LIST, b"a\0")
    c.rows_end()


def several(c):
    c.query("SELECT 1; DO 1; SELECT 2, 3; SELECT * FROM test.nosuch; SELECT 4")
    c.query("SET @a = 1; CALL test.p(@a, @b)")


def state(c):
    c.query("SET session_track_schema=1, session_track_state_change=1, session_track_system_variables='*', "
            "session_track_transaction_info='CHARACTERISTICS'")
    for sql in ("USE test", "SET NAMES latin1", "START TRANSACTION READ ONLY", "SELECT COUNT(*) FROM test.a",
                "COMMIT", "SET autocommit=0, time_zone='+01:00'"):
        c.query(sql)


def prepared(c):
    types = b"\x08\x00\xfd\x00"
    number, _, _ = c.prepare("SELECT ?, ?")
    c.execute(number, struct.pack("<q", 5) + raw.text("five"), count=2, types=types)
    c.execute(number, struct.pack("<q", 6) + raw.text("six"), count=2)
    c.command(raw.LONG_DATA, struct.pack("<IH", number, 1) + b"long" * 20)
    c.execute(number, struct.pack("<q", 7), count=2, types=types)
    cursor, _, _ = c.prepare("SELECT seq FROM test.seq_1_to_5")
    c.execute(cursor, flags=1)
    for rows in (2, 100):
        c.command(raw.FETCH, struct.pack("<II", cursor, rows))
        c.rows_end()
    c.command(raw.RESET, struct.pack("<I", cursor))
    c.packet()
    c.prepare("SELEKT")
    c.command(raw.EXECUTE, struct.pack("<IBI", 77777, 0, 1))
    c.packet()
    out, _, _ = c.prepare("CALL test.p(?, ?)")
    c.execute(out, struct.pack("<i", 5) + raw.text("x"), count=2, types=b"\x03\x00\xfd\x00")
    c.command(raw.CLOSE, struct.pack("<I", number))
    c.query("DO 'closed'")


def bulk(c):
    number, _, _ = c.prepare("INSERT INTO test.a (t) VALUES (?) RETURNING id, t")
    rows = b"".join(b"\0" + raw.text(word) for word in ("one", "two", "three"))
    c.command(raw.BULK_EXECUTE, struct.pack("<IH", number, 128) + b"\xfd\x00" + rows)
    c.result()


def progress(c):
    c.query("SET progress_report_time=1")
    c.query("ALTER TABLE test.big ADD COLUMN more INT, ALGORITHM=COPY")


def infile(c):
    def send(sequence):
        return raw.frame(b"1001\tp\n1002\tq\n1003\t", sequence) + raw.frame(b"r\n", sequence + 1) + \
            raw.frame(b"", sequence + 2)

    load = "LOAD DATA LOCAL INFILE 'x' INTO TABLE test.a"
    c.query(load, send)
    c.query(f"SELECT 1; {load}; SELECT 2", lambda s: raw.frame(b"", s))
    number, _, _ = c.prepare(load)
    if number:
        c.command(raw.EXECUTE, struct.pack("<IBI", number, 0, 1))
        c.result(send)


def change_user(c):
    for password in ("other", "wrong"):
        body = b"other\0\x14" + raw.native(password, c.scramble) + b"test\0" + struct.pack("<H", 45)
        c.command(raw.CHANGE_USER, body + b"mysql_native_password\0")
        c.finish_auth(password)


def program(port, user):
    subprocess.run(["mariadb", "--no-defaults", "-h127.0.0.1", f"-P{port}", f"-u{user}", f"-p{user}", "-e",
                    "SELECT 1"], check=True, stdout=subprocess.DEVNULL)


def binary_log(port):
    subprocess.run(["mariadb-binlog", "--no-defaults", "-h127.0.0.1", f"-P{port}", "-uapp", "-papp",
                    "--read-from-remote-server", "--start-position=4", "--stop-position=1500", "bin.000001"], check=True,
                   stdout=subprocess.DEVNULL)


def talk(talker, **arguments):
    def run(port):
        with raw.Client(port, **arguments) as client:
            assert client.answer[0] == 0, client.answer
            talker(client)
            client.command(raw.QUIT)
            try:
                client.packet()
            except (raw.Gone, ConnectionError):
                pass
    return run


PROXY2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes((192, 0, 2, 7, 127, 0, 0, 1)) + struct.pack(">HH", 4711, 3306)
TALKS = {
    "binary_log": ("the program mariadb-binlog", binary_log),
    "texts_eof": ("text and simple commands", talk(texts)),
    "texts_noeof": ("the same without EOF packets", talk(texts, caps=MODERN)),
    "several_eof": ("several statements, results and output parameters", talk(several, caps=raw.BASE | raw.MULTI)),
    "several_noeof": ("the same without EOF packets", talk(several, caps=MODERN)),
    "state": ("session state in OK packets", talk(state, caps=MODERN)),
    "prepared_eof": ("prepared statements", talk(prepared)),
    "prepared_noeof": ("the same without EOF packets", talk(prepared, caps=MODERN)),
    "prepared_cached": ("the same with cached and extended metadata", talk(prepared, caps=MODERN, ext=EXT)),
    "bulk": ("rows in one go", talk(bulk, caps=MODERN, ext=EXT)),
    "progress": ("reports of progress", talk(progress, ext=raw.PROGRESS)),
    "infile": ("files of the client", talk(infile, caps=raw.BASE | raw.MULTI)),
    "change_user": ("another user, and one that is refused", talk(change_user)),
    "compressed": ("compressed", talk(texts, caps=MODERN | raw.COMPRESS)),
    "compressed_infile": ("files of the client, compressed", talk(infile, caps=MODERN | raw.COMPRESS)),
    "proxy_1": ("behind a PROXY header of version 1",
                talk(change_user, header=b"PROXY TCP4 192.0.2.7 127.0.0.1 4711 3306\r\n")),
    "proxy_2": ("behind a PROXY header of version 2", talk(change_user, header=PROXY2)),
    "program": ("the program mariadb", lambda port: program(port, "app")),
    "ed25519": ("the program mariadb, ed25519", lambda port: program(port, "ed")),
}


def main():
    folder = lab.scratch("record-talks-")
    server = lab.Server(folder, 1, options=["--local-infile=1", "--plugin-load-add=auth_ed25519",
                                            "--proxy-protocol-networks=127.0.0.1"])
    server.create()
    server.start()
    try:
        server.run(*SETUP)
        for name, (about, run) in TALKS.items():
            tape = Tape()
            with Relay(server.port, lambda tape=tape: tape.pieces) as relay:
                run(relay.port)
            assert tape.turns[0][0] == TO_SERVER or tape.turns[0][1][4] == 10, name
            tape.write(name, about)
    finally:
        server.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
