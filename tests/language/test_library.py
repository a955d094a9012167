"""The library's page and table say what its files say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, List

import pytest

from tests.conftest import TOP

LIBRARY = TOP / "lib"
INNER = ("decimal", "ieee", "memory", "runtime", "storage", "utf8")


def module_name(path: Path) -> str:
    """Tell the module of a file: an allocator is `alloc`, whichever it is."""
    return "alloc" if path.stem.startswith("alloc-") else path.stem


MODULES = {module_name(path): path for path in sorted((LIBRARY / "std").glob("*.0x0"))}


def exports(path: Path) -> List[str]:
    """List the names that a file exports."""
    return [name for names in re.findall(r"^\(↦ ([^)]*)\)", path.read_text(encoding="utf-8"), re.MULTILINE) for name in names.split()]


def sections() -> Dict[str, str]:
    """Cut the page at its headings; a heading may name several modules."""
    parts = re.split(r"^## ", (TOP / "docs" / "library.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    found = {}
    for part in parts:
        heading, _, text = part.partition("\n")
        for name in re.findall(r"std:([a-z0-9]+)", heading):
            found[name] = text
        if heading == "Under the library":
            found["alloc"] = text
    return found


@pytest.mark.parametrize("name", [name for name in MODULES if name not in INNER])
def test_every_export_stands_on_the_page(name: str) -> None:
    """Each name that a module exports is told in the module's section."""
    told = set(re.findall(r"[^\s`|(),]+", sections().get(name, "")))
    assert [export for export in exports(MODULES[name]) if export not in told] == []


@pytest.mark.parametrize("name", [name for name in MODULES if name not in INNER])
def test_the_tables_name_exports_alone(name: str) -> None:
    """Each name in the first column of a module's table is exported by it."""
    tables = [line.split("|")[1] for line in sections().get(name, "").split("\n") if line.startswith("| ")]
    told = [word.rstrip(",") for cell in tables if cell.strip() not in ("name", "---") for word in cell.split()]
    assert [word for word in told if word not in exports(MODULES[name])] == []


def test_the_table_of_raw_users_is_exact() -> None:
    """lib/std/raw-users names the files that import std:raw, and no others."""
    users = [str(path.relative_to(LIBRARY)) for path in sorted(LIBRARY.rglob("*.0x0")) if '(↥ "std:raw"' in path.read_text(encoding="utf-8")]
    assert (LIBRARY / "std" / "raw-users").read_text(encoding="utf-8").split() == users


def test_every_file_has_its_header() -> None:
    """A file opens with its name and purpose."""
    for path in MODULES.values():
        assert path.read_text(encoding="utf-8").startswith(f";;; {path.stem}: "), path
