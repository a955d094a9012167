"""The gate of the compiler's memory: it holds for the tree, and each claim is turned red by a change of real source."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any, List, Tuple

import pytest

from audit import forms, memory_architecture
from audit.claim import Subject, Verdict, judge
from audit.layouts import LayoutError, Layouts
from audit.memory_architecture import CLAIMS, nothing_unnamed_is_kept, output_goes_in_pieces, peak_kib
from audit.trace import Event, Trace
from perf.guard import Outcome, run
from tests.audit.claims import ClaimMutant, Fault, fault, red, tells, told, turns_red
from tests.conftest import TOP

pytestmark = pytest.mark.machine

ENTITY = "| Entity | `compiler/tree/program.0x0` |"
MUTANTS: Tuple[ClaimMutant, ...] = (
    ClaimMutant(
        "forms-are-numbers",
        (
            Fault("compiler/read/forms.0x0", "  (home Arena))\n", "  (home Arena)\n  (spellings (Slice Text)))\n"),
            Fault("compiler/read/forms.0x0", "numbers common home))\n", "numbers common home (storage.make 8 home)))\n"),
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
            Fault("compiler/obj/object.0x0", "(TrapRow offset", "(TrapRow 0 offset"),
        ),
        True,
    ),
    fault("arrays-are-in-the-table", "docs/memory.md", f"{ENTITY} 48 |", f"{ENTITY} 40 |"),
    fault(
        "sizes-come-before-writing",
        "compiler/obj/image.0x0",
        "  (put-headers! out o all entry said)\n",
        "  (put-headers! out o all entry said)\n  (≔ again (Slice I64) (fill 1 0))\n",
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


@pytest.mark.slow
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


FORMS, READER, IMAGE = "compiler/read/forms.0x0", "compiler/read/reader.0x0", "compiler/obj/image.0x0"
MODULES = "compiler/read/modules.0x0"
WRONG: Tuple[Tuple[str, str, str, str, str], ...] = (  # what the mutants above do not make the claims on sources say
    ("forms-are-numbers", FORMS, "  (span (Slice U32))\n", "  (span (Slice U64))\n", "span is (Slice U64), not (Slice U32)"),
    ("forms-are-numbers", FORMS, "  (span (Slice U32))\n", "", "Forms has no span"),
    ("no-tokens-are-kept", READER, "(τ Reader\n", "(τ TokenKind A B)\n(τ Reader\n", "declares TokenKind"),
    ("sizes-come-before-writing", IMAGE, "  (output.begin! out ", "  (output.bytes! out ", "write does not say how much it will write"),
    ("sizes-come-before-writing", IMAGE, "  (output.begin! out ", "  (output.text! out x)\n  (output.begin! out ", "before the layout"),
    ("files-are-read-in-one-place", MODULES, "(reader.read! l.reader", "(reader.look! l.reader", "nothing calls the reader"),
)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the claims on sources read."""
    top = tmp_path_factory.mktemp("sources")
    for name in ("compiler", "lib", "docs"):
        shutil.copytree(TOP / name, top / name)
    return top


@pytest.mark.parametrize(("name", "file", "before", "after", "words"), WRONG, ids=[row[4] for row in WRONG])
def test_each_fault_of_a_declaration_is_told(sources: Path, name: str, file: str, before: str, after: str, words: str) -> None:
    tells(CLAIMS, name, sources, Fault(file, before, after), words)


PIECE = 64 * 1024
PIECES: Tuple[Tuple[Tuple[int, ...], int, bool, str], ...] = (  # bytes of each write, of the product, whether the last call is the rename
    ((PIECE, PIECE, 5), 2 * PIECE + 5, True, ""),
    ((PIECE, PIECE), 2 * PIECE, True, ""),
    ((PIECE, 5), 2 * PIECE + 5, True, "65541 bytes are written, the product has 131077"),
    ((PIECE + 1,), PIECE + 1, True, "write 1 of 1 has 65537 bytes, a piece has 65536"),
    ((5, PIECE), PIECE + 5, True, "write 1 of 2 has 5 bytes, a piece has 65536"),
    ((PIECE, 5), PIECE + 5, False, "something is written after the product took its place, or it never did"),
)


@pytest.mark.parametrize(("sizes", "whole", "in_order", "words"), PIECES, ids=range(len(PIECES)))
def test_pieces_of_another_size_or_order_are_told(
    sizes: Tuple[int, ...], whole: int, in_order: bool, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def built(subject: Subject, source: str, out: Path) -> Trace:
        out.write_bytes(bytes(whole))
        part = str(out) + ".part"
        events = [Event("write", 1, (part,), size, size, 0, ()) for size in sizes]
        events.insert(len(events) if in_order else 0, Event("rename", 1, (part, str(out)), 0, 0, os.O_RDONLY, ()))
        return Trace(tuple(events), 0, b"", b"")

    monkeypatch.setattr(memory_architecture, "traced_build", built)
    assert [finding.message for finding in output_goes_in_pieces(Subject(TOP, TOP))] == ([words] if words else [])


def test_a_page_without_a_slope_is_told(zero: Path, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/memory.md").write_text("Memory is small.\n", encoding="utf-8")
    assert [str(finding) for finding in nothing_unnamed_is_kept(Subject(tmp_path, zero))] == ["docs/memory.md: states no slope"]


def test_peaks_that_are_compared_are_taken_on_one_processor(zero: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose count of pages does not depend on who else runs: on two the same build differs by some hundred KiB from run to run."""
    seen: List[Outcome] = []

    def noted(*words: Any, **more: Any) -> Outcome:
        seen.append(run(*words, **more))
        return seen[-1]

    monkeypatch.setattr(memory_architecture, "run", noted)
    peaks = {peak_kib(Subject(TOP, zero), [str(zero), "version"], tmp_path) for _ in range(3)}
    assert len(peaks) == 1 and all(outcome.method.one_processor for outcome in seen)


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


@pytest.mark.parametrize(("lower_kib", "verdict"), [(128, Verdict.HOLDS), (512, Verdict.BROKEN)])
def test_a_batch_that_the_kernel_left_out_is_no_copy_of_the_product(
    lower_kib: int, verdict: Verdict, zero: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    measured = peak_kib

    def lower(subject: Subject, argv: List[str], folder: Path) -> int:
        return measured(subject, argv, folder) - (lower_kib if "memory-summary" in argv else 0)

    monkeypatch.setattr(memory_architecture, "peak_kib", lower)
    claim = next(claim for claim in CLAIMS if claim.name.endswith("the-product-is-not-kept"))
    assert judge(claim, TOP, zero).verdict is verdict
