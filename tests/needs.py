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


def need_room(folder: str, mib: int) -> None:
    """In the folder, for so much; what a container gives of shared memory is commonly 64 MiB."""
    try:
        free = shutil.disk_usage(folder).free >> 20
    except OSError:
        free = 0
    if free < mib:
        pytest.skip(f"{folder} has room for {free} MiB, not for {mib}")
