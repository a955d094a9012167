"""bisect_fuel: `python -m perf bisect-fuel SOURCE`: the first optimising decision with which a program says something else than at -O0.

The program is built with --fuel N, so that the first N decisions of the optimiser are made and no more, and run; what it prints and
how it ends is compared with what it does at -O0. The search doubles N until it differs, then goes on by halves, so it finds one
decision that makes a difference; of several, one of them. A command tells more where the output does not: `{}` in it is the program,
and any status but 0 is bad.

    python -m perf bisect-fuel examples/life.0x0 --stdin examples/input/life.txt
    python -m perf bisect-fuel compiler/main.0x0 -- sh -c '{} check examples/life.0x0'

It ends with 0 when no decision is at fault, with 1 when one is.
"""

from __future__ import annotations

import argparse
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from .bisect import split
from .command import BROKEN, HOLDS, PerfError
from .guard.front import told
from .guard import Kill, Limits, Outcome
from .history import TOP
from .workbench import first_line, guarded

DECISION = re.compile(r"^fuel: (.*)$", re.M)
MOST_DECISIONS = 1 << 40
PROGRAM = "{}"


@dataclass(frozen=True)
class Answer:
    """How a program ends, and what it printed: or that it was not built, or did not end."""

    what: str
    out: bytes = b""
    error: bytes = b""


@dataclass(frozen=True)
class Question:
    """What is built, how, and what is asked of each program."""

    zero: Path
    source: Path
    options: tuple[str, ...]
    command: tuple[str, ...]
    stdin: Optional[Path]
    limits: Limits

    def build(self, product: Path, *level: str) -> Outcome:
        words = [str(self.zero), "build", *self.options, *level, str(self.source), "-o", str(product)]
        return guarded(words, Path.cwd(), limits=self.limits)

    def run(self, product: Path) -> Answer:
        words = [word.replace(PROGRAM, str(product)) for word in self.command or (PROGRAM,)]
        given = open(self.stdin, "rb") if self.stdin else None
        try:
            outcome = guarded(words, Path.cwd(), given, self.limits)
        finally:
            if given:
                given.close()
        if outcome.kill is not Kill.NONE:
            return Answer(f"ended by the guard ({outcome.kill.value})")
        if self.command:
            return Answer("good" if outcome.status == 0 else f"status {outcome.status}")
        return Answer(f"status {outcome.status}", outcome.stdout, outcome.stderr)


class Search:
    def __init__(self, question: Question, folder: Path) -> None:
        self.question = question
        self.product = folder / "program"
        self.right = Answer("good")
        self.decision = ""  # the last one of the last program

    def answer(self, *level: str) -> Answer:
        built = self.question.build(self.product, *level)
        if built.status != 0 or built.kill is not Kill.NONE:
            return Answer(f"not built, status {built.status}{first_line(built.stderr)}")
        found = DECISION.search(built.stderr.decode("utf-8", "replace"))
        self.decision = found[1] if found else ""
        return self.question.run(self.product)

    def good(self, *level: str) -> bool:
        answer = self.answer(*level)
        good = answer == self.right
        print(f"{' '.join(level):<16}{'good' if good else 'bad ':<6}{answer.what}", flush=True)
        return good

    def run(self) -> int:
        first = self.answer("-O0")
        print(f"{'-O0':<16}      {first.what}", flush=True)
        if first.what.startswith("not built") or (self.question.command and first != self.right):
            raise PerfError(f"at -O0 it is {first.what}")
        self.right = first
        if self.good("-O2"):
            print("no decision makes a difference")
            return HOLDS
        if not self.good("-O2", "--fuel", "0"):
            print("it differs without any decision: it is not a pass that is at fault")
            return BROKEN
        return self.search()

    def search(self) -> int:
        good, bad = 0, 1
        while self.good("-O2", "--fuel", str(bad)):
            good, bad = bad, 2 * bad
            if bad > MOST_DECISIONS:
                raise PerfError("with all the fuel there is it is good, and without --fuel it is bad", BROKEN)
        while bad - good > 1:
            middle = (good + bad) // 2
            good, bad = (middle, bad) if self.good("-O2", "--fuel", str(middle)) else (good, middle)
        if self.good("-O2", "--fuel", str(bad)):
            raise PerfError(f"with --fuel {bad} it is now bad, now good", BROKEN)
        print(f"decision {bad} makes the difference: {self.decision or 'the compiler does not tell which it is'}")
        return BROKEN


def main(arguments: Sequence[str]) -> int:
    words, command = split(arguments)
    parser = argparse.ArgumentParser(
        prog="python -m perf bisect-fuel",
        usage="%(prog)s SOURCE [OPTION...] [-- COMMAND...]",
        description="Find the optimising decision that changes what a program does.",
    )
    parser.add_argument("source", type=Path, metavar="SOURCE", help="the program's root file")
    parser.add_argument("--compiler", type=Path, default=TOP / "build/bin/zero", metavar="FILE", help="the compiler that is asked")
    parser.add_argument("--option", action="append", default=[], metavar="WORD", help="a further option of every build, such as --unchecked")
    parser.add_argument("--stdin", type=Path, metavar="FILE", help="what the program reads")
    parser.add_argument("--timeout", type=float, default=20, metavar="SECONDS", help="of each build and run (default: 20)")
    options = parser.parse_args(words)
    return told("perf bisect-fuel", lambda: work(options, command))


def work(options: argparse.Namespace, command: tuple[str, ...]) -> int:
    if command and not any(PROGRAM in word for word in command):
        raise PerfError(f"the command does not name the program: write {PROGRAM} where it stands")
    for path in (options.source, options.compiler):
        if not path.is_file():
            raise PerfError(f"{path}: there is no such file")
    limits = Limits(max_rss_kib=4 << 20, timeout_seconds=options.timeout)
    question = Question(options.compiler.resolve(), options.source, tuple(options.option), command, options.stdin, limits)
    folder = Path(tempfile.mkdtemp(prefix="zero-fuel-"))
    try:
        return Search(question, folder).run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
