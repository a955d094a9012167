"""made: how the text of an idiom becomes functions of a program."""

from __future__ import annotations

from typing import Tuple

from tests.generate.expressions import Expressions, Function

Made = Tuple[str, Function]


def fresh(w: Expressions, text: str, parameters: Tuple[str, ...], result: str, cost: int, **more: str) -> Made:
    """The text with `@` as the function's name and the fields filled in."""
    name = f"i{w.name()[1:]}"
    for key, value in more.items():
        text = text.replace("{" + key + "}", value)
    return text.replace("@", name), Function(name, parameters, result, cost)


def number(w: Expressions, low: int, high: int) -> str:
    return str(w.random.randint(low, high))
