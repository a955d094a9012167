"""ledger: what a run of the chain did, as canonical JSON.

Canonical: UTF-8, keys sorted, no space, no exponent, one line feed at the end. It is written last and renamed into place,
so that a ledger on disk always tells of a whole run.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional

from . import BootstrapError

FORMAT = "0x0 chain ledger 2"


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                digest.update(block)
    except OSError as error:
        raise BootstrapError(f"{path}: {error.strerror}") from None
    return digest.hexdigest()


def input_hashes(top: Path, patterns: Iterable[str], own: Optional[Path] = None) -> Dict[str, str]:
    """The SHA-256 of every file that the patterns name, by its path from the top; not of what the chain writes to `own`."""
    found: List[Path] = []
    for pattern in patterns:
        try:
            found += [path for path in top.glob(pattern) if path.is_file() and "__pycache__" not in path.parts and own not in path.parents]
        except (ValueError, NotImplementedError, IndexError):
            raise BootstrapError(f"inputs: {pattern!r} is not a pattern of paths below the top") from None
    return {str(path.relative_to(top)): sha256_of(path) for path in sorted(set(found))}


def write_ledger(path: Path, content: Dict[str, Any]) -> None:
    write_whole(path, canonical(content), 0o644)


def canonical(content: Dict[str, Any]) -> bytes:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return (text + "\n").encode("utf-8", "backslashreplace")


def read_ledger(path: Path) -> Optional[Dict[str, Any]]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) and content.get("format") == FORMAT else None


def write_whole(path: Path, content: bytes, mode: int) -> None:
    """Put the content at the path, whole or not at all."""
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(part, "wb") as file:
            file.write(content)
        os.chmod(part, mode)
        os.replace(part, path)
    except OSError as error:
        raise BootstrapError(f"{path}: {error.strerror}") from None
