"""registers: the checker finds nothing in what is emitted, and finds what is planted in the allocator and in its moves.

A row names a file of compiler, a text that stands in it once, and what stands there instead: a fault. The program that assembles
graphs is built with the fault and verifies what it emits; one of a run of random graphs must show it.
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
    """A file of compiler, its text and the fault in its place."""

    name: str
    file: str
    before: str
    after: str
    first: int = 0  # of the programs that are tried


FAULTS: Tuple[Fault, ...] = (
    Fault("what-is-folded-reads-where-it-stands", "mach/liveness", "(set! (. (at l.values inst.b) end) (max end ",
          "(set! (. (at l.values inst.b) end) (max 0 "),
    Fault("value-does-not-live-to-the-end-of-a-loop", "mach/liveness", "(set! end (. (at l.loops.items loop) end))", "(set! end (max i end))"),
    Fault("calls-are-not-crossed", "mach/liveness", "(if (> end l.next-call) call-clobber 0)", "0"),
    Fault("divisions-are-not-crossed", "mach/liveness", "(if (> end l.next-division) division-clobber 0)", "0"),
    Fault("register-is-free-while-its-value-lives", "mach/scan", "(set! (at s.freed end) (| (at s.freed end) (<< 1 register)))",
          "(set! (at s.freed (- end 1)) (| (at s.freed (- end 1)) (<< 1 register)))"),
    Fault("register-given-up-is-free-too-early", "mach/scan", "(& (at s.freed end) (~ (<< 1 register)))", "(at s.freed end)"),
    Fault("calls-clobber-nothing", "mach/occupancy", "liveness.call-clobber) 0) bank.calls 0)", "liveness.call-clobber) 0) 0 0)"),
    Fault("divisions-clobber-nothing", "mach/occupancy",
          "liveness.division-clobber) 0) bank.divisions 0)", "liveness.division-clobber) 0) 0 0)"),
    Fault("shifts-clobber-nothing", "mach/occupancy", "liveness.shift-clobber) 0) bank.shifts 0)", "liveness.shift-clobber) 0) 0 0)"),
    Fault("range-is-cut-short", "mach/ranges", "(set! to (max to (* 2 use.position)))", "(set! to (max to (- (* 2 use.position) 4)))"),
    Fault("range-ends-with-its-block", "mach/ranges",
          "(if (climb! r l f v made) (set! to (block-end l made)))", "(discard (climb! r l f v made))"),
    Fault("two-values-of-one-bundle-live", "mach/bundles", "(else (return true))", "(else (set! a left.next))"),
    Fault("register-is-not-taken", "mach/occupancy", "(set! (at o.busy k) (| (at o.busy k) bit))", "(set! (at o.busy k) bit)"),
    Fault("block-is-not-taken", "mach/occupancy", "(set! (at o.some b) (| (at o.some b) bit))", "(set! (at o.some b) bit)"),
    Fault("place-in-frame-is-shared-too-early", "mach/registers", "(> (at r.spill-until k) start))", "(> (at r.spill-until k) (+ start 40)))"),
    Fault("value-is-not-stored", "mach/residence", "(or early (not (at s.made v)))", "true"),
    Fault("value-leaves-too-late", "mach/residence", "(+ step.position 1) step.value", "(+ step.position 3) step.value"),
    Fault("edge-is-left-out", "mach/residence", "(place s begin.inside))", "(place s true))"),
    Fault("value-comes-back-into-what-is-taken", "mach/residence", "(≔ stop (blocked s part begin))", "(≔ stop part.to)"),
    Fault("number-chooses-in-the-register-of-a-float", "mach/bundles", "(and (>= op ops.i-smin) (<= op ops.i-umax))",
          "(and (>= op ops.i-select) (<= op ops.i-umax))"),
    Fault("circle-is-not-opened", "x64/moves", "(operands.load-location! e -1 to spare)", "(discard spare)"),
    Fault("circle-of-floats-opens-through-a-number", "x64/moves",
          "(and (>= location registers.first-float) (< location registers.first-spill)) float-spare encode.r10)",
          "false float-spare encode.r10)"),
    Fault("circle-of-a-place-and-a-float-opens-through-a-number", "x64/moves",
          "(if (and (= (at e.move-from m) location) (= (spare-for (at e.move-to m)) float-spare))", "(if false", 230),
    Fault("moves-are-made-as-they-come", "x64/moves", "(if (!= (& e.read e.written) 0)", "(if false"),
    Fault("place-is-overwritten-that-another-move-reads", "x64/moves", "(if (and (= (at e.readers from) 0) (>= waiting 0)) (ready! e waiting))",
          "(if (>= waiting 0) (ready! e waiting))"),
    Fault("another-constant-is-made-anew", "x64/moves", "(operands.remake! e g (- -2 from) to false)",
          "(operands.remake! e g (max 0 (- -3 from)) to false)"),
    Fault("value-is-not-copied-home", "x64/moves", "(move! e (at r.home-of v) (at r.location v))", "(discard r)"),
    Fault("copy-is-of-32-bits", "x64/operands", "((not (vector? register)) encode.mov)",
          "((not (vector? register)) (+ encode.mov encode.half))"),
    Fault("reload-is-of-32-bits", "x64/operands", "(else encode.movf)))", "(else (+ encode.movf encode.single))))"),
    Fault("store-is-of-32-bits", "x64/operands", "(if (vector? register) encode.storef encode.store64))",
          "(if (vector? register) encode.storef (+ encode.store64 encode.half)))"),
    Fault("reload-is-left-out", "x64/moves", "(operands.load-location! e -1 from to)",
          "(if (registers.register? from) (operands.load-location! e -1 from to))"),
    Fault("block-begins-with-the-places-of-another", "x64/emit", "(if divided (moves.enter! e b))", "(discard divided)"),
    Fault("divided-values-stay-behind-on-an-edge", "x64/control", "(if (> entries 0) (move-entries! e block))", "(discard entries)"),
    Fault("block-with-moves-is-passed-over", "x64/control", "(or (!= to (moves.source e v)) (and r.divided",
          "(and (!= to (moves.source e v)) (and r.divided"),
    Fault("block-where-values-are-elsewhere-is-passed-over", "x64/control", "(or (not r.divided) (entries-alike? r empty next))", "true"),
    Fault("edge-moves-before-the-branch-what-the-other-way-reads", "x64/control", "(or (< from 0) (not (free? taken to)))", "(< from 0)"),
    Fault("divided-value-moves-before-the-branch-into-what-is-taken", "x64/control",
          "(not (free? taken (registers.place-at r entry)))", "false", 610),
    Fault("moves-of-an-edge-are-left-out", "x64/control", "(≔ no-moves (moves? e g no no-first))", "(≔ no-moves false)"),
    Fault("trap-forgets-where-values-were", "x64/traps", "(set! (at e.registers.location moment.value) moment.location)", "(discard moment)"),
    Fault("result-is-taken-from-another-register", "x64/calls", "(registers.result select.bank result.type result.a)",
          "(registers.result select.bank result.type 0)"),
    Fault("argument-goes-to-another-register", "x64/calls", "(place! e (. (at g.insts.items v) type))", "(place! e ssa.i64)"),
    Fault("sum-overwrites-its-second-operand", "x64/arithmetic", "((and (= other d) (!= from d))", "((and (= other d) (< d 0))"),
    Fault("sum-overwrites-the-address-of-its-operand", "x64/arithmetic",
          "(≔ t (if (and (!= from d) (or (= c.base d) (= c.index d))) encode.r10 d))",
          "(≔ t d)"),
    Fault("shift-overwrites-its-count", "x64/arithmetic", "(≔ t (if (or (= d encode.rcx) (= d (operands.register-of e inst.b))) encode.r10 d))",
          "(≔ t (if (= d encode.rcx) encode.r10 d))"),
    Fault("count-overwrites-what-is-shifted", "x64/arithmetic",
          "(≔ t (if (or (= d encode.rcx) (= d (operands.register-of e inst.b))) encode.r10 d))",
          "(≔ t (if (= d (operands.register-of e inst.b)) encode.r10 d))"),
    Fault("division-overwrites-its-divisor", "x64/division", "(!= own encode.rax)", "(!= own encode.r10)"),
    Fault("choice-overwrites-the-other", "x64/comparison",
          "(≔ turned (and (= (operands.register-of e yes) d) (!= (operands.register-of e no) d)))", "(≔ turned false)"),
    Fault("comparison-clears-what-it-compares", "x64/comparison", "(operands.reads? e g inst.b d))))", "(< d 0))))"),
    Fault("operation-on-floats-overwrites-its-second-operand", "x64/float",
          "(if (and (= (operands.register-of e b) d) (!= (operands.register-of e a) d)) scratch d)", "d"),
    Fault("parameter-comes-from-another-register", "x64/frame", "select.bank (. (at g.insts.items v) type))", "select.bank ssa.i64)"),
)


def assembler(zero: Path, top: Path) -> Path:
    """The program that assembles graphs, from the compiler's sources in a folder."""
    program = top / "assemble"
    source = top / "tests/compiler/machine/assemble.0x0"
    made = subprocess.run([zero, "build", "-O0", "--lib", TOP / "lib", source, "-o", program], capture_output=True, text=True, timeout=240)
    assert made.returncode == 0, made.stderr
    return program


def complains(assemble: Path, seed: str, size: int) -> bool:
    """Whether a program does so with the registers of -O2 or those of -O0, or at -O2."""
    text, _ = random_program(seed, size)
    runs = [subprocess.run([assemble, *level], input=text.encode(), capture_output=True, timeout=240) for level in (["registers"], [], ["-O2"])]
    return any(COMPLAINT in made.stderr for made in runs)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_is_seen(zero: Path, tmp_path: Path, fault: Fault) -> None:
    shutil.copytree(TOP / "compiler", tmp_path / "compiler")
    shutil.copytree(TOP / "tests/compiler/machine", tmp_path / "tests/compiler/machine")
    file = tmp_path / "compiler" / f"{fault.file}.0x0"
    text = file.read_text("utf-8")
    assert text.count(fault.before) == 1, fault.before
    file.write_text(text.replace(fault.before, fault.after), "utf-8")
    assemble = assembler(zero, tmp_path)
    numbers = range(fault.first, fault.first + MOST_PROGRAMS)
    assert any(complains(assemble, f"registers {number}", SIZES[number % len(SIZES)]) for number in numbers)


def test_registers_of_the_compiler_hold(zero: Path, tmp_path: Path) -> None:
    for level in ("-O0", "-O2"):
        made = subprocess.run(
            [zero, "build", level, "--verify", TOP / "compiler/main.0x0", "-o", tmp_path / "zero"], capture_output=True, text=True, timeout=240
        )
        assert (level, made.returncode, made.stderr) == (level, 0, "")


@pytest.mark.slow
@pytest.mark.parametrize("level", ["-O0", "-O2"])
def test_registers_of_the_corpus_hold(zero: Path, tmp_path: Path, level: str) -> None:
    for case in sorted((TOP / "tests/cases/run").rglob("*.0x0")):
        made = subprocess.run([zero, "build", level, "--verify", case, "-o", tmp_path / "case"], capture_output=True, timeout=240)
        assert COMPLAINT not in made.stderr, case
