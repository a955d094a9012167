"""memory_check: the group "memory": what each step may take, what it took before, and what a compile may keep.

The steps are measured once and judged by several claims. A budget is close: at most a quarter over what is measured, so that growth is
seen when it is small. What Python runs is judged so against its baseline, since another build of the same Python may take less.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Optional

from audit.claim import Claim, Finding, Subject

from .baseline import Baseline, Entry, baseline_name, read_baseline, version_of
from .workbench import Workbench
from .budget import BUDGETS, Budgets, budget_for, parse_budgets, read_budgets
from .command import PerfError
from .git import file_at, has_history, last_release
from .judging import Key, judged, key_of, once
from .machine import fixes_addresses, python_key, uncounted_kib
from .memory_summary_check import figures_of
from .steps import STEPS
from .store import text_of

PAGE = "docs/memory.md"
ROOM_PERMILLE = 250  # of a budget over what is measured
SIZES = (16_000, 32_000)  # lines of a made-up program, at one and two times
SHAPES = ("plain", "symbols")
SLOPE = re.compile(r"Peak resident memory of a build is at most (\d+) MiB \+ (\d+) bytes a source byte \+ the output")


@dataclass(frozen=True)
class Measured:
    peaks: dict[str, int]  # by step, in KiB
    absent: tuple[str, ...]  # steps that cannot be measured here


peaks_before: dict[Key, dict[str, int]] = {}  # what another group of the same run has measured, by step


def measured(subject: Subject) -> Measured:
    """The peak of every step; each claim notes the figures that it judges."""
    found = peaks_of_steps(subject)
    subject.figures.update({f"{name.replace('.', '_')}_peak_kib": peak for name, peak in found.peaks.items()})
    return found


@once
def peaks_of_steps(subject: Subject, place: Workbench) -> Measured:
    known = peaks_before.get(key_of(subject), {})
    peaks, absent = {}, []
    for step in STEPS:
        if step.key in known:
            peaks[step.key] = known[step.key]
            continue
        outcome = step.measure(place)
        if outcome is None:
            absent.append(step.key)
        else:
            peaks[step.key] = outcome.peak_kib
    return Measured(peaks, tuple(absent))


def budgets_of(subject: Subject) -> Budgets:
    subject.audited.append(subject.top / BUDGETS)
    return read_budgets(subject.top)


def baseline_of(subject: Subject) -> Baseline:
    subject.audited.append(subject.top / baseline_name(version_of(subject.top)))
    return read_baseline(subject.top)


def place_of(budgets: Budgets, key: str) -> Optional[int]:
    return budgets[key].line if key in budgets else None


def within_budget(subject: Subject) -> Iterator[Finding]:
    """No step takes more memory than its budget."""
    try:
        budgets = budgets_of(subject)
    except PerfError as error:
        yield Finding(error.message)
        return
    by_python = {step.key for step in STEPS if step.by_python}
    found = measured(subject)
    for key, peak in found.peaks.items():
        budget = budget_for(budgets, key, python_key())
        if budget is None and (key in by_python and not python_key().startswith("cpython-")):
            subject.facts[f"no budget for {key}"] = f"{python_key()} is not named"
        elif budget is None:
            yield Finding(f"{key} took {peak} KiB and has no budget", BUDGETS)
        elif peak > budget.max_rss_kib:
            yield Finding(f"{budget.key} took {peak} KiB, more than its budget of {budget.max_rss_kib}", BUDGETS, budget.line)
    subject.facts["not here"] = ", ".join(found.absent) or "nothing"


def close_budgets(subject: Subject) -> Iterator[Finding]:
    """Every budget is at most 25 % over what is measured."""
    try:
        budgets, baseline = budgets_of(subject), baseline_of(subject)
    except PerfError as error:
        yield Finding(error.message)
        return
    by_python = {step.key for step in STEPS if step.by_python}
    found = measured(subject)
    uncounted = uncounted_kib(fixes_addresses())
    if uncounted:
        subject.facts["uncounted here"] = f"up to {uncounted} KiB of a peak"
    for key, budget in budgets.items():
        step, _, python = key.partition("@")
        left_out = 0 if step in by_python else uncounted
        if step in by_python:
            peak = largest_named(baseline, step) if not python else peak_before(baseline, key)
        else:
            peak = found.peaks.get(step)
        if peak is not None and 1000 * budget.max_rss_kib > (1000 + ROOM_PERMILLE) * (peak + left_out):
            yield Finding(f"{key} has a budget of {budget.max_rss_kib} KiB and takes {peak}: lower it to {closest(peak)}", BUDGETS, budget.line)


def closest(peak: int) -> int:
    """The budget to write for a peak: 15 % over it, in whole pages."""
    return -(-peak * 115 // 100) // 4 * 4


def peak_before(baseline: Baseline, key: str) -> Optional[int]:
    entry = baseline.entries.get(key)
    return entry.peak_kib if entry else None


def largest_named(baseline: Baseline, step: str) -> Optional[int]:
    return max((entry.peak_kib for key, entry in baseline.entries.items() if key.startswith(step + "@cpython-")), default=None)


def keys_have_both(subject: Subject) -> Iterator[Finding]:
    """Every step has a budget with a reason, and every budget has a baseline and the other way round."""
    try:
        budgets = budgets_of(subject)
        baseline = baseline_of(subject)
    except PerfError as error:
        yield Finding(error.message)
        return
    for key in (step.key for step in STEPS if step.like is None):
        if key not in budgets:
            yield Finding(f"{key} has no budget; write {key}.max_rss_kib=N with a reason above it", BUDGETS)
    for key in budgets:
        if key not in baseline.entries:
            yield Finding(f"{key} has no baseline; write it with `python -m perf baseline --reason TEXT`", BUDGETS, budgets[key].line)
    for key in baseline.entries:
        if key not in budgets:
            yield Finding(f"the baseline tells of {key}, which has no budget; write the baseline anew", BUDGETS)
    subject.facts["budgets"] = f"{len(budgets)} with a baseline of {baseline_name(version_of(subject.top))}"


def no_silent_raise(subject: Subject) -> Iterator[Finding]:
    """No budget is higher than in its baseline or the last commit, unless the baseline tells so with a reason."""
    try:
        budgets, baseline = budgets_of(subject), baseline_of(subject)
        for key, budget in budgets.items():
            entry = baseline.entries.get(key)
            if entry is not None and budget.max_rss_kib > entry.budget_kib:
                yield raised_finding(key, entry.budget_kib, budget.max_rss_kib, budget.line, "the baseline")
        yield from against_history(subject, budgets, baseline)
    except PerfError as error:
        yield Finding(error.message)


def against_history(subject: Subject, budgets: Budgets, baseline: Baseline) -> Iterator[Finding]:
    """Findings for what is higher than in the last release, or, before there is one, in the last commit."""
    if not has_history(subject.top):
        subject.facts["compared with"] = "the baseline alone; there is no repository"
        return
    commit = last_release(subject.top)
    subject.facts["compared with"] = f"the baseline and {'the last commit' if commit == 'HEAD' else commit}"
    then = file_at(subject.top, commit, BUDGETS)
    if then is None:
        return
    before = parse_then(then, f"{BUDGETS} of {commit}")
    for key, budget in budgets.items():
        if key in before and budget.max_rss_kib > before[key] and not is_told(baseline.entries.get(key), before[key]):
            yield raised_finding(key, before[key], budget.max_rss_kib, budget.line, commit)


def parse_then(text: str, name: str) -> dict[str, int]:
    """The budgets of another time. Its keys may be unknown today, so only what reads as a line of a budget is taken."""
    try:
        return {key: budget.max_rss_kib for key, budget in parse_budgets(text, name).items()}
    except PerfError:
        lines = re.findall(r"^(\S+)\.max_rss_kib=(\d+)$", text, re.MULTILINE)
        return {key: int(value) for key, value in lines}


def is_told(entry: Optional[Entry], before: int) -> bool:
    """The baseline tells of a raise from what was then, or from less, and why."""
    return entry is not None and entry.raised_from_kib is not None and entry.raised_from_kib <= before and bool(entry.raised_because)


def raised_finding(key: str, before: int, now: int, line: int, where: str) -> Finding:
    why = "say why: `python -m perf baseline --reason TEXT`"
    return Finding(f"{key} was raised from {before} (in {where}) to {now} KiB and no baseline tells the reason; {why}", BUDGETS, line)


def phases_of(page: str) -> dict[str, str]:
    """The phases that the page names, each with the column `retains`."""
    section = page.partition("\n## The phases\n")[2].partition("\n## ")[0]
    rows = [line.strip().strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return {row[0].strip(): row[3].strip() for row in rows[2:] if len(row) > 3}


def phases_retain_what_is_named(subject: Subject) -> Iterator[Finding]:
    """The phases that memory-summary tells of are those that docs/memory.md names, and one that keeps nothing keeps 0 bytes."""
    subject.audited.append(subject.top / PAGE)
    with judged(subject) as place:
        phases = phases_of(text_of(subject.top / PAGE))
        figures = figures_of(place, place.source("symbols", SIZES[0]))
    told = {name[len("retained-"):]: value for name, value in figures.items() if name.startswith("retained-")}
    for name in told:
        if name not in phases:
            yield Finding(f"the phase {name} retains {told[name]} bytes and is not in the table of phases", PAGE)
    for name, retains in phases.items():
        if name not in told:
            yield Finding(f"the phase {name} is in the table, and memory-summary does not tell what it retains", PAGE)
        elif retains == "nothing" and told[name]:
            yield Finding(f"the phase {name} retains nothing by the table, and {told[name]} bytes by memory-summary", PAGE)


def peak_grows_as_told(subject: Subject) -> Iterator[Finding]:
    """At twice the input the peak grows by no more than what memory-summary tells to be retained grows."""
    for shape, small, large in one_and_two_times(subject):
        grown, kept = large.peak_kib - small.peak_kib, (large.retained_bytes - small.retained_bytes) // 1024
        subject.figures[f"{shape}_growth_of_peak_kib"] = grown
        subject.figures[f"{shape}_growth_of_retained_kib"] = kept
        if grown > kept:
            sizes = f"from {SIZES[0]} to {SIZES[1]} lines of {shape}"
            yield Finding(f"{sizes} the peak grows by {grown} KiB, what is told to be retained by {kept}")


def peak_is_below_the_slope(subject: Subject) -> Iterator[Finding]:
    """The peak of a build is below the line that docs/memory.md states."""
    subject.audited.append(subject.top / PAGE)
    stated = SLOPE.search(" ".join(text_of(subject.top / PAGE).split()))
    if stated is None:
        yield Finding("the page states no slope of peak memory", PAGE)
        return
    base_kib, bytes_per_byte = int(stated[1]) * 1024, int(stated[2])
    for shape, *sizes in one_and_two_times(subject):
        for each in sizes:
            allowed = base_kib + (bytes_per_byte * each.source_bytes + each.output_bytes) // 1024
            if each.peak_kib > allowed:
                yield Finding(f"{each.source_bytes} bytes of {shape} take {each.peak_kib} KiB, the page allows {allowed}", PAGE)


@dataclass(frozen=True)
class Build:
    source_bytes: int
    output_bytes: int
    peak_kib: int
    retained_bytes: int


@once
def one_and_two_times(subject: Subject, place: Workbench) -> list[tuple[str, Build, Build]]:
    small, large = ([build_of(place, shape, lines) for shape in SHAPES] for lines in SIZES)
    return list(zip(SHAPES, small, large))


def build_of(place: Workbench, shape: str, lines: int) -> Build:
    source = place.source(shape, lines)
    outcome = place.measure([place.relative(place.zero), "build", place.relative(source), "-o", place.out("product")])
    figures = figures_of(place, source)
    retained = sum(value for name, value in figures.items() if name.startswith("retained-"))
    return Build(source.stat().st_size, place.path("product").stat().st_size, outcome.peak_kib, retained)


CLAIMS: tuple[Claim, ...] = (
    Claim("memory/every-step-is-within-its-budget", within_budget),
    Claim("memory/every-budget-is-close", close_budgets),
    Claim("memory/every-step-has-budget-and-baseline", keys_have_both, needs_run=False),
    Claim("memory/no-budget-is-raised-without-a-reason", no_silent_raise, needs_run=False),
    Claim("memory/phases-retain-what-is-named", phases_retain_what_is_named),
    Claim("memory/peak-grows-as-is-told", peak_grows_as_told),
    Claim("memory/peak-is-below-the-slope", peak_is_below_the_slope),
)
