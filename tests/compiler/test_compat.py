"""compat: the compiler to C. Its C is C11 without warnings and without undefined behaviour, the same for the same source wherever it is made,
and does what the machine code does: for the corpus (tests/corpus.py, engine `compat`), for random graphs, for the compiler itself.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Tuple

import pytest

from tests import corpus
from tests.conftest import TOP
from tests.corpus import Engine
from tests.generate.random_program import program
from tests.needs import need
from tests.compiler.graphs import assembler, random_program, words_of

STRICT = ("-std=c11", "-Wall", "-Wextra", "-pedantic", "-Werror")
# a program may recur without end, and its C does then too
PROGRAM = (*STRICT, "-Wno-infinite-recursion")
SANITIZE = ("-O0", "-fsanitize=undefined,address", "-fno-sanitize-recover=all")  # a third of the time of -O1, and the same checks
RUN_CASES = corpus.cases("run")
QUICKLY_SANITIZED = (
    "run/operators/least-remainder-minus-one-is-zero", "run/operators/left-shifts-count-modulo-the-width",
    "run/programs/a-list-is-reversed-in-place", "run/traps/endless-recursion",
)

OPS = (TOP / "compiler/ssa/ops.0x0").read_text("utf-8")
OPERATIONS = (TOP / "compiler/compat/operations.0x0").read_text("utf-8")
LAST_ROW = OPERATIONS[OPERATIONS.rindex("    (Row ") :]
BY_HAND = "".join((TOP / f"compiler/compat/{name}.0x0").read_text("utf-8") for name in ("emit", "fold"))

HELLO = """\
(⊙ hello)
(↥ "std:io" io)

(ƒ main
  (∷ (→ Unit))
  (cap io)
  ()
  (io.print "hello, one object\\n")
  (io.print "hello, one object\\n"))
"""
WORLD = """\
(⊙ world)
(↥ "std:io" io)
(↥ "std:process" process)

(ƒ main
  (∷ (→ (View (View U8)) I64))
  (arguments)
  (match (process.environment (bytes "MARK"))
    ((Some value) (io.write value) (len arguments))
    (None 100)))
"""
WRONG = "(⊙ wrong)\n(ƒ main (∷ (→ I64)) ()\n  (+ (len \"größe\") size))\n"


@pytest.fixture(scope="module")
def zero_c(zero: Path) -> Path:
    return corpus.compat_compiler()


def c_of(zero_c: Path, source: Path, text: Path, **options: object) -> str:
    command = [str(zero_c), "build", "--lib", str(TOP / "lib"), str(source), "-o", str(text)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stderr
    return text.read_text("utf-8")


def made_by(c_command: Tuple[str, ...], text: Path, product: Path) -> Path:
    done = subprocess.run([*c_command, str(text), "-o", str(product), "-lm"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return product


# --- the table of operations


def test_the_quick_cases_are_cases() -> None:
    assert [name for name in QUICKLY_SANITIZED if name not in {case.name for case in RUN_CASES}] == []


def lacking(ops: str, operations: str, by_hand: str) -> List[str]:
    """Operations that have no C: rows are in the order of ssa.ops, and one without a form is named where it is written by hand."""
    rows = re.findall(r'^    \(Op "(\S+)"', ops, re.M)
    forms = re.findall(r'^    \(Row "(\S+)" "((?:[^"\\]|\\.)*)"', operations, re.M)
    wrong = [f"row {k} is {name}, not {row}" for k, (row, (name, _)) in enumerate(zip(rows, forms)) if row != name]
    wrong += [f"{row} has no row" for row in rows[len(forms):]] + [f"{name} is no operation" for name, _ in forms[len(rows):]]
    return wrong + [f"{name} has no form" for name, form in forms if not form and f"ops.i-{name})" not in by_hand]


def test_every_operation_has_its_c() -> None:
    assert lacking(OPS, OPERATIONS, BY_HAND) == []


@pytest.mark.parametrize(
    "before, after, said",
    [
        ('    (Row "sar" "(u64)((s64)$a >> ($b & 63))" "")\n', "", "row 13 is neg, not sar"),
        ('(Row "sar" "(u64)((s64)$a >> ($b & 63))" "")', '(Row "sar" "" "")', "sar has no form"),
        (LAST_ROW, "", "bswap32 has no row"),
        (LAST_ROW, f'{LAST_ROW}    (Row "halt" "halt()" "")', "halt is no operation"),
    ],
)
def test_an_operation_without_c_is_told(before: str, after: str, said: str) -> None:
    assert OPERATIONS.count(before) == 1
    assert said in lacking(OPS, OPERATIONS.replace(before, after), BY_HAND)


def test_the_backends_do_not_know_each_other() -> None:
    compiler = TOP / "compiler"
    imports: Dict[str, List[str]] = {
        str(path.relative_to(compiler)): re.findall(r'^\(↥ "([^"]+)"', path.read_text("utf-8"), re.M) for path in compiler.rglob("*.0x0")
    }
    own = {name for name in imports if name.startswith("compat")}
    assert [name for name in imports if name not in own and any("compat" in path for path in imports[name])] == []
    assert [name for name in own if any("x64/" in path or "image.0x0" in path or "native" in path for path in imports[name])] == []


# --- the text


def test_the_text_depends_on_the_source_alone(zero_c: Path, tmp_path: Path) -> None:
    texts = []
    for place, zone in (("here", "UTC"), ("there/further/down", "Asia/Tokyo")):
        folder = tmp_path / place
        folder.mkdir(parents=True)
        (folder / "hello.0x0").write_text(HELLO, encoding="utf-8")
        environment = {**os.environ, "TZ": zone, "LC_ALL": "C", "HOME": str(folder), "SOURCE_DATE_EPOCH": str(len(place))}
        texts.append(c_of(zero_c, folder / "hello.0x0", folder / f"{len(place)}.c", cwd=folder, env=environment))
    assert texts[0] == texts[1]
    assert str(tmp_path) not in texts[0] and str(TOP) not in texts[0]


def bytes_of(text: str, name: str) -> bytes:
    """What an array of the text holds."""
    match = re.search(rf"{name}\[(\d+)\] = {{(.*?)}};", text, re.S)
    assert match is not None
    held, at = bytearray(int(match[1])), 0
    for part in match[2].split(","):
        place, _, value = part.strip().rpartition("=")
        at = int(place[1:-1]) if place else at
        held[at] = int(value)
        at += 1
    return bytes(held)


def test_equal_texts_are_one_object(zero_c: Path, tmp_path: Path) -> None:
    (tmp_path / "hello.0x0").write_text(HELLO, encoding="utf-8")
    text = c_of(zero_c, tmp_path / "hello.0x0", tmp_path / "hello.c")
    assert bytes_of(text, "rodata").count(b"hello, one object\n") == 1


def test_the_arrays_can_be_read_back() -> None:
    assert bytes_of("rodata[42] = {\n7,0,\n[40]=9,\n0};", "rodata") == b"\7" + bytes(39) + b"\t\0"


def test_the_c_needs_no_extension(zero_c: Path, tmp_path: Path) -> None:
    gcc = need("gcc")
    (tmp_path / "hello.0x0").write_text(HELLO, encoding="utf-8")
    text = c_of(zero_c, tmp_path / "hello.0x0", tmp_path / "hello.c")
    assert re.findall(r"__\w+|\basm\b", text) == []
    hello = made_by((gcc, *STRICT, "-O1"), tmp_path / "hello.c", tmp_path / "hello")
    assert subprocess.run([hello], capture_output=True, timeout=240).stdout == b"hello, one object\n" * 2


# --- the command


def said(command: List[str], folder: Path) -> "tuple[int, str, str]":
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=folder)
    return done.returncode, done.stdout, re.sub(r"^zero(-c)?: ", "", done.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        ["build", "wrong.0x0", "-o", "out"],
        ["build", "wrong.0x0", "--json", "-o", "out"],
        ["build", "missing.0x0", "-o", "out"],
        ["build", "hello.0x0", "--stop-after=nothing"],
        ["build", "hello.0x0", "-o", "no/such/folder"],
        ["build", "hello.0x0", "-o", "hello.0x0"],
        ["version"],
    ],
    ids=" ".join,
)
def test_messages_and_statuses_are_those_of_zero(zero: Path, zero_c: Path, tmp_path: Path, arguments: List[str]) -> None:
    (tmp_path / "hello.0x0").write_text(HELLO, encoding="utf-8")
    (tmp_path / "wrong.0x0").write_text(WRONG, encoding="utf-8")
    by_zero = said([str(zero), *arguments], tmp_path)
    by_zero_c = said([str(zero_c), *arguments], tmp_path)
    assert by_zero_c == by_zero
    assert by_zero_c[0] == {"wrong.0x0": 1, "hello.0x0": 2, "missing.0x0": 2}.get(arguments[1] if len(arguments) > 1 else "", 0)
    assert not (tmp_path / "out").exists()


def test_usage_names_the_program(zero_c: Path, tmp_path: Path) -> None:
    commands, told = said([str(zero_c), "--help"], tmp_path), said([str(zero_c)], tmp_path)
    assert commands[0] == 0 and commands[1].startswith("usage: zero-c COMMAND ...\n") and "makes a file of C" in commands[1]
    assert told == (2, "", commands[1])
    assert said([str(zero_c), "build"], tmp_path) == (2, "", "build: a file is missing\nusage: zero-c build FILE [-o OUT.c] [OPTION...]\n")
    assert said([str(zero_c), "run"], tmp_path) == (2, "", "no such command: run; `zero-c help` lists them\n")


def test_the_file_is_named_like_its_source(zero_c: Path, tmp_path: Path) -> None:
    (tmp_path / "hello.0x0").write_text(HELLO, encoding="utf-8")
    assert said([str(zero_c), "build", "hello.0x0"], tmp_path) == (0, "", "")
    assert (tmp_path / "hello.c").stat().st_mode & 0o111 == 0


# --- what it computes


def test_optimised_graphs_are_whole_programs(zero_c: Path, tmp_path: Path) -> None:
    """What was named before its body was kept is there, and a trap in the place of a call names its function."""
    gcc, name = need("gcc"), "trap-in-the-place-of-a-call-names-its-function"
    case = TOP / f"tests/cases/run/traps/{name}.0x0"
    done = subprocess.run([zero_c, "build", "-O2", "--lib", TOP / "lib", case, "-o", tmp_path / "case.c"], timeout=240)
    assert done.returncode == 0
    product = made_by((gcc, "-w", "-O1", "-pthread"), tmp_path / "case.c", tmp_path / "case")
    told = subprocess.run([product], capture_output=True, text=True, timeout=240)
    assert (told.returncode, told.stderr) == (3, f"{name}.0x0:4:33: trap: division by zero [divide] in main.third\n")


def test_arguments_and_environment_arrive(zero_c: Path, tmp_path: Path) -> None:
    tcc = need("tcc")
    (tmp_path / "world.0x0").write_text(WORLD, encoding="utf-8")
    c_of(zero_c, tmp_path / "world.0x0", tmp_path / "world.c")
    world = made_by((tcc,), tmp_path / "world.c", tmp_path / "world")
    for variables in ({"MARK": "found"}, {"FIRST": "1", "MARK": "found", "LAST": "2"}):
        done = subprocess.run([world, "one", ""], capture_output=True, timeout=240, env=variables)
        assert (done.returncode, done.stdout) == (2, b"found")
    assert subprocess.run([world], capture_output=True, timeout=240, env={}).returncode == 100


@pytest.fixture(scope="module")
def assemble(zero: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return assembler(zero, "tests/compiler/compat/assemble.0x0", tmp_path_factory.mktemp("compat") / "assemble")


def compute(assemble: Path, folder: Path, seed: str, size: int, c_command: Tuple[str, ...]) -> None:
    text, expected = random_program(seed, size)
    made = subprocess.run([assemble], input=text.encode(), capture_output=True, timeout=240)
    assert made.returncode == 0, (seed, made.stderr)
    (folder / "graphs.c").write_bytes(made.stdout)
    assert (seed, *words_of(made_by(c_command, folder / "graphs.c", folder / "graphs"))) == (seed, 0, expected)


@pytest.mark.parametrize("size", [10, 40, 200])
def test_random_graphs_compute_what_they_say(assemble: Path, tmp_path: Path, size: int) -> None:
    tcc = need("tcc")
    for number in range(20):
        compute(assemble, tmp_path, f"compat {size} {number}", size, (tcc,))


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(4))
def test_random_graphs_are_defined_c(assemble: Path, tmp_path: Path, batch: int) -> None:
    """Graphs of no language: they may hold what a C compiler warns of, but nothing undefined."""
    gcc = need("gcc")
    for number in range(15):
        compute(assemble, tmp_path, f"defined {batch} {number}", (10, 40, 200)[number % 3], (gcc, "-std=c11", "-w", *SANITIZE))


@pytest.mark.slow
@pytest.mark.parametrize("group", range(4))
def test_random_programs_say_the_same(group: int, zero: Path, zero_c: Path, tmp_path: Path) -> None:
    tcc = need("tcc")
    source, native = tmp_path / "p.0x0", tmp_path / "native"
    for number in range(1000 + 25 * group, 1025 + 25 * group):
        source.write_text(program(number), encoding="utf-8")
        subprocess.run([zero, "build", source, "-o", native], check=True, timeout=240)
        c_of(zero_c, source, tmp_path / "p.c")
        through_c = made_by((tcc,), tmp_path / "p.c", tmp_path / "p")
        endings = [subprocess.run([one], capture_output=True, timeout=240) for one in (native, through_c)]
        first, second = [(one.returncode, one.stdout, one.stderr) for one in endings]
        assert second == first, f"python3 -m tests.generate.random_program {number}"


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.name, marks=() if case.name in QUICKLY_SANITIZED else pytest.mark.slow) for case in RUN_CASES]
)
def test_no_case_is_undefined(case: corpus.Case, zero_c: Path, tmp_path: Path) -> None:
    gcc = need("gcc")
    engine = corpus.compat_engine("sanitized", lambda: zero_c, (gcc, *PROGRAM, *SANITIZE))
    assert corpus.judge(case, engine, tmp_path / "product") == ""


# --- the compiler itself


def chibicc_command() -> Tuple[str, ...]:
    """Debian's chibicc comes without the headers of a compiler; gcc's are as good."""
    chibicc, gcc = need("chibicc"), need("gcc")
    headers = subprocess.run([gcc, "-print-file-name=include"], capture_output=True, text=True, timeout=240).stdout.strip()
    return (chibicc, f"-I{headers}")


def c_command_of(name: str) -> Tuple[str, ...]:
    if name == "chibicc":
        return chibicc_command()
    if name == "sanitized gcc":
        return (need("gcc"), "-std=c11", "-w", *SANITIZE)
    return (need(name),) if name == "tcc" else (need(name), *STRICT, "-O1")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tcc", "gcc", "clang", "chibicc", "sanitized gcc"])
def test_the_compiler_through_c_makes_stage2(name: str, zero: Path, zero_c: Path, tmp_path: Path) -> None:
    c_command = c_command_of(name)
    c_of(zero_c, TOP / "compiler/main.0x0", tmp_path / "zero.c")
    compiler = made_by(c_command, tmp_path / "zero.c", tmp_path / "zero")
    command = [str(compiler), "build", "--lib", str(TOP / "lib"), str(TOP / "compiler/main.0x0"), "-o", str(tmp_path / "stage2")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "stage2").read_bytes() == (TOP / "build/chain/stage2").read_bytes()


def test_the_compiler_through_c_takes_hostile_files_alike(zero: Path, zero_c: Path, tmp_path: Path) -> None:
    c_command = c_command_of("tcc")
    c_of(zero_c, TOP / "compiler/main.0x0", tmp_path / "zero.c")
    through_c = made_by(c_command, tmp_path / "zero.c", tmp_path / "zero")
    for hostile in sorted((TOP / "tests/compiler/hostile").rglob("*.0x0")):
        words = ["check", "--lib", str(TOP / "lib"), str(hostile)]
        assert said([str(through_c), *words], tmp_path) == said([str(zero), *words], tmp_path), hostile.name


def test_the_compiler_to_c_makes_itself(zero_c: Path, tmp_path: Path) -> None:
    tcc = need("tcc")
    first = c_of(zero_c, TOP / "compiler/compat-main.0x0", tmp_path / "first.c")
    grown = made_by((tcc,), tmp_path / "first.c", tmp_path / "zero-c")
    assert c_of(grown, TOP / "compiler/compat-main.0x0", tmp_path / "second.c") == first


# --- faults that the corpus must see


@dataclass(frozen=True)
class Fault:
    """A text that stands in a file of compiler/compat once, what stands there instead, and the case that sees it."""

    file: str
    before: str
    after: str
    case: str

    @property
    def name(self) -> str:
        return f"{self.file}-{self.case.rpartition('/')[2]}"


FAULTS = (
    Fault("operations", "(u64)((s64)$a >> ($b & 63))", "$a >> ($b & 63)", "operators/right-shifts-copy-the-sign-of-signed-types"),
    Fault("operations", "(u64)(int8_t)$a", "(u64)(uint8_t)$a", "operators/addition-wraps-at-every-width"),
    Fault("operations", "(u64)((s64)$a < (s64)$b)", "(u64)($a < $b)", "constants/globals-of-every-width-do-not-overlap"),
    Fault("operations", "if ($a >= $b) trap", "if ($a > $b) trap", "library/a-vec-item-out-of-range-traps"),
    Fault("operations", "$b > $c || $a > $b", "$b > $c", "traps/a-slice-that-begins-after-its-end"),
    Fault("operations", "(s64)a % (s64)b) : 0ull", "(s64)a % (s64)b) : 1ull", "operators/least-remainder-minus-one-is-zero"),
    Fault("emit", '"  if (!~$b && $a == "', '"  if (!$b && $a == "', "traps/a-division-that-overflows"),
    Fault("emit", "(= (at w.e.stamps v) w.e.stamp)))", "false))", "control/locals-rotate-through-a-loop"),
    Fault("emit", "(if e.folds.calls (enter!", "(if false (enter!", "traps/endless-recursion"),
    Fault("emit", "((= op ops.i-check-zero) trap-divide)", "((= op ops.i-check-zero) trap-overflow)", "traps/a-division-by-zero"),
    Fault("fold", "(= (at f.epoch v) (at f.epoch user))", "true", "arenas/closing-gives-memory-back"),
    Fault("fold", "(set! (at f.epoch v) (at f.epoch user))", "()", "arenas/closing-gives-memory-back"),
    Fault("unit", "(rows.trap! all trap.function trap.kind", "(rows.trap! all 0 trap.kind", "traps/a-division-by-zero"),
    Fault("unit", "(word! out limit)", "(word! out 0)", "library/the-heap-has-a-limit"),
    Fault("runtime", "first[1 + k] =", "first[2 + k] =", "functions/main-receives-the-arguments"),
    Fault("runtime", "context[19] = b;", "context[19] = a;", "traps/a-failed-assertion-with-a-text"),
)


def planted(fault: Fault) -> str:
    text = (TOP / f"compiler/compat/{fault.file}.0x0").read_text("utf-8")
    assert text.count(fault.before) == 1, f"compiler/compat/{fault.file}.0x0 has not once: {fault.before}"
    return text.replace(fault.before, fault.after)


def engine_with(fault: Fault, zero: Path, folder: Path) -> Engine:
    shutil.copytree(TOP / "compiler", folder / "compiler")
    (folder / f"compiler/compat/{fault.file}.0x0").write_text(planted(fault), encoding="utf-8")
    (folder / "lib").symlink_to(TOP / "lib")
    (folder / "bin").mkdir()
    command = [str(zero), "build", str(folder / "compiler/compat-main.0x0"), "-o", str(folder / "bin/zero-c")]
    made = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert made.returncode == 0, made.stderr
    return corpus.compat_engine(fault.name, lambda: folder / "bin/zero-c", ("tcc",))


def test_every_fault_still_fits_its_file() -> None:
    assert all(planted(fault) for fault in FAULTS)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_seen(fault: Fault, zero: Path, zero_c: Path, tmp_path: Path) -> None:
    need("tcc")
    case = next(case for case in RUN_CASES if case.name == f"run/{fault.case}")
    assert corpus.judge(case, corpus.compat_engine("sound", lambda: zero_c, ("tcc",)), tmp_path / "sound") == ""
    assert corpus.judge(case, engine_with(fault, zero, tmp_path), tmp_path / "mutant") != ""
