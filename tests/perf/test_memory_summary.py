"""The gate of memory-summary: it holds for the compiler, and each claim is red for a compiler that tells something else."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Tuple

import pytest

from audit.claim import Verdict
from perf import memory_check
from perf.memory_summary_check import CLAIMS, FIELDS, shape_of
from tests.conftest import TOP
from tests.perf.trees import answer, answers, told, unheld

pytestmark = [pytest.mark.slow, pytest.mark.machine]  # together they take more than `make quick` may

WRAPPER = """\
#!{python} -S
import os, re, subprocess, sys
real = os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), "real")
done = subprocess.run([real, *sys.argv[1:]], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
out, err = done.stdout.decode(), done.stderr.decode()
if sys.argv[1] == {command!r}:
    out = re.sub({pattern!r}, {text!r}, out, flags=re.M)
    err = re.sub({pattern!r}, {text!r}, err, flags=re.M)
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit({status})
"""

# By a shell, which is small: what is measured is the compiler's peak.
HIDING = """\
#!/bin/sh
real=${0%/*}/real
[ "$1" = memory-summary ] || exec "$real" "$@"
"$real" "$@" | sed 's/^retained-checking .*/retained-checking 1000000/'
"""


def telling(top: Path, command: str, pattern: str, text: str, status: str = "done.returncode") -> None:
    """Replace the compiler of the tree by one that tells something else."""
    zero = top / "build/bin/zero"
    if not zero.with_name("real").exists():
        zero.rename(zero.with_name("real"))
    script = WRAPPER.format(python=sys.executable, command=command, pattern=pattern, text=text, status=status)
    zero.write_text(script, encoding="utf-8")
    zero.chmod(0o755)


def test_the_gate_holds(top: Path) -> None:
    assert unheld(CLAIMS, top) == []


SUMMARY = "memory-summary"
LIES: Tuple[Tuple[str, str, str, str, str], ...] = (
    (SUMMARY, "^files .*\n", "", "every-field-is-there", "the field files comes 0 times"),
    (SUMMARY, "^files (.*)\n", "files \\1\nfiles \\1\n", "every-field-is-there", "the field files comes 2 times"),
    (SUMMARY, "^files (.*)\n", "files \\1\nlists 5\n", "every-field-is-there", "the field lists is not known"),
    (SUMMARY, "^files .*", "files many", "every-field-is-there", "not a name and a whole number"),
    (SUMMARY, "^files .*", "files 007", "every-field-is-there", "not a name and a whole number"),
    (SUMMARY, "^version 1", "version 2", "every-field-is-there", "the first line is 'version 2'"),
    (SUMMARY, "^(root-forms .*)\n(expanded-forms .*)\n", "\\2\n\\1\n", "every-field-is-there", "in another order"),
    (SUMMARY, "^unique-symbols .*", "unique-symbols 900000", "figures-agree", "unique-symbols <= symbols"),
    (SUMMARY, "^root-forms .*", "root-forms 900000", "figures-agree", "root-forms <= expanded-forms"),
    (SUMMARY, "^retained-layout .*", "retained-layout 8", "figures-agree", "retained-layout = 0"),
    (SUMMARY, "^retained-packaging (.*)", "retained-packaging 1\\1", "figures-agree", "the file has"),
    (SUMMARY, "^retained-reading .*", "retained-reading 1", "figures-agree", "expanded-forms <= retained-reading"),
    (SUMMARY, "^retained-reading (.*)", "retained-reading \\g<1>00", "figures-agree", "retained-reading <= 524288"),
    (SUMMARY, "^functions .*", "functions 0", "figures-agree", "functions <= nodes"),
    (SUMMARY, "^symbols .*", "symbols 6000", "duplicates-cost-a-use-each", "add 0 to symbols, not 600"),
    (SUMMARY, "^retained-loading .*", "retained-loading 900000", "duplicates-cost-a-use-each", "to retained-loading"),
    ("check", '"column":25', '"column":26', "mistakes-are-told-at-their-place", "malformed.0x0:3:25: unterminated-text is not told"),
    ("check", '"line":202', '"line":201', "mistakes-are-told-at-their-place", "unterminated.0x0:202:"),
    ("check", "unterminated-list", "unterminated", "mistakes-are-told-at-their-place", "unterminated is told and is not there"),
)


@pytest.mark.parametrize(("command", "pattern", "text", "name", "words"), LIES, ids=[f"{lie[3]}: {lie[4]}" for lie in LIES])
def test_a_lie_turns_its_claim_red(top: Path, command: str, pattern: str, text: str, name: str, words: str) -> None:
    telling(top, command, pattern, text)
    found = answer(CLAIMS, name, top)
    assert found.verdict is Verdict.BROKEN, told(found)
    assert words in told(found)


def test_a_summary_that_differs_from_run_to_run_is_red(top: Path) -> None:
    telling(top, SUMMARY, "^nodes ", "nodes 1")
    zero = top / "build/bin/zero"
    changing = '"nodes 1" + str(__import__("time").time_ns())'
    zero.write_text(zero.read_text(encoding="utf-8").replace("'nodes 1'", changing), encoding="utf-8")
    found = answer(CLAIMS, "same-in-every-run", top)
    assert found.verdict is Verdict.BROKEN and "in one run" in told(found)


def test_a_summary_of_a_malformed_source_is_red(top: Path) -> None:
    telling(top, SUMMARY, "^", "", status="0")
    assert "ends with status 0, not 1" in told(answer(CLAIMS, "mistakes-are-told-at-their-place", top))


def test_a_compiler_that_fails_or_is_absent_was_not_measured(top: Path) -> None:
    telling(top, SUMMARY, "^", "", status="3")
    for each in answers(CLAIMS[:4], top).values():
        assert each.verdict is Verdict.NOT_MEASURED and each.red
    (top / "build/bin/zero").unlink()
    for each in answers(CLAIMS, top).values():
        assert each.verdict is Verdict.NOT_MEASURED and "there is no compiler" in each.reason


def test_the_fields_are_those_of_the_page() -> None:
    page = (TOP / "docs/memory.md").read_text(encoding="utf-8").partition("\n## memory-summary\n")[2].partition("\n## ")[0]
    assert tuple(line.split("`")[1] for line in page.splitlines() if line.startswith("| `")) == FIELDS
    assert list(shape_of([f"{field} 1" for field in FIELDS])) == []


@pytest.mark.parametrize(
    ("pattern", "text", "words"),
    [
        ("^retained-layout .*", "retained-layout 4096", "the phase layout retains nothing by the table, and 4096 bytes"),
        ("^retained-layout", "retained-rewriting", "the summary is not whole"),
    ],
)
def test_a_phase_that_retains_what_the_page_does_not_name_is_red(top: Path, pattern: str, text: str, words: str) -> None:
    telling(top, SUMMARY, pattern, text)
    found = answer(memory_check.CLAIMS, "phases-retain-what-is-named", top)
    assert found.red and words in told(found)


def test_a_page_without_a_phase_or_a_slope_is_red(top: Path) -> None:
    page = (TOP / "docs/memory.md").read_text(encoding="utf-8")
    (top / "docs/memory.md").write_text(page.replace("| lowering |", "| sinking |"), encoding="utf-8")
    found = answer(memory_check.CLAIMS, "phases-retain-what-is-named", top)
    assert "the phase lowering retains" in told(found) and "the phase sinking is in the table" in told(found)
    (top / "docs/memory.md").write_text(re.sub(r"\d+ bytes a source byte", "few bytes", page), encoding="utf-8")
    assert "states no slope" in told(answer(memory_check.CLAIMS, "peak-is-below-the-slope", top))
    (top / "docs/memory.md").write_text(re.sub(r"\d+ MiB \+ \d+ bytes a source byte", "1 MiB + 3 bytes a source byte", page), encoding="utf-8")
    assert "the page allows" in told(answer(memory_check.CLAIMS, "peak-is-below-the-slope", top))


def test_memory_that_is_kept_and_not_told_is_red(top: Path) -> None:
    zero = top / "build/bin/zero"
    zero.rename(zero.with_name("real"))
    zero.write_text(HIDING, encoding="utf-8")
    zero.chmod(0o755)
    found = answer(memory_check.CLAIMS, "peak-grows-as-is-told", top)
    assert found.verdict is Verdict.BROKEN and "the peak grows by" in told(found)
