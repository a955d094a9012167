"""archive: the members of an `ar` archive (libNAME.a), by name, in order.

The index of symbols and the table of long names are members like others here, for they are bytes that must be equal too. Names of
the System V form (`NAME/`, `/OFFSET`) and of the BSD form (`#1/LENGTH`) are known. A damaged archive has the members
before the damage, and says that it is damaged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional, Tuple

MAGIC = b"!<arch>\n"
HEADER = 60
FIELDS = (("modification time", 16, 28), ("owner", 28, 34), ("group", 34, 40), ("mode", 40, 48), ("size", 48, 58))
SPECIAL = {"/": "the index of symbols", "/SYM64/": "the index of symbols", "//": "the table of long names"}


@dataclass(frozen=True)
class Member:
    name: str
    start: int  # of the content, in the archive
    size: int

    def content(self, data: bytes) -> bytes:
        return data[self.start : self.start + self.size]


@dataclass(frozen=True)
class Archive:
    members: Tuple[Member, ...]
    damaged: bool


def is_archive(data: bytes) -> bool:
    return data[: len(MAGIC)] == MAGIC


def read_archive(data: bytes) -> Archive:
    members: List[Member] = []
    long_names = b""
    at = len(MAGIC)
    while at < len(data):
        header = data[at : at + HEADER]
        size = number(header[48:58])
        if len(header) != HEADER or header[58:] != b"`\n" or size is None or at + HEADER + size > len(data):
            return Archive(tuple(members), True)
        start, kept = at + HEADER, size
        raw = header[:16].rstrip(b" ")
        if raw == b"//":
            long_names = data[start : start + size]
        name = SPECIAL.get(text(raw), "") or long_name(raw, long_names)
        length = number(raw[3:]) if raw.startswith(b"#1/") else None
        if length is not None and length <= size:
            name = text(data[start : start + length].rstrip(b"\0"))
            start, kept = start + length, size - length
        members.append(Member(name, start, kept))
        at += HEADER + size + size % 2
    return Archive(tuple(members), False)


def long_name(raw: bytes, table: bytes) -> str:
    offset = number(raw[1:]) if raw[:1] == b"/" else None
    if offset is None:
        return text(raw[:-1] if raw.endswith(b"/") else raw)
    end = table.find(b"\n", offset, offset + 4096)
    return text(table[offset : end if end >= 0 else offset + 4096].rstrip(b"/"))


def number(field: bytes) -> Optional[int]:
    digits = field.strip(b" ")
    return int(digits) if digits.isdigit() and len(digits) <= 16 else None


def text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def field_at(offset: int) -> str:
    """What stands at an offset in a member's header."""
    return next((name for name, start, end in FIELDS if start <= offset < end), "name")
