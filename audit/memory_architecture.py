"""memory_architecture: how the compiler keeps its memory, against docs/memory.md and from outside.

The claims on declarations need no compiler and no run and take a second: forms are read by audit.forms, sizes are computed by audit.layouts.
The others look at runs: what is opened and written by audit.trace, peaks by the guard.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Dict, Iterator, List, Set, Tuple

from perf import workload
from perf.guard import PINNED_ENVIRONMENT, GuardError, Limits, run

from . import forms
from .claim import Claim, Finding, NotMeasured, Subject
from .layouts import Declaration, LayoutError, Layouts
from .trace import Trace, trace

PAGE, SOURCE = "docs/memory.md", "compiler/main.0x0"
FORMS, READER, MODULES = "compiler/read/forms.0x0", "compiler/read/reader.0x0", "compiler/read/modules.0x0"
IMAGE, OUTPUT = "compiler/obj/image.0x0", "compiler/base/output.0x0"
FORM_ARRAYS = {"kind": "(Slice U8)", "span": "(Slice U32)", "payload": "(Slice U32)"}
SIDE_ARRAYS = {"parts": "(Slice U32)", "numbers": "(Slice U64)"}  # of paths and integers
# Records that live as long as a compile, or that hold the trees and the graph of a function: each array of records in them is in the table.
KEEPERS = ("Sources", "Report", "Modules", "Program", "Types", "Tree", "Object", "Graph")
KEEPING = re.compile(r"compiler/(base|read|tree|obj)/[a-z-]+\.0x0|compiler/ssa/ssa\.0x0")
ALLOCATING = ("new", "fill")
ALLOCATING_MEMBERS = ("make", "with-capacity", "push!", "reserve!", "resize", "concat")
PIECE_BYTES = 64 * 1024
LINES = (16_000, 32_000)
SLOPE = re.compile(r"at most (\d+) MiB \+ (\d+) bytes a source byte")
COPY_SLACK_KIB = 320  # a piece, what `build` has mapped beside, pages that are half full, and 128: an open batch of what the kernel counts


def content(subject: Subject, name: str) -> Tuple[forms.Form, ...]:
    path = subject.top / name
    subject.audited.append(path)
    try:
        return forms.read_file(path)
    except (OSError, forms.FormError) as error:
        raise NotMeasured(f"{name}: {error}") from None


def record(subject: Subject, name: str, path: str) -> Declaration:
    form = forms.definition(content(subject, path), "type", name)
    if form is None:
        raise NotMeasured(f"{path} declares no {name}")
    return Declaration(subject.top / path, form)


def compiler_files(subject: Subject) -> List[Path]:
    """The compiler's own files that main.0x0 is made of."""
    try:
        found = forms.reachable(subject.top / SOURCE, subject.top)
    except (OSError, forms.FormError) as error:
        raise NotMeasured(f"a source can't be read: {error}") from None
    subject.audited.extend(found)
    return [path for path in found if path.is_relative_to(subject.top / "compiler")]


def named(path: Path, subject: Subject) -> str:
    return path.relative_to(subject.top).as_posix()


# ---- from the declarations


def forms_are_numbers(subject: Subject) -> Iterator[Finding]:
    """A form is stored as an integer kind, a span and a payload, in arrays of U8, U32 and U32; nothing else grows with forms but numbers."""
    for field in record(subject, "Forms", FORMS).fields:
        wanted = {**FORM_ARRAYS, **SIDE_ARRAYS}.get(field.name)
        grows = any(each.head in ("Slice", "Vec", "View") for each in field.type.walk())
        if wanted is not None and str(field.type) != wanted:
            yield Finding(f"{field.name} is {field.type}, not {wanted}", FORMS, field.type.line, field.type.column)
        if wanted is None and (grows or field.type.head == "Ref"):
            yield Finding(f"Forms keeps {field.name}, a {field.type}", FORMS, field.type.line, field.type.column)
    there = {field.name for field in record(subject, "Forms", FORMS).fields}
    for name in sorted(set(FORM_ARRAYS) - there):
        yield Finding(f"Forms has no {name}", FORMS)


def no_tokens_are_kept(subject: Subject) -> Iterator[Finding]:
    """Tokens are not stored: the reader keeps no array but the stack of open lists, and no type of reading is a token."""
    for field in record(subject, "Reader", READER).fields:
        if any(each.head in ("Slice", "Vec") for each in field.type.walk()) and field.name != "open":
            yield Finding(f"the reader keeps {field.name}, a {field.type}", READER, field.type.line, field.type.column)
    for path in compiler_files(subject):
        for form in forms.read_file(path):
            if form.head == "type" and "token" in Declaration(path, form).name.lower():
                yield Finding(f"declares {Declaration(path, form).name}", named(path, subject), form.line, form.column)


def table(subject: Subject) -> Dict[Tuple[str, str], int]:
    """The records of the page: the element's bytes by name and file."""
    subject.audited.append(subject.top / PAGE)
    section = (subject.top / PAGE).read_text(encoding="utf-8").partition("\n## The records\n")[2].partition("\n## ")[0]
    rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("|")]
    return {(row[0], row[1]): int(row[2]) for row in rows[2:]}


def arrays_are_in_the_table(subject: Subject) -> Iterator[Finding]:
    """Each growing array of records that the compiler keeps is in the table of docs/memory.md, and each row has the bytes that 6.4 gives."""
    rows, layouts = table(subject), Layouts(subject.top)
    if not rows:
        raise NotMeasured(f"{PAGE} has no table of records")
    try:
        for (name, path), size in rows.items():
            found = record(subject, name, path)
            computed = forms_size(found, layouts) if name == "Forms" else layouts.declaration(found)[0]
            if computed != size:
                yield Finding(f"{name} has {computed} bytes, the page says {size}", path, found.form.line, found.form.column)
        for owner, field, element in kept_arrays(subject, layouts):
            if (element.name, named(element.path, subject)) not in rows:
                message = f"{owner}.{field} grows by {element.name}, {layouts.declaration(element)[0]} bytes, which is not in the table"
                yield Finding(message, named(element.path, subject), element.form.line, element.form.column)
    except LayoutError as error:
        raise NotMeasured(str(error)) from None


def forms_size(found: Declaration, layouts: Layouts) -> int:
    """The bytes of one form: of an element of each array."""
    return sum(layouts.size(field.type.items[1], found.path)[0] for field in found.fields if field.name in FORM_ARRAYS)


def kept_arrays(subject: Subject, layouts: Layouts) -> Iterator[Tuple[str, str, Declaration]]:
    """The arrays of records in what is kept: whose, which, and the element's declaration."""
    for path in compiler_files(subject):
        if not KEEPING.fullmatch(named(path, subject)):
            continue
        for owner in layouts.declared(path).values():
            if owner.name not in KEEPERS:
                continue
            for field in owner.fields:
                for part in field.type.walk():
                    element = layouts.find(str(part.items[1]), path) if part.head in ("Vec", "Slice") else None
                    if element is not None:
                        yield owner.name, field.name, element


def sizes_come_before_writing(subject: Subject) -> Iterator[Finding]:
    """All sizes are known before the first byte is written, and nothing is allocated from there on."""
    image = {form.items[1].text: form for form in content(subject, IMAGE) if form.head == "fn"}
    if "write" not in image:
        raise NotMeasured(f"{IMAGE} has no function write")
    steps = [called(form) for form in image["write"].items]
    begin = next((number for number, names in enumerate(steps) if "output.begin!" in names), None)
    if begin is None:
        yield Finding("write does not say how much it will write", IMAGE, image["write"].line, image["write"].column)
        return
    before, after = [set().union(*part) for part in (steps[:begin], steps[begin + 1:])]
    if "lay-out" not in before or any(name.startswith("output.") for name in before):
        yield Finding("write hands bytes on before the layout", IMAGE, image["write"].line, image["write"].column)
    for name in sorted(reached(after, image)):
        yield from allocations(image[name], IMAGE)
    for form in content(subject, OUTPUT):
        if form.head == "fn" and form.items[1].text not in ("make", "in-memory", "begin!"):
            yield from allocations(form, OUTPUT)
    for form in image["write"].items[begin_index(image["write"]):]:
        yield from allocations(form, IMAGE)


def begin_index(write: forms.Form) -> int:
    return next(number for number, form in enumerate(write.items) if "output.begin!" in called(form)) + 1


def called(form: forms.Form) -> Set[str]:
    return {each.items[0].text for each in form.walk() if each.items and each.items[0].kind is forms.Kind.SYMBOL}


def reached(names: Set[str], functions: Dict[str, forms.Form]) -> Set[str]:
    """The functions of a file that are called, by whatever way."""
    found: Set[str] = set()
    rest = sorted(names & set(functions))
    while rest:
        name = rest.pop()
        if name not in found:
            found.add(name)
            rest.extend(called(functions[name]) & set(functions))
    return found


def allocations(form: forms.Form, path: str) -> Iterator[Finding]:
    for each in form.walk():
        name = each.items[0].text if each.items else ""
        if name in ALLOCATING or ("." in name and name.rpartition(".")[2] in ALLOCATING_MEMBERS):
            yield Finding(f"({name} ...) allocates while the file is written", path, each.line, each.column)


def files_are_read_in_one_place(subject: Subject) -> Iterator[Finding]:
    """A file is turned into forms in one place: of what compiles, read/modules.0x0 alone calls the reader, once."""
    calls = []
    for path in compiler_files(subject):
        if path.name == "format.0x0":
            continue  # the formatter compiles nothing
        content_ = forms.read_file(path)
        aliases = {each.alias for each in forms.imports(content_) if forms.imported(each.path, path, subject.top) == subject.top / READER}
        for top in content_:
            calls += [(path, each) for each in top.walk() if each.items and each.items[0].text in {f"{alias}.read!" for alias in aliases}]
    if not calls:
        yield Finding("nothing calls the reader", MODULES)
    for number, (path, call) in enumerate(calls):
        if number or named(path, subject) != MODULES:
            yield Finding("calls the reader too", named(path, subject), call.line, call.column)


# ---- from runs


def traced_build(subject: Subject, source: str, out: Path) -> Trace:
    seen = trace([str(subject.zero), "build", source, "-o", str(out), "--lib", str(subject.top / "lib")], subject.top)
    if seen.status != 0:
        raise NotMeasured(f"the compiler ends with status {seen.status}: {seen.stderr.decode('utf-8', 'replace').strip()[:200]}")
    subject.audited.append(subject.zero)
    return seen


def files_are_mapped_once(subject: Subject) -> Iterator[Finding]:
    """Each source is opened once and mapped once, whole; no file is read into memory."""
    with tempfile.TemporaryDirectory() as folder:
        seen = traced_build(subject, SOURCE, Path(folder).resolve() / "out")
    for call, said in (("open", "opened"), ("map", "mapped")):
        count: Dict[str, int] = {}
        for event in seen.done(call):
            if event.path.endswith(".0x0"):
                count[event.path] = count.get(event.path, 0) + 1
        subject.figures[f"{said}_count"] = len(count)
        for path in sorted(str(source.resolve()) for source in forms.reachable(subject.top / SOURCE, subject.top)):
            if count.get(path, 0) != 1:
                yield Finding(f"is {said} {count.get(path, 0)} times", named(Path(path), subject))
    for event in seen.done("map"):
        if event.path.endswith(".0x0") and event.size != Path(event.path).stat().st_size:
            yield Finding(f"{event.size} bytes of it are mapped", named(Path(event.path), subject))


def output_goes_in_pieces(subject: Subject) -> Iterator[Finding]:
    """The product reaches its file in pieces of 64 KiB, in order, and takes its place by a rename after the last."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder).resolve() / "out"
        seen = traced_build(subject, SOURCE, out)
        size = out.stat().st_size
    writes = [event for event in seen.done("write") if event.path.startswith(str(out))]
    sizes = [event.size for event in writes]
    subject.figures["product_bytes"], subject.figures["largest_write_bytes"] = size, max(sizes, default=0)
    if sum(sizes) != size:
        yield Finding(f"{sum(sizes)} bytes are written, the product has {size}")
    for number, piece in enumerate(sizes, 1):
        if piece > PIECE_BYTES or (piece < PIECE_BYTES and number < len(sizes)):
            yield Finding(f"write {number} of {len(sizes)} has {piece} bytes, a piece has {PIECE_BYTES}")
    calls = [event.call for event in seen.events if event.done and event.call in ("write", "rename")]
    if "rename" not in calls or calls.index("rename") != len(calls) - 1:
        yield Finding("something is written after the product took its place, or it never did")


def peak_kib(subject: Subject, argv: List[str], folder: Path) -> int:
    limits = Limits(timeout_seconds=600, max_rss_kib=1 << 20)
    try:
        done = run(argv, limits, cwd=folder, environment=PINNED_ENVIRONMENT, capture=True, one_processor=True)
    except GuardError as error:
        raise NotMeasured(f"the guard: {error}") from None
    if not done.ok:
        raise NotMeasured(f"{argv[1]} ends with status {done.status}: {done.stderr.decode('utf-8', 'replace').strip()[:200]}")
    if done.method.peak != "wait4":
        raise NotMeasured("peaks are not exact here")
    return done.peak_kib


def made_up(subject: Subject, folder: Path, lines: int) -> Tuple[List[str], int]:
    """A program of so many lines in the folder: the arguments that name it, and its bytes."""
    (folder / f"program-{lines:06}.0x0").write_text(workload.plain(lines), encoding="utf-8")
    argument = [f"program-{lines:06}.0x0", "--lib", str(subject.top / "lib")]
    return argument, (folder / f"program-{lines:06}.0x0").stat().st_size


def the_product_is_not_kept(subject: Subject) -> Iterator[Finding]:
    """Beside the object no copy of the product is in memory: `build` takes less than `memory-summary`, which keeps one, by its size."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        argument, _ = made_up(subject, folder, LINES[1])
        kept = peak_kib(subject, [str(subject.zero), "memory-summary", *argument], folder)
        built = peak_kib(subject, [str(subject.zero), "build", *argument, "-o", "out"], folder)
        product = (folder / "out").stat().st_size // 1024
    subject.figures.update(built_peak_kib=built, kept_peak_kib=kept, product_kib=product)
    if kept - built < product - COPY_SLACK_KIB:
        yield Finding(f"build takes {built} KiB, with a product of {product} KiB kept it takes {kept} KiB")


def nothing_unnamed_is_kept(subject: Subject) -> Iterator[Finding]:
    """From one to two times the input the peak grows by no more than docs/memory.md states: bytes a source byte, and the output's growth."""
    subject.audited.append(subject.top / PAGE)
    stated = SLOPE.search(" ".join((subject.top / PAGE).read_text(encoding="utf-8").split()))
    if stated is None:
        yield Finding("states no slope", PAGE)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        peaks, sizes, products = [], [], []
        for lines in LINES:
            argument, size = made_up(subject, folder, lines)
            peaks.append(peak_kib(subject, [str(subject.zero), "build", *argument, "-o", "out"], folder))
            sizes.append(size)
            products.append((folder / "out").stat().st_size)
    grown, allowed = peaks[1] - peaks[0], (int(stated[2]) * (sizes[1] - sizes[0]) + products[1] - products[0]) // 1024
    subject.figures.update(growth_of_peak_kib=grown, allowed_growth_kib=allowed)
    if grown > allowed:
        yield Finding(f"from {sizes[0]} to {sizes[1]} source bytes the peak grows by {grown} KiB, {allowed} are allowed", PAGE)


CLAIMS: Tuple[Claim, ...] = (
    Claim("memory-architecture/forms-are-numbers", forms_are_numbers, needs_run=False),
    Claim("memory-architecture/no-tokens-are-kept", no_tokens_are_kept, needs_run=False),
    Claim("memory-architecture/arrays-are-in-the-table", arrays_are_in_the_table, needs_run=False),
    Claim("memory-architecture/sizes-come-before-writing", sizes_come_before_writing, needs_run=False),
    Claim("memory-architecture/files-are-read-in-one-place", files_are_read_in_one_place, needs_run=False),
    Claim("memory-architecture/files-are-mapped-once", files_are_mapped_once),
    Claim("memory-architecture/output-goes-in-pieces", output_goes_in_pieces),
    Claim("memory-architecture/the-product-is-not-kept", the_product_is_not_kept),
    Claim("memory-architecture/nothing-unnamed-is-kept", nothing_unnamed_is_kept),
)
