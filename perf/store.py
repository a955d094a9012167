"""store: the files that perf writes: whole or not at all, or as whole lines under a lock; always canonical JSON
(perf/guard/record.py). Trouble with a file is told as perf's own.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any

from .command import PerfError
from .guard import record
from .guard.record import canonical


def write_whole(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Put the content at the path, whole or not at all."""
    try:
        record.write_whole(path, content, mode)
    except OSError as error:
        raise PerfError(f"{path}: cannot be written: {error.strerror}") from None


def append_line(path: Path, content: dict[str, Any]) -> None:
    """Add one record as one line. A last line that a broken write left without its line feed is closed first."""
    line = canonical(content)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            end = file.seek(0, os.SEEK_END)
            if end:
                file.seek(end - 1)
                line = line if file.read(1) == b"\n" else b"\n" + line
            os.write(file.fileno(), line)
    except OSError as error:
        raise PerfError(f"{path}: cannot be added to: {error.strerror}") from None


def sha256_of(path: Path) -> str:
    try:
        return record.sha256_of(path)
    except OSError as error:
        raise PerfError(f"{path}: {error.strerror}") from None


def text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise PerfError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PerfError(f"{path}: not valid UTF-8") from None
