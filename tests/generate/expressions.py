"""expressions: random expressions of a kind, from the locals, globals and functions in sight.

Costs are counted: every expression is weighted by how often the loops around it may run it, a call by what its function may cost,
and nothing is written that would make a function cost more than `DEAREST`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Sequence, Tuple

from .kinds import EDGES, INTEGERS, LONGEST, Kinds, bounds, count, element, head

DEAREST = 30_000
OPERATORS = ("+", "-", "*", "&", "|", "^", "min", "max")
COMPARISONS = ("<", "<=", ">", ">=", "=", "!=")
TEXTS = ('""', '"a"', '"abc"', '"größer"', '"a longer text of forty bytes, as it were."')
FLOATS = ("0.0", "1.0", "-1.0", "0.5", "1.5", "3.25", "-2.75", "100.0", "1e10", "-1e-3", "123456.789")


@dataclass(frozen=True)
class Function:
    name: str
    parameters: Tuple[str, ...]
    result: str
    cost: int
    falls: bool = False  # the first argument is how often it may still call itself or its peer


@dataclass
class Local:
    name: str
    kind: str
    mutable: bool = False
    least_length: int = 0  # of a Slice or View, as far as it is known
    index: bool = False  # runs over small numbers from 0
    addressed: bool = False  # an Array that a slice can be made of: one of a global or an object


@dataclass
class Scope:
    locals: List[Local] = field(default_factory=list)
    weight: int = 1  # how often the loops around may run it
    in_loop: bool = False
    in_arena: bool = False
    peers: Tuple[Function, ...] = ()  # that may be called with `(- n 1)`


class Expressions:
    """Writes expressions; `budget` bounds the size of a function's text, `cost` what it may run."""

    def __init__(self, seed: int, floats: bool) -> None:
        self.random = random.Random(f"{seed} floats" if floats else seed)
        self.kinds = Kinds(self.random, floats)
        self.functions: List[Function] = []
        self.globals: List[Local] = []
        self.scope = Scope()
        self.next = 0
        self.budget = 0
        self.cost = 0
        self.peer_calls = 0
        self.trapping = 0.03  # how often an operand is left as it is where it may trap
        self.near = 0.3  # how often what is in sight is taken

    def name(self) -> str:
        self.next += 1
        return f"v{self.next}"

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def pick(self, choices: Sequence[str]) -> str:
        return self.random.choice(choices)

    # --- what is in sight

    def readable(self, kind: str) -> List[str]:
        """Places of the kind; what an arena form must not see is not in `scope.locals`."""
        found = [path for local in self.scope.locals for path, one, _ in self.kinds.paths(local.name, local.kind) if one == kind]
        return found + [path for one in self.globals for path, inner, _ in self.kinds.paths(one.name, one.kind) if inner == kind]

    def all_runs(self) -> List[Local]:
        """What has elements: locals, globals, and their fields."""
        found = []
        for local, is_global in [*((one, False) for one in self.scope.locals), *((one, True) for one in self.globals)]:
            for path, kind, shared in self.kinds.paths(local.name, local.kind):
                if head(kind) in ("Slice", "View", "Array"):
                    length = local.least_length if path == local.name else 0
                    found.append(Local(path, kind, local.mutable or shared, length, addressed=shared or is_global))
        return found

    def runs(self, kind: str) -> List[Local]:
        """Those whose elements are of the kind."""
        return [one for one in self.all_runs() if element(one.kind) == kind]

    # --- any kind

    def expression(self, kind: str, depth: int) -> str:
        self.budget -= 1
        self.cost += self.scope.weight
        places = self.readable(kind) if kind != "Text" or self.chance(0.5) else []
        small = depth <= 0 or self.budget < 0
        if places and self.chance(0.85 if small else self.near):
            return self.pick(places)
        if small:
            return self.leaf(kind)
        if self.chance(0.2):
            found = self.from_elsewhere(kind, depth)
            if found:
                return found
        return self.made(kind, depth)

    def from_elsewhere(self, kind: str, depth: int) -> str:
        """A way that every kind has: a choice, a call, an element, a match, an object's value; or nothing."""
        ways: Tuple[Callable[[str, int], str], ...] = (
            self.choice, self.choice, self.call, self.call, self.peer_call, self.element_of, self.element_of, self.matched, self.generic,
            self.held,
        )
        return self.random.choice(ways)(kind, depth)

    def choice(self, kind: str, depth: int) -> str:
        if self.chance(0.7):
            return f"(if {self.expression('Bool', depth - 1)} {self.expression(kind, depth - 1)} {self.expression(kind, depth - 1)})"
        clauses = [f"({self.expression('Bool', depth - 2)} {self.expression(kind, depth - 1)})" for _ in range(2)]
        return f"(cond {' '.join(clauses)} (else {self.expression(kind, depth - 1)}))"

    def call(self, kind: str, depth: int) -> str:
        room = DEAREST - self.cost
        able = [one for one in self.functions if one.result == kind and one.cost * self.scope.weight < room]
        if not able:
            return ""
        chosen = self.random.choice(able)
        self.cost += chosen.cost * self.scope.weight
        arguments = [self.expression(one, depth - 2) for one in chosen.parameters]
        if chosen.falls:
            arguments[0] = f"(& {arguments[0]} {self.random.choice((1, 3, 3, 7))})"
        return "(" + " ".join([chosen.name, *arguments]) + ")"

    def peer_call(self, kind: str, depth: int) -> str:
        able = [one for one in self.scope.peers if one.result == kind]
        if not able or self.scope.in_loop or self.peer_calls > 1:
            return ""
        self.peer_calls += 1
        chosen = self.random.choice(able)
        arguments = [self.expression(one, depth - 2) for one in chosen.parameters[1:]]
        return "(" + " ".join([chosen.name, "(- n 1)", *arguments]) + ")"

    def element_of(self, kind: str, depth: int) -> str:
        runs = self.runs(kind)
        if not runs:
            return ""
        run = self.random.choice(runs)
        return f"(at {run.name} {self.index(run, depth - 1)})"

    def matched(self, kind: str, depth: int) -> str:
        """A match on an option or a variant."""
        name, bound = self.pick([*self.kinds.variants, "(Option I64)"]), self.name()
        seen = self.places_of_variants()
        if seen and self.chance(2 * self.near):
            place, name = self.random.choice(seen)
            return self.arms(place, name, kind, depth)
        if name == "(Option I64)":
            scrutinee = f"(the {name} {self.expression(name, depth - 1)})"
            some = self.with_locals([Local(bound, "I64")], kind, depth - 1)
            return f"(match {scrutinee} ((Some {bound}) {some}) (None {self.expression(kind, depth - 1)}))"
        return self.arms(self.expression(name, depth - 2), name, kind, depth)

    def places_of_variants(self) -> List[Tuple[str, str]]:
        whole = [*self.scope.locals, *self.globals]
        paths = [(path, kind) for one in whole for path, kind, _ in self.kinds.paths(one.name, one.kind)]
        return [(path, kind) for path, kind in paths if kind in self.kinds.variants and kind != "Hue"]

    def arms(self, scrutinee: str, name: str, kind: str, depth: int) -> str:
        arms = []
        for at, (case, parts) in enumerate(self.kinds.variants[name]):
            if at > 0 and self.chance(0.2):
                arms.append(f"(_ {self.expression(kind, depth - 2)})")
                break
            bound_names = [self.name() if self.chance(0.8) else "_" for _ in parts]
            known = [Local(one, part) for one, part in zip(bound_names, parts) if one != "_"]
            arms.append(f"({' '.join([f'({case}', *bound_names]) + ')' if parts else case} {self.with_locals(known, kind, depth - 2)})")
        return f"(match {scrutinee} {' '.join(arms)})"

    def with_locals(self, known: List[Local], kind: str, depth: int) -> str:
        before = list(self.scope.locals)
        self.scope.locals += known
        text = self.expression(kind, depth)
        self.scope.locals = before
        return text

    def generic(self, kind: str, depth: int) -> str:
        if self.chance(0.5):
            return f"(pick {self.expression('Bool', depth - 1)} {self.expression(kind, depth - 1)} {self.expression(kind, depth - 1)})"
        return f"(. (the (Both {kind} I64) (Both {self.expression(kind, depth - 1)} {self.expression('I64', depth - 1)})) one)"

    def held(self, kind: str, depth: int) -> str:
        return f"(get (new {self.expression(kind, depth - 1)}))" if kind not in self.kinds.variants else ""

    # --- by kind

    def made(self, kind: str, depth: int) -> str:
        by_head: Dict[str, Callable[[str, int], str]] = {
            "Bool": self.boolean, "Slice": self.slice, "View": self.view, "Array": self.array, "Ref": self.reference, "Option": self.option,
            "F64": self.float, "F32": self.float,
        }
        if kind in INTEGERS:
            return self.integer(kind, depth)
        if kind in self.kinds.records:
            return "(" + " ".join([kind, *(self.expression(one, depth - 1) for _, one in self.kinds.records[kind])]) + ")"
        if kind in self.kinds.variants:
            case, parts = self.random.choice(self.kinds.variants[kind])
            return "(" + " ".join([case, *(self.expression(one, depth - 1) for one in parts)]) + ")" if parts else case
        return by_head[head(kind)](kind, depth) if head(kind) in by_head else self.leaf(kind)

    def leaf(self, kind: str) -> str:
        of = head(kind)
        if kind in INTEGERS:
            return f"(the {kind} {self.literal(kind)})"
        if of in ("F64", "F32"):
            return f"(the {kind} {self.pick(FLOATS)})"
        if of == "Bool":
            return self.pick(("true", "false"))
        if of == "Text":
            return self.pick(TEXTS)
        if of == "→":
            return self.pick(("twice", "minus-seven", "fold-bits"))
        if kind in self.kinds.records:
            return "(" + " ".join([kind, *(self.leaf(one) for _, one in self.kinds.records[kind])]) + ")"
        if kind in self.kinds.variants:
            case, parts = self.random.choice(self.kinds.variants[kind])
            return "(" + " ".join([case, *(self.leaf(one) for one in parts)]) + ")" if parts else case
        inner = element(kind)
        if of == "Ref":
            return f"(new {self.leaf(inner)})"
        if of == "Option":
            return f"(the {kind} {self.pick(('None', f'(Some {self.leaf(inner)})'))})"
        if of == "Array":
            return f"(the {kind} (array {' '.join(self.leaf(inner) for _ in range(count(kind)))}))"
        filled = f"(fill {self.random.randint(4, LONGEST)} {self.leaf(inner)})"
        return filled if of == "Slice" else f"(view {filled})"

    def literal(self, kind: str) -> str:
        low, high = bounds(kind)
        value = self.random.choice(EDGES) * self.random.choice((1, 1, 1, -1))
        if self.chance(0.1):
            value = self.random.choice((low, high, low + 1, high - 1))
        return str(value if low <= value <= high else self.random.randint(max(low, -99), min(high, 99)))

    def index(self, run: Local, depth: int) -> str:
        """An index that is mostly inside."""
        length = count(run.kind) if head(run.kind) == "Array" else run.least_length
        counters = [one.name for one in self.scope.locals if one.index]
        if counters and self.chance(0.6):
            counter = self.pick(counters)
            way = self.random.randrange(6)
            if way == 0 and self.chance(0.3):
                return f"({self.pick('+-')} {counter} {self.random.randint(0, 2)})"
            if way < 4 or length == 0:
                return f"(% {counter} (len {run.name}))" if self.chance(0.7) else f"(min {counter} (- (len {run.name}) 1))"
            return f"(% (+ {counter} {self.random.randint(0, 9)}) {length})"
        if self.chance(self.trapping):
            return self.expression("I64", depth)
        if self.chance(0.2):
            return f"(- (len {run.name}) {self.random.choice((1, 1, 2, 1 if self.chance(0.9) else 0))})"
        if length > 0 and self.chance(0.5):
            return str(self.random.randrange(length))
        whole = 1 << (max(length, 1).bit_length() - 1)
        return f"(& {self.expression('I64', depth)} {whole - 1})"

    def integer(self, kind: str, depth: int) -> str:
        def more(one: str = kind) -> str:
            return self.expression(one, depth - 1)

        pick = self.random.randrange(16)
        if pick < 6:
            parts = [more() for _ in range(3 if self.chance(0.1) else 2)]
            at = self.random.randrange(len(parts))
            if self.chance(0.35):
                parts[at] = self.leaf(kind)
            operator = self.pick(OPERATORS if len(parts) == 2 else OPERATORS[:-2])
            return f"({operator} {' '.join(parts)})"
        if pick == 6:
            return f"({self.pick('/%')} {more()} {self.divisor(kind, depth)})"
        if pick == 7:
            shift = str(self.random.randint(0, 70)) if self.chance(0.6) else self.expression(self.pick(INTEGERS), depth - 1)
            return f"({self.pick(('<<', '>>'))} {more()} {shift})"
        if pick == 8:
            return f"({self.pick('-~')} {more()})"
        if pick in (9, 10):
            return f"(wrap {kind} {more(self.pick((*INTEGERS, 'Bool', 'Hue')))})"
        if pick == 11:
            return self.converted(kind, depth)
        if pick == 12 and kind == "I64":
            runs = [one.name for one in [*self.all_runs(), *self.scope.locals] if head(one.kind) in ("Slice", "View", "Array", "Text")]
            if runs:
                return f"(len {self.pick(runs)})"
        if pick == 13 and kind == "I64":
            return f"({self.expression('(→ I64 I64)', 0)} {more()})" if self.chance(0.3) else self.called_value(depth)
        if pick == 14 and kind in ("U32", "U64", "I64"):
            bits, by, value = bounds("U" + kind[1:])[1].bit_length(), self.random.randint(1, 31), self.name()
            return f"(do (≔ {value} {kind} {more()}) (| (<< {value} {by}) (>> {value} {bits - by})))"
        return f"(to {kind} (& {more('I64')} 127))"

    def called_value(self, depth: int) -> str:
        values = [one.name for one in self.scope.locals if one.kind == "(→ I64 I64)"]
        inner = self.expression("I64", depth - 1)
        return f"({self.pick(values)} {inner})" if values else f"(apply twice {inner})"

    def divisor(self, kind: str, depth: int) -> str:
        way = self.random.randrange(3)
        if way == 0:
            return f"(| {self.expression(kind, depth - 1)} 1)"
        if way == 1 or not self.chance(self.trapping * 4):
            value = self.literal(kind)
            return f"(the {kind} {'3' if value == '0' else value})"
        return self.expression(kind, depth - 1)

    def converted(self, kind: str, depth: int) -> str:
        if self.kinds.floats and self.chance(0.3):
            return self.truncated(kind, depth)
        source = self.pick((*INTEGERS, "Bool", "Hue"))
        low, high = bounds(kind)
        wide = bounds(source) if source in INTEGERS else (0, 2)
        inner = self.expression(source, depth - 1)
        if (low <= wide[0] and wide[1] <= high) or self.chance(self.trapping * 2):
            return f"(to {kind} {inner})"
        return f"(to {kind} (& {inner} {min(high, wide[1], 0xFFFF)}))"

    def truncated(self, kind: str, depth: int) -> str:
        """A float without its fraction, mostly of a size that fits."""
        source = self.pick(self.kinds.floats)
        inner = self.expression(source, depth - 1)
        if self.chance(self.trapping):
            return f"(to {kind} {inner})"
        return f"(to {kind} (min (max {inner} (the {source} 0.0)) (the {source} 100.5)))"

    def boolean(self, kind: str, depth: int) -> str:
        number = self.kinds.number()
        pick = self.random.randrange(10)
        left = self.expression(number, depth - 1)
        if pick < 3:
            return f"({self.pick(COMPARISONS)} {left} {self.expression(number, depth - 1)})"
        if pick < 6:
            return f"({self.pick(COMPARISONS)} {left} {self.leaf(number)})"
        if pick == 6:
            return f"({self.pick(('and', 'or'))} {self.expression(kind, depth - 1)} {self.expression(kind, depth - 1)})"
        if pick == 7:
            return f"(not {self.expression(kind, depth - 1)})"
        if pick == 8:
            same = self.pick(("Hue", "Bool", "Text", "(Ref I64)"))
            return f"({self.pick(('=', '!='))} {self.expression(same, depth - 1)} {self.expression(same, depth - 1)})"
        return f"(= (& {self.expression('I64', depth - 1)} {self.random.choice((1, 3, 8, 255))}) {self.random.choice((0, 0, 1, 8))})"

    def float(self, kind: str, depth: int) -> str:
        pick = self.random.randrange(8)
        if pick < 5:
            return f"({self.pick(('+', '-', '*', '/', 'min', 'max'))} {self.expression(kind, depth - 1)} {self.expression(kind, depth - 1)})"
        if pick == 5:
            return f"(- {self.expression(kind, depth - 1)})"
        if pick == 6:
            return f"(to {kind} {self.expression(self.pick(self.kinds.floats), depth - 1)})"
        return f"(to {kind} {self.expression(self.pick(INTEGERS), depth - 1)})"

    def slice(self, kind: str, depth: int) -> str:
        runs = [one for one in self.runs(element(kind)) if head(one.kind) == "Slice" or one.addressed and head(one.kind) == "Array"]
        if runs and self.chance(0.6):
            run = self.random.choice(runs)
            return f"(slice {run.name} {self.cut(run)})"
        amount = str(self.random.randint(4, LONGEST)) if self.chance(0.8) else f"(+ 4 (& {self.expression('I64', depth - 1)} 7))"
        if self.chance(self.trapping / 2):
            amount = self.expression("I8", depth - 1)
            amount = f"(to I64 {amount})"
        return f"(fill {amount} {self.expression(element(kind), depth - 1)})"

    def cut(self, run: Local) -> str:
        """From and to, mostly in order and inside."""
        if self.chance(self.trapping):
            return f"{self.random.randint(0, 5)} {self.random.randint(0, LONGEST)}"
        if self.chance(0.4):
            return f"0 (len {run.name})"
        half = f"(/ (len {run.name}) 2)"
        return self.pick((f"0 {half}", f"{half} (len {run.name})", f"(min 1 (len {run.name})) (len {run.name})"))

    def view(self, kind: str, depth: int) -> str:
        if element(kind) in INTEGERS and self.chance(0.3):
            values = [self.literal(element(kind)) for _ in range(self.random.randint(4, 9))]
            return f"(the {kind} (array {' '.join(values)}))"
        return f"(view {self.expression(f'(Slice {element(kind)})', depth - 1)})"

    def array(self, kind: str, depth: int) -> str:
        return f"(the {kind} (array {' '.join(self.expression(element(kind), depth - 2) for _ in range(count(kind)))}))"

    def reference(self, kind: str, depth: int) -> str:
        return f"(new {self.expression(element(kind), depth - 1)})"

    def option(self, kind: str, depth: int) -> str:
        return f"(the {kind} (Some {self.expression(element(kind), depth - 1)}))"
