"""The gate of the compiler's memory: it holds for the tree, and each claim is turned red by a change of real source."""

from __future__ import annotations

from pathlib import Path
from typing import Tuple

import pytest

from audit import forms
from audit.claim import judge
from audit.layouts import LayoutError, Layouts
from audit.memory_architecture import CLAIMS
from tests.claims import ClaimMutant, Fault, fault, red, told, turns_red
from tests.conftest import TOP

ENTITY = "| Entity | `compiler/tree/program.0x0` |"
MUTANTS: Tuple[ClaimMutant, ...] = (
    ClaimMutant(
        "forms-are-numbers",
        (
            Fault("compiler/read/forms.0x0", "  (home Arena))\n", "  (home Arena)\n  (spellings (Slice Text)))\n"),
            Fault("compiler/read/forms.0x0", "    0 home))\n", "    0 home (storage.make 8 home)))\n"),
        ),
        True,
    ),
    ClaimMutant(
        "no-tokens-are-kept",
        (
            Fault("compiler/read/reader.0x0", "  (scratch (Ref Buffer)))\n", "  (scratch (Ref Buffer))\n  (tokens (Slice U32)))\n"),
            Fault("compiler/read/reader.0x0", "0 false valid (buffer.make))", "0 false valid (buffer.make) (fill 8 (the U32 0)))"),
        ),
        True,
    ),
    ClaimMutant(
        "arrays-are-in-the-table",
        (
            Fault("compiler/obj/object.0x0", "(τ TrapRow ", "(τ TrapRow (told I64) "),
            Fault("compiler/x64/emit.0x0", "(TrapRow (+ start", "(TrapRow 0 (+ start"),
            Fault("compiler/x64/emit.0x0", "(TrapRow c.count", "(TrapRow 0 c.count"),
        ),
        True,
    ),
    fault("arrays-are-in-the-table", "docs/memory.md", f"{ENTITY} 48 |", f"{ENTITY} 40 |"),
    fault(
        "sizes-come-before-writing",
        "compiler/obj/image.0x0",
        "  (≔ files sources.files)\n",
        "  (≔ files sources.files)\n  (≔ again (source.find-lines sources))\n",
        True,
    ),
    fault(
        "files-are-read-in-one-place",
        "compiler/read/modules.0x0",
        "      (≔ invalid (reader.read! l.reader number))\n",
        "      (if (< number 0) (discard (reader.read! l.reader number)))\n      (≔ invalid (reader.read! l.reader number))\n",
        True,
    ),
    fault(
        "files-are-mapped-once",
        "compiler/read/modules.0x0",
        "  (match (l.host.map path)\n",
        "  (match (l.host.map path)\n    ((Ok _) ())\n    ((Err _) ()))\n  (match (l.host.map path)\n",
        True,
    ),
    fault("output-goes-in-pieces", "compiler/base/output.0x0", "(const piece-size I64 0x10000)", "(const piece-size I64 0x20000)", True),
    fault("output-goes-in-pieces", "compiler/base/output.0x0", "(const piece-size I64 0x10000)", "(const piece-size I64 0x8000)", True),
    fault(
        "the-product-is-not-kept",
        "compiler/base/output.0x0",
        "    ((Some host)\n      (match (host.begin ",
        "    ((Some host)\n      (≔ copy (fill size (the U8 1)))\n      (assert (> (len copy) 0))\n      (match (host.begin ",
        True,
    ),
    fault(
        "nothing-unnamed-is-kept",
        "compiler/pipeline.0x0",
        "  (while (<= w.pool.count i)\n    (≔ another (in w.program.home (tree.make)))\n    (vec.push! w.pool another))\n"
        "  (≔ body (at w.pool.items i))\n",
        "  (≔ body (in w.program.home (tree.make)))\n",
        True,
    ),
)


def test_the_tree_holds(zero: Path) -> None:
    answers = [judge(claim, TOP, zero) for claim in CLAIMS]
    assert red(answers) == [], told(answers)
    assert all(answer.audited for answer in answers if not answer.claim.needs_run)


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_turns_its_claim_red(mutant: ClaimMutant, zero: Path, tmp_path: Path) -> None:
    turns_red(CLAIMS, mutant, zero, tmp_path)


def test_every_claim_has_a_mutant() -> None:
    assert {mutant.claim for mutant in MUTANTS} == {claim.name.partition("/")[2] for claim in CLAIMS}


def test_static_claims_need_no_compiler() -> None:
    answers = [judge(claim, TOP, TOP / "no-such-compiler") for claim in CLAIMS if not claim.needs_run]
    assert len(answers) == 5 and red(answers) == [], told(answers)


LAYOUTS = (  # type, size, alignment: by clauses 6.4 to 6.7, by hand
    ("U8", 1, 1),
    ("(Option U8)", 2, 1),
    ("(Option I64)", 16, 8),
    ("(Option (Ref I64))", 8, 8),
    ("(Slice U8)", 16, 8),
    ("(Array U16 3)", 6, 2),
    ("(→ I64 I64)", 8, 8),
    ("Unit", 0, 1),
    ("Mixed", 24, 8),
    ("Two", 8, 4),
    ("Color", 1, 1),
    ("(Option Two)", 12, 4),
)
DECLARED = """(⊙ here)
(τ Mixed (doc "a record") (a U8) (b I64) (c U16) (d Bool))
(τ Two (One (x U32)) (Other (y U8) (z U8)) None-of-them)
(τ Color Red Green)
"""


@pytest.mark.parametrize("text, size, alignment", LAYOUTS)
def test_layouts_by_hand(text: str, size: int, alignment: int, tmp_path: Path) -> None:
    path = tmp_path / "here.0x0"
    path.write_text(DECLARED, encoding="utf-8")
    assert Layouts(tmp_path).size(forms.read(text)[0], path) == (size, alignment)


def test_a_type_of_no_declaration(tmp_path: Path) -> None:
    path = tmp_path / "here.0x0"
    path.write_text("(⊙ here)\n(τ Endless (again Endless))\n", encoding="utf-8")
    for text in ("Unknown", "Endless", "no.Such"):
        with pytest.raises(LayoutError):
            Layouts(tmp_path).size(forms.read(text)[0], path)
