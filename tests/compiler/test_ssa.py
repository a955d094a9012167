"""ssa: graphs as text. What is good comes out as it went in; what is broken is refused with the words of its first line."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import List

import pytest

from tests.conftest import TOP

FOLDER = TOP / "tests/compiler/ssa"
GOOD = sorted((FOLDER / "good").glob("*.ssa"))
BROKEN = sorted((FOLDER / "broken").glob("*.ssa"))
REFUSED = "; refused: "


def names(paths: List[Path]) -> List[str]:
    return [path.stem for path in paths]


def parse(zero: Path, path: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([zero, "ssa", "--parse", path], capture_output=True, encoding="utf-8", timeout=240)


@pytest.mark.parametrize("path", GOOD, ids=names(GOOD))
def test_a_good_text_comes_out_as_it_went_in(zero: Path, path: Path) -> None:
    result = parse(zero, path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", BROKEN, ids=names(BROKEN))
def test_a_broken_text_is_refused(zero: Path, path: Path) -> None:
    first = path.read_text(encoding="utf-8").split("\n")[0]
    assert first.startswith(REFUSED)
    result = parse(zero, path)
    assert result.returncode == 1
    line = result.stderr.split("\n")[0]
    assert line.removeprefix(f"{path}:").partition(": ")[2] == first.removeprefix(REFUSED) or line == first.removeprefix(REFUSED)


def test_there_are_enough_broken_texts() -> None:
    assert len(BROKEN) >= 40


def test_a_program_comes_out_as_it_was_printed(zero: Path, tmp_path: Path) -> None:
    """Every operation that lowering makes of the compiler itself is printed, read, verified and printed again."""
    listing = tmp_path / "zero.ssa"
    made = subprocess.run([zero, "ssa", TOP / "compiler/main.0x0"], capture_output=True, timeout=240)
    assert made.returncode == 0, made.stderr.decode()
    listing.write_bytes(made.stdout)
    again = subprocess.run([zero, "ssa", "--parse", listing], capture_output=True, timeout=240)
    assert again.stderr == b""
    assert again.stdout == made.stdout


OVERLAID = """(⊙ overlaid)
(τ Pair (a I64) (b I64))
(τ Couple (c I64) (d I64))
(τ Six (e I64) (f I64) (g I64) (h I64) (i I64) (j I64))
(τ Kind (Two (p Pair)) (Other (q Couple)) (Many (r Six)))
(τ Box (n I64) (kind Kind))
(ƒ turn (∷ (→ (Ref Box) I64 Unit)) (box k)
  (set! box.n k)
  (match box.kind
    ((Two p) (set! box.kind (Other (Couple p.b p.a))))
    ((Other q) (set! box.kind (Two (Pair q.d (+ k q.c)))))
    ((Many r) (set! box.kind (Two (Pair r.e r.j))))))
(ƒ main (∷ (→ Unit)) () (turn (new Box 1 (Two (Pair 2 3))) 4))
"""


def test_what_lies_in_a_case_has_no_alias_class(zero: Path, tmp_path: Path) -> None:
    """Cases lie over one another: two records of two cases are one memory, though fields of different records have different classes."""
    source = tmp_path / "overlaid.0x0"
    source.write_text(OVERLAID, encoding="utf-8")
    result = subprocess.run([zero, "ssa", source], capture_output=True, encoding="utf-8", timeout=240)
    turn = result.stdout.partition("function overlaid.turn")[2].partition("\n}")[0]
    places = re.findall(r" v0\+(\d+)(?:, v\d+)?( class \d+)?  ;", turn)
    assert {offset for offset, named in places if named} == {"0"}
    assert {offset for offset, named in places if not named} >= {"8", "16", "24"}
