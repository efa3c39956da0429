"""What maxctrl says when something is wrong: texts on standard error, exit status 1, no crash."""
import json
import socket
import ssl
import subprocess
import threading

import pytest

from maxctrl_support import Answer, Rest, find_binary, run

USAGE = [
    (["bogus"], "Unknown argument: bogus"),
    (["bogus", "more"], "Unknown arguments: bogus, more"),
    (["--bogus"], "Unknown argument: bogus"),
    (["-x", "list", "servers"], "Unknown argument: x"),
    (["list"], "Not enough non-option arguments: got 0, need at least 1"),
    (["list", "bogus"], "At least one command is required, see output of `--help` for more "
                        "information."),
    (["list", "servers", "more"], "Unknown argument: more"),
    (["list", "servers", "--force"], "Unknown argument: force"),
    (["show", "server"], "Not enough non-option arguments: got 0, need at least 1"),
    (["set", "server", "s1"], "Not enough non-option arguments: got 1, need at least 2"),
    (["create", "server"], "Not enough non-option arguments: got 0, need at least 2"),
    (["create", "service", "S", "readwritesplit"],
     "Not enough non-option arguments: got 2, need at least 3"),
    (["create", "user", "u", "p", "--type=bogus"],
     'Invalid values:\n  Argument: type, Given: "bogus", Choices: "admin", "basic"'),
    (["-t", "abc", "list", "servers"], "'abc' is not a valid duration."),
    (["-u"], "Not enough arguments following: user"),
    (["list", "queries", "--max-length=many"],
     "Option 'max-length' needs a whole number up to 999999999, not 'many'."),
    (["create", "filter", "F", "m", "novalue"], "Not a key-value parameter: novalue"),
    (["create", "filter", "F", "m", "=x"], "Not a key-value parameter: =x"),
    (["create", "listener", "S", "L", "abc"], "'abc' is not a valid value for port"),
    (["create", "listener", "S", "L", "0"], "'0' is not a valid value for port"),
    (["create", "listener", "S", "L", "4e3"], "'4e3' is not a valid value for port"),
    (["alter", "server", "s1", "a", "1", "b"], "Error: No value defined for parameter `b`"),
    (["alter", "server", "s1", "a=null"],
     'Error: Found null value in parameter list: ["a=null"]'),
    (["enable", "log-priority", "bogus"], "Error: Invalid log priority: bogus"),
    (["--tls-key", "k", "list", "servers"],
     "Error: --tls-key and --tls-cert must be given together"),
    (["api", "get", "servers", "data[.x"],
     "Error: The path 'data[.x' cannot be read at character 5; it looks like "
     "data[].attributes.state or data.attributes.parameters.port"),
]


@pytest.mark.parametrize("args, text", USAGE, ids=[" ".join(c[0]) for c in USAGE])
def test_wrong_use(args, text):
    with Rest() as rest:
        result = run(rest.host, *args)
        assert rest.requests == []
    assert (result.out, result.err, result.code) == ("", text + "\n", 1)


def test_body_that_is_not_json_is_not_sent():
    with Rest() as rest:
        result = run(rest.host, "api", "post", "servers", "notjson")
        assert rest.requests == []
    assert result.err.startswith("Error: The body is not JSON: ")
    assert result.code == 1


def test_error_body_is_shown_indented():
    body = b'{"errors": [ { "detail": "no such thing" } ] }'
    with Rest({"GET servers/x": Answer(body, 404, "Not Found")}) as rest:
        result = run(rest.host, "show", "server", "x")
    assert result.err == (
        "Error: Server at http://HOST responded with 404 Not Found to `GET servers/x`\n"
        '{\n    "errors": [\n        {\n            "detail": "no such thing"\n        }\n    ]\n}\n')
    assert (result.out, result.code) == ("", 1)


def test_refused_login():
    with Rest({"GET servers": Answer({"errors": [{"detail": "no"}]}, 401, "Unauthorized")}) as rest:
        result = run(rest.host, "-p", "wrong", "list", "servers")
    assert result.err.startswith(
        "Error: Server at http://HOST responded with 401 Unauthorized to `GET servers`\n{\n")
    assert result.code == 1


def test_not_found_without_a_body_has_a_hint():
    with Rest({"GET nosuch": Answer(None, 404, "Not Found")}) as rest:
        result = run(rest.host, "api", "get", "nosuch")
    assert result.err == (
        "Error: Server at http://HOST responded with 404 Not Found to `GET nosuch`. \n"
        "Check that the object exists and that it is of the correct type.\n")


def test_error_that_is_not_json_is_shown_without_control_characters():
    with Rest({"GET servers": Answer(b"<h1>\x1b[31mgateway\x00</h1>", 502, "Bad Gateway")}) as rest:
        result = run(rest.host, "list", "servers")
    assert result.err == ("Error: Server at http://HOST responded with 502 Bad Gateway to "
                          "`GET servers`\n<h1> [31mgateway </h1>\n")


@pytest.mark.parametrize("body", [b"<html>", b"{", b"[1,", b'"\xff"', b"nul"])
def test_answer_that_is_not_json(body):
    with Rest({"GET servers": Answer(body, 200)}) as rest:
        result = run(rest.host, "list", "servers")
    assert result.err.startswith(
        "Error: Server at http://HOST did not answer `GET servers` with JSON: ")
    assert (result.out, result.code) == ("", 1)


@pytest.mark.parametrize("body", [b"", b"[]", b"3", b'"x"', b"null"])
def test_answer_without_an_object(body):
    with Rest({"GET servers": Answer(body, 200)}) as rest:
        result = run(rest.host, "list", "servers")
    assert "answered `GET servers` without an object" in result.err
    assert result.code == 1


ODD = [{}, {"data": None}, {"data": 5}, {"data": {}}, {"data": [None, 1, "x", [], {}]},
       {"data": [{"id": 5, "attributes": [], "relationships": {"servers": []}}]},
       {"data": [{"id": {"a": 1}, "attributes": {"parameters": 1, "state": None}}]},
       {"data": {"attributes": {"commands": [None, {"attributes": {"parameters": {}}}]}}}]
READING = ["list servers", "list services", "list sessions", "list threads", "list commands",
           "show servers", "show server x", "show sessions", "show thread 0", "show threads",
           "show maxscale", "show commands x", "show dbusers x", "show qc_cache",
           "list listeners x", "check monitors", "debug stacktrace", "classify x"]


@pytest.mark.parametrize("words", READING)
@pytest.mark.parametrize("body", ODD, ids=[str(i) for i in range(len(ODD))])
def test_odd_answers_do_no_harm(words, body):
    class Any(dict):
        def get(self, key, default=None):
            return Answer(body)

    with Rest() as rest:
        rest.answers = Any()
        result = run(rest.host, *words.split())
    assert result.code in (0, 1)
    assert "Sanitizer" not in result.err and "runtime error" not in result.err


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def test_refused_connection():
    result = run(f"127.0.0.1:{free_port()}", "list", "servers")
    assert (result.err, result.code) == ("Error: Could not connect to MaxScale\n", 1)


def test_unknown_host():
    result = run("no-such-host.invalid:8989", "list", "servers")
    assert result.err == ("Error: The address of 'HOST' could not be found; check --hosts\n")


def test_host_that_is_none():
    result = run("user@host/x", "list", "servers")
    assert result.err == "Error: 'HOST' is not a valid HOST:PORT in --hosts\n"


def test_timeout():
    released = threading.Event()

    def never(handler):
        released.wait(30)

    with Rest({"GET servers": never}) as rest:
        result = run(rest.host, "-t", "200ms", "list", "servers")
        released.set()
    assert (result.err, result.code) == ("Error: timeout of 200ms exceeded\n", 1)


def serve_once(reply):
    """A listener that reads something, sends `reply` and closes; returns its port."""
    server = socket.create_server(("127.0.0.1", 0))

    def work():
        connection, _ = server.accept()
        with connection, server:
            connection.recv(4096)
            connection.sendall(reply)

    threading.Thread(target=work, daemon=True).start()
    return server.getsockname()[1]


@pytest.mark.parametrize("reply", [b"", b"\x15\x03\x01\x00\x02\x02\x16"], ids=["closed", "tls"])
def test_no_http_answer_hints_at_https(reply):
    result = run(f"127.0.0.1:{serve_once(reply)}", "list", "servers")
    assert result.err == ("Error: The connection ended without an answer. If MaxScale is configured "
                          "to use HTTPS, use the --secure option.\n")


BROKEN = [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
          b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{",
          b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
          b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nX", b"HTTP/9.9 999 \r\n\r\n",
          b"HTTP/1.1 404\r\nMxs-Warning\r\nMxs-Warning:\r\n\r\n", b"\x00" * 5000]


@pytest.mark.parametrize("reply", BROKEN, ids=[str(i) for i in range(len(BROKEN))])
def test_broken_http(reply):
    result = run(f"127.0.0.1:{serve_once(reply)}", "list", "servers")
    assert result.code == 1
    assert result.err.startswith("Error: ") and "Sanitizer" not in result.err


def test_output_that_cannot_be_written():
    with Rest({"GET servers": {"data": []}}) as rest, open("/dev/full", "wb") as full:
        process = subprocess.run([find_binary(), "-h", rest.host, "list", "servers"], stdout=full,
                                 stderr=subprocess.PIPE, timeout=60, check=False)
    assert process.stderr == b"Error: the output could not be written: No space left on device\n"
    assert process.returncode == 1


def test_https_to_a_plain_server():
    with Rest() as rest:
        result = run(rest.host, "-s", "list", "servers")
    assert result.err.startswith("Error: No TLS connection to HOST could be made (")
    assert result.code == 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=rest",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context, str(cert), str(key)


def test_https(certificate):
    context, cert, _ = certificate
    with Rest({"GET servers": {"data": []}}, tls=context) as rest:
        unknown = run(rest.host, "-s", "list", "servers")
        known = run(rest.host, "-s", "--tls-ca-cert", cert, "--tsv", "list", "servers")
        unchecked = run(rest.host, "-s", "-n", "false", "--tsv", "list", "servers")
    assert unknown.err.startswith("Error: The certificate of HOST could not be verified; ")
    assert unknown.code == 1
    assert (known.err, known.code) == ("", 0)
    assert (unchecked.err, unchecked.code) == ("", 0)


def test_client_certificate_is_sent(certificate):
    context, cert, key = certificate
    strict = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    strict.load_cert_chain(cert, key)
    strict.load_verify_locations(cert)
    strict.verify_mode = ssl.CERT_REQUIRED
    with Rest({"GET servers": {"data": []}}, tls=strict) as rest:
        base = ["-s", "--tls-ca-cert", cert, "list", "servers"]
        with_cert = run(rest.host, "--tls-cert", cert, "--tls-key", key, *base)
        without = run(rest.host, *base)
    assert (with_cert.err, with_cert.code) == ("", 0)
    assert without.code == 1


def test_link_to_an_unknown_target():
    answers = {f"GET {kind}": {"data": []} for kind in ("servers", "services", "monitors", "filters")}
    with Rest(answers) as rest:
        result = run(rest.host, "link", "service", "S", "nosuch")
    assert result.err == "Error: Object 'nosuch' is not a valid server, service or monitor\n"


def test_queries_need_statements_to_be_kept():
    with Rest({"GET maxscale": {"data": {"attributes": {"parameters": {
            "retain_last_statements": 0}}}}}) as rest:
        result = run(rest.host, "list", "queries")
    assert result.err == ("Error: The 'retain_last_statements' parameter must be enabled for this "
                          "command to work:\n\n  maxctrl alter maxscale retain_last_statements 1\n\n")


def test_report_into_a_folder_that_is_not_there():
    with Rest({"GET maxscale": {"data": {}}}) as rest:
        result = run(rest.host, "create", "report", "/nonexistent/r.json")
    assert result.err == "Error: cannot write /nonexistent/r.json: No such file or directory\n"


def test_text_from_the_server_cannot_drive_the_terminal():
    with Rest({"GET servers": {"data": [{"id": "\x1b]0;x\x07\x9b31m"}]}}) as rest:
        result = run(rest.host, "list", "servers")
    assert "\x1b" not in result.out and "\x9b" not in result.out and "\x07" not in result.out
    assert json.dumps(result.out).count("\\ufffd") == 3
