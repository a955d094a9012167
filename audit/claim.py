"""claim: claims, what they are judged on, and what comes out.

A claim is a function. Its docstring's first line is the claim as people read it. It is given a subject and yields a
finding for each place where the claim is broken; none means that it holds. What cannot be judged is told by raising
NotMeasured (red where the claim is required) or NotPresent (an optional means is absent: printed, counted, never green).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Callable, Dict, Iterable, List, Optional, Tuple


class Verdict(Enum):
    HOLDS = "holds"
    BROKEN = "broken"
    NOT_MEASURED = "not measured"
    NOT_PRESENT = "not present"


class NotMeasured(Exception):
    """The claim could not be judged; the text says why."""


class NotPresent(Exception):
    """A means that the claim may do without is absent; the text names it."""


@dataclass(frozen=True)
class Finding:
    """One place where a claim is broken. The path is relative to the subject's top; line and column count from 1."""

    message: str
    path: Optional[str] = None
    line: Optional[int] = None
    column: Optional[int] = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.path, self.line, self.column) if part is not None)
        return f"{place}: {self.message}" if place else self.message


@dataclass
class Subject:
    """The tree that is judged and its compiler; what a claim measures or looked at is noted here."""

    top: Path
    zero: Path  # the compiler as the chain made it
    figures: Dict[str, int] = field(default_factory=dict)  # name with its unit last (`stage2_peak_kib`): what was measured
    facts: Dict[str, str] = field(default_factory=dict)  # what was found and is the same in every run
    audited: List[Path] = field(default_factory=list)  # sources and fixtures that the verdict rests on


Judge = Callable[[Subject], Iterable[Finding]]


@dataclass(frozen=True)
class Claim:
    name: str  # group/what, in kebab-case: "normal-path/all-is-the-trusted-chain"
    judge: Judge
    required: bool = True
    needs_run: bool = True  # False: judged from the source alone, in seconds, with no compiler

    @property
    def text(self) -> str:
        return (self.judge.__doc__ or "").strip().splitlines()[0]


@dataclass(frozen=True)
class Group:
    """The claims of one command: `python -m audit NAME`, report in build/audit/NAME/."""

    name: str
    title: str
    claims: Tuple[Claim, ...]


@dataclass(frozen=True)
class Answer:
    """What became of one claim."""

    claim: Claim
    verdict: Verdict
    findings: Tuple[Finding, ...]
    reason: str  # why it was not measured or not present; empty otherwise
    figures: Dict[str, int]
    facts: Dict[str, str]
    audited: Tuple[Path, ...]
    wall_ms: int = 0

    @property
    def red(self) -> bool:
        return self.verdict is Verdict.BROKEN or (self.verdict is Verdict.NOT_MEASURED and self.claim.required)


@dataclass(frozen=True)
class Judged:
    """What became of a group."""

    group: Group
    answers: Tuple[Answer, ...]

    @property
    def red(self) -> bool:
        return any(answer.red for answer in self.answers)


def judge(claim: Claim, top: Path, zero: Path) -> Answer:
    """Judge one claim. Any exception of the claim's own is a verdict of not measured: a judge that fails is never green."""
    subject = Subject(top, zero)
    verdict, reason = Verdict.HOLDS, ""
    findings: Tuple[Finding, ...] = ()
    began = time.monotonic()
    try:
        if claim.needs_run and not zero.is_file():
            raise NotMeasured("there is no compiler at build/bin/zero; make trusted-chain")
        findings = tuple(claim.judge(subject))
        require_audited(subject)
        if findings:
            verdict = Verdict.BROKEN
    except NotPresent as absent:
        verdict, reason = Verdict.NOT_PRESENT, str(absent)
    except NotMeasured as unmeasured:
        verdict, reason = Verdict.NOT_MEASURED, str(unmeasured)
    except Exception as error:
        verdict, reason = Verdict.NOT_MEASURED, f"the judge failed: {type(error).__name__}: {error}"
    wall_ms = round((time.monotonic() - began) * 1000)
    return Answer(claim, verdict, findings, reason, subject.figures, subject.facts, tuple(subject.audited), wall_ms)


def require_audited(subject: Subject) -> None:
    """What a verdict rests on must be there to be hashed, in the tree that is judged."""
    for path in subject.audited:
        whole = (subject.top / path).resolve()
        if not whole.is_file() or subject.top.resolve() not in whole.parents:
            raise NotMeasured(f"{path}: the verdict rests on it, but it is not a file of the tree")
