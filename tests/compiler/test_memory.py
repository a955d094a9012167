"""docs/memory.md says what is so: its records, the figures of memory-summary, and the slope of peak memory."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Callable, Dict, List

import pytest
from tabulate import tabulate

from perf.guard import Limits, run
from tests.conftest import TOP
from tests.generate.program import write_program

pytestmark = pytest.mark.machine

PAGE = (TOP / "docs" / "memory.md").read_text(encoding="utf-8")
SLOPE_LINES = (1_000, 4_000, 16_000, 64_000)
LINES = {"-O0": (4096, 12), "-O2": (5120, 13)}  # KiB, and bytes a source byte
READING_BASE_BYTES = 512 * 1024
READING_FORM_BYTES = 32
PATH_BYTES = 8 * 1024  # by which paths of other lengths may change what reading retains
SIZES = {"I64": (8, 8), "U64": (8, 8), "U32": (4, 4), "U8": (1, 1), "Bool": (1, 1)}  # size, alignment
RUNS = ("(View ", "(Slice ")
WORDS = ("(Ref ", "(Option (Ref ")

# few names, many times
REPEATING = "(⊙ main)\n" + "".join(f"(ƒ f{n} (∷ (→ I64 I64)) (x) (+ x x x x x x x x x x))\n" for n in range(50))
REPEATING += "(ƒ main (∷ (→ I64)) () (f0 0))\n"


def table(heading: str) -> List[List[str]]:
    """The rows of the first table below a heading, without its head."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.split("\n") if line.startswith("|")]
    return [[cell.strip(" `|") for cell in row] for row in rows[2:]]


def fields(file: str, record: str) -> Dict[str, str]:
    """The fields of a record and their types, as its file has them."""
    text = re.sub(r";.*", "", (TOP / file).read_text(encoding="utf-8"))
    head = re.search(rf"\(τ (?:\({record} [A-Z]\)|{record})", text)
    assert head is not None, f"{file} has no record {record}"
    begin = head.end()
    depth, end = 1, begin
    while depth:
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        end += 1
    found = re.findall(r"\(([a-z0-9-]+)\s+([A-Z][A-Za-z0-9]*|\((?:[^()]|\([^()]*\))*\))\)", text[begin:end])
    return {name: " ".join(kind.split()) for name, kind in found}


def size_of(kinds: Dict[str, str]) -> int:
    at, largest = 0, 1
    for kind in kinds.values():
        size, alignment = (16, 8) if kind.startswith(RUNS) else (8, 8) if kind.startswith(WORDS) else SIZES[kind]
        at = -(-at // alignment) * alignment + size
        largest = max(largest, alignment)
    return -(-at // largest) * largest


def summary(zero: Path, source: Path, folder: Path) -> Dict[str, int]:
    done = subprocess.run([str(zero), "memory-summary", str(source)], cwd=folder, capture_output=True, text=True, timeout=240)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split(" ") for line in done.stdout.splitlines()]
    return {name: int(value) for name, value in lines}


def test_records_have_the_bytes_that_the_page_says() -> None:
    rows = table("The records")
    assert rows
    wrong = []
    for record, file, size, _ in rows:
        kinds = fields(file, record)
        if record == "Forms":
            arrays = (kinds["kind"], kinds["span"], kinds["payload"])
            kinds_sum = sum(SIZES[kind[len("(Slice "):-1]][0] for kind in arrays)
        else:
            kinds_sum = size_of(kinds)
        if kinds_sum != int(size):
            wrong.append(f"{record} has {kinds_sum} bytes, the page says {size}")
    assert wrong == []


def test_phases_name_what_there_is() -> None:
    files = {"Sources": "base/source", "Program": "tree/program", "Lower": "lower", "Outcome": "pipeline"}
    rows = table("The phases")
    assert [row[0] for row in rows] == ["loading", "reading", "checking", "lowering", "layout", "emission", "packaging"]
    for row in rows:
        assert (TOP / row[1]).is_file()
        for record, field in re.findall(r"\b([A-Z][a-z]+)\.([a-z-]+)", row[4] if len(row) > 4 else ""):
            assert field in fields(f"compiler/{files[record]}.0x0", record), f"{record}.{field}"


def test_summary_has_the_lines_of_the_page(zero: Path) -> None:
    figures = summary(zero, TOP / "compiler/main.0x0", TOP)
    assert list(figures) == [row[0] for row in table("memory-summary")]
    retained = {name[len("retained-"):] for name in figures if name.startswith("retained-")}
    assert retained == {row[0] for row in table("The phases")}


def check_figures(figures: Dict[str, int]) -> None:
    assert figures["version"] == 1
    assert figures["expanded-forms"] >= figures["root-forms"] > 0
    assert figures["expanded-forms"] > figures["symbols"] > figures["unique-symbols"] > 0
    assert figures["imports"] >= figures["files"] - 5  # root, prelude, runtime and allocator are loaded without an import of theirs
    assert figures["nodes"] >= figures["functions"] > 0
    forms = figures["expanded-forms"]
    assert 9 * forms <= figures["retained-reading"] <= READING_BASE_BYTES + READING_FORM_BYTES * forms
    assert figures["retained-layout"] == 0
    assert 0 < figures["retained-emission"]
    assert figures["retained-lowering"] % 64 == 0 and figures["retained-checking"] > 0


def test_figures_of_the_compiler_agree(zero: Path, tmp_path: Path) -> None:
    figures = summary(zero, TOP / "compiler/main.0x0", TOP)
    check_figures(figures)
    subprocess.run([str(zero), "build", str(TOP / "compiler/main.0x0"), "-o", str(tmp_path / "out")], check=True, timeout=240)
    assert figures["retained-packaging"] == (tmp_path / "out").stat().st_size


def test_figures_of_a_few_names_many_times(zero: Path, tmp_path: Path) -> None:
    one, many = tmp_path / "one.0x0", tmp_path / "many.0x0"
    one.write_text("(⊙ main)\n(ƒ main (∷ (→ I64)) () 0)\n", encoding="utf-8")
    many.write_text(REPEATING, encoding="utf-8")
    least, figures = summary(zero, one, tmp_path), summary(zero, many, tmp_path)
    check_figures(figures)
    assert figures["root-forms"] - least["root-forms"] == 50
    assert figures["functions"] - least["functions"] == 50
    assert figures["symbols"] - least["symbols"] > 15 * 50
    assert figures["unique-symbols"] - least["unique-symbols"] < 60
    assert figures["retained-loading"] - least["retained-loading"] == many.stat().st_size - one.stat().st_size


def test_figures_are_the_same_in_every_run_and_place(zero: Path, tmp_path: Path) -> None:
    root, _ = write_program(tmp_path / "here", 3_000)
    elsewhere = tmp_path / "a-longer-name-than-before" / "there"
    shutil.copytree(root.parent, elsewhere)
    first = summary(zero, root, tmp_path)
    assert summary(zero, root, tmp_path) == first
    for source, folder in ((Path(root.name), root.parent), (elsewhere / root.name, TOP)):
        figures = summary(zero, source, folder)
        assert abs(figures.pop("retained-reading") - first["retained-reading"]) <= PATH_BYTES
        assert figures == {name: value for name, value in first.items() if name != "retained-reading"}


@pytest.mark.parametrize("level", LINES)
def test_peak_memory_is_a_straight_line(
    zero: Path, tmp_path: Path, level: str, record_property: Callable[[str, object], None]
) -> None:
    base_kib, bytes_per_source_byte = LINES[level]
    assert f"{base_kib // 1024} MiB + {bytes_per_source_byte} bytes a source byte" in " ".join(PAGE.split())
    rows, wrong = [], []
    for lines in SLOPE_LINES:
        root, _ = write_program(tmp_path / str(lines), lines)
        source = sum(path.stat().st_size for path in root.parent.iterdir())
        out = tmp_path / f"out-{lines}"
        done = run([str(zero), "build", level, str(root), "-o", str(out)], Limits(timeout_seconds=600))
        assert done.ok, f"status {done.status}, {done.kill.value}"
        size = out.stat().st_size
        allowed = base_kib + (bytes_per_source_byte * source + size) // 1024
        rows.append((lines, source, size, done.peak_kib, allowed))
        if done.peak_kib > allowed:
            wrong.append(f"{lines} lines take {done.peak_kib} KiB, allowed are {allowed}")
    record_property("table", tabulate(rows, ("lines", "source bytes", "output bytes", "peak KiB", "allowed KiB"), intfmt=","))
    assert wrong == []
