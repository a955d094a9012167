"""release: how it leaves the house: the manifest, hashes, the statement of origin, the archive and its verifier.

    product      a file of a release
    reproduced   made alike to the byte by anyone who builds the same commit
    measured     figures of one machine; hashed and attested like the rest, but not compared
    statement    an in-toto statement in a DSSE envelope: how each product came to be

release/verify.py imports nothing of this project and nothing outside the standard library.
"""

from __future__ import annotations


class ReleaseError(Exception):
    """Something that ends the run, with the exit status that says what kind of thing it is."""

    def __init__(self, message: str, status: int = 2) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


REFUSED = 1  # what must hold of a release does not
TROUBLE = 2  # usage, a file, a tool
