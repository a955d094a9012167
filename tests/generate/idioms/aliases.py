"""aliases: two names for one memory: an array and its slice, two Refs to one object, a record and its fields, a global that others write."""

from __future__ import annotations

from tests.generate.expressions import Expressions
from tests.generate.kinds import INTEGERS

from .acts import WAYS, Acts, World
from .made import Made, fresh, number

TEXT = """\
(τ Part-@ (x {k}) (y I64))
(τ Whole-@ (n I64) (part Part-@) (run (Array I64 4)) (x {k}))
(var table-@ (Array I64 4) (array 3 1 {a} 2))
(var shared-@ Part-@ (Part-@ 1 {a}))
(ƒ @-next (∷ (→ I64 I64)) (n)
 (set! (at table-@ (& n 3)) (+ n shared-@.y))
 (inc! shared-@.y)
 (at table-@ 1))
(ƒ @-turn (∷ (→ (Ref Whole-@) (Ref Whole-@) (Slice I64) I64 I64)) (a b t n)
 (var sum 0)
{turn}
 sum)
(ƒ @ (∷ (→ Bool I64 I64 (Slice I64) I64)) (flag n m s)
 (≔ a (new Whole-@ n (Part-@ {a} m) (array 1 2 3 n) 5))
 (≔ b (if flag a (new Whole-@ 1 a.part a.run a.x)))
 (≔ t {run})
 (var mine (get a))
 (var sum (@-turn a b t m))
{body}
 (+ (* 3 sum) mine.n b.part.y a.n (at a.run 1) (at b.run 2) (at table-@ 0) shared-@.y (wrap I64 a.part.x) (len t)))
"""


def two_names(w: Expressions) -> Made:
    kind = w.pick(INTEGERS)
    records = {"Part-@": (("x", kind), ("y", "I64")), "Whole-@": (("n", "I64"), ("part", "Part-@"), ("x", kind))}
    acts = Acts(w, World({"Part-@": records["Part-@"]}, ways={**WAYS, "matching": 0, "write": 10}))
    of_objects = [(f"{one}.{field}", of) for one in "ab" for field, of in records["Whole-@"]]
    of_objects += [(f"{one}.part.y", "I64") for one in "ab"] + [(f"(at {one}.run {{i}})", "I64") for one in "ab"]
    others = [("(at t {i})", "I64"), ("(at table-@ {i})", "I64"), ("shared-@", "Part-@"), ("shared-@.y", "I64")]
    acts.world.places, acts.world.values = [*of_objects, *others], [("n", "I64"), ("t", "(Slice I64)")]
    acts.world.calls = ["(set! sum (^ sum (@-next {n})))"]
    turn = acts.statements(" ", w.random.randint(4, 9), 3)
    acts.world.places += [("mine.part", "Part-@"), ("mine.n", "I64"), ("(at mine.run {i})", "I64")]
    acts.world.values += [("m", "I64"), ("s", "(Slice I64)"), ("flag", "Bool")]
    acts.world.calls += ["(set! sum (+ sum (@-turn a b t {n})))", "(set! (get b) mine)", "(set! mine (get b))", "(set! (get a) (get b))"]
    body = acts.statements(" ", w.random.randint(2, 6), 2)
    run = w.pick(("(slice a.run 0 4)", "(slice b.run 0 4)", "(slice table-@ 0 4)", "(if flag (slice a.run 0 4) s)"))
    text = TEXT.replace("{turn}", turn).replace("{body}", body)
    return fresh(w, text, ("Bool", "I64", "I64", "(Slice I64)"), "I64", 3000, k=kind, a=number(w, -9, 99) if kind[0] == "I" else "9", run=run)
