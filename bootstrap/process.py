"""process: run one command and say exactly what it took.

wait4 gives the kernel's own figures of the child: processor time and peak resident memory. The peak of a process
starts at that of the process it was forked from, so a child of Python would seem to take what Python takes. Therefore
`/bin/sh` (about 1 MiB) starts the command in the background and ends; this process, as the reaper of orphans, then
waits for the command. Address randomisation is off, so that the peak is the same in every run. Where the kernel
refuses either, `Method` says so, and the ledger repeats it.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import threading
import time
from dataclasses import dataclass
from typing import Callable, Dict, List, Optional, Sequence, Tuple

PR_SET_CHILD_SUBREAPER = 36
ADDR_NO_RANDOMIZE = 0x0040000
INTERRUPTS = {signal.SIGINT, signal.SIGTERM}
LAUNCHER = '{ read -r _ <&4; exec "$@" 3>&- 4<&-; } & echo $! >&3'  # the command starts when its launcher has ended


@dataclass(frozen=True)
class Method:
    launcher: bool  # commands are started by a small process, not by Python
    fixed_addresses: bool  # address randomisation is off


@dataclass(frozen=True)
class Run:
    argv: Tuple[str, ...]
    status: int  # the exit status, or minus the signal's number
    timed_out: bool
    wall_seconds: float
    cpu_seconds: float
    peak_kib: int

    def how_it_ended(self) -> str:
        if self.timed_out:
            return "took too long and was ended"
        if self.status < 0:
            return f"was ended by {signal.Signals(-self.status).name}"
        return f"exited with status {self.status}"


def prepare() -> Method:
    """Ask the kernel for what exact figures need; both last for this process and its children."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        reaper = libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
        fixed = libc.personality(ADDR_NO_RANDOMIZE) != -1
    except (OSError, AttributeError):
        return Method(launcher=False, fixed_addresses=False)
    return Method(launcher=reaper and os.path.exists("/bin/sh"), fixed_addresses=fixed)


def start(argv: Sequence[str], method: Method, environment: Optional[Dict[str, str]]) -> Tuple[int, int]:
    """Start argv in a session of its own; the process to wait for and the group to end."""
    answer_read, answer_write = os.pipe()
    go_read, go_write = os.pipe()
    words = ["/bin/sh", "-c", LAUNCHER, "sh", *argv] if method.launcher else list(argv)
    launcher = os.fork()
    if launcher == 0:
        become(words, answer_write, go_read, environment)
    os.close(answer_write)
    os.close(go_read)
    with os.fdopen(answer_read, "rb") as answer, os.fdopen(go_write, "wb") as go:
        if not method.launcher:
            return launcher, launcher
        pid = int(answer.readline())
        os.waitpid(launcher, 0)  # from here on the command's process is a child of this one
        go.write(b"\n")
    return pid, launcher


def become(words: Sequence[str], answer: int, go: int, environment: Optional[Dict[str, str]]) -> None:
    """In the new process: end as the words' command, or with status 127."""
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, end in ((3, fcntl.fcntl(answer, fcntl.F_DUPFD, 10)), (4, fcntl.fcntl(go, fcntl.F_DUPFD, 10))):
            os.dup2(end, number)
            os.close(end)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTS)
        os.execvpe(words[0], list(words), os.environ if environment is None else environment)
    finally:
        os._exit(127)


def run(
    argv: Sequence[str],
    method: Method,
    timeout_seconds: float,
    watch: Optional[Callable[[float, int], None]] = None,
    environment: Optional[Dict[str, str]] = None,
) -> Run:
    """Run argv to its end; `watch` is called a few times a second with the seconds and the resident KiB so far."""
    signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTS)  # until there is something to end
    try:
        pid, group = start(argv, method, environment)
    except BaseException:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTS)
        raise
    began = time.monotonic()  # the command has just been let go
    ended = threading.Event()
    timed_out: List[bool] = []

    def keep_watch() -> None:
        while not ended.wait(0.1):
            seconds = time.monotonic() - began
            if seconds > timeout_seconds:
                timed_out.append(True)
                end_group(group)
                return
            if watch is not None:
                watch(seconds, resident_kib(pid))

    watcher = threading.Thread(target=keep_watch, daemon=True)
    watcher.start()
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTS)
        _, status, usage = os.wait4(pid, 0)
    except BaseException:
        end_group(group)
        raise
    finally:
        ended.set()
        watcher.join()
    return Run(
        argv=tuple(argv),
        status=os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status),
        timed_out=bool(timed_out),
        wall_seconds=time.monotonic() - began,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_kib=usage.ru_maxrss,
    )


def end_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def resident_kib(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            pages = int(file.read().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024
