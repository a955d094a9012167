"""optimizer_smoke: the optimiser on the compiler's own source, with what passes were given and what they made, in one tree of processes.

One shell builds the compiler at -O2 once for each pass, with the graphs before and after it in a file. The figure is the peak of the
largest of them.
"""

from __future__ import annotations

from pathlib import Path

from .guard import Outcome
from .workbench import SOURCE, Workbench

PASSES = ("inline", "gvn", "bounds")
TREE = """\
zero=$1 source=$2 out=$3
shift 3
for pass do
  "$zero" build -O2 --dump-before "$pass" --dump "$pass" "$source" -o "$out.product" 2>"$out.$pass" || exit 1
done
"""


def smoke(bench: Workbench) -> Outcome:
    """The dumps are files of the bench, `dumps(bench)`; the last tree's."""
    return bench.measure(["/bin/sh", "-c", TREE, "optimizer-smoke", bench.relative(bench.zero), SOURCE, bench.out("smoke"), *PASSES])


def dumps(bench: Workbench) -> dict[str, Path]:
    return {name: bench.path(f"smoke.{name}") for name in PASSES}
