"""optimizer_smoke_check: the group "optimizer-smoke": -O2 over the compiler's source says the same twice and keeps to its memory.

The tree is run two times under the guard. What passes were given and what they made is compared by its hash.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from audit.claim import Claim, Finding, Subject

from .budget import BUDGETS, read_budgets
from .command import PerfError
from .judging import key_of, once
from .machine import fixes_addresses, uncounted_kib
from .memory_check import ROOM_PERMILLE, closest, peaks_before
from .optimizer_smoke import PASSES, dumps, smoke
from .store import sha256_of
from .workbench import Workbench

STEP = "optimizer.source_smoke"
HEAD = b"function "


@dataclass(frozen=True)
class Dump:
    """What stands in one file: its hash, and how many graphs, of how many instructions."""

    sha256: str
    graphs: int
    lines: int


@dataclass(frozen=True)
class Trees:
    peaks_kib: tuple[int, int]
    dumps: dict[str, tuple[Dump, Dump]]  # by pass, of either run


@once
def pair_of_trees(subject: Subject, place: Workbench) -> Trees:
    first = smoke(place)
    said = {name: read(path) for name, path in dumps(place).items()}
    second = smoke(place)
    peaks_before.setdefault(key_of(subject), {})[STEP] = max(first.peak_kib, second.peak_kib)
    return Trees((first.peak_kib, second.peak_kib), {name: (said[name], read(path)) for name, path in dumps(place).items()})


def trees(subject: Subject) -> Trees:
    found = pair_of_trees(subject)
    subject.figures[f"{STEP.replace('.', '_')}_peak_kib"] = max(found.peaks_kib)
    for name, (dump, _) in found.dumps.items():
        subject.figures[f"{name}_graphs_count"] = dump.graphs
        subject.facts[f"dump of {name}"] = dump.sha256
    return found


def read(path: Path) -> Dump:
    graphs = lines = 0
    with open(path, "rb") as file:
        for line in file:
            lines += 1
            graphs += line.startswith(HEAD)
    return Dump(sha256_of(path), graphs, lines)


def says_the_same_twice(subject: Subject) -> Iterator[Finding]:
    """What each pass is given and makes of the compiler's own source is the same in every run, to the byte."""
    for name, (first, second) in trees(subject).dumps.items():
        if first != second:
            yield Finding(f"the graphs of {name} differ from run to run: {first.sha256} and {second.sha256}")


def tells_before_and_after(subject: Subject) -> Iterator[Finding]:
    """Every graph that a pass is given is told before and after it."""
    graphs = {name: dump.graphs for name, (dump, _) in trees(subject).dumps.items()}
    for name in PASSES:
        if graphs[name] < 2 or graphs[name] % 2:
            yield Finding(f"{graphs[name]} graphs are told of {name}, and not as many after it as before")


def keeps_to_its_memory(subject: Subject) -> Iterator[Finding]:
    """The tree keeps within its budget, which is at most 25 % over what is measured."""
    subject.audited.append(subject.top / BUDGETS)
    try:
        budgets = read_budgets(subject.top)
    except PerfError as error:
        yield Finding(error.message)
        return
    peak = max(trees(subject).peaks_kib)
    budget = budgets.get(STEP)
    if budget is None:
        yield Finding(f"{STEP} took {peak} KiB and has no budget", BUDGETS)
    elif peak > budget.max_rss_kib:
        yield Finding(f"{STEP} took {peak} KiB, more than its budget of {budget.max_rss_kib}", BUDGETS, budget.line)
    elif 1000 * budget.max_rss_kib > (1000 + ROOM_PERMILLE) * (peak + uncounted_kib(fixes_addresses())):
        yield Finding(f"{STEP} has a budget of {budget.max_rss_kib} KiB and takes {peak}: lower it to {closest(peak)}", BUDGETS, budget.line)


CLAIMS: tuple[Claim, ...] = (
    Claim("optimizer-smoke/dumps-are-the-same-twice", says_the_same_twice),
    Claim("optimizer-smoke/passes-tell-before-and-after", tells_before_and_after),
    Claim("optimizer-smoke/keeps-to-its-memory", keeps_to_its_memory),
)
