"""toml: read the part of TOML that the project's own files use, and all of TOML where Python can.

Python has a TOML reader only since 3.11. What is read here on any Python: comments, `[table]`, `[[table]]`, and `key = value`
where the key is bare (letters, digits, `-`, `_`) and the value is a basic string with the escapes \\" \\\\ \\n \\t, a decimal
integer, true, false, or an array of strings, which may span lines. Anything else is refused with its line; so is a key or
table given twice. Tables do not nest. What is read here means the same as in TOML; tests hold that against tomllib.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple, Union

from . import BootstrapError

Value = Union[str, int, bool, List[str]]
Table = Dict[str, Value]

TOKEN = re.compile(
    r"""(?P<space>[ \t]+|\#[^\x00-\x08\x0a-\x1f\x7f]*)
      | (?P<string>"(?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\["\\nt])*")
      | (?P<integer>[+-]?(?:0|[1-9][0-9]*)(?![0-9A-Za-z_.-]))
      | (?P<bare>[A-Za-z0-9_-]+)
      | (?P<mark>\[\[|\]\]|[\[\]=,\n])""",
    re.VERBOSE,
)
ESCAPES = {'\\"': '"', "\\\\": "\\", "\\n": "\n", "\\t": "\t"}
MAX_DIGITS = 18  # of an integer: TOML promises 64 bits
KINDS = {str: "a string", int: "an integer", bool: "true or false", list: "an array of strings"}


class Document:
    """A file's values: those before any table, single tables and tables that may come several times."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.top: Table = {}
        self.tables: Dict[str, Table] = {}
        self.lists: Dict[str, List[Table]] = {}
        self.lines: Dict[int, int] = {}  # id of a table -> its line; empty where tomllib read the file
        self.numbered = True

    def fail(self, line: int, message: str) -> BootstrapError:
        return BootstrapError(f"{self.path}:{line}: {message}" if self.numbered else f"{self.path}: {message}")

    def line_of(self, table: Table) -> int:
        return self.lines.get(id(table), 1)


class Reader:
    def __init__(self, path: Path, text: str) -> None:
        self.document = Document(path)
        self.tokens = self.split(text)
        self.at = 0

    def split(self, text: str) -> List[Tuple[str, str, int]]:
        tokens = []
        offset, line = 0, 1
        while offset < len(text):
            match = TOKEN.match(text, offset)
            if match is None:
                raise self.document.fail(line, f"cannot read {text[offset:offset + 80].splitlines()[0]!r}")
            if match.lastgroup != "space":
                tokens.append((match.lastgroup or "", match.group(), line))
            line += match.group().count("\n")
            offset = match.end()
        tokens.append(("mark", "\n", line))
        return tokens

    def peek(self) -> Tuple[str, str, int]:
        return self.tokens[min(self.at, len(self.tokens) - 1)]

    def take(self) -> Tuple[str, str, int]:
        token = self.peek()
        self.at += 1
        return token

    def expect(self, text: str, what: str) -> None:
        _, found, line = self.take()
        if found != text:
            raise self.document.fail(line, f"expected {what}, found {found!r}")

    def key(self) -> Tuple[str, int]:
        kind, text, line = self.take()
        if kind not in ("bare", "integer") or text.startswith("+"):
            raise self.document.fail(line, f"expected a name, found {text!r}")
        return text, line

    def read(self) -> Document:
        table = self.document.top
        while self.at < len(self.tokens):
            _, text, line = self.peek()
            if text == "\n":
                self.at += 1
            elif text in ("[", "[["):
                table = self.header(text, line)
            else:
                self.pair(table)
        return self.document

    def header(self, opening: str, line: int) -> Table:
        self.at += 1
        name, _ = self.key()
        self.expect("]" * len(opening), f"{']' * len(opening)!r} after the table's name")
        self.expect("\n", "the end of the line")
        document = self.document
        table: Table = {}
        if name in document.tables or name in document.top or (opening == "[" and name in document.lists):
            raise document.fail(line, f"table [{name}] is given twice" if name not in document.top else f"{name} is given twice")
        if opening == "[[":
            document.lists.setdefault(name, []).append(table)
        else:
            document.tables[name] = table
        document.lines[id(table)] = line
        return table

    def pair(self, table: Table) -> None:
        name, line = self.key()
        self.expect("=", f"'=' after {name}")
        if name in table:
            raise self.document.fail(line, f"{name} is given twice")
        table[name] = self.value()
        self.expect("\n", "the end of the line")

    def value(self) -> Value:
        kind, text, line = self.take()
        if kind == "string":
            return unescape(text)
        if kind == "integer":
            if len(text) > MAX_DIGITS:
                raise self.document.fail(line, f"the integer {text[:MAX_DIGITS]}... is too large")
            return int(text)
        if text in ("true", "false"):
            return text == "true"
        if text == "[":
            return self.array()
        raise self.document.fail(line, f"expected a string, an integer, true, false or an array, found {text!r}")

    def array(self) -> List[str]:
        items: List[str] = []
        while True:
            kind, text, line = self.take()
            if text == "\n" and self.at < len(self.tokens):
                continue
            if text == "]":
                return items
            if kind != "string":
                raise self.document.fail(line, f"expected a string in the array, found {text!r}")
            items.append(unescape(text))
            while self.peek()[1] == "\n" and self.at < len(self.tokens) - 1:
                self.at += 1
            if self.peek()[1] != "]":
                self.expect(",", "',' or ']' in the array")


def unescape(text: str) -> str:
    return re.sub(r'\\["\\nt]', lambda match: ESCAPES[match.group()], text[1:-1])


def read_toml(path: Path) -> Document:
    """A file in the part of TOML above."""
    return Reader(path, text_of(path)).read()


def read_full_toml(path: Path) -> Document:
    """A file in TOML: in the part above on any Python, in all of it where Python has tomllib or tomli."""
    text = text_of(path)
    try:
        return Reader(path, text).read()
    except BootstrapError:
        document = by_library(path, text)
        if document is None:
            raise
        return document


def by_library(path: Path, text: str) -> Optional[Document]:
    """What Python's own reader makes of it; None where there is none, or where it refuses the file as well."""
    library = toml_library()
    if library is None:
        return None
    try:
        values: Dict[str, Any] = library.loads(text)
    except (ValueError, RecursionError):
        return None
    document = Document(path)
    document.numbered = False
    for name, value in values.items():
        if isinstance(value, dict):
            document.tables[name] = value
        elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            document.lists[name] = value
        else:
            document.top[name] = value
    return document


def toml_library() -> Any:
    for name in ("tomllib", "tomli"):
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    return None


def text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except OSError as error:
        raise BootstrapError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BootstrapError(f"{path}: not valid UTF-8") from None


def check_keys(document: Document, table: Table, required: Dict[str, type], optional: Dict[str, type], what: str) -> None:
    """Every required key is there, every key is known, every value is of its type."""
    line = document.line_of(table)
    for name in required:
        if name not in table:
            raise document.fail(line, f"{what} has no {name}")
    for name, value in table.items():
        expected = required.get(name) or optional.get(name)
        if expected is None:
            raise document.fail(line, f"{what} has the unknown key {name}")
        if type(value) is not expected or (isinstance(value, list) and not all(isinstance(item, str) for item in value)):
            raise document.fail(line, f"{name} of {what} must be {KINDS[expected]}")
