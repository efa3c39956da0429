"""TLS ended by the proxy: handshakes, resumed handshakes, bytes. HAProxy ends TLS around the connection,
this proxy TLS asked for within the protocol; what is behind them is plain."""
import beds
import settings
from report import Table

MB = 1 << 20
HANDSHAKE = ["rate", "user", "system", "total", "wakeups", "resumed share"]
BYTES = ["rate", "p50", "p99", "user", "system", "total", "wakeups"]


def login(target, resume):
    """One connection with a handshake, a login and a statement."""
    got = beds.connections(target, 16, "--resume", resume, "--seconds", settings.SECONDS)
    got["resumed share"] = got["resumed"] / max(got["handshakes"], 1)
    return got


def plain_twin(table, plain, tls, case, resume):
    """With the same connections without TLS taken off: what the handshake alone takes."""
    without = {target.name: target for target in plain}

    def extra(target):
        base = login(without[target.name], 0)
        got = login(target, resume)
        for key in ("user", "system", "total", "wakeups"):
            got[key] -= base[key]
        return got
    table.measure(case, tls, extra, settings.ROUNDS)


def handshakes(report):
    with beds.load_bed(2) as plain, beds.load_bed(2, tls=True) as tls:
        whole = Table(report, "tls", "TLS: whole connections", "connection", HANDSHAKE)
        for case, resume in (("full", 0), ("resumed", 1)):
            whole.measure(f"connection, {case} handshake", tls[1:],
                          lambda target: login(target, resume), settings.ROUNDS)
        alone = Table(report, "tls", "TLS: handshakes, connections without TLS taken off", "handshake",
                      HANDSHAKE)
        for case, resume in (("full", 0), ("resumed", 1)):
            plain_twin(alone, plain[1:], tls[1:], f"{case} handshake alone", resume)


def transfer(report):
    with beds.load_bed(2, ["--bytes", str(MB)], tls=True) as targets:
        table = Table(report, "tls", "TLS: replies of 1 MB", "MB", BYTES)
        table.measure("1 MB replies by TLS, 4 clients", targets[1:],
                      lambda target: beds.load(target, 4, "--seconds", settings.SECONDS),
                      settings.ROUNDS)


def statements(report):
    with beds.load_bed(2, tls=True) as targets:
        table = Table(report, "tls", "TLS: small statements", "statement", BYTES)
        for clients in settings.CLIENTS:
            table.measure(f"text by TLS, {clients} clients", targets[1:],
                          lambda target: beds.load(target, clients, "--seconds", settings.SECONDS), settings.ROUNDS)


def run(report):
    handshakes(report)
    transfer(report)
    statements(report)
