"""calls: small functions, tail calls, generics, several ways out."""

from __future__ import annotations

from tests.generate.expressions import Expressions
from tests.generate.kinds import INTEGERS

from .made import Made, fresh, number


def tail_calls(w: Expressions) -> Made:
    """Two functions that end in calls of each other, with arguments that change places."""
    text = """\
(ƒ @-odd (∷ (→ I64 I64 {k} I64 I64 I64 I64 I64)) (n a b c d e f)
 (if (<= n 0) (+ a (* 3 (wrap I64 b)) (* 5 c) (* 7 d) (* 11 e) (* 13 f)) (@-even (- n 1) f a (wrap {k} c) b e)))
(ƒ @-even (∷ (→ I64 I64 I64 {k} {k} I64 I64)) (n a c b d e)
 (cond
  ((= n {stop}) (- a c (wrap I64 d)))
  ((< n 1) (+ a (wrap I64 b)))
  (else (@-odd (- n 1) c d e a (wrap I64 b) n))))
(ƒ @ (∷ (→ I64 {k} I64)) (n x) (@-odd (& n 63) {a} x n {a} 3 n))
"""
    kind = w.pick(INTEGERS)
    return fresh(w, text, ("I64", kind), "I64", 400, k=kind, stop=number(w, 0, 9), a=number(w, 0, 999))


def small_and_inlined(w: Expressions) -> Made:
    """Small functions of several ways out, called where a value, a condition and nothing is wanted."""
    text = """\
(ƒ @-clamp (∷ (→ {k} {k} {k} {k})) (x low high)
 (if (< x low) (return low))
 (if (> x high) high x))
(ƒ @-in? (∷ (→ (View {k}) {k} Bool)) (s x)
 (for-each (y s) (if (= y x) (return true)))
 false)
(ƒ @-bump (∷ (→ (Slice {k}) I64 Unit)) (s i)
 (if (or (< i 0) (>= i (len s))) (return))
 (inc! (at s i)))
(ƒ @ (∷ (→ (Slice {k}) {k} I64 I64)) (s x n)
 (var sum 0)
 (for (i -1 (& n 15))
  (@-bump s i)
  (if (@-in? s (+ x (wrap {k} i))) (set! sum (+ sum i)))
  (set! sum (+ (* 3 sum) (wrap I64 (@-clamp (+ x (wrap {k} i)) {low} {high})))))
 sum)
"""
    kind = w.pick(INTEGERS)
    return fresh(w, text, (f"(Slice {kind})", kind, "I64"), "I64", 900, k=kind, low=w.literal(kind), high=w.literal(kind))


def generic_fold(w: Expressions) -> Made:
    text = """\
(τ Weight-@ (x {k}) (y I64))
(ƒ @-weigh (∷ (→ Weight-@ I64)) (w) (+ (wrap I64 w.x) (* {n} w.y)))
(ƒ @-total (∷ (→ (View T) I64)) (∀ (T (@-weigh (→ T I64)))) (s)
 (var sum 0)
 (for-each (x s) (set! sum (+ (* 5 sum) (@-weigh x))))
 sum)
(ƒ @-turn (∷ (→ (Slice T) Unit)) (∀ (T)) (s)
 (var i 0)
 (var j (- (len s) 1))
 (while (< i j)
  (≔ held (at s i))
  (set! (at s i) (at s j))
  (set! (at s j) held)
  (inc! i)
  (dec! j)))
(ƒ @ (∷ (→ I64 {k} I64)) (n x)
 (≔ s (fill {m} (Weight-@ x n)))
 (for (i 0 (len s)) (set! (. (at s i) y) (* i i)))
 (≔ before (@-total s))
 (@-turn s)
 (+ before (@-total (slice s 0 {part}))))
"""
    kind = w.pick(INTEGERS)
    return fresh(w, text, ("I64", kind), "I64", 300, k=kind, n=number(w, 1, 9), m=number(w, 3, 9), part=number(w, 0, 4))


def options_and_try(w: Expressions) -> Made:
    text = """\
(ƒ @-find (∷ (→ (View {k}) {k} (Option I64))) (s x)
 (for (i 0 (len s)) (if (= (at s i) x) (return (Some i))))
 None)
(ƒ @-both (∷ (→ (View {k}) {k} {k} (Option I64))) (s x y)
 (≔ i (try (@-find s x)))
 (≔ j (try (@-find s y)))
 (if (> i j) None (Some (+ (* 10 i) j))))
(ƒ @-divide (∷ (→ I64 I64 (Result I64 Text))) (a b)
 (if (= b 0) (Err "by zero") (Ok (/ a b))))
(ƒ @-chain (∷ (→ I64 I64 (Result I64 Text))) (a b)
 (≔ q (try (@-divide a b)))
 (if (< q {n}) (Err "small") (Ok (+ q (try (@-divide b (- q {n})))))))
(ƒ @ (∷ (→ (Slice {k}) {k} {k} I64)) (s x y)
 (≔ found (match (@-both s x y) ((Some n) n) (None (match (@-both s y x) ((Some n) (- n)) (None -1000)))))
 (match (@-chain (wrap I64 x) found) ((Ok n) (+ n found)) ((Err t) (+ (len t) found))))
"""
    kind = w.pick(INTEGERS)
    return fresh(w, text, (f"(Slice {kind})", kind, kind), "I64", 200, k=kind, n=number(w, -3, 3))
