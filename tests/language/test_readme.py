"""The program in README.md, as a newcomer would try it."""

from __future__ import annotations

import re
import subprocess
import textwrap
from pathlib import Path

from tests.conftest import TOP


def test_program_in_the_readme_says_hello(zero: Path, tmp_path: Path) -> None:
    block = re.search(r"^    \(⊙ hello\)\n(?:(?:    .*)?\n)+", (TOP / "README.md").read_text(), re.MULTILINE)
    assert block is not None
    (tmp_path / "hello.0x0").write_text(textwrap.dedent(block[0]))
    result = subprocess.run([str(zero), "run", str(tmp_path / "hello.0x0")], capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "hello\n", "")
