"""calls: small functions, tail calls, generics, several ways out."""

from __future__ import annotations

from tests.generate.expressions import Expressions
from tests.generate.kinds import INTEGERS

from .acts import WAYS, Acts, World
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


MUTUAL = """\
(τ Many-@ (a I64) (b {k}) (c I64) (d Bool))
(τ Kept-@ (x I64) (y {k}) (many Many-@))
(ƒ @-ping (∷ (→ I64 (Ref Kept-@) (Ref Kept-@) (Slice I64) I64 {k} Bool I64 Many-@)) (n a b s p q r t)
 (var sum p)
 (if (<= n 0) (return (Many-@ sum a.y t r)))
{ping}
 (≔ got (@-pong (- n 1) {across}))
{after}
 (Many-@ (+ sum a.x got.c) got.b (- got.a n) (not got.d)))
(ƒ @-pong (∷ (→ I64 (Ref Kept-@) (Ref Kept-@) (Slice I64) I64 {k} Bool I64 Many-@)) (n a b s p q r t)
 (var sum t)
 (if (<= n 0) (return (Many-@ a.x q sum r)))
{pong}
 (≔ got (@-ping (- n 1) {back}))
{last}
 (Many-@ got.c (+ a.y b.y) (+ sum got.a) got.d))
(ƒ @ (∷ (→ Bool I64 {k} (Slice I64) I64)) (flag n q s)
 (≔ a (new Kept-@ n q (Many-@ 1 q 2 true)))
 (≔ b (if flag a (new Kept-@ 3 5 a.many)))
 (≔ got (@-ping (& n 7) a b s 1 q flag n))
 (+ got.a (* 3 got.c) (wrap I64 got.b) (if got.d 1 2) a.x b.many.a (wrap I64 b.y)))
"""


def two_that_call_each_other(w: Expressions) -> Made:
    """Eight arguments, four words of result, and objects that the other one writes between a store and its load."""
    kind = w.pick(INTEGERS)
    many = {"Many-@": (("a", "I64"), ("b", kind), ("c", "I64"), ("d", "Bool"))}
    acts = Acts(w, World(many, ways={**WAYS, "matching": 0, "leave": 0, "loop": 1}))
    places = [(f"{one}.{name}", of) for one in "ab" for name, of in (("x", "I64"), ("y", kind), ("many", "Many-@"), ("many.c", "I64"))]
    acts.world.places = [*places, ("(at s {i})", "I64")]
    acts.world.values = [("n", "I64"), ("p", "I64"), ("q", kind), ("r", "Bool"), ("t", "I64"), ("s", "(Slice I64)")]

    def arguments() -> str:
        numbers = " ".join(acts.value(one, 1) for one in ("I64", kind, "Bool", "I64"))
        return f"{w.pick(('a b', 'b a', 'a a'))} {acts.value('(Slice I64)', 0)} {numbers}"

    text = MUTUAL
    for hole in ("ping", "after", "pong", "last"):
        text = text.replace("{" + hole + "}", acts.statements(" ", w.random.randint(1, 4), 2))
    return fresh(w, text, ("Bool", "I64", kind, "(Slice I64)"), "I64", 3000, k=kind, across=arguments(), back=arguments())


def results_in_another_order(w: Expressions) -> Made:
    """A function that ends with a call of itself, whose results it gives back as they are, or in another order."""
    text = """\
(τ Three-@ (one I64) (two I64) (three {k}))
(ƒ @-turn (∷ (→ I64 I64 {k} Three-@)) (x y z)
 (if (< x {least}) (return (Three-@ x y z)))
 (≔ got (@-turn (- x {by}) {args}))
 {ending})
(ƒ @-both (∷ (→ I64 I64 (Both I64 I64))) (x y)
 (if (< x {least}) (return (Both x y)))
 (≔ got (@-both (- x {by}) (+ y x)))
 {both})
(ƒ @ (∷ (→ I64 I64 {k} I64)) (n m z)
 (≔ got (@-turn (& n 31) m z))
 (≔ both (@-both (& m 31) n))
 (+ got.one (* 3 got.two) (wrap I64 got.three) (* 5 both.one) (* 7 both.two)))
"""
    kind = w.pick(INTEGERS)
    orders = ("got.two got.one got.three", "got.one got.two z", "got.two x got.three", "got.one got.one z")
    results = ("got", *(f"(Three-@ {order})" for order in orders))
    both = w.pick(("got", "(Both got.two got.one)", "(Both got.one y)", "(Both got.one got.one)"))
    arguments = w.pick(("y z", "x z", "(+ x y) (+ z 1)", "(- y) (wrap {k} x)")).replace("{k}", kind)
    more = {"least": number(w, 1, 3), "by": number(w, 1, 3), "args": arguments, "ending": w.pick(results), "both": both}
    return fresh(w, text, ("I64", "I64", kind), "I64", 500, k=kind, **more)


def wide_arguments(w: Expressions) -> Made:
    """A call of itself at the end that is given values which lie in the frame that the loop would use again."""
    text = """\
(τ Wide-@ (a I64) (b (Array {k} 4)) (c I64))
(ƒ @-go (∷ (→ I64 Wide-@ Wide-@ I64)) (n v w)
 (if (<= n 0) (return (+ v.a (wrap I64 (at v.b 1)) (* 3 w.c) (wrap I64 (at w.b 2)) w.a)))
 (var mine {whose})
 (set! mine.a (+ w.c n))
 (set! (at mine.b (& n 3)) (wrap {k} v.c))
 (@-go (- n 1) {args}))
(ƒ @ (∷ (→ I64 I64 {k} I64)) (n m x)
 (@-go (& n 7) (Wide-@ n (array x 1 2 x) m) (Wide-@ m (array 3 x 5 6) n)))
"""
    kind, args = w.pick(INTEGERS), w.pick(("w mine", "mine v", "mine mine", "mine (Wide-@ v.c w.b n)", "(Wide-@ w.a mine.b v.a) v"))
    return fresh(w, text, ("I64", "I64", kind), "I64", 200, k=kind, whose=w.pick("vw"), args=args)
