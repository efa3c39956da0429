"""A MariaDB client of raw packets, for conversations that no driver would have."""
import hashlib
import socket
import struct
import zlib

CLIENT = {
    "LONG_PASSWORD": 1, "FOUND_ROWS": 2, "LONG_FLAG": 4, "CONNECT_WITH_DB": 8, "COMPRESS": 32, "LOCAL_FILES": 128,
    "PROTOCOL_41": 512, "SSL": 2048, "TRANSACTIONS": 8192, "SECURE": 32768, "MULTI_STATEMENTS": 1 << 16,
    "MULTI_RESULTS": 1 << 17, "PS_MULTI_RESULTS": 1 << 18, "PLUGIN_AUTH": 1 << 19,
    "CONNECT_ATTRS": 1 << 20, "LENENC": 1 << 21, "SESSION_TRACK": 1 << 23, "DEPRECATE_EOF": 1 << 24,
}
BASE = (CLIENT["LONG_PASSWORD"] | CLIENT["LONG_FLAG"] | CLIENT["PROTOCOL_41"] | CLIENT["SECURE"]
        | CLIENT["TRANSACTIONS"] | CLIENT["PLUGIN_AUTH"] | CLIENT["LENENC"] | CLIENT["LOCAL_FILES"]
        | CLIENT["MULTI_RESULTS"] | CLIENT["PS_MULTI_RESULTS"])
MULTI = CLIENT["MULTI_STATEMENTS"]
TRACK = CLIENT["SESSION_TRACK"]
NO_EOF = CLIENT["DEPRECATE_EOF"]
COMPRESS = CLIENT["COMPRESS"]
MAX = 0xffffff
# MariaDB's own capabilities, in the upper half
PROGRESS, BULK, TYPES, CACHE, UNITS = 1, 4, 8, 16, 32

QUIT, INIT_DB, QUERY, FIELD_LIST, STATISTICS, PING = 1, 2, 3, 4, 9, 0x0e
CREATE_DB, DROP_DB, REFRESH, SHUTDOWN, PROCESS_INFO = 5, 6, 7, 8, 0x0a
PROCESS_KILL, DEBUG, BINLOG_DUMP, REGISTER_SLAVE = 0x0c, 0x0d, 0x12, 0x15
CHANGE_USER, PREPARE, EXECUTE, LONG_DATA, CLOSE = 0x11, 0x16, 0x17, 0x18, 0x19
RESET, SET_OPTION, FETCH, RESET_CONNECTION = 0x1a, 0x1b, 0x1c, 0x1f
BULK_EXECUTE = 0xfa
LAST_ID = 0xffffffff


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
                 address="127.0.0.1", tls=None, behind_request=b"", ext=0):
        """header: bytes in front of everything (PROXY); path: of a unix socket instead of the port;
        tls: an ssl.SSLContext; behind_request: clear bytes in one piece with the request for TLS"""
        if path:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(path)
        else:
            self.socket = socket.create_connection((address, port), timeout=timeout)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if header:
            self.socket.sendall(header)
        self.input = bytearray()
        self.packed = bytearray()
        self.compressed = False
        self.number = 0  # of the next packet of the compressed protocol
        self.strict = True
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
        offered, = struct.unpack_from("<I", greeting, end + 28)
        self.server_ext = 0 if self.server_caps & CLIENT["LONG_PASSWORD"] else offered
        self.ext = ext & self.server_ext
        if self.ext:
            self.caps &= ~CLIENT["LONG_PASSWORD"]
        if tls:
            self.caps |= CLIENT["SSL"]
            self.start_tls(tls, collation, behind_request)
        if login:
            self.login(user, password, db, collation, plugin)

    # -- bytes

    def pack(self, data, most=1 << 20):
        """Packets of the compressed protocol, regardless of where those inside begin."""
        out = b""
        for i in range(0, len(data), most):
            part = data[i:i + most]
            small = zlib.compress(part) if len(part) >= 50 else part
            plain = len(part) if len(part) >= 50 else 0
            out += (struct.pack("<I", len(small))[:3] + bytes([self.number]) +
                    struct.pack("<I", plain)[:3] + small)
            self.number = self.number + 1 & 0xff
        return out

    def unpack(self):
        while len(self.packed) >= 7:
            size = int.from_bytes(self.packed[:3], "little")
            if len(self.packed) < 7 + size:
                return
            number, plain = self.packed[3], int.from_bytes(self.packed[4:7], "little")
            body = self.packed[7:7 + size]
            del self.packed[:7 + size]
            assert number == self.number or not self.strict, f"number {number}, not {self.number}"
            self.number = number + 1 & 0xff
            if plain:
                body = zlib.decompress(body)
                assert len(body) == plain
            self.input += body

    def send(self, data):
        if self.compressed:
            data = self.pack(data)
        if not self.cut:
            self.socket.sendall(data)
            return
        for i in range(0, len(data), self.cut):
            self.socket.sendall(data[i:i + self.cut])

    def fill(self, size):
        while len(self.input) < size:
            data = self.socket.recv(1 << 18)
            if not data:
                raise Gone(bytes(self.input))
            if not self.compressed:
                self.input += data
                continue
            self.packed += data
            self.unpack()

    def packet(self):
        """Payload of the next packet."""
        self.fill(4)
        size = int.from_bytes(self.input[:3], "little")
        self.sequence = self.input[3]
        self.fill(4 + size)
        payload = bytes(memoryview(self.input)[4:4 + size])
        del self.input[:4 + size]
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

    def start_tls(self, context, collation=45, behind_request=b""):
        body = struct.pack("<IIB", self.caps, 1 << 24, collation) + bytes(19)
        body += struct.pack("<I", self.ext)
        self.socket.sendall(frame(body, self.sequence + 1) + behind_request)
        self.sequence += 1
        self.socket = context.wrap_socket(self.socket, server_hostname="localhost")

    def login(self, user, password, db, collation, plugin=b"mysql_native_password"):
        token = native(password, self.scramble) if plugin == b"mysql_native_password" else b"\x01" * 8
        body = struct.pack("<IIB", self.caps, 1 << 24, collation) + bytes(19)
        body += struct.pack("<I", self.ext)
        body += user.encode() + b"\0" + bytes([len(token)]) + token
        if db:
            body += db.encode() + b"\0"
        body += plugin + b"\0"
        self.send(frame(body, self.sequence + 1))
        answer = self.finish_auth(password)
        self.compressed = answer[:1] == b"\0" and self.caps & COMPRESS != 0

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
        self.number = 0
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
            if mark == 0xff and raw[5:7] == b"\xff\xff" and self.ext & PROGRESS:
                continue
            if mark == 0xff:
                return out
            if mark == 0xfb:
                self.send(infile(self.sequence + 1))
                continue
            if mark != 0:
                columns, at = lenenc(raw, 4)
                if self.ext & CACHE and raw[at] == 0:
                    columns = 0
                for _ in range(columns):
                    out.append(self.raw_packet())
                if not self.caps & NO_EOF:
                    out.append(self.raw_packet())
                    if out[-1][4] == 0xff:
                        return out
                    if self.status(out[-1][4:]) & 0x40:  # a cursor: rows come with FETCH
                        return out
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
        return self.prepare_answer()

    def prepare_answer(self):
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
