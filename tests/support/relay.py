"""Passes bytes on between clients and a server, and says in which pieces."""
import socket
import sys
import threading
import time

TO_SERVER, TO_CLIENT = ">", "<"


def whole(_direction, data, _target):
    yield data


def single_bytes(_direction, data, _target):
    for i in range(len(data)):
        yield data[i:i + 1]


def has_read(target):
    """The other end (IPv4, of this machine) has read everything that was sent to it."""
    def name(address):
        host, port = address
        return f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}:{port:04X}"
    end = f" {name(target.getpeername())} {name(target.getsockname())} "
    with open("/proc/net/tcp", encoding="ascii") as file:
        line = next((line for line in file if end in line), None)
    return line is None or line.split()[4].endswith(":00000000")


class CutAt:
    """One cut, `at` bytes into what goes in the direction; the rest follows when all before it was read."""

    def __init__(self, direction, at):
        self.direction = direction
        self.left = at

    def __call__(self, direction, data, target):
        if direction == self.direction and 0 <= self.left < len(data):
            yield data[:self.left]
            while not has_read(target):
                time.sleep(0.0005)
            data = data[self.left:]
            self.left = -1
        self.left -= len(data) if direction == self.direction else 0
        yield data


class Counter:
    """Counts what goes each way."""

    def __init__(self):
        self.bytes = {TO_SERVER: 0, TO_CLIENT: 0}

    def __call__(self, direction, data, _target):
        self.bytes[direction] += len(data)
        yield data


class Kept:
    """Passes everything on and keeps how each side began."""
    MOST = 1 << 16

    def __init__(self):
        self.began = {TO_SERVER: bytearray(), TO_CLIENT: bytearray()}

    def __call__(self, direction, data, _target):
        kept = self.began[direction]
        kept += data[:max(0, self.MOST - len(kept))]
        yield data


def pump(source, target, direction=None, pieces=whole):
    """Passes on what comes until one of the two has ended, then ends both."""
    try:
        while data := source.recv(65536):
            for piece in pieces(direction, data, target):
                target.sendall(piece)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Relay:
    """pieces: called for each connection; gives a function that yields the pieces of what has come."""

    def __init__(self, server_port, pieces=lambda: whole):
        self.server_port = server_port
        self.pieces = pieces
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.server_port))
            except OSError:
                return
            pieces = self.pieces()
            for source, target, direction in ((client, server, TO_SERVER), (server, client, TO_CLIENT)):
                target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=pump, args=(source, target, direction, pieces), daemon=True).start()


def cut_everywhere(port, run, step=1):
    """run(port) gives the same, whatever its bytes to and from `port` are cut behind."""
    counter = Counter()
    pieces = [counter]
    with Relay(port, lambda: pieces[0]) as relay:
        expected = run(relay.port)
        for direction, total in counter.bytes.items():
            assert total > 50
            for at in range(1, total, step):
                pieces[0] = CutAt(direction, at)
                assert run(relay.port) == expected, f"cut behind byte {at} of {direction}"
