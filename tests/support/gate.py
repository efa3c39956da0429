"""A door in front of a real server. It lets everybody through but those for whom it plays the
server's part of a login itself: for plugins that the servers of the tests do not have."""
import hashlib
import os
import socket
import threading

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from rawclient import Gone, frame
from relay import pump

OK = b"\x00\x00\x00\x02\x00\x00\x00"


def denied(text):
    return b"\xff\x15\x04#28000" + text.encode()


class Peer:
    """One connection as packets."""

    def __init__(self, connection):
        self.socket = connection
        self.sequence = 0

    def read(self, size):
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise Gone(data)
            data += part
        return data

    def packet(self):
        head = self.read(4)
        self.sequence = head[3]
        return self.read(int.from_bytes(head[:3], "little"))

    def send(self, payload):
        self.sequence += 1
        self.socket.sendall(frame(payload, self.sequence))


class Sha2:
    """caching_sha2_password: knows nobody yet, so it wants the password itself, or (fast) knows him."""

    def __init__(self, password, fast=False):
        self.password = password.encode()
        self.fast = fast
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def login(self, peer):
        scramble = bytes(33 + b % 90 for b in os.urandom(20))
        peer.send(b"\xfecaching_sha2_password\0" + scramble + b"\0")
        one = hashlib.sha256(self.password).digest()
        mask = hashlib.sha256(hashlib.sha256(one).digest() + scramble).digest()
        if peer.packet() != bytes(a ^ b for a, b in zip(one, mask)):
            return False
        if self.fast:
            peer.send(b"\x01\x03")
            return True
        peer.send(b"\x01\x04")
        if peer.packet() != b"\x02":
            return False
        peer.send(b"\x01" + self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
        plain = self.key.decrypt(peer.packet(), padding.OAEP(
            padding.MGF1(hashes.SHA1()), hashes.SHA1(), None))
        said = bytes(b ^ scramble[i % 20] for i, b in enumerate(plain))
        return said == self.password + b"\0"


class Parsec:
    """As the manual of PARSEC describes it."""

    def __init__(self, password, factor=0):
        self.salt = os.urandom(18)
        self.factor = factor
        seed = hashlib.pbkdf2_hmac("sha512", password.encode(), self.salt, 1024 << factor, 32)
        self.key = ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key()

    def login(self, peer):
        scramble = os.urandom(32)
        peer.send(b"\xfeparsec\0" + scramble)
        if peer.packet() != b"":
            return False
        peer.send(b"P" + bytes([self.factor]) + self.salt)
        answer = peer.packet()
        if len(answer) != 96:
            return False
        self.key.verify(answer[32:], scramble + answer[:32])
        return True


class Gate:
    """users: {name: Sha2(...) or Parsec(...)}; blocked: an error before any greeting."""

    def __init__(self, name, server_port, port):
        self.name = name
        self.port = port
        self.server_port = server_port
        self.users = {}
        self.blocked = None
        self.logins = []
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        peer = Peer(connection)
        try:
            if self.blocked:
                peer.sequence = -1
                peer.send(self.blocked)
                return
            with socket.create_connection(("127.0.0.1", self.server_port)) as server:
                self.login(peer, Peer(server))
        except (OSError, Gone):
            pass
        finally:
            connection.close()

    def login(self, peer, server):
        peer.sequence = -1
        peer.send(server.packet())
        login = peer.packet()
        user = login[32:].split(b"\0", 1)[0].decode() if len(login) > 32 else ""
        if user not in self.users:
            server.sequence = peer.sequence - 1
            server.send(login)
            threading.Thread(target=pump, args=(server.socket, peer.socket),
                             daemon=True).start()
            pump(peer.socket, server.socket)
            return
        good = self.users[user].login(peer)
        self.logins.append((user, good))
        peer.send(OK if good else denied("no"))
        while good and peer.packet()[:1] != b"\x01":
            peer.send(OK)
