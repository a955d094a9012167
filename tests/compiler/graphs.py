"""graphs: random graphs of compiler/ssa as numbers, and an interpreter that tells what their program writes."""

from __future__ import annotations

import math
import random
import re
import struct
import subprocess
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence

from tests.conftest import TOP

WORD = (1 << 64) - 1
FIRST_FUNCTION = 7  # symbols that every object has come before
MOST_STEPS = 100_000

ROWS = re.findall(r"^\(const i-(\S+) I64 (\d+)\)", (TOP / "compiler/ssa/ops.0x0").read_text("utf-8"), re.M)
OPS = {name: int(number) for name, number in ROWS}
NAMES = {number: name for name, number in OPS.items()}

NUMBERS = [0, 1, -1, 2, 3, 5, 8, 9, 16, 100, 255, -128, 127, 128, 1 << 31, (1 << 31) - 1, -(1 << 31), 1 << 32, -(1 << 63), (1 << 63) - 1]
DIVISORS = [1, 2, 3, 4, 7, 8, 10, 641, 1_000_000_007, 1 << 31, 1 << 40, 1 << 62, (1 << 32) + 1, (1 << 63) - 1, -1, -8]
SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33, 40, 64, 100, 128, 130]
SLOT_SIZES = [256, 64]


def signed(value: int, bits: int = 64) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


COMPARISONS: Dict[str, Callable[[int, int], int]] = {
    "eq": lambda a, b: a == b, "ne": lambda a, b: a != b,
    "slt": lambda a, b: signed(a) < signed(b), "sle": lambda a, b: signed(a) <= signed(b),
    "sgt": lambda a, b: signed(a) > signed(b), "sge": lambda a, b: signed(a) >= signed(b),
    "ult": lambda a, b: a < b, "ule": lambda a, b: a <= b, "ugt": lambda a, b: a > b, "uge": lambda a, b: a >= b,
}
BINARY: Dict[str, Callable[[int, int], int]] = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "and": lambda a, b: a & b, "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b, "shl": lambda a, b: a << (b & 63), "shr": lambda a, b: a >> (b & 63), "sar": lambda a, b: signed(a) >> (b & 63),
    "rotl": lambda a, b: turned(a, b, 64), "rotl32": lambda a, b: turned(a, b, 32) & 0xFFFFFFFF,
    "smin": lambda a, b: min(signed(a), signed(b)), "smax": lambda a, b: max(signed(a), signed(b)), "umin": min, "umax": max, **COMPARISONS,
}
UNARY: Dict[str, Callable[[int], int]] = {
    "neg": lambda a: -a, "not": lambda a: ~a, "sext8": lambda a: signed(a, 8), "sext16": lambda a: signed(a, 16),
    "sext32": lambda a: signed(a, 32), "zext8": lambda a: a & 0xFF, "zext16": lambda a: a & 0xFFFF, "zext32": lambda a: a & 0xFFFFFFFF,
    "popcount": lambda a: bin(a).count("1"), "clz": lambda a: count_zeros(a, True), "ctz": lambda a: count_zeros(a, False),
    "bswap": lambda a: int.from_bytes(a.to_bytes(8, "little"), "big"),
    "bswap32": lambda a: int.from_bytes((a & 0xFFFFFFFF).to_bytes(4, "little"), "big"),
}


I64, F64, F32 = 1, 3, 4


def number_of(bits: int, kind: int) -> float:
    """The float of these bits."""
    text, code = (bits.to_bytes(8, "little"), "<d") if kind == F64 else ((bits & 0xFFFFFFFF).to_bytes(4, "little"), "<f")
    made: float = struct.unpack(code, text)[0]
    return made


def bits_of(value: float, kind: int) -> int:
    """The bits of the float of a kind nearest to a value."""
    if kind == F64:
        return int.from_bytes(struct.pack("<d", value), "little")
    try:
        return int.from_bytes(struct.pack("<f", value), "little")
    except OverflowError:
        return int.from_bytes(struct.pack("<f", math.copysign(math.inf, value)), "little")


def nearest(value: int, kind: int) -> int:
    """The bits of the float nearest to a whole number, ties to even."""
    digits = 53 if kind == F64 else 24
    drop = max(0, abs(value).bit_length() - digits)
    kept, rest = abs(value) >> drop, abs(value) & (1 << drop) - 1
    half = 1 << drop >> 1
    kept += rest > half or (drop > 0 and rest == half and kept & 1)
    return bits_of(math.copysign(float(kept << drop), value), kind)


def ratio(a: float, b: float) -> float:
    if b != 0 or math.isnan(a):
        return a / b if b != 0 else math.nan
    return math.nan if a == 0 else math.copysign(math.inf, a) * math.copysign(1.0, b)


def less(a: float, b: float) -> bool:
    return a < b


FLOAT_BINARY: Dict[str, Callable[[float, float], float]] = {
    "fadd": lambda a, b: a + b, "fsub": lambda a, b: a - b, "fmul": lambda a, b: a * b, "fdiv": ratio,
    "fmin": lambda a, b: a if less(a, b) else b, "fmax": lambda a, b: a if less(b, a) else b,
}
FLOAT_UNARY: Dict[str, Callable[[float], float]] = {
    "fneg": lambda a: -a, "fabs": abs, "fsqrt": lambda a: math.sqrt(a) if a >= 0 else math.nan,
}
FLOAT_COMPARISONS: Dict[str, Callable[[float, float], bool]] = {
    "feq": lambda a, b: a == b, "fne": lambda a, b: a != b, "flt": less, "fle": lambda a, b: a <= b, "fgt": lambda a, b: a > b,
    "fge": lambda a, b: a >= b,
}
CONVERSIONS = "from-int from-uint to-int to-uint widen narrow float-bits bits-float".split()
FLOATS = [0.0, -0.0, 1.0, -1.5, 0.1, 3.0e10, -7.25e-8, math.inf, -math.inf, math.nan, 1e300, 9007199254740993.0]


def count_zeros(value: int, from_top: bool) -> int:
    if value == 0:
        return 64
    return 64 - value.bit_length() if from_top else (value & -value).bit_length() - 1


def turned(value: int, count: int, bits: int) -> int:
    low, count = value & (1 << bits) - 1, count % bits
    return low << count | low >> (bits - count)


def quotient(a: int, b: int) -> int:
    return abs(a) // abs(b) * (-1 if (a < 0) != (b < 0) else 1)


DIVISIONS: Dict[str, Callable[[int, int], int]] = {
    "sdiv": lambda a, b: quotient(signed(a), signed(b)), "udiv": lambda a, b: a // b,
    "srem": lambda a, b: signed(a) - signed(b) * quotient(signed(a), signed(b)), "urem": lambda a, b: a % b,
}


def some_kinds(chance: random.Random, count: int) -> List[int]:
    """Kinds of that many values."""
    return chance.choices([I64, F64, F32], [7, 2, 1], k=count)


class Graph:
    """One function, made at random; blocks are rows of first, count, parameters, parameter count."""

    def __init__(self, chance: random.Random, callees: Sequence[Graph], parameters: Sequence[int], results: Sequence[int]) -> None:
        self.chance, self.callees, self.parameters, self.results = chance, list(callees), list(parameters), list(results)
        self.insts: List[List[int]] = []
        self.blocks: List[List[int]] = []
        self.args: List[int] = []
        self.params: List[int] = []
        self.kinds: List[int] = []  # of params
        self.current, self.depth = 0, 0
        self.near = chance.choice([3, 8, 30])
        self.begin(self.block(parameters))

    def fill(self, statements: int) -> None:
        for slot, size in enumerate(SLOT_SIZES):
            self.inst("fill", self.inst("slot", slot), self.number(0), self.number(size))
        values = self.body(self.of(0), statements)
        self.end("return", 0, self.list(self.picks(values, self.results)), len(self.results))

    def inst(self, op: str, a: int = 0, b: int = 0, c: int = 0, kind: int = 1) -> int:
        self.insts.append([OPS[op], a, b, c, kind])
        return len(self.insts) - 1

    def kind(self, value: int) -> int:
        return self.insts[value][4]

    def number(self, value: int) -> int:
        return self.inst("iconst", signed(value))

    def list(self, values: List[int]) -> int:
        self.args += values
        return len(self.args) - len(values)

    def block(self, kinds: Sequence[int]) -> int:
        self.blocks.append([0, 0, len(self.params), len(kinds)])
        self.params += [-1] * len(kinds)
        self.kinds += kinds
        return len(self.blocks) - 1

    def of(self, block: int) -> List[int]:
        _, _, first, count = self.blocks[block]
        return self.params[first:first + count]

    def begin(self, block: int) -> None:
        row = self.blocks[block]
        row[0], self.current = len(self.insts), block
        for k in range(row[3]):
            self.params[row[2] + k] = self.inst("param", k, kind=self.kinds[row[2] + k])

    def end(self, op: str, a: int = 0, b: int = 0, c: int = 0) -> int:
        last = self.inst(op, a, b, c)
        row = self.blocks[self.current]
        row[1] = len(self.insts) - row[0]
        return last

    def pick(self, values: List[int]) -> int:
        kind = self.chance.random()
        whole = [value for value in (values[-self.near:] if kind < 0.5 else values) if self.kind(value) == 1]
        if kind < 0.15 or not whole:
            return self.number(self.chance.choice([*NUMBERS, self.chance.getrandbits(64)]))
        return self.chance.choice(whole)

    def pick_float(self, values: List[int], kind: int) -> int:
        some = [value for value in values if self.kind(value) == kind]
        if self.chance.random() < 0.2 or not some:
            return self.float_number(self.chance.choice(FLOATS), kind)
        return self.chance.choice(some[-self.near:])

    def float_number(self, value: float, kind: int) -> int:
        return self.inst("fconst", signed(bits_of(value, kind)), kind=kind)

    def picks(self, values: List[int], kinds: Sequence[int]) -> List[int]:
        return [self.pick(values) if kind == I64 else self.pick_float(values, kind) for kind in kinds]

    def address(self, values: List[int]) -> "tuple[int, int]":
        """An address with a word behind it, and an offset."""
        base = self.inst("slot", self.chance.randrange(2), 8 * self.chance.randrange(2))
        index = self.inst("and", self.pick(values), self.number(3))
        kind = self.chance.randrange(5)
        if kind == 0:
            return base, self.chance.randrange(40)
        if kind == 1:
            index = self.inst("shl", index, self.number(self.chance.randrange(1, 4)))
        elif kind == 2:
            index = self.inst("mul", index, self.number(self.chance.choice([2, 4, 8])))
            base = self.inst("add", base, self.number(4))
        elif kind == 3:
            index = self.inst("sub", self.inst("add", index, self.number(4)), self.number(3))
        pair = [base, index] if self.chance.random() < 0.5 else [index, base]
        return self.inst("add", *pair), self.chance.randrange(8)

    def condition(self, values: List[int]) -> int:
        kind = self.chance.random()
        comparison = self.chance.choice(list(COMPARISONS))
        if kind < 0.1:
            return self.inst("load8u", *self.address(values))
        if kind < 0.25:
            return self.inst(comparison, self.inst("load8u", *self.address(values)), self.number(self.chance.choice([0, 1, 127, 128, 255])))
        if kind < 0.4:
            mask = self.inst("and", *self.picks(values, [I64, I64]))
            return self.inst(self.chance.choice(["eq", "ne"]), mask, self.number(0))
        if kind < 0.5:
            rest = self.inst(self.chance.choice(["srem", "urem"]), self.pick(values), self.number(1 << self.chance.randrange(32)))
            return self.inst(self.chance.choice(["eq", "ne"]), rest, self.number(0))
        made = self.inst(comparison, *self.picks(values, [I64, I64]))
        return self.inst("eq", made, self.number(0)) if kind < 0.6 else made

    def body(self, before: List[int], statements: int) -> List[int]:
        values = list(before)
        simple = [self.arithmetic, self.division, self.load, self.store, self.update, self.memory, self.call, self.checks, self.parts,
                  self.floating, self.floating, self.whole]
        while statements > 0:
            statements -= 1
            inner = self.chance.randrange(1, statements) if statements > 3 and self.depth < 4 else 0
            if inner and self.chance.random() < 0.25:
                statements -= inner
                self.depth += 1
                values += self.chance.choice([self.branches, self.loop, self.cases])(values, inner)
                self.depth -= 1
            else:
                values += self.chance.choices(simple, [8, 2, 3, 2, 1, 1, 2, 1, 2, 2, 2, 2])[0](values)
        return values

    def arithmetic(self, values: List[int]) -> List[int]:
        kind = self.chance.random()
        if kind < 0.15:
            return [self.inst(self.chance.choice(list(UNARY)), self.pick(values))]
        if kind < 0.25:
            return [self.inst("select", self.condition(values), *self.picks(values, [I64, I64]))]
        return [self.inst(self.chance.choice(list(BINARY)), *self.picks(values, [I64, I64]))]

    def division(self, values: List[int]) -> List[int]:
        op, dividend = self.chance.choice(list(DIVISIONS)), self.pick(values)
        if self.chance.random() < 0.5:
            divisor = self.inst("or", self.pick(values), self.number(1))
        else:
            divisor = self.number(self.chance.choice([*DIVISORS, self.chance.randrange(1, 1 << 63)]))
        if op == "sdiv" and signed(self.insts[divisor][1]) < 2 or self.insts[divisor][0] != OPS["iconst"]:
            dividend = self.inst("shr", dividend, self.number(1))
        return [self.inst(op, dividend, divisor, 64)]

    def parts(self, values: List[int]) -> List[int]:
        """What is made on fewer bits, and places of fewer bits that are compared and changed."""
        chance, size = self.chance, self.chance.choice([8, 16, 32])
        kind, sign = chance.random(), chance.choice("su")
        if kind < 0.1:
            few = self.inst("and", self.pick(values), self.number(chance.choice([0, 3, 1 << 63])))
            return [self.inst(chance.choice(["popcount", "clz", "ctz"]), few)]
        if kind < 0.4:
            made = self.inst(chance.choice(["add", "sub", "mul", "and", "or", "xor"]), *self.picks(values, [I64, I64]))
            if chance.random() < 0.3:
                made = self.inst("shl", self.pick(values), self.number(chance.randrange(40)))
            return [self.inst("zext32", made)]
        if kind < 0.55:
            return self.halves(values)
        address, offset = self.address(values)
        loaded = self.inst(f"load{size}{sign}", address, offset)
        if kind < 0.75:
            operands = [loaded, self.inst("and", self.pick(values), self.number(chance.choice([0, 1, 0x7F, 0xFF])))]
            if chance.random() < 0.5:
                operands[1] = self.number(chance.choice([*NUMBERS, 200, -3, 65535, (1 << 32) - 1]))
            elif chance.random() < 0.5:
                operands[1] = self.inst(f"load{size}u", *self.address(values))
            chance.shuffle(operands)
            return [self.inst("select", self.inst(chance.choice(list(COMPARISONS)), *operands), *self.picks(values, [I64, I64]))]
        operands = [loaded, self.pick(values)]
        chance.shuffle(operands)
        made = self.inst(chance.choice(["add", "sub", "and", "or", "xor"]), *operands)
        made = self.inst(chance.choice("zs") + f"ext{chance.choice([8, 16, 32])}", made) if chance.random() < 0.6 else made
        self.inst(f"store{size}", address, offset, made)
        return [self.inst("load64", address, offset)]

    def halves(self, values: List[int]) -> List[int]:
        """Numbers of 32 bits, extended by their sign, of which sometimes the low half alone is wanted."""
        chance, made = self.chance, []
        for _ in range(3):
            value = self.inst(chance.choice(["add", "sub", "mul", "xor", "and"]), *self.picks(values, [I64, I64]))
            made.append(self.inst(chance.choice(["sext32", "sext32", "zext32"]), value if chance.random() < 0.7 else self.pick(values)))
        made[2] = self.inst("load32s", *self.address(values)) if chance.random() < 0.3 else made[2]
        if chance.random() < 0.3:
            return [self.inst(chance.choice(list(COMPARISONS)), made[0], made[2])]
        least = self.inst(chance.choice(["smin", "smax", "umin", "umax"]), self.inst("smin", made[0], made[1]), made[2])
        address, offset = self.address(values)
        self.inst("store32", address, offset, least)
        return [self.inst("load32s", address, offset), *([least] if chance.random() < 0.4 else [])]

    def floating(self, values: List[int]) -> List[int]:
        """A float, of what floats there are, whole numbers and memory."""
        chance, kind = self.chance, self.chance.choice([F64, F32])
        way = chance.random()
        if way < 0.15:
            return [self.inst(chance.choice(["from-int", "from-uint"]), self.pick(values), kind=kind)]
        if way < 0.25:
            address, offset = self.address(values)
            value = self.pick_float(values, kind)
            value = self.inst("select", self.inst("feq", value, value), value, self.float_number(0.5, kind), kind=kind)
            self.inst("store-f64" if kind == F64 else "store-f32", address, offset, value)
            return [self.inst("load-f64" if kind == F64 else "load-f32", address, offset, kind=kind)]
        if way < 0.35:
            other = F32 if kind == F64 else F64
            return [self.inst("widen" if kind == F64 else "narrow", self.pick_float(values, other), kind=kind)]
        if way < 0.45:
            return [self.inst(chance.choice(list(FLOAT_UNARY)), self.pick_float(values, kind), kind=kind)]
        if way < 0.55:
            condition = self.condition(values) if chance.random() < 0.5 else self.inst("xor", *self.picks(values, [I64, I64]))
            return [self.inst("select", condition, self.pick_float(values, kind), self.pick_float(values, kind), kind=kind)]
        left, right = self.pick_float(values, kind), self.pick_float(values, kind)
        if chance.random() < 0.2:
            address, offset = self.address(values)
            right = self.inst("load-f64" if kind == F64 else "load-f32", address, offset, kind=kind)
        if chance.random() < 0.5:
            left, right = right, left
        return [self.inst(chance.choice(list(FLOAT_BINARY)), left, right, kind=kind)]

    def whole(self, values: List[int]) -> List[int]:
        """What a float tells: how it compares, its bits when it is no NaN, what it converts to when that fits."""
        chance, kind = self.chance, self.chance.choice([F64, F32])
        value = self.pick_float(values, kind)
        way = chance.random()
        if way < 0.4:
            other = value if way < 0.1 else self.pick_float(values, kind)
            return [self.inst(chance.choice(list(FLOAT_COMPARISONS)), value, other)]
        if way < 0.6:
            return [self.told(value)]
        zero, most = self.float_number(0.0, kind), self.float_number(float(1 << 64 if way < 0.8 else 1 << 62), kind)
        fits = self.inst("flt", value if way < 0.8 else self.inst("fabs", value, kind=kind), most)
        fits = self.inst("and", fits, self.inst("fge", value, zero)) if way < 0.8 else fits
        safe = self.inst("select", fits, value, zero, kind=kind)
        return [self.inst("to-uint" if way < 0.8 else "to-int", safe)]

    def told(self, value: int) -> int:
        """The bits of a float, 0 when it is no number."""
        return self.inst("select", self.inst("feq", value, value), self.inst("float-bits", value), self.number(0))

    def load(self, values: List[int]) -> List[int]:
        """A load and what is made of it, sometimes with a store to the same place between them."""
        op = self.chance.choice([name for name in OPS if re.fullmatch(r"load[0-9]+[su]?", name)] + ["load64"] * 4)
        (address, offset), other = self.address(values), self.pick(values)
        loaded = self.inst(op, address, offset)
        if self.chance.random() < 0.2:
            self.inst("store64", address, offset, other)
        operands = [loaded, self.pick(values)]
        self.chance.shuffle(operands)
        return [self.inst(self.chance.choice(list(BINARY)), *operands)] if self.chance.random() < 0.6 else [loaded]

    def store(self, values: List[int]) -> List[int]:
        value = self.pick(values)
        self.inst(self.chance.choice(["store8", "store16", "store32", "store64"]), *self.address(values), value)
        return []

    def update(self, values: List[int]) -> List[int]:
        """A word of memory, changed in place."""
        operand, (address, offset) = self.pick(values), self.address(values)
        operands = [self.inst("load64", address, offset), operand]
        self.chance.shuffle(operands)
        self.inst("store64", address, offset, self.inst(self.chance.choice(["add", "sub", "and", "or", "xor", "mul"]), *operands))
        return []

    def memory(self, values: List[int]) -> List[int]:
        left, right = self.inst("slot", 0), self.inst("slot", 0, self.chance.choice([0, 8, 16, 40]))
        if self.chance.random() < 0.5:
            left, right = right, self.inst("add", left, self.number(8))
        size = self.number(self.chance.choice(SIZES)) if self.chance.random() < 0.6 else self.inst("and", self.pick(values), self.number(127))
        op = self.chance.choice(["copy", "fill", "compare"])
        if op == "compare":
            return [self.inst("sgt", self.inst("compare", left, right, size), self.number(0))]
        middle = right if op == "copy" else self.chance.choice([self.number(0), self.inst("zext8", self.pick(values))])
        self.inst(op, left, middle, size)
        return []

    def call(self, values: List[int]) -> List[int]:
        if not self.callees:
            return []
        number = self.chance.randrange(len(self.callees))
        callee = self.callees[number]
        args, count = self.list(self.picks(values, callee.parameters)), len(callee.parameters)
        kind, others = callee.results[0], callee.results[1:]
        if self.chance.random() < 0.7:
            made = [self.inst("call", FIRST_FUNCTION + number, args, count, kind)]
        else:
            made = [self.inst("call-indirect", self.inst("function", FIRST_FUNCTION + number), args, count, kind)]
        return made + [self.inst("result", k + 1, kind=other) for k, other in enumerate(others)]

    def checks(self, values: List[int]) -> List[int]:
        """Checks that hold."""
        value = self.pick(values)
        index = self.inst("and", value, self.number(7))
        self.inst("check-index", index, self.number(8))
        self.inst("check-length", self.inst("shr", value, self.number(1)))
        self.inst("check-zero", self.inst("or", value, self.number(4)))
        self.inst("check-slice", index, self.inst("add", index, self.number(3)), self.number(20))
        self.inst("check-convert", value, self.inst("slt", index, self.number(8)), 16)
        return []

    def branches(self, values: List[int], statements: int) -> List[int]:
        """Two ways to a block with parameters; sometimes one of them is the branch's own edge."""
        kinds, direct = some_kinds(self.chance, self.chance.randrange(4)), self.chance.random() < 0.4
        extra = self.picks(values, kinds) if direct else []
        condition = self.condition(values)
        ways = self.list([-1, -1, *extra])
        self.end("branch", condition, ways, 2 + len(extra))
        places = [0, 1]
        self.chance.shuffle(places)
        jumps = []
        for place in places[:1] if direct else [0, 1]:
            self.args[ways + place] = self.block([])
            self.begin(self.args[ways + place])
            inner = self.body(values, statements // 2)
            args = self.list(self.picks(inner, kinds))
            jumps.append(self.end("jump", 0, args, len(kinds)))
        join = self.block(kinds)
        if direct:
            self.args[ways + places[1]] = join
        for jump in jumps:
            self.insts[jump][1] = join
        self.begin(join)
        return self.of(join)

    def loop(self, values: List[int], statements: int) -> List[int]:
        kinds, more = some_kinds(self.chance, self.chance.randrange(1, 6)), some_kinds(self.chance, self.chance.randrange(2))
        header, count = self.block([I64, *kinds]), len(kinds) + 1
        args = self.list([self.number(self.chance.randrange(4)), *self.picks(values, kinds)])
        self.end("jump", header, args, count)
        self.begin(header)
        carried = self.of(header)
        condition = self.inst("sgt", carried[0], self.number(0))
        inside = self.block([])
        ways = self.list([inside, -1, *self.picks(values + carried, more)])
        self.end("branch", condition, ways, 2 + len(more))
        self.begin(inside)
        inner = self.body(values + carried, statements)
        following = [self.inst("sub", carried[0], self.number(1))]
        near = [inner, inner, carried[1:]]
        following += [self.picks(self.chance.choice(near), [kind])[0] for kind in kinds]
        if self.chance.random() < 0.3:
            condition = self.condition(inner)
            back = self.list([-1, header, *self.picks(inner, more), *following])
            self.end("branch", condition, back, 2 + len(more) + count)
            self.args[back] = self.args[ways + 1] = self.block(more)
        else:
            self.end("jump", header, self.list(following), count)
            self.args[ways + 1] = self.block(more)
        self.begin(self.args[ways + 1])
        return carried + self.of(self.args[ways + 1])

    def cases(self, values: List[int], statements: int) -> List[int]:
        dense = self.chance.random() < 0.6
        keys = self.chance.sample(range(-2, 12) if dense else NUMBERS, self.chance.randrange(12))
        value = self.inst("and", self.pick(values), self.number(15)) if dense else self.pick(values)
        arms = self.list([-1, *(part for key in keys for part in (key, -1))])
        self.end("switch", value, arms, 1 + 2 * len(keys))
        blocks, jumps, kinds = [], [], some_kinds(self.chance, self.chance.randrange(1, 3))
        for _ in range(min(len(keys) + 1, 3)):
            blocks.append(self.block([]))
            self.begin(blocks[-1])
            inner = self.body(values, statements // 3)
            jumps.append(self.end("jump", 0, self.list(self.picks(inner, kinds)), len(kinds)))
        join = self.block(kinds)
        for jump in jumps:
            self.insts[jump][1] = join
        self.args[arms] = blocks[0]
        for k in range(len(keys)):
            self.args[arms + 2 + 2 * k] = blocks[k % len(blocks)]
        self.begin(join)
        return self.of(join)

    def numbers(self) -> List[int]:
        rows = [*(part for row in self.blocks for part in row)]
        code = [*(part for row in self.insts for part in row)]
        return [len(self.results), len(SLOT_SIZES), *SLOT_SIZES, len(self.args), *self.args, len(self.params), *self.params,
                len(self.blocks), *rows, len(self.insts), *code]


def floated(name: str, kind: int, other: int, a: int, b: int) -> int:
    """The bits of what an operation on floats makes; `other` is the kind of its operand."""
    if name in FLOAT_BINARY:
        return bits_of(FLOAT_BINARY[name](number_of(a, kind), number_of(b, kind)), kind)
    if name in FLOAT_UNARY:
        return bits_of(FLOAT_UNARY[name](number_of(a, kind)), kind)
    if name in FLOAT_COMPARISONS:
        return FLOAT_COMPARISONS[name](number_of(a, other), number_of(b, other))
    if name in ("from-int", "from-uint"):
        return nearest(signed(a) if name == "from-int" else a, kind)
    if name in ("to-int", "to-uint"):
        return int(number_of(a, other))
    if name in ("widen", "narrow"):
        return bits_of(number_of(a, other), kind)
    return a & 0xFFFFFFFF if F32 in (kind, other) else a


class Endless(Exception):
    """The graph takes too many steps to be run here."""


class Run:
    """An interpreter of graphs."""

    def __init__(self, graphs: Sequence[Graph]) -> None:
        self.graphs, self.steps = graphs, 0

    def call(self, number: int, args: Sequence[int]) -> List[int]:
        graph, memory = self.graphs[number], [bytearray(size) for size in SLOT_SIZES]
        values: Dict[int, int] = {}
        block, given, last = 0, [value & WORD for value in args], [0]
        while True:
            first, count, _, _ = graph.blocks[block]
            values.update(zip(graph.of(block), given))
            for i in range(first + len(given), first + count - 1):
                made = self.step(graph, i, values, memory, last)
                if made is not None:
                    values[i] = made & WORD
            op, a, b, c, _ = graph.insts[first + count - 1]
            name, args = NAMES[op], graph.args[b:b + c]
            if name == "return":
                return [values[arg] for arg in args]
            if name == "jump":
                block, given = a, [values[arg] for arg in args]
            elif name == "switch":
                block = next((args[k + 1] for k in range(1, c, 2) if args[k] & WORD == values[a]), args[0])
                given = []
            else:
                middle = 2 + graph.blocks[args[0]][3]
                block, rest = (args[0], args[2:middle]) if values[a] else (args[1], args[middle:])
                given = [values[arg] for arg in rest]

    def step(self, graph: Graph, i: int, values: Dict[int, int], memory: List[bytearray], last: List[int]) -> Optional[int]:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Endless
        op, a, b, c, kind = graph.insts[i]
        name = NAMES[op]
        if name in ("iconst", "fconst"):
            return a
        if name == "slot":
            return (a + 1 << 20) + b
        if name == "function":
            return a
        if name in UNARY:
            return UNARY[name](values[a])
        if name in BINARY:
            return BINARY[name](values[a], values[b])
        if name in DIVISIONS:
            return DIVISIONS[name](values[a], values[b])
        if name == "select":
            return values[b] if values[a] else values[c]
        if name in FLOAT_BINARY or name in FLOAT_UNARY or name in FLOAT_COMPARISONS or name in CONVERSIONS:
            return floated(name, kind, graph.kind(a), values[a], values.get(b, 0))
        if name == "result":
            return last[a]
        if name in ("call", "call-indirect"):
            last[:] = self.call((a if name == "call" else values[a]) - FIRST_FUNCTION, [values[arg] for arg in graph.args[b:b + c]])
            return last[0]
        if name.startswith("check"):
            return None
        return self.touch(name, [values[a], b, c], values, memory)

    def touch(self, name: str, parts: List[int], values: Dict[int, int], memory: List[bytearray]) -> Optional[int]:
        address, b, c = parts
        size = int(re.sub(r"\D", "", name.replace("-f", "")) or 0) // 8

        def place(where: int) -> "tuple[bytearray, int]":
            return memory[(where >> 20) - 1], where & 0xFFFFF

        if size:
            run, at = place(address + b & WORD)
            if name.startswith("store"):
                run[at:at + size] = (values[c] & (1 << 8 * size) - 1).to_bytes(size, "little")
                return None
            return int.from_bytes(run[at:at + size], "little", signed=name.endswith("s"))
        run, at = place(address)
        count = values[c]
        if name == "fill":
            run[at:at + count] = bytes([values[b] & 255]) * count
            return None
        other, there = place(values[b])
        if name == "copy":
            run[at:at + count] = bytes(other[there:there + count])
            return None
        left, right = bytes(run[at:at + count]), bytes(other[there:there + count])
        return (left > right) - (left < right)


def starter(graphs: Sequence[Graph], calls: Sequence["tuple[int, List[int]]"]) -> Graph:
    """The program: it writes every call's results to standard output."""
    graph = Graph(random.Random(0), [], [I64], [])
    slot, zero = graph.inst("slot", 0), graph.number(0)
    for number, args in calls:
        kinds, results = graphs[number].parameters, graphs[number].results
        count = len(results)
        first = graph.list([graph.number(arg) if kind == I64 else graph.inst("fconst", arg, kind=kind) for arg, kind in zip(args, kinds)])
        made = [graph.inst("call", FIRST_FUNCTION + number, first, len(args), results[0])]
        made += [graph.inst("result", k, kind=results[k]) for k in range(1, count)]
        for k, value in enumerate(made):
            graph.inst("store64", slot, 8 * k, value if results[k] == I64 else graph.told(value))
        graph.inst("syscall", 0, graph.list([graph.number(1), graph.number(1), slot, graph.number(8 * count), zero, zero, zero]), 7)
    graph.inst("syscall", 0, graph.list([graph.number(231), zero, zero, zero, zero, zero, zero]), 7)
    graph.end("unreachable")
    return graph


def assembler(zero: Path, source: str, program: Path) -> Path:
    """The program that makes a program of graphs, each given as numbers."""
    made = subprocess.run([zero, "build", TOP / source, "-o", program], capture_output=True, text=True, timeout=240)
    assert made.returncode == 0, made.stderr
    return program


def random_bits(chance: random.Random, kind: int) -> int:
    """An argument of a kind."""
    if kind == I64:
        return signed(chance.choice([chance.getrandbits(64), chance.randrange(-20, 20)]))
    return signed(bits_of(chance.choice(FLOATS), kind))


def told_bits(bits: int, kind: int) -> int:
    """What `Graph.told` makes of a float; a whole number as it is."""
    if kind == I64:
        return bits
    return 0 if math.isnan(number_of(bits & WORD, kind)) else bits & (WORD if kind == F64 else 0xFFFFFFFF)


def random_program(seed: str, size: int) -> "tuple[str, List[int]]":
    """Graphs as the numbers that `assemble` reads, and the words that their program writes."""
    chance = random.Random(seed)
    graphs: List[Graph] = []
    for _ in range(chance.randrange(1, 4)):
        graph = Graph(chance, graphs, some_kinds(chance, chance.randrange(12)), some_kinds(chance, chance.randrange(1, 5)))
        graph.fill(chance.randrange(1, size))
        graphs.append(graph)
    calls, expected = [], []
    for _ in range(4):
        called = chance.randrange(len(graphs))
        args = [random_bits(chance, kind) for kind in graphs[called].parameters]
        try:
            results = Run(graphs).call(called, args)
        except Endless:
            continue
        calls.append((called, args))
        expected += [told_bits(value, kind) for value, kind in zip(results, graphs[called].results)]
    whole = [*graphs, starter(graphs, calls)]
    return text_of(whole), expected


def text_of(graphs: Sequence[Graph]) -> str:
    """Graphs as the numbers that `assemble` reads."""
    return " ".join(map(str, [len(graphs), *(part for graph in graphs for part in graph.numbers())])) + "\n"


def far_place(offset: int, step: int) -> "tuple[str, List[int]]":
    """A program that stores and loads at an offset from a sum: both numbers together need not fit 32 bits."""
    graph = Graph(random.Random(0), [], [I64, I64], [I64])
    index, value = graph.of(0)
    far = graph.inst("add", graph.inst("slot", 0), graph.number(-offset - step))
    place = graph.inst("add", graph.inst("add", far, index), graph.number(step))
    graph.inst("store64", place, offset, value)
    graph.end("return", 0, graph.list([graph.inst("load64", place, offset)]), 1)
    whole = [graph, starter([graph], [(0, [8, 42])])]
    return text_of(whole), [42]


def words_of(program: Path) -> "tuple[int, List[int]]":
    """A program's exit status, and the words that it wrote."""
    done = subprocess.run([program], capture_output=True, timeout=240)
    return done.returncode, [value for (value,) in struct.iter_unpack("<Q", done.stdout)]
