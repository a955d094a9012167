"""lanes: groups that are judged at once, by a child process a lane; what judges times comes afterwards, alone.

A child is forked, so it has what this process has imported. It judges the groups of its lane one after another and hands their answers
on through a pipe. An interrupt is sent on to the children, which are waited for; when this process ends otherwise, whatever the reason, the
kernel ends them. A child that ends before its time leaves claims that were not measured.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, Callable, Deque, Dict, List, NoReturn, Optional, Sequence, Tuple, Type

from perf.guard.interrupt import INTERRUPTED

from .claim import Answer, Claim, Group, Judged, Verdict

PR_SET_PDEATHSIG = 1
INTERRUPTS = (signal.SIGINT, signal.SIGTERM)
PATIENCE_SECONDS = 10.0  # for a child to put its things away; then it is killed
Lane = Tuple[Group, ...]
JudgeGroup = Callable[[Group, Callable[[str], None]], Judged]
libc = ctypes.CDLL(None)


@dataclass(frozen=True)
class Child:
    pid: int
    lane: Lane
    answers: "Connection[Any, Any]"


@dataclass
class Lanes:
    """At most one child a processor; the answers of a group are asked for by its name."""

    lanes: Sequence[Lane]
    judge_group: JudgeGroup
    tell: Callable[[str], None]  # what is being judged
    most: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    found: Dict[str, Judged] = field(default_factory=dict)
    children: List[Child] = field(default_factory=list)
    to_come: Deque[Lane] = field(default_factory=deque)

    def __enter__(self) -> Lanes:
        self.to_come.extend(self.lanes)
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        for child in self.children:
            os.kill(child.pid, signal.SIGTERM)
        until = time.monotonic() + PATIENCE_SECONDS
        while self.children:
            child = self.children[-1]
            while time.monotonic() < until and os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                time.sleep(0.01)
            os.kill(child.pid, signal.SIGKILL)
            self.end(child)

    def judged(self, group: Group) -> Optional[Judged]:
        """What became of a group; None if it is in no lane, and then no lane is at work any more."""
        while (self.to_come or self.children) and group.name not in self.found:
            self.go_on()
        return self.found.get(group.name)

    def go_on(self) -> None:
        """Start what can be started, then take what comes next."""
        while self.to_come and len(self.children) < self.most:
            self.start(self.to_come.popleft())
        ready = wait([child.answers for child in self.children])
        for child in [child for child in self.children if child.answers in ready]:
            try:
                self.take(child, child.answers.recv())
            except (EOFError, OSError):
                self.account(child, self.end(child))

    def take(self, child: Child, message: Tuple[str, Any]) -> None:
        name, content = message
        groups = {group.name: group for group in child.lane}
        if name in groups:
            self.found[name] = Judged(groups[name], tuple(Answer(claim, *rest) for claim, rest in zip(groups[name].claims, content)))
        else:
            self.tell(name)

    def end(self, child: Child) -> int:
        """Wait for a child; how it ended. It stays listed until it is gone."""
        _, status = os.waitpid(child.pid, 0)
        child.answers.close()
        self.children.remove(child)
        return os.waitstatus_to_exitcode(status)

    def account(self, child: Child, status: int) -> None:
        """What a child did not come to was not measured; one that was interrupted interrupts the whole."""
        if status == INTERRUPTED:
            raise KeyboardInterrupt
        for group in child.lane:
            if group.name not in self.found:
                reason = f"the process that judged the group ended before its time, status {status}"
                self.found[group.name] = Judged(group, tuple(unjudged(claim, reason) for claim in group.claims))

    def start(self, lane: Lane) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        parent, (theirs, ours) = os.getpid(), Pipe(duplex=False)
        signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTS)  # until the child is listed here, and knows there that it is one
        try:
            pid = os.fork()
            if pid == 0:
                self.live(lane, parent, ours)
            ours.close()
            self.children.append(Child(pid, lane, theirs))
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTS)

    def live(self, lane: Lane, parent: int, answers: "Connection[Any, Any]") -> NoReturn:
        """The whole life of a child. In a process group of its own, so that a key pressed interrupts it once: by its parent."""
        status = 1
        try:
            os.setpgid(0, 0)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTS)
            libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
            if os.getppid() == parent:
                for group in lane:
                    judged = self.judge_group(group, lambda text: answers.send((text, None)))
                    answers.send((group.name, [fields(answer) for answer in judged.answers]))
                status = 0
        except KeyboardInterrupt:
            status = INTERRUPTED
        finally:
            os._exit(status)


def fields(answer: Answer) -> Tuple[Any, ...]:
    """An answer without its claim, which the parent has too."""
    return (answer.verdict, answer.findings, answer.reason, answer.figures, answer.facts, answer.audited, answer.wall_ms)


def unjudged(claim: Claim, reason: str) -> Answer:
    return Answer(claim, Verdict.NOT_MEASURED, (), reason, {}, {}, ())
