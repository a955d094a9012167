"""statements: random statements and bodies: bindings, stores, choices, loops of every form, output, arenas, ways out."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Callable, Iterator, List, Tuple

from .expressions import DEAREST, Expressions, Local
from .kinds import INTEGERS, bounds, count, element, head

OUTPUT_ROUNDS = 60  # the most often that one statement may print


class Statements(Expressions):
    def __init__(self, seed: int, floats: bool) -> None:
        super().__init__(seed, floats)
        self.result = "Unit"
        self.noisy = False

    # --- scopes

    @contextmanager
    def inside(self, rounds: int = 1) -> Iterator[None]:
        """A block of its own, that is run so many times."""
        scope = self.scope
        before, weight, in_loop = list(scope.locals), scope.weight, scope.in_loop
        scope.weight *= rounds
        scope.in_loop = in_loop or rounds > 1
        yield
        scope.locals, scope.weight, scope.in_loop = before, weight, in_loop

    def block(self, depth: int, indent: str, most: int = 4) -> str:
        """Statements, the last of them of no value."""
        lines = [self.statement(depth, indent) for _ in range(self.random.randint(1, most))]
        return "\n".join([*lines, f"{indent}()"])

    # --- one statement

    def statement(self, depth: int, indent: str) -> str:
        ways: Tuple[Tuple[Callable[[int, str], str], int], ...] = (
            (self.binding, 5), (self.store, 7), (self.step, 2), (self.way_out, 1), (self.printing, 2 if self.noisy else 0),
            (self.assertion, 1 if self.chance(self.trapping) else 0),
        )
        if depth > 0:
            ways += ((self.branch, 3), (self.loop, 4), (self.arena, 1), (self.matching, 1))
        for _ in range(4):
            text = self.random.choices([way for way, _ in ways], [weight for _, weight in ways])[0](depth, indent)
            if text:
                return text
        return self.binding(depth, indent)

    def binding(self, depth: int, indent: str) -> str:
        kind, name = self.kinds.kind(), self.name()
        value = self.expression(kind, 3)
        local = Local(name, kind, self.chance(0.6))
        if value.startswith("(fill ") and value[6].isdigit():
            local.least_length = int(value[6:].partition(" ")[0])
        if local.mutable:
            local.least_length = min(local.least_length, 4)
        self.scope.locals.append(local)
        return f"{indent}({'var' if local.mutable else '≔'} {name} {kind} {value})"

    def writable(self) -> List[Tuple[str, str]]:
        places: List[Tuple[str, str]] = []
        for one in [*self.scope.locals, *self.globals]:
            places += [(path, kind) for path, kind, shared in self.kinds.paths(one.name, one.kind) if shared or one.mutable]
        return places

    def store(self, depth: int, indent: str) -> str:
        runs = [one for one in self.all_runs() if head(one.kind) == "Slice" or (head(one.kind) == "Array" and one.mutable)]
        if runs and self.chance(0.4):
            run = self.random.choice(runs)
            place, kind = f"(at {run.name} {self.index(run, 2)})", element(run.kind)
            if kind in self.kinds.records and self.chance(0.6):
                field, kind = self.random.choice(self.kinds.records[kind])
                place = f"(. {place} {field})"
            return f"{indent}{self.change(place, kind)}"
        places = self.writable()
        return f"{indent}{self.change(*self.random.choice(places))}" if places else ""

    def change(self, place: str, kind: str) -> str:
        if kind in INTEGERS and self.chance(0.3):
            return f"({self.pick(('inc!', 'dec!'))} {place} {self.expression(kind, 2)})"
        return f"(set! {place} {self.expression(kind, 3)})"

    def step(self, depth: int, indent: str) -> str:
        """Adds something of a loop into a number."""
        places = [(path, kind) for path, kind in self.writable() if kind in INTEGERS]
        if not places:
            return ""
        place, kind = self.random.choice(places)
        return f"{indent}(set! {place} ({self.pick(('+', '^', '-', 'max', 'min'))} {place} {self.expression(kind, 2)}))"

    def branch(self, depth: int, indent: str) -> str:
        condition = self.expression("Bool", 3)
        branches = []
        for _ in range(2 if self.chance(0.6) else 1):
            with self.inside():
                branches.append(f"{indent} (do\n{self.block(depth - 1, indent + '  ')})")
        return f"{indent}(if {condition}\n" + "\n".join(branches) + ")"

    def matching(self, depth: int, indent: str) -> str:
        if self.chance(0.5):
            return self.switch(depth, indent)
        seen = self.places_of_variants()
        if seen and self.chance(0.8):
            scrutinee, name = self.random.choice(seen)
        else:
            name = self.pick(list(self.kinds.variants))
            scrutinee = self.expression(name, 2)
        arms = []
        for case, parts in self.kinds.variants[name]:
            with self.inside():
                bound = [self.name() for _ in parts]
                self.scope.locals += [Local(one, part) for one, part in zip(bound, parts)]
                pattern = "(" + " ".join([case, *bound]) + ")" if parts else case
                arms.append(f"{indent} ({pattern}\n{self.block(depth - 1, indent + '  ', 2)})")
        return f"{indent}(match {scrutinee}\n" + "\n".join(arms) + ")"

    def switch(self, depth: int, indent: str) -> str:
        kind = self.pick(INTEGERS)
        numbers = sorted(set(self.random.choices(range(12), k=self.random.randint(2, 7))))
        arms = []
        scrutinee = self.expression(kind, 2)
        if self.chance(0.7):
            scrutinee = f"(& {scrutinee} 15)"
        while numbers:
            pattern = str(numbers.pop())
            if numbers and self.chance(0.3):
                pattern = f"(or {pattern} {numbers.pop()})"
            with self.inside():
                arms.append(f"{indent} ({pattern}\n{self.block(depth - 1, indent + '  ', 2)})")
        with self.inside():
            arms.append(f"{indent} (_\n{self.block(depth - 1, indent + '  ', 2)})")
        return f"{indent}(match {scrutinee}\n" + "\n".join(arms) + ")"

    # --- loops

    def loop(self, depth: int, indent: str) -> str:
        if self.scope.weight * 10 * 20 > DEAREST - self.cost:
            return ""
        return self.random.choice((self.for_loop, self.for_loop, self.while_loop, self.for_each, self.narrow_loop))(depth, indent)

    def leave(self, indent: str) -> str:
        if not self.chance(0.4):
            return ""
        return f"{indent} (if {self.expression('Bool', 2)} ({self.pick(('break', 'continue', 'continue'))}))\n"

    def for_loop(self, depth: int, indent: str) -> str:
        runs = [one for one in self.all_runs() if head(one.kind) in ("Slice", "View") or count(one.kind) < 20]
        name, rounds = self.name(), self.random.randint(1, 10)
        least, end = self.random.choice((0, 0, 0, 1, -2)), str(rounds)
        if runs and self.chance(0.5):
            run = self.random.choice(runs)
            end, rounds = f"(len {run.name})", 8
            if self.chance(0.1):
                end = f"(+ {end} 1)"
        elif self.chance(0.2):
            end, rounds = f"(& {self.expression('I64', 2)} 7)", 7
        with self.inside(rounds):
            self.scope.locals.append(Local(name, "I64", index=least >= 0))
            before = self.leave(indent)
            body = before + self.block(depth - 1, indent + " ")
            body += "\n" + self.leave(indent).rstrip("\n") if self.chance(0.2) else ""
        return f"{indent}(for ({name} {least} {end})\n{body})"

    def narrow_loop(self, depth: int, indent: str) -> str:
        """Over numbers of any type, often near an end of it."""
        kind, name, rounds = self.pick(INTEGERS), self.name(), self.random.randint(0, 9)
        low, high = bounds(kind)
        start = self.random.choice((low, high - rounds, 0, -3 if low < 0 else 1, (low + high) // 2))
        end = start + rounds if self.chance(0.9) else low
        with self.inside(max(rounds, 1)):
            self.scope.in_loop = True
            self.scope.locals.append(Local(name, kind))
            body = self.leave(indent) + self.block(depth - 1, indent + " ")
        return f"{indent}(for ({name} (the {kind} {start}) (the {kind} {end}))\n{body})"

    def while_loop(self, depth: int, indent: str) -> str:
        name, rounds = self.name(), self.random.randint(1, 10)
        down = self.chance(0.5)
        kind = "I64" if self.chance(0.7) else self.pick(INTEGERS)
        first, step = (rounds, f"(dec! {name})") if down else (0, f"(inc! {name})")
        going = f"(> {name} 0)" if down else f"(< {name} {rounds})"
        with self.inside(rounds):
            self.scope.locals.append(Local(name, kind, index=kind == "I64"))
            if self.chance(0.3):
                going = f"(and {going} {self.expression('Bool', 2)})"
            start = f"(while {going}\n{indent} {step}\n"
            if self.chance(0.2):
                start = f"(while true\n{indent} (if (not {going}) (break))\n{indent} {step}\n"
            body = self.leave(indent) + self.block(depth - 1, indent + " ")
        return f"{indent}(var {name} {kind} {first})\n{indent}{start}{body})"

    def for_each(self, depth: int, indent: str) -> str:
        runs = self.all_runs()
        if not runs:
            return ""
        run, name = self.random.choice(runs), self.name()
        with self.inside(count(run.kind) if head(run.kind) == "Array" else 9):
            self.scope.in_loop = True
            self.scope.locals.append(Local(name, element(run.kind)))
            body = self.leave(indent) + self.block(depth - 1, indent + " ")
        return f"{indent}(for-each ({name} {run.name})\n{body})"

    # --- output and ways out

    def printing(self, depth: int, indent: str) -> str:
        if self.scope.weight > OUTPUT_ROUNDS:
            return ""
        self.cost += 20 * self.scope.weight
        return f"{indent}(io.print-i64 {self.expression('I64', 2)})"

    def way_out(self, depth: int, indent: str) -> str:
        if self.scope.in_loop and self.chance(0.6):
            return f"{indent}(if {self.expression('Bool', 3)} ({self.pick(('break', 'continue'))}))"
        if self.scope.in_arena and not self.kinds.is_plain(self.result):
            return ""
        return f"{indent}(if {self.expression('Bool', 3)} (return {self.expression(self.result, 2)}))"

    def assertion(self, depth: int, indent: str) -> str:
        if self.chance(0.3):
            return f'{indent}(if {self.expression("Bool", 3)} (panic "gone {self.random.randint(0, 99)}"))'
        return f"{indent}(assert {self.expression('Bool', 3)})"

    def arena(self, depth: int, indent: str) -> str:
        """A form whose value holds no reference; inside, no outer place that could keep one is in sight."""
        kind, name, handle = self.kinds.number(), self.name(), self.name()
        scope = self.scope
        with self.inside():
            was, scope.in_arena = scope.in_arena, True
            scope.locals = [one for one in scope.locals if self.kinds.is_plain(one.kind)]
            body = "\n".join(self.statement(depth - 1, indent + " ") for _ in range(self.random.randint(1, 4)))
            value = self.expression(kind, 3)
            scope.in_arena = was
        scope.locals.append(Local(name, kind))
        return f"{indent}(≔ {name} {kind} (arena ({handle})\n{body}\n{indent} {value}))"
