#!/usr/bin/python3
"""Every relative link and every path in backquotes in the Markdown pages exists, and every function
named in ARCHITECTURE.md's walk is still defined. Prints breaches as file:line and exits 1."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOP = {"src", "modules", "include", "cli", "tests", "tools", "docs", "bench", "packaging"}


def tracked(*patterns):
    out = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
                         cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    return [path for path in out if path and os.path.isfile(os.path.join(ROOT, path))]


def main():
    problems = []
    source = "\n".join(open(os.path.join(ROOT, p), encoding="utf-8").read()
                       for p in tracked("*.c", "*.h"))
    defined = set(re.findall(r"^(\w+)\(", source, re.M))
    for page in tracked("*.md"):
        folder = os.path.dirname(os.path.join(ROOT, page))
        with open(os.path.join(ROOT, page), encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", line):
                    if "://" not in link and not link.startswith("mailto:"):
                        if not os.path.exists(os.path.join(folder, link)):
                            problems.append(f"{page}:{number}: link to {link} leads nowhere")
                for path in re.findall(r"`([\w./-]+)`", line):
                    if "/" in path and path.split("/")[0] in TOP and "<" not in path:
                        if not os.path.exists(os.path.join(ROOT, path)):
                            problems.append(f"{page}:{number}: {path} does not exist")
                if page == "ARCHITECTURE.md":
                    for name in re.findall(r"`(\w+)\(\)`", line):
                        if name not in defined:
                            problems.append(f"{page}:{number}: {name}() is not defined anywhere")
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
