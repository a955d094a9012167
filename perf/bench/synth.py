"""synth: one large made-up file in C and in 0x0, the same function for function and statement for statement.

Each function calls two of the two hundred before it, loops, and reads and writes a small table. In 0x0 every function is exported and
stands in a constant table that `main` reads, so that none is left out of the program; in C each has external linkage.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

SEED = 7
NEAR = 200  # how far back a called function lies at most
DEPTH, START = 12, 3  # what `main` calls the last function with


@dataclass(frozen=True)
class Function:
    number: int
    first: int  # the functions that it calls
    second: int
    constant: int


def functions(count: int) -> Iterator[Function]:
    draw = random.Random(SEED)
    for number in range(count):
        first, second = (draw.randrange(max(0, number - NEAR), max(1, number)) for _ in range(2))
        yield Function(number, first, second, draw.randrange(1, 100))


def in_c(count: int) -> str:
    head = "extern int printf(const char *, ...);\nstatic long table[16];\nlong sink;\n"
    tail = f'int main(void) {{ printf("%ld\\n", f{count - 1}({DEPTH}, {START})); return 0; }}\n'
    return head + "".join(c_function(one) for one in functions(count)) + tail


def c_function(one: Function) -> str:
    return f"""long f{one.number}(long d, long x) {{
    long s = {one.constant};
    if (d <= 0) return x + table[x & 15];
    for (long i = 0; i < d; i++) {{
        table[(s + i) & 15] = s * 3 + x;
        if (s > {7 * one.constant}) s -= x; else s += i;
    }}
    sink += s;
    s = s * 5 + f{one.first}(d - 1, x * 3 + {one.constant}) - table[x & 15];
    return s ^ f{one.second}(d - 2, x + {one.number});
}}
"""


def in_zero(count: int) -> str:
    names = "\n".join(" ".join(f"f{n}" for n in range(start, min(start + 16, count))) for start in range(0, count, 16))
    head = f"""(⊙ synth)
(↥ "std:io" io)
(↦ all sink
{names})
(var table (Array I64 16) (array 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0))
(var sink I64 0)
"""
    tail = f"""(const all (View (→ (cap state) I64 I64 I64)) (array
{names}))
(ƒ main (∷ (→ Unit)) (cap io state) ()
  (≔ last (at all (- (len all) 1)))
  (io.print-i64 (last {DEPTH} {START})))
"""
    return head + "".join(zero_function(one) for one in functions(count)) + tail


def zero_function(one: Function) -> str:
    return f"""(ƒ f{one.number} (∷ (→ I64 I64 I64)) (cap state) (d x)
  (var s {one.constant})
  (if (<= d 0) (return (+ x (at table (& x 15)))))
  (for (i 0 d)
    (set! (at table (& (+ s i) 15)) (+ (* s 3) x))
    (if (> s {7 * one.constant})
        (dec! s x)
        (inc! s i)))
  (inc! sink s)
  (set! s (- (+ (* s 5) (f{one.first} (- d 1) (+ (* x 3) {one.constant}))) (at table (& x 15))))
  (^ s (f{one.second} (- d 2) (+ x {one.number}))))
"""
