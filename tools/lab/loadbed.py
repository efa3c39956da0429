"""A proxy between bench/load_client and bench/load_server: nothing but the proxy has anything to do."""
import json
import os
import subprocess
import sys

from . import lab

PASSWORD_HASH = "*5BCB3E6AC345B435C7C2E6B7949A04CE6F6563D3"  # of 'app'


def tool(name):
    return os.path.join(lab.REPO, "build-release", "bench", name)


class Server:
    """bench/load_server; no monitor watches it."""

    def __init__(self, *arguments):
        self.port = lab.free_port()
        self.process = subprocess.Popen([tool("load_server"), "--port", str(self.port), *arguments])

    def stop(self):
        if self.process.poll() is not None:  # or the errors of its clients would be a riddle
            print(f"load_server at port {self.port} had ended by itself, status {self.process.returncode}",
                  file=sys.stderr)
        self.process.kill()
        self.process.wait()


def load(port, *arguments):
    """One run of bench/load_client; what it reports."""
    done = subprocess.run([tool("load_client"), "--port", str(port), *(str(word) for word in arguments)],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"load_client: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


class Staged:
    """load_client whose clients have logged in and run one statement, and wait; `logins` is the report of
    that. The connections are held until the end of the block."""

    def __init__(self, port, count, *arguments):
        self.process = subprocess.Popen(
            [tool("load_client"), "--port", str(port), "--staged", "1", "--clients", str(count),
             *(str(word) for word in arguments)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.logins = self.report()

    def report(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"load_client: {self.process.communicate()[1].strip()}")
        return json.loads(line)

    def run(self):
        """What load_client reports of the statements alone."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.report()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate()


class Proxy(lab.MaxScale):
    """readconnroute and readwritesplit in front of load servers; accounts come from a file. The first server
    is the primary. pool: how many server connections outlive their sessions (persistpoolmax);
    listener: more lines for the listeners."""

    def __init__(self, servers, threads=1, pool=0, prefix=(), root=None, listener="",
                 environment=None):
        folder = lab.scratch("mx-load-")
        self.rcr, self.rws, admin_port = lab.free_port(), lab.free_port(), lab.free_port()
        self.prefix = list(prefix)
        accounts = os.path.join(folder, "accounts.json")
        with open(accounts, "w", encoding="utf-8") as file:
            json.dump({"user": [{"user": "app", "host": "%", "plugin": "mysql_native_password",
                                 "password": PASSWORD_HASH, "global_db_priv": True}]}, file)
        self.names = [f"server{i + 1}" for i in range(len(servers))]
        persist = f"persistpoolmax={pool}\npersistmaxtime=1h\n" if pool else ""
        service = (f"servers={','.join(self.names)}\nuser=app\npassword=app\nuser_accounts_file={accounts}\n"
                   "user_accounts_file_usage=file_only_always\n")
        config = (f"[maxscale]\nthreads={threads}\nadmin_port={admin_port}\n"
                  + "".join(f"[{name}]\ntype=server\naddress=127.0.0.1\nport={server.port}\n{persist}"
                            for name, server in zip(self.names, servers)) +
                  f"[Plain]\ntype=service\nrouter=readconnroute\nrouter_options=running\n{service}"
                  f"[Split]\ntype=service\nrouter=readwritesplit\n{service}"
                  f"[Plain-Listener]\ntype=listener\nservice=Plain\nport={self.rcr}\n{listener}"
                  f"[Split-Listener]\ntype=listener\nservice=Split\nport={self.rws}\n{listener}")
        super().__init__(folder, config, admin_port, root, environment=environment)

    def command(self):
        return self.prefix + super().command()

    def start(self, wait=True):
        super().start(wait)
        for name in self.names:
            role = "master" if name == "server1" else "slave"
            for state in ("running", role):
                self.maxctrl("set", "server", name, state)
            self.wait_state(name, role.capitalize(), "Running")
