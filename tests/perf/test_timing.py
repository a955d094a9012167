"""Time: what can be said of ratios, the noise of a machine, the history, the commands, and each claim of the gate seen red."""

from __future__ import annotations

import importlib
import json
import random
import shutil
import sys
import threading
from pathlib import Path
from typing import Callable, Dict, List, Optional

import pytest

from audit.claim import Answer
from audit.claim import Verdict as Judged
from perf import perf_check, plot
from perf.__main__ import main
from perf.workbench import Workbench, trusted_root
from perf.command import PerfError
from perf.history import HISTORY, add_record, read_history
from perf.machine import this_machine
from perf.noise import NOISE, learn_noise, noise_permille, read_noise
from perf.perf_check import CLAIMS
from perf.reference import FOLDER, keep_reference, reference_of
from perf.sampling import LEAST_PAIRS, Pairs, Verdict, interval, judge_ratio, measure_pairs, spread_permille, statement
from perf.guard.record import canonical
from perf.store import append_line, sha256_of, write_whole
from tests.perf.trees import Patch, answer, measured, told, tree

pytestmark = [pytest.mark.slow, pytest.mark.machine]  # together they take more than `make quick` may

# Work that no figure shows: a second loop over all functions in each component.
SLOWER = Patch(
    "compiler/pipeline.0x0",
    "  (vec.clear! w.members)\n",
    "  (for (q 0 p.functions.count) (for (z 0 {times}) (inc! w.nodes (- q (+ q 0)))))\n  (vec.clear! w.members)\n",
)
TOO_MUCH_OF_IT, SOME_OF_IT = "60", "4"


def slower(times: str) -> List[Patch]:
    return [Patch(SLOWER.file, SLOWER.before, SLOWER.after.replace("{times}", times))]


# ---- what can be said


@pytest.mark.parametrize(
    ("count", "low", "high", "confidence"),
    # ranks and confidence as in tables of the sign test
    [(6, 1, 6, 0.9688), (8, 1, 8, 0.9922), (9, 2, 8, 0.9609), (15, 4, 12, 0.9648), (20, 6, 15, 0.9586)],
)
def test_the_interval_of_the_median_is_that_of_the_sign_test(count: int, low: int, high: int, confidence: float) -> None:
    found = interval(random.Random(1).sample(range(1, count + 1), count))
    assert found is not None
    assert (found.low, found.high, round(found.confidence, 4)) == (low, high, confidence)


def test_too_few_values_have_no_interval() -> None:
    assert [interval([1.0] * count) is None for count in range(8)] == [True] * LEAST_PAIRS + [False, False]
    assert "too few" in statement(Pairs((1, 1), (1, 1)))


def test_the_interval_holds_the_median_as_often_as_it_says() -> None:
    numbers = random.Random(7)
    held = 0
    for _ in range(2000):
        found = interval([numbers.lognormvariate(0, 1) for _ in range(9)])
        assert found is not None
        held += found.low <= 1.0 <= found.high
    assert 0.945 < held / 2000 < 0.975  # it says 0.961


def test_a_ratio_is_judged_by_its_whole_interval() -> None:
    assert judge_ratio([1.2] * 8, 1.1) is Verdict.REGRESSED
    assert judge_ratio([1.0] * 8, 1.1) is Verdict.NOT_REGRESSED
    assert judge_ratio([1.1] * 8, 1.1) is Verdict.NOT_REGRESSED
    assert judge_ratio([1.0] * 4 + [1.2] * 4, 1.1) is Verdict.UNMEASURED
    assert judge_ratio([9.0] * 5, 1.1) is Verdict.UNMEASURED
    assert judge_ratio([], 1.1) is Verdict.UNMEASURED


def test_pairs_are_measured_in_turn_and_no_more_than_needed() -> None:
    order: List[str] = []

    def taking(name: str, microseconds: int) -> Callable[[], int]:
        def take() -> int:
            order.append(name)
            return microseconds

        return take

    pairs = measure_pairs(taking("a", 100), taking("b", 150), 6, 30, 1.2)
    assert (len(pairs.left), pairs.ratio) == (6, 1.5)
    assert "".join(order) == "ab" + "abba" * 3
    numbers = random.Random(3)
    undecided = measure_pairs(lambda: 100, lambda: numbers.choice((90, 150)), 6, 30, 1.2)
    assert len(undecided.left) == 30


def test_the_spread_is_that_of_the_quartiles() -> None:
    assert spread_permille([100, 100, 100, 100]) == 0
    assert spread_permille([90, 95, 100, 105, 110]) == 100
    with pytest.raises(ValueError):
        spread_permille([1, 2, 3])


# ---- files


def test_evidence_has_no_number_with_a_point() -> None:
    assert canonical({"b": [1, "größer"], "a": None}) == '{"a":null,"b":[1,"größer"]}\n'.encode()
    with pytest.raises(TypeError):
        canonical({"a": [{"b": 0.5}]})


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    (tmp_path / "file" / "inside").touch()
    with pytest.raises(PerfError, match="cannot be written"):
        write_whole(tmp_path / "file", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_noise_is_learned_for_each_machine_and_the_largest_of_the_last_counts(tmp_path: Path) -> None:
    machine = this_machine()
    assert read_noise(tmp_path, machine) == ()
    assert [learn_noise(tmp_path, machine, found) for found in (30, 10, 20)] == [30, 30, 30]
    assert [learn_noise(tmp_path, machine, 5) for _ in range(8)][-1] == 5
    other = type(machine)("another", 1, 1, "6.0", "cpython-3.8.0")
    assert read_noise(tmp_path, other) == () and other.fingerprint != machine.fingerprint
    (tmp_path / NOISE / f"{machine.fingerprint}.json").write_text("{", encoding="utf-8")
    assert read_noise(tmp_path, machine) == ()


def test_noise_is_how_far_alike_things_seem_to_differ() -> None:
    assert noise_permille(Pairs((100,) * 8, (100,) * 8)) == 0
    assert noise_permille(Pairs((100,) * 8, (103, 97, 100, 100, 100, 100, 100, 100))) == 30
    assert noise_permille(Pairs((100,) * 3, (100,) * 3)) == 1000


def test_a_broken_line_of_the_history_is_told_and_skipped(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    zero = top / "build/bin/zero"
    add_record(top, zero, {"x_us": 1})
    with (top / HISTORY).open("ab") as file:
        file.write(b'{"format":"0x0 perf history 1","figures":{"x_us')  # a crash in the middle of a line
    add_record(top, zero, {"x_us": 3})
    with (top / HISTORY).open("ab") as file:
        file.write(b'{"format":"0x0 perf history 1","figures":{"x_us":0.5}}\n[]\n\xff\n')
    found = read_history(top)
    assert ([record.figures for record in found.records], found.broken) == ([{"x_us": 1}, {"x_us": 3}], (2, 4, 5, 6))
    assert main(["history", "--top", str(top)]) == 0
    output = capsys.readouterr()
    assert "perf/history.jsonl:2: this line is broken and is skipped" in output.err
    assert output.out.splitlines()[-1].split() == ["x_us", "2", "1", "2", "3", "3"]


def test_lines_of_the_history_are_whole_though_many_write(tmp_path: Path) -> None:
    path = tmp_path / "lines"

    def write(number: int) -> None:
        for _ in range(20):
            append_line(path, {"n": number, "x": "y" * 5000})

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts: Dict[int, int] = {}
    for line in path.read_bytes().splitlines():
        record = json.loads(line)
        counts[record["n"]] = counts.get(record["n"], 0) + 1
    assert counts == dict.fromkeys(range(8), 20)


def test_a_reference_that_is_not_as_it_was_recorded_is_none(top: Path) -> None:
    zero = top / "build/bin/zero"
    assert reference_of(top) is None
    keep_reference(top, zero, "the first")
    assert reference_of(top) == top / FOLDER / "zero"
    with (top / FOLDER / "zero").open("ab") as file:
        file.write(b"\0")
    assert reference_of(top) is None


# ---- the gate


def judged(name: str, top: Path) -> Answer:
    return measured(lambda: answer(CLAIMS, name, top))


def test_a_compiler_that_is_slower_than_a_straight_line_is_red(zero: Path, tmp_path: Path) -> None:
    top = tree(tmp_path / "tree", zero, slower(TOO_MUCH_OF_IT))
    found = judged("twice-the-source-takes-twice-as-long", top)
    assert found.verdict is Judged.BROKEN, (told(found), found.figures)
    assert "at most 2.30 is allowed" in told(found)


def test_a_compiler_that_is_hardly_faster_than_the_seed_is_red(zero: Path, tmp_path: Path) -> None:
    top = tree(tmp_path / "tree", zero, slower("600"))
    found = judged("faster-than-the-seed", top)
    assert found.verdict is Judged.BROKEN, (told(found), found.figures)
    assert "times as fast, not 4" in told(found)


def test_a_compiler_that_is_slower_than_the_reference_is_red_until_it_is_accepted(
    zero: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    top = tree(tmp_path / "tree", zero, slower(SOME_OF_IT))
    first = judged("not-slower-than-the-reference", top)
    assert first.verdict is Judged.NOT_PRESENT and "from now on this one is the reference" in first.reason
    keep_reference(top, zero, "as it should be")
    learn_noise(top, this_machine(), 10)
    found = judged("not-slower-than-the-reference", top)
    assert found.verdict is Judged.BROKEN, (told(found), found.figures)
    assert main(["measure", "check.compiler", "--rounds", "1", "--accept", "it looks twice", "--top", str(top)]) == 0
    assert read_history(top).records[-1].reason == "it looks twice"
    found = judged("not-slower-than-the-reference", top)
    assert (found.verdict, found.facts["reference"]) == (Judged.HOLDS, "is this compiler")


def test_a_faster_compiler_becomes_the_reference(zero: Path, tmp_path: Path) -> None:
    top = tree(tmp_path / "slow", zero, slower(SOME_OF_IT))
    keep_reference(top, top / "build/bin/zero", "slow")
    learn_noise(top, this_machine(), 10)
    shutil.copy(zero, top / "build/bin/zero")
    assert judged("not-slower-than-the-reference", top).verdict is Judged.HOLDS
    reference = reference_of(top)
    assert reference is not None and reference.read_bytes() == zero.read_bytes()


def test_the_trusted_root_is_the_first_reference(zero: Path, tmp_path: Path) -> None:
    top = tree(tmp_path / "tree", zero, slower(SOME_OF_IT))
    learn_noise(top, this_machine(), 10)
    root, ledger = top / "build/chain/root", top / "build/chain/ledger.json"
    root.parent.mkdir(parents=True)
    shutil.copy(zero, root)
    write_whole(ledger, canonical({"origin": {"from": "trusted root", "sha256": sha256_of(root)}}))
    assert trusted_root(top) == root
    assert judged("not-slower-than-the-reference", top).verdict is Judged.BROKEN
    with root.open("ab") as file:
        file.write(b"another")
    assert trusted_root(top) is None


def test_programs_that_are_compiled_to_slower_code_are_red(zero: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = tree(tmp_path / "tree", zero)
    keep_reference(top, zero, "as it should be")
    learn_noise(top, this_machine(), 10)
    with (top / "build/bin/zero").open("ab") as file:
        file.write(b"another")  # it compiles as before, but is another compiler
    name = "programs-not-slower-than-the-references"
    assert judged(name, top).verdict is Judged.HOLDS
    made = Workbench.example

    def slow(bench: Workbench, example: str, compiler: Optional[Path] = None, mark: str = "") -> Path:
        """What today's compiler would make if it made loops that run twice as long."""
        if compiler is None and example == "life":
            program = made(bench, example, compiler, mark)
            program.rename(program.with_name("fast"))
            twice = '#!/bin/sh\n"${0%/*}/fast" "$@" <examples/input/life.txt >/dev/null\nexec "${0%/*}/fast" "$@"\n'
            program.write_text(twice, encoding="utf-8")
            program.chmod(0o755)
            return program
        return made(bench, example, compiler, mark)

    monkeypatch.setattr(Workbench, "example", slow)
    monkeypatch.setattr(perf_check, "EXAMPLES", ("life",))
    found = judged(name, top)
    assert found.verdict is Judged.BROKEN and told(found).startswith("life: the second takes"), told(found)


def test_a_machine_that_is_too_busy_measures_nothing(top: Path, zero: Path) -> None:
    keep_reference(top, zero, "as it should be")
    with (top / "build/bin/zero").open("ab") as file:
        file.write(b"another")
    learn_noise(top, this_machine(), 400)
    for name in ("not-slower-than-the-reference", "programs-not-slower-than-the-references"):
        found = answer(CLAIMS, name, top)
        assert found.verdict is Judged.NOT_MEASURED and "nothing can be compared" in found.reason


def test_alike_compilers_that_seem_to_differ_measure_nothing(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = iter(range(1000))
    monkeypatch.setattr(perf_check, "cpu_us", lambda *_: 100 + 100 * (next(turns) % 3))
    found = answer(CLAIMS, "alike-are-alike", top)
    assert found.verdict is Judged.NOT_MEASURED and "too busy" in found.reason
    assert max(read_noise(top, this_machine())) > 150


def test_what_cannot_be_decided_was_not_measured(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = iter(range(100000))
    monkeypatch.setattr(perf_check, "cpu_us", lambda *_: (100, 300, 200, 700)[next(turns) % 4])
    found = answer(CLAIMS, "twice-the-source-takes-twice-as-long", top)
    assert found.verdict is Judged.NOT_MEASURED and found.red


def test_without_a_compiler_nothing_was_measured(top: Path) -> None:
    (top / "build/bin/zero").unlink()
    for claim in CLAIMS:
        found = answer(CLAIMS, claim.name.partition("/")[2], top)
        assert found.verdict is Judged.NOT_MEASURED and "there is no compiler" in found.reason, claim.name


def test_a_history_that_cannot_be_kept_is_red(top: Path) -> None:
    (top / HISTORY).mkdir(parents=True)
    assert answer(CLAIMS, "history-is-kept", top).red


# ---- the commands


def test_compare_says_which_is_slower(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    short, long = (f"{sys.executable} -S -c 'sum(range({count}))'" for count in (100_000, 3_000_000))
    assert main(["compare", short, long]) == 1
    output = capsys.readouterr().out
    assert "regressed: the limit is 1.05" in output and "confidence, by" in output
    assert main(["compare", long, short]) == 0
    assert "not regressed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["compare", "false", "true"], "a command ended with status 1: false"),
        (["compare", "'", "true"], "No closing quotation"),
        (["compare", "", "true"], "a command is empty"),
        (["compare", "true", "true", "--pairs", "3"], "--pairs has to be 6 or more"),
        (["measure", "nothing"], "no step is named like nothing"),
        (["measure", "--rounds", "0"], "--rounds has to be at least 1"),
        (["measure", "--accept", "yes"], "--accept takes the reason"),
    ],
)
def test_wrong_usage_is_told_in_one_line(zero: Path, capsys: pytest.CaptureFixture[str], arguments: List[str], words: str) -> None:
    assert main(arguments) == 2
    output = capsys.readouterr()
    assert words in output.err and output.err.startswith(f"perf {arguments[0]}: ") and output.err.count("\n") == 1


def test_commands_without_anything_to_tell_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", "--top", str(tmp_path)]) == 2
    assert "there is no compiler; make it with `make all`" in capsys.readouterr().err
    assert main(["history", "--top", str(tmp_path)]) == 1
    assert "nothing of this machine is recorded" in capsys.readouterr().out
    assert main(["plot", "--top", str(tmp_path)]) == 1
    assert "has nothing of this machine named like _cpu_us" in capsys.readouterr().err


def test_measure_adds_to_the_history_and_plot_draws_it(top: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", "check.compiler", "run.wc", "--rounds", "4", "--top", str(top)]) == 0
    figures = read_history(top).records[0].figures
    kinds = ("cpu_us", "peak_kib", "spread_permille")
    assert set(figures) == {f"{step}_{kind}" for step in ("check_compiler", "run_wc") for kind in kinds}
    drawing = tmp_path / "drawing.svg"
    assert main(["plot", "_peak_kib", "--top", str(top), "--out", str(drawing)]) == 0
    text = drawing.read_text(encoding="utf-8")
    assert text.startswith("<?xml") and "check_compiler_peak_kib" in text
    assert capsys.readouterr().out.endswith("2 figures\n")


def test_plot_says_what_it_needs(top: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(PerfError, match="needs the Python module pygal"):
        plot.drawing_library()
    monkeypatch.undo()
    assert importlib.import_module("pygal")
