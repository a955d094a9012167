"""ledger: what a run of the chain did, as canonical JSON.

It is written last and renamed into place, so that a ledger on disk always tells of a whole run.
"""

from __future__ import annotations

import json
from pathlib import Path, PurePath
from typing import Any, Dict, Iterable, List, Optional

from perf.guard import record
from perf.guard.record import canonical

from . import BootstrapError

FORMAT = "0x0 chain ledger 2"


def sha256_of(path: Path) -> str:
    try:
        return record.sha256_of(path)
    except OSError as error:
        raise BootstrapError(f"{path}: {error.strerror}") from None


def input_hashes(top: Path, patterns: Iterable[str], own: Optional[Path] = None) -> Dict[str, str]:
    """The SHA-256 of every file that the patterns name, by its path from the top; not of what the chain writes to `own`."""
    found: List[Path] = []
    for pattern in patterns:
        found += [path for path in paths_of(top, pattern) if path.is_file() and "__pycache__" not in path.parts and own not in path.parents]
    return {str(path.relative_to(top)): sha256_of(path) for path in sorted(set(found))}


def paths_of(top: Path, pattern: str) -> List[Path]:
    """What a pattern names, which must be one of paths below the top."""
    try:
        if PurePath(pattern).parts and not PurePath(pattern).is_absolute():
            return list(top.glob(pattern))
    except ValueError:  # such as a**b
        pass
    raise BootstrapError(f"inputs: {pattern!r} is not a pattern of paths below the top")


def write_ledger(path: Path, content: Dict[str, Any]) -> None:
    write_whole(path, canonical(content), 0o644)


def read_ledger(path: Path) -> Optional[Dict[str, Any]]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) and content.get("format") == FORMAT else None


def write_whole(path: Path, content: bytes, mode: int) -> None:
    """Put the content at the path, whole or not at all."""
    try:
        record.write_whole(path, content, mode)
    except OSError as error:
        raise BootstrapError(f"{path}: {error.strerror}") from None
