"""compare: two files must be the same to the byte; if not, say where they part.

There is no list of exceptions. A file that cannot be read is trouble, never equality.
"""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from . import BootstrapError
from .elf import Image, read_image


def explain_difference(left: Path, right: Path) -> Optional[str]:
    """None when the files are equal; else one line that names the first difference."""
    try:
        left_bytes, right_bytes = left.read_bytes(), right.read_bytes()
    except OSError as error:
        raise BootstrapError(f"cannot compare {left} and {right}: {error.filename}: {error.strerror}") from None
    if left_bytes == right_bytes:
        return None
    offset = first_difference(left_bytes, right_bytes)
    where = place_of(read_image(left_bytes), offset) or place_of(read_image(right_bytes), offset) or "in no section"
    return (
        f"{left.name} ({len(left_bytes)} bytes) and {right.name} ({len(right_bytes)} bytes) differ first at byte "
        f"{offset} (0x{offset:x}), {where}: {byte_at(left_bytes, offset)} and {byte_at(right_bytes, offset)}"
    )


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


def place_of(image: Image, offset: int) -> Optional[str]:
    section = image.section_at(offset)
    function = image.function_at(offset)
    if section is None:
        return None
    inside = f" of function {function.name}, {offset - function.offset} bytes in" if function is not None else ""
    return f"in section {section.name}{inside}"


def byte_at(data: bytes, offset: int) -> str:
    return f"0x{data[offset]:02x}" if offset < len(data) else "the end of the file"
