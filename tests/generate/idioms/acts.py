"""acts: random statements about few places, so that what one writes another reads.

Places are written as they stand in the program; `{i}` in one is an index from 0 to 3. A statement writes a place, adds what it reads to
`sum`, matches a variant, chooses, loops, calls a helper, or gives a value a name. Loops stand at most two deep.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Dict, List, Mapping, Sequence, Tuple

from tests.generate.expressions import COMPARISONS, Expressions
from tests.generate.kinds import EDGES, INTEGERS

Cases = Sequence[Tuple[str, Sequence[str]]]
RUN = "(Slice I64)"
WAYS: Dict[str, int] = {"write": 8, "count": 5, "matching": 4, "choose": 3, "loop": 2, "call": 2, "bind": 2, "tell": 1, "leave": 1}
FLOATS = ("-1.5", "0.0", "2.25", "1e6")


@dataclass
class World:
    """What the statements are about."""

    records: Mapping[str, Sequence[Tuple[str, str]]] = field(default_factory=dict)
    variants: Mapping[str, Cases] = field(default_factory=dict)
    places: List[Tuple[str, str]] = field(default_factory=list)  # that can be written and read
    values: List[Tuple[str, str]] = field(default_factory=list)  # that can be read
    calls: List[str] = field(default_factory=list)  # statements; `{n}` in one is an I64
    ways: Dict[str, int] = field(default_factory=lambda: WAYS)


class Acts:
    def __init__(self, w: Expressions, world: World) -> None:
        self.w, self.world = w, world
        self.random, self.chance = w.random, w.chance
        self.loops = 0

    # --- values

    def text(self, place: str) -> str:
        return place.replace("{i}", f"(& {self.small()} 3)") if "{i}" in place else place

    def seen(self, kind: str) -> List[str]:
        return [text for text, one in [*self.world.places, *self.world.values] if one == kind]

    def small(self) -> str:
        """An I64 without an operation."""
        seen = [one for one in self.seen("I64") if "{i}" not in one]
        return self.random.choice(seen) if seen and self.chance(0.7) else str(self.random.randint(-3, 9))

    def value(self, kind: str, deep: int = 2) -> str:
        seen = self.seen(kind)
        if seen and self.chance(0.6 if deep > 0 else 0.9):
            return self.text(self.random.choice(seen))
        if kind in self.world.records:
            return "(" + " ".join([kind, *(self.value(one, deep - 1) for _, one in self.world.records[kind])]) + ")"
        if kind in self.world.variants:
            case, parts = self.random.choice(self.world.variants[kind])
            return "(" + " ".join([case, *(self.value(one, deep - 1) for one in parts)]) + ")" if parts else case
        return self.made(kind, deep)

    def made(self, kind: str, deep: int) -> str:
        makers: Dict[str, Callable[[int], str]] = {
            "I64": self.integer, "Bool": self.condition, RUN: self.run, "(Ref I64)": lambda at: f"(new {self.value('I64', at)})",
            "Hue": lambda at: self.w.pick(("Red", "Green", "Blue")), "(Array U8 4)": lambda at: f"(the {kind} (array {self.bytes(at)}))",
            "(Option I64)": lambda at: f"(the {kind} {self.w.pick(('None', f'(Some {self.small()})'))})",
        }
        if kind in makers:
            return makers[kind](deep - 1)
        if kind in INTEGERS:
            return f"(wrap {kind} {self.value('I64', deep - 1)})"
        return f"(to {kind} {self.small()})" if self.chance(0.5) else f"(the {kind} {self.w.pick(FLOATS)})"

    def bytes(self, deep: int) -> str:
        return " ".join(self.value("U8", 0) for _ in range(4))

    def integer(self, deep: int) -> str:
        way = self.random.randrange(9)
        if deep < 0 or way < 2:
            return str(self.random.randint(-9, 20))
        if way == 2:
            return str(self.random.choice(EDGES) * self.random.choice((1, -1)))
        if way < 6:
            return f"({self.w.pick('+-*&')} {self.value('I64', deep)} {self.value('I64', deep)})"
        if way == 6 and self.seen(RUN):
            return f"(at {self.value(RUN, 0)} (& {self.small()} 3))"
        if way == 7 and self.seen(RUN):
            return f"(len {self.value(RUN, 0)})"
        return f"(if {self.condition(deep)} {self.value('I64', deep)} {self.small()})"

    def run(self, deep: int) -> str:
        seen = self.seen(RUN)
        if not seen or self.chance(0.3):
            return f"(fill (& {self.small()} 7) {self.small()})"
        run = self.random.choice(seen)
        cuts = (f"(min 1 (len {run})) (len {run})", f"0 (min (len {run}) (max 0 {self.small()}))", f"0 (len {run})", f"0 (& {self.small()} 3)")
        return f"(slice {run} {self.w.pick(cuts)})"

    def condition(self, deep: int) -> str:
        way = self.random.randrange(6)
        if way == 0 and deep > 0:
            return f"({self.w.pick(('and', 'or'))} {self.condition(deep - 1)} {self.condition(deep - 1)})"
        if way == 1 and self.seen("Bool"):
            return self.w.pick(self.seen("Bool"))
        if way < 4:
            return f"({self.w.pick(COMPARISONS)} {self.value('I64', 0)} {self.random.choice((0, 0, 0, 1, -1, 3, 7))})"
        return f"({self.w.pick(COMPARISONS)} {self.value('I64', 0)} {self.small()})"

    def use(self, text: str, kind: str, deep: int = 2) -> str:
        """An I64 that depends on the value."""
        if kind in self.world.records:
            name, one = self.random.choice(self.world.records[kind])
            return self.use(f"(. {text} {name})" if text[0] == "(" else f"{text}.{name}", one, deep - 1)
        if kind in self.world.variants:
            arms = (self.arm(case, parts, deep - 1) for case, parts in self.world.variants[kind])
            return f"(match {text} {' '.join(arms)})" if deep > 0 else "5"
        ways: Dict[str, Tuple[str, ...]] = {
            "I64": (text, text, f"(if (< {text} 0) 77 {text})", f"(if (>= {text} 0) (+ {text} 1) -5)", f"(max {text} 0)", f"(>> {text} 1)"),
            RUN: (f"(len {text})", f"(if (= (len {text}) 0) 9 (at {text} 0))", *self.elements(text, self.small())),
            "Bool": (f"(if {text} 3 5)",), "(Ref I64)": (f"(get {text})",), "Hue": (f"(to I64 {text})",),
            "(Option I64)": (f"(match {text} ((Some it) it) (None -1))",), "(Array U8 4)": (f"(wrap I64 (at {text} (& {self.small()} 3)))",),
        }
        if kind in ways:
            return self.w.pick(ways[kind])
        return f"(wrap I64 {text})" if kind in INTEGERS else f"(to I64 (min (max {text} (the {kind} -1e6)) (the {kind} 1e6)))"

    def elements(self, run: str, index: str) -> Tuple[str, ...]:
        """One of a run, where it is known to be inside, where it mostly is, and where it may be anywhere."""
        guarded = f"(if (and (>= {index} 0) (< {index} (len {run}))) (at {run} {index}) -7)"
        masked = f"(if (< (& {index} 3) (len {run})) (at {run} (& {index} 3)) -1)"
        return guarded, guarded, masked, self.w.pick((f"(at {run} {index})", guarded))

    def arm(self, case: str, parts: Sequence[str], deep: int) -> str:
        names = [self.w.name() for _ in parts]
        said = [self.use(name, part, deep) for name, part in zip(names, parts)]
        value = f"(+ {' '.join(said)})" if len(said) > 1 else (said[0] if said else "1")
        return f"({'(' + ' '.join([case, *names]) + ')' if parts else case} {value})"

    # --- statements

    def body(self, indent: str, most: int, deep: int) -> str:
        return self.statements(indent, self.random.randint(1, most), deep)

    def statements(self, indent: str, many: int, deep: int) -> str:
        """So many, in a scope of their own."""
        values, places = list(self.world.values), list(self.world.places)
        lines = [self.statement(indent, deep) for _ in range(many)]
        self.world.values, self.world.places = values, places
        return "\n".join(lines)

    def statement(self, indent: str, deep: int) -> str:
        ways = self.world.ways
        way = self.random.choices(list(ways), list(ways.values()))[0]
        written: str = getattr(self, way)(indent, deep)
        return written or self.count(indent, deep)

    def write(self, indent: str, deep: int) -> str:
        place, kind = self.random.choice(self.world.places)
        if kind == "I64" and self.chance(0.3):
            return f"{indent}({self.w.pick(('inc!', 'dec!'))} {self.text(place)} {self.value(kind, 0)})"
        return f"{indent}(set! {self.text(place)} {self.value(kind)})"

    def count(self, indent: str, deep: int) -> str:
        place, kind = self.random.choice([*self.world.places, *self.world.values])
        return f"{indent}(set! sum (+ (* 3 sum) {self.use(self.text(place), kind)}))"

    def matching(self, indent: str, deep: int) -> str:
        able = [(place, kind) for place, kind in [*self.world.places, *self.world.values] if kind in self.world.variants]
        if not able or deep <= 0:
            return ""
        place, kind = self.random.choice(able)
        arms = []
        scrutinee = self.text(place)
        for case, parts in self.world.variants[kind]:
            before, names = list(self.world.values), [self.w.name() for _ in parts]
            self.world.values += list(zip(names, parts))
            pattern = "(" + " ".join([case, *names]) + ")" if parts else case
            arms.append(f"{indent} ({pattern}\n{self.body(indent + '  ', 2, deep - 1)})")
            self.world.values = before
        return f"{indent}(match {scrutinee}\n" + "\n".join(arms) + ")"

    def choose(self, indent: str, deep: int) -> str:
        if deep <= 0:
            return ""
        parts = [f"{indent} (do\n{self.body(indent + '  ', 2, deep - 1)})" for _ in range(self.random.choice((1, 2)))]
        return f"{indent}(if {self.condition(1)}\n" + "\n".join(parts) + ")"

    def loop(self, indent: str, deep: int) -> str:
        if deep <= 0 or self.loops == 2:
            return ""
        name, before = self.w.name(), list(self.world.values)
        rounds = self.w.pick((f"(& {self.small()} 7)", str(self.random.randint(0, 6)), f"(min 8 {self.small()})"))
        self.world.values.append((name, "I64"))
        self.loops += 1
        body = self.body(indent + " ", 4, deep - 1)
        self.loops -= 1
        self.world.values = before
        return f"{indent}(for ({name} {self.w.pick(('0', '0', '1', '-1'))} {rounds})\n{body})"

    def call(self, indent: str, deep: int) -> str:
        return indent + self.w.pick(self.world.calls).replace("{n}", self.value("I64", 1)) if self.world.calls else ""

    def bind(self, indent: str, deep: int) -> str:
        _, kind = self.random.choice([*self.world.places, *self.world.values])
        name, value = self.w.name(), self.value(kind)
        mutable = self.chance(0.5)
        (self.world.places if mutable else self.world.values).append((name, kind))
        return f"{indent}({'var' if mutable else '≔'} {name} {kind} {value})"

    def tell(self, indent: str, deep: int) -> str:
        return f"{indent}(io.print-i64 sum)" if self.loops < 2 else ""

    def leave(self, indent: str, deep: int) -> str:
        way = self.w.pick(("(break)", "(continue)")) if self.loops > 0 else "(return sum)"
        return f"{indent}(if {self.condition(1)} {way})"
