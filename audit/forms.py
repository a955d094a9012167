"""forms: the audit's own reader of 0x0 text (clauses 1 and 2), a line at a time, shared with neither compiler nor seed.

A text, a character and a comment end on their line, so every token lies on one. Comments are not forms. A glyph and its ASCII twin are
the same head. What the reader is given is bounded: bytes of a file, and lists within lists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Iterator, List, Optional, Tuple

MOST_BYTES = 16 << 20
DEEPEST = 2000
TWINS = {"⊙": "module", "↥": "import", "↦": "export", "ƒ": "fn", "∷": ":", "→": "->", "≔": "let", "τ": "type", "∀": "forall", "λ": "lambda"}
ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\\": "\\", '"': '"', "'": "'"}
TOKEN = re.compile(
    r"""(?P<blank>[ \t\r]+) | (?P<comment>;.*) | (?P<open>\() | (?P<close>\)) | "(?P<text>(?:[^"\\]|\\.)*)"
    | '(?P<character>\\u\{[0-9A-Fa-f]{1,6}\}|\\x[0-7][0-9A-Fa-f]|\\.|[^'\\])' | (?P<word>[^\s()"';]+)""",
    re.VERBOSE,
)
ESCAPE = re.compile(r"\\(?:u\{([0-9A-Fa-f]{1,6})\}|x([0-7][0-9A-Fa-f])|(.))")
NUMBER = re.compile(r"[+-]?[0-9]")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


class FormError(Exception):
    """The text is no 0x0 source."""

    def __init__(self, line: int, column: int, what: str) -> None:
        super().__init__(f"{line}:{column}: {what}")
        self.line, self.column = line, column


class Kind(Enum):
    LIST = "list"
    SYMBOL = "symbol"  # a path too
    NUMBER = "number"
    CHARACTER = "character"
    TEXT = "text"


@dataclass(frozen=True)
class Form:
    """text: of a symbol and a number its spelling, of a text and a character what it means. Lines and columns count from 1."""

    kind: Kind
    line: int
    column: int
    text: str = ""
    items: Tuple[Form, ...] = ()

    @property
    def head(self) -> str:
        """The first item's name when that is a symbol, a glyph as its twin; else empty."""
        if not self.items or self.items[0].kind is not Kind.SYMBOL:
            return ""
        return TWINS.get(self.items[0].text, self.items[0].text)

    def __str__(self) -> str:
        return f"({' '.join(map(str, self.items))})" if self.kind is Kind.LIST else self.text

    def walk(self) -> Iterator[Form]:
        """This form and all in it, in the order of the text."""
        rest = [self]
        while rest:
            form = rest.pop()
            yield form
            rest.extend(reversed(form.items))


@dataclass
class Open:
    line: int
    column: int
    items: List[Form]


def read_file(path: Path) -> Tuple[Form, ...]:
    """The top-level forms of a file."""
    with open(path, "rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise FormError(1, 1, f"the file has more than {MOST_BYTES} bytes")
    try:
        return read(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise FormError(content.count(b"\n", 0, error.start) + 1, 1, "the file is not UTF-8") from None


@lru_cache(maxsize=1024)
def read(text: str) -> Tuple[Form, ...]:
    """The top-level forms of a text."""
    stack = [Open(1, 1, [])]
    for number, line in enumerate(text.split("\n"), 1):
        bad = CONTROL.search(line)
        if bad:
            raise FormError(number, bad.start() + 1, "a character that no source may hold")
        read_line(number, line, stack)
    if len(stack) > 1:
        raise FormError(stack[-1].line, stack[-1].column, "a list that is not closed")
    return tuple(stack[0].items)


def read_line(number: int, line: str, stack: List[Open]) -> None:
    at = 0
    while at < len(line):
        token = TOKEN.match(line, at)
        if token is None:
            raise FormError(number, at + 1, "a text or character that is not closed")
        kind, column, at = token.lastgroup, at + 1, token.end()
        if kind == "open":
            if len(stack) > DEEPEST:
                raise FormError(number, column, f"lists nested deeper than {DEEPEST}")
            stack.append(Open(number, column, []))
        elif kind == "close":
            if len(stack) == 1:
                raise FormError(number, column, "a parenthesis that closes nothing")
            done = stack.pop()
            stack[-1].items.append(Form(Kind.LIST, done.line, done.column, "", tuple(done.items)))
        elif kind in ("text", "character"):
            stack[-1].items.append(Form(Kind[kind.upper()], number, column, meaning(token.group(kind), number, column)))
        elif kind == "word":
            word = token.group("word")
            stack[-1].items.append(Form(Kind.NUMBER if NUMBER.match(word) else Kind.SYMBOL, number, column, word))


def meaning(inside: str, line: int, column: int) -> str:
    """What stands for the escapes of a literal."""

    def one(escape: re.Match[str]) -> str:
        point = escape[1] or escape[2]
        if point is None:
            if escape[3] not in ESCAPED:
                raise FormError(line, column, f"an escape that means nothing: \\{escape[3]}")
            return ESCAPED[escape[3]]
        if int(point, 16) > 0x10FFFF or 0xD800 <= int(point, 16) <= 0xDFFF:
            raise FormError(line, column, "an escape that is no character")
        return chr(int(point, 16))

    return ESCAPE.sub(one, inside) if "\\" in inside else inside


# What the audits ask of a file.


@dataclass(frozen=True)
class Import:
    path: str  # as written
    alias: str
    form: Form


def imports(forms: Tuple[Form, ...]) -> List[Import]:
    found = []
    for form in forms:
        if form.head == "import" and len(form.items) >= 3 and form.items[1].kind is Kind.TEXT:
            found.append(Import(form.items[1].text, form.items[2].text, form))
    return found


def definition(forms: Tuple[Form, ...], head: str, name: str) -> Optional[Form]:
    """The top-level form with that head that defines the name; of a generic one the name stands in a list."""
    for form in forms:
        if form.head == head and len(form.items) > 1:
            named = form.items[1]
            if name == (named.head if named.kind is Kind.LIST else named.text):
                return form
    return None


def reachable(root: Path, top: Path) -> List[Path]:
    """The files that a program is made of, the root first; `std:` is found in lib/ of the top. What is missing is left out."""
    found, seen = [root], {root}
    for path in found:
        for entry in imports(read_file(path)):
            target = imported(entry.path, path, top)
            if target is not None and target not in seen and target.is_file():
                seen.add(target)
                found.append(target)
    return found


def imported(text: str, importing: Path, top: Path) -> Optional[Path]:
    """The file that an import's text names; None for std:raw, which is no file."""
    if text == "std:raw":
        return None
    if text.startswith("std:"):
        return top / "lib" / "std" / f"{text[4:]}.0x0"
    parts: List[str] = []
    for part in (importing.parent / text).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return Path(*parts)
