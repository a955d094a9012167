"""loops: counters, limits and indices near one another, traps in the middle, limits that change."""

from __future__ import annotations

from typing import List

from tests.generate.expressions import Expressions
from tests.generate.kinds import INTEGERS

from .made import Made, fresh, number

HEADS = (
    ("", "(for ({c} {low} {high})", ""), ("", "(for ({c} {low} {high})", ""),
    ("(var {c} {low})", "(while (< {c} {high})", "(inc! {c} {step})"), ("(var {c} {low})", "(while (<= {c} {high})", "(inc! {c} {step})"),
    ("(var {c} {high})", "(while (> {c} {low})", "(dec! {c} {step})"), ("(var {c} (- {high} 1))", "(while (>= {c} {low})", "(dec! {c} {step})"),
    ("(var {c} {low})", "(while (and (< {c} {high}) (!= {c} m))", "(inc! {c} {step})"),
    ("(var {c} {low})", "(while (!= {c} {high})", "(inc! {c})"),
)
LIMITS = (
    "(len s)", "(len s)", "(len t)", "(- (len s) 1)", "(min (len s) (len t))", "(max (len s) (len t))", "(/ (len s) 2)", "limit",
    "(+ low limit)", "7",
)
STARTS = ("0", "0", "0", "1", "low", "(- low 2)", "(max low 0)", "(- (len s) limit)")
INDICES = (
    "{c}", "{c}", "{c}", "(+ {c} 1)", "(- {c} 1)", "(+ {c} low)", "(- {c} low)", "(* 2 {c})", "(/ {c} 2)", "(- (len {r}) {c} 1)", "(min {c} 3)",
    "(& {c} 3)", "(- {c} (& {c} 1))", "(max {c} low)",
)


def trap_in_the_middle(w: Expressions) -> Made:
    """A loop that prints, stores, and then traps at some round, or not: what went before must be there."""
    text = """\
(ƒ @ (∷ (→ (Slice {k}) I64 I64 I64)) (s n d)
 (var sum 0)
 (for (i 0 (& n 15))
  (if (= (& i 3) {r}) (io.print-i64 (+ sum i)))
  (set! sum (+ sum {way}))
  (set! (at s (& i 3)) (wrap {k} sum)))
 sum)
"""
    ways = ("(wrap I64 (at s i))", "(/ 1000 (- d i))", "(to I64 (to U8 (* 40 i)))", "(% 77 (- (& d 7) i))", "(wrap I64 (at s (- (len s) i 1)))",
            "(len (slice s i (len s)))", "(len (slice s (- 4 i) (+ i 2)))", "(do (assert (< i d)) i)")
    kind = w.pick(INTEGERS)
    return fresh(w, text, (f"(Slice {kind})", "I64", "I64"), "I64", 800, k=kind, r=number(w, 0, 3), way=w.pick(ways))


def two_checks_in_order(w: Expressions) -> Made:
    """Of two traps that a round may meet the first counts, also where one of them does not change from round to round."""
    text = """\
(ƒ @ (∷ (→ (View {k}) I64 I64 I64 I64)) (s i d n)
 (var sum 0)
 (var r 0)
 (while (< r (& n 7))
  {first}
  {second}
  (inc! r))
 (^ sum r))
"""
    checks = ["(set! sum (+ sum (wrap I64 (at s i))))", "(set! sum (+ sum (/ r d)))", "(set! sum (+ sum (to I64 (to I8 (+ d r)))))",
              "(set! sum (+ sum (wrap I64 (at s (+ r i)))))", "(set! sum (+ sum (% i (- d r))))", "(if (> r 2) (io.print-i64 sum))"]
    first, second = w.random.sample(checks, 2)
    kind = w.pick(INTEGERS)
    return fresh(w, text, (f"(View {kind})", "I64", "I64", "I64"), "I64", 200, k=kind, first=first, second=second)


def nested_index(w: Expressions) -> Made:
    """A matrix in a run: products of indices, two deep."""
    text = """\
(ƒ @ (∷ (→ I64 {k} I64)) (seed x)
 (≔ rows {n})
 (≔ columns (+ {m} (& seed 1)))
 (≔ a (fill (* rows columns) x))
 (for (i 0 rows)
  (for (j 0 columns)
   (set! (at a (+ (* i columns) j)) (+ (wrap {k} (* i seed)) (wrap {k} j) (at a (+ (* (/ i 2) columns) j))))))
 (var sum 0)
 (for (j 0 {m})
  (for (i 0 rows)
   (if (> i j) (continue))
   (set! sum (+ (* sum 31) (wrap I64 (at a (+ (* i columns) j {off})))))))
 sum)
"""
    return fresh(w, text, ("I64", "I64"), "I64", 400, k="I64", n=number(w, 1, 6), m=number(w, 1, 6), off=number(w, 0, 1))


def sieve(w: Expressions) -> Made:
    text = """\
(ƒ @ (∷ (→ I64 I64)) (n)
 (≔ most (+ {least} (& n 31)))
 (≔ composite (fill (+ most {more}) false))
 (var found 0)
 (var i 2)
 (while (<= i most)
  (if (not (at composite i))
   (do
    (inc! found)
    (var j (* i i))
    (while (<= j most)
     (set! (at composite j) true)
     (set! j (+ j i)))))
  (inc! i))
 found)
"""
    return fresh(w, text, ("I64",), "I64", 400, least=number(w, 2, 40), more=w.pick(("1", "1", "1", "0", "9")))


def sort_and_search(w: Expressions) -> Made:
    text = """\
(ƒ @ (∷ (→ (Slice {k}) {k} I64)) (s x)
 (for (i 1 (len s))
  (≔ moved (at s i))
  (var j (- i 1))
  (while (and (>= j 0) ({less} moved (at s j)))
   (set! (at s (+ j 1)) (at s j))
   (dec! j))
  (set! (at s (+ j 1)) moved))
 (var low 0)
 (var high (len s))
 (while (< low high)
  (≔ middle (/ (+ low high) 2))
  (if ({less} (at s middle) x) (set! low (+ middle 1)) (set! high middle)))
 (+ (* 100 low) (if (< low (len s)) (wrap I64 (at s low)) {n})))
"""
    kind = w.pick(INTEGERS)
    return fresh(w, text, (f"(Slice {kind})", kind), "I64", 500, k=kind, less=w.pick("<>"), n=number(w, -9, 9))


def count_down(w: Expressions) -> Made:
    """An unsigned number that passes 0, or a signed one that passes its least."""
    text = """\
(ƒ @ (∷ (→ {k} I64)) (start)
 (var x start)
 (var rounds 0)
 (while (and (>= x {end}) (< rounds {most}))
  (set! x (- x {by}))
  (inc! rounds))
 (+ (* 1000 rounds) (wrap I64 x)))
"""
    kind = w.pick(INTEGERS)
    end = w.pick(("0", "1", "3"))
    return fresh(w, text, (kind,), "I64", 100, k=kind, end=end, by=number(w, 1, 50), most=number(w, 1, 20))


def limit_that_changes(w: Expressions) -> Made:
    """The loop's limit, or its step, lies in an object that the loop writes by another name."""
    text = """\
(τ Range-@ (from I64) (to I64) (step I64))
(ƒ @-go (∷ (→ (Ref Range-@) (Ref Range-@) (Slice I64) I64)) (r other s)
 (var sum 0)
 (var rounds 0)
 (while (and (< r.from r.to) (< rounds 40))
  (set! sum (+ sum (at s (& r.from 3)) r.step))
  (if (= (% rounds {every}) 0) (set! other.{field} (+ other.{field} {by})))
  (set! (at s (& sum 3)) r.from)
  (set! r.from (+ r.from r.step))
  (inc! rounds))
 (+ sum (* 1000 rounds)))
(ƒ @ (∷ (→ Bool I64 I64)) (same? n)
 (≔ r (new Range-@ (& n 3) {to} 1))
 (≔ s (fill 4 n))
 (+ (@-go r (if same? r (new Range-@ 0 0 0)) s) r.from r.to (at s 2)))
"""
    field, every, by, to = w.pick(("from", "to", "step")), number(w, 1, 4), number(w, -2, 2), number(w, 0, 20)
    return fresh(w, text, ("Bool", "I64"), "I64", 600, every=every, field=field, by=by, to=to)


def filling(w: Expressions) -> Made:
    """Loops that store one value to places in turn, to the end, beyond it, or not at all."""
    text = """\
(ƒ @ (∷ (→ (Slice {k}) I64 I64 I64)) (s from to)
 (for (j 0 {count}) (set! (at s j) {value}))
 (var i {first})
 (while (< i {last})
  (set! (at s {index}) {value})
  (inc! i {step}))
 (var sum i)
 (for-each (x s) (set! sum (+ (* 3 sum) (wrap I64 x))))
 sum)
"""
    kind = w.pick(INTEGERS)
    first, index = w.pick(("0", "(& from 3)", "from", "-1")), w.pick(("i", "i", "i", "(+ i 1)", "(- (len s) i 1)", "(* 2 i)"))
    last = w.pick(("(len s)", "(& to 15)", "4", "(- (len s) 1)", "(+ (len s) 1)", "(min to 9)"))
    value = w.pick(("0", w.literal(kind), w.literal(kind), f"(wrap {kind} -1)"))
    more = {"first": first, "last": last, "index": index, "value": value, "step": w.pick(("1", "1", "1", "2", "3")), "count": number(w, 0, 4)}
    return fresh(w, text, (f"(Slice {kind})", "I64", "I64"), "I64", 200, k=kind, **more)


def text_scan(w: Expressions) -> Made:
    text = """\
(ƒ @ (∷ (→ Text I64 I64)) (t start)
 (var i (& start 3))
 (var n 0)
 (var hash (the U32 {n}))
 (while (and (< i (len t)) (!= (at t i) ' '))
  (≔ c (at t i))
  (set! hash (* (^ hash (to U32 c)) 16777619))
  (match c ((or 'a' 'e' 'i' 'o' 'u') (inc! n)) ('ö' (inc! n 2)) (_ (if (and (>= c '0') (<= c '9')) (inc! n 10))))
  (inc! i))
 (+ (* 1000 n) (to I64 hash) i))
"""
    return fresh(w, text, ("Text", "I64"), "I64", 300, n=number(w, 0, 2**32 - 1))


def bounded(w: Expressions) -> Made:
    """Two runs under one counter, up or down, by steps: indices that are inside, or outside in one round; lengths that change; a loop in it."""
    text = """\
(ƒ @-at (∷ (→ (View I64) I64 I64)) (s i) (at s i))
(ƒ @ (∷ (→ (Slice I64) (Slice I64) I64 I64 I64)) (s given n m)
 (≔ low (& m {mask}))
 (≔ limit (& n 15))
 (var t given)
 (var sum 0)
 (var rounds 0)
{loop}
 (for-each (x t) (set! sum (+ (* 3 sum) x)))
 (+ sum rounds))
"""
    lines = loop_over(w, "i", " ", [])
    more = {"loop": "\n".join(lines), "mask": w.pick(("1", "3", "3", "7"))}
    return fresh(w, text, ("(Slice I64)", "(Slice I64)", "I64", "I64"), "I64", 1500, **more)


def loop_over(w: Expressions, counter: str, indent: str, around: List[str]) -> List[str]:
    """The lines of a loop; `around` are the counters of those around it."""
    before, head, step = w.random.choice(HEADS)
    high = w.pick((*LIMITS, *around, *(f"(+ {one} 1)" for one in around)))
    low = w.pick((*STARTS, *around))
    way_out = f"{indent} (inc! rounds)\n{indent} (if (> rounds 200) (break))"
    body = [loop_act(w, [*around, counter], indent + " ") for _ in range(w.random.randint(1, 4))]
    if not around and w.chance(0.5):
        body[w.random.randrange(len(body)):0] = loop_over(w, "j", indent + " ", [counter])
    if step:
        body = [f"{indent} {step}", *body] if w.chance(0.5) else [*body, f"{indent} {step}"]
    lines = [*([indent + before] if before else []), indent + head, way_out, *body]
    lines[-1] += ")"
    named = {"{low}": low, "{high}": high, "{step}": number(w, 1, 3), "{c}": counter}
    for hole, said in named.items():
        lines = [line.replace(hole, said) for line in lines]
    return lines


def loop_act(w: Expressions, counters: List[str], indent: str) -> str:
    def element() -> str:
        run = w.pick("st")
        return f"(at {run} {w.pick(INDICES).replace('{c}', w.pick(counters)).replace('{r}', run)})"

    counter, index = w.pick(counters), w.pick(INDICES[:7]).replace("{c}", w.pick(counters))
    acts = (
        f"(do (≔ e {index}) (set! sum (+ sum (at {w.pick('st')} e) (if (> e 0) 5 11))))",
        f"(set! sum (+ (* 3 sum) {element()}))", f"(set! {element()} (+ {element()} {counter}))",
        f"(set! {element()} {w.pick(('0', 'sum', counter))})",
        f"(if (< {counter} (len t)) (set! sum (^ sum (at t {counter}))))",
        f"(if (and (>= {counter} 0) (< {counter} (len s))) (inc! {element()}) (dec! sum))",
        f"(if (= {counter} {w.pick(('m', 'limit', 'low', '3'))}) ({w.pick(('break', 'continue'))}))", f"(if (> {element()} m) (continue))",
        f"(if (= (& {counter} 3) 1) (io.print-i64 sum))", f"(if (= rounds {number(w, 1, 9)}) (set! t (slice t 0 (/ (len t) 2))))",
        f"(if (= rounds {number(w, 1, 9)}) (set! t (fill (+ limit {number(w, -3, 4)}) {counter})))",
        f"(set! sum (+ sum (@-at {w.pick('st')} {counter})))",
        f"(set! sum (+ sum (len (slice {w.pick('st')} {counter} {w.pick(('(len s)', '(len t)', 'limit', f'(+ {counter} 2)'))}))))",
    )
    return indent + w.pick(acts)
