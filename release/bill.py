"""bill: the bill of materials, as CycloneDX: the same bytes for the same product.

The specification asks for a random serial number and a time; here the number follows from the content and the time is the
commit's. The Python that runs the seed is named without a version: which one it was is measured, and lies in the evidence.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import Any, Dict, Iterable, List
from uuid import UUID

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output.json import JsonV1Dot6

from .source import Source
from .verify import BINARIES, Files, bill_serial, canonical

ZERO = UUID(int=0)


def make_bill(source: Source, files: Files, ledger: Dict[str, Any]) -> bytes:
    """The bill of compiler, library, seed and Python."""
    compiler = [file_component(name, files[name].sha256, ComponentScope.REQUIRED) for name in BINARIES]
    library = [file_component(name, files[name].sha256, ComponentScope.REQUIRED) for name in sorted(files) if name.startswith("lib/")]
    seed = seed_component(source, ledger)
    python = Component(
        name="python",
        type=ComponentType.PLATFORM,
        bom_ref="python",
        scope=ComponentScope.EXCLUDED,
        description="The interpreter that runs the seed, 3.8 or later; a build tool, no part of the product.",
    )
    product = Component(
        name="zero", version=source.version, type=ComponentType.APPLICATION, bom_ref="zero", licenses=[DisjunctiveLicense(id="MIT")]
    )
    bill = Bom(components=[*compiler, *library, seed, python], serial_number=ZERO)
    bill.metadata.component = product
    bill.metadata.timestamp = datetime.fromtimestamp(source.commit_seconds, timezone.utc)
    bill.register_dependency(product, [*compiler, *library])
    for binary in compiler:
        bill.register_dependency(binary, [*library, seed])
    bill.register_dependency(seed, [python])
    return canonical(with_serial(json.loads(JsonV1Dot6(bill).output_as_string())))


def with_serial(bill: Dict[str, Any]) -> Dict[str, Any]:
    return {**bill, "serialNumber": bill_serial(bill)}


def seed_component(source: Source, ledger: Dict[str, Any]) -> Component:
    """The seed, with a component inside for each of its files."""
    inputs = ledger["inputs"]
    return Component(
        name="seed",
        version=source.version,
        type=ComponentType.APPLICATION,
        bom_ref="seed",
        scope=ComponentScope.EXCLUDED,
        description="The compiler in Python from which the chain starts; no part of the product.",
        components=[file_component(name, inputs[name], ComponentScope.EXCLUDED) for name in seed_names(inputs)],
    )


def seed_names(inputs: Iterable[str]) -> List[str]:
    return sorted(name for name in inputs if re.match(r"bootstrap/seed/", name))


def file_component(name: str, digest: str, scope: ComponentScope) -> Component:
    return Component(
        name=name, type=ComponentType.FILE, bom_ref=name, scope=scope, hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)]
    )
