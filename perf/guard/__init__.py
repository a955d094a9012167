"""guard: run a command tree under limits, see all of it, end all of it, and say what it took.

    run        one command and all that it starts, however it hides (setsid, double fork, daemon)
    member     one process of the tree
    peak       the most resident memory of the largest member, the kernel's own figure (exact), in KiB
    sum        the most that all members held at one time, as sampled; never called a peak
    scope      whether one process was measured or a tree
    method     how the figures were come by; containment: what keeps members from leaving

Standard library alone, Python 3.8 or later. Where the kernel tells a member's proportional memory (PSS), the sum is of that.
"""

from __future__ import annotations

from .model import (
    CAPTURE_BYTES,
    PINNED_ENVIRONMENT,
    Containment,
    GuardError,
    Interrupted,
    Kill,
    Limits,
    Method,
    Outcome,
    Scope,
)
from .run import available, run

__all__ = [
    "CAPTURE_BYTES",
    "PINNED_ENVIRONMENT",
    "Containment",
    "GuardError",
    "Interrupted",
    "Kill",
    "Limits",
    "Method",
    "Outcome",
    "Scope",
    "available",
    "run",
]
