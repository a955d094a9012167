"""docs/diagnostics.md and the table of diagnostics say the same, row by row, in one order; notes say what to do."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import List, Tuple

import pytest

from tests.conftest import TOP

TABLE = (TOP / "compiler/base/diagnostics.0x0").read_text(encoding="utf-8")
PAGE = (TOP / "docs/diagnostics.md").read_text(encoding="utf-8")
SECOND_ROWS = {"name-case-small": "name-case", "capability-needed": "missing-capability"}  # names of the rows whose code has two


def rows_of_the_table() -> List[Tuple[str, str]]:
    return re.findall(r'\(Row "([a-z-]+)"\s+"([^"]*)"\)', TABLE)


def rows_of_the_page() -> List[Tuple[str, str]]:
    rows, last = [], ""
    for code, sentence, _ in re.findall(r"^\| ([a-z-]*) *\| (.*) \| (yes|no|) ?\|$", PAGE, re.MULTILINE):
        if code not in ("code", "---"):
            last = code or last
            rows.append((last, sentence))
    return rows


def test_page_has_the_rows_of_the_table() -> None:
    assert len(rows_of_the_table()) > 60
    assert rows_of_the_page() == rows_of_the_table()


def test_numbers_are_the_places_of_the_rows() -> None:
    numbers = re.search(r";; the numbers of the rows\n((?:\(const .*\n)+)", TABLE)
    assert numbers is not None
    named = re.findall(r"\(const ([a-z-]+) I64 (\d+)\)", numbers[1])
    assert [int(number) for _, number in named] == list(range(len(named)))
    assert [SECOND_ROWS.get(name, name) for name, _ in named] == [code for code, _ in rows_of_the_table()]


def test_rows_have_the_holes_that_reports_fill() -> None:
    assert [sentence for _, sentence in rows_of_the_table() if sentence.count("{}") > 3] == []


@pytest.mark.parametrize(
    ("case", "notes"),
    [
        ("arenas/an-object-leaves-by-return", ["promote it, allocate it in an outer arena, or keep an index"]),
        (
            "arenas/a-map-keeps-a-key-of-an-inner-arena",
            ["promote it, allocate it in an outer arena, or keep an index", "the call keeps it in what an argument leads to"],
        ),
        (
            "arenas/a-function-value-may-keep-what-it-is-given",
            ["promote it, allocate it in an outer arena, or keep an index", "the call keeps it in what an argument leads to"],
        ),
        ("lexical/a-list-that-swallows-the-next-line", ["line 10 is indented as if the list of line 8 had ended"]),
        ("lexical/a-function-that-swallows-the-next-one", ["line 10 is indented as if the list of line 4 had ended"]),
        ("lexical/an-inner-list-that-swallows-the-rest", []),
        ("generics/two-parameters-in-one-list", ["parameters have a list each: (∀ (K) (V))"]),
        (
            "generics/a-requirement-that-is-not-passed-on",
            ["state it where the parameter is declared: (∀ (T (name (→ type... result))))"],
        ),
        ("names/a-function-of-its-own-module-named-make", ["what is exported may have this name: it is called by an alias"]),
        (
            "control/an-if-without-else-gives-no-value",
            ["(discard e) is (), whatever e is", "(if c a) is (); (if c a b) has a value"],
        ),
        ("match/none-in-small-letters", ["the name of a case begins with a capital letter"]),
        (
            "constants/a-view-of-what-is-not-constant",
            ["an array that is wanted as a View is constant data; (view (get (new (array e...)))) is one of any values"],
        ),
    ],
)
def test_notes_say_what_to_do(zero: Path, case: str, notes: List[str]) -> None:
    result = subprocess.run([zero, "check", "--json", TOP / f"tests/cases/reject/{case}.0x0"], stderr=subprocess.PIPE, check=False)
    assert [json.loads(line)["notes"] for line in result.stderr.splitlines()] == [notes]
