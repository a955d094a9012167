"""product: what a stage leaves, a file or a directory of files, as hashes.

Of a directory everything counts: each file's content and whether it can be run, each link's target, each empty folder.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import Dict, List

from . import BootstrapError
from .ledger import sha256_of

Entry = Dict[str, object]


def entries_of(directory: Path) -> Dict[str, Entry]:
    """Every file, link and empty folder below the directory, by its path from there."""
    found: Dict[str, Entry] = {}
    for place, folders, files in os.walk(directory, onerror=fail):
        names = [*files, *(name for name in folders if os.path.islink(os.path.join(place, name)))]
        for name in names:
            path = Path(place, name)
            found[os.path.relpath(path, directory)] = entry_of(path)
        if not names and not folders:
            found[os.path.relpath(place, directory) + "/"] = {"folder": True}
    return dict(sorted(found.items()))


def fail(error: OSError) -> None:
    raise BootstrapError(f"{error.filename}: {error.strerror}") from None


def entry_of(path: Path) -> Entry:
    try:
        status = path.lstat()
    except OSError as error:
        raise BootstrapError(f"{path}: {error.strerror}") from None
    if stat.S_ISLNK(status.st_mode):
        return {"link": os.readlink(path)}
    if not stat.S_ISREG(status.st_mode):
        raise BootstrapError(f"{path}: neither a file nor a folder nor a link; a stage's product holds nothing else")
    return {"size": status.st_size, "sha256": sha256_of(path), "executable": bool(status.st_mode & 0o100)}


def digest_of(entries: Dict[str, Entry]) -> str:
    """One hash for a directory: of its entries as lines."""
    lines: List[str] = []
    for name, entry in entries.items():
        parts = " ".join(f"{key}={entry[key]}" for key in sorted(entry))
        lines.append(f"{parts}  {name}\n")
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def record_of(path: Path) -> Dict[str, object]:
    """Size and hash of a product, and of a directory its entries too."""
    if not path.is_dir():
        return {"size": path.stat().st_size, "sha256": sha256_of(path)}
    entries = entries_of(path)
    size = sum(entry["size"] for entry in entries.values() if isinstance(entry.get("size"), int))  # type: ignore[misc]
    return {"size": size, "sha256": digest_of(entries), "entries": entries}
