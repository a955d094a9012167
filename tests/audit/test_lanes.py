"""Groups judged at once: the same answers, in their order; what an interrupt and a child's early end leave."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, Iterator, List, Tuple

import pytest

from audit.claim import Claim, Finding, Group, Judged, Subject, Verdict, judge
from audit.claims import GROUPS, LANES
from audit.lanes import Lanes
from tests.conftest import TOP

LONG_SECONDS = 60.0  # for what has to come, on a machine that stands still meanwhile


def holds(subject: Subject) -> Iterator[Finding]:
    """It holds."""
    subject.figures["pid"] = os.getpid()
    return iter(())


def broken(subject: Subject) -> Iterator[Finding]:
    """It is broken."""
    yield Finding("here", "source.txt", 1)


def killed(subject: Subject) -> Iterator[Finding]:
    """It is judged to its end."""
    os.kill(os.getpid(), signal.SIGKILL)
    yield from ()


def interrupted(subject: Subject) -> Iterator[Finding]:
    """It is left in peace."""
    raise KeyboardInterrupt


def group(name: str, *judges: Callable[[Subject], Iterator[Finding]]) -> Group:
    return Group(name, "", tuple(Claim(f"{name}/{one.__name__}", one, needs_run=False) for one in judges))


def waiting_for(mine: str, theirs: str) -> Group:
    def meets(subject: Subject) -> Iterator[Finding]:
        """Both are judged at one time."""
        (subject.top / mine).touch()
        until = time.monotonic() + LONG_SECONDS
        while not (subject.top / theirs).exists() and time.monotonic() < until:
            time.sleep(0.01)
        if not (subject.top / theirs).exists():
            yield Finding("it waited in vain")

    return group(mine, meets)


def judged_by(top: Path, groups: Tuple[Group, ...], lanes: Tuple[Tuple[Group, ...], ...], most: int = 2) -> List[Judged]:
    def judge_group(one: Group, tell: Callable[[str], None]) -> Judged:
        tell(f"judging {one.name}")
        return Judged(one, tuple(judge(claim, top, top / "zero") for claim in one.claims))

    found = []
    with Lanes(lanes, judge_group, lambda text: None, most) as at_work:
        for one in groups:
            found.append(at_work.judged(one) or judge_group(one, lambda text: None))
            assert found[-1].group is one
    assert at_work.children == []
    return found


def verdicts(found: List[Judged]) -> List[List[Verdict]]:
    return [[answer.verdict for answer in judged.answers] for judged in found]


A, B, C = group("a", holds, broken), group("b", broken), group("c", holds)


def test_answers_are_those_of_one_after_another(tmp_path: Path) -> None:
    at_once, in_turn = judged_by(tmp_path, (A, B, C), ((B,), (C, A))), judged_by(tmp_path, (A, B, C), ())
    for one, other in zip(at_once, in_turn):
        assert [(a.claim, a.verdict, a.findings, a.reason, a.facts, a.audited) for a in one.answers] == [
            (a.claim, a.verdict, a.findings, a.reason, a.facts, a.audited) for a in other.answers
        ]
    assert verdicts(at_once) == [[Verdict.HOLDS, Verdict.BROKEN], [Verdict.BROKEN], [Verdict.HOLDS]]
    pids = {judged.answers[0].figures["pid"] for judged in (at_once[0], at_once[2])}
    assert len(pids) == 1 and os.getpid() not in pids


def test_lanes_are_judged_at_one_time(tmp_path: Path) -> None:
    first, second = waiting_for("first", "second"), waiting_for("second", "first")
    assert verdicts(judged_by(tmp_path, (first, second), ((first,), (second,)))) == [[Verdict.HOLDS], [Verdict.HOLDS]]


def test_what_stands_in_no_lane_is_judged_when_no_lane_is_at_work(tmp_path: Path) -> None:
    def alone(subject: Subject) -> Iterator[Finding]:
        """No other is at work."""
        subject.figures["pid"] = os.getpid()
        if not (subject.top / "first").exists():
            yield Finding("a lane has not ended")

    late = group("late", alone)
    first, second = waiting_for("first", "first"), C
    found = judged_by(tmp_path, (late, second, first), ((second, first),))
    assert verdicts(found) == [[Verdict.HOLDS]] * 3 and found[0].answers[0].figures["pid"] == os.getpid()


def test_on_one_processor_there_is_one_child_at_a_time(tmp_path: Path) -> None:
    def single(subject: Subject) -> Iterator[Finding]:
        """There is no other."""
        (subject.top / "busy").mkdir()  # fails where it is there
        time.sleep(0.05)
        (subject.top / "busy").rmdir()
        yield from ()

    one, other = group("one", single), group("other", single)
    assert verdicts(judged_by(tmp_path, (one, other), ((one,), (other,)), most=1)) == [[Verdict.HOLDS], [Verdict.HOLDS]]


def test_a_child_that_is_killed_leaves_claims_that_were_not_measured(tmp_path: Path) -> None:
    bad = group("bad", holds, killed)
    found = judged_by(tmp_path, (A, bad, C), ((A, bad, C), (B,)))
    assert verdicts(found) == [[Verdict.HOLDS, Verdict.BROKEN], [Verdict.NOT_MEASURED] * 2, [Verdict.NOT_MEASURED]]
    assert found[1].red and "ended before its time, status -9" in found[1].answers[0].reason


def test_a_child_that_is_interrupted_interrupts_the_whole(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        judged_by(tmp_path, (C, group("i", interrupted)), ((group("i", interrupted),), (C,)))


def test_every_group_but_those_of_time_has_its_lane_and_none_two() -> None:
    listed = [name for lane in LANES for name in lane]
    assert len(set(listed)) == len(listed)
    assert {one.name for one in GROUPS} - set(listed) == {"perf", "bench"}


SLEEPERS = """
import sys
from audit import __main__ as front
from audit.claim import Claim, Group
from perf.guard import run
from perf.guard.front import run_command
def slow(subject):
    "It takes its time."
    (subject.top / f"begun-{sum(1 for _ in subject.top.iterdir())}").touch()
    run(["/bin/sleep", "1000"], cwd=subject.top)
    return ()
front.GROUPS = tuple(Group(name, "", (Claim(f"{name}/slow", slow, needs_run=False),)) for name in ("one", "two"))
front.LANES = (("one",), ("two",))
run_command("audit", lambda: front.main(["all", "--top", sys.argv[1]]))
"""


def at_work(top: Path) -> List[str]:
    """Processes that work in the folder and have not ended."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            ended = (process / "stat").read_text().rpartition(")")[2].split()[0] in "ZX"
            if os.readlink(process / "cwd") == str(top) and not ended:
                found.append(process.name)
        except OSError:
            continue
    return found


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + LONG_SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.machine
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_killed_run_leaves_no_process_and_no_evidence(number: signal.Signals, tmp_path: Path) -> None:
    stale = tmp_path / "build/audit/two/report.json"
    stale.parent.mkdir(parents=True)
    stale.write_text("stale\n")
    environment = {**os.environ, "PYTHONPATH": str(TOP)}
    with subprocess.Popen([sys.executable, "-c", SLEEPERS, str(tmp_path)], cwd=tmp_path, env=environment, stderr=subprocess.PIPE) as process:
        try:
            until(lambda: len(at_work(tmp_path)) >= min(3, 1 + len(os.sched_getaffinity(0))) and any(tmp_path.glob("begun-*")))
            process.send_signal(number)
            _, told = process.communicate(timeout=LONG_SECONDS)
        finally:
            process.kill()
    assert process.returncode == (-number if number is signal.SIGKILL else 130)
    assert b"Traceback" not in told
    until(lambda: at_work(tmp_path) == [])
    assert list((tmp_path / "build/audit").iterdir()) == []
