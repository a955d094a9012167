"""judge: walk a witness' route and say what came of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence, Tuple

from .. import BootstrapError
from ..compare import explain_difference
from ..elf import read_image
from ..ledger import sha256_of
from .ground import Ground
from .model import Row, Verdict, Witness
from .record import AbsentError, Comparison, RouteError
from .workshop import Workshop

SHOWN = 5  # names in a list


def judge_all(ground: Ground, witnesses: Sequence[Witness], jobs: int, tell: Callable[[Row], None]) -> Tuple[Row, ...]:
    """Every row in the order of the table, several at a time; each is told as soon as those before it are."""
    rows: List[Row] = []
    pool = ThreadPoolExecutor(jobs)
    try:
        for row in pool.map(lambda witness: judge(ground, witness), witnesses):
            tell(row)
            rows.append(row)
    finally:
        pool.shutdown(wait=False)  # all have ended, or the run is interrupted and nobody waits
    return tuple(rows)


def judge(ground: Ground, witness: Witness) -> Row:
    work = Workshop(ground, witness.name)
    products: Dict[str, str] = {}
    expected: Dict[str, str] = {}
    try:
        comparisons = witness.walk(work)
        verdict, detail = Verdict.AGREES, ""
        for comparison in comparisons:
            difference = compare(comparison, products, expected)
            if difference is not None and verdict is Verdict.AGREES:
                verdict, detail = Verdict.DIFFERS, difference
    except AbsentError as absent:
        verdict, detail = Verdict.NOT_PRESENT, str(absent)
    except (RouteError, BootstrapError) as error:
        verdict, detail = Verdict.FAILED, str(error)
    except OSError as error:
        verdict, detail = Verdict.FAILED, f"{error.filename}: {error.strerror}"
    return Row(witness, verdict, detail, products, expected, tuple(work.steps), tuple(work.tools))


def compare(comparison: Comparison, products: Dict[str, str], expected: Dict[str, str]) -> Optional[str]:
    """None when they are equal. A file that cannot be read is a failed route, never equality."""
    made = products[comparison.name] = sha256_of(comparison.made)
    if comparison.expected is not None:
        expected[comparison.name] = sha256_of(comparison.expected)
        difference = explain_difference(comparison.made, comparison.expected)
        return None if difference is None else difference + functions_apart(comparison.made, comparison.expected)
    expected[comparison.name] = comparison.recorded
    if made == comparison.recorded:
        return None
    return f"{comparison.name} has SHA-256 {made[:16]}..., the ledger says {comparison.recorded[:16] or 'nothing'}..."


def functions_apart(left: Path, right: Path) -> str:
    """Which functions only one of two programs has, and which are of another size; empty where neither has any."""
    ours, theirs = function_sizes(left), function_sizes(right)
    lists = (
        (f"functions in {left.name} alone", sorted(set(ours) - set(theirs))),
        (f"functions in {right.name} alone", sorted(set(theirs) - set(ours))),
        ("of another size", sorted(name for name in set(ours) & set(theirs) if ours[name] != theirs[name])),
    )
    return "".join(f"; {what}: {', '.join(names[:SHOWN])}{more(names)}" for what, names in lists if names)


def function_sizes(path: Path) -> Dict[str, int]:
    return {symbol.name: symbol.size for symbol in read_image(path.read_bytes()).symbols if symbol.kind == "function"}


def more(names: List[str]) -> str:
    return f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
