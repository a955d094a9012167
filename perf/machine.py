"""machine: what figures of time depend on, as a fingerprint: processor, how many of them, memory, kernel, Python.

Figures of two fingerprints are never compared. Peak memory depends on the Python alone, and only where Python runs.
"""

from __future__ import annotations

import hashlib
import platform
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from .guard.record import canonical


@dataclass(frozen=True)
class Machine:
    cpu: str
    cpus: int  # that this process may use
    memory_gib: int
    kernel: str
    python: str  # implementation and version: "cpython-3.11.7"

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(canonical(asdict(self))).hexdigest()[:12]


def this_machine() -> Machine:
    version = ".".join(map(str, sys.version_info[:3]))
    return Machine(
        cpu=cpu_model(),
        cpus=len(psutil.Process().cpu_affinity()),
        memory_gib=round(psutil.virtual_memory().total / 2**30),
        kernel=platform.release(),
        python=f"{sys.implementation.name}-{version}",
    )


def cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def python_key() -> str:
    """The Python that a peak is keyed by: implementation and minor version, "cpython-3.11"."""
    return f"{sys.implementation.name}-{sys.version_info[0]}.{sys.version_info[1]}"
