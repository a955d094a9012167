"""corpus: the cases of tests/cases, read and run.

A case is a source file, or a folder with `main.0x0` and the files that it imports. Its directives are comments:

    ;; clause: 9.1 8.12     the clauses of docs/language.md that it shows
    ;; out: LINE            a line of standard output, in order
    ;; exit: N              the exit status; 0 when not given, 3 after a trap, 1 for a refused program
    ;; trap: LINE           the line of standard error that ends it; `{}` in it stands for any run of characters
    ;; args: A B            the command's arguments
    ;; in: LINE             a line of standard input
    ;; flags: --x=1         options of the build
    ;; error: COLUMN: TEXT [code]         at the end of a line: the diagnostic of that line
    ;; error-above: COLUMN: TEXT [code]   the diagnostic of the last line above that is no directive
                         (column 0: one that has no place)
    ;; seed: refuses        what the seed does with the program, which is said where it is not plain: `accepts` or `refuses` one that is
                         refused, `refuses` one that runs; `floats`: refuses it for them
"""

from __future__ import annotations

import contextlib
import difflib
import functools
import importlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Optional, Tuple

TOP = Path(__file__).resolve().parent.parent
CASES = TOP / "tests" / "cases"
SECONDS = 120
C_SECONDS = 300  # of a C compiler that puts in checks, and of what a simple one makes
KINDS = ("run", "reject")

HEADER = re.compile(r"^;; (clause|out|exit|trap|args|in|flags|seed):(?: (.*))?$")
ERROR = re.compile(r";; error: (\d+): (.*?\[[a-z-]+\])(?=$|  ;; error: )")
ABOVE = re.compile(r"^;; error-above: (\d+): (.*\[[a-z-]+\])$")
REPORTED = re.compile(r"^(?:(.*?):(\d+):(\d+): )?error: (.*)$")
CODE = re.compile(r"\[([a-z-]+)\]$")


@dataclass(frozen=True)
class Diagnostic:
    """One expected or reported error; `text` ends with the code in brackets."""

    file: str
    line: int
    column: int
    text: str

    @property
    def code(self) -> str:
        match = CODE.search(self.text)
        return match[1] if match else ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: error: {self.text}" if self.column else f"error: {self.text}"


@dataclass(frozen=True)
class Case:
    path: Path  # of the root file
    kind: str
    clauses: Tuple[str, ...]
    out: Tuple[str, ...]
    exit: int
    trap: Optional[str]
    args: Tuple[str, ...]
    input_text: str
    flags: Tuple[str, ...]
    errors: Tuple[Diagnostic, ...]
    seed: str

    @property
    def name(self) -> str:
        home = self.path.parent if self.path.name == "main.0x0" else self.path.with_suffix("")
        return str(home.relative_to(CASES))


@dataclass(frozen=True)
class Outcome:
    """What a process left: exit status, standard output, standard error."""

    exit: int
    out: str
    error: str


@dataclass(frozen=True)
class Engine:
    """A way from a source file to an executable."""

    name: str
    build: Callable[[Case, Path], Outcome]
    command: Callable[[Case, Path], str]
    whole: bool  # checks all that the compiler must check, and reports every error in its exact words
    present: Callable[[], bool]
    seconds: int = SECONDS  # that a program may take


# --- reading


def lines_of(path: Path) -> List[str]:
    """The lines as the compiler counts them: a line ends at a line feed alone."""
    return path.read_bytes().decode("utf-8", "replace").split("\n")


def errors_of(path: Path, file: str) -> Iterator[Diagnostic]:
    last = 0
    for number, line in enumerate(lines_of(path), 1):
        above = ABOVE.match(line)
        if above:
            yield Diagnostic(file, last, int(above[1]), above[2])
            continue
        last = number
        for match in ERROR.finditer(line):
            yield Diagnostic(file, number, int(match[1]), match[2]) if match[1] != "0" else Diagnostic("", 0, 0, match[2])


def read(path: Path) -> Case:
    kind = path.relative_to(CASES).parts[0]
    said: Dict[str, List[str]] = {}
    for line in lines_of(path):
        match = HEADER.match(line)
        if match:
            said.setdefault(match[1], []).append(match[2] or "")
    files = sorted(path.parent.rglob("*.0x0")) if path.name == "main.0x0" else [path]
    errors = [found for file in files for found in errors_of(file, str(file.relative_to(path.parent)))]
    trap = said.get("trap", [None])[0]
    usual = "1" if kind == "reject" else "0" if trap is None else "3"
    return Case(
        path=path,
        kind=kind,
        clauses=tuple(" ".join(said.get("clause", [])).split()),
        out=tuple(said.get("out", [])),
        exit=int(said.get("exit", [usual])[0]),
        trap=trap,
        args=tuple(shlex.split(" ".join(said.get("args", [])))),
        input_text="".join(line + "\n" for line in said.get("in", [])),
        flags=tuple(" ".join(said.get("flags", [])).split()),
        errors=tuple(sorted(errors, key=lambda found: (found.file, found.line, found.column))),
        seed=said.get("seed", [""])[0],
    )


def roots(kind: str) -> Iterator[Path]:
    """The root files of all cases: a folder with a `main.0x0` is one case, any other file is one too."""
    for directory, folders, names in os.walk(CASES / kind):
        folders.sort()
        if "main.0x0" in names:
            folders.clear()
            names = ["main.0x0"]
        for name in sorted(names):
            if name.endswith(".0x0"):
                yield Path(directory) / name


def cases(kind: str) -> Tuple[Case, ...]:
    return tuple(read(path) for path in roots(kind))


# --- engines


def run(command: List[str], case: Optional[Case] = None, seconds: int = SECONDS) -> Outcome:
    text = case.input_text if case else ""
    try:
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return Outcome(-1, "", f"more than {seconds} seconds: {shlex.join(command)}\n")
    return Outcome(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


def seed_build(case: Case, product: Path) -> Outcome:
    """The seed, inside this process: it takes most of its time to start."""
    folder = str(TOP / "bootstrap" / "seed")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    seed = importlib.import_module("zero_seed")
    error = io.StringIO()
    with contextlib.redirect_stderr(error):
        status = seed.main([*case.flags, str(case.path), str(product)])
    return Outcome(status, "", error.getvalue())


def written(path: Path) -> str:
    """From the top of the tree when it is in it."""
    return str(path.relative_to(TOP) if TOP in path.parents else path)


def seed_command(case: Case, product: Path) -> str:
    flags = "".join(flag + " " for flag in case.flags)
    return f"python3 bootstrap/seed {flags}{written(case.path)} {product}"


def zero_engine(name: str, *options: str) -> Engine:
    """A compiler of the chain, with options that its name ends with."""
    compiler = TOP / "build" / "chain" / name

    def words(case: Case, product: Path) -> List[str]:
        return ["build", *options, *case.flags, written(case.path), "-o", str(product)]

    def build(case: Case, product: Path) -> Outcome:
        return run([str(compiler), *words(case, product)])

    def command(case: Case, product: Path) -> str:
        return shlex.join([f"build/chain/{name}", *words(case, product)])

    return Engine("".join([name, *options]), build, command, True, compiler.is_file)


@functools.lru_cache(maxsize=None)
def compat_compiler() -> Path:
    """build/compat/zero-c as the tree stands, made by stage2; whole, whoever else makes it at this time."""
    folder = TOP / "build" / "compat"
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"zero-c.{os.getpid()}"
    made = run([str(TOP / "build/chain/stage2"), "build", str(TOP / "compiler/compat-main.0x0"), "-o", str(part)])
    if made.exit != 0:
        raise RuntimeError(f"compiler/compat-main.0x0 cannot be built:\n{made.error}")
    os.replace(part, folder / "zero-c")
    return folder / "zero-c"


def compat_engine(name: str, compiler: Callable[[], Path], c_command: Tuple[str, ...]) -> Engine:
    """By way of C: zero-c, then a C compiler."""

    def c_words(case: Case, text: Path) -> List[str]:
        return ["build", *case.flags, written(case.path), "-o", str(text)]

    def build(case: Case, product: Path) -> Outcome:
        text = product.with_suffix(".c")
        made = run([str(compiler()), *c_words(case, text)])
        return made if made.exit != 0 else run([*c_command, str(text), "-o", str(product), "-lm"], seconds=C_SECONDS)

    def command(case: Case, product: Path) -> str:
        text = product.with_suffix(".c")
        first, second = ["build/compat/zero-c", *c_words(case, text)], [*c_command, str(text), "-o", str(product), "-lm"]
        return f"{shlex.join(first)} && {shlex.join(second)}"

    def present() -> bool:
        return (TOP / "build/chain/stage2").is_file() and shutil.which(c_command[0]) is not None

    return Engine(name, build, command, True, present, C_SECONDS)


ENGINES = (
    Engine("seed", seed_build, seed_command, False, (TOP / "bootstrap" / "seed" / "__main__.py").is_file),
    zero_engine("zero-next"),
    zero_engine("stage2"),
    zero_engine("stage2", "-O0"),
    compat_engine("compat", compat_compiler, ("tcc",)),
)


# --- judging


def diff(expected: List[str], got: List[str]) -> str:
    return "\n".join(difflib.unified_diff(expected, got, "expected", "got", lineterm="", n=2))


def like(pattern: str, line: str) -> bool:
    return re.fullmatch(".+".join(map(re.escape, pattern.split("{}"))), line) is not None


def reported(case: Case, text: str) -> List[Diagnostic]:
    """The errors that a compiler printed, with files named from the case's folder."""
    found = []
    for line in text.split("\n"):
        match = REPORTED.match(line)
        if match and match[1] is None:
            found.append(Diagnostic("", 0, 0, match[4]))
        elif match:
            file = Path(match[1])
            for home in (case.path.parent, case.path.parent.relative_to(TOP)):
                if home in file.parents:
                    file = file.relative_to(home)
            found.append(Diagnostic(str(file), int(match[2]), int(match[3]), match[4]))
    return sorted(found, key=lambda one: (one.file, one.line, one.column))


def lines_expected(case: Case, ending: Outcome) -> List[str]:
    trap = []
    if case.trap is not None:
        line = ending.error.rstrip("\n")
        trap = [line if like(case.trap, line) else case.trap]
    return [*case.out, *(f"trap {line}" for line in trap), f"exit {case.exit}"]


def lines_got(ending: Outcome) -> List[str]:
    out = ending.out.split("\n")
    if out[-1] == "":
        out.pop()
    trap = [f"trap {line}" for line in ending.error.rstrip("\n").split("\n") if line]
    return [*out, *trap, f"exit {ending.exit}"]


def shell(case: Case, engine: Engine, product: Path) -> str:
    """The one line that shows it again."""
    line = engine.command(case, product)
    if case.kind == "run":
        told = f"printf %s {shlex.quote(case.input_text)} | " if case.input_text else ""
        line += f" && {told}{shlex.join([str(product), *case.args])}"
    return line


def left_out(case: Case, engine: Engine) -> bool:
    """Whether the engine is the seed, and the program beyond the core."""
    return not engine.whole and (case.seed == "floats" or (case.kind == "run" and case.seed == "refuses"))


def judge_left_out(case: Case, engine: Engine, product: Path) -> str:
    built = engine.build(case, product)
    floats = built.error.rstrip("\n").endswith("[no-floats]")
    return "" if built.exit == 1 and floats == (case.seed == "floats") else f"the seed ends with {built.exit}:\n{built.error}"


def judge_run(case: Case, engine: Engine, product: Path) -> str:
    """Empty when the case holds, else what differs."""
    built = engine.build(case, product)
    if built.exit != 0:
        return f"the build ends with {built.exit}:\n{built.error}"
    ending = run([str(product), *case.args], case, engine.seconds)
    return diff(lines_expected(case, ending), lines_got(ending))


def judge_reject(case: Case, engine: Engine, product: Path) -> str:
    built = engine.build(case, product)
    got = reported(case, built.error)
    if engine.whole:
        expected = [str(one) for one in case.errors]
        matched = [want if like(want, str(one)) else str(one) for want, one in zip(expected, got)]
        matched += [str(one) for one in got[len(expected):]]
        return diff([*expected, f"exit {case.exit}"], [*matched, f"exit {built.exit}"])
    if case.seed == "accepts":
        return "" if built.exit == 0 else f"the seed should accept it:\n{built.error}"
    if built.exit != case.exit:
        return f"the seed ends with {built.exit}, not {case.exit}:\n{built.error}"
    places = {(one.file, one.line, one.code) for one in case.errors}
    if case.errors and not any((one.file, one.line, one.code) in places for one in got):
        return diff([str(one) for one in case.errors], [str(one) for one in got] or [built.error])
    return ""


def judge(case: Case, engine: Engine, product: Path) -> str:
    if left_out(case, engine):
        return judge_left_out(case, engine, product)
    return (judge_run if case.kind == "run" else judge_reject)(case, engine, product)


# --- blessing


def bless(case: Case, engine: Engine, product: Path) -> None:
    """Write what the engine does into the case, to be read in git's diff."""
    built = engine.build(case, product)
    if case.kind == "reject":
        bless_errors(case, reported(case, built.error))
    elif built.exit == 0:
        bless_run(case, run([str(product), *case.args], case))


def bless_run(case: Case, ending: Outcome) -> None:
    old = lines_of(case.path)
    rest = [line for line in old if not re.match(r";; (out|exit|trap):", line)]
    head = [";; out: " + line if line else ";; out:" for line in ending.out.split("\n")[: ending.out.count("\n")]]
    if ending.exit not in (0, 3):
        head.append(f";; exit: {ending.exit}")
    if ending.exit == 3 and case.path.name != "main.0x0":
        grown = len(rest) + len(head) + 1 - len(old)
        place = re.match(r"(.*?):(\d+):(.*)", ending.error.rstrip("\n"))
        if place:
            head.append(f";; trap: {place[1]}:{int(place[2]) + grown}:{place[3]}")
    elif ending.exit == 3:
        head.append(";; trap: " + ending.error.rstrip("\n"))
    case.path.write_bytes("\n".join([rest[0], *head, *rest[1:]]).encode())


def bless_errors(case: Case, got: List[Diagnostic]) -> None:
    files = sorted(case.path.parent.rglob("*.0x0")) if case.path.name == "main.0x0" else [case.path]
    for file in files:
        mine = [one for one in got if one.file == str(file.relative_to(case.path.parent))]
        new: List[str] = []
        for number, line in enumerate(lines_of(file), 1):
            if ABOVE.match(line):
                continue
            said = [f"{one.column}: {one.text}" for one in mine if one.line == number]
            next_line = lines_of(file)[number] if number < len(lines_of(file)) else ""
            if ABOVE.match(next_line):
                new += [line, *(";; error-above: " + one for one in said)]
            else:
                bare = line[: line.index(";; error: ")].rstrip(" ") if ";; error: " in line else line
                new.append(bare + "".join("  ;; error: " + one for one in said))
        file.write_bytes("\n".join(new).encode())
