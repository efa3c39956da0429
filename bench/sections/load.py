"""load_client against load_server, so that the proxy is what is busy: text, prepared, connections; few
clients to thousands; one worker and two."""
import beds
import settings
from report import Table

COLUMNS = ["rate", "p50", "p95", "p99", "p999", "spread", "added", "user", "system", "total", "wakeups",
           "forced"]
SQL = "SELECT c FROM sbtest1 WHERE id=504985"
CONNECT_CLIENTS = 256  # beyond it only the backlog of the listening sockets grows


def measure(target, mode, count):
    options = ["--sql", SQL, "--seconds", settings.SECONDS]
    if mode == "connect":
        return beds.connections(target, count, *options)
    return beds.load(target, count, "--mode", mode, *options)


def run(report):
    for threads in (1, 2):
        with beds.load_bed(threads) as targets:
            workers = f"{threads} worker{'s' if threads > 1 else ''}"
            for mode in ("text", "prepared", "connect"):
                table = Table(report, "load", f"load: {mode}, {workers}",
                              "connection" if mode == "connect" else "statement", COLUMNS)
                for clients in settings.LOAD_CLIENTS:
                    if mode == "connect" and clients > CONNECT_CLIENTS:
                        continue
                    count = settings.fits(clients, 2)
                    table.measure(f"{mode} {count} clients, {workers}", targets,
                                  lambda target: measure(target, mode, count), settings.ROUNDS)
