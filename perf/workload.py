"""workload: programs, sources and inputs that are made up to be measured with; always the same for the same size.

    plain        functions, records, matches, loops and text as people write them
    symbols     many long names that differ, and many texts: what names and texts cost
    duplicates  few names, many times: what one more use of a name costs
    malformed, unterminated   sources with mistakes, and the exact place of each
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass

PLAIN_UNIT = """\
(τ Point-{n} (x I64) (y I64) (weight U8))
(τ Shape-{n} (Circle-{n} (at Point-{n}) (radius I64)) (Box-{n} (low Point-{n}) (high Point-{n})) Nothing-{n})

(ƒ area-{n}
  (∷ (→ Shape-{n} I64))
  (shape)
  (match shape
    ((Circle-{n} _ radius) (* {a} (* radius radius)))
    ((Box-{n} low high) (* (- high.x low.x) (- high.y low.y)))
    (Nothing-{n} {b})))

(ƒ sum-{n}
  (∷ (→ (View I64) I64))
  (values)
  (var sum {c})
  (for-each (value values)
    (if (> value {b}) (set! sum (+ sum value)) (set! sum (- sum 1))))
  sum)

(ƒ unit-{n}
  (∷ (→ I64 I64))
  (x)
  (≔ low (Point-{n} {a} {b} 3))
  (≔ area (+ (area-{n} (Circle-{n} low 3)) (area-{n} Nothing-{n}) (len "unit {n} größer")))
  (if (> x {c}) (+ area (sum-{n} (array {a} {b} {c}))) (* 3 x)))

"""
PLAIN_UNIT_LINES = PLAIN_UNIT.count("\n")

SYMBOL_UNIT = """\
(const the-first-text-of-unit-{n} Text "text {n}: {word} {word} größer, λόγος, 日本 {n}")
(const the-second-text-of-unit-{n} Text "another text {n}: {word}\\t\\"{n}\\"")
(ƒ the-length-of-both-texts-of-unit-{n}
  (∷ (→ I64 I64))
  (the-argument-of-unit-{n})
  (≔ the-length-of-the-first-of-{n} (len the-first-text-of-unit-{n}))
  (≔ the-length-of-the-second-of-{n} (len the-second-text-of-unit-{n}))
  (+ the-argument-of-unit-{n} the-length-of-the-first-of-{n} the-length-of-the-second-of-{n} (len "text only of {n}")))
"""
SYMBOL_UNIT_LINES = SYMBOL_UNIT.count("\n")


def plain(lines: int) -> str:
    """A program of about so many lines."""
    numbers = random.Random(1)
    units = max(1, lines // (PLAIN_UNIT_LINES + 1))
    body = (PLAIN_UNIT.format(n=n, a=numbers.randrange(2, 99), b=numbers.randrange(99), c=numbers.randrange(999)) for n in range(units))
    return whole("".join(body), [f"(unit-{n} sum)" for n in range(units)])


def symbols(lines: int) -> str:
    """A program of about so many lines in which names and texts are what there is."""
    numbers = random.Random(2)
    units = max(1, lines // (SYMBOL_UNIT_LINES + 1))
    words = ["".join(numbers.choices("abcdefghijklmnop", k=12)) for _ in range(units)]
    body = (SYMBOL_UNIT.format(n=n, word=word) for n, word in enumerate(words))
    return whole("".join(body), [f"(the-length-of-both-texts-of-unit-{n} sum)" for n in range(units)])


def whole(body: str, calls: list[str]) -> str:
    sums = "\n".join(f"  (set! sum {call})" for call in calls)
    return f";;; main: generated, to be measured with\n(⊙ main)\n{body}\n(ƒ main\n  (∷ (→ I64))\n  ()\n  (var sum 1)\n{sums}\n  (& sum 127))\n"


SYMBOLS_IN_A_COPY = 12  # of `duplicates`: ƒ, the name, ∷, →, I64, I64, the parameter, +, and four uses of it


def duplicates(functions: int) -> str:
    """So many functions that differ in their names alone."""
    body = "".join(f"(ƒ same-{n} (∷ (→ I64 I64)) (x) (+ x x x x))\n" for n in range(functions))
    return f"(⊙ main)\n{body}(ƒ main (∷ (→ I64)) () (same-0 0))\n"


@dataclass(frozen=True)
class Mistake:
    line: int
    column: int  # in code points, from 1
    code: str


def malformed(mistakes: int) -> tuple[str, tuple[Mistake, ...]]:
    """A source with so many texts that are not closed on their line, each at a place of its own, among characters of several bytes."""
    lines, places = [";;; malformed: generated; nothing in it is right", "(⊙ main)"], []
    for n in range(mistakes):
        lines += [f";; größer, λόγος, 日本: {n}"] * (n % 3)
        before = f'(const size-{n} Text "日本" ' + "I64 " * (n % 5)
        lines.append(before + f'"not closed: 日本 {n}')
        places.append(Mistake(len(lines), len(before) + 1, "unterminated-text"))
        lines.append(")")
    return "\n".join(lines) + "\n", tuple(places)


def unterminated(functions: int) -> tuple[str, tuple[Mistake, ...]]:
    """So many functions that are right, and then a list that is never closed."""
    lines = ["(⊙ main)", *(f'(ƒ name-{n} (∷ (→ Text)) () "größer, λόγος, 日本: {n}") ; {n}' for n in range(functions))]
    before = '(ƒ main (∷ (→ I64)) () (len "日本") '
    lines += [before + "(+ 1", "    2", ""]
    return "\n".join(lines), (Mistake(len(lines) - 2, len(before) + 1, "unterminated-list"),)


def octets(count: int) -> bytes:
    """Bytes that repeat now and then, for programs that read files."""
    numbers = random.Random(3)
    words = [bytes(numbers.choices(range(32, 127), k=numbers.randrange(2, 12))) for _ in range(500)]
    made = bytearray()
    while len(made) < count:
        made += b" ".join(numbers.choices(words, k=12)) + b"\n"
    return bytes(made[:count])


def json_text(items: int) -> bytes:
    """A JSON text of about 90 bytes an item."""
    item = {"name": "größer", "list": [1, 2, 3, [], {}], "text": "\\\"/\u0001 ok", "yes": True, "none": None}
    return json.dumps([{**item, "number": number} for number in range(items)]).encode("utf-8")
