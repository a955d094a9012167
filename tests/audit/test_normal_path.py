"""The gate of the normal path: it holds for the tree, and each claim is turned red by a change of real source."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Iterator, Tuple

import pytest

from audit import forms
from audit.claim import Finding, Subject, Verdict, judge
from audit.normal_path import CLAIMS, executable, foreign, no_text, normal_sources, seed_entered, tracked, what_was_opened, what_was_written
from audit.trace import Event, Trace
from tests.audit.claims import ClaimMutant, Fault, fault, red, tells, told, turns_red
from tests.conftest import TOP

pytestmark = pytest.mark.machine

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
    fault("no-binary-is-kept", "tests/compiler/hostile/program.0x0", "", b"\x7fELF\x02\x01\x01\0"),
    fault("no-binary-is-kept", "docs/picture.md", "", b"text\0text"),
)


@pytest.mark.slow
def test_the_tree_holds(zero: Path) -> None:
    answers = [judge(claim, TOP, zero) for claim in CLAIMS]
    assert red(answers) == [], told(answers)


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_turns_its_claim_red(mutant: ClaimMutant, zero: Path, tmp_path: Path) -> None:
    turns_red(CLAIMS, mutant, zero, tmp_path)


MAKEFILE, CHAIN, COMPAT = "Makefile", "bootstrap/chain.toml", "compiler/compat-main.0x0"
WRONG: Tuple[Tuple[str, str, str, str, str], ...] = (  # each sentence that a claim can say, by one change
    ("all-is-the-trusted-chain", MAKEFILE, "all: trusted-chain ", "all: clean trusted-chain ", "`all` does not need trusted-chain first"),
    ("all-is-the-trusted-chain", MAKEFILE, "COMPILER_SOURCE = compiler/main", "COMPILER_SOURCE = compiler/other", "COMPILER_SOURCE is not"),
    ("all-is-the-trusted-chain", MAKEFILE, "\t@$(PYTHON) -m bootstrap\n", "\t@$(PYTHON) -m bootstrap --from-seed\n", "as it stands"),
    ("all-is-the-trusted-chain", MAKEFILE, "\t@test -f $(COMPILER_SOURCE)\n", "", "does not name COMPILER_SOURCE"),
    ("all-is-the-trusted-chain", CHAIN, 'source = "compiler/main', 'source = "compiler/compat-main', "the chain's source is not"),
    ("all-runs-the-chain", MAKEFILE, "all: trusted-chain ", "all: clean trusted-chain ", "make all begins with"),
    ("all-runs-the-chain", MAKEFILE, "\t@$(PYTHON) -m bootstrap\n", "\t@$(PYTHON) -m bootstrap --from-seed\n", "from-seed"),
    ("all-runs-the-chain", MAKEFILE, ALL, ALL + "\t@$(PYTHON) bootstrap/seed x out\n", "make all would run: python3 bootstrap/seed"),
    ("compat-is-apart", COMPAT, "(ƒ main\n", "(ƒ start\n", "has no function main"),
    ("compat-is-apart", COMPAT, '"compat/target.0x0"', '"cmd/version.0x0"', "is made of nothing in compiler/compat/"),
    ("compat-is-apart", COMPAT, "(⊙ main)\n", '(⊙ main)\n(↥ "main.0x0" all)\n', "is made of compiler/main.0x0"),
    ("compat-is-apart", "compiler/native.0x0", "(⊙ native)\n", '(⊙ native)\n(↥ "compat/fold.0x0" fold)\n', "compiler/main.0x0 is made of it"),
)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the claims on sources read."""
    top = tmp_path_factory.mktemp("sources")
    shutil.copytree(TOP / "compiler", top / "compiler")
    shutil.copytree(TOP / "lib", top / "lib")
    for folder in ("bootstrap", "tests"):
        (top / folder).mkdir()
    for name in (MAKEFILE, CHAIN, "tests/requirements.txt"):
        shutil.copy(TOP / name, top / name)
    return top


@pytest.mark.parametrize(("name", "file", "before", "after", "words"), WRONG, ids=[row[4] for row in WRONG])
def test_each_way_to_leave_the_normal_path_is_told(sources: Path, name: str, file: str, before: str, after: str, words: str) -> None:
    tells(CLAIMS, name, sources, Fault(file, before, after), words)


def test_a_makefile_that_make_refuses_was_not_measured(tmp_path: Path) -> None:
    claim = next(claim for claim in CLAIMS if claim.name.endswith("/all-runs-the-chain"))
    (tmp_path / MAKEFILE).write_text("all: nothing-makes-this\n", encoding="utf-8")
    answer = judge(claim, tmp_path, tmp_path)
    assert answer.verdict is Verdict.NOT_MEASURED and "make -n all ends with status 2" in answer.reason


def event(call: str, *paths: str, pid: int = 1, flags: int = os.O_RDONLY, argv: Tuple[str, ...] = (), result: int = 0) -> Event:
    return Event(call, pid, paths, result, 0, flags, argv)


def words_of(findings: Iterator[Finding]) -> str:
    return "\n".join(map(str, findings))


def test_what_a_compiler_may_not_open_is_told() -> None:
    subject = Subject(TOP, TOP / "build/bin/zero")
    opened = [event("open", str(path)) for path in normal_sources(subject)]
    main = next(each for each in opened if each.path.endswith("compiler/main.0x0"))
    seed = event("open", str(TOP / "bootstrap/seed/__main__.py"))
    rows = (
        (opened, ""),
        ([*opened, main], "compiler/main.0x0: is opened 2 times"),
        ([*opened, seed], "bootstrap/seed/__main__.py: is opened by the compiler"),
        ([each for each in opened if each is not main], "compiler/main.0x0: is a source and is not opened"),
    )
    for events, words in rows:
        assert words_of(what_was_opened(Trace(tuple(events), 0, b"", b""), subject)) == words


def test_what_a_compiler_may_not_write_is_told() -> None:
    begin, part = event("execute", "/zero", argv=("zero",)), event("open", "/out.part", flags=os.O_WRONLY | os.O_CREAT)
    done, other = event("rename", "/out.part", "/out"), event("open", "/other", flags=os.O_WRONLY | os.O_CREAT)
    rows = (
        ((begin, part, event("write", "/out.part"), done), ""),
        ((begin, part), "the product does not come by one rename, but by 0\nopen of out.part, which is not the product"),
        ((begin, part, event("rename", "/out.part", "/elsewhere")), "the product does not come by one rename, but by 1"),
        ((begin, part, done, done), "the product does not come by one rename, but by 2"),
        ((begin, part, other, done), "open of other, which is not the product"),
        ((begin, part, event("write", "/other"), done), "write of other, which is not the product"),
        ((begin, part, event("remove", "/other"), done), "remove of other, which is not the product"),
        ((begin, part, event("open", "/other"), done), ""),
        ((begin, part, event("execute", "/bin/cc", argv=("cc", "x.c")), done), "starts cc x.c"),
        ((begin, part, event("execute", "/bin/cc", argv=("cc",), result=-2), done), ""),
    )
    for events, words in rows:
        assert words_of(what_was_written(Trace(events, 0, b"", b""), Path("/out"))) == words, events


def test_a_seed_that_runs_or_is_read_is_told() -> None:
    begin, seed = event("execute", "/python3", argv=("python3", "-m", "bootstrap")), "/top/bootstrap/seed/__main__.py"
    rows = (
        ((begin, event("open", seed)), ""),
        ((begin, event("open", seed, pid=2)), "bootstrap/seed/__main__.py is opened by another process than the chain"),
        ((begin, event("map", seed, pid=2)), "bootstrap/seed/__main__.py is opened by another process than the chain"),
        ((begin, event("open", "/top/bootstrap/chain.py", pid=2)), ""),
        ((begin, event("execute", "/python3", argv=("python3", "bootstrap/seed", "x"))), "the seed runs: python3 bootstrap/seed x"),
        ((begin, event("execute", "/python3", argv=("python3", "/top/bootstrap/seed"))), "the seed runs: python3 bootstrap/seed"),
        ((begin, event("execute", "/python3", argv=("python3", seed))), "the seed runs: python3 bootstrap/seed/__main__.py"),
    )
    for events, words in rows:
        found = [finding.message for finding in seed_entered(Trace(events, 0, b"", b""), Path("/top"))]
        assert found == ([words] if words else []), events


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
