"""elf: of a 64-bit little-endian ELF file, which section and which function a file offset lies in.

Only what explaining a mismatch needs. A file that is damaged or is no ELF file has no sections and no functions.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import List, Optional, Tuple

SECTION = struct.Struct("<IIQQQQIIQQ")
SYMBOL = struct.Struct("<IBBHQQ")
SHT_SYMTAB, SHT_NOBITS, STT_FUNC = 2, 8, 2


@dataclass(frozen=True)
class Section:
    name: str
    kind: int
    address: int
    offset: int
    size: int
    link: int


@dataclass(frozen=True)
class Function:
    name: str
    offset: int  # in the file
    size: int


@dataclass(frozen=True)
class Image:
    sections: Tuple[Section, ...]
    functions: Tuple[Function, ...]

    def section_at(self, offset: int) -> Optional[Section]:
        for section in self.sections:
            if section.kind != SHT_NOBITS and section.offset <= offset < section.offset + section.size:
                return section
        return None

    def function_at(self, offset: int) -> Optional[Function]:
        for function in self.functions:
            if function.offset <= offset < function.offset + function.size:
                return function
        return None


def read_image(data: bytes) -> Image:
    if data[:6] != b"\x7fELF\x02\x01":
        return Image((), ())
    try:
        sections = read_sections(data)
        return Image(tuple(sections), tuple(read_functions(data, sections)))
    except (struct.error, IndexError, ValueError, OverflowError):
        return Image((), ())


def read_sections(data: bytes) -> List[Section]:
    (table,) = struct.unpack_from("<Q", data, 40)
    size, count, names_index = struct.unpack_from("<HHH", data, 58)
    if table == 0 or size != SECTION.size:
        return []
    rows = [SECTION.unpack_from(data, table + size * index) for index in range(count)]
    names = rows[names_index]
    return [
        Section(text_at(data, names[4] + row[0]), row[1], row[3], row[4], row[5], row[6])
        for row in rows
    ]


def read_functions(data: bytes, sections: List[Section]) -> List[Function]:
    functions: List[Function] = []
    for table in sections:
        if table.kind != SHT_SYMTAB:
            continue
        names = sections[table.link]
        for offset in range(table.offset, table.offset + table.size - SYMBOL.size + 1, SYMBOL.size):
            name, info, _, index, value, size = SYMBOL.unpack_from(data, offset)
            if info & 15 == STT_FUNC and 0 < index < len(sections):
                home = sections[index]
                functions.append(Function(text_at(data, names.offset + name), value - home.address + home.offset, size))
    return functions


def text_at(data: bytes, offset: int) -> str:
    return data[offset : data.index(b"\0", offset)].decode("utf-8", "replace") if 0 <= offset < len(data) else ""
