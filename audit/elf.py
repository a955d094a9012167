"""elf: what must be true of executables that the compiler writes, read by pyelftools, not by code of the compiler's or the chain's.

Judged are build/bin/zero and a small program that it compiles; the claim on checks also reads the compilers of releases that lie in
build/release. A file that can't be read as ELF breaks every claim.
"""

from __future__ import annotations

import getpass
import os
import re
import socket
import tempfile
from dataclasses import dataclass
from functools import cached_property, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, Callable, Iterator, List, Sequence, Tuple

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from perf.guard import Limits, run

from .claim import Claim, Finding, NotMeasured, Subject
from .rows import Tables, tables

PAGE = 4096
BASE = 0x400000
WRITE, EXECUTE = 2, 1  # flags of a segment
SECTION_WRITE, SECTION_ALLOC, SECTION_EXECUTE = 1, 2, 4
NOTE, OWNER, MARKER = ".note.0x0.abi", "0x0", b"0x0 ABI 0.1\0"
SECTIONS = ("", NOTE, ".rodata", ".strtab", ".text", ".data", ".symtab")
ZERO_BYTES = 1024 * 1024  # the compiler's file
HELLO_BYTES = 4 * 1024  # a program that prints one line
HELLO = '(⊙ hello)\n(↥ "std:io" io)\n\n(ƒ main\n  (∷ (→ Unit))\n  (cap io)\n  ()\n  (io.print "hello\\n"))\n'
DAYS = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ 0-3][0-9]"
TIMES = re.compile(rb"(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]|[0-2][0-9]:[0-5][0-9]:[0-5][0-9]|" + DAYS)
HOME = re.compile(rb"/(?:home|Users|root|tmp|work|build|var|mnt|opt)/[\x21-\x7e]+")


@dataclass(frozen=True)
class Product:
    """An executable file, and how findings name it."""

    name: str
    content: bytes
    limit: int

    @cached_property
    def file(self) -> Any:
        return ELFFile(BytesIO(self.content))

    @cached_property
    def segments(self) -> List[Any]:
        return list(self.file.iter_segments())

    @cached_property
    def loads(self) -> List[Any]:
        return [segment for segment in self.segments if segment["p_type"] == "PT_LOAD"]

    @cached_property
    def sections(self) -> List[Any]:
        return list(self.file.iter_sections())

    @cached_property
    def symbols(self) -> List[Any]:
        table = self.file.get_section_by_name(".symtab")
        return list(table.iter_symbols())[1:] if table is not None else []

    def bytes_of(self, part: Any, prefix: str) -> bytes:
        return self.content[part[f"{prefix}_offset"] : part[f"{prefix}_offset"] + part["p_filesz" if prefix == "p" else "sh_size"]]


Check = Callable[[Product], Iterator[str]]


def judged(subject: Subject, check: Check) -> List[Finding]:
    """What the check finds in the compiler's file; where that is sound, in the program that it compiles."""
    zero = product_of(subject, subject.zero, ZERO_BYTES)
    subject.audited.append(subject.zero)
    return findings(zero, check) or findings(hello_of(subject.zero, subject.top / "lib", zero.content), check)


def findings(judged_product: Product, check: Check) -> List[Finding]:
    try:
        return [Finding(message, judged_product.name) for message in check(judged_product)]
    except (ELFError, ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, UnicodeDecodeError) as error:
        return [Finding(f"can't be read as an ELF file: {type(error).__name__}: {error}", judged_product.name)]


def product_of(subject: Subject, path: Path, limit: int) -> Product:
    return product(os.path.relpath(path, subject.top), path.read_bytes(), limit)


@lru_cache(maxsize=4)
def product(name: str, content: bytes, limit: int) -> Product:
    """Every claim reads the same files: one is taken apart once."""
    return Product(name, content, limit)


@lru_cache(maxsize=2)
def hello_of(zero: Path, library: Path, _content: bytes) -> Product:
    """The small program as that compiler makes it, once for these bytes of it."""
    with tempfile.TemporaryDirectory() as folder:
        return Product("a compiled hello", compiled(zero, library, Path(folder)), HELLO_BYTES)


def compiled(zero: Path, library: Path, folder: Path) -> bytes:
    """The small program, compiled from its source in that folder."""
    source, out = folder / "hello.0x0", folder / "hello"
    source.write_text(HELLO, encoding="utf-8")
    argv = (str(zero), "build", str(source), "-o", str(out), "--lib", str(library))
    done = run(argv, Limits(timeout_seconds=120), cwd=folder, capture=True)
    if not done.ok:
        raise NotMeasured(f"the compiler does not compile hello: status {done.status}: {done.stderr.decode('utf-8', 'replace').strip()}")
    return out.read_bytes()


def header(subject: Subject) -> List[Finding]:
    """The header says: 64-bit, little-endian, x86-64, System V, statically placed, all sizes of tables as the format has them."""
    return judged(subject, check_header)


def check_header(product: Product) -> Iterator[str]:
    ident, fields = product.file["e_ident"], product.file.header
    wanted: Tuple[Tuple[str, Any, Any], ...] = (
        ("class", ident["EI_CLASS"], "ELFCLASS64"),
        ("byte order", ident["EI_DATA"], "ELFDATA2LSB"),
        ("version", ident["EI_VERSION"], "EV_CURRENT"),
        ("ABI", ident["EI_OSABI"], "ELFOSABI_SYSV"),
        ("ABI version", ident["EI_ABIVERSION"], 0),
        ("padding", product.content[9:16], bytes(7)),
        ("type", fields["e_type"], "ET_EXEC"),
        ("machine", fields["e_machine"], "EM_X86_64"),
        ("file version", fields["e_version"], "EV_CURRENT"),
        ("flags", fields["e_flags"], 0),
        ("size of the header", fields["e_ehsize"], 64),
        ("size of a program header", fields["e_phentsize"], 56),
        ("size of a section header", fields["e_shentsize"], 64),
        ("place of the program headers", fields["e_phoff"], 64),
    )
    yield from (f"the header's {what} is {got!r}, not {want!r}" for what, got, want in wanted if got != want)


def segments(subject: Subject) -> List[Finding]:
    """Loaded segments lie on pages of their own, in order, as in the file, within it, each a page further up than the one before."""
    return judged(subject, check_segments)


def check_segments(product: Product) -> Iterator[str]:
    if not product.loads or product.loads[0]["p_vaddr"] != BASE or product.loads[0]["p_offset"] != 0:
        yield f"the first loaded segment is not the file's beginning at {BASE:#x}"
    for index, segment in enumerate(product.loads):
        begin, size = segment["p_vaddr"], segment["p_memsz"]
        if begin != BASE + index * PAGE + segment["p_offset"] or segment["p_paddr"] != begin or segment["p_align"] != PAGE:
            yield f"loaded segment {index} does not lie at {BASE:#x} plus {index} pages plus its offset"
        if segment["p_filesz"] != size or segment["p_offset"] + size > len(product.content):
            yield f"loaded segment {index} is not wholly in the file"
        if index and begin // PAGE <= (product.loads[index - 1]["p_vaddr"] + product.loads[index - 1]["p_memsz"] - 1) // PAGE:
            yield f"loaded segment {index} shares a page with the one before"


def no_writable_code(subject: Subject) -> List[Finding]:
    """No segment and no section is both writable and executable; exactly one of each is executable."""
    return judged(subject, check_no_writable_code)


def check_no_writable_code(product: Product) -> Iterator[str]:
    both, both_of_section = WRITE | EXECUTE, SECTION_WRITE | SECTION_EXECUTE
    for index, segment in enumerate(product.segments):
        if segment["p_flags"] & both == both:
            yield f"segment {index} ({segment['p_type']}) is writable and executable"
    for section in product.sections:
        if section["sh_flags"] & both_of_section == both_of_section:
            yield f"section {section.name} is writable and executable"
    if sum(bool(segment["p_flags"] & EXECUTE) for segment in product.loads) != 1:
        yield "not exactly one loaded segment is executable"


def stack_is_data(subject: Subject) -> List[Finding]:
    """The file asks for a stack that is not executable, once, and for no size of it."""
    return judged(subject, check_stack)


def check_stack(product: Product) -> Iterator[str]:
    stacks = [segment for segment in product.segments if segment["p_type"] == "PT_GNU_STACK"]
    if len(stacks) != 1:
        yield f"{len(stacks)} segments speak of the stack, not one"
    for stack in stacks:
        if stack["p_flags"] & EXECUTE:
            yield "the stack is executable"
        if stack["p_memsz"] or stack["p_filesz"]:
            yield "the stack's segment has a size"


def stands_alone(subject: Subject) -> List[Finding]:
    """The file needs nothing else to run: no interpreter, no dynamic section, no library, no search path, no relocation."""
    return judged(subject, check_stands_alone)


def check_stands_alone(product: Product) -> Iterator[str]:
    kinds = ("PT_INTERP", "PT_DYNAMIC", "PT_TLS", "PT_GNU_RELRO")
    yield from (f"there is a segment {segment['p_type']}" for segment in product.segments if segment["p_type"] in kinds)
    needs = ("SHT_DYNAMIC", "SHT_DYNSYM", "SHT_RELA", "SHT_REL", "SHT_HASH", "SHT_GNU_HASH", "SHT_INIT_ARRAY", "SHT_FINI_ARRAY")
    yield from (f"section {section.name} is of kind {section['sh_type']}" for section in product.sections if section["sh_type"] in needs)


def entry_in_text(subject: Subject) -> List[Finding]:
    """The program begins at a function of its own, within .text."""
    return judged(subject, check_entry)


def check_entry(product: Product) -> Iterator[str]:
    entry = product.file.header["e_entry"]
    text = product.file.get_section_by_name(".text")
    if text is None or not text["sh_addr"] <= entry < text["sh_addr"] + text["sh_size"]:
        yield f"the entry {entry:#x} is not in .text"
    elif entry not in {symbol["st_value"] for symbol in functions(product)}:
        yield f"at the entry {entry:#x} no function begins"


def sections_in_segments(subject: Subject) -> List[Finding]:
    """There are the seven known sections, in order; each that is loaded lies in one segment, with its rights; none lies over another."""
    return judged(subject, check_sections)


def check_sections(product: Product) -> Iterator[str]:
    names = tuple(section.name for section in product.sections)
    if names != SECTIONS:
        yield f"the sections are {', '.join(names)}, not {', '.join(SECTIONS)}"
    for section in product.sections[1:]:
        if section["sh_flags"] & SECTION_ALLOC:
            yield from misplaced(product, section)
        elif section["sh_addr"]:
            yield f"section {section.name} is not loaded but has an address"
        if section["sh_offset"] + section["sh_size"] > len(product.content):
            yield f"section {section.name} ends behind the file"
    spans = sorted((section["sh_offset"], section["sh_offset"] + section["sh_size"], section.name) for section in product.sections[1:])
    for (_, end, one), (begin, _, other) in zip(spans, spans[1:]):
        if begin < end:
            yield f"section {other} lies over {one}"


def misplaced(product: Product, section: Any) -> Iterator[str]:
    homes = [
        segment
        for segment in product.loads
        if segment["p_vaddr"] <= section["sh_addr"] and section["sh_addr"] + section["sh_size"] <= segment["p_vaddr"] + segment["p_memsz"]
    ]
    if len(homes) != 1 or section["sh_addr"] - homes[0]["p_vaddr"] != section["sh_offset"] - homes[0]["p_offset"]:
        yield f"section {section.name} does not lie in one loaded segment, at the same place as in the file"
        return
    rights = bool(section["sh_flags"] & SECTION_WRITE), bool(section["sh_flags"] & SECTION_EXECUTE)
    if rights != (bool(homes[0]["p_flags"] & WRITE), bool(homes[0]["p_flags"] & EXECUTE)):
        yield f"section {section.name} and its segment differ in what may be done there"


def symbols_in_sections(subject: Subject) -> List[Finding]:
    """Each symbol lies wholly within the section that it names; functions in .text, objects elsewhere; functions do not overlap."""
    return judged(subject, check_symbol_places)


def check_symbol_places(product: Product) -> Iterator[str]:
    if not product.symbols:
        yield "there is no symbol"
    for symbol in product.symbols:
        home, begin = symbol["st_shndx"], symbol["st_value"]
        section = product.sections[home] if isinstance(home, int) and home < len(product.sections) else None
        if section is None or not section["sh_addr"] <= begin <= begin + symbol["st_size"] <= section["sh_addr"] + section["sh_size"]:
            yield f"symbol {symbol.name} does not lie in its section"
        elif (symbol["st_info"]["type"] == "STT_FUNC") != (section.name == ".text"):
            yield f"symbol {symbol.name} is a {symbol['st_info']['type']} in {section.name}"
    for one, other in zip(functions(product), functions(product)[1:]):
        if other["st_value"] < one["st_value"] + one["st_size"]:
            yield f"function {other.name} lies over {one.name}"


def symbols_sorted(subject: Subject) -> List[Finding]:
    """Symbols stand in the order of sections and addresses, local ones alone: the same program has the same table."""
    return judged(subject, check_symbol_order)


def check_symbol_order(product: Product) -> Iterator[str]:
    for one, other in zip(product.symbols, product.symbols[1:]):
        if (one["st_shndx"], one["st_value"]) > (other["st_shndx"], other["st_value"]):
            yield f"symbol {other.name} stands behind {one.name}, but lies before it"
    table = product.file.get_section_by_name(".symtab")
    strange = [symbol.name for symbol in product.symbols if symbol["st_info"]["bind"] != "STB_LOCAL"]
    yield from (f"symbol {name} is not local" for name in strange)
    if table is None or table["sh_info"] != len(product.symbols) + 1 - len(strange):
        yield ".symtab does not say how many symbols are local"


def symbols_named(subject: Subject) -> List[Finding]:
    """Each function has a name and a size, a name of its own unless it is an instance: types of two modules may be named alike."""
    return judged(subject, check_symbol_names)


def check_symbol_names(product: Product) -> Iterator[str]:
    seen = set()
    for symbol in functions(product):
        if not symbol.name or not symbol["st_size"]:
            yield f"the function at {symbol['st_value']:#x} has no {'size' if symbol.name else 'name'}"
        elif symbol.name in seen and not symbol.name.endswith(">"):
            yield f"two functions are named {symbol.name}"
        seen.add(symbol.name)


def functions(product: Product) -> List[Any]:
    return [symbol for symbol in product.symbols if symbol["st_info"]["type"] == "STT_FUNC"]


def abi_note(subject: Subject) -> List[Finding]:
    """One note, of owner 0x0, says `0x0 ABI 0.1`, in a section and a segment of its own."""
    return judged(subject, check_note)


def check_note(product: Product) -> Iterator[str]:
    segments = [segment for segment in product.segments if segment["p_type"] == "PT_NOTE"]
    section = product.file.get_section_by_name(NOTE)
    if section is None or len(segments) != 1 or segments[0]["p_offset"] != section["sh_offset"]:
        yield f"there is not one section {NOTE} with a segment of its own"
        return
    notes = list(section.iter_notes())
    if [note["n_name"] for note in notes] != [OWNER]:
        yield f"there is not one note of the owner {OWNER}"
    elif not notes[0]["n_descdata"].startswith(MARKER[:-1]):
        yield f"the note says {notes[0]['n_descdata']!r}, not {MARKER!r}"


def checks_are_in(subject: Subject) -> List[Finding]:
    """No compiler here or in build/release was made with --unchecked: its note is plain, with no word behind the ABI's version."""
    found = judged(subject, check_plain_note)
    for path in sorted(subject.top.glob("build/release/*/bin/zero")):  # not audited evidence: a release has its own sums
        found += findings(product_of(subject, path, ZERO_BYTES), check_plain_note)
    return found


def check_plain_note(product: Product) -> Iterator[str]:
    section = product.file.get_section_by_name(NOTE)
    notes = list(section.iter_notes()) if section is not None else []
    yield from (f"the note has more to say: {note['n_descdata']!r}" for note in notes if note["n_descdata"][len(MARKER) - 1 :] != b"\0")
    if b"unchecked" in (product.bytes_of(section, "sh") if section is not None else b""):
        yield "the note says that checks were left out"


def sizes(subject: Subject) -> List[Finding]:
    """The compiler's file and a small program's are no larger than what docs/audit.md says."""
    subject.facts["zero_bytes"] = str(subject.zero.stat().st_size)
    return judged(subject, check_size)


def check_size(product: Product) -> Iterator[str]:
    if len(product.content) > product.limit:
        yield f"{len(product.content)} bytes, the limit is {product.limit}"


def no_trace_of_the_build(subject: Subject) -> List[Finding]:
    """No byte tells where, when, by whom or on which machine the file was made."""
    return judged(subject, lambda product: check_traces(product, words_of_this_place(subject.top)))


def check_traces(product: Product, words: Sequence[bytes]) -> Iterator[str]:
    yield from (f"there is {word.decode('utf-8', 'replace')!r} in it" for word in words if word in product.content)
    for found in sorted({match[0] for pattern in (TIMES, HOME) for match in pattern.finditer(product.content)}):
        yield f"there is {found.decode('utf-8', 'replace')!r} in it"


def words_of_this_place(top: Path) -> List[bytes]:
    """The tree's own path, and the names of home, user and machine where they are long enough to mean something."""
    names = [str(top.resolve()), os.path.expanduser("~"), socket.gethostname(), user_name()]
    return [os.fsencode(name) for name in names if len(name) >= 6 and name != "localhost"]


def user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def place_leaves_no_mark(subject: Subject) -> List[Finding]:
    """One program, compiled in two folders whose paths differ in length, is one file."""
    with tempfile.TemporaryDirectory() as short, tempfile.TemporaryDirectory(prefix="a-much-longer-name-of-a-folder-") as long:
        one, other = (compiled(subject.zero, subject.top / "lib", Path(folder)) for folder in (short, long))
    subject.audited.append(subject.zero)
    return [] if one == other else [Finding("hello compiled in two folders gives two files")]


def every_byte_has_a_home(subject: Subject) -> List[Finding]:
    """Each byte belongs to a header or a section; what lies between is zero and shorter than a page: nothing is hidden."""
    return judged(subject, check_every_byte)


def check_every_byte(product: Product) -> Iterator[str]:
    fields = product.file.header
    headers = fields["e_phoff"] + fields["e_phnum"] * fields["e_phentsize"]
    table = fields["e_shoff"], fields["e_shoff"] + fields["e_shnum"] * fields["e_shentsize"]
    spans = [(section["sh_offset"], section["sh_offset"] + section["sh_size"]) for section in product.sections[1:]]
    reached = headers
    for begin, end in [*sorted([*spans, table]), (len(product.content),) * 2]:
        between = product.content[reached:begin]
        if between.strip(b"\0") or len(between) >= PAGE:
            yield f"the {len(between)} bytes from {reached} on belong to nothing"
        reached = max(reached, end)


def rows_tell_of_code(subject: Subject) -> List[Finding]:
    """The rows that traps are told from fit the code: each function's ends where it does, each trap's lies at one that has a message."""
    return judged(subject, check_rows)


def check_rows(product: Product) -> Iterator[str]:
    text, rodata, names = (product.file.get_section_by_name(name) for name in (".text", ".rodata", ".strtab"))
    start, code = text["sh_addr"], product.bytes_of(text, "sh")
    found = tables(product.bytes_of(rodata, "sh"), rodata["sh_addr"], product.bytes_of(names, "sh"), (start, start + len(code)))
    inside = [symbol for symbol in product.symbols if in_text(symbol, product)]
    placed = sorted((symbol["st_value"] - start + symbol["st_size"], symbol.name.encode()) for symbol in inside)
    told = [(row.end, name) for row, name in zip(found.functions, found.names)][: len(placed)]
    yield from (f"the row of {name.decode()} says that it ends at {end}" for (end, name), other in zip(told, placed) if (end, name) != other)
    if len(told) < len(placed):
        yield f"there are {len(told)} rows of functions, and {len(placed)} functions"
    if not found.traps or found.traps[-1].end <= len(code):
        yield "the last row of traps is not behind all code"
    for row in found.traps[:-1]:
        if row.reference >= len(found.functions) or code[row.end - 1 : row.end + 1] != b"\x0f\x0b" or not message_of(code[row.end + 1], found):
            yield f"the row of the trap at {row.end - 1} fits no trap of the code"
    for row, name in zip(found.functions, found.names):
        if row.reference >= len(found.paths):
            yield f"the row of {name.decode()} has no file"


def in_text(symbol: Any, product: Product) -> bool:
    return isinstance(symbol["st_shndx"], int) and product.sections[symbol["st_shndx"]].name == ".text"


def message_of(kind: int, found: Tables) -> bytes:
    return found.messages[kind] if kind < len(found.messages) else b""


CLAIMS: Tuple[Claim, ...] = (
    Claim("elf/header", header),
    Claim("elf/segments", segments),
    Claim("elf/no-writable-code", no_writable_code),
    Claim("elf/stack-is-data", stack_is_data),
    Claim("elf/stands-alone", stands_alone),
    Claim("elf/entry-in-text", entry_in_text),
    Claim("elf/sections-in-segments", sections_in_segments),
    Claim("elf/symbols-in-sections", symbols_in_sections),
    Claim("elf/symbols-sorted", symbols_sorted),
    Claim("elf/symbols-named", symbols_named),
    Claim("elf/abi-note", abi_note),
    Claim("elf/checks-are-in", checks_are_in),
    Claim("elf/sizes", sizes),
    Claim("elf/no-trace-of-the-build", no_trace_of_the_build),
    Claim("elf/place-leaves-no-mark", place_leaves_no_mark),
    Claim("elf/every-byte-has-a-home", every_byte_has_a_home),
    Claim("elf/rows-tell-of-code", rows_tell_of_code),
)
