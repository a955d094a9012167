"""Random well-typed programs say the same through every engine: results, output, and traps with their places.

More of them: `python3 -m tests.generate.night 10000`; `python3 -m tests.generate.random_program SEED` prints the program of a seed.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import List

import pytest

from tests import corpus
from tests.corpus import Engine, Outcome
from tests.generate.agree import answers, built, compare, engines, next_call, told, write_batch
from tests.generate.idioms import IDIOMS
from tests.generate.random_program import Writer, program
from tests.generate.reduce import differ, reduced

GROUPS = 20
PROGRAMS_PER_GROUP = 10

pytestmark = pytest.mark.usefixtures("zero")


def seeds_of(group: int) -> List[int]:
    return list(range(group * PROGRAMS_PER_GROUP, (group + 1) * PROGRAMS_PER_GROUP))


@pytest.mark.slow
@pytest.mark.parametrize("group", range(GROUPS))
def test_engines_agree(group: int, tmp_path: Path) -> None:
    finds = compare(seeds_of(group), tmp_path / "batch", False, engines())
    assert [f"python3 -m tests.generate.random_program {find.seed}\n{find.engine}\n{find.what}" for find in finds] == []


@pytest.mark.slow
@pytest.mark.parametrize("group", range(4))
def test_engines_agree_on_floats(group: int, tmp_path: Path) -> None:
    finds = compare(seeds_of(group), tmp_path / "batch", True, engines(floats=True))
    assert [f"python3 -m tests.generate.random_program {find.seed} floats\n{find.engine}\n{find.what}" for find in finds] == []


def test_programs_say_much_and_end_in_many_ways(tmp_path: Path) -> None:
    """Programs that trap at once, print nothing or never end would compare nothing."""
    stage2 = next(one for one in corpus.ENGINES if one.name == "stage2")
    product, error = built(stage2, write_batch(seeds_of(0) + seeds_of(1), tmp_path, False), tmp_path)
    assert product is not None, error
    said = [answers([str(product), str(number)]) for number in range(2 * PROGRAMS_PER_GROUP)]
    endings = [ending for program_said in said for ending in program_said]
    assert None not in endings
    trapped = {ending[2].rpartition(b"[")[2].partition(b"]")[0] for ending in endings if ending and ending[0] == 3}
    assert len(trapped) >= 4 and b"index" in trapped and {ending[0] for ending in endings if ending} == {0, 3}
    assert sum(len(told(one)) for one in said) > 20 * len(said)


def test_every_shape_is_written() -> None:
    """Each idiom stands in some program of the tests, and is made without a hole left in it."""
    texts = "".join(program(seed) for seed in range(GROUPS * PROGRAMS_PER_GROUP))
    assert "{" not in texts and "@" not in texts and "F64" not in texts
    with_floats = "".join(program(seed, floats=True) for seed in range(10))
    assert "F64" in with_floats and "F32" in with_floats
    for _, way in IDIOMS:
        writer = Writer(1, False)
        text, known = way(writer)
        assert f"(ƒ {known.name} " in text, way.__name__


def test_a_program_depends_on_its_seed_alone() -> None:
    assert program(7) == program(7) != program(8)


def test_calls_are_counted_from_what_was_printed() -> None:
    assert next_call(b"0\n5\n1\n-3\n", 0) == 2
    assert next_call(b"", 4) == 5


def liar(sound: Engine) -> Engine:
    """An engine whose programs end with another status."""

    def build(case: corpus.Case, product: Path) -> Outcome:
        real = product.with_name("real")
        made = sound.build(case, real)
        product.write_text(f'#!/bin/sh\n"{real}" "$@"\necho 7\n', encoding="utf-8")
        product.chmod(0o755)
        return made

    return Engine("liar", build, sound.command, True, lambda: True)


def test_what_differs_is_found_and_reduced(tmp_path: Path) -> None:
    sound = next(one for one in corpus.ENGINES if one.name == "stage2")
    judges = (sound, liar(sound))
    finds = compare([3], tmp_path / "batch", False, judges)
    assert [(find.seed, find.engine) for find in finds] == [(3, "liar")] and "+7" in finds[0].what
    text = '(⊙ main)\n(ƒ spare (∷ (→ I64)) () 3)\n(ƒ main (∷ (→ I64)) () (+ 1 (* 2 0)))\n'
    assert reduced(text, lambda one: differ(one, tmp_path, judges)).split() == "(⊙ main) (ƒ main (∷ (→ I64)) () 0)".split()


@pytest.mark.slow
def test_a_night_keeps_what_it_finds() -> None:
    done = subprocess.run(["python3", "-m", "tests.generate.night", "2"], cwd=corpus.TOP, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "2 programs, 0 finds" in done.stdout
