"""small_release: a whole release of a few bytes, made by the release's own functions, to be broken in every way."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Optional

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from release.bill import make_bill
from release.key import Signer
from release.make import assemble
from release.place import write_files
from release.source import Source
from release.verify import ABI, BINARIES, LEDGER_FORMAT, Entry, Files, canonical, sha256_of

BINARY = b"\x7fELF\x02\x01\x01" + b"\0" * 11 + b"\x3e\x00" + b"\0" * 44 + ABI.encode() + b"\0" + b"code" * 16
PLAIN = {
    "LICENSE": b"MIT\n",
    "README.md": b"# 0x0\n",
    "VERSION": b"0.1.0\n",
    "docs/language.md": b"# The language\n",
    "lib/std/list.0x0": b"(module list)\n",
    "lib/std/vec.0x0": b"(module vec)\n",
    "verify.py": b"print('verified')\n",
}
EVIDENCE_FILES = {
    "chain/measured.json": canonical({"stages": [{"name": name, "wall_ms": 7} for name in ("zero-next", "stage2", "stage3")]}),
    "reports/normal-path/report.txt": b"all holds\n",
    "reports/normal-path/report.json": canonical({"claims": []}),
    "reports/normal-path/measured.json": canonical({"peak_kib": 1}),
    "reports/perf/report.json": canonical({"claims": []}),
    "witnesses/report.json": canonical({"witnesses": []}),
    "witnesses/measured.json": canonical({"wall_ms": 1}),
}


def signer_of(number: int) -> Signer:
    """A key that is the same in every run."""
    return Signer(Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


@dataclass
class Parts:
    """What a release is assembled from; a test changes one of them."""

    source: Source = Source(Path("/"), "0.1.0", "c0ffee" * 6 + "cafe", 1_700_000_000, "clean", frozenset())
    files: Files = field(default_factory=lambda: {name: Entry(0o644, content) for name, content in PLAIN.items()})
    ledger: Dict[str, Any] = field(default_factory=dict)
    evidence: Files = field(default_factory=lambda: {name: Entry(0o644, content) for name, content in EVIDENCE_FILES.items()})
    signer: Optional[Signer] = None

    def __post_init__(self) -> None:
        self.files.update((name, Entry(0o755, BINARY)) for name in BINARIES)
        stages = [("zero-next", sha256_of(b"zero-next")), ("stage2", sha256_of(BINARY)), ("stage3", sha256_of(BINARY))]
        inputs = {name: sha256_of(content) for name, content in PLAIN.items() if name.startswith("lib/")}
        self.ledger = {
            "format": LEDGER_FORMAT,
            "chain": "0x0",
            "origin": "seed",
            "inputs": {**inputs, "bootstrap/seed/__main__.py": sha256_of(b"seed"), "compiler/main.0x0": sha256_of(b"main")},
            "stages": [{"name": name, "size": len(BINARY), "sha256": digest} for name, digest in stages],
            "equal": [["stage2", "stage3"]],
        }

    def bill(self) -> Dict[str, Any]:
        content: Dict[str, Any] = json.loads(make_bill(self.source, self.files, self.ledger))
        return content

    def whole(self, bill: Optional[Dict[str, Any]] = None) -> Files:
        """All files; the ledger and the bill are made last, so that they follow what was changed, unless one is given."""
        files = {**self.files, "ledger.json": Entry(0o644, canonical(self.ledger))}
        files["sbom.cdx.json"] = Entry(0o644, canonical(bill or self.bill()))
        return assemble(self.source, self.ledger, files, self.evidence, self.signer)


def write_release(top: Path, change: Callable[[Parts], Optional[Dict[str, Any]]] = lambda parts: None, key: Optional[int] = None) -> Path:
    """A release below the directory, of parts that were changed before anything was hashed or signed."""
    parts = Parts(signer=signer_of(key) if key else None)
    bill = change(parts)
    top.mkdir(exist_ok=True)
    place = top / "v0.1.0"
    write_files(place, parts.whole(bill))
    return place
