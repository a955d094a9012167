"""workshop: where one route works: its folder, its commands through the guard, and the tools that it names."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import List, Optional, Sequence

from perf.guard import GuardError, Kill, Limits, Outcome, run

from .. import BootstrapError
from ..ledger import sha256_of
from .ground import Ground
from .record import AbsentError, RouteError, Step, Tool

MAX_RSS_KIB = 4 << 20
PROBE_SECONDS = 120


class Workshop:
    def __init__(self, ground: Ground, name: str) -> None:
        self.ground = ground
        self.name = name
        self.directory = ground.directory / name.replace("/", "-")
        self.steps: List[Step] = []
        self.tools: List[Tool] = []
        try:
            shutil.rmtree(self.directory, ignore_errors=True)
            self.directory.mkdir(parents=True)
        except OSError as error:
            raise BootstrapError(f"{self.directory}: {error.strerror}") from None

    def product(self, name: str) -> Path:
        """Where the route puts a product; the file's name tells the route too, for messages."""
        return self.directory / f"{self.directory.name}.{name}"

    def shown(self, path: Path) -> str:
        return os.path.relpath(path, self.ground.top)

    def step(self, name: str, argv: Sequence[str], made: Path, cwd: Optional[Path] = None) -> Path:
        """Run a command of the route, which must write the file `made`."""
        outcome = self.guarded(argv, cwd or self.ground.top, self.ground.timeout_seconds)
        self.steps.append(
            Step(
                name,
                tuple(argv),
                round(outcome.wall_seconds * 1000),
                round(outcome.cpu_seconds * 1000),
                outcome.peak_kib,
                outcome.method.peak,
            )
        )
        if not outcome.ok:
            raise RouteError(f"{name} {self.how_it_ended(outcome)}{last_words(outcome)}")
        if not made.is_file():
            raise RouteError(f"{name} ended well and wrote no file")
        return made

    def build(self, name: str, compiler: Sequence[str], source: str, out: Path) -> Path:
        """Let a compiler of ours compile a source of the judged tree."""
        self.step(name, [*compiler, "build", source, "--lib", "lib", "-o", self.shown(out)], out)
        if not os.access(out, os.X_OK) and out.suffix != ".c":
            raise RouteError(f"{name} wrote a file that cannot be executed")
        return out

    def guarded(self, argv: Sequence[str], cwd: Path, timeout_seconds: float) -> Outcome:
        limits = Limits(max_rss_kib=MAX_RSS_KIB, timeout_seconds=timeout_seconds)
        try:
            return run(argv, limits, cwd=cwd, environment=environment(), capture=True)
        except GuardError as error:
            raise RouteError(f"{Path(argv[0]).name} could not be run: {error}") from None

    def how_it_ended(self, outcome: Outcome) -> str:
        if outcome.kill is Kill.TIMEOUT:
            return f"took longer than {self.ground.timeout_seconds:g} s and was ended"
        if outcome.kill is not Kill.NONE or outcome.over_budget:
            return f"was ended by the guard ({outcome.kill.value})"
        if outcome.status < 0:
            return f"was ended by {signal.Signals(-outcome.status).name}"
        return f"exited with status {outcome.status}"

    def find(self, role: str, program: str, package: str, version: Sequence[str]) -> str:
        """The path of an outside program, which is noted as what executes the route."""
        path = shutil.which(program)
        if path is None:
            raise AbsentError(f"no {program}; install {package}")
        self.note(role, path, self.first_line([path, *version]) if version else "not told by the program")
        return path

    def note(self, role: str, path: str, version: str) -> None:
        self.tools.append(Tool(role, os.path.realpath(path), version, sha256_of(Path(path))))

    def first_line(self, argv: Sequence[str]) -> str:
        """What a program says of itself in its first line; empty when it fails."""
        outcome = self.guarded(argv, self.ground.top, PROBE_SECONDS)
        lines = outcome.stdout.decode("utf-8", "replace").splitlines()
        return lines[0].strip() if outcome.ok and lines else ""


def environment() -> "dict[str, str]":
    """The same for each route: nothing of the user's but where programs lie, and no Python writes beside its source."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "PYTHONDONTWRITEBYTECODE": "1", "HOME": os.environ.get("HOME", "/")}


def last_words(outcome: Outcome) -> str:
    lines = [line for line in outcome.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    return f": {lines[-1].strip()[:200]}" if lines else ""
