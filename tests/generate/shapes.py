"""shapes: single files that are large in one way only: one function, one line, one match, one depth, one count.

Each writer takes the path and the size and returns the exit status of the program.
"""

from __future__ import annotations

from pathlib import Path
from typing import Callable, List, Tuple


def write(path: Path, body: List[str], status: int) -> int:
    path.write_text("(⊙ shape)\n" + "\n".join(body) + "\n", encoding="utf-8")
    return status & 127


def long_function(path: Path, size: int) -> int:
    """One function of `size` statements."""
    value, lines = 1, ["(ƒ main (∷ (→ I64)) ()", "  (var x 1)", "  (var y 2)"]
    other = 2
    for index in range(size):
        if index % 3 == 0:
            lines.append(f"  (set! x (+ (* x 3) {index}))")
            value = (value * 3 + index) % (1 << 64)
        elif index % 3 == 1:
            lines.append("  (if (> (& x 4) 0) (inc! y) (set! y (^ y x)))")
            other = (other + 1 if value & 4 else other ^ value) % (1 << 64)
        else:
            lines.append("  (set! x (+ x (& y 255)))")
            value = (value + (other & 255)) % (1 << 64)
    return write(path, [*lines, "  (& (+ x y) 127))"], value + other)


def long_literal(path: Path, size: int) -> int:
    """One array literal of `size` elements, on one line."""
    numbers = [(index * 7919) % 251 for index in range(size)]
    lines = [
        f"(const table (View U8) (array {' '.join(map(str, numbers))}))",
        "(ƒ main (∷ (→ I64)) ()",
        "  (var sum 0)",
        "  (for-each (n table) (set! sum (+ sum (to I64 n))))",
        "  (& sum 127))",
    ]
    return write(path, lines, sum(numbers))


def many_functions(path: Path, size: int) -> int:
    """`size` functions in one file, each calling the one before."""
    lines = ["(ƒ f0 (∷ (→ I64 I64)) (x) (+ x 1))"]
    lines += [f"(ƒ f{n} (∷ (→ I64 I64)) (x) (if (> x {n}) (f{n - 1} (- x 1)) (+ x {n})))" for n in range(1, size)]
    return write(path, [*lines, f"(ƒ main (∷ (→ I64)) () (& (f{size - 1} 5) 127))"], 5 + size - 1)


def wide_match(path: Path, size: int) -> int:
    """A match of `size` cases of a variant."""
    cases = " ".join(f"(C{n} (value I64))" for n in range(size))
    arms = [f"    ((C{n} v) (+ v {n}))" for n in range(size)]
    lines = [
        f"(τ Wide {cases})", "(ƒ weight (∷ (→ Wide I64)) (w)", "  (match w", *arms[:-1], arms[-1] + "))",
        f"(ƒ main (∷ (→ I64)) () (& (+ (weight (C0 1)) (weight (C{size - 1} 2))) 127))",
    ]
    return write(path, lines, 1 + size - 1 + 2)


def deep_nesting(path: Path, size: int) -> int:
    """An expression nested `size` deep."""
    depth = size - 3
    lines = ["(ƒ f (∷ (→ I64 I64)) (x)", "  " + "(+ 1 " * depth + "x" + ")" * depth + ")"]
    return write(path, [*lines, "(ƒ main (∷ (→ I64)) () (& (f 3) 127))"], depth + 3)


def many_files(path: Path, size: int) -> int:
    """`size` files beside the root, each imported by it alone."""
    for n in range(size):
        text = f"(⊙ part{n})\n(↦ value)\n(ƒ value (∷ (→ I64)) (cap pure) () {n})\n"
        path.with_name(f"part{n}.0x0").write_text(text, encoding="utf-8")
    imports = [f'(↥ "part{n}.0x0" p{n})' for n in range(size)]
    calls = [f"  (set! sum (+ sum (p{n}.value)))" for n in range(size)]
    lines = [*imports, "(ƒ main (∷ (→ I64)) ()", "  (var sum 0)", *calls, "  (& sum 127))"]
    return write(path, lines, size * (size - 1) // 2)


SHAPES: Tuple[Tuple[str, int, Callable[[Path, int], int]], ...] = (
    ("long-function", 20_000, long_function),
    ("long-literal", 100_000, long_literal),
    ("many-functions", 10_000, many_functions),
    ("wide-match", 1_000, wide_match),
    ("deep-nesting", 1_000, deep_nesting),
    ("many-files", 1_000, many_files),
)
