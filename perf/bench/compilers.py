"""compilers: the table of compilers; which of them this machine has, and how each makes a program."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from ..guard import PINNED_ENVIRONMENT, Kill, Limits, run
from ..workbench import Workbench, first_line

BUILD = Limits(max_rss_kib=4 << 20, timeout_seconds=300)
REFERENCE = "gcc -O2"


@dataclass(frozen=True)
class Compiler:
    key: str  # its name in the tables
    family: str  # the name that `--with` takes; "zero" is this tree's
    ending: str  # of the sources that it takes
    tools: tuple[str, ...]  # programs that must be there
    build: tuple[str, ...]  # the command that makes {out} from {source}; empty: nothing is made
    start: tuple[str, ...] = ("{out}",)  # the command that runs the program
    version: tuple[str, ...] = ()  # the command that tells its version

    @property
    def absent(self) -> tuple[str, ...]:
        """The tools that this machine lacks."""
        return tuple(tool for tool in self.tools if shutil.which(tool, path=PINNED_ENVIRONMENT["PATH"]) is None)


def gcc(level: str) -> Compiler:
    return Compiler(f"gcc {level}", "gcc", "c", ("gcc",), ("gcc", level, "-o", "{out}", "{source}", "-lm"), version=("gcc", "-dumpfullversion"))


def zero(key: str, *options: str) -> Compiler:
    return Compiler(key, "zero", "0x0", (), ("{zero}", "build", "--lib", "lib", *options, "{source}", "-o", "{out}"))


COMPILERS: tuple[Compiler, ...] = (
    gcc("-O2"),
    zero("0x0"),
    zero("0x0 --unchecked", "--unchecked"),
    zero("0x0 -O0", "-O0"),
    gcc("-O1"),
    Compiler(
        "clang -O2", "clang", "c", ("clang",), ("clang", "-O2", "-o", "{out}", "{source}", "-lm"), version=("clang", "-dumpversion")
    ),
    Compiler("tcc", "tcc", "c", ("tcc",), ("tcc", "-o", "{out}", "{source}", "-lm"), version=("tcc", "-v")),
    Compiler("cproc + QBE", "qbe", "c", ("cproc", "qbe"), ("cproc", "-o", "{out}", "{source}", "-lm")),
    Compiler("MIR -O2", "mir", "c", ("c2m",), (), ("c2m", "-O2", "{source}", "-eg")),
    Compiler("Go", "go", "go", ("go",), ("go", "build", "-o", "{out}", "{source}"), version=("go", "version")),
)
FAMILIES = tuple(dict.fromkeys(compiler.family for compiler in COMPILERS if compiler.family != "zero"))


USAGE = 2  # the status with which this tree's compiler refuses an option


class Refused(Exception):
    """A compiler did not take a program, or, when it refuses the options, any; the text says why."""

    def __init__(self, reason: str, options: bool) -> None:
        super().__init__(reason)
        self.options = options


def command(place: Workbench, words: Sequence[str], source: str, out: str) -> list[str]:
    zero_path = place.relative(place.zero)
    return [word.format(zero=zero_path, source=source, out=out) for word in words]


def make(place: Workbench, compiler: Compiler, source: str, out: str) -> None:
    if not compiler.build:
        return
    environment = {**PINNED_ENVIRONMENT, "HOME": str(place.folder), "GO111MODULE": "off"}
    argv = command(place, compiler.build, source, out)
    outcome = run(argv, BUILD, cwd=place.top, environment=environment, capture=True)
    if outcome.kill is not Kill.NONE or outcome.status != 0:
        raise Refused(f"ended with status {outcome.status}{first_line(outcome.stderr)}", compiler.family == "zero" and outcome.status == USAGE)


def version_of(compiler: Compiler) -> Optional[str]:
    """The first number with a dot in what the compiler says of its version."""
    if not compiler.version or compiler.absent:
        return None
    outcome = run(list(compiler.version), BUILD, environment=PINNED_ENVIRONMENT, capture=True)
    found = re.search(rb"\d+\.\d[\w.]*", outcome.stdout + outcome.stderr)
    return found[0].decode("ascii") if found else None
