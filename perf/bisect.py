"""bisect: `python -m perf bisect GOOD BAD`: the first commit at which a figure is over a limit, or a command fails.

Each commit that is looked at is checked out in a clone under build/, and its compiler is made by its own chain; the source tree is not
touched. A commit that does not build is skipped, and told. The search is by halves, so it finds one step up; of several, one of them.

    python -m perf bisect v0.1.0 main --figure release.stage2.peak_kib --over 12000
    python -m perf bisect v0.1.0 main -- python3 -m pytest tests/compiler/test_cli.py

A command is run in the clone: status 0 is good, 125 skips the commit, anything else is bad.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Optional

from .workbench import workbench, first_line, guarded
from .command import BROKEN, HOLDS, PerfError, columns
from .guard.front import told
from .git import git, has_history
from .guard import Limits
from .history import TOP
from .sampling import LEAST_PAIRS
from .steps import KEYS, step_of

UNITS = ("peak_kib", "cpu_us")
CHAIN_LIMITS = Limits(max_rss_kib=4 << 20, timeout_seconds=1800)
SKIP_STATUS = 125


class Kind(Enum):
    GOOD = "good"
    BAD = "bad"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Judged:
    commit: str
    kind: Kind
    what: str  # the figure, the status, or why it was skipped


@dataclass(frozen=True)
class Question:
    """What is asked of each commit: a figure against a limit, or a command."""

    key: str
    unit: str
    over: int
    command: tuple[str, ...]

    def ask(self, clone: Path) -> tuple[Kind, str]:
        return self.ask_command(clone) if self.command else self.ask_figure(clone)

    def ask_command(self, clone: Path) -> tuple[Kind, str]:
        outcome = guarded(self.command, clone, limits=CHAIN_LIMITS)
        if outcome.status == SKIP_STATUS:
            return Kind.SKIPPED, f"the command ended with status {SKIP_STATUS}"
        return (Kind.GOOD if outcome.ok else Kind.BAD), f"status {outcome.status}"

    def ask_figure(self, clone: Path) -> tuple[Kind, str]:
        step = step_of(self.key)
        with workbench(clone, clone / "build/bin/zero") as place:
            outcomes = [step.measure(place) for _ in range(1 if self.unit == "peak_kib" else LEAST_PAIRS)]
        measured = [outcome for outcome in outcomes if outcome is not None]
        if not measured:
            return Kind.SKIPPED, f"{self.key} is not present"
        if self.unit == "peak_kib":
            value = max(outcome.peak_kib for outcome in measured)
        else:
            value = min(round(1_000_000 * outcome.cpu_seconds) for outcome in measured)
        return (Kind.BAD if value > self.over else Kind.GOOD), f"{value}"


def main(arguments: Sequence[str]) -> int:
    words, command = split(arguments)
    parser = argparse.ArgumentParser(
        prog="python -m perf bisect",
        usage="%(prog)s GOOD BAD (--figure NAME --over N | -- COMMAND...)",
        description="Find the first commit at which a figure is over a limit, or a command fails.",
    )
    parser.add_argument("good", metavar="GOOD", help="a commit that is good")
    parser.add_argument("bad", metavar="BAD", help="a later one that is bad")
    parser.add_argument("--figure", metavar="NAME", help=f"STEP.peak_kib or STEP.cpu_us; the steps are {', '.join(KEYS)}")
    parser.add_argument("--over", type=int, metavar="N", help="a commit is bad when its figure is more")
    parser.add_argument("--top", type=Path, default=TOP, metavar="DIRECTORY", help="the repository")
    options = parser.parse_args(words)
    return told("perf bisect", lambda: work(options, question_of(options.figure, options.over, command)))


def split(arguments: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    words = list(arguments)
    if "--" not in words:
        return words, ()
    at = words.index("--")
    return words[:at], tuple(words[at + 1 :])


def question_of(figure: Optional[str], over: Optional[int], command: tuple[str, ...]) -> Question:
    if command and figure is None and over is None:
        return Question("", "", 0, command)
    if command or figure is None or over is None:
        raise PerfError("give either --figure NAME with --over N, or -- and a command")
    key, _, unit = figure.rpartition(".")
    if key not in KEYS or unit not in UNITS:
        raise PerfError(f"{figure} is no figure; write STEP.peak_kib or STEP.cpu_us, the steps are {', '.join(KEYS)}")
    return Question(key, unit, over, ())


def work(options: argparse.Namespace, question: Question) -> int:
    top = options.top.resolve()
    if not has_history(top):
        raise PerfError(f"{top}: there is no repository")
    commits = commits_between(top, options.good, options.bad)
    home = top / "build"
    home.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bisect-", dir=home))
    try:
        return Search(top, folder / "clone", question).run(commits)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def commits_between(top: Path, good: str, bad: str) -> list[str]:
    """GOOD, then every commit up to BAD along the first parents, oldest first."""
    first, last = (git(top, "rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}").strip() for name in (good, bad))
    between = git(top, "rev-list", "--first-parent", "--reverse", f"{first}..{last}").split()
    if not between or first == last:
        raise PerfError(f"{bad} does not come after {good}")
    return [first, *between]


class Search:
    def __init__(self, top: Path, clone: Path, question: Question) -> None:
        self.top = top
        self.clone = clone
        self.question = question
        self.judged: list[Judged] = []

    def run(self, commits: Sequence[str]) -> int:
        git(self.top, "clone", "--quiet", "--shared", "--no-checkout", str(self.top), str(self.clone))
        self.expect(commits[0], Kind.GOOD)
        self.expect(commits[-1], Kind.BAD)
        good, bad = 0, len(commits) - 1
        while bad - good > 1:
            at, kind = self.between(commits, good, bad)
            if at is None:
                break
            good, bad = (at, bad) if kind is Kind.GOOD else (good, at)
        return self.tell(commits, good, bad)

    def expect(self, commit: str, kind: Kind) -> None:
        found = self.judge(commit)
        if found.kind is not kind:
            raise PerfError(f"{commit[:12]} should be {kind.value} and is {found.kind.value}: {found.what}", BROKEN)

    def between(self, commits: Sequence[str], good: int, bad: int) -> tuple[Optional[int], Kind]:
        """The commit nearest to the middle that can be judged; None: none of them can."""
        middle = (good + bad) // 2
        for at in sorted(range(good + 1, bad), key=lambda each: abs(each - middle)):
            kind = self.judge(commits[at]).kind
            if kind is not Kind.SKIPPED:
                return at, kind
        return None, Kind.SKIPPED

    def judge(self, commit: str) -> Judged:
        for before in self.judged:
            if before.commit == commit:
                return before
        kind, what = self.ask(commit)
        found = Judged(commit, kind, what)
        self.judged.append(found)
        print(f"{commit[:12]}  {kind.value:<8}{what}", flush=True)
        return found

    def ask(self, commit: str) -> tuple[Kind, str]:
        git(self.clone, "checkout", "--quiet", "--force", "--detach", commit)
        git(self.clone, "clean", "--quiet", "-ffdx")
        chain = guarded([sys.executable, "-m", "bootstrap"], self.clone, limits=CHAIN_LIMITS)
        if not chain.ok:
            return Kind.SKIPPED, f"it does not build{first_line(chain.stderr)}"
        try:
            return self.question.ask(self.clone)
        except PerfError as error:
            return Kind.SKIPPED, error.message

    def tell(self, commits: Sequence[str], good: int, bad: int) -> int:
        rows = [(each.commit[:12], each.kind.value, each.what) for each in sorted(self.judged, key=lambda each: commits.index(each.commit))]
        print("\n" + columns(("commit", "is", "figure"), rows))
        if bad - good == 1:
            print(f"the first bad commit is {git(self.top, 'log', '-1', '--format=%H %s', commits[bad]).strip()}")
            return HOLDS
        print(f"the first bad commit is one of {bad - good}, for those between cannot be judged:")
        for commit in commits[good + 1 : bad + 1]:
            print(f"  {git(self.top, 'log', '-1', '--format=%H %s', commit).strip()}")
        return BROKEN
