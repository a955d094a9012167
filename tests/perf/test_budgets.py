"""Budgets and baselines of memory: what the files may say, how a baseline is written, and each claim of the gate seen red."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Callable, Dict, Iterator

import pytest

from audit.claim import Verdict
from perf import memory_check
from perf.__main__ import main
from perf.baseline import Baseline, Entry, baseline_text, earlier_baseline, parse_baseline, read_baseline
from perf.workbench import workbench
from perf.budget import BUDGETS, budget_for, parse_budgets, read_budgets
from perf.command import PerfError
from perf.machine import python_key, uncounted_kib
from perf.memory_check import CLAIMS, Measured, closest, is_told, measured, parse_then
from perf.steps import KEYS, STEPS, step_of
from perf.guard.record import canonical
from perf.store import sha256_of, write_whole
from tests.conftest import TOP
from tests.needs import need
from tests.perf.trees import Patch, answer, answers, edit, red, subject, told, tree

pytestmark = [pytest.mark.slow, pytest.mark.machine]  # together they take more than `make quick` may

BASELINE = "perf/memory-baselines/v0.1.0.txt"
GOOD = "# why\nrelease.stage2.max_rss_kib=11264\n"


@pytest.fixture(scope="module")
def once(zero: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree whose steps are measured once for the tests of this file that change its budgets alone."""
    return tree(tmp_path_factory.mktemp("budgets") / "tree", zero)


@pytest.fixture
def top(once: Path) -> Iterator[Path]:
    """The tree, with budgets and baseline that fit it, whatever other work in this checkout has changed; as before afterwards."""
    kept = {name: (once / name).read_bytes() for name in (BUDGETS, BASELINE)}
    found = measured(subject(once))
    fit(once, found)
    yield once
    for name, content in kept.items():
        (once / name).write_bytes(content)
    shutil.rmtree(once / ".git", ignore_errors=True)


OF_THE_FILES = CLAIMS[:4]  # those that a change of budgets can turn red


def fit(top: Path, found: Measured) -> None:
    """Budgets 15 % over what was measured, and a baseline that tells of them."""
    lines = ["# for the test"]
    lines += [f"{key}.max_rss_kib={closest(peak)}" for key, peak in found.peaks.items()]
    lines.append(f"seed.zero_next@{python_key()}.max_rss_kib={closest(found.peaks['seed.zero_next'])}")
    (top / BUDGETS).write_text("\n".join(lines) + "\n", encoding="utf-8")
    write_baseline(top, found)


def write_baseline(top: Path, found: Measured) -> None:
    budgets = read_budgets(top)
    entries = {
        key: Entry(found.peaks[key.partition("@")[0]], budget.max_rss_kib)
        for key, budget in budgets.items()
    }
    (top / BASELINE).write_text(baseline_text("0.1.0", Baseline("for the test", entries)), encoding="utf-8")


def budget(top: Path, key: str) -> int:
    return read_budgets(top)[key].max_rss_kib


# ---- the files


def test_the_files_of_this_tree_are_read_and_agree() -> None:
    budgets, baseline = read_budgets(TOP), read_baseline(TOP)
    assert set(budgets) == set(baseline.entries)
    assert {key.partition("@")[0] for key in budgets} >= set(KEYS) - {"root.zero_next"}
    for key, entry in baseline.entries.items():
        assert entry.peak_kib <= budgets[key].max_rss_kib <= entry.budget_kib, key
        assert 1000 * entry.budget_kib <= 1250 * entry.peak_kib, key


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("# why\nrelease.stage9.max_rss_kib=1\n", ":2: release.stage9 is no step"),
        ("# why\nrelease.stage2.max_rss_mib=1\n", ":2: release.stage2.max_rss_mib does not end with .max_rss_kib"),
        ("# why\nrelease.stage2.max_rss_kib=12k\n", ":2: '12k' is not a whole number"),
        ("# why\nrelease.stage2.max_rss_kib=0\n", ":2: '0' is not a whole number"),
        ("# why\nrelease.stage2.max_rss_kib=-5\n", ":2: '-5' is not a whole number"),
        ("# why\nrelease.stage2.max_rss_kib=007\n", ":2: '007' is not a whole number"),
        ("# why\nrelease.stage2.max_rss_kib=\n", ":2: '' is not a whole number"),
        ("# why\nrelease.stage2.max_rss_kib=12345678901\n", ":2: '12345678901' is not a whole number"),
        ("# why\nrelease.stage2.max_rss_kib 5\n", ":2: expected a comment or KEY"),
        ("# why\nrelease.stage2.max_rss_kib=5\nrelease.stage2.max_rss_kib=6\n", ":3: release.stage2 is given twice, first in line 2"),
        ("release.stage2.max_rss_kib=5\n", ":1: no reason stands above release.stage2"),
        ("# why\n\nrelease.stage2.max_rss_kib=5\n", ":3: no reason stands above release.stage2"),
        ("#\nrelease.stage2.max_rss_kib=5\n", ":2: no reason stands above release.stage2"),
        ("# why\nrelease.stage2@cpython-3.11.max_rss_kib=5\n", ":2: release.stage2 is not run by Python"),
        ("# why\nseed.zero_next@python.max_rss_kib=5\n", ":2: 'python' is no Python"),
    ],
)
def test_a_wrong_budget_is_refused_with_its_line(text: str, wrong: str) -> None:
    with pytest.raises(PerfError) as refused:
        parse_budgets(text, "budgets.txt")
    assert refused.value.message.startswith(f"budgets.txt{wrong}")


def test_a_reason_stands_for_the_block_below_it() -> None:
    budgets = parse_budgets("# why\n# and why\nrelease.stage2.max_rss_kib=5\nrelease.stage3.max_rss_kib=6\n", "budgets.txt")
    assert [(key, each.max_rss_kib, each.line, each.reason) for key, each in budgets.items()] == [
        ("release.stage2", 5, 3, "why and why"), ("release.stage3", 6, 4, "why and why"),
    ]  # fmt: skip


def test_the_budget_of_a_python_is_its_own_else_that_of_any_cpython() -> None:
    budgets = parse_budgets("# why\nseed.zero_next.max_rss_kib=7\nseed.zero_next@cpython-3.11.max_rss_kib=5\n", "budgets.txt")
    sizes = {python: budget_for(budgets, "seed.zero_next", python) for python in ("cpython-3.11", "cpython-3.99", "pypy-3.9")}
    assert {python: each and each.max_rss_kib for python, each in sizes.items()} == {"cpython-3.11": 5, "cpython-3.99": 7, "pypy-3.9": None}


def test_the_trusted_root_is_held_to_the_budget_of_stage3(zero: Path, tmp_path: Path) -> None:
    text = "# why\nrelease.stage3.max_rss_kib=5\n"
    own = text + "root.zero_next.max_rss_kib=6\n"
    sizes = [budget_for(parse_budgets(each, "budgets.txt"), "root.zero_next", python_key()) for each in (text, own, GOOD)]
    assert [each and each.max_rss_kib for each in sizes] == [5, 6, None]
    top = tree(tmp_path / "tree", zero)
    with workbench(top, top / "build/bin/zero") as place:
        assert step_of("root.zero_next").measure(place) is None
        copy = top / "build/chain/root"
        copy.parent.mkdir()
        shutil.copy(zero, copy)
        write_whole(copy.with_name("ledger.json"), canonical({"origin": {"from": "trusted root", "sha256": sha256_of(copy)}}))
        outcome = step_of("root.zero_next").measure(place)
    assert outcome is not None and outcome.argv[0] == "build/chain/root"


def test_a_baseline_reads_as_it_was_written() -> None:
    baseline = read_baseline(TOP)
    assert baseline.entries and baseline.reason
    assert parse_baseline(baseline_text("0.1.0", baseline), "v0.1.0.txt") == baseline


@pytest.mark.parametrize(
    ("before", "after"), [(r"peak_kib=\d", "peak_kib=9"), ("reason=", "reason=no "), ("sha256=", "sha512="), (r"\n$", "\nx\n")]
)
def test_a_baseline_that_was_changed_by_hand_is_refused(before: str, after: str) -> None:
    text = re.sub(before, after, (TOP / BASELINE).read_text(encoding="utf-8"), count=1)
    with pytest.raises(PerfError, match="v0.1.0.txt: was changed by hand"):
        parse_baseline(text, "v0.1.0.txt")


# ---- the claims


def test_the_tree_holds(top: Path) -> None:
    found = answers(CLAIMS, top)
    assert red(found) == (), [told(each) for each in found.values()]
    assert {f"{step.figure}_peak_kib" for step in STEPS} - {"root_zero_next_peak_kib"} == set(found["every-step-is-within-its-budget"].figures)


def lower(top: Path) -> str:
    edit(top / BUDGETS, f"release.stage3.max_rss_kib={budget(top, 'release.stage3')}", "release.stage3.max_rss_kib=5000")
    return "every-step-is-within-its-budget"


def lower_the_seeds(top: Path) -> str:
    key = f"seed.zero_next@{python_key()}"
    edit(top / BUDGETS, f"{key}.max_rss_kib={budget(top, key)}", f"{key}.max_rss_kib=9000")
    return "every-step-is-within-its-budget"


def make_room(top: Path) -> str:
    found = measured(subject(top))
    edit(top / BUDGETS, f"run.lz.max_rss_kib={budget(top, 'run.lz')}", f"run.lz.max_rss_kib={found.peaks['run.lz'] * 1260 // 1000}")
    write_baseline(top, found)
    return "every-budget-is-close"


def make_room_for_the_seed(top: Path) -> str:
    key = f"seed.zero_next@{python_key()}"
    edit(top / BUDGETS, f"{key}.max_rss_kib={budget(top, key)}", f"{key}.max_rss_kib={budget(top, key) * 2}")
    write_baseline(top, measured(subject(top)))
    return "every-budget-is-close"


def raise_silently(top: Path) -> str:
    size = budget(top, "release.stage2")
    edit(top / BUDGETS, f"release.stage2.max_rss_kib={size}", f"release.stage2.max_rss_kib={size + 4}")
    return "no-budget-is-raised-without-a-reason"


@pytest.mark.parametrize("change", [lower, lower_the_seeds, make_room, make_room_for_the_seed, raise_silently])
def test_a_change_of_a_budget_turns_its_claim_red(top: Path, change: Callable[[Path], str]) -> None:
    assert red(answers(OF_THE_FILES, top)) == ()
    name = change(top)
    found = answers(OF_THE_FILES, top)
    assert red(found) == (name,), [told(each) for each in found.values()]
    assert found[name].verdict is Verdict.BROKEN


def test_what_a_machine_leaves_uncounted_is_no_room_in_a_budget(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = measured(subject(top))
    kept = dict(found.peaks)
    try:
        found.peaks["run.life"] -= 220  # as seen where addresses are not fixed
        assert "run.life has a budget" in told(answer(CLAIMS, "every-budget-is-close", top))
        monkeypatch.setattr(memory_check, "fixes_addresses", lambda: False)
        assert told(answer(CLAIMS, "every-budget-is-close", top)) == ""
        found.peaks["run.life"] -= 200
        assert "run.life has a budget" in told(answer(CLAIMS, "every-budget-is-close", top))
    finally:
        found.peaks.update(kept)


def test_what_is_left_uncounted_grows_with_the_batches_of_the_kernel() -> None:
    figures = [uncounted_kib(fixed, processors) for fixed, processors in ((True, 2), (True, 16), (True, 64), (False, 2), (False, 64))]
    assert figures == [0, 0, 1024, 256, 1024]


def test_a_step_without_a_budget_is_red(top: Path) -> None:
    edit(top / BUDGETS, f"run.wc.max_rss_kib={budget(top, 'run.wc')}\n", "")
    found = answers(OF_THE_FILES, top)
    assert "run.wc took" in told(found["every-step-is-within-its-budget"])
    assert "run.wc has no budget" in told(found["every-step-has-budget-and-baseline"])
    assert "the baseline tells of run.wc" in told(found["every-step-has-budget-and-baseline"])


def test_a_budget_without_a_baseline_is_red(top: Path) -> None:
    found = measured(subject(top))
    line = f"run.wc.max_rss_kib={budget(top, 'run.wc')}\n"
    edit(top / BUDGETS, line, "")
    write_baseline(top, found)
    edit(top / BUDGETS, "# for the test\n", f"# for the test\n{line}")
    assert red(answers(OF_THE_FILES, top)) == ("every-step-has-budget-and-baseline",)
    (top / BASELINE).unlink()
    assert "there is no baseline of this version" in told(answer(CLAIMS, "every-step-has-budget-and-baseline", top))


def test_a_file_that_cannot_be_read_is_red_everywhere(top: Path) -> None:
    (top / BUDGETS).write_text("release.stage2=1\n", encoding="utf-8")
    for each in answers(OF_THE_FILES, top).values():
        assert "perf/memory-budgets.txt:1: release.stage2 does not end" in told(each)


def git(top: Path, *words: str) -> None:
    names = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=main"]
    subprocess.run([need("git"), *names, *words], cwd=top, check=True, capture_output=True, timeout=240)


def test_a_budget_that_is_higher_than_in_the_last_commit_is_red_though_the_baseline_has_it(top: Path) -> None:
    git(top, "init")
    git(top, "add", "perf")
    git(top, "commit", "-m", "perf: budgets")
    name = "no-budget-is-raised-without-a-reason"
    assert answer(CLAIMS, name, top).facts["compared with"] == "the baseline and the last commit"
    raise_silently(top)
    write_baseline(top, measured(subject(top)))
    assert "(in HEAD)" in told(answer(CLAIMS, name, top))


def test_a_reason_tells_of_a_raise_from_what_was_then_or_from_less() -> None:
    entry = Entry(9, 10, 5, "a second table of names")
    assert [is_told(entry, before) for before in (4, 5, 6)] == [False, True, True]
    assert not any(is_told(each, 5) for each in (None, Entry(9, 10), Entry(9, 10, None, "why"), Entry(9, 10, 5, "")))


def test_budgets_of_another_time_are_read_though_their_keys_are_unknown_today() -> None:
    assert parse_then(GOOD, "then") == {"release.stage2": 11264}
    then = "release.stage2.max_rss_kib=5\nolder.step.max_rss_kib=6\n# x.max_rss_kib=7\n"
    assert parse_then(then, "then") == {"release.stage2": 5, "older.step": 6}


def test_a_raise_with_a_reason_holds_until_the_next_release_and_is_told_in_the_baseline(top: Path, zero: Path) -> None:
    git(top, "init")
    git(top, "add", "perf")
    git(top, "commit", "-m", "perf: budgets")
    git(top, "tag", "v0.0.9")
    before = budget(top, "release.stage2")
    raise_silently(top)
    name = "no-budget-is-raised-without-a-reason"
    assert red({name: answer(CLAIMS, name, top)}) == (name,)
    assert main(["baseline", "--top", str(top), "--reason", "a second table of names"]) == 0
    entry = read_baseline(top).entries["release.stage2"]
    assert (entry.raised_from_kib, entry.raised_because, entry.budget_kib) == (before, "a second table of names", before + 4)
    found = answer(CLAIMS, name, top)
    assert (told(found), found.facts["compared with"]) == ("", "the baseline and v0.0.9")
    # a later baseline keeps the reason, and a further raise from then on is judged against what was then
    assert main(["baseline", "--top", str(top), "--reason", "measured once more"]) == 0
    assert read_baseline(top).entries["release.stage2"].raised_because == "a second table of names"
    assert told(answer(CLAIMS, name, top)) == ""


# ---- the command


def test_a_baseline_is_written_whole_or_not_at_all(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (top / BASELINE).read_bytes()
    lower(top)
    assert main(["baseline", "--top", str(top), "--reason", "a faster reader of files"]) == 1
    assert "release.stage3 took" in capsys.readouterr().err
    assert (top / BASELINE).read_bytes() == before
    assert main(["baseline", "--top", str(top), "--reason", "short"]) == 2
    assert "a reason is a sentence" in capsys.readouterr().err
    assert list((top / BASELINE).parent.iterdir()) == [top / BASELINE]


def test_a_baseline_of_a_new_version_follows_that_of_the_version_before(tmp_path: Path) -> None:
    (tmp_path / BASELINE).parent.mkdir(parents=True)
    sizes: Dict[str, int] = {"0.1.0": 10, "0.9.0": 20, "0.10.0": 30, "1.0.0": 40}
    for version, size in sizes.items():
        entry = Entry(size, size, 5, "why")
        text = baseline_text(version, Baseline("r", {"release.stage2": entry}))
        (tmp_path / f"perf/memory-baselines/v{version}.txt").write_text(text, encoding="utf-8")
    (tmp_path / "VERSION").write_text("0.11.0\n", encoding="utf-8")
    assert earlier_baseline(tmp_path).entries == {"release.stage2": Entry(30, 30)}
    (tmp_path / "VERSION").write_text("0.9.0\n", encoding="utf-8")
    assert earlier_baseline(tmp_path).entries == {"release.stage2": Entry(20, 20, 5, "why")}


# ---- compilers that keep too much


KEEPS_TREES = Patch(
    "compiler/pipeline.0x0",
    "(if (> (. (at w.program.functions.items f) type-parameters) 0)\n      (do\n        (≔ own",
    "(if true\n      (do\n        (≔ own",
)


def test_a_compiler_that_keeps_every_tree_is_red(zero: Path, tmp_path: Path) -> None:
    top = tree(tmp_path / "tree", zero, [KEEPS_TREES])
    found = answers(CLAIMS, top)
    assert "every-step-is-within-its-budget" in red(found)
    assert "release.program took" in told(found["every-step-is-within-its-budget"])
    assert "peak-is-below-the-slope" in red(found), [each.figures for each in found.values()]


def test_a_compiler_that_does_not_run_was_not_measured(zero: Path, tmp_path: Path) -> None:
    top = tree(tmp_path / "tree", zero)
    (top / "build/bin/zero").write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    found = answers(CLAIMS, top)
    for name in ("every-step-is-within-its-budget", "every-budget-is-close", "peak-grows-as-is-told", "peak-is-below-the-slope"):
        assert found[name].verdict is Verdict.NOT_MEASURED and "status 3" in found[name].reason
        assert found[name].red
    (top / "build/bin/zero").unlink()
    assert answer(CLAIMS, "every-step-is-within-its-budget", top).verdict is Verdict.NOT_MEASURED
