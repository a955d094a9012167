"""idioms: functions of known shapes, with random numbers in them: what a pass of the optimiser looks for, and what it must keep away from.

Each makes one function (with helpers of its own names) and says how it can be called.
"""

from __future__ import annotations

from typing import Callable, Tuple

from .expressions import Expressions, Function
from .kinds import INTEGERS

Made = Tuple[str, Function]


def fresh(w: Expressions, text: str, parameters: Tuple[str, ...], result: str, cost: int, **more: str) -> Made:
    """The text with `@` as the function's name and the fields filled in."""
    name = f"i{w.name()[1:]}"
    for key, value in more.items():
        text = text.replace("{" + key + "}", value)
    return text.replace("@", name), Function(name, parameters, result, cost)


def number(w: Expressions, low: int, high: int) -> str:
    return str(w.random.randint(low, high))


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


def trap_in_the_middle(w: Expressions) -> Made:
    """A loop that prints, stores, and then traps at some round, or not: what went before must be there."""
    text = """\
(ƒ @ (∷ (→ (Slice {k}) I64 I64 I64)) (s n d)
 (var sum 0)
 (for (i 0 (& n 15))
  (if (= (& i 3) {r}) (io.print-i64 (+ sum i)))
  (set! sum (+ sum {way}))
  (set! (at s (& i 3)) (wrap {k} sum)))
 sum)
"""
    ways = ("(wrap I64 (at s i))", "(/ 1000 (- d i))", "(to I64 (to U8 (* 40 i)))", "(% 77 (- (& d 7) i))", "(wrap I64 (at s (- (len s) i 1)))",
            "(len (slice s i (len s)))", "(len (slice s (- 4 i) (+ i 2)))", "(do (assert (< i d)) i)")
    kind = w.pick(INTEGERS)
    return fresh(w, text, (f"(Slice {kind})", "I64", "I64"), "I64", 800, k=kind, r=number(w, 0, 3), way=w.pick(ways))


def two_checks_in_order(w: Expressions) -> Made:
    """Of two traps that a round may meet the first counts, also where one of them does not change from round to round."""
    text = """\
(ƒ @ (∷ (→ (View {k}) I64 I64 I64 I64)) (s i d n)
 (var sum 0)
 (var r 0)
 (while (< r (& n 7))
  {first}
  {second}
  (inc! r))
 (^ sum r))
"""
    checks = ["(set! sum (+ sum (wrap I64 (at s i))))", "(set! sum (+ sum (/ r d)))", "(set! sum (+ sum (to I64 (to I8 (+ d r)))))",
              "(set! sum (+ sum (wrap I64 (at s (+ r i)))))", "(set! sum (+ sum (% i (- d r))))", "(if (> r 2) (io.print-i64 sum))"]
    first, second = w.random.sample(checks, 2)
    kind = w.pick(INTEGERS)
    return fresh(w, text, (f"(View {kind})", "I64", "I64", "I64"), "I64", 200, k=kind, first=first, second=second)


def division_by_constants(w: Expressions) -> Made:
    text = """\
(ƒ @ (∷ (→ {k} {k} {k})) (x y)
 (≔ q (/ x {a}))
 (≔ r (% x {a}))
 (≔ p (+ (* q {a}) r))
 (^ (- (/ y {b}) (% y {c})) (* p (if (= p x) 3 5))))
"""
    kind = w.pick(INTEGERS)

    def divisor() -> str:
        value = w.literal(kind)
        return "7" if value in ("0", "-1") else value

    return fresh(w, text, (kind, kind), kind, 10, k=kind, a=divisor(), b=divisor(), c=divisor())


def bit_loop(w: Expressions) -> Made:
    """Counts, turns and reverses bits by loops and by masks."""
    text = """\
(ƒ @ (∷ (→ {k} I64)) (start)
 (var x start)
 (var ones 0)
 (var back (the {k} 0))
 (for (i 0 {bits})
  (if (= (& x 1) 1) (inc! ones))
  (set! back (| (<< back 1) (& x 1)))
  (set! x (| (>> x 1) (<< (& x 1) {top}))))
 (+ (* {n} ones) (wrap I64 (- back x)) (wrap I64 (| (<< start {by}) (>> start {rest})))))
"""
    kind = w.pick(("U8", "U16", "U32", "U64", "I32", "I64"))
    bits, by = int(kind[1:]), w.random.randint(1, int(kind[1:]) - 1)
    return fresh(
        w, text, (kind,), "I64", 500, k=kind, bits=str(bits), top=str(bits - 1), n=number(w, 1, 99), by=str(by), rest=str(bits - by)
    )


def nested_index(w: Expressions) -> Made:
    """A matrix in a run: products of indices, two deep."""
    text = """\
(ƒ @ (∷ (→ I64 {k} I64)) (seed x)
 (≔ rows {n})
 (≔ columns (+ {m} (& seed 1)))
 (≔ a (fill (* rows columns) x))
 (for (i 0 rows)
  (for (j 0 columns)
   (set! (at a (+ (* i columns) j)) (+ (wrap {k} (* i seed)) (wrap {k} j) (at a (+ (* (/ i 2) columns) j))))))
 (var sum 0)
 (for (j 0 {m})
  (for (i 0 rows)
   (if (> i j) (continue))
   (set! sum (+ (* sum 31) (wrap I64 (at a (+ (* i columns) j {off})))))))
 sum)
"""
    return fresh(w, text, ("I64", "I64"), "I64", 400, k="I64", n=number(w, 1, 6), m=number(w, 1, 6), off=number(w, 0, 1))


def sieve(w: Expressions) -> Made:
    text = """\
(ƒ @ (∷ (→ I64 I64)) (n)
 (≔ most (+ {least} (& n 31)))
 (≔ composite (fill (+ most {more}) false))
 (var found 0)
 (var i 2)
 (while (<= i most)
  (if (not (at composite i))
   (do
    (inc! found)
    (var j (* i i))
    (while (<= j most)
     (set! (at composite j) true)
     (set! j (+ j i)))))
  (inc! i))
 found)
"""
    return fresh(w, text, ("I64",), "I64", 400, least=number(w, 2, 40), more=w.pick(("1", "1", "1", "0", "9")))


def sort_and_search(w: Expressions) -> Made:
    text = """\
(ƒ @ (∷ (→ (Slice {k}) {k} I64)) (s x)
 (for (i 1 (len s))
  (≔ moved (at s i))
  (var j (- i 1))
  (while (and (>= j 0) ({less} moved (at s j)))
   (set! (at s (+ j 1)) (at s j))
   (dec! j))
  (set! (at s (+ j 1)) moved))
 (var low 0)
 (var high (len s))
 (while (< low high)
  (≔ middle (/ (+ low high) 2))
  (if ({less} (at s middle) x) (set! low (+ middle 1)) (set! high middle)))
 (+ (* 100 low) (if (< low (len s)) (wrap I64 (at s low)) {n})))
"""
    kind = w.pick(INTEGERS)
    return fresh(w, text, (f"(Slice {kind})", kind), "I64", 500, k=kind, less=w.pick("<>"), n=number(w, -9, 9))


def count_down(w: Expressions) -> Made:
    """An unsigned number that passes 0, or a signed one that passes its least."""
    text = """\
(ƒ @ (∷ (→ {k} I64)) (start)
 (var x start)
 (var rounds 0)
 (while (and (>= x {end}) (< rounds {most}))
  (set! x (- x {by}))
  (inc! rounds))
 (+ (* 1000 rounds) (wrap I64 x)))
"""
    kind = w.pick(INTEGERS)
    end = w.pick(("0", "1", "3"))
    return fresh(w, text, (kind,), "I64", 100, k=kind, end=end, by=number(w, 1, 50), most=number(w, 1, 20))


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


def limit_that_changes(w: Expressions) -> Made:
    """The loop's limit, or its step, lies in an object that the loop writes by another name."""
    text = """\
(τ Range-@ (from I64) (to I64) (step I64))
(ƒ @-go (∷ (→ (Ref Range-@) (Ref Range-@) (Slice I64) I64)) (r other s)
 (var sum 0)
 (var rounds 0)
 (while (and (< r.from r.to) (< rounds 40))
  (set! sum (+ sum (at s (& r.from 3)) r.step))
  (if (= (% rounds {every}) 0) (set! other.{field} (+ other.{field} {by})))
  (set! (at s (& sum 3)) r.from)
  (set! r.from (+ r.from r.step))
  (inc! rounds))
 (+ sum (* 1000 rounds)))
(ƒ @ (∷ (→ Bool I64 I64)) (same? n)
 (≔ r (new Range-@ (& n 3) {to} 1))
 (≔ s (fill 4 n))
 (+ (@-go r (if same? r (new Range-@ 0 0 0)) s) r.from r.to (at s 2)))
"""
    field, every, by, to = w.pick(("from", "to", "step")), number(w, 1, 4), number(w, -2, 2), number(w, 0, 20)
    return fresh(w, text, ("Bool", "I64"), "I64", 600, every=every, field=field, by=by, to=to)


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


def conditions(w: Expressions) -> Made:
    """Choices that become selects, minima, comparisons of ranges; some of them hide a check that must stay hidden."""
    text = """\
(ƒ @ (∷ (→ {k} {k} (View {k}) I64 I64)) (x y s i)
 (≔ low (if (< x y) x y))
 (≔ high (if (>= x y) x y))
 (≔ size (if (< x 0) (- x) x))
 (≔ inside? (and (>= i 0) (< i (len s))))
 (≔ element (if inside? (at s i) {a}))
 (≔ part (if (!= y 0) (/ x (| y 1)) {a}))
 (≔ in-range? (and (>= x {a}) (<= x {b})))
 (var sum (wrap I64 (^ low (* 3 high))))
 (if in-range? (set! sum (+ sum {n})))
 (if (or (= x {a}) (= x {b}) (= x y)) (inc! sum) (dec! sum))
 (if (= (& (wrap I64 x) {mask}) 0) (set! sum (^ sum (wrap I64 element))))
 (+ sum (wrap I64 size) (wrap I64 part) (if (not in-range?) 0 (wrap I64 element))))
"""
    kind = w.pick(INTEGERS)
    parameters, a, b = (kind, kind, f"(View {kind})", "I64"), w.literal(kind), w.literal(kind)
    return fresh(w, text, parameters, "I64", 50, k=kind, a=a, b=b, n=number(w, 1, 99), mask=number(w, 1, 255))


def text_scan(w: Expressions) -> Made:
    text = """\
(ƒ @ (∷ (→ Text I64 I64)) (t start)
 (var i (& start 3))
 (var n 0)
 (var hash (the U32 {n}))
 (while (and (< i (len t)) (!= (at t i) ' '))
  (≔ c (at t i))
  (set! hash (* (^ hash (to U32 c)) 16777619))
  (match c ((or 'a' 'e' 'i' 'o' 'u') (inc! n)) ('ö' (inc! n 2)) (_ (if (and (>= c '0') (<= c '9')) (inc! n 10))))
  (inc! i))
 (+ (* 1000 n) (to I64 hash) i))
"""
    return fresh(w, text, ("Text", "I64"), "I64", 300, n=number(w, 0, 2**32 - 1))


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


def filling(w: Expressions) -> Made:
    """Loops that store one value to places in turn, to the end, beyond it, or not at all."""
    text = """\
(ƒ @ (∷ (→ (Slice {k}) I64 I64 I64)) (s from to)
 (for (j 0 {count}) (set! (at s j) {value}))
 (var i {first})
 (while (< i {last})
  (set! (at s {index}) {value})
  (inc! i {step}))
 (var sum i)
 (for-each (x s) (set! sum (+ (* 3 sum) (wrap I64 x))))
 sum)
"""
    kind = w.pick(INTEGERS)
    first, index = w.pick(("0", "(& from 3)", "from", "-1")), w.pick(("i", "i", "i", "(+ i 1)", "(- (len s) i 1)", "(* 2 i)"))
    last = w.pick(("(len s)", "(& to 15)", "4", "(- (len s) 1)", "(+ (len s) 1)", "(min to 9)"))
    value = w.pick(("0", w.literal(kind), w.literal(kind), f"(wrap {kind} -1)"))
    more = {"first": first, "last": last, "index": index, "value": value, "step": w.pick(("1", "1", "1", "2", "3")), "count": number(w, 0, 4)}
    return fresh(w, text, (f"(Slice {kind})", "I64", "I64"), "I64", 200, k=kind, **more)


IDIOMS: Tuple[Callable[[Expressions], Made], ...] = (
    overlapping_slices, same_reference_twice, trap_in_the_middle, two_checks_in_order, division_by_constants, bit_loop, nested_index, sieve,
    sort_and_search, count_down, linked_list, limit_that_changes, copies_of_records, tail_calls, small_and_inlined, generic_fold,
    options_and_try, conditions, filling, text_scan, global_state, promoted,
)
