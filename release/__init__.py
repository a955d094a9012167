"""release: how it leaves the house: the manifest, hashes, the statement of origin, the archive and its verifier.

    product      a file of a release
    reproduced   made alike to the byte by anyone who builds the same commit
    measured     figures of one machine; hashed and attested like the rest, but not compared
    statement    an in-toto statement in a DSSE envelope: how each product came to be

release/verify.py imports nothing of this project and nothing outside the standard library.
"""

from __future__ import annotations

from perf.guard.front import CommandError


class ReleaseError(CommandError):
    """Something that ends the run."""


REFUSED = 1  # what must hold of a release does not
TROUBLE = 2  # usage, a file, a tool
