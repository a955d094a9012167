"""steps: what is measured, each by its key; the one list that budgets, baselines, history and reports speak of.

A key names the producer and what it does: the seed, the trusted root, the compiler as released, the formatter, the checker. A step that
Python runs has a peak that depends on the Python: its budgets are keyed by implementation and minor version too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from .optimizer_smoke import smoke
from .workbench import SOURCE, Workbench, trusted_root
from .guard import Outcome

PROGRAM_LINES = 32_000
STRESS_LINES = 16_000


@dataclass(frozen=True)
class Step:
    key: str
    what: str
    measure: Callable[[Workbench], Optional[Outcome]]  # None: what it needs is not there
    by_python: bool = False
    like: Optional[str] = None  # the step whose budget holds while this one has none

    @property
    def figure(self) -> str:
        """The key as it begins the name of a figure."""
        return self.key.replace(".", "_")


def seed(bench: Workbench) -> Outcome:
    outcome = bench.measure(bench.seed_command(bench.path("zero-next")))
    bench.made["zero-next"] = bench.path("zero-next")
    return outcome


def root(bench: Workbench) -> Optional[Outcome]:
    compiler = trusted_root(bench.top)
    return None if compiler is None else build(bench, compiler, SOURCE, "root-next")


def stage2(bench: Workbench) -> Outcome:
    outcome = build(bench, bench.zero_next(), SOURCE, "stage2")
    bench.made["stage2"] = bench.path("stage2")
    return outcome


def build(bench: Workbench, compiler: Path, source: str, name: str) -> Outcome:
    return bench.measure([bench.relative(compiler), "build", source, "-o", bench.out(name)])


def built(shape: str, lines: int) -> Callable[[Workbench], Outcome]:
    return lambda bench: build(bench, bench.zero, bench.relative(bench.source(shape, lines)), "product")


def compiler_files(bench: Workbench) -> list[str]:
    return sorted(bench.relative(path) for path in (bench.top / "compiler").rglob("*.0x0"))


def fmt(bench: Workbench) -> Outcome:
    """Status 1 says that a file is not in the one form, which is not what is asked here."""
    return bench.measure([bench.relative(bench.zero), "fmt", "--check", *compiler_files(bench)], right=(0, 1))


def life(bench: Workbench) -> Outcome:
    return bench.measure([bench.relative(bench.example("life")), "20000"], bench.top / "examples/input/life.txt")


STEPS: tuple[Step, ...] = (
    Step("seed.zero_next", "the seed compiles the compiler", seed, by_python=True),
    Step("root.zero_next", "the trusted root compiles the compiler", root, like="release.stage3"),
    Step("release.stage2", "zero-next compiles the compiler", stage2),
    Step("release.stage3", "stage2 compiles the compiler", lambda b: build(b, b.stage2(), SOURCE, "stage3")),
    Step("release.stress_symbols", f"{STRESS_LINES} lines of names and texts", built("symbols", STRESS_LINES)),
    Step("release.program", f"{PROGRAM_LINES} lines of plain program", built("plain", PROGRAM_LINES)),
    Step("check.compiler", "the compiler's source is checked", lambda b: b.measure([b.relative(b.zero), "check", SOURCE])),
    Step("optimizer.source_smoke", "the compiler is optimised, with what passes are given and make", smoke),
    Step("fmt.compiler", "every file of the compiler is laid out", fmt),
    Step("run.sha256sum", "8 MiB are hashed", lambda b: b.measure([b.relative(b.example("sha256sum")), b.relative(b.data(8 << 20))])),
    Step("run.wc", "8 MiB are counted", lambda b: b.measure([b.relative(b.example("wc")), b.relative(b.data(8 << 20))])),
    Step("run.lz", "4 MiB are packed", lambda b: b.measure([b.relative(b.example("lz")), "c"], b.data(4 << 20))),
    Step("run.json_format", "a JSON text of 2 MB is laid out", lambda b: b.measure([b.relative(b.example("json-format"))], b.json(20_000))),
    Step("run.life", "a board lives for 20000 turns", life),
)
KEYS: tuple[str, ...] = tuple(step.key for step in STEPS)


def step_of(key: str) -> Step:
    return next(step for step in STEPS if step.key == key)
