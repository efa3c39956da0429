"""maxscale --config-check: good and bad configurations, all mistakes with line and hint."""
import os
import re
import shutil
import subprocess

import pytest

from lab import lab

BASE = """[maxscale]
threads=2

[server1]
type=server
address=127.0.0.1
port=3001

[Mon]
type=monitor
module=mariadbmon
servers=server1
user=monitor_user
password=monitor_user

[Svc]
type=service
router=readwritesplit
servers=server1
user=maxscale
password=maxscale

[Lst]
type=listener
service=Svc
port=4006
"""


@pytest.fixture
def folder():
    path = lab.scratch("mx-config-")
    for part in ("bin", "lib64"):
        os.symlink(os.path.join(lab.ROOT, part), os.path.join(path, part))
    yield path
    shutil.rmtree(path, ignore_errors=True)


def check(folder, text, *arguments, environment=None):
    """Exit code and the lines of level warning and worse."""
    file = os.path.join(folder, "test.cnf")
    with open(file, "w", encoding="utf-8") as out:
        out.write(text)
    command = [os.path.join(lab.ROOT, "bin", "maxscale"), "-c", "-f", file, f"--basedir={folder}",
               *arguments]
    if os.geteuid() == 0:
        command.append("--user=root")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60,
                          env=dict(os.environ, **(environment or {})))
    lines = [line for line in done.stdout.splitlines()
             if re.match(r"[-0-9: ]{19}   (warning|error  |alert  )", line)]
    return done.returncode, lines, done.stdout + done.stderr


def errors(lines):
    return [line for line in lines if " error  : " in line]


def change(old, new):
    assert old in BASE
    return BASE.replace(old, new)


GOOD = {
    "ok": BASE,
    "empty": "",
    "no_services": "[maxscale]\nthreads=2\n",
    "cluster": change("router=readwritesplit\nservers=server1", "router=readwritesplit\ncluster=Mon"),
    "include": BASE.replace("[Svc]", "[Common]\ntype=include\nuser=maxscale\n\n[Svc]\n@include=Common"),
    "size_units": change("router=readwritesplit",
                         "router=readwritesplit\ntransaction_replay_max_size=1Mi"),
    "threads_big": change("threads=2", "threads=300"),
    "threads_auto": change("threads=2", "threads=auto"),
    "compound_duration": change("module=mariadbmon", "module=mariadbmon\nmonitor_interval=1m30s"),
    "aliases_and_old_names": BASE.replace("port=3001", "port=3001\nprotocol=MariaDBBackend")
    .replace("service=Svc", "service=Svc\nprotocol=MariaDBClient"),
    "targets": change("router=readwritesplit\nservers=", "router=readwritesplit\ntargets="),
    "global_in_other_case": change("[maxscale]", "[MaxScale]"),
    "skipped_names": change("threads=2", "threads=2\nskip_name_resolve=true\n"
                            "admin_readwrite_hosts=10.0.0.0/8,::1"),
    "proxy_networks": change("port=4006",
                             "port=4006\nproxy_protocol_networks=10.0.0.0/8 ::1,localhost"),
    "proxy_any": change("port=4006", "port=4006\nproxy_protocol_networks=*"),
    "continuation": change("servers=server1\nuser=maxscale", "servers=\n  server1\nuser=maxscale"),
}

# Name: (text, what an error line must hold)
BAD = {
    "bad_bool": (change("router=readwritesplit", "router=readwritesplit\ntransaction_replay=maybe"),
                 "test.cnf:19: [Svc] transaction_replay: 'maybe'"),
    "bad_duration": (change("module=mariadbmon", "module=mariadbmon\nmonitor_interval=5x"),
                     "test.cnf:12: [Mon] monitor_interval: '5x'"),
    "plain_duration": (change("module=mariadbmon", "module=mariadbmon\nmonitor_interval=2000"),
                       "2000ms"),
    "bad_enum": (change("router=readwritesplit", "router=readwritesplit\ncausal_reads=bogus"),
                 "'bogus' is not"),
    "bad_int": (change("port=3001", "port=abc"), "test.cnf:7: [server1] port: 'abc'"),
    "bad_size": (change("router=readwritesplit",
                        "router=readwritesplit\ntransaction_replay_max_size=1Q"), "'1Q'"),
    "bad_regex": (change("threads=2", "threads=2\nsession_trace_match=/(/"), "position"),
    "percent_for_count": (change("router=readwritesplit",
                                 "router=readwritesplit\nmax_slave_connections=50%"), "'50%'"),
    "port_range": (change("port=3001", "port=99999"), "65535"),
    "listener_port_range": (change("port=4006", "port=70000"), "65535"),
    "dup_listener_port": (BASE + "\n[L2]\ntype=listener\nservice=Svc\nport=4006\n", "'Lst'"),
    "dup_section": (BASE + "\n[server1]\ntype=server\naddress=127.0.0.1\nport=3002\n",
                    "test.cnf:4"),
    "dup_server_addr": (BASE + "\n[s2]\ntype=server\naddress=127.0.0.1\nport=3001\n", "'server1'"),
    "env_subst": (change("threads=2", "threads=2\nsubstitute_variables=1")
                  .replace("port=3001", "port=$MX_NO_SUCH_VARIABLE"), "MX_NO_SUCH_VARIABLE"),
    "proxy_network": (change("port=4006", "port=4006\nproxy_protocol_networks=10.0.0.0/8,host"),
                      "test.cnf:27: [Lst] proxy_protocol_networks: 'host' is no address"),
    "proxy_any_and_more": (change("port=4006", "port=4006\nproxy_protocol_networks=*,::1"),
                           "has to stand alone"),
    "listener_no_port": (change("port=4006\n", ""), "'port' nor 'socket'"),
    "listener_no_service": (change("service=Svc\n", ""), "[Lst] service"),
    "listener_unknown_service": (change("service=Svc", "service=Svx"), "Did you mean 'Svc'?"),
    "missing_router": (change("router=readwritesplit\n", ""), "[Svc] router"),
    "missing_type": (change("type=server\n", ""), "[server1]"),
    "missing_user": (change("servers=server1\nuser=maxscale\n", "servers=server1\n"), "[Svc] user"),
    "name_space": (BASE.replace("[Svc]", "[My Service]").replace("service=Svc", "service=My Service"),
                   "blanks"),
    "no_section": ("a=b\n" + BASE, "test.cnf:1:"),
    "reserved_name": (BASE + "\n[@@x]\ntype=server\naddress=127.0.0.1\nport=3009\n", "@@"),
    "router_options_unknown": (change("router=readwritesplit",
                                      "router=readconnroute\nrouter_options=bogus"), "'bogus'"),
    "skipped_names_of_admin_hosts": (change("threads=2", "threads=2\nskip_name_resolve=true\n"
                                            "admin_readonly_hosts=10.0.0.0/8,%.example.com"),
                                     "test.cnf:3: [maxscale] skip_name_resolve"),
    "server_no_address": (change("address=127.0.0.1\n", ""), "'address' nor 'socket'"),
    "service_targets_and_servers": (change("router=readwritesplit",
                                           "router=readwritesplit\ntargets=server1"), "Only one"),
    "syntax_error": (BASE + "\n[Broken\n", "[Broken"),
    "threads_bad": (change("threads=2", "threads=many"), "'many'"),
    "threads_zero": (change("threads=2", "threads=0"), "too small"),
    "tls_missing_files": (change("port=4006", "port=4006\nssl=true\nssl_cert=/nonexistent/c.pem"),
                          "/nonexistent/c.pem"),
    "tls_without_certificate": (change("port=4006", "port=4006\nssl=true"), "ssl_cert"),
    "two_monitors": (BASE + "\n[Mon2]\ntype=monitor\nmodule=mariadbmon\nservers=server1\n"
                     "user=u\npassword=p\n", "'server1'"),
    "unknown_filter": (change("router=readwritesplit", "router=readwritesplit\nfilters=NoF"), "'NoF'"),
    "unknown_monitor_module": (change("module=mariadbmon", "module=mariadbmom"),
                               "Did you mean 'mariadbmon'?"),
    "unknown_param_maxscale": (change("threads=2", "threads=2\nthread=1"), "Did you mean 'threads'?"),
    "unknown_param_server": (change("port=3001", "port=3001\nadress=1"), "Did you mean 'address'?"),
    "unknown_router": (change("router=readwritesplit", "router=readwritesplt"),
                       "Did you mean 'readwritesplit'?"),
    "unknown_server": (change("module=mariadbmon\nservers=server1", "module=mariadbmon\nservers=server9"),
                       "'server9'"),
    "unknown_type": (change("type=server\n", "type=servr\n"), "Did you mean 'server'?"),
    "circle": (BASE + "\n[A]\ntype=service\nrouter=readconnroute\ntargets=B\nuser=u\npassword=p\n"
               "[B]\ntype=service\nrouter=readconnroute\ntargets=A\nuser=u\npassword=p\n", "circle"),
}


@pytest.mark.parametrize("name", sorted(GOOD))
def test_good(folder, name):
    code, lines, output = check(folder, GOOD[name])
    assert code == 0, output
    assert errors(lines) == []
    assert "Configuration was successfully verified." in output


@pytest.mark.parametrize("name", sorted(BAD))
def test_bad(folder, name):
    text, expected = BAD[name]
    code, lines, output = check(folder, text)
    assert code == 1, output
    assert any(expected in line for line in errors(lines)), output
    assert "Sanitizer" not in output


TWENTY = """[maxscale]
threads=many
admin_port=70000
log_inf=1

[server1]
type=server
address=127.0.0.1
port=0
rank=third
persistmaxtime=10

[server1]
type=server

[server 2]
type=server
address=127.0.0.1
socket=/x

[Mon]
type=monitor
module=mariadbmon
servers=server7
user=monitor_user
monitor_interval=2
failcount=-1
auto_failover=perhaps

[Svc]
type=service
router=readwritesplit
servers=server1
user=maxscale
password=maxscale
enable_root_user=maybe
max_connections=ten
filters=None
slave_selection_criteria=BEST

[Lst]
type=listener
service=Service
port=99999
protocol=NoProtocol

[Odd]
type=thing
"""
TWENTY_LINES = [2, 3, 4, 9, 10, 11, 13, 16, 19, 21, 24, 26, 27, 28, 36, 37, 38, 39, 43, 44, 45, 48]


def test_twenty_mistakes_at_once(folder):
    code, lines, output = check(folder, TWENTY)
    assert code == 1
    found = [int(re.search(r"test\.cnf:(\d+):", line).group(1)) for line in errors(lines)]
    assert sorted(found) == sorted(TWENTY_LINES), output
    assert all(" Hint: " in line for line in errors(lines)), output


def test_persisted_section_replaces_the_static_one(folder):
    persist = os.path.join(folder, "var/lib/maxscale/maxscale.cnf.d")
    os.makedirs(persist)
    with open(os.path.join(persist, "Svc.cnf"), "w", encoding="utf-8") as out:
        out.write("[Svc]\ntype=service\nrouter=readwritesplit\ntargets=server1\nuser=u\npassword=p\n"
                  "max_connections=wrong\n")
    code, lines, output = check(folder, BASE)
    assert code == 1
    assert any("Svc.cnf:7: [Svc] max_connections" in line for line in lines), output
    assert any("warning" in line and "test.cnf:16" in line for line in lines), output
    code, lines, output = check(folder, BASE.replace("threads=2", "load_persisted_configs=false"))
    assert code == 0, output


def test_additional_files(folder):
    extra = os.path.join(folder, "test.cnf.d", "deep", "er")
    hidden = os.path.join(folder, "test.cnf.d", ".hidden")
    os.makedirs(extra)
    os.makedirs(hidden)
    with open(os.path.join(extra, "a.cnf"), "w", encoding="utf-8") as out:
        out.write("[server2]\ntype=server\naddress=127.0.0.1\nport=wrong\n")
    for name in (os.path.join(extra, "b.txt"), os.path.join(hidden, "c.cnf"),
                 os.path.join(extra, ".d.cnf")):
        with open(name, "w", encoding="utf-8") as out:
            out.write("not a configuration\n")
    code, lines, output = check(folder, BASE)
    assert code == 1
    assert len(errors(lines)) == 1 and "a.cnf:4: [server2] port" in errors(lines)[0], output
    with open(os.path.join(extra, "a.cnf"), "w", encoding="utf-8") as out:
        out.write("[maxscale]\nthreads=1\n")
    code, lines, output = check(folder, BASE)
    assert code == 1 and "main file" in errors(lines)[0], output


def test_unsupported_parameter_is_named_once(folder):
    text = change("threads=2", "threads=2\ntrace_file_size=1M")
    code, lines, output = check(folder, text)
    assert code == 0
    named = [line for line in lines if "trace_file_size" in line]
    assert len(named) == 1 and "no effect" in named[0], output


def test_export_writes_one_file_that_reads_back(folder):
    target = os.path.join(folder, "all.cnf")
    text = GOOD["include"]
    file = os.path.join(folder, "test.cnf")
    with open(file, "w", encoding="utf-8") as out:
        out.write(text)
    command = [os.path.join(lab.ROOT, "bin", "maxscale"), f"--export-config={target}", "-f", file,
               f"--basedir={folder}"]
    if os.geteuid() == 0:
        command.append("--user=root")
    assert subprocess.run(command, capture_output=True, timeout=60).returncode == 0
    with open(target, encoding="utf-8") as exported:
        merged = exported.read()
    assert merged.startswith("# Generated by MaxScale ")
    assert "@include" not in merged and "type=include" not in merged
    assert check(folder, merged)[0] == 0
    again = subprocess.run(command, capture_output=True, timeout=60, text=True)
    assert again.returncode == 1 and "never overwritten" in again.stdout


def test_missing_file(folder):
    command = [os.path.join(lab.ROOT, "bin", "maxscale"), "-c", f"--basedir={folder}"]
    if os.geteuid() == 0:
        command.append("--user=root")
    done = subprocess.run(command, capture_output=True, timeout=60, text=True)
    assert done.returncode == 1
    assert os.path.join(folder, "etc/maxscale.cnf") in done.stdout and "--config=FILE" in done.stdout
