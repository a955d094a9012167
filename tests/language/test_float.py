"""Floats: texts to numbers and back, and what operations give, with Python's own floats and exact fractions as the oracle."""

from __future__ import annotations

import math
import random
import struct
import subprocess
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Callable, List, Sequence, Tuple

import pytest

from tests.conftest import TOP
from tests.needs import need

MANY = 20_000

# decimal texts that were hard for some reader or printer: near midpoints, at the edges of the formats, long
HARD = """0 0.0 -0.0 1 1e0 0.1 0.3 5e-324 2.4703282292062327e-324 2.4703282292062328e-324 4.9406564584124654e-324 1e-400 -1e-400
2.2250738585072011e-308 2.2250738585072012e-308 2.2250738585072014e-308 1.7976931348623157e308 1.7976931348623158e308
9007199254740993 9007199254740992.9999 9007199254740993.0000000000000000000001 9214843084008499 9223372036854775807 1.448997445238699
18446744073709551615 18446744073709551616 1e22 1e23 8.41e21 2.0919495182368195e19 6.9294956446009195e15 3.5844466002796428e298 1e-5 1e-7
123456789012345678901234567890 0.000001 0.00000123 1e21 1e20 100000000000000000000000 1.17549435e-38 1.401298464324817e-45 7.006492321624085e-46
7.0064923216240854e-46 16777217 16777216.5 16777219 0.500000014901161193847656250001 3.4028235677973366e38 3.40282356e38 1e-45
6.0221407599999999e23 4.35 0.000244140625 0x1p-1074 0x1p-1075 0x1.8p-1075 0x1.fffffffffffffp1023 0x1.fffffffffffff7fp1023
0x1.00000000000008p0 0x1.000000000000080001p0 0xdeadbeefdeadbeefdeadp-40 0x0.0000000001p0 -0x1.8p3 1_000.5e1_0 0x0p0""".split()

MIDPOINT = "1.00000000000000011102230246251565404236316680908203125"  # between 1.0 and the next number


def bits64(x: float) -> int:
    return int.from_bytes(struct.pack("<d", x), "little")


def float64(bits: int) -> float:
    return float(struct.unpack("<d", bits.to_bytes(8, "little"))[0])


def float32(bits: int) -> float:
    return float(struct.unpack("<f", bits.to_bytes(4, "little"))[0])


def bits32(x: float) -> int:
    """Of the F32 nearest to x: for one operation on F32s in the precision of F64 rounding twice is rounding once (Figueroa 1995)."""
    try:
        return int.from_bytes(struct.pack("<f", x), "little")
    except OverflowError:
        return 0x7F800000 | (bits64(x) >> 63 << 31)


def exact(text: str) -> Fraction:
    if "0x" not in text:
        return Fraction(text.replace("_", ""))
    digits, _, exponent = text.replace("0x", "").partition("p")
    whole, _, part = digits.partition(".")
    return Fraction(int(whole + part, 16)) * Fraction(2) ** (int(exponent) - 4 * len(part))


def rounded(value: Fraction, precision: int, least: int, field: int) -> int:
    """The bits of the number nearest to an exact value: least is the exponent of the least bit, field the width of the exponent."""
    if value == 0:
        return 0
    exponent = max(least, value.numerator.bit_length() - value.denominator.bit_length() - precision - 1)
    while abs(value) / Fraction(2) ** exponent >= 1 << precision:
        exponent += 1
    digits = round(abs(value) / Fraction(2) ** exponent)  # Python rounds a tie to even
    bits = digits + ((exponent - least) << (precision - 1)) if exponent > least else digits
    return min(bits, ((1 << field) - 1) << (precision - 1))


def sign_of(text: str, width: int) -> int:
    return 1 << (width - 1) if text.startswith("-") else 0


def expected64(text: str) -> int:
    return rounded(exact(text), 53, -1074, 11) | sign_of(text, 64)


def expected32(text: str) -> int:
    return rounded(exact(text), 24, -149, 8) | sign_of(text, 32)


def spelling(digits: str, point: int) -> str:
    """0.digits * 10^point as the library writes it."""
    if -6 < point <= 21:
        padded = "0" * max(0, 1 - point) + digits + "0" * max(0, point - len(digits))
        place = max(1, point)
        return padded[:place] + "." + (padded[place:] or "0")
    return digits[0] + ("." + digits[1:] if digits[1:] else "") + "e" + str(point - 1)


def repr64(x: float) -> str:
    """What Python's repr says, in the library's form."""
    if math.isinf(x):
        return "Infinity" if x > 0 else "-Infinity"
    mantissa, _, exponent = f"{Decimal(repr(abs(x))):e}".partition("e")
    digits = mantissa.replace(".", "").rstrip("0") or "0"
    return ("-" if math.copysign(1, x) < 0 else "") + ("0.0" if x == 0 else spelling(digits, int(exponent) + 1))


def to_places(x: float, places: int) -> str:
    if math.isinf(x):
        return "Infinity" if x > 0 else "-Infinity"
    with localcontext() as context:
        context.prec = 2000
        return f"{Decimal(x).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN):f}"


def scientific(x: float, places: int) -> str:
    if math.isinf(x):
        return "Infinity" if x > 0 else "-Infinity"
    mantissa, _, exponent = f"{x:.{places}e}".partition("e")
    return f"{mantissa}e{int(exponent)}"


@pytest.fixture(scope="module", params=["native", pytest.param("compat", marks=pytest.mark.slow)])
def build(request: pytest.FixtureRequest, zero: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A program of tests/language/float, by way of machine code or of C."""
    folder = tmp_path_factory.mktemp("float")

    def native(name: str) -> Path:
        product = folder / name
        subprocess.run([zero, "build", TOP / f"tests/language/float/{name}.0x0", "-o", product], check=True, timeout=240)
        return product

    def compat(name: str) -> Path:
        need("gcc")
        product = folder / f"{name}-c"
        compiler = folder / "zero-c"
        if not compiler.exists():
            subprocess.run([zero, "build", TOP / "compiler/compat-main.0x0", "-o", compiler], check=True, timeout=240)
        source = TOP / f"tests/language/float/{name}.0x0"
        subprocess.run([compiler, "build", source, "--lib", TOP / "lib", "-o", f"{product}.c"], check=True, timeout=240)
        command = ["gcc", "-std=c11", "-O1", "-Wall", "-Wextra", "-pedantic", "-Werror", f"{product}.c", "-o", str(product), "-lm"]
        subprocess.run(command, check=True, timeout=120)
        return product

    return native if request.param == "native" else compat


def told(program: Path, lines: Sequence[str]) -> List[List[str]]:
    done = subprocess.run([program], input="\n".join(lines) + "\n", capture_output=True, encoding="ascii", timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    answers = [line.split() for line in done.stdout.split("\n")[:-1]]
    assert len(answers) == len(lines)
    return answers


def random_texts(count: int) -> List[str]:
    """Numbers of all magnitudes, midpoints between two, and digits at random."""
    chance = random.Random(20261121)
    texts = [f"{MIDPOINT}{'0' * 900}{last}" for last in ("", "1")]
    for k in range(count):
        x = float64(chance.getrandbits(64) & ~(1 << 62) | chance.getrandbits(1) << 62)
        if not math.isfinite(x):
            continue
        if k % 8 == 0:
            middle = (Fraction(x) + Fraction(float64(bits64(x) ^ 1))) / 2
            with localcontext() as context:
                context.prec = 2000
                texts.append(f"{Decimal(middle.numerator) / Decimal(middle.denominator):f}" if abs(x) < 1e40 else repr(x))
        elif k % 8 == 1:
            texts.append(f"{chance.randrange(10**chance.randrange(1, 40))}.{chance.randrange(10**9):09}e{chance.randrange(-60, 60)}")
        elif k % 8 == 2:
            middle = (Fraction(chance.randrange(1 << 52, 1 << 53)) + Fraction(1, 2)) / (1 << 53)
            texts.append(f"0.{math.ceil(middle * 10**19):019}")  # so little above a midpoint that 64 bits do not tell
        elif k % 8 == 3:
            texts.append(repr(float32(chance.getrandbits(31) % 0x7F800000)))
        else:
            texts.append(repr(x))
    return texts


@pytest.mark.slow
def test_texts_become_the_nearest_numbers(build: Callable[[str], Path]) -> None:
    texts = HARD + random_texts(MANY)
    wrong = [
        (text, wide, narrow)
        for text, (wide, _, _, _, narrow, _, _, _) in zip(texts, told(build("convert"), texts))
        if (int(wide, 16), int(narrow, 16)) != (expected64(text), expected32(text))
    ]
    assert wrong == []


def test_numbers_become_the_shortest_texts(build: Callable[[str], Path]) -> None:
    texts = HARD + random_texts(MANY)
    wrong = [
        (text, shortest, fixed, long)
        for text, (wide, shortest, fixed, long, *_) in zip(texts, told(build("convert"), texts))
        for x in [float64(int(wide, 16))]
        if (shortest, fixed, long) != (repr64(x), to_places(x, 3), scientific(x, 5))
    ]
    assert wrong == []


def shorter(digits: str, point: int) -> Tuple[Fraction, Fraction]:
    """The numbers of one digit less around a text's."""
    unit = Fraction(10) ** (point - len(digits) + 1)
    below = int(digits[:-1] or "0") * unit
    return below, below + unit


@pytest.mark.slow
def test_texts_of_narrow_numbers_are_read_back_and_none_is_shorter(build: Callable[[str], Path]) -> None:
    texts = HARD + random_texts(MANY)
    for text, (_, _, _, _, narrow, shortest, _, _) in zip(texts, told(build("convert"), texts)):
        bits = int(narrow, 16)
        if "Infinity" in shortest:
            assert bits & 0x7FFFFFFF == 0x7F800000
            continue
        assert expected32(shortest) == bits, text
        mantissa, _, exponent = f"{abs(Decimal(shortest)):e}".partition("e")
        digits = mantissa.replace(".", "").rstrip("0")
        if len(digits) > 1:
            for other in shorter(digits, int(exponent) + 1):
                assert rounded(other, 24, -149, 8) != bits & 0x7FFFFFFF, (text, shortest)


def pairs(count: int) -> List[Tuple[int, int]]:
    """Bits of numbers: special ones with each other, near ones, any."""
    special = [0, 1, 0x000FFFFFFFFFFFFF, 0x0010000000000000, 0x3FF0000000000000, 0x3FF0000000000001, 0x7FEFFFFFFFFFFFFF, 0x7FF0000000000000]
    special += [0x7FF8000000000000, 0x3CA0000000000000, 0x4340000000000000, 0x3F8000003F800000, 0x007FFFFF007FFFFF, 0x7F8000007F800000]
    special += [0x43DFFFFFFFFFFFFF, 0x43E0000000000000, 0x43EFFFFFFFFFFFFF, 0x43F0000000000000]
    special += [bits | 1 << 63 | 1 << 31 for bits in special]
    found = [(a, b) for a in special for b in special]
    chance = random.Random(19850701)
    while len(found) < count:
        a, b = chance.getrandbits(64), chance.getrandbits(64)
        near = (a & ~(0xFFF << 52)) | (((a >> 52 & 0x7FF) + chance.randrange(-60, 60)) % 0x7FF) << 52 | chance.getrandbits(1) << 63
        found += [(a, b), (a, near), (a, a ^ 1 << 63 ^ chance.randrange(4)), (near ^ chance.getrandbits(52), a)]
    return found


def quotient(a: float, b: float) -> float:
    if b != 0 or math.isnan(a):
        return a / b if b != 0 else a
    return math.nan if a == 0 else math.copysign(math.inf, math.copysign(1, a) * math.copysign(1, b))


def operations(a: float, b: float, bits: Callable[[float], int], negated: int) -> List[str]:
    """What arithmetic.0x0 writes of two numbers of one type."""

    def shown(x: float) -> str:
        return "nan" if math.isnan(x) else f"{bits(x):x}"

    least, most = (a if a < b else b), (a if a > b else b)
    flags = "".join("y" if flag else "n" for flag in (a < b, a == b, a > b, a <= b, a != b, a >= b))
    minus = "nan" if math.isnan(a) else f"{negated:x}"
    return [shown(a + b), shown(a - b), shown(a * b), shown(quotient(a, b)), shown(least), shown(most), minus, flags]


def between(a: int, b: int) -> List[str]:
    """What arithmetic.0x0 writes of roots, roundings and conversions."""
    x, y = float64(a), float32(a & 0xFFFFFFFF)
    steady = not math.isfinite(x)

    def shown(value: float, bits: Callable[[float], int] = bits64) -> str:
        return "nan" if math.isnan(value) else f"{bits(value):x}"

    def root(value: float) -> float:
        return math.nan if math.isnan(value) or value < 0 else math.sqrt(value)

    def whole(to_whole: Callable[[float], int]) -> str:
        return shown(x if steady else math.copysign(to_whole(x), x))

    signed = b - (b >> 63 << 64)
    found = [shown(root(x)), shown(root(y), bits32), whole(round), whole(math.floor), whole(math.ceil), whole(math.trunc)]
    found += [shown(x, bits32)] * 2 + [shown(y)] * 2 + [shown(float(signed))] * 2 + [shown(float(b))] * 2
    found += [f"{rounded(Fraction(n), 24, -149, 8) | (n < 0) << 31:x}" for n in (signed, b)]
    number = None if steady else math.trunc(x)
    found.append("none" if number is None or not -(1 << 63) <= number < 1 << 64 else str(number))
    found.append("none" if number is None or abs(number) >= 1 << 64 else str(number))
    return found


def test_operations_by_machine_and_by_integers_give_what_ieee_754_says(build: Callable[[str], Path]) -> None:
    given = pairs(MANY)
    wrong = []
    for (a, b), answer in zip(given, told(build("arithmetic"), [f"{a} {b}" for a, b in given])):
        low_a, low_b = a & 0xFFFFFFFF, b & 0xFFFFFFFF
        wide = operations(float64(a), float64(b), bits64, a ^ 1 << 63)
        narrow = operations(float32(low_a), float32(low_b), bits32, low_a ^ 1 << 31)
        if answer != wide + wide + narrow + narrow + between(a, b):
            wrong.append((hex(a), hex(b), answer, wide + wide + narrow + narrow + between(a, b)))
    assert wrong[:3] == []
