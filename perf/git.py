"""git: what perf asks of the repository: earlier states of a file, commits, and whether there is a repository at all."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from .workbench import first_line, guarded
from .command import PerfError


def git(top: Path, *words: str) -> str:
    """What git prints; PerfError if it fails."""
    outcome = guarded(git_command(top, words), top)
    if not outcome.ok:
        raise PerfError(f"git {words[0]} failed{first_line(outcome.stderr)}")
    return outcome.stdout.decode("utf-8", "replace")


def git_command(top: Path, words: Sequence[str]) -> list[str]:
    program = shutil.which("git")
    if program is None:
        raise PerfError("git is not present")
    return [program, "-c", f"safe.directory={top}", *words]


def has_history(top: Path) -> bool:
    """The tree is a repository of its own with at least one commit."""
    if not (top / ".git").exists() or shutil.which("git") is None:
        return False
    return guarded(git_command(top, ["rev-parse", "--verify", "--quiet", "HEAD"]), top).ok


def file_at(top: Path, commit: str, path: str) -> Optional[str]:
    """The file as the commit has it; None: it has none."""
    outcome = guarded(git_command(top, ["show", f"{commit}:{path}"]), top)
    return outcome.stdout.decode("utf-8", "replace") if outcome.ok else None


def last_release(top: Path) -> str:
    """The last release tag before HEAD, else HEAD."""
    outcome = guarded(git_command(top, ["describe", "--tags", "--abbrev=0", "--match", "v[0-9]*"]), top)
    return outcome.stdout.decode("ascii", "replace").strip() if outcome.ok else "HEAD"


def commit_of(top: Path) -> tuple[str, bool]:
    """The commit that is checked out, and whether files have been changed since; empty where there is no repository."""
    if not has_history(top):
        return "", False
    return git(top, "rev-parse", "HEAD").strip(), bool(git(top, "status", "--porcelain", "--untracked-files=no").strip())
