"""registers: the checker finds nothing in what is given to registers, and finds what is planted there.

A row names a file of compiler/mach, a text that stands in it once, and what stands there instead: a fault of the allocator. The
program that assembles graphs is built with the fault and verifies registers; one of a run of random graphs must show it.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple, Tuple

import pytest

from tests.compiler.graphs import random_program
from tests.conftest import TOP

COMPLAINT = b"reads a value where it is not"
SIZES = (10, 40, 200)
MOST_PROGRAMS = 60


class Fault(NamedTuple):
    """A file of compiler/mach, its text and the fault in its place."""

    name: str
    file: str
    before: str
    after: str


FAULTS: Tuple[Fault, ...] = (
    Fault("calls-clobber-nothing", "occupancy", "liveness.call-clobber) 0) bank.calls 0)", "liveness.call-clobber) 0) 0 0)"),
    Fault("divisions-clobber-nothing", "occupancy", "liveness.division-clobber) 0) bank.divisions 0)", "liveness.division-clobber) 0) 0 0)"),
    Fault("shifts-clobber-nothing", "occupancy", "liveness.shift-clobber) 0) bank.shifts 0)", "liveness.shift-clobber) 0) 0 0)"),
    Fault("range-is-cut-short", "ranges", "(set! to (max to (* 2 use.position)))", "(set! to (max to (- (* 2 use.position) 4)))"),
    Fault("range-ends-with-its-block", "ranges", "(if (climb! r l f v made) (set! to (block-end l made)))", "(discard (climb! r l f v made))"),
    Fault("two-values-of-one-bundle-live", "bundles", "(else (return true))", "(else (set! a left.next))"),
    Fault("register-is-not-taken", "occupancy", "(set! (at o.busy k) (| (at o.busy k) bit))", "(set! (at o.busy k) bit)"),
    Fault("block-is-not-taken", "occupancy", "(set! (at o.some b) (| (at o.some b) bit))", "(set! (at o.some b) bit)"),
    Fault("place-in-frame-is-shared-too-early", "registers", "(> (at r.spill-until k) start))", "(> (at r.spill-until k) (+ start 40)))"),
    Fault("value-is-not-stored", "residence", "(or early (not (at s.made v)))", "true"),
    Fault("value-leaves-too-late", "residence", "(+ step.position 1) step.value", "(+ step.position 3) step.value"),
    Fault("edge-is-left-out", "residence", "(place s begin.inside))", "(place s true))"),
    Fault("value-comes-back-into-what-is-taken", "residence", "(≔ stop (blocked s part begin))", "(≔ stop part.to)"),
)


def assembler(zero: Path, top: Path) -> Path:
    """The program that assembles graphs, from the compiler's sources in a folder."""
    program = top / "assemble"
    source = top / "tests/compiler/machine/assemble.0x0"
    made = subprocess.run([zero, "build", "-O0", "--lib", TOP / "lib", source, "-o", program], capture_output=True, text=True, timeout=60)
    assert made.returncode == 0, made.stderr
    return program


def complains(assemble: Path, seed: str, size: int) -> bool:
    text, _ = random_program(seed, size)
    made = subprocess.run([assemble, "registers"], input=text.encode(), capture_output=True, timeout=60)
    return COMPLAINT in made.stderr


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_is_seen(zero: Path, tmp_path: Path, fault: Fault) -> None:
    shutil.copytree(TOP / "compiler", tmp_path / "compiler")
    shutil.copytree(TOP / "tests/compiler/machine", tmp_path / "tests/compiler/machine")
    file = tmp_path / "compiler/mach" / f"{fault.file}.0x0"
    text = file.read_text("utf-8")
    assert text.count(fault.before) == 1, fault.before
    file.write_text(text.replace(fault.before, fault.after), "utf-8")
    assemble = assembler(zero, tmp_path)
    assert any(complains(assemble, f"registers {number}", SIZES[number % len(SIZES)]) for number in range(MOST_PROGRAMS))


def test_registers_of_the_compiler_hold(zero: Path, tmp_path: Path) -> None:
    for level in ("-O0", "-O2"):
        made = subprocess.run(
            [zero, "build", level, "--verify", TOP / "compiler/main.0x0", "-o", tmp_path / "zero"], capture_output=True, text=True, timeout=60
        )
        assert (level, made.returncode, made.stderr) == (level, 0, "")


def test_registers_of_the_corpus_hold(zero: Path, tmp_path: Path) -> None:
    for case in sorted((TOP / "tests/cases/run").rglob("*.0x0")):
        made = subprocess.run([zero, "build", "--verify", case, "-o", tmp_path / "case"], capture_output=True, timeout=60)
        assert COMPLAINT not in made.stderr, case
