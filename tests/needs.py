"""needs: the one door to outside tools. What is absent is a skip with its reason, counted at the end of the run."""

from __future__ import annotations

import os
import shutil

import pytest


def need(tool: str) -> str:
    """The path of an outside tool; the test is skipped when there is none."""
    path = shutil.which(tool)
    if path is None:
        pytest.skip(f"{tool} is not present")
    return path


def need_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs to be root, to become another user")
