"""members: which processes belong to the tree, and how all of them are ended, for each containment.

A listing answers `pids`, the members there are, and `end`, which sends SIGKILL to all of them. The reaper calls `end` until it
has no child left: who is missed in one pass is an orphan of someone who was hit, and is seen in the next.
"""

from __future__ import annotations

import contextlib
import os
import signal

from . import kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterator, List, Optional, Set, Tuple

FORGET_AFTER = 64  # walks after which the processes outside the tree are looked at anew, for their numbers may be used again


class Namespace:
    """Everything in the reaper's own PID namespace: nothing leaves it, and one call ends all."""

    def __init__(self) -> None:
        if os.getpid() != 1:
            raise kernel.Refused("the reaper is not the first process of a namespace")

    def pids(self) -> List[int]:
        return [pid for pid in all_pids() if pid != 1]

    def end(self) -> None:
        if os.getpid() == 1:  # anywhere else this would end every process there is
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)


class Descendants:
    """Everything below the root process, by the parent that each process names.

    With the root as the reaper of orphans, every member has a chain of parents up to it, and no way out of it. Without (the
    process group alone), a member that was seen once is remembered after its parent is gone; one that was not is lost.
    """

    def __init__(self, root: int) -> None:
        self.root = root
        self.inside: Dict[int, int] = {}  # pid: when it was started
        self.outside: Set[int] = {os.getpid()}
        self.walks = 0
        self.session: Optional[int] = None  # its processes are members too

    def pids(self) -> List[int]:
        self.walks += 1
        if self.walks % FORGET_AFTER == 0:
            self.look_again()
        self.walk()
        return list(self.inside)

    def look_again(self) -> None:
        self.outside = {os.getpid()}
        for pid, born in list(self.inside.items()):
            seen = parent_session_birth(pid)
            if seen is None or seen[2] != born:
                del self.inside[pid]

    def walk(self) -> None:
        now = set(all_pids())
        self.inside = {pid: born for pid, born in self.inside.items() if pid in now}
        self.outside &= now
        unknown = {pid: seen for pid in now - self.outside - set(self.inside) for seen in [parent_session_birth(pid)] if seen is not None}
        while self.place(unknown):
            pass

    def place(self, unknown: Dict[int, Tuple[int, int, int]]) -> bool:
        """Place those whose parent has its place; who had a parent that has ended meanwhile is looked at again in the next walk."""
        before = len(unknown)
        for pid, seen in list(unknown.items()):
            if self.belongs(seen):
                self.inside[pid] = seen[2]
            elif seen[0] in self.outside or seen[0] == 0:
                self.outside.add(pid)
            else:
                continue
            del unknown[pid]
        return len(unknown) < before

    def belongs(self, seen: Tuple[int, int, int]) -> bool:
        parent, session, _ = seen
        return parent == self.root or parent in self.inside or session == self.session

    def end(self) -> None:
        self.walk()
        for pid, born in list(self.inside.items()):
            seen = parent_session_birth(pid)
            if seen is not None and seen[2] == born:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)


class Cgroup:
    """Everything in a cgroup of the run's own, and whatever below the reaper has moved itself out of it."""

    def __init__(self, path: str, root: int) -> None:
        self.path = path
        self.descendants = Descendants(root)

    def pids(self) -> List[int]:
        return [pid for folder in folders(self.path) for pid in pids_in(folder)]

    def end(self) -> None:
        with contextlib.suppress(kernel.Refused):
            kernel.write_text(f"{self.path}/cgroup.kill", "1")
        self.descendants.end()


def all_pids() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name[0] in "123456789")


def parent_session_birth(pid: int) -> Optional[Tuple[int, int, int]]:
    """The parent, the session and the start of a process; None when it is gone."""
    content = kernel.read_bytes(f"/proc/{pid}/stat")
    if not content:
        return None
    fields = content[content.rindex(b")") + 2 :].split()  # a name may hold blanks and brackets
    return int(fields[1]), int(fields[3]), int(fields[19])


def pids_in(folder: str) -> List[int]:
    return [int(word) for word in (kernel.read_bytes(f"{folder}/cgroup.procs") or b"").split()]


def folders(path: str) -> Iterator[str]:
    """A cgroup and those below it, the deepest last."""
    yield path
    with contextlib.suppress(OSError):
        for entry in sorted(entry.path for entry in os.scandir(path) if entry.is_dir(follow_symlinks=False)):
            yield from folders(entry)


def make_cgroup() -> str:
    """A new cgroup below that of this process, which this process may fill and end."""
    mount, own = cgroup_mount(), own_cgroup()
    path = os.path.normpath(f"{mount}/{own}/guard-{os.getpid()}")
    try:
        os.mkdir(path)
    except OSError as error:
        raise kernel.Refused(f"{path}: {error.strerror}") from None
    if not os.access(f"{path}/cgroup.kill", os.W_OK):
        remove_cgroup(path)
        raise kernel.Refused(f"{path}: no cgroup.kill")
    return path


def cgroup_mount() -> str:
    for line in (kernel.read_bytes("/proc/self/mountinfo") or b"").decode(errors="replace").splitlines():
        before, _, after = line.partition(" - ")
        if after.split(" ")[0] == "cgroup2" and before.split(" ")[3] == "/":
            return before.split(" ")[4]
    raise kernel.Refused("no cgroup v2 is mounted")


def own_cgroup() -> str:
    for line in (kernel.read_bytes("/proc/self/cgroup") or b"").decode(errors="replace").splitlines():
        if line.startswith("0::"):
            return line[len("0::") :]
    raise kernel.Refused("this process is in no cgroup v2")


def remove_cgroup(path: str) -> None:
    for folder in reversed(list(folders(path))):
        with contextlib.suppress(OSError):
            os.rmdir(folder)
