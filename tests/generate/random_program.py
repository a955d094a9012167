"""random_program: well-typed core programs that say all they compute, for comparing one engine with another.

A program is its own types, globals, functions of random bodies and of known shapes (tests.generate.idioms), which call earlier ones
and themselves a bounded number of times, and a main that prints a number and then the result of a call, for every call. Loops are
bounded; traps may happen and are part of the answer: the command's argument is the call to start with, so that what comes after a
trap is seen too.
"""

from __future__ import annotations

import sys
from typing import Dict, List

from .expressions import Function, Local, Scope
from .idioms import some_idiom
from .kinds import INTEGERS, element, head
from .statements import Statements

HEAD = """\
;;; {module}: random program {seed}{mode}
(⊙ {module})
(↥ "std:io" io){more}
(τ (Both A B) (one A) (two B))
(ƒ pick (∷ (→ Bool T T T)) (∀ (T)) (first? a b) (if first? a b))
(ƒ twice (∷ (→ I64 I64)) (x) (* 2 x))
(ƒ minus-seven (∷ (→ I64 I64)) (x) (- x 7))
(ƒ fold-bits (∷ (→ I64 I64)) (x) (^ x (>> x 13)))
(ƒ apply (∷ (→ (→ I64 I64) I64 I64)) (f x) (f x))
"""
FOCUSED = 0.6  # how many functions keep to few kinds
START = """\
(ƒ start-of (∷ (→ (View (View U8)) I64)) (args)
  (var n 0)
  (if (> (len args) 0) (for-each (c (at args 0)) (set! n (+ (* n 10) (to I64 (- c '0'))))))
  n)
(ƒ main (∷ (→ (View (View U8)) Unit)) (args) (run (start-of args)))
"""


class Writer(Statements):
    def __init__(self, seed: int, floats: bool) -> None:
        super().__init__(seed, floats)
        self.shows: Dict[str, str] = {}
        self.show_texts: List[str] = []

    # --- functions

    def group(self) -> str:
        """One function, or two that call each other."""
        self.trapping = self.random.choice((0.0, 0.02, 0.05, 0.2))
        self.near, self.kinds.focus = 0.3, ()
        if self.chance(FOCUSED):
            self.near = 0.6
            self.kinds.choose_focus()
        falls = self.chance(0.3)
        first = len(self.functions)
        names = [f"f{first + at}" for at in range(2 if falls and self.chance(0.4) else 1)]
        group = []
        for name in names:
            parameters = [self.kinds.kind() for _ in range(self.random.randint(0, 7))]
            result = self.kinds.kind()
            group.append(Function(name, tuple(["I64", *parameters] if falls else parameters), result, 0, falls))
        texts, costs = zip(*[self.function(one, tuple(group) if falls else ()) for one in group])
        cost = max(costs) * (len(group) ** 2 * 64 if falls else 1)
        self.functions += [Function(one.name, one.parameters, one.result, cost, falls) for one in group]
        return "".join(texts)

    def function(self, one: Function, peers: "tuple[Function, ...]") -> "tuple[str, int]":
        names = ["n" if one.falls and at == 0 else self.name() for at in range(len(one.parameters))]
        small = self.chance(0.3)
        self.scope = Scope([Local(name, kind) for name, kind in zip(names, one.parameters)], peers=peers)
        self.budget, self.cost, self.peer_calls, self.result, self.noisy = 150, 1, 0, one.result, not small and self.chance(0.35)
        if one.falls:
            self.scope.weight = 8
        lines = [f" (if (< n 1) (return {self.leaf(one.result)}))"] if one.falls else []
        lines += [self.statement(3, " ") for _ in range(0 if small else self.random.randint(2, 8))]
        self.budget = 40
        lines.append(" " + (self.peer_call(one.result, 3) or self.expression(one.result, 4)))
        signature = " ".join([*one.parameters, one.result])
        text = f"(ƒ {one.name} (∷ (→ {signature})) ({' '.join(names)})\n" + "\n".join(lines) + ")\n"
        return text, max(1, self.cost)

    def globals_of(self) -> str:
        lines = []
        for number in range(self.random.randint(0, 3)):
            plain = [one for one in [*self.kinds.records, *self.kinds.variants] if self.kinds.is_plain(one)]
            kind = self.random.choice(("I64", self.pick(INTEGERS), f"(Array {self.pick(INTEGERS)} {self.random.randint(4, 9)})", *plain))
            self.globals.append(Local(f"g{number}", kind, True))
            lines.append(f"(var g{number} {kind} {self.leaf(kind)})\n")
        return "".join(lines)

    # --- showing

    def show(self, kind: str) -> str:
        """The name of the function that prints a value of the kind."""
        if kind not in self.shows:
            self.shows[kind] = f"show-{len(self.shows)}"
            self.show_texts.append(f"(ƒ {self.shows[kind]} (∷ (→ {kind} Unit)) (x) {self.shown(kind)})\n")
        return self.shows[kind]

    def shown(self, kind: str) -> str:
        of = head(kind)
        if kind in INTEGERS:
            return "(io.print-i64 (wrap I64 x))"
        if kind in ("F64", "F32"):
            return f"(io.print-line ({kind.lower()}.to-text x))"
        if of == "Bool":
            return '(io.print-line (if x "true" "false"))'
        if of == "Text":
            return "(io.print-line x)"
        if of == "→":
            return "(io.print-i64 (x 1000))"
        if kind in self.kinds.records:
            return "(do " + " ".join(f"({self.show(one)} x.{field})" for field, one in self.kinds.records[kind]) + ")"
        if kind in self.kinds.variants:
            arms = []
            for case, parts in self.kinds.variants[kind]:
                bound = [f"y{at}" for at in range(len(parts))]
                said = " ".join(f"({self.show(part)} {one})" for part, one in zip(parts, bound))
                arms.append(f'({"(" + " ".join([case, *bound]) + ")" if parts else case} (io.print-line "{case}") {said})')
            return f"(match x {' '.join(arms)})"
        inner = self.show(element(kind))
        if of == "Ref":
            return f"({inner} (get x))"
        if of == "Option":
            return f'(match x ((Some y) ({inner} y)) (None (io.print-line "none")))'
        return f"(do (io.print-i64 (len x)) (for-each (y x) ({inner} y)))"

    # --- the whole

    def argument(self, kind: str) -> str:
        return str(self.random.randint(-6, 16)) if kind == "I64" and self.chance(0.6) else self.leaf(kind)

    def calls(self) -> List[str]:
        lines: List[str] = []
        for one in self.functions:
            for _ in range(4):
                self.scope = Scope()
                arguments = [self.argument(kind) for kind in one.parameters]
                if one.falls:
                    arguments[0] = str(self.random.choice((0, 1, 3, 6)))
                call = "(" + " ".join([one.name, *arguments]) + ")"
                number = len(lines)
                lines.append(f" (if (<= from {number}) (do (io.print-i64 {number}) ({self.show(one.result)} {call})))")
        return lines


def module(seed: int, name: str, floats: bool = False) -> str:
    """The module of the program of that seed, which exports `run`."""
    writer = Writer(seed, floats)
    parts = [writer.kinds.declarations(), writer.globals_of()]
    for _ in range(writer.random.randint(2, 5)):
        if writer.chance(0.6):
            text, known = some_idiom(writer)
            parts.append(text)
            writer.functions.append(known)
        parts.append(writer.group())
    calls = writer.calls()
    parts += writer.show_texts
    parts.append("(↦ run)\n(ƒ run (∷ (→ I64 Unit)) (cap io state) (from)\n" + "\n".join(calls) + ")\n")
    more = '\n(↥ "std:f64" f64)\n(↥ "std:f32" f32)' if floats else ""
    return HEAD.format(module=name, seed=seed, mode=" floats" if floats else "", more=more) + "".join(parts)


def program(seed: int, floats: bool = False) -> str:
    """The text of the program of that seed."""
    return module(seed, "main", floats) + START


if __name__ == "__main__":
    print(program(int(sys.argv[1]), "floats" in sys.argv[2:]), end="")
