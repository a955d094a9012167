"""judging: a bench for a claim, what serves several claims, and what a ratio says of one.

What goes wrong is a claim that was not measured, never one that holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from audit.claim import Finding, NotMeasured, Subject

from .workbench import Workbench, workbench
from .command import PerfError
from .sampling import Verdict, judge_ratio

Key = tuple[Path, Path, int]  # a tree, its compiler, and when that was made
T = TypeVar("T")


def key_of(subject: Subject) -> Key:
    if not subject.zero.is_file():
        raise NotMeasured(f"{subject.zero}: there is no compiler; make it with `make all`")
    return subject.top, subject.zero, subject.zero.stat().st_mtime_ns


def once(measure: Callable[[Subject, Workbench], T]) -> Callable[[Subject], T]:
    """What is measured once for one compiler, and serves every claim of a run."""
    found: dict[Key, T] = {}

    def before_or_now(subject: Subject) -> T:
        key = key_of(subject)
        if key not in found:
            with judged(subject) as place:
                found[key] = measure(subject, place)
        return found[key]

    return before_or_now


@contextmanager
def judged(subject: Subject) -> Iterator[Workbench]:
    key_of(subject)  # or there is no compiler
    try:
        with workbench(subject.top, subject.zero) as place:
            yield place
    except PerfError as error:
        raise NotMeasured(error.message) from None


def judge_limit(ratios: Sequence[float], limit: float, told: str) -> Iterator[Finding]:
    """A finding if the ratio is above the limit beyond doubt; NotMeasured if nothing can be said."""
    verdict = judge_ratio(ratios, limit)
    if verdict is Verdict.REGRESSED:
        yield Finding(f"{told}; at most {limit:.2f} is allowed")
    elif verdict is Verdict.UNMEASURED:
        raise NotMeasured(f"{told}, and the limit is {limit:.2f}")
