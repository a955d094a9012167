"""The gate of the normal path: it holds for the tree, and each claim is turned red by a change of real source."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Tuple

import pytest

from audit import forms
from audit.claim import Subject, judge
from audit.normal_path import CLAIMS, executable, foreign, no_text, tracked
from tests.claims import ClaimMutant, Fault, fault, red, told, turns_red
from tests.conftest import TOP

ALL = "$(VENV) -m audit all\n"
SPARED = "from-root = [\"{root}\", \"build\", \"{source}\", \"-o\", \"{out}\"]"
ENTERED = "from-root = [\"{python}\", \"bootstrap/seed\", \"{source}\", \"{out}\"]"
FILE = "compiler/pipeline.0x0"
BEGIN = ";; ---- the list\n"
MUTANTS: Tuple[ClaimMutant, ...] = (
    fault("all-is-the-trusted-chain", "Makefile", "\t@test -f $(COMPILER_SOURCE)\n", "\t@test -f compiler/main.0x0\n"),
    fault("all-runs-the-chain", "Makefile", ALL, ALL + "\t@$(PYTHON) bootstrap/seed $(COMPILER_SOURCE) out\n"),
    fault("compat-is-apart", "compiler/compat-main.0x0", "(ƒ main\n", "(ƒ start\n"),
    fault("nothing-foreign-is-named", FILE, BEGIN, '(const tool Text "gcc -O2")\n' + BEGIN, True),
    fault("nothing-foreign-is-named", FILE, BEGIN, '(const head Text "#include <stdio.h>")\n' + BEGIN, True),
    fault("nothing-foreign-is-named", FILE, BEGIN, '(const out Text "program.s")\n' + BEGIN, True),
    fault("nothing-foreign-is-named", FILE, BEGIN, "(const seed-of-all I64 1)\n" + BEGIN, True),
    fault("root-spares-the-seed", "bootstrap/chain.toml", SPARED, ENTERED),
    ClaimMutant(
        "opens-once-writes-one",
        (
            Fault("compiler/main.0x0", '(↥ "std:bytes" octets)\n', '(↥ "std:bytes" octets)\n(↥ "std:file" file)\n'),
            Fault(
                "compiler/main.0x0",
                "  (≔ host (options.system",
                '  (discard (file.write (bytes "/dev/null") (bytes "x") 0o644))\n  (≔ host (options.system',
            ),
        ),
        True,
    ),
    fault("no-binary-is-kept", "examples/input/program", "", b"\x7fELF\x02\x01\x01"),
    fault("no-binary-is-kept", "tests/hostile/program.0x0", "", b"\x7fELF\x02\x01\x01\0"),
    fault("no-binary-is-kept", "docs/picture.md", "", b"text\0text"),
)


def test_the_tree_holds(zero: Path) -> None:
    answers = [judge(claim, TOP, zero) for claim in CLAIMS]
    assert red(answers) == [], told(answers)


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_turns_its_claim_red(mutant: ClaimMutant, zero: Path, tmp_path: Path) -> None:
    turns_red(CLAIMS, mutant, zero, tmp_path)


def test_names_that_are_missing_are_found(tmp_path: Path) -> None:
    claim = next(claim for claim in CLAIMS if claim.name.endswith("top-names-stand"))
    for name in ("bootstrap", "compiler", "perf", "audit", "release"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    (tmp_path / "tests").mkdir()
    (tmp_path / "Makefile").touch()
    assert [str(finding) for finding in judge(claim, tmp_path, tmp_path).findings] == ["tests: is not there, or is empty"]
    (tmp_path / "tests/file").touch()
    assert judge(claim, tmp_path, tmp_path).findings == ()


def test_every_claim_has_a_mutant() -> None:
    named = {mutant.claim for mutant in MUTANTS} | {"top-names-stand"}  # which has its own test above: without a folder much else is red too
    assert named == {claim.name.partition("/")[2] for claim in CLAIMS}


FOREIGN = (
    ("seed", "the seed"),
    ("hash.seed", "the seed"),
    ('"bootstrap/seed"', "the seed"),
    ('"gcc"', "generated C"),
    ('"out.c"', "generated C"),
    ('"nasm -f elf64"', "an assembler"),
    ('"OUT.S"', "an assembler"),
    ("compat.emit", "compat"),
    ("seeded", ""),
    ("incompatible", ""),
    ("access", ""),
    ('"a.command"', ""),
    ("42", ""),
)


@pytest.mark.parametrize("text, what", FOREIGN)
def test_foreign_names(text: str, what: str) -> None:
    assert foreign(forms.read(text)[0]) == what


def test_contents() -> None:
    assert executable(b"\x7fELF...") and executable(b"MZ..") and not executable(b"text")
    assert (no_text(b"a\0b"), no_text(b"ab\xff"), no_text("größe".encode())) == ("holds a zero byte", "is not UTF-8 at byte 2", "")


def test_tracked_files_are_those_of_git(tmp_path: Path) -> None:
    (tmp_path / "ignored").write_bytes(b"\0")
    (tmp_path / "kept").write_bytes(b"text")
    assert tracked(Subject(tmp_path, tmp_path)) == ["ignored", "kept"]
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "kept"], cwd=tmp_path, check=True)
    assert tracked(Subject(tmp_path, tmp_path)) == ["kept"]
