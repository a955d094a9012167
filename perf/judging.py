"""judging: a bench for a claim: what goes wrong on it is a claim that was not measured, never one that holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from audit.claim import NotMeasured, Subject

from .workbench import Workbench, workbench
from .command import PerfError


@contextmanager
def judged(subject: Subject) -> Iterator[Workbench]:
    if not subject.zero.is_file():
        raise NotMeasured(f"{subject.zero}: there is no compiler; make it with `make all`")
    try:
        with workbench(subject.top, subject.zero) as place:
            yield place
    except PerfError as error:
        raise NotMeasured(error.message) from None
