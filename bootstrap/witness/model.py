"""model: witnesses, what they rest on, and what becomes of them."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from enum import Enum
from typing import Callable, Dict, List, Mapping, Sequence, Tuple

from .record import Comparison, Step, Tool
from .workshop import Workshop


class Verdict(Enum):
    AGREES = "agrees"
    DIFFERS = "differs"
    FAILED = "failed"
    NOT_PRESENT = "not present"


@dataclass(frozen=True)
class Axis:
    """One thing that a route may rest on. Two routes share it when both have it and it is the same."""

    letter: str
    name: str
    what: str


AXES: Tuple[Axis, ...] = (
    Axis("S", "seed", "the text of the seed"),
    Axis("P", "python", "the implementation of Python"),
    Axis("V", "python-version", "its version"),
    Axis("N", "native", "code of the x64 backend, executed by the processor itself"),
    Axis("B", "c-backend", "the C backend and its runtime"),
    Axis("U", "binutils", "the assembler or linker of binutils"),
    Axis("L", "libc", "the C library"),
    Axis("K", "kernel", "the kernel"),
    Axis("H", "processor", "the processor"),
)

Traits = Mapping[str, str]
HERE: Dict[str, str] = {"seed": "bootstrap/seed", "libc": "libc", "kernel": "kernel", "processor": "processor"}
THIS_PYTHON: Dict[str, str] = {
    "python": platform.python_implementation(),
    "python-version": ".".join(platform.python_version_tuple()[:2]),
}


@dataclass(frozen=True)
class Witness:
    name: str  # route/what: also the folder below build/witness
    route: str
    traits: Traits
    walk: Callable[[Workshop], Sequence[Comparison]]


@dataclass(frozen=True)
class Row:
    """What became of one witness."""

    witness: Witness
    verdict: Verdict
    detail: str
    products: Mapping[str, str] = field(default_factory=dict)  # name: SHA-256 of what the route made
    expected: Mapping[str, str] = field(default_factory=dict)
    steps: Tuple[Step, ...] = ()
    tools: Tuple[Tool, ...] = ()

    @property
    def seconds(self) -> float:
        return sum(step.wall_ms for step in self.steps) / 1000

    @property
    def peak_kib(self) -> int:
        return max((step.peak_kib for step in self.steps), default=0)


def shared(left: Traits, right: Traits) -> str:
    """The letters of what both rest on."""
    letters: List[str] = [axis.letter for axis in AXES if axis.name in left and left[axis.name] == right.get(axis.name)]
    return "".join(letters)
