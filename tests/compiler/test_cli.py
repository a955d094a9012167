"""The command line: every command, its exit statuses, and what it prints for people and for machines."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Dict, List

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import NoteSection, SymbolTableSection

from tests.conftest import TOP

pytestmark = pytest.mark.machine

HELLO = """\
;;; hello: says seven
(⊙ hello)

(ƒ main
  (∷ (→ (View (View U8)) I64))
  (arguments)
  ; the number of arguments, and seven
  (+ 7 (len arguments)))
"""
WRONG = """\
(⊙ wrong)
(ƒ main (∷ (→ I64)) ()
  (+ (len "größe") size))
"""


def run(zero: Path, *arguments: "str | Path", **options: object) -> "subprocess.CompletedProcess[str]":
    command = [str(zero), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, **options)  # type: ignore[call-overload, no-any-return]


@pytest.fixture
def hello(tmp_path: Path) -> Path:
    path = tmp_path / "hello.0x0"
    path.write_text(HELLO)
    return path


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    path = tmp_path / "wrong.0x0"
    path.write_text(WRONG)
    return path


def test_build_writes_an_executable_where_it_is_told(zero: Path, hello: Path, tmp_path: Path) -> None:
    out = tmp_path / "greeting"
    result = run(zero, "build", hello, "-o", out)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert os.access(out, os.X_OK)
    assert run(out).returncode == 7
    assert run(out, "a", "b").returncode == 9


def test_build_names_its_product_after_the_source(zero: Path, hello: Path) -> None:
    assert run(zero, "build", "hello.0x0", cwd=hello.parent).returncode == 0
    assert run(hello.parent / "hello").returncode == 7


def test_build_works_without_library_beside_the_current_directory(zero: Path, hello: Path) -> None:
    assert run(zero, "build", hello, "-o", hello.with_suffix(""), cwd="/").returncode == 0


def test_check_says_nothing_of_a_right_program_and_writes_nothing(zero: Path, hello: Path) -> None:
    result = run(zero, "check", hello)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert os.listdir(hello.parent) == ["hello.0x0"]


def test_run_passes_arguments_and_status(zero: Path, hello: Path) -> None:
    assert run(zero, "run", hello).returncode == 7
    assert run(zero, "run", hello, "one", "--two", "").returncode == 10
    assert os.listdir(hello.parent) == ["hello.0x0"]


def test_run_rejects_a_wrong_program(zero: Path, wrong: Path) -> None:
    assert run(zero, "run", wrong).returncode == 1


def test_diagnostic_is_for_people(zero: Path, wrong: Path) -> None:
    result = run(zero, "check", wrong)
    assert result.returncode == 1 and result.stdout == ""
    lines = result.stderr.splitlines()
    assert re.fullmatch(r".*wrong\.0x0:3:20: error: size .* \[unbound-name\]", lines[0])
    assert lines[1].rstrip() == "    3 |   (+ (len \"größe\") size))"
    assert lines[2].index("^") == lines[1].index("size")


def test_build_of_a_wrong_program_writes_nothing(zero: Path, wrong: Path, tmp_path: Path) -> None:
    assert run(zero, "build", wrong, "-o", tmp_path / "out").returncode == 1
    assert os.listdir(tmp_path) == ["wrong.0x0"]


def test_json_diagnostics_are_one_object_a_line(zero: Path, wrong: Path) -> None:
    result = run(zero, "check", "--json", wrong)
    assert result.returncode == 1
    lines = (result.stdout or result.stderr).splitlines()
    assert len(lines) == 1
    record: Dict[str, object] = json.loads(lines[0])
    assert set(record) == {"file", "line", "column", "start", "end", "code", "message", "notes"}
    assert (record["line"], record["column"], record["code"]) == (3, 20, "unbound-name")
    start, end = record["start"], record["end"]
    assert isinstance(start, int) and isinstance(end, int) and WRONG.encode()[start:end] == b"size"


# fmt


def sources() -> List[Path]:
    return sorted(path for folder in ("compiler", "lib", "examples", "tests/cases") for path in (TOP / folder).rglob("*.0x0"))


@pytest.mark.slow
def test_fmt_is_idempotent_and_keeps_comments(zero: Path, tmp_path: Path) -> None:
    """Over every file of the tree that the reader accepts."""
    tried = 0
    for index, source in enumerate(sources()):
        copy = tmp_path / f"{index}.0x0"
        shutil.copyfile(source, copy)
        if run(zero, "fmt", copy).returncode != 0:
            assert copy.read_bytes() == source.read_bytes(), f"{source}: rejected, but changed"
            continue
        once = copy.read_bytes()
        assert run(zero, "fmt", "--check", copy).returncode == 0, f"{source}: formatted, but not as fmt --check wants it"
        assert run(zero, "fmt", copy).returncode == 0 and copy.read_bytes() == once, f"{source}: not idempotent"
        assert comments(once) == comments(source.read_bytes()), f"{source}: a comment is lost"
        tried += 1
    assert tried > 10


COMMENT = re.compile(rb"""("(?:[^"\\\n]|\\.)*"|'(?:\\u\{[^}]*\}|\\x..|\\.|[^'\\\n]+)')|(;[^\n]*)""")


def comments(data: bytes) -> List[bytes]:
    return [match.group(2).rstrip() for match in COMMENT.finditer(data) if match.group(2)]


def test_fmt_check_tells_and_leaves_alone(zero: Path, tmp_path: Path) -> None:
    path = tmp_path / "ugly.0x0"
    path.write_text("(module ugly)\n(fn main (: (-> I64))\n() 7 )\n")
    result = run(zero, "fmt", "--check", path)
    assert result.returncode == 1
    assert "ugly.0x0" in result.stdout + result.stderr
    assert path.read_text().startswith("(module ugly)\n(fn")


def test_fmt_prints_glyphs_or_their_twins(zero: Path, hello: Path) -> None:
    assert run(zero, "fmt", "--ascii", hello).returncode == 0
    text = hello.read_text()
    assert text.isascii() and "(module hello)" in text and "(fn main" in text and "(-> (View" in text
    assert run(zero, "run", hello).returncode == 7
    assert run(zero, "fmt", hello).returncode == 0
    assert "(⊙ hello)" in hello.read_text() and "(ƒ main" in hello.read_text()


def test_formatted_program_compiles_to_the_same_bytes(zero: Path, tmp_path: Path) -> None:
    """But for the places in its table of traps: this program is written as fmt would write it."""
    path = tmp_path / "hello.0x0"
    path.write_text(HELLO)
    assert run(zero, "build", path, "-o", tmp_path / "before").returncode == 0
    assert run(zero, "fmt", path).returncode == 0
    assert run(zero, "build", path, "-o", tmp_path / "after").returncode == 0
    if path.read_text() == HELLO:
        assert (tmp_path / "before").read_bytes() == (tmp_path / "after").read_bytes()


def test_fmt_rejects_what_it_cannot_read(zero: Path, tmp_path: Path) -> None:
    path = tmp_path / "open.0x0"
    path.write_text("(⊙ open)\n(ƒ main")
    result = run(zero, "fmt", path)
    assert result.returncode == 1 and "[unterminated-list]" in result.stderr
    assert path.read_text() == "(⊙ open)\n(ƒ main"


# looking inside


def test_ssa_prints_the_functions(zero: Path, hello: Path) -> None:
    result = run(zero, "ssa", hello)
    assert result.returncode == 0 and "main" in result.stdout and result.stderr == ""


def test_memory_summary_is_the_same_each_time(zero: Path, hello: Path) -> None:
    first, second = run(zero, "memory-summary", hello), run(zero, "memory-summary", hello)
    assert first.returncode == 0 and first.stdout == second.stdout != ""


def test_time_and_memory_are_told_on_standard_error(zero: Path, hello: Path, tmp_path: Path) -> None:
    for option in ("--time", "--memory"):
        result = run(zero, "build", option, hello, "-o", tmp_path / "out")
        assert result.returncode == 0 and result.stdout == "" and result.stderr != "", option
        assert any(character.isdigit() for character in result.stderr)


# names, help, usage


def test_help_and_version(zero: Path) -> None:
    result = run(zero, "--help")
    assert result.returncode == 0 and result.stderr == ""
    for command in ("build", "check", "run", "fmt", "ssa", "memory-summary"):
        assert re.search(rf"\b{command}\b", result.stdout), command
    result = run(zero, "--version")
    assert result.returncode == 0 and (TOP / "VERSION").read_text().strip() in result.stdout


def test_compiler_by_another_name_takes_input_and_output(zero: Path, hello: Path, tmp_path: Path) -> None:
    other = tmp_path / "zero-elf-compiler"
    other.symlink_to(zero)
    assert run(other, hello, tmp_path / "out").returncode == 0
    assert run(zero, "build", hello, "-o", tmp_path / "same").returncode == 0
    assert (tmp_path / "out").read_bytes() == (tmp_path / "same").read_bytes()


@pytest.mark.parametrize("arguments", [
    [], ["no-such-command"], ["build"], ["check"], ["build", "--no-such-option", "x.0x0"], ["build", "a.0x0", "-o"],
    ["build", "a.0x0", "-o", ""], ["build", "a.0x0", "--lib="],
    ["check", "a.0x0", "b.0x0", "--no-such-option"], ["run"], ["fmt"], ["ssa"], ["memory-summary"],
], ids=" ".join)
def test_wrong_usage_is_told_and_ends_with_2(zero: Path, arguments: List[str]) -> None:
    result = run(zero, *arguments)
    assert result.returncode == 2 and result.stdout == ""
    assert result.stderr.strip() != ""


LOOP = """\
(⊙ loop)
(ƒ twice (∷ (→ I64 I64)) (cap pure) (n) (* 2 n))
(ƒ main (∷ (→ I64)) ()
  (var sum 0)
  (for (i 0 4)
    (inc! sum (twice i)))
  sum)
"""


def test_fuel_limits_the_decisions_and_tells_the_last(zero: Path, tmp_path: Path) -> None:
    path, out = tmp_path / "loop.0x0", tmp_path / "out"
    path.write_text(LOOP)
    told = []
    for fuel in ("0", "1", "200"):
        result = run(zero, "build", "--fuel", fuel, path, "-o", out)
        assert result.returncode == 0 and run(out).returncode == 12
        told.append(result.stderr)
    assert told[0] == ""
    for line in told[1:]:
        assert re.fullmatch(r"fuel: [a-z-]+ in [a-z]+(\.\S+)+( at \S+:\d+:\d+)?\n", line), line
    assert run(zero, "build", "--fuel", "many", path, "-o", out).returncode == 2


def test_a_pass_is_dumped_before_and_after(zero: Path, tmp_path: Path) -> None:
    path, out = tmp_path / "loop.0x0", tmp_path / "out"
    path.write_text(LOOP)

    def main_of(*options: str) -> str:
        result = run(zero, "build", *options, path, "-o", out)
        assert result.returncode == 0
        found = re.search(r"^function loop\.main .*?^}$", result.stderr, re.MULTILINE | re.DOTALL)
        assert found is not None
        return found.group()

    assert "call loop.twice" in main_of("--dump-before", "inline") and "call loop.twice" not in main_of("--dump", "inline")
    assert "call loop.twice" in main_of("-O0", "--dump", "ssa") and "call loop.twice" in main_of("-O0", "--dump-before", "emit")
    assert "call loop.twice" in run(zero, "ssa", path).stdout and "call loop.twice" not in run(zero, "ssa", "-O2", path).stdout
    for wrong in (("--dump", "nothing"), ("--dump", "load"), ("--dump-before", "ssa"), ("--stop-after", "inline")):
        result = run(zero, "build", *wrong, path, "-o", out)
        assert result.returncode == 2 and "pass" in result.stderr, wrong


def test_functions_that_stand_in_the_place_of_all_their_calls_leave_no_symbol(zero: Path, tmp_path: Path) -> None:
    path, out = tmp_path / "loop.0x0", tmp_path / "out"
    for exported in (False, True):
        path.write_text(LOOP + ("(↦ twice)\n" if exported else ""))
        for level in ("-O0", "-O2"):
            assert run(zero, "build", level, "--verify", path, "-o", out).returncode == 0
            with out.open("rb") as file:
                symbols = ELFFile(file).get_section_by_name(".symtab")
                assert isinstance(symbols, SymbolTableSection)
                there = any(symbol.name == "loop.twice" for symbol in symbols.iter_symbols())
            assert there == (exported or level == "-O0"), (exported, level)


def test_bodies_in_the_place_of_calls_add_few_operations(zero: Path, tmp_path: Path) -> None:
    result = run(zero, "build", "--time", TOP / "compiler/main.0x0", "-o", tmp_path / "out")
    found = re.search(r"^operations (\d+) made, (\d+) in code$", result.stderr, re.MULTILINE)
    assert found is not None
    made, left = int(found.group(1)), int(found.group(2))
    assert 10_000 < left <= 1.3 * made, result.stderr


INDEX = """\
(⊙ index)
(ƒ main (∷ (→ (View (View U8)) I64)) (arguments)
  (≔ s (Slice I64) (fill 3 7))
  (at s (- (len arguments) 1)))
"""


def test_unchecked_leaves_out_checks_of_indices_and_the_note_says_so(zero: Path, tmp_path: Path) -> None:
    path, out = tmp_path / "index.0x0", tmp_path / "out"
    path.write_text(INDEX)
    for options, note, status in (((), b"0x0 ABI 0.1\0", 3), (("--unchecked",), b"0x0 ABI 0.1 unchecked\0", 0)):
        for level in ("-O0", "-O2"):
            assert run(zero, "build", *options, level, path, "-o", out).returncode == 0
            with out.open("rb") as file:
                section = ELFFile(file).get_section_by_name(".note.0x0.abi")
                assert isinstance(section, NoteSection) and [said["n_descdata"] for said in section.iter_notes()] == [note]
            got = run(out)
            assert (got.returncode == 3) == ("[index]" in got.stderr) == (status == 3), got


def test_product_is_a_static_elf_file_with_symbols_and_the_abi_note(zero: Path, hello: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(zero, "build", hello, "-o", out).returncode == 0
    with out.open("rb") as file:
        elf = ELFFile(file)
        assert elf.get_machine_arch() == "x64" and elf.header.e_type == "ET_EXEC"
        assert not any(segment.header.p_type == "PT_INTERP" for segment in elf.iter_segments())
        assert all(segment.header.p_flags & 3 != 3 for segment in elf.iter_segments() if segment.header.p_type == "PT_LOAD")
        symbols, note = elf.get_section_by_name(".symtab"), elf.get_section_by_name(".note.0x0.abi")
        assert isinstance(symbols, SymbolTableSection) and isinstance(note, NoteSection)
        assert any("main" in symbol.name for symbol in symbols.iter_symbols())
        assert b"0x0 ABI 0.1" in note.data()
