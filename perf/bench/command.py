"""command: `python -m perf bench`: the programs by every compiler there is, as ratios to gcc -O2."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from ..command import PerfError, columns, told
from ..history import TOP
from ..measure import compiler_of
from ..workbench import workbench
from .compilers import COMPILERS, FAMILIES, REFERENCE, Compiler
from .programs import PROGRAMS, Program, programs_named
from .running import Bench, Row, Table, mean_permille


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m perf bench", description="Compiled code beside that of other compilers.")
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help="the programs to run (default: all)")
    parser.add_argument("--with", dest="families", metavar="NAMES", help=f"beside gcc -O2: of {','.join(FAMILIES)} (default: all there are)")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="how often each, in turn (default: 5)")
    parser.add_argument("--small", action="store_true", help="with the sizes that the gate uses")
    parser.add_argument("--top", type=Path, default=TOP, metavar="DIRECTORY", help="the source tree")
    options = parser.parse_args(arguments)
    return told("perf bench", lambda: work(options))


def work(options: argparse.Namespace) -> int:
    top = options.top.resolve()
    zero = compiler_of(top)
    if options.runs < 1:
        raise PerfError("--runs has to be at least 1")
    programs = chosen_programs(options.programs)
    compilers = present(chosen_compilers(options.families))
    with workbench(top, zero) as place:
        bench = Bench(place, compilers)
        table = {p.name: bench.measure(p, p.small if options.small else p.size, options.runs) for p in programs}
    print(ratios(table, compilers))
    for what, reason in bench.refused.items():
        print(f"{what}: {reason}")
    return 0


def chosen_programs(names: Sequence[str]) -> tuple[Program, ...]:
    try:
        return programs_named(tuple(names))
    except KeyError as error:
        raise PerfError(f"no program is named {error.args[0]}; there are {', '.join(p.name for p in PROGRAMS)}") from None


def chosen_compilers(families: Optional[str]) -> tuple[Compiler, ...]:
    wanted = FAMILIES if families is None else tuple(word for word in families.split(",") if word)
    for family in wanted:
        if family not in FAMILIES:
            raise PerfError(f"no compiler is named {family}; there are {', '.join(FAMILIES)}")
    return tuple(c for c in COMPILERS if c.family in (*wanted, "zero") or c.key == REFERENCE)


def present(compilers: Sequence[Compiler]) -> tuple[Compiler, ...]:
    """Those whose tools this machine has; the others are told."""
    for compiler in compilers:
        if compiler.absent:
            print(f"{compiler.key}: not present ({', '.join(compiler.absent)})")
    return tuple(compiler for compiler in compilers if not compiler.absent)


def ratios(table: Table, compilers: Sequence[Compiler]) -> str:
    """The table: of each program the reference's time and each compiler's ratio to it, then the geometric means."""
    keys = [c.key for c in compilers if c.key != REFERENCE and any(c.key in rows for rows in table.values())]
    lines = [[name, f"{rows[REFERENCE].us / 1e6:.2f} s", *(cell(rows.get(key)) for key in keys)] for name, rows in table.items()]
    means = [mean(table, key) for key in keys]
    return columns(("program", REFERENCE, *keys), [*lines, ["geometric mean", "", *means]])


def cell(found: Optional[Row]) -> str:
    return "-" if found is None else f"{found.permille / 1000:.2f}"


def mean(table: Table, key: str) -> str:
    """Over the programs that the compiler took; marked when these are not all."""
    taken = [name for name, rows in table.items() if key in rows]
    return f"{mean_permille(table, key, taken) / 1000:.2f}" + ("" if len(taken) == len(table) else f" of {len(taken)}")
