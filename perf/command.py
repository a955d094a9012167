"""command: what the commands of perf share: their one exception, and how figures are laid out in columns."""

from __future__ import annotations

from collections.abc import Sequence

from .guard.front import CommandError

HOLDS = 0
BROKEN = 1  # it does not hold, or could not be measured
TROUBLE = 2  # usage, or a file


class PerfError(CommandError):
    """Something that ends a command of perf."""


def columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in plain text: the first column to the left, the others to the right."""
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    lines = []
    for row in (head, *rows):
        cells = [cell.ljust(width) if at == 0 else cell.rjust(width) for at, (cell, width) in enumerate(zip(row, widths))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
