#!/usr/bin/python3
"""Measures direct connections, HAProxy in TCP mode and this proxy side by side: bench.py [SECTION ...].

Sections: sysbench load connect replies tls counts idle; all of them when none is named. Writes one page to
bench/results/ and asserts nothing. README.md says what each measures and which variables there are.
"""
import datetime
import importlib
import os
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "tools"), os.path.join(HERE, "..", "tests", "support")]
from lab import lab  # noqa: E402

lab.ROOT = os.environ.get("MX_ROOT", os.path.join(lab.REPO, "build-release", "root"))
import settings  # noqa: E402
from report import Report, last_line  # noqa: E402

SECTIONS = ["load", "counts", "connect", "replies", "tls", "idle", "sysbench"]  # short ones first


def wanted():
    names = sys.argv[1:] or os.environ.get("MX_BENCH_SECTIONS", "").replace(",", " ").split() or SECTIONS
    unknown = [name for name in names if name not in SECTIONS]
    if unknown:
        sys.exit(f"no section {', '.join(unknown)}; there are: {', '.join(SECTIONS)}")
    return names


def run_section(name, report):
    begun = time.monotonic()
    report.write(f"\n## {name}")
    try:
        importlib.import_module("sections." + name).run(report)
    except Exception as error:  # the other sections can still be measured
        report.write(f"\n{name}: could not be run to its end: {last_line(error)}")
        traceback.print_exc()
    report.write(f"\n({name} took {time.monotonic() - begun:.0f} s)")


def main():
    names = wanted()
    settings.raise_descriptor_limit()
    results = os.path.join(HERE, "results")
    os.makedirs(results, exist_ok=True)
    stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    path = os.path.join(results, f"{stamp}.md")
    report = Report(path, f"# {stamp}: {os.cpu_count()} cores, {settings.SECONDS} s each, medians of "
                    f"{settings.ROUNDS}, interleaved\n\nServers, clients and proxies on one machine, at most "
                    f"{settings.descriptor_limit()} descriptors for each process.")
    for name in names:
        run_section(name, report)
    print(f"\nwritten to {path}")


if __name__ == "__main__":
    main()
