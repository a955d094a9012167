"""history: what was measured so far, build/perf/history.jsonl: one measurement a line, as canonical JSON; and the command that shows it.

Lines are added whole under a lock and never changed. A line that is broken, as the last one is after a crash or a full disk, is told and
skipped. Figures of other machines stand in the same file under their fingerprint and are never compared.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Optional

from .command import columns
from .guard.front import told
from .git import commit_of
from .machine import Machine, this_machine
from .store import append_line, sha256_of

HISTORY = "build/perf/history.jsonl"
FORMAT = "0x0 perf history 1"
TOP = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Record:
    when: str
    fingerprint: str
    commit: str  # empty: no repository
    changed: bool  # files differed from the commit
    compiler: str  # SHA-256
    reason: str  # of what was accepted; empty otherwise
    figures: dict[str, int]  # name with its unit last


@dataclass(frozen=True)
class History:
    records: tuple[Record, ...]
    broken: tuple[int, ...]  # numbers of lines that could not be read


def read_history(top: Path) -> History:
    records, broken = [], []
    try:
        lines = (top / HISTORY).read_bytes().split(b"\n")
    except FileNotFoundError:
        lines = []
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            records.append(record_of(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            broken.append(number)
    return History(tuple(records), tuple(broken))


def record_of(content: dict[str, Any]) -> Record:
    if content["format"] != FORMAT:
        raise ValueError("another format")
    figures = content["figures"]
    if not all(isinstance(name, str) and type(value) is int for name, value in figures.items()):
        raise ValueError("a figure is no whole number")
    texts = {name: str(content[name]) for name in ("when", "fingerprint", "commit", "compiler", "reason")}
    return Record(changed=bool(content["changed"]), figures=figures, **texts)


def add_record(top: Path, zero: Path, figures: dict[str, int], reason: str = "") -> Record:
    machine = this_machine()
    commit, changed = commit_of(top)
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    record = Record(when, machine.fingerprint, commit, changed, sha256_of(zero), reason, dict(sorted(figures.items())))
    append_line(top / HISTORY, {"format": FORMAT, **asdict(record), "machine": asdict(machine)})
    return record


def tell_broken(history: History) -> None:
    for number in history.broken:
        print(f"perf: {HISTORY}:{number}: this line is broken and is skipped", file=sys.stderr)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m perf history", description="Show what was measured so far on this machine.")
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help="the figures to show, by a part of their name (default: all)")
    parser.add_argument("--last", type=int, default=10, metavar="N", help="how many measurements (default: 10)")
    parser.add_argument("--all-machines", action="store_true", help="of every machine, not of this one alone")
    parser.add_argument("--top", type=Path, default=TOP, metavar="DIRECTORY", help="the source tree")
    options = parser.parse_args(arguments)
    machine = None if options.all_machines else this_machine()
    return told("perf history", lambda: show(read_history(options.top.resolve()), machine, options.figures, max(1, options.last)))


def show(history: History, machine: Optional[Machine], wanted: Sequence[str], last: int) -> int:
    tell_broken(history)
    records = [record for record in history.records if machine is None or record.fingerprint == machine.fingerprint]
    names = sorted({name for record in records for name in record.figures if not wanted or any(part in name for part in wanted)})
    if not names:
        print(f"perf history: nothing of {'any machine' if machine is None else 'this machine'} is recorded; `python -m perf measure` does")
        return 1
    for record in records[-last:]:
        commit = (record.commit[:12] or "no commit") + ("+" if record.changed else "")
        print(f"{record.when}  {record.fingerprint}  {commit}  {record.reason}".rstrip())
    rows = []
    for name in names:
        values = [record.figures[name] for record in records if name in record.figures][-last:]
        told_values = (len(values), min(values), round(statistics.median(values)), max(values), values[-1])
        rows.append((name, *map(str, told_values)))
    print(columns(("figure", "times", "least", "median", "most", "last"), rows))
    return 0
