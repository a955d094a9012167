"""verify: judge a release of 0x0 offline, by this one file.

    python3 verify.py RELEASE [--key PUBLIC]... [--require-signature] [--statement FILE] [--rebuild SOURCE_TREE] [--json]

RELEASE is a release's directory, its archive, or a directory that the archive was unpacked to. PUBLIC is an Ed25519 public
key: a PEM file, or 64 hexadecimal digits. Exit status: 0 verified, 1 refused (a line for each reason), 2 usage or file
trouble. docs/release.md explains the formats.

It imports nothing but Python's standard library (3.8 or later), opens no connection and starts no process, but for
--rebuild, which runs the chain of the source tree that it is given. What it reads is not trusted: sizes, counts, depth and
numbers are bounded, nothing is unpacked to disk, links and devices are refused.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import errno
import hashlib
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import uuid
import zlib
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterable, List, Mapping, NoReturn, Optional, Sequence, Set, Tuple

# Limits. A release has some 60 files and 2 MiB; what goes far beyond is not one.

MAX_FILES = 4096
MAX_BYTES = 64 << 20  # of all files together, and of an unpacked archive
MAX_JSON_BYTES = 8 << 20
MAX_JSON_DEPTH = 16
MAX_NUMBER = (1 << 53) - 1
MAX_FOLDERS_DEEP = 8
MAX_NAME_BYTES = 100  # what one field of a tar header holds
MAX_REASONS = 50
MAX_SIGNATURES = 16
REBUILD_SECONDS = 3600

# The vocabulary of a release: what the files are called, and which must be there.

MANIFEST_FORMAT = "0x0 release manifest 1"
EVIDENCE_FORMAT = "0x0 release evidence 1"
LEDGER_FORMAT = "0x0 release ledger 1"
ABI = "0x0 ABI 0.1"
PLATFORM = "linux-x86_64"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
PRODUCT_PREDICATE = "urn:0x0:bootstrap-chain:1"
EVIDENCE_PREDICATE = "urn:0x0:evidence:1"

SIGNED, UNSIGNED = "statement.dsse.json", "statement.unsigned.json"
EVIDENCE = "evidence/"
BINARIES = ("bin/zero", "bin/zero-elf-compiler")

# Every product has a role by its name; a name without a role is one file too many.
ROLES: Tuple[Tuple[str, str, str], ...] = (
    (r"bin/zero|bin/zero-elf-compiler", "compiler", "0755"),
    (r"lib/.+", "library", "0644"),
    (r"docs/.+|README\.md", "document", "0644"),
    (r"LICENSE", "licence", "0644"),
    (r"VERSION", "version", "0644"),
    (r"ledger\.json", "ledger", "0644"),
    (r"sbom\.cdx\.json", "bill-of-materials", "0644"),
    (r"verify\.py", "verifier", "0644"),
)
EVIDENCE_ROLES: Tuple[Tuple[str, str, str], ...] = (
    (r"chain/measured\.json", "ledger", "measured"),
    (r"reports/perf/(report\.(txt|json)|SHA256SUMS)", "report", "measured"),  # a verdict on time is one machine's
    (r"reports/[a-z0-9-]+/(report\.(txt|json)|SHA256SUMS)", "report", "reproduced"),
    (r"reports/[a-z0-9-]+/measured\.json", "report", "measured"),
    (r"witnesses/report\.(txt|json)", "witness", "reproduced"),
    (r"witnesses/(measured\.json|SHA256SUMS)", "witness", "measured"),
)
REQUIRED = (*BINARIES, "LICENSE", "README.md", "VERSION", "ledger.json", "sbom.cdx.json", "verify.py", "manifest.json", "SHA256SUMS")
REQUIRED_EVIDENCE = (EVIDENCE + "manifest.json", EVIDENCE + "SHA256SUMS", EVIDENCE + "chain/measured.json")

HEX64 = re.compile(r"[0-9a-f]{64}\Z")
COMMIT = re.compile(r"[0-9a-f]{40}\Z")
VERSION = re.compile(r"[0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}\Z")
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*(/[A-Za-z0-9_][A-Za-z0-9._+-]*)*\Z")


class Refused(Exception):
    """A reason why the release is not what it should be."""


class Trouble(Exception):
    """Wrong usage, or a file that cannot be read: nothing can be said of the release."""


@dataclass(frozen=True)
class Entry:
    mode: int
    content: bytes

    @property
    def sha256(self) -> str:
        return sha256_of(self.content)


Files = Dict[str, Entry]


@dataclass
class Report:
    """What came out: reasons to refuse, and what a person may rely on and what not."""

    release: str
    reasons: List[str] = field(default_factory=list)
    proven: List[str] = field(default_factory=list)
    not_proven: List[str] = field(default_factory=list)
    manifest: Optional[Dict[str, Any]] = None
    signers: List[str] = field(default_factory=list)

    @property
    def verified(self) -> bool:
        return not self.reasons

    def refuse(self, reason: str) -> None:
        self.reasons.append(reason)


@dataclass(frozen=True)
class Request:
    """What the user asked for."""

    keys: Tuple[bytes, ...] = ()
    require_signature: bool = False
    statement: Optional[str] = None
    rebuild: Optional[str] = None


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def shown(text: str) -> str:
    """Text of unknown origin for a terminal: one line of ASCII, not too long."""
    escaped = text.encode("unicode_escape", "surrogatepass").decode("ascii")
    return escaped if len(escaped) <= 160 else escaped[:157] + "..."


# Canonical JSON


def canonical(value: Any) -> bytes:
    """UTF-8, keys sorted, no spaces, one line feed at the end."""
    return (json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n").encode("utf-8")


def read_json(name: str, content: bytes) -> Any:
    """The value of a canonical JSON file; anything unusual is refused."""
    if len(content) > MAX_JSON_BYTES:
        raise Refused(f"{name}: larger than {MAX_JSON_BYTES} bytes")
    try:
        value = json.loads(
            content.decode("utf-8"), object_pairs_hook=pairs, parse_float=no_float, parse_constant=no_float, parse_int=integer
        )
    except Refused as reason:
        raise Refused(f"{name}: {reason}") from None
    except RecursionError:
        raise Refused(f"{name}: nested deeper than {MAX_JSON_DEPTH}") from None
    except (ValueError, MemoryError):
        raise Refused(f"{name}: not JSON in UTF-8") from None
    if too_deep(value):
        raise Refused(f"{name}: nested deeper than {MAX_JSON_DEPTH}")
    try:
        same = canonical(value) == content
    except UnicodeEncodeError:
        same = False
    if not same:
        raise Refused(f"{name}: not in canonical form (keys sorted, no spaces, one line feed at the end)")
    return value


def pairs(items: List[Tuple[str, Any]]) -> Dict[str, Any]:
    result = dict(items)
    if len(result) != len(items):
        raise Refused("a key is given twice")
    return result


def no_float(text: str) -> NoReturn:
    raise Refused(f"{shown(text)}: only integers are allowed")


def integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > MAX_NUMBER:
        raise Refused("a number is too large")
    return int(text)


def too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_JSON_DEPTH):
        inner: List[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner += item.values()
            elif isinstance(item, list):
                inner += item
        if not inner:
            return False
        level = inner
    return True


def record(where: str, value: Any, kinds: Mapping[str, type]) -> Dict[str, Any]:
    """The value, which must be an object with exactly these keys, of these types."""
    if not isinstance(value, dict):
        raise Refused(f"{where}: not an object")
    for key in sorted(kinds.keys() - value.keys()):
        raise Refused(f"{where}: has no {key}")
    for key in sorted(value.keys() - kinds.keys()):
        raise Refused(f"{where}: the key {shown(key)} is unknown")
    for key, kind in kinds.items():
        if type(value[key]) is not kind:
            raise Refused(f"{where}: {key} is not of the type {kind.__name__}")
    return value


def matching(where: str, value: str, pattern: "re.Pattern[str]") -> str:
    if not pattern.match(value):
        raise Refused(f"{where}: {shown(value)} is not of the form {pattern.pattern}")
    return value


def hash_map(where: str, value: Any) -> Dict[str, str]:
    """The value, which must be an object of SHA-256 by name."""
    if not isinstance(value, dict) or not all(isinstance(digest, str) and HEX64.match(digest) for digest in value.values()):
        raise Refused(f"{where}: not an object of SHA-256 by name")
    return value


# Reading: a directory, or an archive, to names, modes and bytes in memory


class Room:
    """How much may still be read."""

    def __init__(self) -> None:
        self.files = MAX_FILES
        self.bytes = MAX_BYTES

    def take(self, name: str, size: int) -> None:
        self.files -= 1
        self.bytes -= size
        if self.files < 0:
            raise Refused(f"more than {MAX_FILES} files")
        if self.bytes < 0:
            raise Refused(f"{shown(name)}: more than {MAX_BYTES} bytes in all")


def check_name(name: str) -> str:
    if len(name) > MAX_NAME_BYTES or not NAME.match(name):
        raise Refused(f"{shown(name)}: not a name that a release has")
    return name


def read_directory(path: str, report: Report) -> Files:
    """Every file below the path. What is neither file nor directory is a reason, and so is a directory without files."""
    files: Files = {}
    room = Room()

    def visit(descriptor: int, prefix: str, depth: int) -> None:
        before = len(files) + len(report.reasons)
        if depth > MAX_FOLDERS_DEEP:
            raise Refused(f"{prefix}: folders are nested deeper than {MAX_FOLDERS_DEEP}")
        for name in listed(descriptor, room):
            try:
                visit_one(descriptor, name, check_name(prefix + name), depth)
            except OSError as error:
                raise Trouble(f"{shown(prefix + name)}: {error.strerror}") from None
            except Refused as reason:
                report.refuse(str(reason))
                if len(report.reasons) > MAX_REASONS or room.files < 0 or room.bytes < 0:
                    raise
        if len(files) + len(report.reasons) == before and prefix:
            report.refuse(f"{prefix} is an empty directory, which no release has")

    def visit_one(parent: int, name: str, whole: str, depth: int) -> None:
        mode = os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            room.take(whole, 0)
            inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
            try:
                visit(inner, whole + "/", depth + 1)
            finally:
                os.close(inner)
        elif stat.S_ISREG(mode):
            files[whole] = read_entry(parent, name, whole, room)
        else:
            raise Refused(f"{whole} is a {kind_of(mode)}, not a file")

    try:
        top = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise Trouble(f"{path}: {error.strerror}") from None
    try:
        visit(top, "", 0)
    finally:
        os.close(top)
    return files


def listed(descriptor: int, room: Room) -> List[str]:
    names = []
    with os.scandir(descriptor) as entries:
        for entry in entries:
            names.append(entry.name)
            if len(names) > room.files:
                raise Refused(f"more than {MAX_FILES} files")
    return sorted(names)


def read_entry(parent: int, name: str, whole: str, room: Room) -> Entry:
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=parent)
    with open(descriptor, "rb") as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode):
            raise Refused(f"{whole} is a {kind_of(facts.st_mode)}, not a file")
        room.take(whole, facts.st_size)
        content = file.read(facts.st_size + 1)
    if len(content) != facts.st_size:
        raise Refused(f"{whole} changed while it was read")
    return Entry(stat.S_IMODE(facts.st_mode), content)


def kind_of(mode: int) -> str:
    kinds = ((stat.S_ISLNK, "symbolic link"), (stat.S_ISFIFO, "pipe"), (stat.S_ISSOCK, "socket"), (stat.S_ISDIR, "directory"))
    return next((text for test, text in kinds if test(mode)), "device")


def read_bounded(path: str, limit: int) -> bytes:
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Trouble(f"{path}: not a file")
            content = file.read(limit + 1)
    except OSError as error:
        raise Trouble(f"{path}: {error.strerror}") from None
    if len(content) > limit:
        raise Refused(f"{path}: larger than {limit} bytes")
    return content


GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"  # deflate, no name, no time, best compression, no system


def unzip(content: bytes) -> bytes:
    if not content.startswith(GZIP_HEADER):
        raise Refused("the archive is no gzip file, or its header names a time, a file or a system")
    decoder = zlib.decompressobj(31)
    try:
        plain = decoder.decompress(content, MAX_BYTES + 1)
    except zlib.error as error:
        raise Refused(f"the archive is damaged: {error}") from None
    if len(plain) > MAX_BYTES:
        raise Refused(f"the archive unpacks to more than {MAX_BYTES} bytes")
    if not decoder.eof:
        raise Refused("the archive is cut off")
    if decoder.unused_data:
        raise Refused(f"{len(decoder.unused_data)} bytes follow the end of the archive")
    return plain


def tar_header(name: str, size: int, mode: int, seconds: int) -> bytes:
    """The one header that a file of a release has: ustar, owner 0, no names of users."""
    fields = (name.encode().ljust(100, b"\0"), b"%07o\0" % mode, b"%07o\0" % 0, b"%07o\0" % 0, b"%011o\0" % size, b"%011o\0" % seconds)
    rest = b"0" + b"\0" * 100 + b"ustar\x0000" + b"\0" * 64 + b"%07o\0" % 0 + b"%07o\0" % 0 + b"\0" * 167
    before = b"".join(fields)
    total = sum(before) + 8 * 0x20 + sum(rest)
    return before + b"%06o\0 " % total + rest


def octal(where: str, field_bytes: bytes) -> int:
    if not re.match(rb"[0-7]+\0\Z", field_bytes):
        raise Refused(f"{where}: a number of its header is malformed")
    return int(field_bytes[:-1], 8)


def read_tar(plain: bytes) -> Tuple[str, Files]:
    """The archive's one top folder, and its files. Every header must be, to the byte, the one that a release has."""
    files: Files = {}
    tops: Set[str] = set()
    room = Room()
    last, at = "", 0
    while plain[at : at + 512].strip(b"\0"):
        header = plain[at : at + 512]
        where = f"entry {len(files) + 1} of the archive"
        try:
            whole = header[:100].rstrip(b"\0").decode("ascii")
        except UnicodeDecodeError:
            raise Refused(f"{where}: its name is not ASCII") from None
        where = shown(whole) or where
        check_name(whole)
        mode, size, seconds = octal(where, header[100:108]), octal(where, header[124:136]), octal(where, header[136:148])
        if header != tar_header(whole, size, mode, seconds):
            raise Refused(f"{where}: not a plain file in the one form that a release has")
        room.take(whole, size)
        top, _, name = whole.partition("/")
        if not name or whole <= last:
            raise Refused(f"{where}: out of order, given twice, or in no folder")
        content = plain[at + 512 : at + 512 + size]
        padded = at + 512 + size + -size % 512
        if len(content) != size or plain[at + 512 + size : padded].strip(b"\0"):
            raise Refused(f"{where}: cut off or wrongly padded")
        files[name] = Entry(mode, content)
        tops.add(top)
        last, at = whole, padded
    if len(tops) != 1:
        raise Refused(f"the archive has {len(tops)} top folders, not one")
    return tops.pop(), files


def make_tar(top: str, files: Files, seconds: int) -> bytes:
    parts = []
    for name in sorted(files):
        content = files[name].content
        parts += [tar_header(f"{top}/{name}", len(content), files[name].mode, seconds), content, b"\0" * (-len(content) % 512)]
    plain = b"".join(parts) + b"\0" * 1024
    return plain + b"\0" * (-len(plain) % 10240)


# Ed25519 (RFC 8032), verification alone. Policy: S below the group's order; the key in canonical form and not of small
# order; the equation without the cofactor, R compared by its bytes. No secret is handled, so time may vary.

FIELD = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE_D = -121665 * pow(121666, FIELD - 2, FIELD) % FIELD
ROOT_OF_MINUS_ONE = pow(2, (FIELD - 1) // 4, FIELD)
Point = Tuple[int, int, int, int]  # X, Y, Z, T with x = X/Z, y = Y/Z, x*y = T/Z
NEUTRAL: Point = (0, 1, 1, 0)


def add(p: Point, q: Point) -> Point:
    a = (p[1] - p[0]) * (q[1] - q[0]) % FIELD
    b = (p[1] + p[0]) * (q[1] + q[0]) % FIELD
    c = 2 * p[3] * q[3] * CURVE_D % FIELD
    d = 2 * p[2] * q[2] % FIELD
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % FIELD, g * h % FIELD, f * g % FIELD, e * h % FIELD)


def decode_point(data: bytes) -> Optional[Point]:
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    if y >= FIELD:
        return None
    u, v = (y * y - 1) % FIELD, (CURVE_D * y * y + 1) % FIELD
    x = u * pow(v, 3, FIELD) * pow(u * pow(v, 7, FIELD), (FIELD - 5) // 8, FIELD) % FIELD
    if v * x * x % FIELD == -u % FIELD:
        x = x * ROOT_OF_MINUS_ONE % FIELD
    if v * x * x % FIELD != u or (x == 0 and sign):
        return None
    x = FIELD - x if x & 1 != sign else x
    return (x, y, 1, x * y % FIELD)


def encode_point(p: Point) -> bytes:
    inverse = pow(p[2], FIELD - 2, FIELD)
    x, y = p[0] * inverse % FIELD, p[1] * inverse % FIELD
    return (y | (x & 1) << 255).to_bytes(32, "little")


def negative(p: Point) -> Point:
    return (-p[0] % FIELD, p[1], p[2], -p[3] % FIELD)


def two_products(a: int, p: Point, b: int, q: Point) -> Point:
    """a times p plus b times q."""
    table = (NEUTRAL, p, q, add(p, q))
    total = NEUTRAL
    for bit in range(max(a.bit_length(), b.bit_length()) - 1, -1, -1):
        total = add(total, total)
        choice = (a >> bit & 1) | (b >> bit & 1) << 1
        if choice:
            total = add(total, table[choice])
    return total


BASE = decode_point((4 * pow(5, FIELD - 2, FIELD) % FIELD).to_bytes(32, "little")) or NEUTRAL


def of_small_order(p: Point) -> bool:
    eight = two_products(8, p, 0, NEUTRAL)
    return eight[0] % FIELD == 0 and (eight[1] - eight[2]) % FIELD == 0


def usable_key(key: bytes) -> bool:
    point = decode_point(key) if len(key) == 32 else None
    return point is not None and not of_small_order(point)


def signature_holds(key: bytes, message: bytes, signature: bytes) -> bool:
    point = decode_point(key) if len(key) == 32 else None
    s = int.from_bytes(signature[32:], "little")
    if point is None or len(signature) != 64 or s >= ORDER or of_small_order(point):
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    return encode_point(two_products(s, BASE, k, negative(point))) == signature[:32]


SPKI_PREFIX = bytes.fromhex("302a300506032b6570032100")  # SubjectPublicKeyInfo of an Ed25519 key, up to its 32 bytes


def read_key(text: str) -> bytes:
    """The 32 bytes of a public key that is given as hexadecimal digits or as the path of a PEM file."""
    if re.match(r"[0-9A-Fa-f]{64}\Z", text):
        key = bytes.fromhex(text)
    else:
        try:
            content = read_bounded(text, 4096)
        except Refused as reason:
            raise Trouble(str(reason)) from None
        match = re.match(rb"\s*-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*\Z", content)
        der = decode_base64(b"".join(match.group(1).split())) if match else None
        if der is None or len(der) != 44 or not der.startswith(SPKI_PREFIX):
            raise Trouble(f"{text}: not an Ed25519 public key in PEM")
        key = der[12:]
    if not usable_key(key):
        raise Trouble(f"{text}: no point of the curve that may be a public key")
    return key


def decode_base64(data: bytes) -> Optional[bytes]:
    """The decoded bytes; None unless the text is the one way to write them."""
    try:
        plain = base64.b64decode(data, validate=True)
    except (ValueError, binascii.Error):
        return None
    return plain if base64.b64encode(plain) == data else None


def pre_authentication(payload_type: str, payload: bytes) -> bytes:
    """What DSSE signs."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


@dataclass(frozen=True)
class Statement:
    name: str
    value: Dict[str, Any]
    signers: Tuple[str, ...]  # public keys, hexadecimal; each signature was checked against its own


def open_envelope(name: str, envelope: Any) -> Tuple[bytes, Tuple[str, ...]]:
    """The payload of a DSSE envelope and the keys that signed it; every signature must hold."""
    record(name, envelope, {"payload": str, "payloadType": str, "signatures": list})
    payload = decode_base64(envelope["payload"].encode("utf-8", "replace"))
    if payload is None or envelope["payloadType"] != PAYLOAD_TYPE:
        raise Refused(f"{name}: not an envelope of an in-toto statement")
    if not 1 <= len(envelope["signatures"]) <= MAX_SIGNATURES:
        raise Refused(f"{name}: {len(envelope['signatures'])} signatures; there must be 1 to {MAX_SIGNATURES}")
    message = pre_authentication(PAYLOAD_TYPE, payload)
    signers: List[str] = []
    for item in envelope["signatures"]:
        record(f"{name}: a signature", item, {"keyid": str, "sig": str})
        key = matching(f"{name}: a key", item["keyid"], HEX64)
        signature = decode_base64(item["sig"].encode("utf-8", "replace"))
        if signature is None or not signature_holds(bytes.fromhex(key), message, signature):
            raise Refused(f"{name}: the signature of key {key} does not hold")
        signers.append(key)
    if len(set(signers)) != len(signers):
        raise Refused(f"{name}: a key signed twice")
    return payload, tuple(signers)


def read_statement(name: str, content: bytes) -> Statement:
    """The statement, bare or in its envelope."""
    value = read_json(name, content)
    signers: Tuple[str, ...] = ()
    if isinstance(value, dict) and "payload" in value:
        payload, signers = open_envelope(name, value)
        value = read_json(f"{name} (payload)", payload)
    if name.endswith((SIGNED, UNSIGNED)) and name.endswith(SIGNED) != bool(signers):
        raise Refused(f"{name}: its name says that it is {'signed' if not signers else 'not signed'}, and it is otherwise")
    record(name, value, {"_type": str, "subject": list, "predicateType": str, "predicate": dict})
    if value["_type"] != STATEMENT_TYPE:
        raise Refused(f"{name}: not an in-toto statement")
    return Statement(name, value, signers)


def subjects_of(statement: Statement) -> Dict[str, str]:
    found: Dict[str, str] = {}
    for item in statement.value["subject"]:
        record(f"{statement.name}: a subject", item, {"name": str, "digest": dict})
        digest = record(f"{statement.name}: a digest", item["digest"], {"sha256": str})
        found[item["name"]] = matching(statement.name, digest["sha256"], HEX64)
    if list(found) != sorted(found) or len(found) != len(statement.value["subject"]):
        raise Refused(f"{statement.name}: its subjects are not sorted, or one is given twice")
    return found


# The checks. Each raises or records reasons; all are run.


def compare_sets(where: str, expected: Iterable[str], found: Iterable[str], report: Report) -> None:
    expected_set, found_set = set(expected), set(found)
    for name in sorted(expected_set - found_set):
        report.refuse(f"{shown(name)} is missing from {where}")
    for name in sorted(found_set - expected_set):
        report.refuse(f"{shown(name)} in {where} is one too many")


def load(files: Files, name: str, prefix: str = "") -> Any:
    if name not in files:
        raise Refused(f"{prefix}{name} is missing")
    return read_json(prefix + name, files[name].content)


def role_of(name: str, roles: Sequence[Tuple[str, str, str]]) -> Optional[Tuple[str, str]]:
    return next(((role, other) for pattern, role, other in roles if re.match(rf"(?:{pattern})\Z", name)), None)


def mode_fits(found: int, stated: int) -> bool:
    """The owner's bits are as stated; a umask may have taken others away, nothing may have been added."""
    return found & 0o700 == stated & 0o700 and found & ~stated == 0


FILE_KINDS: Dict[str, type] = {"path": str, "size": int, "sha256": str, "mode": str, "role": str, "class": str}


def listed_files(where: str, items: List[Any], roles: Sequence[Tuple[str, str, str]]) -> Dict[str, Dict[str, Any]]:
    """The file records of a manifest by path: sorted, each of a name that has its role."""
    found: Dict[str, Dict[str, Any]] = {}
    for item in items:
        record(f"{where}: a file", item, FILE_KINDS)
        name = check_name(item["path"])
        role = role_of(name, roles)
        matching(f"{where}: {name}", item["sha256"], HEX64)
        matching(f"{where}: {name}", item["mode"], re.compile(r"0644\Z|0755\Z"))
        if role is None or role[0] != item["role"]:
            raise Refused(f"{where}: {name} has not the role {shown(item['role'])}, or none")
        found[name] = item
    if list(found) != sorted(found) or len(found) != len(items):
        raise Refused(f"{where}: its files are not sorted, or one is given twice")
    return found


def check_against(where: str, prefix: str, stated: Dict[str, Dict[str, Any]], files: Files, report: Report) -> None:
    for name in sorted(stated.keys() & files.keys()):
        item, entry = stated[name], files[name]
        if len(entry.content) != item["size"]:
            report.refuse(f"{prefix}{name} has {len(entry.content)} bytes, {where} says {item['size']}")
        elif entry.sha256 != item["sha256"]:
            report.refuse(f"{prefix}{name} has SHA-256 {entry.sha256}, {where} says {item['sha256']}")
        if not mode_fits(entry.mode, int(item["mode"], 8)):
            report.refuse(f"{prefix}{name} has mode {entry.mode:04o}, {where} says {item['mode']}")


def check_plain_modes(names: Iterable[str], files: Files, report: Report) -> None:
    """What no manifest can state of itself is a plain file."""
    for name in names:
        if name in files and not mode_fits(files[name].mode, 0o644):
            report.refuse(f"{name} has mode {files[name].mode:04o}, not 0644")


def check_manifest(files: Files, report: Report) -> Dict[str, Any]:
    kinds = {"format": str, "class": str, "version": str, "abi": str, "platform": str, "commit": str, "commit_seconds": int, "tree": str}
    manifest = record("manifest.json", load(files, "manifest.json"), {**kinds, "files": list})
    if (manifest["format"], manifest["class"]) != (MANIFEST_FORMAT, "reproduced"):
        raise Refused(f"manifest.json: not of the format {MANIFEST_FORMAT}")
    matching("manifest.json: version", manifest["version"], VERSION)
    matching("manifest.json: commit", manifest["commit"], COMMIT)
    if manifest["tree"] not in ("clean", "dirty") or not 0 <= manifest["commit_seconds"] < 8**11:
        raise Refused("manifest.json: tree or commit_seconds is not of its form")
    if (manifest["abi"], manifest["platform"]) != (ABI, PLATFORM):
        raise Refused(f"manifest.json: ABI and platform are not {ABI} and {PLATFORM}")
    stated = listed_files("manifest.json", manifest["files"], ROLES)
    for name, item in stated.items():
        if item["class"] != "reproduced" or item["mode"] != (role_of(name, ROLES) or ("", ""))[1]:
            raise Refused(f"manifest.json: {name} has the class {shown(item['class'])} or the mode {item['mode']}")
    compare_sets("manifest.json", set(REQUIRED) - {"manifest.json", "SHA256SUMS"}, set(REQUIRED) & stated.keys(), report)
    compare_sets("the release", [*stated, "manifest.json", "SHA256SUMS"], files, report)
    check_against("manifest.json", "", stated, files, report)
    check_plain_modes(("manifest.json", "SHA256SUMS"), files, report)
    report.manifest = manifest
    report.proven.append(f"the {len(files)} files of the product are exactly those of its manifest, by size, SHA-256 and mode")
    return manifest


def sums_of(files: Files) -> bytes:
    return "".join(f"{files[name].sha256}  {name}\n" for name in sorted(files) if name != "SHA256SUMS").encode()


def check_sums(prefix: str, files: Files) -> None:
    found, expected = files["SHA256SUMS"].content.split(b"\n"), sums_of(files).split(b"\n")
    for number, (left, right) in enumerate(zip(found, expected), 1):
        if left != right:
            wanted = right.decode() or "its end"
            raise Refused(f"{prefix}SHA256SUMS: line {number} is {shown(left.decode('utf-8', 'replace'))}, not {wanted}")
    if len(found) != len(expected):
        raise Refused(f"{prefix}SHA256SUMS: {len(found)} lines instead of {len(expected)}")


def check_compiler(files: Files, manifest: Dict[str, Any]) -> None:
    if files["VERSION"].content != f"{manifest['version']}\n".encode():
        raise Refused(f"VERSION is not {manifest['version']}, as manifest.json says")
    first, second = (files[name].content for name in BINARIES)
    if first != second:
        raise Refused(f"{BINARIES[0]} and {BINARIES[1]} differ; they are one binary under two names")
    if not first.startswith(b"\x7fELF\x02\x01\x01") or first[18:20] != b"\x3e\x00":
        raise Refused(f"{BINARIES[0]} is no ELF file for x86-64")
    if ABI.encode() + b"\0" not in first:
        raise Refused(f"{BINARIES[0]} lacks the marker {ABI}")


def check_ledger(files: Files, report: Report) -> Dict[str, Any]:
    kinds = {"format": str, "chain": str, "origin": str, "inputs": dict, "stages": list, "equal": list}
    ledger = record("ledger.json", load(files, "ledger.json"), kinds)
    if ledger["format"] != LEDGER_FORMAT or ledger["origin"] != "seed":
        raise Refused("ledger.json: not the ledger of a release, which is grown from the seed")
    inputs = hash_map("ledger.json: inputs", ledger["inputs"])
    made: Dict[str, str] = {}
    for stage in ledger["stages"]:
        record("ledger.json: a stage", stage, {"name": str, "size": int, "sha256": str})
        made[stage["name"]] = matching("ledger.json: a stage", stage["sha256"], HEX64)
    if len(made) != len(ledger["stages"]):
        raise Refused("ledger.json: a stage is given twice")
    for pair in ledger["equal"]:
        if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(name, str) and name in made for name in pair)):
            raise Refused("ledger.json: equal names stages that there are not")
        if made[pair[0]] != made[pair[1]]:
            raise Refused(f"ledger.json: {pair[0]} and {pair[1]} are said to be equal, and are not")
    if ["stage2", "stage3"] not in ledger["equal"]:
        raise Refused("ledger.json: stage2 and stage3 were not compared")
    if made["stage2"] != files[BINARIES[0]].sha256:
        raise Refused(f"{BINARIES[0]} has SHA-256 {files[BINARIES[0]].sha256}, ledger.json says that stage2 has {made['stage2']}")
    library = {name: digest for name, digest in inputs.items() if name.startswith("lib/")}
    compare_sets("lib/", library, [name for name in files if name.startswith("lib/")], report)
    for name in sorted(library.keys() & files.keys()):
        if files[name].sha256 != library[name]:
            report.refuse(f"{name} has SHA-256 {files[name].sha256}, ledger.json says {library[name]}")
    report.proven.append("the compiler and the library are those of the ledger, which says that stage2 = stage3, from the seed")
    return ledger


def bill_serial(value: Dict[str, Any]) -> str:
    """The serial number that a bill of materials has by its content."""
    bare = {key: item for key, item in value.items() if key != "serialNumber"}
    return uuid.uuid5(uuid.NAMESPACE_URL, "urn:0x0:bill-of-materials:" + sha256_of(canonical(bare))).urn


def bill_files(components: Any) -> Dict[str, str]:
    """The SHA-256 of every component that is a file, by its reference, those inside others too."""
    found: Dict[str, str] = {}
    if not isinstance(components, list):
        raise Refused("sbom.cdx.json: its components are no list")
    for item in components:
        if not isinstance(item, dict) or not isinstance(item.get("bom-ref"), str):
            raise Refused("sbom.cdx.json: a component has no reference")
        if item.get("type") == "file":
            hashes = item.get("hashes")
            one = hashes[0] if isinstance(hashes, list) and len(hashes) == 1 else None
            if not isinstance(one, dict) or one.get("alg") != "SHA-256" or not isinstance(one.get("content"), str):
                raise Refused(f"sbom.cdx.json: {shown(item['bom-ref'])} has not one SHA-256")
            found[item["bom-ref"]] = one["content"]
        found.update(bill_files(item.get("components", [])))
    return found


def check_bill(files: Files, manifest: Dict[str, Any], ledger: Dict[str, Any], report: Report) -> None:
    bill = load(files, "sbom.cdx.json")
    if not isinstance(bill, dict) or bill.get("bomFormat") != "CycloneDX":
        raise Refused("sbom.cdx.json: not a CycloneDX bill of materials")
    if bill.get("serialNumber") != bill_serial(bill):
        raise Refused("sbom.cdx.json: its serial number is not that of its content")
    metadata = bill.get("metadata")
    subject = metadata.get("component") if isinstance(metadata, dict) else None
    if not isinstance(subject, dict) or (subject.get("name"), subject.get("version")) != ("zero", manifest["version"]):
        raise Refused(f"sbom.cdx.json: not the bill of zero {manifest['version']}")
    expected = {item["path"]: item["sha256"] for item in manifest["files"] if item["role"] in ("compiler", "library")}
    expected.update((name, digest) for name, digest in ledger["inputs"].items() if name.startswith("bootstrap/seed/"))
    found = bill_files(bill.get("components"))
    compare_sets("sbom.cdx.json", expected, found, report)
    for name in sorted(expected.keys() & found.keys()):
        if expected[name] != found[name]:
            report.refuse(f"sbom.cdx.json: {name} has SHA-256 {shown(found[name])}, manifest and ledger say {expected[name]}")


def archive_name(manifest: Dict[str, Any]) -> str:
    return f"zero-{manifest['version']}-{manifest['platform']}.tar.gz"


def check_subjects(statement: Statement, files: Files, others: Dict[str, Optional[str]], report: Report) -> None:
    """The subjects are the files and the others, whose digest may be unknown (None)."""
    found = subjects_of(statement)
    expected: Dict[str, Optional[str]] = {**{name: entry.sha256 for name, entry in files.items()}, **others}
    compare_sets(f"the subjects of {statement.name}", expected, found, report)
    for name in sorted(expected.keys() & found.keys()):
        digest = expected[name]
        if digest is not None and digest != found[name]:
            report.refuse(f"{name} has SHA-256 {digest}, {statement.name} says {found[name]}")


def check_statement(
    statement: Statement, files: Files, manifest: Dict[str, Any], ledger: Dict[str, Any], archive: Optional[bytes], report: Report
) -> None:
    check_subjects(statement, files, {archive_name(manifest): None if archive is None else sha256_of(archive)}, report)
    source = {key: manifest[key] for key in ("version", "abi", "platform", "commit", "commit_seconds", "tree")}
    says = canonical([PRODUCT_PREDICATE, {"release": source, "chain": ledger}])
    if canonical([statement.value["predicateType"], statement.value["predicate"]]) != says:
        raise Refused(f"{statement.name}: what it says of source and chain is not what manifest.json and ledger.json say")
    report.proven.append(f"{statement.name} speaks of exactly these files, and of this commit and chain")


def check_trust(statement: Statement, request: Request, report: Report) -> None:
    """Who signed, and whether the user trusts one of them."""
    known = [key.hex() for key in request.keys]
    trusted = [key for key in statement.signers if key in known]
    report.signers = sorted(set(report.signers) | set(statement.signers))
    if trusted:
        report.proven.append(f"{statement.name} is signed by a key that you trust: {', '.join(trusted)}")
    elif known and not statement.signers:
        report.refuse(f"{statement.name} is not signed; a signature by {', '.join(known)} was asked for")
    elif known:
        report.refuse(f"{statement.name} is signed by {', '.join(statement.signers)}, none of which is a key that you gave")
    elif request.require_signature and not statement.signers:
        report.refuse(f"{statement.name} is not signed, and a signature was asked for")
    elif request.require_signature:
        report.refuse(f"{statement.name} is signed by {', '.join(statement.signers)}; name the key that you trust by --key")
    elif statement.signers:
        report.not_proven.append(f"who made it: {statement.name} is signed by {', '.join(statement.signers)}, but no --key was given")
    else:
        report.not_proven.append(f"who made it: {statement.name} is NOT SIGNED; whoever passed it on can have changed all of it")


def check_archive(archive: bytes, files: Files, manifest: Dict[str, Any], report: Report) -> None:
    """The archive beside a product has exactly its bytes."""
    plain = unzip(archive)
    stated = {item["path"]: int(item["mode"], 8) for item in manifest["files"]}
    entries = {name: Entry(stated.get(name, 0o644), entry.content) for name, entry in files.items()}
    if plain != make_tar(f"zero-{manifest['version']}", entries, manifest["commit_seconds"]):
        top, packed = read_tar(plain)
        compare_sets(archive_name(manifest), files, packed, report)
        for name in sorted(packed.keys() & files.keys()):
            if packed[name].content != files[name].content:
                raise Refused(f"{archive_name(manifest)}: {name} is not the file of the release")
        raise Refused(f"{archive_name(manifest)}: its folder {shown(top)}, a mode, a time or its end is not that of the release")
    report.proven.append(f"{archive_name(manifest)} holds exactly the product")


def check_evidence(files: Files, product: Files, ledger: Dict[str, Any], statement: Statement, report: Report) -> None:
    kinds = {"format": str, "product": str, "absent": list, "files": list}
    manifest = record("evidence/manifest.json", load(files, "manifest.json", EVIDENCE), kinds)
    if manifest["format"] != EVIDENCE_FORMAT:
        raise Refused(f"evidence/manifest.json: not of the format {EVIDENCE_FORMAT}")
    if manifest["product"] != product["manifest.json"].sha256:
        raise Refused("evidence/manifest.json: it is of another product")
    stated = listed_files("evidence/manifest.json", manifest["files"], EVIDENCE_ROLES)
    for name, item in stated.items():
        if item["class"] != (role_of(name, EVIDENCE_ROLES) or ("", ""))[1] or item["mode"] != "0644":
            raise Refused(f"evidence/manifest.json: {name} has the class {shown(item['class'])} or the mode {item['mode']}")
    compare_sets("evidence/", [*stated, "manifest.json", "SHA256SUMS"], files, report)
    check_against("evidence/manifest.json", EVIDENCE, stated, files, report)
    check_absent(manifest["absent"], stated, report)
    check_sums(EVIDENCE, files)
    check_subjects(statement, files, {}, report)
    if statement.value["predicateType"] != EVIDENCE_PREDICATE or statement.value["predicate"] != {"product": manifest["product"]}:
        raise Refused(f"{statement.name}: it is not of this product's evidence")
    measured = load(files, "chain/measured.json", EVIDENCE)
    stages = measured.get("stages") if isinstance(measured, dict) else None
    if not isinstance(stages, list) or [stage.get("name") for stage in stages if isinstance(stage, dict)] != [
        stage["name"] for stage in ledger["stages"]
    ]:
        raise Refused("evidence/chain/measured.json: its stages are not those of ledger.json")
    report.proven.append(f"the {len(files)} files of the evidence are exactly those of its manifest, and belong to this product")


def check_absent(absent: List[Any], stated: Dict[str, Any], report: Report) -> None:
    """What is said to be absent is absent, and what is absent is said to be."""
    missing = [name for name in ("reports", "witnesses") if not any(path.startswith(name + "/") for path in stated)]
    if absent != missing:
        raise Refused(f"evidence/manifest.json: absent is {shown(str(absent))}, but there are no {missing}")
    for name in missing:
        report.not_proven.append(f"there are no {name} in this release")


# The rebuild


def rebuild(tree: str, files: Files, ledger: Dict[str, Any], report: Report) -> None:
    """Run the tree's chain from the seed in a directory of its own, and compare."""
    if not os.path.isfile(os.path.join(tree, "bootstrap", "__main__.py")):
        raise Trouble(f"{tree}: not a source tree of 0x0 (no bootstrap/__main__.py)")
    before = len(report.reasons)
    with tempfile.TemporaryDirectory(prefix="zero-verify-") as place:
        copy = os.path.join(place, "source")
        try:
            shutil.copytree(tree, copy, symlinks=True, ignore=shutil.ignore_patterns(".git", "build", "__pycache__"))
        except (OSError, shutil.Error) as error:
            raise Trouble(f"{tree}: cannot be copied: {shown(str(error))}") from None
        run_chain(copy)
        compare_rebuilt(copy, files, ledger, report)
    if len(report.reasons) == before:
        report.proven.append(f"built again from the seed out of {shown(tree)}: compiler, library, documents, ledger, equal to the byte")


def run_chain(copy: str) -> None:
    command = [sys.executable, "-m", "bootstrap", "--from-seed", "--again"]
    environment = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR") if key in os.environ}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    log = os.path.join(copy, "chain.log")
    with open(log, "wb") as output:
        chain = subprocess.Popen(
            command, cwd=copy, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
        try:
            status = chain.wait(REBUILD_SECONDS)
        except BaseException as error:
            os.killpg(chain.pid, signal.SIGKILL)
            chain.wait()
            if isinstance(error, subprocess.TimeoutExpired):
                raise Refused(f"the rebuild was ended after {REBUILD_SECONDS} seconds") from None
            raise
    if status != 0:
        lines = read_bounded(log, MAX_BYTES).decode("utf-8", "replace").strip().splitlines() or ["no message"]
        raise Refused(f"the rebuild failed with status {status}: {shown(lines[-1])}")


def compare_rebuilt(copy: str, files: Files, ledger: Dict[str, Any], report: Report) -> None:
    sources = {"bin/zero": "build/bin/zero", "bin/zero-elf-compiler": "build/bin/zero", "verify.py": "release/verify.py"}
    for name in sorted(files):
        role = role_of(name, ROLES)
        if role is None or role[0] in ("ledger", "bill-of-materials"):
            continue
        path = os.path.join(copy, sources.get(name, name))
        again = read_bounded(path, MAX_BYTES) if os.path.isfile(path) else None
        if again is None:
            report.refuse(f"{name} is in the release and not in the rebuilt tree")
        elif again != files[name].content:
            report.refuse(f"{name} was built otherwise: {first_difference(files[name].content, again)}")
    for folder in ("docs", "lib"):
        compare_sets(f"the release's {folder}/", below(copy, folder), [name for name in files if name.startswith(folder + "/")], report)
    told = json.loads(read_bounded(os.path.join(copy, "build", "chain", "ledger.json"), MAX_JSON_BYTES))
    compare_ledgers(ledger, told, report)


def below(copy: str, folder: str) -> List[str]:
    return [
        os.path.relpath(os.path.join(place, name), copy) for place, _, names in os.walk(os.path.join(copy, folder)) for name in names
    ]


def compare_ledgers(ledger: Dict[str, Any], told: Dict[str, Any], report: Report) -> None:
    """Inputs, stages and equality of the release's ledger against those of the rebuild."""
    inputs = hash_map("the rebuild's ledger: inputs", told.get("inputs"))
    compare_sets("the release's ledger", inputs, ledger["inputs"], report)
    for name in sorted(inputs.keys() & ledger["inputs"].keys()):
        if inputs[name] != ledger["inputs"][name]:
            report.refuse(f"the source tree has another {name} than the release was made from")
    stages = {stage["name"]: stage["sha256"] for stage in told["stages"]}
    for stage in ledger["stages"]:
        if stages.get(stage["name"]) != stage["sha256"]:
            report.refuse(f"stage {stage['name']} was {stage['sha256']} and is now {stages.get(stage['name'])}")
    if told["equal"] != ledger["equal"]:
        report.refuse("the rebuild compared other stages")


def first_difference(left: bytes, right: bytes) -> str:
    at = next((index for index, (a, b) in enumerate(zip(left, right)) if a != b), min(len(left), len(right)))
    shown_bytes = [f"0x{data[at]:02x}" if at < len(data) else "the end" for data in (left, right)]
    return f"{len(left)} and {len(right)} bytes, first at byte {at}: {shown_bytes[0]} released, {shown_bytes[1]} rebuilt"


# The whole


@dataclass
class Release:
    """The parts of what is judged."""

    product: Files
    evidence: Files = field(default_factory=dict)
    archive: Optional[bytes] = None
    outer: Files = field(default_factory=dict)  # statements, archive and its hash, by name


def read_release(path: str, report: Report) -> Release:
    if not os.path.isdir(path):
        archive = read_bounded(path, MAX_BYTES)
        return Release(read_tar(unzip(archive))[1], archive=archive)
    release = Release({})
    for name, entry in read_directory(path, report).items():
        if name.startswith(EVIDENCE) and name not in (EVIDENCE + SIGNED, EVIDENCE + UNSIGNED):
            release.evidence[name[len(EVIDENCE) :]] = entry
        elif name.split("/")[-1] in (SIGNED, UNSIGNED) or re.match(r"zero-[^/]*\.tar\.gz(\.sha256)?\Z", name):
            release.outer[name] = entry
        else:
            release.product[name] = entry
    return release


def attempt(report: Report, check: Callable[[], None]) -> None:
    """Run a check; what it refuses is a reason."""
    try:
        check()
    except Refused as reason:
        report.refuse(str(reason))
    except KeyError as name:  # a file that an earlier check has reported as missing
        report.refuse(f"{shown(str(name.args[0]))} is missing, so that not all could be checked")


def examine(path: str, request: Request) -> Report:
    """Judge the release; never raises but Trouble."""
    report = Report(path)
    attempt(report, lambda: judge(path, request, report))
    return report


def judge(path: str, request: Request, report: Report) -> None:
    release = read_release(path, report)
    compare_sets("the release", REQUIRED, set(REQUIRED) & release.product.keys(), report)
    manifest = check_manifest(release.product, report)
    attempt(report, lambda: check_sums("", release.product))
    attempt(report, lambda: check_compiler(release.product, manifest))
    ledger = check_ledger(release.product, report)
    attempt(report, lambda: check_bill(release.product, manifest, ledger, report))
    if release.evidence or release.outer:
        if request.statement is not None:
            raise Trouble("--statement is for an archive or what was unpacked from one; a release's directory has its own")
        judge_directory(release, manifest, ledger, request, report)
    else:
        judge_content(path, release, manifest, ledger, request, report)
    if manifest["tree"] == "dirty":
        report.not_proven.append("that it is made from its commit: the tree was DIRTY")
    if request.rebuild is None:
        report.not_proven.append("that the source gives these bytes: nothing was built again (--rebuild SOURCE_TREE does)")
    else:
        tree = request.rebuild
        attempt(report, lambda: rebuild(tree, release.product, ledger, report))
    report.not_proven.append("that the compiler is right, and that the seed is honest: that takes readers")


def judge_directory(release: Release, manifest: Dict[str, Any], ledger: Dict[str, Any], request: Request, report: Report) -> None:
    """A whole release: beside the product its archive, statements and evidence."""
    statement_name = SIGNED if SIGNED in release.outer else UNSIGNED
    archive = archive_name(manifest)
    expected = [statement_name, EVIDENCE + statement_name, archive, archive + ".sha256"]
    compare_sets("the release", expected, release.outer, report)
    compare_sets("the release", REQUIRED_EVIDENCE, {*REQUIRED_EVIDENCE} & {EVIDENCE + name for name in release.evidence}, report)
    check_plain_modes(expected, release.outer, report)
    attempt(report, lambda: check_plain_modes(("manifest.json", "SHA256SUMS"), release.evidence, report))
    attempt(report, lambda: check_archive(release.outer[archive].content, release.product, manifest, report))
    attempt(report, lambda: check_archive_sum(release, archive))

    def check_product_statement() -> None:
        statement = read_statement(statement_name, release.outer[statement_name].content)
        check_statement(statement, release.product, manifest, ledger, release.outer[archive].content, report)
        check_trust(statement, request, report)

    def check_evidence_statement() -> None:
        name = EVIDENCE + statement_name
        statement = read_statement(name, release.outer[name].content)
        check_evidence(release.evidence, release.product, ledger, statement, report)
        check_trust(statement, request, report)

    attempt(report, check_product_statement)
    attempt(report, check_evidence_statement)


def check_archive_sum(release: Release, archive: str) -> None:
    if release.outer[archive + ".sha256"].content != f"{release.outer[archive].sha256}  {archive}\n".encode():
        raise Refused(f"{archive}.sha256 is not the SHA-256 of {archive}")


def judge_content(
    path: str, release: Release, manifest: Dict[str, Any], ledger: Dict[str, Any], request: Request, report: Report
) -> None:
    """An archive, or what was unpacked from one: the statement lies beside it, or is named, or is not there."""
    if release.archive is not None:
        attempt(report, lambda: check_archive(release.archive or b"", release.product, manifest, report))
    candidates = [request.statement] if request.statement else []
    if release.archive is not None and not candidates:
        folder = os.path.dirname(os.path.abspath(path))
        candidates = [os.path.join(folder, name) for name in (SIGNED, UNSIGNED) if os.path.exists(os.path.join(folder, name))]
    report.not_proven.append("the evidence is not in an archive: verify the release's directory")
    if not candidates:
        check_trust(Statement("it (no statement is given)", {}, ()), request, report)
        return
    name = candidates[0]
    content = read_bounded(name, MAX_JSON_BYTES)
    statement = read_statement(os.path.basename(name), content)
    check_statement(statement, release.product, manifest, ledger, release.archive, report)
    check_trust(statement, request, report)


def text_of(report: Report) -> str:
    lines = [f"refused: {reason}" for reason in report.reasons[:MAX_REASONS]]
    if len(report.reasons) > MAX_REASONS:
        lines.append(f"refused: and {len(report.reasons) - MAX_REASONS} more reasons")
    if report.verified:
        lines += [f"proven: {line}" for line in report.proven]
        lines += [f"not proven: {line}" for line in report.not_proven]
    if report.verified and report.manifest is not None:
        facts = report.manifest
        lines.append(f"verified: {shown(report.release)}: zero {facts['version']} for {facts['platform']}, commit {facts['commit']}")
    else:
        lines.append(f"not verified: {shown(report.release)}")
    return "\n".join(lines) + "\n"


def json_of(report: Report) -> bytes:
    return canonical(
        {
            "release": shown(report.release),
            "verified": report.verified,
            "reasons": report.reasons[:MAX_REASONS],
            "reasons_in_all": len(report.reasons),
            "proven": report.proven if report.verified else [],
            "not_proven": report.not_proven if report.verified else [],
            "signers": report.signers,
            "version": report.manifest["version"] if report.manifest else None,
            "commit": report.manifest["commit"] if report.manifest else None,
        }
    )


def main(arguments: Optional[Sequence[str]] = None) -> int:
    parser = argparse.ArgumentParser(prog="verify.py", description="Judge a release of 0x0 offline.")
    parser.add_argument("release", metavar="RELEASE", help="the release's directory, its archive, or what was unpacked from it")
    parser.add_argument("--key", action="append", default=[], metavar="PUBLIC", help="a key to trust: PEM file or 64 hexadecimal digits")
    parser.add_argument("--require-signature", action="store_true", help="refuse what no key that you trust has signed")
    parser.add_argument("--statement", metavar="FILE", help="the statement of an archive, if it does not lie beside it")
    parser.add_argument("--rebuild", metavar="SOURCE_TREE", help="build again from this source tree and compare")
    parser.add_argument("--json", action="store_true", help="answer in canonical JSON")
    options = parser.parse_args(arguments)
    try:
        request = Request(
            tuple(read_key(text) for text in options.key), options.require_signature, options.statement, options.rebuild
        )
        report = examine(options.release, request)
    except Trouble as trouble:
        print(f"verify.py: {trouble}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"verify.py: {shown(str(error.filename))}: {error.strerror}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("verify.py: interrupted; nothing is said of the release", file=sys.stderr)
        return 130
    if not told(report, options.json):
        return 2
    return 0 if report.verified else 1


def told(report: Report, as_json: bool) -> bool:
    """Write the answer; false when it could not all be written, for then nobody has got it."""
    try:
        if sys.stdout is None:
            raise OSError(errno.EBADF, "closed")
        if as_json:
            sys.stdout.buffer.write(json_of(report))
        else:
            sys.stdout.write(text_of(report))
        sys.stdout.flush()
    except OSError as error:
        print(f"verify.py: output: {error.strerror}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is left in the buffer has to go somewhere when Python ends
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
