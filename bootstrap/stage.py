"""stage: run the commands of one stage under the guard, and put its product in place, whole.

A stage writes to NAME.part, which becomes NAME when every command has succeeded and every product is there. A stage of several
products works in a folder whose path is the same for each stage, so that a path in a product is no difference; what its
commands print goes to NAME.log.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Dict, Iterator, List, Optional, Tuple

from perf.guard import GuardError, Kill, Limits, Outcome, run

from . import BROKEN, BootstrapError
from .description import Chain, Command, Stage, fill
from .display import Display
from .ledger import write_whole
from .product import record_of
from .root import Origin
from .tools import surroundings

LOG_LINES = 12  # of a log, shown when a stage fails
LOG_TAIL = 16384


@dataclass(frozen=True)
class Place:
    """Where a chain works."""

    top: Path
    directory: Path

    @property
    def work(self) -> Path:
        return self.directory / "work"

    def of(self, name: str) -> Path:
        return self.directory / name


class StageRun:
    def __init__(self, chain: Chain, stage: Stage, place: Place, origin: Origin, jobs: int, display: Display) -> None:
        self.stage = stage
        self.place = place
        self.origin = origin
        self.display = display
        self.out = place.of(stage.name)
        self.part = place.of(stage.name + ".part")
        self.log = place.of(stage.name + ".log")
        self.values = self.placeholders(chain, jobs)

    def placeholders(self, chain: Chain, jobs: int) -> Dict[str, str]:
        top = self.place.top
        values = {
            "python": sys.executable, "jobs": str(jobs), "origin": self.origin.program or "", "top": str(top),
            "out": self.shown(self.part), "source": self.shown(top / chain.source), "work": self.shown(self.place.work),
            "root": self.shown(self.place.of("root")),
        }
        values.update({stage.name: self.shown(self.place.of(stage.name)) for stage in chain.stages})
        return values

    def shown(self, path: Path) -> str:
        """From the top where commands run there, else whole."""
        return os.path.relpath(path, self.place.top) if self.stage.working_directory is None else str(path)

    def run(self) -> Dict[str, Any]:
        """The stage's record in the ledger."""
        remove(self.part)
        if self.stage.products:
            self.part.mkdir()
            remove(self.place.work)
            self.place.work.mkdir()
        with self.output() as output:
            self.display.stage_begins(self.stage.name)
            outcomes = [self.step(command, output) for command in self.commands()]
            self.display.stage_ends()
        self.put_in_place(outcomes[-1].argv)
        return stage_record(self.stage, outcomes, record_of(self.out))

    def commands(self) -> List[Command]:
        commands = self.stage.commands
        if self.stage.from_root is not None and self.origin.content is not None:
            write_whole(self.place.of("root"), self.origin.content, 0o755)
            commands = (self.stage.from_root,)
        return [tuple(fill(word, self.values) for word in command) for command in commands]

    @contextlib.contextmanager
    def output(self) -> Iterator[Tuple[Optional[IO[bytes]], Optional[IO[bytes]]]]:
        if not self.stage.products:
            yield None, None
            return
        with self.log.open("wb") as log:
            yield log, log

    def step(self, argv: Command, output: Tuple[Optional[IO[bytes]], Optional[IO[bytes]]]) -> Outcome:
        stage = self.stage
        folder = Path(fill(stage.working_directory or "", self.values))
        added = [(name, fill(value, self.values)) for name, value in stage.environment]
        try:
            outcome = run(
                argv,
                Limits(max_rss_kib=stage.max_rss_kib, timeout_seconds=stage.timeout_seconds),
                cwd=self.place.top / folder,
                environment=surroundings(added, stage.pass_environment),
                watch=self.display.stage_runs if self.display.live else None,
                output=output,
            )
        except GuardError as error:
            raise BootstrapError(f"stage {stage.name}: the guard failed: {error}") from None
        if not outcome.ok:
            self.display.stage_ends()
            raise self.broken(how_it_ended(outcome, stage.timeout_seconds), argv)
        return outcome

    def put_in_place(self, argv: Command) -> None:
        missing = [name for name in self.stage.products if not (self.part / name).is_file()]
        if missing:
            raise self.broken(f"did not write {', '.join(missing)}", argv)
        if not self.stage.products:
            if not self.part.is_file():
                raise self.broken("wrote no file", argv)
            self.part.chmod(0o755)
        remove(self.out)
        os.replace(self.part, self.out)
        if self.stage.products:
            remove(self.place.work)

    def broken(self, how: str, argv: Command) -> BootstrapError:
        """The stage failed; where it was the trusted root that compiled, the message says what to do."""
        told = f"stage {self.stage.name} {how}: {' '.join(shlex.quote(word) for word in argv)}"
        if self.stage.from_root is not None and self.origin.content is not None:
            root = f"the trusted root, version {self.origin.version} (commit {self.origin.commit}), cannot compile this source"
            told = f"{root}: {told}; run `make bootstrap-from-seed`"
        if self.stage.products:
            told += f"\n{self.log}, at its end:\n{tail(self.log)}"
        else:
            remove(self.part)
        return BootstrapError(told, BROKEN)


def how_it_ended(outcome: Outcome, timeout_seconds: int) -> str:
    if outcome.kill is Kill.TIMEOUT:
        return f"took longer than its timeout-seconds, {timeout_seconds}, and was ended"
    if outcome.kill is Kill.OVER_BUDGET or (outcome.over_budget and outcome.status == 0):
        most = max(outcome.peak_kib, outcome.sum_kib or 0)
        return f"took {most} KiB, more than its max-rss, {outcome.budget_kib} KiB"
    if outcome.kill is not Kill.NONE:
        return f"was ended by the guard ({outcome.kill.value})"
    if outcome.status < 0:
        return f"was ended by {signal_name(-outcome.status)}"
    return f"exited with status {outcome.status}"


def signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def stage_record(stage: Stage, outcomes: List[Outcome], product: Dict[str, object]) -> Dict[str, Any]:
    """What the ledger says of a stage: the sums and the worst of its steps, each step, and the product."""
    exact = all(outcome.method.peak == "wait4" for outcome in outcomes)
    return {
        "name": stage.name,
        "argv": list(outcomes[-1].argv),
        "wall_ms": sum(round(outcome.wall_seconds * 1000) for outcome in outcomes),
        "cpu_ms": sum(round(outcome.cpu_seconds * 1000) for outcome in outcomes),
        "peak_rss_kib": max(outcome.peak_kib for outcome in outcomes),
        "method": "wait4" if exact else "sampled-vmhwm",
        "budget_kib": stage.max_rss_kib,
        "steps": [step_record(outcome) for outcome in outcomes],
        **product,
    }


def step_record(outcome: Outcome) -> Dict[str, Any]:
    return {
        "argv": list(outcome.argv),
        "wall_ms": round(outcome.wall_seconds * 1000),
        "cpu_ms": round(outcome.cpu_seconds * 1000),
        "peak_rss_kib": outcome.peak_kib,
        "sum_kib": outcome.sum_kib,
        "members": outcome.members,
        "survivors": outcome.survivors,
        "scope": outcome.scope.value,
        "containment": outcome.containment.value,
        "method": {
            "peak": outcome.method.peak,
            "sum": outcome.method.sum,
            "interval_ms": outcome.method.interval_ms,
            "fixed_addresses": outcome.method.fixed_addresses,
            "launcher": outcome.method.launcher,
        },
    }


def tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - LOG_TAIL))
            lines = file.read().decode("utf-8", "replace").rstrip().splitlines()
    except OSError as error:
        return f"  ({error.strerror})"
    return "\n".join(f"  {line}" for line in lines[-LOG_LINES:]) or "  (nothing was printed)"


def remove(path: Path) -> None:
    """Whatever stands there goes."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
        return
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
