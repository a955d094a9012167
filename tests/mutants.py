"""mutants: small faults in the compiler and in the seed, each with the case of the corpus, or of tests/compiler/opt, that sees it.

A row names a file, a text that stands in it once, what stands there instead, and the case. A mutant of the compiler is built by
build/chain/stage2, which is sound; then the mutant builds or refuses the case, or takes a case of tests/compiler/opt through its passes. A
mutant of the seed is run as it is.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Tuple

from tests.compiler.passes import change, parts
from tests.corpus import CASES, TOP, Case, Engine, Outcome, diff, judge, read, run

STAGE2 = TOP / "build" / "chain" / "stage2"


@dataclass(frozen=True)
class Mutant:
    file: str
    before: str
    after: str
    case: str
    quick: bool = False

    @property
    def name(self) -> str:
        return f"{self.folder}-{Path(self.file).stem}-{self.case.rpartition('/')[2]}"

    @property
    def folder(self) -> str:
        return Path(self.file).parent.name

    @property
    def of_seed(self) -> bool:
        return self.folder == "seed"

    @property
    def of_passes(self) -> bool:
        """Seen by what passes make of a graph."""
        return self.case.startswith("opt/")


class Stale(Exception):
    """The text of a row does not stand in its file exactly once."""


def case_of(mutant: Mutant) -> Case:
    path = CASES / f"{mutant.case}.0x0"
    return read(path if path.is_file() else CASES / mutant.case / "main.0x0")


def mutated(mutant: Mutant) -> str:
    """The file's text with the fault in it."""
    text = (TOP / mutant.file).read_text(encoding="utf-8")
    if text.count(mutant.before) != 1:
        raise Stale(f"{mutant.file} has {text.count(mutant.before)} times: {mutant.before}")
    return text.replace(mutant.before, mutant.after)


def copy_tree(mutant: Mutant, top: Path) -> None:
    """What the mutant is made from, in a folder of its own; the library is shared."""
    source = "bootstrap/seed" if mutant.of_seed else "compiler"
    shutil.copytree(TOP / source, top / source, ignore=shutil.ignore_patterns("__pycache__"))
    (top / "lib").symlink_to(TOP / "lib")
    (top / mutant.file).write_text(mutated(mutant), encoding="utf-8")


def seed_engine(top: Path) -> Engine:
    def build(case: Case, product: Path) -> Outcome:
        return run([sys.executable, str(top / "bootstrap/seed"), *case.flags, str(case.path), str(product)])

    return Engine("mutant of the seed", build, lambda case, product: "", False, lambda: True)


def mutated_compiler(top: Path) -> Path:
    """Built by a sound one. One that cannot be built sees no case."""
    compiler = top / "zero"
    built = run([str(STAGE2), "build", str(top / "compiler/main.0x0"), "-o", str(compiler)])
    if built.exit != 0:
        raise Stale(f"the mutant is no program:\n{built.error}")
    return compiler


def compiler_engine(compiler: Path, level: str) -> Engine:
    def build(case: Case, product: Path) -> Outcome:
        library = ["--lib", str(TOP / "lib")]
        return run([str(compiler), "build", level, *library, *case.flags, str(case.path.relative_to(TOP)), "-o", str(product)])

    return Engine("mutant of the compiler", build, lambda case, product: "", True, lambda: True)


def judge_passes(mutant: Mutant, compiler: Path, folder: Path) -> str:
    """Empty when the passes of this compiler make of the graph what the case says, else what differs."""
    passes, before, after = parts(TOP / "tests/compiler" / f"{mutant.case}.ssa")
    listing = folder / "listing.ssa"
    listing.write_text(before, encoding="utf-8")
    made = change(compiler, passes, listing)
    return diff(after.split("\n"), (made.stdout + made.stderr).split("\n"))


def judge_mutant(mutant: Mutant, top: Path) -> str:
    """What the case sees of the mutant, at -O2 or, where that leaves nothing of what the case is about, at -O0."""
    copy_tree(mutant, top)
    if mutant.of_seed:
        return judge(case_of(mutant), seed_engine(top), top / "mutant")
    compiler = mutated_compiler(top)
    if mutant.of_passes:
        return judge_passes(mutant, compiler, top)
    judged = (judge(case_of(mutant), compiler_engine(compiler, level), top / "mutant") for level in ("-O2", "-O0"))
    return next(filter(None, judged), "")


MUTANTS: Tuple[Mutant, ...] = (
    Mutant(
        "compiler/read/modules.0x0",
        "diagnostics.import-circle (span l form) (display l (names.text l.paths target))",
        "diagnostics.import-circle (span l form) (names.text l.paths target)",
        "reject/modules/a-file-that-imports-itself",
    ),
    Mutant(
        "compiler/read/reader.0x0",
        "(and (>= point 0xd800) (<= point 0xdfff))",
        "(and (>= point 0xd800) (<= point 0xd7ff))",
        "reject/lexical/a-file-with-a-surrogate-in-it",
    ),
    Mutant(
        "compiler/read/reader.0x0",
        "('o' 8)",
        "('o' 10)",
        "run/lexical/numbers-are-written-in-four-bases",
    ),
    Mutant(
        "compiler/read/reader.0x0",
        "(const deepest I64 2000)",
        "(const deepest I64 2001)",
        "reject/lexical/lists-nested-too-deep",
    ),
    Mutant(
        "compiler/read/reader.0x0",
        "(<= point 0x2069)",
        "(<= point 0x2065)",
        "reject/lexical/a-bidirectional-isolate-in-a-text",
    ),
    Mutant(
        "compiler/read/reader.0x0",
        "(if (and (< first 8) (< second 16))",
        "(if (and (< first 16) (< second 16))",
        "reject/lexical/a-byte-escape-above-seven-f",
    ),
    Mutant(
        "compiler/read/reader.0x0",
        "(if (not after-digit) (set! good false))",
        "(if (not after-digit) (set! good good))",
        "reject/lexical/an-underscore-at-the-edge-of-a-number",
    ),
    Mutant(
        "compiler/read/reader.0x0",
        "(and (>= value 0x0fffffffffffffff) (>",
        "(and (>= value 0x1fffffffffffffff) (>",
        "reject/lexical/a-number-of-sixty-five-bits",
    ),
    Mutant(
        "compiler/read/reader.0x0",
        "(if (= from i) (set! empty true))",
        "(if (= from start) (set! empty (= from i)))",
        "reject/lexical/a-path-with-two-dots-together",
    ),
    Mutant(
        "compiler/read/reader.0x0",
        "(= r.forms.count (+ (at r.open (- r.depth 1)) 1))",
        "(>= r.forms.count (+ (at r.open (- r.depth 1)) 1))",
        "reject/names/a-glyph-as-an-atom",
    ),
    Mutant(
        "compiler/check/body.0x0",
        "(checker.fail-type! c diagnostics.unused-value i type)",
        "(discard i)",
        "reject/control/a-value-that-nobody-uses",
    ),
    Mutant(
        "compiler/check/capability.0x0",
        "(set! again (> (len functions) 1))",
        "(set! again (> (len functions) 2))",
        "reject/capabilities/a-capability-needed-in-a-circle",
    ),
    Mutant(
        "compiler/check/capability.0x0",
        "((= node.op tree.op-global) program.cap-state)",
        "((= node.op tree.op-global) 0)",
        "reject/capabilities/a-pure-function-that-reads-a-global",
    ),
    Mutant(
        "compiler/check/capability.0x0",
        "(. (at p.types.all.items (. (at t.nodes.items node.a) type)) a)",
        "0",
        "reject/capabilities/a-function-value-that-may-print",
    ),
    Mutant(
        "compiler/check/coverage.0x0",
        "(if (add! s (constructor c part)) (set! news true))",
        "(discard (add! s (constructor c part)))",
        "run/match/or-patterns-join-cases",
    ),
    Mutant(
        "compiler/check/coverage.0x0",
        "((or (= x.kind types.bool) (= x.kind types.k-option)) 2)",
        "((= x.kind types.bool) 2)",
        "reject/match/none-is-not-covered",
        quick=True,
    ),
    Mutant(
        "compiler/check/coverage.0x0",
        "((or whole (= s.count all)) ())",
        "((= s.count all) ())",
        "reject/match/an-arm-after-the-rest",
    ),
    Mutant(
        "compiler/check/coverage.0x0",
        "(return (= rows.count 0))",
        "(return false)",
        "reject/match/a-nested-case-is-not-covered",
    ),
    Mutant(
        "compiler/check/declare.0x0",
        "((> size largest) (checker",
        "((> size (+ largest largest)) (checker",
        "reject/layout/a-type-too-large",
    ),
    Mutant(
        "compiler/check/escape.0x0",
        "((= n.op tree.p-some) (pattern! flow n.a set whole))",
        "((= n.op tree.p-some) (pattern! flow n.a 0 whole))",
        "reject/arenas/what-some-holds-leaves-by-match",
    ),
    Mutant(
        "compiler/check/escape.0x0",
        "(keep! flow written (| all flow.current) node)",
        "(discard written)",
        "reject/arenas/a-function-value-may-keep-what-it-is-given",
    ),
    Mutant(
        "compiler/check/escape.0x0",
        "(refuse! flow (last-form flow n.b) bit)",
        "(discard (last-form flow n.b))",
        "reject/arenas/an-object-leaves-by-the-value",
        quick=True,
    ),
    Mutant(
        "compiler/check/escape.0x0",
        "(if (!= (& set (~ globals)) 0) (refuse! flow node (& set arena-bits)))",
        "(discard node)",
        "reject/arenas/an-object-is-stored-in-a-global",
    ),
    Mutant(
        "compiler/check/escape.0x0",
        "(grow! flow (+ flow.parameters 1) (& set (~ arena-bits)))",
        "(grow! flow (+ flow.parameters 1) (& set globals))",
        "reject/arenas/a-callee-returns-what-it-was-given",
    ),
    Mutant(
        "compiler/check/escape.0x0",
        "(object-of flow node)",
        "(value flow node)",
        "reject/arenas/a-part-of-an-array-leaves-by-the-value",
    ),
    Mutant(
        "compiler/check/escape.0x0",
        "(if (shared? flow bit) outer (& outer (~ bit)))",
        "(if (shared? flow bit) outer (& outer globals))",
        "reject/arenas/a-callee-keeps-an-object-in-an-older-one",
    ),
    Mutant(
        "compiler/check/escape.0x0",
        "(types.argument p.types type 1)",
        "(types.argument p.types type 0)",
        "reject/arenas/an-error-leaves-by-try",
    ),
    Mutant(
        "compiler/check/escape.0x0",
        "(link! flow local other)",
        "(discard other)",
        "reject/arenas/what-one-name-keeps-another-finds",
    ),
    Mutant(
        "compiler/check/escape.0x0",
        "(> flow.around.count (- (+ last-arena 1) first-arena))",
        "(< flow.around.count 0)",
        "reject/arenas/the-deepest-of-many-arenas",
    ),
    Mutant(
        "compiler/check/escape.0x0",
        "(> flow.parameters (+ last-parameter 1))",
        "(< flow.parameters 0)",
        "reject/arenas/a-callee-of-many-parameters-keeps-one-in-another",
    ),
    Mutant(
        "compiler/check/escape.0x0",
        "(set! found (| (& set (~ (arena-bit k))) (at flow.around.items k)))",
        "(set! found (& set (~ (arena-bit k))))",
        "reject/arenas/promote-of-an-inner-arena-does-not-reach-far",
    ),
    Mutant(
        "compiler/check/place.0x0",
        "(checker.fail-name! c diagnostics.missing-field form (. (at t.fields.items (+ fields k)) name))",
        "(discard fields)",
        "reject/layout/a-field-is-missing",
    ),
    Mutant(
        "compiler/tree/fold.0x0",
        "((= op tree.op-xor) (Value (^ a b)))",
        "((= op tree.op-xor) (Value (| a b)))",
        "run/constants/constants-fold-bits",
    ),
    Mutant(
        "compiler/tree/fold.0x0",
        "((and (types.signed? type) (= b -1) (= a (types.least type))) Overflows)",
        "((and (types.signed? type) (= b -1) (= a types.i64)) Overflows)",
        "reject/constants/a-constant-whose-division-overflows",
    ),
    Mutant(
        "compiler/ssa/places.0x0",
        "(and (>= most 0) (< most ",
        "(and (>= most 0) (<= most ",
        "run/traps/an-index-that-a-mask-lets-be-the-length",
    ),
    Mutant(
        "compiler/ssa/arithmetic.0x0",
        "(binary b ops.i-ule ssa.i64 x (builder.emit-iconst b (types.greatest target)",
        "(binary b ops.i-ult ssa.i64 x (builder.emit-iconst b (types.greatest target)",
        "run/operators/to-keeps-what-fits",
    ),
    Mutant(
        "compiler/ssa/arithmetic.0x0",
        "(1 (unary b ops.i-sext16 x span))",
        "(1 (unary b ops.i-sext32 x span))",
        "run/operators/addition-wraps-at-every-width",
    ),
    Mutant(
        "compiler/ssa/arithmetic.0x0",
        "(builder.emit-iconst b (- width 1) span)",
        "(builder.emit-iconst b width span)",
        "run/operators/left-shifts-count-modulo-the-width",
        quick=True,
    ),
    Mutant(
        "compiler/ssa/arithmetic.0x0",
        "(not (types.signed? type)) (>= op ops.i-slt)) (+ op 4) op)",
        "(not (types.signed? type)) (>= op ops.i-slt)) op op)",
        "run/operators/comparisons-know-the-sign",
    ),
    Mutant(
        "compiler/ssa/arithmetic.0x0",
        "(if remainder ops.i-urem ops.i-udiv)",
        "(if remainder ops.i-srem ops.i-udiv)",
        "run/operators/unsigned-division-uses-all-bits",
    ),
    Mutant(
        "compiler/ssa/layout.0x0",
        "((= t.kind types.arena) (put! l place e-arena))",
        "((= t.kind types.arena) (put! l place 0))",
        "run/library/what-is-promoted-holds-no-closed-arena",
    ),
    Mutant(
        "compiler/ssa/layout.0x0",
        "(put! l (+ place 16) t.b)",
        "(put! l (+ place 16) 1)",
        "run/raw/layouts-tell-promote-where-references-lie",
    ),
    Mutant(
        "compiler/opt/order.0x0",
        "(and (<= fact.k 0) (valid? r fact r.asked-block r.asked-place))",
        "(<= fact.k 0)",
        "opt/bounds/length-is-not-known-before-it-is-one",
    ),
    Mutant(
        "compiler/opt/order.0x0",
        "(return (lasts? r v))",
        "(return true)",
        "opt/bounds/length-of-another-round-is-not-known",
    ),
    Mutant(
        "compiler/opt/facts.0x0",
        "(if (= class 0) 0 (+ 1 (% class 31)))",
        "(if (= class 0) 31 (+ 1 (% class 31)))",
        "opt/forward/store-of-no-class-ends-every-class",
        quick=True,
    ),
    Mutant(
        "compiler/opt/facts.0x0",
        "(if (= class 0) 0 (+ 1 (% class 31)))",
        "(if (= class 0) 0 1)",
        "opt/forward/store-of-another-class-does-not-end-it",
    ),
    Mutant(
        "compiler/opt/facts.0x0",
        "(at f.kinds.items symbol) anything)",
        "(at f.kinds.items symbol) 0)",
        "opt/forward/call-ends-what-others-can-reach",
    ),
    Mutant(
        "compiler/opt/addresses.0x0",
        "(and (>= slot 0) (not (at a.escapes slot))))",
        "(>= slot 0))",
        "opt/forward/call-that-knows-the-slot-ends-it",
    ),
    Mutant(
        "compiler/opt/addresses.0x0",
        "(<= offset (- size width))",
        "(<= offset 0xffff_ffff)",
        "opt/licm/place-outside-of-its-slot-is-not-read-early",
    ),
    Mutant(
        "compiler/opt/forward.0x0",
        "(= entry.offset offset) (= entry.width width))",
        "(= entry.offset offset))",
        "opt/forward/another-width-of-the-place-is-loaded",
    ),
    Mutant(
        "compiler/opt/forward.0x0",
        "(set! kinds (| kinds (at f.written x) (at f.between x)))",
        "(set! kinds (| kinds (at f.between x)))",
        "opt/forward/store-on-one-way-ends-it-where-they-meet",
    ),
    Mutant(
        "compiler/opt/forward.0x0",
        "(set! kinds (| kinds (at f.around (loop-from f b))))",
        "(discard (loop-from f b))",
        "opt/forward/store-later-in-the-loop-ends-it-at-the-top",
    ),
    Mutant(
        "compiler/opt/forward.0x0",
        "(set! (at f.heads e.bucket) e.next))\n",
        "(discard e))\n",
        "opt/forward/load-on-one-way-does-not-stand-for-one-behind",
    ),
    Mutant(
        "compiler/opt/scalar.0x0",
        "(and (not (at s.places.escapes k)) (<= size largest-slot)",
        "(and (<= size largest-slot)",
        "opt/scalar/slot-that-a-callee-is-given-stays",
    ),
    Mutant(
        "compiler/opt/scalar.0x0",
        "(if (at s.switched b) (set! fits false))",
        "(discard (at s.switched b))",
        "opt/scalar/switch-that-leads-to-a-meeting",
    ),
    Mutant(
        "compiler/opt/scalar.0x0",
        "(≔ mask (<< (- (<< 1 (* 8 width)) 1) (* 8 shift)))",
        "(≔ mask (- (<< 1 (* 8 width)) 1))",
        "opt/scalar/bytes-of-a-word",
    ),
    Mutant(
        "compiler/opt/licm.0x0",
        "((ops.check? inst.op) m.clean)",
        "((ops.check? inst.op) true)",
        "opt/licm/check-behind-a-call-stays",
        quick=True,
    ),
    Mutant(
        "compiler/opt/licm.0x0",
        "(and (= by.op ops.i-iconst) (!= by.a 0) (!= by.a -1))",
        "(!= by.a -1)",
        "opt/licm/division-by-what-may-be-zero-stays",
    ),
    Mutant(
        "compiler/opt/licm.0x0",
        "(= (& others (at m.around m.loop)) 0)",
        "(= (& others 0) 0)",
        "opt/licm/load-of-what-is-stored-stays",
    ),
    Mutant(
        "compiler/opt/rotate.0x0",
        "(!= loop.first loop.header) (tests-below? r l)",
        "(!= loop.first loop.header)",
        "opt/rotate/test-below-stays",
    ),
    Mutant(
        "compiler/opt/fold.0x0",
        "((= op ops.i-xor) (known.constant! k 0))",
        "((= op ops.i-xor) (is k i inst.a))",
        "opt/gvn/operations-of-a-value-on-itself",
    ),
    Mutant(
        "compiler/opt/fold.0x0",
        "((= x w) (masked-by! k i inst.op x y v))",
        "((= x w) (masked-by! k i inst.op x y w))",
        "opt/gvn/bits-shared-crosswise",
    ),
    Mutant(
        "compiler/opt/fold.0x0",
        "(if (and (= (type-of k y) ssa.i64) (= (type-of k z) ssa.i64))",
        "(if (= (type-of k z) ssa.i64)",
        "opt/gvn/bits-of-an-address-stay",
    ),
    Mutant(
        "compiler/opt/fold.0x0",
        "(becomes! k i ops.i-and mask (known.make! k op ssa.i64 y z 0) 0)",
        "(becomes! k i op mask (known.make! k ops.i-and ssa.i64 y z 0) 0)",
        "opt/gvn/bits-that-two-values-share",
    ),
    Mutant(
        "compiler/opt/fold.0x0",
        "(= (+ (right-number k shifted) (right-number k down)) width)",
        "(<= (+ (right-number k shifted) (right-number k down)) width)",
        "opt/gvn/rotations",
    ),
    Mutant(
        "compiler/ssa/ops.0x0",
        "(3 i-sgt)",
        "(3 i-sge)",
        "opt/gvn/choices",
    ),
    Mutant(
        "compiler/opt/gvn.0x0",
        "(range.narrow! k.ranges inst.a 0 range.greatest)\n      (range.narrow! k.ranges inst.b 1 range.greatest)",
        "(range.narrow! k.ranges inst.a 1 range.greatest)\n      (range.narrow! k.ranges inst.b 1 range.greatest)",
        "opt/gvn/index-that-passed-may-be-the-first",
    ),
    Mutant(
        "compiler/opt/sccp.0x0",
        "((or (= n 0) (= n -1)) (Fact varies 0))",
        "((= n 0) (Fact varies 0))",
        "opt/sccp/division-by-zero-or-minus-one-stays",
    ),
    Mutant(
        "compiler/opt/sccp.0x0",
        "(or (= fact.state unknown) (= old.state varies)",
        "(or (= fact.state unknown) (!= old.state unknown)",
        "opt/sccp/number-that-changes-stays",
    ),
    Mutant(
        "compiler/opt/stores.0x0",
        "(if (touch? (at s.later.items k) p) (forget! s k))",
        "(if (= (. (at s.later.items k) root) p.root) (forget! s k))",
        "opt/stores/read-before-it-is-overwritten-stays",
    ),
    Mutant(
        "compiler/opt/stores.0x0",
        "(and (> p.width 0) (>= start end))",
        "(> start p.offset)",
        "opt/stores/wider-than-what-overwrites-it-stays",
    ),
    Mutant(
        "compiler/opt/bounds.0x0",
        "(and (order.below? r inst.a inst.b -1 b i) (order.below? r order.zero inst.a 0 b i))",
        "(order.below? r inst.a inst.b 0 b i)",
        "opt/bounds/other-length-stays",
    ),
    Mutant(
        "compiler/opt/bounds.0x0",
        "(≔ side (if (!= condition.a 0) 0 1))",
        "(≔ side (if (= condition.a 0) 0 1))",
        "opt/bounds/branch-that-is-decided",
    ),
    Mutant(
        "compiler/opt/tail.0x0",
        "(if (!= (at g.args.items (+ first n)) (+ i n))",
        "(if (< (at g.args.items (+ first n)) i)",
        "opt/tail/results-in-another-order-stay-a-call",
    ),
    Mutant(
        "compiler/opt/tail.0x0",
        "(≔ chosen (and (or plain ends)",
        "(≔ chosen (and (or plain true)",
        "opt/tail/sum-without-an-end-stays-a-call",
    ),
    Mutant(
        "compiler/opt/tail.0x0",
        "(and (= inst.op ops.i-add) (= inst.b sum)",
        "(and (= inst.b sum)",
        "opt/tail/number-is-taken-from-stays-a-call",
    ),
    Mutant(
        "compiler/opt/tail.0x0",
        "(or (< v i) (= (. (at g.insts.items v) op) ops.i-iconst))",
        "(or (>= v i) (= (. (at g.insts.items v) op) ops.i-iconst))",
        "opt/tail/result-that-is-used-stays-a-call",
    ),
    Mutant(
        "compiler/opt/tail.0x0",
        "(if (or (!= g.results 1)",
        "(if (or (< g.results 1)",
        "opt/tail/second-result-is-not-added-to",
    ),
    Mutant(
        "compiler/opt/tail.0x0",
        "(if (and (> g.slots.count 0) (>= v own)",
        "(if (and (> g.slots.count 9) (>= v own)",
        "opt/tail/address-of-a-slot-stays-a-call",
    ),
    Mutant(
        "compiler/opt/branch.0x0",
        "(not (and (>= loop 0) (= (. (at s.flow.loops.items loop) header) b) (flow.in-loop? s.flow loop target)))",
        "(!= loop -2)",
        "opt/branch/loop-keeps-its-one-entry",
    ),
    Mutant(
        "compiler/opt/branch.0x0",
        "((= op ops.i-param) (= (& where elsewhere) 0))",
        "((= op ops.i-param) true)",
        "opt/branch/value-read-where-both-sides-meet-stays",
    ),
    Mutant(
        "compiler/opt/branch.0x0",
        "(= inst.a x)) (- 1 side))",
        "(= inst.a x)) side)",
        "opt/branch/condition-that-was-branched-on",
    ),
    Mutant(
        "compiler/opt/carry.0x0",
        "(if (. (at ops.table inst.op) traps) (return))",
        "(if (= inst.op ops.i-call) (return))",
        "opt/carry/load-behind-a-check-stays",
    ),
    Mutant(
        "compiler/opt/carry.0x0",
        "(not (flow.dominates? y.flow (at y.flow.block-of s) loop.latch))",
        "(< s 0)",
        "opt/carry/store-in-some-rounds-stays",
    ),
    Mutant(
        "compiler/opt/carry.0x0",
        "(>= (max grown (- 0 grown)) (addresses.width load.op))",
        "(!= grown 0)",
        "opt/carry/parts-that-overlap-stay",
    ),
    Mutant(
        "compiler/opt/fill.0x0",
        "(constant? s step.b) (= (. (inst-of s step.b) a) 1))",
        "(constant? s step.b))",
        "opt/fill/step-of-two-stays",
    ),
    Mutant(
        "compiler/opt/fill.0x0",
        "(= inst.op ops.i-check-index) (< check 0) (= inst.a found.counter)",
        "(= inst.op ops.i-check-index) (< check 0)",
        "opt/fill/check-of-another-index-stays",
    ),
    Mutant(
        "compiler/opt/fill.0x0",
        "(if (not (constant? s start)) (return (< check 0)))",
        "(if (not (constant? s start)) (return true))",
        "opt/fill/what-is-no-fill-stays",
    ),
    Mutant(
        "compiler/opt/if-convert.0x0",
        "(const most-operations I64 2)",
        "(const most-operations I64 9)",
        "opt/if-convert/long-way-keeps-its-branch",
    ),
    Mutant(
        "compiler/opt/if-convert.0x0",
        "(and (>= op ops.i-add) (<= op ops.i-umax) (!= op ops.i-mul))",
        "(and (>= op ops.i-add) (<= op ops.i-load64) (!= op ops.i-mul))",
        "opt/if-convert/what-loads-or-divides-keeps-its-branch",
    ),
    Mutant(
        "compiler/opt/if-convert.0x0",
        "(if (or (steered? s yes no) (not",
        "(if (or (< choices 0) (not",
        "opt/if-convert/what-steers-the-loop-keeps-its-branch",
    ),
    Mutant(
        "compiler/opt/inline.0x0",
        "(set! (at s.cold b) cold)",
        "(set! (at s.cold b) (< b 0))",
        "opt/inline/way-to-a-trap-keeps-its-call",
    ),
    Mutant(
        "compiler/opt/inline.0x0",
        "(inc! (. (at body.insts.items n) a) s.next-slot)",
        "(inc! (. (at body.insts.items n) a) 0)",
        "opt/inline/slots-are-the-frame-s-last-ones",
    ),
    Mutant(
        "compiler/opt/inline.0x0",
        "(and (= callee.op ops.i-function) (>= callee.a 0)",
        "(and (= callee.op ops.i-address) (>= callee.a 0)",
        "opt/inline/known-function-value-is-called",
    ),
    Mutant(
        "compiler/opt/limit.0x0",
        "(const least-checks I64 2)",
        "(const least-checks I64 1)",
        "opt/limit/one-check-stays",
    ),
    Mutant(
        "compiler/opt/limit.0x0",
        "(set! (at m.shut l) false)",
        "(discard l)",
        "opt/limit/value-read-behind-stays",
    ),
    Mutant(
        "compiler/opt/limit.0x0",
        "(new-number! m like (- most-step 1))",
        "(new-number! m like -1)",
        "opt/limit/step-that-is-a-value",
    ),
    Mutant(
        "compiler/opt/promote.0x0",
        "((or Call Args) (return false))",
        "((or Call Args) ())",
        "opt/promote/call-in-the-loop-stays",
    ),
    Mutant(
        "compiler/opt/promote.0x0",
        "(set! clean (not (. (at ops.table inst.op) traps)))",
        "(set! clean (!= inst.op ops.i-call))",
        "opt/promote/access-behind-a-check-stays",
    ),
    Mutant(
        "compiler/opt/promote.0x0",
        "(if (may-touch? p other inst) (return None))",
        "(discard (may-touch? p other inst))",
        "opt/promote/other-may-touch-it-stays",
    ),
    Mutant(
        "compiler/opt/promote.0x0",
        "(if (and (= other.type ssa.void) (always? p l k)) (set! store k))",
        "(if (= other.type ssa.void) (set! store k))",
        "opt/promote/way-out-before-the-store-stays",
    ),
    Mutant(
        "compiler/opt/rotate.0x0",
        "(or (= op ops.i-call) (= op ops.i-call-indirect) (= op ops.i-syscall) (= op ops.i-run-main))",
        "(= op ops.i-run-main)",
        "opt/rotate/call-in-the-test-stays",
    ),
    Mutant(
        "compiler/opt/rotate.0x0",
        "(if (not (flow.dominates? r.flow body b)) (return false))",
        "(discard (flow.dominates? r.flow body b))",
        "opt/rotate/exit-among-the-blocks-stays",
    ),
    Mutant(
        "compiler/opt/sink.0x0",
        "(if (= (. (at s.flow.loops.items l) latches) 1) (latch! s l))",
        "(latch! s l)",
        "opt/sink/two-ways-back-stay",
    ),
    Mutant(
        "compiler/opt/sink.0x0",
        "(and (= inst.op ops.i-add) (parameter? s header inst.a) (not",
        "(and (= inst.op ops.i-add) (>= header 0) (not",
        "opt/sink/sum-of-another-value-stays",
    ),
    Mutant(
        "compiler/opt/sink.0x0",
        "(var pays false)",
        "(var pays true)",
        "opt/sink/parameter-that-is-not-read-again-stays",
    ),
    Mutant(
        "compiler/opt/gvn.0x0",
        "(counted? s (plan.value s.plan inst.a) up (- room distance))",
        "(counted? s (plan.value s.plan inst.a) (= (= inst.op ops.i-add) up) (- room distance))",
        "opt/gvn/up-and-then-down-does-not-count-down",
    ),
    Mutant(
        "compiler/opt/gvn.0x0",
        "up (- room distance))",
        "up room)",
        "opt/gvn/more-than-eight-a-round-may-wrap",
    ),
    Mutant(
        "compiler/opt/sccp.0x0",
        "number) (return (+ k 1))",
        "number) (return k)",
        "opt/sccp/switch-on-what-a-loop-keeps",
    ),
    Mutant(
        "compiler/opt/stores.0x0",
        "(if (< (. (at s.later.items k) kind) addresses.slot-kinds) (forget! s k))",
        "(if (< (. (at s.later.items k) kind) 0) (forget! s k))",
        "opt/stores/call-may-read-what-is-not-an-own-slot",
    ),
    Mutant(
        "compiler/opt/tail.0x0",
        "(if (= (at t.around b) (= round 0))",
        "(if (= round 0)",
        "opt/tail/what-does-not-go-back-comes-last",
    ),
    Mutant(
        "compiler/opt/operands.0x0",
        "(or row.ends row.traps (= op ops.i-result)",
        "(or row.ends (= op ops.i-result)",
        "opt/dce/checks-and-divisions-that-may-trap-stay",
    ),
    Mutant(
        "compiler/opt/operands.0x0",
        "(or row.ends row.traps (= op ops.i-result)",
        "(or row.ends row.traps",
        "opt/dce/second-result-alone-is-read",
    ),
    Mutant(
        "compiler/opt/plan.0x0",
        "(need! p (at g.params.items (+ entry.parameters k))))",
        "(discard (at g.params.items (+ entry.parameters k))))",
        "opt/dce/function-parameters-stay",
    ),
    Mutant(
        "compiler/mach/liveness.0x0",
        "(while (and (>= loop 0) (> (. (at l.loops.items loop) first) from))",
        "(while (and (>= loop 0) (< (. (at l.loops.items loop) first) from))",
        "run/control/many-locals-change-in-one-loop",
    ),
    Mutant(
        "compiler/mach/occupancy.0x0",
        "(set! mask (| mask (at o.clobbered-in b)))",
        "(discard mask)",
        "run/control/twenty-locals-live-across-calls",
    ),
    Mutant(
        "compiler/mach/occupancy.0x0",
        "(set! mask (| mask (at o.clobbers p)))",
        "(discard p)",
        "run/constants/constants-fold-operators",
    ),
    Mutant(
        "compiler/mach/registers.0x0",
        "(> (at r.spill-until k) start))",
        "(> (at r.spill-until k) (+ start 100)))",
        "run/control/an-expression-nests-past-the-registers",
    ),
    Mutant(
        "compiler/x64/encode.0x0",
        "(and (>= n -128) (<= n 127))",
        "(and (>= n -128) (<= n 255))",
        "run/layout/a-variant-may-have-more-cases-than-a-byte-holds",
    ),
    Mutant(
        "compiler/x64/encode.0x0",
        '(Row "load8s" 0 true 0xbe -1 true 1)',
        '(Row "load8s" 0 true 0xb6 -1 true 1)',
        "run/constants/globals-of-every-width-do-not-overlap",
    ),
    Mutant(
        "compiler/x64/encode.0x0",
        '(Row "load16u" 0 true 0xb7 -1 false 0)',
        '(Row "load16u" 0 true 0xbf -1 false 0)',
        "run/layout/fields-keep-their-values-beside-each-other",
    ),
    Mutant(
        "compiler/x64/encode.0x0",
        '(Row "idiv" 0 false 0xf7 7 true 0)',
        '(Row "idiv" 0 false 0xf7 6 true 0)',
        "run/operators/signed-division-truncates-towards-zero",
    ),
    Mutant(
        "compiler/x64/encode.0x0",
        '(Row "sar" 0 false 0xd3 7 true 0)',
        '(Row "sar" 0 false 0xd3 5 true 0)',
        "run/operators/right-shifts-copy-the-sign-of-signed-types",
    ),
    Mutant(
        "compiler/x64/select.0x0",
        "(count-address! s l g i)\n          (inc! epoch))",
        "(count-address! s l g i))",
        "run/places/an-element-operand-keeps-its-value-before-a-store",
    ),
    Mutant(
        "compiler/x64/moves.0x0",
        "(operands.load-location! e -1 to spare)",
        "(discard spare)",
        "run/floats/floats-change-places-where-ways-meet",
    ),
    Mutant(
        "compiler/x64/control.0x0",
        "(≔ no-moves (moves? e g no no-first))",
        "(≔ no-moves false)",
        "run/control/many-locals-change-in-one-loop",
    ),
    Mutant(
        "compiler/x64/select.0x0",
        "(array 7 6 2 1 8 9)",
        "(array 7 6 2 1 8 8)",
        "run/functions/ten-words-of-arguments-arrive-in-order",
    ),
    Mutant(
        "compiler/obj/image.0x0",
        "(segment! out 1 6 2 all.data",
        "(segment! out 1 4 2 all.data",
        "run/constants/constants-fold-bits",
    ),
    Mutant(
        "compiler/read/reader.0x0",
        "(source.add-line! r.sources (+ r.base p))",
        "(source.add-line! r.sources (+ r.base p -1))",
        "run/traps/the-second-line-of-a-form-has-its-own-place",
    ),
    Mutant(
        "compiler/base/source.0x0",
        "(if (!= (& (at file.bytes i) 0xc0) 0x80) (inc! column))",
        "(inc! column)",
        "run/traps/columns-are-counted-in-code-points",
    ),
    Mutant(
        "compiler/obj/image.0x0",
        "(word! out limit)",
        "(word! out 0)",
        "run/traps/memory-over-its-limit",
    ),
    Mutant(
        "compiler/obj/rows.0x0",
        "(put! r (+ offset 1)",
        "(put! r offset",
        "run/traps/an-index-beyond-the-length",
    ),
    Mutant(
        "compiler/ssa/scan.0x0",
        "(> (at b.effects.items low) last)",
        "(>= (at b.effects.items low) last)",
        "run/control/for-each-does-not-see-its-array-change",
    ),
    Mutant(
        "compiler/ssa/scan.0x0",
        "(if (= node.op tree.op-raw) 0 node.d)",
        "(if (= node.op tree.op-raw) 0 n)",
        "run/control/for-counts-up-to-its-end",
    ),
    Mutant(
        "compiler/ssa/floating.0x0",
        "(<< 1 (- 53 width))",
        "(<< 1 (- 54 width))",
        "run/floats/a-float-just-below-the-least-integer",
        quick=True,
    ),
    Mutant(
        "compiler/ssa/floating.0x0",
        "(+ op (- ops.i-feq ops.i-eq))",
        "(+ op (- ops.i-feq ops.i-eq -1))",
        "run/floats/with-nan-only-unequal-is-true",
    ),
    Mutant(
        "compiler/tree/fold.0x0",
        "((= op tree.op-lt) (Value (wrap I64 (soft-float.less? f a b))))",
        "((= op tree.op-lt) (Value (wrap I64 (soft-float.less? f b a))))",
        "run/floats/constants-are-computed-as-at-run-time",
    ),
    Mutant(
        "compiler/ssa/builder.0x0",
        "    ((= l.bytes 8) ssa.f64)",
        "    ((= l.bytes 8) ssa.i64)",
        "run/floats/floats-in-records-options-and-variants",
    ),
    Mutant(
        "bootstrap/seed/read.py",
        "return -value if sign == '-' else value",
        "return value",
        "run/lexical/a-sign-may-stand-before-any-base",
    ),
    Mutant(
        "bootstrap/seed/read.py",
        "if len(stack) >= DEEPEST",
        "if len(stack) > DEEPEST",
        "reject/lexical/lists-nested-too-deep",
    ),
    Mutant(
        "bootstrap/seed/read.py",
        " or 0xD800 <= value <= 0xDFFF:",
        " or 0xD800 == value == 0xDFFF:",
        "reject/lexical/an-escape-that-names-a-surrogate",
    ),
    Mutant(
        "bootstrap/seed/read.py",
        "if '' in parts:",
        "if '' in parts[1:]:",
        "reject/lexical/a-path-that-begins-with-a-dot",
        quick=True,
    ),
    Mutant(
        "bootstrap/seed/read.py",
        r"\u2066-\u2069]",
        "]",
        "reject/lexical/a-bidirectional-isolate-in-a-text",
    ),
    Mutant(
        "bootstrap/seed/read.py",
        "if current or not stack:",
        "if not stack:",
        "reject/names/a-glyph-as-a-parameter",
    ),
    Mutant(
        "bootstrap/seed/check.py",
        "if operation == 'local' and inner[3].mutable:",
        "if operation == 'local':",
        "reject/functions/a-parameter-is-set",
        quick=True,
    ),
    Mutant(
        "bootstrap/seed/check.py",
        "if depth > DEEPEST:",
        "if depth > DEEPEST * DEEPEST:",
        "reject/generics/instances-without-end",
    ),
    Mutant(
        "bootstrap/seed/check.py",
        "if got is not kind:",
        "if filler is None:",
        "reject/generics/a-requirement-filled-by-another-type",
    ),
    Mutant(
        "bootstrap/seed/check.py",
        "            if names.index(label) in order:",
        "            if names.index(label) in order[:-1]:",
        "reject/layout/a-field-given-twice",
    ),
    Mutant(
        "bootstrap/seed/constants.py",
        "if not kind.low <= value <= kind.high:",
        "if not kind.low <= value <= kind.high + 1:",
        "reject/constants/a-constant-that-is-one-too-large",
    ),
    Mutant(
        "bootstrap/seed/constants.py",
        "if quotient > kind.high:",
        "if quotient > kind.high + 1:",
        "reject/constants/a-constant-whose-division-overflows",
    ),
    Mutant(
        "bootstrap/seed/layout.py",
        "offset = round_up(offset, kind.align)",
        "offset += 0",
        "run/layout/fields-lie-at-multiples-of-their-alignment",
    ),
    Mutant(
        "bootstrap/seed/layout.py",
        "return 1 if count <= 256 else",
        "return 1 if count < 1 << 16 else",
        "run/layout/a-variant-may-have-more-cases-than-a-byte-holds",
    ),
    Mutant(
        "bootstrap/seed/layout.py",
        "self._size = round_up(self.elem.size + 1, self._align)",
        "self._size = round_up(self.elem.size, self._align)",
        "run/layout/options-of-small-things-lie-densely-in-a-slice",
    ),
    Mutant(
        "bootstrap/seed/layout.py",
        "if self._size > LARGEST:",
        "if self._size > LARGEST * LARGEST:",
        "reject/layout/a-type-too-large",
    ),
    Mutant(
        "bootstrap/seed/statements.py",
        "            if index < last:",
        "            if index < last - 1:",
        "run/functions/an-argument-survives-the-calls-in-later-ones",
    ),
    Mutant(
        "bootstrap/seed/instructions.py",
        r"(16, True): b'\x48\x0f\xbf\xc0'",
        r"(16, True): b'\x0f\xb7\xc0'",
        "run/operators/addition-wraps-at-every-width",
    ),
    Mutant(
        "bootstrap/seed/instructions.py",
        "'<=': (14, 6)",
        "'<=': (14, 7)",
        "run/operators/comparisons-know-the-sign",
    ),
    Mutant(
        "bootstrap/seed/operators.py",
        "extension = 0xE0 if operation == '<<' else 0xF8 if kind.signed else 0xE8",
        "extension = 0xE0 if operation == '<<' else 0xE8",
        "run/operators/right-shifts-copy-the-sign-of-signed-types",
    ),
    Mutant(
        "bootstrap/seed/operators.py",
        "code += bytes((0x83, 0xE1, kind.bits - 1))",
        "code += bytes((0x83, 0xE1, 63))",
        "run/operators/left-shifts-count-modulo-the-width",
        quick=True,
    ),
    Mutant(
        "bootstrap/seed/operators.py",
        r"self.code += b'\x34\x01' ",
        r"self.code += b'\x34\x00' ",
        "run/operators/a-condition-may-be-a-stored-bool",
    ),
    Mutant(
        "bootstrap/seed/operators.py",
        r"code += b'\x31\xd2\x48\xf7\xf1' ",
        r"code += b'\x48\x99\x48\xf7\xf1' ",
        "run/operators/unsigned-division-uses-all-bits",
    ),
    Mutant(
        "bootstrap/seed/emit.py",
        "if frame > FRAME_LIMIT:",
        "if frame > FRAME_LIMIT * 1024:",
        "reject/layout/a-frame-too-large",
    ),
    Mutant(
        "bootstrap/seed/control.py",
        "if self.cleanups:",
        "if False:",
        "run/arenas/return-closes-the-arena",
    ),
    Mutant(
        "bootstrap/seed/image.py",
        "bisect_right(starts, at) - 1, line, min(column, 4095)",
        "bisect_right(starts, at) - 1, line, min(column - 1, 4095)",
        "run/traps/an-index-beyond-the-length",
    ),
    Mutant(
        "bootstrap/seed/image.py",
        "struct.pack_into('<Q', self.rodata.data, self.table + 56, self.heap_limit)",
        "self.heap_limit += 1",
        "run/traps/memory-over-its-limit",
    ),
)
