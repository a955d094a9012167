"""claims: every group of claims, in the order in which `make all` tells of them, and which of them it judges at once."""

from __future__ import annotations

from typing import Tuple

from perf import bench_check, memory_check, memory_summary_check, optimizer_smoke_check, perf_check, rss_limit_check

from . import docs, elf, imports, memory_architecture, normal_path
from .claim import Group

GROUPS: Tuple[Group, ...] = (
    Group("normal-path", "what `make all` is made of", normal_path.CLAIMS),
    Group("memory-architecture", "how the compiler keeps its memory", memory_architecture.CLAIMS),
    Group("imports", "who imports whom", imports.CLAIMS),
    Group("elf", "the executable files", elf.CLAIMS),
    Group("docs", "what the pages say", docs.CLAIMS),
    Group("memory", "peaks of memory, budgets and baselines", memory_check.CLAIMS),
    Group("memory-summary", "the compiler's own account of its memory", memory_summary_check.CLAIMS),
    Group("optimizer-smoke", "the optimiser on the compiler's own source", optimizer_smoke_check.CLAIMS),
    Group("rss-limit", "the guard ends what breaks its limits", rss_limit_check.CLAIMS),
    Group("perf", "times, against what this machine did before", perf_check.CLAIMS),
    Group("bench", "compiled code and compile speed, beside other compilers", bench_check.CLAIMS),
)

# Groups that judge no time are judged at once, a process a lane, which takes about as long as the other. Of the compiler's own source the
# optimiser's memory is measured once for both groups of the first.
LANES: Tuple[Tuple[str, ...], ...] = (
    ("optimizer-smoke", "memory"),
    ("normal-path", "memory-architecture", "imports", "elf", "docs", "memory-summary", "rss-limit"),
)
