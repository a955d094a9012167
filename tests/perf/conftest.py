"""conftest: the tree that a gate of perf is judged on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.perf.trees import tree


@pytest.fixture
def top(zero: Path, tmp_path: Path) -> Path:
    """This tree, linked, with the compiler under test."""
    return tree(tmp_path / "tree", zero)
