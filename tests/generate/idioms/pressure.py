"""pressure: more values at once than there are registers, of several kinds, across calls, choices and loops."""

from __future__ import annotations

from typing import List

from tests.generate.expressions import Expressions
from tests.generate.kinds import INTEGERS

from .made import Made, fresh, number

Live = List["tuple[str, str]"]

TEXT = """\
(ƒ @-far (∷ (→ {many} I64)) ({names}) (if (> {first} 99) (io.print-i64 {first})) (+ {sum}))
(ƒ @-two (∷ (→ I64 I64 (Both I64 I64))) (x y) (if (< x y) (Both y x) (Both (* 3 x) y)))
(ƒ @ (∷ (→ I64 I64 (Slice I64) I64)) (n m s)
 (var sum 0)
{bound}
 (for (i 0 (& n 7))
{body})
 (+ sum {all}))
"""


def many_live(w: Expressions) -> Made:
    kinds = ("I64", "I64", "I64", w.pick(INTEGERS), w.pick(INTEGERS), *w.kinds.floats)
    live: Live = [(f"r{at}", w.pick(kinds)) for at in range(w.random.randint(18, 40))]
    bound = [f" (var {name} {kind} {start(w, kind, at)})" for at, (name, kind) in enumerate(live)]
    body = [f"  {step(w, live)}" for _ in range(w.random.randint(10, 30))]
    parameters = [f"p{at}" for at in range(w.random.randint(7, 12))]
    body = [line.replace("{far}", f"(@-far {' '.join(whole(w, live) for _ in parameters)})") for line in body]
    text = TEXT.replace("{bound}", "\n".join(bound)).replace("{body}", "\n".join(body))
    shares = " ".join(f"(* {at + 1} {as_whole(name, kind)})" for at, (name, kind) in enumerate(live))
    more = {"many": " ".join("I64" for _ in parameters), "names": " ".join(parameters), "first": parameters[-1], "sum": " ".join(parameters)}
    return fresh(w, text, ("I64", "I64", "(Slice I64)"), "I64", 1500, all=shares, **more)


def start(w: Expressions, kind: str, at: int) -> str:
    of = w.pick((f"(+ n {at})", f"(* m {at})", f"(at s (& (+ n {at}) 3))", number(w, -9, 99)))
    return f"(wrap {kind} (the I64 {of}))" if kind in INTEGERS else f"(to {kind} {of})" if of[0] == "(" else f"(the {kind} {of}.5)"


def as_whole(name: str, kind: str) -> str:
    return f"(wrap I64 {name})" if kind in INTEGERS else f"(to I64 (min (max {name} (the {kind} -1e6)) (the {kind} 1e6)))"


def whole(w: Expressions, live: Live) -> str:
    return as_whole(*w.random.choice(live))


def step(w: Expressions, live: Live) -> str:
    """A change of one value by others, some of it across a call."""
    name, kind = w.random.choice(live)
    if kind not in INTEGERS:
        same = w.pick([one for one, of in live if of == kind])
        return f"(set! {name} ({w.pick('+-*/')} {name} {w.pick((same, f'(to {kind} {whole(w, live)})'))}))"
    one, other = whole(w, live), whole(w, live)
    ways = (
        f"(set! {name} ({w.pick('+-*^&|')} {name} (wrap {kind} {one})))", f"(if (< {one} {other}) (set! {name} (wrap {kind} i)))",
        f"(set! {name} (wrap {kind} {{far}}))", f"(set! {name} (/ {name} {w.pick(('3', '7', '10', '100'))}))",
        f"(set! {name} ({w.pick(('<<', '>>'))} {name} (& {one} 31)))", f"(set! sum (+ (* 3 sum) (/ {one} (| {other} 1))))",
        f"(do (≔ pair (@-two {one} {other})) (set! {name} (wrap {kind} (- pair.one pair.two))))",
        f"(set! (at s (& {one} 3)) {other})", "(set! sum (^ sum (at s (& i 3))))",
    )
    return w.pick(ways)
