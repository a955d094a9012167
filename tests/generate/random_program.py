"""random_program: well-typed core programs that say all they compute, for comparing one engine with another.

A program is a few records, functions that call only earlier ones (so that it ends), and a main that prints every function's
result for several arguments. Loops are bounded; traps may happen and are part of the answer.
"""

from __future__ import annotations

import random
import sys
from typing import List, Tuple

INTEGERS = ("I8", "I16", "I32", "I64", "U8", "U16", "U32", "U64")
EDGES = (0, 1, 2, 3, 7, 8, 15, 16, 31, 63, 64, 100, 127, 128, 255, 256, 32767, 65535, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1)


def bounds(kind: str) -> Tuple[int, int]:
    """The least and the greatest value of an integer type."""
    bits = int(kind[1:])
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if kind[0] == "I" else (0, (1 << bits) - 1)


class Writer:
    """The text of one program; `scope` has the names and types of the locals in sight, `mutable` those that may be set."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.functions: List[Tuple[str, List[str], str]] = []
        self.scope: List[Tuple[str, str]] = []
        self.mutable: List[Tuple[str, str]] = []
        self.next = 0
        self.loops = 0
        self.budget = 0

    def name(self) -> str:
        self.next += 1
        return f"v{self.next}"

    def kind(self) -> str:
        return self.random.choice(("I64",) * 6 + INTEGERS + ("Bool", "Pair", "Wide", "(Ref Pair)", "(Slice I32)", "Shape", "(Option I64)"))

    def literal(self, kind: str) -> str:
        low, high = bounds(kind)
        value = self.random.choice(EDGES) * self.random.choice((1, 1, 1, -1))
        return str(value if low <= value <= high else self.random.randint(max(low, -99), min(high, 99)))

    def named(self, kind: str) -> str:
        """A local of the type, or nothing."""
        names = [name for name, one in self.scope if one == kind]
        return self.random.choice(names) if names else ""

    def expression(self, kind: str, depth: int) -> str:
        self.budget -= 1
        local = self.named(kind)
        if local and self.random.random() < (0.8 if depth <= 0 or self.budget < 0 else 0.25):
            return local
        if depth <= 0 or self.budget < 0:
            return self.leaf(kind)
        if self.random.random() < 0.12:
            return f"(if {self.expression('Bool', depth - 1)} {self.expression(kind, depth - 1)} {self.expression(kind, depth - 1)})"
        callable_ = [one for one in self.functions if one[2] == kind]
        if callable_ and self.loops == 0 and self.random.random() < 0.15:
            name, parameters, _ = self.random.choice(callable_)
            return "(" + " ".join([name, *(self.expression(one, depth - 2) for one in parameters)]) + ")"
        if kind in INTEGERS:
            return self.integer(kind, depth)
        if kind == "Bool":
            return self.boolean(depth)
        if kind == "Shape":
            return self.random.choice((
                f"(Dot {self.expression('I16', depth - 1)})",
                f"(Box {self.expression('Pair', depth - 1)} {self.expression('U8', depth - 1)})",
                "Nothing"))
        if kind == "(Option I64)":
            return f"(Some {self.expression('I64', depth - 1)})"
        return self.leaf(kind)

    def leaf(self, kind: str) -> str:
        if kind in INTEGERS:
            return f"(the {kind} {self.literal(kind)})"
        if kind == "Bool":
            return self.random.choice(("true", "false"))
        if kind == "Pair":
            return f"(Pair {self.literal('I64')} {self.literal('U8')})"
        if kind == "Wide":
            return f"(Wide {self.literal('I64')} {self.leaf('Pair')} {self.literal('I8')} {self.literal('U32')} {self.literal('I64')})"
        if kind == "(Ref Pair)":
            return f"(new Pair {self.literal('I64')} {self.literal('U8')})"
        if kind == "(Slice I32)":
            return f"(fill {self.random.randint(1, 9)} (the I32 {self.literal('I32')}))"
        if kind == "Shape":
            return self.random.choice((f"(Dot {self.literal('I16')})", "Nothing"))
        return self.random.choice(("None", f"(Some {self.literal('I64')})"))

    def integer(self, kind: str, depth: int) -> str:
        pick = self.random.randrange(12)
        if pick < 5:
            operator = self.random.choice(("+", "-", "*", "&", "|", "^", "min", "max"))
            return f"({operator} {self.expression(kind, depth - 1)} {self.expression(kind, depth - 1)})"
        if pick == 5:
            divisor = self.random.choice((f"(| {self.expression(kind, depth - 1)} 1)", self.literal(kind), self.expression(kind, depth - 1)))
            if divisor == "0":
                divisor = "3"
            return f"({self.random.choice('/%')} {self.expression(kind, depth - 1)} {divisor})"
        if pick == 6:
            operator = self.random.choice(("<<", ">>"))
            count = self.random.choice((str(self.random.randint(0, 70)), self.expression("U8", depth - 1)))
            return f"({operator} {self.expression(kind, depth - 1)} {count})"
        if pick == 7:
            return f"({self.random.choice('-~')} {self.expression(kind, depth - 1)})"
        if pick == 8:
            return f"(wrap {kind} {self.expression(self.random.choice(INTEGERS), depth - 1)})"
        if kind == "I64" and pick == 9:
            return f"(. {self.expression(self.random.choice(('Pair', '(Ref Pair)')), depth - 1)} x)"
        if kind == "U8" and pick >= 9:
            return f"(. {self.expression(self.random.choice(('Pair', '(Ref Pair)')), depth - 1)} y)"
        if kind == "I32" and pick >= 9:
            mask = self.random.choice((0, 1, 7))
            return f"(at {self.expression('(Slice I32)', depth - 1)} (& {self.expression('I64', depth - 1)} {mask}))"
        if kind == "U32" and pick >= 9:
            return f"(. {self.expression('Wide', depth - 1)} d)"
        if kind == "I64" and pick == 10:
            bound = self.name()
            return (f"(match {self.expression('Shape', depth - 1)} ((Dot {bound}) (to I64 {bound})) "
                    f"((Box {bound} _) {bound}.x) (Nothing {self.literal('I64')}))")
        if kind == "I64" and pick == 11:
            bound = self.name()
            option = f"(the (Option I64) {self.expression('(Option I64)', depth - 1)})"
            return f"(match {option} ((Some {bound}) {bound}) (None {self.literal('I64')}))"
        return f"(to {kind} (& {self.expression('I64', depth - 1)} 127))"

    def boolean(self, depth: int) -> str:
        kind = self.random.choice(INTEGERS)
        pick = self.random.randrange(5)
        if pick < 3:
            operator = self.random.choice(("<", "<=", ">", ">=", "=", "!="))
            return f"({operator} {self.expression(kind, depth - 1)} {self.expression(kind, depth - 1)})"
        if pick == 3:
            return f"({self.random.choice(('and', 'or'))} {self.expression('Bool', depth - 1)} {self.expression('Bool', depth - 1)})"
        return f"(not {self.expression('Bool', depth - 1)})"

    def statement(self, depth: int, indent: str) -> str:
        pick = self.random.randrange(10)
        if pick < 3 or not self.mutable:
            kind = self.kind()
            value = self.expression(kind, 3)
            name = self.name()
            changes = self.random.random() < 0.6
            self.scope.append((name, kind))
            if changes:
                self.mutable.append((name, kind))
            return f"{indent}({'var' if changes else '≔'} {name} {kind} {value})"
        if pick < 6:
            name, kind = self.random.choice(self.mutable)
            if kind == "(Slice I32)":
                return f"{indent}(set! (at {name} (& {self.expression('I64', 2)} 7)) {self.expression('I32', 2)})"
            if kind in ("Pair", "(Ref Pair)") and self.random.random() < 0.7:
                return f"{indent}(set! {name}.x {self.expression('I64', 2)})"
            if kind == "Wide" and self.random.random() < 0.7:
                return f"{indent}(set! {name}.b.{self.random.choice(('x I64', 'y U8')).split()[0]} {{}})".format(
                    self.expression("I64", 2)).replace(".b.y ", ".b.x ")
            if kind in INTEGERS and self.random.random() < 0.3:
                return f"{indent}({self.random.choice(('inc!', 'dec!'))} {name} {self.expression(kind, 2)})"
            return f"{indent}(set! {name} {self.expression(kind, 3)})"
        if pick < 8 and depth > 0:
            condition = self.expression("Bool", 3)
            branches = [self.block(depth - 1, indent + "    ") for _ in range(2)]
            return f"{indent}(if {condition}\n{branches[0]}\n{branches[1]})"
        if pick == 8 and depth > 0 and self.loops < 2:
            self.loops += 1
            name = self.name()
            self.scope.append((name, "I64"))
            body = self.block(depth - 1, indent + "  ")
            self.scope = [one for one in self.scope if one[0] != name]
            self.loops -= 1
            leave = ""
            if self.random.random() < 0.3:
                leave = f"\n{indent}  (if {self.expression('Bool', 2)} ({self.random.choice(('break', 'continue'))}))"
            return f"{indent}(for ({name} 0 {self.random.randint(0, 9)}){leave}\n{body})"
        name, kind = self.random.choice(self.mutable)
        return f"{indent}(set! {name} {self.expression(kind, 3)})"

    def block(self, depth: int, indent: str) -> str:
        scope, mutable = list(self.scope), list(self.mutable)
        lines = [self.statement(depth, indent + "  ") for _ in range(self.random.randint(1, 4))]
        self.scope, self.mutable = scope, mutable
        return f"{indent}(do\n" + "\n".join(lines) + f"\n{indent}  ())"

    def function(self) -> str:
        name = f"f{len(self.functions)}"
        parameters = [self.kind() for _ in range(self.random.randint(0, 8))]
        result = self.kind()
        names = [self.name() for _ in parameters]
        self.scope, self.mutable, self.budget = list(zip(names, parameters)), [], 150
        lines = [self.statement(3, "  ") for _ in range(self.random.randint(2, 9))]
        self.budget = 40
        lines.append("  " + self.expression(result, 4))
        self.functions.append((name, parameters, result))
        return f"(ƒ {name}\n  (∷ (→ {' '.join([*parameters, result])}))\n  ({' '.join(names)})\n" + "\n".join(lines) + ")\n"

    def shown(self, kind: str, value: str) -> List[str]:
        """Forms that print a value."""
        if kind in INTEGERS:
            return [f"(io.print-i64 (wrap I64 {value}))"]
        if kind == "Bool":
            return [f"(io.print-line (if {value} \"true\" \"false\"))"]
        name = self.name()
        bind = [f"(≔ {name} {value})"]
        if kind in ("Pair", "(Ref Pair)"):
            return [*bind, f"(io.print-i64 {name}.x)", f"(io.print-i64 (to I64 {name}.y))"]
        if kind == "Wide":
            return [*bind, f"(io.print-i64 (+ {name}.a (* 3 {name}.b.x) (* 5 (to I64 {name}.c)) (* 7 (to I64 {name}.d)) (* 11 {name}.e)))"]
        if kind == "(Slice I32)":
            return [f"(for-each ({name} {value}) (io.print-i64 (to I64 {name})))"]
        if kind == "Shape":
            inner = self.name()
            return [f"(match {value} ((Dot {name}) (io.print-i64 (to I64 {name}))) "
                    f"((Box {name} {inner}) (io.print-i64 (+ {name}.x (to I64 {inner})))) (Nothing (io.print-line \"nothing\")))"]
        return [f"(match {value} ((Some {name}) (io.print-i64 {name})) (None (io.print-line \"none\")))"]


def program(seed: int) -> str:
    """The text of the program of that seed."""
    writer = Writer(seed)
    parts = [
        f";;; main: random program {seed}\n(⊙ main)\n(↥ \"std:io\" io)\n",
        "(τ Pair (x I64) (y U8))\n(τ Wide (a I64) (b Pair) (c I8) (d U32) (e I64))\n",
        "(τ Shape (Dot (n I16)) (Box (corner Pair) (weight U8)) Nothing)\n",
    ]
    parts += [writer.function() for _ in range(writer.random.randint(2, 7))]
    lines: List[str] = []
    for name, parameters, result in writer.functions:
        for _ in range(2):
            writer.scope, writer.budget = [], 0
            call = "(" + " ".join([name, *(writer.leaf(one) for one in parameters)]) + ")"
            lines += writer.shown(result, call)
    parts.append("(ƒ main\n  (∷ (→ Unit))\n  (cap io)\n  ()\n  " + "\n  ".join(lines) + ")\n")
    return "\n".join(parts)


if __name__ == "__main__":
    print(program(int(sys.argv[1])), end="")
