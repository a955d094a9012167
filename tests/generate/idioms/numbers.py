"""numbers: divisions, bits, and conditions that decide others."""

from __future__ import annotations

from typing import List

from tests.generate.expressions import COMPARISONS, Expressions
from tests.generate.kinds import INTEGERS, bounds

from .made import Made, fresh, number


def division_by_constants(w: Expressions) -> Made:
    text = """\
(ƒ @ (∷ (→ {k} {k} {k})) (x y)
 (≔ q (/ x {a}))
 (≔ r (% x {a}))
 (≔ p (+ (* q {a}) r))
 (^ (- (/ y {b}) (% y {c})) (* p (if (= p x) 3 5))))
"""
    kind = w.pick(INTEGERS)

    def divisor() -> str:
        value = w.literal(kind)
        return "7" if value in ("0", "-1") else value

    return fresh(w, text, (kind, kind), kind, 10, k=kind, a=divisor(), b=divisor(), c=divisor())


def bit_loop(w: Expressions) -> Made:
    """Counts, turns and reverses bits by loops and by masks."""
    text = """\
(ƒ @ (∷ (→ {k} I64)) (start)
 (var x start)
 (var ones 0)
 (var back (the {k} 0))
 (for (i 0 {bits})
  (if (= (& x 1) 1) (inc! ones))
  (set! back (| (<< back 1) (& x 1)))
  (set! x (| (>> x 1) (<< (& x 1) {top}))))
 (+ (* {n} ones) (wrap I64 (- back x)) (wrap I64 (| (<< start {by}) (>> start {rest})))))
"""
    kind = w.pick(("U8", "U16", "U32", "U64", "I32", "I64"))
    bits, by = int(kind[1:]), w.random.randint(1, int(kind[1:]) - 1)
    return fresh(
        w, text, (kind,), "I64", 500, k=kind, bits=str(bits), top=str(bits - 1), n=number(w, 1, 99), by=str(by), rest=str(bits - by)
    )


def conditions(w: Expressions) -> Made:
    """Choices that become selects, minima, comparisons of ranges; some of them hide a check that must stay hidden."""
    text = """\
(ƒ @ (∷ (→ {k} {k} (View {k}) I64 I64)) (x y s i)
 (≔ low (if (< x y) x y))
 (≔ high (if (>= x y) x y))
 (≔ size (if (< x 0) (- x) x))
 (≔ inside? (and (>= i 0) (< i (len s))))
 (≔ element (if inside? (at s i) {a}))
 (≔ part (if (!= y 0) (/ x (| y 1)) {a}))
 (≔ in-range? (and (>= x {a}) (<= x {b})))
 (var sum (wrap I64 (^ low (* 3 high))))
 (if in-range? (set! sum (+ sum {n})))
 (if (or (= x {a}) (= x {b}) (= x y)) (inc! sum) (dec! sum))
 (if (= (& (wrap I64 x) {mask}) 0) (set! sum (^ sum (wrap I64 element))))
 (+ sum (wrap I64 size) (wrap I64 part) (if (not in-range?) 0 (wrap I64 element))))
"""
    kind = w.pick(INTEGERS)
    parameters, a, b = (kind, kind, f"(View {kind})", "I64"), w.literal(kind), w.literal(kind)
    return fresh(w, text, parameters, "I64", 50, k=kind, a=a, b=b, n=number(w, 1, 99), mask=number(w, 1, 255))


NARROWED = (
    "(& {x} {mask})", "(& {x} {mask})", "(>> {x} {by})", "(/ {x} {d})", "(% {x} {d})", "(wrap {k} (wrap {n} {x}))", "(- {x} {d})",
    "(+ {x} {d})",
    "(| {x} {mask})", "(max {x} {e})", "(min {x} {e})", "(~ {x})", "(- {x})", "(* {x} {d})", "(^ {x} {e})", "(>> (<< {x} {by}) {by})",
    "(to {k} (to {n} {x}))", "(to {k} (to {n} (& {x} {mask})))", "(| (<< {x} {by}) (>> {x} {rest}))", "(+ (>> {x} {rest}) (<< {x} {by}))",
    "(if (< {x} {e}) {x} {e})",
)


def ranges(w: Expressions) -> Made:
    """Values of which something is known by how they are made, and conditions on them that decide others; some of them wrap around."""
    text = """\
(ƒ @ (∷ (→ {k} {k} (View I64) I64)) (x y s)
 (var sum 0)
{lines}
 sum)
"""
    kind = w.pick((*INTEGERS, "I64", "U64", "U64"))
    names, lines = ["x", "y"], []
    for at in range(w.random.randint(2, 6)):
        lines.append(f" (≔ v{at} {kind} {narrowed(w, kind, names)})")
        names.append(f"v{at}")
    lines += [decided(w, kind, names, 3, " ") for _ in range(w.random.randint(2, 5))]
    return fresh(w, text, (kind, kind, "(View I64)"), "I64", 200, k=kind, lines="\n".join(lines))


def narrowed(w: Expressions, kind: str, names: List[str]) -> str:
    widest = int(kind[1:]) - 1
    by, rest, other = w.random.randint(1, widest), w.random.randint(1, widest), w.pick(INTEGERS)
    holes = {
        "{mask}": w.pick(("1", "3", "7", "15", "127")), "{by}": str(by), "{rest}": str(rest), "{k}": kind, "{n}": other,
        "{d}": w.pick(("1", "2", "3", "5", "16", "100")), "{e}": near(w, kind), "{x}": w.pick(names),
    }
    text = w.pick(NARROWED)
    for hole, said in holes.items():
        text = text.replace(hole, said)
    return text


def near(w: Expressions, kind: str) -> str:
    """A number near one that counts: an end of the type, zero, a power of two."""
    low, high = bounds(kind)
    value = w.random.choice((0, 0, 1, 8, 16, 128, low, high)) + w.random.randint(-2, 2)
    return str(min(max(value, low), high))


def decided(w: Expressions, kind: str, names: List[str], deep: int, indent: str) -> str:
    """A choice with choices in it; a check in some."""
    def side() -> str:
        way = w.random.randrange(6)
        if deep > 0 and way < 3:
            return decided(w, kind, names, deep - 1, indent + "  ").strip()
        checks = (
            f"(to U8 {w.pick(names)})", f"(/ 1000 (wrap I64 {w.pick(names)}))", f"(at s (wrap I64 {w.pick(names)}))",
            f"(to I8 {w.pick(names)})", f"(to U64 {w.pick(names)})", f"(at s (& (wrap I64 {w.pick(names)}) 3))",
        )
        added = f"(wrap I64 {w.pick(checks)})" if way == 3 else f"(wrap I64 {w.pick(names)})" if way == 4 else str(w.random.randint(1, 999))
        return f"(set! sum (+ (* 3 sum) {added}))"

    def compare() -> str:
        left, right = w.pick(names), w.pick((near(w, kind), near(w, kind), w.pick(names)))
        if kind in ("I64", "U64", "I32", "U32") and w.chance(0.2):
            turned = ("U" if kind[0] == "I" else "I") + kind[1:]
            return f"({w.pick(COMPARISONS)} (wrap {turned} {left}) (wrap {turned} (the {kind} {right})))"
        return f"({w.pick(COMPARISONS)} {left} {right})"

    condition = compare() if w.chance(0.7) else f"({w.pick(('and', 'or'))} {compare()} {compare()})"
    return f"{indent}(if {condition}\n{indent} {side()}\n{indent} {side()})"
