"""model: what a guarded run is given and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Optional, Tuple


class Kill(Enum):
    """Why the guard ended a tree."""

    NONE = "none"
    OVER_BUDGET = "over-budget"
    TIMEOUT = "timeout"
    TOO_MANY_PROCESSES = "too-many-processes"
    INTERRUPTED = "interrupted"


class Containment(Enum):
    """What keeps members from leaving the guard's sight, strongest first; a run says which was in force."""

    PID_NAMESPACE = "pid-namespace"
    CGROUP = "cgroup"
    SUBREAPER = "subreaper"
    GROUP = "process-group"


class Scope(Enum):
    PROCESS = "process"
    TREE = "tree"


@dataclass(frozen=True)
class Limits:
    """None: no limit. Memory is in KiB and holds for each member and for the sum; members are processes at one time."""

    max_rss_kib: Optional[int] = None
    timeout_seconds: Optional[float] = None
    max_members: Optional[int] = 4096


@dataclass(frozen=True)
class Method:
    """How the figures of a run were come by."""

    peak: str  # "wait4": exact; "sampled-vmhwm": a lower bound, never called a peak
    sum: str  # "pss", "rss" (shared pages count more than once), or "none": a single process
    interval_ms: int  # between samples
    fixed_addresses: bool  # address randomisation was off
    pinned_environment: bool  # environment and argv were made alike for each run
    launcher: bool  # started by a small process, so that the guard's own memory is not in the figure


@dataclass(frozen=True)
class Outcome:
    argv: Tuple[str, ...]
    status: int  # the command's exit status, or minus the number of the signal that ended it
    kill: Kill
    peak_kib: int  # of the largest member
    sum_kib: Optional[int]  # None: there was one member only
    budget_kib: Optional[int]
    members: int  # seen in all
    survivors: int  # still alive when the command itself had ended; ended by the guard
    wall_seconds: float
    cpu_seconds: float  # of all members that were waited for
    scope: Scope
    method: Method
    containment: Containment
    stdout: bytes = b""  # when asked for with capture=True, else empty
    stderr: bytes = b""

    @property
    def ok(self) -> bool:
        """The command ended by itself with status 0, within its limits."""
        return self.kill is Kill.NONE and self.status == 0
