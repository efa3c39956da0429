"""The manual's tables of parameters are those of the program."""
import os
import re
import subprocess

from lab import lab

MARKER = "<!-- generated: maxscale --print-docs -->\n\n"


def printed():
    done = subprocess.run([os.path.join(lab.ROOT, "bin", "maxscale"), "--print-docs",
                           f"--basedir={lab.ROOT}"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    return done.stdout


def test_parameter_tables_are_current():
    with open(os.path.join(lab.REPO, "docs/user/parameters.md"), encoding="utf-8") as file:
        head, found, tables = file.read().partition(MARKER)
    assert head and found
    assert tables == printed(), "run maxscale --print-docs and put it below the marker"


def test_parameters_without_effect_are_listed():
    with open(os.path.join(lab.REPO, "docs/user/compatibility.md"), encoding="utf-8") as file:
        page = file.read()
    for line in printed().splitlines():
        if line.endswith("Without effect in this version. |"):
            name = re.match(r"\| ([\w.]+) \|", line).group(1)
            assert f"`{name}`" in page, name
