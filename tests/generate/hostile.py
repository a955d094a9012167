"""hostile: inputs that nobody would write: mutated, cut and random ones, each made from a number alone.

Four levels: *bytes* do not know what a token is; *tokens* keep the characters but not the lists; *forms* keep the lists but not the
meaning; *meaning* changes what most often leaves a program right, so that the later phases are reached too.
"""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Callable, List, Sequence, Tuple

TOKEN = re.compile(r"""\s+|;[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:\\u\{[^}]*\}|\\x..|\\.|[^'\\])'|[()]|[^\s()";']+|.""", re.S)
SPICE = (
    "0", "-1", "18446744073709551616", "0b2", "9223372036854775807", "-9223372036854775808", "0x", "1__0", "''", "'", '"',
    '"\\u{110000}"',
    "()", "(", ")", "((", "⊙", "↥", "↦", "ƒ", "∷", "→", "≔", "τ", "∀", "λ", ":", "->", "let", "fn", "type", "a..b", ".", ".a",
    "I64", "U8", "Text", "Never", "Unit", "(View U8)", "(Array U8 2147483648)", "(Ref T)", "F64", "match", "try", "arena", "promote",
    "break", "return", "(return)", "_", "self", "Some", "None", "true", "\u202e", "\0", "\r", "\ufeff", "é", "std:raw", "raw.load",
)
Form = Tuple[int, int]  # the first token and the one after the last
Mutation = Callable[["Input"], None]


class Input:
    """A text as tokens, and where its forms are."""

    def __init__(self, text: str, numbers: random.Random, corpus: Sequence[str]) -> None:
        self.numbers = numbers
        self.corpus = corpus
        self.tokens: List[str] = TOKEN.findall(text)

    def forms(self, top: bool = False) -> List[Form]:
        found, open_at = [], []
        for index, token in enumerate(self.tokens):
            if token == "(":
                open_at.append(index)
            elif token == ")" and open_at:
                begin = open_at.pop()
                if not top or not open_at:
                    found.append((begin, index + 1))
            elif not open_at and top:
                continue
            elif not token.isspace() and not token.startswith(";") and token != ")":
                found.append((index, index + 1))
        return found

    def some_form(self, top: bool = False) -> Form:
        forms = self.forms(top)
        return self.numbers.choice(forms) if forms else (0, 0)

    def some_token(self) -> int:
        return self.numbers.randrange(len(self.tokens)) if self.tokens else 0


def delete_form(it: Input) -> None:
    begin, end = it.some_form()
    it.tokens[begin:end] = []


def double_form(it: Input) -> None:
    begin, end = it.some_form()
    it.tokens[end:end] = [" ", *it.tokens[begin:end]]


def wrap_form(it: Input) -> None:
    begin, end = it.some_form()
    it.tokens[begin:end] = ["(", *it.tokens[begin:end], ")"]


def open_form(it: Input) -> None:
    begin, end = it.some_form()
    if end - begin > 2:
        it.tokens[begin:end] = it.tokens[begin + 1 : end - 1]


def exchange_forms(it: Input) -> None:
    first, second = sorted([it.some_form(), it.some_form()])
    if first[1] <= second[0]:
        left, right = it.tokens[slice(*first)], it.tokens[slice(*second)]
        it.tokens[slice(*second)] = left
        it.tokens[slice(*first)] = right


def foreign_form(it: Input) -> None:
    other = Input(it.numbers.choice(it.corpus), it.numbers, it.corpus)
    begin, end = it.some_form()
    it.tokens[begin:end] = other.tokens[slice(*other.some_form())]


def delete_token(it: Input) -> None:
    at = it.some_token()
    it.tokens[at : at + 1] = []


def double_token(it: Input) -> None:
    at = it.some_token()
    it.tokens[at:at] = it.tokens[at : at + 1]


def exchange_tokens(it: Input) -> None:
    left, right = it.some_token(), it.some_token()
    if it.tokens:
        it.tokens[left], it.tokens[right] = it.tokens[right], it.tokens[left]


def spicy_token(it: Input) -> None:
    at = it.some_token()
    it.tokens[at : at + 1] = [" ", it.numbers.choice(SPICE), " "]


def nest_deeply(it: Input) -> None:
    begin, end = it.some_form()
    depth = it.numbers.choice((10, 500, 1990, 2100, 20000))
    it.tokens[begin:end] = ["("] * depth + it.tokens[begin:end] + [")"] * depth


def other_number(it: Input) -> None:
    places = [index for index, token in enumerate(it.tokens) if token.isdecimal()]
    if places:
        it.tokens[it.numbers.choice(places)] = str(it.numbers.choice((0, 1, 2, 7, 100, 255, 256, 65536, 2**31)))


def add_comment(it: Input) -> None:
    at = it.some_token()
    it.tokens[at:at] = ["\n; a comment (with \"marks\n"]


def exchange_definitions(it: Input) -> None:
    tops = it.forms(top=True)[1:]
    if len(tops) > 1:
        first, second = sorted(it.numbers.sample(tops, 2))
        left, right = it.tokens[slice(*first)], it.tokens[slice(*second)]
        it.tokens[slice(*second)] = left
        it.tokens[slice(*first)] = right


def exchange_equals(it: Input) -> None:
    """An operator for another of its kind."""
    kinds = (("+", "-", "*", "&", "|", "^", "min", "max"), ("<", "<=", ">", ">="), ("=", "!="), ("inc!", "dec!"), ("and", "or"))
    places = [(index, kind) for index, token in enumerate(it.tokens) for kind in kinds if token in kind]
    if places:
        at, kind = it.numbers.choice(places)
        it.tokens[at] = it.numbers.choice(kind)


FORMS: Tuple[Mutation, ...] = (delete_form, double_form, wrap_form, open_form, exchange_forms, foreign_form, nest_deeply)
TOKENS: Tuple[Mutation, ...] = (delete_token, double_token, exchange_tokens, spicy_token)
MEANING: Tuple[Mutation, ...] = (other_number, add_comment, exchange_definitions, exchange_equals)


def mutated_bytes(text: str, numbers: random.Random) -> bytes:
    data = bytearray(text.encode())
    for _ in range(numbers.choice((1, 1, 2, 8))):
        at = numbers.randrange(len(data) + 1)
        kind = numbers.randrange(5)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << numbers.randrange(8)
        elif kind == 1:
            data[at:at] = numbers.randbytes(numbers.randrange(1, 9))
        elif kind == 2:
            data[at : at + numbers.randrange(1, 40)] = b""
        elif kind == 3:
            data[at:at] = data[at : at + numbers.randrange(1, 200)]
        else:
            del data[at:]
    return bytes(data)


def random_input(corpus: Sequence[str], numbers: random.Random) -> bytes:
    kind = numbers.randrange(4)
    if kind == 0:
        return numbers.randbytes(numbers.randrange(400))
    if kind == 1:
        return bytes(numbers.choice(b"()()();\"'\\ \n01x.aT_-+:") for _ in range(numbers.randrange(600)))
    if kind == 2:
        return " ".join(numbers.choice(SPICE) for _ in range(numbers.randrange(200))).encode()
    tokens = TOKEN.findall(numbers.choice(corpus))
    numbers.shuffle(tokens)
    return "".join(tokens).encode()


LEVELS: Tuple[Tuple[str, int], ...] = (("bytes", 20), ("random", 5), ("tokens", 20), ("forms", 30), ("meaning", 25))


def make_input(number: int, corpus: Sequence[str]) -> Tuple[str, bytes]:
    """The level and the bytes of the input of that number."""
    numbers = random.Random(number)
    level = numbers.choices([name for name, _ in LEVELS], [weight for _, weight in LEVELS])[0]
    text = numbers.choice(corpus)
    if level == "bytes":
        return level, mutated_bytes(text, numbers)
    if level == "random":
        return level, random_input(corpus, numbers)
    it = Input(text, numbers, corpus)
    mutations = {"tokens": TOKENS, "forms": FORMS, "meaning": MEANING}[level]
    for _ in range(numbers.choice((1, 1, 1, 2, 4))):
        numbers.choice(mutations)(it)
    return level, "".join(it.tokens).encode()


def read_corpus(top: Path, largest_bytes: int = 6000) -> List[str]:
    """The texts to start from: cases and library files of a moderate size."""
    paths = [path for folder in ("tests/cases", "lib") for path in (top / folder).rglob("*.0x0")]
    texts = []
    for path in sorted(paths):
        data = path.read_bytes()
        try:
            text = data.decode()
        except UnicodeDecodeError:
            continue
        if len(data) <= largest_bytes:
            texts.append(text)
    return texts
