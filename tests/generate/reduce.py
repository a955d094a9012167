"""python3 -m tests.generate.reduce FILE [--floats]: the smallest program that is found of which the engines still do not agree.

Forms are left out, opened, or put in the place of the form around them, the largest first, as long as both engines accept the
program and differ (Zeller & Hildebrandt 2002; on the tree of forms, Misherghi & Su 2006).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Callable, Iterator, List, Tuple

from tests.corpus import Engine

from .agree import answers, built, engines, told
from .hostile import TOKEN

Form = Tuple[int, int]  # the first token and the one after the last


def forms(tokens: List[str]) -> List[Form]:
    """All lists and atoms, the longest first."""
    found, open_at = [], []
    for index, token in enumerate(tokens):
        if token == "(":
            open_at.append(index)
        elif token == ")":
            found.append((open_at.pop(), index + 1))
        elif not token.isspace() and not token.startswith(";"):
            found.append((index, index + 1))
    return sorted(found, key=lambda form: form[0] - form[1])


def smaller(tokens: List[str], form: Form) -> Iterator[List[str]]:
    """The program without the form, or with a part of it in its place."""
    begin, end = form
    yield tokens[:begin] + tokens[end:]
    if tokens[begin] != "(":
        return
    for inner in ("()", "0", "true"):
        if end - begin > 3:
            yield [*tokens[:begin], *TOKEN.findall(inner), *tokens[end:]]
    inside = tokens[begin:end]
    for first, last in forms(inside)[1:]:
        if last - first > 1 or first > 1:
            yield tokens[:begin] + inside[first:last] + tokens[end:]


def reduced(text: str, still: Callable[[str], bool]) -> str:
    """A program that is still what `still` asks for, and of which no form can go."""
    tokens = [token for token in TOKEN.findall(text) if not token.startswith(";")]
    at, shrunk = 0, False
    while True:
        whole = forms(tokens)
        if at >= len(whole):
            if not shrunk:
                return "".join(tokens)
            at, shrunk = 0, False
            continue
        for candidate in smaller(tokens, whole[at]):
            if len(candidate) < len(tokens) and still("".join(candidate)):
                tokens, shrunk = candidate, True
                break
        else:
            at += 1


def differ(text: str, folder: Path, pair: Tuple[Engine, Engine]) -> bool:
    """Both accept the program, and their answers are not the same."""
    root = folder / "main.0x0"
    root.write_text(text, encoding="utf-8")
    found = []
    for engine in (pair[1], pair[0]):
        product, _ = built(engine, root, folder)
        if product is None:
            return False
        found.append(told(answers([str(product)])))
    return found[0] != found[1] and ["no end in time"] not in found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tests.generate.reduce")
    parser.add_argument("file", type=Path)
    parser.add_argument("--floats", action="store_true", help="the program has floats; the seed is left out")
    options = parser.parse_args()
    judges = engines(options.floats)
    text = options.file.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="zero-reduce-") as name:
        for engine in judges[1:]:
            pair = (judges[0], engine)
            if differ(text, Path(name), pair):
                print(f";; {pair[0].name} and {engine.name} differ")
                print(reduced(text, lambda one, pair=pair: differ(one, Path(name), pair)))  # type: ignore[misc]
                return 0
    print("the engines agree", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
