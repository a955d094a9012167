"""Every case of tests/cases through every engine that is built, and what the corpus must cover."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, List, Sequence

import pytest

from tests import corpus
from tests.corpus import Case, Engine

RUN = corpus.cases("run")
REJECT = corpus.cases("reject")


def named(case: Case) -> str:
    return case.name


@pytest.fixture(scope="module")
def engine(request: pytest.FixtureRequest) -> Engine:
    one: Engine = request.param
    if not one.present():
        pytest.skip(f"{one.name} is not built")
    return one


def through(engines: Sequence[Engine]) -> pytest.MarkDecorator:
    rows = [pytest.param(one, id=one.name, marks=[] if one.name == "stage2" else [pytest.mark.slow]) for one in engines]
    return pytest.mark.parametrize("engine", rows, indirect=True)


def hold(case: Case, engine: Engine, folder: Path, config: pytest.Config) -> None:
    product = folder / "product"
    wrong = corpus.judge(case, engine, product)
    if wrong and config.getoption("--bless") and (engine.whole or case.kind == "run"):
        corpus.bless(case, engine, product)
    if wrong:
        pytest.fail(f"{wrong}\n\n{corpus.shell(case, engine, Path('/tmp/product'))}", pytrace=False)


@through(corpus.ENGINES)
@pytest.mark.parametrize("case", RUN, ids=named)
def test_run(case: Case, engine: Engine, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    hold(case, engine, tmp_path, pytestconfig)


@through([one for one in corpus.ENGINES if "-O" not in one.name])  # what is refused is refused before there are levels
@pytest.mark.parametrize("case", REJECT, ids=named)
def test_reject(case: Case, engine: Engine, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    hold(case, engine, tmp_path, pytestconfig)


def test_every_clause_is_cited() -> None:
    written = set(re.findall(r"^\*\*(\d+\.\d+)\*\*", (corpus.TOP / "docs/language.md").read_text("utf-8"), re.M))
    cited = {clause for case in RUN + REJECT for clause in case.clauses}
    assert sorted(written - cited) == []
    assert sorted(cited - written) == []


def test_every_code_has_a_reject_case() -> None:
    table = (corpus.TOP / "docs/diagnostics.md").read_text("utf-8")
    codes = set(re.findall(r"^\| ([a-z]+(?:-[a-z]+)*) \| .* \| (?:yes|no) \|$", table, re.M))
    shown = {error.code for case in REJECT for error in case.errors}
    assert sorted(codes - shown) == []
    assert sorted(shown - codes) == []


def test_every_case_states_what_it_is_for() -> None:
    wanting = [case.name for case in RUN + REJECT if not case.clauses]
    wanting += [case.name for case in REJECT if case.seed not in ("refuses", "accepts", "floats")]
    wanting += [case.name for case in REJECT if not case.errors and case.exit == 1]
    assert wanting == []


def test_cases_are_short_and_differ() -> None:
    bodies: Dict[str, List[str]] = {}
    for case in RUN + REJECT:
        lines = [line for line in corpus.lines_of(case.path) if not line.startswith(";; ")]
        bodies.setdefault("\n".join(lines), []).append(case.name)
    assert [names for names in bodies.values() if len(names) > 1] == []
