"""bootstrap: how the first compiler comes to be.

    stage    one command that reads the source and writes one compiler
    chain    the stages in order, what must be equal, and what is installed
    root     the released compiler that the chain may start from; else it starts from the seed
    ledger   what a run of the chain did, as canonical JSON

Standard library alone, Python 3.8 or later: one must be able to read this, and run it with no network.
"""

from __future__ import annotations

from perf.guard.front import CommandError


class BootstrapError(CommandError):
    """Something that ends the run."""


BROKEN = 1  # a stage failed, or what must be equal is not
TROUBLE = 2  # usage, a file, the description
