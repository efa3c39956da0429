#!/usr/bin/python3
"""Turns tests/unit/wire/recorded.inc into first inputs of the wire_* fuzz targets."""

import pathlib
import re
import struct
import zlib

TESTS = pathlib.Path(__file__).resolve().parent.parent
FULL = 0x01FFA2BF & ~1 | 1 << 20 | 1 << 21 | 1 << 23


def main():
    text = (TESTS / "unit/wire/recorded.inc").read_text()
    arrays = {name: bytes(int(b, 16) for b in re.findall(r"0x([0-9a-f]{2}),", body))
              for name, body in re.findall(r"uint8_t (\w+)\[\] = \{(.*?)\};", text, re.S)}
    cases = re.findall(r'\{"(\w+)", (\w+), sizeof\(\w+\), 0x(\w+)u, 0x(\w+)u,\s+\d+,\s+0x(\w+)\}',
                       text)

    def put(target, name, data):
        folder = TESTS / "fuzz/corpus" / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)

    for index, (name, array, caps, ext, command) in enumerate(cases):
        data = arrays[array]
        head = struct.pack("<BIBB", int(command, 16), int(caps, 16), int(ext, 16), index % 64)
        put("wire_reply", name, head + data)
        if name.endswith("_eof") and "cache" not in name:
            kind = 3 if data[4] == 0xFF else 1
            put("wire_packets", name, struct.pack("<BI", kind, int(caps, 16)) + data[4:])
            put("wire_packets", f"frames_{name}", bytes(5) + data)
    for name, data in arrays.items():
        if name.startswith(("execute_", "bulk_")):
            put("wire_packets", name, struct.pack("<BI", 2, 1) + data)
    for name, which in (("greeting_mariadb", 0), ("response_mariadb", 1),
                        ("reply_change_user_switch", 3)):
        put("wire_login", name, struct.pack("<BI", which, FULL) + arrays[name][4:])
    login = struct.pack("<IIB19xI", FULL, 1 << 24, 45, 28) + b"maria\0\x14" + b"t" * 20 + (
        b"shop\0mysql_native_password\0\x0a\x03key\x05value")
    put("wire_login", "response_full", struct.pack("<BI", 1, FULL) + login)
    put("wire_login", "ssl_request", struct.pack("<BI", 1, FULL | 1 << 11) +
        struct.pack("<IIB19xI", FULL | 1 << 11, 1 << 24, 45, 28))
    put("wire_login", "change_user", struct.pack("<BI", 2, FULL) + b"\x11maria\0\x14" + b"t" * 20 +
        b"shop\0\x2d\0mysql_native_password\0\x0a\x03key\x05value")
    put_compressed(put, arrays)
    put_optional(put)


def put_optional(put):
    """MySQL's optional metadata, without definitions."""
    caps = 1 << 9 | 1 << 25
    eof = b"\x05\0\0%c\xfe\0\0\x02\0"
    row = b"\x02\0\0\x03\x01x"
    put("wire_reply", "optional_rows_eof", struct.pack("<BIBB", 3, caps, 0, 2) + b"\x02\0\0\x01\x01\0" +
        eof % 2 + row + eof % 4)
    put("wire_reply", "optional_rows_noeof", struct.pack("<BIBB", 3, caps | 1 << 24, 0, 3) + b"\x02\0\0\x01\x01\0" +
        row + b"\x07\0\0\x03\xfe\0\0\x02\0\0\0")
    prepared = b"\x0d\0\0\x01\0\x05\0\0\0\x01\0\x01\0\0\0\0\0"
    put("wire_reply", "optional_prepare_eof", struct.pack("<BIBB", 0x16, caps, 0, 1) + prepared + eof % 2 + eof % 3)
    put("wire_reply", "optional_prepare_noeof", struct.pack("<BIBB", 0x16, caps | 1 << 24, 0, 4) + prepared)
    put("wire_packets", "optional_prepare", struct.pack("<BI", 3, caps) + prepared[4:])


def compressed(data, number=0, length=None):
    body = zlib.compress(data) if len(data) >= 50 else data
    plain = (len(data) if len(data) >= 50 else 0) if length is None else length
    return (struct.pack("<I", len(body))[:3] + bytes([number]) + struct.pack("<I", plain)[:3] + body)


def put_compressed(put, arrays):
    longest = max(arrays.values(), key=len)
    put("compressed", "short", bytes((0, 3, 9)) + compressed(b"\1\0\0\0\x0e"))
    put("compressed", "two", bytes((1, 6, 40)) + compressed(longest[:3000], 1) + compressed(b"end", 2))
    put("compressed", "long", bytes((1, 31, 255)) + compressed(longest, 1))
    put("compressed", "expands", bytes((0, 20, 100)) + compressed(bytes(200000)))
    put("compressed", "longer_than_it_says", bytes((0, 20, 100)) + compressed(bytes(200), 0, 150))
    put("compressed", "shorter_than_it_says", bytes((0, 20, 100)) + compressed(bytes(200), 0, 250))
    put("compressed", "nonsense", bytes((0, 2, 2)) + compressed(b"x" * 20, 0, 30))


if __name__ == "__main__":
    main()
