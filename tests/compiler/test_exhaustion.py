"""Without memory a program ends in the trap that says so, and the compiler in one line: no signal, no half-written file.

The address space is limited in small steps, so that every growth of an arena is once the one that fails.
"""

from __future__ import annotations

import re
import resource
import subprocess
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import pytest

from tests.conftest import TOP

pytestmark = pytest.mark.machine

KIB = 1024
STACKS_KIB = 18 * KIB + 80  # guard, main stack, signal stack and the trap's line, which are mapped at the start
MEMORY = re.compile(r"\S+:\d+:\d+: trap: out of memory: (\d+) bytes asked, (\d+) in use, limit (none|\d+) \[memory\] in \S+\n")
STACK = re.compile(r"\S+:\d+:\d+: trap: stack overflow \[stack\] in \S+\n")
NO_START = re.compile(r"cannot map the stack\n|trap: out of memory: .* \[memory\] in std\.runtime\.start\n")
TROUBLE = re.compile(r"zero: [^\n]*out of memory[^\n]*\n")

HEAD = """\
(⊙ main)
(↥ "std:vec" vec)
(↥ "std:map" map)
(↥ "std:text" text)
(τ Node (next (Option (Ref Node))) (weight (Array I64 9)))
"""
# each takes memory until there is none
PROGRAMS: Dict[str, str] = {
    "vec": """
(ƒ main (∷ (→ I64)) ()
  (≔ v (Ref (vec.Vec I64)) (vec.make))
  (while true (vec.push! v 1))
  0)""",
    "map": """
(ƒ main (∷ (→ I64)) ()
  (≔ m (Ref (map.Map I64 I64)) (map.make))
  (var i 0)
  (while true (map.put! m i i) (inc! i))
  0)""",
    "text": """
(ƒ main (∷ (→ I64)) ()
  (var t "0123456789")
  (while true (set! t (text.concat t "0123456789")))
  (len t))""",
    "objects": """
(ƒ main (∷ (→ I64)) ()
  (var last (Option (Ref Node)) None)
  (≔ zeros (array 0 0 0 0 0 0 0 0 0))
  (while true (set! last (Some (new Node last zeros))))
  0)""",
    "arenas": """
(ƒ nest (∷ (→ I64 I64)) (depth)
  (arena (a)
    (≔ s (fill (% (* depth 7919) 9000) depth))
    (+ (len s) (nest (+ depth 1)))))
(ƒ main (∷ (→ I64)) () (nest 1))""",
    "promote": """
(ƒ chain (∷ (→ I64 (Ref Node))) (length)
  (≔ zeros (array 0 0 0 0 0 0 0 0 0))
  (arena (a)
    (var last (new Node None zeros))
    (for (_ 0 length) (set! last (new Node (Some last) zeros)))
    (promote last)))
(ƒ main (∷ (→ I64)) ()
  (≔ all (Ref (vec.Vec (Ref Node))) (vec.make))
  (while true (vec.push! all (chain (* 100 all.count))))
  0)""",
    "recursion": """
(ƒ deeper (∷ (→ I64 I64)) (n) (+ 1 (deeper (+ n 1))))
(ƒ main (∷ (→ I64)) () (deeper 0))""",
}


def limited(command: List[str], kib: int) -> Tuple[int, str]:
    """The exit status and standard error of a command whose address space is so large at most."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (kib * KIB, kib * KIB))

    done = subprocess.run(command, capture_output=True, preexec_fn=limit, timeout=240)
    return done.returncode, done.stderr.decode("utf-8", "replace")


def build(zero: Path, name: str, folder: Path, *flags: str) -> str:
    source = folder / f"{name}.0x0"
    source.write_text(HEAD + PROGRAMS[name] + "\n", encoding="utf-8")
    subprocess.run([str(zero), "build", *flags, str(source), "-o", str(folder / name)], check=True, timeout=240)
    return str(folder / name)


def address_spaces() -> Iterator[int]:
    """In KiB: too small to start; then every twenty up to the second MiB that an arena takes; then larger ones."""
    yield from range(8 * KIB, STACKS_KIB, 2 * KIB)
    yield from range(STACKS_KIB, STACKS_KIB + 2304, 20)
    yield from (24 * KIB, 32 * KIB + 4, 48 * KIB + 20)


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_program_without_address_space_traps(zero: Path, tmp_path: Path, name: str) -> None:
    program = build(zero, name, tmp_path)
    expected = STACK if name == "recursion" else MEMORY
    wrong, trapped = [], 0
    for kib in list(address_spaces())[:: 6 if name == "recursion" else 1]:  # which fills the whole stack
        status, text = limited([program], kib)
        trapped += expected.fullmatch(text) is not None
        if status != 3 or not (expected.fullmatch(text) or (NO_START.fullmatch(text) and kib < STACKS_KIB + 1024)):
            wrong.append((kib, status, text))
    assert wrong == []
    assert trapped > (10 if name == "recursion" else 80)


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_over_its_limit_traps(zero: Path, tmp_path: Path, name: str) -> None:
    """The trap tells the limit, and no more than that was in use."""
    wrong = []
    sizes = [size * KIB for size in (64, 68, 76, 96, 128, 192, 260, 512, 1000, 1024, 1028, 2048, 3000, 8192, 20000)]
    for size in [*sizes, 65537, 1_000_003]:
        status, text = limited([build(zero, name, tmp_path, "--max-heap", str(size))], 256 * KIB)
        match = (STACK if name == "recursion" else MEMORY).fullmatch(text)
        if status != 3 or match is None or (match.groups() and (int(match[3]) != size or int(match[2]) > size)):
            wrong.append((size, status, text))
    assert wrong == []


def compile_with(zero: Path, folder: Path, kib: int) -> Tuple[int, str]:
    """A build of the compiler; its exit status, and what is wrong with how it ended."""
    out = folder / "out"
    out.write_bytes(b"what was there before")
    status, text = limited([str(zero), "build", str(TOP / "compiler/main.0x0"), "-o", str(out)], kib)
    if [path.name for path in folder.iterdir()] != ["out"]:
        return status, f"{kib} KiB: it left {sorted(folder.iterdir())}"
    if status == 0:
        return status, ""
    if status not in (2, 3) or not any(form.fullmatch(text) for form in (MEMORY, NO_START, TROUBLE)):
        return status, f"{kib} KiB: {status}: {text}"
    return status, "" if out.read_bytes() == b"what was there before" else f"{kib} KiB: half a file"


@pytest.mark.slow
@pytest.mark.parametrize("step_kib", [60, 501])
def test_compiler_without_address_space_ends_in_one_line(zero: Path, tmp_path: Path, step_kib: int) -> None:
    wrong = []
    kib, status = 8 * KIB, 3
    while status != 0 and kib < 256 * KIB:
        status, what = compile_with(zero, tmp_path, kib)
        wrong += [what] if what else []
        kib += step_kib if kib > 16 * KIB else KIB
    assert wrong == []
    assert status == 0
