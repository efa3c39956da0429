#!/usr/bin/python3
"""Runs an instrumented tree (make pgo) so that the compiler learns what the program mostly does: statements, prepared
statements and connections through both routers, with and without a pool of server connections, and replies of
several packets. The profile is written when the proxy ends.

    train.py ROOT       ROOT: the installed tree
"""
import contextlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lab import loadbed  # noqa: E402

# Reads, writes and what a session says about itself: as applications send them.
STATEMENTS = (
    "SELECT c FROM sbtest1 WHERE id=504985",
    "SELECT DISTINCT c FROM sbtest1 WHERE id BETWEEN 5000 AND 5099 ORDER BY c",
    "UPDATE sbtest1 SET k=k+1 WHERE id=4711",
    "INSERT INTO sbtest1 (id, k, c, pad) VALUES (4711, 815, '68487932199-96439406143', '67847967377')",
    "SET NAMES utf8mb4",
)
CLIENTS = 8
EACH = 1500
CONNECTIONS = 400


def run(port, mode, sql, statements):
    loadbed.load(port, "--clients", CLIENTS, "--mode", mode, "--sql", sql, "--statements", statements)


def train(root, pool, reply_bytes):
    with contextlib.ExitStack() as stack:
        servers = [loadbed.Server("--bytes", str(reply_bytes)) for _ in range(2)]
        for server in servers:
            stack.callback(server.stop)
        proxy = loadbed.Proxy(servers, root=root, pool=pool)
        proxy.start()
        stack.callback(proxy.stop)
        for port in (proxy.rcr, proxy.rws):
            for sql in STATEMENTS:
                for mode in ("text", "prepared"):
                    run(port, mode, sql, EACH)
            run(port, "connect", STATEMENTS[0], CONNECTIONS)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for pool, reply_bytes in ((0, 100), (10, 1000)):
        train(os.path.abspath(sys.argv[1]), pool, reply_bytes)


main()
