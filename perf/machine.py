"""machine: what figures of time depend on, as a fingerprint: processor, how many of them, memory, kernel, Python.

Figures of two fingerprints are never compared. Peak memory depends on the Python alone, and only where Python runs.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from .guard.record import canonical


ADDR_NO_RANDOMIZE, ASKED = 0x0040000, 0xFFFFFFFF  # of personality
PAGE_KIB = 4
KINDS = 2  # of pages, each counted apart: those of files and the others
LEAST_BATCH = 32  # pages


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


def fixes_addresses() -> bool:
    """Whether the kernel lets address randomisation be turned off; asked here, not of the guard. Containers commonly refuse it."""
    libc = ctypes.CDLL(None)
    now = libc.personality(ASKED)
    if now == -1 or libc.personality(now | ADDR_NO_RANDOMIZE) == -1:
        return False
    libc.personality(now)
    return True


def uncounted_kib(fixed_addresses: bool, processors: int = os.cpu_count() or 1) -> int:
    """How far a peak may lie below one that was measured on another machine, for no reason but the way in which the kernel counts.

    Pages are counted in batches of 32, of twice the processors where there are more than 16 of them, and the open batch is left out. At fixed
    addresses, with batches as everywhere else, the same is left out in each run.
    """
    batch = max(LEAST_BATCH, 2 * processors)
    return 0 if fixed_addresses and batch == LEAST_BATCH else KINDS * batch * PAGE_KIB
