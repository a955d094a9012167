"""store: the files that perf writes: whole or not at all, or as whole lines under a lock; always canonical JSON.

Canonical: UTF-8, keys sorted, no space, no number with a point, one line feed at the end.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from .command import PerfError


def canonical(content: dict[str, Any]) -> bytes:
    """A record as canonical JSON. A number with a point in it is a mistake of the caller's."""
    refuse_floats(content)
    return (json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n").encode("utf-8")


def refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("evidence has no numbers with a point: give the unit that makes it a whole number")
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            refuse_floats(item)


def write_whole(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Put the content at the path, whole or not at all."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        part.chmod(mode)
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
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
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise PerfError(f"{path}: {error.strerror}") from None


def text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise PerfError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PerfError(f"{path}: not valid UTF-8") from None
