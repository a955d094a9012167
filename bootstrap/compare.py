"""compare: two products must be the same to the byte; if not, say where they part.

There is no list of exceptions and nothing is normalised. There are three verdicts: equal, different, and not compared; what
cannot be read was not compared, which is trouble and never equality.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Dict, List, Optional, Tuple

from . import BootstrapError
from .archive import HEADER, Archive, Member, field_at, is_archive, read_archive
from .elf import Image, differing_sections, read_image
from .product import Entry, entries_of

BLOCK = 1 << 20
MAX_EXPLAINED = 1 << 28  # bytes of a file that is looked into; a larger one is told by its offsets alone
SHOWN = 5  # names in a list


def explain_difference(left: Path, right: Path) -> Optional[str]:
    """None when they are equal; else one line that names the first difference."""
    kinds = (kind_of(left), kind_of(right))
    if kinds[0] != kinds[1]:
        return f"{left.name} is a {kinds[0]} and {right.name} a {kinds[1]}"
    try:
        return explain_directories(left, right) if kinds[0] == "directory" else explain_files(left, right)
    except OSError as error:
        raise not_compared(left, right, f"{error.filename}: {error.strerror}") from None
    except MemoryError:
        raise not_compared(left, right, "out of memory") from None


def not_compared(left: Path, right: Path, why: str) -> BootstrapError:
    return BootstrapError(f"cannot compare {left} and {right}: {why}")


def kind_of(path: Path) -> str:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise BootstrapError(f"cannot compare {path}: {error.strerror}") from None
    if stat.S_ISDIR(mode):
        return "directory"
    if not stat.S_ISREG(mode):
        raise BootstrapError(f"cannot compare {path}: neither a file nor a directory")
    return "file"


def explain_directories(left: Path, right: Path) -> Optional[str]:
    ours, theirs = entries_of(left), entries_of(right)
    if ours == theirs:
        return None
    parts = [
        listed("only in " + left.name, [name for name in ours if name not in theirs]),
        listed("only in " + right.name, [name for name in theirs if name not in ours]),
    ]
    differing = [name for name in ours if name in theirs and ours[name] != theirs[name]]
    parts.append(listed("different", differing))
    if differing:
        parts.append(explain_entry(left, right, differing[0], ours[differing[0]], theirs[differing[0]]))
    return f"{left.name} and {right.name} differ: " + "; ".join(part for part in parts if part)


def explain_entry(left: Path, right: Path, name: str, ours: Entry, theirs: Entry) -> str:
    if ours.get("sha256") != theirs.get("sha256") and "sha256" in ours and "sha256" in theirs:
        return explain_files(left / name, right / name, f"{left.name}/{name}", f"{right.name}/{name}") or f"{name} changed meanwhile"
    return f"{name} is {told(ours)} and {told(theirs)}"


def told(entry: Entry) -> str:
    if "link" in entry:
        return f"a link to {entry['link']}"
    return "a file that can be run" if entry["executable"] else "a file that cannot be run"


def listed(what: str, names: List[str]) -> str:
    """`only in stage2: a, b (7 files)`, or nothing."""
    if not names:
        return ""
    return f"{what}: {', '.join(names[:SHOWN])}" + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def explain_files(left: Path, right: Path, left_name: str = "", right_name: str = "") -> Optional[str]:
    left_name, right_name = left_name or left.name, right_name or right.name
    scan = scan_files(left, right)
    if scan is None:
        return None
    sizes, offset, count, bytes_there = scan
    text = f"{left_name} ({sizes[0]} bytes) and {right_name} ({sizes[1]} bytes) differ first at byte {offset} (0x{offset:x})"
    if max(sizes) > MAX_EXPLAINED:
        return f"{text}: {bytes_there[0]} and {bytes_there[1]}; too large to be looked into"
    left_bytes, right_bytes = left.read_bytes(), right.read_bytes()
    where = place_in(left_bytes, offset) or place_in(right_bytes, offset) or "in no section"
    return f"{text}, {where}: {bytes_there[0]} and {bytes_there[1]}{rest(left_bytes, right_bytes, count)}"


Scan = Tuple[Tuple[int, int], int, int, Tuple[str, str]]


def scan_files(left: Path, right: Path) -> Optional[Scan]:
    """Sizes, the first offset that differs, how many bytes differ where both have one, and the two bytes there."""
    first: Optional[int] = None
    count = at = 0
    there = ("", "")
    with left.open("rb") as ours, right.open("rb") as theirs:
        sizes = (os.fstat(ours.fileno()).st_size, os.fstat(theirs.fileno()).st_size)
        while True:
            a, b = ours.read(BLOCK), theirs.read(BLOCK)
            if a != b:
                if first is None:
                    inside = first_difference(a, b)
                    first, there = at + inside, (byte_at(a, inside), byte_at(b, inside))
                count += differing_bytes(a, b)
            if not a and not b:
                return None if first is None else (sizes, first, count, there)
            at += max(len(a), len(b))


def first_difference(left: bytes, right: bytes) -> int:
    low, high = 0, min(len(left), len(right))
    if left[:high] == right[:high]:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle
    return low


def differing_bytes(left: bytes, right: bytes) -> int:
    size = min(len(left), len(right))
    both = int.from_bytes(left[:size], "little") ^ int.from_bytes(right[:size], "little")
    return size - both.to_bytes(size, "little").count(0)


def place_in(data: bytes, offset: int) -> Optional[str]:
    """Section and symbol; in an archive, the member before them."""
    if not is_archive(data):
        return place_of(read_image(data), offset)
    for member in read_archive(data).members:
        if member.start <= offset < member.start + member.size:
            inside = place_of(read_image(member.content(data)), offset - member.start)
            return f"in member {member.name}, {inside or f'{offset - member.start} bytes in'}"
        if member.start - HEADER <= offset < member.start:
            return f"in the header of member {member.name} ({field_at(offset - member.start + HEADER)})"
    return None


def place_of(image: Image, offset: int) -> Optional[str]:
    section = image.section_at(offset)
    if section is None:
        return None
    symbol = image.symbol_at(offset)
    inside = f" of {symbol.kind} {symbol.name}, {offset - symbol.offset} bytes in" if symbol is not None else ""
    return f"in section {section.name}{inside}"


def rest(left: bytes, right: bytes, count: int) -> str:
    """How much else differs: bytes, sections, members."""
    parts = [f"{count} bytes differ in all" if len(left) == len(right) else ""]
    if is_archive(left) and is_archive(right):
        parts += differing_members(left, right)
    else:
        parts.append(listed("sections that differ", differing_sections(left, right)))
    told_parts = [part for part in parts if part]
    return "; " + "; ".join(told_parts) if told_parts else ""


def differing_members(left: bytes, right: bytes) -> List[str]:
    ours, theirs = read_archive(left), read_archive(right)
    our_members, their_members = by_name(ours), by_name(theirs)
    both = [name for name in our_members if name in their_members]
    differing = [name for name in both if our_members[name].content(left) != their_members[name].content(right)]
    return [
        listed("members that differ", differing),
        listed("members of the left only", [name for name in our_members if name not in their_members]),
        listed("members of the right only", [name for name in their_members if name not in our_members]),
        "an archive is damaged" if ours.damaged or theirs.damaged else "",
    ]


def by_name(archive: Archive) -> Dict[str, Member]:
    """Members by name; a second one of a name is `NAME (2)`."""
    found: Dict[str, Member] = {}
    counts: Dict[str, int] = {}
    for member in archive.members:
        counts[member.name] = counts.get(member.name, 0) + 1
        found[member.name if counts[member.name] == 1 else f"{member.name} ({counts[member.name]})"] = member
    return found


def byte_at(data: bytes, offset: int) -> str:
    return f"0x{data[offset]:02x}" if offset < len(data) else "the end of the file"
