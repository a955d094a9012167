"""memory: two names for one place, copies that keep their own, globals that change behind one's back, lists and arenas."""

from __future__ import annotations

from tests.generate.expressions import Expressions
from tests.generate.kinds import INTEGERS

from .made import Made, fresh, number


def overlapping_slices(w: Expressions) -> Made:
    """Two slices of one run: a store through one changes what the other holds."""
    text = """\
(ƒ @ (∷ (→ (Slice {k}) {k} I64)) (s x)
 (≔ a (slice s 0 (- (len s) {gap})))
 (≔ b (slice s {gap} (len s)))
 (var sum 0)
 (for (i 0 (len a))
  (≔ before (at b i))
  (set! (at a i) (+ before x))
  (set! (at b i) (^ (at a i) (at b i)))
  (set! sum (+ (* 3 sum) (wrap I64 (at b i)) (wrap I64 (at a i)))))
 (+ sum (* {n} (wrap I64 (at s {at})))))
"""
    kind = w.pick(INTEGERS)
    return fresh(w, text, (f"(Slice {kind})", kind), "I64", 200, k=kind, gap=number(w, 0, 2), n=number(w, 1, 9), at=number(w, 0, 4))


def same_reference_twice(w: Expressions) -> Made:
    """Two parameters that may be one object, in a loop that reads and writes both."""
    text = """\
(τ Pair-@ (x {k}) (y I64))
(ƒ @-go (∷ (→ (Ref Pair-@) (Ref Pair-@) I64 I64)) (a b n)
 (var sum 0)
 (for (i 0 n)
  (≔ y a.y)
  (set! a.x (wrap {k} (+ y i)))
  (set! b.x (+ b.x {one}))
  (inc! b.y (wrap I64 a.x))
  (set! sum (+ sum a.y y (wrap I64 (* a.x b.x)))))
 sum)
(ƒ @ (∷ (→ Bool I64 I64)) (same? n)
 (≔ a (new Pair-@ {one} {n}))
 (≔ b (if same? a (new Pair-@ 2 3)))
 (≔ r (@-go a b (& n 7)))
 (+ r (* 5 a.y) (* 7 b.y) (wrap I64 a.x)))
"""
    return fresh(w, text, ("Bool", "I64"), "I64", 150, k=w.pick(INTEGERS), one=number(w, 1, 100), n=number(w, 0, 1000))


def copies_of_records(w: Expressions) -> Made:
    """Records in memory are values: what was copied keeps its own."""
    text = """\
(τ Big-@ (a I64) (b (Array {k} {n})) (c U8) (d I64) (e I64) (f I64))
(ƒ @-turn (∷ (→ Big-@ I64 Big-@)) (big i)
 (var mine big)
 (set! (at mine.b (& i 1)) (wrap {k} mine.a))
 (set! mine.a (+ big.d i))
 (set! mine.d (- big.e big.a))
 mine)
(ƒ @ (∷ (→ I64 {k} I64)) (n x)
 (var one (Big-@ n (array {x}) {c} 4 5 6))
 (≔ first one)
 (var sum 0)
 (for (i 0 {rounds})
  (≔ before one)
  (set! one (@-turn one i))
  (if (> (& i 1) 0) (set! one.c before.c) (inc! one.c {c}))
  (set! sum (+ (* 7 sum) before.a (wrap I64 (at one.b (& i 1))) (to I64 before.c))))
 (+ sum first.a (wrap I64 (at first.b 0)) one.d (* 3 one.a)))
"""
    kind, many = w.pick(INTEGERS), w.random.randint(2, 6)
    return fresh(
        w, text, ("I64", kind), "I64", 300, k=kind, n=str(many), x=" ".join(["x"] * many), c=number(w, 0, 255), rounds=number(w, 0, 8)
    )


def linked_list(w: Expressions) -> Made:
    text = """\
(τ Node-@ (value {k}) (next (Option (Ref Node-@))))
(ƒ @-length (∷ (→ (Option (Ref Node-@)) I64 I64)) (list n)
 (match list (None n) ((Some node) (@-length node.next (+ n 1)))))
(ƒ @ (∷ (→ I64 {k} I64)) (n x)
 (var list (the (Option (Ref Node-@)) None))
 (for (i 0 (& n 15)) (set! list (Some (new Node-@ (+ x (wrap {k} i)) list))))
 (var back (the (Option (Ref Node-@)) None))
 (≔ many (@-length list {n}))
 (while true
  (match list
   (None (break))
   ((Some node)
    (set! list node.next)
    (set! node.next back)
    (set! back (Some node)))))
 (var sum many)
 (var rest back)
 (while true
  (match rest
   (None (break))
   ((Some node)
    (set! sum (+ (* 3 sum) (wrap I64 node.value)))
    (set! rest node.next))))
 sum)
"""
    kind = w.pick(INTEGERS)
    return fresh(w, text, ("I64", kind), "I64", 300, k=kind, n=number(w, 0, 5))


def global_state(w: Expressions) -> Made:
    """A global that a called function changes, between two reads of it in a loop."""
    text = """\
(var @-state {k} {a})
(var @-table (Array {k} 4) (array {a} 1 2 3))
(ƒ @-next (∷ (→ I64 {k})) (i)
 (set! @-state (+ (* @-state {m}) (wrap {k} i)))
 (inc! (at @-table (& i 3)) @-state)
 @-state)
(ƒ @ (∷ (→ I64 I64)) (n)
 (≔ s (slice @-table 0 4))
 (var sum 0)
 (for (i 0 (& n 7))
  (≔ before @-state)
  (≔ held (at @-table 1))
  (set! (at s 1) (^ held (@-next i)))
  (set! sum (+ (* 3 sum) (wrap I64 before) (wrap I64 @-state) (wrap I64 (at @-table 1)) (wrap I64 held))))
 sum)
"""
    kind = w.pick(INTEGERS)
    return fresh(w, text, ("I64",), "I64", 200, k=kind, a=w.literal(kind), m=number(w, 1, 100))


def promoted(w: Expressions) -> Made:
    """Arenas in a loop, and what is taken out of them."""
    text = """\
(τ Tree-@ Leaf-@ (Branch-@ (left (Ref Tree-@)) (value {k}) (right (Ref Tree-@))))
(ƒ @-grow (∷ (→ I64 {k} (Ref Tree-@))) (n x)
 (if (<= n 0) (new Leaf-@) (new (Branch-@ (@-grow (- n 1) (+ x 1)) x (@-grow (- n 2) (* x 3))))))
(ƒ @-sum (∷ (→ (Ref Tree-@) I64)) (tree)
 (match (get tree) (Leaf-@ 1) ((Branch-@ l v r) (+ (@-sum l) (* 3 (@-sum r)) (wrap I64 v)))))
(ƒ @ (∷ (→ I64 {k} I64)) (n x)
 (var sum 0)
 (for (i 0 (& n 3))
  (≔ kept (arena (scratch)
   (discard (@-grow 3 x))
   (≔ tree (@-grow (+ i 1) x))
   (set! sum (+ sum (@-sum tree)))
   (if (> sum {n}) (continue))
   (promote tree)))
  (set! sum (^ sum (@-sum kept))))
 sum)
"""
    kind = w.pick(INTEGERS)
    return fresh(w, text, ("I64", kind), "I64", 900, k=kind, n=number(w, 0, 5000))
