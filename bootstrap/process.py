"""process: run one command and say exactly what it took.

wait4 gives the kernel's own figures of the child: processor time and peak resident memory. The peak of a process
starts at that of the process it was forked from, so a child of Python would seem to take what Python takes. Therefore
`/bin/sh` (about 1 MiB) starts the command in the background and ends; this process, as the reaper of orphans, then
waits for the command. Address randomisation is off, so that the peak is the same in every run. Where the kernel
refuses either, `Method` says so, and the ledger repeats it.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import Callable, Dict, List, Optional, Sequence, Tuple

PR_SET_CHILD_SUBREAPER = 36
ADDR_NO_RANDOMIZE = 0x0040000
LAUNCHER = '"$@" 3>&- & echo $! >&3'


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
    if not method.launcher or "/" not in argv[0] and shutil.which(argv[0]) is None:
        child = subprocess.Popen(list(argv), stdin=subprocess.DEVNULL, start_new_session=True, env=environment)
        child.returncode = 0  # waited for with wait4, not by subprocess
        return child.pid, child.pid
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(write_end, 3)
            shell = ["/bin/sh", "-c", LAUNCHER, "sh", *argv]
            os.execve("/bin/sh", shell, os.environ if environment is None else environment)
        finally:
            os._exit(127)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        answer = pipe.readline()
    os.waitpid(pid, 0)
    return int(answer), pid


def run(
    argv: Sequence[str],
    method: Method,
    timeout_seconds: float,
    watch: Optional[Callable[[float, int], None]] = None,
    environment: Optional[Dict[str, str]] = None,
) -> Run:
    """Run argv to its end; `watch` is called a few times a second with the seconds and the resident KiB so far."""
    began = time.monotonic()
    pid, group = start(argv, method, environment)
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
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass


def resident_kib(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            pages = int(file.read().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024
