"""reaper: start the command, wait for every member, sample, end the tree, and tell what it took.

A member is waited for by its own parent or, that being gone, by the reaper. The kernel's figure of a process that is waited for
holds the largest of what it has waited for itself, so the largest over all that the reaper waits for is the largest of the tree.
What is lost to it are members whose parent lets the kernel clear them away (SIGCHLD ignored): of those the samples alone tell.
"""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
import time

from . import kernel, memory
from .launch import Launched

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Set, Union

    from .members import Cgroup, Descendants, Namespace

    Listing = Union[Namespace, Cgroup, Descendants]

QUIET_SHARE = 0.003  # of a core: what reading samples may take; with all around it, somewhat more than twice that
PROPORTIONAL_SHARE = 0.001  # the same for the proportional sum, which has an interval of its own
URGENT_SHARE = 0.05  # while the budget could be passed before the next sample
FILL_KIB_PER_SECOND = 3 * 1024 * 1024  # what a tree is taken to be able to touch
FORKS_PER_SECOND = 20_000  # what a tree is taken to be able to make
SHORTEST_SECONDS, LONGEST_SECONDS = 0.002, 0.25
PROGRESS_SECONDS = 0.2
END_SECONDS = 60.0  # to be gone after SIGKILL, also on a machine that stands still for a while
HIGH_WATER_EVERY = 16  # samples


class Order:
    """What the reaper is to hold the tree to."""

    def __init__(self, max_rss_kib: Optional[int], timeout_seconds: Optional[float], max_members: Optional[int], progress: bool) -> None:
        self.max_rss_kib = max_rss_kib
        self.timeout_seconds = timeout_seconds
        self.max_members = max_members
        self.progress = progress


class Tally:
    """What was seen so far."""

    def __init__(self, seen: Set[int]) -> None:
        self.waited_peak_kib = 0
        self.sampled_peak_kib = 0
        self.members = 0
        self.resident_kib = 0
        self.sum_kib = 0
        self.sum_is_proportional = True
        self.cpu_seconds = 0.0
        self.samples = 0
        self.seen = seen
        self.ended_by_guard = 0


class Reaper:
    def __init__(
        self, order: Order, listing: Listing, command: Launched, stops: Dict[int, str], tell: Callable[[Dict[str, Any]], None]
    ) -> None:
        self.order = order
        self.listing = listing
        self.command = command
        self.stops = stops  # files: when one can be read, or has ended, the tree is to end for the reason that goes with it
        self.tell = tell
        self.tally = Tally({command.pid})
        self.readings = memory.Readings()
        self.status: Optional[int] = None
        self.kill = "none"
        self.weighed_at = 0.0  # when the proportional sum was last taken, what it took and gave, and of which members
        self.weighing_took = 0.0
        self.weighed_kib = 0
        self.weighed_sizes: Dict[int, int] = {}
        self.next_progress = PROGRESS_SECONDS
        self.sample_seconds = 0.0
        self.weighing_seconds = 0.0  # of a sample, for the proportional sum; it has an interval of its own

    def watch(self) -> Dict[str, Any]:
        """From letting the command go to the end of the last member."""
        woken = wake_on_child()
        poll = select.poll()
        for file in (woken, *self.stops):
            poll.register(file, select.POLLIN)
        first_task = last_task()
        own = time.process_time()
        os.write(self.command.go, b"\n")
        os.close(self.command.go)
        self.began = time.monotonic()
        due = self.began + SHORTEST_SECONDS
        while True:
            events = {file for file, _ in poll.poll(max(0.0, due - time.monotonic()) * 1000)}
            if woken in events:
                os.read(woken, 4096)
                self.reap()
            if self.status is not None or self.must_end(events):
                break
            if time.monotonic() >= due:
                self.sample()
                due = time.monotonic() + self.interval()
                if self.kill != "none":
                    break
        by_itself = self.status is not None
        wall = self.seconds()
        last = last_task()
        own = time.process_time() - own
        left = self.end()
        return {
            "status": self.status,
            "kill": self.kill,
            "wall_us": round(wall * 1_000_000),
            "survivors": self.tally.ended_by_guard if by_itself else 0,
            "left": left,
            "tasks": None if first_task is None or last is None else last - first_task,
            "guard_cpu_us": round(own * 1_000_000),
            **self.figures(wall),
        }

    def figures(self, wall: float) -> Dict[str, Any]:
        tally = self.tally
        return {
            "waited_peak_kib": tally.waited_peak_kib,
            "sampled_peak_kib": tally.sampled_peak_kib,
            "sum_kib": tally.sum_kib,
            "sum_is_proportional": tally.sum_is_proportional,
            "cpu_us": round(tally.cpu_seconds * 1_000_000),
            "interval_us": round(wall * 1_000_000) // max(1, tally.samples),
            "members": len(tally.seen),
        }

    def must_end(self, events: Set[int]) -> bool:
        for file in events.intersection(self.stops):
            self.kill = self.stops[file]
        if self.kill == "none" and self.order.timeout_seconds is not None and self.seconds() >= self.order.timeout_seconds:
            self.kill = "timeout"
        return self.kill != "none"

    def seconds(self) -> float:
        return time.monotonic() - self.began

    def reap(self) -> bool:
        """Wait for all that has ended; whether there are children left."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            self.note(pid, status, usage)

    def note(self, pid: int, status: int, usage: resource.struct_rusage) -> None:
        tally = self.tally
        tally.seen.add(pid)
        tally.cpu_seconds += usage.ru_utime + usage.ru_stime
        tally.waited_peak_kib = max(tally.waited_peak_kib, usage.ru_maxrss)
        if pid == self.command.pid:
            self.status = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
        elif os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            tally.ended_by_guard += 1

    def sample(self) -> None:
        before = time.process_time()
        pids = self.listing.pids()
        self.tally.samples += 1
        self.tally.members = len(pids)
        self.tally.seen.update(pids)
        if self.order.max_members is not None and len(pids) > self.order.max_members:
            self.kill = "too-many-processes"
            return
        self.weighing_seconds = 0.0
        sizes = self.readings.resident(pids)
        self.weigh(sizes)
        took = time.process_time() - before - self.weighing_seconds
        if self.tally.samples > 1:  # the first one opens all files
            self.sample_seconds = (self.sample_seconds + took) / 2
        seconds = self.seconds()
        if self.order.progress and seconds >= self.next_progress:
            self.next_progress = seconds + PROGRESS_SECONDS
            self.tell({"seconds_us": round(seconds * 1_000_000), "kib": self.tally.resident_kib})

    def weigh(self, sizes: Dict[int, int]) -> None:
        tally, budget = self.tally, self.order.max_rss_kib
        tally.resident_kib = sum(sizes.values())
        largest = max(sizes.values(), default=0)
        if tally.samples % HIGH_WATER_EVERY == 1:
            largest = max([largest, *(memory.high_water_kib(pid) for pid in sizes)])
        tally.sampled_peak_kib = max(tally.sampled_peak_kib, largest)
        if tally.resident_kib > tally.sum_kib:
            self.weigh_together(sizes)
        if budget is not None and max(largest, tally.sum_kib) > budget:
            self.kill = "over-budget"

    def weigh_together(self, sizes: Dict[int, int]) -> None:
        """The true sum is higher than any before, or may be."""
        budget = self.order.max_rss_kib
        if len(sizes) < 2:
            self.tally.sum_kib = self.tally.resident_kib
            return
        now = time.monotonic()
        urgent = budget is not None and self.most_it_can_be(sizes) > budget
        if now < self.weighed_at + self.weighing_took / (URGENT_SHARE if urgent else PROPORTIONAL_SHARE):
            return
        before = time.process_time()
        total, told = self.readings.proportional(sizes)
        self.weighing_took = self.weighing_seconds = time.process_time() - before
        self.weighed_at, self.weighed_kib, self.weighed_sizes = now, total, sizes
        self.tally.sum_kib = max(self.tally.sum_kib, total)
        self.tally.sum_is_proportional = self.tally.sum_is_proportional and told

    def most_it_can_be(self, sizes: Dict[int, int]) -> int:
        """The true sum is at most the last one and what members have grown by since; who is new counts in full."""
        grown = sum(max(0, kib - self.weighed_sizes.get(pid, 0)) for pid, kib in sizes.items())
        return min(self.tally.resident_kib, self.weighed_kib + grown)

    def interval(self) -> float:
        """Seconds to the next sample: few enough samples to be cheap, enough of them to be there before the budget is passed."""
        seconds = self.sample_seconds / QUIET_SHARE
        urgent = self.sample_seconds / URGENT_SHARE
        if self.order.max_rss_kib is not None:
            room = max(0, self.order.max_rss_kib - self.tally.resident_kib)
            seconds = min(seconds, max(room / FILL_KIB_PER_SECOND, urgent))
        if self.order.max_members is not None:
            room = max(0, self.order.max_members - self.tally.members)
            seconds = min(seconds, max(room / FORKS_PER_SECOND, urgent))
        if self.order.timeout_seconds is not None:
            seconds = min(seconds, self.began + self.order.timeout_seconds - time.monotonic())
        return min(LONGEST_SECONDS, max(SHORTEST_SECONDS, seconds))

    def end(self) -> List[int]:
        """End every member; those that could not be ended."""
        until = time.monotonic() + END_SECONDS
        pause = 0.0005
        while True:
            self.listing.end()
            if not self.reap() and not self.listing.pids():
                return []
            if time.monotonic() > until:
                return self.listing.pids()
            time.sleep(pause)
            pause = min(0.02, pause * 1.5)


def wake_on_child() -> int:
    """A file that can be read as soon as a child has ended."""
    woken, wake = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    with contextlib.suppress(OSError):
        os.write(wake, b"\0")  # who has ended before now
    return woken


def last_task() -> Optional[int]:
    """The last number that this PID namespace has given to a process or thread; None outside of a namespace of our own."""
    if os.getpid() != 1:
        return None
    return int((kernel.read_bytes("/proc/loadavg") or b"0").split()[-1])
