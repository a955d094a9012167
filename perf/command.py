"""command: what the commands of perf share: their one exception, how it is told, and how figures are laid out in columns."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

HOLDS = 0
BROKEN = 1  # it does not hold, or could not be measured
TROUBLE = 2  # usage, or a file


class PerfError(Exception):
    """Something that ends a command, with the exit status that says what kind of thing it is."""

    def __init__(self, message: str, status: int = TROUBLE) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def told(name: str, work: Callable[[], int]) -> int:
    """Do a command's work; what goes wrong is one line on stderr and an exit status, never a traceback."""
    try:
        return work()
    except PerfError as error:
        print(f"{name}: {error.message}", file=sys.stderr)
        return error.status
    except BrokenPipeError:
        sys.stderr.close()
        return BROKEN
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        print(f"{name}: {place}{error.strerror or error}", file=sys.stderr)
        return TROUBLE
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)
        return 130


def columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in plain text: the first column to the left, the others to the right."""
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    lines = []
    for row in (head, *rows):
        cells = [cell.ljust(width) if at == 0 else cell.rjust(width) for at, (cell, width) in enumerate(zip(row, widths))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
