"""Configuration file, several hosts, commands from standard input, the prompt, help."""
import os
import pty
import re
import select
import subprocess
import time

import pytest

from maxctrl_support import ROOT, Rest, find_binary, run

ONE = {"GET servers": {"data": [{"id": "s1"}]}}


@pytest.fixture
def home(tmp_path):
    def write(text, mode=0o600, name=".maxctrl.cnf"):
        path = tmp_path / name
        path.write_text(text)
        path.chmod(mode)
        return path

    write.path = str(tmp_path)
    return write


def test_file_in_the_home_directory_is_used(home):
    with Rest(ONE) as rest:
        home(f"# mine\n[other]\nx=1\n[maxctrl]\nhosts = {rest.host}\nu=bob\npassword='p w'\ntsv=true\n")
        result = run("", "list", "servers", home=home.path)
        assert rest.headers[0]["Authorization"] == "Basic Ym9iOnAgdw=="
    assert (result.err, result.out.split("\t")[0]) == ("", "s1")


def test_command_line_wins_over_the_file(home):
    with Rest(ONE) as rest:
        home("[maxctrl]\nhosts=192.0.2.1:1\nuser=bob\ntsv=true\n")
        result = run(rest.host, "-u", "eve", "-p", "x", "--tsv=false", "list", "servers",
                     home=home.path)
        assert rest.headers[0]["Authorization"] == "Basic ZXZlOng="
    assert result.out.startswith("┌")


FILES = [
    ("[maxctrl]\n--user=x\n", "Error: Option names must be defined without hyphens: --user "
                              "(line 2 of FILE)"),
    ("[maxctrl]\nusr=x\n", "Error: Unknown option 'usr' on line 2 of FILE; the names are those of "
                           "`maxctrl --help` without hyphens"),
    ("[maxctrl]\nuser\n", "Error: Option 'user' on line 2 of FILE has no value"),
    ("[maxctrl]\ntsv=maybe\n", "Error: Option 'tsv' is 'true' or 'false', not 'maybe'. "
                               "(line 2 of FILE)"),
    ("user=x\n", "Error: FILE has no section [maxctrl]"),
    ("[maxctrl]\ntimeout=soon\n", "'soon' is not a valid duration."),
    ("[maxctrl]\nhelp=true\n", "Error: Unknown option 'help' on line 2 of FILE; the names are those "
                               "of `maxctrl --help` without hyphens"),
]


@pytest.mark.parametrize("text, error", FILES, ids=[repr(c[0]) for c in FILES])
def test_faulty_file(home, text, error):
    path = home(text, name="my.cnf")
    result = run("127.0.0.1:1", "-c", str(path), "list", "servers")
    assert (result.err, result.code) == (error.replace("FILE", str(path)) + "\n", 1)


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o601, 0o620, 0o610, 0o644])
def test_file_that_others_can_touch(home, mode):
    path = home("[maxctrl]\n", mode)
    result = run("127.0.0.1:1", "list", "servers", home=home.path)
    assert result.err == (f"Error: {path} exists, but can be accessed by group and world. Remove all "
                          "rights from everyone else but owner\n")


def test_group_may_read_the_file(home):
    home("[maxctrl]\ntsv=true\n", 0o640)
    with Rest(ONE) as rest:
        assert run(rest.host, "list", "servers", home=home.path).code == 0


def test_explicit_file_must_exist_and_be_named_cnf(home):
    missing = run("127.0.0.1:1", "-c", "/nonexistent/x.cnf", "list", "servers")
    assert missing.err == ("Error: cannot read the configuration file /nonexistent/x.cnf: No such "
                           "file or directory\n")
    wrong = run("127.0.0.1:1", "-c", "/etc/passwd", "list", "servers")
    assert wrong.err == "Error: /etc/passwd does not have a '.cnf' suffix\n"


def test_password_from_standard_input():
    with Rest(ONE) as rest:
        run(rest.host, "-p", "", "list", "servers", stdin=b"secret\n")
        assert rest.headers[0]["Authorization"] == "Basic YWRtaW46c2VjcmV0"
        result = run(rest.host, "--tsv", "-p", "", stdin=b"other\nlist servers\n")
        assert rest.headers[1]["Authorization"] == "Basic YWRtaW46b3RoZXI="
    assert result.out.startswith("s1\t")


def test_several_hosts_in_order():
    with Rest({"GET ": None, **ONE}) as one, Rest({"GET ": None, "GET servers": {"data": []}}) as two:
        result = run(f"{one.host},{two.host}", "--tsv", "list", "servers")
        assert [r[1] for r in one.requests] == ["", "servers"]
        assert [r[1] for r in two.requests] == ["", "servers"]
        assert result.out.split("\n") == [one.host, "s1\t\t\t\t\t\t", two.host, ""]


def test_one_missing_host_stops_all():
    with Rest({"GET ": None, "PUT monitors/M/stop": None}) as rest:
        result = run(f"{rest.host},127.0.0.1:1", "stop", "monitor", "M")
        assert [r[0] for r in rest.requests] == ["GET"]
    assert (result.out, result.err) == ("", "Error: Could not connect to MaxScale\n")


def test_port_may_be_left_out():
    result = run("127.0.0.99", "list", "servers")
    assert result.err == "Error: Could not connect to MaxScale\n"


def test_quiet():
    with Rest(ONE) as rest:
        result = run(rest.host, "-q", "list", "servers")
        failed = run(rest.host, "-q", "list", "services")
    assert (result.out, result.err, result.code) == ("", "", 0)
    assert failed.code == 1 and failed.err


def test_commands_from_standard_input():
    lines = b"list servers\n\n  set server 's 1' drain  \nbogus\nset server x\nset server x 'y\n" \
            b"--tsv list servers\nexit\nlist servers\n"
    with Rest({**ONE, "PUT servers/s%201/set?state=drain": None}) as rest:
        result = run(rest.host, "--tsv", stdin=lines)
    assert result.out.split("\n") == [
        "s1\t\t\t\t\t\t", "OK", "Unknown argument: bogus",
        "Not enough non-option arguments: got 1, need at least 2",
        "A quotation mark is not closed.",
        "Global options cannot be redefined in interactive mode: tsv", ""]
    assert (result.err, result.code) == ("", 0)


def test_dates_are_local():
    sessions = {"data": [{"id": "1", "attributes": {"connected": "Sun, 22 Nov 2026 18:05:09 GMT"}},
                         {"id": "2", "attributes": {"connected": None}},
                         {"id": "3", "attributes": {"connected": "never"}}]}
    with Rest({"GET sessions": sessions}) as rest:
        result = run(rest.host, "--tsv", "list", "sessions", env={"TZ": "UTC-2"})
    assert [line.split("\t")[3] for line in result.out.splitlines()] == [
        "11/22/2026, 8:05:09 PM", "", "never"]


def test_wide_and_combining_characters_line_up():
    with Rest({"GET filters": {"data": [{"id": "日本"}, {"id": "e\u0301a"}, {"id": "abcde"}]}}) as rest:
        result = run(rest.host, "list", "filters")
    assert result.out.splitlines()[3::2][:3] == [
        "│ 日本   │         │        │", "│ e\u0301a     │         │        │",
        "│ abcde  │         │        │"]


def commands():
    text = (ROOT / "docs/user/maxctrl.md").read_text()
    return [re.sub(r" \[?[A-Z].*| \[options.*", "", line[5:-1])
            for line in text.splitlines() if line.startswith("### `")]


def test_manual_is_current():
    result = run("", "--help-markdown")
    assert (ROOT / "docs/user/maxctrl.md").read_text() == result.out, \
        "run: maxctrl --help-markdown > docs/user/maxctrl.md"


def test_every_command_has_help():
    names = commands()
    assert len(names) > 80 and "list servers" in names and "classify" in names
    for name in names[::7]:
        result = run("", *name.split(), "--help")
        assert result.code == 0 and result.out.startswith(f"Usage: maxctrl {name}")
        assert "Global options:" in result.out
    assert run("", "--help").out.startswith("Usage: maxctrl ")
    assert "  list servers" in run("", "list", "--help").out


def test_version():
    result = run("", "--version")
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", result.out)


class Terminal:
    """maxctrl on a pseudo terminal."""

    def __init__(self, *args):
        self.master, slave = pty.openpty()
        env = {"HOME": "/nonexistent", "TERM": "xterm", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
        env.update({k: v for k, v in os.environ.items() if "SAN_OPTIONS" in k})
        self.process = subprocess.Popen([find_binary(), *args], stdin=slave, stdout=slave,
                                        stderr=slave, env=env, start_new_session=True)
        os.close(slave)
        self.seen = ""
        self.at = 0

    def send(self, text):
        os.write(self.master, text.encode())

    def wait_for(self, text):
        """Reads until `text` has come; returns what came before it since the last call."""
        end = time.monotonic() + 20
        while (found := self.seen.find(text, self.at)) < 0:
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            assert ready, f"{text!r} is missing in {self.seen[self.at:]!r}"
            try:
                self.seen += os.read(self.master, 4096).decode(errors="replace")
            except OSError:
                assert text in self.seen[self.at:], self.seen[self.at:]
        before = self.seen[self.at:found]
        self.at = found + len(text)
        return before

    def close(self):
        code = self.process.wait(timeout=20)
        os.close(self.master)
        return code


def test_prompt_runs_commands_and_completes():
    with Rest({"GET servers": {"data": [{"id": "primary"}, {"id": "replica"}]},
               "PUT servers/primary/set?state=maintenance": None}) as rest:
        terminal = Terminal("-h", rest.host)
        terminal.wait_for("maxctrl> ")
        terminal.send("set serv\tp\tmai\t\n")
        terminal.wait_for("\x1b[32mOK\x1b[39m")
        terminal.wait_for("maxctrl> ")
        terminal.send("list servers\n")
        assert "\x1b[36mServer" in terminal.wait_for("maxctrl> ")
        terminal.send("-h x list servers\n")
        terminal.wait_for("Global options cannot be redefined in interactive mode: hosts")
        terminal.wait_for("maxctrl> ")
        terminal.send("\x1b[A\x1b[A\n")
        terminal.wait_for("replica")
        terminal.wait_for("maxctrl> ")
        terminal.send("quit\n")
        assert terminal.close() == 0
    assert ("PUT", "servers/primary/set?state=maintenance", None) in rest.requests


def test_warnings_on_a_terminal():
    from maxctrl_support import Answer
    with Rest({"PATCH maxscale": Answer(None, headers={"Mxs-Warning": "one;two"})}) as rest:
        terminal = Terminal("-h", rest.host, "alter", "maxscale", "threads=1")
        text = terminal.wait_for("MAXCTRL_WARNINGS=0")
        assert terminal.close() == 0
    assert "Warning: one\r\nWarning: two\r\n" in text


def test_password_is_asked_for_without_echo():
    with Rest(ONE) as rest:
        terminal = Terminal("-h", rest.host, "-p", "", "list", "servers")
        terminal.wait_for("Enter password: ")
        terminal.send("secret\n")
        terminal.wait_for("s1")
        assert terminal.close() == 0
        assert rest.headers[0]["Authorization"] == "Basic YWRtaW46c2VjcmV0"
    assert "secret" not in terminal.seen
