"""The user's story, word for word: unpack the archive into an empty folder, put the file in place,
start, connect, look, kill the primary, start it again."""
import glob
import os
import re
import subprocess
import tarfile

import pytest

from lab import lab

TARBALL = os.environ.get("MX_TARBALL")


def newest_tarball():
    found = sorted(glob.glob(os.path.join(lab.REPO, "dist", "maxscale-*.linux-*.tar.gz")),
                   key=os.path.getmtime)
    return TARBALL or (found[-1] if found else None)


@pytest.fixture
def unpacked(tmp_path):
    """Step 1: tar zxvf, mv, cd."""
    archive = newest_tarball()
    assert archive, "make tarball writes the archive this test unpacks"
    with tarfile.open(archive) as tar:
        tops = {name.split("/")[0] for name in tar.getnames()}
        assert len(tops) == 1
        tar.extractall(tmp_path, filter="data") if hasattr(tarfile, "data_filter") else tar.extractall(tmp_path)
    target = tmp_path / "app" / "maxscale"
    os.makedirs(target.parent)
    os.rename(tmp_path / tops.pop(), target)
    for part in ("bin/maxscale", "bin/maxctrl", "bin/maxkeys", "bin/maxpasswd", "lib64/maxscale", "etc",
                 "share", "var/log/maxscale", "var/lib/maxscale", "var/cache/maxscale",
                 "var/run/maxscale"):
        assert (target / part).exists(), part
    return str(target)


def start(folder, servers):
    """Steps 2 and 4; the ports of the story are taken from the free ones."""
    from conftest import Proxy
    proxy = Proxy(servers)
    proxy.folder = proxy.root = folder
    proxy.log_file = os.path.join(folder, "var", "log", "maxscale", "maxscale.log")
    proxy.config_file = os.path.join(folder, "etc", "maxscale.cnf")
    proxy.write_config(lab.walkthrough_config(servers, None, proxy.port, proxy.admin_port))
    command = ["bin/maxscale", "-d", "--basedir=."]
    if os.geteuid() == 0:
        command.append("--user=root")
    proxy.command = lambda: command
    proxy.start()
    return proxy


START_LINES = [
    r"Module '\w+' loaded from '.*lib64/maxscale/lib\w+\.so'", r"syslog", r"maxlog|log file",
    r"MaxScale .* started", r"Process: \d+", r"maxscale\.cnf", r"JWT|signature",
    r"127\.0\.0\.1\]:\d+", r"server1 sent version string '10\.11", r"Service 'Read-Write-Service' started \(1/1\)",
    r"\[::\]:\d+", r"\d+ worker threads", r"user@host entries from '\w+' for service 'Read-Write-Service'",
]


def test_the_walkthrough(unpacked, make_cluster):
    cluster = make_cluster(grants=lab.WALKTHROUGH_GRANTS + lab.EXTRA_GRANTS)
    proxy = start(unpacked, cluster.servers)
    try:
        proxy.wait_ready()
        log = proxy.log()
        for pattern in START_LINES:
            assert re.search(pattern, log), f"no line like {pattern} in\n{log}"
        for line in log.splitlines():
            if re.match(r"20\d\d-", line) and "MariaDB MaxScale" not in line:
                assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{3})?   [a-z ]{7}: ", line), line
        with proxy.connect(database="test") as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE story (id INT PRIMARY KEY, who INT)")
            cursor.execute("INSERT INTO story VALUES (1, @@server_id)")
            cluster.sync()
            cursor.execute("SELECT who, @@server_id FROM story")
            assert cursor.fetchone() == (1, 2)
        table = subprocess.run([os.path.join(unpacked, "bin", "maxctrl"), "-h",
                                f"127.0.0.1:{proxy.admin_port}", "list", "servers"],
                               capture_output=True, text=True, check=True).stdout
        header = table.splitlines()
        assert [cell.strip() for cell in header[1].strip("│").split("│")] == [
            "Server", "Address", "Port", "Connections", "State", "GTID", "Monitor"]
        assert header[0][0] == "┌" and header[2][0] == "├" and header[-1][0] == "└"
        proxy.wait_state("server1", "Master", "Running")
        proxy.wait_state("server2", "Slave", "Running")

        cluster.servers[0].kill()
        proxy.wait_state("server2", "Master", "Running")
        cluster.servers[0].start()
        proxy.wait_state("server1", "Slave", "Running")
        with proxy.connect(database="test") as connection, connection.cursor() as cursor:
            cursor.execute("INSERT INTO story VALUES (2, @@server_id)")
            cluster.sync(cluster.servers[1])
            cursor.execute("SELECT MAX(who), @@server_id FROM story")
            assert cursor.fetchone() == (2, 1)
    finally:
        code = proxy.stop()
    assert code == 0, proxy.text_output()[-3000:]
