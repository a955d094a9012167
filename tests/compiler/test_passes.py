"""Every pass makes of a graph what its cases say, and the page tells what the table of passes tells."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Dict, List, Tuple

import pytest

from tests.compiler.passes import change, parts
from tests.conftest import TOP

SOURCE = TOP / "compiler/opt/optimise.0x0"
PAGE = TOP / "docs/compiler.md"
CASES = sorted((TOP / "tests/compiler/opt").glob("*/*.ssa"))


def names(paths: List[Path]) -> List[str]:
    return [f"{path.parent.name}/{path.stem}" for path in paths]


@pytest.mark.parametrize("path", CASES, ids=names(CASES))
def test_a_graph_becomes_what_its_case_says(zero: Path, tmp_path: Path, path: Path) -> None:
    passes, before, after = parts(path)
    listing = tmp_path / path.name
    listing.write_text(before, encoding="utf-8")
    result = change(zero, passes, listing)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == after, f"to see it: zero ssa --parse --passes {passes} {path}"


def test_a_pass_that_there_is_not_is_refused(zero: Path) -> None:
    result = change(zero, "dce,dcx", CASES[0])
    assert (result.returncode, result.stderr) == (1, "no such pass: dcx\n")


def test_a_pass_before_the_one_that_makes_what_it_needs_is_refused(zero: Path) -> None:
    result = change(zero, "rotate,inline,licm", CASES[0])
    assert (result.returncode, result.stderr) == (1, "what this pass needs does not hold: licm\n")


def table() -> Dict[str, str]:
    """The passes by name, and what each says of itself."""
    return dict(re.findall(r'\(Pass "([a-z-]+)" "([^"]+)"', SOURCE.read_text(encoding="utf-8")))


def order() -> List[str]:
    """The passes of -O2 as they run."""
    found = re.search(r"\(const full \(View I64\)\s+\(array([^)]*)\)", SOURCE.read_text(encoding="utf-8"))
    assert found is not None
    return [name[len("i-") :] for name in found[1].split()]


def rows_of_the_page() -> List[Tuple[str, ...]]:
    section = PAGE.read_text(encoding="utf-8").partition("## The passes of `-O2`, in their order\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| ([a-z][a-z-]*) \| (.*?) \| .* \|$", section, re.MULTILINE)[1:]


def test_the_page_has_the_passes_in_their_order_as_they_describe_themselves() -> None:
    assert len(order()) > 15
    assert rows_of_the_page() == [(name, table()[name]) for name in order()]


def test_help_lists_the_passes_in_their_order(zero: Path) -> None:
    shown = {name: subprocess.run([zero, "help", name], capture_output=True, encoding="utf-8", check=True).stdout for name in ("build", "ssa")}
    for text in shown.values():
        steps, _, aside = text.partition("Passes of -O2")[2].partition("alone takes:")
        assert [re.findall(r"^  ([a-z0-9-]+) ", part, re.MULTILINE) for part in (steps, aside)] == [
            order(), [name for name in table() if name not in order()]
        ]  # fmt: skip


def test_a_dump_tells_the_step_of_the_list(zero: Path, tmp_path: Path) -> None:
    path = tmp_path / "empty.0x0"
    path.write_text("(⊙ empty)\n(ƒ main (∷ (→ I64)) () 7)\n", encoding="utf-8")
    for option, when in (("--dump", "after"), ("--dump-before", "before")):
        command = [str(zero), "build", option, "gvn", str(path), "-o", str(tmp_path / "out")]
        told = subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stderr
        steps = [place for place, name in enumerate(order(), 1) if name == "gvn"]
        assert re.findall(r"^; (.*)\nfunction empty\.main ", told, re.MULTILINE) == [f"{when} step {step} of -O2" for step in steps]


def test_numbers_are_the_places_of_the_rows() -> None:
    numbers = re.findall(r"\(const i-([a-z0-9-]+) I64 (\d+)\)", SOURCE.read_text(encoding="utf-8"))
    assert numbers == [(name, str(place)) for place, name in enumerate(table())]


def test_every_pass_of_the_table_runs_but_those_that_the_page_names() -> None:
    aside = set(table()) - set(order())
    assert aside == {"dce", "sccp", "stores"}
    told = PAGE.read_text(encoding="utf-8").partition("Three passes of the table are no steps of the list")[2].partition("## ")[0]
    assert all(f"`{name}`" in told for name in aside)
