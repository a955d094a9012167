"""statement: in-toto statements of how the files came to be, and their DSSE envelopes.

The predicates are of this project's own. The standard one for builds (SLSA provenance) names the builder and the time of
the build, so no two people could sign the same bytes; here they can, and should, since all of it can be built again.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

from .key import Signer
from .product import about
from .source import Source
from .verify import (
    EVIDENCE_PREDICATE,
    PAYLOAD_TYPE,
    PRODUCT_PREDICATE,
    SIGNED,
    STATEMENT_TYPE,
    UNSIGNED,
    Entry,
    Files,
    canonical,
)


def product_statement(source: Source, ledger: Dict[str, Any], files: Files, archive_name: str, archive: Entry) -> bytes:
    """Of the product and its archive: the source, the chain's materials and stages, and what was equal."""
    subjects = {**files, archive_name: archive}
    return statement(subjects, PRODUCT_PREDICATE, {"release": about(source), "chain": ledger})


def evidence_statement(files: Files, product: str) -> bytes:
    """Of the evidence: which product it belongs to, by the hash of that one's manifest."""
    return statement(files, EVIDENCE_PREDICATE, {"product": product})


def statement(subjects: Mapping[str, Entry], predicate_type: str, predicate: Dict[str, Any]) -> bytes:
    return canonical(
        {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": name, "digest": {"sha256": subjects[name].sha256}} for name in sorted(subjects)],
            "predicateType": predicate_type,
            "predicate": predicate,
        }
    )


def put_statement(prefix: str, payload: bytes, signer: Optional[Signer]) -> Files:
    """The statement's file: in an envelope if there is a key, else bare, under a name that says so."""
    if signer is None:
        return {prefix + UNSIGNED: Entry(0o644, payload)}
    return {prefix + SIGNED: Entry(0o644, canonical(signer.envelope(payload, PAYLOAD_TYPE)))}
