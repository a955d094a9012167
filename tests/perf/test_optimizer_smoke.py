"""The gate of the optimiser: it holds for the compiler, and each claim is red for one that leaks graphs or says another thing each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.claim import Verdict
from perf.budget import BUDGETS
from perf.optimizer_smoke_check import CLAIMS
from tests.perf.trees import Patch, answer, answers, told, tree, unheld

pytestmark = [pytest.mark.slow, pytest.mark.machine]  # each builds the compiler several times

# Stands for a compiler where what it tells is what counts.
TELLING = """\
#!/bin/sh
echo "function f -> 0 {
function f -> 0 {" >&2

"""


def telling(top: Path, more: str) -> None:
    """Replace the compiler of the tree by one that tells of one graph, before and after, and does more."""
    zero = top / "build/bin/zero"
    zero.write_text(TELLING + more + "\n", encoding="utf-8")
    zero.chmod(0o755)


def test_the_gate_holds(top: Path) -> None:
    assert unheld(CLAIMS, top) == []


def test_a_compiler_that_leaks_graphs_is_over_its_budget(zero: Path, tmp_path: Path) -> None:
    leak = Patch("compiler/lower.0x0", "  (≔ g (next-graph! l))\n", "  (discard (next-graph! l))\n  (≔ g (ssa.make))\n")
    found = answer(CLAIMS, "keeps-to-its-memory", tree(tmp_path / "leaking", zero, [leak]))
    assert found.verdict is Verdict.BROKEN and "more than its budget" in told(found)


def test_dumps_that_differ_from_run_to_run_are_red(top: Path) -> None:
    telling(top, "date +%s%N >&2")
    found = answer(CLAIMS, "dumps-are-the-same-twice", top)
    assert found.verdict is Verdict.BROKEN and "the graphs of gvn differ from run to run" in told(found)


def test_a_graph_that_is_told_once_is_red(top: Path) -> None:
    telling(top, "echo 'function one.more -> 0 {' >&2")
    found = answer(CLAIMS, "passes-tell-before-and-after", top)
    assert found.verdict is Verdict.BROKEN and "3 graphs are told of gvn, and not as many after it as before" in told(found)


def test_a_tree_that_fails_is_not_measured(top: Path) -> None:
    telling(top, "exit 3")
    assert {each.verdict for each in answers(CLAIMS, top).values()} == {Verdict.NOT_MEASURED}


def test_a_budget_far_above_is_red(top: Path) -> None:
    telling(top, "true")
    found = answer(CLAIMS, "keeps-to-its-memory", top)
    assert found.verdict is Verdict.BROKEN and "lower it to" in told(found)


def test_no_budget_is_red(top: Path) -> None:
    telling(top, "true")
    text = (top / BUDGETS).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("optimizer.source_smoke")]
    (top / BUDGETS).write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = answer(CLAIMS, "keeps-to-its-memory", top)
    assert found.verdict is Verdict.BROKEN and "has no budget" in told(found)
