"""maxctrl against the real program and real servers: what it asks for is there, what it changes changes."""
import json
import subprocess

from lab import lab


def run(proxy, *arguments, stdin=None):
    """maxctrl as a user types it: standard output, standard error and exit status."""
    done = subprocess.run(
        [f"{proxy.root}/bin/maxctrl", "-h", f"127.0.0.1:{proxy.admin_port}", *arguments],
        input=stdin, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout, done.stderr, done.returncode


SHOWN = ["list servers", "list services", "list listeners", "list listeners Read-Write-Service",
         "list monitors", "list sessions", "list filters", "list modules", "list threads",
         "list users", "list commands", "show server server1", "show servers",
         "show service Read-Write-Service", "show services", "show monitor MariaDB-Monitor",
         "show monitors", "show sessions", "show filters", "show listener Read-Write-Listener",
         "show listeners", "show module readwritesplit", "show modules", "show maxscale",
         "show thread 0", "show threads", "show logging", "show commands mariadbmon",
         "show dbusers Read-Write-Service", "api get servers data[].id"]


def test_everything_can_be_looked_at(proxy):
    failed = {}
    for words in SHOWN:
        out, err, code = run(proxy, *words.split())
        if code != 0 or err or ("list" in words and not out.startswith("┌")):
            failed[words] = (code, err, out[:200])
    assert not failed


def test_fields_that_operators_rely_on_are_filled(proxy):
    rows = [line.split("\t") for line in run(proxy, "--tsv", "list", "servers")[0].splitlines()]
    assert [row[0] for row in rows] == ["server1", "server2"]
    for row in rows:
        assert row[1] == "127.0.0.1" and int(row[2]) > 0 and int(row[3]) >= 0
        assert row[5].startswith("0-") and row[6] == "MariaDB-Monitor"
    fields = dict(line.split("\t", 1) for line in
                  run(proxy, "--tsv", "show", "server", "server2")[0].splitlines())
    assert "MariaDB" in fields["Version"] and int(fields["Node ID"]) > 0
    assert fields["Services"] == "Read-Write-Service"
    assert json.loads(fields["Parameters"])["address"] == "127.0.0.1"


def test_session_is_shown_while_it_lasts(proxy):
    with proxy.connect() as connection:
        number = str(connection.thread_id())
        fields = dict(line.split("\t", 1) for line in
                      run(proxy, "--tsv", "show", "session", number)[0].splitlines())
    assert (fields["Id"], fields["User"], fields["Service"]) == (number, "app", "Read-Write-Service")
    assert "M" in fields["Connected"] and "20" in fields["Connected"]


def test_maintenance_is_set_and_cleared(proxy):
    assert run(proxy, "set", "server", "server2", "maintenance") == ("OK\n", "", 0)
    proxy.wait_state("server2", "Maintenance")
    assert run(proxy, "clear", "server", "server2", "maintenance") == ("OK\n", "", 0)
    proxy.wait_state("server2", "Slave", "Running")


def test_refusals_are_shown(proxy):
    out, err, code = run(proxy, "set", "server", "server1", "master")
    assert (out, code) == ("", 1)
    first, _, body = err.partition("\n")
    assert first.endswith("responded with 400 Bad Request to `PUT servers/server1/set?state=master`")
    assert json.loads(body)["errors"][0]["detail"]
    assert "404 Not Found" in run(proxy, "show", "server", "nosuch")[1]
    assert "401 Unauthorized" in run(proxy, "-p", "wrong", "list", "servers")[1]


def test_commands_from_standard_input(proxy):
    out, err, code = run(proxy, "--tsv", stdin="list monitors\nshow server nosuch\n")
    assert out.startswith("MariaDB-Monitor\tRunning\tserver1, server2\nError: Server at ")
    assert (err, code) == ("", 0)


def test_check_monitors_names_the_replica_without_a_binary_log(make_cluster, make_proxy):
    cluster = make_cluster(binlog={1: False})
    proxy = make_proxy(cluster.servers)
    lab.wait_for("the monitor's first verdict", lambda: "server2" in run(
        proxy, "check", "monitors")[0])
    out, err, code = run(proxy, "check", "monitors")
    assert "log_bin" in out and "NOT READY" in out
    assert (err, code) == ("", 1)
    fields = dict(line.split("\t", 1) for line in
                  run(proxy, "--tsv", "show", "monitor", "MariaDB-Monitor")[0].splitlines())
    readiness = json.loads(fields["Monitor Diagnostics"])["readiness"]
    assert [f["id"] for f in readiness["findings"] if f["server"] == "server2"
            and f["severity"] == "blocker"]
