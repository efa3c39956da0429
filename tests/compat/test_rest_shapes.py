"""The REST API of the running program beside recordings of the reference: names and JSON types of
every member (data/rest/*.json hold only those), module parameters and commands, classifications.

Every difference is a row in differences.md with its reason; a row that is not needed fails too."""
import json
import os
import pathlib
import re
import shutil
import sys

import pymysql
import pytest
import requests

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tools"))
from lab import lab  # noqa: E402

DATA = HERE / "data" / "rest"
AUTH = ("admin", "mariadb")

# Recording: path. The services and listeners are those of the recorded configuration.
PATHS = {
    "servers": "servers", "server": "servers/server2", "services": "services",
    "service_readwritesplit": "services/Read-Write-Service",
    "service_readconnroute": "services/Read-Connection-Router", "listeners": "listeners",
    "listener": "listeners/Read-Write-Listener", "monitors": "monitors",
    "monitor": "monitors/MariaDB-Monitor", "sessions": "sessions", "filters": "filters",
    "maxscale": "maxscale", "threads": "maxscale/threads", "thread": "maxscale/threads/0",
    "logs": "maxscale/logs", "logs_data": "maxscale/logs/data?page[size]=3",
    "logs_entries": "maxscale/logs/entries?page[size]=3", "memory": "maxscale/memory",
    "query_classifier": "maxscale/query_classifier", "users": "users", "user": "users/inet/admin",
    "users_unix": "users/unix", "auth": "auth",
    "server_services": "servers/server1/relationships/services",
    "server_monitors": "servers/server1/relationships/monitors",
    "monitor_servers": "monitors/MariaDB-Monitor/relationships/servers",
    "service_servers": "services/Read-Write-Service/relationships/servers",
    "service_listener_relation": "services/Read-Write-Service/relationships/listeners",
    "service_listeners": "services/Read-Write-Service/listeners",
    "service_listener": "services/Read-Write-Service/listeners/Read-Write-Listener",
    "listener_services": "listeners/Read-Write-Listener/relationships/services",
    "termination": "maxscale/debug/termination_in_process",
    "servers_page": "servers?page[size]=1&page[number]=0",
}
# What a client says of itself, and options of modules, are not of the program.
IGNORED = re.compile(r"connection_attributes|/memory/connection_buffers/backends/")


class Rest:
    def __init__(self, port):
        self.base = f"http://127.0.0.1:{port}/v1/"

    def get(self, path):
        answer = requests.get(self.base + path, auth=AUTH, timeout=20)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.json()


@pytest.fixture(scope="module")
def rest():
    folders = [lab.scratch("mx-rest-"), lab.scratch("mx-rest-proxy-")]
    cluster = lab.Cluster(folders[0], 1)
    ports = [lab.free_port() for _ in range(3)]
    proxy = None
    client = None
    try:
        cluster.start()
        config = lab.walkthrough_config(cluster.servers, {
            "maxscale": {"admin_secure_gui": "false", "threads": "2"},
            "Read-Connection-Router": {
                "type": "service", "router": "readconnroute", "servers": "server1,server2",
                "user": "maxscale", "password": "maxscale", "router_options": "master"},
            "Read-Connection-Listener": {
                "type": "listener", "service": "Read-Connection-Router", "port": ports[1]},
        }, ports[0], ports[2])
        proxy = lab.MaxScale(folders[1], config, ports[2])
        proxy.start()
        proxy.wait_state("server2", "Slave", "Running")
        for port in ports[:2]:
            lab.wait_for("accounts", lambda p=port: pymysql.connect(
                host="127.0.0.1", port=p, user="app", password="app").close() or True)
        client = pymysql.connect(host="127.0.0.1", port=ports[0], user="app", password="app")
        with client.cursor() as cursor:
            cursor.execute("SELECT 1")
        yield Rest(ports[2])
        client.close()
        assert proxy.stop() == 0, proxy.text_output()[-3000:]
        proxy = None
    finally:
        if proxy is not None:
            proxy.stop()
        cluster.stop()
        if os.environ.get("MX_KEEP") != "1":
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)


def shape(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, list):
        merged = None
        for item in value:
            merged = merge(merged, shape(item))
        return [] if merged is None else [merged]
    return {key: shape(item) for key, item in value.items()}


def merge(one, two):
    if one is None or one == "null":
        return two
    if two == "null":
        return one
    if isinstance(one, dict) and isinstance(two, dict):
        return {key: merge(one[key], two[key]) if key in one and key in two
                else one.get(key, two.get(key)) for key in {*one, *two}}
    if isinstance(one, list) and isinstance(two, list):
        return [merge(one[0], two[0])] if one and two else one or two
    return one


def compare(recorded, ours, path, found):
    """Adds (path, what) for each difference. null goes with everything: a value may be unset."""
    if IGNORED.search(path) or "null" in (recorded, ours):
        return
    if isinstance(recorded, dict) and isinstance(ours, dict):
        for key in recorded.keys() | ours.keys():
            at = f"{path}/{key}"
            if IGNORED.search(at):
                continue
            if key not in ours:
                found.add((at, "missing"))
            elif key not in recorded:
                found.add((at, "extra"))
            else:
                compare(recorded[key], ours[key], at, found)
    elif isinstance(recorded, list) and isinstance(ours, list):
        if recorded and ours:
            compare(recorded[0], ours[0], path + "/*", found)
    elif recorded != ours:
        found.add((path, "type"))


def listed():
    """{(where pattern, path, what)} of differences.md"""
    rows = set()
    for line in (HERE / "differences.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 4 and cells[2] in ("missing", "extra", "type", "value"):
            assert cells[3], f"no reason: {line}"
            rows.add(tuple(cells[:3]))
    return rows


USED = set()


def expect_no_others(name, found):
    unexpected = []
    for path, what in sorted(found):
        rows = [row for row in listed() if row[2] == what and re.fullmatch(row[0], name)
                and (path == row[1] or path.endswith("/" + row[1]))]
        USED.update(rows)
        if not rows:
            unexpected.append((path, what))
    assert not unexpected, f"{name}: not in differences.md: {unexpected}"


@pytest.mark.parametrize("name", sorted(PATHS))
def test_members_and_types(rest, name):
    recorded = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    found = set()
    compare(recorded, shape(rest.get(PATHS[name])), "", found)
    expect_no_others(name, found)


MODULES = json.loads((DATA / "modules.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(MODULES))
def test_module_parameters_and_commands(rest, name):
    recorded = MODULES[name]
    attributes = rest.get(f"maxscale/modules/{name}")["data"]["attributes"]
    ours = {row["name"]: row for row in attributes["parameters"]}
    found = set()
    if sorted(attributes) != recorded["attributes"] or attributes["module_type"] != recorded["type"]:
        found.add(("/attributes", "value"))
    for parameter, row in recorded["parameters"].items():
        at = f"/parameters/{parameter}"
        if parameter not in ours:
            found.add((at, "missing"))
            continue
        for key, value in row.items():
            if ours[parameter].get(key) != value:
                found.add((f"{at}/{key}", "value" if key in ours[parameter] else "missing"))
        for key in ours[parameter].keys() - row.keys() - {"name", "description"}:
            found.add((f"{at}/{key}", "extra"))
    found.update((f"/parameters/{name_}", "extra") for name_ in ours.keys() - recorded["parameters"].keys())
    commands = {f"{row['id']} {row['attributes']['method']} "
                + " ".join(p["type"] for p in row["attributes"]["parameters"])
                for row in attributes["commands"]}
    found.update((f"/commands/{row}", "missing") for row in set(recorded["commands"]) - commands)
    found.update((f"/commands/{row}", "extra") for row in commands - set(recorded["commands"]))
    expect_no_others(f"module {name}", found)


CLASSIFY = json.loads((DATA / "classify.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("sql", sorted(CLASSIFY))
def test_classification(rest, sql):
    path = "maxscale/query_classifier/classify?sql=" + requests.utils.quote(sql, safe="")
    ours = rest.get(path)["data"]["attributes"]
    found = {(f"/{key}", "value") for key in CLASSIFY[sql].keys() | ours.keys()
             if CLASSIFY[sql].get(key) != ours.get(key)}
    expect_no_others("classify", found)


def test_every_listed_difference_is_one():
    """Runs last in this file; alone it says nothing."""
    if not USED:
        pytest.skip("the comparisons did not run")
    assert not listed() - USED, f"not differences any more: {sorted(listed() - USED)}"
