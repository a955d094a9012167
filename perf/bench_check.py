"""bench_check: the group "bench": compiled code beside gcc -O2, and the compiler beside tcc, as ratios that hold on any machine.

Judged are some programs in small sizes, in a few seconds; `python -m perf bench` runs all in whole sizes. A machine without gcc
or tcc has nothing to compare with: not present. The limits are what was measured, with room for another machine.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence

from audit.claim import Claim, Finding, NotPresent, Subject

from .bench.compilers import COMPILERS, REFERENCE, Compiler
from .bench.page import PAGE, WORST, page
from .bench.programs import programs_named
from .bench.record import MEASURED
from .bench.running import Bench
from .bench.speed import TCC, WAYS, compile_synth, ways
from .command import PerfError
from .judging import judge_limit, judged
from .sampling import LEAST_PAIRS, MOST_TIMES, interval, is_settled, until_settled

OURS = "0x0"
PROGRAMS = ("sieve", "bintrees", "strhash", "hashmap", "interp", "json")
MEAN_LIMIT = 1.5  # times gcc -O2, the geometric mean of these programs
WORST_LIMIT = 2.2  # any of them
QUICK_LIMIT = 3.2  # -O0, times tcc
GOOD_LIMIT = 10.0  # -O2, times tcc
COMPILE_LIMITS = {"0x0 -O0": QUICK_LIMIT, "0x0 -O2": GOOD_LIMIT}
FUNCTIONS = 1000

Ratios = Mapping[str, Sequence[float]]  # by program or way, round by round


def chosen() -> tuple[Compiler, ...]:
    compilers = tuple(compiler for compiler in COMPILERS if compiler.key in (REFERENCE, OURS))
    for compiler in compilers:
        if compiler.absent:
            raise NotPresent(f"{', '.join(compiler.absent)} is not present; code is told beside {REFERENCE}")
    return compilers


def code_beside_gcc(subject: Subject) -> Iterator[Finding]:
    """Compiled code, with its checks, takes at most so many times what gcc -O2's takes, in the mean and in any program."""
    compilers = chosen()
    with judged(subject) as place:
        bench = Bench(place, compilers)
        ratios = repeated(
            lambda: code_ratios(bench), lambda found: [(each, WORST_LIMIT) for each in found.values()] + [(means(found), MEAN_LIMIT)]
        )
    for what, reason in bench.refused.items():
        yield Finding(f"{what}: {reason}")
    for name, found in ratios.items():
        subject.figures[f"bench_{name}_permille"] = round(1000 * statistics.median(found))
    yield from judge_code(ratios)


def code_ratios(bench: Bench) -> Ratios:
    rows = {program.name: bench.measure(program, program.small, LEAST_PAIRS) for program in programs_named(PROGRAMS)}
    return {name: found[OURS].ratios for name, found in rows.items() if OURS in found}


def repeated(measure: Callable[[], Ratios], limits: Callable[[Ratios], list[tuple[Sequence[float], float]]]) -> Ratios:
    """What was measured, and again while noise leaves open whether something is within its limit."""
    ratios: dict[str, list[float]] = {}

    def once_more() -> None:
        for name, found in measure().items():
            ratios.setdefault(name, []).extend(found)

    until_settled(once_more, lambda: all(is_settled(found, limit) for found, limit in limits(ratios)), MOST_TIMES)
    return ratios


def means(ratios: Ratios) -> list[float]:
    """The geometric mean of the programs, round by round."""
    return [statistics.geometric_mean(each) for each in zip(*ratios.values())]


def judge_code(ratios: Ratios) -> Iterator[Finding]:
    for name, found in ratios.items():
        yield from judge(found, WORST_LIMIT, f"{name}: times {REFERENCE}")
    yield from judge(means(ratios), MEAN_LIMIT, f"the mean of programs: times {REFERENCE}")


def judge(ratios: Sequence[float], limit: float, what: str) -> Iterator[Finding]:
    enclosed = interval(ratios)
    told = f"{what}: {statistics.median(ratios):.2f}" + ("" if enclosed is None else f", between {enclosed.low:.2f} and {enclosed.high:.2f}")
    yield from judge_limit(ratios, limit, told)


def compiles_beside_tcc(subject: Subject) -> Iterator[Finding]:
    """The compiler takes at most so many times what tcc takes for the same made-up file, at -O0 and at -O2."""
    try:
        known = ways(WAYS)
    except PerfError as error:
        raise NotPresent(error.message) from None
    with judged(subject) as place:
        ratios = repeated(
            lambda: {key: row.ratios for key, row in compile_synth(place, known, LEAST_PAIRS, FUNCTIONS).items() if key in COMPILE_LIMITS},
            lambda found: [(each, COMPILE_LIMITS[key]) for key, each in found.items()],
        )
    for key, found in ratios.items():
        subject.figures[f"bench_compile_{key[-2:].lower()}_permille"] = round(1000 * statistics.median(found))
        yield from judge(found, COMPILE_LIMITS[key], f"{key}: times {TCC}")


def page_is_what_was_measured(subject: Subject) -> Iterator[Finding]:
    """The page of performance is what the measured record and the text on the worst loops say."""
    subject.audited += [subject.top / name for name in (MEASURED, PAGE, WORST)]
    try:
        made = page(subject.top)
    except PerfError as error:
        yield Finding(error.message)
        return
    if (subject.top / PAGE).read_text(encoding="utf-8") != made:
        yield Finding("is not what was measured; write it with `python -m perf bench --page`", PAGE)


CLAIMS: tuple[Claim, ...] = (
    Claim("bench/code-beside-gcc", code_beside_gcc),
    Claim("bench/compiles-beside-tcc", compiles_beside_tcc),
    Claim("bench/page-is-what-was-measured", page_is_what_was_measured, needs_run=False),
)
