"""kernel: the system calls that Python does not give."""

from __future__ import annotations

import ctypes
import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PR_SET_THP_DISABLE = 41
SYS_RT_SIGACTION = 13  # of x86-64
RESERVED_SIGNALS = (32, 33)
ADDR_NO_RANDOMIZE = 0x0040000
CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
MS_NOSUID_NODEV_NOEXEC = 2 | 4 | 8
MS_REC_PRIVATE = 0x4000 | 0x40000

libc = ctypes.CDLL(None, use_errno=True)


class Refused(Exception):
    """The kernel does not let this process do what a containment needs; the text says what."""


def checked(what: str, result: int) -> None:
    if result == -1:
        raise Refused(f"{what}: {os.strerror(ctypes.get_errno())}")


def default_reserved_signals() -> None:
    """The C library keeps these to itself and lets no one set them, but its posix_spawn, which make uses, leaves them ignored."""
    for number in RESERVED_SIGNALS:
        libc.syscall(SYS_RT_SIGACTION, number, bytes(32), None, 8)  # a struct sigaction of zeros: the default


def refuse_huge_pages() -> None:
    """From now on, also in what this process becomes: memory comes in pages of the common size, whatever this machine prefers."""
    libc.prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0)


def become_subreaper() -> None:
    """From now on, orphans among the descendants become children of this process."""
    checked("prctl(PR_SET_CHILD_SUBREAPER)", libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))


def die_with_parent() -> None:
    checked("prctl(PR_SET_PDEATHSIG)", libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0))


def fix_addresses() -> bool:
    """Ask for address randomisation to be off in the programs that this process and its children start; whether it is."""
    return bool(libc.personality(ADDR_NO_RANDOMIZE) != -1)


def unshare_pids() -> None:
    """Let the next child be the first process of a PID namespace, as root or, failing that, within a user namespace."""
    if libc.unshare(CLONE_NEWPID) == 0:
        return
    user, group = os.geteuid(), os.getegid()
    checked("unshare(CLONE_NEWUSER | CLONE_NEWPID)", libc.unshare(CLONE_NEWUSER | CLONE_NEWPID))
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        write_text(f"/proc/self/{name}", text)


def mount_proc() -> None:
    """Show this PID namespace at /proc, for this process and its children only."""
    checked("unshare(CLONE_NEWNS)", libc.unshare(CLONE_NEWNS))
    checked("mount /", libc.mount(b"none", b"/", None, MS_REC_PRIVATE, None))
    checked("mount /proc", libc.mount(b"proc", b"/proc", b"proc", MS_NOSUID_NODEV_NOEXEC, None))


def write_text(path: str, text: str) -> None:
    try:
        with open(path, "w") as file:
            file.write(text)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from None


def read_bytes(path: str) -> Optional[bytes]:
    """All of a file of the kernel's; None when what it tells of is gone or is not for us to see."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except OSError:
        return None
