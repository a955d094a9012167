"""programs: the table of programs, with their sizes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "programs"


@dataclass(frozen=True)
class Program:
    name: str
    size: int  # takes some half a second as gcc -O2 compiles it
    small: int  # a few hundredths of a second
    tiny: int  # hardly any time: for the tests, under any compiler
    what: str

    def source(self, ending: str) -> Path:
        return FOLDER / f"{self.name}.{ending}"


PROGRAMS: tuple[Program, ...] = (
    Program("sieve", 500, 40, 1, "loops over an array of bytes"),
    Program("nqueens", 14, 12, 6, "recursion, small arrays, branches"),
    Program("fannkuch", 10, 9, 7, "short loops over very small arrays"),
    Program("matmul", 1100, 350, 20, "one loop of multiplications"),
    Program("bintrees", 20, 16, 6, "allocation and pointers"),
    Program("strhash", 16000000, 500000, 5000, "bytes, and a table of records"),
    Program("quicksort", 6000000, 500000, 2000, "partition; branches that cannot be foreseen"),
    Program("hashmap", 30000000, 2000000, 5000, "a table of numbers"),
    Program("lz", 60, 4, 1, "bytes, matches, copies"),
    Program("sha256", 150, 12, 1, "32-bit arithmetic, rotations"),
    Program("interp", 150, 10, 1, "a loop around one large match"),
    Program("levenshtein", 24000, 7000, 100, "one loop with minima"),
    Program("json", 20000, 2000, 20, "a recursive parser and its tree"),
    Program("nbody", 5000000, 300000, 100, "floats in records, roots and quotients"),
    Program("spectralnorm", 3000, 700, 50, "one loop of quotients of floats"),
    Program("mandelbrot", 2800, 600, 16, "one loop of floats"),
)


def programs_named(names: tuple[str, ...]) -> tuple[Program, ...]:
    """Those of the names, in the table's order; all when none is named. KeyError tells the first that there is not."""
    known = {program.name for program in PROGRAMS}
    for name in names:
        if name not in known:
            raise KeyError(name)
    return tuple(program for program in PROGRAMS if not names or program.name in names)
