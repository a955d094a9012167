"""elf: of a 64-bit little-endian ELF file, which section and which symbol a file offset lies in, and which sections differ.

Only what explaining a mismatch needs: programs, libraries and relocatable objects. A file that is damaged or is no ELF file has
no sections and no symbols. What a hostile file can cost is bounded by the limits below.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

SECTION = struct.Struct("<IIQQQQIIQQ")
SYMBOL = struct.Struct("<IBBHQQ")
SHT_SYMTAB, SHT_NOBITS, SHT_DYNSYM = 2, 8, 11
ET_REL = 1
KINDS = {1: "object", 2: "function"}  # of symbols: STT_OBJECT, STT_FUNC
MAX_NAME = 4096
MAX_SYMBOLS = 2_000_000


@dataclass(frozen=True)
class Section:
    name: str
    kind: int
    address: int
    offset: int
    size: int
    link: int

    @property
    def in_file(self) -> bool:
        return self.kind not in (0, SHT_NOBITS)


@dataclass(frozen=True)
class Symbol:
    name: str
    kind: str
    offset: int  # in the file
    size: int


@dataclass(frozen=True)
class Image:
    sections: Tuple[Section, ...]
    symbols: Tuple[Symbol, ...]

    def section_at(self, offset: int) -> Optional[Section]:
        for section in self.sections:
            if section.in_file and section.offset <= offset < section.offset + section.size:
                return section
        return None

    def symbol_at(self, offset: int) -> Optional[Symbol]:
        for symbol in self.symbols:
            if symbol.offset <= offset < symbol.offset + symbol.size:
                return symbol
        return None


def read_image(data: bytes) -> Image:
    if data[:6] != b"\x7fELF\x02\x01":
        return Image((), ())
    try:
        sections = read_sections(data)
        return Image(tuple(sections), tuple(read_symbols(data, sections)))
    except (struct.error, IndexError, ValueError, OverflowError):
        return Image((), ())


def read_sections(data: bytes) -> List[Section]:
    (table,) = struct.unpack_from("<Q", data, 40)
    size, count, names_index = struct.unpack_from("<HHH", data, 58)
    if table == 0 or size != SECTION.size:
        return []
    first = SECTION.unpack_from(data, table)
    count = count or first[5]  # more than 65279 sections: the first row tells how many
    names_index = first[6] if names_index == 0xFFFF else names_index
    if count > (len(data) - table) // SECTION.size:
        return []
    rows = [SECTION.unpack_from(data, table + size * index) for index in range(count)]
    names = rows[names_index]
    return [
        Section(text_at(data, names[4] + row[0]), row[1], row[3], row[4], row[5], row[6])
        for row in rows
    ]


def read_symbols(data: bytes, sections: List[Section]) -> List[Symbol]:
    """Functions and objects: of the symbol table, or of the dynamic one where a file is stripped."""
    relocatable = struct.unpack_from("<H", data, 16)[0] == ET_REL
    tables = [section for section in sections if section.kind == SHT_SYMTAB] or [row for row in sections if row.kind == SHT_DYNSYM]
    symbols: List[Symbol] = []
    seen, room = 0, 2 * len(data)  # names lie in the file, and few share their ends
    for table in tables:
        names = sections[table.link]
        last = min(table.offset + table.size, len(data)) - SYMBOL.size
        for offset in range(table.offset, last + 1, SYMBOL.size):
            seen += 1
            if seen > MAX_SYMBOLS or room < 0:
                return symbols
            name, info, _, index, value, size = SYMBOL.unpack_from(data, offset)
            if info & 15 in KINDS and size and 0 < index < len(sections) and sections[index].in_file:
                home = sections[index]
                place = value + home.offset - (0 if relocatable else home.address)
                symbols.append(Symbol(text_at(data, names.offset + name), KINDS[info & 15], place, size))
                room -= len(symbols[-1].name)
    return symbols


def text_at(data: bytes, offset: int) -> str:
    if not 0 <= offset < len(data):
        return ""
    end = data.find(b"\0", offset, offset + MAX_NAME)
    return data[offset : end if end >= 0 else min(len(data), offset + MAX_NAME)].decode("utf-8", "replace")


def differing_sections(left: bytes, right: bytes) -> List[str]:
    """The names of sections whose content is not the same, in the left file's order; then those that one file alone has."""
    ours, theirs = contents(left), contents(right)
    differing = [name for name, content in ours.items() if name in theirs and theirs[name] != content]
    return differing + [f"{name} (in one only)" for name in [*ours, *theirs] if (name in ours) != (name in theirs)]


def contents(data: bytes) -> Dict[str, memoryview]:
    """Each section's bytes by name, `NAME (2)` for a second one of the name. Hostile overlaps are cut off at four times the file."""
    found: Dict[str, memoryview] = {}
    counts: Dict[str, int] = {}
    room = 4 * len(data)
    view = memoryview(data)
    for section in read_image(data).sections:
        if section.in_file:
            counts[section.name] = counts.get(section.name, 0) + 1
            name = section.name if counts[section.name] == 1 else f"{section.name} ({counts[section.name]})"
            found[name] = view[section.offset : section.offset + section.size]
            room -= len(found[name])
            if room < 0:
                break
    return found
