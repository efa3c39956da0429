"""A MariaDB client of raw packets, for conversations that no driver would have."""
import hashlib
import socket
import struct

CLIENT = {
    "LONG_PASSWORD": 1, "FOUND_ROWS": 2, "LONG_FLAG": 4, "CONNECT_WITH_DB": 8, "LOCAL_FILES": 128,
    "PROTOCOL_41": 512, "TRANSACTIONS": 8192, "SECURE": 32768, "MULTI_STATEMENTS": 1 << 16,
    "MULTI_RESULTS": 1 << 17, "PS_MULTI_RESULTS": 1 << 18, "PLUGIN_AUTH": 1 << 19,
    "CONNECT_ATTRS": 1 << 20, "LENENC": 1 << 21, "SESSION_TRACK": 1 << 23, "DEPRECATE_EOF": 1 << 24,
}
BASE = (CLIENT["LONG_PASSWORD"] | CLIENT["LONG_FLAG"] | CLIENT["PROTOCOL_41"] | CLIENT["SECURE"]
        | CLIENT["TRANSACTIONS"] | CLIENT["PLUGIN_AUTH"] | CLIENT["LENENC"] | CLIENT["LOCAL_FILES"]
        | CLIENT["MULTI_RESULTS"] | CLIENT["PS_MULTI_RESULTS"])
MULTI = CLIENT["MULTI_STATEMENTS"]
TRACK = CLIENT["SESSION_TRACK"]
NO_EOF = CLIENT["DEPRECATE_EOF"]
MAX = 0xffffff

QUIT, INIT_DB, QUERY, FIELD_LIST, STATISTICS, PING = 1, 2, 3, 4, 9, 0x0e
CHANGE_USER, PREPARE, EXECUTE, LONG_DATA, CLOSE = 0x11, 0x16, 0x17, 0x18, 0x19
RESET, SET_OPTION, FETCH, RESET_CONNECTION = 0x1a, 0x1b, 0x1c, 0x1f


class Gone(Exception):
    """The other side has closed the connection."""


def native(password, scramble):
    if not password:
        return b""
    one = hashlib.sha1(password.encode()).digest()
    two = hashlib.sha1(scramble + hashlib.sha1(one).digest()).digest()
    return bytes(a ^ b for a, b in zip(one, two))


def frame(payload, sequence=0):
    """All packets of a payload."""
    out = b""
    while True:
        part, payload = payload[:MAX], payload[MAX:]
        out += struct.pack("<I", len(part))[:3] + bytes([sequence & 0xff]) + part
        sequence += 1
        if len(part) < MAX:
            return out


def lenenc(data, at=0):
    """Value and the offset behind it."""
    first = data[at]
    if first < 0xfb:
        return first, at + 1
    if first == 0xfc:
        return struct.unpack_from("<H", data, at + 1)[0], at + 3
    if first == 0xfd:
        return int.from_bytes(data[at + 1:at + 4], "little"), at + 4
    return struct.unpack_from("<Q", data, at + 1)[0], at + 9


class Client:
    def __init__(self, port, user="app", password="app", db="", caps=BASE, collation=45, cut=0,
                 login=True, plugin=b"mysql_native_password", timeout=30, header=b"", path=None,
                 address="127.0.0.1"):
        """header: bytes in front of everything (PROXY); path: of a unix socket instead of the port"""
        if path:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(path)
        else:
            self.socket = socket.create_connection((address, port), timeout=timeout)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if header:
            self.socket.sendall(header)
        self.input = b""
        self.cut = cut
        self.sequence = 0
        self.caps = caps | (CLIENT["CONNECT_WITH_DB"] if db else 0)
        greeting = self.packet()
        self.greeting = greeting
        end = greeting.index(0, 1)
        self.version = greeting[1:end].decode()
        self.thread_id = struct.unpack_from("<I", greeting, end + 1)[0]
        self.scramble = greeting[end + 5:end + 13] + greeting[end + 32:end + 44]
        low, collation_, status, high = struct.unpack_from("<HBHH", greeting, end + 14)
        self.server_caps = low | high << 16
        self.caps &= self.server_caps | CLIENT["LONG_PASSWORD"]
        if login:
            self.login(user, password, db, collation, plugin)

    # -- bytes

    def send(self, data):
        if not self.cut:
            self.socket.sendall(data)
            return
        for i in range(0, len(data), self.cut):
            self.socket.sendall(data[i:i + self.cut])

    def fill(self, size):
        while len(self.input) < size:
            data = self.socket.recv(1 << 18)
            if not data:
                raise Gone(self.input)
            self.input += data

    def packet(self):
        """Payload of the next packet."""
        self.fill(4)
        size = int.from_bytes(self.input[:3], "little")
        self.sequence = self.input[3]
        self.fill(4 + size)
        payload, self.input = self.input[4:4 + size], self.input[4 + size:]
        return payload

    def raw_packet(self):
        payload = self.packet()
        return struct.pack("<I", len(payload))[:3] + bytes([self.sequence]) + payload

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    # -- login

    def login(self, user, password, db, collation, plugin=b"mysql_native_password"):
        token = native(password, self.scramble) if plugin == b"mysql_native_password" else b"\x01" * 8
        body = struct.pack("<IIB", self.caps, 1 << 24, collation) + bytes(23)
        body += user.encode() + b"\0" + bytes([len(token)]) + token
        if db:
            body += db.encode() + b"\0"
        body += plugin + b"\0"
        self.send(frame(body, self.sequence + 1))
        self.finish_auth(password)

    def finish_auth(self, password):
        answer = self.packet()
        while answer[:1] == b"\xfe":
            name, rest = answer[1:].split(b"\0", 1)
            assert name == b"mysql_native_password", name
            self.send(frame(native(password, rest[:20]), self.sequence + 1))
            answer = self.packet()
        self.answer = answer
        return answer

    # -- commands

    def command(self, code, body=b""):
        self.send(frame(bytes([code]) + (body if isinstance(body, bytes) else body.encode())))

    def ok(self):
        """The next packet, which must not be an error."""
        payload = self.packet()
        assert payload[:1] != b"\xff", payload
        return payload

    def status(self, payload):
        if payload[:1] == b"\xfe" and len(payload) < 9 and not self.caps & NO_EOF:
            return struct.unpack_from("<H", payload, 3)[0]
        _, at = lenenc(payload, 1)
        _, at = lenenc(payload, at)
        return struct.unpack_from("<H", payload, at)[0]

    def is_end(self, payload):
        if payload[:1] == b"\xff":
            return True
        return payload[:1] == b"\xfe" and (len(payload) < 9 or
                                           (self.caps & NO_EOF and len(payload) < MAX))

    def rows_end(self):
        """Packets up to the end of the rows; payloads of several packets are put together."""
        out = []
        going_on = False
        while True:
            raw = self.raw_packet()
            out.append(raw)
            if not going_on and self.is_end(raw[4:]):
                return out
            going_on = len(raw) == 4 + MAX

    def result(self, infile=None):
        """Every raw packet of the answer to a query."""
        out = []
        while True:
            raw = self.raw_packet()
            out.append(raw)
            mark = raw[4]
            if mark == 0xff:
                return out
            if mark == 0xfb:
                self.send(infile(self.sequence + 1))
                continue
            if mark != 0:
                columns, _ = lenenc(raw, 4)
                for _ in range(columns):
                    out.append(self.raw_packet())
                if not self.caps & NO_EOF:
                    out.append(self.raw_packet())
                    if self.status(out[-1][4:]) & 0x40:  # a cursor: rows come with FETCH
                        return out
                elif False:
                    pass
                out += self.rows_end()
                raw = out[-1]
                if raw[4] == 0xff:
                    return out
            if not self.status(raw[4:]) & 8:
                return out

    def query(self, sql, infile=None):
        self.command(QUERY, sql)
        return self.result(infile)

    def prepare(self, sql):
        """(statement id, parameters, raw packets)"""
        self.command(PREPARE, sql)
        first = self.raw_packet()
        out = [first]
        if first[4] == 0xff:
            return 0, 0, out
        number, columns, parameters = struct.unpack_from("<IHH", first, 5)
        for count in (parameters, columns):
            for _ in range(count):
                out.append(self.raw_packet())
            if count and not self.caps & NO_EOF:
                out.append(self.raw_packet())
        return number, parameters, out

    def execute(self, number, values=b"", flags=0, count=0, types=None):
        body = struct.pack("<IBI", number, flags, 1)
        if count:
            body += bytes((count + 7) // 8)
            body += b"\1" + types if types is not None else b"\0"
            body += values
        self.command(EXECUTE, body)
        return self.result()


def text(value):
    data = value.encode()
    assert len(data) < 0xfb
    return bytes([len(data)]) + data
