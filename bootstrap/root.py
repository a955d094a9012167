"""root: decide what the chain starts from, and say why.

A file is the trusted root only if its size and SHA-256 are those of the record. The stage runs a copy of the bytes that
were hashed, in the chain's directory, so that nothing can be put in their place in between.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from .description import RootSearch
from .toml import check_keys, read_toml

NONE_RECORDED = {"recorded": bool, "reason": str}
RECORDED = {"recorded": bool, "version": str, "commit": str, "size": int, "sha256": str}


@dataclass(frozen=True)
class Origin:
    """What the chain starts from: the root's bytes, or the seed."""

    reason: str
    path: Optional[Path] = None
    content: Optional[bytes] = None
    version: Optional[str] = None
    commit: Optional[str] = None
    sha256: Optional[str] = None

    @property
    def name(self) -> str:
        return "seed" if self.content is None else "trusted root"


def find_origin(search: Optional[RootSearch], top: Path, force_seed: bool) -> Origin:
    if search is None:
        return Origin("the description names no trusted root")
    if force_seed:
        return Origin("the seed was asked for")
    document = read_toml(top / search.record)
    record = document.top
    if record.get("recorded") is not True:
        check_keys(document, record, NONE_RECORDED, {}, "the record")
        return Origin(f"{search.record} names none: {record['reason']}")
    check_keys(document, record, RECORDED, {}, "the record")
    found = sorted(path for path in top.glob(search.files) if path.is_file())
    reasons = []
    for path in found:
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        shown = path.relative_to(top)
        if len(content) != record["size"]:
            reasons.append(f"{shown} has {len(content)} bytes, the record says {record['size']}")
        elif digest != record["sha256"]:
            reasons.append(f"{shown} has SHA-256 {digest}, the record says {record['sha256']}")
        else:
            version, commit = str(record["version"]), str(record["commit"])
            return Origin(f"{shown} is version {version} as recorded", path, content, version, commit, digest)
    return Origin("; ".join(reasons) if reasons else f"no file matches {search.files}")
