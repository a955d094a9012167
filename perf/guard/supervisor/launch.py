"""launch: start the command so that what is measured is the command.

The peak of a process starts at that of the process it was forked from. A child of Python would seem to take what Python takes,
so a shell of about 1 MiB forks the process that becomes the command. The shell is ended before the command is let go: its child is
then a child of the reaper, which alone waits for it.
"""

from __future__ import annotations

import contextlib
import os
import signal

from . import kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional

SHELL = "/bin/sh"
WAITING = (  # tells its number, waits to be let go, and becomes the command; the last word keeps the shell from doing so itself
    "( read -r guard_pid guard_rest </proc/self/stat; echo $guard_pid >&4; read -r guard_pid <&3;"
    ' unset guard_pid guard_rest; exec "$@" 3<&- 4>&- ); :'
)


class LaunchError(Exception):
    """The command's process could not be made."""


class Launched:
    def __init__(self, pid: int, launcher: bool, go: int) -> None:
        self.pid = pid
        self.launcher = launcher  # a shell made it
        self.go = go  # a byte written here lets the command start


def launch(
    argv: List[bytes], environment: Dict[bytes, bytes], small: bool, cgroup: Optional[str], processor: Optional[int]
) -> Launched:
    small = small and os.access(SHELL, os.X_OK)
    words = [os.fsencode(SHELL), b"-c", WAITING.encode(), b"sh", *argv] if small else argv
    go_read, go_write = os.pipe()
    told_read, told_write = os.pipe()
    child = os.fork()
    if child == 0:
        if processor is not None:
            os.sched_setaffinity(0, {processor})
            kernel.refuse_huge_pages()
        become(words, environment, small, go_read, told_write, cgroup)
    os.close(go_read)
    os.close(told_write)
    with os.fdopen(told_read, "rb") as told:
        answer = told.readline()
    if not small:
        return Launched(child, False, go_write)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    if not answer.strip().isdigit():
        raise LaunchError(answer.decode(errors="replace").strip() or f"{SHELL}: did not start the command")
    return Launched(int(answer), True, go_write)


def become(words: List[bytes], environment: Dict[bytes, bytes], small: bool, go: int, told: int, cgroup: Optional[str]) -> None:
    """In the new process: end as the command, or as the shell that starts it."""
    name = words[4] if small and len(words) > 4 else words[0]
    try:
        os.setsid()
        if cgroup is not None:
            kernel.write_text(f"{cgroup}/cgroup.procs", str(os.getpid()))
        if small:
            hand_on(go, told)
        else:
            os.close(told)
            os.read(go, 1)
        default_signals()
        os.execvpe(words[0], words, environment)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.write(2, b"guard: %s: %s\n" % (name, (error.strerror or "").encode()))
            os.write(4 if small else 2, b"%s: %s\n" % (name[:200], (error.strerror or "").encode()) if small else b"")
        os._exit(127 if isinstance(error, FileNotFoundError) else 126)
    finally:
        os._exit(126)


def hand_on(go: int, told: int) -> None:
    """Make 3 and 4 the two ends that the shell uses."""
    high_go, high_told = os.dup(go), os.dup(told)
    while high_go < 5 or high_told < 5:
        high_go, high_told = os.dup(high_go), os.dup(high_told)
    os.dup2(high_go, 3)
    os.dup2(high_told, 4)


def default_signals() -> None:
    """Undo what Python and its callers have set; what is ignored stays so in a program that is started."""
    for number in range(1, signal.NSIG):
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
    kernel.default_reserved_signals()
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
