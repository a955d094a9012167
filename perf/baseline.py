"""baseline: what each step took, and what it was allowed, when a version was made: perf/memory-baselines/v<VERSION>.txt.

`python -m perf baseline --reason TEXT` measures every step and writes the file, whole or not at all; it is the only way to write it, and
its last line is the SHA-256 of the lines before. A budget that is higher than in the baseline before is recorded with what it was and
the reason; without a baseline update a raised budget is refused by the gate.

    reason=TEXT                             why this baseline was written
    KEY.peak_kib=N                          what the step took; KEY as in perf/memory-budgets.txt
    KEY.budget_kib=N                        its budget then
    KEY.raised_from_kib=N                   the budget of the baseline before, if that was lower
    KEY.raised_because=TEXT                 and why
    sha256=HASH
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Optional

from .workbench import workbench, guarded
from .budget import BUDGETS, Budget, Budgets, read_budgets
from .command import PerfError, columns
from .guard.front import told
from .machine import python_key
from .steps import STEPS
from .store import text_of, write_whole

BASELINES = "perf/memory-baselines"
PARTS = ("peak_kib", "budget_kib", "raised_from_kib", "raised_because")
SAYS_ITS_NAME = "import sys; print(sys.implementation.name + '-%d.%d' % sys.version_info[:2])"
VERSION = re.compile(r"[0-9]+(\.[0-9]+)*\Z")


@dataclass(frozen=True)
class Entry:
    peak_kib: int
    budget_kib: int
    raised_from_kib: Optional[int] = None
    raised_because: Optional[str] = None


@dataclass(frozen=True)
class Baseline:
    reason: str
    entries: dict[str, Entry]


def version_of(top: Path) -> str:
    version = text_of(top / "VERSION").strip()
    if not VERSION.match(version):
        raise PerfError(f"VERSION: {version!r} is no version")
    return version


def baseline_name(version: str) -> str:
    return f"{BASELINES}/v{version}.txt"


def read_baseline(top: Path) -> Baseline:
    name = baseline_name(version_of(top))
    if not (top / name).is_file():
        raise PerfError(f"{name}: there is no baseline of this version; write it with `python -m perf baseline --reason TEXT`")
    return parse_baseline(text_of(top / name), name)


def parse_baseline(text: str, name: str) -> Baseline:
    body, mark, digest = text.rpartition("sha256=")
    if not mark or digest.rstrip("\n") != hashlib.sha256(body.encode("utf-8")).hexdigest():
        raise PerfError(f"{name}: was changed by hand; write it with `python -m perf baseline --reason TEXT`")
    values: dict[str, dict[str, str]] = {}
    reason = ""
    for number, line in enumerate(body.splitlines(), 1):
        key, equals, value = line.partition("=")
        if line.startswith("#"):
            continue
        if key == "reason":
            reason = value
            continue
        step, _, part = key.rpartition(".")
        if not equals or part not in PARTS or part in values.setdefault(step, {}):
            raise PerfError(f"{name}:{number}: {line!r} is not understood or comes twice")
        values[step][part] = value
    return Baseline(reason, {step: entry_of(step, parts, name) for step, parts in values.items()})


def entry_of(step: str, parts: dict[str, str], name: str) -> Entry:
    try:
        raised = parts.get("raised_from_kib")
        return Entry(int(parts["peak_kib"]), int(parts["budget_kib"]), None if raised is None else int(raised), parts.get("raised_because"))
    except (KeyError, ValueError):
        raise PerfError(f"{name}: {step} needs peak_kib and budget_kib, as whole numbers") from None


def baseline_text(version: str, baseline: Baseline) -> str:
    lines = [f"# What each step took when {version} was measured. Written by `python -m perf baseline`, not by hand."]
    lines.append(f"reason={baseline.reason}")
    for key in sorted(baseline.entries):
        entry = baseline.entries[key]
        lines += [f"{key}.{part}={value}" for part, value in vars(entry).items() if value is not None]
    body = "\n".join(lines) + "\n"
    return f"{body}sha256={hashlib.sha256(body.encode('utf-8')).hexdigest()}\n"


def earlier_baseline(top: Path) -> Baseline:
    """The baseline that a new one follows: that of this version, else of the version before; empty if there is none."""
    version = version_of(top)
    found = {path.name[1:-4]: path for path in (top / BASELINES).glob("v*.txt") if VERSION.match(path.name[1:-4])}
    known = sorted((each for each in found if order(each) <= order(version)), key=order)
    if not known:
        return Baseline("", {})
    earlier = parse_baseline(text_of(found[known[-1]]), found[known[-1]].name)
    if known[-1] == version:
        return earlier
    return Baseline(earlier.reason, {key: replace(entry, raised_from_kib=None, raised_because=None) for key, entry in earlier.entries.items()})


def order(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def peaks_of(top: Path, zero: Path, pythons: Sequence[str]) -> dict[str, int]:
    """What every step takes; what Python runs, by each of the Pythons."""
    peaks: dict[str, int] = {}
    for python in pythons:
        with workbench(top, zero, python) as place:
            for step in STEPS:
                if not step.by_python and python != pythons[0]:
                    continue
                outcome = step.measure(place)
                if outcome is not None:
                    peaks[f"{step.key}@{name_of(python)}" if step.by_python else step.key] = outcome.peak_kib
    return peaks


def name_of(python: str) -> str:
    if python == sys.executable:
        return python_key()
    outcome = guarded([python, "-S", "-c", SAYS_ITS_NAME], Path("/"))
    if not outcome.ok:
        raise PerfError(f"{python}: is no Python")
    return outcome.stdout.decode("ascii", "replace").strip()


def renewed(budgets: Budgets, before: Baseline, peaks: dict[str, int], reason: str) -> Baseline:
    """The new baseline. What was not measured this time keeps its figures; a raised budget is recorded with its reason."""
    entries = {}
    for key, budget in budgets.items():
        old = before.entries.get(key)
        peak = peaks.get(key, largest_of(peaks, key) or (old.peak_kib if old else None))
        if peak is None:
            continue
        entry = Entry(peak, budget.max_rss_kib)
        if old is not None:
            entry = raised(entry, old, budget, reason)
        entries[key] = entry
    return Baseline(reason, entries)


def raised(entry: Entry, old: Entry, budget: Budget, reason: str) -> Entry:
    if budget.max_rss_kib > old.budget_kib:
        return replace(entry, raised_from_kib=old.budget_kib, raised_because=reason)
    return replace(entry, raised_from_kib=old.raised_from_kib, raised_because=old.raised_because)


def largest_of(peaks: dict[str, int], key: str) -> Optional[int]:
    """For the line that stands for every other CPython: the most that any measured one took."""
    return max((peak for each, peak in peaks.items() if each.startswith(f"{key}@cpython-")), default=None)


def refuse_over_budget(budgets: Budgets, peaks: dict[str, int]) -> None:
    for key, peak in peaks.items():
        budget = budgets.get(key)
        if budget is not None and peak > budget.max_rss_kib:
            raise PerfError(f"{BUDGETS}:{budget.line}: {key} took {peak} KiB, more than its budget of {budget.max_rss_kib}", 1)


def show(baseline: Baseline, peaks: dict[str, int]) -> None:
    rows = []
    for key, entry in sorted(baseline.entries.items()):
        room = 100 * entry.budget_kib // entry.peak_kib - 100
        rows.append((key, f"{entry.peak_kib}", f"{entry.budget_kib}", f"{room} %", "now" if key in peaks else "no"))
    print(columns(("step", "peak KiB", "budget KiB", "room", "measured"), rows))
    for key in sorted(set(peaks) - set(baseline.entries)):
        print(f"{key} took {peaks[key]} KiB and has no budget of its own")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m perf baseline", description="Measure every step; write the memory baseline.")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why the figures are new; one line")
    parser.add_argument("--top", type=Path, default=Path(__file__).resolve().parent.parent, metavar="DIRECTORY", help="the source tree")
    parser.add_argument("--python", action="append", default=[], metavar="PATH", help="another Python to run the seed by; repeatable")
    options = parser.parse_args(arguments)
    return told("perf baseline", lambda: write(options.top.resolve(), options.reason, options.python))


def write(top: Path, reason: str, pythons: Sequence[str]) -> int:
    reason = " ".join(reason.split())
    if len(reason) < 10:
        raise PerfError("a reason is a sentence: what made the figures new")
    zero = top / "build/bin/zero"
    if not zero.is_file():
        raise PerfError("build/bin/zero: there is no compiler; make it with `make all`")
    budgets = read_budgets(top)
    before = earlier_baseline(top)
    peaks = peaks_of(top, zero, [sys.executable, *pythons])
    refuse_over_budget(budgets, peaks)
    baseline = renewed(budgets, before, peaks, reason)
    name = baseline_name(version_of(top))
    write_whole(top / name, baseline_text(version_of(top), baseline).encode("utf-8"))
    show(baseline, peaks)
    print(f"{name} is written")
    return 0
