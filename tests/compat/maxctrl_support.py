"""A REST API of recorded answers, and the real maxctrl binary run against it."""
import json
import os
import pathlib
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROOT = pathlib.Path(__file__).resolve().parents[2]


def find_binary():
    """MAXCTRL names it, or MX_ROOT holds it in bin/; else the one built last in this tree."""
    if "MAXCTRL" in os.environ:
        return os.environ["MAXCTRL"]
    if "MX_ROOT" in os.environ:
        return os.path.join(os.environ["MX_ROOT"], "bin", "maxctrl")
    built = sorted(ROOT.glob("build*/cli/maxctrl"), key=lambda path: path.stat().st_mtime)
    if not built:
        raise RuntimeError("maxctrl is not built: ninja -C build cli/maxctrl, or set MAXCTRL")
    return str(built[-1])


class Answer:
    """What one request gets. body: anything that becomes JSON, bytes as they are, or None."""

    def __init__(self, body=None, status=None, reason=None, headers=None):
        self.body = body
        self.status = status if status is not None else (204 if body is None else 200)
        self.reason = reason
        self.headers = headers or {}

    def to_bytes(self):
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, indent=4).encode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        resource = self.path.removeprefix("/v1/")
        rest = self.server.rest
        rest.requests.append((self.command, resource, json.loads(body) if body else None))
        rest.headers.append(dict(self.headers))
        found = rest.answers.get(f"{self.command} {resource}")
        if callable(found):
            found = found(self)
            if found is None:
                return
        if found is None:
            found = Answer({"errors": [{"detail": f"{resource} was not recorded"}]}, 404)
        data = found.to_bytes()
        self.send_response(found.status, found.reason)
        for name, value in found.headers.items():
            self.send_header(name, value)
        if data:
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, *args):
        pass


class Rest:
    """Answers by "METHOD resource"; remembers what was asked."""

    def __init__(self, answers=None, tls=None):
        self.answers = {}
        self.requests = []
        self.headers = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.rest = self
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        for key, value in (answers or {}).items():
            self.add(key, value)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,),
                                       daemon=True)
        self.thread.start()

    def add(self, key, value):
        self.answers[key] = value if isinstance(value, Answer) or callable(value) else Answer(value)

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()


class Result:
    def __init__(self, process, host):
        self.out = process.stdout.decode()
        self.err = process.stderr.decode()
        if host:
            self.out = self.out.replace(host, "HOST")
            self.err = self.err.replace(host, "HOST")
        self.code = process.returncode


def run(host, *args, stdin=b"", env=None, home="/nonexistent"):
    """Runs maxctrl against one host ("" leaves the choice to it); standard input is a pipe."""
    environment = {"HOME": home, "TZ": "UTC", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    environment.update({k: v for k, v in os.environ.items() if "SAN_OPTIONS" in k})
    environment.update(env or {})
    where = ["-h", host] if host else []
    process = subprocess.run([find_binary(), *where, *args], input=stdin, env=environment,
                             capture_output=True, timeout=60, check=False)
    return Result(process, host)
