"""evidence: what a group's verdicts leave on disk, in build/audit/GROUP/.

    report.txt, report.json   reproduced: verdicts, findings, facts; two runs over one tree write the same bytes
    measured.json             figures and times of this run and machine
    SHA256SUMS                over the report and all that the verdicts rest on, by paths from the top of the tree

Evidence is removed before a group is judged and appears whole when it has been: a run that is interrupted leaves none.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, List

from .claim import Judged
from .report import canonical, text


def directory_of(top: Path, group: str) -> Path:
    return top / "build" / "audit" / group


class Changed(Exception):
    """A file that verdicts rest on changed while they were made: they are of no tree that there is or was."""


@contextmanager
def alone(top: Path) -> Iterator[None]:
    """One run at a time puts evidence in its place or takes it away; a second one waits."""
    folder = top / "build" / "audit"
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def remove(top: Path, group: str) -> None:
    with alone(top):
        clear(top, group)


def clear(top: Path, group: str) -> None:
    """In one step for whoever looks: the directory is renamed, then emptied. What a killed run left half goes too."""
    home, old = directory_of(top, group), directory_of(top, f".{group}.old")
    for leftover in (old, part_of(top, group)):
        if leftover.exists():
            shutil.rmtree(leftover)
    if home.exists():
        os.replace(home, old)
        shutil.rmtree(old)


def part_of(top: Path, group: str) -> Path:
    return directory_of(top, f".{group}.part")


def write(top: Path, judged: Judged, began_ns: int) -> None:
    """All files of a group, into a directory that is renamed when it is whole. `began_ns`: when the first claim began to be judged."""
    home, part = directory_of(top, judged.group.name), part_of(top, judged.group.name)
    files = {
        "report.txt": text.render((judged,)).encode("utf-8"),
        "report.json": canonical.reproduced(judged),
        "measured.json": canonical.measured(judged),
    }
    with alone(top):
        clear(top, judged.group.name)
        part.mkdir(parents=True)
        for name, content in files.items():
            (part / name).write_bytes(content)
        (part / "SHA256SUMS").write_text("".join(sums(top, judged, files)), encoding="utf-8")
        refuse_changed(top, judged, began_ns)
        os.replace(part, home)


def refuse_changed(top: Path, judged: Judged, began_ns: int) -> None:
    """The sums are taken when all is judged, so they are of what was judged only if nothing was written in between."""
    for path in sorted({top / path for answer in judged.answers for path in answer.audited}):
        if path.is_file() and path.stat().st_mtime_ns >= began_ns:
            raise Changed(f"{os.path.relpath(path, top)} changed while {judged.group.name} was judged; there is no evidence; run it again")


def sums(top: Path, judged: Judged, files: Dict[str, bytes]) -> List[str]:
    """The lines that `sha256sum -c` reads at the top of the tree."""
    whole = top.resolve()
    audited = {(whole / path).resolve() for answer in judged.answers for path in answer.audited}
    digests = {str(path.relative_to(whole)): sha256(path.read_bytes()) for path in audited if whole in path.parents and path.is_file()}
    home = directory_of(whole, judged.group.name)
    for name in ("report.json", "report.txt"):
        digests[str((home / name).relative_to(whole))] = sha256(files[name])
    return [f"{digest}  {path}\n" for path, digest in sorted(digests.items())]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
