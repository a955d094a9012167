"""Every mutant is seen by its case, which holds for the sound compiler and seed: the corpus and the cases of passes can fail."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests import corpus
from tests.corpus import Engine
from tests.mutants import MUTANTS, STAGE2, Mutant, case_of, judge_mutant, judge_passes, mutated

pytestmark = pytest.mark.usefixtures("zero")
FOLDERS = ("read", "check", "tree", "ssa", "opt", "mach", "x64", "obj")


def sound(mutant: Mutant) -> Engine:
    seed, _, stage2, *_ = corpus.ENGINES
    return seed if mutant.of_seed else stage2


@pytest.mark.parametrize(
    "mutant", [pytest.param(one, id=one.name, marks=() if one.quick else pytest.mark.slow) for one in MUTANTS]
)
def test_mutant_is_seen(mutant: Mutant, tmp_path: Path) -> None:
    if mutant.of_passes:
        assert judge_passes(mutant, STAGE2, tmp_path) == ""
    else:
        assert corpus.judge(case_of(mutant), sound(mutant), tmp_path / "sound") == ""
    assert judge_mutant(mutant, tmp_path) != "", f"{mutant.case} does not see: {mutant.after}"


def test_every_row_still_fits_its_file() -> None:
    for one in MUTANTS:
        assert mutated(one)


def test_mutants_are_spread() -> None:
    of_seed = [one for one in MUTANTS if one.of_seed]
    folders = Counter(one.folder for one in MUTANTS)
    assert len(of_seed) >= 20 and len(MUTANTS) - len(of_seed) >= 25
    assert [folder for folder in FOLDERS if not folders[folder]] == []
    assert len({one.name for one in MUTANTS}) == len(MUTANTS)
