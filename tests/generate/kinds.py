"""kinds: the types of a random program: its records and variants, and what may stand where.

A kind is the type as it is written: `I64`, `(Slice R1)`, `(Array U8 4)`. A program has its own records and variants, each made of
what was declared before it, so that none contains itself.
"""

from __future__ import annotations

import random
from typing import Dict, Iterator, List, Tuple

INTEGERS = ("I8", "I16", "I32", "I64", "U8", "U16", "U32", "U64")
EDGES = (0, 1, 2, 3, 5, 7, 8, 10, 15, 16, 31, 63, 64, 100, 127, 128, 255, 256, 1000, 32767, 65535, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1)
LONGEST = 12  # elements of a Slice that `fill` makes
Path = Tuple[str, str, bool]  # of a place: how it is written, its kind, and whether a Ref leads to it


def bounds(kind: str) -> Tuple[int, int]:
    """The least and the greatest value of an integer type."""
    bits = int(kind[1:])
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if kind[0] == "I" else (0, (1 << bits) - 1)


def head(kind: str) -> str:
    """`Slice` of `(Slice I64)`; an atom is its own."""
    return kind[1:].partition(" ")[0] if kind[0] == "(" else kind


def element(kind: str) -> str:
    """What a Slice, View, Array, Ref or Option is of."""
    inside = kind[1:-1].partition(" ")[2]
    return inside.rpartition(" ")[0] if head(kind) == "Array" else inside


def count(kind: str) -> int:
    """The length of an Array."""
    return int(kind[:-1].rpartition(" ")[2])


class Kinds:
    """The records and variants of one program; `focus` are the kinds that the function being written keeps to, if any."""

    def __init__(self, numbers: random.Random, floats: bool) -> None:
        self.random = numbers
        self.floats: Tuple[str, ...] = ("F64", "F32") if floats else ()
        self.focus: Tuple[str, ...] = ()
        self.records: Dict[str, List[Tuple[str, str]]] = {}
        self.variants: Dict[str, List[Tuple[str, List[str]]]] = {"Hue": [("Red", []), ("Green", []), ("Blue", [])]}
        for _ in range(numbers.randint(2, 3)):
            self.declare_record()
            self.declare_variant()
        self.declare_record()
        self.fixed = self.choose_fixed()

    def declare_record(self) -> None:
        fields = "abcdef"[: self.random.randint(1, 5)]
        self.records[f"R{len(self.records)}"] = [(letter, self.part()) for letter in fields]

    def declare_variant(self) -> None:
        """Cases lie over one another: most have fields, of kinds that have nothing to do with those of the others."""
        number, cases = len(self.variants) - 1, "ABCD"[: self.random.randint(2, 4)]
        parts = [[self.part() for _ in range(self.random.choice((0, 1, 1, 2, 2, 3)))] for _ in cases]
        self.variants[f"V{number}"] = [(f"C{number}{letter}", part) for letter, part in zip(cases, parts)]

    def number(self) -> str:
        focus = [one for one in self.focus if one in INTEGERS or one in self.floats]
        return self.random.choice(focus or ("I64", "I64", "I64", *INTEGERS, *self.floats, *self.floats))

    def choose_focus(self) -> None:
        """Few kinds, so that a function's values meet one another: those of what a variant's cases hold, mostly, and what holds one."""
        name = self.random.choice([*self.variants][1:])
        numbers = (*INTEGERS, *self.floats)
        inside = [part for _, parts in self.variants[name] for part in parts if part in numbers or head(part) == "Slice"]
        around = [one for one, fields in self.records.items() if any(kind == name for _, kind in fields)] or [*self.records]
        others = (f"(Ref {self.random.choice(around)})", f"(Slice {name})", f"(Array {name} 2)", self.random.choice(self.fixed))
        self.focus = ("I64", "I64", "(Slice I64)", name, name, self.random.choice(inside or ["U8"]), self.random.choice(others))

    def part(self) -> str:
        """The kind of a field."""
        kinds = [self.number(), self.number(), self.number(), "Bool", "Hue", f"(Array {self.number()} {self.random.randint(1, 6)})"]
        kinds += [*self.records, *[*self.variants][1:], "(Option I64)", f"(Slice {self.number()})"]
        kinds += [f"(Ref {self.random.choice([*self.records, 'I64'])})"]
        return self.random.choice(kinds)

    def choose_fixed(self) -> List[str]:
        """The kinds that are not numbers and that this program uses much."""
        record = self.random.choice(list(self.records))
        kinds = [*self.records, *self.variants, f"(Ref {record})", f"(Slice {record})", "(Option I64)", "Text", "(→ I64 I64)", "(Ref I64)"]
        kinds += [f"(Slice {self.number()})" for _ in range(2)] + [f"(View {self.number()})", "(Slice I64)", "(Slice U8)"]
        kinds += [f"(Array {self.number()} {self.random.randint(1, 9)})", f"(Array {record} {self.random.randint(1, 3)})"]
        variant = self.random.choice([*self.variants][1:])
        kinds += [f"(Option {record})", "(Option (Ref I64))", "Bool", f"(Slice {variant})", f"(Array {variant} 2)", f"(Ref {variant})"]
        return kinds

    def kind(self) -> str:
        if self.focus and self.random.random() < 0.9:
            return self.random.choice(self.focus)
        return self.number() if self.random.random() < 0.6 else self.random.choice(self.fixed)

    def is_plain(self, kind: str) -> bool:
        """Holds no reference to an object of an arena."""
        if kind in self.records:
            return all(self.is_plain(one) for _, one in self.records[kind])
        if kind in self.variants:
            return all(self.is_plain(one) for _, parts in self.variants[kind] for one in parts)
        if head(kind) in ("Option", "Array"):
            return self.is_plain(element(kind))
        return head(kind) not in ("Slice", "View", "Ref", "Text")

    def paths(self, name: str, kind: str, deep: int = 3, shared: bool = False) -> Iterator[Path]:
        """The places in a place that need no index."""
        yield name, kind, shared
        is_ref = head(kind) == "Ref"
        inner = element(kind) if is_ref else kind
        if is_ref:
            yield f"(get {name})", inner, True
        if inner in self.records and deep > 0:
            for field, one in self.records[inner]:
                yield from self.paths(f"{name}.{field}", one, deep - 1, shared or is_ref)

    def declarations(self) -> str:
        lines = [f"(τ {name} {' '.join(f'({field} {kind})' for field, kind in fields)})" for name, fields in self.records.items()]
        for name, cases in self.variants.items():
            said = [f"({case} {' '.join(f'(f{at} {kind})' for at, kind in enumerate(parts))})" if parts else case for case, parts in cases]
            lines.append(f"(τ {name} {' '.join(said)})")
        return "\n".join(lines) + "\n"
