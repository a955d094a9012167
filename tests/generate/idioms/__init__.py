"""idioms: functions of known shapes, with random numbers or random statements in them: what a pass of the optimiser looks for, and what
it must keep away from.

Each makes one function (with helpers of its own names) and says how it can be called. The table says how often which comes.
"""

from __future__ import annotations

from typing import Callable, Tuple

from tests.generate.expressions import Expressions

from . import aliases, calls, loops, memory, numbers, overlays, pressure
from .made import Made

IDIOMS: Tuple[Tuple[int, Callable[[Expressions], Made]], ...] = (
    (1, memory.overlapping_slices), (1, memory.same_reference_twice), (1, memory.copies_of_records), (1, memory.linked_list),
    (1, memory.global_state), (1, memory.promoted),
    (8, overlays.overlaid), (4, overlays.chosen_case), (6, aliases.two_names), (2, pressure.many_live),
    (1, loops.trap_in_the_middle), (1, loops.two_checks_in_order), (1, loops.nested_index), (1, loops.sieve), (1, loops.sort_and_search),
    (1, loops.count_down), (1, loops.limit_that_changes), (1, loops.filling), (1, loops.text_scan), (6, loops.bounded),
    (1, numbers.division_by_constants), (1, numbers.bit_loop), (1, numbers.conditions), (5, numbers.ranges),
    (1, calls.tail_calls), (1, calls.small_and_inlined), (1, calls.generic_fold), (1, calls.options_and_try),
    (4, calls.two_that_call_each_other), (2, calls.results_in_another_order), (2, calls.wide_arguments),
)


def some_idiom(w: Expressions) -> Made:
    return w.random.choices([way for _, way in IDIOMS], [weight for weight, _ in IDIOMS])[0](w)
