"""tools: the programs from outside that a chain needs, and what commands see of their surroundings.

A command sees the pinned environment of the guard, what its stage adds, and the variables that its stage passes on by name:
nothing of the caller's beside. Tools are looked for where commands look for them.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Optional, Sequence

from perf.guard import GuardError, Limits, run
from perf.guard.model import PINNED_ENVIRONMENT

from . import BootstrapError
from .ledger import sha256_of

VERSION_SECONDS = 20


@dataclass(frozen=True)
class Tool:
    name: str
    path: str
    sha256: str  # of the file that the name leads to; not of what that file starts


def find_tools(names: Sequence[str]) -> Dict[str, Tool]:
    return {name: find_tool(name) for name in names}


def find_tool(name: str) -> Tool:
    path = shutil.which(name, path=PINNED_ENVIRONMENT["PATH"])
    if path is None:
        raise BootstrapError(f"{name} is not present and the chain needs it: install it, so that it lies in {PINNED_ENVIRONMENT['PATH']}")
    return Tool(name, path, sha256_of(Path(path).resolve()))


def version_of(tool: Tool, words: Sequence[str]) -> Optional[str]:
    """The first line that the tool prints when asked for its version."""
    try:
        outcome = run([tool.path, *words], Limits(timeout_seconds=VERSION_SECONDS), environment=PINNED_ENVIRONMENT, capture=True)
    except GuardError as error:
        raise BootstrapError(f"{tool.path}: cannot be run: {error}") from None
    lines = (outcome.stdout or outcome.stderr).decode("utf-8", "replace").strip().splitlines()
    if not lines:
        raise BootstrapError(f"{tool.path} {' '.join(words)}: told no version")
    return lines[0][:200]


def surroundings(added: Sequence["tuple[str, str]"], passed: Sequence[str]) -> Dict[str, str]:
    """The environment of a stage's commands."""
    environment = dict(PINNED_ENVIRONMENT)
    environment.update({name: os.environ[name] for name in passed if name in os.environ})
    environment.update(added)
    return environment
