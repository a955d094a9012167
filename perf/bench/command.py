"""command: `python -m perf bench`: the programs by every compiler there is, as ratios to gcc -O2; compile speed beside tcc."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from ..command import PerfError, columns
from ..guard.front import told
from ..history import TOP
from ..measure import compiler_of
from ..workbench import Workbench, workbench
from .compilers import COMPILERS, FAMILIES, REFERENCE, Compiler
from .page import PAGE
from .programs import PROGRAMS, Program, programs_named
from .running import Bench, Row, Table, mean_permille
from .speed import SLOW, WAYS, Alone, Speed, compile_synth, itself, phases, sizes, start_up, ways
from .writing import write, write_page


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m perf bench", description="Compiled code beside that of other compilers.")
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help="the programs to run (default: all)")
    parser.add_argument("--with", dest="families", metavar="NAMES", help=f"beside gcc -O2: of {','.join(FAMILIES)} (default: all there are)")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="how often each, in turn (default: 5)")
    parser.add_argument("--small", action="store_true", help="with the sizes that the gate uses")
    parser.add_argument("--speed", action="store_true", help="how fast the compiler compiles, instead of the programs")
    parser.add_argument("--slow", action="store_true", help="with --speed also by gcc, which takes a minute")
    parser.add_argument("--write", action="store_true", help=f"measure all of it and write {PAGE}")
    parser.add_argument("--page", action="store_true", help=f"write {PAGE} from what was measured last")
    parser.add_argument("--top", type=Path, default=TOP, metavar="DIRECTORY", help="the source tree")
    options = parser.parse_args(arguments)
    return told("perf bench", lambda: work(options))


def work(options: argparse.Namespace) -> int:
    top = options.top.resolve()
    if options.page:
        return write_page(top)
    zero = compiler_of(top)
    if options.runs < 1:
        raise PerfError("--runs has to be at least 1")
    programs = chosen_programs(options.programs)
    compilers = present(chosen_compilers(options.families))
    if options.write and (options.programs or options.families):
        raise PerfError("--write takes all programs and all compilers")
    with workbench(top, zero) as place:
        if options.write:
            return write(place, compilers, options.runs, options.small)
        if options.speed:
            return tell_speed(place, options.runs, options.slow)
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


# ---- compile speed


def tell_speed(place: Workbench, rounds: int, slow: bool) -> int:
    found = compile_synth(place, (*ways(WAYS), *(ways(SLOW) if slow else ())), rounds)
    print(columns(("compiler", "ms", "of tcc", "lines/s", "peak KiB", "product"), [speed_row(key, one) for key, one in found.items()]))
    print(f"itself at -O2: {alone_text(itself(place, rounds))}; --version: {alone_text(start_up(place, rounds))}")
    print("bytes: " + ", ".join(f"{name} {size}" for name, size in sizes(place).items()))
    for level in ("-O0", "-O2"):
        print(f"{level}: " + ", ".join(f"{name} {nanoseconds / 1e6:.1f} ms" for name, nanoseconds in phases(place, level).items()))
    return 0


def speed_row(key: str, one: Speed) -> tuple[str, ...]:
    per_second = 1_000_000 * one.lines // one.us
    return key, f"{one.us / 1000:.1f}", f"{one.permille / 1000:.2f}", f"{per_second}", f"{one.peak_kib}", f"{one.product_bytes}"


def alone_text(one: Alone) -> str:
    return f"{one.us / 1000:.1f} ms, {one.peak_kib} KiB"
