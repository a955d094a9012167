"""archive: one file from many, the same bytes on every machine.

The tar part is plain ustar: sorted, owner 0, one time, no folders. Python's tarfile writes other headers in other versions,
and zlib's output differs between its versions and its rivals; so neither is used. Compressed is by deflate with fixed codes:
the longest match among the last few places where the next four bytes stood. Any tar and gzip read it.

made from: files and a time       read by: make
"""

from __future__ import annotations

import bisect
import zlib
from typing import Dict, Iterator, List, Tuple

from . import ReleaseError
from .verify import GZIP_HEADER, MAX_NAME_BYTES, Files, make_tar

WINDOW = 1 << 15
LONGEST = 258
SHORTEST = 4
PLACES = 16  # how many earlier places are tried for each match


def make_archive(top: str, files: Files, seconds: int) -> bytes:
    """The files below one top folder, as a compressed tar file."""
    return compress(pack(top, files, seconds))


def pack(top: str, files: Files, seconds: int) -> bytes:
    for name in files:
        if len(f"{top}/{name}") > MAX_NAME_BYTES:
            raise ReleaseError(f"{top}/{name}: longer than the {MAX_NAME_BYTES} bytes that a name in the archive has; shorten it")
    return make_tar(top, files, seconds)


def compress(plain: bytes) -> bytes:
    """A gzip file of the plain bytes."""
    tail = zlib.crc32(plain).to_bytes(4, "little") + (len(plain) & 0xFFFFFFFF).to_bytes(4, "little")
    return GZIP_HEADER + deflate(plain) + tail


def deflate(plain: bytes) -> bytes:
    """One block of fixed codes (RFC 1951, 3.2.6)."""
    out = bytearray()
    held, count = 0b011, 3  # the last block; fixed codes
    for bits, size in codes(plain):
        held |= bits << count
        count += size
        if count >= 64:
            out += (held & (1 << 64) - 1).to_bytes(8, "little")
            held >>= 64
            count -= 64
    out += held.to_bytes((count + 7) // 8, "little")
    return bytes(out)


def codes(plain: bytes) -> Iterator[Tuple[int, int]]:
    """The codes of literals, of matches and of the block's end, each as bits, lowest first, and their number."""
    seen: Dict[bytes, List[int]] = {}
    at = 0
    while at < len(plain):
        length, distance = longest_match(plain, at, seen)
        if length < SHORTEST:
            length = 1
            yield LITERALS[plain[at]]
        else:
            yield LENGTHS[length]
            yield distance_code(distance)
        for place in range(at, at + length):
            remember(seen, plain[place : place + SHORTEST], place)
        at += length
    yield LITERALS[256]


def remember(seen: Dict[bytes, List[int]], key: bytes, place: int) -> None:
    places = seen.setdefault(key, [])
    places.append(place)
    if len(places) > 2 * PLACES:
        del places[:PLACES]


def longest_match(plain: bytes, at: int, seen: Dict[bytes, List[int]]) -> Tuple[int, int]:
    """Length and distance of the longest match; of equal ones the nearest."""
    best, distance = 0, 0
    limit = min(LONGEST, len(plain) - at)
    for place in reversed(seen.get(plain[at : at + SHORTEST], [])[-PLACES:]):
        if at - place > WINDOW or best == limit:
            break
        if plain[place : place + best + 1] == plain[at : at + best + 1]:
            length = common(plain, place, at, best + 1, limit)
            if length > best:
                best, distance = length, at - place
    return best, distance


def common(plain: bytes, left: int, right: int, known: int, limit: int) -> int:
    """How many bytes are alike from two places on, up to the limit; the known ones are."""
    while known < limit and plain[left + known] == plain[right + known]:
        known += 1
    return known


def reverse(bits: int, size: int) -> int:
    return int(f"{bits:0{size}b}"[::-1], 2)


def literal_code(symbol: int) -> Tuple[int, int]:
    """The fixed code of a literal or length symbol."""
    if symbol < 144:
        return reverse(0x30 + symbol, 8), 8
    if symbol < 256:
        return reverse(0x190 + symbol - 144, 9), 9
    if symbol < 280:
        return reverse(symbol - 256, 7), 7
    return reverse(0xC0 + symbol - 280, 8), 8


def steps(first: int, symbols: int, group: int, free: int) -> List[Tuple[int, int]]:
    """The first value and the number of extra bits of each symbol: after `free` symbols a bit more every `group` of them."""
    rows, value = [], first
    for symbol in range(symbols):
        extra = max(0, (symbol - free) // group + 1)
        rows.append((value, extra))
        value += 1 << extra
    return rows


LITERALS = [literal_code(symbol) for symbol in range(288)]
LENGTH_ROWS = [*steps(3, 28, 4, 8), (LONGEST, 0)]  # symbols 257 to 285
DISTANCE_ROWS = steps(1, 30, 2, 4)


def length_code(length: int) -> Tuple[int, int]:
    index = bisect.bisect([first for first, _ in LENGTH_ROWS], length) - 1
    first, extra = LENGTH_ROWS[index]
    bits, size = LITERALS[257 + index]
    return bits | (length - first) << size, size + extra


LENGTHS = {length: length_code(length) for length in range(3, LONGEST + 1)}
DISTANCES = [first for first, _ in DISTANCE_ROWS]


def distance_code(distance: int) -> Tuple[int, int]:
    index = bisect.bisect(DISTANCES, distance) - 1
    first, extra = DISTANCE_ROWS[index]
    return reverse(index, 5) | (distance - first) << 5, 5 + extra
