"""budget: the most memory that each step may take, perf/memory-budgets.txt, read and checked.

    # Why this much; at least one line of reason stands above every key, or above a block of keys.
    release.stage2.max_rss_kib=11264
    seed.zero_next@cpython-3.11.max_rss_kib=57344

`@` names the Python, for steps that Python runs; without it the line is for every other CPython. Whatever else the file says is
refused with its line: an unknown key, a key given twice, a number that is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from .command import PerfError
from .steps import KEYS, step_of
from .store import text_of

BUDGETS = "perf/memory-budgets.txt"
SUFFIX = ".max_rss_kib"
LINE = re.compile(r"(?P<key>[^=\s]+)=(?P<value>\S*)\Z")
PYTHON = re.compile(r"[a-z]+-[0-9]+\.[0-9]+\Z")
NUMBER = re.compile(r"[1-9][0-9]{0,9}\Z")


@dataclass(frozen=True)
class Budget:
    key: str  # "release.stage2", "seed.zero_next@cpython-3.11"
    max_rss_kib: int
    line: int
    reason: str


Budgets = dict[str, Budget]


def read_budgets(top: Path) -> Budgets:
    return parse_budgets(text_of(top / BUDGETS), BUDGETS)


def parse_budgets(text: str, name: str) -> Budgets:
    budgets: Budgets = {}
    reason: list[str] = []
    after_key = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("#"):
            reason = [] if after_key else reason
            reason.append(line.lstrip("# ").rstrip())
            after_key = False
        elif not line:
            reason, after_key = [], False
        else:
            budget = parse_line(line, name, number, " ".join(filter(None, reason)))
            if budget.key in budgets:
                raise PerfError(f"{name}:{number}: {budget.key} is given twice, first in line {budgets[budget.key].line}")
            budgets[budget.key] = budget
            after_key = True
    return budgets


def parse_line(line: str, name: str, number: int, reason: str) -> Budget:
    match = LINE.match(line)
    if match is None:
        raise PerfError(f"{name}:{number}: expected a comment or KEY{SUFFIX}=NUMBER, found {line!r}")
    key = match["key"]
    if not key.endswith(SUFFIX):
        raise PerfError(f"{name}:{number}: {key} does not end with {SUFFIX}")
    key = key[: -len(SUFFIX)]
    refuse_unknown(key, name, number)
    if not NUMBER.match(match["value"]):
        raise PerfError(f"{name}:{number}: {match['value']!r} is not a whole number of KiB above zero")
    if not reason:
        raise PerfError(f"{name}:{number}: no reason stands above {key}; write one as a comment")
    return Budget(key, int(match["value"]), number, reason)


def refuse_unknown(key: str, name: str, number: int) -> None:
    step, mark, python = key.partition("@")
    if step not in KEYS:
        raise PerfError(f"{name}:{number}: {step} is no step that is measured; there are {', '.join(KEYS)}")
    if mark and not step_of(step).by_python:
        raise PerfError(f"{name}:{number}: {step} is not run by Python, so it has one budget")
    if mark and not PYTHON.match(python):
        raise PerfError(f"{name}:{number}: {python!r} is no Python; write it as cpython-3.11")


def budget_for(budgets: Budgets, key: str, python: str) -> Optional[Budget]:
    """The budget of a step as this Python runs it; else that of the step that it is like."""
    step = step_of(key)
    general = budgets.get(key) if not step.by_python or python.startswith("cpython-") else None
    found = budgets.get(f"{key}@{python}") or general
    return found if found or step.like is None else budget_for(budgets, step.like, python)
