"""memory_summary_check: the group "memory-summary": what the compiler tells of itself is whole, and agrees with itself and the outside.

The sources are made up here, so that what must come out is known beforehand: how many forms, symbols and names a line more costs, how
many bytes a file has, and where each mistake lies.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from audit.claim import Claim, Finding, NotMeasured, Subject

from . import workload
from .workbench import SOURCE, Workbench, guarded
from .guard import Outcome
from .judging import judged

VERSION = 1
FIELDS = (
    "version", "root-forms", "expanded-forms", "imports", "functions", "nodes", "symbols", "unique-symbols", "files",
    "retained-loading", "retained-reading", "retained-checking", "retained-lowering", "retained-layout", "retained-emission",
    "retained-packaging",
)  # fmt: skip
LINE = re.compile(r"([a-z-]+) (0|[1-9][0-9]*)\Z")
FORM_BYTES = 9  # of one form: its kind, its span and its payload
READING_BASE_BYTES, READING_FORM_BYTES = 512 * 1024, 32  # that reading retains at most; docs/memory.md
COPIES = 50
MALFORMED = (
    ("malformed.0x0", workload.malformed(16)),  # mistakes, below the 20 that a run tells
    ("unterminated.0x0", workload.unterminated(200)),
)
Place = tuple[int, int, str]  # line, column, code
IMPORTING = '(⊙ main)\n(↥ "std:io" io)\n(↥ "part.0x0" part)\n(ƒ main (∷ (→ Unit)) (cap io) () (io.print (part.word)))\n'
PART = '(⊙ part)\n(↦ word)\n(ƒ word (∷ (→ Text)) (cap pure) () "größer\\n")\n'


def summary_lines(place: Workbench, source: Path) -> list[str]:
    outcome = place.measure([place.relative(place.zero), "memory-summary", place.relative(source)])
    return outcome.stdout.decode("utf-8", "replace").splitlines()


def figures_of(place: Workbench, source: Path) -> dict[str, int]:
    """The figures of a summary that is whole; else this cannot be judged, and another claim says why."""
    lines = summary_lines(place, source)
    if list(shape_of(lines)):
        raise NotMeasured("the summary is not whole")
    return {name: int(value) for name, value in (line.split(" ") for line in lines)}


def shape_of(lines: Sequence[str]) -> Iterator[str]:
    """What is wrong with the lines of a summary as lines."""
    names = []
    for number, line in enumerate(lines, 1):
        match = LINE.match(line)
        if match is None:
            yield f"line {number} is {line!r}, not a name and a whole number"
        else:
            names.append(match[1])
    for name in FIELDS:
        if names.count(name) != 1:
            yield f"the field {name} comes {names.count(name)} times"
    for name in dict.fromkeys(names):
        if name not in FIELDS:
            yield f"the field {name} is not known"
    if not set(FIELDS) ^ set(names) and tuple(names) != FIELDS:
        yield f"the fields come in another order: {', '.join(names)}"


def write(place: Workbench, name: str, text: str) -> Path:
    return place.once(name, lambda path: void(path.write_text(text, encoding="utf-8")))


def void(_: object) -> None:
    """For a writer whose count of characters is not asked for."""


def sources(place: Workbench) -> tuple[Path, ...]:
    """The compiler, a program that imports, one of names and texts, and one that repeats itself."""
    write(place, "part.0x0", PART)
    importing = write(place, "importing.0x0", IMPORTING)
    return place.top / SOURCE, importing, place.source("symbols", 2_000), write(place, "duplicates.0x0", workload.duplicates(COPIES))


def name_of(place: Workbench, source: Path) -> str:
    return source.name if source.parent == place.folder else place.relative(source)


def every_field(subject: Subject) -> Iterator[Finding]:
    """memory-summary prints every field once, in order, as whole numbers, and its version is 1."""
    with judged(subject) as place:
        for source in sources(place):
            lines = summary_lines(place, source)
            for wrong in shape_of(lines):
                yield Finding(f"{name_of(place, source)}: {wrong}")
            if lines[:1] != [f"version {VERSION}"]:
                yield Finding(f"{name_of(place, source)}: the first line is {' '.join(lines[:1])!r}, not 'version {VERSION}'")


def relations(f: dict[str, int]) -> tuple[tuple[bool, str], ...]:
    """What must hold between the figures of one summary."""
    forms = f["expanded-forms"]
    return (
        (0 < f["root-forms"] <= forms, "0 < root-forms <= expanded-forms"),
        (0 < f["unique-symbols"] <= f["symbols"] < forms, "0 < unique-symbols <= symbols < expanded-forms"),
        (0 < f["functions"] <= f["nodes"], "0 < functions <= nodes"),
        (0 < f["files"] and f["imports"] < forms, "0 < files and imports < expanded-forms"),
        (f["files"] <= f["imports"] + 5, "files <= imports + 5: the root, the prelude, the runtime and the allocator are loaded unasked"),
        (f["retained-loading"] >= forms, "retained-loading >= expanded-forms: a form has at least one byte"),
        (FORM_BYTES * forms <= f["retained-reading"], f"{FORM_BYTES} * expanded-forms <= retained-reading"),
        (
            f["retained-reading"] <= READING_BASE_BYTES + READING_FORM_BYTES * forms,
            f"retained-reading <= {READING_BASE_BYTES} + {READING_FORM_BYTES} * expanded-forms",
        ),
        (f["retained-checking"] > 0 and f["retained-lowering"] > 0, "checking and lowering retain something"),
        (f["retained-layout"] == 0, "retained-layout = 0"),
        (0 < f["retained-emission"] < 4 * f["retained-packaging"], "0 < retained-emission < 4 * retained-packaging"),
    )


def figures_agree(subject: Subject) -> Iterator[Finding]:
    """The figures of one summary agree with each other, and retained-packaging with the file that is built."""
    with judged(subject) as place:
        for source in sources(place):
            figures = figures_of(place, source)
            for holds, relation in relations(figures):
                if not holds:
                    values = ", ".join(f"{name} = {value}" for name, value in figures.items() if name in relation)
                    yield Finding(f"{name_of(place, source)}: not so: {relation} ({values})")
            place.measure([place.relative(place.zero), "build", place.relative(source), "-o", place.out("product")])
            size = place.path("product").stat().st_size
            if figures["retained-packaging"] != size:
                yield Finding(f"{name_of(place, source)}: retained-packaging is {figures['retained-packaging']}, the file has {size} bytes")


def duplicates_cost_a_use(subject: Subject) -> Iterator[Finding]:
    """A function more that repeats the others costs its symbols, one name, and the bytes of its line."""
    with judged(subject) as place:
        texts = {count: workload.duplicates(count) for count in (COPIES, 2 * COPIES)}
        few, many = (figures_of(place, write(place, f"duplicates-{count}.0x0", text)) for count, text in texts.items())
        expected = {
            "root-forms": COPIES,
            "functions": COPIES,
            "symbols": COPIES * workload.SYMBOLS_IN_A_COPY,
            "unique-symbols": COPIES,
            "imports": 0,
            "files": 0,
            "retained-loading": len(texts[2 * COPIES].encode()) - len(texts[COPIES].encode()),
        }
        for name, more in expected.items():
            if many[name] - few[name] != more:
                yield Finding(f"{COPIES} more functions that are alike add {many[name] - few[name]} to {name}, not {more}")
        for figures in (few, many):
            if figures["symbols"] <= figures["unique-symbols"]:
                yield Finding(f"names repeat, yet symbols = {figures['symbols']} and unique-symbols = {figures['unique-symbols']}")


def same_in_every_run(subject: Subject) -> Iterator[Finding]:
    """Two summaries of the same file are the same."""
    with judged(subject) as place:
        for source in sources(place):
            first, second = summary_lines(place, source), summary_lines(place, source)
            for before, after in zip(first, second):
                if before != after:
                    yield Finding(f"{name_of(place, source)}: {before!r} in one run, {after!r} in the next")
            if len(first) != len(second):
                yield Finding(f"{name_of(place, source)}: {len(first)} lines in one run, {len(second)} in the next")


def malformed_places(subject: Subject) -> Iterator[Finding]:
    """Of sources with mistakes each mistake is told at its exact line and column, and no summary is printed."""
    with judged(subject) as place:
        for name, (text, mistakes) in MALFORMED:
            source = write(place, name, text)
            told = guarded([place.relative(place.zero), "check", "--json", place.relative(source)], place.top)
            yield from compare_places(name, [(mistake.line, mistake.column, mistake.code) for mistake in mistakes], places(told.stderr))
            yield from no_summary(name, guarded([place.relative(place.zero), "memory-summary", place.relative(source)], place.top))


def compare_places(name: str, expected: list[Place], found: list[Place]) -> Iterator[Finding]:
    for line, column, code in expected:
        if (line, column, code) not in found:
            yield Finding(f"{code} is not told", name, line, column)
    for line, column, code in found:
        if (line, column, code) not in expected:
            yield Finding(f"{code} is told and is not there", name, line, column)


def places(output: bytes) -> list[Place]:
    """Line, column and code of each diagnostic in lines of JSON; what is no diagnostic is one at 0:0."""
    found = []
    for line in output.decode("utf-8", "replace").splitlines():
        try:
            record = json.loads(line)
            found.append((int(record["line"]), int(record["column"]), str(record["code"])))
        except (ValueError, KeyError, TypeError):
            found.append((0, 0, line))
    return found


def no_summary(name: str, outcome: Outcome) -> Iterator[Finding]:
    if outcome.status != 1:
        yield Finding(f"memory-summary ends with status {outcome.status}, not 1", name)
    if outcome.stdout:
        yield Finding("memory-summary prints a summary of it", name)


CLAIMS: tuple[Claim, ...] = (
    Claim("memory-summary/every-field-is-there", every_field),
    Claim("memory-summary/figures-agree", figures_agree),
    Claim("memory-summary/duplicates-cost-a-use-each", duplicates_cost_a_use),
    Claim("memory-summary/same-in-every-run", same_in_every_run),
    Claim("memory-summary/mistakes-are-told-at-their-place", malformed_places),
)
