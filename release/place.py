"""place: a release comes to its place whole, or not at all.

It is written below .part beside its place, judged there, and then renamed. What an interrupted run left below .part is
removed by the next one. One run at a time works in one directory; a second one waits.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from . import ReleaseError
from .verify import Files

AT_FDCWD = -100
RENAME_EXCHANGE = 2


@contextmanager
def workplace(out: Path) -> Iterator[Path]:
    """An empty directory on the file system of `out`, gone at the end whatever happens."""
    parts = out / ".part"
    try:
        parts.mkdir(parents=True, exist_ok=True)
        with (parts / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for stale in parts.iterdir():
                if stale.is_dir():
                    shutil.rmtree(stale)
            place = Path(tempfile.mkdtemp(dir=parts))
            try:
                yield place
            finally:
                shutil.rmtree(place, ignore_errors=True)
    except OSError as error:
        raise ReleaseError(f"{error.filename or out}: {error.strerror}") from None


def write_files(top: Path, files: Files) -> None:
    """The files below a new directory, with their modes whatever the umask is."""
    top.mkdir()
    for folder in sorted({parent for name in files for parent in (top / name).parents if top in parent.parents}):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
    top.chmod(0o755)
    for name, entry in files.items():
        path = top / name
        path.write_bytes(entry.content)
        path.chmod(entry.mode)


def put(whole: Path, place: Path) -> None:
    """Rename a directory to its place; one that is there is exchanged for it in one step, and left where the new one was."""
    if place.is_dir() and not place.is_symlink():
        exchange(whole, place)
    else:
        os.rename(whole, place)


def exchange(left: Path, right: Path) -> None:
    """Exchange two directories in one step."""
    libc = ctypes.CDLL(None, use_errno=True)
    status = libc.renameat2(AT_FDCWD, os.fsencode(left), AT_FDCWD, os.fsencode(right), RENAME_EXCHANGE)
    if status != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"cannot be replaced in one step ({os.strerror(number)}); remove it and run again", str(right))
