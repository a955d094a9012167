"""figures: what pages may state as a number, and how it is come by. `python -m audit figures` prints them all.

A page marks a number with a comment behind it, `5,000<!-- figure: seed-lines -->`; the claim docs/figures compares. A figure that
can't be had now (its file is not made yet) is absent: a page that states it is then not judged on it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional, Tuple

Counter = Callable[[Path], Optional[int]]


@dataclass(frozen=True)
class Figure:
    name: str
    value: Counter


def lines(*patterns: str) -> Counter:
    return lambda top: count(top, patterns, lambda content: content.count(b"\n"))


def size(*patterns: str) -> Counter:
    return lambda top: count(top, patterns, len)


def files(*patterns: str) -> Counter:
    return lambda top: count(top, patterns, lambda _: 1)


def matches(path: str, pattern: str) -> Counter:
    """How often the pattern stands in one file."""
    found = re.compile(pattern, re.MULTILINE)
    return lambda top: count(top, (path,), lambda content: len(found.findall(content.decode("utf-8"))))


def number(path: str, pattern: str) -> Counter:
    """The number that the pattern's group stands for, in one file."""
    found = re.compile(pattern, re.MULTILINE)

    def value(top: Path) -> Optional[int]:
        match = found.search((top / path).read_text(encoding="utf-8")) if (top / path).is_file() else None
        return int(match[1].replace("_", "").replace(",", "")) if match else None

    return value


def count(top: Path, patterns: Tuple[str, ...], of: Callable[[bytes], int]) -> Optional[int]:
    """The sum over all files that the patterns name; None when there is none."""
    found = {path for pattern in patterns for path in top.glob(pattern) if path.is_file() and "__pycache__" not in path.parts}
    return sum(of(path.read_bytes()) for path in found) if found else None


SEED, CHAIN, GUARD, WITNESS = "bootstrap/seed/*.py", "bootstrap/*.py", "perf/guard/**/*.py", "bootstrap/witness/*.py"

FIGURES: Tuple[Figure, ...] = (
    Figure("seed-lines", lines(SEED)),
    Figure("seed-bytes", size(SEED)),
    Figure("chain-lines", lines(CHAIN)),
    Figure("chain-bytes", size(CHAIN)),
    Figure("guard-lines", lines(GUARD)),
    Figure("guard-bytes", size(GUARD)),
    Figure("witness-lines", lines(WITNESS)),
    Figure("witness-bytes", size(WITNESS)),
    Figure("verifier-lines", lines("release/verify.py")),
    Figure("verifier-bytes", size("release/verify.py")),
    Figure("compiler-lines", lines("compiler/**/*.0x0")),
    Figure("compiler-bytes", size("compiler/**/*.0x0")),
    Figure("library-lines", lines("lib/**/*.0x0")),
    Figure("library-bytes", size("lib/**/*.0x0")),
    Figure("zero-bytes", size("build/bin/zero")),
    Figure("corpus-cases", files("tests/cases/**/*.0x0")),
    Figure("planted-faults", matches("tests/mutants.py", r"^    Mutant\(")),
    Figure("hostile-inputs", number("tests/compiler/test_hostile.py", r"^ALL_INPUTS = ([0-9_]+)")),
    Figure("diagnostic-codes", matches("docs/diagnostics.md", r"^\| [a-z][a-z-]* \|(?! sentence)")),
    Figure("budget-stage2-kib", number("perf/memory-budgets.txt", r"^release\.stage2\.max_rss_kib=([0-9]+)")),
    Figure("budget-stage3-kib", number("perf/memory-budgets.txt", r"^release\.stage3\.max_rss_kib=([0-9]+)")),
    Figure("budget-stress-kib", number("perf/memory-budgets.txt", r"^release\.stress_symbols\.max_rss_kib=([0-9]+)")),
)
