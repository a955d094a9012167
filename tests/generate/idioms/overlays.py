"""overlays: variants whose cases lie over one another with fields of different kinds, set on one way and matched on another."""

from __future__ import annotations

from typing import List, Sequence, Tuple

from tests.generate.expressions import Expressions
from tests.generate.kinds import INTEGERS

from .acts import Acts, World
from .made import Made, fresh, number

PLAIN = ("I64", "I64", "I64", "U8", "I32", "U16", "Bool", "Two-@", "(Array U8 4)", "Hue", "(Option I64)")
LEADING = ("(Slice I64)", "(Slice I64)", "(Slice I64)", "(Ref I64)")
HOLDERS: Tuple[Tuple[str, str], ...] = (  # how the variant is held, and how it is written then
    ("(var laid Laid-@ {value})", "laid"),
    ("(var laid Laid-@ {value})", "laid"),
    ("(≔ box (new Box-@ 7 {value} n))", "box.laid"),
    ("(var whole Box-@ (Box-@ 1 {value} 2))", "whole.laid"),
    ("(≔ row (fill 4 (the Laid-@ {value})))", "(at row {i})"),
    ("(≔ boxes (fill 4 (Box-@ 9 {value} 3)))", "(. (at boxes {i}) laid)"),
    ("(var few (Array Laid-@ 4) (array {value} {value} {value} {value}))", "(at few {i})"),
    ("(≔ held (the (Ref Laid-@) (new (the Laid-@ {value}))))", "(get held)"),
)
TEXT = """\
(τ Two-@ (a I64) (b U8))
(τ Laid-@ {cases})
(τ Box-@ (before U8) (laid Laid-@) (after I64))
{global}
(ƒ @-weigh (∷ (→ Laid-@ (Slice I64) I64 I64)) (laid s k)
 (match laid {arms}))
(ƒ @-turn (∷ (→ (Ref Box-@) (Slice I64) I64 I64)) (box s k)
 (var sum k)
{turn}
 sum)
(ƒ @ (∷ (→ I64 I64 (Slice I64) Bool I64)) (n m s flag)
 (var sum 0)
 (var k (& n 7))
 (≔ other (new Box-@ 7 {first} n))
{holders}
{body}
 (+ sum {last}))
"""


def overlaid(w: Expressions) -> Made:
    is_plain = w.chance(0.3)
    pool = (*PLAIN, *w.kinds.floats, *(() if is_plain else LEADING))
    cases = [(f"{letter}-@", parts) for letter, parts in zip("ABCD", laid_over(w, pool, is_plain))]
    world = World({"Two-@": (("a", "I64"), ("b", "U8"))}, {"Laid-@": cases})
    acts = Acts(w, world)
    world.values = [("k", "I64"), ("s", "(Slice I64)")]
    arms = " ".join(acts.arm(case, parts, 2) for case, parts in cases)
    world.places = [("box.laid", "Laid-@"), ("box.after", "I64"), ("box.laid", "Laid-@")]
    turn = acts.body(" ", 3, 2)
    world.values = [("n", "I64"), ("m", "I64"), ("s", "(Slice I64)"), ("flag", "Bool")]
    world.places = [("k", "I64")]
    constant = "(var shared-@ Laid-@ " + constant_case(w, cases) + ")" if is_plain else ""
    first = acts.value("Laid-@")
    holders = hold(w, acts, is_plain)
    world.calls = ["(set! sum (+ sum (@-turn other s {n})))"]
    body = acts.statements(" ", w.random.randint(4, 9), 3)
    last = " ".join(f"(@-weigh {acts.text(place)} s {at})" for at, (place, kind) in enumerate(world.places) if kind == "Laid-@")
    text = TEXT.replace("{body}", body).replace("{turn}", turn).replace("{holders}", holders).replace("{last}", last).replace("{first}", first)
    said = " ".join(f"({case} {' '.join(f'(f{at} {part})' for at, part in enumerate(parts))})" for case, parts in cases)
    return fresh(w, text.replace("{arms}", arms).replace("{global}", constant), ("I64", "I64", "(Slice I64)", "Bool"), "I64", 3000, cases=said)


def laid_over(w: Expressions, pool: Sequence[str], is_plain: bool) -> List[List[str]]:
    """The fields of the cases; mostly a run in one, and in another numbers where its address and its length lie."""
    parts = [[w.pick(pool) for _ in range(w.random.choice((1, 1, 2, 2, 3)))] for _ in range(w.random.randint(2, 4))]
    if not is_plain and w.chance(0.7):
        parts[0][:1] = ["(Slice I64)"]
        parts[1][:2] = [w.pick(("I64", "I64", "(Ref I64)")), w.pick(("I64", "I64", "I64", "I32", "U8"))]
        w.random.shuffle(parts)
    return parts


def hold(w: Expressions, acts: Acts, is_plain: bool) -> str:
    """The forms that bind one to three holders, which are places from then on."""
    lines: List[str] = []
    for holder, place in dict.fromkeys(w.random.choice(HOLDERS) for _ in range(w.random.randint(1, 3))):
        while "{value}" in holder:
            holder = holder.replace("{value}", acts.value("Laid-@"), 1)
        if not any(place == one for one, _ in acts.world.places):
            acts.world.places += [(place, "Laid-@"), (place, "Laid-@")]
            lines.append(" " + holder)
    acts.world.places.append(("other.laid", "Laid-@"))
    if is_plain:
        acts.world.places.append(("shared-@", "Laid-@"))
    return "\n".join(lines)


def constant_case(w: Expressions, cases: List[Tuple[str, List[str]]]) -> str:
    values = {
        "Bool": "true", "Two-@": "(Two-@ -1 255)", "(Array U8 4)": "(array 1 2 3 4)", "Hue": "Green", "(Option I64)": "(Some -1)", "F64": "1.5",
        "F32": "-2.5",
    }
    case, parts = w.random.choice(cases)
    return f"({case} {' '.join(values.get(part, '77') for part in parts)})"


def chosen_case(w: Expressions) -> Made:
    """A variant in a local, set on one way or in one round: a number stands where in the other case a length or an address does."""
    text = """\
(τ Held-@ (Number-@ (count I64) (n I64)) (Run-@ (s (Slice I64))) (Part-@ (first {k}) (low I64) (high I64)))
(ƒ @ (∷ (→ (Slice I64) Bool I64 I64 I64)) (s flag n rounds)
 (var sum 0)
 (var held Held-@ {start})
 (if flag (set! held {other}))
 (for (i 0 (& rounds 3))
  (if (= i {round}) {act}))
 (+ sum (match held
  ((Number-@ count m) (if {sign} {a} (+ count m)))
  ((Run-@ t) {element})
  ((Part-@ first low high) (if (< low high) (wrap I64 first) (- low high))))))
"""
    values = ("(Number-@ rounds n)", "(Number-@ n rounds)", "(Run-@ s)", "(Run-@ (slice s 1 (len s)))", "(Part-@ 1 n rounds)")
    elements = ("(at t rounds)", "(at t (& rounds 3))", "(if (< rounds (len t)) (at t rounds) -1)", "(+ (len t) (at t n))")
    start, other, later = w.random.sample(values, 3)
    act = w.pick(("(io.print-i64 i)", "(inc! sum i)", f"(set! held {later})", "(set! sum (match held ((Run-@ t) (len t)) (_ 3)))"))
    sign = f"({w.pick(('<', '>=', '<=', '>'))} {w.pick(('m', 'm', 'count'))} {w.pick(('0', '0', '1', '-1'))})"
    more = {"start": start, "other": other, "round": number(w, 0, 2), "act": act, "sign": sign, "element": w.pick(elements)}
    return fresh(w, text, ("(Slice I64)", "Bool", "I64", "I64"), "I64", 100, k=w.pick(INTEGERS), a=number(w, 9, 99), **more)
