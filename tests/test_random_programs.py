"""Random well-typed programs say the same through the seed and through stage2: results, output, and traps with their places.

More of them: `python3 -m tests.generate.random_program SEED` prints the program of a seed.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.generate.random_program import program

TOP = Path(__file__).resolve().parent.parent
GROUPS = 8
PROGRAMS_PER_GROUP = 25


def outcome(executable: Path) -> "tuple[int, bytes, bytes]":
    done = subprocess.run([executable], capture_output=True, timeout=20)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("group", range(GROUPS))
def test_seed_and_stage2_agree(group: int, zero: Path, tmp_path: Path) -> None:
    source, grown, built = tmp_path / "p.0x0", tmp_path / "grown", tmp_path / "built"
    traps = 0
    for number in range(group * PROGRAMS_PER_GROUP, (group + 1) * PROGRAMS_PER_GROUP):
        source.write_text(program(number), encoding="utf-8")
        subprocess.run([sys.executable, TOP / "bootstrap" / "seed", source, grown], check=True, timeout=60)
        subprocess.run([zero, "build", source, "-o", built], check=True, timeout=60)
        expected = outcome(grown)
        assert outcome(built) == expected, f"python3 -m tests.generate.random_program {number}"
        traps += expected[0] == 3
    assert traps < PROGRAMS_PER_GROUP, "programs that only trap compare nothing"
