"""report: what a run came to, held or not, as canonical JSON for those who asked for it.

The ledger is evidence and exists only when everything holds; the report is for a person or a CI that wants to know why not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from perf.guard.record import canonical

from . import BROKEN, BootstrapError
from .chain import ChainRun
from .ledger import sha256_of, write_whole

FORMAT = "0x0 chain report 1"


def write_report(path: Path, run: ChainRun, error: Optional[BootstrapError]) -> None:
    """`holds`, `broken`, or `not judged`: there was trouble before anything could be said."""
    if error is None:
        verdict = "holds"
    else:
        verdict = "broken" if error.status == BROKEN else "not judged"
    content = {
        "format": FORMAT,
        "chain": run.chain.name,
        "verdict": verdict,
        "message": None if error is None else error.message,
        "stages": run.stages,
        "comparisons": run.comparisons,
        "ledger": sha256_of(run.ledger_path) if error is None else None,
    }
    write_whole(path, canonical(content), 0o644)
