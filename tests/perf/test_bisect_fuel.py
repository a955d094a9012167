"""Bisection by decisions: it finds the one that changes what a program does, tells it, and asks a command what output does not tell."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import List, Tuple

import pytest

from perf.__main__ import main
from tests.mutants import Mutant, copy_tree, mutated_compiler

pytestmark = pytest.mark.machine

# builds a shell script; the decision in the environment's place of FIRST makes it say something else
COMPILER = """\
#!{python} -S
import os, sys
words = sys.argv[1:]
out = words[words.index("-o") + 1]
fuel = int(words[words.index("--fuel") + 1]) if "--fuel" in words else 10**9
if "-O0" in words:
    fuel = 0
if "--fuel" in words and fuel <= 100:
    print("fuel: gvn in main.f%d at %d:1" % (fuel, fuel), file=sys.stderr)
if fuel in {refused}:
    sys.exit("the compiler trapped")
with open(out, "w") as made:
    made.write("#!/bin/sh\\ncat\\n" + ("{bad}" if {first} <= fuel else "{good}") + "\\n")
os.chmod(out, 0o755)
"""


def compiler(folder: Path, first: int, bad: str = "echo wrong", good: str = "echo right", refused: Tuple[int, ...] = ()) -> Path:
    path = folder / "zero"
    path.write_text(COMPILER.format(python=sys.executable, first=first, bad=bad, good=good, refused=set(refused) or "()"), encoding="utf-8")
    path.chmod(0o755)
    return path


def bisect(folder: Path, zero: Path, *more: str) -> int:
    source = folder / "p.0x0"
    source.write_text("(⊙ p)\n", encoding="utf-8")
    at = list(more).index("--") if "--" in more else len(more)
    return main(["bisect-fuel", str(source), "--compiler", str(zero), "--timeout", "240", *more[:at], *more[at:]])


FAULTS = [(1, "echo wrong"), (2, "echo wrong"), (37, "echo wrong"), (64, "echo wrong")]
FAULTS += [(3, "echo right >&2"), (3, "echo right; exit 3"), (3, "kill -9 $$")]


@pytest.mark.slow
@pytest.mark.parametrize(("first", "bad"), FAULTS)
def test_the_decision_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str], first: int, bad: str) -> None:
    assert bisect(tmp_path, compiler(tmp_path, first, bad)) == 1
    assert told_of(first) in capsys.readouterr().out


def told_of(decision: int) -> str:
    return f"decision {decision} makes the difference: gvn in main.f{decision} at {decision}:1\n"


@pytest.mark.slow
def test_the_decision_is_found_that_makes_a_program_hang(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On a machine that stands still for as long as a program is given, one that does not hang seems to."""
    for _ in range(4):
        status, output = bisect(tmp_path, compiler(tmp_path, 3, "sleep 60"), "--timeout", "3"), capsys.readouterr().out
        if told_of(3) in output:
            break
    assert status == 1 and told_of(3) in output


def test_without_a_difference_there_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bisect(tmp_path, compiler(tmp_path, 10**12)) == 0
    assert "no decision makes a difference" in capsys.readouterr().out


@pytest.mark.slow
def test_a_compiler_that_fails_is_found_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bisect(tmp_path, compiler(tmp_path, 20, refused=tuple(range(20, 2000)))) == 1
    output = capsys.readouterr().out
    assert "not built, status 1: the compiler trapped" in output or "not built, status 1: fuel: gvn" in output
    assert "decision 20 makes the difference" in output


def test_what_differs_without_decisions_is_no_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    zero = compiler(tmp_path, 0)
    text = zero.read_text(encoding="utf-8").replace("fuel = 0", "fuel = -1")
    zero.write_text(text, encoding="utf-8")
    assert bisect(tmp_path, zero) == 1
    assert "it is not a pass that is at fault" in capsys.readouterr().out


@pytest.mark.slow
def test_a_command_judges_where_the_output_does_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    zero = compiler(tmp_path, 9, bad="echo $$; exit 0 # slow", good="echo $$")
    assert bisect(tmp_path, zero, "--", "sh", "-c", "! grep -q slow {}") == 1
    output = capsys.readouterr().out
    assert "decision 9 makes the difference" in output and "bad   status 1" in output


@pytest.mark.slow
def test_the_program_reads_what_is_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = tmp_path / "in"
    given.write_text("text\n", encoding="utf-8")
    assert bisect(tmp_path, compiler(tmp_path, 5, bad="true", good="true"), "--stdin", str(given)) == 0
    assert bisect(tmp_path, compiler(tmp_path, 5, bad="exit 1", good="true"), "--stdin", str(given)) == 1


SUMS = """\
(⊙ p)
(↥ "std:io" io)
(ƒ sums (∷ (→ I64 I64 I64)) (a b)
  (≔ one (+ a b))
  (io.print-i64 one)
  (^ one (+ b a)))
(ƒ main (∷ (→ Unit)) () (for (i 0 3) (io.print-i64 (sums i 5))))
"""


@pytest.mark.slow
def test_a_wrong_fold_of_the_optimiser_is_found(zero: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right, wrong = "((= op ops.i-xor) (known.constant! k 0))", "((= op ops.i-xor) (known.constant! k 1))"
    copy_tree(Mutant("compiler/opt/fold.0x0", right, wrong, ""), tmp_path)
    source = tmp_path / "p.0x0"
    source.write_text(SUMS, encoding="utf-8")
    words = ["bisect-fuel", str(source), "--option=--lib", f"--option={tmp_path / 'lib'}", "--compiler"]
    assert main([*words, str(mutated_compiler(tmp_path))]) == 1
    assert "makes the difference: gvn in p.sums at p.0x0:6:3" in capsys.readouterr().out
    assert main([*words, str(zero)]) == 0


WRONG: Tuple[Tuple[List[str], str], ...] = (
    (["--", "true"], "does not name the program"),
    (["--", "false", "{}"], "at -O0 it is status 1"),
    (["--compiler", "/nowhere/zero"], "/nowhere/zero: there is no such file"),
)


@pytest.mark.parametrize(("more", "words"), WRONG, ids=[words for _, words in WRONG])
def test_what_cannot_be_asked_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], more: List[str], words: str) -> None:
    assert bisect(tmp_path, compiler(tmp_path, 5), *more) == 2
    error = capsys.readouterr().err
    assert error.startswith("perf bisect-fuel: ") and words in error
