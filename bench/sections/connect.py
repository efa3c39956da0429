"""Connect, one statement, disconnect, at real servers, with and without pooled server connections."""
import beds
import settings
from report import Table

COLUMNS = ["rate", "p50", "p99", "user", "system", "total", "wakeups"]
POOL = {"persistpoolmax": 200, "persistmaxtime": "1h"}


def run(report):
    with beds.cluster() as cluster, beds.scratch() as folder:
        port = cluster.primary.port
        with beds.haproxy(folder, port) as peer, beds.real_proxy(cluster.servers) as plain, \
                beds.real_proxy(cluster.servers, ", pooled", server=POOL) as pooled:
            table = Table(report, "connect", "connect, one statement, disconnect (real servers)",
                          "connection", COLUMNS)
            targets = [beds.Target("direct", port), peer, *plain, *pooled]
            for clients in [count for count in settings.CLIENTS if count <= 64]:
                table.measure(f"connect {clients}", targets,
                              lambda target: beds.connections(target, clients, "--seconds", settings.SECONDS),
                              settings.ROUNDS)
