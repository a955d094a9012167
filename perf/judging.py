"""judging: a bench for a claim, and what a ratio says of one: what goes wrong is a claim that was not measured, never one that holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from audit.claim import Finding, NotMeasured, Subject

from .workbench import Workbench, workbench
from .command import PerfError
from .sampling import Verdict, judge_ratio


@contextmanager
def judged(subject: Subject) -> Iterator[Workbench]:
    if not subject.zero.is_file():
        raise NotMeasured(f"{subject.zero}: there is no compiler; make it with `make all`")
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
