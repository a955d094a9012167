"""reference: the compiler that today's is compared with, kept as a binary, so that both are measured in the same minute, in turn.

An old figure says what the machine was like then; an old compiler can be measured now. The reference is the trusted root, where the
chain started from one, else the first compiler that was judged on this machine. One that is faster takes its place, a slower one only
with a reason: `python -m perf measure --accept TEXT`.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Optional

from .guard.record import canonical
from .store import sha256_of, write_whole

FOLDER = "build/perf/reference"
FORMAT = "0x0 perf reference 1"


def reference_of(top: Path) -> Optional[Path]:
    """The reference, if there is one and it is as it was recorded."""
    path, record = top / FOLDER / "zero", top / FOLDER / "record.json"
    try:
        content = json.loads(record.read_bytes())
        return path if content["format"] == FORMAT and sha256_of(path) == content["sha256"] else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def keep_reference(top: Path, zero: Path, reason: str) -> None:
    """Make this compiler the reference. The record is removed first and written last: half a change is no reference."""
    record = top / FOLDER / "record.json"
    record.unlink(missing_ok=True)
    write_whole(top / FOLDER / "zero", zero.read_bytes(), 0o755)
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    write_whole(record, canonical({"format": FORMAT, "reason": reason, "sha256": sha256_of(zero), "when": when}))
