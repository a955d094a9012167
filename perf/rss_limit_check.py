"""rss_limit_check: the group "rss-limit": the tree's own guard, tried on trees that break their limits.

Each claim runs `python -m perf guard` of the subject on a program of tests/perf/guard/, itself under the guard of this process, which sees
what the tried one lets slip. What is right is told by the exit status and by the report, which must agree.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit.claim import Claim, Finding, NotMeasured, NotPresent, Subject

from .guard import PINNED_ENVIRONMENT, GuardError, Kill, Limits, Outcome, run
from .machine import fixes_addresses

TREES = "tests/perf/guard"
GUARD = "perf/guard"
AROUND = Limits(timeout_seconds=120, max_members=1000)
AMPLE = ("--timeout", "20")  # far more than any of it takes
FIRM = ("pid-namespace", "cgroup", "subreaper")  # containments that hold a daemon
OVER_BUDGET, TIMED_OUT = 123, 124
RUNS = 5
SOON_MS = 2500  # within which a tree that would go on for a minute has to be ended, in one of so many trials:
TRIALS = 3  # a machine that stands still says nothing of the guard
CHAIN = """name = "fake"
directory = "made"
source = "source"
inputs = ["source"]

[[stage]]
name = "small"
command = ["{python}", "-S", "-c", "{small}", "{out}"]
max-rss = "64M"

[[stage]]
name = "large"
command = ["{python}", "-S", "-c", "{large}", "{out}"]
max-rss = "64M"

[[equal]]
left = "small"
right = "large"
"""


@dataclass(frozen=True)
class Answer:
    """What the tried guard said, and what the guard around it saw."""

    status: int
    report: dict[str, Any]
    around: Outcome

    @property
    def text(self) -> str:
        report = self.report
        return f"status {self.status}, kill {report['kill']}, verdict {report['verdict']}, largest {report['peak_kib']} KiB"


def tried(subject: Subject, options: Sequence[str], command: Sequence[str]) -> Answer:
    """Run a command under the subject's guard."""
    note_guard(subject)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        words = [sys.executable, "-m", "perf", "guard", "--quiet", "--pin", "--report", str(report), *options, "--", *command]
        around = started(words, subject.top)
        if around.kill is not Kill.NONE:
            return Answer(around.status, untold(around), around)
        if not report.is_file():
            raise NotMeasured(f"the guard wrote no report, status {around.status}: {around.stderr.decode(errors='replace').strip()}")
        return Answer(around.status, json.loads(report.read_bytes()), around)


def untold(around: Outcome) -> dict[str, Any]:
    """The report of a guard that did not come to an end, but was ended by the one around it."""
    fields = ("containment", "scope", "status", "sum_kib", "verdict")
    method = dict.fromkeys(("fixed_addresses", "launcher", "peak", "pinned_environment", "one_processor"))
    counts = {"elapsed_ms": round(around.wall_seconds * 1000), "members": around.members, "peak_kib": around.peak_kib, "survivors": 0}
    return {**dict.fromkeys(fields), **counts, "kill": f"by the guard around it: {around.kill.value}", "method": method}


def started(words: Sequence[str], top: Path) -> Outcome:
    environment = {**PINNED_ENVIRONMENT, "PYTHONPYCACHEPREFIX": str(top / "build" / "pycache")}
    try:
        return run(words, AROUND, cwd=top, environment=environment, capture=True)
    except GuardError as error:
        raise NotMeasured(str(error)) from None


def note_guard(subject: Subject) -> None:
    for path in sorted((subject.top / GUARD).rglob("*.py")):
        if path not in subject.audited:
            subject.audited.append(path)


def tree(subject: Subject, name: str) -> list[str]:
    path = subject.top / TREES / name
    if not path.is_file():
        raise NotMeasured(f"{TREES}/{name}: there is no such file")
    subject.audited.append(path)
    return ["/bin/sh", str(path)] if path.suffix == ".sh" else [sys.executable, "-S", str(path)]


def expected(answer: Answer, name: str, status: int, kill: str) -> Iterator[Finding]:
    """The exit status, the report's reason, and nothing left behind."""
    if (answer.status, answer.report["kill"]) != (status, kill):
        yield Finding(f"expected status {status} and kill {kill}, got {answer.text}", f"{TREES}/{name}")
    yield from nothing_left(answer, name)


def nothing_left(answer: Answer, name: str) -> Iterator[Finding]:
    if answer.around.survivors:
        yield Finding(f"{answer.around.survivors} members outlived the guard", f"{TREES}/{name}")


def passes(subject: Subject) -> Iterator[Finding]:
    """A command within its limits keeps its status, and its peak is the kernel's own figure."""
    answer = tried(subject, ["--max-rss", "64M", *AMPLE], ["/bin/sh", "-c", "exit 7"])
    report = answer.report
    if (answer.status, report["status"], report["kill"], report["verdict"]) != (7, 7, "none", "held"):
        yield Finding(f"expected status 7, kill none, verdict held; got {answer.text}", GUARD)
    if (report["scope"], report["method"]["peak"], report["sum_kib"]) != ("process", "wait4", None):
        yield Finding(f"one process is measured as {report['scope']}, by {report['method']['peak']}", GUARD)
    if not 0 < report["peak_kib"] < 8 * 1024:
        yield Finding(f"a shell that ends at once is said to take {report['peak_kib']} KiB", GUARD)


def ends_over_budget(subject: Subject) -> Iterator[Finding]:
    """A command that passes its budget is ended at once, by whatever threads it takes memory."""
    yield from over_budget(subject, "threads.py", "threads")


def ends_grandchild(subject: Subject) -> Iterator[Finding]:
    """A grandchild that passes the budget is seen and ended with the whole tree."""
    yield from over_budget(subject, "grandchild_memory.py", "grandchild")


def ends_many_small(subject: Subject) -> Iterator[Finding]:
    """Members that pass the budget only together are ended."""
    yield from over_budget(subject, "many_small.py", "many_small")


def over_budget(subject: Subject, name: str, figure: str) -> Iterator[Finding]:
    for _ in range(TRIALS):
        answer = tried(subject, ["--max-rss", "64M", *AMPLE], tree(subject, name))
        if answer.report["elapsed_ms"] <= SOON_MS or answer.report["kill"] != "over-budget":
            break
    subject.figures[f"{figure}_ended_after_ms"] = answer.report["elapsed_ms"]
    subject.figures[f"{figure}_largest_kib"] = answer.report["peak_kib"]
    yield from expected(answer, name, OVER_BUDGET, "over-budget")
    if answer.report["elapsed_ms"] > SOON_MS:
        yield Finding(f"it went on for {answer.report['elapsed_ms']} ms", f"{TREES}/{name}")


def sees_spike(subject: Subject) -> Iterator[Finding]:
    """A spike of 20 ms over the budget is told, also when it is over before it can be ended."""
    answer = tried(subject, ["--max-rss", "64M", *AMPLE], tree(subject, "spike.py"))
    if (answer.status, answer.report["verdict"]) != (OVER_BUDGET, "over-budget"):
        yield Finding(f"expected status {OVER_BUDGET} and verdict over-budget, got {answer.text}", f"{TREES}/spike.py")


def ends_daemon(subject: Subject) -> Iterator[Finding]:
    """A daemon that left group, session and parent dies with the tree, and is counted."""
    answer = tried(subject, [*AMPLE], tree(subject, "daemon.py"))
    subject.figures["daemons_ended_count"] = answer.report["survivors"]
    yield from expected(answer, "daemon.py", 0, "none")
    if answer.report["containment"] not in FIRM:
        yield Finding(f"the containment is {answer.report['containment']}, which does not hold a daemon", f"{TREES}/daemon.py")
    elif answer.report["survivors"] < 1:
        yield Finding("the daemon was not counted among the survivors", f"{TREES}/daemon.py")


def ends_storm(subject: Subject) -> Iterator[Finding]:
    """A fork storm is ended by the number of its members."""
    answer = tried(subject, ["--max-members", "60", *AMPLE], tree(subject, "fork_storm.py"))
    subject.figures["storm_members_count"] = answer.report["members"]
    yield from expected(answer, "fork_storm.py", OVER_BUDGET, "too-many-processes")


def ends_the_deaf(subject: Subject) -> Iterator[Finding]:
    """A tree that ignores every signal it can is ended when its time is over."""
    answer = tried(subject, ["--timeout", "0.3"], tree(subject, "ignores_signals.py"))
    yield from expected(answer, "ignores_signals.py", TIMED_OUT, "timeout")


def leaves_alone(subject: Subject) -> Iterator[Finding]:
    """A tree that dies by itself is not ended, and nothing of it is counted as a survivor."""
    for _ in range(TRIALS):
        answer = tried(subject, ["--max-rss", "64M", *AMPLE], tree(subject, "exits_by_itself.sh"))
        if answer.report["scope"] == "tree":  # its children are seen by samples alone
            break
    yield from expected(answer, "exits_by_itself.sh", 3, "none")
    if (answer.report["scope"], answer.report["survivors"]) != ("tree", 0):
        yield Finding(f"scope {answer.report['scope']}, {answer.report['survivors']} survivors", f"{TREES}/exits_by_itself.sh")


def repeats(subject: Subject) -> Iterator[Finding]:
    """The peak of a static program is the same in every run, with fixed addresses and from a small launcher."""
    fixable = fixes_addresses()
    if not subject.zero.is_file():
        raise NotMeasured(f"{subject.zero}: there is no compiler")
    with tempfile.TemporaryDirectory() as folder:
        command = [str(of_its_own(subject.zero, Path(folder))), "--version"]
        answers = [tried(subject, [], command) for _ in range(RUNS)]
    peaks = sorted({answer.report["peak_kib"] for answer in answers})
    subject.figures["static_program_peak_kib"] = peaks[-1]
    if len(peaks) > 1 and fixable:
        yield Finding(f"{RUNS} runs have {len(peaks)} peaks: {', '.join(str(peak) for peak in peaks)} KiB", GUARD)
    method = answers[0].report["method"]
    missing = [name for name in ("fixed_addresses", "launcher", "pinned_environment", "one_processor") if not method[name]]
    if missing == ["fixed_addresses"] and not fixable:
        raise NotPresent(f"this machine refuses fixed addresses, so peaks differ: {RUNS} runs took {peaks[0]} to {peaks[-1]} KiB")
    for name in missing:
        yield Finding(f"the method has no {name.replace('_', ' ')}", GUARD)


def of_its_own(program: Path, folder: Path) -> Path:
    """A copy that nobody else runs, on disk: what another process, or the way to the disk, holds of a file is not mapped at that moment."""
    copy = folder / program.name
    with copy.open("wb") as file:
        file.write(program.read_bytes())
        file.flush()
        os.fsync(file.fileno())
    copy.chmod(0o755)
    return copy


def chain_keeps_budget(subject: Subject) -> Iterator[Finding]:
    """A chain ends at the stage that passes its budget, names it, and leaves no ledger; within its budgets it ends well."""
    kept, kept_ledger = walked(subject, 1)
    if kept.status != 0 or not kept_ledger:
        yield Finding(f"a chain within its budgets ended with status {kept.status}: {last_line(kept)}", "bootstrap/chain.py")
    broken, broken_ledger = walked(subject, 150)
    subject.facts["chain_over_budget"] = f"status {broken.status}"
    if broken.status != 1 or "stage large" not in last_line(broken):
        yield Finding(f"a stage over its budget gave status {broken.status}: {last_line(broken)}", "bootstrap/chain.py")
    if broken_ledger:
        yield Finding("a chain with a stage over its budget left a ledger", "bootstrap/chain.py")
    if broken.survivors:
        yield Finding(f"{broken.survivors} processes outlived the chain", "bootstrap/chain.py")


def walked(subject: Subject, mib: int) -> tuple[Outcome, bool]:
    """Run a made-up chain whose second stage takes so much; how it ended, and whether there is a ledger."""
    note_guard(subject)
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        program = "import sys; held = bytearray(b'x') * (MIB << 20); open(sys.argv[1], 'w').write('made')"
        text = CHAIN.replace("{small}", program.replace("MIB", "1")).replace("{large}", program.replace("MIB", str(mib)))
        (top / "chain.toml").write_text(text, encoding="utf-8")
        (top / "source").write_text("source\n", encoding="utf-8")
        words = [sys.executable, "-m", "bootstrap", "--chain", str(top / "chain.toml"), "--top", str(top)]
        outcome = started(words, subject.top)
        return outcome, (top / "made" / "ledger.json").is_file()


def last_line(outcome: Outcome) -> str:
    lines = (outcome.stderr or outcome.stdout).decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


CLAIMS: tuple[Claim, ...] = (
    Claim("rss-limit/within-its-limits-a-command-passes", passes),
    Claim("rss-limit/over-budget-is-ended", ends_over_budget),
    Claim("rss-limit/over-budget-grandchild-is-ended", ends_grandchild),
    Claim("rss-limit/over-budget-together-is-ended", ends_many_small),
    Claim("rss-limit/short-spike-is-told", sees_spike),
    Claim("rss-limit/escaped-daemon-is-ended", ends_daemon),
    Claim("rss-limit/fork-storm-is-ended", ends_storm),
    Claim("rss-limit/deaf-tree-is-ended", ends_the_deaf),
    Claim("rss-limit/tree-that-dies-by-itself-is-left-alone", leaves_alone),
    Claim("rss-limit/peak-repeats", repeats),
    Claim("rss-limit/chain-keeps-its-budgets", chain_keeps_budget),
)
