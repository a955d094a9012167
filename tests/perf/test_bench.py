"""Programs beside those of other compilers: they print the same, what differs is told, and ratios are what they say."""

from __future__ import annotations

import hashlib
import json
import struct
import subprocess
from pathlib import Path
from typing import Callable

import pytest

from audit.claim import Answer, NotMeasured, judge
from audit.claim import Verdict as Judged
from perf.__main__ import main
from perf.bench import speed, synth
from perf.bench.command import present, ratios
from perf.bench.compilers import COMPILERS, REFERENCE, Compiler
from perf.bench.page import PAGE, WORST, render
from perf.bench.programs import PROGRAMS, Program, programs_named
from perf.bench.record import MEASURED, Record, from_json, to_bytes
from perf.bench.running import Bench, Row, Runs, mean_permille, require_same, row
from perf.bench_check import CLAIMS, MEAN_LIMIT, WORST_LIMIT, judge_code, repeated
from perf.command import PerfError
from perf.guard import PINNED_ENVIRONMENT
from perf.machine import Machine
from perf.sampling import MOST_PAIRS
from perf.workbench import workbench
from tests.conftest import TOP
from tests.needs import need
from tests.perf.trees import measured

pytestmark = pytest.mark.machine


def numbers(state: int, count: int) -> list[int]:
    """What the programs draw from: a linear congruential generator of 32 bits."""
    found = []
    for _ in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        found.append(state)
    return found


def sorted_hash(count: int) -> int:
    """What quicksort prints: the hash of the numbers in order, as signed ones."""
    found = 0
    for number in sorted(n - 2**32 if n >= 2**31 else n for n in numbers(42, count)):
        found = (found * 31 + number) % 2**64
    return found


def digest_words(data: bytes) -> str:
    digest = hashlib.sha256(data).digest()
    return " ".join(f"{word:x}" for (word,) in struct.iter_unpack(">I", digest))


# The same by other means: primes below a million, ways of six queens (OEIS A000170), flips of seven pancakes (A000375), Python's own.
KNOWN: dict[str, Callable[[], str]] = {
    "sieve": lambda: "78498",
    "nqueens": lambda: "4",
    "fannkuch": lambda: f"{4 * 228} {4 * 16}",
    "quicksort": lambda: f"{sorted_hash(2000):x}",
    "sha256": lambda: digest_words(bytes(number >> 24 for number in numbers(1, 2**20))),
}


def reference() -> Compiler:
    need("gcc")
    return next(compiler for compiler in COMPILERS if compiler.key == REFERENCE)


def ours() -> Compiler:
    return next(compiler for compiler in COMPILERS if compiler.key == "0x0")


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_every_level_prints_what_the_reference_prints(zero: Path, program: Program) -> None:
    compilers = tuple(c for c in COMPILERS if c.family == "zero")
    with workbench(TOP, zero) as place:
        bench = Bench(place, (reference(), *compilers))
        rows = bench.measure(program, program.tiny, 1)
    assert bench.refused == {} and set(rows) == {REFERENCE, *(c.key for c in compilers)}


@pytest.mark.parametrize("name", KNOWN)
def test_programs_compute_what_is_known(zero: Path, tmp_path: Path, name: str) -> None:
    (program,) = programs_named((name,))
    subprocess.run([str(zero), "build", str(program.source("0x0")), "-o", str(tmp_path / name)], check=True, timeout=240)
    done = subprocess.run([str(tmp_path / name), str(program.tiny)], capture_output=True, text=True, timeout=240)
    assert done.stdout == KNOWN[name]() + "\n"


def test_a_program_that_prints_something_else_is_refused() -> None:
    with pytest.raises(PerfError, match=r"sieve: 0x0 prints b'2', gcc -O2 b'1'"):
        require_same(PROGRAMS[0], {REFERENCE: b"1", "0x0": b"2"})
    with pytest.raises(PerfError, match="prints b''"):
        require_same(PROGRAMS[0], {REFERENCE: b"", "0x0": b""})


def test_a_program_that_fails_is_refused(zero: Path, tmp_path: Path) -> None:
    with workbench(TOP, zero) as place:
        with pytest.raises(PerfError, match="ended with status 1"):
            Bench(place, ()).run_once(Runs(["/bin/false"]))


def test_a_compiler_that_refuses_a_program_is_told_and_left_out(zero: Path) -> None:
    strange = Compiler("strange", "zero", "0x0", (), ("{zero}", "build", "{source}", "-o", "{out}", "--unknown"))
    broken = Compiler("broken", "gcc", "c", ("gcc",), ("gcc", "-c", "none.c", "-o", "{out}"))
    with workbench(TOP, zero) as place:
        bench = Bench(place, (reference(), strange, broken))
        rows = [bench.measure(program, program.tiny, 1) for program in PROGRAMS[:2]]
    assert [list(row) for row in rows] == [[REFERENCE], [REFERENCE]]
    assert sorted(bench.refused) == ["broken: nqueens", "broken: sieve", "strange"]
    assert "unknown option --unknown" in bench.refused["strange"]


def test_without_the_reference_nothing_is_measured(zero: Path) -> None:
    with workbench(TOP, zero) as place:
        with pytest.raises(PerfError, match="it is what all is compared with"):
            Bench(place, (ours(),)).measure(PROGRAMS[0], 1, 1)


def test_a_ratio_is_of_the_same_round() -> None:
    mine, theirs = Runs([], [150, 300, 90], 7), Runs([], [100, 100, 100], 9)
    assert row(mine, theirs) == Row(us=150, permilles=(1500, 3000, 900), peak_kib=7)
    assert row(mine, theirs).permille == 1500


def test_the_mean_is_geometric() -> None:
    table = {"a": {"0x0": Row(1, (1000,), 0)}, "b": {"0x0": Row(1, (4000,), 0)}}
    assert mean_permille(table, "0x0", ["a", "b"]) == 2000


def test_the_table_marks_a_mean_of_some_programs_only() -> None:
    whole = Row(1_000_000, (1000,), 0)
    table = {"a": {REFERENCE: whole, "0x0": Row(1, (1500,), 0)}, "b": {REFERENCE: whole}}
    lines = ratios(table, (reference(), ours())).splitlines()
    assert [line.split() for line in lines] == [
        ["program", "gcc", "-O2", "0x0"],
        ["a", "1.00", "s", "1.50"],
        ["b", "1.00", "s", "-"],
        ["geometric", "mean", "1.50", "of", "1"],
    ]


def test_a_compiler_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    none = Compiler("none", "none", "c", ("no-such-tool",), ())
    assert present((none, ours())) == (ours(),)
    assert capsys.readouterr().out == "none: not present (no-such-tool)\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "no program is named nothing"),
        (["--with", "gcc,nothing"], "no compiler is named nothing"),
        (["--runs", "0"], "--runs has to be at least 1"),
    ],
)
def test_what_is_asked_wrongly_is_told(zero: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_each_program_stands_in_every_language_and_no_other_does() -> None:
    folder = PROGRAMS[0].source("0x0").parent
    names = sorted(program.name for program in PROGRAMS)
    assert names == sorted(path.stem for path in folder.glob("*.0x0") if path.stem != "argument")
    assert names == sorted(path.stem for path in folder.glob("*.c")) == sorted(path.stem for path in folder.glob("*.go"))


# ---- how fast the compiler compiles


def test_the_made_up_file_computes_the_same_in_both_languages(zero: Path, tmp_path: Path) -> None:
    count = 300
    (tmp_path / "synth.c").write_text(synth.in_c(count), encoding="utf-8")
    (tmp_path / "synth.0x0").write_text(synth.in_zero(count), encoding="utf-8")
    subprocess.run([need("gcc"), "-fwrapv", "synth.c", "-o", "c"], cwd=tmp_path, check=True, timeout=240)
    subprocess.run([str(zero), "build", "synth.0x0", "-o", "zero"], cwd=tmp_path, check=True, timeout=240)
    in_c, in_zero = (subprocess.run([str(tmp_path / name)], capture_output=True, timeout=240).stdout for name in ("c", "zero"))
    assert in_c == in_zero != b""
    assert synth.in_c(count).count("\n") == 11 * count + 4
    speed.require_functions(tmp_path / "zero", count)
    with pytest.raises(PerfError, match="zero lacks 2 of 302 functions: f300"):
        speed.require_functions(tmp_path / "zero", count + 2)


def test_each_way_compiles_the_made_up_file(zero: Path) -> None:
    need("tcc")
    with workbench(TOP, zero) as place:
        found = speed.compile_synth(place, speed.WAYS, 2, 100)
        times = speed.phases(place, "-O0")
    assert set(found) == {way.key for way in speed.WAYS} and found[speed.TCC].permille == 1000
    assert found["0x0 -O0"].lines == synth.in_zero(100).count("\n")
    assert {"load", "expression", "emit"} <= set(times)


def test_a_way_that_fails_is_refused(zero: Path) -> None:
    way = speed.Way("strange", "0x0", (), ("{zero}", "build", "--strange", "{source}"))
    with workbench(TOP, zero) as place:
        with pytest.raises(PerfError, match="unknown option --strange"):
            speed.compile_synth(place, (way,), 1, 10)


# ---- the gates


def judged_code(permille: int) -> list[str]:
    ratios = {name: [(permille + more) / 1000 for more in (-20, 0, 0, 0, 0, 20)] for name in ("sieve", "json")}
    return [finding.message for finding in judge_code(ratios)]


def test_code_at_its_limits_holds_and_slower_code_is_broken() -> None:
    assert judged_code(round(1000 * MEAN_LIMIT) - 20) == []
    assert judged_code(round(1000 * MEAN_LIMIT) + 21) == [
        f"the mean of programs: times gcc -O2: {MEAN_LIMIT + 0.021:.2f}, between {MEAN_LIMIT + 0.001:.2f} and {MEAN_LIMIT + 0.041:.2f};"
        f" at most {MEAN_LIMIT:.2f} is allowed"
    ]
    worst = judged_code(round(1000 * WORST_LIMIT) + 30)
    assert [message.partition(":")[0] for message in worst] == ["sieve", "json", "the mean of programs"]


def test_code_whose_ratio_is_about_the_limit_was_not_measured() -> None:
    with pytest.raises(NotMeasured, match="and the limit is"):
        judged_code(round(1000 * MEAN_LIMIT))


def test_what_noise_leaves_open_is_measured_again() -> None:
    rounds = [[0.9, 1.0, 1.0, 1.0, 1.0, 2.5], [1.0] * 6, [9.0] * 6]
    found = repeated(lambda: {"json": rounds.pop(0)}, lambda ratios: [(ratios["json"], WORST_LIMIT)])
    assert found == {"json": [0.9, 1.0, 1.0, 1.0, 1.0, 2.5, *[1.0] * 6]} and len(rounds) == 1


def test_what_noise_leaves_open_for_good_was_not_measured() -> None:
    found = repeated(lambda: {"json": [1.0, 3.0] * 3}, lambda ratios: [(ratios["json"], WORST_LIMIT)])
    assert len(found["json"]) == MOST_PAIRS
    with pytest.raises(NotMeasured, match="json: times gcc -O2: 2.00, between 1.00 and 3.00"):
        list(judge_code(found))


def answer_of(name: str, zero: Path) -> Answer:
    (claim,) = (claim for claim in CLAIMS if claim.name == name)
    return judge(claim, TOP, zero)


@pytest.mark.slow
def test_a_slower_compiler_is_broken(zero: Path, tmp_path: Path) -> None:
    """The compiler run three times for one result: beside tcc it takes three times as long."""
    need("tcc")
    slow = tmp_path / "zero"
    slow.write_text('#!/bin/sh\nfor again in 1 2 3 4; do "' + str(zero) + '" "$@" || exit; done\n', encoding="utf-8")
    slow.chmod(0o755)
    assert measured(lambda: answer_of("bench/compiles-beside-tcc", zero)).verdict is Judged.HOLDS
    answer = measured(lambda: answer_of("bench/compiles-beside-tcc", slow))
    assert answer.verdict is Judged.BROKEN and "0x0 -O0: times tcc -c" in answer.findings[0].message


@pytest.mark.slow
def test_slower_code_is_broken(zero: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each program that the compiler makes is run many times over for one result."""
    need("gcc")
    assert measured(lambda: answer_of("bench/code-beside-gcc", zero)).verdict is Judged.HOLDS
    once = Bench.run_once

    def often(self: Bench, runs: Runs) -> None:
        once(self, runs)
        runs.us[-1] *= 1 if runs.argv[0].endswith("-0") else 8  # the reference is made first

    monkeypatch.setattr(Bench, "run_once", often)
    answer = measured(lambda: answer_of("bench/code-beside-gcc", zero))
    assert answer.verdict is Judged.BROKEN and "at most" in answer.findings[-1].message


@pytest.mark.parametrize(("claim", "tool"), [("bench/code-beside-gcc", "gcc"), ("bench/compiles-beside-tcc", "tcc")])
def test_without_the_other_compiler_it_is_not_present(zero: Path, monkeypatch: pytest.MonkeyPatch, claim: str, tool: str) -> None:
    monkeypatch.setitem(PINNED_ENVIRONMENT, "PATH", "/none")
    answer = answer_of(claim, zero)
    assert answer.verdict is Judged.NOT_PRESENT and answer.reason.startswith(f"{tool} is not present")


# ---- the page


def small_record() -> Record:
    """Two programs and no more than the page needs."""
    fast, slow = Row(500_000, (1000, 1000), 2048), Row(750_000, (1400, 1600), 1024)
    code = {name: {REFERENCE: fast, "0x0": slow} for name in ("sieve", "json")}
    code["json"]["tcc"] = slow
    speeds = {
        speed.TCC: speed.Speed(40_000, (1000,), 10_240, 55_000, 1_600_000, 3_000_000),
        "0x0 -O0": speed.Speed(80_000, (2000,), 10_240, 55_000, 2_000_000, 1_000_000),
    }
    alone = speed.Alone(100_000, 20_480)
    machine = Machine("a processor", 2, 24, "6.1", "cpython-3.11.2")
    sizes = {"hello": 4000}
    phases = {"-O0": {"load": 10_000_000, "emit": 20_000_000}}
    return Record(
        "2026-11-21", "0123456789ab", machine, {"gcc": "12.2.0"}, ["MIR -O2"], {}, 2, True, code, 2, speeds, phases, 2000, alone, alone, sizes
    )


def test_a_record_is_read_as_it_was_written() -> None:
    assert from_json(json.loads(to_bytes(small_record()))) == small_record()
    with pytest.raises(ValueError, match="its format is not 0x0 bench 1"):
        from_json({"format": "0x0 bench 0"})


def test_the_page_tells_what_was_measured() -> None:
    told = render(small_record(), "## The worst\n")
    assert "| sieve | 500 | 1.50 | - |\n| json | 500 | 1.50 | 1.50 |\n| **geometric mean** |  | **1.50** | **1.50** of 1 |" in told
    assert "Less is better. Sizes are the small ones" in told
    assert "Not present on this machine: MIR -O2." in told and "gcc 12.2.0" in told
    assert "lay between 0.93 and 1.07 times their median" in told
    assert "| 0x0 -O0 | 80.0 | 2.00 | 0.69 | 10.0 | 976 |" in told
    assert "| load | 10.0 |\n| emit | 20.0 |\n| **all** | 30.0 |" in told  # nanoseconds times 2 GHz over 2,000,000 bytes
    assert "The compiler compiles itself at -O2: 100.0 ms, 20.0 MiB." in told


def test_a_page_that_was_changed_by_hand_is_broken(tmp_path: Path) -> None:
    for name in (MEASURED, WORST, PAGE):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((TOP / name).read_bytes())
    (claim,) = (claim for claim in CLAIMS if claim.name == "bench/page-is-what-was-measured")
    assert judge(claim, TOP, TOP).verdict is Judged.HOLDS
    text = (tmp_path / PAGE).read_text(encoding="utf-8")
    (tmp_path / PAGE).write_text(text.replace("geometric mean", "mean"), encoding="utf-8")
    answer = judge(claim, tmp_path, tmp_path)
    assert answer.verdict is Judged.BROKEN and [str(finding) for finding in answer.findings] == [
        f"{PAGE}: is not what was measured; write it with `python -m perf bench --page`"
    ]
    assert main(["bench", "--page", "--top", str(tmp_path)]) == 0
    assert judge(claim, tmp_path, tmp_path).verdict is Judged.HOLDS
    (tmp_path / MEASURED).write_text("{}", encoding="utf-8")
    assert judge(claim, tmp_path, tmp_path).verdict is Judged.BROKEN
