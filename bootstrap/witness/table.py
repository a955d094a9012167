"""table: every witness, in the order in which they are printed."""

from __future__ import annotations

from typing import Tuple

from .model import HERE, THIS_PYTHON, Traits, Witness
from .routes import HEADERS, c_through, emulated, fixed_point, ledger, pyodide, seed_under, trusted_root

NATIVE = {**HERE, "native": "x64"}


def cpython(version: str) -> Witness:
    traits = {**NATIVE, "python": "CPython", "python-version": version}
    package = f"python{version}, as a package or with pyenv"
    walk = seed_under("CPython", version, (f"python{version}",), package)
    return Witness(f"seed/cpython-{version}", f"the seed under CPython {version}", traits, walk)


def through(program: str, version: Tuple[str, ...] = ("--version",), options: Tuple[str, ...] = (), **more: str) -> Witness:
    traits: Traits = {**NATIVE, **THIS_PYTHON, "c-backend": "compiler/compat", **more}
    return Witness(f"c/{program}", f"the compiler as C, through {program}", traits, c_through(program, version, options))


WITNESSES: Tuple[Witness, ...] = (
    Witness("ledger", "the files against the ledger; nothing is run", {}, ledger),
    Witness("fixed-point", "the chain from the seed, to stage 4", {**NATIVE, **THIS_PYTHON}, fixed_point),
    cpython("3.8"),
    cpython("3.9"),
    cpython("3.10"),
    cpython("3.11"),
    cpython("3.12"),
    cpython("3.13"),
    cpython("3.14"),
    Witness(
        "seed/pypy",
        "the seed under PyPy",
        {**NATIVE, "python": "PyPy", "python-version": "PyPy"},
        seed_under("PyPy", "", ("pypy3", "pypy3.11", "pypy3.10", "pypy3.9"), "pypy3"),
    ),
    Witness(
        "seed/pyodide",
        "the seed under CPython as WebAssembly, in Node",
        {**NATIVE, "python": "CPython", "python-version": "3.14"},
        pyodide,
    ),
    through("gcc", binutils="binutils"),
    through("clang", binutils="binutils"),
    through("tcc", ("-v",)),
    through("chibicc", (), (f"-I{HEADERS}",), binutils="binutils"),
    Witness("emulator/qemu", "zero-next under qemu-x86_64", {**HERE, **THIS_PYTHON}, emulated),
    Witness("root", "the trusted root against its commit's chain from the seed", {**NATIVE, **THIS_PYTHON}, trusted_root),
)


def chosen(names: Tuple[str, ...]) -> Tuple[Witness, ...]:
    """The witnesses of these names, or of the groups before the slash; all if none is named. KeyError: no such name."""
    for name in names:
        if not any(goes_by(witness, name) for witness in WITNESSES):
            raise KeyError(name)
    return tuple(witness for witness in WITNESSES if not names or any(goes_by(witness, name) for name in names))


def goes_by(witness: Witness, name: str) -> bool:
    return name in (witness.name, witness.name.split("/")[0])
