"""main: the supervisor: read the order, prepare the containment, start the reaper, and see to it that nothing is left.

It is started with two open files: one that the order comes from and that stays open as long as the caller lives and wants the run,
and one for the answer, a line with a dictionary each, as Python writes it: a progress, a refusal, a trouble, or the result. The order is
marshalled. One is started for every run, so it imports neither json nor what it would take re, inspect or typing for (three quarters
of its start).
"""

from __future__ import annotations

import contextlib
import marshal
import os
import signal
import sys
import time

from . import kernel
from .launch import LaunchError, launch
from .members import Cgroup, Descendants, Namespace, make_cgroup, remove_cgroup
from .reaper import Order, Reaper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

    from .reaper import Listing

UNTOUCHED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE, signal.SIGTTOU, signal.SIGTTIN)


class Supervisor:
    def __init__(self, control: int, answer: int) -> None:
        self.control = control
        self.answer = answer
        self.cgroup: Optional[str] = None

    def run(self) -> None:
        order = self.read_order()
        if order is None:  # the caller is gone already
            return
        try:
            os.chdir(order["cwd"].encode("latin-1"))
            self.prepare(order["containment"])
            self.supervise(order)
        except kernel.Refused as error:
            self.tell({"refused": str(error)})
        except OSError as error:
            self.tell({"trouble": told(error)})
        finally:
            self.end_cgroup()

    def end_cgroup(self) -> None:
        if self.cgroup is not None:
            remove_cgroup(self.cgroup)

    def read_order(self) -> Optional[Dict[str, Any]]:
        head = read_exactly(self.control, 16)
        text = read_exactly(self.control, int(head)) if head else b""
        return dict(marshal.loads(text)) if text else None

    def tell(self, message: Dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # nobody listens any more
            os.write(self.answer, ascii(message).encode() + b"\n")

    def prepare(self, containment: str) -> None:
        if containment != "process-group":
            kernel.become_subreaper()
        if containment == "cgroup":
            self.cgroup = make_cgroup()
        if containment == "pid-namespace":
            kernel.unshare_pids()

    def supervise(self, order: Dict[str, Any]) -> None:
        """Start the reaper and wait for its end; should it be ended by someone else, end what it leaves."""
        lifeline, held = os.pipe()
        reaper = os.fork()
        if reaper == 0:
            os.close(held)
            self.reap(order, lifeline)
        let_go_of_streams()
        os.close(lifeline)
        while True:
            pid, status = os.waitpid(-1, os.WUNTRACED)
            if pid == reaper and os.WIFSTOPPED(status):
                os.kill(reaper, signal.SIGCONT)
            elif pid == reaper:
                break
        if status != 0:
            self.sweep()
            self.tell({"trouble": "the reaper was ended by another process; the tree has been ended with it"})

    def sweep(self) -> None:
        listing = Descendants(os.getpid())
        while True:
            if self.cgroup is not None:
                Cgroup(self.cgroup, os.getpid()).end()
            listing.end()
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
                time.sleep(0.002)
                continue
            return

    def reap(self, order: Dict[str, Any], lifeline: int) -> None:
        """The whole life of the reaper's process."""
        status = 1
        try:
            self.tell(self.answer_of(order, lifeline))
            status = 0
        except kernel.Refused as error:
            self.tell({"refused": str(error)})
            status = 0
        except LaunchError as error:
            self.tell({"trouble": str(error)})
            status = 0
        except OSError as error:
            self.tell({"trouble": told(error)})
            status = 0
        finally:
            os._exit(status)

    def answer_of(self, order: Dict[str, Any], lifeline: int) -> Dict[str, Any]:
        containment = order["containment"]
        listing = self.listing(containment)
        fixed = kernel.fix_addresses()
        processor = a_processor() if order["one_processor"] else None
        argv = [word.encode("latin-1") for word in order["argv"]]
        environment = {name.encode("latin-1"): value.encode("latin-1") for name, value in order["environment"]}
        command = launch(argv, environment, containment != "process-group", self.cgroup, processor)
        let_go_of_streams()
        if containment == "process-group" and isinstance(listing, Descendants):
            listing.session = command.pid
        limits = Order(order["max_rss_kib"], order["timeout_seconds"], order["max_members"], order["progress"])
        result = Reaper(limits, listing, command, {self.control: "interrupted", lifeline: "orphaned"}, self.tell).watch()
        if result["kill"] == "orphaned":
            self.end_cgroup()
            return {"trouble": "the supervisor was ended by another process; the tree has been ended with it"}
        result.update(fixed_addresses=fixed, launcher=command.launcher, cgroup_peak_kib=self.cgroup_peak_kib())
        return result

    def listing(self, containment: str) -> Listing:
        if containment == "pid-namespace":
            kernel.die_with_parent()
            kernel.mount_proc()
            return Namespace()
        if containment == "process-group":
            return Descendants(os.getpid())
        kernel.become_subreaper()
        return Descendants(os.getpid()) if self.cgroup is None else Cgroup(self.cgroup, os.getpid())

    def cgroup_peak_kib(self) -> Optional[int]:
        """What the kernel counted for the whole cgroup, where a memory controller is at work in it."""
        content = kernel.read_bytes(f"{self.cgroup}/memory.peak") if self.cgroup is not None else None
        return int(content) // 1024 if content else None


def read_exactly(file: int, length: int) -> bytes:
    """So many bytes, or none when the other side is gone before."""
    parts: List[bytes] = []
    while length > 0:
        part = os.read(file, length)
        if not part:
            return b""
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def a_processor() -> int:
    """One of those that this process may use; not the same one for all guards at work."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[time.monotonic_ns() // 1000 % len(usable)]


def told(error: OSError) -> str:
    name = error.filename.decode(errors="replace") if isinstance(error.filename, bytes) else error.filename
    return f"{name}: {error.strerror}" if name else str(error.strerror)


def let_go_of_streams() -> None:
    """Whoever reads what the command writes sees its end when the tree is done, not when its guard is."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    os.close(null)


def main(control: int, answer: int) -> None:
    for file in (control, answer):
        os.set_inheritable(file, False)
    for number in UNTOUCHED:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    Supervisor(control, answer).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
