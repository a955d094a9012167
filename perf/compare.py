"""compare: `python -m perf compare A B`: two commands, or two compilers on one source, in pairs in turn, and what can be said of them.

The answer is a ratio with an interval and its confidence, not two numbers to be looked at. Exit status 0: B takes at most LIMIT times as
long as A; 1: it takes longer, or nothing can be said; 2: a command failed.
"""

from __future__ import annotations

import argparse
import os
import shlex
import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Optional

from .workbench import SAFETY, failure, first_line, shown
from .command import BROKEN, HOLDS, PerfError, columns
from .guard.front import told
from .guard import GuardError, Kill, Outcome, run
from .history import TOP
from .machine import this_machine
from .noise import read_noise
from .sampling import LEAST_PAIRS, Pairs, Verdict, judge_ratio, measure_pairs, spread_permille, statement

FIGURES = ("cpu", "wall")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m perf compare", description="Compare two commands, or two compilers, in pairs in turn.")
    parser.add_argument("first", metavar="A", help="a command in one word, or with --source a compiler")
    parser.add_argument("second", metavar="B", help="the same")
    parser.add_argument("--source", metavar="FILE", help="A and B are compilers: let each build this")
    parser.add_argument("--figure", choices=FIGURES, default="cpu", help="what to compare (default: cpu, processor time)")
    parser.add_argument("--limit", type=float, default=1.05, metavar="RATIO", help="how long B may take at most (default: 1.05)")
    parser.add_argument("--pairs", type=int, default=31, metavar="N", help="at most; fewer where all is clear (default: 31)")
    options = parser.parse_args(arguments)
    return told("perf compare", lambda: work(options))


def work(options: argparse.Namespace) -> int:
    if options.pairs < LEAST_PAIRS or options.limit <= 0:
        raise PerfError(f"--pairs has to be {LEAST_PAIRS} or more and --limit above zero")
    with tempfile.TemporaryDirectory(prefix="perf-compare-") as folder:
        first, second = (Timed(command_of(word, options.source, folder), options.figure) for word in (options.first, options.second))
        pairs = measure_pairs(first, second, LEAST_PAIRS, options.pairs, options.limit)
    print(columns(("", f"{options.figure} ms", "spread", "peak KiB"), [first.row("A", pairs.left), second.row("B", pairs.right)]))
    return tell(pairs, options.limit)


def tell(pairs: Pairs, limit: float) -> int:
    verdict = judge_ratio(pairs.ratios, limit)
    floor = max(read_noise(TOP, this_machine()), default=None)
    print(f"{statement(pairs)}.")
    print(f"noise of this machine, as learned: {'nothing yet' if floor is None else f'{floor / 10:.1f} %'}")
    print(f"{verdict.value}: the limit is {limit}")
    return HOLDS if verdict is Verdict.NOT_REGRESSED else BROKEN


def command_of(word: str, source: Optional[str], folder: str) -> list[str]:
    if source is not None:
        return [os.path.abspath(word), "build", source, "-o", str(Path(folder) / "product")]
    try:
        words = shlex.split(word)
    except ValueError as error:
        raise PerfError(f"{word}: {error}") from None
    if not words:
        raise PerfError("a command is empty")
    return words


class Timed:
    """A command that can be run again and again; it must succeed each time."""

    def __init__(self, argv: Sequence[str], figure: str) -> None:
        self.argv = list(argv)
        self.seconds: Callable[[Outcome], float] = lambda o: o.cpu_seconds if figure == "cpu" else o.wall_seconds
        self.peak_kib = 0

    def __call__(self) -> int:
        try:
            outcome = run(self.argv, SAFETY, capture=True)
        except GuardError as error:
            raise PerfError(f"the guard: {error}") from None
        if outcome.kill is not Kill.NONE or outcome.status != 0:
            raise PerfError(f"{failure(outcome)}: {shown(self.argv)}{first_line(outcome.stderr)}")
        self.peak_kib = max(self.peak_kib, outcome.peak_kib)
        return round(1_000_000 * self.seconds(outcome))

    def row(self, name: str, values: Sequence[int]) -> tuple[str, ...]:
        return name, f"{statistics.median(values) / 1000:.2f}", f"{spread_permille(values) / 10:.1f} %", f"{self.peak_kib}"
