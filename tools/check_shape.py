#!/usr/bin/python3
"""The rules of the tree: layers include downwards only, files and functions stay small, modules
have their inside, nothing banned is called. Prints every breach as file:line and exits 1."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Each layer and what it may include besides itself and mx/.
LAYERS = {
    "base": {"base"}, "net": {"base"}, "wire": {"base"}, "sql": {"base"}, "conf": {"base"},
    "core": {"base", "net", "wire", "sql", "conf"},
    "admin": {"base", "net", "wire", "sql", "conf", "core"},
    "app": {"base", "net", "wire", "sql", "conf", "core", "admin"},
}
FILE_MAX = 800
FUNCTION_MAX = 80
BANNED = re.compile(r"(?<![\w.>])(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|gets|alloca)\s*\(")
DATA = {"tests/unit/wire/recorded.h"}  # recorded bytes, not code
ATOMIC_HOME = {"include/mx/atomic.h"}
problems = []


def complain(path, line, text):
    problems.append(f"{path}:{line}: {text}")


def files():
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"],
                            cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    return [path for path in listed if path and os.path.isfile(os.path.join(ROOT, path))]


def code_only(text):
    """Comments and literals blanked, line numbers kept."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", blank, text,
                  flags=re.S)


def check_includes(path, text):
    parts = path.split("/")
    for number, line in enumerate(text.split("\n"), 1):
        match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if not match:
            continue
        first = match.group(1).split("/")[0]
        if parts[0] == "src" and parts[1] in LAYERS and first in LAYERS:
            if first != parts[1] and first not in LAYERS[parts[1]]:
                complain(path, number, f"layer {parts[1]} may not include {match.group(1)}")
        if parts[0] == "modules" and first in LAYERS:
            if not (first == "wire" and parts[1] == "protocol"):
                complain(path, number, f"a module may not include {match.group(1)}, only mx/")
        if path.startswith("include/mx/") and first != "mx":
            complain(path, number, f"a public header may not include {match.group(1)}")


def check_size(path, text, code):
    lines = text.count("\n")
    if lines > FILE_MAX and path not in DATA:
        complain(path, lines, f"{lines} lines; at most {FILE_MAX}")
    start = None
    for number, line in enumerate(code.split("\n"), 1):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start:
            if number - start + 1 > FUNCTION_MAX:
                complain(path, start, f"function of {number - start + 1} lines; at most {FUNCTION_MAX}")
            start = None


def check_words(path, code):
    for number, line in enumerate(code.split("\n"), 1):
        banned = BANNED.search(line)
        if banned:
            complain(path, number, f"{banned.group(1)}() is banned")
        if "_Atomic" in line and path not in ATOMIC_HOME:
            complain(path, number, "_Atomic belongs into include/mx/atomic.h")


def check_magics(texts):
    seen = {}
    for path, text in texts.items():
        for match in re.finditer(r"#define\s+(\w+_MAGIC)\s+(0x[0-9a-fA-F]+)u?", text):
            other = seen.setdefault(match.group(2).lower(), (path, match.group(1)))
            if other[1] != match.group(1):
                complain(path, 1, f"{match.group(1)} reuses the number of {other[1]}")


def check_modules(paths):
    for path in paths:
        match = re.match(r"modules/(protocol|authenticator|router|filter|monitor)/(\w+)/", path)
        folder = match and match.group(0)
        if folder:
            for needed in ("module.c", "README.md"):
                if not os.path.isfile(os.path.join(ROOT, folder, needed)):
                    complain(folder + needed, 1, "every module folder has one")


def main():
    paths = files()
    texts = {}
    for path in paths:
        if path.endswith((".c", ".h", ".re")):
            with open(os.path.join(ROOT, path), encoding="utf-8") as file:
                texts[path] = file.read()
    for path, text in texts.items():
        code = code_only(text)
        check_includes(path, text)
        check_size(path, text, code)
        if path.startswith(("src/", "include/", "modules/", "cli/")):
            check_words(path, code)
    check_magics(texts)
    check_modules(paths)
    for problem in sorted(set(problems)):
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
