"""measure: `python -m perf measure`: every step, several times in turn: median and spread of time, peak of memory; added to the history."""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from .workbench import workbench
from .command import PerfError, columns
from .guard.front import told
from .guard import Outcome
from .history import HISTORY, TOP, add_record, read_history, tell_broken
from .machine import this_machine
from .reference import keep_reference
from .sampling import LEAST_FOR_SPREAD, spread_permille
from .steps import STEPS, Step

HEAD = ("step", "cpu ms", "spread", "wall ms", "peak KiB", "runs")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m perf measure", description="Measure the named steps, time and memory.")
    parser.add_argument("steps", nargs="*", metavar="STEP", help="the steps to measure, by a part of their key (default: all)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="how often each, in turn (default: 5)")
    parser.add_argument("--accept", metavar="REASON", help="make the compiler the reference of this machine, though it is slower")
    parser.add_argument("--no-history", action="store_true", help="do not add what is measured to the history")
    parser.add_argument("--top", type=Path, default=TOP, metavar="DIRECTORY", help="the source tree")
    options = parser.parse_args(arguments)
    return told("perf measure", lambda: work(options.top.resolve(), options.steps, options.rounds, options.accept, options.no_history))


def work(top: Path, wanted: Sequence[str], rounds: int, accept: Optional[str], no_history: bool) -> int:
    zero = compiler_of(top)
    if rounds < 1:
        raise PerfError("--rounds has to be at least 1")
    if accept is not None and len(accept.split()) < 2:
        raise PerfError("--accept takes the reason, as a sentence")
    steps = [step for step in STEPS if not wanted or any(part in step.key for part in wanted)]
    if not steps:
        raise PerfError(f"no step is named like {' or '.join(wanted)}; there are {', '.join(step.key for step in STEPS)}")
    outcomes = run_in_turn(top, zero, steps, rounds)
    print(columns(HEAD, [row(step, outcomes[step.key]) for step in steps if outcomes[step.key]]))
    for step in steps:
        if not outcomes[step.key]:
            print(f"{step.key}: not present; {step.what}")
    if accept is not None:
        keep_reference(top, zero, accept)
        print(f"the reference of this machine is now this compiler: {accept}")
    if not no_history:
        tell_broken(read_history(top))
        add_record(top, zero, figures_of(outcomes), accept or "")
        print(f"added to {HISTORY}, for machine {this_machine().fingerprint}")
    return 0


def compiler_of(top: Path) -> Path:
    zero = top / "build/bin/zero"
    if not zero.is_file():
        raise PerfError("build/bin/zero: there is no compiler; make it with `make all`")
    return zero


def run_in_turn(top: Path, zero: Path, steps: Sequence[Step], rounds: int) -> dict[str, list[Outcome]]:
    """Every step once, then every step again: a busy minute touches all alike."""
    outcomes: dict[str, list[Outcome]] = {step.key: [] for step in steps}
    with workbench(top, zero) as place:
        for _ in range(rounds):
            for step in steps:
                outcome = step.measure(place)
                if outcome is not None:
                    outcomes[step.key].append(outcome)
    return outcomes


def row(step: Step, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    cpu = [outcome.cpu_seconds for outcome in outcomes]
    wall = statistics.median(outcome.wall_seconds for outcome in outcomes)
    peak = max(outcome.peak_kib for outcome in outcomes)
    spread = f"{spread_permille(cpu) / 10:.1f} %" if len(cpu) >= LEAST_FOR_SPREAD else "-"
    return step.key, f"{1000 * statistics.median(cpu):.1f}", spread, f"{1000 * wall:.1f}", f"{peak}", f"{len(cpu)}"


def figures_of(outcomes: dict[str, list[Outcome]]) -> dict[str, int]:
    figures = {}
    for step in STEPS:
        measured = outcomes.get(step.key)
        if measured:
            cpu = [outcome.cpu_seconds for outcome in measured]
            figures[f"{step.figure}_cpu_us"] = round(1_000_000 * statistics.median(cpu))
            if len(cpu) >= LEAST_FOR_SPREAD:
                figures[f"{step.figure}_spread_permille"] = spread_permille(cpu)
            figures[f"{step.figure}_peak_kib"] = max(outcome.peak_kib for outcome in measured)
    return figures
