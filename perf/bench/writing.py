"""writing: everything measured in one run, kept as perf/bench/measured.json and told as docs/performance.md."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from ..git import commit_of
from ..machine import this_machine
from ..store import write_whole
from ..workbench import Workbench
from .compilers import COMPILERS, Compiler, version_of
from .page import PAGE, page
from .programs import PROGRAMS
from .record import MEASURED, Record, to_bytes
from .running import Bench
from .speed import WAYS, compile_synth, itself, phases, sizes, start_up, ways

COMPILE_ROUNDS = 9
LEVELS = ("-O0", "-O2")


def write(place: Workbench, compilers: Sequence[Compiler], rounds: int, small: bool) -> int:
    write_whole(place.top / MEASURED, to_bytes(measure_all(place, compilers, rounds, small)))
    return write_page(place.top)


def write_page(top: Path) -> int:
    write_whole(top / PAGE, page(top).encode("utf-8"))
    print(f"written: {PAGE}")
    return 0


def measure_all(place: Workbench, compilers: Sequence[Compiler], rounds: int, small: bool) -> Record:
    speed = compile_synth(place, ways(WAYS), COMPILE_ROUNDS)  # first: it tells at once when tcc is not there
    bench = Bench(place, tuple(compilers))
    code = {}
    for program in PROGRAMS:
        code[program.name] = bench.measure(program, program.small if small else program.size, rounds)
        print(f"{program.name}: measured", flush=True)
    return Record(
        date=datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        commit=commit_of(place.top)[0][:12],
        machine=this_machine(),
        versions={c.family: version for c in compilers if (version := version_of(c)) is not None},
        absent=[c.key for c in COMPILERS if c.absent],
        refused=bench.refused,
        rounds=rounds,
        small=small,
        code=code,
        compile_rounds=COMPILE_ROUNDS,
        speed=speed,
        phases={level: phases(place, level) for level in LEVELS},
        mhz=clock_mhz(),
        itself=itself(place, COMPILE_ROUNDS),
        start_up=start_up(place, COMPILE_ROUNDS),
        sizes=sizes(place),
    )


def clock_mhz() -> int:
    found = re.search(r"^cpu MHz\s*: (\d+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    return int(found[1]) if found else 0
