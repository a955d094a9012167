"""claims: every group of claims, in the order in which `make all` judges them."""

from __future__ import annotations

from typing import Tuple

from . import docs, elf
from .claim import Group

GROUPS: Tuple[Group, ...] = (
    Group("elf", "the executable files", elf.CLAIMS),
    Group("docs", "what the pages say", docs.CLAIMS),
)
