"""The group "rss-limit": its claims hold on this tree, and each is broken by a fault of the guard, or of the chain, that it is there for."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Tuple

import pytest

from audit.claim import Claim, Verdict, judge
from perf.guard.supervisor.reaper import LONGEST_SECONDS
from perf.rss_limit_check import CLAIMS
from tests.conftest import TOP

pytestmark = [pytest.mark.slow, pytest.mark.machine]  # together they take more than `make quick` may

REAPER, MEMBERS, KERNEL = (f"perf/guard/supervisor/{name}.py" for name in ("reaper", "members", "kernel"))
RUN, MODEL, COMMAND = (f"perf/guard/{name}.py" for name in ("run", "model", "command"))
FOLDERS = ("perf", "bootstrap", "tests/perf/guard")


@dataclass(frozen=True)
class Mutant:
    """A fault: in a file, a text that stands there once, what stands there instead, and the claim that it breaks."""

    claim: str
    file: str
    before: str
    after: str


MUTANTS: Tuple[Mutant, ...] = (
    Mutant("within-its-limits-a-command-passes", COMMAND, "return outcome.status if", "return 0 if"),
    Mutant("over-budget-is-ended", REAPER, 'self.kill = "over-budget"', "pass"),
    Mutant("over-budget-grandchild-is-ended", REAPER, "self.readings.resident(pids)", "self.readings.resident([self.command.pid])"),
    Mutant("over-budget-together-is-ended", REAPER, "max(largest, tally.sum_kib) > budget", "largest > budget"),
    Mutant("short-spike-is-told", COMMAND, "if outcome.over_budget or outcome.kill", "if outcome.kill"),
    Mutant("escaped-daemon-is-ended", RUN, "choice for choice in Containment if choice not in refused_here", "Containment.GROUP"),
    Mutant("fork-storm-is-ended", REAPER, "len(pids) > self.order.max_members", "len(pids) > 100 * self.order.max_members"),
    Mutant("deaf-tree-is-ended", COMMAND, "    if outcome.kill is Kill.TIMEOUT:\n        return TIMEOUT\n", ""),
    Mutant("tree-that-dies-by-itself-is-left-alone", REAPER, "self.tally.ended_by_guard if by_itself", "len(self.tally.seen) - 1 if by_itself"),
    Mutant("peak-repeats", KERNEL, "return bool(libc.personality(ADDR_NO_RANDOMIZE) != -1)", "return False"),
    Mutant("chain-keeps-its-budgets", "bootstrap/stage.py", "max_rss_kib=stage.max_rss_kib", "max_rss_kib=None"),
)


def named(name: str) -> Claim:
    return next(claim for claim in CLAIMS if claim.name == f"rss-limit/{name}")


def test_every_claim_has_a_mutant() -> None:
    assert [f"rss-limit/{mutant.claim}" for mutant in MUTANTS] == [claim.name for claim in CLAIMS]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name.partition("/")[2])
def test_claim_holds(claim: Claim, zero: Path) -> None:
    answer = judge(claim, TOP, zero)
    assert answer.verdict is Verdict.HOLDS, (answer.findings, answer.reason)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.claim)
def test_mutant_breaks_its_claim(mutant: Mutant, zero: Path, tmp_path: Path) -> None:
    for folder in FOLDERS:
        shutil.copytree(TOP / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "seed"))
    path = tmp_path / mutant.file
    text = path.read_text(encoding="utf-8")
    assert text.count(mutant.before) == 1, "the mutant is stale"
    path.write_text(text.replace(mutant.before, mutant.after), encoding="utf-8")
    answer = judge(named(mutant.claim), tmp_path, zero)
    assert answer.verdict is Verdict.BROKEN, (answer.verdict, answer.findings, answer.reason)


def test_a_claim_without_its_guard_or_its_tree_is_not_measured(zero: Path, tmp_path: Path) -> None:
    (tmp_path / "perf").mkdir()
    for claim in CLAIMS[:3]:
        answer = judge(claim, tmp_path, zero)
        assert answer.verdict is Verdict.NOT_MEASURED and answer.reason
    assert judge(named("peak-repeats"), TOP, tmp_path / "zero").verdict is Verdict.NOT_MEASURED


ASKED = """
import sys
from pathlib import Path
from audit.claim import judge
from perf.rss_limit_check import CLAIMS
for claim in CLAIMS:
    if claim.name.endswith("peak-repeats"):
        answer = judge(claim, Path.cwd(), Path(sys.argv[1]))
        print(answer.verdict.value, answer.red, *answer.findings, answer.reason, sep="|")
"""


def test_where_the_kernel_refuses_fixed_addresses_that_is_told_and_not_green(zero: Path) -> None:
    command = [sys.executable, "tests/perf/refusing.py", sys.executable, "-c", ASKED, str(zero)]
    done = subprocess.run(command, cwd=TOP, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(TOP)}, capture_output=True, text=True, timeout=240)
    if done.stderr.startswith("refusing: "):
        pytest.skip(done.stderr.strip())
    assert done.stdout.startswith("not present|False|this machine refuses fixed addresses"), done.stdout + done.stderr


def test_the_tree_that_dies_by_itself_is_there_long_enough_to_be_seen_by_a_sample() -> None:
    text = (TOP / "tests/perf/guard/exits_by_itself.sh").read_text(encoding="utf-8")
    assert min(map(float, re.findall(r"sleep ([0-9.]+)", text))) > LONGEST_SECONDS
