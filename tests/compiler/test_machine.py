"""machine: random graphs through the optimiser, selection, registers and encoding, held against an interpreter of the same graphs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.compiler.graphs import assembler, far_place, random_program, words_of


@pytest.fixture(scope="module")
def assemble(zero: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return assembler(zero, "tests/compiler/machine/assemble.0x0", tmp_path_factory.mktemp("machine") / "assemble")


@pytest.mark.parametrize("size", [10, 40, 200])
@pytest.mark.parametrize("batch", range(8))
@pytest.mark.parametrize("level", ["-O0", "registers", "-O2"])
def test_random_graphs_compute_what_they_say(assemble: Path, tmp_path: Path, size: int, batch: int, level: str) -> None:
    for number in range(max(5, 400 // size)):
        seed = f"{size} {batch} {number} {level}"
        text, expected = random_program(seed, size)
        program = tmp_path / f"program-{number}"
        made = subprocess.run([assemble, *([] if level == "-O0" else [level])], input=text.encode(), capture_output=True, timeout=240)
        assert made.returncode == 0, (seed, made.stderr)
        program.write_bytes(made.stdout)
        program.chmod(0o755)
        assert (seed, *words_of(program)) == (seed, 0, expected)


@pytest.mark.parametrize("level", ["-O0", "registers", "-O2"])
@pytest.mark.parametrize("offset", [0x3FFFFFFF, 0x40000000, 0x7FFFFF00, -0x40000000, -0x7FFFFF00])
def test_an_offset_and_a_sum_reach_beyond_32_bits(assemble: Path, tmp_path: Path, offset: int, level: str) -> None:
    program = tmp_path / "program"
    text, expected = far_place(offset, 0xFFFFFFF if offset > 0 else -0xFFFFFFF)
    made = subprocess.run([assemble, *([] if level == "-O0" else [level])], input=text.encode(), capture_output=True, timeout=240)
    assert made.returncode == 0, made.stderr
    program.write_bytes(made.stdout)
    program.chmod(0o755)
    assert words_of(program) == (0, expected)
