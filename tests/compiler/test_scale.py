"""The compiler's cost is a straight line: in time and memory, over whole programs and over shapes large in one way only.

Sizes are measured in turn, not one after the other, so that a busy neighbour touches all alike. Seconds are of processor time, the
least of all rounds: neighbours only add to them. What seems to cost too much is measured again, as often as MEASURINGS says; the
limits are the same each time.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Callable, Dict, List, Tuple

import pytest
from tabulate import tabulate

from perf.guard import Limits, Outcome, run
from tests.generate.program import write_program
from tests.generate.shapes import SHAPES

pytestmark = pytest.mark.machine

PROGRAM_LINES = (1_000, 10_000, 100_000, 1_000_000)
ROUNDS = {1_000: 9, 10_000: 9, 100_000: 5, 1_000_000: 3}
MILLION_LINES_SECONDS = {"-O0": 8.0, "-O2": 12.0}
SAME_RATE = 0.85  # of the lines a second at 10,000 lines
LINES = {"-O0": (4096, 12), "-O2": (8192, 14)}  # KiB, and bytes a source byte: those of docs/memory.md
TWICE_AS_LARGE = 2.3  # times as long at most
SHAPE_ROUNDS = 5
MEASURINGS = 8
NOISE_SECONDS = 0.002  # what a run of a millisecond or two is uncertain by

Runs = Dict[int, List[Outcome]]  # by size


def compile_once(zero: Path, root: Path, out: Path, level: str = "-O2") -> Outcome:
    result = run([str(zero), "build", level, str(root), "-o", str(out)], Limits(timeout_seconds=600))
    assert result.ok, f"{root}: status {result.status}, {result.kill.value}"
    return result


def in_turn(rounds: Dict[int, int], measure: Callable[[int], Outcome]) -> Runs:
    """Every size as often as its rounds say, the sizes interleaved."""
    runs: Runs = {size: [] for size in rounds}
    for turn in range(max(rounds.values())):
        for size, count in rounds.items():
            if turn < count:
                runs[size].append(measure(size))
    return runs


def least_seconds(runs: Runs) -> Dict[int, float]:
    return {size: min(result.cpu_seconds for result in measured) for size, measured in runs.items()}


def until_straight(rounds: Dict[int, int], measure: Callable[[int], Outcome], straight: Callable[[Dict[int, float]], bool]) -> Runs:
    runs = in_turn(rounds, measure)
    for _ in range(MEASURINGS - 1):
        if straight(least_seconds(runs)):
            break
        for size, more in in_turn(rounds, measure).items():
            runs[size] += more
    return runs


def exit_status(program: Path) -> int:
    return subprocess.run([str(program)], timeout=240).returncode


def test_generated_programs_are_as_large_as_asked_and_always_the_same(tmp_path: Path) -> None:
    for lines in (1_000, 3_500):
        first, _ = write_program(tmp_path / "first", lines)
        second, _ = write_program(tmp_path / "second", lines)
        files = sorted(first.parent.iterdir())
        assert [path.read_bytes() for path in files] == [(second.parent / path.name).read_bytes() for path in files]
        assert sum(path.read_bytes().count(b"\n") for path in files) == lines


@pytest.mark.parametrize("shape", SHAPES, ids=[shape[0] for shape in SHAPES])
def test_small_shape_exits_as_computed(
    zero: Path, tmp_path: Path, shape: Tuple[str, int, Callable[[Path, int], int]]
) -> None:
    name, _, write = shape
    status = write(tmp_path / f"{name}.0x0", 40)
    compile_once(zero, tmp_path / f"{name}.0x0", tmp_path / "out")
    assert exit_status(tmp_path / "out") == status


def test_small_program_exits_as_computed(zero: Path, tmp_path: Path) -> None:
    root, status = write_program(tmp_path, 4_000)
    compile_once(zero, root, tmp_path / "out")
    assert exit_status(tmp_path / "out") == status


@pytest.mark.slow
@pytest.mark.parametrize("level", LINES)
def test_a_million_lines_cost_a_straight_line(
    zero: Path, tmp_path: Path, level: str, record_property: Callable[[str, object], None]
) -> None:
    base_kib, bytes_per_source_byte = LINES[level]
    roots: Dict[int, Path] = {}
    source_bytes: Dict[int, int] = {}
    for lines in PROGRAM_LINES:
        directory = tmp_path / str(lines)
        roots[lines], status = write_program(directory, lines)
        source_bytes[lines] = sum(path.stat().st_size for path in directory.iterdir())
        compile_once(zero, roots[lines], tmp_path / f"out-{lines}", level)
        assert exit_status(tmp_path / f"out-{lines}") == status

    def same_rate(least: Dict[int, float]) -> bool:
        return 1_000_000 / least[1_000_000] >= SAME_RATE * 10_000 / least[10_000]

    def fast(least: Dict[int, float]) -> bool:
        return least[1_000_000] <= MILLION_LINES_SECONDS[level]

    def measure(lines: int) -> Outcome:
        return compile_once(zero, roots[lines], tmp_path / f"out-{lines}", level)

    runs = until_straight(ROUNDS, measure, lambda least: same_rate(least) and fast(least))
    least = least_seconds(runs)
    rows, wrong = [], []
    for lines, measured in runs.items():
        peak = max(result.peak_kib for result in measured)
        size = (tmp_path / f"out-{lines}").stat().st_size
        allowed = base_kib + (bytes_per_source_byte * source_bytes[lines] + size) // 1024
        rows.append((lines, len(measured), least[lines], lines / least[lines], peak, allowed, size))
        if peak > allowed:
            wrong.append(f"{lines} lines take {peak} KiB, allowed are {allowed}")
    if not fast(least):
        wrong.append(f"a million lines take {least[1_000_000]:.2f} s")
    if not same_rate(least):
        wrong.append(f"a million lines take {least[1_000_000]:.3f} s, 10,000 of them {least[10_000]:.4f} s")
    headers = ("lines", "runs", "seconds", "lines/s", "peak KiB", "allowed KiB", "output bytes")
    record_property("table", tabulate(rows, headers, floatfmt=("", "", ".3f", ".0f"), intfmt=","))
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES, ids=[shape[0] for shape in SHAPES])
def test_twice_the_size_takes_twice_as_long(
    zero: Path, tmp_path: Path, shape: Tuple[str, int, Callable[[Path, int], int]], record_property: Callable[[str, object], None]
) -> None:
    name, size, write = shape
    sizes = (size, 2 * size)
    roots: Dict[int, Path] = {}
    for each in sizes:
        (tmp_path / str(each)).mkdir()
        roots[each] = tmp_path / str(each) / f"{name}.0x0"
        status = write(roots[each], each)
        compile_once(zero, roots[each], tmp_path / f"out-{each}")
        assert exit_status(tmp_path / f"out-{each}") == status

    def straight(least: Dict[int, float]) -> bool:
        return least[2 * size] <= TWICE_AS_LARGE * least[size] + NOISE_SECONDS

    runs = until_straight(dict.fromkeys(sizes, SHAPE_ROUNDS), lambda each: compile_once(zero, roots[each], tmp_path / "out"), straight)
    least = least_seconds(runs)
    peak = {each: max(result.peak_kib for result in runs[each]) for each in sizes}
    row = (name, size, least[size], least[2 * size], least[2 * size] / max(least[size], 1e-6), peak[size], peak[2 * size])
    headers = ("shape", "size", "seconds", "twice", "ratio", "peak KiB", "twice")
    record_property("table", tabulate([row], headers, floatfmt=("", "", ".4f", ".4f", ".2f"), intfmt=","))
    assert straight(least), f"{name}: {least}"
