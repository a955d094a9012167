"""streams: the three standard streams are there, whatever the caller has closed.

A file that is opened while one of them is closed takes its number, and what a child prints goes into a lock or a ledger, or the
pipe of an answer is taken for its output. So a command opens those that are missing on /dev/null before it does anything else.
"""

from __future__ import annotations

import os
import sys


def open_missing() -> None:
    """Open what is closed of the numbers 0, 1 and 2, and give Python its stream; what is then written is lost, as it was asked for."""
    for number, mode in enumerate((os.O_RDONLY, os.O_WRONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)  # the least number that is free: this one
            os.set_inheritable(number, True)
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)
