"""page: docs/performance.md, made from perf/bench/measured.json and, for the worst loops, perf/bench/worst.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from ..store import text_of
from .compilers import COMPILERS, REFERENCE
from .programs import PROGRAMS
from .record import Record, read_record
from .running import Row, Table, mean_permille
from .speed import Alone, Speed

PAGE = "docs/performance.md"
WORST = "perf/bench/worst.md"
OURS = "0x0"


def page(top: Path) -> str:
    return render(read_record(top), text_of(top / WORST))


def render(record: Record, worst: str) -> str:
    parts = (HEAD, measured_on(record), code(record), worst.strip(), memory(record), compiling(record), phases(record), AGAIN)
    return "\n\n".join(parts) + "\n"


HEAD = """# Performance

How fast compiled code is and how fast it is compiled, beside other compilers, in one run on one machine. Written by the
command at the end of this page from what it measured; only ratios of one run say anything about another machine."""

AGAIN = """## Measure it again

| command | what |
| --- | --- |
| `build/venv/bin/python -m perf bench` | every program by every compiler there is |
| `build/venv/bin/python -m perf bench json --with gcc,go --runs 9` | one program beside some compilers |
| `build/venv/bin/python -m perf bench --speed` | compile speed |
| `build/venv/bin/python -m perf bench --write` | all of it, and this page |
| `build/venv/bin/python -m perf bench --page` | this page from what was measured last |
| `make bench-check` | the gates, in small sizes |"""


def measured_on(record: Record) -> str:
    machine = record.machine
    versions = ", ".join(f"{family} {version}" for family, version in sorted(record.versions.items()))
    lines = [
        f"Measured on {record.date} at commit {record.commit}: {machine.cpu}, {machine.cpus} processors, {machine.memory_gib} GiB, Linux",
        f"{'.'.join(machine.kernel.split('.')[:2])}; {versions}.",
    ]
    if record.absent:
        lines.append(f"Not present on this machine: {', '.join(record.absent)}.")
    lines += [f"Refused: {what}: {reason}." for what, reason in sorted(record.refused.items())]
    return "\n".join(lines)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    marks = ["---:" if at and name != "what" else "---" for at, name in enumerate(head)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, marks, *rows))


def code(record: Record) -> str:
    keys = [key for key in keys_of(record.code) if key != REFERENCE]
    named = [program for program in PROGRAMS if program.name in record.code]
    rows = [[p.name, milliseconds(record.code[p.name]), *(ratio_cell(record.code[p.name], key) for key in keys)] for p in named]
    means = ["**geometric mean**", "", *(mean_cell(record.code, key) for key in keys)]
    return f"""## Compiled code

{len(named)} programs, each in 0x0 and in C as an expert would write it; all print the same. 0x0 checks every index and every conversion, C
nothing; `--unchecked` leaves out the checks of indices alone. Processor time over that of gcc -O2 in the same round, the median of
{record.rounds} rounds in turn, each program kept on one processor; in the first column milliseconds. Less is better. {size_text(record)}

{table(("program", "ms", *keys), [*rows, means])}

Of the ratios of 0x0 those of single rounds lay between {spread(record.code)}."""


def keys_of(found: Table) -> list[str]:
    return [compiler.key for compiler in COMPILERS if any(compiler.key in rows for rows in found.values())]


def milliseconds(rows: dict[str, Row]) -> str:
    return f"{rows[REFERENCE].us / 1000:.0f}"


def size_text(record: Record) -> str:
    return "Sizes are the small ones, those of the gate." if record.small else "Sizes are whole."


def ratio_cell(rows: dict[str, Row], key: str) -> str:
    return f"{rows[key].permille / 1000:.2f}" if key in rows else "-"


def mean_cell(found: Table, key: str) -> str:
    taken = [name for name, rows in found.items() if key in rows]
    of = "" if len(taken) == len(found) else f" of {len(taken)}"
    return f"**{mean_permille(found, key, taken) / 1000:.2f}**{of}"


def spread(found: Table) -> str:
    """How far single rounds lie from the median, at most."""
    ours = [rows[OURS] for rows in found.values() if OURS in rows]
    low, high = min(min(row.permilles) / row.permille for row in ours), max(max(row.permilles) / row.permille for row in ours)
    return f"{low:.2f} and {high:.2f} times their median"


def memory(record: Record) -> str:
    keys = [key for key in (REFERENCE, OURS, "Go") if any(key in rows for rows in record.code.values())]
    named = [program for program in PROGRAMS if program.name in record.code]
    rows = [[p.name, p.what, *(peak_cell(record.code[p.name].get(key)) for key in keys)] for p in named]
    return f"""## The programs and their memory

Peak resident memory in MiB.

{table(("program", "what", *keys), rows)}"""


def peak_cell(row: Optional[Row]) -> str:
    return "-" if row is None else f"{row.peak_kib / 1024:.1f}"


def compiling(record: Record) -> str:
    functions = table(
        ("compiler", "ms", "of tcc", "million lines a second", "peak MiB", "product KiB"),
        [speed_row(key, speed) for key, speed in record.speed.items()],
    )
    own, start = record.itself, record.start_up
    return f"""## Compile speed

A made-up file of 5,000 functions, the same in C and in 0x0 function for function and statement for statement, all exported; the symbol
of each is looked for in what is made. Processor time, the median of {record.compile_rounds} rounds in turn. 0x0 makes a whole program, `-c` an
object.

{functions}

{alone_text("The compiler compiles itself at -O2", own)} {alone_text("`zero --version`", start)} Bytes: {sizes_text(record)}."""


def speed_row(key: str, speed: Speed) -> list[str]:
    times, per_us = f"{speed.permille / 1000:.2f}", f"{speed.lines / speed.us:.2f}"
    return [key, f"{speed.us / 1000:.1f}", times, per_us, f"{speed.peak_kib / 1024:.1f}", f"{speed.product_bytes // 1024:,}"]


def alone_text(what: str, alone: Alone) -> str:
    return f"{what}: {alone.us / 1000:.1f} ms, {alone.peak_kib / 1024:.1f} MiB."


def sizes_text(record: Record) -> str:
    return ", ".join(f"{name} {size:,}" for name, size in record.sizes.items())


def phases(record: Record) -> str:
    """Cycles a byte of source: nanoseconds as `zero build --time` tells them, times the clock."""
    names = list(dict.fromkeys(name for times in record.phases.values() for name in times))
    levels = list(record.phases)
    size = record.speed[f"0x0 {levels[0]}"].bytes
    rows = [[name, *(cycles(record.phases[level].get(name), record.mhz, size) for level in levels)] for name in names]
    sums = [cycles(sum(record.phases[level].values()), record.mhz, size) for level in levels]
    return f"""## Cycles a byte of source, by pass

The same file of {size:,} bytes; nanoseconds as `zero build --time` tells them, the least of three runs, times {record.mhz} MHz, the clock that
`/proc/cpuinfo` tells.

{table(("pass", *levels), [*rows, ["**all**", *sums]])}"""


def cycles(nanoseconds: Optional[int], mhz: int, size: int) -> str:
    return "-" if nanoseconds is None else f"{nanoseconds * mhz / 1000 / size:.1f}"
