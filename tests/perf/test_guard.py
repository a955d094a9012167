"""The guard against trees that hide, escape, explode and fight back: each under every containment that works here.

A tree is a small program in tests/perf/guard/. It is run with a mark in its environment, its arguments and its working directory, and
afterwards no process that carries the mark may be left, whatever became of the run.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Optional, Sequence, Tuple

import pytest

from perf.guard import (
    CAPTURE_BYTES,
    PINNED_ENVIRONMENT,
    Containment,
    GuardError,
    Interrupted,
    Kill,
    Limits,
    Outcome,
    Scope,
    available,
    run,
)
from perf.guard.model import Method
from perf.guard.supervisor import memory as memory_of
from perf.guard.supervisor.launch import Launched
from perf.guard.supervisor.members import Descendants, parent_session_birth
from perf.guard.supervisor.reaper import LONGEST_SECONDS, PROGRESS_SECONDS, SHORTEST_SECONDS, Order, Reaper
from perf.rss_limit_check import of_its_own
from tests.conftest import TOP
from tests.needs import need_room, need_root

pytestmark = [pytest.mark.slow, pytest.mark.machine]  # together they take more than `make quick` may

TREES = TOP / "tests/perf/guard"
WORKING = available()
GROUP = Containment.GROUP
MIB = 1024
KILLED = -int(signal.SIGKILL)
PATIENCE_SECONDS = 60  # a wait for what has to come: the end of it is for a machine that stands still, not for a slow one
TRIALS = 4  # of what only samples tell: a machine that stands still between two of them says nothing of the guard


@dataclass(frozen=True)
class Tree:
    """A program of tests/perf/guard/, its limits, and what has to be said of it."""

    name: str
    limits: Limits = Limits(timeout_seconds=PATIENCE_SECONDS)
    kill: Kill = Kill.NONE
    status: int = 0
    survivors: int = 0  # at least
    members: int = 1  # at least
    escapes_group: bool = False  # a process group alone cannot hold it, nor does the guard say that it can
    sampled: bool = False  # members or sum are told by samples alone, and what it does is over in seconds
    holds: Callable[[Outcome], bool] = lambda outcome: True


def memory(mib: int) -> Limits:
    return Limits(max_rss_kib=mib * MIB, timeout_seconds=PATIENCE_SECONDS)


def crowd(members: int) -> Limits:
    return Limits(max_members=members, timeout_seconds=PATIENCE_SECONDS)


def caught_in_time(outcome: Outcome) -> bool:
    """It was over its budget and did not pass for one that was within; how soon that is seen, the intervals below decide."""
    return outcome.over_budget and not outcome.ok


TREES_AND_VERDICTS: Tuple[Tree, ...] = (
    Tree("exits_by_itself.sh", status=3, members=2, holds=lambda outcome: outcome.survivors == 0, sampled=True),
    Tree("daemon.py", survivors=1, escapes_group=True),
    Tree("own_session.py", survivors=1, members=2, escapes_group=True),
    Tree("double_fork.py", survivors=1),
    Tree("spawn_chain.sh", survivors=1),
    Tree("vfork_chain.py", survivors=1),
    Tree("fork_storm.py", crowd(60), Kill.TOO_MANY_PROCESSES, KILLED, members=60),
    Tree("exponential.py", crowd(60), Kill.TOO_MANY_PROCESSES, KILLED, members=60),
    Tree("grandchild_memory.py", memory(64), Kill.OVER_BUDGET, KILLED, holds=caught_in_time),
    Tree("many_small.py", memory(64), Kill.OVER_BUDGET, KILLED, members=10, holds=caught_in_time),
    Tree("grows_together.py", memory(64), Kill.OVER_BUDGET, KILLED, members=10, holds=caught_in_time),
    Tree("shared_by_forks.py", memory(120), members=6, holds=lambda outcome: 48 * MIB < (outcome.sum_kib or 0) < 110 * MIB, sampled=True),
    Tree("map_shared.py", memory(64), Kill.OVER_BUDGET, KILLED, holds=caught_in_time),
    Tree("map_tmpfs.py", memory(64), Kill.OVER_BUDGET, KILLED, holds=caught_in_time),
    Tree("map_memfd.py", memory(64), Kill.OVER_BUDGET, KILLED, holds=caught_in_time),
    Tree("threads.py", memory(64), Kill.OVER_BUDGET, KILLED, holds=lambda outcome: outcome.scope is Scope.PROCESS),
    Tree("ignores_signals.py", Limits(timeout_seconds=3), Kill.TIMEOUT, KILLED, members=2, sampled=True),
    Tree("stopped.py", survivors=1, members=2, escapes_group=True),
    Tree("zombies.py", members=2),
    Tree("churn.sh", members=1),
    Tree("kills_parent.py", status=KILLED, survivors=1, members=2, escapes_group=True),
    Tree("stops_guard.py"),
    Tree("hopper.py", survivors=1, escapes_group=True),
    Tree("hopping_programs.sh", survivors=0, escapes_group=True),
    Tree("traced.py", survivors=1, members=2),
    Tree("renamed.py", survivors=1, members=2, escapes_group=True),
    Tree("closes_streams.py", status=5),
    Tree("leaves_cgroup.py", survivors=1, members=2, escapes_group=True),
    Tree("own_namespace.py", survivors=1, escapes_group=True),
)


@pytest.fixture
def mark(tmp_path: Path) -> Iterator[str]:
    """A word that all processes of a tree carry; at the end of the test none is left, whoever let it live."""
    word = f"guarded-{uuid.uuid4().hex}"
    (tmp_path / word).mkdir()
    yield str(tmp_path / word)
    end_marked(word)


def marked(word: str) -> List[int]:
    """The living processes that carry the word in environment, arguments or working directory."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid() and carries(name, word)]


def carries(pid: str, word: str) -> bool:
    try:
        texts = [Path(f"/proc/{pid}/{part}").read_bytes().decode(errors="replace") for part in ("environ", "cmdline")]
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] not in "ZX" and any(
            word in text for text in (*texts, os.readlink(f"/proc/{pid}/cwd"))
        )
    except OSError:
        return False


def end_marked(word: str) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        left = marked(word)
        if not left:
            return
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


def gone(mark: str, seconds: float = PATIENCE_SECONDS) -> bool:
    until = time.monotonic() + seconds
    while marked(Path(mark).name):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def program(name: str, *arguments: str) -> List[str]:
    starter = ["/bin/sh"] if name.endswith(".sh") else [sys.executable, "-S"]
    return [*starter, str(TREES / name), *arguments]


def surroundings(mark: str) -> Dict[str, str]:
    return {**PINNED_ENVIRONMENT, "MARK": mark, "PYTHONDONTWRITEBYTECODE": "1"}


def guarded(name: str, mark: str, limits: Limits, containment: Containment, *arguments: str, capture: bool = False) -> Outcome:
    return run(program(name, *arguments), limits, cwd=mark, environment=surroundings(mark), containment=containment, capture=capture)


def seen(tree: Tree, mark: str, containment: Containment) -> Outcome:
    """What is told of the tree; of one that is over in seconds, when samples came in time to tell of it."""
    if tree.name == "map_tmpfs.py":
        need_room("/dev/shm", 150)
    for _ in range(TRIALS):
        outcome = guarded(tree.name, mark, tree.limits, containment)
        if not tree.sampled or (outcome.members >= tree.members and tree.holds(outcome)):
            break
    return outcome


def judge(tree: Tree, outcome: Outcome, containment: Containment) -> None:
    assert (outcome.kill, outcome.status) == (tree.kill, tree.status), outcome
    assert outcome.containment is containment
    assert tree.holds(outcome), outcome
    assert outcome.ok is (tree.kill is Kill.NONE and tree.status == 0), outcome
    if containment is not GROUP:  # of which some escape, before they can be counted
        assert outcome.survivors >= tree.survivors, outcome
        assert outcome.members >= tree.members, outcome
        assert outcome.method.launcher, outcome
        assert outcome.scope is (Scope.TREE if outcome.members > 1 else Scope.PROCESS)


@pytest.mark.parametrize("tree", TREES_AND_VERDICTS, ids=lambda tree: tree.name.partition(".")[0])
def test_tree_is_reported_right_and_does_not_survive(tree: Tree, mark: str) -> None:
    outcome = seen(tree, mark, WORKING[0])
    judge(tree, outcome, WORKING[0])
    assert gone(mark)


@pytest.mark.parametrize("containment", WORKING[1:], ids=lambda containment: containment.value)
@pytest.mark.parametrize("tree", TREES_AND_VERDICTS, ids=lambda tree: tree.name.partition(".")[0])
def test_tree_does_not_survive_under_weaker_containment(tree: Tree, containment: Containment, mark: str) -> None:
    outcome = seen(tree, mark, containment)
    judge(tree, outcome, containment)
    if containment is not GROUP:
        assert gone(mark)
    elif not tree.escapes_group:
        assert gone(mark)


def test_a_process_group_alone_does_lose_a_daemon(mark: str) -> None:
    """The check for survivors is not blind, and the weakest containment is no better than its name."""
    for _ in range(20):  # now and then a sample comes just in time
        guarded("daemon.py", mark, Limits(timeout_seconds=PATIENCE_SECONDS), GROUP)
        if not gone(mark, 0.1):
            return
    pytest.fail("twenty daemons in turn were held by a process group")


@pytest.mark.parametrize(
    ("kill", "peak_kib", "sum_kib", "status", "over", "ok"),
    [
        (Kill.NONE, 100, None, 0, False, True),
        (Kill.NONE, 101, None, 0, True, False),
        (Kill.NONE, 60, 101, 0, True, False),
        (Kill.OVER_BUDGET, 99, None, 0, True, False),  # the kernel's figure of a process that ended may be below what was seen
        (Kill.TIMEOUT, 50, None, 0, False, False),
        (Kill.NONE, 50, None, 1, False, False),
    ],
)
def test_what_is_over_budget_never_passes(kill: Kill, peak_kib: int, sum_kib: Optional[int], status: int, over: bool, ok: bool) -> None:
    method = Method("wait4", "none", 1, True, True, True)
    outcome = Outcome(("x",), status, kill, peak_kib, sum_kib, 100, 1, 0, 1.0, 1.0, Scope.TREE, method, GROUP)
    assert (outcome.over_budget, outcome.ok) == (over, ok)


@pytest.mark.parametrize(
    ("order", "resident_kib", "members", "least", "most"),
    [
        (Order(None, None, None, False), 0, 1, LONGEST_SECONDS, LONGEST_SECONDS),
        (Order(300 * MIB, None, None, False), 0, 1, 0.09, 0.1),  # at three GiB a second
        (Order(300 * MIB, None, None, False), 299 * MIB, 1, 0.02, 0.02),  # a sample that takes 1 ms costs a twentieth of a core
        (Order(300 * MIB, None, None, False), 301 * MIB, 1, 0.02, 0.02),
        (Order(None, None, 2000, False), 0, 1, 0.09, 0.1),  # at twenty thousand forks a second
        (Order(None, None, 2000, False), 0, 1999, 0.02, 0.02),
        (Order(None, 0.1, None, False), 0, 1, 0.05, 0.1),
        (Order(None, 0.0, None, False), 0, 1, SHORTEST_SECONDS, SHORTEST_SECONDS),
    ],
)
def test_a_sample_comes_before_a_limit_can_be_passed(
    order: Order, resident_kib: int, members: int, least: float, most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    reaper = Reaper(order, Descendants(os.getpid()), Launched(1, True, -1), {}, lambda message: None)
    reaper.sample_seconds, reaper.tally.resident_kib, reaper.tally.members = 0.001, resident_kib, members
    reaper.began = now
    assert least <= round(reaper.interval(), 6) <= most


@pytest.mark.parametrize(
    ("before", "now", "most"),
    [
        ({}, {1: 30, 2: 30}, 60),  # never weighed: the plain sum
        ({1: 30, 2: 30}, {1: 30, 2: 30}, 40),  # nothing has grown since they were 40 together
        ({1: 30, 2: 30}, {1: 30, 2: 45}, 55),
        ({1: 30, 2: 30}, {1: 30, 2: 30, 3: 10}, 50),  # who is new counts in full
        ({1: 30, 2: 30}, {2: 35}, 35),  # one has ended: no more than there is
    ],
)
def test_the_sum_is_bounded_between_two_weighings(before: Dict[int, int], now: Dict[int, int], most: int) -> None:
    reaper = Reaper(Order(100, None, None, False), Descendants(os.getpid()), Launched(1, True, -1), {}, lambda message: None)
    reaper.weighed_sizes, reaper.weighed_kib, reaper.tally.resident_kib = before, 40 if before else 0, sum(now.values())
    assert reaper.most_it_can_be(now) == most


def test_members_that_end_while_they_are_weighed_do_not_count_twice(mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each ends as soon as it has been read; read one after another, six that share 48 MiB would seem to hold 48 (1/6 + 1/5 + ... + 1)."""
    family = subprocess.Popen(program("shared_by_forks.py", "600"), cwd=mark, env=surroundings(mark))
    readings = memory_of.Readings()
    sizes: Dict[int, int] = {}
    until = time.monotonic() + PATIENCE_SECONDS
    while len(sizes) < 6 or min(sizes.values()) < 48 * MIB:
        assert time.monotonic() < until, sizes
        sizes = readings.resident(marked(Path(mark).name))
    shared, told = readings.proportional(sizes)
    field_kib = memory_of.field_kib

    def read_and_end(path: str, name: bytes) -> Optional[int]:
        kib, pid = field_kib(path, name), int(path.split("/")[2])
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        while readings.resident_kib(pid):
            time.sleep(0.001)
        return kib

    monkeypatch.setattr(memory_of, "field_kib", read_and_end)
    ended, told_too = readings.proportional(sizes)
    family.wait()
    assert 48 * MIB < shared < 110 * MIB and told
    assert (ended, told_too) == (0, True)


def test_all_containments_of_this_machine_are_tried() -> None:
    assert WORKING[-1] is GROUP and Containment.SUBREAPER in WORKING


@pytest.mark.parametrize("containment", WORKING, ids=lambda containment: containment.value)
def test_a_short_spike_is_over_budget_even_when_it_is_over_before_it_is_seen(containment: Containment, mark: str) -> None:
    outcome = guarded("spike.py", mark, memory(64), containment)
    if containment is not GROUP:  # there, the samples are all there is
        assert outcome.over_budget and not outcome.ok
        assert outcome.kill is Kill.OVER_BUDGET or outcome.peak_kib > 150 * MIB
    assert gone(mark)


@pytest.mark.parametrize("containment", WORKING[:-1], ids=lambda containment: containment.value)
def test_a_member_that_the_kernel_clears_away_makes_the_figure_a_lower_bound(containment: Containment, mark: str) -> None:
    for _ in range(TRIALS):
        outcome = guarded("cleared_away.py", mark, Limits(timeout_seconds=PATIENCE_SECONDS), containment)
        if outcome.method.peak == "sampled-vmhwm" and outcome.peak_kib > 150 * MIB:
            break
    assert outcome.method.peak == "sampled-vmhwm"
    assert outcome.peak_kib > 150 * MIB
    assert (outcome.status, outcome.kill) == (0, Kill.NONE)


@pytest.mark.parametrize("containment", WORKING, ids=lambda containment: containment.value)
def test_a_flood_of_output_is_bounded_and_does_not_block(containment: Containment, mark: str) -> None:
    outcome = guarded("flood.py", mark, Limits(timeout_seconds=PATIENCE_SECONDS), containment, capture=True)
    assert outcome.ok
    assert len(outcome.stdout) == len(outcome.stderr) == CAPTURE_BYTES
    assert outcome.dropped_bytes == 2 * (640 * 65536 - CAPTURE_BYTES)


@pytest.mark.parametrize("containment", WORKING[:-1], ids=lambda containment: containment.value)
def test_a_command_that_kills_the_guard_is_ended_or_cannot(containment: Containment, mark: str) -> None:
    if containment is Containment.PID_NAMESPACE:
        assert guarded("kills_guard.py", mark, Limits(timeout_seconds=PATIENCE_SECONDS), containment).ok
    else:
        with pytest.raises(GuardError, match="the reaper was ended"):
            guarded("kills_guard.py", mark, Limits(timeout_seconds=PATIENCE_SECONDS), containment)
    assert gone(mark)


@pytest.mark.parametrize("containment", WORKING, ids=lambda containment: containment.value)
def test_a_guard_within_a_guard(containment: Containment, mark: str) -> None:
    outcome = guarded("nested.py", mark, Limits(timeout_seconds=PATIENCE_SECONDS), containment, str(TOP), "0.1", capture=True)
    assert outcome.stdout == b"none 0 1\n", outcome
    assert outcome.ok and outcome.survivors == 0
    ended = guarded("nested.py", mark, Limits(timeout_seconds=0.8), containment, str(TOP), "60")
    assert ended.kill is Kill.TIMEOUT
    assert gone(mark)


@pytest.mark.parametrize("containment", WORKING, ids=lambda containment: containment.value)
@pytest.mark.parametrize("number", (signal.SIGKILL, signal.SIGTERM, signal.SIGINT), ids=lambda number: signal.Signals(number).name)
def test_a_tree_dies_with_its_guard(number: signal.Signals, containment: Containment, mark: str, tmp_path: Path) -> None:
    script = "setsid sleep 60 & echo started; sleep 60"
    with command_line("--containment", containment.value, "--report", str(tmp_path / "r"), "--", "sh", "-c", script, mark=mark) as process:
        assert process.stdout is not None and process.stdout.readline() == b"started\n"
        time.sleep(0.1 if containment is not GROUP else 0.3)
        process.send_signal(number)
        status = process.wait(timeout=PATIENCE_SECONDS)
    assert gone(mark)
    if number is signal.SIGKILL:
        assert status == KILLED and not (tmp_path / "r").exists()
    else:
        assert status == 128 + number
        assert json.loads((tmp_path / "r").read_bytes())["kill"] == "interrupted"


@contextmanager
def command_line(*arguments: str, mark: str) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "perf", "guard", *arguments]
    with subprocess.Popen(
        command, cwd=TOP, env=surroundings(mark), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        yield process


@pytest.mark.parametrize("containment", WORKING[:-1], ids=lambda containment: containment.value)
@pytest.mark.parametrize("which", (1, 2), ids=("supervisor", "reaper"))
def test_a_tree_dies_with_each_process_of_its_guard(which: int, containment: Containment, mark: str) -> None:
    """The supervisor is the child of the caller, the reaper the child of the supervisor."""
    script = "setsid sleep 60 & echo started; sleep 60"
    with command_line("--containment", containment.value, "--", "sh", "-c", script, mark=mark) as process:
        assert process.stdout is not None and process.stdout.readline() == b"started\n"
        os.kill(below(process.pid, which), signal.SIGKILL)
        assert process.wait(timeout=PATIENCE_SECONDS) == 125
        assert process.stderr is not None and b"was ended by another process" in process.stderr.read()
    assert gone(mark)


def below(pid: int, generations: int) -> int:
    for _ in range(generations):
        children = [int(name) for name in os.listdir("/proc") if name.isdigit() and (parent_session_birth(int(name)) or (0,))[0] == pid]
        assert len(children) == 1
        pid = children[0]
    return pid


def test_interrupt_in_the_caller_ends_the_tree_and_is_passed_on(mark: str) -> None:
    def interrupt(seconds: float, kib: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(Interrupted) as raised:
        run(["sleep", "60"], cwd=mark, environment=surroundings(mark), watch=interrupt)
    assert raised.value.outcome.kill is Kill.INTERRUPTED
    assert gone(mark)


def test_an_exception_in_the_caller_ends_the_tree(mark: str) -> None:
    def fail(seconds: float, kib: int) -> None:
        raise ValueError(kib)

    with pytest.raises(ValueError):
        run(["sleep", "60"], cwd=mark, environment=surroundings(mark), watch=fail)
    assert gone(mark)


def test_watch_is_called_with_time_and_memory(mark: str) -> None:
    """The command goes on until it has been told of four times: at most five times a second, however late a call comes."""
    seen: List[Tuple[float, int]] = []

    def note(seconds: float, kib: int) -> None:
        seen.append((seconds, kib))
        if len(seen) == 4:
            (Path(mark) / "told").touch()

    outcome = run(["sh", "-c", "until [ -e told ]; do sleep 0.05; done"], Limits(timeout_seconds=PATIENCE_SECONDS), cwd=mark, watch=note)
    assert outcome.ok and len(seen) >= 4
    times = [0.0, *(seconds for seconds, _ in seen)]
    assert all(later - earlier >= PROGRESS_SECONDS for earlier, later in zip(times, times[1:]))
    assert all(100 < kib < 10 * MIB for _, kib in seen)


def test_the_guard_leaves_its_caller_as_it_was() -> None:
    before = caller_state()
    for containment in WORKING:
        run(["true"], containment=containment)
    assert caller_state() == before


def caller_state() -> Tuple[object, ...]:
    status = Path("/proc/self/status").read_text()
    signals = [line for line in status.splitlines() if re.match("Sig(Pnd|Blk|Ign|Cgt)|Shd|NSpid", line)]  # not those queued for the user
    namespaces = [os.readlink(f"/proc/self/ns/{name}") for name in ("pid", "mnt", "user", "pid_for_children")]
    return signals, namespaces, Path("/proc/self/personality").read_text(), sorted(os.listdir("/proc/self/fd")), os.getcwd()


def test_runs_from_many_threads_at_once() -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda number: run(["sh", "-c", f"echo {number}; exit {number}"], capture=True), range(12)))
    assert [(outcome.status, outcome.stdout) for outcome in outcomes] == [(number, b"%d\n" % number) for number in range(12)]


@pytest.mark.parametrize("containment", WORKING, ids=lambda containment: containment.value)
def test_the_command_gets_what_it_was_given_and_nothing_else(containment: Containment, tmp_path: Path) -> None:
    script = 'cat; printf "%s|" "$@"; pwd; env | sort | tr "\\n" " "; ls /proc/self/fd | tr "\\n" " "; grep -E "Sig(Ign|Blk)" /proc/self/status'
    words = ["a b", "", "-n", "$HOME", "é\udcff", "*"]
    environment = {"A": "1 2", "PATH": "/usr/bin:/bin", "PWD": str(tmp_path)}
    command = ["/bin/sh", "-c", script, "sh", *words]
    outcome = run(command, cwd=tmp_path, environment=environment, stdin=b"given\n", capture=True, containment=containment)
    lines = os.fsdecode(outcome.stdout).splitlines()
    assert lines[0] == "given"
    assert lines[1] == "".join(f"{word}|" for word in words) + str(tmp_path)
    assert lines[2].startswith(f"A=1 2 PATH=/usr/bin:/bin PWD={tmp_path} 0 1 2 3 SigBlk")
    assert all(set(line.split()[-1]) == {"0"} for line in lines[2:] if "Sig" in line)


def test_output_goes_to_the_files_given(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
        outcome = run(["sh", "-c", "echo out; echo err >&2"], output=(out, err))
    assert outcome.stdout == outcome.stderr == b""
    assert ((tmp_path / "out").read_text(), (tmp_path / "err").read_text()) == ("out\n", "err\n")


@pytest.mark.parametrize("containment", WORKING, ids=lambda containment: containment.value)
def test_commands_that_cannot_be_started(containment: Containment, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("no program")
    assert run(["no-such-program"], capture=True, containment=containment).status == 127
    assert run([str(plain)], capture=True, containment=containment).status == 126
    huge = ["/bin/true", *["x" * 100_000] * 40]
    if containment is GROUP:
        assert run(huge, capture=True, containment=containment).status == 126
    else:
        with pytest.raises(GuardError, match="Argument list too long"):
            run(huge, containment=containment)


def test_wrong_use_is_told() -> None:
    with pytest.raises(GuardError, match="no command"):
        run([])
    with pytest.raises(GuardError, match="-x: a command's name does not begin with '-'"):
        run(["-x"])
    with pytest.raises(GuardError, match="zero byte"):
        run(["a\0b"])
    with pytest.raises(GuardError, match="the limit of memory is 0"):
        run(["true"], Limits(max_rss_kib=0))
    with pytest.raises(GuardError, match="/no/folder: No such file"):
        run(["true"], cwd="/no/folder")


def test_the_peak_of_a_static_program_is_the_same_in_sixty_runs(zero: Path, tmp_path: Path) -> None:
    assert len(peaks(zero, tmp_path)) == 1


def test_the_peak_is_the_same_in_sixty_runs_with_neighbours(zero: Path, tmp_path: Path) -> None:
    alone = peaks(zero, tmp_path, 5)
    greedy = "import time\nuntil = time.monotonic() + 30\nwhile time.monotonic() < until: held = bytearray(150 << 20)"
    neighbours = [subprocess.Popen([sys.executable, "-c", greedy]) for _ in range(3)]
    try:
        loaded = peaks(zero, tmp_path)
    finally:
        for neighbour in neighbours:
            neighbour.kill()
            neighbour.wait()
    assert set(loaded) == set(alone) and len(loaded) == 1


def test_the_peak_is_the_same_when_the_program_was_dropped_from_memory(zero: Path, tmp_path: Path) -> None:
    """The kernel drops pages of files that nobody reads, all or some: here those behind a place."""
    program = of_its_own(zero, tmp_path)
    command = [str(program), "fmt", "--check", str(TOP / "examples" / "lisp.0x0")]
    found = []
    for kept in (0, 256 << 10, 0, 512 << 10):
        with program.open("rb") as file:
            os.posix_fadvise(file.fileno(), kept, 0, os.POSIX_FADV_DONTNEED)
        found.append(run(command, environment=PINNED_ENVIRONMENT, one_processor=True).peak_kib)
    assert len(set(found)) == 1, found


def peaks(zero: Path, tmp_path: Path, times: int = 60) -> Counter[int]:
    """How often each peak was seen."""
    program, source = of_its_own(zero, tmp_path), TOP / "examples" / "lisp.0x0"
    command = [str(program), "build", str(source), "--lib", str(TOP / "lib"), "-o", str(tmp_path / "lisp")]
    outcomes = [run(command, environment=PINNED_ENVIRONMENT, one_processor=True) for _ in range(times)]
    assert all(outcome.ok and outcome.method.peak == "wait4" and outcome.scope is Scope.PROCESS for outcome in outcomes)
    return Counter(outcome.peak_kib for outcome in outcomes)


@pytest.mark.parametrize("containment", WORKING[:-1], ids=lambda containment: containment.value)
def test_a_fat_caller_is_not_in_the_figure(containment: Containment) -> None:
    held = bytearray(b"x") * (100 << 20)
    assert run(["/bin/true"], containment=containment).peak_kib < 4 * MIB
    assert len(held) == 100 << 20


@pytest.mark.parametrize("containment", WORKING[:-1], ids=lambda containment: containment.value)
def test_the_peak_is_that_of_the_largest_member_however_short_it_lived(containment: Containment) -> None:
    """The middle one of three generations takes 80 MiB, and is gone before a sample could be sure to see it."""
    take = f"{sys.executable} -S -c 'held = bytearray(b\"x\") * (80 << 20)'"
    outcome = run(["sh", "-c", f"sh -c \"true; {take.replace(chr(34), chr(92) + chr(34))}; true\"; true"], containment=containment)
    assert outcome.ok
    assert 80 * MIB < outcome.peak_kib < 100 * MIB
    assert outcome.method.peak == "wait4"


@pytest.mark.parametrize(("budget_mib", "share"), [(1024, 0.01), (256, 0.02)], ids=["much room", "little room"])
@pytest.mark.parametrize("containment", WORKING, ids=lambda containment: containment.value)
def test_watching_ten_processes_costs_next_to_nothing_of_a_processor(containment: Containment, budget_mib: int, share: float) -> None:
    """Samples come oftener where there is less room to fill. A busy neighbour makes the same work take more of a processor's time, never
    less, and starting weighs the less the longer it goes on: what seems dear is measured again, and for longer."""
    shares = []
    for seconds in (3, 12, 20):
        script = f"for n in 1 2 3 4 5 6 7 8 9; do sleep {seconds} & done; sleep {seconds}"
        outcome = run(["sh", "-c", script], Limits(max_rss_kib=budget_mib * MIB, timeout_seconds=60), containment=containment)
        assert outcome.members >= 10
        shares.append(outcome.guard_cpu_seconds / outcome.wall_seconds)
        if shares[-1] < share:
            return
    pytest.fail(f"watching took these shares of a processor: {shares}")


def test_the_namespace_counts_what_no_sample_saw() -> None:
    outcome = run(["sh", "-c", "for n in 1 2 3 4 5; do /bin/true; done"])
    if outcome.containment is not Containment.PID_NAMESPACE:
        pytest.skip("no PID namespace here")
    assert outcome.tasks == 5


def test_another_user_gets_a_namespace_without_rights(tmp_path: Path) -> None:
    """As an ordinary user the namespace comes with a user namespace; the user stays the same within."""
    need_root()
    script = (
        "import os, sys\nos.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "from perf.guard import *\n"
        "outcome = run(['sh', '-c', 'id -u; id -g; setsid sleep 60 &'], capture=True)\n"
        "print(outcome.containment.value, outcome.status, outcome.survivors, outcome.stdout, outcome.refused)\n"
    )
    bare = {"PYTHONPATH": str(TOP), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
    answer = run(["/usr/bin/python3", "-c", script], environment=bare, cwd="/", capture=True)
    words = answer.stdout.decode()
    assert words.startswith(("pid-namespace 0 1 b'65534\\n65534\\n' ()", "subreaper 0 1 b'65534\\n65534\\n' ('pid-namespace: ")), answer


# The command line.


def guard(*arguments: str, **options: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "perf", "guard", *arguments]
    return subprocess.run(command, cwd=TOP, capture_output=True, text=True, timeout=240, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize(
    ("arguments", "status", "kill"),
    (
        (["--", "sh", "-c", "exit 7"], 7, "none"),
        (["--", "sh", "-c", "kill -TERM $$"], 143, "none"),
        (["--timeout", "0.3", "--", "sleep", "60"], 124, "timeout"),
        (["--max-rss", "30M", "--", sys.executable, "-c", "held = bytearray(b'x') * (90 << 20); input()"], 123, None),
        (["--max-members", "3", "--", "sh", "-c", "sleep 60 & sleep 60 & sleep 60 & sleep 60"], 123, "too-many-processes"),
    ),
    ids=("status", "signal", "timeout", "memory", "members"),
)
def test_exit_status_and_report_agree(arguments: Sequence[str], status: int, kill: Optional[str], tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    result = guard("--report", str(report), *arguments)
    assert result.returncode == status, result
    content = json.loads(report.read_bytes())
    assert kill is None or content["kill"] == kill
    assert report.read_bytes() == json.dumps(content, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
    for field in ("elapsed", "cpu", "status", "kill", "scope", "method", "containment", "command", "budget"):
        assert f"guard: {field:<13} " in result.stderr


def test_report_has_the_hash_of_the_output(tmp_path: Path) -> None:
    out, report = tmp_path / "out", tmp_path / "report.json"
    result = guard("--quiet", "--output", str(out), "--report", str(report), "--", "sh", "-c", f"echo done > {out}")
    assert (result.returncode, result.stderr) == (0, "")
    content = json.loads(report.read_bytes())
    assert content["output"] == {"path": str(out), "sha256": hashlib.sha256(b"done\n").hexdigest(), "size": 5}
    absent = guard("--output", str(tmp_path / "other"), "--", "true")
    assert f"output        {tmp_path}/other: not written" in absent.stderr


def test_a_lower_bound_is_not_called_a_peak() -> None:
    strong, weak = guard("--", "true"), guard("--containment", "process-group", "--", "true")
    assert "guard: peak " in strong.stderr and "exact" in strong.stderr
    assert "guard: largest seen " in weak.stderr and "peak" not in weak.stderr and "exact" not in weak.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    (
        (["--max-rss", "12Q", "--", "true"], "'12Q' is no size"),
        (["--max-rss", "0", "--", "true"], "'0' is no size"),
        (["--max-rss", "-5M", "--", "true"], "--max-rss"),
        (["--max-rss", "1.5G", "--", "true"], "'1.5G' is no size"),
        (["--timeout", "nan", "--", "true"], "'nan' is no time"),
        (["--max-members", "many", "--", "true"], "'many' is no number of members"),
        (["--containment", "glass", "--", "true"], "glass"),
        (["--report", "/no/folder/report", "--", "true"], "/no/folder/report: its folder does not exist"),
        ([], "no command was given"),
        (["--"], "no command was given"),
        (["--", "-x"], "does not begin with '-'"),
    ),
    ids=lambda value: "" if isinstance(value, str) else " ".join(value) or "nothing",
)
def test_wrong_use_is_told_without_a_traceback(arguments: Sequence[str], words: str) -> None:
    result = guard(*arguments)
    assert result.returncode == 125, result
    assert words in result.stderr and "Traceback" not in result.stderr


def test_commands_that_cannot_be_started_are_told(tmp_path: Path) -> None:
    missing, folder = guard("--", "no-such-program"), guard("--", str(tmp_path))
    assert (missing.returncode, missing.stderr) == (127, "guard: no-such-program: no such command\n")
    assert (folder.returncode, folder.stderr) == (126, f"guard: {tmp_path}: is a folder\n")


def test_table_of_commands() -> None:
    shown = subprocess.run([sys.executable, "-m", "perf", "--help"], cwd=TOP, capture_output=True, text=True, timeout=240)
    assert shown.returncode == 0 and "guard        run a command tree" in shown.stdout
    wrong = subprocess.run([sys.executable, "-m", "perf", "gard"], cwd=TOP, capture_output=True, text=True, timeout=240)
    assert wrong.returncode == 2 and wrong.stderr.startswith("perf: no command is named gard\n")


def test_the_guard_needs_the_standard_library_alone() -> None:
    """Without site-packages, in isolated mode; what it loads is its own or Python's."""
    script = "import sys; sys.path.insert(0, sys.argv[1]); from perf.__main__ import main; sys.exit(main(['guard', '--', 'true']))"
    result = subprocess.run([sys.executable, "-I", "-S", "-c", script, str(TOP)], capture_output=True, text=True, timeout=240)
    assert result.returncode == 0 and "containment" in result.stderr


def test_walk_reads_hostile_names(tmp_path: Path) -> None:
    """A process that calls itself `) R 1 1 1 (x` is still the child of its parent."""
    code = "import ctypes, sys; ctypes.CDLL(None).prctl(15, b') R 1 1 1 (x', 0, 0, 0); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"\n"
        seen = parent_session_birth(process.pid)
        assert seen is not None and seen[0] == os.getpid()
        assert process.pid in Descendants(os.getpid()).pids()
        assert process.stdin is not None
        process.stdin.close()
