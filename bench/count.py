#!/usr/bin/env python3
"""Instructions of fixed runs, counted by callgrind, against the numbers recorded in the tree.

    bench/count.py [--build build-release] [--update] [LIST]

A line of LIST (tests/data/instructions.tsv): name, instructions, divisor, function, command; separated by
tabs. The command is run under callgrind, its program taken from the build folder; what the function
and all it calls take, divided by the divisor, is the count. It repeats exactly for one compiler, so the
head of the list names the compiler it was made with; another one is not compared. Exits with 1 when a
count grew by more than 3 %; --update records the counts of this build.
"""
import argparse
import json
import os
import platform
import re
import shlex
import subprocess
import sys
import tempfile

REPO = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIST = os.path.join(REPO, "tests", "data", "instructions.tsv")
GROWTH = 1.03


def compiler(build):
    """What the counts depend on besides the source: compiler, processor and optimisation."""
    with open(os.path.join(build, "meson-info", "intro-buildoptions.json"), encoding="utf-8") as file:
        options = {row["name"]: row["value"] for row in json.load(file)}
    version = subprocess.run([os.environ.get("CC", "cc"), "--version"], stdout=subprocess.PIPE,
                             text=True, check=True).stdout.split("\n")[0]
    lto = " lto" if options["b_lto"] else ""
    return "%s, %s, -O%s%s" % (version, platform.machine(), options["optimization"], lto)


def read(path):
    """The compiler of the list and its rows, each a list of five texts."""
    made_with, rows = None, []
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = line.rstrip("\n")
            if line.startswith("# compiler: "):
                made_with = line[len("# compiler: "):]
            elif line and not line.startswith("#"):
                rows.append(line.split("\t"))
    return made_with, rows


def count(build, function, command):
    program, *arguments = shlex.split(command)
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--toggle-collect=" + function,
             "--callgrind-out-file=" + os.path.join(folder, "out"),
             os.path.join(build, program), *arguments],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or found is None or found.group(1) == "0":
        sys.exit("nothing was counted of %s in `%s`:\n%s" % (function, command, done.stderr))
    return int(found.group(1))


def measure(build, rows):
    """Yields name, recorded and present count of every row."""
    for name, recorded, divisor, function, command in rows:
        yield name, int(recorded), round(count(build, function, command) / int(divisor))


def update(path, build, counts):
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    for at, line in enumerate(lines):
        name, *rest = line.split("\t")
        if line.startswith("# compiler: "):
            lines[at] = "# compiler: " + compiler(build)
        elif name in counts:
            lines[at] = "\t".join([name, str(counts[name]), *rest[1:]])
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", default=os.path.join(REPO, "build-release"))
    parser.add_argument("--update", action="store_true", help="record the counts of this build")
    parser.add_argument("list", nargs="?", default=LIST)
    args = parser.parse_args()
    made_with, rows = read(args.list)
    if made_with != compiler(args.build) and not args.update:
        print("recorded with %s, this is %s: not compared" % (made_with, compiler(args.build)))
    counts, grown = {}, []
    print("%-20s %9s %9s" % ("", "recorded", "now"))
    for name, recorded, now in measure(args.build, rows):
        print("%-20s %9d %9d" % (name, recorded, now), flush=True)
        counts[name] = now
        if now > recorded * GROWTH and made_with == compiler(args.build):
            grown.append(name)
    if args.update:
        update(args.list, args.build, counts)
    elif grown:
        sys.exit("more than 3 %% more instructions: %s\nwhen that is worth it: bench/count.py --update"
                 % ", ".join(grown))


if __name__ == "__main__":
    main()
