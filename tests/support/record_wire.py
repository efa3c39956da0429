#!/usr/bin/python3
"""Records what a real server answers, byte by byte, for the tests of src/wire.

Starts a mariadbd in a scratch folder, speaks the protocol itself (no driver, nothing of src/wire) and
writes tests/unit/wire/recorded.inc. Where a reply ends is learnt from the server: every command is
followed by a COM_PING, whose OK is taken off the end.

    tests/support/record_wire.py > tests/unit/wire/recorded.inc
"""

import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

LONG_FLAG, LOCAL_FILES, PROTOCOL_41, TRANSACTIONS = 1 << 2, 1 << 7, 1 << 9, 1 << 13
SECURE, MULTI_STATEMENTS, MULTI_RESULTS = 1 << 15, 1 << 16, 1 << 17
PS_MULTI_RESULTS, PLUGIN_AUTH, SESSION_TRACK, DEPRECATE_EOF = 1 << 18, 1 << 19, 1 << 23, 1 << 24
BASE = (LONG_FLAG | LOCAL_FILES | PROTOCOL_41 | TRANSACTIONS | SECURE | MULTI_STATEMENTS
        | MULTI_RESULTS | PS_MULTI_RESULTS | PLUGIN_AUTH)
STMT_BULK, EXTENDED_TYPES, CACHE_METADATA, BULK_UNIT = 1 << 2, 1 << 3, 1 << 4, 1 << 5

QUIT, INIT_DB, QUERY, FIELD_LIST, STATISTICS, PROCESS_INFO = 1, 2, 3, 4, 9, 10
DEBUG, PING, CHANGE_USER, PREPARE, EXECUTE, LONG_DATA, CLOSE = 13, 14, 17, 22, 23, 24, 25
STMT_RESET, SET_OPTION, FETCH, RESET_CONNECTION, BULK = 26, 27, 28, 31, 0xFA


class Server:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="record-wire-")
        data = os.path.join(self.folder, "data")
        self.socket = os.path.join(self.folder, "s")
        subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--user=root",
                        "--auth-root-authentication-method=normal", "--skip-test-db"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.process = subprocess.Popen(
            ["mariadbd", "--no-defaults", "--user=root", f"--datadir={data}", "--skip-networking",
             f"--socket={self.socket}", "--local-infile=1", "--innodb-buffer-pool-size=16M"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not self.answers():
            time.sleep(0.1)

    def answers(self):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(self.socket) == 0

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)


class Client:
    """One connection; every packet that passes is kept in `log` as (from_server, bytes)."""

    def __init__(self, server, caps=BASE, ext=0, user=b"root"):
        self.caps, self.ext, self.log = caps, ext, []
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(server.socket)
        self.buffer = b""
        self.greeting = self.packet()
        head = struct.pack("<IIB19xI", caps | (0 if ext else 1), 1 << 24, 45, ext)
        self.response = head + user + b"\0\0mysql_native_password\0"
        self.send(self.response, 1)
        self.login_ok = self.packet()
        assert self.login_ok[4] == 0, self.login_ok

    def take(self, count):
        while len(self.buffer) < count:
            more = self.sock.recv(65536)
            assert more, "server closed"
            self.buffer += more
        out, self.buffer = self.buffer[:count], self.buffer[count:]
        return out

    def packet(self):
        head = self.take(4)
        return head + self.take(int.from_bytes(head[:3], "little"))

    def send(self, payload, sequence=0):
        self.sock.sendall(len(payload).to_bytes(3, "little") + bytes([sequence]) + payload)

    def command(self, byte, rest=b""):
        self.send(bytes([byte]) + rest)

    def drain(self):
        """Everything up to, without, the answer to a ping sent now."""
        self.command(PING)
        out = b""
        self.sock.settimeout(0.05)
        while True:
            try:
                out += self.sock.recv(65536)
            except TimeoutError:
                # 7-byte OK with sequence 1, nothing affected
                size = 11
                if len(out) >= size and out[-size:-4] == b"\x07\0\0\x01\0\0\0":
                    self.sock.settimeout(20)
                    return out[:-size]

    def ask(self, byte, rest=b""):
        self.command(byte, rest)
        return self.drain()

    def sql(self, text):
        return self.ask(QUERY, text.encode())


class Output:
    def __init__(self):
        self.names, self.cases = [], []
        print("/* Written by tests/support/record_wire.py from a real server; do not edit. */")
        print("#ifndef TESTS_WIRE_RECORDED_H\n#define TESTS_WIRE_RECORDED_H\n")
        print("#include <stddef.h>\n#include <stdint.h>\n")

    def array(self, name, data):
        print(f"static const uint8_t {name}[] = {{")
        for at in range(0, len(data), 16):
            print("    " + " ".join(f"0x{b:02x}," for b in data[at:at + 16]))
        print("};\n")

    def reply(self, name, client, command, data, split=0):
        """split: length of the first part, after which the client had to say something."""
        self.array(f"reply_{name}", data)
        self.cases.append((name, command, client.caps | (0 if client.ext else 1), client.ext, split))

    def end(self):
        print("struct recorded {\n    const char *name;\n    const uint8_t *data;\n    size_t len;")
        print("    uint32_t caps;\n    uint32_t ext_caps;\n    size_t first_len; /* up to where the"
              " client had to answer; 0: nowhere */\n    uint8_t command;\n};\n")
        print("static const struct recorded recorded[] = {")
        for name, command, caps, ext, split in self.cases:
            print(f'    {{"{name}", reply_{name}, sizeof(reply_{name}), 0x{caps:x}u, 0x{ext:x}u, '
                  f"{split}, 0x{command:02x}}},")
        print("};\n\n#endif")


def login_packets(out, server):
    client = Client(server, BASE | SESSION_TRACK, STMT_BULK)
    out.array("greeting_mariadb", client.greeting)
    out.array("response_mariadb",
              len(client.response).to_bytes(3, "little") + b"\x01" + client.response)
    out.array("login_ok", client.login_ok)


def plain_results(out, server, tag, caps, ext):
    c = Client(server, caps, ext)
    out.reply(f"ok_{tag}", c, QUERY, c.sql("DO 1"))
    out.reply(f"insert_{tag}", c, QUERY, c.sql("INSERT INTO t.a VALUES (NULL, 'x'), (NULL, 'y')"))
    out.reply(f"update_info_{tag}", c, QUERY, c.sql("UPDATE t.a SET b = 'z' WHERE a = 99"))
    out.reply(f"select_{tag}", c, QUERY, c.sql("SELECT 1 AS one, 'two' AS two, NULL AS three "
                                               "UNION SELECT 2, '', 'x'"))
    out.reply(f"empty_{tag}", c, QUERY, c.sql("SELECT a FROM t.a WHERE a < 0"))
    out.reply(f"error_{tag}", c, QUERY, c.sql("SELECT * FROM t.missing"))
    out.reply(f"error_in_rows_{tag}", c, QUERY,
              c.sql("SELECT IF(seq < 3, seq, (SELECT 1 UNION SELECT seq)) FROM t.seq ORDER BY seq"))
    out.reply(f"multi_{tag}", c, QUERY, c.sql("SELECT 1; DO 1; SELECT 2, 3; SELECT * FROM t.nix; "
                                              "SELECT 4"))
    out.reply(f"multi_ok_{tag}", c, QUERY, c.sql("DO 1; DO 2; SELECT 3"))
    out.reply(f"call_{tag}", c, QUERY, c.sql("CALL t.p()"))
    out.reply(f"statistics_{tag}", c, STATISTICS, c.ask(STATISTICS))
    out.reply(f"field_list_{tag}", c, FIELD_LIST, c.ask(FIELD_LIST, b"a\0"))
    out.reply(f"init_db_{tag}", c, INIT_DB, c.ask(INIT_DB, b"t"))
    out.reply(f"init_db_bad_{tag}", c, INIT_DB, c.ask(INIT_DB, b"nix"))
    out.reply(f"fields_of_table_{tag}", c, FIELD_LIST, c.ask(FIELD_LIST, b"a\0"))
    out.reply(f"set_option_{tag}", c, SET_OPTION, c.ask(SET_OPTION, b"\0\0"))
    out.reply(f"debug_{tag}", c, DEBUG, c.ask(DEBUG))
    out.reply(f"process_info_{tag}", c, PROCESS_INFO, c.ask(PROCESS_INFO))
    out.reply(f"unknown_{tag}", c, 0x60, c.ask(0x60))
    out.reply(f"reset_{tag}", c, RESET_CONNECTION, c.ask(RESET_CONNECTION))


def local_infile(out, server, tag, caps, ext):
    c = Client(server, caps, ext)
    c.command(QUERY, b"LOAD DATA LOCAL INFILE 'some.csv' INTO TABLE t.a (b)")
    first = c.packet()
    c.send(b"p\nq\n", 2)
    c.send(b"", 3)
    out.reply(f"infile_{tag}", c, QUERY, first + c.drain(), len(first))
    c.command(QUERY, b"SELECT 1; LOAD DATA LOCAL INFILE 'x' INTO TABLE t.a (b); SELECT 2")
    first = b""
    while True:
        packet = c.packet()
        first += packet
        if packet[4] == 0xFB:
            break
    c.send(b"", packet[3] + 1 & 0xFF)
    out.reply(f"infile_multi_{tag}", c, QUERY, first + c.drain(), len(first))


def statement(c, text):
    data = c.ask(PREPARE, text)
    return data, struct.unpack_from("<I", data, 5)[0] if data[4] == 0 else 0


def prepared(out, server, tag, caps, ext):
    c = Client(server, caps, ext)
    for name, text in (("both", b"SELECT a, b, ? FROM t.a WHERE a = ?"), ("none", b"DO 1"),
                       ("params", b"INSERT INTO t.a VALUES (?, ?)"), ("columns", b"SELECT 1, 2"),
                       ("error", b"SELECT FROM")):
        out.reply(f"prepare_{name}_{tag}", c, PREPARE, statement(c, text)[0])
    ident = statement(c, b"SELECT seq, 'text', ? FROM t.seq")[1]
    head = struct.pack("<IBI", ident, 0, 1)
    value = b"\0\1\x08\0" + struct.pack("<q", 7)
    out.array(f"execute_types_{tag}", bytes([EXECUTE]) + head + value)
    out.reply(f"execute_{tag}", c, EXECUTE, c.ask(EXECUTE, head + value))
    again = b"\0\0" + struct.pack("<q", 8)
    out.array(f"execute_no_types_{tag}", bytes([EXECUTE]) + head + again)
    out.reply(f"execute_again_{tag}", c, EXECUTE, c.ask(EXECUTE, head + again))
    ident = statement(c, b"SELECT seq FROM t.seq")[1]
    out.reply(f"cursor_{tag}", c, EXECUTE, c.ask(EXECUTE, struct.pack("<IBI", ident, 1, 1)))
    out.reply(f"fetch_{tag}", c, FETCH, c.ask(FETCH, struct.pack("<II", ident, 2)))
    out.reply(f"fetch_last_{tag}", c, FETCH, c.ask(FETCH, struct.pack("<II", ident, 100)))
    out.reply(f"fetch_error_{tag}", c, FETCH, c.ask(FETCH, struct.pack("<II", 999, 100)))
    out.reply(f"stmt_reset_{tag}", c, STMT_RESET, c.ask(STMT_RESET, struct.pack("<I", ident)))
    ident = statement(c, b"CALL t.p_out(?)")[1]
    out.reply(f"execute_out_{tag}", c, EXECUTE,
              c.ask(EXECUTE, struct.pack("<IBI", ident, 0, 1) + b"\0\1\x08\0" + bytes(8)))
    ident = statement(c, b"INSERT INTO t.a VALUES (NULL, 'b')")[1]
    out.reply(f"execute_ok_{tag}", c, EXECUTE, c.ask(EXECUTE, struct.pack("<IBI", ident, 0, 1)))
    # Neither may be answered: the recording is empty.
    assert c.ask(CLOSE, struct.pack("<I", ident)) == b""


def bulk(out, server):
    for tag, ext in (("plain", STMT_BULK), ("unit", STMT_BULK | BULK_UNIT)):
        c = Client(server, BASE, ext)
        ident = statement(c, b"INSERT INTO t.a (a, b) VALUES (NULL, ?)")[1]
        rows = b"".join(b"\0" + bytes([len(v)]) + v for v in (b"k", b"lm"))
        packet = struct.pack("<IH", ident, 128 | (64 if tag == "unit" else 0)) + b"\xfe\0" + rows
        out.array(f"bulk_{tag}_request", bytes([BULK]) + packet)
        out.reply(f"bulk_{tag}", c, BULK, c.ask(BULK, packet))
        ident = statement(c, b"INSERT INTO t.a (a, b) VALUES (NULL, ?) RETURNING a, b")[1]
        out.reply(f"bulk_returning_{tag}", c, BULK,
                  c.ask(BULK, struct.pack("<IH", ident, 128) + b"\xfe\0" + rows))


def tracking(out, server, tag, caps):
    c = Client(server, caps, 0)
    c.sql("SET SESSION session_track_schema=1, session_track_state_change=1, "
          "session_track_transaction_info='CHARACTERISTICS', "
          "session_track_system_variables='autocommit,character_set_client,"
          "character_set_connection,character_set_results,time_zone'")
    out.reply(f"track_use_{tag}", c, QUERY, c.sql("USE t"))
    out.reply(f"track_names_{tag}", c, QUERY, c.sql("SET NAMES latin1"))
    out.reply(f"track_begin_{tag}", c, QUERY, c.sql("START TRANSACTION READ ONLY"))
    out.reply(f"track_select_{tag}", c, QUERY, c.sql("SELECT COUNT(*) FROM t.seq"))
    out.reply(f"track_commit_{tag}", c, QUERY, c.sql("COMMIT"))
    out.reply(f"track_autocommit_{tag}", c, QUERY, c.sql("SET autocommit=0, time_zone='+01:00'"))


def change_user(out, server):
    c = Client(server, BASE)
    c.command(CHANGE_USER, b"root\0\0t\0\x2d\0mysql_native_password\0")
    first = c.packet()
    if first[4] == 0xFE:
        c.send(b"", first[3] + 1)
        out.reply("change_user_switch", c, CHANGE_USER, first + c.drain(), len(first))
    else:
        out.reply("change_user_ok", c, CHANGE_USER, first)
    c.command(CHANGE_USER, b"u\0\0\0\x2d\0other_plugin\0")
    first = c.packet()
    assert first[4] == 0xFE
    c.send(b"x" * 20, first[3] + 1)
    rest = c.packet()
    assert rest[4] == 0xFF
    out.reply("change_user_denied", c, CHANGE_USER, first + rest, len(first))


def main():
    server = Server()
    try:
        c = Client(server)
        for text in ("CREATE DATABASE t", "CREATE TABLE t.a (a INT AUTO_INCREMENT PRIMARY KEY, "
                     "b VARCHAR(20) DEFAULT 'd')", "CREATE TABLE t.seq (seq INT PRIMARY KEY)",
                     "INSERT INTO t.seq VALUES (1), (2), (3), (4), (5)",
                     "CREATE PROCEDURE t.p() BEGIN SELECT 1; SELECT 2, 3; END",
                     "CREATE PROCEDURE t.p_out(OUT x BIGINT) BEGIN SET x = 5; END",
                     "CREATE USER u@localhost IDENTIFIED BY 'secret'"):
            assert c.sql(text)[4] == 0, text
        out = Output()
        login_packets(out, server)
        for tag, caps, ext in (("eof", BASE, 0), ("noeof", BASE | DEPRECATE_EOF, 0),
                               ("cache_eof", BASE | SESSION_TRACK, EXTENDED_TYPES | CACHE_METADATA),
                               ("cache_noeof", BASE | SESSION_TRACK | DEPRECATE_EOF,
                                EXTENDED_TYPES | CACHE_METADATA)):
            plain_results(out, server, tag, caps, ext)
            local_infile(out, server, tag, caps, ext)
            prepared(out, server, tag, caps, ext)
        bulk(out, server)
        tracking(out, server, "eof", BASE | SESSION_TRACK)
        tracking(out, server, "noeof", BASE | SESSION_TRACK | DEPRECATE_EOF)
        change_user(out, server)
        out.end()
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
