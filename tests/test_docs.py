"""The pages name only what there is: files, folders, make's targets, links."""

from __future__ import annotations

import re
import subprocess
import textwrap
from pathlib import Path
from typing import List

import pytest

from tests.conftest import TOP

PAGES = sorted([*TOP.glob("*.md"), *(TOP / "docs").glob("*.md")])
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
NAMED = re.compile(r"`((?:bootstrap|compiler|lib|tests|examples|release|docs|perf|audit)/[^`\s<>*]*)`")
TARGET = re.compile(r"\bmake ([a-z-]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text()) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_is_named_exists(page: Path) -> None:
    names = [name for name in NAMED.findall(page.read_text()) if name != "lib/std/name.0x0"]  # stands for any
    assert [name for name in names if not (TOP / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_target_that_is_named_is_in_the_makefile(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (TOP / "Makefile").read_text(), re.MULTILINE))
    code = "\n".join(code_of(page.read_text()))
    assert set(TARGET.findall(code)) <= targets


def code_of(text: str) -> List[str]:
    """What stands in code: between backquotes, or indented by four."""
    return re.findall(r"`([^`\n]+)`", text) + re.findall(r"^    (.*)$", text, re.MULTILINE)


def test_every_target_has_its_line_of_help() -> None:
    text = (TOP / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony is not None
    for target in phony[1].split():
        assert re.search(rf"^{target}:.*## \S", text, re.MULTILINE), target


def test_program_in_the_readme_says_hello(zero: Path, tmp_path: Path) -> None:
    block = re.search(r"^    \(⊙ hello\)\n(?:(?:    .*)?\n)+", (TOP / "README.md").read_text(), re.MULTILINE)
    assert block is not None
    (tmp_path / "hello.0x0").write_text(textwrap.dedent(block[0]))
    result = subprocess.run([str(zero), "run", str(tmp_path / "hello.0x0")], capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "hello\n", "")
