"""program: a program of many files of a thousand lines, of records, variants, generics, text and imports of imports.

A file is a module of units of fixed length; a unit is two types and five functions, whose numbers come from a generator with
the seed given. File n imports file n-1, whose `total` it continues, and file n//2, whose types and functions it uses.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import List, Tuple

FILE_LINES = 1000
WORDS = ("plain", "größer", "日本", "λόγος", "tab\\t", "quote\\\"", "naïve", "zero")

UNIT = """\
;; unit {n} of this file
(τ Point-{n} (x I64) (y I64) (weight U8))
(τ Shape-{n}
  (Circle-{n} (at Point-{n}) (radius I64))
  (Box-{n} (low Point-{n}) (high Point-{n}))
  Nothing-{n})

(ƒ area-{n}
  (∷ (→ Shape-{n} I64))
  (cap pure)
  (doc "The area of a shape, scaled by {scale}.")
  (shape)
  (match shape
    ((Circle-{n} _ radius) (* {scale} (* radius radius)))
    ((Box-{n} low high)
      (* (- high.x low.x) (- high.y low.y)))
    (Nothing-{n} 0)))

(ƒ choose-{n}
  (∷ (→ Bool T T T))
  (∀ (T))
  (cap pure)
  (first? left right)
  (if first? left right))

(ƒ sum-{n}
  (∷ (→ (View I64) I64))
  (values)
  (var sum {start})
  (for-each (value values)
    (if (> value {limit}) (set! sum (+ sum value)) (set! sum (- sum 1))))
  sum)

(ƒ name-{n}
  (∷ (→ I64 Text))
  (i)
  (cond
    ((= i 0) "{word} {n}")
    ((< i {limit}) "{other}")
    (else "")))

(ƒ unit-{n}
  (∷ (→ I64 I64))
  (cap pure)
  (x)
  (≔ low (Point-{n} 1 2 3))
  (≔ high (make Point-{n} (y 12) (x {width}) (weight 'w')))
  (≔ circle (Circle-{n} low 3))
  (≔ area (+ (area-{n} circle) (area-{n} (Box-{n} low high)) (area-{n} Nothing-{n})))
  (≔ chosen (choose-{n} (= (& x 1) 0) area (len (name-{n} 0))))
  (+ (* 3 x) chosen (sum-{n} (array {a} {b} {c})) (choose-{n} true {d} {e})))

"""
UNIT_LINES = UNIT.count("\n")

HEAD = """\
;;; {module}: generated; units of code that stand for a program of this size
(⊙ {module})
{imports}
(↦ total{exports})

"""
TOTAL = """\
(ƒ total
  (∷ (→ I64 I64))
  (cap pure)
  (x)
  (var sum x)
{calls}
  sum)
"""
MAIN = """
(ƒ main
  (∷ (→ I64))
  ()
  (& (total 1) 127))
"""


def wrap(value: int) -> int:
    """Modulo 2^64, as a signed number."""
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


class Unit:
    def __init__(self, number: int, numbers: random.Random) -> None:
        self.number = number
        self.scale, self.start = numbers.randrange(2, 400), numbers.randrange(100)
        self.limit, self.width = numbers.randrange(5, 60), numbers.randrange(20, 90)
        self.word, self.other = numbers.choice(WORDS), numbers.choice(WORDS)
        self.a, self.b, self.c, self.d, self.e = (numbers.randrange(100) for _ in range(5))

    def text(self) -> str:
        values = {name: value for name, value in vars(self).items() if name != "number"}
        return UNIT.format(n=self.number, **values)

    def value(self, x: int) -> int:
        area = self.scale * 9 + (self.width - 1) * 10
        name = self.word.replace("\\", "", 1) + f" {self.number}"
        chosen = area if x % 2 == 0 else len(name.encode())
        total = self.start + sum(value if value > self.limit else -1 for value in (self.a, self.b, self.c))
        return wrap(3 * x + chosen + total + self.d)


def unit_count(lines: int) -> int:
    """Units in a file of this many lines: each takes its own lines and one in `total`."""
    return max(1, (lines - 20) // (UNIT_LINES + 1))


def write_file(path: Path, index: int, lines: int, last: bool, numbers: random.Random, x: int) -> int:
    """Write file `index`; `x` is what the files before it come to, the result what this one comes to."""
    units = [Unit(number, numbers) for number in range(unit_count(lines))]
    imports, calls = [], []
    if index > 0:
        imports.append(f'(↥ "m{index - 1}.0x0" before)')
        calls.append("  (set! sum (before.total sum))")
    if index // 2 < index - 1:
        imports.append(f'(↥ "m{index // 2}.0x0" half)')
        calls.append("  (set! sum (+ sum (half.area-0 (half.Circle-0 (half.Point-0 0 0 0) 0))))")
    calls += [f"  (set! sum (unit-{unit.number} sum))" for unit in units]
    for unit in units:
        x = unit.value(x)
    head = HEAD.format(module=f"m{index}", imports="\n".join(imports), exports=" area-0 Point-0 Shape-0")
    text = head + "".join(unit.text() for unit in units) + TOTAL.format(calls="\n".join(calls)) + (MAIN if last else "")
    missing = lines - text.count("\n")
    path.write_text(text + "; the rest of the thousand lines\n" * max(0, missing), encoding="utf-8")
    return x


def write_program(directory: Path, lines: int, seed: int = 1) -> Tuple[Path, int]:
    """Write a program of so many lines; its root file and its exit status."""
    directory.mkdir(parents=True, exist_ok=True)
    numbers = random.Random(seed)
    sizes: List[int] = [FILE_LINES] * (lines // FILE_LINES) + ([lines % FILE_LINES] if lines % FILE_LINES else [])
    x = 1
    for index, size in enumerate(sizes):
        x = write_file(directory / f"m{index}.0x0", index, size, index == len(sizes) - 1, numbers, x)
    return directory / f"m{len(sizes) - 1}.0x0", x & 127
