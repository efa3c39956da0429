"""Replies of 1 MB, and one big result to a client that reads slowly."""
import socket
import time

import pymysql

import beds
import settings
from lab import counting
from report import Table

MB = 1 << 20
COLUMNS = ["rate", "p50", "p99", "user", "system", "total", "wakeups"]
SLOW_PART = 16  # one in so many megabytes is waited for


def megabytes(report):
    """load_server's reply has one row of 1 MB: statements are megabytes."""
    with beds.load_bed(2, ["--bytes", str(MB)]) as targets:
        table = Table(report, "replies", "replies of 1 MB", "MB", COLUMNS)
        for clients in (1, 16):
            table.measure(f"1 MB replies, {clients} clients", targets,
                          lambda target: beds.load(target, clients, "--seconds", settings.SECONDS), settings.ROUNDS)


def read_slowly(connection, size):
    """All of the result; the client sleeps now and then, so that what is between must wait with it."""
    sock, got = connection._sock, 0
    buffer = bytearray(MB)
    pause_at = SLOW_PART * MB
    while got < size:
        count = sock.recv_into(buffer)
        if count == 0:
            raise RuntimeError(f"closed after {got} bytes of {size}")
        got += count
        if got >= pause_at:
            pause_at += SLOW_PART * MB
            time.sleep(0.05)


def big_result(target):
    connection = pymysql.connect(host="127.0.0.1", port=target.port, user="app", password="app",
                                 database="test", max_allowed_packet=1 << 30)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        connection._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)
        if target.pid:
            counting.forget_peak_rss(target.pid)
            before = counting.rss_kib(target.pid)

        def run():
            connection._execute_command(3, f"SELECT REPEAT('x', {MB}) FROM seq_1_to_{settings.RESULT_MB}")
            begun = time.monotonic()
            read_slowly(connection, settings.RESULT_MB * MB)
            return {"rate": settings.RESULT_MB / (time.monotonic() - begun)}
        figures = beds.cost(target, run, lambda _: settings.RESULT_MB)
        if target.pid:
            figures["peak"] = counting.peak_rss_kib(target.pid)
            figures["grown"] = figures["peak"] - before
        return figures
    finally:
        connection._sock.close()


def slow_client(report):
    with beds.cluster() as cluster, beds.scratch() as folder:
        port = cluster.primary.port
        with beds.haproxy(folder, port) as peer, beds.real_proxy(cluster.servers) as ours:
            table = Table(report, "replies", "a big result to a slow client; peak RSS in KiB, and by how "
                          "much it is above the RSS before", "MB",
                          ["rate", "user", "system", "total", "wakeups", "peak", "grown"])
            table.measure(f"{settings.RESULT_MB} MB, slow client", [beds.Target("direct", port), peer, *ours],
                          big_result, settings.ROUNDS)


def run(report):
    megabytes(report)
    slow_client(report)
