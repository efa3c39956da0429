"""maxkeys and maxpasswd, and what the program makes of the key file."""
import json
import os
import re
import shutil
import stat
import subprocess

import pytest

from lab import lab
from test_config_check import BASE, check


@pytest.fixture
def folder():
    path = lab.scratch("mx-keys-")
    for part in ("bin", "lib64"):
        os.symlink(os.path.join(lab.ROOT, part), os.path.join(path, part))
    os.makedirs(os.path.join(path, "var/lib/maxscale"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


def run(program, *arguments, given=None):
    return subprocess.run([os.path.join(lab.ROOT, "bin", program), *arguments], input=given,
                          capture_output=True, text=True, timeout=60)


def data(folder):
    return os.path.join(folder, "var/lib/maxscale")


def test_key_file(folder):
    assert run("maxkeys", data(folder)).returncode == 0
    file = os.path.join(data(folder), ".secrets")
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o400
    with open(file, encoding="utf-8") as text:
        content = json.load(text)
    assert set(content) == {"description", "maxscale_version", "encryption_cipher", "encryption_key"}
    assert content["description"] == "MaxScale encryption/decryption key"
    assert content["encryption_cipher"] == "EVP_aes_256_cbc"
    assert re.fullmatch("[0-9A-F]{64}", content["encryption_key"])
    again = run("maxkeys", data(folder))
    assert again.returncode == 1 and "exists already" in again.stderr
    assert run("maxkeys", os.path.join(folder, "none")).returncode == 1
    assert run("maxkeys", "a", "b").returncode == 1
    assert run("maxkeys", "--user=no-such-user-here", folder).returncode == 1
    assert not os.path.exists(os.path.join(folder, ".secrets"))


def test_passwords(folder):
    assert run("maxpasswd", data(folder), "x").returncode == 1
    run("maxkeys", data(folder))
    done = run("maxpasswd", data(folder), "geheim")
    assert done.returncode == 0
    cipher = done.stdout.strip()
    assert re.fullmatch("[0-9A-F]{64}", cipher)
    assert run("maxpasswd", "-d", data(folder), cipher).stdout == "geheim\n"
    piped = run("maxpasswd", "-i", data(folder), given="from a pipe\n")
    assert run("maxpasswd", "--decrypt", data(folder), piped.stdout.strip()).stdout == "from a pipe\n"
    assert run("maxpasswd", "-i", data(folder), "x", given="y\n").returncode == 1
    assert run("maxpasswd", "-d", data(folder), cipher[:-2]).returncode == 1
    assert run("maxpasswd", "-d", data(folder), "00" * 32).returncode == 1
    assert run("maxpasswd").returncode == 1
    assert run("maxpasswd", "--nonsense", "x").returncode == 1


@pytest.mark.parametrize("program", ["maxkeys", "maxpasswd"])
def test_help(program):
    done = run(program, "--help")
    assert done.returncode == 0 and done.stdout.startswith("Usage: ")


def test_configuration_with_encrypted_password(folder):
    run("maxkeys", data(folder))
    cipher = run("maxpasswd", data(folder), "geheim").stdout.strip()
    code, _, output = check(folder, BASE.replace("password=maxscale", f"password={cipher}"))
    assert code == 0, output
    assert "found" in output and cipher not in output and "geheim" not in output
    broken = ("0" if cipher[0] != "0" else "1") * 64
    code, lines, output = check(folder, BASE.replace("password=maxscale", f"password={broken}"))
    assert code == 1
    assert any("[Svc] password" in line and "maxpasswd" in line for line in lines), output


@pytest.mark.parametrize("mode, content, expected", [
    (0o644, None, "chmod 0400"),
    (0o600, None, "chmod 0400"),
    (0o440, None, "chmod 0400"),
    (0o400, "not json", "not valid JSON"),
    (0o400, "x" * 48, "binary format"),
    (0o400, "{}", "encryption_cipher"),
])
def test_bad_key_file_stops_the_start(folder, mode, content, expected):
    run("maxkeys", data(folder))
    file = os.path.join(data(folder), ".secrets")
    os.chmod(file, 0o600)
    if content is not None:
        with open(file, "w", encoding="utf-8") as out:
            out.write(content)
    os.chmod(file, mode)
    code, lines, output = check(folder, BASE)
    assert code == 1
    assert any(expected in line and file in line for line in lines), output
    tool = run("maxpasswd", data(folder), "x")
    assert tool.returncode == 1 and expected in tool.stderr
