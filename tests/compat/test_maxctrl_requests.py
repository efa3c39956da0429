"""Which requests the commands make: method, resource, body."""
import json

import pytest

from maxctrl_support import Answer, Rest, run


def change(**parameters):
    return {"data": {"attributes": {"parameters": parameters}}}


def ids(kind, *names):
    return {"data": [{"id": name, "type": kind} for name in names]}


def created(name, kind, attributes, **relationships):
    data = {"id": name, "type": kind, "attributes": attributes}
    if relationships:
        data["relationships"] = relationships
    return {"data": data}


SIMPLE = [
    ("set server s1 maintenance", "PUT servers/s1/set?state=maintenance", None),
    ("set server s1 maintenance --force", "PUT servers/s1/set?state=maintenance&force=yes", None),
    ("set --force server s1 drain", "PUT servers/s1/set?state=drain&force=yes", None),
    ("clear server s1 maint", "PUT servers/s1/clear?state=maint", None),
    ("enable log-priority info", "PATCH maxscale/logs", change(log_info=True)),
    ("disable log-priority warning", "PATCH maxscale/logs", change(log_warning=False)),
    ("start service S", "PUT services/S/start", None),
    ("start listener L", "PUT listeners/L/start", None),
    ("start monitor M", "PUT monitors/M/start", None),
    ("stop service S --force", "PUT services/S/stop?force=yes", None),
    ("stop listener L", "PUT listeners/L/stop", None),
    ("stop monitor M", "PUT monitors/M/stop", None),
    ("rotate logs", "POST maxscale/logs/flush/", None),
    ("reload service S", "POST services/S/reload", None),
    ("reload tls", "POST maxscale/tls/reload", None),
    ("reload session 7", "POST sessions/7/restart", None),
    ("reload sessions", "POST sessions/restart", None),
    ("destroy server s1", "DELETE servers/s1", None),
    ("destroy server s1 --force", "DELETE servers/s1?force=yes", None),
    ("destroy monitor M", "DELETE monitors/M", None),
    ("destroy service S", "DELETE services/S", None),
    ("destroy filter F", "DELETE filters/F", None),
    ("destroy listener L", "DELETE listeners/L", None),
    ("destroy user u", "DELETE users/inet/u", None),
    ("destroy session 9", "DELETE sessions/9?ttl=0", None),
    ("destroy session 9 --ttl=30", "DELETE sessions/9?ttl=30", None),
    ("create server s3 192.0.2.1 3003", "POST servers",
     created("s3", "servers", {"parameters": {"address": "192.0.2.1", "port": 3003}})),
    ("create server s3 192.0.2.1 abc", "POST servers",
     created("s3", "servers", {"parameters": {"address": "192.0.2.1", "port": "abc"}})),
    ("create server s3 /run/db.sock 3003 rank=secondary", "POST servers",
     created("s3", "servers", {"parameters": {"socket": "/run/db.sock", "rank": "secondary"}})),
    ("create server s4 address=192.0.2.1 port=3004 --services RW RO --monitors M", "POST servers",
     created("s4", "servers", {"parameters": {"address": "192.0.2.1", "port": 3004}},
             services=ids("services", "RW", "RO"), monitors=ids("monitors", "M"))),
    ("create monitor M mariadbmon user=u password=p monitor_interval=1s --servers s1 s2",
     "POST monitors",
     created("M", "monitors", {"module": "mariadbmon", "parameters": {
         "user": "u", "password": "p", "monitor_interval": "1s"}},
         servers=ids("servers", "s1", "s2"))),
    ("create service S readconnroute user=u password=p router_options=slave --servers s1",
     "POST services",
     created("S", "services", {"router": "readconnroute", "parameters": {
         "user": "u", "password": "p", "router_options": "slave"}},
         servers=ids("servers", "s1"))),
    ("create service S readwritesplit user=u password=p --cluster M --filters F G --services T",
     "POST services",
     created("S", "services", {"router": "readwritesplit",
                               "parameters": {"user": "u", "password": "p"}},
             monitors=ids("monitors", "M"), filters=ids("filters", "F", "G"),
             services=ids("services", "T"))),
    ("create filter F qlafilter filebase=/tmp/q append=false flush=0x10", "POST filters",
     created("F", "filters", {"module": "qlafilter", "parameters": {
         "filebase": "/tmp/q", "append": False, "flush": 16}})),
    ("create filter F hintfilter", "POST filters",
     created("F", "filters", {"module": "hintfilter", "parameters": {}})),
    ("create listener S L 4010 address=127.0.0.1", "POST listeners",
     created("L", "listeners", {"parameters": {"address": "127.0.0.1", "port": 4010}},
             services=ids("services", "S"))),
    ("create user u p", "POST users/inet",
     created("u", "inet", {"password": "p", "account": "basic"})),
    ("create user u 123 --type=admin", "POST users/inet",
     created("u", "inet", {"password": "123", "account": "admin"})),
    ("alter server s1 priority 5", "PATCH servers/s1", change(priority=5)),
    ("alter server s1 priority=5 rank=secondary", "PATCH servers/s1",
     change(priority=5, rank="secondary")),
    ("alter service S a true b local c -1ms", "PATCH services/S",
     change(a=True, b="local", c="-1ms")),
    ("alter service S servers=s1,s2 cluster= filters=F|G wait_timeout=0", "PATCH services/S",
     {"data": {"attributes": {"parameters": {"wait_timeout": 0}},
               "relationships": {"servers": ids("servers", "s1", "s2"),
                                 "filters": ids("filters", "F", "G"), "monitors": {"data": []}}}}),
    ("alter service S cluster=M", "PATCH services/S",
     {"data": {"relationships": {"monitors": ids("monitors", "M")}}}),
    ("alter service-filters S F G", "PATCH services/S",
     {"data": {"relationships": {"filters": ids("filters", "F", "G")}}}),
    ("alter service-filters S", "PATCH services/S",
     {"data": {"relationships": {"filters": {"data": []}}}}),
    ("alter monitor M servers=s1 monitor_interval=2s", "PATCH monitors/M",
     {"data": {"attributes": {"parameters": {"monitor_interval": "2s"}},
               "relationships": {"servers": ids("servers", "s1")}}}),
    ("alter filter F match baz", "PATCH filters/F", change(match="baz")),
    ("alter listener L MariaDBProtocol.allow_replication=false", "PATCH listeners/L",
     change(MariaDBProtocol={"allow_replication": False})),
    ("alter logging ms_timestamp true", "PATCH maxscale/logs", change(ms_timestamp=True)),
    ("alter maxscale threads=3 auth_connect_timeout=5s", "PATCH maxscale",
     change(threads=3, auth_connect_timeout="5s")),
    ("alter user u new", "PATCH users/inet/u", {"data": {"attributes": {"password": "new"}}}),
    ("alter session 4 log_info true", "PATCH sessions/4", change(log_info=True)),
    ("alter session-filters 4 F", "PATCH sessions/4",
     {"data": {"relationships": {"filters": ids("filters", "F")}}}),
    ("alter session-filters 4", "PATCH sessions/4",
     {"data": {"relationships": {"filters": {"data": []}}}}),
    ("--skip-sync alter server s1 priority=5", "PATCH servers/s1?sync=false", change(priority=5)),
    ("--skip-sync set server s1 drain", "PUT servers/s1/set?state=drain&sync=false", None),
]


@pytest.mark.parametrize("words, request_line, body", SIMPLE, ids=[case[0] for case in SIMPLE])
def test_one_request(words, request_line, body):
    with Rest({request_line: None}) as rest:
        result = run(rest.host, *words.split())
    method, resource = request_line.split(" ", 1)
    assert rest.requests == [(method, resource, body)]
    assert (result.out, result.err, result.code) == ("OK\n", "", 0)


VALUES = [
    ("5", 5), ("-3", -3), ("1.5", 1.5), ("2e3", 2000), ("0x1F", 31), ("0b11", 3), ("007", 7),
    ("true", True), ("false", False), ("True", "True"), ("", ""), ("1s", "1s"), ("0x", "0x"),
    (".", "."), ("1e", "1e"), ("Infinity", "Infinity"), ("a=b", "a=b"),
    ('{"a": [1, 2]}', {"a": [1, 2]}), ("[1]", [1]), ("{broken", "{broken"),
    ("123456789012345678901234567890", "123456789012345678901234567890"),
    ("überall", "überall"), ("a b", "a b"),
]


@pytest.mark.parametrize("text, value", VALUES, ids=[case[0] or "empty" for case in VALUES])
def test_values_of_parameters(text, value):
    with Rest({"PATCH maxscale": None}) as rest:
        result = run(rest.host, "alter", "maxscale", f"key={text}")
    assert result.code == 0, result.err
    assert rest.requests[0][2] == change(key=value)


def test_names_stay_one_part_of_the_path():
    with Rest({"PUT servers/a%20b%2F..%3Fx%23%25/set?state=drain": None}) as rest:
        result = run(rest.host, "set", "server", "a b/..?x#%", "drain")
    assert (result.err, result.code) == ("", 0)


def test_credentials_and_type_are_sent():
    with Rest({"POST sessions/restart": None}) as rest:
        run(rest.host, "-u", "bob", "--password=s:cret", "reload", "sessions")
    assert rest.headers[0]["Authorization"] == "Basic Ym9iOnM6Y3JldA=="
    assert rest.headers[0]["Content-Length"] == "0"


def collections(**more):
    answers = {"GET servers": {"data": [{"id": "s1"}, {"id": "s2"}]},
               "GET services": {"data": [{"id": "S"}, {"id": "T"}]},
               "GET monitors": {"data": [{"id": "M"}]},
               "GET filters": {"data": [{"id": "F"}, {"id": "G"}]},
               "GET services/S": {"data": {"id": "S", "relationships": {
                   "servers": ids("servers", "s1"), "filters": ids("filters", "F"),
                   "monitors": ids("monitors", "old")}}},
               "GET monitors/M": {"data": {"id": "M", "relationships": {
                   "servers": ids("servers", "s1", "s2")}}},
               "PATCH services/S": None, "PATCH monitors/M": None}
    answers.update(more)
    return answers


def test_link_service_extends_what_is_there():
    with Rest(collections()) as rest:
        result = run(rest.host, "link", "service", "S", "s2", "G", "T", "M", "s1")
    assert (result.out, result.err) == ("OK\n", "")
    assert rest.requests[-1] == ("PATCH", "services/S", {"data": {"relationships": {
        "servers": ids("servers", "s1", "s2"), "filters": ids("filters", "F", "G"),
        "services": ids("services", "T"), "monitors": ids("monitors", "M")}}})


def test_link_monitor_takes_servers_only():
    with Rest(collections()) as rest:
        result = run(rest.host, "link", "monitor", "M", "S")
    assert result.err == "Error: Object 'S' is not a valid server, service or monitor\n"
    assert result.code == 1
    assert not [r for r in rest.requests if r[0] == "PATCH"]


def test_unlink_removes_and_ignores_unknown_names():
    with Rest(collections()) as rest:
        result = run(rest.host, "unlink", "monitor", "M", "s1", "nosuch")
    assert result.out == "OK\n"
    assert rest.requests == [
        ("GET", "monitors/M", None),
        ("PATCH", "monitors/M", {"data": {"relationships": {"servers": ids("servers", "s2")}}})]


def test_unlink_of_nothing_changes_nothing():
    with Rest(collections()) as rest:
        result = run(rest.host, "unlink", "service", "S", "nosuch")
    assert result.out == "OK\n"
    assert rest.requests == [("GET", "services/S", None)]


def test_alter_service_targets_are_servers_and_services():
    with Rest(collections()) as rest:
        result = run(rest.host, "alter", "service", "S", "targets=s2, T")
    assert result.err == ""
    assert rest.requests[-1][2] == {"data": {"relationships": {
        "servers": ids("servers", "s2"), "services": ids("services", "T")}}}


def test_start_services_starts_each():
    with Rest({"GET services/": {"data": [{"id": "S"}, {"id": "T"}]},
               "PUT services/S/stop?force=yes": None, "PUT services/T/stop?force=yes": None}) as rest:
        result = run(rest.host, "stop", "maxscale", "--force")
    assert result.out == "OK\n"
    assert [r[1] for r in rest.requests[1:]] == ["services/S/stop?force=yes",
                                                 "services/T/stop?force=yes"]


def test_destroy_listener_of_a_service_looks_first():
    with Rest({"GET services/S/listeners/L": {"data": {"id": "L"}}, "DELETE listeners/L": None}) as rest:
        result = run(rest.host, "destroy", "listener", "S", "L")
    assert result.out == "OK\n"
    with Rest({"DELETE listeners/L": None}) as rest:
        result = run(rest.host, "destroy", "listener", "T", "L")
    assert result.code == 1
    assert rest.requests == [("GET", "services/T/listeners/L", None)]


MODULE = {"GET maxscale/modules/mod/": {"data": {"attributes": {"commands": [
    {"id": "do", "attributes": {"method": "POST"}}]}}}}


def test_call_command_uses_the_method_of_the_module():
    with Rest({**MODULE, "POST maxscale/modules/mod/do?M&s1&timeout=5": None}) as rest:
        result = run(rest.host, "call", "command", "mod", "do", "M", "s1", "timeout=5")
    assert (result.out, result.err) == ("OK\n", "")


def test_call_command_prints_meta():
    with Rest({**MODULE, "POST maxscale/modules/mod/do?": {"meta": {"a": [1, "x"]}}}) as rest:
        result = run(rest.host, "call", "command", "mod", "do")
    assert result.out == '{\n    "a": [\n        1,\n        "x"\n    ]\n}\n'


def test_call_of_an_unknown_command_shows_what_the_server_says():
    with Rest(MODULE) as rest:
        result = run(rest.host, "call", "command", "mod", "nosuch", "x")
    assert rest.requests[-1][:2] == ("GET", "maxscale/modules/mod/nosuch?x")
    assert "responded with 404 Not Found to `GET maxscale/modules/mod/nosuch?x`\n{\n" in result.err


API = {"data": [{"id": "a", "n": 1, "deep": [{"k": 1}]}, {"id": "b", "n": 2.5}]}
API_CASES = [
    (["servers"], json.dumps(API, separators=(",", ":"))),
    (["servers", "data[].id"], '["a","b"]'),
    (["servers", "data[1].id"], '"b"'),
    (["servers", "data[].deep[].k"], "[[1],null]"),
    (["servers", 'data[0]["deep"][0].k'], "1"),
    (["servers", "nosuch"], None),
    (["--sum", "servers", "data[].n"], "3.5"),
    (["/v1/servers", "data[0].n"], "1"),
    (["--pretty", "servers", "data[0].deep"], '[\n  {\n    "k": 1\n  }\n]'),
]


@pytest.mark.parametrize("args, expected", API_CASES, ids=[" ".join(c[0]) for c in API_CASES])
def test_api_get(args, expected):
    with Rest({"GET servers": API}) as rest:
        result = run(rest.host, "api", "get", *args)
    assert result.err == ""
    assert result.out == ("" if expected is None else expected + "\n")


def test_api_post_and_patch():
    with Rest({"POST servers": None, "PATCH servers/x": {"ok": True}}) as rest:
        assert run(rest.host, "api", "post", "servers", '{"a": 1}').out == "OK\n"
        patched = run(rest.host, "api", "patch", "servers/x", "{}", "--pretty")
    assert patched.out == '{\n    "ok": true\n}\n'
    assert rest.requests == [("POST", "servers", {"a": 1}), ("PATCH", "servers/x", {})]


def test_list_queries_shows_what_runs():
    sessions = {"data": [
        {"id": "1", "attributes": {"user": "app", "remote": "::1", "queries": [
            {"statement": "SELECT " + "x" * 200, "received": "Thu, 01 Jan 1970 00:00:00 GMT"}]}},
        {"id": "2", "attributes": {"user": "app", "remote": "::1", "queries": [
            {"statement": "SELECT 1", "received": "Thu, 01 Jan 1970 00:00:00 GMT",
             "completed": "Thu, 01 Jan 1970 00:00:01 GMT"}]}}]}
    maxscale = {"data": {"attributes": {"parameters": {"retain_last_statements": 1}}}}
    with Rest({"GET maxscale": maxscale, "GET sessions": sessions}) as rest:
        result = run(rest.host, "--tsv", "list", "queries", "-l", "20")
        whole = run(rest.host, "--tsv", "list", "queries", "--max-length=0")
    fields = result.out.rstrip("\n").split("\t")
    assert fields[:3] == ["1", "app", "::1"]
    assert fields[3].endswith("s") and int(fields[3][:-1]) > 1_000_000_000
    assert fields[4] == "SELECT xxxxxxxxxx..."
    assert whole.out.rstrip("\n").endswith("x" * 200)


def test_report_holds_every_part_and_survives_a_missing_one(tmp_path):
    parts = {"maxscale": "maxscale", "servers": "servers", "services": "services",
             "monitors": "monitors", "listeners": "listeners", "filters": "filters",
             "sessions": "sessions", "users": "users", "modules": "maxscale/modules",
             "query_classifier": "maxscale/query_classifier", "threads": "maxscale/threads",
             "logs": "maxscale/logs/data?page[size]=7"}
    answers = {f"GET {resource}": {"data": key} for key, resource in parts.items()}
    file = tmp_path / "report.json"
    with Rest(answers) as rest:
        printed = run(rest.host, "create", "report", "--lines=7")
        saved = run(rest.host, "create", "report", str(file), "--lines=7")
    report = json.loads(printed.out)
    assert list(report) == [*parts, "server_diagnostics"]
    assert report["logs"] == {"data": "logs"}
    assert "404" in report["server_diagnostics"]["error"]
    assert printed.out.startswith('{\n  "maxscale": {\n    "data"')
    assert saved.out == "OK\n"
    assert json.loads(file.read_text())["users"] == {"data": "users"}
    assert file.stat().st_mode & 0o077 == 0


def test_stacktraces_are_counted_and_folded():
    answer = {"data": {"attributes": {"profile": [["c", "b", "a"], ["z", "a"], ["c", "b", "a"]]}}}
    with Rest({"GET maxscale/debug/stacktrace": answer}) as rest:
        plain = run(rest.host, "debug", "stacktrace")
        folded = run(rest.host, "debug", "stacktrace", "--fold")
    assert plain.out == "Count: 2\nc\nb\na\n\nCount: 1\nz\na\n"
    assert folded.out == "a;b;c 2\na;z 1\n"


def test_warnings_are_for_terminals_only():
    with Rest({"PATCH maxscale": Answer(None, headers={"Mxs-Warning": "one;two"})}) as rest:
        result = run(rest.host, "alter", "maxscale", "threads=1")
    assert result.out == "OK\n"
