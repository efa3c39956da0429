"""Memory of connections that do nothing, plain and with TLS; readwritesplit with two servers."""
import time

import beds
import settings
from lab import counting, loadbed
from report import Table

COLUMNS = ["base KiB", "connections", "RSS KiB", "KiB each"]
WARM = 50  # connections before the first figure: what is made once has been made


def hold(target, wanted):
    count = settings.fits(wanted, target.descriptors)
    with loadbed.Staged(target.port, WARM, "--tls", target.tls):
        pass
    time.sleep(0.5)
    base = counting.rss_kib(target.pid)
    with loadbed.Staged(target.port, count, "--tls", target.tls):
        time.sleep(1)
        now = counting.rss_kib(target.pid)
    return {"base KiB": base, "connections": count, "RSS KiB": now, "KiB each": (now - base) / count}


def run(report):
    """A process of its own for every figure: memory that was freed would hide what the next one takes."""
    for tls in (False, True):
        way = "TLS" if tls else "plain"
        table = Table(report, "idle", f"idle connections, {way}", "connection", COLUMNS, counted=True)
        for wanted in settings.IDLE:
            for name in range(1, 4):
                with beds.load_bed(1, tls=tls, replica=True) as targets:
                    table.measure(f"{wanted} idle, {way}", [targets[name]],
                                  lambda target: hold(target, wanted), 1)
