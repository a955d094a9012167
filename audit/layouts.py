"""layouts: sizes of records, computed from their declarations by clause 6.4, without the compiler.

A record's fields lie in declared order, each where its alignment allows; the size is a multiple of the largest alignment. Names of types
are looked up in the file itself, in the imports that give them without alias, and by alias.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Tuple

from . import forms

INTEGERS = {f"{sign}{bits}": bits // 8 for sign in "IU" for bits in (8, 16, 32, 64)}
WORD = (8, 8)
RUN = (16, 8)
DEEPEST = 64


class LayoutError(Exception):
    """A type that can't be laid out: a name that no declaration gives."""


@dataclass(frozen=True)
class Field:
    name: str
    type: forms.Form


@dataclass(frozen=True)
class Declaration:
    path: Path
    form: forms.Form

    @property
    def name(self) -> str:
        named = self.form.items[1]
        return named.items[0].text if named.kind is forms.Kind.LIST else named.text

    @property
    def fields(self) -> List[Field]:
        """Of a record; of a variant there are none."""
        rows = [row for row in self.form.items[2:] if row.kind is forms.Kind.LIST and row.head != "doc"]
        return [Field(row.items[0].text, row.items[1]) for row in rows if row.items[0].text[:1].islower() and len(row.items) == 2]

    @property
    def cases(self) -> List[Tuple[forms.Form, ...]]:
        """The fields' types of each case of a variant."""
        found = []
        for row in self.form.items[2:]:
            head = row.items[0].text if row.items else row.text
            if head[:1].isupper():
                found.append(tuple(part.items[1] for part in row.items[1:]))
        return found


class Layouts:
    """The types that a tree declares."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.known: Dict[Path, Dict[str, Declaration]] = {}

    def declared(self, path: Path) -> Dict[str, Declaration]:
        """The types that a file declares, by name."""
        if path not in self.known:
            types = [Declaration(path, form) for form in forms.read_file(path) if form.head == "type" and len(form.items) > 2]
            self.known[path] = {each.name: each for each in types}
        return self.known[path]

    def find(self, name: str, path: Path) -> Optional[Declaration]:
        """What a type's name, in a file, was declared as."""
        alias, _, member = name.rpartition(".")
        if not alias and member in self.declared(path):
            return self.declared(path)[member]
        for entry in forms.imports(forms.read_file(path)):
            without_alias = {item.text for names in entry.form.items[3:] for item in names.items}
            if entry.alias == alias or (not alias and member in without_alias):
                target = forms.imported(entry.path, path, self.top)
                if target is not None and target.is_file() and member in self.declared(target):
                    return self.declared(target)[member]
        return None

    def size(self, kind: forms.Form, path: Path, depth: int = 0) -> Tuple[int, int]:
        """Size and alignment of a type as written in a file."""
        if depth > DEEPEST:
            raise LayoutError(f"{kind} has no end")
        name = kind.items[0].text if kind.items else kind.text
        if name in INTEGERS:
            return INTEGERS[name], INTEGERS[name]
        if name == "Bool":
            return 1, 1
        if name in ("Unit", "Never"):
            return 0, 1
        if name in ("Ref", "Arena") or kind.head == "->":
            return WORD
        if name in ("Slice", "View", "Text"):
            return RUN
        if name == "Option":
            if kind.items[1].head == "Ref":
                return WORD
            size, alignment = self.size(kind.items[1], path, depth + 1)
            return up(size + 1, alignment), alignment
        if name == "Array":
            size, alignment = self.size(kind.items[1], path, depth + 1)
            return size * int(kind.items[2].text, 0), alignment
        found = self.find(name, path)
        if found is None:
            raise LayoutError(f"no declaration gives {name}")
        return self.declaration(found, depth + 1)

    def declaration(self, found: Declaration, depth: int = 0) -> Tuple[int, int]:
        """Size and alignment of a record or variant."""
        if found.fields:
            return self.run_of([field.type for field in found.fields], found.path, 0, 1, depth)
        tag = next(size for size in (1, 2, 4) if len(found.cases) <= 1 << (8 * size))
        cases = [self.run_of(list(types), found.path, tag, tag, depth) for types in found.cases]
        alignment = max(case[1] for case in cases)
        return up(max(case[0] for case in cases), alignment), alignment

    def run_of(self, types: List[forms.Form], path: Path, offset: int, alignment: int, depth: int) -> Tuple[int, int]:
        for kind in types:
            size, needs = self.size(kind, path, depth)
            offset, alignment = up(offset, needs) + size, max(alignment, needs)
        return up(offset, alignment), alignment


def up(offset: int, alignment: int) -> int:
    return -(-offset // alignment) * alignment
