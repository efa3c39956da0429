"""Authentication strings of accounts whose plugins the servers of the tests do not have, made as their
manuals say, and clients that speak these plugins packet by packet."""
import base64
import hashlib
import os

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding

from conversations import raw

ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def sha256_crypt(password, salt, rounds):
    """The digest of crypt(3), method 5, with a salt of any length."""
    def spread(digest, size):
        return (digest * (size // 32 + 1))[:size]

    mixed = sha256(password, salt, password)
    start = password + salt + spread(mixed, len(password))
    bits = len(password)
    while bits:
        start += mixed if bits & 1 else password
        bits >>= 1
    state = sha256(start)
    p = spread(sha256(password * len(password)), len(password))
    s = spread(sha256(salt * (16 + state[0])), len(salt))
    for i in range(rounds):
        state = sha256(p if i % 2 else state, s if i % 3 else b"", p if i % 7 else b"",
                       state if i % 2 else p)
    out = ""
    a, b, c = 0, 10, 20
    for _ in range(10):
        bits = state[a] << 16 | state[b] << 8 | state[c]
        out += "".join(ALPHABET[bits >> 6 * i & 63] for i in range(4))
        a, b, c = c + 1, a + 1, b + 1
    bits = state[31] << 8 | state[30]
    return out + "".join(ALPHABET[bits >> 6 * i & 63] for i in range(3))


def sha2_stored(password, rounds=5000):
    """Of caching_sha2_password."""
    salt = "".join(ALPHABET[2 + b % 62] for b in os.urandom(20))
    return f"$A${rounds // 1000:03X}${salt}{sha256_crypt(password.encode(), salt.encode(), rounds)}"


def parsec_key(password, salt, factor):
    seed = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 1024 << factor, 32)
    return ed25519.Ed25519PrivateKey.from_private_bytes(seed)


def parsec_stored(password, factor=0):
    salt = os.urandom(18)
    public = parsec_key(password, salt, factor).public_key().public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return f"P{factor}:{base64.b64encode(salt).decode()}:{base64.b64encode(public).decode().rstrip('=')}"


def make_account(server, user, plugin, stored):
    """On this server only, whether it has the plugin or not."""
    server.run("SET SESSION sql_log_bin = 0",
               "REPLACE INTO mysql.global_priv (Host, User, Priv) VALUES ('%', "
               f"'{user}', JSON_OBJECT('access', 0, 'plugin', '{plugin}', 'authentication_string', '{stored}'))")


class Exchange(raw.Client):
    """A login that is led by the test: connected, and asked to switch to the account's plugin."""

    def __init__(self, port, user, db="", **more):
        super().__init__(port, login=False, db=db, **more)
        self.plugin = b"mysql_native_password"
        self.login(user, "x", db, 45)

    def finish_auth(self, password):
        self.answer = self.packet()
        if self.answer[:1] == b"\xfe":
            self.plugin, self.data = self.answer[1:].split(b"\0", 1)
        return self.answer

    def change_user(self, user):
        self.command(raw.CHANGE_USER, user.encode() + b"\0\0\0\x2d\0mysql_native_password\0")
        return self.finish_auth("")

    def say(self, payload):
        """The answer to this packet."""
        self.send(raw.frame(payload, self.sequence + 1))
        self.answer = self.packet()
        return self.answer

    # -- caching_sha2_password

    def sha2_answer(self, password):
        one = sha256(password.encode())
        mask = sha256(sha256(one), self.data[:20])
        return self.say(bytes(a ^ b for a, b in zip(one, mask)))

    def sha2_key(self):
        answer = self.say(b"\2")
        assert answer[:1] == b"\1", answer
        return serialization.load_pem_public_key(answer[1:])

    def sha2_encrypted(self, key, password):
        plain = bytes(b ^ self.data[i % 20] for i, b in enumerate(password.encode() + b"\0"))
        return self.say(key.encrypt(plain, padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)))

    # -- parsec

    def parsec(self, password):
        factor, salt = self.parsec_salt()
        scramble = os.urandom(32)
        return self.say(scramble + parsec_key(password, salt, factor).sign(self.data[:32] + scramble))

    def parsec_salt(self):
        answer = self.say(b"")
        assert answer[:1] == b"P", answer
        return answer[1], answer[2:]
