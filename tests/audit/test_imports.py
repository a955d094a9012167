"""The gate of imports: it holds for the tree, and each claim is turned red by one import that should not be."""

from __future__ import annotations

from pathlib import Path
from typing import Tuple

import pytest

from audit.claim import judge
from audit.imports import CLAIMS, circles, standard
from tests.audit.claims import ClaimMutant, Fault, fault, red, told, turns_red
from tests.conftest import TOP

MAP = "(host.map (joined library"
MUTANTS: Tuple[ClaimMutant, ...] = (
    fault("layers-go-one-way", "compiler/base/names.0x0", '(⊙ base.names)\n', '(⊙ base.names)\n(↥ "../obj/object.0x0" object)\n'),
    fault("layers-go-one-way", "compiler/extra/new.0x0", "", "(⊙ extra.new)\n"),
    fault("compat-from-compat-main-alone", "compiler/native.0x0", "(⊙ native)\n", '(⊙ native)\n(↥ "compat/runtime.0x0" runtime)\n'),
    fault("library-imports-itself", "lib/std/sort.0x0", "(⊙ std.sort)\n", '(⊙ std.sort)\n(↥ "../../compiler/base/names.0x0" names)\n'),
    fault("raw-users-are-the-table", "lib/std/option.0x0", "(⊙ std.option)\n", '(⊙ std.option)\n(↥ "std:raw" raw)\n'),
    fault("raw-users-are-the-table", "lib/std/raw-users", "std/utf8.0x0\n", "std/utf8.0x0\nstd/vec.0x0\n"),
    fault("the-table-is-one", "compiler/read/modules.0x0", f'{MAP} (bytes "std/raw-users")', f'{MAP} (bytes "std/users")'),
    fault("the-table-is-one", "bootstrap/seed/modules.py", "'std', 'raw-users'), encoding", "'std', 'users'), encoding"),
    fault("the-table-is-one", "docs/language.md", "`lib/std/raw-users`", "the compiler"),
    fault("no-circles-in-0x0", "lib/std/bytes.0x0", "(⊙ std.bytes)\n", '(⊙ std.bytes)\n(↥ "std:text" text)\n'),
    fault("packages-keep-to-the-table", "bootstrap/ledger.py", "import record\n", "import record\nfrom perf import store\n"),
    fault("packages-keep-to-the-table", "audit/layouts.py", "from . import forms\n", "from . import forms\nfrom bootstrap.seed import read\n"),
    fault("standard-library-alone", "release/verify.py", "import hashlib\n", "import hashlib\nimport psutil\n"),
    fault("standard-library-alone", "perf/guard/model.py", "from enum import Enum\n", "from enum import Enum\nimport psutil\n"),
    fault("tests-are-imported-by-none", "audit/layouts.py", "from . import forms\n", "from tests.corpus import read\n\nfrom . import forms\n"),
    fault("no-circles-in-python", "audit/claim.py", "from enum import Enum\n", "from enum import Enum\n\nfrom . import evidence\n"),
)


@pytest.mark.slow
def test_the_tree_holds() -> None:
    answers = [judge(claim, TOP, TOP / "build/bin/zero") for claim in CLAIMS]
    assert red(answers) == [], told(answers)
    assert all(answer.audited and not answer.claim.needs_run for answer in answers)


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_turns_its_claim_red(mutant: ClaimMutant, tmp_path: Path) -> None:
    turns_red(CLAIMS, mutant, TOP / "build/bin/zero", tmp_path)


def test_every_claim_has_a_mutant() -> None:
    assert {mutant.claim for mutant in MUTANTS} == {claim.name.partition("/")[2] for claim in CLAIMS}


def test_what_cannot_be_read_is_not_measured(tmp_path: Path) -> None:
    mutant = ClaimMutant("", (Fault("compiler/main.0x0", "", "(⊙ main\n"), Fault("bootstrap/root.py", "", "def\n")))
    for change in mutant.faults:
        (tmp_path / change.file).parent.mkdir(parents=True)
        (tmp_path / change.file).write_text(str(change.after), encoding="utf-8")
    answers = [judge(claim, tmp_path, tmp_path) for claim in CLAIMS]
    assert [answer.claim.name for answer in answers if not answer.red] == []


def test_circles() -> None:
    assert circles({"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": set()}) == []
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == [["b", "c", "b"]]
    assert circles({"a": {"a"}}) == [["a", "a"]]


def test_standard() -> None:
    assert [name for name in ("sys", "os", "json", "fcntl", "__future__", "xml") if not standard(name)] == []
    assert [name for name in ("pytest", "psutil", "tabulate", "no_such_module") if standard(name)] == []
