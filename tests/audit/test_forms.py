"""The audit's reader of 0x0 text: cases by hand, every source there is, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import List

import pytest

from audit import forms
from audit.forms import FormError, Kind, read
from tests.conftest import TOP

SOURCES = sorted(path for folder in ("compiler", "lib", "examples") for path in (TOP / folder).rglob("*.0x0"))


def atoms(text: str) -> List[str]:
    return [f"{form.kind.value} {form.text}" for top in read(text) for form in top.walk() if form.kind is not Kind.LIST]


def test_atoms() -> None:
    text = "(a.b 42 -7 +x 0xff '(' '\\'' '\\u{41}' \"; (\\\"\\n\" → . ->) ; \"comment ("
    assert atoms(text) == [
        "symbol a.b", "number 42", "number -7", "symbol +x", "number 0xff", "character (", "character '", "character A", 'text ; ("\n',
        "symbol →", "symbol .", "symbol ->",
    ]  # fmt: skip


def test_places_and_heads() -> None:
    module, function = read("(⊙ x)\r\n\n  (fn größe\t(a \"é\" b))\n")
    assert (module.head, module.line, module.column) == ("module", 1, 1)
    assert (function.head, function.line, function.column) == ("fn", 3, 3)
    assert [(form.line, form.column) for form in function.items[2].items] == [(3, 14), (3, 16), (3, 20)]
    assert read("()")[0].head == "" and str(function.items[2]) == "(a é b)"


REFUSED = (
    ("(a", "1:1: a list that is not closed"),
    ("\n a)", "2:3: a parenthesis that closes nothing"),
    ('(a "b\n")', "1:4: a text or character that is not closed"),
    ("(a 'bc')", "1:4: a text or character that is not closed"),
    ('"\\q"', "1:1: an escape that means nothing: \\q"),
    ("'\\u{d800}'", "1:1: an escape that is no character"),
    ("a ; \x07", "1:5: a character that no source may hold"),
    ("(" * 2001, "1:2001: lists nested deeper than 2000"),
)


@pytest.mark.parametrize("text, message", REFUSED, ids=[message[5:30] for _, message in REFUSED])
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(FormError) as refusal:
        read(text)
    assert str(refusal.value) == message


def test_files_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "large.0x0"
    path.write_bytes(b" " * (forms.MOST_BYTES + 1))
    with pytest.raises(FormError, match="has more than"):
        forms.read_file(path)
    path.write_bytes(b"(a\n\xff)")
    with pytest.raises(FormError, match="2:1: the file is not UTF-8"):
        forms.read_file(path)


@pytest.mark.slow
def test_every_source_is_read() -> None:
    assert len(SOURCES) > 80
    for path in SOURCES:
        top = forms.read_file(path)
        assert top[0].head == "module", path
        lines = path.read_text(encoding="utf-8").split("\n")
        for form in (form for each in top for form in each.walk()):
            at = lines[form.line - 1][form.column - 1 :]
            assert at.startswith({Kind.LIST: "(", Kind.TEXT: '"', Kind.CHARACTER: "'"}.get(form.kind, form.text)), (path, form)


def test_imports_and_definitions() -> None:
    top = read('(⊙ x)\n(↥ "std:vec" vec (Vec))\n(import "../a/b.0x0" b)\n(τ (Pair A B) (a A) (b B))\n(ƒ f (∷ (→ Unit)) () ())\n')
    assert [(each.path, each.alias, each.form.line) for each in forms.imports(top)] == [("std:vec", "vec", 2), ("../a/b.0x0", "b", 3)]
    found = forms.definition(top, "type", "Pair")
    assert found is not None and found.line == 4
    assert forms.definition(top, "fn", "f") is not None and forms.definition(top, "fn", "g") is None
    here = Path("/top/compiler/x/y.0x0")
    assert forms.imported("../a/b.0x0", here, Path("/top")) == Path("/top/compiler/a/b.0x0")
    assert forms.imported("std:vec", here, Path("/top")) == Path("/top/lib/std/vec.0x0")
    assert forms.imported("std:raw", here, Path("/top")) is None
