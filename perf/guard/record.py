"""record: how evidence is put on disk: canonical JSON, files that are whole or not there, and hashes.

Canonical: UTF-8, keys sorted, no space, no number with a point, one line feed at the end. All that this project's Python writes
for others to check is written through here, but for release/verify.py, which judges it and shares nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

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

    A device or a pipe is written into, as a shell would, and never replaced.
    """
    if is_device(path):
        path.write_bytes(content)
        return
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        part.chmod(mode)
        os.replace(part, path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        if part.exists():
            part.unlink()


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
