"""speed: how fast this compiler compiles, beside tcc in the same run: one large made-up file, the compiler itself, hardly anything."""

from __future__ import annotations

import re
import shutil
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from ..command import BROKEN, PerfError
from ..guard import PINNED_ENVIRONMENT, Kill, Limits, Outcome, run
from ..workbench import SOURCE, Workbench, first_line, shown, write_text
from . import synth
from .running import Row

FUNCTIONS = 5000
TCC = "tcc -c"
LIMITS = Limits(max_rss_kib=4 << 20, timeout_seconds=300)
HELLO = '(⊙ hello)\n(↥ "std:io" io)\n(ƒ main (∷ (→ Unit)) (cap io) () (io.print "hello\\n"))\n'


@dataclass(frozen=True)
class Way:
    """A command that compiles one of the files; {zero}, {source} and {out} stand in it."""

    key: str
    ending: str
    tools: tuple[str, ...]
    words: tuple[str, ...]


WAYS: tuple[Way, ...] = (
    Way(TCC, "c", ("tcc",), ("tcc", "-c", "{source}", "-o", "{out}")),
    Way("0x0 -O0", "0x0", (), ("{zero}", "build", "--lib", "lib", "-O0", "{source}", "-o", "{out}")),
    Way("0x0 -O2", "0x0", (), ("{zero}", "build", "--lib", "lib", "-O2", "{source}", "-o", "{out}")),
)
SLOW: tuple[Way, ...] = (
    Way("gcc -O0 -c", "c", ("gcc",), ("gcc", "-O0", "-c", "{source}", "-o", "{out}")),
    Way("gcc -O2 -c", "c", ("gcc",), ("gcc", "-O2", "-c", "{source}", "-o", "{out}")),
)


def ways(known: Sequence[Way]) -> tuple[Way, ...]:
    """The ways, all of whose tools must be there: without tcc there is nothing to compare with."""
    for tool in dict.fromkeys(tool for way in known for tool in way.tools):
        if shutil.which(tool, path=PINNED_ENVIRONMENT["PATH"]) is None:
            raise PerfError(f"{tool} is not present; compile speed is told beside it")
    return tuple(known)


@dataclass(frozen=True)
class Speed(Row):
    """What one way of compiling a file takes, beside tcc."""

    lines: int
    bytes: int  # of source
    product_bytes: int


@dataclass(frozen=True)
class Alone:
    """What the compiler takes for something that no other does."""

    us: int
    peak_kib: int


def compile_synth(place: Workbench, ways: Sequence[Way], rounds: int, count: int = FUNCTIONS) -> dict[str, Speed]:
    """The made-up file by each way in turn, each product holding every function."""
    sources = {"c": place.path("synth.c"), "0x0": place.path("synth.0x0")}
    write_text(sources["c"], synth.in_c(count))
    write_text(sources["0x0"], synth.in_zero(count))
    outcomes: dict[str, list[Outcome]] = {way.key: [] for way in ways}
    for _ in range(rounds):
        for way in ways:
            outcomes[way.key].append(build(place, way, sources[way.ending]))
    for way in ways:
        require_functions(place.path(product(way)), count)
    base = outcomes[ways[0].key]
    return {way.key: speed(outcomes[way.key], base, sources[way.ending], place.path(product(way))) for way in ways}


def product(way: Way) -> str:
    return "synth-" + re.sub(r"\W+", "-", way.key)


def build(place: Workbench, way: Way, source: Path) -> Outcome:
    names = {"zero": place.relative(place.zero), "source": place.relative(source), "out": place.out(product(way))}
    return succeed(place, [word.format(**names) for word in way.words])


def succeed(place: Workbench, argv: list[str]) -> Outcome:
    outcome = run(argv, LIMITS, cwd=place.top, environment=PINNED_ENVIRONMENT, capture=True, one_processor=True)
    if outcome.kill is not Kill.NONE or outcome.status != 0:
        raise PerfError(f"{shown(argv)} ended with status {outcome.status}{first_line(outcome.stderr)}", BROKEN)
    return outcome


def require_functions(path: Path, count: int) -> None:
    """Every function of the made-up file has its symbol in what was made."""
    with path.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        symbols = table.iter_symbols() if isinstance(table, SymbolTableSection) else ()
        names = {symbol.name.rpartition(".")[2] for symbol in symbols}
    missing = [f"f{number}" for number in range(count) if f"f{number}" not in names]
    if missing:
        raise PerfError(f"{path.name} lacks {len(missing)} of {count} functions: {missing[0]}", BROKEN)


def cpu_us(outcome: Outcome) -> int:
    return max(1, round(1_000_000 * outcome.cpu_seconds))


def speed(outcomes: Sequence[Outcome], base: Sequence[Outcome], source: Path, made: Path) -> Speed:
    content = source.read_bytes()
    return Speed(
        us=round(statistics.median(cpu_us(one) for one in outcomes)),
        permilles=tuple(round(1000 * cpu_us(one) / cpu_us(other)) for one, other in zip(outcomes, base)),
        peak_kib=max(one.peak_kib for one in outcomes),
        lines=content.count(b"\n"),
        bytes=len(content),
        product_bytes=made.stat().st_size,
    )


def alone(place: Workbench, argv: list[str], rounds: int) -> Alone:
    outcomes = [succeed(place, argv) for _ in range(rounds)]
    return Alone(round(statistics.median(cpu_us(one) for one in outcomes)), max(one.peak_kib for one in outcomes))


def itself(place: Workbench, rounds: int) -> Alone:
    """The compiler compiles itself at -O2."""
    zero = place.relative(place.zero)
    return alone(place, [zero, "build", "-O2", "--lib", "lib", SOURCE, "-o", place.out("itself")], rounds)


def start_up(place: Workbench, rounds: int) -> Alone:
    return alone(place, [place.relative(place.zero), "--version"], rounds)


def sizes(place: Workbench) -> dict[str, int]:
    """Bytes of a program that prints one line, and of the compiler."""
    source = place.path("hello.0x0")
    write_text(source, HELLO)
    succeed(place, [place.relative(place.zero), "build", "--lib", "lib", place.relative(source), "-o", place.out("hello")])
    return {"hello": place.path("hello").stat().st_size, "the compiler": place.zero.stat().st_size}


def phases(place: Workbench, level: str) -> dict[str, int]:
    """Nanoseconds by pass of the made-up file, as `zero build --time` tells them: the least of three."""
    argv = [place.relative(place.zero), "build", level, "--time", "--lib", "lib", place.out("synth.0x0"), "-o", place.out("timed")]
    told = [times_of(succeed(place, argv).stderr.decode("ascii")) for _ in range(3)]
    return {name: min(times[name] for times in told) for name in told[0]}


def times_of(text: str) -> dict[str, int]:
    return {name: 1000 * int(us) for name, us in re.findall(r"^(\S+) (\d+) us$", text, re.MULTILINE)}
