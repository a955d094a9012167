"""workbench: a place to measure in: a folder for products, the made-up sources, and the one way in which a command is measured.

The folder is of the tree that is measured and is removed afterwards. Commands run in the top directory with relative paths of fixed
length and a small fixed environment: argv and environment lie on a process's stack, so they are part of its peak.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Optional

from . import workload
from .command import BROKEN, PerfError
from .guard import PINNED_ENVIRONMENT, GuardError, Kill, Limits, Outcome, run
from .store import sha256_of

SOURCE = "compiler/main.0x0"
ENVIRONMENT = {**PINNED_ENVIRONMENT, "PYTHONHASHSEED": "0"}
SAFETY = Limits(max_rss_kib=4 << 20, timeout_seconds=300)  # nothing measured here is near; a fault must not take the machine along


@dataclass
class Workbench:
    top: Path
    zero: Path
    folder: Path  # absolute, within the top
    python: str
    made: dict[str, Path] = field(default_factory=dict)

    def path(self, name: str) -> Path:
        return self.folder / name

    def relative(self, path: Path) -> str:
        return os.path.relpath(path, self.top)

    def out(self, name: str) -> str:
        return self.relative(self.path(name))

    def once(self, name: str, make: Callable[[Path], None]) -> Path:
        """The file of this name, made when it is first asked for."""
        if name not in self.made:
            make(self.path(name))
            self.made[name] = self.path(name)
        return self.made[name]

    def source(self, shape: str, lines: int) -> Path:
        """A made-up program."""
        makers = {"plain": workload.plain, "symbols": workload.symbols}
        return self.once(f"{shape}-{lines}.0x0", lambda path: write_text(path, makers[shape](lines)))

    def data(self, count: int) -> Path:
        return self.once(f"octets-{count}", lambda path: write_bytes(path, workload.octets(count)))

    def json(self, items: int) -> Path:
        return self.once(f"json-{items}", lambda path: write_bytes(path, workload.json_text(items)))

    def program(self, source: Path, name: str, zero: Optional[Path] = None) -> Path:
        """A program as this compiler, or the one given, makes it."""
        compiler = zero or self.zero

        def make(path: Path) -> None:
            self.measure([self.relative(compiler), "build", "--lib", "lib", self.relative(source), "-o", self.relative(path)])

        return self.once(name, make)

    def example(self, name: str, zero: Optional[Path] = None, mark: str = "") -> Path:
        return self.program(self.top / "examples" / f"{name}.0x0", f"example-{name}{mark}", zero)

    def zero_next(self) -> Path:
        return self.once("zero-next", lambda path: void(self.measure(self.seed_command(path))))

    def stage2(self) -> Path:
        zero_next = self.zero_next()
        return self.once("stage2", lambda path: void(self.measure([self.relative(zero_next), "build", SOURCE, "-o", self.relative(path)])))

    def seed_command(self, out: Path) -> list[str]:
        """Without what else is installed, and with no compiled modules to be found, so that every run does the same."""
        nowhere = self.out("no-compiled-modules")
        return [self.python, "-s", "-S", "-B", "-X", f"pycache_prefix={nowhere}", "bootstrap/seed", SOURCE, self.relative(out)]

    def measure(self, argv: Sequence[str], stdin: Optional[Path] = None, right: Sequence[int] = (0,)) -> Outcome:
        """Run a command that must end with one of the statuses that are right."""
        with open(stdin or os.devnull, "rb") as given:
            outcome = guarded(argv, self.top, given, one_processor=True)
        if outcome.kill is not Kill.NONE or outcome.status not in right:
            raise PerfError(f"{failure(outcome)}: {shown(argv)}{first_line(outcome.stderr)}", BROKEN)
        return outcome


def trusted_root(top: Path) -> Optional[Path]:
    """The trusted root, if the chain of this tree started from it and its copy is still the same."""
    copy, ledger = top / "build/chain/root", top / "build/chain/ledger.json"
    try:
        origin = json.loads(ledger.read_bytes())["origin"]
        same = origin["from"] == "trusted root" and copy.is_file() and sha256_of(copy) == origin["sha256"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return copy if same else None


def guarded(
    argv: Sequence[str], folder: Path, stdin: Optional[IO[bytes]] = None, limits: Limits = SAFETY, one_processor: bool = False
) -> Outcome:
    """A run under the guard in the pinned environment; the guard's own failure is told as one of perf."""
    try:
        return run(list(argv), limits, cwd=folder, environment=ENVIRONMENT, capture=True, stdin=stdin, one_processor=one_processor)
    except GuardError as error:
        raise PerfError(f"the guard: {error}") from None


def failure(outcome: Outcome) -> str:
    if outcome.kill is not Kill.NONE:
        return f"a command was ended ({outcome.kill.value})"
    return f"a command ended with status {outcome.status}"


def shown(argv: Sequence[str]) -> str:
    """A command for a message; a long one by its first words."""
    return " ".join(argv[:6]) + (" ..." if len(argv) > 6 else "")


def first_line(stderr: bytes) -> str:
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    return f": {lines[0]}" if lines else ""


def void(_: object) -> None:
    """For what is made by measuring it, when the measure is not asked for."""


def write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def write_bytes(path: Path, content: bytes) -> None:
    path.write_bytes(content)


@contextmanager
def workbench(top: Path, zero: Path, python: Optional[str] = None) -> Iterator[Workbench]:
    home = top / "build"  # the compilers made here find the library as those of the chain do
    try:
        home.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="bench-", dir=home))
    except OSError as error:
        raise PerfError(f"{home}: {error.strerror}") from None
    try:
        yield Workbench(top, zero, folder, python or sys.executable)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
