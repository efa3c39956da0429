"""The page that a run makes: ratios against HAProxy first, the figures they come from after them."""
import os
import statistics

from lab.counting import Machine

import settings

BASE = "HAProxy TCP"
TRIES = 3  # of a measurement that lost much to the host
# What is compared with HAProxy, and in which column it stands.
RATIOS = [("user", "user CPU"), ("total", "total CPU"), ("rate", "throughput"), ("p50", "p50"),
          ("p99", "p99"), ("wakeups", "wake-ups")]
# Figures that are known by name; sections may have others.
COLUMNS = {
    "rate": ("per second", "{:.0f}"), "p50": ("p50 us", "{:.0f}"), "p95": ("p95 us", "{:.0f}"),
    "p99": ("p99 us", "{:.0f}"), "p999": ("p99.9 us", "{:.0f}"), "added": ("added p50 us", "{:.0f}"),
    "spread": ("p99/p50", "{:.1f}"), "user": ("user us", "{:.2f}"), "system": ("system us", "{:.2f}"),
    "total": ("total us", "{:.2f}"), "wakeups": ("wake-ups", "{:.3f}"), "forced": ("forced", "{:.3f}"),
    "stolen": ("stolen %", "{:.0f}"),
}


def medians(samples):
    return {key: statistics.median(sample[key] for sample in samples if key in sample)
            for key in {key for sample in samples for key in sample}}


def paired_ratios(ours, base):
    """The median of the ratios of each round, since what else the machine does changes from round to
    round: {key: ratio}."""
    found = {}
    for key, _ in RATIOS:
        pairs = [one[key] / other[key] for one, other in zip(ours, base)
                 if key in one and other.get(key)]
        if pairs:
            found[key] = statistics.median(pairs)
    return found


class Report:
    def __init__(self, path, heading):
        self.path, self.heading = path, heading
        self.ratios, self.raw = [], []

    def write(self, line):
        """A line of the figures; the page is as new as the run at any time."""
        print(line, flush=True)
        self.raw.append(line)
        self.save()

    def save(self):
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            file.write(self.heading + "\n\n## Ratios against HAProxy in TCP mode\n\n")
            file.write("Below 1 is better, except for throughput. Medians of the ratios of each round; stolen: the most that the "
                       "host took from one of them.\n\n")
            file.write("| section | case | through | " + " | ".join(name for _, name in RATIOS) + " | stolen % |\n")
            file.write("|---" * (4 + len(RATIOS)) + "|\n")
            file.write("".join(line + "\n" for line in self.ratios) + "\n")
            file.write("".join(line + "\n" for line in self.raw))
        os.replace(self.path + ".new", self.path)


class Table:
    """Cases of one section, each measured through several targets. counted: what is measured is memory,
    allocations or instructions, which the host cannot falsify by taking time."""

    def __init__(self, report, section, title, per, columns, counted=False):
        self.report, self.section, self.columns = report, section, [*columns, "stolen"]
        self.tries = 1 if counted else TRIES
        heads = [COLUMNS.get(key, (key, ""))[0] for key in self.columns]
        report.write(f"\n### {title}\n\nCPU and wake-ups are those of the proxy, per {per}.\n")
        report.write("| case | through | " + " | ".join(heads) + " |")
        report.write("|---" * (2 + len(self.columns)) + "|")

    def least_stolen(self, target, run):
        """The figures of one target: of the first try that lost little to the host, or else of the one that lost
        least."""
        done = []
        while len(done) < self.tries and all(one["stolen"] > settings.STOLEN for one in done):
            machine = Machine()
            figures = run(target)
            done.append({**figures, "stolen": machine.stolen_percent()})
        return min(done, key=lambda one: one["stolen"])

    def measure(self, case, targets, run, rounds):
        """run(target) gives the figures of one target; targets take turns. One that fails is named."""
        failed = {}
        samples = {target.name: [] for target in targets}
        for _ in range(rounds):
            for target in [one for one in targets if one.name not in failed]:
                try:
                    samples[target.name].append(self.least_stolen(target, run))
                except Exception as error:  # the others can still be measured
                    failed[target.name] = last_line(error)
        self.add_latency(samples)
        for target in targets:
            if target.name in failed:
                self.report.write(f"| {case} | {target.name} | could not be measured: {failed[target.name]} |")
            else:
                self.row(case, target.name, medians(samples[target.name]))
        self.compare(case, {name: got for name, got in samples.items() if name not in failed})

    @staticmethod
    def add_latency(samples):
        for got in samples.values():
            for sample, direct in zip(got, samples.get("direct", [])):
                if "p50" in sample and "p50" in direct:
                    sample["added"] = sample["p50"] - direct["p50"]

    def row(self, case, name, figures):
        cells = [COLUMNS.get(key, (key, "{:.2f}"))[1].format(figures[key]) if key in figures else "-"
                 for key in self.columns]
        self.report.write(f"| {case} | {name} | " + " | ".join(cells) + " |")

    def compare(self, case, samples):
        base = samples.get(BASE)
        for name, got in samples.items():
            if base and got and name not in (BASE, "direct"):
                found = paired_ratios(got, base)
                cells = [f"{found[key]:.2f}" if key in found else "-" for key, _ in RATIOS]
                cells.append(f"{max(sample['stolen'] for sample in got + base):.0f}")
                self.report.ratios.append(f"| {self.section} | {case} | {name} | " + " | ".join(cells) + " |")
        self.report.save()


def last_line(error):
    lines = [line for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[-1][:200] if lines else ''}".replace("|", "/")
