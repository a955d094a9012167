"""claims: every group of claims, in the order in which `make all` judges them."""

from __future__ import annotations

from typing import Tuple

from .claim import Group

GROUPS: Tuple[Group, ...] = ()
