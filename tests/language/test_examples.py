"""The programs in `examples/` do what they say, and the same as the system's own tool where there is one."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import pytest

from tests.conftest import TOP

EXAMPLES = TOP / "examples"


Builder = Callable[[str], Path]


@dataclass(frozen=True)
class Run:
    """One run of a program: its arguments, standard input, and what must come out."""

    program: str
    arguments: tuple[str, ...]
    input_path: Path
    expected_path: Path


RUNS = (
    Run("adventure", (), EXAMPLES / "input/adventure.txt", EXAMPLES / "expected/adventure.txt"),
    Run("json-format", (), EXAMPLES / "input/data.json", EXAMPLES / "expected/data.json"),
    Run("life", ("12",), EXAMPLES / "input/life.txt", EXAMPLES / "expected/life.txt"),
    Run("lisp", (), EXAMPLES / "input/lisp.txt", EXAMPLES / "expected/lisp.txt"),
    Run("statistics", (), EXAMPLES / "input/statistics.txt", EXAMPLES / "expected/statistics.txt"),
    Run("sheet", (), EXAMPLES / "input/sheet.txt", EXAMPLES / "expected/sheet.txt"),
)
STATUS = {"lisp": 1}


@pytest.fixture(scope="session")
def build_example(zero: Path, tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """A function from an example's name to its executable, built once."""
    folder = tmp_path_factory.mktemp("examples")

    def build(name: str) -> Path:
        product = folder / name
        if not product.exists():
            source = EXAMPLES / f"{name}.0x0"
            subprocess.run([str(zero), "build", str(source), "-o", str(product)], check=True, timeout=240)
        return product

    return build


def output(program: Path, arguments: tuple[str, ...], input_bytes: bytes, status: int = 0) -> bytes:
    """What the program writes; its exit status must be `status`."""
    done = subprocess.run([program, *arguments], input=input_bytes, capture_output=True, timeout=240)
    assert done.returncode == status, done.stderr.decode(errors="replace")
    return done.stdout


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.program)
def test_output_is_as_expected(run: Run, build_example: Builder) -> None:
    program = build_example(run.program)
    got = output(program, run.arguments, run.input_path.read_bytes(), STATUS.get(run.program, 0))
    assert got.decode() == run.expected_path.read_text()


def test_wc_counts_as_the_systems_wc(build_example: Builder) -> None:
    if not shutil.which("wc"):
        pytest.skip("no wc on this machine")
    program = build_example("wc")
    for names in (["README.md"], ["README.md", "docs/language.md", "docs/library.md"]):
        paths = [str(TOP / name) for name in names]
        ours = [line.split() for line in output(program, tuple(paths), b"").decode().splitlines()]
        theirs = subprocess.run(["wc", *paths], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"})
        assert ours == [line.split() for line in theirs.stdout.decode().splitlines()]


def test_sha256sum_agrees_with_the_systems_and_checks_its_lists(build_example: Builder, tmp_path: Path) -> None:
    if not shutil.which("sha256sum"):
        pytest.skip("no sha256sum on this machine")
    program = build_example("sha256sum")
    paths = []
    for size in (0, 1, 55, 56, 63, 64, 65, 1000, 65536, 200_001):
        path = tmp_path / f"{size}.bin"
        path.write_bytes(bytes((7 * i + size) & 0xFF for i in range(size)))
        paths.append(str(path))
    ours = output(program, tuple(paths), b"")
    assert ours == subprocess.run(["sha256sum", *paths], capture_output=True, check=True).stdout
    sums = tmp_path / "sums"
    sums.write_bytes(ours)
    assert output(program, ("-c", str(sums)), b"").count(b": OK\n") == len(paths)
    Path(paths[3]).write_bytes(b"changed")
    assert b"56.bin: FAILED\n" in output(program, ("-c", str(sums)), b"", status=1)


def test_json_format_agrees_with_python_on_its_own_reports(build_example: Builder) -> None:
    value = {"list": list(range(50)), "nested": [{"a": [[], {}, ""]}] * 20, "text": "\\\"/\u0001 ok"}
    program = build_example("json-format")
    got = output(program, (), json.dumps(value).encode())
    assert got.decode() == json.dumps(value, indent=2) + "\n"
    assert json.loads(got) == value


@pytest.mark.parametrize("bad", ["", "[1,", "{\"a\" 1}", "[01]", "\"\\x\"", "nul", "[1] 2", "[" * 2000])
def test_json_format_refuses_what_is_no_json(bad: str, build_example: Builder) -> None:
    output(build_example("json-format"), (), bad.encode(), status=1)


def test_lz_packs_and_unpacks_to_the_same_bytes(build_example: Builder) -> None:
    program = build_example("lz")
    source = (TOP / "docs/language.md").read_bytes()
    for content in (b"", b"a", b"abcd" * 3000, source, bytes(range(256)) * 40):
        packed = output(program, ("c",), content)
        assert output(program, ("d",), packed) == content
    assert len(output(program, ("c",), source)) < 0.7 * len(source)


def test_lz_refuses_damaged_input(build_example: Builder) -> None:
    program = build_example("lz")
    packed = output(program, ("c",), b"hello hello hello hello")
    for damaged in (b"", b"LZ1" + packed[3:], packed[:-1], packed[:7]):
        output(program, ("d",), damaged, status=1)
