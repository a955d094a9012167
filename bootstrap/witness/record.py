"""record: what is kept of a route on its way: its commands, its tools, what it made, and why it did not get there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Tuple


class AbsentError(Exception):
    """What the route needs is not on this machine; the text says what to install."""


class RouteError(Exception):
    """The route did not reach its end; the text says how it ended. That is neither equality nor difference."""


@dataclass(frozen=True)
class Comparison:
    """A file, and the file that it must be equal to; or, where a record is judged, the SHA-256 that it must have."""

    name: str
    made: Path
    expected: Optional[Path] = None
    recorded: str = ""


@dataclass(frozen=True)
class Tool:
    """A program that took part: what executed the route."""

    role: str
    path: str
    version: str
    sha256: str


@dataclass(frozen=True)
class Step:
    """One command of a route, and what it took."""

    name: str
    argv: Tuple[str, ...]
    wall_ms: int
    cpu_ms: int
    peak_kib: int
    peak_method: str
