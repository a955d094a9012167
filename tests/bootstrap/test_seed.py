"""The seed is small, stands on the standard library alone, gives equal bytes under every Python, and never shows a traceback."""

from __future__ import annotations

import ast
import contextlib
import errno
import gc
import glob
import importlib
import io
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, Dict, List, Tuple

import pytest
from tabulate import tabulate

from tests.conftest import TOP
from tests.corpus import seed_build
from tests.generate.agree import source_case
from tests.generate.hostile import make_input, read_corpus

SEED = TOP / "bootstrap" / "seed"
LINE_LIMIT = 5000
PYTHONS = ("python3.8", "python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "pypy3")
SEED_INPUTS = 200
DIAGNOSTIC = re.compile(r"^.+?:\d+:\d+: error: .+ \[[a-z-]+\]\n$")


def sources() -> List[Path]:
    return sorted(SEED.glob("*.py"))


def compile_with(python: str, source: Path, out: Path, *flags: str) -> "subprocess.CompletedProcess[str]":
    command = [python, "-B", str(SEED), *flags, str(source), str(out)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=300)


def find_pythons() -> Dict[str, str]:
    """The interpreters that answer, by name."""
    found = {}
    for name in PYTHONS:
        versions = os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv")) + "/versions/*/bin/"
        for path in [shutil.which(name), *sorted(glob.glob(versions + name))]:
            if path and subprocess.run([path, "-c", ""], capture_output=True).returncode == 0:
                found[name] = path
                break
    return found


def test_the_seed_is_at_most_5000_lines() -> None:
    lines = sum(len(path.read_text("utf-8").splitlines()) for path in sources())
    assert lines <= LINE_LIMIT


def test_the_seed_imports_the_standard_library_alone() -> None:
    own = {path.stem for path in sources()}
    foreign = set()
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            foreign |= {name for name in names if name not in own and name.split(".")[0] not in sys.stdlib_module_names}
    assert foreign == set()


@pytest.mark.slow
def test_equal_bytes_under_every_python(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    pythons = find_pythons()
    made: Dict[str, bytes] = {}
    rows: List[Tuple[str, str]] = []
    for name in PYTHONS:
        if name not in pythons:
            rows.append((name, "not tried: not present"))
            continue
        for salt in ("0", "4242"):
            out = tmp_path / f"{name}-{salt}"
            command = [pythons[name], "-B", str(SEED), str(TOP / "compiler" / "main.0x0"), str(out)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=600, env={**os.environ, "PYTHONHASHSEED": salt})
            assert done.returncode == 0, f"{name}: {done.stderr}"
            made[f"{name} {salt}"] = out.read_bytes()
        rows.append((name, f"{len(made[f'{name} 0'])} bytes"))
    record_property("table", tabulate(rows, headers=("python", "product")))
    assert len(set(made.values())) == 1, {name: len(data) for name, data in made.items()}


def test_the_product_is_executable_and_replaced_whole(tmp_path: Path) -> None:
    out = tmp_path / "product"
    out.write_text("old")
    source = tmp_path / "a.0x0"
    source.write_text("(⊙ a) (ƒ main (∷ (→ I64)) () 7)", "utf-8")
    assert compile_with(sys.executable, source, out).returncode == 0
    assert out.stat().st_mode & 0o777 == 0o755
    assert subprocess.run([str(out)]).returncode == 7
    source.write_text("(⊙ a) (ƒ main (∷ (→ I64)) () seven)", "utf-8")
    assert compile_with(sys.executable, source, out).returncode == 1
    assert subprocess.run([str(out)]).returncode == 7
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.0x0", "product"]


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    source, pipe, out = tmp_path / "a.0x0", tmp_path / "pipe", tmp_path / "out"
    source.write_text("(⊙ a) (ƒ main (∷ (→ I64)) () 7)", "utf-8")
    os.mkfifo(pipe)
    with open(tmp_path / "read", "wb") as file, subprocess.Popen(["cat", str(pipe)], stdout=file) as reader:
        try:
            assert compile_with(sys.executable, source, pipe).returncode == 0
            assert stat.S_ISFIFO(pipe.stat().st_mode)
            assert reader.wait(timeout=300) == 0
        finally:
            reader.kill()
    assert compile_with(sys.executable, source, out).returncode == 0
    assert (tmp_path / "read").read_bytes() == out.read_bytes()


def writer_of(pipe: Path, reader: "subprocess.Popen[str]") -> int:
    """The pipe open for writing, as soon as the process reads it."""
    while True:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            assert error.errno == errno.ENXIO and reader.poll() is None
            time.sleep(0.01)


def test_an_interrupt_ends_it_without_a_word(tmp_path: Path) -> None:
    source = tmp_path / "a.0x0"
    os.mkfifo(source)
    command = [sys.executable, "-B", str(SEED), str(source), str(tmp_path / "out")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as seed:
        try:
            held = writer_of(source, seed)
            seed.send_signal(signal.SIGINT)
            assert (seed.communicate(timeout=300)[1], seed.returncode) == ("", -signal.SIGINT)
            os.close(held)
        finally:
            seed.kill()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.0x0"]


@pytest.mark.parametrize(
    "arguments",
    [[], ["one"], ["a", "b", "c"], ["--unknown", "a", "b"], ["--max-heap=x", "a", "b"], ["no-such-file.0x0", "/tmp/never"],
     ["--lib", "/nonexistent", "a", "b"], ["--allocator=none", "a", "b"], [str(SEED), "/tmp/never"]],
)
def test_trouble_is_exit_status_2(arguments: List[str]) -> None:
    done = subprocess.run([sys.executable, "-B", str(SEED), *arguments], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("seed: ") and "Traceback" not in done.stderr


@pytest.mark.slow
def test_garbage_is_a_diagnostic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mutated sources of all levels: exit status 0, 1 with one diagnostic, or 2 for what is no UTF-8, and no traceback."""
    corpus = read_corpus(TOP)
    source, out = tmp_path / "input.0x0", tmp_path / "product"
    monkeypatch.syspath_prepend(str(SEED))
    seed = importlib.import_module("zero_seed")
    for number in range(SEED_INPUTS):
        level, data = make_input(number, corpus)
        source.write_bytes(data)
        error = io.StringIO()
        with contextlib.redirect_stderr(error):
            status = seed.main([str(source), str(out)])
        text = error.getvalue()
        assert status in (0, 1, 2) and "Traceback" not in text, (number, level, text)
        assert status != 1 or DIAGNOSTIC.match(text), (number, level, text)


def test_a_program_is_forgotten_when_the_next_one_comes(tmp_path: Path) -> None:
    """Tests compile thousands of programs in one process."""
    counts = []
    for number in range(5):
        assert seed_build(source_case(TOP / "examples" / "lisp.0x0"), tmp_path / f"product{number}").exit == 0
        gc.collect()
        counts.append(len(gc.get_objects()))
    assert min(later - earlier for earlier, later in zip(counts[1:], counts[2:])) < 100, counts  # a thread beside may make some of its own
