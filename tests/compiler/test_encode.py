"""encode: the compiler's machine code, held against what another disassembler reads in it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Iterator, List

from tests.conftest import TOP
from tests.needs import need

WIDE = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split()
HALF = "eax ecx edx ebx esp ebp esi edi".split() + [f"r{n}d" for n in range(8, 16)]
SHORT = "ax cx dx bx sp bp si di".split() + [f"r{n}w" for n in range(8, 16)]
BYTE = "al cl dl bl spl bpl sil dil".split() + [f"r{n}b" for n in range(8, 16)]
SIZE = {"q": "QWORD PTR ", "d": "DWORD PTR ", "w": "WORD PTR ", "b": "BYTE PTR ", "x": "XMMWORD PTR ", "": ""}
NAMES = {"q": WIDE, "d": HALF, "w": SHORT, "b": BYTE}
CONDITIONS = "o no b ae e ne be a s ns p np l ge le g".split()
NUMBERS = [0, 1, -1, 127, 128, -128, -129, 2147483647, -2147483648]

# name, the size of the first operand, that of the other one; a store's first operand is memory
TWO = [(name, "q", "q") for name in "add or and sub xor cmp mov imul".split()]
TEST = ("test", "q", "q")
STORES = [("mov", "b", "b"), ("mov", "w", "w"), ("mov", "d", "d"), ("mov", "q", "q"), ("cmp", "q", "q")]
LOADS = [("movsx", "q", "b"), ("movzx", "d", "b"), ("movsx", "q", "w"), ("movzx", "d", "w"), ("movsxd", "q", "d"), ("mov", "d", "d"),
         ("mov", "q", "q")]


def number(value: int) -> str:
    """An immediate as objdump writes it: sign-extended to 64 bits."""
    return hex(value & (1 << 64) - 1)


def memory(base: int, index: int, scale: int, disp: int) -> str:
    text = WIDE[base]
    if index >= 0:
        text += f"+{WIDE[index]}*{1 << scale}"
    if disp or base & 7 == 5:
        text += f"{'-' if disp < 0 else '+'}{abs(disp):#x}"
    return f"[{text}]"


def registers() -> Iterator[str]:
    for name, first, second in [*TWO, TEST, *LOADS]:
        for a in range(16):
            for b in range(16):
                left, right = NAMES[first][a], NAMES[second][b]
                yield f"{name} {right},{left}" if name == "test" else f"{name} {left},{right}"


def addresses() -> Iterator[str]:
    for row, (name, first, second) in enumerate([*TWO, TEST, *STORES, *LOADS, ("lea", "q", "")]):
        for base in range(16):
            for index in (-1, 0, 5, 12, 15):
                for disp in (0, 1, -128, 128, 305419896):
                    place = SIZE[second] + memory(base, index, base & 3 if index >= 0 else 0, disp)
                    register = NAMES[first][base + row & 15]
                    yield f"{name} {place},{register}" if 8 <= row < 14 else f"{name} {register},{place}"
    for name in "add or and sub xor".split():
        for base in range(16):
            yield f"{name} QWORD PTR {memory(base, -1, 0, 8)},{WIDE[base ^ 9]}"
    for base in range(16):
        yield f"cmp BYTE PTR {memory(base, -1, 0, 8)},{16 * base:#x}"
    for name, size, storing in (("movups", "x", 0), ("movups", "x", 1), ("movq", "q", 0), ("movq", "q", 1), ("movd", "d", 0), ("movd", "d", 1)):
        for base in range(16):
            place, register = SIZE[size] + memory(base, -1, 0, 8), f"xmm{base & 7}"
            yield f"{name} {place},{register}" if storing else f"{name} {register},{place}"


def constant(a: int, value: int, keep: bool) -> str:
    if value == 0 and not keep:
        return f"xor {HALF[a]},{HALF[a]}"
    if 0 <= value < 1 << 32:
        return f"mov {HALF[a]},{number(value)}"
    return f"{'mov' if -1 << 31 <= value < 1 << 31 else 'movabs'} {WIDE[a]},{number(value)}"


def immediates() -> Iterator[str]:
    for a in range(16):
        place = memory(a, -1, 0, 4)
        for n in NUMBERS:
            for name in "add or and sub xor cmp".split():
                yield f"{name} {WIDE[a]},{number(n)}"
                yield f"{name} QWORD PTR {place},{number(n)}"
            yield f"test {WIDE[a]},{number(n)}"
            for size, bits in (("b", 8), ("w", 16), ("d", 32)):
                yield f"mov {SIZE[size]}{place},{n & (1 << bits) - 1:#x}"
            yield f"mov QWORD PTR {place},{number(n)}"
            yield f"imul {WIDE[a]},{WIDE[a ^ 9]},{number(n)}"
            yield constant(a, n, False)
            yield constant(a, n, True)
        for n in (4294967295, 4294967296, -81985529216486896):
            yield constant(a, n, False)


def singles() -> Iterator[str]:
    for a in range(16):
        for name in "not neg mul imul div idiv".split():
            yield f"{name} {WIDE[a]}"
        for name in "shl shr sar".split():
            yield f"{name} {WIDE[a]},cl"
        for name in "shl shr sar".split():
            yield f"{name} {WIDE[a]},{a + 1:#x}"
        for name in "call jmp push pop".split():
            yield f"{name} {WIDE[a]}"


def conditions() -> Iterator[str]:
    for a in range(16):
        for name in CONDITIONS:
            yield f"set{name} {BYTE[a]}"
            yield f"cmov{name} {WIDE[a]},{WIDE[a ^ 5]}"
            yield f"cmov{name} {WIDE[a]},QWORD PTR {memory(a, -1, 0, 0)}"


def sized() -> Iterator[str]:
    """What `sizes!` of the grid makes."""
    for size, bits in (("d", 32), ("w", 16), ("b", 8)):
        for a in range(16):
            left, right, place = NAMES[size][a], NAMES[size][a ^ 5], SIZE[size] + memory(a ^ 5, -1, 0, 8)
            for name in "add or and sub xor cmp mov".split():
                yield f"{name} {left},{right}"
                yield f"{name} {left},{place}"
            yield f"test {right},{left}"
            for name in "add or and sub xor".split():
                yield f"{name} {place},{left}"
            for n in (1, -1, 127, -128):
                text = f"{n & (1 << bits) - 1:#x}"
                for name in "add or and sub xor cmp test".split():
                    yield f"{name} {left},{text}"
                    yield f"{name} {place},{text}"
            for name in "not neg mul imul div idiv".split():
                yield f"{name} {left}"
            for name in "shl shr sar".split():
                yield f"{name} {left},cl"
            yield f"shr {left},0x7"
    for a in range(16):
        yield f"imul {HALF[a]},{HALF[a ^ 5]}"
        yield f"imul {HALF[a]},{HALF[a ^ 5]},0x64"
        for name in ("bsf", "bsr"):
            yield f"{name} {WIDE[a]},{WIDE[a ^ 5]}"
            yield f"{name} {HALF[a]},{HALF[a ^ 5]}"
        yield from (f"rol {WIDE[a]},0xd", f"rol {HALF[a]},cl", f"bswap {WIDE[a]}", f"bswap {HALF[a]}", f"cmovl {HALF[a]},{HALF[a ^ 5]}")


def floats() -> Iterator[str]:
    for a in range(16):
        left, right = f"xmm{a}", f"xmm{a ^ 9}"
        for suffix, other, size in (("sd", "ss", "q"), ("ss", "sd", "d")):
            place = SIZE[size] + memory(a ^ 9, 0, 2, 8)
            for name in "mov add sub mul div sqrt min max".split():
                yield f"{name}{suffix} {left},{right}"
                yield f"{name}{suffix} {left},{place}"
            yield f"cmpeq{suffix} {left},{right}"
            for name in (f"ucomi{suffix}", f"cvt{suffix}2{other}"):
                yield f"{name} {left},{right}"
                yield f"{name} {left},{place}"
            yield f"mov{suffix} {place},{left}"
            for names in (WIDE, HALF):
                yield f"cvtsi2{suffix} {left},{names[a ^ 9]}"
                yield f"cvtt{suffix}2si {names[a]},{right}"


def vectors() -> Iterator[str]:
    for a in range(16):
        left, right = f"xmm{a}", f"xmm{a ^ 9}"
        for name in "movaps andps xorps".split():
            yield f"{name} {left},{right}"
        for name, names in (("movq", WIDE), ("movd", HALF)):
            yield f"{name} {left},{names[a ^ 9]}"
            yield f"{name} {names[a ^ 9]},{left}"


def symbols() -> Iterator[str]:
    for a in range(16):
        if a != 4:
            yield f"mov {WIDE[a ^ 5]},QWORD PTR [{WIDE[a]}*{1 << (a & 3)}+0x0]"
        yield f"mov {WIDE[a]},QWORD PTR [rip+0x0]"
        yield f"mov {HALF[a]},0x0"


def disassembled(objdump: str, path: Path) -> List[str]:
    command = [objdump, "-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", "--no-show-raw-insn", str(path)]
    listing = subprocess.run(command, capture_output=True, text=True, check=True, timeout=240).stdout
    lines = re.findall(r"^ *[0-9a-f]+:\t(.*)$", listing, re.M)
    return [re.sub(r"\s+", " ", line.split("#")[0].strip()) for line in lines]


def test_every_encoding_reads_as_it_is_meant(zero: Path, tmp_path: Path) -> None:
    objdump = need("objdump")
    program, code = tmp_path / "grid", tmp_path / "code"
    made = subprocess.run([zero, "build", TOP / "tests/compiler/encode/grid.0x0", "-o", program], capture_output=True, text=True, timeout=240)
    assert made.returncode == 0, made.stderr
    code.write_bytes(subprocess.run([program], capture_output=True, check=True, timeout=240).stdout)
    expected = [*registers(), *addresses(), *immediates(), *singles(), *conditions(), *sized(), *floats(), *vectors(), *symbols()]
    got = disassembled(objdump, code)
    wrong = [f"{want} / {text}" for want, text in zip(expected, got) if want != text]
    assert wrong[:20] == []
    assert len(got) == len(expected)
