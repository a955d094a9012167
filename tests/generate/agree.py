"""agree: random programs through several engines, and where their answers differ.

A batch of programs is one program of many modules, compiled once by each engine and run once for each of them; its command's arguments
are the number of the program in the batch and the call to start with. A program that traps is run again from the call after, so that
all its calls are heard. An answer is output, error output and exit status; a program that runs into the limit of time says nothing.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

from tests import corpus
from tests.corpus import Case, Engine

from .random_program import module, program

SECONDS = 120
MOST_RUNS = 40
GCC = ("gcc", "-O1", "-w", "-fno-strict-aliasing", "-fwrapv")

MAIN = """\
(⊙ main)
{imports}
(ƒ number (∷ (→ (View U8) I64)) (digits)
  (var n 0)
  (for-each (c digits) (set! n (+ (* n 10) (to I64 (- c '0')))))
  n)
(ƒ main (∷ (→ (View (View U8)) Unit)) (cap io state) (args)
  (≔ from (number (at args 1)))
  (match (number (at args 0))
{arms}
    (_ ())))
"""

Ending = Tuple[int, bytes, bytes]


@dataclass(frozen=True)
class Find:
    """A program that two engines do not agree on."""

    seed: int
    engine: str
    what: str
    text: str


def engines(floats: bool = False) -> Tuple[Engine, ...]:
    """Those that random programs are compared by, the one that judges the others first. The seed knows no floats."""
    seed = next(one for one in corpus.ENGINES if one.name == "seed")
    gcc = corpus.compat_engine("gcc -O1", corpus.compat_compiler, GCC)
    ours = tuple(corpus.zero_engine("stage2", level, "--verify") for level in ("-O0", "-O2"))
    rest = (*ours, *((gcc,) if gcc.present() else ()))
    return rest if floats else (seed, *rest)


def source_case(path: Path) -> Case:
    return Case(path, "run", (), (), 0, None, (), "", (), (), "")


def write_batch(seeds: Sequence[int], folder: Path, floats: bool) -> Path:
    for number, seed in enumerate(seeds):
        (folder / f"p{number}.0x0").write_text(module(seed, f"p{number}", floats), encoding="utf-8")
    imports = "\n".join(f'(↥ "p{number}.0x0" p{number})' for number in range(len(seeds)))
    arms = "\n".join(f"    ({number} (p{number}.run from))" for number in range(len(seeds)))
    root = folder / "main.0x0"
    root.write_text(MAIN.format(imports=imports, arms=arms), encoding="utf-8")
    return root


def ending_of(command: Sequence[str]) -> Optional[Ending]:
    """Nothing when it ran into the limit of time."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return None
    return done.returncode, done.stdout, done.stderr


def answers(command: Sequence[str]) -> List[Optional[Ending]]:
    """How the program ends, from its first call and from those after each trap."""
    found: List[Optional[Ending]] = []
    start = 0
    while len(found) < MOST_RUNS:
        ending = ending_of([*command, str(start)])
        found.append(ending)
        if ending is None or ending[0] != 3:
            break
        start = next_call(ending[1], start)
    return found


def next_call(out: bytes, start: int) -> int:
    """The call after the one that trapped: the numbers of calls are among what was printed, in order."""
    lines, last = set(out.split(b"\n")), start
    while str(last + 1).encode() in lines:
        last += 1
    return last + 1


def told(endings: List[Optional[Ending]]) -> List[str]:
    lines: List[str] = []
    for ending in endings:
        if ending is None:
            lines.append("no end in time")
            continue
        lines += [*ending[1].decode("utf-8", "replace").split("\n"), *ending[2].decode("utf-8", "replace").split("\n"), f"exit {ending[0]}"]
    return lines


def built(engine: Engine, root: Path, folder: Path) -> Tuple[Optional[Path], str]:
    product = folder / engine.name.replace(" ", "-")
    made = engine.build(source_case(root), product)
    return (None, made.error) if made.exit != 0 else (product, "")


def compare(seeds: Sequence[int], folder: Path, floats: bool, judges: Sequence[Engine]) -> List[Find]:
    """What the engines do not agree on in these programs."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    root = write_batch(seeds, folder, floats)
    products = []
    for engine in judges:
        product, error = built(engine, root, folder)
        if product is None:
            return one_by_one(seeds, folder, floats, judges, engine, error)
        products.append(product)
    finds = []
    for number, seed in enumerate(seeds):
        expected = told(answers([str(products[0]), str(number)]))
        for engine, product in zip(judges[1:], products[1:]):
            got = told(answers([str(product), str(number)]))
            if got != expected:
                finds.append(Find(seed, engine.name, corpus.diff(expected, got), program(seed, floats)))
    return finds


def one_by_one(seeds: Sequence[int], folder: Path, floats: bool, judges: Sequence[Engine], engine: Engine, error: str) -> List[Find]:
    """An engine refused the batch: it is the fault of one of its programs."""
    if len(seeds) == 1:
        return [Find(seeds[0], engine.name, f"refused:\n{error}", program(seeds[0], floats))]
    return [find for seed in seeds for find in compare([seed], folder, floats, judges)]
