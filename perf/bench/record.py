"""record: what one run of everything measured, as perf/bench/measured.json keeps it for the page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..command import PerfError
from ..guard.record import canonical
from ..machine import Machine
from .running import Row, Table
from .speed import Alone, Speed

MEASURED = "perf/bench/measured.json"
FORMAT = "0x0 bench 1"


@dataclass(frozen=True)
class Record:
    date: str  # of the day, as 2026-11-21
    commit: str  # the tree's, of twelve digits
    machine: Machine
    versions: dict[str, str]  # of the other compilers, by family
    absent: list[str]  # the compilers that the machine lacks
    refused: dict[str, str]
    rounds: int
    small: bool  # in the sizes that the gate uses
    code: Table
    compile_rounds: int
    speed: dict[str, Speed]
    phases: dict[str, dict[str, int]]  # level, pass: nanoseconds
    mhz: int  # of the processor while this was measured
    itself: Alone
    start_up: Alone
    sizes: dict[str, int]


def to_bytes(record: Record) -> bytes:
    return canonical({"format": FORMAT, **asdict(record)})


def read_record(top: Path) -> Record:
    try:
        return from_json(json.loads((top / MEASURED).read_bytes()))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise PerfError(f"{MEASURED}: cannot be read: {error}") from None


def from_json(content: Mapping[str, Any]) -> Record:
    if content["format"] != FORMAT:
        raise ValueError(f"its format is not {FORMAT}")
    rest = {name: value for name, value in content.items() if name != "format"}
    rest["machine"] = Machine(**content["machine"])
    rest["code"] = {program: {key: Row(**rounds_of(row)) for key, row in rows.items()} for program, rows in content["code"].items()}
    rest["speed"] = {key: Speed(**rounds_of(one)) for key, one in content["speed"].items()}
    rest["itself"], rest["start_up"] = Alone(**content["itself"]), Alone(**content["start_up"])
    return Record(**rest)


def rounds_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has no tuples."""
    return {**content, "permilles": tuple(content["permilles"])}
