"""memory: what members hold at this moment, cheaply while there is room and precisely when it matters.

A sample reads the resident pages of each member (/proc/PID/statm, some microseconds). Shared pages count once for each member
there, so the plain sum is never less than the true one; only where it passes what is known or allowed is the proportional sum
(/proc/PID/smaps_rollup, some 100 microseconds) worth its price.
"""

from __future__ import annotations

import os

from . import kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Tuple

PAGE_KIB = os.sysconf("SC_PAGE_SIZE") // 1024
OPEN_FILES = 256  # of as many members is statm kept open
WEIGHINGS = 4  # so often is the proportional sum taken, while members give memory back


class Readings:
    """Reads members' memory; keeps their files open, which is cheaper and keeps to one process should its number be used again."""

    def __init__(self) -> None:
        self.files: Dict[int, int] = {}

    def resident(self, pids: List[int]) -> Dict[int, int]:
        """KiB of each member that holds any; zombies hold none."""
        for pid in set(self.files).difference(pids):
            self.close(pid)
        sizes = {pid: self.resident_kib(pid) for pid in pids}
        return {pid: kib for pid, kib in sizes.items() if kib > 0}

    def resident_kib(self, pid: int) -> int:
        content = self.statm(pid)
        return int(content.split()[1]) * PAGE_KIB if content else 0

    def proportional(self, sizes: Dict[int, int]) -> Tuple[int, bool]:
        """The sum of the members' proportional memory, and whether each member told it; who did not counts in full.

        Members are read one after another. What one gives back meanwhile counts for those that shared it and are read later, once more:
        six that end together would seem to hold more than twice what they did. Such a sum is not believed, and is taken again of who
        is left. A tree that never holds still is weighed too high rather than too low.
        """
        for _ in range(WEIGHINGS):
            told = {pid: field_kib(f"/proc/{pid}/smaps_rollup", b"Pss:") for pid in sizes}
            left = self.resident(list(sizes))
            total = sum(left[pid] if kib is None else kib for pid, kib in told.items() if kib is not None or pid in left)
            all_told = all(told[pid] is not None for pid in left)
            if all(left.get(pid, 0) >= kib for pid, kib in sizes.items()):
                break
            sizes = left
        return total, all_told

    def statm(self, pid: int) -> bytes:
        file = self.files.get(pid)
        if file is None and len(self.files) >= OPEN_FILES:
            return kernel.read_bytes(f"/proc/{pid}/statm") or b""
        try:
            if file is None:
                file = self.files[pid] = os.open(f"/proc/{pid}/statm", os.O_RDONLY)
            return os.pread(file, 128, 0)
        except OSError:
            self.close(pid)
            return b""

    def close(self, pid: int) -> None:
        file = self.files.pop(pid, None)
        if file is not None:
            os.close(file)


def high_water_kib(pid: int) -> int:
    """The most that the program now in this process has held (VmHWM)."""
    return field_kib(f"/proc/{pid}/status", b"VmHWM:") or 0


def field_kib(path: str, name: bytes) -> Optional[int]:
    content = kernel.read_bytes(path) or b""
    at = content.find(b"\n" + name)
    return None if at < 0 else int(content[at + 1 + len(name) :].split(None, 1)[0])
