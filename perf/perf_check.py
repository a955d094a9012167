"""perf_check: the group "perf": claims of time that hold on any machine, however busy.

Seconds alone say little of a compiler on a machine that nobody knows. What is judged are ratios of two things measured in turn, in
processor time: twice the source and once, the seed and the compiler, yesterday's compiler and today's. Required are those
whose limits lie far beyond noise. What is only recorded goes to the history.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Optional

from audit.claim import Claim, Finding, NotMeasured, NotPresent, Subject

from .workbench import SOURCE, Workbench, trusted_root
from .command import PerfError
from .history import HISTORY, add_record, read_history
from .judging import judge_limit, judged, once
from .machine import this_machine
from .noise import learn_noise, noise_permille, read_noise
from .reference import FOLDER, keep_reference, reference_of
from .sampling import LEAST_PAIRS, MOST_PAIRS, MOST_TIMES, Pairs, interval, measure_pairs, spread_permille, statement, until_settled

TWICE_LIMIT = 2.3  # times as long as once, at most
SEED_TIMES = 4  # as fast as the seed, at least; measured are 8
SLOWER_LIMIT_PERMILLE = 100  # than the reference, at most, where the noise allows to see it
NOISE_TIMES = 3  # the floor, that a difference must be to be called one
NOISIEST_PERMILLE = 150  # above which nothing is compared with the reference
FASTER_RATIO = 0.97  # the whole interval below this: the new compiler becomes the reference
LINES = 16_000
EXAMPLES = ("lz", "sha256sum", "json-format", "life")


def cpu_us(bench: Workbench, argv: list[str], stdin: Optional[Path] = None) -> int:
    return round(1_000_000 * bench.measure(argv, stdin).cpu_seconds)


def compiling(bench: Workbench, zero: Path, source: Path) -> Callable[[], int]:
    argv = [bench.relative(zero), "build", "--lib", "lib", bench.relative(source), "-o", bench.out("product")]
    return lambda: cpu_us(bench, argv)


def note(subject: Subject, name: str, pairs: Pairs) -> None:
    """The figures of a comparison: medians, spread and ratio."""
    subject.figures[f"{name}_pairs_count"] = len(pairs.left)
    subject.figures[f"{name}_first_us"] = round(statistics.median(pairs.left))
    subject.figures[f"{name}_second_us"] = round(statistics.median(pairs.right))
    subject.figures[f"{name}_ratio_permille"] = round(1000 * pairs.ratio)
    subject.figures[f"{name}_spread_permille"] = spread_permille(pairs.ratios)


def alike_are_alike(subject: Subject) -> Iterator[Finding]:
    """A compiler compared with itself is not slower: what comes out is this machine's noise."""
    with judged(subject) as bench:
        run = compiling(bench, subject.zero, bench.source("plain", LINES))
        tried: list[Pairs] = []
        until_settled(
            lambda: tried.append(measure_pairs(run, run, LEAST_PAIRS, LEAST_PAIRS)),
            lambda: noise_permille(tried[-1]) <= NOISIEST_PERMILLE,
            MOST_TIMES,
        )
        pairs, found = tried[-1], noise_permille(tried[-1])
        note(subject, "itself", pairs)
        subject.figures["noise_floor_permille"] = learn_noise(subject.top, this_machine(), found)
        if found > NOISIEST_PERMILLE:
            raise NotMeasured(f"the machine is too busy: {statement(pairs)}, and both are the same")
    yield from ()


def twice_takes_twice(subject: Subject) -> Iterator[Finding]:
    """Twice the source takes at most 2.3 times as long to compile."""
    with judged(subject) as bench:
        for shape in ("plain", "symbols"):
            once, twice = (compiling(bench, subject.zero, bench.source(shape, lines)) for lines in (LINES, 2 * LINES))
            pairs = measure_pairs(once, twice, LEAST_PAIRS, MOST_PAIRS, TWICE_LIMIT)
            note(subject, f"twice_{shape}", pairs)
            yield from judge_limit(pairs.ratios, TWICE_LIMIT, f"{LINES} and {2 * LINES} lines of {shape}: {statement(pairs)}")


@once
def compiles_itself(subject: Subject, bench: Workbench) -> list[int]:
    """What the compiler takes for its own source, some times."""
    run = compiling(bench, subject.zero, bench.top / SOURCE)
    return [run() for _ in range(LEAST_PAIRS)]


def faster_than_the_seed(subject: Subject) -> Iterator[Finding]:
    """The compiler compiles itself at least 4 times as fast as the seed does it in Python."""
    if sys.implementation.name != "cpython":
        raise NotPresent(f"the limit is for CPython, and this is {sys.implementation.name}")
    with judged(subject) as bench:
        seed, ours = cpu_us(bench, bench.seed_command(bench.path("zero-next"))), min(compiles_itself(subject))
        subject.figures["seed_us"], subject.figures["compiler_us"] = seed, ours
        lines = sum(path.read_bytes().count(b"\n") for path in (bench.top / "compiler").rglob("*.0x0"))
        subject.figures["compiler_lines_per_second"] = round(lines * 1_000_000 / max(1, ours))
        if seed < SEED_TIMES * ours:
            yield Finding(f"the seed takes {seed} us, the compiler {ours} us: {seed / ours:.1f} times as fast, not {SEED_TIMES}")


def limit_of(subject: Subject) -> float:
    """How much slower than the reference is slower: ten parts in a hundred, or three times what noise alone does here."""
    floor = max(read_noise(subject.top, this_machine()), default=0)
    subject.figures["noise_floor_permille"] = floor
    if floor > NOISIEST_PERMILLE:
        raise NotMeasured(f"the noise of this machine is {floor} in a thousand; nothing can be compared with the reference")
    return 1 + max(SLOWER_LIMIT_PERMILLE, NOISE_TIMES * floor) / 1000


def reference_for(subject: Subject) -> Optional[Path]:
    """The reference to compare with; None: it is this very compiler, so nothing can differ."""
    if not subject.zero.is_file():
        raise NotMeasured(f"{subject.zero}: there is no compiler; make it with `make all`")
    root = trusted_root(subject.top)
    first = reference_of(subject.top) is None
    if first:
        keep_reference(subject.top, root or subject.zero, "the trusted root" if root else "the first compiler that was measured here")
    reference = reference_of(subject.top)
    if reference is None:
        raise NotMeasured(f"{FOLDER}: the reference cannot be kept")
    if first and root is None:
        raise NotPresent("no earlier compiler was measured on this machine; from now on this one is the reference")
    if reference.read_bytes() == subject.zero.read_bytes():
        subject.facts["reference"] = "is this compiler"
        return None
    return reference


def not_slower(subject: Subject) -> Iterator[Finding]:
    """The compiler is not slower than the one that is this machine's reference."""
    reference = reference_for(subject)
    if reference is None:
        return
    limit = limit_of(subject)
    with judged(subject) as bench:
        source = bench.source("plain", 2 * LINES)
        pairs = measure_pairs(compiling(bench, reference, source), compiling(bench, subject.zero, source), 10, MOST_PAIRS, limit)
        note(subject, "reference", pairs)
        yield from judge_limit(pairs.ratios, limit, f"the reference and this compiler: {statement(pairs)}")
    enclosed = interval(pairs.ratios)
    if enclosed is not None and enclosed.high < FASTER_RATIO:
        keep_reference(subject.top, subject.zero, "it was faster than the one before")


def programs_not_slower(subject: Subject) -> Iterator[Finding]:
    """The examples are not slower than when the reference compiles them."""
    reference = reference_for(subject)
    if reference is None:
        return
    limit = limit_of(subject)
    with judged(subject) as bench:
        for name in EXAMPLES:
            before, now = bench.example(name, reference, "-before"), bench.example(name)
            if before.read_bytes() == now.read_bytes():
                continue
            pairs = measure_pairs(running(bench, name, before), running(bench, name, now), LEAST_PAIRS, MOST_PAIRS // 2, limit)
            note(subject, name.replace("-", "_"), pairs)
            yield from judge_limit(pairs.ratios, limit, f"{name}: {statement(pairs)}")


def running(bench: Workbench, name: str, program: Path) -> Callable[[], int]:
    """An example on an input that keeps it busy for a few hundredths of a second."""
    word = bench.relative(program)
    if name == "sha256sum":
        return lambda: cpu_us(bench, [word, bench.relative(bench.data(2 << 20))])
    if name == "json-format":
        return lambda: cpu_us(bench, [word], bench.json(20_000))
    if name == "life":
        return lambda: cpu_us(bench, [word, "60000"], bench.top / "examples/input/life.txt")
    return lambda: cpu_us(bench, [word, "c"], bench.data(4 << 20))


def history_is_kept(subject: Subject) -> Iterator[Finding]:
    """What this compiler takes is added to the history, and the history can be read."""
    values = compiles_itself(subject)
    name = "compiler_compiles_itself"
    figures = {f"{name}_cpu_us": round(statistics.median(values)), f"{name}_spread_permille": spread_permille(values)}
    before = read_history(subject.top)
    try:
        record = add_record(subject.top, subject.zero, figures)
    except PerfError as error:
        raise NotMeasured(error.message) from None
    subject.figures.update(figures, history_records_count=len(before.records) + 1, history_broken_lines_count=len(before.broken))
    if read_history(subject.top).records[-1:] != (record,):
        yield Finding("the measurement that was just added does not stand at the end", HISTORY)


CLAIMS: tuple[Claim, ...] = (
    Claim("perf/alike-are-alike", alike_are_alike, required=False),
    Claim("perf/twice-the-source-takes-twice-as-long", twice_takes_twice),
    Claim("perf/faster-than-the-seed", faster_than_the_seed),
    Claim("perf/not-slower-than-the-reference", not_slower, required=False),
    Claim("perf/programs-not-slower-than-the-references", programs_not_slower, required=False),
    Claim("perf/history-is-kept", history_is_kept),
)
