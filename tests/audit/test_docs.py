"""The gate of pages: it holds for this tree, and each claim is turned red by a page that says what is not so."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Tuple

import pytest

from audit import docs
from audit.claim import Answer, Verdict, judge
from audit.figures import FIGURES, number
from tests.conftest import TOP

pytestmark = pytest.mark.slow  # together they take more than `make quick` may

PAGE = """# Page

    make help        # a comment
    ls README.md

[a link](README.md#page), [a file](lib/std/io.0x0), `lib/std/io.0x0`, `make help`, `python3 -m bootstrap --chain FILE`

    (⊙ quiet)
    (ƒ main (∷ (→ I64)) () 0)

<!-- output of: echo one; echo two -->

    one
    two

<!-- part of: Makefile -->

    help: ## print
    \t@echo help

<!-- shown: a picture -->

```
a -> b
```

There are 1,234<!-- figure: seed-lines --> lines.
"""

# What is put in place of what, and the claims that turn red.
MUTANTS: Tuple[Tuple[str, str, str], ...] = (
    ("README.md#page", "READYOU.md", "links"),
    ("README.md#page", "README.md#pages", "links"),
    ("`lib/std/io.0x0`", "`lib/std/oi.0x0`", "names"),
    ("`make help`", "`make hope`", "known-commands commands"),
    ("python3 -m bootstrap --chain", "python3 -m bootstrap.chains --chain", "known-commands"),
    ("<!-- shown: a picture -->", "", "blocks-have-a-kind"),
    ("ls README.md", "something else", "blocks-have-a-kind"),
    ("ls README.md", "ls READYOU.md", "commands"),
    ("(ƒ main (∷ (→ I64)) () 0)", "(ƒ main (∷ (→ I64)) () 3)", "programs"),
    ("(ƒ main (∷ (→ I64)) () 0)", "(ƒ main (∷ (→ I64)) () none)", "programs"),
    ("    two", "    three", "samples"),
    ("echo two", "echo two; false", "samples"),
    ("    help: ## print", "    help: ## prints", "samples"),
    ("1,234<!--", "1,235<!--", "figures"),
    ("seed-lines", "seed-miles", "figures"),
    ("1,234<!-- figure", "many<!-- figure", "figures"),
)


@pytest.fixture
def tree(zero: Path, tmp_path: Path) -> Path:
    """A small tree for one page."""
    for name in ("lib", "bootstrap", "tests", ".ci"):
        (tmp_path / name).symlink_to(TOP / name)
    (tmp_path / "build" / "bin").mkdir(parents=True)
    (tmp_path / "build" / "bin" / "zero").symlink_to(zero)
    (tmp_path / "Makefile").write_text("help: ## print\n\t@echo help\n")
    return tmp_path


def answers(top: Path) -> Dict[str, Answer]:
    found = [judge(claim, top, top / "build" / "bin" / "zero") for claim in docs.CLAIMS]
    return {answer.claim.name.partition("/")[2]: answer for answer in found}


def judge_page(top: Path, text: str) -> Dict[str, Answer]:
    seed_lines = next(figure for figure in FIGURES if figure.name == "seed-lines").value(top)
    (top / "README.md").write_text(text.replace("1,234<!--", f"{seed_lines:,}<!--").replace("1,235<!--", f"{(seed_lines or 0) + 1:,}<!--"))
    return answers(top)


def test_the_pages_of_this_tree_hold(zero: Path) -> None:
    told = {name: answer.reason or [str(finding) for finding in answer.findings] for name, answer in answers(TOP).items()}
    assert {name: what for name, what in told.items() if what} == {}


def test_a_sound_page_holds(tree: Path) -> None:
    assert {answer.verdict for answer in judge_page(tree, PAGE).values()} == {Verdict.HOLDS}


@pytest.mark.parametrize(("before", "after", "names"), MUTANTS, ids=[f"{names.split()[0]}-{i}" for i, (_, _, names) in enumerate(MUTANTS)])
def test_what_is_not_so_turns_its_claim_red(before: str, after: str, names: str, tree: Path) -> None:
    assert before in PAGE
    red = [name for name, answer in judge_page(tree, PAGE.replace(before, after)).items() if answer.verdict is Verdict.BROKEN]
    assert sorted(red) == sorted(names.split())


def test_a_judge_that_is_not_there_is_seen(tree: Path) -> None:
    (tree / ".ci").unlink()
    assert judge_page(tree, PAGE)["judges"].verdict is Verdict.BROKEN


def test_a_command_that_does_not_end_is_seen(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docs, "PATIENCE_SECONDS", 1)
    (tree / "slow.py").write_text("import time\ntime.sleep(60)\n")
    found = judge_page(tree, "# Page\n\n    python3 slow.py\n")["commands"].findings
    assert [finding.message for finding in found] == ["`python3 slow.py` does not end in 1 s"]


def test_a_command_that_takes_long_is_seen(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docs, "SECONDS", 0.5)
    (tree / "busy.py").write_text("import time\nwhile time.process_time() < 1:\n    pass\n")
    found = judge_page(tree, "# Page\n\n    python3 busy.py\n")["commands"].findings
    assert [finding.message for finding in found] == ["`python3 busy.py` takes more than 0.5 s of a processor"]


def test_a_figure_that_can_not_be_had_is_not_measured(tree: Path) -> None:
    (tree / "build" / "bin" / "zero").unlink()
    answer = judge_page(tree, "569,520<!-- figure: zero-bytes -->\n")["figures"]
    assert (answer.verdict, answer.reason) == (Verdict.NOT_MEASURED, "not there to compare with: zero-bytes")


def test_figures_are_written_where_they_are_marked_and_there_alone(tree: Path) -> None:
    judge_page(tree, "9,999<!-- figure: seed-lines --> of 9,999<!-- figure: no-such --> and 9,999\n")
    assert list(docs.write_figures(tree)) == ["README.md"]
    lines = next(figure for figure in FIGURES if figure.name == "seed-lines").value(tree)
    assert (tree / "README.md").read_text() == f"{lines:,}<!-- figure: seed-lines --> of 9,999<!-- figure: no-such --> and 9,999\n"
    assert list(docs.write_figures(tree)) == []


def test_a_page_that_nothing_leads_to_is_seen(tree: Path) -> None:
    (tree / "docs").mkdir()
    (tree / "docs" / "near.md").write_text("[on](far.md)\n")
    (tree / "docs" / "far.md").write_text("[back](near.md)\n")
    found = judge_page(tree, PAGE)["pages-are-reached"].findings
    assert [finding.path for finding in found] == ["docs/far.md", "docs/near.md"]
    assert judge_page(tree, PAGE + "[near](docs/near.md)\n")["pages-are-reached"].verdict is Verdict.HOLDS


def test_no_page_is_not_measured(tree: Path) -> None:
    assert {answer.verdict for name, answer in answers(tree).items() if name != "judges"} == {Verdict.NOT_MEASURED}


def test_a_commands_writing_does_not_reach_the_tree(tree: Path) -> None:
    judge_page(tree, PAGE + "\n    python3 -c \"open('written','w')\"\n")
    assert not (tree / "written").exists()


def test_every_figure_can_be_had_here(zero: Path) -> None:
    assert [figure.name for figure in FIGURES if figure.value(TOP) is None] == []


def test_a_figure_is_counted_right(tmp_path: Path) -> None:
    """A count by hand of a tree made for it."""
    (tmp_path / "bootstrap" / "seed").mkdir(parents=True)
    (tmp_path / "bootstrap" / "seed" / "a.py").write_text("one\ntwo\n")
    (tmp_path / "bootstrap" / "seed" / "b.py").write_text("é\n")
    values = {figure.name: figure.value(tmp_path) for figure in FIGURES}
    assert (values["seed-lines"], values["seed-bytes"], values["chain-lines"]) == (3, 11, None)
    (tmp_path / "n.txt").write_text("limit = 12_000\n")
    assert number("n.txt", "^limit = ([0-9_]+)")(tmp_path) == 12000
