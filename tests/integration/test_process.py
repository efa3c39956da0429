"""The process: versions, root, foreground and daemon, locks, signals, log rotation."""
import os
import shutil
import signal
import socket
import subprocess

import pytest

from lab import lab

EXE = os.path.join(lab.ROOT, "bin", "maxscale")


def config(more=""):
    return (f"[maxscale]\nthreads=2\nadmin_port={lab.free_port()}\n{more}\n"
            "[server1]\ntype=server\naddress=127.0.0.1\nport=1\n")


class Place:
    """A base folder with a configuration, and the processes that run in it."""

    def __init__(self, text):
        self.folder = lab.scratch("mx-process-")
        for part in ("bin", "lib64"):
            os.symlink(os.path.join(lab.ROOT, part), os.path.join(self.folder, part))
        os.makedirs(os.path.join(self.folder, "etc"))
        self.write(text)
        self.log_file = os.path.join(self.folder, "var/log/maxscale/maxscale.log")
        self.pid_file = os.path.join(self.folder, "var/run/maxscale/maxscale.pid")
        self.processes = []

    def write(self, text):
        with open(os.path.join(self.folder, "etc/maxscale.cnf"), "w", encoding="utf-8") as out:
            out.write(text)

    def command(self, *arguments):
        command = [EXE, f"--basedir={self.folder}", *arguments]
        return command + (["--user=root"] if os.geteuid() == 0 else [])

    def run(self, *arguments):
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL)

    def start(self, *arguments, environment=None):
        process = subprocess.Popen(self.command("-d", *arguments), stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL,
                                   env=dict(os.environ, **(environment or {})))
        self.processes.append(process)
        lab.wait_for("the start", lambda: "started with 2 worker threads" in self.log())
        return process

    def log(self):
        try:
            with open(self.log_file, encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def pid(self):
        with open(self.pid_file, encoding="utf-8") as file:
            return int(file.read())

    def clean(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.communicate()
        if os.path.exists(self.pid_file):
            try:
                os.kill(self.pid(), signal.SIGKILL)
            except ProcessLookupError:
                pass
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def place():
    made = Place(config())
    yield made
    made.clean()


def test_version_and_help():
    version = subprocess.run([EXE, "--version"], capture_output=True, text=True, timeout=60)
    assert version.returncode == 0 and version.stdout.startswith("MaxScale ")
    full = subprocess.run([EXE, "-V"], capture_output=True, text=True, timeout=60)
    assert full.stdout.startswith(version.stdout.strip() + " - ")
    usage = subprocess.run([EXE, "-?"], capture_output=True, text=True, timeout=60)
    assert usage.returncode == 0 and usage.stdout == ""
    for option in ("--config-check", "--basedir", "--passive", "--syslog", "--debug"):
        assert option in usage.stderr


@pytest.mark.parametrize("arguments", [["--nonsense"], ["-f"], ["--log=paper"], ["--syslog=perhaps"],
                                       ["-G", "2"], ["word"], ["--debug=nonsense"],
                                       ["--user=no-such-user-here"]])
def test_bad_arguments(arguments):
    done = subprocess.run([EXE, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 5
    assert done.stderr.startswith("maxscale: ")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_is_refused_with_what_to_type(place):
    done = subprocess.run([EXE, "-d", "--basedir=."], capture_output=True, text=True, timeout=60,
                          cwd=place.folder)
    assert done.returncode == 1
    assert f"{EXE} -d --basedir=. --user=root" in done.stderr


def test_foreground_logs_to_file_and_terminal(place):
    process = place.start()
    assert place.pid() == process.pid
    data = os.path.join(place.folder, "var/lib/maxscale")
    assert os.path.isdir(os.path.join(data, f"data{process.pid}"))
    process.terminate()
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    for line in ("MariaDB MaxScale ", "Configuration file: ", "Log directory: ", "Module directory: ",
                 "No services defined", "MaxScale started with 2 worker threads.",
                 "MaxScale shutdown completed."):
        assert line in output and line in place.log()
    assert not os.path.exists(place.pid_file)
    assert not os.path.exists(os.path.join(data, f"data{process.pid}"))


def test_daemon_and_second_instance(place):
    done = place.run()
    assert done.returncode == 0, done.stderr
    pid = place.pid()
    assert os.path.exists(f"/proc/{pid}")
    second = place.run()
    assert second.returncode == 4
    assert str(pid) in second.stderr and "running already" in second.stderr
    assert place.pid() == pid
    os.kill(pid, signal.SIGTERM)
    lab.wait_for("the end", lambda: not os.path.exists(place.pid_file))
    lab.wait_for("the process to be gone", lambda: not os.path.exists(f"/proc/{pid}"))


def test_shared_data_folder_is_locked(place):
    place.start()
    other = Place(config())
    try:
        data = os.path.join(place.folder, "var/lib/maxscale")
        assert other.run("-d", f"--datadir={data}").returncode == 4
    finally:
        other.clean()


def test_daemon_tells_of_bad_configuration(place):
    place.write(config("nonsense=1"))
    done = place.run()
    assert done.returncode == 1
    assert "nonsense" in done.stderr and not os.path.exists(place.pid_file)


def test_port_in_use_is_code_3(place):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        place.write(config() + "[S]\ntype=service\nrouter=readconnroute\nservers=server1\nuser=u\n"
                    f"password=p\n[L]\ntype=listener\nservice=S\naddress=127.0.0.1\nport={port}\n")
        done = place.run("-d")
    assert done.returncode == 3
    assert str(port) in done.stdout


def test_rotation_and_hangup(place):
    process = place.start()
    os.rename(place.log_file, place.log_file + ".1")
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGUSR1)
    lab.wait_for("the new log", lambda: "Log rotation complete" in place.log())
    with open(place.log_file + ".1", encoding="utf-8") as old:
        assert "log rotation" in old.read()
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_interrupt_ends_gracefully(place):
    process = place.start()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_log_destinations(place):
    done = place.run("-c", "--log=stdout")
    assert "verified" in done.stdout
    process = place.start("--maxlog=yes", "--log_augmentation=1")
    process.terminate()
    output, _ = process.communicate(timeout=30)
    assert "(app_greet_log): " in output


@pytest.mark.parametrize("kind", ["path", "name"])
def test_watchdog_and_ready(place, kind):
    path = os.path.join(place.folder, "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        if kind == "path":
            server.bind(path)
        else:
            server.bind("\0" + path)
            path = "@" + path
        server.settimeout(30)
        process = place.start(environment={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "400000"})
        seen = []
        while seen.count("WATCHDOG=1") < 2:
            seen.append(server.recv(256).decode())
        assert seen[0] == "READY=1"
        process.terminate()
        while seen[-1] != "STOPPING=1":
            seen.append(server.recv(256).decode())
        process.communicate(timeout=30)


def test_runtimedir_moves_data_but_not_modules(place):
    done = place.run("--help")
    assert f"{place.folder}/var/log/maxscale" in done.stderr
    moved = subprocess.run([EXE, f"--runtimedir={place.folder}", "--help"], capture_output=True,
                           text=True, timeout=60)
    assert f"{place.folder}/var/lib/maxscale" in moved.stderr
    assert f"libdir               {place.folder}" not in moved.stderr
