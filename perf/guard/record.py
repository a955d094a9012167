"""record: how evidence is put on disk: canonical JSON, files that are whole or not there, and hashes.

Canonical: UTF-8, keys sorted, no space, no number with a point, one line feed at the end. All that this project's Python writes
for others to check is written through here, but for release/verify.py, which judges it and shares nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator

BLOCK = 1 << 20


def canonical(content: Any) -> bytes:
    """A record as canonical JSON. What the kernel names in no UTF-8 is written as escapes; a number with a point is the caller's mistake."""
    refuse_floats(content)
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return (text + "\n").encode("utf-8", "backslashreplace")


def refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("evidence has no numbers with a point: give the unit that makes it a whole number")
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            refuse_floats(item)


def write_whole(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Put the content at the path, whole or not at all; folders above it are made. Raises OSError with the path that was asked for.

    A device or a pipe is written into, as a shell would, and never replaced. What a writer that was killed has left of its part goes: who
    is at work holds a lock on it.
    """
    if is_device(path):
        path.write_bytes(content)
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_left(path)
        with part_of(path) as part:
            part.write_bytes(content)
            part.chmod(mode)
            os.replace(part, path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


@contextmanager
def part_of(path: Path) -> Iterator[Path]:
    """A file beside the path, which is this writer's for as long as it takes, and gone afterwards."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    lock = -1
    try:
        while lock < 0 or not is_at(part, lock):  # who looked for what was left may have come in between
            if lock >= 0:
                os.close(lock)
            lock = os.open(part, os.O_RDONLY | os.O_CREAT, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield part
    finally:
        part.unlink(missing_ok=True)
        if lock >= 0:
            os.close(lock)


def is_at(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(file))
    except FileNotFoundError:
        return False


def remove_left(path: Path) -> None:
    """Remove the parts of the path that nobody has locked."""
    for name in os.listdir(path.parent) if os.access(path.parent, os.R_OK) else ():
        if name.startswith(f"{path.name}.") and name.endswith(".part"):
            with contextlib.suppress(OSError):  # somebody is at work, or has done this already
                with path.with_name(name).open("rb") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    path.with_name(name).unlink()


def is_device(path: Path) -> bool:
    """Something is there that is neither a file nor a folder, or a name that the system gives to one, such as /dev/stdout."""
    return (path.exists() and not path.is_file() and not path.is_dir()) or (path.is_symlink() and path.parent == Path("/dev"))


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal digits. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(BLOCK), b""):
            digest.update(block)
    return digest.hexdigest()
