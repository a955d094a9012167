"""trace: what a run opens, maps, writes, renames, removes and executes, seen from outside by audit.tracer.

The tracer runs under the guard, so what it traces is contained, timed and ended like any other command. What is asked for is written down
with what the kernel answered; paths are absolute. Where the kernel forbids tracing, or a program does what cannot be seen (io_uring),
nothing was measured.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import List, Mapping, Optional, Sequence, Tuple

from perf.guard import GuardError, Kill, Limits, run

from .claim import NotMeasured

TRACER = Path(__file__).resolve().parent / "tracer.py"
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


@dataclass(frozen=True)
class Event:
    """One call. size: the bytes written, mapped, or cut to. Refused: result below 0."""

    call: str  # open, map, write, truncate, rename, link, remove, execute
    pid: int
    paths: Tuple[str, ...]  # of rename and link two
    result: int
    size: int
    flags: int
    argv: Tuple[str, ...]  # of execute

    @property
    def path(self) -> str:
        return self.paths[0] if self.paths else ""

    @property
    def done(self) -> bool:
        return self.result >= 0

    @property
    def to_write(self) -> bool:
        """An open by which something may be changed or made."""
        return self.call == "open" and bool(self.flags & WRITING)


@dataclass(frozen=True)
class Trace:
    events: Tuple[Event, ...]
    status: int  # the command's exit status, or minus the number of the signal that ended it
    stdout: bytes
    stderr: bytes

    def done(self, *calls: str) -> List[Event]:
        """The calls of these kinds that were granted, in order."""
        return [event for event in self.events if event.call in calls and event.done]


def trace(
    argv: Sequence[str], cwd: Path, *, timeout_seconds: float = 600, environment: Optional[Mapping[str, str]] = None
) -> Trace:
    """Run a command to its end and tell what it did."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise NotMeasured("tracing is written for x86-64 Linux")
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer"
        command = [sys.executable, "-I", "-S", str(TRACER), str(answer), "--", *argv]
        try:
            done = run(command, Limits(timeout_seconds=timeout_seconds), cwd=cwd, capture=True, environment=environment)
        except GuardError as error:
            raise NotMeasured(f"the guard: {error}") from None
        if done.kill is not Kill.NONE:
            raise NotMeasured(f"{argv[0]}, traced, was ended: {done.kill.value}")
        if done.status != 0 or not answer.is_file():
            raise NotMeasured(f"nothing was traced: {done.stderr.decode('utf-8', 'replace').strip()[-300:]}")
        *rows, end = [json.loads(line) for line in answer.read_text(encoding="utf-8", errors="surrogateescape").splitlines()]
    events = tuple(
        Event(
            row["call"],
            row["pid"],
            tuple(row["paths"]),
            row["result"],
            row["result"] if row["call"] == "write" else row.get("bytes", 0),
            row.get("flags", 0),
            tuple(row.get("argv", ())),
        )
        for row in rows
    )
    if any(event.call == "unseen" and event.done for event in events):
        raise NotMeasured(f"{argv[0]} uses io_uring, which is not seen")
    return Trace(events, end["status"], done.stdout, done.stderr)
