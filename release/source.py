"""source: the tree that a release is made from, and what git says of it.

read by: make, trust. Nothing is written: git is asked for the commit, its time, and what differs from it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import FrozenSet, List

from perf.guard import Limits, run

from . import REFUSED, ReleaseError
from .verify import VERSION

GIT_SECONDS = 120
SETTINGS = ("core.excludesFile=/dev/null", "core.attributesFile=/dev/null", "core.autocrlf=false")  # whatever the user's own are


@dataclass(frozen=True)
class Source:
    top: Path
    version: str
    commit: str  # 40 hexadecimal digits
    commit_seconds: int  # the commit's own time: the one time that a release tells
    tree: str  # "clean": the files are the commit's; "dirty"
    tracked: FrozenSet[str]


def read_source(top: Path, allow_dirty: bool) -> Source:
    try:
        version = (top / "VERSION").read_text("ascii").strip()
    except (OSError, ValueError):
        raise ReleaseError(f"{top / 'VERSION'}: cannot be read; a release is named by it") from None
    if not VERSION.match(version):
        raise ReleaseError(f"VERSION is {version!r}; a release needs three numbers, as in 0.1.0")
    if Path(os.fsdecode(git(top, "rev-parse", "--show-toplevel")).rstrip("\n")).resolve() != top.resolve():
        raise ReleaseError(f"{top}: not the top of a git repository; a release names the commit that it is made from")
    commit, seconds = git(top, "log", "-1", "--format=%H %ct").decode("ascii").split()
    changed = changes(top)
    if changed and not allow_dirty:
        raise ReleaseError(
            f"the tree is not its commit: {changed[0]}, {len(changed)} in all; commit, or say --allow-dirty and the manifest says so", REFUSED
        )
    tracked = frozenset(os.fsdecode(git(top, "ls-files", "-z")).split("\0"))
    return Source(top, version, commit, int(seconds), "dirty" if changed else "clean", tracked)


def changes(top: Path) -> List[str]:
    """What differs from the commit, as git shows it; untracked files too, whatever the user's own settings are."""
    status = git(top, "status", "--porcelain=v1", "--untracked-files=all", "--ignore-submodules=none")
    return os.fsdecode(status).splitlines()


def archive_commit(top: Path, commit: str, target: Path) -> None:
    """Put the files of a commit below the target directory."""
    if not re.match(r"[0-9a-f]{40}\Z", commit):
        raise ReleaseError(f"{commit!r} is no commit")
    git(top, "cat-file", "-e", f"{commit}^{{commit}}")
    target.mkdir(parents=True)
    index = target.parent / f"{target.name}.index"
    try:
        git(top, "read-tree", commit, index=index)
        git(top, "checkout-index", "--all", f"--prefix={target}/", index=index)
    finally:
        index.unlink(missing_ok=True)


def git(top: Path, *words: str, index: "Path | None" = None) -> bytes:
    """What git answers; an index other than the tree's own keeps that one as it is."""
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        environment.pop(name, None)
    if index is not None:
        environment["GIT_INDEX_FILE"] = str(index)
    settings = [word for setting in SETTINGS for word in ("-c", setting)]
    command = ["git", *settings, "-C", str(top), *words]
    outcome = run(command, Limits(timeout_seconds=GIT_SECONDS), environment=environment, capture=True)
    if not outcome.ok:
        why = outcome.stderr.decode("utf-8", "replace").strip().splitlines() or [f"status {outcome.status}"]
        raise ReleaseError(f"git {words[0]} in {top}: {why[-1]}")
    return outcome.stdout
