"""running: programs made by every compiler there is and run in turn, and what came out of it."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..command import BROKEN, PerfError
from ..guard import Kill
from ..workbench import Workbench, failure, guarded, shown
from .compilers import REFERENCE, Compiler, Refused, command, make
from .programs import Program


@dataclass
class Runs:
    """A program as one compiler made it: round by round its processor time."""

    argv: list[str]
    us: list[int] = field(default_factory=list)
    peak_kib: int = 0
    output: bytes = b""


@dataclass(frozen=True)
class Row:
    """What is told of a program as one compiler made it, beside the reference."""

    us: int  # processor time, the median
    permilles: tuple[int, ...]  # of the reference's time in the same round, round by round
    peak_kib: int

    @property
    def permille(self) -> int:
        return round(statistics.median(self.permilles))

    @property
    def ratios(self) -> tuple[float, ...]:
        return tuple(permille / 1000 for permille in self.permilles)


Table = dict[str, dict[str, Row]]  # program, compiler
Size = Callable[[Program], int]


@dataclass
class Bench:
    """What is measured, and what could not be."""

    place: Workbench
    compilers: tuple[Compiler, ...]
    refused: dict[str, str] = field(default_factory=dict)  # "compiler" or "compiler: program" to the reason

    def prepare(self, program: Program, size: int) -> dict[str, Runs]:
        """The program made by every compiler; one that does not take it is left out with its reason."""
        made = {}
        for at, compiler in enumerate(self.compilers):
            source = program.source(compiler.ending)
            if compiler.key in self.refused or not source.is_file():
                continue
            out = self.place.out(f"{program.name}-{at}")
            try:
                make(self.place, compiler, self.place.relative(source), out)
            except Refused as reason:
                self.refused[compiler.key if reason.options else f"{compiler.key}: {program.name}"] = str(reason)
                continue
            made[compiler.key] = Runs([*command(self.place, compiler.start, self.place.relative(source), out), str(size)])
        return made

    def measure(self, program: Program, size: int, rounds: int) -> dict[str, Row]:
        runs = self.prepare(program, size)
        if REFERENCE not in runs:
            raise PerfError(f"{program.name}: {REFERENCE} did not make it, and it is what all is compared with", BROKEN)
        for _ in range(rounds):
            for one in runs.values():
                self.run_once(one)
        require_same(program, {key: one.output for key, one in runs.items()})
        return {key: row(one, runs[REFERENCE]) for key, one in runs.items()}

    def run_once(self, runs: Runs) -> None:
        outcome = guarded(runs.argv, self.place.top, one_processor=True)
        if outcome.kill is not Kill.NONE or outcome.status != 0:
            raise PerfError(f"{failure(outcome)}: {shown(runs.argv)}", BROKEN)
        runs.us.append(max(1, round(1_000_000 * outcome.cpu_seconds)))
        runs.peak_kib = max(runs.peak_kib, outcome.peak_kib)
        runs.output = outcome.stdout


def require_same(program: Program, outputs: dict[str, bytes]) -> None:
    """Every compiler's program prints what the reference's prints."""
    for key, output in outputs.items():
        if not output or output != outputs[REFERENCE]:
            raise PerfError(f"{program.name}: {key} prints {output!r}, {REFERENCE} {outputs[REFERENCE]!r}", BROKEN)


def row(one: Runs, reference: Runs) -> Row:
    permilles = tuple(round(1000 * ours / theirs) for ours, theirs in zip(one.us, reference.us))
    return Row(round(statistics.median(one.us)), permilles, one.peak_kib)


def mean_permille(table: Table, key: str, programs: Sequence[str]) -> int:
    """The geometric mean of a compiler's ratios over these programs."""
    return round(statistics.geometric_mean(table[name][key].permille for name in programs))
