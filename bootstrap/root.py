"""root: decide what the chain starts from, and say why.

A file is the trusted root only if its size and SHA-256 are those of the record. The stage runs a copy of the bytes that
were hashed, in the chain's directory, so that nothing can be put in their place in between. A chain of another compiler starts
from a compiler outside it, which is recorded with its version and hash.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Optional

from .description import OriginSearch, RootSearch
from .toml import check_keys, read_toml
from .tools import find_tool, version_of

NONE_RECORDED = {"recorded": bool, "reason": str}
RECORDED = {"recorded": bool, "version": str, "commit": str, "size": int, "sha256": str}


@dataclass(frozen=True)
class Origin:
    """What the chain starts from: the root's bytes, a program from outside, or the seed."""

    reason: str
    name: str = "seed"
    content: Optional[bytes] = None  # of the trusted root
    program: Optional[str] = None  # the path of a compiler from outside
    version: Optional[str] = None
    commit: Optional[str] = None
    sha256: Optional[str] = None

    @property
    def called(self) -> str:
        return self.name if self.program is not None else f"the {self.name}"

    def record(self) -> Dict[str, Optional[str]]:
        return {"from": self.name, "reason": self.reason, "version": self.version, "commit": self.commit, "sha256": self.sha256}


def find_origin(search: Optional[RootSearch], top: Path, force_seed: bool) -> Origin:
    """The trusted root if one is recorded and there, else the seed."""
    if search is None:
        return Origin("the description names no trusted root")
    if force_seed:
        return Origin("the seed was asked for")
    return recorded_root(search, top)


def outside(search: OriginSearch) -> Origin:
    """A compiler of another's making, as it is installed here."""
    tool = find_tool(search.program)
    version = version_of(tool, search.version)
    return Origin(f"{tool.path} is {version}", search.program, program=tool.path, version=version, sha256=tool.sha256)


def recorded_root(search: RootSearch, top: Path) -> Origin:
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
            reason = f"{shown} is version {version} as recorded"
            return Origin(reason, "trusted root", content=content, version=version, commit=commit, sha256=digest)
    return Origin("; ".join(reasons) if reasons else f"no file matches {search.files}")
