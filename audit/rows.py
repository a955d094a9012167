"""rows: the image table of an executable and what it leads to (clause 16.7), read without code of the compiler's or the library's."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Iterator, Tuple

WORDS = struct.Struct("<8Q")
CODE_WORDS = 40  # the table's bytes before the start and the end of the code


@dataclass(frozen=True)
class Row:
    """Where its code ends, as an offset in the text; what it refers to; its place."""

    end: int
    reference: int
    line: int
    column: int


@dataclass(frozen=True)
class Tables:
    """All that the image table leads to, in its order."""

    traps: Tuple[Row, ...]
    functions: Tuple[Row, ...]
    names: Tuple[bytes, ...]
    paths: Tuple[bytes, ...]
    messages: Tuple[bytes, ...]


def tables(rodata: bytes, address: int, names: bytes, text: Tuple[int, int]) -> Tables:
    """The tables at the end of .rodata, which lies at the address; names is .strtab, text where code starts and ends."""
    at = rodata.index(struct.pack("<2Q", *text)) - CODE_WORDS
    traps, functions, _, paths, messages = (word - address for word in WORDS.unpack_from(rodata, at)[:5])
    rows = tuple(read_rows(rodata[functions:paths]))
    return Tables(
        tuple(read_rows(rodata[traps:functions])),
        rows,
        tuple(names[1:].split(b"\0")[: len(rows)]),
        tuple(rodata[paths:messages].split(b"\0")[:-1]),
        tuple(rodata[messages:].split(b"\0")[:-1]),
    )


def read_rows(packed: bytes) -> Iterator[Row]:
    """Each row is what four signed numbers add to the one before."""
    sums = [0, 0, 0, 0]
    for index, number in enumerate(read_numbers(packed)):
        sums[index % 4] += number
        if index % 4 == 3:
            yield Row(*sums)


def read_numbers(packed: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in packed:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield -(value + 1) // 2 if value & 1 else value // 2
            value = shift = 0
