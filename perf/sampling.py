"""sampling: times of two things measured in turn, and what can be said of their ratio.

Two things are run as pairs, a b b a a b ..., so that a busy neighbour touches both alike; each pair gives one ratio. The median of
the ratios has an exact interval: of n values the k-th smallest and the k-th largest enclose the true median, whatever the
distribution, but for a chance that is the tail of a fair coin's n throws. A ratio is judged by its interval, not by its median:

    regressed       the whole interval lies above the limit
    not regressed   the whole interval lies at or below the limit
    did not measure all else: too few pairs, or the limit lies within the interval. Never green.

While noise leaves a verdict open, what it rests on is measured again, in one way for all of them: `until_settled`.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Optional

LEAST_CONFIDENCE = 0.95
LEAST_FOR_SPREAD = 4  # values
LEAST_PAIRS = 6  # of fewer no two enclose the median with such confidence
MOST_TIMES = 8  # as many pairs are measured before it is said that nothing can be said
MOST_PAIRS = MOST_TIMES * LEAST_PAIRS


class Verdict(Enum):
    REGRESSED = "regressed"
    NOT_REGRESSED = "not regressed"
    UNMEASURED = "did not measure"


@dataclass(frozen=True)
class Interval:
    low: float
    high: float
    confidence: float  # that the true median lies within


@dataclass(frozen=True)
class Pairs:
    """What two things took, pair by pair, in microseconds; none is zero."""

    left: tuple[int, ...]
    right: tuple[int, ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        """Of each pair right over left: more than 1 says that right takes longer."""
        return tuple(right / left for left, right in zip(self.left, self.right))

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)


def interval(values: Sequence[float]) -> Optional[Interval]:
    """The narrowest interval of order statistics that holds the median with the least confidence; None: too few values."""
    ordered, count = sorted(values), len(values)
    found = None
    for rank in range(count // 2):
        outside = 2 * sum(math.comb(count, k) for k in range(rank + 1)) / 2**count
        if 1 - outside < LEAST_CONFIDENCE:
            break
        found = Interval(ordered[rank], ordered[count - 1 - rank], 1 - outside)
    return found


def judge_ratio(ratios: Sequence[float], limit: float) -> Verdict:
    enclosed = interval(ratios)
    if enclosed is None:
        return Verdict.UNMEASURED
    if enclosed.low > limit:
        return Verdict.REGRESSED
    return Verdict.NOT_REGRESSED if enclosed.high <= limit else Verdict.UNMEASURED


def spread_permille(values: Sequence[float]) -> int:
    """The distance between the quartiles, in thousandths of the median."""
    if len(values) < LEAST_FOR_SPREAD:
        raise ValueError(f"{len(values)} values have no quartiles")
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return round(1000 * (high - low) / middle)


def until_settled(measure: Callable[[], None], settled: Callable[[], bool], most: int) -> None:
    """Measure, and again while the verdict is open; bounded, for a machine that is never quiet. Then it did not measure."""
    for _ in range(most):
        measure()
        if settled():
            break


def is_settled(ratios: Sequence[float], limit: float) -> bool:
    return judge_ratio(ratios, limit) is not Verdict.UNMEASURED


def measure_pairs(left: Callable[[], int], right: Callable[[], int], least: int, most: int, limit: Optional[float] = None) -> Pairs:
    """Measure at least `least` pairs; go on, up to `most`, while the limit is given and nothing can be said of it."""
    lefts: list[int] = []
    rights: list[int] = []

    def one_pair() -> None:
        if len(lefts) % 2 == 0:
            lefts.append(max(1, left()))
            rights.append(max(1, right()))
        else:
            rights.append(max(1, right()))
            lefts.append(max(1, left()))

    def pairs() -> Pairs:
        return Pairs(tuple(lefts), tuple(rights))

    left(), right()  # the first of each finds cold caches
    until_settled(one_pair, lambda: len(lefts) >= least and (limit is None or is_settled(pairs().ratios, limit)), most)
    return pairs()


def statement(pairs: Pairs) -> str:
    """What can be said of a ratio, as a sentence."""
    enclosed = interval(pairs.ratios)
    if enclosed is None:
        return f"{len(pairs.left)} pairs are too few to say anything; {LEAST_PAIRS} are the least"
    return (
        f"the second takes {pairs.ratio:.3f} times the first; between {enclosed.low:.3f} and {enclosed.high:.3f} "
        f"with {100 * enclosed.confidence:.1f} % confidence, by {len(pairs.left)} pairs"
    )
