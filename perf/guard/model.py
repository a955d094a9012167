"""model: what a guarded run is given and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Dict, Optional, Tuple

CAPTURE_BYTES = 16 * 1024 * 1024  # of each of the two streams; what comes after is read, counted and dropped

# What a command that is measured sees of its surroundings: the stack holds the environment, so its size moves the peak.
PINNED_ENVIRONMENT: Dict[str, str] = {"LANG": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin"}


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


class GuardError(Exception):
    """The guard could not do its work; the text says what is wrong and where."""


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
    interval_ms: int  # between samples, on average
    fixed_addresses: bool  # address randomisation was off
    pinned_environment: bool  # the caller gave the environment, it was not inherited
    launcher: bool  # started by a small process, so that the guard's own memory is not in the figure
    one_processor: bool = False  # the tree was kept on one, whose count of pages does not depend on who else runs


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
    stdout: bytes = b""  # when asked for with capture=True, else empty; at most CAPTURE_BYTES
    stderr: bytes = b""
    dropped_bytes: int = 0  # came after CAPTURE_BYTES of a captured stream
    refused: Tuple[str, ...] = ()  # stronger containments that this machine refused, each with the reason
    tasks: Optional[int] = None  # processes and threads that the command started, as its own PID namespace counted them
    cgroup_peak_kib: Optional[int] = None  # memory.peak of the tree's cgroup, page cache included, where a controller counts it
    guard_cpu_seconds: float = 0.0  # what watching took, without the guard's own start

    @property
    def over_budget(self) -> bool:
        """More memory was held than the budget allows, whether the guard could end the tree in time or not."""
        if self.kill is Kill.OVER_BUDGET:
            return True
        return self.budget_kib is not None and max(self.peak_kib, self.sum_kib or 0) > self.budget_kib

    @property
    def ok(self) -> bool:
        """The command ended by itself with status 0, within its limits."""
        return self.kill is Kill.NONE and self.status == 0 and not self.over_budget


class Interrupted(KeyboardInterrupt):
    """The caller was interrupted; the tree has been ended, and this is what it had taken until then."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("interrupted")
        self.outcome = outcome
