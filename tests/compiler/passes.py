"""passes: the cases of tests/compiler/opt, read and run.

A case names its passes, gives a graph as text, and behind `; becomes` what they make of it.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Tuple

PASSES = "; passes: "
BECOMES = "; becomes\n"


def parts(path: Path) -> Tuple[str, str, str]:
    """The names of the passes, the graph before, and the graph after."""
    before, _, after = path.read_text(encoding="utf-8").partition(BECOMES)
    head, _, before = before.partition("\n")
    assert head.startswith(PASSES), f"{path}: the first line is `{PASSES}NAME,...`"
    return head[len(PASSES) :], before, after


def change(zero: Path, passes: str, listing: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([zero, "ssa", "--parse", "--passes", passes, listing], capture_output=True, encoding="utf-8", timeout=240)
