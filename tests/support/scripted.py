"""A real server that offers other capabilities, and answers some commands from a script."""
import socket
import struct
import threading

from gate import Gate, Gone
from relay import pump


class Scripted(Gate):
    """add, drop: capabilities (MariaDB's own ones: add_ext); answers: {command with its byte: packets}."""

    def __init__(self, name, server_port, port, add=0, drop=0, add_ext=0, answers=()):
        self.add = add
        self.drop = drop
        self.add_ext = add_ext
        self.answers = dict(answers)
        super().__init__(name, server_port, port)

    def greeting(self, payload):
        payload = bytearray(payload)
        at = payload.index(0, 1) + 14  # behind version, thread id and scramble
        low, charset, status, high = struct.unpack_from("<HBHH", payload, at)
        caps = (low | high << 16 | self.add) & ~self.drop
        struct.pack_into("<HBHH", payload, at, caps & 0xffff, charset, status, caps >> 16)
        ext, = struct.unpack_from("<I", payload, at + 14)
        struct.pack_into("<I", payload, at + 14, ext | self.add_ext)
        return bytes(payload)

    def login(self, peer, server):
        peer.sequence = -1
        peer.send(self.greeting(server.packet()))
        said = bytearray(peer.packet())
        caps, ext = struct.unpack_from("<I24xI", said)
        struct.pack_into("<I24xI", said, 0, caps & ~self.add, ext & ~self.add_ext)
        server.sequence = peer.sequence - 1
        server.send(bytes(said))
        threading.Thread(target=pump, args=(server.socket, peer.socket), daemon=True).start()
        try:
            while True:
                command = peer.packet()
                if command in self.answers:
                    peer.socket.sendall(self.answers[command])
                    continue
                server.sequence = peer.sequence - 1
                server.send(command)
        except (OSError, Gone):
            server.socket.shutdown(socket.SHUT_RDWR)
