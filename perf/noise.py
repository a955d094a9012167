"""noise: how far two measurements of the same thing lie apart on this machine, learned and kept: build/perf/noise/FINGERPRINT.json.

Before anything is compared, the compiler is compared with itself. What then comes out other than 1 is noise. The last few are kept for
each fingerprint, and the floor is the largest of them; a kernel, processor or Python that is another starts anew.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from .machine import Machine
from .sampling import Pairs, interval
from .guard.record import canonical
from .store import write_whole

NOISE = "build/perf/noise"
FORMAT = "0x0 perf noise 1"
KEPT = 8


def noise_permille(pairs: Pairs) -> int:
    """How far from 1 the far end of the interval lies; the things measured are the same."""
    enclosed = interval(pairs.ratios)
    if enclosed is None:
        return 1000
    return round(1000 * max(enclosed.high - 1, 1 - enclosed.low, 0.0))


def read_noise(top: Path, machine: Machine) -> tuple[int, ...]:
    """What was learned so far; a file that cannot be read is as none, since it is learned anew at once."""
    try:
        content = json.loads((top / NOISE / f"{machine.fingerprint}.json").read_bytes())
        known = content["permille"] if content["format"] == FORMAT else []
        return tuple(value for value in known if type(value) is int and value >= 0)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ()


def learn_noise(top: Path, machine: Machine, found_permille: int) -> int:
    """Remember what was found; the floor from now on."""
    known = (*read_noise(top, machine), found_permille)[-KEPT:]
    content = {"format": FORMAT, "machine": asdict(machine), "permille": list(known)}
    write_whole(top / NOISE / f"{machine.fingerprint}.json", canonical(content))
    return max(known)
